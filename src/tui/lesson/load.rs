//! Lessons on disk: which there are, and one of them read and checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::format::{Act, Lesson, Mark, Try, VERSIONS};
use super::text::{self, Piece};
use crate::chip::geometry::Pe;
use crate::scene::document::{Document, Kind};
use crate::scene::error::{SceneError, did_you_mean};
use crate::scene::find;
use crate::scene::shape::{self, Shape};
use crate::tui::keymap::parse_key;
use crate::tui::presses::presses;

/// Folder of the shipped lessons, within one of the places where scenes look for their models.
const FOLDER: &str = "scenes/lessons";
/// Largest number of choices of a question: the keys 1 to 4.
const CHOICES: usize = 4;

/// Description of lesson files for the reader.
pub const KIND: Kind = Kind {
    word: "lesson",
    described: "docs/lessons.md",
    begins: "a lesson begins `Lesson(version: 1, …)`; docs/lessons.md describes it, scenes/lessons/ has examples",
    versions: &VERSIONS,
    shape,
};

fn shape() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(shape::of::<Lesson>)
}

/// Lesson in the list of lessons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the lesson to type: the file's name without `.ron`.
    pub name: String,
    /// Path of the lesson's file.
    pub path: PathBuf,
    /// Title of the lesson.
    pub title: String,
    /// Aim of the lesson.
    pub about: String,
    /// Duration with a class, minutes.
    pub minutes: u32,
}

/// Lesson that was read and checked, with the scenes of its pages found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Lesson with its file and text.
    pub document: Document<Lesson>,
    /// Scene of each page, with its edits.
    pub sources: Vec<Source>,
}

/// Scene of a page's experiment, with its edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Index of the page on which the scene is opened.
    pub since: usize,
    /// The scene's file.
    pub scene: PathBuf,
    /// Edits of the scene.
    pub set: Vec<(String, String)>,
}

/// Lists the shipped lessons, in their order, then by name. Files that cannot be read are left out.
pub fn shipped() -> Vec<Entry> {
    let mut found = BTreeMap::new();
    let mut folders = find::among_folders(Path::new(FOLDER));
    if folders.is_empty() {
        folders.extend(find::find(Path::new(FOLDER)));
    }
    for folder in folders {
        for path in files(&folder) {
            let Some(name) = path.file_stem().and_then(|name| name.to_str()).map(str::to_owned) else {
                continue;
            };
            // The first place counts, as with everything that is looked for.
            if !found.contains_key(&name)
                && let Ok(Document { value, .. }) = Document::<Lesson>::load(&path, &KIND)
            {
                let Lesson { title, about, minutes, .. } = value;
                found.insert(name.clone(), Entry { name, path, title, about, minutes });
            }
        }
    }
    let mut entries: Vec<Entry> = found.into_values().collect();
    entries.sort_by_key(|entry| ORDER.iter().position(|name| *name == entry.name).unwrap_or(ORDER.len()));
    entries
}

/// Order in which the shipped lessons build on each other; others follow by name.
const ORDER: [&str; 10] = [
    "what-is-a-pe",
    "where-a-neuron-lives",
    "the-egru-cell",
    "silence-is-cheap",
    "who-waits-for-whom",
    "another-kernel",
    "the-event-camera",
    "a-bit-flips",
    "a-neuron-that-spikes",
    "does-a-spike-save-energy",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "ron")).collect();
    files.sort();
    files
}

/// Returns the file of a lesson, given by its name in the list or by its path.
pub fn named(name: &str) -> Result<PathBuf, String> {
    let path = Path::new(name);
    if name.contains('/') || path.extension().is_some_and(|extension| extension == "ron") {
        return Ok(path.to_owned());
    }
    let entries = shipped();
    if let Some(entry) = entries.iter().find(|entry| entry.name == name) {
        return Ok(entry.path.clone());
    }
    // A shipped file that could not be read is not in the list: its own message says more.
    let file = format!("{FOLDER}/{name}.ron");
    if let Some(path) = find::find(Path::new(&file)) {
        return Ok(path);
    }
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let meant = match did_you_mean(name, names.iter().copied()) {
        Some(meant) => format!("did you mean `spinntui lesson {meant}`? "),
        None => String::new(),
    };
    let listed = if names.is_empty() {
        format!("no lessons were found: they are in {FOLDER}/ of the program's folder")
    } else {
        format!("there are {}", names.join(", "))
    };
    Err(format!(
        "error: there is no lesson `{name}`\nhelp: {meant}{listed}; a lesson of your own is named by its path"
    ))
}

/// Returns `true` if a lesson's file itself is valid; its scenes may be missing and are ignored.
pub fn is_sound(path: &Path) -> bool {
    Document::load(path, &KIND).is_ok_and(|document| check(&document).is_ok())
}

impl Loaded {
    /// Reads a lesson, checks it as far as possible without running it, and finds its scenes.
    pub fn load(path: &Path) -> Result<Self, SceneError> {
        Self::of(Document::load(path, &KIND)?)
    }

    /// Parses and checks a lesson from a text.
    pub fn from_text(text: &str, path: &Path) -> Result<Self, SceneError> {
        Self::of(Document::from_text(text, path, &KIND)?)
    }

    fn of(document: Document<Lesson>) -> Result<Self, SceneError> {
        check(&document)?;
        let lesson = &document.value;
        let mut sources: Vec<Source> = Vec::with_capacity(lesson.pages.len());
        for (at, page) in lesson.pages.iter().enumerate() {
            let source = match (sources.last(), &page.scene, &page.set) {
                (Some(before), None, None) => before.clone(),
                (before, scene, set) => {
                    let (scene, field) = match (scene, before) {
                        (Some(scene), _) => (resolve(&document, scene, &format!("pages.{at}.scene"))?, true),
                        (None, Some(before)) => (before.scene.clone(), false),
                        (None, None) => (resolve(&document, &lesson.scene, "scene")?, true),
                    };
                    // Another scene begins without the changes to the one before.
                    let kept = before.filter(|_| !field).map_or_else(Vec::new, |before| before.set.clone());
                    let first = if before.is_none() { lesson.set.clone() } else { kept };
                    Source { since: at, scene, set: set.clone().unwrap_or(first) }
                }
            };
            sources.push(source);
        }
        Ok(Self { document, sources })
    }

    /// Returns the lesson.
    pub fn lesson(&self) -> &Lesson {
        &self.document.value
    }
}

fn resolve(document: &Document<Lesson>, name: &str, field: &str) -> Result<PathBuf, SceneError> {
    find::resolve(&document.path, name)
        .map(|found| shortened(&found))
        .map_err(|tried| document.error_at(field, format!("`{name}` not found"), find::looked_for(&tried)))
}

/// Shortens a path to the form typed in the current folder.
fn shortened(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned()
}

/// Checks rules that the types cannot express.
fn check(document: &Document<Lesson>) -> Result<(), SceneError> {
    let lesson = &document.value;
    if lesson.pages.is_empty() {
        let help = "write one: `Page(title: \"…\", text: \"…\")`";
        return Err(document.error_at("pages", "a lesson needs at least one page", help));
    }
    for (at, page) in lesson.pages.iter().enumerate() {
        let field = |name: &str| format!("pages.{at}.{name}");
        if let Some(place) = &page.show.pe {
            check_pe(document, &field("show.pe"), *place)?;
        }
        for (number, mark) in page.highlight.iter().enumerate() {
            let field = field(&format!("highlight.{number}"));
            match mark {
                Mark::Pe(place) => check_pe(document, &field, *place)?,
                Mark::Key(key) => {
                    parse_key(key).map_err(|error| document.error_at(&field, error.to_string(), ""))?;
                }
                Mark::Panel(_) => {}
            }
        }
        for (number, act) in page.commands.iter().enumerate() {
            if let Act::Step { count: 0, .. } = act {
                let field = field(&format!("commands.{number}"));
                return Err(document.error_at(&field, "a step command needs at least 1 step", "count: 1"));
            }
        }
        check_question(document, at)?;
        check_tries(document, at, &page.tries)?;
        check_text(document, at)?;
    }
    Ok(())
}

fn check_pe(document: &Document<Lesson>, field: &str, (x, y, p): (u8, u8, u8)) -> Result<(), SceneError> {
    if Pe::at(x, y, p).is_some() {
        return Ok(());
    }
    let help = "columns 1 to 7, rows 1 to 6, PEs 0 to 3 of each QPE that is not a hole";
    Err(document.error_at(field, format!("there is no PE ({x}, {y}, {p})"), help))
}

fn check_question(document: &Document<Lesson>, at: usize) -> Result<(), SceneError> {
    let Some(question) = document.value.pages.get(at).and_then(|page| page.question.as_ref()) else {
        return Ok(());
    };
    let count = question.choices.len();
    if !(2..=CHOICES).contains(&count) {
        let message = format!("a question has 2 to {CHOICES} choices, and this has {count}");
        return Err(document.error_at(&format!("pages.{at}.question.choices"), message, ""));
    }
    if !(1..=count).contains(&question.answer) {
        let message = format!("`answer` is {}, and must be 1 to {count}", question.answer);
        return Err(document.error_at(&format!("pages.{at}.question.answer"), message, "they count from 1"));
    }
    Ok(())
}

/// Checks that the keys to try can be pressed, and that each attempt names text to be seen.
fn check_tries(document: &Document<Lesson>, at: usize, tries: &[Try]) -> Result<(), SceneError> {
    for (number, Try { keys, sees }) in tries.iter().enumerate() {
        let field = |name: &str| format!("pages.{at}.try.{number}.{name}");
        presses(keys).map_err(|error| {
            let message = error.to_string();
            document.error_at(&field("keys"), message.trim_start_matches("error: "), "")
        })?;
        if sees.is_empty() || sees.iter().any(|text| text.trim().is_empty()) {
            let help = "write a few words that the screen then shows: `sees: [\"a fault\"]`";
            return Err(document.error_at(&field("sees"), "the attempt names no text to look for", help));
        }
    }
    Ok(())
}

/// Checks that braces are closed, and that pages whose values are used come earlier.
fn check_text(document: &Document<Lesson>, at: usize) -> Result<(), SceneError> {
    let Some(page) = document.value.pages.get(at) else { return Ok(()) };
    for (name, text) in page.texts() {
        let field = format!("pages.{at}.{name}");
        let pieces = text::pieces(text).map_err(|open| {
            document.error_within(&field, open, "this `{` is not closed", "write `{{` for a brace")
        })?;
        for piece in pieces {
            if let Piece::Value { page: Some(number), at: place, .. } = piece
                && !(1..=at + 1).contains(&number)
            {
                let message = format!("this page is number {}, and knows nothing of page {number}", at + 1);
                let help = "a page can tell values of itself and of pages before it";
                return Err(document.error_within(&field, place, message, help));
            }
        }
    }
    Ok(())
}
