//! Interface between scenes and tasks: options to choose, check and load.

use std::any::Any;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::work::Feed;
use crate::model::Model;
use crate::net::spiking::{Schedule, WeightFormat};

/// Something wrong with a value of a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field, such as `task.mode.prompt`.
    pub field: String,
    /// Description of the problem, without the remedy.
    pub message: String,
    /// Remedy; empty for none.
    pub help: String,
}

impl Problem {
    /// Creates a problem of a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), help: help.into() }
    }
}

/// File or folder that a task reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputFile<'a> {
    /// Description of the file, to say why it cannot be overwritten: "the text that is read".
    pub what: &'static str,
    /// Name in the scene.
    pub name: &'a str,
    /// Path of the field that names it.
    pub field: &'static str,
    /// Whether inputs are only numbers of rows of this file: those of two runs agree only if
    /// the file does.
    pub numbered: bool,
}

/// Something odd about the inputs of a task, which are read all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputNote {
    /// Whether results may suffer: something was guessed, or inputs are missing.
    pub doubtful: bool,
    /// Name of the rule, for reports.
    pub rule: &'static str,
    /// Path of the field that names the inputs.
    pub field: &'static str,
    /// Description of the oddity.
    pub message: String,
    /// Page with more information.
    pub help: &'static str,
}

/// Finds the files that a scene names.
pub trait Files {
    /// Returns the file or folder that the scene means by `name`; `field` is the path of the value,
    /// for the message.
    ///
    /// # Errors
    ///
    /// Fails if it is in none of the folders searched.
    fn find(&self, name: &str, field: &str) -> Result<PathBuf, Problem>;
}

/// Circumstances for which a task is loaded.
#[derive(Clone, Copy, Debug)]
pub struct Loading<'a> {
    /// Model of the scene.
    pub model: &'a Model,
    /// Ticks that spikes of a spiking network take to the next population.
    pub schedule: Schedule,
    /// Format of a spiking network's weights.
    pub weights: WeightFormat,
    /// Factor of the 8-bit weights; `None` for that of each target population.
    pub weight_scale: Option<f64>,
    /// Whether a gesture model's convolutional head runs on the chip.
    pub head_on_chip: bool,
}

/// Options of a task, as given in a scene.
pub trait TaskOptions: Any + Debug {
    /// Returns the first value that is out of range or missing.
    fn check(&self) -> Option<Problem>;

    /// Returns the problem of computing `samples` samples side by side, 2 or more, if there is one.
    fn check_batch(&self, _samples: u32) -> Option<Problem> {
        None
    }

    /// Returns the files and folders that the task reads.
    fn files(&self) -> Vec<InputFile<'_>>;

    /// Returns a file that is read beside `found`, one of [`Self::files`], if it exists,
    /// with its description.
    fn read_beside(&self, _found: &Path) -> Option<(&'static str, PathBuf)> {
        None
    }

    /// Returns the name of the file for the outputs, given by `task.outputs`.
    fn outputs(&self) -> Option<&str> {
        None
    }

    /// Returns `true` if the network is partitioned automatically where the mapping leaves it open.
    fn spreads_itself(&self) -> bool {
        false
    }

    /// Returns `true` if timers begin the time steps, as the ticks of spiking networks do.
    fn runs_in_ticks(&self) -> bool {
        false
    }

    /// Returns `true` if a time step's input is known only after the answer to the one before.
    fn feeds_back(&self) -> bool {
        false
    }

    /// Loads what the task needs beside the chip.
    ///
    /// # Errors
    ///
    /// Fails if the model is of another kind, or if a file cannot be read.
    fn load(
        &self,
        loading: &Loading<'_>,
        files: &dyn Files,
        kept: &mut Kept,
    ) -> Result<Arc<dyn Feed>, Problem>;

    /// Describes the difference between the inputs of two runs, with the word for one input, in
    /// scenes of this task and of `other`.
    fn difference(&self, _other: &dyn TaskOptions) -> (&'static str, &'static str) {
        ("the inputs differ", "row")
    }
}

/// Part of a task that is kept when a scene is loaded again.
pub trait Part: Any + Debug + Send + Sync {}

impl<T: Any + Debug + Send + Sync> Part for T {}

/// Parts of tasks kept over reloads, the last one of each type.
#[derive(Clone, Debug, Default)]
pub struct Kept(Vec<Arc<dyn Part>>);

impl Kept {
    /// Returns the part of type `T`, if it is the one wanted.
    pub fn get<T: Part + Clone>(&self, wanted: impl Fn(&T) -> bool) -> Option<T> {
        let of_type = |part: &Arc<dyn Part>| {
            let part: &dyn Any = &**part;
            part.downcast_ref::<T>().cloned()
        };
        self.0.iter().find_map(of_type).filter(wanted)
    }

    /// Keeps a part in place of the last one of its type.
    pub fn keep<T: Part>(&mut self, part: T) {
        self.0.retain(|other| {
            let other: &dyn Any = &**other;
            !other.is::<T>()
        });
        self.0.push(Arc::new(part));
    }
}

/// Returns the problem of a scene whose task needs another kind of model.
pub fn wrong_kind(model: &Model, needed: &str, task: &str) -> Problem {
    let name = &model.card().name;
    let message = format!("the model `{name}` is of another kind: the task {task} needs {needed}");
    Problem::new("model", message, "`spinntui inspect MODEL` says what a model is for")
}

/// Checks the numbers of a group of options against the ranges that its own type states
/// (`#[schemars(range(…))]`), so that the check and docs/scene.md cannot differ.
pub fn ranges<T: Serialize + JsonSchema>(options: &T, at: &str) -> Option<Problem> {
    let schema = schemars::schema_for!(T).to_value();
    let values = serde_json::to_value(options).ok()?;
    let properties = schema.get("properties")?.as_object()?;
    properties.iter().find_map(|(name, property)| {
        let (low, high) = (property.get("minimum")?, property.get("maximum")?);
        let value = values.get(name)?;
        let shown = match value {
            // JSON has no NaN and no infinity. An optional number that is not there is fine.
            Value::Null if property.get("type")? == "number" => "not finite".to_owned(),
            Value::Number(n) if n.as_f64()? < low.as_f64()? || n.as_f64()? > high.as_f64()? => n.to_string(),
            _ => return None,
        };
        let message = format!("`{name}` is {shown}, and must be {low} to {high}");
        Some(Problem::new(format!("{at}.{name}"), message, ""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_of_each_type_is_kept() {
        let mut kept = Kept::default();
        assert_eq!(kept.get(|_: &u32| true), None);
        kept.keep(1_u32);
        kept.keep("text");
        kept.keep(2_u32);
        assert_eq!(kept.get(|_: &u32| true), Some(2));
        assert_eq!(kept.get(|&n: &u32| n == 1), None);
        assert_eq!(kept.get(|_: &&str| true), Some("text"));
        assert_eq!(kept.0.len(), 2);
    }
}
