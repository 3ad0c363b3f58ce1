//! Report of `spinntui tune`: the best mapping found, the front it lies on, and what was left out.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::table::{Table, field, grouped};
use crate::scene::{LoadedScene, SceneError};
use crate::session::build::{ModelCache, Plan};
use crate::session::tune::{Candidate, Goal, Tuned};

/// Version of these fields; goes up when one changes its meaning or goes away.
pub const VERSION: u32 = 1;
/// Column at which values begin.
const INDENT: usize = 9;

/// The result of a search. `docs/tune.md` describes the fields for users.
#[derive(Clone, Debug, Serialize)]
pub struct TuneReport {
    /// Version of these fields: [`VERSION`].
    pub version: u32,
    /// Scene file, as named on the command line.
    pub scene: String,
    /// The scene's title.
    pub title: String,
    /// Edits made to the scene before the search, `path=value`, in order.
    pub set: Vec<String>,
    /// Names of the layers, in network order.
    pub layers: Vec<String>,
    /// Method behind `step_us`, `step_j`, `pes` and `output_hash` of the candidates.
    pub figures_by: &'static str,
    /// Method behind `estimate_us`.
    pub estimate_by: &'static str,
    /// Edits that turn the scene into the winner, `path=value`; none where the scene is the best.
    pub edits: Vec<String>,
    /// Result of the search.
    #[serde(flatten)]
    pub tuned: Tuned,
    /// The winning scene's text.
    #[serde(skip)]
    text: String,
}

impl TuneReport {
    /// Puts the result of a search in words, and the winner in a scene.
    pub fn new(loaded: &LoadedScene, cache: &mut ModelCache, tuned: Tuned) -> Result<Self, SceneError> {
        let plan = Plan::new(loaded, cache)?;
        let edits = tuned.winner().choice.edits(&tuned.scene().choice, loaded, &plan.placed);
        let winner = LoadedScene::from_text(&loaded.text, &loaded.path, &edits)?;
        let pair = |(path, value): &(String, String)| format!("{path}={value}");
        Ok(Self {
            version: VERSION,
            scene: loaded.path.display().to_string(),
            title: loaded.scene.title.clone(),
            set: loaded.edits.iter().map(pair).collect(),
            layers: plan.program.populations.iter().map(|layer| layer.name.clone()).collect(),
            figures_by: "emulated, on the first time steps of the scene's own input",
            estimate_by: "the kernels' cost formulas on the sources active there; NoC, DMA queues and barriers left out",
            edits: edits.iter().map(pair).collect(),
            tuned,
            text: winner.text,
        })
    }

    /// Returns the winning scene: the scene's own text with the edits made.
    ///
    /// It is read and mapped again as a scene at `path`, and returned only if that succeeds.
    pub fn scene_text(&self, path: &Path, cache: &mut ModelCache) -> Result<&str, SceneError> {
        Plan::new(&LoadedScene::from_text(&self.text, path, &[])?, cache)?;
        Ok(&self.text)
    }

    /// Returns the report as indented JSON, with a line feed at the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    /// Returns the report as text of at most 80 columns.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let tuned = &self.tuned;
        if !self.title.is_empty() {
            field(&mut out, 0, "", &self.title);
        }
        field(&mut out, INDENT, "scene", &self.scene);
        for edit in &self.set {
            field(&mut out, INDENT, "  --set", edit);
        }
        let what = match tuned.goal {
            Goal::Time => "least time",
            Goal::Energy => "least energy",
            Goal::Pes => "fewest PEs, then least time",
        };
        field(&mut out, INDENT, "goal", what);
        let emulated = tuned.candidates.len();
        let searched = format!(
            "{} choices of a layer estimated; {emulated} mappings emulated for {} time steps each, {} rejected",
            grouped(tuned.estimated as u64),
            tuned.steps,
            tuned.rejected.len()
        );
        field(&mut out, INDENT, "search", &searched);
        if let Some(why) = tuned.stopped {
            field(&mut out, INDENT, "", &format!("{why}: the best so far"));
        }
        self.write_best(&mut out);
        self.write_front(&mut out);
        self.write_left_out(&mut out);
        out
    }

    fn write_best(&self, out: &mut String) {
        let (scene, best) = (self.tuned.scene(), self.tuned.winner());
        out.push_str("\nA time step, emulated\n");
        let mut table = Table::new(&["", "time µs", "energy µJ", "PEs"]);
        let row = |name: &str, c: &Candidate| {
            vec![name.into(), micro(c.step_us), micro(c.step_j * 1e6), c.pes.to_string()]
        };
        table.row(row("the scene", scene));
        table.row(row("the best", best));
        let change = |was: f64, now: f64| format!("{:+.1} %", 100.0 * (now / was - 1.0));
        table.row(vec![
            "change".into(),
            change(scene.step_us, best.step_us),
            change(scene.step_j, best.step_j),
            change(scene.pes as f64, best.pes as f64),
        ]);
        table.write(out);
        out.push('\n');
        let edits = match self.edits.len() {
            0 => "the scene is the best that was found".to_owned(),
            _ => self.edits.iter().map(|edit| format!("--set {edit}")).collect::<Vec<_>>().join(" "),
        };
        field(out, INDENT, "best", &edits);
        field(out, INDENT, "output", &self.outputs());
    }

    /// Compares the outputs of the emulated mappings, in words.
    fn outputs(&self) -> String {
        let candidates = &self.tuned.candidates;
        let others = candidates.iter().filter(|candidate| candidate.other_result).count();
        let same = candidates.len() - others;
        let mut text = if self.tuned.same_output {
            format!("the same bits from {same} mappings (output hash {})", self.tuned.scene().output_hash)
        } else {
            format!("NOT the same bits from {same} mappings that should agree: a fault of the emulator")
        };
        if others > 0 {
            let _ = write!(text, "; {others} with 8-bit weights, another result");
        }
        if self.tuned.winner().other_result {
            text += ". The best has 8-bit weights: its output is not the scene's";
        }
        text
    }

    fn write_front(&self, out: &mut String) {
        out.push_str("\nNo mapping found is better in time, energy and PEs at once than one of these\n");
        let mut table =
            Table::new(&["", "time µs", "estimate", "energy µJ", "PEs", "balance", "result"]).last_left();
        for (i, candidate) in self.front() {
            table.row(vec![
                mark(i + 1, candidate, self),
                micro(candidate.step_us),
                micro(candidate.estimate_us),
                micro(candidate.step_j * 1e6),
                candidate.pes.to_string(),
                format!("{:?}", candidate.choice.balance()),
                if candidate.other_result { "8-bit weights" } else { "same bits" }.into(),
            ]);
        }
        table.write(out);
        out.push_str("\nTheir layers: PEs, kernels of W and R\n");
        let head: Vec<&str> = std::iter::once("").chain(self.layers.iter().map(String::as_str)).collect();
        let mut table = Table::new(&head);
        for (i, candidate) in self.front() {
            table.row(
                std::iter::once(mark(i + 1, candidate, self)).chain(candidate.choice.describe()).collect(),
            );
        }
        table.write(out);
        let how = "Time and energy are emulated, on the scene's own input; the estimate is from the kernels' cost formulas \
                   on the sources active there, without NoC, DMA queues and barriers. * best, = the scene.";
        field(out, 0, "", how);
    }

    fn front(&self) -> impl Iterator<Item = (usize, &Candidate)> {
        self.tuned.front.iter().filter_map(|&i| self.tuned.candidates.get(i)).enumerate()
    }

    fn write_left_out(&self, out: &mut String) {
        let misfits = &self.tuned.misfits;
        if !misfits.is_empty() {
            out.push_str("\nKernels that do not fit with the scene's partition\n");
            let mut table = Table::new(&["layer", "matrix", "kernel", "PEs", "bytes needed", "available"]);
            for misfit in misfits {
                table.row(vec![
                    self.layers.get(misfit.layer).cloned().unwrap_or_default(),
                    misfit.matrix.into(),
                    misfit.kernel.into(),
                    misfit.pes.to_string(),
                    grouped(misfit.needed_bytes),
                    grouped(misfit.there_bytes.into()),
                ]);
            }
            table.write(out);
        }
        for rejected in &self.tuned.rejected {
            let why = rejected.why.lines().next().unwrap_or("");
            field(out, INDENT, "rejected", &format!("{}: {why}", rejected.choice.describe().join(", ")));
        }
    }
}

fn mark(number: usize, candidate: &Candidate, report: &TuneReport) -> String {
    let best = if candidate.choice == report.tuned.winner().choice { "*" } else { "" };
    let scene = if candidate.choice == report.tuned.scene().choice { "=" } else { "" };
    format!("{number}{best}{scene}")
}

/// Formats µs or µJ with three decimals, from 1000 on with one: no figure here is more accurate.
fn micro(value: f64) -> String {
    if value >= 1000.0 { format!("{value:.1}") } else { format!("{value:.3}") }
}
