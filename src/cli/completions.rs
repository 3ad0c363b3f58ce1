//! `spinntui completions SHELL`: what a shell needs to complete our command line.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::output::Output;
use super::{Cli, CliError, FINE};

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
    generate(args.shell, &mut Cli::command(), "spinntui", &mut script);
    let mut output = Output::stdout();
    output.text(&String::from_utf8_lossy(&script))?;
    output.finish()?;
    Ok(FINE)
}
