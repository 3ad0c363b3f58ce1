//! A lesson in the app: pages, the question, marks, presenter mode. What the engine says is
//! made up here.

use std::path::Path;

use insta::assert_snapshot;
use ratatui::style::Modifier;

use spinntui::session::command::{Command, Script, Speed, StepUnit};
use spinntui::session::debug::expr::Value;
use spinntui::session::debug::expr::unit::Unit;
use spinntui::session::engine::{EngineEvent, ScriptResult, ScriptState};
use spinntui::session::history::SeekTarget;
use spinntui::session::snapshot::Snapshot;
use spinntui::tui::app::{App, Effect, Msg, Overlay};
use spinntui::tui::heat::Metric;
use spinntui::tui::lesson::Loaded;
use spinntui::tui::lesson::course::Course;
use spinntui::tui::panels::PanelId;
use spinntui::tui::update::update;

use crate::common::{app, draw, empty_app, press, text};
use crate::sample;

const LESSON: &str = r#"Lesson(
    version: 1, title: "A lesson", about: "How lessons look.", minutes: 5, scene: "scenes/lm_small.ron",
    pages: [
        Page(
            title: "The chip",
            text: "This is a **chip** with `PEs`. It has come to step {step}, at event {events}.",
            show: (panel: Chip, metric: Layer),
            highlight: [Panel(Chip), Pe(1, 1, 0), Key("s")],
        ),
        Page(
            title: "A word",
            text: "One word was read, in {step_us}. Before that it was step {1: step}.",
            commands: [Step(unit: TimeStep, count: 1)],
            show: (panel: Timers, expanded: true),
            question: (text: "How long did it take?", choices: ["long", "{step_us}"], answer: 2, because: "It says so: {step_us}."),
        ),
        Page(
            title: "Something breaks",
            text: "A bit is flipped.",
            commands: [Inject(FlipBit(pe: (1, 1, 0), address: 0x8000, bit: 1))],
        ),
        Page(title: "Another", text: "Another mapping.", set: [("mapping.layers.0.pes", "6")]),
    ],
)"#;

fn loaded() -> Loaded {
    Loaded::from_text(LESSON, Path::new("scenes/lessons/mine.ron")).unwrap()
}

/// Creates an app of this size with the lesson, and returns its requests to the engine after
/// the first snapshot.
fn lesson(size: (u16, u16)) -> (App, Vec<Effect>) {
    let mut app = empty_app(size);
    app.lesson = Some(Course::new(loaded()));
    let snapshot = Snapshot { events: 0, ..sample::snapshot() };
    let effects = update(&mut app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
    (app, effects)
}

fn script(effects: &[Effect]) -> Script {
    let found = effects.iter().find_map(|effect| match effect {
        Effect::Engine(Command::Perform(script)) => Some(script.clone()),
        _ => None,
    });
    found.expect("nothing is to be performed")
}

/// Answers the last request as the engine would, with the experiment at event `events`.
fn done(app: &mut App, effects: &[Effect], events: u64) {
    let asked = script(effects);
    let value = |name: &String| match name.as_str() {
        "step_us" => Ok(Value::Number(290.3, Unit::Microseconds)),
        "events" => Ok(Value::Number(events as f64, Unit::Plain)),
        _ => Ok(Value::Number(0.0, Unit::Plain)),
    };
    let values = asked.values.iter().map(value).collect();
    let arrived = ScriptState { events, state_hash: u128::from(events) + 1, values, conditions: Vec::new() };
    let performed = ScriptResult { tag: asked.tag, result: Ok(arrived) };
    update(app, Msg::Engine(EngineEvent::ScriptEnded(Box::new(performed))));
}

/// Returns the lesson at its second page.
fn second(size: (u16, u16)) -> App {
    let (mut app, effects) = lesson(size);
    done(&mut app, &effects, 0);
    let effects = press(&mut app, ".");
    done(&mut app, &effects, 1684);
    app
}

fn snapshots() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind_to_scope()
}

#[test]
fn screens() {
    let _settings = snapshots();
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40)), ("200x60", (200, 60))] {
        let (mut app, effects) = lesson(size);
        done(&mut app, &effects, 0);
        assert_snapshot!(format!("{name}-lesson"), text(&app));
    }
    let mut app = second((80, 24));
    press(&mut app, "' 1");
    assert_snapshot!("80x24-lesson-question", text(&app));
}

#[test]
fn a_lesson_begins_with_the_first_picture_and_shows_what_the_page_is_about() {
    let (mut app, effects) = lesson((80, 24));
    let asked = script(&effects);
    assert_eq!(asked.commands, [], "the scene is open already");
    assert_eq!(asked.values, ["step", "events"]);
    assert_eq!((app.focus(), app.metric), (PanelId::Chip, Metric::Layer));
    assert!(text(&app).contains("come to step …"), "{}", text(&app));
    done(&mut app, &effects, 0);
    assert!(text(&app).contains("come to step 0, at event 0."), "{}", text(&app));
    // The first page has none before it, the last none after it.
    assert_eq!(press(&mut app, ","), []);
    assert!(text(&app).contains("this is the first page"));
}

#[test]
fn pages_lead_on_and_back() {
    let mut app = second((120, 40));
    assert_eq!((app.focus(), app.expanded), (PanelId::Timers, true));
    assert!(text(&app).contains("in 290.3 µs."), "{}", text(&app));
    // On: what the page does, from where it stands. Back: to the event of the page.
    let effects = press(&mut app, ".");
    assert!(matches!(script(&effects).commands[..], [Command::Inject(_)]));
    done(&mut app, &effects, 1684);
    // A fault at the very event of the page before: only from the scene on is it surely undone.
    let effects = press(&mut app, ",");
    let asked = script(&effects).commands;
    assert!(matches!(asked[..], [Command::Open { .. }, Command::Step { .. }]), "{asked:?}");
    done(&mut app, &effects, 1684);
    let effects = press(&mut app, ",");
    assert_eq!(script(&effects).commands, [Command::Go(SeekTarget::Event(0))]);
    done(&mut app, &effects, 0);
    assert!(!app.expanded);
}

#[test]
fn what_was_done_by_hand_does_not_change_where_pages_lead() {
    let mut app = second((80, 24));
    // Steps by hand: back to the page's own moment first, and from there on.
    press(&mut app, "s s");
    let effects = press(&mut app, ",");
    assert_eq!(script(&effects).commands, [Command::Go(SeekTarget::Event(0))]);
    done(&mut app, &effects, 0);
    press(&mut app, "s");
    let effects = press(&mut app, ".");
    assert_eq!(script(&effects).commands, [Command::Go(SeekTarget::Event(1684))]);
    done(&mut app, &effects, 1684);
    // A manual reload: the scene is opened again.
    press(&mut app, "r");
    let effects = press(&mut app, ",");
    assert!(matches!(script(&effects).commands[..], [Command::Open { .. }]));
}

#[test]
fn another_scene_is_opened_for_the_page_that_wants_one() {
    let mut app = second((80, 24));
    let effects = press(&mut app, ".");
    done(&mut app, &effects, 1684);
    let effects = press(&mut app, ".");
    match &script(&effects).commands[..] {
        [Command::Open { set, .. }] => assert_eq!(set[0].0, "mapping.layers.0.pes"),
        other => panic!("{other:?}"),
    }
    done(&mut app, &effects, 0);
    assert_eq!(press(&mut app, "."), []);
    assert!(text(&app).contains("this is the last page"));
}

#[test]
fn a_way_that_fails_is_tried_anew_and_then_said() {
    let mut app = second((80, 24));
    let fail = |app: &mut App, effects: &[Effect]| {
        let failed = ScriptResult { tag: script(effects).tag, result: Err("no such moment".to_owned()) };
        update(app, Msg::Engine(EngineEvent::ScriptEnded(Box::new(failed))))
    };
    let effects = press(&mut app, ",");
    let again = fail(&mut app, &effects);
    assert!(matches!(script(&again).commands[..], [Command::Open { .. }]));
    fail(&mut app, &again);
    assert!(text(&app).contains("no such moment"), "{}", text(&app));
    // Answers to what was asked before are of no concern.
    assert_eq!(fail(&mut app, &effects), []);
}

#[test]
fn a_question_is_answered_once_and_says_why() {
    for size in [(80, 24), (100, 30), (120, 40)] {
        let mut app = second(size);
        let asking = |app: &App| app.lesson.as_ref().unwrap().asking;
        press(&mut app, "'");
        let screen = text(&app);
        assert!(screen.contains("How long did it take?") && screen.contains("2 290.3 µs"), "{screen}");
        assert!(asking(&app) && !screen.contains("It says so"), "{screen}");
        // A digit answers, and picks no panel; the first answer counts.
        assert_eq!(press(&mut app, "1"), []);
        assert_eq!(app.focus(), PanelId::Timers);
        let screen = text(&app);
        for part in ["1 is wrong: the answer is 2.", "It says", ">> 2", "no 1"] {
            assert!(screen.contains(part), "{part:?} not in {screen}");
        }
        press(&mut app, "esc");
        assert!(!asking(&app) && app.expanded, "Esc closes the question only");
        let (mut app, effects) = lesson(size);
        done(&mut app, &effects, 0);
        press(&mut app, "'");
        assert!(!asking(&app) && text(&app).contains("this page has no question"));
    }
}

#[test]
fn a_question_covers_no_panel_and_leaves_every_other_key_its_meaning() {
    for size in [(80, 24), (100, 30), (120, 40), (200, 60)] {
        let mut app = second(size);
        press(&mut app, "'");
        let area = spinntui::tui::teaching::strip::area(&app, app.size).unwrap();
        let plan = app.plan();
        assert!(plan.panels.iter().all(|(_, panel)| !panel.intersects(area)), "{size:?}");
        assert!(plan.panels.iter().any(|(panel, _)| *panel == PanelId::Timers), "{size:?}");
        // Keys for the chip and the panels, and digits that are no choice.
        assert_eq!(
            press(&mut app, "s"),
            [Effect::Engine(Command::Step { unit: StepUnit::TimeStep, count: 1 })]
        );
        press(&mut app, "!");
        assert!(matches!(app.overlays.last(), Some(Overlay::Findings { .. })), "{size:?}");
        press(&mut app, "esc z 6");
        update(&mut app, Msg::CountExpired);
        assert!(app.overlays.is_empty() && !app.expanded && app.focus() == PanelId::Sparsity, "{size:?}");
        let course = |app: &App| app.lesson.clone().unwrap();
        assert!(course(&app).asking && course(&app).answers[1].is_none(), "{size:?}");
        press(&mut app, "2");
        assert!(text(&app).contains("2 is right."), "{}", text(&app));
        // Once answered, digits select panels again; turning the page closes the question.
        press(&mut app, "1");
        assert_eq!((app.focus(), course(&app).answers[1]), (PanelId::Chip, Some(1)));
        update(&mut app, Msg::CountExpired);
        press(&mut app, ".");
        assert!(!course(&app).asking);
    }
}

#[test]
fn the_message_names_the_scene_of_the_page() {
    let mut app = second((80, 24));
    app.lesson.as_mut().unwrap().loaded.sources[1].scene = "scenes/other.ron".into();
    update(&mut app, Msg::Engine(EngineEvent::SceneLoaded));
    assert!(text(&app).contains("scenes/other.ron loaded"), "{}", text(&app));
}

#[test]
fn marks_are_seen_without_colours() {
    for size in [(80, 24), (120, 40)] {
        let (mut app, effects) = lesson(size);
        done(&mut app, &effects, 0);
        let screen = text(&app);
        assert!(screen.contains(">> 1 Chip"), "{screen}");
        assert!(screen.lines().last().unwrap().contains(">> s step"), "{screen}");
        // PE(1,1,0), in reverse.
        let buf = draw(&app);
        let marked = |x: u16, y: u16| {
            let pair = format!("{}{}", buf[(x, y)].symbol(), buf[(x + 1, y)].symbol());
            pair == ">>" && buf[(x, y)].modifier.contains(Modifier::REVERSED)
        };
        let count =
            (1..size.1 - 1).flat_map(|y| (0..size.0 - 1).map(move |x| (x, y))).filter(|&(x, y)| marked(x, y));
        assert!(count.count() >= 2, "the panel's title and the PE:\n{screen}");
        press(&mut app, "L");
        assert!(!text(&app).contains(">> 1 Chip") && !text(&app).contains("This is a chip"));
        press(&mut app, "L");
        assert!(text(&app).contains("This is a chip"));
    }
}

#[test]
fn the_text_hides_no_panel_and_fits_any_size() {
    for columns in (1..=240).step_by(7) {
        for rows in 1..=70 {
            let (mut app, effects) = lesson((columns, rows));
            done(&mut app, &effects, 0);
            let plan = app.plan();
            let Some(area) = spinntui::tui::teaching::strip::area(&app, app.size) else { continue };
            for (panel, shown) in &plan.panels {
                assert!(!shown.intersects(area), "{panel:?} at {columns}x{rows}");
            }
            assert!(!plan.footer.intersects(area) && !plan.status.intersects(area), "{columns}x{rows}");
            assert!(!plan.too_small, "{columns}x{rows}");
        }
    }
    for size in [(1, 1), (36, 12), (40, 14), (80, 24), (114, 12), (200, 60)] {
        let mut app = second(size);
        text(&app);
        press(&mut app, "' 2 pagedown pageup");
        text(&app);
    }
}

#[test]
fn presenter_mode_shows_the_last_three_keys_and_runs_slowly() {
    let mut app = app((80, 24));
    let slow = Effect::Engine(Command::SetSpeed(Speed::StepsPerSecond(2.0)));
    assert_eq!(press(&mut app, "H"), [slow]);
    assert!(text(&app).lines().next().unwrap().contains("presenting"));
    press(&mut app, "3 s z z m");
    let first = text(&app).lines().next().unwrap().to_owned();
    assert!(first.ends_with("z expand   z expand   m metric"), "{first}");
    press(&mut app, "s");
    press(&mut app, "1 0 s");
    assert!(text(&app).lines().next().unwrap().ends_with("s step   10s step"), "{}", text(&app));
    assert_eq!(press(&mut app, "H"), [Effect::Engine(Command::SetSpeed(Speed::Unlimited))]);
    assert!(!text(&app).lines().next().unwrap().contains("10s step"));
}

#[test]
fn presented_keys_stand_beside_the_status_not_over_it() {
    for (columns, rows) in [(36, 12), (60, 20), (80, 24), (200, 60)] {
        let plain = text(&app((200, 60))).lines().next().unwrap().to_owned();
        let mut app = app((columns, rows));
        press(&mut app, "H s S z");
        let shown = text(&app).lines().next().unwrap().to_owned();
        assert!(shown.ends_with(" z expand"), "{shown}");
        // Parts of the status stand whole, or not at all; the state always does.
        let parts = |line: &str| -> Vec<String> {
            let keys = [" s step ", " S back ", " z expand"].iter().filter_map(|key| line.find(key)).min();
            let status = line[..keys.unwrap_or(line.len())].trim_start();
            assert!(status.starts_with("PAUSED"), "{columns}: {line}");
            // Behind a gap: the scene's title.
            let status = status.trim_start_matches("PAUSED").trim_start().split("   ").next().unwrap();
            status.trim_end().split(" · ").map(str::to_owned).collect()
        };
        let whole = parts(&plain);
        for part in parts(&shown) {
            assert!(
                part.is_empty() || whole.contains(&part),
                "{columns}: {part:?} of {shown:?} is none of {whole:?}"
            );
        }
        // A count that is being typed is seen.
        press(&mut app, "0 5");
        let counting = text(&app).lines().next().unwrap().to_owned();
        assert!(counting.contains("count 5") && counting.contains("0 pins"), "{columns}: {counting}");
    }
}
