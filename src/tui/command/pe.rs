//! Keys of the PE panel.

/// Action of a key in the PE panel, beside moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Shows the next part: Core, Memory, Neurons, Code, then Core again.
    NextPart,
    /// Shows the part before, in the order of `NextPart`.
    PreviousPart,
    /// Changes the format of words: hex, f32, u32, then hex again.
    Format,
    /// Sorts units by number or by distance to their thresholds, in turn.
    Sort,
    /// Goes to the place that the word or the link leads to.
    Follow,
    /// Goes back to the previous place.
    Back,
    /// Moves a screen down.
    PageDown,
    /// Moves a screen up.
    PageUp,
    /// Goes to the first word or unit.
    First,
    /// Goes to the last word or unit.
    Last,
    /// Goes to the next region of the map.
    NextRegion,
    /// Goes to the region before.
    PreviousRegion,
}
