//! The hardware as facts: geometry, clocks, power, Cortex-M4F timings. No state, no emulation.
//!
//! Every number carries its source and how sure it is. What no public source gives is not here: it is a named
//! parameter in [`crate::machine::options::Assume`], marked *not published*.

pub mod clock;
pub mod geometry;
