//! Layout and drawing of a lesson's text. The panels make room for it, so that it hides nothing
//! that it describes. The page's question stands below the text in a column, and replaces it in a
//! strip.
//!
//! ```text
//! column (from 114 columns on)        strip (narrower)
//! ┌──────────────────────────┐        ┌──────────────────────────┐
//! │ status                   │        │ status                   │
//! ├─────────────────┬────────┤        ├──────────────────────────┤
//! │ panels          │ text   │        │ panels                   │
//! │                 │        │        ├──────────────────────────┤
//! │                 │        │        │ text                     │
//! ├─────────────────┴────────┤        ├──────────────────────────┤
//! │ keys                     │        │ keys                     │
//! └──────────────────────────┘        └──────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::question;
use crate::text::visible_line;
use crate::tui::against;
use crate::tui::app::App;
use crate::tui::command::{Action, COMMANDS, LessonAction};
use crate::tui::layout::{self, MINIMUM, Plan};
use crate::tui::lesson::course::Course;
use crate::tui::lesson::text;
use crate::tui::widgets::{put_line, put_right, rows_from, shorten};

/// Lines that a page up or down moves by.
pub const PAGE: u32 = 4;
/// Columns from which the text stands beside the panels.
const COLUMN_FROM: u16 = 114;
/// Maximum lines of text in a strip; at least [`LEAST`], however few rows there are.
const MOST: u16 = 7;
const LEAST: u16 = 4;
/// Maximum lines of a question in a strip, with its choices and, once answered, the solution.
const QUESTION: u16 = 9;
/// Rows that the floor plan with a panel beside it needs, status and keys included.
const PANELS_ROWS: u16 = 19;

impl App {
    /// Returns the areas of all parts at the present size.
    pub fn plan(&self) -> Plan {
        plan(self, self.size)
    }
}

/// Returns the areas of all parts at a size: the panels' plan, with room made for the text.
pub fn plan(app: &App, size: (u16, u16)) -> Plan {
    let mut plan = beside_text(app, size);
    against::make_room(app, size.1, &mut plan);
    plan
}

fn beside_text(app: &App, size: (u16, u16)) -> Plan {
    let (columns, rows) = size;
    let Some(area) = area(app, size) else { return layout::plan(size, &app.recent, app.expanded) };
    if columns >= COLUMN_FROM {
        let mut plan = layout::plan((columns - area.width, rows), &app.recent, app.expanded);
        (plan.status.width, plan.footer.width) = (columns, columns);
        return plan;
    }
    let mut plan = layout::plan((columns, rows - area.height), &app.recent, app.expanded);
    plan.footer.y += area.height;
    plan
}

/// Returns the area of the text; `None` if there is no text or no room.
pub fn area(app: &App, (columns, rows): (u16, u16)) -> Option<Rect> {
    let course = app.lesson.as_ref().filter(|course| !course.hidden || course.asking)?;
    if app.snapshot.is_none() || columns < MINIMUM.0 || rows < MINIMUM.1 {
        return None;
    }
    if columns >= COLUMN_FROM {
        let width = (columns / 3).clamp(38, 58);
        return Some(Rect { x: columns - width, y: 1, width, height: rows - 2 });
    }
    let lines = body(app, course, columns.saturating_sub(2), false).len() as u16;
    let most = if course.asking { QUESTION } else { rows.saturating_sub(PANELS_ROWS + 1).clamp(LEAST, MOST) };
    let height = (1 + lines.clamp(2, most)).min(rows - MINIMUM.1);
    (height >= 2).then(|| Rect { x: 0, y: rows - 1 - height, width: columns, height })
}

/// Returns the number of the last line, from 0, that can stand at the top of the text's area.
pub fn last_line(app: &App) -> usize {
    let (Some(area), Some(course)) = (area(app, app.size), &app.lesson) else { return 0 };
    let (width, height) = inner(area, app.size.0);
    body(app, course, width, app.size.0 >= COLUMN_FROM).len().saturating_sub(usize::from(height))
}

/// Returns the columns and rows of the text within its area.
fn inner(area: Rect, columns: u16) -> (u16, u16) {
    if columns >= COLUMN_FROM {
        (area.width.saturating_sub(4), area.height.saturating_sub(2))
    } else {
        (area.width.saturating_sub(2), area.height.saturating_sub(1))
    }
}

/// Returns the lines to read: a problem, the text, the question; a strip has text or question.
fn body(app: &App, course: &Course, width: u16, column: bool) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let Some(page) = course.shown() else { return Vec::new() };
    let width = usize::from(width);
    let value = |page: Option<usize>, expression: &str| course.value(page, expression);
    let mut lines = Vec::new();
    if let Some(problem) = &course.problem {
        let problem = problem.lines().next().unwrap_or("");
        lines.extend(
            text::lines(problem, width, theme, value).into_iter().map(|line| line.style(theme.bad())),
        );
    }
    if !column && course.asking {
        lines.extend(question::lines(course, width, theme));
        return lines;
    }
    lines.extend(text::lines(&page.text, width, theme, value));
    if column && page.question.is_some() {
        lines.push(Line::default());
        let word = match (course.answer(), course.asking) {
            (Some(_), _) => "Answered:".to_owned(),
            (None, true) => "Answer with a digit:".to_owned(),
            (None, false) => format!("{} question:", key(app, LessonAction::Ask)),
        };
        lines.push(Line::styled(word, theme.accent()));
        lines.extend(question::lines(course, width, theme));
    }
    lines
}

/// Draws the text at its place on a screen of this size.
pub fn render(app: &App, screen: Rect, buf: &mut Buffer) {
    let (Some(area), Some(course)) = (area(app, (screen.width, screen.height)), &app.lesson) else { return };
    let theme = &app.theme;
    Clear.render(area, buf);
    let name = visible_line(course.shown().map_or("", |page| page.title.as_str()));
    let waits = if course.is_under_way() { " …" } else { "" };
    let title = format!(" {}/{} {name}{waits} ", course.page + 1, course.pages());
    let (width, height) = inner(area, screen.width);
    let lines = body(app, course, width, screen.width >= COLUMN_FROM);
    let first = course.scroll.min(lines.len().saturating_sub(usize::from(height)));
    let more = lines.len() > first + usize::from(height);
    let keys = keys(app, course, more);
    let text = if screen.width >= COLUMN_FROM {
        let block = Block::bordered()
            .border_set(theme.border_set())
            .border_style(theme.accent())
            .title(Span::styled(
                shorten(&title, usize::from(area.width).saturating_sub(2)),
                theme.title(true),
            ))
            .title_bottom(Span::styled(
                shorten(&keys, usize::from(area.width).saturating_sub(2)),
                theme.dim(),
            ));
        let inner = block.inner(area);
        block.render(area, buf);
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
    } else {
        rule(app, area, &title, &keys, buf);
        let below = rows_from(area, 1);
        Rect { x: below.x + 1, width: below.width.saturating_sub(2), ..below }
    };
    let mut rest = text;
    for line in lines.into_iter().skip(first) {
        if rest.height == 0 {
            break;
        }
        rest = put_line(buf, rest, line);
    }
}

/// Draws the line above a strip, with its title and, if they fit, its keys.
fn rule(app: &App, area: Rect, title: &str, keys: &str, buf: &mut Buffer) {
    let theme = &app.theme;
    let width = usize::from(area.width);
    let line = theme.border_set().horizontal_top.repeat(width);
    put_line(buf, area, Line::styled(line, theme.accent()));
    let title = shorten(title, width.saturating_sub(2));
    let at = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    put_line(buf, at, Line::styled(title.clone(), theme.title(true)));
    let left = width.saturating_sub(Span::raw(title).width() + 3);
    if Span::raw(keys).width() <= left {
        let at = Rect { width: area.width.saturating_sub(1), ..area };
        put_right(buf, at, Line::styled(keys.to_owned(), theme.accent()));
    }
}

/// Returns the keys of the lesson that have an effect now.
fn keys(app: &App, course: &Course, more: bool) -> String {
    let mut keys = Vec::new();
    if more || course.scroll > 0 {
        keys.push("PgDn more".to_owned());
    }
    if let Some(question) = question::of_page(course) {
        match (course.asking, course.answer()) {
            (true, None) => keys.push(format!("1-{} answer", question.choices.len())),
            (false, None) => keys.push(format!("{} question", key(app, LessonAction::Ask))),
            (false, Some(_)) => keys.push(format!("{} answer", key(app, LessonAction::Ask))),
            (true, Some(_)) => {}
        }
        if course.asking {
            keys.push(format!("{} text", key(app, LessonAction::Ask)));
        }
    }
    if course.page > 0 {
        keys.push(format!("{} back", key(app, LessonAction::Previous)));
    }
    if course.page + 1 < course.pages() {
        keys.push(format!("{} next", key(app, LessonAction::Next)));
    } else {
        keys.push("the end".to_owned());
    }
    format!(" {} ", keys.join("  "))
}

/// Returns the key of an action in a lesson.
fn key(app: &App, what: LessonAction) -> String {
    let command = COMMANDS.iter().find(|command| command.action == Action::Lesson(what));
    let key = command.and_then(|command| app.keymap.keys_of(command).next());
    key.map_or_else(String::new, |key| key.to_string())
}
