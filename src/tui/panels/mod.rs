//! Panels of the screen, each in its own file.
//!
//! A panel draws a [`View`] into an area of any size, with a legend, units and the window of what
//! it shows; it keeps no state.

mod board;
pub mod chip;
pub mod deltas;
pub mod energy;
pub mod figures;
mod frame;
mod matrix;
pub mod memory;
pub mod noc;
mod packets;
pub mod pe;
mod pins;
pub mod sparsity;
pub mod task;
pub mod timeline;
pub mod timers;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::app::{App, NetworkView};
use super::command::{Action, find};
pub use super::panel::PanelId;
use super::theme::Theme;
use super::widgets::put_line;
use crate::chip::geometry::Pe;
use crate::session::command::StepUnit;
use crate::session::snapshot::{Inspection, PeDetail, PeView, PopulationId, Snapshot};
use crate::task::TaskKind;

/// A mark or word as a screen shows it, and its meaning: a line of the help.
pub type Entry = (&'static str, &'static str);

/// State that a panel is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// State of the app: focus, selection, options.
    pub app: &'a App,
    /// Snapshot that is drawn.
    pub snapshot: &'a Snapshot,
}

impl<'a> View<'a> {
    /// Returns the colours and marks of the app.
    pub fn theme(&self) -> &'a Theme {
        &self.app.theme
    }

    /// Returns all PEs of the machine.
    pub fn places(&self) -> impl Iterator<Item = Pe> + use<> {
        Pe::first(self.snapshot.pes.len())
    }

    /// Returns the PEs of the chip that is shown, that of the selected PE.
    pub fn chip_places(&self) -> impl Iterator<Item = Pe> + use<> {
        Pe::of(self.app.selected.chip())
    }

    /// Returns the summary of a PE.
    pub fn pe(&self, pe: Pe) -> Option<&'a PeView> {
        self.snapshot.pes.get(pe.index())
    }

    /// Returns the selected PE's detail, once the engine has sent it.
    pub fn detail(&self) -> Option<&'a PeDetail> {
        self.snapshot.detail.pe.as_ref().filter(|detail| detail.pe == self.app.selected.index())
    }

    /// Returns the details of the user's place in the selected PE, once the engine has sent them.
    pub fn inspection(&self) -> Option<&'a Inspection> {
        self.app.inspection()
    }

    /// Returns the task's word for a time step: token, frame.
    pub fn step_word(&self) -> &'static str {
        self.snapshot.task.kind().step_word
    }

    /// Returns the words of the task.
    pub fn kind(&self) -> &'static TaskKind {
        self.snapshot.task.kind()
    }

    /// Returns the name of a layer in the model.
    pub fn layer_name(&self, layer: PopulationId) -> &'a str {
        self.snapshot.setup.layers.get(usize::from(layer)).map_or("?", |layer| layer.name.as_str())
    }
}

/// Writes into a panel of figures what it shows after the first time step.
fn idle(view: &View<'_>, panel: PanelId, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let word = view.step_word();
    let step = find(Action::Step(StepUnit::TimeStep)).and_then(|c| view.app.keymap.keys_of(c).next());
    let step = step.map_or_else(String::new, |key| format!(" ({key})"));
    let text = format!("After the first {word}{step}: {}.", panel.about());
    let mut rest = area;
    for row in crate::text::wrapped(&text, usize::from(area.width)) {
        rest = put_line(buf, rest, Line::styled(row, theme.dim()));
    }
    let room = usize::from(area.width.saturating_sub(2));
    for line in panel.will_show() {
        for (at, row) in crate::text::wrapped(line, room).into_iter().enumerate() {
            let mark = if at == 0 { "· " } else { "  " };
            rest = put_line(buf, rest, Line::styled(format!("{mark}{row}"), theme.dim()));
        }
    }
}

/// Draws a panel.
pub fn render(panel: PanelId, view: &View<'_>, area: Rect, buf: &mut Buffer) {
    match panel {
        PanelId::Chip => chip::render(view, area, buf),
        PanelId::Task => task::render(view, area, buf),
        PanelId::Memory => memory::render(view, area, buf),
        PanelId::Noc if view.app.network == NetworkView::Matrix => matrix::render(view, area, buf),
        PanelId::Noc if view.app.network == NetworkView::Board => board::render(view, area, buf),
        PanelId::Noc if view.app.network == NetworkView::Packets => packets::render(view, area, buf),
        PanelId::Noc => noc::render(view, area, buf),
        PanelId::Timers => timers::render(view, area, buf),
        PanelId::Sparsity => sparsity::render(view, area, buf),
        PanelId::Energy => energy::render(view, area, buf),
        PanelId::Pe => pe::render(view, area, buf),
        PanelId::Timeline => timeline::render(view, area, buf),
        PanelId::Pins => pins::render(view, area, buf),
    }
}
