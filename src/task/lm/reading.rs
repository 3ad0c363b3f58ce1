//! State of a text that is read or written.

use std::collections::VecDeque;
use std::sync::Arc;

use super::view::LanguageView;
use super::{KIND, LanguageTask, Observation, Score, judge, names};
use crate::chip::clock::Tick;
use crate::task::facts::WordKind;
use crate::task::figures::{Figures, StepLine, Value};
use crate::task::log::Log;
use crate::task::{InputNote, Judge, Judgement, Likeliest, Moment, TaskKind, TaskRun, TaskView};
use crate::text::visible_line;

/// Number of predictions whose surprisal screens show.
const HISTORY: usize = 140;

/// Language task with its results so far.
#[derive(Clone, Debug)]
pub struct Reading {
    task: LanguageTask,
    /// Evaluation of the last completed step; of a batch, its first stream's.
    last: Observation,
    /// Surprisal of each token so far, by token index; of a batch, its first stream's.
    surprisals: Log<Option<f32>>,
    /// Surprisal of the last predictions, nats, newest last.
    history: VecDeque<f32>,
}

impl Reading {
    /// Creates the state before the first word.
    pub(super) fn new(task: LanguageTask) -> Self {
        Self { task, last: Observation::default(), surprisals: Log::default(), history: VecDeque::new() }
    }

    /// Returns the state of the task.
    pub fn task(&self) -> &LanguageTask {
        &self.task
    }

    /// Returns the task's evaluation of the last completed step; of a batch, its first stream's.
    pub fn observation(&self) -> &Observation {
        &self.last
    }

    /// Returns the surprisal of each token so far, by token index; `None` for the first.
    pub fn surprisals(&self) -> &Log<Option<f32>> {
        &self.surprisals
    }

    /// Iterates over the surprisal of the last predictions, in nats, newest last, at most 140.
    pub fn surprisal_history(&self) -> impl Iterator<Item = f32> {
        self.history.iter().copied()
    }

    /// Takes note of the task's judgement of a time step.
    fn note(&mut self, observation: Observation) {
        self.last = observation;
        if self.surprisals.is_empty() {
            self.surprisals.push(None); // nothing came before the first word
        }
        let surprisal = self.last.surprisal.map(|s| s as f32);
        self.surprisals.push(surprisal);
        if let Some(surprisal) = surprisal {
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(surprisal);
        }
    }

    /// Returns all words read or written so far that the task still has.
    fn words_so_far(&self) -> String {
        self.text().join(if self.task.model().vocabulary.is_characters() { "" } else { " " })
    }

    fn word_at(&self, index: u64) -> Option<&str> {
        self.task.word(usize::try_from(index).unwrap_or(usize::MAX))
    }
}

impl TaskRun for Reading {
    fn kind(&self) -> &'static TaskKind {
        &KIND
    }

    fn copy(&self) -> Box<dyn TaskRun> {
        Box::new(self.clone())
    }

    fn own_bytes(&self) -> usize {
        self.surprisals.own_bytes() + size_of::<Self>()
    }

    fn notes(&self) -> Vec<InputNote> {
        self.task.positions_note().into_iter().collect()
    }

    fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String> {
        Ok(self.task.next_tokens())
    }

    fn observe(&mut self, outputs: &[Vec<f32>], _now: (Tick, f64)) {
        let observation = self.task.observe_all(outputs);
        self.note(observation);
    }

    fn judging_cost(&self) -> u64 {
        self.task.readout().weights() as u64
    }

    fn judge(&self, outputs: &[Vec<f32>]) -> Option<Judge> {
        let (readout, outputs) = (Arc::clone(self.task.readout()), outputs.to_vec());
        Some(Box::new(move || Box::new(judge(&readout, &outputs))))
    }

    fn conclude(&mut self, judgement: &Judgement, _now: (Tick, f64)) {
        if let Some(judged) = judgement.downcast_ref() {
            let observation = self.task.conclude_all(judged);
            self.note(observation);
        }
    }

    fn total_steps(&self) -> u64 {
        self.task.total_steps()
    }

    fn sequence(&self) -> u32 {
        self.task.sequence()
    }

    fn headline(&self) -> Option<String> {
        self.task.score().perplexity().map(|perplexity| format!("perplexity {perplexity:.1}"))
    }

    fn view(&self, moment: &Moment<'_>) -> TaskView {
        TaskView::LanguageModel(LanguageView::new(self, moment))
    }

    fn figures(&self, moment: &Moment<'_>) -> Figures {
        // A text that the network writes itself has no perplexity, and that of its
        // prompt says nothing.
        let none = Score::default();
        let score = if self.task.is_writing() { &none } else { self.task.score() };
        let text = self.task.corpus().counts();
        let compares = text.warning().is_none() && self.task.positions_note().is_none();
        Figures {
            perplexity: score.perplexity(),
            mean_surprisal: score.mean_surprisal(),
            predictions: score.predictions(),
            text: Some(text),
            compares_with: if compares { moment.compares_with.to_owned() } else { String::new() },
            generated: self.task.is_writing().then(|| self.words_so_far()),
            ..Figures::default()
        }
    }

    /// Returns the fields of the last completed step; of a batch, those of its first stream.
    ///
    /// They are the token that the network read, the word it stands for as written in the text, the
    /// next word, and that word's surprisal in nats.
    fn line(&self, moment: &Moment<'_>) -> StepLine<'_> {
        let word = self.word_at(moment.steps.saturating_sub(1)).unwrap_or_default();
        StepLine(vec![
            ("token", Value::Count(moment.read.into())),
            ("word", Value::Word(Some(word))),
            ("next", Value::Word(self.word_at(moment.steps))),
            ("surprisal", Value::Number(self.last.surprisal)),
        ])
    }

    fn predicted(&self) -> Option<u32> {
        self.last.target
    }

    fn likeliest(&self, outputs: &[f32], count: usize) -> Option<Likeliest> {
        let prediction = self.task.readout().predict(outputs);
        let vocabulary = &self.task.model().vocabulary;
        let word = |id: u32| visible_line(vocabulary.word(id)).into_owned();
        let words = prediction.top(count).into_iter().map(|id| (word(id), prediction.probability(id)));
        Some(Likeliest {
            words: words.collect(),
            surprisal: self.last.target.map(|target| prediction.surprisal(target) as f32),
        })
    }

    fn number(&self, fact: &str, _steps: u64) -> Option<f64> {
        names::number(self, fact)
    }

    fn word(&self, fact: &str, steps: u64) -> Option<&str> {
        // Before the first step nothing was read, and nothing comes after it.
        let read = steps.checked_sub(1)?;
        match fact {
            names::TOKEN => self.word_at(read),
            names::NEXT => self.word_at(steps),
            _ => None,
        }
    }

    fn text(&self) -> Vec<&str> {
        (0..).map_while(|index| self.task.word(index)).collect()
    }

    fn words(&self, kind: &WordKind) -> Vec<&str> {
        if *kind != names::WORD {
            return Vec::new();
        }
        let vocabulary = &self.task.model().vocabulary;
        (0..vocabulary.len() as u32).map(|id| vocabulary.word(id)).collect()
    }

    fn knows(&self, kind: &WordKind, word: &str) -> bool {
        let written = || (0..).map_while(|index| self.task.word(index)).any(|other| other == word);
        *kind == names::WORD && (self.task.model().vocabulary.id(word).is_some() || written())
    }
}
