//! Language modelling: words in, next-word predictions out.

pub mod options;
