//! Seeds of the fuzz targets, replayed: whole, cut off, and with a byte changed here and there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say where")]

#[path = "../../fuzz/src/lib.rs"]
mod checks;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

type Check = fn(&[u8]);

/// Targets of `fuzz/targets`, each with its check.
const TARGETS: [(&str, Check); 13] = [
    ("aedat2", |rest| checks::events(b"#!AER-DAT2.0\r\n", rest)),
    ("aedat31", |rest| checks::events(b"#!AER-DAT3.1\r\n", rest)),
    ("aedat4", |rest| checks::events(b"#!AER-DAT4.0\r\n", rest)),
    ("condition", checks::condition),
    ("images", checks::images),
    ("lesson", checks::lesson),
    ("nir", checks::nir),
    ("npy", |rest| checks::events(b"\x93NUMPY", rest)),
    ("safetensors", checks::safetensors),
    ("scene", checks::scene),
    ("session", checks::session),
    ("spec", checks::spec),
    ("vocabulary", checks::vocabulary),
];
/// Largest seed, bytes: seeds are for a start, and are part of the repository.
const LARGEST: usize = 16 << 10;
/// Places at which a seed is cut off and changed.
const PLACES: usize = 8;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

fn names(path: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(path)).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> =
        entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Returns a seed, its beginnings of several lengths, and copies with one byte changed.
fn variants(seed: &[u8]) -> Vec<Vec<u8>> {
    let mut variants = vec![seed.to_vec()];
    for place in (0..PLACES).map(|place| place * seed.len() / PLACES) {
        variants.push(seed[..place].to_vec());
        if let Some(byte) = seed.get(place) {
            let mut changed = seed.to_vec();
            changed[place] = byte.rotate_left(3) ^ 0x5a;
            variants.push(changed);
        }
    }
    variants
}

#[test]
fn every_target_reads_its_seeds_whole_cut_off_and_changed() {
    let listed = TARGETS.map(|(name, _)| name);
    assert_eq!(names("targets"), listed, "targets");
    assert_eq!(names("seeds"), listed, "folders of seeds");
    for (name, check) in TARGETS {
        let mut seeds: Vec<PathBuf> =
            fs::read_dir(folder("seeds").join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            let bytes = fs::read(&seed).unwrap();
            assert!(bytes.len() <= LARGEST, "{}: {} bytes", seed.display(), bytes.len());
            for (number, variant) in variants(&bytes).iter().enumerate() {
                let run = catch_unwind(AssertUnwindSafe(|| check(variant)));
                assert!(run.is_ok(), "{}, variant {number}", seed.display());
            }
        }
    }
}
