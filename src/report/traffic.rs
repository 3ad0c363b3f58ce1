//! Traffic by source and destination, and statistics of the event router and the FIFOs.

use serde::Serialize;

use crate::chip::clock::Tick;
use crate::chip::clock::{ns, us};
use crate::chip::geometry::{QPE_COUNT, QpeId};
use crate::machine::broadcast::options::{Broadcast, OnFull};
use crate::machine::fifo::ENTRY_BYTES;
use crate::session::Session;

/// Packets delivered from PE to PE, completed steps only. Packets of the host are not among them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traffic {
    /// Names of the QPEs in the order of the rows and columns of `qpe_packets`.
    pub qpes: Vec<String>,
    /// Packets by source QPE (row) and destination QPE (column); a packet that four PEs take
    /// counts four times.
    pub qpe_packets: Vec<Vec<u64>>,
    /// Packets sent by each PE, in the order of `qpes`, four PEs each.
    pub from_pes: Vec<u64>,
    /// Packets received by each PE, in the order of `qpes`, four PEs each.
    pub to_pes: Vec<u64>,
}

/// The event router and the FIFOs, with `broadcast: Router`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Routed {
    /// Packets that the router took in.
    pub routed: u64,
    /// Copies that the router sent.
    pub copies: u64,
    /// Time that packets waited for the router's ports and engines, sum over packets, ns.
    pub router_waited_ns: f64,
    /// Rule for packets that meet a full FIFO.
    pub on_full: OnFull,
    /// Packets that a FIFO has room for.
    pub fifo_entries: u32,
    /// Largest number of packets in a FIFO at once, of all PEs.
    pub fifo_high_water: u32,
    /// PE with that FIFO, the first of several; `null` where no PE has a FIFO.
    pub fifo_fullest_pe: Option<String>,
    /// Packets lost because a FIFO was full, all PEs.
    pub fifo_dropped: u64,
    /// Packets in FIFOs lost to newer ones, all PEs.
    pub fifo_overwritten: u64,
    /// Time that packets waited at ports because a FIFO was full, sum over PEs, µs.
    pub fifo_stalled_us: f64,
}

/// Returns the traffic matrix of a session so far.
pub fn traffic(session: &Session) -> Traffic {
    let matrix = &session.machine().state().matrix;
    let program = session.program();
    let all = || 0..if matrix.tells_pes_apart() { program.pes.len() } else { 0 };
    let qpes = (0..program.chips() * QPE_COUNT).map(QpeId::from_index);
    Traffic {
        qpes: qpes.map(|qpe| qpe.to_string()).collect(),
        qpe_packets: matrix.qpes_total(),
        from_pes: all().map(|from| all().map(|to| matrix.total(from, to)).sum()).collect(),
        to_pes: all().map(|to| all().map(|from| matrix.total(from, to)).sum()).collect(),
    }
}

/// Returns the figures of router and FIFOs so far; `None` where nothing is routed.
pub fn routed(session: &Session) -> Option<Routed> {
    let (program, state) = (session.program(), session.machine().state());
    if program.delivery.broadcast != Broadcast::Router {
        return None;
    }
    let fifos =
        || program.places().map(|pe| (pe, &state.pes[pe.index()].fifo)).filter(|(_, fifo)| fifo.capacity > 0);
    let fullest = fifos().rev().max_by_key(|(_, fifo)| fifo.count.high_water);
    Some(Routed {
        routed: state.router.iter().map(|router| router.packets).sum(),
        copies: state.router.iter().map(|router| router.copies).sum(),
        router_waited_ns: ns(state.router.iter().map(|router| router.waited).sum::<Tick>() as f64),
        on_full: program.delivery.on_full,
        fifo_entries: program.pes.iter().flatten().map(|pe| pe.fifo.1 / ENTRY_BYTES).max().unwrap_or(0),
        fifo_high_water: fullest.map_or(0, |(_, fifo)| fifo.count.high_water),
        fifo_fullest_pe: fullest.map(|(pe, _)| pe.to_string()),
        fifo_dropped: fifos().map(|(_, fifo)| fifo.count.dropped).sum(),
        fifo_overwritten: fifos().map(|(_, fifo)| fifo.count.overwritten).sum(),
        fifo_stalled_us: us(fifos().map(|(_, fifo)| fifo.count.stalled).sum()),
    })
}
