//! Reader of the output of `objdump -d`, which turns each line into the form of `gcc -S`.

use std::collections::BTreeMap;

use super::parse::{check_labels, instruction};
use super::{Function, ListingError, Literal};

/// Returns `true` if a text is a disassembly: it has lines such as `00000000 <csr_row>:`.
pub(super) fn is_objdump(text: &str) -> bool {
    text.lines().any(|line| header(line).is_some())
}

/// Parses the heading of a function, such as `00000000 <csr_row>:`, into address and name.
fn header(line: &str) -> Option<(u32, &str)> {
    let (address, name) = line.trim_end().split_once(' ')?;
    let name = name.strip_prefix('<')?.strip_suffix(">:")?;
    Some((hex(address)?, name))
}

fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 16).ok()
}

/// Line of code or data in a disassembly.
struct Line<'a> {
    /// Number of the line in the file, from 1.
    number: usize,
    address: u32,
    mnemonic: &'a str,
    operands: &'a str,
}

/// Parses a line of code or data: address and colon, encoding, mnemonic, and operands with a
/// comment, separated by tabs.
///
/// Returns `None` for other lines.
fn line(number: usize, text: &str) -> Option<Line<'_>> {
    let mut fields = text.split('\t');
    let address = hex(fields.next()?.trim().strip_suffix(':')?)?;
    let _encoding = fields.next()?;
    let mnemonic = fields.next()?.trim();
    let operands = fields.next().unwrap_or_default();
    let operands = operands.split(['@', ';']).next().unwrap_or_default().trim();
    Some(Line { number, address, mnemonic, operands })
}

/// Parses all functions of a disassembly, in the order of the text.
pub(super) fn functions(text: &str) -> Result<Vec<Function>, ListingError> {
    let mut functions = Vec::new();
    let mut current: Option<(&str, Vec<Line<'_>>)> = None;
    for (index, raw) in text.lines().enumerate() {
        if let Some((_, name)) = header(raw) {
            functions.extend(current.replace((name, Vec::new())));
        } else if let (Some((_, lines)), Some(line)) = (&mut current, line(index + 1, raw)) {
            lines.push(line);
        }
    }
    functions.extend(current);
    functions.into_iter().map(|(name, lines)| function(name, &lines)).collect()
}

fn function(name: &str, lines: &[Line<'_>]) -> Result<Function, ListingError> {
    let mut function = Function {
        name: name.to_string(),
        instructions: Vec::new(),
        labels: BTreeMap::new(),
        literals: BTreeMap::new(),
    };
    let mut at: BTreeMap<u32, usize> = BTreeMap::new();
    let mut used = Vec::new();
    for line in lines {
        if line.mnemonic == ".word" {
            let word = line.operands.strip_prefix("0x").and_then(hex).unwrap_or(0);
            function.literals.insert(label(line.address), vec![Literal::Word(word)]);
        } else if !line.mnemonic.starts_with('.') {
            at.insert(line.address, function.instructions.len());
            let (text, target) = assembly(line);
            used.extend(target);
            function.instructions.push(instruction(line.number, &text)?);
        }
    }
    for target in used {
        if let Some(&index) = at.get(&target) {
            function.labels.insert(label(target), index);
        }
    }
    check_labels(&function)?;
    Ok(function)
}

fn label(address: u32) -> String {
    format!(".L{address:x}")
}

/// Returns the line in the form of `gcc -S`, and the address that it branches to.
fn assembly(line: &Line<'_>) -> (String, Option<u32>) {
    let bare = line.mnemonic.trim_end_matches(".n").trim_end_matches(".w");
    let operands = line.operands;
    if bare.starts_with('b') || bare.starts_with("cb") {
        // `4c <csr_row+0x4c>`, for cbz after a register.
        let (before, target) = operands.rsplit_once(", ").map_or(("", operands), |(b, t)| (b, t));
        if let Some(target) = target.split_once(" <").and_then(|(address, _)| hex(address)) {
            let comma = if before.is_empty() { "" } else { ", " };
            return (format!("{bare} {before}{comma}{}", label(target)), Some(target));
        }
    }
    if let Some((before, offset)) = operands.split_once("[pc, #") {
        let offset = offset.strip_suffix(']').and_then(|n| n.parse::<i64>().ok());
        if let Some(offset) = offset {
            // PC reads as the instruction's address plus 4, cut to whole words.
            let from = i64::from((line.address + 4) & !3);
            return (format!("{} {before}{}", typed(bare, operands), label((from + offset) as u32)), None);
        }
    }
    let text = match (bare, operands.strip_prefix("sp!, ")) {
        ("stmdb", Some(list)) => format!("push {list}"),
        ("ldmia" | "ldm", Some(list)) => format!("pop {list}"),
        ("vmov.f32", _) => format!("{bare} {}", constant(operands)),
        _ => format!("{} {operands}", typed(bare, operands)),
    };
    (text.trim_end().to_string(), None)
}

/// Adds the register size, which objdump leaves out, to `vldr`, `vstr`, `vldmia` and `vstmia`.
fn typed(mnemonic: &str, operands: &str) -> String {
    let sized = ["vldr", "vstr", "vldm", "vstm"].iter().any(|stem| mnemonic.starts_with(stem));
    if !sized || mnemonic.contains('.') {
        return mnemonic.to_string();
    }
    let register = operands.split_once('{').map_or(operands, |(_, list)| list);
    format!("{mnemonic}.{}", if register.starts_with('d') { 64 } else { 32 })
}

/// Decodes a constant, of which objdump shows the 8-bit encoding: `s14, #112` becomes `s14, #1e0`.
fn constant(operands: &str) -> String {
    let decoded = operands.split_once(", #").and_then(|(d, code)| Some((d, code.parse::<u8>().ok()?)));
    let Some((d, code)) = decoded else { return operands.to_string() };
    let code = u32::from(code);
    let exponent = if code & 0x40 == 0 { 0x80 } else { 0x7C } | code >> 4 & 3;
    let value = f32::from_bits(code >> 7 << 31 | exponent << 23 | (code & 0xF) << 19);
    format!("{d}, #{value:e}")
}

#[cfg(test)]
mod tests {
    use super::super::trace::{Call, execute};
    use super::*;
    use crate::chip::listing::blocks::Shape;
    use crate::chip::listing::board::Board;

    /// `csr_row` as objdump 2.40 shows it; comment mark and spacing as it writes them.
    const CSR_ROW: &str = include_str!("../../../../assets/kernels/csr_row.objdump");

    #[test]
    fn the_same_kernel_reads_alike_from_both() {
        let from_objdump = &functions(CSR_ROW).unwrap()[0];
        let from_gcc =
            Function::parse(include_str!("../../../../assets/kernels/csr_row.s"), "csr_row").unwrap();
        let ops = |f: &Function| {
            f.instructions.iter().map(|i| (i.cond, i.op.target().is_some())).collect::<Vec<_>>()
        };
        assert_eq!(ops(from_objdump), ops(&from_gcc));
        let iterations =
            |f: &Function| Shape::of(f).unwrap().loops.iter().map(|l| l.iteration).collect::<Vec<_>>();
        assert_eq!(iterations(from_objdump), iterations(&from_gcc));

        let cycles = |f: &Function| {
            let mut board = Board::default();
            board.put(0x104, [2, 2, 3]);
            let call =
                Call { arguments: &[0x200, 0x300, 0x100, 3, 0x400, 0x500], stack: 0x1000, symbols: &[] };
            execute(f, &call, &mut board).unwrap().last().unwrap().end
        };
        assert_eq!(cycles(from_objdump), cycles(&from_gcc));
    }

    #[test]
    fn encoded_constants_are_numbers() {
        for (code, value) in [(112, 1.0), (0, 2.0), (240, -1.0), (96, 0.5), (120, 1.5), (63, 31.0)] {
            assert_eq!(constant(&format!("s14, #{code}")), format!("s14, #{value:e}"));
        }
        assert_eq!(constant("s14, s15"), "s14, s15");
    }

    #[test]
    fn prologues_returns_and_constants_in_the_code_are_understood() {
        let text = "00000010 <f>:\n  10:\te92d 47f0 \tstmdb\tsp!, {r4, sl, lr}\n  14:\t4842      \tldr\tr0, [pc, #4]\t@ (1c <f+0xc>)\n  16:\teef1 fa10 \tvmrs\tAPSR_nzcv, fpscr\n  1a:\te8bd 87f0 \tldmia.w\tsp!, {r4, sl, pc}\n  1c:\t00000007 \t.word\t0x00000007\n";
        let f = &functions(text).unwrap()[0];
        assert_eq!(f.instructions.len(), 4);
        assert!(f.instructions[3].op.returns());
        assert_eq!(f.literals[".L1c"], [Literal::Word(7)]);
    }

    #[test]
    fn what_is_not_known_has_the_line_of_the_file() {
        let text = "\nfile format\n\n00000000 <f>:\n   0:\te8df f003 \ttbb\t[pc, r3]\n";
        assert!(matches!(functions(text), Err(ListingError::UnknownMnemonic { line: 5, .. })));
        let text = "00000000 <f>:\n   0:\te7fe      \tb.n\t80 <g>\n";
        assert!(matches!(functions(text), Err(ListingError::NoLabel { line: 2, .. })));
    }
}
