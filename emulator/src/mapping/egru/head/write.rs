//! Programs of the head's PEs.

use std::sync::Arc;

use super::memory::{Shared, take, take_log, weight_bytes};
use super::plan::{HeadPlan, Inputs, units};
use super::routine::{Finish, HeadLayer, LayerLayout};
use super::{HeadError, HeadSlot};
use crate::chip::geometry::Pe;
use crate::kernel::maps::LANES;
use crate::machine::arrivals::{Announcement, Groups, Guard, Inbox, Need, Receiver};
use crate::machine::buffers::Buffers;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::program::{
    Action, Ends, Image, Operation, PACKET_BYTES, PeProgram, Population, RegionKind, Slot, Target,
};
use crate::mapping::build::masks;
use crate::mapping::egru::{Phase, control};
use crate::mapping::memory::{Full, block_bytes};
use crate::net::csr;
use crate::net::{Csr, Egru};

/// Writes the programs of the head's PEs.
pub(in crate::mapping) struct HeadWriter<'a> {
    plan: &'a HeadPlan,
    /// Number of the first population of the head.
    first: usize,
    shared: Shared,
    /// PEs of the first EGRU layer, and where its x arrives.
    readers: (&'a [Pe], Buffers),
    /// Input weights of that layer.
    input_weights: Option<&'a Csr>,
}

/// A layer's share on a PE, before it is placed: layer, number of the PE in it, tiles.
type Hosted<'a> = (usize, usize, &'a [u32]);

/// Programs of the head, and the words that they read from DRAM.
pub(in crate::mapping) struct Written {
    pub programs: Vec<(Pe, PeProgram)>,
    pub dram: Vec<u32>,
}

/// Packs 8-bit values into little-endian words, padding the last word with zeros.
fn packed(bytes: impl IntoIterator<Item = i8>) -> Vec<u32> {
    let bytes: Vec<u8> = bytes.into_iter().map(|byte| byte as u8).collect();
    bytes
        .chunks(4)
        .map(|chunk| u32::from_le_bytes(std::array::from_fn(|i| chunk.get(i).copied().unwrap_or(0))))
        .collect()
}

impl<'a> HeadWriter<'a> {
    /// Prepares programs for a head whose features `readers` take, PEs of the EGRU's first layer
    /// and their buffers.
    pub fn new(plan: &'a HeadPlan, network: &'a Egru, readers: (&'a [Pe], Buffers)) -> Self {
        let words = |k: usize| k.checked_sub(1).map(|before| plan.layers[before].words);
        let shared = Shared::new(&(0..plan.layers.len()).map(words).collect::<Vec<_>>());
        let input_weights = network.layers.first().map(|layer| &layer.input_weights);
        Self { plan, first: network.layers.len(), shared, readers, input_weights }
    }

    fn inputs(&self, k: usize) -> Inputs<'_> {
        let of = |k: usize| (&self.plan.head.layers[k], &self.plan.layers[k]);
        let (layer, planned) = of(k);
        Inputs { layer, planned, before: k.checked_sub(1).map(of) }
    }

    /// Returns the shares of the head that PE `pe` computes.
    fn hosted(&self, pe: usize) -> Vec<Hosted<'a>> {
        let layers = self.plan.layers.iter().enumerate();
        let own = layers.filter_map(|(k, layer)| {
            let number = layer.hosts.iter().position(|&(host, _)| host == pe)?;
            Some((k, number, layer.hosts[number].1.as_slice()))
        });
        own.collect()
    }

    /// Lays out the memory of a PE: its shares' layouts, log, regions.
    #[allow(clippy::type_complexity, reason = "what a memory map consists of, for the caller below alone")]
    fn memory(
        &self,
        hosted: &[Hosted<'_>],
    ) -> Result<(Vec<LayerLayout>, (u32, u32), Vec<crate::machine::program::Region>), Full> {
        let names: Vec<(usize, &'static str)> =
            hosted.iter().map(|&(k, ..)| (k, self.plan.head.layers[k].name)).collect();
        let mut a = self.shared.allocator(&names);
        let bytes = |&(k, _, tiles): &Hosted<'_>| self.plan.layers[k].terms * LANES * tiles.len() as u32;
        let most = hosted.iter().map(bytes).max().unwrap_or(0);
        let stream = self
            .plan
            .streamed
            .then(|| a.take(u64::from(most), "head weights from DRAM".into(), RegionKind::Buffer));
        let layouts = hosted
            .iter()
            .map(|&(k, _, tiles)| take(&mut a, &self.inputs(k), tiles.len() as u32, stream))
            .collect();
        let log = take_log(&mut a);
        Ok((layouts, log, a.finish()?))
    }

    /// Writes all programs.
    ///
    /// # Errors
    ///
    /// Fails if a PE's memory is too small.
    pub fn write(&self) -> Result<Written, HeadError> {
        let mut written = Written { programs: Vec::new(), dram: Vec::new() };
        let mut worst: Option<(Full, Pe)> = None;
        for (number, &pe) in self.plan.pes.iter().enumerate() {
            let hosted = self.hosted(number);
            if hosted.is_empty() {
                continue;
            }
            match self.memory(&hosted) {
                Ok((layouts, log, regions)) => {
                    let program = self.pe(&hosted, layouts, log, regions, &mut written.dram);
                    written.programs.push((pe, program));
                }
                Err(full) if worst.as_ref().is_none_or(|(most, _)| full.needed > most.needed) => {
                    worst = Some((full, pe));
                }
                Err(_) => {}
            }
        }
        let Some((full, pe)) = worst else { return Ok(written) };
        let weights = self.plan.head.layers.iter().zip(&self.plan.layers);
        let weights =
            weights.map(|(layer, planned)| u64::from(planned.terms) * layer.shape.outputs as u64).sum();
        Err(HeadError::DoesNotFit { pe, full, weights, pes: self.plan.pes.len(), least: None })
    }

    fn pe(
        &self,
        hosted: &[Hosted<'_>],
        layouts: Vec<LayerLayout>,
        log: (u32, u32),
        regions: Vec<crate::machine::program::Region>,
        dram: &mut Vec<u32>,
    ) -> PeProgram {
        let (mut image, mut slots, mut operations) = (Image::new(), Vec::new(), Vec::new());
        for (&(k, number, tiles), layout) in hosted.iter().zip(layouts) {
            let inputs = self.inputs(k);
            let slot = slots.len() as u8;
            let weights: Vec<i8> = tiles
                .iter()
                .flat_map(|tile| LANES * tile..LANES * (tile + 1))
                .flat_map(|output| inputs.row(output))
                .collect();
            let nonzeros = weights.iter().filter(|&&weight| weight != 0).count() as u32;
            let words = packed(weights);
            let fetch = self.plan.streamed.then(|| {
                let from = 4 * dram.len() as u64;
                let fetch = Action::Fetch { from, words: words.len() as u32, to: layout.mac.weights };
                debug_assert_eq!(4 * words.len() as u32, weight_bytes(layout.mac.shape));
                dram.extend(&words);
                dram.resize(dram.len().next_multiple_of(4), 0);
                fetch
            });
            if fetch.is_none() {
                image.push((layout.mac.weights, words));
            }
            self.constants(&mut image, k, tiles, &layout);
            let buffers = self.shared.buffers[k].or(layout.input).unwrap_or(self.readers.1);
            let detail = HeadSlot {
                layer: inputs.layer.name,
                nonzeros,
                stored: weight_bytes(layout.mac.shape),
                outputs: layout.outputs,
                channels: layout.mac.shape.outputs,
                macs: layout.mac.shape.macs(),
            };
            let units: Vec<u32> = tiles.iter().flat_map(|&tile| units(inputs.layer, tile)).collect();
            let control = self.shared.control[k];
            operations.extend(self.operations(k, slot, &layout, buffers, (fetch, &units)));
            slots.push(Slot {
                population: PopulationId::at(self.first + k),
                sample: 0,
                turn: control.steps(),
                counters: control.counters(1, k == 0),
                relays: Vec::new(),
                buffers,
                values: layout.outputs,
                block: self.plan.assignment(k)[..number].iter().map(|units| block_bytes(units.len())).sum(),
                targets: self.targets(k, number, layout.outputs),
                first_call: 0,
                events: None,
                detail: Arc::new(detail),
                units,
            });
        }
        PeProgram { operations, slots, regions, image: Arc::new(image), log, fifo: (0, 0) }
    }

    /// Writes the constants that a share's kernels read beside weights.
    fn constants(&self, image: &mut Image, k: usize, tiles: &[u32], layout: &LayerLayout) {
        let inputs = self.inputs(k);
        let layer = inputs.layer;
        let value =
            |values: &[f32], output: u32| values.get(output as usize).copied().unwrap_or(0.0).to_bits();
        let outputs = tiles.iter().flat_map(|tile| LANES * tile..LANES * (tile + 1));
        let factors =
            outputs.flat_map(|output| [value(&layer.factors, output), value(&layer.biases, output)]);
        image.push((layout.factors, factors.collect()));
        let mac = &layout.mac;
        let (shape, vectors) = (mac.shape, mac.vectors);
        image.push((
            layout.task,
            vec![vectors, mac.weights, mac.sums, shape.vectors, shape.terms, shape.outputs],
        ));
        if let Some(gather) = &layout.gather {
            let runs = inputs.runs().0.into_iter().map(|(from, to)| from | to << 16);
            image.push((gather.runs, runs.collect()));
        }
        if let Some(frame) = &layout.frame {
            image.push((frame.inverse, vec![self.plan.head.frame.inverse.to_bits()]));
        }
        if let Finish::Pool(pools) = &layout.finish
            && let Some(pool) = pools.first()
        {
            let starts: Vec<u32> =
                layer.windows().into_iter().flatten().map(|place| place as u32 * shape.outputs).collect();
            let pair = |pair: &[u32]| pair[0] | pair.get(1).copied().unwrap_or(0) << 16;
            image.push((pool.windows, starts.chunks(2).map(pair).collect()));
        }
    }

    /// Returns the operations of a PE for its share of layer `k`.
    fn operations(
        &self,
        k: usize,
        slot: u8,
        layout: &LayerLayout,
        buffers: Buffers,
        (fetch, units): (Option<Action>, &[u32]),
    ) -> Vec<Operation> {
        let operation =
            |phase: Phase, action, ends| Operation { phase: phase.into(), slot, action, notice: None, ends };
        let streamed = fetch.is_some();
        let mut operations = Vec::new();
        if let Some(fetch) = fetch {
            operations.push(operation(Phase::Embedding, fetch, Ends::Phase));
        }
        let each = k.checked_sub(1).map_or(1, |before| self.plan.layers[before].hosts.len() as u32);
        let input = Need { counter: control::INPUT, each, back: 0 };
        operations.push(operation(Phase::Wait, Action::Wait(vec![input]), Ends::Phase));
        if k == 0 {
            let rows = self.shared.control[0].rows(1);
            let ends = if streamed { Ends::Nothing } else { Ends::Phase };
            operations.push(operation(Phase::Embedding, Action::Read { to: buffers, rows }, ends));
        }
        let fan_out = if self.plan.head.layers[k].singles { self.fan_out(units) } else { Vec::new() };
        let layer = HeadLayer { layout: layout.clone(), buffers, streamed, fan_out };
        operations.push(operation(Phase::Input, Action::Call(Arc::new(layer)), Ends::Phase));
        operations.push(operation(Phase::Broadcast, Action::Send, Ends::Nothing));
        let logged = vec![PhaseId::from(Phase::Input), PhaseId::from(Phase::Broadcast)];
        operations.push(operation(Phase::Log, Action::Log(logged), Ends::Phase));
        operations
    }

    /// Returns the number of products that each feature leads to in the EGRU's first layer.
    fn fan_out(&self, units: &[u32]) -> Vec<u32> {
        let all = self.input_weights.map(csr::source_nonzeros).unwrap_or_default();
        units.iter().map(|&unit| all.get(unit as usize).copied().unwrap_or(0)).collect()
    }

    /// Returns the receivers of the outputs of PE `number` of layer `k`.
    fn targets(&self, k: usize, number: usize, payload: u32) -> Vec<Target> {
        let next = k + 1;
        let (pes, buffers) = match self.plan.layers.get(next) {
            Some(_) => (self.plan.pes_of(next), self.shared.buffers[next]),
            None => (self.readers.0.to_vec(), Some(self.readers.1)),
        };
        let Some(buffers) = buffers else { return Vec::new() };
        let groups = Groups::only(control::NEXT);
        let target = |(qpe, mask)| Target { qpe, mask, host: false, payload, buffers, groups };
        let mut targets: Vec<Target> = masks(&pes).into_iter().map(target).collect();
        let start = number % targets.len().max(1);
        targets.rotate_left(start);
        targets
    }

    /// Returns the layers as the machine knows them.
    pub fn populations(&self) -> Vec<Population> {
        let population = |(k, planned): (usize, &super::plan::PlannedLayer)| Population {
            name: format!("head.{}", self.plan.head.layers[k].name),
            pes: self.plan.pes_of(k),
            unit_word: planned.unit_word.clone(),
            words: planned.words,
            sends: Phase::Broadcast.into(),
            host: None,
        };
        self.plan.layers.iter().enumerate().map(population).collect()
    }

    /// Returns the announcements of a time step to the first layer.
    pub fn announcements(&self) -> Vec<Announcement> {
        let message = self.shared.control[0].message(self.first, 0, control::INPUT);
        vec![Announcement { message, to: masks(&self.plan.pes_of(0)) }]
    }

    /// Describes the receptions of a PE of the head, among `lanes` populations.
    pub fn inbox(&self, loaded: &PeProgram, lanes: usize) -> Inbox {
        let mut inbox = Inbox::new(lanes);
        for (number, slot) in (0_u8..).zip(&loaded.slots) {
            let k = slot.population.index() - self.first;
            inbox.take_messages(slot.population.index(), number);
            let reads = |o: &Operation| (o.slot, o.phase) == (number, PhaseId::from(Phase::Input));
            let operation = loaded.operations.iter().position(reads).unwrap_or(0) as u32;
            // Maps of step t land where those of step t − 2 were.
            let guard = Guard { operation, lag: -1, reads: "maps" };
            if k > 0 {
                let receiver = Receiver { slot: number, counter: control::INPUT, guard };
                inbox.take_values(slot.population.index() - 1, control::NEXT, receiver);
            }
        }
        inbox
    }

    /// Returns whether every PE has room for its share.
    pub fn fits(&self) -> bool {
        (0..self.plan.pes.len()).all(|pe| self.memory(&self.hosted(pe)).is_ok())
    }

    /// Returns the bytes of a block of features, padded to packets: x of the EGRU's first layer.
    pub fn feature_bytes(plan: &HeadPlan) -> u32 {
        plan.features().map_or(0, |layer| (4 * layer.words).next_multiple_of(PACKET_BYTES))
    }
}
