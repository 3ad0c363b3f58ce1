//! Tests that every synapse, neuron and sum is found at its label, and that damaged bytes
//! are called outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::machine::exec::Machine;
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::program::DramRows;
use crate::machine::sram::SRAM_BYTES;
use crate::mapping::options::{LayerMapping, MappingOptions, SumOrder};
use crate::mapping::spiking::{Request, TickLength, map};
use crate::net::spiking::connect::{Connection, Synapse};
use crate::net::spiking::population::Spinnaker2Lif;
use crate::net::spiking::{Projection, SpikeSource, Weights};

/// Ticks that are run.
const TICKS: u32 = 6;

/// Spikes of input neuron n in ticks that are multiples of n + 1.
#[derive(Debug)]
struct Regular(usize);

impl DramRows for Regular {
    fn rows(&self) -> u64 {
        64
    }

    fn width(&self) -> usize {
        self.0
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        for (neuron, count) in (1..).zip(out) {
            *count = f32::from(u8::from(row.is_multiple_of(neuron)));
        }
    }
}

/// Two populations of 40 and 7 neurons: sparse weights that are whole numbers, delays of 1 to 5,
/// and one projection whose spikes cross within the tick.
fn network(currents: Option<(f32, f32)>) -> Network {
    let neuron = Spinnaker2Lif {
        threshold: 3.0,
        alpha_decay: 0.5,
        i_offset: 0.0,
        v_init: 0.0,
        v_reset: None,
        currents,
    };
    let rows = |inputs: usize, outputs: usize, delays: u32, base: u16| {
        let mut synapses = Vec::new();
        for source in 0..inputs as u32 {
            for target in (0..outputs as u32).filter(|target| (source * 7 + target * 3).is_multiple_of(4)) {
                let weight = ((source * 5 + target) % 9) as f32 - 3.0;
                let delay = base + ((source + 2 * target) % delays) as u16;
                synapses.push((source, Synapse { target, delay, weight: weight + 0.5 }));
            }
        }
        Connection::sparse(inputs, outputs, &synapses).unwrap().rows(0).unwrap()
    };
    let one = |name: &str, from, to, rows| Projection { name: name.into(), from, to, rows };
    Network::new(
        vec![SpikeSource { name: "in".into(), shape: vec![5] }],
        vec![neuron.population("a".into(), 40), neuron.population("b".into(), 7)],
        vec![
            one("in → a", Origin::Source(0), 0, rows(5, 40, 5, 1)),
            one("a → b", Origin::Population(0), 1, rows(40, 7, 1, 0)),
            one("b → a", Origin::Population(1), 0, rows(7, 40, 3, 2)),
        ],
        vec![],
    )
    .unwrap()
}

fn machine(network: &Network) -> Machine {
    machine_with(network, SumOrder::default())
}

/// Runs a network on three PEs for its larger population, with rows added in an order.
fn machine_with(network: &Network, order: SumOrder) -> Machine {
    let layer = LayerMapping { layer: "a".into(), pes: Some(3), ..LayerMapping::default() };
    let mapping = MappingOptions { layers: vec![layer], order, ..MappingOptions::default() };
    let request = Request {
        network,
        inputs: Arc::new(Regular(5)),
        poisson: None,
        counts: false,
        restart: None,
        chip: &ChipOptions::default(),
        mapping: &mapping,
        tick: TickLength::Auto,
        assume: &Assume::default(),
    };
    let mut machine = Machine::new(Arc::new(map(&request).unwrap().0));
    let rows: Vec<Vec<u32>> = (0..TICKS).map(|tick| vec![tick]).collect();
    assert!(machine.run(&rows, TICKS as usize), "{:?}", machine.stop());
    machine
}

/// Cases: one lane and two, singles and integers, both orders of adding rows.
fn cases() -> Vec<(Network, Machine)> {
    let orders = [SumOrder::Ascending, SumOrder::Arrival];
    let each = |network: Network| orders.map(|order| (network.clone(), machine_with(&network, order)));
    networks().into_iter().flat_map(each).collect()
}

fn networks() -> Vec<Network> {
    let plain = [network(None), network(Some((0.5, 0.25)))];
    let integers = plain.clone().map(|network| network.with_int8_weights(Some(20.0)).unwrap());
    plain.into_iter().chain(integers).collect()
}

/// All labels of a machine's PEs, with the PE.
fn each(machine: &Machine, mut look: impl FnMut(&Labels<'_>, &SramWords, Label)) {
    for pe in machine.program().places() {
        let state = &machine.state().pes[pe.index()];
        let Some(labels) = Labels::of(machine.program(), pe, state.operation) else { continue };
        let words = state.sram.words();
        let mut next = 0;
        for address in (0..SRAM_BYTES).step_by(4) {
            for label in labels.word(words, address) {
                assert_eq!(label.address, next, "{pe}: labels follow each other");
                next = label.address + label.reading.bytes();
                look(&labels, words, label);
            }
        }
        assert_eq!(next, SRAM_BYTES, "{pe}");
    }
}

fn value(words: &SramWords, label: &Label) -> f32 {
    let word = words[label.address as usize / 4];
    match label.reading {
        Reading::I8 => f32::from((word >> (8 * (label.address % 4))) as u8 as i8),
        Reading::I32 => word.cast_signed() as f32,
        _ => f32::from_bits(word),
    }
}

#[test]
fn every_synapse_is_found_at_its_label_with_its_weight_and_delay() {
    for (network, machine) in cases() {
        let mut found: Vec<(u32, u32, u32, u32, String)> = Vec::new();
        let mut targets = 0;
        each(&machine, |_, words, label| match label.what {
            What::Synapse { projection, array: SynapseArray::Weight, ends: Some(ends), .. } => {
                // Where negative weights are summed apart, magnitudes are stored.
                let weight = value(words, &label) * if ends.lane == 1 { -1.0 } else { 1.0 };
                found.push((projection, ends.from, ends.to.unwrap(), ends.delay, weight.to_string()));
            }
            What::Synapse { array: SynapseArray::Target, ends: Some(_), .. } => targets += 1,
            What::Synapse { ends: None, .. } => panic!("a synapse without ends: {label:?}"),
            _ => {}
        });
        let mut wanted = Vec::new();
        for (projection, of) in (0_u32..).zip(network.projections()) {
            for source in 0..of.rows.inputs() {
                for synapse in of.rows.row(source) {
                    let weight = match of.rows.weights() {
                        Weights::F32(weights) => weights[synapse],
                        Weights::Int8(weights) => f32::from(weights[synapse]),
                    };
                    let delay = u32::from(of.rows.delays().get(synapse));
                    let to = of.rows.targets()[synapse];
                    wanted.push((projection, source as u32, to, delay, weight.to_string()));
                }
            }
        }
        assert_eq!(targets, wanted.len());
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    }
}

#[test]
fn every_neuron_is_found_at_its_label_with_the_values_of_the_mathematics() {
    for (network, machine) in cases() {
        let mut state = network.state();
        let mut row = [0.0; 5];
        for tick in 0..TICKS {
            Regular(5).read(tick, &mut row);
            let spikes = (0..5).zip(row).filter(|(_, count)| *count != 0.0);
            let spikes = spikes.map(|(neuron, _)| crate::net::spiking::Spike { neuron, count: 1 }).collect();
            network.step(&mut state, &[spikes]);
        }
        let mut seen = BTreeMap::new();
        each(&machine, |labels, words, label| {
            let What::Neuron { neuron, array } = label.what else { return };
            let k = labels.slot().population.index();
            let of = &state.neurons(k)[neuron as usize];
            let wanted = match array {
                Array::Potential => of.v,
                Array::Current => of.current,
                Array::InhibitoryCurrent => of.inhibition,
                Array::Threshold => network.populations()[k].constants(neuron as usize).threshold,
                _ => return,
            };
            assert_eq!(value(words, &label).to_bits(), wanted.to_bits(), "{array:?} of {k} neuron {neuron}");
            *seen.entry((k, neuron, format!("{array:?}"))).or_insert(0) += 1;
        });
        let arrays = if network.populations()[0].dynamics.synapse
            == crate::net::spiking::population::Synapse::Direct
        {
            2
        } else {
            4
        };
        assert_eq!(seen.len(), 47 * arrays);
        assert!(seen.values().all(|&count| count == 1));
    }
}

/// Spikes of tick s with delay d are added in tick s + 1 and taken in tick s + d.
#[test]
fn a_slot_of_the_ring_holds_the_weights_that_its_tick_takes() {
    let network = network(None);
    let machine = machine(&network);
    let mut state = network.state();
    let mut due: BTreeMap<(usize, u32, u32), f32> = BTreeMap::new();
    for tick in 0..TICKS {
        let input: Vec<u32> = (0..5).filter(|n| tick % (n + 1) == 0).collect();
        let spikes = input.iter().map(|&neuron| crate::net::spiking::Spike { neuron, count: 1 }).collect();
        network.step(&mut state, &[spikes]);
        for of in network.projections() {
            let senders: Vec<u32> = match of.from {
                Origin::Source(_) => input.clone(),
                Origin::Population(k) => state.spikes(k).iter().map(|spike| spike.neuron).collect(),
            };
            for synapse in senders.iter().flat_map(|&sender| of.rows.row(sender as usize)) {
                let taken = tick + u32::from(of.rows.delays().get(synapse));
                let Weights::F32(weights) = of.rows.weights() else { panic!("singles") };
                // Spikes of the last tick are still in the FIFO.
                if tick + 1 < TICKS && taken >= TICKS {
                    *due.entry((of.to, of.rows.targets()[synapse], taken)).or_default() += weights[synapse];
                }
            }
        }
    }
    assert!(due.values().any(|sum| *sum != 0.0), "the test says something");
    let mut ticks = std::collections::BTreeSet::new();
    each(&machine, |labels, words, label| {
        let What::Sum { neuron, tick, .. } = label.what else { return };
        let k = labels.slot().population.index();
        let wanted = due.get(&(k, neuron, tick)).copied().unwrap_or(0.0);
        assert_eq!(value(words, &label).to_string(), wanted.to_string(), "{k} neuron {neuron} tick {tick}");
        ticks.insert(tick);
    });
    assert_eq!(ticks.into_iter().collect::<Vec<_>>(), (TICKS..TICKS + 5).collect::<Vec<_>>());
}

#[test]
fn damaged_rows_and_places_are_called_outside() {
    let network = network(None);
    let machine = machine(&network);
    let pe = machine.program().populations[1].pes[0];
    let state = &machine.state().pes[pe.index()];
    let labels = Labels::of(machine.program(), pe, state.operation).unwrap();
    let rows = labels.share().rows[0];
    let label = |words: &SramWords| labels.at(words, rows.weights);
    let text = label(state.sram.words()).text(&labels);
    assert_eq!(text, "weight 0 → 0, delay 0 (a → b)");

    let mut words = Box::new(*state.sram.words());
    words[rows.starts as usize / 4] = 0x0010_0010;
    let text = label(&words).text(&labels);
    assert_eq!(text, "weight 0: outside, no row leads here (a → b)");

    let mut words = Box::new(*state.sram.words());
    words[rows.targets as usize / 4] |= 0xFFFF;
    assert_eq!(label(&words).text(&labels), "weight 0 → outside, delay 0 (a → b)");
}
