//! Active region of a slice: the square of the sensor that holds most of its events.

use super::event::{CameraEvent, DVS128};

/// Pixels of the sensor's side.
const SIDE: u16 = DVS128.width;

/// Smallest region, pixels: below that, a few noisy pixels would fill the frame.
const LEAST: u16 = 32;

/// A square of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    left: u16,
    top: u16,
    side: u16,
}

impl Region {
    /// The whole sensor.
    pub const WHOLE: Self = Self { left: 0, top: 0, side: SIDE };

    /// Maps an event into the sensor's pixels as if the region filled it; `None` for an event
    /// outside of the region.
    pub fn map(&self, event: &CameraEvent) -> Option<CameraEvent> {
        let place = |at: u16, first: u16| {
            let inside = at.checked_sub(first).filter(|&inside| inside < self.side)?;
            u16::try_from(u32::from(inside) * u32::from(SIDE) / u32::from(self.side)).ok()
        };
        Some(CameraEvent { x: place(event.x, self.left)?, y: place(event.y, self.top)?, ..*event })
    }
}

/// Counts of the columns and rows in which events happen.
#[derive(Clone, Debug)]
pub struct Activity {
    columns: Vec<u64>,
    rows: Vec<u64>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { columns: vec![0; usize::from(SIDE)], rows: vec![0; usize::from(SIDE)] }
    }
}

impl Activity {
    /// Counts an event.
    pub fn add(&mut self, event: &CameraEvent) {
        for (counts, at) in [(&mut self.columns, event.x), (&mut self.rows, event.y)] {
            if let Some(count) = counts.get_mut(usize::from(at)) {
                *count += 1;
            }
        }
    }

    /// Returns the square about the columns and rows that hold the middle nine tenths of the
    /// events, with a quarter of its side added, at least 32 pixels wide and within the sensor; the
    /// whole sensor if there are no events.
    pub fn region(&self) -> Region {
        let (Some(columns), Some(rows)) = (middle(&self.columns), middle(&self.rows)) else {
            return Region::WHOLE;
        };
        let width = |[first, last]: [u16; 2]| last - first + 1;
        let most = width(columns).max(width(rows));
        let side = (most + most / 4).clamp(LEAST, SIDE);
        let first =
            |[first, last]: [u16; 2]| (first + last).div_ceil(2).saturating_sub(side / 2).min(SIDE - side);
        Region { left: first(columns), top: first(rows), side }
    }
}

/// Returns the first indices at which the running sum of the counts exceeds 5 % and 95 % of their
/// total; `None` if all counts are 0.
fn middle(counts: &[u64]) -> Option<[u16; 2]> {
    let all: u64 = counts.iter().sum();
    if all == 0 {
        return None;
    }
    let place = |share: u64| {
        let mut sum = 0;
        let reached = counts.iter().position(|&count| {
            sum += count;
            sum * 20 > all * share
        });
        reached.and_then(|place| u16::try_from(place).ok())
    };
    Some([place(1)?, place(19)?])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn activity(events: impl IntoIterator<Item = (u16, u16)>) -> Activity {
        let mut activity = Activity::default();
        for (x, y) in events {
            activity.add(&CameraEvent { t: 0, x, y, on: true });
        }
        activity
    }

    #[test]
    fn silence_has_the_whole_sensor() {
        assert_eq!(activity([]).region(), Region::WHOLE);
        let event = CameraEvent { t: 3, x: 127, y: 5, on: false };
        assert_eq!(Region::WHOLE.map(&event), Some(event));
    }

    #[test]
    fn a_block_is_found_among_noise_and_fills_the_frame() {
        let block = (0..40 * 40).map(|i| (80 + i % 40, 10 + i / 40));
        let noise = (0..128).map(|i| (i, i));
        let region = activity(block.chain(noise)).region();
        assert!((72..=80).contains(&region.left) && (2..=10).contains(&region.top), "{region:?}");
        assert!((44..=56).contains(&region.side), "{region:?}");
        let at = |x, y| region.map(&CameraEvent { t: 0, x, y, on: true });
        let corner = at(region.left + region.side - 1, region.top).unwrap();
        assert!(corner.x >= 124 && corner.y == 0, "{corner:?}");
        assert_eq!(at(region.left - 1, 20), None);
        assert_eq!(at(90, region.top + region.side), None);
    }

    #[test]
    fn nine_tenths_of_the_events_are_kept() {
        let counts: Vec<u64> = (0..128).map(|at| u64::from((20..120).contains(&at))).collect();
        assert_eq!(middle(&counts), Some([25, 115]));
        let mirrored: Vec<u64> = counts.iter().rev().copied().collect();
        assert_eq!(middle(&mirrored), Some([13, 103]));
    }

    proptest! {
        #[test]
        fn regions_lie_within_the_sensor_and_map_into_it(
            places in prop::collection::vec((0_u16..128, 0_u16..128), 1..60),
        ) {
            let region = activity(places.clone()).region();
            prop_assert!((LEAST..=SIDE).contains(&region.side));
            prop_assert!(region.left + region.side <= SIDE && region.top + region.side <= SIDE);
            for (x, y) in places {
                if let Some(event) = region.map(&CameraEvent { t: 0, x, y, on: true }) {
                    prop_assert!(event.x < SIDE && event.y < SIDE);
                }
            }
        }
    }
}
