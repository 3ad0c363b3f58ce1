//! machine.

pub mod options;
