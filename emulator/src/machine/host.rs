//! Outputs that the host receives, and where it keeps them.

use std::sync::Arc;

use super::broadcast::options::Payload;
use super::exec::Machine;
use super::state::{Packet, PacketKind};
use crate::chip::geometry::Pe;
use crate::kernel::events;

impl Machine {
    /// Returns the values of the last population that the host receives, of a sample in the time
    /// step completed last, in model order.
    pub fn output(&self, sample: usize) -> Vec<f32> {
        let last = self.program.populations.iter().rposition(|population| population.host.is_some());
        last.map_or_else(Vec::new, |last| self.output_of(last, sample))
    }

    /// Returns the values of a population that the host has received, of a sample in the time step
    /// completed last, in model order; none if the population does not send to the host.
    pub fn output_of(&self, population: usize, sample: usize) -> Vec<f32> {
        let step = self.state.host.completed.wrapping_sub(1);
        let Some(start) = self.host_place(step, population, sample) else { return Vec::new() };
        let values = self.state.host.y.get(start..).unwrap_or_default();
        let words = self.program.populations[population].unit_word.iter();
        words.map(|&w| f32::from_bits(values.get(w as usize).copied().unwrap_or(0))).collect()
    }

    /// Returns the first word of a population's values in the host's memory, which keeps as many
    /// time steps as can be in flight; `None` if the population does not send to the host.
    pub(super) fn host_place(&self, step: u32, population: usize, sample: usize) -> Option<usize> {
        let first = self.program.populations.get(population)?.host?;
        let place = (step % self.program.steps_in_flight.max(1)) as usize * self.program.batch as usize;
        Some((place + sample) * self.program.host_words() as usize + first as usize)
    }

    /// Returns the word of the host's memory that a packet of values is written to.
    pub(super) fn host_word(&self, packet: &Packet) -> Option<usize> {
        let PacketKind::Values { population, sample, step, .. } = packet.kind else { return None };
        let start = self.host_place(step, usize::from(population), usize::from(sample))?;
        Some(start + packet.address as usize / 4)
    }

    /// Writes the values that reach the host to its memory, if their population has a place there.
    pub(super) fn pass_to_host(&mut self, packet: &Packet) {
        let PacketKind::Values { population, sample, step, .. } = packet.kind else { return };
        let Some(start) = self.host_place(step, usize::from(population), usize::from(sample)) else { return };
        if self.program.delivery.payload == Payload::Events {
            return self.host_unpack(packet, start);
        }
        let Some(start) = self.host_word(packet) else { return };
        for (word, value) in self.state.host.y.iter_mut().skip(start).zip(packet.payload) {
            *word = value;
        }
    }

    /// Spreads events that reach the host over the values that begin at word `start` of its memory.
    ///
    /// That takes no chip time.
    fn host_unpack(&mut self, packet: &Packet, start: usize) {
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
