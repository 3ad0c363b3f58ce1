//! Tests of the ways in which outputs reach their readers: every packet once to every reader, and
//! full FIFOs as the scene says.

#![allow(clippy::unwrap_used, reason = "a test helper that fails should say where")]

use std::sync::Arc;

use spinntui::chip::geometry::{ChipId, PE_COUNT, Pe};
use spinntui::kernel::events::most_packets;
use spinntui::machine::arrivals::Relay;
use spinntui::machine::exec::Machine;
use spinntui::machine::options::{Assume, ChipOptions, Waiting};
use spinntui::machine::program::{DramRows, Program};
use spinntui::machine::record::{Limits, Service};
use spinntui::machine::stop::{Stall, StallCause, Stop};
use spinntui::mapping::egru::Phase;
use spinntui::mapping::options::{
    Barrier, Broadcast, FifoOptions, LayerMapping, MappingOptions, OnFull, Payload,
};
use spinntui::mapping::{Request, map};
use spinntui::net::csr::from_dense;
use spinntui::net::{Compare, Egru, EgruLayer, Output, Tanh};

const INPUTS: usize = 6;
const STEPS: u32 = 5;
const UNITS: [usize; 2] = [45, 30];
const PES: [usize; 2] = [9, 5];

#[derive(Debug)]
struct Rows;

impl DramRows for Rows {
    fn rows(&self) -> u64 {
        STEPS.into()
    }
    fn width(&self) -> usize {
        INPUTS
    }
    fn read(&self, row: u32, out: &mut [f32]) {
        for (i, value) in out.iter_mut().enumerate() {
            *value = wave(row as usize * INPUTS + i);
        }
    }
}

/// Values between −1 and 1 that repeat late.
fn wave(i: usize) -> f32 {
    (i as f32 * 0.737).sin()
}

/// Units are silent below `threshold`.
fn network(threshold: f32) -> Egru {
    let matrix = |columns: usize, units: usize, seed: usize| {
        let keep = |i: usize| if i.is_multiple_of(3) { wave(i + seed) } else { 0.0 };
        let dense: Vec<f32> = (0..columns * 3 * units).map(keep).collect();
        from_dense(columns, 3 * units, &dense).unwrap()
    };
    let mut inputs = INPUTS;
    let mut layers = Vec::new();
    for (k, units) in UNITS.into_iter().enumerate() {
        layers.push(EgruLayer {
            name: format!("rnns.{k}"),
            input_weights: matrix(inputs, units, 7 * k),
            recurrent: matrix(units, units, 1000 * k + 3),
            bias: (0..3 * units).map(|i| 0.5 * wave(i)).collect(),
            recurrent_bias: vec![0.1; 3 * units],
            threshold: vec![threshold; units],
            output: Output::Y,
            compare: Compare::Greater,
            always: false,
            tanh: Tanh::Libm,
        });
        inputs = units;
    }
    Egru { layers }
}

fn mapping(broadcast: Broadcast, payload: Payload, fifo: FifoOptions) -> MappingOptions {
    let layer = |(k, pes): (usize, usize)| LayerMapping {
        layer: format!("rnns.{k}"),
        pes: Some(pes as u32),
        ..LayerMapping::default()
    };
    let layers = PES.into_iter().enumerate().map(layer).collect();
    MappingOptions { broadcast, payload, fifo, layers, ..MappingOptions::default() }
}

fn program(network: &Egru, mapping: &MappingOptions, assume: &Assume, waiting: Waiting) -> Program {
    let chip = ChipOptions { waiting, ..ChipOptions::default() };
    let dram = Arc::new(Rows);
    let request =
        Request { network, dram, restart: None, chip: &chip, mapping, assume, peaks: None, head: None };
    map(&request).unwrap().0
}

/// Runs one time step and returns its outputs, or the reason why it does not end.
fn step(machine: &mut Machine, row: u32) -> Result<Vec<u32>, Stop> {
    machine.announce(&[row]);
    loop {
        match machine.advance() {
            Some(progress) if progress.step => break,
            Some(_) => {}
            None => return Err(machine.stop().unwrap()),
        }
    }
    Ok(machine.output(0).iter().map(|y| y.to_bits()).collect())
}

/// Runs all steps: the machine and what came out, or why it stopped.
fn run(threshold: f32, mapping: &MappingOptions, assume: &Assume) -> (Machine, Result<Vec<Vec<u32>>, Stop>) {
    let program = program(&network(threshold), mapping, assume, Waiting::Poll);
    let mut machine = Machine::new(Arc::new(program));
    let outputs = (0..STEPS).map(|t| step(&mut machine, t)).collect();
    (machine, outputs)
}

fn expected(threshold: f32) -> Vec<Vec<u32>> {
    let network = network(threshold);
    let mut state = network.state();
    let mut row = vec![0.0; INPUTS];
    let step = |t| {
        Rows.read(t, &mut row);
        network.step(&mut state, &row).iter().map(|y| y.to_bits()).collect()
    };
    (0..STEPS).map(step).collect()
}

const WAYS: [Broadcast; 3] = [Broadcast::QpeMulticast, Broadcast::Router, Broadcast::Dma];
const SMALL: u32 = 60; // three packets

fn fifo(bytes: u32, on_full: OnFull) -> FifoOptions {
    FifoOptions { bytes, on_full }
}

/// Returns the layer that a PE works for.
fn layer_of(program: &Program, pe: usize) -> Option<u16> {
    program.pes[pe].as_ref().map(|loaded| loaded.slots[0].population.0)
}

#[test]
fn every_packet_is_delivered_once_to_every_reader_whichever_way() {
    for payload in [Payload::Dense, Payload::Events] {
        let mut first: Option<Vec<u64>> = None;
        for broadcast in WAYS {
            let mapping = mapping(broadcast, payload, FifoOptions::default());
            let (machine, outputs) = run(0.05, &mapping, &Assume::default());
            assert_eq!(outputs.unwrap(), expected(0.05), "{broadcast:?} {payload:?}");
            let program = machine.program();
            let matrix = &machine.state().matrix;
            let mut cells = Vec::new();
            for (from, to) in (0..PE_COUNT).flat_map(|from| (0..PE_COUNT).map(move |to| (from, to))) {
                let total = matrix.total(from, to);
                cells.push(total);
                let reads = match (layer_of(program, from), layer_of(program, to)) {
                    (Some(sender), Some(reader)) => reader == sender || reader == sender + 1,
                    _ => false,
                };
                let slot = program.pes[from].as_ref().map(|loaded| &loaded.slots[0]);
                let least = if reads { u64::from(STEPS) } else { 0 };
                let most = match slot.filter(|_| reads) {
                    None => 0,
                    Some(slot) if payload == Payload::Dense => u64::from(slot.packets() * STEPS),
                    Some(slot) => u64::from(most_packets(slot.units.len() as u32) * STEPS),
                };
                assert!((least..=most).contains(&total), "{broadcast:?} {payload:?} {from} to {to}: {total}");
                if payload == Payload::Dense {
                    assert_eq!(total, most);
                }
            }
            // All ways deliver the same packets.
            assert_eq!(first.get_or_insert(cells.clone()), &cells, "{broadcast:?} {payload:?}");
            assert_eq!(machine.state().traffic.in_flight, 0);
        }
    }
}

#[test]
fn silence_sends_end_markers_only() {
    let busy = run(
        0.05,
        &mapping(Broadcast::QpeMulticast, Payload::Events, FifoOptions::default()),
        &Assume::default(),
    );
    let quiet = run(
        9.0,
        &mapping(Broadcast::QpeMulticast, Payload::Events, FifoOptions::default()),
        &Assume::default(),
    );
    assert_eq!(quiet.1.unwrap(), expected(9.0));
    let senders = Pe::of(ChipId::FIRST).filter(|pe| quiet.0.program().pe(*pe).is_some());
    for pe in senders {
        let slot = &quiet.0.program().pe(pe).unwrap().slots[0];
        let sent = quiet.0.state().pes[pe.index()].count.sent;
        assert_eq!(sent, u64::from(STEPS) * slot.targets.len() as u64, "{pe}");
    }
    assert!(quiet.0.state().tick < busy.0.state().tick);
}

#[test]
fn a_full_fifo_that_stalls_loses_nothing_and_costs_time() {
    for payload in [Payload::Dense, Payload::Events] {
        let small = mapping(Broadcast::Router, payload, fifo(SMALL, OnFull::Stall));
        let large = mapping(Broadcast::Router, payload, FifoOptions::default());
        let ((tight, outputs), (roomy, _)) =
            (run(0.05, &small, &Assume::default()), run(0.05, &large, &Assume::default()));
        assert_eq!(outputs.unwrap(), expected(0.05));
        let sum = |machine: &Machine, of: fn(&spinntui::machine::fifo::FifoCount) -> u64| -> u64 {
            machine.state().pes.iter().map(|pe| of(&pe.fifo.count)).sum()
        };
        assert!(sum(&tight, |c| c.stalled) > 0);
        assert_eq!(sum(&roomy, |c| c.stalled), 0);
        assert_eq!(sum(&tight, |c| c.dropped + c.overwritten), 0);
        assert_eq!(sum(&tight, |c| c.written), sum(&roomy, |c| c.written));
        let high = |machine: &Machine| machine.state().pes.iter().map(|pe| pe.fifo.count.high_water).max();
        assert_eq!(high(&tight), Some(SMALL / 20));
        assert!(high(&roomy) > high(&tight));
        assert!(tight.state().tick >= roomy.state().tick);
        assert_eq!(tight.state().races.count + roomy.state().races.count, 0);
    }
}

#[test]
fn what_a_full_fifo_loses_is_counted_and_named() {
    for on_full in [OnFull::Drop, OnFull::Overwrite] {
        let small = mapping(Broadcast::Router, Payload::Dense, fifo(SMALL, on_full));
        let (machine, outputs) = run(0.05, &small, &Assume::default());
        let counts = || machine.state().pes.iter().map(|pe| pe.fifo.count);
        let (dropped, overwritten): (u64, u64) =
            counts().fold((0, 0), |(d, o), c| (d + c.dropped, o + c.overwritten));
        assert_eq!((dropped > 0, overwritten > 0), (on_full == OnFull::Drop, on_full == OnFull::Overwrite));
        // What came to a PE was written or dropped; what was written came out, was overwritten, or
        // is there still.
        for pe in &machine.state().pes {
            let c = pe.fifo.count;
            assert!(c.written + c.dropped <= pe.count.received);
            assert!(c.overwritten + u64::from(pe.fifo.fill) <= c.written);
        }
        match outputs {
            // A last packet of a block is missing: its reader waits for ever.
            Err(stop) => {
                let Stop::Stall(Stall { waiting: Some(_), cause }) = &stop else { panic!("{stop}") };
                let lost = |pe: Pe| {
                    let count = machine.state().pes[pe.index()].fifo.count;
                    count.dropped + count.overwritten
                };
                let StallCause::FifoLost { packets, worst, lost_there } = *cause else { panic!("{stop}") };
                assert_eq!((packets, lost_there), (dropped + overwritten, lost(worst)), "{stop}");
                assert!(Pe::of(ChipId::FIRST).all(|pe| lost(pe) <= lost_there), "{stop}");
            }
            Ok(outputs) => assert_ne!(outputs, expected(0.05)),
        }
    }
}

#[test]
fn the_routers_latency_is_on_every_packets_way() {
    let mapping = mapping(Broadcast::Router, Payload::Dense, FifoOptions::default());
    let slow = Assume { router_latency_ns: 5000.0, ..Assume::default() };
    let ((near, _), (far, outputs)) = (run(0.05, &mapping, &Assume::default()), run(0.05, &mapping, &slow));
    assert_eq!(outputs.unwrap(), expected(0.05));
    // Two layers in a row, each a trip through the router: 5 µs are 6,000 ticks.
    let longer = far.state().tick - near.state().tick;
    assert!((6_000 * u64::from(STEPS)..=2 * 6_000 * u64::from(STEPS) + 6_000).contains(&longer), "{longer}");
    assert_eq!(far.state().router[0].packets, near.state().router[0].packets);
}

/// The NoC writes an entry of 20 bytes as two words of 128 bits, and anything else as one.
#[test]
fn banks_count_what_is_written_into_the_fifo() {
    for broadcast in [Broadcast::QpeMulticast, Broadcast::Dma, Broadcast::Router] {
        let mapping = mapping(broadcast, Payload::Dense, FifoOptions::default());
        let (machine, outputs) = run(0.05, &mapping, &Assume::default());
        assert_eq!(outputs.unwrap(), expected(0.05));
        for pe in &machine.state().pes {
            let words: u64 = pe.banks.count.iter().map(|bank| bank.noc).sum();
            assert_eq!(words, pe.count.received + pe.fifo.count.written);
        }
        let entries: u64 = machine.state().pes.iter().map(|pe| pe.fifo.count.written).sum();
        assert_eq!(entries > 0, broadcast == Broadcast::Router);
    }
}

#[test]
fn a_lost_packet_on_its_way_to_the_router_is_lost_to_all() {
    let mapping = mapping(Broadcast::Router, Payload::Dense, FifoOptions::default());
    let program = program(&network(0.05), &mapping, &Assume::default(), Waiting::Sleep);
    let announcements = program.announcements[0].to.len() as u64;
    let mut machine = Machine::new(Arc::new(program));
    machine.lose_packet(announcements); // the first packet that a PE sends
    let result = step(&mut machine, 0);
    if let Err(stop) = result {
        assert!(matches!(&stop, Stop::Stall(Stall { cause: StallCause::PacketsLost, .. })), "{stop}");
    }
    let senders = |pe: &Pe| machine.state().pes[pe.index()].count.sent > 0;
    assert!(Pe::of(ChipId::FIRST).any(|pe| senders(&pe)));
}

/// A handler and the messages that it sets off delay a FIFO entry that the core is taking out.
///
/// Without them, each entry takes the cycles of its listing.
#[test]
fn handlers_and_releases_delay_the_fifo_entry_that_they_meet() {
    let mut network = network(0.05);
    network.layers.truncate(1);
    let mut mapping = mapping(Broadcast::Router, Payload::Dense, FifoOptions::default());
    mapping.layers.truncate(1);
    mapping.barrier = Barrier::Always;
    let mut program = program(&network, &mapping, &Assume::default(), Waiting::Poll);
    // An announcement arrives while PEs still take out y of the step before. In mapped programs no
    // message follows from it, so that no release would meet an entry.
    let message = program.announcements[0].message;
    let relay = Relay { counter: message.counter, every: 1, message, to: Vec::new() };
    for loaded in program.pes.iter_mut().flatten() {
        loaded.slots[0].relays.push(relay.clone());
    }
    let (costs, cycle) = (program.costs.clone(), program.operating_point.ticks_per_cycle());
    let more = [costs.fifo_empty, costs.fifo_last, costs.fifo_wrap];
    let some = |set: usize| (0..3).filter(|i| set >> i & 1 == 1).map(|i| more[i]).sum::<u64>();
    let own: Vec<u64> = (0..8).map(|set| cycle * (costs.fifo_entry + some(set))).collect();
    let mut machine = Machine::new(Arc::new(program));
    machine.record(Limits::default());
    for t in 0..STEPS {
        step(&mut machine, t).unwrap();
    }
    let mut met = Vec::new();
    for pe in &machine.recorded().unwrap().pes {
        for drain in pe.services.iter().filter(|span| span.service == Service::Drain) {
            let inside = |begin: u64| (drain.begin..drain.end).contains(&begin);
            let others = pe.services.iter().filter(|span| span.service != Service::Drain);
            let others: Vec<_> = others.filter(|span| inside(span.begin)).collect();
            let held: u64 = others.iter().map(|span| span.end - span.begin).sum();
            assert!(own.contains(&(drain.end - drain.begin - held)), "{drain:?} {others:?}");
            met.extend(others.iter().map(|span| span.service));
        }
    }
    assert!(met.contains(&Service::Handler) && met.contains(&Service::Release), "{met:?}");
}

#[test]
fn a_core_that_only_programs_transfers_is_done_with_sending_sooner() {
    let cycles = |broadcast| {
        let (machine, _) =
            run(0.05, &mapping(broadcast, Payload::Dense, FifoOptions::default()), &Assume::default());
        let machine_busy = machine.state().busy.phases.clone();
        machine_busy[0][Phase::Broadcast.index()]
    };
    assert!(cycles(Broadcast::Dma) > 0);
    assert!(cycles(Broadcast::Router) < cycles(Broadcast::QpeMulticast), "one trigger a packet");
}
