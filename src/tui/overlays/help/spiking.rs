//! Texts of the help for spiking networks, where they differ from those for other networks.
//!
//! Entries are as long as those of [`super::texts`].

use crate::tui::panel::PanelId;
use crate::tui::panels::Entry;

/// Returns the explanation of a panel; `None` where that of other networks holds.
pub fn panel(panel: PanelId) -> Option<&'static [Entry]> {
    match panel {
        PanelId::Chip => Some(CHIP),
        PanelId::Timers => Some(TIMERS),
        PanelId::Sparsity => Some(SPARSITY),
        PanelId::Pe => Some(PE),
        PanelId::Timeline => Some(TIMELINE),
        PanelId::Task | PanelId::Memory | PanelId::Noc | PanelId::Energy | PanelId::Pins => None,
    }
}

const CHIP: &[Entry] = &[
    ("plan", "7 columns (x) and 6 rows (y) of QPEs, four PEs in each"),
    ("0 to 9", "a PE: tenths of the scale below the plan"),
    ("12", "a PE with more room: the value, in per cent or µJ"),
    (".", "a PE without a program"),
    ("rate", "share of a PE's neurons that spiked in the tick"),
    ("FIFO fill", "share of a PE's FIFO with spikes; w: the most at once"),
    ("tick use", "share of the tick that a PE needs; w: its longest tick"),
    ("!", "a PE that overran: it ended after the next tick had begun"),
    ("duty", "share of the time that its core worked, not waited"),
    ("SRAM", "share of its 128 KiB in use"),
];

const TIMERS: &[Entry] = &[
    ("row", "a phase of a tick; indented: its part in a population"),
    ("this µs", "in the last tick, along the slowest PE"),
    ("mean µs", "mean over the ticks since the start; the bar is this"),
    ("share", "share of a tick's mean time; the phases add up to it"),
    ("tick", "waiting for the timer, which begins the tick"),
    ("read", "spikes out of the FIFO, a mark for each neuron"),
    ("synapses", "rows of marked neurons added to the sums of their ticks"),
    ("wait", "waiting for all spikes sent within the same tick"),
    ("neurons", "currents, potentials, thresholds, spikes"),
    ("send", "an event packet for each spike"),
    ("real time", "real time of a tick over the longest so far on the chip"),
];

const SPARSITY: &[Entry] = &[
    ("zero weights", "of each projection onto the population, by its sender"),
    ("active neurons", "share of its neurons that spiked in this tick"),
    ("mean", "the same, mean since the start: spikes a neuron and tick"),
    ("products, ACs", "weights that spikes added, and their share of all"),
    ("nJ each", "per product: active cores of a layer; all: whole chip"),
    ("chart", "active neurons over the last ticks, one scale for all"),
    ("silence", "a neuron whose v is not above θ sends nothing"),
];

const PE: &[Entry] = &[
    ("#12", "the tick that the PE works on; 11 are done"),
    ("last tick", "time that the PE needed for its last tick"),
    ("longest", "its longest tick: the timer must not fire earlier"),
    ("FIFO", "spikes that wait for the next tick, and the most at once"),
    ("memory", "words of its SRAM, what each is, who wrote it (W)"),
    ("v", "potential after the reset of the tick in the first line"),
    ("θ, s", "threshold; * or number: the neuron spiked in that tick"),
    ("i, i inh", "synaptic currents, where the model has them"),
    ("sum #13", "weights received so far that tick 13 will add"),
    ("@", "draws the neuron's potential in panel 2"),
];

const TIMELINE: &[Entry] = &[
    ("row", "a PE; per population critical first, then by time"),
    ("t r s a v b", "timer, FIFO, synapses, waiting, neurons, sending"),
    ("i ·", "handlers; idle"),
    ("CAPITALS", "the critical path: work that decides the tick's time"),
    ("path", "the critical path alone, and the population it is in"),
    ("N Q D S H", "on it: network, queue at a port, DRAM, sending, host"),
    ("packets, DMA", "packets on the mesh, and transfers, over time"),
    ("^", "the cursor; the last lines are about the PE there"),
    ("sentence", "what bounds the tick"),
];

/// Words and marks on the screen, in alphabetical order.
pub const WORDS: &[Entry] = &[
    ("#12", "the tick that runs; 11 are done. Ticks count from 1"),
    ("bank", "a quarter of a PE's SRAM; core and writes may meet there"),
    ("critical path", "the chain of work that decides how long a tick takes"),
    ("current, i", "input that decays from tick to tick and charges v"),
    ("delay", "ticks from a spike to the sum that takes its weight"),
    ("duty", "share of the time that a core worked and did not wait"),
    ("event", "an entry of the emulator's queue"),
    ("event packet", "a spike on its way through the event router"),
    ("FIFO", "a PE's queue of spikes from the event router"),
    ("hop", "a packet's way over one link: 5 cycles of the NoC"),
    ("key", "what a spike carries: number of the sender, of the neuron"),
    ("leak", "share of v that is lost in every tick"),
    ("marks", "a bit for each sending neuron whose spike was read"),
    ("neuron", "a unit whose potential v spikes above a threshold"),
    ("overrun", "a tick that ended on a PE after the next had begun"),
    ("phase", "one operation of a tick on a PE"),
    ("pin", "choice of a neuron whose potential is drawn over time"),
    ("polling", "waiting by looking at a counter again and again"),
    ("population", "neurons of one model: a layer"),
    ("projection", "synapses from a source or population to a population"),
    ("PE", "processing element: a core with 128 KiB of SRAM"),
    ("QPE", "four PEs at one node of the mesh"),
    ("rate", "share of the neurons that spiked in a tick"),
    ("reset", "effect of a spike on v: less θ, or to a value"),
    ("ring of sums", "a sum a neuron for each coming tick, up to the delay"),
    ("sequence", "the whole run, or a recording of an event camera"),
    ("source", "neurons outside the chip: their spikes are the input"),
    ("spike", "v was above θ: sent to every PE with synapses of it"),
    ("synapse row", "targets and weights of one sending neuron on a PE"),
    ("tick", "a time step, which the timers of all PEs begin at once"),
    ("v", "membrane potential of a neuron"),
    ("θ", "threshold: a neuron spikes if its v is above"),
    ("- -", "on the plan: no PEs there"),
    (". .", "on the plan: PEs without a program"),
    ("▐▌", "in the NoC panel: a QPE"),
];
