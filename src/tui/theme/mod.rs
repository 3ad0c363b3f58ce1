//! Styles of things by their meaning: the only place that knows colours.
//!
//! Panels ask for semantic slots (`dim`, `selected`, `heat(0.3)`); a [`Theme`] answers for the
//! user's [`Looks`] and the terminal's depth. The background stays the terminal's own, except that
//! the light theme paints one. Colour is never the only channel: every heat cell has a digit, every
//! state a word.
//!
//! | file | what lives there |
//! |---|---|
//! | [`looks`] | choices, and the look that results: flags, config file, environment |
//! | [`depth`], [`glyphs`] | number of colours, sets of characters; ASCII stand-ins |
//! | `palette` | the colours of each theme, and the background each assumes |
//! | [`ramp`], [`contrast`] | heat ramps; contrast between colours |
//! | [`names`] | choices by name |

pub mod contrast;
pub mod depth;
pub mod glyphs;
pub mod looks;
pub mod names;
mod palette;
pub mod ramp;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use self::contrast::ink_on;
use self::depth::Depth;
pub use self::glyphs::Glyphs;
pub use self::looks::{Background, Looks, LooksChoice, ThemeName};
use self::names::Ink;
use self::palette::Palette;
pub use self::ramp::RampName;
use self::ramp::{Ramp, rgb_in, rgb_of};
use crate::session::snapshot::{PhaseRole, RegionKind};

/// Borders for terminals without box drawing.
const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Styles of the app on one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Colours in use: those of the terminal, or none if the theme has none.
    pub depth: Depth,
    /// Characters in use.
    pub glyphs: Glyphs,
    looks: Looks,
    palette: &'static Palette,
    ramp: Ramp,
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(Looks::default())
    }
}

impl Theme {
    /// Creates the theme of a look.
    pub fn new(looks: Looks) -> Self {
        let depth = match looks.theme {
            ThemeName::Mono => looks.depth.min(Depth::Mono),
            _ => looks.depth,
        };
        Self {
            depth,
            glyphs: looks.glyphs,
            looks,
            palette: Palette::of(looks.theme),
            ramp: Ramp::new(depth, looks.theme, looks.ramp),
        }
    }

    /// Returns the look that was chosen.
    pub fn looks(&self) -> Looks {
        self.looks
    }

    /// Returns `true` if the theme has colours.
    pub fn coloured(&self) -> bool {
        self.depth > Depth::Mono
    }

    /// Returns `true` if the selection has to be marked by a character: where nothing can be
    /// bold or reversed.
    pub fn marks(&self) -> bool {
        self.depth == Depth::Off
    }

    fn colour(&self, (rgb, ansi): Ink) -> Style {
        match self.depth {
            Depth::Off | Depth::Mono => Style::new(),
            Depth::Ansi16 => Style::new().fg(ansi),
            Depth::Ansi256 | Depth::Truecolor => Style::new().fg(rgb_in(self.depth, rgb)),
        }
    }

    /// Returns the colours of cells that have none; `None` to keep the terminal's background.
    pub fn ground(&self) -> Option<Style> {
        let paints = match self.looks.background {
            Background::Auto => self.looks.theme == ThemeName::Light,
            Background::Theme => true,
            Background::Terminal => false,
        };
        let [ground, ink] = self.palette.paint;
        (paints && self.coloured()).then(|| {
            let of = |(rgb, ansi): Ink| match self.depth {
                Depth::Ansi256 | Depth::Truecolor => rgb_in(self.depth, rgb),
                _ => ansi,
            };
            Style::new().bg(of(ground)).fg(of(ink))
        })
    }

    /// Gives the theme's background and ink to cells that have none, if the theme paints at all.
    pub fn paint(&self, area: Rect, buf: &mut Buffer) {
        let Some(Style { fg: Some(ink), bg: Some(ground), .. }) = self.ground() else { return };
        for place in area.intersection(buf.area).positions() {
            let cell = &mut buf[place];
            if cell.fg == Color::Reset {
                cell.fg = ink;
            }
            if cell.bg == Color::Reset {
                cell.bg = ground;
            }
        }
    }

    fn modifier(&self, modifier: Modifier) -> Style {
        if self.depth == Depth::Off { Style::new() } else { Style::new().add_modifier(modifier) }
    }

    /// Returns the style of plain text: the terminal's own.
    pub fn text(&self) -> Style {
        Style::new()
    }

    /// Returns the style of emphasised text.
    pub fn strong(&self) -> Style {
        self.modifier(Modifier::BOLD)
    }

    /// Returns the style of labels, units and secondary text.
    pub fn dim(&self) -> Style {
        match (self.palette.dim, self.depth) {
            (None, _) | (_, Depth::Off) => Style::new(),
            // Not "bright black": some palettes make that the background.
            (_, Depth::Mono | Depth::Ansi16) => self.modifier(Modifier::DIM),
            (Some(rgb), Depth::Ansi256 | Depth::Truecolor) => Style::new().fg(rgb_in(self.depth, rgb)),
        }
    }

    /// Returns the style of key names and of the app's own messages.
    pub fn accent(&self) -> Style {
        self.colour(self.palette.accent).patch(self.strong())
    }

    /// Returns the style of success.
    pub fn good(&self) -> Style {
        self.colour(self.palette.good)
    }

    /// Returns the style of warnings.
    pub fn warn(&self) -> Style {
        self.colour(self.palette.warn).patch(self.strong())
    }

    /// Returns the style of errors.
    pub fn bad(&self) -> Style {
        self.colour(self.palette.bad).patch(self.strong())
    }

    /// Returns the style of the selection, on which the next key acts.
    pub fn selected(&self) -> Style {
        self.modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// Returns the style of the cell or word at the cursor: plain reversed, so that it stands out
    /// from any heat, on dark and light backgrounds.
    pub fn cursor(&self) -> Style {
        if self.depth == Depth::Off {
            Style::new()
        } else {
            self.selected().fg(Color::Reset).bg(Color::Reset)
        }
    }

    /// Returns the style of words that the network generated.
    pub fn generated(&self) -> Style {
        self.colour(self.palette.accent).patch(self.modifier(Modifier::ITALIC))
    }

    /// Returns the ink of brighter (`on`) or darker, `many` or few events in a camera's picture.
    /// The hues are Okabe and Ito's orange and blue; without colours the picture uses letters.
    pub fn polarity(&self, on: bool, many: bool) -> Style {
        let inks = if on { &self.palette.brighter } else { &self.palette.darker };
        self.colour(inks[usize::from(!many)])
    }

    /// Returns the underlined style: the colourless mark for "more than most".
    pub fn underline(&self) -> Style {
        self.modifier(Modifier::UNDERLINED)
    }

    /// Returns the style of a panel's border.
    pub fn border(&self, focused: bool) -> Style {
        if focused { self.accent() } else { self.dim() }
    }

    /// Returns the style of a panel's title.
    pub fn title(&self, focused: bool) -> Style {
        if focused { self.accent() } else { self.strong() }
    }

    /// Returns the characters that borders are drawn with.
    pub fn border_set(&self) -> border::Set<'static> {
        match self.glyphs {
            Glyphs::Blocks | Glyphs::Braille => border::ROUNDED,
            Glyphs::Ascii => ASCII_BORDER,
        }
    }

    /// Returns the heat style of a value in 0..=1: background and readable ink.
    pub fn heat(&self, value: f32) -> Style {
        self.ramp.style(value)
    }

    /// Returns a value's heat as ink, for bars and lines on the terminal's own background. The end
    /// of the ramp that would vanish on it is left out.
    pub fn heat_ink(&self, value: f32) -> Style {
        self.ramp.ink(value)
    }

    /// Returns the ink of the `index`-th of several unordered things.
    pub fn category(&self, index: usize) -> Style {
        self.colour(self.palette.categories[index % self.palette.categories.len()])
    }

    /// Returns the style of a category as a background with readable ink.
    pub fn category_cell(&self, index: usize) -> Style {
        let (rgb, ansi) = self.palette.categories[index % self.palette.categories.len()];
        match self.depth {
            Depth::Off | Depth::Mono => Style::new(),
            Depth::Ansi16 => Style::new().bg(ansi).fg(self.palette.on_category),
            Depth::Ansi256 | Depth::Truecolor => {
                let paint = rgb_in(self.depth, rgb);
                Style::new().bg(paint).fg(rgb_in(self.depth, ink_on(rgb_of(paint).unwrap_or(rgb))))
            }
        }
    }

    /// Returns the ink of a kind of memory region.
    pub fn region(&self, kind: RegionKind) -> Style {
        self.category(match kind {
            RegionKind::Weights => 0,
            RegionKind::Buffer => 1,
            RegionKind::State => 2,
            RegionKind::Program => 3,
            RegionKind::Stack => 4,
            RegionKind::Log => 6,
        })
    }

    /// Returns the ink of a phase by its kind of work.
    pub fn phase(&self, role: PhaseRole) -> Style {
        if role == PhaseRole::Wait { self.dim() } else { self.category(phase_category(role)) }
    }
}

/// Returns the category whose colour a kind of work has.
pub const fn phase_category(role: PhaseRole) -> usize {
    match role {
        PhaseRole::Compute(number) => number as usize % 3,
        PhaseRole::Send => 3,
        PhaseRole::Read => 4,
        PhaseRole::Log => 5,
        PhaseRole::Wait => 6,
    }
}

/// Returns the letter of a kind of memory region: the channel that needs no colour.
pub const fn region_letter(kind: RegionKind) -> char {
    match kind {
        RegionKind::Program => 'P',
        RegionKind::Weights => 'W',
        RegionKind::Buffer => 'B',
        RegionKind::State => 'S',
        RegionKind::Stack => 'K',
        RegionKind::Log => 'L',
    }
}
