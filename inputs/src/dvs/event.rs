//! Events of an event camera: brightness changes of single pixels.

use serde::Serialize;

/// Brightness change of one pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct CameraEvent {
    /// Time in microseconds, on the clock of the recording.
    pub t: i64,
    /// Column, from the image's left.
    pub x: u16,
    /// Row, from the image's top.
    pub y: u16,
    /// Brighter (ON) or darker (OFF).
    pub on: bool,
}

/// Size of a sensor, pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Sensor {
    /// Number of columns.
    pub width: u16,
    /// Number of rows.
    pub height: u16,
}

/// The sensor of DVS128 Gesture (Amir et al., CVPR 2017).
pub const DVS128: Sensor = Sensor { width: 128, height: 128 };
