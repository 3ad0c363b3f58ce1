//! Integration tests that need no terminal, in one binary.
//!
//! Each file is a module, so `cargo test --test it report::` runs one.

#[path = "../common/mod.rs"]
mod common;

mod against;
mod architecture;
mod assignments;
mod banks;
mod board;
mod broadcast;
mod calibrate;
mod cli;
mod code;
mod compare;
mod conditions;
mod counts;
mod digits;
mod dram;
mod dvfs;
mod energy;
mod escapes;
mod events;
mod exactness;
mod export;
mod findings;
mod fuzz_seeds;
mod gdb;
mod gestures;
mod golden;
mod golden_gestures;
mod golden_model;
mod golden_perplexity;
mod golden_reports;
mod here;
mod history;
mod inputs;
mod kernel_listings;
mod labels;
mod lessons;
mod nir;
mod outputs;
mod peek;
mod pipeline;
mod record;
mod recordings;
mod report;
mod scene;
mod scene_docs;
mod screenshot;
mod slurm;
mod spike_lists;
mod spike_options;
mod spiking;
mod spiking_views;
mod steps;
mod stories;
mod sweep;
mod ticks;
mod timetable;
mod trace;
mod tune;
mod tutorial;
mod validate;
mod verify;
mod ways;
