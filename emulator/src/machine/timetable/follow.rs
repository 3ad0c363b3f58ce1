//! Brings a machine to where a stretch that it has seen before ends, its memory left aside.
//!
//! A course knows the state at the begin and at the end of that stretch. What was counted in
//! between is added; ticks, step numbers and packets in flight are moved to now. A tick of before
//! the stretch was not touched in it and stays. Where a time step is complete, its counts are
//! closed as after any other.

use super::Course;
use crate::chip::clock::{NOC_CYCLE, Tick};
use crate::machine::board::{ChipLinkState, PARTS};
use crate::machine::broadcast::Transfer;
use crate::machine::broadcast::router::RouterState;
use crate::machine::noc::{Burst, LinkState, Noc};
use crate::machine::probe::{BusyProbe, NocCount, NocProbe};
use crate::machine::program::{PeProgram, Program};
use crate::machine::state::{Awaited, PacketKind, PacketStore, PeCount, PeState, STEPS, State, Travelling};

/// A state without memory.
pub(super) type Bare = State<()>;

/// Shift of a stretch from where it was seen to the present.
#[derive(Clone, Copy)]
struct Moved {
    /// Tick at which the stretch began, as it was seen.
    began: Tick,
    /// Tick at which it begins now.
    now: Tick,
    /// Number of the time step that is complete next: as it was seen, and now.
    step: (u32, u32),
}

impl Moved {
    /// Moves a tick of the stretch to the present; returns `current` for a tick before the stretch.
    fn tick(self, seen: Tick, current: Tick) -> Tick {
        if seen >= self.began { seen - self.began + self.now } else { current }
    }

    /// Moves a tick to the present even if it lies before the stretch.
    fn any_tick(self, seen: Tick) -> Tick {
        seen.wrapping_sub(self.began).wrapping_add(self.now)
    }

    fn cycle(self, seen: u64, current: u64) -> u64 {
        let (began, now) = (self.began / NOC_CYCLE, self.now / NOC_CYCLE);
        if seen >= began { seen - began + now } else { current }
    }

    fn step(self, seen: u32) -> u32 {
        seen.wrapping_sub(self.step.0).wrapping_add(self.step.1)
    }
}

/// Adds what was counted in a stretch.
macro_rules! count {
    ($current:expr, $start:expr, $end:expr, [$($field:ident),*]) => {
        $($current.$field = $current.$field.wrapping_add($end.$field.wrapping_sub($start.$field));)*
    };
}

/// Brings `state` from the begin of a course to its end; memory, host values and packets' bytes are
/// there already, or are filled in afterwards. `late` says by how many ticks the operation of each
/// PE ends later than in the course, modulo 2⁶⁴.
pub(super) fn follow(state: &mut State, course: &Course, late: &[Tick], program: &Program) {
    let Course { start, end, completes, .. } = course;
    let moved =
        Moved { began: start.tick, now: state.tick, step: (start.host.completed, state.host.completed) };
    // Of a step that is complete, the counts are those of the last one.
    let step = |now: u64, last: u64, start: u64| if *completes { last - start } else { now - start };
    // Names every field: one that is added does not compile until it is treated here.
    let State {
        tick,
        events,
        between_steps: _,
        disturbed: _,
        queue,
        pes,
        // A program with timers has no timetable.
        timer: _,
        noc,
        router,
        chip_links,
        blocked: _,
        blocked_since: _,
        packets,
        sent,
        lost: _,
        dram_free,
        deliveries_left,
        outputs_left,
        active: _,
        products: _,
        host,
        phases,
        busy,
        traffic,
        matrix,
        races: _,
        bank_timing_matters: _,
        faults: _,
        fault: _,
    } = state;
    let pairs = start.pes.iter().zip(&end.pes).zip(&program.pes);
    let begun = course.begun.iter().zip(&course.sending).zip(late);
    for ((pe, ((start, end), loaded)), ((&begun, &sending), &late)) in pes.iter_mut().zip(pairs).zip(begun) {
        if let Some(loaded) = loaded {
            self::pe(pe, (start, end), loaded, (begun, sending), moved);
            (pe.ends, pe.count.busy) = (pe.ends.wrapping_add(late), pe.count.busy.wrapping_add(late));
        }
    }
    self::noc(noc, (&start.noc, &end.noc), end.tick, moved);
    for (link, (start, end)) in noc.links.iter_mut().zip(start.noc.links.iter().zip(&end.noc.links)) {
        let packets = [end.step_packets, end.last_step_packets, start.step_packets].map(u64::from);
        link.step_packets += step(packets[0], packets[1], packets[2]) as u32;
    }
    self::packets(packets, &end.packets, moved);
    *tick = moved.tick(end.tick, *tick);
    *events += end.events - start.events;
    *sent += end.sent - start.sent;
    let late = |pe: u16| late.get(usize::from(pe)).copied().unwrap_or(0);
    queue.follow(&start.queue, &end.queue, |tick| moved.any_tick(tick), late);
    for (free, seen) in dram_free.iter_mut().flatten().zip(end.dram_free.iter().flatten()) {
        *free = moved.tick(*seen, *free);
    }
    for (router, (start, end)) in router.iter_mut().zip(start.router.iter().zip(&end.router)) {
        self::router(router, (start, end), moved);
    }
    for (link, (start, end)) in chip_links.iter_mut().zip(start.chip_links.iter().zip(&end.chip_links)) {
        chip_link(link, (start, end), moved);
    }
    for (left, seen) in deliveries_left.iter_mut().zip(&end.deliveries_left) {
        *left = turned(seen, moved);
    }
    *outputs_left = turned(&end.outputs_left, moved);
    host.announced = host.announced.wrapping_add(end.host.announced.wrapping_sub(start.host.announced));
    phases.ended.clone_from(&end.phases.ended);
    for close in &course.closes {
        phases.close(close.population.index(), close.phase, moved.now + close.at);
    }
    self::busy(busy, (&start.busy, &end.busy));
    let NocProbe { step: counted, last_step: _, total, dma_beats, in_flight } = traffic;
    let [now, last, before] = [end.traffic.step, end.traffic.last_step, start.traffic.step];
    for count in [counted, total] {
        let NocCount { packets, hops, latency, max_latency } = count;
        *packets += step(now.packets, last.packets, before.packets);
        *hops += step(now.hops, last.hops, before.hops);
        *latency += step(now.latency, last.latency, before.latency);
        *max_latency = (*max_latency).max(course.max_latency);
    }
    *dma_beats += end.traffic.dma_beats - start.traffic.dma_beats;
    *in_flight = end.traffic.in_flight;
    matrix.add(&course.pairs);
    if *completes {
        state.end_step();
    }
}

/// Rotates counts by time step modulo [`STEPS`] to the present time steps.
fn turned(seen: &[u32; STEPS], moved: Moved) -> [u32; STEPS] {
    let back = moved.step.1.wrapping_sub(moved.step.0) as usize;
    std::array::from_fn(|at| seen[(at + STEPS - back % STEPS) % STEPS])
}

/// Follows a PE that has begun an operation or sent a block in the stretch, or not.
fn pe(
    pe: &mut PeState,
    (start, end): (&PeState<()>, &PeState<()>),
    loaded: &PeProgram,
    (begun, sending): (bool, bool),
    moved: Moved,
) {
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
        fifo: _,
        timer: _,
        inject_delay,
        ended,
        // Phases and the log are carried out with the script.
        timer_counts: _,
        logged: _,
        // Steps with machine code are not added.
        writes: _,
        banks,
        count,
    } = pe;
    *status = end.status;
    *operation = end.operation;
    if begun {
        *began = moved.any_tick(end.began);
    }
    *ends = moved.tick(end.ends, *ends);
    *interrupts_until = moved.tick(end.interrupts_until, *interrupts_until);
    interrupts.clear();
    interrupts.extend(end.interrupts.iter().map(|&(ends, arrival)| (moved.any_tick(ends), arrival)));
    // The counter's word is that of the end; how much is missing was so then.
    *awaited = end.awaited.map(|awaited| {
        let Awaited { slot, counter, set, .. } = awaited;
        let word = loaded.slots.get(usize::from(slot)).map_or(0, |slot| slot.counter_word(counter, set));
        Awaited { value: sram.word(word).wrapping_add(awaited.value), ..awaited }
    });
    let transfer =
        |seen: Transfer| Transfer { step: moved.step(seen.step), began: moved.any_tick(seen.began), ..seen };
    *cursor = end.cursor;
    cursor.transfer = cursor.transfer.map(transfer);
    transfers.clear();
    transfers.extend(end.transfers.iter().map(|&seen| transfer(seen)));
    // Handlers add to it in any operation; sending a block resets it.
    *inject_delay =
        if sending { end.inject_delay } else { *inject_delay + end.inject_delay - start.inject_delay };
    for (ended, (start, end)) in ended.iter_mut().zip(start.ended.iter().zip(&end.ended)) {
        *ended = ended.wrapping_add(end.wrapping_sub(*start));
    }
    banks.follow(&start.banks, &end.banks);
    self::pe_count(count, &start.count, &end.count);
}

fn pe_count(count: &mut PeCount, start: &PeCount, end: &PeCount) {
    count!(count, start, end, [busy, interrupts, sent, received]);
    // Overflows depend on values: they are counted where routines end.
    count.mac.total += end.mac.total.since(start.mac.total);
}

fn noc(noc: &mut Noc, (start, end): (&Noc, &Noc), now: Tick, moved: Moved) {
    let Noc { links, ports, under_way, bursts, beats_waited } = noc;
    for (link, (start, end)) in links.iter_mut().zip(start.links.iter().zip(&end.links)) {
        // Packets of the step: see [`follow`].
        let LinkState { free, step_packets: _, last_step_packets: _, packets, waited } = link;
        *free = moved.cycle(end.free, *free);
        *packets += end.packets - start.packets;
        *waited += end.waited - start.waited;
    }
    for (free, &seen) in ports.iter_mut().zip(&end.ports) {
        *free = moved.cycle(seen, *free);
    }
    let base = moved.any_tick(now) / NOC_CYCLE;
    under_way.follow(&end.under_way, base, |cycle| moved.cycle(cycle, cycle));
    for (burst, seen) in bursts.iter_mut().zip(&end.bursts) {
        *burst = seen.map(|seen| Burst { at: moved.any_tick(seen.at), ..seen });
    }
    *beats_waited += end.beats_waited - start.beats_waited;
}

fn router(router: &mut RouterState, (start, end): (&RouterState, &RouterState), moved: Moved) {
    let RouterState { enter, leave, engines, packets: _, copies: _, waited: _ } = &mut *router;
    let seen = end.enter.iter().chain(&end.leave);
    for (tick, &seen) in enter.iter_mut().chain(leave).zip(seen) {
        *tick = moved.tick(seen, *tick);
    }
    // Engines are in ascending order: those that were not touched are the latest of before.
    let past = engines.iter().filter(|&&tick| tick < moved.now).count();
    let untouched = end.engines.iter().filter(|&&tick| tick < moved.began).count();
    engines.copy_within(past - untouched..past, 0);
    for (tick, &seen) in engines.iter_mut().zip(&end.engines) {
        *tick = moved.tick(seen, *tick);
    }
    count!(router, start, end, [packets, copies, waited]);
}

fn chip_link(link: &mut ChipLinkState, (start, end): (&ChipLinkState, &ChipLinkState), moved: Moved) {
    let ChipLinkState { free, count: _, before: _, last_step: _ } = &mut *link;
    let (began, now) = (moved.began * PARTS, moved.now * PARTS);
    *free = if end.free >= began { end.free - began + now } else { *free };
    count!(link.count, start.count, end.count, [packets, link_packets, bytes, waited]);
}

fn packets(packets: &mut PacketStore, end: &PacketStore, moved: Moved) {
    packets.clone_from(end);
    for Travelling { packet, sent, .. } in packets.all_mut() {
        *sent = moved.any_tick(*sent);
        match &mut packet.kind {
            PacketKind::Values { step, .. } | PacketKind::Announce { step, .. } => *step = moved.step(*step),
            PacketKind::Message { .. } | PacketKind::Event { .. } => {}
        }
    }
}

fn busy(busy: &mut BusyProbe, (start, end): (&BusyProbe, &BusyProbe)) {
    for (busy, start, end) in
        [(&mut busy.phases, &start.phases, &end.phases), (&mut busy.mac, &start.mac, &end.mac)]
    {
        for (phases, (start, end)) in busy.iter_mut().zip(start.iter().zip(end)) {
            for (ticks, (start, end)) in phases.iter_mut().zip(start.iter().zip(end)) {
                *ticks += end - start;
            }
        }
    }
    busy.interrupts += end.interrupts - start.interrupts;
}
