//! Parsers of registers, constants, shifted operands, addresses and register lists.

use super::instruction::{Address, Index, Offset, Operand, Reg, SReg, Shift};

/// Splits a text at the commas that are outside brackets and braces.
pub(super) fn split_operands(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_i32;
    for c in text.chars() {
        depth += i32::from(matches!(c, '[' | '{')) - i32::from(matches!(c, ']' | '}'));
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.into_iter().map(|part| part.trim().to_string()).filter(|part| !part.is_empty()).collect()
}

pub(super) fn reg(name: &str) -> Option<Reg> {
    Some(match name {
        "sp" => Reg::SP,
        "lr" => Reg::LR,
        "pc" => Reg::PC,
        "ip" => Reg(12),
        "fp" => Reg(11),
        "sl" => Reg(10),
        "sb" => Reg(9),
        _ => Reg(name.strip_prefix('r')?.parse().ok().filter(|n| *n < 16)?),
    })
}

pub(super) fn sreg(name: &str) -> Option<SReg> {
    name.strip_prefix('s')?.parse().ok().filter(|n| *n < 32).map(SReg)
}

pub(super) fn number(text: &str) -> Option<u32> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let value = match digits.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative { value.wrapping_neg() } else { value })
}

pub(super) fn immediate(text: &str) -> Option<u32> {
    number(text.strip_prefix('#')?)
}

/// Parses a second operand: `#imm`, `rm`, or `rm, lsl #n`.
pub(super) fn operand(words: &[&str]) -> Option<Operand> {
    match words {
        [imm] if imm.starts_with('#') => immediate(imm).map(Operand::Imm),
        [m] => reg(m).map(|m| Operand::Reg(m, Shift::Lsl(0))),
        [m, shift] => {
            let (kind, amount) = shift.split_once(' ')?;
            let amount = immediate(amount).filter(|n| *n < 32)? as u8;
            let shift = match kind {
                "lsl" => Shift::Lsl(amount),
                "lsr" => Shift::Lsr(amount),
                "asr" => Shift::Asr(amount),
                _ => return None,
            };
            Some(Operand::Reg(reg(m)?, shift))
        }
        _ => None,
    }
}

/// Parses an address: `[rn]`, `[rn, #i]`, `[rn, #i]!`, `[rn], #i`, `[rn, rm, lsl #n]`, `.L5` or
/// `.L5+4`.
pub(super) fn address(words: &[&str]) -> Option<Address> {
    let (first, after) = words.split_first()?;
    if let Some(label) = first.strip_prefix('.') {
        let (label, addend) = label.split_once('+').map_or((label, Some(0)), |(l, n)| (l, number(n)));
        return Some(Address::Literal { label: format!(".{label}"), addend: addend? });
    }
    let (inner, pre) = first.strip_suffix('!').map_or((*first, false), |inner| (inner, true));
    let parts = split_operands(inner.strip_prefix('[')?.strip_suffix(']')?);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (base, offset) = parts.split_first()?;
    let base = reg(base)?;
    let (offset, index) = match (offset, after) {
        (offset, []) => (offset, if pre { Index::Pre } else { Index::Offset }),
        ([], after) if !pre => (after, Index::Post),
        _ => return None,
    };
    Some(Address::Based { base, offset: address_offset(offset)?, index })
}

fn address_offset(words: &[&str]) -> Option<Offset> {
    match words {
        [] => Some(Offset::Imm(0)),
        words => match operand(words)? {
            Operand::Imm(imm) => Some(Offset::Imm(imm as i32)),
            Operand::Reg(m, Shift::Lsl(n)) => Some(Offset::Reg(m, n)),
            Operand::Reg(..) => None,
        },
    }
}

fn braces(list: &str) -> Option<impl Iterator<Item = &str>> {
    Some(list.strip_prefix('{')?.strip_suffix('}')?.split(',').map(str::trim))
}

pub(super) fn reg_list(list: &str) -> Option<Vec<Reg>> {
    braces(list)?.map(reg).collect()
}

/// Parses a list of FPU registers: single registers, or a range `s0-s3`.
pub(super) fn sreg_list(list: &str) -> Option<Vec<SReg>> {
    let mut regs = Vec::new();
    for part in braces(list)? {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to) = (sreg(from)?, sreg(to)?);
        regs.extend((from.0..=to.0).map(SReg));
    }
    Some(regs)
}
