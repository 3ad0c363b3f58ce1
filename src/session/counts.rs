//! Counts of work by which networks and chips are compared: values sent, products of a dense
//! evaluation, and products of values and weights that are not 0.
//!
//! Definitions are those of NeuroBench (Yik et al., Nature Communications 16, 1545 (2025);
//! "Synaptic Operations" in the documentation of its harness): dense counts zeros of values and
//! weights, effective counts neither; a product with a graded value is a multiply-accumulate (MAC),
//! a weight added for a spike an accumulate (AC). `docs/report.md` says where they differ.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::mapping::attention::{AttentionProgram, Stage};
use crate::mapping::check;
use crate::mapping::spiking::SpikingProgram;
use crate::net::EgruLayer;
use crate::net::csr::Csr;
use crate::net::spiking::{Network, Origin};
use crate::task::SpikeCounts;

/// Products since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Products {
    /// Products of a dense evaluation: every weight in every time step, zeros as well.
    pub dense_macs: u64,
    /// Products of graded values and weights of which neither is 0.
    pub effective_macs: u64,
    /// Weights other than 0 that spikes added to sums.
    pub effective_acs: u64,
    /// Synaptic operations: `effective_macs` and `effective_acs` together.
    pub synops: u64,
}

impl Products {
    fn macs(dense_macs: u64, effective_macs: u64) -> Self {
        Self { dense_macs, effective_macs, effective_acs: 0, synops: effective_macs }
    }

    fn acs(dense_macs: u64, effective_acs: u64) -> Self {
        Self { dense_macs, effective_macs: 0, effective_acs, synops: effective_acs }
    }

    /// Returns the synaptic operations as a share of the dense products, 0 to 1; 0 without any.
    pub fn share(&self) -> f64 {
        self.synops as f64 / self.dense_macs.max(1) as f64
    }
}

impl std::iter::Sum for Products {
    fn sum<I: Iterator<Item = Self>>(products: I) -> Self {
        products.fold(Self::default(), |sum, of| Self {
            dense_macs: sum.dense_macs + of.dense_macs,
            effective_macs: sum.effective_macs + of.effective_macs,
            effective_acs: sum.effective_acs + of.effective_acs,
            synops: sum.synops + of.synops,
        })
    }
}

/// Counts of a projection, or of a matrix of a layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionCounts {
    /// Name of the projection; `W` or `R` of an EGRU layer.
    pub name: String,
    /// Population or input whose values the projection takes; for `R` the layer itself.
    pub from: String,
    /// Layer or population whose sums the projection adds to.
    pub layer: String,
    /// Weights that are not 0: synapses.
    pub synapses: u64,
    /// Products of the projection since the start.
    #[serde(flatten)]
    pub products: Products,
}

/// Counts of a layer or population.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerCounts {
    /// Name in the model.
    pub layer: String,
    /// Values other than 0, or spikes, that the layer's units sent.
    pub events: u64,
    /// Products that the layer's sums took.
    #[serde(flatten)]
    pub products: Products,
    /// Energy that the cores of the layer's PEs drew in its operations beyond sleep, J.
    pub active_j: f64,
    /// `active_j` divided by the synaptic operations, J; `None` without one.
    pub active_per_synop_j: Option<f64>,
}

/// Counts of a whole network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TotalCounts {
    /// Values other than 0, or spikes, that all units sent.
    pub events: u64,
    /// Products of all layers since the start.
    #[serde(flatten)]
    pub products: Products,
    /// Energy that all cores drew in operations beyond sleep, random sources included, J.
    pub active_j: f64,
    /// `active_j` divided by the synaptic operations, J; `None` without one.
    pub active_per_synop_j: Option<f64>,
    /// Energy of the chip, idle parts included, divided by the synaptic operations, J;
    /// `None` without one.
    pub energy_per_synop_j: Option<f64>,
}

/// Counts since the start, to the end of the last completed time step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Sums over all layers.
    pub total: TotalCounts,
    /// Layers or populations, in network order.
    pub layers: Vec<LayerCounts>,
    /// Projections, or W and R of each layer, in network order.
    pub projections: Vec<ProjectionCounts>,
}

impl Counts {
    /// Returns the projections into a layer.
    pub fn into_layer<'a>(&'a self, layer: &'a str) -> impl Iterator<Item = &'a ProjectionCounts> {
        self.projections.iter().filter(move |projection| projection.layer == layer)
    }

    /// Returns `true` if the network sends spikes, whose synaptic operations are accumulates.
    pub fn accumulates(&self) -> bool {
        self.total.products.effective_acs > 0
    }
}

/// Counts the events and products of a session's network so far.
pub fn counts(session: &Session) -> Counts {
    let program = session.program();
    let (names, events, projections) = match (SpikingProgram::of(program), session.work().spike_counts()) {
        (Some(spiking), Some(counts)) => spiking_counts(&spiking.network, counts),
        _ => match AttentionProgram::of(program) {
            Some(attention) => attention_counts(session, attention),
            None => egru_counts(session),
        },
    };
    let meter = session.meter();
    let phases_j = meter.parts().phases_j;
    let per_synop = |joules: f64, synops: u64| (synops > 0).then(|| joules / synops as f64);
    let layer = |(k, (name, &events)): (usize, (&String, &u64))| {
        let into = projections.iter().filter(|projection| projection.layer == *name);
        let products: Products = into.map(|projection| projection.products).sum();
        let active_j = phases_j.get(k).map_or(0.0, |phases| phases.iter().sum());
        LayerCounts {
            layer: name.clone(),
            events,
            products,
            active_j,
            active_per_synop_j: per_synop(active_j, products.synops),
        }
    };
    let layers: Vec<LayerCounts> = names.iter().zip(&events).enumerate().map(layer).collect();
    let products: Products = projections.iter().map(|projection| projection.products).sum();
    let active_j = phases_j.iter().flatten().sum();
    let total = TotalCounts {
        events: events.iter().sum(),
        products,
        active_j,
        active_per_synop_j: per_synop(active_j, products.synops),
        energy_per_synop_j: per_synop(meter.total().energy_j, products.synops),
    };
    Counts { total, layers, projections }
}

/// Names and events of the layers, and their projections.
type Parts = (Vec<String>, Vec<u64>, Vec<ProjectionCounts>);

fn spiking_counts(network: &Network, counts: SpikeCounts<'_>) -> Parts {
    let names: Vec<String> = network.populations().iter().map(|of| of.name.clone()).collect();
    let projection = |(of, &passed): (&crate::net::spiking::Projection, &u64)| ProjectionCounts {
        name: of.name.clone(),
        from: match of.from {
            Origin::Source(source) => network.sources()[source].name.clone(),
            Origin::Population(population) => names.get(population).cloned().unwrap_or_default(),
        },
        layer: names.get(of.to).cloned().unwrap_or_default(),
        synapses: of.rows.synapses() as u64,
        products: Products::acs(of.rows.dense_synapses() * counts.ticks, passed),
    };
    let projections = network.projections().iter().zip(counts.passed).map(projection).collect();
    (names, counts.spikes.to_vec(), projections)
}

/// Returns values that each stage of a transformer has sent, and the products of its linear layer:
/// sums of spikes are accumulates.
fn attention_counts(session: &Session, attention: &AttentionProgram) -> Parts {
    let (program, stats) = (session.program(), session.stats());
    let names: Vec<String> = program.populations.iter().map(|of| of.name.clone()).collect();
    let weights: Vec<u64> = check::program_balance(program)
        .iter()
        .map(|of| (of.nonzeros_mean * of.pes as f64).round() as u64)
        .collect();
    let rates = stats.transformer.rates();
    let projection = |(k, &stage): (usize, &Stage)| {
        let layer = rates.layers.get(stage.layer()?)?;
        let spikes = |place: usize| layer[place].spikes;
        let network = &attention.network;
        // Inputs that are spikes, and outputs that each of them adds to.
        let (spikes, outputs, steps) = match stage {
            Stage::Attend(_) => (spikes(0), 3 * network.width, network.attention.steps()),
            Stage::Project(_) => (spikes(4), network.width, network.attention.steps()),
            Stage::Up(_) => {
                let steps = network.mlp.steps().filter(|_| network.mlp.is_encoded());
                (spikes(5), network.hidden(), steps)
            }
            Stage::Down(_) => (spikes(6), network.width, network.mlp.steps()),
            Stage::Embed | Stage::Output => return None,
        };
        let dense = weights.get(k)? * stats.steps;
        let products = match steps {
            Some(steps) => Products::acs(dense * steps as u64, spikes * outputs as u64),
            None => Products::macs(dense, dense),
        };
        Some(ProjectionCounts {
            name: "W".to_owned(),
            from: names.get(k.checked_sub(1)?)?.clone(),
            layer: names.get(k)?.clone(),
            synapses: *weights.get(k)?,
            products,
        })
    };
    let projections = attention.stages.iter().enumerate().filter_map(projection).collect();
    let events = (0..names.len()).map(|stage| stats.layer_events(stage)).collect();
    (names, events, projections)
}

fn egru_counts(session: &Session) -> Parts {
    let network = session.model().network();
    let stats = session.stats();
    let batch = u64::from(session.program().batch);
    let matrices = |(k, (layer, effective)): (usize, (&EgruLayer, [u64; 2]))| {
        let matrix = |name: &str, from: &str, matrix: &Csr, effective: u64| ProjectionCounts {
            name: name.to_owned(),
            from: from.to_owned(),
            layer: layer.name.clone(),
            synapses: matrix.nnz() as u64,
            products: Products::macs((matrix.rows() * matrix.cols()) as u64 * stats.steps * batch, effective),
        };
        let before = k.checked_sub(1).map_or("input", |before| network.layers[before].name.as_str());
        let [input, recurrent] = effective;
        [
            matrix("W", before, &layer.input_weights, input),
            matrix("R", &layer.name, &layer.recurrent, recurrent),
        ]
    };
    let projections =
        network.layers.iter().zip(stats.products.by_layer()).enumerate().flat_map(matrices).collect();
    let names: Vec<String> = network.layers.iter().map(|layer| layer.name.clone()).collect();
    let events = (0..names.len()).map(|layer| stats.layer_events(layer)).collect();
    (names, events, projections)
}
