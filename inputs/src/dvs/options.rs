//! Options for cutting events into frames.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::event::DVS128;

/// Largest number of frames of a slice. The paper's slices have 67.
const FRAMES_LIMIT: u64 = 10_000;

/// Rules for turning events into frames. The defaults are those of the authors' benchmark on
/// its test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FrameOptions {
    /// Length of a slice, the unit that is classified, in µs. A recording's incomplete last
    /// slice is dropped.
    #[schemars(range(min = 2, max = 3_600_000_000_u64))]
    pub slice_us: u64,
    /// Time that a frame counts events over, in µs.
    #[schemars(range(min = 1, max = 3_600_000_000_u64))]
    pub bin_us: u64,
    /// Divides the counts. 18.5 in the authors' tests, 19.0 in their training.
    pub scale: f32,
    /// Pixels of a frame's side: 128, 64, 32, 16 and so on down to 1. Each is the maximum over a
    /// square of pixels.
    #[schemars(range(min = 1, max = 128))]
    pub size: u16,
    /// Window of a background-activity filter (Delbruck 2008), in µs: an event is kept if one of
    /// the eight pixels around it had an event within this time before it. `None` keeps every
    /// event, as the paper does.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub noise_filter_us: Option<u64>,
    /// Mean count to which the pixels with events are scaled in each frame, before `scale` divides
    /// the counts: for a camera that reports more, or fewer, events than the network has learnt
    /// from. `None` leaves counts as they are.
    pub mean_count: Option<f32>,
    /// Whether each slice is cropped to the square that holds its activity (the middle nine tenths
    /// of its events in columns and rows, and a quarter more), which then fills the frame.
    pub crop: bool,
}

impl Default for FrameOptions {
    fn default() -> Self {
        Self {
            slice_us: 1_700_000,
            bin_us: 25_000,
            scale: 18.5,
            size: 32,
            noise_filter_us: None,
            mean_count: None,
            crop: false,
        }
    }
}

/// Invalid value in [`FrameOptions`]. The message begins with the name of the field.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FrameOptionsError {
    /// A slice longer than anything recorded.
    #[error("slice_us is {0}; at most 3600000000 (an hour) is possible")]
    Slice(u64),
    /// A slice holds no frame, or too many.
    #[error(
        "bin_us is {bin_us}; with slices of {slice_us} µs it must leave 1 to {FRAMES_LIMIT} frames in each"
    )]
    Bin {
        /// Length of a frame, µs.
        bin_us: u64,
        /// Length of a slice, µs.
        slice_us: u64,
    },
    /// The divisor is not a number above 0.
    #[error("scale is {0}; it must be a number above 0")]
    Scale(f32),
    /// Pixels that do not add up to frames.
    #[error("size is {0}; it must divide 128")]
    Size(u16),
    /// A filter that keeps nothing, or everything.
    #[error(
        "noise_filter_us is {0}; expected 1 to 10000000 (10 s), for example 10000; leave it out for no filter"
    )]
    NoiseFilter(u64),
    /// A mean count that frames cannot have.
    #[error(
        "mean_count is {0}; expected a number above 0, for example 1.2; leave it out to keep counts as they are"
    )]
    MeanCount(f32),
}

impl FrameOptionsError {
    /// Returns the name of the field that the error is about.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Slice(_) => "slice_us",
            Self::Bin { .. } => "bin_us",
            Self::Scale(_) => "scale",
            Self::Size(_) => "size",
            Self::NoiseFilter(_) => "noise_filter_us",
            Self::MeanCount(_) => "mean_count",
        }
    }
}

impl FrameOptions {
    /// Checks every field.
    pub fn check(&self) -> Result<(), FrameOptionsError> {
        let &Self { slice_us, bin_us, scale, size, noise_filter_us, mean_count, .. } = self;
        if slice_us > 3_600_000_000 {
            return Err(FrameOptionsError::Slice(slice_us));
        }
        if bin_us == 0 || !(1..=FRAMES_LIMIT).contains(&self.frames()) {
            return Err(FrameOptionsError::Bin { bin_us, slice_us });
        }
        if !(scale.is_finite() && scale > 0.0) {
            return Err(FrameOptionsError::Scale(scale));
        }
        if size == 0 || !DVS128.width.is_multiple_of(size) {
            return Err(FrameOptionsError::Size(size));
        }
        if let Some(window) = noise_filter_us.filter(|window| !(1..=10_000_000).contains(window)) {
            return Err(FrameOptionsError::NoiseFilter(window));
        }
        if let Some(count) = mean_count.filter(|&count| !(count.is_finite() && count > 0.0)) {
            return Err(FrameOptionsError::MeanCount(count));
        }
        Ok(())
    }

    /// Returns the number of frames of a slice in which something happens all the time.
    ///
    /// It is 67 for 1.7 s and 25 ms, not 68. The frames begin with the slice's first event and the
    /// last whole one ends before its last event, as in tonic.
    pub fn frames(&self) -> u64 {
        self.slice_us.saturating_sub(1).checked_div(self.bin_us).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_slices_have_67_frames() {
        let options = FrameOptions::default();
        assert_eq!(options.check(), Ok(()));
        assert_eq!(options.frames(), 67);
    }

    #[test]
    fn senseless_options_are_refused_by_field() {
        let base = FrameOptions::default;
        for (options, field) in [
            (FrameOptions { bin_us: 0, ..base() }, "bin_us is 0"),
            (FrameOptions { bin_us: 1, ..base() }, "bin_us is 1"),
            (FrameOptions { slice_us: 25_000, ..base() }, "bin_us"),
            (FrameOptions { slice_us: u64::MAX, ..base() }, "slice_us"),
            (FrameOptions { scale: 0.0, ..base() }, "scale is 0"),
            (FrameOptions { scale: f32::NAN, ..base() }, "scale is NaN"),
            (FrameOptions { size: 0, ..base() }, "size is 0"),
            (FrameOptions { size: 48, ..base() }, "size is 48"),
            (FrameOptions { noise_filter_us: Some(0), ..base() }, "noise_filter_us is 0"),
            (FrameOptions { noise_filter_us: Some(u64::MAX), ..base() }, "noise_filter_us is"),
            (FrameOptions { mean_count: Some(0.0), ..base() }, "mean_count is 0"),
            (FrameOptions { mean_count: Some(f32::INFINITY), ..base() }, "mean_count is inf"),
        ] {
            let error = options.check().unwrap_err().to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }
}
