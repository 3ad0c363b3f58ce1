//! Tests every error in model files, and every type of number that they may hold.
#![allow(clippy::float_cmp, reason = "exact values are read back")]

use std::collections::BTreeMap;
use std::fs;

use half::{bf16, f16};
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use tempfile::TempDir;

use super::*;
use crate::net::Carry;
use crate::net::csr::CsrError;

/// Tensors by name: type, shape, bytes.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

const VOCABULARY: &str = "<unk>\n<eos>\nthe\nchip\n";

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn put(tensors: &mut Tensors, name: &str, shape: &[usize], value: f32) {
    let count = shape.iter().product();
    tensors.insert(name.into(), (Dtype::F32, shape.to_vec(), f32s(&vec![value; count])));
}

/// A model by the authors' names: 4 words, embeddings of 2, one layer of 2 units.
fn dense() -> Tensors {
    let mut tensors = Tensors::new();
    put(&mut tensors, "embeddings.weight", &[4, 2], 0.5);
    put(&mut tensors, "decoder.decoder.bias", &[4], 0.0);
    put(&mut tensors, "rnns.0.kernel", &[2, 6], 0.25);
    put(&mut tensors, "rnns.0.recurrent_kernel", &[2, 6], 0.0);
    put(&mut tensors, "rnns.0.bias", &[6], 0.0);
    put(&mut tensors, "rnns.0.recurrent_bias", &[6], 0.0);
    put(&mut tensors, "rnns.0.thr", &[2], 0.5);
    tensors
}

/// Returns the tensors with `rnns.0.kernel` packed: one non-zero in each row, alternating columns.
fn packed(indptr: &[u32], indices: &[u16]) -> Tensors {
    let mut tensors = dense();
    tensors.remove("rnns.0.kernel");
    put(&mut tensors, "rnns.0.kernel.csr_data", &[indices.len()], 1.0);
    let bytes = indices.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensors.insert("rnns.0.kernel.csr_indices".into(), (Dtype::U16, vec![indices.len()], bytes));
    let bytes = indptr.iter().flat_map(|v| v.to_le_bytes()).collect();
    tensors.insert("rnns.0.kernel.csr_indptr".into(), (Dtype::U32, vec![indptr.len()], bytes));
    tensors
}

fn bytes(tensors: &Tensors) -> Vec<u8> {
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    serialize(views, None).unwrap()
}

fn folder(weights: &[u8], vocabulary: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(WEIGHTS_FILE), weights).unwrap();
    fs::write(folder.path().join(VOCABULARY_FILE), vocabulary).unwrap();
    folder
}

fn load(tensors: &Tensors) -> Result<LanguageModel, ModelError> {
    LanguageModel::load(folder(&bytes(tensors), VOCABULARY.as_bytes()).path())
}

/// The error for a changed model; its text names the file.
#[track_caller]
fn error(change: impl FnOnce(&mut Tensors)) -> ModelError {
    let mut tensors = dense();
    change(&mut tensors);
    let error = load(&tensors).unwrap_err();
    assert!(error.to_string().contains(WEIGHTS_FILE), "{error}");
    error
}

#[test]
fn a_model_by_the_authors_names_loads_with_their_defaults() {
    let model = load(&dense()).unwrap();
    assert_eq!(model.card.carry, Carry::Y);
    assert_eq!((model.network.inputs(), model.network.outputs()), (2, 2));
    assert_eq!(model.network.layers[0].input_weights.shape(), (6, 2));
    assert_eq!(model.network.layers[0].recurrent.nnz(), 0, "exact zeros are dropped");
    assert_eq!(model.decoder.scale.to_bits(), 1.0_f32.to_bits());
    let mut row = [0.0; 2];
    assert!(model.embedding.row(3, &mut row) && !model.embedding.row(4, &mut row));
    assert_eq!(row.map(f32::to_bits), [0.5_f32.to_bits(); 2]);
}

#[test]
fn a_lone_file_loads_with_the_vocabulary_beside_it() {
    let folder = folder(&[], VOCABULARY.as_bytes());
    let path = folder.path().join("exported.safetensors");
    fs::write(&path, bytes(&dense())).unwrap();
    let model = LanguageModel::load(&path).unwrap();
    assert_eq!((model.card.name.as_str(), &model.path), ("exported", &path));
}

#[test]
fn training_only_tensors_are_left_out_and_unknown_ones_refused() {
    let mut tensors = dense();
    put(&mut tensors, "rnns.0.dampening_factor", &[], 3.6);
    put(&mut tensors, "rnns.0.pseudo_derivative_support", &[1], 3.6);
    put(&mut tensors, "rnns.0._max_norm", &[1], 0.1);
    assert!(load(&tensors).is_ok());
    for name in ["rnns.0.projection", "rnns.0.bias.csr_data", "encoder.weight", "rnns.9999.bias"] {
        let error = error(|tensors| put(tensors, name, &[1], 0.0));
        assert!(matches!(&error, ModelError::UnknownTensor { tensor, .. } if tensor == name), "{error}");
    }
}

#[test]
fn thresholds_are_clamped_as_the_authors_do() {
    let mut tensors = dense();
    tensors.insert("rnns.0.thr".into(), (Dtype::F32, vec![2], f32s(&[-0.25, 1.5])));
    assert_eq!(load(&tensors).unwrap().network.layers[0].threshold, [0.0, 1.0]);
}

#[test]
fn a_tied_decoder_is_the_embedding_and_another_is_kept() {
    let mut tensors = dense();
    put(&mut tensors, "decoder.decoder.weight", &[4, 2], 0.5);
    let model = load(&tensors).unwrap();
    assert!(model.decoder.weights.is_none() && model.notes.is_empty());
    let mut weights = vec![0.5; 8];
    weights[5] = 0.75;
    tensors.insert("decoder.decoder.weight".into(), (Dtype::F32, vec![4, 2], f32s(&weights)));
    let model = load(&tensors).unwrap();
    let mut row = [0.0; 2];
    assert!(model.decoder.weights.unwrap().row(2, &mut row) && row == [0.5, 0.75]);
    assert!(model.notes[0].contains("decoder.decoder.weight"), "{:?}", model.notes);
    // Without the embedding under its own name the two are tied.
    tensors.remove("embeddings.weight");
    let model = load(&tensors).unwrap();
    assert!(model.decoder.weights.is_none() && model.embedding.row(2, &mut row) && row == [0.5, 0.75]);
    assert!(model.notes[0].contains("tied"), "{:?}", model.notes);
}

#[test]
fn a_projection_is_what_the_card_says() {
    let mut tensors = dense();
    put(&mut tensors, "rnns.0.kernel", &[2, 9], 0.25);
    put(&mut tensors, "rnns.0.recurrent_kernel", &[3, 9], 0.0);
    put(&mut tensors, "rnns.0.bias", &[9], 0.0);
    put(&mut tensors, "rnns.0.recurrent_bias", &[9], 0.0);
    put(&mut tensors, "rnns.0.thr", &[3], 0.5);
    put(&mut tensors, "decoder.projection.weight", &[2, 3], 0.5);
    put(&mut tensors, "decoder.projection.bias", &[2], 0.25);
    let error = load(&tensors).unwrap_err();
    assert!(error.to_string().contains("`projection: Relu` or `projection: Linear`"), "{error}");
    let folder = folder(&bytes(&tensors), VOCABULARY.as_bytes());
    for (word, kind) in [("Relu", Projection::Relu), ("Linear", Projection::Linear)] {
        let card = format!("Card(name: \"x\", kind: LanguageModel, projection: {word})");
        fs::write(folder.path().join(CARD_FILE), card).unwrap();
        let projection = LanguageModel::load(folder.path()).unwrap().decoder.projection.unwrap();
        assert_eq!((projection.weights.len(), projection.bias.len(), projection.kind), (6, 2, kind));
    }
    put(&mut tensors, "decoder.projection.weight", &[3, 2], 0.5);
    fs::write(folder.path().join(WEIGHTS_FILE), bytes(&tensors)).unwrap();
    let error = LanguageModel::load(folder.path()).unwrap_err();
    assert!(
        error.to_string().contains("decoder.projection.weight has shape [3, 2]; expected [2, 3]"),
        "{error}"
    );
}

#[test]
fn layers_alone_load_without_a_vocabulary() {
    let mut tensors = dense();
    tensors.retain(|name, _| name.starts_with("rnns"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(WEIGHTS_FILE);
    fs::write(&path, bytes(&tensors)).unwrap();
    let Model::Layers(model) = Model::load(folder.path()).unwrap() else { panic!("not layers") };
    assert_eq!((model.network.inputs(), model.network.outputs(), model.card.carry), (2, 2, Carry::Nothing));
    assert!(model.notes.is_empty());
    // A readout behind them is left out with a note, a stranger among them is refused.
    put(&mut tensors, "hidden2out.weight", &[3, 2], 0.5);
    fs::write(&path, bytes(&tensors)).unwrap();
    let notes = Model::load(folder.path()).unwrap().notes().to_vec();
    assert!(notes.len() == 1 && notes[0].ends_with("hidden2out.weight"), "{notes:?}");
    put(&mut tensors, "norms.0.weight", &[2], 0.5);
    fs::write(&path, bytes(&tensors)).unwrap();
    let error = Model::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("norms.0.weight") && error.contains("Layers"), "{error}");
    // A whole language model's layers run on an array where the card asks for them.
    fs::write(&path, bytes(&dense())).unwrap();
    fs::write(folder.path().join(CARD_FILE), "Card(name: \"x\", kind: Layers)").unwrap();
    let notes = Model::load(folder.path()).unwrap().notes().to_vec();
    assert!(notes.len() == 1 && notes[0].contains("embeddings.weight"), "{notes:?}");
}

#[test]
fn every_missing_tensor_is_named() {
    for name in dense().keys() {
        let error = error(|tensors| {
            tensors.remove(name);
        });
        assert!(
            matches!(&error, ModelError::MissingTensor { tensor, .. } if tensor == name),
            "{name}: {error}"
        );
    }
    // A hole between layers is a missing tensor too.
    let error = error(|tensors| put(tensors, "rnns.2.thr", &[2], 0.5));
    assert!(matches!(&error, ModelError::MissingTensor { tensor, .. } if tensor == "rnns.1.thr"), "{error}");
}

#[test]
fn every_wrong_shape_is_named_with_what_is_needed() {
    for name in dense().keys().filter(|name| *name != "embeddings.weight") {
        let error = error(|tensors| put(tensors, name, &[3, 1], 0.0));
        assert!(
            matches!(&error, ModelError::Shape { tensor, found, .. } if tensor == name && *found == [3, 1]),
            "{name}: {error}"
        );
        assert!(error.to_string().contains("expected ["), "{error}");
    }
    for shape in [&[8][..], &[0, 2], &[4, 0]] {
        let error = error(|tensors| put(tensors, "embeddings.weight", shape, 0.5));
        assert!(matches!(&error, ModelError::Shape { .. }), "{error}");
    }
    let error = error(|tensors| {
        put(tensors, "embeddings.weight", &[4, 3], 0.5);
        put(tensors, "rnns.0.kernel", &[3, 6], 0.5);
    });
    assert!(error.to_string().contains("tied decoder"), "{error}");
}

#[test]
fn a_wrong_type_of_number_is_named() {
    let error = error(|tensors| {
        tensors.insert("rnns.0.bias".into(), (Dtype::I32, vec![6], vec![0; 24]));
    });
    assert!(matches!(&error, ModelError::Dtype { found: Dtype::I32, .. }), "{error}");
    let mut tensors = packed(&[0, 1, 2, 3, 4, 5, 6], &[0, 1, 0, 1, 0, 1]);
    tensors.insert("rnns.0.kernel.csr_indices".into(), (Dtype::I16, vec![6], vec![0; 12]));
    assert!(load(&tensors).unwrap_err().to_string().contains("I16; expected U16 or U32"));
}

#[test]
fn a_weight_that_is_no_number_is_found() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut weights = vec![0.5; 12];
        weights[7] = bad;
        let error = error(|tensors| {
            tensors.insert("rnns.0.kernel".into(), (Dtype::F32, vec![2, 6], f32s(&weights)));
        });
        assert!(matches!(&error, ModelError::NotFinite { index: 7, .. }), "{error}");
    }
    // An f64 that is finite but no f32.
    let mut values = [0.0_f64; 6];
    values[2] = 1e300;
    let error = error(|tensors| {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        tensors.insert("rnns.0.bias".into(), (Dtype::F64, vec![6], bytes));
    });
    assert!(matches!(&error, ModelError::NotFinite { index: 2, .. }), "{error}");
}

#[test]
fn packed_matrices_are_checked() {
    let model = load(&packed(&[0, 1, 2, 3, 4, 5, 6], &[0, 1, 0, 1, 0, 1])).unwrap();
    assert_eq!(model.network.layers[0].input_weights.indices(), [0, 1, 0, 1, 0, 1]);
    let csr = |indptr: &[u32], indices: &[u16]| match load(&packed(indptr, indices)).unwrap_err() {
        ModelError::Csr { tensor, source, .. } if tensor == "rnns.0.kernel" => source,
        other => panic!("{other}"),
    };
    assert_eq!(
        csr(&[0, 1, 2, 3, 4, 5, 6], &[0, 1, 0, 2, 0, 1]),
        CsrError::ColumnRange { row: 3, column: 2, columns: 2 }
    );
    assert_eq!(
        csr(&[0, 2, 2, 3, 4, 5, 6], &[1, 0, 0, 1, 0, 1]),
        CsrError::ColumnOrder { row: 0, previous: 1, column: 0 }
    );
    assert_eq!(
        csr(&[0, 3, 2, 3, 4, 5, 6], &[0, 1, 0, 1, 0, 1]),
        CsrError::PointerOrder { row: 1, start: 3, end: 2 }
    );
    assert_eq!(
        csr(&[0, 1, 2, 3, 4, 5, 9], &[0, 1, 0, 1, 0, 1]),
        CsrError::PointerEnd { found: 9, nonzeros: 6 }
    );
    assert_eq!(csr(&[0, 6], &[0, 1, 0, 1, 0, 1]), CsrError::PointerCount { rows: 6, found: 2 });
    let mut tensors = packed(&[0, 1, 2, 3, 4, 5, 6], &[0, 1, 0, 1, 0, 1]);
    tensors.remove("rnns.0.kernel.csr_indptr");
    assert!(load(&tensors).unwrap_err().to_string().contains("no tensor rnns.0.kernel.csr_indptr"));
}

#[test]
fn a_truncated_file_and_other_bytes_are_refused() {
    let whole = bytes(&dense());
    for length in [0, 4, 8, 100, whole.len() - 1] {
        let folder = folder(&whole[..length], VOCABULARY.as_bytes());
        let error = LanguageModel::load(folder.path()).unwrap_err();
        assert!(matches!(error, ModelError::Format { bytes, .. } if bytes == length), "{error}");
    }
    assert!(matches!(
        LanguageModel::load(Path::new("/no/such/folder")).unwrap_err(),
        ModelError::Read { .. }
    ));
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = folder(&bytes, VOCABULARY.as_bytes());
        prop_assert!(Model::load(folder.path()).is_err());
    }

    #[test]
    fn a_changed_byte_never_panics(at in 0_usize..1000, value in any::<u8>()) {
        let mut bytes = bytes(&packed(&[0, 1, 2, 3, 4, 5, 6], &[0, 1, 0, 1, 0, 1]));
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = LanguageModel::load(folder(&bytes, VOCABULARY.as_bytes()).path());
    }
}

#[test]
fn the_vocabulary_belongs_to_the_model() {
    let weights = bytes(&dense());
    let error = |vocabulary: &[u8]| LanguageModel::load(folder(&weights, vocabulary).path()).unwrap_err();
    let other = error(b"<unk>\n<eos>\nthe\n");
    assert!(matches!(other, ModelError::VocabularySize { words: 3, rows: 4, .. }), "{other}");
    let twice = error(b"<unk>\n<eos>\nthe\nthe\n").to_string();
    assert!(twice.contains("vocab.txt: line 4: \"the\" is already on line 3"), "{twice}");
    assert!(error(b"<unk>\na\nb\nc\n").to_string().contains("no word <eos>"));
    assert!(error(b"<eos>\na\nb\nc\n").to_string().contains("no word <unk>"));
    assert!(error(b"<eos>\n\xfe\n").to_string().contains("not UTF-8: byte 6"));
    let folder = folder(&weights, b"");
    fs::remove_file(folder.path().join(VOCABULARY_FILE)).unwrap();
    assert!(LanguageModel::load(folder.path()).unwrap_err().to_string().contains(VOCABULARY_FILE));
}

#[test]
fn a_card_with_an_unknown_field_is_refused_with_its_line() {
    let folder = folder(&bytes(&dense()), VOCABULARY.as_bytes());
    let card = folder.path().join(CARD_FILE);
    fs::write(&card, "Card(\n  name: \"x\",\n  kind: LanguageModel,\n  carry: CAndY,\n)").unwrap();
    assert_eq!(LanguageModel::load(folder.path()).unwrap().card.carry, Carry::CAndY);
    fs::write(&card, "Card(\n  name: \"x\",\n  kind: LanguageModel,\n  hidden: 3,\n)").unwrap();
    let error = LanguageModel::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("card.ron:4:") && error.contains("hidden"), "{error}");
}

/// Returns the byte of a number, found by decoding every byte.
fn e4m3(value: f32) -> u8 {
    (0..=255_u8).find(|&byte| tensors::from_e4m3(byte) == value).unwrap()
}

#[test]
fn eight_bits_are_read_as_the_format_says() {
    for (byte, value) in
        [(0x38, 1.0), (0x7e, 448.0), (0x01, 2.0_f32.powi(-9)), (0xb8, -1.0), (0x08, 2.0_f32.powi(-6))]
    {
        assert_eq!(tensors::from_e4m3(byte).to_bits(), value.to_bits(), "{byte:#x}");
    }
    assert!(tensors::from_e4m3(0x7f).is_nan() && tensors::from_e4m3(0xff).is_nan());
    let mut tensors = dense();
    // 1 and the smallest normal number.
    tensors.insert("rnns.0.thr".into(), (Dtype::F8_E5M2, vec![2], vec![0x3c, 0x04]));
    assert_eq!(load(&tensors).unwrap().network.layers[0].threshold, [1.0, 2.0_f32.powi(-14)]);
    tensors.insert("rnns.0.thr".into(), (Dtype::F8_E8M0, vec![2], vec![0x3c, 0x04]));
    let error = load(&tensors).unwrap_err().to_string();
    assert!(error.contains("tensor rnns.0.thr holds F8_E8M0; expected F8_E4M3,"), "{error}");
}

#[test]
fn every_type_of_float_loads_to_the_same_network() {
    let values: Vec<f32> = (0_u8..12).map(|i| f32::from(i) * 0.125 - 0.5).collect();
    let types: [(Dtype, Vec<u8>); 5] = [
        (Dtype::F32, f32s(&values)),
        (Dtype::F64, values.iter().flat_map(|&v| f64::from(v).to_le_bytes()).collect()),
        (Dtype::F16, values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect()),
        (Dtype::F8_E4M3, values.iter().map(|&v| e4m3(v)).collect()),
        (Dtype::BF16, values.iter().flat_map(|&v| bf16::from_f32(v).to_le_bytes()).collect()),
    ];
    let networks = types.map(|(dtype, data)| {
        let mut tensors = dense();
        tensors.insert("rnns.0.kernel".into(), (dtype, vec![2, 6], data));
        load(&tensors).unwrap().network
    });
    assert_eq!(networks[0].layers[0].input_weights.nnz(), 11);
    assert!(networks.iter().all(|network| *network == networks[0]));
}

#[test]
fn the_models_of_this_repository_load() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    for (name, words, nonzeros) in [
        ("egru-lm-tiny", 1000, 9600),
        ("egru-lm-small", 2000, 23_502),
        ("egru-lm-wikitext2", 33_278, 1_208_250),
    ] {
        let model = LanguageModel::load(&models.join(name)).unwrap();
        assert_eq!((model.card.name.as_str(), model.card.carry), (name, Carry::CAndY));
        assert_eq!((model.vocabulary.len(), model.network.nonzeros()), (words, nonzeros), "{name}");
        assert_eq!(model.card.measured.len(), 2, "{name}");
        for measured in &model.card.measured {
            assert_eq!(measured.activity.len(), model.network.layers.len(), "{name}");
        }
    }
}
