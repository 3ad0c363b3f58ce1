//! Everything that can be asked of a running experiment, as data: keys, the palette, tests and
//! replay all send these.

use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::code_request::{Level, Motion};
use super::debug::PointCommand;
use super::history::{BookmarkCommand, Place};
pub use super::pace::{Speed, StepUnit};
use super::snapshot::{Focus, Pin};
use super::watchlist::WatchCommand;
use crate::kernel::code::write::CodeWrite;
use crate::machine::fault::Fault;

/// One request to the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Run freely until paused or the input ends.
    Run,
    /// Stop where the machine is.
    Pause,
    /// Run if paused, pause if running.
    TogglePause,
    /// Advance by `count` units, then pause.
    Step {
        /// What to step by.
        unit: StepUnit,
        /// How often; 0 does nothing.
        count: u32,
    },
    /// Go back by `count` units, and pause.
    Back {
        /// What to go back by.
        unit: StepUnit,
        /// How often; 0 does nothing.
        count: u32,
    },
    /// Go to a moment: back, or forward by running there; then pause.
    Go(Place),
    /// Give this moment a name to [`Self::Go`] to.
    Bookmark(String),
    /// Let something go wrong, now. Stepping back before it undoes it.
    Inject(Fault),
    /// Run the routines of a PE at another level from their next calls on. Stepping back before it
    /// undoes it.
    Level {
        /// Index of the PE.
        pe: usize,
        /// Level from now on.
        level: Level,
    },
    /// Write to memory or registers of a PE, as a debugger does. Stepping back before it undoes it.
    Write {
        /// Index of the PE.
        pe: usize,
        /// Instructions of the call that the last event has begun on the PE, behind which the write
        /// is made; `None` for a write between calls.
        after: Option<u64>,
        /// Memory or registers, with the new values.
        what: CodeWrite,
    },
    /// Undo the writes within the call that the last event has begun on a PE, behind so many of
    /// its instructions.
    Unwrite {
        /// Index of the PE.
        pe: usize,
        /// Instructions of the call; writes made when more were executed are undone.
        behind: u64,
    },
    /// Step through the machine code of a PE; the chip moves where a call ends or begins.
    Code {
        /// Index of the PE.
        pe: usize,
        /// What to step by.
        motion: Motion,
        /// Number of steps; 0 does nothing.
        count: u32,
        /// Whether to step backwards.
        back: bool,
    },
    /// Say who last wrote these bytes of a PE's SRAM.
    WhoWrote {
        /// Index of the PE.
        pe: usize,
        /// Range of byte addresses in the PE's SRAM.
        bytes: Range<u32>,
    },
    /// How fast `Run` goes.
    SetSpeed(Speed),
    /// Rebuild from the same scene and start over, paused.
    Restart,
    /// Read the scene file again, build it beside the running machine and swap it in if it is good.
    Reload,
    /// Build another scene, with these edits, and go on with it as with the first.
    Open {
        /// Path of the scene's file.
        scene: PathBuf,
        /// Path and value, in order.
        set: Vec<(String, String)>,
    },
    /// Read the scene file again, with further edits, and run to the same time step; if it cannot
    /// be built, the experiment stays.
    Rebuild {
        /// Path and value, in order.
        edits: Vec<(String, String)>,
    },
    /// [`Self::Rebuild`] with a PE that the mapper leaves out.
    Withhold {
        /// Index of the PE, 0..152.
        pe: usize,
        /// Whether it counts as broken; otherwise it is reserved.
        broken: bool,
    },
    /// Do some of these one after the other, and tell when all is done.
    Perform(Performance),
    /// Which detail snapshots carry beside the summary.
    Focus(Focus),
    /// Neurons whose membrane potentials snapshots carry.
    Pin(Vec<Pin>),
    /// Breakpoints and tracepoints.
    Points(PointCommand),
    /// Changes the pinned expressions.
    Watch(WatchCommand),
    /// Notes of bookmarks, and bookmarks of earlier runs.
    Bookmarks(BookmarkCommand),
    /// End the engine thread.
    Quit,
}

/// Commands that are carried out one after the other, each when the one before has ended,
/// and questions that are answered when all are done. Another command that decides where the
/// experiment goes ends it before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// Comes back with the answers.
    pub tag: u32,
    /// What to do.
    pub commands: Vec<Command>,
    /// Values to tell then: `perplexity`.
    pub values: Vec<String>,
    /// Conditions to look at then: `perplexity > 150`.
    pub conditions: Vec<String>,
}

impl Command {
    /// Whether it decides where the experiment goes: where such a command is given is a stop,
    /// and is recorded.
    pub const fn moves(&self) -> bool {
        match self {
            Self::Run
            | Self::Pause
            | Self::TogglePause
            | Self::Step { .. }
            | Self::Back { .. }
            | Self::Go(_)
            | Self::Bookmark(_)
            | Self::Inject(_)
            | Self::Level { .. }
            | Self::Write { .. }
            | Self::Unwrite { .. } => true,
            // What steps by instructions move is recorded as the moves that they make.
            Self::Code { .. }
            | Self::Points(_)
            | Self::WhoWrote { .. }
            | Self::SetSpeed(_)
            | Self::Restart
            | Self::Reload
            | Self::Open { .. }
            | Self::Rebuild { .. }
            | Self::Withhold { .. }
            | Self::Perform(_)
            | Self::Focus(_)
            | Self::Pin(_)
            | Self::Watch(_)
            | Self::Bookmarks(_)
            | Self::Quit => false,
        }
    }
}
