//! Files of users: names, layouts and formats beside the documented ones, and files of other kinds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use spinntui::model::Model;
use spinntui::task::lm::{Corpus, Readout};

use crate::common::{fine, spinntui, text};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inputs").join(name)
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&fine(arguments)).unwrap()
}

/// Runs the program, which must refuse its input with these words.
#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) -> String {
    let output = spinntui(arguments);
    // Long lines are broken between words.
    let error = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}{}", text(&output.stdout));
    for word in words {
        assert!(error.contains(word), "{arguments:?} should say `{word}`: {error}");
    }
    error
}

fn path(name: &str) -> String {
    data(name).display().to_string()
}

#[test]
fn times_in_seconds_and_titled_fields_are_read() {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(data("npy-seconds/expected.json")).unwrap()).unwrap();
    for (file, within, warned) in [
        ("npy-seconds/f8.npy", 0, true),
        ("npy-seconds/f4.npy", 1, true),
        ("npy-titled/titled.npy", 0, false),
    ] {
        let report = json(&["events", &path(file), "--format", "json"]);
        for field in ["events", "on"] {
            assert_eq!(report[field], expected[field], "{file}: {field}");
        }
        for field in ["first_us", "last_us"] {
            let [found, wanted] = [&report, &expected].map(|it| it[field].as_i64().unwrap());
            assert!((found - wanted).abs() <= within, "{file}: {field} {found}, not {wanted}");
        }
        let first = &report["first_event"];
        let place = [&first["x"], &first["y"]].map(|it| it.as_u64().unwrap());
        assert_eq!((place, first["on"].as_bool()), ([57, 127], Some(false)), "{file}");
        let warning = report["warnings"][0]["warning"].as_str();
        assert_eq!(warning, warned.then_some("taken_as_seconds"), "{file}");
    }
    assert!(fine(&["events", &path("npy-seconds/f8.npy")]).contains("times taken as seconds"));
}

#[test]
fn foreign_formats_of_events_are_named_with_a_way_on() {
    for (file, name, way) in [
        ("spikingjelly.npz", "a NumPy archive (.npz)", "numpy.load"),
        ("events.npy.gz", "gzip", "gunzip"),
        ("events.h5", "HDF5", "h5py"),
        ("td.mat", "a MATLAB file", "scipy.io.loadmat"),
        ("td.dat", "Prophesee DAT", "numpy.save"),
        ("evt3.raw", "Prophesee RAW (EVT3)", "numpy.save"),
        ("rpg.txt", "text with numbers in columns", "numpy.loadtxt"),
        ("nmnist.bin", "N-MNIST", "numpy.save"),
        ("frames_THWC.npy", "frames rather than events", "one record of x, y, t, p an event"),
    ] {
        refused(&["events", &path(&format!("formats-by-name/{file}"))], &[file, name, way]);
    }
    let davis = path("aedat2-simulated-davis/davis346.aedat");
    refused(&["events", &davis], &["none of the 1500 events", "128 × 128", "DAVIS346's 346 × 260"]);
}

#[test]
fn unknown_words_are_counted_and_raw_text_is_not_compared() {
    let run = |file: &str, format: &str| {
        let text = format!("task.text={}", path(file));
        let answer =
            fine(&["run", "scenes/lm_small.ron", "--set", &text, "--steps", "5", "--format", format]);
        // Long lines are broken between words.
        answer.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let raw: Value = serde_json::from_str(&run("unknown-words/prose.txt", "json")).unwrap();
    assert_eq!((raw["text"]["tokens"].as_u64(), raw["text"]["lines"].as_u64()), (Some(28), Some(2)));
    assert!(raw["text"]["untokenised"].as_u64() > Some(4) && raw["compares_with"] == "", "{raw}");
    let raw = run("unknown-words/prose.txt", "text");
    assert!(raw.contains("28 tokens, 2 lines; 17 of 26 words are unknown"), "{raw}");
    assert!(raw.contains("WARNING") && raw.contains("not split into tokens"), "{raw}");
    assert!(!raw.contains("Compares with"), "{raw}");
    // A tilde is the home folder, even where no shell expands it.
    let home = Command::new(env!("CARGO_BIN_EXE_spinntui"))
        .args(["run", "scenes/lm_small.ron", "--steps", "1", "--set", "task.text=~/tokenised.txt"])
        .env("HOME", data("unknown-words"))
        .output()
        .unwrap();
    let home = text(&home.stdout);
    assert!(home.contains("of 40 words are unknown"), "{home}");
}

/// The large model knows nearly every word of a text that is split into tokens.
#[test]
fn a_tokenised_text_compares() {
    let model = Model::load(Path::new("models/egru-lm-wikitext2")).unwrap();
    let vocabulary = &model.language().unwrap().vocabulary;
    let counts = |file: &str| {
        Corpus::new(std::fs::read(data("unknown-words").join(file)).unwrap(), vocabulary).unwrap().counts()
    };
    let (raw, tokens) = (counts("prose.txt"), counts("tokenised.txt"));
    assert_eq!((raw.unknown, raw.words(), tokens.unknown, tokens.words()), (12, 26, 3, 40));
    assert!(raw.warning().is_some() && tokens.warning().is_none());
}

/// Returns the values of a `.npy` file of f32 that this program or NumPy wrote.
fn array(path: &Path) -> Vec<f32> {
    npyz::NpyFile::new(std::fs::read(path).unwrap().as_slice()).unwrap().into_vec().unwrap()
}

#[test]
fn layers_without_a_language_model_run_on_an_array() {
    let folder = tempfile::tempdir().unwrap();
    for (scene, expected) in [("rnns", "two_layers"), ("smnist", "two_layers"), ("one-layer", "one_layer")] {
        let out = folder.path().join(format!("{scene}.npy"));
        let outputs = format!("task.outputs=Some({:?})", out.display().to_string());
        fine(&["run", &path(&format!("layers-only/{scene}.ron")), "--set", &outputs]);
        let (got, wanted) = (array(&out), array(&data(&format!("layers-only/expected_{expected}.npy"))));
        assert_eq!(got.len(), wanted.len(), "{scene}");
        for (at, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            assert!((got - wanted).abs() < 1e-5, "{scene}: {at}: {got}, not {wanted}");
            assert_eq!(*got == 0.0, *wanted == 0.0, "{scene}: {at}: another event");
        }
    }
    let smnist = fine(&["inspect", &path("layers-only/smnist")]);
    assert!(smnist.contains("EGRU layers alone") && smnist.contains("hidden2out.weight"), "{smnist}");
}

#[test]
fn every_layout_of_numpy_gives_the_same_outputs() {
    let hash = |file: &str| {
        let inputs = format!("task.inputs={}", path(&format!("tensor-layouts/{file}.npy")));
        json(&["run", "scenes/tensor.ron", "--set", &inputs, "--format", "json"])["output_hash"].clone()
    };
    let wanted = hash("c");
    assert_eq!([hash("fortran"), hash("big_endian")], [wanted.clone(), wanted.clone()]);
    assert_ne!(hash("f2"), wanted, "half the digits");
    let archive = format!("task.inputs={}", path("formats-by-name/spikingjelly.npz"));
    refused(&["run", "scenes/tensor.ron", "--set", &archive], &["a NumPy archive (.npz)", "numpy.load"]);
}

#[test]
fn wrapped_and_tied_names_are_the_same_model() {
    let wanted = Model::load(&data("tied-other-name/plain")).unwrap();
    let tied = Model::load(&data("tied-other-name/save_model")).unwrap();
    assert_eq!(tied.network(), wanted.network());
    let [tied, wanted] = [&tied, &wanted].map(|model| model.language().unwrap());
    assert_eq!(tied.embedding, wanted.embedding);
    assert!(wanted.notes.is_empty() && tied.notes[0].contains("decoder.decoder.weight"), "{:?}", tied.notes);
    let hash = |scene: &str| {
        json(&["run", &path(&format!("tied-other-name/{scene}.ron")), "--format", "json"])["output_hash"]
            .clone()
    };
    assert_eq!(hash("save_model"), hash("plain"));
    for (folder, prefix) in
        [("dataparallel", "module."), ("compiled", "_orig_mod."), ("both", "_orig_mod.module.")]
    {
        let shown = fine(&["inspect", &path(&format!("prefixes/{folder}"))]);
        assert!(shown.contains("note") && shown.contains(prefix) && shown.contains("rnns.1 R"), "{shown}");
    }
}

#[test]
fn what_lies_in_place_of_the_weights_is_named() {
    for (folder, words) in [
        ("lfs-pointer", &["Git LFS pointer", "git lfs pull"][..]),
        ("web-page", &["a web page", "download"]),
        ("torch-save", &["an archive of PyTorch", "save_file"]),
        ("cpt-in-folder", &["EGRU_best_model.cpt is a checkpoint of PyTorch", "save_file"]),
    ] {
        refused(&["inspect", &path(&format!("not-the-weights/{folder}"))], words);
    }
    let sharded = Model::load(&data("not-the-weights/sharded")).unwrap();
    assert_eq!(sharded.network().layers.len(), 2);
    // A shard that is not there, and one that does not hold what the index says.
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        std::fs::copy(data("not-the-weights/sharded").join(from), folder.path().join(to)).unwrap();
    };
    copy("vocab.txt", "vocab.txt");
    copy("model.safetensors.index.json", "model.safetensors.index.json");
    copy("model-00001-of-00002.safetensors", "model-00001-of-00002.safetensors");
    let error = Model::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("model-00002-of-00002.safetensors: "), "{error}");
    copy("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
    let error = Model::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("as the index of the shards says"), "{error}");
    std::fs::remove_file(folder.path().join("model.safetensors.index.json")).unwrap();
    let error = Model::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("shards need their index"), "{error}");
    for folder in ["same", "other-shape"] {
        refused(&["inspect", &path(&format!("duplicate-key/{folder}"))], &["tensor rnns.0.thr twice"]);
    }
}

#[test]
fn a_model_of_characters_with_a_projection_gives_the_authors_logits() {
    let folder = data("char-lm-projection");
    let model = Model::load(&folder).unwrap();
    let model = model.language().unwrap();
    let prompt = std::fs::read(folder.join("text.txt")).unwrap();
    let corpus = Corpus::new(prompt, &model.vocabulary).unwrap();
    let (readout, mut state) = (Readout::new(model), model.network.state());
    let expected = array(&folder.join("expected_logits.npy"));
    assert_eq!((corpus.tokens().len(), expected.len()), (15, 15 * 97));
    let mut x = vec![0.0; model.embedding.width()];
    for (&token, expected) in corpus.tokens().iter().zip(expected.chunks(97)) {
        assert!(model.embedding.row(token, &mut x));
        let prediction = readout.predict(model.network.step(&mut state, &x));
        for (got, wanted) in prediction.logits().iter().zip(expected) {
            assert!((got - wanted).abs() < 1e-4, "{token}: {got}, not {wanted}");
        }
    }
    let report = json(&["run", &path("char-lm-projection/scene.ron"), "--format", "json"]);
    assert_eq!((report["predictions"].as_u64(), report["text"]["unknown"].as_u64()), (Some(14), Some(0)));
    let shown = fine(&["inspect", &path("char-lm-projection")]);
    assert!(shown.contains("97 characters") && shown.contains("14 to 10 values, then ReLU"), "{shown}");
}

#[test]
fn the_screen_shows_characters_as_a_text() {
    let scene = path("char-lm-projection/scene.ron");
    let shown = |moment: &str, expected: &[&str]| {
        let task = ["screenshot", &scene, "--panel", "task", "--expand", "--size", "120x40", "--at", moment];
        let screen = fine(&task);
        for words in expected {
            assert!(screen.contains(words), "{words}: {screen}");
        }
    };
    shown("step 0", &["text character by character", "which character it expects next", " The chip reads. "]);
    shown("step 9", &["9 of 14 characters", " nats a character", " The chip r"]);
}

#[test]
fn characters_that_cannot_be_seen_are_named_at_their_place() {
    for (file, words, place) in [
        ("nbsp", &["U+00A0 (no-break space)", "plain space"][..], ":2:13:"),
        ("zwsp", &["U+200B (zero-width space)", "delete it"], ":2:5:"),
        ("quotes", &["U+201C (typographic quote)", "straight quote"], ":3:12:"),
    ] {
        let error = refused(&["check", &path(&format!("invisible-characters/{file}.ron"))], words);
        assert!(error.contains(&format!("{file}.ron{place}")), "{error}");
    }
    let output = text(&spinntui(&["check", &path("invisible-characters/zwsp.ron")]).stderr);
    let carets: Vec<&str> = output.lines().filter(|line| line.trim_end().ends_with('^')).collect();
    assert_eq!(carets, ["  |     ^"], "{output}");
}
