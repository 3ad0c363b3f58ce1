//! State of the PE whose machine code is followed by instructions.

use super::call::Call;
use crate::chip::geometry::Pe;

/// PE that is followed by instructions, with its call in progress.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    pub pe: Pe,
    /// Operation of the PE after the last event, and the number of times that it had ended before.
    pub seen: (u32, u32),
    /// Call that the last event began.
    pub call: Option<Box<Call>>,
}
