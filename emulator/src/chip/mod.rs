//! The hardware as facts: geometry, clocks, power, Cortex-M4F timings. No state, no emulation.
//!
//! Every number carries its source and kind of evidence. What no public source gives is not here:
//! it is a named parameter in [`crate::machine::options::Assume`], marked *not published*.

pub mod board;
pub mod clock;
pub mod constants;
pub mod cortex_m4f;
pub mod dependencies;
pub mod geometry;
pub mod listing;
pub mod mac;
pub mod place;
pub mod power;
