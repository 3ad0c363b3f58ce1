//! The emulator.

pub mod queue;
pub mod routes;
pub mod sram;
