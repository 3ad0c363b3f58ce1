//! Key of a stretch: all that decides its times, as words. Two moments with the same words have the
//! same future, tick by tick, until something happens whose time depends on values in memory.
//!
//! Ticks count from now. What lies in the past and is only compared with now is one word for all
//! pasts. Counters in SRAM are taken relative to the values that the program waits for. When an
//! operation began, and when a phase last ended, decides no time: it is left out.

use super::trace::is_sending;
use crate::chip::clock::{NOC_CYCLE, Tick};
use crate::machine::arrivals::Message;
use crate::machine::board::PARTS;
use crate::machine::broadcast::Transfer;
use crate::machine::noc::{Burst, Load};
use crate::machine::program::{Action, PeProgram, Program, Slot};
use crate::machine::queue::{Event, EventKind};
use crate::machine::sram::Sram;
use crate::machine::state::{Awaited, Cursor, Packet, PacketKind, PeState, STEPS, State, Travelling};

/// Words that decide the times of what follows.
pub(super) type Key = Vec<u64>;

/// Time steps from the PE's own on whose arrivals it may already count, or whose routines
/// it may run.
const AHEAD: u32 = 4;

/// Moment that the words of a key are relative to.
#[derive(Clone, Copy)]
struct Now {
    tick: Tick,
    step: u32,
}

impl Now {
    /// Returns the ticks until `tick`, plus 1, or 0 if it is in the past: for ticks that are only
    /// compared with now.
    fn until(self, tick: Tick) -> u64 {
        if tick < self.tick { 0 } else { tick - self.tick + 1 }
    }

    /// Returns the NoC cycles until `cycle`, plus 1, or 0 if it is in the past: for cycles that are
    /// only compared with the present one.
    fn until_cycle(self, cycle: u64) -> u64 {
        let now = self.tick / NOC_CYCLE;
        if cycle < now { 0 } else { cycle - now + 1 }
    }

    /// Returns the parts of a tick until `parts`, plus 1, or 0 if it is in the past: for times that
    /// are only compared with now.
    fn until_part(self, parts: u64) -> u64 {
        let now = self.tick * PARTS;
        if parts < now { 0 } else { parts - now + 1 }
    }

    /// Returns the distance from now to `tick`, which wraps for the past: for ticks whose distance
    /// counts even then.
    fn since(self, tick: Tick) -> u64 {
        tick.wrapping_sub(self.tick)
    }

    fn step(self, step: u32) -> u64 {
        u64::from(step.wrapping_sub(self.step))
    }
}

/// Writes the words of a machine's moment to `key`, whose steps repeat their addresses every
/// `period` steps.
pub(super) fn write(key: &mut Key, state: &State, program: &Program, period: u32) {
    key.clear();
    let host = &state.host;
    let now = Now { tick: state.tick, step: host.completed };
    key.extend([u64::from(host.completed % period), state.tick % NOC_CYCLE]);
    key.extend([now.step(host.announced), host.in_flight.len() as u64, u64::from(state.traffic.in_flight)]);
    for (pe, loaded) in program.places().zip(&program.pes) {
        if let Some(loaded) = loaded {
            let sending = is_sending(state, program, pe);
            self::pe(key, &state.pes[pe.index()], (loaded, sending), now);
        }
    }
    key.extend(state.noc.links.iter().map(|link| now.until_cycle(link.free)));
    key.extend(state.noc.ports.iter().map(|&cycle| now.until_cycle(cycle)));
    for (cycle, hop) in state.noc.under_way.iter() {
        let flags = u64::from(hop.phase()) << 2 | u64::from(hop.is_first()) << 1 | u64::from(hop.has_port());
        let turn = (hop.chip() as u64) << 32 | u64::from(hop.turn()) << 16;
        key.extend([now.until_cycle(cycle), turn | flags]);
        match hop.load() {
            Load::Packet(number) => numbered(key, state, number, now),
            Load::Beat(pe) => key.push(u64::from(pe)),
        }
    }
    key.push(u64::MAX);
    for (pe, burst) in state.noc.bursts.iter().enumerate() {
        let Some(Burst { route, to_enter, to_arrive, at, spacing }) = burst else { continue };
        key.extend([pe as u64, u64::from(route.0) << 8 | u64::from(route.1), now.since(*at), *spacing]);
        key.push(u64::from(*to_enter) << 32 | u64::from(*to_arrive));
    }
    key.push(u64::MAX);
    key.extend(state.dram_free.iter().flatten().map(|&tick| now.until(tick)));
    if program.chips() > 1 {
        let routers = state.router.iter();
        let times = routers.flat_map(|r| r.enter.iter().chain(&r.leave).chain(&r.engines));
        key.extend(times.map(|&tick| now.until(tick)));
        key.extend(state.chip_links.iter().map(|link| now.until_part(link.free)));
    }
    // Running numbers of events are left out: they do no more than put events in this order.
    for Event { tick, source, seq: _, kind } in state.queue.sorted() {
        let kind_and_source = u64::from(kind.class()) << 16 | u64::from(source);
        key.extend([now.until(tick), kind_and_source]);
        if let EventKind::Deliver(number) = kind {
            numbered(key, state, number, now);
        }
    }
    key.push(u64::MAX);
    let turned = |steps: &[u32; STEPS]| -> [u64; STEPS] {
        std::array::from_fn(|at| u64::from(steps[(at + host.completed as usize) % STEPS]))
    };
    for steps in &state.deliveries_left {
        key.extend(turned(steps));
    }
    key.extend(turned(&state.outputs_left));
    for ended in &state.phases.ended {
        key.extend(ended.iter().map(|&pes| u64::from(pes)));
    }
}

fn pe(key: &mut Key, pe: &PeState, (loaded, sending): (&PeProgram, bool), now: Now) {
    key.extend([pe.status as u64, u64::from(pe.operation), now.until(pe.ends)]);
    key.extend([now.until(pe.interrupts_until), pe.interrupts.len() as u64]);
    // Read by a core that sends alone.
    key.push(if sending { pe.inject_delay } else { 0 });
    for (ends, arrival) in &pe.interrupts {
        let of = u64::from(arrival.slot) << 16 | u64::from(arrival.counter.0) << 8 | u64::from(arrival.set);
        key.extend([now.until(*ends), of]);
    }
    if let Some(Awaited { slot, counter, set, value }) = pe.awaited {
        let count = loaded.slots.get(usize::from(slot)).map_or(0, |slot| slot.counter_word(counter, set));
        let missing = value.wrapping_sub(pe.sram.word(count));
        key.push(
            u64::from(slot) << 48 | u64::from(counter.0) << 40 | u64::from(set) << 32 | u64::from(missing),
        );
    }
    let Cursor { packet, target, transfer } = pe.cursor;
    key.push(u64::from(packet) << 32 | u64::from(target));
    for transfer in transfer.iter().chain(&pe.transfers) {
        let Transfer { slot, step, packets, began } = *transfer;
        key.extend([u64::from(slot) << 32 | u64::from(packets), now.step(step), now.since(began)]);
    }
    key.push(u64::from(pe.fifo.fill) << 1 | u64::from(pe.fifo.draining));
    let turns = |slot: &Slot| pe.sram.word(slot.turn);
    key.extend(loaded.slots.iter().map(|slot| now.step(turns(slot))));
    for (operation, ended) in loaded.operations.iter().zip(&pe.ended) {
        let Some(slot) = loaded.slots.get(usize::from(operation.slot)) else { continue };
        let turn = turns(slot);
        key.push(u64::from(ended.wrapping_sub(turn)));
        match &operation.action {
            Action::Call(routine) => {
                let variants = (0..AHEAD).map(|ahead| routine.variant(turn.wrapping_add(ahead)));
                key.push(variants.fold(0, |word, variant| word << 16 ^ u64::from(variant)));
            }
            Action::Wait(needs) => {
                for need in needs {
                    let Some(counter) = slot.counter(need.counter) else { continue };
                    for ahead in 0..AHEAD {
                        let Some((set, value)) = need.at(turn.wrapping_add(ahead), counter) else { continue };
                        key.push(u64::from(value.wrapping_sub(pe.sram.word(counter.address(set)))));
                    }
                }
            }
            Action::Read { .. }
            | Action::Fetch { .. }
            | Action::Send
            | Action::Log(_)
            | Action::Tick
            | Action::TakeEntries { .. }
            | Action::FreeEntries
            | Action::SendEvents(_) => {}
        }
    }
    relays(key, &pe.sram, loaded);
    key.extend(pe.banks.rates().map(u64::from));
}

/// Adds how far each relay's counter is from its next message.
fn relays(key: &mut Key, sram: &Sram, loaded: &PeProgram) {
    for slot in &loaded.slots {
        for relay in &slot.relays {
            let Some(counter) = slot.counter(relay.counter) else { continue };
            let word = |&address: &u32| u64::from(sram.word(address) % relay.every.max(1));
            key.extend(counter.words.iter().map(word));
        }
    }
}

/// Adds a packet on the mesh, but for its bytes and its number.
fn numbered(key: &mut Key, state: &State, number: u32, now: Now) {
    let Some(Travelling { packet, sent, late, lost, chip, from_link }) = state.packets.travelling(number)
    else {
        return key.push(0);
    };
    let Packet { payload: _, from, address, qpe, mask, host, source, kind } = packet;
    key.extend([now.since(*sent), *late << 1 | u64::from(*lost)]);
    key.push(u64::from(*from) << 32 | u64::from(*address));
    let place = u64::from(*from_link) << 24 | (chip.index() as u64) << 16 | qpe.index() as u64;
    key.push(place << 32 | u64::from(*mask) << 24 | u64::from(*host) << 16 | u64::from(*source));
    match *kind {
        PacketKind::Values { population, sample, step, groups, last } => {
            key.push(1 << 48 | u64::from(population) << 24 | u64::from(sample) << 16 | u64::from(groups.0));
            key.push(now.step(step) << 1 | u64::from(last));
        }
        PacketKind::Announce { message: to, step } => {
            key.push(2 << 48);
            message(key, to);
            key.push(now.step(step));
        }
        PacketKind::Message { message: to, relayed } => {
            key.push(3 << 48 | u64::from(relayed));
            message(key, to);
        }
        // A program with a timer has no timetable.
        PacketKind::Event { .. } => {}
    }
}

fn message(key: &mut Key, Message { population, sample, counter, address }: Message) {
    key.push(
        u64::from(population) << 48
            | u64::from(sample) << 40
            | u64::from(counter.0) << 32
            | u64::from(address),
    );
}
