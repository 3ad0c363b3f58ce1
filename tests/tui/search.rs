//! Search in the text: the line, the way to a place with its progress, and what Esc does.

use spinntui::session::command::Command;
use spinntui::session::engine::EngineEvent;
use spinntui::session::history::SeekTarget;
use spinntui::session::snapshot::{RunState, Snapshot};
use spinntui::tui::app::{App, Effect, Msg, Overlay};
use spinntui::tui::search::Found;
use spinntui::tui::update::update;

use crate::common::{app_with, press, text};
use crate::points::{with_names, write};
use crate::sample;

fn searching(size: (u16, u16), word: &str) -> App {
    let mut app = with_names(app_with(size, sample::at(5)));
    press(&mut app, "/");
    write(&mut app, word);
    press(&mut app, "enter");
    app
}

/// Step of the place that is shown.
fn step(app: &App) -> u64 {
    match app.overlays.last() {
        Some(Overlay::Search(search)) => search.found.as_ref().and_then(Found::step).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn send(app: &mut App, snapshot: Snapshot) {
    update(app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
}

#[test]
fn a_run_to_a_place_shows_its_progress_and_esc_stops_it_first() {
    let mut app = searching((80, 24), "neuron");
    let to = step(&app);
    assert!(to > 7, "{to}");
    assert_eq!(press(&mut app, "enter"), [Effect::Engine(Command::Go(SeekTarget::Step(to)))]);
    let half = 5 + (to - 5) / 2;
    send(&mut app, Snapshot { run: RunState::Running, ..sample::at(half) });
    let percent = 100 * (half - 5) / (to - 5);
    let screen = text(&app);
    assert!(screen.contains(&format!("on the way: token {half}, {percent} %")), "{screen}");
    assert!(screen.contains("Esc stops the run"), "{screen}");
    assert_eq!(press(&mut app, "esc"), [Effect::Engine(Command::Pause)]);
    send(&mut app, sample::at(half));
    assert!(text(&app).contains("n next · N before"), "{}", text(&app));
    assert_eq!(press(&mut app, "esc"), []);
    assert!(app.overlays.is_empty());
}

#[test]
fn n_and_capital_n_go_on_and_back_only_while_places_are_shown() {
    let mut app = searching((40, 12), "the");
    let first = step(&app);
    assert_eq!(press(&mut app, "n n N"), []);
    assert!(step(&app) > first);
    assert_eq!(press(&mut app, "N"), []);
    assert_eq!(step(&app), first);
    // Other keys go on to the table, as in the list of breakpoints.
    assert!(matches!(press(&mut app, "s").as_slice(), [Effect::Engine(Command::Step { .. })]));
    // Another word, and none.
    press(&mut app, "/");
    write(&mut app, "zebra");
    press(&mut app, "enter");
    assert!(app.overlays.is_empty() && text(&app).contains("`zebra` not found"), "{}", text(&app));
    assert!(matches!(press(&mut app, "n").as_slice(), [Effect::Engine(Command::Step { .. })]));
    // ↑ brings a word back; an empty line leaves.
    press(&mut app, "/ up up enter");
    assert_eq!(step(&app), first);
    press(&mut app, "esc / enter");
    assert!(app.overlays.is_empty());
}
