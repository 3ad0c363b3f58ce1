//! Lines over an axis, a line for each value of a column.

use plotters::prelude::*;

use super::axes::{Area, Axis, chart, colour, legend, mark};
use super::scale::{Scale, ends, short, with_legend};
use super::{Cell, Data, NOTHING, failed};

/// Draws a line for each value of the axis that separates them.
///
/// # Errors
///
/// Fails if no point has both values.
pub(super) fn lines(
    root: &Area<'_>,
    title: &str,
    data: &Data,
    (x, y, by): (&str, &str, Option<&str>),
) -> Result<(), String> {
    let scale = Scale::of(data.column(x));
    // In the order in which they are met first: numbers as the plan lists them.
    let mut groups: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    let names = data.column(by.unwrap_or_default());
    for ((at, value), name) in data.column(x).zip(data.column(y)).zip(names) {
        let name = match name {
            Cell::Word(word) => word.clone(),
            Cell::Number(number) => short(*number),
            Cell::Nothing if by.is_some() => continue,
            Cell::Nothing => String::new(),
        };
        if let (Some(at), Cell::Number(value)) = (scale.place(at), value) {
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, points)) => points.push((at, *value)),
                None => groups.push((name, vec![(at, *value)])),
            }
        }
    }
    let groups: Vec<(String, Vec<(f64, f64)>)> =
        groups.into_iter().map(|(name, points)| (name, means(points))).collect();
    let all = || groups.iter().flat_map(|(_, points)| points);
    let (Some(xs), Some(ys)) = (ends(all().map(|point| point.0)), ends(all().map(|point| point.1))) else {
        return Err(NOTHING.to_owned());
    };
    let ys = if by.is_some() { with_legend(ys, groups.len()) } else { ys };
    let (numbers, x) = (Scale::default(), Axis { name: x, scale: &scale, ends: xs });
    let mut chart = chart(root, title, &x, &Axis { name: y, scale: &numbers, ends: ys }, false)?;
    for (number, (name, points)) in groups.iter().enumerate() {
        let colour = colour(number);
        let drawn = chart
            .draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))
            .map_err(failed)?;
        if by.is_some() {
            drawn.label(format!("{} = {name}", by.unwrap_or_default())).legend(move |(x, y)| {
                EmptyElement::at((x, y))
                    + PathElement::new([(0, 0), (20, 0)], colour.stroke_width(2))
                    + mark(number, (10, 0))
            });
        }
        chart
            .draw_series(points.iter().map(|&point| EmptyElement::at(point) + mark(number, (0, 0))))
            .map_err(failed)?;
    }
    if by.is_some() {
        legend(&mut chart)?;
    }
    Ok(())
}

/// Returns the mean of each place, in the order of the places.
fn means(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut means: Vec<(f64, f64, f64)> = Vec::new();
    for (at, value) in points {
        match means.last_mut().filter(|last| last.0.total_cmp(&at).is_eq()) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + value, *count + 1.0),
            None => means.push((at, value, 1.0)),
        }
    }
    means.into_iter().map(|(at, sum, count)| (at, sum / count)).collect()
}
