//! `spinntui` alone: the scenes and lessons there are, to choose from. Its own small model and
//! loop; what is chosen is opened by a new process of the program, so that nothing of this one is
//! left in its way.

use std::ffi::OsString;
use std::io;

use color_eyre::Report;
use color_eyre::eyre::WrapErr;
use crossbeam_channel::unbounded;
use crossterm::event::{KeyCode, KeyEventKind, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Widget, Wrap};
use signal_hook::consts::SIGHUP;

use super::app::{Msg, Signal};
use super::keymap::Key;
use super::term::{self, Screen, hangup, panic, signals};
use super::theme::Theme;
use super::widgets::{centred, put_line, put_right, rows_from, rows_to, shorten};

/// Row of the list: a scene or a lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Heading of the row's group.
    pub group: String,
    /// Name in the list.
    pub name: String,
    /// Arguments that open the scene or lesson.
    pub arguments: Vec<String>,
    /// Title of the scene or lesson.
    pub title: String,
    /// Description, one sentence.
    pub about: String,
    /// Reason for which it cannot be opened here.
    pub problem: Option<String>,
}

/// Outcome of a key press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something may have changed on the screen.
    Stay,
    /// Leave the app.
    Leave,
    /// Open a scene or lesson: arguments of the command line.
    Open(Vec<String>),
    /// Stop the process until the shell continues it.
    Suspend,
    /// Draw everything again.
    Redraw,
}

/// State of the picker, from which its screen is drawn.
#[derive(Clone, Debug)]
pub struct Picker {
    rows: Vec<Row>,
    /// Text typed after `/`.
    filter: String,
    /// Whether the filter is being typed.
    typing: bool,
    /// Index of the selected row among those that the filter leaves.
    selected: usize,
    /// Whether the help is shown.
    help: bool,
    /// A line for the user, until the next key.
    notice: Option<String>,
    theme: Theme,
}

/// Exit code after the terminal was closed: what HUP gives.
const HUNG_UP: u8 = 128 + SIGHUP as u8;

const HELP: [(&str, &str); 8] = [
    ("j k ↓ ↑", "next, previous (PgDn, PgUp: ten; g G: first, last)"),
    ("Tab", "next part of the list (Shift-Tab: the one before)"),
    ("Enter", "open"),
    ("/", "narrow the list: type words; Esc forgets them"),
    ("?", "this"),
    ("q Esc", "leave"),
    ("", ""),
    ("", "In an open scene ? lists the keys there."),
];

impl Picker {
    /// Creates a list to choose from.
    pub fn new(rows: Vec<Row>, theme: Theme) -> Self {
        Self { rows, filter: String::new(), typing: false, selected: 0, help: false, notice: None, theme }
    }

    /// Returns the rows that contain every word typed, ignoring case.
    fn shown(&self) -> Vec<&Row> {
        let filter = self.filter.to_lowercase();
        let holds = |row: &&Row| {
            let text = format!("{} {} {} {}", row.group, row.name, row.title, row.about).to_lowercase();
            filter.split_whitespace().all(|word| text.contains(word))
        };
        self.rows.iter().filter(holds).collect()
    }

    /// Takes in a key.
    pub fn key(&mut self, key: Key) -> Outcome {
        self.notice = None;
        let control = key.modifiers == KeyModifiers::CONTROL;
        match key.code {
            KeyCode::Char('c') if control => return Outcome::Leave,
            KeyCode::Char('z') if control => return Outcome::Suspend,
            KeyCode::Char('l') if control => return Outcome::Redraw,
            _ if self.help => self.help = false,
            KeyCode::Enter => return self.open(),
            KeyCode::Esc if self.typing || !self.filter.is_empty() => self.search(String::clear, false),
            KeyCode::Backspace if self.typing => {
                self.search(|filter| filter.truncate(last_start(filter)), true);
            }
            KeyCode::Char('u') if control && self.typing => self.search(String::clear, true),
            KeyCode::Char(character) if self.typing && key.modifiers == KeyModifiers::NONE => {
                self.search(|filter| filter.push(character), true);
            }
            KeyCode::Esc | KeyCode::Char('q') => return Outcome::Leave,
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Up | KeyCode::Char('k') => self.step(-1),
            KeyCode::Tab => self.turn(true),
            KeyCode::BackTab => self.turn(false),
            KeyCode::PageDown => self.step(10),
            KeyCode::PageUp => self.step(-10),
            KeyCode::Home | KeyCode::Char('g') => self.selected = 0,
            KeyCode::End | KeyCode::Char('G') => self.step(isize::MAX),
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char('?') | KeyCode::F(1) => self.help = true,
            _ => self.notice = Some(format!("{key} does nothing here; ? lists the keys")),
        }
        Outcome::Stay
    }

    fn step(&mut self, by: isize) {
        let last = self.shown().len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    fn search(&mut self, change: impl FnOnce(&mut String), typing: bool) {
        change(&mut self.filter);
        self.typing = typing;
        self.selected = 0;
    }

    fn open(&mut self) -> Outcome {
        match self.shown().get(self.selected) {
            Some(Row { problem: Some(problem), .. }) => {
                self.notice = Some(format!("cannot be opened here: {problem}"));
                Outcome::Stay
            }
            Some(row) => Outcome::Open(row.arguments.clone()),
            None => Outcome::Stay,
        }
    }

    /// Draws it into `area`, which is the whole screen.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) {
        let theme = &self.theme;
        let counts = format!("{} to open", self.rows.iter().filter(|row| row.problem.is_none()).count());
        let head = Line::from(vec![
            Span::styled(" spinntui ", theme.selected()),
            Span::raw(" explore an emulated SpiNNaker2 chip"),
            Span::styled(format!(" · {counts}"), theme.dim()),
        ]);
        let body = put_line(buf, area, head);
        let body = rows_to(body, body.height.saturating_sub(1));
        // What the selected one is about needs a few lines; a low screen has them for the list.
        let detail = if body.height >= 14 { 6 } else { 0 };
        self.list(rows_to(body, body.height - detail), buf);
        self.about(rows_from(body, body.height - detail), buf);
        self.footer(rows_from(area, area.height.saturating_sub(1)), buf);
        if self.help {
            self.help(area, buf);
        }
        theme.paint(area, buf);
    }

    fn list(&self, area: Rect, buf: &mut Buffer) {
        let theme = &self.theme;
        let shown = self.shown();
        let width = shown.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).min(24);
        let mut lines = Vec::new();
        let mut at = 0;
        let mut group = "";
        for (index, row) in shown.iter().enumerate() {
            if row.group != group {
                group = &row.group;
                lines.push(Line::styled(format!(" {group}"), theme.title(true)));
            }
            if index == self.selected {
                at = lines.len();
            }
            lines.push(self.row(row, index == self.selected, width, usize::from(area.width)));
        }
        if shown.is_empty() {
            lines.push(Line::styled(" no entry has these words; Esc shows all", theme.dim()));
        }
        // The selected line stays on screen, with its heading where it is the first below it.
        let height = usize::from(area.height).max(1);
        let first = (at + 1 + usize::from(at + 1 < lines.len())).saturating_sub(height).min(at);
        let (all, mut rest) = (lines.len(), area);
        for line in lines.into_iter().skip(first).take(height) {
            rest = put_line(buf, rest, line);
        }
        // Show the number of rows hidden above and below.
        for (hidden, y, arrow) in [
            (first, area.y, theme.glyphs.pick("↑", "^")),
            (
                all.saturating_sub(first + height),
                area.bottom().saturating_sub(1),
                theme.glyphs.pick("↓", "v"),
            ),
        ] {
            if hidden > 0 && area.height > 0 {
                let mark = Line::styled(format!(" {arrow} {hidden} more "), theme.accent());
                put_right(buf, Rect { y, height: 1, ..area }, mark);
            }
        }
    }

    /// Selects the nearest first row of a group below or above the selected row, cyclically.
    fn turn(&mut self, forward: bool) {
        let groups: Vec<String> = self.shown().iter().map(|row| row.group.clone()).collect();
        let starts = (0..groups.len()).filter(|&at| at == 0 || groups[at] != groups[at - 1]);
        let to = if forward {
            starts.clone().find(|&at| at > self.selected).or(starts.clone().next())
        } else {
            starts.clone().rfind(|&at| at < self.selected).or(starts.clone().next_back())
        };
        self.selected = to.unwrap_or(0);
    }

    fn row(&self, row: &Row, selected: bool, width: usize, room: usize) -> Line<'static> {
        let theme = &self.theme;
        let mark = if selected { ">" } else { " " };
        let name = shorten(&row.name, width);
        let name = format!(" {mark} {name:<width$}  ");
        let room = room.saturating_sub(name.chars().count() + 1);
        let title = shorten(&row.title, room);
        let left = room.saturating_sub(title.chars().count() + 3);
        let more = row.problem.as_ref().unwrap_or(&row.about);
        let more =
            if left < 16 || more.is_empty() { String::new() } else { format!(" · {}", shorten(more, left)) };
        let style = match (&row.problem, selected) {
            (Some(_), _) => theme.dim(),
            (None, true) => theme.accent(),
            (None, false) => theme.text(),
        };
        Line::from(vec![
            Span::styled(name, if selected { style.patch(theme.selected()) } else { style }),
            Span::styled(title, style),
            Span::styled(more, theme.dim()),
        ])
    }

    fn about(&self, area: Rect, buf: &mut Buffer) {
        let shown = self.shown();
        let Some(row) = shown.get(self.selected).filter(|_| area.height > 2) else { return };
        let theme = &self.theme;
        let block = Block::bordered().border_set(theme.border_set()).border_style(theme.dim());
        let inner = block.inner(area);
        block.render(area, buf);
        let mut lines = vec![Line::styled(format!("spinntui {}", row.arguments.join(" ")), theme.strong())];
        match &row.problem {
            Some(problem) => lines.push(Line::styled(
                format!("cannot be opened here: {problem}; spinntui doctor says what to do"),
                theme.warn(),
            )),
            None => lines.push(Line::raw(row.about.clone())),
        }
        Paragraph::new(lines).wrap(Wrap { trim: true }).render(inner, buf);
    }

    fn footer(&self, area: Rect, buf: &mut Buffer) {
        let theme = &self.theme;
        if let Some(notice) = &self.notice {
            let notice = shorten(notice, usize::from(area.width).saturating_sub(1));
            put_line(buf, area, Line::styled(format!(" {notice}"), theme.warn()));
            return;
        }
        if self.typing || !self.filter.is_empty() {
            let cursor = if self.typing { "_" } else { "" };
            let words = shorten(&format!(" /{}{cursor}", self.filter), usize::from(area.width));
            let hint = Span::styled("  Enter open  Esc all", theme.dim());
            put_line(buf, area, Line::from(vec![Span::styled(words, theme.accent()), hint]));
            return;
        }
        let mut line = Line::default();
        for (key, word) in [
            ("Enter", "open"),
            ("q", "leave"),
            ("?", "how"),
            ("/", "search"),
            ("j k", "move"),
            ("Tab", "next part"),
        ] {
            if line.width() + key.len() + word.len() + 3 <= usize::from(area.width) {
                line.spans.push(Span::styled(format!(" {key} "), theme.accent()));
                line.spans.push(Span::styled(format!("{word} "), theme.dim()));
            }
        }
        put_line(buf, area, line);
    }

    fn help(&self, area: Rect, buf: &mut Buffer) {
        let theme = &self.theme;
        let area = centred(area, 64, HELP.len() as u16 + 2);
        Clear.render(area, buf);
        let block = Block::bordered()
            .border_set(theme.border_set())
            .border_style(theme.border(true))
            .title(Line::styled(" How to choose ", theme.title(true)));
        let mut rest = block.inner(area);
        block.render(area, buf);
        for (keys, what) in HELP {
            let keys = Span::styled(format!(" {keys:<8} "), theme.accent());
            rest = put_line(buf, rest, Line::from(vec![keys, Span::raw(what)]));
        }
    }
}

/// Returns the byte at which the last character of a text begins.
fn last_start(text: &str) -> usize {
    text.char_indices().next_back().map_or(0, |(at, _)| at)
}

/// Lets the user choose an entry of the list.
///
/// Returns the arguments that open the choice, or an exit code: 0 if the user leaves.
pub fn choose(mut picker: Picker) -> Result<Result<Vec<OsString>, u8>, Report> {
    let (sender, inbox) = unbounded();
    let _hook = panic::install(sender.clone());
    // Before the terminal is taken, so that no signal finds it taken without a thread to give it
    // back.
    signals::start(sender.clone()).wrap_err("could not listen to signals")?;
    hangup::start(sender.clone()).wrap_err("could not watch the terminal")?;
    let mut screen = Screen::take().wrap_err("could not take the terminal")?;
    term::input::start(sender).wrap_err("could not read the terminal")?;
    let draw =
        |screen: &mut Screen, picker: &Picker| screen.draw(|area, buf| picker.draw(area, buf)).map(drop);
    draw(&mut screen, &picker).wrap_err("could not draw")?;
    loop {
        // Nothing is done, and nothing written, until a message comes.
        let msg = inbox.recv().wrap_err("the inbox closed")?;
        let done: io::Result<()> = match msg {
            Msg::Key(event) if event.kind == KeyEventKind::Release => continue,
            Msg::Key(event) => match picker.key(Key::from(event)) {
                Outcome::Stay => Ok(()),
                Outcome::Leave => return Ok(Err(0)),
                Outcome::Open(arguments) => {
                    return Ok(Ok(arguments.into_iter().map(OsString::from).collect()));
                }
                Outcome::Redraw => {
                    screen.forget();
                    Ok(())
                }
                Outcome::Suspend => {
                    suspend().wrap_err("could not stop the process")?;
                    continue;
                }
            },
            Msg::Signal(Signal::Suspend) => {
                suspend().wrap_err("could not stop the process")?;
                continue;
            }
            Msg::Signal(Signal::Continued) => screen.retake(),
            Msg::Signal(Signal::Terminate(number)) => return Ok(Err(128 + number.clamp(0, 127) as u8)),
            Msg::InputLost(_) => return Ok(Err(1)),
            _ => Ok(()),
        };
        match done.and_then(|()| draw(&mut screen, &picker)) {
            // The terminal was closed: there is no place for a message.
            Err(error) if term::is_gone() || term::says_gone(&error) => return Ok(Err(HUNG_UP)),
            drawn => drawn.wrap_err("could not draw")?,
        }
    }
}

/// Stops the process. When it is continued, the signal thread reports that, too.
fn suspend() -> io::Result<()> {
    term::give_back();
    signals::stop_process()
}
