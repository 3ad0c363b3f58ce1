//! Axes, colours and marks that pictures share.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::failed;
use super::scale::Scale;

/// Colours of lines (Okabe and Ito, 2008), the darker ones first.
const COLOURS: [(u8, u8, u8); 8] = [
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (230, 159, 0),
    (0, 0, 0),
    (150, 150, 150),
];

/// Area that a picture is drawn on.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Chart of a picture, with its axes.
pub(super) type Chart<'r, 'a> = ChartContext<'r, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Axis of a picture.
pub(super) struct Axis<'n> {
    /// Column of the results.
    pub(super) name: &'n str,
    /// Places and labels.
    pub(super) scale: &'n Scale,
    /// Ends of the axis.
    pub(super) ends: Range<f64>,
}

/// Draws title and axes. Between the cells of a heat map there are no lines.
///
/// # Errors
///
/// Fails if they cannot be drawn.
pub(super) fn chart<'r, 'a>(
    root: &'r Area<'a>,
    title: &str,
    x: &Axis<'_>,
    y: &Axis<'_>,
    cells: bool,
) -> Result<Chart<'r, 'a>, String> {
    let mut chart = ChartBuilder::on(root)
        .caption(title, ("sans-serif", if cells { 16 } else { 18 }))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(x.ends.clone(), y.ends.clone())
        .map_err(failed)?;
    let (along, up) = (|place: &f64| x.scale.label(*place), |place: &f64| y.scale.label(*place));
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(WHITE)
        .x_desc(x.name)
        .y_desc(y.name)
        .x_labels(x.scale.labels())
        .x_label_formatter(&along)
        .y_label_formatter(&up);
    if cells {
        mesh.disable_mesh().y_labels(y.scale.labels());
    }
    mesh.draw().map_err(failed)?;
    Ok(chart)
}

/// Draws the names of the series in a box at the upper right.
///
/// # Errors
///
/// Fails if it cannot be drawn.
pub(super) fn legend<'r, 'a: 'r>(chart: &mut Chart<'r, 'a>) -> Result<(), String> {
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(failed)
}

/// Returns the colour of a line by its number.
pub(super) fn colour(number: usize) -> RGBColor {
    let (red, green, blue) = COLOURS[number % COLOURS.len()];
    RGBColor(red, green, blue)
}

/// Returns the outline of a line's mark around a pixel: a square, a triangle, a rhombus or a cross.
pub(super) fn mark(number: usize, (x, y): (i32, i32)) -> Polygon<(i32, i32)> {
    let outline: &[(i32, i32)] = match number % 4 {
        0 => &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
        1 => &[(0, -6), (5, 4), (-5, 4)],
        2 => &[(0, -6), (6, 0), (0, 6), (-6, 0)],
        _ => &[(-5, -3), (0, -1), (5, -3), (1, 0), (5, 3), (0, 1), (-5, 3), (-1, 0)],
    };
    let outline: Vec<(i32, i32)> = outline.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    Polygon::new(outline, colour(number).filled())
}
