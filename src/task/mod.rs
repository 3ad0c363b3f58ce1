//! Tasks of networks: they feed a network and judge its answers. They know tokens and events, not
//! PEs.
//!
//! A task is a folder and a line in `registry`: [`TaskOptions`] are the scene's choices, [`Feed`]
//! the data loaded for it, [`TaskRun`] its state while the chip runs. All other modules know tasks
//! by these traits.

pub mod dvs;
pub mod facts;
pub mod figures;
pub mod lm;
pub mod log;
pub mod options;
mod registry;
pub mod spikes;
pub mod tensor;
mod work;

pub use options::{Files, InputNote, Kept, Loading, Problem, TaskOptions};
pub use registry::{Task, TaskView};
pub use work::{Feed, Judge, Judgement, Likeliest, Moment, SpikeCounts, SpikingFeed, TaskKind, TaskRun};
