//! Flags about the user's configuration file.

use std::path::PathBuf;

use clap::Args;

use super::CliError;
use super::looks::LooksArgs;
use crate::output::Output;
use crate::tui::config::{self, Config};

/// Source of the configuration, and whether to print it.
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// Configuration file, in place of $SPINNTUI_CONFIG or ~/.config/spinntui/config.ron
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Leave the configuration file out, and the view, pins and bookmarks that are kept
    #[arg(long, conflicts_with = "config")]
    no_config: bool,
    /// Take the mouse: click PEs, panels and links, scroll with the wheel
    ///
    /// Without it the mouse stays the terminal's, which selects and copies text; with it most
    /// terminals do so while Shift is held.
    #[arg(long)]
    mouse: bool,
    /// Print the configuration in force, as a file to begin with
    #[arg(long)]
    print_config: bool,
    /// Print every command with its keys
    #[arg(long, conflicts_with = "print_config")]
    print_keys: bool,
}

impl ConfigArgs {
    /// Loads the configuration, with flags in place of its values.
    pub fn load(&self, looks: LooksArgs) -> Result<Config, CliError> {
        let mut config = if self.no_config { Config::none() } else { Config::load(self.config.as_deref())? };
        config.looks = looks.choice().or(config.looks);
        config.mouse |= self.mouse;
        Ok(config)
    }

    /// Returns `true` if the configuration or keys are to be printed instead of opening a scene.
    pub const fn prints(&self) -> bool {
        self.print_config || self.print_keys
    }

    /// Prints the requested part of the configuration.
    pub fn print(&self, config: &Config) -> Result<u8, CliError> {
        let text = if self.print_keys { config::keys_as_text(&config.keymap) } else { config::print(config) };
        let mut output = Output::stdout();
        output.text(&text)?;
        output.finish()?;
        Ok(super::FINE)
    }
}
