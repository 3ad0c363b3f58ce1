//! The eleven classes of DVS128 Gesture (Amir et al., CVPR 2017), in the order of its labels.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A class of DVS128 Gesture. The data set's labels count from 1 ([`Self::label`]), networks and
/// tonic from 0 ([`Self::index`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gesture(u8);

/// Number of classes.
pub const GESTURES: usize = NAMES.len();

/// Names in the order of the labels.
const NAMES: [&str; 11] = [
    "hand_clapping",
    "right_hand_wave",
    "left_hand_wave",
    "right_arm_clockwise",
    "right_arm_counter_clockwise",
    "left_arm_clockwise",
    "left_arm_counter_clockwise",
    "arm_roll",
    "air_drums",
    "air_guitar",
    "other_gestures",
];

/// Abbreviated names for narrow places: R and L are the person's own right and left,
/// cw is clockwise.
const SHORT: [&str; GESTURES] = [
    "clap",
    "R wave",
    "L wave",
    "R arm cw",
    "R arm ccw",
    "L arm cw",
    "L arm ccw",
    "arm roll",
    "drums",
    "guitar",
    "other",
];

impl Gesture {
    /// Returns the class with this number, from 0; `None` if there is none.
    pub fn from_index(index: usize) -> Option<Self> {
        (index < GESTURES).then_some(Self(index as u8))
    }

    /// Returns the class with this label, from 1; `None` if there is none.
    pub fn from_label(label: u32) -> Option<Self> {
        Self::from_index((label as usize).checked_sub(1)?)
    }

    /// Returns the number of the gesture, from 0.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the label of the gesture in the data set, from 1.
    pub const fn label(self) -> u32 {
        self.0 as u32 + 1
    }

    /// Returns the name of the gesture in the data set.
    pub const fn name(self) -> &'static str {
        NAMES[self.0 as usize]
    }

    /// Returns a short name of the gesture, for narrow places.
    pub const fn short(self) -> &'static str {
        SHORT[self.0 as usize]
    }

    /// Iterates over all gestures in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..GESTURES as u8).map(Self)
    }
}

impl fmt::Display for Gesture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_count_from_one_and_numbers_from_zero() {
        assert_eq!(Gesture::from_label(2).map(Gesture::name), Some("right_hand_wave"));
        assert_eq!(Gesture::from_label(0), None);
        assert_eq!(Gesture::from_label(12), None);
        assert!(Gesture::all().all(|g| Gesture::from_label(g.label()) == Gesture::from_index(g.index())));
        assert_eq!(Gesture::all().count(), 11);
    }
}
