//! Program of the chip: per PE a memory image and a list of operations. Nothing in here
//! ever changes while the machine runs; [`super::state::State`] holds all that does.

use std::any::Any;
use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::arrivals::{Announcement, Counter, CounterId, Groups, Inbox, Need, Notice, Relay};
use super::broadcast::options::Payload;
use super::broadcast::{Delivery, Packing};
pub use super::buffers::Buffers;
use super::costs::Costs;
use super::dram::DramMap;
pub use super::dram::DramRows;
use super::legend::{Legend, PhaseId, PopulationId};
use super::options::{Assume, Waiting};
use super::routine::Routine;
use super::timer::{EventList, Timer};
use crate::chip::board::Board;
use crate::chip::clock::OperatingPoint;
use crate::chip::constants::NOC_PAYLOAD_BYTES;
use crate::chip::geometry::{PE_COUNT, Pe, QpeId};
use crate::kernel::SramWords;

/// Bytes of one packet's payload: 128 bits (CHIP26).
pub const PACKET_BYTES: u32 = NOC_PAYLOAD_BYTES as u32;
/// Words of one packet's payload.
pub const PACKET_WORDS: usize = NOC_PAYLOAD_BYTES / 4;

/// Operation of a PE's program.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Phase that its time is booked on.
    pub phase: PhaseId,
    /// Slot that it is for.
    pub slot: u8,
    /// Work of the core.
    pub action: Action,
    /// Message that the core sends at its end.
    pub notice: Option<Notice>,
    /// Whether its end on the last PE of the population completes a phase.
    pub ends: Ends,
}

/// Work of the core in an operation.
#[derive(Clone, Debug)]
pub enum Action {
    /// Waits until counters of the slot have reached values.
    Wait(Vec<Need>),
    /// Has its DMA engine read a row from DRAM.
    Read {
        /// Buffers that it is written to, in turn.
        to: Buffers,
        /// Byte addresses of the words that hold the row's number, by time step
        /// modulo their number.
        rows: Vec<u32>,
    },
    /// Has its DMA engine read words that the program keeps in DRAM.
    Fetch {
        /// First byte among these words.
        from: u64,
        /// Number of words.
        words: u32,
        /// Byte address that they are written to.
        to: u32,
    },
    /// Calls a routine.
    Call(Arc<dyn Routine>),
    /// Sends the slot's block.
    Send,
    /// Waits for the PE's timer ([`super::timer`]).
    Tick,
    /// Takes the entries that are in the FIFO now.
    TakeEntries {
        /// Byte address of two words: the number of the oldest entry's place, and how
        /// many there are.
        at: u32,
        /// Ticks from sending to taking that the entries are meant to have: 1, or 0 for those of
        /// the same tick.
        meant: u32,
    },
    /// Frees the entries that were taken.
    FreeEntries,
    /// Sends a list of events, a packet each.
    SendEvents(EventList),
    /// Writes the timer counts of these phases to the debug log, and counts the time step.
    Log(Vec<PhaseId>),
}

/// Effect of the end of an operation on the last PE of its population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Completes nothing: another operation continues the phase, or its packets' delivery ends it.
    Nothing,
    /// Completes the phase, whose time lies within that of others and is no part of the chip time.
    HiddenPhase,
    /// Completes the phase, whose time is part of the chip time.
    Phase,
}

/// Time steps that may be announced and not complete: an announcement is one packet, with a
/// word for each.
pub const MAX_IN_FLIGHT: u32 = PACKET_WORDS as u32;

/// PEs of one QPE that a broadcast writes to, or the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// QPE that the packets go to; [`QpeId::ROUTER`] for the event router.
    pub qpe: QpeId,
    /// Bit p: PE p of that QPE takes the packet; 0 for the host.
    pub mask: u8,
    /// The packets leave the mesh at that QPE's router for the host.
    pub host: bool,
    /// Byte address at the sender of the values that are sent to them.
    pub payload: u32,
    /// The buffers at the receivers; the host keeps its own.
    pub buffers: Buffers,
    /// Groups that the receivers are in; none for the host.
    pub groups: Groups,
}

/// Units of one population on one PE, for one sample of the batch: what they send, and what
/// counts their arrivals.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Population that the units belong to.
    pub population: PopulationId,
    /// Sample of the batch.
    pub sample: u8,
    /// Model indices of the units here, ascending.
    pub units: Vec<u32>,
    /// Byte address of the word that counts completed time steps.
    pub turn: u32,
    /// Counters of arrivals, by [`CounterId`].
    pub counters: Vec<Counter>,
    /// Messages that counters set off.
    pub relays: Vec<Relay>,
    /// Buffers in which values arrive.
    pub buffers: Buffers,
    /// Byte address of the values that are packed where they are sent as events.
    pub values: u32,
    /// Byte offset of this PE's block in the population's placed values.
    pub block: u32,
    /// Receivers of the block.
    pub targets: Vec<Target>,
    /// Number of targets, from the first on, that one call of `broadcast` serves; a second call
    /// serves the others.
    pub first_call: u32,
    /// Packing of the values as events; `None` where all of them are sent.
    pub events: Option<Packing>,
    /// Knowledge of the network family about the slot. The machine does not look at it.
    pub detail: Arc<dyn Detail>,
}

/// Knowledge of a network family about a slot, beyond what the machine needs.
pub trait Detail: Any + fmt::Debug + Send + Sync {
    /// Returns the number of weights of the slot that are not 0.
    fn weights(&self) -> u32;

    /// Returns the number of weights of the slot that are stored, zeros too where they are.
    fn stored(&self) -> u32 {
        self.weights()
    }

    /// Returns what the operations of a phase work on, in words; empty where there is
    /// nothing to add.
    fn work(&self, phase: PhaseId) -> String;

    /// Returns the byte address of the state of the first unit; those of the others follow.
    fn state(&self) -> u32;

    /// Returns the byte address of the value that the first unit sends; those of the others follow.
    fn sent(&self) -> u32;
}

impl dyn Detail {
    /// Returns the detail as what a network family made it of; `None` if it is another family's.
    pub fn downcast_ref<T: Any>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }
}

impl Slot {
    /// Returns a counter by its number.
    pub fn counter(&self, id: CounterId) -> Option<&Counter> {
        self.counters.get(usize::from(id.0))
    }

    /// Returns how many arrivals of time step `step`, of `each` a step, a counter shows in the
    /// memory of its PE.
    pub fn arrived(&self, words: &SramWords, id: CounterId, step: u32, each: u32) -> u32 {
        let Some(counter) = self.counter(id) else { return 0 };
        let word = counter.address(counter.set(step)) as usize / 4;
        counter.arrived(words.get(word).copied().unwrap_or(0), step, each)
    }

    /// Returns the byte address of word `set` of a counter.
    pub fn counter_word(&self, id: CounterId, set: u8) -> u32 {
        self.counter(id).map_or(0, |counter| counter.address(set))
    }

    /// Returns the number of packets of the slot's block, where all values are sent.
    pub fn packets(&self) -> u32 {
        (self.units.len() as u32 * 4).div_ceil(PACKET_BYTES)
    }

    /// Returns the range of the targets that get the same payload as target `target`: one call of
    /// `broadcast` serves them.
    pub fn call(&self, target: u32) -> Range<u32> {
        if target < self.first_call { 0..self.first_call } else { self.first_call..self.targets.len() as u32 }
    }

    /// Iterates over the calls of `broadcast` in a time step, as ranges of targets: two where
    /// receivers get different values.
    pub fn calls(&self) -> impl Iterator<Item = Range<u32>> {
        [0..self.first_call, self.first_call..self.targets.len() as u32]
            .into_iter()
            .filter(|call| !call.is_empty())
    }
}

/// Kind of bytes that a region holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RegionKind {
    /// Instructions and constants.
    Program,
    /// Weight values, column indices, row pointers.
    Weights,
    /// Values as packets and DMA deliver them.
    Buffer,
    /// State of neurons, their parameters, sums, counters.
    State,
    /// Stack and heap.
    Stack,
    /// Timer values and messages.
    Log,
}

/// A range of a PE's SRAM and what lives there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Address of the first byte.
    pub start: u32,
    /// Address behind the last byte.
    pub end: u32,
    /// Name of the content, for memory maps.
    pub name: String,
    /// Kind of content.
    pub kind: RegionKind,
}

/// Words that the host loads: byte addresses, each with the words from there on.
pub type Image = Vec<(u32, Vec<u32>)>;

/// Program and memory of a PE.
#[derive(Clone, Debug)]
pub struct PeProgram {
    /// Operations in order, repeated for ever.
    pub operations: Vec<Operation>,
    /// Populations on the PE in network order; of each, a slot per sample.
    pub slots: Vec<Slot>,
    /// Memory map of the PE, ascending.
    pub regions: Vec<Region>,
    /// Words that the host writes before the start; copies of the program share them.
    pub image: Arc<Image>,
    /// Debug log: first byte and size.
    pub log: (u32, u32),
    /// FIFO of the event router's packets: first byte and size; 0 bytes where there is none.
    pub fifo: (u32, u32),
}

impl PeProgram {
    /// Returns the slot of a population (the first sample's) and its number.
    pub fn slot_of(&self, population: PopulationId) -> Option<(u8, &Slot)> {
        self.slots.iter().position(|slot| slot.population == population).map(|i| (i as u8, &self.slots[i]))
    }

    /// Returns one slot of each population, for properties that all samples share.
    pub fn populations(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.sample == 0)
    }

    /// Returns operation number `number` and its slot.
    ///
    /// The number of the one that a PE is in is
    /// [`PeState::operation`](super::state::PeState::operation).
    pub fn operation(&self, number: u32) -> Option<(&Operation, &Slot)> {
        let operation = self.operations.get(number as usize)?;
        Some((operation, self.slots.get(usize::from(operation.slot))?))
    }

    /// Returns whether a routine of the PE runs machine code.
    pub fn runs_code(&self) -> bool {
        let code = |operation: &Operation| matches!(&operation.action, Action::Call(routine) if routine.code().is_some());
        self.operations.iter().any(code)
    }

    /// Returns the bytes in use in all banks together.
    pub fn bytes_used(&self) -> u32 {
        self.bank_bytes().iter().sum()
    }

    /// Returns the phases whose timer counts the PE writes to its debug log in each time step.
    pub fn logged(&self) -> &[PhaseId] {
        let logged = self.operations.iter().find_map(|operation| match &operation.action {
            Action::Log(phases) => Some(phases.as_slice()),
            _ => None,
        });
        logged.unwrap_or_default()
    }

    /// Returns the bytes in use in each bank.
    pub fn bank_bytes(&self) -> [u32; super::sram::BANKS] {
        let mut banks = [0; super::sram::BANKS];
        for region in &self.regions {
            for (b, bytes) in banks.iter_mut().enumerate() {
                let (start, end) =
                    (b as u32 * super::sram::BANK_BYTES, (b as u32 + 1) * super::sram::BANK_BYTES);
                *bytes += region.end.min(end).saturating_sub(region.start.max(start));
            }
        }
        banks
    }
}

/// Units of a network that compute and send together: a layer, or a population of neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Name in the model.
    pub name: String,
    /// PEs, in block order.
    pub pes: Vec<Pe>,
    /// Word of each unit (by model index) in the placed y.
    pub unit_word: Vec<u32>,
    /// Words of the placed y, blocks padded to packets.
    pub words: u32,
    /// Phase in which its values are sent: it ends when all of them are delivered.
    pub sends: PhaseId,
    /// First word of its values in the host's memory; `None` if they do not go to the host. A time
    /// step is complete when all values that go to the host are delivered.
    pub host: Option<u32>,
}

/// Everything the chip is loaded with, and the constants it runs by.
#[derive(Clone, Debug)]
pub struct Program {
    /// Names of what it numbers.
    pub legend: Arc<Legend>,
    /// Program of each PE, by PE index; `None` for a PE without one.
    pub pes: Vec<Option<PeProgram>>,
    /// Populations in network order, by [`PopulationId`].
    pub populations: Vec<Population>,
    /// Rows for the first population.
    pub dram: Arc<dyn DramRows>,
    /// Words that PEs read from DRAM beside the rows, such as weights.
    pub dram_words: Arc<Vec<u32>>,
    /// Addresses of rows and words.
    pub dram_map: DramMap,
    /// Costs of the cores' work, in PE cycles.
    pub costs: Costs,
    /// Clock and voltage.
    pub operating_point: OperatingPoint,
    /// Behaviour of a PE that waits.
    pub waiting: Waiting,
    /// Assumptions in place of numbers that are not published.
    pub assume: Assume,
    /// Delivery of outputs to their readers.
    pub delivery: Delivery,
    /// Chips and the links between them.
    pub board: Arc<Board>,
    /// Receptions of each PE, by PE index.
    pub inboxes: Vec<Inbox>,
    /// Announcements of a time step by the host.
    pub announcements: Vec<Announcement>,
    /// Samples computed side by side.
    pub batch: u32,
    /// Time steps that may be announced and not complete, 1 to [`MAX_IN_FLIGHT`].
    pub steps_in_flight: u32,
    /// Timer that begins the time steps; `None` if announcements by the host do.
    pub timer: Option<Timer>,
    /// Memory images were replaced after the program was built: constants in memory may be others
    /// than those that its routines were built with.
    pub images_replaced: bool,
    /// Knowledge of the network family about the program. The machine does not look at it.
    pub detail: Arc<dyn Any + Send + Sync>,
}

impl Program {
    /// Returns the PEs of the machine, of all its chips, in index order.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = Pe> + ExactSizeIterator + use<> {
        Pe::first(self.pes.len())
    }

    /// Returns the number of chips of the machine.
    pub fn chips(&self) -> usize {
        self.pes.len() / PE_COUNT
    }

    /// Returns the program of a PE; `None` if it has none.
    pub fn pe(&self, pe: Pe) -> Option<&PeProgram> {
        self.pes.get(pe.index())?.as_ref()
    }

    /// Returns the number of units of a population, on all its PEs together.
    pub fn units_of(&self, population: PopulationId) -> usize {
        let pes = self.populations.get(population.index()).map_or(&[][..], |population| &population.pes);
        let slots = pes.iter().filter_map(|&pe| self.pe(pe)?.slot_of(population));
        slots.map(|(_, slot)| slot.units.len()).sum()
    }

    /// Returns the PE of `pes` with most bytes in use, the first of several; `None` where none
    /// has a program.
    pub fn fullest_of(&self, pes: impl IntoIterator<Item = Pe>) -> Option<(Pe, &PeProgram)> {
        let loaded = pes.into_iter().filter_map(|pe| Some((pe, self.pe(pe)?)));
        loaded.max_by_key(|&(pe, loaded)| (loaded.bytes_used(), Reverse(pe)))
    }

    /// Returns the PE with most bytes in use, the first of several; `None` if no PE has a program.
    pub fn fullest_pe(&self) -> Option<(Pe, &PeProgram)> {
        self.fullest_of(self.places())
    }

    /// Reads the row at a DRAM address, as a DMA does; where there is no row, zeros.
    pub fn read_dram(&self, address: u64, out: &mut [f32]) {
        match self.dram_map.row_at(address) {
            Some(row) => self.dram.read(row, out),
            None => out.fill(0.0),
        }
    }

    /// Returns `words` words from byte `from` on of those that are kept in DRAM.
    pub fn dram_words(&self, from: u64, words: u32) -> &[u32] {
        let from = (from / 4) as usize;
        self.dram_words.get(from..from + words as usize).unwrap_or_default()
    }

    /// Returns a population; `None` if the program has fewer.
    pub fn population(&self, id: PopulationId) -> Option<&Population> {
        self.populations.get(id.index())
    }

    /// Returns the name of a population; a question mark if the program has fewer.
    pub fn population_name(&self, id: PopulationId) -> &str {
        self.population(id).map_or("?", |population| population.name.as_str())
    }

    /// Returns the ids of all populations, in network order.
    pub fn population_ids(&self) -> impl Iterator<Item = PopulationId> + use<> {
        (0..self.populations.len()).map(PopulationId::at)
    }

    /// Returns the number of a population's sample among all populations' samples.
    pub fn lane(&self, population: PopulationId, sample: u8) -> usize {
        population.index() * self.batch as usize + usize::from(sample)
    }

    /// Returns the number of lanes: populations × samples.
    pub fn lanes(&self) -> usize {
        self.populations.len() * self.batch as usize
    }

    /// Returns the deliveries of values that end a population's time step, for each sample.
    ///
    /// Of events only the last packets of blocks count.
    pub fn deliveries(&self, population: PopulationId) -> u32 {
        let slots = self.pes.iter().flatten().filter_map(|p| p.slot_of(population));
        let counted = |slot: &Slot| if self.delivery.payload == Payload::Events { 1 } else { slot.packets() };
        let copies =
            |slot: &Slot| slot.targets.iter().map(|t| self.delivery.copies(population, t)).sum::<u32>();
        slots.map(|(_, slot)| counted(slot) * copies(slot)).sum()
    }

    /// Returns the payload that announces time step `step`; `row(n)` is the row n steps earlier.
    ///
    /// In a pipeline word w holds the row of the latest step whose number modulo [`MAX_IN_FLIGHT`]
    /// is w, as earlier steps may not have begun yet. Otherwise words 0 and 1 hold row and step.
    pub fn announcement(&self, step: u32, row: impl Fn(u32) -> u32) -> [u32; PACKET_WORDS] {
        if self.steps_in_flight > 1 {
            std::array::from_fn(|word| row(step.wrapping_sub(word as u32) % MAX_IN_FLIGHT))
        } else {
            [row(0), step, 0, 0]
        }
    }

    /// Returns the number of words of a sample's values that go to the host.
    pub fn host_words(&self) -> u32 {
        self.populations
            .iter()
            .filter(|population| population.host.is_some())
            .map(|population| population.words)
            .sum()
    }

    /// Returns the number of ends that complete a time step: those of all PEs where timers begin
    /// the steps, else of the populations whose values go to the host, over the whole batch.
    pub fn outputs(&self) -> u32 {
        if self.is_timed() {
            return self.used_pes() as u32;
        }
        self.populations.iter().filter(|population| population.host.is_some()).count() as u32 * self.batch
    }

    /// Returns whether the PEs of a population wait for each other before they send.
    pub fn has_barrier(&self, population: usize) -> bool {
        let slots = self.pes.iter().flatten().flat_map(|loaded| &loaded.slots);
        let mut own = slots.filter(|slot| usize::from(slot.population) == population);
        own.any(|slot| slot.relays.iter().any(|relay| usize::from(relay.message.population) == population))
    }

    /// Returns the number of PEs with a program.
    pub fn used_pes(&self) -> usize {
        self.pes.iter().flatten().count()
    }
}
