//! Plans: what to vary in a scene, and what to keep of each run (`docs/sweeps.md`).

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::Value;
use crate::scene::document::Kind;
use crate::scene::shape::{self, Shape};

/// Versions of plans that this build reads.
pub const VERSIONS: [u32; 1] = [1];

/// Words for plans in messages, and their shape.
pub const KIND: Kind = Kind {
    word: "plan",
    described: "docs/sweeps.md",
    begins: "a plan begins `Sweep(version: 1, …)`; docs/sweeps.md describes it, scenes/sweeps/ has examples",
    versions: &VERSIONS,
    shape,
};

fn shape() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(shape::of::<Sweep>)
}

/// Plan of many runs of one scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Version of the plan format: 1.
    pub version: u32,
    /// Question that the sweep answers, in a few words.
    #[serde(default)]
    pub title: String,
    /// Scene of every point. Looked for in the plan's folder, the folders above it, the current
    /// folder, and the data folder.
    pub scene: String,
    /// Time steps of each run; all of the input without this and `sequences`.
    #[serde(default)]
    pub steps: Option<u64>,
    /// Sequences of each run, instead of `steps`.
    #[serde(default)]
    pub sequences: Option<u64>,
    /// Changes to the scene in every point, as `--set` makes them: `[("chip.waiting",
    /// "Sleep")]`. A `{name}` in a value stands for the value of that axis, and `{repeat}` for
    /// the number of the repeat.
    #[serde(default)]
    pub set: Vec<(String, Value)>,
    /// Varied fields. The last axis changes fastest from point to point.
    #[serde(default)]
    pub axes: Vec<Axis>,
    /// Points of the space that the axes span.
    #[serde(default)]
    pub points: Points,
    /// Seed of all random draws of the plan.
    #[serde(default)]
    pub seed: u64,
    /// Conditions on the axes' values, which every point meets: `"pes0 + pes1 <= 40"`,
    /// `"waiting == Sleep"`.
    #[serde(default)]
    pub constraints: Vec<String>,
    /// Runs of each point, with `{repeat}` 0, 1, 2, …
    #[serde(default = "one")]
    pub repeats: u32,
    /// Faults to inject, one a run, beside a run without a fault.
    #[serde(default)]
    pub campaign: Option<Campaign>,
    /// Fields of the report that results keep, with dots: `"chip_time_us"`, `"layers.0.activity"`.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Pictures that `--plot` draws.
    #[serde(default)]
    pub plots: Vec<Plot>,
}

fn one() -> u32 {
    1
}

/// Axis of a sweep: the fields that vary, and their values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Name of the axis in results, constraints and plots: letters, digits and `_`.
    pub name: String,
    /// Fields of the scene that get the value, as `--set` names them; none where `{name}` stands
    /// in other values.
    #[serde(default)]
    pub set: Vec<String>,
    /// Values that the axis takes.
    pub values: Values,
}

/// Values of an axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Values {
    /// The values listed: `List([8, 12, "Sleep"])`.
    List(Vec<Value>),
    /// From a number to another, both included.
    Range {
        /// First number of the range.
        from: Value,
        /// Last number, if steps meet it.
        to: Value,
        /// Distance of two numbers, above 0.
        step: Value,
    },
    /// Numbers with a constant ratio, both ends included.
    Log {
        /// First number, above 0.
        from: f64,
        /// Last number, above 0.
        to: f64,
        /// Count of numbers, at least 2.
        count: u32,
    },
    /// Random numbers, all equally likely; whole ones if both ends are.
    Random {
        /// Smallest number that can be drawn.
        from: Value,
        /// Largest number that can be drawn.
        to: Value,
        /// Count of numbers. With `points: Draws(…)` every point draws its own, and this
        /// counts for nothing.
        #[serde(default)]
        count: u32,
    },
}

/// Points of the space that the axes span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Points {
    /// All combinations of the axes' values.
    #[default]
    Grid,
    /// As many random combinations, constraints included.
    Draws(u64),
}

/// Random faults, of each kind as many, in turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Count of faults, one a run.
    pub faults: u64,
    /// Kinds, in turn: fault 0 is of the first kind, fault 1 of the second.
    pub kinds: Vec<FaultKind>,
    /// First and last time step that a fault comes before, counted from 0. Steps in between
    /// are equally likely.
    #[serde(default)]
    pub steps: (u64, u64),
    /// Delay of packets that are late, µs.
    #[serde(default = "late_us")]
    pub late_us: f64,
}

fn late_us() -> f64 {
    10.0
}

/// Kind of a random fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum FaultKind {
    /// A bit of a weight's value flips.
    Weights,
    /// A bit of an index, a pointer or another table beside the weights' values flips.
    Pointers,
    /// A bit of the neurons' state and parameters, sums, counters or control block flips.
    State,
    /// A bit of a buffer that packets or DMA write flips.
    Buffers,
    /// A bit of the program flips. Instructions are not modelled: such a fault is always masked.
    Program,
    /// A bit of any byte of the SRAM flips, free bytes included.
    Anywhere,
    /// The next packet of a PE is lost.
    Lost,
    /// The next packet of a PE is late.
    Late,
    /// The next packet of y of a PE is written to another address.
    Misdirected,
    /// A PE's core halts.
    Halted,
    /// A link of the mesh goes dead, in one direction.
    DeadLink,
}

impl FaultKind {
    /// Returns the word for the kind in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Pointers => "pointers",
            Self::State => "state",
            Self::Buffers => "buffers",
            Self::Program => "program",
            Self::Anywhere => "anywhere",
            Self::Lost => "lost",
            Self::Late => "late",
            Self::Misdirected => "misdirected",
            Self::Halted => "halted",
            Self::DeadLink => "dead_link",
        }
    }
}

/// Picture of results. Axes and kept fields are named as in `results.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Plot {
    /// A line for each value of `by`, over `x`.
    Lines {
        /// Column along the x axis.
        x: String,
        /// Column along the y axis; the mean where several points share a place.
        y: String,
        /// Column whose values separate the lines.
        #[serde(default)]
        by: Option<String>,
    },
    /// A field of colours.
    Heat {
        /// Column along the x axis.
        x: String,
        /// Column along the y axis.
        y: String,
        /// Column that gives the colour; the mean where several points share a place.
        colour: String,
    },
    /// Points, with those marked that no other point beats or equals in both figures.
    Pareto {
        /// Column along the x axis, the less the better.
        x: String,
        /// Column along the y axis, the less the better.
        y: String,
    },
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scene::document::Document;

    fn read(text: &str) -> Result<Sweep, String> {
        Document::from_text(text, Path::new("plan.ron"), &KIND)
            .map(|document: Document<Sweep>| document.value)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_short_plan_has_defaults() {
        let plan = read("Sweep(version: 1, scene: \"a.ron\")").unwrap();
        assert_eq!((plan.repeats, plan.points, plan.seed), (1, Points::Grid, 0));
        assert_eq!((plan.steps, plan.axes.len(), plan.campaign.is_none()), (None, 0, true));
    }

    #[test]
    fn mistakes_are_shown_with_their_place() {
        for (text, words) in [
            ("Sweep(version: 1, scene: \"a.ron\", axis: [])", "did you mean `axes`"),
            ("Sweep(version: 2, scene: \"a.ron\")", "version 2"),
            ("", "a plan begins"),
            ("Sweep(version: 1, scene: \"a.ron\", campaign: (faults: 3, kinds: [Weight]))", "Weights"),
            (
                "Sweep(version: 1, scene: \"a.ron\", axes: [(name: \"a\", values: List([(b: 1)]))])",
                "plan.ron:1:",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
