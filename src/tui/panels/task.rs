//! Panel 2: what the network is for, and how well it does. One file a task.

pub mod attention;
mod confusion;
mod gestures;
mod idle;
mod language;
mod membrane;
mod picture;
pub mod raster;
mod spikes;
mod tensor;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::figures::Unit;
use super::{Entry, View};
use crate::session::snapshot::TaskView;
use crate::task::spikes::view::SpikeView;

/// Drawing of a task's panel.
pub trait TaskPanel {
    /// Draws the panel.
    fn render(&self, view: &View<'_>, area: Rect, buf: &mut Buffer);

    /// Returns entries for the marks and words that the panel shows, about ten.
    fn help(&self) -> &'static [Entry];

    /// Returns the figures that two experiments are compared by: names of at most 15 columns,
    /// values, units.
    fn figures(&self) -> Vec<(&'static str, Option<f64>, Unit)>;

    /// Returns the raster of spikes that the panel shows; `None` for tasks without one.
    fn raster(&self) -> Option<&SpikeView> {
        None
    }
}

/// Returns the panel of a task.
pub fn panel_of(task: &TaskView) -> &dyn TaskPanel {
    match task {
        TaskView::LanguageModel(language) => language,
        TaskView::Gestures(gestures) => gestures,
        TaskView::Tensor(tensor) => tensor,
        TaskView::Spikes(spikes) => spikes,
    }
}

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    panel_of(&view.snapshot.task).render(view, area, buf);
}
