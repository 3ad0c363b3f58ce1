//! Where the camera stands and what it looks at.

use super::dice::Dice;
use super::vector::Vec3;

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
    /// Draws where somebody put the camera: the whole upper body in a picture of 128 × 128 pixels, nearer or farther.
    pub fn draw(dice: &mut Dice) -> Self {
        let pixels_per_metre = dice.scale(46.0, 105.0);
        let roll = 0.07 * dice.normal();
        // What hands do is in the picture, and near its middle if it fills it: hands go half a metre above and below the
        // shoulders, and as far to either side as a person's place allows.
        let (middle, apart) = (61.0, 0.65 * (55.0 - 0.44 * pixels_per_metre));
        let aside = 5.0 + 0.25 * (105.0 - pixels_per_metre);
        Self {
            pixels_per_metre,
            distance: dice.scale(1.2, 3.5),
            height: dice.between(-0.4, 0.4),
            centre: [64.0 + dice.between(-aside, aside), middle + dice.between(-apart, apart)],
            roll: [libm::sinf(roll), libm::cosf(roll)],
        }
    }

    /// Where a point of the body's space lands in the picture. Points at the camera are kept before it.
    pub fn see(&self, point: Vec3) -> Spot {
        let depth = (self.distance - point.z).max(0.3);
        let scale = self.pixels_per_metre * self.distance / depth;
        let (x, y) = (point.x * scale, (point.y - self.height) * scale + self.height * self.pixels_per_metre);
        let [sin, cos] = self.roll;
        Spot { x: self.centre[0] + cos * x - sin * y, y: self.centre[1] - sin * x - cos * y, scale }
    }
}
