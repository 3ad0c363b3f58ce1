//! An event camera's pixels: each compares the logarithm of its light with what it last reported.
//!
//! The model is the common one (Lichtsteiner, Posch, Delbrück 2008; Hu, Liu, Delbrück 2021
//! "v2e"): photoreceptor of limited bandwidth, thresholds that differ from pixel to pixel, a
//! refractory time, background activity, hot pixels, flicker; and, as recordings show, events
//! that the bus sends twice.

use super::dice::Dice;
use super::render::ln;
use super::stage::Stage;
use super::world::World;
use crate::dvs::event::{CameraEvent, Sensor};

/// Quality of a sensor: thresholds, noise, delays and losses.
#[derive(Clone, Debug)]
pub struct Quality {
    /// Mean threshold of ON and of OFF events, in log intensity.
    pub thresholds: [f32; 2],
    /// Standard deviation of thresholds from pixel to pixel, relative.
    pub mismatch: f32,
    /// Change of a pixel's threshold from event to event, relative: its temporal noise.
    pub jitter: f32,
    /// Refractory period of a pixel after an event, µs.
    pub refractory_us: f32,
    /// Events of a pixel without any change, Hz, in the mean of all pixels.
    pub noise_hz: f32,
    /// Standard deviation of the logarithms of the pixels' noise rates.
    pub noise_spread: f32,
    /// Number of pixels that fire by themselves, each with its own rate.
    pub hot_pixels: usize,
    /// Mean rate of a hot pixel, Hz.
    pub hot_hz: f32,
    /// Part of ON among events without a change.
    pub noise_on: f32,
    /// Probability that an event without a change is answered: a pixel whose level is noise crosses
    /// the other threshold some milliseconds later.
    pub answer: f32,
    /// Part of the events that come late: the light's change alone does not reach a threshold, and
    /// is reported when the pixel's noise helps.
    pub late: f32,
    /// Mean delay of the late events, seconds.
    pub late_s: f32,
    /// Probability that an event is lost on the bus.
    pub loss: f32,
    /// Probability that an event is sent once more, 1 µs later.
    pub repeat: f32,
}

impl Quality {
    /// Draws a sensor and its biases: a well-tuned one in the data set's world, anything down to
    /// one that hardly sees the person in the wide world.
    ///
    /// Thresholds stay below the difference between skin and wall (`contrast`, log intensity), the
    /// more so if events get lost: a user who sets up a camera checks that it sees something.
    pub fn draw(world: World, contrast: f32, dice: &mut Dice) -> Self {
        let loss = if dice.chance(world.pick(0.0, 0.45)) { dice.between(0.0, 0.65) } else { 0.0 };
        let [least, most] = world.pick([0.12, 0.4], [0.07, 0.5]);
        let threshold = dice.scale(least, (0.6 * contrast * (1.0 - 0.6 * loss)).clamp(0.14, most));
        let balance = world.scale(dice, [0.8, 1.1], [0.75, 1.3]);
        let noisy = dice.unit();
        Self {
            thresholds: [threshold * balance, threshold / balance],
            mismatch: dice.between(0.05, 0.3),
            jitter: dice.between(0.05, 0.5),
            refractory_us: world.scale(dice, [200.0, 1_500.0], [200.0, 12_000.0]),
            noise_hz: world.pick(0.006, 0.01) * libm::powf(world.pick(5.0, 25.0), noisy),
            noise_spread: dice.between(0.0, 2.5),
            hot_pixels: (world.pick(30.0, 100.0) * dice.unit() * noisy) as usize,
            hot_hz: dice.scale(4.0, 20.0),
            noise_on: dice.between(0.25, 0.7),
            answer: if dice.chance(world.pick(0.3, 0.7)) { dice.between(0.0, 0.5) } else { 0.0 },
            late: if dice.chance(world.pick(0.0, 0.35)) { dice.between(0.2, 0.95) } else { 0.0 },
            late_s: dice.scale(0.03, 0.25),
            loss,
            repeat: if dice.chance(world.pick(0.2, 0.4)) { dice.between(0.0, 0.3) } else { 0.0 },
        }
    }
}

impl Quality {
    /// Puts an event on the bus, which loses some events and repeats others, whatever their cause;
    /// all before `end`.
    fn send(&self, event: CameraEvent, end: i64, dice: &mut Dice, events: &mut Vec<CameraEvent>) {
        if self.loss > 0.0 && dice.chance(self.loss) {
            return;
        }
        events.push(event);
        if self.repeat > 0.0 {
            let mut again = event;
            while dice.chance(self.repeat) {
                // Not into the next step: events stay in order.
                again.t = (again.t + 1).min(end);
                events.push(again);
            }
        }
    }
}

/// The sensor in time.
#[derive(Clone, Debug)]
pub struct Camera {
    width: usize,
    quality: Quality,
    /// Reciprocal of each pixel's ON threshold.
    inverse_on: Vec<f32>,
    inverse_off: Vec<f32>,
    /// Output of each pixel's photoreceptor: low-pass filtered log intensity.
    receptor: Vec<f32>,
    /// Output of each pixel's photoreceptor in the previous step.
    before: Vec<f32>,
    /// Log intensity of each pixel at its last event.
    reported: Vec<f32>,
    /// Change of each pixel since its last event, in thresholds.
    excess: Vec<f32>,
    /// End of each pixel's refractory period, µs.
    ready: Vec<i64>,
    /// Sums of the pixels' shares in the background activity, up to and including each.
    noise: Vec<f32>,
    hot: Vec<(usize, f32)>,
    /// Events that are still to come.
    pending: Vec<CameraEvent>,
    flickering: Vec<usize>,
    flicker_hz: f32,
    lag: f32,
    now: Option<i64>,
    dice: Dice,
}

impl Camera {
    /// Creates a camera of this quality on this stage, which takes its random numbers from `dice`.
    pub fn new(sensor: Sensor, quality: Quality, stage: &Stage, mut dice: Dice) -> Self {
        let pixels = usize::from(sensor.width) * usize::from(sensor.height);
        let mut draw = |mean: f32| -> Vec<f32> {
            (0..pixels).map(|_| 1.0 / (mean * (1.0 + quality.mismatch * dice.normal()).max(0.25))).collect()
        };
        let (inverse_on, inverse_off) = (draw(quality.thresholds[0]), draw(quality.thresholds[1]));
        let mut sum = 0.0;
        let mut share = || {
            sum += libm::expf(quality.noise_spread * dice.normal());
            sum
        };
        let noise = (0..pixels).map(|_| share()).collect();
        let hot = (0..quality.hot_pixels)
            .map(|_| (dice.below(pixels), quality.hot_hz * dice.scale(0.25, 4.0)))
            .collect();
        // Pixels whose two thresholds lie within the flicker's swing see every period. They are
        // few: some percent.
        let swing = stage.flicker[0].min(1.0 - 1.7 * quality.mismatch)
            * 0.5
            * (quality.thresholds[0] + quality.thresholds[1]);
        let flickering = inverse_on
            .iter()
            .zip(&inverse_off)
            .enumerate()
            .filter(|(_, (on, off))| on.min(**off) * swing > 1.0)
            .map(|(pixel, _)| pixel)
            .collect();
        Self {
            width: usize::from(sensor.width),
            quality,
            inverse_on,
            inverse_off,
            receptor: vec![0.0; pixels],
            before: vec![0.0; pixels],
            reported: vec![0.0; pixels],
            excess: vec![0.0; pixels],
            ready: vec![0; pixels],
            noise,
            hot,
            pending: Vec::new(),
            flickering,
            flicker_hz: stage.flicker[1],
            lag: stage.lag,
            now: None,
            dice,
        }
    }

    /// Shows the camera a picture of luminances at a time (µs, later than the last) and collects
    /// what it reports about the time since, in order of time. The first picture is what the camera
    /// is used to.
    pub fn see(&mut self, luminance: &[f32], time: i64, events: &mut Vec<CameraEvent>) {
        let Some(then) = self.now.replace(time) else {
            for ((receptor, reported), &light) in
                self.receptor.iter_mut().zip(&mut self.reported).zip(luminance)
            {
                *receptor = ln(light.max(1e-3));
                // Where between its thresholds a pixel stands is chance.
                *reported = *receptor + self.quality.thresholds[0] * 0.5 * (self.dice.unit() - 0.5);
            }
            return;
        };
        let start = events.len();
        let seconds = (time - then) as f32 * 1e-6;
        self.adapt(luminance, seconds);
        self.report(then, time, events);
        self.make_noise(then, time);
        self.deliver(time, events);
        self.flicker(then, time, events);
        if let Some(new) = events.get_mut(start..) {
            new.sort_unstable_by_key(|e| (e.t, e.y, e.x, e.on));
        }
    }

    /// Lets the photoreceptors follow the light, and updates the changes since the last events.
    fn adapt(&mut self, luminance: &[f32], seconds: f32) {
        let part = 1.0 - libm::expf(-seconds / self.lag);
        self.before.clone_from(&self.receptor);
        for (receptor, &light) in self.receptor.iter_mut().zip(luminance) {
            *receptor += part * (ln(light.max(1e-3)) - *receptor);
        }
        let pixels = self.receptor.iter().zip(&self.reported);
        let thresholds = self.inverse_on.iter().zip(&self.inverse_off);
        for ((excess, (now, reported)), (on, off)) in self.excess.iter_mut().zip(pixels).zip(thresholds) {
            let change = now - reported;
            *excess = (change * on).max(-change * off);
        }
    }

    /// Reports an event for each threshold that a pixel has passed.
    fn report(&mut self, then: i64, time: i64, events: &mut Vec<CameraEvent>) {
        const GROUP: usize = 16;
        for first in (0..self.excess.len()).step_by(GROUP) {
            let last = (first + GROUP).min(self.excess.len());
            let Some(group) = self.excess.get(first..last) else { continue };
            // Most pixels see nothing most of the time.
            if group.iter().fold(0.0_f32, |a, &b| a.max(b)) < 1.0 {
                continue;
            }
            for pixel in first..last {
                self.report_pixel(pixel, then, time, events);
            }
        }
    }

    fn report_pixel(&mut self, pixel: usize, then: i64, time: i64, events: &mut Vec<CameraEvent>) {
        let (Some(&excess), Some(&before), Some(&now)) =
            (self.excess.get(pixel), self.before.get(pixel), self.receptor.get(pixel))
        else {
            return;
        };
        if excess < 1.0 {
            return;
        }
        let (Some(reported), Some(ready)) = (self.reported.get_mut(pixel), self.ready.get_mut(pixel)) else {
            return;
        };
        let on = now > *reported;
        let inverse = if on { &self.inverse_on } else { &self.inverse_off };
        let threshold = inverse.get(pixel).map_or(1.0, |inverse| 1.0 / inverse);
        let step = if on { threshold } else { -threshold };
        let slope = (now - before).abs().max(1e-6);
        // No pixel goes through more than this in a step of some milliseconds.
        for _ in 0..(excess as usize).min(32) {
            let level = *reported + step;
            let part = ((level - before).abs() / slope).clamp(0.0, 1.0);
            let t = then + ((time - then) as f32 * part) as i64;
            if t < *ready {
                // Held in reset: the change of that time is forgotten.
                *reported = now;
                break;
            }
            *reported = level + step * self.quality.jitter * self.dice.normal();
            *ready = t + self.quality.refractory_us as i64;
            let mut event = event(pixel, self.width, t, on);
            if self.quality.late > 0.0 && self.dice.chance(self.quality.late) {
                let wait = -self.quality.late_s * libm::logf(1.0 - self.dice.unit());
                event.t += (wait * 1e6) as i64;
                self.pending.push(event);
            } else {
                self.quality.send(event, time, &mut self.dice, events);
            }
        }
    }

    /// Queues events without a cause (background activity, hot pixels), and those that answer them.
    fn make_noise(&mut self, then: i64, time: i64) {
        let seconds = (time - then) as f32 * 1e-6;
        let pixels = self.excess.len();
        let count = self.dice.poisson(self.quality.noise_hz * seconds * pixels as f32);
        let all = self.noise.last().copied().unwrap_or(0.0);
        let mut born = Vec::new();
        for _ in 0..count {
            let place = all * self.dice.unit();
            born.push(self.noise.partition_point(|&sum| sum <= place).min(pixels.saturating_sub(1)));
        }
        for &(pixel, hz) in &self.hot {
            let count = self.dice.poisson(hz * seconds);
            born.extend((0..count).map(|_| pixel));
        }
        for pixel in born {
            let t = then + ((time - then) as f32 * self.dice.unit()) as i64;
            let mut event = event(pixel, self.width, t, self.dice.chance(self.quality.noise_on));
            self.pending.push(event);
            while self.quality.answer > 0.0 && self.dice.chance(self.quality.answer) {
                event.t += self.dice.scale(800.0, 20_000.0) as i64;
                event.on = !event.on;
                self.pending.push(event);
            }
        }
    }

    /// Sends the events that are due to the bus.
    fn deliver(&mut self, time: i64, events: &mut Vec<CameraEvent>) {
        for event in self.pending.extract_if(.., |event| event.t <= time) {
            self.quality.send(event, time, &mut self.dice, events);
        }
    }

    /// Reports flicker: pixels that see the lamp send ON where it brightens and OFF where it dims,
    /// outside of their refractory period.
    fn flicker(&mut self, then: i64, time: i64, events: &mut Vec<CameraEvent>) {
        if self.flickering.is_empty() {
            return;
        }
        let half_period = 5e5 / f64::from(self.flicker_hz);
        let (first, last) = ((then as f64 / half_period) as i64, (time as f64 / half_period) as i64);
        for half in first + 1..=last {
            let middle = (half as f64 * half_period) as i64;
            for &pixel in &self.flickering {
                let t = middle + (self.dice.normal() * 400.0) as i64;
                let Some(ready) = self.ready.get_mut(pixel) else { continue };
                if t >= *ready && t > then && t <= time {
                    *ready = t + self.quality.refractory_us as i64;
                    let event = event(pixel, self.width, t, half % 2 == 0);
                    self.quality.send(event, time, &mut self.dice, events);
                }
            }
        }
    }
}

fn event(pixel: usize, width: usize, t: i64, on: bool) -> CameraEvent {
    CameraEvent { t, x: (pixel % width) as u16, y: (pixel / width) as u16, on }
}
