//! Programs of the PEs: their operations, words and destinations.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::routines::{Clear, Pointwise, Product, pointwise_accesses};
use super::{EgruSlot, LayerRules, Phase, control};
use crate::chip::geometry::{Pe, QpeId};
use crate::kernel::columns::Deferred;
use crate::kernel::events::{self, UnpackLayout};
use crate::kernel::matrix::{self, Kernel};
use crate::kernel::options::KernelKind;
use crate::kernel::pointwise::PointwiseLayout;
use crate::machine::arrivals::{Groups, Need, Notice, Relay};
use crate::machine::banks::account::BankMap;
use crate::machine::broadcast::Packing;
use crate::machine::costs::Costs;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::program::{
    Action, Buffers, Ends, Image, Operation, PACKET_BYTES, PeProgram, Population, Region, Slot, Target,
};
use crate::mapping::build::{Placed, Request, masks, steps_in_flight};
use crate::mapping::delivery::DeliveryPlan;
use crate::mapping::error::MapError;
use crate::mapping::memory::{Common, MemoryMap, SlotLayout, block_bytes};
use crate::mapping::options::Broadcast;
use crate::mapping::product::{MatrixAccount, Operand, Together};
use crate::net::csr::{self, Csr};
use crate::net::int8::Scale;
use crate::net::{Egru, EgruLayer};
use crate::parallel;

/// Time steps in which each PE computes its own sums, before those of a layer are computed at once.
const STEPS_WITHOUT_COLUMNS: u32 = 2;

/// Builds PE programs once layers and memory are settled.
pub(in crate::mapping) struct Writer<'a> {
    pub(in crate::mapping) request: &'a Request<'a>,
    pub(in crate::mapping) placed: &'a [Placed],
    pub(in crate::mapping) plan: &'a DeliveryPlan<'a>,
    pub(in crate::mapping) layers: &'a [Population],
    pub(in crate::mapping) rules: &'a [LayerRules],
    pub(in crate::mapping) common: &'a Common,
    pub(in crate::mapping) costs: &'a Costs,
    pub(in crate::mapping) shared: bool,
    /// W and R of each layer over all its PEs; see [`columns`].
    pub(in crate::mapping) columns: Vec<[Option<Arc<Deferred>>; 2]>,
    /// Products that a value of each unit leads to, by layer; see [`fan_out`].
    pub(in crate::mapping) fan_out: Vec<Vec<[u32; 2]>>,
    /// Scales of 8-bit inputs of W and R, by layer.
    pub(in crate::mapping) scales: Vec<[Scale; 2]>,
    /// PEs of the population behind the layers that sends x of the first one; 0 if it comes from
    /// DRAM.
    pub(in crate::mapping) fed_by: u32,
}

/// Counts the products that a value of each unit leads to, by layer: weights other than 0 of its
/// column in R of its own layer and in W of the next one.
pub(in crate::mapping) fn fan_out(network: &Egru) -> Vec<Vec<[u32; 2]>> {
    let of = |(k, layer): (usize, &EgruLayer)| {
        let mut next =
            network.layers.get(k + 1).map_or_else(Vec::new, |next| csr::source_nonzeros(&next.input_weights));
        next.resize(layer.units(), 0);
        let own = csr::source_nonzeros(&layer.recurrent);
        own.into_iter().zip(next).map(|(own, next)| [own, next]).collect()
    };
    network.layers.iter().enumerate().map(of).collect()
}

/// Share that operations are written for.
struct Place<'a> {
    /// Index of the layer in the network.
    k: usize,
    /// Number of the PE in the layer.
    number: usize,
    sample: usize,
    /// Number of its slot.
    slot: u8,
    buffers: Buffers,
    /// Memory map of its PE.
    regions: &'a [Region],
}

impl Writer<'_> {
    /// Builds the program of one PE from the pairs (layer, number of the PE in it) that it hosts
    /// and its memory map.
    pub(in crate::mapping) fn pe(
        &self,
        hosted: &[(usize, usize)],
        map: MemoryMap,
    ) -> Result<PeProgram, MapError> {
        let mut slots = Vec::new();
        let mut image = Vec::new();
        let mut operations = Vec::new();
        for (&(k, i), layout) in hosted.iter().zip(&map.slots) {
            let units = &self.placed[k].assignment[i];
            let layer = &self.request.network.layers[k];
            let [input_kind, recurrent_kind] = self.placed[k].kinds;
            let input = self.matrix(k, "W", &layer.input_weights, units, input_kind, &layout.input)?;
            let recurrent =
                self.matrix(k, "R", &layer.recurrent, units, recurrent_kind, &layout.recurrent)?;
            let nonzeros = [input.1, recurrent.1];
            let (input, recurrent) = (input.0, recurrent.0);
            image.extend(input.image);
            image.extend(recurrent.image);
            image_state(&mut image, layer, units, layout);
            let packing = self.packing(k, i, layout, &mut image);
            for (sample, &pointwise) in layout.pointwise.iter().enumerate() {
                let (control, buffers) = (self.common.control[k][sample], self.common.buffers[k][sample]);
                let egru = EgruSlot {
                    control,
                    input: input.kernel,
                    recurrent: recurrent.kernel,
                    kinds: self.placed[k].kinds,
                    nonzeros,
                    pointwise,
                    input_blocks: match k {
                        0 => self.fed_by.max(1),
                        _ => self.placed[k - 1].pes.len() as u32,
                    },
                    recurrent_blocks: self.placed[k].pes.len() as u32,
                    unpack_input: layout.events.and_then(|events| events.input),
                    unpack_recurrent: layout.events.map(|events| events.recurrent),
                };
                let place =
                    Place { k, number: i, sample, slot: slots.len() as u8, buffers, regions: &map.regions };
                operations.extend(self.operations(&place, &egru));
                let targets = self.targets(k, i, sample, &pointwise);
                let traces = targets.iter().filter(|t| Some(t.payload) == pointwise.trace).count();
                slots.push(Slot {
                    population: PopulationId::at(k),
                    sample: sample as u8,
                    units: units.clone(),
                    turn: control.steps(),
                    counters: control
                        .counters(if buffers.count() > 2 { 3 } else { 1 }, k == 0 && self.fed_by == 0),
                    relays: if i == 0 { self.relays(k, sample) } else { Vec::new() },
                    buffers,
                    values: pointwise.y,
                    block: self.placed[k].assignment[..i].iter().map(|units| block_bytes(units.len())).sum(),
                    first_call: traces as u32,
                    targets,
                    events: packing,
                    detail: Arc::new(egru),
                });
            }
        }
        let (regions, image) = (map.regions, Arc::new(image));
        Ok(PeProgram { operations, slots, regions, image, log: map.log, fifo: map.fifo })
    }

    /// Returns the packing of events for PE `i` of layer `k`, if it sends any, and adds the tables
    /// for unpacking to the image.
    fn packing(&self, k: usize, i: usize, layout: &SlotLayout, image: &mut Image) -> Option<Packing> {
        let layout = layout.events?;
        image.extend(self.plan.image(k, &layout.recurrent));
        if let Some(input) = layout.input {
            image.extend(self.plan.image(k - 1, &input));
        }
        let blocks = self.plan.blocks(k);
        // Nothing has been sent before the first step: y(−1) is an empty packet of each sender.
        for buffer in self.common.buffers[k].iter().flat_map(|buffers| buffers.addresses()) {
            let senders = blocks.iter().take(self.placed[k].pes.len());
            image.extend(senders.map(|block| (buffer + PACKET_BYTES * block.mail, vec![events::END])));
        }
        let mail = blocks.get(i).map_or(0, |block| block.mail);
        Some(layout.packing(PACKET_BYTES * mail))
    }

    /// Returns the operations of a PE for a share, after the paper's Algorithm 1; with
    /// `overlap_recurrent`, R·y comes before x.
    fn operations(&self, place: &Place<'_>, egru: &EgruSlot) -> Vec<Operation> {
        let k = place.k;
        let overlap = self.rules[k].overlap_recurrent;
        let operation = |phase, action| self.operation(place, phase, action);
        let recurrent = |ends| Operation { ends, ..operation(Phase::Recurrent, self.recurrent(place, egru)) };
        let y = Need { counter: control::RECURRENT, each: egru.recurrent_blocks, back: 1 };
        let x = Need { counter: control::INPUT, each: egru.input_blocks, back: 0 };
        let mut operations = Vec::new();
        if overlap {
            let wait = operation(Phase::Wait, Action::Wait(vec![y]));
            operations.push(Operation { ends: Ends::Nothing, ..wait });
            // While other layers work on the same time step; in a pipeline a layer's own R·y is
            // what it waits for.
            let alone = steps_in_flight(self.request.mapping, self.placed.len()) == 1;
            operations.push(recurrent(if alone { Ends::HiddenPhase } else { Ends::Phase }));
        }
        operations.push(operation(Phase::Wait, Action::Wait(vec![y, x])));
        if k == 0 && self.fed_by == 0 {
            let steps = steps_in_flight(self.request.mapping, self.placed.len());
            operations.push(operation(
                Phase::Embedding,
                Action::Read { to: place.buffers, rows: egru.control.rows(steps) },
            ));
        }
        operations.push(operation(Phase::Input, self.input(place, egru)));
        if !overlap {
            operations.push(recurrent(Ends::Phase));
        }
        operations.push(operation(Phase::Pointwise, self.pointwise(place, egru)));
        let needs = self.barrier_needs(k);
        if !needs.is_empty() {
            operations.push(operation(Phase::Barrier, Action::Wait(needs)));
        }
        // It ends when its packets are delivered.
        operations.push(Operation { ends: Ends::Nothing, ..operation(Phase::Broadcast, Action::Send) });
        operations.push(operation(Phase::Log, Action::Log(Phase::LOGGED.map(PhaseId::from).into())));
        operations
    }

    fn operation(&self, place: &Place<'_>, phase: Phase, action: Action) -> Operation {
        let notice = self.notice(place.k, place.sample, phase);
        Operation { phase: phase.into(), slot: place.slot, action, notice, ends: Ends::Phase }
    }

    fn bank_map<'a>(&self, place: &Place<'a>) -> BankMap<'a> {
        BankMap { interleave: self.request.assume.bank_interleave, regions: place.regions }
    }

    /// Returns the action that computes W·x of a share.
    fn input(&self, place: &Place<'_>, egru: &EgruSlot) -> Action {
        let (operand, unpack) = (Operand::Now(place.buffers), egru.unpack_input);
        let together = self.together(place, 0);
        self.product(place, egru.input, operand, unpack, egru.pointwise.input_sums, (None, together))
    }

    /// Returns R·y of a share; at the beginning of a sequence it first clears the state that is
    /// not carried on.
    fn recurrent(&self, place: &Place<'_>, egru: &EgruSlot) -> Action {
        let (operand, unpack) = (Operand::Before(place.buffers), egru.unpack_recurrent);
        let layout = &egru.pointwise;
        let restart = self.request.restart.filter(|restart| restart.outputs);
        let clear = restart.map(|restart| Clear {
            restart,
            outputs: self.layers[place.k].words,
            arrays: [Some(layout.cell), layout.trace]
                .into_iter()
                .flatten()
                .map(|at| (at, layout.units))
                .collect(),
        });
        let together = self.together(place, 1);
        self.product(place, egru.recurrent, operand, unpack, layout.recurrent_sums, (clear, together))
    }

    /// Returns where a share's rows of W (0) or R (1) lie among those of all PEs.
    fn together(&self, place: &Place<'_>, matrix: usize) -> Option<Together> {
        let columns = Arc::clone(self.columns.get(place.k)?[matrix].as_ref()?);
        let before = &self.placed[place.k].assignment[..place.number];
        let samples = self.common.buffers[place.k].len();
        let number = (2 * place.k + matrix) * samples + place.sample;
        Some(Together { columns, number, first: before.iter().map(|units| 3 * units.len()).sum() })
    }

    fn product(
        &self,
        place: &Place<'_>,
        kernel: Kernel,
        operand: Operand,
        unpack: Option<UnpackLayout>,
        sums: u32,
        (clear, together): (Option<Clear>, Option<Together>),
    ) -> Action {
        let accesses = self.costs.accesses();
        let account = MatrixAccount::new(self.bank_map(place), &kernel, operand, unpack, sums, accesses);
        Action::Call(Arc::new(Product { kernel, operand, sums, unpack, clear, account, together }))
    }

    /// Returns the action that computes gates, states and events of a share.
    fn pointwise(&self, place: &Place<'_>, egru: &EgruSlot) -> Action {
        let layout = egru.pointwise;
        let accesses = pointwise_accesses(self.bank_map(place), &layout, self.costs.accesses());
        let restart = self.request.restart.filter(|restart| !restart.outputs);
        let fan_out = &self.fan_out[place.k];
        let units = &self.placed[place.k].assignment[place.number];
        let fan_out = units.iter().map(|&unit| fan_out[unit as usize]).collect();
        Action::Call(Arc::new(Pointwise { layout, restart, accesses, fan_out }))
    }

    /// Returns `true` if layer `k` sends the layer before it a credit when R·y is finished.
    fn gives_credits(&self, k: usize) -> bool {
        k.checked_sub(1).is_some_and(|before| self.rules[before].credits)
    }

    /// Returns the message that a PE of layer `k` sends to its coordinator at the end of a
    /// product, if any.
    fn notice(&self, k: usize, sample: usize, phase: Phase) -> Option<Notice> {
        let counter = match phase {
            Phase::Input if self.rules[k].barrier => control::BARRIER_DONE,
            Phase::Recurrent if self.gives_credits(k) => control::CREDIT_DONE,
            _ => return None,
        };
        let coordinator = self.layers[k].pes.first()?;
        let message = self.common.control[k][sample].message(k, sample, counter);
        Some(Notice { message, qpe: coordinator.qpe_id(), mask: 1 << coordinator.p() })
    }

    /// Returns the messages with which the coordinator of layer `k` answers once every PE of the
    /// layer has reported: "go" to the layer itself (barrier) or to the one before (credit).
    fn relays(&self, k: usize, sample: usize) -> Vec<Relay> {
        let every = self.layers[k].pes.len() as u32;
        let relay = |counter, to: usize, answer| Relay {
            counter,
            every,
            message: self.common.control[to][sample].message(to, sample, answer),
            to: masks(&self.layers[to].pes),
        };
        let mut relays = Vec::new();
        if self.rules[k].barrier {
            relays.push(relay(control::BARRIER_DONE, k, control::BARRIER_GO));
        }
        if self.gives_credits(k) {
            relays.push(relay(control::CREDIT_DONE, k - 1, control::CREDIT_GO));
        }
        relays
    }

    /// Returns the messages that a PE of layer `k` waits for before it sends.
    fn barrier_needs(&self, k: usize) -> Vec<Need> {
        let barrier = Need { counter: control::BARRIER_GO, each: 1, back: 0 };
        // The next layer has finished R·y of step t − 2, and of all before.
        let credit = Need { counter: control::CREDIT_GO, each: 1, back: 2 };
        let needs = [(self.rules[k].barrier, barrier), (self.rules[k].credits, credit)];
        needs.into_iter().filter_map(|(wanted, need)| wanted.then_some(need)).collect()
    }

    /// Lays out a PE's rows of a matrix for its kernel: gate blocks z, r, g of its units, sources
    /// in ascending model order. Returns its words and the non-zeros.
    fn matrix(
        &self,
        k: usize,
        name: &'static str,
        matrix: &Csr,
        units: &[u32],
        kind: KernelKind,
        addresses: &[u32],
    ) -> Result<(matrix::Placed, u32), MapError> {
        let rows: Vec<Vec<(u32, f32)>> = gate_rows(matrix, units).map(Iterator::collect).collect();
        let words: Vec<u32> = (0..matrix.cols())
            .map(|source| source_word(self.layers, self.placed.len(), (k, name), source))
            .collect();
        let share = matrix::Share { rows: &rows, words: &words };
        let nonzeros = share.shape().nonzeros;
        let input = self.scales[k][usize::from(name == "R")];
        Kernel::place_scaled(kind, &share, addresses, input).map(|placed| (placed, nonzeros)).map_err(
            |source| MapError::Kernel {
                entry: self.placed[k].entry,
                layer: self.layers[k].name.clone(),
                matrix: name,
                source,
            },
        )
    }

    /// Returns where a packet for a PE is sent: packets to one place are one packet.
    fn place_of(&self, pe: Pe) -> (u16, QpeId) {
        let qpe = pe.qpe_id();
        match self.request.mapping.broadcast {
            Broadcast::QpeMulticast => (qpe.index() as u16, qpe),
            Broadcast::Dma => (pe.index() as u16, qpe),
            Broadcast::Router => (0, QpeId::ROUTER),
        }
    }

    /// Returns the receivers of y, or of the traces, of PE `i` of layer `k`. The list of each
    /// payload starts at a different QPE for each sender, so that they do not all queue at the same
    /// one.
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
                    groups: Groups::NONE,
                });
                target.mask |= if qpe == QpeId::ROUTER { 0 } else { 1 << pe.p() };
                let group = if own { control::OWN } else { control::NEXT };
                target.groups = target.groups.with(Groups::only(group));
            }
        }
        let mut targets: Vec<Target> = by_qpe.into_values().collect();
        if k + 1 == self.placed.len() {
            let qpe = self.request.assume.host_qpe();
            let (payload, buffers) = (passed_on, self.common.buffers[k][sample]);
            targets.push(Target { qpe, mask: 0, host: true, payload, buffers, groups: Groups::NONE });
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

/// Iterates over the rows of a PE's units: gate blocks z, r, g.
fn gate_rows<'a>(
    matrix: &'a Csr,
    units: &'a [u32],
) -> impl Iterator<Item = impl Iterator<Item = (u32, f32)> + 'a> + Clone + 'a {
    let total = matrix.rows() / 3;
    let row = move |gate: usize, unit: u32| csr::row(matrix, gate * total + unit as usize);
    (0..3).flat_map(move |gate| units.iter().map(move |&unit| row(gate, unit)))
}

/// Returns the word of a source (in model order) in the buffer that a matrix reads.
///
/// The buffer holds for R the layer's own placed y, for W the placed y below; in layer 0 the DMA
/// row's own order, or the values of the last of the populations behind the `count` layers.
fn source_word(layers: &[Population], count: usize, (layer, matrix): (usize, &str), source: usize) -> u32 {
    let word = |from: &Population| from.unit_word.get(source).copied().unwrap_or(0);
    match (matrix, layer) {
        ("R", _) => layers[layer].unit_word[source],
        (_, 0) => layers.get(count..).and_then(<[_]>::last).map_or(source as u32, word),
        _ => layers[layer - 1].unit_word[source],
    }
}

/// Returns W and R of each layer over the rows of all its PEs, to compute their sums at once.
///
/// A matrix is `None` where a kernel computes with other weights than the network's.
pub(in crate::mapping) fn columns(
    request: &Request<'_>,
    placed: &[Placed],
    layers: &[Population],
) -> Vec<[Option<Arc<Deferred>>; 2]> {
    let count = placed.len();
    let network = request.network.layers.iter().zip(placed).enumerate();
    let of_layer = |(k, (layer, placed)): (usize, (&EgruLayer, &Placed))| {
        let [input, recurrent] = placed.kinds;
        [(input, "W", &layer.input_weights), (recurrent, "R", &layer.recurrent)].map(
            |(kind, name, matrix)| {
                if !kind.is_exact() {
                    return None;
                }
                let words =
                    (0..matrix.cols()).map(|source| source_word(layers, count, (k, name), source)).collect();
                let units = layer.units() as u32;
                let gates = |share: &'_ Vec<u32>| {
                    (0..3)
                        .flat_map(|gate| share.iter().map(move |&unit| gate * units + unit))
                        .collect::<Vec<u32>>()
                };
                let rows = placed.assignment.iter().flat_map(gates).collect();
                let patience = STEPS_WITHOUT_COLUMNS * placed.pes.len() as u32;
                Some(Arc::new(Deferred::new(matrix.clone(), rows, words, patience)))
            },
        )
    };
    parallel::map(network.collect(), of_layer)
}

/// Writes a PE's biases and thresholds; sums, cell states and y start as zeros.
fn image_state(image: &mut Image, layer: &EgruLayer, units: &[u32], layout: &SlotLayout) {
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
