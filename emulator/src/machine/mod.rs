//! The emulator: a chip loaded with a [`program::Program`], advanced event by event.
//!
//! The machine knows programs and bytes, not what a network computes. All that changes
//! is in [`state::State`].

pub mod arrivals;
pub mod assumed;
pub mod banks;
pub mod board;
pub mod broadcast;
pub mod buffers;
pub mod checkpoint;
pub mod code;
pub mod costs;
pub mod dma;
pub mod dram;
pub mod exec;
pub mod fault;
pub mod fifo;
mod hash;
mod host;
pub mod images;
mod landing;
mod lean;
pub mod legend;
pub mod matrix;
pub mod noc;
pub mod operate;
pub mod options;
pub mod pages;
pub mod probe;
pub mod program;
pub mod queue;
pub mod record;
pub mod routes;
pub mod routine;
pub mod sram;
pub mod state;
pub mod stop;
pub mod timer;
pub mod timetable;
mod transit;
pub mod watch;
