//! Chip and mathematics side by side, on random networks and partitions.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::kernel::options::KernelChoice;
use crate::machine::exec::Machine;
use crate::machine::program::Population;
use crate::mapping::code::tests as code;
use crate::mapping::options::LayerMapping;
use crate::net::Tanh;
use crate::net::attention::spikes::ones;
use crate::net::attention::tests::Dice;
use crate::net::attention::{Attention, Coding, GptState, Mlp, Rates};

/// Rows of random singles.
#[derive(Debug)]
struct Rows {
    values: Vec<f32>,
    width: usize,
}

impl DramRows for Rows {
    fn rows(&self) -> u64 {
        (self.values.len() / self.width) as u64
    }

    fn width(&self) -> usize {
        self.width
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        out.copy_from_slice(&self.values[row as usize * self.width..][..self.width]);
    }
}

fn entry(layer: &str, pes: u32) -> LayerMapping {
    LayerMapping { layer: layer.to_owned(), pes: Some(pes), ..LayerMapping::default() }
}

fn attentions() -> impl Strategy<Value = Attention> {
    prop_oneof![
        Just(Attention::Softmax),
        (1_u8..=5, any::<bool>()).prop_map(|(steps, normalise)| Attention::Spiking { steps, normalise }),
    ]
}

fn mlps() -> impl Strategy<Value = Mlp> {
    let coding = prop_oneof![Just(Coding::Encoded), Just(Coding::Direct)];
    prop_oneof![Just(Mlp::Gelu), (1_u8..=8, coding).prop_map(|(steps, input)| Mlp::Spiking { steps, input })]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn outputs_and_spikes_have_the_bits_of_the_mathematics_on_any_partition(
        seed in any::<u64>(),
        (layers, heads, quads) in (1_usize..=2, 1_usize..=3, 1_usize..=8),
        attention in attentions(),
        mlp in mlps(),
        (sequence, places) in (2_u32..=5, 2_usize..=6),
        shares in prop::array::uniform4(0.0_f64..=1.0),
        (array, exp_unit) in (prop::array::uniform4(any::<bool>()), any::<bool>()),
    ) {
        let mut dice = Dice(seed);
        let network = dice.network((layers, heads, 4 * quads), places, (attention, mlp));
        let tanh = if exp_unit { Tanh::ExpUnit } else { Tanh::Libm };
        let network = Arc::new(Gpt { tanh, ..network.with_context(6) });
        let d = network.width;
        let rows = Arc::new(Rows { values: dice.vector(8 * d, 0.0, 1.5), width: d });
        let pes = |share: f64, most: usize| 1 + (share * (most.min(20) - 1) as f64) as u32;
        // Products of spikes are none for the MAC array.
        let dense = [attention == Attention::Softmax, mlp == Mlp::Gelu];
        let on = |number: usize, entry: LayerMapping| {
            let on_array = array[number] && dense[number / 2];
            LayerMapping { input: if on_array { KernelChoice::Int8Mac } else { entry.input.clone() }, ..entry }
        };
        let mapping = MappingOptions {
            layers: vec![
                on(0, entry("attn", pes(shares[0], heads))),
                on(1, entry("proj", pes(shares[1], d / 4))),
                on(2, entry("fc", pes(shares[2], d))),
                on(3, entry("h.0.mlp", pes(shares[3], d / 4))),
            ],
            ..MappingOptions::default()
        };
        let request = Request {
            network: &network,
            dram: Arc::clone(&rows) as Arc<dyn DramRows>,
            sequence,
            chip: &ChipOptions::default(),
            mapping: &mapping,
            assume: &Assume::default(),
        };
        let (program, placed) = map(&request).unwrap();
        prop_assert_eq!(placed.len(), 2 + 4 * layers);
        let mapped = Arc::clone(&AttentionProgram::of(&program).unwrap().network);
        let chosen: Vec<bool> = mapped.blocks[0].matrices().map(|matrix| matrix.array().is_some()).into();
        let expected: Vec<bool> = (0..4).map(|number| array[number] && dense[number / 2]).collect();
        prop_assert_eq!(chosen, expected);
        let network = mapped;
        let (at_code, without) = code::at_code(&program);
        // GELU has machine code with the tanh of the exp unit alone.
        let gelu = mlp == Mlp::Gelu && tanh == Tanh::Libm;
        let up = |population: &&Population| population.name.split('.').next_back() == Some("fc");
        let pes = program.populations.iter().filter(up).map(|population| population.pes.len());
        prop_assert_eq!(without, if gelu { pes.sum() } else { 0 });
        let mut executed = Machine::new(Arc::new(at_code));
        let mut machine = Machine::new(Arc::new(program));
        let mut state = network.state();
        for step in 0..11_u32 {
            if step.is_multiple_of(sequence) {
                state.start_sequence();
            }
            let row = step * 3 % 8;
            let mut x = vec![0.0; d];
            rows.read(row, &mut x);
            let expected: Vec<u32> = network.step(&mut state, &x).iter().map(|y| y.to_bits()).collect();
            prop_assert!(machine.run(&[vec![row]], 1), "{:?}", machine.stop());
            prop_assert!(executed.run(&[vec![row]], 1), "{:?}", executed.stop());
            code::same(&machine, &executed, &["list of rows"]);
            let output: Vec<u32> = machine.output(0).iter().map(|y| y.to_bits()).collect();
            prop_assert_eq!(output, expected, "step {}", step);
            let mut rates = Rates::new(layers);
            rates.count(state.trace(), state.position() - 1);
            prop_assert_eq!(counted(&machine, layers), rates.spikes(), "step {}", step);
            shown(&machine, &state, &network);
        }
        prop_assert_eq!(machine.state().races.count, 0);
        let macs: u64 = machine.state().pes.iter().map(|pe| pe.count.mac.total.macs).sum();
        prop_assert_eq!(macs > 0, network.blocks.iter().any(|block| {
            block.matrices().iter().any(|matrix| matrix.array().is_some())
        }));
    }
}

/// Compares what screens read from the PEs' memories with the mathematics.
fn shown(machine: &Machine, state: &GptState, network: &Gpt) {
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<u32>>();
    for (layer, trace) in state.trace().layers.iter().enumerate() {
        for (number, of) in trace.heads.iter().enumerate() {
            let head = values::head(machine.program(), layer, number as u32).unwrap();
            let sram = &machine.state().pes[head.pe.index()].sram;
            assert_eq!(head.attended(sram) as usize, state.position());
            let spikes = [&of.query, &of.key, &of.value, &of.output].map(|spikes| spikes.words().to_vec());
            assert_eq!(head.spikes(sram), spikes, "layer {layer} head {number}");
            for (step, shown) in head.states(sram).iter().enumerate() {
                assert_eq!(shown, state.running(layer, number, step).unwrap(), "step {step}");
            }
            let (weights, out) = head.weights(sram);
            if network.attention.steps().is_none() {
                let sum: f32 = weights.iter().sum();
                assert!(weights.len() == state.position() && (sum - 1.0).abs() < 1e-5, "{weights:?}");
                let slot = &machine.program().pe(head.pe).unwrap().slots[0];
                let own = AttentionSlot::of(slot).unwrap();
                let at = own.layout.out + 4 * out.len() as u32 * (number as u32 - own.part.0);
                let sent: Vec<u32> = (0..out.len() as u32).map(|c| sram.word(at + 4 * c)).collect();
                assert_eq!(bits(&out), sent, "layer {layer} head {number}");
            }
        }
        let hidden =
            (0..network.mlp.steps().unwrap_or(0)).map(|step| ones(trace.hidden.step(step)).count() as u32);
        assert_eq!(values::hidden_spikes(machine, layer), hidden.collect::<Vec<u32>>());
    }
    let readouts = values::readouts(machine).unwrap();
    assert_eq!(readouts.layers.len(), network.blocks.len() + 1);
    assert_eq!(readouts.steps.len(), network.mlp.steps().unwrap_or(0));
    let output = bits(&machine.output(0));
    assert_eq!(bits(readouts.layers.last().unwrap()), output);
    if let Some(last) = readouts.steps.last() {
        assert_eq!(bits(last), output, "all time steps of the last block");
    }
}

/// Counts the spikes in the PEs' memories, by layer and population.
fn counted(machine: &Machine, layers: usize) -> Vec<[u64; 7]> {
    let mut all = vec![[0; 7]; layers];
    for pe in machine.program().places() {
        for slot in machine.program().pe(pe).map_or(&[][..], |loaded| &loaded.slots) {
            let own = AttentionSlot::of(slot).unwrap();
            let counts = spikes_of(slot, &machine.state().pes[pe.index()].sram).unwrap();
            let Some(layer) = own.stage.layer() else { continue };
            let at = |place: usize| (place, layer);
            let coded = if own.number == 0 { counts.coded } else { 0 };
            let (input, sent) = if matches!(own.stage, Stage::Attend(_)) { (0, 4) } else { (5, 6) };
            let places = [
                (input, coded),
                (1, counts.qkv[0]),
                (2, counts.qkv[1]),
                (3, counts.qkv[2]),
                (sent, counts.sent),
            ];
            for (place, count) in places {
                let (place, layer) = at(place);
                all[layer][place] += u64::from(count);
            }
        }
    }
    all
}

#[test]
fn what_does_not_fit_is_refused_with_bytes_and_what_is_wrong_with_its_field() {
    let mut dice = Dice(3);
    let attention = Attention::Spiking { steps: 4, normalise: true };
    let network = Arc::new(dice.network((1, 12, 32), 70, (attention, Mlp::Gelu)));
    let rows: Arc<dyn DramRows> = Arc::new(Rows { values: vec![0.0; 384], width: 384 });
    let refused = |layers: Vec<LayerMapping>, rows: &Arc<dyn DramRows>| {
        let mapping = MappingOptions { layers, ..MappingOptions::default() };
        let request = Request {
            network: &network,
            dram: Arc::clone(rows),
            sequence: 20,
            chip: &ChipOptions::default(),
            mapping: &mapping,
            assume: &Assume::default(),
        };
        map(&request).map(|(program, _)| program.used_pes())
    };
    // 147,456 bytes of weights on one PE.
    let full = refused(vec![entry("proj", 1)], &rows).unwrap_err();
    assert!(full.is_misfit() && full.needed().is_some_and(|bytes| bytes > 147_456), "{full}");
    assert!(full.field() == "mapping.layers.0" && full.to_string().contains("h.0.proj weights"), "{full}");
    for (layers, field, words) in [
        (vec![entry("attn", 13)], "mapping.layers.0", "12 heads"),
        (vec![entry("fc", 385)], "mapping.layers.0", "groups of four"),
        (vec![entry("fc", 200)], "mapping", "are free"),
        (vec![entry("rnns.0", 1)], "mapping.layers.0.layer", "attn"),
        (vec![entry("fc", 9), entry("fc", 8)], "mapping.layers.1.layer", "two entries"),
    ] {
        let error = refused(layers, &rows).unwrap_err();
        assert!(error.field() == field && error.to_string().contains(words), "{error}");
    }
    // Products that the MAC array cannot compute, or the core.
    let with = |layer: &str, input| vec![LayerMapping { input, ..entry(layer, 2) }];
    for (layer, input, words) in [
        ("attn", KernelChoice::Int8Mac, "spikes"),
        ("fc", KernelChoice::Dense, "by the core"),
        ("wte", KernelChoice::Int8Mac, "no matrix"),
    ] {
        let error = refused(with(layer, input), &rows).unwrap_err();
        assert!(error.field() == "mapping.layers.0" && error.to_string().contains(words), "{error}");
    }
    let narrow: Arc<dyn DramRows> = Arc::new(Rows { values: vec![0.0; 8], width: 8 });
    assert_eq!(refused(Vec::new(), &narrow), Err(AttentionError::Width { needed: 384, found: 8 }));
    // By itself it takes what it needs: a PE a head, and weights by 73,728 bytes.
    assert_eq!(refused(Vec::new(), &rows), Ok(1 + 12 + 2 + 8 + 8 + 1));
}
