//! Lighting and background of a recording.

use serde::Serialize;

use super::dice::Dice;
use super::people::unlike;
use super::render::{Canvas, Look};
use super::world::World;
use crate::dvs::event::Sensor;

/// Lightings in the file names of DVS128 Gesture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lighting {
    /// Tubes: flicker with twice the mains.
    Fluorescent,
    /// Tubes and LED lamps.
    FluorescentLed,
    /// A laboratory's ceiling: dim and even.
    Lab,
    /// Lamps with LEDs (`led`).
    Led,
    /// Daylight through windows: strong and from one side.
    Natural,
}

impl Lighting {
    /// All kinds of lighting.
    pub const ALL: [Self; 5] = [Self::Fluorescent, Self::FluorescentLed, Self::Lab, Self::Led, Self::Natural];

    /// Returns the name of the lighting in file names.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fluorescent => "fluorescent",
            Self::FluorescentLed => "fluorescent_led",
            Self::Lab => "lab",
            Self::Led => "led",
            Self::Natural => "natural",
        }
    }
}

/// Light, lens and background behind the person.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Shading and blur.
    pub look: Look,
    /// The empty picture.
    pub background: Canvas,
    /// Difference between the wall and the person's skin, log intensity; not negative.
    pub contrast: f32,
    /// Time constant of the pixels' photoreceptors, seconds: longer where it is darker.
    pub lag: f32,
    /// Flicker: its swing relative to the sensor's mean threshold, frequency in Hz. Cameras
    /// are set up to keep it below one: beyond, every pixel fires at twice the mains.
    pub flicker: [f32; 2],
}

impl Stage {
    /// Draws a place of a world with this lighting, before whose wall skin of this albedo
    /// can be seen.
    pub fn draw(world: World, lighting: Lighting, sensor: Sensor, skin: f32, dice: &mut Dice) -> Self {
        // Shading, photoreceptor lag (s), flicker (thresholds). The lags span what Lichtsteiner et
        // al. (2008) show between office light and dusk.
        let (shading, lag, flicker) = match lighting {
            Lighting::Fluorescent => ([0.05, 0.3], [0.001, 0.006], [0.0, 0.65]),
            Lighting::FluorescentLed => ([0.1, 0.4], [0.0008, 0.004], [0.0, 0.6]),
            Lighting::Lab => ([0.05, 0.3], [0.002, 0.012], [0.0, 0.45]),
            Lighting::Led => ([0.15, 0.5], [0.001, 0.006], [0.0, 0.3]),
            Lighting::Natural => ([0.2, 0.6], [0.0005, 0.004], [0.0, 0.0]),
        };
        let strength = dice.between(shading[0], shading[1]);
        let angle = dice.between(-1.4, 1.4);
        let light = [strength * libm::sinf(angle), -strength * libm::cosf(angle) * dice.unit()];
        let mains = if dice.chance(0.5) { 100.0 } else { 120.0 };
        let wall = unlike(skin, 0.35, world.pick([0.07, 0.2], [0.06, 0.8]), dice);
        Self {
            look: Look { light, blur: world.scale(dice, [0.9, 2.5], [0.9, 3.0]) },
            background: background(sensor, wall, dice),
            contrast: libm::fabsf(libm::logf(wall / skin)),
            lag: dice.scale(lag[0], lag[1]),
            flicker: [dice.between(flicker[0], flicker[1]), mains],
        }
    }
}

/// Draws a wall, evenly or unevenly lit, with furniture before it.
fn background(sensor: Sensor, wall: f32, dice: &mut Dice) -> Canvas {
    let (width, height) = (usize::from(sensor.width), usize::from(sensor.height));
    let mut canvas = Canvas::new(width, height);
    let slope = [dice.between(-0.5, 0.5), dice.between(-0.5, 0.5)];
    // Each piece: left, right, top, bottom in parts of the picture, and its albedo.
    let pieces: Vec<[f32; 5]> = (0..dice.below(7))
        .map(|_| {
            let (left, top) = (dice.between(-0.2, 0.9), dice.between(-0.2, 0.9));
            let (wide, high) = (dice.between(0.05, 0.6), dice.between(0.05, 0.8));
            [left, left + wide, top, top + high, dice.scale(0.05, 0.8)]
        })
        .collect();
    for (row, pixels) in canvas.pixels_mut().chunks_exact_mut(width.max(1)).enumerate() {
        let y = row as f32 / height.max(1) as f32;
        for (column, pixel) in pixels.iter_mut().enumerate() {
            let x = column as f32 / width.max(1) as f32;
            let inside = |p: &&[f32; 5]| x >= p[0] && x < p[1] && y >= p[2] && y < p[3];
            let albedo = pieces.iter().rfind(inside).map_or(wall, |p| p[4]);
            *pixel = albedo * (1.0 + slope[0] * (x - 0.5) + slope[1] * (y - 0.5));
        }
    }
    canvas
}
