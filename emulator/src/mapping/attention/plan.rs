//! Work of a PE on a token, as calls of routines.

use std::sync::Arc;

use super::layout::{Common, Layout};
use super::phase::Phase;
use super::split::Stage;
use crate::kernel::transformer::{Call, Firing, HeadLayout, LinearLayout, Neuron, Segment, Spiking};
use crate::net::attention::spikes::words;
use crate::net::attention::{Attention, Gpt, Mlp};

/// Block of spikes of the stage before: the bits of all time steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Byte offset in the buffer.
    pub offset: u32,
    /// Words of a time step.
    pub row: u32,
    /// Neurons that follow each other: first word in the row, number of words, first neuron.
    pub parts: Vec<(u32, u32, u32)>,
}

/// Share of a stage with all that its routines need.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub network: Arc<Gpt>,
    pub stage: Stage,
    /// First head or column, and their number.
    pub first: u32,
    pub n: u32,
    pub layout: Layout,
    pub common: Common,
    /// Tokens of a sequence.
    pub tokens: u32,
    /// Blocks of the stage before, where they are spikes.
    pub blocks: Vec<Block>,
}

impl Plan {
    /// Returns the phases in which the share computes, in order.
    pub fn phases(&self) -> Vec<Phase> {
        let spiking = self.network.attention.steps().is_some();
        match self.stage {
            Stage::Embed => vec![Phase::Residual],
            Stage::Output => vec![Phase::Norm],
            Stage::Project(_) | Stage::Down(_) => vec![Phase::Product, Phase::Residual],
            Stage::Attend(_) if spiking => {
                vec![Phase::Norm, Phase::Code, Phase::Product, Phase::Neurons, Phase::Attend]
            }
            Stage::Attend(_) => vec![Phase::Norm, Phase::Product, Phase::Attend],
            Stage::Up(_) if self.network.mlp.is_encoded() => {
                vec![Phase::Norm, Phase::Code, Phase::Product, Phase::Neurons]
            }
            Stage::Up(_) => vec![Phase::Norm, Phase::Product, Phase::Neurons],
        }
    }

    /// Returns the calls of a phase in time step `step`.
    pub fn calls(&self, phase: Phase, step: u32) -> Vec<Call> {
        match (phase, self.stage) {
            (Phase::Norm, _) => vec![self.norm(step)],
            (Phase::Code, _) => vec![self.code()],
            (Phase::Product, Stage::Attend(_)) => match self.network.attention {
                Attention::Softmax => self.project_heads(step),
                Attention::Spiking { steps, .. } => self.coded_sums(steps.into()),
            },
            (Phase::Product, Stage::Up(_)) => match self.network.mlp {
                Mlp::Gelu => self.dense(self.layout.u, self.layout.out),
                Mlp::Spiking { steps, .. } if self.network.mlp.is_encoded() => self.coded_sums(steps.into()),
                Mlp::Spiking { .. } => self.dense(self.layout.u, self.layout.sums),
            },
            (Phase::Product, _) => self.received(step),
            (Phase::Neurons, Stage::Attend(_)) => self.fire_heads(),
            (Phase::Neurons, _) => self.hidden(),
            (Phase::Attend, _) => match self.network.attention {
                Attention::Softmax => self.softmax(step),
                Attention::Spiking { normalise, .. } => self.attend(step, normalise),
            },
            (Phase::Residual, _) => vec![self.residual(step)],
            _ => Vec::new(),
        }
    }

    fn position(&self, step: u32) -> u32 {
        step % self.tokens.max(1)
    }

    /// Returns the number of positions on the PE, behind which they repeat.
    pub fn places(&self) -> u32 {
        self.tokens.min(self.network.places() as u32).max(1)
    }

    fn d(&self) -> u32 {
        self.network.width as u32
    }

    fn dh(&self) -> u32 {
        self.network.head_width() as u32
    }

    /// Returns the number of time steps of the stage; `None` if it computes without spikes.
    pub fn steps(&self) -> Option<u32> {
        let steps = match self.stage {
            Stage::Attend(_) | Stage::Project(_) => self.network.attention.steps(),
            Stage::Up(_) | Stage::Down(_) => self.network.mlp.steps(),
            Stage::Embed | Stage::Output => None,
        };
        steps.map(|steps| steps as u32)
    }

    /// Returns whether its block is the spikes of all time steps, as bits.
    pub fn sends_spikes(&self) -> bool {
        matches!(self.stage, Stage::Attend(_) | Stage::Up(_)) && self.steps().is_some()
    }

    fn norm(&self, step: u32) -> Call {
        let [weight, bias] = self.layout.norm;
        let out = if self.stage == Stage::Output { self.layout.out } else { self.layout.u };
        Call::LayerNorm { n: self.d(), h: self.common.stream.of(step), weight, bias, out }
    }

    fn code(&self) -> Call {
        let theta = (self.layout.theta_in != 0).then_some(self.layout.theta_in);
        let steps = self.steps().unwrap_or(0);
        Call::Code { n: self.d(), steps, u: self.layout.u, theta, spikes: self.layout.coded }
    }

    /// Returns the calls that compute the outputs of the linear layer from singles.
    ///
    /// The core computes them, or the MAC array, to whose sums the core adds biases.
    fn dense(&self, x: u32, out: u32) -> Vec<Call> {
        let LinearLayout { outputs: n, bias: b, .. } = self.layout.linear;
        match self.mac(x) {
            Some(mac) => vec![mac, Call::Add { n, a: self.layout.products, b, out }],
            None => vec![Call::Dense { layer: self.layout.linear, x, out }],
        }
    }

    /// Returns the call that computes the products on the MAC array; `None` where the core does.
    fn mac(&self, x: u32) -> Option<Call> {
        let layer = self.layout.mac;
        (layer.rows > 0).then_some(Call::Mac { layer, x, out: self.layout.products })
    }

    /// Returns the calls that compute the sums of each time step from signed spikes.
    fn coded_sums(&self, steps: u32) -> Vec<Call> {
        let LinearLayout { outputs: columns, q, .. } = self.layout.linear;
        let row = words(self.network.width) as u32;
        let sums = self.layout.sums;
        let mut calls = vec![Call::Clear { at: sums, words: steps * columns }];
        for step in 0..steps {
            for minus in [false, true] {
                let plane = if minus { steps } else { 0 };
                let bits = self.layout.coded + 4 * (plane + step) * row;
                let spiking = Spiking { segments: vec![Segment { bits, words: row, rows: q }], minus };
                let sums = sums + 4 * step * columns;
                calls.push(Call::AddRows { spiking, columns, list: self.layout.list, sums });
            }
        }
        calls
    }

    /// Returns the calls that multiply what the previous stage has sent by the weights.
    ///
    /// Products with spikes are summed over all time steps; otherwise the input is singles.
    fn received(&self, step: u32) -> Vec<Call> {
        let buffer = self.common.blocks.of(step);
        let Some(steps) = self.steps() else { return self.dense(buffer, self.layout.sums) };
        let LinearLayout { outputs: columns, q, .. } = self.layout.linear;
        let mut calls = vec![Call::Clear { at: self.layout.sums, words: columns }];
        for step in 0..steps {
            let segments = self.blocks.iter().flat_map(|block| {
                let at = buffer + block.offset + 4 * step * block.row;
                let segment = move |&(word, words, first): &(u32, u32, u32)| Segment {
                    bits: at + 4 * word,
                    words,
                    rows: q + first * columns,
                };
                block.parts.iter().map(segment)
            });
            let spiking = Spiking { segments: segments.collect(), minus: false };
            let (list, sums) = (self.layout.list, self.layout.sums);
            calls.push(Call::AddRows { spiking, columns, list, sums });
        }
        calls
    }

    /// Returns the calls that compute a token's queries, keys and values for softmax attention.
    fn project_heads(&self, step: u32) -> Vec<Call> {
        let (dh, at) = (self.dh(), self.position(step));
        let LinearLayout { inputs, q, scale, bias, .. } = self.layout.linear;
        let mut calls: Vec<Call> = self.mac(self.layout.u).into_iter().collect();
        let on_array = !calls.is_empty();
        for head in 0..self.n {
            let token = 4 * dh * (head * self.tokens + at);
            let [keys, values] = self.layout.cache.map(|cache| cache + token);
            let outs = [self.layout.queries + 4 * dh * head, keys, values];
            for (third, out) in (0..).zip(outs) {
                let row = (head * 3 + third) * dh;
                if on_array {
                    let [a, b] = [self.layout.products, bias].map(|array| array + 4 * row);
                    calls.push(Call::Add { n: dh, a, b, out });
                    continue;
                }
                let layer = LinearLayout {
                    outputs: dh,
                    inputs,
                    q: q + row * inputs,
                    scale: scale + 4 * row,
                    bias: bias + 4 * row,
                };
                calls.push(Call::Dense { layer, x: self.layout.u, out });
            }
        }
        calls
    }

    fn softmax(&self, step: u32) -> Vec<Call> {
        let (dh, n) = (self.dh(), self.position(step) + 1);
        let of = |head: u32| {
            let [keys, values] = self.layout.cache.map(|cache| cache + 4 * dh * head * self.tokens);
            let q = self.layout.queries + 4 * dh * head;
            let (scores, factor, out) =
                (self.layout.scores, self.layout.factor, self.layout.out + 4 * dh * head);
            Call::Softmax { n, width: dh, q, keys, values, scores, factor, out }
        };
        (0..self.n).map(of).collect()
    }

    /// Returns the calls that update the query, key and value neurons in all time steps.
    fn fire_heads(&self) -> Vec<Call> {
        let (dh, layout) = (self.dh(), &self.layout);
        let columns = layout.linear.outputs;
        let mut calls = vec![Call::Clear { at: layout.v, words: columns }];
        for step in 0..self.steps().unwrap_or(0) {
            for row in 0..3 * self.n {
                let at = 4 * row * dh;
                let firing = Firing {
                    n: dh,
                    sums: layout.sums + 4 * step * columns + at,
                    scale: layout.linear.scale + at,
                    bias: layout.linear.bias + at,
                    v: layout.v + at,
                    theta: 0,
                    spikes: layout.qkv + 4 * (step * 3 * self.n + row),
                };
                calls.push(Call::Fire(Neuron::Leaky, firing));
            }
        }
        calls
    }

    fn attend(&self, step: u32, normalise: bool) -> Vec<Call> {
        let (dh, layout, steps) = (self.dh(), &self.layout, self.steps().unwrap_or(0));
        let position = self.position(step);
        let mut calls = vec![Call::Clear { at: layout.after, words: dh * self.n }];
        if position == 0 {
            calls.push(Call::Clear { at: layout.state, words: self.n * steps * dh * dh / 2 });
        }
        for time in 0..steps {
            for head in 0..self.n {
                let word = time * self.n + head;
                let qkv = [0, 1, 2].map(|third| layout.qkv + 4 * (3 * word + third));
                calls.push(Call::Attend(HeadLayout {
                    width: dh,
                    qkv,
                    state: layout.state + 2 * dh * dh * (head * steps + time),
                    read: layout.read,
                    gain: layout.gain + 4 * head,
                    tokens: if normalise { position + 1 } else { 1 },
                    v: layout.after + 4 * dh * head,
                    spikes: layout.out + 4 * word,
                }));
            }
        }
        calls
    }

    /// Returns the calls that update the hidden neurons in all time steps, or apply GELU.
    fn hidden(&self) -> Vec<Call> {
        let (layout, n) = (&self.layout, self.n);
        let Some(steps) = self.steps() else {
            return vec![Call::Gelu { n, x: layout.out, tanh: self.network.tanh }];
        };
        let encoded = self.network.mlp.is_encoded();
        let neuron = if encoded { Neuron::Quantised } else { Neuron::Constant };
        let mut calls = vec![Call::Fill { at: layout.v, words: n, value: layout.theta + 4 }];
        for step in 0..steps {
            for word in 0..n.div_ceil(32) {
                let at = 128 * word;
                let row = if encoded { 4 * step * n } else { 0 };
                let firing = Firing {
                    n: (n - 32 * word).min(32),
                    sums: layout.sums + row + at,
                    scale: layout.linear.scale + at,
                    bias: layout.linear.bias + at,
                    v: layout.v + at,
                    theta: layout.theta,
                    spikes: layout.out + 4 * (step * n.div_ceil(32) + word),
                };
                calls.push(Call::Fire(neuron, firing));
            }
        }
        calls
    }

    /// Returns the call that updates the residual stream, or sums embedding and position.
    fn residual(&self, step: u32) -> Call {
        let (layout, stream) = (&self.layout, self.common.stream.of(step));
        if self.stage == Stage::Embed {
            let b = layout.positions + 4 * self.d() * (self.position(step) % self.places());
            return Call::Add { n: self.d(), a: stream, b, out: layout.out };
        }
        let h = stream + 4 * self.first;
        match self.steps() {
            None => Call::Add { n: self.n, a: h, b: layout.sums, out: layout.out },
            Some(steps) => {
                Call::AddMean { layer: layout.linear, sums: layout.sums, steps, h, out: layout.out }
            }
        }
    }
}
