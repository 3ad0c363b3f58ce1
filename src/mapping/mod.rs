//! mapping.

pub mod options;
pub mod memory;
pub mod partition;
pub mod placement;
