//! Layers in a pipeline and batches of samples: races, time, repetition, text in streams, and
//! what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::float_cmp, reason = "figures are repeated to the bit")]

use std::sync::Arc;

use spinntui::machine::exec::Machine;
use spinntui::machine::options::{Assume, ChipOptions};
use spinntui::machine::program::DramRows;
use spinntui::mapping::options::{Barrier, LayerMapping, MappingOptions, Schedule};
use spinntui::mapping::{Request, map};
use spinntui::net::csr::from_dense;
use spinntui::net::{Compare, Egru, EgruLayer, Output, Tanh};
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, Plan, build, lints};
use spinntui::session::command::StepUnit;
use spinntui::session::{Session, StepOutcome};
use spinntui::task::lm::reading::Reading;

use crate::common::{load, session};

const SMALL: &str = "scenes/lm_small.ron";
const STEPS: u64 = 40;

fn run(edits: &[(&str, &str)], unit: StepUnit) -> Session {
    let mut session = session(SMALL, edits);
    while session.steps() < STEPS {
        match session.step(unit) {
            StepOutcome::Advanced(_) => {}
            other => panic!("{other:?} in step {}", session.steps()),
        }
    }
    session
}

const PIPELINED: (&str, &str) = ("mapping.schedule", "Pipelined");

/// Task with constant inputs.
#[derive(Debug)]
struct Ones;

impl DramRows for Ones {
    fn rows(&self) -> u64 {
        1
    }
    fn width(&self) -> usize {
        4
    }
    fn read(&self, _: u32, out: &mut [f32]) {
        out.fill(1.0);
    }
}

fn layer(name: &str, inputs: usize, units: usize) -> EgruLayer {
    let rows = 3 * units;
    EgruLayer {
        name: name.to_owned(),
        input_weights: from_dense(inputs, rows, &vec![0.1; inputs * rows]).unwrap(),
        recurrent: from_dense(units, rows, &vec![0.1; units * rows]).unwrap(),
        bias: vec![0.1; rows],
        recurrent_bias: vec![0.0; rows],
        threshold: vec![0.01; units],
        output: Output::Y,
        compare: Compare::Greater,
        always: false,
        tanh: Tanh::Libm,
    }
}

/// Three layers of one PE each, of which the one in the middle has by far most to do: the first
/// runs ahead of it.
fn uneven(barrier: Barrier) -> Machine {
    let network = Egru { layers: vec![layer("a", 4, 4), layer("b", 4, 60), layer("c", 60, 4)] };
    let one = |layer: &EgruLayer| LayerMapping {
        layer: layer.name.clone(),
        pes: Some(1),
        ..LayerMapping::default()
    };
    let mapping = MappingOptions {
        schedule: Schedule::Pipelined,
        barrier,
        layers: network.layers.iter().map(one).collect(),
        ..MappingOptions::default()
    };
    let request = Request {
        network: &network,
        dram: Arc::new(Ones),
        restart: None,
        chip: &ChipOptions::default(),
        mapping: &mapping,
        assume: &Assume::default(),
        peaks: None,
        head: None,
    };
    let mut machine = Machine::new(Arc::new(map(&request).unwrap().0));
    assert!(machine.run(&vec![vec![0]; 12], 12), "{:?}", machine.stop());
    machine
}

#[test]
fn without_credits_the_first_layer_overwrites_what_the_second_still_reads() {
    let free = uneven(Barrier::Never);
    let races = &free.state().races;
    assert!(races.count > 0);
    assert!(
        races.first.iter().all(|race| race.to_string().contains("wrote over y of b")),
        "{:?}",
        races.first
    );
    for barrier in [Barrier::Auto, Barrier::Always] {
        let held = uneven(barrier);
        assert_eq!(held.state().races.count, 0, "{:?}", held.state().races.first);
        assert!(held.state().sent > free.state().sent, "credits are packets");
    }
}

#[test]
fn a_pipeline_computes_the_same_in_less_time() {
    let (mut one, mut many) = (run(&[], StepUnit::TimeStep), run(&[PIPELINED], StepUnit::TimeStep));
    assert_eq!((one.program().steps_in_flight, many.program().steps_in_flight), (1, 3));
    assert_eq!(many.steps_in_flight(), 2, "two more steps are on the chip when one is complete");
    assert!(many.tick() < one.tick() * 2 / 3, "{} and {}", many.tick(), one.tick());
    assert_eq!(many.output_hash(), one.output_hash());
    let [a, b] = [&many, &one].map(|session| session.work().of::<Reading>().unwrap());
    assert_eq!(a.task().score(), b.task().score());
    assert_eq!(a.surprisals(), b.surprisals());
    for (k, layer) in one.model().network().layers.iter().enumerate() {
        let activity = [&one, &many].map(|s| s.stats().layer_activity(k, layer.units()));
        assert_eq!(activity[0], activity[1], "events of {} are those of the steps completed", layer.name);
    }
    for session in [&mut one, &mut many] {
        let state = session.machine().state();
        assert_eq!(state.races.count, 0);
        assert_eq!(state.phases.total.iter().flatten().sum::<u64>(), session.tick());
        let energy = session.energy();
        assert!((session.energy_parts().total() / energy.energy_j - 1.0).abs() < 1e-9);
    }
}

#[test]
fn stepped_or_run_twice_the_hashes_are_the_same() {
    for edits in [&[PIPELINED][..], &[("mapping.batch", "3")], &[PIPELINED, ("mapping.batch", "2")]] {
        let hashes = |unit| {
            let mut session = run(edits, unit);
            (session.output_hash(), session.state_hash(), session.tick())
        };
        let first = hashes(StepUnit::TimeStep);
        for unit in [StepUnit::TimeStep, StepUnit::Event, StepUnit::Phase, StepUnit::Layer] {
            assert_eq!(hashes(unit), first, "{edits:?} by {unit}");
        }
    }
}

#[test]
fn a_whole_text_is_read_to_its_end() {
    let text = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(text.path(), "the game of the year was in the city\n".repeat(12)).unwrap();
    let path = text.path().display().to_string();
    for batch in ["1", "5"] {
        let mut session = session(SMALL, &[PIPELINED, ("mapping.batch", batch), ("task.text", &path)]);
        let end = loop {
            match session.advance() {
                StepOutcome::Advanced(_) => {}
                end => break end,
            }
        };
        assert_eq!((end, session.steps()), (StepOutcome::Finished, session.work().total_steps()));
        assert_eq!(session.steps_in_flight(), 0);
    }
}

/// Compares each stream with the reference network, and the perplexity of all.
#[test]
fn a_batch_reads_streams_of_the_text() {
    let session = run(&[("mapping.batch", "3")], StepUnit::TimeStep);
    let model = session.model();
    let text = std::fs::read("assets/text/spinnaker2.txt").unwrap();
    let corpus = spinntui::task::lm::Corpus::new(text, &model.language().unwrap().vocabulary).unwrap();
    let tokens = corpus.tokens();
    let length = tokens.len() / 3;
    assert_eq!(session.work().total_steps(), length as u64 - 1);
    let (mut surprisals, mut outputs) = (Vec::new(), Vec::new());
    for stream in tokens.chunks_exact(length) {
        let mut state = model.network().state();
        for (t, pair) in stream.windows(2).take(STEPS as usize).enumerate() {
            if (t as u32).is_multiple_of(session.work().sequence()) {
                state.start_sequence(model.card().carry);
            }
            let mut x = vec![0.0; model.language().unwrap().embedding.width()];
            assert!(model.language().unwrap().embedding.row(pair[0], &mut x));
            let y = model.network().step(&mut state, &x);
            surprisals
                .push(session.work().of::<Reading>().unwrap().task().readout().predict(y).surprisal(pair[1]));
            if t + 1 == STEPS as usize {
                outputs.push(y.to_vec());
            }
        }
    }
    for (sample, y) in outputs.iter().enumerate() {
        let bits = |y: &[f32]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&session.machine().output(sample)), bits(y), "stream {sample}");
    }
    let score = session.work().of::<Reading>().unwrap().task().score();
    assert_eq!(score.predictions(), 3 * STEPS);
    let mean = surprisals.iter().sum::<f64>() / surprisals.len() as f64;
    assert!((score.mean_surprisal().unwrap() - mean).abs() < 1e-12);
}

#[test]
fn a_batch_takes_less_time_a_sample_than_one_after_the_other() {
    let (one, three) = (run(&[], StepUnit::TimeStep), run(&[("mapping.batch", "3")], StepUnit::TimeStep));
    assert!(
        three.tick() > one.tick() && three.tick() < 3 * one.tick() * 2 / 3,
        "{} {}",
        one.tick(),
        three.tick()
    );
}

const WRITING: (&str, &str) = ("task.mode", "Generate(prompt: \"the chip\", words: 20, temperature: 0.0)");

#[test]
fn a_text_that_is_written_gains_nothing_and_is_told_so() {
    let texts = [&[WRITING][..], &[WRITING, PIPELINED]].map(|edits| {
        let mut session = session(SMALL, edits);
        while session.step(StepUnit::TimeStep) != StepOutcome::Finished {}
        (0..)
            .map_while(|i| session.work().of::<Reading>().unwrap().task().word(i).map(str::to_owned))
            .collect::<Vec<_>>()
    });
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[0].len(), 22);
    let rules = |edits: &[(&str, &str)]| {
        let session = session(SMALL, edits);
        let scene = &session.loaded.scene;
        let subject = spinntui::mapping::check::Subject {
            network: session.model().network(),
            program: session.program(),
            placed: session.placed(),
            chip: &scene.chip,
            mapping: &scene.mapping,
        };
        lints(scene, &subject, Vec::new(), session.model())
            .into_iter()
            .map(|lint| lint.rule)
            .collect::<Vec<_>>()
    };
    assert!(rules(&[WRITING, PIPELINED]).contains(&"pipeline-idle"));
    assert!(!rules(&[PIPELINED]).contains(&"pipeline-idle"));
    assert!(!rules(&[WRITING]).contains(&"pipeline-idle"));
}

#[test]
fn what_a_batch_cannot_do_is_said_with_the_field() {
    let refused = |scene: &str, edits: &[(&str, &str)]| {
        let edits: Vec<_> = edits.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
        let loaded = LoadedScene::load(scene.as_ref(), &edits);
        match loaded.and_then(|loaded| build(loaded, &mut ModelCache::default())) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{edits:?} is not refused"),
        }
    };
    assert!(refused(SMALL, &[WRITING, ("mapping.batch", "2")]).contains("a batch of 2 cannot write"));
    assert!(refused(SMALL, &[("mapping.batch", "0")]).contains("1 to 64"));
    let short = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(short.path(), "the game of the year\n").unwrap();
    let text = refused(SMALL, &[("task.text", &short.path().display().to_string()), ("mapping.batch", "4")]);
    assert!(text.contains("a text of 6 tokens cannot be cut into 4 streams"), "{text}");
    let text = refused("scenes/single_pe.ron", &[("mapping.batch", "64")]);
    assert!(text.contains("bytes are needed") && text.contains("mapping.batch"), "{text}");
}

/// Section V-A of the paper: only one sample fits, for memory; and three buffers do not fit 50 PEs.
#[test]
fn the_papers_model_has_no_room_for_two_samples_or_three_buffers() {
    let mut cache = ModelCache::default();
    for edit in [("mapping.batch", "2"), PIPELINED] {
        let loaded = load("scenes/lm.ron", &[edit]);
        let refused = Plan::fit(&loaded, &mut cache, &loaded.scene.assume).unwrap_err();
        assert!(refused.misfit && refused.needed.unwrap() > 131_072);
        let text = refused.to_string();
        assert!(text.contains("bytes are needed, 131072 are available"), "{text}");
        assert!(text.contains(if edit == PIPELINED { "LayerSequential" } else { "mapping.batch" }), "{text}");
    }
}
