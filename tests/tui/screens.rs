//! Snapshots of screens as text at three sizes, without colours; `heat.rs` tests the colours.

use insta::assert_snapshot;

use spinntui::session::engine::EngineEvent;
use spinntui::session::snapshot::{Focus, TaskView};
use spinntui::task::lm::view::LanguageView;
use spinntui::tui::app::{App, Msg};
use spinntui::tui::theme::{Glyphs, Looks};
use spinntui::tui::update::update;

use crate::common::{app, app_with, empty_app, press, text};
use crate::sample;

fn snapshots() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind_to_scope()
}

/// Sends the detail that the engine sends when a PE is focused.
fn with_detail(mut app: App) -> App {
    // A long sentence of the timeline leaves fewer rows for the next request.
    for _ in 0..3 {
        app = with_detail_once(app);
    }
    app
}

fn with_detail_once(mut app: App) -> App {
    let mut snapshot = sample::snapshot();
    if let Focus::Pe(pe) = app.asked_focus {
        snapshot.detail = sample::in_focus(pe);
    }
    if let Focus::Timeline(request) = app.asked_focus {
        snapshot.detail = sample::in_time(request);
    }
    update(&mut app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
    app
}

fn screen(size: (u16, u16), keys: &str) -> String {
    let mut app = app(size);
    press(&mut app, keys);
    update(&mut app, Msg::CountExpired);
    text(&with_detail(app))
}

#[test]
fn screens_at_80x24() {
    let _settings = snapshots();
    assert_snapshot!("80x24-chip-task", screen((80, 24), ""));
    assert_snapshot!("80x24-memory", screen((80, 24), "3"));
    assert_snapshot!("80x24-noc", screen((80, 24), "4"));
    assert_snapshot!("80x24-timers", screen((80, 24), "5"));
    assert_snapshot!("80x24-sparsity", screen((80, 24), "6"));
    assert_snapshot!("80x24-energy", screen((80, 24), "7"));
    assert_snapshot!("80x24-timeline", screen((80, 24), "9"));
    assert_snapshot!("80x24-timeline-expanded", screen((80, 24), "9 z"));
    assert_snapshot!("80x24-constants", screen((80, 24), "C"));
    assert_snapshot!("80x24-task-expanded", screen((80, 24), "2 z"));
    assert_snapshot!("80x24-help", screen((80, 24), "? tab"));
    assert_snapshot!("80x24-help-timeline", screen((80, 24), "9 ?"));
    assert_snapshot!("80x24-help-words", screen((80, 24), "? tab tab"));
    assert_snapshot!("80x24-warnings", screen((80, 24), "!"));
}

#[test]
fn screens_at_120x40() {
    let _settings = snapshots();
    assert_snapshot!("120x40", screen((120, 40), ""));
    assert_snapshot!("120x40-memory", screen((120, 40), "3"));
    assert_snapshot!("120x40-energy", screen((120, 40), "7"));
    assert_snapshot!("120x40-timeline", screen((120, 40), "9"));
    assert_snapshot!("120x40-timeline-expanded", screen((120, 40), "9 z"));
    assert_snapshot!("120x40-energy-expanded", screen((120, 40), "7 z"));
    assert_snapshot!("120x40-chip-expanded", screen((120, 40), "z"));
    assert_snapshot!("120x40-noc-expanded", screen((120, 40), "4 z"));
    assert_snapshot!("120x40-noc-matrix", screen((120, 40), "4 z t"));
}

#[test]
fn screens_at_200x60() {
    let _settings = snapshots();
    assert_snapshot!("200x60", screen((200, 60), ""));
    assert_snapshot!("200x60-energy-expanded", screen((200, 60), "7 z"));
    assert_snapshot!("200x60-constants", screen((200, 60), "C"));
    assert_snapshot!("200x60-timeline-expanded", screen((200, 60), "9 z"));
    assert_snapshot!("200x60-memory-expanded", screen((200, 60), "3 z"));
}

#[test]
fn other_screens() {
    let _settings = snapshots();
    assert_snapshot!("loading", text(&empty_app((80, 24))));
    assert_snapshot!("narrow", text(&app((40, 16))));
    assert_snapshot!("wide", screen((250, 30), ""));
    for (size, keys) in [
        ((40, 12), "1"),
        ((40, 12), "4"),
        ((40, 24), "3"),
        ((60, 20), "2"),
        ((80, 12), "9"),
        ((120, 12), "2"),
        ((36, 60), "2"),
    ] {
        assert_snapshot!(format!("narrow-{}x{}-{keys}", size.0, size.1), screen(size, keys));
    }
    assert_snapshot!("tall", text(&app((50, 50))));
    assert_snapshot!("too-small", text(&app((30, 8))));
}

#[test]
fn screens_in_other_glyphs() {
    let _settings = snapshots();
    let in_glyphs = |glyphs, size, keys: &str| {
        let mut app = app(size);
        app.set_looks(Looks { glyphs, ..Looks::default() });
        press(&mut app, keys);
        update(&mut app, Msg::CountExpired);
        text(&with_detail(app))
    };
    assert_snapshot!("80x24-ascii", in_glyphs(Glyphs::Ascii, (80, 24), ""));
    assert_snapshot!("80x24-memory-ascii", in_glyphs(Glyphs::Ascii, (80, 24), "3"));
    assert_snapshot!("80x24-timeline-ascii", in_glyphs(Glyphs::Ascii, (80, 24), "9 z"));
    assert_snapshot!("80x24-help-ascii", in_glyphs(Glyphs::Ascii, (80, 24), "? tab"));
    assert_snapshot!("80x24-sparsity-braille", in_glyphs(Glyphs::Braille, (80, 24), "6"));
    assert_snapshot!("120x40-energy-braille", in_glyphs(Glyphs::Braille, (120, 40), "7 z"));
}

#[test]
fn gesture_screens() {
    let _settings = snapshots();
    let shown = |size, keys: &str| {
        let mut app = app_with(size, sample::gestures());
        press(&mut app, keys);
        update(&mut app, Msg::CountExpired);
        text(&app)
    };
    assert_snapshot!("80x24-gestures", shown((80, 24), ""));
    assert_snapshot!("80x24-gestures-expanded", shown((80, 24), "2 z"));
    assert_snapshot!("120x40-gestures", shown((120, 40), ""));
    assert_snapshot!("200x60-gestures", shown((200, 60), ""));
}

#[test]
fn generated_words_are_told_from_the_prompt() {
    let mut snapshot = sample::at(12);
    let TaskView::LanguageModel(LanguageView { words, generating, .. }) = &mut snapshot.task else {
        unreachable!()
    };
    *generating = true;
    for (index, word) in words.iter_mut().enumerate() {
        word.generated = index >= 4;
        word.surprisal = None;
    }
    let app = app_with((80, 24), snapshot);
    assert!(text(&app).contains("writing"));
    let buf = crate::common::draw(&app);
    let style_of = |word: &str| {
        let row = (0..24)
            .find(|&y| (39..80).map(|x| buf[(x, y)].symbol()).collect::<String>().contains(word))
            .unwrap();
        let line: Vec<&str> = (39..80).map(|x| buf[(x, row)].symbol()).collect();
        let at = line.concat().find(word).unwrap();
        // Everything before the word is ASCII except the border and the bars.
        let column = line.concat()[..at].chars().count();
        (buf[(39 + column as u16, row)].fg, buf[(39 + column as u16, row)].modifier)
    };
    assert_ne!(style_of("chip"), style_of("elements"));
}
