//! Neurons of a PE of a spiking network: potentials, currents, thresholds, delay slots, receivers.

use serde::{Deserialize, Serialize};

use super::follow::{Link, home, number};
use super::neurons::PAGE;
use super::{Part, PeLocation, Receiver, Request, SpotView, UnitLinks};
use crate::chip::geometry::{PES_PER_QPE, Pe};
use crate::kernel::SramWords;
use crate::kernel::neurons::Array;
use crate::machine::legend::PopulationId;
use crate::machine::program::{Action, Program};
use crate::mapping::spiking::When;
use crate::mapping::spiking::label::{Label, Labels, What, quantity};
use crate::net::spiking::Origin;
use crate::session::Session;
use crate::text::{several, step_number};

/// Delay slots of each neuron that a page carries.
pub const SLOTS: usize = 16;

/// Neuron; values are in units of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeuronView {
    /// Number on the PE.
    pub number: u32,
    /// Number in the population.
    pub neuron: u32,
    /// Membrane potential, after the reset.
    pub v: f32,
    /// Synaptic current, or the excitatory one; `None` where input enters v directly.
    pub i: Option<f32>,
    /// Inhibitory current, where there are two.
    pub inhibition: Option<f32>,
    /// Threshold; `None` for populations whose output is v.
    pub theta: Option<f32>,
    /// Number of spikes in the tick whose v is shown; `None` for populations whose output is v.
    pub spikes: Option<u32>,
    /// Whether v was above the threshold as the tick began, where the reset depends on it.
    pub pending: Option<bool>,
    /// `v` − θ: a neuron whose v exceeds it spikes. v itself for populations whose output is v.
    pub distance: f32,
    /// Sums of weights that the coming ticks take, the next one first; at most 16.
    pub sums: Vec<f32>,
}

/// Page of neurons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpikingPage {
    /// Population of the neurons.
    pub id: PopulationId,
    /// Name of the population.
    pub population: String,
    /// Neurons of the PE.
    pub total: u32,
    /// Neurons before this page.
    pub before: u32,
    /// Number of the tick, from 1, that v and spikes are of; `None` before the first.
    pub tick: Option<u32>,
    /// Number of the tick, from 1, that takes the first of [`NeuronView::sums`].
    pub next: u32,
    /// Ticks that the ring of sums holds: the longest delay.
    pub slots: u32,
    /// Factor by which the SRAM's v exceeds the model's, of the requested neuron.
    pub scale: f32,
    /// Neurons of the page.
    pub neurons: Vec<NeuronView>,
    /// Addresses and receivers of the requested neuron.
    pub links: Option<UnitLinks>,
}

impl SpikingPage {
    /// Returns in words which ticks the values are of.
    pub fn ticks(&self) -> String {
        let v = match self.tick {
            Some(tick) => format!("v and spikes of #{tick}"),
            None => "v as the host has loaded it".to_owned(),
        };
        let last = self.next + self.slots.saturating_sub(1);
        let sums =
            if self.slots > 1 { format!("#{} to #{last}", self.next) } else { format!("#{}", self.next) };
        format!("{v}; sums so far for {sums}")
    }
}

/// Returns the page around the neuron with number `request.place.at`.
pub(super) fn page(session: &Session, labels: &Labels<'_>, pe: Pe, request: Request) -> SpikingPage {
    let state = &session.machine().state().pes[pe.index()];
    let words = state.sram.words();
    let count = labels.slot().units.len() as u32;
    let mut neurons: Vec<NeuronView> = (0..count).map(|index| neuron(words, labels, index)).collect();
    if request.by_distance {
        neurons.sort_by(|a, b| a.distance.abs().total_cmp(&b.distance.abs()).then(a.number.cmp(&b.number)));
    }
    let wanted = request.place.at.min(count.saturating_sub(1));
    let place = neurons.iter().position(|neuron| neuron.number == wanted).unwrap_or(0);
    let before = place.saturating_sub(PAGE / 2).min(neurons.len().saturating_sub(PAGE));
    let next = labels.next_sums(words);
    SpikingPage {
        id: labels.slot().population,
        population: labels.name(Origin::Population(population(labels))).to_owned(),
        total: count,
        before: before as u32,
        tick: next.checked_sub(1).map(step_number),
        next: step_number(next),
        slots: labels.share().slots,
        scale: scale(labels, wanted),
        links: neurons.get(place).map(|neuron| links(session, labels, pe, neuron)),
        neurons: neurons.into_iter().skip(before).take(PAGE).collect(),
    }
}

fn population(labels: &Labels<'_>) -> usize {
    labels.slot().population.index()
}

/// Returns the ratio of a neuron's SRAM values to the model's values; `index` counts on the PE.
fn scale(labels: &Labels<'_>, index: u32) -> f32 {
    let of = labels.network().populations().get(population(labels));
    let unit = labels.slot().units.get(index as usize);
    of.zip(unit).map_or(1.0, |(of, &unit)| of.scale.get(unit as usize))
}

/// Returns a neuron of a PE as its SRAM holds it now; `None` if there is no such neuron.
pub fn neuron_now(session: &Session, pe: Pe, index: u32) -> Option<NeuronView> {
    let state = &session.machine().state().pes[pe.index()];
    let labels = Labels::of(session.program(), pe, state.operation)?;
    labels.slot().units.get(index as usize)?;
    Some(neuron(state.sram.words(), &labels, index))
}

/// Returns the byte addresses of a neuron's sums in the coming ticks, the next one first: one
/// for each lane.
fn sums(labels: &Labels<'_>, words: &SramWords, index: u32) -> impl Iterator<Item = [Option<u32>; 2]> {
    let (slots, lanes) = (labels.share().slots.max(1), labels.share().lanes);
    let next = labels.next_sums(words);
    (0..slots).map(move |ahead| {
        let slot = next.wrapping_add(ahead) % slots;
        [0, 1].map(|lane| (lane < lanes).then(|| labels.sum_address(slot, lane, index)))
    })
}

fn neuron(words: &SramWords, labels: &Labels<'_>, index: u32) -> NeuronView {
    let share = labels.share();
    let scale = scale(labels, index);
    let word = |at: u32| words.get(at as usize / 4).copied().unwrap_or(0);
    let raw = |array: Array| Some(f32::from_bits(word(share.layout.find(array)? + 4 * index)));
    let value = |array: Array| raw(array).map(|value| value / scale);
    let sum = |lanes: [Option<u32>; 2]| {
        let lane = |at: u32| {
            if share.integers { word(at).cast_signed() as f32 } else { f32::from_bits(word(at)) }
        };
        // The second lane holds magnitudes of weights below 0.
        let [all, below] = lanes.map(|at| at.map_or(0.0, lane));
        (all - below) / scale
    };
    let v = value(Array::Potential).unwrap_or(0.0);
    let theta = value(Array::Threshold);
    NeuronView {
        number: index,
        neuron: labels.slot().units.get(index as usize).copied().unwrap_or(0),
        v,
        i: value(Array::Current),
        inhibition: value(Array::InhibitoryCurrent),
        theta,
        spikes: raw(Array::Spikes).map(|count| count as u32),
        pending: raw(Array::Pending).map(|pending| pending != 0.0),
        distance: theta.map_or(v, |theta| v - theta),
        sums: sums(labels, words, index).take(SLOTS).map(sum).collect(),
    }
}

fn links(session: &Session, labels: &Labels<'_>, pe: Pe, view: &NeuronView) -> UnitLinks {
    let words = session.machine().state().pes[pe.index()].sram.words();
    UnitLinks {
        number: view.number,
        spots: spots(words, labels, view.number),
        packet: sent(labels, view),
        receivers: receivers(session.program(), labels, pe, view.neuron),
    }
}

/// Returns the addresses of a neuron's values on its PE, the coming sums after the arrays.
fn spots(words: &SramWords, labels: &Labels<'_>, index: u32) -> Vec<SpotView> {
    let mut arrays = labels.share().layout.arrays().to_vec();
    // What changes comes first.
    let rank = |array: Array| match array {
        Array::Potential => 0,
        Array::Current | Array::InhibitoryCurrent => 1,
        Array::Threshold => 2,
        Array::Spikes | Array::Pending => 3,
        _ => 4,
    };
    arrays.sort_by_key(|&(array, _)| rank(array));
    let spot =
        |(array, at): (Array, u32)| SpotView { name: quantity(array).0.to_owned(), address: at + 4 * index };
    let mut spots: Vec<SpotView> = arrays.into_iter().map(spot).collect();
    let next = labels.next_sums(words);
    for (ahead, lanes) in (0..).zip(sums(labels, words, index).take(SLOTS)) {
        let tick = step_number(next.wrapping_add(ahead));
        let two = lanes[1].is_some();
        for (address, sign) in lanes.into_iter().flatten().zip([", weights ≥ 0", ", weights < 0"]) {
            spots.push(SpotView { name: format!("sum #{tick}{}", if two { sign } else { "" }), address });
        }
    }
    spots
}

/// Describes the route of a neuron's spikes from the PE.
fn sent(labels: &Labels<'_>, view: &NeuronView) -> String {
    let key = labels.own_sender() << 24 | view.neuron;
    let sends = labels.loaded().operations.iter().any(|of| matches!(of.action, Action::SendEvents(_)));
    match view.spikes {
        None => "sends no spikes: its output is v, which the host reads".to_owned(),
        Some(_) if !sends => "no population reads its spikes: the host alone does".to_owned(),
        Some(0) => format!("no spike in its last tick; its key is {key:08x}"),
        Some(count) => {
            let number = several(u64::from(count), "spike");
            format!("{number} in its last tick, as an event packet with key {key:08x} to the event router")
        }
    }
}

/// Returns the PEs with synapses of a neuron, each with the place of the first synapse's weight.
fn receivers(program: &Program, labels: &Labels<'_>, pe: Pe, neuron: u32) -> Vec<Receiver> {
    let own = Origin::Population(population(labels));
    let routed = labels.loaded().operations.iter().find_map(|operation| match &operation.action {
        Action::SendEvents(events) => program.delivery.routes.get(usize::from(events.route?)),
        _ => None,
    });
    let pes = routed.into_iter().flatten().flat_map(|&(qpe, mask)| {
        let present = (0..PES_PER_QPE).filter(move |p| mask >> p & 1 == 1);
        present.filter_map(move |p| Pe::from_index(qpe.pe_index(p)))
    });
    pes.flat_map(|to| receiver(program, to, own, neuron, to == pe)).collect()
}

fn receiver(program: &Program, pe: Pe, from: Origin, neuron: u32, itself: bool) -> Vec<Receiver> {
    let Some(labels) = Labels::of(program, pe, 0) else { return Vec::new() };
    let share = labels.share();
    let name = labels.name(Origin::Population(population(&labels)));
    let here = if itself { " (this PE)" } else { "" };
    let rows = share.parts.iter().zip(&share.rows).filter(|(part, _)| part.from == from);
    rows.filter_map(|(part, rows)| {
        let row = part.row(neuron);
        if row.is_empty() {
            return None;
        }
        let at = rows.weights + part.weights.bytes() * row.start as u32;
        let place = PeLocation { pe: pe.index(), part: Part::Memory, at };
        let synapses = several(row.len() as u64, "synapse");
        let moment = if part.when == When::Within { ", within the tick" } else { "" };
        let text = format!("{pe}{here} {at:05x}, {synapses}{moment}, as input of {name}");
        Some(Receiver { place: Some(place), text })
    })
    .collect()
}

/// Returns where following a label leads, if anywhere.
pub(super) fn follow(session: &Session, labels: &Labels<'_>, pe: Pe, label: &Label) -> Option<Link> {
    let program = labels.program();
    let words = session.machine().state().pes[pe.index()].sram.words();
    let memory =
        |at: u32, to: String| Link { place: PeLocation { pe: pe.index(), part: Part::Memory, at }, to };
    match label.what {
        What::Neuron { neuron, .. } | What::Begin { neuron } | What::Sum { neuron, .. } => {
            to_neuron(program, Origin::Population(population(labels)), neuron)
        }
        What::Fifo { spike: Some((sender, neuron)), .. } | What::Count { sender, neuron } => {
            to_neuron(program, labels.sender(sender)?, neuron)
        }
        What::Spikes { entry: Some(_), word: 0 } => {
            let (sender, neuron) = labels.spike(*words.get(label.address as usize / 4)?)?;
            to_neuron(program, labels.sender(sender)?, neuron)
        }
        What::RowStart { projection, neuron: Some(neuron) } => {
            let from = labels.network().projections().get(projection as usize)?.from;
            let rows = labels.rows_of(words, from, neuron);
            let (part, row) = rows
                .into_iter()
                .find(|(part, _)| labels.share().parts[*part].projection == projection as usize)?;
            let bytes = labels.share().parts[part].weights.bytes();
            let at = labels.share().rows[part].weights + bytes * row.start;
            Some(memory(at, format!("the first of {}", several(u64::from(row.end - row.start), "weight"))))
        }
        What::Synapse { ends: Some(ends), .. } => {
            let part = labels.part_at(label.address)?;
            let at = labels.sum_of(words, part, &ends)?;
            Some(memory(at, format!("the sum of neuron {} that it would be added to next", ends.to?)))
        }
        _ => None,
    }
}

fn to_neuron(program: &Program, origin: Origin, neuron: u32) -> Option<Link> {
    let Origin::Population(index) = origin else { return None };
    let home = home(program, PopulationId::at(index), 0, neuron)?;
    let place = PeLocation { pe: home.pe.index(), part: Part::Neurons, at: number(program, &home) };
    let name = program.population_name(PopulationId::at(index));
    Some(Link { place, to: format!("{name} neuron {neuron} on {}", home.pe) })
}
