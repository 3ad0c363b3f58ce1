//! Panel 8: one PE from the inside. Core, Memory, Neurons and Code, one at a time; from a word to
//! what it belongs with.

mod code;
mod core;
mod memory;
mod neurons;
mod spiking;

pub(super) use self::core::wrap;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PanelId, View};
use crate::session::instructions::Motion;
use crate::session::snapshot::{Part, PartView, PeStatus};
use crate::tui::command::{Action, Direction, find};
use crate::tui::panels::frame::frame;
use crate::tui::widgets::{columns_to, put_line, put_pair, rows_from};

/// Returns the number of words of memory in a row of a panel of this width.
pub fn words_in_row(panel: Rect) -> u32 {
    memory::words_in_row(panel.width.saturating_sub(2))
}

/// Returns the number of rows that a page key moves by.
pub fn page_rows(panel: Rect) -> u32 {
    u32::from(panel.height.saturating_sub(12)).max(4)
}

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let state = &view.app.pe;
    let right = match state.part {
        Part::Core => "now".to_owned(),
        Part::Memory => format!("{} · now", state.format.name()),
        Part::Neurons if state.by_distance => {
            let compared = if view.kind().unit_word == "unit" { "c before" } else { "v" };
            format!("by |{compared}−{}|", view.theme().glyphs.theta())
        }
        Part::Neurons => format!("by {}", view.kind().unit_word),
        Part::Code => match view.inspection().and_then(|shown| shown.view.as_ref()) {
            Some(PartView::Code(Some(code))) => format!("level {}", code.level.name()),
            _ => String::new(),
        },
    };
    let inner = frame(view, PanelId::Pe, &right, legend(view, area.width), area, buf);
    let inner = if inner.width > 2 { columns_to(rows_from(inner, 0), inner.width) } else { inner };
    let rest = tabs(view, inner, buf);
    match view.inspection().map(|inspection| inspection.view.as_ref()) {
        Some(Some(PartView::Core(core))) => core::render(view, core, rest, buf),
        Some(Some(PartView::Memory(window))) => memory::render(view, window, rest, buf),
        Some(Some(PartView::Neurons(page))) => neurons::render(view, page, rest, buf),
        Some(Some(PartView::SpikingNeurons(page))) => spiking::render(view, page, rest, buf),
        Some(Some(PartView::Code(Some(code)))) => code::render(view, code, rest, buf),
        Some(Some(PartView::Code(None))) => {
            put_line(buf, rest, Line::styled("no routine of this PE has machine code", view.theme().dim()));
        }
        Some(None) => {
            put_line(buf, rest, Line::styled("no program: this PE sleeps", view.theme().dim()));
        }
        None => {
            let unused = view.pe(view.app.selected).is_none_or(|pe| pe.status == PeStatus::Unused);
            let text = if unused { "no program: this PE sleeps" } else { "asking ..." };
            put_line(buf, rest, Line::styled(text, view.theme().dim()));
        }
    }
}

/// Draws the names of the parts and the name of their PE; returns the area below.
fn tabs(view: &View<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let mut line = Line::default();
    for part in Part::ALL {
        let here = part == view.app.pe.part;
        let style = if here { theme.selected() } else { theme.dim() };
        let (left, right) = if here && theme.marks() { ('[', ']') } else { (' ', ' ') };
        line.spans.push(Span::styled(format!("{left}{}{right}", part.name()), style));
    }
    let selected = view.app.selected;
    let mut name = vec![Span::styled(selected.to_string(), theme.accent())];
    if let Some(layer) = view.pe(selected).and_then(|pe| pe.layer)
        && area.width >= 50
    {
        name.push(Span::styled(format!(" {}", view.layer_name(layer)), theme.category(usize::from(layer))));
    }
    put_pair(buf, area, line, Line::from(name))
}

/// Returns the keys of the panel, most useful first, as many as fit in `width` columns.
fn legend(view: &View<'_>, width: u16) -> Line<'static> {
    use crate::tui::state::pe::Key;
    let theme = view.theme();
    let keys: &[(Action, &str)] = match view.app.pe.part {
        Part::Core => &[(Action::Pe(Key::NextPart), "memory"), (Action::Move(Direction::Down), "scroll")],
        Part::Memory => &[
            (Action::Pe(Key::NextPart), "neurons"),
            (Action::Pe(Key::Follow), "follow"),
            (Action::WhoWrote, "who wrote"),
            (Action::Pe(Key::NextRegion), "next region"),
            (Action::Pe(Key::Format), "hex f32 u32"),
            (Action::Pe(Key::Back), "back"),
        ],
        Part::Neurons => &[
            (Action::Pe(Key::NextPart), "code"),
            (Action::Move(Direction::Right), "bytes, receivers"),
            (Action::Pe(Key::Follow), "follow"),
            (Action::Pe(Key::Sort), "sort"),
            (Action::Pin, "pin"),
            (Action::Pe(Key::Back), "back"),
        ],
        Part::Code => &[
            (Action::Pe(Key::NextPart), "core"),
            (Action::StepCode(Motion::Instruction), "instruction"),
            (Action::BackCode(Motion::Instruction), "back"),
            (Action::StepCode(Motion::Line), "line"),
            (Action::BackCode(Motion::Line), "back"),
            (Action::StepCode(Motion::Function), "finish"),
            (Action::BackCode(Motion::Function), "begin"),
        ],
    };
    let mut line = Line::default();
    let spiking = view.kind().unit_word == "neuron";
    for &(action, word) in keys.iter().filter(|(action, _)| spiking || *action != Action::Pin) {
        let Some(key) = find(action).and_then(|command| view.app.keymap.keys_of(command).next()) else {
            continue;
        };
        let key = if key.code == KeyCode::Enter { theme.glyphs.enter().to_owned() } else { key.to_string() };
        let word = format!(" {word}  ");
        if line.width() + key.chars().count() + word.chars().count() + 4 <= usize::from(width) {
            line.spans.push(Span::styled(key, theme.accent()));
            line.spans.push(Span::styled(word, theme.dim()));
        }
    }
    line
}
