//! Values of a transformer as the bytes of its PEs hold them: spikes and states of heads, weights
//! of softmax attention, the residual stream, and what the readout would read of it earlier.

use super::{AttentionProgram, AttentionSlot, Stage};
use crate::chip::geometry::Pe;
use crate::kernel::transformer::load;
use crate::machine::exec::Machine;
use crate::machine::legend::PopulationId;
use crate::machine::program::{Program, Slot};
use crate::machine::sram::Sram;
use crate::net::attention::dense::attend;
use crate::net::attention::linear::mean;
use crate::net::attention::spikes::ones;
use crate::net::attention::{Gpt, Norm};

/// Populations of a spiking head, in the order of [`HeadSpikes`].
pub const HEAD_POPULATIONS: [&str; 4] = ["q", "k", "v", "out"];

/// Spikes of a head in its last token: query, key, value, neurons after attention; a word of bits
/// a time step, none of a head that does not spike.
pub type HeadSpikes = [Vec<u32>; HEAD_POPULATIONS.len()];

/// Head of a layer on its PE.
#[derive(Clone, Copy, Debug)]
pub struct Head<'p> {
    /// PE that the head is on.
    pub pe: Pe,
    slot: &'p Slot,
    own: &'p AttentionSlot,
    of: &'p AttentionProgram,
    /// Number among the heads of the PE.
    number: u32,
}

/// Iterates over a stage's parts with their PEs, in the order of columns or heads.
fn parts(program: &Program, stage: Stage) -> impl Iterator<Item = (Pe, &Slot, &AttentionSlot)> {
    let at = AttentionProgram::of(program).and_then(|of| of.stages.iter().position(|&other| other == stage));
    let id = at.map(PopulationId::at);
    let pes = id.and_then(|id| program.population(id)).map_or(&[][..], |population| &population.pes);
    pes.iter().filter_map(move |&pe| {
        let (_, slot) = program.pe(pe)?.slot_of(id?)?;
        Some((pe, slot, AttentionSlot::of(slot)?))
    })
}

/// Returns a head of a layer; `None` if there is none.
pub fn head(program: &Program, layer: usize, head: u32) -> Option<Head<'_>> {
    let of = AttentionProgram::of(program)?;
    let found =
        parts(program, Stage::Attend(layer)).find(|(.., own)| (own.part.0..own.part.1).contains(&head));
    let (pe, slot, own) = found?;
    Some(Head { pe, slot, own, of, number: head - own.part.0 })
}

impl Head<'_> {
    /// Returns the number of neurons or values of the head.
    fn width(&self) -> u32 {
        self.of.network.head_width() as u32
    }

    /// Returns the heads of the PE.
    fn heads(&self) -> u32 {
        self.own.part.1 - self.own.part.0
    }

    /// Returns the number of tokens that the head's PE has completed since the start.
    pub fn tokens(&self, sram: &Sram) -> u32 {
        sram.word(self.slot.turn)
    }

    /// Returns the number of tokens of the sequence that the last completed token attends to, its
    /// own included; 0 before the first.
    pub fn attended(&self, sram: &Sram) -> u32 {
        self.tokens(sram).checked_sub(1).map_or(0, |last| last % self.of.sequence.max(1) + 1)
    }

    /// Returns the spikes of the last token.
    pub fn spikes(&self, sram: &Sram) -> HeadSpikes {
        let layout = &self.own.layout;
        if layout.qkv == 0 {
            return HeadSpikes::default();
        }
        let word = |step: u32| step * self.heads() + self.number;
        let steps = || 0..self.own.steps;
        let of =
            |third: u32| steps().map(|step| sram.word(layout.qkv + 4 * (3 * word(step) + third))).collect();
        [of(0), of(1), of(2), steps().map(|step| sram.word(layout.out + 4 * word(step))).collect()]
    }

    /// Returns the running state of each time step, `[width, width]`: row b, column c is the
    /// number of tokens in which key neuron b and value neuron c spiked; none with softmax.
    pub fn states(&self, sram: &Sram) -> Vec<Vec<i16>> {
        let (layout, cells) = (&self.own.layout, self.width() * self.width());
        if layout.state == 0 {
            return Vec::new();
        }
        let cell = |first: u32, cell: u32| {
            let at = first + 2 * cell;
            (sram.word(at & !3) >> (8 * (at & 2))) as i16
        };
        let state = |step: u32| {
            let first = layout.state + 2 * cells * (self.number * self.own.steps + step);
            (0..cells).map(|at| cell(first, at)).collect()
        };
        (0..self.own.steps).map(state).collect()
    }

    /// Returns the weights that softmax gives the tokens of the sequence so far, oldest first,
    /// and the values that they sum up, `[width]`: query and keys of the last token as the PE holds
    /// them, in the arithmetic of its routines. Both are empty with spikes.
    pub fn weights(&self, sram: &Sram) -> (Vec<f32>, Vec<f32>) {
        let (layout, width) = (&self.own.layout, self.width());
        let tokens = self.attended(sram);
        if layout.queries == 0 || tokens == 0 {
            return (Vec::new(), Vec::new());
        }
        let at = 4 * width * self.number;
        let q = load(sram.words(), layout.queries + at, width);
        let [keys, values] =
            layout.cache.map(|cache| load(sram.words(), cache + at * self.of.sequence, tokens * width));
        let (mut shares, mut out) = (Vec::new(), vec![0.0; width as usize]);
        attend(&q, &keys, &values, &mut shares, &mut out);
        let sum = shares.iter().fold(0.0, |sum, share| sum + share);
        (shares.into_iter().map(|share| share / sum).collect(), out)
    }
}

/// Returns the tokens that every PE of a stage has completed since the start; `None` if the
/// network has no such stage.
pub fn tokens(machine: &Machine, stage: Stage) -> Option<u32> {
    let turn = |(pe, slot, _): (Pe, &Slot, &AttentionSlot)| sram(machine, pe).word(slot.turn);
    parts(machine.program(), stage).map(turn).min()
}

/// Returns the spikes of a layer's hidden neurons in each time step of the last token; none of a
/// block that does not spike.
pub fn hidden_spikes(machine: &Machine, layer: usize) -> Vec<u32> {
    let mut sums = Vec::new();
    for (pe, slot, own) in parts(machine.program(), Stage::Up(layer)).filter(|(.., own)| own.spikes) {
        sums.resize(own.steps as usize, 0);
        let row = slot.units.len() as u32 / own.steps.max(1);
        for (step, sum) in (0..).zip(&mut sums) {
            let word = |word: u32| sram(machine, pe).word(own.layout.out + 4 * (step * row + word));
            *sum += (0..row).map(|at| word(at).count_ones()).sum::<u32>();
        }
    }
    sums
}

/// Values that the readout would read if the network ended earlier, `[d]` each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readouts {
    /// Values behind the embedding, and behind each layer; the last are what the host reads.
    pub layers: Vec<Vec<f32>>,
    /// Values with the last feed-forward block cut off after 1, 2, ... of its time steps: the mean
    /// over these. The last are what the host reads. Empty for a block that does not spike.
    pub steps: Vec<Vec<f32>>,
}

/// Returns what the readout would read of the last token if the network ended earlier; `None` if
/// the program is another network family's.
///
/// All values lie in the PEs' memories: blocks sent, spikes, weights, the last norm. Time steps
/// are an affair of each block, which waits for all of those of the one before it; so only the
/// last block can be cut off in time.
pub fn readouts(machine: &Machine) -> Option<Readouts> {
    let program = machine.program();
    let network = &AttentionProgram::of(program)?.network;
    let layers = network.blocks.len();
    let last = last_norm(machine)?;
    let normed = |h: &[f32]| {
        let mut out = Vec::new();
        last.of(h, &mut out);
        out
    };
    let behind = std::iter::once(Stage::Embed).chain((0..layers).map(Stage::Down));
    let cut = layers.checked_sub(1).map_or_else(Vec::new, |layer| cut_off(machine, network, layer));
    Some(Readouts {
        layers: behind.map(|stage| normed(&stream(machine, stage))).collect(),
        steps: cut.iter().map(|h| normed(h)).collect(),
    })
}

/// Returns the residual stream that a stage has sent, `[d]`.
fn stream(machine: &Machine, stage: Stage) -> Vec<f32> {
    let of = |(pe, slot, own): (Pe, &Slot, &AttentionSlot)| {
        load(sram(machine, pe).words(), own.layout.out, slot.units.len() as u32)
    };
    parts(machine.program(), stage).flat_map(of).collect()
}

/// Returns the last layer norm as its PE holds it.
fn last_norm(machine: &Machine) -> Option<Norm> {
    let (pe, slot, own) = parts(machine.program(), Stage::Output).next()?;
    let of = |at: u32| load(sram(machine, pe).words(), at, slot.units.len() as u32);
    let [weight, bias] = own.layout.norm.map(of);
    Some(Norm { weight, bias })
}

/// Returns the stream behind a layer whose feed-forward block ends after 1, 2, ... time steps.
fn cut_off(machine: &Machine, network: &Gpt, layer: usize) -> Vec<Vec<f32>> {
    let Some(steps) = network.mlp.steps() else { return Vec::new() };
    let before = stream(machine, Stage::Project(layer));
    let mut all = vec![Vec::with_capacity(network.width); steps];
    for (pe, _, own) in parts(machine.program(), Stage::Down(layer)) {
        let (words, linear) = (sram(machine, pe), own.layout.linear);
        let columns = linear.outputs;
        let mut sums = vec![0_i32; columns as usize];
        let [scale, bias] = [linear.scale, linear.bias].map(|at| load(words.words(), at, columns));
        for (step, out) in all.iter_mut().enumerate() {
            for neuron in hidden(machine, layer, step as u32) {
                let row = linear.q + neuron * columns;
                for (column, sum) in (0..).zip(&mut sums) {
                    let at = row + column;
                    let byte = (words.word(at & !3) >> (8 * (at & 3))) as i8;
                    *sum = sum.wrapping_add(byte.into());
                }
            }
            let h = before.get(own.part.0 as usize..own.part.1 as usize).unwrap_or_default();
            let sum = sums.iter().zip(&scale).zip(&bias).zip(h);
            out.extend(sum.map(|(((&sum, &scale), &bias), &h)| h + (mean(sum, scale, step + 1) + bias)));
        }
    }
    all
}

/// Returns the hidden neurons of a layer that spike in a time step.
fn hidden(machine: &Machine, layer: usize, step: u32) -> Vec<u32> {
    let of = |(pe, slot, own): (Pe, &Slot, &AttentionSlot)| {
        let row = slot.units.len() as u32 / own.steps.max(1);
        let at = own.layout.out + 4 * step * row;
        let words: Vec<u32> = (0..row).map(|word| sram(machine, pe).word(at + 4 * word)).collect();
        let first = own.part.0;
        ones(&words).map(|bit| first + bit as u32).collect::<Vec<u32>>()
    };
    parts(machine.program(), Stage::Up(layer)).filter(|(.., own)| own.spikes).flat_map(of).collect()
}

fn sram(machine: &Machine, pe: Pe) -> &Sram {
    &machine.state().pes[pe.index()].sram
}
