//! Spiking networks: a raster of the last ticks, and how well recordings are recognised.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::TaskPanel;
use super::idle::{self, Next};
use crate::task::spikes::view::{Band, SpikeView};
use crate::text::several;
use crate::tui::panels::frame::frame;
use crate::tui::panels::{Entry, PanelId, View};
use crate::tui::widgets::{legend, put_at, put_line, rows_from, rows_to, units};

/// Columns of the population names left of the raster.
const NAMES: u16 = 12;

/// Marks and words of the panel.
const HELP: &[Entry] = &[
    ("raster", "rows: neurons of a population; columns: ticks, last right"),
    ("0 to 9", "share of the row's neurons that spiked, in tenths"),
    ("·", "no neuron of the row spiked"),
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
        let head = Line::from(vec![
            Span::styled(
                format!("tick {} of {}", units::count(self.done), units::count(self.total)),
                theme.strong(),
            ),
            Span::styled(
                format!(" · {}, {} of the outputs", several(self.last.0, "spike"), units::count(self.last.1)),
                theme.dim(),
            ),
        ]);
        let mut rest = put_line(buf, inner, head);
        if let Some((of, number, label)) = self.recording {
            rest = put_line(buf, rest, self.recording_line(view, (of, number, label)));
        }
        self.raster(view, rest, buf);
    }

    fn help(&self) -> &'static [Entry] {
        HELP
    }
}

impl SpikeView {
    /// What the panel will show, before the first tick.
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

    /// Draws the raster: rows shared out among the populations by their size, at least one each.
    fn raster(&self, view: &View<'_>, area: Rect, buf: &mut Buffer) {
        let theme = view.theme();
        if area.height == 0 || area.width <= NAMES + 2 {
            return;
        }
        let rows = share_out(&self.bands, usize::from(area.height));
        let columns = usize::from(area.width - NAMES - 1);
        let shown = &self.raster[self.raster.len().saturating_sub(columns)..];
        let mut at = area;
        for (index, (band, rows)) in self.bands.iter().zip(rows).enumerate() {
            let part = rows_to(at, rows as u16);
            at = rows_from(at, rows as u16);
            if part.height == 0 {
                break;
            }
            put_at(buf, Rect { width: NAMES, ..part }, (0, 0), &band.name, theme.category(index));
            let field = Rect { x: part.x + NAMES + 1, width: part.width - NAMES - 1, ..part };
            for (column, spikes) in shown.iter().enumerate() {
                for (row, count) in cells(band, spikes, rows).into_iter().enumerate() {
                    let place = (column as u16, row as u16);
                    let neurons = neurons_of_row(band, rows, row);
                    if count == 0 {
                        put_at(buf, field, place, "·", theme.dim());
                    } else {
                        let share = count as f32 / neurons.max(1) as f32;
                        let mark = if neurons == 1 { '|' } else { crate::tui::theme::ramp::digit(share) };
                        put_at(buf, field, place, &mark.to_string(), theme.heat(share));
                    }
                }
            }
        }
    }
}

/// Shares rows out among populations, by their size, at least one each while there are any.
fn share_out(bands: &[Band], height: usize) -> Vec<usize> {
    let neurons: u64 = bands.iter().map(|band| u64::from(band.units)).sum();
    let spare = height.saturating_sub(bands.len()) as u64;
    let of = |band: &Band| {
        let share = spare * u64::from(band.units) / neurons.max(1);
        (1 + share as usize).min(band.units.max(1) as usize)
    };
    bands.iter().map(of).collect()
}

/// Neurons that a row of a population stands for.
fn neurons_of_row(band: &Band, rows: usize, row: usize) -> u32 {
    let first = |row: usize| (u64::from(band.units) * row as u64 / rows.max(1) as u64) as u32;
    first(row + 1) - first(row)
}

/// Counts the neurons with spikes in each row of a population.
fn cells(band: &Band, spikes: &[u32], rows: usize) -> Vec<u32> {
    let mut cells = vec![0; rows];
    let own = spikes.iter().filter(|&&n| n >= band.first && n < band.first + band.units);
    for neuron in own {
        // The row whose range holds the neuron: the inverse of the ranges' begins.
        let within = u64::from(neuron - band.first);
        let row = ((within + 1) * rows as u64).div_ceil(u64::from(band.units).max(1)) as usize - 1;
        if let Some(cell) = cells.get_mut(row) {
            *cell += 1;
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(first: u32, units: u32) -> Band {
        Band { first, units, ..Band::default() }
    }

    #[test]
    fn every_population_has_a_row_and_large_ones_have_more() {
        let rows = share_out(&[band(0, 300), band(300, 100), band(400, 1)], 20);
        assert_eq!(rows, [13, 5, 1]);
        assert_eq!(share_out(&[band(0, 2), band(2, 2)], 40), [2, 2]);
    }

    #[test]
    fn each_neuron_counts_in_the_row_whose_range_holds_it() {
        for (units, rows) in [(10, 3), (7, 7), (400, 17), (5, 2)] {
            let band = band(100, units);
            let all: Vec<u32> = (100..100 + units).collect();
            let expected: Vec<u32> = (0..rows).map(|row| neurons_of_row(&band, rows, row)).collect();
            assert_eq!(cells(&band, &all, rows), expected, "{units} neurons in {rows} rows");
        }
        assert_eq!(cells(&band(0, 4), &[9], 2), [0, 0], "another population's");
    }
}
