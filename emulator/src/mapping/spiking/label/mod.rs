//! Content of each byte of a PE that runs spiking neurons: "v of neuron 41", "weight 3 → 41".
//!
//! The program gives the place of each array. The synapse of an element of the synapse rows is
//! read from the bytes themselves (starts of rows, places of targets), so that a label is true of
//! damaged memory, too.

mod spans;
mod synapse;
mod text;

pub use self::text::quantity;

use std::cell::OnceCell;

use serde::{Deserialize, Serialize};

use self::spans::{Owner, Span};
use super::{NEURONS, SpikingProgram, SpikingSlot, sender_number};
use crate::chip::geometry::Pe;
use crate::kernel::SramWords;
use crate::kernel::matrix::Reading;
use crate::kernel::neurons::Array;
use crate::machine::program::{PeProgram, Program, Slot};
use crate::net::spiking::{Network, Origin};

/// Array of a projection's synapse rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SynapseArray {
    /// Place in the ring of sums that the weight is added to.
    Target,
    /// Weight of the synapse.
    Weight,
}

/// Synapse, as the bytes of its rows have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynapseEnds {
    /// Neuron of the sender.
    pub from: u32,
    /// Neuron of the population; `None` if the place lies outside of the ring.
    pub to: Option<u32>,
    /// Ticks from the spike to the sum that takes the weight.
    pub delay: u32,
    /// Lane of the sums: 1 for weights below 0 where these are summed apart.
    pub lane: u32,
}

/// Content of an element; numbers of neurons are those of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum What {
    /// Memory not in use.
    Free,
    /// Instructions and constants; their bytes are not modelled.
    Code,
    /// Stack and heap; not modelled.
    Stack,
    /// Bytes behind the last element of an array, up to a whole word.
    Padding,
    /// Timer difference in the debug log.
    Log {
        /// Place in the ring.
        place: u32,
    },
    /// Word of the FIFO.
    Fifo {
        /// Place in the ring.
        place: u32,
        /// Word of the entry: 0 is the key.
        word: u32,
        /// Sender and neuron that the key names; `None` if there is no such sender or neuron.
        spike: Option<(u32, u32)>,
    },
    /// Word of the control block.
    Control {
        /// Purpose of the word.
        name: String,
    },
    /// Word of the table that keys lead to.
    Sender {
        /// Number of the sender: sources first, then populations.
        sender: u32,
        /// Purpose of the word.
        name: String,
    },
    /// Word of a link from a sender to synapse rows.
    Link {
        /// Look into the FIFO: 0 at the tick's begin, 1 after the spikes of the same tick.
        look: u32,
        /// Number of the link.
        link: u32,
        /// Purpose of the word.
        name: String,
    },
    /// Value of a neuron.
    Neuron {
        /// Neuron of the population.
        neuron: u32,
        /// Array of the element.
        array: Array,
    },
    /// Potential at the begin of each recording.
    Begin {
        /// Neuron of the population.
        neuron: u32,
    },
    /// Sum of the weights that a neuron takes in one tick: a slot of its delays.
    Sum {
        /// Neuron of the population.
        neuron: u32,
        /// Lane: 1 for weights below 0 where these are summed apart.
        lane: u32,
        /// Slot of the ring.
        slot: u32,
        /// Tick that takes the sum, from 0.
        tick: u32,
    },
    /// Marks of a sender's neurons that have spiked, a bit each.
    Marks {
        /// Number of the sender.
        sender: u32,
        /// Neuron of bit 0.
        first: u32,
        /// Neuron of the last bit in use.
        last: u32,
    },
    /// Number of spikes of a sender's neuron.
    Count {
        /// Number of the sender.
        sender: u32,
        /// Neuron of the sender.
        neuron: u32,
    },
    /// First synapse of a sender's neuron.
    RowStart {
        /// Index of the projection.
        projection: u32,
        /// Neuron of the sender; `None` behind the last.
        neuron: Option<u32>,
    },
    /// Element of a synapse.
    Synapse {
        /// Index of the projection.
        projection: u32,
        /// Array of the element.
        array: SynapseArray,
        /// Number of the element in the array.
        number: u32,
        /// Neurons and delay; `None` if no row leads to it.
        ends: Option<SynapseEnds>,
    },
    /// Word of the list of spikes to send.
    Spikes {
        /// Entry of the list; `None` is their number.
        entry: Option<u32>,
        /// Word of the entry: 0 is the key.
        word: u32,
    },
}

/// Element of memory and its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// First byte of the element.
    pub address: u32,
    /// Type of the element.
    pub reading: Reading,
    /// Content of the element.
    #[serde(flatten)]
    pub what: What,
}

/// Words of a link, in their order.
const LINK_FIELDS: [&str; 6] = [
    "first neuron",
    "number of neurons",
    "address of first synapses",
    "address of targets",
    "address of weights",
    "words to the sums",
];

/// Labels of one PE.
#[derive(Debug)]
pub struct Labels<'a> {
    program: &'a Program,
    network: &'a Network,
    loaded: &'a PeProgram,
    slot: &'a Slot,
    share: &'a SpikingSlot,
    /// Owners of bytes, computed when a label is first requested.
    spans: OnceCell<Vec<Span>>,
    /// Whether the neurons have taken the sums of the tick that the PE is in.
    summed: bool,
}

impl<'a> Labels<'a> {
    /// Returns the labels of a PE at operation `operation` of its program; `None` for a PE without
    /// a program, or with another network family's.
    pub fn of(program: &'a Program, pe: Pe, operation: u32) -> Option<Self> {
        let network = &SpikingProgram::of(program)?.network;
        let loaded = program.pe(pe)?;
        let slot = loaded.slots.first()?;
        let share = SpikingSlot::of(slot)?;
        let update = loaded.operations.iter().position(|operation| operation.phase == NEURONS);
        let summed = update.is_some_and(|update| update < operation as usize);
        Some(Self { program, network, loaded, slot, share, spans: OnceCell::new(), summed })
    }

    /// Returns the program that the labels are read off.
    pub fn program(&self) -> &'a Program {
        self.program
    }

    /// Returns the network.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// Returns the program of the PE.
    pub fn loaded(&self) -> &'a PeProgram {
        self.loaded
    }

    /// Returns the only slot of the PE.
    pub fn slot(&self) -> &'a Slot {
        self.slot
    }

    /// Returns the parts of the slot.
    pub fn share(&self) -> &'a SpikingSlot {
        self.share
    }

    /// Returns the first tick, from 0, whose sums have not been taken.
    pub fn next_sums(&self, words: &SramWords) -> u32 {
        let turn = words.get(self.slot.turn as usize / 4).copied().unwrap_or(0);
        turn.wrapping_add(u32::from(self.summed))
    }

    /// Returns the tick, from 0, that takes the sums in a slot of the ring.
    pub fn tick_of_slot(&self, words: &SramWords, slot: u32) -> u32 {
        let (next, slots) = (self.next_sums(words), self.share.slots.max(1));
        next.wrapping_add((slot + slots - next % slots) % slots)
    }

    /// Returns the byte address of a neuron's sum in a slot of the ring; `index` counts on this PE.
    pub fn sum_address(&self, slot: u32, lane: u32, index: u32) -> u32 {
        let units = self.share.layout.units;
        self.share.ring.0 + 4 * (slot * self.stride() + lane * units + index)
    }

    /// Returns the number of words of the sums of one tick.
    fn stride(&self) -> u32 {
        self.share.lanes * self.share.layout.units
    }

    fn spans(&self) -> &[Span] {
        self.spans.get_or_init(|| spans::spans(self.loaded, self.slot, self.share))
    }

    /// Returns the label of the element that byte `address` belongs to.
    pub fn at(&self, words: &SramWords, address: u32) -> Label {
        let spans = self.spans();
        let place = spans.partition_point(|span| span.start <= address);
        let span = place.checked_sub(1).map(|place| &spans[place]).filter(|span| address < span.end);
        let Some(span) = span else {
            // Arrays of half-words and bytes may end within a word.
            return match address % 4 {
                0 => Label { address, reading: Reading::U32, what: What::Free },
                2 => Label { address, reading: Reading::U16, what: What::Padding },
                _ => Label { address, reading: Reading::U8, what: What::Padding },
            };
        };
        let reading = self.reading(span.owner);
        let number = (address - span.start) / reading.bytes();
        let at = span.start + number * reading.bytes();
        Label { address: at, reading, what: self.what(words, span.owner, number, at) }
    }

    /// Returns the labels of all elements that touch the word at `address`.
    pub fn word(&self, words: &SramWords, address: u32) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        let (mut at, end) = (address & !3, (address & !3) + 4);
        while at < end {
            let label = self.at(words, at);
            at = (label.address + label.reading.bytes()).max(at + 1);
            labels.push(label);
        }
        labels
    }

    fn reading(&self, owner: Owner) -> Reading {
        let sums = if self.share.integers { Reading::I32 } else { Reading::F32 };
        match owner {
            Owner::Code
            | Owner::Stack
            | Owner::Log
            | Owner::Fifo
            | Owner::Control
            | Owner::Senders
            | Owner::Marks(_)
            | Owner::Links(_)
            | Owner::List => Reading::U32,
            Owner::Ring => sums,
            Owner::Starts(_) | Owner::Targets(_) => Reading::U16,
            Owner::Weights(_) if self.share.integers => Reading::I8,
            Owner::Neurons(_) | Owner::Begin | Owner::Counts(_) | Owner::Weights(_) => Reading::F32,
        }
    }

    /// Returns the contents of element `number` of an array, which lies at `address`.
    fn what(&self, words: &SramWords, owner: Owner, number: u32, address: u32) -> What {
        let share = self.share;
        let neuron = |index: u32| self.slot.units.get(index as usize).copied();
        match owner {
            Owner::Code => What::Code,
            Owner::Stack => What::Stack,
            Owner::Log => What::Log { place: number },
            Owner::Fifo => self.fifo(words, number, address),
            Owner::Control => What::Control { name: self.control_word(address) },
            Owner::Senders => self.sender_word(number),
            Owner::Links(look) => {
                let fields = LINK_FIELDS.len() as u32;
                let name = LINK_FIELDS[(number % fields) as usize].to_owned();
                What::Link { look: look as u32, link: number / fields, name }
            }
            Owner::Neurons(array) => {
                neuron(number).map_or(What::Padding, |neuron| What::Neuron { neuron, array })
            }
            Owner::Begin => neuron(number).map_or(What::Padding, |neuron| What::Begin { neuron }),
            Owner::Ring => {
                let (units, stride) = (share.layout.units.max(1), self.stride().max(1));
                let (slot, within) = (number / stride, number % stride);
                let tick = self.tick_of_slot(words, slot);
                neuron(within % units).map_or(What::Padding, |neuron| What::Sum {
                    neuron,
                    lane: within / units,
                    slot,
                    tick,
                })
            }
            Owner::Marks(at) => {
                let (sender, marks) = share.marks[at];
                let first = marks.first + 32 * number;
                let last = (first + 31).min(marks.first + marks.neurons.max(1) - 1);
                What::Marks { sender, first, last }
            }
            Owner::Counts(at) => {
                let (sender, marks) = share.marks[at];
                What::Count { sender, neuron: marks.first + number }
            }
            Owner::Starts(part) => {
                let of = &share.parts[part];
                let neuron = of.sources.start + number;
                let neuron = Some(neuron).filter(|&neuron| neuron < of.sources.end);
                What::RowStart { projection: of.projection as u32, neuron }
            }
            Owner::Targets(part) => self.synapse(words, part, SynapseArray::Target, number),
            Owner::Weights(part) => self.synapse(words, part, SynapseArray::Weight, number),
            Owner::List => {
                let each = share.entry_words.max(1);
                let entry = number.checked_sub(1).map(|word| word / each);
                What::Spikes { entry, word: number.checked_sub(1).map_or(0, |word| word % each) }
            }
        }
    }

    /// Returns the label of a word of the table of senders, which keys index.
    fn sender_word(&self, number: u32) -> What {
        if self.share.links.is_empty() {
            let names = ["first neuron", "number of neurons", "address of marks", "address of numbers"];
            return What::Sender { sender: number / 4, name: names[number as usize % 4].to_owned() };
        }
        // A table for each look into the FIFO, two words a sender.
        let senders = self.slot.counters.len().max(1) as u32;
        let (look, sender) = (number / 2 / senders, number / 2 % senders);
        if look as usize >= self.share.links.len() {
            return What::Free;
        }
        let name = ["address of its first link", "address behind its last link"][number as usize % 2];
        What::Sender { sender, name: name.to_owned() }
    }

    fn fifo(&self, words: &SramWords, number: u32, address: u32) -> What {
        let each = self.share.entry_words.max(1);
        let (place, word) = (number / each, number % each);
        let key = words.get((address / 4 - word) as usize).copied().unwrap_or(0);
        What::Fifo { place, word, spike: self.spike(key) }
    }

    /// Returns sender and neuron that a key names.
    pub fn spike(&self, key: u32) -> Option<(u32, u32)> {
        let (sender, neuron) = (key >> 24, key & 0xFF_FFFF);
        let units = self.network.units(self.sender(sender)?)?;
        ((neuron as usize) < units).then_some((sender, neuron))
    }

    /// Returns the source or population with this number as a sender.
    pub fn sender(&self, sender: u32) -> Option<Origin> {
        let (sender, sources) = (sender as usize, self.network.sources().len());
        match sender.checked_sub(sources) {
            None => Some(Origin::Source(sender)),
            Some(population) if population < self.network.populations().len() => {
                Some(Origin::Population(population))
            }
            Some(_) => None,
        }
    }

    /// Returns the name of a source or population.
    pub fn name(&self, origin: Origin) -> &'a str {
        match origin {
            Origin::Source(index) => self.network.sources().get(index).map_or("?", |of| of.name.as_str()),
            Origin::Population(index) => {
                self.network.populations().get(index).map_or("?", |of| of.name.as_str())
            }
        }
    }

    fn control_word(&self, address: u32) -> String {
        let control = self.share.control;
        let counter = address.wrapping_sub(control.counters) / 4;
        match address {
            at if at == control.turn => "ticks completed".to_owned(),
            at if at == control.taken => "FIFO place of the oldest entry taken".to_owned(),
            at if at == control.taken + 4 => "number of entries taken from the FIFO".to_owned(),
            at if (control.message..control.turn).contains(&at) => "message, written by a sender".to_owned(),
            _ => match self.sender(counter) {
                Some(origin) if address >= control.counters => {
                    format!("messages that all spikes of {} are sent", self.name(origin))
                }
                _ => "control, unused".to_owned(),
            },
        }
    }

    /// Returns the number of this PE's population as a sender.
    pub fn own_sender(&self) -> u32 {
        sender_number(self.network, Origin::Population(self.slot.population.index())) as u32
    }
}

#[cfg(test)]
mod tests;
