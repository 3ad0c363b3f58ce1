//! Arguments that may follow a command's name in the palette.

use super::{Verb, Withhold};
use crate::session::debug::PointKind;

/// Kind of argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A moment: `step 12`, `time 5300`, `event 1000`, a bookmark.
    Moment,
    /// A fault: `KillPe(pe: (3, 4, 2))`.
    Fault,
    /// PE whose core to halt: `3,4,2`.
    Kill,
    /// Name of a bookmark to set, and words about the moment.
    Name,
    /// Name of a bookmark that is set.
    Bookmark,
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
    /// An expression to pin: `perplexity`.
    Expression,
    /// A word to search in the text.
    Word,
    /// A byte address: `0x4d2c`.
    Address,
    /// A level of routines: `code`, `native`.
    Level,
    /// A port for gdb: `3333`; `off`.
    Port,
    /// A unit of a layer: `rnns.1:41`.
    Unit,
    /// Field of the scene and its value: `mapping.layers.1.pes=10`.
    Edit,
    /// `keep`: run to the same step.
    Keep,
    /// A PE that the mapper is to leave out: `3,4,2`.
    Withhold(Withhold),
    /// The number of a pin.
    Pinned,
    /// A file to write the values of pins to.
    PinsFile,
}
