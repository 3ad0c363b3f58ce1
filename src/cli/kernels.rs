//! `spinntui kernels`: what the kernels cost, instruction by instruction; and what a
//! user's own would.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::blocks::{Loop, Shape, annotate};
use crate::chip::listing::{Function, ListingError, compiler, functions};
use crate::file;
use crate::kernel::cost::{Coefficients, KernelCosts, Linear, SOURCES, Source};
use crate::kernel::neurons::Pass;
use crate::kernel::options::KernelKind;
use crate::kernel::routine::Routine;
use crate::kernel::synapses::{DeliverWork, Form};

/// Most bytes of a listing that are read.
const LISTING_LIMIT: u64 = 16 << 20;

/// Columns of the instruction's text in an annotated listing.
const TEXT: usize = 28;

/// Error that stops `kernels`.
#[derive(Debug, Error)]
pub enum KernelsError {
    /// No kernel has this name.
    #[error("there is no kernel `{name}`; there are {known}")]
    Unknown {
        /// Name that was given.
        name: String,
        /// Names that would do.
        known: String,
    },
    /// The user's listing cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// File of the listing.
        path: PathBuf,
        /// Cause, as the operating system reports it.
        error: io::Error,
    },
    /// The user's listing cannot be understood.
    #[error("{path}{}: {what}", line.map_or_else(String::new, |line| format!(":{line}")))]
    Listing {
        /// File of the listing.
        path: PathBuf,
        /// Line of the listing.
        line: Option<usize>,
        /// Error in the listing.
        what: String,
    },
    /// A built-in listing cannot be evaluated: the build is broken.
    #[error("a built-in listing: {0}")]
    BuiltIn(#[from] ListingError),
    /// The text cannot be written.
    #[error("cannot write the answer: {0}")]
    Write(#[from] io::Error),
}

/// Writes a table of all kernels; with `name`, that kernel's annotated listing; with `listing`,
/// that of a user's file (`gcc -S` or `objdump -d`). `refill` is P, the cycles of a pipeline
/// refill, at which sums are shown too.
pub fn kernels(
    name: Option<&str>,
    listing: Option<&Path>,
    refill: u32,
    out: &mut impl io::Write,
) -> Result<(), KernelsError> {
    match (name, listing) {
        (name, Some(path)) => write_file(path, name, refill, out),
        (Some(name), None) => write_kernel(name, refill, out),
        (None, None) => write_table(refill, out),
    }
}

/// Formats a cost, with its value at this P if it depends on P: `13 + P (15)`.
fn cost(linear: Linear, p: u32) -> String {
    if linear.refills == 0 { linear.to_string() } else { format!("{linear} ({})", linear.at(p)) }
}

fn write_table(p: u32, out: &mut impl io::Write) -> Result<(), KernelsError> {
    let costs = KernelCosts::committed()?;
    writeln!(out, "Cycles of a PE; P is the refill of a taken branch: 1 to 3 (Arm), here {p}.")?;
    writeln!(out, "\nMatrix kernels (W·x, R·y)\n")?;
    writeln!(out, "{:13} {:7} {:14} {:14} call", "kernel", "bytes", "non-zero", "row")?;
    for (kind, routine) in shown() {
        let c = costs.coefficients(routine);
        let [nonzero, row, call] = match c.parts {
            // With code for every number of non-zeros, it depends on the number.
            Some(_) => ["see".to_owned(), kind.name().to_owned(), cost(c.call, p)],
            None => [c.nonzero, c.row, c.call].map(|linear| cost(linear, p)),
        };
        writeln!(out, "{:13} {:7} {nonzero:14} {row:14} {call}", kind.name(), bytes(kind))?;
    }
    writeln!(out, "\nbytes: of a stored weight with its index; dense kernels store zeros too.")?;
    writeln!(out, "\nCosts that depend on activity\n")?;
    writeln!(out, "{:13} {:18} {:18} active source", "kernel", "silent non-zero", "silent source")?;
    for (kind, routine) in shown() {
        let c = costs.coefficients(routine);
        let some =
            |linear: Linear| if linear == Linear::default() { "-".to_string() } else { cost(linear, p) };
        if [c.skipped, c.silent, c.active] != [Linear::default(); 3] {
            let (skipped, silent, active) = (some(c.skipped), some(c.silent), some(c.active));
            writeln!(out, "{:13} {skipped:18} {silent:18} {active}", kind.name())?;
        }
    }
    write_others(costs, p, out)?;
    writeln!(out, "\n`spinntui kernels NAME` lists a kernel's instructions, cycles and reasons.")?;
    Ok(())
}

/// Pairs each kind with its usual routine: at most 256 rows, finite weights.
fn shown() -> impl Iterator<Item = (KernelKind, Routine)> {
    KernelKind::ALL.into_iter().filter_map(|kind| {
        Routine::ALL.into_iter().find(|routine| routine.kind() == kind).map(|routine| (kind, routine))
    })
}

/// Returns the bytes of a stored weight with its index, without row, column and source tables.
fn bytes(kind: KernelKind) -> &'static str {
    match kind {
        KernelKind::CsrRow | KernelKind::CsrRowSkip | KernelKind::CsrFast => "8",
        KernelKind::CsrRow16 => "6",
        KernelKind::CscEvent | KernelKind::CscFast | KernelKind::CscEventList => "5 (6)",
        KernelKind::Dense | KernelKind::DenseEvent => "4",
        KernelKind::Int8Csr => "3",
        KernelKind::Int8Mac => "1",
    }
}

/// Returns the cost of a tick of 250 neurons without a synaptic current; 10 spike and subtract θ.
fn neurons(costs: &KernelCosts) -> Cycles {
    let passes = [Pass::Filter, Pass::FireOne, Pass::Subtract, Pass::ListSpikes];
    passes.into_iter().map(|pass| costs.neuron_pass(pass, 250, 10)).sum()
}

/// Returns the cost of one more synapse in a row of `deliver`.
fn synapse(costs: &KernelCosts) -> Cycles {
    let work = |synapses| DeliverWork { marked_words: 1, sources: 1, synapses, ..DeliverWork::default() };
    let cost = |synapses| costs.deliver(Form::default(), &work(synapses));
    let (one, two) = (cost(1), cost(2));
    Cycles::new(two.fixed - one.fixed, two.refills - one.refills)
}

fn write_others(costs: &KernelCosts, p: u32, out: &mut impl io::Write) -> io::Result<()> {
    let rows = [
        ("pointwise", "call of 27 units, without exp", costs.pointwise(27, false)),
        ("pointwise", "27 units that always send", costs.pointwise(27, true)),
        ("pointwise", "trace of 27 units", costs.trace(27)),
        ("clear", "call of 256 words", costs.clear(256)),
        ("timer_tick", "handler of a tick", costs.timer_tick()),
        ("synapses", "synapse of a spike", synapse(costs)),
        ("neurons", "250 neurons, 10 spikes", neurons(costs)),
        ("send_events", "spike", costs.send_event(false)),
        ("broadcast", "packet", costs.broadcast_per_packet()),
        ("broadcast", "destination of a packet", costs.broadcast_per_destination()),
        ("receive_isr", "block that arrives", costs.receive_isr()),
        ("wait_input", "iteration of the polling loop", costs.wait_poll()),
        ("embedding_dma", "start of a DMA", costs.row_dma_start()),
        ("embedding_dma", "its interrupt", costs.row_dma_isr()),
        ("timer_log", "entry", costs.timer_log()),
        ("barrier", "slot", costs.barrier_slot_check()),
    ];
    writeln!(out, "\nThe rest of the program\n")?;
    for (name, what, cycles) in rows {
        writeln!(out, "{name:13} {what:31} {}", cost(cycles.into(), p))?;
    }
    Ok(())
}

/// Finds a source by kernel kind, file or function; in the last case returns the function too.
fn find(name: &str) -> Result<(&'static Source, Option<&'static str>), KernelsError> {
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    let kind = KernelKind::ALL.into_iter().find(|kind| same(kind.name()));
    let by_kind = kind.and_then(|kind| Routine::ALL.into_iter().find(|routine| routine.kind() == kind));
    let file = match by_kind {
        Some(routine) => routine.source(),
        None => name,
    };
    if let Some(source) = SOURCES.iter().find(|source| source.name.eq_ignore_ascii_case(file)) {
        return Ok((source, None));
    }
    for source in &SOURCES {
        if let Some(function) = source.functions.iter().find(|function| same(function)) {
            return Ok((source, Some(function)));
        }
    }
    let kinds = KernelKind::ALL.into_iter().map(KernelKind::name);
    let files = SOURCES.iter().map(|source| source.name);
    let known = kinds.chain(files).collect::<Vec<_>>().join(", ");
    Err(KernelsError::Unknown { name: name.to_string(), known })
}

/// Assembler source of the fast kernels, of which there is no compiler's listing.
const FAST: &str = include_str!("../../assets/kernels/own/columns.s");

/// Writes the costs and the source of a fast kernel.
fn write_fast(routine: Routine, p: u32, out: &mut impl io::Write) -> Result<(), KernelsError> {
    let coefficients = KernelCosts::committed()?.coefficients(routine);
    writeln!(out, "assets/kernels/own/columns.s, {}", routine.function())?;
    writeln!(out, "\n  Cost of a call, the sum of:")?;
    writeln!(out, "  {:32} {}", "call", cost(coefficients.call, p))?;
    let names = match routine {
        Routine::CsrFast => &ROW_PARTS[..],
        _ => &COLUMN_PARTS[..],
    };
    for (name, part) in names.iter().zip(coefficients.parts.iter().flatten()) {
        writeln!(out, "  {name:32} {}", cost(*part, p))?;
    }
    writeln!(out, "\n{FAST}")?;
    Ok(())
}

/// Parts of the work on columns, in the order of [`crate::kernel::parts::Parts`].
const COLUMN_PARTS: [&str; 18] = [
    "active source, no non-zero",
    "active source, 1 non-zero",
    "active source, 2 non-zeros",
    "active source, 3 non-zeros",
    "active source, 4 non-zeros",
    "active source, 5 non-zeros",
    "active source, 6 non-zeros",
    "active source, 7 non-zeros",
    "4 non-zeros of a longer column",
    "a column of more than 7",
    "8 sums cleared",
    "fewer than 8 sums",
    "remaining sum cleared",
    "no remaining sum",
    "8 sources scanned",
    "fewer than 8 sources",
    "remaining source scanned",
    "no remaining source",
];

/// Parts of the work on rows, in the order of [`crate::kernel::parts::Parts`].
const ROW_PARTS: [&str; 9] = [
    "empty row",
    "row of 1 non-zero",
    "row of 2 non-zeros",
    "row of 3 non-zeros",
    "longer row, 0 after groups of 4",
    "longer row, 1 after groups of 4",
    "longer row, 2 after groups of 4",
    "longer row, 3 after groups of 4",
    "4 non-zeros",
];

fn write_kernel(name: &str, p: u32, out: &mut impl io::Write) -> Result<(), KernelsError> {
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    let mut fast = Routine::ALL.into_iter().filter(|routine| routine.is_fast());
    if let Some(routine) = fast.find(|routine| same(routine.kind().name()) || same(routine.function())) {
        return write_fast(routine, p, out);
    }
    let (source, only) = find(name)?;
    let by = compiler(source.listing).unwrap_or("unknown compiler");
    writeln!(out, "assets/kernels/{}.c, {by}", source.name)?;
    for function in source.parse()? {
        if only.is_none_or(|only| only == function.name) {
            write_function(&function, p, out)?;
            if let Some(routine) = Routine::ALL.into_iter().find(|r| r.function() == function.name) {
                write_formula(KernelCosts::committed()?.coefficients(routine), p, out)?;
            }
        }
    }
    Ok(())
}

fn write_formula(c: &Coefficients, p: u32, out: &mut impl io::Write) -> io::Result<()> {
    let terms = [
        ("call", c.call),
        ("row", c.row),
        ("empty row", c.empty_row),
        ("multiply-add", c.nonzero),
        ("silent non-zero", c.skipped),
        ("active source", c.active),
        ("source without non-zeros", c.idle),
        ("silent source", c.silent),
        ("source put in order", c.gathered),
        ("no event at all", c.silence),
    ];
    writeln!(out, "\n  Cost of a call, the sum of:")?;
    for (name, linear) in terms.into_iter().filter(|(_, linear)| *linear != Linear::default()) {
        writeln!(out, "  {name:24} {}", cost(linear, p))?;
    }
    Ok(())
}

fn write_file(path: &Path, name: Option<&str>, p: u32, out: &mut impl io::Write) -> Result<(), KernelsError> {
    let text = file::read_text(path, LISTING_LIMIT)
        .map_err(|error| KernelsError::Read { path: path.to_path_buf(), error })?;
    let wrong = |error: ListingError| {
        let line = error.line();
        let what = error.to_string();
        let prefix = line.map_or_else(String::new, |line| format!("line {line}: "));
        let what = what.strip_prefix(&prefix).map_or_else(|| what.clone(), str::to_string);
        KernelsError::Listing { path: path.to_path_buf(), line, what }
    };
    let found = functions(&text).map_err(wrong)?;
    let chosen: Vec<&Function> = found.iter().filter(|f| name.is_none_or(|name| f.name == name)).collect();
    if chosen.is_empty() {
        let known = found.iter().map(|f| f.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(KernelsError::Unknown { name: name.unwrap_or_default().to_string(), known });
    }
    writeln!(out, "{}; P is the refill of a taken branch: 1 to 3 (Arm), here {p}", path.display())?;
    for function in chosen {
        // Loops first: what cannot be followed is an error before half a page is written.
        Shape::of(function).map_err(wrong)?;
        write_function(function, p, out)?;
    }
    Ok(())
}

/// Writes every instruction with its cycles and the reason, then the loops.
fn write_function(function: &Function, p: u32, out: &mut impl io::Write) -> Result<(), KernelsError> {
    let shape = Shape::of(function)?;
    writeln!(out, "\n{}", function.name)?;
    writeln!(out, "  {:>5}  {:TEXT$} {:>9}  why", "line", "instruction", "cycles")?;
    for (index, (instruction, timing)) in function.instructions.iter().zip(annotate(function)).enumerate() {
        for label in function.labels.iter().filter(|(_, at)| **at == index).map(|(label, _)| label) {
            writeln!(out, "         {label}:")?;
        }
        let cycles = match (timing.cycles, timing.taken) {
            (straight, taken) if straight == taken => taken.to_string(),
            (straight, taken) => format!("{straight}, {taken}"),
        };
        let text = &instruction.text;
        writeln!(out, "  {:>5}  {text:TEXT$} {cycles:>9}  {}", instruction.line, timing.why())?;
    }
    if shape.loops.is_empty() {
        let straight: Cycles = shape.blocks.iter().map(|block| block.cycles).sum();
        writeln!(out, "\n  No loop; all of it once, no branch taken: {}", cost(straight.into(), p))?;
        return Ok(());
    }
    writeln!(out, "\n  Loops, straight through; a loop inside counts one iteration:")?;
    for l in &shape.loops {
        write_loop(function, &shape, l, p, out)?;
    }
    Ok(())
}

fn write_loop(
    function: &Function,
    shape: &Shape,
    l: &Loop,
    p: u32,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let blocks = || l.blocks.iter().filter_map(|block| shape.blocks.get(*block));
    let lines = || {
        blocks().flat_map(|b| function.instructions.get(b.range.clone()).unwrap_or_default()).map(|i| i.line)
    };
    let (first, last) = (lines().min().unwrap_or(0), lines().max().unwrap_or(0));
    let indent = "  ".repeat(l.depth);
    match l.iteration {
        Some(cycles) => {
            writeln!(out, "  {indent}lines {first} to {last}: {} an iteration", cost(cycles.into(), p))
        }
        None => writeln!(out, "  {indent}lines {first} to {last}: no path straight through"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: Option<&str>, listing: Option<&Path>) -> Result<String, KernelsError> {
        let mut out = Vec::new();
        kernels(name, listing, 2, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_table_has_every_kernel_within_80_columns() {
        let table = text(None, None).unwrap();
        assert!(KernelKind::ALL.iter().all(|kind| table.contains(kind.name())));
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_kernel_is_found_by_kind_file_or_function() {
        let csr = text(Some("csrrow"), None).unwrap();
        assert_eq!(csr, text(Some("csr_row"), None).unwrap());
        insta::assert_snapshot!(csr);
        let one = text(Some("csc_event8"), None).unwrap();
        assert!(one.contains("csc_event8") && !one.contains("csc_all8\n"));
        let error = text(Some("gemm"), None).unwrap_err().to_string();
        assert!(
            error.contains("`gemm`") && error.contains("Int8Csr") && error.contains("pointwise"),
            "{error}"
        );
    }

    #[test]
    fn fast_kernels_show_their_parts_and_source() {
        for (name, part) in [("CscFast", "8 sources scanned"), ("csr_row_fast", "row of 3 non-zeros")] {
            let shown = text(Some(name), None).unwrap();
            assert!(shown.contains(part) && shown.contains("tbb     [pc, r"), "{shown}");
        }
    }

    #[test]
    fn every_built_in_listing_shows() {
        for source in &SOURCES {
            let shown = text(Some(source.name), None).unwrap();
            assert!(source.functions.iter().all(|function| shown.contains(function)), "{}", source.name);
        }
    }

    #[test]
    fn a_users_listing_of_either_kind_shows_its_loops() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/kernels");
        let loops = |file: &str| {
            let shown = text(None, Some(&folder.join(file))).unwrap();
            shown
                .lines()
                .filter_map(|l| l.split_once(": ").map(|(_, cycles)| cycles.to_string()))
                .collect::<Vec<_>>()
        };
        assert_eq!(loops("csr_row.s"), loops("csr_row.objdump"));
        assert!(loops("csr_row.s").iter().any(|l| l == "13 + P (15) an iteration"));
    }

    #[test]
    fn errors_have_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.s");
        let shown = |content: &str| {
            std::fs::write(&path, content).unwrap();
            text(None, Some(&path)).unwrap_err().to_string()
        };
        let error = shown("\t.type f, %function\nf:\n\tnop\n\tvjcvt.s32.f64 s0, d0\n\t.size f, .-f\n");
        assert!(error.contains("mine.s:4: `vjcvt.s32.f64 s0, d0`: no timing is known"), "{error}");
        assert!(shown("hello").contains("mine.s: no function found"));
        assert!(text(None, Some(&folder.path().join("none.s"))).unwrap_err().to_string().contains("none.s"));
    }
}
