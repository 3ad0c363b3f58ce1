//! Background-activity filter (Delbruck 2008, "Frame-free dynamic digital vision";
//! `BackgroundActivityFilter` in jAER): a moving edge makes neighbouring pixels report together,
//! noise mostly does not.

use super::event::{CameraEvent, Sensor};

/// Keeps the events that one of the eight pixels around them supports.
#[derive(Clone, Debug)]
pub struct BackgroundActivityFilter {
    width: usize,
    height: usize,
    window_us: u64,
    /// Time of the latest event of each pixel, row by row; `None` before the first.
    latest: Vec<Option<i64>>,
}

impl BackgroundActivityFilter {
    /// Creates a filter that accepts support from up to `window_us` before an event.
    pub fn new(sensor: Sensor, window_us: u64) -> Self {
        let (width, height) = (usize::from(sensor.width), usize::from(sensor.height));
        Self { width, height, window_us, latest: vec![None; width * height] }
    }

    /// Takes the next event in order of time, and returns `true` if a neighbouring pixel had an
    /// event, of either polarity, within the window before it. An event outside of the sensor has
    /// no support and gives none.
    pub fn keeps(&mut self, event: &CameraEvent) -> bool {
        let (x, y) = (usize::from(event.x), usize::from(event.y));
        if x >= self.width || y >= self.height {
            return false;
        }
        let own = y * self.width + x;
        let (left, right) = (x.saturating_sub(1), (x + 1).min(self.width - 1));
        let (top, bottom) = (y.saturating_sub(1), (y + 1).min(self.height - 1));
        let recent = |t: i64| t <= event.t && event.t.abs_diff(t) <= self.window_us;
        let width = self.width;
        let supported = (top..=bottom)
            .flat_map(|row| (left..=right).map(move |column| row * width + column))
            .filter(|&pixel| pixel != own)
            .any(|pixel| self.latest.get(pixel).copied().flatten().is_some_and(recent));
        if let Some(latest) = self.latest.get_mut(own) {
            *latest = Some(event.t);
        }
        supported
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::event::DVS128;
    use super::*;

    const fn event(t: i64, x: u16, y: u16, on: bool) -> CameraEvent {
        CameraEvent { t, x, y, on }
    }

    #[test]
    fn events_are_kept_if_a_neighbour_had_one_within_the_window() {
        let mut filter = BackgroundActivityFilter::new(DVS128, 1_000);
        for (event, kept) in [
            (event(0, 10, 10, true), false),
            // The pixel's own event is no support.
            (event(10, 10, 10, true), false),
            // Diagonal neighbour, other polarity, at the end of the window.
            (event(1_010, 11, 11, false), true),
            (event(2_011, 10, 10, true), false),
            (event(2_012, 12, 10, true), false),
            (event(2_013, 11, 10, true), true),
            // Columns 127 and 0 are no neighbours.
            (event(2_014, 127, 20, true), false),
            (event(2_015, 0, 20, true), false),
            (event(2_016, 0, 21, true), true),
            (event(2_017, 128, 20, true), false),
        ] {
            assert_eq!(filter.keeps(&event), kept, "{event:?}");
        }
    }

    proptest! {
        #[test]
        fn the_filter_does_what_its_definition_says(
            steps in prop::collection::vec((0_i64..400, 0_u16..6, 0_u16..6, any::<bool>()), 1..200),
            window in 1_u64..1_000,
        ) {
            let mut t = 0;
            let events: Vec<CameraEvent> =
                steps.iter().map(|&(step, x, y, on)| { t += step; event(t, x, y, on) }).collect();
            let mut filter = BackgroundActivityFilter::new(DVS128, window);
            for (i, now) in events.iter().enumerate() {
                let near = |a: u16, b: u16| a.abs_diff(b) <= 1;
                let supported = events[..i].iter().any(|e| {
                    (e.x, e.y) != (now.x, now.y) && near(e.x, now.x) && near(e.y, now.y)
                        && now.t.abs_diff(e.t) <= window
                });
                prop_assert_eq!(filter.keeps(now), supported);
            }
        }
    }
}
