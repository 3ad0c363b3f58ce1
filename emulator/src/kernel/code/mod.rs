//! Routines at level *code*: their machine code out of an ELF file, executed instruction by
//! instruction on a PE's SRAM.
//!
//! The built-in kernels' file is `assets/kernels/kernels.elf`, with two more that are loaded only
//! into the PEs that run them; users bring their own ([`CodeFile`]). Cycles are those of
//! [`crate::chip::cortex_m4f`], as for listings; a property test holds that a built-in routine
//! gives the bytes and cycles that it gives at level *native*.

pub mod calls;
pub mod lines;
pub mod listing;
pub mod run;
mod sources;
pub mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use object::{Architecture, Object, ObjectKind, ObjectSegment, ObjectSymbol, SymbolKind};
use thiserror::Error;

use crate::chip::constants::PROGRAM_BYTES;

/// Machine code of the built-in kernels.
const BUILT_IN: &[u8] = include_bytes!("../../../../assets/kernels/kernels.elf");
/// Machine code of the fast kernels.
const FAST: &[u8] = include_bytes!("../../../../assets/kernels/own/columns.elf");
/// Name by which messages know the file of the fast kernels.
const FAST_NAME: &str = "columns.elf";
/// Machine code of the point-wise step of units that always send.
const ALWAYS: &[u8] = include_bytes!("../../../../assets/kernels/pointwise_always.elf");
/// Name by which messages know the file of that step.
const ALWAYS_NAME: &str = "pointwise_always.elf";
/// Name by which scenes and messages know the file of the built-in kernels.
pub const BUILT_IN_NAME: &str = "kernels.elf";
/// Longest ELF file that is read, bytes.
pub const MOST_BYTES: u64 = 16 << 20;

/// Function of a code file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFunction {
    /// Name in the symbol table.
    pub name: String,
    /// Byte address of the function's first instruction.
    pub address: u32,
    /// Size in bytes from the symbol table; 0 if it has none.
    pub bytes: u32,
}

/// Linked machine code that a PE's program region holds.
pub struct CodeFile {
    /// Name as the scene has it.
    pub name: String,
    /// Loaded words: byte address of the first one, a multiple of 4, and the words.
    pub words: Vec<(u32, Vec<u32>)>,
    functions: Vec<CodeFunction>,
    bytes: Vec<u8>,
    /// Begins of data (`true`) and of instructions within functions, ascending.
    marks: Vec<(u32, bool)>,
    /// Folder of the file, in which its sources are searched; `None` for the built-in file.
    pub folder: Option<PathBuf>,
    /// Listings of functions that were made, by address.
    listings: Mutex<BTreeMap<u32, Arc<listing::FunctionListing>>>,
    /// Texts of requested source files, by path; `None` where the file is missing.
    sources: Mutex<BTreeMap<String, Option<Arc<str>>>>,
    /// Symbols of data that are not loaded, by address.
    #[cfg(test)]
    data: Vec<(u32, String)>,
    #[cfg(test)]
    data_end: u32,
}

/// Reason for which an ELF file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// The file cannot be read as ELF.
    #[error("{name} is not a readable ELF file: {what}")]
    Unreadable {
        /// Name of the file.
        name: String,
        /// Error of the reader of ELF files.
        what: String,
    },
    /// Another machine's code.
    #[error("{name} has code for {found}; compile it with arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb")]
    Architecture {
        /// Name of the file.
        name: String,
        /// Architecture that the file names.
        found: String,
    },
    /// The file is an object file, whose addresses are not final.
    #[error(
        "{name} is an object file, which has no addresses yet; link it: arm-none-eabi-gcc ... -nostdlib -Wl,-T,assets/kernels/own.ld"
    )]
    NotLinked {
        /// Name of the file.
        name: String,
    },
    /// Loaded bytes outside the program region.
    #[error(
        "{name} loads {bytes} bytes at {address:#x}, outside the program region (0 to {PROGRAM_BYTES:#x}); link it with \
         assets/kernels/own.ld"
    )]
    Outside {
        /// Name of the file.
        name: String,
        /// Address of the first byte.
        address: u64,
        /// Number of bytes.
        bytes: u64,
    },
    /// Bytes that another file has on the same PE.
    #[error(
        "{name} loads {bytes} bytes at {address:#x}, where another file's code lies on the same PE; link one of them elsewhere, or put \
         both functions into one file"
    )]
    Taken {
        /// Name of the file.
        name: String,
        /// Address of the first byte.
        address: u32,
        /// Number of bytes.
        bytes: u32,
    },
    /// The file has no such function.
    #[error("{name} has no function `{function}`; it has {}", listed(functions))]
    NoFunction {
        /// Name of the file.
        name: String,
        /// Function looked for.
        function: String,
        /// Functions of the file.
        functions: Vec<String>,
    },
}

fn listed(functions: &[String]) -> String {
    const SHOWN: usize = 8;
    match functions {
        [] => "none (was it stripped, or is all of it `static`?)".to_owned(),
        some if some.len() <= SHOWN => some.join(", "),
        many => format!("{}, and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
    }
}

impl std::fmt::Debug for CodeFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodeFile({}, {} bytes)", self.name, self.loaded_bytes())
    }
}

impl CodeFile {
    /// Returns the machine code of the built-in kernels.
    ///
    /// # Errors
    ///
    /// Fails if the committed file is damaged, which a test excludes.
    pub fn built_in() -> Result<&'static Arc<Self>, CodeError> {
        static FILE: OnceLock<Result<Arc<CodeFile>, CodeError>> = OnceLock::new();
        FILE.get_or_init(|| Self::read(BUILT_IN_NAME, BUILT_IN).map(Arc::new)).as_ref().map_err(Clone::clone)
    }

    /// Returns the machine code of the fast kernels, which PEs have that run one of them.
    ///
    /// # Errors
    ///
    /// Fails if the committed file is damaged, which a test excludes.
    pub fn fast() -> Result<&'static Arc<Self>, CodeError> {
        static FILE: OnceLock<Result<Arc<CodeFile>, CodeError>> = OnceLock::new();
        FILE.get_or_init(|| Self::read(FAST_NAME, FAST).map(Arc::new)).as_ref().map_err(Clone::clone)
    }

    /// Returns the machine code of the point-wise step of units that always send.
    ///
    /// # Errors
    ///
    /// Fails if the committed file is damaged, which a test excludes.
    pub fn always() -> Result<&'static Arc<Self>, CodeError> {
        static FILE: OnceLock<Result<Arc<CodeFile>, CodeError>> = OnceLock::new();
        FILE.get_or_init(|| Self::read(ALWAYS_NAME, ALWAYS).map(Arc::new)).as_ref().map_err(Clone::clone)
    }

    /// Returns the built-in files that are loaded only into PEs that run one of their functions.
    ///
    /// # Errors
    ///
    /// Fails if a committed file is damaged, which a test excludes.
    pub fn on_demand() -> Result<[&'static Arc<Self>; 2], CodeError> {
        Ok([Self::fast()?, Self::always()?])
    }

    /// Returns the built-in file that has a routine's machine code, by the routine's function.
    ///
    /// # Errors
    ///
    /// Fails if a committed file is damaged, which a test excludes.
    pub fn built_in_with(function: &str) -> Result<&'static Arc<Self>, CodeError> {
        Self::on_demand()?.into_iter().find(|file| file.has(function)).map_or_else(Self::built_in, Ok)
    }

    /// Reads a linked ELF file.
    ///
    /// # Errors
    ///
    /// Fails if it is not one, not for this core, or loads bytes outside the program region.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, CodeError> {
        let unreadable =
            |what: object::Error| CodeError::Unreadable { name: name.to_owned(), what: what.to_string() };
        let file = object::File::parse(bytes).map_err(unreadable)?;
        if file.architecture() != Architecture::Arm || !file.is_little_endian() {
            let found = format!("{:?}", file.architecture());
            return Err(CodeError::Architecture { name: name.to_owned(), found });
        }
        if file.kind() != ObjectKind::Executable {
            return Err(CodeError::NotLinked { name: name.to_owned() });
        }
        let mut words = Vec::new();
        for segment in file.segments() {
            let data = segment.data().map_err(unreadable)?;
            let (address, bytes) = (segment.address(), data.len() as u64);
            if address.saturating_add(segment.size()) > u64::from(PROGRAM_BYTES) && segment.size() > 0
                || address % 4 != 0
            {
                return Err(CodeError::Outside { name: name.to_owned(), address, bytes: segment.size() });
            }
            if bytes > 0 {
                words.push((address as u32, whole_words(data)));
            }
        }
        let functions = functions(&file);
        #[cfg(test)]
        let data = data(&file);
        Ok(Self {
            name: name.to_owned(),
            words,
            functions,
            bytes: bytes.to_vec(),
            marks: marks(&file),
            folder: None,
            listings: Mutex::default(),
            sources: Mutex::default(),
            #[cfg(test)]
            data,
            #[cfg(test)]
            data_end: 0x2800,
        })
    }

    /// Returns its functions by ascending address.
    pub fn functions(&self) -> &[CodeFunction] {
        &self.functions
    }

    /// Returns a function by its name.
    ///
    /// # Errors
    ///
    /// Fails if there is none; the error lists those that are there.
    pub fn function(&self, function: &str) -> Result<&CodeFunction, CodeError> {
        self.functions.iter().find(|known| known.name == function).ok_or_else(|| CodeError::NoFunction {
            name: self.name.clone(),
            function: function.to_owned(),
            functions: self.functions.iter().map(|known| known.name.clone()).collect(),
        })
    }

    /// Returns `true` if it has a function of this name.
    pub fn has(&self, function: &str) -> bool {
        self.functions.iter().any(|known| known.name == function)
    }

    /// Returns `true` if data lies at a byte address within a function: constants, branch tables.
    fn is_data(&self, address: u32) -> bool {
        let after = self.marks.partition_point(|&(at, _)| at <= address);
        after.checked_sub(1).and_then(|at| self.marks.get(at)).is_some_and(|&(_, data)| data)
    }

    /// Returns the function that holds a byte address.
    pub fn function_at(&self, address: u32) -> Option<&CodeFunction> {
        let after = self.functions.partition_point(|function| function.address <= address);
        let function = self.functions.get(after.checked_sub(1)?)?;
        (address < function.address + function.bytes.max(2)).then_some(function)
    }

    /// Returns the data symbol that holds a byte address, and the bytes from its begin.
    #[cfg(test)]
    pub(super) fn data_symbol_at(&self, address: u32) -> Option<(&str, u32)> {
        let before = self.data.iter().rev().find(|(at, _)| *at <= address)?;
        (address < self.data_end).then(|| (before.1.as_str(), address - before.0))
    }

    /// Returns the bytes that it loads.
    pub fn loaded_bytes(&self) -> u32 {
        self.words.iter().map(|(_, words)| 4 * words.len() as u32).sum()
    }

    /// Returns the bytes of the ELF file.
    pub fn elf(&self) -> &[u8] {
        &self.bytes
    }
}

/// Little-endian words; the last one is filled up with zeros.
fn whole_words(data: &[u8]) -> Vec<u32> {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
    data.chunks(4).map(word).collect()
}

#[cfg(test)]
fn data(file: &object::File<'_>) -> Vec<(u32, String)> {
    let named = ["input_ready", "tick_ready", "buffer_of_block"];
    let symbols =
        file.symbols().filter_map(|symbol| Some((symbol.address() as u32, symbol.name().ok()?.to_owned())));
    let mut data: Vec<(u32, String)> = symbols.filter(|(_, name)| named.contains(&name.as_str())).collect();
    data.sort();
    data
}

/// Reads the symbols that tell data (`$d`) from instructions (`$t`).
fn marks(file: &object::File<'_>) -> Vec<(u32, bool)> {
    let mark = |symbol: object::Symbol<'_, '_>| {
        let name = symbol.name().ok()?;
        let data = match name.get(..2)? {
            "$d" => true,
            "$t" => false,
            _ => return None,
        };
        Some((u32::try_from(symbol.address()).ok()?, data))
    };
    let mut marks: Vec<(u32, bool)> = file.symbols().filter_map(mark).collect();
    // Debugging sections have marks at address 0, too, where no code lies.
    marks.retain(|&(address, _)| address > 0);
    marks.sort_unstable();
    marks
}

fn functions(file: &object::File<'_>) -> Vec<CodeFunction> {
    let mut functions: Vec<CodeFunction> = file
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0 && !symbol.is_undefined())
        .filter_map(|symbol| {
            let name = symbol.name().ok().filter(|name| !name.starts_with('$'))?;
            // Bit 0 says that it is Thumb code.
            let address = u32::try_from(symbol.address()).ok()? & !1;
            Some(CodeFunction { name: name.to_owned(), address, bytes: u32::try_from(symbol.size()).ok()? })
        })
        .collect();
    functions.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
    functions
}

#[cfg(test)]
mod tests;
