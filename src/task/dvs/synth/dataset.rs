//! Recordings as files, in the layout of DVS128 Gesture: `userNN_lighting.aedat` with `userNN_lighting_labels.csv`
//! beside it, `trials_to_train.txt` and `trials_to_test.txt`. Nobody is in both lists.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::dice::Dice;
use super::stage::Lighting;
use super::trial::{Trial, TrialOptions, record};
use crate::task::dvs::event::CameraEvent;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatasetOptions {
    /// Start of all random numbers.
    pub seed: u64,
    /// Number of the first person, from 1.
    pub first_person: u32,
    /// How many people.
    pub people: u32,
    /// Recordings of each, every one under another lighting.
    pub trials: u32,
    /// The last so many people are for tests.
    pub test_people: u32,
    /// Length of each gesture, µs: drawn between these.
    pub gesture_us: [i64; 2],
}

/// Why a file is not written.
#[derive(Debug, Error)]
#[error("{path}: {error}")]
pub struct DatasetError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the operating system says.
    pub error: io::Error,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Length of the recordings together, µs.
    pub length_us: i64,
    /// Events.
    pub events: u64,
}

/// Every recording of a data set, with its file's name without ending, in the order of the lists.
pub fn recordings(options: &DatasetOptions) -> Vec<(String, TrialOptions)> {
    let mut all = Vec::new();
    for person in options.first_person..options.first_person.saturating_add(options.people) {
        // Everybody is recorded under other lightings, in another order.
        let mut lightings = Lighting::ALL;
        let mut dice = Dice::new(&[options.seed, u64::from(person), u64::MAX]);
        for i in (1..lightings.len()).rev() {
            lightings.swap(i, dice.below(i + 1));
        }
        for (trial, lighting) in (0..options.trials).zip(lightings) {
            let name = format!("user{person:02}_{}", lighting.name());
            let seed = options.seed;
            let gesture_us = options.gesture_us;
            all.push((name, TrialOptions { seed, person, trial, lighting, gesture_us }));
        }
    }
    all
}

/// Makes one recording and writes it into a folder.
pub fn write_recording(
    folder: &Path,
    name: &str,
    options: &TrialOptions,
) -> Result<Written, DatasetError> {
    let trial = record(options);
    let file = |name: String, write: &dyn Fn(&mut BufWriter<File>) -> io::Result<()>| {
        let path = folder.join(name);
        let written = File::create(&path).and_then(|file| {
            let mut file = BufWriter::new(file);
            write(&mut file)?;
            file.flush()
        });
        written.map_err(|error| DatasetError { path, error })
    };
    file(format!("{name}.aedat"), &|out| write_events(out, &trial.events))?;
    file(format!("{name}_labels.csv"), &|out| write_labels(out, &trial))?;
    Ok(Written { length_us: trial.length_us, events: trial.events.len() as u64 })
}

/// Writes the two lists of a data set.
pub fn write_lists(folder: &Path, options: &DatasetOptions) -> Result<(), DatasetError> {
    let train_people = options.people.saturating_sub(options.test_people);
    let border = options.first_person.saturating_add(train_people);
    for (list, test) in [("trials_to_train.txt", false), ("trials_to_test.txt", true)] {
        let names: String = recordings(options)
            .iter()
            .filter(|(_, trial)| (trial.person >= border) == test)
            .map(|(name, _)| format!("{name}.aedat\n"))
            .collect();
        let path = folder.join(list);
        fs::write(&path, names).map_err(|error| DatasetError { path, error })?;
    }
    Ok(())
}

fn write_labels(out: &mut impl Write, trial: &Trial) -> io::Result<()> {
    writeln!(out, "class,startTime_usec,endTime_usec")?;
    for span in &trial.spans {
        writeln!(out, "{},{},{}", span.gesture.label(), span.start_us, span.end_us)?;
    }
    Ok(())
}

fn write_events(out: &mut impl Write, events: &[CameraEvent]) -> io::Result<()> {
    out.write_all(b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n")?;
    for packet in events.chunks(4096) {
        let count = packet.len() as u32;
        out.write_all(&[1, 0, 1, 0])?;
        for word in [8, 4, 0, count, count, count] {
            out.write_all(&u32::to_le_bytes(word))?;
        }
        for event in packet {
            let data = u32::from(event.x) << 17 | u32::from(event.y) << 2 | u32::from(event.on) << 1 | 1;
            out.write_all(&data.to_le_bytes())?;
            out.write_all(&(event.t as u32).to_le_bytes())?;
        }
    }
    Ok(())
}
