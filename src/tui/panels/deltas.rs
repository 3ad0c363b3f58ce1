//! Figures of two experiments at the lower end of a panel: a table of both with their differences,
//! or one line where there is no room for it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::figures::{Figure, figures};
use super::{PanelId, View};
use crate::tui::against::{self, Pair};
use crate::tui::theme::Theme;
use crate::tui::widgets::{columns_from, put_line, shorten};

/// Columns of a value and of a difference where there is room, and at least.
const VALUE: [usize; 2] = [11, 9];
/// Columns of the names that decide between the two.
const NAME: usize = 13;

/// Draws the figures of a panel into its lower end.
pub fn render(panel: PanelId, view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let Some(pair) = against::pair(view.app).filter(|_| !area.is_empty()) else { return };
    let figures = figures(panel, view.app.selected, [pair.first, pair.second]);
    let inner = Rect { width: area.width.saturating_sub(2), ..columns_from(area, 1) };
    if area.height == 1 {
        put_line(buf, inner, line(&figures, &pair, usize::from(inner.width), view.theme()));
        return;
    }
    let width = usize::from(inner.width);
    let value = if width >= NAME + 3 * VALUE[0] { VALUE[0] } else { VALUE[1] };
    let columns = (width.saturating_sub(3 * value).min(20), value);
    let mut rest = put_line(buf, inner, heading(&pair, columns, view.theme()));
    for figure in &figures {
        rest = put_line(buf, rest, row(figure, columns, view.theme()));
    }
}

fn style(figure: &Figure, theme: &Theme) -> Style {
    if figure.is_same() { theme.dim() } else { theme.accent() }
}

/// Returns the heading: the names of the two experiments, with a mark at the one shown.
fn heading(pair: &Pair<'_>, (name, value): (usize, usize), theme: &Theme) -> Line<'static> {
    let mut spans = vec![Span::raw(format!("{:name$}", ""))];
    for (at, who) in pair.names.iter().enumerate() {
        let (mark, style) = if at == pair.shown { (">", theme.strong()) } else { ("", theme.dim()) };
        spans.push(Span::styled(right(&format!("{mark}{who}"), value), style));
    }
    spans.push(Span::styled(right("change", value), theme.dim()));
    Line::from(spans)
}

/// Aligns text to the right of a column, with a space before it at any width.
fn right(text: &str, columns: usize) -> String {
    format!(" {text:>width$}", width = columns.saturating_sub(1))
}

fn row(figure: &Figure, (name, value): (usize, usize), theme: &Theme) -> Line<'static> {
    let [first, second] = [0, 1].map(|at| right(&figure.text(at), value));
    let delta = right(&figure.delta(2), value);
    // Values that are wider than their columns shorten the name.
    let taken: usize = [&first, &second, &delta].iter().map(|text| text.chars().count()).sum();
    let name = (name + 3 * value).saturating_sub(taken);
    Line::from(vec![
        Span::styled(format!("{:name$}", shorten(&figure.name, name)), theme.dim()),
        Span::raw(first),
        Span::raw(second),
        Span::styled(delta, style(figure, theme)),
    ])
}

/// Returns a line of as many figures as fit: `A|B this token 290.2|366.0 µs +26.1 %`.
fn line(figures: &[Figure], pair: &Pair<'_>, width: usize, theme: &Theme) -> Line<'static> {
    let [first, second] = pair.names;
    let mut line = Line::from(Span::styled(format!("{first}|{second}"), theme.strong()));
    for figure in figures {
        let spans = [
            Span::styled(format!(" {} ", figure.name), theme.dim()),
            Span::raw(format!("{} ", figure.texts())),
            Span::styled(figure.delta(1), style(figure, theme)),
        ];
        let wide: usize = spans.iter().map(Span::width).sum();
        if line.width() + wide > width {
            // The first figure is shown at any width, cut if need be.
            if line.spans.len() == 1 {
                line.spans.extend(spans);
            }
            break;
        }
        line.spans.extend(spans);
    }
    line
}
