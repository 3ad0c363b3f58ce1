//! A trace in words: what bounds the time, the critical path summed up, and what idle
//! PEs waited for.

use std::collections::BTreeMap;
use std::io::Write;

use super::{Chunk, Sink, TraceError, place};
use crate::chip::clock::{Tick, us};
use crate::machine::legend::PopulationId;
use crate::report::table::{Table, field, percent};
use crate::session::Session;
use crate::session::timeline::{Awaited, PathActivity, Summary, idle};
use crate::text::step_number;

/// Rows of each table.
const ROWS: usize = 12;

/// Writer of a trace as text, a line an entry.
pub struct Text<W: Write> {
    writer: W,
    word: &'static str,
}

impl<W: Write> Text<W> {
    /// Writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { writer, word: "step" }
    }
}

fn bounds(chunk: &Chunk<'_>, summary: &Summary) -> Table {
    let mut table = Table::new(&["critical path", "layer", "PE", "µs", "share", "mean of layer µs"]);
    for bound in summary.bounds.iter().take(ROWS) {
        let what = match (bound.doing, bound.phase) {
            (PathActivity::Operation, Some(phase)) => chunk.program.legend.words(phase).words,
            (doing, _) => doing.describe(),
        };
        table.row(vec![
            what.to_owned(),
            bound.layer.map_or("", |layer| chunk.layer(layer)).to_owned(),
            bound.pe.map_or_else(String::new, place),
            format!("{:.1}", us(bound.ticks)),
            percent(bound.ticks as f64 / summary.ticks.max(1) as f64),
            bound.mean.map_or_else(String::new, |mean| format!("{:.1}", us(mean))),
        ]);
    }
    let rest: Tick = summary.bounds.iter().skip(ROWS).map(|bound| bound.ticks).sum();
    if rest > 0 {
        let count = summary.bounds.len() - ROWS;
        let share = percent(rest as f64 / summary.ticks.max(1) as f64);
        let none = String::new;
        table.row(vec![format!("{count} more"), none(), none(), format!("{:.1}", us(rest)), share, none()]);
    }
    table
}

/// Returns a table of the waits by their source, averaged over the chip's PEs in use.
fn waits(chunk: &Chunk<'_>, begin: Tick, end: Tick) -> Table {
    let idle = idle(chunk.record, &(begin..end));
    let used = chunk.program.used_pes().max(1) as f64;
    let mut table = Table::new(&["who waited", "for whom", "µs a PE", "share of time"]);
    let mut rows: Vec<(&(PopulationId, Awaited), &Tick)> = idle.by_layer.iter().collect();
    rows.sort_by_key(|(key, ticks)| (std::cmp::Reverse(**ticks), **key));
    let mut by_waiting: BTreeMap<PopulationId, f64> = BTreeMap::new();
    for pe in chunk.program.pes.iter().flatten() {
        if let Some(slot) = pe.populations().next() {
            *by_waiting.entry(slot.population).or_default() += 1.0;
        }
    }
    for ((layer, awaited), ticks) in rows.into_iter().take(ROWS) {
        let pes = by_waiting.get(layer).copied().unwrap_or(used);
        let each = us(*ticks) / pes;
        table.row(vec![
            format!("PEs of {}", chunk.layer(*layer)),
            chunk.awaited(*awaited),
            format!("{each:.1}"),
            percent(each / us(end - begin).max(f64::MIN_POSITIVE)),
        ]);
    }
    table
}

impl<W: Write> Sink for Text<W> {
    fn begin(&mut self, session: &Session) -> Result<(), TraceError> {
        self.word = session.work().kind().step_word;
        Ok(writeln!(self.writer, "{}", session.loaded.scene.title)?)
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), TraceError> {
        for step in chunk.steps() {
            let path = chunk.path(step);
            let summary = Summary::of(chunk.program, chunk.record, &path, 1);
            let mut text = String::from("\n");
            field(&mut text, 0, &format!("{} {}", self.word, step_number(step.step)), "");
            field(&mut text, 2, "", &summary.sentence(chunk.program, self.word));
            text.push('\n');
            bounds(chunk, &summary).write(&mut text);
            text.push('\n');
            waits(chunk, step.begin, step.end).write(&mut text);
            self.writer.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), TraceError> {
        Ok(self.writer.flush()?)
    }
}
