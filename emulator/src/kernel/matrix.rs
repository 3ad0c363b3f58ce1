//! Interface of all matrix kernels: memory to reserve, image to load, work and cost of a run.
//!
//! [`Share::cost`] says what a share would cost. A [`KernelKind`] is what the scene asks for; with
//! a [`Share`] of a matrix and addresses it becomes a [`Kernel`], which a PE keeps: `work` at the
//! start of the operation, `cycles` from it, `run` at the end.

mod estimate;
mod place;
mod spot;

use serde::{Deserialize, Serialize};

use super::cost::KernelCosts;
use super::csc::{self, CscLayout, EventWork, Visit};
use super::csr_row::{self, CsrLayout, CsrWork};
use super::dense::{self, DenseLayout};
use super::int8_csr::{self, Int8Layout};
use super::int8_mac::Int8MacLayout;
use super::options::KernelKind;
use super::parts::Parts;
use super::routine::Routine;
use super::{KernelFault, SramWords, csr_row_skip, csr_row16};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::mac::MacShape;

pub use estimate::Counts;
pub use place::{PlaceError, Placed};
pub use spot::{Element, Entry, Reading, Source, Spot};

/// A PE's share of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Share<'a> {
    /// Rows in the order of the sums: weights as (source in model order,
    /// weight), sources ascending.
    pub rows: &'a [Vec<(u32, f32)>],
    /// Word of each source in the input buffer, by source in model order.
    pub words: &'a [u32],
}

impl Share<'_> {
    /// Returns the numbers of rows, sources and stored weights.
    pub fn shape(&self) -> Shape {
        let nonzeros = self.rows.iter().map(|row| row.len() as u32).sum();
        Shape { rows: self.rows.len() as u32, sources: self.words.len() as u32, nonzeros }
    }
}

/// Sizes of a share: all that its bytes depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Rows: three for each unit.
    pub rows: u32,
    /// Sources of the layer's input.
    pub sources: u32,
    /// Number of stored weights.
    pub nonzeros: u32,
}

/// Rows and sources of a share that have no non-zero in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty {
    /// Number of rows without a non-zero.
    pub rows: u32,
    /// Number of sources without a non-zero.
    pub sources: u32,
}

/// An array that the memory map reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array {
    /// Content of the array, as the memory map names it.
    pub name: &'static str,
    /// Size in bytes.
    pub bytes: u64,
    /// Alignment of the address, in bytes. Images are loaded by words, so it is 4 for
    /// every array today.
    pub align: u32,
}

impl KernelKind {
    /// Returns the arrays that the memory map must reserve for a share, in the order in which
    /// [`Kernel::place`] takes the addresses.
    pub fn arrays(self, shape: Shape) -> Vec<Array> {
        let (rows, sources, nonzeros) =
            (u64::from(shape.rows), u64::from(shape.sources), u64::from(shape.nonzeros));
        let row_number = if shape.rows <= 256 { 1 } else { 2 };
        let list: &[(&'static str, u64)] = match self {
            Self::CsrRow | Self::CsrRowSkip | Self::CsrFast => {
                &[("values", 4 * nonzeros), ("columns", 4 * nonzeros), ("row pointers", 4 * (rows + 1))]
            }
            Self::CsrRow16 => {
                &[("values", 4 * nonzeros), ("columns", 2 * nonzeros), ("row pointers", 4 * (rows + 1))]
            }
            Self::CscEvent | Self::CscFast => &[
                ("values", 4 * nonzeros),
                ("row numbers", row_number * nonzeros),
                ("column pointers", 2 * (sources + 1)),
                ("source words", 2 * sources),
            ],
            Self::CscEventList => &[
                ("values", 4 * nonzeros),
                ("row numbers", row_number * nonzeros),
                ("column pointers", 2 * (sources + 1)),
            ],
            Self::Dense => &[
                ("values", 4 * rows * sources),
                ("source words", 2 * sources),
                ("ordered input", 4 * sources),
            ],
            Self::DenseEvent => &[("values", 4 * rows * sources), ("source words", 2 * sources)],
            Self::Int8Csr => &[
                ("values", nonzeros),
                ("columns", 2 * nonzeros),
                ("row pointers", 4 * (rows + 1)),
                ("scales", 4 * rows),
            ],
            Self::Int8Mac => &[
                ("values", rows * sources.next_multiple_of(4)),
                ("source words", 2 * sources),
                ("scales", 4 * (1 + rows)),
                ("rounded input", sources.next_multiple_of(4)),
            ],
        };
        list.iter().map(|&(name, bytes)| Array { name, bytes, align: 4 }).collect()
    }

    /// Returns the least and most work of a run on a share: with no source active, and with all.
    /// Rows and sources without a non-zero take cycles of their own.
    pub fn work_bounds(self, shape: Shape, empty: Empty) -> [OpCounts; 2] {
        let Shape { rows, sources, nonzeros } = shape;
        let all = OpCounts { rows, nonzeros, ..OpCounts::default() };
        let by_row = OpCounts { empty_rows: empty.rows, ..all };
        let by_source =
            OpCounts { active: sources.saturating_sub(empty.sources), idle: empty.sources, ..all };
        match self {
            Self::CsrRow | Self::CsrRow16 | Self::Int8Csr => [by_row, by_row],
            Self::CsrFast => {
                Parts::row_bounds(rows, nonzeros).map(|parts| OpCounts { parts: Some(parts), ..all })
            }
            // With more rows it is `CscEvent`.
            Self::CscFast if rows <= 256 => {
                let [least, most] = Parts::column_bounds(rows, sources, nonzeros);
                let none = OpCounts { nonzeros: 0, silent: sources, parts: Some(least), ..all };
                [none, OpCounts { active: sources, parts: Some(most), ..all }]
            }
            Self::CsrRowSkip => [OpCounts { nonzeros: 0, skipped: nonzeros, ..by_row }, by_row],
            Self::CscEvent | Self::CscFast => [OpCounts { nonzeros: 0, silent: sources, ..all }, by_source],
            Self::CscEventList => [OpCounts { nonzeros: 0, ..all }, by_source],
            Self::Dense | Self::Int8Mac => {
                [OpCounts { nonzeros: rows * sources, gathered: sources, ..all }; 2]
            }
            Self::DenseEvent => [
                OpCounts { nonzeros: 0, silent: sources, ..all },
                OpCounts { nonzeros: rows * sources, active: sources, ..all },
            ],
        }
    }

    /// Returns the bytes of all arrays of a share, each rounded up to whole words.
    pub fn bytes(self, shape: Shape) -> u64 {
        self.arrays(shape).iter().map(|array| array.bytes.next_multiple_of(4)).sum()
    }
}

/// Byte addresses at which a kernel reads its input and leaves its sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operands {
    /// The input buffer, or the list of events.
    pub x: u32,
    /// The sums, one single a row.
    pub sums: u32,
}

/// A kernel and where its arrays lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kernel {
    /// Compressed rows, 32-bit columns.
    CsrRow(CsrLayout),
    /// Compressed rows, 16-bit columns.
    CsrRow16(CsrLayout),
    /// Compressed rows, zeros of x passed over.
    CsrRowSkip(CsrLayout),
    /// Compressed rows, in code for the core's timings.
    CsrFast(CsrLayout),
    /// Compressed columns, source by source.
    Csc(CscLayout),
    /// All weights, row by row.
    Dense(DenseLayout),
    /// All weights, source by source.
    DenseEvent(DenseLayout),
    /// Compressed rows of 8-bit weights.
    Int8Csr(Int8Layout),
    /// All weights in 8 bits, on the MAC array.
    Int8Mac(Int8MacLayout),
}

/// Operation counts of a kernel's run, from which its cycles follow. Unused counts are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpCounts {
    /// Number of rows visited.
    pub rows: u32,
    /// Number of rows without a non-zero (row-major kernels).
    pub empty_rows: u32,
    /// Number of multiply-adds.
    pub nonzeros: u32,
    /// Non-zeros whose source was looked at and found zero.
    pub skipped: u32,
    /// Sources that did work on at least one non-zero (source-major kernels).
    pub active: u32,
    /// Sources that were to do work but have no non-zero here.
    pub idle: u32,
    /// Sources that were looked at and passed over.
    pub silent: u32,
    /// Sources copied into model order.
    pub gathered: u32,
    /// Parts of the fast kernels' work; `None` for others.
    pub parts: Option<Parts>,
}

impl From<CsrWork> for OpCounts {
    fn from(work: CsrWork) -> Self {
        Self { rows: work.rows, empty_rows: work.empty_rows, nonzeros: work.nonzeros, ..Self::default() }
    }
}

impl OpCounts {
    pub(crate) fn of_events(rows: u32, work: EventWork) -> Self {
        let EventWork { active, idle, silent, nonzeros, parts } = work;
        Self { rows, nonzeros, active, idle, silent, parts, ..Self::default() }
    }
}

impl Kernel {
    /// Returns the number of rows, and so of sums.
    pub fn rows(&self) -> u32 {
        match self {
            Self::CsrRow(l) | Self::CsrRow16(l) | Self::CsrRowSkip(l) | Self::CsrFast(l) => l.rows,
            Self::Csc(l) => l.rows,
            Self::Dense(l) | Self::DenseEvent(l) => l.rows,
            Self::Int8Csr(l) => l.csr.rows,
            Self::Int8Mac(l) => l.rows,
        }
    }

    /// Returns the C function that the core runs.
    pub fn routine(&self) -> Routine {
        match self {
            Self::CsrRow(_) => Routine::CsrRow,
            Self::CsrRow16(_) => Routine::CsrRow16,
            Self::CsrRowSkip(_) => Routine::CsrRowSkip,
            Self::CsrFast(_) => Routine::CsrFast,
            Self::Csc(l) => match (l.visit, l.narrow()) {
                (Visit::Events, true) => Routine::CscEvent8,
                (Visit::Events | Visit::Fast, false) => Routine::CscEvent16,
                (Visit::Fast, true) => Routine::CscFast8,
                (Visit::All, true) => Routine::CscAll8,
                (Visit::All, false) => Routine::CscAll16,
                (Visit::List, true) => Routine::CscList8,
                (Visit::List, false) => Routine::CscList16,
            },
            Self::Dense(_) => Routine::Dense,
            Self::DenseEvent(l) if l.visit == Visit::All => Routine::DenseAll,
            Self::DenseEvent(_) => Routine::DenseEvent,
            Self::Int8Csr(_) => Routine::Int8Csr,
            Self::Int8Mac(_) => Routine::Int8Mac,
        }
    }

    /// Returns the arguments of the C function that the core runs, in order.
    pub fn arguments(&self, at: Operands) -> Vec<u32> {
        let csr = |l: &CsrLayout| vec![l.value, l.column, l.row_start, l.rows, at.x, at.sums];
        match self {
            Self::CsrRow(l) | Self::CsrRow16(l) | Self::CsrRowSkip(l) | Self::CsrFast(l) => csr(l),
            Self::Csc(l) if l.visit == Visit::List => {
                vec![l.value, l.row, l.column_start, at.x, at.sums, l.rows]
            }
            Self::Csc(l) => vec![l.value, l.row, l.column_start, l.source, l.sources, at.x, at.sums, l.rows],
            Self::Dense(l) => vec![l.value, l.source, l.sources, at.x, l.ordered, l.rows, at.sums],
            Self::DenseEvent(l) => vec![l.value, l.source, l.sources, at.x, at.sums, l.rows],
            Self::Int8Csr(l) => {
                let mut arguments = csr(&l.csr);
                arguments.insert(4, l.scale);
                arguments
            }
            Self::Int8Mac(l) => vec![l.value, l.source, l.sources, at.x, l.input, l.rows, l.scale, at.sums],
        }
    }

    /// Counts the operations of a run on the present bytes; `x` is the byte address of the input.
    pub fn work(&self, words: &SramWords, x: u32) -> Result<OpCounts, KernelFault> {
        Ok(match self {
            Self::CsrRow(l) => csr_row::work(words, l)?.into(),
            Self::CsrRow16(l) => csr_row16::work(words, l)?.into(),
            Self::CsrRowSkip(l) => {
                let (work, skipped) = csr_row_skip::work(words, l, x)?;
                OpCounts { nonzeros: work.nonzeros - skipped, skipped, ..work.into() }
            }
            Self::CsrFast(l) => {
                OpCounts { parts: Some(csr_row::parts(words, l)), ..csr_row::work(words, l)?.into() }
            }
            Self::Csc(l) => OpCounts::of_events(l.rows, csc::work(words, l, x)?),
            Self::Dense(l) => {
                let gathered = dense::ordered(words, l, x)?.len() as u32;
                OpCounts { rows: l.rows, nonzeros: l.rows * gathered, gathered, ..OpCounts::default() }
            }
            Self::DenseEvent(l) => OpCounts::of_events(l.rows, dense::event_work(words, l, x)?),
            Self::Int8Csr(l) => int8_csr::work(words, l)?.into(),
            Self::Int8Mac(l) => {
                l.check()?;
                let (rows, gathered) = (l.rows, l.sources);
                OpCounts { rows, nonzeros: rows * gathered, gathered, ..OpCounts::default() }
            }
        })
    }

    /// Returns the least work that any operand can lead to; `None` for a kernel whose work does not
    /// depend on the operand.
    pub fn least_work(&self) -> Option<OpCounts> {
        let (rows, sources) = match self {
            Self::CsrRow(_)
            | Self::CsrRow16(_)
            | Self::CsrFast(_)
            | Self::Dense(_)
            | Self::Int8Csr(_)
            | Self::Int8Mac(_)
            | Self::Csc(CscLayout { visit: Visit::All, .. })
            | Self::DenseEvent(DenseLayout { visit: Visit::All, .. }) => return None,
            Self::CsrRowSkip(l) => {
                return Some(OpCounts { rows: l.rows, empty_rows: l.rows, ..OpCounts::default() });
            }
            Self::Csc(l) => (l.rows, l.sources),
            Self::DenseEvent(l) => (l.rows, l.sources),
        };
        let shape = Shape { rows, sources, nonzeros: 0 };
        let [least, _] = self.routine().kind().work_bounds(shape, Empty::default());
        Some(least)
    }

    /// Returns the cycles of `work` on a PE.
    pub fn cost(&self, work: &OpCounts, costs: &KernelCosts) -> Cycles {
        costs.matrix(self.routine(), work)
    }

    /// Returns the PE cycles of `work`, for a branch refill of `p` cycles.
    pub fn cycles(&self, work: &OpCounts, costs: &KernelCosts, p: u32) -> u64 {
        self.cost(work, costs).at(p)
    }

    /// Returns the sizes of its run of the MAC array; `None` if it uses none.
    pub fn mac(&self) -> Option<MacShape> {
        match self {
            Self::Int8Mac(layout) => Some(layout.shape()),
            _ => None,
        }
    }

    /// Computes the sums from the bytes as they are; `sums` takes [`Self::rows`] results, which
    /// belong at `at.sums`. Returns the number of sums that needed more bits than the MAC array
    /// has.
    pub fn run(&self, words: &SramWords, at: Operands, sums: &mut [f32]) -> Result<u32, KernelFault> {
        match self {
            Self::Int8Mac(l) => return l.run(words, at.x, sums),
            Self::CsrRow(l) | Self::CsrFast(l) => csr_row::run(words, l, at.x, sums),
            Self::CsrRow16(l) => csr_row16::run(words, l, at.x, sums),
            Self::CsrRowSkip(l) => csr_row_skip::run(words, l, at.x, sums),
            Self::Csc(l) => csc::run(words, l, at.x, at.sums, sums),
            Self::Dense(l) => dense::run(words, l, at.x, sums),
            Self::DenseEvent(l) => dense::event_run(words, l, at.x, sums),
            Self::Int8Csr(l) => int8_csr::run(words, l, at.x, sums),
        }?;
        Ok(0)
    }

    /// Returns what a run leaves in SRAM beside the sums: byte address and words. Only `Dense` and
    /// `Int8Mac` have such a scratch array.
    pub fn scratch(&self, words: &SramWords, x: u32) -> Result<Option<(u32, Vec<u32>)>, KernelFault> {
        match self {
            Self::Dense(l) => {
                let ordered = dense::ordered(words, l, x)?;
                Ok(Some((l.ordered, ordered.into_iter().map(f32::to_bits).collect())))
            }
            Self::Int8Mac(l) => Ok(Some((l.input, l.scratch(words, x)?))),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests;
