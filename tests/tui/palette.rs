//! Tests of the command palette.

use spinntui::chip::geometry::Pe;
use spinntui::machine::fault::Fault;
use spinntui::session::changes::Level;
use spinntui::session::command::{Command, Speed, StepUnit};
use spinntui::session::debug::{PointCommand, PointKind, PointSpec};
use spinntui::session::history::SeekTarget;
use spinntui::session::instructions::Motion;
use spinntui::tui::app::{App, Effect, Overlay};
use spinntui::tui::command::COMMANDS;
use spinntui::tui::heat::Metric;
use spinntui::tui::palette::{matches, problem};
use spinntui::tui::panels::PanelId;

use crate::common::{app, draw, empty_app, press, text};
use crate::points::{with_names, write};

/// Types a line into the palette and presses Enter.
fn run(app: &mut App, line: &str) -> Vec<Effect> {
    press(app, ":");
    write(app, line);
    press(app, "enter")
}

fn step(unit: StepUnit, count: u32) -> Vec<Effect> {
    vec![Effect::Engine(Command::Step { unit, count })]
}

#[test]
fn commands_run_by_name_by_other_names_and_by_their_beginning() {
    let mut app = app((80, 24));
    for (line, effects) in [
        ("step", step(StepUnit::TimeStep, 1)),
        ("10 step", step(StepUnit::TimeStep, 10)),
        ("step 12", step(StepUnit::TimeStep, 12)),
        ("step-event 100", step(StepUnit::Event, 100)),
        ("step-sequence", step(StepUnit::Sequence, 1)),
        (":next", step(StepUnit::Layer, 1)),
        ("goto time 5300", vec![Effect::Engine(Command::Go(SeekTarget::TimeUs(5300.0)))]),
        ("jump step 12", vec![Effect::Engine(Command::Go(SeekTarget::Step(12)))]),
        ("bookmark here", vec![Effect::Engine(Command::Bookmark("here".to_owned()))]),
        ("speed 2 steps/s", vec![Effect::Engine(Command::SetSpeed(Speed::StepsPerSecond(2.0)))]),
        ("continue", vec![Effect::Engine(Command::Run)]),
        ("pause", vec![Effect::Engine(Command::Pause)]),
        ("q", vec![Effect::Quit(0)]),
    ] {
        assert_eq!(run(&mut app, line), effects, "{line}");
        assert!(app.overlays.is_empty(), "{line}");
    }
    let pe = app.selected.index();
    let code = |motion, count, back| Effect::Engine(Command::Code { pe, motion, count, back });
    for (line, effects) in [
        ("step-instruction", code(Motion::Instruction, 1, false)),
        ("stepi 100", code(Motion::Instruction, 100, false)),
        ("back-instruction 2", code(Motion::Instruction, 2, true)),
        ("step-line", code(Motion::Line, 1, false)),
        ("finish", code(Motion::Function, 1, false)),
        ("reverse-finish", code(Motion::Function, 1, true)),
        ("level code", Effect::Engine(Command::Level { pe, level: Level::Code })),
        ("gdb", Effect::Gdb(Some(0))),
        ("gdb 3333", Effect::Gdb(Some(3333))),
        ("gdb off", Effect::Gdb(None)),
    ] {
        // The panel requests its detail as well, so only the first effect is compared.
        assert_eq!(run(&mut app, line)[0], effects, "{line}");
        assert_eq!(app.focus(), PanelId::Pe, "{line}");
    }
    run(&mut app, "metric duty");
    assert_eq!((app.metric, app.focus()), (Metric::Duty, PanelId::Chip));
    run(&mut app, "pe 2,3,1");
    assert_eq!((Some(app.selected), app.focus()), (Pe::at(2, 3, 1), PanelId::Pe));
    run(&mut app, "noc");
    assert_eq!(app.focus(), PanelId::Noc);
    run(&mut app, "goto");
    assert!(matches!(app.overlays.last(), Some(Overlay::Asking(_))), "without a moment it asks for one");
}

#[test]
fn every_command_is_found_first_by_each_of_its_names() {
    let app = app((80, 24));
    for command in COMMANDS {
        for name in std::iter::once(&command.id).chain(command.also) {
            assert_eq!(matches(&app, name).first().map(|found| found.id), Some(command.id), "{name}");
        }
    }
    assert_eq!(matches(&app, "").len(), COMMANDS.len());
    assert_eq!(matches(&app, "tgpau").first().map(|found| found.id), Some("toggle-pause"));
}

#[test]
fn what_is_wrong_is_said_and_enter_does_nothing() {
    let mut app = app((80, 24));
    for (line, words) in [
        ("fly", "no command matches `fly`"),
        ("step x", "takes a count"),
        ("help me", "takes no argument"),
        ("pe 9,9,9", "no PE (9,9,9)"),
        ("speed", "requires an argument: free"),
        ("goto nowhere now", "unknown kind of moment `nowhere`"),
        ("zoom-in", "not now: requires focus on the timeline"),
        ("fault KillPe(pe: (1, 4))", "expected for example KillPe(pe: (3, 4, 2))"),
        ("fault Kill", "did you mean `KillPe`?"),
        ("kill 9,9,9", "no PE (9,9,9)"),
    ] {
        assert_eq!(run(&mut app, line), [], "{line}");
        let Some(Overlay::Palette(palette)) = app.overlays.last() else { panic!("{line}: closed") };
        let said = problem(&app, palette.prompt.text()).unwrap();
        assert!(said.contains(words), "{line}: {said}");
        press(&mut app, "esc");
        assert!(app.overlays.is_empty(), "{line}");
    }
    assert_eq!(run(&mut empty_app((80, 24)), "step"), [], "there is no experiment yet");
}

#[test]
fn conditions_make_points_and_run_to_them() {
    let mut app = with_names(app((80, 24)));
    let spec = |text: &str, kind| {
        Effect::Engine(Command::Points(PointCommand::Add(PointSpec { text: text.to_owned(), kind })))
    };
    assert_eq!(run(&mut app, "break step > 3"), [spec("step > 3", PointKind::Break)]);
    assert_eq!(run(&mut app, "trace step > 3"), [spec("step > 3", PointKind::Trace)]);
    let until = [spec("step > 3, once", PointKind::Break), Effect::Engine(Command::Run)];
    assert_eq!(run(&mut app, "until step > 3"), until);
    assert_eq!(run(&mut app, "until stp > 3"), [], "wrong");
    assert!(text(&app).contains("did you mean `step`?"), "{}", text(&app));
}

#[test]
fn tab_completes_names_and_what_follows_them() {
    let mut app = with_names(app((80, 24)));
    press(&mut app, ":");
    write(&mut app, "bookm");
    press(&mut app, "tab tab");
    let typed = |app: &App| match app.overlays.last() {
        Some(Overlay::Palette(palette)) => palette.prompt.text().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(typed(&app), "bookmark ");
    press(&mut app, "ctrl-u");
    write(&mut app, "metric SR");
    press(&mut app, "tab");
    assert_eq!(typed(&app), "metric SRAM fill");
    press(&mut app, "ctrl-u");
    write(&mut app, "break perp");
    press(&mut app, "tab");
    assert_eq!(typed(&app), "break perplexity");
    press(&mut app, "ctrl-u");
    write(&mut app, "fault killp");
    press(&mut app, "tab");
    assert!(typed(&app).starts_with("fault KillPe(pe: ("), "{}", typed(&app));
    let effects = press(&mut app, "enter");
    assert!(matches!(effects[..], [Effect::Engine(Command::Inject(Fault::KillPe { .. }))]), "{effects:?}");
    assert_eq!(run(&mut app, "kill"), [], "it asks for the PE");
    assert!(matches!(press(&mut app, "enter")[..], [Effect::Engine(Command::Inject(Fault::KillPe { .. }))]));
}

#[test]
fn history_brings_lines_back() {
    let mut app = app((80, 24));
    run(&mut app, "step 3");
    run(&mut app, "step-event 7");
    press(&mut app, ":");
    assert_eq!(press(&mut app, "up up enter"), step(StepUnit::TimeStep, 3));
}

#[test]
fn it_shows_what_matches_and_fits_any_size() {
    let mut app = app((80, 24));
    press(&mut app, ":");
    write(&mut app, "bo");
    let screen = text(&app);
    assert!(screen.contains("> bookmark") && screen.contains("previous-bookmark"), "{screen}");
    assert!(screen.contains("set a bookmark here"), "{screen}");
    for size in [(200, 60), (60, 12), (36, 12), (20, 3), (1, 1)] {
        app.size = size;
        draw(&app);
    }
}
