//! Injected faults: bits flipped, packets lost, PEs and links that die.

mod lasting;

use crate::chip::place::PePlace;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::broadcast::options::Broadcast;
use super::exec::Machine;
use super::program::{Program, RegionKind};
use super::routes::ROUTES;
use super::sram::{SRAM_BYTES, Stuck};
use crate::chip::board::{Board, ChipLink, LinkId};
use crate::chip::clock;
use crate::chip::geometry::{Pe, Qpe};
use crate::text::several;
pub(super) use lasting::Fate;
pub use lasting::{DeadChipLink, DeadLink, Faults};

/// Fault to inject.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// A bit of a PE's SRAM changes, once.
    FlipBit {
        /// The PE, as `(x, y, p)`.
        pe: PePlace,
        /// Byte address, 0 to 131071.
        address: u32,
        /// Bit of that byte, 0 to 7.
        bit: u8,
    },
    /// A bit of a PE's SRAM stays what it is, whatever is written.
    StickBit {
        /// The PE, as `(x, y, p)`.
        pe: PePlace,
        /// Byte address, 0 to 131071.
        address: u32,
        /// Bit of that byte, 0 to 7.
        bit: u8,
        /// Value that the bit keeps, 0 or 1.
        value: u8,
    },
    /// A PE's core halts. Its memory goes on taking packets.
    KillPe {
        /// The PE, as `(x, y, p)`.
        pe: PePlace,
    },
    /// The next packets that a PE sends never arrive.
    DropPackets {
        /// The sender, as `(x, y, p)`.
        pe: PePlace,
        /// Number of packets.
        packets: u32,
    },
    /// The next packets that a PE sends arrive later.
    DelayPackets {
        /// The sender, as `(x, y, p)`.
        pe: PePlace,
        /// Number of packets.
        packets: u32,
        /// Delay of each packet, µs.
        us: f64,
    },
    /// The next packets of y that a PE sends to other PEs are written to another address there.
    DivertPackets {
        /// The sender, as `(x, y, p)`.
        pe: PePlace,
        /// Number of packets.
        packets: u32,
        /// Byte address that they are written to, a multiple of 16.
        address: u32,
    },
    /// A link of the mesh goes dead, in one direction: packets and beats of rows that reach it are
    /// lost, and nothing is sent around it.
    KillLink {
        /// The QPE that the link leaves, as `(x, y)`.
        from: (u8, u8),
        /// The neighbouring QPE that it enters, as `(x, y)`.
        to: (u8, u8),
    },
    /// A link between two chips goes dead, in one direction: packets that would cross it are lost,
    /// and nothing is sent around it.
    KillChipLink {
        /// Place of the chip that the link leaves, as `(x, y)` on the board.
        from: (u8, u8),
        /// Place of the neighbouring chip that it enters, as `(x, y)`.
        to: (u8, u8),
    },
    /// A chip of a board fails: its cores halt, and all links to it and from it are dead.
    KillChip {
        /// Place of the chip on the board, as `(x, y)`.
        chip: (u8, u8),
    },
}

/// Moment at which a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum FaultTime {
    /// After this number of handled events of the machine's queue.
    Event(u64),
    /// After this number of complete time steps: `Step(0)` is before the first.
    Step(u64),
    /// Before the first event at or after this chip time, µs.
    TimeUs(f64),
}

/// A fault and when it happens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedFault {
    /// Moment at which the fault happens.
    pub at: FaultTime,
    /// Fault that happens, with its place.
    pub fault: Fault,
}

/// Reason why a fault cannot be injected.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum FaultError {
    /// There is no such PE.
    #[error("there is no PE {0:#}: columns 1 to 7, rows 1 to 6, four PEs in each QPE that is not a hole")]
    NoPe(PePlace),
    /// The PE has no program.
    #[error("{0} has no program, so the fault would have no effect; `spinntui check` lists the PEs in use")]
    Unused(Pe),
    /// The address is not in SRAM, or not one that a packet can have.
    #[error("invalid address {0}: expected 0 to 131071, for packets a multiple of 16")]
    Address(u32),
    /// The bit is not one of the eight of a byte, or its value is not 0 or 1.
    #[error("invalid bit: expected 0 to 7 of a byte, stuck at 0 or 1")]
    Bit,
    /// The number of packets is 0, or the delay is not between 0 and 10⁹ µs, both exclusive.
    #[error("the fault changes nothing: expected at least one packet, or a delay above 0 and below 10⁹ µs")]
    Nothing,
    /// The time is negative or not finite.
    #[error("invalid time {0} µs: expected a number from 0 on")]
    Time(f64),
    /// Packets that go through the event router carry no address.
    #[error("with `broadcast: Router` packets go into FIFOs and have no address that could change")]
    Routed,
    /// No link joins the two places.
    #[error("there is no link from ({}, {}) to ({}, {}): links join neighbouring QPEs, (2, 1) to (3, 1) for example", .from.0, .from.1, .to.0, .to.1)]
    NoLink {
        /// Place that the link would leave.
        from: (u8, u8),
        /// Place that it would enter.
        to: (u8, u8),
    },
    /// No chip is at the place.
    #[error("there is no chip at ({}, {}): {}", .place.0, .place.1, chips_in_words(*.chips))]
    NoChip {
        /// Place that was asked for, (x, y).
        place: (u8, u8),
        /// Number of chips that there are.
        chips: usize,
    },
    /// No link joins two chips.
    #[error("there is no link from chip ({}, {}) to chip ({}, {}): {}", .from.0, .from.1, .to.0, .to.1, links_in_words(*.chips))]
    NoChipLink {
        /// Place of the chip that the link would leave.
        from: (u8, u8),
        /// Place of the chip that it would enter.
        to: (u8, u8),
        /// Number of chips that there are.
        chips: usize,
    },
}

fn chips_in_words(chips: usize) -> String {
    match chips {
        0 | 1 => "this chip is (0, 0), and alone; `chip.board: Chips(2, 1)` has two".to_owned(),
        n => format!("`chip.board` and `chip.missing` of the scene say where the {n} chips are"),
    }
}

fn links_in_words(chips: usize) -> String {
    match chips {
        0 | 1 => "this chip is alone; `chip.board: Chips(2, 1)` has two".to_owned(),
        _ => "links join neighbours, (0, 0) to (1, 0), (0, 1) or (1, 1) for example, and back".to_owned(),
    }
}

impl PlannedFault {
    /// Checks that it can happen and that something would come of it.
    pub fn check(&self, program: &Program) -> Result<(), FaultError> {
        match self.at {
            FaultTime::TimeUs(time) if !(time >= 0.0 && time.is_finite()) => Err(FaultError::Time(time)),
            _ => self.fault.check(program),
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.place_name();
        let packets = |count: &u32| match count {
            1 => "the next packet".to_owned(),
            n => format!("the next {}", several(u64::from(*n), "packet")),
        };
        match self {
            Self::FlipBit { address, bit, .. } => write!(f, "bit {bit} of {address:#07x} in {place} flipped"),
            Self::StickBit { address, bit, value, .. } => {
                write!(f, "bit {bit} of {address:#07x} in {place} stuck at {value}")
            }
            Self::KillPe { .. } => write!(f, "{place} halted"),
            Self::DropPackets { packets: n, .. } => write!(f, "{} from {place} lost", packets(n)),
            Self::DelayPackets { packets: n, us, .. } => {
                write!(f, "{} from {place} {us} µs late", packets(n))
            }
            Self::DivertPackets { packets: n, address, .. } => {
                write!(f, "{} from {place} diverted to {address:#07x}", packets(n))
            }
            Self::KillLink { .. } | Self::KillChipLink { .. } => write!(f, "the link from {place} dead"),
            Self::KillChip { .. } => write!(f, "{place} dead"),
        }
    }
}

impl Fault {
    /// Returns the PE that the fault is of; `None` for a link or a chip, and if its coordinates
    /// are those of no PE.
    pub fn pe(&self) -> Option<Pe> {
        self.place()?.pe()
    }

    /// Returns the coordinates of the PE, as a scene gives them; `None` for a link or a chip.
    pub const fn place(&self) -> Option<PePlace> {
        match *self {
            Self::FlipBit { pe, .. }
            | Self::StickBit { pe, .. }
            | Self::KillPe { pe }
            | Self::DropPackets { pe, .. }
            | Self::DelayPackets { pe, .. }
            | Self::DivertPackets { pe, .. } => Some(pe),
            Self::KillLink { .. } | Self::KillChipLink { .. } | Self::KillChip { .. } => None,
        }
    }

    /// Returns the name of the PE, link or chip: `PE(1,4,0)`, `QPE(1,1) to QPE(2,1)`.
    pub fn place_name(&self) -> String {
        match (*self, self.place()) {
            (Self::KillLink { from, to }, _) => {
                format!("QPE({},{}) to QPE({},{})", from.0, from.1, to.0, to.1)
            }
            (Self::KillChipLink { from, to }, _) => {
                format!("chip ({},{}) to chip ({},{})", from.0, from.1, to.0, to.1)
            }
            (Self::KillChip { chip }, _) => format!("chip ({},{})", chip.0, chip.1),
            (_, place) => place.and_then(PePlace::pe).map_or_else(|| "no PE".to_owned(), |pe| pe.to_string()),
        }
    }

    /// Returns why the fault changes nothing that is computed, for bits of bytes
    /// that nothing reads.
    pub fn without_effect(&self, program: &Program) -> Option<&'static str> {
        let (Self::FlipBit { address, .. } | Self::StickBit { address, .. }) = *self else { return None };
        let loaded = program.pe(self.pe()?)?;
        let (regions, runs_code) = (&loaded.regions, loaded.runs_code());
        let region = regions.iter().find(|region| (region.start..region.end).contains(&address));
        match region.map(|region| region.kind) {
            None => Some("the byte is free"),
            Some(RegionKind::Program | RegionKind::Stack) if runs_code => None,
            Some(RegionKind::Program) => Some(
                "at level native cores compute what the listings of the kernels say, not these instructions",
            ),
            Some(RegionKind::Stack) => Some("stack and heap are not modelled"),
            Some(RegionKind::Log) => Some("the program writes its debug log and never reads it"),
            Some(RegionKind::Weights | RegionKind::Buffer | RegionKind::State) => None,
        }
    }

    /// Returns `true` if the fault itself writes to one of these bytes of a PE.
    pub fn touches(&self, pe: Pe, bytes: &Range<u32>) -> bool {
        match *self {
            Self::FlipBit { address, .. } | Self::StickBit { address, .. } => {
                self.pe() == Some(pe) && bytes.contains(&address)
            }
            _ => false,
        }
    }

    /// Checks that something would come of it on a chip with this program.
    ///
    /// # Errors
    ///
    /// Fails with the argument that is out of range.
    pub fn check(&self, program: &Program) -> Result<(), FaultError> {
        let Some(place) = self.place() else { return self.check_links(&program.board) };
        let pe = self.pe().ok_or(FaultError::NoPe(place))?;
        if program.pe(pe).is_none() {
            return Err(FaultError::Unused(pe));
        }
        match *self {
            Self::FlipBit { address, bit, .. } | Self::StickBit { address, bit, .. } => {
                if address >= SRAM_BYTES {
                    return Err(FaultError::Address(address));
                }
                if bit > 7 || matches!(self, Self::StickBit { value: 2.., .. }) {
                    return Err(FaultError::Bit);
                }
            }
            Self::KillPe { .. }
            | Self::KillLink { .. }
            | Self::KillChipLink { .. }
            | Self::KillChip { .. } => {}
            Self::DropPackets { packets, .. } => at_least_one(packets)?,
            Self::DelayPackets { packets, us, .. } => {
                at_least_one(packets)?;
                if !(us > 0.0 && us < 1e9) {
                    return Err(FaultError::Nothing);
                }
            }
            Self::DivertPackets { packets, address, .. } => {
                at_least_one(packets)?;
                if address >= SRAM_BYTES || !address.is_multiple_of(16) {
                    return Err(FaultError::Address(address));
                }
                if program.delivery.broadcast == Broadcast::Router {
                    return Err(FaultError::Routed);
                }
            }
        }
        Ok(())
    }

    fn check_links(&self, board: &Board) -> Result<(), FaultError> {
        self.link()?;
        self.chip_links(board).map(drop)
    }

    /// Returns the links between chips that die; none for other faults.
    fn chip_links(&self, board: &Board) -> Result<Vec<LinkId>, FaultError> {
        let chips = board.chips();
        let links = || (0..).map(LinkId).zip(board.links());
        match *self {
            Self::KillChipLink { from, to } => {
                let ends = board.chip_at(from).zip(board.chip_at(to));
                let joins = |link: &ChipLink| ends == Some((link.from, link.to));
                let found: Vec<LinkId> =
                    links().filter(|(_, link)| joins(link)).map(|(number, _)| number).collect();
                if found.is_empty() { Err(FaultError::NoChipLink { from, to, chips }) } else { Ok(found) }
            }
            Self::KillChip { chip: place } => {
                let chip = board.chip_at(place).ok_or(FaultError::NoChip { place, chips })?;
                let of = |link: &ChipLink| link.from == chip || link.to == chip;
                Ok(links().filter(|(_, link)| of(link)).map(|(number, _)| number).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Returns the number of the link that dies; `None` for other faults.
    fn link(&self) -> Result<Option<u8>, FaultError> {
        let Self::KillLink { from, to } = *self else { return Ok(None) };
        let qpes = Qpe::at(from.0, from.1).zip(Qpe::at(to.0, to.1));
        let link = qpes.and_then(|(from, to)| ROUTES.link(from, to));
        link.map(Some).ok_or(FaultError::NoLink { from, to })
    }
}

fn at_least_one(packets: u32) -> Result<(), FaultError> {
    if packets == 0 { Err(FaultError::Nothing) } else { Ok(()) }
}

impl Machine {
    /// Injects a fault now.
    ///
    /// # Errors
    ///
    /// Fails as [`Fault::check`] does.
    pub fn inject_fault(&mut self, fault: &Fault) -> Result<(), FaultError> {
        fault.check(&self.program)?;
        if let Some(link) = fault.link()? {
            if self.state.faults.kill_link(link) {
                self.state.noc.kill(link);
            }
            return Ok(());
        }
        for link in fault.chip_links(&self.program.board)? {
            self.state.faults.kill_chip_link(link);
        }
        if let Fault::KillChip { chip } = *fault
            && let Some(chip) = self.program.board.chip_at(chip)
        {
            for pe in Pe::of(chip).filter(|&pe| self.program.pe(pe).is_some()) {
                self.state.faults.halt(pe);
            }
        }
        let Some(pe) = fault.pe() else { return Ok(()) };
        let faults = &mut self.state.faults;
        match *fault {
            Fault::FlipBit { address, bit, .. } => self.flip_bit(pe, address, bit),
            Fault::StickBit { address, bit, value, .. } => {
                faults.stuck.push((pe, Stuck::new(address, bit, value > 0)));
                let stuck = faults.stuck(pe);
                self.state.pes[pe.index()].sram.stick(stuck);
            }
            Fault::KillPe { .. } => faults.halt(pe),
            Fault::DropPackets { packets, .. } => faults.packets.push((pe, packets, Fate::Lost)),
            Fault::DelayPackets { packets, us, .. } => {
                let ticks = clock::from_us(us);
                faults.packets.push((pe, packets, Fate::Late(ticks)));
            }
            Fault::DivertPackets { packets, address, .. } => {
                faults.packets.push((pe, packets, Fate::Astray(address)));
            }
            Fault::KillLink { .. } | Fault::KillChipLink { .. } | Fault::KillChip { .. } => {}
        }
        Ok(())
    }
}
