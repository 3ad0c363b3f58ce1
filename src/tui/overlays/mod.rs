//! Overlays over the panels, and the screens shown before the first experiment.

pub mod asking;
pub mod constants;
pub mod fault;
pub mod help;
pub mod loading;
pub mod message;
pub mod palette;
pub mod points;
pub mod results;
pub mod search;
