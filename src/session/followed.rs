//! The PE whose calls of machine code a session follows.

use super::call::Call;
use crate::chip::geometry::Pe;

/// PE that is followed by instructions, and its call under way.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    pub pe: Pe,
    /// Operation that the PE was in after the last event, and how often it had ended that before.
    pub seen: (u32, u32),
    /// Call that the last event began.
    pub call: Option<Box<Call>>,
}
