//! A lesson that is being taken: which page, how its moment is reached, and what was found there.
//!
//! A page's moment is that after its commands, which begin at the moment of the page before. When
//! it is first reached, its event number is recorded; going back is then a seek to that event.
//! Where a fault is injected, the seek may or may not undo it: such pages are reached again from
//! the start of the scene, which gives the same state to the bit.

use std::path::{Path, PathBuf};

use super::format::{Act, Page};
use super::load::{Loaded, Source};
use super::text::{self, Piece};
use crate::machine::fault::FaultTime;
use crate::session::command::{Command, Script};
use crate::session::debug::ExprError;
use crate::session::debug::expr::Value;
use crate::session::engine::{EngineOptions, Held, ScriptResult, ScriptState};
use crate::session::history::SeekTarget;

/// Facts about a page's moment, known since it was first reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Events handled since the scene was opened.
    pub events: u64,
    /// Hash of everything that determines the machine's future.
    pub state_hash: u128,
    /// Expressions of the lesson that are of this page, and their values.
    pub values: Vec<(String, Result<Value, ExprError>)>,
    /// Result of the page's expected condition, with the values of its names.
    pub holds: Option<Result<Held, ExprError>>,
}

/// The way to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Goes on from the present position: nothing has happened since the page before.
    On,
    /// Seeks the moment of this page, or the start if `None`, and goes on from there.
    Over(Option<usize>),
    /// Opens the scene and goes on from its start.
    Anew,
}

/// Effect of the user's commands on the experiment of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ByHand {
    /// No effect that matters to the next page.
    Nothing,
    /// The experiment is at another moment.
    StepOutcome,
    /// A fault was injected or the scene was opened again, which a seek does not undo.
    Disturbed,
}

/// Lesson in progress.
#[derive(Clone, Debug)]
pub struct Course {
    /// Lesson with its scene.
    pub loaded: Loaded,
    /// The page that is shown, from 0.
    pub page: usize,
    /// Facts about each page's moment; `None` where it was not reached yet.
    known: Vec<Option<Known>>,
    /// Index of the page whose moment the engine reached last.
    here: Option<usize>,
    /// Seek in progress: the tag of its answer, and the way.
    pending: Option<(u32, Way)>,
    tags: u32,
    /// Effect of the user's commands since the page's moment.
    by_hand: ByHand,
    /// Reason for which the page's moment could not be reached.
    pub problem: Option<String>,
    /// The text is not on screen.
    pub hidden: bool,
    /// First line of the text that is shown.
    pub scroll: usize,
    /// Whether the page's question is shown in place of its text, and digits answer it.
    pub asking: bool,
    /// Choice answered on each page, from 0.
    pub answers: Vec<Option<usize>>,
}

impl Course {
    /// Starts a lesson at its first page, before anything has been sent to the engine.
    pub fn new(loaded: Loaded) -> Self {
        let pages = loaded.sources.len();
        Self {
            loaded,
            page: 0,
            known: vec![None; pages],
            here: None,
            pending: None,
            tags: 0,
            by_hand: ByHand::Nothing,
            problem: None,
            hidden: false,
            scroll: 0,
            asking: false,
            answers: vec![None; pages],
        }
    }

    /// Returns the options of the engine for the first page.
    pub fn engine(&self) -> EngineOptions {
        let first = self.loaded.sources.first();
        EngineOptions {
            scene: first.map_or_else(PathBuf::new, |source| source.scene.clone()),
            set: first.map_or_else(Vec::new, |source| source.set.clone()),
            autorun: false,
            record: None,
            points: Vec::new(),
            exact: false,
            against: None,
        }
    }

    /// Returns `true` if the engine was already sent to a page.
    pub fn has_begun(&self) -> bool {
        self.tags > 0
    }

    /// Returns the number of pages.
    pub fn pages(&self) -> usize {
        self.known.len()
    }

    /// Returns the page that is shown.
    pub fn shown(&self) -> Option<&Page> {
        self.loaded.lesson().pages.get(self.page)
    }

    /// Returns the answer on the current page, counted from 0; `None` while its question is open.
    pub fn answer(&self) -> Option<usize> {
        self.answers.get(self.page).copied().flatten()
    }

    /// Returns the scene with which the current page was opened.
    pub fn scene(&self) -> Option<&Path> {
        self.source(self.page).map(|source| source.scene.as_path())
    }

    /// Returns the facts about a page's moment, if it was reached.
    pub fn known(&self, page: usize) -> Option<&Known> {
        self.known.get(page)?.as_ref()
    }

    /// Returns `true` if the engine has yet to reach the page that is shown.
    pub fn is_under_way(&self) -> bool {
        self.pending.is_some()
    }

    /// Returns the value of an expression in the text of the page that is shown, in words; `None`
    /// while it is not known.
    pub fn value(&self, page: Option<usize>, expression: &str) -> Option<String> {
        let known = self.known(page.map_or(self.page, |number| number.saturating_sub(1)))?;
        let (_, value) = known.values.iter().find(|(other, _)| other == expression)?;
        Some(match value {
            Ok(value) => text::shown(value),
            Err(_) => format!("{{{expression}?}}"),
        })
    }

    /// Turns to a page and returns the command that takes the engine to its moment.
    ///
    /// `at` is the number of events handled; `None` unless the experiment is paused.
    pub fn turn(&mut self, to: usize, at: Option<u64>) -> Command {
        let way = self.way(to, at);
        self.page = to.min(self.pages().saturating_sub(1));
        self.scroll = 0;
        self.asking = false;
        self.problem = None;
        self.go(way)
    }

    fn go(&mut self, way: Way) -> Command {
        self.tags += 1;
        self.pending = Some((self.tags, way));
        self.here = None;
        let to = self.page;
        let expect = self.loaded.lesson().pages.get(to).and_then(|page| page.expect.as_deref());
        let conditions = expect.map(|text| self.with_values(text));
        Command::Perform(Script {
            tag: self.tags,
            commands: self.commands(way, to),
            values: self.expressions(to),
            conditions: conditions.into_iter().collect(),
        })
    }

    fn source(&self, page: usize) -> Option<&Source> {
        self.loaded.sources.get(page)
    }

    fn since(&self, page: usize) -> usize {
        self.source(page).map_or(0, |source| source.since)
    }

    fn acts(&self, page: usize) -> &[Act] {
        self.loaded.lesson().pages.get(page).map_or(&[], |page| &page.commands)
    }

    /// Returns the way to a page.
    fn way(&self, to: usize, at: Option<u64>) -> Way {
        let first = self.since(to);
        let Some(here) =
            self.here.filter(|&here| self.since(here) == first && self.by_hand < ByHand::Disturbed)
        else {
            // The first page of all: the engine has just opened its scene, and nothing was done.
            let fresh = self.tags == 0 && to == 0 && at == Some(0);
            return if fresh { Way::On } else { Way::Anew };
        };
        if here + 1 == to && self.by_hand == ByHand::Nothing {
            return Way::On;
        }
        let faulty = |page| self.acts(page).iter().any(|act| matches!(act, Act::Inject(_)));
        // Faults after the page count, too: a seek to the page would not undo one injected at its
        // event.
        if (first..=to.max(here)).any(faulty) {
            return Way::Anew;
        }
        Way::Over((first..=to).rev().find(|&page| self.known(page).is_some()))
    }

    fn commands(&self, way: Way, to: usize) -> Vec<Command> {
        let first = self.since(to);
        let (begin, from) = match way {
            Way::On => (None, to),
            Way::Over(None) => (Some(Command::Go(SeekTarget::Event(0))), first),
            Way::Over(Some(page)) => {
                let events = self.known(page).map_or(0, |known| known.events);
                (Some(Command::Go(SeekTarget::Event(events))), page + 1)
            }
            Way::Anew => {
                let open = self
                    .source(to)
                    .map(|source| Command::Open { scene: source.scene.clone(), set: source.set.clone() });
                (open, first)
            }
        };
        let acts = (from..=to).flat_map(|page| self.acts(page));
        begin.into_iter().chain(acts.map(command)).collect()
    }

    /// Replaces the braces in a condition by the values found on earlier pages.
    fn with_values(&self, condition: &str) -> String {
        let mut text = String::new();
        for piece in text::pieces(condition).unwrap_or_default() {
            match piece {
                Piece::Value { page: Some(number), expression, .. } => {
                    let known = self.known(number.saturating_sub(1));
                    let value =
                        known.and_then(|known| known.values.iter().find(|(name, _)| *name == expression));
                    let written = match value {
                        Some((_, Ok(Value::Number(number, _)))) => format!("({number})"),
                        Some((_, Ok(Value::Word(word)))) => format!("{word:?}"),
                        _ => format!("{{{number}: {expression}}}"),
                    };
                    text.push_str(&written);
                }
                Piece::Value { expression, .. } => text.push_str(&expression),
                Piece::Plain(words) | Piece::Bold(words) | Piece::Code(words) => text.push_str(&words),
            }
        }
        text
    }

    /// Returns the expressions to evaluate at a page's moment: of its own text, and of later ones
    /// that look back.
    fn expressions(&self, of: usize) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (at, page) in self.loaded.lesson().pages.iter().enumerate() {
            for (_, text) in page.texts() {
                for piece in text::pieces(text).unwrap_or_default() {
                    if let Piece::Value { page, expression, .. } = piece
                        && page.map_or(at, |number| number.saturating_sub(1)) == of
                        && !found.contains(&expression)
                    {
                        found.push(expression);
                    }
                }
            }
        }
        found
    }

    /// Handles the engine's result of the pending seek to a page; ignores results of other scripts.
    ///
    /// A seek that failed is tried once more, from the start of the page's scene: then the command
    /// for the engine is returned.
    pub fn performed(&mut self, performed: ScriptResult) -> Option<Command> {
        let (_, way) = self.pending.take_if(|(tag, _)| *tag == performed.tag)?;
        match performed.result {
            Ok(arrived) => {
                self.arrived(arrived);
                None
            }
            Err(_) if way != Way::Anew => Some(self.go(Way::Anew)),
            Err(why) => {
                self.problem = Some(why);
                None
            }
        }
    }

    fn arrived(&mut self, arrived: ScriptState) {
        let ScriptState { events, state_hash, values, conditions } = arrived;
        let values = self.expressions(self.page).into_iter().zip(values).collect();
        let holds = conditions.into_iter().next();
        let known = Known { events, state_hash, values, holds };
        self.here = Some(self.page);
        self.by_hand = ByHand::Nothing;
        let Some(slot) = self.known.get_mut(self.page) else { return };
        if slot.as_ref().is_some_and(|before| before.state_hash != state_hash) {
            self.problem = Some("the state differs from the first visit: was a file changed?".to_owned());
        }
        *slot = Some(known);
    }

    /// Takes note of a command that the user gave.
    pub fn heard(&mut self, command: &Command) {
        let reopens = matches!(command, Command::Restart | Command::Reload | Command::Open { .. });
        if reopens || matches!(command, Command::Inject(_)) {
            self.by_hand = ByHand::Disturbed;
        } else if command.moves() {
            self.by_hand = self.by_hand.max(ByHand::StepOutcome);
        }
    }
}

fn command(act: &Act) -> Command {
    match *act {
        Act::Step { unit, count } => Command::Step { unit, count },
        Act::Go(FaultTime::Event(event)) => Command::Go(SeekTarget::Event(event)),
        Act::Go(FaultTime::Step(step)) => Command::Go(SeekTarget::Step(step)),
        Act::Go(FaultTime::TimeUs(time)) => Command::Go(SeekTarget::TimeUs(time)),
        Act::Inject(fault) => Command::Inject(fault),
    }
}
