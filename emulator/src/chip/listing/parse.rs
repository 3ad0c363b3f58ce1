//! Parser of a listing's functions and instructions.

use std::collections::BTreeMap;

use super::instruction::{Address, Alu, Cond, Convert, Fpu, Instruction, Op, Reg, VUnary, Width};
use super::operands::{address, immediate, number, operand, reg, reg_list, split_operands, sreg, sreg_list};
use super::timed::{timed, timed_fpu};
use super::{Function, ListingError, Literal};

/// Returns the names of the functions of a listing, in order.
pub(super) fn names(listing: &str) -> Vec<&str> {
    listing.lines().filter_map(function_name).collect()
}

/// Returns the name in a line such as `.type csr_row, %function`.
fn function_name(line: &str) -> Option<&str> {
    let (name, kind) = line.trim().strip_prefix(".type")?.split_once(',')?;
    matches!(kind.trim(), "%function" | "@function").then_some(name.trim())
}

/// Reads one function, from its label to its `.size` line.
pub(super) fn function(listing: &str, name: &str) -> Result<Function, ListingError> {
    let mut function = Function {
        name: name.to_string(),
        instructions: Vec::new(),
        labels: BTreeMap::new(),
        literals: BTreeMap::new(),
    };
    let mut inside = false;
    let mut label: Option<String> = None;
    for (index, raw) in listing.lines().enumerate() {
        let text = raw.split('@').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(found) = text.strip_suffix(':') {
            if found == name {
                inside = true;
            } else if inside {
                function.labels.insert(found.to_string(), function.instructions.len());
                label = Some(found.to_string());
            }
        } else if !inside || text.is_empty() {
        } else if text.starts_with(".size") {
            check_labels(&function)?;
            return Ok(function);
        } else if let Some(word) = text.strip_prefix(".word").or_else(|| text.strip_prefix(".long")) {
            if let Some(label) = &label {
                function.literals.entry(label.clone()).or_default().push(literal(word.trim()));
            }
        } else if !text.starts_with('.') {
            function.instructions.push(instruction(index + 1, &text)?);
        }
    }
    Err(ListingError::NoFunction { name: name.to_string() })
}

fn literal(word: &str) -> Literal {
    number(word).map_or_else(|| Literal::Symbol(word.to_string()), Literal::Word)
}

/// Checks that every label in use exists and that the code does not run past its end.
pub(super) fn check_labels(function: &Function) -> Result<(), ListingError> {
    for instruction in &function.instructions {
        let missing = |label: &str| ListingError::NoLabel {
            line: instruction.line,
            label: label.to_string(),
            function: function.name.clone(),
        };
        if let Some(label) = instruction.op.target() {
            let to = function.labels.get(label).ok_or_else(|| missing(label))?;
            if *to >= function.instructions.len() {
                return Err(missing(label));
            }
        }
        if let Op::Load { address: Address::Literal { label, .. }, .. }
        | Op::VLoad { address: Address::Literal { label, .. }, .. } = &instruction.op
            && !function.literals.contains_key(label)
        {
            return Err(missing(label));
        }
    }
    Ok(())
}

/// Reads one instruction.
pub(super) fn instruction(line: usize, text: &str) -> Result<Instruction, ListingError> {
    let (mnemonic, rest) = text.split_once(' ').unwrap_or((text, ""));
    let operands = split_operands(rest);
    let words: Vec<&str> = operands.iter().map(String::as_str).collect();
    let bare = mnemonic.trim_end_matches(".n").trim_end_matches(".w");
    let (cond, op) = split_condition(bare)
        .into_iter()
        .find_map(|(name, cond)| decode(&name, cond, &words).map(|op| (cond, op)))
        .ok_or_else(|| unknown(line, text, bare))?;
    let op = op.map_err(|expected| ListingError::Operands { line, text: text.to_string(), expected })?;
    Ok(Instruction { line, text: text.to_string(), cond, op })
}

fn unknown(line: usize, text: &str, mnemonic: &str) -> ListingError {
    ListingError::UnknownMnemonic { line, text: text.to_string(), mnemonic: mnemonic.to_string() }
}

/// Returns the possible readings of a mnemonic: as a whole, and with its last two letters (before
/// `.f32`) as a condition.
fn split_condition(mnemonic: &str) -> Vec<(String, Cond)> {
    let mut ways = vec![(mnemonic.to_string(), Cond::Always)];
    let (head, tail) = mnemonic.split_once('.').map_or((mnemonic, None), |(h, t)| (h, Some(t)));
    if let Some(at) = head.len().checked_sub(2)
        && let (Some(stem), Some(suffix)) = (head.get(..at), head.get(at..))
        && let Some(cond) = condition(suffix)
    {
        ways.push((tail.map_or_else(|| stem.to_string(), |tail| format!("{stem}.{tail}")), cond));
    }
    ways
}

fn condition(suffix: &str) -> Option<Cond> {
    Some(match suffix {
        "eq" => Cond::Eq,
        "ne" => Cond::Ne,
        "cs" | "hs" => Cond::Cs,
        "cc" | "lo" => Cond::Cc,
        "mi" => Cond::Mi,
        "pl" => Cond::Pl,
        "vs" => Cond::Vs,
        "vc" => Cond::Vc,
        "hi" => Cond::Hi,
        "ls" => Cond::Ls,
        "ge" => Cond::Ge,
        "lt" => Cond::Lt,
        "gt" => Cond::Gt,
        "le" => Cond::Le,
        _ => return None,
    })
}

/// Decoded operation, or the expected operands if they could not be read.
type Decoded = Result<Op, &'static str>;

/// Decodes an instruction from its name and operands; `None` if the name is unknown.
fn decode(name: &str, cond: Cond, words: &[&str]) -> Option<Decoded> {
    if let Some(v) = name.strip_prefix('v') {
        return decode_fpu(v, words);
    }
    // An IT block's instructions do not set flags; outside one, `s` at the end does.
    let (stem, flags) = match name.strip_suffix('s') {
        Some(stem) if alu(stem).is_some() || matches!(stem, "mov" | "mvn") => (stem, true),
        _ => (name, false),
    };
    if let Some(alu) = alu(stem) {
        return Some(decode_alu(alu, flags, words));
    }
    Some(match (stem, words) {
        ("mov" | "movw" | "mvn", [d, source @ ..]) => {
            both(reg(d), operand(source), "a register and an operand").map(|(d, source)| Op::Move {
                d,
                source,
                not: stem == "mvn",
                flags,
            })
        }
        ("movt", [d, imm]) => {
            both(reg(d), immediate(imm), "a register and a constant").map(|(d, imm)| Op::MoveTop { d, imm })
        }
        ("mla", [d, n, m, a]) => regs4([d, n, m, a]).map(|[d, n, m, a]| Op::MultiplyAdd { d, n, m, a }),
        ("ubfx", [d, n, lsb, width]) => decode_bits(d, n, immediate(lsb), immediate(width)),
        ("uxtb", [d, n]) => decode_bits(d, n, Some(0), Some(8)),
        ("uxth", [d, n]) => decode_bits(d, n, Some(0), Some(16)),
        ("clz", [d, n]) => both(reg(d), reg(n), "two registers").map(|(d, n)| Op::LeadingZeros { d, n }),
        ("tst", [n, m @ ..]) => {
            both(reg(n), operand(m), "a register and an operand").map(|(n, m)| Op::Test { n, m })
        }
        ("cmp", [n, m @ ..]) => {
            both(reg(n), operand(m), "a register and an operand").map(|(n, m)| Op::Compare { n, m })
        }
        // gcc returns in this way if it has saved only LR.
        ("ldr", ["pc", "[sp]", "#4"]) => Ok(Op::Pop(vec![Reg::PC])),
        ("ldr" | "ldrh" | "ldrb" | "ldrsh" | "ldrsb", [d, at @ ..]) => {
            both(reg(d), address(at), "a register and an address").map(|(d, address)| Op::Load {
                width: width(name),
                d,
                address,
            })
        }
        ("str" | "strh" | "strb", [t, at @ ..]) => both(reg(t), address(at), "a register and an address")
            .map(|(t, address)| Op::Store { width: width(name), t, address }),
        ("ldrd", [a, b, at @ ..]) => both(reg(a).zip(reg(b)), address(at), "two registers and an address")
            .map(|((a, b), address)| Op::LoadDual { d: [a, b], address }),
        ("strd", [a, b, at @ ..]) => both(reg(a).zip(reg(b)), address(at), "two registers and an address")
            .map(|((a, b), address)| Op::StoreDual { t: [a, b], address }),
        ("push", [list]) => reg_list(list).map(Op::Push).ok_or("a register list"),
        ("pop", [list]) => reg_list(list).map(Op::Pop).ok_or("a register list"),
        ("b", [label]) => Ok(Op::Branch { label: (*label).to_string() }),
        ("cbz" | "cbnz", [n, label]) => reg(n).ok_or("a register and a label").map(|n| Op::CompareBranch {
            n,
            nonzero: stem == "cbnz",
            label: (*label).to_string(),
        }),
        ("bx", ["lr"]) => Ok(Op::Return),
        ("bx", _) => Err("lr: only returns are supported"),
        ("nop", []) => Ok(Op::Nop),
        ("wfi" | "wfe", []) => Ok(Op::WaitForInterrupt),
        ("cpsid", ["i"]) => Ok(Op::MaskInterrupts(true)),
        ("cpsie", ["i"]) => Ok(Op::MaskInterrupts(false)),
        (it, [_]) if cond == Cond::Always && is_if_then(it) => Ok(Op::IfThen),
        _ => return timed(stem, words).map(|timed| timed.map(Op::Timed)),
    })
}

fn width(name: &str) -> Width {
    match name.get(3..).unwrap_or_default() {
        "h" => Width::Half,
        "b" => Width::Byte,
        "sh" => Width::SignedHalf,
        "sb" => Width::SignedByte,
        _ => Width::Word,
    }
}

/// Returns `true` for `it` with up to three more letters, each `t` or `e`.
fn is_if_then(name: &str) -> bool {
    name.len() <= 5
        && name.strip_prefix("it").is_some_and(|more| more.bytes().all(|b| b == b't' || b == b'e'))
}

fn alu(name: &str) -> Option<Alu> {
    Some(match name {
        "add" => Alu::Add,
        "sub" => Alu::Sub,
        "rsb" => Alu::Rsb,
        "and" => Alu::And,
        "orr" => Alu::Orr,
        "eor" => Alu::Eor,
        "bic" => Alu::Bic,
        "lsl" => Alu::Lsl,
        "lsr" => Alu::Lsr,
        "asr" => Alu::Asr,
        "mul" => Alu::Mul,
        _ => return None,
    })
}

fn decode_alu(alu: Alu, flags: bool, words: &[&str]) -> Decoded {
    const EXPECTED: &str = "a destination, a register and an operand";
    // `add r0, r1` is short for `add r0, r0, r1`.
    let (d, n, m) = match words {
        [d, n, m @ ..] if !m.is_empty() && reg(n).is_some() && !is_shift(m) => (reg(d), reg(n), operand(m)),
        [d, m @ ..] => (reg(d), reg(d), operand(m)),
        [] => (None, None, None),
    };
    let (d, n, m) = d.zip(n).zip(m).map(|((d, n), m)| (d, n, m)).ok_or(EXPECTED)?;
    Ok(Op::Alu { alu, d, n, m, flags })
}

fn is_shift(words: &[&str]) -> bool {
    words
        .first()
        .is_some_and(|word| word.starts_with("lsl ") || word.starts_with("lsr ") || word.starts_with("asr "))
}

fn decode_bits(d: &str, n: &str, lsb: Option<u32>, width: Option<u32>) -> Decoded {
    const EXPECTED: &str = "two registers, the lowest bit (0..=31) and the width (1..=32)";
    let (d, n) = reg(d).zip(reg(n)).ok_or(EXPECTED)?;
    let (lsb, width) = lsb.zip(width).ok_or(EXPECTED)?;
    if width == 0 || lsb.checked_add(width).is_none_or(|end| end > 32) {
        return Err(EXPECTED);
    }
    Ok(Op::BitField { d, n, lsb: lsb as u8, width: width as u8 })
}

/// Decodes an FPU instruction from its name without the `v`.
fn decode_fpu(name: &str, words: &[&str]) -> Option<Decoded> {
    const THREE: &str = "three single-precision registers";
    const TWO: &str = "two single-precision registers";
    const MEMORY: &str = "a single-precision register and an address";
    const LIST: &str = "a base register and a list of single-precision registers";
    let binary = |fpu| match words {
        [d, n, m] => {
            sreg(d).zip(sreg(n)).zip(sreg(m)).map(|((d, n), m)| Op::VBinary { fpu, d, n, m }).ok_or(THREE)
        }
        _ => Err(THREE),
    };
    let unary = |unary| match words {
        [d, m] => both(sreg(d), sreg(m), TWO).map(|(d, m)| Op::VUnary { d, m, unary }),
        _ => Err(TWO),
    };
    let convert = |convert| match words {
        [d, m] => both(sreg(d), sreg(m), TWO).map(|(d, m)| Op::VConvert { d, m, convert }),
        _ => Err(TWO),
    };
    Some(match (name, words) {
        ("add.f32", _) => binary(Fpu::Add),
        ("sub.f32", _) => binary(Fpu::Sub),
        ("mul.f32", _) => binary(Fpu::Mul),
        ("div.f32", _) => binary(Fpu::Div),
        ("fma.f32", _) => binary(Fpu::Fma),
        ("neg.f32", _) => unary(VUnary::Neg),
        ("abs.f32", _) => unary(VUnary::Abs),
        ("sqrt.f32", _) => unary(VUnary::Sqrt),
        ("mov.f32", [d, constant]) if constant.starts_with('#') => {
            let value = constant.trim_start_matches('#').parse().ok();
            both(sreg(d), value, "a single-precision register and a constant")
                .map(|(d, value)| Op::VConstant { d, value })
        }
        ("mov.f32", _) => unary(VUnary::Move),
        ("mov", [a, b]) => match (sreg(a), reg(a), sreg(b), reg(b)) {
            (Some(d), _, Some(m), _) => Ok(Op::VUnary { d, m, unary: VUnary::Move }),
            (Some(d), _, _, Some(t)) => Ok(Op::VFromCore { d, t }),
            (_, Some(d), Some(m), _) => Ok(Op::VToCore { d, m }),
            _ => Err("a core register and a single-precision register, in either order"),
        },
        ("cvt.f32.s32", _) => convert(Convert::FromSigned),
        ("cvt.f32.u32", _) => convert(Convert::FromUnsigned),
        ("cvt.s32.f32", _) => convert(Convert::ToSigned),
        ("cvt.u32.f32", _) => convert(Convert::ToUnsigned),
        ("cmp.f32" | "cmpe.f32", [n, "#0" | "#0.0"]) => {
            sreg(n).ok_or(TWO).map(|n| Op::VCompare { n, m: None })
        }
        ("cmp.f32" | "cmpe.f32", [n, m]) => {
            both(sreg(n), sreg(m), TWO).map(|(n, m)| Op::VCompare { n, m: Some(m) })
        }
        ("mrs", ["APSR_nzcv", "FPSCR" | "fpscr"]) => Ok(Op::VFlags),
        ("ldr.32", [d, at @ ..]) => {
            both(sreg(d), address(at), MEMORY).map(|(d, address)| Op::VLoad { d, address })
        }
        ("str.32", [t, at @ ..]) => {
            both(sreg(t), address(at), MEMORY).map(|(t, address)| Op::VStore { t, address })
        }
        ("ldmia.32", [base, list]) => both(reg(base.trim_end_matches('!')), sreg_list(list), LIST)
            .map(|(b, d)| Op::VLoadMultiple { base: b, writeback: base.ends_with('!'), d }),
        ("stmia.32", [base, list]) => both(reg(base.trim_end_matches('!')), sreg_list(list), LIST)
            .map(|(b, t)| Op::VStoreMultiple { base: b, writeback: base.ends_with('!'), t }),
        _ => return timed_fpu(name, words).map(|timed| timed.map(Op::Timed)),
    })
}

fn both<A, B>(a: Option<A>, b: Option<B>, expected: &'static str) -> Result<(A, B), &'static str> {
    a.zip(b).ok_or(expected)
}

fn regs4(names: [&str; 4]) -> Result<[Reg; 4], &'static str> {
    match names.map(reg) {
        [Some(a), Some(b), Some(c), Some(d)] => Ok([a, b, c, d]),
        _ => Err("four registers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::listing::instruction::{Index, Offset, Operand, Shift};

    fn one(text: &str) -> Result<Instruction, ListingError> {
        let listing = format!("f:\n\t{text}\n\tbx\tlr\n.L9:\n\t.word 7\n\t.size f, .-f\n");
        function(&listing, "f").map(|f| f.instructions[0].clone())
    }

    #[test]
    fn conditions_and_flags_are_told_apart() {
        assert_eq!(one("movs r0, #1").unwrap().cond, Cond::Always);
        assert_eq!(one("moveq r0, #1").unwrap().cond, Cond::Eq);
        assert_eq!(one("vsubgt.f32 s0, s1, s2").unwrap().cond, Cond::Gt);
        assert!(matches!(one("lsls r0, r1, #2").unwrap().op, Op::Alu { alu: Alu::Lsl, flags: true, .. }));
        assert!(matches!(one("lsl r0, r1, #2").unwrap().op, Op::Alu { alu: Alu::Lsl, flags: false, .. }));
        assert!(matches!(one("itte le").unwrap().op, Op::IfThen));
    }

    #[test]
    fn two_and_three_operands_read_alike() {
        assert_eq!(one("add r0, r0, r1").unwrap().op, one("add r0, r1").unwrap().op);
        assert_eq!(
            one("add r0, r1, r2, lsl #3").unwrap().op,
            Op::Alu {
                alu: Alu::Add,
                d: Reg(0),
                n: Reg(1),
                m: Operand::Reg(Reg(2), Shift::Lsl(3)),
                flags: false
            }
        );
    }

    #[test]
    fn addressing_modes_are_told_apart() {
        for (text, expected) in
            [("[r1, #4]!", Index::Pre), ("[r1], #4", Index::Post), ("[r1, #4]", Index::Offset)]
        {
            let op = one(&format!("ldr r0, {text}")).unwrap().op;
            let Op::Load { address: Address::Based { index, offset, .. }, .. } = op else { panic!("{op:?}") };
            assert_eq!((index, offset), (expected, Offset::Imm(4)));
        }
    }

    #[test]
    fn what_is_not_known_is_an_error_with_its_line() {
        let error = one("tbb [pc, r3]").unwrap_err();
        assert!(
            matches!(&error, ListingError::UnknownMnemonic { line: 2, mnemonic, .. } if mnemonic == "tbb")
        );
        assert!(matches!(one("add r0, r77, r1"), Err(ListingError::Operands { line: 2, .. })));
        assert!(matches!(one("b .L3"), Err(ListingError::NoLabel { line: 2, .. })));
        assert!(matches!(function("g:\n", "f"), Err(ListingError::NoFunction { .. })));
    }
}
