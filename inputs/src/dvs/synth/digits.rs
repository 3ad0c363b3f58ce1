//! Digits before a moving event camera, in the manner of N-MNIST (Orchard et al. 2015): a dark
//! digit on a bright screen, three saccades along a triangle, 34 × 34 pixels, N-MNIST's file
//! format. No image or recording of others is used.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use super::camera::{Camera, Quality};
use super::dice::Dice;
use super::people::Pattern;
use super::render::{Canvas, Ink, Limb, Look, Shape};
use super::stage::Stage;
use super::strokes::{Stroke, write};
use crate::dvs::event::{CameraEvent, Sensor};

/// Pixels of N-MNIST's recordings.
pub const SENSOR: Sensor = Sensor { width: 34, height: 34 };
/// Number of digits.
pub const CLASSES: usize = 10;
/// Bytes of an event in a file.
pub const EVENT_BYTES: usize = 5;
/// Time between two pictures, µs: the digit moves by a fifth of a pixel at most.
const STEP_US: i64 = 1_000;
/// End of a recording, µs.
const LENGTH_US: i64 = 315_000;
/// Duration of a saccade with the rest after it, µs, measured on recordings of N-MNIST.
const SACCADE_US: f32 = 103_000.0;
/// Share of that time in which the camera moves.
const MOVING: f32 = 0.8;
/// Corners of the digit's way, pixels from the middle: it returns to the first.
const CORNERS: [[f32; 2]; 4] = [[-2.2, -2.0], [-0.2, 3.4], [3.0, -2.0], [-2.2, -2.0]];
/// Longer side of a digit without its stroke's width, pixels: MNIST scales digits to 20 ×
/// 20 with it.
const SIDE: f32 = 18.0;

/// Recordings to be made: digit, number and start of the random numbers determine each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitsOptions {
    /// Start of all random numbers.
    pub seed: u64,
    /// Recordings of each digit.
    pub each: u32,
    /// Part of the data set that the digits belong to.
    pub part: Part,
}

/// Part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Recordings to test with, in the folder `Test`.
    Test,
    /// Recordings to train with, in the folder `Train`.
    Train,
}

impl Part {
    /// Returns the name of the part's folder.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Test => "Test",
            Self::Train => "Train",
        }
    }
}

/// Failure to write a file.
#[derive(Debug, Error)]
#[error("{}: {error}", path.display())]
pub struct DigitsError {
    /// The file or folder.
    pub path: PathBuf,
    /// Message of the operating system.
    pub error: io::Error,
}

/// Makes a recording of a digit from 0 to 9.
pub fn record(seed: u64, digit: usize, number: u32) -> Vec<CameraEvent> {
    let part = |purpose: u64| Dice::new(&[seed, digit as u64, u64::from(number), purpose]);
    let mut dice = part(0);
    let strokes = write(digit, &mut dice);
    let pen = dice.between(0.9, 1.9);
    let limbs = fit(&strokes, pen, &mut dice);
    let stage = stage(&mut part(1));
    let mut camera = Camera::new(SENSOR, quality(&mut part(2)), &stage, part(3));
    let mut dice = part(4);
    let way = CORNERS.map(|[x, y]| [x + 0.25 * dice.normal(), y + 0.25 * dice.normal()]);
    let begin = dice.between(0.0, 8_000.0);
    let mut canvas = stage.background.clone();
    let mut events = Vec::new();
    for now in (0..=LENGTH_US).step_by(STEP_US as usize) {
        canvas.clear_to(&stage.background);
        let [dx, dy] = position(&way, now as f32 - begin);
        for limb in &limbs {
            let moved = |[x, y]: [f32; 2]| [x + dx, y + dy];
            canvas.paint(
                &Shape::Limb(Limb { from: moved(limb.from), to: moved(limb.to), ..*limb }),
                &stage.look,
            );
        }
        camera.see(canvas.pixels(), now, &mut events);
    }
    events
}

/// Returns the digit's displacement at a time, µs after the first saccade's beginning.
fn position(way: &[[f32; 2]; 4], time: f32) -> [f32; 2] {
    let turns = (time / SACCADE_US).clamp(0.0, 2.999_9);
    let leg = turns as usize;
    let part = ((turns - leg as f32) / MOVING).clamp(0.0, 1.0);
    let part = part * part * (3.0 - 2.0 * part);
    let (from, to) = (way[leg], way[leg + 1]);
    [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]
}

/// Scales strokes to the size of MNIST's digits and puts their centre of mass into the middle,
/// as MNIST does.
fn fit(strokes: &[Stroke], pen: f32, dice: &mut Dice) -> Vec<Limb> {
    let points = || strokes.iter().flatten();
    let span = |k: usize| {
        let low = points().map(|p| p[k]).fold(f32::INFINITY, f32::min);
        points().map(|p| p[k]).fold(f32::NEG_INFINITY, f32::max) - low
    };
    let scale = SIDE * dice.between(0.92, 1.05) / span(0).max(span(1)).max(0.1);
    let mut mass = [0.0; 3];
    for (from, to) in pieces(strokes) {
        let length = ((to[0] - from[0]) * (to[0] - from[0]) + (to[1] - from[1]) * (to[1] - from[1])).sqrt();
        mass[0] += length * 0.5 * (from[0] + to[0]);
        mass[1] += length * 0.5 * (from[1] + to[1]);
        mass[2] += length;
    }
    let middle =
        |k: usize, size: u16| move |x: f32| scale * (x - mass[k] / mass[2].max(1e-6)) + 0.5 * f32::from(size);
    let place = [middle(0, SENSOR.width), middle(1, SENSOR.height)];
    let ink = Ink { albedo: dice.scale(0.04, 0.16), pattern: Pattern::default() };
    let limb = |(from, to): ([f32; 2], [f32; 2])| Limb {
        from: [place[0](from[0]), place[1](from[1])],
        to: [place[0](to[0]), place[1](to[1])],
        radii: [pen, pen],
        ink,
    };
    pieces(strokes).map(limb).collect()
}

/// Iterates over the straight pieces of strokes.
fn pieces(strokes: &[Stroke]) -> impl Iterator<Item = ([f32; 2], [f32; 2])> {
    strokes.iter().flat_map(|stroke| stroke.windows(2).map(|ends| (ends[0], ends[1])))
}

/// Returns an evenly bright screen, which flickers not at all.
fn stage(dice: &mut Dice) -> Stage {
    let mut background = Canvas::new(usize::from(SENSOR.width), usize::from(SENSOR.height));
    background.pixels_mut().fill(1.0);
    Stage {
        look: Look { light: [0.0, 0.0], blur: dice.between(1.0, 2.0) },
        background,
        contrast: 2.0,
        lag: dice.scale(0.001, 0.005),
        flicker: [0.0, 100.0],
    }
}

/// Draws a sensor that is tuned well, with as many events as recordings of N-MNIST have.
fn quality(dice: &mut Dice) -> Quality {
    let threshold = dice.scale(0.27, 0.5);
    let balance = dice.scale(0.85, 1.18);
    Quality {
        thresholds: [threshold * balance, threshold / balance],
        mismatch: dice.between(0.05, 0.2),
        jitter: dice.between(0.05, 0.3),
        refractory_us: dice.scale(300.0, 6_000.0),
        noise_hz: dice.scale(0.02, 0.6),
        noise_spread: dice.between(0.0, 1.5),
        hot_pixels: 0,
        hot_hz: 0.0,
        noise_on: dice.between(0.35, 0.65),
        answer: 0.0,
        late: dice.between(0.0, 0.3),
        late_s: dice.scale(0.003, 0.02),
        loss: dice.between(0.0, 0.2),
        repeat: 0.0,
    }
}

/// Encodes events as N-MNIST's files do: column, row, then a bit of polarity and 23 bits of time in
/// µs, big endian.
pub fn encode(events: &[CameraEvent]) -> Vec<u8> {
    let encode = |event: &CameraEvent| {
        let rest = u32::from(event.on) << 23 | (event.t.clamp(0, 0x7f_ffff) as u32);
        let [_, high, middle, low] = rest.to_be_bytes();
        [event.x as u8, event.y as u8, high, middle, low]
    };
    events.iter().flat_map(encode).collect()
}

/// Writes recordings in N-MNIST's layout, `PART/DIGIT/NUMBER.bin`; returns the number of events.
///
/// # Errors
///
/// Fails if a folder or file cannot be written.
pub fn write_digits(folder: &Path, options: &DigitsOptions) -> Result<u64, DigitsError> {
    let folders: Vec<_> =
        (0..CLASSES).map(|digit| folder.join(options.part.folder()).join(digit.to_string())).collect();
    for path in &folders {
        fs::create_dir_all(path).map_err(|error| DigitsError { path: path.clone(), error })?;
    }
    let count = CLASSES as u32 * options.each;
    let write = |place: u32| {
        let (digit, number) = (place as usize % CLASSES, place / CLASSES as u32 + 1);
        let bytes = encode(&record(options.seed, digit, number));
        let path = folders[digit].join(format!("{number:05}.bin"));
        fs::write(&path, &bytes).map_err(|error| DigitsError { path, error })?;
        Ok((bytes.len() / EVENT_BYTES) as u64)
    };
    (0..count).into_par_iter().map(write).try_reduce(|| 0, |a, b| Ok(a + b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_repeat_and_differ_by_seed_digit_and_number() {
        let first = record(1, 3, 1);
        assert_eq!(first, record(1, 3, 1));
        for other in [record(2, 3, 1), record(1, 4, 1), record(1, 3, 2)] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn recordings_have_the_size_and_the_pauses_of_n_mnist() {
        for digit in 0..CLASSES {
            let events = record(5, digit, 1);
            assert!((1_000..9_000).contains(&events.len()), "{digit}: {} events", events.len());
            assert!(events.iter().all(|e| e.x < 34 && e.y < 34 && (0..=LENGTH_US).contains(&e.t)));
            assert!(events.is_sorted_by_key(|e| e.t));
            // The camera moves in the middle of a saccade and rests between two.
            let within = |from: i64, to: i64| events.iter().filter(|e| e.t >= from && e.t < to).count();
            assert!(within(35_000, 60_000) > 3 * within(90_000, 105_000), "{digit}");
        }
    }

    #[test]
    fn events_are_encoded_as_in_n_mnist() {
        let event = CameraEvent { t: 0x01_0203, x: 33, y: 7, on: true };
        assert_eq!(encode(&[event, CameraEvent { on: false, ..event }]), [33, 7, 0x81, 2, 3, 33, 7, 1, 2, 3]);
    }

    #[test]
    fn files_lie_in_folders_of_classes() {
        let folder = tempfile::tempdir().unwrap();
        let events =
            write_digits(folder.path(), &DigitsOptions { seed: 1, each: 1, part: Part::Train }).unwrap();
        let bytes = |digit: usize| {
            fs::metadata(folder.path().join(format!("Train/{digit}/00001.bin"))).unwrap().len()
        };
        assert_eq!((0..CLASSES).map(bytes).sum::<u64>(), EVENT_BYTES as u64 * events);
        let error = write_digits(
            &folder.path().join("Train/0/00001.bin"),
            &DigitsOptions { seed: 1, each: 1, part: Part::Test },
        );
        assert!(error.unwrap_err().to_string().contains("00001.bin"));
    }
}
