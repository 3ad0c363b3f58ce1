//! All that changes while the chip runs.

use std::collections::VecDeque;

use xxhash_rust::xxh3::Xxh3;

use super::broadcast::router::RouterState;
use super::broadcast::{Blocked, Transfer, nothing_blocked};
use super::fifo::Fifo;
use super::matrix::TrafficMatrix;
use super::noc::Noc;
use super::probe::{BusyProbe, NocProbe, PhaseClock, Races};
use super::program::{PACKET_WORDS, Phase, Program};
use super::queue::{Arrival, Counter, EventQueue};
use super::sram::Sram;
use crate::chip::clock::Tick;
use crate::chip::geometry::{PE_COUNT, QPE_COUNT};

/// What a PE is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Has no program; sleeps.
    #[default]
    Unused,
    /// Carries out an operation.
    Busy,
    /// Waits for input, polling or asleep as the scene says.
    Waiting,
    /// Waits for its DMA.
    Dma,
}

/// What a waiting PE waits for: a counter in its SRAM to reach a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Slot.
    pub slot: u8,
    /// Which counter.
    pub counter: Counter,
    /// The value (counters count up for ever and wrap).
    pub value: u32,
}

/// How far a broadcast has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Packet of the block.
    pub packet: u32,
    /// Destination.
    pub target: u32,
    /// What cannot be read off the program: events, and transfers that the DMA engine goes on with.
    pub transfer: Option<Transfer>,
}

/// One PE.
#[derive(Clone, Debug, Default)]
pub struct PeState {
    /// Its memory.
    pub sram: Sram,
    /// What it does.
    pub status: Status,
    /// Position in its program.
    pub operation: u32,
    /// When the operation began.
    pub began: Tick,
    /// When the operation ends, as known now; interrupts move it.
    pub ends: Tick,
    /// Until when interrupt handlers keep the core.
    pub interrupts_until: Tick,
    /// Handlers that run or wait to run, with the tick at which each ends; only the first is in the queue.
    pub interrupts: VecDeque<(Tick, Arrival)>,
    /// What it waits for.
    pub awaited: Option<Awaited>,
    /// Its broadcast.
    pub cursor: Cursor,
    /// The ring that packets from the event router go to.
    pub fifo: Fifo,
    /// Ticks by which handlers have held up the next packet.
    pub inject_delay: Tick,
    /// `Input` operations completed, by slot.
    pub input_done: Vec<u32>,
    /// `Recurrent` operations completed, by slot.
    pub recurrent_done: Vec<u32>,
    /// Time of each phase of this step as the core saw it: differences of truncated 1 MHz timer counts, µs.
    pub timer_counts: [u32; Phase::ALL.len()],
    /// Values written to the debug log.
    pub logged: u32,
    /// Counters that only observe.
    pub count: PeCount,
}

/// What a PE has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeCount {
    /// Ticks spent on operations and handlers since the start, waiting excluded.
    pub busy: Tick,
    /// `busy` when the time step began.
    pub busy_before: Tick,
    /// Busy ticks of the last completed time step.
    pub busy_last_step: Tick,
    /// Handlers run.
    pub interrupts: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets received.
    pub received: u64,
    /// Ticks of each phase in the step under way (the last one, once overwritten).
    pub phases: [Tick; Phase::ALL.len()],
}

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freight {
    /// Four values of y.
    Values {
        /// The sender's layer.
        layer: u8,
        /// Time step.
        step: u32,
        /// For R·y of the sender's own layer.
        own: bool,
        /// For W·x of the next layer.
        next: bool,
        /// Last of its block: the write is watched.
        last: bool,
    },
    /// The host announces a time step.
    Announce,
    /// "W·x done", to the coordinator of a layer.
    BarrierDone(u8),
    /// The coordinator's "go" to its layer.
    BarrierGo(u8),
}

/// A packet on the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Up to 16 bytes.
    pub payload: [u32; PACKET_WORDS],
    /// Where they are written, byte address at each receiver; the key of a routed packet ([`super::fifo::Key`]).
    pub address: u32,
    /// Receiving QPE index; [`super::broadcast::ROUTER`] for the event router.
    pub qpe: u8,
    /// Bit p: PE p of it.
    pub mask: u8,
    /// For the host.
    pub host: bool,
    /// Sender: PE index, or [`super::queue::CHIP`].
    pub source: u16,
    /// What for.
    pub freight: Freight,
}

/// Packets on the mesh, by number.
#[derive(Clone, Debug, Default)]
pub struct PacketStore {
    packets: Vec<Packet>,
    free: Vec<u32>,
}

impl PacketStore {
    /// Keeps a packet until it is delivered.
    pub fn put(&mut self, packet: Packet) -> u32 {
        if let Some(number) = self.free.pop() {
            self.packets[number as usize] = packet;
            number
        } else {
            self.packets.push(packet);
            self.packets.len() as u32 - 1
        }
    }

    /// The packet with this number.
    pub fn get(&self, number: u32) -> Option<&Packet> {
        self.packets.get(number as usize)
    }

    /// Takes it off the mesh.
    pub fn take(&mut self, number: u32) -> Packet {
        self.free.push(number);
        self.packets[number as usize]
    }
}

/// What the host sees of the chip.
#[derive(Clone, Debug, Default)]
pub struct HostState {
    /// The last layer's placed y, as its packets arrive.
    pub y: Vec<u32>,
    /// Row (token, frame) of the time step to announce next.
    pub row: u32,
    /// Time steps announced.
    pub announced: u32,
    /// Time steps completed.
    pub completed: u32,
    /// When the last one was completed.
    pub completed_at: Tick,
    /// How long it took, from completion to completion.
    pub last_step_ticks: Tick,
}

/// All that changes.
#[derive(Clone, Debug)]
pub struct State {
    /// Now.
    pub tick: Tick,
    /// Events handled.
    pub events: u64,
    /// What is to come.
    pub queue: EventQueue,
    /// By PE index.
    pub pes: Vec<PeState>,
    /// Links.
    pub noc: Noc,
    /// The event router.
    pub router: RouterState,
    /// Packets (numbers in the store) that wait at each QPE's port for room in a FIFO.
    pub blocked: Blocked,
    /// Since when, as booked so far.
    pub blocked_since: Vec<Option<Tick>>,
    /// Packets on the mesh.
    pub packets: PacketStore,
    /// Packets sent since the start: the number that a fault names.
    pub sent: u64,
    /// Packets of this number (from 0) are lost on the way, ascending.
    pub lost: Vec<u64>,
    /// When each DRAM port is free.
    pub dram_free: [Tick; 2],
    /// Deliveries of y still to come in this step, by layer.
    pub deliveries_left: Vec<u32>,
    /// Events (y ≠ 0) that each PE's slots sent in their last step, by PE and slot.
    pub active: Vec<Vec<u32>>,
    /// The host.
    pub host: HostState,
    /// Phases in time.
    pub phases: PhaseClock,
    /// What the cores' time went to.
    pub busy: BusyProbe,
    /// Traffic.
    pub traffic: NocProbe,
    /// Traffic from PE to PE.
    pub matrix: TrafficMatrix,
    /// Buffers overwritten too early.
    pub races: Races,
    /// The machine stopped on this.
    pub fault: Option<String>,
}

impl State {
    /// The chip as the host has loaded it.
    pub fn load(program: &Program) -> Self {
        let mut pes = vec![PeState::default(); PE_COUNT];
        let mut active = vec![Vec::new(); PE_COUNT];
        for ((pe, active), loaded) in pes.iter_mut().zip(&mut active).zip(&program.pes) {
            let Some(loaded) = loaded else { continue };
            for (address, words) in &loaded.image {
                pe.sram.set_words(*address, words);
            }
            pe.fifo = Fifo::new(loaded.fifo.0, loaded.fifo.1);
            pe.input_done = vec![0; loaded.slots.len()];
            pe.recurrent_done = vec![0; loaded.slots.len()];
            *active = vec![0; loaded.slots.len()];
        }
        let host_words = program.layers.last().map_or(0, |l| l.words as usize);
        Self {
            tick: 0,
            events: 0,
            queue: EventQueue::default(),
            pes,
            noc: Noc::default(),
            router: RouterState::default(),
            blocked: nothing_blocked(),
            blocked_since: vec![None; QPE_COUNT],
            packets: PacketStore::default(),
            sent: 0,
            lost: Vec::new(),
            dram_free: [0; 2],
            deliveries_left: vec![0; program.layers.len()],
            active,
            host: HostState { y: vec![0; host_words], ..HostState::default() },
            phases: PhaseClock::new(program.layers.len()),
            busy: BusyProbe::new(program.layers.len()),
            traffic: NocProbe::default(),
            matrix: TrafficMatrix::default(),
            races: Races::default(),
            fault: None,
        }
    }

    /// A hash of everything that decides what happens next, in a canonical order and little-endian. Counters that only
    /// observe are left out.
    pub fn hash(&mut self) -> u128 {
        let mut hasher = Xxh3::new();
        let mut word = |value: u64| hasher.update(&value.to_le_bytes());
        word(self.tick);
        word(self.sent);
        for pe in &mut self.pes {
            word(pe.sram.hash());
            word(pe.status as u64);
            for value in [u64::from(pe.operation), pe.began, pe.ends, pe.interrupts_until, pe.inject_delay] {
                word(value);
            }
            word(u64::from(pe.cursor.packet) << 32 | u64::from(pe.cursor.target));
            if let Some(Transfer { slot, step, packets, began }) = pe.cursor.transfer {
                word(u64::from(slot) << 32 | u64::from(packets));
                word(u64::from(step));
                word(began);
            }
            if pe.fifo.capacity > 0 {
                word(u64::from(pe.fifo.read) << 32 | u64::from(pe.fifo.fill));
                word(pe.fifo.drain_ends << 1 | u64::from(pe.fifo.draining));
            }
            if let Some(Awaited { slot, counter, value }) = pe.awaited {
                word(1 << 63 | u64::from(slot) << 40 | (counter as u64) << 32 | u64::from(value));
            }
            for done in pe.input_done.iter().chain(&pe.recurrent_done) {
                word(u64::from(*done));
            }
            word(u64::from(pe.logged));
            for &(ends, Arrival { slot, counter }) in &pe.interrupts {
                word(ends);
                word(u64::from(slot) << 8 | counter as u64);
            }
        }
        for free in self.noc.links.iter().map(|l| l.free).chain(self.noc.ports).chain(self.dram_free) {
            word(free);
        }
        // All zero, and left out, where nothing is routed.
        let router = &self.router;
        for &busy in router.enter.iter().chain(&router.leave).chain(&router.engines).filter(|busy| **busy > 0)
        {
            word(busy);
        }
        for (qpe, number) in (0_u64..).zip(&self.blocked).flat_map(|(q, b)| b.iter().map(move |n| (q, *n))) {
            word(qpe);
            for value in self.packets.get(number).iter().flat_map(|p| p.payload) {
                word(u64::from(value));
            }
        }
        for event in self.queue.sorted() {
            word(event.tick);
            word(u64::from(event.source));
            match event.kind {
                super::queue::EventKind::Deliver(number) => {
                    let packet = self.packets.get(number);
                    for value in packet.iter().flat_map(|p| p.payload) {
                        word(u64::from(value));
                    }
                    word(packet.map_or(0, |p| {
                        u64::from(p.address) << 16 | u64::from(p.qpe) << 8 | u64::from(p.mask)
                    }));
                }
                super::queue::EventKind::Interrupt => word(1 << 32),
                super::queue::EventKind::DmaEnd => word(2 << 32),
                super::queue::EventKind::OperationEnd => word(3 << 32),
                super::queue::EventKind::Inject => word(4 << 32),
                super::queue::EventKind::StepStart => word(5 << 32),
                super::queue::EventKind::Drain => word(6 << 32),
            }
        }
        for value in &self.host.y {
            word(u64::from(*value));
        }
        word(u64::from(self.host.announced) << 32 | u64::from(self.host.completed));
        hasher.digest128()
    }
}
