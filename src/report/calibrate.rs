//! Report of `spinntui calibrate`: measured times beside emulated ones before and after the fit,
//! and the fitted scene.

use std::path::Path;

use serde::Serialize;

use super::table::{Table, field};
use crate::scene::{LoadedScene, SceneError};
use crate::session::calibrate::{Calibration, ParameterFit};

/// Version of these fields; goes up when one changes its meaning or goes away.
pub const VERSION: u32 = 1;
/// Column at which values begin.
const INDENT: usize = 9;

/// Report of a fit. `docs/calibrate.md` describes the fields for users.
#[derive(Clone, Debug, Serialize)]
pub struct CalibrateReport {
    /// Version of these fields: [`VERSION`].
    pub version: u32,
    /// Scene file, as named on the command line.
    pub scene: String,
    /// File with the measurements.
    pub timers: String,
    /// Fitted values, and how well they explain the measurements.
    #[serde(flatten)]
    pub fit: Calibration,
    /// Edits that put the fitted values into the scene, `path=value`.
    pub edits: Vec<String>,
    #[serde(skip)]
    text: String,
}

impl CalibrateReport {
    /// Describes a fit in words, and puts its values into the scene.
    pub fn new(loaded: &LoadedScene, timers: &Path, fit: Calibration) -> Result<Self, SceneError> {
        let changed = |p: &&ParameterFit| p.fitted && p.after.to_bits() != p.before.to_bits();
        let edit = |p: &ParameterFit| (format!("assume.{}", p.name), p.after.to_string());
        let edits: Vec<(String, String)> = fit.parameters.iter().filter(changed).map(edit).collect();
        let text = LoadedScene::from_text(&loaded.text, &loaded.path, &edits)?.text;
        Ok(Self {
            version: VERSION,
            scene: loaded.path.display().to_string(),
            timers: timers.display().to_string(),
            fit,
            edits: edits.iter().map(|(path, value)| format!("{path}={value}")).collect(),
            text,
        })
    }

    /// Returns the scene's own text with the fitted values, read again as a scene at `path`.
    pub fn scene_text(&self, path: &Path) -> Result<&str, SceneError> {
        LoadedScene::from_text(&self.text, path, &[])?;
        Ok(&self.text)
    }

    /// Formats the report as JSON, indented, with a line feed at the end.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    /// Formats the report as text of at most 80 columns.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        field(&mut out, INDENT, "scene", &self.scene);
        field(&mut out, INDENT, "timers", &format!("{}: {} rows", self.timers, self.fit.rows.len()));
        let how = format!("{} emulations of {} time steps each", self.fit.emulations, self.fit.steps);
        field(&mut out, INDENT, "fit", &how);
        out.push_str("\nµs a time step; differences are (emulated - measured) / measured\n");
        let mut table = Table::new(&["phase", "layer", "measured", "before", "", "after", ""]);
        for row in &self.fit.rows {
            let [before, after] = row.residuals().map(percent);
            table.row(vec![
                row.phase.to_owned(),
                row.layer.clone(),
                format!("{:.3}", row.measured_us),
                format!("{:.3}", row.before_us),
                before,
                format!("{:.3}", row.after_us),
                after,
            ]);
        }
        let [before, after] = self.fit.rms.map(|rms| format!("{:.2} %", 100.0 * rms));
        let empty = String::new;
        table.row(vec!["root mean square".into(), empty(), empty(), empty(), before, empty(), after]);
        table.write(&mut out);
        out.push_str("\nAssumptions: what no public source gives\n");
        let mut table = Table::new(&["assume", "before", "after", "rows affected"]).last_left();
        for p in &self.fit.parameters {
            let after = if p.fitted { p.after.to_string() } else { "left".to_owned() };
            table.row(vec![p.name.to_owned(), p.before.to_string(), after, p.rows.len().to_string()]);
        }
        table.write(&mut out);
        for p in &self.fit.parameters {
            let said = if p.fitted {
                format!("affects {}", p.rows.join(", "))
            } else {
                format!("not fitted: {}", p.left_alone)
            };
            field(&mut out, 2, "", &format!("{}: {said}", p.name));
        }
        let edits = match self.edits.len() {
            0 => "nothing to change".to_owned(),
            _ => self.edits.iter().map(|edit| format!("--set {edit}")).collect::<Vec<_>>().join(" "),
        };
        out.push('\n');
        field(&mut out, INDENT, "result", &edits);
        out
    }
}

fn percent(relative: f64) -> String {
    format!("{:+.2} %", 100.0 * relative)
}
