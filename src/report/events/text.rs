//! `spinntui events` for people.

use std::fmt::Write as _;

use super::{EventsReport, Paint, Rate};
use crate::report::table::{Table, field, grouped, percent};
use crate::task::dvs::event::CameraEvent;
use crate::text::visible_line;

/// Column at which values begin.
const INDENT: usize = 12;
/// Bars of rising height.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn text(report: &EventsReport, paint: Paint) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: String| field(&mut out, INDENT, name, &value);
    row("file", visible_line(&report.file).into_owned());
    row("format", report.format.to_string());
    row("sensor", format!("{} × {} pixels", report.sensor.width, report.sensor.height));
    let share = |part: u64| percent(part as f64 / (report.events as f64).max(1.0));
    let (on, off) = (report.on, report.off);
    let signs = format!("{} ON ({}), {} OFF ({})", grouped(on), share(on), grouped(off), share(off));
    row("events", format!("{}: {signs}", grouped(report.events)));
    row("duration", format!("{:.3} s", report.duration_us as f64 / 1e6));
    if let Some(rate) = report.rate_per_s {
        row("rate", format!("{} events/s", grouped(rate.round() as u64)));
    }
    let event = |event: &CameraEvent| {
        let sign = if event.on { "ON" } else { "OFF" };
        format!("{} µs, x {}, y {}, {sign}", event.t, event.x, event.y)
    };
    for (name, which) in [("first", &report.first_event), ("last", &report.last_event)] {
        if let Some(which) = which {
            row(name, event(which));
        }
    }
    for tally in &report.warnings {
        let about =
            format!("{} {} (first at byte {})", grouped(tally.count), tally.warning.text(), tally.first_byte);
        row("warning", about);
    }
    if report.events > 0 {
        over_time(&report.rate, &mut out);
        picture(report, paint, &mut out);
    }
    if !report.labels.is_empty() {
        labels(report, &mut out);
    }
    out
}

fn over_time(rate: &Rate, out: &mut String) {
    let most = rate.events.iter().copied().max().unwrap_or(0);
    let bar = |&count: &u64| match count {
        0 => ' ',
        // A bar that is there shows, however small.
        count => BLOCKS[((count * 8).div_ceil(most.max(1)) as usize).clamp(1, BLOCKS.len()) - 1],
    };
    let bars: String = rate.events.iter().map(bar).collect();
    let highest = most as f64 * 1e6 / rate.bar_us as f64;
    let length = rate.bar_us as f64 / 1e3;
    let _ = writeln!(out, "{:INDENT$}{}", "over time", bars.trim_end());
    let _ =
        writeln!(out, "{:INDENT$}a bar is {length} ms; the highest {} events/s", "", grouped(highest as u64));
}

fn picture(report: &EventsReport, paint: Paint, out: &mut String) {
    out.push('\n');
    report.picture.draw(paint, out);
    let square = report.picture.square();
    let legend = match paint {
        Paint::Glyphs => format!(
            "mostly ON: + some, # many; mostly OFF: - some, = many; a character is {square} × {} pixels",
            2 * square
        ),
        _ => format!("orange (yellow): mostly ON; blue: mostly OFF; a block is {square} × {square} pixels"),
    };
    field(out, 0, "", &legend);
}

fn labels(report: &EventsReport, out: &mut String) {
    let mut table = Table::new(&["gesture", "class", "from s", "to s", "events"]);
    for label in &report.labels {
        table.row(vec![
            label.gesture.to_owned(),
            label.class.to_string(),
            format!("{:.3}", label.start_us as f64 / 1e6),
            format!("{:.3}", label.end_us as f64 / 1e6),
            grouped(label.events),
        ]);
    }
    out.push('\n');
    table.write(out);
}
