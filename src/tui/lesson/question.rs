//! The question of a page, as a layer over the panels: the digits answer it, and it says why.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::course::Course;
use super::format::Question;
use super::text;
use crate::tui::app::{App, Effect, Overlay};
use crate::tui::keymap::Key;
use crate::tui::widgets::{centred, columns_from, put_line, rows_from, rows_to};

/// Columns of the layer.
const WIDTH: u16 = 72;

/// Opens the question of the page, or closes it.
pub fn open(app: &mut App) {
    if matches!(app.overlays.last(), Some(Overlay::Question)) {
        app.overlays.pop();
    } else if of_page(app).is_some() {
        app.overlays.push(Overlay::Question);
    } else {
        app.notice = Some("this page has no question".to_owned());
    }
}

fn of_page(app: &App) -> Option<(&Course, &Question)> {
    let course = app.lesson.as_ref()?;
    Some((course, course.shown()?.question.as_ref()?))
}

/// A digit while the question is on top is an answer. The first one counts.
pub fn key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    if !matches!(app.overlays.last(), Some(Overlay::Question)) {
        return None;
    }
    let (KeyCode::Char(character), KeyModifiers::NONE) = (key.code, key.modifiers) else { return None };
    let digit = character.to_digit(10)? as usize;
    let choices = of_page(app).map_or(0, |(_, question)| question.choices.len());
    if let Some(course) = app.lesson.as_mut().filter(|_| (1..=choices).contains(&digit)) {
        let page = course.page;
        if let Some(answer) = course.answers.get_mut(page) {
            answer.get_or_insert(digit - 1);
        }
    }
    Some(Vec::new())
}

/// Draws the question, and once it is answered what is right and why.
pub fn render(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some((course, question)) = of_page(app) else { return };
    let answer = course.answers.get(course.page).copied().flatten();
    let width = usize::from(area.width.min(WIDTH).saturating_sub(4)).max(1);
    let value = |page: Option<usize>, expression: &str| course.value(page, expression);
    let asked = text::lines(&question.text, width, theme, value);
    let choices: Vec<Vec<Line<'_>>> = question
        .choices
        .iter()
        .map(|choice| text::lines(choice, width.saturating_sub(6).max(1), theme, value))
        .collect();
    let because = answer.map(|_| text::lines(&question.because, width, theme, value)).unwrap_or_default();
    let verdict = answer.map(|chosen| {
        if chosen + 1 == question.answer {
            Line::styled(format!("{} is right.", chosen + 1), theme.good().patch(theme.strong()))
        } else {
            let right = question.answer;
            Line::styled(format!("{} is wrong: it is {right}.", chosen + 1), theme.warn())
        }
    });
    let rows = asked.len() + 1 + choices.iter().map(Vec::len).sum::<usize>();
    let rows = rows + answer.map_or(0, |_| 2 + because.len());
    let area = centred(area, WIDTH, rows as u16 + 2);
    Clear.render(area, buf);
    let keys = match answer {
        None => format!(" 1-{} answers · Esc closes ", question.choices.len()),
        Some(_) => " Esc closes ".to_owned(),
    };
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Question ", theme.accent()))
        .title_bottom(Span::styled(keys, theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let mut rest = columns_from(inner, 1);
    rest.width = rest.width.saturating_sub(1);
    for line in asked {
        rest = put_line(buf, rest, line);
    }
    rest = rows_from(rest, 1);
    for (number, lines) in (1..).zip(choices) {
        let right = answer.is_some() && number == question.answer;
        let wrong = answer == Some(number - 1) && !right;
        let (mark, style) = match (right, wrong) {
            (true, _) => (">>", theme.good()),
            (_, true) => ("no", theme.warn()),
            _ => ("", theme.accent()),
        };
        put_line(buf, rows_to(rest, 1), Line::styled(format!("{mark:>2} {number}"), style));
        for line in lines {
            put_line(buf, columns_from(rows_to(rest, 1), 6), line);
            rest = rows_from(rest, 1);
        }
    }
    if let Some(verdict) = verdict {
        rest = put_line(buf, rows_from(rest, 1), verdict);
        for line in because {
            rest = put_line(buf, rest, line);
        }
    }
}
