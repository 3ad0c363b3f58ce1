//! Emulator of a SpiNNaker2 neuromorphic chip, transaction by transaction: SRAM bytes, packets, DMA, timers, and kernels whose
//! time comes from their instructions.
//!
//! A module imports only from lower floors (a test of the application holds this):
//!
//! | floor | module | what lives there |
//! |---|---|---|
//! | 4 | [`mapping`] | network × chip → programs and memory maps |
//! | 3 | [`machine`] | the emulated chip |
//! | 2 | [`kernel`], [`model`] | one file a kernel, on SRAM bytes; model files |
//! | 1 | [`net`], [`chip`], [`text`], [`mod@file`] | networks as mathematics; the hardware as facts; words and numbers for the eye; bounded reading |

pub mod chip;
pub mod file;
pub mod kernel;
pub mod machine;
pub mod mapping;
pub mod model;
pub mod net;
pub mod text;
