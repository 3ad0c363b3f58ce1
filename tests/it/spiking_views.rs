//! Views of spiking networks against values computed by hand, the task's trace and the machine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::float_cmp, reason = "values are the same to the bit")]

use std::path::PathBuf;

use serde_json::Value as Json;
use spinntui::chip::geometry::Pe;
use spinntui::machine::legend::PopulationId;
use spinntui::session::Session;
use spinntui::session::command::StepUnit;
use spinntui::session::debug::points::Ran;
use spinntui::session::debug::{Condition, Names, PointKind, PointSpec, Points};
use spinntui::session::engine::EngineOptions;
use spinntui::session::history::{History, SeekTarget};
use spinntui::session::inspect::neuron_now;
use spinntui::session::snapshot::Pin;
use spinntui::tui::app::App;
use spinntui::tui::capture;
use spinntui::tui::panel::PanelId;
use spinntui::tui::stage::{Stage, presses};
use spinntui::tui::theme::{Looks, Theme};

use crate::common::{fine, session};

const LIF: &str = "scenes/lif.ron";
const DNF: &str = "scenes/dnf.ron";
/// The only neuron of `scenes/lif.ron`.
const NEURON: Pin = Pin { population: PopulationId(0), neuron: 0 };

fn pe() -> Pe {
    Pe::at(1, 1, 0).unwrap()
}

/// v, spikes and sums of the next three ticks, computed by hand: input spikes in ticks 1, 5, 9 …,
/// each taken three ticks later.
fn by_hand(ticks: u32) -> Vec<(f32, u32, [f32; 3])> {
    let sum = |tick: u32| if tick >= 4 && tick.is_multiple_of(4) { 0.45 } else { 0.0 };
    // A spike of tick t is delivered in t + 1.
    let delivered = |tick: u32, now: u32| if tick >= 4 && tick - 2 <= now { sum(tick) } else { 0.0 };
    let mut v = 0.0_f32;
    let mut seen = Vec::new();
    for tick in 0..ticks {
        v = 0.9 * v + sum(tick);
        let spikes = u32::from(v > 1.0);
        if spikes > 0 {
            v = 0.0;
        }
        seen.push((v, spikes, [1, 2, 3].map(|ahead| delivered(tick + ahead, tick))));
    }
    seen
}

#[test]
fn the_inspector_shows_the_potential_spikes_and_delay_slots_of_every_tick() {
    let mut session = session(LIF, &[]);
    for (tick, (v, spikes, sums)) in by_hand(70).into_iter().enumerate() {
        session.step(StepUnit::TimeStep);
        let seen = neuron_now(&session, pe(), 0).unwrap();
        assert_eq!((seen.v, seen.spikes, seen.theta), (v, Some(spikes), Some(1.0)), "tick {tick}");
        assert_eq!(seen.sums, sums, "tick {tick}");
        assert_eq!((seen.i, seen.pending), (None, None));
    }
    assert!(neuron_now(&session, pe(), 1).is_none());
}

fn value(session: &Session, text: &str) -> String {
    spinntui::session::debug::expr::Value::evaluate(text, session).unwrap().to_string()
}

/// Steps at which a breakpoint stops in `steps` ticks.
fn stops(scene: &str, condition: &str, steps: u64) -> Vec<u64> {
    let mut session = session(scene, &[]);
    let mut points = Points::default();
    let spec = PointSpec { text: condition.to_owned(), kind: PointKind::Break };
    points.add(&spec, &Names::of(&session)).unwrap();
    points.arm(&mut session);
    let mut stops = Vec::new();
    while session.steps() < steps {
        if let Ran::Hit(hit) = points.step(&mut session, |_| {}) {
            stops.push(hit.step);
        }
    }
    stops
}

#[test]
fn conditions_stop_where_a_neuron_crosses_a_value_and_where_it_fires() {
    // Steps completed before the tick in which it happens: the stop is within that tick.
    let fires: Vec<u64> = (0..).zip(by_hand(70)).filter(|(_, of)| of.1 > 0).map(|(tick, _)| tick).collect();
    assert_eq!(fires, [16, 32, 48, 64]);
    assert_eq!(stops(LIF, "unit(\"lif\", 0).spikes > 0", 70), fires);
    assert_eq!(stops(LIF, "unit(\"lif\", 0).v > 0.9", 30), [12, 28]);
    let mut session = session(LIF, &[]);
    (0..4).for_each(|_| drop(session.step(StepUnit::TimeStep)));
    assert_eq!(value(&session, "unit(\"lif\", 0).sum"), "0.45");
    assert_eq!(value(&session, "unit(\"lif\", 0).threshold"), "1");
    assert_eq!(value(&session, "unit(\"lif\", 0).i"), "not there yet");
}

#[test]
fn names_of_another_network_family_are_refused_with_those_there_are() {
    for (scene, text, lists) in [
        (LIF, "unit(\"lif\", 0).c > 1", "there are v, theta, i, inhibition, spikes, sum"),
        ("scenes/lm_small.ron", "unit(\"rnns.1\", 2).v > 1", "there are c, y, theta, z, r, g"),
        (LIF, "unit(\"lif\", 7).v > 1", ""),
    ] {
        let error = Condition::new(text, &Names::of(&session(scene, &[]))).unwrap_err();
        assert!(error.to_string().contains(lists), "{text}: {error}");
    }
}

/// A source on a PE of its own has a core and a memory map, and no neurons with a state.
#[test]
fn a_pe_of_a_random_source_is_shown_too() {
    let set = [("task.poisson", "(rate_hz: 300)"), ("mapping.order", "Arrival"), ("task.inputs", "None")];
    let session = session(LIF, &set);
    let source = &session.program().populations[1];
    assert_eq!(source.name, "in");
    let at = format!("{},{},{}", source.pes[0].qpe().x, source.pes[0].qpe().y, source.pes[0].p());
    let edit = |(path, value): (&str, &str)| ["--set".to_owned(), format!("{path}={value}")];
    let edits: Vec<String> = set.into_iter().flat_map(edit).collect();
    let peek = |rest: &[&str]| {
        let edits = edits.iter().map(String::as_str);
        let arguments = ["peek", LIF, "--steps", "9"].into_iter().chain(edits).chain(rest.iter().copied());
        fine(&arguments.collect::<Vec<_>>())
    };
    let core = peek(&["--pe", &at]);
    assert!(core.contains("1 neuron") && core.contains("operation"), "{core}");
    let memory = peek(&["--pe", &at, "--view", "memory", "--at", "0x4800"]);
    assert!(memory.contains("spikes to send"), "{memory}");
    // The neuron's own PE adds rows in the order of arrival: links in place of marks.
    let neuron = peek(&["--unit", "lif:0", "--view", "memory", "--at", "0x8010"]);
    assert!(neuron.contains("link 0: address of weights") && !neuron.contains("marks"), "{neuron}");
    let error = Condition::new("unit(\"in\", 0).v > 1", &Names::of(&session)).unwrap_err();
    assert!(error.to_string().contains("have no state"), "{error}");
}

/// Potentials are those that the task traces, and end where the run stands, back in time as well.
#[test]
fn potentials_are_the_trace_and_go_back_with_the_run() {
    let trace = "[(\"pop1\", 203, \"v\")]";
    let mut session = session(DNF, &[("task.trace", trace)]);
    session.watch_membranes();
    let mut history = History::new(&mut session);
    let pin = Pin { population: PopulationId(0), neuron: 203 };
    let run = |session: &mut Session, history: &mut History, to: u64| {
        while session.steps() < to {
            let spinntui::session::StepOutcome::Advanced(progress) = session.advance_swiftly() else {
                panic!("ended")
            };
            history.note(session, progress);
        }
    };
    run(&mut session, &mut history, 50);
    let traced = session.work().figures(&session.moment()).spikes.unwrap().trace[0].v.clone();
    let all = session.membrane(pin).unwrap();
    assert_eq!((all.v.len(), all.since, all.theta), (50, 0, Some(10.0)));
    assert_eq!(all.v, traced);
    assert!(all.spiked.iter().any(|&spiked| spiked) && !all.spiked.iter().all(|&spiked| spiked));
    history.go(&mut session, &SeekTarget::Step(30)).unwrap();
    let back = session.membrane(pin).unwrap();
    assert_eq!((back.v.as_slice(), back.spiked.as_slice()), (&all.v[..30], &all.spiked[..30]));
    run(&mut session, &mut history, 50);
    assert_eq!(session.membrane(pin).unwrap(), all);
    assert!(session.membrane(Pin { neuron: 400, ..pin }).is_none());
    assert!(session.membrane(Pin { population: PopulationId(7), ..pin }).is_none());
}

#[test]
fn recording_potentials_changes_nothing() {
    let hash = |watched: bool| {
        let mut session = session(DNF, &[]);
        if watched {
            session.watch_membranes();
        }
        (0..20).for_each(|_| drop(session.step(StepUnit::TimeStep)));
        session.state_hash()
    };
    assert_eq!(hash(true), hash(false));
}

fn json(arguments: &[&str]) -> Json {
    let arguments: Vec<&str> = arguments.iter().chain(&["--format", "json"]).copied().collect();
    serde_json::from_str(&fine(&arguments)).unwrap()
}

fn pe_text(index: &Json) -> String {
    let pe = Pe::from_index(index.as_u64().unwrap() as usize).unwrap();
    format!("{},{},{}", pe.qpe().x, pe.qpe().y, pe.p())
}

/// From a neuron to its bytes and its receivers, and from these words back.
#[test]
fn peek_leads_from_a_neuron_to_its_bytes_and_receivers_and_back() {
    let seen = json(&["peek", DNF, "--steps", "30", "--unit", "pop1:210"]);
    let page = &seen["view"]["spiking_neurons"];
    assert_eq!(
        (&page["population"], &page["total"], &page["tick"]),
        (&"pop1".into(), &200.into(), &30.into())
    );
    let links = &page["links"];
    let neurons = page["neurons"].as_array().unwrap();
    let neuron = neurons.iter().find(|neuron| neuron["number"] == links["number"]).unwrap();
    assert_eq!(neuron["neuron"], 210);
    let home = pe_text(&seen["request"]["place"]["pe"]);
    let memory = |pe: &str, at: &str| {
        json(&["peek", DNF, "--steps", "30", "--pe", pe, "--view", "memory", "--at", at])["view"]["memory"]
            .clone()
    };
    let word = |memory: &Json, at: u64| {
        let words = memory["words"].as_array().unwrap();
        words.iter().find(|word| word["address"] == at).unwrap().clone()
    };
    let spots = links["spots"].as_array().unwrap();
    assert!(spots.len() > 10, "{spots:?}");
    for spot in spots.iter().filter(|spot| ["v", "θ", "i"].contains(&spot["name"].as_str().unwrap())) {
        let at = spot["address"].as_u64().unwrap();
        let word = word(&memory(&home, &at.to_string()), at);
        let name = spot["name"].as_str().unwrap();
        let text = word["elements"][0]["text"].as_str().unwrap();
        assert!(text.starts_with(&format!("{name} of neuron 210")), "{text}");
        assert_eq!(word["link"]["place"]["at"], links["number"], "back to the neuron");
        let field = if name == "θ" { "theta" } else { name };
        let bits = word["bits"].as_u64().unwrap() as u32;
        assert_eq!(f32::from_bits(bits), neuron[field].as_f64().unwrap() as f32, "{name}");
    }
    let receivers = links["receivers"].as_array().unwrap();
    assert!(!receivers.is_empty());
    for receiver in receivers {
        let (pe, at) = (pe_text(&receiver["place"]["pe"]), receiver["place"]["at"].as_u64().unwrap());
        let word = word(&memory(&pe, &at.to_string()), at);
        let label = &word["elements"][0];
        assert_eq!((&label["is"], &label["ends"]["from"]), (&"synapse".into(), &210.into()), "{label}");
        let to = word["link"]["to"].as_str().unwrap();
        assert!(to.starts_with("the sum of neuron"), "{to}");
    }
    let text = fine(&["peek", DNF, "--steps", "30", "--pe", "1,1,0"]);
    assert!(text.contains("200 neurons") && text.contains("as long as needed; the last took"), "{text}");
}

#[test]
fn populations_have_names_rates_and_their_projections_zero_weights() {
    let screen = shown(&mut stage(DNF, &[], (120, 40), ""));
    for text in ["pop1", "400 neurons · 2 PEs", "zero weights", "1 neuron · 1 PE", "active neurons"] {
        assert!(screen.contains(text), "{text:?} not in\n{screen}");
    }
    // Each projection where there is room for it.
    let screen = shown(&mut stage(DNF, &[], (120, 40), "6 z"));
    assert!(screen.contains("stim") && screen.contains("global_inh"), "{screen}");
}

fn stage(scene: &str, set: &[(&str, &str)], size: (u16, u16), keys: &str) -> Stage {
    let options = EngineOptions {
        scene: PathBuf::from(scene),
        set: set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect(),
        autorun: false,
        record: None,
        points: Vec::new(),
        exact: false,
        against: None,
    };
    let mut stage = Stage::open(App::new(scene, Theme::new(Looks::default()), size), options).unwrap();
    stage.go(SeekTarget::Step(40)).unwrap();
    stage.show(Some(PanelId::Task), false).unwrap();
    press(&mut stage, keys);
    stage
}

fn press(stage: &mut Stage, keys: &str) {
    for press in presses(keys).unwrap() {
        stage.press(&press).unwrap();
    }
}

fn shown(stage: &mut Stage) -> String {
    capture::text(&stage.draw())
}

/// Columns of the raster in which a row of one neuron has a spike, from the left.
fn spiking(screen: &str, row: &str) -> Vec<usize> {
    let line = screen.lines().find(|line| line.contains(row)).unwrap();
    let after = line.split(row).nth(1).unwrap();
    let cells: Vec<char> = after.trim_end_matches('│').chars().skip(13 - row.chars().count()).collect();
    cells.iter().enumerate().filter(|(_, cell)| **cell == '|').map(|(at, _)| at).collect()
}

#[test]
fn the_raster_shows_fewer_neurons_and_ticks_about_its_cursor_and_all_again() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = stage(DNF, &[], size, "z");
        let all = shown(&mut stage);
        assert!(all.contains("global_inh"), "{all}");
        // One population, then half of its neurons, about the cursor.
        press(&mut stage, "d");
        let one = shown(&mut stage);
        assert!(!one.contains("global_inh") && one.contains("pop1"), "{one}");
        press(&mut stage, "d");
        let two = shown(&mut stage);
        assert!(two.contains("+ global_inh neuron 0, #40"), "{two}");
        press(&mut stage, "d d ) )");
        let half = shown(&mut stage);
        assert!(half.contains("+ pop1 neuron") && !half.contains("neurons 0 to 199"), "{half}");
        // Each tick takes two columns, then four ticks share one.
        press(&mut stage, "= d d }");
        let wide = spiking(&shown(&mut stage), "global_inh");
        assert!(wide.windows(2).any(|pair| pair[1] == pair[0] + 1), "{wide:?}");
        press(&mut stage, "{ { {");
        assert!(spiking(&shown(&mut stage), "global_inh").is_empty(), "tenths in place of single spikes");
        press(&mut stage, "=");
        assert_eq!(shown(&mut stage), all, "{size:?}");
    }
}

#[test]
fn a_pinned_neurons_potential_is_drawn_with_its_threshold_and_goes_back() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = stage(LIF, &[], size, "@");
        let v = by_hand(40);
        let screen = shown(&mut stage);
        for text in ["lif 0", "θ 1.0000", &format!("v {:.4}", v[39].0), "is pinned"] {
            assert!(screen.contains(text), "{text:?} not in\n{screen}");
        }
        assert!(screen.contains('─') && screen.contains('*'), "{screen}");
        press(&mut stage, "05S");
        press(&mut stage, "S");
        let back = shown(&mut stage);
        let before = stage.app().picture().unwrap().steps as usize;
        assert!(back.contains(&format!("v {:.4}", v[before - 1].0)), "{back}");
        press(&mut stage, "2 @");
        let none = shown(&mut stage);
        assert!(!none.contains("θ 1.0000") && none.contains("not pinned any more"), "{none}");
    }
    // From the inspector, too.
    let mut stage = stage(LIF, &[], (120, 40), "8 v v @ 2");
    let screen = shown(&mut stage);
    assert!(screen.contains("lif 0") && screen.contains("θ 1.0000"), "{screen}");
    assert_eq!(stage.app().raster.pins, [NEURON]);
}

#[test]
fn the_floor_plan_shows_rate_fifo_and_tick_use_and_marks_overruns() {
    let mut sound = stage(DNF, &[], (80, 24), "1");
    assert!(shown(&mut sound).contains("rate ╮"), "{}", shown(&mut sound));
    press(&mut sound, "m m m m");
    assert!(shown(&mut sound).contains("FIFO fill ╮"), "{}", shown(&mut sound));
    press(&mut sound, "m");
    let screen = shown(&mut sound);
    assert!(screen.contains("tick use ╮") && screen.contains("this tick"), "{screen}");
    // Where ticks are as long as needed, the slowest PE takes nearly all of one.
    let uses = |stage: &mut Stage| -> Vec<(f32, u32)> {
        let snapshot = stage.app().snapshot.clone().unwrap();
        snapshot.pes.iter().filter_map(|pe| pe.tick).map(|tick| (tick.longest, tick.overruns)).collect()
    };
    let sound = uses(&mut sound);
    let most = sound.iter().map(|(longest, _)| *longest).fold(0.0, f32::max);
    assert!(most == 1.0 && sound.iter().all(|&(_, overruns)| overruns == 0), "{sound:?}");

    let mut late = stage(DNF, &[("task.tick", "Us(120)")], (80, 24), "1 m m m m m w");
    let screen = shown(&mut late);
    let late = uses(&mut late);
    assert!(late.iter().any(|&(longest, overruns)| longest > 1.0 && overruns > 0), "{late:?}");
    assert!(screen.lines().any(|line| line.contains("1 >!")), "{screen}");

    // A network without a timer or a FIFO has neither metric.
    let mut other = stage("scenes/lm_small.ron", &[], (80, 24), "1 m m m m");
    assert!(shown(&mut other).contains("layer ╮"), "{}", shown(&mut other));
}

#[test]
fn the_help_speaks_of_ticks_neurons_and_spikes() {
    let mut stage = stage(LIF, &[], (80, 24), "? tab tab");
    let words = shown(&mut stage);
    assert!(!words.contains("gate"), "{words}");
    press(&mut stage, "'membrane'");
    assert!(shown(&mut stage).contains("membrane potential of a neuron"));
    press(&mut stage, "esc ?");
    let panel = shown(&mut stage);
    assert!(panel.contains("the cursor: arrows move it"), "{panel}");
}
