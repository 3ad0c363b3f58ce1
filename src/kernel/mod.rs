//! kernel.

pub mod options;
