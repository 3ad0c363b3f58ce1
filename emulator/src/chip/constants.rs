//! Hardware numbers of the emulator, each with its unit, its source and the kind of evidence.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::board::BOARD_48;
use super::clock::{NOC_CYCLE, OperatingPoint, ROUTER_CYCLE, TICKS_PER_US, TIMER_COUNT};
use super::cortex_m4f::{EXCEPTION_ENTRY, EXCEPTION_EXIT};
use super::geometry;
use super::mac;
use super::power::{self, PowerModel};

/// Number of SRAM banks of a PE.
pub const SRAM_BANKS: usize = 4;
/// Bytes of one SRAM bank.
pub const SRAM_BANK_BYTES: usize = 32 * 1024;
/// Bytes of a PE's SRAM.
pub const SRAM_BYTES: usize = SRAM_BANKS * SRAM_BANK_BYTES;
/// PE cycles that the loser of an SRAM bank conflict waits.
///
/// Not published; one cycle is the least that a conflict can cost.
pub const BANK_CONFLICT_CYCLES: u32 = 1;
/// NoC cycles of one hop.
pub const NOC_CYCLES_PER_HOP: u32 = 5;
/// Largest payload of a NoC packet, bytes.
pub const NOC_PAYLOAD_BYTES: usize = 16;
/// Bytes that one DMA beat moves.
pub const DMA_BEAT_BYTES: usize = 16;
/// Number of DRAM interfaces.
pub const DRAM_PORTS: usize = 2;
/// Bytes of a chip's DRAM (LPDDR4, CHIP26).
pub const DRAM_BYTES: u64 = 0x8000_0000;
/// Bytes of DRAM behind one interface; addresses behind the second begin at 0x4000_0000.
pub const DRAM_PORT_BYTES: u64 = DRAM_BYTES / DRAM_PORTS as u64;
/// Bytes at the start of each interface's DRAM that are reserved.
pub const DRAM_RESERVED_BYTES: u64 = 1024;
/// Peak bandwidth of one DRAM interface, in bytes per µs (25.6 Gbit/s).
pub const DRAM_PORT_BYTES_PER_US: u32 = 3200;
/// Cycles of the exp unit besides its iterations.
///
/// The published figure is 7 to 22 cycles for 1 to 16 iterations.
pub const EXP_BASE_CYCLES: u32 = 6;
/// Fewest and most iterations of the exp unit.
pub const EXP_ITERATIONS: std::ops::RangeInclusive<u32> = 1..=16;

/// Ports of the event router to the NoC (CHIP26).
pub const ROUTER_PORTS: usize = 6;
/// Parallel routing engines of the event router (CHIP26).
pub const ROUTER_ENGINES: usize = 3;
/// Pipeline stages of a routing engine (CHIP26).
pub const ROUTER_STAGES: u64 = 4;
/// Bits of an event packet without its payload: 8 of header, 32 of key or address (CHIP26).
pub const EVENT_PACKET_BITS: u32 = 40;
/// Links of a chip to its neighbours (CHIP26).
pub const CHIP_LINKS: usize = 6;
/// Bits of a link packet (CHIP26).
pub const LINK_PACKET_BITS: u32 = 96;
/// Bits of the check sum in a link packet (CHIP26: CRC-12).
pub const LINK_CHECK_BITS: u32 = 12;
/// Link packets that a short-range link takes in 2 µs: 6 Gbit/s (CHIP26), 96 bits each.
pub const LINK_PACKETS_PER_2_US: u64 = 125;
/// Bytes of an entry in the event handler's FIFO: a word for the key, four for the payload.
///
/// Not published.
pub const FIFO_ENTRY_BYTES: u32 = 20;
/// Bytes of the PE's program, in whole packets.
///
/// The paper's memory budget has 17.9 KB, taken as KiB, the larger reading.
pub const PROGRAM_BYTES: u32 = 18_336;
/// Bytes of stack and heap (NESTML `qpe.ld`).
pub const STACK_BYTES: u32 = 4096;
/// First byte of stack and heap (NESTML `qpe.ld`).
pub const STACK_BASE: u32 = 0x1_F000;
/// Bytes of the debug log (the paper's memory budget).
pub const LOG_BYTES: u32 = 5120;
/// CoreMark iterations per second of all PEs at 150 and 300 MHz (CHIP26).
pub const COREMARK_PER_S: [u32; 2] = [65_968, 138_168];
/// CoreMark per MHz of a Cortex-M4 with zero-wait memory (Arm's figure, recalled).
pub const COREMARK_PER_MHZ_ZERO_WAIT: f64 = 3.4;

/// Returns the CoreMark of a PE per MHz.
pub const fn coremark_per_mhz(point: OperatingPoint) -> f64 {
    let per_s = match point {
        OperatingPoint::Mhz150 => COREMARK_PER_S[0],
        OperatingPoint::Mhz300 => COREMARK_PER_S[1],
    };
    per_s as f64 / geometry::PE_COUNT as f64 / point.mhz() as f64
}

/// Returns an upper bound of the time that a PE waits for its SRAM in CoreMark, in percent of the
/// time without waiting.
///
/// It is an upper bound because it includes differences between compilers. It has one decimal
/// because the CoreMark figures are no more precise.
pub const fn coremark_stall_percent(point: OperatingPoint) -> f64 {
    let percent = 100.0 * (COREMARK_PER_MHZ_ZERO_WAIT / coremark_per_mhz(point) - 1.0);
    ((10.0 * percent + 0.5) as u32) as f64 / 10.0
}

/// Kind of evidence for a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mark {
    /// Measured by this project on the chip; no number has this mark yet.
    Measured,
    /// Read in the primary source.
    Quoted,
    /// Quoted from a source that quotes the primary one.
    SecondHand,
    /// Computed from marked numbers.
    Derived,
    /// Recalled from a document that was not available for checking.
    Recalled,
    /// Concluded from a source that does not state it.
    Inferred,
    /// Found in no source: in most cases a parameter of the scene's `assume` block.
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
            Self::Inferred => "inferred",
            Self::NotPublished => "not published",
        })
    }
}

/// Hardware number with its unit, source and kind of evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// Name, unique in the table.
    pub name: &'static str,
    /// Value, or the range within which it is assumed.
    pub value: String,
    /// Unit of the value; empty for counts.
    pub unit: &'static str,
    /// Kind of evidence for the value.
    pub mark: Mark,
    /// Source of the value, or the reason for an assumption.
    pub source: &'static str,
}

/// Returns the numbers that no scene can change, in the order of the facts sheet.
///
/// [`crate::machine::assumed`] has the others.
pub fn all() -> Vec<Constant> {
    let mut table = chip();
    table.extend(pe());
    table.extend(pe_memory());
    table.extend(mac_array());
    table.extend(network());
    table.extend(router());
    table.extend(power());
    table.extend(assumed());
    table.extend(absent());
    table.extend(readings());
    table
}

const CHIP26: &str = "CHIP26 (DOI 10.1109/OJCAS.2026.3714974), read through a survey";
const PORTAL: &str = "SpiNNaker2 portal, read through a survey: 0x0-0x3FF, 0x40000000-0x400003FF";
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
        row("PEs of a QPE", geometry::PES_PER_QPE, "", Mark::SecondHand, CHIP26),
        row("PEs", geometry::PE_COUNT, "", Mark::Quoted, "CHIP26; SpiNNaker2 datasheet v0.03"),
        row("QPEs", geometry::QPE_COUNT, "", Mark::Quoted, SNNM),
        row("QPE grid", format!("{}×{}", geometry::GRID_X, geometry::GRID_Y), "", Mark::Quoted, SNNM),
        row(
            "positions without a QPE",
            positions(&[geometry::ROUTER_POSITIONS, geometry::UNDOCUMENTED_POSITIONS].concat()),
            "",
            Mark::Quoted,
            "SpiNNMachine; the event router lies in the first two, what lies in the others is not published",
        ),
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

/// Returns the parts of a PE's memory that no network can use, and the CoreMark figures, which
/// bound the time that a core waits for its memory.
fn pe_memory() -> Vec<Constant> {
    let paper = "arXiv:2312.09084, Table I";
    let per_mhz = |point| format!("{:.2}", coremark_per_mhz(point));
    let derived = "CoreMark a second / 152 PEs / MHz";
    vec![
        row(
            "program",
            PROGRAM_BYTES,
            "B",
            Mark::Derived,
            "17.9 KB (arXiv:2312.09084, Table I), whole packets",
        ),
        row("debug log", LOG_BYTES, "B", Mark::Quoted, paper),
        row("stack and heap", STACK_BYTES, "B", Mark::Quoted, "NESTML qpe.ld"),
        row("first byte of stack and heap", format!("{STACK_BASE:#07x}"), "", Mark::Quoted, "NESTML qpe.ld"),
        row("CoreMark at 150 MHz, all PEs", COREMARK_PER_S[0], "/s", Mark::SecondHand, CHIP26),
        row("CoreMark at 300 MHz, all PEs", COREMARK_PER_S[1], "/s", Mark::SecondHand, CHIP26),
        row("CoreMark of a PE at 150 MHz", per_mhz(OperatingPoint::Mhz150), "/MHz", Mark::Derived, derived),
        row("CoreMark of a PE at 300 MHz", per_mhz(OperatingPoint::Mhz300), "/MHz", Mark::Derived, derived),
        row(
            "CoreMark of a Cortex-M4 that never waits",
            COREMARK_PER_MHZ_ZERO_WAIT,
            "/MHz",
            Mark::Recalled,
            "Arm; bounds assume.sram_stall_percent",
        ),
    ]
}

/// Returns the numbers of the MAC array. Further costs of a run are fields of `assume`.
fn mac_array() -> Vec<Constant> {
    let [least, most] = mac::MAC_VECTOR_USE_PERCENT;
    let pj = |point| format!("{:.3}", power::mac_pj(point));
    let derived = "(chip with all MAC arrays at work − chip asleep) / MACs a second; core and SRAM included";
    let tops = "CHIP26; a TOP is two operations a MAC";
    vec![
        row("MAC array, rows", mac::MAC_ROWS, "", Mark::SecondHand, CHIP26),
        row("MAC array, columns", mac::MAC_COLUMNS, "", Mark::SecondHand, CHIP26),
        row("MAC array, bits of a sum", mac::MAC_SUM_BITS, "bit", Mark::SecondHand, CHIP26),
        row("MAC array, use in a matrix product", mac::MAC_USE_PERCENT, "%", Mark::SecondHand, CHIP26),
        row(
            "MAC array, use in fully connected layers",
            format!("{least}–{most}"),
            "%",
            Mark::SecondHand,
            "CHIP26: one of four rows",
        ),
        row("chip, MAC arrays at 150 MHz", power::CHIP_MAC_150_MW, "mW", Mark::SecondHand, CHIP26),
        row("chip, MAC arrays at 300 MHz", power::CHIP_MAC_300_MW, "mW", Mark::SecondHand, CHIP26),
        row("MAC arrays at 150 MHz", power::CHIP_MAC_150_TOPS, "TOPS", Mark::SecondHand, tops),
        row("MAC arrays at 300 MHz", power::CHIP_MAC_300_TOPS, "TOPS", Mark::SecondHand, tops),
        row("MAC at 0.5 V", pj(OperatingPoint::Mhz150), "pJ", Mark::Derived, derived),
        row("MAC at 0.8 V", pj(OperatingPoint::Mhz300), "pJ", Mark::Derived, derived),
    ]
}

fn positions(places: &[(u8, u8)]) -> String {
    places.iter().map(|(x, y)| format!("({x},{y})")).collect::<Vec<_>>().join(" ")
}

/// Returns the numbers of the event router and of the FIFOs that it fills.
fn router() -> Vec<Constant> {
    let floor = ROUTER_STAGES * ROUTER_CYCLE * 1000 / TICKS_PER_US;
    vec![
        row("event router ports", ROUTER_PORTS, "", Mark::SecondHand, CHIP26),
        row("event router engines", ROUTER_ENGINES, "", Mark::SecondHand, CHIP26),
        row("event router stages", ROUTER_STAGES, "router cycles", Mark::SecondHand, CHIP26),
        row(
            "event router latency, at least",
            floor,
            "ns",
            Mark::Derived,
            "four stages at 400 MHz; assume.router_latency_ns comes on top",
        ),
        row("chips of a board, at most", geometry::MAX_CHIPS, "", Mark::SecondHand, "48-chip board (AIDC)"),
        row(
            "rows of a 48-chip board",
            BOARD_48.map(|(_, chips)| chips.to_string()).join(" "),
            "chips",
            Mark::NotPublished,
            "the frame is 8 × 8; its 48 places taken as those of the first generation",
        ),
        row("event packet without payload", EVENT_PACKET_BITS, "bit", Mark::SecondHand, CHIP26),
        row("links of a chip", CHIP_LINKS, "", Mark::SecondHand, "hexagonal (CHIP26)"),
        row("link packet", LINK_PACKET_BITS, "bit", Mark::SecondHand, "check sum included (CHIP26)"),
        row("check sum of a link packet", LINK_CHECK_BITS, "bit", Mark::SecondHand, "CRC-12 (CHIP26)"),
        row(
            "link packets",
            LINK_PACKETS_PER_2_US as f64 / 2.0,
            "1/µs",
            Mark::Derived,
            "short range: 6 Gbit/s, 96 bits each (CHIP26)",
        ),
        row(
            "FIFO entry",
            FIFO_ENTRY_BYTES,
            "B",
            Mark::NotPublished,
            "a word for the key, four for the payload",
        ),
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
        row("DRAM", DRAM_BYTES, "B", Mark::SecondHand, "2 GB of LPDDR4 (CHIP26), taken as GiB"),
        row("DRAM behind a port", DRAM_PORT_BYTES, "B", Mark::Derived, "half; port 1 begins at 0x40000000"),
        row("DRAM reserved behind a port", DRAM_RESERVED_BYTES, "B", Mark::SecondHand, PORTAL),
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

/// Returns the numbers that no source gives and no scene can change.
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
            "MAC array at a sum of more bits",
            "wraps",
            "",
            Mark::NotPublished,
            "24 bits are kept (CHIP26); what the array does beyond is not said. Such sums are counted",
        ),
    ]
}

/// Returns the hardware that the emulator does not model, with the known facts about it.
fn absent() -> Vec<Constant> {
    let absent = |name, mark, source| row(name, "not modelled", "", mark, source);
    vec![
        absent(
            "convolutions of the MAC array",
            Mark::SecondHand,
            "it has a mode for them (CHIP26); here cores arrange their inputs for matrix products",
        ),
        absent(
            "random number generator of the chip",
            Mark::SecondHand,
            "beside those of the PEs, from which Poisson sources draw (CHIP26); no kernel uses it",
        ),
        absent("rounding unit", Mark::SecondHand, "3–4 cycles (CHIP26); no kernel uses it"),
        absent("configuration NoC", Mark::SecondHand, "32-bit flits at 100 MHz (CHIP26)"),
        absent(
            "DVFS of programs without ticks",
            Mark::NotPublished,
            "their operating point stays for a run; chip.dvfs is for ticks",
        ),
        absent(
            "management core and boot",
            Mark::SecondHand,
            "a Cortex-M4 at 100 MHz (CHIP26); a run begins with loaded PEs",
        ),
        absent(
            "Ethernet and host",
            Mark::SecondHand,
            "1 Gbit/s (CHIP26); assume.host_turnaround_us stands for them",
        ),
    ]
}

/// Returns the assumptions of `scenes/lm.ron` about the paper's program, fields of `mapping`.
fn readings() -> Vec<Constant> {
    vec![
        row(
            "kernel of the paper's program",
            "CsrRow",
            "",
            Mark::Inferred,
            "arXiv:2312.09084: CSR, by rows as Table I's 88.3 KB show; whether silent sources are passed over is not \
             said. `spinntui validate` runs every reading",
        ),
        row(
            "values that the paper's program sends",
            "Dense",
            "",
            Mark::Inferred,
            "arXiv:2312.09084: \"only the sparse output y is communicated\"; whether zeros are sent is not said",
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

    /// Returns the numeric constants of a file: name and value as written.
    fn written(path: &std::path::Path) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("pub const "));
        lines
            .filter_map(|line| {
                let (name, rest) = line.split_once(": ")?;
                let (kind, value) = rest.split_once(" = ")?;
                let number = ["u8", "u16", "u32", "u64", "usize", "f64", "Tick", "Cycles", "[", "std::ops"];
                let numeric = number.iter().any(|prefix| kind.starts_with(prefix)) && !kind.contains("str");
                let mut words = value.split(|c: char| !c.is_alphanumeric());
                let literal = words.any(|word| word.starts_with(|c: char| c.is_ascii_digit()));
                (numeric && literal).then(|| (name.to_owned(), value.to_owned()))
            })
            .collect()
    }

    fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(files(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
        found.sort();
        found
    }

    #[test]
    fn every_hardware_number_of_the_code_is_in_the_table() {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let own = std::fs::read_to_string(source.join("chip/constants.rs")).unwrap();
        let rows = own.split_once("fn row(").and_then(|(_, rows)| rows.split_once("#[cfg(test)]")).unwrap().0;
        let mut seen = 0;
        for path in files(&source.join("chip")) {
            for (name, value) in written(&path) {
                // A cost of zero is not a hardware number.
                if name == "ZERO" {
                    continue;
                }
                let word = |c: char| c.is_alphanumeric() || c == '_';
                let named = rows.match_indices(name.as_str()).any(|(at, found)| {
                    !rows[at + found.len()..].starts_with(word) && !rows[..at].ends_with(word)
                });
                assert!(named, "{name} = {value} ({}) is in no row", path.display());
                seen += 1;
            }
        }
        assert!(seen > 30, "only {seen} constants were found: has their form changed?");
    }

    #[test]
    fn numbers_outside_the_chip_module_are_the_emulators_own() {
        // Numbers of the emulator: page sizes, limits, thresholds, packet formats, arguments of
        // routines, groups of receivers, phases of a program.
        const OWN: [&str; 32] = [
            "ACCESS_CELLS",
            "BYTES",
            "EXP_OPERAND",
            "EXP_RESULT",
            "FAN_BYTES",
            "FULL",
            "HOST",
            "KEPT",
            "LINK_BYTES",
            "LINK_PACKET_PARTS",
            "MAX",
            "MAX_BATCH",
            "MAX_UNITS",
            "MESSAGE_BYTES",
            "MOST_BYTES",
            "MOST_INSTRUCTIONS",
            "NEURONS_A_PE",
            "NEXT",
            "OWN",
            "PAGE_BYTES",
            "PAGE_WORDS",
            "PACKET_VALUES",
            "PACKET_WORDS",
            "PAGES",
            "PARTS",
            "PIPELINED_BYTES",
            "POINTWISE_ARRAYS",
            "ROUTED_LAYERS",
            "SENDER_BYTES",
            "SRAM_WORDS",
            "STEPS",
            "UNEVEN",
        ];
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for folder in ["machine", "mapping", "kernel"] {
            for path in files(&source.join(folder)) {
                for (name, value) in written(&path) {
                    let own = OWN.contains(&name.as_str()) || value.contains("constants::");
                    assert!(
                        own,
                        "{name} = {value} ({}): a number of the chip belongs into chip::constants",
                        path.display()
                    );
                }
            }
        }
    }

    #[test]
    fn sram_is_128_kib() {
        assert_eq!(SRAM_BYTES, 131_072);
    }
}
