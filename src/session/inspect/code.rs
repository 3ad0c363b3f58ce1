//! Machine code of a PE: its listing beside its source, and the call that is stepped through.

use serde::{Deserialize, Serialize};

use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::kernel::code::listing::FunctionListing;
use crate::kernel::code::run::Entry;
use crate::machine::program::{Action, PeProgram};
use crate::mapping::code::entry_of;
use crate::session::Session;
use crate::session::call::{Call, Frame, RETURNED};
use crate::session::code_request::Level;
use crate::text::several;

/// Largest number of source lines that are shown around a function.
const MOST_LINES: u32 = 400;
/// Lines of source shown before the first one with instructions: the head of the function.
const HEAD: u32 = 4;

/// Instruction, or data between instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstructionView {
    /// Byte address in the PE's SRAM.
    pub address: u32,
    /// Text in the form of `objdump -d`.
    pub text: String,
    /// Cycles: of a branch those of going on and of branching; empty for data.
    pub cycles: String,
    /// Reason for the cycles; empty for data.
    pub why: String,
    /// Line of the source, if it is in the file shown.
    pub line: Option<u32>,
}

/// Register with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterView {
    /// Name as Arm has it: `r0`, `sp`, `s15`.
    pub name: String,
    /// Value of the register, as bits.
    pub bits: u32,
    /// Whether the last instruction has changed it.
    pub changed: bool,
}

/// Function under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameView {
    /// Name of the function; its address where the file has no name for it.
    pub function: String,
    /// Place of the next instruction in the source: `csr_row.c:19`, or an address.
    pub place: String,
}

/// Call that is stepped through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallView {
    /// Instructions executed so far.
    pub executed: u64,
    /// Instructions of the whole call; `None` if it faults or seems endless.
    pub instructions: Option<u64>,
    /// PE cycles so far.
    pub cycles: u64,
    /// PE cycles of the whole call.
    pub whole_cycles: Option<u64>,
    /// Chip time of the cycles so far, µs.
    pub us: f64,
    /// Whether the call has returned.
    pub returned: bool,
    /// Core registers and status.
    pub core: Vec<RegisterView>,
    /// Singles of the FPU.
    pub singles: Vec<RegisterView>,
    /// Flags that are set, in Arm's letters, lower case where they are not: `NzCv`.
    pub flags: String,
    /// Functions under way, the innermost first.
    pub frames: Vec<FrameView>,
    /// The last instruction and its cycles; empty at the begin.
    pub last: String,
}

/// Machine code of a PE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeView {
    /// Level at which the PE runs its routines.
    pub level: Level,
    /// Name of the file that has the code.
    pub file: String,
    /// Name of the function shown.
    pub function: String,
    /// Name of the source file; empty if the code does not say.
    pub source_file: String,
    /// Number of the first line of `source`, from 1.
    pub first_line: u32,
    /// Lines of the source around the function; empty where the file is not found.
    pub source: Vec<String>,
    /// The function's instructions.
    pub listing: Vec<InstructionView>,
    /// Place of the next instruction in `listing`; `None` outside of a call.
    pub at: Option<usize>,
    /// Call under way; `None` if none is stepped through.
    pub call: Option<CallView>,
}

/// Inspects the machine code of a PE; `None` if no routine of it has any.
pub(super) fn code(session: &Session, pe: Pe) -> Option<CodeView> {
    let loaded = session.program().pe(pe)?;
    let call = session.call().filter(|_| session.followed_pe() == Some(pe));
    let entry = match call {
        Some(call) => call.entry().clone(),
        None => next_entry(session, loaded, pe)?,
    };
    let pc = call.map_or(entry.address, |call| call.core.r[15]);
    let shown = if pc == RETURNED { entry.address } else { pc };
    let listing = entry.file.listing(shown).or_else(|| entry.file.listing(entry.address))?;
    let at = call.and_then(|_| listing.at(pc));
    let own = at.and_then(|at| listing.lines.get(at)?.line.as_ref()).map(|line| line.file.as_str());
    let path = own.or_else(|| listing.source()).unwrap_or_default().to_owned();
    let (first_line, source) = source(&entry, &listing, at, &path);
    Some(CodeView {
        level: session.level(pe),
        file: entry.file.name.clone(),
        function: listing.function.name.clone(),
        source_file: path.rsplit('/').next().unwrap_or_default().to_owned(),
        first_line,
        source,
        listing: instructions(&listing, &path),
        at,
        call: call.map(|call| call_view(session, call)),
    })
}

/// Returns the function of the operation that the PE is in, or of the next one that calls any.
fn next_entry(session: &Session, loaded: &PeProgram, pe: Pe) -> Option<Entry> {
    let state = session.machine().state().pes.get(pe.index())?;
    let count = loaded.operations.len();
    let from = state.operation as usize;
    (0..count).find_map(|i| match &loaded.operations.get((from + i) % count)?.action {
        Action::Call(routine) => {
            entry_of(&**routine, &session.program().assume).map(|entry| (*entry).clone())
        }
        _ => None,
    })
}

fn instructions(listing: &FunctionListing, path: &str) -> Vec<InstructionView> {
    listing
        .lines
        .iter()
        .map(|line| InstructionView {
            address: line.address,
            text: line.text.clone(),
            cycles: line.timing.map_or_else(String::new, |timing| timing.cycles_text()),
            why: line.timing.map_or_else(String::new, |timing| timing.why()),
            line: line.line.as_ref().filter(|line| line.file == path).map(|line| line.line),
        })
        .collect()
}

/// Returns the lines of the source to show, and the number of the first one.
fn source(entry: &Entry, listing: &FunctionListing, at: Option<usize>, path: &str) -> (u32, Vec<String>) {
    let Some(text) = entry.file.source_text(path) else { return (1, Vec::new()) };
    let of_function = listing.source_lines().filter(|_| listing.source() == Some(path));
    let current = at.and_then(|at| listing.lines.get(at)?.line.as_ref()).map(|line| line.line);
    let range = of_function.or_else(|| current.map(|line| line..line + 1)).unwrap_or(1..2);
    let first = range.start.saturating_sub(HEAD).max(1);
    let count = (range.end + 2 - first).min(MOST_LINES);
    let lines = text.lines().skip(first as usize - 1).take(count as usize);
    (first, lines.map(|line| line.replace('\t', "    ")).collect())
}

fn call_view(session: &Session, call: &Call) -> CallView {
    let program = session.program();
    let refill = u32::from(program.assume.branch_refill);
    let cycles = call.core.counts.at(refill);
    let whole = call.whole();
    CallView {
        executed: call.executed(),
        instructions: whole.map(|counts| counts.instructions),
        cycles,
        whole_cycles: whole.map(|counts| counts.at(refill)),
        us: us(cycles * program.operating_point.ticks_per_cycle()),
        returned: call.has_returned(),
        core: core_registers(call),
        singles: singles(call),
        flags: flags(call.core.xpsr()),
        frames: frames(call),
        last: last(call, refill),
    }
}

fn core_registers(call: &Call) -> Vec<RegisterView> {
    let before = call.last().map(|(_, before)| before.r);
    let name = |number: usize| match number {
        13 => "sp".to_owned(),
        14 => "lr".to_owned(),
        15 => "pc".to_owned(),
        number => format!("r{number}"),
    };
    let register = |(number, &bits): (usize, &u32)| RegisterView {
        name: name(number),
        bits,
        // The program counter always moves.
        changed: number < 15 && before.is_some_and(|before| before[number] != bits),
    };
    call.core.r.iter().enumerate().map(register).collect()
}

fn singles(call: &Call) -> Vec<RegisterView> {
    let before = call.last().map(|(_, before)| before.s);
    let register = |(number, &bits): (usize, &u32)| RegisterView {
        name: format!("s{number}"),
        bits,
        changed: before.is_some_and(|before| before[number] != bits),
    };
    call.core.s.iter().enumerate().map(register).collect()
}

fn flags(xpsr: u32) -> String {
    let letters = [('N', 31), ('Z', 30), ('C', 29), ('V', 28)];
    letters
        .map(|(letter, bit)| if xpsr >> bit & 1 == 1 { letter } else { letter.to_ascii_lowercase() })
        .iter()
        .collect()
}

fn frames(call: &Call) -> Vec<FrameView> {
    let pcs = std::iter::once(call.core.r[15]).chain(call.frames().iter().rev().map(|frame| frame.return_to));
    let functions = call
        .frames()
        .iter()
        .rev()
        .map(|&Frame { function, .. }| function)
        .chain(std::iter::once(call.entry().address));
    functions.zip(pcs).map(|(function, pc)| frame(call, function, pc)).collect()
}

fn frame(call: &Call, function: u32, pc: u32) -> FrameView {
    let file = &call.entry().file;
    let name = file.function_at(function).map(|function| function.name.clone());
    let line = file.listing(pc).and_then(|listing| listing.lines.get(listing.at(pc)?)?.line.clone());
    let place = match line {
        _ if pc == RETURNED => "returned".to_owned(),
        Some(line) => format!("{}:{}", line.file.rsplit('/').next().unwrap_or_default(), line.line),
        None => format!("{pc:#x}"),
    };
    FrameView { function: name.unwrap_or_else(|| format!("{function:#x}")), place }
}

fn last(call: &Call, refill: u32) -> String {
    let Some((step, _)) = call.last() else { return String::new() };
    let listing = call.entry().file.listing(step.address);
    let text = listing.and_then(|listing| Some(listing.lines.get(listing.at(step.address)?)?.text.clone()));
    let cycles = step.cycles + if step.taken { refill } else { 0 };
    let cycles_text = several(u64::from(cycles), "cycle");
    let branched = if step.taken { ", branched" } else { "" };
    format!("{}: {cycles_text}{branched}", text.unwrap_or_else(|| format!("{:#x}", step.address)))
}
