//! SRAM banks on a running chip: who waits for whom changes time, never results, and the
//! counts add up.

#![allow(clippy::unwrap_used, reason = "a test helper that fails should say where")]

use std::sync::Arc;

use spinntui::chip::geometry::{ChipId, Pe};
use spinntui::machine::banks::BankCount;
use spinntui::machine::exec::Machine;
use spinntui::machine::options::{Assume, BankInterleave, BankPriority, ChipOptions};
use spinntui::machine::program::{DramRows, Program};
use spinntui::mapping::options::{LayerMapping, MappingOptions};
use spinntui::mapping::{Request, map};
use spinntui::net::csr::from_dense;
use spinntui::net::{Compare, Egru, EgruLayer, Output, Tanh};

const INPUTS: usize = 20;
const STEPS: u32 = 40;

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
        for (i, value) in (0_u32..).zip(out) {
            *value = ((i * 7 + row * 3) % 11) as f32 / 11.0;
        }
    }
}

fn layer(name: &str, inputs: usize, units: usize) -> EgruLayer {
    let matrix = |columns: usize| {
        let value = |i: usize| if i.is_multiple_of(3) { 0.0 } else { ((i * 31 % 17) as f32 - 8.0) / 9.0 };
        let dense: Vec<f32> = (0..columns * 3 * units).map(value).collect();
        from_dense(columns, 3 * units, &dense).unwrap()
    };
    EgruLayer {
        name: name.into(),
        input_weights: matrix(inputs),
        recurrent: matrix(units),
        bias: vec![0.2; 3 * units],
        recurrent_bias: vec![0.1; 3 * units],
        threshold: vec![0.05; units],
        output: Output::Y,
        compare: Compare::Greater,
        always: false,
        tanh: Tanh::Libm,
    }
}

fn program(interleave: BankInterleave, priority: BankPriority) -> Arc<Program> {
    let layers = vec![layer("a", INPUTS, 60), layer("b", 60, 50)];
    let network = Egru { layers };
    let assume = Assume { bank_interleave: interleave, bank_priority: priority, ..Assume::default() };
    let split =
        |name: &str, pes| LayerMapping { layer: name.into(), pes: Some(pes), ..LayerMapping::default() };
    let mapping =
        MappingOptions { layers: vec![split("a", 12), split("b", 10)], ..MappingOptions::default() };
    let request = Request {
        network: &network,
        dram: Arc::new(Rows),
        restart: None,
        chip: &ChipOptions::default(),
        mapping: &mapping,
        assume: &assume,
        peaks: None,
        head: None,
    };
    Arc::new(map(&request).unwrap().0)
}

/// Result of a run.
struct Ran {
    machine: Machine,
    outputs: Vec<u32>,
    hash: u128,
}

impl Ran {
    fn new(interleave: BankInterleave, priority: BankPriority) -> Self {
        let mut machine = Machine::new(program(interleave, priority));
        let mut outputs = Vec::new();
        for row in 0..STEPS {
            machine.announce(&[row]);
            while !machine.advance().unwrap().step {}
            outputs.extend(machine.output(0).iter().map(|y| y.to_bits()));
        }
        let hash = machine.state_hash();
        Self { machine, outputs, hash }
    }

    fn tick(&self) -> u64 {
        self.machine.state().tick
    }

    fn all(&self) -> BankCount {
        let banks = self.machine.state().pes.iter().flat_map(|pe| pe.banks.count);
        banks.fold(BankCount::default(), BankCount::plus)
    }
}

const INTERLEAVES: [BankInterleave; 2] = [BankInterleave::Block, BankInterleave::Word];

#[test]
fn whoever_waits_the_results_are_the_same_and_a_core_that_waits_is_later() {
    for interleave in INTERLEAVES {
        let [core, writes, turns] = [BankPriority::Core, BankPriority::Writes, BankPriority::RoundRobin]
            .map(|priority| Ran::new(interleave, priority));
        assert_eq!(core.outputs, writes.outputs);
        assert_eq!(core.outputs, turns.outputs);
        assert!(core.outputs.iter().any(|&y| y != 0));
        assert!(writes.all().core_stalls > 0, "{interleave:?}: nothing to see");
        assert_eq!((core.all().core_stalls, writes.all().write_waits), (0, 0));
        assert!(turns.all().core_stalls > 0 && turns.all().write_waits > 0);
        assert!(writes.tick() > core.tick(), "{interleave:?}");
        assert!(turns.tick() >= core.tick());
    }
}

#[test]
fn counts_add_up_to_what_the_chip_did() {
    for interleave in INTERLEAVES {
        let ran = Ran::new(interleave, BankPriority::Writes);
        let state = ran.machine.state();
        for pe in &state.pes {
            let written: u64 = pe.banks.count.iter().map(|bank| bank.noc).sum();
            assert_eq!(written, pe.count.received);
        }
        assert_eq!(ran.all().dma, state.traffic.dma_beats);
        assert_eq!(ran.all().conflicts(), ran.all().core_stalls + ran.all().write_waits);
        // A stall is busy time, and busy time has a phase: the parts still add up.
        let busy: u64 = state.pes.iter().map(|pe| pe.count.busy).sum();
        let phases: u64 = state.busy.phases.iter().flatten().sum();
        assert_eq!(busy, phases + state.busy.interrupts);
    }
}

/// Core accesses do not depend on where they fall.
#[test]
fn word_and_block_spread_the_same_accesses() {
    let [block, word] = INTERLEAVES.map(|interleave| Ran::new(interleave, BankPriority::Core));
    assert_eq!(block.all().core, word.all().core);
    assert_eq!(block.tick(), word.tick());
    assert_eq!(block.hash, word.hash, "with the core first, banks only observe");
    let pe = Pe::of(ChipId::FIRST).find(|&pe| block.machine.program().pe(pe).is_some()).unwrap().index();
    let of = |ran: &Ran| ran.machine.state().pes[pe].banks.count;
    // Buffers lie in block 0, so that all packets are written there; words spread them.
    assert!(of(&block)[1..].iter().all(|bank| bank.noc == 0));
    assert!(of(&word).iter().all(|bank| bank.noc > 0));
}

#[test]
fn the_same_run_twice_is_the_same_run() {
    for priority in [BankPriority::Core, BankPriority::Writes, BankPriority::RoundRobin] {
        let [first, second] = [(); 2].map(|()| Ran::new(BankInterleave::Word, priority));
        assert_eq!((first.hash, first.tick()), (second.hash, second.tick()));
        assert_eq!(first.all(), second.all());
    }
    let [core, writes] =
        [BankPriority::Core, BankPriority::Writes].map(|p| Ran::new(BankInterleave::Block, p).hash);
    assert_ne!(core, writes);
}
