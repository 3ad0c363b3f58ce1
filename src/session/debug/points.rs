//! The points of a run: which there are, when they hit, what they say.
//!
//! A condition stops a run when it *becomes true*: it was false at the look before, and is true
//! now. Before its first look (when it is made, enabled, or loaded with a scene) it counts as not
//! holding, so one that holds from the beginning stops at the first event. Conditions about moments
//! (`written`, `changed`) stop each time they hold.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::expr::table::When;
use super::expr::{Condition, ExprError, Modifiers, Names, Value};
use crate::chip::clock::{Tick, us};
use crate::machine::exec::Progress;
use crate::scene::{LoadedScene, SceneError};
use crate::session::{Session, StepOutcome};

/// Number of tracepoint lines kept until they are taken; beyond it the oldest are dropped.
pub const LOG: usize = 1000;

/// Action of a point when its condition becomes true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Hash)]
pub enum PointKind {
    /// Stops the run.
    Break,
    /// Writes a line, and the run goes on.
    Trace,
}

/// Breakpoint or tracepoint as requested by the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointSpec {
    /// Condition with its options: `perplexity > 150, once`.
    pub text: String,
    /// Action of the point.
    pub kind: PointKind,
}

/// Request concerning the points, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PointCommand {
    /// Add a point. A point that cannot be used is disabled, with the reason.
    Add(PointSpec),
    /// Enable or disable a point. When a point is enabled, a condition that is already true stops
    /// the run at the next event.
    Enable {
        /// Number of the point.
        id: u32,
        /// Whether the point is enabled or disabled.
        on: bool,
    },
    /// Remove a point.
    Remove(u32),
    /// Take all away.
    Clear,
}

/// Breakpoint, watchpoint or tracepoint with its state.
#[derive(Clone, Debug)]
pub struct Point {
    /// Number of the point, from 1; never reused.
    pub id: u32,
    /// The condition as written.
    pub text: String,
    /// Action of the point.
    pub kind: PointKind,
    /// Whether the scene asks for the point.
    pub of_scene: bool,
    /// Whether the condition is evaluated.
    pub enabled: bool,
    /// Whether the point is disabled at its first hit that counts.
    pub once: bool,
    /// Hits still to be skipped before the point takes effect.
    pub ignore: u32,
    /// Number of times that the condition became true, skipped hits included.
    pub hits: u64,
    /// Reason for which the point cannot be used with this scene.
    pub error: Option<String>,
    condition: Option<Condition>,
    /// Whether it held at the last look; none before the first.
    held: Option<bool>,
}

/// Record of a condition that became true.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Number of its point.
    pub point: u32,
    /// The condition as written.
    pub text: String,
    /// Number of events handled at the hit: the last of them made the condition true.
    pub event: u64,
    /// Chip time, ticks.
    pub tick: Tick,
    /// Completed time steps.
    pub step: u64,
    /// Whether the event lies within the time step after `step`; if not, it completed that one.
    pub within: bool,
    /// Names in the condition, with their values at the hit.
    pub values: Vec<(String, Value)>,
}

impl Hit {
    /// Returns the values in words: `perplexity 151.3`; empty where the condition names none.
    pub fn shown(&self) -> String {
        let shown: Vec<String> = self.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
        shown.join(", ")
    }
}

impl fmt::Display for Hit {
    /// Writes the condition with its values: `perplexity > 150 (perplexity 151.3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if !self.values.is_empty() {
            write!(f, " ({})", self.shown())?;
        }
        Ok(())
    }
}

/// Names the time step of an event: `step 11` at the end of step 11, `#12` within the next step.
pub fn step_text(done: u64, within: bool) -> String {
    if within { format!("#{}", done + 1) } else { format!("step {done}") }
}

impl Hit {
    /// Returns a line of a log: chip time, time step and event, then the condition with its values.
    pub fn line(&self) -> String {
        let step = step_text(self.step, self.within);
        format!("{:.3} µs, {step}, event {}: {self}", us(self.tick), self.event)
    }
}

/// All points of a run.
#[derive(Clone, Debug, Default)]
pub struct Points {
    list: Vec<Point>,
    made: u32,
    /// Moments at which any enabled condition has to be evaluated.
    when: When,
    /// Whether a condition has not been evaluated yet.
    fresh: bool,
    log: VecDeque<Hit>,
}

/// Outcome of a run with points.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// A breakpoint stopped the run.
    Hit(Hit),
    /// The time step is complete, or the machine does not go on.
    StepOutcome(StepOutcome),
}

impl Points {
    /// Creates the points of the session's scene; an error points into its text.
    pub fn of_scene(session: &mut Session) -> Result<Self, SceneError> {
        let mut points = Self::default();
        points.take_over(session)?;
        Ok(points)
    }

    /// Adapts the points to another session: points of its scene are added, points of the former
    /// scene removed unless the new one has them too, and the user's points stay. An error points
    /// into the scene's text; then nothing is changed.
    pub fn take_over(&mut self, session: &mut Session) -> Result<(), SceneError> {
        let wanted = scene_points(&session.loaded);
        let names = Names::of(session);
        for (field, spec) in &wanted {
            Condition::new(&spec.text, &names)
                .map_err(|error| session.loaded.error_within(field, error.at, error.message, error.help))?;
        }
        let is = |point: &Point, spec: &PointSpec| point.kind == spec.kind && point.text == spec.text.trim();
        self.list.retain(|point| !point.of_scene || wanted.iter().any(|(_, spec)| is(point, spec)));
        for (_, spec) in &wanted {
            if !self.list.iter().any(|point| point.of_scene && is(point, spec)) {
                self.push(spec, &names, true);
            }
        }
        self.recheck(session);
        Ok(())
    }

    /// Adds a point and returns its number. Call [`Self::arm`] afterwards.
    ///
    /// # Errors
    ///
    /// Fails if the condition is invalid; then no point is added.
    pub fn add(&mut self, spec: &PointSpec, names: &Names) -> Result<u32, ExprError> {
        Condition::new(&spec.text, names)?;
        Ok(self.push(spec, names, false))
    }

    /// Adds a point; one that cannot be used is disabled and says why.
    fn push(&mut self, spec: &PointSpec, names: &Names, of_scene: bool) -> u32 {
        self.made += 1;
        let mut point = Point {
            id: self.made,
            text: spec.text.trim().to_owned(),
            kind: spec.kind,
            of_scene,
            enabled: false,
            once: false,
            ignore: 0,
            hits: 0,
            error: None,
            condition: None,
            held: None,
        };
        if let Some(modifiers) = point.check(names) {
            point.enabled = !modifiers.off;
            point.once = modifiers.once;
            point.ignore = modifiers.ignore;
        }
        self.list.push(point);
        self.refresh_triggers();
        self.made
    }

    /// Carries out a request concerning the points.
    pub fn handle_command(&mut self, command: &PointCommand, session: &mut Session) {
        match command {
            PointCommand::Add(spec) => {
                self.push(spec, &Names::of(session), false);
            }
            PointCommand::Enable { id, on } => self.enable(*id, *on),
            PointCommand::Remove(id) => self.list.retain(|point| point.id != *id),
            PointCommand::Clear => self.list.clear(),
        }
        self.arm(session);
    }

    /// Enables or disables a point. One whose condition does not fit the scene stays disabled.
    fn enable(&mut self, id: u32, on: bool) {
        for point in self.list.iter_mut().filter(|point| point.id == id) {
            point.enabled = on && point.condition.is_some();
            point.held = None;
        }
        self.refresh_triggers();
    }

    /// Returns the points in the order of their creation.
    pub fn all(&self) -> &[Point] {
        &self.list
    }

    /// Checks all conditions against another scene, or the same after a reload. What no longer fits
    /// is disabled and says why.
    fn recheck(&mut self, session: &mut Session) {
        let names = Names::of(session);
        for point in &mut self.list {
            // Disabled by an error it comes back; disabled by the user it stays.
            point.enabled |= point.error.is_some();
            point.enabled &= point.check(&names).is_some();
            point.held = None;
        }
        self.arm(session);
    }

    /// Sets the bytes that the machine watches. Call it after points were changed, and before the
    /// first event on another machine (a new one, or one from a checkpoint).
    pub fn arm(&mut self, session: &mut Session) {
        let machine = session.machine_mut();
        machine.unwatch();
        for condition in self.list.iter().filter(|p| p.enabled).filter_map(|p| p.condition.as_ref()) {
            for (pe, bytes) in condition.watches() {
                machine.watch(*pe, bytes.clone());
            }
        }
        self.refresh_triggers();
    }

    /// Adapts the points to a new position of the session after a seek: conditions that are true
    /// there count as known, and watched bytes are watched on its machine.
    pub fn arrived(&mut self, session: &mut Session) {
        for point in self.list.iter_mut().filter(|point| point.enabled) {
            if let Some(condition) = &mut point.condition {
                condition.settle(session);
                point.held = Some(condition.holds(session, &[]));
            }
        }
        self.arm(session);
    }

    /// Returns whether a point has to be looked at before the time step is complete.
    pub fn looks_within_steps(&self) -> bool {
        self.fresh || self.when.meets(When::EVENT.or(When::PHASE).or(When::WRITE))
    }

    fn refresh_triggers(&mut self) {
        let conditions = self.list.iter().filter(|point| point.enabled);
        self.when = When::NEVER;
        self.fresh = false;
        for point in conditions {
            self.when = self.when.or(point.condition.as_ref().map_or(When::NEVER, Condition::when));
            self.fresh |= point.held.is_none();
        }
    }

    /// Evaluates the points after an event; `progress` tells which moments it completed. Of several
    /// breakpoints the oldest counts; tracepoints all write their lines.
    pub fn after(&mut self, session: &Session, progress: Progress) -> Option<Hit> {
        let mut now = When::EVENT;
        if progress.step {
            now = now.or(When::STEP);
        }
        if progress.phase.is_some() {
            now = now.or(When::PHASE);
        }
        let watching = self.when.meets(When::WRITE);
        if !self.fresh && !watching && !self.when.meets(now) {
            return None;
        }
        let written = if watching { session.machine().written() } else { Vec::new() };
        if !written.is_empty() {
            now = now.or(When::WRITE);
        }
        let (mut first, mut hit) = (None, false);
        for point in self.list.iter_mut().filter(|point| point.enabled) {
            let Some(condition) = point.condition.as_mut() else { continue };
            if point.held.is_some() && !condition.when().meets(now) {
                continue;
            }
            let holds = condition.holds(session, &written);
            let before = point.held.replace(holds);
            let comes = holds && (condition.is_momentary() || before != Some(true));
            if !comes {
                continue;
            }
            let values = condition.values(session);
            let Some(found) = point.hit(session, values, !progress.step) else { continue };
            hit = true;
            match point.kind {
                PointKind::Break => first = first.or(Some(found)),
                PointKind::Trace => {
                    if self.log.len() == LOG {
                        self.log.pop_front();
                    }
                    self.log.push_back(found);
                }
            }
        }
        if self.fresh || hit {
            self.refresh_triggers();
        }
        first
    }

    /// Runs to the end of the time step, or to a breakpoint before it; `noted` is called with the
    /// lines of tracepoints.
    pub fn step(&mut self, session: &mut Session, mut noted: impl FnMut(Hit)) -> Ran {
        loop {
            let moved = if self.looks_within_steps() { session.advance() } else { session.advance_swiftly() };
            let StepOutcome::Advanced(progress) = &moved else { return Ran::StepOutcome(moved) };
            let hit = self.after(session, *progress);
            self.take_log().for_each(&mut noted);
            if let Some(hit) = hit {
                return Ran::Hit(hit);
            }
            if progress.step {
                return Ran::StepOutcome(moved);
            }
        }
    }

    /// Iterates over the lines of tracepoints that were not taken yet, oldest first;
    /// at most [`LOG`].
    pub fn log(&self) -> impl ExactSizeIterator<Item = &Hit> + DoubleEndedIterator {
        self.log.iter()
    }

    /// Takes the lines of tracepoints written since the last call, oldest first.
    pub fn take_log(&mut self) -> impl Iterator<Item = Hit> + '_ {
        self.log.drain(..)
    }
}

/// Returns the points of a scene, each with its field.
fn scene_points(loaded: &LoadedScene) -> Vec<(String, PointSpec)> {
    let debug = &loaded.scene.debug;
    let all = |kind, field, texts: &[String]| -> Vec<(String, PointSpec)> {
        let spec = |text: &String| PointSpec { text: text.clone(), kind };
        texts.iter().enumerate().map(|(i, text)| (format!("debug.{field}.{i}"), spec(text))).collect()
    };
    let mut points = all(PointKind::Break, "break", &debug.breaks);
    points.extend(all(PointKind::Trace, "trace", &debug.trace));
    points
}

impl Point {
    /// Checks the condition against the names of a scene.
    fn check(&mut self, names: &Names) -> Option<Modifiers> {
        let (condition, modifiers) = match Condition::new(&self.text, names) {
            Ok(checked) => checked,
            Err(error) => {
                self.condition = None;
                self.error = Some(format!("column {}: {error}", error.column(&self.text)));
                return None;
            }
        };
        self.condition = Some(condition);
        self.error = None;
        Some(modifiers)
    }

    /// Counts a hit of the condition and returns it, unless this hit is skipped.
    fn hit(&mut self, session: &Session, values: Vec<(String, Value)>, within: bool) -> Option<Hit> {
        self.hits += 1;
        if self.ignore > 0 {
            self.ignore -= 1;
            return None;
        }
        if self.once {
            self.enabled = false;
        }
        let state = session.machine().state();
        Some(Hit {
            point: self.id,
            text: self.text.clone(),
            event: state.events,
            tick: state.tick,
            step: session.steps(),
            within,
            values,
        })
    }
}
