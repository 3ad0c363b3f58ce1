//! Builds a program from network and chip: partition, placement, memory maps, images, destinations.

use crate::chip::place::PePlace;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::delivery::{self, DeliveryPlan};
use super::egru::barrier::{Timing, margins};
use super::egru::control::{self, Control};
use super::egru::head::{self, HeadPlan, HeadRequest, HeadWriter};
use super::egru::write::{self, Writer};
use super::egru::{EgruProgram, LayerRules, Phase, Restart, traffic};
use super::error::MapError;
use super::memory::{Common, Copies, Full, MemoryMap, Share, lay_out, unit_words};
use super::options::{Across, Barrier, LayerMapping, MappingOptions, Schedule};
use super::partition::{Assignment, assign};
use super::placement::Free;
use crate::chip::geometry::{ChipId, MAX_CHIPS, PE_COUNT, Pe, QpeId};
use crate::kernel::matrix::Shape;
use crate::kernel::options::KernelKind;
use crate::machine::arrivals::{Announcement, Guard, Inbox, Receiver};
use crate::machine::costs::Costs;
use crate::machine::dram::DramMap;
use crate::machine::legend::{Legend, PhaseId, PopulationId};
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::program::{DramRows, MAX_IN_FLIGHT, Operation, PeProgram, Population, Program};
use crate::net::csr::Csr;
use crate::net::int8::{Peaks, Scale};
use crate::net::{Egru, EgruLayer};
use crate::parallel;

/// Returns the legend of the programs that [`map`] writes.
pub fn legend() -> Legend {
    Phase::legend()
}

/// Returns the number of samples, and of buffers of each, that a mapping needs.
pub(super) fn copies(mapping: &MappingOptions) -> Copies {
    let buffers = if mapping.schedule == Schedule::Pipelined { 3 } else { 2 };
    Copies { batch: mapping.batch.clamp(1, MAX_BATCH), buffers }
}

/// Returns the number of time steps that the host announces before the first of them is complete:
/// 1, or in a pipeline one for each layer (at most [`MAX_IN_FLIGHT`]), which keeps all layers busy.
pub(super) fn steps_in_flight(mapping: &MappingOptions, layers: usize) -> u32 {
    match mapping.schedule {
        Schedule::LayerSequential => 1,
        Schedule::Pipelined => (layers as u32).clamp(1, MAX_IN_FLIGHT),
    }
}

/// Returns `true` if a layer could send step t + 2 while the next layer is in R·y of step t. With
/// two steps in flight the host has not announced step t + 2 by then.
pub(super) fn credits_needed(mapping: &MappingOptions, layers: usize) -> bool {
    steps_in_flight(mapping, layers) > 2
}

/// Samples that a PE's program can tell apart.
pub const MAX_BATCH: u32 = 64;

/// Network to be mapped, with chip and options.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Network that is mapped.
    pub network: &'a Egru,
    /// Rows for its first layer.
    pub dram: Arc<dyn DramRows>,
    /// Start of sequences, and the state that restarts there; `None` to carry all state on.
    pub restart: Option<Restart>,
    /// Options of the chip, `chip` of a scene.
    pub chip: &'a ChipOptions,
    /// Options of the mapping, `mapping` of a scene.
    pub mapping: &'a MappingOptions,
    /// Numbers that are not published, `assume` of a scene.
    pub assume: &'a Assume,
    /// Largest inputs of each layer, for kernels with 8-bit inputs; without them inputs are taken
    /// as lying between −1 and 1.
    pub peaks: Option<&'a Peaks>,
    /// Head whose features are the first layer's x; `None` if x comes from DRAM.
    pub head: Option<&'a HeadRequest>,
}

impl Request<'_> {
    /// Returns the scales of 8-bit inputs of W and R, by layer.
    pub(super) fn scales(&self) -> Vec<[Scale; 2]> {
        let layers = self.network.layers.len();
        self.peaks.map_or_else(|| vec![<[Scale; 2]>::default(); layers], |peaks| peaks.scales(layers))
    }
}

/// A layer's units on their PEs.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Entry of `mapping.layers`.
    pub entry: usize,
    /// PEs, in block order.
    pub pes: Vec<Pe>,
    /// Units of each.
    pub assignment: Assignment,
    /// Kernels of W and R.
    pub kinds: [KernelKind; 2],
}

/// Returns the number of non-zeros in the three rows of a matrix that belong to `unit`.
fn unit_nonzeros(matrix: &Csr, units: usize, unit: usize) -> u32 {
    let row = |gate: usize| matrix.indptr().outer_inds_sz(gate * units + unit);
    (row(0).len() + row(1).len() + row(2).len()) as u32
}

/// Returns the numbers of non-zeros of W and of R, by unit.
pub fn unit_weights(layer: &EgruLayer) -> (Vec<u32>, Vec<u32>) {
    let units = layer.units();
    let of = |matrix: &Csr| (0..units).map(|u| unit_nonzeros(matrix, units, u)).collect();
    (of(&layer.input_weights), of(&layer.recurrent))
}

/// Assigns the units of a layer to `pes` PEs, as the scene asks.
pub fn assign_layer(layer: &EgruLayer, pes: usize, mapping: &MappingOptions) -> Assignment {
    let (input, recurrent) = unit_weights(layer);
    let weight: Vec<u32> = input.iter().zip(&recurrent).map(|(w, r)| w + r).collect();
    assign(&weight, pes, mapping.balance)
}

/// Chooses PEs and units for every layer. Returns them with the chips of the head's PEs where the
/// traffic decides; otherwise `None`, and the head takes PEs as layers do.
fn place(request: &Request<'_>) -> Result<(Vec<Placed>, Option<Vec<ChipId>>), MapError> {
    let entries = entries_by_layer(request)?;
    let withheld = request.chip.withheld();
    let broken = withheld.iter().filter(|&&pe| request.chip.is_broken(pe)).count();
    let chips = request.chip.chips().chips();
    let mut taken: HashSet<Pe> = withheld.iter().copied().collect();
    let mut named = Vec::new();
    for &(entry, wanted) in &entries {
        let pes = match &wanted.on {
            Some(on) => Some(named_pes(entry, wanted, on, request.chip)?),
            None => None,
        };
        taken.extend(pes.iter().flatten());
        named.push(pes);
    }
    let MappingOptions { placement, across, .. } = *request.mapping;
    let mut free = Free::new(placement, (chips, across), |pe| taken.contains(&pe));
    let mut counts = Vec::new();
    for ((&(entry, wanted), layer), named) in entries.iter().zip(&request.network.layers).zip(&named) {
        let units = layer.units();
        let asked = match (named, wanted.pes, wanted.units_per_pe) {
            (Some(on), _, _) => on.len(),
            (None, Some(n), _) => n as usize,
            (None, None, n) => units.div_ceil(n.unwrap_or(1).max(1) as usize),
        };
        if asked > units {
            return Err(MapError::MorePesThanUnits { entry, layer: layer.name.clone(), asked, units });
        }
        counts.push(asked);
    }
    let loose = || counts.iter().zip(&named).filter(|(_, named)| named.is_none());
    let needed: usize = loose().map(|(asked, _)| asked).sum();
    let head = request.head.map_or(0, |asked| asked.pes as usize);
    let fits = needed.saturating_add(head) <= free.room().iter().sum();
    let local = (across == Across::Local && fits).then(|| traffic::chips(request, &counts, &named, &free));
    let mut placed = Vec::new();
    for (k, ((&(entry, wanted), layer), named)) in
        entries.iter().zip(&request.network.layers).zip(&named).enumerate()
    {
        let asked = counts[k];
        let left = free.room().iter().sum();
        let pes: Vec<Pe> = match (named, &local) {
            (Some(named), _) => named.clone(),
            (None, Some(chips)) => free.take_on(&chips.layers[k]),
            (None, None) => free.take(asked),
        };
        if pes.len() < asked {
            return Err(MapError::TooManyPes {
                entry,
                layer: layer.name.clone(),
                asked,
                free: left,
                total: chips * PE_COUNT,
                reserved: withheld.len() - broken,
                broken,
                least: request.chip.least_board(needed + taken.len() - withheld.len()),
            });
        }
        let kinds = [wanted.input.kind(), wanted.recurrent.kind()];
        placed.push(Placed { entry, assignment: assign_layer(layer, asked, request.mapping), pes, kinds });
    }
    delivery::check(request, &placed)?;
    Ok((placed, local.map(|chips| chips.head)))
}

/// Returns the scene's entries in network order, each with its index in the scene. Fails if an
/// entry names an unknown layer, or if a layer has two entries or none.
fn entries_by_layer<'a>(request: &Request<'a>) -> Result<Vec<(usize, &'a LayerMapping)>, MapError> {
    let names: Vec<String> = request.network.layers.iter().map(|l| l.name.clone()).collect();
    let mut by_layer: Vec<Option<(usize, &LayerMapping)>> = vec![None; names.len()];
    for (entry, wanted) in request.mapping.layers.iter().enumerate() {
        let name = wanted.layer.clone();
        let Some(k) = names.iter().position(|n| *n == name) else {
            return Err(MapError::UnknownLayer { entry, name, layers: names });
        };
        if by_layer[k].replace((entry, wanted)).is_some() {
            return Err(MapError::LayerTwice { entry, name });
        }
    }
    let missing = by_layer.iter().position(Option::is_none);
    match missing {
        Some(k) => Err(MapError::LayerMissing { name: names[k].clone(), layers: names }),
        None => Ok(by_layer.into_iter().flatten().collect()),
    }
}

fn named_pes(
    entry: usize,
    wanted: &LayerMapping,
    on: &[PePlace],
    chip: &ChipOptions,
) -> Result<Vec<Pe>, MapError> {
    let bad = |what: String| MapError::BadPe { entry, layer: wanted.layer.clone(), what };
    let mut pes = Vec::new();
    let chips = chip.chips().chips();
    for &place in on {
        let pe = place.pe().filter(|pe| pe.chip().index() < chips);
        let pe = pe.ok_or_else(|| bad(format!("there is no PE {place}")))?;
        if chip.is_broken(pe) {
            return Err(bad(format!("{pe} is broken")));
        }
        if chip.reserved.contains(&place) {
            return Err(bad(format!("{pe} is reserved")));
        }
        if pes.contains(&pe) {
            return Err(bad(format!("{pe} is named twice")));
        }
        pes.push(pe);
    }
    Ok(pes)
}

/// Returns the sizes of one PE's shares.
fn shares<'a>(
    request: &Request<'a>,
    plan: &DeliveryPlan<'_>,
    weights: &[(Vec<u32>, Vec<u32>)],
    hosted: &[(usize, &[u32])],
) -> Vec<Share<'a>> {
    let share = |&(k, units): &(usize, &[u32])| {
        let layer = &request.network.layers[k];
        let shape = |weights: &[u32], sources: usize| Shape {
            rows: 3 * units.len() as u32,
            sources: sources as u32,
            nonzeros: units.iter().map(|&u| weights[u as usize]).sum(),
        };
        let [input, recurrent] = plan.placed()[k].kinds;
        Share {
            layer: k as u8,
            name: &layer.name,
            units: units.len() as u32,
            output: layer.output,
            compare: layer.compare,
            always: layer.always,
            tanh: layer.tanh,
            input: (input, shape(&weights[k].0, layer.inputs())),
            recurrent: (recurrent, shape(&weights[k].1, layer.units())),
            events: plan.needs(k, units.len()),
        }
    };
    hosted.iter().map(share).collect()
}

/// Returns the larger of each layer's x as it arrives and its placed y (or its events), in bytes.
///
/// x is y of the layer below; in the first layer the embedding row or `features` bytes of a head.
fn widths(request: &Request<'_>, plan: &DeliveryPlan<'_>, features: Option<u32>) -> Vec<u32> {
    let mut input = features.unwrap_or(4 * request.dram.width() as u32);
    let mut widths = Vec::new();
    for k in 0..plan.placed().len() {
        let own = plan.arrival_bytes(k);
        widths.push(input.max(own));
        input = own;
    }
    widths
}

/// Lays out the addresses that all PEs have in common.
fn common(request: &Request<'_>, plan: &DeliveryPlan<'_>, features: Option<u32>, shared: bool) -> Common {
    let mut common = Common::new(&widths(request, plan, features), shared, copies(request.mapping));
    common.fifo_bytes = plan.fifo_bytes();
    common
}

/// Assignment of layers to PEs: pairs (layer, number of the PE in it).
type Hosted = BTreeMap<Pe, Vec<(usize, usize)>>;

/// Puts a network on the chip.
pub fn map(request: &Request<'_>) -> Result<(Program, Vec<Placed>), MapError> {
    let found = request.head.map_or(request.dram.width(), |asked| asked.head.features());
    if let Some(first) = request.network.layers.first()
        && first.inputs() != found
    {
        let layer = first.name.clone();
        return Err(MapError::Width { layer, needed: first.inputs(), found });
    }
    let dram_map = DramMap::new(&*request.dram)?;
    let (placed, on) = place(request)?;
    let plan = DeliveryPlan::new(request.mapping, &placed);
    let head = request.head.map(|asked| HeadPlan::new(request, asked, &placed, on.as_deref())).transpose()?;
    let features = head.as_ref().map(HeadWriter::feature_bytes);
    let fed_by = head.as_ref().and_then(HeadPlan::features).map_or(0, |layer| layer.hosts.len());
    let costs = Costs::new(request.assume, request.chip.waiting)?;
    let mut hosted: Hosted = BTreeMap::new();
    for (k, layer) in placed.iter().enumerate() {
        for (i, &pe) in layer.pes.iter().enumerate() {
            hosted.entry(pe).or_default().push((k, i));
        }
    }
    // One packet can serve a layer and the next only if their buffers are at the same address, and
    // a PE that hosts two layers needs two pairs of buffers.
    let shared = hosted.values().all(|layers| layers.len() == 1);
    let common = common(request, &plan, features, shared);
    let maps = memory_maps(request, &plan, &hosted, (&common, features))?;
    let rules = layer_rules(request, &plan, &costs, (common.copies, fed_by));
    let mut layers = populations(request, &placed);
    let head = match &head {
        Some(plan) => Some(head::write(request, plan, &placed, &common)?),
        None => None,
    };
    layers.extend(head.iter().flat_map(|head| head.populations.clone()));
    let board = Arc::new(request.chip.chips());
    let mut pes: Vec<Option<PeProgram>> = vec![None; board.chips() * PE_COUNT];
    let builder = Writer {
        request,
        placed: &placed,
        plan: &plan,
        layers: &layers,
        rules: &rules,
        common: &common,
        costs: &costs,
        shared,
        columns: write::columns(request, &placed, &layers),
        fan_out: write::fan_out(request.network),
        scales: request.scales(),
        fed_by: fed_by as u32,
    };
    for (pe, written) in parallel::map(maps, |(pe, map)| (pe, builder.pe(&hosted[&pe], map))) {
        pes[pe.index()] = Some(written?);
    }
    let lanes = (layers.len(), common.copies.batch);
    let below = head.as_ref().map(|_| PopulationId::at(layers.len() - 1));
    let mut inboxes: Vec<Inbox> = pes.iter().map(|pe| inbox(pe.as_ref(), lanes, below)).collect();
    let mut announcements = announcements(&common, &placed);
    let mut dram_words = Vec::new();
    if let Some(head) = head {
        announcements = head.announcements;
        dram_words = head.dram;
        for (pe, program, own) in head.programs {
            inboxes[pe.index()] = own;
            pes[pe.index()] = Some(program);
        }
    }
    let dram_map = dram_map.with_words("head weights", dram_words.len() as u64)?;
    let program = Program {
        legend: Arc::new(legend()),
        delivery: plan.delivery(request.assume),
        board,
        inboxes,
        announcements,
        batch: common.copies.batch,
        steps_in_flight: steps_in_flight(request.mapping, placed.len()),
        timer: None,
        pes,
        populations: layers,
        dram: Arc::clone(&request.dram),
        dram_words: Arc::new(dram_words),
        dram_map,
        costs,
        operating_point: request.chip.operating_point,
        waiting: request.chip.waiting,
        assume: request.assume.clone(),
        images_replaced: false,
        detail: Arc::new(EgruProgram {
            layers: rules,
            restart: request.restart,
            scales: request.scales(),
            head: request.head.map(|asked| Arc::clone(&asked.head)),
        }),
    };
    Ok((program, placed))
}

/// Returns at which time steps a program that [`map`] has written restarts its sequences; `None`
/// for a program of another network family.
pub fn restart_of(program: &Program) -> Option<Option<Restart>> {
    Some(EgruProgram::of(program)?.restart)
}

/// Returns a mapped program at other assumptions, those of `request`; all else of `request` is what
/// `program` and `placed` were mapped from. The images are shared.
///
/// `None` if the assumptions change more than times: then [`map`] has to write the program again.
///
/// # Errors
///
/// Fails if the committed listings cannot be read.
pub fn reprice(
    request: &Request<'_>,
    program: &Program,
    placed: &[Placed],
) -> Result<Option<Program>, MapError> {
    let (before, now) = (&program.assume, request.assume);
    let Some(detail) = EgruProgram::of(program) else { return Ok(None) };
    let places = |assume: &Assume| (assume.bank_interleave, assume.router_ports, assume.host_port);
    let costs = Costs::new(now, request.chip.waiting)?;
    let fed_by = EgruProgram::fed_by(program);
    let plan = DeliveryPlan::new(request.mapping, placed);
    let rules = layer_rules(request, &plan, &costs, (copies(request.mapping), fed_by));
    let same = places(before) == places(now) && rules == detail.layers;
    Ok(same.then(|| Program { costs, assume: now.clone(), ..program.clone() }))
}

/// Describes the receptions of a PE: values of its layers and those below, and messages to its
/// slots.
///
/// `below` is the population whose values are the first layer's x, if x does not come from DRAM.
fn inbox(pe: Option<&PeProgram>, (layers, batch): (usize, u32), below: Option<PopulationId>) -> Inbox {
    let mut inbox = Inbox::new(layers * batch as usize);
    let Some(loaded) = pe else { return inbox };
    for (number, slot) in (0_u8..).zip(&loaded.slots) {
        let lane = |layer: PopulationId| usize::from(layer) * batch as usize + usize::from(slot.sample);
        let ended = |phase| {
            let is = |o: &Operation| (o.slot, o.phase) == (number, PhaseId::from(phase));
            loaded.operations.iter().position(is).unwrap_or(0) as u32
        };
        inbox.take_messages(lane(slot.population), number);
        // y(t) lands where x(t) was; x(t) where y(t−2) was or, of three buffers, y(t−3).
        let guard = Guard { operation: ended(Phase::Input), lag: 1, reads: "x" };
        let own = Receiver { slot: number, counter: control::RECURRENT, guard };
        inbox.take_values(lane(slot.population), control::OWN, own);
        if let Some(below) = slot.population.below().or(below) {
            let lag = 2 - slot.buffers.count().cast_signed();
            let guard = Guard { operation: ended(Phase::Recurrent), lag, reads: "y" };
            let next = Receiver { slot: number, counter: control::INPUT, guard };
            inbox.take_values(lane(below), control::NEXT, next);
        }
    }
    inbox
}

/// Returns the announcements of a time step to the first layer, by sample.
fn announcements(common: &Common, placed: &[Placed]) -> Vec<Announcement> {
    let (Some(blocks), Some(first)) = (common.control.first(), placed.first()) else { return Vec::new() };
    let announcement = |(sample, block): (usize, &Control)| Announcement {
        message: block.message(0, sample, control::INPUT),
        to: masks(&first.pes),
    };
    blocks.iter().enumerate().map(announcement).collect()
}

/// Returns the QPEs of these PEs with their PE masks, in QPE order.
pub(super) fn masks<'a>(pes: impl IntoIterator<Item = &'a Pe>) -> Vec<(QpeId, u8)> {
    let mut masks = BTreeMap::new();
    for pe in pes {
        *masks.entry(pe.qpe_id()).or_insert(0_u8) |= 1 << pe.p();
    }
    masks.into_iter().collect()
}

fn memory_maps(
    request: &Request<'_>,
    plan: &DeliveryPlan<'_>,
    hosted: &Hosted,
    (common, features): (&Common, Option<u32>),
) -> Result<Vec<(Pe, MemoryMap)>, MapError> {
    let placed = plan.placed();
    let weights: Vec<_> = request.network.layers.iter().map(unit_weights).collect();
    let mut maps = Vec::new();
    let mut worst: Option<(Full, Pe)> = None;
    for (&pe, layers) in hosted {
        let hosted: Vec<(usize, &[u32])> =
            layers.iter().map(|&(k, i)| (k, placed[k].assignment[i].as_slice())).collect();
        match lay_out(common, &shares(request, plan, &weights, &hosted)) {
            Ok(map) => maps.push((pe, map)),
            Err(full) if worst.as_ref().is_none_or(|(w, _)| full.needed > w.needed) => {
                worst = Some((full, pe));
            }
            Err(_) => {}
        }
    }
    let Some((full, pe)) = worst else { return Ok(maps) };
    let layers: Vec<usize> = hosted[&pe].iter().map(|&(k, _)| k).collect();
    let least = if let [k] = layers[..] { least_pes(request, placed, &weights, (k, features)) } else { None };
    let names = layers.iter().map(|&k| request.network.layers[k].name.clone()).collect();
    let copies = common.copies;
    Err(MapError::DoesNotFit { entry: placed[layers[0]].entry, pe, layers: names, full, least, copies })
}

/// Returns the least number of PEs on which layer `k` fits while the other layers stay as they are;
/// `None` if it fits on no number of PEs.
fn least_pes(
    request: &Request<'_>,
    placed: &[Placed],
    weights: &[(Vec<u32>, Vec<u32>)],
    (k, features): (usize, Option<u32>),
) -> Option<usize> {
    let layer = &request.network.layers[k];
    let mut trial = placed.to_vec();
    (1..=(MAX_CHIPS * PE_COUNT).min(layer.units())).find(|&n| {
        trial[k].assignment = assign_layer(layer, n, request.mapping);
        let plan = DeliveryPlan::new(request.mapping, &trial);
        let common = common(request, &plan, features, true);
        let fits =
            |units: &Vec<u32>| lay_out(&common, &shares(request, &plan, weights, &[(k, units)])).is_ok();
        trial[k].assignment.iter().all(fits)
    })
}

/// Describes the layers as populations of the machine: their PEs, and the word of each unit's value
/// among those that the layer sends.
fn populations(request: &Request<'_>, placed: &[Placed]) -> Vec<Population> {
    let mut populations = Vec::new();
    for (k, (placed_layer, layer)) in placed.iter().zip(&request.network.layers).enumerate() {
        let (unit_word, words) = unit_words(&placed_layer.assignment);
        populations.push(Population {
            name: layer.name.clone(),
            pes: placed_layer.pes.clone(),
            unit_word,
            words,
            sends: Phase::Broadcast.into(),
            host: (k + 1 == placed.len()).then_some(0),
        });
    }
    populations
}

fn layer_rules(
    request: &Request<'_>,
    plan: &DeliveryPlan<'_>,
    costs: &Costs,
    (copies, fed_by): (Copies, usize),
) -> Vec<LayerRules> {
    let credits =
        credits_needed(request.mapping, plan.placed().len()) && request.mapping.barrier != Barrier::Never;
    let timing = Timing {
        costs,
        width: request.dram.width(),
        point: request.chip.operating_point,
        overlap_recurrent: request.mapping.overlap_recurrent,
        mapping: request.mapping,
        copies,
        restart: request.restart,
        fed_by,
    };
    let margins = margins(request.network, plan, &timing);
    let rules = margins.iter().enumerate().map(|(k, margin)| LayerRules {
        barrier: match request.mapping.barrier {
            Barrier::Always => true,
            Barrier::Never => false,
            Barrier::Auto => margin.needed(),
        },
        credits: credits && k + 1 < plan.placed().len(),
        overlap_recurrent: request.mapping.overlap_recurrent,
    });
    rules.collect()
}
