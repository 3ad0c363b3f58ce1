//! Presenter mode: for those who watch a screen on the wall. The keys that are pressed stand in a
//! corner with what they do, and a free run is slow enough to be followed.
//!
//! Shown keys disappear when other keys are pressed, not after a time: while nothing happens,
//! nothing is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::session::command::{Command as Ask, Speed};
use crate::tui::app::{App, Effect};
use crate::tui::command::Command;
use crate::tui::keymap::Key;
pub use crate::tui::state::presenter::Presenter;
use crate::tui::widgets::put_right;

/// Keys that are shown.
const SHOWN: usize = 3;
/// A free run that people can follow: two time steps a second.
const READABLE: Speed = Speed::StepsPerSecond(2.0);

/// Turns presenter mode on or off.
pub fn toggle(app: &mut App) -> Vec<Effect> {
    let Some(presenter) = app.presenter.take() else {
        app.presenter = Some(Presenter::default());
        app.notice = Some(format!("presenter mode: keys are shown, {READABLE}"));
        return Vec::new();
    };
    app.notice = Some("presenter mode is off".to_owned());
    presenter.before.map(|speed| Effect::Engine(Ask::SetSpeed(speed))).into_iter().collect()
}

/// Asks the engine to go slowly once there is an experiment.
pub fn due(app: &mut App) -> Vec<Effect> {
    let Some(speed) = app.picture().map(|snapshot| snapshot.speed) else { return Vec::new() };
    let Some(presenter) = app.presenter.as_mut().filter(|presenter| presenter.before.is_none()) else {
        return Vec::new();
    };
    presenter.before = Some(speed);
    vec![Effect::Engine(Ask::SetSpeed(READABLE))]
}

/// Takes note of a key.
pub fn pressed(app: &mut App, key: Key, count: Option<u32>, command: &Command) {
    let Some(presenter) = &mut app.presenter else { return };
    presenter.forget_digits(count);
    let count = count.map(|count| count.to_string()).unwrap_or_default();
    let word = if command.short.is_empty() { command.id.replace('-', " ") } else { command.short.to_owned() };
    presenter.recent.push((format!("{count}{key}"), word));
    let old = presenter.recent.len().saturating_sub(SHOWN);
    presenter.recent.drain(..old);
}

/// Returns the keys at the end of a line of `width` columns: as many of the latest as fit into half
/// of it, at least one; `None` outside presenter mode.
fn line(app: &App, width: u16) -> Option<Line<'static>> {
    let presenter = app.presenter.as_ref()?;
    let theme = &app.theme;
    let mut spans = Vec::new();
    if presenter.recent.is_empty() {
        spans.push(Span::styled(" presenting ", theme.selected()));
    }
    let mut taken = 0;
    for (key, word) in presenter.recent.iter().rev() {
        let last = spans.is_empty();
        let span = Span::styled(format!(" {key} {word} "), if last { theme.selected() } else { theme.dim() });
        taken += span.width() + 1;
        if !last && taken > usize::from(width / 2) {
            break;
        }
        spans.splice(0..0, [Span::raw(" "), span]);
    }
    Some(Line::from(spans))
}

/// Returns the part of the top line that the shown keys leave free: other text ends before them.
pub fn beside(app: &App, screen: Rect, top: Rect) -> Rect {
    let taken = line(app, screen.width).map_or(0, |line| line.width() as u16 + 1);
    let end = screen.right().saturating_sub(taken);
    Rect { width: top.width.min(end.saturating_sub(top.x)), ..top }
}

/// Draws the shown keys at the end of the first line.
pub fn render(app: &App, screen: Rect, buf: &mut Buffer) {
    let Some(line) = line(app, screen.width) else { return };
    let width = (line.width() as u16 + 1).min(screen.width);
    let area = Rect { x: screen.right() - width, width, height: screen.height.min(1), ..screen };
    buf.set_style(area, app.theme.text());
    for x in area.left()..area.right() {
        buf[(x, area.y)].reset();
    }
    put_right(buf, area, line);
}
