//! Spikes and states of a transformer's heads in the present word, for screens.
//!
//! They are read from the memories of the PEs, so they are those of the moment shown.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::machine::state::Status;
use crate::mapping::attention::values::{self, HEAD_POPULATIONS, Head, HeadSpikes};
use crate::mapping::attention::{AttentionProgram, Stage};
use crate::task::Likeliest;

/// Number of words in a row of [`Expectations`].
const WORDS: usize = 3;

/// Part of a transformer that a front end shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttentionRequest {
    /// Spikes of all heads.
    Spikes,
    /// State of a head, or the weights of its layer's heads.
    Head {
        /// Number of the layer, from 0.
        layer: u32,
        /// Number of the head in its layer, from 0.
        head: u32,
    },
    /// Words that the readout would expect if the network ended earlier.
    Expectations,
}

/// Shape of a transformer, and the part of it that was requested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AttentionView {
    /// Number of layers.
    pub layers: u32,
    /// Number of heads of a layer.
    pub heads: u32,
    /// Number of neurons or values of a head.
    pub width: u32,
    /// Time steps of a word in attention; 0 with softmax.
    pub steps: u32,
    /// Time steps of a word in feed-forward blocks; 0 with GELU.
    pub block_steps: u32,
    /// Hidden neurons of a feed-forward block.
    pub hidden: u32,
    /// Spikes by layer; empty unless requested, and with softmax.
    pub spikes: Vec<LayerSpikes>,
    /// Head that was requested; `None` for other requests.
    pub head: Option<HeadView>,
    /// Words that the readout would expect earlier; `None` unless requested and known.
    pub expectations: Option<Expectations>,
}

/// Word of a text that values on a PE belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Of {
    /// Word that was completed last.
    #[default]
    Last,
    /// Word in progress; the PE has completed its part of it.
    Present,
    /// Word in progress; the PE is still working on it.
    Between,
}

/// Spikes of a layer in a word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerSpikes {
    /// Spikes of each head.
    pub heads: Vec<HeadSpikesView>,
    /// Hidden neurons of the feed-forward block that spike, by time step; empty with GELU.
    pub hidden: Vec<u32>,
    /// Word that the spikes of hidden neurons belong to.
    pub hidden_of: Of,
}

/// Spikes of a head in a word, and its rates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadSpikesView {
    /// Word that they belong to.
    pub of: Of,
    /// Neurons of each population of [`HEAD_POPULATIONS`] that spike, by time step.
    pub counts: [Vec<u32>; HEAD_POPULATIONS.len()],
    /// Mean rate of each population since the start, 0..=1.
    pub mean: [f32; HEAD_POPULATIONS.len()],
}

/// State of a head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeadView {
    /// Number of the layer.
    pub layer: u32,
    /// Number of the head in its layer.
    pub head: u32,
    /// Name of the PE that computes the head.
    pub pe: String,
    /// Word that its values belong to.
    pub of: Of,
    /// Words that the word attends to, itself included; 0 before the first.
    pub words: u32,
    /// Bytes of all layers' keys and values, or running states.
    pub bytes: usize,
    /// Spikes, words of bits as on the PE; empty with softmax.
    pub spikes: HeadSpikes,
    /// Running states by time step, `[width, width]`: row b, column c is the number of words in
    /// which key neuron b and value neuron c spiked; empty with softmax.
    pub states: Vec<Vec<i16>>,
    /// Weights of the words attended to, oldest first, of each head of the layer;
    /// empty with spikes.
    pub weights: Vec<Vec<f32>>,
}

/// Words that the readout would expect if the network ended earlier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectations {
    /// Likeliest words after the embedding, and after each layer.
    pub layers: Vec<Likeliest>,
    /// Likeliest words after all layers, with the last block cut off after 1, 2, ... of its time
    /// steps.
    pub steps: Vec<Likeliest>,
}

impl Session {
    /// Returns the view of a transformer with the requested part; `None` for other networks.
    ///
    /// Expectations take a readout each, about 15 in all, so they are left out if `moving` and
    /// within a word.
    pub fn attention(&self, request: Option<AttentionRequest>, moving: bool) -> Option<AttentionView> {
        let AttentionProgram { network, .. } = AttentionProgram::of(self.program())?;
        let mut view = AttentionView {
            layers: network.blocks.len() as u32,
            heads: network.heads as u32,
            width: network.head_width() as u32,
            steps: network.attention.steps().unwrap_or(0) as u32,
            block_steps: network.mlp.steps().unwrap_or(0) as u32,
            hidden: network.hidden() as u32,
            ..AttentionView::default()
        };
        match request {
            Some(AttentionRequest::Spikes) if view.steps > 0 => {
                view.spikes = (0..view.layers).map(|layer| self.layer_spikes(&view, layer)).collect();
            }
            Some(AttentionRequest::Head { layer, head }) => view.head = self.head_view(&view, layer, head),
            Some(AttentionRequest::Expectations) if !moving => view.expectations = self.expectations(),
            Some(AttentionRequest::Spikes | AttentionRequest::Expectations) | None => {}
        }
        Some(view)
    }

    fn of_head(&self, head: &Head<'_>) -> Of {
        let state = &self.machine.state().pes[head.pe.index()];
        if u64::from(head.tokens(&state.sram)) > self.steps() {
            Of::Present
        } else if state.status == Status::Busy && self.steps_in_flight() > 0 {
            Of::Between
        } else {
            Of::Last
        }
    }

    fn layer_spikes(&self, view: &AttentionView, layer: u32) -> LayerSpikes {
        let stats = &self.stats.transformer;
        let places = (stats.rates().tokens * u64::from(view.steps * view.width)).max(1) as f32;
        let of = |number: u32| {
            let head = values::head(self.program(), layer as usize, number)?;
            let spikes = head.spikes(&self.machine.state().pes[head.pe.index()].sram);
            let counted = stats.heads().get((layer * view.heads + number) as usize).copied();
            Some(HeadSpikesView {
                of: self.of_head(&head),
                counts: spikes.map(|words| words.iter().map(|word| word.count_ones()).collect()),
                mean: counted.unwrap_or_default().map(|count| count as f32 / places),
            })
        };
        LayerSpikes {
            heads: (0..view.heads).filter_map(of).collect(),
            hidden: values::hidden_spikes(&self.machine, layer as usize),
            hidden_of: match values::tokens(&self.machine, Stage::Up(layer as usize)) {
                Some(tokens) if u64::from(tokens) > self.steps() => Of::Present,
                _ => Of::Last,
            },
        }
    }

    fn head_view(&self, view: &AttentionView, layer: u32, number: u32) -> Option<HeadView> {
        let network = &AttentionProgram::of(self.program())?.network;
        let sram = |head: &Head<'_>| &self.machine.state().pes[head.pe.index()].sram;
        let head = values::head(self.program(), layer as usize, number)?;
        let words = head.attended(sram(&head));
        let all = (0..view.heads).filter_map(|number| values::head(self.program(), layer as usize, number));
        Some(HeadView {
            layer,
            head: number,
            pe: head.pe.to_string(),
            of: self.of_head(&head),
            words,
            bytes: network.state_bytes(words as usize),
            spikes: head.spikes(sram(&head)),
            states: head.states(sram(&head)),
            weights: if view.steps == 0 {
                all.map(|head| head.weights(sram(&head)).0).collect()
            } else {
                Vec::new()
            },
        })
    }

    /// Returns the expectations after a word; `None` within a word.
    fn expectations(&self) -> Option<Expectations> {
        if self.steps() == 0 || self.steps_in_flight() > 0 {
            return None;
        }
        let readouts = values::readouts(&self.machine)?;
        let expect = |all: &[Vec<f32>]| {
            all.iter().map(|values| self.work().likeliest(values, WORDS)).collect::<Option<Vec<Likeliest>>>()
        };
        Some(Expectations { layers: expect(&readouts.layers)?, steps: expect(&readouts.steps)? })
    }
}
