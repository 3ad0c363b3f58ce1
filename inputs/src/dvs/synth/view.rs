//! Position of the camera and its field of view.

use super::dice::Dice;
use super::motion::Motion;
use super::people::Person;
use super::vector::{Vec3, vec3};
use super::world::World;

/// A camera before a person: a pinhole, rolled a little.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Pixels a metre at the person's shoulders.
    pub pixels_per_metre: f32,
    /// Camera to shoulders, metres.
    pub distance: f32,
    /// The camera above the shoulders, metres.
    pub height: f32,
    /// Pixel of the middle between the shoulders: column, row.
    pub centre: [f32; 2],
    /// Sine and cosine of the roll.
    pub roll: [f32; 2],
    /// Pose of the hands before a near camera; `None` where the camera sees the whole upper body.
    pub close: Option<Close>,
}

/// A gesture made close to the camera: the person brings the hands before it and moves them less.
#[derive(Clone, Copy, Debug)]
pub struct Close {
    /// Distance of the hands to the front of the shoulders, arm lengths.
    pub forwards: f32,
    /// Height of the hands above the shoulders, arm lengths.
    pub up: f32,
    /// Factor on the size of the movement.
    pub size: f32,
    /// Place of the hands relative to the camera's axis, metres: right in the picture, up.
    pub beside: [f32; 2],
}

/// A point of the picture: column, row, and pixels a metre there.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    /// Column, from the left.
    pub x: f32,
    /// Row, from the top.
    pub y: f32,
    /// Pixels a metre at this depth.
    pub scale: f32,
}

impl View {
    /// Draws the camera's place before a person.
    ///
    /// In the data set's world both arms stretched out are in the picture. In the wide world the
    /// camera is nearer or farther; in one recording of five the person is far away or at an edge
    /// of the picture; in one of five, hands are 25 to 70 cm before the camera.
    pub fn draw(world: World, dice: &mut Dice) -> Self {
        match (world, dice.below(5)) {
            (World::Wide, 0) => Self::near_hands(dice),
            (World::Wide, 1) => Self::far_or_aside(dice),
            _ => Self::upper_body(world, dice),
        }
    }

    /// Draws a view of the whole upper body in a picture of 128 × 128 pixels.
    fn upper_body(world: World, dice: &mut Dice) -> Self {
        let pixels_per_metre = world.scale(dice, [46.0, 61.0], [46.0, 105.0]);
        let roll = world.pick(0.03, 0.07) * dice.normal();
        // What hands do is in the picture, and near its middle if it fills it: hands go
        // half a metre above and below the shoulders, and as far to either side as a
        // person's place allows.
        let (middle, share) = world.pick((66.0, 0.25), (61.0, 0.65));
        let apart = share * (55.0 - 0.44 * pixels_per_metre);
        let aside = world.pick(0.3, 1.0) * (5.0 + 0.25 * (105.0 - pixels_per_metre));
        Self {
            pixels_per_metre,
            distance: world.scale(dice, [1.2, 3.0], [1.2, 3.5]),
            height: world.between(dice, [-0.3, 0.3], [-0.4, 0.4]),
            centre: [64.0 + dice.between(-aside, aside), middle + dice.between(-apart, apart)],
            roll: [libm::sinf(roll), libm::cosf(roll)],
            close: None,
        }
    }

    /// Draws a view of a person far away anywhere in the picture, or at its left or right edge.
    fn far_or_aside(dice: &mut Dice) -> Self {
        let view = Self::upper_body(World::Wide, dice);
        let pixels_per_metre = dice.scale(28.0, 75.0);
        // Hands reach 0.6 m to either side of the middle: they stay in the picture.
        let aside = (64.0 - 0.6 * pixels_per_metre).max(18.0);
        let column = 64.0 + aside * dice.between(0.4, 1.0) * dice.sign();
        let apart = (64.0 - 0.6 * pixels_per_metre).max(8.0);
        let centre = [column, 64.0 + dice.between(-apart, apart)];
        Self { pixels_per_metre, distance: dice.scale(1.8, 6.0), centre, ..view }
    }

    /// Draws a view of hands near the camera, which stands or lies within the person's reach.
    fn near_hands(dice: &mut Dice) -> Self {
        let (forwards, hand_away) = (dice.between(0.4, 0.75), dice.scale(0.25, 0.7));
        // Arm lengths are about 0.56 m. `focal` is in pixels: a DVS128 has pixels of 40 µm, lenses
        // 3.5 to 9 mm.
        let distance = hand_away + 0.56 * forwards;
        let focal = dice.scale(85.0, 220.0);
        let roll = 0.1 * dice.normal();
        let half = 64.0 / focal * hand_away;
        Self {
            pixels_per_metre: focal / distance,
            distance,
            height: 0.0,
            centre: [64.0, 64.0],
            roll: [libm::sinf(roll), libm::cosf(roll)],
            close: Some(Close {
                forwards,
                up: dice.between(-0.3, 0.15),
                // The movement keeps within the picture, if hands are to be recognised.
                size: (half / 0.3).min(1.0) * dice.between(0.6, 1.0),
                beside: [half * dice.between(-0.5, 0.5), half * dice.between(-0.5, 0.3)],
            }),
        }
    }

    /// Moves a performance before a camera that is near the hands, and returns the place of the
    /// person's body that brings them there, metres; [`Vec3::ZERO`] for any other camera.
    pub fn stand(&self, motion: &mut Motion, person: &Person) -> Vec3 {
        let Some(close) = self.close else { return Vec3::ZERO };
        let (arm, shoulder) = (person.arm(), person.shoulder);
        let mut hands = [(&mut motion.right, -1.0), (&mut motion.left, 1.0)];
        let (mut middle, mut moving) = (Vec3::ZERO, 0.0_f32);
        for (path, side) in hands.iter_mut().filter(|(path, _)| path.moves()) {
            path.centre.x *= close.size;
            path.centre.y = close.up + 0.5 * close.size * (path.centre.y - close.up);
            path.centre.z = close.forwards;
            path.resize(close.size);
            middle = middle + vec3(*side * (shoulder + path.centre.x * arm), path.centre.y * arm, 0.0);
            moving += 1.0;
        }
        let [right, up] = close.beside;
        vec3(right, up, 0.0) - middle * (1.0 / moving.max(1.0))
    }

    /// Projects a point of the body's space into the picture. Points at the camera are moved to
    /// just before it.
    pub fn see(&self, point: Vec3) -> Spot {
        let depth = (self.distance - point.z).max(0.3);
        let scale = self.pixels_per_metre * self.distance / depth;
        let (x, y) = (point.x * scale, (point.y - self.height) * scale + self.height * self.pixels_per_metre);
        let [sin, cos] = self.roll;
        Spot { x: self.centre[0] + cos * x - sin * y, y: self.centre[1] - sin * x - cos * y, scale }
    }
}
