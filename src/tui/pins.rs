//! Pinned expressions: how one is proposed and checked, selected, taken out, written to a file.

use std::path::PathBuf;

use super::app::{App, Effect};
use super::applies::in_pe;
use super::command::Direction;
use super::panel::PanelId;
use super::widgets::scroll_by;
use crate::scene::tilde;
use crate::session::command::Command;
use crate::session::debug::expr::Expression;
use crate::session::snapshot::{Part, PartView};
use crate::session::watchlist::WatchCommand;

/// Returns the expression of the value under the cursor of the PE panel: a unit's state, or a
/// word of SRAM.
pub(super) fn proposal(app: &App) -> Option<String> {
    if !in_pe(app) {
        return None;
    }
    match (app.pe.part, app.inspection()?.view.as_ref()?) {
        (Part::Neurons, PartView::Neurons(page)) => {
            let unit = page.units.iter().find(|unit| unit.number == app.pe.unit)?;
            let layer = app.picture()?.setup.layers.get(usize::from(unit.layer))?;
            Some(format!("unit(\"{}\", {}).c", layer.name, unit.unit))
        }
        (Part::Memory, _) => {
            let qpe = app.selected.qpe();
            let address = app.pe.address & !3;
            Some(format!("sram({},{},{},{address:#x}).f32", qpe.x, qpe.y, app.selected.p()))
        }
        _ => None,
    }
}

/// Checks an expression to pin.
pub(super) fn expression(app: &App, text: &str) -> Result<String, String> {
    if let Some(names) = app.names.as_deref() {
        Expression::new(text, names).map_err(|error| error.to_string())?;
    }
    Ok(text.to_owned())
}

/// Reads the number of a pin to remove.
pub(super) fn numbered(app: &App, text: &str) -> Result<Command, String> {
    let all = numbers(app);
    match text.parse() {
        Ok(id) if all.iter().any(|known| known == text) => Ok(Command::Watch(WatchCommand::Remove(id))),
        _ if all.is_empty() => Err("nothing is pinned".to_owned()),
        _ => Err(format!("there is no pin `{text}`; there are {}", all.join(", "))),
    }
}

/// Returns the numbers of all pins.
pub(super) fn numbers(app: &App) -> Vec<String> {
    let pins = app.picture().map_or(&[][..], |snapshot| &snapshot.watches);
    pins.iter().map(|pin| pin.id.to_string()).collect()
}

/// Returns the command that writes the values of all pins to a file.
pub(super) fn export(app: &App, text: &str) -> Result<Command, String> {
    if numbers(app).is_empty() {
        return Err("nothing is pinned yet; `pin perplexity` pins a value".to_owned());
    }
    let path = tilde::in_value(text);
    Ok(Command::Watch(WatchCommand::Export(PathBuf::from(path))))
}

/// Takes out the selected pin.
pub(super) fn unpin(app: &mut App) -> Vec<Effect> {
    let pins = app.picture().map_or(&[][..], |snapshot| &snapshot.watches);
    let Some(id) = pins.get(app.pin.min(pins.len().saturating_sub(1))).map(|pin| pin.id) else {
        app.notice = Some("nothing is pinned".to_owned());
        return Vec::new();
    };
    vec![Effect::Engine(Command::Watch(WatchCommand::Remove(id)))]
}

/// Selects a pin while the panel has the focus; returns `true` if it has.
pub(super) fn moved(app: &mut App, direction: Direction, times: u32) -> bool {
    if app.focus() != PanelId::Pins || !app.shows(PanelId::Pins) {
        return false;
    }
    let count = app.picture().map_or(0, |snapshot| snapshot.watches.len());
    scroll_by(&mut app.pin, direction, times, count);
    true
}
