//! The terminal app without a terminal: its update function, its screens, its heat map, its command table.

mod commands;
mod common;
mod heat;
mod sample;
mod screens;
mod sizes;
mod update;
