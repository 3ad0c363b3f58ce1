//! Facts about an instruction that decide its cycles.

use crate::instruction::{Alu, FpuOp, Index, Offset, Op, Reg, VUnary};

/// Row of a timing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the group of instructions of its name")]
pub enum Class {
    DataProcessing,
    Multiply,
    Branch,
    TableBranch,
    IfThen,
    Load,
    LoadStoreDual,
    StoreImmediate,
    StoreRegister,
    /// `push` and `pop`.
    Stack,
    VLoad,
    VStore,
    VMultiple,
    VArithmetic,
    VMove,
    VFma,
    VDiv,
    VFlags,
    VMoveCore,
    VConvert,
    VSqrt,
    VMultiplyAdd,
    VDouble,
    Other,
    LongMultiply,
    Divide,
    LoadMultiple,
    Call,
    Hint,
    Masks,
}

/// Kind of work that cycles are counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads or writes memory.
    LoadStore,
    /// Computes in registers.
    Arithmetic,
    /// Branches, calls and returns.
    Branch,
}

/// Cycles of each class of instructions, without interplay and without the refill of
/// a taken branch.
pub trait Timings {
    /// Returns the cycles of an instruction of `class` that moves `registers` registers.
    fn cycles(&self, class: Class, registers: u8) -> u32;
}

/// Registers of an instruction as masks: what it shares with the instruction after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Core register that integer data processing writes.
    pub made: u16,
    /// Core registers of its memory address.
    pub address: u16,
    /// Core register that a single load writes.
    pub loaded: u16,
    /// Whether it is a single load, or a store with register offset.
    pub overlaps: bool,
    /// FPU register that arithmetic writes.
    pub result: u32,
    /// FPU registers that it needs at its begin: all operands but the addend of a multiply-add.
    pub uses: u32,
}

impl Facts {
    /// Returns whether the address was made by the instruction `before`: one cycle more.
    pub fn address_stall(&self, before: &Self) -> bool {
        before.made & self.address != 0
    }

    /// Returns whether an operand is the result of the FPU instruction `before`: one cycle more.
    pub fn result_stall(&self, before: &Self) -> bool {
        before.result & self.uses != 0
    }

    /// Returns whether it overlaps with the load `before`: one cycle less.
    pub fn pipelined(&self, before: &Self) -> bool {
        self.overlaps && before.loaded != 0 && before.loaded & self.address == 0
    }
}

/// Returns the class of an instruction and the registers that it moves.
pub(crate) fn class(op: &Op) -> (Class, u8) {
    let class = match *op {
        Op::Alu { alu: Alu::Adc | Alu::Sbc | Alu::Orn, .. } => Class::Other,
        Op::Compare { test, .. } if test != crate::Test::Cmp => Class::Other,
        Op::Alu { .. } | Op::Compare { .. } | Op::Move { .. } | Op::MoveTop { .. } | Op::ShiftBy { .. } => {
            Class::DataProcessing
        }
        Op::Extend { extend, n: None, .. } if !extend.signed => Class::DataProcessing,
        Op::BitField { signed: false, .. } => Class::DataProcessing,
        Op::Adr { .. }
        | Op::Extend { .. }
        | Op::BitField { .. }
        | Op::Insert { .. }
        | Op::Reverse { .. }
        | Op::Saturate { .. }
        | Op::ReadSystem { .. }
        | Op::WriteSystem { .. } => Class::Other,
        Op::Multiply { .. } | Op::MultiplyAdd { subtract: false, .. } => Class::Multiply,
        Op::MultiplyAdd { .. }
        | Op::MultiplyHalves { .. }
        | Op::MultiplyWordHalf { .. }
        | Op::MultiplyHigh { .. }
        | Op::LongMultiply { .. } => Class::LongMultiply,
        Op::Divide { .. } => Class::Divide,
        // A return that has saved nothing but LR is a `pop` of PC.
        Op::Load { t: Reg::PC, address, .. } if address.base == Reg::SP && address.index == Index::Post => {
            return (Class::Stack, 1);
        }
        Op::Load { .. } => Class::Load,
        Op::LoadDual { .. } | Op::StoreDual { .. } => Class::LoadStoreDual,
        Op::Store { address, .. } => match address.offset {
            Offset::Reg(..) => Class::StoreRegister,
            // `str lr, [sp, #-4]!` is how gcc pushes a single register.
            Offset::Imm(-4) if address.base == Reg::SP && address.index == Index::Pre => {
                return (Class::Stack, 1);
            }
            Offset::Imm(_) => Class::StoreImmediate,
        },
        Op::Multiple { multiple, list } => {
            let stack = multiple.base == Reg::SP && multiple.writeback && multiple.load != multiple.before;
            let class = if stack { Class::Stack } else { Class::LoadMultiple };
            return (class, list.count_ones() as u8);
        }
        Op::Branch { .. } | Op::CompareBranch { .. } | Op::Exchange { link: false, .. } => Class::Branch,
        Op::TableBranch { .. } => Class::TableBranch,
        Op::Call { .. } | Op::Exchange { .. } => Class::Call,
        Op::IfThen { .. } => Class::IfThen,
        Op::Hint(_) | Op::Barrier | Op::Breakpoint(_) | Op::Supervisor(_) => Class::Hint,
        Op::Masks { .. } => Class::Masks,
        Op::VLoad { double: true, .. } | Op::VStore { double: true, .. } => Class::VDouble,
        Op::VLoad { .. } => Class::VLoad,
        Op::VStore { .. } => Class::VStore,
        Op::VMultiple { words, .. } => return (Class::VMultiple, words),
        Op::VConstant { .. } | Op::VUnary { unary: VUnary::Mov, .. } => Class::VMove,
        Op::VUnary { unary: VUnary::Sqrt, .. } => Class::VSqrt,
        Op::VUnary { .. } | Op::VCompare { .. } => Class::VArithmetic,
        Op::VBinary { fpu, .. } => match fpu {
            FpuOp::Add | FpuOp::Sub | FpuOp::Mul => Class::VArithmetic,
            FpuOp::Nmul => Class::VConvert,
            FpuOp::Div => Class::VDiv,
            FpuOp::Fma => Class::VFma,
            _ => Class::VMultiplyAdd,
        },
        Op::VConvert { .. } => Class::VConvert,
        Op::VMoveCore { .. } | Op::VMovePair { .. } => Class::VMoveCore,
        Op::VReadStatus { .. } | Op::VWriteStatus { .. } => Class::VFlags,
    };
    (class, 1)
}

impl Class {
    /// Returns the kind of work of its instructions.
    pub fn kind(self) -> Kind {
        match self {
            Self::Load
            | Self::LoadStoreDual
            | Self::StoreImmediate
            | Self::StoreRegister
            | Self::Stack
            | Self::VLoad
            | Self::VStore
            | Self::VMultiple
            | Self::VDouble
            | Self::LoadMultiple => Kind::LoadStore,
            Self::Branch | Self::TableBranch | Self::Call => Kind::Branch,
            _ => Kind::Arithmetic,
        }
    }
}

/// Returns the registers that decide how an instruction meets its neighbours.
pub(crate) fn facts(op: &Op) -> Facts {
    let mut facts = Facts { made: made(op), address: address(op), ..Facts::default() };
    let single = |s: u8| 1_u32 << (s & 31);
    match *op {
        Op::Load { t, .. } => {
            facts.loaded = t.mask();
            facts.overlaps = t != Reg::PC;
        }
        Op::Store { address, .. } => facts.overlaps = matches!(address.offset, Offset::Reg(..)),
        Op::VBinary { fpu, d, n, m } => {
            facts.result = single(d);
            facts.uses = single(n) | single(m);
            // Only the fused ones take their addend late (DDI 0439D, table 7-1, note).
            if matches!(fpu, FpuOp::Mla | FpuOp::Mls | FpuOp::Nmla | FpuOp::Nmls) {
                facts.uses |= single(d);
            }
        }
        Op::VUnary { unary, d, m } => {
            facts.uses = single(m);
            if unary == VUnary::Sqrt {
                facts.result = single(d);
            }
        }
        Op::VCompare { n, m, .. } => facts.uses = single(n) | m.map_or(0, single),
        Op::VStore { t, double, .. } => facts.uses = single(t) | if double { single(t + 1) } else { 0 },
        Op::VMultiple { multiple, first, words, .. } if !multiple.load => {
            facts.uses = (0..words).map(|i| single(first + i)).fold(0, |all, one| all | one);
        }
        _ => {}
    }
    // A pop of PC is a `Stack` instruction, which overlaps with nothing.
    if class(op).0 == Class::Stack {
        (facts.loaded, facts.overlaps) = (0, false);
    }
    facts
}

fn made(op: &Op) -> u16 {
    match *op {
        Op::Alu { d, .. }
        | Op::Move { d, .. }
        | Op::MoveTop { d, .. }
        | Op::Adr { d, .. }
        | Op::ShiftBy { d, .. }
        | Op::Multiply { d, .. }
        | Op::MultiplyAdd { d, .. }
        | Op::MultiplyHalves { d, .. }
        | Op::MultiplyWordHalf { d, .. }
        | Op::MultiplyHigh { d, .. }
        | Op::Divide { d, .. }
        | Op::Extend { d, .. }
        | Op::BitField { d, .. }
        | Op::Insert { d, .. }
        | Op::Reverse { d, .. }
        | Op::Saturate { d, .. }
        | Op::ReadSystem { d, .. } => d.mask(),
        // A listing's table knows the first of the two.
        Op::LongMultiply { low, .. } => low.mask(),
        _ => 0,
    }
}

fn address(op: &Op) -> u16 {
    let of = |base: Reg| if base == Reg::PC { 0 } else { base.mask() };
    match *op {
        Op::Load { address, .. }
        | Op::Store { address, .. }
        | Op::LoadDual { address, .. }
        | Op::StoreDual { address, .. } => {
            let index = match address.offset {
                Offset::Reg(m, _) => m.mask(),
                Offset::Imm(_) => 0,
            };
            of(address.base) | index
        }
        Op::VLoad { base, .. } | Op::VStore { base, .. } => of(base),
        Op::Multiple { multiple, .. } | Op::VMultiple { multiple, .. } => of(multiple.base),
        Op::TableBranch { n, m, .. } => of(n) | m.mask(),
        _ => 0,
    }
}
