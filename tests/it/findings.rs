//! Tests that findings describe what a running chip does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test helper that fails should say where")]

use std::path::Path;

use spinntui::chip::geometry::{ChipId, Pe, QPES};
use spinntui::machine::program::RegionKind;
use spinntui::machine::routes::ROUTES;
use spinntui::machine::stop::{Missing, StallCause, Stop};
use spinntui::mapping::check::Level;
use spinntui::mapping::egru::EgruSlot;
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::command::StepUnit;
use spinntui::session::findings::{Finding, findings};
use spinntui::session::stats::HISTORY;
use spinntui::session::{Session, StepOutcome};

fn after(scene: &str, steps: u64, set: &[(&str, &str)]) -> Session {
    let set: Vec<(String, String)> =
        set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let loaded = LoadedScene::load(Path::new(scene), &set).unwrap();
    let mut session = build(loaded, &mut ModelCache::default()).unwrap();
    for _ in 0..steps {
        if !matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_)) {
            break;
        }
    }
    session
}

fn found(session: &Session, rule: &str) -> Vec<Finding> {
    findings(session).into_iter().filter(|finding| finding.rule == rule).collect()
}

const SMALL: &str = "scenes/lm_small.ron";

#[test]
fn a_sound_scene_has_no_warning() {
    let session = after(SMALL, 3, &[]);
    let grave: Vec<Finding> = findings(&session).into_iter().filter(|f| f.level > Level::Note).collect();
    assert_eq!(grave, []);
}

#[test]
fn races_are_errors_with_their_pe() {
    // One PE does most of a layer: the others are done long before it has read x.
    let set = [
        ("mapping.barrier", "Never"),
        ("mapping.balance", "Units"),
        ("mapping.layers.1.recurrent", "CscEvent"),
    ];
    let mut session = after(SMALL, 0, &set);
    for _ in 0..200 {
        if session.machine().state().races.count > 0
            || !matches!(session.step(StepUnit::TimeStep), StepOutcome::Advanced(_))
        {
            break;
        }
    }
    let races = found(&session, "race");
    assert_eq!(races.is_empty(), session.machine().state().races.count == 0);
    for race in races {
        assert!(race.level == Level::Error && !race.help.is_empty(), "{race:?}");
    }
}

/// Kills each link of the mesh from the start: either nothing is sent over it, or the chip stops
/// and the link is named.
#[test]
fn a_dead_link_is_named_where_it_stops_the_chip() {
    let sound = after(SMALL, 2, &[]);
    let carried: Vec<bool> = sound.machine().state().noc.links.iter().map(|link| link.packets > 0).collect();
    let (mut rows, mut blocks, mut harmless) = (0, 0, 0);
    for (link, carries) in ROUTES.links().iter().zip(carried).step_by(3) {
        let place = |qpe: u8| {
            let qpe = QPES[usize::from(qpe)];
            (qpe.x, qpe.y)
        };
        let (from, to) = (place(link.from), place(link.to));
        let faults = format!("[(at: Step(0), fault: KillLink(from: {from:?}, to: {to:?}))]");
        let session = after(SMALL, 2, &[("faults", &faults)]);
        let named = found(&session, "fault");
        assert_eq!(named[0].place, link.to_string());
        assert!(named[0].what.contains("dead (injected)") && named[0].pe.is_none(), "{named:?}");
        let stalled = found(&session, "stalled");
        if !carries {
            assert_eq!((session.steps(), session.output_hash()), (2, sound.output_hash()), "{link}");
            assert_eq!(stalled, [], "{link}");
            harmless += 1;
            continue;
        }
        let Some(Stop::Stall(stall)) = session.machine().stop() else {
            // Packets that are not the last of their block leave old values in place.
            assert_eq!(session.steps(), 2, "{link}");
            continue;
        };
        assert!(stalled[0].follows && stalled[0].what.contains(&format!("the link from {link} is dead")));
        assert!(matches!(stall.cause, StallCause::DeadLink { link: named, .. } if named == *link), "{stall}");
        match stall.waiting.map(|waiting| waiting.missing) {
            Some(Missing::Row) => rows += 1,
            Some(Missing::Blocks(_)) => blocks += 1,
            None => {}
        }
    }
    assert!(rows > 0 && blocks > 0 && harmless > 0, "{rows} rows, {blocks} blocks, {harmless} harmless");
}

#[test]
fn a_full_fifo_is_an_error_once_it_has_lost() {
    let set = [("mapping.broadcast", "Router"), ("mapping.fifo", "(bytes: 160, on_full: Drop)")];
    let session = after(SMALL, 2, &set);
    let lost: Vec<usize> = session
        .machine()
        .state()
        .pes
        .iter()
        .enumerate()
        .filter(|(_, pe)| pe.fifo.count.dropped > 0)
        .map(|(index, _)| index)
        .collect();
    assert!(!lost.is_empty());
    let errors: Vec<usize> = found(&session, "overflow")
        .into_iter()
        .filter(|finding| finding.level == Level::Error)
        .map(|finding| finding.pe.unwrap().index())
        .collect();
    assert_eq!(errors, lost);
}

#[test]
fn the_fullest_pe_of_the_papers_model_is_named() {
    let session = after("scenes/lm.ron", 0, &[]);
    let [full] = &found(&session, "almost-full")[..] else { panic!() };
    let taken =
        |pe: Pe| -> u32 { session.program().pe(pe).map_or(0, |loaded| loaded.bank_bytes().iter().sum()) };
    let most = Pe::of(ChipId::FIRST).map(taken).max().unwrap();
    assert_eq!(taken(full.pe.unwrap()), most);
    assert!(full.what.contains(&format!("{most} of 131072 bytes in use")), "{full:?}");
    assert!(found(&after(SMALL, 0, &[]), "almost-full").is_empty());
}

#[test]
fn idle_pes_are_counted() {
    // A layer on far more PEs than the others: each of its PEs has little to do.
    let session = after(SMALL, 3, &[("mapping.layers.0.pes", "96"), ("mapping.layers.1.pes", "4")]);
    let state = session.machine().state();
    let step = state.host.last_step_ticks as f64;
    let idle = |layer: usize| {
        let pes = &session.program().populations[layer].pes;
        pes.iter().filter(|pe| (state.pes[pe.index()].count.busy_last_step as f64 / step) < 0.1).count()
    };
    assert!(idle(0) > 0);
    let found = found(&session, "idle");
    assert_eq!(found.len(), (0..3).filter(|&layer| idle(layer) > 0).count());
    assert!(found[0].what.starts_with(&format!("{} of its 96 PEs", idle(0))), "{found:?}");
}

#[test]
fn faults_are_said() {
    let fault = "[(at: Step(1), fault: KillPe(pe: (1, 4, 0)))]";
    let session = after(SMALL, 2, &[("faults", fault)]);
    let [said] = &found(&session, "fault")[..] else { panic!() };
    assert!(said.what.contains("PE(1,4,0) halted"), "{said:?}");
    assert!(found(&after(SMALL, 1, &[("faults", "[]")]), "fault").is_empty());
}

#[test]
fn what_follows_from_a_halted_pe_stands_below_it() {
    let fault = "[(at: Step(2), fault: KillPe(pe: (1, 4, 0)))]";
    let session = after(SMALL, 4, &[("faults", fault)]);
    let all = findings(&session);
    let first = &all[0];
    assert_eq!((first.rule.as_str(), first.level, first.follows), ("fault", Level::Error, false), "{all:?}");
    assert!(first.what.contains("PE(1,4,0) halted"), "{first:?}");
    assert_eq!((all[1].rule.as_str(), all[1].follows), ("stalled", true), "{all:?}");
    let Some(Stop::Stall(stall)) = session.machine().stop() else { panic!("{all:?}") };
    assert_eq!(stall.cause, StallCause::Halted(Pe::at(1, 4, 0).unwrap()), "{stall}");
    assert_eq!(all[1].pe, stall.waiting.as_ref().map(|w| w.pe));
    // The rule's name is not said twice.
    assert_eq!(format!("stalled: {}", all[1].what), stall.to_string());
    // The races are one finding, not eight.
    let races: Vec<&Finding> = all.iter().filter(|finding| finding.rule == "race").collect();
    assert!(session.machine().state().races.count > 8 && races.len() == 1, "{all:?}");
    assert!(
        races[0].follows && races[0].what.starts_with(&session.machine().state().races.count.to_string())
    );
    for finding in &all {
        assert!(!finding.help.contains("at Auto") && !finding.help.contains("to Auto"), "{finding:?}");
    }
}

#[test]
fn nothing_is_advised_that_is_so_already() {
    // What each field is set to in the scenes below must not be advised.
    let advised = |set: &[(&str, &str)], words: &[&str]| {
        for finding in findings(&after(SMALL, 3, set)) {
            for word in words {
                assert!(!finding.help.contains(word), "{set:?}: {finding:?}");
            }
        }
    };
    let uneven = [("mapping.layers.0.pes", "96"), ("mapping.layers.1.pes", "4")];
    advised(&uneven, &["balance: NonZeros", "barrier: Auto", "on_full: Stall"]);
    let set = [("mapping.schedule", "Pipelined"), uneven[0], uneven[1]];
    advised(&set, &["schedule: Pipelined", "balance: NonZeros"]);
    let set = [("mapping.broadcast", "Router"), ("mapping.fifo", "(bytes: 640, on_full: Stall)")];
    advised(&set, &["on_full: Stall"]);
    advised(&[("mapping.barrier", "Always")], &["barrier: Always"]);
}

#[test]
fn a_flip_that_nothing_reads_is_said_to_be_without_effect() {
    let hash = |faults: &str| after(SMALL, 3, &[("faults", faults)]).output_hash();
    let sound = hash("[]");
    let flip =
        |address: u32| format!("[(at: Step(1), fault: FlipBit(pe: (1, 4, 0), address: {address}, bit: 6))]");
    let session = after(SMALL, 3, &[("faults", &flip(0x100))]);
    let pe = spinntui::chip::geometry::Pe::at(1, 4, 0).unwrap();
    let regions = session.program().pe(pe).unwrap().regions.clone();
    let cell = EgruSlot::of(&session.program().pe(pe).unwrap().slots[0]).unwrap().pointwise.cell;
    let kinds = [RegionKind::Program, RegionKind::Stack, RegionKind::Log];
    for region in regions.iter().filter(|region| kinds.contains(&region.kind)) {
        for address in [region.start, region.end - 1] {
            let session = after(SMALL, 3, &[("faults", &flip(address))]);
            let [said] = &found(&session, "fault")[..] else { panic!("{region:?}") };
            assert!(said.level == Level::Note && said.what.contains("without effect"), "{said:?}");
            assert_eq!(session.output_hash(), sound, "{region:?}");
        }
    }
    let session = after(SMALL, 3, &[("faults", &flip(cell + 3))]);
    let [said] = &found(&session, "fault")[..] else { panic!() };
    assert!(said.level == Level::Warning && !said.what.contains("without effect"), "{said:?}");
    assert_ne!(session.output_hash(), sound);
}

#[test]
fn silent_units_and_saturated_gates_are_what_the_network_says() {
    let session = after("scenes/lm.ron", 2, &[]);
    // Shares are shares, looked at after the first step, and silence is counted from it on.
    for (layer, shares) in session.program().populations.iter().zip(session.stats().saturated()) {
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{}", layer.name);
    }
    for (k, layer) in session.program().populations.iter().enumerate() {
        let silent = [1, 2, 3].map(|steps| session.stats().silent(k, steps));
        assert!(silent[0] >= silent[1] && silent[2] == 0, "{silent:?}");
        // Of the last step: those that did not send are the units less the events.
        let active: u64 = session.stats().layer_history[k]
            .back()
            .map(|&a| f64::from(a))
            .map_or(0, |share| (share * layer.unit_word.len() as f64).round() as u64);
        assert_eq!(silent[0] as u64 + active, layer.unit_word.len() as u64, "{}", layer.name);
    }
    assert!(found(&session, "dead-units").is_empty() && (session.steps() as usize) < HISTORY);
}
