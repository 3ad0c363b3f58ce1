//! Text for the eye: fields with wrapped lines, aligned tables.

use std::fmt::Write as _;

use crate::text::wrapped_whole;
pub use crate::text::{WIDTH, grouped, percent};

/// Adds a name, padded to `indent` columns, and its text wrapped at white space beside it.
pub fn field(out: &mut String, indent: usize, name: &str, text: &str) {
    for (i, line) in wrapped_whole(text, WIDTH.saturating_sub(indent)).iter().enumerate() {
        let name = if i == 0 { name } else { "" };
        out.push_str(format!("{name:<indent$}{line}").trim_end());
        out.push('\n');
    }
}

/// Rows of text in aligned columns: the first to the left, the others to the right.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    /// The last column is aligned to the left too.
    last_left: bool,
}

impl Table {
    /// Creates a table with these column heads.
    pub fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&name| name.to_owned()).collect()], last_left: false }
    }

    /// Aligns the last column to the left: words.
    #[must_use]
    pub fn last_left(mut self) -> Self {
        self.last_left = true;
        self
    }

    /// Adds a row; cells beyond the head are left out.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds the table to a text.
    pub fn write(&self, out: &mut String) {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (i, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                let gap = if i == 0 { "" } else { "  " };
                let _ = if i == 0 || (self.last_left && i + 1 == columns) {
                    write!(line, "{gap}{cell:<width$}")
                } else {
                    write!(line, "{gap}{cell:>width$}")
                };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["layer", "units"]);
        table.row(vec!["θ".into(), "1".into()]);
        table.row(vec!["rnns.0".into(), "1,350".into()]);
        let mut out = String::new();
        table.write(&mut out);
        assert_eq!(out, "layer   units\nθ           1\nrnns.0  1,350\n");
    }

    #[test]
    fn long_fields_are_wrapped() {
        let mut out = String::new();
        field(&mut out, 6, "name", &"word ".repeat(20));
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 2, "{out}");
        assert!(lines[0].starts_with("name  word") && lines[0].chars().count() <= WIDTH);
        assert!(lines[1].starts_with("      word"), "{out}");
    }
}
