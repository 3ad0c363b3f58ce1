//! Draws the menu that injects a fault.
//!
//! ```text
//! ╭ Inject fault ───────────────────────────────────────────╮
//! │ Flip a bit · a bit of a PE's memory changes once        │
//! │   PE       1,4,0      x,y,p as on the floor plan, ...   │
//! │ > address  0x04d2f    byte address, ...                 │
//! │   bit      6          0 to 7 of that byte               │
//! │ bit 6 of 0x04d2f in PE(1,4,0) flipped · rnns.1 cell ... │
//! ╰ Enter injects · Tab next field · Esc kinds ─────────────╯
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::message::folded;
use crate::machine::fault::Fault;
use crate::text::wrapped;
use crate::tui::app::App;
use crate::tui::fault::{FaultOverlay, Form, Kind, offered, scene};
use crate::tui::widgets::{centred, columns_from, columns_to, put_at, put_line, rows_from, rows_to, shorten};

/// Columns and rows of the whole menu where there is room for them.
const SIZE: (u16, u16) = (78, 13);
/// Columns of a field's label with its mark.
const LABEL: u16 = 11;
/// Columns of a field's text.
const TYPED: u16 = 12;

/// Draws the menu.
pub fn render(app: &App, overlay: &FaultOverlay, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let area = centred(area, SIZE.0, SIZE.1);
    Clear.render(area, buf);
    let keys = match overlay.form {
        Some(_) => " Enter injects · Tab next field · Esc kinds ",
        None => " ↑↓ choose · Enter next · Esc closes ",
    };
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Inject fault ", theme.accent()))
        .title_bottom(Span::styled(keys, theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    match &overlay.form {
        None => kinds(app, overlay.kind, inner, buf),
        Some(form) => fields(app, overlay, form, inner, buf),
    }
}

fn kinds(app: &App, chosen: Kind, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let mut rest = area;
    for (at, &kind) in offered(app).iter().enumerate() {
        let here = kind == chosen;
        let head = format!("{}{} {:<14} ", if here { '>' } else { ' ' }, at + 1, kind.name());
        let room = usize::from(rest.width).saturating_sub(head.len());
        let style = if here { theme.selected() } else { theme.accent() };
        let line = Line::from(vec![Span::styled(head, style), Span::raw(shorten(kind.about(), room))]);
        rest = put_line(buf, rest, line);
    }
    let note = format!("next: the PE ({} is selected) and the place", app.selected);
    put_line(buf, rows_from(rest, 1), Line::styled(shorten(&note, usize::from(rest.width)), theme.dim()));
}

fn fields(app: &App, overlay: &FaultOverlay, form: &Form, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let kind = overlay.kind;
    let head = format!("{} · {}", kind.name(), kind.about());
    let mut rest = put_line(buf, area, Line::styled(shorten(&head, usize::from(area.width)), theme.strong()));
    for (at, (field, line)) in kind.fields().iter().zip(&form.lines).enumerate() {
        let here = at == form.at;
        let row = rows_to(rest, 1.min(rest.height));
        let label = format!("{} {}", if here { '>' } else { ' ' }, field.name());
        put_at(buf, row, (0, 0), &label, if here { theme.accent() } else { theme.dim() });
        let typed = columns_to(columns_from(row, LABEL), TYPED);
        if here {
            line.render(typed, buf, theme.strong(), theme.selected());
        } else {
            put_at(buf, typed, (0, 0), line.text(), theme.text());
        }
        let takes = columns_from(row, LABEL + TYPED + 1);
        put_line(buf, takes, Line::styled(shorten(field.takes(), usize::from(takes.width)), theme.dim()));
        rest = rows_from(rest, 1);
    }
    rest = rows_from(rest, u16::from(rest.height > 3));
    let width = usize::from(rest.width).max(1);
    let typed = overlay.fault(app);
    let (text, style) = match &typed {
        Err(error) => (error.clone(), theme.warn()),
        Ok(fault) => match without_effect(app, fault) {
            Some(why) => (format!("{fault}: {why}"), theme.warn()),
            None => (format!("{fault}{}", region(app, fault)), theme.good()),
        },
    };
    for row in wrapped(&text, width) {
        rest = put_line(buf, rest, Line::styled(row, style));
    }
    if let Ok(fault) = typed {
        for row in folded(&format!("in a scene: {}", scene(&fault)), width) {
            rest = put_line(buf, rest, Line::styled(row, theme.dim()));
        }
    }
}

fn without_effect(app: &App, fault: &Fault) -> Option<String> {
    let why = fault.without_effect(app.names.as_ref()?.program())?;
    Some(format!("without effect on the results, since {why}"))
}

/// Returns the name of the region in which the fault changes a bit, with a separator before it.
fn region(app: &App, fault: &Fault) -> String {
    let (Fault::FlipBit { address, .. } | Fault::StickBit { address, .. }) = *fault else {
        return String::new();
    };
    let loaded = app.names.as_ref().zip(fault.pe()).and_then(|(names, pe)| names.program().pe(pe));
    let region = loaded.and_then(|loaded| {
        loaded.regions.iter().find(|region| (region.start..region.end).contains(&address))
    });
    region.map_or_else(String::new, |region| format!(" · {}", region.name))
}
