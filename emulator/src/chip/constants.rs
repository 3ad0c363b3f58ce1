//! Every hardware number the emulator uses, with its unit, its source and how sure we are of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::clock::{NOC_CYCLE, OperatingPoint, ROUTER_CYCLE, TICKS_PER_US, TIMER_COUNT};
use super::cortex_m4f::{EXCEPTION_ENTRY, EXCEPTION_EXIT};
use super::geometry;
use super::power::{self, PowerModel};

/// SRAM banks of a PE.
pub const SRAM_BANKS: usize = 4;
/// Bytes of one SRAM bank.
pub const SRAM_BANK_BYTES: usize = 32 * 1024;
/// Bytes of a PE's SRAM.
pub const SRAM_BYTES: usize = SRAM_BANKS * SRAM_BANK_BYTES;
/// PE cycles that the loser of an SRAM bank conflict waits. Not published; the least that a conflict can cost.
pub const BANK_CONFLICT_CYCLES: u32 = 1;
/// NoC cycles of one hop.
pub const NOC_CYCLES_PER_HOP: u32 = 5;
/// Most payload bytes of a NoC packet.
pub const NOC_PAYLOAD_BYTES: usize = 16;
/// Bytes that one DMA beat moves.
pub const DMA_BEAT_BYTES: usize = 16;
/// DRAM interfaces.
pub const DRAM_PORTS: usize = 2;
/// Ceiling of one DRAM interface, in bytes per µs (25.6 Gbit/s).
pub const DRAM_PORT_BYTES_PER_US: u32 = 3200;
/// Cycles of the exp unit besides its iterations: 7 to 22 cycles are published for 1 to 16 iterations.
pub const EXP_BASE_CYCLES: u32 = 6;
/// Fewest and most iterations of the exp unit.
pub const EXP_ITERATIONS: std::ops::RangeInclusive<u32> = 1..=16;

/// How sure a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// Measured by us, on the chip itself. None is, yet.
    Measured,
    /// Read in the primary source itself.
    Quoted,
    /// Quoted from a source that had read the primary one.
    SecondHand,
    /// Computed from marked numbers.
    Derived,
    /// Remembered from a document that was not at hand.
    Recalled,
    /// In no source we could read: a parameter of the scene's `assume` block.
    NotPublished,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Measured => "measured",
            Self::Quoted => "quoted",
            Self::SecondHand => "second hand",
            Self::Derived => "derived",
            Self::Recalled => "recalled",
            Self::NotPublished => "not published",
        })
    }
}

/// One hardware number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// What it is.
    pub name: &'static str,
    /// Its value, or the range within which it is assumed.
    pub value: String,
    /// Unit of the value.
    pub unit: &'static str,
    /// How sure.
    pub mark: Mark,
    /// Where from.
    pub source: &'static str,
}

/// All that no scene can change, in the order of the facts sheet; [`crate::machine::assumed`] has the others.
pub fn all() -> Vec<Constant> {
    let mut table = chip();
    table.extend(pe());
    table.extend(network());
    table.extend(power());
    table.extend(assumed());
    table
}

const CHIP26: &str = "CHIP26 (DOI 10.1109/OJCAS.2026.3714974), read through a survey";
const SNNM: &str = "SpiNNMachine, version_spin2.py and vec2mesh.txt";
const ARM_LATENCY: &str = "Arm article 103489845, quoting the Cortex-M4 TRM";

fn row(
    name: &'static str,
    value: impl fmt::Display,
    unit: &'static str,
    mark: Mark,
    source: &'static str,
) -> Constant {
    Constant { name, value: format!("{value}"), unit, mark, source }
}

fn chip() -> Vec<Constant> {
    vec![
        row("PEs", geometry::PE_COUNT, "", Mark::Quoted, "CHIP26; SpiNNaker2 datasheet v0.03"),
        row("QPEs", geometry::QPE_COUNT, "", Mark::Quoted, SNNM),
        row("QPE grid", format!("{}×{}", geometry::GRID_X, geometry::GRID_Y), "", Mark::Quoted, SNNM),
        row("PE clock at 0.5 V", OperatingPoint::Mhz150.mhz(), "MHz", Mark::SecondHand, CHIP26),
        row("PE clock at 0.8 V", OperatingPoint::Mhz300.mhz(), "MHz", Mark::SecondHand, CHIP26),
        row("NoC clock", TICKS_PER_US / NOC_CYCLE, "MHz", Mark::SecondHand, CHIP26),
        row("event router clock", TICKS_PER_US / ROUTER_CYCLE, "MHz", Mark::SecondHand, CHIP26),
        row("PE timer", TICKS_PER_US / TIMER_COUNT, "MHz", Mark::SecondHand, CHIP26),
    ]
}

fn pe() -> Vec<Constant> {
    let range = |r: std::ops::RangeInclusive<u32>| format!("{}–{}", r.start(), r.end());
    vec![
        row("SRAM of a PE", SRAM_BYTES, "B", Mark::Quoted, "CHIP26; NESTML qpe.ld"),
        row("SRAM banks", SRAM_BANKS, "", Mark::SecondHand, CHIP26),
        row("SRAM bank", SRAM_BANK_BYTES, "B", Mark::Derived, "equal split of 128 KiB over four banks"),
        row(
            "exp unit besides iterations",
            EXP_BASE_CYCLES,
            "cycles",
            Mark::Derived,
            "7–22 cycles for 1–16 iterations (CHIP26)",
        ),
        row("exp unit iterations", range(EXP_ITERATIONS), "", Mark::SecondHand, CHIP26),
        row(
            "instruction timings",
            "table",
            "cycles",
            Mark::Quoted,
            "Arm DDI 0439D tables 3-1 and 7-1, section 3.3.2; row by row in chip::cortex_m4f",
        ),
        row("exception entry", EXCEPTION_ENTRY.fixed, "cycles", Mark::Quoted, ARM_LATENCY),
        row("exception exit", EXCEPTION_EXIT.fixed, "cycles", Mark::Quoted, ARM_LATENCY),
    ]
}

fn network() -> Vec<Constant> {
    vec![
        row("NoC hop", NOC_CYCLES_PER_HOP, "NoC cycles", Mark::SecondHand, "CHIP26 through one witness only"),
        row("NoC payload", NOC_PAYLOAD_BYTES, "B/packet", Mark::SecondHand, CHIP26),
        row(
            "DMA beat",
            DMA_BEAT_BYTES,
            "B",
            Mark::Derived,
            "16-byte alignment of the DMA API; one NoC payload",
        ),
        row("DRAM ports", DRAM_PORTS, "", Mark::Quoted, "CHIP26; SpiNNaker2 datasheet v0.03"),
        row(
            "DRAM port ceiling",
            DRAM_PORT_BYTES_PER_US,
            "B/µs",
            Mark::SecondHand,
            "25.6 Gbit/s raw (CHIP26)",
        ),
    ]
}

fn power() -> Vec<Constant> {
    let (low, high) = (PowerModel::at(OperatingPoint::Mhz150), PowerModel::at(OperatingPoint::Mhz300));
    let mw = |value: f64| format!("{value:.3}");
    let per_pe = "(chip − chip at rest) / 152 from the rows above";
    let one_witness = "CHIP26 through one witness only";
    vec![
        row("chip, PEs off", power::CHIP_OFF_MW, "mW", Mark::SecondHand, one_witness),
        row("chip, PEs asleep at 0.5 V", power::CHIP_ASLEEP_150_MW, "mW", Mark::SecondHand, one_witness),
        row("chip, CoreMark at 150 MHz", power::CHIP_COREMARK_150_MW, "mW", Mark::SecondHand, one_witness),
        row("chip, PEs asleep at 0.8 V", power::CHIP_ASLEEP_300_MW, "mW", Mark::SecondHand, one_witness),
        row("chip, CoreMark at 300 MHz", power::CHIP_COREMARK_300_MW, "mW", Mark::SecondHand, one_witness),
        row("PE asleep at 0.5 V", mw(low.pe_asleep_mw), "mW", Mark::Derived, per_pe),
        row("PE active, above asleep, at 150 MHz", mw(low.pe_active_mw), "mW", Mark::Derived, per_pe),
        row("PE asleep at 0.8 V", mw(high.pe_asleep_mw), "mW", Mark::Derived, per_pe),
        row("PE active, above asleep, at 300 MHz", mw(high.pe_active_mw), "mW", Mark::Derived, per_pe),
    ]
}

/// What no source gives and no scene can change.
fn assumed() -> Vec<Constant> {
    vec![
        row(
            "SRAM bank conflict",
            BANK_CONFLICT_CYCLES,
            "cycles",
            Mark::NotPublished,
            "for the loser; the least that a conflict can cost",
        ),
        row(
            "event router latency",
            "not modelled",
            "",
            Mark::NotPublished,
            "at least 10 ns: four stages at 400 MHz",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_row_has_a_source() {
        let table = all();
        for (i, a) in table.iter().enumerate() {
            assert!(!a.source.is_empty() && !a.value.is_empty(), "{}", a.name);
            assert!(table[..i].iter().all(|b| b.name != a.name), "{} twice", a.name);
        }
    }

    #[test]
    fn sram_is_128_kib() {
        assert_eq!(SRAM_BYTES, 131_072);
    }
}
