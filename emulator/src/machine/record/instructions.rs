//! Cycles of operations by kind of instruction: what the core's time on the critical path is spent on.
//!
//! The machine charges an operation's cycles as one number. A recorder prices the operation again with the costs of the
//! instructions of each kind alone ([`KernelCosts::by_kind`]); the kinds add up to the cycles that were charged, which
//! `tests/trace.rs` holds.
//!
//! [`KernelCosts::by_kind`]: crate::kernel::cost::KernelCosts::by_kind

use std::sync::Arc;

use super::super::broadcast::options::Broadcast;
use super::super::costs::Costs;
use super::super::exec::Machine;
use super::super::operate::LOGGED;
use super::super::program::{Operation, Phase, Program, Slot};
use super::Instructions;
use crate::chip::geometry::Pe;
use crate::kernel::events::UnpackWork;
use crate::kernel::matrix::{Kernel, Work};

/// Prices operations by kind of instruction.
#[derive(Clone, Debug, Default)]
pub(super) struct Pricing {
    /// By kind; `None` if the committed listings cannot be executed, which a test excludes.
    costs: Option<Box<[Costs; 3]>>,
    /// What the operation that begins has unpacked: whether into a list, and how much.
    unpacked: Option<(bool, UnpackWork)>,
    /// What the broadcast that begins has packed: units, active units, packets.
    packed: Option<(u32, u32, u32)>,
}

/// Operation that has just begun.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Begun<'a> {
    pub operation: Operation,
    pub slot: &'a Slot,
    pub step: u32,
    /// Its matrix kernel and what that does.
    pub matrix: Option<(&'a Kernel, Work)>,
    /// Whether the PE also tells its layer's coordinator that the product is done.
    pub notes: bool,
}

impl Pricing {
    pub fn new(program: &Program) -> Self {
        let costs = Costs::by_kind(&program.assume, program.waiting).ok().map(Box::new);
        Self { costs, unpacked: None, packed: None }
    }

    /// Cycles of an operation by kind of instruction.
    fn price(&mut self, program: &Program, begun: &Begun<'_>) -> Instructions {
        let (unpacked, packed) = (self.unpacked.take(), self.packed.take());
        let Some(costs) = &self.costs else { return Instructions::default() };
        let [first, second, third] = &**costs;
        let at = |costs: &Costs| match begun.operation.phase {
            Phase::Wait | Phase::Barrier | Phase::Embedding => 0,
            Phase::Input | Phase::Recurrent => {
                let unpacking = unpacked.as_ref().map_or(0, |(list, work)| costs.unpack_events(*list, work));
                let product = begun.matrix.map_or(0, |(kernel, work)| costs.matrix(kernel, &work));
                let note = if begun.notes { costs.barrier_send } else { 0 };
                unpacking + product + note + cleared(program, costs, begun)
            }
            Phase::Pointwise => {
                let layout = &begun.slot.pointwise;
                costs.pointwise(layout.units) + layout.trace.map_or(0, |_| costs.trace(layout.units))
            }
            Phase::Broadcast => {
                let packing = packed.map_or(0, |(units, active, _)| costs.pack_events(units, active));
                let packets = packed.map_or(begun.slot.packets(), |(_, _, packets)| packets);
                let dma = program.delivery.broadcast == Broadcast::Dma;
                let send = |call: std::ops::Range<u32>| {
                    let destinations = call.len() as u32;
                    if dma { costs.dma_send(destinations) } else { costs.broadcast(packets, destinations) }
                };
                packing + begun.slot.calls().map(send).sum::<u64>()
            }
            Phase::Log => costs.timer_log * LOGGED.len() as u64,
        };
        [at(first), at(second), at(third)].into()
    }
}

/// Cycles of clearing y(t−1), c and traces where a sequence begins.
fn cleared(program: &Program, costs: &Costs, begun: &Begun<'_>) -> u64 {
    let restarts = program.restart.is_some_and(|restart| restart.outputs && restart.at(begun.step));
    if begun.operation.phase != Phase::Recurrent || !restarts {
        return 0;
    }
    begun.slot.restarted(begun.step).into_iter().map(|(_, words)| costs.clear(words)).sum()
}

impl Machine {
    /// Mail was unpacked for the operation that begins.
    #[inline]
    pub(in super::super) fn note_unpacked(&mut self, list: bool, work: &UnpackWork) {
        self.note(|recorder| recorder.pricing.unpacked = Some((list, *work)));
    }

    /// Events were packed for the broadcast that begins.
    #[inline]
    pub(in super::super) fn note_packed(&mut self, units: u32, active: u32, packets: u32) {
        self.note(|recorder| recorder.pricing.packed = Some((units, active, packets)));
    }

    /// An operation has begun, and what it does is known.
    #[inline]
    pub(in super::super) fn note_instructions(&mut self, pe: Pe, begun: &Begun<'_>) {
        let program = Arc::clone(&self.program);
        self.note(|recorder| {
            let instructions = recorder.pricing.price(&program, begun);
            if let Some(operation) = recorder.pes[pe.index()].operations.back_mut() {
                operation.instructions = instructions;
            }
        });
    }
}
