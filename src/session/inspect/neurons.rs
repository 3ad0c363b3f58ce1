//! The units of a PE: state and gates from the bytes as they are, and where one's bytes
//! and values are.

use serde::{Deserialize, Serialize};

use super::follow::{Home, Link, home, number};
use super::{Part, PeLocation, Request};
use crate::chip::constants::NOC_PAYLOAD_BYTES;
use crate::chip::geometry::{PES_PER_QPE, Pe, QpeId};
use crate::kernel::{SramWords, events, pointwise};
use crate::machine::arrivals::Groups;
use crate::machine::broadcast::route_number;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::program::{Operation, PeProgram, Program, Slot, Target};
use crate::machine::state::PeState;
use crate::mapping::egru::control;
use crate::mapping::egru::label::{Labels, Quantity};
use crate::mapping::egru::{EgruSlot, Phase};
use crate::session::Session;
use crate::text::{several, step_number};

/// Units of a page.
pub const PAGE: usize = 64;

/// Time step of the sums from which the gates are computed, numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gates {
    /// No step: nothing has been computed yet, and the sums are 0.
    Nothing,
    /// Gates of the step that computed c and y.
    Done(u32),
    /// Gates of the step whose c and y are still to come.
    Ahead(u32),
    /// W·x is of this step, R·y not yet: the gates are of neither.
    OnlyInput(u32),
    /// R·y is of this step, W·x not yet.
    OnlyRecurrent(u32),
}

impl Gates {
    /// Returns the gates in words.
    pub fn text(self) -> String {
        match self {
            Self::Nothing => "nothing is computed yet: sums are 0".to_owned(),
            Self::Done(step) => format!("of #{step}, as are c and y"),
            Self::Ahead(step) => format!("of #{step}, c and y of it are to come"),
            Self::OnlyInput(step) => format!("partial: R·y of #{step} is not there yet"),
            Self::OnlyRecurrent(step) => format!("partial: W·x of #{step} is not there yet"),
        }
    }
}

/// State of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitView {
    /// Number on the PE, slot after slot.
    pub number: u32,
    /// Layer of the unit.
    pub layer: PopulationId,
    /// Sample of the batch.
    pub sample: u8,
    /// Index of the unit in its layer.
    pub unit: u32,
    /// Cell state compared with the threshold, before the reset; the y of an active unit.
    pub c_before: f32,
    /// Cell state in the SRAM: after the reset.
    pub c: f32,
    /// Threshold θ of the unit.
    pub theta: f32,
    /// Keep gate, from the present sums.
    pub z: f32,
    /// Reset gate r, 0..=1.
    pub r: f32,
    /// Candidate state g, −1..=1.
    pub g: f32,
    /// Value y that the unit sent.
    pub y: f32,
    /// Low-pass of y, where the layer has one.
    pub trace: Option<f32>,
    /// y is not 0.
    pub event: bool,
    /// `c_before` − θ: above 0 an event was sent.
    pub distance: f32,
    /// Step that the gates belong to.
    pub gates: Gates,
}

/// An address of a unit's bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpotView {
    /// Name of the value at the address.
    pub name: String,
    /// Byte address in the PE's SRAM.
    pub address: u32,
}

/// Receiver of a unit's value: a PE or the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receiver {
    /// The PE and the word where the value lands; none for the host.
    pub place: Option<PeLocation>,
    /// Name of the receiver, and the use of the value there.
    pub text: String,
}

/// Addresses and receivers of one unit's values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitLinks {
    /// Number on the PE.
    pub number: u32,
    /// Bytes of the unit on this PE.
    pub spots: Vec<SpotView>,
    /// Form in which y, as it is now, is sent, and the time step of it.
    pub packet: String,
    /// Receivers of y.
    pub receivers: Vec<Receiver>,
}

impl UnitLinks {
    /// Returns links to the unit's bytes, then to its receivers.
    pub fn links(&self, pe: usize) -> Vec<Link> {
        let spots = self.spots.iter().map(|spot| Link {
            place: PeLocation { pe, part: Part::Memory, at: spot.address },
            to: spot.name.clone(),
        });
        let receivers =
            self.receivers.iter().filter_map(|r| Some(Link { place: r.place?, to: r.text.clone() }));
        spots.chain(receivers).collect()
    }

    /// Returns the receivers by role, for example `12 PEs as y for rnns.1`; empty without any.
    pub fn heard(&self) -> String {
        let mut roles: Vec<(&str, usize)> = Vec::new();
        for receiver in self.receivers.iter().filter(|receiver| receiver.place.is_some()) {
            // The function `receiver` writes the text as receiver, place, role.
            let role = receiver.text.split_once(" as ").map_or("", |(_, role)| role);
            match roles.iter_mut().find(|(known, _)| *known == role) {
                Some((_, count)) => *count += 1,
                None => roles.push((role, 1)),
            }
        }
        let host = self.receivers.iter().any(|receiver| receiver.place.is_none());
        let pes = roles.iter().map(|(role, count)| format!("{} as {role}", several(*count as u64, "PE")));
        pes.chain(host.then(|| "the host".to_owned())).collect::<Vec<_>>().join(", ")
    }
}

/// A page of units.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NeuronsView {
    /// Units of the PE.
    pub total: u32,
    /// Units before this page.
    pub before: u32,
    /// Units of the page.
    pub units: Vec<UnitView>,
    /// Links of the requested unit.
    pub links: Option<UnitLinks>,
}

/// Returns the page around the unit with number `request.place.at`, with the links of that unit.
pub(super) fn page(session: &Session, labels: &Labels<'_>, pe: Pe, request: Request) -> NeuronsView {
    let state = &session.machine().state().pes[pe.index()];
    let mut units = Vec::new();
    for (slot_number, slot) in labels.loaded().slots.iter().enumerate() {
        let gates = gates(labels.loaded(), state, slot_number, cells(labels, state, slot_number, slot));
        for index in 0..slot.units.len() as u32 {
            let number = units.len() as u32;
            units.push(unit(state.sram.words(), slot, labels.egru(slot_number), index, number, gates));
        }
    }
    if request.by_distance {
        units.sort_by(|a, b| a.distance.abs().total_cmp(&b.distance.abs()).then(a.number.cmp(&b.number)));
    }
    let last = (units.len() as u32).saturating_sub(1);
    let wanted = request.place.at.min(last);
    let place = units.iter().position(|unit| unit.number == wanted).unwrap_or(0);
    let before = place.saturating_sub(PAGE / 2).min(units.len().saturating_sub(PAGE));
    let links = units.get(place).and_then(|unit| links(session, labels, pe, unit));
    NeuronsView {
        total: units.len() as u32,
        before: before as u32,
        units: units.into_iter().skip(before).take(PAGE).collect(),
        links,
    }
}

/// Returns the number of point-wise steps that a slot has done: c and y are of the last of them.
fn cells(labels: &Labels<'_>, state: &PeState, number: usize, slot: &Slot) -> u32 {
    let steps = state.sram.word(slot.turn);
    // That of the step in progress is done once the program has gone past it.
    let operations = &labels.loaded().operations;
    let place = state.operation as usize;
    let pointwise =
        operations.iter().position(|o| usize::from(o.slot) == number && o.phase == Phase::Pointwise.into());
    let in_slot = operations.get(place).is_some_and(|o| usize::from(o.slot) == number);
    steps.wrapping_add(u32::from(in_slot && pointwise.is_some_and(|p| p < place)))
}

/// Returns the step that the sums of a slot belong to.
fn gates(loaded: &PeProgram, state: &PeState, number: usize, cells: u32) -> Gates {
    let ended = |phase| {
        let is = |o: &Operation| usize::from(o.slot) == number && o.phase == PhaseId::from(phase);
        let place = loaded.operations.iter().position(is);
        place.and_then(|place| state.ended.get(place)).copied().unwrap_or(0)
    };
    let (input, recurrent) = (ended(Phase::Input), ended(Phase::Recurrent));
    match (input, recurrent) {
        (0, 0) => Gates::Nothing,
        (i, r) if i == r && i == cells => Gates::Done(i),
        (i, r) if i == r => Gates::Ahead(i),
        (i, r) if i.wrapping_sub(r) as i32 > 0 => Gates::OnlyInput(i),
        (_, r) => Gates::OnlyRecurrent(r),
    }
}

fn unit(words: &SramWords, slot: &Slot, egru: &EgruSlot, index: u32, number: u32, gates: Gates) -> UnitView {
    let layout = &egru.pointwise;
    let single = |base: u32| {
        let word = words.get((base / 4 + index) as usize);
        f32::from_bits(word.copied().unwrap_or(0))
    };
    // The gates do not depend on c.
    let out = pointwise::unit(words, layout, index, false);
    let (c, theta, y) = (single(layout.cell), single(layout.threshold), single(layout.y));
    // θ was subtracted only from the state of a unit that sent it.
    let c_before = if y == 0.0 { c } else { y };
    UnitView {
        number,
        layer: slot.population,
        sample: slot.sample,
        unit: slot.units[index as usize],
        c_before,
        c,
        theta,
        z: out.z,
        r: out.r,
        g: out.g,
        y,
        trace: layout.trace.map(single),
        event: y != 0.0,
        distance: c_before - theta,
        gates,
    }
}

/// Returns the links of a unit: its bytes, its packet and its receivers.
fn links(session: &Session, labels: &Labels<'_>, pe: Pe, view: &UnitView) -> Option<UnitLinks> {
    let program = session.program();
    let home = home(program, view.layer, view.sample, view.unit)?;
    debug_assert_eq!((home.pe, number(program, &home)), (pe, view.number), "a unit has one home");
    let state = &session.machine().state().pes[pe.index()];
    let words = state.sram.words();
    let slot_number = labels.loaded().slots.iter().position(|slot| std::ptr::eq(slot, home.slot))?;
    // The step of y as it is; before the first, that one.
    let step = cells(labels, state, slot_number, home.slot).saturating_sub(1);
    let egru = labels.egru(slot_number);
    let sent = Sent::of(words, &home, step);
    Some(UnitLinks {
        number: view.number,
        spots: spots(words, egru, home.index),
        packet: sent.text(&home, program),
        receivers: receivers(program, &home, egru, &sent),
    })
}

fn spots(words: &SramWords, egru: &EgruSlot, index: u32) -> Vec<SpotView> {
    let layout = &egru.pointwise;
    let spot = |name: &str, address: u32| SpotView { name: name.to_owned(), address };
    let at = |base: u32| base + 4 * index;
    let gate = |base: u32, gate: u32| base + 4 * (gate * layout.units + index);
    let mut spots =
        vec![spot("c", at(layout.cell)), spot("θ", at(layout.threshold)), spot("y", at(layout.y))];
    spots.extend(layout.trace.map(|trace| spot("trace", at(trace))));
    for (name, base) in [
        ("sum W·x", layout.input_sums),
        ("sum R·y", layout.recurrent_sums),
        ("bias", layout.bias),
        ("recurrent bias", layout.recurrent_bias),
    ] {
        for (number, letter) in (0..).zip(crate::mapping::egru::label::GATES) {
            spots.push(spot(&format!("{name}, gate {letter}"), gate(base, number)));
        }
    }
    for (name, kernel) in [("W", &egru.input), ("R", &egru.recurrent)] {
        for (number, letter) in (0..).zip(crate::mapping::egru::label::GATES) {
            let found = kernel.row_weights(words, number * layout.units + index);
            spots.extend(
                found.map(|(address, count)| {
                    spot(&format!("{name} of gate {letter}, {count} weights"), address)
                }),
            );
        }
    }
    spots
}

/// Packets in which a unit's value is sent.
struct Sent {
    /// Packet of the block and word in it; `None` if the value is not sent.
    packet: Option<(u32, u32)>,
    packets: u32,
    step: u32,
}

impl Sent {
    /// Returns the packets in which a unit's value of time step `step` is sent.
    ///
    /// With events only active units are in the packets, in order: it depends on the bytes of y.
    fn of(words: &SramWords, home: &Home<'_>, step: u32) -> Self {
        const WORDS: u32 = NOC_PAYLOAD_BYTES as u32 / 4;
        if home.slot.events.is_none() {
            let packet = Some((home.index / WORDS, home.index % WORDS));
            return Self { packet, packets: home.slot.packets(), step };
        }
        let y = |unit: u32| words.get((home.slot.values / 4 + unit) as usize).copied().unwrap_or(0);
        let values: Vec<u32> = (0..home.slot.units.len() as u32).map(y).collect();
        let before = values[..home.index as usize].iter().filter(|&&value| value != 0).count() as u32;
        let active = values[home.index as usize] != 0;
        let place = (before / events::PACKET_VALUES, 1 + before % events::PACKET_VALUES);
        Self { packet: active.then_some(place), packets: events::pack(&values).len() as u32, step }
    }

    fn text(&self, home: &Home<'_>, program: &Program) -> String {
        let copies = home.slot.targets.iter().filter(|target| !target.host).count();
        let step = self.step;
        let sending = match self.packet {
            Some((packet, word)) => {
                format!("word {word} of packet {packet} of {}, each to {copies} destinations", self.packets)
            }
            None => format!("not sent: y is 0 ({} packets of other units)", self.packets),
        };
        let own = home
            .slot
            .targets
            .iter()
            .find(|target| target.groups.contains(Groups::only(control::OWN)))
            .or(home.slot.targets.first());
        let buffer = own.map_or(0, |target| step % target.buffers.count());
        let way = program.delivery.broadcast;
        format!(
            "#{}: {sending}; lands in buffer {} ({way:?})",
            step_number(step),
            ["A", "B", "C"][buffer as usize % 3]
        )
    }
}

/// Returns the receivers of the value in this time step, with the word it lands in.
fn receivers(program: &Program, home: &Home<'_>, egru: &EgruSlot, sent: &Sent) -> Vec<Receiver> {
    let slot = home.slot;
    let Some((packet, word)) = sent.packet else { return Vec::new() };
    let block = slot.events.map_or(slot.block, |events| events.mail);
    let offset = block + NOC_PAYLOAD_BYTES as u32 * packet + 4 * word;
    let mut receivers = Vec::new();
    for target in &slot.targets {
        if target.host {
            let text = format!("the host, word {} of its y", offset / 4);
            receivers.push(Receiver { place: None, text });
            continue;
        }
        let masks = if target.qpe == QpeId::ROUTER {
            program.delivery.routes.get(route_number(slot.population, target.groups)).cloned()
        } else {
            Some(vec![(target.qpe, target.mask)])
        };
        let at = target.buffers.of(sent.step) + offset;
        for (qpe, mask) in masks.unwrap_or_default() {
            for p in (0..PES_PER_QPE).filter(|p| mask >> p & 1 == 1) {
                receivers.extend(receiver(program, (slot, egru), target, qpe.pe_index(p), at));
            }
        }
    }
    receivers
}

fn receiver(
    program: &Program,
    (slot, egru): (&Slot, &EgruSlot),
    target: &Target,
    index: usize,
    at: u32,
) -> Option<Receiver> {
    let pe = Pe::from_index(index)?;
    let hosts = |layer: PopulationId| program.pe(pe).and_then(|loaded| loaded.slot_of(layer)).is_some();
    let name = |layer: PopulationId| program.population_name(layer);
    let next = PopulationId::at(slot.population.index() + 1);
    let is_for = |group| target.groups.contains(Groups::only(group));
    let what = match (is_for(control::OWN) && hosts(slot.population), is_for(control::NEXT) && hosts(next)) {
        (true, true) => format!("y for {} and x for {}", name(slot.population), name(next)),
        (true, false) => format!("y for {}", name(slot.population)),
        (false, _) => format!("x for {}", name(next)),
    };
    let quantity = if egru.pointwise.trace == Some(target.payload) { Quantity::Trace } else { Quantity::Y };
    let traced = if quantity == Quantity::Trace { " (trace)" } else { "" };
    let place = PeLocation { pe: index, part: Part::Memory, at };
    Some(Receiver { place: Some(place), text: format!("{pe} {at:05x} as {what}{traced}") })
}
