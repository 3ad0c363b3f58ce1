//! Arrays through the network: how far, and what the last layer sends.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::TaskPanel;
use super::idle::{self, Next};
use crate::task::tensor::view::TensorView;
use crate::text::several;
use crate::tui::panels::figures::Unit;
use crate::tui::panels::frame::frame;
use crate::tui::panels::{Entry, PanelId, View};
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::{legend, put_at, put_line, rows_from, units};

/// Draws the network and the first rows of its array, before the first step.
fn before(view: &View<'_>, tensor: &TensorView, area: Rect, buf: &mut Buffer) {
    let what = format!(
        "A network that reads an array row by row, {} a step; the last layer's values are the output.",
        several(tensor.width.into(), "value")
    );
    let row =
        |values: &Vec<f32>| values.iter().map(|value| format!("{value:>7.3}")).collect::<Vec<_>>().concat();
    let heading = format!("{} from {}, the first:", several(tensor.total, "row"), tensor.source);
    idle::render(view, &what, &Next::Rows(heading, tensor.upcoming.iter().map(row).collect()), area, buf);
}

/// Marks and words of the panel.
const HELP: &[Entry] = &[
    ("grid", "the outputs of the last layer, one character a unit"),
    ("0 to 9", "tenths of the largest output of this step"),
    ("·", "an output of 0: a silent unit"),
    ("rows", "rows of the input array read so far, one a time step"),
];

impl TaskPanel for TensorView {
    fn render(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let theme = view.theme();
        let most = self.last.iter().map(|value| value.abs()).filter(|v| v.is_finite()).fold(0.0, f32::max);
        let legend = legend::ramp("|output|", "0", &format!("{most:.3}"), "last step", theme);
        let inner = frame(view, PanelId::Task, "outputs of the last layer", legend, area, buf);
        let inner =
            if inner.width > 4 { Rect { x: inner.x + 1, width: inner.width - 2, ..inner } } else { inner };
        if view.snapshot.steps == 0 && !self.upcoming.is_empty() {
            return before(view, self, inner, buf);
        }
        let active = self.last.iter().filter(|&&value| value != 0.0).count() as u64;
        let head = Line::from(vec![
            Span::styled(
                format!("{} of {} rows", units::count(self.done), units::count(self.total)),
                theme.strong(),
            ),
            Span::styled(
                format!(
                    " of {} inputs · {} of {} outputs not zero",
                    units::count(self.width.into()),
                    units::count(active),
                    units::count(self.units.into())
                ),
                theme.dim(),
            ),
        ]);
        let rest = rows_from(put_line(buf, inner, head), 1);
        for (index, &value) in self.last.iter().enumerate() {
            let width = usize::from(rest.width).max(1);
            let at = ((index % width) as u16, u16::try_from(index / width).unwrap_or(u16::MAX));
            let share = if most > 0.0 { value.abs() / most } else { 0.0 };
            let (text, style) = if value == 0.0 {
                ("·".to_owned(), theme.dim())
            } else {
                (digit(share).to_string(), theme.heat(share))
            };
            put_at(buf, rest, at, &text, style);
        }
    }

    fn figures(&self) -> Vec<(&'static str, Option<f64>, Unit)> {
        let values = || self.last.iter().map(|&value| f64::from(value));
        let some = !self.last.is_empty();
        vec![
            ("outputs, sum", some.then(|| values().sum()), Unit::Plain),
            ("outputs not 0", Some(values().filter(|&value| value != 0.0).count() as f64), Unit::Count),
        ]
    }

    fn help(&self) -> &'static [Entry] {
        HELP
    }
}
