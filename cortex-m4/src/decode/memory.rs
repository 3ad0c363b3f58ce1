//! 32-bit loads, stores and table branches (DDI 0403E, A5.3.5 to A5.3.10).

use super::word::reg;
use super::{bit, bits};
use crate::instruction::{Address, Index, Multiple, Offset, Op, Reg, Width};

pub(super) fn multiple(a: u32, b: u32) -> Option<Op> {
    let (base, load, list) = (reg(a, 0), bit(a, 4), b as u16);
    let before = match bits(a, 7, 2) {
        1 => false,
        2 => true,
        _ => return None,
    };
    let (sp, lr, pc) = (Reg::SP.mask(), Reg::LR.mask(), Reg::PC.mask());
    let writeback = bit(a, 5);
    let refused = if load { sp } else { sp | pc };
    let both = load && list & lr != 0 && list & pc != 0;
    let unpredictable = base == Reg::PC
        || list.count_ones() < 2
        || list & refused != 0
        || both
        || writeback && list & base.mask() != 0;
    (!unpredictable).then_some(Op::Multiple { multiple: Multiple { load, base, writeback, before }, list })
}

/// Decodes a load or store of two registers, or a table branch; `None` if neither is valid.
pub(super) fn dual(a: u32, b: u32) -> Option<Op> {
    let (base, t, u) = (reg(a, 0), reg(b, 12), reg(b, 8));
    let (pre, up, writeback, load) = (bit(a, 8), bit(a, 7), bit(a, 5), bit(a, 4));
    if !pre && !writeback {
        let table = bits(a, 4, 5) == 0b0_1101 && bits(b, 5, 11) == 0b111_1000_0000;
        return table.then_some(Op::TableBranch { half: bit(b, 4), n: base, m: reg(b, 0) });
    }
    let bytes = 4 * bits(b, 0, 8) as i32;
    let offset = Offset::Imm(if up { bytes } else { -bytes });
    let index = match (pre, writeback) {
        (true, false) => Index::Offset,
        (true, true) => Index::Pre,
        (false, _) => Index::Post,
    };
    let bad = |r: Reg| r == Reg::SP || r == Reg::PC;
    if bad(t)
        || bad(u)
        || load && t == u
        || index != Index::Offset && (base == Reg::PC || base == t || base == u)
    {
        return None;
    }
    let address = Address { base, offset, index };
    if load {
        Some(Op::LoadDual { t, u, address })
    } else {
        (base != Reg::PC).then_some(Op::StoreDual { t, u, address })
    }
}

pub(super) fn single(a: u32, b: u32) -> Option<Op> {
    let (load, is_signed, base, t) = (bit(a, 4), bit(a, 8), reg(a, 0), reg(b, 12));
    let width = match (bits(a, 5, 2), is_signed) {
        (0, false) => Width::Byte,
        (0, true) => Width::SignedByte,
        (1, false) => Width::Half,
        (1, true) => Width::SignedHalf,
        (2, false) => Width::Word,
        _ => return None,
    };
    if is_signed && !load {
        return None;
    }
    let address = if base == Reg::PC {
        let bytes = bits(b, 0, 12) as i32;
        let offset = Offset::Imm(if bit(a, 7) { bytes } else { -bytes });
        Address { base, offset, index: Index::Offset }
    } else if bit(a, 7) {
        Address { base, offset: Offset::Imm(bits(b, 0, 12) as i32), index: Index::Offset }
    } else if bit(b, 11) {
        indexed(base, b)?
    } else if bits(b, 6, 6) == 0 {
        let m = reg(b, 0);
        if m == Reg::SP || m == Reg::PC {
            return None;
        }
        Address { base, offset: Offset::Reg(m, bits(b, 4, 2) as u8), index: Index::Offset }
    } else {
        return None;
    };
    if address.index != Index::Offset && base == t {
        return None;
    }
    match (load, t) {
        // Preload hints.
        (true, Reg::PC) if width != Width::Word => Some(Op::Hint(0)),
        (true, _) => Some(Op::Load { width, t, address }),
        (false, Reg::PC) => None,
        (false, _) => (base != Reg::PC).then_some(Op::Store { width, t, address }),
    }
}

fn indexed(base: Reg, b: u32) -> Option<Address> {
    let bytes = bits(b, 0, 8) as i32;
    let (pre, up, writeback) = (bit(b, 10), bit(b, 9), bit(b, 8));
    let index = match (pre, writeback) {
        (true, false) => Index::Offset,
        (true, true) => Index::Pre,
        (false, true) => Index::Post,
        (false, false) => return None,
    };
    Some(Address { base, offset: Offset::Imm(if up { bytes } else { -bytes }), index })
}
