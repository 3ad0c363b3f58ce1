//! spinntui: an interactive explorer and debugger for an emulated SpiNNaker2 neuromorphic chip.
//!
//! The library has nine floors; a module imports only from lower ones, which a test checks. Floors
//! 1 to 4, [`task`] and [`output`] aside, are the emulator, a crate of its own in `emulator/`; what
//! gestures are read from ([`task::dvs`]) is another, in `inputs/`, and so is the reader of NIR
//! files, in `nir/`:
//!
//! | floor | module | what lives there |
//! |---|---|---|
//! | 9 | [`cli`] | one file a verb |
//! | 8 | [`sweep`] | many runs: plans, points, workers, results |
//! | 7 | [`assignment`] | goals that an answer meets or not |
//! | 7 | [`tui`], [`report`] | the faces: terminal app; JSON and text |
//! | 6 | [`session`] | one experiment: build from a scene, step, run, snapshots, the engine thread |
//! | 5 | [`scene`] | the RON files users write |
//! | 4 | [`mapping`], [`task`] | network × chip → programs and memory maps; what the network is for |
//! | 3 | [`machine`] | the emulated chip |
//! | 2 | [`kernel`], [`model`] | one file a kernel, on SRAM bytes; model files |
//! | 2 | [`output`] | answers and files, written whole |
//! | 1 | [`net`], [`chip`], [`text`], [`mod@file`] | networks as mathematics; the hardware as facts; text and numbers for display; bounded reading |
//!
//! `ARCHITECTURE.md` says how they fit together and where to add what.

// The emulator is a crate of its own (`emulator/`); its modules go by the same names here.
pub use spinnaker2_emulator::{chip, file, kernel, machine, mapping, model, net, text};

pub mod assignment;
pub mod cli;
pub mod gdb;
pub mod output;
pub mod report;
pub mod scene;
pub mod session;
pub mod sweep;
pub mod task;
pub mod tui;
