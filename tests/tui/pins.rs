//! The panel of pins: what it shows, how expressions are typed, selected and taken out.

use insta::assert_snapshot;
use spinntui::session::command::Command;
use spinntui::session::engine::EngineEvent;
use spinntui::session::history::BookmarkCommand;
use spinntui::session::snapshot::{Bookmark, Snapshot, WatchView};
use spinntui::session::watchlist::WatchCommand;
use spinntui::tui::app::{App, Effect, Msg};
use spinntui::tui::panels::PanelId;
use spinntui::tui::state::kept::Kept;
use spinntui::tui::theme::{Glyphs, Looks};
use spinntui::tui::update::update;

use crate::common::{app_with, empty_app, press, text};
use crate::points::{with_names, write};
use crate::sample;

fn pin(id: u32, text: &str, now: &str, values: Vec<Option<f64>>) -> WatchView {
    let since = 228 - values.len() as u64;
    WatchView { id, text: text.to_owned(), now: now.to_owned(), since, values, ..WatchView::default() }
}

fn pinned() -> Snapshot {
    let wave = |step: u32| Some(150.0 + 10.0 * f64::from(step % 40) / 40.0);
    let state = |step: u32| (step % 7 != 3).then_some(f64::from(step % 11) / 10.0 - 0.5);
    let mut gone = pin(3, "rnns.9.activity", "not there yet", Vec::new());
    gone.error = Some("column 1: there is no value `rnns.9.activity`".to_owned());
    let mut words = pin(4, "token", "\"quiet\"", vec![None; 3]);
    words.words = ["is", "a", "quiet"].map(str::to_owned).to_vec();
    let watches = vec![
        pin(1, "perplexity", "157.25", (0..200).map(wave).collect()),
        pin(2, "unit(\"rnns.1\", 41).c", "-0.0555", (0..60).map(state).collect()),
        gone,
        words,
    ];
    Snapshot { watches, ..sample::snapshot() }
}

fn removed(id: u32) -> Vec<Effect> {
    vec![Effect::Engine(Command::Watch(WatchCommand::Remove(id)))]
}

fn sent(app: &mut App, line: &str) -> Vec<Effect> {
    press(app, ":");
    write(app, line);
    press(app, "enter")
}

#[test]
fn charts_and_values_are_shown_at_every_size() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    let _settings = settings.bind_to_scope();
    for (name, size) in [("80x24", (80, 24)), ("120x40", (120, 40)), ("200x60", (200, 60))] {
        let mut app = app_with(size, pinned());
        press(&mut app, "0");
        let screen = text(&app);
        for part in ["0 Pins", "1 perplexity", "157.25", "-0.0555", "there is no value", "is a quiet"] {
            assert!(screen.contains(part), "{part:?} not in\n{screen}");
        }
        assert_snapshot!(format!("{name}-pins"), screen);
    }
    let mut app = app_with((80, 24), pinned());
    app.set_looks(Looks { glyphs: Glyphs::Ascii, ..app.theme.looks() });
    press(&mut app, "0 z");
    assert!(text(&app).is_ascii(), "{}", text(&app));
    // One row a pin where there are no more.
    let mut app = app_with((40, 12), pinned());
    press(&mut app, "0 j j j j j");
    assert!(text(&app).contains("4 token"), "{}", text(&app));
}

#[test]
fn pins_are_selected_and_taken_out() {
    let mut app = app_with((80, 24), pinned());
    press(&mut app, "delete");
    assert_eq!(app.picture().unwrap().watches.len(), 4, "only in the panel");
    press(&mut app, "0");
    assert_eq!(press(&mut app, "delete"), removed(1));
    assert_eq!(press(&mut app, "j j delete"), removed(3));
    assert_eq!(press(&mut app, "down down down delete"), removed(4));
    assert_eq!(press(&mut app, "k delete"), removed(3));
    assert_eq!(sent(&mut app, "unpin 2"), removed(2));
    assert_eq!(sent(&mut app, "unpin 7"), []);
    assert!(text(&app).contains("there is no pin `7`; there are 1, 2, 3, 4"), "{}", text(&app));
}

#[test]
fn an_expression_is_typed_with_its_errors_below_it() {
    let mut app = with_names(app_with((80, 24), sample::snapshot()));
    press(&mut app, "0");
    assert!(text(&app).contains("Nothing is pinned. @ pins a value"), "{}", text(&app));
    press(&mut app, "esc @");
    write(&mut app, "perplexty");
    assert!(text(&app).contains("did you mean `perplexity`?"), "{}", text(&app));
    assert_eq!(press(&mut app, "enter"), []);
    press(&mut app, "backspace backspace i tab");
    let pin = |text: &str| vec![Effect::Engine(Command::Watch(WatchCommand::Add(text.to_owned())))];
    assert_eq!(press(&mut app, "enter"), pin("perplexity"));
    assert_eq!(app.focus(), PanelId::Pins);
    assert_eq!(sent(&mut app, "pin unit(\"rnns.1\", 4).c"), pin("unit(\"rnns.1\", 4).c"));
    assert_eq!(sent(&mut app, "pin power"), pin("power"));
    // Conditions are no values, and there is nothing to write.
    assert_eq!(sent(&mut app, "pin perplexity > 3"), []);
    assert!(text(&app).contains("is not a value to show"), "{}", text(&app));
    press(&mut app, "esc");
    assert_eq!(sent(&mut app, "export-pins x.csv"), []);
    assert!(text(&app).contains("nothing is pinned yet"), "{}", text(&app));
    let mut app = app_with((80, 24), pinned());
    let written = sent(&mut app, "export-pins x.csv");
    assert_eq!(written, [Effect::Engine(Command::Watch(WatchCommand::Export("x.csv".into())))]);
}

#[test]
fn what_was_kept_is_restored_once_and_counts_as_kept_until_it_is_there() {
    let bookmark = Bookmark { name: "odd".to_owned(), note: "a word".to_owned(), ..Bookmark::default() };
    let kept = Kept { pins: vec!["power".to_owned()], bookmarks: vec![bookmark.clone()], ..Kept::default() };
    let mut app = empty_app((80, 24));
    app.kept = Some(kept);
    let send =
        |app: &mut App, snapshot: Snapshot| update(app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
    let sent = send(&mut app, sample::snapshot());
    let restore = BookmarkCommand::Restore(vec![bookmark.clone()]);
    let pins = WatchCommand::Replace(vec!["power".to_owned()]);
    assert_eq!(sent, [Effect::Engine(Command::Watch(pins)), Effect::Engine(Command::Bookmarks(restore))]);
    assert_eq!(send(&mut app, sample::snapshot()), [], "once");
    assert!(app.kept.is_some(), "left now, the app would keep what it has not restored yet");
    let mut there = sample::snapshot();
    there.watches = vec![pin(1, "power", "0.4 W", Vec::new())];
    there.history.bookmarks = vec![bookmark];
    send(&mut app, there);
    assert_eq!(app.kept, None);
}

#[test]
fn bookmarks_take_words_and_are_taken_away_by_name() {
    let mut snapshot = sample::snapshot();
    let bookmark = Bookmark { name: "odd".to_owned(), note: "the ~chip".to_owned(), ..Bookmark::default() };
    snapshot.history.bookmarks = vec![bookmark];
    let mut app = app_with((80, 24), snapshot);
    let note = BookmarkCommand::Note { name: "here".to_owned(), note: "c of 41".to_owned() };
    let wanted = [Command::Bookmark("here".to_owned()), Command::Bookmarks(note)].map(Effect::Engine);
    assert_eq!(sent(&mut app, "bookmark here  c of 41 "), wanted);
    let removed = Command::Bookmarks(BookmarkCommand::Remove("odd".to_owned()));
    assert_eq!(sent(&mut app, "delete-bookmark odd"), [Effect::Engine(removed)]);
    assert_eq!(sent(&mut app, "delete-bookmark even"), []);
    assert!(text(&app).contains("there is no bookmark `even`; there are odd"), "{}", text(&app));
    press(&mut app, "esc g");
    assert!(text(&app).contains("odd          step 0    the ~chip"), "{}", text(&app));
}
