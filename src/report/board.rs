//! Figures of a run for each chip and for the links between chips.

use serde::Serialize;

use crate::chip::board::Direction;
use crate::chip::clock::us;
use crate::chip::geometry::{ChipId, Pe};
use crate::session::Session;

/// A chip of the board.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChipUse {
    /// Number on the board.
    pub chip: usize,
    /// Column and row on the board.
    pub place: (u8, u8),
    /// PEs with a program.
    pub pes: usize,
    /// Bytes in use in their memories, all together.
    pub bytes: u64,
    /// Time that the PE that worked most did not wait, µs.
    pub time_us: f64,
}

/// A directed link between two chips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkUse {
    /// Index of the chip that the link leaves.
    pub from: usize,
    /// Index of the chip that the link enters.
    pub to: usize,
    /// Direction in which the link leaves its chip.
    pub direction: Direction,
    /// Number of packets that crossed it.
    pub packets: u64,
    /// Link packets of 96 bits that the packets took.
    pub link_packets: u64,
    /// Bytes of the packets' payloads.
    pub bytes: u64,
    /// Share of the run in which the link was busy, 0..=1.
    pub load: f64,
    /// Time that packets waited for the link, sum over packets, µs.
    pub waited_us: f64,
}

/// Returns the chips of a session.
pub fn chips(session: &Session) -> Vec<ChipUse> {
    let (program, state) = (session.program(), session.machine().state());
    let of = |chip: ChipId| {
        let used = || Pe::of(chip).filter_map(|pe| Some((pe, program.pe(pe)?)));
        ChipUse {
            chip: chip.index(),
            place: program.board.place(chip),
            pes: used().count(),
            bytes: used().map(|(_, loaded)| u64::from(loaded.bytes_used())).sum(),
            time_us: us(used().map(|(pe, _)| state.pes[pe.index()].count.busy).max().unwrap_or(0)),
        }
    };
    ChipId::all(program.chips()).map(of).collect()
}

/// Returns the links between the chips of a session; none on one chip.
pub fn links(session: &Session) -> Vec<LinkUse> {
    let state = session.machine().state();
    let links = session.program().board.links().iter().zip(&state.chip_links);
    let of = links.map(|(link, used)| LinkUse {
        from: link.from.index(),
        to: link.to.index(),
        direction: link.direction,
        packets: used.count.packets,
        link_packets: used.count.link_packets,
        bytes: used.count.bytes,
        load: used.count.load(state.tick),
        waited_us: us(used.count.waited),
    });
    of.collect()
}
