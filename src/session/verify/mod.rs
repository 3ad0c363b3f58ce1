//! Compares the chip with the network's mathematics after every time step, bit for bit.

mod attention;
mod egru;
mod spiking;

use std::fmt;

use super::Session;
use crate::chip::geometry::Pe;
use crate::mapping::spiking::{PartWeights, SpikingSlot};
use attention::AttentionVerifier;
use egru::EgruVerifier;
use spiking::SpikingVerifier;

/// The reference beside a session: the same inputs through the network as mathematics.
#[derive(Debug)]
pub struct Verifier(Reference);

/// Reference of each network family.
#[derive(Debug)]
enum Reference {
    Egru(Box<EgruVerifier>),
    Spiking(Box<SpikingVerifier>),
    Attention(Box<AttentionVerifier>),
}

/// First value in which chip and mathematics differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Time step, from 0.
    pub step: u32,
    /// Name of the layer.
    pub layer: String,
    /// Index of the unit in the model.
    pub unit: u32,
    /// Sample of the batch.
    pub sample: usize,
    /// PE that the unit is on.
    pub pe: Pe,
    /// Name of the value: y, c, trace, y at the host; v, spikes at the host.
    pub value: &'static str,
    /// Bits on the chip.
    pub chip: u32,
    /// Bits of the mathematics.
    pub net: u32,
}

impl Difference {
    /// Returns the number of the highest bit that differs, 0 to 31.
    pub fn bit(&self) -> u32 {
        31 - (self.chip ^ self.net).leading_zeros().min(31)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, unit, pe, value, chip, net, .. } = self;
        write!(
            f,
            "time step #{}, {pe}, {layer} unit {unit}, sample {}: {value} is {:e} ({chip:08x}) on the chip and {:e} \
             ({net:08x}) in the mathematics; the highest bit that differs is {}",
            self.step.wrapping_add(1),
            self.sample,
            f32::from_bits(*chip),
            f32::from_bits(*net),
            self.bit(),
        )
    }
}

impl Verifier {
    /// Returns whether chip and mathematics have the same bits at all: sums of singles in the order
    /// of arrival have other last bits.
    pub fn applies(session: &Session) -> bool {
        let slots = session.program().pes.iter().flatten().flat_map(|loaded| &loaded.slots);
        let mut arriving = slots.filter_map(SpikingSlot::of).filter(|slot| !slot.order.is_ascending());
        !arriving.any(|slot| slot.parts.iter().any(|part| matches!(part.weights, PartWeights::F32(_))))
    }

    /// Creates the reference for a session that has not begun.
    pub fn new(session: &Session) -> Self {
        if let Some(attention) = AttentionVerifier::new(session) {
            return Self(Reference::Attention(Box::new(attention)));
        }
        Self(match SpikingVerifier::new(session) {
            Some(spiking) => Reference::Spiking(Box::new(spiking)),
            None => Reference::Egru(Box::new(EgruVerifier::new(session))),
        })
    }

    /// Returns the number of values that were equal so far.
    pub fn compared(&self) -> u64 {
        match &self.0 {
            Reference::Egru(egru) => egru.compared(),
            Reference::Spiking(spiking) => spiking.compared(),
            Reference::Attention(attention) => attention.compared(),
        }
    }

    /// Computes the time step that the session has just completed, and compares.
    ///
    /// # Errors
    ///
    /// Fails with the first value that differs: in the order of samples, layers, and units
    /// on their PEs.
    pub fn check(&mut self, session: &Session) -> Result<(), Difference> {
        match &mut self.0 {
            Reference::Egru(egru) => egru.check(session),
            Reference::Spiking(spiking) => spiking.check(session),
            Reference::Attention(attention) => attention.check(session),
        }
    }
}
