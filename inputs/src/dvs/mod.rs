//! Event cameras: recordings, labels, data sets, frames, and synthetic gestures.

pub mod dataset;
pub mod event;
pub mod filter;
pub mod frames;
pub mod gesture;
pub mod labels;
mod making;
pub mod options;
pub mod picture;
pub mod recording;
pub mod region;
pub mod samples;
pub mod synth;
