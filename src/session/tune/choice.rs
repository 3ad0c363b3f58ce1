//! A point of the search: what a scene's `mapping` could say.

use serde::Serialize;

use crate::kernel::options::KernelKind;
use crate::mapping::Placed;
use crate::mapping::options::{Balance, MappingOptions};
use crate::scene::LoadedScene;

/// Mapping of one layer: its PEs and kernels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LayerChoice {
    /// Number of PEs of the layer.
    pub pes: usize,
    /// Kernels of W and R, by their place in [`KernelKind::ALL`] for a fixed order, by
    /// name for people.
    #[serde(serialize_with = "names")]
    pub kernels: [usize; 2],
}

fn names<S: serde::Serializer>(kernels: &[usize; 2], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(kernels.iter().map(|&kernel| kind(kernel).name()))
}

/// Returns the kernel at an index of [`KernelKind::ALL`].
pub fn kind(number: usize) -> KernelKind {
    KernelKind::ALL.get(number).copied().unwrap_or_default()
}

/// Returns the index of `kind` in [`KernelKind::ALL`].
pub fn number(kind: KernelKind) -> usize {
    KernelKind::ALL.iter().position(|&other| other == kind).unwrap_or(0)
}

/// A mapping. Its order is that of its fields: searches that compare equals are the
/// same every time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Choice {
    /// Layers, in network order.
    pub layers: Vec<LayerChoice>,
    /// `Units` instead of `NonZeros`.
    #[serde(rename = "balance", serialize_with = "balance_name")]
    pub by_units: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn balance_name<S: serde::Serializer>(by_units: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *by_units { "Units" } else { "NonZeros" })
}

impl Choice {
    /// Returns the choice that a mapped scene has made.
    pub fn of(mapping: &MappingOptions, placed: &[Placed]) -> Self {
        let layer = |layer: &Placed| LayerChoice { pes: layer.pes.len(), kernels: layer.kinds.map(number) };
        Self { layers: placed.iter().map(layer).collect(), by_units: mapping.balance == Balance::Units }
    }

    /// Returns the balance in the mapper's terms.
    pub fn balance(&self) -> Balance {
        if self.by_units { Balance::Units } else { Balance::NonZeros }
    }

    /// Returns the number of PEs of all layers together.
    pub fn pes(&self) -> usize {
        self.layers.iter().map(|layer| layer.pes).sum()
    }

    /// Returns for each layer whether W and R have 8-bit weights, on which the output depends.
    pub fn rounded(&self) -> Vec<[bool; 2]> {
        self.layers.iter().map(|layer| layer.kernels.map(|k| !kind(k).is_exact())).collect()
    }

    /// Returns the edits that turn a scene with mapping `from` into one with this:
    /// only the differences.
    pub fn edits(&self, from: &Self, loaded: &LoadedScene, placed: &[Placed]) -> Vec<(String, String)> {
        let mut edits = Vec::new();
        for ((layer, was), placed) in self.layers.iter().zip(&from.layers).zip(placed) {
            let field = |name: &str| format!("mapping.layers.{}.{name}", placed.entry);
            if layer.pes != was.pes {
                let entry = loaded.scene.mapping.layers.get(placed.entry);
                if entry.is_some_and(|entry| entry.units_per_pe.is_some()) {
                    edits.push((field("units_per_pe"), "None".to_owned()));
                }
                edits.push((field("pes"), layer.pes.to_string()));
            }
            for (name, (&now, &was)) in
                ["input", "recurrent"].iter().zip(layer.kernels.iter().zip(&was.kernels))
            {
                if now != was {
                    edits.push((field(name), kind(now).name().to_owned()));
                }
            }
        }
        if self.by_units != from.by_units {
            edits.push(("mapping.balance".to_owned(), format!("{:?}", self.balance())));
        }
        edits
    }

    /// Describes each layer in a line: its PEs and kernels, as in `50 CsrRow/CscEvent`.
    pub fn describe(&self) -> Vec<String> {
        let layer = |layer: &LayerChoice| {
            let [w, r] = layer.kernels.map(|k| kind(k).name());
            if w == r { format!("{} {w}", layer.pes) } else { format!("{} {w}/{r}", layer.pes) }
        };
        self.layers.iter().map(layer).collect()
    }
}
