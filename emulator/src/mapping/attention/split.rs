//! Stages to PEs: which heads or columns share a PE, and which PE that is.

use std::ops::Range;

use super::{AttentionError, Request};
use crate::chip::geometry::{ChipId, Pe};
use crate::kernel::options::{KernelChoice, KernelKind};
use crate::machine::program::PACKET_BYTES;
use crate::mapping::Placed;
use crate::mapping::locality::{HOST, Traffic};
use crate::mapping::memory::block_bytes;
use crate::mapping::options::{Across, Balance, Barrier, Broadcast, MappingOptions, Payload, Schedule};
use crate::mapping::placement::Free;
use crate::net::attention::{Attention, Gpt, MATRICES, Mlp};

/// Bytes of weights that a PE takes at most where the mapping does not say how many PEs: three of
/// the four banks leave room for what else a stage needs.
const WEIGHTS_A_PE: usize = 73_728;
/// Columns that a PE takes at least and in multiples of which it takes them: a packet holds
/// as many singles, and `add_rows` adds to as many sums at once.
pub(super) const COLUMNS: u32 = 4;

/// Stage of a transformer's program; each has PEs of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Embedding of the token, and its position.
    Embed,
    /// Attention of a layer, by head.
    Attend(usize),
    /// Output projection of attention, by column.
    Project(usize),
    /// First linear layer of the feed-forward block, with its neurons, by column.
    Up(usize),
    /// Second linear layer of the feed-forward block, by column.
    Down(usize),
    /// Last layer norm.
    Output,
}

impl Stage {
    /// Returns the stages of a network with `layers` layers, in order.
    pub fn all(layers: usize) -> Vec<Self> {
        let of = |layer| [Self::Attend(layer), Self::Project(layer), Self::Up(layer), Self::Down(layer)];
        let layers = (0..layers).flat_map(of);
        std::iter::once(Self::Embed).chain(layers).chain([Self::Output]).collect()
    }

    /// Returns the name of the stage in every layer, `attn`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Embed => "wte",
            Self::Attend(_) => "attn",
            Self::Project(_) => "proj",
            Self::Up(_) => "fc",
            Self::Down(_) => "mlp",
            Self::Output => "ln_f",
        }
    }

    /// Returns its layer; `None` of the first and last stage.
    pub const fn layer(self) -> Option<usize> {
        match self {
            Self::Embed | Self::Output => None,
            Self::Attend(layer) | Self::Project(layer) | Self::Up(layer) | Self::Down(layer) => Some(layer),
        }
    }

    /// Returns its name, `h.0.attn`.
    pub fn name(self) -> String {
        self.layer().map_or_else(|| self.kind().to_owned(), |layer| format!("h.{layer}.{}", self.kind()))
    }

    /// Returns `true` if it adds to the residual stream.
    pub const fn adds(self) -> bool {
        matches!(self, Self::Project(_) | Self::Down(_))
    }

    /// Returns what it is split into: heads, or columns in fours; one part that is not split.
    fn parts(self, network: &Gpt) -> usize {
        match self {
            Self::Embed | Self::Output => 1,
            Self::Attend(_) => network.heads,
            Self::Project(_) | Self::Down(_) => network.width / COLUMNS as usize,
            Self::Up(_) => network.hidden() / COLUMNS as usize,
        }
    }

    /// Returns the PEs that it takes where the mapping does not say.
    fn usual(self, network: &Gpt) -> usize {
        let d = network.width;
        match self {
            Self::Embed | Self::Output => 1,
            Self::Attend(_) => network.heads,
            Self::Project(_) => (d * d).div_ceil(WEIGHTS_A_PE),
            Self::Up(_) | Self::Down(_) => (d * network.hidden()).div_ceil(WEIGHTS_A_PE),
        }
    }
}

/// Part of a stage on a PE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub pe: Pe,
    /// Heads or columns.
    pub part: Range<u32>,
}

/// Stages on their PEs.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub stages: Vec<Stage>,
    /// Shares of each stage, ascending.
    pub shares: Vec<Vec<Share>>,
    /// Entry of `mapping.layers` of each stage.
    pub entries: Vec<Option<usize>>,
    /// Whether the products of each stage are computed on the MAC array.
    array: Vec<bool>,
}

impl Split {
    /// Chooses the PEs of every stage.
    pub fn new(request: &Request<'_>) -> Result<Self, AttentionError> {
        check(request)?;
        let network = request.network;
        let stages = Stage::all(network.blocks.len());
        let entries = entries(request, &stages)?;
        let mut array = Vec::new();
        for (&stage, &entry) in stages.iter().zip(&entries) {
            array.push(on_array(request, stage, entry)?);
        }
        let mut counts = Vec::new();
        for (&stage, &entry) in stages.iter().zip(&entries) {
            counts.push(pes(request, stage, entry)?);
        }
        let withheld = request.chip.withheld();
        let MappingOptions { placement, across, .. } = *request.mapping;
        let chips = request.chip.chips().chips();
        let taken = |pe| withheld.contains(&pe);
        let mut free = Free::new(placement, (chips, across), taken);
        let needed: usize = counts.iter().sum();
        let all = free.room().iter().sum();
        if needed > all {
            let each = stages.iter().zip(&counts).map(|(stage, pes)| format!("{} {pes}", stage.name()));
            let least = request.chip.least_board(needed);
            return Err(AttentionError::TooManyPes { needed, free: all, each: each.collect(), least });
        }
        let cut: Vec<Vec<Range<u32>>> =
            stages.iter().zip(&counts).map(|(&stage, &pes)| cut(network, stage, pes)).collect();
        let local = (across == Across::Local).then(|| local_chips(request, &stages, &cut, &free));
        let shares = cut.into_iter().enumerate().map(|(k, parts)| {
            let pes = match &local {
                Some(chips) => free.take_on(&chips[k]),
                None => free.take(parts.len()),
            };
            pes.into_iter().zip(parts).map(|(pe, part)| Share { pe, part }).collect()
        });
        let shares = shares.collect();
        Ok(Self { stages, shares, entries, array })
    }

    /// Returns the network with the matrices on the MAC array that the mapping puts there; `None`
    /// if it puts none there.
    pub fn on_array(&self, network: &Gpt) -> Option<Gpt> {
        let stage = |layer: usize, matrix: usize| 1 + MATRICES * layer + matrix;
        let on = |layer, matrix| self.array.get(stage(layer, matrix)).copied().unwrap_or(false);
        self.array.contains(&true).then(|| network.on_array(on))
    }

    /// Returns PEs and units of each stage.
    pub fn placed(&self) -> Vec<Placed> {
        let placed = |(shares, entry): (&Vec<Share>, &Option<usize>)| Placed {
            entry: entry.unwrap_or(0),
            pes: shares.iter().map(|share| share.pe).collect(),
            assignment: shares.iter().map(|share| share.part.clone().collect()).collect(),
            kinds: [KernelKind::default(); 2],
        };
        self.shares.iter().zip(&self.entries).map(placed).collect()
    }
}

/// Returns the part of each of `pes` PEs of a stage.
fn cut(network: &Gpt, stage: Stage, pes: usize) -> Vec<Range<u32>> {
    let width = if matches!(stage, Stage::Attend(_)) { 1 } else { COLUMNS };
    let whole = match stage {
        // Their one part is the whole stream.
        Stage::Embed | Stage::Output => Some(0..network.width as u32),
        _ => None,
    };
    let parts = ranges(stage.parts(network) as u32, pes as u32);
    parts.map(|part| whole.clone().unwrap_or(part.start * width..part.end * width)).collect()
}

/// Returns the chips of each stage's PEs between which little crosses; `cut`: the parts of these.
fn local_chips(
    request: &Request<'_>,
    stages: &[Stage],
    cut: &[Vec<Range<u32>>],
    free: &Free,
) -> Vec<Vec<ChipId>> {
    let mut traffic = Traffic::new(false);
    let vertices: Vec<Range<usize>> = cut.iter().map(|parts| traffic.add(parts.len(), None)).collect();
    let announced = traffic.readers(vertices.first().cloned());
    traffic.send(HOST, announced, 1, PACKET_BYTES, request.assume);
    let host = traffic.readers(std::iter::once(HOST..HOST + 1));
    for (k, &stage) in stages.iter().enumerate() {
        let next = vertices.get(k + 1).cloned();
        let adds = !matches!(stage, Stage::Attend(_) | Stage::Up(_));
        let adds = adds && stages.get(k + 2).is_some_and(|stage| stage.adds());
        let added = vertices.get(k + 2).filter(|_| adds).cloned();
        let last = k + 1 == stages.len();
        let readers = if last { host } else { traffic.readers(next.into_iter().chain(added)) };
        for (vertex, part) in vertices[k].clone().zip(&cut[k]) {
            let packets = block_bytes(sent_words(request.network, stage, part) as usize) / PACKET_BYTES;
            traffic.send(vertex, readers, packets.into(), PACKET_BYTES, request.assume);
        }
    }
    let chips = traffic.place(&request.chip.chips(), free);
    vertices.into_iter().map(|stage| chips[stage].to_vec()).collect()
}

/// Cuts `n` parts into `pes` ranges whose lengths differ by one at most.
fn ranges(n: u32, pes: u32) -> impl Iterator<Item = Range<u32>> {
    (0..pes).map(move |pe| n * pe / pes..n * (pe + 1) / pes)
}

/// Refuses networks that the routines cannot compute, and options that do not apply.
fn check(request: &Request<'_>) -> Result<(), AttentionError> {
    let network = request.network;
    let head = network.head_width();
    let spiking = matches!(network.attention, Attention::Spiking { .. });
    if head == 0 || !head.is_multiple_of(4) || (spiking && head > 32) {
        return Err(AttentionError::Head(head));
    }
    let found = request.dram.width();
    if found != network.width {
        return Err(AttentionError::Width { needed: network.width, found });
    }
    let mapping = request.mapping;
    let odd = [
        (mapping.batch != 1, "batch"),
        (mapping.schedule != Schedule::default(), "schedule"),
        (mapping.broadcast != Broadcast::default(), "broadcast"),
        (mapping.payload != Payload::default(), "payload"),
        (mapping.balance != Balance::default(), "balance"),
        (mapping.barrier != Barrier::default(), "barrier"),
        (mapping.overlap_recurrent, "overlap_recurrent"),
    ];
    match odd.into_iter().find(|(odd, _)| *odd) {
        Some((_, field)) => Err(AttentionError::Option { field }),
        None => Ok(()),
    }
}

/// Returns the entry of the mapping for each stage: that of its name, or else of its kind.
fn entries(request: &Request<'_>, stages: &[Stage]) -> Result<Vec<Option<usize>>, AttentionError> {
    let layers = &request.mapping.layers;
    for (entry, layer) in layers.iter().enumerate() {
        let name = layer.layer.clone();
        if !stages.iter().any(|stage| stage.kind() == name || stage.name() == name) {
            let mut names: Vec<String> = stages.iter().map(|stage| stage.kind().to_owned()).collect();
            names.dedup();
            names.truncate(5);
            names.extend(stages.iter().map(|stage| stage.name()).filter(|name| name.starts_with("h.")));
            return Err(AttentionError::NoSuchStage { entry, name, names });
        }
        if layers[..entry].iter().any(|other| other.layer == name) {
            return Err(AttentionError::Twice { entry, name });
        }
        if layer.pes.is_none() || layer.units_per_pe.is_some() || layer.on.is_some() {
            return Err(AttentionError::Spread { entry, name });
        }
    }
    let named = |name: &str| layers.iter().position(|layer| layer.layer == name);
    Ok(stages.iter().map(|stage| named(&stage.name()).or_else(|| named(stage.kind()))).collect())
}

/// Returns whether the products of a stage are computed on the MAC array.
fn on_array(request: &Request<'_>, stage: Stage, entry: Option<usize>) -> Result<bool, AttentionError> {
    let layers = &request.mapping.layers;
    let Some((entry, layer)) = entry.and_then(|entry| Some((entry, layers.get(entry)?))) else {
        return Ok(false);
    };
    let refuse = |why| Err(AttentionError::Product { entry, name: stage.name(), why });
    let core = KernelChoice::default();
    if layer.input == core && layer.recurrent == core {
        return Ok(false);
    }
    if layer.input != KernelChoice::Int8Mac || layer.recurrent != core {
        return refuse("its products are computed by the core, or on the MAC array");
    }
    let network = request.network;
    let matrix = stage.layer().and_then(|layer| {
        let [qkv, proj, up, down] = network.blocks.get(layer)?.matrices();
        match stage {
            Stage::Attend(_) => Some((qkv, network.attention.steps())),
            Stage::Project(_) => Some((proj, network.attention.steps())),
            Stage::Up(_) => Some((up, network.mlp.steps())),
            Stage::Down(_) => Some((down, network.mlp.steps())),
            Stage::Embed | Stage::Output => None,
        }
    });
    match matrix {
        None => refuse("it has no matrix"),
        Some((_, Some(_))) => refuse("the MAC array multiplies values, and this network's are spikes"),
        Some((linear, None)) if linear.input.is_none() => {
            refuse("the model has no scale of its 8-bit inputs (`input_scale`)")
        }
        Some(_) => Ok(true),
    }
}

/// Returns the number of PEs of a stage.
fn pes(request: &Request<'_>, stage: Stage, entry: Option<usize>) -> Result<usize, AttentionError> {
    let network = request.network;
    let Some((entry, layer)) = entry.and_then(|entry| Some((entry, request.mapping.layers.get(entry)?)))
    else {
        return Ok(stage.usual(network).min(stage.parts(network)));
    };
    let (pes, parts) = (layer.pes.unwrap_or(0) as usize, stage.parts(network));
    if pes == 0 || pes > parts {
        let what = match stage {
            Stage::Attend(_) => "heads",
            Stage::Embed | Stage::Output => "part",
            _ => "groups of four columns",
        };
        return Err(AttentionError::Pes { entry, name: stage.name(), parts, what, pes });
    }
    Ok(pes)
}

/// Returns the words that a share of a stage sends: singles, or the bits of all time steps.
pub(super) fn sent_words(network: &Gpt, stage: Stage, part: &Range<u32>) -> u32 {
    let n = part.end - part.start;
    match (stage, network.attention, network.mlp) {
        (Stage::Attend(_), Attention::Softmax, _) => n * network.head_width() as u32,
        // A word a head and time step.
        (Stage::Attend(_), Attention::Spiking { steps, .. }, _) => n * u32::from(steps),
        (Stage::Up(_), _, Mlp::Spiking { steps, .. }) => n.div_ceil(32) * u32::from(steps),
        _ => n,
    }
}
