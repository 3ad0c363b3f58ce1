//! Positions of the user in panels and overlays, as plain data that make up [`super::app::App`].

pub mod against;
pub mod asking;
pub mod attention;
pub mod fault;
pub mod gdb;
pub mod help;
pub mod here;
pub mod kept;
pub mod palette;
pub mod pe;
pub mod points;
pub mod presenter;
pub mod ran;
pub mod raster;
pub mod results;
pub mod search;
pub mod timeline;
