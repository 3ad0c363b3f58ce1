//! Writing an export.

use std::fs;
use std::path::Path;

use super::{SPEC_FILE, Spec, SpecError};
use crate::machine::images::Images;
use crate::output::{Output, Reads, Replace, Whole};

/// Summary of the files written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Number of image files written.
    pub files: usize,
    /// Bytes in these files.
    pub bytes: usize,
}

/// Checks that a folder exists and is empty, or that overwriting is allowed; creates
/// it if necessary.
pub fn prepare(folder: &Path, force: bool) -> Result<(), SpecError> {
    let fail = |source| SpecError::Write { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(fail)?;
    let empty = fs::read_dir(folder).map_err(fail)?.next().is_none();
    // Fail before the scene is run, not after.
    drop(Whole::create(&folder.join(SPEC_FILE), Replace::Yes).map_err(fail)?);
    if empty || force { Ok(()) } else { Err(SpecError::NotEmpty(folder.to_owned())) }
}

/// Writes the images, then `spec.json`: a folder with that file is complete.
///
/// No file of `reads` is replaced.
///
/// # Errors
///
/// Fails if a file cannot be written.
pub fn write(folder: &Path, spec: &Spec, images: &Images, reads: &Reads) -> Result<Written, SpecError> {
    let mut written = Written::default();
    for (pe, range) in images.ranges() {
        let Some(name) = spec.file_of(pe, range.address) else { continue };
        let bytes: Vec<u8> = range.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        put(&folder.join(name), &bytes, reads)?;
        written.files += 1;
        written.bytes += bytes.len();
    }
    let path = folder.join(SPEC_FILE);
    let text = serde_json::to_string_pretty(spec)
        .map_err(|source| SpecError::Json { path: path.clone(), source })?;
    put(&path, (text + "\n").as_bytes(), reads)?;
    Ok(written)
}

fn put(path: &Path, bytes: &[u8], reads: &Reads) -> Result<(), SpecError> {
    Ok(Output::file(path, bytes, reads)?)
}
