//! A PE's core: what it does, what it waits for, what is under way for it.

use serde::{Deserialize, Serialize};

use crate::chip::clock::{Tick, us};
use crate::chip::geometry::Pe;
use crate::machine::arrivals::CounterId;
use crate::machine::banks::BankCount;
use crate::machine::dma;
use crate::machine::legend::{CounterWords, PhaseId, PhaseWords, PopulationId};
use crate::machine::program::{Action, Ends, Operation, PeProgram, Program, Slot};
use crate::machine::queue::{Arrival, EventKind};
use crate::machine::state::{PeState, Status};
use crate::session::Session;
use crate::session::chip_view::PeStatus;
use crate::session::readings;
use crate::text::step_number;

/// An operation of the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationView {
    /// Phase that the operation's time is charged to.
    #[serde(skip)]
    pub phase: PhaseWords,
    /// Name of the phase in the JSON form.
    #[serde(rename = "phase")]
    pub key: String,
    /// Name of the layer that the operation is for.
    pub layer: String,
    /// Sample of the batch, from 0.
    pub sample: u8,
    /// Whether it is a wait for y(t−1) only.
    pub recurrent_only: bool,
}

/// A layer's share on the PE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotView {
    /// Name of the layer.
    pub layer: String,
    /// Sample of the batch, from 0.
    pub sample: u8,
    /// Number of units on the PE.
    pub units: u32,
    /// Number of the time step that it is in, from 1: #12 with 11 done.
    pub step: u32,
    /// Blocks of x of that step (layer 0: its announcement) that are there, of how many.
    pub x: (u32, u32),
    /// Number of arrived blocks of the last step's y, and their total.
    pub y: (u32, u32),
}

/// Ticks of a PE whose timer begins the time steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TickView {
    /// Number of the tick, from 1, that the PE is in or ended last; 0 before the first.
    pub step: u32,
    /// Time from tick to tick, µs; `None` where each is as long as its slowest PE needs.
    pub period_us: Option<f64>,
    /// Time that the PE took for its last tick, µs.
    pub last_us: f64,
    /// Longest time that the PE took for a tick, µs.
    pub longest_us: f64,
    /// Number of the longest tick, from 1.
    pub longest_step: u32,
    /// Ticks that ended after the next one had begun.
    pub overruns: u32,
    /// Ticks lost, since the timer fired twice meanwhile.
    pub lost: u32,
    /// Number of spikes taken in another tick than intended.
    pub misread: u64,
}

/// Time of a phase in its last time step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimerView {
    /// Phase that was timed.
    #[serde(skip)]
    pub phase: PhaseWords,
    /// Name of the phase in the JSON form.
    #[serde(rename = "phase")]
    pub key: String,
    /// Exact time, µs.
    pub time_us: f64,
    /// Time counted by the core's 1 MHz timer, µs.
    pub counted_us: u32,
}

/// A DMA that fetches a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DmaView {
    /// Tick at which the last beat is written; `None` if it is not known yet.
    pub ends: Option<Tick>,
    /// Source and destination of the read, in words.
    pub text: String,
}

/// Packets being sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingView {
    /// Packet of the block that is next, from 0.
    pub packet: u32,
    /// Packets of the block.
    pub packets: u32,
    /// Destination that is next, from 0.
    pub target: u32,
    /// Number of destinations of a packet.
    pub targets: u32,
    /// Whether the DMA engine sends the packets, not the core.
    pub by_engine: bool,
    /// Blocks that wait for the engine.
    pub waiting: u32,
}

/// The ring of packets from the event router.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FifoState {
    /// Number of entries in the FIFO.
    pub fill: u32,
    /// Capacity of the FIFO, entries.
    pub capacity: u32,
    /// Largest number of entries in the FIFO at once, since the start.
    pub high_water: u32,
    /// Number of entries written since the start.
    pub written: u64,
    /// Packets lost because the FIFO was full.
    pub dropped: u64,
    /// Entries lost to newer ones since the start.
    pub overwritten: u64,
    /// Time that packets waited because the FIFO was full, µs.
    pub stalled_us: f64,
    /// Tick at which the core has taken out the entry in progress.
    pub taking_until: Option<Tick>,
}

/// A handler that runs or waits to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterruptView {
    /// Tick at which the handler ends.
    pub ends: Tick,
    /// Description of the arrival that it handles.
    pub text: String,
}

/// State of the core, for the inspector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoreView {
    /// Present activity of the core.
    pub status: PeStatus,
    /// The operation in progress, in words.
    pub operation: String,
    /// Tick at which the operation began.
    pub began: Tick,
    /// Planned end of the operation, in ticks; `None` while the core waits.
    pub ends: Option<Tick>,
    /// Present time, in ticks.
    pub now: Tick,
    /// Description of what the core waits for; `None` while it does not wait.
    pub waits: Option<String>,
    /// The program, repeated for ever.
    pub operations: Vec<OperationView>,
    /// Place in the program.
    pub current: u32,
    /// Shares of layers on the PE.
    pub slots: Vec<SlotView>,
    /// Ticks of the PE, in a program whose time steps timers begin.
    pub ticks: Option<TickView>,
    /// Phases that the PE has completed.
    pub timers: Vec<TimerView>,
    /// Last values of the PE's debug log, oldest first, µs.
    pub timer_log: Vec<u32>,
    /// Row on its way from DRAM.
    pub dma: Option<DmaView>,
    /// A block being sent.
    pub sending: Option<SendingView>,
    /// FIFO of the PE, with the event router.
    pub fifo: Option<FifoState>,
    /// Handlers that run or wait, first to end first.
    pub handlers: Vec<InterruptView>,
    /// Handlers run since the start.
    pub interrupts: u64,
    /// Packets received since the start.
    pub received: u64,
    /// Packets sent since the start.
    pub sent: u64,
    /// Share of the time since the start in which the PE was busy, 0..=1.
    pub duty: f64,
    /// SRAM banks since the start.
    pub banks: [BankCount; 4],
    /// Bytes in use of each bank.
    pub bank_bytes: [u32; 4],
    /// Cause that stopped the machine at this PE, or that halted this core; `None` otherwise.
    pub fault: Option<String>,
}

/// Looks at a core.
pub(super) fn core(session: &Session, pe: Pe) -> Option<CoreView> {
    let (program, machine) = (session.program(), session.machine().state());
    let (loaded, state) = (program.pe(pe)?, &machine.pes[pe.index()]);
    let detail = readings::pe_detail(session, pe)?;
    let key = |phase: PhaseId| program.legend.words(phase).key.to_owned();
    let operations = loaded.operations.iter().filter_map(|operation| {
        let slot = loaded.slots.get(usize::from(operation.slot))?;
        Some(OperationView {
            phase: program.legend.words(operation.phase),
            key: key(operation.phase),
            layer: layer_name(program, slot.population).to_owned(),
            sample: slot.sample,
            recurrent_only: matches!(operation.action, Action::Wait(_)) && operation.ends == Ends::Nothing,
        })
    });
    let phases = program.legend.ids().zip(state.count.phases).zip(state.timer_counts);
    let timers = phases.filter(|((_, ticks), _)| *ticks > 0).map(|((phase, ticks), counted_us)| TimerView {
        phase: program.legend.words(phase),
        key: key(phase),
        time_us: us(ticks),
        counted_us,
    });
    let handlers = state
        .interrupts
        .iter()
        .map(|&(ends, arrival)| InterruptView { ends, text: arrival_text(program, &loaded.slots, arrival) });
    let status = readings::status(session, pe);
    let halted = status == PeStatus::Halted;
    let fault = machine.fault.as_ref().filter(|fault| fault.pe == pe).map(ToString::to_string);
    let stopped = halted.then(|| {
        "the core was halted by an injected fault: it does nothing more, and its memory still takes packets"
            .to_owned()
    });
    Some(CoreView {
        status,
        operation: detail.operation,
        began: state.began,
        ends: (state.status == Status::Busy && !halted).then_some(state.ends),
        now: machine.tick,
        waits: waits(program, loaded, state).filter(|_| !halted),
        operations: operations.collect(),
        current: state.operation,
        slots: loaded.slots.iter().map(|slot| slot_view(program, loaded, state, slot)).collect(),
        ticks: ticks(program, state),
        timers: timers.collect(),
        timer_log: detail.timer_log,
        dma: (state.status == Status::Dma && !halted).then(|| dma_view(session, pe)).flatten(),
        sending: sending(program, &loaded.slots, loaded.operation(state.operation)?.0, state),
        fifo: (state.fifo.capacity > 0).then(|| fifo(state)),
        handlers: handlers.collect(),
        interrupts: state.count.interrupts,
        received: state.count.received,
        sent: state.count.sent,
        duty: state.count.busy as f64 / machine.tick.max(1) as f64,
        banks: detail.banks,
        bank_bytes: loaded.bank_bytes(),
        fault: fault.or(stopped),
    })
}

/// Returns the ticks of a PE; `None` if no timer begins its time steps.
fn ticks(program: &Program, state: &PeState) -> Option<TickView> {
    let timer = program.timer.as_ref()?;
    let count = &state.timer.count;
    let begun = state.count.phases.iter().any(|&ticks| ticks > 0) || count.longest > 0;
    Some(TickView {
        step: if begun { step_number(state.timer.step) } else { 0 },
        period_us: timer.period.map(us),
        last_us: us(count.last),
        longest_us: us(count.longest),
        longest_step: if count.longest > 0 { step_number(count.longest_step) } else { 0 },
        overruns: count.overruns,
        lost: count.lost,
        misread: count.misread,
    })
}

fn layer_name(program: &Program, layer: PopulationId) -> &str {
    program.population_name(layer)
}

fn of_sample(program: &Program, slot: &Slot) -> String {
    if program.batch > 1 { format!(", sample {}", slot.sample) } else { String::new() }
}

fn slot_view(program: &Program, loaded: &PeProgram, state: &PeState, slot: &Slot) -> SlotView {
    let step = state.sram.word(slot.turn);
    let (x, y) = readings::arrivals(&program.legend, loaded, state, slot);
    SlotView {
        layer: layer_name(program, slot.population).to_owned(),
        sample: slot.sample,
        units: slot.units.len() as u32,
        step: step_number(step),
        x,
        y,
    }
}

/// Returns the names of a slot's population and of the one before it.
fn names<'a>(program: &'a Program, slot: &Slot) -> (&'a str, &'a str) {
    let below = slot.population.below().map_or("?", |below| layer_name(program, below));
    (layer_name(program, slot.population), below)
}

/// Describes what a counter counts, and for which layer.
fn counted(program: &Program, slot: &Slot, counter: CounterId) -> String {
    if slot.counter(counter).is_some_and(|counter| counter.announced) {
        return "announcement of a time step".to_owned();
    }
    let (own, below) = names(program, slot);
    let words = program.legend.counter(counter);
    words.map_or_else(|| "a message".to_owned(), |words| CounterWords::fill(&words.counts, own, below))
}

fn arrival_text(program: &Program, slots: &[Slot], arrival: Arrival) -> String {
    let Some(slot) = slots.get(usize::from(arrival.slot)) else { return "a doorbell write".to_owned() };
    let what = counted(program, slot, arrival.counter);
    let announced = slot.counter(arrival.counter).is_some_and(|counter| counter.announced);
    let blocks = program.legend.counter(arrival.counter).is_some_and(|words| words.blocks.is_some());
    format!("{}{what}{}", if blocks && !announced { "a block of " } else { "" }, of_sample(program, slot))
}

/// Describes what a core waits for: "51 of 54 blocks of y(12) of rnns.1, in buffer A".
fn waits(program: &Program, loaded: &PeProgram, state: &PeState) -> Option<String> {
    let awaited = state.awaited?;
    let slot = loaded.slots.get(usize::from(awaited.slot))?;
    let step = state.sram.word(slot.turn);
    let (number, of) = (step_number(step), of_sample(program, slot));
    if slot.counter(awaited.counter).is_some_and(|counter| counter.announced) {
        return Some(format!("the announcement of #{number}{of}"));
    }
    let needs = readings::needs(&program.legend, loaded, slot);
    let need = needs.into_iter().find(|need| need.counter == awaited.counter);
    let blocks = program.legend.counter(awaited.counter).and_then(|words| words.blocks.as_ref());
    let Some((need, blocks)) = need.zip(blocks) else {
        return Some(format!("{}, for #{number}{of}", counted(program, slot, awaited.counter)));
    };
    let sent = step.wrapping_sub(need.back);
    let (there, all) = step
        .checked_sub(need.back)
        .map_or((0, 0), |sent| (slot.arrived(state.sram.words(), need.counter, sent, need.each), need.each));
    let buffer = ["A", "B", "C"][(sent % slot.buffers.count()) as usize % 3];
    let (own, below) = names(program, slot);
    let from = CounterWords::fill(&blocks.of, own, below);
    let number = number.wrapping_sub(need.back);
    let values = blocks.values;
    Some(format!("{values}({number}) of {from} in buffer {buffer}: {there} of {all} blocks arrived{of}"))
}

fn dma_view(session: &Session, pe: Pe) -> Option<DmaView> {
    let (program, machine) = (session.program(), session.machine().state());
    let state = &machine.pes[pe.index()];
    let loaded = program.pe(pe)?;
    let (_, slot) = loaded.operation(state.operation)?;
    let source = pe.index() as u16;
    let pending = machine.queue.sorted();
    let end = pending.iter().find(|event| event.source == source && event.kind == EventKind::DmaEnd);
    // While beats are on their way, others may still hold them up.
    let ends = end.map(|event| event.tick).or_else(|| machine.noc.burst_end(pe.index()));
    let step = state.sram.word(slot.turn);
    let bytes = 4 * program.dram.width();
    let (port, (from, _)) = (dma::port(pe), dma::source(program, pe, state)?);
    let (row, number, to) = (program.legend.row, step_number(step), slot.buffers.of(step));
    let text = format!("{row}({number}), {bytes} bytes from DRAM port {port}, {from:08x}, to {to:05x}");
    Some(DmaView { ends, text })
}

fn sending(program: &Program, slots: &[Slot], operation: &Operation, state: &PeState) -> Option<SendingView> {
    let by_engine = program.delivery.broadcast == crate::machine::broadcast::options::Broadcast::Dma;
    let transfer = state.cursor.transfer;
    if transfer.is_none() && (!matches!(operation.action, Action::Send) || state.status != Status::Busy) {
        return None;
    }
    let slot = slots.get(usize::from(transfer.map_or(operation.slot, |transfer| transfer.slot)))?;
    let packets = transfer.map_or(slot.packets(), |transfer| transfer.packets);
    Some(SendingView {
        packet: state.cursor.packet.min(packets),
        packets,
        target: state.cursor.target,
        targets: slot.targets.len() as u32,
        by_engine,
        waiting: state.transfers.len() as u32,
    })
}

fn fifo(state: &PeState) -> FifoState {
    let fifo = &state.fifo;
    FifoState {
        fill: fifo.fill,
        capacity: fifo.capacity,
        high_water: fifo.count.high_water,
        written: fifo.count.written,
        dropped: fifo.count.dropped,
        overwritten: fifo.count.overwritten,
        stalled_us: us(fifo.count.stalled),
        taking_until: fifo.draining.then_some(fifo.drain_ends),
    }
}
