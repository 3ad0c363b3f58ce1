//! Language modelling: words in, next-word predictions out.
//!
//! A [`LanguageTask`] says which token the network reads next, and judges what its last layer then
//! sends. It reads a text and scores it, or reads a prompt and writes on. It holds only what
//! changes (positions, sums, random numbers), over parts that are shared, so that a copy of it is
//! a cheap checkpoint.

pub mod corpus;
pub mod generate;
mod load;
mod names;
pub mod options;
pub mod reading;
pub mod score;
pub mod view;

use std::sync::Arc;

pub use crate::model::{Prediction, Readout};
use crate::net::random::Random;
pub use corpus::{Corpus, CorpusError};
pub use generate::Sampling;
pub use score::Score;

use super::{InputNote, TaskKind};
use crate::model::LanguageModel;

/// Words of the task.
pub(super) const KIND: TaskKind =
    TaskKind { step_word: "token", unit_word: "unit", event_word: "event", facts: Some(&names::FACTS) };

/// Largest text that is read, bytes.
pub const TEXT_LIMIT: u64 = 256 << 20;
/// Predictions that an [`Observation`] lists.
pub const TOP: usize = 8;

/// The state of a language task.
#[derive(Clone, Debug)]
pub struct LanguageTask {
    model: Arc<LanguageModel>,
    readout: Arc<Readout>,
    corpus: Arc<Corpus>,
    writer: Option<Writer>,
    /// Streams that a text is cut into, read side by side.
    streams: usize,
    sequence: usize,
    /// Number of positions after which a transformer repeats them; `None` if it does not.
    repeated: Option<usize>,
    /// Tokens given out by [`Self::next_token`].
    fed: usize,
    /// Answers taken by [`Self::observe`].
    observed: usize,
    score: Score,
}

/// State of the generation of words after the prompt.
#[derive(Clone, Debug)]
struct Writer {
    sampling: Sampling,
    random: Random,
    words: usize,
    written: Vec<u32>,
}

/// Evaluation of the network's answer to one token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// Surprisal of `target`, −ln p in nats.
    pub surprisal: Option<f64>,
    /// Next word: of the text, or as drawn. `None` at the end of a text.
    pub target: Option<u32>,
    /// The [`TOP`] likeliest words with their probabilities (0..=1), likeliest first.
    pub top: Vec<(u32, f32)>,
}

impl LanguageTask {
    /// Reads a text and scores every word but the first. `sequence`: inputs in a sequence,
    /// at least 1.
    pub fn score_text(
        model: Arc<LanguageModel>,
        readout: Arc<Readout>,
        corpus: Arc<Corpus>,
        sequence: u32,
    ) -> Self {
        Self {
            model,
            readout,
            corpus,
            writer: None,
            streams: 1,
            sequence: sequence.max(1) as usize,
            repeated: None,
            fed: 0,
            observed: 0,
            score: Score::default(),
        }
    }

    /// Reads a prompt and writes `words` words after it. An empty prompt is the end of a line.
    pub fn write_text(
        model: Arc<LanguageModel>,
        readout: Arc<Readout>,
        prompt: &str,
        words: u32,
        sampling: Sampling,
        sequence: u32,
    ) -> Result<Self, CorpusError> {
        let prompt = match prompt.trim() {
            "" => crate::model::vocabulary::END_OF_LINE,
            // Spaces are characters, too.
            _ if model.vocabulary.is_characters() => prompt,
            words => words,
        };
        let corpus = Arc::new(Corpus::new(prompt.as_bytes().to_vec(), &model.vocabulary)?);
        let writer = Writer {
            sampling,
            random: Random::new(sampling.seed),
            words: words as usize,
            written: Vec::new(),
        };
        Ok(Self { writer: Some(writer), ..Self::score_text(model, readout, corpus, sequence) })
    }

    /// Reads the text as several streams side by side: stream s begins at token s · ⌊N / streams⌋
    /// of N and has as many; what is left over at the end is not read. That is how the authors'
    /// evaluation makes its batches. A task that writes keeps to one stream.
    #[must_use]
    pub fn in_streams(mut self, streams: u32) -> Self {
        if self.writer.is_none() {
            self.streams = streams.max(1) as usize;
        }
        self
    }

    /// Sets the number of positions after which those of a transformer repeat, or that none do.
    #[must_use]
    fn repeating(mut self, places: Option<usize>) -> Self {
        self.repeated = places;
        self
    }

    /// Returns the note on positions that repeat, which make the perplexity meaningless.
    fn positions_note(&self) -> Option<InputNote> {
        self.repeated.map(load::positions_repeat)
    }

    /// Returns the number of streams that are read side by side.
    pub fn streams(&self) -> usize {
        self.streams
    }

    /// Returns the tokens that were given: the first stream of the text, or the prompt without the
    /// token that ends its last line.
    fn given(&self) -> &[u32] {
        let tokens = self.corpus.tokens();
        let ends = usize::from(self.writer.is_some() && self.corpus.ends_line());
        &tokens[..(tokens.len() / self.streams).saturating_sub(ends)]
    }

    /// Returns token `index` of a further stream; `None` behind its end.
    fn token_of(&self, stream: usize, index: usize) -> Option<u32> {
        let length = self.given().len();
        (index < length).then(|| self.corpus.tokens().get(stream * length + index).copied())?
    }

    /// Returns the tokens to feed now, one for each stream; `None` as with [`Self::next_token`].
    pub fn next_tokens(&mut self) -> Option<Vec<u32>> {
        let at = self.fed;
        let mut tokens = vec![self.next_token()?];
        for stream in 1..self.streams {
            tokens.push(self.token_of(stream, at)?);
        }
        Some(tokens)
    }

    /// Takes the values y that the last layer sent for each stream's oldest unanswered token.
    ///
    /// Returns the observation of the first stream; all streams count in the score.
    pub fn observe_all(&mut self, outputs: &[Vec<f32>]) -> Observation {
        let Some((first, further)) = outputs.split_first() else { return Observation::default() };
        let observation = self.observe(first);
        for (stream, y) in (1..).zip(further) {
            if let Some(target) = self.token_of(stream, self.observed) {
                self.score.add(self.readout.predict(y).surprisal(target));
            }
        }
        observation
    }

    /// Takes the results of [`judge`] for all streams, in place of [`Self::observe_all`].
    pub(super) fn conclude_all(&mut self, judged: &Judged) -> Observation {
        let Some((first, further)) = judged.predictions.split_first() else { return Observation::default() };
        let observation = self.record_with(first, judged.top.clone());
        for (stream, prediction) in (1..).zip(further) {
            if let Some(target) = self.token_of(stream, self.observed) {
                self.score.add(prediction.surprisal(target));
            }
        }
        observation
    }

    /// Returns token `index` of the given ones and those written since.
    fn token(&self, index: usize) -> Option<u32> {
        let given = self.given();
        let written = || self.writer.as_ref()?.written.get(index - given.len()).copied();
        given.get(index).copied().or_else(written)
    }

    /// Returns the token to feed now. `None` when all is read and, while writing, before the answer
    /// to the previous token.
    pub fn next_token(&mut self) -> Option<u32> {
        if self.fed as u64 >= self.total_steps() {
            return None;
        }
        let token = self.token(self.fed)?;
        self.fed += 1;
        Some(token)
    }

    /// Returns `true` if the next token to feed is the first of a sequence.
    pub fn starts_sequence(&self) -> bool {
        self.fed.is_multiple_of(self.sequence)
    }

    /// Takes the values y that the last layer sent for the oldest token without an answer.
    pub fn observe(&mut self, y: &[f32]) -> Observation {
        let prediction = self.readout.predict(y);
        self.record(&prediction)
    }

    /// Takes a prediction, as [`Self::observe`] does, for callers that have called
    /// [`Readout::predict`] already, perhaps on another thread.
    ///
    /// Without a token that waits for its answer, nothing is recorded.
    pub fn record(&mut self, prediction: &Prediction) -> Observation {
        self.record_with(prediction, likeliest(prediction))
    }

    fn record_with(&mut self, prediction: &Prediction, top: Vec<(u32, f32)>) -> Observation {
        if self.observed == self.fed {
            return Observation::default();
        }
        self.observed += 1;
        let is_given = self.observed < self.given().len();
        if let Some(writer) = self.writer.as_mut().filter(|_| !is_given) {
            writer.written.push(generate::draw(prediction, &writer.sampling, &mut writer.random));
        }
        let target = self.token(self.observed);
        let surprisal = target.map(|word| prediction.surprisal(word));
        if let Some(surprisal) = surprisal.filter(|_| is_given) {
            self.score.add(surprisal);
        }
        Observation { surprisal, target, top }
    }

    /// Returns the number of time steps from the first token to the last answer: N − 1 for a text
    /// of N tokens.
    pub fn total_steps(&self) -> u64 {
        let given = self.given().len();
        let last = self.writer.as_ref().map_or(given, |writer| given + writer.words);
        last.saturating_sub(1) as u64
    }

    /// Returns the number of tokens given out so far.
    pub fn fed(&self) -> u64 {
        self.fed as u64
    }

    /// Returns the number of inputs in a sequence.
    pub fn sequence(&self) -> u32 {
        self.sequence as u32
    }

    /// Returns the score of the predictions so far. Words that the task drew itself do not count.
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// Returns token `index` for display: as written in the text, or as drawn.
    pub fn word(&self, index: usize) -> Option<&str> {
        if index < self.given().len() {
            return self.corpus.written(index);
        }
        self.token(index).map(|token| self.model.vocabulary.word(token))
    }

    /// Returns `true` if token `index` was drawn by the network itself, or will be.
    pub fn is_generated(&self, index: usize) -> bool {
        self.writer.is_some() && index >= self.given().len()
    }

    /// Returns `true` if the task writes after its prompt.
    pub fn is_writing(&self) -> bool {
        self.writer.is_some()
    }

    /// Returns the text that is read, or the prompt.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Returns the model of the task.
    pub fn model(&self) -> &Arc<LanguageModel> {
        &self.model
    }

    /// Returns the decoder, for callers that use it elsewhere and [`Self::record`] its answer.
    pub fn readout(&self) -> &Arc<Readout> {
        &self.readout
    }
}

/// Returns the [`TOP`] likeliest words with their probabilities, likeliest first.
fn likeliest(prediction: &Prediction) -> Vec<(u32, f32)> {
    prediction.top(TOP).into_iter().map(|word| (word, prediction.probability(word))).collect()
}

/// Predictions from the values of one time step.
#[derive(Debug)]
pub(super) struct Judged {
    /// Prediction of each stream.
    predictions: Vec<Prediction>,
    /// The first stream's likeliest words.
    top: Vec<(u32, f32)>,
}

/// Computes the predictions from the values that the last layer sent for each stream.
pub(super) fn judge(readout: &Readout, outputs: &[Vec<f32>]) -> Judged {
    let predictions: Vec<Prediction> = outputs.iter().map(|y| readout.predict(y)).collect();
    let top = predictions.first().map_or_else(Vec::new, likeliest);
    Judged { predictions, top }
}

#[cfg(test)]
mod tests;
