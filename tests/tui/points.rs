//! The list of breakpoints and tracepoints, and the line in which one is typed.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::command::Command;
use spinntui::session::debug::{Names, PointCommand, PointKind, PointSpec};
use spinntui::session::engine::EngineEvent;
use spinntui::session::snapshot::{DebugView, PointView, Snapshot};
use spinntui::tui::app::{App, Effect, Msg, Overlay};
use spinntui::tui::update::update;

use crate::common::{app_with, press, text};
use crate::sample;

fn names() -> Arc<Names> {
    static NAMES: OnceLock<Arc<Names>> = OnceLock::new();
    let load = || {
        let loaded = LoadedScene::load(Path::new("scenes/lm_small.ron"), &[]).unwrap();
        Arc::new(Names::of(&build(loaded, &mut ModelCache::default()).unwrap()))
    };
    Arc::clone(NAMES.get_or_init(load))
}

fn point(id: u32, text: &str, enabled: bool, error: Option<&str>) -> PointView {
    PointView {
        id,
        text: text.to_owned(),
        kind: if id == 2 { PointKind::Trace } else { PointKind::Break },
        enabled,
        once: false,
        ignore: 0,
        hits: u64::from(id) - 1,
        error: error.map(str::to_owned),
    }
}

fn debug() -> DebugView {
    DebugView {
        points: vec![
            point(1, "perplexity > 150", true, None),
            point(2, "surprisal > 12 bits", true, None),
            point(3, "rnns.9.activity > 20 %", false, Some("column 1: there is no value `rnns.9.activity`")),
        ],
        stopped: Some("perplexity > 150 (perplexity 151.3163)".to_owned()),
        log: vec!["1234.500 µs, step 17, event 4711: surprisal > 12 bits (surprisal 9.1 nats)".to_owned()],
    }
}

/// An app of this size with the list open.
fn listing(size: (u16, u16), debug: DebugView) -> App {
    let mut app = app_with(size, Snapshot { debug, ..sample::snapshot() });
    update(&mut app, Msg::Engine(EngineEvent::Names(names())));
    press(&mut app, "b");
    app
}

/// Gives the app the names for conditions.
pub fn with_names(mut app: App) -> App {
    update(&mut app, Msg::Engine(EngineEvent::Names(names())));
    app
}

/// Types a text, character by character.
pub fn write(app: &mut App, text: &str) {
    for character in text.chars() {
        update(app, Msg::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE)));
    }
}

fn sent(command: PointCommand) -> Vec<Effect> {
    vec![Effect::Engine(Command::Points(command))]
}

#[test]
fn what_stopped_the_run_is_said_until_it_goes_on() {
    let mut app = app_with((80, 24), Snapshot { debug: debug(), ..sample::snapshot() });
    let last = |app: &App| text(app).lines().last().unwrap().to_owned();
    assert!(last(&app).contains("stopped: perplexity > 150 (perplexity 151.3163)"), "{}", last(&app));
    press(&mut app, "m");
    assert!(last(&app).contains("stopped: perplexity > 150"), "{}", last(&app));
    update(&mut app, Msg::Engine(EngineEvent::Snapshot(sample::shared())));
    assert!(!last(&app).contains("stopped:"), "{}", last(&app));
}

#[test]
fn the_list_shows_switches_and_deletes() {
    let mut app = listing((80, 24), debug());
    let screen = text(&app);
    for part in [
        "Breakpoints and tracepoints",
        "1 break on    perplexity > 150",
        "2 trace on    surprisal > 12 bits",
        "3 break error rnns.9.activity > 20 %",
        "there is no value `rnns.9.activity`",
        "2 hits",
        "noted last",
        "step 17, event 4711",
    ] {
        assert!(screen.contains(part), "{part:?} not in\n{screen}");
    }
    assert_eq!(press(&mut app, "space"), sent(PointCommand::Enable { id: 1, on: false }));
    assert_eq!(press(&mut app, "j d"), sent(PointCommand::Remove(2)));
    assert_eq!(press(&mut app, "down down down space"), sent(PointCommand::Enable { id: 3, on: true }));
    assert_eq!(press(&mut app, "k k k delete"), sent(PointCommand::Remove(1)));
    // Other keys go on to the table: one may step while the list is there.
    assert!(matches!(press(&mut app, "s").as_slice(), [Effect::Engine(Command::Step { .. })]));
    press(&mut app, "b");
    assert!(app.overlays.is_empty());
    let mut empty = listing((80, 24), DebugView::default());
    assert_eq!(press(&mut empty, "space d j k"), []);
    assert!(text(&empty).contains("none: `a` adds one"));
}

#[test]
fn a_condition_is_typed_with_its_errors_under_it() {
    let mut app = listing((80, 24), debug());
    press(&mut app, "a");
    write(&mut app, "step > 3 and perplexty > 150");
    let screen = text(&app);
    let line = screen.lines().position(|line| line.contains("break when step > 3 and perplexty")).unwrap();
    let rows: Vec<&str> = screen.lines().collect();
    let column = |row: &str, part: &str| row.split(part).next().unwrap().chars().count();
    assert_eq!(column(rows[line], "perplexty"), column(rows[line + 1], "^^^^^^^^^"), "{screen}");
    assert!(rows[line + 2].contains("there is no value `perplexty`; did you mean `perplexity`?"), "{screen}");
    assert_eq!(press(&mut app, "enter"), [], "it is not taken");
    // Mended, it is.
    press(&mut app, "left left left left left left left backspace i backspace i t y");
    press(&mut app, "ctrl-u");
    write(&mut app, "step > 3, once");
    press(&mut app, "ctrl-k");
    assert!(text(&app).contains("fine"), "{}", text(&app));
    let spec = PointSpec { text: "step > 3, once".to_owned(), kind: PointKind::Break };
    assert_eq!(press(&mut app, "enter"), sent(PointCommand::Add(spec)));
    assert!(matches!(app.overlays.last(), Some(Overlay::Points(list)) if list.asking.is_none()));
    // ↑ brings it back, as a tracepoint this time.
    let spec = PointSpec { text: "step > 3, once".to_owned(), kind: PointKind::Trace };
    assert_eq!(press(&mut app, "t up enter"), sent(PointCommand::Add(spec)));
    // Esc leaves the line, then the list; q is a letter in the line, Ctrl-c is not.
    press(&mut app, "a");
    write(&mut app, "q");
    assert_eq!(app.overlays.len(), 1);
    assert_eq!(press(&mut app, "ctrl-c"), [Effect::Quit(0)]);
    press(&mut app, "esc");
    assert_eq!(app.overlays.len(), 1);
    press(&mut app, "esc");
    assert!(app.overlays.is_empty());
}

#[test]
fn tab_completes_names() {
    let mut app = listing((80, 24), DebugView::default());
    press(&mut app, "a");
    write(&mut app, "perp");
    press(&mut app, "tab");
    assert!(text(&app).contains("break when perplexity"), "{}", text(&app));
    write(&mut app, " > 3 and rnns.2.");
    press(&mut app, "tab");
    let screen = text(&app);
    assert!(screen.contains("rnns.2.activity  rnns.2.activity_mean"), "{screen}");
    press(&mut app, "tab tab");
    assert!(text(&app).contains("and rnns.2.activity_mean"), "{}", text(&app));
}

#[test]
fn the_list_fits_any_size() {
    for size in [(80, 24), (200, 60), (60, 10), (40, 5), (20, 3), (1, 1)] {
        let mut app = listing(size, debug());
        text(&app);
        press(&mut app, "a");
        write(&mut app, &"perplexity > ".repeat(30));
        text(&app);
        press(&mut app, "home tab");
        text(&app);
    }
    let many = (1..60).map(|id| point(id, "perplexity > 150", true, None)).collect();
    let mut app = listing((80, 24), DebugView { points: many, ..DebugView::default() });
    for _ in 0..58 {
        press(&mut app, "j");
    }
    assert!(text(&app).contains(" 59 break"), "{}", text(&app));
}
