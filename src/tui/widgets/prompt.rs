//! Line of text that the user types, with cursor, completion and history. The candidates for
//! completion come from the caller.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::put_at;
use crate::tui::keymap::Key;

/// Longest text, bytes: more is not taken.
const MAX_LENGTH: usize = 4000;
/// Texts that a history keeps.
const REMEMBERED: usize = 100;

/// Outcome of a key press in a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The text or its cursor has changed.
    Changed,
    /// Enter: this is the text.
    Done(String),
    /// The prompt was left by Esc.
    Left,
    /// Tab: candidates are wanted; [`Prompt::complete`] takes them.
    Complete,
    /// Key without a meaning in a prompt.
    Other,
}

/// Line that is being typed, with its cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    text: String,
    /// Byte before which the cursor stands.
    cursor: usize,
    /// Texts that ↑ and ↓ go through, newest last.
    history: Vec<String>,
    /// Index of the history entry that is shown, and the text typed before.
    recalled: Option<(usize, String)>,
    completing: Option<Completing>,
    /// Whether the text is a proposal that a letter or a pasted word replaces.
    proposed: bool,
}

/// Completion in progress, after one or more presses of Tab.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Completing {
    /// Byte at which the candidates begin.
    start: usize,
    candidates: Vec<String>,
    /// Index of the candidate in the text; `None` while it has only what all have in common.
    chosen: Option<usize>,
}

impl Prompt {
    /// Creates an empty line; ↑ recalls the texts of `history`, newest last.
    pub fn new(history: Vec<String>) -> Self {
        Self { history, ..Self::default() }
    }

    /// Returns the prompt with a text to begin with, the cursor behind it.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.set(text.to_owned());
        self
    }

    /// Returns the line with a proposed beginning, such as `step `, that a digit continues.
    ///
    /// A letter or a pasted word replaces it.
    #[must_use]
    pub fn with_proposal(self, text: &str) -> Self {
        Self { proposed: true, ..self.with_text(text) }
    }

    /// Returns `true` while the text is the proposal, as it was.
    pub fn is_proposal(&self) -> bool {
        self.proposed
    }

    /// Returns the text typed so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the byte before which the cursor stands.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Returns the candidates that Tab offers now, and the index of the one in the text.
    pub fn candidates(&self) -> (&[String], Option<usize>) {
        self.completing.as_ref().map_or((&[], None), |c| (&c.candidates, c.chosen))
    }

    /// Adds a text to a history, as the newest; one that was there moves.
    pub fn remember(history: &mut Vec<String>, text: &str) {
        history.retain(|other| other != text);
        if history.len() >= REMEMBERED {
            history.remove(0);
        }
        history.push(text.to_owned());
    }

    /// Inserts a text at the cursor, as if it had been typed; the part that would make the line too
    /// long is left out.
    pub fn paste(&mut self, text: &str) {
        for character in text.chars() {
            self.insert(character);
        }
    }

    fn set(&mut self, text: String) {
        self.cursor = text.len();
        self.text = text;
        self.completing = None;
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Typed {
        let proposed = self.proposed;
        let typed = self.take(key);
        // A key of the app, or one that only offers candidates, leaves the proposal as it is.
        self.proposed = proposed && (typed == Typed::Other || typed == Typed::Complete);
        typed
    }

    fn take(&mut self, key: Key) -> Typed {
        if key.code == KeyCode::Tab || key.code == KeyCode::BackTab {
            return self.tab(key.code == KeyCode::BackTab);
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let changed = match (key.code, control) {
            (KeyCode::Enter, _) => return Typed::Done(self.text.trim().to_owned()),
            (KeyCode::Esc, _) => {
                // The first Esc takes the candidates away.
                return if self.completing.take().is_some() { Typed::Changed } else { Typed::Left };
            }
            (KeyCode::Up, _) => self.recall(true),
            (KeyCode::Down, _) => self.recall(false),
            (KeyCode::Char(character), false) => self.insert(character),
            (code, control) => self.edit(code, control),
        };
        if changed { Typed::Changed } else { Typed::Other }
    }

    fn insert(&mut self, character: char) -> bool {
        self.completing = None;
        if std::mem::take(&mut self.proposed) && !character.is_ascii_digit() && character != ' ' {
            self.set(String::new());
        }
        if !character.is_control() && self.text.len() + character.len_utf8() <= MAX_LENGTH {
            self.text.insert(self.cursor, character);
            self.cursor += character.len_utf8();
        }
        true
    }

    /// Handles cursor keys and keys that delete.
    fn edit(&mut self, code: KeyCode, control: bool) -> bool {
        let before = self.text[..self.cursor].chars().next_back().map_or(0, char::len_utf8);
        let behind = self.text[self.cursor..].chars().next().map_or(0, char::len_utf8);
        match (code, control) {
            (KeyCode::Left, false) => self.cursor -= before,
            (KeyCode::Right, false) => self.cursor += behind,
            (KeyCode::Left, true) => self.cursor = self.word_start(),
            (KeyCode::Right, true) => self.cursor = self.word_end(),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.cursor = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.cursor = self.text.len(),
            (KeyCode::Backspace, false) => self.delete(self.cursor - before, self.cursor),
            (KeyCode::Delete, _) => self.delete(self.cursor, self.cursor + behind),
            (KeyCode::Backspace | KeyCode::Char('w'), true) => self.delete(self.word_start(), self.cursor),
            (KeyCode::Char('u'), true) => self.delete(0, self.cursor),
            (KeyCode::Char('k'), true) => self.delete(self.cursor, self.text.len()),
            _ => return false,
        }
        self.completing = None;
        true
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    /// Returns the byte at which the word before the cursor begins.
    fn word_start(&self) -> usize {
        let before = self.text[..self.cursor].trim_end_matches(|c: char| !c.is_alphanumeric());
        before.trim_end_matches(char::is_alphanumeric).len()
    }

    /// Returns the byte at which the word behind the cursor ends.
    fn word_end(&self) -> usize {
        let behind = &self.text[self.cursor..];
        let rest = behind.trim_start_matches(|c: char| !c.is_alphanumeric());
        self.text.len() - rest.trim_start_matches(char::is_alphanumeric).len()
    }

    /// Goes to an older text, or a newer one; after the newest comes the line that was being typed.
    fn recall(&mut self, older: bool) -> bool {
        let at = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let to = if older { at.checked_sub(1) } else { Some(at + 1).filter(|_| self.recalled.is_some()) };
        let Some(to) = to else { return true };
        let draft = self.recalled.take().map_or_else(|| self.text.clone(), |(_, draft)| draft);
        if let Some(text) = self.history.get(to).cloned() {
            self.set(text);
            self.recalled = Some((to, draft));
        } else {
            self.set(draft);
        }
        true
    }

    /// Handles Tab: with candidates present it goes to the next.
    fn tab(&mut self, backwards: bool) -> Typed {
        let Some(completing) = &self.completing else { return Typed::Complete };
        let count = completing.candidates.len();
        if count == 0 {
            return Typed::Complete;
        }
        let next = match completing.chosen {
            None if backwards => count - 1,
            None => 0,
            Some(at) if backwards => (at + count - 1) % count,
            Some(at) => (at + 1) % count,
        };
        let (start, word) = (completing.start, completing.candidates[next].clone());
        self.text.replace_range(start..self.cursor, &word);
        self.cursor = start + word.len();
        if let Some(completing) = &mut self.completing {
            completing.chosen = Some(next);
        }
        Typed::Changed
    }

    /// Takes the candidates for the text from byte `start` to the cursor: inserts their common
    /// beginning, and offers the rest to the next Tab.
    pub fn complete(&mut self, start: usize, candidates: Vec<String>) {
        let Some(first) = candidates.first() else { return };
        if start > self.cursor || !self.text.is_char_boundary(start) {
            return;
        }
        let common = candidates.iter().fold(first.as_str(), |common, word| {
            let same = common.chars().zip(word.chars()).take_while(|(a, b)| a == b);
            &common[..same.map(|(c, _)| c.len_utf8()).sum::<usize>()]
        });
        if common.len() > self.cursor - start {
            self.text.replace_range(start..self.cursor, common);
            self.cursor = start + common.len();
        }
        self.proposed = false;
        let one = candidates.len() == 1;
        self.completing = (!one).then_some(Completing { start, candidates, chosen: None });
    }

    /// Draws the line into the first row of `area`, the cursor as a reversed cell; of a longer text
    /// the part around the cursor.
    pub fn render(&self, area: Rect, buf: &mut Buffer, style: Style, cursor: Style) {
        let first = self.first_shown(area.width);
        put_at(buf, area, (0, 0), &self.text[first..], style);
        // A cursor that cannot be reversed is a line, at least at the end of the text.
        let behind = if cursor == Style::new() { '_' } else { ' ' };
        let under = self.text[self.cursor..].chars().next().unwrap_or(behind).to_string();
        put_at(buf, area, (columns(&self.text[first..self.cursor]), 0), &under, cursor);
    }

    /// Returns the column of a byte of the text in a line of this width, if it is shown.
    pub fn column(&self, byte: usize, width: u16) -> Option<u16> {
        let column = columns(self.text.get(self.first_shown(width)..byte)?);
        (column < width).then_some(column)
    }

    /// Returns the first byte of the text that a line of this width shows.
    fn first_shown(&self, width: u16) -> usize {
        let mut first = 0;
        while columns(&self.text[first..self.cursor]) > width.saturating_sub(1) {
            first += self.text[first..].chars().next().map_or(1, char::len_utf8);
        }
        first
    }
}

fn columns(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keymap::parse_key;

    fn press(prompt: &mut Prompt, keys: &str) -> Typed {
        let typed = keys.split(' ').map(|key| prompt.key(parse_key(key).unwrap()));
        typed.last().unwrap()
    }

    #[test]
    fn text_is_typed_and_mended() {
        let mut prompt = Prompt::default();
        press(&mut prompt, "s t p space > space 3 é");
        assert_eq!(press(&mut prompt, "home right right e backspace e"), Typed::Changed);
        assert_eq!(prompt.text(), "step > 3é");
        press(&mut prompt, "end backspace left delete 7");
        assert_eq!((prompt.text(), prompt.cursor()), ("step > 7", 8));
        press(&mut prompt, "ctrl-w ctrl-left x");
        assert_eq!(prompt.text(), "xstep > ");
        press(&mut prompt, "ctrl-u");
        assert_eq!(prompt.text(), "step > ");
        assert_eq!(press(&mut prompt, "enter"), Typed::Done("step >".to_owned()));
        assert_eq!(press(&mut prompt, "f3"), Typed::Other);
        assert_eq!(press(&mut prompt, "esc"), Typed::Left);
    }

    #[test]
    fn history_keeps_what_was_being_typed() {
        let mut history = Vec::new();
        for text in ["a", "b", "a"] {
            Prompt::remember(&mut history, text);
        }
        assert_eq!(history, ["b", "a"]);
        let mut prompt = Prompt::new(history);
        press(&mut prompt, "x up up up");
        assert_eq!(prompt.text(), "b");
        press(&mut prompt, "down down");
        assert_eq!(prompt.text(), "x");
        press(&mut prompt, "down");
        assert_eq!(prompt.text(), "x");
    }

    #[test]
    fn tab_puts_in_what_is_common_and_then_goes_round() {
        let words = || ["step", "step_us", "step_energy_uj"].map(str::to_owned).to_vec();
        let mut prompt = Prompt::default().with_text("not s");
        assert_eq!(press(&mut prompt, "tab"), Typed::Complete);
        prompt.complete(4, words());
        assert_eq!(prompt.text(), "not step");
        assert_eq!(prompt.candidates().0.len(), 3);
        press(&mut prompt, "tab tab");
        assert_eq!(prompt.text(), "not step_us");
        press(&mut prompt, "backtab backtab");
        assert_eq!(prompt.text(), "not step_energy_uj");
        assert_eq!(press(&mut prompt, "esc"), Typed::Changed);
        assert!(prompt.candidates().0.is_empty());
        let mut one = Prompt::default().with_text("perp");
        one.complete(0, vec!["perplexity".to_owned()]);
        assert_eq!((one.text(), one.candidates().0.len()), ("perplexity", 0));
        one.complete(99, words());
        assert_eq!(one.text(), "perplexity");
    }

    #[test]
    fn a_proposal_is_continued_by_a_number_and_replaced_by_a_word() {
        let prompt = || Prompt::default().with_proposal("step ");
        for (keys, text) in [
            ("1 2", "step 12"),
            ("s t e p space 1 2", "step 12"),
            ("t i m e", "time"),
            ("left x", "stepx "),
            ("ctrl-u h", "h"),
            ("backspace x", "stepx"),
        ] {
            let mut prompt = prompt();
            press(&mut prompt, keys);
            assert_eq!(prompt.text(), text, "{keys}");
        }
        let mut pasted = prompt();
        pasted.paste("event 7");
        assert_eq!(pasted.text(), "event 7");
        let mut untouched = prompt();
        assert_eq!(press(&mut untouched, "f3"), Typed::Other);
        assert!(untouched.is_proposal() && untouched.text() == "step ");
    }

    #[test]
    fn a_long_text_is_shown_around_the_cursor() {
        let prompt = Prompt::default().with_text("abcdefgh");
        let area = Rect::new(0, 0, 5, 1);
        let mut buf = Buffer::empty(area);
        prompt.render(area, &mut buf, Style::new(), Style::new());
        let shown: String = buf.content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(shown, "efgh_");
        assert_eq!((prompt.column(6, 5), prompt.column(2, 5)), (Some(2), None));
    }
}
