//! The samples of a recording or a data set: slices of labelled stretches, as frames for the
//! network and for the eye.
//!
//! [`Samples::find`] reads every recording once, without keeping its events, to learn how many
//! slices each stretch has: as tonic cuts them, from the stretch's first event on, an incomplete
//! last one dropped. Frames are made when a sample is asked for, those of its whole recording at
//! once; the last recordings are kept.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use thiserror::Error;

use super::dataset::{self, DatasetError, Split};
use super::event::DVS128;
use super::frames::FrameError;
use super::gesture::Gesture;
use super::making::{each_event, make};
use super::options::FrameOptions;
use super::picture::{EventPicture, PICTURE_SIDE};
use super::recording::{RecordingError, Tally, Warnings};
use spinnaker2_emulator::text::grouped;

/// Number of recordings whose frames are kept.
const KEPT: usize = 2;
/// Bytes of the picture of a frame with events.
const PICTURE_BYTES: u64 = 2 * (PICTURE_SIDE as u64) * (PICTURE_SIDE as u64);
/// Largest size of the frames of a recording in memory, bytes.
const MEMORY_LIMIT: u64 = 4 << 30;

/// Error that stops samples from being listed.
#[derive(Debug, Error)]
pub enum SamplesError {
    /// There is no data set, or an incomplete one.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A recording that cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// Frames cannot be made from a recording with these options.
    #[error("{}: {source}", path.display())]
    Frames {
        /// File of the recording.
        path: PathBuf,
        /// Reason why frames cannot be made.
        source: FrameError,
    },
    /// The frames of one recording need too much memory.
    #[error(
        "{}: {slices} slices of {slice_us} µs with {frames} frames each take {needed} bytes, and at most {MEMORY_LIMIT} are \
         used: take longer slices, longer bins or fewer pixels", path.display()
    )]
    Memory {
        /// File of the recording.
        path: PathBuf,
        /// Number of slices in the recording.
        slices: u64,
        /// Length of a slice, µs.
        slice_us: u64,
        /// Number of frames in a slice.
        frames: u64,
        /// Memory for all slices, bytes.
        needed: u64,
    },
    /// No gesture of the recording or folder lasts a whole slice.
    #[error("{}: no gesture in it lasts a whole slice of {slice_us} µs", path.display())]
    TooShort {
        /// The recording or folder.
        path: PathBuf,
        /// Length of a slice, µs.
        slice_us: u64,
    },
    /// The data set does not have this part.
    #[error("{}: the data set has no recordings to {} with", path.display(), if *split == Split::Test { "test" } else { "train" })]
    NoSplit {
        /// Folder of the data set.
        path: PathBuf,
        /// Split that was requested.
        split: Split,
    },
}

/// Position of one sample: a slice of a labelled stretch of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    recording: usize,
    label: Option<Gesture>,
    /// First event's time, µs.
    pub(super) start_us: i64,
    /// Time of the first event since the first event of the recording, µs.
    since_us: u64,
    /// Index of the slice in its stretch, from 0. `slices` is their number.
    slice: u32,
    slices: u32,
}

/// Kind of warning about the recordings that samples were cut from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingWarning {
    /// Kind, count in all recordings, and byte of the first recording where it was found first.
    pub tally: Tally,
    /// First recording with this warning.
    pub path: PathBuf,
    /// Number of recordings with this warning.
    pub recordings: usize,
}

impl RecordingWarning {
    /// Collects the warnings of recordings by kind, in the order in which kinds appear.
    fn collect<'a>(found: impl Iterator<Item = (&'a Path, &'a Warnings)>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for (path, tally) in found.flat_map(|(path, warnings)| warnings.iter().map(move |t| (path, t))) {
            match all.iter_mut().find(|known| known.tally.warning == tally.warning) {
                Some(known) => {
                    known.tally.count += tally.count;
                    known.recordings += 1;
                }
                None => all.push(Self { tally, path: path.to_owned(), recordings: 1 }),
            }
        }
        all
    }
}

impl std::fmt::Display for RecordingWarning {
    /// Writes the warning as in `a.npy: 1,000 times taken as seconds … (first at byte 128)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { warning, count, first_byte } = self.tally;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        write!(f, "{name}: {} {} (first at byte {first_byte}", grouped(count), warning.text())?;
        match self.recordings {
            1 => f.write_str(")"),
            n => write!(f, "; in {} recordings)", grouped(n as u64)),
        }
    }
}

/// A sample's frames.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleFrames {
    /// Frames as the network reads them: [`FrameOptions::frames`] of them, each `size` × `size`.
    /// Silent frames fill up a sample that ends early, as tonic pads.
    pub frames: Vec<Vec<f32>>,
    /// Camera pictures of the same times, without the events that a noise filter removed.
    pub pictures: Vec<EventPicture>,
}

/// Frames of all samples of a recording, from the number of its first sample on.
type Kept = (usize, Arc<Vec<Arc<SampleFrames>>>);

/// All samples, in the order of the data set.
#[derive(Debug)]
pub struct Samples {
    options: FrameOptions,
    recordings: Vec<PathBuf>,
    places: Vec<Place>,
    warnings: Vec<RecordingWarning>,
    kept: Mutex<VecDeque<Kept>>,
}

impl Samples {
    /// Finds the samples in a recording or a data set's folder; of a data set that separates
    /// testing and training, the requested part.
    pub fn find(path: &Path, options: &FrameOptions, split: Option<Split>) -> Result<Self, SamplesError> {
        options.check().map_err(|error| SamplesError::Frames {
            path: path.to_owned(),
            source: FrameError::Options(error),
        })?;
        let mut stretches = dataset::samples(path)?;
        if let Some(split) = split {
            stretches.retain(|stretch| stretch.split.is_none_or(|own| own == split));
            if stretches.is_empty() {
                return Err(SamplesError::NoSplit { path: path.to_owned(), split });
            }
        }
        let mut by_recording: Vec<(PathBuf, Vec<dataset::Sample>)> = Vec::new();
        for stretch in stretches {
            match by_recording.last_mut() {
                Some((path, stretches)) if *path == stretch.path => stretches.push(stretch),
                _ => by_recording.push((stretch.path.clone(), vec![stretch])),
            }
        }
        let cut: Vec<(Vec<Place>, Warnings)> = by_recording
            .par_iter()
            .enumerate()
            .map(|(number, (path, stretches))| cut(number, path, stretches, options))
            .collect::<Result<_, _>>()?;
        let paths = by_recording.iter().map(|(path, _)| path.as_path());
        let warnings = RecordingWarning::collect(paths.zip(cut.iter().map(|(_, warnings)| warnings)));
        let places: Vec<Place> = cut.into_iter().flat_map(|(places, _)| places).collect();
        if places.is_empty() {
            let slice_us = options.slice_us;
            return Err(SamplesError::TooShort { path: path.to_owned(), slice_us });
        }
        let recordings = by_recording.into_iter().map(|(path, _)| path).collect();
        Ok(Self { options: options.clone(), recordings, places, warnings, kept: Mutex::default() })
    }

    /// Returns the oddities of the recordings, each kind once.
    pub fn warnings(&self) -> &[RecordingWarning] {
        &self.warnings
    }

    /// Returns the number of samples.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Returns `true` if there are no samples, in which case [`Self::find`] fails.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Returns the number of frames of each sample.
    pub fn frames_each(&self) -> u32 {
        self.options.frames() as u32
    }

    /// Returns the time that a frame counts events over, in µs.
    pub fn bin_us(&self) -> u64 {
        self.options.bin_us
    }

    /// Returns the label of each sample; `None` where there is none.
    pub fn labels(&self) -> Arc<[Option<Gesture>]> {
        self.places.iter().map(|place| place.label).collect()
    }

    /// Returns a sample's recording and slice (or start time); empty for an invalid number.
    pub fn source(&self, sample: usize) -> String {
        let Some(place) = self.places.get(sample) else { return String::new() };
        let name = self.recordings[place.recording].file_name().unwrap_or_default().to_string_lossy();
        let begin = place.since_us as f64 / 1e6;
        match place.label {
            Some(_) if place.slices > 1 => format!("{name}, slice {} of {}", place.slice + 1, place.slices),
            _ => format!("{name}, from {begin:.1} s"),
        }
    }

    /// Returns a sample's frames, read from its recording if they are not kept; silence for
    /// an invalid number.
    pub fn frames(&self, sample: usize) -> Result<Arc<SampleFrames>, SamplesError> {
        let Some(place) = self.places.get(sample) else { return Ok(Arc::default()) };
        let recording = place.recording;
        let first = self.places.partition_point(|other| other.recording < recording);
        let found =
            |(begin, frames): &Kept| (*begin == first).then(|| frames.get(sample - first).cloned())?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frames) = kept.iter().find_map(found) {
            return Ok(frames);
        }
        let last = self.places.partition_point(|other| other.recording <= recording);
        let made = Arc::new(make(&self.recordings[recording], &self.places[first..last], &self.options)?);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let frames = made.get(sample - first).cloned().unwrap_or_default();
        kept.push_back((first, made));
        Ok(frames)
    }
}

/// Returns the slices of a recording's stretches, and the oddities of the recording.
fn cut(
    recording: usize,
    path: &Path,
    stretches: &[dataset::Sample],
    options: &FrameOptions,
) -> Result<(Vec<Place>, Warnings), SamplesError> {
    // First and last event of each stretch.
    let mut spans: Vec<Option<(i64, i64)>> = vec![None; stretches.len()];
    let mut begin = None;
    let warnings = each_event(path, |event| {
        begin.get_or_insert(event.t);
        for (stretch, span) in stretches.iter().zip(&mut spans) {
            let begun = stretch.start_us.is_none_or(|start| event.t >= start);
            if begun && stretch.end_us.is_none_or(|end| event.t < end) {
                let (first, last) = span.get_or_insert((event.t, event.t));
                (*first, *last) = ((*first).min(event.t), (*last).max(event.t));
            }
        }
    })?;
    let slices_of = |(first, last): (i64, i64)| last.abs_diff(first) / options.slice_us;
    let slices = spans.iter().flatten().fold(0_u64, |all, &span| all.saturating_add(slices_of(span)));
    let needed = slices.saturating_mul(bytes_of_slice(options));
    if needed > MEMORY_LIMIT {
        let (slice_us, frames) = (options.slice_us, options.frames());
        return Err(SamplesError::Memory { path: path.to_owned(), slices, slice_us, frames, needed });
    }
    let mut places = Vec::new();
    for (stretch, span) in stretches.iter().zip(spans) {
        let Some((first, last)) = span else { continue };
        let slices = (last.abs_diff(first) / options.slice_us).min(u64::from(u32::MAX)) as u32;
        places.extend((0..slices).map(|slice| {
            let start_us = first.saturating_add((u64::from(slice) * options.slice_us) as i64);
            let since_us = start_us.abs_diff(begin.unwrap_or(start_us));
            Place { recording, label: stretch.gesture, start_us, since_us, slice, slices }
        }));
    }
    Ok((places, warnings))
}

/// Returns the bytes of a slice in memory: the counts of a frame, and all its frames and pictures.
fn bytes_of_slice(options: &FrameOptions) -> u64 {
    let pixels = u64::from(DVS128.width) * u64::from(DVS128.height);
    let (counts, frame) = (2 * 4 * pixels, 4 * u64::from(options.size) * u64::from(options.size));
    let each = frame + size_of::<EventPicture>() as u64 + PICTURE_BYTES;
    counts.saturating_add(options.frames().saturating_mul(each))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::event::CameraEvent;
    use super::super::labels::{Label, write_labels};
    use super::super::picture::PICTURE_SIDE;
    use super::super::recording::aedat31::Writer;
    use super::*;

    /// Writes a recording with one event per millisecond, in the column numbered by its second.
    fn record(folder: &Path, name: &str, seconds: i64, labels: &[(usize, i64, i64)]) -> PathBuf {
        let path = folder.join(name);
        let mut writer = Writer::new(fs::File::create(&path).unwrap(), DVS128).unwrap();
        let events: Vec<CameraEvent> = (0..seconds * 1000)
            .map(|ms| CameraEvent { t: ms * 1000, x: (ms / 1000) as u16, y: 2, on: ms % 2 == 0 })
            .collect();
        writer.write(&events).unwrap();
        writer.finish().unwrap();
        let label = |&(class, start, end): &(usize, i64, i64)| Label {
            gesture: Gesture::from_index(class).unwrap(),
            start_us: start,
            end_us: end,
        };
        let labels: Vec<Label> = labels.iter().map(label).collect();
        let stem = name.trim_end_matches(".aedat");
        if !labels.is_empty() {
            write_labels(fs::File::create(folder.join(format!("{stem}_labels.csv"))).unwrap(), &labels)
                .unwrap();
        }
        path
    }

    #[test]
    fn labelled_stretches_are_cut_into_whole_slices() {
        let folder = tempfile::tempdir().unwrap();
        let path =
            record(folder.path(), "a.aedat", 12, &[(3, 1_000_000, 5_000_000), (7, 6_000_000, 9_000_000)]);
        let samples = Samples::find(&path, &FrameOptions::default(), None).unwrap();
        // Four seconds hold two slices of 1.7 s, three hold one.
        let labels: Vec<usize> = samples.labels().iter().map(|label| label.unwrap().index()).collect();
        assert_eq!(labels, [3, 3, 7]);
        assert_eq!(samples.source(1), "a.aedat, slice 2 of 2");
        let second = samples.frames(1).unwrap();
        assert_eq!((second.frames.len(), second.pictures.len()), (67, 67));
        // It begins at 2.7 s: the events are at columns 2 and then 3, which one pooled
        // pixel takes together.
        let first_frame = &second.frames[0];
        assert_eq!(first_frame.len(), 32 * 32);
        assert_eq!(first_frame.iter().filter(|&&v| v > 0.0).count(), 1);
        assert!(first_frame[0] > 0.0);
        let (on, off): (u32, u32) = {
            let picture = &second.pictures[0];
            (picture.on.iter().map(|&n| u32::from(n)).sum(), picture.off.iter().map(|&n| u32::from(n)).sum())
        };
        assert_eq!(on + off, 25);
        assert_eq!(second.pictures[0].on[PICTURE_SIDE + 1], on as u8);
        // The same again, from what is kept; and silence beyond the end.
        assert_eq!(samples.frames(1).unwrap(), second);
        assert!(samples.frames(99).unwrap().frames.is_empty());
    }

    #[test]
    fn a_data_set_is_cut_by_its_lists() {
        let folder = tempfile::tempdir().unwrap();
        record(folder.path(), "user01_led.aedat", 4, &[(0, 0, 4_000_000)]);
        record(folder.path(), "user02_led.aedat", 4, &[(1, 0, 2_000_000)]);
        fs::write(folder.path().join("trials_to_train.txt"), "user01_led.aedat\n").unwrap();
        fs::write(folder.path().join("trials_to_test.txt"), "user02_led.aedat\n").unwrap();
        let find = |split| Samples::find(folder.path(), &FrameOptions::default(), split);
        assert_eq!(find(None).unwrap().len(), 3);
        assert_eq!(find(Some(Split::Test)).unwrap().len(), 1);
        fs::remove_file(folder.path().join("trials_to_test.txt")).unwrap();
        let error = find(Some(Split::Test)).unwrap_err().to_string();
        assert!(error.contains("no recordings to test with"), "{error}");
    }

    #[test]
    fn more_frames_than_memory_holds_are_refused_with_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = record(folder.path(), "a.aedat", 12, &[]);
        for (slice_us, bin_us) in [(2, 1), (1000, 1)] {
            let options = FrameOptions { slice_us, bin_us, ..FrameOptions::default() };
            let error = Samples::find(&path, &options, None).unwrap_err().to_string();
            assert!(error.contains("a.aedat") && error.contains("bytes"), "{error}");
        }
    }

    #[test]
    fn what_is_too_short_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = record(folder.path(), "short.aedat", 1, &[]);
        let error = Samples::find(&path, &FrameOptions::default(), None).unwrap_err().to_string();
        assert!(error.contains("short.aedat") && error.contains("1700000"), "{error}");
        let long = record(folder.path(), "long.aedat", 4, &[]);
        let samples = Samples::find(&long, &FrameOptions::default(), None).unwrap();
        assert_eq!((samples.len(), samples.labels()[0]), (2, None));
        assert_eq!(samples.source(1), "long.aedat, from 1.7 s");
    }

    #[test]
    fn a_noise_filter_takes_single_events_out_and_a_crop_fills_the_frame() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.aedat");
        let mut writer = Writer::new(fs::File::create(&path).unwrap(), DVS128).unwrap();
        // An edge of 16 pixels that moves to and fro over 16 columns, and an event of noise far
        // from it every 20 ms.
        let mut events = Vec::new();
        for ms in 0..2_000_i64 {
            let (x, y) = (90 + (ms % 16) as u16, 40 + (ms * 7 % 16) as u16);
            for y in [y, y + 1] {
                events.push(CameraEvent { t: ms * 1000, x, y, on: true });
            }
            if ms % 20 == 10 {
                events.push(CameraEvent { t: ms * 1000 + 500, x: 5, y: (ms / 20) as u16, on: false });
            }
        }
        writer.write(&events).unwrap();
        writer.finish().unwrap();
        // Pixels of all frames with events, left and right of column 16 of 32.
        let seen = |options: FrameOptions| {
            let samples = Samples::find(&path, &options, None).unwrap();
            let frames = samples.frames(0).unwrap();
            assert_eq!(frames.frames.len(), 67);
            let mut sides = [0, 0];
            for frame in &frames.frames {
                for (i, _) in frame.iter().enumerate().filter(|(_, value)| **value > 0.0) {
                    sides[usize::from(i % 32 >= 16)] += 1;
                }
            }
            sides
        };
        let plain = seen(FrameOptions::default());
        assert!(plain[0] > 60 && plain[1] > 600, "{plain:?}");
        let filtered = FrameOptions { noise_filter_us: Some(5_000), ..FrameOptions::default() };
        let filtered = seen(filtered);
        assert!(filtered[0] == 0 && filtered[1] * 3 > plain[1] * 2, "{filtered:?} {plain:?}");
        let cropped = seen(FrameOptions { crop: true, ..FrameOptions::default() });
        assert!(cropped.iter().sum::<i32>() > 2 * plain[1] && cropped[0] > 300, "{cropped:?}");
    }
}
