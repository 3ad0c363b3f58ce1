//! Spiking populations on the emulated chip, against their mathematics: every spike and every
//! potential, bit for bit.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::Rows;
use proptest::prelude::*;
use spinntui::kernel::options::KernelKind;
use spinntui::machine::exec::Machine;
use spinntui::machine::legend::PhaseRole;
use spinntui::machine::options::{Assume, ChipOptions};
use spinntui::mapping::options::Placement;
use spinntui::mapping::lif::{self as spiking, PopulationMapping, Request, SpikingError, SpikingSlot};
use spinntui::net::csr::{Csr, from_parts};
use spinntui::net::lif::{Lif, LifPopulation, LifState, Projection, Reset, Source};
use spinntui::session::energy::Meter;
use spinntui::session::stats::Stats;
use spinntui::session::timeline::Tape;
use spinntui::session::timeline::path::packet_words;

const KERNELS: [KernelKind; 6] = [
    KernelKind::CsrRow,
    KernelKind::CsrRow16,
    KernelKind::CsrRowSkip,
    KernelKind::CscEvent,
    KernelKind::Dense,
    KernelKind::DenseEvent,
];

fn machine(network: &Lif, mapping: &[PopulationMapping], rows: &[Vec<f32>]) -> Machine {
    let request = Request {
        network,
        dram: Arc::new(Rows(rows.to_vec())),
        chip: &ChipOptions::default(),
        populations: mapping,
        placement: Placement::Clustered,
        assume: &Assume::default(),
    };
    Machine::new(Arc::new(spiking::map(&request).unwrap()))
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Potentials of a population, read from the SRAM of its PEs.
fn potentials(machine: &Machine, population: usize) -> Vec<f32> {
    let program = machine.program();
    let of = |pe: &spinntui::chip::geometry::Pe| {
        let slot = &program.pe(*pe).unwrap().slots[0];
        let at = SpikingSlot::of(slot).unwrap().layout.potential as usize / 4;
        machine.state().pes[pe.index()].sram.floats()[at..at + slot.units.len()].to_vec()
    };
    program.layers[population].pes.iter().flat_map(of).collect()
}

/// Runs chip and mathematics side by side, and returns the number of spikes.
fn agree(network: &Lif, mapping: &[PopulationMapping], rows: &[Vec<f32>]) -> usize {
    let mut machine = machine(network, mapping, rows);
    let mut state = network.state();
    let mut spikes = 0;
    for (step, row) in rows.iter().enumerate() {
        assert!(machine.run(&[vec![step as u32]], 1), "step {step}: {:?}", machine.stop());
        network.step(&mut state, row);
        spikes += same(&machine, network, &state, step);
    }
    assert_eq!(machine.state().races.count, 0, "{:?}", machine.state().races.first);
    spikes
}

fn same(machine: &Machine, network: &Lif, state: &LifState, step: usize) -> usize {
    let mut spikes = 0;
    for k in 0..network.populations().len() {
        let place = format!("step {step}, population {k}");
        assert_eq!(bits(&machine.output_of(k, 0)), bits(state.spikes(k)), "spikes, {place}");
        assert_eq!(bits(&potentials(machine, k)), bits(&state.potential[k]), "potentials, {place}");
        spikes += state.spikes(k).iter().filter(|&&y| y != 0.0).count();
    }
    spikes
}

/// A weight or 0: about a third of them.
fn weight() -> impl Strategy<Value = f32> {
    prop_oneof![1 => Just(0.0), 2 => -1.5_f32..2.0]
}

/// Weights of a matrix, dense or with every 0 left out.
fn csr(rows: usize, columns: usize, values: &[f32], dense: bool) -> Csr {
    let (mut pointers, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for row in values.chunks(columns).take(rows) {
        for (column, &value) in (0..).zip(row) {
            if dense || value != 0.0 {
                indices.push(column);
                data.push(value);
            }
        }
        pointers.push(data.len() as u32);
    }
    from_parts(rows, columns, pointers, indices, data).unwrap()
}

fn population(number: usize) -> impl Strategy<Value = LifPopulation> {
    (1_usize..12, any::<bool>()).prop_flat_map(move |(units, subtract)| {
        let vector = |range: std::ops::Range<f32>| prop::collection::vec(range, units);
        (vector(-0.2..0.4), vector(0.3..1.0), vector(0.2..1.5), vector(-0.5..0.2)).prop_map(
            move |(bias, decay, threshold, reset)| LifPopulation {
                name: format!("p{number}"),
                bias,
                decay,
                threshold,
                reset: if subtract { Reset::Subtract } else { Reset::To(reset) },
            },
        )
    })
}

/// Source (the last number stands for the input), target, delay, whether dense, and more weights
/// than any needs.
type Draft = (usize, usize, u32, bool, Vec<f32>);

#[derive(Clone, Debug)]
struct Case {
    network: Lif,
    mapping: Vec<PopulationMapping>,
    rows: Vec<Vec<f32>>,
}

fn case() -> impl Strategy<Value = Case> {
    let populations = (1_usize..4).prop_flat_map(|count| (0..count).map(population).collect::<Vec<_>>());
    let drafts = prop::collection::vec(
        (0_usize..4, 0_usize..3, 1_u32..4, any::<bool>(), prop::collection::vec(weight(), 144)),
        0..6,
    );
    let mapping = prop::collection::vec((1_usize..4, 0..KERNELS.len()), 3);
    (populations, drafts, mapping, 1_usize..7).prop_flat_map(|(populations, drafts, mapping, inputs)| {
        let row = prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), -1.0_f32..1.0], inputs);
        prop::collection::vec(row, 5).prop_map(move |rows| {
            let projections = drafts.iter().map(|draft| projection(&populations, draft, inputs)).collect();
            let mapping = populations.iter().zip(&mapping).map(|(population, &(pes, kernel))| {
                PopulationMapping { pes: pes.min(population.units()), kernel: KERNELS[kernel] }
            });
            let mapping = mapping.collect();
            Case { network: Lif::new(populations.clone(), projections, inputs).unwrap(), mapping, rows }
        })
    })
}

fn projection(populations: &[LifPopulation], draft: &Draft, inputs: usize) -> Projection {
    let (from, to, delay, dense, weights) = draft;
    let to = to % populations.len();
    let (from, delay, sources) = if *from >= populations.len() {
        (Source::Input, 0, inputs)
    } else {
        (Source::Population(*from), *delay, populations[*from].units())
    };
    let units = populations[to].units();
    Projection { from, to, weights: csr(units, sources, &weights[..units * sources], *dense), delay }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn chip_and_mathematics_agree_bit_for_bit(case in case()) {
        agree(&case.network, &case.mapping, &case.rows);
    }
}

fn neuron(name: &str, threshold: f32) -> LifPopulation {
    LifPopulation {
        name: name.into(),
        bias: vec![0.0],
        decay: vec![0.5],
        threshold: vec![threshold],
        reset: Reset::To(vec![0.0]),
    }
}

fn one(weight: f32) -> Csr {
    from_parts(1, 1, vec![0, 1], vec![0], vec![weight]).unwrap()
}

/// A spike of the first neuron reaches the second `delay` steps later, on another PE;
/// computed by hand.
#[test]
fn a_spike_crosses_the_chip_with_its_delay() {
    for delay in 1..4 {
        let input = Projection { from: Source::Input, to: 0, weights: one(2.0), delay: 0 };
        let forth = Projection { from: Source::Population(0), to: 1, weights: one(3.0), delay };
        let network = Lif::new(vec![neuron("a", 1.0), neuron("b", 1.0)], vec![input, forth], 1).unwrap();
        let mapping = [PopulationMapping { pes: 1, kernel: KernelKind::CsrRow }; 2];
        let rows: Vec<Vec<f32>> = (0..6).map(|step| vec![if step == 1 { 1.0 } else { 0.0 }]).collect();
        let mut machine = machine(&network, &mapping, &rows);
        let mut seen = Vec::new();
        for step in 0..6 {
            assert!(machine.run(&[vec![step]], 1));
            seen.push((machine.output_of(0, 0)[0], machine.output_of(1, 0)[0]));
        }
        let expected =
            (0..6).map(|step| (if step == 1 { 1.0 } else { 0.0 }, if step == 1 + delay { 1.0 } else { 0.0 }));
        assert_eq!(seen, expected.collect::<Vec<_>>(), "delay {delay}");
    }
}

/// Time passes, energy is used, and the phases add up to the chip time, as for any other program.
#[test]
fn a_spiking_program_is_timed_like_any_other() {
    let input = Projection { from: Source::Input, to: 0, weights: one(2.0), delay: 0 };
    let own = Projection { from: Source::Population(0), to: 0, weights: one(-1.0), delay: 1 };
    let network = Lif::new(vec![neuron("a", 1.0)], vec![input, own], 1).unwrap();
    let mapping = [PopulationMapping { pes: 1, kernel: KernelKind::Dense }];
    let rows = vec![vec![1.0]; 4];
    let mut machine = machine(&network, &mapping, &rows);
    assert!(machine.run(&(0..4).map(|row| vec![row]).collect::<Vec<_>>(), 4));
    let state = machine.state();
    let total: u64 = state.phases.total.iter().flatten().sum();
    assert_eq!(total, state.phases.frontier);
    assert!(state.phases.total[0][spiking::FIRE.index()] > 0 && state.host.completed_at > 0);
    let legend = &machine.program().legend;
    assert_eq!(legend.phase(spiking::FIRE), "fire");
}

/// Runs two populations with a recording, and returns machine, tape and statistics.
fn recorded() -> (Machine, Tape, Stats) {
    let input = Projection { from: Source::Input, to: 0, weights: one(2.0), delay: 0 };
    let forth = Projection { from: Source::Population(0), to: 1, weights: one(3.0), delay: 1 };
    let network = Lif::new(vec![neuron("a", 1.0), neuron("b", 1.0)], vec![input, forth], 1).unwrap();
    let mapping = [PopulationMapping { pes: 1, kernel: KernelKind::CsrRow }; 2];
    let mut machine = machine(&network, &mapping, &vec![vec![1.0]; 4]);
    let (mut tape, mut stats) = (Tape::begin(&mut machine), Stats::new(2));
    for step in 0..4 {
        assert!(machine.run(&[vec![step]], 1));
        tape.step(&mut machine, "step");
        stats.step(&machine, &[machine.output_of(1, 0)]);
    }
    (machine, tape, stats)
}

/// Recording, timeline and statistics need no other family's words.
#[test]
fn a_spiking_program_is_shown_in_its_own_words() {
    let (machine, tape, stats) = recorded();
    let legend = &machine.program().legend;
    let own: Vec<&str> = legend.phases.iter().map(|phase| phase.name).collect();
    assert_eq!(own, ["wait", "read", "project", "fire", "broadcast", "log"]);
    let record = machine.recorded().unwrap();
    let spans = record.pes.iter().flat_map(|pe| &pe.operations);
    let seen: BTreeSet<&str> = spans.map(|span| legend.phase(span.phase)).collect();
    assert_eq!(seen, own.iter().copied().collect(), "every phase is recorded under its name");
    let packets: BTreeSet<&str> =
        record.packets.iter().map(|packet| packet_words(legend, packet.kind)).collect();
    assert_eq!(packets, ["spikes", "spikes for the host", "time step announced"].into());

    let step = tape.steps.back().unwrap();
    let on_path: BTreeSet<&str> =
        step.path.iter().filter_map(|segment| Some(legend.phase(segment.phase?))).collect();
    assert!(on_path.contains("fire") && on_path.iter().all(|name| own.contains(name)), "{on_path:?}");
    assert!(legend.phases.iter().any(|phase| step.sentence.contains(phase.words)), "{}", step.sentence);
    assert!(step.sentence.contains("non-zeros"), "{}", step.sentence);
    assert_eq!(step.uses.ticks(), step.span.end - step.span.begin);
    assert!(step.uses.arithmetic > 0 && step.uses.communication() > 0, "{:?}", step.uses);

    let parts = Meter::of(&machine).parts();
    for phase in legend.ids().filter(|&phase| legend.role(phase) != PhaseRole::Wait) {
        let name = legend.phase(phase);
        let joules: f64 = parts.phases_j.iter().map(|of| of[phase.index()]).sum();
        assert!(joules > 0.0 || name == "read", "{name}: {joules}");
    }
    // The first neuron fires in every step, the second in every one but the first.
    assert_eq!((stats.silent(0, 1), stats.silent(1, 1)), (0, 0));
    assert_eq!([0, 1].map(|k| stats.layer_activity(k, 1).to_string()), ["1", "0.75"]);
    assert_eq!(stats.saturated(), [[0.0; 2]; 2], "there are no gates");
}

/// What a fault form, the detail of a PE and conditions on words read of any family.
#[test]
fn a_spiking_slot_describes_itself() {
    let (machine, ..) = recorded();
    let program = machine.program();
    let loaded = program.pe(program.layers[1].pes[0]).unwrap();
    let slot = &loaded.slots[0];
    let layout = &SpikingSlot::of(slot).unwrap().layout;
    assert_eq!((slot.detail.state(), slot.detail.sent()), (layout.potential, layout.y));
    assert_eq!(slot.detail.weights(), 1);
    assert_eq!(slot.detail.work(spiking::PROJECT), "1 non-zeros, CsrRow");
    let logged: Vec<&str> = loaded.logged().iter().map(|&phase| program.legend.phase(phase)).collect();
    assert_eq!(logged, ["project", "fire", "broadcast"]);
    let counts: Vec<&str> = program.legend.counters.iter().map(|counter| counter.counts.as_ref()).collect();
    assert_eq!(counts, ["announcement of a time step", "spikes of a", "spikes of b"]);
    assert!(!program.has_barrier(0) && !program.has_barrier(1));
    assert_eq!(program.legend.named("fire"), Some(spiking::FIRE));
    assert_eq!(program.legend.named("egru_input"), None);
}

#[test]
fn what_does_not_fit_is_refused_with_numbers() {
    let network = Lif::new(vec![neuron("a", 1.0)], vec![], 1).unwrap();
    let refused = |pes, kernel, width: usize, chip: &ChipOptions| {
        let request = Request {
            network: &network,
            dram: Arc::new(Rows(vec![vec![0.0; width]])),
            chip,
            populations: &[PopulationMapping { pes, kernel }],
            placement: Placement::Clustered,
            assume: &Assume::default(),
        };
        spiking::map(&request).unwrap_err()
    };
    let chip = ChipOptions::default();
    assert!(matches!(refused(2, KernelKind::Dense, 1, &chip), SpikingError::Pes { units: 1, pes: 2, .. }));
    assert!(matches!(refused(1, KernelKind::Dense, 3, &chip), SpikingError::Width { needed: 1, found: 3 }));
    assert!(matches!(refused(1, KernelKind::CscEventList, 1, &chip), SpikingError::EventList { .. }));
}
