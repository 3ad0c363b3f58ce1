//! The values that conditions ask for, read straight from session and machine: no snapshot is
//! built for them.

use super::expr::names::{NeuronPlace, UnitPlace};
use super::expr::table::Fact;
use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::kernel::pointwise;
use crate::machine::banks::BankCount;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::noc::LinkState;
use crate::machine::probe::link_load;
use crate::machine::program::{PeProgram, Slot};
use crate::machine::sram::SRAM_BYTES;
use crate::machine::state::PeState;
use crate::mapping::egru::EgruSlot;
use crate::session::inspect::neuron_now;
use crate::session::{Session, readings, ticks};

/// A value of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Value that is used.
    pub fact: Fact,
    /// Subject of the value: the chip, a layer, a PE, a link, bytes, a unit or a neuron.
    pub of: Of,
}

/// Subject of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The chip or the task.
    Chip,
    /// A layer, by position.
    Layer(usize),
    /// Value of a PE.
    Pe(Pe),
    /// A link, by position.
    Link(usize),
    /// Bytes of a PE's SRAM, from this address on.
    Sram(Pe, u32),
    /// Value of a unit.
    Unit(UnitPlace),
    /// A spiking neuron.
    Neuron(NeuronPlace),
}

/// Returns the number of a fact; `None` while it has no value.
pub fn number(session: &Session, Use { fact, of }: Use) -> Option<f64> {
    match of {
        Of::Chip => chip(session, fact),
        Of::Layer(layer) => of_layer(session, fact, layer),
        Of::Pe(pe) => of_pe(session, fact, pe),
        Of::Link(link) => of_link(session, fact, link),
        Of::Sram(pe, address) => of_sram(session, fact, pe, address),
        Of::Unit(place) => of_unit(session, fact, place),
        Of::Neuron(place) => of_neuron(session, fact, place),
    }
}

/// Returns the word of a fact; `None` while it has no value.
pub fn word(session: &Session, Use { fact, of }: Use) -> Option<&str> {
    match (fact, of) {
        (Fact::Phase, _) => Some(session.program().legend.phase(session.ended_phase()?.1)),
        (Fact::Layer, _) => layer_name(session, session.ended_phase()?.0),
        (Fact::Task(name), _) => session.work().word(name, session.steps()),
        (Fact::PeStatus, Of::Pe(pe)) => Some(readings::status(session, pe).name()),
        (Fact::PePhase, Of::Pe(pe)) => Some(session.program().legend.phase(operation(session, pe)?.0)),
        (Fact::PeLayer, Of::Pe(pe)) => layer_name(session, operation(session, pe)?.1.population),
        _ => None,
    }
}

fn layer_name(session: &Session, layer: PopulationId) -> Option<&str> {
    session.program().population(layer).map(|layer| layer.name.as_str())
}

fn state(session: &Session, pe: Pe) -> &PeState {
    &session.machine().state().pes[pe.index()]
}

fn operation(session: &Session, pe: Pe) -> Option<(PhaseId, &Slot)> {
    readings::operation(session.program().pe(pe)?, state(session, pe))
}

fn sram_free(loaded: &PeProgram) -> f64 {
    f64::from(SRAM_BYTES) - f64::from(loaded.bytes_used())
}

fn conflicts(state: &PeState) -> f64 {
    state.banks.count.iter().map(BankCount::conflicts).sum::<u64>() as f64
}

fn chip(session: &Session, fact: Fact) -> Option<f64> {
    let state = session.machine().state();
    let stepped = session.steps() > 0;
    Some(match fact {
        Fact::Task(name) => session.work().number(name, session.steps())?,
        Fact::TimeUs => us(state.tick),
        Fact::Events => state.events as f64,
        Fact::Step => session.steps() as f64,
        Fact::Sequence => session.sequences() as f64,
        Fact::StepUs if stepped => us(state.host.last_step_ticks),
        Fact::Packets => state.traffic.total.packets as f64,
        Fact::InFlight => f64::from(state.traffic.in_flight),
        Fact::Races => state.races.count as f64,
        Fact::Conflicts => state.pes.iter().map(conflicts).sum(),
        Fact::FifoFill => state.pes.iter().map(|pe| pe.fifo.fill).max().map_or(0.0, f64::from),
        Fact::Dropped => state.pes.iter().map(|pe| pe.fifo.count.dropped).sum::<u64>() as f64,
        Fact::MaxLinkLoad if stepped => {
            let most = state.noc.links.iter().max_by_key(|link| link.last_step_packets)?;
            load(session, most)
        }
        Fact::MinSramFree => {
            let free = session.program().pes.iter().flatten().map(sram_free);
            free.reduce(f64::min)?
        }
        Fact::Pes => session.program().pes.iter().flatten().count() as f64,
        Fact::EnergyUj if stepped => session.stats().energy.total() * 1e6,
        Fact::StepEnergyUj => session.stats().energy.last()? * 1e6,
        Fact::PowerW => {
            let step_us = us(state.host.last_step_ticks);
            session.stats().energy.last()? * 1e6 / step_us
        }
        Fact::Overruns => state.timer.count.overrun_count as f64,
        Fact::LostTicks => ticks::sum(session, |pe| pe.timer.count.lost.into()) as f64,
        Fact::LateSpikes => ticks::sum(session, |pe| pe.timer.count.misread) as f64,
        Fact::LostSpikes if session.program().is_timed() => ticks::sum(session, ticks::lost_spikes) as f64,
        Fact::LostSpikes => 0.0,
        Fact::TickUse if stepped => ticks::most_used(session)?,
        _ => return None,
    })
}

fn of_layer(session: &Session, fact: Fact, layer: usize) -> Option<f64> {
    let last = session.stats().layer_history.get(layer)?.back()?;
    match fact {
        Fact::LayerActivity => Some(f64::from(*last)),
        Fact::LayerActivityMean => {
            let units =
                session.program().populations.get(layer)?.unit_word.len() * session.program().batch as usize;
            Some(session.stats().layer_activity(layer, units))
        }
        _ => None,
    }
}

fn of_pe(session: &Session, fact: Fact, pe: Pe) -> Option<f64> {
    let state = state(session, pe);
    let stepped = session.steps() > 0;
    let loaded = session.program().pe(pe);
    Some(match fact {
        Fact::PeSramFree => loaded.map(sram_free)?,
        Fact::PeFifo => f64::from(state.fifo.fill),
        Fact::PeConflicts => conflicts(state),
        Fact::PeSent => state.count.sent as f64,
        Fact::PeReceived => state.count.received as f64,
        Fact::PeInterrupts => state.count.interrupts as f64,
        Fact::PeActivity if stepped => {
            let units: usize = loaded?.populations().map(|slot| slot.units.len()).sum();
            let outputs = units.max(1) * session.program().batch as usize;
            f64::from(session.stats().pe_events(pe.index()).0) / outputs as f64
        }
        Fact::PeDuty if stepped => {
            let step = session.machine().state().host.last_step_ticks.max(1);
            (state.count.busy_last_step as f64 / step as f64).min(1.0)
        }
        Fact::PeEnergyUj => session.meter().pe(pe.index()).total() * 1e6,
        Fact::PeOverruns => state.timer.count.overruns.into(),
        Fact::PeLateSpikes => state.timer.count.misread as f64,
        Fact::PeLostSpikes if session.program().is_timed() => ticks::lost_spikes(state) as f64,
        Fact::PeLostSpikes => 0.0,
        Fact::PeTickUse if stepped => ticks::use_of(session, pe)?,
        _ => return None,
    })
}

fn load(session: &Session, link: &LinkState) -> f64 {
    link_load(link.last_step_packets.into(), session.machine().state().host.last_step_ticks)
}

fn of_link(session: &Session, fact: Fact, link: usize) -> Option<f64> {
    let link = session.machine().state().noc.links.get(link)?;
    let stepped = session.steps() > 0;
    Some(match fact {
        Fact::LinkLoad if stepped => load(session, link),
        Fact::LinkPackets if stepped => f64::from(link.last_step_packets),
        Fact::LinkTotal => link.packets as f64,
        Fact::LinkWaited => link.waited as f64,
        _ => return None,
    })
}

/// Returns the value at an address of the SRAM; `None` where the end of the SRAM cuts off a word,
/// or a word is no finite number.
fn of_sram(session: &Session, fact: Fact, pe: Pe, address: u32) -> Option<f64> {
    let bytes = state(session, pe).sram.bytes();
    let word = |bytes: &[u8]| {
        let bytes = bytes.get(address as usize..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    };
    match fact {
        Fact::SramByte => bytes.get(address as usize).map(|&byte| f64::from(byte)),
        Fact::SramWord => word(bytes).map(f64::from),
        Fact::SramF32 => word(bytes).map(f32::from_bits).filter(|value| value.is_finite()).map(f64::from),
        _ => None,
    }
}

fn of_unit(session: &Session, fact: Fact, place: UnitPlace) -> Option<f64> {
    let address = match fact {
        Fact::UnitC => place.cell,
        Fact::UnitY => place.y,
        Fact::UnitTheta => place.threshold,
        Fact::UnitZ | Fact::UnitR | Fact::UnitG => return gate(session, fact, place),
        _ => return None,
    };
    Some(f64::from(f32::from_bits(state(session, place.pe).sram.word(address))))
}

/// Returns a gate of a unit, computed from the sums in its PE's SRAM.
fn gate(session: &Session, fact: Fact, place: UnitPlace) -> Option<f64> {
    let shares = session.program().pe(place.pe)?.slots.iter().filter_map(EgruSlot::of);
    let layout = shares
        .map(|share| &share.pointwise)
        .find(|of| (of.cell..of.cell + 4 * of.units).contains(&place.cell))?;
    let words = state(session, place.pe).sram.words();
    // Gates do not depend on c.
    let out = pointwise::unit(words, layout, (place.cell - layout.cell) / 4, false);
    Some(f64::from(match fact {
        Fact::UnitZ => out.z,
        Fact::UnitR => out.r,
        _ => out.g,
    }))
}

/// Returns a value of a spiking neuron, as its PE's SRAM holds it, in units of the model.
fn of_neuron(session: &Session, fact: Fact, place: NeuronPlace) -> Option<f64> {
    let neuron = neuron_now(session, place.pe, place.index)?;
    match fact {
        Fact::NeuronV => Some(f64::from(neuron.v)),
        Fact::NeuronTheta => neuron.theta.map(f64::from),
        Fact::NeuronI => neuron.i.map(f64::from),
        Fact::NeuronInhibition => neuron.inhibition.map(f64::from),
        Fact::NeuronSpikes => neuron.spikes.map(f64::from),
        Fact::NeuronSum => neuron.sums.first().map(|&sum| f64::from(sum)),
        _ => None,
    }
}
