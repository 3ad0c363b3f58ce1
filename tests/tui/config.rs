//! The configuration file.

use std::path::Path;

use spinntui::tui::command::{COMMANDS, Context};
use spinntui::tui::config::{Config, keys_as_text, print};
use spinntui::tui::keymap::{Keymap, parse_key};
use spinntui::tui::theme::{RampName, ThemeName};

fn read(text: &str) -> Result<Config, String> {
    Config::from_text(text, Path::new("config.ron")).map_err(|error| error.to_string())
}

#[test]
fn looks_and_keys_are_read() {
    let config = read(r#"Config(theme: "light", ramp: "grey", keys: {"step": ["f10"]})"#).unwrap();
    assert_eq!((config.looks.theme, config.looks.ramp), (Some(ThemeName::Light), Some(RampName::Grey)));
    let key = |key| config.keymap.lookup(parse_key(key).unwrap(), Context::Global).map(|found| found.id);
    assert_eq!((key("f10"), key("s"), key("space")), (Some("step"), None, Some("toggle-pause")));
    for empty in ["Config()", "()", "Config(keys: {})"] {
        let config = read(empty).unwrap();
        assert_eq!(keys_as_text(&config.keymap), keys_as_text(&Keymap::default()), "{empty}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place, words) in [
        ("Config(thme: \"dark\")", "config.ron:1:8", "thme"),
        (
            "Config(\n  theme: \"sepia\",\n)",
            "config.ron:2:10",
            "expected one of dark, light, high-contrast, mono",
        ),
        ("Config(color: \"many\")", "config.ron:1:15", "truecolor, 256, 16, mono, off"),
        ("Config(ramp: \"jet\")", "config.ron:1:14", "cividis, viridis, grey"),
        ("Config(glyphs: \"emoji\")", "config.ron:1:16", "blocks, braille, ascii"),
        ("Config(reload: \"never\")", "config.ron:1:16", "expected one of start, keep"),
        ("Config(mouse: yes)", "config.ron:1:", "yes"),
        ("Config(theme: dark)", "config.ron:1:15", "in quotes"),
        ("Config(keys: {\"stp\": [\"x\"]})", "config.ron:1:15", "did you mean `step`?"),
        ("Config(keys: {\"step\": [\"s\", \"spacebar\"]})", "config.ron:1:29", "no such key: `spacebar`"),
        ("Config(keys: {\"step\": [\"x\"], \"back\": [\"x\"]})", "config.ron:1:24", "`back` has this key"),
        ("Config(keys: {\"step\": \"x\"})", "config.ron:1:23", "["),
        ("Config(theme: \"dark\"", "config.ron:1:", "never closed"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(place) && error.contains(words), "{text}:\n{error}");
    }
}

#[test]
fn what_is_printed_is_read_back_the_same() {
    let same = |config: &Config| {
        let again = read(&print(config)).unwrap_or_else(|error| panic!("{error}\n{}", print(config)));
        assert_eq!(keys_as_text(&again.keymap), keys_as_text(&config.keymap));
        assert_eq!((again.looks, again.keep), (config.looks, config.keep));
        assert_eq!((again.reload, again.mouse), (config.reload, config.mouse));
    };
    same(&Config::default());
    same(&read(r#"Config(color: "256", theme: "mono", glyphs: "ascii", keys: {"step": ["\"", "\\"], "back": []})"#).unwrap());
    same(&read(r#"Config(reload: "keep", mouse: true)"#).unwrap());
    same(&read("Config(keep: false)").unwrap());
    assert_eq!(read("Config(keep: false)").unwrap().keep_folder(), None);
    assert_eq!(Config::none().keep_folder(), None);
    let text = print(&Config::default());
    for command in COMMANDS {
        assert!(text.contains(&format!("// \"{}\": [", command.id)), "{}", command.id);
    }
}

#[test]
fn every_command_is_printed_with_its_keys() {
    let text = keys_as_text(&Keymap::default());
    for command in COMMANDS {
        assert!(text.contains(command.about), "{}", command.id);
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
