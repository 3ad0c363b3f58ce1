//! A text as the tokens of a vocabulary.

use serde::Serialize;
use thiserror::Error;

use crate::model::Vocabulary;
use crate::model::vocabulary::END_OF_LINE;
use crate::text::percent;

/// A text: one token for each word, and an `<eos>` for each line, blank ones included.
///
/// With a vocabulary of characters every character is a token, line feeds among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    text: String,
    /// Byte range of each token in `text`; `None` for `<eos>`.
    spans: Vec<Option<(u32, u32)>>,
    ids: Vec<u32>,
    counts: Counts,
    /// Whether a token was added for the end of the last line.
    ends_line: bool,
}

/// Counts of a text's tokens, lines and unknown words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Number of tokens: words, and ends of lines.
    pub tokens: usize,
    /// Number of lines.
    pub lines: usize,
    /// Number of words that the model reads as `<unk>`; `<unk>` in the text itself is a known word.
    pub unknown: usize,
    /// Number of unknown words with punctuation attached, as in a text not split into tokens.
    pub untokenised: usize,
}

impl Counts {
    /// Percentage of unknown words above which a perplexity is not comparable.
    const MOST_UNKNOWN: usize = 30;
    /// Percentage of words with punctuation attached from which a text counts as not tokenised.
    const MOST_UNTOKENISED: usize = 5;

    /// Returns the number of words, without ends of lines.
    pub fn words(&self) -> usize {
        self.tokens.saturating_sub(self.lines)
    }

    /// Returns a warning if unknown words make the perplexity incomparable with any other.
    pub fn warning(&self) -> Option<String> {
        let words = self.words();
        let raw = self.untokenised > 0 && 100 * self.untokenised >= Self::MOST_UNTOKENISED * words;
        if !raw && 100 * self.unknown <= Self::MOST_UNKNOWN * words {
            return None;
        }
        let share = percent(self.unknown as f64 / words.max(1) as f64);
        let unknown = format!("{share} of the words are unknown to the model and read as <unk>");
        Some(if raw {
            format!(
                "{unknown}: the text is not split into tokens. The perplexity compares with no other. Put spaces round \
                 punctuation, as WikiText has them (`He did not , he said .`)"
            )
        } else {
            format!("{unknown}, which is easy to predict: the perplexity compares with no other")
        })
    }
}

/// Error in a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CorpusError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8: byte {byte} of the text (line {line})")]
    NotUtf8 {
        /// Offset of the first bad byte, from 0.
        byte: usize,
        /// Line of the text, from 1.
        line: usize,
    },
    /// The text is empty.
    #[error("the text has no words")]
    Empty,
    /// No word of the text is in the vocabulary.
    #[error(
        "none of the {words} words of the text is in the model's vocabulary (the first is {first:?}); is it in \
         another language, or in another spelling or case?"
    )]
    NoKnownWord {
        /// Words of the text, line ends not counted.
        words: usize,
        /// First word of the text.
        first: String,
    },
    /// A character that a model of characters without `<unk>` does not have.
    #[error(
        "line {line}: the character {character:?} is not in the model's vocabulary, which has no <unk>; replace it"
    )]
    UnknownCharacter {
        /// Character as written in the text.
        character: char,
        /// Line of the character, from 1.
        line: usize,
    },
    /// The text has more bytes than 32-bit offsets can count.
    #[error("the text has {bytes} bytes; at most 4 GiB can be read")]
    TooLarge {
        /// Length of the text, in bytes.
        bytes: usize,
    },
}

impl Corpus {
    /// Splits a text into words at white space, and looks them up. A word outside of the vocabulary
    /// gets the id of `<unk>`, and is still shown as written.
    pub fn new(bytes: Vec<u8>, vocabulary: &Vocabulary) -> Result<Self, CorpusError> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let byte = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count();
            CorpusError::NotUtf8 { byte, line }
        })?;
        if u32::try_from(text.len()).is_err() {
            return Err(CorpusError::TooLarge { bytes: text.len() });
        }
        if vocabulary.is_characters() {
            return Self::of_characters(text, vocabulary);
        }
        let (mut spans, mut ids) = (Vec::new(), Vec::new());
        let (mut words, mut counts) = (0, Counts::default());
        for line in text.lines() {
            for word in line.split_whitespace() {
                // `word` is a part of `text`: the difference of their addresses is its offset.
                let start = word.as_ptr().addr() - text.as_ptr().addr();
                spans.push(Some((start as u32, (start + word.len()) as u32)));
                let id = vocabulary.id(word);
                counts.unknown += usize::from(id.is_none());
                counts.untokenised += usize::from(id.is_none() && has_punctuation(word));
                words += 1;
                ids.push(id.or(vocabulary.unknown()).unwrap_or_default());
            }
            spans.push(None);
            ids.push(vocabulary.end_of_line());
            counts.lines += 1;
        }
        let first = text.split_whitespace().next().ok_or(CorpusError::Empty)?;
        if counts.unknown == words {
            return Err(CorpusError::NoKnownWord { words, first: first.to_owned() });
        }
        counts.tokens = ids.len();
        Ok(Self { text, spans, ids, counts, ends_line: true })
    }

    /// Makes a token of every character; a text of `<eos>` alone is the end of a line.
    fn of_characters(text: String, vocabulary: &Vocabulary) -> Result<Self, CorpusError> {
        let lines = text.lines().count();
        if text == END_OF_LINE {
            let (spans, ids) = (vec![None], vec![vocabulary.end_of_line()]);
            let counts = Counts { tokens: 1, lines, ..Counts::default() };
            return Ok(Self { text, spans, ids, counts, ends_line: false });
        }
        let (mut spans, mut ids) = (Vec::new(), Vec::new());
        let (mut unknown, mut line) = (0, 1);
        for (start, character) in text.char_indices() {
            let known = vocabulary.id(character.encode_utf8(&mut [0; 4]));
            // Where the line feed is not a character of its own, `<eos>` stands for it.
            let known = known.or((character == '\n').then(|| vocabulary.end_of_line()));
            unknown += usize::from(known.is_none());
            let id = known.or(vocabulary.unknown());
            ids.push(id.ok_or(CorpusError::UnknownCharacter { character, line })?);
            spans.push((character != '\n').then(|| (start as u32, (start + character.len_utf8()) as u32)));
            line += usize::from(character == '\n');
        }
        if ids.is_empty() {
            return Err(CorpusError::Empty);
        }
        if unknown == ids.len() {
            let first = text.chars().next().map(String::from).unwrap_or_default();
            return Err(CorpusError::NoKnownWord { words: unknown, first });
        }
        let counts = Counts { tokens: ids.len(), lines, unknown, untokenised: 0 };
        Ok(Self { text, spans, ids, counts, ends_line: false })
    }

    /// Returns `true` if a token was added for the end of the last line.
    ///
    /// The end of a prompt is not the end of a line.
    pub fn ends_line(&self) -> bool {
        self.ends_line
    }

    /// Returns the ids of all tokens, in order.
    pub fn tokens(&self) -> &[u32] {
        &self.ids
    }

    /// Returns the counts of the text.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns token `index` as written in the text, `<eos>` for a line's end.
    pub fn written(&self, index: usize) -> Option<&str> {
        let span = self.spans.get(index)?;
        span.map_or(Some(END_OF_LINE), |(start, end)| self.text.get(start as usize..end as usize))
    }
}

/// Returns `true` for a word with punctuation attached: `cleared.` or `(heavily)`.
fn has_punctuation(word: &str) -> bool {
    word.contains(char::is_alphanumeric)
        && (word.ends_with(|c: char| ",.;:!?)]\"”»…".contains(c))
            || word.starts_with(|c: char| "([\"“«".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(text: &[u8]) -> Result<Corpus, CorpusError> {
        let vocabulary = Vocabulary::parse(b"<unk>\n<eos>\nthe\nchip\n").unwrap();
        Corpus::new(text.to_vec(), &vocabulary)
    }

    #[test]
    fn every_line_ends_and_unknown_words_keep_their_spelling() {
        let corpus = corpus(" the  Zürich chip\n\n<unk> the\r\nchip".as_bytes()).unwrap();
        assert_eq!(corpus.tokens(), [2, 0, 3, 1, 1, 0, 2, 1, 3, 1]);
        let written: Vec<_> = (0..corpus.tokens().len()).map_while(|i| corpus.written(i)).collect();
        assert_eq!(
            written,
            ["the", "Zürich", "chip", "<eos>", "<eos>", "<unk>", "the", "<eos>", "chip", "<eos>"]
        );
        assert_eq!(corpus.counts(), Counts { tokens: 10, lines: 4, unknown: 1, untokenised: 0 });
        assert_eq!(corpus.written(10), None);
    }

    #[test]
    fn unknown_words_are_counted_and_too_many_warned_of() {
        let warning = |text: &str| corpus(text.as_bytes()).unwrap().counts().warning();
        assert_eq!(warning("the chip the chip\n"), None);
        assert_eq!(warning("the chip the chip the chip (\n"), None, "a token of its own is not attached");
        assert_eq!(warning(&format!("{}Zürich Bern\n", "the chip ".repeat(4))), None, "20 % are names");
        let raw = warning(&format!("{}The chip.\n", "the chip ".repeat(8))).unwrap();
        assert!(raw.starts_with("11.1 % ") && raw.contains("not split into tokens"), "{raw}");
        let foreign = warning("the chip Zürich Bern\n").unwrap();
        assert!(foreign.starts_with("50.0 % ") && foreign.contains("easy to predict"), "{foreign}");
    }

    #[test]
    fn characters_are_tokens_spaces_and_line_feeds_among_them() {
        let vocabulary = Vocabulary::parse(b" \na\nb\n<eos>\n").unwrap();
        let corpus = |text: &str| Corpus::new(text.as_bytes().to_vec(), &vocabulary);
        let read = corpus("a b\nb").unwrap();
        assert_eq!(read.tokens(), [1, 0, 2, 3, 2]);
        assert_eq!(read.counts(), Counts { tokens: 5, lines: 2, ..Counts::default() });
        assert_eq!((read.written(1), read.written(3), read.ends_line()), (Some(" "), Some("<eos>"), false));
        assert_eq!(corpus("<eos>").unwrap().tokens(), [3]);
        let unknown = corpus("a\nc").unwrap_err();
        assert_eq!(unknown, CorpusError::UnknownCharacter { character: 'c', line: 2 });
        assert_eq!(corpus("").unwrap_err(), CorpusError::Empty);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(corpus(b"").unwrap_err(), CorpusError::Empty);
        assert_eq!(corpus(b"\n \n").unwrap_err(), CorpusError::Empty);
        assert_eq!(
            corpus(b"Der Chip\n").unwrap_err(),
            CorpusError::NoKnownWord { words: 2, first: "Der".into() }
        );
        assert_eq!(corpus(b"the\nch\xffip").unwrap_err(), CorpusError::NotUtf8 { byte: 6, line: 2 });
    }
}
