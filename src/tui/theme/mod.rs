//! What things look like, by what they mean: the only place that knows colours.
//!
//! Panels ask for semantic slots (`dim`, `selected`, `heat(0.3)`); a [`Theme`] answers for the terminal's depth. The
//! background stays the terminal's own, so dark and light terminals both work. Colour is never the only channel: every
//! heat cell has a digit, every state a word.

pub mod depth;
pub mod ramp;

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use self::depth::{Depth, Glyphs};
use self::ramp::{Ramp, rgb_in};
use crate::session::snapshot::{Phase, RegionKind};

/// Colours of unordered things (layers, phases, regions): Okabe and Ito's set without its black, safe for colour-blind
/// eyes, each with its 16-colour stand-in.
const CATEGORIES: [((u8, u8, u8), Color); 7] = [
    ((86, 180, 233), Color::Cyan),
    ((230, 159, 0), Color::Yellow),
    ((0, 158, 115), Color::Green),
    ((204, 121, 167), Color::Magenta),
    ((240, 228, 66), Color::LightYellow),
    ((0, 114, 178), Color::Blue),
    ((213, 94, 0), Color::Red),
];

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

/// The looks of the app on one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Colours in use.
    pub depth: Depth,
    /// Characters in use.
    pub glyphs: Glyphs,
    ramp: Ramp,
}

impl Theme {
    /// The default theme at a depth.
    pub fn new(depth: Depth, glyphs: Glyphs) -> Self {
        Self { depth, glyphs, ramp: Ramp::new(depth) }
    }

    fn colour(&self, rgb: (u8, u8, u8), ansi: Color) -> Style {
        match self.depth {
            Depth::Off | Depth::Mono => Style::new(),
            Depth::Ansi16 => Style::new().fg(ansi),
            Depth::Ansi256 | Depth::Truecolor => Style::new().fg(rgb_in(self.depth, rgb)),
        }
    }

    fn modifier(&self, modifier: Modifier) -> Style {
        if self.depth == Depth::Off { Style::new() } else { Style::new().add_modifier(modifier) }
    }

    /// Plain text: the terminal's own.
    pub fn text(&self) -> Style {
        Style::new()
    }

    /// What matters more.
    pub fn strong(&self) -> Style {
        self.modifier(Modifier::BOLD)
    }

    /// Labels, units, what matters less.
    pub fn dim(&self) -> Style {
        match self.depth {
            Depth::Off => Style::new(),
            // Not "bright black": some palettes make that the background.
            Depth::Mono | Depth::Ansi16 => self.modifier(Modifier::DIM),
            Depth::Ansi256 | Depth::Truecolor => Style::new().fg(rgb_in(self.depth, (138, 138, 138))),
        }
    }

    /// Names of keys and the app's own voice.
    pub fn accent(&self) -> Style {
        self.colour((86, 180, 233), Color::Cyan).patch(self.strong())
    }

    /// Going well.
    pub fn good(&self) -> Style {
        self.colour((0, 175, 125), Color::Green)
    }

    /// Worth a look.
    pub fn warn(&self) -> Style {
        self.colour((230, 159, 0), Color::Yellow).patch(self.strong())
    }

    /// Wrong.
    pub fn bad(&self) -> Style {
        self.colour((235, 87, 87), Color::Red).patch(self.strong())
    }

    /// What the next key acts on.
    pub fn selected(&self) -> Style {
        self.modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// The one cell or word that everything else is about: plain reversed, so that it stands out of any heat, on dark and
    /// light backgrounds alike.
    pub fn cursor(&self) -> Style {
        self.selected().fg(Color::Reset).bg(Color::Reset)
    }

    /// Words the network wrote itself.
    pub fn generated(&self) -> Style {
        self.colour((86, 180, 233), Color::Cyan).patch(self.modifier(Modifier::ITALIC))
    }

    /// An event camera's picture: brighter (`on`) or darker, and whether there are many such events. Orange and blue of
    /// Okabe and Ito's set; where there are no colours the picture uses letters.
    pub fn polarity(&self, on: bool, many: bool) -> Style {
        match (on, many) {
            (true, true) => self.colour((230, 159, 0), Color::LightYellow),
            (true, false) => self.colour((150, 104, 0), Color::Yellow),
            (false, true) => self.colour((86, 180, 233), Color::LightCyan),
            (false, false) => self.colour((56, 117, 152), Color::Blue),
        }
    }

    /// Underlined: the colourless mark for "more than most".
    pub fn underline(&self) -> Style {
        self.modifier(Modifier::UNDERLINED)
    }

    /// A panel's border.
    pub fn border(&self, focused: bool) -> Style {
        if focused { self.accent() } else { self.dim() }
    }

    /// A panel's title.
    pub fn title(&self, focused: bool) -> Style {
        if focused { self.accent() } else { self.strong() }
    }

    /// Border characters.
    pub fn border_set(&self) -> border::Set<'static> {
        match self.glyphs {
            Glyphs::Blocks => border::ROUNDED,
            Glyphs::Ascii => ASCII_BORDER,
        }
    }

    /// Heat: background and readable ink for a value in 0..=1.
    pub fn heat(&self, value: f32) -> Style {
        self.ramp.style(value)
    }

    /// Heat as ink, for bars and lines on the terminal's own background. The dark end of the ramp is left out: it would
    /// vanish on a dark background.
    pub fn heat_ink(&self, value: f32) -> Style {
        self.ramp.ink(0.35 + 0.65 * value.clamp(0.0, 1.0))
    }

    /// Ink for the `index`-th of several unordered things.
    pub fn category(&self, index: usize) -> Style {
        let (rgb, ansi) = CATEGORIES[index % CATEGORIES.len()];
        self.colour(rgb, ansi)
    }

    /// The same as a background with readable ink.
    pub fn category_cell(&self, index: usize) -> Style {
        let (rgb, ansi) = CATEGORIES[index % CATEGORIES.len()];
        match self.depth {
            Depth::Off | Depth::Mono => Style::new(),
            Depth::Ansi16 => Style::new().bg(ansi).fg(Color::Black),
            Depth::Ansi256 | Depth::Truecolor => {
                Style::new().bg(rgb_in(self.depth, rgb)).fg(rgb_in(self.depth, (16, 16, 16)))
            }
        }
    }

    /// Ink for a kind of memory region.
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

    /// Ink for a phase.
    pub fn phase(&self, phase: Phase) -> Style {
        self.category(match phase {
            Phase::Recurrent => 1,
            Phase::Input => 0,
            Phase::Pointwise => 2,
            Phase::Broadcast => 3,
            Phase::Embedding => 4,
            Phase::Log => 5,
            Phase::Wait | Phase::Barrier => return self.dim(),
        })
    }
}

/// One letter for a kind of memory region: the channel that needs no colour.
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
