//! Names of a model's tensors: from those of a checkpoint to those of this program.
//!
//! Layers are recognised by their parts (`kernel`, `thr`, …), whatever the modules around them
//! are called; words that wrappers put before or into a name are left out. Each interpretation
//! is a note.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Segments that PyTorch's wrappers add: `DataParallel` and `torch.compile`.
const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];
/// First segments that are not wrappers, though all tensors may share them.
const ROOTS: [&str; 6] = ["rnns", "layers", "embeddings", "decoder", "conv", "fc"];
/// Tensors of an EGRU layer, of which a linear layer has none.
const OWN: [&str; 4] = ["kernel", "recurrent_kernel", "recurrent_bias", "thr"];
/// Further tensors of a layer.
///
/// The last three belong to training and change nothing in the forward pass.
const FURTHER: [&str; 4] = ["bias", "dampening_factor", "pseudo_derivative_support", "_max_norm"];
/// Tensors of a packed matrix, after its name.
const PACKED: [&str; 3] = ["csr_data", "csr_indices", "csr_indptr"];

/// Place of a tensor: the number of its file, and its name there.
pub(super) type Place = (usize, String);

/// Tensors by the names that this program uses, with notes on the names in the file.
#[derive(Debug, Default)]
pub(super) struct Names {
    places: BTreeMap<String, Place>,
    /// Pattern of the layers' names in the file; `None` without a layer.
    layers: Option<Pattern>,
    /// First segments of every name, with the point behind them.
    prefix: String,
    /// Notes on names that were interpreted.
    pub notes: Vec<String>,
}

/// Name of a layer in the file: the text before and after its number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    before: String,
    after: String,
    /// Whether the pattern has a layer number; without one the file has a single layer.
    numbered: bool,
}

impl Pattern {
    /// Returns pattern and number of a layer: `rnn.rnns.`, `.rnn` and 1 for `rnn.rnns.1.rnn`.
    fn of(owner: &str) -> (Self, usize) {
        let mut start = 0;
        for segment in owner.split('.') {
            let end = start + segment.len();
            // Three digits are more layers than any model has.
            if let Some(number) = segment.parse().ok().filter(|_| segment.len() <= 3) {
                let (before, after) = (owner[..start].to_owned(), owner[end..].to_owned());
                return (Self { before, after, numbered: true }, number);
            }
            start = end + 1;
        }
        (Self { before: owner.to_owned(), after: String::new(), numbered: false }, 0)
    }

    /// Returns the name of a layer's part.
    fn name(&self, number: usize, part: &str) -> String {
        let Self { before, after, numbered } = self;
        match (numbered, before.is_empty()) {
            (true, _) => format!("{before}{number}{after}.{part}"),
            (false, true) => part.to_owned(),
            (false, false) => format!("{before}.{part}"),
        }
    }
}

/// Reason why names cannot be resolved.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NameError {
    /// Two tensors have the same name without the words that wrappers add.
    Twice(String, String),
    /// The names of layers do not give their order.
    Order(String, String),
}

impl Names {
    /// Resolves the names of all files; `aliases` are further names of stored tensors.
    pub(super) fn new(stored: &[Place], aliases: &[(String, Place)]) -> Result<Self, NameError> {
        let own = stored.iter().map(|place| (unwrapped(&place.1), place));
        let mut found: BTreeMap<String, Place> = BTreeMap::new();
        let mut wrapped = false;
        for (name, place) in own {
            wrapped |= name != place.1;
            if let Some(other) = found.insert(name, place.clone()) {
                return Err(NameError::Twice(other.1, place.1.clone()));
            }
        }
        let mut tied = Vec::new();
        for (alias, place) in aliases {
            let name = unwrapped(alias);
            if let Entry::Vacant(free) = found.entry(name) {
                tied.push(format!("{} is stored as {}", free.key(), place.1));
                free.insert(place.clone());
            }
        }
        let prefix = common(&found);
        let without = |(name, place): (String, Place)| (name[prefix.len()..].to_owned(), place);
        let found: BTreeMap<String, Place> = found.into_iter().map(without).collect();
        let mut names = Self { prefix, notes: tied, ..Self::default() };
        if wrapped || !names.prefix.is_empty() {
            let first = stored.iter().map(|place| place.1.as_str()).min().unwrap_or_default();
            names.notes.insert(0, format!("names are read without the words of wrappers, as in {first}"));
        }
        names.number_layers(found)?;
        Ok(names)
    }

    /// Calls the layers `rnns.0`, `rnns.1`, … in the order of their numbers.
    fn number_layers(&mut self, found: BTreeMap<String, Place>) -> Result<(), NameError> {
        let owners: BTreeSet<&str> = found
            .keys()
            .filter_map(|name| split(name))
            .filter(|(_, part)| OWN.iter().any(|own| part.split('.').next() == Some(own)))
            .map(|(owner, _)| owner)
            .collect();
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for owner in owners {
            let (pattern, number) = Pattern::of(owner);
            match &self.layers {
                Some(first) if *first != pattern => {
                    return Err(NameError::Order(first.name(0, "thr"), pattern.name(number, "thr")));
                }
                _ => self.layers = Some(pattern),
            }
            numbers.insert(owner.to_owned(), number);
        }
        for (name, place) in found {
            let layer = split(&name).and_then(|(owner, part)| Some((numbers.get(owner)?, part)));
            let name = layer.map(|(number, part)| format!("rnns.{number}.{part}")).unwrap_or(name);
            self.places.insert(name, place);
        }
        Ok(())
    }

    /// Returns where a tensor is stored.
    pub(super) fn place(&self, name: &str) -> Option<&Place> {
        self.places.get(name)
    }

    /// Stores a tensor's place under a further name.
    pub(super) fn alias(&mut self, name: &str, place: Place) {
        self.places.insert(name.to_owned(), place);
    }

    /// Iterates over all names, in alphabetical order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// Returns one more than the greatest number of a layer.
    pub(super) fn layer_count(&self) -> usize {
        self.iter().filter_map(|name| Some(layer_part(name)?.0 + 1)).max().unwrap_or(0)
    }

    /// Returns the name that a tensor has in the file, or would have if it were there.
    pub(super) fn written(&self, name: &str) -> String {
        if let Some((_, stored)) = self.places.get(name) {
            return stored.clone();
        }
        let prefix = &self.prefix;
        match (layer_part(name), &self.layers) {
            (Some((number, part)), Some(pattern)) => format!("{prefix}{}", pattern.name(number, part)),
            _ => format!("{prefix}{name}"),
        }
    }
}

/// Leaves out the segments of wrappers.
fn unwrapped(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let kept: Vec<&str> = name.split('.').filter(|segment| !WRAPPERS.contains(segment)).collect();
    if kept.is_empty() { last.to_owned() } else { kept.join(".") }
}

/// Returns the first segments that all names share and that have no meaning, with a final point.
fn common(names: &BTreeMap<String, Place>) -> String {
    let mut prefix = String::new();
    loop {
        let mut firsts =
            names.keys().map(|name| name[prefix.len()..].split_once('.').map(|(first, _)| first));
        let Some(Some(first)) = firsts.next() else { return prefix };
        if ROOTS.contains(&first) || firsts.any(|other| other != Some(first)) {
            return prefix;
        }
        // A number may be a layer's own.
        if first.parse::<usize>().is_ok() {
            return prefix;
        }
        prefix = format!("{prefix}{first}.");
    }
}

/// Splits a layer's tensor into the layer and the part: `rnns.0` and `kernel.csr_data`.
fn split(name: &str) -> Option<(&str, &str)> {
    let at = |name: &str| name.rfind('.').map_or(0, |at| at + 1);
    let mut start = at(name);
    if PACKED.contains(&&name[start..]) {
        start = at(name[..start].strip_suffix('.')?);
    }
    let (owner, part) = (name[..start].strip_suffix('.').unwrap_or(""), &name[start..]);
    let matrix = part.split('.').next().unwrap_or(part);
    let known = OWN.contains(&matrix) || FURTHER.contains(&matrix);
    let whole = part == matrix || matches!(matrix, "kernel" | "recurrent_kernel");
    (known && whole).then_some((owner, part))
}

/// Splits `rnns.K.PART` into K and PART; `None` for other names.
pub(super) fn layer_part(name: &str) -> Option<(usize, &str)> {
    let (layer, part) = name.strip_prefix("rnns.")?.split_once('.')?;
    (layer.len() <= 3).then(|| layer.parse().ok()).flatten().map(|layer| (layer, part))
}

/// Returns `true` for the tensors of a layer, those for training alone included.
pub(super) fn is_layer_part(part: &str) -> bool {
    split(part).is_some_and(|(owner, _)| owner.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(stored: &[&str]) -> Result<Names, NameError> {
        let stored: Vec<Place> = stored.iter().map(|name| (0, (*name).to_owned())).collect();
        Names::new(&stored, &[])
    }

    #[test]
    fn layers_are_numbered_whatever_their_modules_are_called() {
        for (stored, count) in [
            (&["rnns.0.kernel", "rnns.1.thr", "embeddings.weight"][..], 2),
            (&["rnn.rnns.0.rnn.kernel", "rnn.rnns.1.rnn.thr", "hidden2out.bias"], 2),
            (&["layers.0.kernel.csr_data", "layers.11.bias", "layers.11.thr", "fc.bias"], 12),
            (&["kernel", "thr", "bias"], 1),
            (&["rnn.kernel", "rnn.thr"], 1),
            (&["module.rnns.0._orig_mod.kernel", "module.rnns.0._orig_mod.thr"], 1),
            (&["model.net.0.kernel", "model.net.1.kernel"], 2),
            (&["0.kernel", "0.thr"], 1),
        ] {
            let names = names(stored).unwrap();
            assert_eq!(names.layer_count(), count, "{stored:?}: {names:?}");
            for name in names.iter() {
                assert!(stored.contains(&names.written(name).as_str()), "{name}");
            }
        }
        let names = names(&["rnn.rnns.0.rnn.kernel", "rnn.rnns.1.rnn.kernel", "other"]).unwrap();
        assert_eq!(names.written("rnns.1.thr"), "rnn.rnns.1.rnn.thr");
    }

    #[test]
    fn wrappers_and_common_prefixes_are_left_out_with_a_note() {
        for prefix in ["module.", "_orig_mod.", "_orig_mod.module.", "model.", "net.model."] {
            let stored = ["embeddings.weight", "rnns.0.kernel"].map(|name| format!("{prefix}{name}"));
            let names = names(&[&stored[0], &stored[1]]).unwrap();
            assert_eq!(names.iter().collect::<Vec<_>>(), ["embeddings.weight", "rnns.0.kernel"], "{prefix}");
            assert!(names.notes.len() == 1 && names.notes[0].contains(prefix), "{:?}", names.notes);
        }
        assert_eq!(names(&["embeddings.weight", "rnns.0.kernel"]).unwrap().notes, [""; 0]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let twice = names(&["module.rnns.0.thr", "rnns.0.thr"]).unwrap_err();
        assert!(matches!(twice, NameError::Twice(..)), "{twice:?}");
        let order = names(&["first.kernel", "second.kernel", "x"]).unwrap_err();
        assert!(matches!(order, NameError::Order(..)), "{order:?}");
    }

    #[test]
    fn a_further_name_finds_its_tensor() {
        let stored = [(0, "m.decoder.decoder.weight".to_owned()), (0, "m.rnns.0.thr".to_owned())];
        let alias = ("m.embeddings.weight".to_owned(), stored[0].clone());
        let names = Names::new(&stored, &[alias]).unwrap();
        assert_eq!(names.place("embeddings.weight"), Some(&stored[0]));
        assert!(names.notes.iter().any(|note| note.contains("stored as m.decoder.decoder.weight")));
    }
}
