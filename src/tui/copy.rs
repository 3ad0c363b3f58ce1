//! Text for the clipboard, taken from the topmost overlay or the focused panel.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::app::{App, Effect, Overlay};
use super::fault;
use super::panel::PanelId;
use super::panels::{self, View, chip};
use super::term::panic::without_escapes;
use super::{view, widgets::units};
use crate::machine::sram::BANK_BYTES;
use crate::session::inspect::single_text;
use crate::session::snapshot::{Part, PartView};

/// Limit for the copied text, in bytes.
///
/// It fills an escape sequence of 100,000 bytes, the customary limit (Chromium's `osc52.sh`): eight
/// bytes around the text, and four for every three bytes of it. Terminals that accept more do not
/// announce it.
pub const MOST_BYTES: usize = 74_994;

/// Width at which a readout is drawn for copying, in columns: no line is cut.
const WIDE: u16 = 200;

/// Text to be copied, with a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Description of the text, for the notice.
    pub what: String,
    /// Text for the clipboard.
    pub text: String,
}

/// Copies the text of the topmost overlay or focused panel, and sets a notice that describes it.
pub fn copy(app: &mut App) -> Vec<Effect> {
    let Copied { what, text } = what(app);
    let whole = text.len();
    let text = cut(text);
    let size = match text.len() {
        0 => {
            app.notice = Some(format!("{what}: nothing to copy"));
            return Vec::new();
        }
        size if size < whole => format!("the first {size} of {whole} bytes"),
        size => units::bytes(size as u32),
    };
    app.notice = Some(format!("copied {what}, {size}, if the terminal allows it (OSC 52)"));
    vec![Effect::Copy(text)]
}

/// Cuts a text to the length that can be sent.
fn cut(mut text: String) -> String {
    if text.len() > MOST_BYTES {
        let end = (0..=MOST_BYTES).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text.truncate(end);
    }
    text
}

/// Returns the text to copy: that of the topmost overlay, else that of the focused panel.
pub fn what(app: &App) -> Copied {
    match app.overlays.last() {
        Some(overlay) => of_overlay(app, overlay),
        None => of_panel(app),
    }
}

fn copied(what: impl Into<String>, text: impl Into<String>) -> Copied {
    Copied { what: what.into(), text: text.into() }
}

fn of_overlay(app: &App, overlay: &Overlay) -> Copied {
    match overlay {
        Overlay::Crash { text, .. } => copied("the report", without_escapes(text)),
        Overlay::Ran { ran, .. } => copied("the answer", format!("{}\n{}", ran.line, ran.text)),
        Overlay::SceneError { text, .. } => copied("the diagnostic", without_escapes(text)),
        Overlay::Findings { selected } => {
            let findings = app.picture().map_or(&[][..], |snapshot| &snapshot.findings);
            let finding = findings.get((*selected).min(findings.len().saturating_sub(1)));
            let text = finding.map(|finding| {
                let level = finding.level.name();
                format!("{level} · {} · {}\n{}\n{}", finding.place, finding.rule, finding.what, finding.help)
            });
            copied("the finding", text.unwrap_or_default())
        }
        Overlay::Points(points) => {
            if let Some(asking) = &points.asking {
                return copied("the line", asking.prompt.text());
            }
            let all = app.picture().map_or(&[][..], |snapshot| &snapshot.debug.points);
            let point = all.get(points.selected.min(all.len().saturating_sub(1)));
            copied("the condition", point.map(|point| point.text.clone()).unwrap_or_default())
        }
        Overlay::Asking(asking) => copied("the line", asking.prompt.text()),
        Overlay::Palette(palette) => copied("the line", palette.prompt.text()),
        Overlay::Fault(menu) if menu.form.is_some() => {
            let fault = menu.fault(app).ok().map(|fault| fault::scene(&fault));
            copied("the fault", fault.unwrap_or_default())
        }
        // Other overlays have no text of their own.
        _ => {
            let text = drawn(Rect::new(0, 0, app.size.0, app.size.1), |area, buf| view::draw(app, area, buf));
            copied("the screen", text)
        }
    }
}

fn of_panel(app: &App) -> Copied {
    let Some(snapshot) = app.picture() else { return copied("the screen", "") };
    let view = View { app, snapshot };
    let line = snapshot.detail.timeline().map(|line| &line.sentence).filter(|line| !line.is_empty());
    match app.focus() {
        PanelId::Chip => {
            let text = drawn(Rect::new(0, 0, WIDE, chip::READOUT_ROWS), |area, buf| {
                chip::readout(&view, area, buf);
            });
            copied(app.selected.to_string(), text)
        }
        PanelId::Pe if app.pe.part == Part::Memory => {
            let text = word(app).unwrap_or_default();
            copied(format!("word {:05x} of {}", app.pe.address, app.selected), text)
        }
        PanelId::Timeline if line.is_some() => {
            copied("what bounds the step", line.cloned().unwrap_or_default())
        }
        panel => {
            let shown = app.plan().panels.into_iter().find(|(shown, _)| *shown == panel);
            let area = shown.map(|(_, area)| Rect { x: 0, y: 0, ..area }).unwrap_or_default();
            let text = drawn(area, |area, buf| panels::render(panel, &view, area, buf));
            copied(format!("panel {}", panel.name()), text)
        }
    }
}

/// Returns the address, bits and meaning of the word under the cursor.
fn word(app: &App) -> Option<String> {
    let Some(PartView::Memory(window)) = &app.inspection()?.view else { return None };
    let word = window.word(app.pe.address)?;
    let mut text = format!(
        "{} {:#07x} bank {}: {:08x} = {} = {}",
        app.selected,
        word.address,
        word.address / BANK_BYTES,
        word.bits,
        word.bits,
        single_text(f32::from_bits(word.bits))
    );
    for element in &word.elements {
        let _ = write!(text, "\n{} = {}", element.text, element.value);
    }
    Some(text)
}

/// Returns a drawing as text, one line per row, without trailing empty cells and rows.
pub fn drawn(area: Rect, draw: impl FnOnce(Rect, &mut Buffer)) -> String {
    let mut buf = Buffer::empty(area);
    draw(area, &mut buf);
    let rows = buf.content().chunks(usize::from(area.width).max(1));
    let lines: Vec<String> =
        rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned()).collect();
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("short".to_owned()), "short");
        let long = "é".repeat(MOST_BYTES);
        assert_eq!(cut(long.clone()).len(), MOST_BYTES);
        assert_eq!(cut(format!("x{long}")).len(), MOST_BYTES - 1);
        assert_eq!(8 + MOST_BYTES.div_ceil(3) * 4, 100_000, "the customary sequence");
    }
}
