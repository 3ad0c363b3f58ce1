//! DMA from DRAM: 16-byte beats through one of two ports.

use super::options::Assume;
use super::program::{Action, Program};
use super::record::FetchSpan;
use super::state::{PeState, State};
use crate::chip::clock::{self, NOC_CYCLE, TICKS_PER_US, Tick};
use crate::chip::constants::{DMA_BEAT_BYTES, DRAM_PORTS};
use crate::chip::geometry::{Pe, Qpe};

/// Returns the ticks between the beats of one DRAM port: 6 at the default rate of 3.2 GB/s, where
/// 16 bytes take 5 ns.
///
/// The interface (`assume.dram_bytes_per_us`) or the reading DMA engine, if slower, sets the pace.
pub fn dram_beat(assume: &Assume) -> Tick {
    let ticks = DMA_BEAT_BYTES as Tick * TICKS_PER_US;
    ticks.div_ceil(Tick::from(assume.dram_bytes_per_us.max(1))).max(dma_beat(assume))
}

/// Returns the ticks between the beats of a DMA engine, from `assume.dma_beat_noc_cycles`.
pub fn dma_beat(assume: &Assume) -> Tick {
    Tick::from(assume.dma_beat_noc_cycles.max(1)) * NOC_CYCLE
}

/// Returns the number of beats of the DMA that reads a row of `width` singles from DRAM.
pub fn row_beats(width: usize) -> u32 {
    (4 * width as u32).div_ceil(DMA_BEAT_BYTES as u32)
}

/// Returns the DRAM port that a PE reads through.
///
/// Both ports hold all rows. PEs with an even number in their QPE read through port 0, the others
/// through port 1, which shares the load whatever the placement.
pub fn port(pe: Pe) -> usize {
    usize::from(pe.p()) % DRAM_PORTS
}

/// Returns the DRAM address that a PE's current operation reads from, and the beats of the read;
/// `None` if it reads no DRAM.
pub fn source(program: &Program, pe: Pe, state: &PeState) -> Option<(u64, u32)> {
    let loaded = program.pe(pe)?;
    let (operation, slot) = loaded.operation(state.operation)?;
    match &operation.action {
        Action::Read { rows, .. } => {
            let step = state.sram.word(slot.turn);
            let row = state.sram.word(*rows.get(step as usize % rows.len().max(1))?);
            Some((program.dram_map.address(port(pe), row), row_beats(program.dram.width())))
        }
        Action::Fetch { from, words, .. } => {
            Some((program.dram_map.word_address(port(pe), *from), row_beats(*words as usize)))
        }
        _ => None,
    }
}

/// Schedules the DMA read of `beats` beats from DRAM address `address` on, requested at tick `at`,
/// and returns its timing until the port has given the last beat.
///
/// A port serves requests in the order in which they are made. Where the ports meet the mesh is
/// `assume.dram_ports`.
pub fn fetch(
    program: &Program,
    state: &mut State,
    pe: Pe,
    (address, beats): (u64, u32),
    at: Tick,
) -> FetchSpan {
    let port = port(pe);
    let (x, y) = program.assume.dram_ports[port];
    let from = Qpe::at(x, y).map_or(0, Qpe::index);
    let latency = clock::from_ns(program.assume.dram_latency_ns);
    let granted = (at + latency).max(state.dram_free[pe.chip().index()][port]);
    let given = granted + Tick::from(beats) * program.costs.dram_beat;
    state.dram_free[pe.chip().index()][port] = given;
    state.traffic.dma_beats += u64::from(beats);
    let index = pe.index() as u16;
    state.noc.enter_burst(from, index, granted, beats, program.costs.dram_beat);
    let bytes = beats * DMA_BEAT_BYTES as u32;
    FetchSpan { pe: index, port: port as u8, address, bytes, requested: at, granted, given, end: given }
}
