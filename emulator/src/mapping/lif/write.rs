//! Writes the programs of spiking populations.

use std::sync::Arc;

use super::routines::{Fire, Project, Ring, accesses};
use super::{
    FIRE, LOG, LOGGED, PROJECT, Placed, READ, READERS, Request, SEND, SpikingError, SpikingSlot, WAIT, legend,
};
use crate::chip::geometry::{PE_COUNT, Pe, Qpe};
use crate::kernel::lif::LifLayout;
use crate::kernel::matrix::{self, Kernel};
use crate::machine::arrivals::{
    Announcement, Counter, CounterId, Groups, Guard, Inbox, Message, Need, Receiver,
};
use crate::machine::banks::account::BankMap;
use crate::machine::broadcast::Delivery;
use crate::machine::broadcast::router::Ports;
use crate::machine::costs::Costs;
use crate::machine::dram::DramMap;
use crate::machine::legend::PhaseId;
use crate::machine::program::{
    Action, Buffers, Ends, Image, Operation, PACKET_BYTES, PeProgram, Population, Program, RegionKind, Slot,
    Target,
};
use crate::mapping::build::masks;
use crate::mapping::memory::{Allocator, LOG_BYTES, PROGRAM_BYTES, STACK_BASE, block_bytes, unit_words};
use crate::mapping::product::{MatrixAccount, Operand};
use crate::net::csr;
use crate::net::lif::{LifPopulation, Projection, Reset, Source};

/// Counter of announcements; the next ones count the blocks of each population.
const ANNOUNCED: CounterId = CounterId(0);

fn blocks_of(population: usize) -> CounterId {
    CounterId(population as u8 + 1)
}

/// Addresses that are the same in every PE, since one packet serves many.
struct Common {
    /// Where a time step is announced: 16 bytes.
    announce: u32,
    /// Time steps completed.
    turn: u32,
    /// Counters: announcements, then the blocks of each population.
    counters: u32,
    /// First byte after the control block.
    end: u32,
    /// Inputs of a time step.
    inputs: Buffers,
    /// Spikes of each population.
    spikes: Vec<Buffers>,
    /// First byte after all of it.
    free: u32,
}

impl Common {
    fn new(request: &Request<'_>, populations: &[Population]) -> Self {
        let announce = PROGRAM_BYTES;
        let turn = announce + PACKET_BYTES;
        let counters = turn + 4;
        let end = (counters + 4 * (populations.len() as u32 + 1)).next_multiple_of(PACKET_BYTES);
        let mut free = end;
        let mut buffers = |words: u32| {
            let bytes = (4 * words).next_multiple_of(PACKET_BYTES);
            let buffers = Buffers::new(free, bytes, 2);
            free += 2 * bytes;
            buffers
        };
        let inputs = buffers(request.network.inputs() as u32);
        let spikes = populations.iter().map(|population| buffers(population.words)).collect();
        Self { announce, turn, counters, end, inputs, spikes, free }
    }

    fn counter(&self, id: CounterId) -> Counter {
        Counter { words: vec![self.counters + 4 * u32::from(id.0)], announced: id == ANNOUNCED }
    }
}

/// Writes programs once populations are placed.
pub(super) struct Writer<'a> {
    request: &'a Request<'a>,
    placed: &'a [Placed],
    populations: Vec<Population>,
    common: Common,
    costs: Costs,
}

impl<'a> Writer<'a> {
    pub fn new(request: &'a Request<'a>, placed: &'a [Placed]) -> Result<Self, SpikingError> {
        let populations = populations(request, placed);
        let common = Common::new(request, &populations);
        let costs = Costs::new(request.assume, request.chip.waiting)?;
        Ok(Self { request, placed, populations, common, costs })
    }

    pub fn program(self) -> Result<Program, SpikingError> {
        let mut pes: Vec<Option<PeProgram>> = vec![None; PE_COUNT];
        let mut inboxes = vec![Inbox::new(self.placed.len()); PE_COUNT];
        for (k, placed) in self.placed.iter().enumerate() {
            for (i, pe) in placed.pes.iter().enumerate() {
                let program = self.pe(k, i)?;
                inboxes[pe.index()] = self.inbox(k, &program);
                pes[pe.index()] = Some(program);
            }
        }
        let Self { request, placed, populations, common, costs } = self;
        let announcement = |(k, placed): (usize, &Placed)| Announcement {
            message: Message { population: k as u8, sample: 0, counter: ANNOUNCED, address: common.announce },
            to: masks(&placed.pes),
        };
        let ports = Ports::new(&request.assume.router_ports);
        Ok(Program {
            legend: Arc::new(legend(populations.iter().map(|population| population.name.as_str()))),
            announcements: placed.iter().enumerate().map(announcement).collect(),
            pes,
            layers: populations,
            dram: Arc::clone(&request.dram),
            dram_map: DramMap::new(&*request.dram)?,
            costs,
            operating_point: request.chip.operating_point,
            waiting: request.chip.waiting,
            assume: request.assume.clone(),
            delivery: Delivery { ports, ..Delivery::default() },
            inboxes,
            batch: 1,
            timer: None,
            steps_in_flight: 1,
            images_replaced: false,
            detail: Arc::new(()),
        })
    }

    /// Projections to a population, in order.
    fn projections(&self, to: usize) -> impl Iterator<Item = &Projection> {
        self.request.network.projections().iter().filter(move |projection| projection.to == to)
    }

    /// Populations whose spikes a population reads, ascending.
    fn sources(&self, to: usize) -> Vec<usize> {
        let from = |projection: &Projection| match projection.from {
            Source::Population(from) => Some(from),
            Source::Input => None,
        };
        let mut sources: Vec<usize> = self.projections(to).filter_map(from).collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }

    /// What a PE of population `k` receives: spikes of its sources, and announcements.
    fn inbox(&self, k: usize, loaded: &PeProgram) -> Inbox {
        let mut inbox = Inbox::new(self.placed.len());
        inbox.take_messages(k, 0);
        // The last product of a step ends after all others: spikes of t land on those of t − 2,
        // read in step t − 1.
        let last = loaded.operations.iter().rposition(|operation| operation.phase == PROJECT).unwrap_or(0);
        for source in self.sources(k) {
            let guard = Guard { operation: last as u32, lag: 0, reads: "spikes" };
            inbox.take_values(source, READERS, Receiver { slot: 0, counter: blocks_of(source), guard });
        }
        inbox
    }

    /// PE `i` of population `k`.
    fn pe(&self, k: usize, i: usize) -> Result<PeProgram, SpikingError> {
        let population = &self.request.network.populations()[k];
        let (pe, units) = (self.placed[k].pes[i], &self.placed[k].units[i]);
        let name = || population.name.clone();
        let mut allocator = Allocator::new(self.common.free.min(STACK_BASE), STACK_BASE);
        self.fixed(&mut allocator);
        let layout = layout(&mut allocator, population, units);
        let mut image = state(population, &layout, units);
        let mut products = Vec::new();
        for projection in self.projections(k) {
            let (kernel, words, ring) = self.product(&mut allocator, k, projection, units)?;
            image.extend(words);
            products.push((kernel, self.operand(projection), ring));
        }
        let log = (allocator.take(u64::from(LOG_BYTES), "debug log".into(), RegionKind::Log), LOG_BYTES);
        let regions =
            allocator.finish().map_err(|full| SpikingError::DoesNotFit { pe, name: name(), full })?;
        let map = BankMap { interleave: self.request.assume.bank_interleave, regions: &regions };
        let rings: Vec<Ring> = products.iter().map(|(_, _, ring)| *ring).collect();
        let fire =
            Fire { accesses: accesses(map, &layout, &rings, &self.costs), rings, layout: layout.clone() };
        let operations = self.operations(k, map, products, fire);
        let slot = self.slot(k, i, layout);
        Ok(PeProgram { operations, slots: vec![slot], regions, image, log, fifo: (0, 0) })
    }

    /// Takes the places of control block and buffers.
    fn fixed(&self, allocator: &mut Allocator) {
        let common = &self.common;
        let bytes = common.end - common.announce;
        allocator.fixed(common.announce, bytes, "control".into(), RegionKind::State);
        let names = std::iter::once("inputs").chain(self.populations.iter().map(|p| p.name.as_str()));
        for (buffers, name) in std::iter::once(&common.inputs).chain(&common.spikes).zip(names) {
            for (at, letter) in buffers.addresses().zip(["A", "B"]) {
                let name = format!("{name} buffer {letter}");
                allocator.fixed(at, buffers.bytes(), name, RegionKind::Buffer);
            }
        }
    }

    fn operand(&self, projection: &Projection) -> Operand {
        match projection.from {
            Source::Input => Operand::Now(self.common.inputs),
            Source::Population(from) => Operand::Before(self.common.spikes[from]),
        }
    }

    /// Places the weights of a projection to these units; returns its kernel, its words and its
    /// ring of sums.
    fn product(
        &self,
        allocator: &mut Allocator,
        k: usize,
        projection: &Projection,
        units: &[u32],
    ) -> Result<(Kernel, Image, Ring), SpikingError> {
        let kind = self.request.populations[k].kernel;
        let row = |&unit: &u32| csr::row(&projection.weights, unit as usize).collect();
        let rows: Vec<Vec<(u32, f32)>> = units.iter().map(row).collect();
        let (from, words): (&str, Vec<u32>) = match projection.from {
            Source::Input => ("inputs", (0..self.request.network.inputs() as u32).collect()),
            Source::Population(from) => {
                let source = &self.populations[from];
                (source.name.as_str(), source.unit_word.clone())
            }
        };
        let share = matrix::Share { rows: &rows, words: &words };
        let mut take = |bytes: u64, what: &str, kind| allocator.take(bytes, format!("{from} {what}"), kind);
        let arrays = kind.arrays(share.shape());
        let addresses: Vec<u32> =
            arrays.iter().map(|array| take(array.bytes, array.name, RegionKind::Weights)).collect();
        let bytes = 4 * units.len() as u32;
        let ring = u64::from(bytes * Ring::places(projection.delay));
        let start = take(ring, "sums", RegionKind::State);
        let ring = Ring { start, bytes, delay: projection.delay };
        let name = || self.populations[k].name.clone();
        let placed = Kernel::place(kind, &share, &addresses)
            .map_err(|source| SpikingError::Kernel { name: name(), source })?;
        Ok((placed.kernel, placed.image, ring))
    }

    fn operations(
        &self,
        k: usize,
        map: BankMap<'_>,
        products: Vec<(Kernel, Operand, Ring)>,
        fire: Fire,
    ) -> Vec<Operation> {
        let operation =
            |phase: PhaseId, action, ends| Operation { phase, slot: 0, action, notice: None, ends };
        let announced = Need { counter: ANNOUNCED, each: 1, back: 0 };
        let spikes = self.sources(k).into_iter().map(|source| {
            let each = self.placed[source].pes.len() as u32;
            Need { counter: blocks_of(source), each, back: 1 }
        });
        let needs = std::iter::once(announced).chain(spikes).collect();
        let mut operations = vec![operation(WAIT, Action::Wait(needs), Ends::Phase)];
        if products.iter().any(|(_, operand, _)| matches!(operand, Operand::Now(_))) {
            let read = Action::Read { to: self.common.inputs, rows: vec![self.common.announce] };
            operations.push(operation(READ, read, Ends::Phase));
        }
        let last = products.len().saturating_sub(1);
        for (number, (kernel, operand, ring)) in products.into_iter().enumerate() {
            let accesses = self.costs.accesses();
            let account = MatrixAccount::new(map, &kernel, operand, None, ring.start, accesses);
            let project = Action::Call(Arc::new(Project { kernel, operand, ring, account }));
            // The phase ends with the last of the products.
            let ends = if number == last { Ends::Phase } else { Ends::Nothing };
            operations.push(operation(PROJECT, project, ends));
        }
        operations.push(operation(FIRE, Action::Call(Arc::new(fire)), Ends::Phase));
        operations.push(operation(SEND, Action::Send, Ends::Nothing));
        operations.push(operation(LOG, Action::Log(LOGGED.into()), Ends::Phase));
        operations
    }

    fn slot(&self, k: usize, i: usize, layout: LifLayout) -> Slot {
        let (before, units) = (&self.placed[k].units[..i], &self.placed[k].units[i]);
        let row = |weights: &_, unit: u32| csr::row(weights, unit as usize).count() as u32;
        let rows =
            |projection: &Projection| units.iter().map(|&unit| row(&projection.weights, unit)).sum::<u32>();
        let nonzeros = self.projections(k).map(rows).sum();
        let kernel = self.request.populations[k].kernel;
        let targets = self.targets(k, layout.y);
        Slot {
            layer: k as u8,
            sample: 0,
            units: units.clone(),
            turn: self.common.turn,
            counters: (0..=self.placed.len() as u8).map(|id| self.common.counter(CounterId(id))).collect(),
            relays: Vec::new(),
            buffers: self.common.spikes[k],
            values: layout.y,
            block: before.iter().map(|units| block_bytes(units.len())).sum(),
            first_call: 0,
            targets,
            events: None,
            detail: Arc::new(SpikingSlot { layout, nonzeros, kernel }),
        }
    }

    /// Readers of a population's spikes by QPE, then the host.
    fn targets(&self, k: usize, payload: u32) -> Vec<Target> {
        let reads = |to: &usize| self.sources(*to).contains(&k);
        let readers: Vec<Pe> =
            (0..self.placed.len()).filter(reads).flat_map(|to| self.placed[to].pes.clone()).collect();
        let buffers = self.common.spikes[k];
        let to =
            |qpe, mask| Target { qpe, mask, host: false, payload, buffers, groups: Groups::only(READERS) };
        let mut targets: Vec<Target> = masks(&readers).into_iter().map(|(qpe, mask)| to(qpe, mask)).collect();
        let (x, y) = self.request.assume.host_port;
        let host = Qpe::at(x, y).map_or(0, Qpe::index) as u8;
        targets.push(Target { host: true, groups: Groups::NONE, ..to(host, 0) });
        targets
    }
}

/// The populations as the machine knows them; all of them send to the host.
fn populations(request: &Request<'_>, placed: &[Placed]) -> Vec<Population> {
    let mut host = 0;
    let population = |(population, placed): (&LifPopulation, &Placed)| {
        let (unit_word, words) = unit_words(&placed.units);
        let first = host;
        host += words;
        Population {
            name: population.name.clone(),
            pes: placed.pes.clone(),
            unit_word,
            words,
            sends: SEND,
            host: Some(first),
        }
    };
    request.network.populations().iter().zip(placed).map(population).collect()
}

/// Places the arrays of a PE's neurons.
fn layout(allocator: &mut Allocator, population: &LifPopulation, units: &[u32]) -> LifLayout {
    let bytes = u64::from(4 * units.len() as u32);
    let mut take =
        |bytes, what: &str| allocator.take(bytes, format!("{} {what}", population.name), RegionKind::State);
    LifLayout {
        units: units.len() as u32,
        y: take(u64::from(block_bytes(units.len())), "spikes"),
        bias: take(bytes, "bias"),
        current: take(bytes, "current"),
        decay: take(bytes, "decay"),
        threshold: take(bytes, "thresholds"),
        reset: matches!(population.reset, Reset::To(_)).then(|| take(bytes, "reset values")),
        potential: take(bytes, "potentials"),
    }
}

/// Words that the host loads for a PE's neurons; currents, potentials and spikes start at 0.
fn state(population: &LifPopulation, layout: &LifLayout, units: &[u32]) -> Image {
    let of = |values: &[f32]| units.iter().map(|&unit| values[unit as usize].to_bits()).collect();
    let mut image = vec![
        (layout.bias, of(&population.bias)),
        (layout.decay, of(&population.decay)),
        (layout.threshold, of(&population.threshold)),
    ];
    if let (Some(at), Reset::To(values)) = (layout.reset, &population.reset) {
        image.push((at, of(values)));
    }
    image
}
