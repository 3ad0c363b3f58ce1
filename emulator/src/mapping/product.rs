//! Matrix products of every network family: rows to place, operands, the run, accesses to the
//! SRAM banks.

use std::sync::Arc;

use crate::kernel::KernelFault;
use crate::kernel::columns::Deferred;
use crate::kernel::cost::access::{Accesses, Formula, Multiples, Touched};
use crate::kernel::csc::{self, CscLayout, Visit};
use crate::kernel::events::UnpackLayout;
use crate::kernel::int8_mac::Int8MacLayout;
use crate::kernel::mail::Mail;
use crate::kernel::matrix::{Kernel, OpCounts, Operands};
use crate::kernel::seen::Seen;
use crate::machine::banks::PerBank;
use crate::machine::banks::account::{BankMap, Spread};
use crate::machine::program::{Buffers, RegionKind};
use crate::machine::routine::{Shared, Touches};
use crate::machine::sram::{BANKS, Sram};

/// Place at which the operand of a matrix product arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// Operand in the buffer of the present time step.
    Now(Buffers),
    /// Operand in the buffer of the time step before.
    Before(Buffers),
}

impl Operand {
    pub(super) fn buffers(self) -> Buffers {
        match self {
            Self::Now(buffers) | Self::Before(buffers) => buffers,
        }
    }

    /// Returns its byte address in time step `step`.
    pub(super) fn at(self, step: u32) -> u32 {
        match self {
            Self::Now(buffers) => buffers.of(step),
            Self::Before(buffers) => buffers.before(step),
        }
    }
}

/// A matrix kernel's accesses: a formula an array, and where the array lies in each turn of the
/// buffers (the input moves).
#[derive(Clone, Debug)]
pub(super) struct MatrixAccount {
    arrays: Vec<(Formula, Vec<Spread>)>,
    /// Accesses of the MAC array in a run, of 16 bytes each.
    mac: Vec<(u64, Spread)>,
}

impl MatrixAccount {
    /// Reads the accesses of a product off its kernel's listing and the memory map.
    pub(super) fn new(
        map: BankMap<'_>,
        kernel: &Kernel,
        operand: Operand,
        unpack: Option<UnpackLayout>,
        sums: u32,
        accesses: &Accesses,
    ) -> Self {
        let input = |step| unpack.map_or_else(|| operand.at(step), |layout| layout.operand());
        let x: Vec<u32> = (0..operand.buffers().count()).map(input).collect();
        let addresses = kernel.array_addresses();
        let place = |touched: Touched| match touched {
            Touched::Array(index) => {
                vec![addresses.get(index).map_or_else(Spread::default, |&at| map.array(at))]
            }
            Touched::Input => x.iter().map(|&at| map.array(at)).collect(),
            Touched::Sums => vec![map.array(sums)],
            Touched::Stack => vec![map.kind(RegionKind::Stack)],
        };
        let formulas = accesses.matrix(kernel.routine()).iter();
        let arrays = formulas.map(|&formula| (formula, place(formula.touched))).collect();
        let operands = |layout: &Int8MacLayout| [layout.input, layout.value, sums].map(|at| map.array(at));
        let mac = match kernel {
            Kernel::Int8Mac(layout) => layout.shape().accesses().into_iter().zip(operands(layout)).collect(),
            _ => Vec::new(),
        };
        Self { arrays, mac }
    }

    /// Returns the accesses of a run in time step `step` that does `work`, by bank.
    pub(super) fn of(&self, step: u32, work: &OpCounts) -> PerBank {
        let mut banks = [0; BANKS];
        let done = Multiples::from(work);
        for (formula, spread) in &self.arrays {
            if let Some(spread) = spread.get(step as usize % spread.len().max(1)) {
                spread.add(formula.count(&done), &mut banks);
            }
        }
        for (count, spread) in &self.mac {
            spread.add(*count, &mut banks);
        }
        banks
    }
}

/// Returns the bytes that a product touches.
pub(super) fn touches(kernel: &Kernel, at: Operands, operand: Operand) -> Touches {
    let singles = |start: u32, count: u32| start..start + 4 * count;
    let mut touches = Touches::default();
    touches.reads.push(at.x..at.x + operand.buffers().bytes());
    touches.writes.push(singles(at.sums, kernel.rows()));
    match kernel {
        Kernel::CsrRow(_)
        | Kernel::CsrRow16(_)
        | Kernel::CsrRowSkip(_)
        | Kernel::CsrFast(_)
        | Kernel::Int8Csr(_)
        | Kernel::Csc(_)
        | Kernel::DenseEvent(_) => {}
        Kernel::Dense(layout) => touches.writes.push(singles(layout.ordered, layout.sources)),
        Kernel::Int8Mac(layout) => touches.writes.push(singles(layout.input, layout.sources.div_ceil(4))),
    }
    touches
}

/// A share's place among the rows of all PEs that multiply the same values.
#[derive(Clone, Debug)]
pub(super) struct Together {
    pub columns: Arc<Deferred>,
    /// Number of the product, for its place in [`Shared`].
    pub number: usize,
    /// First row of the share.
    pub first: usize,
}

/// Results that PEs which multiply the same values share.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub mail: Mail,
    seen: Seen,
}

/// Returns the events of an operand, which many PEs have.
fn events<'a>(
    seen: &'a mut Seen,
    kernel: &Kernel,
    sram: &Sram,
    x: u32,
    word: &[u32],
) -> Option<&'a [(u32, f32)]> {
    let x = sram.words().get((x / 4) as usize..)?;
    match kernel {
        Kernel::Csc(CscLayout { visit: Visit::List, sources, .. }) => seen.look_at_list(x, *sources),
        _ => seen.look_at(x, word),
    }
}

impl Together {
    /// Returns the scratch results that the PEs of the product share.
    pub(super) fn scratch<'a>(&self, shared: &'a mut Shared) -> Option<&'a mut Scratch> {
        shared.place(self.number)
    }

    /// Returns the work of a coming run of an event-driven kernel with the operand at byte address
    /// `x`; `None` if the kernel itself has to count it.
    pub(super) fn work(&self, kernel: &Kernel, sram: &Sram, x: u32, shared: &mut Shared) -> Option<OpCounts> {
        let Kernel::Csc(layout) = kernel else { return None };
        if !shared.constants_hold || layout.visit == Visit::All {
            return None;
        }
        let seen = &mut self.scratch(shared)?.seen;
        let events = events(seen, kernel, sram, x, &self.columns.word)?;
        Some(OpCounts::of_events(layout.rows, csc::work_of(sram.words(), layout, events)?))
    }

    /// Writes the sums of a share as its kernel would, computed with those of all other shares;
    /// `false` if the kernel itself has to run.
    fn multiply(&self, kernel: &Kernel, sram: &mut Sram, at: Operands, shared: &mut Shared) -> bool {
        if !shared.constants_hold {
            return false;
        }
        let Some(columns) = self.columns.get() else { return false };
        let Some(Scratch { seen, .. }) = self.scratch(shared) else { return false };
        if events(seen, kernel, sram, at.x, &self.columns.word).is_none() {
            return false;
        }
        let rows = kernel.rows() as usize;
        let finite = |sums: &[f32]| sums.iter().fold(true, |finite, sum| finite & sum.is_finite());
        if !seen.sums(columns, self.first, rows).is_some_and(finite) {
            return false;
        }
        if let Kernel::Dense(layout) = kernel {
            // A stored 0 takes an infinite value to every row.
            let Some(ordered) = seen.ordered(&self.columns.word) else { return false };
            sram.set_floats(layout.ordered, ordered);
        }
        let Some(sums) = seen.row_sums(self.first, rows) else { return false };
        sram.set_floats(at.sums, sums);
        true
    }
}

/// Computes a product on the present bytes and writes its sums and scratch arrays. Returns the
/// number of sums that needed more bits than the MAC array has.
pub(super) fn multiply(
    kernel: &Kernel,
    sram: &mut Sram,
    at: Operands,
    (together, shared): (Option<&Together>, &mut Shared),
) -> Result<u32, KernelFault> {
    if together.is_some_and(|together| together.multiply(kernel, sram, at, shared)) {
        return Ok(0);
    }
    // The bytes may have changed since the operation began.
    kernel.work(sram.words(), at.x)?;
    let mut sums = vec![0.0; kernel.rows() as usize];
    let overflows = kernel.run(sram.words(), at, &mut sums)?;
    if let Some((address, scratch)) = kernel.scratch(sram.words(), at.x)? {
        sram.set_words(address, &scratch);
    }
    sram.set_floats(at.sums, &sums);
    Ok(overflows)
}
