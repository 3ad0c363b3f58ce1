//! Menu that injects a fault: its kind, then a form filled with values that have an effect.

use crate::chip::place::PePlace;
use crossterm::event::{KeyCode, KeyModifiers};

use super::app::{App, Effect, Overlay};
use super::applies::is_global;
use super::keymap::Key;
pub use super::state::fault::{
    FaultOverlay, Field, Form, Kind, example, neighbour, pe, read, scene, written,
};
use super::widgets::prompt::{Prompt, Typed};
use crate::chip::geometry::{ChipId, Pe};
use crate::machine::fault::Fault;
use crate::session::command::Command;
use crate::session::snapshot::Part;

/// Proposed bit of a byte; in the last byte of a word it is bit 30, the top of an f32's exponent.
const BIT: u32 = 6;
/// Address proposed while no program is known: that of the first weights.
const WEIGHTS: u32 = 0x8000;

impl FaultOverlay {
    /// Returns the fault as typed.
    ///
    /// # Errors
    ///
    /// Fails if a field cannot be read, or if the fault makes no sense on the loaded chip.
    pub fn fault(&self, app: &App) -> Result<Fault, String> {
        let form = self.form.as_ref().ok_or_else(|| "choose a kind of fault".to_owned())?;
        let texts: Vec<&str> = form.lines.iter().map(Prompt::text).collect();
        let fault = self.kind.read(&texts)?;
        sensible(app, fault)
    }
}

/// Returns the fault if it makes sense on the loaded chip.
///
/// # Errors
///
/// Fails with the reason why it does not.
pub fn sensible(app: &App, fault: Fault) -> Result<Fault, String> {
    match &app.names {
        Some(names) => fault.check(names.program()).map(|()| fault).map_err(|error| error.to_string()),
        None => Ok(fault),
    }
}

/// Opens the menu of kinds.
pub fn open(app: &mut App) {
    app.overlays.push(Overlay::Fault(FaultOverlay { kind: Kind::FlipBit, form: None }));
}

/// Opens the form of a kind.
pub fn open_form(app: &mut App, kind: Kind) {
    let form = Some(form(app, kind));
    app.overlays.push(Overlay::Fault(FaultOverlay { kind, form }));
}

/// Returns the address of a byte on a PE at which a flipped bit changes results.
///
/// It lies in the word under the cursor of the memory view if that is read, else in the cell state
/// of the PE's first unit.
pub fn proposed_address(app: &App, pe: Pe) -> u32 {
    let Some(program) = app.names.as_ref().map(|names| names.program()) else { return WEIGHTS };
    let place = PePlace::from(pe);
    let read = |address: &u32| {
        Fault::FlipBit { pe: place, address: *address, bit: 0 }.without_effect(program).is_none()
    };
    let cursor = (pe == app.selected && app.pe.part == Part::Memory).then_some(app.pe.address & !3);
    let slot = program.pe(pe).and_then(|loaded| loaded.slots.first());
    // The byte with the sign and most of the exponent.
    cursor.filter(read).or_else(|| slot.map(|slot| slot.detail.state())).map_or(WEIGHTS, |word| word + 3)
}

fn form(app: &App, kind: Kind) -> Form {
    let pe = app.selected;
    let line = |field: &Field| Prompt::new(Vec::new()).with_text(&proposal(app, kind, *field, pe));
    Form { lines: kind.fields().iter().map(line).collect(), at: 0, proposed: true }
}

fn proposal(app: &App, kind: Kind, field: Field, pe: Pe) -> String {
    match field {
        Field::Pe => written(pe),
        Field::Address => {
            let address = proposed_address(app, pe);
            // Packets go to multiples of 16.
            let address = if kind == Kind::DivertPackets { address & !15 } else { address };
            format!("{address:#07x}")
        }
        Field::Bit => BIT.to_string(),
        Field::Value | Field::Packets => "1".to_owned(),
        Field::Us => "50".to_owned(),
        Field::From => format!("{},{}", pe.qpe().x, pe.qpe().y),
        Field::To => {
            let (x, y) = neighbour((pe.qpe().x, pe.qpe().y));
            format!("{x},{y}")
        }
        Field::FromChip | Field::Chip => place_of_chip(app, pe.chip()),
        Field::ToChip => {
            let board = app.names.as_ref().map(|names| &names.program().board);
            let link = board.and_then(|board| board.links().iter().find(|link| link.from == pe.chip()));
            link.map_or_else(|| "1,0".to_owned(), |link| place_of_chip(app, link.to))
        }
    }
}

/// Returns the place of a chip on the board as the form takes it.
fn place_of_chip(app: &App, chip: ChipId) -> String {
    let (x, y) = app.names.as_ref().map_or((0, 0), |names| names.program().board.place(chip));
    format!("{x},{y}")
}

/// Returns the kinds of faults that can happen on the loaded board.
pub fn offered(app: &App) -> &'static [Kind] {
    Kind::offered(app.names.as_ref().map_or(1, |names| names.program().chips()))
}

/// Handles a key if the menu is on top.
pub fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Fault(menu)) = app.overlays.last() else { return None };
    if menu.form.is_some() { key_in_form(app, key) } else { key_in_menu(app, key) }
}

fn key_in_menu(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let kinds = offered(app);
    let Some(Overlay::Fault(menu)) = app.overlays.last_mut() else { return None };
    let at = kinds.iter().position(|&kind| kind == menu.kind).unwrap_or(0);
    let count = kinds.len();
    match (key.code, key.modifiers) {
        (KeyCode::Down | KeyCode::Tab | KeyCode::Char('j'), KeyModifiers::NONE) => {
            menu.kind = kinds[(at + 1) % count];
        }
        (KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k'), _) => {
            menu.kind = kinds[(at + count - 1) % count];
        }
        (KeyCode::Enter, _) => choose(app),
        (KeyCode::Char(digit @ '1'..='9'), KeyModifiers::NONE) => {
            let chosen = digit.to_digit(10).and_then(|digit| kinds.get(digit as usize - 1));
            if let Some(&kind) = chosen {
                menu.kind = kind;
                choose(app);
            }
        }
        (KeyCode::Esc, _) => drop(app.overlays.pop()),
        _ => return (!is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}

fn choose(app: &mut App) {
    let Some(Overlay::Fault(menu)) = app.overlays.last() else { return };
    let form = form(app, menu.kind);
    if let Some(Overlay::Fault(menu)) = app.overlays.last_mut() {
        menu.form = Some(form);
    }
}

fn key_in_form(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Fault(menu)) = app.overlays.last_mut() else { return None };
    let form = menu.form.as_mut()?;
    let count = form.lines.len().max(1);
    match key.code {
        KeyCode::Tab | KeyCode::Down => form.at = (form.at + 1) % count,
        KeyCode::BackTab | KeyCode::Up => form.at = (form.at + count - 1) % count,
        _ => {
            let typed = form.lines.get_mut(form.at)?.key(key);
            match typed {
                Typed::Changed => changed(app),
                Typed::Left => menu.form = None,
                Typed::Done(_) => return Some(inject(app)),
                Typed::Complete => {}
                Typed::Other => return (!is_global(&app.keymap, key)).then(Vec::new),
            }
        }
    }
    Some(Vec::new())
}

/// Puts pasted text into the line of the form that takes keys; `false` if there is none.
pub fn paste(app: &mut App, text: &str) -> bool {
    let Some(Overlay::Fault(FaultOverlay { form: Some(form), .. })) = app.overlays.last_mut() else {
        return false;
    };
    if let Some(line) = form.lines.get_mut(form.at) {
        line.paste(text);
    }
    changed(app);
    true
}

/// Keeps a typed address, and proposes another one for another PE.
fn changed(app: &mut App) {
    let Some(Overlay::Fault(FaultOverlay { kind, form: Some(form) })) = app.overlays.last_mut() else {
        return;
    };
    match kind.fields().get(form.at) {
        Some(Field::Address) => form.proposed = false,
        Some(Field::Pe) => propose_again(app),
        _ => {}
    }
}

/// Updates the proposed address for the PE as typed, unless the user has chosen an address.
fn propose_again(app: &mut App) {
    let Some(Overlay::Fault(FaultOverlay { kind, form: Some(form) })) = app.overlays.last() else { return };
    let at = kind.fields().iter().position(|&field| field == Field::Address);
    let Some(pe) = form.lines.first().and_then(|line| pe(line.text()).ok()) else { return };
    let (Some(at), true) = (at, form.proposed) else { return };
    let text = proposal(app, *kind, Field::Address, pe);
    if let Some(Overlay::Fault(FaultOverlay { form: Some(form), .. })) = app.overlays.last_mut()
        && let Some(line) = form.lines.get_mut(at)
    {
        *line = Prompt::new(Vec::new()).with_text(&text);
    }
}

/// Injects the fault if it is valid; otherwise the form already shows the error.
fn inject(app: &mut App) -> Vec<Effect> {
    let Some(Overlay::Fault(menu)) = app.overlays.last() else { return Vec::new() };
    let Ok(fault) = menu.fault(app) else { return Vec::new() };
    app.overlays.pop();
    vec![Effect::Engine(Command::Inject(fault))]
}
