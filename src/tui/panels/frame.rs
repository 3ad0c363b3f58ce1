//! A panel's frame: number and name at the top left, a word at the top right, the legend
//! at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use super::{PanelId, View};
use crate::tui::teaching;

/// Draws the frame and returns the area inside it.
pub fn frame(
    view: &View<'_>,
    panel: PanelId,
    right: &str,
    legend: Line<'_>,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let focused = view.app.focus() == panel;
    let theme = &view.app.theme;
    let marked = teaching::marks_panel(view.app, panel);
    let mark = match (marked, focused) {
        (true, _) => ">> ",
        (false, true) => ">",
        (false, false) => " ",
    };
    let title = format!("{mark}{} {} ", panel.number(), panel.name());
    let block =
        Block::bordered().border_set(theme.border_set()).border_style(theme.border(focused || marked));
    let inner = block.inner(area);
    block.render(area, buf);
    let room = area.width.saturating_sub(2);
    let title = Line::styled(title, if marked { theme.selected() } else { theme.title(focused) });
    let right =
        if right.is_empty() { Line::default() } else { Line::styled(format!(" {right} "), theme.dim()) };
    // Half a title is worse than none: what does not fit whole is left out.
    if (title.width() + right.width()) as u16 <= room && area.height > 0 {
        on_border(buf, (area.right().saturating_sub(1 + right.width() as u16), area.y), &right);
    }
    if area.height > 0 {
        on_border(buf, (area.x + 1, area.y), &cut(title, room));
    }
    let legend = fitting(legend, room);
    if legend.width() > 2 && area.height > 1 {
        on_border(buf, (area.x + 1, area.bottom() - 1), &legend);
    }
    inner
}

/// Returns the legend between spaces, without the pieces that do not fit in `room` columns.
///
/// Whole pieces are removed from the end; each begins with ` · `. If the first piece does not fit,
/// the legend is empty rather than a ramp without its end.
fn fitting(legend: Line<'_>, room: u16) -> Line<'_> {
    let mut spans = vec![Span::raw(" ")];
    spans.extend(legend.spans);
    spans.push(Span::raw(" "));
    let mut line = Line::from(spans);
    while line.width() > usize::from(room) {
        let Some(at) = line.spans.iter().rposition(|span| span.content.starts_with(" · ")) else {
            return Line::default();
        };
        line.spans.truncate(at);
        line.spans.push(Span::raw(" "));
    }
    line
}

fn cut(line: Line<'_>, width: u16) -> Line<'_> {
    if line.width() as u16 <= width { line } else { Line::default() }
}

/// Writes over the border. The border's own style must not shine through: in 16 colours "dim" is an
/// attribute, and it would dim the legend's swatches.
fn on_border(buf: &mut Buffer, (x, y): (u16, u16), line: &Line<'_>) {
    let width = line.width() as u16;
    buf.set_style(Rect { x, y, width, height: 1 }.intersection(buf.area), Style::reset());
    buf.set_line(x, y, line, width);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_loses_whole_pieces() {
        let legend =
            || Line::from(vec![Span::raw("0 0123 9 µJ"), Span::raw(" · this"), Span::raw(" · more")]);
        let shown = |room| fitting(legend(), room).to_string();
        assert_eq!(shown(30), " 0 0123 9 µJ · this · more ");
        assert_eq!(shown(26), " 0 0123 9 µJ · this ");
        assert_eq!(shown(13), " 0 0123 9 µJ ");
        assert_eq!(shown(12), "");
    }
}
