//! Timeline for front ends: cells of a window, not spans.

use serde::{Deserialize, Serialize};

use super::PhaseId;
use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::legend::PopulationId;
pub use crate::session::timeline::PathActivity;

/// Largest numbers of columns and rows of cells that a snapshot carries: 12,288 cells of 3 bytes.
pub const TIMELINE_CELLS: (u16, u16) = (192, 64);

/// Window of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimelineWindow {
    /// The last completed time steps, this number of them.
    Latest(u32),
    /// The ticks from `begin` to `end`.
    Ticks {
        /// First tick of the window.
        begin: Tick,
        /// Tick after the last one of the window.
        end: Tick,
    },
}

/// Part of the timeline that a front end asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRequest {
    /// Part of the timeline that is shown.
    pub window: TimelineWindow,
    /// Number of cells across.
    pub columns: u16,
    /// PEs, one a row; the selected one is among them.
    pub rows: u16,
    /// Whether all layers share the rows; otherwise the rows are those around the selected PE.
    ///
    /// Each layer then begins with its PE on the critical path, and goes on from slow to fast PEs.
    pub fit: bool,
    /// Selected PE, by index.
    pub pe: u16,
    /// Column that is selected, from 0.
    pub cursor: u16,
}

/// Main use of a cell's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CellKind {
    /// Unknown: not recorded, or still to come.
    #[default]
    Blank,
    /// Operation of this phase; of a phase that waits, only its work.
    Work(PhaseId),
    /// Handlers, or emptying the FIFO.
    Handler,
    /// The core waited.
    Idle,
}

/// Cell of a PE's row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellView {
    /// Main use of the cell's time.
    pub kind: CellKind,
    /// Whether the critical path goes through this PE here.
    pub critical: bool,
}

/// Row of a PE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// Index of the PE.
    pub pe: u16,
    /// First layer that the PE works for.
    pub layer: PopulationId,
    /// Cells of the row, from left to right.
    pub cells: Vec<CellView>,
}

/// A column of the critical path: what most of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathCell {
    /// Kind of the segment that takes most of the column.
    pub doing: PathActivity,
    /// Phase of an operation.
    pub phase: Option<PhaseId>,
    /// Layer of the segment; `None` where it belongs to none.
    pub layer: Option<PopulationId>,
    /// PE, by index; of a packet, its sender. `None` for the host, and for steps no longer
    /// kept in full.
    pub pe: Option<u16>,
}

/// A completed time step in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepMark {
    /// Number of time steps completed before it; it is shown as `step` + 1.
    pub step: u32,
    /// Tick at which the time step began.
    pub begin: Tick,
    /// Tick at which the time step ended.
    pub end: Tick,
}

/// Timeline in a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineView {
    /// Request that was answered.
    pub request: TimelineRequest,
    /// First tick of the window.
    pub begin: Tick,
    /// Tick after the last one of the window.
    pub end: Tick,
    /// Tick from which time steps and their critical paths are known.
    pub known: Tick,
    /// Tick from which every operation and packet is known.
    pub detailed: Tick,
    /// Tick up to which the timeline is known.
    pub now: Tick,
    /// PEs by row, all of them: by chip, then by layer, then by index.
    pub order: Vec<u16>,
    /// Rows that were requested; without [`TimelineRequest::fit`], consecutive ones of `order`.
    pub rows: Vec<TimelineRow>,
    /// The critical path, by column; none where no completed step is known.
    pub path: Vec<Option<PathCell>>,
    /// Packets that were on the mesh at some time of each column.
    pub packets: Vec<u32>,
    /// DMA transfers that were under way at some time of each column: rows from DRAM, and blocks
    /// sent by DMA.
    pub dma: Vec<u32>,
    /// Completed time steps in the window, oldest first; at most 192.
    pub steps: Vec<StepMark>,
    /// Cause that bounds the last completed step in the window, in one sentence.
    pub sentence: String,
    /// Activity of the selected PE at the cursor, in words: at most 4 lines.
    pub cursor: Vec<String>,
    /// Tick in the middle of the selected column.
    pub cursor_tick: Tick,
}

impl TimelineView {
    /// Returns whether its PEs are on several chips.
    pub fn several_chips(&self) -> bool {
        let chip = |pe: Option<&u16>| Some(Pe::from_index(usize::from(*pe?))?.chip());
        chip(self.order.first()) != chip(self.order.last())
    }
}
