//! Costs of the matrix kernels: coefficients of a formula linear in the counts of [`OpCounts`],
//! read off executions.
//!
//! A [`Trial`] places a small matrix exactly as a PE's would be and executes the listing on those
//! bytes. Differences between trials give the coefficients; property tests hold that the formula
//! then equals execution on any matrix.

use super::fast;
use super::measure::{Linear, Meter, evaluate, load};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::chip::listing::board::Board;
use crate::chip::listing::trace::{Call, execute};
use crate::kernel::matrix::{Kernel, OpCounts, Operands, Placed, Share};
pub(super) use crate::kernel::parts::PARTS;
use crate::kernel::routine::Routine;

/// Cost of one item of each kind; terms that a kernel does not use are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coefficients {
    /// Cost of the call, return included, without its items.
    pub call: Linear,
    /// A row: its pointers, its sum stored or cleared.
    pub row: Linear,
    /// A row without non-zeros (row-major kernels).
    pub empty_row: Linear,
    /// Multiply-add of one stored weight.
    pub nonzero: Linear,
    /// A non-zero whose source is zero.
    pub skipped: Linear,
    /// A source that does work, without its non-zeros.
    pub active: Linear,
    /// A source that has no non-zero here.
    pub idle: Linear,
    /// Source that is looked at and passed over.
    pub silent: Linear,
    /// A source copied into model order.
    pub gathered: Linear,
    /// Additional cost (it may be negative) if no source does work.
    pub silence: Linear,
    /// Parts of the fast kernels, in the order of [`crate::kernel::parts::Parts`];
    /// `None` for others.
    pub parts: Option<[Linear; PARTS]>,
}

impl Coefficients {
    /// Returns the cost of a call with `work`; it has at least one row and one source.
    pub fn total(&self, work: &OpCounts) -> Cycles {
        if let (Some(terms), Some(parts)) = (&self.parts, &work.parts) {
            let parts = terms.iter().copied().zip(parts.0);
            return evaluate(&std::iter::once((self.call, 1)).chain(parts).collect::<Vec<_>>());
        }
        let (terms, times) = (self.terms(), multiplicities(work));
        evaluate(&std::array::from_fn::<_, TERMS, _>(|i| (terms[i], times[i])))
    }

    /// Returns the terms, in the order of [`multiplicities`].
    pub(super) fn terms(&self) -> [Linear; TERMS] {
        [
            self.call,
            self.row,
            self.empty_row,
            self.nonzero,
            self.skipped,
            self.active,
            self.idle,
            self.silent,
            self.gathered,
            self.silence,
        ]
    }
}

/// Terms of the formula.
pub(super) const TERMS: usize = 10;

/// Returns how often each term counts in a call that does `work`.
pub(super) fn multiplicities(work: &OpCounts) -> [u32; TERMS] {
    let quiet = work.active == 0 && work.idle == 0;
    [
        1,
        work.rows.saturating_sub(work.empty_rows),
        work.empty_rows,
        work.nonzeros,
        work.skipped,
        work.active,
        work.idle,
        work.silent,
        work.gathered,
        u32::from(quiet),
    ]
}

/// Byte addresses at which trials put x and the sums.
pub(super) const AT: Operands = Operands { x: 0x1_0000, sums: 0x1_4000 };
pub(super) const FIRST_ARRAY: u32 = 0x2000;
pub(super) const ARRAY_STEP: u32 = 0x3000;
pub(super) const STACK: u32 = 0x1_F000;

/// A matrix and an input, each source at its own word.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trial {
    /// Rows as in [`Share`].
    pub rows: Vec<Vec<(u32, f32)>>,
    /// Input in model order.
    pub x: Vec<f32>,
    /// Word of each source in the input buffer.
    pub words: Vec<u32>,
}

/// A source of a trial: its value, and the rows it has a weight in.
pub(super) type Column<'a> = (f32, &'a [usize]);

impl Trial {
    /// Creates a trial with a matrix of ones from its pattern: `rows` rows, and for each source its
    /// value and the rows in which it has weights.
    pub fn pattern(rows: usize, sources: &[Column<'_>]) -> Self {
        let mut trial = Self { rows: vec![Vec::new(); rows], ..Self::default() };
        for (s, &(x, targets)) in (0_u32..).zip(sources) {
            trial.x.push(x);
            trial.words.push(s);
            for &row in targets {
                if let Some(row) = trial.rows.get_mut(row) {
                    row.push((s, 1.0));
                }
            }
        }
        trial
    }

    /// Returns the matrix as a PE's share.
    pub fn share(&self) -> Share<'_> {
        Share { rows: &self.rows, words: &self.words }
    }

    /// Returns the input in the routine's form: by word, or as a list of events.
    pub fn input(&self, routine: Routine) -> Vec<u32> {
        if routine.takes_list() {
            let events = (0_u32..).zip(&self.x).filter(|(_, x)| **x != 0.0);
            let pairs: Vec<u32> = events.flat_map(|(s, x)| [s, x.to_bits()]).collect();
            return std::iter::once(pairs.len() as u32 / 2).chain(pairs).collect();
        }
        let mut words = vec![0; self.words.iter().max().map_or(0, |word| *word as usize + 1)];
        for (word, x) in self.words.iter().zip(&self.x) {
            words[*word as usize] = x.to_bits();
        }
        words
    }

    /// Returns the placed kernel, its image and its input: addresses and words.
    pub fn placed(&self, routine: Routine) -> Result<Placed, ListingError> {
        let arrays = routine.kind().arrays(self.share().shape()).len() as u32;
        let addresses: Vec<u32> = (0..arrays).map(|i| FIRST_ARRAY + ARRAY_STEP * i).collect();
        let placed = Kernel::place(routine.kind(), &self.share(), &addresses);
        let mut placed = placed.map_err(|error| ListingError::NoFunction { name: error.to_string() })?;
        placed.image.push((AT.x, self.input(routine)));
        Ok(placed)
    }

    /// Executes a routine's listing on the placed bytes: its cycles and the sums' bits.
    #[cfg(test)]
    pub fn execute(&self, routine: Routine) -> Result<(Cycles, Vec<u32>), ListingError> {
        self.metered(routine, Meter::ALL)
    }

    /// Executes a routine's listing on the placed bytes; returns metered cycles and the sums' bits.
    pub fn metered(&self, routine: Routine, meter: Meter) -> Result<(Cycles, Vec<u32>), ListingError> {
        if routine.is_fast() {
            let ran = fast::run(routine, self, meter)?;
            return Ok((ran.cycles, ran.sums));
        }
        let Placed { kernel, image } = self.placed(routine)?;
        let mut board = Board::default();
        for (address, words) in image {
            board.put(address, words);
        }
        let function = load(routine.source(), routine.function())?;
        let arguments = kernel.arguments(AT);
        let call = Call { arguments: &arguments, stack: STACK, symbols: &[] };
        let mut steps = execute(function, &call, &mut board)?;
        meter.count(function, &mut steps);
        let cycles = steps.last().map_or(Cycles::ZERO, |step| step.end);
        Ok((cycles, board.get(AT.sums, self.rows.len())))
    }
}

/// Returns the coefficients of a routine's metered cycles.
pub(super) fn measure(routine: Routine, meter: Meter) -> Result<Coefficients, ListingError> {
    let cost = |rows, sources: &[Column<'_>]| {
        Trial::pattern(rows, sources).metered(routine, meter).map(|(cycles, _)| Linear::from(cycles))
    };
    measure_by(routine, cost)
}

/// Determines the coefficients of `cost`, which must be a formula of these terms.
pub(super) fn measure_by(
    routine: Routine,
    cost: impl Fn(usize, &[Column<'_>]) -> Result<Linear, ListingError>,
) -> Result<Coefficients, ListingError> {
    match routine {
        Routine::CsrRow | Routine::CsrRow16 | Routine::CsrRowSkip | Routine::Int8Csr => {
            row_major(routine, cost)
        }
        Routine::CsrFast => fast::rows(cost),
        Routine::CscFast8 => fast::columns(cost),
        Routine::Dense | Routine::Int8Mac => dense(cost),
        Routine::DenseEvent | Routine::DenseAll => dense_event(routine, cost),
        _ => source_major(routine, cost),
    }
}

const ON: f32 = 1.0;
const OFF: f32 = 0.0;

fn row_major(
    routine: Routine,
    cost: impl Fn(usize, &[Column<'_>]) -> Result<Linear, ListingError>,
) -> Result<Coefficients, ListingError> {
    let one = cost(1, &[(ON, &[0])])?;
    let empty_row = cost(2, &[(ON, &[])])? - cost(1, &[(ON, &[])])?;
    let nonzero = cost(1, &[(ON, &[0]), (ON, &[0])])? - one;
    Ok(Coefficients {
        call: cost(1, &[(ON, &[])])? - empty_row,
        row: cost(2, &[(ON, &[0, 1])])? - one - nonzero,
        empty_row,
        nonzero,
        skipped: if routine == Routine::CsrRowSkip {
            cost(1, &[(OFF, &[0]), (ON, &[0])])? - one
        } else {
            Linear::default()
        },
        ..Coefficients::default()
    })
}

fn source_major(
    routine: Routine,
    cost: impl Fn(usize, &[Column<'_>]) -> Result<Linear, ListingError>,
) -> Result<Coefficients, ListingError> {
    // Beyond 256 rows the row numbers are half-words; all else is alike.
    let few =
        if matches!(routine, Routine::CscEvent16 | Routine::CscAll16 | Routine::CscList16) { 257 } else { 2 };
    let one = cost(few, &[(ON, &[0])])?;
    let row = cost(few + 1, &[(ON, &[0])])? - one;
    let nonzero = cost(few, &[(ON, &[0, 1])])? - one;
    let active = cost(few, &[(ON, &[0]), (ON, &[0])])? - one - nonzero;
    let call = one - row.times(few as u32) - nonzero - active;
    let looks = matches!(routine, Routine::CscEvent8 | Routine::CscEvent16);
    let silent = if looks { cost(few, &[(OFF, &[0]), (ON, &[0])])? - one } else { Linear::default() };
    // csc_all never finds nothing to do: it has a source.
    let all = matches!(routine, Routine::CscAll8 | Routine::CscAll16);
    let silence = if all {
        Linear::default()
    } else {
        cost(few, &[(OFF, &[0])])? - call - row.times(few as u32) - silent
    };
    let idle = cost(few, &[(ON, &[]), (ON, &[0])])? - one;
    Ok(Coefficients { call, row, nonzero, active, idle, silent, silence, ..Coefficients::default() })
}

fn dense(
    cost: impl Fn(usize, &[Column<'_>]) -> Result<Linear, ListingError>,
) -> Result<Coefficients, ListingError> {
    let source: Column<'_> = (ON, &[]);
    let (one, more_rows, more_sources) = (cost(1, &[source])?, cost(2, &[source])?, cost(1, &[source; 2])?);
    let nonzero = cost(2, &[source; 2])? - more_rows - more_sources + one;
    let (row, gathered) = (more_rows - one - nonzero, more_sources - one - nonzero);
    let call = one - row - gathered - nonzero;
    Ok(Coefficients { call, row, nonzero, gathered, ..Coefficients::default() })
}

fn dense_event(
    routine: Routine,
    cost: impl Fn(usize, &[Column<'_>]) -> Result<Linear, ListingError>,
) -> Result<Coefficients, ListingError> {
    let on: Column<'_> = (ON, &[]);
    let off: Column<'_> = (OFF, &[]);
    let (one, two) = (cost(1, &[on])?, cost(1, &[on; 2])?);
    let two_rows = cost(2, &[on])?;
    // One more row and one more source: a multiply-add more than either alone brings.
    let nonzero = cost(2, &[on; 2])? - two_rows - two + one;
    let row = two_rows - one - nonzero;
    let active = two - one - nonzero;
    let call = one - row - active - nonzero;
    let looks = routine == Routine::DenseEvent;
    let silent = if looks { cost(1, &[off, on])? - one } else { Linear::default() };
    let silence = if looks { cost(1, &[off])? - call - row - silent } else { Linear::default() };
    Ok(Coefficients { call, row, nonzero, active, silent, silence, ..Coefficients::default() })
}

#[cfg(test)]
pub(super) mod tests;
