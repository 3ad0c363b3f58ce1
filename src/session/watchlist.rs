//! Pinned expressions: their values at the end of every time step, as front ends show
//! and export them.
//!
//! Values are taken as the engine completes a time step, so a free run or many steps at once lack
//! none. Where the experiment arrives by time travel, or an expression is pinned late, the last
//! [`CAUGHT_UP`] steps are repeated from the history if values of them are missing: what is
//! repeated is what was. Without pins nothing is computed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Session;
use super::debug::Names;
use super::debug::expr::{Expression, Value};
use super::history::History;
use crate::output::{Output, OutputError, table_row};
use crate::text::{several, visible_line};

/// Largest number of pins at a time.
pub const MOST: usize = 12;
/// Number of time steps before the present one whose missing values are found by repeating them.
pub const CAUGHT_UP: u64 = 64;
/// Maximum number of values kept of a pin; beyond it, the earliest are dropped.
const KEPT: usize = 1 << 16;
/// Largest number of values of a pin that a snapshot carries.
pub const SHOWN: u64 = 240;

/// Request about pins, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WatchCommand {
    /// Pin an expression: `perplexity`, `unit("rnns.1", 41).c`.
    Add(String),
    /// Take out the pin with this number.
    Remove(u32),
    /// Replace all pins.
    Replace(Vec<String>),
    /// Write the values so far to a CSV file.
    Export(PathBuf),
}

/// Pin, for front ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WatchView {
    /// Number of the pin, from 1; the next pin takes the lowest that is free.
    pub id: u32,
    /// Expression as written.
    pub text: String,
    /// Reason why the scene has no such value; `None` if it has one.
    pub error: Option<String>,
    /// Value at the present moment, with its unit.
    pub now: String,
    /// Time step of the first of `values`.
    pub since: u64,
    /// Values at the ends of successive time steps, the last one that of the last completed step.
    ///
    /// At most [`SHOWN`]; `None` where none is known, or the value is a word.
    pub values: Vec<Option<f64>>,
    /// Words in place of `values`, empty where none is known; empty for numbers.
    pub words: Vec<String>,
}

#[derive(Clone, Debug)]
struct Watch {
    id: u32,
    text: String,
    expression: Option<Expression>,
    error: Option<String>,
    /// Values by completed time steps.
    samples: BTreeMap<u64, Value>,
}

impl Watch {
    fn new(id: u32, text: &str, names: &Names) -> Self {
        let mut watch =
            Self { id, text: text.to_owned(), expression: None, error: None, samples: BTreeMap::new() };
        watch.check(names);
        watch
    }

    fn check(&mut self, names: &Names) {
        self.samples.clear();
        (self.expression, self.error) = match Expression::new(&self.text, names) {
            Ok(expression) => (Some(expression), None),
            Err(error) => (None, Some(format!("column {}: {error}", error.column(&self.text)))),
        };
    }

    /// Returns `true` if the value of a time step could be found and is not known.
    fn lacks(&self, step: u64) -> bool {
        self.expression.is_some() && self.samples.len() < KEPT && !self.samples.contains_key(&step)
    }

    fn note(&mut self, session: &Session) {
        let Some(expression) = &self.expression else { return };
        self.samples.insert(session.steps(), expression.value(session));
        if self.samples.len() > KEPT {
            self.samples.pop_first();
        }
    }

    fn view(&self, session: &Session) -> WatchView {
        let steps = session.steps();
        let now = self.expression.as_ref().map_or(Value::Absent, |expression| expression.value(session));
        let from = (steps + 1).saturating_sub(SHOWN).max(1);
        let known = self.samples.range(from..=steps);
        let since = known.clone().next().map_or(steps + 1, |(&step, _)| step);
        let mut view = WatchView {
            id: self.id,
            text: visible_line(&self.text).into_owned(),
            error: self.error.clone(),
            now: now.to_string(),
            since,
            values: vec![None; (steps + 1 - since) as usize],
            words: Vec::new(),
        };
        if matches!(now, Value::Word(_)) || known.clone().any(|(_, value)| matches!(value, Value::Word(_))) {
            view.words = vec![String::new(); view.values.len()];
        }
        for (&step, value) in known {
            let at = (step - since) as usize;
            match value {
                Value::Number(number, _) => view.values[at] = Some(*number),
                Value::Word(word) => view.words[at].clone_from(word),
                Value::Absent => {}
            }
        }
        view
    }
}

/// Pins of an experiment.
#[derive(Clone, Debug, Default)]
pub struct Watchlist {
    list: Vec<Watch>,
    /// [`History::course`] that the values belong to.
    course: u64,
}

impl Watchlist {
    /// Takes the values of the time step that the session has just completed.
    pub fn note(&mut self, session: &Session) {
        for watch in &mut self.list {
            watch.note(session);
        }
    }

    /// Adapts the pins to another experiment: expressions are checked against its names, and
    /// values are dropped.
    pub fn take_over(&mut self, names: &Names) {
        for watch in &mut self.list {
            watch.check(names);
        }
        self.course = 0;
    }

    /// Drops values of a discarded timeline, and finds missing values of the last steps.
    ///
    /// The session is where it was before.
    pub fn arrived(&mut self, session: &mut Session, history: &History) {
        if self.list.is_empty() {
            return;
        }
        if self.course != history.course() {
            self.course = history.course();
            for watch in &mut self.list {
                watch.samples.split_off(&(session.steps() + 1));
            }
        }
        let now = session.steps();
        let oldest = history.oldest().steps + 1;
        let first = (now + 1).saturating_sub(CAUGHT_UP).max(oldest);
        let lacks = |&step: &u64| self.list.iter().any(|watch| watch.lacks(step));
        if let Some(missing) = (first..=now).find(lacks) {
            history.repeat_from(session, missing, |session| self.note(session));
        }
    }

    /// Carries out a request, and returns a notice for the user.
    pub fn handle_command(
        &mut self,
        command: &WatchCommand,
        session: &mut Session,
        history: &History,
    ) -> String {
        let said = match command {
            WatchCommand::Add(text) => self.add(text.trim(), &Names::of(session)),
            WatchCommand::Remove(id) => {
                let before = self.list.len();
                self.list.retain(|watch| watch.id != *id);
                if self.list.len() < before {
                    format!("pin {id} removed")
                } else {
                    format!("there is no pin {id}")
                }
            }
            WatchCommand::Replace(texts) => {
                self.list.clear();
                let names = Names::of(session);
                for text in texts {
                    self.add(text.trim(), &names);
                }
                several(self.list.len() as u64, "pin")
            }
            WatchCommand::Export(path) => match self.export(path, session) {
                Ok(rows) => {
                    format!("{} written to {}", several(rows, "time step"), path.display())
                }
                Err(error) => error.to_string(),
            },
        };
        self.arrived(session, history);
        said
    }

    fn add(&mut self, text: &str, names: &Names) -> String {
        if let Some(known) = self.list.iter().find(|watch| watch.text == text) {
            return format!("{text} is pin {} already", known.id);
        }
        if self.list.len() >= MOST {
            return format!("{MOST} expressions are pinned, and no more fit: remove one first");
        }
        let free = (1..=MOST as u32).find(|id| self.list.iter().all(|watch| watch.id != *id));
        let free = free.unwrap_or(MOST as u32);
        let watch = Watch::new(free, text, names);
        let said = match &watch.error {
            Some(error) => error.clone(),
            None => format!("pin {free}: {text}"),
        };
        let at = self.list.partition_point(|watch| watch.id < free);
        self.list.insert(at, watch);
        said
    }

    /// Returns the pins at the present moment.
    pub fn views(&self, session: &Session) -> Vec<WatchView> {
        self.list.iter().map(|watch| watch.view(session)).collect()
    }

    /// Writes the values up to the present step as `run --watch-output` does; returns the
    /// number of rows.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written, or is one that the scene reads.
    fn export(&self, path: &Path, session: &Session) -> Result<u64, OutputError> {
        let mut output = Output::create(Some(path), &session.loaded.reads())?;
        let texts = self.list.iter().map(|watch| watch.text.clone());
        output.data(&table_row(std::iter::once("step".to_owned()).chain(texts)))?;
        let of_all = |from| {
            let next = |watch: &Watch| watch.samples.range(from..).next().map(|(&step, _)| step);
            self.list.iter().filter_map(next).min().filter(|&step| step <= session.steps())
        };
        let (mut rows, mut next) = (0, of_all(0));
        while let Some(step) = next {
            let value = |watch: &Watch| watch.samples.get(&step).map_or_else(String::new, Value::cell);
            let cells = self.list.iter().map(value);
            output.data(&table_row(std::iter::once(step.to_string()).chain(cells)))?;
            rows += 1;
            next = of_all(step + 1);
        }
        output.finish()?;
        Ok(rows)
    }
}
