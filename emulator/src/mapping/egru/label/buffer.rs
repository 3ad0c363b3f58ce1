//! Content of a buffer: x(t), y(t−1), or y(t) on its way over x(t).

use serde::{Deserialize, Serialize};

use super::{Label, Labels, What};
use crate::kernel::SramWords;
use crate::kernel::events;
use crate::kernel::matrix::Reading;
use crate::machine::legend::PopulationId;
use crate::machine::program::Slot;
use crate::mapping::egru::EgruSlot;
use crate::mapping::egru::control::{INPUT, RECURRENT};
use crate::text::step_number;

/// Owner of a word of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A component of the input row.
    Row(u32),
    /// The value of a unit (layer, model index).
    Unit(PopulationId, u32),
    /// Header of packet `1` in the mail of block `0` of a layer.
    Header(PopulationId, u32, u32),
    /// A value in a packet of a block of a layer, of no unit: its header does not name it, or the
    /// block ended before.
    Unnamed(PopulationId, u32, u32),
}

/// Content of a buffer now; time steps count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Zeros of the start: no value has been written yet.
    Start,
    /// x of this time step; some blocks may still be to come.
    X(u32),
    /// y of this time step, complete.
    Y(u32),
    /// y of this time step over x of the same; some blocks have come.
    YOverX(u32),
    /// x of this time step over y of an earlier one; some blocks have come.
    XOverY(u32, u32),
}

impl Content {
    /// Returns the content with time steps numbered from 1, as users are shown them, in place
    /// of from 0.
    #[must_use]
    pub const fn numbered(self) -> Self {
        match self {
            Self::Start => self,
            Self::X(step) => Self::X(step_number(step)),
            Self::Y(step) => Self::Y(step_number(step)),
            Self::YOverX(step) => Self::YOverX(step_number(step)),
            Self::XOverY(step, before) => Self::XOverY(step_number(step), step_number(before)),
        }
    }

    /// Returns `true` if x, or some of it, has arrived.
    pub const fn has_x(self) -> bool {
        matches!(self, Self::X(_) | Self::YOverX(_) | Self::XOverY(..))
    }

    /// Returns `true` if y, or some of it, has arrived.
    pub const fn has_y(self) -> bool {
        matches!(self, Self::Y(_) | Self::YOverX(_) | Self::XOverY(..))
    }
}

/// Returns the content of the buffer with number `buffer` of a slot, as its counters say: time
/// steps done, blocks of x and y arrived. Packets of a block that is not complete are not counted.
pub fn content(words: &SramWords, slot: &Slot, egru: &EgruSlot, buffer: u8) -> Content {
    let buffers = slot.buffers;
    let now = words.get(slot.turn as usize / 4).copied().unwrap_or(0);
    let place = |step: u32| (step % buffers.count()) as u8;
    let x = |step: u32| slot.arrived(words, INPUT, step, egru.input_blocks);
    let y = |step: u32| slot.arrived(words, RECURRENT, step, egru.recurrent_blocks);
    // The newest step of which anything has come decides.
    for step in [now.wrapping_add(2), now.wrapping_add(1), now] {
        if place(step) != buffer {
            continue;
        }
        if y(step) > 0 {
            return if y(step) == egru.recurrent_blocks { Content::Y(step) } else { Content::YOverX(step) };
        }
        if x(step) == egru.input_blocks {
            return Content::X(step);
        }
        if x(step) > 0 {
            return match step.checked_sub(buffers.count()) {
                Some(before) => Content::XOverY(step, before),
                None => Content::X(step),
            };
        }
    }
    let last = (1..=buffers.count()).filter_map(|back| now.checked_sub(back)).find(|&s| place(s) == buffer);
    match last {
        Some(step) if y(step) < egru.recurrent_blocks => Content::YOverX(step),
        Some(step) => Content::Y(step),
        None => Content::Start,
    }
}

impl Labels<'_> {
    pub(super) fn buffer(
        &self,
        words: &SramWords,
        number: usize,
        buffer: u8,
        address: u32,
        word: u32,
    ) -> Label {
        let slot = self.slot(number);
        let below = slot.population.below();
        let x = match below {
            None => Some(Origin::Row(word)).filter(|_| (word as usize) < self.program().dram.width()),
            Some(below) => self.origin(words, slot, below, address, word),
        };
        let y = self.origin(words, slot, slot.population, address, word);
        let now = content(words, slot, self.egru(number), buffer);
        // A header is no single; where both can be, what is there now decides.
        let header = |origin: Option<Origin>| matches!(origin, Some(Origin::Header(..)));
        let is_header = if now.has_y() || !now.has_x() { header(y) } else { header(x) };
        let reading = if is_header { Reading::U32 } else { Reading::F32 };
        let (layer, sample) = (slot.population, slot.sample);
        let what = What::Buffer { layer, sample, buffer, word, x, y, now };
        Label { address: address & !3, reading, what }
    }

    /// Returns the owner of a word when the values of `layer` are in the buffer.
    fn origin(
        &self,
        words: &SramWords,
        slot: &Slot,
        layer: PopulationId,
        address: u32,
        word: u32,
    ) -> Option<Origin> {
        if slot.events.is_none() {
            return self.unit_at(layer, word).map(|unit| Origin::Unit(layer, unit));
        }
        let blocks = self.blocks.get(usize::from(layer))?;
        let packet = word / 4;
        let block = blocks.partition_point(|block| block.mail <= packet).checked_sub(1)?;
        blocks.get(block + 1)?; // the last entry only says where the mail ends
        let number = packet - blocks[block].mail;
        let place = word % 4;
        if place == 0 {
            return Some(Origin::Header(layer, block as u32, number));
        }
        let first = (address / 4 - place) as usize;
        // Packets behind a block's last are older ones: the receiver does not look at them.
        let header = |back: u32| words.get(first.checked_sub(4 * back as usize)?).copied();
        let behind = (1..=number).any(|back| header(back).is_some_and(|header| header & events::END != 0));
        let content = [0, 1, 2, 3].map(|i| words.get(first + i).copied().unwrap_or(0));
        let named = events::values(content).nth(place as usize - 1).filter(|_| !behind);
        let sender = self.program().population(layer)?.pes.get(block)?;
        let units = &self.program().pe(*sender)?.slot_of(layer)?.1.units;
        let unit = named.and_then(|(unit, _)| units.get(unit as usize));
        Some(unit.map_or(Origin::Unnamed(layer, block as u32, number), |&unit| Origin::Unit(layer, unit)))
    }
}
