//! Names that conditions may use in scenes of a language model.

use super::reading::Reading;
use crate::task::facts::{FactKind, TaskFacts, WordKind, fact};

/// Name of the word that was read last.
pub(super) const TOKEN: &str = "token";
/// Name of the word after that.
pub(super) const NEXT: &str = "next";

/// Words of a text.
pub(super) const WORD: WordKind = WordKind {
    noun: "word",
    described: "a word of the text",
    unlisted: Some("is neither in the text nor in the vocabulary"),
};

/// Names of the language task's values in conditions.
pub(super) const FACTS: TaskFacts = TaskFacts {
    heading: "A text",
    about: "In scenes whose task is a language model.",
    of: "language models",
    facts: &[
        fact(
            TOKEN,
            FactKind::Word(&WORD),
            "the word that the network read last, as written in the text; of a batch, as all here, the first stream's",
        ),
        fact(NEXT, FactKind::Word(&WORD), "the word that came after it: the one that `surprisal` is of"),
        fact("surprisal", FactKind::Nats, "−ln p(`next` | all up to `token`)"),
        fact("mean_surprisal", FactKind::Nats, "mean surprisal since the start, all streams"),
        fact(
            "surprisal_error",
            FactKind::Nats,
            "standard error of `mean_surprisal`: standard deviation of the surprisals over √`predictions`",
        ),
        fact("perplexity", FactKind::Count, "exp(`mean_surprisal`)"),
        fact("predictions", FactKind::Count, "predictions scored since the start"),
    ],
};

/// Returns the number that a name stands for; `None` before there is one.
pub(super) fn number(reading: &Reading, name: &str) -> Option<f64> {
    let score = reading.task().score();
    match name {
        "surprisal" => reading.observation().surprisal,
        "mean_surprisal" => score.mean_surprisal(),
        "surprisal_error" => score.surprisal_error(),
        "perplexity" => score.perplexity(),
        "predictions" => Some(score.predictions() as f64),
        _ => None,
    }
}
