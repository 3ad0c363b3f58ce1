//! Report of `spinntui events` on a recording. docs/events.md describes the fields for users.

mod picture;
mod text;

use std::path::Path;

use serde::Serialize;

use crate::task::dvs::event::{CameraEvent, Sensor};
use crate::task::dvs::labels::Label;
use crate::task::dvs::recording::{Format, Recording, RecordingError, Tally};
pub use picture::{Paint, Picture};

/// Largest number of bars of the rate over time.
const BARS: usize = 64;
/// Length of the shortest bar, µs.
const SHORTEST_BAR: u64 = 1_000;

/// Description of a recording from its first event to its last.
#[derive(Clone, Debug, Serialize)]
pub struct EventsReport {
    /// Version of these fields.
    pub version: u32,
    /// The file, as named on the command line.
    pub file: String,
    /// Format of the file.
    pub format: Format,
    /// The camera's size, pixels.
    pub sensor: Sensor,
    /// Events that were read.
    pub events: u64,
    /// Events of these that are ON: brighter.
    pub on: u64,
    /// Events of these that are OFF: darker.
    pub off: u64,
    /// Earliest time, µs on the recording's clock.
    pub first_us: Option<i64>,
    /// Latest time, µs.
    pub last_us: Option<i64>,
    /// Time from the earliest to the latest event, µs.
    pub duration_us: u64,
    /// Events a second over the duration; `None` for a duration of 0.
    pub rate_per_s: Option<f64>,
    /// First event in the file.
    pub first_event: Option<CameraEvent>,
    /// Last event in the file.
    pub last_event: Option<CameraEvent>,
    /// Events over time.
    pub rate: Rate,
    /// Gestures with their times, from the file of labels beside the recording.
    pub labels: Vec<LabelReport>,
    /// Oddities of the recording.
    pub warnings: Vec<Tally>,
    /// Picture of the events; not in the JSON.
    #[serde(skip)]
    pub picture: Picture,
}

/// Label with the number of events in its time.
#[derive(Clone, Debug, Serialize)]
pub struct LabelReport {
    /// The class, from 1.
    pub class: u32,
    /// Name of the gesture.
    pub gesture: &'static str,
    /// Start of the gesture, µs.
    pub start_us: i64,
    /// End of the gesture, µs.
    pub end_us: i64,
    /// Events from begin to before end.
    pub events: u64,
}

/// Events over time, in bars of equal length from the first event on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// Length of a bar, µs.
    pub bar_us: u64,
    /// Events in each bar.
    pub events: Vec<u64>,
    #[serde(skip)]
    origin: Option<i64>,
}

impl Default for Rate {
    fn default() -> Self {
        Self { bar_us: SHORTEST_BAR, events: Vec::new(), origin: None }
    }
}

impl Rate {
    /// Counts an event. Bars grow to twice their length whenever there would be too many; an event
    /// before the first one counts in the first bar.
    fn count(&mut self, t: i64) {
        let origin = *self.origin.get_or_insert(t);
        let since = if t >= origin { t.abs_diff(origin) } else { 0 };
        while since / self.bar_us >= BARS as u64 {
            self.bar_us *= 2;
            self.events = self.events.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        let bar = (since / self.bar_us) as usize;
        if bar >= self.events.len() {
            self.events.resize(bar + 1, 0);
        }
        if let Some(count) = self.events.get_mut(bar) {
            *count += 1;
        }
    }
}

impl EventsReport {
    /// Version of the fields.
    pub const VERSION: u32 = 1;

    /// Reads a recording to its end.
    pub fn read(path: &Path, labels: &[Label]) -> Result<Self, RecordingError> {
        let mut recording = Recording::open(path)?;
        let sensor = recording.sensor();
        let label = |label: &Label| LabelReport {
            class: label.gesture.label(),
            gesture: label.gesture.name(),
            start_us: label.start_us,
            end_us: label.end_us,
            events: 0,
        };
        let mut report = Self {
            version: Self::VERSION,
            file: path.display().to_string(),
            format: recording.format(),
            sensor,
            events: 0,
            on: 0,
            off: 0,
            first_us: None,
            last_us: None,
            duration_us: 0,
            rate_per_s: None,
            first_event: None,
            last_event: None,
            rate: Rate::default(),
            labels: labels.iter().map(label).collect(),
            warnings: Vec::new(),
            picture: Picture::new(sensor),
        };
        let mut batch = Vec::new();
        while recording.next_batch(&mut batch)? {
            for event in &batch {
                report.count(event);
            }
        }
        report.warnings = recording.warnings().iter().collect();
        report.close();
        Ok(report)
    }

    fn count(&mut self, event: &CameraEvent) {
        self.events += 1;
        self.on += u64::from(event.on);
        self.first_event.get_or_insert(*event);
        self.last_event = Some(*event);
        self.first_us = Some(self.first_us.map_or(event.t, |t| t.min(event.t)));
        self.last_us = Some(self.last_us.map_or(event.t, |t| t.max(event.t)));
        self.rate.count(event.t);
        self.picture.count(event);
        for label in &mut self.labels {
            label.events += u64::from((label.start_us..label.end_us).contains(&event.t));
        }
    }

    fn close(&mut self) {
        self.off = self.events - self.on;
        if let (Some(first), Some(last)) = (self.first_us, self.last_us) {
            self.duration_us = last.abs_diff(first);
        }
        let seconds = self.duration_us as f64 / 1e6;
        self.rate_per_s = (self.duration_us > 0).then(|| self.events as f64 / seconds);
    }

    /// Formats the report for people, in at most 80 columns.
    pub fn text(&self, paint: Paint) -> String {
        text::text(self, paint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_double_and_keep_every_event() {
        let mut rate = Rate::default();
        for t in 0..10_000 {
            rate.count(t * 100);
        }
        // A second in 64 bars or fewer: 16 ms each.
        assert_eq!((rate.bar_us, rate.events.len()), (16_000, 63));
        assert_eq!((rate.events[0], rate.events.iter().sum::<u64>()), (160, 10_000));
        rate.count(i64::MIN);
        rate.count(i64::MAX);
        assert!(rate.events.len() <= BARS);
        assert_eq!(rate.events.iter().sum::<u64>(), 10_002);
    }
}
