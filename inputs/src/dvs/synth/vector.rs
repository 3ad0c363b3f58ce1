//! Points and directions in space, metres.

use std::ops::{Add, Mul, Neg, Sub};

/// A point or direction. For a body: x to the image's right, y up, z towards the camera. For an
/// arm: x outwards from the body's middle (so that both arms read alike), y up, z to the front.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vec3 {
    /// Component to the right (body) or outwards (arm).
    pub x: f32,
    /// Component that points upwards.
    pub y: f32,
    /// Component towards the camera (body) or to the front (arm).
    pub z: f32,
}

/// Creates a point or direction from its coordinates.
pub const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

impl Vec3 {
    /// The zero vector, the origin of a space.
    pub const ZERO: Self = vec3(0.0, 0.0, 0.0);

    /// Returns the scalar product of two vectors.
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// Returns the length of the vector.
    pub fn length(self) -> f32 {
        libm::sqrtf(self.dot(self))
    }

    /// Returns the direction with length one; `otherwise` if there is no direction.
    #[must_use]
    pub fn unit_or(self, otherwise: Self) -> Self {
        let length = self.length();
        if length > 1e-6 { self * (1.0 / length) } else { otherwise }
    }

    /// Returns the point at the fraction `part` of the way to `other`.
    #[must_use]
    pub fn towards(self, other: Self, part: f32) -> Self {
        self + (other - self) * part
    }

    /// Returns the mirror image: left and right change places.
    #[must_use]
    pub fn mirrored(self) -> Self {
        vec3(-self.x, self.y, self.z)
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vec3(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vec3(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Neg for Vec3 {
    type Output = Self;
    fn neg(self) -> Self {
        self * -1.0
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        vec3(self.x * factor, self.y * factor, self.z * factor)
    }
}
