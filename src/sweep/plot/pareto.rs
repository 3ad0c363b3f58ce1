//! Plot of points in two figures, with the Pareto front marked.

use plotters::prelude::*;

use super::axes::{Area, Axis, chart, colour, legend, mark};
use super::scale::{Scale, ends, with_legend};
use super::{Cell, Data, NOTHING, failed};

/// Draws points and their Pareto front.
///
/// # Errors
///
/// Fails if no point has both values.
pub(super) fn pareto(root: &Area<'_>, title: &str, data: &Data, (x, y): (&str, &str)) -> Result<(), String> {
    let both = data.column(x).zip(data.column(y));
    let points: Vec<(f64, f64)> = both
        .filter_map(|both| match both {
            (Cell::Number(x), Cell::Number(y)) if x.is_finite() && y.is_finite() => Some((*x, *y)),
            _ => None,
        })
        .collect();
    let (Some(xs), Some(ys)) = (ends(points.iter().map(|p| p.0)), ends(points.iter().map(|p| p.1))) else {
        return Err(NOTHING.to_owned());
    };
    let front = front(points.clone());
    let (numbers, x_name, y_name) = (Scale::default(), x, y);
    let x = Axis { name: x_name, scale: &numbers, ends: xs };
    let y = Axis { name: y_name, scale: &numbers, ends: with_legend(ys, 2) };
    let mut chart = chart(root, title, &x, &y, false)?;
    let grey = RGBColor(120, 120, 120);
    chart
        .draw_series(points.iter().map(|&point| Circle::new(point, 3, grey.filled())))
        .map_err(failed)?
        .label("points")
        .legend(move |(x, y)| Circle::new((x + 10, y), 3, grey.filled()));
    let orange = colour(1);
    chart
        .draw_series(LineSeries::new(front.iter().copied(), orange.stroke_width(2)))
        .map_err(failed)?
        .label("no point is better in both")
        .legend(move |(x, y)| {
            EmptyElement::at((x, y))
                + PathElement::new([(0, 0), (20, 0)], orange.stroke_width(2))
                + mark(1, (10, 0))
        });
    chart
        .draw_series(front.iter().map(|&point| EmptyElement::at(point) + mark(1, (0, 0))))
        .map_err(failed)?;
    legend(&mut chart)
}

/// Returns the points that no other point beats or equals in both figures, by the first.
fn front(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut front: Vec<(f64, f64)> = Vec::new();
    for point in points {
        if front.last().is_none_or(|last| point.1 < last.1) {
            front.push(point);
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::front;

    proptest! {
        #[test]
        fn the_front_is_what_nothing_beats(points in prop::collection::vec((0_u8..9, 0_u8..9), 1..20)) {
            let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (x.into(), y.into())).collect();
            let front = front(points.clone());
            for point in &points {
                let beaten = points.iter().any(|other| other != point && other.0 <= point.0 && other.1 <= point.1);
                prop_assert_eq!(front.contains(point), !beaten);
            }
        }
    }
}
