//! Requests to a running experiment, as data: keys, the palette, tests and replay send them.

use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::code_request::{Level, Motion};
use super::debug::PointCommand;
use super::history::{BookmarkCommand, SeekTarget};
pub use super::pace::{Speed, StepUnit};
use super::snapshot::{AttentionRequest, Focus, Pin};
use super::watchlist::WatchCommand;
use crate::kernel::code::write::CodeWrite;
use crate::machine::fault::Fault;

/// Request to the engine.
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
        /// Unit of a step.
        unit: StepUnit,
        /// Number of steps; 0 does nothing.
        count: u32,
    },
    /// Go back by `count` units, and pause.
    Back {
        /// Unit of a step back.
        unit: StepUnit,
        /// Number of steps back; 0 does nothing.
        count: u32,
    },
    /// Go to a moment: back, or forward by running there; then pause.
    Go(SeekTarget),
    /// Give this moment a name to [`Self::Go`] to.
    Bookmark(String),
    /// Inject a fault now. Stepping back before it undoes it.
    Inject(Fault),
    /// Run the routines of a PE at another level from their next calls on. Stepping back before it
    /// undoes it.
    Level {
        /// Index of the PE.
        pe: usize,
        /// Level of the PE from now on.
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
    /// Undo the writes within the call that the last event has begun on a PE, from a number of
    /// its instructions on.
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
        /// Unit of a step through machine code.
        motion: Motion,
        /// Number of steps; 0 does nothing.
        count: u32,
        /// Whether to step backwards.
        back: bool,
    },
    /// Report the last write to these bytes of a PE's SRAM.
    WhoWrote {
        /// Index of the PE.
        pe: usize,
        /// Range of byte addresses in the PE's SRAM.
        bytes: Range<u32>,
    },
    /// Set the speed of `Run`.
    SetSpeed(Speed),
    /// Rebuild from the same scene and start over, paused.
    Restart,
    /// Read the scene file again, build it beside the running machine, and swap it in if
    /// it is valid.
    Reload,
    /// Build another scene with these edits, and replace the experiment by it.
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
    /// Carry out a script, and report its end.
    Perform(Script),
    /// Set the detail that snapshots carry beside the summary.
    Focus(Focus),
    /// Neurons whose membrane potentials snapshots carry.
    Pin(Vec<Pin>),
    /// Part of a transformer that snapshots carry.
    Attention(Option<AttentionRequest>),
    /// Breakpoints and tracepoints.
    Points(PointCommand),
    /// Changes the pinned expressions.
    Watch(WatchCommand),
    /// Notes of bookmarks, and bookmarks of earlier runs.
    Bookmarks(BookmarkCommand),
    /// End the engine thread.
    Quit,
}

/// Script: commands carried out in sequence, and questions answered at the end. A command of the
/// user that moves the experiment ends it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// Number that is returned with the answers.
    pub tag: u32,
    /// Commands in the order in which they are carried out.
    pub commands: Vec<Command>,
    /// Values to report at the end: `perplexity`.
    pub values: Vec<String>,
    /// Conditions to evaluate at the end: `perplexity > 150`.
    pub conditions: Vec<String>,
}

impl Command {
    /// Returns `true` if the command moves the experiment: such a command marks a stop,
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
            | Self::Attention(_)
            | Self::Watch(_)
            | Self::Bookmarks(_)
            | Self::Quit => false,
        }
    }
}
