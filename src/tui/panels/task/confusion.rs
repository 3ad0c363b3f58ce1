//! The confusion matrix: a row a label, a column an answer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::task::dvs::view::{ClassView, GestureView};
use crate::tui::theme::Theme;
use crate::tui::widgets::{put_at, put_line, rows_from, shorten};

/// Columns of a count.
const CELL: u16 = 4;

/// Returns the number of rows that the matrix takes.
pub fn rows(gestures: &GestureView) -> u16 {
    gestures.classes.len() as u16 + 2
}

/// Returns the width of the matrix with class names of this width, in columns.
fn columns(gestures: &GestureView, names: u16) -> u16 {
    names + 3 + CELL * gestures.classes.len() as u16
}

/// Returns whether the matrix fits.
pub fn fits(gestures: &GestureView, area: Rect) -> bool {
    area.height >= rows(gestures) && area.width >= columns(gestures, 0)
}

/// Returns the class's name, cut to a number of columns.
fn name_of(class: &ClassView, columns: u16) -> String {
    let room = usize::from(columns.saturating_sub(1));
    if class.name.len() <= room { class.name.clone() } else { shorten(&class.short, room) }
}

/// Draws it: counts, coloured by their share of the row, the diagonal in bold.
pub fn draw(gestures: &GestureView, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let classes = gestures.classes.len();
    let names = area.width.saturating_sub(columns(gestures, 0)).min(28);
    let title = Line::from(vec![
        Span::styled("label", theme.strong()),
        Span::styled(" down, ", theme.dim()),
        Span::styled("answer", theme.strong()),
        Span::styled(" across, ", theme.dim()),
        Span::styled(if theme.coloured() { "colour: share of row" } else { "samples so far" }, theme.dim()),
    ]);
    let area = put_line(buf, area, title);
    let column = |answer: usize| names + 3 + CELL * answer as u16;
    for answer in 0..classes {
        put_at(buf, area, (column(answer), 0), &format!("{:>3}", answer + 1), theme.dim());
    }
    let area = rows_from(area, 1);
    for (label, class) in gestures.classes.iter().enumerate() {
        let y = label as u16;
        let name = if names > 2 { name_of(class, names) } else { String::new() };
        put_at(buf, area, (0, y), &format!("{:>2} {name}", label + 1), theme.text());
        let of_row: u32 = (0..classes).map(|answer| gestures.confused(label, answer)).sum();
        for answer in 0..classes {
            let count = gestures.confused(label, answer);
            let diagonal = label == answer;
            let (text, style) = match count {
                0 => (format!("{:>3}", "·"), theme.dim()),
                n => (format!("{n:>3}"), theme.heat(n as f32 / of_row.max(1) as f32)),
            };
            let style = if diagonal { style.patch(theme.strong()) } else { style };
            put_at(buf, area, (column(answer), y), &text, style);
        }
    }
}
