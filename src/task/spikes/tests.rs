//! Recordings on disk, and how answers are counted.

use super::options::Part;
use super::recording::{self, Recording, first_of_each};
use super::tally::Tally;
use crate::net::spiking::Spike;

/// Bytes of an event: column, row, polarity, time in µs.
fn event(x: u8, y: u8, on: bool, us: u32) -> [u8; 5] {
    let rest = u32::from(on) << 23 | us;
    [x, y, (rest >> 16) as u8, (rest >> 8) as u8, rest as u8]
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn an_event_is_a_spike_of_its_pixel_and_polarity() {
    let bytes: Vec<u8> =
        [event(3, 2, false, 0), event(3, 2, true, 1999), event(33, 33, true, 2000), event(3, 2, true, 1000)]
            .concat();
    let folder = folder(&[("a.bin", &bytes)]);
    let list = recording::read(&folder.path().join("a.bin"), 1000).unwrap();
    let on = 34 * 34;
    assert_eq!(list.at(0), [Spike { neuron: 2 * 34 + 3, count: 1 }]);
    assert_eq!(list.at(1), [Spike { neuron: on + 2 * 34 + 3, count: 2 }]);
    assert_eq!(list.at(2), [Spike { neuron: on + 33 * 34 + 33, count: 1 }]);
}

#[test]
fn a_damaged_recording_is_refused_with_its_file() {
    let cut = &event(0, 0, true, 1)[..4];
    let outside = event(34, 0, true, 1);
    let folder = folder(&[("cut.bin", cut), ("outside.bin", &outside)]);
    let error = |name: &str| recording::read(&folder.path().join(name), 1000).unwrap_err().to_string();
    assert!(error("cut.bin").contains("cut.bin: 4 bytes"), "{}", error("cut.bin"));
    assert!(error("outside.bin").contains("event 0 is at column 34"), "{}", error("outside.bin"));
    assert!(error("none.bin").contains("none.bin"));
}

#[test]
fn both_layouts_of_folders_are_read_by_part() {
    let labelled = folder(&[("labels.tsv", b"file\tdigit\ntest/1.bs2\t7\ntrain/2.bs2\t3\ntest/3.bs2\t7\n")]);
    let names = |folder: &tempfile::TempDir, part| {
        let all = recording::list(folder.path(), part).unwrap();
        let name = |one: &Recording| one.path.file_name().unwrap().to_string_lossy().into_owned();
        all.iter().map(|one| (name(one), one.label)).collect::<Vec<_>>()
    };
    assert_eq!(names(&labelled, Part::Test), [("1.bs2".to_owned(), 7), ("3.bs2".to_owned(), 7)]);
    assert_eq!(names(&labelled, Part::Train), [("2.bs2".to_owned(), 3)]);
    assert_eq!(names(&labelled, Part::All).len(), 3);
    let by_class =
        folder(&[("Test/4/b.bin", b""), ("Test/4/a.bin", b""), ("Train/0/c.bin", b""), ("Test/x.txt", b"")]);
    assert_eq!(names(&by_class, Part::Test), [("a.bin".to_owned(), 4), ("b.bin".to_owned(), 4)]);
    assert_eq!(names(&by_class, Part::All).len(), 3);
    let wrong = folder(&[("labels.tsv", b"test/1.bs2 7\n")]);
    assert!(recording::list(wrong.path(), Part::Test).unwrap_err().to_string().contains("line 1"));
    let empty = folder(&[]);
    assert!(recording::list(empty.path(), Part::All).unwrap_err().to_string().contains("no recordings"));
}

#[test]
fn the_first_of_each_class_come_first() {
    let recording = |label| Recording { path: format!("{label}").into(), label };
    let all = [5, 5, 5, 2, 2, 9].map(recording).to_vec();
    let labels = |most| first_of_each(all.clone(), most).iter().map(|one| one.label).collect::<Vec<_>>();
    assert_eq!(labels(3), [2, 5, 9]);
    assert_eq!(labels(5), [2, 5, 9, 2, 5]);
    assert_eq!(labels(99), [2, 5, 9, 2, 5, 5]);
}

#[test]
fn the_answer_is_the_first_of_the_busiest_outputs() {
    let mut tally = Tally::new(10);
    assert_eq!(tally.accuracy(), None);
    for (spikes, label) in [(&[(3, 2), (7, 2)][..], 3), (&[(1, 1), (7, 2), (1, 1)], 7), (&[], 0)] {
        tally.begin();
        for &(neuron, count) in spikes {
            tally.count(neuron, count);
        }
        tally.end(label);
    }
    let answers: Vec<_> = tally.answers().iter().map(|answer| answer.predicted).collect();
    assert_eq!(answers, [3, 1, 0]);
    assert_eq!(tally.accuracy(), Some(2.0 / 3.0));
    assert_eq!(tally.confusion()[7][1], 1);
}
