//! First value in which two sessions on the same input differ.
//!
//! Units are read into [`UnitWords`], which can be handed to another thread and compared there.

use std::fmt;

use serde::Serialize;

use super::command::StepUnit;
use super::{Session, StepOutcome};
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

/// Location of a unit: byte addresses of its state and of the value that it sends.
#[derive(Clone, Copy, Debug)]
struct UnitAt {
    unit: u32,
    pe: Pe,
    state: u32,
    sent: u32,
}

/// Units of a session in model order, with the places of their values.
///
/// Of a batch, the units of the first sample.
#[derive(Clone, Debug)]
pub struct Units {
    populations: Vec<(String, Vec<UnitAt>)>,
    /// Names of the unit's state and of the value that it sends.
    values: [&'static str; 2],
    /// Whether layers are at several time steps at once, as in a pipeline.
    pipelined: bool,
}

/// Bits of all units at the end of a time step: of each its state, then the value that it sent, in
/// the order of [`Units`].
pub type UnitWords = Vec<u32>;

impl Units {
    /// Finds the units of a session.
    pub fn of(session: &Session) -> Self {
        let program = session.program();
        let populations = program
            .population_ids()
            .map(|population| (program.population_name(population).to_owned(), units(session, population)));
        Self {
            populations: populations.collect(),
            values: [if program.is_timed() { "v" } else { "c" }, program.legend.sent],
            pipelined: program.steps_in_flight > 1 && !program.is_timed(),
        }
    }

    /// Returns the reason why values of these units cannot be compared with those of `other`.
    pub fn mismatch(&self, other: &Self) -> Option<&'static str> {
        let shape = |units: &Self| -> Vec<(String, usize)> {
            units.populations.iter().map(|(name, units)| (name.clone(), units.len())).collect()
        };
        if self.pipelined || other.pipelined {
            Some("layers of a pipeline are at several time steps at once")
        } else if shape(self) != shape(other) {
            Some("the networks have other layers or units")
        } else {
            None
        }
    }

    /// Reads the words of the units of a session.
    pub fn read(&self, session: &Session) -> UnitWords {
        let pes = &session.machine().state().pes;
        let word = |pe: Pe, at| pes[pe.index()].sram.word(at);
        let units = self.populations.iter().flat_map(|(_, units)| units);
        units.flat_map(|unit| [word(unit.pe, unit.state), word(unit.pe, unit.sent)]).collect()
    }

    /// Returns the first value in which the words of these units differ from those of `other`, in
    /// the order of layers and units.
    pub fn first_difference(
        &self,
        words: &UnitWords,
        (other, other_words): (&Self, &UnitWords),
        step: u64,
    ) -> Option<Divergence> {
        let (mut at_a, mut at_b) = (0, 0);
        for ((layer, in_a), (_, in_b)) in self.populations.iter().zip(&other.populations) {
            for (place, (a, b)) in in_a.iter().zip(in_b).enumerate() {
                for (value, &name) in self.values.iter().enumerate() {
                    let (word_a, word_b) = (
                        words.get(at_a + 2 * place + value).copied().unwrap_or_default(),
                        other_words.get(at_b + 2 * place + value).copied().unwrap_or_default(),
                    );
                    if word_a != word_b {
                        return Some(Divergence {
                            step,
                            layer: layer.clone(),
                            unit: a.unit,
                            pe_a: a.pe.to_string(),
                            pe_b: b.pe.to_string(),
                            value: name,
                            a: word_a,
                            b: word_b,
                            bit: (word_a ^ word_b).ilog2(),
                        });
                    }
                }
            }
            at_a += 2 * in_a.len();
            at_b += 2 * in_b.len();
        }
        None
    }
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

/// Runs two sessions, which have not begun, side by side until a value of a unit differs, and
/// returns that difference.
///
/// `None` if nothing differs within `steps` time steps, if one of them stops first, or if layers of
/// one are at several time steps at once, as in a pipeline.
pub fn first(a: &mut Session, b: &mut Session, steps: u64) -> Option<Divergence> {
    let (in_a, in_b) = (Units::of(a), Units::of(b));
    if in_a.pipelined || in_b.pipelined {
        return None;
    }
    while a.steps() < steps {
        for session in [&mut *a, &mut *b] {
            let StepOutcome::Advanced(_) = session.step(StepUnit::TimeStep) else { return None };
        }
        let (words_a, words_b) = (in_a.read(a), in_b.read(b));
        if let Some(found) = in_a.first_difference(&words_a, (&in_b, &words_b), a.steps()) {
            return Some(found);
        }
    }
    None
}
