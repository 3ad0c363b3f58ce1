//! Pictures of results as SVG: lines, heat maps, Pareto fronts. Their colours are those of Okabe
//! and Ito and of cividis, which colour-blind eyes tell apart, and lines differ by their marks,
//! too.

mod axes;
mod heat;
mod lines;
mod pareto;
mod scale;

use plotters::prelude::*;
use serde_json::Value as Json;

use super::gather::Row;
use super::load::plot_columns;
use super::plan::{Plot, Sweep};

/// Size of a picture, pixels.
const SIZE: (u32, u32) = (720, 460);

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
            Plot::Lines { x, y, by } => lines::lines(&root, title, data, (x, y, by.as_deref()))?,
            Plot::Heat { x, y, colour } => heat::heat(&root, title, data, (x, y, colour))?,
            Plot::Pareto { x, y } => pareto::pareto(&root, title, data, (x, y))?,
        }
        root.present().map_err(failed)?;
    }
    Ok(text)
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("cannot draw: {error}")
}

/// Message about a plot without a point.
const NOTHING: &str = "nothing to draw: no point has values in both columns; run the plan first";

#[cfg(test)]
mod tests {
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
}
