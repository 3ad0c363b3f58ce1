//! Costs of the routines of transformers: `transformer.c` and `spike_attention.c`.

use super::KernelCosts;
use super::measure::{DATA, Linear, Meter, end, evaluate, load};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::chip::listing::board::Board;
use crate::chip::listing::trace::Step;

/// A C function of `transformer.c` or `spike_attention.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the function of its name
pub enum TransformerRoutine {
    LayerNorm,
    DenseInt8,
    Add,
    Gelu,
    Scores,
    Softmax,
    Weigh,
    Fill,
    CodeLeaky,
    CodeQuantised,
    ListRows,
    AddRows,
    SubtractRows,
    FireLeaky,
    FireQuantised,
    FireConstant,
    Remember,
    Recall,
    FireAttention,
    AddMean,
}

use TransformerRoutine as R;

impl TransformerRoutine {
    /// All routines, in the order of their numbers.
    pub const ALL: [Self; 20] = [
        R::LayerNorm,
        R::DenseInt8,
        R::Add,
        R::Gelu,
        R::Scores,
        R::Softmax,
        R::Weigh,
        R::Fill,
        R::CodeLeaky,
        R::CodeQuantised,
        R::ListRows,
        R::AddRows,
        R::SubtractRows,
        R::FireLeaky,
        R::FireQuantised,
        R::FireConstant,
        R::Remember,
        R::Recall,
        R::FireAttention,
        R::AddMean,
    ];

    /// Returns the name of the C function.
    pub const fn function(self) -> &'static str {
        match self {
            R::LayerNorm => "layer_norm",
            R::DenseInt8 => "dense_int8",
            R::Add => "add",
            R::Gelu => "gelu",
            R::Scores => "scores",
            R::Softmax => "softmax",
            R::Weigh => "weigh",
            R::Fill => "fill",
            R::CodeLeaky => "code_leaky",
            R::CodeQuantised => "code_quantised",
            R::ListRows => "list_rows",
            R::AddRows => "add_rows",
            R::SubtractRows => "subtract_rows",
            R::FireLeaky => "fire_leaky",
            R::FireQuantised => "fire_quantised",
            R::FireConstant => "fire_constant",
            R::Remember => "remember",
            R::Recall => "recall",
            R::FireAttention => "fire_attention",
            R::AddMean => "add_mean",
        }
    }

    /// Returns its file in `assets/kernels`, without extension.
    pub const fn source(self) -> &'static str {
        match self {
            R::LayerNorm | R::DenseInt8 | R::Add | R::Gelu | R::Scores | R::Softmax | R::Weigh => {
                "transformer"
            }
            _ => "spike_attention",
        }
    }

    /// Returns the number of exponentials of a call over `n` values: the exp unit's latency is
    /// charged for each beside the listing.
    pub const fn exps(self, n: u32) -> u32 {
        if matches!(self, R::Gelu | R::Softmax) { n } else { 0 }
    }
}

/// Sizes of a call on which its cycles depend; each is at least 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Values, neurons, rows, tokens; words of bits of `list_rows`; keys that spike.
    pub n: u32,
    /// Values or time steps for each of these; columns of `add_rows` in fours; values that spike.
    pub each: u32,
    /// Spikes that the call finds or makes, 0 or more.
    pub spikes: u32,
    /// Words of `list_rows` with spikes, 0 or more.
    pub marked: u32,
}

impl Sizes {
    /// Returns the sizes of a call over `n` values.
    pub const fn of(n: u32) -> Self {
        Self { n, each: 1, spikes: 0, marked: 0 }
    }

    /// Returns the sizes of a call over `n` values of `each` parts.
    pub const fn by(n: u32, each: u32) -> Self {
        Self { n, each, spikes: 0, marked: 0 }
    }

    /// Returns the same with `spikes` spikes.
    #[must_use]
    pub const fn with(self, spikes: u32) -> Self {
        Self { spikes, ..self }
    }
}

/// Number of terms of a routine's formula.
const TERMS: usize = 4;

/// Formula of a routine: a sum of counted terms, the first of which is the call.
pub(super) type Formula = [Linear; TERMS];

impl R {
    /// Returns how often each term of the formula counts.
    fn terms(self, sizes: Sizes) -> [u32; TERMS] {
        let Sizes { n, each, spikes, marked } = sizes;
        match self {
            R::LayerNorm | R::Add | R::Gelu | R::Softmax | R::Fill | R::AddMean => [1, n, 0, 0],
            R::FireLeaky | R::FireQuantised | R::FireConstant | R::FireAttention => [1, n, spikes, 0],
            R::CodeLeaky | R::CodeQuantised => [1, n, n * each, spikes],
            R::ListRows => [1, marked, n, spikes],
            R::DenseInt8 | R::Scores | R::Weigh | R::AddRows | R::SubtractRows | R::Remember | R::Recall => {
                [1, n, n * each, 0]
            }
        }
    }

    /// Returns calls whose costs give the formula: a first one, then for each term one with a
    /// single more of it, and any number of later terms.
    fn samples(self) -> [Option<Sizes>; TERMS] {
        match self {
            R::LayerNorm | R::Add | R::Gelu | R::Softmax | R::Fill | R::AddMean => {
                [Some(Sizes::of(1)), Some(Sizes::of(2)), None, None]
            }
            R::FireLeaky | R::FireQuantised | R::FireConstant | R::FireAttention => {
                [Some(Sizes::of(1)), Some(Sizes::of(2)), Some(Sizes::of(1).with(1)), None]
            }
            R::CodeLeaky | R::CodeQuantised => {
                [Some(Sizes::of(1)), Some(Sizes::of(2)), Some(Sizes::by(1, 2)), Some(Sizes::of(1).with(1))]
            }
            R::ListRows => {
                let marked = |n, marked, spikes| Some(Sizes { marked, ..Sizes::of(n).with(spikes) });
                [marked(1, 1, 1), marked(2, 2, 2), marked(2, 1, 1), marked(1, 1, 2)]
            }
            _ => [Some(Sizes::of(1)), Some(Sizes::by(2, 1)), Some(Sizes::by(1, 2)), None],
        }
    }
}

/// Formulas of all routines, by their numbers.
pub(super) type Formulas = [Formula; R::ALL.len()];

impl KernelCosts {
    /// Returns the cycles of a call, without the exp unit's latency.
    pub fn transformer(&self, routine: TransformerRoutine, sizes: Sizes) -> Cycles {
        let formula = &self.transformer[routine as usize];
        let terms = routine.terms(sizes);
        evaluate(&[0, 1, 2, 3].map(|term| (formula[term], terms[term])))
    }
}

/// Measures the formulas of all routines.
pub(super) fn measure(meter: Meter) -> Result<Formulas, ListingError> {
    let mut all = [Formula::default(); R::ALL.len()];
    for (formula, routine) in all.iter_mut().zip(R::ALL) {
        *formula = formula_of(meter, routine)?;
    }
    Ok(all)
}

fn formula_of(meter: Meter, routine: R) -> Result<Formula, ListingError> {
    let mut formula = Formula::default();
    let samples = routine.samples();
    let cost = |sizes: Sizes| run(meter, routine, sizes).map(|steps| end(&steps));
    let first = samples[0].unwrap_or_default();
    let base = routine.terms(first);
    let call = cost(first)?;
    for term in (1..TERMS).rev() {
        let Some(sizes) = samples[term] else { continue };
        let terms = routine.terms(sizes);
        let mut more = cost(sizes)? - call;
        for later in term + 1..TERMS {
            more = more - formula[later].times(terms[later] - base[later]);
        }
        formula[term] = more;
    }
    formula[0] = (1..TERMS).fold(call, |rest, term| rest - formula[term].times(base[term]));
    Ok(formula)
}

/// Executes a routine's listing on a board, and returns its cycles.
#[cfg(test)]
pub(crate) fn execute(routine: TransformerRoutine, arguments: &[u32], board: &mut Board) -> Cycles {
    let function = load(routine.source(), routine.function()).unwrap();
    Meter::ALL.run(function, arguments, board).unwrap().last().unwrap().end
}

/// Array number `array` of a measured call.
pub(super) const fn at(array: u32) -> u32 {
    DATA + 0x1000 * array
}

/// Returns a single as the word that holds it.
const fn single(value: f32) -> u32 {
    value.to_bits()
}

/// Executes a routine on data with these sizes: of `n` neurons the first `spikes` spike, of `n`
/// words the first `marked` have the spikes.
fn run(meter: Meter, routine: R, sizes: Sizes) -> Result<Vec<Step>, ListingError> {
    let Sizes { n, each, spikes, marked } = sizes;
    let mut board = Board::default();
    // A single far above any threshold for those that spike, 0 for the others.
    let loud = (0..n).map(|neuron| if neuron < spikes { single(64.0) } else { 0 });
    // Values of both signs.
    let coded = (0..n).map(|neuron| {
        let size = if neuron < spikes { 64.0 } else { 0.001 };
        single(if neuron % 2 == 0 { size } else { -size })
    });
    let words = n.div_ceil(32);
    let arguments: Vec<u32> = match routine {
        R::LayerNorm => vec![n, at(0), at(1), at(2), at(3)],
        R::DenseInt8 => vec![n, each, at(0), at(1), at(2), at(3), at(4)],
        R::Add => vec![n, at(0), at(1), at(2)],
        R::Gelu | R::Softmax => vec![n, at(0)],
        R::Scores => vec![n, each, at(0), at(1), at(2), at(3)],
        R::Weigh => vec![n, each, at(0), at(1), at(2)],
        R::Fill => vec![at(0), n, 7],
        R::CodeLeaky => {
            board.put(at(0), coded);
            vec![n, each, at(0), at(1), 0x400, words]
        }
        R::CodeQuantised => {
            board.put(at(0), coded);
            board.put(at(3), [single(1.0)]);
            vec![n, each, at(0), at(3), at(1), 0x400, words]
        }
        R::ListRows => {
            let first = spikes.saturating_sub(marked.saturating_sub(1));
            let bits = |word: u32| if word == 0 { u32::MAX >> (32 - first.clamp(1, 32)) } else { 1 };
            board.put(at(0), (0..n).map(|word| if word < marked { bits(word) } else { 0 }));
            vec![at(0), n, at(1), 4, at(2)]
        }
        R::AddRows | R::SubtractRows => {
            board.put(at(0), (0..each).map(|_| at(1)));
            vec![at(0), at(0) + 4 * each, 4 * n, at(2)]
        }
        R::FireLeaky => {
            board.put(at(2), loud);
            vec![n, at(0), at(1), at(2), at(3), at(4)]
        }
        R::FireQuantised => {
            board.put(at(2), loud);
            board.put(at(4), [single(1.0)]);
            vec![n, at(0), at(1), at(2), at(3), at(4), at(5)]
        }
        R::FireConstant => {
            board.put(at(0), loud);
            board.put(at(2), [single(1.0)]);
            vec![n, at(0), at(1), at(2), at(3)]
        }
        R::Remember => {
            let ones = |count: u32| u32::MAX >> (32 - count.clamp(1, 32));
            vec![ones(n), ones(each), at(0), 32]
        }
        R::Recall => vec![u32::MAX >> (32 - n.clamp(1, 32)), at(0), each, at(1)],
        R::FireAttention => {
            board.put(at(0), (0..n).map(|neuron| if neuron < spikes { 64 } else { 0 }));
            board.put(at(1), [single(1.0)]);
            vec![n, at(0), at(1), 1, at(2), at(3)]
        }
        R::AddMean => vec![n, at(0), at(1), at(2), at(3), 4, at(4)],
    };
    meter.run(load(routine.source(), routine.function())?, &arguments, &mut board)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn routines_cost_what_their_listing_takes(
            n in 1_u32..=32, each in 1_u32..=16, share in 0.0_f64..=1.0,
        ) {
            let costs = KernelCosts::committed().unwrap();
            for routine in R::ALL {
                let spikes = (share * f64::from(n)) as u32;
                let sizes = match routine {
                    R::CodeLeaky | R::CodeQuantised => Sizes::by(n, each).with(spikes * each),
                    R::ListRows if spikes == 0 => Sizes::of(n),
                    R::ListRows => Sizes { marked: spikes, ..Sizes::of(n).with(spikes + each - 1) },
                    R::FireLeaky | R::FireQuantised | R::FireConstant | R::FireAttention => {
                        Sizes::of(n).with(spikes)
                    }
                    _ => Sizes::by(n, each),
                };
                // Those that spike do so in every time step.
                let given = if routine == R::CodeLeaky || routine == R::CodeQuantised {
                    Sizes { spikes, ..sizes }
                } else {
                    sizes
                };
                let steps = run(Meter::ALL, routine, given).unwrap();
                let listed = steps.last().unwrap().end;
                prop_assert_eq!(listed, costs.transformer(routine, sizes), "{:?} {:?}", routine, sizes);
            }
        }
    }

    #[test]
    fn a_binary_synapse_costs_no_multiplication_and_less_than_a_dense_one() {
        let costs = KernelCosts::committed().unwrap();
        let [dense, binary] = [R::DenseInt8, R::AddRows].map(|routine| {
            let of = |each| costs.transformer(routine, Sizes::by(8, each)).at(2);
            of(17) - of(16)
        });
        // Eight outputs of the one, 32 columns of the other.
        assert!(4 * dense > 2 * binary, "{dense} cycles for 8 products, {binary} for 32 additions");
        let step = run(Meter::ALL, R::AddRows, Sizes::by(1, 1)).unwrap();
        let function = load("spike_attention", "add_rows").unwrap();
        let texts = step.iter().map(|step| &function.instructions[step.instruction].text);
        assert!(texts.clone().count() > 10 && !texts.clone().any(|text| text.contains("mul")));
    }
}
