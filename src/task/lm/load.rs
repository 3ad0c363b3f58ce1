//! Loading of a language task: from its options to its text, its decoder and the embedding table in
//! the chip's DRAM.

use std::sync::Arc;

use spinnaker2_emulator::EmbeddingRows;

use super::options::{GenerateOptions, LanguageModelOptions, Mode, Positions};
use super::reading::Reading;
use super::{Corpus, CorpusError, LanguageTask, Readout, Sampling, TEXT_LIMIT};
use crate::file;
use crate::machine::program::DramRows;
use crate::model::LanguageModel;
use crate::task::options::{InputFile, Loading, ranges, wrong_kind};
use crate::task::{Feed, Files, InputNote, Kept, Problem, TaskOptions, TaskRun};

/// Field of the text.
const TEXT: &str = "task.text";

impl TaskOptions for LanguageModelOptions {
    fn check(&self) -> Option<Problem> {
        ranges(self, "task").or_else(|| match &self.mode {
            Mode::Score if self.text.is_none() => {
                let help = "text: \"assets/text/spinnaker2.txt\", or any other text file";
                Some(Problem::new("task", "to score, the task needs a text", help))
            }
            Mode::Score => None,
            Mode::Generate(generate) if generate.prompt.trim().is_empty() => {
                let help = "prompt: \"The chip\", or any other words";
                let message = "the prompt is empty: there is nothing to begin with";
                Some(Problem::new("task.mode.prompt", message, help))
            }
            Mode::Generate(generate) => ranges(generate, "task.mode"),
        })
    }

    fn check_batch(&self, samples: u32) -> Option<Problem> {
        matches!(self.mode, Mode::Generate(_)).then(|| {
            let message =
                format!("a batch of {samples} cannot write: each sample would need a text of its own");
            Problem::new("mapping.batch", message, "batch: 1, or read a text: mode: Score")
        })
    }

    fn files(&self) -> Vec<InputFile<'_>> {
        let what = "the text that is read";
        let file = |name| InputFile { what, name, field: TEXT, numbered: false };
        self.text.as_deref().map(file).into_iter().collect()
    }

    fn feeds_back(&self) -> bool {
        matches!(self.mode, Mode::Generate(_))
    }

    fn load(
        &self,
        loading: &Loading<'_>,
        _files: &dyn Files,
        kept: &mut Kept,
    ) -> Result<Arc<dyn Feed>, Problem> {
        let model = loading.model;
        let language =
            model.language().ok_or_else(|| wrong_kind(model, "a language model", "LanguageModel"))?;
        if let Some(problem) = beyond_context(language, self) {
            return Err(problem);
        }
        let of_model = |decoder: &Decoder| Arc::ptr_eq(&decoder.model, language);
        let decoder = kept.get(of_model).unwrap_or_else(|| {
            let decoder =
                Decoder { model: Arc::clone(language), readout: Arc::new(Readout::when_needed(language)) };
            kept.keep(decoder.clone());
            decoder
        });
        Ok(Arc::new(LanguageFeed { decoder, options: self.clone() }))
    }

    fn difference(&self, other: &dyn TaskOptions) -> (&'static str, &'static str) {
        let other: &dyn std::any::Any = other;
        let Some(other) = other.downcast_ref::<Self>() else { return ("the inputs differ", "row") };
        match (&self.mode, &other.mode) {
            (Mode::Score, Mode::Score) if self.text != other.text => ("the texts differ", "word"),
            (Mode::Generate(_), Mode::Generate(_)) => ("the texts that they wrote differ", "word"),
            _ => ("the words read differ", "word"),
        }
    }
}

/// Tokens of a sequence that a cell of a running state, a whole number of 16 bits, can count.
const COUNTED: u32 = 32_767;

/// Returns the problem of sequences that are longer than a transformer has positions for, or its
/// running states can count.
fn beyond_context(model: &LanguageModel, options: &LanguageModelOptions) -> Option<Problem> {
    let (network, sequence) = (model.transformer.as_ref()?, options.sequence);
    if sequence > COUNTED && network.attention.steps().is_some() {
        let message = format!(
            "a sequence of {sequence} words, but a running state of 16 bits counts {COUNTED} of them"
        );
        return Some(Problem::new("task.sequence", message, format!("sequence: {COUNTED}, or less")));
    }
    let context = network.context;
    (options.positions == Positions::Trained && sequence as usize > context).then(|| {
        let message = format!(
            "a sequence of {sequence} words, but the transformer `{}` has positions for {context} (its card's sequence)",
            model.card.name
        );
        let help = format!(
            "sequence: {context}, or less; `positions: Repeat` for time and energy, not for perplexity"
        );
        Problem::new("task.sequence", message, help)
    })
}

/// Returns the positions of a transformer behind which they repeat; `None` where none does.
fn repeated(model: &LanguageModel, options: &LanguageModelOptions) -> Option<usize> {
    let places = model.transformer.as_ref()?.context;
    (options.positions == Positions::Repeat && options.sequence as usize > places).then_some(places)
}

/// Returns the note on positions that repeat behind `places` of them.
pub(super) fn positions_repeat(places: usize) -> InputNote {
    InputNote {
        doubtful: true,
        rule: "positions-repeated",
        field: "task.positions",
        message: format!(
            "perplexity says nothing here: behind {places} words of a sequence positions repeat, for which the network \
             was not trained"
        ),
        help: "for time, energy and memory of attention only: docs/spiking-transformer.md",
    }
}

/// Model with its decoder, which takes a moment to make.
#[derive(Clone, Debug)]
struct Decoder {
    model: Arc<LanguageModel>,
    readout: Arc<Readout>,
}

/// A language model, ready to read.
#[derive(Debug)]
struct LanguageFeed {
    decoder: Decoder,
    options: LanguageModelOptions,
}

impl LanguageFeed {
    /// Reads the text that is to be scored.
    fn scoring(&self, files: &dyn Files, streams: u32) -> Result<LanguageTask, Problem> {
        let Decoder { model, readout } = self.decoder.clone();
        let path = files.find(self.options.text.as_deref().unwrap_or_default(), TEXT)?;
        let at = |what: String| {
            let help = "any UTF-8 text will do, best one whose words the model knows: `--set task.text=PATH`";
            Problem::new(TEXT, format!("{}: {what}", path.display()), help)
        };
        let bytes = file::read(&path, TEXT_LIMIT).map_err(|error| at(format!("cannot be read: {error}")))?;
        let corpus = Corpus::new(bytes, &model.vocabulary).map_err(|error| at(error.to_string()))?;
        let tokens = corpus.tokens().len();
        if streams > 1 && tokens < 2 * streams as usize {
            let what =
                format!("a text of {tokens} tokens cannot be cut into {streams} streams of two or more");
            let help = format!("set `batch: {}` or less, or take a longer text", (tokens / 2).max(1));
            return Err(Problem::new("mapping.batch", what, help));
        }
        let task = LanguageTask::score_text(model, readout, Arc::new(corpus), self.options.sequence);
        let repeated = repeated(&self.decoder.model, &self.options);
        Ok(task.in_streams(streams).repeating(repeated))
    }

    fn writing(&self, generate: &GenerateOptions) -> Result<LanguageTask, Problem> {
        let Decoder { model, readout } = self.decoder.clone();
        let &GenerateOptions { temperature, top_k, seed, words, .. } = generate;
        let sampling = Sampling { temperature, top_k, seed };
        LanguageTask::write_text(model, readout, &generate.prompt, words, sampling, self.options.sequence)
            .map(|task| task.repeating(repeated(&self.decoder.model, &self.options)))
            .map_err(|error: CorpusError| {
                let help = "use words of the model's vocabulary";
                Problem::new("task.mode.prompt", error.to_string(), help)
            })
    }
}

impl Feed for LanguageFeed {
    fn dram(&self) -> Arc<dyn DramRows> {
        Arc::new(EmbeddingRows(Arc::clone(&self.decoder.model)))
    }

    fn sequence(&self) -> u32 {
        self.options.sequence
    }

    fn notes(&self) -> Vec<InputNote> {
        repeated(&self.decoder.model, &self.options).map(positions_repeat).into_iter().collect()
    }

    fn start(&self, files: &dyn Files, batch: u32) -> Result<Box<dyn TaskRun>, Problem> {
        let task = match &self.options.mode {
            Mode::Score => self.scoring(files, batch)?,
            Mode::Generate(generate) => self.writing(generate)?,
        };
        Ok(Box::new(Reading::new(task)))
    }
}
