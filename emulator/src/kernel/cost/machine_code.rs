//! Check of the committed machine code against the listings.
//!
//! Wherever a test or a measurement executes a listing on a board, the machine code is executed on
//! an equal board. It has to leave the same words and take the same cycles and instructions.

use std::collections::BTreeMap;

use spinntui_cortex_m4::{Bus, Cache, Core, Limits, Stop, Traps};

use crate::chip::listing::Function;
use crate::chip::listing::board::Board;
use crate::chip::listing::trace::{Call, Memory, Step};
use crate::kernel::code::CodeFile;
use crate::kernel::code::run::Table;
use crate::kernel::cost::SOURCES;

/// Board with machine code.
struct CodeBoard<'a> {
    board: Board,
    code: BTreeMap<u32, u32>,
    symbols: &'a [(&'a str, u32)],
    file: &'a CodeFile,
}

impl CodeBoard<'_> {
    /// Returns the board's word for an address: measurements place some symbols at other addresses
    /// than the linker does.
    fn word(&self, address: u32) -> u32 {
        let symbol = self.file.data_symbol_at(address & !3);
        let placed = symbol.and_then(|(name, offset)| {
            Some(self.symbols.iter().find(|(known, _)| *known == name)?.1.wrapping_add(offset))
        });
        placed.unwrap_or(address & !3)
    }
}

impl Bus for CodeBoard<'_> {
    fn load(&mut self, address: u32, bytes: u32) -> Option<u32> {
        let word = match self.code.get(&(address & !3)) {
            Some(&word) => word,
            None => self.board.load(self.word(address)).ok()?,
        };
        Some(word >> (8 * (address & 3)) & (u32::MAX >> (32 - 8 * bytes)))
    }

    fn store(&mut self, address: u32, bytes: u32, value: u32) -> Option<()> {
        let (at, shift) = (self.word(address), 8 * (address & 3));
        let mask = (u32::MAX >> (32 - 8 * bytes)) << shift;
        let kept = if bytes == 4 { 0 } else { self.board.load(at).ok()? & !mask };
        self.board.store(at, kept | value << shift & mask).ok()
    }

    fn fetch(&self, address: u32) -> Option<u32> {
        let word = |at: u32| self.code.get(&at).copied().unwrap_or(0);
        let at = address & !3;
        Some(if address & 2 == 0 { word(at) } else { word(at) >> 16 | word(at + 4) << 16 })
    }
}

/// Executes the machine code of `function` and compares it with the execution of the listing.
pub(super) fn check(function: &Function, call: &Call<'_>, before: Board, after: &Board, steps: &[Step]) {
    let committed = SOURCES.iter().any(|source| source.functions.contains(&function.name.as_str()));
    let file = CodeFile::built_in_with(&function.name).unwrap();
    if !committed {
        return;
    }
    let entry = file.function(&function.name).unwrap();
    let code =
        file.words.iter().flat_map(|(at, words)| (*at..).step_by(4).zip(words.iter().copied())).collect();
    let mut board = CodeBoard { board: before, code, symbols: call.symbols, file };
    let mut core = Core::call(entry.address, call.stack, Traps { unaligned: true, divide: true });
    let registers = call.arguments.len().min(4);
    core.r[..registers].copy_from_slice(&call.arguments[..registers]);
    board.board.put(call.stack, call.arguments[registers..].iter().copied());
    let limits = Limits { instructions: 2_000_000 };
    let stop = core.run(&mut Cache::default(), &mut board, &Table, limits);
    assert_eq!(stop, Ok(Stop::Returned), "{}", function.name);
    let end = steps.last().unwrap().end;
    let cycles = (u64::from(end.fixed), u64::from(end.refills));
    assert_eq!((core.counts.cycles, core.counts.refills), cycles, "{}", function.name);
    assert_eq!(core.counts.instructions, steps.len() as u64, "{}", function.name);
    // Only pushed return addresses may differ, and they are on the stack.
    let differs =
        board.board.differing(after).into_iter().find(|at| *at >= call.stack || *at < call.stack - 256);
    assert_eq!(differs, None, "{}", function.name);
}
