//! `net`'s gesture network against PyTorch in double precision (models/recipes/egru_dvs/golden.py):
//! a narrow network and one of the authors' sizes, through a model folder, and the model that is
//! shipped, on the recordings in `assets/gestures`.
//!
//! Weights and frames of the first two are hashes of tensor names and indices, computed here and
//! not read from a file. models/recipes/egru_dvs/README.md has the commands that make the vectors;
//! one of them must be run for every new model.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails should say where")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spinntui::model::{GestureModel, LanguageModel, Model};
use spinntui::net::Output;
use spinntui::net::egru::LayerState;
use spinntui::net::gesture::MeanLogits;
use spinntui::task::dvs::options::FrameOptions;
use spinntui::task::dvs::samples::Samples;

/// SplitMix64 (Steele, Lea and Flood 2014).
fn splitmix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// Returns multiples of 2⁻²³ in −1 to 1 from a tensor's name, as `numbers` of golden.py does.
fn numbers(name: &str, count: usize) -> Vec<f32> {
    let step = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
    let seed = name.bytes().fold(0xCBF2_9CE4_8422_2325, step);
    let number = |i: u64| (splitmix(seed.wrapping_add(i)) >> 40) as f32 / 8_388_608.0 - 1.0;
    (0..count as u64).map(number).collect()
}

fn frames(name: &str, steps: usize) -> Vec<f32> {
    numbers(name, steps * 1024).into_iter().map(|v| if v > 0.75 { v } else { 0.0 }).collect()
}

fn golden(name: &str) -> Value {
    let path = Path::new("tests/data/golden").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// Shapes and values of tensors, by name.
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

/// Creates a model folder with these tensors; `card` is the content of the card's parentheses.
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

fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
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

/// Returns the units of a layer that sent an event, as `bits` of golden.py: unit 0 in
/// the highest bit.
fn bits(y: &[f32]) -> String {
    let byte = |units: &[f32]| {
        units.iter().enumerate().fold(0, |byte, (i, &y)| byte | u8::from(y != 0.0) << (7 - i))
    };
    hex(y.chunks(8).map(byte))
}

/// Result of the reference for one sequence.
struct Run {
    /// Features of every frame.
    features: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    /// Events of every layer in every frame.
    events: Vec<Vec<String>>,
    /// States of the layers after the last frame.
    layers: Vec<LayerState>,
    logits: MeanLogits,
}

fn run<'f>(model: &GestureModel, frames: impl Iterator<Item = &'f [f32]>) -> Run {
    let network = &model.network;
    let mut state = network.state();
    let (mut features, mut outputs, mut logits) = (Vec::new(), Vec::new(), MeanLogits::default());
    let mut events = vec![Vec::new(); network.layers.len()];
    for frame in frames {
        features.push(model.head.forward(frame));
        outputs.push(network.step(&mut state, features.last().unwrap()).to_vec());
        for (events, layer) in events.iter_mut().zip(&state.layers) {
            events.push(bits(&layer.y));
        }
        logits.add(&model.readout.forward(outputs.last().unwrap()));
    }
    Run { features, outputs, events, layers: state.layers, logits }
}

fn network_is_pytorchs(golden: &Value) {
    let steps = golden["steps"].as_u64().unwrap() as usize;
    let classes = classes(golden["sizes"]["classes"].as_u64().unwrap() as usize);
    let frames = frames(golden["frames"].as_str().unwrap(), steps);
    let tensors = tensors(golden);
    for (name, output) in [("trace", Output::Trace), ("y", Output::Y)] {
        let want = &golden["found"][name];
        // No rounding can flip an event: the closest cell state is much farther from its threshold
        // than single precision errs.
        assert!(want["margin"].as_f64().unwrap() > 2e-5, "{name}: margin {}", want["margin"]);
        let folder = folder(&tensors, &format!("{classes}, output: {output:?}"));
        let model = GestureModel::load(folder.path()).unwrap();
        assert!(model.network.layers.iter().all(|layer| layer.output == output));
        let run = run(&model, frames.chunks_exact(1024));
        assert_eq!(json!(run.events), want["bits"], "{name}: events of layers and frames");
        close(&run.features[steps - 1], &floats(&want["features"]), "features of the last frame");
        for (k, layer) in run.layers.iter().enumerate() {
            close(&layer.y, &floats(&want["y"][k]), &format!("{name}: y of layer {k} after the last frame"));
            close(&layer.c, &floats(&want["c"][k]), &format!("{name}: c of layer {k} after the last frame"));
        }
        close(&run.outputs[steps - 1], &floats(&want["output"]), "output at the last frame");
        for (t, want) in want["outputs"].as_array().into_iter().flatten().enumerate() {
            close(&run.outputs[t], &floats(want), &format!("{name}: output at frame {t}"));
        }
        close(&run.logits.mean(), &floats(&want["logits"]), "logits");
        // The model's own function must give the same.
        let model = model.run(frames.chunks_exact(1024), |_, _| {});
        assert_eq!(model, run.logits);
    }
}

#[test]
fn a_narrow_network_is_pytorchs() {
    network_is_pytorchs(&golden("gestures.json"));
}

#[test]
fn a_network_of_the_authors_sizes_is_pytorchs() {
    network_is_pytorchs(&golden("gestures_full.json"));
}

/// Returns the layer, frame and unit of the first event that only one of the two has.
fn first_difference(found: &[Vec<String>], wanted: &Value) -> Option<(usize, usize, usize)> {
    let frames = found.first().map_or(0, Vec::len);
    let places = (0..frames).flat_map(|frame| (0..found.len()).map(move |layer| (layer, frame)));
    places.into_iter().find_map(|(layer, frame)| {
        let (found, wanted) = (&found[layer][frame], wanted[layer][frame].as_str().unwrap());
        let byte = |text: &str, at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        let at = (0..found.len()).step_by(2).find(|&at| byte(found, at) != byte(wanted, at))?;
        let other = byte(found, at) ^ byte(wanted, at);
        Some((layer, frame, 4 * at + other.leading_zeros() as usize))
    })
}

#[test]
fn the_shipped_model_is_pytorchs_on_every_sample() {
    let golden = golden("gestures_shipped.json");
    let weights = fs::read("models/egru-dvs-gesture/model.safetensors").unwrap();
    let digest = hex(Sha256::digest(&weights));
    assert_eq!(
        golden["model"], digest,
        "other weights: see `Golden vectors` in models/recipes/egru_dvs/README.md"
    );
    let model = GestureModel::load(Path::new("models/egru-dvs-gesture")).unwrap();
    let samples = Samples::find(Path::new("assets/gestures"), &FrameOptions::default(), None).unwrap();
    let wanted = golden["samples"].as_array().unwrap();
    assert_eq!(samples.len(), wanted.len());
    wanted.par_iter().enumerate().for_each(|(i, want)| {
        let what = samples.source(i);
        assert!(what.starts_with(want["recording"].as_str().unwrap()), "{what}: {}", want["recording"]);
        assert_eq!(
            samples.labels()[i].map(|label| json!(label.index())),
            Some(want["class"].clone()),
            "{what}"
        );
        let frames = samples.frames(i).unwrap();
        let run = run(&model, frames.frames.iter().map(Vec::as_slice));
        close(
            &run.features[66][..16],
            &floats(&want["features"]),
            &format!("{what}: features of the last frame"),
        );
        // The first event that differs must be a near tie; logits then need not agree as closely.
        let mut bound = 1e-4;
        if let Some((layer, frame, unit)) = first_difference(&run.events, &want["bits"]) {
            let place = [frame, layer, unit];
            let tie =
                want["near"].as_array().unwrap().iter().find(|near| (0..3).all(|i| near[i] == place[i]));
            let tie = tie.unwrap_or_else(|| panic!("{what}: frame, layer, unit {place:?} is no near tie"));
            eprintln!(
                "{what}: frame, layer, unit {place:?} decides otherwise: n is {} above its threshold",
                tie[3]
            );
            bound = 1e-2;
        }
        for (class, (&got, want)) in run.logits.mean().iter().zip(floats(&want["logits"])).enumerate() {
            assert!((f64::from(got) - want).abs() < bound, "{what}: logit {class}: {got}, PyTorch {want}");
        }
        assert_eq!(run.logits.class().map(|class| json!(class)), Some(want["answer"].clone()), "{what}");
    });
}

#[test]
fn a_missing_misshapen_or_superfluous_tensor_is_named() {
    let golden = golden("gestures.json");
    let classes = classes(golden["sizes"]["classes"].as_u64().unwrap() as usize);
    let all = tensors(&golden);
    let error =
        |tensors: &Tensors, card: &str| Model::load(folder(tensors, card).path()).unwrap_err().to_string();
    for name in all.keys() {
        let mut changed = all.clone();
        let (shape, values) = changed.remove(name).unwrap();
        // Without any of layer 1's tensors but this one the network would be another; with it gone
        // the layer is not whole.
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
