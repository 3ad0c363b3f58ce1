//! task.

pub mod lm;
