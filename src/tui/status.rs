//! The first and the last line of the screen: where the experiment is, and which keys apply.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::against;
use super::app::App;
use super::applies::footer_commands;
use super::command::{Action, Command, find};
use super::panel::PanelId;
use super::panels::View;
use super::teaching;
use super::theme::Theme;
use super::widgets::{put_line, put_pair, put_right, shorten, units};
use crate::chip::clock::us;
use crate::mapping::check::Level;
use crate::session::command::Speed;
use crate::session::snapshot::{RunState, Snapshot};
use crate::text::several;

/// Returns the run state as a word with its style.
fn run_state(snapshot: &Snapshot, crashed: bool, theme: &Theme) -> (String, Style) {
    if crashed {
        return ("ENGINE STOPPED".to_owned(), theme.bad());
    }
    match &snapshot.run {
        RunState::Paused => ("PAUSED".to_owned(), theme.warn()),
        RunState::Running => ("RUNNING".to_owned(), theme.good().patch(theme.strong())),
        RunState::Stepping { remaining } => (format!("STEPPING {remaining}"), theme.good()),
        RunState::Finished => ("FINISHED".to_owned(), theme.accent()),
        RunState::Stalled(_) => ("STALLED".to_owned(), theme.bad()),
        RunState::Faulted(_) => ("FAULTED".to_owned(), theme.bad()),
    }
}

/// Draws the status line: state, chip time, position, speed, warnings; the scene's title where
/// there is room.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (app, snapshot, theme) = (view.app, view.snapshot, view.theme());
    let (state, style) = run_state(snapshot, app.crashed, theme);
    let step = view.step_word();
    let badge = against::badge(app)
        .map(|(text, differs)| Span::styled(text, if differs { theme.warn() } else { theme.good() }));
    let mut parts = vec![
        Span::styled(format!(" {state} "), style.patch(theme.selected())),
        Span::styled(units::time_us(us(snapshot.tick)), theme.strong()),
        Span::raw(position(snapshot)),
        Span::raw(format!("{step} {}{}", units::count(snapshot.steps), running(snapshot))),
        Span::raw(format!("{:.1} {step}s/s", snapshot.steps_per_second)),
    ];
    if let Some(gdb) = &app.gdb {
        let style = if gdb.attached { theme.good() } else { theme.accent() };
        parts.insert(1, Span::styled(gdb.text(), style));
    }
    if let Some(badge) = badge {
        parts.insert(1, badge);
    }
    if snapshot.speed != Speed::Unlimited {
        parts.push(Span::styled(snapshot.speed.to_string(), theme.accent()));
    }
    // Warnings before power: what does not fit is left out from here on.
    let n = snapshot.findings.iter().filter(|finding| finding.level > Level::Note).count();
    if n > 0 {
        parts.push(Span::styled(several(n as u64, "warning"), theme.warn()));
    }
    parts.push(Span::raw(format!("{:.3} W mean", snapshot.energy.power_w)));
    let badge = app.typed_count().map(|count| format!(" count {count} "));
    let taken = badge.as_ref().map_or(0, |badge| badge.len() + 1);
    let line = joined(parts, usize::from(area.width).saturating_sub(taken), theme);
    if let Some(badge) = badge {
        put_pair(buf, area, line, Line::styled(badge, theme.selected()));
        return;
    }
    let room = usize::from(area.width).saturating_sub(line.width() + 2);
    put_line(buf, area, line);
    if room >= 12 {
        put_right(buf, area, Line::styled(shorten(&snapshot.setup.title, room), theme.dim()));
    }
}

/// Returns the number of the time step in which the run is paused: ` #12` with 11 done.
fn running(snapshot: &Snapshot) -> String {
    let moving = matches!(snapshot.run, RunState::Running | RunState::Stepping { .. } | RunState::Finished);
    if snapshot.within_step && !moving {
        format!(" #{}", units::count(snapshot.steps + 1))
    } else {
        String::new()
    }
}

/// Returns the sequence and the position in it: `seq 3 · 17/70`.
fn position(snapshot: &Snapshot) -> String {
    let length = u64::from(snapshot.setup.sequence_length.max(1));
    format!("seq {} {:>2}/{length}", snapshot.sequences + 1, snapshot.steps % length)
}

/// Joins the parts with dots; a part that does not fit whole is left out.
fn joined<'a>(parts: Vec<Span<'a>>, width: usize, theme: &Theme) -> Line<'a> {
    let mut line = Line::default();
    for part in parts {
        let gap = match line.spans.len() {
            0 => "",
            // After the state, which has its own paint.
            2 => " ",
            _ => " · ",
        };
        if line.width() + gap.chars().count() + part.width() <= width {
            line.spans.push(Span::styled(gap, theme.dim()));
            line.spans.push(part);
        }
    }
    line
}

/// Draws the line of panel names in the order of Tab, with the focused one marked. If not all fit,
/// it shows those around the focused one, with marks where some are left out.
pub fn tabs(app: &App, area: Rect, buf: &mut Buffer) {
    let (theme, focus) = (&app.theme, app.focus());
    let name = |panel: PanelId| {
        let mark = if panel == focus { '>' } else { ' ' };
        format!("{mark}{} {}", panel.number(), panel.name())
    };
    let widths: Vec<usize> = PanelId::ALL.iter().map(|&panel| name(panel).len()).collect();
    let room = usize::from(area.width);
    let at = PanelId::ALL.iter().position(|&panel| panel == focus).unwrap_or(0);
    let shown = around(&widths, at, room);
    let mut line = Line::default();
    if shown.start > 0 {
        line.spans.push(Span::styled(theme.glyphs.pick("‹", "<"), theme.dim()));
    }
    for &panel in &PanelId::ALL[shown.clone()] {
        let style = if panel == focus { theme.selected() } else { theme.dim() };
        line.spans.push(Span::styled(name(panel), style));
    }
    put_line(buf, area, line);
    if shown.end < PanelId::ALL.len() {
        put_right(buf, area, Line::styled(theme.glyphs.pick("›", ">"), theme.dim()));
    }
}

/// Returns the neighbours of entry `at` that fit with it into `room`, later ones first; a column is
/// kept for a mark at each end where some are left out.
fn around(widths: &[usize], at: usize, room: usize) -> Range<usize> {
    let fits = |shown: &Range<usize>| {
        let marks = usize::from(shown.start > 0) + usize::from(shown.end < widths.len());
        widths[shown.clone()].iter().sum::<usize>() + marks <= room
    };
    let mut shown = at..at + 1;
    loop {
        let wider = [shown.start..shown.end + 1, shown.start.saturating_sub(1)..shown.end];
        let next =
            wider.into_iter().find(|wider| *wider != shown && wider.end <= widths.len() && fits(wider));
        match next {
            Some(wider) => shown = wider,
            None => return shown,
        }
    }
}

/// Draws the last line: a notice or the reason for a stop, then as many applicable keys as fit.
pub fn footer(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let mut line = Line::default();
    if let Some((text, style)) = news(app) {
        let room = usize::from(area.width).saturating_sub(2);
        let whole = Span::raw(text.as_str()).width() <= room;
        // A text that is cut is followed by the key that shows it in full.
        let key = find(Action::Messages).and_then(|command| app.keymap.keys_of(command).next());
        let hint = key.filter(|_| !whole).map(|key| format!("{key} all of it "));
        let left = room.saturating_sub(hint.as_ref().map_or(0, String::len));
        line.spans.push(Span::styled(format!(" {} ", shorten(&text, left)), style));
        line.spans.extend(hint.map(|hint| Span::styled(hint, theme.accent())));
    }
    // Those that a lesson's page marks come first, so that they are there.
    let marked = |command: &Command| app.keymap.keys_of(command).any(|key| teaching::marks_key(app, key));
    let (first, rest): (Vec<_>, Vec<_>) = footer_commands(app).partition(|command| marked(command));
    for (at, command) in first.iter().chain(&rest).enumerate() {
        let Some(key) = app.keymap.keys_of(command).next() else { continue };
        let (mark, style) = if at < first.len() { (">>", theme.selected()) } else { ("", theme.accent()) };
        let (key, word) = (format!("{mark} {key} "), format!("{} ", command.short));
        if line.width() + key.chars().count() + word.chars().count() <= usize::from(area.width) {
            line.spans.push(Span::styled(key, style));
            line.spans.push(Span::styled(word, theme.dim()));
        }
    }
    put_line(buf, area, line);
}

/// Returns the most important message for the user, if there is one.
fn news(app: &App) -> Option<(String, Style)> {
    if let Some(notice) = &app.notice {
        return Some((notice.clone(), app.theme.good()));
    }
    why(app)
}

/// Returns the reason for which the run stopped, if it did not reach its target.
pub fn why(app: &App) -> Option<(String, Style)> {
    let snapshot = app.picture()?;
    match (&snapshot.run, &snapshot.debug.stopped) {
        (RunState::Stalled(why) | RunState::Faulted(why), _) => Some((why.clone(), app.theme.bad())),
        (_, Some(why)) => Some((format!("stopped: {why}"), app.theme.warn())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_around_the_focused_one_fit() {
        let widths = [7, 7, 9, 6, 9, 11, 9, 5, 11]; // as with the names there are
        assert_eq!(around(&widths, 0, 80), 0..9);
        assert_eq!(around(&widths, 0, 36), 0..4);
        assert_eq!(around(&widths, 3, 36), 3..6, "what Tab reaches comes first");
        assert_eq!(around(&widths, 8, 36), 6..9);
        assert_eq!(around(&widths, 8, 37), 5..9, "the column of a mark counts");
        assert_eq!(around(&widths, 4, 3), 4..5);
        for room in 20..80 {
            for at in 0..9 {
                let shown = around(&widths, at, room);
                let marks = usize::from(shown.start > 0) + usize::from(shown.end < 9);
                assert!(shown.contains(&at) && widths[shown].iter().sum::<usize>() + marks <= room);
            }
        }
    }
}
