//! Packing events before they are sent, and spreading them over the host's values, on the
//! bytes of SRAM.

use std::sync::Arc;

use super::super::exec::Machine;
use super::super::program::Slot;
use super::super::routine::{Price, Prices};
use super::super::state::{Packet, PacketKind};
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
        let kinds = self.recorder.as_ref().and_then(|recorder| recorder.pricing.costs.as_deref());
        let prices = Prices { costs: &program.costs, kinds };
        (prices.of(|costs| costs.pack_events(units, active)), packets.len() as u32)
    }

    /// Events reach the host: it spreads them over the y that begins at word `start`, which takes no time of the chip's.
    pub(in super::super) fn host_unpack(&mut self, packet: &Packet, start: usize) {
        let PacketKind::Values { population, .. } = packet.kind else { return };
        let program = Arc::clone(&self.program);
        let sender = Pe::from_index(usize::from(packet.source)).and_then(|pe| program.pe(pe));
        let slot = sender.and_then(|loaded| loaded.slot_of(population)).map(|(_, slot)| slot);
        let Some((slot, events)) = slot.and_then(|slot| Some((slot, slot.events?))) else { return };
        let first = start + slot.block as usize / 4;
        let Some(block) = self.state.host.y.get_mut(first..first + slot.units.len()) else { return };
        if packet.address == events.mail {
            block.fill(0);
        }
        for (unit, value) in events::values(packet.payload) {
            if let Some(word) = block.get_mut(unit as usize) {
                *word = value;
            }
        }
    }
}
