//! Conversion of events to frames as in the authors' benchmark (EvNN, `benchmarks/dvs_gesture`).
//!
//! A recording is cut into slices of 1.7 s from its first event on. Within a slice, frames of 25 ms
//! follow each other from the slice's first event on; a frame is whole when an event at or after
//! its end lies in the same slice (tonic's rule, hence 67 frames and not 68). A frame counts events
//! per polarity and pixel; the counts are divided by the scale, then the maximum over squares of
//! pixels is taken, then the mean over the two polarities.
//!
//! Not from the benchmark, and off unless the user asks for them: a mean count that every frame is
//! brought to, and a region of the sensor that fills the frame.

use thiserror::Error;

use super::event::{CameraEvent, DVS128, Sensor};
use super::options::{FrameOptions, FrameOptionsError};
use super::region::Region;

/// Pixels of the sensor.
const PIXELS: usize = DVS128.width as usize * DVS128.height as usize;

/// Reason for which no frames can be made.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FrameError {
    /// Options that make no sense.
    #[error(transparent)]
    Options(#[from] FrameOptionsError),
    /// The recording is of another camera.
    #[error(
        "the recording's sensor has {width} × {height} pixels; frames are made from 128 × 128, the sensor of DVS128 \
         Gesture"
    )]
    Sensor {
        /// Columns of the recording's sensor.
        width: u16,
        /// Rows of the recording's sensor.
        height: u16,
    },
}

/// A picture of the events of 25 ms.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Pixels, row by row from the top, each row from the left: `size` × `size`.
    pub values: Vec<f32>,
    /// Start of the frame, µs.
    pub start_us: i64,
    /// Number of events in the frame.
    pub events: u32,
}

/// A complete slice of a recording: what a network classifies.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// Index of the slice in its recording, from 0. Slices without events are left out.
    pub index: u64,
    /// Frames of the slice: at least one, at most [`FrameOptions::frames`], and fewer if the slice
    /// begins or ends in silence.
    pub frames: Vec<Frame>,
}

/// Makes slices of frames from events in the order of time.
#[derive(Clone, Debug)]
pub struct Framer {
    options: FrameOptions,
    /// Time of the recording's first event.
    origin: Option<i64>,
    /// Slice that is being filled, and the time of its first event.
    slice: u64,
    first: i64,
    frames: Vec<Frame>,
    /// Counts of the frame that is being filled: OFF, then ON, each row by row.
    counts: Vec<u32>,
    events: u32,
    late: u64,
    /// Part of the sensor that fills the frames.
    region: Region,
}

impl Framer {
    /// Begins a recording.
    pub fn new(options: FrameOptions, sensor: Sensor) -> Result<Self, FrameError> {
        options.check()?;
        let Sensor { width, height } = sensor;
        if sensor != DVS128 {
            return Err(FrameError::Sensor { width, height });
        }
        let counts = vec![0; 2 * PIXELS];
        let frames = Vec::new();
        let region = Region::WHOLE;
        Ok(Self { options, origin: None, slice: 0, first: 0, frames, counts, events: 0, late: 0, region })
    }

    /// Makes this part of the sensor fill the frames. Events outside of it take part in the time of
    /// frames and slices alone.
    #[must_use]
    pub fn within(self, region: Region) -> Self {
        Self { region, ..self }
    }

    /// Takes the next event; returns a slice when the event shows that the one before is complete.
    ///
    /// An event before the frame that is being filled is left out and counted ([`Self::late`]). So
    /// is one outside of the sensor, which no reader hands out.
    pub fn push(&mut self, event: &CameraEvent) -> Option<Slice> {
        let origin = *self.origin.get_or_insert_with(|| {
            self.first = event.t;
            event.t
        });
        let Some(since) = elapsed(origin, event.t) else {
            self.late += 1;
            return None;
        };
        let slice = since / self.options.slice_us;
        if slice < self.slice {
            self.late += 1;
            return None;
        }
        let complete = (slice > self.slice).then(|| self.end_slice(slice, event.t));
        self.count(event);
        complete
    }

    /// Returns the complete frames of the slice that is being filled.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns the number of events left out because they came too late.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Starts the slice with this number, whose first event is at `t`, and returns the one before.
    fn end_slice(&mut self, slice: u64, t: i64) -> Slice {
        if self.frames.is_empty() {
            self.end_frame();
        }
        let complete = Slice { index: self.slice, frames: std::mem::take(&mut self.frames) };
        self.clear();
        (self.slice, self.first) = (slice, t);
        complete
    }

    fn count(&mut self, event: &CameraEvent) {
        let place = elapsed(self.first, event.t).map(|since| since / self.options.bin_us);
        let begun = self.frames.len() as u64;
        let Some(frame) = place.filter(|&frame| frame >= begun) else {
            self.late += 1;
            return;
        };
        // Silent frames between are frames too. There are at most as many as a slice has.
        for _ in begun..frame {
            self.end_frame();
        }
        if event.x >= DVS128.width || event.y >= DVS128.height {
            self.late += 1;
            return;
        }
        let Some(event) = self.region.map(event) else { return };
        let pixel = usize::from(event.y) * usize::from(DVS128.width) + usize::from(event.x);
        if let Some(count) = self.counts.get_mut(usize::from(event.on) * PIXELS + pixel) {
            *count += 1;
            self.events += 1;
        }
    }

    fn end_frame(&mut self) {
        let start = self.first.saturating_add((self.frames.len() as u64 * self.options.bin_us) as i64);
        let values = values(&self.counts, &self.options);
        self.frames.push(Frame { values, start_us: start, events: self.events });
        self.clear();
    }

    fn clear(&mut self) {
        self.counts.fill(0);
        self.events = 0;
    }
}

/// Returns the time from one moment to another, µs; `None` backwards.
fn elapsed(from: i64, to: i64) -> Option<u64> {
    (to >= from).then(|| to.abs_diff(from))
}

/// Computes a frame from its counts: divided, pooled, averaged, in this order.
fn values(counts: &[u32], options: &FrameOptions) -> Vec<f32> {
    let width = usize::from(DVS128.width);
    let size = usize::from(options.size);
    let square = width / size;
    let scale = options.scale / factor(counts, options);
    let mut pooled = [vec![0.0_f32; size * size], vec![0.0_f32; size * size]];
    for (pooled, counts) in pooled.iter_mut().zip(counts.chunks_exact(PIXELS)) {
        for (y, row) in counts.chunks_exact(width).enumerate() {
            let target = &mut pooled[y / square * size..][..size];
            for (most, pixels) in target.iter_mut().zip(row.chunks_exact(square)) {
                for &count in pixels {
                    *most = most.max(count as f32 / scale);
                }
            }
        }
    }
    let [off, on] = pooled;
    off.iter().zip(&on).map(|(off, on)| (off + on) / 2.0).collect()
}

/// Returns the factor that brings the mean count of the pixels with events to the requested one: 1
/// without a request, or without events.
fn factor(counts: &[u32], options: &FrameOptions) -> f32 {
    let Some(wanted) = options.mean_count else { return 1.0 };
    let (mut events, mut pixels) = (0_u64, 0_u64);
    for &count in counts.iter().filter(|&&count| count > 0) {
        events += u64::from(count);
        pixels += 1;
    }
    if events == 0 { 1.0 } else { wanted * pixels as f32 / events as f32 }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "counts are whole, and exact in f32")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framer() -> Framer {
        Framer::new(FrameOptions { scale: 2.0, ..FrameOptions::default() }, DVS128).unwrap()
    }

    const fn event(t: i64, x: u16, y: u16, on: bool) -> CameraEvent {
        CameraEvent { t, x, y, on }
    }

    #[test]
    fn counts_are_divided_pooled_and_averaged() {
        let mut framer = framer();
        // In the square of columns 4 to 7, rows 8 to 11: three ON at one pixel, two at
        // another, one OFF.
        let events = [
            (4, 8, true),
            (4, 8, true),
            (4, 8, true),
            (7, 11, true),
            (7, 11, true),
            (5, 9, false),
            (8, 8, false),
        ];
        for (i, &(x, y, on)) in events.iter().enumerate() {
            assert_eq!(framer.push(&event(100 + i as i64, x, y, on)), None);
        }
        assert!(framer.frames().is_empty());
        framer.push(&event(25_100, 0, 0, true));
        let [frame] = framer.frames() else { panic!("{:?}", framer.frames().len()) };
        assert_eq!((frame.start_us, frame.events, frame.values.len()), (100, 7, 32 * 32));
        let at = |x: usize, y: usize| frame.values[y * 32 + x];
        // Maximum 3 ON and 1 OFF, halved by the scale, then their mean; beside it one OFF alone.
        assert_eq!((at(1, 2), at(2, 2)), (1.0, 0.25));
        assert_eq!(frame.values.iter().filter(|&&value| value != 0.0).count(), 2);
    }

    #[test]
    fn slices_have_67_frames_and_the_tail_is_dropped() {
        let mut framer = framer();
        let slices: Vec<Slice> =
            (0..4_000).filter_map(|ms| framer.push(&event(7 + ms * 1_000, 1, 1, true))).collect();
        assert_eq!(slices.iter().map(|slice| slice.index).collect::<Vec<_>>(), [0, 1]);
        for (slice, start) in slices.iter().zip([7, 1_700_007]) {
            assert_eq!(slice.frames.len(), 67);
            assert!(
                slice.frames.iter().all(|frame| frame.events == 25 && frame.values[0] == 25.0 / 2.0 / 2.0)
            );
            assert_eq!((slice.frames[0].start_us, slice.frames[1].start_us), (start, start + 25_000));
        }
        assert_eq!(framer.late(), 0);
    }

    #[test]
    fn silence_makes_empty_frames_and_leaves_out_empty_slices() {
        let mut framer = framer();
        framer.push(&event(0, 1, 1, true));
        framer.push(&event(80_000, 1, 1, true));
        let slice = framer.push(&event(9_000_000_000_000, 1, 1, true)).unwrap();
        assert_eq!(slice.frames.iter().map(|frame| frame.events).collect::<Vec<_>>(), [1, 0, 0]);
        let alone = framer.push(&event(i64::MAX, 1, 1, true)).unwrap();
        assert_eq!(alone.frames.iter().map(|frame| frame.events).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn late_events_are_counted() {
        let mut framer = framer();
        for t in [1_000_000, 1_030_000, 1_010_000, 0, i64::MIN, 1_040_000] {
            framer.push(&event(t, 1, 1, true));
        }
        assert_eq!(framer.late(), 3);
        assert_eq!(framer.frames().len(), 1);
    }

    #[test]
    fn counts_are_brought_to_a_mean_frame_by_frame() {
        let values = |repeats: i64, mean_count: Option<f32>| {
            let options = FrameOptions { scale: 2.0, mean_count, ..FrameOptions::default() };
            let mut framer = Framer::new(options, DVS128).unwrap();
            for i in 0..repeats {
                // Three events at a pixel for one at another, of the same polarity.
                for x in [0, 0, 0, 4] {
                    framer.push(&event(i, x, 0, true));
                }
            }
            framer.push(&event(25_000, 0, 0, true));
            framer.frames()[0].values[..2].to_vec()
        };
        assert_eq!(values(1, None), [0.75, 0.25]);
        assert_eq!(values(10, None), [7.5, 2.5]);
        // The mean of the two pixels is 2, then 20; wanted is 4.
        for repeats in [1, 10] {
            assert_eq!(values(repeats, Some(4.0)), [1.5, 0.5]);
        }
    }

    #[test]
    fn a_region_fills_the_frame_and_the_rest_only_counts_in_time() {
        let mut activity = super::super::region::Activity::default();
        // A block of 26 pixels is found with a margin as one of 32.
        let block = |i: u16| event(0, 100 + i % 26, 60 + i / 26, true);
        (0..26 * 26).for_each(|i| activity.add(&block(i)));
        let region = activity.region();
        let mut framer = framer().within(region);
        for i in 0..26 * 26 {
            framer.push(&block(i));
        }
        framer.push(&event(25_000, 0, 0, true));
        let [frame] = framer.frames() else { panic!("{}", framer.frames().len()) };
        let filled = frame.values.iter().filter(|&&value| value > 0.0).count();
        assert!(filled > 400 && frame.events > 500, "{filled} {}", frame.events);
        assert_eq!(framer.late(), 0);
    }

    #[test]
    fn other_cameras_are_refused() {
        let error = Framer::new(FrameOptions::default(), Sensor { width: 346, height: 260 }).unwrap_err();
        assert!(error.to_string().contains("346 × 260"), "{error}");
    }

    proptest! {
        #[test]
        fn no_event_is_lost_or_counted_twice(
            mut times in prop::collection::vec(0_i64..6_000_000, 2..400),
            bin_us in 10_000_u64..400_000,
        ) {
            times.sort_unstable();
            let options = FrameOptions { bin_us, scale: 1.0, size: 128, ..FrameOptions::default() };
            let mut framer = Framer::new(options, DVS128).unwrap();
            let events = times.iter().enumerate().map(|(i, &t)| event(t, i as u16 % 128, (i / 128) as u16, i % 2 == 0));
            let slices: Vec<Slice> = events.filter_map(|event| framer.push(&event)).collect();
            let origin = times[0];
            for slice in &slices {
                let begin = origin + slice.index as i64 * 1_700_000;
                let inside: Vec<i64> = times.iter().copied().filter(|t| (begin..begin + 1_700_000).contains(t)).collect();
                let (first, last) = (inside[0], inside[inside.len() - 1]);
                let frames = ((last - first) / bin_us as i64).max(1);
                prop_assert_eq!(slice.frames.len() as i64, frames);
                let counted = inside.iter().filter(|&&t| t < first + frames * bin_us as i64).count();
                let total: u32 = slice.frames.iter().map(|frame| frame.events).sum();
                prop_assert_eq!(total as usize, counted);
                // Without pooling, with a scale of 1, a frame's pixels add up to half its events.
                for frame in &slice.frames {
                    prop_assert_eq!(frame.values.iter().sum::<f32>() * 2.0, frame.events as f32);
                }
            }
            prop_assert_eq!(framer.late(), 0);
        }
    }
}
