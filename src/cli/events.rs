//! `spinntui events FILE|FOLDER`: what a recording of an event camera holds, or what a
//! data set has.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use thiserror::Error;

use super::Format;
use crate::output::{Output, OutputError};
use crate::report::events::{EventsReport, Paint};
use crate::report::table::{Table, grouped};
use crate::task::dvs::dataset::{DatasetError, Sample, Split, labels_beside, samples};
use crate::task::dvs::gesture::Gesture;
use crate::task::dvs::recording::RecordingError;
use crate::tui::theme::depth::{ColorChoice, Depth};

/// `spinntui events`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  spinntui events user01_natural.aedat
  spinntui events DvsGesture --format json

Formats: AEDAT 2.0 (DVS128), 3.1 and 4.0, and .npy; known by content. docs/events.md says more.")]
pub struct EventsArgs {
    /// A recording, or a folder with the layout of DVS128 Gesture (its own or tonic's)
    path: PathBuf,
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Colours of the picture: auto, truecolor, 256, 16, mono, off
    #[arg(long, value_name = "DEPTH", default_value_t, value_parser = str::parse::<ColorChoice>)]
    color: ColorChoice,
}

/// Error that stops `events`.
#[derive(Debug, Error)]
pub enum EventsError {
    /// A recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A data set or labels.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The answer cannot be written.
    #[error("{0}")]
    Write(#[from] OutputError),
}

/// JSON answer for a data set: samples of each gesture.
#[derive(Debug, Serialize)]
struct DatasetReport {
    version: u32,
    folder: String,
    recordings: usize,
    samples: usize,
    gestures: Vec<GestureCount>,
}

#[derive(Debug, Serialize)]
struct GestureCount {
    class: u32,
    gesture: &'static str,
    train: usize,
    test: usize,
}

/// Describes a recording or a data set.
pub fn events(args: &EventsArgs, output: &mut Output) -> Result<(), EventsError> {
    if args.path.is_dir() {
        let report = DatasetReport::of(&args.path, &samples(&args.path)?);
        match args.format {
            Format::Json => output.data(&json(&report))?,
            Format::Text => output.text(&report.text())?,
        }
    } else {
        let labels = labels_beside(&args.path)?.unwrap_or_default();
        let report = EventsReport::read(&args.path, &labels)?;
        match args.format {
            Format::Json => output.data(&json(&report))?,
            // The picture has colours; the report has already escaped the file's name.
            Format::Text => output.data(&report.text(paint(args.color)))?,
        }
    }
    Ok(())
}

/// Returns colours where they will be seen: on a terminal, or on request.
fn paint(choice: ColorChoice) -> Paint {
    if choice == ColorChoice::Auto && !std::io::stdout().is_terminal() {
        return Paint::Glyphs;
    }
    match choice.resolve() {
        Depth::Off | Depth::Mono => Paint::Glyphs,
        Depth::Ansi16 => Paint::Colours16,
        Depth::Ansi256 | Depth::Truecolor => Paint::Colours256,
    }
}

fn json(report: &impl Serialize) -> String {
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

impl DatasetReport {
    fn of(folder: &Path, samples: &[Sample]) -> Self {
        let mut paths: Vec<&Path> = samples.iter().map(|sample| sample.path.as_path()).collect();
        paths.sort_unstable();
        paths.dedup();
        let mut counts: BTreeMap<Gesture, [usize; 2]> =
            Gesture::all().map(|gesture| (gesture, [0; 2])).collect();
        for sample in samples {
            let counts = sample.gesture.and_then(|gesture| counts.get_mut(&gesture));
            if let (Some([train, test]), Some(split)) = (counts, sample.split) {
                *(if split == Split::Train { train } else { test }) += 1;
            }
        }
        let count = |(gesture, [train, test]): (Gesture, [usize; 2])| GestureCount {
            class: gesture.label(),
            gesture: gesture.name(),
            train,
            test,
        };
        Self {
            version: EventsReport::VERSION,
            folder: folder.display().to_string(),
            recordings: paths.len(),
            samples: samples.len(),
            gestures: counts.into_iter().map(count).collect(),
        }
    }

    fn text(&self) -> String {
        let (recordings, samples) = (grouped(self.recordings as u64), grouped(self.samples as u64));
        let mut out = format!("{}\n{recordings} recordings with {samples} gestures\n\n", self.folder);
        let mut table = Table::new(&["gesture", "class", "train", "test"]);
        for GestureCount { class, gesture, train, test } in &self.gestures {
            let number = |n: &usize| grouped(*n as u64);
            table.row(vec![(*gesture).to_owned(), class.to_string(), number(train), number(test)]);
        }
        let sum =
            |of: fn(&GestureCount) -> usize| grouped(self.gestures.iter().map(of).sum::<usize>() as u64);
        table.row(vec!["all".to_owned(), String::new(), sum(|g| g.train), sum(|g| g.test)]);
        table.write(&mut out);
        out
    }
}
