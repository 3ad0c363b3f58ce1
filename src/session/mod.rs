//! One experiment: built from a scene, stepped, run, observed.

pub mod command;
pub mod engine;
pub mod snapshot;
