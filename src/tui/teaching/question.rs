//! Question of a page, shown in place of its text so that it covers no panel; digits answer it.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::text::{Line, Span};

use crate::tui::app::{App, Effect};
use crate::tui::keymap::Key;
use crate::tui::lesson::course::Course;
use crate::tui::lesson::format::Question;
use crate::tui::lesson::text;
use crate::tui::theme::Theme;

/// Columns before a choice: its mark, its number, a gap.
const INDENT: usize = 5;

/// Opens the question of the page, or closes it.
pub fn open(app: &mut App) {
    let Some(course) = &mut app.lesson else { return };
    if of_page(course).is_none() {
        app.notice = Some("this page has no question".to_owned());
        return;
    }
    course.asking = !course.asking;
    course.scroll = 0;
}

/// Closes the question. Returns `true` if it was open.
pub fn close(app: &mut App) -> bool {
    app.lesson.as_mut().is_some_and(|course| {
        course.scroll = 0;
        std::mem::take(&mut course.asking)
    })
}

/// Returns `true` while the question of the page is open.
pub fn is_open(app: &App) -> bool {
    app.lesson.as_ref().is_some_and(|course| course.asking)
}

/// Returns the question of the page that is shown.
pub fn of_page(course: &Course) -> Option<&Question> {
    course.shown()?.question.as_ref()
}

/// Handles Esc, and digits until the question is answered; every other key keeps its meaning.
///
/// The first answer counts. While an overlay is open, it gets the keys.
pub fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    if !is_open(app) || !app.overlays.is_empty() || app.count.is_some() || key.modifiers != KeyModifiers::NONE
    {
        return None;
    }
    let course = app.lesson.as_mut()?;
    let digit = match key.code {
        KeyCode::Esc => {
            close(app);
            return Some(Vec::new());
        }
        KeyCode::Char(character) => character.to_digit(10)? as usize,
        _ => return None,
    };
    let choices = of_page(course)?.choices.len();
    if course.answer().is_some() || !(1..=choices).contains(&digit) {
        return None;
    }
    let page = course.page;
    *course.answers.get_mut(page)? = Some(digit - 1);
    course.scroll = 0;
    Some(Vec::new())
}

/// Returns the question and its choices as lines; once answered, also the solution and its reason.
pub fn lines(course: &Course, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some(question) = of_page(course) else { return Vec::new() };
    let value = |page: Option<usize>, expression: &str| course.value(page, expression);
    let answer = course.answer();
    let mut lines = text::lines(&question.text, width, theme, value);
    for (number, choice) in (1..).zip(&question.choices) {
        let (mark, style) = match answer {
            Some(_) if number == question.answer => (">>", theme.good()),
            Some(chosen) if number == chosen + 1 => ("no", theme.warn()),
            _ => ("", theme.accent()),
        };
        let choice = text::lines(choice, width.saturating_sub(INDENT).max(1), theme, value);
        for (at, line) in choice.into_iter().enumerate() {
            let before = if at == 0 { format!("{mark:>2} {number} ") } else { " ".repeat(INDENT) };
            let mut spans = vec![Span::styled(before, style)];
            spans.extend(line.spans);
            lines.push(Line::from(spans));
        }
    }
    if let Some(chosen) = answer {
        lines.extend(verdict(question, chosen, width, theme, value));
    }
    lines
}

/// Returns whether the answer is right, and why, as one paragraph.
fn verdict(
    question: &Question,
    chosen: usize,
    width: usize,
    theme: &Theme,
    value: impl Fn(Option<usize>, &str) -> Option<String>,
) -> Vec<Line<'static>> {
    let right = chosen + 1 == question.answer;
    let word = if right {
        format!("{} is right.", question.answer)
    } else {
        format!("{} is wrong: the answer is {}.", chosen + 1, question.answer)
    };
    let mut lines = text::lines(&format!("{word} {}", question.because), width, theme, value);
    // The first words are the verdict; on a narrow screen the paragraph may break within them.
    let style = if right { theme.good() } else { theme.warn() };
    let mut rest = word.split(' ').count();
    for span in lines.iter_mut().flat_map(|line| &mut line.spans) {
        if rest == 0 {
            break;
        }
        if !span.content.trim().is_empty() {
            span.style = style.patch(theme.strong());
            rest -= 1;
        }
    }
    lines
}
