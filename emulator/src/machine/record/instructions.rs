//! Cycles of operations by kind of instruction: what the core's time on the critical path
//! is spent on.
//!
//! The machine charges an operation's cycles as one number. While it records, it
//! prices the operation again with the costs of the instructions of each kind alone
//! ([`KernelCosts::by_kind`]); the kinds add up to the cycles that were charged,
//! which `tests/it/trace.rs` holds.
//!
//! [`KernelCosts::by_kind`]: crate::kernel::cost::KernelCosts::by_kind

use super::super::costs::Costs;
use super::super::exec::Machine;
use super::super::program::Program;
use super::super::routine::Prices;
use super::SpanRecorder;
use crate::chip::geometry::Pe;

/// Costs by kind of instruction.
#[derive(Clone, Debug, Default)]
pub(super) struct Pricing {
    /// `None` if the committed listings cannot be executed, which a test excludes.
    pub costs: Option<Box<[Costs; 3]>>,
}

impl Pricing {
    /// Prices the instructions of a program.
    pub fn new(program: &Program) -> Self {
        Self { costs: Costs::by_kind(&program.assume, program.waiting).ok().map(Box::new) }
    }
}

/// Returns the costs that operations are priced with: by kind of instruction, too, while a recorder
/// is there.
pub(in super::super) fn prices<'a>(program: &'a Program, recorder: Option<&'a SpanRecorder>) -> Prices<'a> {
    let kinds = recorder.and_then(|recorder| recorder.pricing.costs.as_deref());
    Prices { costs: &program.costs, kinds }
}

impl Machine {
    /// Notes the cycles by kind of instruction of the operation that has just begun.
    #[inline]
    pub(in super::super) fn note_instructions(&mut self, pe: Pe, kinds: [u64; 3]) {
        self.note(|recorder| {
            if let Some(operation) = recorder.pes[pe.index()].operations.back_mut() {
                operation.instructions = kinds.into();
            }
        });
    }
}
