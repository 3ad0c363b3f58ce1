//! Matrix products of every network family: rows to place, operands, the run, accesses to the
//! SRAM banks.

use crate::kernel::KernelFault;
use crate::kernel::cost::access::{Accesses, Formula, Multiples, Touched};
use crate::kernel::events::UnpackLayout;
use crate::kernel::matrix::{Kernel, Operands, Work};
use crate::machine::banks::PerBank;
use crate::machine::banks::account::{BankMap, Spread};
use crate::machine::program::{Buffers, RegionKind};
use crate::machine::sram::{BANKS, Sram};
use crate::net::csr::Csr;

/// Where the operand of a matrix product arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// In the buffer of the time step.
    Now(Buffers),
    /// In the buffer of the time step before.
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
        Self { arrays: formulas.map(|&formula| (formula, place(formula.touched))).collect() }
    }

    /// Returns the accesses of a run in time step `step` that does `work`, by bank.
    pub(super) fn of(&self, step: u32, work: &Work) -> PerBank {
        let mut banks = [0; BANKS];
        let done = Multiples::from(work);
        for (formula, spread) in &self.arrays {
            if let Some(spread) = spread.get(step as usize % spread.len().max(1)) {
                spread.add(formula.count(&done), &mut banks);
            }
        }
        banks
    }
}

/// Returns the sources (ascending) and weights of a matrix row.
pub(super) fn row(matrix: &Csr, row: usize) -> Vec<(u32, f32)> {
    let row = matrix.outer_view(row);
    row.iter().flat_map(|row| row.iter().map(|(source, &weight)| (source as u32, weight))).collect()
}

/// Computes a product on the bytes as they are and writes its sums, with what the kernel leaves
/// beside them.
pub(super) fn multiply(kernel: &Kernel, sram: &mut Sram, at: Operands) -> Result<(), KernelFault> {
    // The bytes may have changed since the operation began.
    kernel.work(sram.words(), at.x)?;
    let mut sums = vec![0.0; kernel.rows() as usize];
    kernel.run(sram.words(), at, &mut sums)?;
    if let Some((address, scratch)) = kernel.scratch(sram.words(), at.x)? {
        sram.set_floats(address, &scratch);
    }
    sram.set_floats(at.sums, &sums);
    Ok(())
}
