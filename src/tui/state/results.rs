//! State of the table of a sweep's points.

use std::cmp::Ordering;
use std::path::PathBuf;

use crate::text::{significant, visible_line};
use crate::tui::widgets::prompt::Prompt;

/// Value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number of the report, or of an axis.
    Number(f64),
    /// Word, or any other value as text.
    Word(String),
    /// No value: the point has none in this column.
    Nothing,
}

impl Value {
    /// Returns the value as text of at most six digits.
    pub fn text(&self) -> String {
        match self {
            Self::Number(number) => significant(*number, 6),
            Self::Word(word) => visible_line(word).into_owned(),
            Self::Nothing => "-".to_owned(),
        }
    }

    /// Compares two values: numbers before words, no value last.
    fn compare(&self, other: &Self) -> Ordering {
        let rank = |value: &Self| match value {
            Self::Number(_) => 0,
            Self::Word(_) => 1,
            Self::Nothing => 2,
        };
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// Point of a sweep, with the scene and edits that open it.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultRow {
    /// Values, in the order of the columns.
    pub values: Vec<Value>,
    /// File of the scene; empty where the line of results does not name it.
    pub scene: PathBuf,
    /// Edits of the scene, in order.
    pub set: Vec<(String, String)>,
}

/// Points of a folder of results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// Path of the folder, as the user named it.
    pub folder: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Points, in the order of the plan.
    pub rows: Vec<ResultRow>,
}

/// Table of results, sorted and filtered, and the selected point.
#[derive(Clone, Debug, Default)]
pub struct ResultsState {
    /// All points of the folder.
    pub table: Results,
    /// Widths of the columns.
    pub widths: Vec<u16>,
    /// Numbers of the rows that are shown, in their order.
    pub shown: Vec<usize>,
    /// Selected row among those shown.
    pub selected: usize,
    /// Number of the selected column.
    pub column: usize,
    /// Column that rows are sorted by, and whether the largest value comes first.
    pub sorted: Option<(usize, bool)>,
    /// Terms that shown rows meet.
    pub filter: String,
    /// Line in which terms are typed, while they are.
    pub typing: Option<Prompt>,
    /// Term that means nothing, in words.
    pub wrong: Option<String>,
}

/// Largest width of a value, in columns of the screen.
const WIDEST: usize = 28;

impl ResultsState {
    /// Shows all rows in the order of the plan.
    pub fn new(table: Results) -> Self {
        let width = |(column, name): (usize, &String)| {
            let cells = table.rows.iter().filter_map(|row| row.values.get(column));
            let widest = cells.map(|value| value.text().chars().count()).max().unwrap_or(0);
            // Room for the mark of the order.
            widest.max(name.chars().count() + 2).min(WIDEST) as u16
        };
        let widths = table.columns.iter().enumerate().map(width).collect();
        let shown = (0..table.rows.len()).collect();
        Self { table, widths, shown, ..Self::default() }
    }

    /// Returns the selected point.
    pub fn row(&self) -> Option<&ResultRow> {
        self.table.rows.get(*self.shown.get(self.selected)?)
    }

    /// Sorts by the selected column, smallest first; once more, largest first; a third time, in the
    /// order of the plan.
    pub fn sort(&mut self) {
        self.sorted = match self.sorted {
            Some((column, false)) if column == self.column => Some((column, true)),
            Some((column, true)) if column == self.column => None,
            _ => Some((self.column, false)),
        };
        self.arrange();
    }

    /// Shows only rows that meet all terms of a text.
    pub fn narrow(&mut self, text: &str) {
        text.clone_into(&mut self.filter);
        self.arrange();
    }

    /// Filters and sorts; the selected point stays selected if it is still shown.
    fn arrange(&mut self) {
        let before = self.shown.get(self.selected).copied();
        let terms: Result<Vec<Term>, String> =
            self.filter.split_whitespace().map(|term| Term::read(term, &self.table.columns)).collect();
        let terms = match terms {
            Ok(terms) => {
                self.wrong = None;
                terms
            }
            Err(wrong) => {
                self.wrong = Some(wrong);
                return;
            }
        };
        let rows = &self.table.rows;
        let mut shown: Vec<usize> =
            (0..rows.len()).filter(|&row| terms.iter().all(|term| term.holds(&rows[row]))).collect();
        if let Some((column, largest)) = self.sorted {
            let value = |row: &usize| rows[*row].values.get(column).unwrap_or(&Value::Nothing);
            shown.sort_by(|a, b| {
                let order = value(a).compare(value(b));
                // Rows without a value stay last.
                let nothing = [value(a), value(b)].contains(&&Value::Nothing);
                if largest && !nothing { order.reverse() } else { order }
            });
        }
        self.selected = before.and_then(|before| shown.iter().position(|&row| row == before)).unwrap_or(0);
        self.shown = shown;
    }
}

/// Condition on a row.
enum Term {
    /// Some value contains this text, in small letters.
    Word(String),
    /// Comparison of a column with a value.
    Compare(usize, Relation, Value),
}

/// Relation of a column and a value.
#[derive(Clone, Copy)]
enum Relation {
    NotEqual,
    AtLeast,
    AtMost,
    Equal,
    Above,
    Below,
}

/// Signs of relations; longer ones first.
const RELATIONS: [(&str, Relation); 6] = [
    ("!=", Relation::NotEqual),
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("=", Relation::Equal),
    (">", Relation::Above),
    ("<", Relation::Below),
];

impl Term {
    /// Reads a term: `hung`, `pes>=12`, `outcome=masked`.
    fn read(text: &str, columns: &[String]) -> Result<Self, String> {
        let found = RELATIONS.iter().find_map(|(sign, relation)| {
            let (column, value) = text.split_once(sign)?;
            Some((column, *relation, value))
        });
        let Some((column, relation, value)) = found else { return Ok(Self::Word(text.to_lowercase())) };
        let at = columns.iter().position(|name| name.eq_ignore_ascii_case(column));
        let at = at.ok_or_else(|| format!("there is no column `{column}`"))?;
        let value = match value.parse::<f64>() {
            Ok(number) => Value::Number(number),
            Err(_) if value.is_empty() => return Err(format!("`{text}` needs a value at its end")),
            Err(_) => Value::Word(value.to_lowercase()),
        };
        Ok(Self::Compare(at, relation, value))
    }

    fn holds(&self, row: &ResultRow) -> bool {
        match self {
            Self::Word(word) => row.values.iter().any(|value| value.text().to_lowercase().contains(word)),
            Self::Compare(column, relation, wanted) => {
                let value = row.values.get(*column).unwrap_or(&Value::Nothing);
                let order = match (value, wanted) {
                    (Value::Number(value), Value::Number(wanted)) => value.partial_cmp(wanted),
                    (Value::Word(value), Value::Word(wanted)) => Some(value.to_lowercase().cmp(wanted)),
                    _ => None,
                };
                match relation {
                    Relation::NotEqual => order != Some(Ordering::Equal),
                    Relation::Equal => order == Some(Ordering::Equal),
                    Relation::AtLeast => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                    Relation::AtMost => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                    Relation::Above => order == Some(Ordering::Greater),
                    Relation::Below => order == Some(Ordering::Less),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> ResultsState {
        let row = |pes: f64, outcome: &str, energy: Option<f64>| ResultRow {
            values: vec![
                Value::Number(pes),
                Value::Word(outcome.to_owned()),
                energy.map_or(Value::Nothing, Value::Number),
            ],
            scene: PathBuf::from("a.ron"),
            set: Vec::new(),
        };
        ResultsState::new(Results {
            folder: "out".to_owned(),
            columns: ["pes", "outcome", "energy_j"].map(str::to_owned).to_vec(),
            rows: vec![row(12.0, "done", Some(2e-3)), row(6.0, "hung", None), row(18.0, "done", Some(1e-3))],
        })
    }

    #[test]
    fn rows_are_sorted_both_ways_and_rows_without_a_value_stay_last() {
        let mut state = state();
        state.column = 2;
        let orders: Vec<Vec<usize>> = (0..3)
            .map(|_| {
                state.sort();
                state.shown.clone()
            })
            .collect();
        assert_eq!(orders, [[2, 0, 1], [0, 2, 1], [0, 1, 2]]);
        state.column = 1;
        state.sort();
        assert_eq!(state.shown, [0, 2, 1]);
    }

    #[test]
    fn terms_narrow_the_rows_and_wrong_ones_are_told() {
        let mut state = state();
        for (text, rows) in [
            ("hung", vec![1]),
            ("pes>6", vec![0, 2]),
            ("pes>=6 outcome=done", vec![0, 2]),
            ("OUTCOME!=done", vec![1]),
            ("energy_j<0.0015", vec![2]),
            ("pes<=6 done", vec![]),
            ("", vec![0, 1, 2]),
        ] {
            state.narrow(text);
            assert_eq!((&state.shown, &state.wrong), (&rows, &None), "{text}");
        }
        state.selected = 2;
        state.narrow("done");
        assert_eq!((state.selected, state.shown.len()), (1, 2), "the selected point stays selected");
        for (text, words) in [("watts>3", "no column `watts`"), ("pes>", "needs a value")] {
            state.narrow(text);
            assert!(state.wrong.as_ref().is_some_and(|wrong| wrong.contains(words)), "{:?}", state.wrong);
            assert_eq!(state.shown.len(), 2, "the rows stay as they were");
        }
    }

    #[test]
    fn numbers_are_short() {
        for (number, text) in
            [(12.0, "12"), (0.001_234_567_8, "0.00123457"), (1.5e-9, "1.5000e-9"), (13.36489, "13.3649")]
        {
            assert_eq!(Value::Number(number).text(), text);
        }
    }
}
