//! Texts of the help: what each panel shows, and the meaning of words on the screen.
//!
//! An entry has one line: at most 15 columns for the word or mark, 58 for the meaning (checked
//! by a test).

use super::spiking;
use crate::session::snapshot::TaskView;
use crate::tui::panel::PanelId;
use crate::tui::panels;
pub use crate::tui::panels::Entry;

/// Returns the explanation of a panel, about ten entries.
pub fn panel(panel: PanelId, task: &TaskView) -> &'static [Entry] {
    if let Some(own) = spiking::panel(panel).filter(|_| is_spiking(task)) {
        return own;
    }
    match panel {
        PanelId::Chip => CHIP,
        PanelId::Task => panels::task::panel_of(task).help(),
        PanelId::Memory => MEMORY,
        PanelId::Noc => NOC,
        PanelId::Timers => TIMERS,
        PanelId::Sparsity => SPARSITY,
        PanelId::Energy => ENERGY,
        PanelId::Pe => PE,
        PanelId::Timeline => TIMELINE,
        PanelId::Pins => PINS,
    }
}

/// Returns the words on the screen of a task.
pub fn words(task: Option<&TaskView>) -> &'static [Entry] {
    if task.is_some_and(is_spiking) { spiking::WORDS } else { WORDS }
}

fn is_spiking(task: &TaskView) -> bool {
    panels::task::panel_of(task).raster().is_some()
}

const CHIP: &[Entry] = &[
    ("plan", "7 columns (x) and 6 rows (y) of QPEs, four PEs in each"),
    ("0 to 9", "a PE: tenths of the scale below the plan"),
    ("12", "a PE with more room: the value, in per cent or µJ"),
    (".", "a PE without a program"),
    ("- -", "no PEs here; what is here is not documented"),
    ("router", "the event router, in the place of two QPEs"),
    (">", "the selected PE; the lines below the plan are about it"),
    ("act", "activity: share of its units that sent an event"),
    ("duty", "share of the time that its core worked, not waited"),
    ("SRAM", "share of its 128 KiB in use"),
];

const MEMORY: &[Entry] = &[
    ("bank 0 to 3", "the banks of the selected PE's SRAM, 32 KiB each"),
    ("P W B S K L", "program, weights, buffers of x and y, state, stack, log"),
    (".", "free"),
    ("list", "regions by address: from, letter, name, bytes"),
    ("core", "accesses of the PE's own core to the bank, since the start"),
    ("NoC, DMA", "writes by packets and by DMA, since the start"),
    ("conflicts", "core and a write met at the bank: one of them waited"),
    ("fullest PEs", "the PEs with the most bytes in use, a bar per bank"),
];

const NOC: &[Entry] = &[
    ("▐▌", "a QPE: four PEs and a node of the mesh"),
    ("34 beside", "first digit: the link to the right; second: to the left"),
    ("34 below", "first digit: the link up; second: down"),
    ("0 to 9", "tenths of the packets of the token's busiest link"),
    ("RT, --", "the event router; a place without PEs"),
    ("latency", "mean, and longest, from injection to delivery, this token"),
    ("busiest link", "share of the NoC's cycles in which it carried a packet"),
    ("hot spots", "the links with the most packets in this token"),
    ("waited", "cycles that packets waited for the link, since the start"),
    ("* o", "packets (t): links crossed by the selected one; to cross"),
    ("> < ^ v /", "board: load of links between chips in tenths, by direction"),
];

const TIMERS: &[Entry] = &[
    ("row", "a phase of a time step; indented: its part in a layer"),
    ("this µs", "in the last token, along the slowest PE of each layer"),
    ("mean µs", "mean over the tokens since the start; the bar is this"),
    ("share", "share of a token's mean time; the phases add up to it"),
    ("wait", "polling for input; in layer 0, for the token"),
    ("egru_input", "W·x: input times input weights"),
    ("egru_internal", "R·y: the layer's last output times recurrent weights"),
    ("pointwise", "gates, cell state, threshold, event"),
    ("broadcast", "sending y to the PEs that read it"),
    ("real time", "a frame or tick over the longest so far on the chip"),
    ("slack", "share of a frame or tick that its busiest PE had left"),
];

const SPARSITY: &[Entry] = &[
    ("zero weights", "share of the layer's weights that are 0"),
    ("W, R", "input weights, recurrent weights"),
    ("active units", "share of its units that sent an event in this token"),
    ("mean", "the same, mean since the start"),
    ("products", "without a 0, and their share of all; since the start"),
    ("MACs, ACs", "multiply and add a value; add a weight for a spike"),
    ("nJ each", "per product: active cores of a layer; all: whole chip"),
    ("chart", "active units over the last tokens, one scale for all"),
    ("silence", "a state not above its threshold sends 0: no event"),
];

const ENERGY: &[Entry] = &[
    ("mean", "power since the start; without host and DRAM"),
    ("chip, PEs off", "what the chip draws with all PEs off"),
    ("PEs, base", "sleep power of all PEs, drawn all the time"),
    ("phases", "energy of working cores above sleep, by phase"),
    ("polling", "energy of polling cores above sleep"),
    ("not published", "no source gives it; 0 unless the scene assumes it"),
    ("chart", "energy of the last tokens"),
    ("C", "every constant, how it is known, and its source"),
];

const PE: &[Entry] = &[
    ("POLLS", "the core waits, looking at its arrival counters"),
    ("x 0/12 y 12/12", "blocks of x and of the last y: arrived, and expected"),
    ("#12", "the token that the PE works on; 11 are done"),
    ("by timer", "µs counted by its own 1 MHz timer, whole µs only"),
    ("interrupts", "handled since the start; then pending or running"),
    ("memory", "words of its SRAM, what each is, who wrote it (W)"),
    ("c before", "state compared with θ; above it (*) it is sent as y"),
    ("c after", "state that stays: less θ where an event was sent"),
    ("z r g", "keep gate, reset gate, candidate of the new state"),
    ("code", "C source, machine code, cycles of each instruction"),
    ("branch 1, 1 + P", "1 cycle if not taken, 1 + P (pipeline refill) if taken"),
];

const TIMELINE: &[Entry] = &[
    ("row", "a PE; per layer critical first, then slowest to fastest"),
    ("w r p b e", "W·x, R·y, gates, broadcast, row from DRAM"),
    ("i ·", "handlers; idle"),
    ("CAPITALS", "the critical path: work that decides the token's time"),
    ("path", "the critical path alone, and the layer that it is in"),
    ("N Q D S H", "on it: network, queue at a port, DRAM, sending, host"),
    ("packets, DMA", "packets on the mesh, and transfers, over time"),
    ("^", "the cursor; the last lines are about the PE there"),
    ("sentence", "what bounds the token; what balancing would save"),
];

const PINS: &[Entry] = &[
    ("1 power", "a pin: its number and expression; right: the value now"),
    ("chart", "its value at the end of each step, the last one right"),
    ("figures left", "values at the top and the bottom of the chart"),
    ("gaps", "no value was there, or the step lies too far back"),
    ("step back", "the chart ends at the step that is shown"),
    ("words", "values of a text at the last steps, in place of a chart"),
    ("expression", "what conditions compare; docs/debugging.md has all names"),
];

/// Words and marks on the screen, in alphabetical order.
const WORDS: &[Entry] = &[
    ("#12", "the token that runs; 11 are done. Steps count from 1"),
    ("act", "activity: share of units that sent an event"),
    ("bank", "a quarter of a PE's SRAM; core and writes may meet there"),
    ("barrier", "PEs of a layer wait for each other before they send"),
    ("block", "the y of one sending PE, in packets of 16 bytes"),
    ("broadcast", "sending y to all PEs that read it"),
    ("c before, after", "cell state compared with θ; less θ after an event"),
    ("critical path", "the chain of work that decides how long a token takes"),
    ("DMA", "engine that copies memory while the core works"),
    ("duty", "share of the time that a core worked and did not wait"),
    ("egru_input", "phase: W·x, input times input weights"),
    ("egru_internal", "phase: R·y, last output times recurrent weights"),
    ("event", "a y that is not 0; also an entry of the emulator's queue"),
    ("FIFO", "a PE's queue of packets from the event router"),
    ("hop", "a packet's way over one link: 5 cycles of the NoC"),
    ("nats", "unit of surprisal: -ln p"),
    ("perplexity", "e to the mean surprisal"),
    ("phase", "one operation of a time step on a PE"),
    ("pointwise", "phase: gates, cell state, threshold, event"),
    ("polling", "waiting by looking at a counter again and again"),
    ("PE", "processing element: a core with 128 KiB of SRAM"),
    ("QPE", "four PEs at one node of the mesh"),
    ("race", "a packet that overwrites data not yet read"),
    ("sequence", "70 tokens, after which c is 0 again; or a gesture"),
    ("surprisal", "-ln p of the word that came"),
    ("θ", "threshold: a unit sends an event if its c is above"),
    ("token, frame", "a time step: a word read, a picture seen"),
    ("x, y", "input and output of a layer"),
    ("x 0/12 y 12/12", "blocks of x and of y: arrived, and expected"),
    ("z, r, g", "keep gate, reset gate, candidate: c = z c + (1 - z) g"),
    ("~word", "a word that the vocabulary lacks"),
    ("- -", "on the plan: no PEs there"),
    (". .", "on the plan: PEs without a program"),
    ("▐▌", "in the NoC panel: a QPE"),
];

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_entry_has_one_line_of_the_narrowest_dashboard() {
        let tasks = TaskView::empty();
        let entries = PanelId::ALL.iter().flat_map(|&id| tasks.iter().flat_map(move |task| panel(id, task)));
        let words = WORDS.iter().chain(spiking::WORDS).chain(super::super::glossary::GLOSSARY);
        for (word, meaning) in entries.chain(words) {
            assert!(word.width() < 16 && meaning.width() <= 58, "{word}: {meaning} ({})", meaning.width());
        }
    }
}
