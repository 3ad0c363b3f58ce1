//! Populations to PEs: which neurons share a PE, and which PE that is.

use crate::chip::place::PePlace;
use std::ops::Range;

use super::memory::Needs;
use super::{Request, Share, SpikingError, traffic};
use crate::chip::geometry::{PE_COUNT, Pe};
use crate::kernel::options::KernelKind;
use crate::machine::sram::SRAM_BYTES;
use crate::mapping::Placed;
use crate::mapping::options::{Across, Balance, Barrier, Broadcast, LayerMapping, MappingOptions, Payload};
use crate::mapping::placement::Free;
use crate::net::spiking::{PoissonSources, SpikeSource, even_ranges};

/// Maximum number of neurons on a PE where the mapping gives none (py-spinnaker2's limit for
/// `lif`).
pub const NEURONS_A_PE: usize = 250;

/// Populations on their PEs.
#[derive(Clone, Debug)]
pub struct Split {
    /// Shares of each population, in the order of its neurons.
    pub shares: Vec<Vec<Share>>,
    /// Shares of each source that spikes at random; none of those that the host sends.
    pub sources: Vec<Vec<Share>>,
    /// Entry of `mapping.layers` of each population.
    pub entries: Vec<Option<usize>>,
}

/// Distribution of a population by an entry of the mapping, or without one.
pub(super) enum Spread<'a> {
    /// Over this number of PEs.
    Pes(usize),
    /// Places the population on exactly these PEs.
    On(&'a [PePlace]),
}

impl Split {
    /// Chooses the PEs of every population.
    ///
    /// A population that is spread by itself gets `more` PEs than it needs by count.
    pub fn new(request: &Request<'_>, more: &[usize]) -> Result<Self, SpikingError> {
        check(request)?;
        let entries = entries(request)?;
        let spreads = spreads(request, &entries, more)?;
        let withheld = request.chip.withheld();
        let chips = request.chip.chips().chips();
        let mut named: Vec<Pe> = Vec::new();
        for (population, spread) in spreads.iter().enumerate() {
            let Spread::On(places) = spread else { continue };
            let entry = entries[population].unwrap_or(0);
            for &place in *places {
                let wrong = |what| SpikingError::Pe { entry, name: name(request, population), place, what };
                let pe = place.pe().filter(|pe| pe.chip().index() < chips);
                let pe = pe.ok_or_else(|| wrong("does not exist"))?;
                if withheld.contains(&pe) {
                    return Err(wrong("is reserved or broken"));
                }
                if named.contains(&pe) {
                    return Err(wrong("has another population"));
                }
                named.push(pe);
            }
        }
        let MappingOptions { placement, across, .. } = *request.mapping;
        let taken = |pe: Pe| withheld.contains(&pe) || named.contains(&pe);
        let mut free = Free::new(placement, (chips, across), taken);
        let total = chips * PE_COUNT - withheld.len();
        let random: Vec<Vec<Range<u32>>> = match request.poisson {
            Some(_) => PoissonSources::shares(request.network),
            None => vec![Vec::new(); request.network.sources().len()],
        };
        let units = |k: usize| even_ranges(request.network.populations()[k].units, pes_of(&spreads[k]));
        let ranges: Vec<Vec<Range<u32>>> = (0..spreads.len()).map(units).collect();
        let loose = spreads.iter().filter(|spread| matches!(spread, Spread::Pes(_))).map(pes_of);
        let needed = loose.sum::<usize>() + random.iter().map(Vec::len).sum::<usize>();
        if needed > free.room().iter().sum() {
            return Err(too_many(request, &spreads, total));
        }
        let mut local = (across == Across::Local)
            .then(|| traffic::chips(request, (&spreads, &ranges), &random, &free).into_iter());
        let mut take = |count: usize| match local.as_mut().and_then(Iterator::next) {
            Some(chips) => free.take_on(&chips),
            None => free.take(count),
        };
        let mut shares = Vec::new();
        for (spread, ranges) in spreads.iter().zip(ranges) {
            let taken = take(if let Spread::Pes(pes) = spread { *pes } else { 0 });
            let pes: Vec<Pe> = match spread {
                Spread::Pes(_) => taken,
                Spread::On(places) => places.iter().filter_map(|place| place.pe()).collect(),
            };
            shares.push(pes.into_iter().zip(ranges).map(|(pe, units)| Share { pe, units }).collect());
        }
        let share = |(pe, units)| Share { pe, units };
        let place = |ranges: Vec<Range<u32>>| take(ranges.len()).into_iter().zip(ranges).map(share).collect();
        let sources = random.into_iter().map(place).collect();
        Ok(Self { shares, sources, entries })
    }

    /// Returns the neurons of a population's PEs.
    pub fn units(&self, population: usize) -> Vec<Range<u32>> {
        self.shares[population].iter().map(|share| share.units.clone()).collect()
    }

    /// Returns populations and PEs in the form that all network families share.
    pub fn placed(&self) -> Vec<Placed> {
        let placed = |(shares, entry): (&Vec<Share>, &Option<usize>)| Placed {
            entry: entry.unwrap_or(0),
            pes: shares.iter().map(|share| share.pe).collect(),
            assignment: shares.iter().map(|share| share.units.clone().collect()).collect(),
            kinds: [KernelKind::default(); 2],
        };
        self.shares.iter().zip(&self.entries).map(placed).collect()
    }
}

fn name(request: &Request<'_>, population: usize) -> String {
    request.network.populations()[population].name.clone()
}

fn pes_of(spread: &Spread<'_>) -> usize {
    match spread {
        Spread::Pes(pes) => *pes,
        Spread::On(places) => places.len(),
    }
}

/// Refuses options that do not apply to spiking networks.
fn check(request: &Request<'_>) -> Result<(), SpikingError> {
    let MappingOptions { batch, broadcast, payload, balance, barrier, overlap_recurrent, .. } =
        request.mapping;
    let senders = request.network.sources().len() + request.network.populations().len();
    if senders > 255 {
        return Err(SpikingError::Senders(senders));
    }
    let needed = request.network.sources().iter().map(SpikeSource::units).sum();
    let found = request.inputs.width();
    if needed != found {
        return Err(SpikingError::Width { needed, found });
    }
    let odd = [
        (*batch != 1, "batch"),
        (*broadcast != Broadcast::default(), "broadcast"),
        (*payload != Payload::default(), "payload"),
        (*balance != Balance::default(), "balance"),
        (*barrier != Barrier::default(), "barrier"),
        (*overlap_recurrent, "overlap_recurrent"),
    ];
    match odd.into_iter().find(|(odd, _)| *odd) {
        Some((_, field)) => Err(SpikingError::Option { field }),
        None => Ok(()),
    }
}

/// Returns the entry of the mapping for each population, if there is one.
fn entries(request: &Request<'_>) -> Result<Vec<Option<usize>>, SpikingError> {
    let populations = request.network.populations();
    let mut entries = vec![None; populations.len()];
    for (entry, layer) in request.mapping.layers.iter().enumerate() {
        let Some(population) = populations.iter().position(|population| population.name == layer.layer)
        else {
            let names = populations.iter().map(|population| population.name.clone()).collect();
            return Err(SpikingError::NoSuchPopulation { entry, name: layer.layer.clone(), names });
        };
        if entries[population].replace(entry).is_some() {
            return Err(SpikingError::Twice { entry, name: layer.layer.clone() });
        }
    }
    Ok(entries)
}

fn spreads<'a>(
    request: &Request<'a>,
    entries: &[Option<usize>],
    more: &[usize],
) -> Result<Vec<Spread<'a>>, SpikingError> {
    let mut spreads = Vec::new();
    for (population, entry) in entries.iter().enumerate() {
        spreads.push(if let Some(entry) = entry {
            given(request, population, *entry)?
        } else {
            let units = request.network.populations()[population].units;
            Spread::Pes((least(request, population)? + more[population]).min(units))
        });
    }
    Ok(spreads)
}

/// Reads how an entry of the mapping spreads a population.
fn given<'a>(request: &Request<'a>, population: usize, entry: usize) -> Result<Spread<'a>, SpikingError> {
    let layer: &LayerMapping = &request.mapping.layers[entry];
    let units = request.network.populations()[population].units;
    let name = || name(request, population);
    let spread = match (layer.pes, layer.units_per_pe, &layer.on) {
        (Some(pes), None, None) => Spread::Pes(pes as usize),
        (None, Some(each), None) if each > 0 => Spread::Pes(units.div_ceil(each as usize)),
        (None, None, Some(places)) => Spread::On(places),
        _ => return Err(SpikingError::Spread { entry, name: name() }),
    };
    let pes = pes_of(&spread);
    if pes == 0 || pes > units {
        return Err(SpikingError::Pes { entry, name: name(), units, pes });
    }
    Ok(spread)
}

/// Returns the least number of PEs on which a population fits in equal ranges.
fn least(request: &Request<'_>, population: usize) -> Result<usize, SpikingError> {
    let units = request.network.populations()[population].units;
    let needs = Needs::new(request.network, population, request);
    let fits = |pes: &usize| even_ranges(units, *pes).iter().all(|range| needs.fits(range));
    // Beyond what the chip has, steps may be wider: the number is only said.
    let least = units.div_ceil(NEURONS_A_PE);
    let near = least..=units.min(2 * PE_COUNT);
    let far = (2 * PE_COUNT..units).step_by(PE_COUNT).chain([units]);
    let found = near.chain(far).find(fits);
    found.ok_or_else(|| {
        let neuron = |unit: u32| needs.bytes(&(unit..unit + 1));
        let bytes = (0..units as u32).map(neuron).max().unwrap_or(0);
        let delay = request.network.longest_delay(population);
        SpikingError::Neuron {
            name: name(request, population),
            bytes,
            delay,
            ring: needs.ring(),
            there: SRAM_BYTES,
        }
    })
}

fn too_many(request: &Request<'_>, spreads: &[Spread<'_>], free: usize) -> SpikingError {
    let populations = spreads.iter().enumerate().map(|(k, spread)| (name(request, k), pes_of(spread)));
    let random = request.poisson.map(|_| PoissonSources::shares(request.network));
    let sources = random.into_iter().flatten().zip(request.network.sources());
    let sources = sources.map(|(shares, source)| (source.name.clone(), shares.len()));
    let each: Vec<(String, usize)> = populations.chain(sources).collect();
    let needed = each.iter().map(|(_, pes)| pes).sum();
    SpikingError::TooManyPes {
        needed,
        least: request.chip.least_board(needed),
        free,
        each: each.iter().map(|(name, pes)| format!("{name} {pes}")).collect(),
    }
}
