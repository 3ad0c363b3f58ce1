//! Contents of an assignment's file: `docs/assignments.md` describes every field.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scene::document::Kind;
use crate::scene::shape::{self, Shape};

/// Versions of the format that this build reads.
pub const VERSIONS: [u32; 1] = [1];

/// Words for assignments in messages, and their shape.
pub const KIND: Kind = Kind {
    word: "assignment",
    described: "docs/assignments.md",
    begins: "an assignment begins `Assignment(version: 1, …)`; docs/assignments.md describes it, scenes/assignments/ has \
             examples",
    versions: &VERSIONS,
    shape,
};

fn shape() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(shape::of::<Assignment>)
}

/// Task for students: change a scene until its goals are met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Version of the format: 1.
    pub version: u32,
    /// Title, for lists and reports.
    pub title: String,
    /// Instructions for students.
    pub text: String,
    /// Scene to start from. Looked for beside the assignment and where scenes look
    /// for their models.
    pub scene: String,
    /// Changes to that scene, `("path", "value")`, as `--set` makes them.
    #[serde(default)]
    pub set: Vec<(String, String)>,
    /// Time steps that an answer is run for; all of the input by default.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub steps: Option<u64>,
    /// Goals of an answer, whose model and task must be those of the starting scene.
    pub goals: Vec<Goal>,
    /// Hints, the first to be given first.
    #[serde(default)]
    pub hints: Vec<String>,
}

/// Goal of an assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Words for students.
    pub text: String,
    /// Test of the goal.
    pub test: Test,
}

/// Test whether an answer meets a goal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Test {
    /// Condition of the debugger that is true after the last time step (docs/debugging.md):
    /// `"time_us / step < 150"`.
    Condition(String),
    /// All outputs have the bits of the starting scene's.
    SameOutputs,
    /// Chip and mathematics have the same bits in every time step, as `run --verify` compares them.
    Verified,
}
