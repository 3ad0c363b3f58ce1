//! Reading and writing of small RON files.

use std::io::ErrorKind;
use std::path::Path;

use ron::ser::PrettyConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::file;
use crate::output::{Output, Reads};

/// Longest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file; `None` if there is none.
///
/// # Errors
///
/// Fails if it cannot be read, is too long or is not of this form; the message names it.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let text = match file::read_text(path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(left(path, &error.to_string())),
    };
    ron::from_str(&text).map(Some).map_err(|error| left(path, &error.to_string()))
}

/// Returns the message about a file that is not used.
pub fn left(path: &Path, why: &str) -> String {
    format!("{}: {why}; the file is left as it is", path.display())
}

/// Writes a file whole, with its folder.
///
/// # Errors
///
/// Fails if the operating system does; the message names the file.
pub fn write(path: &Path, head: &str, what: &impl Serialize) -> Result<(), String> {
    let fail = |why: String| format!("cannot keep {}: {why}", path.display());
    let pretty = PrettyConfig::new().struct_names(true);
    let text = ron::ser::to_string_pretty(what, pretty).map_err(|error| fail(error.to_string()))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| fail(error.to_string()))?;
    }
    let mut output =
        Output::create(Some(path), &Reads::default()).map_err(|error| fail(error.to_string()))?;
    output.data(&format!("{head}{text}\n")).map_err(|error| fail(error.to_string()))?;
    output.finish().map_err(|error| fail(error.to_string()))
}
