//! Writes the programs of a spiking network.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arrive::Ring;
use super::control::Control;
use super::memory::{SENDER_BYTES, integers, lanes, sends_within, slots};
use super::operations::Adding;
use super::part::{Part, PartWeights, When, parts};
use super::route::{Route, routes};
use super::routines::{Collect, Deliver, List, Restart, Update};
use super::sources::random_sources;
use super::split::Split;
use super::{
    Request, SEND, Share, SpikingError, SpikingProgram, SpikingSlot, TickLength, legend, sender_number,
};
use crate::chip::clock::TIMER_COUNT;
use crate::chip::geometry::PE_COUNT;
use crate::kernel::neurons::{self, Array, NeuronLayout};
use crate::kernel::synapses::{Entries, Sender, SynapseRows, encode_bytes, encode_halves};
use crate::machine::arrivals::{CounterId, Inbox, Message};
use crate::machine::broadcast::Delivery;
use crate::machine::broadcast::options::{Broadcast, Payload};
use crate::machine::broadcast::router::Ports;
use crate::machine::costs::Costs;
use crate::machine::dram::DramMap;
use crate::machine::legend::PopulationId;
use crate::machine::program::{
    Buffers, DramRows, Image, MAX_IN_FLIGHT, PACKET_BYTES, PeProgram, Population, Program, RegionKind, Slot,
};
use crate::machine::timer::{Input, Timer};
use crate::mapping::build::masks;
use crate::mapping::memory::{Allocator, LOG_BYTES, STACK_BASE};
use crate::net::spiking::{Network, Origin};

/// DRAM of a network whose inputs come from the host.
#[derive(Debug)]
struct NoRows;

impl DramRows for NoRows {
    fn rows(&self) -> u64 {
        0
    }

    fn width(&self) -> usize {
        1
    }

    fn read(&self, _row: u32, out: &mut [f32]) {
        out.fill(0.0);
    }
}

/// Writes programs once populations are placed.
pub(super) struct Writer<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) split: &'a Split,
    pub(super) control: Control,
    costs: Costs,
    /// Parts of each population's shares.
    pub(super) parts: Vec<Vec<Vec<Part>>>,
    /// Routes of all sources, then of the shares of each population.
    pub(super) routes: Vec<Route>,
    /// First route of each sender.
    pub(super) first_route: Vec<usize>,
    /// Whether readers of each sender wait for its spikes within the tick.
    pub(super) within: Vec<bool>,
}

impl<'a> Writer<'a> {
    pub fn new(request: &'a Request<'a>, split: &'a Split) -> Result<Self, SpikingError> {
        let network = request.network;
        let populations = 0..network.populations().len();
        let parts: Vec<Vec<Vec<Part>>> = populations
            .map(|k| parts(network, k, &split.units(k), lanes(&network.populations()[k])))
            .collect();
        let (routes, first_route) = routes(network, split, &parts);
        let sources = (0..network.sources().len()).map(Origin::Source);
        let senders = sources.chain((0..network.populations().len()).map(Origin::Population));
        Ok(Self {
            request,
            split,
            control: Control::new(network.sources().len() + network.populations().len()),
            costs: Costs::new(request.assume, request.chip.waiting)?,
            parts,
            routes,
            first_route,
            within: senders.map(|origin| sends_within(network, origin)).collect(),
        })
    }

    pub fn program(self) -> Result<Program, SpikingError> {
        let network = self.request.network;
        let lanes = network.sources().len() + network.populations().len();
        let board = Arc::new(self.request.chip.chips());
        let places = board.chips() * PE_COUNT;
        let mut pes: Vec<Option<PeProgram>> = vec![None; places];
        let mut inboxes = vec![Inbox::new(lanes); places];
        self.sources(&mut pes)?;
        for (k, shares) in self.split.shares.iter().enumerate() {
            for (i, share) in shares.iter().enumerate() {
                let mut inbox = Inbox::new(lanes);
                (0..lanes).for_each(|lane| inbox.take_messages(lane, 0));
                inboxes[share.pe.index()] = inbox;
                pes[share.pe.index()] = Some(self.pe(k, i, share)?);
            }
        }
        let Self { request, split, costs, routes, .. } = &self;
        let mut populations = populations(network, split);
        populations.extend(random_sources(network, split));
        let fixed = match request.tick {
            TickLength::Auto => None,
            TickLength::Fixed(ticks) => Some(ticks),
        };
        let timer = Timer {
            period: fixed,
            entry_words: self.entry_words(),
            inputs: self.inputs(),
            fast_above: request.chip.dvfs.threshold(),
            input_delay: TIMER_COUNT,
        };
        let routes = routes.iter().map(|route| masks(&route.to)).collect();
        Ok(Program {
            board,
            legend: Arc::new(legend(network)),
            pes,
            populations,
            dram: Arc::clone(&request.inputs),
            // Inputs are the host's: nothing lies in DRAM, and no rows always fit.
            dram_words: Arc::default(),
            dram_map: DramMap::new(&NoRows).map_err(|_| SpikingError::Senders(0))?,
            costs: costs.clone(),
            operating_point: request.chip.operating_point,
            waiting: request.chip.waiting,
            assume: request.assume.clone(),
            delivery: Delivery {
                broadcast: Broadcast::QpeMulticast,
                payload: Payload::Dense,
                on_full: request.mapping.fifo.on_full,
                routes,
                ports: Ports::new(&request.assume.router_ports),
            },
            inboxes,
            announcements: Vec::new(),
            batch: 1,
            steps_in_flight: if fixed.is_some() { MAX_IN_FLIGHT } else { 1 },
            timer: Some(timer),
            images_replaced: false,
            detail: Arc::new(SpikingProgram { network: Arc::new(network.clone()), restart: request.restart }),
        })
    }

    pub(super) fn entry_words(&self) -> u32 {
        if self.request.counted() { 2 } else { 1 }
    }

    /// Returns the number of senders: sources and populations.
    pub(super) fn senders(&self) -> u32 {
        self.within.len() as u32
    }

    /// Returns the layout of the entries of a FIFO of `bytes` bytes at byte address `start`.
    pub(super) fn entries(&self, (start, bytes): (u32, u32)) -> Entries {
        Entries { start, bytes, words: self.entry_words() }
    }

    /// Returns the spikes that the host sends at every tick.
    fn inputs(&self) -> Vec<Input> {
        let mut first = 0;
        let mut inputs = Vec::new();
        if self.request.poisson.is_some() {
            return inputs;
        }
        for (number, source) in self.request.network.sources().iter().enumerate() {
            let units = source.units() as u32;
            if !self.routes[number].to.is_empty() {
                let done = self.within[number].then(|| self.done(number));
                inputs.push(Input { route: number as u16, first, units, key: (number as u32) << 24, done });
            }
            first += units;
        }
        inputs
    }

    /// Returns the message that all spikes of a sender in a tick have been sent.
    pub(super) fn done(&self, sender: usize) -> Message {
        let counter = CounterId(sender as u8);
        Message { population: PopulationId::at(sender), sample: 0, counter, address: self.control.message }
    }

    /// Builds the program of share `i` of population `k`. Fails if it does not fit in a PE.
    fn pe(&self, k: usize, i: usize, share: &Share) -> Result<PeProgram, SpikingError> {
        let network = self.request.network;
        let population = &network.populations()[k];
        let units = share.units.end - share.units.start;
        let mut allocator = Allocator::new(self.control.end, STACK_BASE);
        let bytes = self.control.end - self.control.message;
        allocator.fixed(self.control.message, bytes, "control".into(), RegionKind::State);
        // The largest first, so that what is left at the end of bank 0 is small.
        let fifo_bytes = self.request.mapping.fifo.bytes;
        let fifo = (allocator.take(u64::from(fifo_bytes), "FIFO".into(), RegionKind::Buffer), fifo_bytes);
        let log = (allocator.take(u64::from(LOG_BYTES), "debug log".into(), RegionKind::Log), LOG_BYTES);
        let mut image = Image::new();
        let layout = self.layout(&mut allocator, &mut image, k, share);
        let (lanes, slots) = (lanes(population), slots(network, k, self.request.arrives()));
        let ring_words = slots * lanes * units;
        let ring = allocator.take(u64::from(4 * ring_words), "sums".into(), RegionKind::State);
        let start = self.request.restart.map(|every| {
            let start =
                allocator.take(u64::from(4 * units), "potentials at the begin".into(), RegionKind::State);
            let words = share.units.clone().map(|n| population.start.get(n as usize).to_bits()).collect();
            image.push((start, words));
            (every, start)
        });
        let sums = Ring { at: ring, slots, stride: units * lanes };
        let adding = if self.request.arrives() {
            Adding::Arriving(self.arrivals((&mut allocator, &mut image), (k, i), (fifo, sums)))
        } else {
            self.synapses((&mut allocator, &mut image), (k, i), (fifo, sums))
        };
        let list_words = 1 + self.entry_words() * units;
        let list = population
            .firing
            .is_some()
            .then(|| allocator.take(u64::from(4 * list_words), "spikes to send".into(), RegionKind::Buffer));
        let regions = allocator.finish().map_err(|full| SpikingError::DoesNotFit {
            entry: self.split.entries[k],
            population: k,
            pe: share.pe,
            name: population.name.clone(),
            full,
        })?;
        let key = (sender_number(network, Origin::Population(k)) as u32) << 24 | share.units.start;
        let update = Update {
            mode: population.mode(),
            integers: integers(network),
            layout: layout.clone(),
            ring,
            slots,
            lanes,
        };
        let counts = self.entry_words() == 2;
        let listed = list;
        let list = list.zip(layout.y).map(|(list, y)| List { units, y, to: list, key, counts });
        let all = &self.parts[k][i];
        let detail = SpikingSlot {
            layout: layout.clone(),
            ring: (ring, ring_words),
            slots,
            lanes,
            integers: update.integers,
            control: self.control,
            marks: adding.marks().iter().map(|marks| (marks.sender, marks.table_entry())).collect(),
            parts: all.iter().cloned().map(Arc::new).collect(),
            rows: adding.rows(),
            links: adding.links(),
            list: listed,
            entry_words: self.entry_words(),
            start: start.map(|(_, at)| at),
            synapses: all.iter().map(Part::synapses).sum(),
            order: self.request.mapping.order,
        };
        let restart = start.map(|(every, start)| {
            let states = neurons::states(&layout).into_iter().map(|at| (at, units));
            let marked = adding.marks().iter().map(|marks| (marks.bits, marks.words()));
            let zeros = states.chain(marked).chain([(ring, ring_words)]).collect();
            Restart { every, zeros, potentials: (layout.potential, start), units }
        });
        let operations = self.operations((k, i), restart, adding, update, list);
        let slot = Slot {
            population: PopulationId::at(k),
            sample: 0,
            units: share.units.clone().collect(),
            turn: self.control.turn,
            counters: (0..self.within.len()).map(|sender| self.control.counter(sender)).collect(),
            relays: Vec::new(),
            buffers: Buffers::new(self.control.message, PACKET_BYTES, 1),
            values: layout.y.unwrap_or(layout.potential),
            block: 0,
            first_call: 0,
            targets: Vec::new(),
            events: None,
            detail: Arc::new(detail),
        };
        Ok(PeProgram { operations, slots: vec![slot], regions, image: Arc::new(image), log, fifo })
    }

    /// Places the arrays of a share's neurons, and their initial contents.
    fn layout(&self, allocator: &mut Allocator, image: &mut Image, k: usize, share: &Share) -> NeuronLayout {
        let population = &self.request.network.populations()[k];
        let units = share.units.end - share.units.start;
        let (mode, integers) = (population.mode(), integers(self.request.network));
        let mut layout = NeuronLayout::new(units);
        for array in neurons::needed(mode, integers) {
            let at = allocator.take(u64::from(4 * units), array.name().into(), RegionKind::State);
            layout.set(array, at);
            let value = |unit: u32| {
                let n = unit as usize;
                match array {
                    Array::Potential => Some(population.start.get(n)),
                    array => neurons::constant(array, mode, &population.constants(n)),
                }
            };
            let words: Option<Vec<u32>> =
                share.units.clone().map(|unit| value(unit).map(f32::to_bits)).collect();
            image.extend(words.map(|words| (at, words)));
        }
        layout
    }

    /// Places marks and synapse rows of a share. Returns the marks of each sender with the moments
    /// of the tick at which its rows are added, and a routine for each part.
    fn synapses(
        &self,
        (allocator, image): (&mut Allocator, &mut Image),
        (k, i): (usize, usize),
        (fifo, ring): ((u32, u32), Ring),
    ) -> Adding {
        let network = self.request.network;
        let parts = &self.parts[k][i];
        let counted = self.entry_words() == 2;
        let mut marks: BTreeMap<usize, Marks> = BTreeMap::new();
        for part in parts {
            let sender = sender_number(network, part.from);
            let entry = marks.entry(sender).or_insert_with(|| Marks {
                sender: sender as u32,
                first: part.sources.start,
                end: part.sources.end,
                ..Marks::default()
            });
            entry.first = entry.first.min(part.sources.start);
            entry.end = entry.end.max(part.sources.end);
            entry.begin |= part.when == When::Begin;
            entry.within |= part.when == When::Within;
        }
        for (&sender, marks) in &mut marks {
            let name = self.sender_name(sender);
            let words = marks.words();
            let mut take = |words: u32, what: &str| {
                allocator.take(u64::from(4 * words), format!("{what} of {name}"), RegionKind::Buffer)
            };
            marks.bits = take(words, "marks");
            marks.counts = counted.then(|| take(32 * words, "numbers of spikes"));
            let at = self.control.senders + SENDER_BYTES * sender as u32;
            image.push((at, marks.table_entry().encode().to_vec()));
        }
        let mut deliveries = Vec::new();
        for part in parts {
            let sender = sender_number(network, part.from);
            let Some(marks) = marks.get(&sender) else { continue };
            let rows = self.rows((allocator, image), part, marks, ring.stride);
            let often = match part.from {
                Origin::Source(_) => self.request.counts,
                Origin::Population(from) => super::memory::spikes_often(&network.populations()[from]),
            };
            let rows = SynapseRows { counts: rows.counts.filter(|_| often), ..rows };
            let Ring { at: ring, slots, stride } = ring;
            deliveries.push((part.when, Deliver { rows, ring, stride, slots, ahead: part.ahead }));
        }
        let collect = Collect {
            entries: self.entries(fifo),
            taken: self.control.taken,
            senders: self.control.senders,
            count: self.senders(),
        };
        Adding::Marked { collect: Arc::new(collect), marks: marks.into_values().collect(), deliveries }
    }

    fn sender_name(&self, sender: usize) -> &str {
        let network = self.request.network;
        let sources = network.sources();
        match sources.get(sender) {
            Some(source) => &source.name,
            None => &network.populations()[sender - sources.len()].name,
        }
    }

    /// Places the rows of a part whose sources are marked.
    fn rows(
        &self,
        (allocator, image): (&mut Allocator, &mut Image),
        part: &Part,
        marks: &Marks,
        stride: u32,
    ) -> SynapseRows {
        let words = (part.sources.end - part.sources.start).div_ceil(32);
        // Starts for whole words of marks: sources behind the last have no synapse.
        let mut starts: Vec<u16> = part.starts.iter().map(|&start| start as u16).collect();
        starts.resize(32 * words as usize + 1, part.synapses() as u16);
        // Where all take effect at once, targets count from that tick's sums.
        let base = part.ahead.map_or(0, |ahead| ahead * stride);
        let Rows { starts, targets, weights } = self.place(allocator, image, part, &starts, base);
        let offset = (part.sources.start - marks.first) / 32;
        SynapseRows {
            bits: marks.bits + 4 * offset,
            words,
            counts: marks.counts.map(|counts| counts + 4 * 32 * offset),
            starts,
            targets,
            weights,
            integers: matches!(part.weights, PartWeights::Int8(_)),
            later: part.ahead.is_none(),
        }
    }

    /// Places first synapses, targets and weights of a part; targets count from place `base` on.
    pub(super) fn place(
        &self,
        allocator: &mut Allocator,
        image: &mut Image,
        part: &Part,
        starts: &[u16],
        base: u32,
    ) -> Rows {
        let name = &self.request.network.projections()[part.projection].name;
        let places: Vec<u16> = part.places.iter().map(|&place| (place - base) as u16).collect();
        let mut put = |words: Vec<u32>, bytes: u64, what: &str| {
            let at = allocator.take(bytes, format!("{what} {name}"), RegionKind::Weights);
            image.push((at, words));
            at
        };
        let starts = put(encode_halves(starts), 2 * starts.len() as u64, "rows");
        let targets = put(encode_halves(&places), 2 * places.len() as u64, "targets");
        let weights = match &part.weights {
            PartWeights::F32(weights) => {
                let words = weights.iter().map(|weight| weight.to_bits()).collect();
                put(words, 4 * weights.len() as u64, "weights")
            }
            PartWeights::Int8(weights) => put(encode_bytes(weights), weights.len() as u64, "weights"),
        };
        Rows { starts, targets, weights }
    }
}

/// Addresses of the rows of a part: first synapses, targets, weights.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub starts: u32,
    pub targets: u32,
    pub weights: u32,
}

/// Marks of a sender's neurons on a PE.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    sender: u32,
    first: u32,
    end: u32,
    pub bits: u32,
    counts: Option<u32>,
    /// Rows are added at the tick's begin.
    pub begin: bool,
    /// Rows are added within the tick.
    pub within: bool,
}

impl Marks {
    /// Returns the sender's entry in the table that keys lead to.
    fn table_entry(&self) -> Sender {
        Sender { first: self.first, neurons: self.end - self.first, bits: self.bits, counts: self.counts }
    }

    pub fn words(&self) -> u32 {
        (self.end - self.first).div_ceil(32)
    }
}

/// Returns the populations as the machine knows them; the host reads the values of all of them.
fn populations(network: &Network, split: &Split) -> Vec<Population> {
    let mut first = 0;
    let population = |(k, shares): (usize, &Vec<Share>)| {
        let units = network.populations()[k].units as u32;
        let host = first;
        first += units;
        Population {
            name: network.populations()[k].name.clone(),
            pes: shares.iter().map(|share| share.pe).collect(),
            unit_word: (0..units).collect(),
            words: units,
            sends: SEND,
            host: Some(host),
        }
    };
    split.shares.iter().enumerate().map(population).collect()
}
