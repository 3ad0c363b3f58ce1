//! Sequences on the chip.

use crate::net::Carry;

/// Sequences on the chip: what a PE does at the first time step of each.
///
/// With `outputs`, `clear` (`assets/kernels/clear.c`) sets y(t−1), c and the traces to 0 before
/// R·y, and the core is charged for it. By then all of y(t−1) has arrived, and nothing is sent to
/// its bytes before R·y has read them: x(t+1) lands there only in the next time step. Without, the
/// point-wise step takes c and the traces as 0, at no charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// Time steps in a sequence.
    pub every: u32,
    /// y(t−1) restarts at 0 too, not only c and the traces.
    pub outputs: bool,
}

impl Restart {
    /// Returns the restart for `carry`, in sequences of `every` time steps.
    pub fn of(carry: Carry, every: u32) -> Option<Self> {
        (carry != Carry::CAndY).then_some(Self { every, outputs: carry == Carry::Nothing })
    }

    /// Returns `true` if time step `step` is the first of a sequence.
    pub fn at(self, step: u32) -> bool {
        step.is_multiple_of(self.every.max(1))
    }
}
