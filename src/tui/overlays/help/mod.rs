//! Help: the focused panel, the command table and the words on the screen, with a search.

pub mod glossary;
mod spiking;
mod texts;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::session::command::StepUnit;
use crate::text::wrapped;
use crate::tui::app::App;
use crate::tui::command::{Action, COMMANDS, Command, Context, Direction, Group, When, find};
use crate::tui::keymap::Keymap;
use crate::tui::panel::PanelId;
use crate::tui::panels::task::attention;
use crate::tui::panels::task::raster::raster;
pub use crate::tui::state::help::Page;
use crate::tui::widgets::prompt::Prompt;
use crate::tui::widgets::{centred, columns_from, columns_to, put_line, put_pair, put_right, rows_to};

/// Columns of the whole overlay where there is room.
const COLUMNS: u16 = 78;
/// Columns of the keys or words at the left.
const LEFT: usize = 16;

/// Fewest columns of the search and its name.
const SEARCH: usize = 18;

/// Returns the page to open with: the focused panel's if panels are shown without an overlay.
pub fn first_page(app: &App) -> Page {
    if app.snapshot.is_some() && app.overlays.is_empty() { Page::Panel } else { Page::Keys }
}

fn name(page: Page, app: &App) -> String {
    match page {
        Page::Panel => format!("{} {}", app.focus().number(), app.focus().name()),
        Page::Keys => "all keys".to_owned(),
        Page::Words => "words".to_owned(),
        Page::Glossary => "glossary".to_owned(),
    }
}

/// Line of the list of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Heading of a group of commands.
    Heading(Group),
    /// A command, as an index into [`COMMANDS`].
    Command(usize),
}

/// Returns the rows that match a search by a part of a command's name or text, or by a whole key.
pub fn rows(keymap: &Keymap, search: &str) -> Vec<Row> {
    let search = search.trim().to_lowercase();
    let mut rows = Vec::new();
    for group in Group::ALL {
        let of_group = COMMANDS.iter().enumerate().filter(|(_, command)| command.group == group);
        let found: Vec<_> = of_group
            .filter(|(_, command)| matches(keymap, command, &search))
            .map(|(i, _)| Row::Command(i))
            .collect();
        if !found.is_empty() {
            rows.push(Row::Heading(group));
            rows.extend(found);
        }
    }
    rows
}

fn matches(keymap: &Keymap, command: &Command, search: &str) -> bool {
    search.is_empty()
        || command.id.contains(search)
        || command.about.to_lowercase().contains(search)
        || keys(keymap, command).to_lowercase().split(' ').any(|key| key == search)
}

/// Returns the keys of a command as text; keys of the breakpoint list follow the key that opens it.
pub fn keys(keymap: &Keymap, command: &Command) -> String {
    let opens = find(Action::Points).filter(|_| command.context == Context::Points);
    let first = opens.and_then(|opens| keymap.keys_of(opens).next());
    first.into_iter().chain(keymap.keys_of(command)).map(|key| key.to_string()).collect::<Vec<_>>().join(" ")
}

/// Row of the help: a heading, or keys or a word with their meaning.
enum Left {
    Heading(String),
    Entry(String, String),
}

/// Returns the page, or what a search finds in commands and words, before it is wrapped.
fn content(app: &App, page: Page, search: &str) -> Vec<Left> {
    let entry = |&(word, meaning): &texts::Entry| Left::Entry(word.to_owned(), meaning.to_owned());
    let search = search.trim().to_lowercase();
    let task = app.picture().map(|snapshot| &snapshot.task);
    let mut content = Vec::new();
    if page == Page::Panel && search.is_empty() {
        let panel = app.focus();
        if let Some(snapshot) = app.picture() {
            content.extend(texts::panel(panel, &snapshot.task).iter().map(entry));
            if panel == PanelId::Task && snapshot.attention.is_some() {
                content.push(Left::Heading("Views of the transformer".to_owned()));
                content.extend(attention::HELP.iter().map(entry));
            }
        }
        content.push(Left::Heading("Keys here".to_owned()));
        content.extend(COMMANDS.iter().filter(|c| is_of(app, panel, c)).map(|c| command(app, c)));
        return content;
    }
    if page == Page::Keys || !search.is_empty() {
        content.extend(rows(&app.keymap, &search).into_iter().map(|row| match row {
            Row::Heading(group) => Left::Heading(group.title().to_owned()),
            Row::Command(index) => command(app, &COMMANDS[index]),
        }));
    }
    let found = |&&(word, meaning): &&texts::Entry| {
        word.to_lowercase().contains(&search) || meaning.to_lowercase().contains(&search)
    };
    if page == Page::Words || !search.is_empty() {
        let words: Vec<Left> = texts::words(task).iter().filter(found).map(entry).collect();
        if !words.is_empty() {
            content.push(Left::Heading("Words on the screen".to_owned()));
            content.extend(words);
        }
    }
    if page == Page::Glossary || !search.is_empty() {
        let terms: Vec<Left> = glossary::GLOSSARY.iter().filter(found).map(entry).collect();
        if !terms.is_empty() {
            content.push(Left::Heading("Glossary".to_owned()));
            content.extend(terms);
        }
    }
    content
}

/// Returns the entry of a command; one without a key is shown by its name.
fn command(app: &App, command: &Command) -> Left {
    let keys = keys(&app.keymap, command);
    let keys = if keys.is_empty() { format!(":{}", command.id) } else { keys };
    Left::Entry(keys, command.about.to_owned())
}

/// Returns `true` if a command acts on this panel.
fn is_of(app: &App, panel: PanelId, command: &Command) -> bool {
    match panel {
        PanelId::Task if app.picture().is_some_and(|snapshot| raster(snapshot).is_some()) => {
            matches!(command.when, When::Zoom | When::Raster)
                || matches!(
                    command.action,
                    Action::Pin | Action::TogglePause | Action::Step(StepUnit::TimeStep)
                )
        }
        PanelId::Chip => command.when == When::Chip || command.action == Action::ToggleWindow,
        PanelId::Task if command.when == When::Attention => {
            app.picture().is_some_and(|snapshot| snapshot.attention.is_some())
        }
        PanelId::Task => matches!(command.action, Action::TogglePause | Action::Step(_)),
        PanelId::Pe => command.when == When::Pe || command.action == Action::Move(Direction::Down),
        PanelId::Timeline => matches!(command.when, When::Timeline | When::Zoom),
        PanelId::Noc => matches!(command.action, Action::ToggleMatrix | Action::Expand),
        PanelId::Pins => matches!(command.action, Action::Pin | Action::Unpin | Action::ExportPins),
        PanelId::Energy => matches!(command.action, Action::Constants | Action::Expand),
        PanelId::Timers | PanelId::Sparsity | PanelId::Memory => {
            matches!(command.action, Action::Expand | Action::Findings)
        }
    }
}

/// Returns the rows of the help at a width, each entry wrapped beside its keys or word.
fn lines(app: &App, page: Page, search: &str, width: usize) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let mut lines = Vec::new();
    for row in content(app, page, search) {
        match row {
            Left::Heading(text) => lines.push(Line::styled(text, theme.strong())),
            Left::Entry(left, text) => {
                let room = width.saturating_sub(LEFT + 2).max(1);
                let mut text = wrapped(&text, room).into_iter();
                // A left part that is wider than its column gets a row of its own.
                let wide = Span::raw(left.as_str()).width() >= LEFT;
                let first = if wide { String::new() } else { text.next().unwrap_or_default() };
                let left = Span::styled(format!("  {left:<LEFT$}"), theme.accent());
                lines.push(Line::from(vec![left, Span::raw(first)]));
                lines.extend(text.map(|row| Line::raw(format!("  {:LEFT$}{row}", ""))));
            }
        }
    }
    lines
}

/// Returns the number of rows that the help has at the present size of the screen.
pub fn length(app: &App, page: Page, search: &str) -> usize {
    lines(app, page, search, usize::from(app.size.0.min(COLUMNS).saturating_sub(2))).len()
}

/// Draws the overlay.
pub fn render(app: &App, page: Page, search: &Prompt, scroll: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let lines = lines(app, page, search.text(), usize::from(area.width.min(COLUMNS).saturating_sub(2)));
    let area = centred(area, COLUMNS, (lines.len() as u16).saturating_add(3).max(8));
    Clear.render(area, buf);
    let below = format!(" Tab {} · type to search · ↑↓ scroll · Esc closes ", name(page.turned(false), app));
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Help ", theme.accent()))
        .title_bottom(Span::styled(below, theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let mut pages = Line::default();
    let wide: usize = Page::ALL.iter().map(|&one| name(one, app).len() + 2).sum();
    // Beside the search, which is worth more than the names of the other pages.
    let all = wide + SEARCH <= usize::from(inner.width);
    for one in Page::ALL.into_iter().filter(|&one| all || one == page) {
        let here = one == page && search.text().is_empty();
        let (left, right) = if here && theme.marks() { ('[', ']') } else { (' ', ' ') };
        let style = if here { theme.selected() } else { theme.dim() };
        pages.spans.push(Span::styled(format!("{left}{}{right}", name(one, app)), style));
    }
    let head = rows_to(inner, 1);
    let used = pages.width() as u16 + 1;
    let mut rest = put_pair(buf, inner, Line::styled("search: ", theme.dim()), pages);
    let typed = columns_from(head, 8);
    search.render(columns_to(typed, typed.width.saturating_sub(used)), buf, theme.text(), theme.selected());
    if lines.is_empty() {
        put_line(buf, rest, Line::styled("no command and no word matches", theme.warn()));
    }
    let scroll = scroll.min(lines.len().saturating_sub(usize::from(rest.height)));
    let (all, shown) = (lines.len(), usize::from(rest.height));
    for line in lines.into_iter().skip(scroll) {
        rest = put_line(buf, rest, line);
    }
    if all > shown && area.width > 30 {
        let place = format!(" {} to {} of {all} ", scroll + 1, (scroll + shown).min(all));
        put_right(buf, columns_to(rows_to(area, 1), area.width - 1), Line::styled(place, theme.dim()));
    }
}
