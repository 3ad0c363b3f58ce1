//! Effects of a step's events on bytes, in order.

use std::collections::HashMap;

use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::exec::Machine;
use crate::machine::legend::PhaseId;
use crate::machine::noc::Load;
use crate::machine::program::Program;
use crate::machine::queue::EventKind;
use crate::machine::state::{PacketKind, State, Travelling};

/// Number of a packet among those of the step: first those on the mesh at its begin.
pub(super) type PacketId = u32;

/// One effect on bytes.
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
    /// A phase ends whose operation began at tick `began`, relative to the begin of the step.
    Timed { pe: u16, phase: PhaseId, began: i64, ended: Tick },
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

/// The effects of a step so far.
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
        Self {
            effects: Vec::new(),
            turns: turns.collect(),
            numbers,
            brought: carried.len(),
            next: carried.len() as PacketId,
            began: state.tick,
            step: state.host.completed,
        }
    }

    /// Returns the packets of the step, those on the mesh at its begin included.
    pub(super) fn packets(&self) -> PacketId {
        self.next
    }

    /// Returns how many of them that is.
    pub(super) fn brought(&self) -> usize {
        self.brought
    }

    /// Returns the packet that is kept at a place of the packet store.
    pub(super) fn packet(&self, number: u32) -> PacketId {
        self.numbers.get(number as usize).copied().unwrap_or(PacketId::MAX)
    }
}

/// The packets on the mesh by their number in the store, in an order that follows from their times.
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

    /// A routine begins.
    #[inline]
    pub(in super::super) fn trace_begin(&mut self, pe: Pe, operation: u32) {
        self.trace(|trace| trace.effects.push(Effect::Begin { pe: pe.index() as u16, operation }));
    }

    /// A routine ends.
    #[inline]
    pub(in super::super) fn trace_end(&mut self, pe: Pe, operation: u32) {
        self.trace(|trace| trace.effects.push(Effect::End { pe: pe.index() as u16, operation }));
    }

    /// A row is written.
    #[inline]
    pub(in super::super) fn trace_row(&mut self, pe: Pe, operation: u32) {
        self.trace(|trace| trace.effects.push(Effect::Row { pe: pe.index() as u16, operation }));
    }

    /// The debug log is written.
    #[inline]
    pub(in super::super) fn trace_log(&mut self, pe: Pe, operation: u32) {
        self.trace(|trace| trace.effects.push(Effect::Log { pe: pe.index() as u16, operation }));
    }

    /// An operation that began at tick `began` ends now.
    #[inline]
    pub(in super::super) fn trace_timed(&mut self, pe: Pe, phase: PhaseId, began: Tick) {
        let now = self.state.tick;
        self.trace(|trace| {
            let (began, ended) = (began.wrapping_sub(trace.began) as i64, now - trace.began);
            trace.effects.push(Effect::Timed { pe: pe.index() as u16, phase, began, ended });
        });
    }

    /// A counter goes up.
    #[inline]
    pub(in super::super) fn trace_count(&mut self, pe: Pe, address: u32) {
        self.trace(|trace| trace.effects.push(Effect::Count { pe: pe.index() as u16, address }));
    }

    /// A packet is on its way, kept at place `number` of the packet store.
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

    /// A packet is written into one PE.
    #[inline]
    pub(in super::super) fn trace_put(&mut self, number: u32, pe: usize, address: u32) {
        self.trace(|trace| {
            let packet = trace.packet(number);
            trace.effects.push(Effect::Put { packet, pe: pe as u16, address });
        });
    }

    /// A packet is written to the host's memory.
    #[inline]
    pub(in super::super) fn trace_host(&mut self, number: u32, word: usize) {
        self.trace(|trace| {
            let packet = trace.packet(number);
            trace.effects.push(Effect::Host { packet, word: word as u32 });
        });
    }
}
