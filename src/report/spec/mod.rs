//! A scene as files that a host could write to the chip: memory images and `spec.json`, and
//! the way back.
//!
//! The top level of `spec.json` has the five public names of the chip's ExperimentRunner; what is
//! inside each is not public, so the inner shape is ours. `docs/export.md` describes it for users.

pub mod read;
pub mod write;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::machine::images::{ImageError, ImageRange, Images};
use crate::machine::legend::PopulationId;
use crate::machine::program::Program;
use crate::mapping::egru::EgruSlot;
use crate::net::Compare;
use crate::output::OutputError;
use crate::session::Session;
use crate::session::command::StepUnit;

/// Name of the description within its folder.
pub const SPEC_FILE: &str = "spec.json";

/// Description of an experiment for a host. The top-level names are public, their insides are ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// PEs that run.
    pub active_pes: Vec<ActivePe>,
    /// Files written into the PEs' memories before the start, by PE and address.
    pub mem_files: Vec<MemFile>,
    /// Chip time of the time steps in `mem_data_to_send`, as emulated, s.
    pub duration_in_s: f64,
    /// Data that the host writes while the experiment runs.
    pub mem_data_to_send: Vec<DataToSend>,
    /// Regions that the host reads back.
    pub mem_regions_to_read: Vec<RegionToRead>,
}

/// Name of a PE: coordinates for users, and the chip's own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeName {
    /// Column of its QPE, 1 to 7.
    pub x: u8,
    /// Row of its QPE, 1 to 6.
    pub y: u8,
    /// Number of the PE in its QPE, 0 to 3.
    pub p: u8,
    /// The chip's id byte: x in bits 7:5, y in bits 4:2, p in bits 1:0.
    pub id: u8,
}

impl From<Pe> for PeName {
    fn from(pe: Pe) -> Self {
        let qpe = pe.qpe();
        Self { x: qpe.x, y: qpe.y, p: pe.p(), id: pe.id_byte() }
    }
}

impl PeName {
    /// Returns the PE, if the chip has one at these coordinates and its id agrees.
    pub fn pe(self) -> Option<Pe> {
        Pe::at(self.x, self.y, self.p).filter(|pe| pe.id_byte() == self.id)
    }
}

/// A PE that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivePe {
    /// Name of the PE.
    #[serde(flatten)]
    pub pe: PeName,
    /// Layers on the PE.
    pub layers: Vec<String>,
    /// Phases of a time step on the PE, in order.
    pub phases: Vec<String>,
    /// Comparison in the instructions of the PE's point-wise step: an event where c > θ, or where
    /// c ≥ θ.
    #[serde(default)]
    pub compare: Compare,
    /// Whether the point-wise step compares nothing: its units send c in every step and subtract
    /// nothing, as in a GRU.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
}

/// A file with the bytes of one contiguous range of a PE's SRAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemFile {
    /// Name of the PE.
    #[serde(flatten)]
    pub pe: PeName,
    /// Byte address of the first byte.
    pub address: u32,
    /// Size in bytes, a multiple of 4.
    pub bytes: usize,
    /// Name of the file in the folder of `spec.json`. Words in it are little-endian.
    pub file: String,
}

/// Packets from the host: in every time step one packet of four words to each of these PEs. One
/// entry a sample of the batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataToSend {
    /// PEs that receive the data.
    pub pes: Vec<PeName>,
    /// Byte address at each.
    pub address: u32,
    /// The packets, one a time step: row of the embedding table, number of the time step, 0, 0.
    /// With `Pipelined`, word `n mod 4` is the row of time step n, and the others those of the
    /// steps before it.
    pub words: Vec<[u32; 4]>,
}

/// A range of a PE's SRAM that the host reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionToRead {
    /// Name of the PE.
    #[serde(flatten)]
    pub pe: PeName,
    /// Byte address of the first byte.
    pub address: u32,
    /// Size of the range, in bytes.
    pub bytes: u32,
    /// Description of the contents.
    pub what: String,
    /// Units in a range of y, in order, by their number in the model; empty for other ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<u32>,
}

/// Error in an export.
#[derive(Debug, Error)]
pub enum SpecError {
    /// The folder is not empty.
    #[error("{} is not empty\nhelp: name another folder, or add `--force` to write over what is there", .0.display())]
    NotEmpty(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// File that was to be read or written.
        path: PathBuf,
        /// Cause, as the operating system reports it.
        source: std::io::Error,
    },
    /// A file cannot be written, or is read by the scene itself.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A file cannot be read.
    #[error("cannot read {}: {source}\nhelp: {}", path.display(), help(path))]
    Read {
        /// File that was to be read or written.
        path: PathBuf,
        /// Cause, as the operating system reports it.
        source: std::io::Error,
    },
    /// `spec.json` is invalid.
    #[error("{}:{}:{}: {source}\nhelp: docs/export.md describes the file", path.display(), source.line(), source.column())]
    Json {
        /// File with the error.
        path: PathBuf,
        /// Error with its place.
        source: serde_json::Error,
    },
    /// An entry of `mem_files` makes no sense.
    #[error("{}: mem_files[{entry}] ({file}): {what}", path.display())]
    Entry {
        /// Path of `spec.json`.
        path: PathBuf,
        /// Entry, from 0.
        entry: usize,
        /// Image file that the entry names.
        file: String,
        /// Description of the error.
        what: String,
    },
    /// The length of a file differs from `spec.json`.
    #[error("{}: the file has {found} bytes, and spec.json says {expected}\nhelp: export the scene again", path.display())]
    Length {
        /// File with the error.
        path: PathBuf,
        /// Bytes in the file.
        found: u64,
        /// Length that `spec.json` gives, in bytes.
        expected: usize,
    },
    /// The images are of another scene.
    #[error("{}: {source}\nhelp: these images are of another scene, or of another mapping of it; export this one", path.display())]
    Foreign {
        /// The file with the range at fault, or `spec.json` where a range is missing.
        path: PathBuf,
        /// Mismatch between images and program.
        source: ImageError,
    },
    /// An export that is read back differs from the scene.
    #[error("{}: read back, the state hash is {found:032x}, and the scene's is {expected:032x}", path.display())]
    NotTheSame {
        /// Folder that was written and read back.
        path: PathBuf,
        /// State hash of a machine loaded from the images.
        found: u128,
        /// State hash of a machine loaded from the scene.
        expected: u128,
    },
}

fn help(path: &Path) -> String {
    if path.ends_with(SPEC_FILE) {
        "`spinntui export SCENE --spec FOLDER` writes one".to_owned()
    } else {
        "spec.json names it: export the scene again".to_owned()
    }
}

impl Spec {
    /// Runs the session for `steps` time steps, and describes what a host would do for them.
    pub fn of(session: &mut Session, steps: u64) -> Self {
        let program = std::sync::Arc::clone(session.machine().program());
        let images = Images::of(&program);
        let mut rows: Vec<Vec<u32>> = Vec::new();
        while session.steps() < steps {
            if !matches!(session.step(StepUnit::TimeStep), crate::session::StepOutcome::Advanced(_)) {
                break;
            }
            rows.push(session.rows().to_vec());
        }
        let first = program.populations.first().into_iter().flat_map(|layer| &layer.pes);
        let pes: Vec<PeName> = first.map(|&pe| pe.into()).collect();
        let to_send = |sample: usize| DataToSend {
            pes: pes.clone(),
            address: program.announcements.get(sample).map_or(0, |to| to.message.address),
            words: announcements(&program, &rows, sample),
        };
        Self {
            active_pes: program.places().filter_map(|pe| active(&program, pe)).collect(),
            mem_files: images.ranges().map(|(pe, range)| mem_file(pe, range)).collect(),
            duration_in_s: us(session.tick()) * 1e-6,
            mem_data_to_send: (0..program.batch as usize).map(to_send).collect(),
            mem_regions_to_read: regions(&program),
        }
    }

    /// Returns the name of the file with the range that begins at a PE's byte address; `None` if
    /// there is none.
    fn file_of(&self, pe: Pe, address: u32) -> Option<&str> {
        let file = self.mem_files.iter().find(|file| file.pe == pe.into() && file.address == address)?;
        Some(&file.file)
    }
}

/// Returns the packets that announce a sample's rows, one for each time step.
fn announcements(program: &Program, rows: &[Vec<u32>], sample: usize) -> Vec<[u32; 4]> {
    let row = |step: u32| rows.get(step as usize).and_then(|rows| rows.get(sample)).copied().unwrap_or(0);
    let words = |step: u32| program.announcement(step, |back| step.checked_sub(back).map_or(0, row));
    (0..rows.len() as u32).map(words).collect()
}

fn mem_file(pe: Pe, range: &ImageRange) -> MemFile {
    let name = PeName::from(pe);
    let file = format!("pe_{}_{}_{}_{:05x}.bin", name.x, name.y, name.p, range.address);
    MemFile { pe: name, address: range.address, bytes: range.bytes(), file }
}

fn active(program: &crate::machine::program::Program, pe: Pe) -> Option<ActivePe> {
    let loaded = program.pe(pe)?;
    let layers = loaded.slots.iter().filter_map(|slot| program.population(slot.population));
    let share = loaded.slots.first().and_then(EgruSlot::of);
    Some(ActivePe {
        pe: pe.into(),
        layers: layers.map(|layer| layer.name.clone()).collect(),
        phases: loaded
            .operations
            .iter()
            .map(|operation| program.legend.phase(operation.phase).to_owned())
            .collect(),
        compare: share.map(|share| share.pointwise.compare).unwrap_or_default(),
        always: share.is_some_and(|share| share.pointwise.always),
    })
}

/// Returns the regions to read after a run: the last layer's y, and every PE's debug log.
fn regions(program: &crate::machine::program::Program) -> Vec<RegionToRead> {
    let mut regions = Vec::new();
    let last = PopulationId::at(program.populations.len().saturating_sub(1));
    for pe in program.places() {
        let Some(loaded) = program.pe(pe) else { continue };
        if let (Some((_, slot)), Some(layer)) = (loaded.slot_of(last), program.populations.last()) {
            regions.push(RegionToRead {
                pe: pe.into(),
                address: slot.detail.sent(),
                bytes: 4 * slot.units.len() as u32,
                what: format!("{} of {}, f32", program.legend.sent, layer.name),
                units: slot.units.clone(),
            });
        }
        let (address, bytes) = loaded.log;
        let phases =
            loaded.logged().iter().map(|&phase| program.legend.phase(phase)).collect::<Vec<_>>().join(", ");
        let what = format!("debug log, u32, µs: {phases} of each time step in turn");
        regions.push(RegionToRead { pe: pe.into(), address, bytes, what, units: Vec::new() });
    }
    regions
}
