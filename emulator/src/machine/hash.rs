//! Hash of the state that decides what the chip does next; replay, time travel and
//! tests compare it.
//!
//! Every structure is taken apart field by field, so that a field that is added does not compile
//! until this file says whether it is hashed. Counters that only observe are named and left out.

use xxhash_rust::xxh3::Xxh3;

use super::arrivals::Message;
use super::broadcast::Transfer;
use super::broadcast::router::RouterState;
use super::fifo::Fifo;
use super::noc::{Burst, Load, Noc};
use super::queue::{Arrival, Event, EventKind};
use super::state::{Awaited, Cursor, HostState, Packet, PacketKind, PacketStore, PeState, State, Travelling};
use super::timer::{ChipTimer, PeTimer};
use crate::chip::geometry::QpeId;
use crate::kernel::code::write::{CallWrite, CallWrites, CodeWrite, Register};

/// Hash of a sequence of 64-bit words, each taken as little-endian bytes.
#[derive(Default)]
struct Words(Xxh3);

impl Words {
    fn add(&mut self, word: impl Into<u64>) {
        self.0.update(&word.into().to_le_bytes());
    }

    /// Adds how many words follow, and the words: two lists in a row cannot be mistaken
    /// for each other.
    fn list<T: Into<u64>>(&mut self, words: impl ExactSizeIterator<Item = T>) {
        self.add(words.len() as u64);
        words.for_each(|word| self.add(word));
    }

    /// Adds an optional part, and whether it is there.
    fn option<T>(&mut self, part: Option<T>, add: impl FnOnce(&mut Self, T)) {
        self.add(part.is_some());
        if let Some(part) = part {
            add(self, part);
        }
    }
}

impl State {
    /// Returns a hash of everything that decides what happens next, in a canonical
    /// order and little-endian.
    pub fn hash(&mut self) -> u128 {
        let Self {
            tick,
            events: _,
            between_steps: _,
            disturbed: _,
            queue,
            pes,
            timer,
            noc,
            router,
            chip_links,
            blocked,
            blocked_since: _,
            packets,
            sent,
            lost,
            dram_free,
            deliveries_left,
            outputs_left,
            active: _,
            products: _,
            host,
            phases: _,
            busy: _,
            traffic: _,
            matrix: _,
            races: _,
            bank_timing_matters,
            faults,
            fault,
        } = self;
        let mut words = Words::default();
        words.add(*tick);
        words.add(*sent);
        words.list(lost.iter().copied());
        for state in pes.iter_mut() {
            pe(&mut words, state, *bank_timing_matters);
        }
        links(&mut words, noc, packets);
        for router in router.iter() {
            self::router(&mut words, router);
        }
        for ports in dram_free.iter() {
            words.list(ports.iter().copied());
        }
        // What else a link has is counts.
        for link in chip_links.iter() {
            words.add(link.free);
        }
        for port in blocked.iter() {
            words.add(port.len() as u64);
            for &number in port {
                numbered(&mut words, packets, number);
            }
        }
        let pending = queue.sorted();
        words.add(pending.len() as u64);
        for pending in &pending {
            event(&mut words, packets, pending);
        }
        for steps in deliveries_left.iter() {
            words.list(steps.iter().copied());
        }
        words.list(outputs_left.iter().copied());
        let ChipTimer { began, events_left, count: _ } = timer;
        words.list(began.iter().copied());
        words.add(*events_left);
        faults.words().for_each(|word| words.add(word));
        words.add(fault.is_some());
        hosts(&mut words, host);
        words.0.digest128()
    }
}

fn pe(words: &mut Words, pe: &mut PeState, bank_timing_matters: bool) {
    let PeState {
        sram,
        status,
        operation,
        began,
        ends,
        interrupts_until,
        interrupts,
        awaited,
        cursor,
        transfers,
        fifo,
        timer,
        inject_delay,
        ended,
        timer_counts,
        logged,
        writes,
        banks,
        count: _,
    } = pe;
    words.add(sram.hash());
    words.add(*status as u64);
    words.add(*operation);
    for tick in [*began, *ends, *interrupts_until, *inject_delay] {
        words.add(tick);
    }
    words.add(interrupts.len() as u64);
    for (ends, handled) in interrupts.iter() {
        words.add(*ends);
        arrival(words, *handled);
    }
    words.option(awaited.as_ref(), |words, Awaited { slot, counter, set, value }| {
        arrival(words, Arrival { slot: *slot, counter: *counter, set: *set });
        words.add(*value);
    });
    let Cursor { packet, target, transfer: sending } = cursor;
    words.add(*packet);
    words.add(*target);
    words.option(sending.as_ref(), transfer);
    words.add(transfers.len() as u64);
    for block in transfers.iter() {
        transfer(words, block);
    }
    let Fifo { start, capacity, entry, read, fill, draining, drain_ends, count: _ } = fifo;
    // What was sent when only observes.
    let PeTimer { step, pending, taken, sent_in: _, fast_since, count: _ } = timer;
    let flags = u32::from(*draining) | u32::from(fast_since.is_some()) << 1;
    for word in [*start, *capacity, *entry, *read, *fill, flags] {
        words.add(word);
    }
    words.add(*drain_ends);
    words.add(u64::from(*step) << 32 | u64::from(*taken));
    words.option(pending.as_ref(), |words, step| words.add(*step));
    if let Some(since) = fast_since {
        words.add(*since);
    }
    words.list(ended.iter().copied());
    words.list(timer_counts.iter().copied());
    words.add(*logged);
    // Without any, the hash is what it was before there were any.
    if !writes.is_empty() {
        call_writes(words, writes);
    }
    if bank_timing_matters {
        banks.words().for_each(|word| words.add(word));
    }
}

fn call_writes(words: &mut Words, CallWrites { next, now }: &CallWrites) {
    for writes in [next, now] {
        words.add(writes.len() as u64);
        for CallWrite { after, what } in writes {
            words.add(*after);
            match what {
                CodeWrite::Memory { address, bytes } => {
                    words.add(*address);
                    words.list(bytes.iter().copied());
                }
                CodeWrite::Registers(values) => {
                    let register = |register| match register {
                        Register::Core(number) => u64::from(number),
                        Register::Status => 16,
                        Register::FpuStatus => 17,
                        Register::Single(number) => 32 + u64::from(number),
                    };
                    words.list(values.iter().map(|&(at, value)| register(at) << 32 | u64::from(value)));
                }
            }
        }
    }
}

fn arrival(words: &mut Words, Arrival { slot, counter, set }: Arrival) {
    words.add(u64::from(set) << 16 | u64::from(slot) << 8 | u64::from(counter.0));
}

fn transfer(words: &mut Words, Transfer { slot, step, packets, began }: &Transfer) {
    words.add(u64::from(*slot) << 32 | u64::from(*packets));
    words.add(*step);
    words.add(*began);
}

fn links(words: &mut Words, noc: &Noc, packets: &PacketStore) {
    // The other fields of a link, and what beats waited, are counts.
    let Noc { links, ports, under_way, bursts, beats_waited: _ } = noc;
    words.list(links.iter().map(|link| link.free));
    words.list(ports.iter().copied());
    for (cycle, hop) in under_way.iter() {
        let (first, port) = (u64::from(hop.is_first()), u64::from(hop.has_port()));
        words.add(cycle);
        let chip = (hop.chip() as u64) << 32;
        words.add(chip | u64::from(hop.turn()) << 16 | u64::from(hop.phase()) << 8 | first << 1 | port);
        match hop.load() {
            Load::Packet(number) => numbered(words, packets, number),
            Load::Beat(pe) => words.add(pe),
        }
    }
    for burst in bursts {
        words.option(burst.as_ref(), |words, Burst { route, to_enter, to_arrive, at, spacing }| {
            words.add(u64::from(route.0) << 8 | u64::from(route.1));
            words.add(u64::from(*to_enter) << 32 | u64::from(*to_arrive));
            words.add(*at);
            words.add(*spacing);
        });
    }
}

fn router(words: &mut Words, router: &RouterState) {
    let RouterState { enter, leave, engines, packets: _, copies: _, waited: _ } = router;
    words.list(enter.iter().copied());
    words.list(leave.iter().copied());
    words.list(engines.iter().copied());
}

fn event(words: &mut Words, packets: &PacketStore, Event { tick, source, seq: _, kind }: &Event) {
    words.add(*tick);
    words.add(*source);
    words.add(kind.class());
    if let EventKind::Deliver(number) = kind {
        numbered(words, packets, *number);
    }
}

/// Adds a packet on the mesh. Its number is where it is kept, and may differ between
/// two equal machines.
fn numbered(words: &mut Words, packets: &PacketStore, number: u32) {
    words.option(packets.travelling(number), |words, travelling| {
        let Travelling { packet, sent: _, late, lost, chip, from_link } = travelling;
        words.add(*late);
        words.add(*lost);
        let Packet { payload, from: _, address, qpe, mask, host, source, kind } = packet;
        words.list(payload.iter().copied());
        words.add(*address);
        // The event router has had this number since before there were several chips.
        let to = if *qpe == QpeId::ROUTER { u64::from(u8::MAX) } else { qpe.index() as u64 };
        let place = u64::from(*from_link) << 24 | (chip.index() as u64) << 16 | to;
        words.add(place << 32 | u64::from(*mask) << 24 | u64::from(*host) << 16 | u64::from(*source));
        match *kind {
            PacketKind::Values { population, sample, step, groups, last } => {
                words.add(1 << 32 | u64::from(population) << 8 | u64::from(sample));
                words.add(step);
                words.add(u64::from(groups.0) << 1 | u64::from(last));
            }
            PacketKind::Announce { message: to, step } => {
                words.add(2_u64 << 32);
                message(words, to);
                words.add(step);
            }
            PacketKind::Message { message: to, relayed } => {
                words.add(3_u64 << 32 | u64::from(relayed));
                message(words, to);
            }
            PacketKind::Event { population, route, step, message: to } => {
                // The host has had this number since before ids of populations took two bytes.
                let host = u64::from(u8::MAX);
                let sender = |id: u64| id + u64::from(id >= host);
                let population = population.map_or(host, |id| sender(id.into()));
                words.add(4_u64 << 32 | population << 16 | u64::from(route));
                words.add(step);
                words.option(to, message);
            }
        }
    });
}

fn message(words: &mut Words, Message { population, sample, counter, address }: Message) {
    words.add(u64::from(population) << 16 | u64::from(sample) << 8 | u64::from(counter.0));
    words.add(address);
}

fn hosts(words: &mut Words, host: &HostState) {
    let HostState { y, rows: _, in_flight, announced, completed, completed_at: _, last_step_ticks: _ } = host;
    words.list(y.iter().copied());
    words.add(in_flight.len() as u64);
    for rows in in_flight {
        words.list(rows.iter().copied());
    }
    words.add(*announced);
    words.add(*completed);
}
