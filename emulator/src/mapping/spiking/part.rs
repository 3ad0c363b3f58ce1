//! Synapse rows as one PE holds them.

use std::ops::Range;

use crate::net::spiking::{Network, Origin, Projection, Weights};

/// Moment of a tick at which synapse rows are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Begin of the tick, for spikes of the tick before: delays of 1 and more.
    Begin,
    /// Moment after the spikes of the same tick have arrived: delays of 0.
    Within,
}

/// Weights of a part, in the order of its synapses.
#[derive(Clone, Debug, PartialEq)]
pub enum PartWeights {
    /// Weights in single precision.
    F32(Vec<f32>),
    /// Weights of eight bits.
    Int8(Vec<i8>),
}

impl PartWeights {
    /// Returns the bytes of one weight.
    pub fn bytes(&self) -> u32 {
        match self {
            Self::F32(_) => 4,
            Self::Int8(_) => 1,
        }
    }
}

/// Synapses of a projection onto the neurons of one PE that are added at one moment of the tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Index of the projection.
    pub projection: usize,
    /// Source or population that sends.
    pub from: Origin,
    /// Moment of the tick.
    pub when: When,
    /// Neurons of the sender, from its first with a synapse here up to its last.
    pub sources: Range<u32>,
    /// First synapse of each of these, and the number of all.
    pub starts: Vec<u32>,
    /// Place of each synapse's target: ticks until it takes effect times `stride`, plus lane and
    /// neuron.
    pub places: Vec<u32>,
    /// Ticks until all synapses take effect, from the tick in which they are added; `None`
    /// if they differ.
    pub ahead: Option<u32>,
    /// Weight of each synapse; a magnitude where negative weights are summed apart.
    pub weights: PartWeights,
}

/// Synapses of one projection and moment, as they are found.
struct Found {
    part: Part,
    last: u32,
}

/// Finds the parts of all shares of a population. `lanes`: 2 where negative weights are summed
/// apart.
///
/// The result has the parts of each share, those of the begin first, in the order of projections.
pub fn parts(network: &Network, population: usize, shares: &[Range<u32>], lanes: u32) -> Vec<Vec<Part>> {
    let mut all: Vec<Vec<Part>> = shares.iter().map(|_| Vec::new()).collect();
    let units = network.populations()[population].units;
    let mut share_of = vec![0_u32; units];
    for (number, share) in (0_u32..).zip(shares) {
        share_of[share.start as usize..share.end as usize].fill(number);
    }
    for (index, projection) in network.projections().iter().enumerate().filter(|(_, p)| p.to == population) {
        for (share, parts) in split(index, projection, (shares, &share_of), lanes).into_iter().enumerate() {
            all[share].extend(parts);
        }
    }
    for parts in &mut all {
        parts.sort_by_key(|part| (part.when, part.projection));
    }
    all
}

fn split(
    index: usize,
    projection: &Projection,
    (shares, share_of): (&[Range<u32>], &[u32]),
    lanes: u32,
) -> Vec<Vec<Part>> {
    let rows = &projection.rows;
    let empty = |when| Found {
        part: Part {
            projection: index,
            from: projection.from,
            when,
            sources: 0..0,
            starts: Vec::new(),
            places: Vec::new(),
            ahead: Some(0),
            weights: match rows.weights() {
                Weights::F32(_) => PartWeights::F32(Vec::new()),
                Weights::Int8(_) => PartWeights::Int8(Vec::new()),
            },
        },
        last: 0,
    };
    let mut found: Vec<[Found; 2]> =
        shares.iter().map(|_| [empty(When::Begin), empty(When::Within)]).collect();
    for source in 0..rows.inputs() {
        for synapse in rows.row(source) {
            let target = rows.targets()[synapse];
            let number = share_of[target as usize] as usize;
            let share = &shares[number];
            let delay = u32::from(rows.delays().get(synapse));
            let (when, ahead) = if delay == 0 { (1, 0) } else { (0, delay - 1) };
            let units = share.end - share.start;
            let (lane, weight) = match rows.weights() {
                Weights::F32(weights) => {
                    let weight = weights[synapse];
                    let apart = lanes == 2 && weight < 0.0;
                    (u32::from(apart), Weight::F32(if apart { -weight } else { weight }))
                }
                Weights::Int8(weights) => {
                    let weight = weights[synapse];
                    let apart = lanes == 2 && weight < 0;
                    // Weights are within ±127.
                    (u32::from(apart), Weight::Int8(if apart { weight.saturating_neg() } else { weight }))
                }
            };
            let place = ahead * lanes * units + lane * units + (target - share.start);
            found[number][when].add(source as u32, place, ahead, weight);
        }
    }
    found.into_iter().map(|pair| pair.into_iter().filter_map(Found::finish).collect()).collect()
}

#[derive(Clone, Copy)]
enum Weight {
    F32(f32),
    Int8(i8),
}

impl Found {
    fn add(&mut self, source: u32, place: u32, ahead: u32, weight: Weight) {
        let part = &mut self.part;
        if part.places.is_empty() {
            part.sources = source / 32 * 32..source;
            part.ahead = Some(ahead);
            part.starts.push(0);
            self.last = part.sources.start;
        }
        // Sources ascend: those passed over have no synapse here.
        while self.last < source {
            part.starts.push(part.places.len() as u32);
            self.last += 1;
        }
        part.sources.end = source + 1;
        if part.ahead != Some(ahead) {
            part.ahead = None;
        }
        part.places.push(place);
        match (&mut part.weights, weight) {
            (PartWeights::F32(weights), Weight::F32(weight)) => weights.push(weight),
            (PartWeights::Int8(weights), Weight::Int8(weight)) => weights.push(weight),
            // `rows` has weights of one format.
            _ => {}
        }
    }

    fn finish(mut self) -> Option<Part> {
        if self.part.places.is_empty() {
            return None;
        }
        self.part.starts.push(self.part.places.len() as u32);
        Some(self.part)
    }
}

impl Part {
    /// Returns the number of synapses.
    pub fn synapses(&self) -> u32 {
        self.places.len() as u32
    }

    /// Returns the synapses of a sender's neuron as a range of [`Self::places`].
    pub fn row(&self, source: u32) -> Range<usize> {
        let at = |offset: u32| {
            let index = source.checked_sub(self.sources.start)? + offset;
            self.starts.get(index as usize).map(|&start| start as usize)
        };
        match (at(0), at(1)) {
            (Some(start), Some(end)) => start..end,
            _ => 0..0,
        }
    }
}
