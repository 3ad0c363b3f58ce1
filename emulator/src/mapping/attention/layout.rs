//! Addresses of all parts of a stage in a PE's SRAM.

use std::ops::Range;

use super::split::{Split, Stage, sent_words};
use crate::kernel::int8_mac::Int8MacLayout;
use crate::kernel::transformer::LinearLayout;
use crate::machine::program::{Buffers, PACKET_BYTES, Region, RegionKind};
use crate::machine::sram::BANK_BYTES;
use crate::mapping::memory::{Allocator, Full, LOG_BYTES, PROGRAM_BYTES, STACK_BASE, block_bytes};
use crate::net::attention::spikes::words;
use crate::net::attention::{Attention, Gpt, Linear, Mlp};

/// Bytes of a control block: an announcement, two counters, the number of tokens.
const CONTROL_BYTES: u32 = 32;

/// Addresses that are the same in every PE, since one packet serves many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Common {
    /// Address of the control block.
    pub control: u32,
    /// Buffers of the residual stream.
    pub stream: Buffers,
    /// Blocks of attention or of hidden neurons.
    pub blocks: Buffers,
    /// First byte behind these in bank 0, and end of the free room in the other banks.
    room: (u32, u32),
    /// Bytes that found no place.
    too_large: Option<u64>,
}

impl Common {
    /// Lays out what all PEs have in the same places.
    pub fn new(network: &Gpt, split: &Split) -> Self {
        let stream = (4 * network.width as u32).next_multiple_of(PACKET_BYTES);
        let blocks = split.stages.iter().zip(&split.shares).filter_map(|(&stage, shares)| {
            let bytes = |part: &Range<u32>| block_bytes(sent_words(network, stage, part) as usize);
            let sends = matches!(stage, Stage::Attend(_) | Stage::Up(_));
            sends.then(|| shares.iter().map(|share| bytes(&share.part)).sum::<u32>())
        });
        let blocks = blocks.max().unwrap_or(0);
        let total = 2 * (stream + blocks);
        let first = (PROGRAM_BYTES + CONTROL_BYTES).next_multiple_of(PACKET_BYTES);
        let low = first + total <= BANK_BYTES;
        let fits = total <= STACK_BASE - BANK_BYTES;
        let at = if low { first } else { STACK_BASE - if fits { total } else { 0 } };
        Self {
            control: PROGRAM_BYTES,
            stream: Buffers::new(at, stream, 2),
            blocks: Buffers::new(at + 2 * stream, blocks, 2),
            room: if low { (first + total, STACK_BASE) } else { (first, at) },
            too_large: (!fits).then_some(total.into()),
        }
    }

    /// Returns the address of the number of tokens that a PE has completed.
    pub const fn turn(&self) -> u32 {
        self.control + 16
    }

    /// Returns the address of a counter.
    pub const fn counter(&self, number: u32) -> u32 {
        self.control + 20 + 4 * number
    }
}

/// Byte addresses of a share's arrays; 0 for those that its stage does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Weight and bias of the layer norm, `[d]` each.
    pub norm: [u32; 2],
    /// Normalised values, `[d]`.
    pub u: u32,
    /// Signed spikes of these, `[2, steps, words]`: those of u, then those of −u.
    pub coded: u32,
    /// Threshold of the coding neurons.
    pub theta_in: u32,
    /// Layout of the linear layer.
    pub linear: LinearLayout,
    /// Layout of the linear layer on the MAC array; no rows of one that the core computes.
    pub mac: Int8MacLayout,
    /// Products of the MAC array without their biases, `[outputs]`.
    pub products: u32,
    /// Rows of weights of neurons that spike, as addresses.
    pub list: u32,
    /// Sums: integers of each time step, or singles.
    pub sums: u32,
    /// Membrane potentials of the neurons that read the sums.
    pub v: u32,
    /// Threshold of hidden neurons, and half of it, where their potentials begin.
    pub theta: u32,
    /// Spikes of query, key and value neurons: `[steps, heads, 3]` words.
    pub qkv: u32,
    /// Running states, `[heads, steps, dh, dh]` of 16 bits.
    pub state: u32,
    /// Integers that a query reads, `[dh]`.
    pub read: u32,
    /// Gains of the heads.
    pub gain: u32,
    /// Membrane potentials behind attention, `[heads, dh]`.
    pub after: u32,
    /// Queries of softmax attention, `[heads, dh]`.
    pub queries: u32,
    /// Keys and values of the sequence so far, `[heads, tokens, dh]` each.
    pub cache: [u32; 2],
    /// Scores of a query, `[tokens]`.
    pub scores: u32,
    /// Factor of scores, 1/√dh.
    pub factor: u32,
    /// Embeddings of the positions, `[places, d]`.
    pub positions: u32,
    /// Block to send.
    pub out: u32,
}

/// Memory map of a PE.
#[derive(Clone, Debug)]
pub(super) struct MemoryMap {
    pub layout: Layout,
    pub log: (u32, u32),
    pub regions: Vec<Region>,
}

/// Takes room for arrays of a stage called `name`.
struct Taker<'a> {
    allocator: &'a mut Allocator,
    name: String,
}

impl Taker<'_> {
    fn state(&mut self, bytes: usize, what: &str) -> u32 {
        self.allocator.take(bytes as u64, format!("{} {what}", self.name), RegionKind::State)
    }

    fn weights(&mut self, bytes: usize, what: &str) -> u32 {
        self.allocator.take(bytes as u64, format!("{} {what}", self.name), RegionKind::Weights)
    }

    /// Takes what `outputs` outputs of `matrix` need.
    fn linear(&mut self, matrix: &Linear, outputs: usize, layout: &mut Layout) {
        let (inputs, array) = (matrix.inputs(), matrix.array().is_some());
        let q = self.weights(outputs * inputs, "weights");
        // With the MAC array, the inverse of the inputs' scale comes first.
        let scale = self.state(4 * (outputs + usize::from(array)), "scales");
        layout.linear = LinearLayout {
            outputs: outputs as u32,
            inputs: inputs as u32,
            q,
            scale: if array { scale + 4 } else { scale },
            bias: self.state(4 * outputs, "biases"),
        };
        if array {
            layout.mac = Int8MacLayout {
                rows: outputs as u32,
                sources: inputs as u32,
                value: q,
                source: self.state(2 * inputs, "order of inputs"),
                scale,
                input: self.state(inputs, "inputs in 8 bits"),
            };
            layout.products = self.state(4 * outputs, "products");
        }
    }

    fn norm(&mut self, d: usize, layout: &mut Layout) {
        layout.norm = [self.state(4 * d, "norm weights"), self.state(4 * d, "norm biases")];
    }
}

/// Lays out a share of a stage.
pub(super) fn lay_out(
    network: &Gpt,
    common: &Common,
    stage: Stage,
    part: &Range<u32>,
    tokens: usize,
) -> Result<MemoryMap, Full> {
    let mut allocator = Allocator::new(common.room.0, common.room.1);
    let name = stage.name();
    if let Some(bytes) = common.too_large {
        allocator.take(bytes, format!("{name} buffers"), RegionKind::Buffer);
    } else {
        allocator.fixed(common.control, CONTROL_BYTES, format!("{name} control"), RegionKind::State);
        let blocks = stage.adds().then_some((common.blocks, "blocks"));
        for (buffers, what) in [Some((common.stream, "stream")), blocks].into_iter().flatten() {
            for (at, letter) in buffers.addresses().zip(["A", "B"]) {
                let name = format!("{name} {what} {letter}");
                allocator.fixed(at, buffers.bytes(), name, RegionKind::Buffer);
            }
        }
    }
    // Where blocks of other stages would land there is room for the log.
    let spare = common.blocks.count() * common.blocks.bytes();
    let early = common.too_large.is_none() && !stage.adds() && spare >= LOG_BYTES;
    let log = early.then(|| common.blocks.of(0));
    if let Some(at) = log {
        allocator.fixed(at, LOG_BYTES, "debug log".into(), RegionKind::Log);
    }
    let mut layout = Layout::default();
    let taker = &mut Taker { allocator: &mut allocator, name };
    match stage {
        Stage::Embed => {
            let places = tokens.min(network.places());
            layout.positions = taker.weights(4 * network.width * places, "positions");
        }
        Stage::Attend(layer) => {
            attend((network, &network.blocks[layer].qkv), taker, part.len(), tokens, &mut layout);
        }
        Stage::Project(layer) => {
            let spiking = network.attention.steps().is_some();
            add(taker, &network.blocks[layer].proj, part.len(), spiking, &mut layout);
        }
        Stage::Up(layer) => up((network, &network.blocks[layer].up), taker, part.len(), &mut layout),
        Stage::Down(layer) => {
            let spiking = network.mlp.steps().is_some();
            add(taker, &network.blocks[layer].down, part.len(), spiking, &mut layout);
        }
        Stage::Output => taker.norm(network.width, &mut layout),
    }
    layout.out = taker.state(block_bytes(sent_words(network, stage, part) as usize) as usize, "block");
    let log = log.unwrap_or_else(|| allocator.take(LOG_BYTES.into(), "debug log".into(), RegionKind::Log));
    Ok(MemoryMap { layout, log: (log, LOG_BYTES), regions: allocator.finish()? })
}

fn attend(
    (network, matrix): (&Gpt, &Linear),
    taker: &mut Taker<'_>,
    heads: usize,
    tokens: usize,
    layout: &mut Layout,
) {
    let (d, dh) = (network.width, network.head_width());
    let columns = 3 * dh * heads;
    taker.linear(matrix, columns, layout);
    taker.norm(d, layout);
    layout.u = taker.state(4 * d, "normalised stream");
    match network.attention {
        Attention::Softmax => {
            layout.queries = taker.state(4 * dh * heads, "queries");
            layout.cache = ["keys", "values"].map(|what| taker.state(4 * tokens * dh * heads, what));
            layout.scores = taker.state(4 * tokens, "scores");
            layout.factor = taker.state(4, "factor of scores");
        }
        Attention::Spiking { steps, .. } => {
            let steps = usize::from(steps);
            coded(taker, d, steps, layout);
            layout.sums = taker.state(4 * steps * columns, "sums");
            layout.v = taker.state(4 * columns, "potentials");
            layout.qkv = taker.state(12 * steps * heads, "q, k, v spikes");
            layout.state = taker.state(2 * dh * dh * steps * heads, "running states");
            layout.read = taker.state(4 * dh, "read states");
            layout.gain = taker.state(4 * heads, "gains");
            layout.after = taker.state(4 * dh * heads, "potentials after attention");
        }
    }
}

/// Takes what a linear layer needs that adds to the residual stream.
fn add(taker: &mut Taker<'_>, matrix: &Linear, columns: usize, spiking: bool, layout: &mut Layout) {
    taker.linear(matrix, columns, layout);
    layout.sums = taker.state(4 * columns, "sums");
    if spiking {
        layout.list = taker.state(4 * matrix.inputs(), "list of rows");
    }
}

fn up((network, matrix): (&Gpt, &Linear), taker: &mut Taker<'_>, columns: usize, layout: &mut Layout) {
    let d = network.width;
    taker.linear(matrix, columns, layout);
    taker.norm(d, layout);
    layout.u = taker.state(4 * d, "normalised stream");
    let Mlp::Spiking { steps, .. } = network.mlp else { return };
    let encoded = network.mlp.is_encoded();
    if encoded {
        coded(taker, d, steps.into(), layout);
        layout.theta_in = taker.state(4, "coding threshold");
    }
    let rows = if encoded { usize::from(steps) } else { 1 };
    layout.sums = taker.state(4 * rows * columns, "sums");
    layout.v = taker.state(4 * columns, "potentials");
    layout.theta = taker.state(8, "threshold");
}

fn coded(taker: &mut Taker<'_>, d: usize, steps: usize, layout: &mut Layout) {
    layout.coded = taker.state(8 * steps * words(d), "signed spikes");
    layout.list = taker.state(4 * d, "list of rows");
}
