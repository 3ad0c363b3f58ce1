//! THE table is sound: what it says is what happens, and nothing is missing from the help.

use std::collections::HashSet;

use spinntui::tui::applies::{applies, footer_commands};
use spinntui::tui::command::{COMMANDS, Group, When};
use spinntui::tui::keymap::{Keymap, parse_key};
use spinntui::tui::overlays::help::glossary::{GLOSSARY, page};
use spinntui::tui::overlays::help::{Row, rows};

use crate::common::{app, empty_app, press, text};

#[test]
fn every_key_string_parses_and_no_key_is_taken_twice() {
    let mut taken = HashSet::new();
    for command in COMMANDS {
        for key in command.keys {
            let key = parse_key(key).unwrap();
            assert!(taken.insert((key, command.context)), "{key} of {} is taken", command.id);
        }
    }
}

#[test]
fn names_and_words_are_there_and_no_name_is_used_twice() {
    let mut names = HashSet::new();
    for command in COMMANDS {
        for name in std::iter::once(&command.id).chain(command.also) {
            assert!(names.insert(*name), "{name}");
        }
        assert!(!command.about.is_empty() && command.about.len() <= 60, "{}: {}", command.id, command.about);
        assert!(command.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", command.id);
    }
}

#[test]
fn every_key_finds_its_command() {
    let keymap = Keymap::default();
    for command in COMMANDS {
        assert_eq!(keymap.keys_of(command).count(), command.keys.len());
        for key in command.keys {
            assert_eq!(
                keymap.lookup(parse_key(key).unwrap(), command.context).map(|found| found.id),
                Some(command.id)
            );
        }
    }
}

#[test]
fn the_help_lists_every_command_once_under_a_heading() {
    let rows = rows(&Keymap::default(), "");
    let mut listed: Vec<usize> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Command(index) => Some(*index),
            Row::Heading(_) => None,
        })
        .collect();
    listed.sort_unstable();
    assert_eq!(listed, (0..COMMANDS.len()).collect::<Vec<_>>());
    assert_eq!(rows.iter().filter(|row| matches!(row, Row::Heading(_))).count(), Group::ALL.len());
}

#[test]
fn a_search_finds_by_name_words_and_key() {
    let found = |search: &str| {
        let rows = rows(&Keymap::default(), search);
        rows.iter()
            .filter_map(|row| if let Row::Command(i) = row { Some(COMMANDS[*i].id) } else { None })
            .collect::<Vec<_>>()
    };
    assert_eq!(found("heat metric"), ["next-metric", "previous-metric", "metric"]);
    assert_eq!(found("SHELL"), ["suspend"]);
    assert!(found("f1").contains(&"help"));
    assert!(found("no such thing").is_empty());
}

#[test]
fn the_footer_shows_only_what_applies() {
    let loading = empty_app((80, 24));
    let ids: Vec<_> = footer_commands(&loading).map(|command| command.id).collect();
    assert_eq!(ids, ["help", "palette", "quit", "reload"]);
    let mut app = app((80, 24));
    assert!(footer_commands(&app).all(|command| command.when != When::Layer));
    press(&mut app, "z");
    assert!(footer_commands(&app).any(|command| command.id == "close"));
    assert!(applies(&app, When::Warned));
}

#[test]
fn the_page_of_keys_is_what_the_table_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/keys.md");
    let written = spinntui::tui::key_doc::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == written, "docs/keys.md is old; regenerate it: UPDATE_DOCS=1 cargo test --test tui");
}

#[test]
fn the_glossary_is_a_page_of_the_help_and_of_the_documentation() {
    let mut app = app((80, 24));
    press(&mut app, ": g l o s s a r y enter");
    assert!(text(&app).contains("the two scenes of compare and --against"), "{}", text(&app));
    // A search of any page finds terms as well.
    press(&mut app, "esc ? s l o t");
    assert!(text(&app).contains("a PE's share of a layer and sample"), "{}", text(&app));
    for term in ["slot", "lane", "share", "block", "step", "tick", "turn", "phase"] {
        assert!(GLOSSARY.iter().any(|(other, _)| *other == term), "{term}");
    }
    let terms: Vec<String> = GLOSSARY.iter().map(|(term, _)| term.to_lowercase()).collect();
    assert!(terms.is_sorted(), "{terms:?}");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/glossary.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page(), "docs/glossary.md is old: UPDATE_DOCS=1 cargo test --test tui");
}
