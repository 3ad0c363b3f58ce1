//! `spinntui trace`: what happened on the chip, for tools that show timelines (docs/trace.md).
//!
//! A trace is written while the machine runs: after every time step what has ended since is written
//! and forgotten, so its length is bounded by the disk and not by memory.

pub mod csv;
pub mod perfetto;
pub mod text;

use std::io;
use std::ops::Range;

use thiserror::Error;

use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::legend::PopulationId;
use crate::machine::program::Program;
use crate::machine::queue::CHIP;
use crate::machine::record::{PacketSpan, SpanRecorder, StepSpan};
use crate::session::Session;
use crate::session::timeline::{Awaited, Segment, path};

/// A trace could not be written.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file of the trace cannot be written.
    #[error("cannot write the trace: {0}")]
    Io(#[from] io::Error),
    /// A value cannot be written as JSON, or the file not at all.
    #[error("cannot write the trace: {0}")]
    Json(#[from] serde_json::Error),
    /// A row cannot be written as CSV, or the file not at all.
    #[error("cannot write the trace: {0}")]
    Csv(#[from] ::csv::Error),
}

impl TraceError {
    /// Returns `true` if the reader of a pipe has closed it.
    pub fn is_broken_pipe(&self) -> bool {
        let kind = match self {
            Self::Io(error) => Some(error.kind()),
            Self::Json(error) => error.io_error_kind(),
            Self::Csv(error) => match error.kind() {
                ::csv::ErrorKind::Io(error) => Some(error.kind()),
                _ => None,
            },
        };
        kind == Some(io::ErrorKind::BrokenPipe)
    }
}

/// Events since the last chunk.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Program that the chip is loaded with.
    pub program: &'a Program,
    /// Recording that the chunk is a part of.
    pub record: &'a SpanRecorder,
    /// Start of the chunk, in ticks.
    pub begin: Tick,
    /// End of the chunk, in ticks.
    pub end: Tick,
    /// Whether this is the last chunk, at whose end unfinished spans are cut off.
    pub last: bool,
}

impl<'a> Chunk<'a> {
    /// Creates the chunk of a recording session from tick `begin` on; `None` if it does not record.
    pub fn of(session: &'a Session, begin: Tick, last: bool) -> Option<Self> {
        let record = session.machine().recorded()?;
        Some(Self { program: session.program(), record, begin, end: session.tick(), last })
    }

    /// Returns `true` if a span that ended at tick `end` belongs to this chunk.
    pub fn has(&self, end: Tick) -> bool {
        end >= self.begin && (end < self.end || self.last && end == self.end)
    }

    /// Returns the span from `begin` to `end` if it is to be written in this chunk; unfinished
    /// spans are cut off at the end of the last chunk.
    pub fn span(&self, begin: Tick, end: Option<Tick>) -> Option<Range<Tick>> {
        match end {
            Some(end) if self.has(end) => Some(begin..end),
            Some(end) if end < self.end || !self.last => None,
            _ if self.last && begin < self.end => Some(begin..self.end),
            _ => None,
        }
    }

    /// Iterates over the packets delivered in this chunk: number, span and tick of delivery.
    pub fn packets(&self) -> impl Iterator<Item = (u64, &'a PacketSpan, Tick)> + use<'a, '_> {
        let numbered = (self.record.first_packet..).zip(&self.record.packets);
        numbered.filter_map(|(number, span)| {
            let delivered = span.delivered.filter(|&tick| self.has(tick))?;
            Some((number, span, delivered))
        })
    }

    /// Iterates over the time steps completed in this chunk, including one that ends with it.
    pub fn steps(&self) -> impl Iterator<Item = &'a StepSpan> + use<'a, '_> {
        self.record.steps.iter().filter(|step| step.end > self.begin && step.end <= self.end)
    }

    /// Returns the critical path of a step, as far as the step is recorded.
    pub fn path(&self, step: &StepSpan) -> Vec<Segment> {
        path(self.program, self.record, step, step.begin.max(self.record.since))
    }

    /// Returns the packet that a PE sent: for a router's copy, the packet that was copied.
    pub fn origin(&self, mut packet: &'a PacketSpan) -> &'a PacketSpan {
        while let Some(parent) = packet.parent.and_then(|number| self.record.packet(number)) {
            packet = parent;
        }
        packet
    }

    /// Returns a layer's name in the model.
    pub fn layer(&self, layer: PopulationId) -> &'a str {
        self.program.population_name(layer)
    }

    /// Describes the source of a wait.
    pub fn awaited(&self, awaited: Awaited) -> String {
        match awaited {
            Awaited::Pe { layer, pe } => format!("{} of {}", place(pe), self.layer(layer)),
            Awaited::Host => "the host".to_owned(),
            Awaited::Later => "what comes next".to_owned(),
            Awaited::Unknown => "?".to_owned(),
        }
    }
}

/// Formats a PE by its index, or the host.
pub fn place(index: u16) -> String {
    match Pe::from_index(usize::from(index)) {
        Some(pe) => pe.to_string(),
        None if index == CHIP => "host".to_owned(),
        None => format!("source {index}"),
    }
}

/// Something that takes a trace, chunk by chunk.
pub trait Sink {
    /// Begins the trace; called before the first chunk.
    fn begin(&mut self, session: &Session) -> Result<(), TraceError>;
    /// Takes the events since the last call.
    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError>;
    /// Ends the trace; called after the last chunk.
    fn end(&mut self) -> Result<(), TraceError>;
}
