//! The list of `spinntui` alone: its keys, what it shows, and that it can be drawn at any size.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use spinntui::tui::keymap::parse_key;
use spinntui::tui::picker::{Outcome, Picker, Row};
use spinntui::tui::theme::{Looks, Theme};

fn row(group: &str, name: &str, problem: Option<&str>) -> Row {
    Row {
        group: group.to_owned(),
        name: name.to_owned(),
        arguments: vec![format!("scenes/{name}.ron")],
        title: format!("Title of {name}"),
        about: format!("What {name} shows, in a sentence."),
        problem: problem.map(str::to_owned),
    }
}

fn picker() -> Picker {
    let mut rows = vec![row("Scenes", "small", None), row("Scenes", "large", Some("models/x is not here"))];
    rows.extend((0..30).map(|n| row("What if", &format!("if-{n}"), None)));
    Picker::new(rows, Theme::new(Looks::default()))
}

fn press(picker: &mut Picker, keys: &str) -> Outcome {
    let mut last = Outcome::Stay;
    for key in keys.split_whitespace() {
        assert_eq!(last, Outcome::Stay, "{key} comes after the end");
        last = picker.key(parse_key(key).unwrap());
    }
    last
}

fn screen(picker: &Picker, (columns, rows): (u16, u16)) -> String {
    let area = Rect::new(0, 0, columns, rows);
    let mut buf = Buffer::empty(area);
    picker.draw(area, &mut buf);
    spinntui::tui::capture::text(&buf)
}

fn opened(name: &str) -> Outcome {
    Outcome::Open(vec![format!("scenes/{name}.ron")])
}

#[test]
fn keys_move_open_and_leave() {
    assert_eq!(press(&mut picker(), "enter"), opened("small"));
    assert_eq!(press(&mut picker(), "j j enter"), opened("if-0"));
    assert_eq!(press(&mut picker(), "down down down up enter"), opened("if-0"));
    assert_eq!(press(&mut picker(), "G enter"), opened("if-29"));
    assert_eq!(press(&mut picker(), "pagedown pagedown pagedown pagedown enter"), opened("if-29"));
    assert_eq!(press(&mut picker(), "end home k enter"), opened("small"));
    for leave in ["q", "esc", "ctrl-c", "/ x ctrl-c", "? q q", "? esc esc"] {
        assert_eq!(press(&mut picker(), leave), Outcome::Leave, "{leave}");
    }
    assert_eq!(press(&mut picker(), "/ ctrl-z"), Outcome::Suspend);
    assert_eq!(press(&mut picker(), "ctrl-l"), Outcome::Redraw);
}

#[test]
fn words_narrow_the_list() {
    let mut searching = picker();
    assert_eq!(press(&mut searching, "/ i f - 2 space o f"), Outcome::Stay);
    let shown = screen(&searching, (80, 24));
    assert!(shown.contains("if-2 ") && shown.contains("if-29") && !shown.contains("small"), "{shown}");
    assert!(shown.contains("/if-2 of_"), "{shown}");
    // Letters are words now, not commands; Esc forgets them, and the next one leaves.
    assert_eq!(press(&mut searching, "q q"), Outcome::Stay);
    assert!(screen(&searching, (80, 24)).contains("no entry has these words"));
    assert_eq!(press(&mut searching, "enter"), Outcome::Stay);
    assert_eq!(press(&mut searching, "esc"), Outcome::Stay);
    assert!(screen(&searching, (80, 24)).contains("small"));
    assert_eq!(
        press(&mut searching, "/ l a r backspace backspace backspace s m a l l enter"),
        opened("small")
    );
}

#[test]
fn what_cannot_be_opened_says_why() {
    let mut picker = picker();
    assert_eq!(press(&mut picker, "j enter"), Outcome::Stay);
    let shown = screen(&picker, (80, 24));
    assert!(shown.contains("cannot be opened here: models/x is not here"), "{shown}");
    assert!(shown.contains("spinntui doctor"), "{shown}");
}

#[test]
fn the_selected_line_stays_on_screen() {
    for rows in [5, 10, 24, 60] {
        let mut picker = picker();
        for step in 0..32 {
            let shown = screen(&picker, (80, rows));
            assert_eq!(shown.lines().filter(|line| line.starts_with(" > ")).count(), 1, "{step}: {shown}");
            press(&mut picker, "j");
        }
    }
}

#[test]
fn what_is_not_on_screen_is_counted_and_reached() {
    let mut picker = picker();
    let first = screen(&picker, (80, 24));
    assert!(first.contains("↓ ") && first.contains(" more") && !first.contains('↑'), "{first}");
    assert!(!first.contains("if-29"));
    press(&mut picker, "tab");
    assert!(screen(&picker, (80, 24)).contains(" > if-0 "), "the next part");
    assert_eq!(press(&mut picker.clone(), "tab enter"), opened("small"), "round");
    press(&mut picker, "G");
    let last = screen(&picker, (80, 24));
    assert!(last.contains("↑ ") && !last.contains('↓'), "{last}");
    press(&mut picker, "backtab backtab");
    assert!(screen(&picker, (80, 24)).contains(" > small "));
    assert!(!screen(&picker, (80, 60)).contains(" more "), "all of it fits");
}

proptest! {
    #[test]
    fn any_size_can_be_drawn(columns in 1_u16..250, rows in 1_u16..80, keys in "[jkG/?x]{0,6}") {
        let mut picker = picker();
        for key in keys.chars() {
            picker.key(parse_key(&key.to_string()).unwrap());
        }
        prop_assert_eq!(screen(&picker, (columns, rows)).lines().count(), usize::from(rows));
    }
}
