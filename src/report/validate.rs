//! The paper's figures beside the emulator's, with differences, bands and reasons: what
//! `spinntui validate` shows.
//!
//! [`Validation::compute`] runs the paper's experiments and judges every figure; `rows` holds what
//! the paper says, the bands, and what each comparison rests on. Nothing in the emulator is fitted
//! to a row. `docs/validate.md` explains the table, and a test holds its keys.

pub mod band;
mod dvs;
mod gpu;
mod measure;
pub mod readings;
mod rows;
mod text;
mod transformer;

use serde::Serialize;
use thiserror::Error;

use crate::chip::listing::ListingError;
use crate::mapping::MapError;
use crate::model::card::CardError;
use crate::net::csr::CsrError;
use crate::scene::SceneError;
use crate::task::lm::CorpusError;
use band::Band;
pub use gpu::Batch;
pub use readings::Reading;

/// Version of the fields of [`Validation`]; goes up when one changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// Source of the paper's figures.
pub const PAPER: &str =
    "Nazeer et al., Language Modeling on a SpiNNaker 2 Neuromorphic Chip, arXiv:2312.09084";

/// The paper's figures beside the emulator's. The same on every machine and at every repetition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Validation {
    /// Version of these fields: [`VERSION`].
    pub version: u32,
    /// Paper whose figures are compared.
    pub paper: &'static str,
    /// Model that stands for the paper's.
    pub model: String,
    /// Whether every figure with a band is within it.
    pub all_in_band: bool,
    /// Count of the figures that test the emulator.
    pub independent: Independent,
    /// The figures, in the paper's order.
    pub rows: Vec<Row>,
    /// Readings of the paper's statements on its kernel and payload, each run by the emulator.
    pub readings: Vec<Reading>,
    /// Gestures in batches of 1 to 6, each sample, beside the paper's GPU.
    pub batches: Vec<Batch>,
}

/// Count of the rows of kind [`Kind::Independent`] that have a figure on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Independent {
    /// Number of independent figures.
    pub figures: usize,
    /// Number of independent figures at most [`CLOSE`] from the paper's.
    pub close: usize,
}

/// Largest distance of a close figure from the paper's, as a fraction of the paper's.
pub const CLOSE: f64 = 0.15;

impl Validation {
    /// Runs the paper's experiments and compares.
    pub fn compute() -> Result<Self, ValidateError> {
        Ok(Self::of(&measure::Measured::new()?))
    }

    /// Judges the measured figures.
    fn of(measured: &measure::Measured) -> Self {
        let rows = rows::rows(measured);
        let all_in_band = rows.iter().all(|row| row.verdict != Verdict::Outside);
        let differences = || rows.iter().filter(|r| r.kind == Kind::Independent).filter_map(|r| r.difference);
        let independent = Independent {
            figures: differences().count(),
            close: differences().filter(|difference| difference.abs() <= CLOSE).count(),
        };
        Self {
            version: VERSION,
            paper: PAPER,
            model: measured.model.clone(),
            all_in_band,
            independent,
            rows,
            readings: measured.readings.clone(),
            batches: gpu::batches(measured),
        }
    }

    /// Returns the comparison as indented JSON, keys in field order, with a line feed at the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    /// Returns the table, then each row with its reasons, as text of at most 80 columns.
    pub fn to_text(&self) -> String {
        text::text(self)
    }
}

/// Comparison of one figure of the paper with the emulator's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// A name for programs, `table2.time`. Stays the same between versions.
    pub id: &'static str,
    /// Table, figure or section of the paper.
    pub place: &'static str,
    /// Description of the figure.
    pub figure: &'static str,
    /// Kind of evidence that the comparison gives.
    pub kind: Kind,
    /// Unit of every number of the row.
    pub unit: Unit,
    /// Figure of the paper; `null` where the paper (or what could be read of it) has no number.
    pub paper: Option<f64>,
    /// The paper's figure in words.
    pub paper_says: &'static str,
    /// The emulator's figure, at a branch refill of 2; `null` where it cannot compute one.
    pub emulator: Option<f64>,
    /// The least and the greatest of the emulator's figures at a branch refill of 1, 2 and 3;
    /// `null` where P plays no part.
    pub interval: Option<[f64; 2]>,
    /// Feature that the emulator lacks for this row; `null` if it lacks none.
    pub missing: Option<&'static str>,
    /// Relative difference, (emulator − paper) / paper; `null` without either figure or if the
    /// paper has 0.
    pub difference: Option<f64>,
    /// Range in which the emulator's figure has to lie; `null` for a figure that is shown only.
    pub band: Option<Band>,
    /// Distance of the emulator's figure from the nearer edge of the band, negative outside; `null`
    /// without a figure or an edge.
    pub margin: Option<f64>,
    /// Verdict on the figure at a branch refill of 2.
    pub verdict: Verdict,
    /// Grounds of the comparison.
    pub rests_on: Vec<Ground>,
}

impl Row {
    /// Works out difference, margin and verdict. A figure with a band that was not
    /// computed is outside.
    fn judged(mut self) -> Self {
        let relative = |paper: f64, emulator: f64| (paper != 0.0).then(|| (emulator - paper) / paper);
        self.difference = self.paper.zip(self.emulator).and_then(|(p, e)| relative(p, e));
        self.verdict = match (&self.band, self.emulator) {
            (None, _) => Verdict::Shown,
            (Some(band), Some(value)) if band.holds(value) => Verdict::InBand,
            (Some(_), _) => Verdict::Outside,
        };
        self.margin = self.band.as_ref().zip(self.emulator).and_then(|(band, value)| band.margin(value));
        self
    }
}

/// Kind of evidence that a comparison gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Emulated event by event, with nothing of the paper's figure in it: a test of the emulator.
    Independent,
    /// Emulated too, but the paper states an order only.
    Order,
    /// Emulated too, with another reading of the paper's statements: its figure has a row already.
    Reading,
    /// Follows from sizes, the memory map and published chip powers, or from another row.
    Arithmetic,
    /// Copied from the paper into the emulator: no test.
    Copied,
    /// Compares the program with itself.
    Itself,
    /// Published for other programs and networks with functions, or counts, that the
    /// emulator has too.
    Comparable,
    /// Has figures on both sides, but of different things.
    NotComparable,
    /// Printed in the paper, not emulated.
    PaperOnly,
}

impl Kind {
    /// All kinds, in the order in which tables show them.
    pub const ALL: [Self; 9] = [
        Self::Independent,
        Self::Order,
        Self::Reading,
        Self::Arithmetic,
        Self::Copied,
        Self::Itself,
        Self::Comparable,
        Self::NotComparable,
        Self::PaperOnly,
    ];

    /// Returns the heading of the kind's rows.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Independent => "Independent: emulated event by event, against a printed figure",
            Self::Order => "Emulated too, where the paper states an order only",
            Self::Reading => "Other readings of figures that have a row: not counted",
            Self::Arithmetic => "Arithmetic: sizes, memory map, published chip powers, or another row",
            Self::Copied => "Copied from the paper: no test",
            Self::Itself => "The program with itself: the paper prints no such figure",
            Self::Comparable => "Spiking networks: comparable, of other software or networks",
            Self::NotComparable => "Not comparable: other weights, other data",
            Self::PaperOnly => "Paper only: the GPU, and spiking networks that are not public",
        }
    }

    /// Describes the kind, for the details of a row.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Independent => "independent measurement",
            Self::Order => "independent measurement of an order",
            Self::Reading => "another reading of a figure that has a row",
            Self::Arithmetic => "arithmetic",
            Self::Copied => "constant copied from the paper",
            Self::Itself => "compares the program with itself",
            Self::Comparable => "comparable with other software or networks",
            Self::NotComparable => "not comparable",
            Self::PaperOnly => "paper only",
        }
    }
}

/// Unit of a row's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Number of bytes.
    #[serde(rename = "B")]
    Bytes,
    /// Time in milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Power in watts.
    #[serde(rename = "W")]
    Watts,
    /// Energy in joules.
    #[serde(rename = "J")]
    Joules,
    /// A ratio of two figures.
    #[serde(rename = "1")]
    Ratio,
    /// Per cent, 0 to 100.
    #[serde(rename = "%")]
    Percent,
    /// Perplexity, 1 or more.
    #[serde(rename = "PPL")]
    Perplexity,
    /// Samples of a batch.
    #[serde(rename = "samples")]
    Samples,
    /// Number of spikes.
    #[serde(rename = "spikes")]
    Spikes,
    /// Millions a second.
    #[serde(rename = "M/s")]
    Millions,
}

/// Position of a figure relative to its band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The figure is within its band.
    InBand,
    /// The figure is outside of its band.
    Outside,
    /// The figure has no band and is only shown.
    Shown,
}

/// Ground of a comparison, with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// Kind of the ground.
    pub basis: Basis,
    /// Reason, one line.
    pub reason: &'static str,
}

/// Kinds of ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Follows by arithmetic from published figures, from the network's sizes, or
    /// from compiled instructions.
    Derived,
    /// Inferred from other statements of the paper.
    Inferred,
    /// Assumed, since no public source gives it: a named field of `assume`, or of the scene.
    Assumed,
    /// Fitted to measurements. No row has it: nothing in the emulator is fitted.
    Calibrated,
}

impl Basis {
    /// Returns the basis in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Derived => "derived",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
            Self::Calibrated => "calibrated",
        }
    }
}

/// Error that stops the comparison.
#[derive(Debug, Error)]
pub enum ValidateError {
    /// The paper's scene, or its model.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The built-in text.
    #[error("error: the built-in text cannot be read with this model: {0}")]
    Corpus(#[from] CorpusError),
    /// The gesture network's matrices.
    #[error("error: the gesture network cannot be built: {0}")]
    Matrix(#[from] CsrError),
    /// The listing of a routine.
    #[error("error: a routine's listing cannot be evaluated: {0}")]
    Listing(#[from] ListingError),
    /// The gesture network's mapping.
    #[error("error: the gesture network cannot be put on the chip: {0}")]
    Map(#[from] MapError),
    /// A layer that a row is about does not exist.
    #[error("error: {model} has no layer {layer}, which the paper's figures are about")]
    NoLayer {
        /// Model that the scene names.
        model: String,
        /// The layer's name.
        layer: &'static str,
    },
    /// The model in the scene's place is of another kind.
    #[error("error: {model} is no language model, which the paper's figures are about")]
    NotLanguage {
        /// Model that the scene names.
        model: String,
    },
    /// The emulated chip stopped.
    #[error("error: {what}: the machine stopped in time step {step}: {reason}")]
    Stopped {
        /// Experiment that was run.
        what: &'static str,
        /// Time step, from 1.
        step: usize,
        /// Description of the stall or fault.
        reason: String,
    },
    /// A card that was built in.
    #[error("error: {model}: {error}")]
    Card {
        /// Folder of the model.
        model: &'static str,
        /// Problem with the card.
        error: CardError,
    },
    /// A thread that emulated has died.
    #[error("error: {what}: the emulation broke off; please report this")]
    Broken {
        /// Experiment that was run.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests;
