//! Source lines of machine code, read from DWARF debug information.

use addr2line::Context;
use addr2line::gimli::{self, Dwarf, EndianSlice, RunTimeEndian};
use object::{Object, ObjectSection};

use super::CodeFile;

/// Line of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// Path as the compiler recorded it.
    pub file: String,
    /// Number of the line, from 1.
    pub line: u32,
}

/// Map from addresses to source lines.
pub struct Lines<'a> {
    context: Option<Context<EndianSlice<'a, RunTimeEndian>>>,
}

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.context.is_some() { "Lines" } else { "Lines(none)" })
    }
}

impl<'a> Lines<'a> {
    /// Reads the debug information of a code file. A file compiled without `-g` has no lines.
    pub fn of(file: &'a CodeFile) -> Self {
        Self { context: context(file.elf()) }
    }

    /// Returns the source line of the instruction at a byte address.
    pub fn at(&self, address: u32) -> Option<SourceLine> {
        let location = self.context.as_ref()?.find_location(u64::from(address)).ok()??;
        Some(SourceLine { file: location.file?.to_owned(), line: location.line? })
    }
}

fn context(bytes: &[u8]) -> Option<Context<EndianSlice<'_, RunTimeEndian>>> {
    let file = object::File::parse(bytes).ok()?;
    let load = |id: gimli::SectionId| -> Result<EndianSlice<'_, RunTimeEndian>, gimli::Error> {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok());
        Ok(EndianSlice::new(data.unwrap_or_default(), RunTimeEndian::Little))
    };
    Context::from_dwarf(Dwarf::load(load).ok()?).ok()
}
