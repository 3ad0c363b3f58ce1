//! What a network is for: tasks feed it and judge what it answers. They know tokens and events, not PEs.

pub mod dvs;
pub mod lm;
pub mod log;
pub mod npy;
pub mod tensor;
