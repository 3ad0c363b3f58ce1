//! The paper's GPU, an A100: printed figures, and the batch from which it needs less energy.

use serde::Serialize;

use super::measure::{GESTURE_BATCH, Measured};

/// Time, power and energy of one sequence of the language model: ms, W, J (Table II).
pub const LANGUAGE: (f64, f64, f64) = (19.9, 60.0, 1.1935);
/// Power with the gesture network, W (Table III).
pub const POWER_W: f64 = 61.0;
/// Gestures one by one: ms and J of a sample (Table III).
pub const BATCH_1: (f64, f64) = (1.09, 0.067);
/// Gestures in batches of six: ms and J of each sample (Table III).
pub const BATCH_6: (f64, f64) = (0.19, 0.011);

/// Returns the GPU's time for each sample of a batch, ms, on a line through its printed batches.
///
/// *Inferred*: between batches of 1 and 6 the paper prints nothing.
pub fn sample_ms(batch: u32) -> f64 {
    let (one, six) = (BATCH_1.0, 6.0 * BATCH_6.0);
    (one + (six - one) / 5.0 * f64::from(batch.saturating_sub(1))) / f64::from(batch.max(1))
}

/// Returns the GPU's energy for each sample of a batch, J: its power over [`sample_ms`].
pub fn sample_j(batch: u32) -> f64 {
    POWER_W * sample_ms(batch) / 1e3
}

/// Figures of each sample in a batch of gestures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Batch {
    /// Number of samples side by side.
    pub batch: u32,
    /// The emulator's time, ms.
    pub time_ms: f64,
    /// The emulator's energy, J.
    pub energy_j: f64,
    /// Least and greatest energy at a branch refill of 1, 2 and 3, J.
    ///
    /// `null` for batches of 2 to 5, which are run at 2 only.
    pub energy_interval: Option<[f64; 2]>,
    /// The GPU's time, ms: printed for 1 and 6, on a straight line between.
    pub gpu_time_ms: f64,
    /// The GPU's energy, J: its power over that time.
    pub gpu_energy_j: f64,
}

/// Returns the measured batches.
pub fn batches(m: &Measured) -> Vec<Batch> {
    (1..)
        .zip(&m.batches)
        .map(|(batch, run)| {
            let each = |joules: f64| joules / f64::from(batch);
            let spread = match batch {
                1 => Some(&m.gestures),
                GESTURE_BATCH => Some(&m.gestures_batch),
                _ => None,
            };
            Batch {
                batch,
                time_ms: run.time_ms / f64::from(batch),
                energy_j: each(run.energy_j),
                energy_interval: spread.map(|runs| runs.map(|run| each(run.energy_j)).interval()),
                gpu_time_ms: sample_ms(batch),
                gpu_energy_j: sample_j(batch),
            }
        })
        .collect()
}

/// Returns the least batch, up to 6, whose samples take the GPU less than `energy_j(batch)` each.
pub fn wins_from(energy_j: impl Fn(u32) -> f64) -> Option<u32> {
    (1..=6).find(|&batch| sample_j(batch) < energy_j(batch))
}
