//! Cycles of each instruction of a Cortex-M4F with zero-wait memory.
//!
//! Costs are linear in P, the cycles of a pipeline refill after a taken branch: Arm publishes the
//! range 1 to 3, not the value, so it stays a variable ([`Cycles::refills`]) until the scene's
//! `assume.branch_refill` is known. (The manual: it depends "on the alignment and width of the
//! target instruction, and whether the processor manages to speculate the address early".)
//!
//! Source: Arm, Cortex-M4 Technical Reference Manual r0p1, DDI 0439D; each row of [`RULES`] names
//! its table or section.
//!
//! Four effects that the manual allows are *neither* credited nor charged: folding of `IT` into the
//! 16-bit instruction before it; integer instructions that complete while a `VDIV` runs; the cycle
//! that a literal-pool load "might add because of contention with the fetch unit"; 32-bit loads at
//! odd halfwords that "might not pipeline optimally". The emulator adds SRAM bank conflicts itself.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

use serde::{Deserialize, Serialize};
use spinntui_cortex_m4 as code;

use super::constants::Mark;
use super::listing::instruction::{
    Address, Alu, Class, Cond, Fpu, Instruction, Offset, Op, Reg, SReg, VUnary,
};

/// PE clock cycles, linear in the branch refill P: `fixed + refills · P`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cycles {
    /// Cycles that do not depend on P.
    pub fixed: u32,
    /// Number of pipeline refills, P cycles each.
    pub refills: u32,
}

impl Cycles {
    /// Cost of zero cycles for every P.
    pub const ZERO: Self = Self { fixed: 0, refills: 0 };

    /// Creates a cost that does not depend on P.
    pub const fn fixed(fixed: u32) -> Self {
        Self { fixed, refills: 0 }
    }

    /// Creates a cost of fixed cycles and refills.
    pub const fn new(fixed: u32, refills: u32) -> Self {
        Self { fixed, refills }
    }

    /// Returns the PE cycles for a refill of `p` cycles.
    pub fn at(self, p: u32) -> u64 {
        u64::from(self.fixed) + u64::from(self.refills) * u64::from(p)
    }
}

impl Add for Cycles {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.fixed.saturating_add(other.fixed), self.refills.saturating_add(other.refills))
    }
}

impl AddAssign for Cycles {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<u32> for Cycles {
    type Output = Self;
    fn mul(self, n: u32) -> Self {
        Self::new(self.fixed.saturating_mul(n), self.refills.saturating_mul(n))
    }
}

impl Sum for Cycles {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl std::fmt::Display for Cycles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.refills {
            0 => write!(f, "{}", self.fixed),
            1 => write!(f, "{} + P", self.fixed),
            n => write!(f, "{} + {n}P", self.fixed),
        }
    }
}

/// Row of the timing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Instructions of the row, in Arm's notation.
    pub instructions: &'static str,
    /// Cycles, as documented; N is the number of registers.
    pub cycles: &'static str,
    /// Confidence in the figure: quoted, or how it was derived.
    pub mark: Mark,
    /// Table or section of the manual.
    pub source: &'static str,
}

/// Declares the rows of the table once, for the index [`RuleId`] and for the list [`RULES`].
macro_rules! rules {
    ($($name:ident: $instructions:literal, $cycles:literal, $mark:ident, $source:literal;)*) => {
        /// Names of the rows of [`RULES`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // each row says what it is
        pub enum RuleId { $($name),* }

        /// The timing table.
        pub const RULES: &[Rule] = &[$(Rule {
            instructions: $instructions, cycles: $cycles, mark: Mark::$mark, source: $source,
        }),*];
    };
}

rules! {
    DataProcessing: "data processing (MOV, MOVT, MVN, ADD, SUB, RSB, logic, shifts, CMP, UBFX, UXTB)", "1", Quoted, "table 3-1";
    Multiply: "MUL, MLA", "1", Quoted, "table 3-1";
    Branch: "branch (B, B<cond>, CBZ, CBNZ, BX)", "1 not taken, 1 + P taken; P = 1..3", Quoted, "table 3-1";
    TableBranch: "table branch (TBB, TBH)", "2 + P", Recalled, "table 3-1; facts: at least 6 with P = 3 (TI)";
    IfThen: "IT", "1; folding not credited", Quoted, "table 3-1";
    Load: "load (LDR, LDRH, LDRB, LDRSH, LDRSB)", "2", Quoted, "table 3-1";
    LoadStoreDual: "LDRD, STRD", "1 + N = 3, not pipelined", Quoted, "table 3-1, section 3.3.2";
    StoreImmediate: "store, constant offset (STR, STRH, STRB)", "1", Quoted, "section 3.3.2";
    StoreRegister: "store, register offset (STR, STRH, STRB)", "2", Quoted, "table 3-1";
    Multiple: "PUSH, POP", "1 + N, + P if PC is loaded; not pipelined", Quoted, "table 3-1, section 3.3.2";
    VLoad: "VLDR.32", "2", Quoted, "table 7-1";
    VStore: "VSTR.32", "2", Quoted, "table 7-1";
    VMultiple: "VLDM.32, VSTM.32", "1 + N", Quoted, "table 7-1";
    VArithmetic: "VADD, VSUB, VMUL, VNEG, VABS, VCMP", "1", Quoted, "table 7-1";
    VMove: "VMOV.F32 (register, constant)", "1", Quoted, "table 7-1";
    VFma: "VFMA", "3", Quoted, "table 7-1";
    VDiv: "VDIV", "14; instructions after it wait", Quoted, "table 7-1";
    VFlags: "VMRS, VMSR", "1", Quoted, "table 7-1";
    VMoveCore: "VMOV to or from core registers (a single, or two)", "2", Quoted, "table 7-1";
    VConvert: "VCVT, VNMUL", "1", Quoted, "table 7-1";
    VSqrt: "VSQRT", "14; instructions after it wait", Recalled, "table 7-1; GCC's cortex-m4-fpu.md has it as VDIV";
    VMultiplyAdd: "VMLA, VMLS, VFMS, VNMLA, VNMLS", "3", Quoted, "table 7-1";
    VDouble: "VLDR.64, VSTR.64", "3", Quoted, "table 7-1 (VSTR: recalled)";
    Other: "data processing (ADC, ORN, TST, SXTB, BFI, REV, CLZ, SSAT, ...)", "1", Quoted, "table 3-1";
    LongMultiply: "multiply (MLS, UMULL, SMULL, UMLAL, SMLAL, SMLABB, ...)", "1", Quoted, "table 3-1";
    Divide: "divide, 2 to 12 cycles (SDIV, UDIV)", "12, of \"2 to 12\"", Quoted, "table 3-1";
    LoadMultiple: "LDM, STM", "1 + N, not pipelined", Quoted, "table 3-1, section 3.3.2";
    Call: "call, without the called function (BL, BLX)", "1 + P, without the called function", Recalled, "table 3-1";
    Hint: "NOP, WFI", "1; WFI: plus the time asleep", Quoted, "table 3-1";
    Cps: "CPSID, CPSIE", "2, of \"1 or 2\"", Quoted, "table 3-1";
    Pipelined: "LDR, or STR Rx, [Ry, Rz], directly after an LDR whose result is not part of the address", "-1", Quoted, "section 3.3.2";
    AddressStall: "load or store whose address was computed by the preceding data-processing instruction", "+1", Quoted, "section 3.3.2";
    ResultStall: "use of the result of the preceding VADD, VSUB, VMUL, VDIV or VFMA, except as addend of a VFMA", "+1", Quoted, "table 7-1, note";
}

impl RuleId {
    /// Returns the row of the timing table.
    pub fn rule(self) -> Rule {
        RULES[self as usize]
    }
}

/// Cycles from the interrupt to the handler's first instruction.
///
/// Arm, article 103489845 (2019), quoting the manual: 12, and up to 17 more with an FPU, which lazy
/// stacking avoids in handlers that leave the FPU alone, as ours do. The 12 hold if stack and
/// vectors are reached over different buses; SpiNNaker2's single SRAM may need more. The
/// difference is not published, and not charged.
pub const EXCEPTION_ENTRY: Cycles = Cycles::fixed(12);
/// Cycles of the handler's return, including unstacking, in place of its `bx lr` (same article).
pub const EXCEPTION_EXIT: Cycles = Cycles::fixed(10);

/// Cycles of one instruction, with the row of the table and the neighbour effects in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Cycles if the instruction does not branch.
    pub cycles: Cycles,
    /// Cycles if the instruction branches or returns; equal to `cycles` for
    /// instructions that cannot.
    pub taken: Cycles,
    /// Row of the table.
    pub rule: RuleId,
    /// Whether a cycle is added because the instruction before computed the address; both counts
    /// include it.
    pub address_stall: bool,
    /// Whether a cycle is added because the instruction before computed an FPU operand; both counts
    /// include it.
    pub result_stall: bool,
    /// Whether a cycle is saved because the load before was still in the pipeline; both counts
    /// include it.
    pub pipelined: bool,
}

impl Timing {
    /// Returns a short reason for the number of cycles.
    pub fn why(&self) -> String {
        let instructions = self.rule.rule().instructions;
        let mut why = instructions.split_once(" (").map_or(instructions, |(short, _)| short).to_string();
        if self.taken != self.cycles {
            why.push_str("; more if taken");
        }
        if self.address_stall {
            why.push_str("; +1: waits for the address");
        }
        if self.result_stall {
            why.push_str("; +1: waits for an FPU result");
        }
        if self.pipelined {
            why.push_str("; -1: overlaps the previous load");
        }
        why
    }
}

/// Returns the cost of `instruction` when `before` is executed immediately before it; `None`
/// stands for an unknown neighbour without effect.
///
/// An instruction that an IT block skips costs one cycle instead;
/// [`super::listing::trace`] charges that.
pub fn timing(instruction: &Instruction, before: Option<&Instruction>) -> Timing {
    let (now, before) = (facts(&instruction.op), before.map(|before| facts(&before.op)).unwrap_or_default());
    let branches = instruction.op.target().is_some() || instruction.op.returns();
    // An instruction that always branches has no other cost.
    let always =
        branches && instruction.cond == Cond::Always && !matches!(instruction.op, Op::CompareBranch { .. });
    let flow = match instruction.op {
        Op::Timed(timed) if timed.class == Class::Call => Flow::Call,
        _ if always => Flow::Always,
        _ if branches => Flow::Maybe,
        _ => Flow::On,
    };
    among(base(&instruction.op), flow, &now, &before)
}

/// Returns the cost of a decoded instruction when `before` is executed immediately before it;
/// `cond` is the condition that an IT block gives it.
pub fn code_timing(decoded: &code::Decoded, cond: Cond, before: Option<&code::Decoded>) -> Timing {
    use code::Op as O;
    let always = cond == Cond::Always;
    let loads_pc = |list: u16| list & code::Reg::PC.mask() != 0;
    let flow = match decoded.instruction.op {
        O::Call { .. } | O::Exchange { link: true, .. } => Flow::Call,
        O::TableBranch { .. } => Flow::Always,
        O::CompareBranch { .. } => Flow::Maybe,
        O::Branch { cond, .. } if cond != Cond::Always => Flow::Maybe,
        O::Multiple { multiple, list } if !multiple.load || !loads_pc(list) => Flow::On,
        O::Branch { .. } | O::Exchange { .. } | O::Multiple { .. } | O::Load { t: code::Reg::PC, .. } => {
            if always {
                Flow::Always
            } else {
                Flow::Maybe
            }
        }
        _ => Flow::On,
    };
    let base = class_cycles(decoded.class, decoded.registers);
    among(base, flow, &decoded.facts, &before.map(|before| before.facts).unwrap_or_default())
}

/// Control flow after an instruction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Execution continues with the next instruction.
    On,
    /// Execution continues with the next instruction, or branches.
    Maybe,
    /// Execution always branches.
    Always,
    /// Execution enters a function, whose cycles are counted separately.
    Call,
}

/// Returns the cost of an instruction from its table row, including the effect of the one before.
fn among((rule, fixed): (RuleId, u32), flow: Flow, now: &code::Facts, before: &code::Facts) -> Timing {
    let address_stall = now.address_stall(before);
    let result_stall = now.result_stall(before);
    let pipelined = now.pipelined(before);
    let cycles = Cycles::new(
        fixed + u32::from(address_stall) + u32::from(result_stall) - u32::from(pipelined),
        u32::from(flow == Flow::Call),
    );
    let taken = if matches!(flow, Flow::Maybe | Flow::Always) { cycles + Cycles::new(0, 1) } else { cycles };
    let cycles = if flow == Flow::Always { taken } else { cycles };
    Timing { cycles, taken, rule, address_stall, result_stall, pipelined }
}

/// Returns the table row and the cycles of a class of instructions that move `registers` registers,
/// without the effects of neighbours and without refills.
pub fn class_cycles(class: code::Class, registers: u8) -> (RuleId, u32) {
    use code::Class as C;
    let n = u32::from(registers);
    match class {
        C::DataProcessing => (RuleId::DataProcessing, 1),
        C::Multiply => (RuleId::Multiply, 1),
        C::Branch => (RuleId::Branch, 1),
        C::TableBranch => (RuleId::TableBranch, 2),
        C::IfThen => (RuleId::IfThen, 1),
        C::Load => (RuleId::Load, 2),
        C::LoadStoreDual => (RuleId::LoadStoreDual, 3),
        C::StoreImmediate => (RuleId::StoreImmediate, 1),
        C::StoreRegister => (RuleId::StoreRegister, 2),
        C::Stack => (RuleId::Multiple, 1 + n),
        C::VLoad => (RuleId::VLoad, 2),
        C::VStore => (RuleId::VStore, 2),
        C::VMultiple => (RuleId::VMultiple, 1 + n),
        C::VArithmetic => (RuleId::VArithmetic, 1),
        C::VMove => (RuleId::VMove, 1),
        C::VFma => (RuleId::VFma, 3),
        C::VDiv => (RuleId::VDiv, 14),
        C::VFlags => (RuleId::VFlags, 1),
        C::VMoveCore => (RuleId::VMoveCore, 2),
        C::VConvert => (RuleId::VConvert, 1),
        C::VSqrt => (RuleId::VSqrt, 14),
        C::VMultiplyAdd => (RuleId::VMultiplyAdd, 3),
        C::VDouble => (RuleId::VDouble, 3),
        C::Other => (RuleId::Other, 1),
        C::LongMultiply => (RuleId::LongMultiply, 1),
        C::Divide => (RuleId::Divide, 12),
        C::LoadMultiple => (RuleId::LoadMultiple, 1 + n),
        C::Call => (RuleId::Call, 1),
        C::Hint => (RuleId::Hint, 1),
        C::Masks => (RuleId::Cps, 2),
    }
}

/// Returns the table row and the cycles if not taken, without the effects of neighbours.
fn base(op: &Op) -> (RuleId, u32) {
    let (class, registers) = class_of(op);
    class_cycles(class, registers)
}

/// Returns the class of a listing's instruction, and the number of registers that it moves.
fn class_of(op: &Op) -> (code::Class, u8) {
    use code::Class as C;
    let count = |n: usize| n as u8;
    let class = match op {
        Op::Alu { alu: Alu::Mul, .. } | Op::MultiplyAdd { .. } => C::Multiply,
        Op::Move { .. } | Op::MoveTop { .. } | Op::Alu { .. } | Op::BitField { .. } | Op::Compare { .. } => {
            C::DataProcessing
        }
        Op::LeadingZeros { .. } | Op::Test { .. } => C::Other,
        Op::Load { .. } => C::Load,
        Op::LoadDual { .. } | Op::StoreDual { .. } => C::LoadStoreDual,
        Op::Store { address: Address::Based { offset: Offset::Reg(..), .. }, .. } => C::StoreRegister,
        Op::Store { .. } => C::StoreImmediate,
        Op::Push(regs) | Op::Pop(regs) => return (C::Stack, count(regs.len())),
        Op::Branch { .. } | Op::CompareBranch { .. } | Op::Return => C::Branch,
        Op::IfThen => C::IfThen,
        Op::Nop | Op::WaitForInterrupt => C::Hint,
        Op::MaskInterrupts(_) => C::Masks,
        Op::VLoad { .. } => C::VLoad,
        Op::VStore { .. } => C::VStore,
        Op::VLoadMultiple { d: regs, .. } | Op::VStoreMultiple { t: regs, .. } => {
            return (C::VMultiple, count(regs.len()));
        }
        Op::VConstant { .. } | Op::VUnary { unary: VUnary::Move, .. } => C::VMove,
        Op::VBinary { fpu: Fpu::Fma, .. } => C::VFma,
        Op::VBinary { fpu: Fpu::Div, .. } => C::VDiv,
        Op::VUnary { unary: VUnary::Sqrt, .. } => C::VSqrt,
        Op::VUnary { .. } | Op::VBinary { .. } | Op::VCompare { .. } => C::VArithmetic,
        Op::VFlags => C::VFlags,
        Op::VFromCore { .. } | Op::VToCore { .. } => C::VMoveCore,
        Op::VConvert { .. } => C::VConvert,
        Op::Timed(timed) => return timed_only(timed.class),
    };
    (class, 1)
}

fn timed_only(class: Class) -> (code::Class, u8) {
    use code::Class as C;
    let class = match class {
        Class::DataProcessing => C::Other,
        Class::Multiply => C::LongMultiply,
        Class::Divide => C::Divide,
        Class::Multiple(n) => return (C::LoadMultiple, n),
        Class::Call => C::Call,
        Class::Hint => C::Hint,
        Class::VMultiplyAdd => C::VMultiplyAdd,
        Class::VArithmetic => C::VConvert,
        Class::VMovePair => C::VMoveCore,
        Class::VDouble => C::VDouble,
        Class::VMultiple(n) => return (C::VMultiple, n),
        Class::VSystem => C::VFlags,
    };
    (class, 1)
}

/// Returns the registers of a listing's instruction that determine the effects of neighbours.
fn facts(op: &Op) -> code::Facts {
    let mask =
        |registers: &[Option<Reg>]| registers.iter().flatten().fold(0, |all, reg| all | 1 << (reg.0 & 15));
    let single = |reg: SReg| 1_u32 << (reg.0 & 31);
    let mut facts = code::Facts {
        made: mask(&[op.data_processing_result()]),
        address: mask(&op.address_registers()),
        ..code::Facts::default()
    };
    match op {
        Op::Load { d, .. } => {
            facts.loaded = mask(&[Some(*d)]);
            facts.overlaps = true;
        }
        Op::Store { address: Address::Based { offset: Offset::Reg(..), .. }, .. } => facts.overlaps = true,
        Op::VBinary { d, n, m, .. } => {
            facts.result = single(*d);
            // A VFMA reads its addend a cycle later than its factors, so a result used as the
            // addend does not stall it.
            facts.uses = single(*n) | single(*m);
        }
        Op::VUnary { m, .. } => facts.uses = single(*m),
        Op::VCompare { n, m } => facts.uses = single(*n) | m.map_or(0, single),
        Op::VStore { t, .. } => facts.uses = single(*t),
        Op::VStoreMultiple { t, .. } => facts.uses = t.iter().fold(0, |all, &reg| all | single(reg)),
        _ => {}
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::listing::Function;
    use crate::chip::listing::blocks::annotate;

    /// Returns the cycles of each line, executed in sequence, with refills as `+ P`.
    fn costs(lines: &[&str]) -> Vec<String> {
        let listing = format!("f:\n{}\n.L9:\n\tbx lr\n\t.size f, .-f\n", lines.join("\n"));
        let function = Function::parse(&listing, "f").unwrap();
        annotate(&function).iter().take(lines.len()).map(|t| t.taken.to_string()).collect()
    }

    #[test]
    fn loads_pipeline_unless_the_address_was_loaded() {
        assert_eq!(costs(&["ldr r0, [r4]", "ldr r1, [r4, #4]", "ldr r2, [r4, #8]"]), ["2", "1", "1"]);
        assert_eq!(costs(&["ldr r0, [r4]", "ldr r1, [r0]"]), ["2", "2"]);
        assert_eq!(costs(&["ldr r0, [r4]", "ldr r1, [r4, r0, lsl #2]"]), ["2", "2"]);
        assert_eq!(costs(&["ldr r0, [r4]", "vldr.32 s0, [r4, #4]"]), ["2", "2"]);
        assert_eq!(costs(&["ldr r0, [r4]", "str r1, [r4, #4]", "str r1, [r4, r2]"]), ["2", "1", "2"]);
    }

    /// The manual's own examples (section 3.3.2), in total cycles.
    #[test]
    fn the_manuals_examples_come_out() {
        let total = |lines: &[&str]| costs(lines).iter().map(|c| c.parse::<u32>().unwrap()).sum::<u32>();
        assert_eq!(total(&["ldr r0, [r1]", "ldr r1, [r2]"]), 3);
        assert_eq!(total(&["ldr r0, [r1, r2]", "str r0, [r3, #20]"]), 3);
        assert_eq!(total(&["ldr r0, [r1, r2]", "str r1, [r3, r2]"]), 3);
        assert_eq!(total(&["ldr r0, [r1, r5]", "ldr r1, [r2]", "ldr r2, [r3, #4]"]), 4);
    }

    #[test]
    fn an_fpu_result_used_at_once_stalls_but_as_an_addend() {
        assert_eq!(costs(&["vmul.f32 s0, s1, s2", "vadd.f32 s3, s0, s1"]), ["1", "2"]);
        assert_eq!(costs(&["vmul.f32 s0, s1, s2", "vstr.32 s0, [r1]"]), ["1", "3"]);
        assert_eq!(costs(&["vmul.f32 s0, s1, s2", "vfma.f32 s3, s0, s1"]), ["1", "4"]);
        assert_eq!(costs(&["vmul.f32 s0, s1, s2", "vfma.f32 s0, s1, s2"]), ["1", "3"]);
        assert_eq!(costs(&["vmul.f32 s0, s1, s2", "nop", "vadd.f32 s3, s0, s1"]), ["1", "1", "1"]);
        assert_eq!(costs(&["vneg.f32 s0, s1", "vadd.f32 s3, s0, s1"]), ["1", "1"]);
    }

    #[test]
    fn an_address_made_right_before_stalls() {
        assert_eq!(costs(&["add r3, r2, r3, lsl #2", "vldr.32 s14, [r3]"]), ["1", "3"]);
        assert_eq!(costs(&["add r3, r2, r3, lsl #2", "ldr r0, [r2, r3]"]), ["1", "3"]);
        assert_eq!(costs(&["add r3, r2, r3, lsl #2", "nop", "vldr.32 s14, [r3]"]), ["1", "1", "2"]);
        assert_eq!(costs(&["adds r3, r3, #1", "str r3, [r2]"]), ["1", "1"]);
    }

    #[test]
    fn several_registers_cost_one_more_than_their_number() {
        assert_eq!(costs(&["push {r4, r5, lr}", "vldmia.32 r0!, {s0-s3}"]), ["4", "5"]);
        assert_eq!(costs(&["pop {r4, r5, pc}"]), ["4 + P"]);
        assert_eq!(costs(&["ldrd r0, r1, [r2]", "strd r0, r1, [r2]"]), ["3", "3"]);
    }

    #[test]
    fn branches_refill_when_taken() {
        assert_eq!(costs(&["b .L9", "bne .L9", "cbz r0, .L9"]), ["1 + P", "1 + P", "1 + P"]);
        let listing = "f:\n\tbne .L9\n.L9:\n\tbx lr\n\t.size f, .-f\n";
        let function = Function::parse(listing, "f").unwrap();
        let untaken = timing(&function.instructions[0], None).cycles;
        assert_eq!((untaken, untaken.at(3)), (Cycles::fixed(1), 1));
    }

    #[test]
    fn fpu_timings_are_those_of_the_table() {
        assert_eq!(
            costs(&["vfma.f32 s0, s1, s2", "vdiv.f32 s3, s1, s2", "vadd.f32 s4, s1, s2", "vneg.f32 s0, s1"]),
            ["3", "14", "1", "1"]
        );
        assert_eq!(
            costs(&["vcmpe.f32 s0, s1", "vmrs APSR_nzcv, FPSCR", "vmov.f32 s0, #1.0e+0", "vstr.32 s0, [r1]"]),
            ["1", "1", "1", "2"]
        );
    }

    #[test]
    fn every_row_has_a_source() {
        assert!(RULES.iter().all(|rule| !rule.source.is_empty() && !rule.cycles.is_empty()));
        assert_eq!(RuleId::ResultStall.rule(), RULES[RULES.len() - 1]);
    }
}
