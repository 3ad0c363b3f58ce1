//! Programs of spiking networks beside those of other families: time, words, refusals.
//!
//! That chip and mathematics agree bit for bit is tested in
//! `emulator/src/mapping/spiking/tests.rs`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::Rows;
use spinntui::machine::exec::Machine;
use spinntui::machine::legend::PhaseRole;
use spinntui::machine::options::{Assume, ChipOptions};
use spinntui::mapping::options::{LayerMapping, MappingOptions};
use spinntui::mapping::spiking::{self, Request, SpikingError, SpikingSlot, TickLength};
use spinntui::net::spiking::connect::{Connection, Synapse};
use spinntui::net::spiking::population::Spinnaker2Lif;
use spinntui::net::spiking::{Network, Origin, Projection, SpikeSource};
use spinntui::session::energy::Meter;
use spinntui::session::stats::Stats;
use spinntui::session::timeline::StepHistory;
use spinntui::session::timeline::path::packet_words;

/// Returns a network of one source and two populations of one neuron in a row; a spike crosses in
/// `delay` ticks.
fn network(delay: u16) -> Network {
    let neuron = Spinnaker2Lif {
        threshold: 1.0,
        alpha_decay: 0.5,
        i_offset: 0.0,
        v_init: 0.0,
        v_reset: Some(0.0),
        currents: None,
    };
    let rows = |weight, delay| {
        let synapse = Synapse { target: 0, delay, weight };
        Connection::sparse(1, 1, &[(0, synapse)]).unwrap().rows(0).unwrap()
    };
    let forth = |name: &str, from, to, weight, delay| Projection {
        name: name.into(),
        from,
        to,
        rows: rows(weight, delay),
    };
    Network::new(
        vec![SpikeSource { name: "in".into(), shape: vec![1] }],
        vec![neuron.population("a".into(), 1), neuron.population("b".into(), 1)],
        vec![
            forth("in → a", Origin::Source(0), 0, 2.0, 1),
            forth("a → b", Origin::Population(0), 1, 3.0, delay),
        ],
        vec![],
    )
    .unwrap()
}

fn program(network: &Network, rows: &[Vec<f32>], mapping: &MappingOptions) -> Result<Machine, SpikingError> {
    let request = Request {
        network,
        inputs: Arc::new(Rows(rows.to_vec())),
        poisson: None,
        counts: false,
        restart: None,
        chip: &ChipOptions::default(),
        mapping,
        tick: TickLength::Auto,
        assume: &Assume::default(),
    };
    spiking::map(&request).map(|(program, _)| Machine::new(Arc::new(program)))
}

fn machine(network: &Network, rows: &[Vec<f32>]) -> Machine {
    program(network, rows, &MappingOptions::default()).unwrap()
}

/// A spike of the first neuron reaches the second `delay` ticks later, on another PE; computed by
/// hand.
#[test]
fn a_spike_crosses_the_chip_with_its_delay() {
    for delay in 0..4 {
        let rows: Vec<Vec<f32>> = (0..8).map(|tick| vec![if tick == 1 { 1.0 } else { 0.0 }]).collect();
        let mut machine = machine(&network(delay), &rows);
        let mut seen = Vec::new();
        for tick in 0..8 {
            assert!(machine.run(&[vec![tick]], 1));
            seen.push((machine.output_of(0, 0)[0], machine.output_of(1, 0)[0]));
        }
        let at = |tick: u32, due: u32| if tick == due { 1.0 } else { 0.0 };
        let expected: Vec<_> = (0..8).map(|tick| (at(tick, 2), at(tick, 2 + u32::from(delay)))).collect();
        assert_eq!(seen, expected, "delay {delay}");
    }
}

/// Time passes, energy is used, and the phases add up to the chip time, as for any other program.
#[test]
fn a_spiking_program_is_timed_like_any_other() {
    let mut machine = machine(&network(1), &vec![vec![1.0]; 4]);
    assert!(machine.run(&(0..4).map(|row| vec![row]).collect::<Vec<_>>(), 4));
    let state = machine.state();
    let total: u64 = state.phases.total.iter().flatten().sum();
    assert_eq!(total, state.phases.frontier);
    assert!(state.phases.total[0][spiking::NEURONS.index()] > 0 && state.host.completed_at > 0);
    assert_eq!(machine.program().legend.phase(spiking::NEURONS), "neurons");
    assert!(state.timer.count.longest > 0 && state.timer.count.overrun_count == 0);
}

/// Runs two populations with a recording, and returns machine, step history and statistics.
fn recorded(delay: u16) -> (Machine, StepHistory, Stats) {
    let mut machine = machine(&network(delay), &vec![vec![1.0]; 5]);
    let mut stats = Stats::new(2, machine.program().pes.len());
    let mut step_history = StepHistory::begin(&mut machine);
    for tick in 0..5 {
        assert!(machine.run(&[vec![tick]], 1));
        step_history.step(&mut machine, "tick");
        stats.step(&machine, &[machine.output_of(1, 0)]);
    }
    (machine, step_history, stats)
}

/// Recording, timeline and statistics need no other family's words.
#[test]
fn a_spiking_program_is_shown_in_its_own_words() {
    let (machine, step_history, stats) = recorded(0);
    let legend = &machine.program().legend;
    let own: Vec<&str> = legend.phases.iter().map(|phase| phase.name).collect();
    assert_eq!(own, ["tick", "read", "synapses", "wait", "neurons", "send", "log"]);
    let record = machine.recorded().unwrap();
    let spans = record.pes.iter().flat_map(|pe| &pe.operations);
    let seen: BTreeSet<&str> = spans.map(|span| legend.phase(span.phase)).collect();
    assert_eq!(seen, own.iter().copied().collect(), "every phase is recorded under its name");
    let packets: BTreeSet<&str> =
        record.packets.iter().map(|packet| packet_words(legend, packet.kind)).collect();
    assert!(packets.contains("spikes"), "{packets:?}");

    let step = step_history.steps.back().unwrap();
    let on_path: BTreeSet<&str> =
        step.path.iter().filter_map(|segment| Some(legend.phase(segment.phase?))).collect();
    assert!(on_path.contains("neurons") && on_path.iter().all(|name| own.contains(name)), "{on_path:?}");
    assert_eq!(step.uses.ticks(), step.span.end - step.span.begin);
    assert!(step.uses.arithmetic > 0, "{:?}", step.uses);

    let parts = Meter::of(&machine).parts();
    for phase in legend.ids().filter(|&phase| legend.role(phase) != PhaseRole::Wait) {
        let name = legend.phase(phase);
        let joules: f64 = parts.phases_j.iter().map(|of| of[phase.index()]).sum();
        assert!(joules > 0.0, "{name}: {joules}");
    }
    // Both neurons spike in every tick but the first.
    assert_eq!([0, 1].map(|k| stats.layer_activity(k, 1).to_string()), ["0.8", "0.8"]);
    assert_eq!(stats.saturated(), [[0.0; 2]; 2], "there are no gates");
}

/// Tests the slot data that a fault form, the detail of a PE and conditions on words read
/// of any family.
#[test]
fn a_spiking_slot_describes_itself() {
    let (machine, ..) = recorded(1);
    let program = machine.program();
    let loaded = program.pe(program.populations[1].pes[0]).unwrap();
    let slot = &loaded.slots[0];
    let layout = &SpikingSlot::of(slot).unwrap().layout;
    assert_eq!((slot.detail.state(), Some(slot.detail.sent())), (layout.potential, layout.y));
    assert_eq!(slot.detail.weights(), 1);
    assert_eq!(slot.detail.work(spiking::SYNAPSES), "1 synapses");
    let logged: Vec<&str> = loaded.logged().iter().map(|&phase| program.legend.phase(phase)).collect();
    assert_eq!(logged, ["read", "synapses", "neurons", "send"]);
    assert!(!program.has_barrier(0) && !program.has_barrier(1));
    assert_eq!(program.legend.named("neurons"), Some(spiking::NEURONS));
    assert_eq!(program.legend.named("egru_input"), None);
}

#[test]
fn what_does_not_fit_is_refused_with_numbers() {
    let network = network(1);
    let refused = |layer: LayerMapping, width: usize| {
        let mapping = MappingOptions { layers: vec![layer], ..MappingOptions::default() };
        program(&network, &[vec![0.0; width]], &mapping).unwrap_err()
    };
    let layer = |name: &str, pes| LayerMapping { layer: name.into(), pes, ..LayerMapping::default() };
    assert!(matches!(refused(layer("a", Some(2)), 1), SpikingError::Pes { units: 1, pes: 2, .. }));
    assert!(matches!(refused(layer("a", Some(1)), 3), SpikingError::Width { needed: 1, found: 3 }));
    assert!(matches!(refused(layer("a", None), 1), SpikingError::Spread { .. }));
    let error = refused(layer("c", Some(1)), 1);
    assert!(error.to_string().contains("unknown population `c`") && error.to_string().contains("a, b"));
    let on = LayerMapping { layer: "a".into(), on: Some(vec![(9, 9, 0).into()]), ..LayerMapping::default() };
    assert!(refused(on, 1).to_string().contains("does not exist"));
}
