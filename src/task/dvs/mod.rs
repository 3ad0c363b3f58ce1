//! Gesture recognition with an event camera: recordings in, frames, one of eleven gestures out.

pub mod answers;
pub mod dataset;
pub mod event;
pub mod frames;
pub mod gesture;
pub mod labels;
mod load;
mod names;
pub mod options;
pub mod picture;
pub mod recognise;
pub mod recognising;
pub mod recording;
pub mod samples;
pub mod synth;
pub mod tally;
pub mod view;

use super::TaskKind;

/// Words of the task.
pub(super) const KIND: TaskKind = TaskKind { step_word: "frame", facts: Some(&names::FACTS) };
