//! `spinntui inspect FILE.nir`: text, JSON as documented, and refusals with node, reason
//! and exit code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{fine, spinntui, text};

const DATA: &str = "nir/tests/data";

/// All NIR files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "nir") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn inspected(path: &str) -> Value {
    serde_json::from_str(&fine(&["inspect", path, "--format", "json"])).unwrap()
}

fn keys(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                into.push(key.clone());
                keys(value, into);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| keys(entry, into)),
        _ => {}
    }
}

#[test]
fn a_network_is_described_for_people() {
    let text = fine(&["inspect", &format!("{DATA}/legal/conv_same_even_kernel/conv_same_even_kernel.nir")]);
    insta::assert_snapshot!(text);
    let text = fine(&["inspect", &format!("{DATA}/exported/snntorch_rleaky/snntorch_rleaky.nir")]);
    insta::assert_snapshot!(text);
}

#[test]
fn every_network_is_described_within_80_columns() {
    for kind in ["exported", "legal"] {
        for file in files(&Path::new(DATA).join(kind)) {
            let text = fine(&["inspect", &file.display().to_string()]);
            for line in text.lines() {
                // A long name of a file is not broken.
                assert!(line.chars().count() <= 80 || line.contains(".nir"), "{}: {line}", file.display());
            }
        }
    }
}

#[test]
fn json_has_the_documented_fields_and_adds_up() {
    let report = inspected(&format!("{DATA}/exported/sinabs_iaf_conv_sumpool/sinabs_iaf_conv_sumpool.nir"));
    let docs = fs::read_to_string("docs/nir.md").unwrap();
    let mut names = Vec::new();
    keys(&report, &mut names);
    for name in names {
        assert!(docs.contains(&format!("`{name}`")), "docs/nir.md does not name `{name}`");
    }
    let nodes = report["nodes"].as_array().unwrap();
    for total in ["neurons", "synapses", "macs"] {
        let sum: u64 = nodes.iter().map(|node| node[total].as_u64().unwrap()).sum();
        assert_eq!(report["totals"][total], sum, "{total}");
    }
    // 6·7·7 + 8·7·7 + 10 neurons.
    assert_eq!(report["totals"]["neurons"], 696);
    assert_eq!(report["totals"]["populations"], 3);
    assert_eq!(nodes.len(), 10);
    assert_eq!(nodes[2]["defaults"][0], "v_reset");
}

#[test]
fn malformed_files_are_refused_with_exit_code_2() {
    let malformed = files(&Path::new(DATA).join("malformed"));
    assert_eq!(malformed.len(), 27);
    for file in malformed {
        let path = file.display().to_string();
        let output = spinntui(&["inspect", &path]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{path}: {error}");
        assert!(error.starts_with(&format!("error: {path}: ")) && output.stdout.is_empty(), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn wrong_calls_are_explained() {
    let refused = |arguments: &[&str], words: &str| {
        let output = spinntui(arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(words), "{error}");
    };
    refused(&["inspect", "no/such/net.nir"], "no/such/net.nir");
    refused(&["inspect", "models/egru-lm-tiny", "--format", "json"], "text only");
    refused(&["inspect", DATA], DATA);
}

#[test]
fn nir_files_are_known_by_their_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.h5");
    fs::copy(format!("{DATA}/legal/pass_through/pass_through.nir"), &path).unwrap();
    let report = inspected(&path.display().to_string());
    assert_eq!(report["totals"]["populations"], 0);
    assert!(report["warnings"][0]["text"].as_str().unwrap().contains("no population"));
}
