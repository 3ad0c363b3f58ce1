//! Assignments: a scene to start from, goals that an answer meets or not, and hints
//! (`docs/assignments.md`).

pub mod check;
pub mod format;
mod load;

pub use check::{Checked, GoalChecked, check};
pub use format::{Assignment, Goal, Test};
pub use load::{AssignmentError, Loaded};
