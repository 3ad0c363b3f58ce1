//! Perplexity of the repository's models, run by the reference network, against evaluations that
//! share no code with it: `tests/data/text/reference.py` on a text of our own, and the figures of
//! the models' cards on WikiText-2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of a test")]

use std::path::Path;
use std::sync::Arc;

use spinntui::model::LanguageModel;
use spinntui::task::lm::{Corpus, LanguageTask, Readout};

use crate::common::shared;

/// Printed by `tests/data/text/reference.py`.
const PREDICTIONS: u64 = 182;
const TINY: f64 = 72.2465;
const SMALL: f64 = 90.7445;
/// Printed by `models/recipes/egru_lm/evaluate.py` (NumPy, f32).
const WITHOUT_EVENTS: f64 = 90.6366;
/// Printed by `models/recipes/egru_lm/evaluate.py --carry CAndY` (NumPy, f32).
///
/// It gives 90.7445 for the small model, too.
const PAPER_SIZE: f64 = 92.8654;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Scores the first `steps` predictions of a text; also gives each layer's activity.
fn evaluate(model: LanguageModel, text: &Path, steps: u64) -> (LanguageTask, Vec<f64>) {
    let corpus = Corpus::new(std::fs::read(text).unwrap(), &model.vocabulary).unwrap();
    let (readout, model) = (Arc::new(Readout::new(&model)), Arc::new(model));
    let sequence = model.card.sequence;
    let mut task = LanguageTask::score_text(Arc::clone(&model), readout, Arc::new(corpus), sequence);
    let mut state = model.network.state();
    let mut events = vec![0; model.network.layers.len()];
    let mut x = vec![0.0; model.embedding.width()];
    while task.fed() < steps {
        if task.starts_sequence() {
            state.start_sequence(model.card.carry);
        }
        let Some(token) = task.next_token() else { break };
        assert!(model.embedding.row(token, &mut x));
        task.observe(model.network.step(&mut state, &x));
        for (events, layer) in events.iter_mut().zip(&state.layers) {
            *events += layer.y.iter().filter(|&&y| y != 0.0).count();
        }
    }
    let steps = task.fed() as f64;
    let units = model.network.layers.iter().map(|layer| layer.units() as f64);
    let activity = events.iter().zip(units).map(|(&events, units)| f64::from(events as u32) / units / steps);
    let activity = activity.collect();
    (task, activity)
}

fn model(name: &str) -> LanguageModel {
    LanguageModel::load(&repository().join("models").join(name)).unwrap()
}

#[test]
fn a_text_of_our_own_as_other_code_has_it() {
    let text = repository().join("tests/data/text/lighthouse.txt");
    let models = [
        ("egru-lm-tiny", TINY),
        ("egru-lm-small", SMALL),
        ("gru-lm-small", WITHOUT_EVENTS),
        ("egru-lm-wikitext2", PAPER_SIZE),
    ];
    for (name, want) in models {
        let (task, _) = evaluate(model(name), &text, u64::MAX);
        let got = task.score().perplexity().unwrap();
        assert_eq!(task.score().predictions(), PREDICTIONS);
        assert!((got / want - 1.0).abs() < 1e-3, "{name}: perplexity {got}, reference {want}");
    }
}

/// The first 50 sequences of WikiText-2's test text, against the card: perplexity to 0.1 %,
/// activity to 0.001.
fn first_50_sequences(name: &str) {
    let Some(text) = shared("data/wikitext-2/test.txt") else { return };
    let model = model(name);
    let card = model.card.clone();
    let want = card.measured.iter().find(|m| m.on == "WikiText-2 test, first 50 sequences").unwrap();
    let perplexity = want.perplexity.unwrap();
    let (task, activity) = evaluate(model, &text, want.predictions);
    assert_eq!(task.score().predictions(), want.predictions);
    let got = task.score().perplexity().unwrap();
    eprintln!("{name}: perplexity {got:.4}, card {perplexity:.4}; activity {activity:.4?}");
    assert!((got / perplexity - 1.0).abs() < 1e-3, "{name}: perplexity {got}, card {perplexity}");
    for (got, want) in activity.iter().zip(&want.activity) {
        assert!((got - want).abs() < 1e-3, "{name}: activity {activity:?}, card {want}");
    }
}

#[test]
fn wikitext_tiny() {
    first_50_sequences("egru-lm-tiny");
}

#[test]
fn wikitext_small_without_events() {
    first_50_sequences("gru-lm-small");
}

#[test]
fn wikitext_small() {
    first_50_sequences("egru-lm-small");
}

#[test]
#[ignore = "half a minute: 3,500 readouts of 33,278 words; cargo test --test it golden_perplexity:: -- --ignored"]
fn wikitext_paper_size() {
    first_50_sequences("egru-lm-wikitext2");
}
