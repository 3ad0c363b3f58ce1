//! First value in which two sessions on the same input differ.

use std::fmt;

use serde::Serialize;

use super::command::StepUnit;
use super::{Moved, Session};
use crate::chip::geometry::Pe;
use crate::machine::legend::PopulationId;
use crate::mapping::spiking::SourceSlot;

/// First value that differs between two sessions A and B: in the order of time steps,
/// layers and units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// Time step after which the values differ, from 1.
    pub step: u64,
    /// Layer or population.
    pub layer: String,
    /// Model index of the unit.
    pub unit: u32,
    /// PE of the unit in A.
    pub pe_a: String,
    /// PE of the unit in B.
    pub pe_b: String,
    /// Value that differs: `c` or `v`, the unit's state, or what it sent.
    pub value: &'static str,
    /// Bits of the value in A.
    pub a: u32,
    /// Bits of the value in B.
    pub b: u32,
    /// Number of the highest bit that differs, 0 to 31.
    pub bit: u32,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, layer, unit, pe_a, pe_b, value, a, b, bit } = self;
        write!(
            f,
            "time step #{step}, {layer} unit {unit}: {value} is {:e} ({a:08x}) on {pe_a} in A and {:e} ({b:08x}) on {pe_b} in B; \
             the highest bit that differs is {bit}",
            f32::from_bits(*a),
            f32::from_bits(*b),
        )
    }
}

/// Unit on its PE: byte addresses of its state and of the value that it sends.
struct UnitAt {
    unit: u32,
    pe: Pe,
    state: u32,
    sent: u32,
}

/// Returns the units of a population in model order; of a batch, those of the first sample.
fn units(session: &Session, population: PopulationId) -> Vec<UnitAt> {
    let program = session.program();
    let mut units = Vec::new();
    for pe in program.places() {
        let slot = program.pe(pe).and_then(|loaded| Some(loaded.slot_of(population)?.1));
        // What a source that spikes at random has drawn is not kept by neuron.
        let Some(slot) = slot.filter(|slot| slot.detail.downcast_ref::<SourceSlot>().is_none()) else {
            continue;
        };
        let (state, sent) = (slot.detail.state(), slot.detail.sent());
        let places = (0_u32..).step_by(4).zip(&slot.units);
        units.extend(places.map(|(at, &unit)| UnitAt { unit, pe, state: state + at, sent: sent + at }));
    }
    units.sort_by_key(|at| at.unit);
    units
}

/// Units of all populations, as they lie in two sessions.
type Pairs = Vec<(PopulationId, Vec<(UnitAt, UnitAt)>)>;

fn pairs(a: &Session, b: &Session) -> Pairs {
    let populations = a.program().population_ids().zip(b.program().population_ids());
    populations.map(|(k, _)| (k, units(a, k).into_iter().zip(units(b, k)).collect())).collect()
}

/// Returns the first value that differs now.
fn look(a: &Session, b: &Session, pairs: &Pairs) -> Option<Divergence> {
    let state = if a.program().is_timed() { "v" } else { "c" };
    let word = |session: &Session, pe: Pe, at| session.machine().state().pes[pe.index()].sram.word(at);
    for (population, units) in pairs {
        for (in_a, in_b) in units {
            let values = [(state, in_a.state, in_b.state), (a.program().legend.sent, in_a.sent, in_b.sent)];
            for (value, at_a, at_b) in values {
                let (word_a, word_b) = (word(a, in_a.pe, at_a), word(b, in_b.pe, at_b));
                if word_a != word_b {
                    return Some(Divergence {
                        step: a.steps(),
                        layer: a.program().population_name(*population).to_owned(),
                        unit: in_a.unit,
                        pe_a: in_a.pe.to_string(),
                        pe_b: in_b.pe.to_string(),
                        value,
                        a: word_a,
                        b: word_b,
                        bit: (word_a ^ word_b).ilog2(),
                    });
                }
            }
        }
    }
    None
}

/// Runs two sessions that have not begun side by side, until a value of a unit differs,
/// and returns it.
///
/// `None` if nothing differs within `steps` time steps, if one of them stops first, or if layers of
/// one are at several time steps at once, as in a pipeline.
pub fn first(a: &mut Session, b: &mut Session, steps: u64) -> Option<Divergence> {
    if [&*a, &*b].iter().any(|session| session.program().steps_in_flight > 1 && !session.program().is_timed())
    {
        return None;
    }
    let pairs = pairs(a, b);
    while a.steps() < steps {
        for session in [&mut *a, &mut *b] {
            let Moved::On(_) = session.step(StepUnit::TimeStep) else { return None };
        }
        if let Some(found) = look(a, b, &pairs) {
            return Some(found);
        }
    }
    None
}
