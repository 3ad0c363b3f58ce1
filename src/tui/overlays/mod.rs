//! What lies over the panels, and what is there before them.

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
