//! Whether two runs read the same words with the same network: only then can their
//! outputs be compared.

use std::path::PathBuf;

use serde::Serialize;

use super::Ran;
use crate::net::Carry;
use crate::scene::Scene;
use crate::session::Session;

/// Input of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// Path of the weights file, with links resolved where possible.
    pub model: PathBuf,
    /// Path of the recordings or array, resolved likewise; empty for a text, whose words are in
    /// `tokens`.
    pub data: PathBuf,
    /// Number of steps after which cell states are reset; `None`: never.
    pub reset_every: Option<u32>,
    /// The words read, as numbers of the model's vocabulary; the last is only predicted. Of
    /// a batch: the words of all streams, time step by time step, and of the first stream
    /// the one predicted.
    pub tokens: Vec<u32>,
    /// Streams read side by side; 0 before the first step.
    pub batch: usize,
}

impl Input {
    /// Collects the input of a session that has not moved yet.
    pub fn new(session: &Session) -> Self {
        let model = session.model();
        let reset = model.card().carry != Carry::CAndY;
        Self {
            model: model.path().canonicalize().unwrap_or_else(|_| model.path().to_owned()),
            data: data(session),
            reset_every: reset.then(|| session.work().sequence()),
            tokens: Vec::new(),
            batch: 0,
        }
    }

    /// Records the words that the last completed step read and the one to predict next.
    ///
    /// It has to be called after every completed time step.
    pub fn note(&mut self, session: &Session) {
        let read = session.rows();
        // The last one so far was only predicted until now: it is the one that was read.
        self.tokens.truncate(self.tokens.len().saturating_sub(1));
        self.tokens.extend_from_slice(read);
        self.batch = read.len();
        // At the end of a text nothing is left to predict, and the word read stands
        // there once more.
        let last = read.first().copied().unwrap_or(0);
        self.tokens.push(session.work().predicted().unwrap_or(last));
    }

    /// Returns the words that were read, by time step, without the one that is only predicted.
    pub fn read(&self) -> Vec<Vec<u32>> {
        let read = self.tokens.split_last().map_or(&[][..], |(_, read)| read);
        read.chunks(self.batch.max(1)).map(<[u32]>::to_vec).collect()
    }
}

/// Returns the path of the recordings or rows; empty if there are none.
fn data(session: &Session) -> PathBuf {
    let files = session.loaded.scene.task.options().files();
    let Some(file) = files.iter().find(|file| file.numbered) else { return PathBuf::new() };
    let path = session.loaded.resolve(file.name, file.field).unwrap_or_else(|_| PathBuf::from(file.name));
    path.canonicalize().unwrap_or(path)
}

/// Whether two runs read the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputCheck {
    /// Whether model, data, batch, words read, number of steps and resets of cell states agree.
    pub same: bool,
    /// Description of the differences.
    pub differs: Vec<String>,
}

impl InputCheck {
    /// Compares the inputs of two runs.
    pub fn new(a: &Ran, b: &Ran) -> Self {
        let mut differs = Vec::new();
        if a.input.model != b.input.model {
            // Another model may have another vocabulary: the numbers of its words say nothing here.
            differs.push(format!("the models differ ({} and {})", a.scene.model, b.scene.model));
        } else if a.input.data != b.input.data {
            let [da, db] = [a, b].map(|ran| ran.input.data.display().to_string());
            differs.push(format!("A reads {da}, B {db}"));
        } else if a.input.batch != b.input.batch {
            let [sa, sb] = [a, b].map(|ran| ran.input.batch);
            differs.push(format!("A reads {sa} streams of the text side by side, B {sb}"));
        } else if let Some(text) = tokens(a, b) {
            differs.push(text);
        }
        let (ra, rb) = (a.input.reset_every, b.input.reset_every);
        // A reset after the last step changes nothing.
        let matters = [ra, rb].into_iter().flatten().any(|every| u64::from(every) < a.report.steps);
        if ra != rb && matters {
            let every = |r: Option<u32>| r.map_or("never".to_owned(), |n| format!("every {n} steps"));
            differs.push(format!("cell states are reset {} in A, {} in B", every(ra), every(rb)));
        }
        Self { same: differs.is_empty(), differs }
    }
}

/// Describes the difference between the words, if there is one.
fn tokens(a: &Ran, b: &Ran) -> Option<String> {
    let (ta, tb) = (&a.input.tokens, &b.input.tokens);
    if let Some(at) = ta.iter().zip(tb).position(|(a, b)| a != b) {
        let (what, unit) = a.scene.task.options().difference(b.scene.task.options());
        return Some(format!("{what} from {unit} {} on", at + 1));
    }
    (ta.len() != tb.len()).then(|| format!("A ran {} time steps, B {}", a.report.steps, b.report.steps))
}

/// Returns whether some matrix is multiplied by machine code that the scene names.
pub(super) fn own_kernel(scene: &Scene) -> bool {
    scene.mapping.layers.iter().any(|layer| layer.input.code().or(layer.recurrent.code()).is_some())
}

/// Returns `true` if a matrix is multiplied by a kernel that does not keep its weights' bits.
pub(super) fn rounds_weights(scene: &Scene) -> bool {
    scene
        .mapping
        .layers
        .iter()
        .any(|layer| [layer.input.kind(), layer.recurrent.kind()].into_iter().any(|kind| !kind.is_exact()))
}
