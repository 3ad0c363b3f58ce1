//! A transformer's state and the reference forward pass of a token.

use super::head::{factor, recall, remember};
use super::neuron::{ATTENTION_THRESHOLD, THRESHOLD, integrate, lif};
use super::spikes::ones;
use super::{Attention, Block, Coding, Gpt, Linear, Mlp, Signed, Spikes, dense};
use crate::net::tanh::Tanh;

/// Spikes of a head in one token, over the time steps of attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadTrace {
    /// Spikes of the query neurons.
    pub query: Spikes,
    /// Spikes of the key neurons.
    pub key: Spikes,
    /// Spikes of the value neurons.
    pub value: Spikes,
    /// Neurons after attention.
    pub output: Spikes,
}

/// Spikes of a layer in one token; populations that do not spike have no time steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerTrace {
    /// Signed input of attention.
    pub input: Signed,
    /// Spikes of each head.
    pub heads: Vec<HeadTrace>,
    /// Signed input of the feed-forward block.
    pub mlp_input: Signed,
    /// Hidden neurons of the feed-forward block.
    pub hidden: Spikes,
}

/// Values that the last token's forward pass went through.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Spikes by layer.
    pub layers: Vec<LayerTrace>,
    /// Residual stream before the first layer and after each, `[d]` each.
    pub stream: Vec<Vec<f32>>,
    /// Quantised activation of each layer's hidden neurons that the mean of their input over the
    /// time steps would have, as spikes ([`super::neuron::qcfs`]); empty without such neurons.
    pub quantised: Vec<Vec<u32>>,
}

/// Memory of a layer for the sequence so far.
#[derive(Clone, Debug, PartialEq)]
enum Memory {
    /// Keys and values of each head, `[H][tokens, dh]`.
    Cache { keys: Vec<Vec<f32>>, values: Vec<Vec<f32>> },
    /// Running states, `[H][T, dh, dh]`.
    Running(Vec<Vec<i16>>),
}

/// State of a transformer: nothing at the start of a sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct GptState {
    position: usize,
    memory: Vec<Memory>,
    trace: Trace,
    output: Vec<f32>,
}

impl GptState {
    /// Begins a new sequence: position 0, no keys and values, running states 0.
    pub fn start_sequence(&mut self) {
        self.position = 0;
        for memory in &mut self.memory {
            match memory {
                Memory::Cache { keys, values } => keys.iter_mut().chain(values).for_each(Vec::clear),
                Memory::Running(states) => states.iter_mut().for_each(|state| state.fill(0)),
            }
        }
    }

    /// Returns the position of the next token in its sequence.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Returns what the last token's forward pass went through.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Returns the running state of a head in a time step, `[dh, dh]`; `None` with softmax.
    pub fn running(&self, layer: usize, head: usize, step: usize) -> Option<&[i16]> {
        let Memory::Running(states) = self.memory.get(layer)? else { return None };
        let width = self.trace.layers[layer].heads[head].query.width();
        states.get(head)?.get(step * width * width..(step + 1) * width * width)
    }
}

impl Gpt {
    /// Returns the state before the first token.
    pub fn state(&self) -> GptState {
        let (width, heads) = (self.head_width(), self.heads);
        let steps = self.attention.steps().unwrap_or(0);
        let memory = match self.attention {
            Attention::Softmax => {
                Memory::Cache { keys: vec![Vec::new(); heads], values: vec![Vec::new(); heads] }
            }
            Attention::Spiking { .. } => Memory::Running(vec![vec![0; steps * width * width]; heads]),
        };
        let of_head = || Spikes::silent(width, steps);
        let head = HeadTrace { query: of_head(), key: of_head(), value: of_head(), output: of_head() };
        let mlp = self.mlp.steps().unwrap_or(0);
        let layer = LayerTrace {
            input: Signed::silent(self.width, steps),
            heads: vec![head; heads],
            mlp_input: Signed::silent(self.width, if self.mlp.is_encoded() { mlp } else { 0 }),
            hidden: Spikes::silent(self.hidden(), mlp),
        };
        let layers = self.blocks.len();
        GptState {
            position: 0,
            memory: vec![memory; layers],
            trace: Trace {
                layers: vec![layer; layers],
                stream: vec![vec![0.0; self.width]; layers + 1],
                quantised: vec![Vec::new(); layers],
            },
            output: vec![0.0; self.width],
        }
    }

    /// Computes one token and returns the output, LN_f(h), `[d]`. `x` is the token's embedding.
    ///
    /// Behind N tokens a new sequence begins.
    ///
    /// # Panics
    ///
    /// If `x` or `state` is not of this network's shape.
    pub fn step<'s>(&self, state: &'s mut GptState, x: &[f32]) -> &'s [f32] {
        assert_eq!(self.blocks.len(), state.memory.len(), "a state of another network");
        if state.position >= self.context {
            state.start_sequence();
        }
        let position = state.position;
        let mut h: Vec<f32> = x.iter().zip(self.position(position)).map(|(x, at)| x + at).collect();
        state.trace.stream[0].copy_from_slice(&h);
        let mut room = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            let trace = &mut state.trace.layers[number];
            block.norm_1.of(&h, &mut room);
            let y = match &mut state.memory[number] {
                Memory::Cache { keys, values } => self.softmax(block, &room, keys, values),
                Memory::Running(states) => self.spiking(block, &room, position, (states, trace)),
            };
            add(&mut h, &y);
            block.norm_2.of(&h, &mut room);
            let y = match self.mlp {
                Mlp::Gelu => gelu_block(block, &room, self.tanh),
                Mlp::Spiking { steps, input } => {
                    let quantised = &mut state.trace.quantised[number];
                    spiking_block(block, &room, (usize::from(steps), input), (trace, quantised))
                }
            };
            add(&mut h, &y);
            state.trace.stream[number + 1].copy_from_slice(&h);
        }
        state.position += 1;
        self.last.of(&h, &mut state.output);
        &state.output
    }

    fn softmax(&self, block: &Block, u: &[f32], keys: &mut [Vec<f32>], values: &mut [Vec<f32>]) -> Vec<f32> {
        let (mut qkv, mut scores) = (Vec::new(), Vec::new());
        block.qkv.dense(u, &mut qkv);
        let width = self.head_width();
        let mut o = vec![0.0; self.width];
        for ((head, keys), values) in keys.iter_mut().enumerate().zip(values) {
            let part = |third: usize| &qkv[third * self.width + head * width..][..width];
            keys.extend_from_slice(part(1));
            values.extend_from_slice(part(2));
            dense::attend(part(0), keys, values, &mut scores, &mut o[head * width..][..width]);
        }
        let mut y = Vec::new();
        block.proj.dense(&o, &mut y);
        y
    }

    fn spiking(
        &self,
        block: &Block,
        u: &[f32],
        position: usize,
        (states, trace): (&mut [Vec<i16>], &mut LayerTrace),
    ) -> Vec<f32> {
        let Attention::Spiking { steps, normalise } = self.attention else { return Vec::new() };
        let (steps, width) = (usize::from(steps), self.head_width());
        trace.input.leaky(u);
        let mut membranes = vec![0.0; 3 * self.width];
        let mut after = vec![0.0; self.width];
        let (mut sums, mut read) = (vec![0; 3 * self.width], vec![0; width]);
        let mut total = vec![0; self.width];
        for step in 0..steps {
            integer_sums(&block.qkv, &trace.input, step, &mut sums);
            for (head, spikes) in trace.heads.iter_mut().enumerate() {
                let rows = [&mut spikes.query, &mut spikes.key, &mut spikes.value];
                for (third, spikes) in rows.into_iter().enumerate() {
                    for c in 0..width {
                        let j = third * self.width + head * width + c;
                        let spike = lif(&mut membranes[j], block.qkv.input(j, sums[j]), THRESHOLD);
                        spikes.set(step, c, spike);
                    }
                }
                let state = &mut states[head][step * width * width..][..width * width];
                remember(state, spikes.key.step(step), spikes.value.step(step), width);
                recall(state, spikes.query.step(step), &mut read);
                let factor = factor(block.gain[head], position, normalise);
                for (c, &read) in read.iter().enumerate() {
                    let v = &mut after[head * width + c];
                    spikes.output.set(step, c, lif(v, read as f32 * factor, ATTENTION_THRESHOLD));
                }
                let active = ones(spikes.output.step(step)).map(|c| head * width + c);
                block.proj.accumulate(active, 1, &mut total);
            }
        }
        total.iter().enumerate().map(|(j, &sum)| block.proj.mean(j, sum, steps)).collect()
    }
}

/// Adds `y` to the residual stream.
fn add(h: &mut [f32], y: &[f32]) {
    for (h, y) in h.iter_mut().zip(y) {
        *h += y;
    }
}

/// Computes the sums of all outputs for the signed spikes of a time step.
fn integer_sums(linear: &Linear, spikes: &Signed, step: usize, sums: &mut [i32]) {
    sums.fill(0);
    let [plus, minus] = spikes.active(step);
    linear.accumulate(plus, 1, sums);
    linear.accumulate(minus, -1, sums);
}

fn gelu_block(block: &Block, w: &[f32], tanh: Tanh) -> Vec<f32> {
    let (mut hidden, mut y) = (Vec::new(), Vec::new());
    block.up.dense(w, &mut hidden);
    for value in &mut hidden {
        *value = dense::gelu(*value, tanh);
    }
    block.down.dense(&hidden, &mut y);
    y
}

fn spiking_block(
    block: &Block,
    w: &[f32],
    (steps, input): (usize, Coding),
    (trace, quantised): (&mut LayerTrace, &mut Vec<u32>),
) -> Vec<f32> {
    let hidden = block.up.outputs();
    let (mut sums, mut z) = (vec![0; hidden], Vec::new());
    match input {
        Coding::Encoded => trace.mlp_input.quantised(w, block.theta_in),
        Coding::Direct => block.up.dense(w, &mut z),
    }
    let mut membranes = vec![block.theta / 2.0; hidden];
    let mut means = vec![0.0; hidden];
    let mut total = vec![0; block.down.outputs()];
    for step in 0..steps {
        if input == Coding::Encoded {
            integer_sums(&block.up, &trace.mlp_input, step, &mut sums);
            z.clear();
            z.extend(sums.iter().enumerate().map(|(j, &sum)| block.up.input(j, sum)));
        }
        for (j, (v, &z)) in membranes.iter_mut().zip(&z).enumerate() {
            means[j] += z / steps as f32;
            trace.hidden.set(step, j, integrate(v, z, block.theta));
        }
        block.down.accumulate(ones(trace.hidden.step(step)), 1, &mut total);
    }
    quantised.clear();
    quantised.extend(means.iter().map(|&z| super::neuron::qcfs(z, block.theta, steps)));
    total.iter().enumerate().map(|(j, &sum)| block.down.mean(j, sum, steps)).collect()
}
