//! Lines of results: what one point has shown, as one line of JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::list::{Key, Point};
use super::load::LoadedPlan;

/// Version of the fields of a line.
pub const VERSION: u32 = 1;
/// Columns of the losses against the run without a fault.
pub const LOSSES: [&str; 2] = ["perplexity_loss", "accuracy_loss"];

/// Name of the column that is 0 for masked faults, and 1 for faults that changed outputs, were
/// detected, or hung the chip.
pub const HARMFUL: &str = "harmful";

/// End of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The run ended, in a plan without a campaign or without a fault.
    Done,
    /// The run ended with the outputs of the run without a fault.
    Masked,
    /// The run ended with other outputs than the run without a fault.
    Changed,
    /// A core faulted: the chip knows of the fault.
    Detected,
    /// The chip stalled: a time step is never completed.
    Hung,
    /// The scene does not fit on the chip.
    Misfit,
    /// The scene is refused.
    Refused,
    /// The program panicked: a mistake in it.
    Panicked,
    /// The process was killed or ended.
    Killed,
    /// The point took longer than `--limit`.
    Timeout,
}

impl Outcome {
    /// Returns the word for it in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Masked => "masked",
            Self::Changed => "changed",
            Self::Detected => "detected",
            Self::Hung => "hung",
            Self::Misfit => "misfit",
            Self::Refused => "refused",
            Self::Panicked => "panicked",
            Self::Killed => "killed",
            Self::Timeout => "timeout",
        }
    }

    /// Returns `true` for a fault that did harm, `false` for one that was masked; `None`
    /// for other points.
    pub fn is_harmful(self) -> Option<bool> {
        match self {
            Self::Masked => Some(false),
            Self::Changed | Self::Detected | Self::Hung => Some(true),
            _ => None,
        }
    }

    /// Returns `true` if the point has no result, for a reason that is not the chip's.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Refused | Self::Panicked | Self::Killed | Self::Timeout)
    }
}

/// Result of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Completed time steps.
    pub steps: u64,
    /// Hash of the outputs, 32 hex digits.
    pub output_hash: String,
    /// Perplexity, where the task has one.
    pub perplexity: Option<f64>,
    /// Accuracy, 0..=1, where the task has one.
    pub accuracy: Option<f64>,
    /// Kept fields of the report, by their paths.
    pub report: Map<String, Json>,
}

/// Answer of a worker about a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// End of the run. Runs that came to their end are [`Outcome::Done`], with or without a fault.
    pub outcome: Outcome,
    /// Reason for an end that is not [`Outcome::Done`].
    pub why: Option<String>,
    /// Result of the run; `None` if there was no run.
    pub shown: Option<Shown>,
    /// Wall time of the point, loading included, s.
    pub wall_s: f64,
}

impl Answer {
    /// Creates the answer of a point that has shown nothing.
    pub fn failed(outcome: Outcome, why: impl Into<String>, wall_s: f64) -> Self {
        Self { outcome, why: Some(why.into()), shown: None, wall_s }
    }
}

/// Line of results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Version of these fields: [`VERSION`].
    pub version: u32,
    /// Number of the point in the list of the plan.
    pub point: u64,
    /// Key of the point, 32 hex digits.
    pub key: String,
    /// Values of the axes, the number of the repeat, and the columns of the fault, if any.
    pub values: Map<String, Json>,
    /// File of the scene; empty in lines of versions that did not name it.
    #[serde(default)]
    pub scene: String,
    /// Edits of the scene, `path=value`, in order.
    pub set: Vec<String>,
    /// End of the point.
    pub outcome: Outcome,
    /// Reason for an end without a complete run.
    pub why: Option<String>,
    /// Completed time steps; `null` without a run.
    pub steps: Option<u64>,
    /// Hash of the outputs; `null` without a run.
    pub output_hash: Option<String>,
    /// Kept fields of the report.
    pub report: Map<String, Json>,
    /// Perplexity above that of the run without a fault; `null` without both.
    pub perplexity_loss: Option<f64>,
    /// Accuracy below that of the run without a fault, 0..=1; `null` without both.
    pub accuracy_loss: Option<f64>,
    /// Wall time, s: differs from run to run.
    pub wall_s: f64,
    /// Program that made the line.
    pub spinntui: String,
}

impl Line {
    /// Creates the line of a point. `faultless` is what the run without a fault has shown.
    pub fn new(plan: &LoadedPlan, point: &Point, answer: Answer, faultless: Option<&Shown>) -> Self {
        let Answer { mut outcome, why, shown, wall_s } = answer;
        let mut losses = [None, None];
        if point.fault.is_some()
            && outcome == Outcome::Done
            && let (Some(shown), Some(faultless)) = (&shown, faultless)
        {
            let masked = shown.output_hash == faultless.output_hash;
            outcome = if masked { Outcome::Masked } else { Outcome::Changed };
            let loss = |more: Option<f64>, less: Option<f64>| more.zip(less).map(|(more, less)| more - less);
            losses = [loss(shown.perplexity, faultless.perplexity), loss(faultless.accuracy, shown.accuracy)];
        }
        let mut values = Map::new();
        for (axis, value) in plan.sweep().axes.iter().zip(&point.values) {
            values.insert(axis.name.clone(), serde_json::to_value(value).unwrap_or_default());
        }
        values.insert("repeat".to_owned(), point.place.repeat.into());
        if let Some(drawn) = &point.fault {
            values.extend(drawn.columns());
        }
        let (steps, output_hash, report) = match shown {
            Some(shown) => (Some(shown.steps), Some(shown.output_hash), shown.report),
            None => (None, None, Map::new()),
        };
        Self {
            version: VERSION,
            point: point.place.number,
            key: point.key.to_string(),
            values,
            scene: scene_file(plan),
            set: point.edits.iter().map(|(field, value)| format!("{field}={value}")).collect(),
            outcome,
            why,
            steps,
            output_hash,
            report,
            perplexity_loss: losses[0],
            accuracy_loss: losses[1],
            wall_s,
            spinntui: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Returns the line as text, without its end.
    pub fn to_json(&self) -> String {
        // Values of ours always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the key of the point; `None` if it is none.
    pub fn key(&self) -> Option<Key> {
        Key::parse(&self.key)
    }

    /// Returns `true` if the line has all fields that the plan keeps, or is of a point that
    /// has no report.
    pub fn is_complete(&self, keep: &[String]) -> bool {
        self.steps.is_none() || keep.iter().all(|field| self.report.contains_key(field))
    }
}

/// Returns the path of a plan's scene, whole, so that it can be opened from any folder.
fn scene_file(plan: &LoadedPlan) -> String {
    let path = &plan.scene.path;
    std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
}
