//! Flags about the look of the app; choices that no flag makes are left to the config file
//! and the environment.

use clap::Args;

use crate::tui::ColorChoice;
use crate::tui::theme::{Background, Glyphs, LooksChoice, RampName, ThemeName};

/// Choices about the look of the app.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LooksArgs {
    /// Colours: auto, truecolor, 256, 16, mono, off
    ///
    /// auto looks at the environment, in this order: `NO_COLOR` (mono; off if `TERM=dumb`),
    /// `CLICOLOR_FORCE` or `FORCE_COLOR`, `TERM=dumb` (off), `COLORTERM`, `TERM`.
    #[arg(long, value_name = "DEPTH")]
    color: Option<ColorChoice>,
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
    /// Background: auto, theme, terminal
    ///
    /// auto: the light theme paints its own, to be legible in a dark terminal, unless `COLORFGBG`
    /// says that the terminal is light; the other themes leave the terminal's.
    #[arg(long, value_name = "WHOSE")]
    background: Option<Background>,
}

impl LooksArgs {
    /// Returns the choices made by flags.
    pub fn choice(self) -> LooksChoice {
        LooksChoice {
            color: self.color,
            theme: self.theme,
            ramp: self.ramp,
            glyphs: self.glyphs,
            background: self.background,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::tui::theme::depth::Depth;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        looks: LooksArgs,
    }

    #[test]
    fn flags_say_what_is_open_and_a_wrong_name_what_there_is() {
        let parse = |flags: &[&str]| Flags::try_parse_from([&["spinntui"], flags].concat());
        assert_eq!(parse(&[]).unwrap().looks.choice(), LooksChoice::default());
        let flags = [
            "--color",
            "16",
            "--theme",
            "high-contrast",
            "--ramp",
            "grey",
            "--glyphs",
            "braille",
            "--background",
            "terminal",
        ];
        let wanted = LooksChoice {
            color: Some(ColorChoice::Fixed(Depth::Ansi16)),
            theme: Some(ThemeName::HighContrast),
            ramp: Some(RampName::Grey),
            glyphs: Some(Glyphs::Braille),
            background: Some(Background::Terminal),
        };
        assert_eq!(parse(&flags).unwrap().looks.choice(), wanted);
        for (flag, choices) in [
            ("--color", "auto, truecolor, 256, 16, mono, off"),
            ("--theme", "dark, light, high-contrast, mono"),
            ("--ramp", "cividis, viridis, grey"),
            ("--glyphs", "blocks, braille, ascii"),
            ("--background", "auto, theme, terminal"),
        ] {
            let error = parse(&[flag, "plaid"]).unwrap_err().to_string();
            assert!(error.contains("plaid") && error.contains(choices), "{error}");
        }
    }
}
