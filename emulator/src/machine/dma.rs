//! DMA from DRAM: 16-byte beats through one of two ports.

use super::options::Assume;
use super::program::Program;
use super::record::FetchSpan;
use super::state::State;
use crate::chip::clock::{self, NOC_CYCLE, TICKS_PER_US, Tick};
use crate::chip::constants::DMA_BEAT_BYTES;
use crate::chip::geometry::{Pe, Qpe};

/// Ticks between the beats of one DRAM port: 16 bytes at the default rate of 3.2 GB/s are 5 ns, 6 ticks.
///
/// The slower of the interface (`assume.dram_bytes_per_us`) and the DMA engine that reads sets the pace.
pub fn dram_beat(assume: &Assume) -> Tick {
    let ticks = DMA_BEAT_BYTES as Tick * TICKS_PER_US;
    ticks.div_ceil(Tick::from(assume.dram_bytes_per_us.max(1))).max(dma_beat(assume))
}

/// Ticks between the beats of a DMA engine (`assume.dma_beat_noc_cycles`).
pub fn dma_beat(assume: &Assume) -> Tick {
    Tick::from(assume.dma_beat_noc_cycles.max(1)) * NOC_CYCLE
}

/// Beats of the DMA that reads a row of `width` singles from DRAM.
pub fn row_beats(width: usize) -> u32 {
    (4 * width as u32).div_ceil(DMA_BEAT_BYTES as u32)
}

/// Lets a PE fetch its input row, requested at tick `at`; returns how it goes, until the last beat is written.
///
/// Both interfaces hold the table: PEs with an even number in their QPE read from port 0, the others from port 1, which
/// shares the load whatever the placement. A port serves requests in the order in which they are made. Where the ports meet the mesh
/// is `assume.dram_ports`.
pub fn fetch(program: &Program, state: &mut State, pe: Pe, at: Tick) -> FetchSpan {
    let beats = row_beats(program.dram.width());
    let port = usize::from(pe.p() % 2);
    let (x, y) = program.assume.dram_ports[port];
    let from = Qpe::at(x, y).map_or(0, Qpe::index);
    let latency = clock::from_ns(program.assume.dram_latency_ns);
    let granted = (at + latency).max(state.dram_free[port]);
    let given = granted + Tick::from(beats) * program.costs.dram_beat;
    state.dram_free[port] = given;
    state.traffic.dma_beats += u64::from(beats);
    let end = state.noc.stream(from, pe.qpe_index(), granted, beats, program.costs.dram_beat).arrival;
    let bytes = beats * DMA_BEAT_BYTES as u32;
    FetchSpan { pe: pe.index() as u16, port: port as u8, bytes, requested: at, granted, given, end }
}
