//! Writes the programs of a transformer.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::layout::{Common, Layout, MemoryMap, lay_out};
use super::phase::{ADDS, INPUT, NEXT, Phase, RESIDUAL, legend};
use super::plan::{Block, Plan};
use super::routine::Script;
use super::split::{Share, Split, Stage, sent_words};
use super::{AttentionError, AttentionProgram, AttentionSlot, Request};
use crate::chip::geometry::{PE_COUNT, Pe};
use crate::machine::arrivals::{Announcement, Counter, Groups, Guard, Inbox, Message, Need, Receiver};
use crate::machine::broadcast::Delivery;
use crate::machine::broadcast::router::Ports;
use crate::machine::costs::Costs;
use crate::machine::dram::DramMap;
use crate::machine::legend::{PhaseId, PopulationId};
use crate::machine::program::{Action, Ends, Operation, PeProgram, Population, Program, Slot, Target};
use crate::mapping::build::masks;
use crate::mapping::memory::{block_bytes, unit_words};

/// Writes programs once stages are placed.
struct Writer<'a> {
    request: &'a Request<'a>,
    split: &'a Split,
    common: Common,
}

/// Writes the program of a request whose stages are placed.
pub(super) fn program(request: &Request<'_>, split: &Split) -> Result<Program, AttentionError> {
    let dram_map = DramMap::new(&*request.dram)?;
    let writer = Writer { request, split, common: Common::new(request.network, split) };
    let board = Arc::new(request.chip.chips());
    let places = board.chips() * PE_COUNT;
    let mut pes: Vec<Option<PeProgram>> = vec![None; places];
    let mut inboxes = vec![Inbox::new(split.stages.len()); places];
    for (k, shares) in split.shares.iter().enumerate() {
        for (i, share) in shares.iter().enumerate() {
            let (loaded, inbox) = writer.pe(k, i, share)?;
            pes[share.pe.index()] = Some(loaded);
            inboxes[share.pe.index()] = inbox;
        }
    }
    let announced = split.shares.first().into_iter().flatten().map(|share| &share.pe);
    let message = Message {
        population: PopulationId::at(0),
        sample: 0,
        counter: INPUT,
        address: writer.common.control,
    };
    Ok(Program {
        legend: Arc::new(legend()),
        populations: writer.populations(),
        dram: Arc::clone(&request.dram),
        dram_words: Arc::default(),
        dram_map,
        costs: Costs::new(request.assume, request.chip.waiting)?,
        operating_point: request.chip.operating_point,
        waiting: request.chip.waiting,
        assume: request.assume.clone(),
        delivery: Delivery {
            broadcast: request.mapping.broadcast,
            payload: request.mapping.payload,
            on_full: request.mapping.fifo.on_full,
            routes: Vec::new(),
            ports: Ports::new(&request.assume.router_ports),
        },
        announcements: vec![Announcement { message, to: masks(announced) }],
        batch: 1,
        steps_in_flight: 1,
        timer: None,
        images_replaced: false,
        detail: Arc::new(AttentionProgram {
            network: Arc::clone(request.network),
            sequence: request.sequence,
            stages: split.stages.clone(),
        }),
        board,
        pes,
        inboxes,
    })
}

impl Writer<'_> {
    /// Writes the program of share `i` of stage `k`, and describes its receptions.
    fn pe(&self, k: usize, i: usize, share: &Share) -> Result<(PeProgram, Inbox), AttentionError> {
        let Request { network, sequence, .. } = *self.request;
        let stage = self.split.stages[k];
        let map = lay_out(network, &self.common, stage, &share.part, sequence as usize);
        let MemoryMap { layout, log, regions } = map.map_err(|full| AttentionError::DoesNotFit {
            entry: self.split.entries[k],
            pe: Some(share.pe),
            name: stage.name(),
            full,
        })?;
        let plan = Plan {
            network: Arc::clone(network),
            stage,
            first: share.part.start,
            n: share.part.end - share.part.start,
            layout,
            common: self.common,
            tokens: sequence,
            blocks: self.blocks(k),
        };
        let plan = Arc::new(plan);
        let operations = self.operations(k, share, &plan);
        let inbox = self.inbox(k, &operations);
        let words = sent_words(network, stage, &share.part);
        let slot = Slot {
            population: PopulationId::at(k),
            sample: 0,
            units: self.units(k, i, words),
            turn: self.common.turn(),
            counters: [0, 1].map(|number| self.counter(number, k == 0)).into(),
            relays: Vec::new(),
            buffers: if stage.adds() { self.common.blocks } else { self.common.stream },
            values: layout.out,
            block: self.offset(k, i),
            first_call: 0,
            targets: self.targets(k, i, &layout),
            events: None,
            detail: Arc::new(AttentionSlot {
                stage,
                number: i,
                part: (share.part.start, share.part.end),
                weights: layout.linear.outputs * layout.linear.inputs,
                steps: plan.steps().unwrap_or(0),
                spikes: plan.sends_spikes(),
                layout,
            }),
        };
        let image = Arc::new(super::image::image(&plan));
        let loaded = PeProgram { operations, slots: vec![slot], regions, image, log, fifo: (0, 0) };
        Ok((loaded, inbox))
    }

    fn counter(&self, number: u32, first: bool) -> Counter {
        Counter { words: vec![self.common.counter(number)], announced: first && number == 0 }
    }

    /// Returns the model indices of the values that a share sends: columns, or the words of spikes
    /// in the order of shares.
    fn units(&self, k: usize, i: usize, words: u32) -> Vec<u32> {
        let (network, stage) = (self.request.network, self.split.stages[k]);
        let before = self.split.shares[k][..i].iter().map(|share| sent_words(network, stage, &share.part));
        let first: u32 = before.sum();
        (first..first + words).collect()
    }

    /// Returns the byte offset of the block of share `i` among the blocks of stage `k`.
    fn offset(&self, k: usize, i: usize) -> u32 {
        let bytes = |share: &Share| {
            block_bytes(sent_words(self.request.network, self.split.stages[k], &share.part) as usize)
        };
        self.split.shares[k][..i].iter().map(bytes).sum()
    }

    /// Returns the blocks of spikes that stage `k` reads; empty unless it adds to the stream.
    fn blocks(&self, k: usize) -> Vec<Block> {
        let Some(before) = k.checked_sub(1).filter(|_| self.split.stages[k].adds()) else {
            return Vec::new();
        };
        let dh = self.request.network.head_width() as u32;
        let heads = matches!(self.split.stages[before], Stage::Attend(_));
        let block = |(i, share): (usize, &Share)| {
            let Range { start, end } = share.part;
            let (row, parts) = if heads {
                (end - start, (start..end).map(|head| (head - start, 1, head * dh)).collect())
            } else {
                let row = (end - start).div_ceil(32);
                (row, vec![(0, row, start)])
            };
            Block { offset: self.offset(before, i), row, parts }
        };
        self.split.shares[before].iter().enumerate().map(block).collect()
    }

    /// Returns a PE's operations for a token: waiting, computing phase after phase, sending.
    fn operations(&self, k: usize, share: &Share, plan: &Arc<Plan>) -> Vec<Operation> {
        let operation = |phase: Phase, action| Operation {
            phase: phase.into(),
            slot: 0,
            action,
            notice: None,
            ends: Ends::Phase,
        };
        let senders = |back: usize| k.checked_sub(back).map_or(1, |k| self.split.shares[k].len() as u32);
        let mut needs = vec![Need { counter: INPUT, each: senders(1), back: 0 }];
        if plan.stage.adds() {
            needs.push(Need { counter: RESIDUAL, each: senders(2), back: 0 });
        }
        let mut operations = vec![operation(Phase::Wait, Action::Wait(needs))];
        if plan.stage == Stage::Embed {
            let rows = vec![self.common.control];
            operations.push(operation(Phase::Embedding, Action::Read { to: self.common.stream, rows }));
        }
        let phases = plan.phases();
        for &phase in &phases {
            let decides = phases.last() == Some(&phase);
            let words = sent_words(self.request.network, plan.stage, &share.part);
            let sends = decides.then(|| (words, self.fan_out(k)));
            let script = Script { plan: Arc::clone(plan), phase, sends };
            operations.push(operation(phase, Action::Call(Arc::new(script))));
        }
        // It ends when its packets are delivered.
        operations.push(Operation { ends: Ends::Nothing, ..operation(Phase::Broadcast, Action::Send) });
        operations.push(operation(Phase::Log, Action::Log(Phase::LOGGED.map(PhaseId::from).into())));
        operations
    }

    /// Returns the number of weights of the next stage that a value of stage `k` is multiplied by.
    fn fan_out(&self, k: usize) -> u32 {
        let network = self.request.network;
        let outputs = match self.split.stages.get(k + 1) {
            Some(Stage::Attend(_)) => 3 * network.width,
            Some(Stage::Project(_) | Stage::Down(_)) => network.width,
            Some(Stage::Up(_)) => network.hidden(),
            _ => 0,
        };
        outputs as u32
    }

    /// Returns the inbox of a PE of stage `k`: the stream or blocks of the stage before and, if it
    /// adds to the stream, that of the stage before this.
    fn inbox(&self, k: usize, operations: &[Operation]) -> Inbox {
        let mut inbox = Inbox::new(self.split.stages.len());
        inbox.take_messages(k, 0);
        // Steps do not overlap: values land where those of two tokens before have been read.
        let guard = |phase: PhaseId, reads| {
            let operation = operations.iter().position(|operation| operation.phase == phase);
            Guard { operation: operation.unwrap_or(0) as u32, lag: -1, reads }
        };
        let adds = self.split.stages[k].adds();
        let first = if adds { Phase::Product } else { Phase::Norm };
        if let Some(before) = k.checked_sub(1) {
            let guard = guard(first.into(), if adds { "blocks" } else { "stream" });
            inbox.take_values(before, NEXT, Receiver { slot: 0, counter: INPUT, guard });
        }
        if let Some(before) = k.checked_sub(2).filter(|_| adds) {
            let guard = guard(Phase::Residual.into(), "stream");
            inbox.take_values(before, ADDS, Receiver { slot: 0, counter: RESIDUAL, guard });
        }
        inbox
    }

    /// Returns the receivers of the block of share `i` of stage `k`. Lists begin at another QPE for
    /// each sender, so that they do not all queue at the same one.
    fn targets(&self, k: usize, i: usize, layout: &Layout) -> Vec<Target> {
        let stages = &self.split.stages;
        let sends_blocks = matches!(stages[k], Stage::Attend(_) | Stage::Up(_));
        let buffers = if sends_blocks { self.common.blocks } else { self.common.stream };
        let target =
            |qpe, host| Target { qpe, mask: 0, host, payload: layout.out, buffers, groups: Groups::NONE };
        let adds = stages.get(k + 2).is_some_and(|stage| stage.adds() && !sends_blocks);
        let readers = [(k + 1, NEXT, true), (k + 2, ADDS, adds)];
        let mut by_qpe: BTreeMap<u16, Target> = BTreeMap::new();
        for (stage, group, _) in readers.into_iter().filter(|(.., reads)| *reads) {
            for share in self.split.shares.get(stage).into_iter().flatten() {
                let qpe = share.pe.qpe_id();
                let target = by_qpe.entry(qpe.index() as u16).or_insert(target(qpe, false));
                target.mask |= 1 << share.pe.p();
                target.groups = target.groups.with(Groups::only(group));
            }
        }
        let mut targets: Vec<Target> = by_qpe.into_values().collect();
        if k + 1 == stages.len() {
            targets.push(target(self.request.assume.host_qpe(), true));
        }
        let start = i % targets.len().max(1);
        targets.rotate_left(start);
        targets
    }

    /// Describes the stages as populations of the machine.
    fn populations(&self) -> Vec<Population> {
        let last = self.split.stages.len() - 1;
        let population = |(k, stage): (usize, &Stage)| {
            let shares = &self.split.shares[k];
            let units = |(i, share): (usize, &Share)| {
                self.units(k, i, sent_words(self.request.network, *stage, &share.part))
            };
            let assignment: Vec<Vec<u32>> = shares.iter().enumerate().map(units).collect();
            let (unit_word, words) = unit_words(&assignment);
            let pes: Vec<Pe> = shares.iter().map(|share| share.pe).collect();
            Population {
                name: stage.name(),
                pes,
                unit_word,
                words,
                sends: Phase::Broadcast.into(),
                host: (k == last).then_some(0),
            }
        };
        self.split.stages.iter().enumerate().map(population).collect()
    }
}
