//! Helpers of tests: an app on the sample snapshot, keys as text, screens as text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use spinntui::session::engine::EngineEvent;
use spinntui::session::snapshot::Snapshot;
use spinntui::tui::app::{App, Effect, Msg};
use spinntui::tui::keymap::parse_key;
use spinntui::tui::theme::Theme;
use spinntui::tui::update::update;
use spinntui::tui::view;

use crate::sample;

/// Creates an app of this size before its first snapshot.
pub fn empty_app(size: (u16, u16)) -> App {
    App::new("scenes/lm.ron", Theme::default(), size)
}

/// Creates an app of this size on the sample snapshot.
pub fn app(size: (u16, u16)) -> App {
    app_with(size, sample::snapshot())
}

/// Creates an app of this size on a snapshot.
pub fn app_with(size: (u16, u16), snapshot: Snapshot) -> App {
    let mut app = empty_app(size);
    update(&mut app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
    app
}

/// Presses keys, written as in the command table with spaces between, and returns all effects.
pub fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    keys.split_whitespace().flat_map(|key| update(app, Msg::Key(event(key)))).collect()
}

fn event(key: &str) -> KeyEvent {
    let key = parse_key(key).unwrap();
    // Terminals report capitals with Shift.
    let shift = matches!(key.code, KeyCode::Char(c) if c.is_ascii_uppercase());
    KeyEvent::new(key.code, if shift { key.modifiers | KeyModifiers::SHIFT } else { key.modifiers })
}

/// Draws the app at its size.
pub fn draw(app: &App) -> Buffer {
    let area = Rect::new(0, 0, app.size.0, app.size.1);
    let mut buf = Buffer::empty(area);
    view::draw(app, area, &mut buf);
    buf
}

/// Returns the drawn app as text, one line per row.
pub fn text(app: &App) -> String {
    let buf = draw(app);
    let rows = buf.content().chunks(usize::from(buf.area.width).max(1));
    rows.map(|row| {
        row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n"
    })
    .collect()
}
