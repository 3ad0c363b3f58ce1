//! Conditions: a small language over what a session knows.
//!
//! [`Condition::new`] reads a text (`lex`, `parse`) and holds it against the [`names::Names`] of a
//! loaded scene (`check`, with [`table`]); whatever the text, the answer is a condition or an
//! [`ExprError`] at its bytes.

mod check;
pub mod complete;
mod error;
mod eval;
mod lex;
pub mod names;
mod parse;
mod places;
mod rows;
pub mod table;
pub mod unit;

pub use self::error::ExprError;
pub use self::eval::{Condition, Expression, Value};
pub use self::names::Names;
pub use self::parse::{MAX_LENGTH, Modifiers};
