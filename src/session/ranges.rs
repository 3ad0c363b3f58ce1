//! Intervals of chip time for unpublished properties of branches and memory: the first time steps
//! of a run are run again on other chips.
//!
//! ARM gives 1 to 3 cycles for the refill of a Cortex-M4's pipeline after a taken branch; the
//! chip's value is not public, and the inner loop of every kernel pays it. How long a core waits
//! for its SRAM, and the pace of DMA and DRAM, are not public either;
//! [`Assume::memory_extremes`] has what is published about them. The first steps of the run are
//! run again on chips with the extremes, and the ratio of their times scales the whole run. A
//! program on another chip shares the images of the session's where only times differ. Few
//! steps are enough: what `CsrRow` costs does not depend on the data, and with kernels whose
//! cost does, the ratio hardly moves (docs/report.md).

use std::sync::Arc;

use super::Session;
use super::build::{ModelCache, Plan};
use crate::chip::clock::{Tick, us};
use crate::machine::exec::Machine;
use crate::machine::options::Assume;
use crate::machine::program::Program;
use crate::scene::SceneError;

/// Extremes of the branch refill, in cycles.
pub const REFILLS: [u8; 2] = [1, 3];

/// Chip time of a run on other chips, µs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranges {
    /// Chip time for each of [`REFILLS`].
    pub refill: [f64; 2],
    /// Chip time with the fastest and the slowest memory ([`Assume::memory_extremes`]).
    pub memory: [f64; 2],
}

/// Returns the chip time so far on other chips; `None` without a completed step.
///
/// # Errors
///
/// Fails if the scene cannot be built for such a chip.
pub fn ranges(session: &Session, cache: &mut ModelCache) -> Result<Option<Ranges>, SceneError> {
    let opening = session.opening();
    let ends = opening.ends();
    if ends == 0 {
        return Ok(None);
    }
    let own = &session.program().assume;
    let mut other = |assume: &Assume| -> Result<Option<Arc<Program>>, SceneError> {
        (assume != own).then(|| program(session, cache, assume)).transpose()
    };
    let [least, most] = REFILLS.map(|branch_refill| Assume { branch_refill, ..own.clone() });
    let [fast, slow] = own.memory_extremes(session.program().operating_point);
    let (refill, memory) = if session.program().chips() > 1 {
        // A machine of many chips takes a gigabyte: one at a time.
        let mut of = |assume| other(assume).map(|program| ticks_with(session, program));
        ([of(&least)?, of(&most)?], [of(&fast)?, of(&slow)?])
    } else {
        let refill = [other(&least)?, other(&most)?];
        let memory = [other(&fast)?, other(&slow)?];
        let both = |programs: [_; 2]| programs.map(|program| ticks_with(session, program));
        rayon::join(|| both(refill), || both(memory))
    };
    let time = |ticks: Option<Tick>| us(session.tick()) * (ticks.unwrap_or(ends) as f64 / ends as f64);
    Ok(Some(Ranges { refill: refill.map(time), memory: memory.map(time) }))
}

/// Returns the session's program on a chip with other assumptions.
fn program(session: &Session, cache: &mut ModelCache, assume: &Assume) -> Result<Arc<Program>, SceneError> {
    match session.repriced(assume) {
        Some(program) => Ok(Arc::new(program)),
        None => Ok(Plan::with_assumptions(&session.loaded, cache, assume)?.program),
    }
}

/// Returns the ticks that the first steps of a session take with a program; `None` without one.
fn ticks_with(session: &Session, program: Option<Arc<Program>>) -> Option<Tick> {
    let opening = session.opening();
    let mut machine = Machine::new(program?);
    machine.run(&opening.steps(), opening.count());
    Some(machine.state().tick)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::machine::options::BankInterleave;
    use crate::scene::LoadedScene;
    use crate::session::build::build;
    use crate::session::opening::STEPS;
    use crate::session::pace::StepUnit;

    #[test]
    fn a_program_at_other_assumptions_is_the_one_that_the_mapper_writes_for_them() {
        let loaded = LoadedScene::load(Path::new("scenes/lm_small.ron"), &[]).unwrap();
        let mut cache = ModelCache::default();
        let mut session = build(loaded, &mut cache).unwrap();
        (0..STEPS).for_each(|_| drop(session.step(StepUnit::TimeStep)));
        let own = session.program().assume.clone();
        let [fast, slow] = own.memory_extremes(session.program().operating_point);
        for assume in [Assume { branch_refill: 1, ..own.clone() }, fast, slow] {
            let repriced = session.repriced(&assume).unwrap();
            let mapped = Plan::with_assumptions(&session.loaded, &mut cache, &assume).unwrap().program;
            assert!((&repriced.costs, &repriced.assume) == (&mapped.costs, &mapped.assume));
            for (repriced, loaded) in repriced.pes.iter().zip(&session.program().pes) {
                let images = repriced.as_ref().zip(loaded.as_ref());
                assert!(images.is_none_or(|(repriced, own)| Arc::ptr_eq(&repriced.image, &own.image)));
            }
            let [repriced, mapped] =
                [Arc::new(repriced), mapped].map(|program| ticks_with(&session, Some(program)));
            assert!(repriced.is_some());
            assert_eq!(repriced, mapped, "{assume:?}");
            if assume.branch_refill != session.program().assume.branch_refill {
                assert_ne!(repriced, Some(session.opening().ends()));
            }
        }
        // These are places, which the mapper writes into the program.
        let port = Assume { host_port: (6, 6), ..own.clone() };
        let word = Assume { bank_interleave: BankInterleave::Word, ..own };
        assert!([port, word].iter().all(|assume| session.repriced(assume).is_none()));
    }
}
