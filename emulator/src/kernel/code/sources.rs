//! Source files that machine code comes from.

use std::path::Path;
use std::sync::Arc;

use super::CodeFile;
use crate::file;
use crate::kernel::cost::SOURCES;

/// Size limit for a source file, in bytes.
const MOST_BYTES: u64 = 4 << 20;
/// Headers of the built-in kernels: name and text.
const HEADERS: [(&str, &str); 5] = [
    ("registers.h", include_str!("../../../../assets/kernels/registers.h")),
    ("exp_unit.h", include_str!("../../../../assets/kernels/exp_unit.h")),
    ("words.h", include_str!("../../../../assets/kernels/words.h")),
    ("events.h", include_str!("../../../../assets/kernels/events.h")),
    ("quantise.h", include_str!("../../../../assets/kernels/quantise.h")),
];

impl CodeFile {
    /// Returns the text of a source file by the path that the compiler recorded; `None` if it is
    /// neither there nor beside the ELF file. Files are read once.
    pub fn source_text(&self, path: &str) -> Option<Arc<str>> {
        let mut read = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = read.get(path) {
            return known.clone();
        }
        let text = self.find_source(path);
        read.insert(path.to_owned(), text.clone());
        text
    }

    fn find_source(&self, path: &str) -> Option<Arc<str>> {
        let path = Path::new(path);
        let Some(folder) = &self.folder else {
            return built_in(path).map(Arc::from);
        };
        let beside = folder.join(path.file_name()?);
        let text = |path: &Path| file::read_text(path, MOST_BYTES).ok();
        text(path).or_else(|| text(&beside)).map(Arc::from)
    }
}

/// Returns a source of the built-in kernels by its file name.
fn built_in(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    if let Some((_, text)) = HEADERS.iter().find(|(header, _)| *header == name) {
        return Some(text);
    }
    let stem = name.strip_suffix(".c")?;
    SOURCES.iter().find(|source| source.name == stem).map(|source| source.c)
}
