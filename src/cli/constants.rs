//! `spinntui constants`: every hardware number, how it is known, and its source.

use std::fmt::Write as _;

use clap::Args;

use super::Format;
use crate::chip::constants::{Constant, Mark};
use crate::machine::assumed::table;
use crate::machine::options::Assume;
use crate::output::{Output, OutputError};
use crate::report::table::field;

/// Arguments of `spinntui constants`.
#[derive(Debug, Args)]
pub struct ConstantsArgs {
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Only numbers that no public source gives
    #[arg(long)]
    not_published: bool,
}

/// Column at which values begin.
const VALUE: usize = 46;
/// Indent of the source.
const SOURCE: usize = 4;

/// Lists the numbers the emulator runs by.
pub fn constants(args: &ConstantsArgs, output: &mut Output) -> Result<(), OutputError> {
    let wanted = |constant: &Constant| !args.not_published || constant.mark == Mark::NotPublished;
    let table: Vec<Constant> = table(&Assume::default()).into_iter().filter(wanted).collect();
    match args.format {
        Format::Json => output.data(&(serde_json::to_string_pretty(&table).unwrap_or_default() + "\n")),
        Format::Text => output.text(&text(&table)),
    }
}

fn text(table: &[Constant]) -> String {
    let mut out = String::new();
    for Constant { name, value, unit, mark, source } in table {
        let _ = writeln!(out, "{name:VALUE$}{} [{mark}]", format!("{value} {unit}").trim_end());
        if !source.is_empty() {
            field(&mut out, SOURCE, "", source);
        }
    }
    let _ = writeln!(
        out,
        "\n[quoted] read in the source; [second hand] quoted by a survey that read it; [derived] computed from\n\
         such numbers; [recalled] remembered from a document that was not at hand; [inferred] concluded from a\n\
         source that does not state it; [not published] in no source, in most cases a parameter of the scene's\n\
         `assume: (...)`, at its default.\n\
         Cycles of instructions: `spinntui kernels NAME`."
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_source_or_says_that_there_is_none() {
        for constant in table(&Assume::default()) {
            assert!(
                !constant.source.is_empty() || constant.mark == Mark::NotPublished,
                "{} has no source",
                constant.name
            );
        }
        let text = text(&table(&Assume::default()));
        assert!(text.contains("[not published]") && text.contains("[second hand]"));
    }
}
