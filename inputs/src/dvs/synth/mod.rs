//! Gesture synthesiser: synthetic people make the gestures of DVS128 Gesture in front of a modelled
//! event camera.
//!
//! Person, place, camera and performance are drawn from ranges ([`people`], [`stage`], [`view`],
//! [`camera`], [`gestures`]). The ranges are those of the real data set, or wide ones, which leave
//! a network nothing to learn but the gesture ([`world`]). Everything is deterministic: a recording
//! is a function of its [`trial::TrialOptions`].
//!
//! [`digits`] shows handwritten digits to the camera instead, in the manner of N-MNIST.

pub mod body;
pub mod camera;
pub mod dice;
pub mod digits;
pub mod gestures;
pub mod motion;
pub mod others;
pub mod people;
pub mod render;
pub mod stage;
pub mod strokes;
pub mod trial;
pub mod vector;
pub mod view;
pub mod world;

#[cfg(test)]
mod tests;
