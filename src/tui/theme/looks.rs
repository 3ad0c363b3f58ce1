//! Choices about the look of the app, and the look that results on this terminal.

use serde::{Deserialize, Serialize};

use super::depth::{ColorChoice, Depth};
use super::glyphs::Glyphs;
use super::names::by_name;
use super::ramp::RampName;

/// Theme, which assigns colours to meanings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ThemeName {
    /// Theme for dark backgrounds.
    #[default]
    Dark,
    /// Theme for light backgrounds: darker ink, and ramps that go from light to dark.
    Light,
    /// Theme for dark backgrounds and bad projectors: nothing is dimmed, and text has a contrast of
    /// at least 7 : 1.
    HighContrast,
    /// Theme without colours on any terminal: bold, reverse and digits carry the meaning.
    Mono,
}

by_name!(ThemeName, "theme", [Dark = "dark", Light = "light", HighContrast = "high-contrast", Mono = "mono"]);

impl ThemeName {
    /// Returns the light theme if `COLORFGBG` reports a light background, else the dark theme.
    ///
    /// rxvt, Konsole and others set it to `foreground;background` (some with a field in between),
    /// as numbers of the 16 colours: 7 and 9 to 15 count as light, as in Vim. The terminal itself
    /// is not queried, because a late answer would be read as keys.
    pub fn detect(env: impl Fn(&str) -> Option<String>) -> Self {
        let background =
            env("COLORFGBG").and_then(|value| value.rsplit(';').next()?.trim().parse::<u8>().ok());
        match background {
            Some(7 | 9..=15) => Self::Light,
            _ => Self::Dark,
        }
    }
}

/// Background that the app draws on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Background {
    /// The light theme paints its own, to be legible in a dark terminal; the others paint none.
    #[default]
    Auto,
    /// Every theme with colours paints its own background.
    Theme,
    /// The terminal's own, whatever the theme.
    Terminal,
}

by_name!(Background, "background", [Auto = "auto", Theme = "theme", Terminal = "terminal"]);

/// Look of the app: colours and characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    /// Colours that the terminal has.
    pub depth: Depth,
    /// Theme, which assigns colours to meanings.
    pub theme: ThemeName,
    /// Colours of heat maps.
    pub ramp: RampName,
    /// Characters that lines and bars are drawn with.
    pub glyphs: Glyphs,
    /// Whether the theme paints its background.
    pub background: Background,
}

impl Default for Looks {
    /// Returns the look for a dark terminal with 24-bit colours and box drawing.
    fn default() -> Self {
        Self {
            depth: Depth::Truecolor,
            theme: ThemeName::default(),
            ramp: RampName::default(),
            glyphs: Glyphs::default(),
            background: Background::default(),
        }
    }
}

/// Choices of the user; `None` leaves a choice to the environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LooksChoice {
    /// Colour depth chosen by the user; `auto` leaves it to the environment, too, but takes
    /// precedence over a depth in the configuration file.
    pub color: Option<ColorChoice>,
    /// Theme chosen by the user.
    pub theme: Option<ThemeName>,
    /// Colour ramp chosen by the user.
    pub ramp: Option<RampName>,
    /// Characters chosen by the user.
    pub glyphs: Option<Glyphs>,
    /// Painter of the background: the theme or the terminal.
    pub background: Option<Background>,
}

impl LooksChoice {
    /// Fills open choices from `config`: flags take precedence over the configuration file.
    #[must_use]
    pub fn or(self, config: Self) -> Self {
        Self {
            color: self.color.or(config.color),
            theme: self.theme.or(config.theme),
            ramp: self.ramp.or(config.ramp),
            glyphs: self.glyphs.or(config.glyphs),
            background: self.background.or(config.background),
        }
    }

    /// Returns the look that results from the choices and the environment variables, given as a
    /// lookup so that tests can pass their own.
    pub fn resolve(self, env: impl Fn(&str) -> Option<String>) -> Looks {
        Looks {
            depth: match self.color.unwrap_or_default() {
                ColorChoice::Fixed(depth) => depth,
                ColorChoice::Auto => Depth::detect(&env),
            },
            theme: self.theme.unwrap_or_else(|| ThemeName::detect(&env)),
            ramp: self.ramp.unwrap_or_default(),
            glyphs: self.glyphs.unwrap_or_else(|| Glyphs::detect(&env)),
            // A terminal that reports a light background keeps it.
            background: self.background.unwrap_or_else(|| match ThemeName::detect(&env) {
                ThemeName::Light => Background::Terminal,
                _ => Background::Auto,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn names_round_trip_and_errors_name_every_choice() {
        for &theme in ThemeName::ALL {
            assert_eq!(theme.to_string().parse(), Ok(theme));
        }
        for &ramp in RampName::ALL {
            assert_eq!(ramp.to_string().parse(), Ok(ramp));
        }
        for &glyphs in Glyphs::ALL {
            assert_eq!(glyphs.to_string().parse(), Ok(glyphs));
        }
        let error = "sepia".parse::<ThemeName>().unwrap_err().to_string();
        assert_eq!(error, "unknown theme `sepia`; expected one of dark, light, high-contrast, mono");
        let round: Vec<_> =
            (0..4).scan(ThemeName::Dark, |theme, _| Some(std::mem::replace(theme, theme.next()))).collect();
        assert_eq!(round, ThemeName::ALL);
    }

    #[test]
    fn a_choice_is_written_as_users_write_it() {
        let text = r#"(color: Some("256"), theme: Some("high-contrast"), glyphs: Some("braille"))"#;
        let choice: LooksChoice = ron::from_str(text).unwrap();
        assert_eq!(choice.color, Some(ColorChoice::Fixed(Depth::Ansi256)));
        assert_eq!((choice.theme, choice.ramp), (Some(ThemeName::HighContrast), None));
        let again: LooksChoice = ron::from_str(&ron::to_string(&choice).unwrap()).unwrap();
        assert_eq!(again, choice);
        let error = ron::from_str::<LooksChoice>(r#"(ramp: Some("jet"))"#).unwrap_err().to_string();
        assert!(error.contains("jet") && error.contains("cividis, viridis, grey"), "{error}");
        let error = ron::from_str::<LooksChoice>(r#"(color: Some("many"))"#).unwrap_err().to_string();
        assert!(error.contains("truecolor, 256, 16, mono, off"), "{error}");
    }

    #[test]
    fn flags_go_before_the_config_file_and_both_before_the_environment() {
        let flags = LooksChoice { theme: Some(ThemeName::Mono), ..LooksChoice::default() };
        let config = LooksChoice {
            color: Some(ColorChoice::Fixed(Depth::Ansi16)),
            theme: Some(ThemeName::Light),
            ramp: Some(RampName::Grey),
            glyphs: None,
            background: Some(Background::Terminal),
        };
        let looks = flags.or(config).resolve(env(&[("COLORTERM", "truecolor"), ("LC_ALL", "C")]));
        let wanted = Looks {
            depth: Depth::Ansi16,
            theme: ThemeName::Mono,
            ramp: RampName::Grey,
            glyphs: Glyphs::Ascii,
            background: Background::Terminal,
        };
        assert_eq!(looks, wanted);
        let auto = LooksChoice { color: Some(ColorChoice::Auto), ..flags };
        assert_eq!(auto.or(config).resolve(env(&[("COLORTERM", "truecolor")])).depth, Depth::Truecolor);
        let bare = LooksChoice::default().resolve(env(&[("COLORTERM", "truecolor")]));
        assert_eq!(bare, Looks::default());
    }

    #[test]
    fn the_background_is_light_only_if_the_terminal_says_so() {
        for (value, theme) in [
            ("0;15", ThemeName::Light),
            ("0;default;15", ThemeName::Light),
            ("12;7", ThemeName::Light),
            ("15;0", ThemeName::Dark),
            ("15;8", ThemeName::Dark),
            ("0;default", ThemeName::Dark),
            ("", ThemeName::Dark),
        ] {
            let env = |name: &str| (name == "COLORFGBG").then(|| value.to_owned());
            assert_eq!(ThemeName::detect(env), theme, "{value}");
            // A light terminal is not painted.
            let painted = LooksChoice::default().resolve(env).background == Background::Auto;
            assert_eq!(painted, theme == ThemeName::Dark, "{value}");
        }
        assert_eq!(ThemeName::detect(|_| None), ThemeName::Dark);
    }
}
