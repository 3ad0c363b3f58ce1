//! Options of the chip that users choose, and what they assume where nothing is published.

use std::fmt;

use crate::chip::place::PePlace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chip::board::Board;
use crate::chip::clock::OperatingPoint;
use crate::chip::constants::{DRAM_PORT_BYTES_PER_US, LINK_CHECK_BITS, LINK_PACKET_BITS};
use crate::chip::geometry::{ChipId, MAX_CHIPS, PE_COUNT, Pe, Qpe, QpeId};
use crate::chip::mac::{MAC_USE_PERCENT, MacUse};
use crate::net::Tanh;

/// Behaviour of a PE that has nothing to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Waiting {
    /// It reads a flag in a loop, and so draws active power (how much of it: `assume.polling`).
    #[default]
    Poll,
    /// It waits for an interrupt (WFI) and draws idle power only.
    Sleep,
}

impl Waiting {
    /// Returns the share of its active power that a waiting PE draws, where one that polls draws
    /// the share `polling`.
    pub fn active_share(self, polling: f64) -> f64 {
        match self {
            Self::Poll => polling,
            Self::Sleep => 0.0,
        }
    }
}

/// Rule by which a PE changes its operating point from tick to tick (dynamic voltage and
/// frequency scaling).
///
/// SpiNNaker2's software has such a rule: above `pl_threshold` packets in a tick, a PE takes the
/// level of twice the clock (N-MNIST demo of the NIR software; more than 30 packets there for
/// convolutions, 200 for `lif` neurons).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Dvfs {
    /// PEs stay at `operating_point`.
    #[default]
    Off,
    /// A PE that finds more packets than this in its FIFO computes the rest of the tick at 0.8 V
    /// and 300 MHz; at its end it returns to 0.5 V and 150 MHz. Only networks that run in ticks,
    /// with `operating_point: Mhz150`.
    Packets(u32),
}

impl Dvfs {
    /// Returns the number of packets above which a PE takes the fast level; `None` if
    /// it never does.
    pub fn threshold(self) -> Option<u32> {
        match self {
            Self::Off => None,
            Self::Packets(packets) => Some(packets),
        }
    }

    /// Returns `true` if PEs stay at their operating point.
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

/// Chips of a machine. Each has six links to its neighbours in a hexagonal grid: east, north-east,
/// north and back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum BoardKind {
    /// A single chip, without links.
    #[default]
    Single,
    /// A rectangle of chips: columns and rows, at most 48 chips.
    Chips(u8, u8),
    /// The 48 chips of a board, in a frame of 8 × 8.
    Board48,
}

impl BoardKind {
    /// Returns `true` for one chip.
    pub fn is_single(&self) -> bool {
        *self == Self::Single
    }

    /// Returns the places (x, y) of its chips.
    pub fn places(self) -> Vec<(u8, u8)> {
        match self {
            Self::Single => Board::rectangle(1, 1),
            Self::Chips(width, height) => Board::rectangle(width, height),
            Self::Board48 => Board::board_48(),
        }
    }

    /// Returns width and height of its frame.
    pub fn frame(self) -> (u8, u8) {
        match self {
            Self::Single => (1, 1),
            Self::Chips(width, height) => (width, height),
            Self::Board48 => (8, 8),
        }
    }

    /// Returns all boards of more than one chip, those with fewest chips first; of several with as
    /// many chips the one nearest to a square.
    fn all() -> Vec<Self> {
        let most = MAX_CHIPS as u8;
        let sizes = (1..=most).flat_map(|height| (height..=most / height).map(move |width| (width, height)));
        let sizes = sizes.flat_map(|(width, height)| [(width, height), (height, width)]);
        let mut boards: Vec<Self> = sizes.map(|(width, height)| Self::Chips(width, height)).collect();
        boards.retain(|board| *board != Self::Chips(1, 1));
        boards.push(Self::Board48);
        boards.sort_by_key(|board| {
            let (width, height) = board.frame();
            (board.places().len(), width.abs_diff(height))
        });
        boards
    }
}

impl fmt::Display for BoardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => f.write_str("Single"),
            Self::Chips(width, height) => write!(f, "Chips({width}, {height})"),
            Self::Board48 => f.write_str("Board48"),
        }
    }
}

/// Board, and the number of its chips that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeastBoard {
    /// Chips, and how they are joined.
    pub board: BoardKind,
    /// Number of chips, without missing ones.
    pub chips: usize,
}

impl LeastBoard {
    /// Returns the change of a scene that takes it, `take 4 chips: chip.board: Chips(2, 2)`.
    pub fn remedy(&self) -> String {
        format!("take {} chips: chip.board: {}", self.chips, self.board)
    }
}

/// The chip as the experiment uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChipOptions {
    /// Supply voltage and PE clock. Both points are published for the product chip.
    pub operating_point: OperatingPoint,
    /// Rule by which a PE changes its operating point from tick to tick.
    #[serde(skip_serializing_if = "Dvfs::is_off")]
    pub dvfs: Dvfs,
    /// Behaviour of a PE that has nothing to do. The paper does not say which.
    pub waiting: Waiting,
    /// PEs that the mapper must leave alone, as `(x, y, p)`: column 1 to 7, row 1 to 6, PE 0 to 3
    /// of that QPE; `(x, y, p, chip)` on another chip than the first. The public software keeps
    /// four PEs for itself; which four is not published.
    pub reserved: Vec<PePlace>,
    /// Chips, and how they are joined.
    #[serde(skip_serializing_if = "BoardKind::is_single")]
    pub board: BoardKind,
    /// Links lead over the edges of the board to the opposite ones. Sources disagree on whether
    /// boards are wired so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub board_wraps: bool,
    /// Chips of the board that are missing or do not work, as `(x, y)`; not the first one, (0, 0).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<(u8, u8)>,
    /// PEs that do not work, as `(x, y, p)`, or `(x, y, p, chip)` on another chip than the first,
    /// as boards have them. For the mapper they do not exist; reserved ones exist and stay idle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<PePlace>,
}

impl ChipOptions {
    /// Returns the PEs that the mapper cannot use: reserved ones, then broken ones that are
    /// not reserved too.
    pub fn withheld(&self) -> Vec<Pe> {
        let also = self.broken.iter().filter(|place| !self.reserved.contains(place));
        self.reserved.iter().chain(also).filter_map(|place| place.pe()).collect()
    }

    /// Returns whether a PE does not work.
    pub fn is_broken(&self, pe: Pe) -> bool {
        self.broken.contains(&pe.into())
    }

    /// Returns the board with the fewest chips on which `pes` PEs can be used, with the chips that
    /// are missing here missing there and the same PEs withheld; `None` if no board has as many.
    pub fn least_board(&self, pes: usize) -> Option<LeastBoard> {
        let there = |board: BoardKind| {
            let places = board.places();
            let all = self.missing.iter().all(|place| places.contains(place));
            let chips = places.iter().filter(|place| !self.missing.contains(place)).count();
            all.then_some(LeastBoard { board, chips })
        };
        let mut boards: Vec<LeastBoard> = BoardKind::all().into_iter().filter_map(there).collect();
        boards.retain(|least| pes + self.withheld().len() <= least.chips * PE_COUNT);
        // Stable: of as many chips the first is nearest to a square.
        boards.sort_by_key(|least| least.chips);
        boards.into_iter().find(|&LeastBoard { board, chips }| {
            let options = Self { board, ..self.clone() };
            let joined = options.chips();
            let reached = |to| to == ChipId::FIRST || !joined.way(ChipId::FIRST, to).is_empty();
            ChipId::all(chips).all(reached) && self.withheld().iter().all(|pe| pe.chip().index() < chips)
        })
    }

    /// Returns the chips that there are, and the links between them.
    pub fn chips(&self) -> Board {
        let mut places = self.board.places();
        places.retain(|place| *place == (0, 0) || !self.missing.contains(place));
        Board::new(places, self.board_wraps.then(|| self.board.frame()))
    }
}

/// Distribution of addresses over the four SRAM banks of a PE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum BankInterleave {
    /// Four contiguous blocks of 32 KiB.
    #[default]
    Block,
    /// Consecutive 128-bit words go round the banks. A word of 128 bits is what a NoC packet and a
    /// DMA beat bring, so a write holds one bank for a cycle here as with `Block`; 32-bit words
    /// would make every packet hold all four.
    Word,
}

/// Priority when the core and a write meet in an SRAM bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum BankPriority {
    /// The core; the write waits in the network interface.
    #[default]
    Core,
    /// The write; the core's operation ends a cycle later.
    Writes,
    /// The side that lost the last conflict in this bank; the first time the core.
    RoundRobin,
}

/// Numbers that no public source gives. Each is *not published*: the default is our assumption, and
/// results that hang on one say so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Assume {
    /// Cycles that a taken branch needs to refill the pipeline. ARM gives 1 to 3 for the
    /// Cortex-M4; the value for this chip is not published. Reports show the interval that follows
    /// from 1 to 3.
    #[schemars(range(min = 1, max = 3))]
    pub branch_refill: u8,
    /// Iterations of the exp/log unit for one exponential. It takes 6 cycles more than this: 7 to
    /// 22 cycles for 1 to 16 iterations are published; the number of iterations that the paper's
    /// program asks for is not, nor is the error of the unit at fewer than 16. Scenes therefore
    /// take 16 only: results are then those of the C library.
    #[schemars(range(min = 1, max = 16))]
    pub exp_iterations: u8,
    /// Share of the active power of a PE that a polling PE draws, 0 to 1. Not published.
    #[schemars(range(min = 0, max = 1))]
    pub polling: f64,
    /// PE cycles to set up one DMA transfer. Not published.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub dma_setup_cycles: u32,
    /// NoC cycles from one beat of 16 bytes to the next while a DMA engine reads or writes. Not
    /// published: 1 is the most that a link carries (CHIP26), 2 would follow if the port of a PE
    /// ran at 150 MHz.
    #[schemars(range(min = 1, max = 100))]
    pub dma_beat_noc_cycles: u8,
    /// Sustained rate of one DRAM interface, in bytes per µs. Not published: 3200 is the raw rate
    /// of 25.6 Gbit/s (CHIP26), which is the most that it can be. Beats of 16 bytes take whole
    /// ticks of 1/1200 µs, rounded up.
    #[schemars(range(min = 1, max = 3200))]
    pub dram_bytes_per_us: u32,
    /// Time that the core waits for its SRAM, in percent of the time without: wait states, and
    /// fetches of instructions that meet loads and stores in a bank. Not published, nor is what
    /// each of the two adds. The published CoreMark (2.89 for each MHz at 150 MHz, 3.03 at 300 MHz;
    /// CHIP26) against the 3.4 of a Cortex-M4 without wait states (recalled) leaves room for 0 to
    /// 17.5 %, or 12.2 %, differences between compilers included. Reports show the interval.
    #[schemars(range(min = 0, max = 200))]
    pub sram_stall_percent: f64,
    /// Time until the first byte of a DRAM access arrives, in nanoseconds. Not published.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub dram_latency_ns: f64,
    /// Time the host takes between the last output of one time step and the first input of the
    /// next, in microseconds. Not published; 0 leaves the host out of the chip's figures.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub host_turnaround_us: f64,
    /// Time that a PE stands still when `chip.dvfs` changes its operating point, in
    /// microseconds. Not published.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub dvfs_switch_us: f64,
    /// Energy of one packet over one link of the NoC, in picojoules. Not published; 0
    /// leaves it out.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub energy_per_hop_pj: f64,
    /// Energy of one byte read from or written to DRAM, in picojoules. Not published; 0
    /// leaves it out.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub energy_per_dram_byte_pj: f64,
    /// Share of its cycles in which an occupied unit of the MAC array multiplies, in percent, where
    /// it works on several vectors. 78 are published for a matrix product, less for convolutions;
    /// what a run of other sizes reaches is not.
    #[schemars(range(min = 1, max = 100))]
    pub mac_use_percent: f64,
    /// Such a share where the array works on one vector, which occupies one of its four rows.
    /// Published are 16 to 19 % of the whole array for fully connected layers, so 64 to 76 of that
    /// row; which layers reach which is not.
    #[schemars(range(min = 1, max = 100))]
    pub mac_vector_percent: f64,
    /// Energy of a unit of the MAC array that does not multiply while the array works, in percent
    /// of one that does. Not published; 100 is the most that it can be.
    #[schemars(range(min = 0, max = 100))]
    pub mac_idle_percent: f64,
    /// Distribution of addresses over a PE's four SRAM banks. Not published.
    pub bank_interleave: BankInterleave,
    /// Priority when the core and a write from the NoC or a DMA meet in a bank; the other
    /// waits a PE cycle. Not published. With `Core` the conflicts are counted and no time changes.
    pub bank_priority: BankPriority,
    /// Arithmetic of tanh, in the point-wise step and in GELU. On the chip it comes from the exp
    /// unit; the form that the paper's program takes is not published. `Libm` is the `tanhf` that
    /// the models' own code computes with. With `ExpUnit`, 1 − 2 / (1 + exp(2x)), last bits differ
    /// from it and are those of the machine code, as which these routines can run then. Times are
    /// the same.
    #[serde(skip_serializing_if = "Tanh::is_libm")]
    pub tanh: Tanh,
    /// Unaligned loads and stores, and divisions of whole numbers by 0, are faults of the PE, as if
    /// its software had set `UNALIGN_TRP` and `DIV_0_TRP` of the Cortex-M4. Not published. Without
    /// it, as at the core's reset, such accesses take more cycles and x/0 is 0; both are counted.
    /// It concerns routines that run as machine code.
    pub traps: bool,
    /// QPE `(x, y)` whose router the host interface is attached to. Its coordinates
    /// are not published.
    pub host_port: (u8, u8),
    /// QPEs `(x, y)` whose routers the two DRAM ports are attached to. Their coordinates
    /// are not published.
    pub dram_ports: [(u8, u8); 2],
    /// Bits of an event packet that fit into a link packet between chips, of its 96. The check sum
    /// takes 12 of them (CHIP26: CRC-12); how event packets are framed is not published.
    #[schemars(range(min = 1, max = 96))]
    pub link_payload_bits: u32,
    /// Latency that a link between chips adds to the 16 ns that each of its packets takes, in
    /// nanoseconds. Not published.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub link_latency_ns: f64,
    /// Latency of the event router beyond the 10 ns of its four pipeline stages, in
    /// nanoseconds. Not published.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub router_latency_ns: f64,
    /// QPEs `(x, y)` whose routers the six ports of the event router are attached to. Not
    /// published: the default is the six neighbours of the hole in the mesh that it fills. Each QPE
    /// uses the port with the fewest hops.
    pub router_ports: [(u8, u8); 6],
}

impl Assume {
    /// Returns the shares of its cycles in which an occupied unit of the MAC array multiplies.
    pub fn mac_use(&self) -> MacUse {
        MacUse { matrix: self.mac_use_percent, vector: self.mac_vector_percent }
    }

    /// Returns the QPE at whose router packets to and from the host leave and enter the mesh.
    pub fn host_qpe(&self) -> QpeId {
        let (x, y) = self.host_port;
        QpeId::on(ChipId::FIRST, Qpe::at(x, y).map_or(0, Qpe::index))
    }
}

impl Default for Assume {
    fn default() -> Self {
        Self {
            branch_refill: 2,
            exp_iterations: 16,
            polling: 1.0,
            dma_setup_cycles: 64,
            dma_beat_noc_cycles: 1,
            dram_bytes_per_us: DRAM_PORT_BYTES_PER_US,
            sram_stall_percent: 0.0,
            dram_latency_ns: 100.0,
            host_turnaround_us: 0.0,
            dvfs_switch_us: 0.0,
            energy_per_hop_pj: 0.0,
            energy_per_dram_byte_pj: 0.0,
            mac_use_percent: MAC_USE_PERCENT,
            mac_vector_percent: 70.0,
            mac_idle_percent: 100.0,
            bank_interleave: BankInterleave::Block,
            bank_priority: BankPriority::Core,
            tanh: Tanh::Libm,
            traps: false,
            host_port: (1, 1),
            dram_ports: [(1, 1), (7, 1)],
            link_payload_bits: LINK_PACKET_BITS - LINK_CHECK_BITS,
            link_latency_ns: 0.0,
            router_latency_ns: 0.0,
            router_ports: [(3, 3), (3, 4), (4, 2), (4, 5), (5, 3), (5, 4)],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the number of chips of a board on which `pes` PEs can be used; `None` if it has
    /// fewer, or cannot be.
    fn chips(options: &ChipOptions, board: BoardKind, pes: usize) -> Option<usize> {
        let options = ChipOptions { board, ..options.clone() };
        let joined = options.chips();
        let chips = joined.chips();
        let places = board.places();
        let there = options.missing.iter().all(|place| places.contains(place))
            && options.withheld().iter().all(|pe| pe.chip().index() < chips)
            && ChipId::all(chips).all(|to| to == ChipId::FIRST || !joined.way(ChipId::FIRST, to).is_empty());
        (there && pes + options.withheld().len() <= chips * PE_COUNT).then_some(chips)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_least_board_has_the_fewest_chips(
            pes in 153_usize..2000,
            missing in prop::collection::vec((0_u8..3, 0_u8..3), 0..3),
            broken in prop::collection::vec(0_usize..300, 0..6),
        ) {
            let missing: Vec<_> = missing.into_iter().filter(|place| *place != (0, 0)).collect();
            let mut broken: Vec<PePlace> = broken.into_iter().filter_map(Pe::from_index).map(PePlace::from).collect();
            broken.dedup();
            let options = ChipOptions { missing, broken, ..ChipOptions::default() };
            let found = options.least_board(pes);
            let all = BoardKind::all();
            // Boards of up to twenty chips are enough for these numbers.
            let all = all.into_iter().filter(|board| board.places().len() <= 20);
            let least = all.filter_map(|board| chips(&options, board, pes)).min();
            prop_assert_eq!(found.map(|found| found.chips), least);
            if let Some(found) = found {
                prop_assert_eq!(chips(&options, found.board, pes), Some(found.chips));
            }
        }
    }

    #[test]
    fn of_several_boards_the_one_nearest_to_a_square_is_named() {
        let least = |pes| ChipOptions::default().least_board(pes).map(|least| least.board.to_string());
        let boards = ["Chips(2, 1)", "Chips(2, 2)", "Chips(3, 2)", "Board48"];
        assert_eq!([200, 600, 900, 7296].map(least), boards.map(|board| Some(board.to_owned())));
        assert_eq!(least(7297), None);
    }
}
