//! State of a core, and its step from instruction to instruction.

pub mod cache;
pub mod fault;
mod flags;
mod fpu;
mod integer;
mod memory;

use cache::Cache;
use fault::{Bus, Fault, FaultKind, Traps};
pub use flags::Flags;

use crate::facts::{Facts, Timings};
use crate::instruction::{Cond, Op, Reg};

/// Value of LR with which a call begins; branching to it ends the call. No code lies there, and it
/// is none of the values that mean a return from an exception, which begin with 0xFF.
pub const RETURN: u32 = 0xF000_0001;

/// Counts of a core since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Instructions, those that an IT block skipped among them.
    pub instructions: u64,
    /// Cycles whatever a refill takes.
    pub cycles: u64,
    /// Refills of the pipeline.
    pub refills: u64,
    /// `cycles` by kind of work: loads and stores, arithmetic, branches.
    pub kinds: [u64; 3],
    /// Unaligned loads and stores.
    pub unaligned: u64,
    /// Divisions by zero, whose result was 0.
    pub divided_by_zero: u64,
}

impl Counts {
    /// Returns the cycles for a refill of `p` cycles.
    pub fn at(&self, p: u32) -> u64 {
        self.cycles + self.refills * u64::from(p)
    }
}

/// Instruction that was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Address of the instruction.
    pub address: u32,
    /// Whether it branched.
    pub taken: bool,
    /// Cycles that it took, without refills.
    pub cycles: u32,
}

/// Reason for which a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The call returned.
    Returned,
    /// The limit of instructions was reached.
    Limit,
}

/// Limits of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Instructions after which a run stops.
    pub instructions: u64,
}

/// Registers and counts of a core.
#[derive(Clone, Debug, PartialEq)]
pub struct Core {
    /// Core registers; the last one is the address of the next instruction.
    pub r: [u32; 16],
    /// Singles of the FPU, as bits.
    pub s: [u32; 32],
    /// Flags of the core.
    pub flags: Flags,
    /// Flags of the FPU.
    pub fpu_flags: Flags,
    /// Open IT block: condition of the next instruction and the bits of those after it; 0 for none.
    pub it: u8,
    /// Set by saturating instructions.
    pub saturated: bool,
    /// `PRIMASK`: interrupts are masked.
    pub primask: bool,
    /// Conditions reported as faults.
    pub traps: Traps,
    /// Counts since it was made.
    pub counts: Counts,
    before: Facts,
    extra: u32,
}

enum Flow {
    Next,
    Jump(u32),
}

impl Core {
    /// Creates a core that begins a call of the function at `entry` (bit 0 is ignored), with the
    /// stack at `stack`.
    pub fn call(entry: u32, stack: u32, traps: Traps) -> Self {
        let mut r = [0; 16];
        (r[13], r[14], r[15]) = (stack & !7, RETURN, entry & !1);
        Self {
            r,
            s: [0; 32],
            flags: Flags::default(),
            fpu_flags: Flags::default(),
            it: 0,
            saturated: false,
            primask: false,
            traps,
            counts: Counts::default(),
            before: Facts::default(),
            extra: 0,
        }
    }

    /// Returns whether the call has returned.
    pub fn has_returned(&self) -> bool {
        self.r[15] == RETURN & !1
    }

    /// Returns the program status register: flags, saturation, IT block, Thumb state.
    pub fn xpsr(&self) -> u32 {
        let it = u32::from(self.it);
        self.flags.bits() | u32::from(self.saturated) << 27 | (it & 3) << 25 | (it >> 2) << 10 | 1 << 24
    }

    /// Sets flags, saturation and IT block from a program status register.
    pub fn set_xpsr(&mut self, bits: u32) {
        self.flags = Flags::of(bits);
        self.saturated = bits >> 27 & 1 == 1;
        self.it = (bits >> 25 & 3 | (bits >> 10 & 0x3F) << 2) as u8;
    }

    /// Executes instructions until the call returns or `limits` are reached.
    ///
    /// # Errors
    ///
    /// Fails at an instruction that cannot be executed; the registers are those before it.
    pub fn run(
        &mut self,
        cache: &mut Cache,
        bus: &mut impl Bus,
        timings: &impl Timings,
        limits: Limits,
    ) -> Result<Stop, Fault> {
        for _ in 0..limits.instructions {
            if self.has_returned() {
                return Ok(Stop::Returned);
            }
            self.step(cache, bus, timings)?;
        }
        Ok(if self.has_returned() { Stop::Returned } else { Stop::Limit })
    }

    /// Executes one instruction.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be executed; registers then are as before, memory may hold part of a
    /// store of several words.
    pub fn step(
        &mut self,
        cache: &mut Cache,
        bus: &mut impl Bus,
        timings: &impl Timings,
    ) -> Result<Step, Fault> {
        let address = self.r[15];
        let fault = |kind| Fault { address, kind };
        let raw = bus.fetch(address).ok_or(fault(FaultKind::Fetch))?;
        let entry = cache.get(address, raw, timings).map_err(fault)?;
        let facts = entry.decoded.facts;
        let (instruction, kind) = (entry.decoded.instruction, usize::from(entry.kind));
        let mut cycles = entry.cycles;
        let following = address.wrapping_add(u32::from(instruction.size));
        let it = self.it;
        let executed = it == 0 || self.flags.hold(Cond::of(it >> 4));
        self.extra = 0;
        let (next, taken) = if executed {
            match self.execute(&instruction.op, address, bus).map_err(fault)? {
                Flow::Next => (following, false),
                Flow::Jump(to) => (to, true),
            }
        } else {
            // A branch that is not taken has its own row; anything else that is skipped
            // takes a cycle.
            if !is_branch(&instruction.op) {
                cycles = 1;
            }
            (following, false)
        };
        if it != 0 && self.it == it {
            self.it = if it.trailing_zeros() >= 3 { 0 } else { it & 0xE0 | it << 1 & 0x1F };
        }
        if executed || is_branch(&instruction.op) {
            cycles +=
                u32::from(facts.address_stall(&self.before)) + u32::from(facts.result_stall(&self.before));
            cycles = cycles.saturating_sub(u32::from(facts.pipelined(&self.before)));
        }
        cycles += self.extra;
        self.before = facts;
        self.r[15] = next;
        let counts = &mut self.counts;
        counts.instructions += 1;
        counts.cycles += u64::from(cycles);
        counts.kinds[kind.min(2)] += u64::from(cycles);
        counts.refills += u64::from(taken);
        Ok(Step { address, taken, cycles })
    }

    fn get(&self, reg: Reg) -> u32 {
        self.r[usize::from(reg.0 & 15)]
    }

    /// Returns a register as an operand: PC is the instruction's address plus 4.
    fn operand_register(&self, reg: Reg) -> u32 {
        let value = self.get(reg);
        if reg == Reg::PC { value.wrapping_add(4) } else { value }
    }

    fn set(&mut self, reg: Reg, value: u32) {
        self.r[usize::from(reg.0 & 15)] = if reg == Reg::SP { value & !3 } else { value };
    }

    fn execute(&mut self, op: &Op, address: u32, bus: &mut impl Bus) -> Result<Flow, FaultKind> {
        match *op {
            Op::Branch { cond, offset } => Ok(Self::branch_if(self.flags.hold(cond), address, offset)),
            Op::CompareBranch { nonzero, n, offset } => {
                Ok(Self::branch_if((self.get(n) != 0) == nonzero, address, offset))
            }
            Op::Call { offset } => {
                self.r[14] = address.wrapping_add(4) | 1;
                Ok(Flow::Jump(address.wrapping_add_signed(offset)))
            }
            Op::Exchange { link, m } => {
                let to = exchange(self.operand_register(m))?;
                if link {
                    self.r[14] = address.wrapping_add(2) | 1;
                }
                Ok(Flow::Jump(to))
            }
            Op::Hint(_) | Op::Barrier => Ok(Flow::Next),
            Op::IfThen { first, mask } => {
                // The step leaves an IT block alone that was opened in it.
                self.it = first << 4 | mask;
                Ok(Flow::Next)
            }
            Op::Masks { disable } => {
                self.primask = disable;
                Ok(Flow::Next)
            }
            Op::Breakpoint(number) => Err(FaultKind::Breakpoint(number)),
            Op::Supervisor(number) => Err(FaultKind::Supervisor(number)),
            Op::Load { .. }
            | Op::Store { .. }
            | Op::LoadDual { .. }
            | Op::StoreDual { .. }
            | Op::Multiple { .. }
            | Op::TableBranch { .. } => self.access(op, address, bus),
            Op::VLoad { .. } | Op::VStore { .. } | Op::VMultiple { .. } => {
                self.access_fpu(op, bus)?;
                Ok(Flow::Next)
            }
            Op::VConstant { .. }
            | Op::VUnary { .. }
            | Op::VBinary { .. }
            | Op::VCompare { .. }
            | Op::VConvert { .. }
            | Op::VMoveCore { .. }
            | Op::VMovePair { .. }
            | Op::VReadStatus { .. }
            | Op::VWriteStatus { .. } => {
                self.compute_fpu(op);
                Ok(Flow::Next)
            }
            _ => self.compute(op, address),
        }
    }

    fn branch_if(taken: bool, address: u32, offset: i32) -> Flow {
        if taken { Flow::Jump(address.wrapping_add_signed(offset)) } else { Flow::Next }
    }
}

fn is_branch(op: &Op) -> bool {
    matches!(op, Op::Branch { .. } | Op::CompareBranch { .. })
}

/// Returns the target of a branch to a register's or a loaded value. Fails if bit 0 is 0: that is
/// not Thumb state.
fn exchange(to: u32) -> Result<u32, FaultKind> {
    if to & 1 == 1 { Ok(to & !1) } else { Err(FaultKind::State { to }) }
}
