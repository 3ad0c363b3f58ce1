//! A gesture synthesiser: people who make the gestures of DVS128 Gesture before a
//! modelled event camera.
//!
//! Person, place, camera and performance are drawn from ranges ([`people`], [`stage`], [`view`],
//! [`camera`], [`gestures`]): those of the real data set, or wide ones, from which a network has to
//! learn the gesture and nothing else ([`world`]). Everything is deterministic: a recording is a
//! function of its [`trial::TrialOptions`].
//!
//! [`digits`] shows the camera written digits instead, in the manner of N-MNIST.

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
