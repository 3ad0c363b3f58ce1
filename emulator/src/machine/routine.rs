//! Routines: what a core computes on the bytes of its SRAM. A program names them; the machine runs
//! and times them.
//!
//! A run has two moments. At its begin the routine counts, from the bytes as they are, what it will
//! do, which gives its cycles; at its end it computes, from the bytes as they are then, and writes
//! its results. In between, packets may arrive.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::banks::PerBank;
use super::code::Code;
use super::costs::Costs;
use super::sram::Sram;
use crate::chip::mac::MacRun;
use crate::kernel::code::calls::{Calls, FunctionCall};
use crate::kernel::code::run::{Ran, Scratch};
use crate::kernel::code::write::CallWrite;
use crate::kernel::{KernelFault, SramWords};

/// Scratch memory of a machine that the routines of all its PEs share: what one has computed,
/// others need not compute again. It decides no result.
#[derive(Default)]
pub struct Shared {
    /// Constants in the PEs' memories, such as weights, are those that were loaded.
    pub constants_hold: bool,
    /// Memory to run machine code in.
    pub code: Scratch,
    /// Writes of a debugger in the call that is run.
    pub writes: Vec<CallWrite>,
    places: Vec<Option<Box<dyn Any + Send + Sync>>>,
}

impl Shared {
    /// Returns place `number`, which is a new `T` when it is asked for first.
    pub fn place<T: Any + Default + Send + Sync>(&mut self, number: usize) -> Option<&mut T> {
        if self.places.len() <= number {
            self.places.resize_with(number + 1, || None);
        }
        self.places[number].get_or_insert_with(|| Box::<T>::default()).downcast_mut()
    }
}

/// A copy begins with nothing in it.
impl Clone for Shared {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("constants_hold", &self.constants_hold).finish_non_exhaustive()
    }
}

/// Code that a PE's program can call, with its arguments.
pub trait Routine: fmt::Debug + Send + Sync {
    /// Begins a run in time step `step`, and returns what it will take. Unpacked or cleared bytes
    /// are written now.
    ///
    /// # Errors
    ///
    /// Fails if the bytes lead the routine outside its arrays, as after a bit flip.
    fn begin(&self, sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault>;

    /// Begins a run as [`Self::begin`] does, with what other PEs have found out at hand.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`Self::begin`].
    fn begin_beside(
        &self,
        sram: &mut Sram,
        step: u32,
        prices: Prices<'_>,
        shared: &mut Shared,
    ) -> Result<Begun, KernelFault> {
        let _ = shared;
        self.begin(sram, step, prices)
    }

    /// Ends the run: computes from the bytes as they are and writes the results.
    ///
    /// # Errors
    ///
    /// Fails for the same reasons as [`Self::begin`].
    fn end(&self, sram: &mut Sram, step: u32, shared: &mut Shared) -> Result<Ended, KernelFault>;

    /// Returns the bytes that a run in time step `step` touches; `None` if these depend on the
    /// values in memory, constants aside.
    ///
    /// Programs whose routines all know them can be run by timetable ([`super::timetable`]).
    fn touches(&self, step: u32) -> Option<Touches> {
        let _ = step;
        None
    }

    /// Returns the fewest cycles that a run can take whose cycles depend on values in memory;
    /// `None` if all runs of one [`Self::variant`] take the same cycles.
    fn least(&self, costs: &Costs) -> Option<u64> {
        let _ = costs;
        None
    }

    /// Returns the machine code that a run executes; `None` at level *native*.
    fn code(&self) -> Option<&Code> {
        None
    }

    /// Returns the routine at level *native* that a routine at level *code* stands for; `None` for
    /// a routine at level *native*.
    fn native(&self) -> Option<&Arc<dyn Routine>> {
        None
    }

    /// Returns the built-in C functions that runs call at level *code*, the main one first; none if
    /// the routine has level *native* only.
    fn functions(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Returns why a routine has level *native* only, with what gives it both; `None` for a routine
    /// that has both, or no reason to tell.
    fn native_only(&self) -> Option<&'static str> {
        None
    }

    /// Returns the calls that a run in time step `step` makes at level *code*, from the bytes as
    /// they are.
    fn calls(&self, words: &SramWords, step: u32) -> Calls {
        let _ = (words, step);
        Calls::default()
    }

    /// Returns the calls that a run in time step `step` makes at its begin at level *code*, before
    /// [`Self::calls`]; what they write is written then.
    fn calls_before(&self, step: u32) -> Vec<FunctionCall> {
        let _ = step;
        Vec::new()
    }

    /// Returns the findings of a run at level *code*, from the bytes that its calls have left.
    fn findings(&self, sram: &Sram, step: u32) -> Ended {
        let _ = (sram, step);
        Ended::default()
    }

    /// Returns whether a run counts its accesses to each SRAM bank.
    fn counts_accesses(&self) -> bool {
        false
    }

    /// Returns a number that differs between time steps in which a run takes other cycles or
    /// touches other bytes.
    fn variant(&self, step: u32) -> u32 {
        let _ = step;
        0
    }
}

/// Bytes that a run touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touches {
    /// Byte addresses read at its end, constants such as weights left out. A routine whose cycles
    /// depend on values reads them at its begin, too.
    pub reads: Vec<Range<u32>>,
    /// Byte addresses written at its end.
    pub writes: Vec<Range<u32>>,
    /// Byte addresses written at its begin.
    pub begins: Vec<Range<u32>>,
}

/// Duration of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// PE cycles of the run.
    pub price: Price,
    /// Accesses of the core and the MAC array to each SRAM bank; `None` where they are not
    /// followed.
    pub accesses: Option<PerBank>,
    /// Run of the MAC array within it; its cycles are part of `price`.
    pub mac: MacRun,
}

/// Findings of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Values other than 0 that it will send; `None` for a routine that decides none.
    pub events: Option<u32>,
    /// Products with weights other than 0 that the values lead to: in their own population in the
    /// next time step, and in the population after it.
    pub products: [u32; 2],
    /// Sums of the MAC array that needed more bits than it keeps.
    pub overflows: u32,
    /// Accesses and divisions of machine code that `assume.traps` would have made faults.
    pub untrapped: Untrapped,
}

/// Accesses and divisions of machine code that `assume.traps` would have made faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untrapped {
    /// Unaligned loads and stores.
    pub unaligned: u64,
    /// Divisions of whole numbers by 0, whose result was 0.
    pub divided_by_zero: u64,
}

impl std::ops::AddAssign for Untrapped {
    fn add_assign(&mut self, other: Self) {
        self.unaligned += other.unaligned;
        self.divided_by_zero += other.divided_by_zero;
    }
}

impl From<&Ran> for Untrapped {
    fn from(ran: &Ran) -> Self {
        Self { unaligned: ran.counts.unaligned, divided_by_zero: ran.counts.divided_by_zero }
    }
}

/// PE cycles of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// PE cycles of all instructions.
    pub cycles: u64,
    /// Those of each kind of instruction, in the order of
    /// [`crate::chip::listing::kind::InstructionKind::ALL`]; 0 unless the machine records.
    pub kinds: [u64; 3],
}

impl From<Price> for Begun {
    fn from(price: Price) -> Self {
        Self { price, ..Self::default() }
    }
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
