//! Code: C source and machine code side by side, the next instruction with its cycles and why,
//! registers, and the functions under way.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::View;
use crate::session::inspect::{CallView, CodeView, InstructionView, RegisterView, single_text};
use crate::session::instructions::Motion;
use crate::tui::command::{Action, find};
use crate::tui::widgets::{
    columns_from, columns_to, put_at, put_line, put_pair, rows_from, rows_to, shorten, units,
};

/// Columns from which registers stand beside the code.
const REGISTERS_BESIDE: u16 = 118;
/// Columns of the registers beside the code.
const REGISTER_COLUMNS: u16 = 38;
/// Columns from which the source stands beside the instructions.
const SOURCE_BESIDE: u16 = 70;
/// Columns of an address and the mark before it.
const ADDRESS: u16 = 6;
/// Columns of an instruction's text, at least.
const TEXT: u16 = 24;
/// Columns of cycles.
const CYCLES: u16 = 9;

pub(super) fn render(view: &View<'_>, code: &CodeView, area: Rect, buf: &mut Buffer) {
    let rest = head(view, code, area, buf);
    let Some(call) = &code.call else {
        return listing_and_source(view, code, rest, buf);
    };
    if rest.width >= REGISTERS_BESIDE {
        let right = columns_from(rest, rest.width - REGISTER_COLUMNS);
        listing_and_source(view, code, columns_to(rest, rest.width - REGISTER_COLUMNS - 2), buf);
        let below = frames(view, call, right, buf);
        let below = registers(view, &call.core, false, rows_from(below, 1), buf);
        registers(view, &call.singles, true, rows_from(below, 1), buf);
        return;
    }
    let below = if rest.height >= 12 { (rest.height / 2).min(8) } else { rest.height / 3 };
    listing_and_source(view, code, rows_to(rest, rest.height - below), buf);
    let below = rows_from(rest, rest.height - below);
    let below = stack_line(view, call, below, buf);
    let below = registers(view, &call.core, false, below, buf);
    registers(view, &call.singles, true, below, buf);
}

/// Draws the function, the position in the call, and the next and the last instruction.
///
/// The next instruction comes with the reason for its cycles. Returns the area below.
fn head(view: &View<'_>, code: &CodeView, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let of = if code.source_file.is_empty() { &code.file } else { &code.source_file };
    let name = Line::from(vec![
        Span::styled(code.function.clone(), theme.strong()),
        Span::styled(format!(" {of}"), theme.dim()),
    ]);
    let Some(call) = &code.call else {
        let rest = put_line(buf, area, name);
        let key = find(Action::StepCode(Motion::Instruction));
        let key = key.and_then(|command| view.app.keymap.keys_of(command).next());
        let key = key.map_or_else(|| ":step-instruction".to_owned(), |key| key.to_string());
        let text = format!("{key} runs to the PE's next call");
        return put_line(buf, rest, Line::styled(text, theme.warn()));
    };
    let of = |now: u64, whole: Option<u64>| match whole {
        Some(whole) => format!("{} of {}", units::count(now), units::count(whole)),
        None => units::count(now),
    };
    let short = format!("instruction {}", of(call.executed, call.instructions));
    let long = format!("{short}, {} cycles", of(call.cycles, call.whole_cycles));
    let fits = name.width() + long.len() < usize::from(area.width);
    let place = if fits { long } else { short };
    let rest = put_pair(buf, area, name, Line::raw(place));
    let next = match code.at.and_then(|at| code.listing.get(at)) {
        _ if call.returned => {
            Line::styled("returned: the next step runs the chip to the next call", theme.warn())
        }
        Some(next) => Line::from(vec![
            Span::styled("next ", theme.dim()),
            Span::styled(next.text.clone(), theme.accent()),
            Span::raw(format!("  {} {}: {}", next.cycles, cycles_word(&next.cycles), next.why)),
        ]),
        None => Line::styled("outside of the file's functions", theme.bad()),
    };
    let rest = put_line(buf, rest, next);
    let last = Line::from(vec![Span::styled("last ", theme.dim()), Span::raw(call.last.clone())]);
    if call.last.is_empty() { rows_from(rest, 1) } else { put_line(buf, rest, last) }
}

fn cycles_word(cycles: &str) -> &'static str {
    if cycles == "1" { "cycle" } else { "cycles" }
}

fn listing_and_source(view: &View<'_>, code: &CodeView, area: Rect, buf: &mut Buffer) {
    let beside = area.width >= SOURCE_BESIDE && !code.source.is_empty();
    let centre = centre(view, code);
    if !beside {
        let line = centre.and_then(|at| source_line(code, at)).filter(|_| area.height > 4);
        let rest = match line {
            Some((number, text)) => {
                put_line(buf, area, Line::styled(format!("{number:>4} {text}"), view.theme().strong()))
            }
            None => area,
        };
        return listing(view, code, rest, buf);
    }
    // Reasons for cycles come last: they have what is left.
    let left = (area.width * 9 / 20).min(84);
    source(view, code, centre, columns_to(area, left), buf);
    listing(view, code, columns_from(area, left + 1), buf);
}

/// Returns the instruction in the middle of the listing: the next one, moved by the user.
fn centre(view: &View<'_>, code: &CodeView) -> Option<usize> {
    let last = code.listing.len().checked_sub(1)?;
    let at = i64::try_from(code.at.unwrap_or(0)).ok()? + i64::from(view.app.pe.ahead);
    usize::try_from(at.max(0)).ok().map(|at| at.min(last))
}

/// Returns the number and text of the source line of an instruction.
fn source_line(code: &CodeView, at: usize) -> Option<(u32, &str)> {
    let number = code.listing.get(at)?.line?;
    let text = code.source.get(number.checked_sub(code.first_line)? as usize)?;
    Some((number, text.as_str()))
}

/// Returns the first of the `rows` rows that show row `at` of `count` in the middle, if possible.
fn first_row(at: usize, count: usize, rows: usize) -> usize {
    at.saturating_sub(rows / 2).min(count.saturating_sub(rows))
}

fn source(view: &View<'_>, code: &CodeView, centre: Option<usize>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let now = code.at.and_then(|at| code.listing.get(at)?.line);
    let shown = centre.and_then(|at| code.listing.get(at)?.line).or(now).unwrap_or(code.first_line);
    let at = shown.saturating_sub(code.first_line) as usize;
    let rows = usize::from(area.height);
    let first = first_row(at, code.source.len(), rows);
    for (y, (number, text)) in (0..).zip((code.first_line..).zip(&code.source).skip(first).take(rows)) {
        let current = now == Some(number);
        let has_code = code.listing.iter().any(|line| line.line == Some(number));
        let style = match (current, has_code) {
            (true, _) => theme.selected(),
            (false, true) => theme.text(),
            (false, false) => theme.dim(),
        };
        let mark = if current { '>' } else { ' ' };
        put_at(buf, area, (0, y), &format!("{mark}{number:>3} "), theme.dim());
        put_at(buf, area, (5, y), &shorten(text, usize::from(area.width.saturating_sub(5))), style);
    }
}

fn listing(view: &View<'_>, code: &CodeView, area: Rect, buf: &mut Buffer) {
    let rows = usize::from(area.height);
    let Some(centre) = centre(view, code) else { return };
    let first = first_row(centre, code.listing.len(), rows);
    for (y, (number, line)) in (0..).zip(code.listing.iter().enumerate().skip(first).take(rows)) {
        instruction(view, line, code.at == Some(number), rows_to(rows_from(area, y), 1), buf);
    }
}

fn instruction(view: &View<'_>, line: &InstructionView, next: bool, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let mark = if next { '>' } else { ' ' };
    put_at(buf, area, (0, 0), &format!("{mark}{:04x} ", line.address), theme.dim());
    let style = match (next, line.cycles.is_empty()) {
        (true, _) => theme.selected(),
        (false, true) => theme.dim(),
        (false, false) => theme.text(),
    };
    let rest = columns_from(area, ADDRESS);
    if rest.width < TEXT + CYCLES {
        return put_at(buf, rest, (0, 0), &line.text, style);
    }
    // A reason of less than a word or two says nothing.
    let why = rest.width.saturating_sub(TEXT + 2 + CYCLES + 1);
    let text = if why >= 16 { TEXT + 2 } else { rest.width - CYCLES };
    put_at(buf, columns_to(rest, text), (0, 0), &line.text, style);
    put_at(buf, rest, (text, 0), &format!("{:>8}", line.cycles), theme.accent());
    if why >= 16 {
        put_at(buf, rest, (text + CYCLES, 0), &line.why, theme.dim());
    }
}

/// Draws the call stack, a row for each function, the innermost first; returns the area below.
fn frames(view: &View<'_>, call: &CallView, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let mut rest = put_line(buf, area, Line::styled("call stack", theme.strong()));
    let rows = usize::from(rest.height / 3).max(1);
    for frame in call.frames.iter().take(rows) {
        rest = put_pair(
            buf,
            rest,
            Line::raw(frame.function.clone()),
            Line::styled(frame.place.clone(), theme.dim()),
        );
    }
    rest
}

/// Draws the call stack and the flags in one line; returns the area below.
fn stack_line(view: &View<'_>, call: &CallView, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let mut line = Line::default();
    for (number, frame) in call.frames.iter().enumerate() {
        let before = if number > 0 { " < " } else { "" };
        line.spans.push(Span::styled(before, theme.dim()));
        line.spans.push(Span::raw(frame.function.clone()));
        line.spans.push(Span::styled(format!(" {}", frame.place), theme.dim()));
    }
    put_pair(buf, area, line, Line::styled(format!("flags {}", call.flags), theme.dim()))
}

/// Draws registers in columns, as many rows as fit; returns the area below.
///
/// Registers that the last instruction changed are highlighted.
fn registers(view: &View<'_>, all: &[RegisterView], singles: bool, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let columns = if singles { 14 } else { 12 };
    let in_row = usize::from((area.width + 1) / (columns + 1)).max(1);
    let mut rest = area;
    for row in all.chunks(in_row) {
        if rest.height == 0 {
            return rest;
        }
        for (x, register) in (0..).zip(row) {
            let left = x * (columns + 1);
            let style = if register.changed { theme.cursor() } else { theme.text() };
            let value = if singles {
                single_text(f32::from_bits(register.bits))
            } else {
                format!("{:08x}", register.bits)
            };
            put_at(buf, rest, (left, 0), &format!("{:<3}", register.name), theme.dim());
            let value = format!("{value:>width$}", width = usize::from(columns) - 4);
            put_at(buf, columns_to(rest, left + columns), (left + 4, 0), &value, style);
        }
        rest = rows_from(rest, 1);
    }
    rest
}
