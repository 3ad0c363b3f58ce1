//! `spinntui completions SHELL`: what a shell needs to complete our command line.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, CliError, FINE};
use crate::output::Output;
use crate::text::visible_line;
use crate::tui::lesson;

const EXAMPLES: &str = "\
Where to put it:
  bash  spinntui completions bash > ~/.local/share/bash-completion/completions/spinntui
  zsh   spinntui completions zsh > ~/.zfunc/_spinntui
            with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  fish  spinntui completions fish > ~/.config/fish/completions/spinntui.fish";

/// Write a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Writes the script.
pub fn completions(args: &CompletionsArgs) -> Result<u8, CliError> {
    let mut script = Vec::new();
    // Lessons have names, which are as good as words of the command line; a path of one's own is still taken.
    let names: Vec<String> = lesson::shipped()
        .into_iter()
        .map(|entry| entry.name)
        // A script of a shell holds no name that would act on the terminal.
        .filter(|name| visible_line(name) == name.as_str())
        .collect();
    let named = |arg: Arg| arg.value_parser(PossibleValuesParser::new(names));
    let mut command = Cli::command().mut_subcommand("lesson", |verb| verb.mut_arg("lesson", named));
    generate(args.shell, &mut command, "spinntui", &mut script);
    let mut output = Output::stdout();
    output.data(&String::from_utf8_lossy(&script))?;
    output.finish()?;
    Ok(FINE)
}
