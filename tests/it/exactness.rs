//! Results do not depend on the partition: any split of any network gives the bits of the
//! reference in `net`.

#![allow(clippy::unwrap_used, reason = "a test helper that fails should say where")]

use std::sync::Arc;

use proptest::prelude::*;
use spinntui::chip::clock::OperatingPoint;
use spinntui::chip::geometry::{ChipId, PE_COUNT, Pe};
use spinntui::chip::place::PePlace;
use spinntui::kernel::options::KernelKind;
use spinntui::machine::exec::Machine;
use spinntui::machine::options::{Assume, BoardKind, ChipOptions, Waiting};
use spinntui::mapping::egru::Restart;
use spinntui::mapping::error::MapError;
use spinntui::mapping::options::{
    Across, Balance, Barrier, Broadcast, FifoOptions, LayerMapping, MappingOptions, OnFull, Payload,
    Placement, Schedule,
};
use spinntui::mapping::{Request, map};
use spinntui::net::csr::from_dense;
use spinntui::net::int8::{Int8Dense, Peaks};
use spinntui::net::quantise::QuantisedEgru;
use spinntui::net::{Carry, Compare, Egru, EgruLayer, EgruState, Output, Tanh, Weights};

use crate::common::{Rows, Values};

impl Values {
    pub fn layer(
        &mut self,
        name: String,
        inputs: usize,
        units: usize,
        density: f32,
        output: Output,
    ) -> EgruLayer {
        let mut matrix = |columns: usize| {
            // [columns][3U], as the authors' files have it; many zeros.
            let dense: Vec<f32> = (0..columns * 3 * units)
                .map(|_| {
                    let keep = self.next() < 2.0 * density - 1.0;
                    let value = self.next() * 1.5;
                    if keep { value } else { 0.0 }
                })
                .collect();
            from_dense(columns, 3 * units, &dense).unwrap()
        };
        let (input_weights, recurrent) = (matrix(inputs), matrix(units));
        EgruLayer {
            name,
            input_weights,
            recurrent,
            bias: self.vec(3 * units, 0.3),
            recurrent_bias: self.vec(3 * units, 0.3),
            threshold: self.vec(units, 0.2).iter().map(|t| t.abs()).collect(),
            output,
            compare: Compare::Greater,
            always: false,
            tanh: Tanh::Libm,
        }
    }
}

/// Makes the state of every third unit equal its threshold in each step.
///
/// z is 0, so the new state is g, the tanh of 100, which is 1.
fn tie(layer: &mut EgruLayer) {
    let units = layer.units();
    for unit in (0..units).step_by(3) {
        layer.bias[unit] = -200.0;
        layer.bias[2 * units + unit] = 100.0;
        layer.threshold[unit] = 1.0;
    }
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
pub struct Case {
    seed: u64,
    inputs: usize,
    layers: Vec<(usize, usize)>,
    density: f32,
    pub options: MappingOptions,
    chip: ChipOptions,
    restart: Option<Restart>,
    outputs: [Output; 3],
    overlap: bool,
    pub kernels: Vec<(KernelKind, KernelKind)>,
    /// Kernel that rounds, used for every matrix against the reference that rounds.
    rounded: Option<KernelKind>,
    /// Whether `CscEvent` becomes `CscEventList` where events are sent (but not in front
    /// of DRAM rows).
    pub lists: bool,
    compare: Compare,
    /// Layers without events.
    always: bool,
    tanh: Tanh,
    /// Units whose cell state equals its threshold in every step.
    ties: bool,
}

impl Case {
    /// Returns whether the point-wise step has machine code with the bits of the reference.
    pub fn has_pointwise_code(&self) -> bool {
        self.tanh == Tanh::ExpUnit
    }
}

/// Kernels that give the reference's own bits.
const EXACT: [KernelKind; 8] = [
    KernelKind::CsrRow,
    KernelKind::CsrRow16,
    KernelKind::CsrRowSkip,
    KernelKind::CscEvent,
    KernelKind::Dense,
    KernelKind::DenseEvent,
    KernelKind::CsrFast,
    KernelKind::CscFast,
];

pub fn case() -> impl Strategy<Value = Case> {
    let kernel = || prop::sample::select(EXACT.to_vec());
    let kernels = prop::collection::vec((kernel(), kernel()), 3);
    let layer = (1usize..40, 1usize..20);
    let bools = prop::array::uniform7(any::<bool>());
    let restart = (2u32..5, any::<bool>()).prop_map(|(every, outputs)| Restart { every, outputs });
    let output = || prop::sample::select(vec![Output::Y, Output::Trace]);
    let way = prop::sample::select(vec![Broadcast::QpeMulticast, Broadcast::Router, Broadcast::Dma]);
    let payload = prop::sample::select(vec![Payload::Dense, Payload::Events]);
    // From a FIFO of a single packet, at which everything stalls, to one that never fills.
    let fifo = prop::sample::select(vec![20u32, 64, 200, 8192]);
    let board = prop::sample::select(vec![
        (BoardKind::Single, Across::Fill),
        (BoardKind::Single, Across::Fill),
        (BoardKind::Chips(2, 1), Across::Even),
        (BoardKind::Chips(3, 1), Across::Even),
        (BoardKind::Chips(2, 2), Across::Even),
        (BoardKind::Chips(2, 2), Across::Local),
    ]);
    let sent = (prop::array::uniform3(output()), 1u32..4, way, payload, fifo, any::<bool>(), board);
    let options = (bools, prop::option::of(restart), kernels, sent);
    (any::<u64>(), 1usize..30, prop::collection::vec(layer, 1..4), 0.0f32..0.6, options).prop_map(
        |(
            seed,
            inputs,
            layers,
            density,
            (
                [rows, units, always, sleep, overlap, early, pipelined],
                restart,
                kernels,
                (outputs, batch, broadcast, payload, bytes, lists, (board, across)),
            ),
        )| Case {
            seed: seed | 1,
            inputs,
            layers: layers.into_iter().map(|(units, pes)| (units, pes.min(units))).collect(),
            density,
            options: MappingOptions {
                schedule: if pipelined { Schedule::Pipelined } else { Schedule::LayerSequential },
                batch,
                placement: if rows { Placement::RowMajor } else { Placement::Clustered },
                balance: if units { Balance::Units } else { Balance::NonZeros },
                overlap_recurrent: early,
                barrier: if always { Barrier::Always } else { Barrier::Auto },
                broadcast,
                payload,
                fifo: FifoOptions { bytes, on_full: OnFull::Stall },
                across,
                ..MappingOptions::default()
            },
            chip: ChipOptions {
                operating_point: if sleep { OperatingPoint::Mhz300 } else { OperatingPoint::Mhz150 },
                waiting: if sleep { Waiting::Sleep } else { Waiting::Poll },
                board,
                board_wraps: seed % 2 == 0,
                ..ChipOptions::default()
            },
            restart,
            outputs,
            overlap,
            kernels,
            rounded: match seed % 4 {
                0 => Some(KernelKind::Int8Csr),
                1 => Some(KernelKind::Int8Mac),
                _ => None,
            },
            lists: lists && payload == Payload::Events,
            compare: if seed % 3 == 0 { Compare::GreaterOrEqual } else { Compare::Greater },
            always: seed % 7 < 2,
            tanh: if seed % 5 < 2 { Tanh::ExpUnit } else { Tanh::Libm },
            ties: seed % 5 < 2,
        },
    )
}

impl Case {
    /// Returns the case on a single chip.
    pub fn on_one_chip(mut self) -> Self {
        self.chip.board = BoardKind::Single;
        self
    }

    /// Returns `true` for the combinations that the mapper refuses, as listed in ARCHITECTURE.md.
    fn refused(&self) -> bool {
        let MappingOptions { broadcast, payload, schedule, batch, .. } = self.options;
        let traces = self.outputs.iter().take(self.layers.len()).any(|output| *output == Output::Trace);
        let clears = self.restart.is_some_and(|restart| restart.outputs);
        broadcast != Broadcast::QpeMulticast && schedule == Schedule::Pipelined
            || broadcast == Broadcast::Router && batch > 1
            || payload == Payload::Events && (traces || clears || broadcast == Broadcast::Dma && batch > 1)
    }
}

fn layer_mapping(name: &str, pes: usize, overlap: bool, kernels: (KernelKind, KernelKind)) -> LayerMapping {
    let (input, recurrent) = (kernels.0.into(), kernels.1.into());
    let mut mapping = LayerMapping { layer: name.into(), input, recurrent, ..LayerMapping::default() };
    if overlap {
        // Every layer from the first PE on: PEs host several layers.
        let on = Pe::of(ChipId::FIRST).take(pes).map(PePlace::from).collect();
        mapping.on = Some(on);
    } else {
        mapping.pes = Some(pes as u32);
    }
    mapping
}

/// A case's chip with its network, rows of input, and samples' rows by time step.
pub struct Built {
    pub machine: Machine,
    network: Egru,
    rows: Vec<Vec<f32>>,
    pub steps: Vec<Vec<u32>>,
}

/// Builds a case that reads `count` rows in `count` time steps; `None` if it is refused.
pub fn build(case: &Case, count: usize) -> Result<Option<Built>, TestCaseError> {
    let mut values = Values(case.seed);
    let mut inputs = case.inputs;
    let mut network = Egru { layers: Vec::new() };
    let mut options = case.options.clone();
    for (k, &(units, pes)) in case.layers.iter().enumerate() {
        let name = format!("rnns.{k}");
        let mut layer = values.layer(name.clone(), inputs, units, case.density, case.outputs[k]);
        layer.compare = case.compare;
        layer.always = case.always;
        layer.tanh = case.tanh;
        if case.ties {
            tie(&mut layer);
        }
        network.layers.push(layer);
        let list = |kind| {
            let list = case.lists && kind == KernelKind::CscEvent;
            if list { KernelKind::CscEventList } else { kind }
        };
        let (w, r) = case.kernels[k];
        let kernels = (if k == 0 { w } else { list(w) }, list(r));
        let kernels = case.rounded.map_or(kernels, |kind| (kind, kind));
        options.layers.push(layer_mapping(&name, pes, case.overlap, kernels));
        inputs = units;
    }
    let rows: Vec<Vec<f32>> = (0..count).map(|_| values.vec(case.inputs, 1.0)).collect();
    // Engines so slow that blocks of several layers and samples queue at them, now and then.
    let dma_setup_cycles = if case.seed.is_multiple_of(3) { 3000 } else { 64 };
    let assume = Assume { dma_setup_cycles, ..Assume::default() };
    let peaks = peaks(case, &network, &rows);
    let request = Request {
        network: &network,
        dram: Arc::new(Rows(rows.clone())),
        restart: case.restart,
        chip: &case.chip,
        mapping: &options,
        assume: &assume,
        peaks: peaks.as_ref(),
        head: None,
    };
    let (program, _) = match map(&request) {
        Ok(mapped) => mapped,
        Err(error) => {
            prop_assert!(case.refused() && matches!(error, MapError::Combination { .. }), "{error}");
            return Ok(None);
        }
    };
    prop_assert!(!case.refused(), "mapped what ARCHITECTURE.md says is refused");
    prop_assert!(program.used_pes() <= PE_COUNT);
    let machine = Machine::new(Arc::new(program));
    let batch = options.batch as usize;
    // Each sample reads the rows in another order.
    let steps: Vec<Vec<u32>> =
        (0..rows.len()).map(|t| (0..batch).map(|s| ((t + 2 * s) % rows.len()) as u32).collect()).collect();
    Ok(Some(Built { machine, network, rows, steps }))
}

/// Largest inputs, or none: then the scales are those of inputs between −1 and 1.
fn peaks(case: &Case, network: &Egru, rows: &[Vec<f32>]) -> Option<Peaks> {
    let sequence = || rows.iter().map(Vec::as_slice);
    (case.seed % 8 != 1).then(|| Peaks::seen(network, [sequence()]))
}

/// Computes one time step with 8-bit weights and inputs.
fn step_on_mac(network: &Egru, matrices: &[[Int8Dense; 2]], state: &mut EgruState, x: &[f32]) -> Vec<f32> {
    let multiply = |k: usize, weights, input: &[f32], out: &mut [f32]| {
        let [w, r] = &matrices[k];
        let matrix = if weights == Weights::Input { w } else { r };
        matrix.multiply(input, out);
    };
    network.step_with(state, x, multiply).to_vec()
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let Some(Built { mut machine, network, rows, steps }) = build(case, 7)? else { return Ok(()) };
    let expected = reference(case, &network, &rows, &steps);
    let mut given = 0;
    for (t, expected) in expected.iter().enumerate() {
        loop {
            while let Some(rows) = steps.get(given)
                && machine.announce(rows)
            {
                given += 1;
            }
            let progress = machine.advance();
            prop_assert!(progress.is_some(), "step {t}: {:?}", machine.stop());
            if progress.unwrap().step {
                break;
            }
        }
        for (sample, expected) in expected.iter().enumerate() {
            let got: Vec<u32> = machine.output(sample).iter().map(|y| y.to_bits()).collect();
            prop_assert_eq!(&got, expected, "step {} of sample {}", t, sample);
        }
    }
    let state = machine.state();
    prop_assert_eq!(state.races.count, 0, "{:?}", state.races.first);
    let phases: u64 = state.phases.total.iter().flatten().sum();
    prop_assert_eq!(phases, state.tick, "phases add up to the time that has passed");
    Ok(())
}

/// Returns the result of `net`: bits of the last layer's y, by step and sample.
fn reference(case: &Case, network: &Egru, rows: &[Vec<f32>], steps: &[Vec<u32>]) -> Vec<Vec<Vec<u32>>> {
    let quantised = (case.rounded == Some(KernelKind::Int8Csr)).then(|| QuantisedEgru::new(network));
    let scales = peaks(case, network, rows).unwrap_or_default().scales(network.layers.len());
    let on_mac: Vec<[Int8Dense; 2]> = network
        .layers
        .iter()
        .zip(scales)
        .map(|(layer, [x, y])| [Int8Dense::new(&layer.input_weights, x), Int8Dense::new(&layer.recurrent, y)])
        .collect();
    let samples = case.options.batch as usize;
    let mut outputs = vec![vec![Vec::new(); samples]; steps.len()];
    for sample in 0..samples {
        let mut state = network.state();
        for (t, step) in steps.iter().enumerate() {
            if let Some(restart) = case.restart.filter(|restart| restart.at(t as u32)) {
                state.start_sequence(if restart.outputs { Carry::Nothing } else { Carry::Y });
            }
            let row = &rows[step[sample] as usize];
            let y = match &quantised {
                Some(quantised) => quantised.step(&mut state, row),
                None if case.rounded == Some(KernelKind::Int8Mac) => {
                    step_on_mac(network, &on_mac, &mut state, row)
                }
                None => network.step(&mut state, row).to_vec(),
            };
            outputs[t][sample] = y.iter().map(|y| y.to_bits()).collect();
        }
    }
    outputs
}

/// The paper's sizes: 512 features, 2 × 256 units on 64 PEs each, dense; traces, and a gesture
/// every three frames.
#[test]
fn the_gesture_network_with_traces_restarts_as_the_reference_does() {
    let case = Case {
        seed: 0x5350_494E,
        inputs: 512,
        layers: vec![(256, 64); 2],
        density: 1.0,
        options: MappingOptions::default(),
        chip: ChipOptions::default(),
        restart: Some(Restart { every: 3, outputs: true }),
        outputs: [Output::Trace; 3],
        overlap: false,
        kernels: vec![(KernelKind::Dense, KernelKind::Dense); 2],
        rounded: None,
        lists: false,
        compare: Compare::Greater,
        always: false,
        tanh: Tanh::Libm,
        ties: false,
    };
    check(&case).unwrap();
}

#[test]
fn a_cell_state_at_its_threshold_is_sent_where_the_card_says_so() {
    let activity = [Compare::Greater, Compare::GreaterOrEqual].map(|compare| {
        let mut layer = Values(7).layer("rnns.0".into(), 3, 9, 0.5, Output::Y);
        layer.compare = compare;
        tie(&mut layer);
        let network = Egru { layers: vec![layer] };
        let y = network.step(&mut network.state(), &[0.1, 0.2, 0.3]).to_vec();
        [0, 3, 6].map(|unit| y[unit].to_bits())
    });
    assert_eq!(activity, [[0; 3], [1.0_f32.to_bits(); 3]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_chip_computes_the_bits_of_the_reference(case in case()) {
        check(&case)?;
    }
}
