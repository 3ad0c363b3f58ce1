//! Lessons: pages of text about a running experiment, each at its own moment of it.
//!
//! | file | what lives there |
//! |---|---|
//! | [`format`](mod@format) | what a lesson's file holds |
//! | [`load`] | which lessons there are; one of them read and checked |
//! | [`text`] | markup, values in braces, wrapping |
//! | [`course`] | a lesson being taken: from page to page and back |
//!
//! [`super::teaching`] has a lesson on screen and what its keys do, [`super::rehearsal`] runs a
//! whole one through.

pub mod course;
pub mod format;
pub mod load;
pub mod text;

pub use self::load::{Entry, Loaded, shipped};
