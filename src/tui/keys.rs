//! Meaning of a key press: text for a prompt, a digit of a count, or a command of the table.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::act::{act, carry_out, focus_number};
use super::app::{App, Count, Effect, Overlay};
use super::applies::{applies, context, is_global};
use super::command::{Action, Direction};
use super::keymap::Key;
use super::overlays::help;
use super::palette::{self, Meaning};
use super::teaching::{presenter, question};
use super::widgets::prompt::{Prompt, Typed};
use super::widgets::scroll_by;
use super::{asking, fault, points, results, search};

/// Largest count that can be typed.
const MAX_COUNT: u32 = 999_999;

/// Takes in a key press.
pub(super) fn key(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    app.notice = None;
    let key = Key::from(event);
    if let Some(effects) = typed(app, key) {
        return effects;
    }
    if let Some(effects) = digit(app, key) {
        return effects;
    }
    let count = app.count.take().filter(|count| count.counts && count.value > 0);
    let Some(command) = app.keymap.lookup(key, context(app)) else {
        app.notice = Some(format!("{key} does nothing; ? lists the keys"));
        return Vec::new();
    };
    if let Some(count) = count.as_ref().filter(|_| command.counts) {
        app.recent.clone_from(&count.recent_before);
    }
    if !applies(app, command.when) && !matches!(command.action, Action::Move(_) | Action::Close) {
        return Vec::new();
    }
    let count = count.map(|count| count.value);
    presenter::pressed(app, key, count, command);
    act(app, command.action, count)
}

/// Handles a key for the line or search that is being typed; `None` if there is none, or the key
/// has no meaning in it.
fn typed(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    key_in_help(app, key)
        .or_else(|| points::key(app, key))
        .or_else(|| results::key(app, key))
        .or_else(|| asking::key(app, key))
        .or_else(|| search::key(app, key))
        .or_else(|| fault::key(app, key))
        .or_else(|| key_in_palette(app, key))
        .or_else(|| question::key(app, key))
}

/// Handles a digit: one alone selects its panel, a second one in time makes a count of both.
///
/// A command that takes the count leaves the focus where it was: `9s` is the timeline and a step,
/// `10s` ten steps, `04s` four. A 0 behind a digit, and digits behind a 0, are parts of the count
/// and select nothing. A digit that the user has bound to another command carries that out, unless
/// a count is being typed; one bound to nothing begins a count.
fn digit(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let KeyCode::Char(character) = key.code else { return None };
    let digit = character.to_digit(10).filter(|_| key.modifiers == KeyModifiers::NONE)?;
    let bound = app.keymap.lookup(key, context(app));
    let panel = bound.and_then(|command| match command.action {
        Action::Panel(number) => Some((command, number)),
        _ => None,
    });
    let counting = app.count.as_ref().is_some_and(|count| count.counts || count.value == 0);
    if bound.is_some() && panel.is_none() && !counting {
        return None;
    }
    if app.snapshot.is_none() {
        return Some(Vec::new());
    }
    let first = app.count.is_none();
    let count = match app.count.take() {
        None => Count {
            value: digit,
            counts: panel.is_none(),
            selects: panel.is_some() && digit != 0,
            recent_before: app.recent.clone(),
        },
        Some(count) => {
            let value = count.value.saturating_mul(10).saturating_add(digit).min(MAX_COUNT);
            Count { value, counts: true, ..count }
        }
    };
    let selects = first || count.selects && digit != 0;
    app.count = Some(count);
    if let Some((command, number)) = panel.filter(|_| selects) {
        focus_number(app, number);
        presenter::pressed(app, key, None, command);
    }
    Some(vec![Effect::StartCountTimer])
}

/// Handles a key in the help: text goes to its search, global keys to the command table.
fn key_in_help(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Help { page, search, .. }) = app.overlays.last() else { return None };
    let lines = help::length(app, *page, search.text());
    let Some(Overlay::Help { page, search, scroll }) = app.overlays.last_mut() else { return None };
    match (key.code, key.modifiers) {
        (KeyCode::Char('?'), KeyModifiers::NONE) if search.text().is_empty() => {
            app.overlays.pop();
        }
        (KeyCode::Esc | KeyCode::Enter | KeyCode::F(1), _) => {
            app.overlays.pop();
        }
        (KeyCode::Tab | KeyCode::BackTab, _) => {
            *page = page.turned(key.code == KeyCode::BackTab);
            *search = Prompt::default();
            *scroll = 0;
        }
        (KeyCode::Down, _) => scroll_by(scroll, Direction::Down, 1, lines),
        (KeyCode::Up, _) => scroll_by(scroll, Direction::Up, 1, lines),
        (KeyCode::PageDown, _) => scroll_by(scroll, Direction::Down, 10, lines),
        (KeyCode::PageUp, _) => scroll_by(scroll, Direction::Up, 10, lines),
        _ => {
            if search.key(key) == Typed::Other {
                return (!is_global(&app.keymap, key)).then(Vec::new);
            }
            *scroll = 0;
        }
    }
    Some(Vec::new())
}

/// Takes a key if the line is on top.
fn key_in_palette(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Overlay::Palette(line)) = app.overlays.last_mut() else { return None };
    match line.prompt.key(key) {
        Typed::Changed => {}
        Typed::Left => drop(app.overlays.pop()),
        Typed::Complete => palette::complete(app),
        Typed::Done(text) if text.trim_matches(':').trim().is_empty() => drop(app.overlays.pop()),
        Typed::Done(text) => {
            // What is wrong stands below the line already.
            if let Ok(meaning) = palette::read(app, &text) {
                app.overlays.pop();
                Prompt::remember(&mut app.commanded, &text);
                return Some(match meaning {
                    Meaning::Act(command, count) => act(app, command.action, count),
                    Meaning::Give(given) => carry_out(app, given),
                });
            }
        }
        Typed::Other => return (!is_global(&app.keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}
