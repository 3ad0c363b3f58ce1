//! Panel 2: what the network is for, and how well it does. One file a task.

mod confusion;
mod gestures;
mod idle;
pub mod language;
mod picture;
mod tensor;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::View;
use crate::session::snapshot::TaskView;

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    match &view.snapshot.task {
        TaskView::LanguageModel(reading) => language::render(view, reading, area, buf),
        TaskView::Gestures(gestures) => gestures::render(view, gestures, area, buf),
        TaskView::Tensor(tensor) => tensor::render(view, tensor, area, buf),
    }
}
