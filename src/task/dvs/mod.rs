//! Gesture recognition with an event camera: recordings in, frames, one of eleven gestures out.

pub mod answers;
mod features;
mod load;
mod names;
pub mod options;
pub mod recognise;
pub mod recognising;
pub mod synthetic;
pub mod tally;
pub mod view;

pub use spinntui_inputs::dvs::{dataset, event, frames, gesture, labels, picture, recording, samples, synth};

use super::TaskKind;

/// Words of the task.
pub(super) const KIND: TaskKind =
    TaskKind { step_word: "frame", unit_word: "unit", event_word: "event", facts: Some(&names::FACTS) };
