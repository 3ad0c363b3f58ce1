//! A whole lesson without a screen: every page forwards, then back to the first. For those who write lessons.

use crossbeam_channel::{Receiver, unbounded};

use super::course::Course;
use super::load::Loaded;
use super::text::{self, Piece};
use crate::session::command::Command;
use crate::session::debug::ExprError;
use crate::session::engine::{Engine, EngineEvent, Held};

/// What was found of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Its number, from 1.
    pub number: usize,
    /// Its title.
    pub title: String,
    /// Events handled at its moment.
    pub events: u64,
    /// Hash of all that decides what the machine does next, at its moment.
    pub state_hash: u128,
    /// What is wrong with it; nothing if it holds.
    pub problems: Vec<String>,
    /// Expressions of its text, and their values in words.
    pub values: Vec<(String, String)>,
}

/// Runs a lesson: all pages on and back again. An error is a lesson that cannot even begin.
pub fn check(loaded: &Loaded) -> Result<Vec<Checked>, String> {
    let mut course = Course::new(loaded.clone());
    let (sender, events) = unbounded();
    let engine = Engine::start(course.engine(), move |event| drop(sender.send(event)))
        .map_err(|error| format!("the engine does not start: {error}"))?;
    opened(&events)?;
    let mut checked = Vec::new();
    for page in 0..course.pages() {
        travel(&mut course, page, &engine, &events)?;
        checked.push(found(&course, page));
    }
    for page in (0..course.pages().saturating_sub(1)).rev() {
        travel(&mut course, page, &engine, &events)?;
        if let (Some(problem), Some(checked)) = (&course.problem, checked.get_mut(page)) {
            checked.problems.push(format!("coming back from page {}: {problem}", page + 2));
        }
    }
    Ok(checked)
}

fn opened(events: &Receiver<EngineEvent>) -> Result<(), String> {
    loop {
        match events.recv().map_err(|_| "the engine is gone".to_owned())? {
            EngineEvent::SceneLoaded => return Ok(()),
            EngineEvent::SceneError(text) | EngineEvent::Crashed(text) => return Err(text),
            _ => {}
        }
    }
}

/// Turns to a page, and waits until the engine is there.
fn travel(
    course: &mut Course,
    page: usize,
    engine: &Engine,
    events: &Receiver<EngineEvent>,
) -> Result<(), String> {
    let mut command: Option<Command> = Some(course.turn(page, Some(0)));
    while course.is_under_way() {
        if let Some(command) = command.take() {
            engine.send(command);
        }
        engine.ready();
        match events.recv().map_err(|_| "the engine is gone".to_owned())? {
            EngineEvent::Performed(performed) => command = course.performed(*performed),
            EngineEvent::Crashed(report) => return Err(report),
            _ => {}
        }
    }
    Ok(())
}

fn found(course: &Course, at: usize) -> Checked {
    let title = course.shown().map_or_else(String::new, |page| page.title.clone());
    let mut checked = Checked {
        number: at + 1,
        title,
        events: 0,
        state_hash: 0,
        problems: course.problem.iter().cloned().collect(),
        values: Vec::new(),
    };
    let Some(known) = course.known(at) else { return checked };
    (checked.events, checked.state_hash) = (known.events, known.state_hash);
    let document = &course.loaded.document;
    for (expression, value) in &known.values {
        match value {
            Ok(crate::session::debug::expr::Value::Absent) => {
                checked.problems.push(format!("`{expression}` has no value at this moment"));
            }
            Ok(value) => checked.values.push((expression.clone(), text::shown(value))),
            Err(error) => checked.problems.push(misspelt(course, at, expression, error)),
        }
    }
    match &known.holds {
        Some(Ok(Held { holds: false, values })) => {
            let values: Vec<String> =
                values.iter().map(|(name, value)| format!("{name} is {value}")).collect();
            let message = format!("what is expected does not hold: {}", values.join(", "));
            checked.problems.push(document.error_at(&format!("pages.{at}.expect"), message, "").to_string());
        }
        Some(Err(error)) => {
            let ExprError { at: place, message, help } = error.clone();
            let field = format!("pages.{at}.expect");
            // Values of other pages have taken the place of braces: then only the whole can be pointed at.
            let braces =
                course.shown().and_then(|page| page.expect.as_ref()).is_some_and(|text| text.contains('{'));
            let error = if braces {
                document.error_at(&field, message, help)
            } else {
                document.error_within(&field, place, message, help)
            };
            checked.problems.push(error.to_string());
        }
        Some(Ok(_)) | None => {}
    }
    checked
}

/// An expression that cannot be used, where the text has it: on its own page, or on a later one that looks back.
fn misspelt(course: &Course, of: usize, wanted: &str, error: &ExprError) -> String {
    let document = &course.loaded.document;
    for (at, page) in document.value.pages.iter().enumerate() {
        for (name, text) in page.texts() {
            for piece in text::pieces(text).unwrap_or_default() {
                if let Piece::Value { page, expression, at: place } = piece
                    && page.map_or(at, |number| number.saturating_sub(1)) == of
                    && expression == wanted
                {
                    let within = place.start + error.at.start..place.start + error.at.end;
                    let field = format!("pages.{at}.{name}");
                    let (message, help) = (error.message.clone(), error.help.clone());
                    return document.error_within(&field, within, message, help).to_string();
                }
            }
        }
    }
    error.to_string()
}
