//! Energy adds up whichever way it is split: by part, by PE, by layer and phase, by time step.

#![allow(clippy::unwrap_used, reason = "a test helper that fails should say where")]

use spinntui::chip::geometry::PE_COUNT;
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::command::StepUnit;
use spinntui::session::{Session, StepOutcome};

/// Returns the shipped small model after `steps` steps and, to stand in the middle of
/// one, `events` events.
fn ran(point: &str, waiting: &str, steps: u32, events: u32) -> Session {
    let edits = [
        ("chip.operating_point", point),
        ("chip.waiting", waiting),
        ("assume.polling", "0.75"),
        ("assume.energy_per_hop_pj", "3.5"),
        ("assume.energy_per_dram_byte_pj", "20.0"),
    ];
    let edits: Vec<_> = edits.map(|(path, value)| (path.to_owned(), value.to_owned())).to_vec();
    let loaded = LoadedScene::load("scenes/lm_small.ron".as_ref(), &edits).unwrap();
    let mut session = build(loaded, &mut ModelCache::default()).unwrap();
    for (unit, count) in [(StepUnit::TimeStep, steps), (StepUnit::Event, events)] {
        for _ in 0..count {
            assert!(matches!(session.step(unit), StepOutcome::Advanced(_)));
        }
    }
    session
}

fn near(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() <= 1e-9 * b.abs(), "{what}: {a} is not {b}");
}

#[test]
fn parts_and_pes_add_up_to_the_whole_at_both_points_polling_and_asleep() {
    for point in ["Mhz150", "Mhz300"] {
        for waiting in ["Poll", "Sleep"] {
            for (steps, events) in [(3, 0), (2, 4321)] {
                let session = ran(point, waiting, steps, events);
                let what = format!("{point} {waiting} {steps}+{events}");
                let (whole, parts) = (session.energy().energy_j, session.energy_parts());
                near(parts.total(), whole, &what);
                let pes = session.meter().pes();
                assert_eq!(pes.len(), PE_COUNT);
                let sum: f64 = pes.iter().map(|pe| pe.total()).sum();
                near(parts.chip_j + parts.noc_j + parts.dram_j + sum, whole, &what);
                // The same split, seen from the PEs and from what they did.
                let active: f64 = pes.iter().map(|pe| pe.active_j).sum();
                let did = parts.phases_j.iter().flatten().sum::<f64>() + parts.interrupts_j;
                near(active, did, &what);
                near(pes.iter().map(|pe| pe.asleep_j).sum(), parts.asleep_j, &what);
                let polled: f64 = pes.iter().map(|pe| pe.polling_j).sum();
                near(polled, parts.polling_j, &what);
                assert_eq!(polled > 0.0, waiting == "Poll");
                assert!(parts.noc_j > 0.0 && parts.dram_j > 0.0);
            }
        }
    }
}

#[test]
fn time_steps_add_up_to_what_was_used_until_the_last_of_them() {
    for point in ["Mhz150", "Mhz300"] {
        for waiting in ["Poll", "Sleep"] {
            let session = ran(point, waiting, 5, 0);
            let steps = &session.stats().energy;
            assert_eq!(steps.history().len(), 5);
            assert!(steps.history().all(|joules| joules > 0.0));
            near(steps.history().sum(), session.energy().energy_j, waiting);
            near(steps.total(), session.energy().energy_j, waiting);
        }
    }
}

/// A PE without a program sleeps, and a PE that works uses more.
#[test]
fn a_pe_that_works_uses_more_than_one_that_sleeps() {
    let session = ran("Mhz150", "Sleep", 2, 0);
    let pes = session.meter().pes();
    let of = |used: bool| {
        let pes =
            pes.iter().zip(&session.program().pes).filter(move |(_, program)| program.is_some() == used);
        pes.map(|(energy, _)| *energy).collect::<Vec<_>>()
    };
    assert!(of(false).iter().all(|pe| pe.active_j == 0.0 && pe.polling_j == 0.0 && pe.asleep_j > 0.0));
    assert!(of(true).iter().all(|pe| pe.active_j > 0.0 && pe.polling_j == 0.0));
}
