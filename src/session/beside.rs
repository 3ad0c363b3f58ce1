//! The task's state, and judgements computed beside the chip: while the next time step is emulated,
//! a second thread judges the outputs of the one before.
//!
//! A judgement is waited for where it is asked for: by a report, a condition, a screen, or the task
//! itself, where the next input depends on it. So results are those of one thread. Waiting threads
//! sleep.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use crate::chip::clock::Tick;
use crate::task::{Judge, Judgement, TaskRun};

/// Multiply-adds of a judgement from which a second thread pays.
pub const WORTH_A_THREAD: u64 = 1 << 22;
/// Judgements that may be outstanding.
const OUTSTANDING: usize = 4;

/// Value that one thread computes and others wait for.
#[derive(Default)]
struct Promise {
    judgement: OnceLock<Judgement>,
    /// Whether the computation has ended, with a judgement or without.
    ended: Mutex<bool>,
    changed: Condvar,
}

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Promise").field("ended", &self.is_ended()).finish_non_exhaustive()
    }
}

impl Promise {
    /// Computes the judgement; one that panics leaves none.
    fn keep(&self, judge: Judge) {
        if let Ok(judgement) = catch_unwind(AssertUnwindSafe(judge)) {
            let _ = self.judgement.set(judgement);
        }
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_ended(&self) -> bool {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the judgement; `None` if its computation panicked.
    fn wait(&self) -> Option<&Judgement> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        while !*ended {
            ended = self.changed.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
        drop(ended);
        self.judgement.get()
    }
}

/// Judgements that wait for a worker, with the promises of their answers.
type Waiting = VecDeque<(Judge, Arc<Promise>)>;

/// Queue of the jobs that wait for a worker.
#[derive(Default)]
struct Jobs {
    waiting: Mutex<(Waiting, Open)>,
    changed: Condvar,
}

/// Whether more jobs may come.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Yes,
    No,
}

impl Jobs {
    /// Waits for the next job; `None` once no further jobs can come.
    fn next(&self) -> Option<(Judge, Arc<Promise>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = waiting.0.pop_front() {
                return Some(job);
            }
            if waiting.1 == Open::No {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Thread that judges outputs for one session, and ends with it.
pub(super) struct Worker {
    jobs: Arc<Jobs>,
    /// Multiply-adds from which a judgement is given to the thread.
    least: u64,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("least", &self.least).finish_non_exhaustive()
    }
}

impl Worker {
    /// Starts the thread; `None` if the system gives none.
    pub fn start(least: u64) -> Option<Self> {
        let jobs = Arc::new(Jobs::default());
        let own = Arc::clone(&jobs);
        let work = move || {
            while let Some((judge, promise)) = own.next() {
                promise.keep(judge);
            }
        };
        std::thread::Builder::new().name("readout".into()).spawn(work).ok()?;
        Some(Self { jobs, least })
    }

    fn give(&self, judge: Judge) -> Arc<Promise> {
        let promise = Arc::new(Promise::default());
        let mut waiting = self.jobs.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.0.push_back((judge, Arc::clone(&promise)));
        drop(waiting);
        self.jobs.changed.notify_one();
        promise
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs.waiting.lock().unwrap_or_else(PoisonError::into_inner).1 = Open::No;
        self.jobs.changed.notify_one();
    }
}

/// Time step whose judgement is outstanding.
#[derive(Clone, Debug)]
struct Pending {
    promise: Arc<Promise>,
    outputs: Arc<Vec<Vec<f32>>>,
    /// Chip time and energy at the end of the step, ticks and J.
    now: (Tick, f64),
}

impl Pending {
    /// Gives the judgement to the state, once it is available.
    fn conclude(&self, state: &mut dyn TaskRun) {
        match self.promise.wait() {
            Some(judgement) => state.conclude(judgement, self.now),
            // What made the other thread panic happens here again, where it can be seen.
            None => state.observe(&self.outputs, self.now),
        }
    }
}

/// State of the task, some judgements of which may be outstanding.
#[derive(Clone, Debug)]
pub(super) struct TaskState {
    /// State without the outstanding judgements.
    state: Box<dyn TaskRun>,
    /// Time steps whose judgements are outstanding, oldest first.
    pending: VecDeque<Pending>,
    /// State with all judgements, computed on request while some are outstanding.
    settled: OnceLock<Box<dyn TaskRun>>,
}

impl TaskState {
    pub fn new(state: Box<dyn TaskRun>) -> Self {
        Self { state, pending: VecDeque::new(), settled: OnceLock::new() }
    }

    /// Returns the state with all judgements, which are waited for.
    pub fn current(&self) -> &dyn TaskRun {
        if self.pending.is_empty() {
            return &*self.state;
        }
        let settled = self.settled.get_or_init(|| {
            let mut state = self.state.clone();
            for pending in &self.pending {
                pending.conclude(&mut *state);
            }
            state
        });
        &**settled
    }

    /// Returns the state without outstanding judgements, for facts that do not depend on them.
    pub fn constant(&self) -> &dyn TaskRun {
        &*self.state
    }

    /// Waits for all judgements.
    pub fn settle(&mut self) {
        self.adopt();
        while self.conclude_oldest() {}
    }

    /// Takes over the state with all judgements, if it was computed.
    fn adopt(&mut self) {
        if let Some(settled) = self.settled.take() {
            self.state = settled;
            self.pending.clear();
        }
    }

    /// Waits for the oldest judgement; returns `false` if none is outstanding.
    fn conclude_oldest(&mut self) -> bool {
        let Some(oldest) = self.pending.pop_front() else { return false };
        oldest.conclude(&mut *self.state);
        true
    }

    /// Returns the next input as [`TaskRun::next_rows`] does.
    pub fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String> {
        self.adopt();
        match self.state.next_rows()? {
            None if !self.pending.is_empty() => {
                self.settle();
                self.state.next_rows()
            }
            rows => Ok(rows),
        }
    }

    /// Takes the outputs of a time step as [`TaskRun::observe`] does; `worker` judges them
    /// where that pays.
    pub fn observe(&mut self, outputs: Vec<Vec<f32>>, now: (Tick, f64), worker: Option<&Worker>) {
        self.adopt();
        while self.pending.front().is_some_and(|oldest| oldest.promise.is_ended()) {
            self.conclude_oldest();
        }
        let worker = worker.filter(|worker| self.state.judging_cost() >= worker.least.max(1));
        let Some((worker, judge)) = worker.and_then(|worker| Some((worker, self.state.judge(&outputs)?)))
        else {
            self.settle();
            return self.state.observe(&outputs, now);
        };
        if self.pending.len() == OUTSTANDING {
            self.conclude_oldest();
        }
        let promise = worker.give(judge);
        self.pending.push_back(Pending { promise, outputs: Arc::new(outputs), now });
    }

    /// Returns the approximate bytes that a copy does not share.
    pub fn own_bytes(&self) -> usize {
        self.state.own_bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scene::LoadedScene;
    use crate::session::build::{ModelCache, build};
    use crate::session::pace::StepUnit;
    use crate::session::{Session, StepOutcome};

    fn session(edits: &[&str]) -> Session {
        let edit =
            |edit: &&str| edit.split_once('=').map(|(field, value)| (field.to_owned(), value.to_owned()));
        let edits: Vec<(String, String)> = edits.iter().filter_map(edit).collect();
        let loaded = LoadedScene::load(Path::new("scenes/lm_small.ron"), &edits).unwrap();
        build(loaded, &mut ModelCache::default()).unwrap()
    }

    fn figures(session: &Session) -> (Option<String>, Option<u32>, String) {
        let work = session.work();
        (work.headline(), work.predicted(), format!("{:?}", work.figures(&session.moment())))
    }

    #[test]
    fn results_are_those_of_one_thread() {
        let scenes: [&[&str]; 3] = [
            &[],
            &["mapping.batch=3"],
            &["task.mode=Generate(prompt: \"The\", words: 30, temperature: 0.7, top_k: 40, seed: 7)"],
        ];
        for edits in scenes {
            let (mut alone, mut beside) = (session(edits), session(edits));
            beside.judge_beside(0);
            for step in 0..40 {
                assert_eq!(alone.step(StepUnit::TimeStep), beside.step(StepUnit::TimeStep), "{edits:?}");
                if step % 7 == 3 {
                    assert_eq!(figures(&alone), figures(&beside), "{edits:?}, step {step}");
                    let copy = beside.clone();
                    assert_eq!(figures(&copy), figures(&alone), "a copy has the outstanding judgements, too");
                }
            }
            assert_eq!(figures(&alone), figures(&beside), "{edits:?}");
            assert_eq!(alone.state_hash(), beside.state_hash());
        }
    }

    #[test]
    fn judgements_are_outstanding_until_they_are_asked_for() {
        let mut session = session(&[]);
        session.judge_beside(0);
        assert!(matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
        assert_eq!(session.work.pending.len(), 1);
        assert!(session.work().predicted().is_some());
        assert!(matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)));
        assert_eq!(session.work.pending.len(), 1, "the first was taken over");
        session.work.settle();
        assert!(session.work.pending.is_empty());
    }

    #[test]
    fn a_judgement_that_panics_is_made_again_where_it_is_waited_for() {
        let worker = Worker::start(0).unwrap();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let promise = worker.give(Box::new(|| std::panic::panic_any("judge")));
        assert!(promise.wait().is_none() && promise.is_ended());
        std::panic::set_hook(hook);
        assert!(worker.give(Box::new(|| Box::new(7_u32))).wait().is_some(), "the thread goes on");
    }
}
