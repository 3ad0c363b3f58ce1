//! State of a search in the text that the network reads.

use crate::tui::widgets::prompt::Prompt;

/// Number of words shown on either side of a found word.
const AROUND: usize = 6;

/// Search over the panels: the line in which a word is typed, then what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchOverlay {
    /// Word that is typed, or was searched.
    pub prompt: Prompt,
    /// Places that were found; `None` while the word is typed.
    pub found: Option<Found>,
}

/// Places of a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Time steps that read the word, in order, counted from 1.
    pub steps: Vec<u64>,
    /// Index of the shown place among `steps`.
    pub at: usize,
    /// Text around the shown place: words before it, the word itself, words behind it.
    pub around: [String; 3],
    /// Step from which the run to the place began; `None` while there is no such run.
    pub from: Option<u64>,
}

impl Found {
    /// Searches a text whose word `i` is read by step `i + 1`; shows the first place after step
    /// `now`, or the first of all.
    ///
    /// A word matches if it contains `wanted`; capitals matter only if `wanted` has some.
    pub fn search(text: &[&str], wanted: &str, now: u64) -> Self {
        let folds = !wanted.chars().any(char::is_uppercase);
        let matches =
            |word: &&str| if folds { word.to_lowercase().contains(wanted) } else { word.contains(wanted) };
        let places = text.iter().enumerate().filter(|(_, word)| matches(word));
        let steps: Vec<u64> = places.map(|(place, _)| place as u64 + 1).collect();
        let after = steps.partition_point(|&step| step <= now);
        let mut found = Self { at: if after < steps.len() { after } else { 0 }, steps, ..Self::default() };
        found.look(text);
        found
    }

    /// Returns the step of the place that is shown; `None` if nothing was found.
    pub fn step(&self) -> Option<u64> {
        self.steps.get(self.at).copied()
    }

    /// Shows the next or the previous place, cyclically.
    pub fn turn(&mut self, text: &[&str], back: bool, times: usize) {
        let count = self.steps.len().max(1);
        let by = times % count;
        self.at = (self.at + if back { count - by } else { by }) % count;
        self.from = None;
        self.look(text);
    }

    fn look(&mut self, text: &[&str]) {
        let Some(place) = self.step().and_then(|step| usize::try_from(step - 1).ok()) else { return };
        let words = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().join(" ");
        let end = (place + 1 + AROUND).min(text.len());
        self.around =
            [words(place.saturating_sub(AROUND)..place), words(place..place + 1), words(place + 1..end)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: [&str; 7] = ["The", "chip", "sends", "packets", "and", "a", "Packet"];

    #[test]
    fn words_are_found_after_the_moment_and_round_both_ways() {
        let mut found = Found::search(&TEXT, "packet", 0);
        assert_eq!((found.steps.as_slice(), found.step()), ([4, 7].as_slice(), Some(4)));
        assert_eq!(found.around, ["The chip sends", "packets", "and a Packet"]);
        found.turn(&TEXT, false, 1);
        assert_eq!((found.step(), found.around[1].as_str()), (Some(7), "Packet"));
        found.turn(&TEXT, false, 1);
        assert_eq!(found.step(), Some(4));
        found.turn(&TEXT, true, 3);
        assert_eq!(found.step(), Some(7));
        assert_eq!(Found::search(&TEXT, "packet", 4).step(), Some(7));
        assert_eq!(Found::search(&TEXT, "packet", 7).step(), Some(4), "none is left: from the beginning");
        assert_eq!(Found::search(&TEXT, "Packet", 0).steps, [7], "capitals matter where there are some");
        let mut none = Found::search(&TEXT, "nowhere", 3);
        none.turn(&TEXT, true, 2);
        assert_eq!((none.step(), none.steps.len()), (None, 0));
    }
}
