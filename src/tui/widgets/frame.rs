//! A panel's frame: number and name at the top left, a word at the top right, the legend at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use crate::tui::panels::{PanelId, View};

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
    let mark = if focused { ">" } else { " " };
    let title = format!("{mark}{} {} ", panel.number(), panel.name());
    let room = usize::from(area.width).saturating_sub(2);
    let mut block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.border(focused))
        .title(Span::styled(title.clone(), theme.title(focused)));
    // Half a title is worse than none: what does not fit whole is left out.
    if !right.is_empty() && title.len() + right.chars().count() + 2 <= room {
        let right = Line::styled(format!(" {right} "), theme.dim()).alignment(Alignment::Right);
        block = block.title(right);
    }
    if legend.width() > 0 && legend.width() + 2 <= room {
        let mut spans = vec![Span::raw(" ")];
        spans.extend(legend.spans);
        spans.push(Span::raw(" "));
        block = block.title_bottom(Line::from(spans));
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}
