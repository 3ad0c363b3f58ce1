//! Effects of the events of a stretch on bytes, and what else has to be known of them to add the
//! stretch again, noted while it runs event by event.

use std::collections::HashMap;

use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::exec::{Machine, Progress};
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::noc::Load;
use crate::machine::program::{Action, Operation, Program, Slot};
use crate::machine::queue::{Event, EventKind};
use crate::machine::routine::{Begun, Routine};
use crate::machine::state::{PacketKind, State, Status, Travelling};

/// Number of a packet among those of the stretch: first those on the mesh at its begin.
pub(super) type PacketId = u32;

/// Effect of an event of the stretch on bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Effect {
    /// A routine begins: operation `operation` of a PE.
    Begin { pe: u16, operation: u32 },
    /// A routine ends.
    End { pe: u16, operation: u32 },
    /// A row from DRAM is written.
    Row { pe: u16, operation: u32 },
    /// Timer counts are written to the debug log, and the time step is counted.
    Log { pe: u16, operation: u32 },
    /// A phase ends whose operation began at tick `began`, both relative to the begin of the
    /// stretch; `None` for an operation that began before the stretch.
    Timed { pe: u16, phase: PhaseId, began: Option<Tick>, ended: Tick },
    /// A packet takes its bytes from a PE's memory.
    Take { packet: PacketId, pe: u16, address: u32 },
    /// A packet announces a time step of a sample, `step` after the first that is not complete
    /// at the begin.
    Announce { packet: PacketId, step: u32, sample: u8 },
    /// A packet whose bytes depend on its sender alone.
    Message { packet: PacketId, source: u16 },
    /// A packet's bytes are written into a PE's memory.
    Put { packet: PacketId, pe: u16, address: u32 },
    /// A packet's bytes are written to a word of the host's memory.
    Host { packet: PacketId, word: u32 },
    /// A counter in a PE's memory goes up by 1.
    Count { pe: u16, address: u32 },
}

/// Run of a routine that begins in a stretch, ends behind it, and takes cycles that
/// depend on values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) pe: u16,
    pub(super) operation: u32,
    /// Position of its begin among the effects.
    pub(super) position: usize,
    /// Cycles and accesses that it took when the stretch was noted.
    pub(super) begun: Begun,
}

/// End of a phase of a population, at a tick relative to the begin of the stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Close {
    pub(super) population: PopulationId,
    pub(super) phase: PhaseId,
    pub(super) at: Tick,
}

/// Notes of a stretch so far.
#[derive(Clone, Debug)]
pub(in super::super) struct Trace {
    pub(super) effects: Vec<Effect>,
    /// Packets by their place in the packet store.
    numbers: Vec<PacketId>,
    /// Packets on the mesh at the begin.
    brought: usize,
    /// Value at the begin of each word that counts a slot's time steps, by PE and address.
    pub(super) turns: HashMap<(u16, u32), u32>,
    next: PacketId,
    began: Tick,
    step: u32,
    /// First tick at which something may happen whose time depends on values.
    horizon: Tick,
    pub(super) open: Vec<Open>,
    pub(super) closes: Vec<Close>,
    /// Whether each PE has begun an operation, by PE index.
    pub(super) begun: Vec<bool>,
    /// Whether each PE has sent a block, by PE index.
    pub(super) sending: Vec<bool>,
    /// Longest time that a packet took.
    pub(super) max_latency: Tick,
    /// Last event, and what all of them have brought to an end.
    pub(super) last: Option<(Progress, Event)>,
    /// A block was sent whose packets depend on values.
    pub(super) broken: bool,
}

impl Trace {
    pub(super) fn new(state: &State, program: &Program) -> Self {
        let carried = carried(state);
        let loaded = (0_u16..).zip(state.pes.iter().zip(&program.pes));
        let turns = loaded.flat_map(|(number, (pe, loaded))| {
            let slots = loaded.iter().flat_map(|loaded| &loaded.slots);
            slots.map(move |slot| ((number, slot.turn), pe.sram.word(slot.turn)))
        });
        let mut numbers = vec![PacketId::MAX; state.packets.capacity()];
        for (packet, &number) in (0..).zip(&carried) {
            numbers[number as usize] = packet;
        }
        let sending = program.places().map(|pe| is_sending(state, program, pe)).collect();
        Self {
            effects: Vec::new(),
            turns: turns.collect(),
            numbers,
            brought: carried.len(),
            next: carried.len() as PacketId,
            began: state.tick,
            step: state.host.completed,
            horizon: Tick::MAX,
            open: Vec::new(),
            closes: Vec::new(),
            begun: vec![false; state.pes.len()],
            sending,
            max_latency: 0,
            last: None,
            broken: false,
        }
    }

    /// Returns the packets of the stretch, those on the mesh at its begin included.
    pub(super) fn packets(&self) -> PacketId {
        self.next
    }

    /// Returns whether the effect at a position is the begin of an open run.
    pub(super) fn is_open(&self, position: usize) -> bool {
        self.open.binary_search_by_key(&position, |open| open.position).is_ok()
    }

    /// Returns how many packets are on the mesh at the begin.
    pub(super) fn brought(&self) -> usize {
        self.brought
    }

    /// Returns the packet that is kept at a place of the packet store.
    pub(super) fn packet(&self, number: u32) -> PacketId {
        self.numbers.get(number as usize).copied().unwrap_or(PacketId::MAX)
    }
}

/// Returns whether the core of a PE sends a block.
pub(super) fn is_sending(state: &State, program: &Program, pe: Pe) -> bool {
    let now = &state.pes[pe.index()];
    let operation = program.pe(pe).and_then(|loaded| loaded.operation(now.operation));
    now.status == Status::Busy
        && operation.is_some_and(|(operation, _)| matches!(operation.action, Action::Send))
}

/// Returns the store numbers of the packets on the mesh, in an order that follows from their times.
pub(super) fn carried<M>(state: &State<M>) -> Vec<u32> {
    let under_way = state.noc.under_way.iter().filter_map(|(_, hop)| match hop.load() {
        Load::Packet(number) => Some(number),
        Load::Beat(_) => None,
    });
    let landed = state.queue.sorted().into_iter().filter_map(|event| match event.kind {
        EventKind::Deliver(number) => Some(number),
        _ => None,
    });
    under_way.chain(landed).collect()
}

impl Machine {
    #[inline]
    fn trace(&mut self, tell: impl FnOnce(&mut Trace)) {
        if let Some(trace) = &mut self.tracing {
            tell(trace);
        }
    }

    /// Lets the mesh run as far as the stretch that is noted may reach, which ends here if the next
    /// event may depend on values.
    #[cold]
    pub(in super::super) fn settle_traced(&mut self) {
        let Some(Trace { horizon, .. }) = self.tracing.as_deref() else { return };
        let horizon = *horizon;
        while self.state.queue.next() >= horizon && self.state.noc.is_due(horizon - 1) {
            self.pass_until(horizon - 1);
        }
        if self.state.queue.next() >= horizon {
            self.end_trace();
        }
    }

    /// Records a handled event of the stretch, and ends the stretch after a time step or where
    /// another may begin.
    #[cold]
    pub(in super::super) fn event_traced(&mut self, progress: Progress, event: Event) {
        self.trace(|trace| {
            let phase = progress.phase.or(trace.last.and_then(|(before, _)| before.phase));
            trace.last = Some((Progress { phase, ..progress }, event));
        });
        if progress.step || self.is_between_stretches() {
            self.end_trace();
        }
    }

    /// Records the start of an operation.
    #[inline]
    pub(in super::super) fn trace_operation(&mut self, pe: Pe, operation: &Operation) {
        let sends_events = matches!(operation.action, Action::SendEvents(_));
        self.trace(|trace| {
            trace.begun[pe.index()] = true;
            trace.broken |= sends_events;
        });
    }

    /// Records that a core begins to send a slot's block.
    #[inline]
    pub(in super::super) fn trace_sending(&mut self, pe: Pe, slot: &Slot) {
        let values = slot.events.is_some();
        self.trace(|trace| {
            trace.sending[pe.index()] = true;
            trace.broken |= values;
        });
    }

    /// Records the start of a routine.
    #[inline]
    pub(in super::super) fn trace_call(&mut self, pe: Pe, routine: &dyn Routine, begun: &Begun) {
        if self.tracing.is_none() {
            return;
        }
        let operation = self.state.pes[pe.index()].operation;
        let least = routine.least(&self.program.costs);
        let horizon = least.map(|cycles| self.state.tick + self.ticks_on(pe.index(), cycles));
        self.trace(|trace| {
            let position = trace.effects.len();
            trace.effects.push(Effect::Begin { pe: pe.index() as u16, operation });
            if let Some(horizon) = horizon {
                trace.horizon = trace.horizon.min(horizon);
                trace.open.push(Open { pe: pe.index() as u16, operation, position, begun: *begun });
            }
        });
    }

    /// Records the end of a routine.
    #[inline]
    pub(in super::super) fn trace_end(&mut self, pe: Pe, operation: u32) {
        self.trace(|trace| trace.effects.push(Effect::End { pe: pe.index() as u16, operation }));
    }

    /// Records that a row is written.
    #[inline]
    pub(in super::super) fn trace_row(&mut self, pe: Pe, operation: u32) {
        self.trace(|trace| trace.effects.push(Effect::Row { pe: pe.index() as u16, operation }));
    }

    /// Records that the debug log is written.
    #[inline]
    pub(in super::super) fn trace_log(&mut self, pe: Pe, operation: u32) {
        self.trace(|trace| trace.effects.push(Effect::Log { pe: pe.index() as u16, operation }));
    }

    /// Records the end of an operation that began at tick `began`.
    #[inline]
    pub(in super::super) fn trace_timed(&mut self, pe: Pe, phase: PhaseId, began: Tick) {
        let now = self.state.tick;
        self.trace(|trace| {
            let began = trace.begun[pe.index()].then(|| began - trace.began);
            let ended = now - trace.began;
            trace.effects.push(Effect::Timed { pe: pe.index() as u16, phase, began, ended });
        });
    }

    /// Records the end of a population's phase.
    #[inline]
    pub(in super::super) fn trace_close(&mut self, population: PopulationId, phase: PhaseId, now: Tick) {
        self.trace(|trace| trace.closes.push(Close { population, phase, at: now - trace.began }));
    }

    /// Records the latency of a packet that has crossed the mesh, in ticks.
    #[inline]
    pub(in super::super) fn trace_latency(&mut self, latency: Tick) {
        self.trace(|trace| trace.max_latency = trace.max_latency.max(latency));
    }

    /// Records that a counter goes up by 1.
    #[inline]
    pub(in super::super) fn trace_count(&mut self, pe: Pe, address: u32) {
        self.trace(|trace| trace.effects.push(Effect::Count { pe: pe.index() as u16, address }));
    }

    /// Records a packet on its way, kept at place `number` of the packet store.
    #[inline]
    pub(in super::super) fn trace_sent(&mut self, number: u32, sent: &Travelling) {
        self.trace(|trace| {
            let packet = trace.next;
            trace.next += 1;
            if trace.numbers.len() <= number as usize {
                trace.numbers.resize(number as usize + 1, PacketId::MAX);
            }
            trace.numbers[number as usize] = packet;
            let (pe, address) = (sent.packet.source, sent.packet.from);
            trace.effects.push(match sent.packet.kind {
                PacketKind::Values { .. } => Effect::Take { packet, pe, address },
                PacketKind::Announce { step, message } => {
                    Effect::Announce { packet, step: step.wrapping_sub(trace.step), sample: message.sample }
                }
                PacketKind::Message { .. } | PacketKind::Event { .. } => {
                    Effect::Message { packet, source: pe }
                }
            });
        });
    }

    /// Records that a packet is written into one PE.
    #[inline]
    pub(in super::super) fn trace_put(&mut self, number: u32, pe: usize, address: u32) {
        self.trace(|trace| {
            let packet = trace.packet(number);
            trace.effects.push(Effect::Put { packet, pe: pe as u16, address });
        });
    }

    /// Records that a packet is written to the host's memory.
    #[inline]
    pub(in super::super) fn trace_host(&mut self, number: u32, word: usize) {
        self.trace(|trace| {
            let packet = trace.packet(number);
            trace.effects.push(Effect::Host { packet, word: word as u32 });
        });
    }
}
