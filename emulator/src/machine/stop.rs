//! Reasons for which a machine stops: a core that faulted, or a time step that cannot be completed.

use std::fmt;

use thiserror::Error;

use super::exec::Machine;
use super::legend::{PhaseId, PopulationId};
use super::program::{Operation, Slot};
use super::routes::{Link, ROUTES};
use crate::chip::geometry::{ChipId, Pe};
use crate::kernel::KernelFault;
use crate::text::several;

/// Reason for which a machine handles no further event.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stop {
    /// A core faulted.
    #[error(transparent)]
    Fault(#[from] CoreFault),
    /// The time step cannot be completed.
    #[error(transparent)]
    Stall(#[from] Stall),
}

/// Fault of a core whose routine was led outside its arrays.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{pe} faulted in {phase_name}: {source}")]
pub struct CoreFault {
    /// PE of the core.
    pub pe: Pe,
    /// Time step that the core was in, counted from 0.
    pub step: u32,
    /// Phase of the operation that it was in.
    pub phase: PhaseId,
    /// Name of the phase in the program's legend.
    pub phase_name: &'static str,
    /// Access that the core would have faulted on.
    pub source: KernelFault,
}

/// Time step that cannot be completed, since no event is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stall {
    /// PE of the earliest population that still waits; `None` if no core that runs waits for input.
    pub waiting: Option<Starved>,
    /// Event before the stall that explains it.
    pub cause: StallCause,
}

/// PE that waits for input that will not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starved {
    /// PE that waits.
    pub pe: Pe,
    /// Index of the population that it waits for the input of.
    pub population: PopulationId,
    /// Name of that population.
    pub name: String,
    /// Input that is missing.
    pub missing: Missing,
}

/// Input that a PE waits for, and that will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A row from DRAM, of which a beat was lost.
    Row,
    /// Blocks of other PEs.
    Blocks(u32),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row => f.write_str("a row from DRAM"),
            Self::Blocks(blocks) => write!(f, "{} of input", several(u64::from(*blocks), "block")),
        }
    }
}

/// Event that explains a stall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StallCause {
    /// A core has halted; of several the first.
    #[error("{0} has halted")]
    Halted(Pe),
    /// Full FIFOs lost packets.
    #[error("full FIFOs lost {}, most of them at {worst} ({lost_there})", several(*packets, "packet"))]
    FifoLost {
        /// Packets lost by all FIFOs.
        packets: u64,
        /// PE whose FIFO lost most.
        worst: Pe,
        /// Packets lost by that FIFO.
        lost_there: u64,
    },
    /// A dead link lost packets or beats of rows; of several links the one that lost most.
    #[error("the link from {link} is dead and has lost {}", lost_on_link(*packets, *beats))]
    DeadLink {
        /// Link of the mesh.
        link: Link,
        /// Packets lost by the link.
        packets: u64,
        /// Beats of rows from DRAM lost by the link.
        beats: u64,
    },
    /// A dead link between chips lost packets; of several links the one that lost most.
    #[error("the link from {from} to {to} is dead and has lost {}", several(*packets, "packet"))]
    DeadChipLink {
        /// Chip that the link leaves.
        from: ChipId,
        /// Chip that it enters.
        to: ChipId,
        /// Packets lost by the link.
        packets: u64,
    },
    /// Packets were lost on the mesh, or reached an address at which nothing waits for them.
    #[error("packets were lost")]
    PacketsLost,
}

fn lost_on_link(packets: u64, beats: u64) -> String {
    let packets = (packets > 0).then(|| several(packets, "packet"));
    let beats = (beats > 0).then(|| several(beats, "beat") + " of rows from DRAM");
    let lost: Vec<String> = packets.into_iter().chain(beats).collect();
    lost.join(" and ")
}

impl std::error::Error for Stall {}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waiting, cause } = self;
        match (waiting, cause) {
            (Some(Starved { pe, name, missing, .. }), cause) => {
                write!(f, "stalled: {pe} ({name}) is waiting for {missing}: {cause}")
            }
            (None, StallCause::Halted(_)) => write!(f, "stalled: {cause}, and its outputs are missing"),
            (None, cause) => write!(f, "stalled: outputs are missing: {cause}"),
        }
    }
}

impl Machine {
    /// Returns the reason for which [`Self::advance`] handles no further event; `None` while there
    /// is one, and when all announced time steps are complete.
    pub fn stop(&self) -> Option<Stop> {
        match &self.state.fault {
            Some(fault) => Some(fault.clone().into()),
            None => self.stalled().map(Stop::Stall),
        }
    }

    /// Returns the PE that holds up a time step in which no event is left, and the cause.
    fn stalled(&self) -> Option<Stall> {
        let nothing_left = self.state.queue.is_empty() && self.state.noc.is_empty();
        if !nothing_left || self.state.host.announced == self.state.host.completed {
            return None;
        }
        let waiting = self.starved();
        let halted = self.state.faults.dead().next().map(StallCause::Halted);
        let link = self.state.faults.worst_link().and_then(|dead| {
            let link = *ROUTES.links().get(usize::from(dead.number))?;
            Some(StallCause::DeadLink { link, packets: dead.packets, beats: dead.beats })
        });
        let lost = link.or_else(|| self.dead_chip_link()).or_else(|| self.fifo_losses());
        // Where no PE waits, packets that were lost do not explain the missing outputs of a halted
        // core.
        let cause = if waiting.is_some() { lost.or(halted) } else { halted.or(lost) };
        Some(Stall { waiting, cause: cause.unwrap_or(StallCause::PacketsLost) })
    }

    /// Returns the dead link between chips that has lost most; `None` if none lost a packet.
    fn dead_chip_link(&self) -> Option<StallCause> {
        let dead = self.state.faults.worst_chip_link()?;
        let link = self.program.board.links().get(dead.link.index())?;
        Some(StallCause::DeadChipLink { from: link.from, to: link.to, packets: dead.packets })
    }

    /// Returns the PE of the earliest population that waits; later ones wait as a consequence.
    fn starved(&self) -> Option<Starved> {
        let waiting = self.program.places().filter_map(|pe| {
            let state = &self.state.pes[pe.index()];
            if let Some(slot) = self.reads_in_vain(pe) {
                return Some((pe, slot.population, Missing::Row));
            }
            let awaited = state.awaited?;
            let slot = self.program.pe(pe)?.slots.get(usize::from(awaited.slot))?;
            let counter = slot.counter(awaited.counter)?;
            let missing = awaited.value.wrapping_sub(state.sram.word(counter.address(awaited.set)));
            // A PE that waits for the next announcement is not what holds the step up.
            let idle = missing == 1 && counter.announced;
            // A halted core waits for nothing, whatever it did last.
            let missing = Missing::Blocks(missing);
            (!idle && !self.state.faults.is_dead(pe)).then_some((pe, slot.population, missing))
        });
        let (pe, population, missing) =
            waiting.min_by_key(|&(_, population, missing)| (population, missing))?;
        let name = self.program.population_name(population);
        Some(Starved { pe, population, name: name.to_owned(), missing })
    }

    /// Returns the slot for which a PE reads a row that lacks a beat; `None` if it reads none. Call
    /// it when no event is left.
    fn reads_in_vain(&self, pe: Pe) -> Option<&Slot> {
        self.state.noc.bursts.get(pe.index())?.as_ref()?;
        let (_, slot) = self.program.pe(pe)?.operation(self.state.pes[pe.index()].operation)?;
        (!self.state.faults.is_dead(pe)).then_some(slot)
    }

    /// Returns the packets that full FIFOs have lost so far; `None` if there are none.
    fn fifo_losses(&self) -> Option<StallCause> {
        let lost = |pe: Pe| {
            let count = &self.state.pes[pe.index()].fifo.count;
            count.dropped + count.overwritten
        };
        let packets = self.program.places().map(lost).sum();
        let worst = self
            .program
            .places()
            .filter(|&pe| lost(pe) > 0)
            .max_by_key(|&pe| (lost(pe), std::cmp::Reverse(pe)))?;
        Some(StallCause::FifoLost { packets, worst, lost_there: lost(worst) })
    }

    /// Stops the machine, since the routine of an operation faulted.
    pub(super) fn fault(&mut self, pe: Pe, operation: &Operation, slot: &Slot, source: KernelFault) {
        let phase = operation.phase;
        self.state.fault = Some(CoreFault {
            pe,
            step: self.state.pes[pe.index()].sram.word(slot.turn),
            phase,
            phase_name: self.program.legend.phase(phase),
            source,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_reads_as_a_sentence() {
        let pe = Pe::at(1, 6, 0).unwrap();
        let source = KernelFault { kernel: "k", what: "column", address: 0x2_0000, code: None };
        let fault = CoreFault { pe, step: 3, phase: PhaseId(1), phase_name: "product", source };
        assert_eq!(
            Stop::from(fault).to_string(),
            "PE(1,6,0) faulted in product: k: column leads to byte address 0x20000, which it must not touch \
             (SRAM is 0 to 0x1ffff)"
        );
        let starved =
            Starved { pe, population: PopulationId(1), name: "b".to_owned(), missing: Missing::Blocks(1) };
        let reader = Starved { missing: Missing::Row, ..starved.clone() };
        let link = ROUTES.links()[0];
        let dead = StallCause::DeadLink { link, packets: 0, beats: 1 };
        let both = StallCause::DeadLink { link, packets: 2, beats: 12 };
        let lost = StallCause::FifoLost { packets: 1200, worst: pe, lost_there: 800 };
        let halted = StallCause::Halted(Pe::at(1, 1, 2).unwrap());
        for (waiting, cause, said) in [
            (
                Some(starved.clone()),
                lost,
                "stalled: PE(1,6,0) (b) is waiting for 1 block of input: full FIFOs lost 1,200 packets, most of \
                 them at PE(1,6,0) (800)",
            ),
            (
                Some(starved),
                StallCause::PacketsLost,
                "stalled: PE(1,6,0) (b) is waiting for 1 block of input: packets were lost",
            ),
            (
                Some(reader),
                dead,
                "stalled: PE(1,6,0) (b) is waiting for a row from DRAM: the link from QPE(7,6) to QPE(6,6) is dead \
                 and has lost 1 beat of rows from DRAM",
            ),
            (
                None,
                both,
                "stalled: outputs are missing: the link from QPE(7,6) to QPE(6,6) is dead and has lost 2 packets \
                 and 12 beats of rows from DRAM",
            ),
            (None, halted, "stalled: PE(1,1,2) has halted, and its outputs are missing"),
            (None, StallCause::PacketsLost, "stalled: outputs are missing: packets were lost"),
        ] {
            assert_eq!(Stall { waiting, cause }.to_string(), said);
        }
    }
}
