//! Notes that the machine makes in its recorder.

use super::super::exec::Machine;
use super::super::noc::HOP_CYCLES;
use super::super::program::{Ends, Operation, Slot, Target};
use super::super::state::{Packet, Status};
use super::instructions::Pricing;
use super::{Instructions, Limits, OperationSpan, PacketSpan, SpanRecorder, StepSpan, TransferSpan};
use crate::chip::clock::{NOC_CYCLE, OperatingPoint, Tick};
use crate::chip::geometry::Pe;

impl Machine {
    /// Begins to record what happens from now on. What goes on is noted from where it began; whose
    /// packets are on the mesh now stays unknown.
    pub fn record(&mut self, limits: Limits) {
        let mut recorder =
            SpanRecorder::new(limits, self.program.pes.len(), self.state.tick, self.state.sent);
        recorder.pricing = Pricing::new(&self.program);
        for pe in self.program.places() {
            let state = &self.state.pes[pe.index()];
            let Some(loaded) = self.program.pe(pe) else { continue };
            let Some((operation, slot)) = loaded.operation(state.operation) else { continue };
            let step = state.sram.word(slot.turn);
            recorder.begin(
                pe.index(),
                opened(operation, slot, step, state.began, self.operating_point(pe.index())),
            );
            if state.status == Status::Waiting {
                recorder.wait(pe.index(), state.began);
            }
            recorder.pes[pe.index()].pending = state.interrupts.iter().map(|_| None).collect();
            recorder.pes[pe.index()].draining = self.state.tick;
        }
        self.recorder = Some(Box::new(recorder));
    }

    /// Ends the recording and gives it away.
    pub fn stop_recording(&mut self) -> Option<Box<SpanRecorder>> {
        self.recorder.take()
    }

    /// Returns the recording so far; `None` if nothing is being recorded.
    pub fn recorded(&self) -> Option<&SpanRecorder> {
        self.recorder.as_deref()
    }

    /// Forgets what ended before `tick`.
    pub fn forget_before(&mut self, tick: Tick) {
        self.note(|recorder| recorder.forget_before(tick));
    }

    /// Tells the recorder, if there is one.
    #[inline]
    pub(in super::super) fn note(&mut self, tell: impl FnOnce(&mut SpanRecorder)) {
        if let Some(recorder) = &mut self.recorder {
            tell(recorder);
        }
    }

    /// Notes that an operation begins now.
    #[inline]
    pub(in super::super) fn note_begin(&mut self, pe: Pe, operation: &Operation, slot: &Slot, step: u32) {
        let now = self.state.tick;
        let point = self.operating_point(pe.index());
        self.note(|recorder| recorder.begin(pe.index(), opened(operation, slot, step, now, point)));
    }

    /// Notes that a PE has nothing to do from now on.
    #[inline]
    pub(in super::super) fn note_wait(&mut self, pe: Pe) {
        let now = self.state.tick;
        self.note(|recorder| recorder.wait(pe.index(), now));
    }

    /// Notes that a PE's input is there; `more` says whether it waits for more.
    #[inline]
    pub(in super::super) fn note_waited(&mut self, pe: Pe, more: bool) {
        let now = self.state.tick;
        self.note(|recorder| recorder.waited(pe.index(), now, more));
    }

    /// Notes that a packet leaves at tick `sent` to cross `hops` links and is kept at `stored`.
    #[inline]
    pub(in super::super) fn note_sent(&mut self, packet: &Packet, sent: Tick, hops: u32, stored: u32) {
        let Packet { source, qpe, mask, host, kind, .. } = *packet;
        self.note(|recorder| {
            let (parent, delivered) = (None, None);
            let arrives = sent + Tick::from(hops.max(1)) * HOP_CYCLES * NOC_CYCLE;
            let span = PacketSpan { source, qpe, mask, host, kind, parent, hops, sent, arrives, delivered };
            recorder.sent(span, stored);
        });
    }

    /// Notes that a packet has crossed the mesh and arrives at tick `arrives`, unless it is lost.
    #[inline]
    pub(in super::super) fn note_landed(&mut self, stored: u32, arrives: Tick, lost: bool) {
        self.note(|recorder| recorder.landed(stored, arrives, lost));
    }

    /// Notes that a packet is taken off the mesh; until the next one is, what happens is due to it.
    #[inline]
    pub(in super::super) fn note_accepted(&mut self, stored: u32) {
        let now = self.state.tick;
        self.note(|recorder| recorder.accepted = recorder.delivered(stored, now));
    }

    /// Notes that a packet has reached the event router: packets that leave until
    /// [`Self::note_copied`] are copies of it.
    #[inline]
    pub(in super::super) fn note_copying(&mut self, stored: u32) {
        let now = self.state.tick;
        self.note(|recorder| recorder.copied = recorder.delivered(stored, now));
    }

    /// Notes that all copies have left.
    #[inline]
    pub(in super::super) fn note_copied(&mut self) {
        self.note(|recorder| recorder.copied = None);
    }

    /// Notes that a PE's DMA engine sends a block.
    #[inline]
    pub(in super::super) fn note_transfer(
        &mut self,
        pe: Pe,
        slot: &Slot,
        to: &Target,
        step: u32,
        packets: u32,
    ) {
        let begin = self.state.tick;
        let end = begin + Tick::from(packets) * self.program.costs.dma_beat;
        let (qpe, population) = (to.qpe, slot.population);
        self.note(|r| r.transfer(pe.index(), TransferSpan { begin, end, packets, qpe, population, step }));
    }

    /// Notes that the host's oldest time step is complete.
    #[inline]
    pub(in super::super) fn note_step(&mut self) {
        let (step, begin, end) = (self.state.host.completed, self.state.host.completed_at, self.state.tick);
        self.note(|recorder| recorder.step(StepSpan { step, begin, end, packet: None }));
    }
}

/// Creates the span of an operation that has just begun.
fn opened(
    operation: &Operation,
    slot: &Slot,
    step: u32,
    begin: Tick,
    point: OperatingPoint,
) -> OperationSpan {
    OperationSpan {
        population: slot.population,
        sample: slot.sample,
        phase: operation.phase,
        step,
        ends_nothing: operation.ends == Ends::Nothing,
        begin,
        end: None,
        point,
        busy: 0,
        events: 0,
        instructions: Instructions::default(),
    }
}
