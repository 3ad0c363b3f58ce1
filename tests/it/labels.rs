//! Labels are true: of random networks, partitions and kernels every weight, bias, threshold, c and
//! y is found at its label, every word that the host writes has one, and damaged memory is called
//! outside instead of something it is not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use spinntui::chip::geometry::{ChipId, Pe};
use spinntui::kernel::matrix::{Reading, Spot};
use spinntui::kernel::options::KernelKind;
use spinntui::machine::exec::Machine;
use spinntui::machine::legend::PopulationId;
use spinntui::machine::options::{Assume, ChipOptions};
use spinntui::machine::sram::SRAM_BYTES;
use spinntui::mapping::egru::EgruSlot;
use spinntui::mapping::egru::label::{Content, Label, Labels, Matrix, Origin, Quantity, What};
use spinntui::mapping::options::{Broadcast, LayerMapping, MappingOptions, Payload, Schedule};
use spinntui::mapping::{Request, map};
use spinntui::net::csr::{Csr, from_dense};
use spinntui::net::quantise::quantise_row;
use spinntui::net::{Compare, Egru, EgruLayer, Output, Tanh};

use crate::common::{Rows, Values};

impl Values {
    fn matrix(&mut self, columns: usize, rows: usize) -> Csr {
        let dense: Vec<f32> = (0..columns * rows)
            .map(|_| {
                let keep = self.next() < -0.2;
                let value = self.next() * 1.5;
                if keep { value } else { 0.0 }
            })
            .collect();
        from_dense(columns, rows, &dense).unwrap()
    }
}

#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    inputs: usize,
    layers: Vec<(usize, usize)>,
    kernels: Vec<(KernelKind, KernelKind)>,
    options: MappingOptions,
    traces: bool,
    /// Whether every layer starts at the first PE, so that PEs host several layers.
    overlap: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let kernel = || prop::sample::select(KernelKind::ALL.to_vec());
    let layer = (1usize..24, 1usize..8);
    let way = prop::sample::select(vec![Broadcast::QpeMulticast, Broadcast::Router, Broadcast::Dma]);
    let payload = prop::sample::select(vec![Payload::Dense, Payload::Events]);
    let shape = (any::<u64>(), 1usize..20, prop::collection::vec(layer, 1..4));
    let options = (way, payload, 1u32..3, any::<bool>(), any::<bool>(), any::<bool>());
    (shape, prop::collection::vec((kernel(), kernel()), 3), options).prop_map(
        |((seed, inputs, layers), kernels, (broadcast, payload, batch, pipelined, traces, overlap))| {
            let events = payload == Payload::Events;
            let schedule = if pipelined && broadcast == Broadcast::QpeMulticast {
                Schedule::Pipelined
            } else {
                Schedule::LayerSequential
            };
            let batch = if broadcast == Broadcast::QpeMulticast { batch } else { 1 };
            let options = MappingOptions { broadcast, payload, batch, schedule, ..MappingOptions::default() };
            let layers = layers.into_iter().map(|(units, pes)| (units, pes.min(units))).collect();
            Case { seed: seed | 1, inputs, layers, kernels, options, traces: traces && !events, overlap }
        },
    )
}

impl Case {
    fn kernel(&self, kind: KernelKind, layer: usize, input: bool) -> KernelKind {
        let lists = self.options.payload == Payload::Events && !(layer == 0 && input);
        if kind == KernelKind::CscEventList && !lists { KernelKind::CscEvent } else { kind }
    }

    /// Returns the network and a chip that is loaded with it.
    fn build(&self) -> (Egru, Machine) {
        let mut values = Values(self.seed);
        let (mut inputs, mut network, mut options) =
            (self.inputs, Egru { layers: Vec::new() }, self.options.clone());
        for (k, &(units, pes)) in self.layers.iter().enumerate() {
            let name = format!("rnns.{k}");
            let (w, r) = self.kernels[k];
            let on = || Pe::of(ChipId::FIRST).take(pes).map(Into::into).collect();
            options.layers.push(LayerMapping {
                layer: name.clone(),
                input: self.kernel(w, k, true).into(),
                recurrent: self.kernel(r, k, false).into(),
                pes: (!self.overlap).then_some(pes as u32),
                on: self.overlap.then(on),
                ..LayerMapping::default()
            });
            network.layers.push(EgruLayer {
                name,
                input_weights: values.matrix(inputs, 3 * units),
                recurrent: values.matrix(units, 3 * units),
                bias: values.vec(3 * units, 0.3),
                recurrent_bias: values.vec(3 * units, 0.3),
                threshold: values.vec(units, 0.2).iter().map(|t| t.abs()).collect(),
                output: if self.traces { Output::Trace } else { Output::Y },
                compare: Compare::Greater,
                always: false,
                tanh: Tanh::Libm,
            });
            inputs = units;
        }
        let rows = (0..4).map(|_| values.vec(self.inputs, 1.0)).collect();
        let request = Request {
            network: &network,
            dram: Arc::new(Rows(rows)),
            restart: None,
            chip: &ChipOptions::default(),
            mapping: &options,
            assume: &Assume::default(),
            peaks: None,
            head: None,
        };
        let (program, _) = map(&request).unwrap();
        (network, Machine::new(Arc::new(program)))
    }
}

/// Returns all labels of a PE, one for each element, ascending.
fn all(labels: &Labels<'_>, machine: &Machine, pe: Pe) -> Vec<Label> {
    let words = machine.state().pes[pe.index()].sram.words();
    let mut found: Vec<Label> = Vec::new();
    let mut at = 0;
    while at < SRAM_BYTES {
        let label = labels.at(words, at);
        assert!(
            label.address <= at && at < label.address + label.reading.bytes().max(1),
            "{label:?} at {at}"
        );
        at = label.address + label.reading.bytes();
        assert!(!label.text(labels).is_empty());
        found.push(label);
    }
    found
}

/// Layer, W or R, unit, gate, source.
type Name = (u16, bool, u32, u8, u32);

/// Returns every weight of the network by name, as its kernel stores it: rounded to 8 bits
/// where it does.
fn weights(network: &Egru) -> BTreeMap<Name, f32> {
    let mut all = BTreeMap::new();
    for (k, layer) in (0u16..).zip(&network.layers) {
        for (is_r, matrix) in [(false, &layer.input_weights), (true, &layer.recurrent)] {
            for (row, vector) in matrix.outer_iterator().enumerate() {
                let (gate, unit) = (row / layer.units(), row % layer.units());
                for (source, &weight) in vector.iter() {
                    all.insert((k, is_r, unit as u32, gate as u8, source as u32), weight);
                }
            }
        }
    }
    all
}

fn check_weights(case: &Case, network: &Egru, machine: &Machine) {
    let mut wanted = weights(network);
    let scales: BTreeMap<(u16, bool, u32, u8), f32> = {
        let mut rows: BTreeMap<(u16, bool, u32, u8), Vec<f32>> = BTreeMap::new();
        for (&(layer, is_r, unit, gate, _), &weight) in &wanted {
            rows.entry((layer, is_r, unit, gate)).or_default().push(weight);
        }
        rows.into_iter().map(|(row, weights)| (row, quantise_row(weights.into_iter()).0)).collect()
    };
    for pe in Pe::of(ChipId::FIRST) {
        let Some(labels) = Labels::of(machine.program(), pe) else { continue };
        let sram = &machine.state().pes[pe.index()].sram;
        for label in all(&labels, machine, pe) {
            let What::Matrix { layer, matrix, unit, source, spot: Spot::Weight(entry) } = label.what else {
                continue;
            };
            let layer = layer.0;
            let is_r = matrix == Matrix::R;
            let ((unit, gate), source) = (unit.unwrap(), source.unwrap());
            let word = sram.word(label.address);
            let there = match label.reading {
                Reading::I8 => {
                    let value = (word >> (8 * (label.address % 4))) as u8 as i8;
                    // A dense kernel stores rows without a weight, too.
                    f32::from(value) * scales.get(&(layer, is_r, unit, gate)).copied().unwrap_or(0.0)
                }
                _ => f32::from_bits(word),
            };
            // A dense kernel stores zeros, too.
            match wanted.remove(&(layer, is_r, unit, gate, source)) {
                None => assert_eq!(there.to_bits(), 0, "no such weight: {:?} {entry:?}", label.what),
                Some(weight) if label.reading == Reading::I8 => {
                    let scale = scales[&(layer, is_r, unit, gate)];
                    assert!((there - weight).abs() <= 0.500_1 * scale, "{there} for {weight}");
                }
                Some(weight) => assert_eq!(there.to_bits(), weight.to_bits(), "{:?}", label.what),
            }
        }
    }
    assert!(wanted.is_empty(), "{} weights are nowhere: {:?}", wanted.len(), case.options);
}

fn check_units(network: &Egru, machine: &Machine, samples: usize) {
    let mut seen: BTreeMap<(u16, u8, u32, String), u32> = BTreeMap::new();
    for pe in Pe::of(ChipId::FIRST) {
        let Some(labels) = Labels::of(machine.program(), pe) else { continue };
        for label in all(&labels, machine, pe) {
            let What::Unit { layer, sample, unit, quantity } = label.what else { continue };
            let is = &network.layers[usize::from(layer)];
            let bits = machine.state().pes[pe.index()].sram.word(label.address);
            let gate = |values: &[f32], gate: u8| values[usize::from(gate) * is.units() + unit as usize];
            let wanted = match quantity {
                Quantity::Threshold => Some(is.threshold[unit as usize]),
                Quantity::Bias(g) => Some(gate(&is.bias, g)),
                Quantity::RecurrentBias(g) => Some(gate(&is.recurrent_bias, g)),
                _ => None,
            };
            if let Some(wanted) = wanted {
                assert_eq!(bits, wanted.to_bits(), "{quantity:?} of unit {unit}");
            }
            let name = (layer.0, sample, unit, format!("{quantity:?}"));
            assert_eq!(seen.insert(name, bits), None, "twice: {quantity:?} of unit {unit}");
        }
    }
    for (k, layer) in (0u16..).zip(&network.layers) {
        for unit in 0..layer.units() as u32 {
            let there = |sample: usize, quantity: Quantity| {
                seen.contains_key(&(k, sample as u8, unit, format!("{quantity:?}")))
            };
            assert!(there(0, Quantity::Threshold) && (0..3).all(|g| there(0, Quantity::Bias(g))));
            for sample in 0..samples {
                assert!(there(sample, Quantity::Cell) && there(sample, Quantity::Y));
                assert!((0..3).all(|g| there(sample, Quantity::InputSum(g))));
                assert!((0..3).all(|g| there(sample, Quantity::RecurrentSum(g))));
            }
        }
    }
}

/// Words that the host writes have a label, as have all bytes of all regions, and none outside
/// of them has.
fn check_map(machine: &Machine) {
    for pe in Pe::of(ChipId::FIRST) {
        let Some(labels) = Labels::of(machine.program(), pe) else { continue };
        let loaded = labels.loaded();
        let words = machine.state().pes[pe.index()].sram.words();
        for (address, written) in loaded.image.iter() {
            for (i, _) in (0u32..).zip(written) {
                let found = labels.word(words, address + 4 * i);
                let known = |label: &Label| {
                    !matches!(label.what, What::Free | What::Matrix { spot: Spot::Outside, .. })
                };
                assert!(known(&found[0]), "{:05x}: {found:?}", address + 4 * i);
            }
        }
        for region in &loaded.regions {
            for at in region.start..region.end {
                let what = labels.at(words, at).what;
                assert_ne!(what, What::Free, "{at:05x} in {}", region.name);
            }
        }
        for label in all(&labels, machine, pe) {
            let inside = |r: &&spinntui::machine::program::Region| (r.start..r.end).contains(&label.address);
            let region = loaded.regions.iter().find(inside);
            let free = label.what == What::Free || (label.what == What::Padding && label.address % 4 > 0);
            assert!(region.is_some() || free, "{label:05x?}");
            assert!(region.is_none() || label.what != What::Free, "{label:05x?}");
        }
    }
}

/// Checks that the labels of buffers agree with their senders: y of the step just completed.
fn check_buffers(machine: &Machine) -> usize {
    let mut compared = 0;
    let mut sent: BTreeMap<(u16, u8, u32), (u32, u32)> = BTreeMap::new();
    for pe in Pe::of(ChipId::FIRST) {
        let Some(labels) = Labels::of(machine.program(), pe) else { continue };
        for label in all(&labels, machine, pe) {
            if let What::Unit { layer, sample, unit, quantity: Quantity::Y } = label.what {
                let sram = &machine.state().pes[pe.index()].sram;
                let slot =
                    &labels.loaded().slots.iter().find(|s| (s.population, s.sample) == (layer, sample));
                let steps = sram.word(slot.unwrap().turn);
                sent.insert((layer.0, sample, unit), (steps, sram.word(label.address)));
            }
        }
    }
    for pe in Pe::of(ChipId::FIRST) {
        let Some(labels) = Labels::of(machine.program(), pe) else { continue };
        for label in all(&labels, machine, pe) {
            let What::Buffer { sample, y: Some(Origin::Unit(layer, unit)), now: Content::Y(step), .. } =
                label.what
            else {
                continue;
            };
            let (steps, bits) = sent[&(layer.0, sample, unit)];
            if steps == step + 1 {
                let there = machine.state().pes[pe.index()].sram.word(label.address);
                assert_eq!(there, bits, "{} on {pe}", label.text(&labels));
                compared += 1;
            }
        }
    }
    compared
}

/// Tests that every weight and value of a network lies where a label says, before and after a run.
fn check_labels(case: &Case) -> Result<(), TestCaseError> {
    let (network, mut machine) = case.build();
    check_map(&machine);
    check_weights(case, &network, &machine);
    let samples = case.options.batch as usize;
    check_units(&network, &machine, samples);
    let steps: Vec<Vec<u32>> = (0..3).map(|t| vec![t % 4; samples]).collect();
    prop_assert!(machine.run(&steps, 3));
    // The host has the last layer's y before its readers may have it: let all that is under way
    // arrive.
    while machine.advance().is_some() {}
    let compared = check_buffers(&machine);
    prop_assert!(compared > 0 || case.options.payload == Payload::Events);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    #[ignore = "more of the same; cargo test --test it labels:: -- --ignored"]
    fn every_weight_and_state_is_at_its_label_in_many_cases(case in case()) {
        check_labels(&case)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn every_weight_and_state_is_at_its_label(case in case()) {
        check_labels(&case)?;
    }

    #[test]
    fn damaged_memory_has_labels_too(case in case(), noise in any::<u64>()) {
        let (_, mut machine) = case.build();
        let mut values = Values(noise | 1);
        for _ in 0..400 {
            let pe = Pe::from_index((values.next().abs() * 20.0) as usize).unwrap();
            let address = (values.next().abs() * SRAM_BYTES as f32) as u32;
            machine.flip_bit(pe, address.min(SRAM_BYTES - 1), (values.next().abs() * 7.9) as u8);
        }
        for pe in Pe::of(ChipId::FIRST) {
            if let Some(labels) = Labels::of(machine.program(), pe) {
                all(&labels, &machine, pe);
            }
        }
    }
}

/// Tests labels and words of compressed rows on one PE, also after a row pointer was flipped.
#[test]
fn labels_in_words_follow_the_row_pointers() {
    let case = Case {
        seed: 77,
        inputs: 6,
        layers: vec![(8, 2), (5, 1)],
        kernels: vec![(KernelKind::CsrRow, KernelKind::CsrRow); 3],
        options: MappingOptions::default(),
        traces: false,
        overlap: false,
    };
    let (_, mut machine) = case.build();
    let pe = machine.program().populations[1].pes[0];
    let program = Arc::clone(machine.program());
    let labels = Labels::of(&program, pe).unwrap();
    let slot = labels.loaded().slot_of(PopulationId(1)).unwrap().1;
    let EgruSlot { pointwise, recurrent: kernel, .. } = labels.egru(0);
    let text = |machine: &Machine, at: u32| {
        labels.at(machine.state().pes[pe.index()].sram.words(), at).text(&labels)
    };
    assert_eq!(text(&machine, pointwise.cell + 4), format!("c of unit {}", slot.units[1]));
    assert_eq!(text(&machine, pointwise.threshold), "threshold θ of unit 0");
    assert_eq!(text(&machine, pointwise.bias + 4 * 5), "bias of unit 0, gate r");
    assert_eq!(text(&machine, slot.turn), "rnns.1: time steps completed");
    let words = machine.state().pes[pe.index()].sram.words();
    let row = (0..15).find(|&row| kernel.row_weights(words, row).is_some_and(|(_, n)| n > 1)).unwrap();
    let (at, _) = kernel.row_weights(words, row).unwrap();
    let found = text(&machine, at + 4);
    let (unit, gate) = (row % 5, ["z", "r", "g"][row as usize / 5]);
    assert!(found.starts_with(&format!("R of unit {unit}, gate {gate}, value 1 (from unit ")), "{found}");
    // The last row pointer becomes 0: nothing leads to the weights of the last row any more.
    let pointers = kernel.array_addresses()[2];
    let end = pointers + 4 * 15;
    let last = machine.state().pes[pe.index()].sram.word(end);
    assert!(text(&machine, end).contains("end of the last row"));
    for bit in 0..8u32 {
        if last >> bit & 1 == 1 {
            machine.flip_bit(pe, end, bit as u8);
        }
    }
    let lonely = text(&machine, kernel.array_addresses()[0] + 4 * (last - 1));
    assert_eq!(lonely, "R: outside, no pointer leads here");
}
