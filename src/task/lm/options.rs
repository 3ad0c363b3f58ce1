//! Options of the language-modelling task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Language modelling: the network reads words and says which word it expects next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LanguageModelOptions {
    /// A text file, UTF-8; `Score` needs one. Words that the model's vocabulary
    /// lacks become `<unk>`.
    pub text: Option<String>,
    /// Tokens in a sequence, the unit that results are given for. 70 in the paper.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub sequence: u32,
    /// Positions of a transformer in a sequence that is longer than it was trained for.
    pub positions: Positions,
    /// Whether to read a text or to write one.
    pub mode: Mode,
}

impl Default for LanguageModelOptions {
    fn default() -> Self {
        Self { text: None, sequence: 70, positions: Positions::Trained, mode: Mode::Score }
    }
}

/// Positions of a transformer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Positions {
    /// Positions that the model was trained with; a longer sequence is refused.
    #[default]
    Trained,
    /// Behind the last one they repeat, so that a sequence can be longer: for the time, energy and
    /// memory of attention. Perplexity then says nothing of the model.
    Repeat,
}

/// Mode of the language model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Read the text and say how well each next word was predicted: surprisal and perplexity.
    #[default]
    Score,
    /// Read a prompt, then write on: each word is drawn from the predictions and fed back.
    Generate(GenerateOptions),
}

/// Options for generating a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateOptions {
    /// The words to begin with.
    pub prompt: String,
    /// Divides the logits before the softmax: below 1 bolder, above 1 wilder, 0 always
    /// the likeliest word.
    #[serde(default = "GenerateOptions::default_temperature")]
    #[schemars(range(min = 0, max = 100))]
    pub temperature: f32,
    /// Draw from this many likeliest words; 0 draws from all.
    #[serde(default = "GenerateOptions::default_top_k")]
    pub top_k: u32,
    /// Start of the random number generator: the same seed gives the same text.
    #[serde(default = "GenerateOptions::default_seed")]
    pub seed: u64,
    /// Words to write after the prompt.
    #[serde(default = "GenerateOptions::default_words")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub words: u32,
}

impl GenerateOptions {
    fn default_temperature() -> f32 {
        Self::default().temperature
    }

    fn default_top_k() -> u32 {
        Self::default().top_k
    }

    fn default_seed() -> u64 {
        Self::default().seed
    }

    fn default_words() -> u32 {
        Self::default().words
    }
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self { prompt: String::new(), temperature: 0.8, top_k: 40, seed: 1, words: 200 }
    }
}
