//! Position of the user on the timeline: window and cursor.

use crate::chip::clock::Tick;
use crate::session::snapshot::{TimelineView, TimelineWindow};

/// Shortest window: a tenth of a microsecond, 15 cycles of a PE.
const SHORTEST: Tick = 120;

/// Window and cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineState {
    /// Window that is shown.
    pub window: TimelineWindow,
    /// Column of the cursor; none in the middle.
    pub cursor: Option<u16>,
    /// Whether every PE has a row, even if not all rows fit; otherwise all layers share the rows.
    pub every: bool,
}

impl Default for TimelineState {
    fn default() -> Self {
        Self { window: TimelineWindow::Latest(1), cursor: None, every: false }
    }
}

impl TimelineState {
    /// Shows the last `steps` steps, and follows.
    pub fn latest(&mut self, steps: u32) {
        self.window = TimelineWindow::Latest(steps.max(1));
    }

    /// Halves (`closer`) or doubles the window about the cursor, `times` times (40 at most).
    ///
    /// The window does not change if it would become shorter than a tenth of a microsecond.
    pub fn zoom(&mut self, view: &TimelineView, closer: bool, times: u32) {
        let (mut begin, mut end, at) = (view.begin, view.end, view.cursor_tick.clamp(view.begin, view.end));
        for _ in 0..times.min(40) {
            let (before, after) = (at - begin, end - at);
            (begin, end) = if closer {
                (at - before / 2, at + after / 2)
            } else {
                (at.saturating_sub((2 * before).max(1)), at + (2 * after).max(1))
            };
            if closer && end - begin < SHORTEST {
                return;
            }
            (begin, end) = (begin.max(view.known), end.min(view.now.max(view.known + 1)));
        }
        self.window = TimelineWindow::Ticks { begin, end: end.max(begin + 1) };
    }

    /// Moves the cursor by columns; at the edge the window moves along, by a quarter.
    pub fn step_cursor(&mut self, view: &TimelineView, right: bool, times: u32) {
        let columns = view.request.columns.max(1);
        let mut cursor = i64::from(view.request.cursor.min(columns - 1));
        cursor += if right { i64::from(times) } else { -i64::from(times) };
        let over = if cursor < 0 { cursor } else { (cursor - i64::from(columns) + 1).max(0) };
        self.cursor = Some(cursor.clamp(0, i64::from(columns) - 1) as u16);
        if over == 0 {
            return;
        }
        let width = view.end - view.begin;
        let jump = (width / 4).max(1);
        let begin = if right {
            (view.begin + jump).min(view.now.saturating_sub(width).max(view.begin))
        } else {
            view.begin.saturating_sub(jump).max(view.known).min(view.begin)
        };
        if begin != view.begin {
            self.window = TimelineWindow::Ticks { begin, end: begin + width };
            let back = ((jump * u64::from(columns)) / width.max(1)) as u16;
            self.cursor =
                Some(if right { columns - 1 - back.min(columns - 1) } else { back.min(columns - 1) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::snapshot::TimelineRequest;
    use proptest::prelude::*;

    fn view(begin: Tick, end: Tick, cursor: u16) -> TimelineView {
        let request = TimelineRequest {
            window: TimelineWindow::Latest(1),
            columns: 100,
            rows: 1,
            fit: true,
            pe: 0,
            cursor,
        };
        TimelineView {
            request,
            begin,
            end,
            known: 1_000,
            detailed: 1_000,
            now: 5_000_000,
            order: vec![0],
            rows: Vec::new(),
            path: Vec::new(),
            packets: Vec::new(),
            dma: Vec::new(),
            steps: Vec::new(),
            sentence: String::new(),
            cursor: Vec::new(),
            cursor_tick: begin + (end - begin) * u64::from(cursor) / 100,
        }
    }

    fn ticks(state: TimelineState) -> (Tick, Tick) {
        match state.window {
            TimelineWindow::Ticks { begin, end } => (begin, end),
            TimelineWindow::Latest(_) => panic!("not a fixed window"),
        }
    }

    proptest! {
        #[test]
        fn zooming_keeps_the_cursor_in_sight_and_the_window_in_what_is_known(
            begin in 1_000_u64..4_000_000, width in 200_u64..900_000, cursor in 0_u16..100, closer in any::<bool>(),
            times in 1_u32..60,
        ) {
            let view = view(begin, begin + width, cursor);
            let mut state = TimelineState::default();
            state.zoom(&view, closer, times);
            if state.window == TimelineWindow::Latest(1) {
                return Ok(()); // close enough
            }
            let (from, to) = ticks(state);
            prop_assert!(from < to && from >= view.known.min(begin));
            prop_assert!(from <= view.cursor_tick && view.cursor_tick <= to);
            prop_assert!(to <= view.now.max(begin + width));
            let fits = if closer { to - from <= width } else { to - from >= width.min(view.now - from) };
            prop_assert!(fits);
        }

        #[test]
        fn the_cursor_stays_on_the_chart(
            begin in 1_000_u64..4_000_000, width in 200_u64..900_000, cursor in 0_u16..100, right in any::<bool>(),
            times in 1_u32..300,
        ) {
            let view = view(begin, begin + width, cursor);
            let mut state = TimelineState::default();
            state.step_cursor(&view, right, times);
            prop_assert!(state.cursor.unwrap() < 100);
            if state.window != TimelineWindow::Latest(1) {
                let (from, to) = ticks(state);
                prop_assert_eq!(to - from, width);
                prop_assert!(from >= view.known);
            }
        }
    }
}
