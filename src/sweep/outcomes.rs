//! Outcomes of a fault campaign, counted by kind, array, bit, population and PE.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value as Json;

use super::gather::Row;
use super::line::{LOSSES, Outcome};

/// Columns of the table of outcomes.
const COLUMNS: [&str; 10] = [
    "by",
    "value",
    "points",
    "masked",
    "changed",
    "detected",
    "hung",
    "other",
    "mean_loss_of_changed",
    "max_loss",
];
/// Groups by which faults are counted: name, and the columns of the results that define a group.
const GROUPS: [(&str, &[&str]); 7] = [
    ("kind", &["fault"]),
    ("kind and array", &["fault", "fault_region"]),
    ("kind and word bit", &["fault", "fault_word_bit"]),
    ("kind and population", &["fault", "fault_population"]),
    ("kind and step", &["fault", "fault_step"]),
    ("PE", &["fault_pe"]),
    ("link", &["fault_link"]),
];

/// Counts and losses of the faults in one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    counts: BTreeMap<Outcome, u64>,
    losses: u64,
    loss_sum: f64,
    loss_max: Option<f64>,
}

impl Tally {
    /// Returns the number of faults with an outcome.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.counts.get(&outcome).copied().unwrap_or(0)
    }

    /// Returns the number of faults.
    pub fn all(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Returns the mean loss of the faults that changed outputs; `None` if there are none.
    pub fn mean_loss(&self) -> Option<f64> {
        (self.losses > 0).then(|| self.loss_sum / self.losses as f64)
    }

    fn add(&mut self, outcome: Outcome, loss: Option<f64>) {
        *self.counts.entry(outcome).or_default() += 1;
        // An infinite perplexity would make the mean infinite.
        if let Some(loss) = loss.filter(|loss| loss.is_finite() && outcome == Outcome::Changed) {
            self.losses += 1;
            self.loss_sum += loss;
            self.loss_max = Some(self.loss_max.map_or(loss, |max| max.max(loss)));
        }
    }

    fn cells(&self) -> [String; 8] {
        let named = [Outcome::Masked, Outcome::Changed, Outcome::Detected, Outcome::Hung];
        let counts = named.map(|outcome| self.count(outcome));
        let text = |value: Option<f64>| value.map(|value| format!("{value}")).unwrap_or_default();
        let other = self.all() - counts.iter().sum::<u64>();
        let [masked, changed, detected, hung] = counts.map(|count| count.to_string());
        let all = self.all().to_string();
        [all, masked, changed, detected, hung, other.to_string(), text(self.mean_loss()), text(self.loss_max)]
    }
}

/// Outcomes of a campaign by group and value, in the order of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcomes(BTreeMap<(usize, Vec<Value>), Tally>);

/// Value by which groups are sorted: numbers before words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(u64),
    Word(String),
}

impl Outcomes {
    /// Counts a point of the sweep; points without a fault are not counted.
    pub fn add(&mut self, row: Row<'_>) {
        let losses = LOSSES.map(|column| row.get(column).as_f64());
        for (number, (_, columns)) in GROUPS.iter().enumerate() {
            let values = columns.iter().map(|column| match row.get(column) {
                Json::Number(value) => value.as_u64().map(Value::Number),
                Json::String(word) if !word.is_empty() => Some(Value::Word(word)),
                _ => None,
            });
            // A fault without an array or bit is not counted in groups that need one.
            if let Some(values) = values.collect::<Option<Vec<Value>>>() {
                let tally = self.0.entry((number, values)).or_default();
                tally.add(row.line.outcome, losses[0].or(losses[1]));
            }
        }
    }

    /// Returns the outcomes by kind of fault.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &Tally)> {
        self.0.iter().filter_map(|((group, values), tally)| match (group, values.first()) {
            (0, Some(Value::Word(kind))) => Some((kind.as_str(), tally)),
            _ => None,
        })
    }

    /// Writes the table as CSV.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn write(&self, out: impl Write) -> csv::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(COLUMNS)?;
        for ((group, values), tally) in &self.0 {
            let words: Vec<String> = values
                .iter()
                .map(|value| match value {
                    Value::Number(number) => number.to_string(),
                    Value::Word(word) => word.clone(),
                })
                .collect();
            let by = GROUPS.get(*group).map_or("", |(name, _)| name);
            writer.write_record([by.to_owned(), words.join(" ")].iter().chain(&tally.cells()))?;
        }
        writer.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_those_of_changed_outputs() {
        let mut tally = Tally::default();
        tally.add(Outcome::Masked, Some(0.0));
        tally.add(Outcome::Changed, Some(2.0));
        tally.add(Outcome::Changed, Some(-1.0));
        tally.add(Outcome::Changed, Some(f64::INFINITY));
        tally.add(Outcome::Killed, None);
        assert_eq!(tally.cells(), ["5", "1", "3", "0", "0", "1", "0.5", "2"]);
        assert_eq!(Tally::default().mean_loss(), None);
    }
}
