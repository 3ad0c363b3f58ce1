//! The sample of synthetic digits.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::fine;

const SAMPLE: &str = "assets/recordings/digits";
/// Recordings of the sample.
const SAMPLES: usize = 20;

/// Files below a folder by their paths in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "bin") {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_sample_is_made_again_by_its_command() {
    let readme = fs::read_to_string(Path::new(SAMPLE).join("README.md")).unwrap();
    let command = readme.lines().find(|line| line.starts_with("spinntui synth")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().display().to_string();
    let words = command.split_whitespace().skip(1).map(|word| if word == SAMPLE { &*target } else { word });
    fine(&words.collect::<Vec<_>>());
    let shipped = files(Path::new(SAMPLE));
    assert_eq!(shipped.len(), SAMPLES);
    for path in shipped {
        let same =
            fs::read(folder.path().join(&path)).unwrap() == fs::read(Path::new(SAMPLE).join(&path)).unwrap();
        assert!(same, "{}", path.display());
    }
}
