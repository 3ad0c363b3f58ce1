//! A text as the tokens of a vocabulary.

use thiserror::Error;

use crate::model::Vocabulary;
use crate::model::vocabulary::END_OF_LINE;

/// A text: one token for each word, and an `<eos>` for each line, blank ones included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    text: String,
    /// Where each token is written in `text`; `<eos>` is nowhere.
    spans: Vec<Option<(u32, u32)>>,
    ids: Vec<u32>,
    unknown: usize,
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CorpusError {
    /// Not text.
    #[error("not UTF-8: byte {byte} of the text (line {line})")]
    NotUtf8 {
        /// Offset of the first bad byte, from 0.
        byte: usize,
        /// Its line, from 1.
        line: usize,
    },
    /// Nothing to read.
    #[error("the text has no words")]
    Empty,
    /// Nothing the model knows.
    #[error(
        "none of the {words} words of the text is in the model's vocabulary (the first is {first:?}); is it in \
         another language, or in another spelling or case?"
    )]
    NoKnownWord {
        /// Words of the text, line ends not counted.
        words: usize,
        /// The first one.
        first: String,
    },
    /// More than 32-bit offsets can count.
    #[error("the text has {bytes} bytes; at most 4 GiB can be read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
}

impl Corpus {
    /// Splits a text into words at white space, and looks them up. A word outside of the vocabulary gets the id of
    /// `<unk>`, and is still shown as written.
    pub fn new(bytes: Vec<u8>, vocabulary: &Vocabulary) -> Result<Self, CorpusError> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let byte = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes().iter().take(byte).filter(|&&b| b == b'\n').count();
            CorpusError::NotUtf8 { byte, line }
        })?;
        if u32::try_from(text.len()).is_err() {
            return Err(CorpusError::TooLarge { bytes: text.len() });
        }
        let (mut spans, mut ids) = (Vec::new(), Vec::new());
        let (mut words, mut unknown) = (0, 0);
        for line in text.lines() {
            for word in line.split_whitespace() {
                // `word` is a part of `text`: the difference of their addresses is its offset.
                let start = word.as_ptr().addr() - text.as_ptr().addr();
                spans.push(Some((start as u32, (start + word.len()) as u32)));
                let id = vocabulary.id(word);
                unknown += usize::from(id.is_none());
                words += 1;
                ids.push(id.unwrap_or(vocabulary.unknown()));
            }
            spans.push(None);
            ids.push(vocabulary.end_of_line());
        }
        let first = text.split_whitespace().next().ok_or(CorpusError::Empty)?;
        if unknown == words {
            return Err(CorpusError::NoKnownWord { words, first: first.to_owned() });
        }
        Ok(Self { text, spans, ids, unknown })
    }

    /// The ids of all tokens, in order.
    pub fn tokens(&self) -> &[u32] {
        &self.ids
    }

    /// Words outside of the vocabulary; `<unk>` as written in the text is a known word.
    pub fn unknown(&self) -> usize {
        self.unknown
    }

    /// Token `index` as it is written in the text, `<eos>` for a line's end.
    pub fn written(&self, index: usize) -> Option<&str> {
        let span = self.spans.get(index)?;
        span.map_or(Some(END_OF_LINE), |(start, end)| self.text.get(start as usize..end as usize))
    }
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
        assert_eq!(corpus.unknown(), 1);
        assert_eq!(corpus.written(10), None);
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
