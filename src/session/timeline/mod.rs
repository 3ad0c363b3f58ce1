//! Analysis of a time step's duration: the critical path through a recording, the waits of idle
//! PEs, and both in words.

pub mod idle;
pub mod path;
pub mod summary;
pub mod tape;
pub mod uses;

pub use idle::{Awaited, Idle, idle};
pub use path::{Doing, Segment, path};
pub use summary::{Bound, Summary};
pub use tape::Tape;
pub use uses::PathUses;
