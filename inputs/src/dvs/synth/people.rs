//! Synthetic people: body, clothes and way of moving.

use super::dice::Dice;
use super::world::World;

/// Person who makes gestures. Lengths are in metres; colours are albedos, the share of reflected
/// light.
#[derive(Clone, Debug)]
pub struct Person {
    /// Distance from shoulder to elbow.
    pub upper_arm: f32,
    /// Distance from elbow to wrist.
    pub forearm: f32,
    /// Distance from wrist to finger tips.
    pub hand: f32,
    /// Distance from the body's middle to a shoulder joint.
    pub shoulder: f32,
    /// Half of the width of the hips.
    pub hip: f32,
    /// Distance from shoulders to hips.
    pub torso: f32,
    /// Half of the height of the head.
    pub head: f32,
    /// Radius of the upper arm.
    pub thickness: f32,
    /// Albedo of the skin.
    pub skin: f32,
    /// Albedo of the hair.
    pub hair: f32,
    /// Length of the hair down the head: 0 bald, 1 long.
    pub hair_length: f32,
    /// Albedo of the upper clothes.
    pub shirt: f32,
    /// Albedo of the lower clothes.
    pub trousers: f32,
    /// Whether sleeves reach the wrist instead of the elbow.
    pub long_sleeves: bool,
    /// Pattern of the clothes.
    pub pattern: Pattern,
    /// Whether the person plays the guitar left-handed.
    pub left_handed: bool,
    /// Personal factor on the speed of all gestures.
    pub tempo: f32,
    /// Personal factor on the size of all gestures.
    pub reach: f32,
    /// Amplitude of the body's movement with the gesture, metres.
    pub sway: f32,
    /// Whether the person wears glasses.
    pub glasses: bool,
}

/// Pattern of clothes (stripes, folds, prints): a triangle wave over the surface.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pattern {
    /// Contrast: 0 none, 0.5 strong.
    pub contrast: f32,
    /// Number of waves along a limb or the torso.
    pub along: f32,
    /// Number of waves across a limb or the torso.
    pub across: f32,
}

/// Draws an albedo in `low..high` that differs from `other` by at least `least` in log intensity.
pub fn unlike(other: f32, least: f32, [low, high]: [f32; 2], dice: &mut Dice) -> f32 {
    const TRIES: usize = 20;
    let mut albedo = dice.scale(low, high);
    for _ in 0..TRIES {
        if libm::fabsf(libm::logf(albedo / other)) >= least {
            break;
        }
        albedo = dice.scale(low, high);
    }
    albedo
}

impl Person {
    /// Draws a person of a world. Sizes vary like those of adults (about ±8 %).
    ///
    /// In the wide world clothes vary freely. In the data set's world skin is the brightest part of
    /// the picture, and shirts are dark and mostly end at the elbow. So forearms contrast with wall
    /// and trunk, and the polarity of an edge shows the direction in which a hand moves.
    pub fn draw(world: World, dice: &mut Dice) -> Self {
        let size = 1.0 + 0.07 * dice.normal();
        let build = 1.0 + 0.12 * dice.normal();
        let length = |mean: f32, dice: &mut Dice| mean * size * (1.0 + 0.03 * dice.normal());
        let (upper_arm, forearm, hand) = (length(0.30, dice), length(0.26, dice), length(0.18, dice));
        let (shoulder, torso, head) = (length(0.19, dice), length(0.52, dice), length(0.125, dice));
        let plain = dice.chance(0.45);
        let skin = world.scale(dice, [0.4, 0.60], [0.12, 0.60]);
        Self {
            upper_arm,
            forearm,
            hand,
            shoulder: shoulder * (0.7 + 0.3 * build),
            hip: 0.165 * size * build,
            torso,
            head,
            thickness: 0.052 * size * build,
            skin,
            hair: dice.scale(0.03, 0.45),
            hair_length: if dice.chance(0.12) { 0.0 } else { dice.between(0.35, 1.0) },
            shirt: unlike(skin, 0.3, world.pick([0.04, 0.14], [0.04, 0.80]), dice),
            trousers: dice.scale(0.04, 0.45),
            long_sleeves: dice.chance(world.pick(0.06, 0.5)),
            pattern: Pattern {
                contrast: if plain { dice.between(0.0, 0.06) } else { dice.between(0.08, 0.45) },
                along: dice.scale(0.8, 7.0),
                across: if dice.chance(0.5) { 0.0 } else { dice.between(0.3, 2.0) },
            },
            left_handed: dice.chance(world.pick(0.04, 0.1)),
            tempo: dice.scale(0.75, 1.3),
            reach: dice.between(0.8, 1.2),
            sway: world.scale(dice, [0.001, 0.005], [0.003, 0.03]),
            glasses: dice.chance(0.4),
        }
    }

    /// Returns the distance from shoulder to wrist.
    pub fn arm(&self) -> f32 {
        self.upper_arm + self.forearm
    }
}
