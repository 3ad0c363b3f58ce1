//! Calls as calls of C functions, of `transformer.c`, `spike_attention.c`, `clear.c` and
//! `int8_mac.c`.

use super::{Call, Firing, HeadLayout, LinearLayout, Neuron, Spiking};
use crate::kernel::code::calls::{Argument, FunctionCall, When};
use crate::kernel::cost::transformer::TransformerRoutine as R;
use crate::kernel::matrix::{Kernel, Operands};
use crate::net::attention::spikes::words as words_of;

/// C function that clears words.
const CLEAR: &str = "clear";

fn call(routine: R, arguments: impl IntoIterator<Item = u32>) -> FunctionCall {
    FunctionCall::new(routine.function(), arguments)
}

fn clear(at: u32, words: u32) -> FunctionCall {
    FunctionCall::new(CLEAR, [at, words])
}

/// Returns the calls of C functions that compute a call.
pub(super) fn function_calls(of: &Call) -> Vec<FunctionCall> {
    match *of {
        Call::Clear { at, words } => vec![clear(at, words)],
        Call::Fill { at, words, value } => {
            let arguments = vec![Argument::Value(at), Argument::Value(words), Argument::Word(value)];
            vec![FunctionCall::with(R::Fill.function(), arguments)]
        }
        Call::LayerNorm { n, h, weight, bias, out } => vec![call(R::LayerNorm, [n, h, weight, bias, out])],
        Call::Code { n, steps, u, theta, spikes } => {
            let row = words_of(n as usize) as u32;
            let apart = steps * row;
            let coded = match theta {
                None => call(R::CodeLeaky, [n, steps, u, spikes, apart, row]),
                Some(theta) => call(R::CodeQuantised, [n, steps, u, theta, spikes, apart, row]),
            };
            vec![clear(spikes, 2 * apart), coded]
        }
        Call::AddRows { ref spiking, columns, list, sums } => add_rows(spiking, columns, list, sums),
        Call::Fire(neuron, ref firing) => vec![fire(neuron, firing)],
        Call::Attend(ref head) => attend(head),
        Call::AddMean { layer, sums, steps, h, out } => {
            vec![call(R::AddMean, [layer.outputs, sums, layer.scale, layer.bias, h, steps, out])]
        }
        Call::Dense { layer, x, out } => {
            let LinearLayout { outputs, inputs, q, scale, bias } = layer;
            vec![call(R::DenseInt8, [outputs, inputs, x, q, scale, bias, out])]
        }
        Call::Mac { layer, x, out } => {
            let kernel = Kernel::Int8Mac(layer);
            let arguments = kernel.arguments(Operands { x, sums: out });
            vec![FunctionCall::new(kernel.routine().function(), arguments)]
        }
        Call::Add { n, a, b, out } => vec![call(R::Add, [n, a, b, out])],
        Call::Gelu { n, x, .. } => vec![call(R::Gelu, [n, x])],
        Call::Softmax { n, width, q, keys, values, scores, factor, out } => vec![
            call(R::Scores, [n, width, q, keys, factor, scores]),
            call(R::Softmax, [n, scores]),
            clear(out, width),
            call(R::Weigh, [n, width, scores, values, out]),
        ],
    }
}

/// Lists the rows of all segments, one list behind the other, and adds them if there are any.
fn add_rows(spiking: &Spiking, columns: u32, list: u32, sums: u32) -> Vec<FunctionCall> {
    let mut end = Argument::Value(list);
    let mut calls = Vec::with_capacity(spiking.segments.len() + 1);
    for segment in &spiking.segments {
        let numbers = [segment.bits, segment.words, segment.rows, columns].map(Argument::Value);
        let arguments = numbers.into_iter().chain([end]).collect();
        calls.push(FunctionCall::with(R::ListRows.function(), arguments));
        end = Argument::Returned;
    }
    let routine = if spiking.minus { R::SubtractRows } else { R::AddRows };
    let [list_at, columns, sums] = [list, columns, sums].map(Argument::Value);
    let add = FunctionCall::with(routine.function(), vec![list_at, end, columns, sums]);
    calls.push(add.when(When::ReturnedOther(list)));
    calls
}

fn fire(neuron: Neuron, firing: &Firing) -> FunctionCall {
    let Firing { n, sums, scale, bias, v, theta, spikes } = *firing;
    match neuron {
        Neuron::Leaky => call(R::FireLeaky, [n, sums, scale, bias, v, spikes]),
        Neuron::Quantised => call(R::FireQuantised, [n, sums, scale, bias, v, theta, spikes]),
        Neuron::Constant => call(R::FireConstant, [n, sums, v, theta, spikes]),
    }
}

fn attend(head: &HeadLayout) -> Vec<FunctionCall> {
    let HeadLayout { width, qkv: [query, key, value], state, read, gain, tokens, v, spikes } = *head;
    let [of_state, of_width, of_read] = [state, width, read].map(Argument::Value);
    let remember = vec![Argument::Word(key), Argument::Word(value), of_state.clone(), of_width.clone()];
    let recall = vec![Argument::Word(query), of_state, of_width, of_read];
    vec![
        FunctionCall::with(R::Remember.function(), remember).when(When::NonZero(vec![key, value])),
        clear(read, width),
        FunctionCall::with(R::Recall.function(), recall).when(When::NonZero(vec![query])),
        call(R::FireAttention, [width, read, gain, tokens, v, spikes]),
    ]
}
