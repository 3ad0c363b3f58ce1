//! Mutable state of the emulated chip: PEs, NoC, packets and host.

use std::collections::VecDeque;

use super::arrivals::{CounterId, Groups, Message};
use super::banks::BankState;
use super::board::ChipLinkState;
use super::broadcast::router::RouterState;
use super::broadcast::{Blocked, Transfer, nothing_blocked};
use super::costs::Costs;
use super::fault::Faults;
use super::fifo::{ENTRY_BYTES, Fifo};
use super::legend::{PhaseId, PopulationId};
use super::matrix::TrafficMatrix;
use super::noc::Noc;
use super::options::BankPriority;
use super::probe::{BusyProbe, NocProbe, PhaseClock, Races};
use super::program::{MAX_IN_FLIGHT, PACKET_WORDS, Program, Slot};
use super::queue::{Arrival, EventQueue};
use super::routine::Untrapped;
use super::sram::Sram;
use super::stop::CoreFault;
use super::timer::{ChipTimer, PeTimer};
use crate::chip::clock::Tick;
use crate::chip::geometry::{ChipId, Pe, QPE_COUNT, QpeId};
use crate::chip::mac::MacRun;
use crate::kernel::code::write::CallWrites;

/// Activity of a PE.
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

/// Condition of a waiting PE: a counter in its SRAM reaches a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Slot of the PE that waits.
    pub slot: u8,
    /// Counter of the slot.
    pub counter: CounterId,
    /// Word of the counter.
    pub set: u8,
    /// The value (counters count up for ever and wrap).
    pub value: u32,
}

/// Progress of a broadcast: next packet, next target, DMA transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Number of the next packet in its block, from 0.
    pub packet: u32,
    /// Number of the packet's next destination, from 0.
    pub target: u32,
    /// Part that cannot be read off the program: events, and transfers that the DMA engine goes on
    /// with.
    pub transfer: Option<Transfer>,
}

impl Cursor {
    /// Advances to the next packet like [`Self::next`], and returns the cycles until its trigger.
    #[inline]
    pub(super) fn advance(&mut self, slot: &Slot, packets: u32, costs: &Costs) -> u64 {
        let call_ends =
            if self.target < slot.first_call { slot.first_call } else { slot.targets.len() as u32 };
        if self.target + 1 < call_ends {
            self.target += 1;
            return costs.broadcast_destination;
        }
        let (next, cycles) = self.next(slot, packets, costs);
        *self = next;
        cycles
    }

    /// Returns the next packet to send of a block of `packets`, and the cycles until its trigger.
    ///
    /// Every packet goes to all targets of its payload, then the next call of `broadcast` begins.
    /// At the end, `packet` is behind the last one.
    pub fn next(self, slot: &Slot, packets: u32, costs: &Costs) -> (Self, u64) {
        let call = slot.call(self.target);
        let Self { packet, target, .. } = self;
        if target + 1 < call.end {
            return (Self { target: target + 1, ..self }, costs.broadcast_destination);
        }
        if packet + 1 < packets {
            let cycles = costs.broadcast_destination + costs.broadcast_packet;
            return (Self { packet: packet + 1, target: call.start, ..self }, cycles);
        }
        if call.end as usize == slot.targets.len() {
            return (Self { packet: packet + 1, target: 0, ..self }, 0);
        }
        let cycles = costs.broadcast_next_call(packets, call.len() as u32);
        (Self { packet: 0, target: call.end, ..self }, cycles)
    }
}

/// State of a PE. `M` is its memory: live in a machine, shared pages in a checkpoint.
///
/// Fields that the arrival of a packet touches come first: a PE's state is much larger than a line
/// of the host's caches.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct PeState<M = Sram> {
    /// SRAM of the PE.
    pub sram: M,
    /// Tick until which interrupt handlers keep the core.
    pub interrupts_until: Tick,
    /// Times that each operation of its program has ended.
    pub ended: Vec<u32>,
    /// Counters that only observe.
    pub count: PeCount,
    /// SRAM banks, as core and writes meet in them.
    pub banks: BankState,
    /// Activity of the core.
    pub status: Status,
    /// Position in its program.
    pub operation: u32,
    /// Tick at which the operation began.
    pub began: Tick,
    /// Tick at which the operation ends, as known now; interrupts move it.
    pub ends: Tick,
    /// Handlers that run or wait to run, with the tick at which each ends; only the first is
    /// in the queue.
    pub interrupts: VecDeque<(Tick, Arrival)>,
    /// Counter and value that the PE waits for; `None` while it does not.
    pub awaited: Option<Awaited>,
    /// Progress of the broadcast under way.
    pub cursor: Cursor,
    /// Blocks that the DMA engine has still to begin, after the one that the cursor is in.
    pub transfers: VecDeque<Transfer>,
    /// The ring that packets from the event router go to.
    pub fifo: Fifo,
    /// Timer that begins time steps of spiking networks, with its counters.
    pub timer: PeTimer,
    /// Ticks by which handlers have held up the next packet.
    pub inject_delay: Tick,
    /// Time of each phase of this step as the core saw it: differences of truncated 1 MHz
    /// timer counts, µs.
    pub timer_counts: [u32; PhaseId::MAX],
    /// Values written to the debug log.
    pub logged: u32,
    /// Writes of a debugger within calls of machine code.
    pub writes: CallWrites,
}

impl<M> PeState<M> {
    /// Books a handler of `ticks` ticks on the core at tick `now`, after those already booked, and
    /// returns the tick at which it begins.
    ///
    /// The handler delays everything else that the core is doing: its operation, its next packet,
    /// the FIFO entry that it is taking out.
    pub(super) fn hold_core(&mut self, now: Tick, ticks: Tick) -> Tick {
        let begin = self.interrupts_until.max(now);
        self.interrupts_until = begin + ticks;
        self.count.busy += ticks;
        if self.status == Status::Busy {
            self.ends += ticks;
            self.inject_delay += ticks;
        }
        if self.fifo.draining {
            self.fifo.drain_ends += ticks;
        }
        begin
    }
}

/// Counters of a PE.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct PeCount {
    /// Number of packets received.
    pub received: u64,
    /// Ticks spent on operations and handlers since the start, waiting excluded.
    pub busy: Tick,
    /// `busy` when the time step began.
    pub busy_before: Tick,
    /// Busy ticks of the last completed time step.
    pub busy_last_step: Tick,
    /// Number of interrupt handlers run.
    pub interrupts: u64,
    /// Number of packets sent.
    pub sent: u64,
    /// Ticks of each phase in the step under way (the last one, once overwritten).
    pub phases: [Tick; PhaseId::MAX],
    /// Counts of its MAC array.
    pub mac: MacCount,
    /// Accesses and divisions that traps of the core would have reported.
    pub untrapped: Untrapped,
}

/// Runs of a MAC array, counted when they begin.
#[derive(Clone, Copy, Debug, Default)]
pub struct MacCount {
    /// Sums since the start of the run; the cycles are part of the PE's busy ticks.
    pub total: MacRun,
    /// `total` when the time step began.
    pub before: MacRun,
    /// Sums of the last completed time step.
    pub last_step: MacRun,
    /// Sums since the start that needed more bits than the array keeps.
    pub overflows: u64,
}

impl MacCount {
    /// Closes the time step.
    pub(super) fn end_step(&mut self) {
        self.last_step = self.total.since(self.before);
        self.before = self.total;
    }
}

/// Purpose of a packet, which determines what its delivery completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Part of the block of values that a slot sends in a time step.
    Values {
        /// Population of the sender.
        population: PopulationId,
        /// Sample of the batch.
        sample: u8,
        /// Time step, from 0.
        step: u32,
        /// Groups of receivers that it is for; none for the host.
        groups: Groups,
        /// Whether it is the last of its block, whose write is watched.
        last: bool,
    },
    /// Announcement of a time step by the host.
    Announce {
        /// Arrival that it counts as.
        message: Message,
        /// Time step, from 0.
        step: u32,
    },
    /// Message from one PE to others.
    Message {
        /// Arrival that it counts as.
        message: Message,
        /// Whether a handler sends it, not an operation.
        relayed: bool,
    },
    /// Event packet, which the event router copies to its receivers' FIFOs.
    Event {
        /// Population of the sender; `None` for the host.
        population: Option<PopulationId>,
        /// Entry of the event router.
        route: u16,
        /// Time step that the sender was in.
        step: u32,
        /// Arrival that it counts as, instead of going to the FIFO.
        message: Option<Message>,
    },
}

/// A packet on the mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Payload of up to 16 bytes.
    pub payload: [u32; PACKET_WORDS],
    /// Byte address at which the sender read the payload; 0 if it is not read from memory.
    pub from: u32,
    /// Byte address of the payload at each receiver; key ([`super::fifo::Key`]) of a routed packet.
    pub address: u32,
    /// Receiving QPE; [`QpeId::ROUTER`] for the event router.
    pub qpe: QpeId,
    /// Receiving PEs of the QPE: bit p for PE p.
    pub mask: u8,
    /// Whether the packet is for the host.
    pub host: bool,
    /// Sender: PE index, or [`super::queue::CHIP`].
    pub source: u16,
    /// Purpose of the packet, which determines what its delivery completes.
    pub kind: PacketKind,
}

impl Packet {
    /// Returns whether event routers copy it to the QPEs of its entry.
    #[inline]
    pub fn is_routed(&self) -> bool {
        self.qpe == QpeId::ROUTER && !self.host
    }

    /// Returns the chip that it was sent on.
    pub fn source_chip(&self) -> ChipId {
        Pe::from_index(usize::from(self.source)).map_or(ChipId::FIRST, Pe::chip)
    }

    /// Diverts the packet to another address, where nothing waits for it; counts of deliveries
    /// include it all the same.
    pub(super) fn go_astray(&mut self, to: u32) {
        self.address = to;
        if let PacketKind::Values { groups, .. } = &mut self.kind {
            *groups = Groups::NONE;
        }
    }
}

/// Packet on the mesh, with its time of departure and its faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Travelling {
    /// Packet as it was sent.
    pub packet: Packet,
    /// Tick at which it was handed to the NoC.
    pub sent: Tick,
    /// Ticks by which a fault makes it arrive later.
    pub late: Tick,
    /// Whether the packet is lost on the way.
    pub lost: bool,
    /// Chip that it is on.
    pub chip: ChipId,
    /// Whether the packet is on a link from another chip or, after it, in the chip's router.
    pub from_link: bool,
}

impl Travelling {
    /// Returns whether it is for a PE, or the host, of another chip than the one it is on.
    #[inline]
    pub fn is_abroad(&self) -> bool {
        self.packet.qpe != QpeId::ROUTER && self.packet.qpe.chip() != self.chip
    }
}

/// Packets on the mesh, by number.
#[derive(Clone, Debug, Default)]
pub struct PacketStore {
    packets: Vec<Travelling>,
    free: Vec<u32>,
}

impl PacketStore {
    /// Keeps a packet until it is delivered.
    #[inline]
    pub fn put(&mut self, packet: Travelling) -> u32 {
        if let Some(number) = self.free.pop() {
            self.packets[number as usize] = packet;
            number
        } else {
            self.packets.push(packet);
            self.packets.len() as u32 - 1
        }
    }

    /// Keeps these packets alone, in this order.
    pub(super) fn keep(&mut self, numbers: &[u32]) {
        let kept = numbers.iter().filter_map(|&number| self.travelling(number).copied()).collect();
        (self.packets, self.free) = (kept, Vec::new());
    }

    /// Returns all places for packets.
    pub(super) fn all_mut(&mut self) -> &mut [Travelling] {
        &mut self.packets
    }

    /// Records the chip that a packet is on and whether it reached the chip's router over a link,
    /// and clears its delay by a fault.
    pub(super) fn moved(&mut self, number: u32, chip: ChipId, from_link: bool) {
        if let Some(travelling) = self.packets.get_mut(number as usize) {
            (travelling.chip, travelling.from_link, travelling.late) = (chip, from_link, 0);
        }
    }

    /// Returns the number of places for packets, free ones included.
    pub fn capacity(&self) -> usize {
        self.packets.len()
    }

    /// Returns the packet with this number; `None` if the store has no such place.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&Packet> {
        self.travelling(number).map(|travelling| &travelling.packet)
    }

    /// Returns the packet with this number, with its time of departure and its faults.
    #[inline]
    pub fn travelling(&self, number: u32) -> Option<&Travelling> {
        self.packets.get(number as usize)
    }

    /// Returns the packet with this number, to be changed.
    pub(super) fn travelling_mut(&mut self, number: u32) -> Option<&mut Travelling> {
        self.packets.get_mut(number as usize)
    }

    /// Takes it off the mesh.
    #[inline]
    pub fn take(&mut self, number: u32) -> Packet {
        self.free.push(number);
        self.packets[number as usize].packet
    }
}

/// State of the chip as the host sees it.
#[derive(Clone, Debug, Default)]
pub struct HostState {
    /// Placed values that go to the host, as their packets arrive: by time step in flight,
    /// sample and population.
    pub y: Vec<u32>,
    /// Rows (tokens, frames) of the last completed time step, by sample.
    pub rows: Vec<u32>,
    /// Rows of the time steps that the chip has been given and that are not complete, oldest first.
    pub in_flight: VecDeque<Vec<u32>>,
    /// Time steps announced.
    pub announced: u32,
    /// Time steps completed.
    pub completed: u32,
    /// Tick at which the last step was completed.
    pub completed_at: Tick,
    /// Duration of the last step, from completion to completion, in ticks.
    pub last_step_ticks: Tick,
}

/// Time steps that are told apart in counts of what is still to come: more than can overlap.
pub const STEPS: usize = 2 * MAX_IN_FLIGHT as usize;

/// Mutable state of the emulated chip: PEs, NoC, packets and host. `M`: see [`PeState`].
#[derive(Clone, Debug)]
pub struct State<M = Sram> {
    /// Present time, in ticks.
    pub tick: Tick,
    /// Number of events handled since the start.
    pub events: u64,
    /// The last event completed a time step, and nothing has happened since.
    pub between_steps: bool,
    /// Bytes that the program takes as constant may have been written.
    pub disturbed: bool,
    /// Events to come.
    pub queue: EventQueue,
    /// States of the PEs, by PE index.
    pub pes: Vec<PeState<M>>,
    /// Timers that begin time steps.
    pub timer: ChipTimer,
    /// Links of the mesh.
    pub noc: Noc,
    /// Event routers, by chip.
    pub router: Vec<RouterState>,
    /// Links between chips, in the order of [`crate::chip::board::Board::links`].
    pub chip_links: Vec<ChipLinkState>,
    /// Packets (numbers in the store) that wait at each QPE's port for room in a FIFO.
    pub blocked: Blocked,
    /// Start of the stall not yet charged, by QPE; `None` while nothing waits.
    pub blocked_since: Vec<Option<Tick>>,
    /// Packets on the mesh.
    pub packets: PacketStore,
    /// Packets sent since the start: the number that a fault names.
    pub sent: u64,
    /// Packets of this number (from 0) are lost on the way, ascending.
    pub lost: Vec<u64>,
    /// Tick at which each DRAM port is free, by chip.
    pub dram_free: Vec<[Tick; 2]>,
    /// Deliveries of y still to come, by [`Program::lane`] and time step modulo [`STEPS`].
    pub deliveries_left: Vec<[u32; STEPS]>,
    /// Populations and samples whose values the host still waits for, by time
    /// step modulo [`STEPS`].
    pub outputs_left: [u32; STEPS],
    /// Events (y ≠ 0) that each PE's slots sent, by PE, slot and time step modulo [`STEPS`].
    pub active: Vec<Vec<[u32; STEPS]>>,
    /// Products that those events lead to ([`Ended::products`](super::routine::Ended)), by PE, slot
    /// and time step modulo [`STEPS`].
    pub products: Vec<Vec<[[u32; 2]; STEPS]>>,
    /// State of the host.
    pub host: HostState,
    /// Times of the phases.
    pub phases: PhaseClock,
    /// Time of the cores by phase and layer.
    pub busy: BusyProbe,
    /// Counts of the mesh's traffic, which only observe.
    pub traffic: NocProbe,
    /// Traffic from PE to PE.
    pub matrix: TrafficMatrix,
    /// Buffers overwritten too early.
    pub races: Races,
    /// Whether the banks decide what happens next: with any priority but the core's.
    pub bank_timing_matters: bool,
    /// Injected faults that last.
    pub faults: Faults,
    /// Fault that stopped the machine; `None` while it runs.
    pub fault: Option<CoreFault>,
}

impl State {
    /// Creates the state of the chip as the host has loaded it.
    pub fn load(program: &Program) -> Self {
        let (chips, places) = (program.chips(), program.pes.len());
        let mut pes: Vec<PeState> = (0..places).map(|_| PeState::default()).collect();
        let (mut active, mut products) = (vec![Vec::new(); places], vec![Vec::new(); places]);
        let counts = active.iter_mut().zip(&mut products);
        for ((pe, (active, products)), loaded) in pes.iter_mut().zip(counts).zip(&program.pes) {
            let Some(loaded) = loaded else { continue };
            for (address, words) in loaded.image.iter() {
                pe.sram.set_words(*address, words);
            }
            let entry = program.timer.as_ref().map_or(ENTRY_BYTES, |timer| 4 * timer.entry_words);
            pe.fifo = Fifo::new(loaded.fifo.0, loaded.fifo.1, entry);
            pe.ended = vec![0; loaded.operations.len()];
            *active = vec![[0; STEPS]; loaded.slots.len()];
            *products = vec![[[0; 2]; STEPS]; loaded.slots.len()];
        }
        let host_words = program.host_words() as usize * (program.batch * program.steps_in_flight) as usize;
        let batch = program.batch.max(1) as usize;
        Self {
            tick: 0,
            events: 0,
            between_steps: false,
            disturbed: false,
            queue: EventQueue::default(),
            pes,
            timer: ChipTimer::default(),
            noc: Noc::new(chips),
            router: vec![RouterState::default(); chips],
            chip_links: vec![ChipLinkState::default(); program.board.links().len()],
            blocked: nothing_blocked(chips),
            blocked_since: vec![None; chips * QPE_COUNT],
            packets: PacketStore::default(),
            sent: 0,
            lost: Vec::new(),
            dram_free: vec![[0; 2]; chips],
            deliveries_left: (0..program.lanes())
                .map(|lane| [program.deliveries(PopulationId::at(lane / batch)); STEPS])
                .collect(),
            outputs_left: [program.outputs(); STEPS],
            active,
            products,
            host: HostState { y: vec![0; host_words], ..HostState::default() },
            phases: PhaseClock::new(program.populations.len(), program.lanes()),
            busy: BusyProbe::new(program.populations.len()),
            traffic: NocProbe::default(),
            matrix: TrafficMatrix::new(chips),
            races: Races::default(),
            bank_timing_matters: program.assume.bank_priority != BankPriority::Core,
            faults: Faults::default(),
            fault: None,
        }
    }
}

impl<M> State<M> {
    /// Completes the oldest time step in flight: closes the counts of the step.
    pub(super) fn end_step(&mut self) {
        self.phases.end_step();
        self.noc.end_step();
        self.traffic.end_step();
        self.matrix.end_step();
        self.chip_links.iter_mut().for_each(ChipLinkState::end_step);
        for pe in &mut self.pes {
            pe.count.busy_last_step = pe.count.busy - pe.count.busy_before;
            pe.count.busy_before = pe.count.busy;
            pe.count.mac.end_step();
            pe.timer.end_step(self.tick);
        }
        let host = &mut self.host;
        host.rows = host.in_flight.pop_front().unwrap_or_default();
        host.completed = host.completed.wrapping_add(1);
        host.last_step_ticks = self.tick - host.completed_at;
        host.completed_at = self.tick;
    }
}

#[cfg(test)]
mod tests {
    use super::{PeState, Status};

    #[test]
    fn a_handler_delays_whatever_the_core_is_doing() {
        let mut busy = PeState::<()> { status: Status::Busy, ends: 100, ..PeState::default() };
        assert_eq!(busy.hold_core(40, 10), 40);
        // The second handler runs after the first.
        assert_eq!(busy.hold_core(45, 10), 50);
        assert_eq!((busy.interrupts_until, busy.ends, busy.inject_delay, busy.count.busy), (60, 120, 20, 20));

        let mut draining = PeState::<()> { status: Status::Waiting, ends: 7, ..PeState::default() };
        (draining.fifo.draining, draining.fifo.drain_ends) = (true, 100);
        draining.hold_core(40, 10);
        assert_eq!((draining.fifo.drain_ends, draining.ends, draining.inject_delay), (110, 7, 0));
    }
}
