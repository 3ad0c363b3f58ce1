//! Chip against mathematics: every neuron's spikes and potential, in every tick, bit for bit.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::machine::exec::Machine;
use crate::machine::legend::PopulationId;
use crate::mapping::code::tests as code;
use crate::mapping::options::{FifoOptions, LayerMapping};
use crate::model::spiking::{SpikingOptions, convert};
use crate::net::spiking::{
    ConventionOptions, Framework, ResetRule, Schedule, Spike, SpikeSource, WeightFormat,
};

/// Spikes of all sources, by tick.
#[derive(Debug)]
struct Lists {
    width: usize,
    ticks: Vec<Vec<Spike>>,
}

impl DramRows for Lists {
    fn rows(&self) -> u64 {
        self.ticks.len() as u64
    }

    fn width(&self) -> usize {
        self.width
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        out.fill(0.0);
        for spike in self.ticks.get(row as usize).into_iter().flatten() {
            out[spike.neuron as usize] = spike.count as f32;
        }
    }
}

/// Draws spikes with a fixed generator: about one neuron in `every` a tick.
fn drawn(width: usize, ticks: usize, every: u64, counts: bool) -> Vec<Vec<Spike>> {
    let mut random = crate::net::random::Random::new(7);
    let tick = |random: &mut crate::net::random::Random| {
        let mut spikes = Vec::new();
        for neuron in 0..width as u32 {
            if random.bits().is_multiple_of(every) {
                let count = if counts { 1 + (random.bits() % 3) as u32 } else { 1 };
                spikes.push(Spike { neuron, count });
            }
        }
        spikes
    };
    (0..ticks).map(|_| tick(&mut random)).collect()
}

/// Ticks in which networks are run at level code, too.
const AT_CODE: usize = 12;

/// Runs a network on the chip at both levels and in mathematics, and compares after every tick.
fn compare(network: &Network, ticks: &[Vec<Spike>], mapping: &MappingOptions, tick: TickLength, name: &str) {
    let width = network.sources().iter().map(SpikeSource::units).sum();
    let counts = ticks.iter().flatten().any(|spike| spike.count > 1);
    let inputs = Arc::new(Lists { width, ticks: ticks.to_vec() });
    let (chip, assume) = (ChipOptions::default(), Assume::default());
    let request = Request {
        network,
        inputs,
        poisson: None,
        counts,
        restart: None,
        chip: &chip,
        mapping,
        tick,
        assume: &assume,
    };
    let (program, _) = map(&request).unwrap_or_else(|error| panic!("{name}: {error}"));
    let program = Arc::new(program);
    let mut machine = Machine::new(Arc::clone(&program));
    let (at_code, without) = code::at_code(&program);
    assert_eq!(without, 0, "{name}");
    let mut executed = Machine::new(Arc::new(at_code));
    let mut state = network.state();
    for (step, spikes) in ticks.iter().enumerate() {
        assert!(machine.run(&[vec![step as u32]], 1), "{name}, tick {step}: {:?}", machine.stop());
        let mut first = 0;
        let split = network.sources().iter().map(|source| {
            let range = first..first + source.units() as u32;
            first = range.end;
            let own = spikes.iter().filter(|spike| range.contains(&spike.neuron));
            own.map(|spike| Spike { neuron: spike.neuron - range.start, ..*spike }).collect()
        });
        let split: Vec<Vec<Spike>> = split.collect();
        network.step(&mut state, &split);
        for k in 0..network.populations().len() {
            same(network, &state, &machine, k, &format!("{name}, tick {step}"));
        }
        if step < AT_CODE {
            assert!(executed.run(&[vec![step as u32]], 1), "{name}, tick {step}: {:?}", executed.stop());
            code::same(&machine, &executed, &[]);
        }
    }
    let misread: u64 = machine.state().pes.iter().map(|pe| pe.timer.count.misread).sum();
    assert_eq!((misread, machine.state().timer.count.overrun_count), (0, 0), "{name}");
}

fn same(network: &Network, state: &crate::net::spiking::State, machine: &Machine, k: usize, name: &str) {
    let population = &network.populations()[k];
    let program = machine.program();
    for &pe in &program.populations[k].pes {
        let (_, slot) = program.pe(pe).unwrap().slot_of(PopulationId::at(k)).unwrap();
        let sram = &machine.state().pes[pe.index()].sram;
        for (place, &unit) in (0_u32..).zip(&slot.units) {
            let word = sram.word(slot.detail.state() + 4 * place);
            let v = state.neurons(k)[unit as usize].v;
            assert_eq!(word, v.to_bits(), "{name}: v of {} neuron {unit}", population.name);
        }
    }
    let received = machine.output_of(k, 0);
    if population.firing.is_some() {
        let mut wanted = vec![0.0; population.units];
        for spike in state.spikes(k) {
            wanted[spike.neuron as usize] = spike.count as f32;
        }
        assert_eq!(received, wanted, "{name}: spikes of {}", population.name);
    }
}

fn partitions(network: &Network) -> [MappingOptions; 2] {
    let layers = network.populations().iter().map(|population| LayerMapping {
        layer: population.name.clone(),
        pes: Some(population.units.min(3) as u32),
        ..LayerMapping::default()
    });
    let three = MappingOptions { layers: layers.collect(), ..MappingOptions::default() };
    [MappingOptions::default(), three]
}

fn files() -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nir/tests/data");
    let mut files = Vec::new();
    for group in ["exported", "legal"] {
        for entry in std::fs::read_dir(root.join(group)).unwrap() {
            let folder = entry.unwrap().path();
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            files.push(folder.join(format!("{name}.nir")));
        }
    }
    files.sort();
    assert!(files.len() >= 30, "{}", files.len());
    files
}

fn options(convention: Framework, schedule: Schedule, weights: WeightFormat) -> SpikingOptions {
    let dt = Some(if convention == Framework::Sinabs || convention == Framework::Spyx { 1.0 } else { 1e-4 });
    let reset = (convention == Framework::Nir).then_some(ResetRule::Subtract);
    let conventions = ConventionOptions { convention, dt, reset, ..ConventionOptions::default() };
    SpikingOptions { conventions, schedule, weights, weight_scale: None }
}

fn check(convention: Framework, schedule: Schedule, weights: WeightFormat, ticks: usize) {
    for file in files() {
        let graph = spinntui_nir::read(std::fs::read(&file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let Ok(converted) = convert(&graph, &options(convention, schedule, weights)) else { continue };
        let network = converted.network;
        if network.populations().is_empty() {
            continue;
        }
        let width = network.sources().iter().map(SpikeSource::units).sum();
        let input = drawn(width, ticks, 5, convention == Framework::Sinabs);
        for mapping in partitions(&network) {
            let name = format!("{name} {convention:?} {schedule:?} on {} entries", mapping.layers.len());
            compare(&network, &input, &mapping, TickLength::Auto, &name);
        }
    }
}

#[test]
fn networks_that_cross_within_a_tick_have_the_bits_of_their_mathematics() {
    check(Framework::Nir, Schedule::LayerSequential, WeightFormat::F32, 40);
}

#[test]
fn networks_with_a_tick_a_hop_have_the_bits_of_their_mathematics() {
    check(Framework::Nir, Schedule::Pipelined, WeightFormat::F32, 40);
}

#[test]
fn every_framework_has_the_bits_of_its_mathematics() {
    for convention in [
        Framework::SnnTorch,
        Framework::Norse,
        Framework::Sinabs,
        Framework::Rockpool,
        Framework::SpikingJelly,
        Framework::Spyx,
    ] {
        check(convention, Schedule::LayerSequential, WeightFormat::F32, 15);
    }
}

#[test]
fn integer_weights_have_the_bits_of_their_mathematics() {
    check(Framework::Nir, Schedule::LayerSequential, WeightFormat::Int8, 20);
    check(Framework::Sinabs, Schedule::Pipelined, WeightFormat::Int8, 20);
}

/// A network of random shape: populations of py-spinnaker2's neurons, delays of 0 to 4 ticks.
mod random {
    use proptest::prelude::*;

    use super::*;
    use crate::net::spiking::Projection;
    use crate::net::spiking::connect::{Connection, Synapse};
    use crate::net::spiking::population::Spinnaker2Lif;

    type Drawn = (usize, usize, Vec<(u32, u32, u16, i8)>);

    fn neuron() -> impl Strategy<Value = (usize, Spinnaker2Lif)> {
        let currents = prop::option::of((0.0_f32..1.0, 0.0_f32..1.0));
        (1_usize..9, 0.2_f32..2.0, 0.0_f32..1.0, -0.3_f32..0.6, prop::option::of(-0.5_f32..0.1), currents)
            .prop_map(|(units, threshold, alpha_decay, i_offset, v_reset, currents)| {
                (units, Spinnaker2Lif { threshold, alpha_decay, i_offset, v_init: 0.1, v_reset, currents })
            })
    }

    fn projection() -> impl Strategy<Value = Drawn> {
        let synapse = (0_u32..64, 0_u32..64, 0_u16..5, -100_i8..100);
        (0_usize..8, 0_usize..8, prop::collection::vec(synapse, 0..40))
    }

    fn network(neurons: &[(usize, Spinnaker2Lif)], drawn: &[Drawn]) -> Option<Network> {
        let sources = vec![
            SpikeSource { name: "x".into(), shape: vec![5] },
            SpikeSource { name: "y".into(), shape: vec![3] },
        ];
        let populations: Vec<_> = (0..)
            .zip(neurons)
            .map(|(k, (units, neuron))| neuron.population(format!("p{k}"), *units))
            .collect();
        let mut projections = Vec::new();
        for (number, (from, to, synapses)) in drawn.iter().enumerate() {
            let senders = sources.len() + populations.len();
            let (from, to) = (from % senders, to % populations.len());
            let (origin, inputs) = match from.checked_sub(sources.len()) {
                Some(k) => (Origin::Population(k), populations[k].units),
                None => (Origin::Source(from), sources[from].units()),
            };
            let outputs = populations[to].units;
            let one = |&(source, target, delay, weight): &(u32, u32, u16, i8)| {
                let (source, target) = (source % inputs as u32, target % outputs as u32);
                (source, Synapse { target, delay, weight: f32::from(weight) / 90.0 })
            };
            let synapses: Vec<_> = synapses.iter().map(one).collect();
            let rows = Connection::sparse(inputs, outputs, &synapses).and_then(|all| all.rows(0)).ok()?;
            projections.push(Projection { name: format!("{number}"), from: origin, to, rows });
        }
        // A cycle without a delay is no network.
        Network::new(sources, populations, projections, vec![]).ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn random_networks_have_the_bits_of_their_mathematics(
            neurons in prop::collection::vec(neuron(), 1..4),
            drawn in prop::collection::vec(projection(), 1..6),
            integers in any::<bool>(), counts in any::<bool>(),
        ) {
            let Some(network) = network(&neurons, &drawn) else { return Ok(()) };
            let network = if integers { network.with_int8_weights(Some(60.0)) } else { Ok(network) };
            let Ok(network) = network else { return Ok(()) };
            let input = super::drawn(8, 12, 3, counts);
            for mapping in partitions(&network) {
                compare(&network, &input, &mapping, TickLength::Auto, "random");
            }
        }

        /// Both levels have the same bits and times where rows are added in the order of arrival,
        /// where recordings restart, and where sources spike at random.
        #[test]
        fn machine_code_has_the_bits_and_times_of_native_routines(
            neurons in prop::collection::vec(neuron(), 1..4),
            drawn in prop::collection::vec(projection(), 1..6),
            (integers, counts, arrival, random) in any::<(bool, bool, bool, bool)>(),
            restart in prop::option::of(2_u32..6),
            fifo in 100_u32..300,
        ) {
            let Some(network) = network(&neurons, &drawn) else { return Ok(()) };
            let network = if integers { network.with_int8_weights(Some(60.0)) } else { Ok(network) };
            let Ok(network) = network else { return Ok(()) };
            let ticks = super::drawn(8, 12, 3, counts);
            let counts = counts || random;
            let order = if arrival { SumOrder::Arrival } else { SumOrder::Ascending };
            for mapping in partitions(&network) {
                let fifo = FifoOptions { bytes: 8 * fifo, ..mapping.fifo };
                let mapping = MappingOptions { fifo, order, ..mapping };
                let request = Request {
                    network: &network,
                    inputs: Arc::new(Lists { width: 8, ticks: ticks.clone() }),
                    poisson: random.then(|| PoissonSources::new(0.4, 3)),
                    counts,
                    restart,
                    chip: &ChipOptions::default(),
                    mapping: &mapping,
                    tick: TickLength::Auto,
                    assume: &Assume::default(),
                };
                let program = map(&request).unwrap().0;
                let (at_code, without) = code::at_code(&program);
                assert_eq!(without, 0);
                let [mut native, mut executed] = [program, at_code].map(|program| Machine::new(Arc::new(program)));
                for step in 0..12 {
                    let ran = [&mut native, &mut executed].map(|machine| machine.run(&[vec![step]], 1));
                    assert_eq!(ran, [true, true], "{:?}", executed.stop());
                    code::same(&native, &executed, &[]);
                }
            }
        }
    }
}

/// A network whose neurons take far more than a tick of 1 µs.
fn busy() -> Network {
    let neuron = crate::net::spiking::population::Spinnaker2Lif {
        threshold: 1.0,
        alpha_decay: 0.5,
        i_offset: 0.7,
        v_init: 0.0,
        v_reset: None,
        currents: None,
    };
    let rows = crate::net::spiking::Connection::dense(60, 60, &[0.01; 3600]).unwrap().rows(1).unwrap();
    let own =
        crate::net::spiking::Projection { name: "own".into(), from: Origin::Population(0), to: 0, rows };
    Network::new(vec![], vec![neuron.population("p".into(), 60)], vec![own], vec![]).unwrap()
}

fn run_fixed(network: &Network, us: u64, ticks: u32, pes: u32) -> Machine {
    let layer = LayerMapping { layer: "p".into(), pes: Some(pes), ..LayerMapping::default() };
    let mapping = MappingOptions { layers: vec![layer], ..MappingOptions::default() };
    let inputs = Arc::new(Lists { width: 0, ticks: vec![Vec::new(); ticks as usize] });
    let (chip, assume) = (ChipOptions::default(), Assume::default());
    let tick = TickLength::Fixed(us * crate::chip::clock::TIMER_COUNT);
    let request = Request {
        network,
        inputs,
        poisson: None,
        counts: false,
        restart: None,
        chip: &chip,
        mapping: &mapping,
        tick,
        assume: &assume,
    };
    let mut machine = Machine::new(Arc::new(map(&request).unwrap().0));
    let rows: Vec<Vec<u32>> = (0..ticks).map(|tick| vec![tick]).collect();
    assert!(machine.run(&rows, ticks as usize), "{:?}", machine.stop());
    machine
}

#[test]
fn a_tick_that_is_long_enough_has_the_bits_of_the_mathematics_and_its_length() {
    let network = busy();
    let machine = run_fixed(&network, 1000, 20, 3);
    let mut state = network.state();
    (0..20).for_each(|_| network.step(&mut state, &[]));
    same(&network, &state, &machine, 0, "fixed");
    let count = &machine.state().timer.count;
    assert_eq!(count.overrun_count, 0);
    assert!(machine.state().timer.began.contains(&(19 * 1000 * crate::chip::clock::TIMER_COUNT)));
    assert!(count.longest > 0 && count.longest < 1000 * crate::chip::clock::TIMER_COUNT, "{}", count.longest);
}

#[test]
fn a_tick_that_is_too_short_overruns_and_says_where_and_by_how_much() {
    let machine = run_fixed(&busy(), 40, 20, 2);
    let count = &machine.state().timer.count;
    assert!(count.overrun_count > 0 && count.longest > 40 * crate::chip::clock::TIMER_COUNT);
    let first = count.overruns[0];
    assert!(machine.program().pe(first.pe).is_some() && first.late > 0, "{first:?}");
    // A PE that overruns by more than a period loses ticks and its spikes come too late.
    let lost: u32 = machine.state().pes.iter().map(|pe| pe.timer.count.lost).sum();
    let misread: u64 = machine.state().pes.iter().map(|pe| pe.timer.count.misread).sum();
    assert!(lost > 0 && misread > 0, "{lost} lost, {misread} misread");
}
