//! The reference network against vectors made by the authors'
//! own code (`tests/data/golden/README.md`).
//!
//! Events are compared exactly, values to 1e-5. The files say how far any cell state is from its
//! threshold; no event can flip from rounding at that tolerance.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test")]

use serde_json::Value;
use spinntui::net::csr::from_dense;
use spinntui::net::{Carry, Compare, Egru, EgruLayer, EgruState, Output, Tanh, egru};

const TOLERANCE: f32 = 1e-5;

fn golden(name: &str) -> Value {
    let path = format!("{}/tests/data/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Numbers of an array of any depth, in order. They are the shortest decimals of f32 values.
fn flat(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap_or_else(|| panic!("{number} is no number")) as f32],
    }
}

fn rows(value: &Value) -> Vec<Vec<f32>> {
    value.as_array().unwrap().iter().map(flat).collect()
}

/// A layer from the authors' arrays: `kernel[input][3H]`, so the matrix is transposed.
fn layer(name: &str, p: &Value) -> EgruLayer {
    let dense = |key: &str, outputs: usize| {
        let inputs = p[key].as_array().unwrap().len();
        from_dense(inputs, outputs, &flat(&p[key])).unwrap()
    };
    let threshold = flat(&p["thr"]);
    let gates = 3 * threshold.len();
    EgruLayer {
        name: name.into(),
        input_weights: dense("kernel", gates),
        recurrent: dense("recurrent_kernel", gates),
        bias: flat(&p["bias"]),
        recurrent_bias: flat(&p["recurrent_bias"]),
        threshold,
        output: Output::Y,
        compare: Compare::Greater,
        always: false,
        tanh: Tanh::Libm,
    }
}

fn single(p: &Value) -> Egru {
    Egru { layers: vec![layer("rnns.0", p)] }
}

#[track_caller]
fn close(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}: length");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= TOLERANCE, "{what}[{i}]: {got}, authors' code {want}");
    }
}

/// Compares one layer's state after step `t` of batch `b` with `out`: events exactly, y and c
/// to the tolerance.
#[track_caller]
fn check_step(state: &EgruState, layer: usize, out: &Value, t: usize, b: usize) {
    let got = &state.layers[layer];
    let events: Vec<f32> = got.y.iter().map(|&y| f32::from(u8::from(y != 0.0))).collect();
    assert_eq!(events, flat(&out["event"][t][b]), "events of layer {layer}, step {t}, batch {b}");
    close(&got.y, &flat(&out["y"][t][b]), &format!("y of layer {layer}, step {t}"));
    close(&got.c, &flat(&out["c_carried"][t][b]), &format!("c of layer {layer}, step {t}"));
    if let Some(pre) = out.get("c_pre_reset") {
        let got: Vec<f32> = got.y.iter().zip(&got.c).map(|(&y, &c)| if y == 0.0 { c } else { y }).collect();
        close(&got, &flat(&pre[t][b]), &format!("c before reset of layer {layer}, step {t}"));
    }
}

/// Runs a one-layer file: every batch entry from its y0, every step against `out`.
fn check_cell(file: &Value) {
    let network = single(&file["params"]);
    let x = file["x"].as_array().unwrap();
    for b in 0..x[0].as_array().unwrap().len() {
        let mut state = network.state();
        if let Some(y0) = file["y0"].as_array() {
            state.layers[0].y = flat(&y0[b]);
        }
        let mut trace = vec![0.0_f32; network.units()];
        for (t, x) in x.iter().enumerate() {
            network.step(&mut state, &flat(&x[b]));
            check_step(&state, 0, &file["out"], t, b);
            if let Some(want) = file["out"].get("trace") {
                for (trace, y) in trace.iter_mut().zip(&state.layers[0].y) {
                    *trace = egru::trace(*trace, *y);
                }
                close(&trace, &flat(&want[t][b]), "trace");
            }
        }
    }
}

#[test]
fn cell_small() {
    check_cell(&golden("cell_small.json"));
}

#[test]
fn cell_medium_two_batches_from_a_given_y0() {
    check_cell(&golden("cell_medium.json"));
}

/// This program has no backward pass: only the forward part of this file is checked,
/// not its gradients.
#[test]
fn cell_grad_forward_part() {
    check_cell(&golden("cell_grad.json"));
}

/// The file puts c exactly on θ, one ulp above and one below, for torch's `tanh(0.5)`. The `libm`
/// crate's is one ulp lower, so the same three cases are made here around the c that this program
/// computes; all else is the file's.
#[test]
fn a_tie_sends_nothing_and_one_ulp_decides() {
    let file = golden("cell_tie.json");
    let mut network = single(&file["params"]);
    let mut state = network.state();
    network.layers[0].threshold.fill(1.0);
    network.step(&mut state, &flat(&file["x"]));
    let c = state.layers[0].c[0];
    close(&[c], &flat(&file["c_pre"]), "c before reset");
    let ulps = |t: f32| i64::from(t.to_bits()) - i64::from(flat(&file["c_pre"])[0].to_bits());
    network.layers[0].threshold = flat(&file["params"]["thr"])
        .into_iter()
        .map(|theirs| f32::from_bits((i64::from(c.to_bits()) + ulps(theirs)) as u32))
        .collect();

    let mut state = network.state();
    network.step(&mut state, &flat(&file["x"]));
    check_step(&state, 0, &file["out"], 0, 0);
    check_step(&state, 0, &file["out_cpp"], 0, 0);
    // The paper's H(0) = 1 would send from unit 0 as well.
    assert_eq!(flat(&file["out"]["event"]), [0.0, 1.0, 0.0]);
    assert_eq!(flat(&file["params"]["thr"])[..1], flat(&file["c_pre"]));
}

#[test]
fn segments_carry_y_alone_or_y_and_c() {
    let file = golden("cell_segments.json");
    let network = single(&file["params"]);
    let run = |carry: Option<Carry>, out: &Value| {
        let mut state = network.state();
        for (t, x) in file["x"].as_array().unwrap().iter().enumerate() {
            if let Some(carry) = carry.filter(|_| t % 8 == 0) {
                state.start_sequence(carry);
            }
            network.step(&mut state, &flat(x));
            check_step(&state, 0, out, t, 0);
        }
    };
    run(None, &file["one_call"]);
    run(Some(Carry::CAndY), &file["step"]);
    run(Some(Carry::Y), &file["two_calls"]);
    // The two ways differ, so that the test can tell them apart.
    assert_ne!(flat(&file["one_call"]["y"]), flat(&file["two_calls"]["y"]));
}

fn stack(file: &Value) -> Egru {
    let layers = file["layers"].as_array().unwrap();
    Egru { layers: layers.iter().enumerate().map(|(k, p)| layer(&format!("rnns.{k}"), p)).collect() }
}

#[test]
fn a_stack_of_three() {
    let file = golden("stack3.json");
    let network = stack(&file);
    let inputs = rows(&file["x"]);
    let mut events = [0_usize; 3];
    let mut state = network.state();
    let mut t = 0;
    network.run(&mut state, inputs.iter().map(Vec::as_slice), |state| {
        for (k, events) in events.iter_mut().enumerate() {
            check_step(state, k, &file["out"][k], t, 0);
            *events += state.layers[k].y.iter().filter(|&&y| y != 0.0).count();
        }
        t += 1;
    });
    for (k, events) in events.into_iter().enumerate() {
        let activity = events as f64 / (t * network.layers[k].units()) as f64;
        let want = file["out"][k]["activity"].as_f64().unwrap();
        assert!((activity - want).abs() < 1e-6, "activity of layer {k}: {activity}, authors' code {want}");
    }
}

/// log softmax(E·y + b), in f64 and without any cleverness.
fn log_probabilities(y: &[f32], embedding: &[Vec<f32>], bias: &[f32]) -> Vec<f64> {
    let logits: Vec<f64> = embedding
        .iter()
        .zip(bias)
        .map(|(row, &b)| {
            row.iter().zip(y).map(|(&e, &y)| f64::from(e) * f64::from(y)).sum::<f64>() + f64::from(b)
        })
        .collect();
    let sum = logits.iter().map(|l| l.exp()).sum::<f64>().ln();
    logits.iter().map(|l| l - sum).collect()
}

#[test]
fn a_whole_language_model() {
    let file = golden("lm_tiny.json");
    let network = stack(&file);
    let embedding = rows(&file["embedding"]);
    let bias = flat(&file["decoder_bias"]);
    let tokens: Vec<usize> = flat(&file["tokens"]).iter().map(|&t| t as usize).collect();
    let bptt = file["bptt"].as_u64().unwrap() as usize;

    let mut state = network.state();
    let mut surprisal = 0.0;
    let mut activity = [0.0_f64; 3];
    let chunks: Vec<&[usize]> = tokens[..tokens.len() - 1].chunks(bptt).collect();
    for (i, chunk) in chunks.iter().enumerate() {
        state.start_sequence(Carry::Y);
        for (t, &token) in chunk.iter().enumerate() {
            network.step(&mut state, &embedding[token]);
            for (k, layer) in state.layers.iter().enumerate() {
                let want = flat(&file["layer_y_per_chunk"][i][k][t]);
                assert_eq!(
                    layer.y.iter().map(|&y| y != 0.0).collect::<Vec<_>>(),
                    want.iter().map(|&y| y != 0.0).collect::<Vec<_>>(),
                    "events of layer {k}, chunk {i}, step {t}"
                );
                close(&layer.y, &want, "y");
                let active = layer.y.iter().filter(|&&y| y != 0.0).count();
                activity[k] += active as f64 / (layer.y.len() * chunk.len() * chunks.len()) as f64;
            }
            let step = i * bptt + t;
            let log_probs = log_probabilities(&state.layers[2].y, &embedding, &bias);
            for (got, want) in log_probs.iter().zip(flat(&file["log_probs"][step])) {
                assert!((got - f64::from(want)).abs() < 1e-5, "log p at {step}: {got}, authors' code {want}");
            }
            surprisal -= log_probs[tokens[step + 1]];
        }
    }
    // The authors divide by all tokens though one fewer are predicted; the file gives both.
    let scored = (tokens.len() - 1) as f64;
    let want = |key: &str| file[key].as_f64().unwrap();
    assert!((surprisal / tokens.len() as f64 - want("loss")).abs() < 1e-5);
    assert!(((surprisal / tokens.len() as f64).exp() - want("ppl")).abs() < 1e-3);
    assert!(((surprisal / scored).exp() - want("ppl_per_scored_token")).abs() < 1e-3);
    for (k, got) in activity.into_iter().enumerate() {
        // Averaged over chunks, in half precision.
        let want = file["layer_activity"][k].as_f64().unwrap();
        assert!((got - want).abs() < 1e-3, "activity of layer {k}: {got}, authors' code {want}");
    }
}
