//! `net`'s gesture network against PyTorch (models/recipes/egru_dvs/golden.py), through a model folder.
//!
//! Weights and frames are hashes of tensor names and indices: made here again, not read from a file. By hand, at the
//! authors' sizes: `golden.py full.json --full`, then
//! `GESTURES_GOLDEN=full.json cargo test --release --test golden_gestures`.

#![allow(clippy::unwrap_used, reason = "a test helper that fails should say where")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use serde_json::Value;
use spinntui::model::{GestureModel, LanguageModel, Model};
use spinntui::net::Output;

/// SplitMix64 (Steele, Lea and Flood 2014).
fn splitmix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// As `numbers` of golden.py: multiples of 2⁻²³ in −1 to 1 from a tensor's name.
fn numbers(name: &str, count: usize) -> Vec<f32> {
    let step = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
    let seed = name.bytes().fold(0xCBF2_9CE4_8422_2325, step);
    let number = |i: u64| (splitmix(seed.wrapping_add(i)) >> 40) as f32 / 8_388_608.0 - 1.0;
    (0..count as u64).map(number).collect()
}

fn frames(steps: usize) -> Vec<f32> {
    numbers("frames", steps * 1024).into_iter().map(|v| if v > 0.75 { v } else { 0.0 }).collect()
}

fn golden() -> Value {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden/gestures.json");
    let path = std::env::var_os("GESTURES_GOLDEN").map_or(here, PathBuf::from);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Shape and numbers by name.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn tensors(golden: &Value) -> Tensors {
    let shapes = golden["shapes"].as_object().unwrap();
    let tensor = |(name, shape): (&String, &Value)| {
        let shape: Vec<usize> = floats(shape).iter().map(|&n| n as usize).collect();
        let scale = golden["scales"][name].as_f64().unwrap() as f32;
        let sign = |v: f32| if name.rsplit('.').next() == Some("thr") { v.abs() } else { v };
        let values = numbers(name, shape.iter().product()).into_iter().map(|v| sign(v * scale)).collect();
        (name.clone(), (shape, values))
    };
    shapes.iter().map(tensor).collect()
}

/// A model folder of these tensors; `card` is put into the card's parentheses.
fn folder(tensors: &Tensors, card: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bytes = tensors.iter().map(|(name, (shape, values))| {
        (name, shape, values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
    });
    let bytes: Vec<_> = bytes.collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, (*shape).clone(), bytes).unwrap())
    });
    fs::write(folder.path().join("model.safetensors"), serialize(views, None).unwrap()).unwrap();
    let card = format!("Card(name: \"golden\", kind: Gestures, {card})");
    fs::write(folder.path().join("card.ron"), card).unwrap();
    folder
}

fn classes(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|i| format!("\"class {i}\"")).collect();
    format!("classes: [{}]", names.join(", "))
}

#[track_caller]
fn close(got: &[f32], want: &[f64], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (&got, want)) in got.iter().zip(want).enumerate() {
        assert!((f64::from(got) - want).abs() < 1e-5, "{what}[{i}]: {got}, PyTorch {want}");
    }
}

#[test]
fn features_outputs_and_logits_are_pytorchs() {
    let golden = golden();
    let steps = golden["steps"].as_u64().unwrap() as usize;
    let classes = classes(golden["sizes"]["classes"].as_u64().unwrap() as usize);
    let frames = frames(steps);
    for (name, output) in [("trace", Output::Trace), ("y", Output::Y)] {
        let want = &golden["found"][name];
        // No rounding can flip an event: the closest cell state is farther from its threshold than single precision errs.
        assert!(want["margin"].as_f64().unwrap() > 1e-6, "{name}: margin {}", want["margin"]);
        let folder = folder(&tensors(&golden), &format!("{classes}, output: {output:?}"));
        let model = GestureModel::load(folder.path()).unwrap();
        assert!(model.network.layers.iter().all(|layer| layer.output == output));
        let (mut features, mut outputs) = (Vec::new(), Vec::new());
        let logits = model.run(frames.chunks_exact(1024), |f, o| {
            features = f.to_vec();
            outputs.push(o.to_vec());
        });
        close(&features, &floats(&want["features"]), "features of the last frame");
        close(&outputs[steps - 1], &floats(&want["output"]), "output at the last frame");
        for (t, want) in want["outputs"].as_array().into_iter().flatten().enumerate() {
            close(&outputs[t], &floats(want), &format!("{name}: output at frame {t}"));
        }
        close(&logits.mean(), &floats(&want["logits"]), "logits");
    }
}

#[test]
fn a_missing_misshapen_or_superfluous_tensor_is_named() {
    let golden = golden();
    let classes = classes(golden["sizes"]["classes"].as_u64().unwrap() as usize);
    let all = tensors(&golden);
    let error =
        |tensors: &Tensors, card: &str| Model::load(folder(tensors, card).path()).unwrap_err().to_string();
    for name in all.keys() {
        let mut changed = all.clone();
        let (shape, values) = changed.remove(name).unwrap();
        // Without any of layer 1's tensors but this one the network would be another; with it gone the layer is not whole.
        let text = error(&changed, &classes);
        assert!(text.contains(name.as_str()), "without {name}: {text}");
        let mut longer = shape.clone();
        longer[0] += 1;
        let values = [&values[..], &vec![0.0; values.len() / shape[0]][..]].concat();
        changed.insert(name.clone(), (longer.clone(), values));
        let text = error(&changed, &classes);
        assert!(text.contains("tensor ") && text.contains("shape"), "{name} longer: {text}");
    }
    for name in ["cnn.conv6.weight", "cnn.bias", "decoder.decoder.bias", "embeddings.weight", "decoder.scale"]
    {
        let mut more = all.clone();
        more.insert(name.into(), (vec![1], vec![0.0]));
        let text = error(&more, &classes);
        assert!(text.contains(name) && text.contains("Gestures"), "{text}");
    }
    assert!(error(&all, "classes: [\"one\"]").contains("fc.weight"));
    let mut broken = all.clone();
    broken.get_mut("conv.15.weight").unwrap().1[3] = f32::NAN;
    assert!(error(&broken, &classes).contains("conv.15.weight has NaN at index 3"));
    let as_language = LanguageModel::load(folder(&all, &classes).path()).unwrap_err().to_string();
    assert!(as_language.contains("Gestures") && as_language.contains("LanguageModel"), "{as_language}");
}
