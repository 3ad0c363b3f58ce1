//! A text as it is read or written.

use std::collections::VecDeque;

use crate::session::stats::HISTORY;
use crate::task::lm::{LanguageTask, Observation};
use crate::task::log::Log;

/// A language task and what it has shown.
#[derive(Clone, Debug)]
pub struct Reading {
    task: LanguageTask,
    /// The task's judgement of the last completed step; of a batch, its first stream's.
    last: Observation,
    /// Surprisal of each token so far, by token index; of a batch, its first stream's.
    surprisals: Log<Option<f32>>,
    /// Surprisal of the last predictions, nats, newest last.
    history: VecDeque<f32>,
}

impl Reading {
    /// Before the first word.
    pub(in crate::session) fn new(task: LanguageTask) -> Self {
        Self { task, last: Observation::default(), surprisals: Log::default(), history: VecDeque::new() }
    }

    pub(super) fn next_rows(&mut self) -> Option<Vec<u32>> {
        self.task.next_tokens()
    }

    pub(super) fn observe(&mut self, outputs: &[Vec<f32>]) {
        self.last = self.task.observe_all(outputs);
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

    /// The task.
    pub fn task(&self) -> &LanguageTask {
        &self.task
    }

    /// The task's judgement of the last completed step.
    pub fn observation(&self) -> &Observation {
        &self.last
    }

    /// Surprisal of each token so far, by token index; none for the first.
    pub fn surprisals(&self) -> &Log<Option<f32>> {
        &self.surprisals
    }

    /// Surprisal of the last predictions, nats, newest last, at most [`HISTORY`].
    pub fn surprisal_history(&self) -> impl Iterator<Item = f32> {
        self.history.iter().copied()
    }
}
