//! Frames of a recording's samples: filtered, cropped and counted as the options say.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::event::{CameraEvent, DVS128};
use super::filter::BackgroundActivityFilter;
use super::frames::Framer;
use super::options::FrameOptions;
use super::picture::EventPicture;
use super::recording::{Recording, Warnings};
use super::region::{Activity, Region};
use super::samples::{Place, SampleFrames, SamplesError};

/// Reads a recording event by event, and returns its oddities.
pub(super) fn each_event(path: &Path, mut take: impl FnMut(&CameraEvent)) -> Result<Warnings, SamplesError> {
    let mut recording = Recording::open(path)?;
    let sensor = recording.sensor();
    Framer::new(FrameOptions::default(), sensor)
        .map_err(|source| SamplesError::Frames { path: path.to_owned(), source })?;
    let mut events = Vec::new();
    while recording.next_batch(&mut events)? {
        events.iter().for_each(&mut take);
    }
    Ok(recording.warnings().clone())
}

/// A sample that is being filled.
struct Filling {
    framer: Framer,
    first: Option<i64>,
    pictures: BTreeMap<usize, EventPicture>,
}

/// Makes the frames of a recording's samples.
pub(super) fn make(
    path: &Path,
    places: &[Place],
    options: &FrameOptions,
) -> Result<Vec<Arc<SampleFrames>>, SamplesError> {
    let framer = Framer::new(options.clone(), DVS128)
        .map_err(|source| SamplesError::Frames { path: path.to_owned(), source })?;
    let regions = regions(path, places, options)?;
    let empty =
        |region| Filling { framer: framer.clone().within(region), first: None, pictures: BTreeMap::new() };
    let mut samples: Vec<Filling> = regions.into_iter().map(empty).collect();
    each_in(path, places, options, |sample, event| {
        if let Some(sample) = samples.get_mut(sample) {
            sample.take(event, options);
        }
    })?;
    Ok(samples.into_iter().map(|sample| Arc::new(sample.end(options))).collect())
}

/// Reads the events of a recording that the noise filter keeps, each with the number of its sample.
fn each_in(
    path: &Path,
    places: &[Place],
    options: &FrameOptions,
    mut take: impl FnMut(usize, &CameraEvent),
) -> Result<(), SamplesError> {
    let mut filter =
        options.noise_filter_us.map(|window_us| BackgroundActivityFilter::new(DVS128, window_us));
    each_event(path, |event| {
        if !filter.as_mut().is_none_or(|filter| filter.keeps(event)) {
            return;
        }
        for (number, place) in places.iter().enumerate() {
            if event.t >= place.start_us && event.t.abs_diff(place.start_us) < options.slice_us {
                take(number, event);
            }
        }
    })?;
    Ok(())
}

/// Returns the part of the sensor that fills each sample's frames: all of it without cropping.
fn regions(path: &Path, places: &[Place], options: &FrameOptions) -> Result<Vec<Region>, SamplesError> {
    if !options.crop {
        return Ok(vec![Region::WHOLE; places.len()]);
    }
    let mut activities = vec![Activity::default(); places.len()];
    each_in(path, places, options, |sample, event| {
        if let Some(activity) = activities.get_mut(sample) {
            activity.add(event);
        }
    })?;
    Ok(activities.iter().map(Activity::region).collect())
}

impl Filling {
    fn take(&mut self, event: &CameraEvent, options: &FrameOptions) {
        // The slice that would follow never begins: its first event is not taken.
        self.framer.push(event);
        let first = *self.first.get_or_insert(event.t);
        let frame = usize::try_from((event.t - first).max(0) as u64 / options.bin_us).unwrap_or(usize::MAX);
        if frame as u64 >= options.frames() {
            return;
        }
        self.pictures.entry(frame).or_insert_with(EventPicture::dark).add(event);
    }

    fn end(mut self, options: &FrameOptions) -> SampleFrames {
        let frames = options.frames() as usize;
        let pixels = usize::from(options.size).pow(2);
        let mut values: Vec<Vec<f32>> =
            self.framer.frames().iter().take(frames).map(|frame| frame.values.clone()).collect();
        values.resize(frames, vec![0.0; pixels]);
        let pictures = (0..frames).map(|frame| self.pictures.remove(&frame).unwrap_or_default()).collect();
        SampleFrames { frames: values, pictures }
    }
}
