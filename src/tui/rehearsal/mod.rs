//! Rehearsal of a whole lesson with the app and its engine, without a terminal, for
//! authors of lessons.

mod tries;

use crate::session::debug::ExprError;
use crate::session::engine::Held;
use crate::tui::app::App;
use crate::tui::lesson::course::Course;
use crate::tui::lesson::load::Loaded;
use crate::tui::lesson::text::{self, Piece};
use crate::tui::stage::{Stage, StageError};
use crate::tui::theme::{Looks, Theme};

/// Sizes of the screen on which keys are tried: columns and rows.
pub const SIZES: [(u16, u16); 3] = [(80, 24), (100, 30), (120, 40)];

/// Result of checking one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Number of the page, from 1.
    pub number: usize,
    /// Title of the page.
    pub title: String,
    /// Number of events handled at the page's moment.
    pub events: u64,
    /// Hash of everything that determines the machine's future, at the page's moment.
    pub state_hash: u128,
    /// Problems of the page; empty if it is in order.
    pub problems: Vec<String>,
    /// Expressions of the page's text, and their values in words.
    pub values: Vec<(String, String)>,
}

/// Runs a lesson: every page forwards with the keys that it names, then back to the first page.
///
/// # Errors
///
/// Fails if the lesson cannot begin: its scene cannot be loaded, or the engine stops.
pub fn check(loaded: &Loaded) -> Result<Vec<Checked>, String> {
    let mut stage = open(loaded).map_err(|error| error.to_string())?;
    run(&mut stage).map_err(|error| error.to_string())
}

/// Opens a lesson on a stage, at its first page.
///
/// # Errors
///
/// Fails if the lesson's scene cannot be loaded, or the engine stops.
pub fn open(loaded: &Loaded) -> Result<Stage, StageError> {
    let course = Course::new(loaded.clone());
    let options = course.engine();
    let mut app = App::new(options.scene.display().to_string(), Theme::new(Looks::default()), SIZES[0]);
    app.lesson = Some(course);
    Stage::open(app, options)
}

fn run(stage: &mut Stage) -> Result<Vec<Checked>, StageError> {
    let pages = stage.app().lesson.as_ref().map_or(0, Course::pages);
    let mut checked = Vec::new();
    for page in 0..pages {
        // The first page opened with the stage.
        if page > 0 {
            stage.turn(page)?;
        }
        let Some(course) = &stage.app().lesson else { break };
        let mut found = found(course, page);
        found.problems.extend(tries::problems(stage, page)?);
        checked.push(found);
    }
    for page in (0..pages.saturating_sub(1)).rev() {
        stage.turn(page)?;
        let problem = stage.app().lesson.as_ref().and_then(|course| course.problem.clone());
        if let (Some(problem), Some(checked)) = (problem, checked.get_mut(page)) {
            checked.problems.push(format!("coming back from page {}: {problem}", page + 2));
        }
    }
    Ok(checked)
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
            let message = format!("an expected condition is false: {}", values.join(", "));
            checked.problems.push(document.error_at(&format!("pages.{at}.expect"), message, "").to_string());
        }
        Some(Err(error)) => {
            let ExprError { at: place, message, help } = error.clone();
            let field = format!("pages.{at}.expect");
            // Values of other pages have taken the place of braces: then only the whole can
            // be pointed at.
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

/// Locates an expression that cannot be used: in the text of its own page, or of a later one
/// that looks back.
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
