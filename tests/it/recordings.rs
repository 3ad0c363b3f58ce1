//! Readers of event files against decodes made elsewhere, over real recordings.
//!
//! All but one of the recordings are not part of this repository (`common::shared`);
//! `assets/recordings/davis346.aedat4` stands in for them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use spinntui::task::dvs::event::{CameraEvent, DVS128};
use spinntui::task::dvs::frames::Framer;
use spinntui::task::dvs::options::FrameOptions;
use spinntui::task::dvs::recording::{BATCH, Format, Recording, Warning};

use crate::common::shared;

/// Returns the folder with the recordings, if this machine has it.
#[track_caller]
fn folder() -> Option<PathBuf> {
    shared("data/dvs-gesture")
}

fn read(path: &Path) -> (Recording<File>, Vec<CameraEvent>) {
    let mut recording = Recording::open(path).unwrap();
    let (mut events, mut batch) = (Vec::new(), Vec::new());
    while recording.next_batch(&mut batch).unwrap() {
        assert!(!batch.is_empty() && batch.len() <= BATCH);
        events.extend_from_slice(&batch);
    }
    (recording, events)
}

/// A row of EXPECTED.tsv: file, format, bytes, events, on, t_first, t_last,
/// first_xyp, last_xyp, sha256.
struct Expected<'a> {
    file: &'a str,
    raw: bool,
    columns: Vec<&'a str>,
}

/// Returns the columns of the table for a file, computed from its events.
fn columns(events: &[CameraEvent], raw: bool) -> Vec<String> {
    // Rows of AEDAT 2.0 hold the address's own bits: axes the other way round, 0 for ON.
    let bits = |e: &CameraEvent| if raw { (127 - e.x, 127 - e.y, !e.on) } else { (e.x, e.y, e.on) };
    let mut hash = Sha256::new();
    for event in events {
        let (x, y, p) = bits(event);
        hash.update(x.to_le_bytes());
        hash.update(y.to_le_bytes());
        hash.update([u8::from(p)]);
        hash.update(event.t.to_le_bytes());
    }
    let xyp = |event: &CameraEvent| {
        let (x, y, p) = bits(event);
        format!("{x},{y},{}", u8::from(p))
    };
    let (first, last) = (events.first().unwrap(), events.last().unwrap());
    let on = events.iter().filter(|e| bits(e).2).count();
    vec![
        events.len().to_string(),
        on.to_string(),
        first.t.to_string(),
        last.t.to_string(),
        xyp(first),
        xyp(last),
        hex(&hash.finalize()),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The Python package `aedat` decoded the expected columns.
#[test]
fn the_committed_real_recording_decodes_to_what_others_made_of_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recordings/davis346.aedat4");
    let (recording, events) = read(&path);
    let expected = [
        "9920",
        "6130",
        "1633953690975950",
        "1633953690985949",
        "218,15,1",
        "137,108,0",
        "6bcfcd085ed56fe71c478aaac9c52dbb27a3ed26a83b953cb01b1ce3f52d9673",
    ];
    assert_eq!(columns(&events, false), expected);
    let sensor = recording.sensor();
    assert_eq!((recording.format(), sensor.width, sensor.height), (Format::Aedat4, 346, 260));
    assert!(events.iter().all(|event| event.x < sensor.width && event.y < sensor.height));
    for warning in [Warning::Outside, Warning::Invalid] {
        assert_eq!(recording.warnings().count(warning), 0, "{warning:?}");
    }
}

#[test]
fn every_recording_decodes_to_what_others_made_of_it() {
    let Some(folder) = folder() else { return };
    let table = fs::read_to_string(folder.join("EXPECTED.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        Expected { file: columns[0], raw: columns[1].contains("raw"), columns: columns[3..10].to_vec() }
    });
    let mut checked = 0;
    for expected in rows {
        let (recording, events) = read(&folder.join(expected.file));
        assert_eq!(columns(&events, expected.raw), expected.columns, "{}", expected.file);
        assert_eq!(expected.raw, recording.format() == Format::Aedat2);
        let sensor = recording.sensor();
        assert!(events.iter().all(|e| e.x < sensor.width && e.y < sensor.height));
        let synthetic = expected.file.contains("synthetic");
        let unmarked = recording.warnings().count(Warning::Unmarked);
        assert_eq!(unmarked, if synthetic { events.len() as u64 } else { 0 }, "{}", expected.file);
        for warning in [Warning::Outside, Warning::Invalid, Warning::Special] {
            assert_eq!(recording.warnings().count(warning), 0, "{}: {warning:?}", expected.file);
        }
        checked += 1;
    }
    assert!(checked >= 29, "{checked}");
}

#[test]
fn frames_are_those_of_numpy() {
    let Some(folder) = folder() else { return };
    let path = folder.join("aedat31-reencoded/right_hand_wave_real_events.aedat");
    let mut recording = Recording::open(&path).unwrap();
    let mut framer = Framer::new(FrameOptions::default(), recording.sensor()).unwrap();
    let (mut batch, mut slices) = (Vec::new(), Vec::new());
    while recording.next_batch(&mut batch).unwrap() {
        slices.extend(batch.iter().filter_map(|event| framer.push(event)));
    }
    assert_eq!(slices.iter().map(|slice| slice.frames.len()).collect::<Vec<_>>(), [67, 67, 67]);
    let mut hash = Sha256::new();
    for value in slices.iter().flat_map(|slice| &slice.frames).flat_map(|frame| &frame.values) {
        hash.update(value.to_le_bytes());
    }
    // What tests/data/frames/reference.py prints for this recording.
    assert_eq!(hex(&hash.finalize()), "68b8b4b2f5017d7df1ceb489bd91d3b09d433be25fea6a01a0813aa48fec728c");
    assert_eq!(framer.late(), 0);
}

#[test]
fn sensors_are_read_from_the_file() {
    let Some(folder) = folder() else { return };
    let sensor = |file: &str| {
        let sensor = Recording::new(File::open(folder.join(file)).unwrap(), DVS128).unwrap().sensor();
        (sensor.width, sensor.height)
    };
    assert_eq!(sensor("other-sensors-aedat4/aestream_davis.aedat4"), (346, 260));
    assert_eq!(sensor("other-sensors-aedat4/tonic_sample.aedat4"), (320, 240));
    assert_eq!(sensor("aedat31-reencoded/right_hand_wave_real_events.aedat"), (128, 128));
}

#[test]
fn the_committed_real_recording_cut_anywhere_is_refused_with_the_byte() {
    refused_where_cut(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recordings/davis346.aedat4"));
}

#[test]
fn a_real_recording_cut_anywhere_is_refused_with_the_byte() {
    let Some(folder) = folder() else { return };
    for file in [
        "aedat31-synthetic/aedat2_led.aedat",
        "aedat31-reencoded/right_hand_wave_real_events.aedat",
        "dvs128-actions-aedat2/cam255_right_clamp_test1.aedat",
        "dvs128-right-hand-wave-aedat4/session-2024-06-13/dvSave-2024_06_13_16_16_25.aedat4",
    ] {
        refused_where_cut(&folder.join(file));
    }
}

/// Cuts a recording at some 300 bytes. Each error has to name a byte before the cut.
fn refused_where_cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    let step = (bytes.len() / 300).max(1) | 1;
    let mut refused = 0;
    for end in (0..bytes.len()).step_by(step) {
        let mut batch = Vec::new();
        let read = Recording::new(&bytes[..end], DVS128).and_then(|mut recording| {
            while recording.next_batch(&mut batch)? {}
            Ok(())
        });
        if let Err(error) = read {
            assert!(error.offset <= end as u64, "{} cut at {end}: {error}", path.display());
            refused += 1;
        }
    }
    // A cut between two packets or events cannot be told from a shorter recording.
    assert!(refused > 100, "{}: {refused}", path.display());
}
