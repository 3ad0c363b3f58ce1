//! Results do not depend on the partition: any split of any network gives the bits of the reference in `net`.

#![allow(clippy::unwrap_used, reason = "a test helper that fails should say where")]

use std::sync::Arc;

use proptest::prelude::*;
use spinntui::chip::clock::OperatingPoint;
use spinntui::chip::geometry::{PE_COUNT, Pe};
use spinntui::kernel::options::KernelKind;
use spinntui::machine::exec::Machine;
use spinntui::machine::options::{Assume, ChipOptions, Waiting};
use spinntui::machine::program::DramRows;
use spinntui::mapping::options::{
    Balance, Barrier, Broadcast, FifoOptions, LayerMapping, MappingOptions, OnFull, Payload, Placement,
};
use spinntui::mapping::{Request, map};
use spinntui::net::csr::from_dense;
use spinntui::net::quantise::QuantisedEgru;
use spinntui::net::{Carry, Egru, EgruLayer};

#[derive(Debug)]
struct Rows(Vec<Vec<f32>>);

impl DramRows for Rows {
    fn width(&self) -> usize {
        self.0[0].len()
    }
    fn read(&self, row: u32, out: &mut [f32]) {
        out.copy_from_slice(&self.0[row as usize]);
    }
}

/// A small xorshift: the shapes come from proptest, the many values from here.
struct Values(u64);

impl Values {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
    fn vec(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| self.next() * scale).collect()
    }
    fn layer(&mut self, name: String, inputs: usize, units: usize, density: f32) -> EgruLayer {
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
        let (kernel, recurrent) = (matrix(inputs), matrix(units));
        EgruLayer {
            name,
            kernel,
            recurrent,
            bias: self.vec(3 * units, 0.3),
            recurrent_bias: self.vec(3 * units, 0.3),
            threshold: self.vec(units, 0.2).iter().map(|t| t.abs()).collect(),
        }
    }
}

#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    inputs: usize,
    layers: Vec<(usize, usize)>,
    density: f32,
    options: MappingOptions,
    chip: ChipOptions,
    reset_every: Option<u32>,
    overlap: bool,
    kernels: Vec<(KernelKind, KernelKind)>,
    /// Every matrix as `Int8Csr` instead, against the quantised reference.
    int8: bool,
    /// Where events are sent, `CscEvent` becomes `CscEventList` (but not in front of DRAM rows).
    lists: bool,
}

/// Kernels that give the reference's own bits.
const EXACT: [KernelKind; 6] = [
    KernelKind::CsrRow,
    KernelKind::CsrRow16,
    KernelKind::CsrRowSkip,
    KernelKind::CscEvent,
    KernelKind::Dense,
    KernelKind::DenseEvent,
];

fn case() -> impl Strategy<Value = Case> {
    let kernel = || prop::sample::select(EXACT.to_vec());
    let kernels = prop::collection::vec((kernel(), kernel()), 3);
    let layer = (1usize..40, 1usize..20);
    let bools = prop::array::uniform6(any::<bool>());
    let way = prop::sample::select(vec![Broadcast::QpeMulticast, Broadcast::Router, Broadcast::Dma]);
    let payload = prop::sample::select(vec![Payload::Dense, Payload::Events]);
    // From a FIFO of a single packet, at which everything stalls, to one that never fills.
    let fifo = prop::sample::select(vec![20u32, 64, 200, 8192]);
    let options = (bools, prop::option::of(2u32..5), kernels, (way, payload, fifo, any::<bool>()));
    (any::<u64>(), 1usize..30, prop::collection::vec(layer, 1..4), 0.0f32..0.6, options).prop_map(
        |(
            seed,
            inputs,
            layers,
            density,
            (
                [rows, units, always, sleep, overlap, early],
                reset_every,
                kernels,
                (broadcast, payload, bytes, lists),
            ),
        )| Case {
            seed: seed | 1,
            inputs,
            layers: layers.into_iter().map(|(units, pes)| (units, pes.min(units))).collect(),
            density,
            options: MappingOptions {
                placement: if rows { Placement::RowMajor } else { Placement::Clustered },
                balance: if units { Balance::Units } else { Balance::NonZeros },
                overlap_recurrent: early,
                barrier: if always { Barrier::Always } else { Barrier::Auto },
                broadcast,
                payload,
                fifo: FifoOptions { bytes, on_full: OnFull::Stall },
                ..MappingOptions::default()
            },
            chip: ChipOptions {
                operating_point: if sleep { OperatingPoint::Mhz300 } else { OperatingPoint::Mhz150 },
                waiting: if sleep { Waiting::Sleep } else { Waiting::Poll },
                reserved: Vec::new(),
            },
            reset_every,
            overlap,
            kernels,
            int8: seed % 4 == 0,
            lists: lists && payload == Payload::Events,
        },
    )
}

fn layer_mapping(name: &str, pes: usize, overlap: bool, kernels: (KernelKind, KernelKind)) -> LayerMapping {
    let (input, recurrent) = kernels;
    let mut mapping = LayerMapping { layer: name.into(), input, recurrent, ..LayerMapping::default() };
    if overlap {
        // Every layer from the first PE on: PEs host several layers.
        let on = Pe::all().take(pes).map(|pe| (pe.qpe().x, pe.qpe().y, pe.p())).collect();
        mapping.on = Some(on);
    } else {
        mapping.pes = Some(pes as u32);
    }
    mapping
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let mut values = Values(case.seed);
    let mut inputs = case.inputs;
    let mut network = Egru { layers: Vec::new() };
    let mut options = case.options.clone();
    for (k, &(units, pes)) in case.layers.iter().enumerate() {
        let name = format!("rnns.{k}");
        network.layers.push(values.layer(name.clone(), inputs, units, case.density));
        let list = |kind| {
            let list = case.lists && kind == KernelKind::CscEvent;
            if list { KernelKind::CscEventList } else { kind }
        };
        let (w, r) = case.kernels[k];
        let kernels = (if k == 0 { w } else { list(w) }, list(r));
        let kernels = if case.int8 { (KernelKind::Int8Csr, KernelKind::Int8Csr) } else { kernels };
        options.layers.push(layer_mapping(&name, pes, case.overlap, kernels));
        inputs = units;
    }
    let rows: Vec<Vec<f32>> = (0..7).map(|_| values.vec(case.inputs, 1.0)).collect();
    let assume = Assume::default();
    let request = Request {
        network: &network,
        dram: Arc::new(Rows(rows.clone())),
        cell_reset_every: case.reset_every,
        chip: &case.chip,
        mapping: &options,
        assume: &assume,
    };
    let (program, _) = map(&request).unwrap();
    prop_assert!(program.used_pes() <= PE_COUNT);
    let mut machine = Machine::new(Arc::new(program));
    let mut state = network.state();
    let quantised = case.int8.then(|| QuantisedEgru::new(&network));
    for (t, row) in rows.iter().enumerate() {
        if case.reset_every.is_some_and(|n| (t as u32).is_multiple_of(n)) {
            state.start_sequence(Carry::Y);
        }
        let y = match &quantised {
            Some(quantised) => quantised.step(&mut state, row),
            None => network.step(&mut state, row).to_vec(),
        };
        let expected: Vec<u32> = y.iter().map(|y| y.to_bits()).collect();
        machine.announce(t as u32);
        loop {
            let progress = machine.advance();
            prop_assert!(progress.is_some(), "step {t}: {:?} {:?}", machine.stalled(), machine.state().fault);
            if progress.unwrap().step {
                break;
            }
        }
        let got: Vec<u32> = machine.output().iter().map(|y| y.to_bits()).collect();
        prop_assert_eq!(got, expected, "step {}", t);
    }
    prop_assert_eq!(machine.state().races.count, 0, "{:?}", machine.state().races.first);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_chip_computes_the_bits_of_the_reference(case in case()) {
        check(&case)?;
    }
}
