//! `CscEvent`, `CscEventList`: compressed columns, source after source; only sources that sent an
//! event do work.
//!
//! Layout: columns are the sources in ascending model order. `column_start[sources + 1]` in
//! half-words, counted in non-zeros; `row[nonzeros]` in bytes if there are at most 256 rows, in
//! half-words otherwise; `value[nonzeros]` in singles; `source[sources]` in half-words, the word of
//! each source in the input buffer (not for the list). The sums are cleared and then grow in SRAM,
//! source after source in ascending order, so that every row sees the chain of [`super::csr_row`]
//! without its products with zeros ([`super::csr_row_skip`] says why that changes no bit). A share
//! with an infinite or NaN weight visits every source ([`Visit::All`]).
//!
//! The list at byte address `x`: a word `count`, then `count` pairs (source in model order, value),
//! sources ascending; 4 + 8 · sources bytes at most.

use pulp::{Arch, Simd, WithSimd};
use serde::{Deserialize, Serialize};

use super::parts::Parts;
use super::words::{BYTES, Guard, byte, half, is_event, single, word};
use super::{KernelFault, SramWords};

const GUARD: Guard = Guard { kernel: "csc" };

/// Choice of the sources that do work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visit {
    /// Sources whose word in the input buffer is not zero.
    #[default]
    Events,
    /// Sources whose word is not zero, in code for the core's timings and at most 256 rows.
    Fast,
    /// All: a weight is infinite or NaN, and its product with zero is no zero.
    All,
    /// Sources in a list of events.
    List,
}

/// Places of a matrix in a PE's SRAM, as byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CscLayout {
    /// Number of rows.
    pub rows: u32,
    /// Number of sources, the columns of the matrix.
    pub sources: u32,
    /// Choice of the sources that do work.
    pub visit: Visit,
    /// `column_start[sources + 1]`, half-words.
    pub column_start: u32,
    /// `row[nonzeros]`: row of each weight, a byte or half-word.
    pub row: u32,
    /// `value[nonzeros]`, f32: the weights, column by column.
    pub value: u32,
    /// `source[sources]`, half-words; unused with [`Visit::List`].
    pub source: u32,
}

impl CscLayout {
    /// Returns `true` if row numbers are bytes, `false` if they are half-words.
    pub fn narrow(&self) -> bool {
        self.rows <= 256
    }

    /// Returns whether every source's word is looked at.
    fn looks(&self) -> bool {
        matches!(self.visit, Visit::Events | Visit::Fast)
    }

    /// Returns whether the fast kernel serves it.
    fn is_fast(&self) -> bool {
        self.visit == Visit::Fast && self.narrow()
    }

    fn row_bytes(&self) -> u64 {
        if self.narrow() { 1 } else { 2 }
    }
}

/// Counts of what a run does, from which its cost follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventWork {
    /// Sources that did work on at least one non-zero.
    pub active: u32,
    /// Sources that were to do work, but have no non-zero here.
    pub idle: u32,
    /// Sources that were looked at and passed over.
    pub silent: u32,
    /// Number of weights visited.
    pub nonzeros: u32,
    /// Parts of the fast kernel's work; `None` for others.
    pub parts: Option<Parts>,
}

/// Returns the column number and value of each source that does work, in order.
///
/// An operand outside of SRAM is a fault.
fn events<'a>(
    words: &'a SramWords,
    layout: &'a CscLayout,
    x: u32,
) -> Result<impl Iterator<Item = Result<(u32, f32), KernelFault>> + 'a, KernelFault> {
    let list = layout.visit == Visit::List;
    let count = if list {
        GUARD.array("event list", x, 4)?;
        let count = word(words, x as usize);
        GUARD.array("event list", x, 4 + 8 * u64::from(count))?;
        count
    } else {
        GUARD.array("source", layout.source, 2 * u64::from(layout.sources))?;
        layout.sources
    };
    let event = move |i: u32| {
        if list {
            let at = x as usize + 4 + 8 * i as usize;
            return Some(Ok((word(words, at), single(words, at + 4))));
        }
        let address = u64::from(x) + 4 * u64::from(half(words, layout.source as usize + 2 * i as usize));
        if address >= BYTES {
            return Some(Err(GUARD.fault("source", address)));
        }
        let value = word(words, address as usize);
        (layout.visit == Visit::All || is_event(value)).then(|| Ok((i, f32::from_bits(value))))
    };
    Ok((0..count).filter_map(event))
}

/// Returns the start and end of a column's non-zeros; fails if they or the column are out of range.
fn column(words: &SramWords, layout: &CscLayout, number: u32) -> Result<(usize, usize), KernelFault> {
    if number >= layout.sources {
        let address = u64::from(layout.column_start) + 2 * u64::from(number);
        return Err(GUARD.fault("source of an event", address));
    }
    let at = layout.column_start as usize + 2 * number as usize;
    let (start, end) = (half(words, at), half(words, at + 2));
    let (first, last) = (u64::from(start), u64::from(end));
    GUARD.end("column_start", first, last, layout.row, layout.row_bytes())?;
    GUARD.end("column_start", first, last, layout.value, 4)?;
    Ok((start as usize, end as usize))
}

/// Returns the work of a coming run with the present input at byte address `x`.
pub fn work(words: &SramWords, layout: &CscLayout, x: u32) -> Result<EventWork, KernelFault> {
    GUARD.array("column_start", layout.column_start, 2 * (u64::from(layout.sources) + 1))?;
    let (mut work, mut parts) = (EventWork::default(), Parts::default());
    for event in events(words, layout, x)? {
        let (start, end) = column(words, layout, event?.0)?;
        work.nonzeros += (end - start) as u32;
        work.active += u32::from(end > start);
        work.idle += u32::from(end == start);
        parts.columns((end - start) as u32, 1);
    }
    if layout.looks() {
        work.silent = layout.sources - work.active - work.idle;
    }
    work.parts = layout.is_fast().then(|| parts.shaped(layout.rows, layout.sources));
    Ok(work)
}

/// Returns the result of [`work`] for an operand whose events are known; `None` if a column is not
/// as it was loaded.
pub fn work_of(words: &SramWords, layout: &CscLayout, events: &[(u32, f32)]) -> Option<EventWork> {
    let start = layout.column_start as usize / 2;
    let starts = bytemuck::cast_slice::<u32, u16>(words).get(start..=start + layout.sources as usize)?;
    let (mut nonzeros, mut active, mut wrong) = (0_u32, 0, false);
    let (fast, mut parts) = (layout.is_fast(), Parts::default());
    for &(source, _) in events {
        let span = starts.get(source as usize..source as usize + 2)?;
        let (start, end) = (u32::from(span[0]), u32::from(span[1]));
        nonzeros = nonzeros.wrapping_add(end.wrapping_sub(start));
        active += u32::from(end > start);
        wrong |= end < start;
        if fast {
            parts.columns(end.saturating_sub(start), 1);
        }
    }
    let idle = events.len() as u32 - active;
    let silent = if layout.looks() { layout.sources.checked_sub(active + idle)? } else { 0 };
    // Constants that are still as they were loaded lead to valid places only.
    let parts = fast.then(|| parts.shaped(layout.rows, layout.sources));
    (!wrong).then_some(EventWork { active, idle, silent, nonzeros, parts })
}

/// Computes all row sums; `sums` takes `rows` results, which the core keeps at
/// byte address `sums_at`.
pub fn run(
    words: &SramWords,
    layout: &CscLayout,
    x: u32,
    sums_at: u32,
    sums: &mut [f32],
) -> Result<(), KernelFault> {
    GUARD.array("column_start", layout.column_start, 2 * (u64::from(layout.sources) + 1))?;
    sums.fill(0.0);
    let mut spans = Vec::new();
    for event in events(words, layout, x)? {
        let (number, value) = event?;
        let (start, end) = column(words, layout, number)?;
        spans.push((start, end, value));
    }
    let rows = sums.len();
    let row = Arch::new().dispatch(Scatter { words, layout, spans: &spans, sums });
    // A wrong row number leads to an address beyond the sums, in other memory.
    if row >= rows { Err(GUARD.fault("row", u64::from(sums_at) + 4 * row as u64)) } else { Ok(()) }
}

struct Scatter<'a> {
    words: &'a SramWords,
    layout: &'a CscLayout,
    spans: &'a [(usize, usize, f32)],
    sums: &'a mut [f32],
}

impl WithSimd for Scatter<'_> {
    /// The greatest row number met, and 0 without any.
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        let Self { words, layout, spans, sums } = self;
        let (row, value, narrow) = (layout.row as usize, layout.value as usize, layout.narrow());
        let mut greatest = 0;
        for &(start, end, event) in spans {
            for k in start..end {
                let r = if narrow { byte(words, row + k) } else { half(words, row + 2 * k) } as usize;
                greatest = greatest.max(r);
                if let Some(sum) = sums.get_mut(r) {
                    *sum = single(words, value + 4 * k).mul_add(event, *sum);
                }
            }
        }
        greatest
    }
}
