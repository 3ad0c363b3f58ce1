//! The tasks, a line each: the one place that names them all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::options::TaskOptions;
use super::work::TaskKind;
use super::{dvs, lm, spikes, tensor};

/// Makes the enums by which scenes and screens know tasks from one line a task: its name in scenes,
/// its options, its view, its words.
macro_rules! tasks {
    ($($(#[$about:meta])+ $name:ident($options:ty, $view:ty, $kind:expr),)+) => {
        /// Task of a network.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum Task {
            $($(#[$about])+ $name($options),)+
        }

        impl Task {
            /// Words of every task, in the order of the documentation.
            pub const KINDS: &[&TaskKind] = &[$(&$kind),+];

            /// Returns the words of the task.
            pub const fn kind(&self) -> &'static TaskKind {
                match self {
                    $(Self::$name(_) => &$kind,)+
                }
            }

            /// Returns the options of the task.
            pub fn options(&self) -> &dyn TaskOptions {
                match self {
                    $(Self::$name(options) => options,)+
                }
            }
        }

        /// Data that screens show of a task and its success.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum TaskView {
            $($(#[$about])+ $name($view),)+
        }

        impl TaskView {
            /// Returns the words of the task.
            pub const fn kind(&self) -> &'static TaskKind {
                match self {
                    $(Self::$name(_) => &$kind,)+
                }
            }

            /// Returns a view of every task, before anything is shown.
            #[cfg(test)]
            pub fn empty() -> Vec<Self> {
                vec![$(Self::$name(Default::default())),+]
            }
        }
    };
}

tasks! {
    /// The network reads words and predicts the next one.
    LanguageModel(lm::options::LanguageModelOptions, lm::view::LanguageView, lm::KIND),
    /// The network reads frames of an event camera and recognises the gesture.
    Gestures(dvs::options::GestureOptions, dvs::view::GestureView, dvs::KIND),
    /// The network's layers run over an array of inputs, row by row.
    Tensor(tensor::options::TensorOptions, tensor::view::TensorView, tensor::KIND),
    /// A spiking network runs on lists of spikes, or on recordings of an event camera.
    Spikes(spikes::options::SpikeOptions, spikes::view::SpikeView, spikes::KIND),
}
