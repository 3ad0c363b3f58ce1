//! The words of a language model: one a line in `vocab.txt`, the line's number (from 0) is the word's id.

use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error;

/// The word that stands for every word outside of the vocabulary.
pub const UNKNOWN: &str = "<unk>";
/// The word that ends every line of a text.
pub const END_OF_LINE: &str = "<eos>";

/// Words and their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    words: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, u32>,
    unknown: u32,
    end_of_line: u32,
}

/// Why a list of words is no vocabulary. Lines count from 1, as editors do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VocabularyError {
    /// Not text.
    #[error("not UTF-8: byte {byte} of the file (line {line})")]
    NotUtf8 {
        /// Offset of the first bad byte, from 0.
        byte: usize,
        /// Its line.
        line: usize,
    },
    /// A line that is no single word.
    #[error("line {line}: {text:?} is not one word; a vocabulary has one word a line, without spaces")]
    NotAWord {
        /// The line.
        line: usize,
        /// What it says.
        text: String,
    },
    /// A word twice.
    #[error("line {line}: {word:?} is already on line {first}; every word has one id")]
    Duplicate {
        /// The word.
        word: String,
        /// Line of its second occurrence.
        line: usize,
        /// Line of its first.
        first: usize,
    },
    /// A word that every vocabulary has.
    #[error("no word {word}; every vocabulary needs <unk> (for unknown words) and <eos> (for line ends)")]
    Missing {
        /// The word.
        word: &'static str,
    },
}

impl Vocabulary {
    /// Reads `vocab.txt`.
    pub fn parse(bytes: &[u8]) -> Result<Self, VocabularyError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let byte = error.valid_up_to();
            let line = 1 + bytes.iter().take(byte).filter(|&&b| b == b'\n').count();
            VocabularyError::NotUtf8 { byte, line }
        })?;
        let mut words: Vec<Arc<str>> = Vec::new();
        let mut ids = HashMap::new();
        for (i, line) in text.lines().enumerate() {
            if line.is_empty() || line.contains(char::is_whitespace) {
                return Err(VocabularyError::NotAWord { line: i + 1, text: line.to_owned() });
            }
            let word: Arc<str> = line.into();
            if let Some(first) = ids.insert(Arc::clone(&word), i as u32) {
                return Err(VocabularyError::Duplicate {
                    word: line.to_owned(),
                    line: i + 1,
                    first: first as usize + 1,
                });
            }
            words.push(word);
        }
        let id = |word: &'static str| ids.get(word).copied().ok_or(VocabularyError::Missing { word });
        let (unknown, end_of_line) = (id(UNKNOWN)?, id(END_OF_LINE)?);
        Ok(Self { words, ids, unknown, end_of_line })
    }

    /// Words, V.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Never: `<unk>` and `<eos>` are always there.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The word with this id; `<unk>` for an id that does not exist.
    pub fn word(&self, id: u32) -> &str {
        self.words.get(id as usize).map_or(UNKNOWN, |word| word)
    }

    /// The id of a word, if it is known.
    pub fn id(&self, word: &str) -> Option<u32> {
        self.ids.get(word).copied()
    }

    /// The id of `<unk>`.
    pub fn unknown(&self) -> u32 {
        self.unknown
    }

    /// The id of `<eos>`.
    pub fn end_of_line(&self) -> u32 {
        self.end_of_line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_line_numbers_from_zero() {
        let vocabulary = Vocabulary::parse("the\r\n<eos>\nchip\n<unk>\n".as_bytes()).unwrap();
        assert_eq!(vocabulary.len(), 4);
        assert_eq!((vocabulary.id("chip"), vocabulary.word(2)), (Some(2), "chip"));
        assert_eq!((vocabulary.unknown(), vocabulary.end_of_line()), (3, 1));
        assert_eq!((vocabulary.id("Chip"), vocabulary.word(4)), (None, UNKNOWN));
    }

    #[test]
    fn what_is_no_vocabulary_is_said_with_its_line() {
        let error = |text: &[u8]| Vocabulary::parse(text).unwrap_err();
        assert_eq!(error(b"<unk>\n"), VocabularyError::Missing { word: END_OF_LINE });
        assert_eq!(error(b""), VocabularyError::Missing { word: UNKNOWN });
        assert_eq!(
            error(b"a\nb\n<unk>\na\n"),
            VocabularyError::Duplicate { word: "a".into(), line: 4, first: 1 }
        );
        assert_eq!(error(b"a\n\nb\n"), VocabularyError::NotAWord { line: 2, text: String::new() });
        assert_eq!(error(b"a\nb c\n"), VocabularyError::NotAWord { line: 2, text: "b c".into() });
        assert_eq!(error(b"a\nb\xff\n"), VocabularyError::NotUtf8 { byte: 3, line: 2 });
    }
}
