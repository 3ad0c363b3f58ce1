//! Tests of the two stories of `docs/debugging.md`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say where")]

use std::path::Path;

use crate::common::{fine, spinntui};
use serde_json::Value;
use spinntui::chip::geometry::Pe;
use spinntui::machine::stop::Stop;
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::findings::findings;
use spinntui::session::history::{History, LastWrite, SeekTarget};
use spinntui::session::{StepOutcome, Stopped};

#[test]
fn a_slow_partition_is_found_and_mended() {
    let report = |set: &[&str]| -> Value {
        let fixed = ["run", "scenes/debug/slow.ron", "--steps", "70", "--format", "json"];
        serde_json::from_str(&fine(&[&fixed, set].concat())).unwrap()
    };
    let sentence = |set: &[&str]| {
        let fixed = ["trace", "scenes/debug/slow.ron", "--skip", "1", "--format", "text"];
        fine(&[&fixed, set].concat()).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mend = ["--set", "mapping.balance=NonZeros"];
    let slow = sentence(&[]);
    for words in ["316 µs", "PE(1,6,3) of rnns.1", "18.3 % above its layer's mean", "at most 18 µs"] {
        assert!(slow.contains(words), "{slow}");
    }
    assert!(sentence(&mend).contains("at most 1.8 µs"), "{}", sentence(&mend));
    let (slow, mended) = (report(&[]), report(&mend));
    let time = |report: &Value| report["chip_time_us"].as_f64().unwrap();
    assert!(time(&mended) < 0.93 * time(&slow), "{} and {}", time(&slow), time(&mended));
    assert_eq!(slow["output_hash"], mended["output_hash"]);
    // The finding names the layer and its slowest PE.
    let loaded = LoadedScene::load(Path::new("scenes/debug/slow.ron"), &[]).unwrap();
    let mut session = build(loaded, &mut ModelCache::default()).unwrap();
    while session.steps() < 2 {
        assert!(matches!(session.advance(), StepOutcome::Advanced(_)));
    }
    let found = findings(&session);
    let imbalance = found.iter().find(|finding| finding.rule == "imbalance").unwrap();
    assert_eq!((imbalance.place.as_str(), imbalance.pe), ("rnns.1", Pe::at(1, 6, 3)));
}

#[test]
fn the_writer_of_corrupted_weights_is_found_by_going_back() {
    let scene = "scenes/debug/corrupt.ron";
    let stopped = spinntui(&["run", scene]);
    let said = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!(stopped.status.code(), Some(1), "{said}");
    assert!(said.contains("PE(1,6,0) faulted in egru_internal: csr_row: column leads to byte"), "{said}");
    // What is seen there is seen although the chip stops on the way, which the exit code says.
    let peek =
        spinntui(&["peek", scene, "--steps", "13", "--pe", "1,6,0", "--view", "memory", "--at", "0x8770"]);
    assert_eq!(peek.status.code(), Some(1));
    let view = String::from_utf8(peek.stdout).unwrap();
    assert!(view.contains("R index of unit 6, gate z, value 22 (from word"), "{view}");
    assert!(view.contains("outside"), "{view}");

    let loaded = LoadedScene::load(Path::new(scene), &[]).unwrap();
    let mut session = build(loaded, &mut ModelCache::default()).unwrap();
    let mut history = History::new(&mut session);
    let fault = loop {
        match session.advance() {
            StepOutcome::Advanced(progress) => history.note(&mut session, progress),
            StepOutcome::Stopped(Stopped::Machine(Stop::Fault(fault))) => break fault,
            other => panic!("{other:?}"),
        }
    };
    let pe = Pe::at(1, 6, 0).unwrap();
    assert_eq!((fault.pe, fault.step, fault.phase_name), (pe, 12, "egru_internal"), "{fault}");
    let LastWrite::By(writer) = history.last_write(&mut session, pe, &(0x8770..0x8774)) else { panic!() };
    assert_eq!(
        (writer.pe, writer.what.as_str()),
        (Some((1, 1, 0)), "a packet from PE(1,1,0) with y of rnns.0")
    );
    assert_eq!((writer.at.steps, writer.at.events), (12, 20450));
    // The moment before it the word is what the host loaded; the event is the write.
    let word =
        |session: &spinntui::session::Session| session.machine().state().pes[pe.index()].sram.word(0x8770);
    history.go(&mut session, &SeekTarget::Event(writer.at.events - 1)).unwrap();
    assert_eq!(word(&session), 14);
    assert!(matches!(session.advance(), StepOutcome::Advanced(_)));
    assert_ne!(word(&session), 14);
    // Without the fault all is well.
    fine(&["run", scene, "--steps", "40", "--set", "faults=[]"]);
}
