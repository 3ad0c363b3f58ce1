//! Panel.
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use super::{PanelId, View};
use crate::tui::widgets::frame::frame;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    frame(view, PanelId::Memory, "", Line::default(), area, buf);
}
