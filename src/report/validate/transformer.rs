//! The transformers beside the abstract of NeurTransformer (arXiv:2510.00133): a sequence of the
//! built-in text read by both twins on the emulated chip, and what their cards have measured.

use std::path::Path;
use std::thread;

use super::ValidateError;
use crate::model::{Model, Readout};
use crate::report::transformer::transformer;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::command::StepUnit;
use crate::session::{Session, StepOutcome};

/// Scenes of the spiking transformer and of its ordinary twin, built in.
const SCENES: [(&str, &str); 2] = [
    ("scenes/spiking_gpt.ron", include_str!("../../../scenes/spiking_gpt.ron")),
    ("scenes/gpt.ron", include_str!("../../../scenes/gpt.ron")),
];
/// Name of the experiment in messages.
pub const WHAT: &str = "the transformers";
/// Words of a sequence of the twins.
const WORDS: usize = 70;

/// Figures of the spiking transformer beside its ordinary twin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Twins {
    /// Share by which attention takes less energy than the twin's in ledger A, per cent.
    pub attention_reduction: f64,
    /// Cosine loss of the twins' logits: 1 minus their mean cosine similarity, per cent.
    pub cosine_loss: f64,
    /// Share by which perplexity on the whole test text is above the twin's, per cent; `None` where
    /// a card has none.
    pub perplexity_loss: Option<f64>,
}

/// A twin after a sequence.
struct Read {
    model: Model,
    /// Output of the chip for each word, `[d]`.
    outputs: Vec<Vec<f32>>,
    reduction: f64,
}

impl Twins {
    /// Reads a sequence with both twins.
    pub fn new() -> Result<Self, ValidateError> {
        let [spiking, ordinary] = thread::scope(|scope| {
            let [spiking, ordinary] = SCENES.map(|scene| scope.spawn(move || read(scene)));
            let end = |run: thread::ScopedJoinHandle<'_, Result<Read, ValidateError>>| {
                run.join().map_err(|_| ValidateError::Broken { what: WHAT })?
            };
            Ok::<_, ValidateError>([end(spiking)?, end(ordinary)?])
        })?;
        Ok(Self {
            attention_reduction: 100.0 * spiking.reduction,
            cosine_loss: 100.0 * (1.0 - similarity(&spiking, &ordinary)?),
            perplexity_loss: perplexity(&spiking)
                .zip(perplexity(&ordinary))
                .map(|(own, twin)| 100.0 * (own / twin - 1.0)),
        })
    }
}

fn read((name, scene): (&'static str, &'static str)) -> Result<Read, ValidateError> {
    let loaded = LoadedScene::from_text(scene, Path::new(name), &[])?;
    let mut session: Session = Plan::new(&loaded, &mut ModelCache::default())?.start(loaded)?;
    let mut outputs = Vec::with_capacity(WORDS);
    for step in 1..=WORDS {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => outputs.push(session.machine().output(0)),
            StepOutcome::Finished => break,
            StepOutcome::Stopped(stopped) => {
                return Err(ValidateError::Stopped { what: WHAT, step, reason: stopped.to_string() });
            }
        }
    }
    let reduction = transformer(&session).map_or(0.0, |of| of.ledger_a.attention_reduction);
    Ok(Read { model: session.model().clone(), outputs, reduction })
}

/// Returns the mean cosine similarity of the twins' logits, word by word.
fn similarity(a: &Read, b: &Read) -> Result<f64, ValidateError> {
    let readout = |of: &Read| {
        let other = || ValidateError::NotLanguage { model: of.model.card().name.clone() };
        Ok::<_, ValidateError>(Readout::new(of.model.language().ok_or_else(other)?))
    };
    let (in_a, in_b) = (readout(a)?, readout(b)?);
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let cosine = |(a, b): (&Vec<f32>, &Vec<f32>)| {
        let (a, b) = (in_a.predict(a), in_b.predict(b));
        let (a, b) = (a.logits(), b.logits());
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let sum: f64 = a.outputs.iter().zip(&b.outputs).map(cosine).sum();
    Ok(sum / a.outputs.len().max(1) as f64)
}

/// Returns the perplexity on the longest text that the model's card has.
fn perplexity(of: &Read) -> Option<f64> {
    let measured = of.model.card().measured.iter().filter(|measured| measured.perplexity.is_some());
    measured.max_by_key(|measured| measured.predictions)?.perplexity
}
