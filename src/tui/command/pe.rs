//! Keys of the PE panel.

/// Action of a key in the PE panel, beside moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Core, Memory, Neurons, and round.
    NextPart,
    /// The other way round.
    PreviousPart,
    /// Hex, f32, u32.
    Format,
    /// Units by number or by distance.
    Sort,
    /// Go to the place that the word or the link leads to.
    Follow,
    /// Go back to the previous place.
    Back,
    /// A screen down.
    PageDown,
    /// A screen up.
    PageUp,
    /// The first word or unit.
    First,
    /// Go to the last entry of the list.
    Last,
    /// The next region of the map.
    NextRegion,
    /// Go to the region before.
    PreviousRegion,
}
