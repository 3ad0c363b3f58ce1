//! Listings of machine code: disassembled instructions with their cycles, the reason for the
//! cycles, and their source lines.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use spinntui_cortex_m4::{Cond, Decoded, Op, decode};

use super::lines::{Lines, SourceLine};
use super::{CodeFile, CodeFunction};
use crate::chip::cortex_m4f::{Timing, code_timing};

/// Instruction of a listing, or a word of data between instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeLine {
    /// Byte address in the PE's SRAM.
    pub address: u32,
    /// Size in bytes: 2 or 4.
    pub size: u8,
    /// Text as `objdump -d` writes it: `.word 0x...` or `.short 0x...` for data, `.short 0x...` for
    /// instructions that do not exist.
    pub text: String,
    /// Cycles and the reason for them; `None` for data and for invalid instructions.
    pub timing: Option<Timing>,
    /// Source line of the instruction; `None` in a file that was compiled without `-g`.
    pub line: Option<SourceLine>,
}

/// Listing of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionListing {
    /// Name and address of the function.
    pub function: CodeFunction,
    /// Instructions and data of the function, by ascending address.
    pub lines: Vec<CodeLine>,
}

impl FunctionListing {
    /// Returns the index in `lines` of the instruction at a byte address.
    pub fn at(&self, address: u32) -> Option<usize> {
        self.lines.binary_search_by_key(&address, |line| line.address).ok()
    }

    /// Returns the source file of the function, that of the first instruction with a source line.
    pub fn source(&self) -> Option<&str> {
        Some(self.lines.iter().find_map(|line| line.line.as_ref())?.file.as_str())
    }

    /// Returns the range of source lines in the function's own file that have instructions.
    pub fn source_lines(&self) -> Option<Range<u32>> {
        let own = self.source()?;
        let lines =
            || self.lines.iter().filter_map(|line| line.line.as_ref()).filter(|line| line.file == own);
        Some(lines().map(|line| line.line).min()?..lines().map(|line| line.line).max()? + 1)
    }
}

impl Timing {
    /// Returns the cycles as text; for a branch, first those if it is not taken, then if it is.
    pub fn cycles_text(&self) -> String {
        if self.cycles == self.taken {
            self.taken.to_string()
        } else {
            format!("{}, {}", self.cycles, self.taken)
        }
    }
}

impl CodeFile {
    /// Returns the listing of the function at a byte address. Each listing is computed once.
    pub fn listing(&self, address: u32) -> Option<Arc<FunctionListing>> {
        let function = self.function_at(address)?;
        let mut made = self.listings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = made.entry(function.address);
        Some(Arc::clone(known.or_insert_with(|| Arc::new(self.list(function)))))
    }

    fn list(&self, function: &CodeFunction) -> FunctionListing {
        let instructions = self.instructions(function);
        let entered = targets(&instructions);
        let lines = Lines::of(self);
        let mut before: Option<Decoded> = None;
        let line = |found: &Found| {
            let timing = found.decoded.map(|decoded| {
                let before = before.filter(|_| !entered.contains(&found.address));
                code_timing(&decoded, found.cond, before.as_ref())
            });
            before = found.decoded;
            let source = found.decoded.and_then(|_| lines.at(found.address));
            let (address, size, text) = (found.address, found.size, found.text.clone());
            CodeLine { address, size, text, timing, line: source }
        };
        FunctionListing { function: function.clone(), lines: instructions.iter().map(line).collect() }
    }

    /// Returns the halfword at a byte address of the loaded words; 0 where nothing is loaded.
    fn half(&self, address: u32) -> u16 {
        let word = self
            .words
            .iter()
            .find_map(|(start, words)| words.get((address.checked_sub(*start)? / 4) as usize).copied());
        (word.unwrap_or(0) >> (8 * (address & 2))) as u16
    }

    fn instructions(&self, function: &CodeFunction) -> Vec<Found> {
        let mut found = Vec::new();
        let (mut at, end) = (function.address, function.address.saturating_add(function.bytes.max(2)));
        let mut it = 0_u8;
        while at < end {
            let one = if self.is_data(at) { self.data(at, end) } else { self.instruction(at, it) };
            it = match one.decoded.map(|decoded| decoded.instruction.op) {
                Some(Op::IfThen { first, mask }) => first << 4 | mask,
                _ if it.trailing_zeros() >= 3 => 0,
                _ => it & 0xE0 | it << 1 & 0x1F,
            };
            at += u32::from(one.size);
            found.push(one);
        }
        found
    }

    fn instruction(&self, address: u32, it: u8) -> Found {
        let cond = if it == 0 { Cond::Always } else { Cond::of(it >> 4) };
        match decode(self.half(address), self.half(address + 2)) {
            Some(decoded) => Found {
                address,
                size: decoded.instruction.size,
                cond,
                text: decoded.instruction.text(address, cond),
                decoded: Some(decoded),
            },
            None => Found {
                address,
                size: 2,
                cond,
                text: format!(".short {:#06x}", self.half(address)),
                decoded: None,
            },
        }
    }

    fn data(&self, address: u32, end: u32) -> Found {
        let whole = address.is_multiple_of(4) && address + 4 <= end;
        let (low, high) = (u32::from(self.half(address)), u32::from(self.half(address + 2)));
        let (size, text) = if whole {
            (4, format!(".word {:#010x}", high << 16 | low))
        } else {
            (2, format!(".short {low:#06x}"))
        };
        Found { address, size, cond: Cond::Always, text, decoded: None }
    }
}

/// Decoded instruction or data word.
struct Found {
    address: u32,
    size: u8,
    cond: Cond,
    text: String,
    decoded: Option<Decoded>,
}

/// Returns the target addresses of the branches.
fn targets(instructions: &[Found]) -> BTreeSet<u32> {
    let target = |found: &Found| match found.decoded?.instruction.op {
        Op::Branch { offset, .. } | Op::CompareBranch { offset, .. } => {
            Some(found.address.wrapping_add_signed(offset))
        }
        _ => None,
    };
    instructions.iter().filter_map(target).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::listing::blocks::annotate;
    use crate::kernel::cost::SOURCES;

    /// Checks that the costs of each line of a compiler listing, which `spinntui kernels` prints,
    /// are equal to those of the machine code.
    #[test]
    fn cycles_and_reasons_are_those_of_the_compiler_listings() {
        let mut compared = 0;
        for function in SOURCES.iter().flat_map(|source| source.parse().unwrap()) {
            let file = CodeFile::built_in_with(&function.name).unwrap();
            let code = file.listing(file.function(&function.name).unwrap().address).unwrap();
            let own: Vec<(String, String)> =
                annotate(&function).iter().map(|timing| (timing.cycles_text(), timing.why())).collect();
            let found: Vec<(String, String)> = code
                .lines
                .iter()
                .filter_map(|line| line.timing)
                .map(|timing| (timing.cycles_text(), timing.why()))
                .collect();
            // A `nop` may precede constants to align them.
            let (listed, rest) = found.split_at(own.len().min(found.len()));
            assert_eq!(listed, own, "{}", function.name);
            assert!(rest.iter().all(|(_, why)| why.starts_with("NOP")), "{}: {rest:?}", function.name);
            compared += own.len();
        }
        assert!(compared > 1000, "{compared}");
    }

    #[test]
    fn a_listing_has_lines_of_the_source_and_data_apart() {
        let file = CodeFile::built_in().unwrap();
        let listing = file.listing(file.function("csr_row").unwrap().address).unwrap();
        assert!(listing.source().is_some_and(|name| name.ends_with("csr_row.c")));
        let lines = listing.source_lines().unwrap();
        assert!(lines.start > 1 && lines.end > lines.start + 4, "{lines:?}");
        let words = file.functions().iter().filter_map(|function| file.listing(function.address));
        let data =
            words.flat_map(|listing| listing.lines.clone()).filter(|line| line.text.starts_with(".word"));
        assert!(data.count() > 2);
        let is_data = |line: &CodeLine| line.text.starts_with('.');
        assert!(listing.lines.iter().all(|line| line.timing.is_some() != is_data(line)));
        assert_eq!(listing.at(listing.function.address), Some(0));
    }
}
