//! Tests that calls give the bytes and take the cycles of their listings.

use std::sync::Arc;

use proptest::prelude::*;
use spinntui_cortex_m4::Traps;

use super::*;
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::board::Board;
use crate::kernel::code::CodeFile;
use crate::kernel::code::calls::{FunctionCall, Ready, Script};
use crate::kernel::code::run::{Entry, Scratch};
use crate::kernel::cost::KernelCosts;
use crate::kernel::cost::transformer::{TransformerRoutine as R, execute};
use crate::kernel::empty_sram;

/// First byte of array number `n`.
const fn at(n: u32) -> u32 {
    0x4000 + 0x800 * n
}

/// SRAM with singles, small integers or bytes in its arrays.
struct Bench {
    words: Box<SramWords>,
}

impl Bench {
    fn new() -> Self {
        Self { words: empty_sram() }
    }

    fn put(&mut self, address: u32, words: &[u32]) {
        let first = address as usize / 4;
        self.words[first..first + words.len()].copy_from_slice(words);
    }

    fn singles(&mut self, address: u32, values: &[f32]) {
        let words: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
        self.put(address, &words);
    }

    /// Runs a call and its listings side by side: memory from `at(0)` on must be equal, cycles too.
    fn check(mut self, call: &Call, listed: &[(R, Vec<u32>)], cleared: u32) -> Result<(), TestCaseError> {
        let mut board = Board::default();
        board.put(0, self.words.iter().copied());
        let (before, counted) = (self.words.clone(), call.counted(&self.words));
        let made = call.run(&mut self.words);
        prop_assert!(counted.is_none_or(|counted| counted == made), "{:?}", call);
        let writes = call.writes();
        for (at, _) in
            (0_u32..).map(|i| 4 * i).zip(before.iter().zip(&*self.words)).filter(|(_, (a, b))| a != b)
        {
            prop_assert!(
                writes.iter().any(|&(from, bytes)| (from..from + bytes).contains(&at)),
                "{:?} {at:x}",
                call
            );
        }
        executed(call, before, &self.words)?;
        let mut cycles = Cycles::default();
        for (routine, arguments) in listed {
            cycles += execute(*routine, arguments, &mut board);
        }
        let arrays = 0x800 / 4 * 12;
        let first = at(0) as usize / 4;
        prop_assert_eq!(board.get(at(0), arrays), self.words[first..first + arrays].to_vec(), "{:?}", call);
        let costs = KernelCosts::committed().unwrap();
        let (mut total, mut words) = (Cycles::default(), 0);
        for step in made {
            match step {
                Step::Clear(n) => words += n,
                // `int8_mac` has tests of its own.
                Step::Mac(..) => {}
                Step::Routine(routine, sizes) => total += costs.transformer(routine, sizes),
            }
        }
        prop_assert_eq!((total, words), (cycles, cleared), "{:?}", call);
        Ok(())
    }
}

/// Executes the machine code of a call: it leaves the bytes that the call leaves, from `at(0)` on
/// but for lists of rows, and takes its cycles.
fn executed(call: &Call, mut before: Box<SramWords>, after: &SramWords) -> Result<(), TestCaseError> {
    let file = CodeFile::built_in().unwrap();
    for (at, words) in &file.words {
        before[*at as usize / 4..][..words.len()].copy_from_slice(words);
    }
    let entry = |function: &str| Entry {
        file: Arc::clone(file),
        function: function.to_owned(),
        address: file.function(function).unwrap().address,
        traps: Traps { unaligned: true, divide: true },
    };
    let ready = |of: FunctionCall| Ready {
        entry: Arc::new(entry(of.function)),
        arguments: of.arguments,
        when: of.when,
    };
    let script = Script {
        calls: call.function_calls().into_iter().map(ready).collect(),
        random: None,
        zeros: Vec::new(),
    };
    let (made, mut scratch) = (call.run(&mut before.clone()), Scratch::default());
    let ran = scratch.run(&before, &script, &[]).unwrap();
    let costs = KernelCosts::committed().unwrap();
    let of = |step: Step| match step {
        Step::Clear(words) => costs.clear(words),
        Step::Mac(..) => Cycles::default(),
        Step::Routine(routine, sizes) => costs.transformer(routine, sizes),
    };
    let cycles: Cycles = made.iter().map(|step| of(*step)).sum();
    for p in 1..=3 {
        prop_assert_eq!(ran.counts.at(p), cycles.at(p), "{:?}", call);
    }
    for (from, words) in scratch.results() {
        before[from as usize / 4..][..words.len()].copy_from_slice(&words);
    }
    let own = at(0) as usize / 4..at(14) as usize / 4;
    prop_assert_eq!(&before[own.clone()], &after[own], "{:?}", call);
    Ok(())
}

fn singles(n: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-3.0_f32..3.0, n)
}

fn words(n: usize) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), n)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn parts_that_do_not_spike(
        n in 1_u32..24, inputs in 1_u32..20, a in singles(512), b in singles(512), q in words(512),
    ) {
        let mut bench = Bench::new();
        bench.singles(at(0), &a);
        bench.singles(at(1), &b);
        bench.put(at(2), &q);
        let (h, weight, bias, out) = (at(0), at(1), at(0) + 400, at(3));
        let call = Call::LayerNorm { n, h, weight, bias, out };
        Bench { words: bench.words.clone() }.check(&call, &[(R::LayerNorm, vec![n, h, weight, bias, out])], 0)?;
        let layer = LinearLayout { outputs: n, inputs, q: at(2), scale: at(1), bias: at(1) + 400 };
        let call = Call::Dense { layer, x: at(0), out };
        let arguments = vec![n, inputs, at(0), layer.q, layer.scale, layer.bias, out];
        Bench { words: bench.words.clone() }.check(&call, &[(R::DenseInt8, arguments)], 0)?;
        let call = Call::Add { n, a: at(0), b: at(1), out };
        bench.check(&call, &[(R::Add, vec![n, at(0), at(1), out])], 0)?;
    }

    #[test]
    fn machine_code_attends_and_has_the_tanh_of_the_exp_unit(
        n in 1_u32..12, width in 1_u32..12, x in singles(144), keys in singles(144), values in singles(144),
    ) {
        let mut bench = Bench::new();
        bench.singles(at(0), &x);
        bench.singles(at(1), &keys);
        bench.singles(at(2), &values);
        bench.singles(at(5), &[1.0 / (width as f32).sqrt()]);
        let (q, keys, values) = (at(0), at(1), at(2));
        let calls = [
            Call::Softmax { n, width, q, keys, values, scores: at(3), factor: at(5), out: at(4) },
            Call::Gelu { n, x: at(0), tanh: Tanh::ExpUnit },
            Call::Fill { at: at(6), words: n, value: at(1) },
        ];
        for call in calls {
            let mut after = bench.words.clone();
            call.run(&mut after);
            executed(&call, bench.words.clone(), &after)?;
        }
        let usual = Call::Gelu { n, x: at(0), tanh: Tanh::Libm };
        prop_assert!(!usual.has_code());
    }

    #[test]
    fn values_are_coded_as_signed_spikes(n in 1_u32..70, steps in 1_u32..9, u in singles(70), theta in 0.1_f32..2.0) {
        let row = n.div_ceil(32);
        for theta in [None, Some(theta)] {
            let mut bench = Bench::new();
            bench.singles(at(0), &u);
            bench.singles(at(1), &[theta.unwrap_or_default()]);
            let threshold = theta.map(|_| at(1));
            let call = Call::Code { n, steps, u: at(0), theta: threshold, spikes: at(2) };
            let listed = match theta {
                None => (R::CodeLeaky, vec![n, steps, at(0), at(2), steps * row, row]),
                Some(_) => (R::CodeQuantised, vec![n, steps, at(0), at(1), at(2), steps * row, row]),
            };
            bench.check(&call, &[listed], 2 * steps * row)?;
        }
    }

    #[test]
    fn rows_of_spikes_are_added_and_subtracted(
        bits in words(2), more in any::<u32>(), q in words(512), sums in words(8), quads in 1_u32..3, minus in any::<bool>(),
    ) {
        let columns = 4 * quads;
        let mut bench = Bench::new();
        // The second segment is a word of its own with the weights of the first's neurons.
        bench.put(at(0), &[bits[0], bits[1], more]);
        bench.put(at(1), &q);
        bench.put(at(2), &sums);
        let segments = [(at(0), 2), (at(0) + 8, 1)];
        let segments = segments.map(|(bits, words)| Segment { bits, words, rows: at(1) });
        let call = Call::AddRows {
            spiking: Spiking { segments: segments.to_vec(), minus },
            columns,
            list: at(14),
            sums: at(2),
        };
        let ones = [bits[0].count_ones() + bits[1].count_ones(), more.count_ones()];
        let total = ones[0] + ones[1];
        let list = |segment: usize, to: u32| {
            let Segment { bits, words, rows } = segments[segment];
            (R::ListRows, vec![bits, words, rows, columns, to])
        };
        let mut listed = vec![list(0, at(14)), list(1, at(14) + 4 * ones[0])];
        if total > 0 {
            let routine = if minus { R::SubtractRows } else { R::AddRows };
            listed.push((routine, vec![at(14), at(14) + 4 * total, columns, at(2)]));
        }
        bench.check(&call, &listed, 0)?;
    }

    #[test]
    fn neurons_fire(
        n in 1_u32..=32, sums in prop::collection::vec(-300_i32..300, 32), v in singles(32), z in singles(32), theta in 0.2_f32..2.0,
    ) {
        let firing = Firing {
            n,
            sums: at(0),
            scale: at(1),
            bias: at(2),
            v: at(3),
            theta: at(4),
            spikes: at(5),
        };
        for neuron in [Neuron::Leaky, Neuron::Quantised, Neuron::Constant] {
            let mut bench = Bench::new();
            match neuron {
                Neuron::Constant => bench.singles(at(0), &z),
                _ => bench.put(at(0), &sums.iter().map(|sum| sum.cast_unsigned()).collect::<Vec<_>>()),
            }
            bench.singles(at(1), &[0.011; 32]);
            bench.singles(at(2), &z);
            bench.singles(at(3), &v);
            bench.singles(at(4), &[theta]);
            let listed = match neuron {
                Neuron::Leaky => (R::FireLeaky, vec![n, at(0), at(1), at(2), at(3), at(5)]),
                Neuron::Quantised => (R::FireQuantised, vec![n, at(0), at(1), at(2), at(3), at(4), at(5)]),
                Neuron::Constant => (R::FireConstant, vec![n, at(0), at(3), at(4), at(5)]),
            };
            bench.check(&Call::Fire(neuron, firing), &[listed], 0)?;
        }
        let mut bench = Bench::new();
        bench.put(at(0), &sums.iter().map(|sum| sum.cast_unsigned()).collect::<Vec<_>>());
        bench.singles(at(1), &[0.011; 32]);
        bench.singles(at(2), &z);
        bench.singles(at(3), &v);
        let layer = LinearLayout { outputs: n, inputs: 8, q: at(7), scale: at(1), bias: at(2) };
        let call = Call::AddMean { layer, sums: at(0), steps: 5, h: at(3), out: at(6) };
        bench.check(&call, &[(R::AddMean, vec![n, at(0), at(1), at(2), at(3), 5, at(6)])], 0)?;
    }

    #[test]
    fn a_head_remembers_and_recalls(
        width in 1_u32..=32, qkv in words(3), cells in prop::collection::vec(0_u32..60, 512), v in singles(32), gain in 0.01_f32..1.0,
    ) {
        // All combinations of silence.
        for silent in 0..8_u32 {
            let mask = u32::MAX >> (32 - width);
            let word = |i: usize| if silent >> i & 1 == 1 { 0 } else { qkv[i] & mask };
            let [query, key, value] = [word(0), word(1), word(2)];
            let mut bench = Bench::new();
            bench.put(at(0), &[query, key, value]);
            // Two halves of 16 bits.
            bench.put(at(1), &cells.iter().map(|cell| (cell << 16) | (cell / 2)).collect::<Vec<_>>());
            bench.singles(at(3), &[gain]);
            bench.singles(at(4), &v);
            let head = HeadLayout {
                width,
                qkv: [at(0), at(0) + 4, at(0) + 8],
                state: at(1),
                read: at(5),
                gain: at(3),
                tokens: 7,
                v: at(4),
                spikes: at(6),
            };
            let mut listed = Vec::new();
            if key != 0 && value != 0 {
                listed.push((R::Remember, vec![key, value, at(1), width]));
            }
            if query != 0 {
                listed.push((R::Recall, vec![query, at(1), width, at(5)]));
            }
            listed.push((R::FireAttention, vec![width, at(5), at(3), 7, at(4), at(6)]));
            bench.check(&Call::Attend(head), &listed, width)?;
        }
    }
}

#[test]
fn softmax_attention_leaves_shares_that_add_up_to_1() {
    let mut bench = Bench::new();
    bench.singles(at(0), &[0.5, -0.25]);
    bench.singles(at(1), &[1.0, 2.0, -1.0, 0.5, 0.25, 3.0]);
    bench.singles(at(2), &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    let call = Call::Softmax {
        n: 3,
        width: 2,
        q: at(0),
        keys: at(1),
        values: at(2),
        scores: at(3),
        factor: at(5),
        out: at(4),
    };
    let made = call.run(&mut bench.words);
    let (shares, out) = (load(&bench.words, at(3), 3), load(&bench.words, at(4), 2));
    assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{shares:?}");
    assert!((out[1] - 10.0 * out[0]).abs() < 1e-4 && (1.0..3.0).contains(&out[0]), "{out:?}");
    let exps = made.iter().map(|step| match step {
        Step::Routine(routine, sizes) => routine.exps(sizes.n),
        Step::Clear(_) | Step::Mac(..) => 0,
    });
    assert_eq!(exps.sum::<u32>(), 3);
}
