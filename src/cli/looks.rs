//! Flags that say how the app looks; what none of them says is left to the config file and the environment.

use clap::Args;

use crate::tui::ColorChoice;
use crate::tui::theme::{Glyphs, LooksChoice, RampName, ThemeName};

/// How the app looks.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LooksArgs {
    /// Colours: auto, truecolor, 256, 16, mono, off
    ///
    /// auto looks at the environment, in this order: `NO_COLOR` (none), `TERM=dumb` (off), `CLICOLOR_FORCE` or
    /// `FORCE_COLOR`, `COLORTERM`, `TERM`.
    #[arg(long, value_name = "DEPTH", default_value_t, hide_default_value = true)]
    color: ColorChoice,
    /// Theme: dark, light, high-contrast, mono
    ///
    /// Without it dark, or light where `COLORFGBG` says that the background is.
    #[arg(long, value_name = "NAME")]
    theme: Option<ThemeName>,
    /// Colours of heat maps: cividis, viridis, grey
    #[arg(long, value_name = "NAME")]
    ramp: Option<RampName>,
    /// Characters to draw with: blocks, braille, ascii
    ///
    /// Without it blocks, or ascii where the locale is not UTF-8 or the terminal dumb.
    #[arg(long, value_name = "NAME")]
    glyphs: Option<Glyphs>,
}

impl LooksArgs {
    /// What was asked for.
    pub fn choice(self) -> LooksChoice {
        LooksChoice { color: self.color, theme: self.theme, ramp: self.ramp, glyphs: self.glyphs }
    }
}
