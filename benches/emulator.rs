//! Benchmarks of the emulator: `cargo bench --bench emulator`.
//!
//! `start/…`: from a scene's file to a session that is ready to run. `token/…`: one time step,
//! perplexity included: added where its times are known, with the readout beside it on a second
//! core, and event by event. `reference`: the plain network in `net`, for scale. `conditions/…`:
//! what breakpoints cost that are never hit. `history/…`: a token with the past kept, and a step
//! back over one token: the first runs up to three tokens again, the others restore what it kept.

#![allow(clippy::expect_used, clippy::panic, reason = "a bench that cannot run should say why")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::command::StepUnit;
use spinntui::session::debug::points::Ran;
use spinntui::session::debug::{Names, PointKind, PointSpec, Points};
use spinntui::session::history::{History, SeekTarget};
use spinntui::session::{Session, StepOutcome};
use spinntui::task::lm::reading::Reading;

fn session(scene: &str) -> Session {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenes").join(scene);
    let loaded = LoadedScene::load(&path, &[]).expect("a shipped scene loads");
    build(loaded, &mut ModelCache::default()).expect("a shipped scene fits")
}

fn step(session: &mut Session) {
    assert!(
        matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)),
        "the bench text is used up"
    );
}

fn start(c: &mut Criterion) {
    let mut group = c.benchmark_group("start");
    for scene in ["lm.ron", "lm_small.ron", "dvs.ron"] {
        group.bench_function(scene, |b| b.iter(|| session(scene).program().used_pes()));
    }
    group.finish();
}

fn emulator(c: &mut Criterion) {
    let mut group = c.benchmark_group("token");
    group.throughput(Throughput::Elements(1));
    for scene in ["lm.ron", "what-if/pipelined.ron"] {
        let mut fresh = session(scene);
        fresh.use_second_core();
        group.bench_function(format!("{scene}, readout beside"), |b| {
            let mut session = fresh.clone();
            b.iter(|| {
                if session.steps() + 1 >= session.work().total_steps() {
                    session = fresh.clone();
                }
                step(&mut session);
            });
        });
    }
    for scene in ["lm.ron", "lm_small.ron"] {
        let fresh = session(scene);
        group.bench_function(scene, |b| {
            let mut session = fresh.clone();
            b.iter(|| {
                if session.steps() + 1 >= session.work().total_steps() {
                    session = fresh.clone();
                }
                step(&mut session);
            });
        });
    }
    for scene in ["lm.ron", "lm_small.ron"] {
        let mut fresh = session(scene);
        fresh.run_exactly(true);
        group.bench_function(format!("{scene}, event by event"), |b| {
            let mut session = fresh.clone();
            b.iter(|| {
                if session.steps() + 1 >= session.work().total_steps() {
                    session = fresh.clone();
                }
                step(&mut session);
            });
        });
    }
    let paper = session("lm.ron");
    let network = paper.model().network().clone();
    let mut row = vec![0.0; network.inputs()];
    let Some(language) = paper.model().language() else { return };
    language.embedding.row(1, &mut row);
    group.bench_function("reference network, no chip", |b| {
        let mut state = network.state();
        b.iter(|| network.step(&mut state, &row)[0]);
    });
    let y: Vec<f32> = (0..network.outputs()).map(|i| if i % 5 == 0 { 0.3 } else { 0.0 }).collect();
    let Some(reading) = paper.work().of::<Reading>() else { return };
    group.bench_function("readout on the host, 20 % active", |b| {
        b.iter(|| reading.task().readout().predict(&y));
    });
    group.finish();
}

/// Measures the cost of a condition that never becomes true: a run without one, with one that is
/// evaluated after each time step, with one that is evaluated after each event, and with watched
/// bytes that no PE writes.
fn conditions(c: &mut Criterion) {
    let mut group = c.benchmark_group("conditions");
    group.throughput(Throughput::Elements(1));
    let fresh = session("lm_small.ron");
    let pe = fresh.program().populations[0].pes[0];
    let (x, y, p) = (pe.qpe().x, pe.qpe().y, pe.p());
    for (name, text) in [
        ("none", None),
        ("per step: perplexity > 1e9", Some("perplexity > 1e9".to_owned())),
        ("per event: a PE's conflicts", Some(format!("pe({x},{y},{p}).conflicts < 0"))),
        ("on writes: bytes nobody writes", Some(format!("written(pe({x},{y},{p}), 0x1fffc..0x20000)"))),
    ] {
        let mut start = fresh.clone();
        let names = Names::of(&start);
        let mut points = Points::default();
        if let Some(text) = text {
            points.add(&PointSpec { text, kind: PointKind::Break }, &names).expect("a good condition");
        }
        points.arm(&mut start);
        group.bench_function(name, |b| {
            let mut session = start.clone();
            b.iter(|| {
                if session.steps() + 1 >= session.work().total_steps() {
                    session = start.clone();
                }
                assert!(matches!(
                    points.step(&mut session, |_| {}),
                    Ran::StepOutcome(StepOutcome::Advanced(_))
                ));
            });
        });
    }
    group.finish();
}

/// Measures the cost of history: a time step with checkpoints kept, and a step back that runs as
/// many time steps again as it can take.
fn history(c: &mut Criterion) {
    let mut group = c.benchmark_group("history");
    for scene in ["lm.ron", "lm_small.ron"] {
        let fresh = session(scene);
        let mut session = fresh.clone();
        let mut past = History::new(&mut session);
        let every = u64::from(past.options().every);
        let forward = |session: &mut Session, past: &mut History| loop {
            let StepOutcome::Advanced(progress) = session.advance_swiftly() else {
                panic!("the bench text is used up")
            };
            past.note(session, progress);
            if progress.step {
                break;
            }
        };
        group.bench_function(format!("{scene}: a token on, with its past kept"), |b| {
            b.iter(|| {
                if session.steps() + 1 >= session.work().total_steps() {
                    session = fresh.clone();
                    past = History::new(&mut session);
                }
                forward(&mut session, &mut past);
            });
        });
        session = fresh.clone();
        past = History::new(&mut session);
        // At the end of a time step just before one is kept: back by one runs all those since
        // the last again.
        while session.steps() % every != every - 1 {
            forward(&mut session, &mut past);
        }
        forward(&mut session, &mut past);
        let end = SeekTarget::Step(session.steps());
        group.bench_function(format!("{scene}: a token back"), |b| {
            b.iter_custom(|times| {
                let mut spent = Duration::ZERO;
                for _ in 0..times {
                    past.go(&mut session, &end).expect("it was there");
                    let begun = Instant::now();
                    past.back(&mut session, StepUnit::TimeStep, 1).expect("it is within reach");
                    spent += begun.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = start, emulator, conditions, history
}
criterion_main!(benches);
