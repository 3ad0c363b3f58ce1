//! Going to an address, a unit, a word; the packets in flight; other fields and PEs left out, at
//! the same step.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::path::PathBuf;

use spinntui::chip::geometry::Pe;
use spinntui::machine::routes::ROUTES;
use spinntui::session::engine::EngineOptions;
use spinntui::session::snapshot::{PartView, RunState, Snapshot};
use spinntui::tui::app::App;
use spinntui::tui::capture;
use spinntui::tui::panel::PanelId;
use spinntui::tui::stage::{Stage, presses};
use spinntui::tui::theme::{Looks, Theme};

use crate::common::session;

const SCENE: &str = "scenes/lm_small.ron";

fn stage(scene: &str, keys: &str) -> Stage {
    let app = App::new(scene, Theme::new(Looks::default()), (80, 24));
    let (set, points) = (Vec::new(), Vec::new());
    let scene = PathBuf::from(scene);
    let options =
        EngineOptions { scene, set, autorun: false, record: None, points, exact: false, against: None };
    let mut stage = Stage::open(app, options).unwrap();
    press(&mut stage, keys);
    stage
}

fn press(stage: &mut Stage, keys: &str) {
    presses(keys).unwrap().iter().for_each(|press| stage.press(press).unwrap());
}

fn shown(stage: &Stage) -> String {
    capture::text(&stage.draw())
}

fn snapshot(stage: &mut Stage) -> Snapshot {
    stage.app().picture().unwrap().clone()
}

fn steps(stage: &mut Stage) -> u64 {
    snapshot(stage).steps
}

#[test]
fn an_address_and_a_unit_are_gone_to() {
    let mut stage = stage(SCENE, "s : 'pe 1,4,0' enter : 'address 0x4d2e' enter");
    assert_eq!((stage.app().focus(), stage.app().pe.address), (PanelId::Pe, 0x4d2c));
    assert!(shown(&stage).contains("04d2c"), "{}", shown(&stage));
    // The unit's own PE, and its row with the state that conditions see.
    press(&mut stage, ": 'unit rnns.1:41' enter");
    let selected = stage.app().selected;
    let value = {
        let mut session = session(SCENE, &[]);
        session.step(spinntui::session::command::StepUnit::TimeStep);
        let text = "unit(\"rnns.1\", 41).c";
        spinntui::session::debug::expr::Value::evaluate(text, &session).unwrap().to_string()
    };
    let PartView::Neurons(page) = stage.app().inspection().unwrap().view.clone().unwrap() else {
        panic!("the neurons are shown");
    };
    let wanted = stage.app().pe.unit;
    let unit = page.units.iter().find(|unit| unit.number == wanted).unwrap();
    assert_eq!((unit.unit, unit.layer.index()), (41, 1));
    assert_eq!(spinntui::session::debug::expr::unit::Unit::Plain.show(f64::from(unit.c)), value);
    // `@` proposes what is under the cursor; six keys to its history.
    press(&mut stage, "@ enter");
    assert_eq!(snapshot(&mut stage).watches[0].text, "unit(\"rnns.1\", 41).c");
    // Back to where it came from.
    press(&mut stage, "8 e");
    assert_eq!((stage.app().pe.address, selected == stage.app().selected), (0x4d2c, false));
    for (line, words) in [
        ("address 0x20000", "lies outside of a PE's SRAM: addresses are below 0x20000"),
        ("address 4x", "invalid address `4x`"),
        ("unit rnns.9:1", "there is no layer `rnns.9`; there are rnns.0"),
        ("unit rnns.1:99999", "there is no unit 99999 of rnns.1: its units are 0 to"),
        ("unit rnns.1", "expected layer and number"),
    ] {
        press(&mut stage, &format!(": '{line}' enter"));
        let screen = shown(&stage).replace(['\n', '│'], " ");
        let screen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(screen.contains(words), "{words:?} not in\n{}", shown(&stage));
        press(&mut stage, "esc");
    }
}

#[test]
fn a_word_is_searched_both_ways_and_gone_to() {
    let mut stage = stage(SCENE, "s");
    let words: Vec<String> = {
        let session = session(SCENE, &[]);
        session.work().text().into_iter().map(str::to_owned).collect()
    };
    // A word that comes more than twice.
    let word = words.iter().skip(20).find(|word| {
        word.chars().all(char::is_lowercase)
            && word.len() > 3
            && words.iter().filter(|w| w.contains(*word)).count() > 2
    });
    let word = word.unwrap().clone();
    let places: Vec<u64> = words
        .iter()
        .enumerate()
        .filter(|(_, other)| other.to_lowercase().contains(&word))
        .map(|(place, _)| place as u64 + 1)
        .collect();
    press(&mut stage, &format!("/ '{word}' enter"));
    let first = places.iter().position(|&step| step > 1).unwrap();
    let screen = shown(&stage);
    assert!(screen.contains(&format!("{} of {}", first + 1, places.len())), "{screen}");
    assert!(screen.contains(&word) && screen.contains("ahead"), "{screen}");
    press(&mut stage, "n enter");
    assert_eq!(steps(&mut stage), places[first + 1]);
    assert!(shown(&stage).contains("· here"), "{}", shown(&stage));
    // The word read last is the one that was searched.
    let read = &words[places[first + 1] as usize - 1];
    assert!(read.to_lowercase().contains(&word));
    press(&mut stage, "N");
    assert!(shown(&stage).contains("back"), "{}", shown(&stage));
    press(&mut stage, "enter");
    assert_eq!(steps(&mut stage), places[first]);
    // Closed, n is the next layer again.
    press(&mut stage, "esc n");
    assert_eq!(steps(&mut stage), places[first]);
    assert!(stage.app().overlays.is_empty());
    press(&mut stage, ": 'search zzz' enter");
    assert!(shown(&stage).contains("`zzz` not found in the text"), "{}", shown(&stage));
    // A scene without a text has none to search.
    let mut spiking = self::stage("scenes/lif.ron", "/");
    assert!(spiking.app().overlays.is_empty() && shown(&spiking).contains("no text"), "{}", shown(&spiking));
}

#[test]
fn packets_in_flight_are_listed_with_their_routes() {
    let mut stage = stage(SCENE, "s : 'packets' enter");
    assert!(shown(&stage).contains("No packet is on the mesh now"), "{}", shown(&stage));
    // Event by event until several are on their way.
    for _ in 0..400 {
        press(&mut stage, "i");
        if snapshot(&mut stage).noc.under_way.iter().filter(|packet| packet.route.len() > 1).count() > 2 {
            break;
        }
    }
    let noc = snapshot(&mut stage).noc;
    assert!(noc.under_way.len() > 2 && noc.under_way.len() <= noc.in_flight as usize, "{noc:?}");
    for packet in &noc.under_way {
        // Links that follow each other, and all of them links of the chip.
        assert!(packet.route.windows(2).all(|pair| pair[0].1 == pair[1].0), "{packet:?}");
        assert!(packet.route.iter().all(|link| noc.links.iter().any(|l| (l.from, l.to) == *link)));
        assert!(packet.crossed as usize <= packet.route.len(), "{packet:?}");
        let sender = (0..152).filter_map(Pe::from_index).find(|pe| pe.to_string() == packet.source);
        if let (Some(sender), Some(first)) = (sender, packet.route.first()) {
            assert_eq!(first.0, (sender.qpe().x, sender.qpe().y), "{packet:?}");
        }
    }
    let screen = shown(&stage);
    assert!(screen.contains("o to come") && screen.contains("links"), "{screen}");
    press(&mut stage, "j");
    assert_eq!(stage.app().packet, 1);
    let (chosen, screen) = (&noc.under_way[1], shown(&stage));
    let (from, to) = (chosen.route[0].0, chosen.route.last().unwrap().1);
    let head = format!("{} · route ({},{}) > ({},{})", chosen.contents, from.0, from.1, to.0, to.1);
    assert!(screen.contains(&head), "{head:?} not in\n{screen}");
    assert!(screen.contains(&format!("{} > {}", chosen.source, chosen.to)), "{screen}");
    // A route is what the tables say, whichever of its turns comes next.
    let (turns, before) = ROUTES.route_of(ROUTES.first_turn(0, 17) + 2);
    assert_eq!((turns.len() - 1, before), (ROUTES.path(0, 17).len(), 2));
}

#[test]
fn another_value_is_built_at_the_same_step_and_a_bad_one_changes_nothing() {
    let mut stage = stage(SCENE, "12s : 'bookmark here odd' enter : 'pin power' enter");
    let before = snapshot(&mut stage);
    press(&mut stage, ": 'set mapping.layers.1.pes=9' enter");
    let after = snapshot(&mut stage);
    assert_eq!((after.steps, after.build, after.run.clone()), (12, before.build + 1, RunState::Paused));
    assert_eq!((before.setup.layers[1].pes, after.setup.layers[1].pes), (12, 9));
    let wanted = {
        let mut session = session(SCENE, &[("mapping.layers.1.pes", "9")]);
        (0..12).for_each(|_| drop(session.step(spinntui::session::command::StepUnit::TimeStep)));
        session.tick()
    };
    assert_eq!(after.tick, wanted);
    assert_eq!(after.history.bookmarks[0].note, "odd");
    assert_eq!(after.watches[0].values.len(), 12, "values of the new experiment");
    // Bad ones say so as `--set` does, and the experiment stays; a later edit adds to
    // the earlier ones.
    for (edit, words) in [
        ("mapping.layers.1.pes=200", "the layers ask for 212 PEs"),
        ("mapping.layrs=1", "did you mean `layers`?"),
        ("chip.waiting=Slumber", "Slumber"),
    ] {
        press(&mut stage, &format!(": 'set {edit}' enter"));
        assert!(shown(&stage).contains(words), "{words:?} not in\n{}", shown(&stage));
        press(&mut stage, "esc");
        assert_eq!((snapshot(&mut stage).build, steps(&mut stage)), (after.build, 12), "{edit}");
    }
    press(&mut stage, ": 'set chip.waiting=Sleep' enter");
    let both = snapshot(&mut stage);
    assert_eq!((both.setup.layers[1].pes, both.steps), (9, 12));
    assert!(both.energy.energy_j < after.energy.energy_j, "sleeping takes less");
    // A reload keeps the step where that is asked for.
    press(&mut stage, ": 'reload keep' enter");
    assert_eq!((steps(&mut stage), snapshot(&mut stage).setup.layers[1].pes), (12, 9));
    press(&mut stage, "r");
    assert_eq!(steps(&mut stage), 0);
    press(&mut stage, ": 'set nonsense' enter");
    assert!(shown(&stage).contains("expected a field and a value"), "{}", shown(&stage));
}

#[test]
fn the_network_is_mapped_around_a_pe_that_is_reserved_or_broken() {
    let mut stage = stage(SCENE, "05s");
    let selected = stage.app().selected;
    let works = |snapshot: &Snapshot, pe: Pe| snapshot.pes[pe.index()].units > 0;
    assert!(works(&snapshot(&mut stage), selected));
    press(&mut stage, ": 'reserve' enter");
    let reserved = snapshot(&mut stage);
    assert!(!works(&reserved, selected), "{selected}");
    assert_eq!(reserved.steps, 5);
    press(&mut stage, ": 'broken 3,4,2' enter");
    let broken = snapshot(&mut stage);
    assert!(!works(&broken, selected) && !works(&broken, Pe::at(3, 4, 2).unwrap()));
    assert_eq!(broken.steps, 5);
    press(&mut stage, ": 'broken 3,4,2' enter");
    assert!(shown(&stage).contains("PE(3,4,2) is broken already"), "{}", shown(&stage));
    press(&mut stage, ": 'reserve 9,9,9' enter");
    assert!(shown(&stage).contains("no PE (9,9,9)"), "{}", shown(&stage));
    press(&mut stage, "esc");
    // A core that halts is a fault of the run, and not a matter of the mapping.
    press(&mut stage, ": 'kill 2,2,0' enter");
    assert_eq!(snapshot(&mut stage).build, broken.build);
}

#[test]
fn who_fires_most_is_three_keys_away() {
    let stage = stage(SCENE, "20s 6 z");
    let screen = shown(&stage);
    assert!(screen.contains("firing") && screen.contains("most #"), "{screen}");
}
