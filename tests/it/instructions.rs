//! Stepping through machine code in the app's engine: forwards, backwards, by line and function;
//! the level of a PE as a recorded command.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test helper that fails should say where"
)]

use std::path::Path;

use crate::common::spinntui;
use crate::driver::Driver;
use spinntui::chip::geometry::Pe;
use spinntui::kernel::code::write::{CodeWrite, Register};
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::changes::Level;
use spinntui::session::command::{Command, StepUnit};
use spinntui::session::history::SeekTarget;
use spinntui::session::inspect::{CodeView, Part, PartView, PeLocation, Request};
use spinntui::session::instructions::Motion;
use spinntui::session::snapshot::{Focus, SharedSnapshot};

const SMALL: &str = "scenes/lm_small.ron";

/// Engine whose snapshots show the machine code of a PE.
struct AtCode {
    driver: Driver,
    pe: Pe,
}

impl AtCode {
    fn open(record: Option<&Path>) -> Self {
        Self::on(SMALL, Pe::at(1, 4, 2).unwrap(), record)
    }

    fn on(scene: &str, pe: Pe, record: Option<&Path>) -> Self {
        let driver = Driver::open(scene, &[], record);
        let place = PeLocation { pe: pe.index(), part: Part::Code, at: 0 };
        driver.does(Command::Focus(Focus::Inspect(Request { place, by_distance: false })));
        Self { driver, pe }
    }

    fn does(&self, command: Command) -> SharedSnapshot {
        self.driver.does(command)
    }

    fn says(&self, command: Command) -> String {
        self.driver.says(command)
    }

    fn moves(&self, motion: Motion, count: u32, back: bool) -> (SharedSnapshot, CodeView) {
        let snapshot = self.does(Command::Code { pe: self.pe.index(), motion, count, back });
        let code = code(&snapshot);
        (snapshot, code)
    }

    fn forward(&self, motion: Motion, count: u32) -> CodeView {
        self.moves(motion, count, false).1
    }

    fn back(&self, motion: Motion, count: u32) -> CodeView {
        self.moves(motion, count, true).1
    }

    fn level(&self, level: Level) -> String {
        self.says(Command::Level { pe: self.pe.index(), level })
    }
}

fn code(snapshot: &SharedSnapshot) -> CodeView {
    match &snapshot.detail.inspection().unwrap().view {
        Some(PartView::Code(Some(code))) => (**code).clone(),
        other => panic!("{other:?}"),
    }
}

fn executed(code: &CodeView) -> u64 {
    code.call.as_ref().expect("no call is under way").executed
}

fn line(code: &CodeView) -> u32 {
    code.listing[code.at.unwrap()].line.unwrap()
}

#[test]
fn steps_go_by_instruction_line_and_function_and_each_way_back() {
    let driver = AtCode::open(None);
    // The first one runs the chip to the first instruction of the next call.
    let first = driver.forward(Motion::Instruction, 1);
    assert_eq!((executed(&first), first.level), (0, Level::Code));
    assert_eq!((first.function.as_str(), first.source_file.as_str()), ("csr_row", "csr_row.c"));
    assert!(first.source.iter().any(|text| text.contains("__builtin_fmaf")), "{:?}", first.source);
    let later = driver.forward(Motion::Instruction, 9);
    assert_eq!(executed(&later), 9);
    let call = later.call.as_ref().unwrap();
    assert!(call.cycles > 9 && call.whole_cycles > Some(call.cycles), "{call:?}");
    assert!(call.core.iter().any(|register| register.changed), "{call:?}");
    let before = driver.back(Motion::Instruction, 9);
    assert_eq!(before, first, "back at the same registers");

    let next = driver.forward(Motion::Line, 1);
    assert_ne!(line(&next), line(&first));
    let after = driver.forward(Motion::Line, 3);
    let again = driver.back(Motion::Line, 3);
    assert_eq!(executed(&again), executed(&next), "three lines forwards and back");
    assert!(executed(&after) > executed(&again));

    let end = driver.forward(Motion::Function, 1);
    let call = end.call.as_ref().unwrap();
    assert!(call.returned && Some(call.executed) == call.instructions, "{call:?}");
    assert_eq!(call.frames[0].place, "returned");
    assert_eq!(executed(&driver.back(Motion::Function, 1)), 0);
    // The first step ends this call, the second one begins the next.
    let (next, begun) = driver.moves(Motion::Function, 2, false);
    let (last, code) = driver.moves(Motion::Instruction, 1, true);
    assert!(executed(&begun) == 0 && last.events < next.events, "{} {}", last.events, next.events);
    assert_eq!(Some(executed(&code) + 1), code.call.unwrap().instructions);
}

/// Moments at which the functions of a run begin, for every family with runs of several calls.
#[test]
fn functions_of_a_run_follow_each_other_forwards_and_backwards() {
    let cases: [(&str, usize, &[&str]); 2] = [
        ("scenes/lif.ron", 0, &["filter", "fire_one", "set_to", "clear"]),
        ("scenes/spiking_gpt.ron", 1, &["clear", "list_rows", "add_rows", "list_rows", "subtract_rows"]),
    ];
    for (scene, population, expected) in cases {
        let session = build(LoadedScene::load(Path::new(scene), &[]).unwrap(), &mut ModelCache::default());
        let pe = session.unwrap().program().populations[population].pes[0];
        let driver = AtCode::on(scene, pe, None);
        let first = driver.forward(Motion::Instruction, 1);
        assert_eq!(executed(&first), 0, "{scene}");
        let mut seen = vec![first];
        let follows = |seen: &[CodeView], pair: &[&str]| {
            seen.windows(2).any(|two| two[0].function == pair[0] && two[1].function == pair[1])
        };
        while seen.len() < 60 && !expected.windows(2).all(|pair| follows(&seen, pair)) {
            seen.push(driver.forward(Motion::Function, 1));
        }
        let names: Vec<&str> = seen.iter().map(|code| code.function.as_str()).collect();
        let follow = |pair: &[&str]| follows(&seen, pair);
        assert!(expected.windows(2).all(follow), "{scene}: {names:?}");
        let begins = seen.iter().filter(|code| code.call.as_ref().is_some_and(|call| !call.returned));
        let begins: Vec<&CodeView> = begins.collect();
        assert!(begins.len() > 4, "{names:?}");
        for before in begins.iter().rev().skip(1) {
            let mut back = driver.back(Motion::Function, 1);
            // An end lies between the functions of two runs.
            if executed(&back) != executed(before) || back.function != before.function {
                back = driver.back(Motion::Function, 1);
            }
            let state = |code: &CodeView| {
                let call = code.call.clone().unwrap();
                (code.function.clone(), call.executed, call.cycles, call.frames)
            };
            assert_eq!(state(&back), state(before), "{scene}: {names:?}");
        }
    }
}

#[test]
fn stepping_back_leads_to_calls_before_the_first_step() {
    let driver = AtCode::open(None);
    driver.does(Command::Step { unit: StepUnit::TimeStep, count: 2 });
    let first = driver.moves(Motion::Instruction, 1, false).0;
    let (before, code) = driver.moves(Motion::Instruction, 1, true);
    assert!(before.events < first.events && before.steps < 2, "{}", before.events);
    let call = code.call.as_ref().unwrap();
    assert_eq!(Some(call.executed + 1), call.instructions, "the last instruction of the call before");
    assert_eq!(code.level, Level::Native, "the level was set later");
    // Four calls of two steps lie before; then there is nothing.
    let said = driver.says(Command::Code {
        pe: driver.pe.index(),
        motion: Motion::Function,
        count: 100,
        back: true,
    });
    assert!(said.contains("no call of PE(1,4,2) lies before"), "{said}");
}

#[test]
fn levels_give_the_same_output_and_a_replay_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.ron");
    let mut driver = AtCode::open(Some(&file));
    driver.does(Command::Step { unit: StepUnit::TimeStep, count: 3 });
    assert!(driver.level(Level::Code).contains("PE(1,4,2) at level code"));
    assert!(driver.level(Level::Code).contains("already"));
    driver.does(Command::Step { unit: StepUnit::Layer, count: 2 });
    driver.forward(Motion::Instruction, 30);
    driver.forward(Motion::Function, 2);
    driver.back(Motion::Instruction, 40);
    driver.does(Command::Step { unit: StepUnit::TimeStep, count: 2 });
    assert!(driver.level(Level::Native).contains("level native"));
    driver.does(Command::Step { unit: StepUnit::TimeStep, count: 1 });
    // Before both changes: neither has been made.
    let back = driver.does(Command::Go(SeekTarget::Step(2)));
    assert_eq!(code(&back).level, Level::Native);
    assert!(driver.level(Level::Code).contains("at level code"));
    let end = driver.does(Command::Step { unit: StepUnit::TimeStep, count: 4 });
    assert_eq!(code(&end).level, Level::Code);
    driver.driver.stop();

    let again = spinntui(&["replay", file.to_str().unwrap()]);
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(0), "{said}");
    assert!(said.contains("the final state equals the recorded one"), "{said}");

    let loaded = LoadedScene::load(Path::new(SMALL), &[]).unwrap();
    let mut native = build(loaded, &mut ModelCache::default()).unwrap();
    while native.steps() < end.steps {
        native.step(StepUnit::TimeStep);
    }
    assert_eq!((end.tick, end.events), (native.tick(), native.machine().state().events));
}

/// Writes within a call belong to it: its time and results are those with the write, going back
/// before the write undoes it, and a replay makes it between the same instructions.
#[test]
fn writes_change_their_call_are_undone_by_going_back_and_repeated_by_a_replay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.ron");
    let mut driver = AtCode::open(Some(&file));
    let pe = driver.pe.index();
    driver.does(Command::Step { unit: StepUnit::TimeStep, count: 2 });
    driver.forward(Motion::Instruction, 1);
    let (place, before) = driver.moves(Motion::Instruction, 60, false);
    let call = before.call.as_ref().unwrap();
    // The next end of a row is then the end of all (`cmp r6, r4`).
    let end = CodeWrite::Registers(vec![(Register::Core(6), call.core[4].bits)]);
    let write = |after: u64, what: &CodeWrite| Command::Write { pe, after: Some(after), what: what.clone() };
    let said = driver.says(write(60, &end));
    assert!(said.contains("PE(1,4,2) written; stepping back undoes it"), "{said}");
    let written = code(&driver.does(Command::Bookmark("written".into())));
    let with = written.call.as_ref().unwrap();
    assert_eq!((with.executed, with.core[6].bits), (60, call.core[4].bits));
    assert!(with.instructions < call.instructions, "{with:?} {call:?}");

    // At the write it holds, an instruction before it does not, and going on does not bring it
    // back.
    driver.forward(Motion::Instruction, 3);
    assert_eq!(driver.back(Motion::Instruction, 3).call.unwrap().instructions, with.instructions);
    let undone = driver.back(Motion::Instruction, 1).call.unwrap();
    assert_eq!((undone.instructions, undone.core[6].bits), (call.instructions, call.core[6].bits));
    assert_eq!(driver.forward(Motion::Instruction, 1), before);

    // Twice, and memory as well: the value of the row's sum, which the call has not come to.
    driver.says(write(60, &end));
    driver.forward(Motion::Instruction, 2);
    let sum = call.core[5].bits;
    driver.says(write(62, &CodeWrite::Memory { address: sum + 1, bytes: vec![1, 2, 3] }));
    assert!(driver.level(Level::Native).contains("the level can change at the call's end"));
    let after = driver.does(Command::Step { unit: StepUnit::TimeStep, count: 1 });
    assert_eq!(after.steps, 3);

    // Before the call: all writes of it are undone.
    driver.does(Command::Go(SeekTarget::Event(place.events - 1)));
    let undone = driver.forward(Motion::Instruction, 1).call.unwrap();
    assert_eq!(undone.instructions, call.instructions);
    let native = driver.does(Command::Step { unit: StepUnit::TimeStep, count: 1 });
    assert_eq!(native.steps, 3);

    // Between calls, memory only; the writer is known.
    let said = driver.says(Command::Write { pe, after: Some(0), what: end.clone() });
    assert!(said.contains("between calls"), "{said}");
    let said = driver.says(Command::Write { pe, after: None, what: end });
    assert!(said.contains("between calls"), "{said}");
    let word = CodeWrite::Memory { address: sum, bytes: vec![0, 0, 0x80, 0x3F] };
    driver.says(Command::Write { pe, after: None, what: word });
    let said = driver.says(Command::WhoWrote { pe, bytes: sum..sum + 4 });
    assert!(said.contains("a debugger"), "{said}");
    let outside = CodeWrite::Memory { address: 0x1_FFFF, bytes: vec![0, 0] };
    let said = driver.says(Command::Write { pe, after: None, what: outside });
    assert!(said.contains("do not all lie in the SRAM"), "{said}");

    driver.forward(Motion::Instruction, 41);
    driver.says(write(40, &CodeWrite::Registers(vec![(Register::Single(15), 3.5_f32.to_bits())])));
    driver.does(Command::Step { unit: StepUnit::Layer, count: 1 });
    driver.does(Command::Step { unit: StepUnit::TimeStep, count: 2 });
    driver.driver.stop();
    let again = spinntui(&["replay", file.to_str().unwrap()]);
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(0), "{said}");
    assert!(said.contains("the final state equals the recorded one"), "{said}");
}
