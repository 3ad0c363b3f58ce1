//! Facts about the hardware: geometry, clocks, power and Cortex-M4F timings.
//!
//! The module has no state and emulates nothing. Every number has its source and kind of evidence.
//! A number that no public source gives is not here: it is a named parameter of
//! [`crate::machine::options::Assume`], marked *not published*.

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
