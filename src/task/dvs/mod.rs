//! Gesture recognition with an event camera: recordings in, frames, one of eleven gestures out.

pub mod event;
pub mod gesture;
pub mod labels;
pub mod recording;
pub mod synth;
