//! Routines: what a core computes on the bytes of its SRAM. A program names them; the machine runs
//! and times them.
//!
//! A run has two moments. At its begin the routine counts, from the bytes as they are, what it will
//! do, which gives its cycles; at its end it computes, from the bytes as they are then, and writes
//! its results. In between, packets may arrive.

use std::fmt;

use super::banks::PerBank;
use super::costs::Costs;
use super::sram::Sram;
use crate::kernel::KernelFault;

/// Code that a PE's program can call, with its arguments.
pub trait Routine: fmt::Debug + Send + Sync {
    /// Begins a run in time step `step`, and returns what it will take. Unpacked or cleared bytes
    /// are written now.
    ///
    /// # Errors
    ///
    /// Fails if the bytes lead the routine outside its arrays, as after a bit flip.
    fn begin(&self, sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault>;

    /// Ends the run: computes from the bytes as they are and writes the results.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`Self::begin`].
    fn end(&self, sram: &mut Sram, step: u32) -> Result<Ended, KernelFault>;
}

/// What a run takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// PE cycles of the run.
    pub price: Price,
    /// Accesses of the core to each SRAM bank; `None` where they are not followed.
    pub accesses: Option<PerBank>,
}

/// What a run found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Values other than 0 that it will send; `None` for a routine that decides none.
    pub events: Option<u32>,
}

/// PE cycles of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// All of them.
    pub cycles: u64,
    /// Those of each kind of instruction, in the order of
    /// [`crate::chip::listing::kind::InstructionKind::ALL`]; 0 unless the machine records.
    pub kinds: [u64; 3],
}

impl std::ops::Add for Price {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let kinds = [0, 1, 2].map(|kind| self.kinds[kind] + other.kinds[kind]);
        Self { cycles: self.cycles + other.cycles, kinds }
    }
}

/// Costs to price a run with: of all instructions and, where the machine records, of
/// each kind alone.
#[derive(Clone, Copy, Debug)]
pub struct Prices<'a> {
    /// Costs of all instructions.
    pub costs: &'a Costs,
    /// Costs of the instructions of each kind.
    pub kinds: Option<&'a [Costs; 3]>,
}

impl Prices<'_> {
    /// Prices work whose cycles `cycles` computes from costs.
    pub fn of(&self, cycles: impl Fn(&Costs) -> u64) -> Price {
        let kinds = self.kinds.map_or([0; 3], |kinds| [0, 1, 2].map(|kind| cycles(&kinds[kind])));
        Price { cycles: cycles(self.costs), kinds }
    }
}
