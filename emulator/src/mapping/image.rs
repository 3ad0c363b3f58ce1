//! What a PE is loaded with: its operations, its words, its destinations.

use std::collections::BTreeMap;

use super::build::{Placed, Request};
use super::delivery;
use super::error::MapError;
use super::memory::{Common, MemoryMap, SlotLayout};
use super::options::Broadcast;
use crate::chip::geometry::{Pe, Qpe};
use crate::kernel::events;
use crate::kernel::matrix::{self, Kernel};
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;
use crate::machine::broadcast::{ROUTER, SlotEvents};
use crate::machine::program::{LayerProgram, Operation, PACKET_BYTES, PeProgram, Phase, Slot, Target};
use crate::net::EgruLayer;
use crate::net::csr::Csr;

/// Builds PE programs once layers and memory are settled.
pub(super) struct Builder<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) placed: &'a [Placed],
    pub(super) layers: &'a [LayerProgram],
    pub(super) common: &'a Common,
    pub(super) shared: bool,
}

impl Builder<'_> {
    /// One PE: what it hosts as (layer, number of the PE in it), on its memory map.
    pub(super) fn pe(&self, hosted: &[(usize, usize)], map: MemoryMap) -> Result<PeProgram, MapError> {
        let mut slots = Vec::new();
        let mut image = Vec::new();
        let mut operations = Vec::new();
        for (&(k, i), layout) in hosted.iter().zip(&map.slots) {
            let units = &self.placed[k].assignment[i];
            let layer = &self.request.network.layers[k];
            let [input_kind, recurrent_kind] = self.placed[k].kinds;
            let input = self.matrix(k, "W", &layer.kernel, units, input_kind, &layout.input)?;
            let recurrent =
                self.matrix(k, "R", &layer.recurrent, units, recurrent_kind, &layout.recurrent)?;
            let nonzeros = [input.1, recurrent.1];
            let (input, recurrent) = (input.0, recurrent.0);
            image.extend(input.image);
            image.extend(recurrent.image);
            image_state(&mut image, layer, units, layout);
            let events = self.events(k, i, layout, &mut image);
            for (sample, &pointwise) in layout.pointwise.iter().enumerate() {
                operations.extend(self.operations(k, slots.len() as u8));
                let targets = self.targets(k, i, sample, &pointwise);
                slots.push(Slot {
                    layer: k as u8,
                    sample: sample as u8,
                    units: units.clone(),
                    input: input.kernel,
                    recurrent: recurrent.kernel,
                    kinds: self.placed[k].kinds,
                    nonzeros,
                    pointwise,
                    outputs: 4 * self.layers[k].words,
                    control: self.common.control[k][sample],
                    buffers: self.common.buffers[k][sample],
                    block: self.placed[k].assignment[..i]
                        .iter()
                        .map(|u| (4 * u.len() as u32).next_multiple_of(PACKET_BYTES))
                        .sum(),
                    input_blocks: if k == 0 { 1 } else { self.placed[k - 1].pes.len() as u32 },
                    recurrent_blocks: self.placed[k].pes.len() as u32,
                    trace_targets: targets.iter().filter(|t| Some(t.payload) == pointwise.trace).count()
                        as u32,
                    targets,
                    coordinator: i == 0,
                    events,
                });
            }
        }
        Ok(PeProgram { operations, slots, regions: map.regions, image, log: map.log, fifo: map.fifo })
    }

    /// How PE `i` of layer `k` sends and receives events, if it does; their tables go into the image.
    fn events(
        &self,
        k: usize,
        i: usize,
        layout: &SlotLayout,
        image: &mut Vec<(u32, Vec<u32>)>,
    ) -> Option<SlotEvents> {
        let layout = layout.events?;
        image.extend(delivery::image(&self.placed[k], &layout.recurrent));
        if let Some(input) = layout.input {
            image.extend(delivery::image(&self.placed[k - 1], &input));
        }
        let blocks = delivery::blocks(&self.placed[k]);
        // Nothing has been sent before the first step: y(−1) is an empty packet of each sender.
        for buffer in self.common.buffers[k].iter().flat_map(|buffers| buffers.addresses()) {
            let senders = blocks.iter().take(self.placed[k].pes.len());
            image.extend(senders.map(|block| (buffer + PACKET_BYTES * block.mail, vec![events::END])));
        }
        let mail = blocks.get(i).map_or(0, |block| block.mail);
        Some(SlotEvents { mail: PACKET_BYTES * mail, ..layout })
    }

    /// What a PE does for layer `k`, after the paper's Algorithm 1; with `overlap_recurrent`, R·y comes before x.
    fn operations(&self, k: usize, slot: u8) -> impl Iterator<Item = Operation> {
        let overlap = self.layers[k].overlap_recurrent;
        let early = [(Phase::Wait, true), (Phase::Recurrent, false)];
        let early = early.into_iter().filter(move |_| overlap);
        let (first, barrier) = (k == 0, self.layers[k].barrier || self.layers[k].credits);
        let wanted = move |phase: &Phase| match phase {
            Phase::Embedding => first,
            Phase::Barrier => barrier,
            Phase::Recurrent => !overlap,
            _ => true,
        };
        let rest = Phase::ALL.into_iter().filter(wanted).map(|phase| (phase, false));
        early.chain(rest).map(move |(phase, recurrent_only)| Operation { phase, slot, recurrent_only })
    }

    /// Lays out a PE's rows of a matrix for its kernel: gate blocks z, r, g of its units, sources in ascending model order.
    /// Returns its words and the non-zeros.
    fn matrix(
        &self,
        k: usize,
        name: &'static str,
        matrix: &Csr,
        units: &[u32],
        kind: KernelKind,
        addresses: &[u32],
    ) -> Result<(matrix::Placed, u32), MapError> {
        let total = matrix.rows() / 3;
        let row = |gate: usize, unit: u32| -> Vec<(u32, f32)> {
            let row = matrix.outer_view(gate * total + unit as usize);
            row.iter().flat_map(|row| row.iter().map(|(source, &weight)| (source as u32, weight))).collect()
        };
        let rows: Vec<Vec<(u32, f32)>> =
            (0..3).flat_map(|gate| units.iter().map(move |&u| row(gate, u))).collect();
        let words: Vec<u32> = (0..matrix.cols()).map(|source| self.source_word(k, name, source)).collect();
        let share = matrix::Share { rows: &rows, words: &words };
        let nonzeros = share.shape().nonzeros;
        Kernel::place(kind, &share, addresses).map(|placed| (placed, nonzeros)).map_err(|source| {
            MapError::Kernel {
                entry: self.placed[k].entry,
                layer: self.layers[k].name.clone(),
                matrix: name,
                source,
            }
        })
    }

    /// Word of a source (model order) in the buffer that a matrix reads: for R the layer's own placed y, for W the placed
    /// y below, or in layer 0 the DMA row's own order.
    fn source_word(&self, layer: usize, matrix: &str, source: usize) -> u32 {
        match (matrix, layer) {
            ("R", _) => self.layers[layer].unit_word[source],
            (_, 0) => source as u32,
            _ => self.layers[layer - 1].unit_word[source],
        }
    }

    /// Where a packet for a PE is sent: packets to one place are one packet.
    fn place_of(&self, pe: Pe) -> (u16, u8) {
        let qpe = pe.qpe_index() as u8;
        match self.request.mapping.broadcast {
            Broadcast::QpeMulticast => (u16::from(qpe), qpe),
            Broadcast::Dma => (pe.index() as u16, qpe),
            Broadcast::Router => (0, ROUTER),
        }
    }

    /// Who gets y, or the traces, of PE `i` of layer `k`. The list of each payload starts at another QPE for each sender, so
    /// that they do not all queue at the same one.
    ///
    /// Traces go first: the next layer waits for them, while y is only read in the next time step.
    fn targets(&self, k: usize, i: usize, sample: usize, layout: &PointwiseLayout) -> Vec<Target> {
        // What the next layer and the host get.
        let passed_on = layout.trace.unwrap_or(layout.y);
        let mut by_qpe: BTreeMap<(u8, u16), Target> = BTreeMap::new();
        for (layer, own) in [(k, true), (k + 1, false)] {
            for &pe in self.placed.get(layer).into_iter().flat_map(|l| &l.pes) {
                let (place, qpe) = self.place_of(pe);
                let group = if self.shared && layout.trace.is_none() { 0 } else { u8::from(!own) };
                let target = by_qpe.entry((group, place)).or_insert(Target {
                    qpe,
                    mask: 0,
                    host: false,
                    payload: if own { layout.y } else { passed_on },
                    buffers: self.common.buffers[layer][sample],
                    own: false,
                    next: false,
                });
                target.mask |= if qpe == ROUTER { 0 } else { 1 << pe.p() };
                target.own |= own;
                target.next |= !own;
            }
        }
        let mut targets: Vec<Target> = by_qpe.into_values().collect();
        if k + 1 == self.placed.len() {
            let (x, y) = self.request.assume.host_port;
            let qpe = Qpe::at(x, y).map_or(0, Qpe::index) as u8;
            let (payload, buffers) = (passed_on, self.common.buffers[k][sample]);
            targets.push(Target { qpe, mask: 0, host: true, payload, buffers, own: false, next: false });
        }
        let (traces, y): (Vec<Target>, Vec<Target>) =
            targets.into_iter().partition(|target| Some(target.payload) == layout.trace);
        [traces, y]
            .into_iter()
            .flat_map(|mut call| {
                let start = i % call.len().max(1);
                call.rotate_left(start);
                call
            })
            .collect()
    }
}

/// Writes a PE's biases and thresholds; sums, cell states and y start as zeros.
fn image_state(image: &mut Vec<(u32, Vec<u32>)>, layer: &EgruLayer, units: &[u32], layout: &SlotLayout) {
    let total = layer.units();
    let gates = |values: &[f32]| -> Vec<u32> {
        (0..3)
            .flat_map(|gate| units.iter().map(move |&u| values[gate * total + u as usize].to_bits()))
            .collect()
    };
    let Some(shared) = layout.pointwise.first() else { return };
    image.push((shared.bias, gates(&layer.bias)));
    image.push((shared.recurrent_bias, gates(&layer.recurrent_bias)));
    image.push((shared.threshold, units.iter().map(|&u| layer.threshold[u as usize].to_bits()).collect()));
}
