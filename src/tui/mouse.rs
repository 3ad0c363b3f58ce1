//! Meaning of a click or of the wheel, where the user has given the app the mouse (`--mouse`).
//!
//! Everything that the mouse does is reached by keys as well.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::act::moved;
use super::app::{App, Effect, NetworkView};
use super::command::Direction;
use super::panel::PanelId;
use super::panels::task::{attention, raster};
use super::panels::{View, chip, noc};
use super::state::attention::Shown;
use super::teaching;
use super::teaching::strip;

/// Lines that a notch of the wheel moves by.
const LINES: u32 = 3;

/// Takes in a press of a button or a turn of the wheel.
pub(super) fn mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    if app.snapshot.is_none() {
        return Vec::new();
    }
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) if app.overlays.is_empty() => click(app, at),
        MouseEventKind::ScrollDown => scroll(app, at, Direction::Down),
        MouseEventKind::ScrollUp => scroll(app, at, Direction::Up),
        _ => {}
    }
    Vec::new()
}

/// Returns the panel at a place, and its area; figures of a second experiment belong to it.
fn panel_at(app: &App, at: Position) -> Option<(PanelId, Rect)> {
    let plan = app.plan();
    let below = plan.deltas.iter().find(|(_, area)| area.contains(at)).map(|&(panel, _)| panel);
    plan.panels.into_iter().find(|&(panel, area)| area.contains(at) || Some(panel) == below)
}

/// Focuses the panel at a place, and selects the PE or the link that is drawn there.
fn click(app: &mut App, at: Position) {
    app.notice = None;
    let Some((panel, area)) = panel_at(app, at) else { return };
    app.set_focus(panel);
    match panel {
        PanelId::Chip => {
            let found = app.picture().and_then(|snapshot| chip::pe_at(&View { app, snapshot }, area, at));
            app.selected = found.unwrap_or(app.selected);
        }
        PanelId::Noc if app.network == NetworkView::Links => {
            let found = noc::link_at(area, at);
            // A second click takes the selection back.
            app.link = found.filter(|_| found != app.link);
        }
        _ => {}
    }
}

/// Scrolls the top overlay, the text of a lesson, or the panel at a place.
fn scroll(app: &mut App, at: Position, direction: Direction) {
    if !app.overlays.is_empty() {
        moved(app, direction, LINES);
        return;
    }
    if strip::area(app, app.size).is_some_and(|text| text.contains(at)) {
        teaching::scroll(app, direction);
        return;
    }
    if let Some((panel, _)) = panel_at(app, at)
        && matches!(panel, PanelId::Pe | PanelId::Timeline | PanelId::Task)
    {
        app.set_focus(panel);
        // Elsewhere the wheel would move the selected PE.
        let scrolls = raster::has_keys(app) || attention::has_keys(app) && app.attention.shown != Shown::Text;
        if panel != PanelId::Task || scrolls {
            moved(app, direction, LINES);
        }
    }
}
