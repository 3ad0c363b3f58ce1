//! Facts about an experiment that do not change while it runs: scene, network, mapping.
//!
//! They are computed once, and all snapshots share them.

use std::sync::Arc;

use crate::machine::legend::{Legend, PopulationId};
use crate::machine::options::Assume;
use crate::machine::program::{PeProgram, Program};
use crate::machine::sram::BANKS;
use crate::mapping::attention::{AttentionProgram, AttentionSlot};
use crate::mapping::spiking::SpikingProgram;
use crate::model::Model;
use crate::net::EgruLayer;
use crate::net::spiking::{Network, Projection};
use crate::scene::LoadedScene;
use crate::text::visible_line;

/// Facts that do not change while an experiment runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// Title of the scene.
    pub title: String,
    /// Scene path as given.
    pub scene: String,
    /// Edits with which the scene was loaded, as `--set` makes them, in order.
    pub edits: Vec<(String, String)>,
    /// Name of the model.
    pub model: String,
    /// Time steps per sequence.
    pub sequence_length: u32,
    /// PE clock, MHz.
    pub clock_mhz: u32,
    /// Names, colours and letters of the program's phases and counters.
    pub legend: Arc<Legend>,
    /// Values that the scene assumes where nothing is published.
    pub assume: Assume,
    /// Layers in network order.
    pub layers: Vec<LayerSetup>,
    /// Loads of the PEs of all chips, by index.
    pub pes: Vec<PeSetup>,
}

impl Setup {
    /// Gathers the facts about an experiment with sequences of `sequence_length` time steps.
    pub(super) fn of(loaded: &LoadedScene, model: &Model, program: &Program, sequence_length: u32) -> Self {
        let pe = |pe| program.pe(pe).map_or_else(PeSetup::default, PeSetup::of);
        Self {
            title: visible_line(&loaded.scene.title).into_owned(),
            scene: visible_line(&loaded.path.display().to_string()).into_owned(),
            edits: loaded.edits.clone(),
            model: visible_line(&model.card().name).into_owned(),
            sequence_length,
            clock_mhz: program.operating_point.mhz(),
            legend: Arc::clone(&program.legend),
            assume: program.assume.clone(),
            layers: layers(model, program),
            pes: program.places().map(pe).collect(),
        }
    }
}

/// Layer of the network, as mapped.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSetup {
    /// Name in the model file (`rnns.1`).
    pub name: String,
    /// Number of units.
    pub units: u32,
    /// Number of values that it reads in a time step.
    pub inputs: u32,
    /// Number of PEs of the layer.
    pub pes: u32,
    /// Fraction of zero weights in all matrices or projections together, 0..=1.
    pub weight_sparsity: f32,
    /// Fractions of zero weights in W and R, 0..=1; `None` for populations of spiking neurons.
    pub matrix_sparsity: Option<[f32; 2]>,
    /// Mean non-zeros per PE.
    pub nonzeros_mean: f32,
    /// Non-zeros of the fullest PE.
    pub nonzeros_max: u32,
}

/// Load of a PE, as mapped. All zero for a PE without program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeSetup {
    /// Number of units (neurons).
    pub units: u16,
    /// Bytes in use per SRAM bank (of 32,768 each).
    pub bank_bytes: [u32; BANKS],
    /// Number of non-zero weights.
    pub nonzeros: u32,
}

impl PeSetup {
    fn of(loaded: &PeProgram) -> Self {
        Self {
            units: loaded.populations().map(|slot| slot.units.len()).sum::<usize>() as u16,
            bank_bytes: loaded.bank_bytes(),
            nonzeros: loaded.populations().map(|slot| slot.detail.weights()).sum(),
        }
    }
}

/// Counts of the matrices or projections of a layer.
struct Synapses {
    units: usize,
    inputs: usize,
    /// Weights that are not 0, and all weights.
    nonzeros: (u64, u64),
    matrix_sparsity: Option<[f32; 2]>,
}

fn zeros(nonzeros: u64, all: u64) -> f32 {
    if all == 0 { 0.0 } else { 1.0 - nonzeros as f32 / all as f32 }
}

fn of_layer(layer: &EgruLayer) -> Synapses {
    let sizes =
        [&layer.input_weights, &layer.recurrent].map(|m| (m.nnz() as u64, (m.rows() * m.cols()) as u64));
    Synapses {
        units: layer.units(),
        inputs: layer.inputs(),
        nonzeros: (sizes[0].0 + sizes[1].0, sizes[0].1 + sizes[1].1),
        matrix_sparsity: Some(sizes.map(|(nonzeros, all)| zeros(nonzeros, all))),
    }
}

/// Returns the counts of a population or, behind the populations, of a randomly spiking source.
fn of_population(network: &Network, program: &Program, population: usize) -> Synapses {
    let into = || network.projections().iter().filter(move |projection| projection.to == population);
    let sum = |of: fn(&Projection) -> u64| into().map(of).sum();
    Synapses {
        units: program.units_of(PopulationId::at(population)),
        inputs: into().map(|projection| projection.rows.inputs()).sum(),
        nonzeros: (sum(|of| of.rows.synapses() as u64), sum(|of| of.rows.dense_synapses())),
        matrix_sparsity: None,
    }
}

/// Returns the counts of a layer of a head on the chip.
fn of_head(program: &Program, population: usize) -> Synapses {
    let id = PopulationId::at(population);
    let slots = || program.pes.iter().flatten().filter_map(|pe| pe.slot_of(id)).map(|(_, slot)| &slot.detail);
    let weights = slots().map(|detail| u64::from(detail.weights())).sum();
    let stored = slots().map(|detail| u64::from(detail.stored())).sum();
    Synapses { units: program.units_of(id), inputs: 0, nonzeros: (weights, stored), matrix_sparsity: None }
}

/// Returns a function that counts the synapses of a transformer's stages.
fn of_stage(program: &Program) -> impl Fn(PopulationId) -> Synapses + '_ {
    move |stage| {
        let pes = program.population(stage).map_or(&[][..], |stage| &stage.pes);
        let slots = pes.iter().filter_map(|&pe| program.pe(pe)?.slot_of(stage));
        let own: Vec<&AttentionSlot> = slots.filter_map(|(_, slot)| AttentionSlot::of(slot)).collect();
        let weights = own.iter().map(|own| u64::from(own.weights)).sum();
        Synapses {
            units: program.units_of(stage),
            inputs: own.first().map_or(0, |own| own.layout.linear.inputs as usize),
            nonzeros: (weights, weights),
            matrix_sparsity: None,
        }
    }
}

/// Returns the layers, populations or stages of the network.
fn layers(model: &Model, program: &Program) -> Vec<LayerSetup> {
    let synapses: Vec<Synapses> = if let Some(spiking) = SpikingProgram::of(program) {
        let populations = 0..program.populations.len();
        populations.map(|population| of_population(&spiking.network, program, population)).collect()
    } else if AttentionProgram::of(program).is_some() {
        program.population_ids().map(of_stage(program)).collect()
    } else {
        let own = &model.network().layers;
        // Populations behind the layers are those of a head on the chip.
        let further = (own.len()..program.populations.len()).map(|k| of_head(program, k));
        own.iter().map(of_layer).chain(further).collect()
    };
    let layer = |(k, of): (usize, Synapses)| {
        let layer = &program.populations[k];
        let slots = layer.pes.iter().filter_map(|&pe| program.pe(pe)?.slot_of(PopulationId::at(k)));
        let loads: Vec<u32> = slots.map(|(_, slot)| slot.detail.weights()).collect();
        LayerSetup {
            name: visible_line(&layer.name).into_owned(),
            units: of.units as u32,
            inputs: of.inputs as u32,
            pes: layer.pes.len() as u32,
            weight_sparsity: zeros(of.nonzeros.0, of.nonzeros.1),
            matrix_sparsity: of.matrix_sparsity,
            nonzeros_mean: loads.iter().sum::<u32>() as f32 / loads.len().max(1) as f32,
            nonzeros_max: loads.into_iter().max().unwrap_or(0),
        }
    };
    synapses.into_iter().take(program.populations.len()).enumerate().map(layer).collect()
}
