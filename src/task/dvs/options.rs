//! What users choose about gestures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dataset::Split;

pub use spinntui_inputs::dvs::options::{FrameOptions, FrameOptionsError};

/// Which part of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Part {
    /// What it keeps for testing: people that no training saw.
    #[default]
    Test,
    /// What it gives for training.
    Train,
    /// All recordings, for training and for testing.
    All,
}

impl Part {
    /// The same as a data set's recordings are marked; none for everything.
    pub const fn split(self) -> Option<Split> {
        match self {
            Self::Test => Some(Split::Test),
            Self::Train => Some(Split::Train),
            Self::All => None,
        }
    }
}

/// Gesture recognition: the network sees what an event camera saw, and says which gesture it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GestureOptions {
    /// A recording (AEDAT 2.0, 3.1, 4.0 or `.npy`), labelled by the `_labels.csv` beside it or not,
    /// or the folder of a data set: DVS128 Gesture's own layout or tonic's.
    pub data: String,
    /// Which part of a data set that says what is for training and what for testing.
    #[serde(default)]
    pub part: Part,
    /// How events become frames.
    #[serde(default)]
    pub frames: FrameOptions,
}
