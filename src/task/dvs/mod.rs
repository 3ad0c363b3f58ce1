//! Gesture recognition with an event camera: recordings in, frames, one of eleven gestures out.

pub mod dataset;
pub mod event;
pub mod frames;
pub mod gesture;
pub mod labels;
pub mod options;
pub mod picture;
pub mod recognise;
pub mod recording;
pub mod samples;
pub mod synth;
pub mod tally;
