//! The convolutional head on the chip, and the MAC arrays that it runs on.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use proptest::prelude::*;
use spinntui::kernel::options::KernelKind;
use spinntui::machine::exec::Machine;
use spinntui::machine::options::{Assume, ChipOptions};
use spinntui::mapping::options::{LayerMapping, MappingOptions};
use spinntui::mapping::{HeadError, HeadRequest, MapError, Request, map};
use spinntui::net::conv::{Conv2d, Linear};
use spinntui::net::csr::from_dense;
use spinntui::net::gesture::{CONVOLUTIONS, Head, conv_shape};
use spinntui::net::int8::{Int8Dense, Scale};
use spinntui::net::int8_head::{HeadPeaks, Int8Head};
use spinntui::net::{Egru, Output, Weights, sum};

use crate::code::at_code;
use crate::common::{Rows, Values};

/// A head with weights drawn at random.
fn head(values: &mut Values, channels: [usize; CONVOLUTIONS], features: usize) -> Head {
    let mut inputs = 1;
    let mut layers = Vec::new();
    for (index, outputs) in channels.into_iter().enumerate() {
        let shape = conv_shape(index, inputs, outputs).unwrap();
        let scale = 2.0 / ((shape.kernel * shape.kernel * inputs) as f32).sqrt();
        let (weights, biases) = (values.vec(shape.weights(), scale), values.vec(outputs, 0.1));
        layers.push(Conv2d::new(shape, &weights, biases).unwrap());
        inputs = outputs;
    }
    let weights = values.vec(inputs * features, 1.0);
    let linear = Linear::new(inputs, &weights, values.vec(features, 0.1)).unwrap();
    Head::new(layers, linear).unwrap()
}

/// A chip with a head and one EGRU layer, its network, and its frames.
struct Case {
    head: Arc<Int8Head>,
    network: Egru,
    frames: Vec<Vec<f32>>,
}

impl Case {
    fn new(seed: u64, channels: [usize; CONVOLUTIONS], features: usize) -> Self {
        let mut values = Values(seed | 1);
        let exact = head(&mut values, channels, features);
        let frames: Vec<Vec<f32>> =
            (0..4).map(|_| values.vec(1024, 3.0).into_iter().map(|pixel| pixel.max(0.0)).collect()).collect();
        let mut peaks = HeadPeaks::default();
        for frame in &frames[..3] {
            peaks.look(&exact, frame);
        }
        let layer = values.layer("rnns.0".into(), features, 9, 0.7, Output::Y);
        let network = Egru { layers: vec![layer] };
        Self { head: Arc::new(Int8Head::new(&exact, &peaks)), network, frames }
    }

    fn mapped(&self, head: &HeadRequest, pes: u32) -> Result<Machine, MapError> {
        let layer = LayerMapping {
            layer: "rnns.0".into(),
            pes: Some(pes),
            input: KernelKind::Dense.into(),
            ..LayerMapping::default()
        };
        let mapping = MappingOptions { layers: vec![layer], ..MappingOptions::default() };
        let request = Request {
            network: &self.network,
            dram: Arc::new(Rows(self.frames.clone())),
            restart: None,
            chip: &ChipOptions::default(),
            mapping: &mapping,
            assume: &Assume::default(),
            peaks: None,
            head: Some(head),
        };
        Ok(Machine::new(Arc::new(map(&request)?.0)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Features, and with them y, have the bits of `net` on any number of PEs, with weights in SRAM
    /// or read from DRAM, with all taps or those that are used.
    #[test]
    fn a_head_on_the_chip_has_the_bits_of_the_reference(
        seed in any::<u64>(),
        channels in prop::array::uniform5(1_usize..40),
        (features, pes, layer_pes) in (1_usize..40, 1_u32..20, 1_u32..5),
        (streamed, used_taps) in any::<(bool, bool)>(),
    ) {
        let case = Case::new(seed, channels, features);
        let asked = HeadRequest { head: Arc::clone(&case.head), pes, streamed, used_taps };
        let mut machine = match case.mapped(&asked, layer_pes) {
            // A network that needs more PEs is another test's.
            Err(MapError::Head(HeadError::DoesNotFit { .. })) => return Err(TestCaseError::reject("does not fit")),
            mapped => mapped.map_err(|error| TestCaseError::fail(error.to_string()))?,
        };
        let mut executed = Machine::new(Arc::new(at_code(machine.program())));
        let mut state = case.network.state();
        for step in 0..9 {
            let row = step % case.frames.len();
            prop_assert!(machine.announce(&[row as u32]));
            let next = |machine: &mut Machine| {
                let added = machine.add_stretch().map(|added| added.progress);
                added.or_else(|| machine.advance())
            };
            while !next(&mut machine).is_some_and(|progress| progress.step) {
                prop_assert!(machine.stop().is_none(), "{:?}", machine.stop());
            }
            let (x, _) = case.head.forward(&case.frames[row]);
            let expected: Vec<u32> = case.network.step(&mut state, &x).iter().map(|y| y.to_bits()).collect();
            let got: Vec<u32> = machine.output(0).iter().map(|y| y.to_bits()).collect();
            prop_assert_eq!(&got, &expected, "step {}", step);
            // Its machine code takes as long and leaves the same bytes.
            if step < 3 {
                prop_assert!(executed.run(&[vec![row as u32]], 1), "{:?}", executed.stop());
                let got: Vec<u32> = executed.output(0).iter().map(|y| y.to_bits()).collect();
                prop_assert_eq!((executed.state().tick, got), (machine.state().tick, expected), "step {}", step);
                for (a, b) in executed.state().pes.iter().zip(&machine.state().pes) {
                    let bytes = 0x47A0..0x1_F000;
                    prop_assert!(a.sram.bytes()[bytes.clone()] == b.sram.bytes()[bytes], "SRAM differs");
                    prop_assert_eq!(a.count.mac.overflows, b.count.mac.overflows);
                }
            }
        }
        prop_assert_eq!(machine.state().races.count, 0, "{:?}", machine.state().races.first);
        let bytes = machine.program().dram_words.len();
        prop_assert_eq!(bytes > 0, streamed);
    }
}

#[test]
fn a_head_that_does_not_fit_is_refused_with_its_bytes() {
    let case = Case::new(5, [64, 192, 384, 256, 256], 512);
    let asked = HeadRequest { head: Arc::clone(&case.head), pes: 24, streamed: false, used_taps: false };
    let error = case.mapped(&asked, 4).unwrap_err();
    let MapError::Head(HeadError::DoesNotFit { full, weights, pes, least: Some(least), .. }) = &error else {
        panic!("{error}")
    };
    assert!(full.needed > u64::from(full.there) && *pes == 24 && *least > 24, "{error}");
    // 2,585,792 numbers, 1,664 of which are biases; rows of the first kernel are filled up to
    // words.
    assert_eq!(*weights, 2_585_792 - 1664 + 64 * 11, "{error}");
    assert!(error.to_string().contains("bytes"), "{error}");
    assert!(case.mapped(&HeadRequest { pes: *least as u32, ..asked.clone() }, 4).is_ok());
    let streamed = HeadRequest { streamed: true, ..asked };
    assert!(case.mapped(&streamed, 4).is_ok());
}

/// 600 products of 127 · 127 are more than 2²³: the sum wraps, on the chip as in `net`, and is
/// counted.
#[test]
fn sums_of_more_than_24_bits_are_counted_and_have_the_bits_of_the_reference() {
    let inputs = 600;
    let mut values = Values(11);
    let mut layer = values.layer("rnns.0".into(), inputs, 4, 0.5, Output::Y);
    layer.input_weights = from_dense(inputs, 12, &vec![1.0; inputs * 12]).unwrap();
    let network = Egru { layers: vec![layer] };
    let rows = vec![vec![1.0; inputs], vec![0.5; inputs]];
    let entry = LayerMapping {
        layer: "rnns.0".into(),
        pes: Some(2),
        input: KernelKind::Int8Mac.into(),
        ..LayerMapping::default()
    };
    let mapping = MappingOptions { layers: vec![entry], ..MappingOptions::default() };
    let request = Request {
        network: &network,
        dram: Arc::new(Rows(rows.clone())),
        restart: None,
        chip: &ChipOptions::default(),
        mapping: &mapping,
        assume: &Assume::default(),
        peaks: None,
        head: None,
    };
    let mut machine = Machine::new(Arc::new(map(&request).unwrap().0));
    let rounded = Int8Dense::new(&network.layers[0].input_weights, Scale::default());
    let mut state = network.state();
    let mut expected_overflows = 0;
    for (step, row) in rows.iter().enumerate() {
        assert!(machine.announce(&[step as u32]));
        while !machine.advance().is_some_and(|progress| progress.step) {
            assert!(machine.stop().is_none(), "{:?}", machine.stop());
        }
        let y = network.step_with(&mut state, row, |_, weights, input, out| match weights {
            Weights::Input => expected_overflows += u64::from(rounded.multiply(input, out)),
            Weights::Recurrent => sum::csr_rows(&network.layers[0].recurrent, input, out),
        });
        let bits = |values: &[f32]| values.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&machine.output(0)), bits(y));
    }
    let counted: u64 = machine.state().pes.iter().map(|pe| pe.count.mac.overflows).sum();
    // All twelve rows with inputs of 1, none with those of 0.5.
    assert_eq!((counted, expected_overflows), (12, 12));
}
