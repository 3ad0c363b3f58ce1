//! Field of coloured cells.

use std::collections::BTreeMap;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axes::{Area, Axis, chart};
use super::scale::{Scale, short};
use super::{Cell, Data, NOTHING, failed};

/// Largest number of cells of a heat map that show their values as numbers, too.
const NUMBERED: usize = 200;

/// Draws a heat map.
///
/// # Errors
///
/// Fails if no point has all three values.
pub(super) fn heat(
    root: &Area<'_>,
    title: &str,
    data: &Data,
    (x, y, shade): (&str, &str, &str),
) -> Result<(), String> {
    let (across, up) = (Scale::of_all(data.column(x)), Scale::of_all(data.column(y)));
    let mut cells: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
    for ((x, y), value) in data.column(x).zip(data.column(y)).zip(data.column(shade)) {
        if let (Some(x), Some(y), Cell::Number(value)) = (across.place(x), up.place(y), value)
            && value.is_finite()
        {
            let (sum, count) = cells.entry((x as usize, y as usize)).or_default();
            (*sum, *count) = (*sum + value, *count + 1.0);
        }
    }
    let mean = |(sum, count): &(f64, f64)| sum / count;
    let (low, high) = cells
        .values()
        .map(mean)
        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if cells.is_empty() {
        return Err(NOTHING.to_owned());
    }
    let title = format!("{title}: {shade}, {} (dark) to {} (light)", short(low), short(high));
    let ends = |scale: &Scale| -0.5..scale.words.len() as f64 - 0.5;
    let x = Axis { name: x, scale: &across, ends: ends(&across) };
    let mut chart = chart(root, &title, &x, &Axis { name: y, scale: &up, ends: ends(&up) }, true)?;
    let numbered = cells.len() <= NUMBERED;
    for ((x, y), cell) in &cells {
        let value = mean(cell);
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        let colorous::Color { r, g, b } = colorous::CIVIDIS.eval_continuous(share);
        let (x, y) = (*x as f64, *y as f64);
        let area = [(x - 0.5, y - 0.5), (x + 0.5, y + 0.5)];
        chart.draw_series([Rectangle::new(area, RGBColor(r, g, b).filled())]).map_err(failed)?;
        if numbered {
            let ink = if share > 0.5 { BLACK } else { WHITE };
            let style = ("sans-serif", 12).into_font().color(&ink).pos(Pos::new(HPos::Center, VPos::Center));
            chart.draw_series([Text::new(short(value), (x, y), style)]).map_err(failed)?;
        }
    }
    Ok(())
}
