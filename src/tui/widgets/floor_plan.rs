//! Floor plan of the chip: 7×6 QPEs of 2×2 PEs with y = 6 at the top, the event router and the
//! holes.
//!
//! Within a QPE, PEs 0 and 1 are drawn in the upper row, 2 and 3 in the lower. This is a
//! convention: the arrangement of the four PEs within a QPE is not published.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::put_at;
use crate::chip::geometry::{ChipId, GRID_X, GRID_Y, Pe, Qpe, ROUTER_POSITIONS, UNDOCUMENTED_POSITIONS};
use crate::tui::command::Direction;
use crate::tui::theme::Theme;

/// Number of PEs across the plan.
const PES_ACROSS: u16 = GRID_X as u16 * 2;
const PES_DOWN: u16 = GRID_Y as u16 * 2;
/// Columns of the y axis, which the narrowest screens omit.
const AXIS: u16 = 2;

/// Sizes of one PE in cells, and the gaps between QPEs, best first.
const SIZES: [Size; 9] = [
    Size { cell: (10, 5), gap: (2, 1) },
    Size { cell: (8, 4), gap: (2, 1) },
    Size { cell: (6, 3), gap: (1, 1) },
    Size { cell: (4, 2), gap: (1, 1) },
    Size { cell: (4, 1), gap: (1, 1) },
    Size { cell: (3, 1), gap: (1, 1) },
    Size { cell: (2, 1), gap: (1, 1) },
    Size { cell: (3, 1), gap: (1, 0) },
    Size { cell: (2, 1), gap: (1, 0) },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    cell: (u16, u16),
    gap: (u16, u16),
}

impl Size {
    /// Returns the columns and rows of the whole plan, including axes.
    fn total(self, axis: u16) -> (u16, u16) {
        (
            axis + PES_ACROSS * self.cell.0 + (u16::from(GRID_X) - 1) * self.gap.0,
            1 + PES_DOWN * self.cell.1 + (u16::from(GRID_Y) - 1) * self.gap.1,
        )
    }
}

/// Floor plan laid out in an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloorPlan {
    size: Size,
    /// Columns of the y axis; 0 if it is omitted.
    axis: u16,
    origin: (u16, u16),
    area: Rect,
}

impl FloorPlan {
    /// Returns the largest plan that fits, centred; `None` if not even the smallest does.
    pub fn fit(area: Rect) -> Option<Self> {
        Self::fit_cells(area, (0, 0))
    }

    /// Returns the plan that fits into `area` with PEs of at least `least` columns and rows.
    pub fn fit_cells(area: Rect, least: (u16, u16)) -> Option<Self> {
        let fits = |size: &Size, axis: u16| {
            let (columns, rows) = size.total(axis);
            // A plan without gaps between its rows is for small screens and has no x axis.
            let rows = if size.gap.1 == 0 { rows - 1 } else { rows };
            columns <= area.width && rows <= area.height && size.cell.0 >= least.0 && size.cell.1 >= least.1
        };
        let (size, axis) = [AXIS, 0]
            .into_iter()
            .find_map(|axis| Some((SIZES.into_iter().find(|size| fits(size, axis))?, axis)))?;
        let origin = (area.x + (area.width - size.total(axis).0) / 2, area.y);
        Some(Self { size, axis, origin, area })
    }

    /// Returns the columns and rows of one PE.
    pub fn cell(&self) -> (u16, u16) {
        self.size.cell
    }

    /// Returns the number of rows of the plan, including the x axis.
    pub fn rows(&self) -> u16 {
        self.size.total(self.axis).1.min(self.area.height)
    }

    /// Returns the area of a QPE position.
    fn qpe_area(&self, x: u8, y: u8) -> Rect {
        let Size { cell, gap } = self.size;
        let (column, row) = (u16::from(x) - 1, u16::from(GRID_Y) - u16::from(y));
        Rect {
            x: self.origin.0 + self.axis + column * (2 * cell.0 + gap.0),
            y: self.origin.1 + row * (2 * cell.1 + gap.1),
            width: 2 * cell.0,
            height: 2 * cell.1,
        }
    }

    /// Returns the area of a PE.
    pub fn pe_area(&self, pe: Pe) -> Rect {
        let qpe = pe.qpe();
        let area = self.qpe_area(qpe.x, qpe.y);
        let (width, height) = self.size.cell;
        let p = u16::from(pe.p());
        Rect { x: area.x + (p % 2) * width, y: area.y + (p / 2) * height, width, height }
    }

    /// Returns the PE of a chip that is drawn at a column and row of the screen.
    pub fn pe_at(&self, chip: ChipId, at: Position) -> Option<Pe> {
        Pe::of(chip).find(|&pe| self.pe_area(pe).contains(at))
    }

    /// Draws the parts that do not depend on the run: axes, router, holes.
    pub fn draw_background(&self, buf: &mut Buffer, theme: &Theme) {
        for y in (1..=GRID_Y).filter(|_| self.axis > 0) {
            let area = self.qpe_area(1, y);
            put_at(
                buf,
                self.area,
                (self.origin.0 - self.area.x, area.y - self.area.y),
                &y.to_string(),
                theme.dim(),
            );
        }
        for x in 1..=GRID_X {
            let area = self.qpe_area(x, 1);
            let (column, row) = (area.x - self.area.x + area.width / 2 - 1, area.bottom() - self.area.y);
            put_at(buf, self.area, (column, row), &x.to_string(), theme.dim());
        }
        self.draw_router(buf, theme);
        for (x, y) in UNDOCUMENTED_POSITIONS {
            let area = self.qpe_area(x, y);
            for row in 0..area.height {
                let marks = "- ".repeat(usize::from(area.width / 2));
                put_at(buf, area, (0, row), &marks, theme.dim());
            }
        }
    }

    /// Draws the event router, which covers two QPE positions, one above the other.
    fn draw_router(&self, buf: &mut Buffer, theme: &Theme) {
        let [(x, low), (_, high)] = ROUTER_POSITIONS;
        let (top, bottom) = (self.qpe_area(x, high), self.qpe_area(x, low));
        let area = Rect { height: bottom.bottom() - top.y, ..top };
        let shade = theme.glyphs.pick("░", ":");
        for row in 0..area.height {
            put_at(buf, area, (0, row), &shade.repeat(usize::from(area.width)), theme.dim());
        }
        let words: &[&str] = if area.width >= 8 { &["router"] } else { &["rou", "ter"] };
        let first = (area.height - words.len() as u16) / 2;
        for (row, word) in (first..).zip(words) {
            put_at(buf, area, ((area.width - word.len() as u16) / 2, row), word, theme.strong());
        }
    }
}

/// Returns the column (0..14) and row (0..12, from the top) of a PE on the plan.
fn place(pe: Pe) -> (i32, i32) {
    let (qpe, p) = (pe.qpe(), i32::from(pe.p()));
    ((i32::from(qpe.x) - 1) * 2 + p % 2, (i32::from(GRID_Y) - i32::from(qpe.y)) * 2 + p / 2)
}

fn at_place(column: i32, row: i32) -> Option<Pe> {
    let (column, row) = (u8::try_from(column).ok()?, u8::try_from(row).ok()?);
    if column >= GRID_X * 2 || row >= GRID_Y * 2 {
        return None;
    }
    let (x, y) = (column / 2 + 1, GRID_Y - row / 2);
    Qpe::at(x, y)?;
    Pe::at(x, y, column % 2 + row % 2 * 2)
}

/// Iterates over PEs by rows from the top left, in reading order.
pub fn reading_order() -> impl Iterator<Item = Pe> {
    (0..i32::from(GRID_Y) * 2)
        .flat_map(|row| (0..i32::from(GRID_X) * 2).filter_map(move |column| at_place(column, row)))
}

/// Returns the next PE in a direction, skipping holes and the router; `pe` itself at the edge.
pub fn neighbour(pe: Pe, direction: Direction) -> Pe {
    let (dx, dy) = match direction {
        Direction::Left => (-1, 0),
        Direction::Right => (1, 0),
        Direction::Up => (0, -1),
        Direction::Down => (0, 1),
    };
    let (column, row) = place(pe);
    (1..i32::from(GRID_X) * 2)
        .find_map(|n| at_place(column + n * dx, row + n * dy))
        .map_or(pe, |other| other.on(pe.chip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::geometry::PE_COUNT;

    #[test]
    fn the_plan_fits_its_area_at_every_size() {
        for width in 0..200_u16 {
            for height in 0..70_u16 {
                let area = Rect::new(3, 2, width, height);
                let Some(plan) = FloorPlan::fit(area) else { continue };
                // A seventh of the PEs at each size, in turn.
                for pe in Pe::of(ChipId::FIRST).skip(usize::from((width + height) % 7)).step_by(7) {
                    let own = plan.pe_area(pe);
                    assert_eq!(own.intersection(area), own, "{pe} at {width}x{height}");
                    let corners = [own.as_position(), Position::new(own.right() - 1, own.bottom() - 1)];
                    let found = corners.map(|at| plan.pe_at(ChipId::FIRST, at));
                    assert_eq!(found, [Some(pe); 2], "{pe} at {width}x{height}");
                }
            }
        }
        assert_eq!(FloorPlan::fit(Rect::new(0, 0, 36, 18)).map(|plan| plan.cell()), Some((2, 1)));
        assert_eq!(FloorPlan::fit(Rect::new(0, 0, 34, 18)).map(|plan| plan.axis), Some(0));
        assert_eq!(FloorPlan::fit(Rect::new(0, 0, 33, 18)), None);
    }

    #[test]
    fn places_and_pes_correspond() {
        assert_eq!(reading_order().count(), PE_COUNT);
        for pe in Pe::of(ChipId::FIRST) {
            let (column, row) = place(pe);
            assert_eq!(at_place(column, row), Some(pe));
        }
    }

    #[test]
    fn moving_steps_over_the_router_and_stops_at_the_edge() {
        let pe = |x, y, p| Pe::at(x, y, p).unwrap();
        assert_eq!(neighbour(pe(3, 3, 1), Direction::Right), pe(5, 3, 0));
        assert_eq!(neighbour(pe(4, 2, 0), Direction::Up), pe(4, 5, 2));
        assert_eq!(neighbour(pe(6, 3, 1), Direction::Right), pe(6, 3, 1), "only a hole there");
        assert_eq!(neighbour(pe(1, 6, 0), Direction::Left), pe(1, 6, 0));
        assert_eq!(neighbour(pe(1, 6, 0), Direction::Down), pe(1, 6, 2));
    }
}
