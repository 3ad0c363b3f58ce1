//! The screen before the first snapshot: the chip's floor plan, still empty.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::chip::geometry::{ChipId, Pe};
use crate::tui::app::{App, Overlay};
use crate::tui::widgets::floor_plan::FloorPlan;
use crate::tui::widgets::{put_at, put_line, rows_from};

/// Draws the screen above the footer.
pub fn render(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let failed = app.overlays.iter().any(|overlay| matches!(overlay, Overlay::SceneError { .. }));
    let what = if failed { "not loaded:" } else { "loading" };
    let title = Line::from(vec![
        Span::styled(" spinntui ", theme.selected()),
        Span::raw(format!(" {what} {}", app.scene)),
    ]);
    put_line(buf, area, title);
    let body = Rect { height: area.height.saturating_sub(3), ..rows_from(area, 1) };
    let Some(plan) = FloorPlan::fit(body) else { return };
    plan.draw_background(buf, theme);
    for pe in Pe::of(ChipId::FIRST) {
        let cell = plan.pe_area(pe);
        put_at(buf, cell, (cell.width / 2, (cell.height - 1) / 2), ".", theme.dim());
    }
}
