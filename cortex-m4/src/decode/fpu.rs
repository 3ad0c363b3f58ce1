//! Instructions of the FPU (DDI 0403E, A6).

use super::word::reg;
use super::{bit, bits};
use crate::instruction::{Convert, FpuOp, Multiple, Op, Reg, VUnary};

/// Returns the number of a single-precision register: four bits from `low` on, `lowest` below them.
const fn single(word: u32, low: u32, lowest: bool) -> u8 {
    (bits(word, low, 4) << 1 | lowest as u32) as u8
}

pub(super) fn decode(a: u32, b: u32) -> Option<Op> {
    let coprocessor = bits(b, 8, 4);
    if coprocessor & 0b1110 != 0b1010 || bit(a, 12) {
        return None;
    }
    match bits(a, 8, 4) {
        12 | 13 => memory(a, b, coprocessor == 11),
        14 if bit(b, 4) => transfer(a, b),
        // Double-precision arithmetic is not in this FPU.
        14 if coprocessor == 10 => arithmetic(a, b),
        _ => None,
    }
}

fn memory(a: u32, b: u32, double: bool) -> Option<Op> {
    let (pre, up, d, writeback, load) = (bit(a, 8), bit(a, 7), bit(a, 6), bit(a, 5), bit(a, 4));
    let base = reg(a, 0);
    let first = if double { double_register(b, 12, d)? } else { single(b, 12, d) };
    if !pre && !up && !writeback {
        return if d { pair(a, b, double) } else { None };
    }
    if pre && !writeback {
        let bytes = 4 * bits(b, 0, 8) as i32;
        let offset = if up { bytes } else { -bytes };
        if !load && base == Reg::PC {
            return None;
        }
        return Some(if load {
            Op::VLoad { t: first, double, base, offset }
        } else {
            Op::VStore { t: first, double, base, offset }
        });
    }
    if pre == up || base == Reg::PC {
        return None;
    }
    let words = bits(b, 0, 8);
    if words == 0 || u32::from(first) + words > 32 || double && words % 2 == 1 {
        return None;
    }
    let multiple = Multiple { load, base, writeback, before: pre };
    Some(Op::VMultiple { multiple, first, words: words as u8, double })
}

/// Returns the first single of a double-precision register; `None` beyond the 16 that exist.
fn double_register(word: u32, low: u32, highest: bool) -> Option<u8> {
    (!highest).then_some((bits(word, low, 4) << 1) as u8)
}

/// Decodes a move between two core registers and two single-precision registers.
fn pair(a: u32, b: u32, double: bool) -> Option<Op> {
    if bits(b, 6, 2) != 0 || !bit(b, 4) {
        return None;
    }
    let m = if double { double_register(b, 0, bit(b, 5))? } else { single(b, 0, bit(b, 5)) };
    let (t, u, to_core) = (reg(b, 12), reg(a, 0), bit(a, 4));
    let bad = |r: Reg| r == Reg::SP || r == Reg::PC;
    if bad(t) || bad(u) || m == 31 || to_core && t == u {
        return None;
    }
    Some(Op::VMovePair { to_core, t, u, m, double })
}

/// Decodes a move between one core register and the FPU.
fn transfer(a: u32, b: u32) -> Option<Op> {
    let (t, to_core) = (reg(b, 12), bit(a, 4));
    if bit(b, 8) {
        // Half of a double; its number has one more bit that must be 0.
        if bits(a, 6, 2) != 0 || bits(b, 5, 2) != 0 || bit(b, 7) || t == Reg::PC || t == Reg::SP {
            return None;
        }
        let n = (bits(a, 0, 4) << 1 | bits(a, 5, 1)) as u8;
        return Some(Op::VMoveCore { to_core, t, n, scalar: true });
    }
    match bits(a, 5, 3) {
        0 if t != Reg::PC && t != Reg::SP => {
            Some(Op::VMoveCore { to_core, t, n: single(a, 0, bit(b, 7)), scalar: false })
        }
        7 if bits(a, 0, 4) == 1 && to_core => Some(Op::VReadStatus { t }),
        7 if bits(a, 0, 4) == 1 && t != Reg::PC => Some(Op::VWriteStatus { t }),
        _ => None,
    }
}

fn arithmetic(a: u32, b: u32) -> Option<Op> {
    let (d, n, m) = (single(b, 12, bit(a, 6)), single(a, 0, bit(b, 7)), single(b, 0, bit(b, 5)));
    let low = bit(b, 6);
    let fpu = match (bits(a, 7, 1) << 2 | bits(a, 4, 2), low) {
        (0, false) => FpuOp::Mla,
        (0, true) => FpuOp::Mls,
        (1, false) => FpuOp::Nmls,
        (1, true) => FpuOp::Nmla,
        (2, false) => FpuOp::Mul,
        (2, true) => FpuOp::Nmul,
        (3, false) => FpuOp::Add,
        (3, true) => FpuOp::Sub,
        (4, false) => FpuOp::Div,
        (5, false) => FpuOp::Fnms,
        (5, true) => FpuOp::Fnma,
        (6, false) => FpuOp::Fma,
        (6, true) => FpuOp::Fms,
        (7, _) => return other(a, b, d, m),
        _ => return None,
    };
    Some(Op::VBinary { fpu, d, n, m })
}

/// Decodes constants, moves, comparisons and conversions (table A6-4).
fn other(a: u32, b: u32, d: u8, m: u8) -> Option<Op> {
    let (selector, top) = (bits(a, 0, 4), bit(b, 7));
    if !bit(b, 6) {
        let byte = bits(a, 0, 4) << 4 | bits(b, 0, 4);
        return (bits(b, 4, 4) == 0).then_some(Op::VConstant { d, bits: constant(byte) });
    }
    let unary = |unary| Some(Op::VUnary { unary, d, m });
    let integer = Convert { to_float: true, signed: false, nearest: false, bits: 0, fraction: 0 };
    match (selector, top) {
        (0, false) => unary(VUnary::Mov),
        (0, true) => unary(VUnary::Abs),
        (1, false) => unary(VUnary::Neg),
        (1, true) => unary(VUnary::Sqrt),
        (4, signals) => Some(Op::VCompare { signals, n: d, m: Some(m) }),
        (5, signals) if bits(b, 0, 4) == 0 && !bit(b, 5) => Some(Op::VCompare { signals, n: d, m: None }),
        (8, signed) => Some(Op::VConvert { convert: Convert { signed, ..integer }, d, m }),
        (12 | 13, truncates) => {
            let convert = Convert { to_float: false, signed: selector == 13, nearest: !truncates, ..integer };
            Some(Op::VConvert { convert, d, m })
        }
        (10 | 11 | 14 | 15, wide) => {
            let size: u32 = if wide { 32 } else { 16 };
            let fraction = size.checked_sub(bits(b, 0, 4) << 1 | bits(b, 5, 1))?;
            let (to_float, signed) = (selector < 12, selector % 2 == 0);
            let convert =
                Convert { to_float, signed, nearest: false, bits: size as u8, fraction: fraction as u8 };
            Some(Op::VConvert { convert, d, m: d })
        }
        _ => None,
    }
}

/// Expands the eight bits of a constant to a single (A6.4.1).
fn constant(byte: u32) -> u32 {
    let high = if bit(byte, 6) { 0x1F << 2 } else { 0x20 << 2 };
    let exponent = high | bits(byte, 4, 2);
    bits(byte, 7, 1) << 31 | exponent << 23 | bits(byte, 0, 4) << 19
}
