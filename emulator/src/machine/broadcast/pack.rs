//! Packing events before they are sent and unpacking them before they are used, on the bytes of SRAM.

use std::sync::Arc;

use super::super::exec::Machine;
use super::super::program::{Phase, Slot};
use super::super::state::Packet;
use super::SlotEvents;
use crate::chip::geometry::Pe;
use crate::kernel::events::{self, UnpackLayout, Unpacked};
use crate::kernel::{KernelFault, SramWords};

/// How the operand of a phase is unpacked, if it comes as events.
pub(in super::super) fn layout(slot: &Slot, phase: Phase) -> Option<UnpackLayout> {
    let events = slot.events?;
    match phase {
        Phase::Input => events.input,
        Phase::Recurrent => Some(events.recurrent),
        _ => None,
    }
}

/// Byte address of the operand that a matrix kernel reads: the buffer itself, or what is unpacked from it.
pub(in super::super) fn operand(slot: &Slot, phase: Phase, buffer: u32) -> u32 {
    layout(slot, phase).map_or(buffer, |layout| layout.operand())
}

impl Machine {
    /// Makes the packets of a slot's block: cycles and packets.
    pub(super) fn pack(&mut self, pe: Pe, slot: &Slot, events: &SlotEvents) -> (u64, u32) {
        let program = Arc::clone(&self.program);
        let sram = &mut self.state.pes[pe.index()].sram;
        let units = slot.units.len() as u32;
        let values: Vec<u32> = (0..units).map(|u| sram.word(slot.pointwise.y + 4 * u)).collect();
        let packets = events::pack(&values);
        let active = values.iter().filter(|value| **value != 0).count() as u32;
        for (number, packet) in (0_u32..).zip(&packets) {
            sram.set_words(events.outbox + 16 * number, packet);
        }
        self.note_packed(units, active, packets.len() as u32);
        (program.costs.pack_events(units, active), packets.len() as u32)
    }

    /// Unpacks the mail at `buffer` for a phase, if there is any to unpack: cycles.
    pub(in super::super) fn unpack(
        &mut self,
        pe: Pe,
        slot: &Slot,
        phase: Phase,
        buffer: u32,
    ) -> Result<u64, KernelFault> {
        let Some(layout) = layout(slot, phase) else { return Ok(0) };
        let sram = &mut self.state.pes[pe.index()].sram;
        let words: &SramWords = sram.words();
        let (work, written) = events::unpack(words, &layout, buffer)?;
        for (address, words) in written {
            sram.set_words(address, &words);
        }
        let list = matches!(layout.into, Unpacked::List(_));
        self.note_unpacked(list, &work);
        Ok(self.program.costs.unpack_events(list, &work))
    }

    /// Events reach the host: it spreads them over the y that begins at word `start`, which takes no time of the chip's.
    pub(in super::super) fn host_unpack(&mut self, packet: &Packet, start: usize) {
        let program = Arc::clone(&self.program);
        let sender = Pe::from_index(usize::from(packet.source)).and_then(|pe| program.pe(pe));
        let last = program.layers.len().saturating_sub(1) as u8;
        let slot = sender.and_then(|loaded| loaded.slot_of(last)).map(|(_, slot)| slot);
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
