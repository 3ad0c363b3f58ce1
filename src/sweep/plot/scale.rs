//! Scales of axes: places and labels of numbers and words.

use super::Cell;
use crate::text::significant;

/// Places of a column's values along an axis: numbers at themselves, words one after the other.
#[derive(Default)]
pub(super) struct Scale {
    pub(super) words: Vec<String>,
}

impl Scale {
    /// Creates a scale on which words have places of their own.
    pub(super) fn of<'c>(cells: impl Iterator<Item = &'c Cell>) -> Self {
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

    /// Creates a scale of words from all values, for axes of cells.
    pub(super) fn of_all<'c>(cells: impl Iterator<Item = &'c Cell>) -> Self {
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

    /// Returns the place of a value; `None` if it has none.
    pub(super) fn place(&self, cell: &Cell) -> Option<f64> {
        let at = |word: &str| self.words.iter().position(|known| known == word).map(|at| at as f64);
        match cell {
            Cell::Number(number) if self.words.is_empty() => Some(*number),
            Cell::Number(number) => at(&short(*number)),
            Cell::Word(word) => at(word),
            Cell::Nothing => None,
        }
    }

    /// Returns the label at a place; empty between words.
    pub(super) fn label(&self, place: f64) -> String {
        if self.words.is_empty() {
            return short(place);
        }
        let nearest = place.round();
        let there = (place - nearest).abs() < 0.01 && nearest >= 0.0;
        let word = there.then(|| self.words.get(nearest as usize)).flatten();
        word.cloned().unwrap_or_default()
    }

    /// Returns the number of labels along the axis: 8 for numbers, at most 60 for words.
    ///
    /// Words take two each and one more: [`Self::label`] is empty between words.
    pub(super) fn labels(&self) -> usize {
        if self.words.is_empty() { 8 } else { (2 * self.words.len() + 1).min(60) }
    }
}

/// Formats a number with at most five digits.
pub(super) fn short(number: f64) -> String {
    significant(number, 5)
}

/// Returns the ends of an axis that holds some places, with a margin.
pub(super) fn ends(places: impl Iterator<Item = f64>) -> Option<std::ops::Range<f64>> {
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
pub(super) fn with_legend(ends: std::ops::Range<f64>, lines: usize) -> std::ops::Range<f64> {
    let room = (0.06 + 0.055 * lines as f64) * (ends.end - ends.start);
    ends.start..ends.end + room
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
