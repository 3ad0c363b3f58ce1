//! Transaction-level emulator of a SpiNNaker2 neuromorphic chip.
//!
//! It models SRAM bytes, packets, DMA and timers, and kernels whose time comes from their
//! instructions.
//!
//! A module imports only from lower floors, which a test of the application checks:
//!
//! | floor | module | what lives there |
//! |---|---|---|
//! | 4 | [`mapping`] | network × chip → programs and memory maps |
//! | 3 | [`machine`] | the emulated chip |
//! | 2 | [`kernel`], [`model`] | one file a kernel, on SRAM bytes; model files |
//! | 1 | [`net`], [`chip`], [`text`], [`mod@file`] | networks as mathematics; the hardware as facts; text and numbers for display; bounded reading |

pub mod chip;
pub mod file;
pub mod kernel;
pub mod machine;
pub mod mapping;
pub mod model;
pub mod net;
pub mod text;
