//! Packing events before they are sent, on the bytes of SRAM.

use std::sync::Arc;

use super::super::exec::Machine;
use super::super::program::Slot;
use super::super::record::prices;
use super::super::routine::Price;
use super::Packing;
use crate::chip::geometry::Pe;
use crate::kernel::events;

impl Machine {
    /// Makes the packets of a slot's block, and returns how many there are and what that takes.
    pub(super) fn pack(&mut self, pe: Pe, slot: &Slot, events: Packing) -> (Price, u32) {
        let program = Arc::clone(&self.program);
        let sram = &mut self.state.pes[pe.index()].sram;
        let units = slot.units.len() as u32;
        let values: Vec<u32> = (0..units).map(|u| sram.word(slot.values + 4 * u)).collect();
        let packets = events::pack(&values);
        let active = values.iter().filter(|value| **value != 0).count() as u32;
        for (number, packet) in (0_u32..).zip(&packets) {
            sram.set_words(events.outbox + 16 * number, packet);
        }
        let prices = prices(&program, self.recorder.as_deref());
        (prices.of(|costs| costs.pack_events(units, active)), packets.len() as u32)
    }
}
