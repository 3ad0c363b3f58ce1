//! The table of a sweep's points: sorted and narrowed by keys, and what Enter opens.

use std::path::PathBuf;

use spinntui::session::command::Command;
use spinntui::tui::app::{App, Effect, Msg, Overlay};
use spinntui::tui::results::{ResultRow, Results, Value};
use spinntui::tui::update::update;

use crate::common::{app, press, text};
use crate::points::write;

fn table() -> Results {
    let row = |point: u32, pes: f64, waiting: &str, outcome: &str, energy: Option<f64>| ResultRow {
        values: vec![
            Value::Number(f64::from(point)),
            Value::Number(pes),
            Value::Word(waiting.to_owned()),
            Value::Word(outcome.to_owned()),
            energy.map_or(Value::Nothing, Value::Number),
            Value::Word("a long reason that no column of the table holds in full".to_owned()),
        ],
        scene: PathBuf::from("scenes/lm_small.ron"),
        set: vec![("chip.waiting".to_owned(), waiting.to_owned())],
    };
    Results {
        folder: "tiny-results".to_owned(),
        columns: ["point", "pes", "waiting", "outcome", "energy_j", "why"].map(str::to_owned).to_vec(),
        rows: vec![
            row(0, 6.0, "Poll", "done", Some(2.4e-3)),
            row(1, 6.0, "Sleep", "done", Some(1.9e-3)),
            row(2, 12.0, "Poll", "hung", None),
            row(3, 12.0, "Sleep", "done", Some(2.1e-3)),
        ],
    }
}

fn opened(size: (u16, u16)) -> App {
    let mut app = app(size);
    update(&mut app, Msg::Results(Box::new(Ok(table()))));
    app
}

/// Points on screen, in their order: the first column of each row.
fn points(app: &App) -> Vec<String> {
    let screen = text(app);
    let rows =
        screen.lines().filter_map(|line| line.trim_start_matches(['│', ' ', '>']).split_whitespace().next());
    rows.filter(|word| word.parse::<u32>().is_ok()).map(str::to_owned).collect()
}

#[test]
fn a_folder_is_read_by_its_name_and_shown_again_without_one() {
    let mut app = app((80, 24));
    press(&mut app, ":");
    write(&mut app, "results");
    press(&mut app, "enter");
    assert!(text(&app).contains("results FOLDER"), "{}", text(&app));
    press(&mut app, ":");
    write(&mut app, "results tiny-results");
    assert_eq!(press(&mut app, "enter"), [Effect::ReadResults(PathBuf::from("tiny-results"))]);
    update(&mut app, Msg::Results(Box::new(Err("there is no folder tiny-results".to_owned()))));
    assert!(text(&app).contains("there is no folder tiny-results") && app.overlays.is_empty());
    update(&mut app, Msg::Results(Box::new(Ok(table()))));
    assert!(text(&app).contains("Results tiny-results · 4 points"), "{}", text(&app));
    press(&mut app, "esc");
    assert!(app.overlays.is_empty());
    press(&mut app, ":");
    write(&mut app, "results");
    press(&mut app, "enter");
    assert!(matches!(app.overlays.last(), Some(Overlay::Results)));
}

#[test]
fn rows_are_sorted_by_the_chosen_column() {
    let mut app = opened((120, 40));
    assert_eq!(points(&app), ["0", "1", "2", "3"]);
    press(&mut app, "right right right right s");
    assert_eq!(points(&app), ["1", "3", "0", "2"]);
    assert!(text(&app).contains("energy_j ▲"), "{}", text(&app));
    press(&mut app, "s");
    assert_eq!(points(&app), ["0", "3", "1", "2"]);
    press(&mut app, "s");
    assert_eq!(points(&app), ["0", "1", "2", "3"]);
}

#[test]
fn rows_are_narrowed_as_terms_are_typed() {
    let mut app = opened((120, 40));
    press(&mut app, "/");
    write(&mut app, "pes>6 done");
    assert_eq!(points(&app), ["3"]);
    assert!(text(&app).contains("1 of 4 points · pes>6 done"), "{}", text(&app));
    // Keys of the table count again, and the terms stay.
    press(&mut app, "enter s");
    assert_eq!(points(&app), ["3"]);
    press(&mut app, "/ ctrl-u");
    write(&mut app, "watts>1");
    assert!(text(&app).contains("there is no column `watts`"), "{}", text(&app));
    press(&mut app, "esc");
    assert_eq!(points(&app), ["0", "1", "2", "3"]);
    update(&mut app, Msg::Paste("hung".to_owned()));
    assert!(text(&app).contains("pasted text is ignored here"));
    press(&mut app, "/");
    update(&mut app, Msg::Paste("hung".to_owned()));
    assert_eq!(points(&app), ["2"]);
    press(&mut app, "ctrl-u");
    write(&mut app, "nothing-like-it");
    assert!(text(&app).contains("no point meets these terms"));
}

#[test]
fn enter_opens_the_scene_of_the_point_with_its_edits() {
    let mut app = opened((80, 24));
    let effects = press(&mut app, "down down down enter");
    let set = vec![("chip.waiting".to_owned(), "Sleep".to_owned())];
    let open = Command::Open { scene: PathBuf::from("scenes/lm_small.ron"), set };
    assert!(effects.contains(&Effect::Engine(open)), "{effects:?}");
    assert!(app.overlays.is_empty());
    assert_eq!((app.scene.as_str(), app.watching), ("scenes/lm_small.ron", false));
    // A line of a version that did not name its scene.
    let mut old = table();
    old.rows[0].scene = PathBuf::new();
    update(&mut app, Msg::Results(Box::new(Ok(old))));
    assert!(
        !press(&mut app, "enter").iter().any(|effect| matches!(effect, Effect::Engine(Command::Open { .. })))
    );
    assert!(text(&app).contains("does not name its scene"), "{}", text(&app));
}

#[test]
fn the_selected_row_and_column_are_in_sight_at_every_size() {
    for size in [(20, 6), (40, 10), (80, 24), (120, 40), (200, 60)] {
        let mut app = opened(size);
        for _ in 0..6 {
            press(&mut app, "right down");
            assert!(text(&app).lines().count() == usize::from(size.1), "{size:?}");
        }
        if size.0 >= 80 {
            let screen = text(&app);
            assert!(screen.contains("why") && screen.contains("point"), "{screen}");
            assert!(points(&app).contains(&"3".to_owned()), "{screen}");
        }
    }
}
