//! Golden models: what `models/recipes/spiking_gpt/reference.py`, in plain PyTorch, computes with
//! them; and what is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::Value;

use crate::model::{LanguageModel, ModelError};
use crate::net::attention::state::{HeadTrace, LayerTrace};
use crate::net::attention::{Signed, Spikes};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/golden/attention").join(name)
}

/// Words of a population's spikes, as golden files have them.
fn words(value: &Value) -> Vec<u32> {
    let steps = value.as_array().unwrap().iter().flat_map(|step| step.as_str().unwrap().split(' '));
    steps.map(|word| u32::from_str_radix(word, 16).unwrap()).collect()
}

/// Spikes of all heads as one population.
fn joined(layer: &LayerTrace, which: fn(&HeadTrace) -> &Spikes) -> Vec<u32> {
    let width: usize = layer.heads.iter().map(|head| which(head).width()).sum();
    let steps = which(&layer.heads[0]).words().len();
    let mut all = Spikes::silent(width, steps);
    for step in 0..steps {
        let heads = layer.heads.iter().flat_map(|head| (0..which(head).width()).map(move |c| (head, c)));
        for (neuron, (head, c)) in heads.enumerate() {
            all.set(step, neuron, which(head).get(step, c));
        }
    }
    all.words().to_vec()
}

fn compare(layer: &LayerTrace, golden: &Value, at: &str) -> u64 {
    let mut compared = 0;
    for (name, spikes) in golden.as_object().unwrap() {
        let signed = |signed: &Signed| {
            assert_eq!(signed.plus.words(), words(&spikes[0]), "{at} {name}");
            assert_eq!(signed.minus.words(), words(&spikes[1]), "{at} {name}");
            signed.count()
        };
        compared += match name.as_str() {
            "input" => signed(&layer.input),
            "mlp_input" => signed(&layer.mlp_input),
            "mlp_hidden" => {
                assert_eq!(layer.hidden.words(), words(spikes), "{at} {name}");
                layer.hidden.count()
            }
            _ => {
                let of: fn(&HeadTrace) -> &Spikes = match name.as_str() {
                    "q" => |head| &head.query,
                    "k" => |head| &head.key,
                    "v" => |head| &head.value,
                    _ => |head| &head.output,
                };
                assert_eq!(joined(layer, of), words(spikes), "{at} {name}");
                layer.heads.iter().map(|head| of(head).count()).sum()
            }
        };
    }
    compared
}

#[test]
fn spikes_are_those_of_pytorch_and_outputs_close() {
    let all = ["softmax-gelu", "softmax-direct", "softmax-encoded", "spiking-gelu", "spiking-encoded"];
    for name in all {
        let model = LanguageModel::load(&folder(name)).unwrap();
        let golden = std::fs::read(folder(name).join("golden.json")).unwrap();
        let golden: Value = serde_json::from_slice(&golden).unwrap();
        let network = model.transformer.as_ref().unwrap();
        let mut state = network.state();
        let (mut row, mut spikes) = (vec![0.0; network.width], 0);
        for (n, token) in golden["tokens"].as_array().unwrap().iter().enumerate() {
            assert!(model.embedding.row(token.as_u64().unwrap() as u32, &mut row));
            let output = network.step(&mut state, &row).to_vec();
            for (layer, golden) in golden["spikes"][n].as_array().unwrap().iter().enumerate() {
                let at = format!("{name} token {n} layer {layer}");
                spikes += compare(&state.trace().layers[layer], golden, &at);
            }
            for (output, golden) in output.iter().zip(golden["outputs"][n].as_array().unwrap()) {
                let golden = golden.as_f64().unwrap() as f32;
                assert!(
                    (output - golden).abs() < 1e-5 * golden.abs().max(1.0),
                    "{name} {n}: {output} {golden}"
                );
            }
        }
        assert_eq!(spikes > 1000, name != "softmax-gelu", "{name}: {spikes} spikes");
    }
}

/// Tensors of a golden model: type, shape, bytes.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// Change that a test makes to the tensors of a model.
type Change<'a> = &'a dyn Fn(&mut Tensors);

/// Returns the error of a golden model with a changed card and changed tensors.
fn refused(card: &dyn Fn(&str) -> String, change: Change<'_>) -> String {
    let from = folder("spiking-encoded");
    let weights = std::fs::read(from.join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&weights).unwrap();
    let tensor = |(name, view): (String, TensorView<'_>)| {
        (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    let mut tensors: Tensors = file.tensors().into_iter().map(tensor).collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    let to = tempfile::tempdir().unwrap();
    std::fs::write(to.path().join("model.safetensors"), serialize(views, None).unwrap()).unwrap();
    let text = std::fs::read_to_string(from.join("card.ron")).unwrap();
    std::fs::write(to.path().join("card.ron"), card(&text)).unwrap();
    std::fs::copy(from.join("vocab.txt"), to.path().join("vocab.txt")).unwrap();
    let error: ModelError = LanguageModel::load(to.path()).unwrap_err();
    error.to_string()
}

#[test]
fn a_tensor_that_is_missing_unknown_or_of_another_shape_is_named() {
    let same = |card: &str| card.to_owned();
    let cases: [(Change<'_>, &[&str]); 6] = [
        (&|t| drop(t.remove("h.1.attn.gain")), &["model.safetensors", "h.1.attn.gain"]),
        (&|t| drop(t.remove("h.0.mlp.fc.q")), &["h.0.mlp.fc.q", "I8", "[256, 64]"]),
        (&|t| drop(t.insert("h.0.mlp.act".into(), (Dtype::F32, vec![1], vec![0; 4]))), &["h.0.mlp.act"]),
        (&|t| t.get_mut("wpe").unwrap().1 = vec![24, 32], &["wpe", "[24, 32]", "64"]),
        (&|t| t.get_mut("h.1.mlp.theta").unwrap().2 = vec![0; 4], &["h.1.mlp.theta", "above 0"]),
        (&|t| t.get_mut("h.1.ln_1.bias").unwrap().2[..4].fill(255), &["h.1.ln_1.bias", "finite"]),
    ];
    for (change, needed) in cases {
        let error = refused(&same, change);
        assert!(needed.iter().all(|part| error.contains(part)), "{error}");
    }
}

#[test]
fn a_card_that_makes_no_sense_is_refused_by_field() {
    let whole = |_: &mut Tensors| {};
    for (from, to, needed) in [
        ("sequence: 12", "sequence: 13", "at least 13"),
        ("heads: 2", "heads: 5", "a multiple of 5"),
        ("heads: 2", "heads: 0", "heads: 0"),
        ("steps: 4", "steps: 17", "steps: 17"),
        ("sequence: 12", "carry: Y", "carry: Y"),
        ("sequence: 12", "events: false", "events"),
        ("kind: LanguageModel", "kind: Layers", "kind Layers"),
        ("mlp: Spiking", "mlp: Relu", "Relu"),
    ] {
        let error = refused(&|card| card.replace(from, to), &whole);
        assert!(error.contains("card.ron") || error.contains("model.safetensors"), "{error}");
        assert!(error.contains(needed), "{to}: {error}");
    }
}
