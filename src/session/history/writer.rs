//! Search for the last writer of a byte: the past is replayed with the bytes watched.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{History, Position};
use crate::chip::geometry::Pe;
use crate::machine::fault::Fault;
use crate::machine::queue::EventKind;
use crate::machine::sram::PAGE_BYTES;
use crate::session::event;
use crate::session::{Session, StepOutcome};

/// Answer to the question for the last write to some bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LastWrite {
    /// Write that was found.
    By(Writer),
    /// Load of the program by the host: no later write.
    Load,
    /// No write since this moment, the oldest that is kept.
    NotSince(Position),
}

/// Words for a write of a debugger between calls.
const BY_DEBUGGER: &str = "a debugger";

/// A write in the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Writer {
    /// Position after the write.
    pub at: Position,
    /// Description of the write, for messages.
    pub what: String,
    /// PE that computed or sent the written value; `None` if no PE did.
    pub pe: Option<(u8, u8, u8)>,
    /// Bytes written, of those in question.
    pub bytes: Range<u32>,
}

impl std::fmt::Display for LastWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::By(writer) => write!(f, "{} ({})", writer.what, writer.at),
            Self::Load => f.write_str("the host, when it loaded the program"),
            Self::NotSince(oldest) => write!(f, "something before {oldest}, where history begins"),
        }
    }
}

/// Returns the bits of the pages that these bytes touch.
fn pages(bytes: &Range<u32>) -> u128 {
    let (first, last) = (bytes.start as usize / PAGE_BYTES, bytes.end.max(1) as usize / PAGE_BYTES);
    (first..=last.min(127)).fold(0, |bits, page| bits | 1 << page)
}

impl History {
    /// Finds the last write to these bytes of a PE, even if it changed nothing, and returns the
    /// session to its present event.
    pub fn last_write(&self, session: &mut Session, pe: Pe, bytes: &Range<u32>) -> LastWrite {
        let at = Position::of(session);
        if let Some(fault) = session.by_hand_now(pe, bytes) {
            return LastWrite::By(Writer { at, what: by_fault(fault), pe: None, bytes: bytes.clone() });
        }
        if session.written_now(pe, bytes) {
            return LastWrite::By(Writer { at, what: BY_DEBUGGER.into(), pe: None, bytes: bytes.clone() });
        }
        let now = at.events;
        let followed = session.followed.take();
        // Only stretches in which the page was written at all are run through again.
        let mut written = session.machine().state().pes[pe.index()].sram.written_pages();
        let mut end = now;
        let mut found = None;
        for kept in self.kept.iter().rev().filter(|kept| kept.at.events <= now) {
            if written & pages(bytes) != 0 && end > kept.at.events {
                kept.restore(session);
                session.machine.watch(pe, bytes.clone());
                found = last_in(session, pe, bytes, end);
                session.machine.unwatch();
                if found.is_some() {
                    break;
                }
            }
            end = kept.at.events;
            written = kept.machine().written_pages(pe);
        }
        self.back_to(session, now);
        session.followed = followed;
        match found {
            Some(writer) => LastWrite::By(writer),
            None if self.oldest().events == 0 => LastWrite::Load,
            None => LastWrite::NotSince(self.oldest()),
        }
    }

    /// Returns the session to event `now`, where a look into the past began.
    fn back_to(&self, session: &mut Session, now: u64) {
        let kept = self.kept.partition_point(|kept| kept.at.events <= now);
        if session.machine.state().events != now
            && let Some(from) = kept.checked_sub(1).and_then(|at| self.kept.get(at))
        {
            from.restore(session);
        }
        super::seek::replay(session, now);
        session.repeat_by_hand();
    }
}

/// Returns the last write to watched bytes from here until `end` events are handled.
fn last_in(session: &mut Session, pe: Pe, bytes: &Range<u32>, end: u64) -> Option<Writer> {
    let mut last = None;
    while session.machine.state().events < end {
        let before = session.next_event();
        let (what, source) =
            before.map_or_else(Default::default, |next| about_to(session, next.kind, next.source));
        let StepOutcome::Advanced(_) = session.advance() else { break };
        let written = session.machine.written();
        // A fault comes just before an event: what that writes it writes later.
        let fault = session.faults.just.iter().rfind(|fault| written.len() == 1 && fault.touches(pe, bytes));
        let (what, source) = match fault {
            Some(fault) => (by_fault(*fault), None),
            None if written.len() == 1 && session.written_just(pe, bytes) => (BY_DEBUGGER.to_owned(), None),
            None => (what, source),
        };
        if let Some(write) = written.last() {
            let pe = source.map(|pe| (pe.qpe().x, pe.qpe().y, pe.p()));
            last = Some(Writer { at: Position::of(session), what, pe, bytes: write.bytes.clone() });
        }
    }
    last
}

fn by_fault(fault: Fault) -> String {
    format!("a fault ({fault})")
}

/// Describes what an event is about to write, and returns the PE that it comes from.
fn about_to(session: &Session, kind: EventKind, source: u16) -> (String, Option<Pe>) {
    let who = event::source(source);
    let from = Pe::from_index(usize::from(source));
    let program = session.program();
    let state = session.machine().state();
    let operation = || {
        let pe = from?;
        let loaded = program.pe(pe)?;
        let (operation, slot) = loaded.operation(state.pes[pe.index()].operation)?;
        Some(format!(
            "{} of {}",
            program.legend.phase(operation.phase),
            program.population(slot.population)?.name
        ))
    };
    let what = match kind {
        EventKind::Deliver(number) => match state.packets.get(number) {
            Some(packet) => format!("a packet from {who} with {}", event::contents(program, packet)),
            None => format!("a packet from {who}"),
        },
        EventKind::DmaEnd => format!("{who}'s DMA from DRAM"),
        EventKind::Interrupt => format!("{who}'s handler of a doorbell write"),
        EventKind::Drain => format!("{who}, emptying its FIFO"),
        EventKind::OperationEnd => match operation() {
            Some(operation) => format!("{who} itself, at the end of {operation}"),
            None => format!("{who} itself"),
        },
        EventKind::Inject => format!("{who}, packing its broadcast"),
        EventKind::StepStart | EventKind::StepEnd => "the host".to_owned(),
    };
    (what, from)
}
