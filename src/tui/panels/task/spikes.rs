//! Spiking networks: a raster of the last ticks, and how well recordings are recognised.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::idle::{self, Next};
use super::{TaskPanel, membrane, raster};
use crate::task::spikes::view::{Band, SpikeView};
use crate::text::several;
use crate::tui::panels::figures::Unit;
use crate::tui::panels::frame::frame;
use crate::tui::panels::{Entry, PanelId, View};
use crate::tui::widgets::{legend, put_line, units};

/// Marks and words of the panel.
const HELP: &[Entry] = &[
    ("raster", "rows: neurons of a population; columns: ticks, last right"),
    ("0 to 9", "share of the row's neurons that spiked, in tenths"),
    ("|", "a row of one neuron, which spiked in this tick"),
    ("·", "no neuron of the row spiked"),
    ("+", "the cursor: arrows move it; the last line is about it"),
    ("below", "v of pinned neurons after each tick, from low to high"),
    ("line, *", "the threshold; a tick in which the neuron spiked"),
    ("spikes", "of all neurons in the last tick, and of the outputs"),
    ("recording", "the one being shown, its label, and the answer so far"),
];

impl TaskPanel for SpikeView {
    fn render(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let theme = view.theme();
        let legend = legend::ramp("spiking", "0", "100 % of a row", "each tick", theme);
        let inner = frame(view, PanelId::Task, "spikes", legend, area, buf);
        if self.done == 0 {
            return self.before(view, inner, buf);
        }
        let tick = format!("tick {} of {}", units::count(self.done), units::count(self.total));
        let (spikes, outputs) = (several(self.last.0, "spike"), units::count(self.last.1));
        let long = format!(" · {spikes}, {outputs} of the outputs");
        let fits = tick.len() + long.chars().count() <= usize::from(inner.width);
        let told = if fits { long } else { format!(" · {spikes} ({outputs} out)") };
        let head = Line::from(vec![Span::styled(tick, theme.strong()), Span::styled(told, theme.dim())]);
        let mut rest = put_line(buf, inner, head);
        if let Some((of, number, label)) = self.recording {
            rest = put_line(buf, rest, self.recording_line(view, (of, number, label)));
        }
        let focused = view.app.focus() == PanelId::Task;
        let places = raster::places(focused, view.snapshot.membranes.len(), rest);
        raster::draw(view, self, places.raster, buf);
        membrane::draw(view, self, places.membranes, buf);
        if focused {
            raster::told(view, self, places.raster, places.cursor, buf);
        }
    }

    fn figures(&self) -> Vec<(&'static str, Option<f64>, Unit)> {
        let all: u64 = self.bands.iter().map(|band| band.spikes).sum();
        let mut figures = vec![
            ("spikes, all", Some(all as f64), Unit::Count),
            ("spikes, tick", Some(self.last.0 as f64), Unit::Count),
        ];
        if self.recording.is_some() {
            figures.insert(0, ("accuracy", self.accuracy.map(|(share, _)| share), Unit::Share));
        }
        figures
    }

    fn help(&self) -> &'static [Entry] {
        HELP
    }

    fn raster(&self) -> Option<&SpikeView> {
        Some(self)
    }
}

impl SpikeView {
    /// Draws the panel's contents before the first tick: a preview in words.
    fn before(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let neurons = self.bands.iter().map(|band| u64::from(band.units)).sum();
        let what = format!(
            "A spiking network of {} in {}. Every tick, inputs and neurons that spike send an event packet each; \
             the raster shows which.",
            several(neurons, "neuron"),
            several(self.bands.len() as u64, "population")
        );
        let source = if self.source.is_empty() {
            "no inputs".to_owned()
        } else {
            format!("inputs from {}", self.source)
        };
        let row = |band: &Band| format!("{:<24} {:>9}", band.name, units::count(band.units.into()));
        let heading = format!("{} ({source}), populations and their neurons:", several(self.total, "tick"));
        idle::render(view, &what, &Next::Rows(heading, self.bands.iter().map(row).collect()), area, buf);
    }

    fn recording_line(&self, view: &View<'_>, (of, number, label): (u32, u32, u32)) -> Line<'static> {
        let theme = view.theme();
        let most = self.counts.iter().max().copied().unwrap_or(0);
        let answer = self.counts.iter().position(|&count| count == most && most > 0);
        let mut spans =
            vec![Span::styled(format!("recording {} of {} shows {label}", number + 1, of), theme.text())];
        if let Some(answer) = answer {
            let style = if answer as u32 == label { theme.good() } else { theme.warn() };
            spans.push(Span::styled(format!(", answer so far {answer}"), style));
        }
        if let Some((share, recordings)) = self.accuracy {
            let text = format!(" · {:.1} % of {} right", 100.0 * share, several(recordings, "recording"));
            spans.push(Span::styled(text, theme.strong()));
        }
        Line::from(spans)
    }
}
