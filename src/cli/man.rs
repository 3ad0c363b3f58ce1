//! `spinntui man`: manual pages, made from the same words as `--help`.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::{Cli, CliError, FINE};
use crate::output::{Output, OutputError, Reads, say};

const EXAMPLES: &str = "\
Examples:
  spinntui man | man -l -
      the page of the program itself
  spinntui man -o ~/.local/share/man/man1
      that and a page for every subcommand: then `man spinntui`, `man spinntui-run`";

/// Write manual pages.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ManArgs {
    /// Write the page of the program and one for every subcommand into this folder
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub output: Option<PathBuf>,
}

/// Writes the pages.
pub fn man(args: &ManArgs) -> Result<u8, CliError> {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Names the verbs' pages after the program, too.
    command.build();
    let Some(folder) = &args.output else {
        let mut output = Output::stdout();
        page(&Man::new(command), &mut output)?;
        output.finish()?;
        return Ok(FINE);
    };
    std::fs::create_dir_all(folder).map_err(|error| {
        CliError::Usage(format!("error: {}: the folder cannot be made: {error}", folder.display()))
    })?;
    let verbs: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let mut written = 0;
    for command in std::iter::once(command).chain(verbs) {
        let man = Man::new(command);
        let path: PathBuf = Path::new(folder).join(man.get_filename());
        let mut output = Output::create(Some(&path), &Reads::default())?;
        page(&man, &mut output)?;
        output.finish()?;
        written += 1;
    }
    say(format!("{written} pages written to {}", folder.display()));
    Ok(FINE)
}

fn page(man: &Man, output: &mut Output) -> Result<(), OutputError> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = man.render(&mut bytes);
    output.data(&String::from_utf8_lossy(&bytes))
}
