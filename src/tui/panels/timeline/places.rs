//! Areas of the parts of the panel.

use ratatui::layout::Rect;

use crate::text;
use crate::tui::widgets::{columns_from, rows_from, rows_to};

/// Columns of the names at the left: layer number and PE.
pub const GUTTER: u16 = 10;
/// Columns of the gutter with names of layers, where there is room.
pub const WIDE_GUTTER: u16 = 16;
/// Columns of the number of a PE's chip, on a board.
pub const CHIP: u16 = 4;

/// Parts from top to bottom. All but sentence and details are as wide as the chart, without the
/// names at the left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Columns of the names.
    pub gutter: u16,
    /// Row of the sentence about the cursor.
    pub sentence: Rect,
    /// The critical path: phases, and in a second row layers where there is room.
    pub path: Rect,
    /// Rows of the PEs, one for each.
    pub rows: Rect,
    /// Row of packets on the mesh.
    pub packets: Rect,
    /// Row of DMA transfers.
    pub dma: Rect,
    /// Row of the time axis.
    pub axis: Rect,
    /// Meaning of letters and colours.
    pub legend: Rect,
    /// Activity of the selected PE at the cursor.
    pub details: Rect,
}

/// Divides a panel's area, border included.
///
/// `sentence` is wrapped into as many rows as it needs and the panel can spare. On a board
/// (`several` chips) names have room for the chip.
pub fn places(area: Rect, sentence: &str, several: bool) -> Places {
    let inner = Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let names = if inner.width >= 90 { WIDE_GUTTER } else { GUTTER };
    let gutter = (names + if several { CHIP } else { 0 }).min(inner.width);
    // Most rows of sentence, path, packets, DMA, legend, details; the axis has one, PEs the rest.
    let [most, path, packets, dma, legend, details] = match inner.height {
        0..=5 => [0, 1, 0, 0, 0, 0],
        6..=9 => [1, 1, 0, 0, 0, 1],
        10..=15 => [inner.height / 4, 1, 1, 1, 1, 1],
        16..=23 => [inner.height * 2 / 5, 2, 1, 1, 1, 2],
        _ => [inner.height / 3, 2, 2, 1, 1, 4],
    };
    let wrapped = text::wrapped(sentence, usize::from(inner.width).max(1)).len();
    let sentence = u16::try_from(wrapped).unwrap_or(u16::MAX).clamp(most.min(1), most);
    let mut rest = inner;
    let mut take = |rows: u16, whole: bool| {
        let part = rows_to(rest, rows);
        rest = rows_from(rest, rows);
        if whole { part } else { columns_from(part, gutter) }
    };
    let sentence = take(sentence, true);
    let path = take(path, false);
    let below = packets + dma + 1 + legend + details;
    let rows = take(inner.height.saturating_sub(sentence.height + path.height + below), false);
    let packets = take(packets, false);
    let dma = take(dma, false);
    let axis = take(1, false);
    let legend = take(legend, true);
    let details = take(details, true);
    Places { gutter, sentence, path, rows, packets, dma, axis, legend, details }
}
