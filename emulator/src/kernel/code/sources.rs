//! Source files that machine code comes from.

use std::path::Path;
use std::sync::Arc;

use super::CodeFile;
use crate::file;
use crate::kernel::cost::SOURCES;

/// Size limit for a source file, in bytes.
const MOST_BYTES: u64 = 4 << 20;
/// Text of the header that the built-in kernels include.
const REGISTERS: &str = include_str!("../../../../assets/kernels/registers.h");

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
    if name == "registers.h" {
        return Some(REGISTERS);
    }
    let stem = name.strip_suffix(".c")?;
    SOURCES.iter().find(|source| source.name == stem).map(|source| source.c)
}
