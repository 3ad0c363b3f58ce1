//! Core: what the PE does, what it waits for, and what is under way for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::View;
use crate::chip::clock::{Tick, us};
use crate::session::inspect::{CoreView, TickView};
use crate::session::snapshot::PeStatus;
use crate::text::{self, several};
use crate::tui::theme::Theme;
use crate::tui::widgets::{
    bars, columns_from, columns_to, put_at, put_line, put_right, rows_from, shorten, units,
};

/// Smallest width at which the program stands beside the rest, columns.
const TWO_COLUMNS: u16 = 74;
/// Columns of the program.
const PROGRAM_COLUMNS: u16 = 35;

pub(super) fn render(view: &View<'_>, core: &CoreView, area: Rect, buf: &mut Buffer) {
    let rest = head(view, core, area, buf);
    let scroll = view.app.pe.scroll;
    if rest.width >= TWO_COLUMNS {
        let left = columns_to(rest, PROGRAM_COLUMNS);
        let right = columns_from(rest, PROGRAM_COLUMNS + 2);
        let program = program(view, core, usize::from(left.width));
        let mut rest = under_way(view, core, usize::from(right.width));
        rest.extend(banks(view, core, usize::from(right.width)));
        list(&program, scroll, left, buf);
        list(&rest, scroll, right, buf);
        return;
    }
    let width = usize::from(rest.width);
    let mut lines = program(view, core, width);
    lines.extend(under_way(view, core, width));
    lines.extend(banks(view, core, width));
    list(&lines, scroll, rest, buf);
}

/// Draws the lines from `scroll` on, as many as fit, scrolling no further than to the last line.
fn list(lines: &[Line<'_>], scroll: usize, area: Rect, buf: &mut Buffer) {
    let rows = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(rows));
    let mut rest = area;
    for line in lines.iter().skip(first).take(rows) {
        rest = put_line(buf, rest, line.clone());
    }
}

const fn status_word(status: PeStatus) -> &'static str {
    match status {
        PeStatus::Unused => "UNUSED",
        PeStatus::Sleeping => "SLEEPS",
        PeStatus::Polling => "POLLS",
        PeStatus::Busy => "BUSY",
        PeStatus::Dma => "DMA",
        PeStatus::Halted => "HALTED",
        PeStatus::Faulted => "FAULTED",
    }
}

/// Draws status and operation, then fault, wait or progress; returns the area below.
fn head(view: &View<'_>, core: &CoreView, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let style = match core.status {
        PeStatus::Busy => theme.good(),
        PeStatus::Dma => theme.accent(),
        PeStatus::Halted | PeStatus::Faulted => theme.bad(),
        _ => theme.warn(),
    };
    let word = format!(" {} ", status_word(core.status));
    let room = usize::from(area.width).saturating_sub(word.len() + 1);
    let line = Line::from(vec![
        Span::styled(word, style.patch(theme.selected())),
        Span::raw(" "),
        Span::raw(shorten(&core.operation, room)),
    ]);
    let rest = put_line(buf, area, line);
    if let Some(fault) = &core.fault {
        return wrapped(buf, rest, fault, theme.bad(), 3);
    }
    if let Some(waits) = &core.waits {
        let text = format!("waits for {waits}, since {}", units::time_us(since(core.began, core.now)));
        return wrapped(buf, rest, &text, theme.warn(), 2);
    }
    match core.ends {
        Some(ends) => progress(core.began, ends, core.now, theme, rest, buf),
        None => match core.dma.as_ref().and_then(|dma| dma.ends) {
            Some(ends) => progress(core.began, ends, core.now, theme, rest, buf),
            None => rest,
        },
    }
}

fn since(began: Tick, now: Tick) -> f64 {
    us(now.saturating_sub(began))
}

/// Draws a bar from begin to end with the time left, where there is room also the time gone;
/// returns the area below.
fn progress(began: Tick, ends: Tick, now: Tick, theme: &Theme, area: Rect, buf: &mut Buffer) -> Rect {
    let (whole, gone) = (us(ends.saturating_sub(began)), since(began, now));
    let share = if whole > 0.0 { (gone / whole).clamp(0.0, 1.0) } else { 1.0 };
    let words = if area.width >= 60 {
        let left = units::time_us((whole - gone).max(0.0));
        format!("{:.1} of {}, {left} left", gone, units::time_us(whole))
    } else {
        format!("{} left", units::time_us((whole - gone).max(0.0)))
    };
    let width = area.width.saturating_sub(words.chars().count() as u16 + 9);
    let style = theme.heat_ink(share as f32);
    bars::bar(buf, columns_to(area, width), share, style, theme);
    put_at(buf, area, (width + 1, 0), &format!("{:>3.0} %", share * 100.0), theme.strong());
    put_right(buf, area, Line::raw(words));
    rows_from(area, 1)
}

/// Draws text over at most a number of rows.
fn wrapped(buf: &mut Buffer, area: Rect, text: &str, style: ratatui::style::Style, rows: usize) -> Rect {
    let mut rest = area;
    for line in wrap(text, usize::from(area.width), rows) {
        rest = put_line(buf, rest, Line::styled(line, style));
    }
    rest
}

/// Wraps words into lines of a width. Text beyond the last of `rows` lines is cut with a mark.
pub(crate) fn wrap(text: &str, width: usize, rows: usize) -> Vec<String> {
    let mut lines = text::wrapped(text, width);
    if lines.len() > rows {
        let rest = lines.split_off(rows.saturating_sub(1)).join(" ");
        lines.push(shorten(&rest, width));
    }
    lines
}

fn heading<'a>(text: String, theme: &Theme) -> Line<'a> {
    Line::styled(text, theme.strong())
}

/// Returns a line with a name on the left, and its value from column 11 on.
fn field<'a>(name: &str, value: &str, width: usize, theme: &Theme) -> Line<'a> {
    const NAME: usize = 11;
    Line::from(vec![
        Span::styled(format!("{name:<NAME$}"), theme.dim()),
        Span::raw(shorten(value, width.saturating_sub(NAME))),
    ])
}

/// Returns lines with the steps of the layers, and the program with the time of each phase.
fn program<'a>(view: &View<'_>, core: &CoreView, width: usize) -> Vec<Line<'a>> {
    let theme = view.theme();
    let mut lines = Vec::new();
    let batch = core.slots.iter().any(|slot| slot.sample > 0);
    for slot in &core.slots {
        let (x, y) = (slot.x, slot.y);
        let sample = if batch { format!(".{}", slot.sample) } else { String::new() };
        let text = format!("{}{sample} #{}", slot.layer, slot.step);
        let blocks = if core.ticks.is_none() {
            format!("  x {}/{}  y {}/{}", x.0, x.1, y.0, y.1)
        } else if x.1 > 0 {
            format!("  {}, messages {}/{}", several(u64::from(slot.units), "neuron"), x.0, x.1)
        } else {
            format!("  {}", several(u64::from(slot.units), "neuron"))
        };
        lines.push(Line::from(vec![Span::styled(text, theme.strong()), Span::raw(blocks)]));
    }
    lines.extend(core.ticks.as_ref().into_iter().flat_map(|ticks| tick_lines(ticks, width, theme)));
    let head = "program        last µs  by timer";
    lines.push(Line::styled(shorten(head, width), theme.dim()));
    let layers = core.slots.len() > 1;
    for (number, operation) in (0..).zip(&core.operations) {
        let current = number == core.current;
        let mark = if current { ">" } else { " " };
        let early = if operation.recurrent_only { "*" } else { "" };
        let name = format!("{}{early}", operation.phase.name);
        // A phase's timers are those of the slot that was in it last: with several they are
        // ambiguous, but still last.
        let timer = core.timers.iter().find(|timer| timer.phase == operation.phase);
        let times = timer.map_or(String::new(), |t| format!("{:>8.1} {:>9}", t.time_us, t.counted_us));
        let style = if current { theme.selected() } else { theme.phase(operation.phase.role) };
        let mut spans = vec![Span::raw(mark), Span::styled(format!("{name:<13}"), style), Span::raw(times)];
        if layers {
            spans.push(Span::styled(format!(" {}", operation.layer), theme.dim()));
        }
        lines.push(Line::from(spans));
    }
    if !core.timer_log.is_empty() {
        let log: Vec<String> = core.timer_log.iter().rev().take(8).rev().map(u32::to_string).collect();
        lines.push(field("log, µs", &log.join(" "), width, theme));
    }
    lines
}

/// Returns lines about the PE's ticks: last and longest time, overruns, misread spikes.
fn tick_lines<'a>(ticks: &TickView, width: usize, theme: &Theme) -> Vec<Line<'a>> {
    let time = units::time_us;
    let mut lines = Vec::new();
    let mut put = |name: &str, value: String| lines.push(field(name, &value, width, theme));
    let share = |us: f64| ticks.period_us.map(|period| format!(", {}", units::percent(us / period)));
    let last = format!("{}{}", time(ticks.last_us), share(ticks.last_us).unwrap_or_default());
    put("last tick", last);
    put("longest", format!("{} in #{}", time(ticks.longest_us), ticks.longest_step));
    if ticks.overruns + ticks.lost > 0 || ticks.misread > 0 {
        put("overran", format!("{} times, {} ticks lost", ticks.overruns, ticks.lost));
        put("misread", several(ticks.misread, "spike"));
    }
    lines
}

/// Returns lines about packets, sending, DMA, FIFO and interrupts.
fn under_way<'a>(view: &View<'_>, core: &CoreView, width: usize) -> Vec<Line<'a>> {
    let theme = view.theme();
    let left = |ends: Tick| units::time_us(us(ends.saturating_sub(core.now)));
    let mut lines = Vec::new();
    let mut put = |name: &str, value: String| lines.push(field(name, &value, width, theme));
    let counts = [core.received, core.sent].map(units::count);
    put("packets", format!("{} in, {} out", counts[0], counts[1]));
    put("busy", format!("{} of the time", units::percent(core.duty)));
    match &core.sending {
        Some(s) => {
            let who = if s.by_engine { "DMA engine" } else { "core" };
            put("sending", format!("packet {}/{} to target {}/{}", s.packet, s.packets, s.target, s.targets));
            if s.by_engine || s.waiting > 0 {
                put("", format!("by the {who}, {} blocks wait", s.waiting));
            }
        }
        None => put("sending", "nothing".to_owned()),
    }
    match &core.dma {
        Some(dma) => {
            put("DMA", dma.text.clone());
            put("", dma.ends.map_or("end not known".to_owned(), |ends| format!("{} left", left(ends))));
        }
        None => put("DMA", "none".to_owned()),
    }
    match &core.fifo {
        Some(fifo) => {
            let (fill, most) = (fifo.fill, fifo.high_water);
            put("FIFO", format!("{fill}/{} packets, {most} at most", fifo.capacity));
            let (dropped, over) = (units::count(fifo.dropped), units::count(fifo.overwritten));
            put("", format!("{dropped} dropped, {over} overwritten"));
            put("", format!("waited {}", units::time_us(fifo.stalled_us)));
        }
        None => put("FIFO", "none: no event router".to_owned()),
    }
    let taken = units::count(core.interrupts);
    put("interrupts", format!("{taken} handled, {} pending", core.handlers.len()));
    for handler in core.handlers.iter().take(4) {
        put("", format!("{} in {}", handler.text, left(handler.ends)));
    }
    lines
}

/// Returns a table of the accesses and conflicts of each bank.
fn banks<'a>(view: &View<'_>, core: &CoreView, width: usize) -> Vec<Line<'a>> {
    let theme = view.theme();
    let mut lines = vec![heading("banks     core   NoC   DMA conflicts".to_owned(), theme)];
    for (number, (count, used)) in core.banks.iter().zip(core.bank_bytes).enumerate() {
        let short = units::short_count;
        let share = f64::from(used) / f64::from(crate::machine::sram::BANK_BYTES);
        let text = format!(
            "{number} {:>3.0} % {:>7} {:>5} {:>5} {:>9}",
            share * 100.0,
            short(count.core),
            short(count.noc),
            short(count.dma),
            short(count.conflicts())
        );
        lines.push(Line::raw(shorten(&text, width)));
    }
    lines
}
