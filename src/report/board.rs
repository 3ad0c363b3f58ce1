//! Figures of a run for each chip and for the links between chips.

use std::cmp::Reverse;
use std::fmt::Write as _;

use serde::Serialize;

use super::table::{Table, grouped};
use crate::chip::board::Direction;
use crate::chip::clock::us;
use crate::chip::geometry::{ChipId, Pe};
use crate::machine::program::Program;
use crate::mapping::edges::{Edge, Edges};
use crate::session::Session;

/// Pairs of chips that the text lists.
const EDGES: usize = 12;

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
    /// Packets that the mapping lets cross it in a time step, as in [`EdgeUse`].
    pub mapped_packets: u64,
    /// Bytes of their payloads.
    pub mapped_bytes: u64,
}

/// Traffic from one chip to another in a time step, as it follows from the mapping alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EdgeUse {
    /// Index of the chip whose PEs, or whose host, send.
    pub from: usize,
    /// Index of the chip whose PEs, or whose host, receive.
    pub to: usize,
    /// Links on the way.
    pub links: usize,
    /// Number of packets.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

/// Traffic between chips that a mapping leads to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MappedTraffic {
    /// Pairs of chips of which one sends something to the other; none on one chip.
    pub edges: Vec<EdgeUse>,
    /// Link packets that cross links in a time step, sum over all links.
    pub crossings: u64,
    /// Whether each time step has this traffic. Otherwise it is that of a time step in which each
    /// unit is active once.
    pub exact: bool,
}

impl MappedTraffic {
    /// Returns the traffic of a program.
    pub fn new(program: &Program) -> Self {
        let found = Edges::new(program);
        let edge = |edge: &Edge| EdgeUse {
            from: edge.from.index(),
            to: edge.to.index(),
            links: edge.links,
            packets: edge.count.packets,
            bytes: edge.count.bytes,
        };
        Self {
            edges: found.edges.iter().map(edge).collect(),
            crossings: found.crossings(),
            exact: found.exact,
        }
    }

    /// Writes pairs of chips with most traffic, and all of it; nothing on one chip.
    pub fn write(&self, out: &mut String) {
        let mut most: Vec<&EdgeUse> = self.edges.iter().collect();
        most.sort_by_key(|edge| (Reverse(edge.bytes), Reverse(edge.packets), edge.from, edge.to));
        if most.is_empty() {
            return;
        }
        let condition = if self.exact { "" } else { ", if each unit is active once" };
        let _ = write!(out, "\nBetween chips in a time step{condition}; packets cross links ");
        let _ = writeln!(out, "{} times 96 bits", grouped(self.crossings));
        let mut table = Table::new(&["from chip", "to", "links", "packets", "bytes"]);
        for edge in most.iter().take(EDGES) {
            let numbers = [edge.from, edge.to, edge.links].map(|number| number.to_string());
            let counts = [edge.packets, edge.bytes].map(grouped);
            table.row(numbers.into_iter().chain(counts).collect());
        }
        table.write(out);
        if let Some(left) = most.len().checked_sub(EDGES).filter(|left| *left > 0) {
            let _ = writeln!(out, "and {left} more pairs");
        }
    }
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
    let mapped = Edges::new(session.program()).links;
    let links = session.program().board.links().iter().zip(&state.chip_links).zip(mapped);
    let of = links.map(|((link, used), mapped)| LinkUse {
        from: link.from.index(),
        to: link.to.index(),
        direction: link.direction,
        packets: used.count.packets,
        link_packets: used.count.link_packets,
        bytes: used.count.bytes,
        load: used.count.load(state.tick),
        waited_us: us(used.count.waited),
        mapped_packets: mapped.packets,
        mapped_bytes: mapped.bytes,
    });
    of.collect()
}
