//! Two scenes side by side: in step, with differences on every panel, and stopped where they part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::path::PathBuf;

use spinntui::machine::fault::Fault;
use spinntui::machine::legend::PopulationId;
use spinntui::session::against::Against;
use spinntui::session::command::Command;
use spinntui::session::engine::EngineOptions;
use spinntui::session::snapshot::RunState;
use spinntui::tui::app::App;
use spinntui::tui::capture::text;
use spinntui::tui::panels::PanelId;
use spinntui::tui::stage::{Stage, presses};
use spinntui::tui::theme::{Looks, Theme};

use crate::common::{session, spinntui};

const SMALL: &str = "scenes/lm_small.ron";

fn options(set_b: &[(&str, &str)]) -> EngineOptions {
    let set = set_b.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    EngineOptions {
        scene: PathBuf::from(SMALL),
        set: Vec::new(),
        autorun: false,
        record: None,
        points: Vec::new(),
        exact: false,
        against: Some(Against { scene: PathBuf::from(SMALL), set }),
    }
}

fn stage(size: (u16, u16), set_b: &[(&str, &str)]) -> Stage {
    let mut stage = Stage::open(App::new(SMALL, Theme::new(Looks::default()), size), options(set_b)).unwrap();
    stage.show(None, false).unwrap();
    stage
}

fn press(stage: &mut Stage, keys: &str) {
    for press in presses(keys).unwrap() {
        stage.press(&press).unwrap();
    }
}

/// Fault that flips a bit of a unit's state in B after the fifth time step: the fault, the PE and
/// the unit.
fn planted() -> (String, String, u32) {
    let session = session(SMALL, &[]);
    let program = session.program();
    let layer = &program.populations[1];
    let (pe, slot) =
        layer.pes.iter().find_map(|&pe| Some((pe, program.pe(pe)?.slot_of(PopulationId(1))?.1))).unwrap();
    let (unit, address) = (slot.units[3], slot.detail.state() + 12 + 2);
    let place = pe.to_string();
    let place = place.trim_start_matches("PE");
    let fault = format!("[(at: Step(5), fault: FlipBit(pe: {place}, address: {address}, bit: 6))]");
    (fault, pe.to_string(), unit)
}

#[test]
fn a_run_stops_at_the_step_pe_unit_and_bit_of_a_planted_fault() {
    let (fault, pe, unit) = planted();
    // Bit 6 of the third byte is bit 22 of the word; the state moves on until the step ends.
    let [mut a, mut b] =
        [("[]", 0), (fault.as_str(), 1)].map(|(faults, _)| session(SMALL, &[("faults", faults)]));
    let found = spinntui::session::divergence::first(&mut a, &mut b, 20).unwrap();
    for keys in ["c", "20s", "f", "g 'step 30' enter", "s s s s s s"] {
        let mut stage = stage((120, 40), &[("faults", &fault)]);
        press(&mut stage, keys);
        let app = stage.app();
        let snapshot = app.picture().unwrap().clone();
        assert_eq!((snapshot.steps, &snapshot.run), (6, &RunState::Paused), "{keys}");
        let stopped = snapshot.debug.stopped.unwrap();
        for word in
            ["time step #6", "rnns.1", &format!("unit {unit}:"), &pe, &format!("differs is {}", found.bit)]
        {
            assert!(stopped.contains(word), "{keys}: {word}: {stopped}");
        }
        assert_eq!(app.against.as_ref().unwrap().view.parted.as_ref(), Some(&found), "{keys}");
        assert!(text(&stage.draw()).contains("A ≠ B #6"), "{keys}");
    }
}

#[test]
fn going_back_before_the_difference_forgets_it_and_running_on_finds_it_again() {
    let (fault, ..) = planted();
    let mut stage = stage((80, 24), &[("faults", &fault)]);
    press(&mut stage, "20s");
    assert_eq!(stage.app().picture().unwrap().steps, 6);
    // The first difference stops the run once: from there it goes on.
    press(&mut stage, "10s");
    assert_eq!(stage.app().picture().unwrap().steps, 16);
    assert!(text(&stage.draw()).contains("A ≠ B #6"));
    press(&mut stage, "12S");
    let app = stage.app();
    assert_eq!(app.picture().unwrap().steps, 4);
    assert_eq!(app.against.as_ref().unwrap().view.snapshot.as_ref().unwrap().steps, 4, "B goes back as well");
    assert!(text(&stage.draw()).contains("A = B"));
    press(&mut stage, "20s");
    assert_eq!(stage.app().picture().unwrap().steps, 6);
    press(&mut stage, "R 20s");
    assert_eq!(stage.app().picture().unwrap().steps, 6, "from the start again");
}

#[test]
fn a_fault_by_hand_is_in_a_alone_and_shows_where_it_first_changes_a_unit() {
    let (_, pe, unit) = planted();
    let program = session(SMALL, &[]);
    let (place, slot) = {
        let program = program.program();
        let found = program.populations[1]
            .pes
            .iter()
            .find_map(|&pe| Some((pe, program.pe(pe)?.slot_of(PopulationId(1))?.1)));
        found.unwrap()
    };
    let mut stage = stage((80, 24), &[]);
    press(&mut stage, "03s");
    let address = slot.detail.state() + 12 + 2;
    stage.command(Command::Inject(Fault::FlipBit { pe: place.into(), address, bit: 6 })).unwrap();
    press(&mut stage, "20s");
    let app = stage.app();
    assert_eq!(app.picture().unwrap().steps, 4);
    let parted = app.against.as_ref().unwrap().view.parted.clone().unwrap();
    assert_eq!((parted.step, parted.unit, &parted.pe_a), (4, unit, &pe));
    // Stepping back before the fault undoes it: then nothing differs.
    press(&mut stage, "S S 20s");
    let app = stage.app();
    assert_eq!(app.picture().unwrap().steps, 22);
    assert_eq!(app.against.as_ref().unwrap().view.parted, None);
}

#[test]
fn scenes_that_compute_the_same_never_part_and_their_figures_differ() {
    let mut stage = stage((120, 40), &[("mapping.layers.1.pes", "7")]);
    press(&mut stage, "20s 7");
    let shown = text(&stage.draw());
    let app = stage.app();
    assert_eq!(app.picture().unwrap().steps, 20, "{shown}");
    let against = app.against.as_ref().unwrap();
    let (a, b) = (against.a.clone().unwrap(), against.view.snapshot.clone().unwrap());
    assert_eq!((&against.view.parted, &against.view.note), (&None, &None));
    assert_eq!((a.steps, b.steps), (20, 20));
    assert_ne!(a.tick, b.tick);
    // B's figures are those of a run of its own.
    let mut alone = session(SMALL, &[("mapping.layers.1.pes", "7")]);
    while alone.steps() < 20 {
        alone.advance_swiftly();
    }
    assert_eq!((b.tick, b.energy.energy_j), (alone.tick(), alone.energy().energy_j));
    for word in ["A = B", ">A", "change", "mean power", &format!("{:.3} W", b.energy.power_w)] {
        assert!(shown.contains(word), "{word}:\n{shown}");
    }
}

#[test]
fn every_panel_shows_both_at_every_size() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut stage = stage(size, &[("mapping.layers.1.pes", "7")]);
        press(&mut stage, "10s");
        for panel in PanelId::ALL {
            for expanded in [false, true] {
                stage.show(Some(panel), expanded).unwrap();
                let shown = text(&stage.draw());
                let both = shown.contains("A|B") || shown.contains(">A");
                assert!(both, "{panel:?} {expanded} at {size:?}:\n{shown}");
            }
        }
    }
}

#[test]
fn the_other_scene_is_shown_by_a_key_and_back() {
    let mut stage = stage((120, 40), &[("mapping.layers.1.pes", "7")]);
    press(&mut stage, "05s");
    let a = stage.app().picture().unwrap().clone();
    press(&mut stage, "|");
    let shown = text(&stage.draw());
    let b = stage.app().picture().unwrap().clone();
    assert_eq!((a.setup.layers[1].pes, b.setup.layers[1].pes), (12, 7));
    assert!(shown.contains("B = A") && shown.contains(">B"), "{shown}");
    press(&mut stage, "s 8 v");
    let b = stage.app().picture().unwrap().clone();
    assert_eq!((b.steps, b.setup.layers[1].pes), (6, 7), "steps move both, and B stays on screen");
    assert!(b.detail.inspection().is_some(), "the PE panel looks into B");
    press(&mut stage, "|");
    assert_eq!(stage.app().picture().unwrap().setup.layers[1].pes, 12);
}

#[test]
fn other_inputs_and_networks_are_compared_by_their_figures_only() {
    let words = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(words.path(), "the quick brown fox jumps over the lazy dog and into the river").unwrap();
    let other = words.path().display().to_string();
    let mut stage = stage((120, 40), &[("task.text", &format!("{other:?}"))]);
    press(&mut stage, "05s");
    let app = stage.app();
    assert_eq!(app.picture().unwrap().steps, 5);
    let view = &app.against.as_ref().unwrap().view;
    assert!(view.note.as_ref().unwrap().contains("the inputs differ"), "{view:?}");
    assert!(text(&stage.draw()).contains("A ? B"));
    // Past the end of B's text, A goes on alone.
    press(&mut stage, "20s");
    let app = stage.app();
    assert_eq!(app.picture().unwrap().steps, 25);
    let note = app.against.as_ref().unwrap().view.note.clone().unwrap();
    assert!(note.contains("input has ended"), "{note}");
}

#[test]
fn a_second_scene_that_cannot_run_is_refused_before_the_screen_is_taken() {
    for (b, words) in [
        ("scenes/nowhere.ron", "nowhere.ron"),
        ("tests/scenes/invalid/pes_0.ron", "pes_0.ron:"),
        ("scenes/dvs.ron", "the two cannot run in step"),
    ] {
        let output = spinntui(&[SMALL, "--against", b]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{b}: {error}");
        assert!(error.contains(words) && output.stdout.is_empty(), "{b}: {error}");
    }
    let output = spinntui(&[SMALL, "--against", SMALL, "--set-b", "mapping.layers.0.pes=200"]);
    assert_eq!(output.status.code(), Some(2));
    let output = spinntui(&[SMALL, "--set-b", "mapping.layers.0.pes=8"]);
    assert_eq!(output.status.code(), Some(2), "--set-b alone");
}
