//! Glossary: terms of the application, its reports and its documentation.
//!
//! Entries are as long as those in `texts.rs`. `docs/glossary.md` is written from this table.

use std::fmt::Write as _;

use crate::tui::panels::Entry;

/// Terms in alphabetical order.
pub const GLOSSARY: &[Entry] = &[
    ("A, B", "the two scenes of compare and --against; B is the second"),
    ("activity", "share of units that sent an event in a time step"),
    ("assignment", "a scene to start from, with goals that are graded"),
    ("assumption", "a number of `assume` that no public source gives"),
    ("bank", "a quarter of a PE's SRAM: 32 KiB"),
    ("barrier", "PEs of a layer wait for each other before they send"),
    ("batch", "samples that are computed side by side, slot by slot"),
    ("block", "the y of one sending PE, in packets of 16 bytes"),
    ("bookmark", "a named moment of the run (B sets one)"),
    ("breakpoint", "a condition that stops the run where it becomes true"),
    ("broadcast", "sending y to all PEs that read it"),
    ("buffer", "SRAM where x or y arrives; several are used in turn"),
    ("campaign", "a sweep over random faults"),
    ("checkpoint", "a saved state; going back restores one and replays"),
    ("credit", "a message that lets the previous layer send, in a pipeline"),
    ("critical path", "the chain of work that decides how long a step takes"),
    ("divergence", "the first value in which A and B differ"),
    ("duty", "share of the time that a core worked and did not wait"),
    ("EGRU", "event-based gated recurrent unit: sends y only above θ"),
    ("event", "a y that is not 0; also an entry of the emulator's queue"),
    ("FIFO", "a PE's queue of packets from the event router"),
    ("finding", "a remark on mapping or run, with a remedy (! lists them)"),
    ("frame", "a picture of an event camera: a time step of gestures"),
    ("hop", "a packet's way over one link of the NoC"),
    ("kernel", "code that multiplies a matrix, for one storage format"),
    ("lane", "one of a neuron's two sums: excitation or inhibition"),
    ("layer", "units of one kind that share their inputs"),
    ("listing", "a kernel's instructions, from which its cycles are counted"),
    ("MAC array", "a PE's 16 x 4 multipliers of 8-bit integers"),
    ("mapping", "which PE computes which units, and where data lie"),
    ("metric", "the value that the floor plan shows as heat"),
    ("NoC", "network-on-chip: the mesh that carries packets"),
    ("overrun", "a tick that ended on a PE after the next had begun"),
    ("packet", "up to 16 bytes on the NoC, with address and target"),
    ("partition", "the split of a layer's units over its PEs"),
    ("PE", "processing element: a core with 128 KiB of SRAM"),
    ("perplexity", "e to the mean surprisal; 1 would be certain of each word"),
    ("phase", "one operation of a time step on a PE, such as W·x"),
    ("pipeline", "layers at work on successive time steps at once"),
    ("point", "a breakpoint or tracepoint; in a sweep, one run"),
    ("polling", "waiting by looking at a counter again and again"),
    ("population", "neurons of one model: the layer of a spiking network"),
    ("projection", "synapses from a source or population to a population"),
    ("QPE", "four PEs at one node of the mesh"),
    ("race", "a packet that overwrites data not yet read"),
    ("region", "a named range of a PE's SRAM, such as its weights"),
    ("reserved PE", "a PE that the mapping must not use (chip.reserved)"),
    ("router", "event router: multicasts packets by tables"),
    ("scene", "a file that describes network, task, chip and mapping"),
    ("sequence", "70 tokens, after which c is 0 again; or a gesture"),
    ("share", "the units of a layer that one PE computes"),
    ("slack", "share of a frame or tick that its busiest PE had left"),
    ("slot", "a PE's share of a layer and sample: buffers, sums, state"),
    ("sparsity", "share of zeros: of weights, or of values sent"),
    ("stall", "the machine waits for a packet that will not come"),
    ("step", "time step: one token, frame or tick through all layers"),
    ("stop", "a moment at which the run stood still (u goes back to it)"),
    ("stream", "one of several positions in a text, read side by side"),
    ("surprisal", "-ln p of the word that came, in nats"),
    ("sweep", "runs of a scene with values changed, as a table"),
    ("SynOp", "synaptic operation: product or sum with no zero operand"),
    ("tick", "time step of a spiking network, or 1/1200 µs of chip time"),
    ("token", "a word or character of a text: a time step"),
    ("tracepoint", "a condition that is noted where it becomes true"),
    ("turn", "time steps that a slot has completed; picks its buffer"),
    ("unit", "one neuron of a layer, by its number in the model"),
    ("window", "period that a value covers: this time step, or the mean"),
    ("x, y", "input and output of a layer"),
    ("θ", "threshold: a unit sends an event if its state is above"),
];

const HEAD: &str = "\
# Glossary

Terms of the application, its reports and these pages; in the app, `:glossary` or the last page of `?`. Written from
`src/tui/overlays/help/glossary.rs` by `UPDATE_DOCS=1 cargo test --test tui`.

| term | meaning |
|---|---|
";

/// Returns the text of `docs/glossary.md`.
pub fn page() -> String {
    GLOSSARY.iter().fold(HEAD.to_owned(), |mut page, (term, meaning)| {
        let _ = writeln!(page, "| {term} | {meaning} |");
        page
    })
}
