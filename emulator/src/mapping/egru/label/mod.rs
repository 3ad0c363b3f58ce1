//! Labels of the bytes of a PE's SRAM, in terms of the network: "R of unit 41, gate z, value 17
//! (from unit 88)".
//!
//! The program gives the place of each array (`spans.rs`); row and column of a sparse matrix's
//! element are read from the bytes themselves (row pointers, columns), so that a label is true of
//! damaged memory, too. An element that no row pointer covers is labelled as outside.

mod buffer;
mod spans;
mod text;

use serde::{Deserialize, Serialize};

pub use self::buffer::{Content, Origin, content};
use self::spans::{Owner, Span};
pub use self::text::GATES;
use crate::chip::geometry::Pe;
use crate::kernel::SramWords;
use crate::kernel::events::{self, Block};
use crate::kernel::matrix::{Reading, Source, Spot};
use crate::machine::fifo::ENTRY_BYTES;
use crate::machine::legend::PopulationId;
use crate::machine::program::{PeProgram, Program, Slot};
use crate::mapping::egru::EgruSlot;

/// W or R.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matrix {
    /// Weights of the sources.
    W,
    /// Weights of the layer's own values of the step before.
    R,
}

impl Matrix {
    /// Returns its kernel in a share.
    pub fn kernel(self, egru: &EgruSlot) -> &crate::kernel::matrix::Kernel {
        match self {
            Self::W => &egru.input,
            Self::R => &egru.recurrent,
        }
    }
}

/// A unit's array of the point-wise step; those with three values a unit name the gate: 0 z, 1
/// r, 2 g.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Value y that the unit sent.
    Y,
    /// Low-pass trace of y.
    Trace,
    /// Sum W·x of a gate.
    InputSum(u8),
    /// Sum R·y of a gate.
    RecurrentSum(u8),
    /// Input bias b_x of a gate.
    Bias(u8),
    /// Recurrent bias b_r of a gate.
    RecurrentBias(u8),
    /// Threshold θ of the unit.
    Threshold,
    /// Cell state c of the unit.
    Cell,
}

/// Meaning of an element of a PE's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum What {
    /// Free memory, which no program uses.
    Free,
    /// Instructions and constants; their bytes are not modelled.
    Code,
    /// Stack and heap; not modelled.
    Stack,
    /// Behind the last value of an array, up to a whole word or packet.
    Padding,
    /// A timer difference in the debug log.
    Log {
        /// Place in the ring.
        place: u32,
    },
    /// A word of the event router's FIFO.
    Fifo {
        /// Place in the ring.
        place: u32,
        /// Word of the entry: 0 is the key.
        word: u32,
    },
    /// A word of a control block.
    Control {
        /// Layer of the word.
        layer: PopulationId,
        /// Sample of the batch, from 0.
        sample: u8,
        /// Name of the control word.
        name: String,
    },
    /// An element of W or R.
    Matrix {
        /// Layer of the matrix.
        layer: PopulationId,
        /// W or R.
        matrix: Matrix,
        /// Unit (model index) and gate of its row, where it has one.
        unit: Option<(u32, u8)>,
        /// Unit of the layer below (of the layer itself for R), or component of the input, that the
        /// weight is multiplied with.
        source: Option<u32>,
        /// Content of the element.
        spot: Spot,
    },
    /// A unit's state.
    Unit {
        /// Layer of the unit.
        layer: PopulationId,
        /// Sample of the batch, from 0.
        sample: u8,
        /// Index of the unit in its layer.
        unit: u32,
        /// Quantity of the unit that is stored.
        quantity: Quantity,
    },
    /// A word of a buffer in which x and y arrive.
    Buffer {
        /// Layer that reads the buffer.
        layer: PopulationId,
        /// Sample of the batch, from 0.
        sample: u8,
        /// 0, 1, 2 for A, B, C.
        buffer: u8,
        /// Number of the word in the buffer.
        word: u32,
        /// Unit or input whose value the word holds as x.
        x: Option<Origin>,
        /// Unit whose value the word holds as y.
        y: Option<Origin>,
        /// Content of the buffer at present.
        now: Content,
    },
    /// Dense values unpacked from mail.
    Unpacked {
        /// Layer that reads the values.
        layer: PopulationId,
        /// Number of the word.
        word: u32,
        /// Unit of the layer below whose value the word holds as x.
        x: Option<u32>,
        /// Unit of the layer itself whose value the word holds as y.
        y: Option<u32>,
    },
    /// Array that packing and unpacking events works with.
    Events {
        /// Layer of the array.
        layer: PopulationId,
        /// Array that the element is in.
        array: EventArray,
        /// Number of the element in its array.
        number: u32,
    },
}

/// Arrays that packing and unpacking events works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventArray {
    /// Packets built from the PE's own y.
    Outbox,
    /// Start of each sender's block; `true` for x.
    Table(bool),
    /// The unit of each dense word; `true` for x.
    Order(bool),
    /// Values in model order.
    Values,
    /// Bits of active units.
    Map,
    /// The list of events.
    List,
}

/// Element of memory with its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Address of the first byte.
    pub address: u32,
    /// Number type of the element.
    pub reading: Reading,
    /// Meaning of the element.
    #[serde(flatten)]
    pub what: What,
}

/// Labels of one PE.
#[derive(Debug)]
pub struct Labels<'a> {
    program: &'a Program,
    loaded: &'a PeProgram,
    /// Shares of the slots, by slot number.
    shares: Vec<&'a EgruSlot>,
    spans: Vec<Span>,
    /// Unit of each word of the placed y of each layer, by layer; `None` for words of no unit.
    word_unit: Vec<Vec<Option<u32>>>,
    /// Offsets of the blocks of a layer's senders, by layer; needed where events are sent.
    blocks: Vec<Vec<Block>>,
}

impl<'a> Labels<'a> {
    /// Returns the labels of a PE; `None` for a PE without a program, or with
    /// another network family's.
    pub fn of(program: &'a Program, pe: Pe) -> Option<Self> {
        let loaded = program.pe(pe)?;
        let shares = loaded.slots.iter().map(EgruSlot::of).collect::<Option<Vec<_>>>()?;
        let word_unit = program.populations.iter().map(|layer| {
            let mut units = vec![None; layer.words as usize];
            for (unit, &word) in (0..).zip(&layer.unit_word) {
                if let Some(place) = units.get_mut(word as usize) {
                    *place = Some(unit);
                }
            }
            units
        });
        let blocks = program.population_ids().map(|layer| {
            let pes = program.populations[layer.index()].pes.iter();
            let units = pes.filter_map(|&pe| Some(program.pe(pe)?.slot_of(layer)?.1.units.len() as u32));
            events::blocks(units)
        });
        let (word_unit, blocks) = (word_unit.collect(), blocks.collect());
        let mut labels = Self { program, loaded, shares, spans: Vec::new(), word_unit, blocks };
        labels.spans = spans::spans(&labels);
        Some(labels)
    }

    /// Returns the program that the labels are derived from.
    pub fn program(&self) -> &'a Program {
        self.program
    }

    /// Returns the program that the PE is loaded with.
    pub fn loaded(&self) -> &'a PeProgram {
        self.loaded
    }

    /// Returns the label of the element that byte `address` belongs to.
    pub fn at(&self, words: &SramWords, address: u32) -> Label {
        let place = self.spans.partition_point(|span| span.start <= address);
        let span = place.checked_sub(1).map(|place| &self.spans[place]).filter(|span| address < span.end);
        let whole = |what, reading| Label { address: address & !3, reading, what };
        let Some(span) = span else {
            // Arrays of half-words and bytes may end within a word.
            return match address % 4 {
                0 => whole(What::Free, Reading::U32),
                2 => Label { address, reading: Reading::U16, what: What::Padding },
                _ => Label { address, reading: Reading::U8, what: What::Padding },
            };
        };
        let offset = address - span.start;
        match span.owner {
            Owner::Code => whole(What::Code, Reading::U32),
            Owner::Stack => whole(What::Stack, Reading::U32),
            Owner::Log => whole(What::Log { place: offset / 4 }, Reading::U32),
            Owner::Fifo => {
                let (place, word) = (offset / ENTRY_BYTES, offset % ENTRY_BYTES / 4);
                let reading = if word == 0 { Reading::U32 } else { Reading::F32 };
                whole(What::Fifo { place, word }, reading)
            }
            Owner::Control(number) => self.control(number, span.start, address),
            Owner::Buffer(number, buffer) => self.buffer(words, number, buffer, address, offset / 4),
            Owner::Array(number, matrix, array) => self.array(words, number, matrix, array, offset),
            Owner::Units(number, quantity, padded) => self.unit(number, quantity, padded, address, offset),
            Owner::Events(number, array) => self.event_array(number, array, address, offset),
            Owner::Unpacked(number) => self.unpacked(number, address, offset / 4),
        }
    }

    /// Returns the labels of all elements that overlap the word at `address`.
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

    fn slot(&self, number: usize) -> &'a Slot {
        &self.loaded.slots[number]
    }

    /// Returns the share behind a slot.
    pub fn egru(&self, number: usize) -> &'a EgruSlot {
        self.shares[number]
    }

    /// Returns the unit in a word of a layer's y; `None` beyond its words and in its gaps.
    fn unit_at(&self, layer: PopulationId, word: u32) -> Option<u32> {
        *self.word_unit.get(usize::from(layer))?.get(word as usize)?
    }

    /// Returns the source, in model order, whose value a slot's matrix is multiplied with.
    fn source(&self, slot: &Slot, matrix: Matrix, source: Source) -> Option<u32> {
        let below = slot.population.below();
        match (source, matrix, below) {
            (Source::Number(number), Matrix::R, _) => self.known(slot.population, number),
            (Source::Word(word), Matrix::R, _) => self.unit_at(slot.population, word),
            (Source::Number(number), Matrix::W, Some(below)) => self.known(below, number),
            (Source::Word(word), Matrix::W, Some(below)) => self.unit_at(below, word),
            (Source::Number(number) | Source::Word(number), Matrix::W, None) => {
                Some(number).filter(|&number| (number as usize) < self.program.dram.width())
            }
        }
    }

    fn known(&self, layer: PopulationId, unit: u32) -> Option<u32> {
        let units = self.program.population(layer)?.unit_word.len();
        Some(unit).filter(|&unit| (unit as usize) < units)
    }

    fn control(&self, number: usize, start: u32, address: u32) -> Label {
        let slot = self.slot(number);
        let name = spans::control_word(slot, self.egru(number), self.program, address & !3);
        let reading = Reading::U32;
        debug_assert!(start <= address, "the span that holds it");
        let what = What::Control { layer: slot.population, sample: slot.sample, name };
        Label { address: address & !3, reading, what }
    }

    fn array(&self, words: &SramWords, number: usize, matrix: Matrix, array: usize, offset: u32) -> Label {
        let slot = self.slot(number);
        let kernel = matrix.kernel(self.egru(number));
        let Some(element) = kernel.element(words, array, offset) else {
            return Label { address: offset & !3, reading: Reading::U32, what: What::Free };
        };
        let unit = |row: u32| {
            let units = slot.units.len().max(1);
            let unit = *slot.units.get(row as usize % units)?;
            (row < kernel.rows()).then_some((unit, (row as usize / units) as u8))
        };
        let source = |source: Source| self.source(slot, matrix, source);
        let (unit, source) = match element.spot {
            Spot::Weight(entry) | Spot::Index(entry) => (unit(entry.row), source(entry.source)),
            Spot::RowPointer { row } | Spot::Scale { row } => (unit(row), None),
            Spot::ColumnPointer { source: number }
            | Spot::SourceWord { source: number }
            | Spot::Ordered { source: number } => (None, source(Source::Number(number))),
            Spot::InputScale | Spot::Outside => (None, None),
        };
        let what = What::Matrix { layer: slot.population, matrix, unit, source, spot: element.spot };
        Label { address: element.address, reading: element.reading, what }
    }

    fn unit(&self, number: usize, quantity: Quantity, padded: bool, address: u32, offset: u32) -> Label {
        let slot = self.slot(number);
        let units = slot.units.len() as u32;
        let index = offset / 4;
        let label = |what| Label { address: address & !3, reading: Reading::F32, what };
        let place = if padded { index } else { index % units.max(1) };
        let Some(&unit) = slot.units.get(place as usize) else { return label(What::Padding) };
        let gate = (index / units.max(1)) as u8;
        let quantity = match quantity {
            Quantity::InputSum(_) => Quantity::InputSum(gate),
            Quantity::RecurrentSum(_) => Quantity::RecurrentSum(gate),
            Quantity::Bias(_) => Quantity::Bias(gate),
            Quantity::RecurrentBias(_) => Quantity::RecurrentBias(gate),
            other => other,
        };
        label(What::Unit { layer: slot.population, sample: slot.sample, unit, quantity })
    }

    fn event_array(&self, number: usize, array: EventArray, address: u32, offset: u32) -> Label {
        let layer = self.slot(number).population;
        let (element, reading) = match array {
            EventArray::Order(_) => (offset / 2, Reading::U16),
            EventArray::Outbox if !(offset / 4).is_multiple_of(4) => (offset / 4, Reading::F32),
            EventArray::List if offset / 4 > 0 && (offset / 4).is_multiple_of(2) => {
                (offset / 4, Reading::F32)
            }
            EventArray::Values => (offset / 4, Reading::F32),
            _ => (offset / 4, Reading::U32),
        };
        let address = address - address % reading.bytes();
        Label { address, reading, what: What::Events { layer, array, number: element } }
    }

    fn unpacked(&self, number: usize, address: u32, word: u32) -> Label {
        let layer = self.slot(number).population;
        let y = self.unit_at(layer, word);
        let x = layer.below().and_then(|below| self.unit_at(below, word));
        let what = What::Unpacked { layer, word, x, y };
        Label { address: address & !3, reading: Reading::F32, what }
    }
}
