//! Loading of a file as a checked [`Scene`], with the text kept for carets.

use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use super::document::{self, SCENE};
use super::error::SceneError;
use super::locate::{self, Kind, Node};
use super::{Scene, explain, find, set, syntax, validate};
use crate::file;
use crate::task::{Files, Problem};

/// Largest file that is read as a scene, bytes. A longer one is a model file, or a device.
pub const MAX_BYTES: u64 = 4 << 20;

/// Scene with the text to locate its values in.
#[derive(Clone, Debug)]
pub struct LoadedScene {
    /// The checked values.
    pub scene: Scene,
    /// Path of the file.
    pub path: PathBuf,
    /// Text of the values: the file's, with the `--set` edits made.
    pub text: String,
    /// The edits, in order: path and value.
    pub edits: Vec<(String, String)>,
}

impl LoadedScene {
    /// Reads, edits (`--set path=value`, in order), parses and checks a scene. A relative path, or
    /// a bare name, is looked for as [`find::scene`] says.
    pub fn load(path: &Path, edits: &[(String, String)]) -> Result<Self, SceneError> {
        let path = &find::scene(path);
        Self::from_text(&read(path, &SCENE)?, path, edits)
    }

    /// Loads a scene from its text; `path` is named in messages, and relative paths start
    /// in its folder.
    pub fn from_text(text: &str, path: &Path, edits: &[(String, String)]) -> Result<Self, SceneError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if syntax::is_blank(text) {
            return Err(SceneError::file(path, "there is no scene in the file", SCENE.begins));
        }
        if let Some((what, help)) = another_file(text, path) {
            return Err(SceneError::file(path, format!("this is {what}, not a scene"), help));
        }
        let text = apply(text, path, edits)?;
        let scene: Scene = parse(&text, path, edits, &SCENE)?;
        let loaded = Self { scene, path: path.to_owned(), text, edits: edits.to_vec() };
        match validate::first_problem(&loaded.scene) {
            Some(problem) => Err(loaded.error_of(problem)),
            None => Ok(loaded),
        }
    }

    /// Creates an error about the value at a field path such as `mapping.layers.1.pes`: with a
    /// caret under the value, or under the nearest part in the text. An empty `help` is left out.
    pub fn error_at(&self, field: &str, message: impl Into<String>, help: impl Into<String>) -> SceneError {
        error_at(&self.text, field, SceneError::file(&self.path, message, help)).edited(&self.edits)
    }

    /// Creates an error about the field that a problem names.
    pub fn error_of(&self, problem: Problem) -> SceneError {
        self.error_at(&problem.field, problem.message, problem.help)
    }

    /// Creates an error about bytes in a field's text, with a caret under them inside the quotes.
    pub fn error_within(
        &self,
        field: &str,
        within: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> SceneError {
        let error = SceneError::file(&self.path, message, help);
        error_within(&self.text, field, within, error).edited(&self.edits)
    }

    /// Finds the file or folder that a scene names. A relative path is looked for in the scene's
    /// folder and the folders above it up to the repository root, the current folder, the data
    /// folder (`$SPINNTUI_DATA`, or `$XDG_DATA_HOME/spinntui`), the folder this program was built
    /// from, and within the program. `field` is the path of the value, for the message.
    pub fn resolve(&self, name: &str, field: &str) -> Result<PathBuf, SceneError> {
        self.find(name, field).map_err(|problem| self.error_of(problem))
    }
}

impl Files for LoadedScene {
    fn find(&self, name: &str, field: &str) -> Result<PathBuf, Problem> {
        if name.is_empty() {
            return Err(Problem::new(field, "the path is empty", "name a file, or leave the field out"));
        }
        find::resolve(&self.path, name)
            .map_err(|tried| Problem::new(field, format!("`{name}` not found"), find::looked_for(&tried)))
    }
}

/// Returns the word before the brackets of a RON text: `Scene`.
pub fn root_word(text: &str) -> Option<&str> {
    let span = locate::parse(text).ok()?.span;
    text.get(span)?.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// Returns the kind of a file for another subcommand, and that subcommand.
fn another_file(text: &str, path: &Path) -> Option<(&'static str, String)> {
    let (what, verb) = match root_word(text)? {
        "Sweep" => ("a plan of a sweep", "sweep"),
        "Lesson" => ("a lesson", "lesson"),
        "Assignment" => ("an assignment", "assignment"),
        _ => return None,
    };
    Some((what, format!("spinntui {verb} {}", path.display())))
}

/// Places the error at a field of the text, or at the nearest existing part.
pub(super) fn error_at(text: &str, field: &str, error: SceneError) -> SceneError {
    let Ok(root) = locate::parse(text) else { return error };
    let walk = root.walk(field);
    let value = walk.node.span.clone();
    // A value over several lines is better pointed at by its name than by its opening bracket.
    let long = text.get(value.clone()).is_some_and(|v| v.contains('\n'));
    let span = match (&walk.name_span, &walk.node.kind) {
        (Some(name), _) if long || !walk.complete => name.clone(),
        (_, Kind::Struct(_, at) | Kind::Tuple(_, at)) if long => value.start..at.open,
        _ => value,
    };
    error.at(text, span)
}

/// Places the error under some bytes of a field's text, inside its quotes.
pub(super) fn error_within(text: &str, field: &str, within: Range<usize>, error: SceneError) -> SceneError {
    let place = locate::span(text, field).and_then(|span| {
        let [start, end] = [within.start, within.end].map(|at| locate::in_literal(text, &span, at));
        Some(start?..end?)
    });
    match place {
        Some(place) => error.at(text, place),
        None => error_at(text, field, error),
    }
}

/// Reads a text file of at most 4 MiB; error messages name its kind.
pub(super) fn read(path: &Path, kind: &document::Kind) -> Result<String, SceneError> {
    let word = kind.word;
    let fail = |what: &str, help: &str| SceneError::file(path, what, help);
    if path.is_dir() {
        return Err(fail(&format!("this is a folder, and a {word} is a file"), &files_in(path, word)));
    }
    let bytes = file::read(path, MAX_BYTES).map_err(|error| match error.kind() {
        ErrorKind::NotFound => fail("there is no such file", &missing(path, word)),
        ErrorKind::FileTooLarge => fail(
            &format!("the file is longer than 4 MiB, too long for a {word}"),
            &format!("is it a model? a {word} ends in .ron"),
        ),
        _ => fail(&format!("cannot be read: {error}"), ""),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let good = String::from_utf8_lossy(error.as_bytes().get(..at).unwrap_or(&[])).into_owned();
        let line = 1 + good.matches('\n').count();
        let message = format!("byte {at} (line {line}) is not UTF-8, and a {word} is text");
        fail(&message, "save the file as UTF-8")
    })
}

/// Returns the path that was tried, and the files that exist instead.
fn missing(path: &Path, word: &str) -> String {
    let folder = file::folder_of(path);
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("tried {}; {}", full.display(), files_in(folder, word))
}

fn files_in(folder: &Path, word: &str) -> String {
    let Ok(entries) = folder.read_dir() else {
        return format!("there is no folder {} either", folder.display());
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "ron"))
        .map(|p| p.display().to_string())
        .collect();
    names.sort();
    names.truncate(12);
    if names.is_empty() {
        format!("there are no {word}s (*.ron) in {}", folder.display())
    } else {
        format!("there are {}", names.join(", "))
    }
}

fn apply(text: &str, path: &Path, edits: &[(String, String)]) -> Result<String, SceneError> {
    let mut text = text.to_owned();
    for (done, (field, value)) in edits.iter().enumerate() {
        text = match set::set(&text, field, value) {
            Ok(edited) => edited,
            // A text that is no RON is the file's fault, not the edit's.
            Err(set::SetError::NotRon(syntax)) => {
                let edits = edits.get(..done).unwrap_or(&[]);
                parse::<Scene>(&text, path, edits, &SCENE)?;
                let error = SceneError::file(path, syntax.to_string(), syntax.help());
                return Err(error.at(&text, syntax.at..syntax.at).edited(edits));
            }
            Err(error) => {
                let message = format!("--set {field}={value}: {error}");
                return Err(SceneError::file(path, message, error.help()));
            }
        };
    }
    Ok(text)
}

/// Parses the values of a kind of file from its text.
pub(super) fn parse<T: DeserializeOwned>(
    text: &str,
    path: &Path,
    edits: &[(String, String)],
    kind: &document::Kind,
) -> Result<T, SceneError> {
    let root = locate::parse(text);
    check_version(text, path, root.as_ref().ok(), kind).map_err(|e| e.edited(edits))?;
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    options
        .from_str::<T>(text)
        .map_err(|error| explain::explain(text, path, &root, &error, kind).edited(edits))
}

/// Checks that this build can read the version that a file states.
///
/// It comes before errors about fields, since a file of another version may have other fields.
fn check_version(
    text: &str,
    path: &Path,
    root: Option<&Node>,
    kind: &document::Kind,
) -> Result<(), SceneError> {
    let Some(root) = root else { return Ok(()) };
    let walk = root.walk("version");
    let version = text.get(walk.node.span.clone()).and_then(|v| v.parse::<u32>().ok());
    match version.filter(|v| walk.complete && !kind.versions.contains(v)) {
        None => Ok(()),
        Some(version) => {
            let known: Vec<String> = kind.versions.iter().map(u32::to_string).collect();
            let message =
                format!("this is a {} of version {version}, which this build cannot read", kind.word);
            let help = format!("it reads version {}; {} describes it", known.join(", "), kind.described);
            Err(SceneError::file(path, message, help).at(text, walk.node.span.clone()))
        }
    }
}
