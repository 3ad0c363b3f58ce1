//! Recordings as files, in the layout of DVS128 Gesture: `userNN_lighting.aedat` with
//! `userNN_lighting_labels.csv` beside it, `trials_to_train.txt` and `trials_to_test.txt`. No
//! person is in both lists.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::synth::dice::Dice;
use super::synth::stage::Lighting;
use super::synth::trial::{TrialOptions, record};
use super::synth::world::{Clock, World};
use crate::output::{Output, OutputError, Reads};
use crate::task::dvs::event::DVS128;
use crate::task::dvs::labels;
use crate::task::dvs::recording::aedat31::{WriteError, Writer};

/// Options of a synthetic data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DatasetOptions {
    /// Start of all random numbers.
    pub seed: u64,
    /// Number of the first person, from 1.
    pub first_person: u32,
    /// Number of people.
    pub people: u32,
    /// Number of recordings of each person, each under another lighting.
    pub trials: u32,
    /// Number of people, the last ones, whose recordings are for tests.
    pub test_people: u32,
    /// Length of each gesture, µs: drawn between these.
    pub gesture_us: [i64; 2],
    /// Share of the people drawn from the wide world, 0 to 1; the others are drawn from
    /// the data set's.
    pub wide_share: f32,
    /// Point of view from which circles are called clockwise.
    pub clock: Clock,
}

/// Error that stops a data set from being written.
#[derive(Debug, Error)]
pub enum DatasetError {
    /// A folder, a list or labels.
    #[error("{path}: {error}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Error of the operating system.
        error: io::Error,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A recording cannot be encoded.
    #[error("{path}: {error}")]
    Events {
        /// File of the recording.
        path: PathBuf,
        /// Defect of the events.
        error: WriteError,
    },
}

/// Summary of the files written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Length of the recordings together, µs.
    pub length_us: i64,
    /// Number of events written.
    pub events: u64,
}

/// Returns all recordings of a data set, each with its file's name without ending, in the order
/// of the lists.
pub fn recordings(options: &DatasetOptions) -> Vec<(String, TrialOptions)> {
    let mut all = Vec::new();
    for person in options.first_person..options.first_person.saturating_add(options.people) {
        // Each person is recorded under other lightings, in another order.
        let mut lightings = Lighting::ALL;
        let mut dice = Dice::new(&[options.seed, u64::from(person), u64::MAX]);
        for i in (1..lightings.len()).rev() {
            lightings.swap(i, dice.below(i + 1));
        }
        let mut dice = Dice::new(&[options.seed, u64::from(person), u64::MAX - 1]);
        let world = if dice.chance(options.wide_share) { World::Wide } else { World::Dataset };
        for (trial, lighting) in (0..options.trials).zip(lightings) {
            let name = format!("user{person:02}_{}", lighting.name());
            let &DatasetOptions { seed, gesture_us, clock, .. } = options;
            all.push((name, TrialOptions { seed, person, trial, lighting, gesture_us, world, clock }));
        }
    }
    all
}

/// Makes one recording and writes it into a folder.
pub fn write_recording(folder: &Path, name: &str, options: &TrialOptions) -> Result<Written, DatasetError> {
    let trial = record(options);
    let path = folder.join(format!("{name}.aedat"));
    let file = create(&path)?;
    let written = Writer::new(file, DVS128).and_then(|mut writer| {
        writer.write(&trial.events)?;
        writer.finish()
    });
    written.map_err(|error| DatasetError::Events { path, error })?.finish()?;
    let path = folder.join(format!("{name}_labels.csv"));
    let mut file = create(&path)?;
    labels::write_labels(&mut file, &trial.labels).map_err(|error| DatasetError::File { path, error })?;
    file.finish()?;
    Ok(Written { length_us: trial.length_us, events: trial.events.len() as u64 })
}

/// Writes the two lists of a data set.
pub fn write_lists(folder: &Path, options: &DatasetOptions) -> Result<(), DatasetError> {
    let train_people = options.people.saturating_sub(options.test_people);
    let border = options.first_person.saturating_add(train_people);
    for (list, test) in [("trials_to_train.txt", false), ("trials_to_test.txt", true)] {
        let mut names = String::new();
        for (name, _) in recordings(options).iter().filter(|(_, trial)| (trial.person >= border) == test) {
            names.push_str(name);
            names.push_str(".aedat\n");
        }
        let path = folder.join(list);
        Output::file(&path, names.as_bytes(), &Reads::default())?;
    }
    Ok(())
}

fn create(path: &Path) -> Result<Output, OutputError> {
    Output::create(Some(path), &Reads::default())
}

#[cfg(test)]
mod tests {
    use super::super::dataset::{Split, samples};
    use super::super::gesture::GESTURES;
    use super::super::recording::Recording;
    use super::*;

    #[test]
    fn a_data_set_has_the_layout_of_the_real_one() {
        let folder = tempfile::tempdir().unwrap();
        let options = DatasetOptions {
            seed: 9,
            first_person: 3,
            people: 2,
            trials: 2,
            test_people: 1,
            gesture_us: [100_000, 100_000],
            wide_share: 0.0,
            clock: Clock::Camera,
        };
        let all = recordings(&options);
        for (name, trial) in &all {
            let written = write_recording(folder.path(), name, trial).unwrap();
            assert!(written.events > 0 && written.length_us > 11 * 100_000);
        }
        write_lists(folder.path(), &options).unwrap();
        let samples = samples(folder.path()).unwrap();
        assert_eq!(samples.len(), 4 * GESTURES);
        for sample in &samples {
            let name = sample.path.file_name().unwrap().to_string_lossy();
            let (start, end) = (sample.start_us.unwrap(), sample.end_us.unwrap());
            assert_eq!(end - start, 100_000, "{name}");
            let test = name.starts_with("user04_");
            assert!(test || name.starts_with("user03_"), "{name}");
            assert_eq!(sample.split, Some(if test { Split::Test } else { Split::Train }), "{name}");
        }
        for (name, trial) in &all {
            let mut recording = Recording::open(&folder.path().join(format!("{name}.aedat"))).unwrap();
            let (mut batch, mut events) = (Vec::new(), Vec::new());
            while recording.next_batch(&mut batch).unwrap() {
                events.extend_from_slice(&batch);
            }
            assert_eq!(recording.sensor(), DVS128);
            assert_eq!(recording.warnings().iter().count(), 0, "{name}");
            assert!(events == record(trial).events, "{name}");
        }
    }

    #[test]
    fn a_share_of_the_people_is_from_the_wide_world_with_all_their_recordings() {
        let wide = |wide_share: f32| {
            let options = DatasetOptions {
                seed: 3,
                first_person: 1,
                people: 400,
                trials: 2,
                test_people: 0,
                gesture_us: [300_000, 300_000],
                wide_share,
                clock: Clock::Person,
            };
            let all = recordings(&options);
            for pair in all.chunks(2) {
                assert_eq!(pair[0].1.world, pair[1].1.world);
                assert_eq!(pair[0].1.clock, Clock::Person);
            }
            all.iter().filter(|(_, trial)| trial.world == World::Wide).count() / 2
        };
        assert_eq!((wide(0.0), wide(1.0)), (0, 400));
        let half = wide(0.5);
        assert!((160..240).contains(&half), "{half}");
    }
}
