//! The NoC panel's other view: who sends how much to whom, as a heat map. Rows are
//! sources, columns destinations.
//!
//! QPE by QPE where there is room (38 × 38), else by columns of the floor plan (7 × 7). Below or
//! beside it the FIFOs of the event router, if it is used.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{PanelId, View};
use crate::chip::geometry::{GRID_X, QPE_COUNT, QPES};
use crate::session::snapshot::NocView;
use crate::tui::panels::frame::frame;
use crate::tui::theme::Theme;
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::{columns_from, legend, put_at, put_line, put_pair, rows_from, rows_to, units};

/// Columns for a row's name.
const AXIS: u16 = 4;
/// Columns of a cell of the coarse map.
const COARSE: u16 = 5;
/// Columns that the figures need beside the map.
const FIGURES: u16 = 30;

/// Returns the QPE indices in the matrix's reading order: floor-plan columns, each upwards.
fn order() -> Vec<usize> {
    let mut order: Vec<usize> = (0..QPE_COUNT).collect();
    order.sort_by_key(|&index| (QPES[index].x, QPES[index].y));
    order
}

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (noc, theme) = (&view.snapshot.noc, view.theme());
    let fine = area.width >= AXIS + QPE_COUNT as u16 + 2 && area.height >= QPE_COUNT as u16 + 4;
    let cells = if fine { by_qpe(noc) } else { by_column(noc) };
    let most = cells.iter().flatten().copied().max().unwrap_or(0);
    let high = format!("{} packets", units::count(most));
    let legend = legend::ramp("", "0", &high, "delivered", theme);
    let inner = frame(
        view,
        PanelId::Noc,
        &format!("from row to column, this {}", view.step_word()),
        legend,
        area,
        buf,
    );
    let names: Vec<String> = if fine {
        order().into_iter().map(|index| format!("{},{}", QPES[index].x, QPES[index].y)).collect()
    } else {
        (1..=GRID_X).map(|x| format!("x={x}")).collect()
    };
    let cell = if fine { 1 } else { COARSE };
    let size = (AXIS + cell * cells.len() as u16, 1 + cells.len() as u16);
    let beside = inner.width >= size.0 + 2 + FIGURES;
    draw(&cells, most, &names, cell, if beside { inner } else { rows_to(inner, size.1) }, theme, buf);
    let rest = if beside { columns_from(inner, size.0 + 2) } else { rows_from(inner, size.1) };
    figures(view, &cells, rest, buf);
}

fn by_qpe(noc: &NocView) -> Vec<Vec<u64>> {
    let cell =
        |from: usize, to: usize| noc.matrix.get(from).and_then(|row| row.get(to)).copied().unwrap_or(0);
    order().into_iter().map(|from| order().into_iter().map(|to| cell(from, to)).collect()).collect()
}

fn by_column(noc: &NocView) -> Vec<Vec<u64>> {
    let mut cells = vec![vec![0; usize::from(GRID_X)]; usize::from(GRID_X)];
    for (from, row) in QPES.iter().zip(&noc.matrix) {
        for (to, packets) in QPES.iter().zip(row) {
            cells[usize::from(from.x) - 1][usize::from(to.x) - 1] += packets;
        }
    }
    cells
}

fn draw(
    cells: &[Vec<u64>],
    most: u64,
    names: &[String],
    width: u16,
    area: Rect,
    theme: &Theme,
    buf: &mut Buffer,
) {
    for ((at, row), name) in (0_u16..).zip(cells).zip(names) {
        let column = AXIS + width * at;
        // One column: the x of the QPE where a new column of the floor plan begins.
        let head = match name.split_once(',') {
            Some((x, "1")) => x,
            Some(_) => "",
            None => name.as_str(),
        };
        put_at(buf, area, (column, 0), head, theme.dim());
        put_at(buf, area, (0, at + 1), name, theme.dim());
        for (to, &packets) in (0_u16..).zip(row) {
            let place = (AXIS + width * to, at + 1);
            if packets == 0 {
                put_at(buf, area, place, "·", theme.dim());
                continue;
            }
            let fraction = packets as f32 / most.max(1) as f32;
            let text = if width == 1 { digit(fraction).to_string() } else { units::short_count(packets) };
            put_at(buf, area, place, &text, theme.heat(fraction));
        }
    }
}

fn figures(view: &View<'_>, cells: &[Vec<u64>], area: Rect, buf: &mut Buffer) {
    let (noc, theme) = (&view.snapshot.noc, view.theme());
    let all: u64 = cells.iter().flatten().sum();
    let mut rows = vec![(format!("delivered, this {}", view.step_word()), units::count(all))];
    if let Some(fifo) = &noc.fifo {
        let entries = fifo.entries;
        rows.push(("FIFO, fullest now".to_owned(), format!("{} of {entries}", fifo.fill)));
        rows.push(("FIFO, most at once".to_owned(), format!("{} of {entries}", fifo.high_water)));
        rows.push(("dropped · overwritten".to_owned(), format!("{} · {}", fifo.dropped, fifo.overwritten)));
        rows.push(("waited, sum of PEs".to_owned(), format!("{:.1} µs", fifo.stalled_us)));
    }
    let mut rest = area;
    for (name, value) in rows {
        if rest.height == 0 {
            return;
        }
        rest = put_pair(buf, rest, Line::styled(name, theme.dim()), Line::raw(value));
    }
    if rest.height > 0 {
        put_line(buf, rest, Line::styled("a packet for four PEs counts four times", theme.dim()));
    }
}
