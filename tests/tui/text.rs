//! Text pasted and copied, and words about threads that panicked: the model's side.

use spinntui::session::engine::EngineEvent;
use spinntui::tui::app::{App, Effect, Msg, Overlay};
use spinntui::tui::update::update;

use crate::common::{app, empty_app, press, text};

fn copied(app: &mut App) -> String {
    match press(app, "ctrl-y").as_slice() {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("not copied: {other:?}"),
    }
}

fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    update(app, Msg::Paste(text.to_owned()))
}

#[test]
fn pasted_text_is_typed_or_refused() {
    let mut app = app((80, 24));
    assert_eq!(paste(&mut app, "q\nsss"), []);
    assert!(text(&app).contains("pasted text is ignored here"));
    press(&mut app, "? s");
    paste(&mut app, "tep\n");
    assert!(matches!(app.overlays.last(), Some(Overlay::Help { search, .. }) if search.text() == "step"));
    press(&mut app, "esc g ctrl-u");
    paste(&mut app, "\nevent 7\n");
    let Some(Overlay::Asking(asking)) = app.overlays.last() else { panic!("the line is gone") };
    assert_eq!(asking.prompt.text(), "event 7");
    press(&mut app, "esc :");
    paste(&mut app, "goto\tstep 3\n");
    assert_eq!(copied(&mut app), "goto step 3");
    press(&mut app, "esc g ctrl-u");
    // More than a line takes.
    paste(&mut app, &"9".repeat(100_000));
    let Some(Overlay::Asking(asking)) = app.overlays.last() else { panic!("the line is gone") };
    assert!(asking.prompt.text().len() < 10_000);
}

#[test]
fn what_lies_on_top_is_copied() {
    let mut app = app((80, 24));
    assert!(copied(&mut app).starts_with("PE("));
    press(&mut app, "!");
    let finding = copied(&mut app);
    let first = app.picture().unwrap().findings[0].clone();
    assert!(finding.contains(&first.what) && finding.contains(&first.help), "{finding}");
    press(&mut app, "C");
    let constants = copied(&mut app);
    assert!(constants.lines().count() > 10 && constants.contains("QPE grid"), "{constants}");
    update(&mut app, Msg::ThreadPanicked("thread `x`\n\u{1b}[31mred\u{1b}[0m words".to_owned()));
    assert_eq!(copied(&mut app), "thread `x`\nred words");
    assert!(
        app.notice.as_ref().is_some_and(|notice| notice.contains("the report") && notice.contains("20 B"))
    );
}

#[test]
fn nothing_is_nothing_to_copy() {
    let mut app = empty_app((80, 24));
    assert_eq!(press(&mut app, "ctrl-y"), []);
    assert!(app.notice.as_ref().is_some_and(|notice| notice.contains("nothing to copy")));
}

#[test]
fn only_an_engine_that_is_gone_is_started_again() {
    let mut app = app((100, 24));
    update(&mut app, Msg::ThreadPanicked("thread `worker`\nboom".to_owned()));
    assert!(text(&app).contains("the experiment goes on · Esc closes"));
    press(&mut app, "esc");
    update(&mut app, Msg::ThreadPanicked("thread `engine`\nboom".to_owned()));
    update(&mut app, Msg::Engine(EngineEvent::Crashed("boom".to_owned())));
    assert!(text(&app).contains("r starts the engine again"));
    assert_eq!(press(&mut app, "r"), [Effect::RestartEngine]);
}
