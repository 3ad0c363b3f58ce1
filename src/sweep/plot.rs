//! Pictures of results as SVG: lines, heat maps, Pareto fronts. Their colours are those of Okabe
//! and Ito and of cividis, which colour-blind eyes tell apart, and lines differ by their marks,
//! too.

use std::collections::BTreeMap;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde_json::Value as Json;

use super::gather::Row;
use super::load::plot_columns;
use super::plan::{Plot, Sweep};

/// Size of a picture, pixels.
const SIZE: (u32, u32) = (720, 460);
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
/// Most cells of a heat map that show their value as a number, too.
const NUMBERED: usize = 200;

/// Values of the columns that plots need, a list a point.
#[derive(Clone, Debug, Default)]
pub struct Data {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// Value of a column.
#[derive(Clone, Debug, PartialEq)]
enum Cell {
    Number(f64),
    Word(String),
    Nothing,
}

impl Data {
    /// Creates the list of columns that some plots need.
    pub fn of(plots: &[Plot]) -> Self {
        let mut columns: Vec<String> = Vec::new();
        for (_, column) in plots.iter().flat_map(plot_columns) {
            if !columns.iter().any(|known| known == column) {
                columns.push(column.to_owned());
            }
        }
        Self { columns, rows: Vec::new() }
    }

    /// Adds a point.
    pub fn add(&mut self, row: Row<'_>) {
        let cell = |column: &String| match row.get(column) {
            Json::Number(number) => number.as_f64().map_or(Cell::Nothing, Cell::Number),
            Json::Null => Cell::Nothing,
            Json::String(word) => Cell::Word(word),
            other => Cell::Word(other.to_string()),
        };
        self.rows.push(self.columns.iter().map(cell).collect());
    }

    fn column(&self, name: &str) -> impl Iterator<Item = &Cell> {
        let at = self.columns.iter().position(|column| column == name);
        self.rows.iter().map(move |row| at.and_then(|at| row.get(at)).unwrap_or(&Cell::Nothing))
    }
}

/// Returns the plots of a plan; where it names none, lines of its first field over its first axis.
pub fn plots(sweep: &Sweep) -> Vec<Plot> {
    if !sweep.plots.is_empty() {
        return sweep.plots.clone();
    }
    let axes: Vec<&String> = sweep.axes.iter().map(|axis| &axis.name).collect();
    let lines = |(x, y): (&&String, &String)| Plot::Lines {
        x: (*x).clone(),
        y: y.clone(),
        by: axes.get(1).map(|by| (*by).clone()),
    };
    axes.first().zip(sweep.keep.first()).map(lines).into_iter().collect()
}

/// Returns the name of a plot's file.
pub fn file_name(number: usize, plot: &Plot) -> String {
    let kind = match plot {
        Plot::Lines { .. } => "lines",
        Plot::Heat { .. } => "heat",
        Plot::Pareto { .. } => "pareto",
    };
    format!("plot-{}-{kind}.svg", number + 1)
}

/// Draws a plot as SVG.
///
/// # Errors
///
/// Fails with a message if there is nothing to draw.
pub fn draw(plot: &Plot, title: &str, data: &Data) -> Result<String, String> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        match plot {
            Plot::Lines { x, y, by } => lines(&root, title, data, (x, y, by.as_deref()))?,
            Plot::Heat { x, y, colour } => heat(&root, title, data, (x, y, colour))?,
            Plot::Pareto { x, y } => pareto(&root, title, data, (x, y))?,
        }
        root.present().map_err(failed)?;
    }
    Ok(text)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn failed(error: impl std::fmt::Display) -> String {
    format!("cannot draw: {error}")
}

/// Places of a column's values along an axis: numbers at themselves, words one after the other.
struct Scale {
    words: Vec<String>,
}

impl Scale {
    fn of<'c>(cells: impl Iterator<Item = &'c Cell>) -> Self {
        let mut words = Vec::new();
        for cell in cells {
            if let Cell::Word(word) = cell
                && !words.contains(word)
            {
                words.push(word.clone());
            }
        }
        Self { words }
    }

    /// Every value becomes a word: for axes of cells.
    fn of_all<'c>(cells: impl Iterator<Item = &'c Cell>) -> Self {
        let mut numbers: Vec<f64> = Vec::new();
        let mut words = Vec::new();
        for cell in cells {
            match cell {
                Cell::Number(number) => numbers.push(*number),
                Cell::Word(word) if !words.contains(word) => words.push(word.clone()),
                Cell::Word(_) | Cell::Nothing => {}
            }
        }
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        Self { words: numbers.into_iter().map(short).chain(words).collect() }
    }

    fn place(&self, cell: &Cell) -> Option<f64> {
        let at = |word: &str| self.words.iter().position(|known| known == word).map(|at| at as f64);
        match cell {
            Cell::Number(number) if self.words.is_empty() => Some(*number),
            Cell::Number(number) => at(&short(*number)),
            Cell::Word(word) => at(word),
            Cell::Nothing => None,
        }
    }

    fn label(&self, place: f64) -> String {
        if self.words.is_empty() {
            return short(place);
        }
        let nearest = place.round();
        let there = (place - nearest).abs() < 0.01 && nearest >= 0.0;
        let word = there.then(|| self.words.get(nearest as usize)).flatten();
        word.cloned().unwrap_or_default()
    }

    /// Labels along the axis: one a word, as far as there is room.
    fn labels(&self) -> usize {
        if self.words.is_empty() { 8 } else { (2 * self.words.len() + 1).min(60) }
    }
}

/// Formats a number with at most five digits.
fn short(number: f64) -> String {
    let size = number.abs();
    if number.fract().abs() <= 0.0 && size < 1e7 {
        return format!("{number:.0}");
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{number:.3e}");
    }
    let digits = (4 - size.log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{number:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Returns the ends of an axis that holds some places, with a margin.
fn ends(places: impl Iterator<Item = f64>) -> Option<std::ops::Range<f64>> {
    let (low, high) = places
        .filter(|place| place.is_finite())
        .fold((f64::MAX, f64::MIN), |(low, high), place| (low.min(place), high.max(place)));
    if low > high {
        return None;
    }
    let margin = if high > low { 0.06 * (high - low) } else { low.abs().max(1.0) * 0.5 };
    Some(low - margin..high + margin)
}

/// Returns the ends of an axis with room above for the words about as many lines.
fn with_legend(ends: std::ops::Range<f64>, lines: usize) -> std::ops::Range<f64> {
    let room = (0.06 + 0.055 * lines as f64) * (ends.end - ends.start);
    ends.start..ends.end + room
}

const NOTHING: &str = "nothing to draw: no point has values in both columns; run the plan first";

fn lines(
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
    let mut chart = ChartBuilder::on(root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(xs, if by.is_some() { with_legend(ys, groups.len()) } else { ys })
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(x)
        .y_desc(y)
        .x_labels(scale.labels())
        .x_label_formatter(&|place| scale.label(*place))
        .y_label_formatter(&|value| short(*value))
        .draw()
        .map_err(failed)?;
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
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .draw()
            .map_err(failed)?;
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

fn colour(number: usize) -> RGBColor {
    let (red, green, blue) = COLOURS[number % COLOURS.len()];
    RGBColor(red, green, blue)
}

/// Returns the outline of a line's mark around a pixel: a square, a triangle, a rhombus or a cross.
fn mark(number: usize, (x, y): (i32, i32)) -> Polygon<(i32, i32)> {
    let outline: &[(i32, i32)] = match number % 4 {
        0 => &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
        1 => &[(0, -6), (5, 4), (-5, 4)],
        2 => &[(0, -6), (6, 0), (0, 6), (-6, 0)],
        _ => &[(-5, -3), (0, -1), (5, -3), (1, 0), (5, 3), (0, 1), (-5, 3), (-1, 0)],
    };
    let outline: Vec<(i32, i32)> = outline.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    Polygon::new(outline, colour(number).filled())
}

fn heat(root: &Area<'_>, title: &str, data: &Data, (x, y, shade): (&str, &str, &str)) -> Result<(), String> {
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
    let mut chart = ChartBuilder::on(root)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(-0.5..across.words.len() as f64 - 0.5, -0.5..up.words.len() as f64 - 0.5)
        .map_err(failed)?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc(x)
        .y_desc(y)
        .x_labels(across.labels())
        .y_labels(up.labels())
        .x_label_formatter(&|place| across.label(*place))
        .y_label_formatter(&|place| up.label(*place))
        .draw()
        .map_err(failed)?;
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

fn pareto(root: &Area<'_>, title: &str, data: &Data, (x, y): (&str, &str)) -> Result<(), String> {
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
    let mut chart = ChartBuilder::on(root)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(84)
        .build_cartesian_2d(xs, with_legend(ys, 2))
        .map_err(failed)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc(x)
        .y_desc(y)
        .x_label_formatter(&|value| short(*value))
        .y_label_formatter(&|value| short(*value))
        .draw()
        .map_err(failed)?;
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
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(failed)
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

    use super::*;

    fn data(columns: &[&str], rows: &[&[Cell]]) -> Data {
        Data {
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: rows.iter().map(|row| row.to_vec()).collect(),
        }
    }

    #[test]
    fn pictures_are_svg_with_the_names_of_their_columns() {
        let word = |word: &str| Cell::Word(word.to_owned());
        let rows: [&[Cell]; 4] = [
            &[Cell::Number(6.0), word("Poll <&>"), Cell::Number(1.5e-3)],
            &[Cell::Number(12.0), word("Poll <&>"), Cell::Number(1e-3)],
            &[Cell::Number(6.0), word("Sleep"), Cell::Number(1.2e-3)],
            &[Cell::Number(12.0), word("Sleep"), Cell::Nothing],
        ];
        let data = data(&["pes", "waiting", "energy_j"], &rows);
        let owned = |name: &str| name.to_owned();
        let plots = [
            Plot::Lines { x: owned("pes"), y: owned("energy_j"), by: Some(owned("waiting")) },
            Plot::Lines { x: owned("waiting"), y: owned("energy_j"), by: None },
            Plot::Heat { x: owned("pes"), y: owned("waiting"), colour: owned("energy_j") },
            Plot::Pareto { x: owned("pes"), y: owned("energy_j") },
        ];
        for plot in &plots {
            let text = draw(plot, "Title & more", &data).unwrap();
            let document = roxmltree::Document::parse(&text).unwrap();
            let words: Vec<&str> =
                document.descendants().filter_map(|node| node.text()).map(str::trim).collect();
            for (_, column) in plot_columns(plot) {
                assert!(words.iter().any(|word| word.contains(column)), "{column}: {words:?}");
            }
            assert_eq!(text, draw(plot, "Title & more", &data).unwrap(), "the same picture every time");
        }
        let empty = Data { rows: Vec::new(), ..data };
        for plot in &plots {
            assert!(draw(plot, "", &empty).unwrap_err().contains("nothing to draw"));
        }
    }

    #[test]
    fn numbers_are_short() {
        for (number, text) in [
            (12.0, "12"),
            (0.25, "0.25"),
            (1.0 / 3.0, "0.33333"),
            (1.5e-9, "1.500e-9"),
            (-2.5, "-2.5"),
            (123_456.7, "1.235e5"),
        ] {
            assert_eq!(short(number), text);
        }
    }

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
