//! Breakpoints, watchpoints and tracepoints: conditions that stop a run, or say when they hold.

pub mod doc;
pub mod expr;
pub mod facts;
pub mod points;

pub use self::expr::{Condition, ExprError, Names};
pub use self::points::{Hit, Point, PointCommand, PointKind, PointSpec, Points, step_text};
