//! The task on a small model and the reference network alone.

use std::path::Path;

use super::*;
use crate::net::EgruState;

const TEXT: &str = "The first game of the season was on 1 April .\n\nIt was their second win .\n";

fn model(name: &str) -> (Arc<LanguageModel>, Arc<Readout>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
    let model = LanguageModel::load(&path).unwrap();
    let readout = Arc::new(Readout::new(&model));
    (Arc::new(model), readout)
}

fn scoring(text: &str) -> LanguageTask {
    let (model, readout) = model("egru-lm-small");
    let corpus = Corpus::new(text.as_bytes().to_vec(), &model.vocabulary).unwrap();
    LanguageTask::score_text(model, readout, Arc::new(corpus), 4)
}

fn writing(prompt: &str, temperature: f32, seed: u64) -> LanguageTask {
    let (model, readout) = model("egru-lm-small");
    let sampling = Sampling { temperature, top_k: 40, seed };
    LanguageTask::write_text(model, readout, prompt, 12, sampling, 70).unwrap()
}

/// Runs one token through the reference network; returns `None` at the end.
fn step(task: &mut LanguageTask, state: &mut EgruState) -> Option<Observation> {
    let model = Arc::clone(task.model());
    if task.starts_sequence() {
        state.start_sequence(model.card.carry);
    }
    let token = task.next_token()?;
    let mut x = vec![0.0; model.embedding.width()];
    assert!(model.embedding.row(token, &mut x));
    Some(task.observe(model.network.step(state, &x)))
}

fn run(task: &mut LanguageTask) -> Vec<Observation> {
    let mut state = task.model().network.state();
    std::iter::from_fn(|| step(task, &mut state)).collect()
}

fn text(task: &LanguageTask) -> String {
    (0..).map_while(|i| task.word(i)).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_text_of_n_tokens_has_one_prediction_fewer() {
    let mut task = scoring(TEXT);
    assert_eq!(
        text(&task),
        "The first game of the season was on 1 April . <eos> <eos> It was their second win . <eos>"
    );
    assert_eq!(task.total_steps(), 19);
    let observations = run(&mut task);
    assert_eq!((observations.len(), task.score().predictions(), task.fed()), (19, 19, 19));
    let targets: Vec<u32> = observations.iter().filter_map(|o| o.target).collect();
    assert_eq!(targets, task.corpus.tokens()[1..]);
    let sum: f64 = observations.iter().filter_map(|o| o.surprisal).sum();
    assert!((task.score().perplexity().unwrap() - (sum / 19.0).exp()).abs() < 1e-9);
    for observation in &observations {
        assert_eq!(observation.top.len(), TOP);
        assert!(observation.top.is_sorted_by(|a, b| a.1 >= b.1));
    }
    assert_eq!(task.next_token(), None);
    assert_eq!(task.observe(&[]), Observation::default(), "no token waits for an answer");
}

#[test]
fn sequences_start_where_they_should() {
    let mut task = scoring(TEXT);
    let mut starts = Vec::new();
    for step in 0..19 {
        if task.starts_sequence() {
            starts.push(step);
        }
        assert!(task.next_token().is_some());
    }
    assert_eq!(starts, [0, 4, 8, 12, 16]);
}

#[test]
fn answers_may_come_late() {
    let mut task = scoring(TEXT);
    let (first, second) = (task.next_token().unwrap(), task.next_token().unwrap());
    assert_ne!(first, second);
    let zero = vec![0.0; task.model().embedding.width()];
    assert_eq!(task.observe(&zero).target, Some(second));
    assert_eq!(task.observe(&zero).target, Some(task.corpus.tokens()[2]));
}

#[test]
fn a_prompt_is_read_and_then_written_on() {
    let mut task = writing("The chip unknownword", 0.8, 1);
    assert_eq!(text(&task), "The chip unknownword");
    assert_eq!(task.total_steps(), 3 + 12 - 1);
    assert_eq!(run(&mut task).len(), 14);
    assert_eq!(text(&task).split(' ').count(), 15);
    assert!(text(&task).starts_with("The chip unknownword "));
    assert_eq!(task.score().predictions(), 2, "only the prompt counts");
}

#[test]
fn the_same_seed_writes_the_same_text_and_a_copy_goes_on_alike() {
    let write = |temperature, seed| {
        let mut task = writing("In the", temperature, seed);
        run(&mut task);
        text(&task)
    };
    assert_eq!(write(0.9, 3), write(0.9, 3));
    assert_ne!(write(0.9, 3), write(0.9, 4));
    assert_eq!(write(0.0, 3), write(0.0, 4), "temperature 0 draws nothing");

    let mut task = writing("In the", 0.9, 5);
    let mut state = task.model().network.state();
    for _ in 0..6 {
        assert!(step(&mut task, &mut state).is_some());
    }
    let (mut copy, mut copied) = (task.clone(), state.clone());
    while step(&mut task, &mut state).is_some() {}
    while step(&mut copy, &mut copied).is_some() {}
    assert_eq!(text(&task), text(&copy));
    assert_eq!(state.layers, copied.layers);
}

#[test]
fn temperature_zero_takes_the_likeliest() {
    let mut task = writing("In the", 0.0, 1);
    for observation in run(&mut task).iter().skip(1) {
        assert_eq!(observation.target, observation.top.first().map(|top| top.0));
    }
}

#[test]
fn prompts_empty_and_unknown() {
    let mut task = writing("  ", 0.5, 1);
    assert_eq!(task.word(0), Some("<eos>"));
    assert_eq!(run(&mut task).len(), 12);
    let (model, readout) = model("egru-lm-small");
    let sampling = Sampling { temperature: 1.0, top_k: 0, seed: 0 };
    let error = LanguageTask::write_text(model, readout, "xyzzy", 3, sampling, 70).unwrap_err();
    assert_eq!(error, CorpusError::NoKnownWord { words: 1, first: "xyzzy".into() });
}
