//! The key list: every row of the command table, grouped, narrowed by what is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use crate::tui::app::App;
use crate::tui::command::{Action, COMMANDS, Command, Context, Group, find};
use crate::tui::keymap::Keymap;
use crate::tui::widgets::{centred, put_line};

/// One line of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A heading.
    Heading(Group),
    /// A command, as an index into [`COMMANDS`].
    Command(usize),
}

/// The lines that a search leaves: a command stays if its name, words or a key contain what was typed.
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

/// The keys of a command, as shown; behind the key that opens it, if they count in the list of breakpoints only.
pub fn keys(keymap: &Keymap, command: &Command) -> String {
    let opens = find(Action::Points).filter(|_| command.context == Context::Points);
    let first = opens.and_then(|opens| keymap.keys_of(opens).next());
    first.into_iter().chain(keymap.keys_of(command)).map(|key| key.to_string()).collect::<Vec<_>>().join(" ")
}

/// Draws the overlay.
pub fn render(app: &App, search: &str, scroll: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let rows = rows(&app.keymap, search);
    let area = centred(area, 76, (rows.len() as u16).saturating_add(4).max(8));
    Clear.render(area, buf);
    let block = Block::bordered()
        .border_set(theme.border_set())
        .border_style(theme.accent())
        .title(Span::styled(" Keys ", theme.accent()))
        .title_bottom(Span::styled(" type to search · ↑↓ scroll · Esc closes ", theme.dim()));
    let inner = block.inner(area);
    block.render(area, buf);
    let typed = if search.is_empty() {
        Span::styled("search: _", theme.dim())
    } else {
        Span::raw(format!("search: {search}_"))
    };
    let mut rest = put_line(buf, inner, Line::from(typed));
    if rows.is_empty() {
        put_line(buf, rest, Line::styled("no command matches", theme.warn()));
    }
    let scroll = scroll.min(rows.len().saturating_sub(usize::from(rest.height)));
    for row in rows.into_iter().skip(scroll) {
        let line = match row {
            Row::Heading(group) => Line::styled(group.title(), theme.strong()),
            Row::Command(index) => command_line(app, &COMMANDS[index]),
        };
        rest = put_line(buf, rest, line);
    }
}

fn command_line<'a>(app: &App, command: &Command) -> Line<'a> {
    Line::from(vec![
        Span::styled(format!("  {:<14}", keys(&app.keymap, command)), app.theme.accent()),
        Span::raw(command.about),
    ])
}
