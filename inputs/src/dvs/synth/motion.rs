//! Movements: where both hands are at any moment.

use std::f32::consts::TAU;

use super::dice::Dice;
use super::vector::{Vec3, vec3};

/// Path of one hand over a beat, as the first terms of a Fourier series.
///
/// Lengths are in arm lengths (shoulder to wrist), from the shoulder, in an arm's directions:
/// outwards, up, to the front.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// Middle of the way.
    pub centre: Vec3,
    /// Amplitude of the sine of the beat, arm lengths.
    pub sin: Vec3,
    /// Amplitude of the cosine of the beat, arm lengths.
    pub cos: Vec3,
    /// Amplitude of the sine of twice the beat, arm lengths.
    pub sin2: Vec3,
    /// Amplitude of the cosine of twice the beat, arm lengths.
    pub cos2: Vec3,
    /// Speed relative to the beat.
    pub ratio: f32,
    /// Phase ahead of the beat, as a share of a turn.
    pub phase: f32,
    /// Direction in which the elbow is bent.
    pub elbow: Vec3,
    /// The hand turns at the wrist by up to this, radians, with the sine of the beat.
    pub turn: f32,
    /// Spread of the fingers: 0 is a fist, 1 an open hand.
    pub spread: f32,
}

impl Path {
    /// Returns the path of a hand that stays where it is.
    pub const fn still(centre: Vec3) -> Self {
        Self {
            centre,
            sin: Vec3::ZERO,
            cos: Vec3::ZERO,
            sin2: Vec3::ZERO,
            cos2: Vec3::ZERO,
            ratio: 1.0,
            phase: 0.0,
            elbow: vec3(0.4, -0.6, -0.7),
            turn: 0.0,
            spread: 0.3,
        }
    }

    /// Returns the path of a hanging arm.
    pub const fn hanging() -> Self {
        Self::still(vec3(0.10, -0.97, 0.08))
    }

    /// Returns `true` if the hand goes farther than a hanging arm swings.
    pub(super) fn moves(&self) -> bool {
        [self.sin, self.cos, self.sin2, self.cos2].iter().any(|way| way.length() > 0.05)
    }

    /// Scales the amplitude of the hand's path.
    pub(super) fn resize(&mut self, factor: f32) {
        for way in [&mut self.sin, &mut self.cos, &mut self.sin2, &mut self.cos2] {
            *way = *way * factor;
        }
    }

    /// Returns the pose of the arm at this beat.
    pub fn at(&self, beat: f32, size: f32) -> ArmPose {
        let angle = TAU * (beat * self.ratio + self.phase);
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        let way = self.sin * sin
            + self.cos * cos
            + self.sin2 * (2.0 * sin * cos)
            + self.cos2 * (cos * cos - sin * sin);
        ArmPose {
            wrist: self.centre + way * size,
            elbow: self.elbow,
            turn: self.turn * sin,
            spread: self.spread,
        }
    }
}

/// Pose of an arm, in arm lengths and an arm's directions as in [`Path`].
#[derive(Clone, Copy, Debug)]
pub struct ArmPose {
    /// The wrist, from the shoulder.
    pub wrist: Vec3,
    /// Direction in which the elbow is bent.
    pub elbow: Vec3,
    /// Angle of the hand to the forearm in the picture, radians, outwards positive.
    pub turn: f32,
    /// Spread of the fingers: 0 is a fist, 1 an open hand.
    pub spread: f32,
}

impl ArmPose {
    fn towards(self, other: Self, part: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * part;
        Self {
            wrist: self.wrist.towards(other.wrist, part),
            elbow: self.elbow.towards(other.elbow, part),
            turn: mix(self.turn, other.turn),
            spread: mix(self.spread, other.spread),
        }
    }
}

/// Pose of a body.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    /// The person's right arm: on the image's left.
    pub right: ArmPose,
    /// The person's left arm: on the image's right.
    pub left: ArmPose,
    /// Displacement of the whole body, metres, in the body's directions.
    pub body: Vec3,
    /// The trunk leans to the image's right by this, radians.
    pub lean: f32,
    /// The trunk turns by this, radians: the shoulder on the image's left comes to the front.
    pub twist: f32,
}

impl Pose {
    /// Returns the pose of a person who stands with hanging arms.
    pub fn rest() -> Self {
        let arm = Path::hanging().at(0.0, 1.0);
        Self { right: arm, left: arm, body: Vec3::ZERO, lean: 0.0, twist: 0.0 }
    }

    /// Interpolates linearly between this pose (`part` is 0) and another pose (1).
    #[must_use]
    pub fn towards(self, other: Self, part: f32) -> Self {
        Self {
            right: self.right.towards(other.right, part),
            left: self.left.towards(other.left, part),
            body: self.body.towards(other.body, part),
            lean: self.lean + (other.lean - self.lean) * part,
            twist: self.twist + (other.twist - self.twist) * part,
        }
    }

    /// Returns the pose as seen in a mirror.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self {
            right: self.left,
            left: self.right,
            body: self.body.mirrored(),
            lean: -self.lean,
            twist: -self.twist,
        }
    }
}

/// Performance of a gesture: repeated movements of both hands and the body.
#[derive(Clone, Debug)]
pub struct Motion {
    /// The person's right hand.
    pub right: Path,
    /// The person's left hand.
    pub left: Path,
    /// Beats a second.
    pub tempo: f32,
    /// Up and down of the body with the beat, metres.
    pub bounce: f32,
    /// Leaning with the beat, radians.
    pub lean: f32,
    /// Turning of the trunk with the beat, radians.
    pub twist: f32,
    /// Irregularity of tempo and size.
    pub unsteadiness: Unsteadiness,
}

/// Slow changes of tempo and size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unsteadiness {
    beats: [f32; 3],
    size: [f32; 3],
    start: f32,
}

impl Unsteadiness {
    /// Draws the irregularity of one performance and the beat at which the gesture starts.
    pub fn draw(dice: &mut Dice) -> Self {
        let mut wave = |most: f32| [dice.between(0.0, most), dice.between(0.12, 0.5), dice.unit()];
        let (beats, size) = (wave(0.16), wave(0.22));
        Self { beats, size, start: dice.unit() }
    }

    /// Returns a slow variation about 0 at `t` seconds, within ±0.38.
    pub fn at(&self, t: f32) -> f32 {
        wave(self.beats, t) + wave(self.size, t)
    }
}

/// Computes a slow wave, `[height, frequency in Hz, phase in periods]`, at `t` seconds.
fn wave([height, frequency, phase]: [f32; 3], t: f32) -> f32 {
    height * libm::sinf(TAU * (frequency * t + phase))
}

impl Motion {
    /// Creates a motion of two hands at a tempo, of a body that stands still.
    pub fn new(right: Path, left: Path, tempo: f32, dice: &mut Dice) -> Self {
        let unsteadiness = Unsteadiness::draw(dice);
        Self { right, left, tempo, bounce: 0.0, lean: 0.0, twist: 0.0, unsteadiness }
    }

    /// Returns the pose `t` seconds after the beginning.
    pub fn at(&self, t: f32) -> Pose {
        let beat = self.unsteadiness.start + self.tempo * t + wave(self.unsteadiness.beats, t);
        let size = 1.0 + wave(self.unsteadiness.size, t);
        let (sin, cos) = (libm::sinf(TAU * beat), libm::cosf(TAU * beat));
        Pose {
            right: self.right.at(beat, size),
            left: self.left.at(beat, size),
            body: vec3(0.0, self.bounce * cos, 0.0),
            lean: self.lean * sin,
            twist: self.twist * sin,
        }
    }

    /// Returns the motion as seen in a mirror: what the right hand does, the left one does.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { right: self.left, left: self.right, lean: -self.lean, twist: -self.twist, ..self }
    }
}
