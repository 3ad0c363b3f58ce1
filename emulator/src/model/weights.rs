//! Files of a model's weights: one safetensors file, or shards with an index; recognises others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::{CARD_FILE, ModelError, VOCABULARY_FILE, WEIGHTS_FILE, WEIGHTS_LIMIT, read};

/// Name of the index beside sharded weights.
pub(super) const INDEX_FILE: &str = "model.safetensors.index.json";
/// Conversion of a checkpoint of PyTorch to weights.
const EXPORT: &str =
    "export it: torch.load, then safetensors.torch.save_file (models/README.md has the lines)";
/// Largest number of names of a folder's files that an error lists.
const LISTED: usize = 6;

/// A model's weights as read: a file, or several.
pub(super) struct Weights {
    /// File that messages name for all of them: the weights, or the index.
    pub path: PathBuf,
    /// Path and bytes of each file.
    pub files: Vec<(PathBuf, Arc<Vec<u8>>)>,
    /// Tensors that the index promises, with the number of their file; empty without an index.
    pub promised: BTreeMap<String, usize>,
}

/// Index of shards, with the file of each tensor.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Finds the weights of a model: a folder's `model.safetensors` or index, or the file itself.
pub(super) fn find(path: &Path) -> Result<PathBuf, ModelError> {
    if !path.is_dir() {
        std::fs::metadata(path).map_err(|source| ModelError::Read { path: path.to_path_buf(), source })?;
        return Ok(path.to_path_buf());
    }
    let (weights, index) = (path.join(WEIGHTS_FILE), path.join(INDEX_FILE));
    match std::fs::metadata(&weights) {
        Ok(_) => Ok(weights),
        Err(_) if index.is_file() => Ok(index),
        Err(source) => Err(absent(path, weights, source)),
    }
}

/// Returns the error for a folder without weights, which lists the files in it.
fn absent(folder: &Path, weights: PathBuf, source: std::io::Error) -> ModelError {
    let names = folder.read_dir().into_iter().flatten().flatten();
    let names: BTreeSet<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let ends = |endings: &[&str]| {
        let fits = |name: &&String| {
            let name = name.to_ascii_lowercase();
            endings.iter().any(|ending| name.ends_with(ending))
        };
        names.iter().find(fits).cloned()
    };
    let is_shard = |name: &&String| name.contains("-of-") && name.ends_with(".safetensors");
    let remedy = if names.iter().any(|name| is_shard(&name)) {
        format!("shards need their index, {INDEX_FILE}: copy it, too")
    } else if let Some(name) = ends(&[".safetensors"]) {
        format!("name the file {}, or rename it", folder.join(name).display())
    } else if let Some(name) = ends(&[".cpt", ".ckpt", ".pt", ".pth", ".bin", ".tar"]) {
        format!("{name} is a checkpoint of PyTorch: {EXPORT}")
    } else {
        String::new()
    };
    let others = names.into_iter().filter(|name| name != VOCABULARY_FILE && name != CARD_FILE);
    let mut found: Vec<String> = others.collect();
    let more = found.len().saturating_sub(LISTED);
    found.truncate(LISTED);
    if more > 0 {
        found.push(format!("{more} more"));
    }
    if remedy.is_empty() {
        return ModelError::Read { path: weights, source };
    }
    ModelError::Absent { path: weights, found: found.join(", "), remedy }
}

impl Weights {
    /// Reads the weights that [`find`] found.
    pub(super) fn read(path: &Path) -> Result<Self, ModelError> {
        let is_index = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if is_index {
            return Self::shards(path);
        }
        let bytes = read(path, WEIGHTS_LIMIT)?;
        check_kind(path, &bytes)?;
        Ok(Self {
            path: path.to_path_buf(),
            files: vec![(path.to_path_buf(), Arc::new(bytes))],
            promised: BTreeMap::new(),
        })
    }

    fn shards(path: &Path) -> Result<Self, ModelError> {
        let index: Index = serde_json::from_slice(&read(path, WEIGHTS_LIMIT)?)
            .map_err(|source| ModelError::Index { path: path.to_path_buf(), source })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut files = Vec::new();
        let mut promised = BTreeMap::new();
        for (tensor, shard) in &index.weight_map {
            // A shard lies beside its index: a name with a folder in it could read any file.
            if Path::new(shard).file_name().is_none_or(|name| name != shard.as_str()) {
                return Err(ModelError::Shard { path: path.to_path_buf(), shard: shard.clone() });
            }
            let number = if let Some(&number) = numbers.get(shard.as_str()) {
                number
            } else {
                let shard_path = folder.join(shard);
                let bytes = read(&shard_path, WEIGHTS_LIMIT)?;
                check_kind(&shard_path, &bytes)?;
                files.push((shard_path, Arc::new(bytes)));
                numbers.insert(shard, files.len() - 1);
                files.len() - 1
            };
            promised.insert(tensor.clone(), number);
        }
        Ok(Self { path: path.to_path_buf(), files, promised })
    }
}

/// First bytes of files that users have in place of weights, with their name and the remedy.
const OTHERS: [(&[u8], &str, &str); 10] = [
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the weights",
        "fetch them: `git lfs install && git lfs pull`",
    ),
    (b"PK\x03\x04", "an archive of PyTorch (torch.save) or another ZIP file", EXPORT),
    (b"\x80\x02", "a Python pickle, as torch.save wrote it before 1.6", EXPORT),
    (b"\x80\x04", "a Python pickle", EXPORT),
    (b"\x80\x05", "a Python pickle", EXPORT),
    (b"\x1f\x8b", "compressed with gzip", "unpack it: `gunzip FILE`"),
    (b"\x89HDF\r\n\x1a\n", "HDF5 (Keras?)", "export its arrays with safetensors.numpy.save_file"),
    (b"\x93NUMPY", "a NumPy array", "put all tensors into one file with safetensors.numpy.save_file"),
    (b"GGUF", "GGUF", "export the tensors with safetensors.torch.save_file"),
    (b"{", "text (JSON)", "is it a server's answer or a configuration? Download the weights themselves"),
];

/// Refuses a file that is recognised as something else than safetensors.
fn check_kind(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    // Eight bytes with the header's length, then the header: text in braces.
    if bytes.len() <= 8 || bytes.get(8) == Some(&b'{') {
        return Ok(());
    }
    let head = bytes.trim_ascii_start();
    let begins = |word: &[u8]| head.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    let other = |what: &str, remedy: &str| {
        let (what, remedy) = (what.to_owned(), remedy.to_owned());
        Err(ModelError::NotWeights { path: path.to_path_buf(), what, remedy })
    };
    if begins(b"<!doctype") || begins(b"<html") || begins(b"<?xml") {
        return other("a web page, not the weights", "download the file itself, signed in if need be");
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return other("a tar archive", "unpack it: `tar -xf FILE`");
    }
    match OTHERS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        Some((_, what, remedy)) => other(what, remedy),
        None => Ok(()),
    }
}

/// Returns the first name that occurs twice in a file's header, if the header can be read at all.
///
/// The parser of safetensors keeps the last of two, so one tensor would silently replace the other.
pub(super) fn duplicate(bytes: &[u8]) -> Option<String> {
    struct Names(Option<String>);
    impl<'de> Deserialize<'de> for Names {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Each;
            impl<'de> Visitor<'de> for Each {
                type Value = Names;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map of tensors")
                }
                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                    let (mut seen, mut twice) = (BTreeSet::new(), None);
                    while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                        if twice.is_none() && !seen.insert(name.clone()) {
                            twice = Some(name);
                        }
                    }
                    Ok(Names(twice))
                }
            }
            deserializer.deserialize_map(Each)
        }
    }
    let length = usize::try_from(u64::from_le_bytes(*bytes.first_chunk()?)).ok()?;
    let header = bytes.get(8..8_usize.checked_add(length)?)?;
    serde_json::from_slice::<Names>(header).ok()?.0
}
