//! Stretches added by timetable leave the machine as stretches that are run do, bit by bit.

#![allow(clippy::unwrap_used, reason = "a test that fails should say where")]

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use spinntui::chip::geometry::{ChipId, PE_COUNT, Pe};
use spinntui::kernel::options::KernelKind;
use spinntui::machine::checkpoint::Checkpoint;
use spinntui::machine::exec::Machine;
use spinntui::machine::matrix::TrafficMatrix;
use spinntui::machine::pages::PageStore;
use spinntui::machine::queue::EventKind;
use spinntui::machine::record::Limits;
use spinntui::mapping::options::{Barrier, Broadcast, Payload};

use crate::exactness::{Case, build, case};

/// Everything that a machine shows but its memories and who sent to whom, in words by part; places
/// in the packet store and running numbers of events aside.
fn shown(machine: &Machine) -> Vec<String> {
    let state = machine.state();
    let mut queue = state.queue.sorted();
    for event in &mut queue {
        event.seq = 0;
        if let EventKind::Deliver(number) = &mut event.kind {
            *number = 0;
        }
    }
    let rest = (state.tick, state.events, state.sent, &state.dram_free, &state.host, &state.deliveries_left);
    let chips = (&state.router, &state.chip_links);
    let noc = (&state.noc.links, state.noc.beats_waited, state.noc.next_cycle());
    let mut parts = vec![
        format!("{queue:?}"),
        format!("{noc:?}"),
        format!("{chips:?}"),
        format!("{:?}", (&state.phases, &state.busy)),
        format!("{:?}", (&state.traffic, &state.races, &state.active)),
        format!("{rest:?}"),
    ];
    let used = state.pes.iter().zip(&machine.program().pes).filter(|(_, loaded)| loaded.is_some());
    parts.extend(used.map(|(pe, _)| format!("{pe:?}")));
    parts
}

/// Returns the first differences of two machines, in words; empty if they are equal.
fn differences(added: &mut Machine, run: &mut Machine) -> Vec<String> {
    let both = shown(added).into_iter().zip(shown(run));
    let mut found: Vec<String> =
        both.filter(|(a, b)| a != b).map(|(a, b)| format!("{a}\nfor\n{b}")).collect();
    if added.state_hash() != run.state_hash() {
        found.push("the state hash".to_owned());
        for (pe, (a, b)) in added.state().pes.iter().zip(&run.state().pes).enumerate() {
            if let Some(word) = a.sram.words().iter().zip(b.sram.words()).position(|(a, b)| a != b) {
                found.push(format!("PE {pe}: word {word}"));
            }
        }
    }
    found.truncate(3);
    found
}

/// Returns `true` if both machines sent the same packets from each PE to each PE, in the last step
/// and in all.
fn same_traffic(added: &Machine, run: &Machine) -> bool {
    let [a, b] = [added, run].map(|machine| &machine.state().matrix);
    let mut pairs = (0..PE_COUNT).flat_map(|from| (0..PE_COUNT).map(move |to| (from, to)));
    let packets = |m: &TrafficMatrix, (from, to)| (m.last_step(from, to), m.total(from, to));
    let by_qpe = |m: &TrafficMatrix| (m.qpes_last_step(ChipId::FIRST), m.qpes_total());
    by_qpe(a) == by_qpe(b) && pairs.all(|pair| packets(a, pair) == packets(b, pair))
}

/// Change made to both machines before a step, or the way in which one of them takes it.
#[derive(Clone, Copy, Debug)]
enum Move {
    /// Adds what it can of the step.
    Add,
    /// Runs the step event by event, without adding one.
    Run,
    /// Runs some events, and looks for a step to add after each.
    Events(usize),
    /// Handles up to this number of events at once, and compares the machines after each of these.
    Many(usize),
    /// Flips a bit of a PE, in whatever is at an address, after some events.
    Flip(usize, u32, usize),
    /// Loses a packet of the step.
    Lose(u64),
    /// Records the step.
    Record,
    /// Keeps this moment.
    Keep,
    /// Goes back to the saved state.
    Back,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        20 => Just(Move::Add),
        4 => Just(Move::Run),
        2 => (0_usize..300).prop_map(Move::Events),
        2 => prop_oneof![20_usize..200, 500_usize..2000].prop_map(Move::Many),
        1 => (any::<usize>(), 0_u32..0x2_0000, 0_usize..200).prop_map(|(pe, at, n)| Move::Flip(pe, at, n)),
        1 => (0_u64..200).prop_map(Move::Lose),
        1 => Just(Move::Record),
        2 => Just(Move::Keep),
        2 => Just(Move::Back),
    ];
    prop::collection::vec(one, 30..50)
}

/// The two machines, with the inputs of both.
struct Pair {
    machines: [Machine; 2],
    stores: [PageStore; 2],
    kept: Option<([Checkpoint; 2], usize)>,
    given: usize,
    /// Added stretches that were whole steps or the ends of steps.
    completed: u64,
}

impl Pair {
    /// Takes a step; `false` if the machines stop before its end.
    fn step(&mut self, one: Move, steps: &[Vec<u32>]) -> bool {
        let given = self.given;
        let mut ends = [(given, false); 2];
        for (number, machine) in self.machines.iter_mut().enumerate() {
            let mut given = given;
            let before = machine.state().events;
            ends[number].1 = loop {
                let handled = (machine.state().events - before) as usize;
                while let Some(rows) = steps.get(given)
                    && machine.announce(rows)
                {
                    given += 1;
                }
                if let Move::Flip(pe, address, after) = one
                    && handled == after
                {
                    let used: Vec<Pe> =
                        machine.program().places().filter(|&pe| machine.program().pe(pe).is_some()).collect();
                    machine.flip_bit(used[pe % used.len()], address, 3);
                }
                let adds = match one {
                    Move::Run => false,
                    Move::Flip(_, _, after) => after == 0,
                    Move::Events(after) => handled == after || handled == 0 && after > 150,
                    _ => true,
                };
                let added = if number == 0 && adds { machine.add_stretch() } else { None };
                self.completed += u64::from(added.is_some_and(|added| added.progress.step));
                let on = |machine: &mut Machine| match one {
                    // Half of the steps that are not added are run in one go.
                    Move::Add if number == 0 && given.is_multiple_of(2) => {
                        Some(machine.advance_many(usize::MAX)?.0)
                    }
                    _ => machine.advance(),
                };
                let Some(progress) = added.map(|added| added.progress).or_else(|| on(machine)) else {
                    break false;
                };
                if progress.step {
                    break true;
                }
            };
            ends[number].0 = given;
        }
        self.given = ends[0].0;
        ends[0].1
    }

    /// Takes a step, one machine `most` events at a time and the other event by event; `false` if
    /// they stop before its end, or differ at a moment at which both have handled as many.
    fn step_together(&mut self, most: usize, steps: &[Vec<u32>]) -> bool {
        let mut given = [self.given; 2];
        let [fast, run] = &mut self.machines;
        let announce = |machine: &mut Machine, given: &mut usize| {
            while let Some(rows) = steps.get(*given)
                && machine.announce(rows)
            {
                *given += 1;
            }
        };
        let going = loop {
            announce(fast, &mut given[0]);
            let before = fast.state().events;
            let ended = fast.advance_many(most);
            let handled = fast.state().events - before;
            assert!(handled <= most as u64, "{handled} events for {most}");
            for _ in 0..handled {
                announce(run, &mut given[1]);
                run.advance();
            }
            // Moments at which no more than their state is equal are looked at, too.
            if !differences(fast, run).is_empty() {
                break false;
            }
            match ended {
                None => break false,
                Some((progress, _)) if progress.step => break true,
                Some(_) => {}
            }
        };
        self.given = given[0];
        going
    }

    fn take(&mut self, one: Move, steps: &[Vec<u32>]) -> bool {
        match one {
            Move::Lose(ahead) => {
                for machine in &mut self.machines {
                    let number = machine.state().sent + ahead;
                    machine.lose_packet(number);
                }
            }
            Move::Record => self.machines[0].record(Limits::default()),
            Move::Keep => {
                let mut stores = self.stores.iter_mut();
                let kept = self.machines.each_mut().map(|machine| machine.checkpoint(stores.next().unwrap()));
                self.kept = Some((kept, self.given));
            }
            Move::Back => {
                if let Some((kept, given)) = &self.kept {
                    for (machine, kept) in self.machines.iter_mut().zip(kept) {
                        machine.restore(kept);
                    }
                    self.given = *given;
                }
            }
            Move::Add | Move::Run | Move::Events(_) | Move::Many(_) | Move::Flip(..) => {}
        }
        if let Move::Many(most) = one {
            return self.step_together(most, steps);
        }
        let going = self.step(one, steps);
        if matches!(one, Move::Record) {
            drop(self.machines[0].stop_recording());
        }
        going
    }
}

/// Returns the stretches that were added, and how many of them ended with a step; none if the
/// mapper refuses the case.
fn check(case: &Case, moves: &[Move]) -> Result<Option<(u64, u64)>, TestCaseError> {
    let (Some(one), Some(other)) = (build(case, moves.len() + 8)?, build(case, moves.len() + 8)?) else {
        return Ok(None);
    };
    let steps = one.steps;
    let stores = [PageStore::default(), PageStore::default()];
    let mut pair =
        Pair { machines: [one.machine, other.machine], stores, kept: None, given: 0, completed: 0 };
    for (number, &one) in moves.iter().enumerate() {
        let going = pair.take(one, &steps);
        let [added, run] = &mut pair.machines;
        let found = differences(added, run);
        prop_assert!(found.is_empty(), "after move {}, {:?}: {:#?}", number, one, found);
        if !going {
            break;
        }
    }
    let [added, run] = &pair.machines;
    prop_assert!(same_traffic(added, run));
    Ok(Some((added.stretches_added(), pair.completed)))
}

/// Kernels whose cycles depend on values.
const UNSTEADY: [KernelKind; 4] =
    [KernelKind::CscEvent, KernelKind::CsrRowSkip, KernelKind::DenseEvent, KernelKind::CscFast];

/// Returns the case with a program whose times do not depend on values.
fn steady(mut case: Case) -> Case {
    case.options.payload = Payload::Dense;
    if case.options.broadcast == Broadcast::Router {
        case.options.broadcast = Broadcast::QpeMulticast;
    }
    let steady = |kind| match kind {
        KernelKind::CsrRowSkip => KernelKind::CsrRow,
        KernelKind::CscEvent => KernelKind::CsrRow16,
        KernelKind::CscFast => KernelKind::CsrFast,
        KernelKind::DenseEvent => KernelKind::Dense,
        other => other,
    };
    case.kernels = case.kernels.into_iter().map(|(w, r)| (steady(w), steady(r))).collect();
    case
}

/// Returns the case with kernels that pass over silent sources behind barriers, and packets that do
/// not depend on values.
fn unsteady(mut case: Case, kinds: &[KernelKind]) -> Case {
    (case.options.barrier, case.lists) = (Barrier::Always, false);
    let mut case = steady(case);
    let kinds = kinds.iter().copied().cycle();
    case.kernels = case.kernels.into_iter().zip(kinds).map(|((input, _), kind)| (input, kind)).collect();
    for (input, recurrent) in case.kernels.iter_mut().skip(1) {
        *input = *recurrent;
    }
    case
}

/// Returns kernels for the layers of a case, of [`UNSTEADY`].
fn kinds() -> impl Strategy<Value = Vec<KernelKind>> {
    prop::collection::vec(prop::sample::select(UNSTEADY.to_vec()), 3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn added_steps_leave_what_run_steps_leave(case in case(), steadily in 0..4, moves in moves()) {
        let case = if steadily > 0 { steady(case) } else { case };
        check(&case, &moves)?;
    }

    #[test]
    fn added_stretches_leave_what_run_stretches_leave(case in case(), kinds in kinds(), moves in moves()) {
        check(&unsteady(case, &kinds), &moves)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    #[ignore = "more of the same; cargo test --test it timetable:: -- --ignored"]
    fn added_steps_leave_what_run_steps_leave_in_many_cases(
        case in case(),
        steadily in 0..4,
        moves in moves(),
    ) {
        let case = if steadily > 0 { steady(case) } else { case };
        check(&case, &moves)?;
    }

    #[test]
    #[ignore = "more of the same; cargo test --test it timetable:: -- --ignored"]
    fn added_stretches_leave_what_run_stretches_leave_in_many_cases(
        case in case(),
        kinds in kinds(),
        moves in moves(),
    ) {
        check(&unsteady(case, &kinds), &moves)?;
    }

    #[test]
    #[ignore = "more of the same; cargo test --test it timetable:: -- --ignored"]
    fn many_events_at_once_leave_what_single_events_leave_in_many_cases(case in case(), moves in moves()) {
        check(&lean(case), &moves)?;
    }
}

/// Returns the case on a chip on which events may be handled many at a time: cores send to cores.
fn lean(case: Case) -> Case {
    let mut case = case.on_one_chip();
    case.options.broadcast = Broadcast::QpeMulticast;
    case
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(15))]
    /// At every moment at which it stops, whatever goes wrong meanwhile.
    #[test]
    fn many_events_at_once_leave_what_single_events_leave(case in case(), moves in moves()) {
        check(&lean(case), &moves)?;
    }
}

/// Without the packet that the host waits for, a step ends as the packet is sent, in the middle of
/// many events at once.
#[test]
fn a_step_that_ends_with_a_lost_packet_is_not_passed_over() {
    let mut runner = TestRunner::deterministic();
    let mut checked = 0;
    for _ in 0..3 {
        let case = lean(case().new_tree(&mut runner).unwrap().current());
        for ahead in 30..100 {
            let moves = [Move::Lose(ahead), Move::Add, Move::Add, Move::Add, Move::Add];
            checked += u32::from(check(&case, &moves).unwrap().is_some());
        }
    }
    assert!(checked > 60, "{checked}");
}

/// Between the runs of kernels that pass over silent sources, stretches are added.
#[test]
fn stretches_are_added_where_runs_depend_on_values() {
    let mut runner = TestRunner::deterministic();
    let (mut added, mut cases) = (0, 0);
    for _ in 0..20 {
        let case = unsteady(case().new_tree(&mut runner).unwrap().current(), &UNSTEADY);
        if let Some((stretches, _)) = check(&case, &[Move::Add; 40]).unwrap() {
            cases += 1;
            added += stretches;
        }
    }
    assert!(cases > 5 && added > 20 * cases, "{added} stretches of {cases} x 40 steps were added");
}

/// Most steps of a program whose times do not depend on values are added.
#[test]
fn steps_are_added_where_times_repeat() {
    let mut runner = TestRunner::deterministic();
    let (mut added, mut cases) = (0, 0);
    for _ in 0..20 {
        let case = steady(case().new_tree(&mut runner).unwrap().current());
        if let Some((stretches, steps)) = check(&case, &[Move::Add; 40]).unwrap() {
            assert_eq!(stretches, steps, "a stretch of a steady program is a whole step");
            cases += 1;
            added += steps;
        }
    }
    assert!(cases > 5 && added > 12 * cases, "{added} steps of {cases} x 40 were added");
}
