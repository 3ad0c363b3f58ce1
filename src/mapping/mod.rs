//! mapping.

pub mod options;
