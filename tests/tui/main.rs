//! The terminal app without a terminal: its update function, its screens, its heat map,
//! its command table.

// Helpers of tests are no tests to clippy, and may fail like them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attention;
mod commands;
mod common;
mod config;
mod heat;
mod lesson;
mod looks;
mod mouse;
mod palette;
mod pe;
mod picker;
mod pins;
mod points;
mod results;
mod sample;
mod screens;
mod search;
mod sizes;
mod text;
mod update;
