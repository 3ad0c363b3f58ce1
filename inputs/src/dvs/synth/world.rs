//! Conditions that recordings are drawn from, and the convention of circles.

use serde::Serialize;

use super::dice::Dice;

/// Ranges that people, clothes, places, cameras and movements are drawn from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// Conditions of DVS128 Gesture: a whole person at 2 m before a plain wall, dark shirts with
    /// short sleeves, a camera that is tuned well.
    #[default]
    Dataset,
    /// Wide ranges: any clothes and contrast, poor sensors, people at the edge of the picture or
    /// far away, and hands 30 cm before the camera.
    Wide,
}

impl World {
    /// All worlds, the data set's first.
    pub const ALL: [Self; 2] = [Self::Dataset, Self::Wide];

    /// Returns the name of the world in options and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Wide => "wide",
        }
    }

    /// Returns the first value in the data set's world and the second in the wide one.
    pub const fn pick<T: Copy>(self, dataset: T, wide: T) -> T {
        match self {
            Self::Dataset => dataset,
            Self::Wide => wide,
        }
    }

    /// Draws uniformly between the two numbers of this world's pair.
    pub(super) fn between(self, dice: &mut Dice, dataset: [f32; 2], wide: [f32; 2]) -> f32 {
        let [low, high] = self.pick(dataset, wide);
        dice.between(low, high)
    }

    /// Draws log-uniformly between the two positive numbers of this world's pair.
    pub(super) fn scale(self, dice: &mut Dice, dataset: [f32; 2], wide: [f32; 2]) -> f32 {
        let [low, high] = self.pick(dataset, wide);
        dice.scale(low, high)
    }
}

/// Point of view from which a circle is called clockwise.
///
/// No source that we found says which of the two DVS128 Gesture means, and event counts of 200 ms
/// cannot tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Clockwise as the camera sees the person.
    #[default]
    Camera,
    /// Clockwise as the person sees their own arm.
    Person,
}

impl Clock {
    /// Returns 1 if "clockwise" is clockwise in the picture, −1 if it is the other way round there.
    pub(super) const fn direction(self) -> f32 {
        match self {
            Self::Camera => 1.0,
            Self::Person => -1.0,
        }
    }
}
