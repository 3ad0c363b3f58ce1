//! `card.ron`: what a model is, how it is to be run, what it was measured at, and under which
//! terms it comes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::net::attention::{Attention, MAX_STEPS, Mlp};
use crate::net::{Carry, Compare, Output};

/// A model's card. Every field but `name` and `kind`, and a gesture model's `classes`, may
/// be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, from = "Written")]
pub struct Card {
    /// Short name, equal to the folder's.
    pub name: String,
    /// Purpose of the model.
    pub kind: Kind,
    /// Title of the model, one line.
    #[serde(default)]
    pub title: String,
    /// Network of a language model: `Egru` (the default), or `Attention(…)`, a transformer.
    #[serde(default, skip_serializing_if = "Network::is_egru")]
    pub network: Network,
    /// State kept from one sequence to the next. Language models: `Y` as in the authors'
    /// evaluation (the default), or `CAndY`. Gestures and transformers: `Nothing`. Layers: any,
    /// `Nothing` by default.
    pub carry: Carry,
    /// Inputs in a sequence; by default 70 words or 67 frames.
    pub sequence: u32,
    /// Output that each layer passes on; by default `Y` for language models and
    /// `Trace` for gestures.
    pub output: Output,
    /// Condition of an event: `Greater` (c > θ, the default) or `GreaterOrEqual` (c ≥ θ).
    ///
    /// The first is the authors' code's, the second that of the paper's eq. 1.
    pub compare: Compare,
    /// Threshold and reset (`true`, the default), or a GRU: every unit sends its c in every step,
    /// and nothing is subtracted.
    pub events: bool,
    /// Place of the reset gate: `After` the recurrent product (the default), or `Before` it.
    ///
    /// The authors' code has the first; the second, of the paper's eq. 4, is refused.
    pub reset_gate: ResetGate,
    /// Zoneout that the model was trained with, 0..=1; only 0 is computed.
    pub zoneout: f32,
    /// Function after `decoder.projection`, in language models that have it.
    pub projection: Option<Projection>,
    /// Names of a gesture model's classes, in the order of its logits.
    pub classes: Vec<String>,
    /// Training of the model, in words.
    pub training: String,
    /// Training data, and the data's terms.
    pub data: String,
    /// The terms of the weights.
    pub licence: String,
    /// Published results with which this model's can be compared, and those with which they cannot.
    pub compares_with: String,
    /// Results, measured independently of this program.
    pub measured: Vec<Measured>,
}

/// Card as written: the defaults of missing fields depend on the kind.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "Card")]
struct Written {
    name: String,
    kind: Kind,
    #[serde(default)]
    title: String,
    #[serde(default)]
    network: Network,
    carry: Option<Carry>,
    sequence: Option<u32>,
    output: Option<Output>,
    #[serde(default)]
    compare: Compare,
    events: Option<bool>,
    #[serde(default)]
    reset_gate: ResetGate,
    #[serde(default)]
    zoneout: f32,
    projection: Option<Projection>,
    #[serde(default)]
    classes: Vec<String>,
    #[serde(default)]
    training: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    licence: String,
    #[serde(default)]
    compares_with: String,
    #[serde(default)]
    measured: Vec<Measured>,
}

impl From<Written> for Card {
    fn from(written: Written) -> Self {
        let defaults = Self::unwritten(&written.name, written.kind);
        let carry = if written.network.is_egru() { defaults.carry } else { Carry::Nothing };
        Self {
            name: written.name,
            kind: written.kind,
            title: written.title,
            network: written.network,
            carry: written.carry.unwrap_or(carry),
            sequence: written.sequence.unwrap_or(defaults.sequence),
            output: written.output.unwrap_or(defaults.output),
            compare: written.compare,
            events: written.events.unwrap_or(defaults.events),
            reset_gate: written.reset_gate,
            zoneout: written.zoneout,
            projection: written.projection,
            classes: written.classes,
            training: written.training,
            data: written.data,
            licence: written.licence,
            compares_with: written.compares_with,
            measured: written.measured,
        }
    }
}

/// Purpose of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// Predicts the next word; embedding and decoder are tied.
    LanguageModel,
    /// Distinguishes gestures in frames of an event camera.
    Gestures,
    /// EGRU layers alone, for arrays.
    Layers,
    /// Spiking network of a NIR file or a description: such models have no card file.
    #[serde(skip)]
    Spiking,
}

/// Network of a language model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Network {
    /// Layers of event-based gated recurrent units.
    #[default]
    Egru,
    /// A transformer of the GPT-2 shape ([`crate::net::attention`]).
    Attention {
        /// Heads of each layer; they divide the embedding's width.
        heads: u32,
        /// Self-attention: `Softmax`, or `Spiking(steps: 4, normalise: true)`.
        attention: Attention,
        /// Feed-forward blocks: `Gelu`, or `Spiking(steps: 8, input: Encoded)`, with `Direct` for
        /// values instead of spikes as their input.
        mlp: Mlp,
    },
}

impl Network {
    /// Returns `true` for layers of event-based gated recurrent units.
    pub fn is_egru(&self) -> bool {
        *self == Self::Egru
    }

    /// Returns the time steps of a part that spikes and has a number of them that is not
    /// computed; `None` if there is no such part.
    fn steps_out_of_range(self) -> Option<u8> {
        let Self::Attention { attention, mlp, .. } = self else { return None };
        let attention = match attention {
            Attention::Softmax => None,
            Attention::Spiking { steps, .. } => Some(steps),
        };
        let mlp = match mlp {
            Mlp::Gelu => None,
            Mlp::Spiking { steps, .. } => Some(steps),
        };
        [attention, mlp].into_iter().flatten().find(|steps| !(1..=MAX_STEPS).contains(steps))
    }
}

/// Place of the reset gate r.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ResetGate {
    /// g = tanh(W·x + b_x + r·(R·y + b_r)), as in the authors' code.
    #[default]
    After,
    /// g = tanh(W·x + b_x + R·(r·y) + b_r), as in the paper's eq. 4.
    Before,
}

/// Function after the projection in front of a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Projection {
    /// Identity, as in EvNN's `benchmarks/lm`.
    Linear,
    /// Sets negative values to 0, as in the authors' tutorial.
    Relu,
}

/// Measured result of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Text or recordings that were measured, and the part of them.
    pub on: String,
    /// Predictions that were scored.
    pub predictions: u64,
    /// exp of their mean surprisal; of a language model.
    pub perplexity: Option<f64>,
    /// Fraction of them that were right, 0..=1; of a gesture model.
    pub accuracy: Option<f64>,
    /// Fraction of units that sent an event, per layer, 0..=1.
    #[serde(default)]
    pub activity: Vec<f64>,
    /// Person or program that measured it.
    pub source: String,
}

/// Words in a sequence of the paper's language model (arXiv:2312.09084).
const WORDS: u32 = 70;
/// Frames of 25 ms in a gesture of 1.7 s, as the authors' loader counts
/// them (EvNN, `benchmarks/dvs_gesture`).
const FRAMES: u32 = 67;

/// Error in a card. The message starts with `line:column:`, for a message of the form
/// `file:line:column: …`.
#[derive(Debug, Error)]
pub enum CardError {
    /// The text is not RON, or not a card: it has an unknown field, for example.
    #[error("{}:{}: {}", .0.span.start.line, .0.span.start.col, .0.code)]
    Ron(Box<ron::error::SpannedError>),
    /// A sequence of no inputs.
    #[error(" sequence: 0 inputs; a sequence needs at least 1 (the paper's has 70)")]
    EmptySequence,
    /// The state of a gesture model would leak from one gesture into the next.
    #[error(" carry: {0:?}; a gesture starts from zeros: write Nothing, or leave it out")]
    GestureCarry(Carry),
    /// A comparison with a threshold that is not read.
    #[error(
        " compare: {0:?} with events: false; without events no threshold is read. Leave one of the two out"
    )]
    CompareWithoutEvents(Compare),
    /// A reset gate before the recurrent product, which the chip's program cannot compute.
    #[error(
        " reset_gate: Before is not computed; it needs r of all units before R·(r·y), so a second exchange between the \
         PEs in each step, which the chip's program does not have. Use a model trained with the gate After, as in EvNN"
    )]
    ResetGate,
    /// A zoneout, which the chip's program cannot compute.
    #[error(
        " zoneout: {0} is not computed; at evaluation it is n = p·c + (1 − p)·n, which the chip's point-wise kernel does not have. \
         A model trained with zoneout computes something else without it: use one trained without (0)"
    )]
    Zoneout(f32),
    /// A zoneout outside of 0..=1.
    #[error(" zoneout: {0}; a probability is within 0 and 1")]
    ZoneoutRange(f32),
    /// A projection in a model without a decoder.
    #[error(" projection: only language models have one")]
    Projection,
    /// A transformer in a model of another kind.
    #[error(" network: Attention(…) in a model of kind {0:?}; only language models can be transformers")]
    AttentionKind(Kind),
    /// A transformer would carry state from one sequence to the next.
    #[error(
        " carry: {0:?}; a transformer's positions restart with each sequence: write Nothing, or leave it out"
    )]
    AttentionCarry(Carry),
    /// A field that only EGRU networks have.
    #[error(" {0}: only EGRU networks have it; leave it out beside network: Attention(…)")]
    EgruOnly(&'static str),
    /// Time steps of a transformer's spiking part out of range.
    #[error(" network: steps: {0}; a token has 1 to {MAX_STEPS} time steps")]
    Steps(u8),
    /// A transformer without heads.
    #[error(" network: heads: 0; a layer needs at least 1")]
    NoHeads,
    /// The card of a gesture model does not name its classes.
    #[error(" classes: none; a gesture model's card names its classes in the order of its logits")]
    NoClasses,
}

impl Card {
    /// Reads a card.
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        let options =
            ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let card: Self = options.from_bytes(bytes).map_err(|error| CardError::Ron(Box::new(error)))?;
        if !card.network.is_egru() {
            card.check_attention()?;
        }
        match card.kind {
            _ if card.sequence == 0 => Err(CardError::EmptySequence),
            _ if !card.events && !card.compare.is_usual() => {
                Err(CardError::CompareWithoutEvents(card.compare))
            }
            _ if card.reset_gate == ResetGate::Before => Err(CardError::ResetGate),
            _ if !(0.0..=1.0).contains(&card.zoneout) => Err(CardError::ZoneoutRange(card.zoneout)),
            _ if card.zoneout > 0.0 => Err(CardError::Zoneout(card.zoneout)),
            kind if kind != Kind::LanguageModel && card.projection.is_some() => Err(CardError::Projection),
            Kind::Gestures if card.carry != Carry::Nothing => Err(CardError::GestureCarry(card.carry)),
            Kind::Gestures if card.classes.is_empty() => Err(CardError::NoClasses),
            Kind::Gestures | Kind::LanguageModel | Kind::Layers | Kind::Spiking => Ok(card),
        }
    }

    /// Refuses fields that cannot be combined with `network: Attention(…)`.
    fn check_attention(&self) -> Result<(), CardError> {
        let unusual = [
            ("output", self.output != Output::Y),
            ("compare", !self.compare.is_usual()),
            ("events", !self.events),
            ("reset_gate", self.reset_gate != ResetGate::After),
            ("projection", self.projection.is_some()),
        ];
        if self.kind != Kind::LanguageModel {
            return Err(CardError::AttentionKind(self.kind));
        }
        if self.carry != Carry::Nothing {
            return Err(CardError::AttentionCarry(self.carry));
        }
        if let Some((field, _)) = unusual.into_iter().find(|(_, unusual)| *unusual) {
            return Err(CardError::EgruOnly(field));
        }
        if let Network::Attention { heads: 0, .. } = self.network {
            return Err(CardError::NoHeads);
        }
        self.network.steps_out_of_range().map_or(Ok(()), |steps| Err(CardError::Steps(steps)))
    }

    /// Creates a card with the defaults of its kind: the model runs as in the authors' evaluation.
    pub fn unwritten(name: &str, kind: Kind) -> Self {
        let (carry, sequence, output) = match kind {
            Kind::LanguageModel => (Carry::Y, WORDS, Output::Y),
            Kind::Gestures => (Carry::Nothing, FRAMES, Output::Trace),
            Kind::Layers | Kind::Spiking => (Carry::Nothing, FRAMES, Output::Y),
        };
        Self {
            name: name.to_owned(),
            kind,
            title: String::new(),
            network: Network::Egru,
            carry,
            sequence,
            output,
            compare: Compare::Greater,
            events: true,
            reset_gate: ResetGate::After,
            zoneout: 0.0,
            projection: None,
            classes: Vec::new(),
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
        assert_eq!(card, Card::unwritten("mine", Kind::LanguageModel));
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

    #[test]
    fn variants_are_computed_or_refused_by_name() {
        let card = |field: &str| Card::parse(format!("Card(name: \"v\", kind: Layers, {field})").as_bytes());
        assert_eq!(card("compare: GreaterOrEqual").unwrap().compare, Compare::GreaterOrEqual);
        let events = ["events: false", "events: true", "carry: Y"].map(|field| card(field).unwrap().events);
        assert_eq!(events, [false, true, true]);
        assert_eq!(card("reset_gate: After, zoneout: 0.0").unwrap(), Card::unwritten("v", Kind::Layers));
        for (field, words) in [
            ("reset_gate: Before", "reset_gate: Before is not computed"),
            ("zoneout: 0.25", "zoneout: 0.25 is not computed"),
            ("zoneout: 1.5", "zoneout: 1.5; a probability"),
            ("projection: Relu", "only language models"),
            ("compare: Less", "Less"),
            ("events: false, compare: GreaterOrEqual", "compare: GreaterOrEqual with events: false"),
        ] {
            let error = card(field).unwrap_err().to_string();
            assert!(error.contains(words), "{field}: {error}");
        }
    }

    #[test]
    fn gestures_start_from_zeros_pass_on_traces_and_name_their_classes() {
        let card = Card::parse(br#"Card(name: "g", kind: Gestures, classes: ["wave", "clap"])"#).unwrap();
        assert_eq!((card.carry, card.sequence, card.output), (Carry::Nothing, 67, Output::Trace));
        let card = Card::parse(br#"Card(name: "g", kind: Gestures, output: Y, sequence: 3, classes: ["a"])"#);
        assert_eq!(card.map(|c| (c.sequence, c.output)).unwrap(), (3, Output::Y));
        let error = |text: &str| Card::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error(r#"Card(name: "g", kind: Gestures)"#).contains("classes"));
        assert!(error(r#"Card(name: "g", kind: Gestures, classes: ["a"], carry: Y)"#).contains("carry: Y"));
    }
}
