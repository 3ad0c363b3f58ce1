use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::chip::place::PePlace;
use crate::scene::{LoadedScene, Scene, Task};

const LM: &str = include_str!("../../../scenes/lm.ron");
const EVERYTHING: &str = include_str!("../../../tests/scenes/v1/everything.ron");

fn load(text: &str) -> Scene {
    LoadedScene::from_text(text, Path::new("a.ron"), &[]).unwrap_or_else(|e| panic!("{e}\n{text}")).scene
}

fn error(path: &str, value: &str) -> (String, String) {
    let error = set(LM, path, value).unwrap_err();
    (error.to_string(), error.help())
}

#[test]
fn replaces_in_place_and_touches_nothing_else() {
    let edited = set(LM, "mapping.layers.1.pes", "52").unwrap();
    assert_eq!(edited, LM.replacen("\"rnns.1\", pes: 50", "\"rnns.1\", pes: 52", 1));
    let edited = set(LM, "chip.waiting", "Sleep").unwrap();
    assert_eq!(edited, LM.replacen("waiting: Poll", "waiting: Sleep", 1));
}

#[test]
fn texts_need_no_quotes_and_may_have_them() {
    for value in ["a b/c.txt", "\"a b/c.txt\"", "r#\"a b/c.txt\"#", "Some(\"a b/c.txt\")"] {
        let Task::LanguageModel(task) = load(&set(LM, "task.text", value).unwrap()).task else {
            panic!("{value}")
        };
        assert_eq!(task.text.as_deref(), Some("a b/c.txt"), "{value}");
    }
    let none = set(LM, "task.text", "None").unwrap();
    assert!(none.contains("text: None,"));
    let odd = "C:\\new \"x\" \u{1b} r \u{fffd}";
    assert_eq!(load(&set(LM, "title", odd).unwrap()).title, odd);
}

#[test]
fn adds_what_the_scene_leaves_out() {
    let edited = set(LM, "assume.polling", "0.5").unwrap();
    assert_eq!(edited, LM.replacen("(branch_refill: 2)", "(branch_refill: 2, polling: 0.5)", 1));
    let edited = set(LM, "mapping.barrier", "Always").unwrap();
    assert!(edited.contains("        ],\n        barrier: Always,\n    ),\n    assume"), "{edited}");
    assert_eq!(load(&edited).mapping.barrier, crate::mapping::options::Barrier::Always);
}

#[test]
fn adds_groups_that_are_missing() {
    let bare = "Scene(version: 1, model: \"m\", task: LanguageModel(text: \"t\"), mapping: (layers: [(layer: \"a\", pes: 1)]))";
    let edited = set(bare, "assume.dram_latency_ns", "80").unwrap();
    assert!(edited.ends_with("pes: 1)]), assume: (dram_latency_ns: 80))"), "{edited}");
    let lines = "(\n  version: 1,\n  model: \"m\" // which\n  , task: LanguageModel(text: \"t\"),\n  mapping: (layers: [(layer: \"a\", pes: 1)]) /* no comma */ // none\n)";
    let edited = set(lines, "chip.waiting", "Sleep").unwrap();
    assert!(edited.ends_with("pes: 1)]), /* no comma */ // none\n  chip: (waiting: Sleep),\n)"), "{edited}");
    assert_eq!(load(&edited).chip.waiting, crate::machine::options::Waiting::Sleep);
    for empty in ["()", "( )", "(\n    )", "( // c\n    )", "(/* ) */)"] {
        let text = bare.replace("mapping:", &format!("chip: {empty}, mapping:"));
        let edited = set(&text, "chip.waiting", "Sleep").unwrap();
        assert_eq!(load(&edited).chip.waiting, crate::machine::options::Waiting::Sleep, "{edited}");
    }
}

#[test]
fn goes_through_words_with_fields() {
    let generate = set(LM, "task.mode", "Generate(prompt: \"The\")").unwrap();
    let edited = set(&generate, "task.mode.temperature", "0.5").unwrap();
    assert!(edited.contains("Generate(prompt: \"The\", temperature: 0.5),"), "{edited}");
    let wrapped = generate.replace("Generate(prompt: \"The\")", "Generate((prompt: \"The\"))");
    let edited = set(&wrapped, "task.mode.prompt", "A chip").unwrap();
    assert!(edited.contains("Generate((prompt: \"A chip\"))"), "{edited}");
}

#[test]
fn lists_and_tuples_go_by_index() {
    let ports = set(LM, "assume.dram_ports", "((1,1), (7,1))").unwrap();
    let edited = set(&ports, "assume.dram_ports.1.0", "6").unwrap();
    assert_eq!(load(&edited).assume.dram_ports, [(1, 1), (6, 1)]);
    let reserved = set(LM, "chip.reserved", "[(1,1,0), (1,1,1)]").unwrap();
    let edited = set(&reserved, "chip.reserved.1", "(2,2,2)").unwrap();
    assert_eq!(load(&edited).chip.reserved, [(1, 1, 0), (2, 2, 2)].map(PePlace::from));
}

#[test]
fn says_what_there_is_instead() {
    let (message, help) = error("mapping.layer.1.pes", "5");
    assert_eq!(message, "`mapping` has no field `layer`");
    assert!(help.starts_with("did you mean `layers`? its fields are `schedule`, `batch`"), "{help}");
    assert_eq!(error("mapping.layers.3.pes", "5").0, "`mapping.layers` has 3 entries, and no `3`");
    assert_eq!(error("mapping.layers.3.pes", "5").1, "entries are counted from 0 to 2");
    assert_eq!(error("task.mode.seed", "5").0, "`task.mode` is `Score`, which has no fields");
    assert_eq!(
        error("task.mode.seed", "5").1,
        "set the whole of it first: --set 'task.mode=Generate(prompt: …)'"
    );
    assert_eq!(error("version.major", "5").0, "`version` is a plain value, which has no fields");
    assert_eq!(error("", "5").0, "the scene has no field ``");
    assert_eq!(error("chip.", "5").0, "`chip` has no field ``");
}

#[test]
fn a_value_cannot_break_out_of_its_place() {
    for value in ["", "50), (layer: \"x\"", "[1, 2", "1, 2", "/* ", "50 // and the rest"] {
        match set(LM, "mapping.layers.0.pes", value) {
            Ok(edited) => assert_eq!(edited, LM, "{value}"),
            Err(error) => assert!(matches!(error, SetError::BadValue { .. }), "{value}: {error}"),
        }
    }
}

/// Collects the paths of a value and of all values within it.
fn paths(node: &Node, path: &str, all: &mut Vec<String>) {
    let at = |segment: &str| if path.is_empty() { segment.to_owned() } else { format!("{path}.{segment}") };
    if !path.is_empty() {
        all.push(path.to_owned());
    }
    match &node.kind {
        Kind::Struct(fields, _) => fields.iter().for_each(|f| paths(&f.value, &at(&f.name), all)),
        Kind::Tuple(items, _) | Kind::List(items, _) if items.len() > 1 => {
            items.iter().enumerate().for_each(|(i, item)| paths(item, &at(&i.to_string()), all));
        }
        _ => {}
    }
}

#[test]
fn setting_what_is_there_changes_nothing() {
    for text in [LM, EVERYTHING] {
        let root = locate::parse(text).unwrap();
        let mut all = Vec::new();
        paths(&root, "", &mut all);
        assert!(all.len() > 20);
        for path in all {
            let value = &text[locate::span(text, &path).unwrap()];
            assert_eq!(set(text, &path, value).as_deref(), Ok(text), "{path} {value}");
        }
    }
}

#[test]
fn what_ron_reads_fits_the_types() {
    for text in [LM, EVERYTHING] {
        let root = locate::parse(text).unwrap();
        assert_eq!(crate::scene::check::first_mismatch(text, &root, shape::scene(), "scene"), None);
    }
}

/// Returns all comments of the text, in order.
fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|l| l.split_once("//").map(|(_, comment)| comment)).collect()
}

proptest! {
    #[test]
    fn what_is_set_is_loaded(
        pes in 1_u32..=50,
        title in any::<String>(),
        polling in 0.0_f64..=1.0,
        words in 1_u32..=1_000_000,
        at in 0_usize..3,
    ) {
        let mut text = set(LM, &format!("mapping.layers.{at}.pes"), &pes.to_string()).unwrap();
        text = set(&text, "assume.polling", &format!("{polling:?}")).unwrap();
        text = set(&text, "task.mode", "Generate(prompt: \"x\")").unwrap();
        text = set(&text, "task.mode.words", &words.to_string()).unwrap();
        prop_assert_eq!(comments(&text), comments(LM));
        let quoted = ron::to_string(&title).unwrap();
        text = set(&text, "title", &quoted).unwrap();
        let scene = load(&text);
        prop_assert_eq!(scene.mapping.layers[at].pes, Some(pes));
        prop_assert_eq!(scene.assume.polling.to_bits(), polling.to_bits());
        prop_assert_eq!(scene.title, title);
        let Task::LanguageModel(task) = scene.task else { panic!("another task") };
        let crate::task::lm::options::Mode::Generate(generate) = task.mode else { panic!("mode") };
        prop_assert_eq!(generate.words, words);
    }

    #[test]
    fn a_bare_text_is_loaded_as_it_is(title in "[^\"rNS][^\"]*") {
        prop_assert_eq!(load(&set(LM, "title", &title).unwrap()).title, title);
    }

    #[test]
    fn random_text_never_panics(text in any::<String>(), path in "[a-z.0-9]{0,12}", value in any::<String>()) {
        let _ = set(&text, &path, &value);
        let _ = set(LM, &path, &value);
        let _ = set(LM, "chip.reserved", &value);
    }

    #[test]
    fn nearly_ron_never_panics(text in "[()\\[\\]{}:,\"'#r/*a1 \\\\\n]{0,60}", path in "a(\\.[a01]){0,3}") {
        let _ = locate::parse(&text).map(|root| { root.walk(&path); });
        let _ = set(&format!("(chip: {text})"), "chip.waiting", "Sleep");
        let _ = LoadedScene::from_text(&text, Path::new("a.ron"), &[]).map_err(|e| e.to_string());
    }

    #[test]
    fn a_cut_or_spoiled_scene_never_panics(at in 0_usize..LM.len(), with in any::<char>()) {
        let head: String = LM.chars().take(at).collect();
        let tail: String = LM.chars().skip(at + 1).collect();
        let _ = LoadedScene::from_text(&head, Path::new("a.ron"), &[]).map_err(|e| e.to_string());
        let spoiled = format!("{head}{with}{tail}");
        let edits = [("assume.polling".to_owned(), "0.5".to_owned())];
        let _ = LoadedScene::from_text(&spoiled, Path::new("a.ron"), &edits).map_err(|e| e.to_string());
    }

    #[test]
    fn what_ron_reads_the_walk_reads(at in 0_usize..LM.len(), with in "[ ,()\\[\\]\"/a1.]") {
        let mut spoiled: Vec<char> = LM.chars().collect();
        if at < spoiled.len() {
            spoiled.splice(at..at, with.chars());
        }
        let spoiled: String = spoiled.into_iter().collect();
        if LoadedScene::from_text(&spoiled, Path::new("a.ron"), &[]).is_ok() {
            let root = locate::parse(&spoiled);
            prop_assert!(root.is_ok(), "{}", spoiled);
            let mismatch = root.ok().and_then(|r| crate::scene::check::first_mismatch(&spoiled, &r, shape::scene(), "scene"));
            prop_assert_eq!(mismatch, None);
        }
    }
}
