//! Transaction-level emulator of a SpiNNaker2 neuromorphic chip.
//!
//! It models SRAM bytes, packets, DMA and timers, and kernels whose time comes
//! from their instructions.
//!
//! # A network on the chip
//!
//! ```
//! use spinnaker2_emulator::Emulator;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let models = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
//! let mut chip = Emulator::load(&models.join("egru-lm-small"), 10)?; // 10 PEs a layer
//! let start = chip.checkpoint();
//! let y = chip.step(17)?; // one time step on word 17, packet by packet
//! println!("{:.1} µs, {} packets", chip.time_us(), chip.machine().state().sent);
//! let pe = chip.program().populations[0].pes[0];
//! println!("{pe} has received {} packets", chip.machine().state().pes[pe.index()].count.received);
//! chip.restore(&start); // back to the beginning: the same step gives the same bits
//! assert_eq!(chip.step(17)?, y);
//! # Ok(())
//! # }
//! ```
//!
//! [`Emulator`] is the short way in; [`machine::exec::Machine`] has events, faults, recordings and
//! all of the state. Other networks come in as a [`machine::program::Program`]: [`mapping::map`]
//! writes one for an EGRU, [`mapping::spiking::map`] for spiking populations.
//!
//! # Modules
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
mod emulator;
pub mod file;
pub mod kernel;
pub mod machine;
pub mod mapping;
pub mod model;
pub mod net;
mod parallel;
#[cfg(test)]
mod testing;
pub mod text;

pub use emulator::{EmbeddingRows, Emulator, EmulatorError, Stopped};
