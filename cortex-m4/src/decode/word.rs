//! 32-bit instructions but loads, stores and the FPU (DDI 0403E, A5.3).

use super::half::shift;
use super::{bit, bits, fpu, memory, signed};
use crate::instruction::{Alu, Cond, Extend, Half, Op, Operand, Reg, Reverse, Set, Shift, System, Test};

pub(super) const fn reg(word: u32, low: u32) -> Reg {
    Reg(bits(word, low, 4) as u8)
}

/// Decodes the halfwords `a` and `b`.
pub(super) fn decode(a: u32, b: u32) -> Option<Op> {
    match (bits(a, 11, 2), bits(a, 4, 7)) {
        (1, op) if op >> 5 == 0 => {
            if bit(op, 2) {
                memory::dual(a, b)
            } else {
                memory::multiple(a, b)
            }
        }
        (1, op) if op >> 5 == 1 => shifted(a, b),
        (1, _) => fpu::decode(a, b),
        (2, op) if !bit(b, 15) => {
            if bit(op, 5) {
                binary(a, b)
            } else {
                modified(a, b)
            }
        }
        (2, _) => control(a, b),
        (_, op) if op >> 5 == 0 => memory::single(a, b),
        (_, op) if op >> 4 == 2 => registers(a, b),
        (_, op) if op >> 3 == 6 => multiply(a, b),
        (_, op) if op >> 3 == 7 => long_multiply(a, b),
        _ => None,
    }
}

/// Expands a modified constant (A5.3.2): value, and carry where it is rotated.
fn expand(imm12: u32) -> (u32, Option<bool>) {
    let byte = bits(imm12, 0, 8);
    match bits(imm12, 8, 4) {
        0 => (byte, None),
        1 => (byte << 16 | byte, None),
        2 => (byte << 24 | byte << 8, None),
        3 => (byte << 24 | byte << 16 | byte << 8 | byte, None),
        _ => {
            let value = (0x80 | bits(imm12, 0, 7)).rotate_right(bits(imm12, 7, 5));
            (value, Some(bit(value, 31)))
        }
    }
}

fn shifted(a: u32, b: u32) -> Option<Op> {
    let (kind, amount) = shift(bits(b, 4, 2), bits(b, 12, 3) << 2 | bits(b, 6, 2));
    processing(a, b, Operand::Reg(reg(b, 0), kind, amount))
}

fn modified(a: u32, b: u32) -> Option<Op> {
    let (value, carry) = expand(bits(a, 10, 1) << 11 | bits(b, 12, 3) << 8 | bits(b, 0, 8));
    processing(a, b, Operand::Imm(value, carry))
}

/// Decodes data processing with operand `m` and the operation in bits 5 to 8 of the first halfword.
fn processing(a: u32, b: u32, m: Operand) -> Option<Op> {
    let (n, d, s) = (reg(a, 0), reg(b, 8), bit(a, 4));
    let set = if s { Set::Always } else { Set::Never };
    let tests = d == Reg::PC && s;
    if d == Reg::PC && !s {
        return None;
    }
    let (alu, test) = match bits(a, 5, 4) {
        0 => (Alu::And, Some(Test::Tst)),
        1 => (Alu::Bic, None),
        2 if n == Reg::PC => return Some(Op::Move { not: false, set, d, m }),
        2 => (Alu::Orr, None),
        3 if n == Reg::PC => return Some(Op::Move { not: true, set, d, m }),
        3 => (Alu::Orn, None),
        4 => (Alu::Eor, Some(Test::Teq)),
        8 => (Alu::Add, Some(Test::Cmn)),
        10 => (Alu::Adc, None),
        11 => (Alu::Sbc, None),
        13 => (Alu::Sub, Some(Test::Cmp)),
        14 => (Alu::Rsb, None),
        _ => return None,
    };
    match (tests, test) {
        (true, Some(test)) => Some(Op::Compare { test, n, m }),
        (true, None) => None,
        (false, _) => Some(Op::Alu { alu, set, d, n, m }),
    }
}

/// Decodes data processing on plain constants: `addw`, `movw`, `movt`, bit fields, saturation.
fn binary(a: u32, b: u32) -> Option<Op> {
    let (n, d) = (reg(a, 0), reg(b, 8));
    let imm12 = bits(a, 10, 1) << 11 | bits(b, 12, 3) << 8 | bits(b, 0, 8);
    let wide = bits(a, 0, 4) << 12 | imm12;
    let (low, high) = (bits(b, 12, 3) << 2 | bits(b, 6, 2), bits(b, 0, 5));
    let sum = |alu| Op::Alu { alu, set: Set::Never, d, n, m: Operand::Imm(imm12, None) };
    Some(match bits(a, 4, 5) {
        0 if n == Reg::PC => Op::Adr { d, offset: imm12 as i32 },
        0 => sum(Alu::Add),
        4 => Op::Move { not: false, set: Set::Never, d, m: Operand::Imm(wide, None) },
        10 if n == Reg::PC => Op::Adr { d, offset: -(imm12 as i32) },
        10 => sum(Alu::Sub),
        12 => Op::MoveTop { d, imm: wide as u16 },
        16 | 18 | 24 | 26 => {
            let kind = if bit(a, 5) { Shift::Asr } else { Shift::Lsl };
            if bit(a, 5) && low == 0 {
                return None; // 16-bit pairs
            }
            let is_signed = !bit(a, 7);
            Op::Saturate {
                signed: is_signed,
                d,
                bits: high as u8 + u8::from(is_signed),
                n,
                shift: kind,
                amount: low as u8,
            }
        }
        20 | 28 if low + high < 32 => {
            Op::BitField { signed: !bit(a, 7), d, n, lsb: low as u8, width: high as u8 + 1 }
        }
        22 if high >= low => {
            let source = (n != Reg::PC).then_some(n);
            Op::Insert { d, n: source, lsb: low as u8, width: (high - low) as u8 + 1 }
        }
        _ => return None,
    })
}

fn control(a: u32, b: u32) -> Option<Op> {
    let sign = bits(a, 10, 1);
    match (bits(b, 12, 3), bits(a, 4, 7)) {
        (0 | 2, 0b011_1000 | 0b011_1001) => Some(Op::WriteSystem { n: reg(a, 0), system: system(b)? }),
        (0 | 2, 0b011_1010) if bits(b, 8, 3) == 0 && bits(b, 0, 8) < 5 => Some(Op::Hint(bits(b, 0, 8) as u8)),
        (0 | 2, 0b011_1011) if (4..=6).contains(&bits(b, 4, 4)) => Some(Op::Barrier),
        (0 | 2, 0b011_1110 | 0b011_1111) => Some(Op::ReadSystem { d: reg(b, 8), system: system(b)? }),
        (0 | 2, op) if op >> 3 & 7 != 7 => {
            let offset = sign << 20
                | bits(b, 11, 1) << 19
                | bits(b, 13, 1) << 18
                | bits(a, 0, 6) << 12
                | bits(b, 0, 11) << 1;
            Some(Op::Branch { cond: Cond::of(bits(a, 6, 4) as u8), offset: signed(offset, 21) + 4 })
        }
        (1 | 3 | 5 | 7, _) => {
            let (i, j) = (u32::from(bit(b, 13) == (sign == 1)), u32::from(bit(b, 11) == (sign == 1)));
            let offset = sign << 24 | i << 23 | j << 22 | bits(a, 0, 10) << 12 | bits(b, 0, 11) << 1;
            let offset = signed(offset, 25) + 4;
            Some(if bit(b, 14) { Op::Call { offset } } else { Op::Branch { cond: Cond::Always, offset } })
        }
        _ => None,
    }
}

fn system(b: u32) -> Option<System> {
    Some(match bits(b, 0, 8) {
        0..=3 => System::Apsr,
        8 => System::Msp,
        9 => System::Psp,
        16 => System::Primask,
        17 => System::Basepri,
        19 => System::Faultmask,
        20 => System::Control,
        _ => return None,
    })
}

/// Decodes data processing on registers: shifts, extensions, reversals and `clz`.
fn registers(a: u32, b: u32) -> Option<Op> {
    let (n, d, m) = (reg(a, 0), reg(b, 8), reg(b, 0));
    if bits(b, 12, 4) != 15 {
        return None;
    }
    let kind = bits(a, 4, 4);
    if bits(b, 4, 4) == 0 && kind < 8 {
        let shift = [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror].get(kind as usize / 2).copied()?;
        let set = if bit(a, 4) { Set::Always } else { Set::Never };
        return Some(Op::ShiftBy { shift, set, d, n, m });
    }
    if bit(b, 7) && kind < 8 {
        let (is_signed, byte) = match kind {
            0 => (true, false),
            1 => (false, false),
            4 => (true, true),
            5 => (false, true),
            _ => return None,
        };
        let extend = Extend { signed: is_signed, byte, rotate: 8 * bits(b, 4, 2) as u8 };
        return Some(Op::Extend { extend, d, n: (n != Reg::PC).then_some(n), m });
    }
    let reverse = match (kind, bits(b, 4, 4)) {
        (9, 8) => Reverse::Rev,
        (9, 9) => Reverse::Rev16,
        (9, 10) => Reverse::Rbit,
        (9, 11) => Reverse::Revsh,
        (11, 8) => Reverse::Clz,
        _ => return None,
    };
    // Encodings name the register twice.
    (n == m).then_some(Op::Reverse { reverse, d, m })
}

fn multiply(a: u32, b: u32) -> Option<Op> {
    let (n, a_reg, d, m) = (reg(a, 0), reg(b, 12), reg(b, 8), reg(b, 0));
    let add = (a_reg != Reg::PC).then_some(a_reg);
    let low = bits(b, 4, 4);
    Some(match bits(a, 4, 3) {
        0 if low == 0 => match add {
            None => Op::Multiply { set: Set::Never, d, n, m },
            Some(a) => Op::MultiplyAdd { subtract: false, d, n, m, a },
        },
        0 if low == 1 => Op::MultiplyAdd { subtract: true, d, n, m, a: add? },
        1 if low < 4 => Op::MultiplyHalves { half: Half { n: bit(b, 5), m: bit(b, 4) }, d, n, m, a: add },
        3 if low < 2 => Op::MultiplyWordHalf { top: bit(b, 4), d, n, m, a: add },
        5 if low < 2 => Op::MultiplyHigh { round: bit(b, 4), d, n, m, a: add },
        _ => return None,
    })
}

fn long_multiply(a: u32, b: u32) -> Option<Op> {
    let (n, low, high, m) = (reg(a, 0), reg(b, 12), reg(b, 8), reg(b, 0));
    let long = |is_signed, add| Op::LongMultiply { signed: is_signed, add, low, high, n, m };
    Some(match (bits(a, 4, 3), bits(b, 4, 4)) {
        (0, 0) => long(true, false),
        (2, 0) => long(false, false),
        (4, 0) => long(true, true),
        (6, 0) => long(false, true),
        (1, 15) => Op::Divide { signed: true, d: high, n, m },
        (3, 15) => Op::Divide { signed: false, d: high, n, m },
        _ => return None,
    })
}
