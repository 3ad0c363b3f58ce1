//! Reading and checking of plans.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::check;
use super::constraint::Constraint;
use super::plan::{KIND, Plot, Sweep};
use super::value::Value;
use super::values::expand;
use crate::file;
use crate::report::Report;
use crate::report::gather::RunContext;
use crate::scene::document::Document;
use crate::scene::error::did_you_mean;
use crate::scene::load::{MAX_BYTES, root_word};
use crate::scene::{LoadedScene, SceneError, find, set};
use crate::session::build::{ModelCache, build};

/// Greatest count of points of a plan.
pub const MAX_POINTS: u64 = 100_000_000;
/// Columns of results that are no axes.
pub const COLUMNS: [&str; 6] = ["point", "key", "repeat", "outcome", "why", "fault"];
/// Folder of the plans that come with the program.
pub const FOLDER: &str = "scenes/sweeps";

/// Plan with its scene, and the values of its axes.
#[derive(Clone, Debug)]
pub struct LoadedPlan {
    /// Plan with its file and text.
    pub document: Document<Sweep>,
    /// Scene without edits.
    pub scene: LoadedScene,
    /// Values of each axis, in plan order. Empty for a random axis of which every point
    /// draws its own.
    pub values: Vec<Vec<Value>>,
    /// Constraints, on the values of the axes and the number of the repeat.
    pub constraints: Vec<Constraint>,
}

/// Returns the file that a name on the command line means: `tiny` is `scenes/sweeps/tiny.ron`.
pub fn named(name: &Path) -> PathBuf {
    if name.exists() || name.components().count() != 1 {
        return find::scene(name);
    }
    find::scene(&Path::new(FOLDER).join(name.with_extension("ron")))
}

/// Returns the plans that come with the program, by name, of two with one name the first.
pub fn shipped() -> BTreeMap<String, PathBuf> {
    let mut folders = find::among_folders(Path::new(FOLDER));
    if folders.is_empty() {
        folders.extend(find::find(Path::new(FOLDER)));
    }
    let mut found = BTreeMap::new();
    for path in
        folders.iter().flat_map(|folder| folder.read_dir()).flatten().flatten().map(|entry| entry.path())
    {
        let plan = path.extension().is_some_and(|extension| extension == "ron");
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| plan) {
            found.entry(format!("{FOLDER}/{name}")).or_insert_with(|| path.clone());
        }
    }
    found
}

/// Returns `true` if a file on the command line is a plan.
pub fn is_plan(name: &Path) -> bool {
    let text = file::read_text(&find::scene(name), MAX_BYTES).unwrap_or_default();
    root_word(&text) == Some("Sweep")
}

impl LoadedPlan {
    /// Reads a plan and its scene, and checks all that can be checked without a run.
    ///
    /// # Errors
    ///
    /// Fails with the place of the first mistake in the plan, or with that of the scene.
    pub fn load(name: &Path) -> Result<Self, SceneError> {
        let mut path = named(name);
        if !path.exists() {
            name.clone_into(&mut path);
        }
        Self::new(Document::load(&path, &KIND)?)
    }

    /// Checks a plan that was read.
    ///
    /// # Errors
    ///
    /// Fails as [`LoadedPlan::load`] does.
    pub fn new(document: Document<Sweep>) -> Result<Self, SceneError> {
        let sweep = &document.value;
        check::lengths(&document)?;
        check::names(&document)?;
        let values = sweep.axes.iter().enumerate().map(|(number, axis)| {
            expand(axis, number, sweep)
                .map_err(|message| document.error_at(&format!("axes.{number}.values"), message, ""))
        });
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let names: Vec<&str> = names(sweep).collect();
        let constraints = sweep.constraints.iter().enumerate().map(|(number, text)| {
            Constraint::parse(text, &names).map_err(|error| {
                document.error_within(&format!("constraints.{number}"), error.at.clone(), error.message, "")
            })
        });
        let constraints = constraints.collect::<Result<Vec<_>, _>>()?;
        check::placeholders(&document, &names)?;
        check::campaign(&document)?;
        check::plots(&document)?;
        let path = find::resolve(&document.path, &sweep.scene).map_err(|tried| {
            let message = format!("`{}` not found", sweep.scene);
            document.error_at("scene", message, find::looked_for(&tried))
        })?;
        let scene = LoadedScene::load(&path, &[])?;
        Ok(Self { document, scene, values, constraints })
    }

    /// Returns the plan itself.
    pub fn sweep(&self) -> &Sweep {
        &self.document.value
    }

    /// Checks fields of the scene that the plan sets and fields of the report that it keeps, on
    /// a point's edits.
    ///
    /// # Errors
    ///
    /// Fails with the place in the plan if there is no such field.
    pub fn check_fields(&self, edits: &[(String, String)]) -> Result<(), SceneError> {
        let mut text = self.scene.text.clone();
        for (field, value) in edits {
            match set::set(&text, field, value) {
                Ok(edited) => text = edited,
                Err(error) => {
                    let place = self.place_of(field);
                    return Err(self.document.error_at(&place, error.to_string(), error.help()));
                }
            }
        }
        let Some(report) = self.empty_report(edits).or_else(|| self.empty_report(&[])) else { return Ok(()) };
        for (number, field) in self.sweep().keep.iter().enumerate() {
            if let Err((part, fields)) = look_up(&report, field) {
                let near = did_you_mean(field, fields.iter().map(String::as_str));
                let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
                let part = if part.is_empty() { "the report".to_owned() } else { format!("`{part}`") };
                let message = format!("{part} has no field `{}`", rest(field, &part));
                let help = format!("{near}docs/report.md lists the fields");
                return Err(self.document.error_at(&format!("keep.{number}"), message, help));
            }
        }
        Ok(())
    }

    /// Returns the place in the plan that sets a field of the scene.
    fn place_of(&self, field: &str) -> String {
        let sweep = self.sweep();
        for (axis, entry) in sweep.axes.iter().enumerate() {
            if let Some(at) = entry.set.iter().position(|set| set == field) {
                return format!("axes.{axis}.set.{at}");
            }
        }
        match sweep.set.iter().position(|(set, _)| set == field) {
            Some(at) => format!("set.{at}"),
            None => "campaign".to_owned(),
        }
    }

    /// Returns the report before the first time step; `None` if the scene does not build
    /// with these edits.
    fn empty_report(&self, edits: &[(String, String)]) -> Option<serde_json::Value> {
        let scene = LoadedScene::from_text(&self.scene.text, &self.scene.path, edits).ok()?;
        let mut session = build(scene, &mut ModelCache::default()).ok()?;
        serde_json::to_value(Report::gather(&mut session, RunContext::default())).ok()
    }
}

/// Returns the part of a field's path behind another part.
fn rest<'f>(field: &'f str, part: &str) -> &'f str {
    field.strip_prefix(part.trim_matches('`')).unwrap_or(field).trim_start_matches('.')
}

/// Returns the names that constraints and placeholders may use: the axes, and `repeat`.
pub fn names(sweep: &Sweep) -> impl Iterator<Item = &str> {
    sweep.axes.iter().map(|axis| axis.name.as_str()).chain(["repeat"])
}

/// Follows a path with dots through a report.
///
/// # Errors
///
/// Fails with the part that has no such field, and paths of the fields that it has. Fields within
/// `null` are `null`.
pub fn look_up<'v>(
    report: &'v serde_json::Value,
    field: &str,
) -> Result<&'v serde_json::Value, (String, Vec<String>)> {
    let mut value = report;
    let mut done = String::new();
    for part in field.split('.') {
        let inner = match value {
            serde_json::Value::Null => return Ok(value),
            serde_json::Value::Object(fields) => fields.get(part),
            serde_json::Value::Array(entries) => part.parse::<usize>().ok().and_then(|at| entries.get(at)),
            _ => None,
        };
        let Some(inner) = inner else {
            let prefix = if done.is_empty() { String::new() } else { format!("{done}.") };
            let fields = match value {
                serde_json::Value::Object(fields) => {
                    fields.keys().map(|key| format!("{prefix}{key}")).collect()
                }
                _ => Vec::new(),
            };
            return Err((done, fields));
        };
        value = inner;
        if !done.is_empty() {
            done.push('.');
        }
        done.push_str(part);
    }
    Ok(value)
}

/// Returns the columns that a plot names, with the fields that name them.
pub fn plot_columns(plot: &Plot) -> Vec<(&'static str, &str)> {
    match plot {
        Plot::Lines { x, y, by } => {
            let mut columns = vec![("x", x.as_str()), ("y", y.as_str())];
            columns.extend(by.as_deref().map(|by| ("by", by)));
            columns
        }
        Plot::Heat { x, y, colour } => vec![("x", x), ("y", y), ("colour", colour)],
        Plot::Pareto { x, y } => vec![("x", x), ("y", y)],
    }
}

/// Returns the names of all columns of the results.
pub fn columns(sweep: &Sweep) -> Vec<String> {
    let mut columns: Vec<String> = vec!["point".to_owned(), "key".to_owned()];
    columns.extend(names(sweep).map(str::to_owned));
    if sweep.campaign.is_some() {
        columns.extend(super::campaign::COLUMNS.map(str::to_owned));
    }
    columns.extend(["outcome", "why"].map(str::to_owned));
    columns.extend(sweep.keep.iter().cloned());
    if sweep.campaign.is_some() {
        columns.push(super::line::HARMFUL.to_owned());
        columns.extend(super::line::LOSSES.map(str::to_owned));
    }
    columns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn load(text: &str) -> Result<LoadedPlan, String> {
        let document =
            Document::from_text(text, Path::new("plan.ron"), &KIND).map_err(|error| error.to_string())?;
        LoadedPlan::new(document).map_err(|error| error.to_string())
    }

    fn plan(fields: &str) -> Result<LoadedPlan, String> {
        load(&format!("Sweep(version: 1, scene: \"scenes/single_pe.ron\", {fields})"))
    }

    #[test]
    fn mistakes_of_a_plan_are_named_with_their_place() {
        for (fields, words) in [
            ("axes: [(name: \"a b\", values: List([1]))]", "cannot be the name"),
            ("axes: [(name: \"key\", values: List([1]))]", "another column"),
            ("axes: [(name: \"a\", values: List([1])), (name: \"a\", values: List([1]))]", "another axis"),
            ("axes: [(name: \"a\", values: List([]))]", "at least one value"),
            ("axes: [(name: \"a\", values: Range(from: 3, to: 1, step: 1))]", "goes up"),
            ("axes: [(name: \"a\", values: Range(from: 0, to: 9e9, step: 0.1))]", "1000000"),
            ("axes: [(name: \"a\", values: Log(from: 0, to: 1, count: 3))]", "above 0"),
            ("axes: [(name: \"a\", values: Random(from: 0, to: 1))]", "`count`"),
            ("axes: [(name: \"a\", values: Random(from: \"x\", to: 1, count: 2))]", "two numbers"),
            ("axes: [(name: \"a\", values: List([1]))], constraints: [\"a <\"]", "expected a number"),
            ("set: [(\"title\", \"{b}\")]", "no axis `b`"),
            ("steps: 3, sequences: 1", "in steps or in sequences"),
            ("steps: 0", "0 is too few"),
            ("steps: 4, campaign: (faults: 3, kinds: [Lost], steps: (1, 4))", "from 0 to 3"),
            ("campaign: (faults: 3, kinds: [])", "at least one kind"),
            (
                "keep: [\"energy_j\"], plots: [Pareto(x: \"energy\", y: \"energy_j\")]",
                "did you mean `energy_j`",
            ),
        ] {
            let error = plan(fields).unwrap_err();
            assert!(error.contains(words), "{fields}: {error}");
            assert!(error.starts_with("plan.ron:1:"), "{error}");
        }
        assert!(load("Sweep(version: 1, scene: \"scenes/none.ron\")").unwrap_err().contains("looked for"));
    }

    #[test]
    fn fields_that_are_not_there_are_named() {
        let edit = |field: &str, value: &str| vec![(field.to_owned(), value.to_owned())];
        let loaded = plan("axes: [(name: \"a\", set: [\"chip.wating\"], values: List([1]))]").unwrap();
        let error = loaded.check_fields(&edit("chip.wating", "Poll")).unwrap_err().to_string();
        assert!(error.contains("did you mean `waiting`") && error.starts_with("plan.ron:1:"), "{error}");
        let loaded = plan("keep: [\"energy_j\", \"memory.bytes\", \"ticks.overruns\"]").unwrap();
        let error = loaded.check_fields(&[]).unwrap_err().to_string();
        assert!(error.contains("`memory` has no field `bytes`"), "{error}");
        plan("keep: [\"layers.0.activity\", \"perplexity\"]").unwrap().check_fields(&[]).unwrap();
    }

    proptest! {
        #[test]
        fn a_damaged_plan_is_read_or_refused(at in 0_usize..1200, length in 0_usize..40, with in "[(){}\\[\\]:,\"a-z0-9.-]{0,12}") {
            let mut text = std::fs::read_to_string("scenes/sweeps/tiny.ron").unwrap();
            let (start, end) = (at.min(text.len()), (at + length).min(text.len()));
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &with);
            }
            let document = Document::from_text(&text, Path::new("scenes/sweeps/tiny.ron"), &KIND);
            if let Ok(plan) = document.and_then(LoadedPlan::new)
                && let Ok(listing) = super::super::list::Listing::new(&plan)
                && let Some(place) = listing.places().take(1).next()
            {
                listing.point(place);
            }
        }
    }

    #[test]
    fn plans_have_short_names() {
        assert!(named(Path::new("tiny")).ends_with("scenes/sweeps/tiny.ron"));
        assert_eq!(named(Path::new("none")), Path::new("scenes/sweeps/none.ron"));
    }
}
