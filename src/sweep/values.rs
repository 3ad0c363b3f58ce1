//! Values of an axis, from the plan's lists, ranges and random draws.

use super::list::random;
use super::plan::{Axis, Points, Sweep, Values};
use super::value::Value;

/// Greatest count of values of an axis.
const MAX_VALUES: u64 = 1_000_000;

/// Returns the values of an axis in order.
pub(super) fn expand(axis: &Axis, number: usize, sweep: &Sweep) -> Result<Vec<Value>, String> {
    match &axis.values {
        Values::List(values) if values.is_empty() => Err("an axis has at least one value".to_owned()),
        Values::List(values) => Ok(values.clone()),
        Values::Range { from, to, step } => range(from, to, step),
        Values::Log { from, to, count } => {
            if !(*from > 0.0 && *to > 0.0 && from.is_finite() && to.is_finite() && *count >= 2) {
                return Err("both ends are above 0, and there are at least 2 numbers".to_owned());
            }
            limit(u64::from(*count))?;
            let last = f64::from(*count - 1);
            let at = |number: u32| match number {
                0 => *from,
                number if number + 1 == *count => *to,
                number => from * (to / from).powf(f64::from(number) / last),
            };
            Ok((0..*count).map(|number| Value::Number(at(number))).collect())
        }
        Values::Random { from, to, count } => {
            random(from, to, 0)?;
            if matches!(sweep.points, Points::Draws(_)) {
                return Ok(Vec::new());
            }
            if *count == 0 {
                return Err("give the `count` of random numbers, or `points: Draws(…)`".to_owned());
            }
            limit(u64::from(*count))?;
            let draws = (0..u64::from(*count)).map(|draw| {
                let bits = super::list::bits(sweep.seed, &[number as u64, draw]);
                random(from, to, bits)
            });
            draws.collect()
        }
    }
}

fn limit(count: u64) -> Result<(), String> {
    if count > MAX_VALUES {
        return Err(format!("{count} values are more than the {MAX_VALUES} that an axis may have"));
    }
    Ok(())
}

fn range(from: &Value, to: &Value, step: &Value) -> Result<Vec<Value>, String> {
    let bad = "a range goes up from one number to another, by a step above 0".to_owned();
    if let (Value::Whole(from), Value::Whole(to), Value::Whole(step)) = (from, to, step) {
        if from > to || *step <= 0 {
            return Err(bad);
        }
        let count = u64::try_from((i128::from(*to) - i128::from(*from)) / i128::from(*step) + 1);
        let count = count.unwrap_or(u64::MAX);
        limit(count)?;
        return Ok((0..count as i64).map(|number| Value::Whole(from + number * step)).collect());
    }
    match (from.number(), to.number(), step.number()) {
        (Some(from), Some(to), Some(step)) if from <= to && step > 0.0 && (to - from).is_finite() => {
            // A last number that rounding puts just beyond the end is one of the range.
            let count = ((to - from) / step + 1e-9).floor() + 1.0;
            limit(count as u64)?;
            Ok((0..count as u32).map(|number| Value::Number(from + f64::from(number) * step)).collect())
        }
        _ => Err(bad),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::load::LoadedPlan;
    use super::super::plan::KIND;
    use crate::scene::document::Document;

    fn axis(values: &str) -> Vec<String> {
        let text = format!(
            "Sweep(version: 1, scene: \"scenes/single_pe.ron\", axes: [(name: \"a\", values: {values})])"
        );
        let loaded =
            LoadedPlan::new(Document::from_text(&text, Path::new("plan.ron"), &KIND).unwrap()).unwrap();
        loaded.values[0].iter().map(ToString::to_string).collect()
    }

    #[test]
    fn axes_have_the_values_that_they_say() {
        assert_eq!(axis("List([1, \"Poll\"])"), ["1", "Poll"]);
        assert_eq!(axis("Range(from: 4, to: 13, step: 4)"), ["4", "8", "12"]);
        assert_eq!(axis("Range(from: 0, to: 0.3, step: 0.1)"), ["0.0", "0.1", "0.2", "0.30000000000000004"]);
        assert_eq!(axis("Log(from: 1, to: 100, count: 3)"), ["1.0", "10.0", "100.0"]);
        let random = axis("Random(from: 10, to: 12, count: 50)");
        assert_eq!(random.len(), 50);
        for value in ["10", "11", "12"] {
            assert!(random.iter().any(|drawn| drawn == value), "{value}: {random:?}");
        }
        assert_eq!(random, axis("Random(from: 10, to: 12, count: 50)"));
    }
}
