//! An operand that many PEs multiply, looked at once: its events, and the sums of all rows.
//!
//! PEs of a layer multiply their shares of one matrix with the same values. The first PE looks for
//! the values that are not 0; the others compare their bytes with these.

use super::words::is_event;
use crate::net::columns::Columns;

/// Operand that was looked at last.
#[derive(Debug, Default)]
pub struct Seen {
    /// Words of x as they lie in memory.
    x: Vec<u32>,
    /// Sources in model order, ascending, with their values; silent sources left out.
    events: Vec<(u32, f32)>,
    known: bool,
    /// Sums of all rows at the begin of memory that is used again.
    sums: Vec<f32>,
    /// Whether `sums` holds the sums of the present operand.
    summed: bool,
    /// Values of all sources in model order; empty until the first request.
    ordered: Vec<f32>,
}

impl Seen {
    /// Looks at an operand of which source s is word `word[s]`, and returns its events. `None` if
    /// it is too short.
    pub fn look_at(&mut self, x: &[u32], word: &[u32]) -> Option<&[(u32, f32)]> {
        let words = if self.known { self.x.len() } else { word.iter().max().map_or(0, |&w| w as usize + 1) };
        let x = x.get(..words)?;
        if !self.known || self.x != x {
            self.take(x);
            let events = (0..).zip(word).filter_map(|(source, &word)| {
                let bits = *x.get(word as usize)?;
                is_event(bits).then(|| (source, f32::from_bits(bits)))
            });
            self.events.extend(events);
            self.known = true;
        }
        Some(&self.events)
    }

    /// Looks at a list of events ([`super::csc`] has its layout), and returns them. `None` if a
    /// source is not below `sources` or the list is longer than `list`.
    pub fn look_at_list(&mut self, list: &[u32], sources: u32) -> Option<&[(u32, f32)]> {
        let count = *list.first()? as usize;
        let list = list.get(..count.checked_mul(2)?.checked_add(1)?)?;
        if !self.known || self.x != list {
            self.take(list);
            let (pairs, _) = list[1..].as_chunks();
            self.events.extend(pairs.iter().map(|&[source, value]| (source, f32::from_bits(value))));
            self.known = self.events.iter().all(|&(source, _)| source < sources);
        }
        self.known.then_some(&self.events)
    }

    fn take(&mut self, x: &[u32]) {
        self.known = false;
        self.events.clear();
        self.summed = false;
        self.ordered.clear();
        self.x.clear();
        self.x.extend_from_slice(x);
    }

    /// Returns the values of all sources in model order: that of source s is word `word[s]` of the
    /// operand. `None` if one of them is not a finite number.
    pub fn ordered(&mut self, word: &[u32]) -> Option<&[f32]> {
        if self.ordered.is_empty() {
            let value = |&word: &u32| self.x.get(word as usize).map(|&bits| f32::from_bits(bits));
            self.ordered.extend(word.iter().map_while(value).take_while(|value| value.is_finite()));
        }
        (self.known && self.ordered.len() == word.len()).then_some(&self.ordered)
    }

    /// Returns the sums of rows `first` to `first + rows` for the operand, computed for all rows
    /// when they are asked for first. `None` if one of them is −0, which products with zeros
    /// would have turned into +0: a kernel that computes these has to run.
    pub fn sums(&mut self, columns: &Columns, first: usize, rows: usize) -> Option<&[f32]> {
        if !self.known {
            return None;
        }
        if !self.summed {
            columns.sums(&self.events, &mut self.sums);
            self.summed = true;
        }
        let sums = self.row_sums(first, rows)?;
        // Looked at all of them: that takes several at once.
        let minus_zero = |sum: &f32| sum.to_bits() == (-0.0_f32).to_bits();
        let found = sums.iter().fold(false, |found, sum| found | minus_zero(sum));
        (!found).then_some(sums)
    }

    /// Returns the sums of rows `first` to `first + rows` once [`Self::sums`] has computed them.
    pub fn row_sums(&self, first: usize, rows: usize) -> Option<&[f32]> {
        self.sums.get(first..first + rows).filter(|_| self.summed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_taken_as_it_is_and_one_with_a_wrong_source_not_at_all() {
        let mut seen = Seen::default();
        let list = [2, 0, 7, 3, 0x8000_0000, 9, 9];
        let events = |seen: &mut Seen, list: &[u32], sources| {
            let events = seen.look_at_list(list, sources)?;
            Some(events.iter().map(|&(source, value)| (source, value.to_bits())).collect::<Vec<_>>())
        };
        assert_eq!(events(&mut seen, &list, 4), Some(vec![(0, 7), (3, 0x8000_0000)]));
        assert_eq!(events(&mut seen, &list[..5], 4), Some(vec![(0, 7), (3, 0x8000_0000)]));
        assert_eq!(events(&mut seen, &list[..4], 4), None);
        assert_eq!(events(&mut seen, &[1, 4, 7], 4), None);
        assert_eq!(events(&mut seen, &[1, 4, 7], 4), None, "nor a second time");
        assert_eq!(events(&mut seen, &[u32::MAX], 4), None);
        assert_eq!(events(&mut seen, &[0], 4), Some(Vec::new()));
    }

    #[test]
    fn an_operand_in_model_order_is_that_of_the_last_look() {
        let mut seen = Seen::default();
        let bits = |x: [f32; 3]| x.map(f32::to_bits);
        for (x, ordered) in [([1.0, 2.0, 3.0], [3.0, 1.0]), ([4.0, 0.0, 0.5], [0.5, 4.0])] {
            seen.look_at(&bits(x), &[2, 0]).unwrap();
            assert_eq!(seen.ordered(&[2, 0]).unwrap(), ordered);
        }
        seen.look_at(&bits([f32::INFINITY, 0.0, 0.0]), &[2, 0]).unwrap();
        assert_eq!(seen.ordered(&[2, 0]), None);
    }

    #[test]
    fn silent_sources_are_no_events_and_another_operand_is_looked_at_anew() {
        let mut seen = Seen::default();
        let bits = |x: [f32; 3]| x.map(f32::to_bits);
        assert_eq!(seen.look_at(&bits([0.0, -0.0, 2.0]), &[2, 0]).unwrap(), [(0, 2.0)]);
        assert_eq!(seen.look_at(&bits([1.0, 5.0, 2.0]), &[2, 0]).unwrap(), [(0, 2.0), (1, 1.0)]);
        assert_eq!(seen.look_at(&bits([1.0, 5.0, 2.0])[..2], &[2, 0]), None);
    }
}
