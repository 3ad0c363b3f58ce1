//! Parser for the output of `gcc -S` and `objdump -d`.
//!
//! A function becomes instructions, labels and constants. The parser knows the instructions that
//! the kernels compile to; any other one is an error that names its line, never a silent cycle.

pub mod blocks;
pub mod board;
pub mod instruction;
pub mod kind;
mod objdump;
mod operands;
mod parse;
mod timed;
pub mod trace;

use std::collections::BTreeMap;

use instruction::Instruction;

/// Function of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Name of the function, which is its label in the listing.
    pub name: String,
    /// Instructions in the order of the listing.
    pub instructions: Vec<Instruction>,
    /// Code labels, with the index of the instruction after each.
    pub labels: BTreeMap<String, usize>,
    /// Literal pools: labels, with the words after each.
    pub literals: BTreeMap<String, Vec<Literal>>,
}

/// Word of a literal pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Word with a constant value.
    Word(u32),
    /// Address of a symbol outside the function.
    Symbol(String),
}

/// Reason why a listing cannot be read or executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListingError {
    /// The listing has no such function.
    #[error("the listing has no function `{name}`; is it in the C source and not `static`?")]
    NoFunction {
        /// Name of the function that was requested.
        name: String,
    },
    /// The text contains no function.
    #[error("no function found; expected the output of `arm-none-eabi-gcc -S` or `arm-none-eabi-objdump -d`")]
    Empty,
    /// An instruction without a row in the timing table.
    #[error(
        "line {line}: `{text}`: no timing is known for `{mnemonic}`; add it to chip::listing and chip::cortex_m4f"
    )]
    UnknownMnemonic {
        /// Line in the listing.
        line: usize,
        /// Text of the line, with single spaces.
        text: String,
        /// Mnemonic without a row in the timing table.
        mnemonic: String,
    },
    /// Operands that do not fit the mnemonic.
    #[error("line {line}: `{text}`: cannot read the operands; expected {expected}")]
    Operands {
        /// Line in the listing.
        line: usize,
        /// Text of the line, with single spaces.
        text: String,
        /// Operands that were expected.
        expected: &'static str,
    },
    /// A branch or literal load names a label that does not exist.
    #[error("line {line}: label `{label}` is not in function `{function}`")]
    NoLabel {
        /// Line that uses the label.
        line: usize,
        /// Label that does not exist.
        label: String,
        /// Function that does not contain it.
        function: String,
    },
    /// A loop that can be entered at two places.
    #[error("line {line}: this backward branch closes a loop with a second entry, which is not supported")]
    Irreducible {
        /// Line of the branch.
        line: usize,
    },
    /// An execution accessed an address outside memory, or did not end.
    #[error("line {line}: `{text}`: {what}")]
    Execution {
        /// Line of the instruction.
        line: usize,
        /// Text of the line, with single spaces.
        text: String,
        /// Cause: the access, or the limit that was reached.
        what: String,
    },
}

impl ListingError {
    /// Returns the line of the listing that the error is about.
    pub fn line(&self) -> Option<usize> {
        match *self {
            Self::NoFunction { .. } | Self::Empty => None,
            Self::UnknownMnemonic { line, .. }
            | Self::Operands { line, .. }
            | Self::NoLabel { line, .. }
            | Self::Irreducible { line }
            | Self::Execution { line, .. } => Some(line),
        }
    }
}

/// Returns all functions of a text written by `gcc -S` or `objdump -d`.
pub fn functions(text: &str) -> Result<Vec<Function>, ListingError> {
    let functions = if objdump::is_objdump(text) {
        objdump::functions(text)?
    } else {
        parse::names(text).into_iter().map(|name| Function::parse(text, name)).collect::<Result<_, _>>()?
    };
    if functions.is_empty() { Err(ListingError::Empty) } else { Ok(functions) }
}

impl Function {
    /// Reads function `name` of a `gcc -S` listing.
    pub fn parse(listing: &str, name: &str) -> Result<Self, ListingError> {
        parse::function(listing, name)
    }
}

/// Returns the compiler's own signature in a listing (`.ident`), if there is one.
pub fn compiler(listing: &str) -> Option<&str> {
    listing.lines().rev().find_map(|line| {
        let quoted = line.trim().strip_prefix(".ident")?.trim();
        quoted.strip_prefix('"')?.strip_suffix('"')
    })
}
