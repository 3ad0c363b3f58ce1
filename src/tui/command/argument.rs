//! What may follow a command's name in the palette.

use super::Verb;
use crate::session::debug::PointKind;

/// What a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A moment: `step 12`, `time 5300`, `event 1000`, a bookmark.
    Moment,
    /// A fault: `KillPe(pe: (3, 4, 2))`.
    Fault,
    /// A PE whose core is to halt: `3,4,2`.
    Kill,
    /// The name of a bookmark.
    Name,
    /// A PE: `3,4,2`.
    Pe,
    /// A heat metric: `duty`.
    Metric,
    /// A speed: `free`, `10 steps/s`, `1000 events/s`.
    Speed,
    /// A condition of a point.
    Condition(PointKind),
    /// A condition to run to.
    Until,
    /// A theme: `light`.
    Theme,
    /// A ramp: `viridis`.
    Ramp,
    /// A set of characters: `braille`.
    Glyphs,
    /// A depth of colours: `256`.
    Color,
    /// A folder of results: `tiny-results`.
    Folder,
    /// Arguments of a subcommand: `--spec DIR`.
    Verb(Verb),
}
