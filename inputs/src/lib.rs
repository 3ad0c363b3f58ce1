//! Inputs of networks: event-camera recordings, frames made of them, synthetic gestures,
//! and NumPy headers.
//!
//! A crate of its own, because it is optimised in test builds, in which the application is not.

pub mod dvs;
pub mod npy;
