//! Network × chip → programs: which unit goes to which PE, which PE sits where, what lies
//! at which address.
//!
//! This is where *what is computed* meets *where and when*. Nothing here runs; [`build::map`] gives
//! a [`crate::machine::program::Program`] or says what does not fit, with the bytes.

pub mod attention;
pub mod build;
pub mod check;
pub mod code;
pub mod delivery;
pub mod edges;
pub mod egru;
pub mod error;
mod locality;
pub mod memory;
pub mod options;
pub mod partition;
pub mod placement;
mod product;
pub mod spiking;

pub use build::{Placed, Request, map, reprice, restart_of};
pub use egru::head::{HeadError, HeadRequest};
pub use error::MapError;
