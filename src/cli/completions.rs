//! `spinntui completions SHELL`: what a shell needs to complete our command line.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, CliError, FINE};
use crate::output::Output;
use crate::text::visible_line;
use crate::tui::ColorChoice;
use crate::tui::lesson;
use crate::tui::panels::PanelId;
use crate::tui::theme::depth::Depth;
use crate::tui::theme::{Background, Glyphs, RampName, ThemeName};

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

/// Returns the names that a flag takes; `None` if it takes other values.
fn choices(flag: &str) -> Option<Vec<String>> {
    fn names<T: ToString>(all: &[T]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }
    Some(match flag {
        "color" => std::iter::once(ColorChoice::Auto.to_string()).chain(names(Depth::ALL)).collect(),
        "theme" => names(ThemeName::ALL),
        "ramp" => names(RampName::ALL),
        "glyphs" => names(Glyphs::ALL),
        "background" => names(Background::ALL),
        "panel" => PanelId::ALL.map(|panel| panel.name().to_lowercase()).to_vec(),
        _ => return None,
    })
}

/// Writes the script.
pub fn completions(args: &CompletionsArgs) -> Result<u8, CliError> {
    let mut script = Vec::new();
    // Lessons have names, which are as good as words of the command line; a path of one's own
    // is still taken.
    let names: Vec<String> = lesson::shipped()
        .into_iter()
        .map(|entry| entry.name)
        // A name that would act on the terminal is left out of the script.
        .filter(|name| visible_line(name) == name.as_str())
        .collect();
    let named = |arg: Arg| arg.value_parser(PossibleValuesParser::new(names));
    let command = Cli::command().mut_subcommand("lesson", |verb| verb.mut_arg("lesson", named));
    // Shells offer names here, not files; the program's own parsers, with their messages, read
    // them.
    let offered = |arg: Arg| match arg.get_long().and_then(choices) {
        Some(names) => arg.value_parser(PossibleValuesParser::new(names)),
        None => arg,
    };
    let mut command = command.mut_args(offered).mut_subcommands(|verb| verb.mut_args(offered));
    generate(args.shell, &mut command, "spinntui", &mut script);
    let mut output = Output::stdout();
    output.data(&String::from_utf8_lossy(&script))?;
    output.finish()?;
    Ok(FINE)
}
