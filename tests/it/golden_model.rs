//! The whole golden language model, written as a checkpoint by the authors' names and loaded again,
//! in every type of float: with f32 and f64 it gives the authors' numbers; with f16 and bf16 those
//! of the rounded weights.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test")]

use std::fmt::Write as _;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use serde_json::Value;
use spinntui::model::LanguageModel;
use spinntui::net::Carry;
use spinntui::task::lm::Readout;

fn flat(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap() as f32],
    }
}

fn shape(value: &Value) -> Vec<usize> {
    value.as_array().map_or(Vec::new(), |items| {
        std::iter::once(items.len()).chain(items.first().map_or(Vec::new(), shape)).collect()
    })
}

fn encode(values: &[f32], dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::F64 => values.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect(),
        Dtype::F16 => values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect(),
        Dtype::BF16 => values.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes()).collect(),
        _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    }
}

fn golden() -> Value {
    let path = format!("{}/tests/data/golden/lm_tiny.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Writes the golden model as the authors' code would, and loads it.
fn through_a_file(golden: &Value, dtype: Dtype) -> LanguageModel {
    let mut tensors = vec![
        ("embeddings.weight".to_owned(), &golden["embedding"]),
        ("decoder.decoder.weight".to_owned(), &golden["embedding"]),
        ("decoder.decoder.bias".to_owned(), &golden["decoder_bias"]),
    ];
    for (k, layer) in golden["layers"].as_array().unwrap().iter().enumerate() {
        for part in ["kernel", "recurrent_kernel", "bias", "recurrent_bias", "thr"] {
            tensors.push((format!("rnns.{k}.{part}"), &layer[part]));
        }
    }
    let encoded: Vec<_> =
        tensors.iter().map(|(name, value)| (name, shape(value), encode(&flat(value), dtype))).collect();
    let views = encoded
        .iter()
        .map(|(name, shape, data)| (name.as_str(), TensorView::new(dtype, shape.clone(), data).unwrap()));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.safetensors"), serialize(views, None).unwrap()).unwrap();
    let mut vocabulary = String::from("<unk>\n<eos>\n");
    for word in 2..golden["embedding"].as_array().unwrap().len() {
        writeln!(vocabulary, "word{word}").unwrap();
    }
    std::fs::write(folder.path().join("vocab.txt"), vocabulary).unwrap();
    LanguageModel::load(folder.path()).unwrap()
}

/// Mean surprisal of the golden tokens, and the greatest difference of any log-probability
/// from the authors'.
fn evaluate(model: &LanguageModel, golden: &Value) -> (f64, f64) {
    let tokens: Vec<u32> = flat(&golden["tokens"]).iter().map(|&t| t as u32).collect();
    let bptt = golden["bptt"].as_u64().unwrap() as usize;
    let mut state = model.network.state();
    let readout = Readout::new(model);
    let mut x = vec![0.0; model.embedding.width()];
    let (mut surprisal, mut worst) = (0.0, 0.0_f64);
    for step in 0..tokens.len() - 1 {
        if step % bptt == 0 {
            state.start_sequence(Carry::Y);
        }
        assert!(model.embedding.row(tokens[step], &mut x));
        let y = model.network.step(&mut state, &x);
        let prediction = readout.predict(y);
        for (word, want) in (0..).zip(flat(&golden["log_probs"][step])) {
            worst = worst.max((-prediction.surprisal(word) - f64::from(want)).abs());
        }
        surprisal += prediction.surprisal(tokens[step + 1]);
    }
    (surprisal / (tokens.len() - 1) as f64, worst)
}

#[test]
fn f32_and_f64_give_the_authors_numbers() {
    let golden = golden();
    for dtype in [Dtype::F32, Dtype::F64] {
        let (surprisal, worst) = evaluate(&through_a_file(&golden, dtype), &golden);
        assert!(worst < 1e-5, "{dtype:?}: a log-probability is {worst} off");
        let want = golden["ppl_per_scored_token"].as_f64().unwrap();
        assert!((surprisal.exp() - want).abs() < 1e-3, "{dtype:?}");
    }
}

#[test]
fn f16_and_bf16_give_those_of_the_rounded_weights() {
    let golden = golden();
    let want = golden["ppl_per_scored_token"].as_f64().unwrap().ln();
    // Eleven and eight bits of every weight: an event may flip, but the model stays the model.
    for (dtype, tolerance) in [(Dtype::F16, 0.01), (Dtype::BF16, 0.05)] {
        let model = through_a_file(&golden, dtype);
        let first = flat(&golden["layers"][0]["kernel"]);
        let rounded =
            |v: f32| if dtype == Dtype::F16 { f16::from_f32(v).to_f32() } else { bf16::from_f32(v).to_f32() };
        let kernel = &model.network.layers[0].input_weights;
        for (&weight, (row, column)) in kernel {
            assert_eq!(
                weight.to_bits(),
                rounded(first[column as usize * kernel.rows() + row as usize]).to_bits()
            );
        }
        let (surprisal, worst) = evaluate(&model, &golden);
        assert!(
            (surprisal - want).abs() < tolerance,
            "{dtype:?}: {surprisal} nats, f32 {want}; worst {worst}"
        );
        assert!(worst > 1e-6, "{dtype:?}: rounding must be seen");
    }
}
