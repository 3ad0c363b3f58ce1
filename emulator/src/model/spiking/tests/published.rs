//! Files and traces of the NIR paper's repository (`../shared/data/nir`), and N-MNIST recordings.

use std::path::Path;

use super::*;
use crate::net::spiking::{ConventionOptions, ResetRule, Schedule, Spike, WeightFormat};
use crate::testing::shared;

fn options(dt: f64, reset: ResetRule, schedule: Schedule) -> SpikingOptions {
    let conventions = ConventionOptions { dt: Some(dt), reset: Some(reset), ..ConventionOptions::default() };
    SpikingOptions { conventions, schedule, ..SpikingOptions::default() }
}

/// py-spinnaker2's run of one LIF neuron over 1,000 steps: input spike, v, output spike.
///
/// Its weights are the file's times 102.02, as integers, and it shows v without the factor dt/τ;
/// its input column is already shifted by the tick that the chip takes.
#[test]
fn the_lif_trace_of_spinnaker2_comes_out() {
    let Some(folder) = shared("data/nir/01_lif") else { return };
    let graph = load(&folder.join("lif_norse.nir"));
    let options = SpikingOptions {
        weights: WeightFormat::Int8,
        weight_scale: Some(102.02),
        ..options(1e-4, ResetRule::ToValue, Schedule::LayerSequential)
    };
    let network = convert(&graph, &options).unwrap().network;
    let wanted = value_list(&folder.join("lif_spinnaker2.csv"));
    let input = wanted.iter().enumerate().filter(|(_, line)| line[0] > 0.0);
    let input: Spikes = input.map(|(step, _)| ((step as u64, 0), 1)).collect();
    let (mut worst, mut spikes) = (0.0_f32, 0);
    run(&network, &input, wanted.len() as u64, |step, state| {
        let line = &wanted[step as usize];
        worst = worst.max((state.neurons(0)[0].v / 102.02 - line[1]).abs());
        assert_eq!(!state.spikes(0).is_empty(), line[2] > 0.0, "step {step}");
        spikes += state.spikes(0).len();
    });
    assert!(worst <= 1e-6, "{worst}");
    assert_eq!((wanted.len(), spikes), (1000, 4));
}

#[test]
fn the_braille_network_loads_and_runs() {
    let Some(file) = shared("data/nir/03_rnn/braille_noDelay_bias_zero.nir") else { return };
    let network =
        convert(&load(&file), &options(1e-4, ResetRule::ToValue, Schedule::Pipelined)).unwrap().network;
    assert_eq!((network.neurons(), network.projections().len()), (38 + 7, 3));
    let input = (0..100).flat_map(|step| (0..12).map(move |neuron| ((step, neuron), 1))).collect();
    assert!(!output(&network, &input, 100).is_empty());
}

/// Reads 5 bytes an event, big endian: x, y, polarity (1 bit), time (23 bits, µs).
fn recording(path: &Path) -> Spikes {
    let bytes = std::fs::read(path).unwrap();
    let mut spikes = Spikes::new();
    for event in bytes.chunks_exact(5) {
        let (x, y, polarity) = (u32::from(event[0]), u32::from(event[1]), u32::from(event[2] >> 7));
        let time = u64::from(event[2] & 0x7f) << 16 | u64::from(event[3]) << 8 | u64::from(event[4]);
        *spikes.entry((time / 1000, (polarity * 34 + y) * 34 + x)).or_default() += 1;
    }
    spikes
}

/// Returns the class of a recording: the output neuron with the most spikes, the first of several.
fn class(network: &Network, input: &Spikes) -> usize {
    let mut state = network.state();
    let mut counts = [0_u64; 10];
    // The longest recording ends at 336 ms; decisions by one spike depend on the ticks after the
    // end.
    for step in 0..340 {
        let now = input.range((step, 0)..=(step, u32::MAX));
        let now = now.map(|(&(_, neuron), &count)| Spike { neuron, count }).collect();
        network.step(&mut state, &[now]);
        for spike in state.output(0) {
            counts[spike.neuron as usize] += u64::from(spike.count);
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    counts.iter().position(|&count| count == most).unwrap_or(0)
}

/// Number of recordings of N-MNIST's test part that `cnn_sinabs.nir` classifies as labelled.
fn correct(weights: WeightFormat, schedule: Schedule, every: usize) -> Option<(usize, usize)> {
    let (folder, file) = (shared("data/nmnist-small")?, shared("data/nir/02_cnn/cnn_sinabs.nir")?);
    let options = SpikingOptions { weights, ..options(1.0, ResetRule::Subtract, schedule) };
    let network = convert(&load(&file), &options).unwrap().network;
    assert_eq!(network.neurons(), 8970);
    let labels = std::fs::read_to_string(folder.join("labels.tsv")).unwrap();
    let labels = labels.lines().filter_map(|line| line.split_once('\t'));
    let test: Vec<_> = labels.filter(|(file, _)| file.starts_with("test/")).step_by(every).collect();
    let right = test.iter().filter(|(file, digit)| {
        class(&network, &recording(&folder.join(file))) == digit.trim().parse::<usize>().unwrap()
    });
    Some((right.count(), test.len()))
}

#[test]
fn the_nmnist_network_classifies_recordings() {
    let Some((right, of)) = correct(WeightFormat::F32, Schedule::LayerSequential, 20) else { return };
    assert_eq!((right, of), (5, 5));
}

/// Prints the accuracy over all 100 test recordings, in both formats of weights and both schedules.
#[test]
#[ignore = "takes a minute"]
fn the_nmnist_network_classifies_all_test_recordings() {
    for weights in [WeightFormat::F32, WeightFormat::Int8] {
        for schedule in [Schedule::LayerSequential, Schedule::Pipelined] {
            let Some((right, of)) = correct(weights, schedule, 1) else { return };
            println!("{weights:?} {schedule:?}: {right} of {of}");
            assert!(of == 100 && right >= 98, "{weights:?} {schedule:?}: {right} of {of}");
        }
    }
}
