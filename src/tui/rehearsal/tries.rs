//! Trial of the keys that a page names: they are pressed at its moment, and the screen is checked.

use super::SIZES;
use crate::tui::app::App;
use crate::tui::capture;
use crate::tui::lesson::course::Course;
use crate::tui::lesson::format::Try;
use crate::tui::lesson::text::{self, Piece};
use crate::tui::presses::presses;
use crate::tui::stage::{Stage, StageError};

/// Presses the keys of a page's attempts at every size, each from the page's own moment.
///
/// Returns what was not seen: number of the attempt, size, missing text, and the screen.
///
/// # Errors
///
/// Fails if the engine stops, or keys leave the app.
pub fn problems(stage: &mut Stage, page: usize) -> Result<Vec<String>, StageError> {
    let tries = stage.app().lesson.as_ref().and_then(Course::shown).map(|page| page.tries.clone());
    let Some(tries) = tries.filter(|tries| !tries.is_empty()) else { return Ok(Vec::new()) };
    let mut problems = Vec::new();
    let begin = stage.app().clone();
    for (number, attempt) in (1..).zip(tries) {
        for size in SIZES {
            at_the_page(stage, page, &begin, size)?;
            if let Some(missing) = missing(stage, page, &attempt)? {
                let (columns, rows) = size;
                let keys = if attempt.keys.is_empty() { "without a key" } else { &attempt.keys };
                problems.push(format!("try {number} ({keys}) at {columns}x{rows}: {missing}"));
                break;
            }
        }
    }
    at_the_page(stage, page, &begin, begin.size)?;
    Ok(problems)
}

/// Restores chip and screen to their state when the page opens.
fn at_the_page(stage: &mut Stage, page: usize, begin: &App, size: (u16, u16)) -> Result<(), StageError> {
    let app = stage.app();
    let mut fresh = begin.clone();
    fresh.size = size;
    // Keep what the engine has sent since; restore where the user looks.
    fresh.snapshot.clone_from(&app.snapshot);
    fresh.names.clone_from(&app.names);
    fresh.lesson.clone_from(&app.lesson);
    fresh.asked_focus = app.asked_focus;
    fresh.asked_pins.clone_from(&app.asked_pins);
    if let (Some(course), Some(before)) = (&mut fresh.lesson, &begin.lesson) {
        course.answers.clone_from(&before.answers);
    }
    *app = fresh;
    stage.turn(page)?;
    stage.app().notice = None;
    Ok(())
}

/// Presses the keys. Returns the first text that the screen lacks, with the screen.
fn missing(stage: &mut Stage, page: usize, attempt: &Try) -> Result<Option<String>, StageError> {
    for press in presses(&attempt.keys)? {
        stage.press(&press)?;
    }
    let screen = capture::text(&stage.draw());
    let Some(course) = &stage.app().lesson else { return Ok(None) };
    let lines: Vec<String> = screen.lines().map(single_spaced).collect();
    let missing = attempt
        .sees
        .iter()
        .map(|text| single_spaced(&with_values(course, page, text)))
        .find(|text| !lines.iter().any(|line| line.contains(text.as_str())));
    Ok(missing.map(|text| format!("the screen lacks \"{text}\":\n{screen}")))
}

/// Returns a line with one space wherever it has several.
fn single_spaced(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a text with the values of the page's moment in the place of its braces.
fn with_values(course: &Course, page: usize, text: &str) -> String {
    let pieces = text::pieces(text).unwrap_or_default();
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) | Piece::Bold(text) | Piece::Code(text) => text,
            Piece::Value { page: of, expression, .. } => {
                let of = of.unwrap_or(page + 1);
                course.value(Some(of), &expression).unwrap_or_else(|| format!("{{{expression}}}"))
            }
        })
        .collect()
}
