//! Data that screens show of a text as it is read or written.

use serde::{Deserialize, Serialize};

use super::reading::Reading;
use crate::task::Moment;
use crate::text::visible_line;

/// Words that a view carries.
const WORDS: usize = 400;
/// Likeliest next words that a view carries.
const TOP: usize = 5;
/// Maximum number of coming words in a view while none is read.
const UPCOMING: usize = 60;

/// Word of the text, as the network read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WordView {
    /// Word as written in the text (the network may have seen `<unk>`).
    pub word: String,
    /// Whether the vocabulary knows it.
    pub known: bool,
    /// −ln p(word | previous words), nats; `None` for the first word or a prompt.
    pub surprisal: Option<f32>,
    /// Whether the network itself drew the word (Generate) instead of reading it.
    pub generated: bool,
}

/// A possible next word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Word that is predicted.
    pub word: String,
    /// Probability of the word, 0..=1.
    pub probability: f32,
}

/// View of a text that is read or written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LanguageView {
    /// Words read or written so far, oldest first (at most the last 400).
    pub words: Vec<WordView>,
    /// Index in the text of the first of `words`, from 0.
    pub first: u64,
    /// First words of the text, at most 60; empty once a word was read or written.
    pub upcoming: Vec<String>,
    /// The five likeliest next words now, likeliest first.
    pub top: Vec<Candidate>,
    /// exp(mean surprisal) since the start; none before the first prediction.
    pub perplexity: Option<f64>,
    /// Mean surprisal since the start, nats.
    pub mean_surprisal: Option<f64>,
    /// Surprisal of the last predictions, oldest first (at most 140), nats.
    pub surprisal_history: Vec<f32>,
    /// Predictions scored so far.
    pub predictions: u64,
    /// Predictions in all, where known.
    pub total_steps: Option<u64>,
    /// Streams of the text that are read side by side. Words, likeliest words and surprisals are
    /// the first one's, perplexity is that of all.
    pub streams: u32,
    /// `true` when the network writes instead of reading.
    pub generating: bool,
    /// Whether the tokens are single characters, spaces among them, instead of words.
    pub characters: bool,
    /// Remarks on vocabulary and perplexity of the model (a 2,000-word model's perplexity compares
    /// with nothing else).
    pub note: String,
}

impl LanguageView {
    /// Creates the view of a text at a moment of the run.
    pub(super) fn new(work: &Reading, moment: &Moment<'_>) -> Self {
        let task = work.task();
        let score = task.score();
        let vocabulary = &task.model().vocabulary;
        // The word that is to be read next is known once its surprisal is.
        let reading = moment.in_flight > 0 || work.observation().target.is_some();
        let shown = moment.steps as usize + usize::from(reading);
        let word = |index: usize| {
            let word = task.word(index)?.to_owned();
            let surprisal = work.surprisals().get(index).copied().flatten();
            let known = vocabulary.id(&word).is_some();
            // Escaped as it is drawn, so that its width is that on the screen.
            let word = visible_line(&word).into_owned();
            Some(WordView { word, known, surprisal, generated: task.is_generated(index) })
        };
        let candidate = |&(id, probability): &(u32, f32)| Candidate {
            word: visible_line(vocabulary.word(id)).into_owned(),
            probability,
        };
        Self {
            words: (shown.saturating_sub(WORDS)..shown).filter_map(word).collect(),
            first: shown.saturating_sub(WORDS) as u64,
            upcoming: if shown == 0 {
                let words = (0..UPCOMING).filter_map(|index| task.word(index));
                words.map(|word| visible_line(word).into_owned()).collect()
            } else {
                Vec::new()
            },
            top: work.observation().top.iter().take(TOP).map(candidate).collect(),
            perplexity: score.perplexity(),
            mean_surprisal: score.mean_surprisal(),
            surprisal_history: work.surprisal_history().collect(),
            predictions: score.predictions(),
            total_steps: Some(task.total_steps() * task.streams() as u64),
            streams: task.streams() as u32,
            generating: task.is_writing(),
            characters: vocabulary.is_characters(),
            note: note(work, moment.compares_with),
        }
    }
}

fn note(work: &Reading, compares_with: &str) -> String {
    let task = work.task();
    let positions = task.positions_note().map(|note| note.message);
    let warning = positions.or_else(|| task.corpus().counts().warning());
    let note = warning.unwrap_or_else(|| compares_with.to_owned());
    let note = visible_line(&note);
    match task.streams() {
        1 => note.into_owned(),
        n => format!("the first of {n} streams is shown; perplexity is that of all. {note}"),
    }
}
