//! Assignment of the head's tiles to PEs, and places of outputs among those of their layer.

use std::collections::HashSet;
use std::sync::Arc;

use super::{HeadError, HeadRequest};
use crate::chip::geometry::{ChipId, Pe};
use crate::kernel::maps::LANES;
use crate::machine::broadcast::options::{Broadcast, Payload};
use crate::machine::program::PACKET_BYTES;
use crate::mapping::build::{Placed, Request};
use crate::mapping::memory::{block_bytes, unit_words};
use crate::mapping::options::{MappingOptions, Schedule};
use crate::mapping::placement::Free;
use crate::net::gesture::FRAME_SIDE;
use crate::net::int8_head::{Int8Head, Int8Layer};

/// Bytes in which a row of the first convolution's taps lies: its 11 pixels in whole words.
const ROW_BYTES: u32 = 12;

/// The head's layers on its PEs.
#[derive(Clone, Debug)]
pub(in crate::mapping) struct HeadPlan {
    pub head: Arc<Int8Head>,
    pub streamed: bool,
    /// PEs of the head.
    pub pes: Vec<Pe>,
    pub layers: Vec<PlannedLayer>,
    /// Number of PEs that the head may use, those in use included.
    pub free: usize,
}

/// Layer of the head with its PEs.
#[derive(Clone, Debug)]
pub(in crate::mapping) struct PlannedLayer {
    /// Taps of the kernel whose weights are kept.
    pub taps: Vec<(usize, usize)>,
    /// PEs of the layer, as indices, with their tiles, ascending.
    pub hosts: Vec<(usize, Vec<u32>)>,
    /// Word of each unit among the outputs; a unit is a word.
    pub unit_word: Vec<u32>,
    /// Words of all outputs.
    pub words: u32,
    /// Bytes of a row of weights, and of the inputs of a place.
    pub terms: u32,
    /// Whether inputs are multiplied as they arrive.
    pub direct: bool,
}

/// Returns the number of tiles of a layer's outputs.
fn tiles(layer: &Int8Layer) -> u32 {
    (layer.shape.outputs as u32).div_ceil(LANES)
}

/// Returns the number of places of a layer's outputs.
pub(super) fn places(layer: &Int8Layer) -> u32 {
    (layer.output_side() * layer.output_side()) as u32
}

/// Returns the numbers of a tile's units: words of four channels, or features.
pub(super) fn units(layer: &Int8Layer, tile: u32) -> std::ops::Range<u32> {
    if layer.singles {
        return LANES * tile..(LANES * (tile + 1)).min(layer.shape.outputs as u32);
    }
    let each = places(layer) * LANES / 4;
    each * tile..each * (tile + 1)
}

impl HeadPlan {
    /// Shares the head out among PEs that the EGRU layers leave; `on`: their chips, if these are
    /// decided.
    ///
    /// # Errors
    ///
    /// Fails if there are too few PEs, or for an option that a head on the chip excludes.
    pub fn new(
        request: &Request<'_>,
        asked: &HeadRequest,
        placed: &[Placed],
        on: Option<&[ChipId]>,
    ) -> Result<Self, HeadError> {
        check(request)?;
        let taken: HashSet<Pe> = request
            .chip
            .withheld()
            .into_iter()
            .chain(placed.iter().flat_map(|layer| layer.pes.iter().copied()))
            .collect();
        let MappingOptions { placement, across, .. } = *request.mapping;
        let chips = request.chip.chips().chips();
        let mut free = Free::new(placement, (chips, across), |pe| taken.contains(&pe));
        let pes = match on {
            Some(chips) => free.take_on(chips),
            None => free.take(asked.pes as usize),
        };
        let left = free.take(usize::from(u16::MAX)).len();
        let free = pes.len() + left;
        if pes.is_empty() || pes.len() < asked.pes as usize {
            return Err(HeadError::Pes { asked: asked.pes, free });
        }
        let layers = layers(asked, pes.len());
        Ok(Self { head: Arc::clone(&asked.head), streamed: asked.streamed, pes, layers, free })
    }

    /// Returns the PEs of layer `layer`, in block order.
    pub fn pes_of(&self, layer: usize) -> Vec<Pe> {
        self.layers[layer].hosts.iter().map(|&(pe, _)| self.pes[pe]).collect()
    }

    /// Returns the units of each PE of layer `layer`, in block order.
    pub fn assignment(&self, layer: usize) -> Vec<Vec<u32>> {
        assignment(&self.head.layers[layer], &self.layers[layer].hosts)
    }

    /// Returns the outputs of the last layer, for the readers of the features.
    pub fn features(&self) -> Option<&PlannedLayer> {
        self.layers.last()
    }
}

/// Refuses options that the head's program does not support.
fn check(request: &Request<'_>) -> Result<(), HeadError> {
    let MappingOptions { schedule, batch, broadcast, payload, .. } = *request.mapping;
    let refused = [
        (schedule == Schedule::Pipelined, "schedule: Pipelined", "its maps have two buffers"),
        (batch > 1, "batch above 1", "it has room for one frame at a time"),
        (broadcast != Broadcast::QpeMulticast, "broadcast", "maps are sent by `QpeMulticast`"),
        (payload != Payload::Dense, "payload: Events", "its maps are bytes"),
    ];
    if let Some(&(_, with, why)) = refused.iter().find(|(refused, ..)| *refused) {
        return Err(HeadError::Combination { with, why });
    }
    let (needed, found) = (FRAME_SIDE * FRAME_SIDE, request.dram.width());
    if needed == found { Ok(()) } else { Err(HeadError::Width { needed, found }) }
}

/// Returns the PEs of each layer, as indices, with the packets that each sends in a time step.
pub(in crate::mapping) fn packets(asked: &HeadRequest) -> Vec<Vec<(usize, u64)>> {
    let of = |(layer, planned): (&Int8Layer, &PlannedLayer)| {
        let blocks = assignment(layer, &planned.hosts);
        let packets = blocks.iter().map(|units| u64::from(block_bytes(units.len()) / PACKET_BYTES));
        planned.hosts.iter().map(|&(pe, _)| pe).zip(packets).collect()
    };
    asked.head.layers.iter().zip(&layers(asked, asked.pes as usize)).map(of).collect()
}

fn assignment(layer: &Int8Layer, hosts: &[(usize, Vec<u32>)]) -> Vec<Vec<u32>> {
    let of = |(_, tiles): &(usize, Vec<u32>)| tiles.iter().flat_map(|&tile| units(layer, tile)).collect();
    hosts.iter().map(of).collect()
}

/// Plans all layers on `pes` PEs: the largest tiles first, each to the PE with fewest of its layer
/// and then with fewest bytes.
fn layers(asked: &HeadRequest, pes: usize) -> Vec<PlannedLayer> {
    let head = &asked.head.layers;
    let mut order: Vec<usize> = (0..head.len()).collect();
    let taps = |layer: &Int8Layer| if asked.used_taps { layer.used_taps() } else { layer.taps() };
    let tile_bytes = |k: usize| taps(&head[k]).len() * head[k].shape.inputs * LANES as usize;
    order.sort_by_key(|&k| std::cmp::Reverse(tile_bytes(k)));
    let mut load = vec![0; pes];
    let mut hosts: Vec<Vec<(usize, Vec<u32>)>> = vec![Vec::new(); head.len()];
    for k in order {
        let mut own: Vec<Vec<u32>> = vec![Vec::new(); pes];
        for tile in 0..tiles(&head[k]) {
            let Some(pe) = (0..pes).min_by_key(|&pe| (own[pe].len(), load[pe], pe)) else { continue };
            own[pe].push(tile);
            load[pe] += tile_bytes(k);
        }
        hosts[k] = own.into_iter().enumerate().filter(|(_, tiles)| !tiles.is_empty()).collect();
    }
    let mut planned: Vec<PlannedLayer> = Vec::new();
    for (layer, hosts) in head.iter().zip(hosts) {
        let (unit_word, words) = unit_words(&assignment(layer, &hosts));
        let taps = taps(layer);
        let direct = layer.side == 1 && taps.len() == 1;
        let terms = match planned.last() {
            None => ROW_BYTES * layer.shape.kernel as u32,
            Some(before) if direct => 4 * before.words,
            Some(_) => taps.len() as u32 * (layer.shape.inputs as u32).next_multiple_of(LANES),
        };
        planned.push(PlannedLayer { taps, hosts, unit_word, words, terms, direct });
    }
    planned
}

/// Places of a layer's inputs before and after they are gathered.
pub(super) struct Inputs<'a> {
    pub layer: &'a Int8Layer,
    pub planned: &'a PlannedLayer,
    /// The layer before, with its plan; `None` for the first.
    pub before: Option<(&'a Int8Layer, &'a PlannedLayer)>,
}

impl Inputs<'_> {
    /// Returns the number of tiles of the inputs.
    fn tiles(&self) -> u32 {
        (self.layer.shape.inputs as u32).div_ceil(LANES)
    }

    /// Returns the word of a tile at a place among the inputs as they arrive; 0 in the first layer.
    fn arrived(&self, tile: u32, place: usize) -> u32 {
        let Some((before, planned)) = self.before else { return 0 };
        let unit = units(before, tile).start + place as u32 * LANES / 4;
        planned.unit_word.get(unit as usize).copied().unwrap_or(0)
    }

    /// Returns the byte of an input channel at a tap among the inputs of a place.
    fn term(&self, tap: usize, channel: u32) -> u32 {
        let (tile, lane) = (channel / LANES, channel % LANES);
        match (self.before, self.planned.taps.get(tap)) {
            (None, Some(&(row, column))) => ROW_BYTES * row as u32 + column as u32,
            _ if self.planned.direct => 4 * self.arrived(tile, 0) + lane,
            _ => (tap as u32 * self.tiles() + tile) * LANES + lane,
        }
    }

    /// Returns an output's row of weights, `[terms]`; zeros for a channel that only fills a tile.
    pub fn row(&self, output: u32) -> Vec<i8> {
        let mut row = vec![0; self.planned.terms as usize];
        for (tap, &(r, c)) in self.planned.taps.iter().enumerate() {
            for (channel, &weight) in (0_u32..).zip(self.layer.weights(output as usize, r, c)) {
                if let Some(place) = row.get_mut(self.term(tap, channel) as usize) {
                    *place = weight;
                }
            }
        }
        row
    }

    /// Returns the runs of words that put the inputs of all places side by side: first word at the
    /// source and at the target; and the words of a run.
    pub fn runs(&self) -> (Vec<(u32, u32)>, u32) {
        let side = self.layer.sum_side();
        let places = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
        let terms = self.planned.terms / 4;
        let mut runs = Vec::new();
        for (number, (row, column)) in (0_u32..).zip(places) {
            if self.before.is_none() {
                let (stride, words) = (self.layer.shape.stride as u32, self.image_stride() / 4);
                for tap in 0..self.layer.shape.kernel as u32 {
                    let source = (row as u32 * stride + tap) * words + column as u32 * stride / 4;
                    runs.push((source, number * terms + tap * ROW_BYTES / 4));
                }
                continue;
            }
            for (tap, &at) in self.planned.taps.iter().enumerate() {
                let Some(place) = self.layer.read((row, column), at) else { continue };
                for tile in 0..self.tiles() {
                    let target = number * terms + self.term(tap, tile * LANES) / 4;
                    runs.push((self.arrived(tile, place), target));
                }
            }
        }
        (runs, if self.before.is_none() { ROW_BYTES / 4 } else { LANES / 4 })
    }

    /// Returns the bytes from row to row of the byte frame: wide enough for the last run of a row.
    pub fn image_stride(&self) -> u32 {
        let shape = self.layer.shape;
        let last = (self.layer.sum_side().saturating_sub(1) * shape.stride) as u32 + ROW_BYTES;
        last.max((self.layer.side + shape.padding) as u32).next_multiple_of(4)
    }

    /// Returns the number of rows of the byte frame, with those of the padding that are read.
    pub fn image_rows(&self) -> u32 {
        let shape = self.layer.shape;
        let last = (self.layer.sum_side().saturating_sub(1) * shape.stride + shape.kernel) as u32;
        last.max((self.layer.side + shape.padding) as u32)
    }
}
