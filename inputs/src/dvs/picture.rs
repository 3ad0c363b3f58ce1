//! Camera picture of a frame, for display.

use serde::{Deserialize, Serialize};

use super::event::{CameraEvent, DVS128};

/// Columns and rows of a picture: the camera's 128, two by two taken together, so that a
/// snapshot stays small.
pub const PICTURE_SIDE: usize = 64;

/// Events of one frame: counts of brighter and darker pixels, row by row from the top left,
/// [`PICTURE_SIDE`] squared; more than 255 count as 255. Empty before the first frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPicture {
    /// Numbers of ON events (brighter), row by row.
    pub on: Vec<u8>,
    /// Numbers of OFF events (darker), row by row.
    pub off: Vec<u8>,
}

impl EventPicture {
    /// Creates a frame without events.
    pub fn dark() -> Self {
        Self { on: vec![0; PICTURE_SIDE * PICTURE_SIDE], off: vec![0; PICTURE_SIDE * PICTURE_SIDE] }
    }

    /// Counts an event; one outside the sensor of 128 by 128 pixels is not counted.
    pub fn add(&mut self, event: &CameraEvent) {
        if event.x >= DVS128.width {
            return;
        }
        let square = usize::from(DVS128.width) / PICTURE_SIDE;
        let at = usize::from(event.y) / square * PICTURE_SIDE + usize::from(event.x) / square;
        let counts = if event.on { &mut self.on } else { &mut self.off };
        if let Some(count) = counts.get_mut(at) {
            *count = count.saturating_add(1);
        }
    }

    /// Returns the ON and OFF events in a square of `size` by `size` picture elements.
    ///
    /// The square is at (`x`, `y`) in units of its size.
    pub fn square(&self, x: usize, y: usize, size: usize) -> (u32, u32) {
        let (mut on, mut off) = (0, 0);
        for row in y * size..(y + 1) * size {
            for column in x * size..(x + 1) * size {
                let at = row * PICTURE_SIDE + column;
                let inside = row < PICTURE_SIDE && column < PICTURE_SIDE;
                let count =
                    |events: &[u8]| if inside { events.get(at).copied().map_or(0, u32::from) } else { 0 };
                on += count(&self.on);
                off += count(&self.off);
            }
        }
        (on, off)
    }

    /// Returns the ON and OFF events of the whole frame.
    pub fn totals(&self) -> (u32, u32) {
        let sum = |events: &[u8]| events.iter().map(|&n| u32::from(n)).sum();
        (sum(&self.on), sum(&self.off))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_outside_the_sensor_are_not_counted() {
        let mut picture = EventPicture::dark();
        for (x, y) in [(127, 127), (128, 3), (3, 128), (u16::MAX, 0), (0, u16::MAX)] {
            picture.add(&CameraEvent { t: 0, x, y, on: true });
        }
        assert_eq!(picture.totals(), (1, 0));
        assert_eq!(picture.square(63, 63, 1), (1, 0));
    }
}
