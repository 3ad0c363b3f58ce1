//! 16-bit instructions (DDI 0403E, A5.2).

use super::{bit, bits, signed};
use crate::instruction::{
    Address, Alu, Cond, Extend, Index, Multiple, Offset, Op, Operand, Reg, Reverse, Set, Shift, Test, Width,
};

const fn reg(word: u32, low: u32) -> Reg {
    Reg(bits(word, low, 3) as u8)
}

/// Decodes an immediate shift: amount 0 means 32 for LSR and ASR, and RRX for ROR.
pub(super) fn shift(kind: u32, amount: u32) -> (Shift, u8) {
    match (kind, amount) {
        (0, n) => (Shift::Lsl, n as u8),
        (1, 0) => (Shift::Lsr, 32),
        (1, n) => (Shift::Lsr, n as u8),
        (2, 0) => (Shift::Asr, 32),
        (2, n) => (Shift::Asr, n as u8),
        (_, 0) => (Shift::Rrx, 1),
        (_, n) => (Shift::Ror, n as u8),
    }
}

pub(super) const fn plain(m: Reg) -> Operand {
    Operand::Reg(m, Shift::Lsl, 0)
}

pub(super) fn decode(h: u32) -> Option<Op> {
    Some(match h >> 12 {
        0 | 1 => shift_add(h),
        2 | 3 => immediate(h),
        4 if !bit(h, 11) => {
            if bit(h, 10) {
                special(h)?
            } else {
                processing(h)
            }
        }
        4 => load(Width::Word, reg8(h), Reg::PC, Offset::Imm(4 * bits(h, 0, 8) as i32)),
        5 => register_offset(h),
        6..=8 => immediate_offset(h),
        9 => transfer(bit(h, 11), Width::Word, reg8(h), Reg::SP, Offset::Imm(4 * bits(h, 0, 8) as i32)),
        10 => {
            let offset = 4 * bits(h, 0, 8);
            if bit(h, 11) {
                Op::Alu {
                    alu: Alu::Add,
                    set: Set::Never,
                    d: reg8(h),
                    n: Reg::SP,
                    m: Operand::Imm(offset, None),
                }
            } else {
                Op::Adr { d: reg8(h), offset: offset as i32 }
            }
        }
        11 => miscellaneous(h)?,
        12 => {
            let (load, base, list) = (bit(h, 11), reg8(h), bits(h, 0, 8) as u16);
            if list == 0 {
                return None;
            }
            let writeback = !(load && list & base.mask() != 0);
            Op::Multiple { multiple: Multiple { load, base, writeback, before: false }, list }
        }
        13 => match bits(h, 8, 4) {
            14 => return None,
            15 => Op::Supervisor(bits(h, 0, 8) as u8),
            cond => Op::Branch { cond: Cond::of(cond as u8), offset: 2 * signed(h, 8) + 4 },
        },
        _ => Op::Branch { cond: Cond::Always, offset: 2 * signed(h, 11) + 4 },
    })
}

const fn reg8(h: u32) -> Reg {
    reg(h, 8)
}

fn load(width: Width, t: Reg, base: Reg, offset: Offset) -> Op {
    transfer(true, width, t, base, offset)
}

fn transfer(load: bool, width: Width, t: Reg, base: Reg, offset: Offset) -> Op {
    let address = Address { base, offset, index: Index::Offset };
    if load { Op::Load { width, t, address } } else { Op::Store { width, t, address } }
}

/// Decodes shifts by a constant, and additions and subtractions of registers or a small constant.
fn shift_add(h: u32) -> Op {
    let (d, n, set) = (reg(h, 0), reg(h, 3), Set::OutsideIt);
    if bits(h, 11, 2) < 3 {
        let (kind, amount) = shift(bits(h, 11, 2), bits(h, 6, 5));
        return Op::Move { not: false, set, d, m: Operand::Reg(n, kind, amount) };
    }
    let m = if bit(h, 10) { Operand::Imm(bits(h, 6, 3), None) } else { plain(reg(h, 6)) };
    Op::Alu { alu: if bit(h, 9) { Alu::Sub } else { Alu::Add }, set, d, n, m }
}

fn immediate(h: u32) -> Op {
    let (d, m, set) = (reg8(h), Operand::Imm(bits(h, 0, 8), None), Set::OutsideIt);
    match bits(h, 11, 2) {
        0 => Op::Move { not: false, set, d, m },
        1 => Op::Compare { test: Test::Cmp, n: d, m },
        2 => Op::Alu { alu: Alu::Add, set, d, n: d, m },
        _ => Op::Alu { alu: Alu::Sub, set, d, n: d, m },
    }
}

fn processing(h: u32) -> Op {
    let (d, m, set) = (reg(h, 0), reg(h, 3), Set::OutsideIt);
    let alu = |alu| Op::Alu { alu, set, d, n: d, m: plain(m) };
    let test = |test| Op::Compare { test, n: d, m: plain(m) };
    let by = |shift| Op::ShiftBy { shift, set, d, n: d, m };
    match bits(h, 6, 4) {
        0 => alu(Alu::And),
        1 => alu(Alu::Eor),
        2 => by(Shift::Lsl),
        3 => by(Shift::Lsr),
        4 => by(Shift::Asr),
        5 => alu(Alu::Adc),
        6 => alu(Alu::Sbc),
        7 => by(Shift::Ror),
        8 => test(Test::Tst),
        9 => Op::Alu { alu: Alu::Rsb, set, d, n: m, m: Operand::Imm(0, None) },
        10 => test(Test::Cmp),
        11 => test(Test::Cmn),
        12 => alu(Alu::Orr),
        13 => Op::Multiply { set, d, n: m, m: d },
        14 => alu(Alu::Bic),
        _ => Op::Move { not: true, set, d, m: plain(m) },
    }
}

/// Decodes `add`, `cmp`, `mov`, `bx` and `blx` on all registers; `None` if undefined.
fn special(h: u32) -> Option<Op> {
    let d = Reg((bits(h, 7, 1) << 3 | bits(h, 0, 3)) as u8);
    let m = Reg(bits(h, 3, 4) as u8);
    Some(match bits(h, 8, 2) {
        0 => Op::Alu { alu: Alu::Add, set: Set::Never, d, n: d, m: plain(m) },
        1 => Op::Compare { test: Test::Cmp, n: d, m: plain(m) },
        2 => Op::Move { not: false, set: Set::Never, d, m: plain(m) },
        _ if bits(h, 0, 3) != 0 => return None,
        _ => Op::Exchange { link: bit(h, 7), m },
    })
}

fn register_offset(h: u32) -> Op {
    let (t, base, offset) = (reg(h, 0), reg(h, 3), Offset::Reg(reg(h, 6), 0));
    let (is_load, width) = match bits(h, 9, 3) {
        0 => (false, Width::Word),
        1 => (false, Width::Half),
        2 => (false, Width::Byte),
        3 => (true, Width::SignedByte),
        4 => (true, Width::Word),
        5 => (true, Width::Half),
        6 => (true, Width::Byte),
        _ => (true, Width::SignedHalf),
    };
    transfer(is_load, width, t, base, offset)
}

fn immediate_offset(h: u32) -> Op {
    let width = match bits(h, 12, 4) {
        6 => Width::Word,
        7 => Width::Byte,
        _ => Width::Half,
    };
    let offset = Offset::Imm((bits(h, 6, 5) * width.bytes()) as i32);
    transfer(bit(h, 11), width, reg(h, 0), reg(h, 3), offset)
}

fn miscellaneous(h: u32) -> Option<Op> {
    let (d, m) = (reg(h, 0), reg(h, 3));
    let reverse = |reverse| Op::Reverse { reverse, d, m };
    Some(match bits(h, 8, 4) {
        0 => {
            let alu = if bit(h, 7) { Alu::Sub } else { Alu::Add };
            Op::Alu { alu, set: Set::Never, d: Reg::SP, n: Reg::SP, m: Operand::Imm(4 * bits(h, 0, 7), None) }
        }
        1 | 3 | 9 | 11 => {
            let offset = (bits(h, 9, 1) << 6 | bits(h, 3, 5) << 1) as i32 + 4;
            Op::CompareBranch { nonzero: bit(h, 11), n: d, offset }
        }
        2 => {
            let extend = Extend { signed: !bit(h, 7), byte: bit(h, 6), rotate: 0 };
            Op::Extend { extend, d, n: None, m }
        }
        4 | 5 => stack(false, bits(h, 0, 8) | bits(h, 8, 1) << 14)?,
        6 if bits(h, 5, 3) == 3 && bits(h, 0, 4) != 0 => Op::Masks { disable: bit(h, 4) },
        10 => match bits(h, 6, 2) {
            0 => reverse(Reverse::Rev),
            1 => reverse(Reverse::Rev16),
            3 => reverse(Reverse::Revsh),
            _ => return None,
        },
        12 | 13 => stack(true, bits(h, 0, 8) | bits(h, 8, 1) << 15)?,
        14 => Op::Breakpoint(bits(h, 0, 8) as u8),
        15 if bits(h, 0, 4) != 0 => Op::IfThen { first: bits(h, 4, 4) as u8, mask: bits(h, 0, 4) as u8 },
        15 if bits(h, 4, 4) < 5 => Op::Hint(bits(h, 4, 4) as u8),
        _ => return None,
    })
}

fn stack(load: bool, list: u32) -> Option<Op> {
    let multiple = Multiple { load, base: Reg::SP, writeback: true, before: !load };
    (list != 0).then_some(Op::Multiple { multiple, list: list as u16 })
}
