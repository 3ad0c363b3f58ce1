//! Handling of a decoded event, common to all readers.

use super::super::event::{CameraEvent, Sensor};
use super::error::{Problem, RecordingError};
use super::warnings::{Warning, Warnings};

/// Largest number of events that a reader hands out at a time.
pub const BATCH: usize = 8192;

/// Checks that every event passes through, and their findings.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The camera's size.
    pub sensor: Sensor,
    /// Oddities found so far.
    pub warnings: Warnings,
    last: Option<i64>,
}

impl Stream {
    /// Creates the checks of a recording before its first event.
    pub fn new(sensor: Sensor) -> Self {
        Self { sensor, warnings: Warnings::default(), last: None }
    }

    /// Keeps an event that lies on the sensor; counts what is odd about it. Coordinates are as wide
    /// as any file has them.
    pub fn push(&mut self, out: &mut Vec<CameraEvent>, t: i64, (x, y): (i64, i64), on: bool, byte: u64) {
        let column = u16::try_from(x).ok().filter(|&x| x < self.sensor.width);
        let row = u16::try_from(y).ok().filter(|&y| y < self.sensor.height);
        let (Some(x), Some(y)) = (column, row) else {
            self.warnings.add(Warning::Outside, byte);
            return;
        };
        if self.last.is_some_and(|last| t < last) {
            self.warnings.add(Warning::Unsorted, byte);
        }
        self.last = Some(t);
        out.push(CameraEvent { t, x, y, on });
    }

    /// Refuses, at the end, a file that has events but none of them on the sensor.
    pub fn check_any(&self) -> Result<(), RecordingError> {
        let events = self.warnings.count(Warning::Outside);
        if self.last.is_some() || events == 0 {
            return Ok(());
        }
        let Sensor { width, height } = self.sensor;
        let why = "is it from a larger camera (cut or scale x and y to the sensor's pixels), or are its columns in another order?";
        Err(RecordingError::new(0, Problem::AllOutside { events, width, height, why: why.to_owned() }))
    }
}
