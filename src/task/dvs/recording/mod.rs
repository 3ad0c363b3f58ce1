//! Recordings of event cameras as files.

pub mod aedat31;
