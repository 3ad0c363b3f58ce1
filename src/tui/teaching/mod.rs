//! Lesson on screen, and its keys.
//!
//! | file | what lives there |
//! |---|---|
//! | [`strip`] | where the text goes on screen, and how it looks |
//! | [`question`] | the question of a page, in the place of its text |
//! | [`presenter`] | keys shown, slow motion |

pub mod presenter;
pub mod question;
pub mod strip;

use super::app::{App, Effect};
use super::command::{Direction, LessonAction};
use super::keymap::{Key, parse_key};
use super::lesson::course::Course;
use super::lesson::format::{Mark, Show};
use super::panel::PanelId;
use super::widgets::scroll_by;
use crate::chip::geometry::Pe;
use crate::session::command::Command;
use crate::session::engine::ScriptResult;
use crate::session::snapshot::RunState;

/// Carries out a key of a lesson.
pub fn act(app: &mut App, what: LessonAction) -> Vec<Effect> {
    if what == LessonAction::Present {
        return presenter::toggle(app);
    }
    let Some(course) = &mut app.lesson else {
        app.notice = Some("no lesson is open; `spinntui lesson` lists them".to_owned());
        return Vec::new();
    };
    match what {
        LessonAction::Next if course.page + 1 == course.pages() => {
            app.notice = Some("this is the last page; , goes back".to_owned());
        }
        LessonAction::Previous if course.page == 0 => {
            app.notice = Some("this is the first page; . goes on".to_owned());
        }
        LessonAction::Next => return turn(app, 1),
        LessonAction::Previous => return turn(app, -1),
        LessonAction::Toggle => course.hidden = !course.hidden,
        LessonAction::Ask => question::open(app),
        LessonAction::Present => {}
    }
    Vec::new()
}

fn turn(app: &mut App, by: isize) -> Vec<Effect> {
    let page = app.lesson.as_ref().map_or(0, |course| course.page.saturating_add_signed(by));
    turn_to(app, page)
}

/// Turns to a page, counted from 0, and returns the effects that this needs.
pub fn turn_to(app: &mut App, page: usize) -> Vec<Effect> {
    let at = standing(app);
    let Some(course) = &mut app.lesson else { return Vec::new() };
    if app.crashed {
        app.notice = Some("the engine has stopped; r starts it again".to_owned());
        return Vec::new();
    }
    let command = course.turn(page, at);
    arrange(app);
    vec![Effect::Engine(command)]
}

/// Returns the number of events handled, if the experiment is paused.
fn standing(app: &App) -> Option<u64> {
    let snapshot = app.picture()?;
    (!matches!(snapshot.run, RunState::Running | RunState::Stepping { .. })).then_some(snapshot.events)
}

/// Returns the effects that are due after a message, and takes note of the seeks that `effects` ask
/// of the engine. With the first snapshot of the experiment the lesson begins.
pub fn due(app: &mut App, effects: &[Effect]) -> Vec<Effect> {
    let mut more = presenter::due(app);
    let begins = app.lesson.as_ref().is_some_and(|course| !course.has_begun()) && app.snapshot.is_some();
    if begins {
        more.extend(turn(app, 0));
        return more;
    }
    if let Some(course) = &mut app.lesson {
        for effect in effects {
            match effect {
                Effect::Engine(command) => course.heard(command),
                Effect::RestartEngine => course.heard(&Command::Restart),
                _ => {}
            }
        }
    }
    more
}

/// Passes the result of a script to the lesson. Returns the command that tries a failed script
/// again, if there is one.
pub fn performed(app: &mut App, performed: ScriptResult) -> Vec<Effect> {
    let Some(course) = &mut app.lesson else { return Vec::new() };
    let again = course.performed(performed);
    if again.is_none() {
        // A new scene has moved the selection: it is the page's again.
        arrange(app);
    }
    again.map(Effect::Engine).into_iter().collect()
}

/// Arranges the screen for the page.
fn arrange(app: &mut App) {
    let Some(show) = app.lesson.as_ref().and_then(|course| Some(course.shown()?.show.clone())) else {
        return;
    };
    let Show { panel, expanded, metric, window, pe, part, address, unit } = show;
    if let Some(panel) = panel {
        app.set_focus(panel);
    }
    app.expanded = expanded;
    app.metric = metric.unwrap_or(app.metric);
    app.window = window.unwrap_or(app.window);
    if let Some(pe) = pe.and_then(|(x, y, p)| Pe::at(x, y, p)) {
        app.selected = pe;
    }
    app.pe.part = part.map_or(app.pe.part, Into::into);
    app.pe.address = address.unwrap_or(app.pe.address);
    app.pe.placed |= address.is_some();
    app.pe.unit = unit.unwrap_or(app.pe.unit);
    app.pe.link = None;
}

/// Scrolls the text of the lesson, where nothing else takes the key.
pub fn scroll(app: &mut App, direction: Direction) {
    let last = strip::last_line(app);
    if let Some(course) = app.lesson.as_mut().filter(|course| !course.hidden) {
        scroll_by(&mut course.scroll, direction, strip::PAGE, last + 1);
    }
}

/// Returns the marks of the page that is shown.
fn marks(app: &App) -> &[Mark] {
    let shown = app.lesson.as_ref().filter(|course| !course.hidden).and_then(Course::shown);
    shown.map_or(&[], |page| &page.highlight)
}

/// Returns `true` if the lesson marks a panel.
pub fn marks_panel(app: &App, panel: PanelId) -> bool {
    marks(app).contains(&Mark::Panel(panel))
}

/// Returns `true` if the lesson marks a PE of the floor plan.
pub fn marks_pe(app: &App, pe: Pe) -> bool {
    let place = (pe.qpe().x, pe.qpe().y, pe.p());
    marks(app).contains(&Mark::Pe(place))
}

/// Returns `true` if the lesson marks a key.
pub fn marks_key(app: &App, key: Key) -> bool {
    marks(app).iter().any(|mark| matches!(mark, Mark::Key(text) if parse_key(text).is_ok_and(|k| k == key)))
}
