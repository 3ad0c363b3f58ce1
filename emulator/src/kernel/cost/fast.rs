//! Costs and accesses of the fast kernels, read off executions of their machine code: their source
//! is assembler with macros, of which no listing is kept.

use spinntui_cortex_m4::{Bus, Cache, Core, Limits, Stop, Traps};

use super::access::Touched;
use super::matrix::{AT, Coefficients, Column, PARTS, STACK, Trial};
use super::measure::{Linear, Meter};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::chip::listing::kind::InstructionKind;
use crate::kernel::code::CodeFile;
use crate::kernel::code::run::Table;
use crate::kernel::parts::{CLEAR, FEW, FOURS, LONG};
use crate::kernel::routine::Routine;
use crate::kernel::{SramWords, empty_sram};

/// Byte address at which trials put the machine code, which runs at any: behind the sums.
const CODE: u32 = 0x1_9000;

/// Memory of a trial, with the accesses to each array.
struct Memory {
    words: Box<SramWords>,
    counts: [i64; Touched::ALL.len()],
}

impl Memory {
    fn note(&mut self, address: u32) {
        for (touched, count) in Touched::ALL.into_iter().zip(&mut self.counts) {
            *count += i64::from(touched.range().contains(&address));
        }
    }
}

impl Bus for Memory {
    fn load(&mut self, address: u32, bytes: u32) -> Option<u32> {
        let word = *self.words.get(address as usize / 4)?;
        self.note(address);
        Some(word >> (8 * (address & 3)) & (u32::MAX >> (32 - 8 * bytes)))
    }

    fn store(&mut self, address: u32, bytes: u32, value: u32) -> Option<()> {
        let word = self.words.get_mut(address as usize / 4)?;
        let shift = 8 * (address & 3);
        let mask = (u32::MAX >> (32 - 8 * bytes)) << shift;
        *word = *word & !mask | value << shift & mask;
        self.note(address);
        Some(())
    }

    fn fetch(&self, address: u32) -> Option<u32> {
        let at = address as usize / 4;
        let (word, next) = (*self.words.get(at)?, self.words.get(at + 1).copied().unwrap_or(0));
        Some(if address & 2 == 0 { word } else { word >> 16 | next << 16 })
    }
}

/// Outcome of a trial.
pub(super) struct Ran {
    /// Cycles that the meter counted.
    pub cycles: Cycles,
    /// Accesses, in the order of [`Touched::ALL`].
    pub counts: [i64; Touched::ALL.len()],
    /// Bits of the sums.
    pub sums: Vec<u32>,
}

/// Executes a routine's machine code on a trial.
pub(super) fn run(routine: Routine, trial: &Trial, meter: Meter) -> Result<Ran, ListingError> {
    let wrong = |name: String| ListingError::NoFunction { name };
    let file = CodeFile::fast().map_err(|error| wrong(error.to_string()))?;
    let function = file.function(routine.function()).map_err(|error| wrong(error.to_string()))?;
    let placed = trial.placed(routine)?;
    let mut words = empty_sram();
    let base = file.words.first().map_or(0, |(address, _)| *address);
    let code = file.words.iter().map(|(address, part)| (CODE + address - base, part.clone()));
    let arguments = placed.kernel.arguments(AT);
    let (registers, rest) = arguments.split_at(arguments.len().min(4));
    for (address, part) in placed.image.into_iter().chain(code).chain([(STACK, rest.to_vec())]) {
        if let Some(place) = words.get_mut(address as usize / 4..).and_then(|at| at.get_mut(..part.len())) {
            place.copy_from_slice(&part);
        }
    }
    let entry = CODE + function.address - base;
    let mut core = Core::call(entry, STACK, Traps { unaligned: true, divide: true });
    core.r[..registers.len()].copy_from_slice(registers);
    let mut memory = Memory { words, counts: [0; Touched::ALL.len()] };
    let limits = Limits { instructions: 2_000_000 };
    match core.run(&mut Cache::default(), &mut memory, &Table, limits) {
        Ok(Stop::Returned) => {}
        Ok(Stop::Limit) => return Err(wrong(format!("{}: no return", routine.function()))),
        Err(fault) => return Err(wrong(format!("{}: {fault}", routine.function()))),
    }
    let counted = core.counts;
    let (cycles, refills) = match meter.0 {
        None => (counted.cycles, counted.refills),
        Some(kind) => {
            let refills = if kind == InstructionKind::Branch { counted.refills } else { 0 };
            (counted.kinds[kind as usize], refills)
        }
    };
    let sums = memory.words[AT.sums as usize / 4..][..trial.rows.len()].to_vec();
    Ok(Ran { cycles: Cycles::new(cycles as u32, refills as u32), counts: memory.counts, sums })
}

const ON: f32 = 1.0;
const OFF: f32 = 0.0;
/// Rows of one kernel's columns.
const ROWS: [usize; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Derives the coefficients of the column kernel from trials; `cost` takes the number of rows and
/// the columns of a trial.
pub(super) fn columns(
    cost: impl Fn(usize, &[Column<'_>]) -> Result<Linear, ListingError>,
) -> Result<Coefficients, ListingError> {
    let silent = |rows: usize, sources: usize| cost(rows, &vec![(OFF, &[][..]); sources]);
    let mut parts = [Linear::default(); PARTS];
    // 17 rows and 9 sources have at least one part of each size.
    let base = silent(17, 9)?;
    let eights = silent(25, 9)? - base;
    let rest = silent(18, 9)? - base;
    let no_eights = silent(1, 9)? - base + eights.times(2);
    let no_rest = silent(16, 9)? - base + rest;
    let turn = silent(17, 17)? - base;
    let single = silent(17, 10)? - base;
    let no_turn = silent(17, 1)? - base + turn;
    let no_single = silent(17, 8)? - base + single;
    parts[CLEAR..].copy_from_slice(&[eights, no_eights, rest, no_rest, turn, no_turn, single, no_single]);
    let column = |nonzeros: usize| {
        let mut sources = vec![(OFF, &[][..]); 9];
        sources[0] = (ON, &ROWS[..nonzeros]);
        Ok(cost(17, &sources)? - base)
    };
    for (nonzeros, part) in parts[FEW..FOURS].iter_mut().enumerate() {
        *part = column(nonzeros)?;
    }
    let fours = column(12)? - column(8)?;
    parts[FOURS] = fours;
    parts[LONG] = column(8)? - fours - parts[FEW + 4];
    let call = base - eights.times(2) - rest - turn - single;
    Ok(Coefficients { call, parts: Some(parts), ..Coefficients::default() })
}

/// Derives the coefficients of the row kernel from trials; `cost` takes the number of rows and the
/// columns of a trial.
pub(super) fn rows(
    cost: impl Fn(usize, &[Column<'_>]) -> Result<Linear, ListingError>,
) -> Result<Coefficients, ListingError> {
    let row = |nonzeros: usize| cost(1, &vec![(ON, &[0_usize][..]); nonzeros]);
    let empty = |rows: usize| cost(rows, &[(ON, &[][..])]);
    let call = empty(1)?.times(2) - empty(2)?;
    let mut parts = [Linear::default(); PARTS];
    let fours = row(8)? - row(4)?;
    parts[FEW] = empty(1)? - call;
    for (left, part) in (1..).zip(&mut parts[FEW + 1..FEW + 4]) {
        *part = row(left)? - call;
    }
    for (nonzeros, part) in (4..).zip(&mut parts[FEW + 4..FOURS]) {
        *part = row(nonzeros)? - call - fours;
    }
    parts[FOURS] = fours;
    Ok(Coefficients { call, parts: Some(parts), ..Coefficients::default() })
}
