//! Analysis of a time step's duration: the critical path through a recording, the waits of idle
//! PEs, and both in words.

pub mod idle;
pub mod path;
pub mod step_history;
pub mod summary;
pub mod uses;

pub use idle::{Awaited, Idle, idle};
pub use path::{PathActivity, Segment, path};
pub use step_history::StepHistory;
pub use summary::{Bound, Summary};
pub use uses::PathUses;
