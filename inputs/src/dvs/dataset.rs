//! DVS128 Gesture as folders: the data set's own layout, tonic's, or a single recording.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::gesture::{GESTURES, Gesture};
use super::labels::{Label, LabelError, read_labels};
use spinnaker2_emulator::file;

/// Lists of the recordings to train and to test with, in the data set's own layout.
const LISTS: [(Split, &str); 2] =
    [(Split::Train, "trials_to_train.txt"), (Split::Test, "trials_to_test.txt")];
/// Folders of the same in tonic's layout.
const FOLDERS: [(Split, &str); 2] = [(Split::Train, "ibmGestureTrain"), (Split::Test, "ibmGestureTest")];
/// Largest size of a list, bytes. The real ones have 2 KB.
const LIST_LIMIT: u64 = 1 << 20;

/// Purpose of a recording: training or testing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Recording to train with.
    Train,
    /// Recording to test with.
    Test,
}

/// Stretch of a recording in which one gesture is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// File of the recording.
    pub path: PathBuf,
    /// Purpose of the recording; `None` where the data set does not state it.
    pub split: Option<Split>,
    /// Gesture shown; `None` where the sample has no label.
    pub gesture: Option<Gesture>,
    /// Start of the sample on the recording's clock, µs; `None` for the recording's beginning.
    pub start_us: Option<i64>,
    /// End of the sample on the recording's clock, µs; `None` for the recording's end.
    pub end_us: Option<i64>,
}

/// Error that makes a data set unusable. Line numbers count from 1.
#[derive(Debug, Error)]
pub enum DatasetError {
    /// A file or folder that cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// File or folder that cannot be read.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A folder of another layout.
    #[error(
        "{}: no data set: expected trials_to_train.txt or trials_to_test.txt beside recordings and their \
         _labels.csv (the layout of DVS128 Gesture), or ibmGestureTrain or ibmGestureTest with a folder for each user \
         (tonic's)", path.display()
    )]
    Layout {
        /// Folder that was looked into.
        path: PathBuf,
    },
    /// A data set without recordings.
    #[error("{}: no recordings in it", path.display())]
    Empty {
        /// The folder or list.
        path: PathBuf,
    },
    /// A line of a list does not name a recording beside it.
    #[error("{}:{line}: `{found}`: {why}", path.display())]
    List {
        /// File of the list.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// Text of the line.
        found: String,
        /// Reason for which the line is not accepted.
        why: String,
    },
    /// A recording has no labels, where each has to have them.
    #[error("{}: no such file; the recording {} has no labels without it", path.display(), recording.display())]
    NoLabels {
        /// The missing file.
        path: PathBuf,
        /// File of the recording.
        recording: PathBuf,
    },
    /// Labels that cannot be used.
    #[error("{}: {source}", path.display())]
    Labels {
        /// File of the labels.
        path: PathBuf,
        /// Line and finding.
        source: LabelError,
    },
    /// The name of a file is not a class.
    #[error("{}: the name is not a class; files are 0.npy to {}.npy", path.display(), GESTURES - 1)]
    Class {
        /// File whose name is not a class.
        path: PathBuf,
    },
}

/// Returns all samples of a data set or recording, in the order of its lists, or of names.
pub fn samples(path: &Path) -> Result<Vec<Sample>, DatasetError> {
    let about = fs::metadata(path).map_err(|source| DatasetError::Read { path: path.to_owned(), source })?;
    if !about.is_dir() {
        return recording(path);
    }
    let mut samples = Vec::new();
    let mut found = false;
    // What there is nothing in, if it turns out so: the last list, or the folder.
    let mut empty = path.to_owned();
    for (split, name) in LISTS {
        let list = path.join(name);
        if list.is_file() {
            found = true;
            listed(&list, split, &mut samples)?;
            empty = list;
        }
    }
    if !found {
        for (split, name) in FOLDERS {
            let folder = path.join(name);
            let itself = path.file_name().is_some_and(|own| own == name);
            if itself || folder.is_dir() {
                found = true;
                users(if itself { path } else { &folder }, split, &mut samples)?;
            }
        }
    }
    if !found {
        return Err(DatasetError::Layout { path: path.to_owned() });
    }
    if samples.is_empty() { Err(DatasetError::Empty { path: empty }) } else { Ok(samples) }
}

/// Returns the labels beside a recording; `None` if there is no file of them.
pub fn labels_beside(recording: &Path) -> Result<Option<Vec<Label>>, DatasetError> {
    let path = labels_path(recording);
    match file::open(&path) {
        Ok(file) => read_labels(BufReader::new(file))
            .map(Some)
            .map_err(|source| DatasetError::Labels { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(DatasetError::Read { path, source }),
    }
}

/// Returns the path of a recording's labels: `NAME_labels.csv` for `NAME.aedat`.
pub fn labels_path(recording: &Path) -> PathBuf {
    let mut name = recording.file_stem().unwrap_or_default().to_owned();
    name.push("_labels.csv");
    recording.with_file_name(name)
}

/// Returns the samples of a single recording: one for each of its labels, or one of unknown gesture
/// if there is no file of labels.
fn recording(path: &Path) -> Result<Vec<Sample>, DatasetError> {
    let whole = Sample { path: path.to_owned(), split: None, gesture: None, start_us: None, end_us: None };
    Ok(match labels_beside(path)? {
        Some(labels) => labelled(path, None, &labels).collect(),
        None => vec![whole],
    })
}

fn labelled(path: &Path, split: Option<Split>, labels: &[Label]) -> impl Iterator<Item = Sample> {
    labels.iter().map(move |label| Sample {
        path: path.to_owned(),
        split,
        gesture: Some(label.gesture),
        start_us: Some(label.start_us),
        end_us: Some(label.end_us),
    })
}

/// Adds the recordings of a list, one name a line, each with its labels.
fn listed(list: &Path, split: Split, samples: &mut Vec<Sample>) -> Result<(), DatasetError> {
    let read = |source| DatasetError::Read { path: list.to_owned(), source };
    let text = file::read_text(list, LIST_LIMIT).map_err(read)?;
    let mut seen = BTreeMap::new();
    for (line, name) in (1..).zip(text.lines().map(str::trim)).filter(|(_, name)| !name.is_empty()) {
        let error = |why: String| {
            let found = name.chars().take(80).collect();
            DatasetError::List { path: list.to_owned(), line, found, why }
        };
        if name.contains(['/', '\\']) {
            return Err(error("expected a name without folders".to_owned()));
        }
        if let Some(before) = seen.insert(name, line) {
            return Err(error(format!("the recording is in line {before} already")));
        }
        let recording = list.with_file_name(name);
        if !recording.is_file() {
            return Err(error("there is no such recording beside the list".to_owned()));
        }
        let labels = labels_beside(&recording)?.ok_or_else(|| DatasetError::NoLabels {
            path: labels_path(&recording),
            recording: recording.clone(),
        })?;
        samples.extend(labelled(&recording, Some(split), &labels));
    }
    Ok(())
}

/// Adds the recordings in the folders of users; the name of each file is the number of its gesture.
fn users(folder: &Path, split: Split, samples: &mut Vec<Sample>) -> Result<(), DatasetError> {
    for user in entries(folder)? {
        if !user.is_dir() {
            continue;
        }
        let mut found = BTreeSet::new();
        for path in entries(&user)? {
            if path.extension().is_none_or(|extension| extension != "npy") {
                continue;
            }
            let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            let Some(gesture) = number.and_then(Gesture::from_index) else {
                return Err(DatasetError::Class { path });
            };
            found.insert((gesture, path));
        }
        samples.extend(found.into_iter().map(|(gesture, path)| Sample {
            path,
            split: Some(split),
            gesture: Some(gesture),
            start_us: None,
            end_us: None,
        }));
    }
    Ok(())
}

/// Returns the paths of all entries of a folder, sorted by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let read = |source| DatasetError::Read { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        paths.push(entry.map_err(read)?.path());
    }
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    const LABELS: &str = "class,startTime_usec,endTime_usec\n2,10,20\n11,30,40\n";

    #[test]
    fn the_data_sets_own_layout() {
        let folder = folder(&[
            ("trials_to_train.txt", "user01_led.aedat\nuser02_led.aedat\n\n"),
            ("trials_to_test.txt", "user24_led.aedat\r\n"),
            ("user01_led.aedat", ""),
            ("user01_led_labels.csv", LABELS),
            ("user02_led.aedat", ""),
            ("user02_led_labels.csv", LABELS),
            ("user24_led.aedat", ""),
            ("user24_led_labels.csv", LABELS),
        ]);
        let found = samples(folder.path()).unwrap();
        assert_eq!(found.len(), 6);
        let last = &found[5];
        assert_eq!((last.split, last.start_us, last.end_us), (Some(Split::Test), Some(30), Some(40)));
        assert_eq!(last.gesture.unwrap().name(), "other_gestures");
        assert!(last.path.ends_with("user24_led.aedat"));
        // The same file alone.
        assert_eq!(samples(&last.path).unwrap().len(), 2);
    }

    #[test]
    fn tonics_layout() {
        let folder = folder(&[
            ("ibmGestureTrain/user01_led/10.npy", ""),
            ("ibmGestureTrain/user01_led/2.npy", ""),
            ("ibmGestureTest/user24_led/0.npy", ""),
            ("ibmGestureTest/readme.txt", ""),
        ]);
        let found = samples(folder.path()).unwrap();
        let labels: Vec<u32> = found.iter().map(|sample| sample.gesture.unwrap().label()).collect();
        assert_eq!(labels, [3, 11, 1]);
        assert_eq!(samples(&folder.path().join("ibmGestureTrain")).unwrap().len(), 2);
        fs::write(folder.path().join("ibmGestureTest/user24_led/11.npy"), "").unwrap();
        let error = samples(folder.path()).unwrap_err().to_string();
        assert!(error.contains("11.npy: the name is not a class") && error.contains("10.npy"), "{error}");
    }

    #[test]
    fn a_recording_without_labels_is_one_sample() {
        let folder = folder(&[("hand.aedat4", "")]);
        let found = samples(&folder.path().join("hand.aedat4")).unwrap();
        assert_eq!((found.len(), found[0].gesture, found[0].start_us), (1, None, None));
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        let list = "trials_to_test.txt";
        for (files, words) in [
            (vec![], vec!["no data set", "ibmGestureTrain"]),
            (vec![(list, "\n")], vec!["trials_to_test.txt: no recordings"]),
            (vec![("ibmGestureTest/x.txt", "")], vec!["no recordings"]),
            (vec![(list, "\nuser1.aedat")], vec!["trials_to_test.txt:2: `user1.aedat`", "no such recording"]),
            (vec![(list, "../a.aedat")], vec![":1: `../a.aedat`", "without folders"]),
            (vec![(list, "a.aedat"), ("a.aedat", "")], vec!["a_labels.csv: no such file", "a.aedat"]),
            (
                vec![(list, "a.aedat\na.aedat"), ("a.aedat", ""), ("a_labels.csv", LABELS)],
                vec![":2: `a.aedat`", "in line 1 already"],
            ),
            (
                vec![
                    (list, "a.aedat"),
                    ("a.aedat", ""),
                    ("a_labels.csv", "class,startTime_usec,endTime_usec\n99,1,2"),
                ],
                vec!["a_labels.csv: line 2: class 99"],
            ),
        ] {
            let folder = folder(&files);
            let error = samples(folder.path()).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
        }
        assert!(samples(Path::new("no/such")).unwrap_err().to_string().starts_with("no/such: "));
    }
}
