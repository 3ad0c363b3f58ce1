//! `card.ron`: what a model is, how it is to be run, what it was measured at, and under which terms it comes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::net::Carry;

/// A model's card. Every field but `name` and `kind` may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Short name, as its folder's.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// One line that says what it is.
    #[serde(default)]
    pub title: String,
    /// What it keeps from one sequence to the next: `Y` as in the authors' evaluation, or `CAndY`.
    #[serde(default)]
    pub carry: Carry,
    /// Inputs in a sequence.
    #[serde(default = "default_sequence")]
    pub sequence: u32,
    /// How it was trained.
    #[serde(default)]
    pub training: String,
    /// The data it was trained on, and the data's terms.
    #[serde(default)]
    pub data: String,
    /// The terms of the weights.
    #[serde(default)]
    pub licence: String,
    /// What its results can be compared with, and what not.
    #[serde(default)]
    pub compares_with: String,
    /// Results, measured independently of this program.
    #[serde(default)]
    pub measured: Vec<Measured>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// Predicts the next word; embedding and decoder are tied.
    LanguageModel,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The text, and which part of it.
    pub on: String,
    /// Predictions that were scored.
    pub predictions: u64,
    /// exp of their mean surprisal.
    pub perplexity: f64,
    /// Fraction of units that sent an event, per layer, 0..=1.
    #[serde(default)]
    pub activity: Vec<f64>,
    /// Who or what measured it.
    pub source: String,
}

/// Sequences of the paper's language model (arXiv:2312.09084).
fn default_sequence() -> u32 {
    70
}

/// Why a card does not parse. Starts with `line:column:` for a message of the form `file:line:column: …`.
#[derive(Debug, Error)]
pub enum CardError {
    /// Not RON, or not a card: an unknown field, say.
    #[error("{}:{}: {}", .0.span.start.line, .0.span.start.col, .0.code)]
    Ron(Box<ron::error::SpannedError>),
    /// A sequence of no inputs.
    #[error(" sequence: 0 inputs; a sequence needs at least 1 (the paper's has 70)")]
    EmptySequence,
}

impl Card {
    /// Reads a card.
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let card: Self = ron::de::from_bytes(bytes).map_err(|error| CardError::Ron(Box::new(error)))?;
        if card.sequence == 0 {
            return Err(CardError::EmptySequence);
        }
        Ok(card)
    }

    /// The card of a model that came without one: run as the authors' evaluation does.
    pub fn unwritten(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::LanguageModel,
            title: String::new(),
            carry: Carry::Y,
            sequence: default_sequence(),
            training: String::new(),
            data: String::new(),
            licence: String::new(),
            compares_with: String::new(),
            measured: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_card_has_the_authors_defaults() {
        let card = Card::parse(br#"Card(name: "mine", kind: LanguageModel)"#).unwrap();
        assert_eq!(card, Card::unwritten("mine"));
        assert_eq!((card.carry, card.sequence), (Carry::Y, 70));
    }

    #[test]
    fn an_unknown_field_is_named_with_line_and_column() {
        let error =
            Card::parse(b"Card(\n  name: \"x\",\n  kind: LanguageModel,\n  carries: Y,\n)").unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("4:"), "{text}");
        assert!(text.contains("carries"), "{text}");
        assert!(Card::parse(br#"Card(name: "x", kind: LanguageModel, sequence: 0)"#).is_err());
        assert!(Card::parse(b"\xff").is_err());
    }
}
