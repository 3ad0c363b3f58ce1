//! Spikes counted: rates of each population of a spiking transformer.

use schemars::JsonSchema;
use serde::Serialize;

use super::state::{LayerTrace, Trace};

/// Spikes of a population, and the places (neurons times time steps) that could have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of spikes.
    pub spikes: u64,
    /// Neurons times time steps; a pair of populations of u and −u is one place.
    pub places: u64,
}

impl Tally {
    /// Adds spikes and places.
    pub const fn add(&mut self, spikes: u64, places: u64) {
        self.spikes += spikes;
        self.places += places;
    }

    /// Returns spikes by place, 0 to 1; `None` of a population that does not spike.
    pub fn rate(self) -> Option<f64> {
        (self.places > 0).then(|| self.spikes as f64 / self.places as f64)
    }
}

/// Rates of a layer's populations, in the order of the signal.
pub const POPULATIONS: [&str; 7] = ["input", "q", "k", "v", "attention", "mlp_input", "mlp_hidden"];

/// Mean number of spikes by neuron and time step of each population of a layer, 0 to 1; `None` of
/// one that does not spike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct LayerRates {
    /// Signed input of the query, key and value neurons.
    pub input: Option<f64>,
    /// Rate of the query neurons.
    pub q: Option<f64>,
    /// Rate of the key neurons.
    pub k: Option<f64>,
    /// Rate of the value neurons.
    pub v: Option<f64>,
    /// Neurons after attention.
    pub attention: Option<f64>,
    /// Signed input of the feed-forward block.
    pub mlp_input: Option<f64>,
    /// Hidden neurons of the feed-forward block.
    pub mlp_hidden: Option<f64>,
}

/// Spikes of each layer's populations over tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Number of tokens counted.
    pub tokens: u64,
    /// Sum over the tokens of the number of tokens that each attends to, its own included.
    pub attended: u64,
    /// Counts of each layer, by population in the order of [`POPULATIONS`].
    pub layers: Vec<[Tally; POPULATIONS.len()]>,
}

impl Rates {
    /// Creates a count of nothing for `layers` layers.
    pub fn new(layers: usize) -> Self {
        Self { layers: vec![[Tally::default(); POPULATIONS.len()]; layers], ..Self::default() }
    }

    /// Counts the token at `position`, from 0, by the trace that [`super::Gpt::step`] has left.
    pub fn count(&mut self, trace: &Trace, position: usize) {
        self.tokens += 1;
        self.attended += position as u64 + 1;
        for (layer, trace) in self.layers.iter_mut().zip(&trace.layers) {
            for (tally, [spikes, places]) in layer.iter_mut().zip(of_layer(trace)) {
                tally.add(spikes, places);
            }
        }
    }

    /// Returns the spikes of each layer's populations.
    pub fn spikes(&self) -> Vec<[u64; POPULATIONS.len()]> {
        self.layers.iter().map(|layer| layer.map(|tally| tally.spikes)).collect()
    }

    /// Returns the rates of each layer.
    pub fn rates(&self) -> Vec<LayerRates> {
        let of = |layer: &[Tally; POPULATIONS.len()]| {
            let [input, q, k, v, attention, mlp_input, mlp_hidden] = layer.map(Tally::rate);
            LayerRates { input, q, k, v, attention, mlp_input, mlp_hidden }
        };
        self.layers.iter().map(of).collect()
    }
}

/// Returns spikes and places of a layer's populations in one token.
fn of_layer(trace: &LayerTrace) -> [[u64; 2]; POPULATIONS.len()] {
    let signed = |signed: &super::Signed| [signed.count(), signed.plus.places()];
    let heads = |which: fn(&super::state::HeadTrace) -> &super::Spikes| {
        trace.heads.iter().fold([0, 0], |[spikes, places], head| {
            let of = which(head);
            [spikes + of.count(), places + of.places()]
        })
    };
    [
        signed(&trace.input),
        heads(|head| &head.query),
        heads(|head| &head.key),
        heads(|head| &head.value),
        heads(|head| &head.output),
        signed(&trace.mlp_input),
        [trace.hidden.count(), trace.hidden.places()],
    ]
}
