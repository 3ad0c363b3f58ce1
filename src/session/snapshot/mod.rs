//! Snapshots for front ends: small, complete views of the experiment at one moment, as plain data.
//!
//! A snapshot's summary stays below 64 KiB; detail comes only for the [`Focus`] that the front end
//! asked for. Front ends never touch the machine. [`super::view`] makes snapshots.

mod debug;
mod timeline;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::debug::{DebugView, PointView, TRACED};
pub use self::timeline::{
    CellKind, CellView, PathActivity, PathCell, StepMark, TIMELINE_CELLS, TimelineRequest, TimelineRow,
    TimelineView, TimelineWindow,
};
pub use super::attention::{AttentionRequest, AttentionView};
pub use super::chip_view::{
    BankCount, BoardView, ChipLinkView, EnergyParts, EnergyView, FifoUse, FifoView, LayerView, Legend,
    LinkView, NocView, PacketView, PeDetail, PeStatus, PeView, PhaseId, PhaseRole, PhaseView, PopulationId,
    Region, RegionKind, RegionView, TickUse,
};
pub use super::counts::Counts;
pub use super::findings::Finding;
pub use super::history::{Bookmark, Position};
pub use super::inspect::{Inspection, Part, PartView, PeLocation, Request};
pub use super::membrane::{MOST_PINS, MembraneView, Pin};
use super::pace::Speed;
pub use super::real_time::RealTime;
pub use super::setup::{LayerSetup, PeSetup, Setup};
pub use super::timeline::PathUses;
pub use super::watchlist::WatchView;
use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
pub use crate::task::TaskView;

/// Detail that a front end requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Focus {
    /// Only the summary.
    #[default]
    Nothing,
    /// Detail of a PE by index (0..152): its memory map, counters and current operation.
    Pe(usize),
    /// Detail of a PE as with [`Self::Pe`], and one view of its inside.
    Inspect(Request),
    /// The timeline, and its selected PE; the events on the chip are recorded meanwhile.
    Timeline(TimelineRequest),
}

impl Focus {
    /// Returns the PE in focus.
    pub fn pe(self) -> Option<Pe> {
        Pe::from_index(match self {
            Self::Nothing => return None,
            Self::Pe(index) => index,
            Self::Inspect(request) => request.place.pe,
            Self::Timeline(request) => usize::from(request.pe),
        })
    }
}

/// Detail that a front end asked for with its [`Focus`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The PE in focus; `None` where it has no program.
    pub pe: Option<PeDetail>,
    /// The view that was asked for beside it.
    pub view: DetailView,
}

/// View beside the detail of a PE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum DetailView {
    /// Absence of a view: none was asked for, or the one asked for does not exist.
    #[default]
    Nothing,
    /// Answer to [`Focus::Inspect`].
    Inspection(Box<Inspection>),
    /// Answer to [`Focus::Timeline`].
    Timeline(Box<TimelineView>),
}

impl Detail {
    /// Returns the answer to [`Focus::Inspect`].
    pub fn inspection(&self) -> Option<&Inspection> {
        match &self.view {
            DetailView::Inspection(inspection) => Some(inspection),
            _ => None,
        }
    }

    /// Returns the answer to [`Focus::Timeline`].
    pub fn timeline(&self) -> Option<&TimelineView> {
        match &self.view {
            DetailView::Timeline(timeline) => Some(timeline),
            _ => None,
        }
    }
}

/// State of the engine: running, paused or stopped, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunState {
    /// Standing; waits for a command.
    Paused,
    /// Runs freely, until it is paused or the input ends.
    Running,
    /// Carries out a `Step`.
    Stepping {
        /// Units still to go.
        remaining: u32,
    },
    /// The input is used up.
    Finished,
    /// Standing: no event is left but the step is not complete (a packet was lost, say). Holds
    /// which PE waits for what.
    Stalled(String),
    /// The machine stopped on a fault of its program: PE, operation, address.
    Faulted(String),
}

/// Reach of time travel: checkpoints and bookmarks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryView {
    /// The oldest moment within reach.
    pub oldest: Position,
    /// Number of checkpoints.
    pub moments: usize,
    /// Time steps from one checkpoint to the next.
    pub every: u32,
    /// Approximate bytes of the checkpoints.
    pub bytes: usize,
    /// Memory that checkpoints may take, MiB.
    pub memory_mib: u32,
    /// Bookmarks, in order of time.
    pub bookmarks: Vec<Bookmark>,
}

/// The whole picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Counts scenes built by this engine: 1 for the first, +1 for each reload or restart.
    pub build: u64,
    /// Facts that do not change until another scene is built.
    #[serde(skip)]
    pub setup: Arc<Setup>,
    /// Running, paused, finished...
    pub run: RunState,
    /// Speed of a free run.
    pub speed: Speed,
    /// Chip time, ticks.
    pub tick: Tick,
    /// Queue entries handled since the start.
    pub events: u64,
    /// Completed time steps.
    pub steps: u64,
    /// Whether a time step has begun and is not complete; it is shown as `steps` + 1.
    pub within_step: bool,
    /// Number of completed sequences.
    pub sequences: u64,
    /// Chip time of the last completed time step, ticks.
    pub step_ticks: Tick,
    /// Wall speed of the engine lately: time steps per second.
    pub steps_per_second: f64,
    /// The event handled last, in words ("packet 12 of PE(3,5,1) delivered at QPE(6,2)").
    pub last_event: String,
    /// 152 PEs by index.
    pub pes: Vec<PeView>,
    /// Activity of the layers, in network order.
    pub layers: Vec<LayerView>,
    /// Time by phase and layer.
    pub phases: Vec<PhaseView>,
    /// Uses of the critical path, with `true` for the last time step, `false` for the first ones.
    ///
    /// `None` until the first ones are complete.
    pub path_uses: Option<(PathUses, bool)>,
    /// Values sent and products, by layer and projection.
    pub counts: Counts,
    /// Chip time beside the time that the inputs stand for; `None` where they have none.
    pub real_time: Option<RealTime>,
    /// Traffic of the network-on-chip.
    pub noc: NocView,
    /// Energy and power, by part.
    pub energy: EnergyView,
    /// State of the task.
    pub task: TaskView,
    /// Findings, most severe first.
    pub findings: Vec<Finding>,
    /// Reach of time travel.
    pub history: HistoryView,
    /// Faults that have happened, in words.
    pub faults: Vec<String>,
    /// Breakpoints and tracepoints.
    pub debug: DebugView,
    /// Pinned expressions, by their number.
    pub watches: Vec<WatchView>,
    /// Potentials of pinned neurons.
    pub membranes: Vec<MembraneView>,
    /// A transformer's shape, and the part of it that was asked for; `None` for other networks.
    pub attention: Option<AttentionView>,
    /// Detail requested by [`Focus`].
    pub detail: Detail,
}

/// Snapshots are shared, never copied.
pub type SharedSnapshot = Arc<Snapshot>;
