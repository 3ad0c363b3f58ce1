//! Moves along the timeline, and what is asked of the engine for it.

use super::places::places;
use crate::chip::geometry::Pe;
use crate::session::snapshot::{TIMELINE_CELLS, TimelineRequest, TimelineView};
use crate::tui::app::App;
use crate::tui::command::Direction;
use crate::tui::panel::PanelId;

/// Returns the request to the engine; `None` while the panel is not on screen. The selected PE's
/// detail comes with it.
pub fn request(app: &App) -> Option<TimelineRequest> {
    let area = app.plan().panels.iter().find(|(panel, _)| *panel == PanelId::Timeline)?.1;
    let line = app.picture().and_then(|snapshot| snapshot.detail.timeline());
    let sentence = line.map_or("", |line| &line.sentence);
    let places = places(area, sentence, line.is_some_and(TimelineView::several_chips));
    let columns = places.path.width.min(TIMELINE_CELLS.0);
    if columns == 0 {
        return None;
    }
    Some(TimelineRequest {
        window: app.timeline.window,
        columns,
        rows: places.rows.height.min(TIMELINE_CELLS.1),
        fit: !app.timeline.every,
        pe: app.selected.index() as u16,
        cursor: app.timeline.cursor.unwrap_or(columns / 2).min(columns - 1),
    })
}

/// Makes a move while the timeline has the focus; returns whether it was one.
pub fn moved(app: &mut App, direction: Direction, times: u32) -> bool {
    if app.focus() != PanelId::Timeline || !app.shows(PanelId::Timeline) {
        return false;
    }
    let Some(view) = app.snapshot.as_ref().and_then(|snapshot| snapshot.detail.timeline()) else {
        return true;
    };
    match direction {
        Direction::Left | Direction::Right => {
            app.timeline.step_cursor(view, direction == Direction::Right, times);
        }
        Direction::Up | Direction::Down => {
            // Where layers share the rows, the keys go through the rows shown.
            let shown: Vec<u16> = view.rows.iter().map(|row| row.pe).collect();
            let order = if view.request.fit && !shown.is_empty() { &shown } else { &view.order };
            let at = order.iter().position(|&pe| usize::from(pe) == app.selected.index()).unwrap_or(0);
            let to = if direction == Direction::Down {
                at + times as usize
            } else {
                at.saturating_sub(times as usize)
            };
            let pe = order.get(to.min(order.len().saturating_sub(1)));
            if let Some(pe) = pe.and_then(|&pe| Pe::from_index(usize::from(pe))) {
                app.selected = pe;
            }
        }
    }
    true
}

/// Selects the PE that is on the critical path at the cursor.
pub fn critical(app: &mut App) {
    let Some(view) = app.snapshot.as_ref().and_then(|snapshot| snapshot.detail.timeline()) else { return };
    let cell = view.path.get(usize::from(view.request.cursor)).copied().flatten();
    match cell.and_then(|cell| Pe::from_index(usize::from(cell.pe?))) {
        Some(pe) => app.selected = pe,
        None => app.notice = Some("no PE is known to be on the critical path here".to_owned()),
    }
}

/// Halves (`closer`) or doubles the timeline's window `times` times, if there is a timeline.
pub fn zoom(app: &mut App, closer: bool, times: u32) {
    if let Some(view) = app.snapshot.as_ref().and_then(|snapshot| snapshot.detail.timeline()) {
        app.timeline.zoom(view, closer, times);
    }
}
