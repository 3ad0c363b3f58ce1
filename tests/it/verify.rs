//! `run --verify`: the chip against the network's mathematics at every time step.

use spinntui::machine::program::Region;
use spinntui::mapping::egru::EgruSlot;
use spinntui::session::command::StepUnit;
use spinntui::session::verify::{Difference, Verifier};
use spinntui::session::{Session, StepOutcome};

use crate::common::{session, spinntui};

const SMALL: &str = "scenes/lm_small.ron";

/// Runs time steps side by side with the mathematics, up to the first difference.
fn verify(mut session: Session, steps: u64) -> Result<u64, Difference> {
    let mut verifier = Verifier::new(&session);
    while session.steps() < steps {
        let moved = session.step(StepUnit::TimeStep);
        assert!(matches!(moved, StepOutcome::Advanced(_)), "{moved:?}");
        verifier.check(&session)?;
    }
    Ok(verifier.compared())
}

/// Scene, edits, time steps.
type Case = (&'static str, &'static [(&'static str, &'static str)], u64);

/// Tests every family of figures that a scene can ask for: ways of sending, batch, pipeline, 8-bit
/// weights, gestures, arrays.
#[test]
fn every_kind_of_scene_is_the_mathematics() {
    let scenes: [Case; 13] = [
        (SMALL, &[], 4),
        (SMALL, &[("task.sequence", "2")], 5),
        (SMALL, &[("mapping.batch", "2")], 3),
        (SMALL, &[("mapping.broadcast", "Router"), ("mapping.payload", "Events")], 3),
        ("scenes/what-if/pipelined.ron", &[], 4),
        ("scenes/what-if/int8.ron", &[], 3),
        ("scenes/what-if/dvs_mac.ron", &[], 3),
        ("scenes/what-if/dvs_mac_egru.ron", &[("mapping.batch", "2")], 3),
        ("scenes/what-if/dvs_mac_stream.ron", &[], 4),
        ("scenes/what-if/overlap.ron", &[], 2),
        ("scenes/lm_gru.ron", &[], 3),
        ("scenes/dvs.ron", &[], 2),
        ("scenes/tensor.ron", &[], 3),
    ];
    for (scene, edits, steps) in scenes {
        let session = session(scene, edits);
        let least = session.model().network().outputs() as u64 * steps;
        match verify(session, steps) {
            Ok(compared) => assert!(compared >= least, "{scene} {edits:?}: {compared} values"),
            Err(difference) => panic!("{scene} {edits:?}: {difference}"),
        }
    }
}

/// A threshold that flips its sign before the third step changes that unit first, in that step.
#[test]
fn the_first_difference_is_named() {
    let sound = session(SMALL, &[]);
    let pe = sound.program().populations[0].pes[0];
    let slot = &sound.program().pe(pe).unwrap().slots[0];
    let threshold = EgruSlot::of(slot).unwrap().pointwise.threshold;
    let regions: &[Region] = &sound.program().pe(pe).unwrap().regions;
    assert!(regions.iter().any(|region| region.start == threshold));
    let (place, address) = ((pe.qpe().x, pe.qpe().y, pe.p()), threshold + 3);
    let faults = format!(
        "[(at: Step(2), fault: FlipBit(pe: ({}, {}, {}), address: {address}, bit: 7))]",
        place.0, place.1, place.2
    );
    let mut difference = None;
    for unit in 0..slot.units.len() as u32 {
        // Whether this unit fires depends on its state: take the first whose output
        // the sign decides.
        let faults = faults.replace(&address.to_string(), &(threshold + 4 * unit + 3).to_string());
        if let Err(found) = verify(session(SMALL, &[("faults", &faults)]), 3) {
            difference = Some((unit, found));
            break;
        }
    }
    let (unit, found) = difference.expect("some unit of the PE fires otherwise");
    assert_eq!(
        (found.step, found.pe, found.unit, found.layer.as_str()),
        (2, pe, slot.units[unit as usize], "rnns.0")
    );
    assert_ne!(found.chip, found.net);
    assert_eq!((found.chip ^ found.net) >> found.bit(), 1);
}

#[test]
fn the_command_answers_with_words_and_an_exit_code() {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let output = spinntui(&["run", SMALL, "--steps", "3", "--verify", "--format", "json"]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(
        error.contains("verify: ") && error.contains("3 time steps equal the mathematics, bit for bit"),
        "{error}"
    );

    let sound = session(SMALL, &[]);
    let pe = sound.program().populations[0].pes[0];
    let slot = &sound.program().pe(pe).unwrap().slots[0];
    let cell = EgruSlot::of(slot).unwrap().pointwise.cell;
    let (x, y, p) = (pe.qpe().x, pe.qpe().y, pe.p());
    // The sign of a cell state, before the second step.
    let fault =
        format!("faults=[(at: Step(1), fault: FlipBit(pe: ({x}, {y}, {p}), address: {}, bit: 7))]", cell + 3);
    let output = spinntui(&["run", SMALL, "--steps", "3", "--verify", "--set", &fault]);
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    let unit = format!("verify: time step #2, {pe}, rnns.0 unit {}", slot.units[0]);
    assert!(error.contains(&unit) && error.contains("the highest bit that differs is"), "{error}");
}
