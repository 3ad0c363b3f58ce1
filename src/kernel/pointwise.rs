//! `pointwise`: gates, cell state, threshold and event of a PE's units, from the sums in its SRAM.
//!
//! The arithmetic is [`crate::net::egru::pointwise`], the reference's own; here it is fed from SRAM bytes and its results
//! go back there. On the chip sigmoid and tanh come from the exp unit, which is good to 1–2 ulp (CHIP26): there the
//! silicon may differ from the emulator, which calls `libm`.

use serde::{Deserialize, Serialize};

use super::WORDS;
use crate::machine_sram_placeholder;
