//! Synapses of a spiking PE, as the bytes of its rows have them.

use std::ops::Range;

use super::super::part::When;
use super::spans::Owner;
use super::{Labels, SynapseArray, SynapseEnds, What};
use crate::kernel::SramWords;
use crate::net::spiking::Origin;

impl Labels<'_> {
    /// Returns the label of element `number` of a part's targets or weights.
    pub(super) fn synapse(&self, words: &SramWords, part: usize, array: SynapseArray, number: u32) -> What {
        let projection = self.share.parts[part].projection as u32;
        What::Synapse { projection, array, number, ends: self.synapse_ends(words, part, number) }
    }

    /// Returns the ends of synapse `number` of a part, as the bytes have them; `None` if no row
    /// leads to it.
    pub fn synapse_ends(&self, words: &SramWords, part: usize, number: u32) -> Option<SynapseEnds> {
        let (of, rows) = (self.share.parts.get(part)?, self.share.rows.get(part)?);
        let start = |source: u32| half(words, rows.starts + 2 * source).unwrap_or(0);
        // The last source whose row begins at the element or before.
        let (mut low, mut high) = (0, rows.sources);
        while low < high {
            let middle = u32::midpoint(low, high);
            if start(middle) <= number { low = middle + 1 } else { high = middle }
        }
        let source = low.checked_sub(1)?;
        if !(start(source)..start(source + 1)).contains(&number) {
            return None;
        }
        let place = half(words, rows.targets + 2 * number)?;
        let (to, ahead, lane) = self.target(rows.ahead, place);
        let delay = if of.when == When::Within { 0 } else { ahead + 1 };
        Some(SynapseEnds { from: of.sources.start + source, to, delay, lane })
    }

    /// Returns the target of a synapse from its place in the sums of `ahead` ticks later: neuron,
    /// ticks until its sum is taken, lane. The neuron is `None` if the place lies outside the ring.
    fn target(&self, ahead: u32, place: u32) -> (Option<u32>, u32, u32) {
        let (units, stride) = (self.share.layout.units.max(1), self.stride().max(1));
        let (ahead, within) = (ahead + place / stride, place % stride);
        let neuron = self.slot.units.get((within % units) as usize).copied();
        (neuron.filter(|_| ahead < self.share.slots), ahead, within / units)
    }

    /// Returns the byte address of the sum that synapse `ends` of a part would be added to next.
    pub fn sum_of(&self, words: &SramWords, part: usize, ends: &SynapseEnds) -> Option<u32> {
        let index = self.slot.units.binary_search(&ends.to?).ok()? as u32;
        let turn = words.get(self.slot.turn as usize / 4).copied()?;
        let ahead = if self.share.parts.get(part)?.when == When::Within { 0 } else { ends.delay - 1 };
        let tick = turn.wrapping_add(u32::from(self.summed)).wrapping_add(ahead);
        Some(self.sum_address(tick % self.share.slots.max(1), ends.lane, index))
    }

    /// Returns the part that the targets or weights at a byte address are of.
    pub fn part_at(&self, address: u32) -> Option<usize> {
        let place = self.spans().partition_point(|span| span.start <= address);
        match self.spans().get(place.checked_sub(1)?)?.owner {
            Owner::Targets(part) | Owner::Weights(part) => Some(part),
            _ => None,
        }
    }

    /// Returns the part and the synapses of a sender's neuron on this PE, as the bytes have them.
    pub fn rows_of(&self, words: &SramWords, from: Origin, neuron: u32) -> Vec<(usize, Range<u32>)> {
        let rows = self.share.parts.iter().zip(&self.share.rows).enumerate();
        let of_sender = rows.filter(|(_, (part, _))| part.from == from && part.sources.contains(&neuron));
        of_sender
            .filter_map(|(number, (part, rows))| {
                let at = rows.starts + 2 * (neuron - part.sources.start);
                Some((number, half(words, at)?..half(words, at + 2)?))
            })
            .filter(|(_, row)| !row.is_empty())
            .collect()
    }
}

/// Reads a 16-bit number.
fn half(words: &SramWords, at: u32) -> Option<u32> {
    let word = *words.get(at as usize / 4)?;
    Some(word >> (8 * (at & 2)) & 0xFFFF)
}
