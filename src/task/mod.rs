//! What a network is for: tasks feed it and judge what it answers. They know tokens, not PEs.

pub mod lm;
