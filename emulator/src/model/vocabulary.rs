//! Words of a language model: one a line in `vocab.txt`, whose number, from 0, is the word's id.
//!
//! A model of characters has single characters as words, a space among them. `word2index.json` of
//! the authors' tutorial is read as well: it maps words, or the codes of characters, to ids.

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
    /// `None` only in a vocabulary of characters.
    unknown: Option<u32>,
    end_of_line: u32,
    characters: bool,
}

/// Reason why a list of words is not a vocabulary. Lines count from 1, as in editors.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VocabularyError {
    /// The file is not UTF-8 text.
    #[error("not UTF-8: byte {byte} of the file (line {line})")]
    NotUtf8 {
        /// Offset of the first bad byte, from 0.
        byte: usize,
        /// Line of that byte.
        line: usize,
    },
    /// A line that is not a single word.
    #[error("line {line}: {text:?} is not one word; a vocabulary has one word a line, without spaces")]
    NotAWord {
        /// Number of the line.
        line: usize,
        /// Text of the line.
        text: String,
    },
    /// A word that occurs twice.
    #[error("line {line}: {word:?} is already on line {first}; every word has one id")]
    Duplicate {
        /// Word that occurs twice.
        word: String,
        /// Line of its second occurrence.
        line: usize,
        /// Line of its first occurrence.
        first: usize,
    },
    /// The file is not the JSON of a vocabulary.
    #[error("not a map of words to ids: {0}")]
    Json(String),
    /// Ids that leave out a number.
    #[error("no word has the id {id}; {words} words have the ids 0 to {}", words - 1)]
    Ids {
        /// First id without a word.
        id: usize,
        /// Number of words.
        words: usize,
    },
    /// A word that every vocabulary needs is missing.
    #[error("no word {word}; every vocabulary needs <unk> (for unknown words) and <eos> (for line ends)")]
    Missing {
        /// Word that is missing.
        word: &'static str,
    },
}

impl Vocabulary {
    /// Parses the content of `vocab.txt`.
    pub fn parse(bytes: &[u8]) -> Result<Self, VocabularyError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let byte = error.valid_up_to();
            let line = 1 + bytes.iter().take(byte).filter(|&&b| b == b'\n').count();
            VocabularyError::NotUtf8 { byte, line }
        })?;
        let characters = text.lines().any(|line| line == " ") && text.lines().all(is_character);
        let mut words: Vec<Arc<str>> = Vec::new();
        let mut ids: HashMap<Arc<str>, u32> = HashMap::new();
        for (i, line) in text.lines().enumerate() {
            if line.is_empty() || (!characters && line.contains(char::is_whitespace)) {
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
        Self::new(words, ids, characters)
    }

    /// Reads `word2index.json`: a map of words to ids, or of the codes of characters to ids.
    pub fn parse_json(bytes: &[u8]) -> Result<Self, VocabularyError> {
        let map: HashMap<String, usize> =
            serde_json::from_slice(bytes).map_err(|error| VocabularyError::Json(error.to_string()))?;
        let code = |word: &str| word.parse().ok().and_then(char::from_u32);
        let characters = map.keys().all(|word| is_special(word) || code(word).is_some());
        let mut words: Vec<Option<Arc<str>>> = vec![None; map.len()];
        for (word, &id) in &map {
            let Some(slot) = words.get_mut(id) else { continue };
            let character = if characters { code(word).map(String::from) } else { None };
            *slot = Some(character.as_deref().unwrap_or(word).into());
        }
        if let Some(id) = words.iter().position(Option::is_none) {
            return Err(VocabularyError::Ids { id, words: words.len() });
        }
        let words: Vec<Arc<str>> = words.into_iter().flatten().collect();
        let ids = words.iter().cloned().zip(0..).collect();
        Self::new(words, ids, characters)
    }

    fn new(
        words: Vec<Arc<str>>,
        ids: HashMap<Arc<str>, u32>,
        characters: bool,
    ) -> Result<Self, VocabularyError> {
        let id = |word: &'static str| ids.get(word).copied().ok_or(VocabularyError::Missing { word });
        let unknown = match id(UNKNOWN) {
            Err(_) if characters => None,
            id => Some(id?),
        };
        // Characters may have the line feed itself.
        let end_of_line = match ids.get("\n").filter(|_| characters) {
            Some(&id) => id,
            None => id(END_OF_LINE)?,
        };
        Ok(Self { words, ids, unknown, end_of_line, characters })
    }

    /// Returns `true` if the words are characters: a text is then not split at white space.
    pub fn is_characters(&self) -> bool {
        self.characters
    }

    /// Returns the number of words, V.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Returns `false`: the end of a line is always there.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns the word with this id; `<unk>` for an id that does not exist.
    pub fn word(&self, id: u32) -> &str {
        self.words.get(id as usize).map_or(UNKNOWN, |word| word)
    }

    /// Returns the id of a word; `None` if the vocabulary does not have the word.
    pub fn id(&self, word: &str) -> Option<u32> {
        self.ids.get(word).copied()
    }

    /// Returns the id of `<unk>`; a vocabulary of characters may have none.
    pub fn unknown(&self) -> Option<u32> {
        self.unknown
    }

    /// Returns the id of `<eos>`, or of the line feed in a vocabulary of characters that has one.
    pub fn end_of_line(&self) -> u32 {
        self.end_of_line
    }
}

/// Returns `true` for a word in angle brackets, such as `<unk>` and `<eos>`.
fn is_special(word: &str) -> bool {
    word.len() > 2 && word.starts_with('<') && word.ends_with('>')
}

fn is_character(word: &str) -> bool {
    is_special(word) || word.chars().count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_line_numbers_from_zero() {
        let vocabulary = Vocabulary::parse("the\r\n<eos>\nchip\n<unk>\n".as_bytes()).unwrap();
        assert_eq!(vocabulary.len(), 4);
        assert_eq!((vocabulary.id("chip"), vocabulary.word(2)), (Some(2), "chip"));
        assert_eq!((vocabulary.unknown(), vocabulary.end_of_line()), (Some(3), 1));
        assert_eq!((vocabulary.id("Chip"), vocabulary.word(4)), (None, UNKNOWN));
    }

    #[test]
    fn characters_are_words_where_a_space_is_among_them() {
        let vocabulary = Vocabulary::parse(b" \na\n<eos>\n").unwrap();
        assert!(vocabulary.is_characters());
        assert_eq!((vocabulary.id(" "), vocabulary.unknown(), vocabulary.end_of_line()), (Some(0), None, 2));
        assert!(!Vocabulary::parse(b"a\n<unk>\n<eos>\n").unwrap().is_characters());
        let json = Vocabulary::parse_json(br#"{"32": 0, "10": 2, "<eos>": 3, "97": 1}"#).unwrap();
        assert!(json.is_characters() && json.id("a") == Some(1) && json.end_of_line() == 2);
        let words = Vocabulary::parse_json(br#"{"the": 0, "<unk>": 1, "<eos>": 2, "1984": 3}"#).unwrap();
        assert!(!words.is_characters() && words.id("1984") == Some(3));
        let error = |text: &[u8]| Vocabulary::parse_json(text).unwrap_err().to_string();
        assert!(error(br#"{"32": 0, "33": 2}"#).contains("no word has the id 1"));
        assert!(error(b"[1]").contains("not a map"));
        assert!(error(br#"{"32": 0}"#).contains("no word <eos>"));
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
