//! kernel.

pub mod cost;
