//! Search for the best mapping: emulates the promising ones, then the neighbours of the best.

use crate::chip::place::PePlace;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic;
use std::time::Instant;

use rayon::prelude::*;

use super::choice::Choice;
use super::estimate::{Estimator, kernels_to_try};
use super::front::{Estimated, Space, front, neighbours};
use super::misfit::misfits;
use super::{Candidate, Goal, Rejected, TuneOptions, Tuned, Watch};
use crate::chip::geometry::PE_COUNT;
use crate::mapping::check::{Level, Subject, lints};
use crate::scene::{LoadedScene, SceneError};
use crate::session::build::{ModelCache, Plan};
use crate::session::trial::Trial;

/// Number of candidates emulated at a time. It is not the number of processors, because the
/// candidates tried must not depend on the machine.
const BATCH: usize = 4;

/// Error that stops a search before it begins.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TuneError {
    /// The scene does not load or fit.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The scene's own mapping does not run.
    #[error("{scene}: the machine stops in time step {step}: {reason}")]
    Stops {
        /// Path of the scene.
        scene: String,
        /// Number of the time step, from 1.
        step: u64,
        /// Reason of the stop.
        reason: String,
    },
    /// The search was stopped before the scene's own mapping had run.
    #[error("stopped before the scene's own mapping had run: there is nothing to show")]
    Nothing,
}

/// Search in progress: scene, goal, and candidates tried so far.
struct Search<'a> {
    loaded: &'a LoadedScene,
    cache: ModelCache,
    plan: &'a Plan,
    options: &'a TuneOptions,
    watch: Watch<'a>,
    started: Instant,
    scene: Choice,
    tried: BTreeSet<Choice>,
    candidates: Vec<Candidate>,
    rejected: Vec<Rejected>,
}

/// Searches for the best mapping. The scene's own mapping is the first candidate.
pub fn tune(
    loaded: &LoadedScene,
    cache: &mut ModelCache,
    options: &TuneOptions,
    watch: Watch<'_>,
) -> Result<Tuned, TuneError> {
    let started = Instant::now();
    if !loaded.scene.mapping.head.is_host() {
        let what = "a mapping with the head on the chip cannot be tuned";
        return Err(loaded.error_at("mapping.head", what.to_owned(), "tune it with `head: Host`").into());
    }
    let plan = Plan::new(loaded, cache)?;
    if plan.model.network().layers.is_empty() {
        let what = "spiking networks and transformers cannot be tuned: `tune` searches mappings of EGRU and GRU layers";
        let help = "compare mappings by `spinntui compare`, or try many by `spinntui sweep`";
        return Err(loaded.error_at("model", what.to_owned(), help).into());
    }
    let scene = Choice::of(&loaded.scene.mapping, &plan.placed);
    let mut search = Search {
        loaded,
        cache: cache.clone(),
        plan: &plan,
        options,
        watch,
        started,
        scene: scene.clone(),
        tried: BTreeSet::new(),
        candidates: Vec::new(),
        rejected: Vec::new(),
    };
    let trial = search.first()?;
    let kernels = kernels_to_try(&loaded.scene.mapping, &scene, options.allow_int8);
    let mut estimator = Estimator::new(plan.model.network(), &plan.program, &trial.rows, &kernels);
    estimator.prepare_choice(&scene);
    search.candidates[0].estimate_us = estimator.step_us(&scene).unwrap_or(0.0);
    let space = space(loaded, &plan, scene);
    let misfits = misfits(&estimator, &space);
    let (estimates, estimated) = front(&mut estimator, &space);
    search.promising(&estimates);
    search.climb(&mut estimator, &space);
    Ok(search.finish(misfits, estimated))
}

fn space(loaded: &LoadedScene, plan: &Plan, scene: Choice) -> Space {
    let entries = &loaded.scene.mapping.layers;
    let on = |placed: &crate::mapping::Placed| entries.get(placed.entry).and_then(|entry| entry.on.as_ref());
    let named: Vec<bool> = plan.placed.iter().map(|placed| on(placed).is_some()).collect();
    let chip = &loaded.scene.chip;
    let withheld = chip.reserved.iter().chain(&chip.broken).copied();
    let spoken_for: BTreeSet<PePlace> =
        plan.placed.iter().filter_map(on).flatten().copied().chain(withheld).collect();
    let pes = chip.chips().chips() * PE_COUNT;
    Space { scene, named, free: pes - spoken_for.len().min(pes) }
}

impl Search<'_> {
    /// Returns the reason to end the search, if there is one.
    fn stopped(&self) -> Option<&'static str> {
        if self.watch.stop.load(atomic::Ordering::Relaxed) {
            return Some("interrupted");
        }
        let late = self.options.budget.is_some_and(|budget| self.started.elapsed() >= budget);
        late.then_some("out of time")
    }

    /// Returns the number of candidates still to be emulated.
    fn left(&self) -> usize {
        let emulated = self.candidates.len() + self.rejected.len();
        if self.stopped().is_some() { 0 } else { self.options.candidates.saturating_sub(emulated) }
    }

    /// Emulates the scene's own mapping, without a time budget, since every result needs it.
    fn first(&mut self) -> Result<Trial, TuneError> {
        let plan = Plan::new(self.loaded, &mut self.cache)?;
        let interrupted = || self.watch.stop.load(atomic::Ordering::Relaxed);
        let trial = Trial::run(plan, self.loaded.clone(), self.options.steps, &interrupted)?;
        let trial = trial.ok_or(TuneError::Nothing)?;
        if let Some(reason) = trial.stopped {
            let scene = self.loaded.path.display().to_string();
            return Err(TuneError::Stops { scene, step: trial.steps + 1, reason });
        }
        self.tried.insert(self.scene.clone());
        let first = self.candidate(self.scene.clone(), 0.0, &trial);
        (self.watch.emulated)(1, self.options.candidates, &first);
        self.candidates.push(first);
        Ok(trial)
    }

    /// Emulates the mappings with the best estimates, and some from fewest to most PEs, so that the
    /// Pareto front has both ends.
    fn promising(&mut self, estimates: &[Estimated]) {
        let third = self.options.candidates.div_ceil(3);
        let mut ranked: Vec<&Estimated> = estimates.iter().collect();
        ranked.sort_by(|a, b| by_estimate(self.options.goal, a, b));
        let best = ranked.into_iter().take(third).cloned();
        let mut faster: Vec<&Estimated> = Vec::new();
        for estimate in estimates {
            if faster.last().is_none_or(|last| estimate.step_us < last.step_us) {
                faster.push(estimate);
            }
        }
        let spread = (0..third).filter_map(|i| faster.get(i * faster.len().saturating_sub(1) / third.max(1)));
        let chosen: Vec<Estimated> = best.chain(spread.map(|e| (*e).clone())).collect();
        self.emulate(&chosen);
    }

    /// Moves from the best mapping to the best of its neighbours until none is better.
    fn climb(&mut self, estimator: &mut Estimator<'_>, space: &Space) {
        while self.left() > 0 {
            let from = self.candidates[self.best()].choice.clone();
            let mut near = neighbours(estimator, space, &from);
            near.retain(|choice| !self.tried.contains(choice));
            let keys: Vec<_> = near
                .iter()
                .flat_map(|c| c.layers.iter().enumerate().map(|(k, l)| (k, l.pes, c.by_units)))
                .collect();
            estimator.prepare(keys);
            let fits = |choice: &Choice| (0..choice.layers.len()).all(|k| estimator.fits(k, choice).is_ok());
            let estimate = |choice: Choice| {
                let step_us = estimator.step_us(&choice)?;
                Some(Estimated { step_j: estimator.step_j(choice.pes(), step_us), step_us, choice })
            };
            let mut near: Vec<Estimated> = near.into_iter().filter(fits).filter_map(estimate).collect();
            near.sort_by(|a, b| by_estimate(self.options.goal, a, b));
            near.truncate(BATCH);
            if near.is_empty() {
                return;
            }
            self.emulate(&near);
        }
    }

    /// Emulates the mappings not tried yet, in the given order, up to the limit of candidates.
    fn emulate(&mut self, estimates: &[Estimated]) {
        let mut fresh: Vec<&Estimated> = Vec::new();
        for estimate in estimates {
            if fresh.len() < self.left() && self.tried.insert(estimate.choice.clone()) {
                fresh.push(estimate);
            }
        }
        for batch in fresh.chunks(BATCH) {
            let (done, all) = (self.candidates.len() + self.rejected.len(), self.options.candidates);
            let progress = Mutex::new(done);
            let best = self.candidates[self.best()].clone();
            let this = &*self;
            let emulated: Vec<Option<Result<Candidate, Rejected>>> = batch
                .par_iter()
                .map(|estimate| {
                    let emulated = this.one(estimate);
                    if emulated.is_some()
                        && let Ok(mut done) = progress.lock()
                    {
                        *done += 1;
                        (this.watch.emulated)(*done, all, &best);
                    }
                    emulated
                })
                .collect();
            for emulated in emulated.into_iter().flatten() {
                match emulated {
                    Ok(candidate) => self.candidates.push(candidate),
                    Err(rejected) => self.rejected.push(rejected),
                }
            }
        }
    }

    /// Emulates one mapping; `None` when the search was stopped meanwhile.
    fn one(&self, estimate: &Estimated) -> Option<Result<Candidate, Rejected>> {
        if self.stopped().is_some() {
            return None;
        }
        let choice = &estimate.choice;
        let reject = |why: String| Some(Err(Rejected { choice: choice.clone(), why }));
        let edits = choice.edits(&self.scene, self.loaded, &self.plan.placed);
        let plan = LoadedScene::from_text(&self.loaded.text, &self.loaded.path, &edits)
            .and_then(|loaded| Plan::new(&loaded, &mut self.cache.clone()).map(|plan| (loaded, plan)));
        let (loaded, plan) = match plan {
            Ok(both) => both,
            Err(error) => return reject(error.to_string()),
        };
        if let Some(finding) = first_error(&loaded, &plan) {
            return reject(finding);
        }
        let trial = match Trial::run(plan, loaded, self.options.steps, &|| self.stopped().is_some()) {
            Ok(trial) => trial?,
            Err(error) => return reject(error.to_string()),
        };
        if let Some(reason) = trial.stopped {
            return reject(format!("the machine stops in time step {}: {reason}", trial.steps + 1));
        }
        if trial.races > 0 {
            return reject(format!("{} packets overwrote unread data", trial.races));
        }
        Some(Ok(self.candidate(choice.clone(), estimate.step_us, &trial)))
    }

    fn candidate(&self, choice: Choice, estimate_us: f64, trial: &Trial) -> Candidate {
        Candidate {
            other_result: choice.rounded() != self.scene.rounded(),
            choice,
            estimate_us,
            step_us: trial.step_us(),
            step_j: trial.step_j(),
            pes: trial.pes,
            output_hash: format!("{:032x}", trial.output_hash),
        }
    }

    /// Returns the index of the best candidate so far, the first of equals.
    fn best(&self) -> usize {
        let better =
            |a: &usize, b: &usize| by_result(self.options.goal, &self.candidates[*a], &self.candidates[*b]);
        (0..self.candidates.len()).min_by(better).unwrap_or(0)
    }

    fn finish(self, misfits: Vec<super::misfit::DoesNotFit>, estimated: usize) -> Tuned {
        let own = |candidate: &&Candidate| !candidate.other_result;
        let hash = self.candidates[0].output_hash.clone();
        Tuned {
            goal: self.options.goal,
            steps: self.options.steps,
            estimated,
            best: self.best(),
            front: pareto(&self.candidates),
            same_output: self.candidates.iter().filter(own).all(|candidate| candidate.output_hash == hash),
            stopped: self.stopped(),
            candidates: self.candidates,
            rejected: self.rejected,
            misfits,
        }
    }
}

/// Returns the first finding that the results of a mapping may be wrong.
fn first_error(loaded: &LoadedScene, plan: &Plan) -> Option<String> {
    let subject = Subject {
        network: plan.model.network(),
        program: &plan.program,
        placed: &plan.placed,
        chip: &loaded.scene.chip,
        mapping: &loaded.scene.mapping,
    };
    let error = lints(&subject).into_iter().find(|lint| lint.level == Level::Error)?;
    Some(format!("{}: {}", error.place, error.message))
}

fn by(goal: Goal, [us, j, pes]: [f64; 3], [other_us, other_j, other_pes]: [f64; 3]) -> Ordering {
    let (time, energy, size) = (us.total_cmp(&other_us), j.total_cmp(&other_j), pes.total_cmp(&other_pes));
    match goal {
        Goal::Time => time.then(energy).then(size),
        Goal::Energy => energy.then(time).then(size),
        Goal::Pes => size.then(time).then(energy),
    }
}

fn by_estimate(goal: Goal, a: &Estimated, b: &Estimated) -> Ordering {
    let figures = |e: &Estimated| [e.step_us, e.step_j, e.choice.pes() as f64];
    by(goal, figures(a), figures(b)).then_with(|| a.choice.cmp(&b.choice))
}

fn figures(candidate: &Candidate) -> [f64; 3] {
    [candidate.step_us, candidate.step_j, candidate.pes as f64]
}

fn by_result(goal: Goal, a: &Candidate, b: &Candidate) -> Ordering {
    by(goal, figures(a), figures(b))
}

/// Returns the Pareto-optimal candidates, by time; of candidates with equal figures, the first.
fn pareto(candidates: &[Candidate]) -> Vec<usize> {
    let beaten = |i: usize| {
        candidates.iter().enumerate().any(|(j, other)| {
            let (ours, theirs) = (figures(&candidates[i]), figures(other));
            let no_worse = ours.iter().zip(&theirs).all(|(ours, theirs)| theirs <= ours);
            no_worse && (ours.iter().zip(&theirs).any(|(ours, theirs)| theirs < ours) || j < i)
        })
    };
    let mut front: Vec<usize> = (0..candidates.len()).filter(|&i| !beaten(i)).collect();
    front.sort_by(|&a, &b| by_result(Goal::Time, &candidates[a], &candidates[b]));
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tune::choice::LayerChoice;

    fn candidate(step_us: f64, step_j: f64, pes: usize) -> Candidate {
        Candidate {
            choice: Choice { layers: vec![LayerChoice { pes, kernels: [0, 0] }], by_units: false },
            estimate_us: 0.0,
            step_us,
            step_j,
            pes,
            output_hash: String::new(),
            other_result: false,
        }
    }

    #[test]
    fn the_front_holds_what_nothing_beats() {
        let all = [
            candidate(3.0, 1.0, 4),
            candidate(1.0, 2.0, 9),
            candidate(3.0, 1.0, 4), // equal to the first
            candidate(2.0, 2.0, 9), // slower than the second
            candidate(2.0, 3.0, 8),
        ];
        assert_eq!(pareto(&all), [1, 4, 0]);
        for (goal, best) in [(Goal::Time, 1), (Goal::Energy, 0), (Goal::Pes, 0)] {
            let first = (0..all.len()).min_by(|&a, &b| by_result(goal, &all[a], &all[b]));
            assert_eq!(first, Some(best), "{goal:?}");
        }
    }
}
