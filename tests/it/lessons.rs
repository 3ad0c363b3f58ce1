//! Shipped lessons hold on every page, forwards and back; mistakes in a lesson are located.
//!
//! The keys that a page names have the effect that it describes.

// Helpers of tests are no tests to clippy, and may fail like them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use spinntui::chip::geometry::Pe;
use spinntui::machine::fault::Fault;
use spinntui::scene::LoadedScene;
use spinntui::session::build::{ModelCache, build};
use spinntui::session::command::StepUnit;
use spinntui::session::history::{History, SeekTarget};
use spinntui::session::{Session, StepOutcome};
use spinntui::tui::keymap::parse_key;
use spinntui::tui::lesson::format::{Mark, Page};
use spinntui::tui::lesson::load::named;
use spinntui::tui::lesson::text::{Piece, pieces};
use spinntui::tui::lesson::{Loaded, shipped};
use spinntui::tui::rehearsal::{SIZES, check, open};
use spinntui::tui::stage::{Press, presses};
use spinntui::tui::teaching::strip;

/// Shipped lessons in their order.
const NAMES: [&str; 10] = [
    "what-is-a-pe",
    "where-a-neuron-lives",
    "the-egru-cell",
    "silence-is-cheap",
    "who-waits-for-whom",
    "another-kernel",
    "the-event-camera",
    "a-bit-flips",
    "a-neuron-that-spikes",
    "does-a-spike-save-energy",
];

fn shipped_lesson(name: &str) -> Loaded {
    Loaded::load(&named(name).unwrap()).unwrap()
}

/// Runs a shipped lesson forwards and back; every page has to hold both times, in the same state.
fn holds(name: &str) {
    let loaded = shipped_lesson(name);
    let pages = check(&loaded).unwrap();
    assert!((6..=10).contains(&pages.len()), "{name} has {} pages", pages.len());
    for page in &pages {
        assert_eq!(page.problems, Vec::<String>::new(), "{name}, page {}", page.number);
        assert_ne!(page.state_hash, 0, "{name}, page {}", page.number);
    }
    let questions = loaded.lesson().pages.iter().filter(|page| page.question.is_some()).count();
    assert!(2 * questions > pages.len(), "{name} asks on {questions} of {} pages", pages.len());
}

#[test]
fn what_is_a_pe_holds() {
    holds("what-is-a-pe");
}

#[test]
fn where_a_neuron_lives_holds() {
    holds("where-a-neuron-lives");
}

#[test]
fn silence_is_cheap_holds() {
    holds("silence-is-cheap");
}

#[test]
fn who_waits_for_whom_holds() {
    holds("who-waits-for-whom");
}

#[test]
fn does_a_spike_save_energy_holds() {
    holds("does-a-spike-save-energy");
}

#[test]
fn another_kernel_holds() {
    holds("another-kernel");
}

#[test]
fn a_bit_flips_holds() {
    holds("a-bit-flips");
}

#[test]
fn a_neuron_that_spikes_holds() {
    holds("a-neuron-that-spikes");
}

#[test]
fn the_egru_cell_holds() {
    holds("the-egru-cell");
}

#[test]
fn the_event_camera_holds() {
    holds("the-event-camera");
}

/// Returns the keys that a page's texts name in backticks, and those that it marks.
fn keys_named(page: &Page) -> BTreeSet<String> {
    let marked = page.highlight.iter().filter_map(|mark| match mark {
        Mark::Key(key) => Some(parse_key(key).unwrap().to_string()),
        _ => None,
    });
    let texts = page.texts().into_iter().filter(|(field, _)| !field.starts_with("try") && field != "expect");
    let named = texts.flat_map(|(_, text)| pieces(text).unwrap()).filter_map(|piece| match piece {
        Piece::Code(code) if code.chars().count() == 1 => Some(code),
        Piece::Code(code) => parse_key(&code.to_lowercase()).ok().map(|key| key.to_string()),
        _ => None,
    });
    marked.chain(named).collect()
}

#[test]
fn every_key_that_a_page_names_is_tried() {
    for name in NAMES {
        for (number, page) in (1..).zip(&shipped_lesson(name).lesson().pages) {
            let presses = page.tries.iter().flat_map(|attempt| presses(&attempt.keys).unwrap());
            let tried: BTreeSet<String> = presses
                .flat_map(|press| match press {
                    Press::Keys(keys, _) => keys,
                    Press::Text(_) => Vec::new(),
                })
                .map(|key| key.to_string())
                .collect();
            let missing: Vec<String> = keys_named(page).difference(&tried).cloned().collect();
            assert!(missing.is_empty(), "{name}, page {number} names {missing:?} and does not try them");
        }
    }
}

#[test]
fn texts_and_questions_fit_their_place() {
    for name in NAMES {
        let loaded = shipped_lesson(name);
        let mut stage = open(&loaded).unwrap();
        for (at, page) in loaded.lesson().pages.iter().enumerate() {
            stage.turn(at).unwrap();
            for size in SIZES {
                let app = stage.app();
                app.size = size;
                let place = |what: &str| format!("{name}, page {}, {what} at {size:?}", at + 1);
                assert_eq!(strip::last_line(app), 0, "{}", place("text"));
                if page.question.is_none() {
                    continue;
                }
                for answer in [None, Some(0), Some(1)] {
                    let course = app.lesson.as_mut().unwrap();
                    (course.asking, course.answers[at]) = (true, answer);
                    assert_eq!(strip::last_line(app), 0, "{}", place("question"));
                }
                let course = app.lesson.as_mut().unwrap();
                (course.asking, course.answers[at]) = (false, None);
            }
        }
    }
}

#[test]
fn the_right_answer_is_as_often_the_third_choice_as_any() {
    let mut all = [0_usize; 3];
    for name in NAMES {
        let loaded = shipped_lesson(name);
        let questions: Vec<_> =
            loaded.lesson().pages.iter().filter_map(|page| page.question.as_ref()).collect();
        let mut places = [0_usize; 3];
        for question in &questions {
            assert_eq!(question.choices.len(), 3, "{name}: {}", question.text);
            places[question.answer - 1] += 1;
        }
        assert!(
            places.iter().all(|&count| count > 0 && 2 * count <= questions.len()),
            "{name}: right answers by place {places:?}"
        );
        for (all, count) in all.iter_mut().zip(places) {
            *all += count;
        }
    }
    let (least, most) = (all.iter().min().unwrap(), all.iter().max().unwrap());
    assert!(most - least <= 3, "right answers by place, all lessons: {all:?}");
}

#[test]
fn keys_that_do_something_else_are_a_problem_of_their_page() {
    let page = |tries: &str| {
        lesson(&format!(
            "title: \"t\", text: \"x\", commands: [Step(unit: TimeStep, count: 5)], try: [{tries}]"
        ))
    };
    let problems = |tries: &str| {
        let loaded = Loaded::from_text(&page(tries), Path::new("scenes/mine.ron")).unwrap();
        check(&loaded).unwrap()[0].problems.join("\n")
    };
    // Every attempt begins at the page's own moment.
    let good =
        r#"(keys: "s", sees: ["6 of 5,816 words"]), (keys: "", sees: ["token {step}", "5 of 5,816 words"])"#;
    assert_eq!(problems(good), "");
    let told = problems(r#"(keys: "S S", sees: ["3 of 5,816 words"]), (keys: "S S W", sees: ["a fault"])"#);
    assert!(told.starts_with("try 2 (S S W) at 80x24: the screen lacks \"a fault\":"), "{told}");
    for (tries, marked, said) in [
        (r#"(keys: "spacebar", sees: ["x"])"#, "\"spacebar", "no such key: `spacebar`"),
        (r#"(keys: "s", sees: [])"#, "[])]", "names no text to look for"),
        (r#"(keys: "s", seas: ["x"])"#, "seas", "did you mean `sees`?"),
        (r#"(keys: "s", sees: ["{2: step}"])"#, "step}", "knows nothing of page 2"),
    ] {
        let text = page(tries);
        let before = &text[..text.find(marked).unwrap()];
        let column = 1 + before.rsplit('\n').next().unwrap().chars().count();
        let place = format!("scenes/mine.ron:{}:{column}: ", 1 + before.matches('\n').count());
        let error = error(&text);
        assert!(error.starts_with(&place) && error.contains(said), "{place} {said:?} not in {error}");
    }
}

#[test]
fn the_shipped_lessons_are_listed_in_the_order_in_which_they_are_given() {
    let names: Vec<String> = shipped().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names[..NAMES.len()], NAMES);
    let told = named("who-waits-for-who").unwrap_err();
    assert!(told.contains("did you mean `spinntui lesson who-waits-for-whom`?"), "{told}");
}

/// Returns a lesson of one page with these fields, and a scene.
fn lesson(page: &str) -> String {
    format!(
        "Lesson(\n    version: 1,\n    title: \"t\",\n    about: \"a\",\n    minutes: 1,\n    \
         scene: \"scenes/lm_small.ron\",\n    pages: [\n        Page({page}),\n    ],\n)\n"
    )
}

fn error(text: &str) -> String {
    Loaded::from_text(text, Path::new("scenes/mine.ron")).unwrap_err().to_string()
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let page = |rest: &str| lesson(&format!("title: \"t\", text: \"x\", {rest}"));
    for (text, marked, said) in [
        (page("expct: \"step == 1\""), "expct", "did you mean `expect`?"),
        (page("commands: [Stp(unit: Layer, count: 1)]"), "Stp", "did you mean `Step`?"),
        (page("commands: [Step(unit: Layer, cuont: 1)]"), "cuont", "did you mean `count`?"),
        (page("show: (panel: Chips)"), "Chips", "did you mean `Chip`?"),
        (page("show: (pe: (4, 3, 0))"), "(4, 3", "there is no PE (4, 3, 0)"),
        (page("highlight: [Pe(9, 9, 9)]"), "Pe(9", "there is no PE (9, 9, 9)"),
        (page("highlight: [Key(\"hyper-q\")]"), "Key(", "hyper-q"),
        (page("question: (text: \"q\", choices: [\"a\", \"b\"], answer: 3, because: \"c\")"), "3,", "1 to 2"),
        (
            page("question: (text: \"q\", choices: [\"a\"], answer: 1, because: \"c\")"),
            "[\"a",
            "2 to 4 choices",
        ),
        (page("question: (text: \"q\", chioces: [], answer: 1, because: \"c\")"), "chioces", "`choices`?"),
        (page("scene: \"scenes/nowhere.ron\""), "\"scenes/nowhere", "looked for, in this order"),
        (lesson("title: \"t\", text: \"now {step\""), "{step", "not closed"),
        (lesson("title: \"t\", text: \"now {7: step}\""), "step}", "knows nothing of page 7"),
        (lesson("title: \"t\""), "Page(", "lacks the field `text`"),
        (
            lesson("title: \"t\", text: \"x\"").replace("version: 1", "version: 9"),
            "9,",
            "a lesson of version 9",
        ),
    ] {
        let at = text.find(marked).unwrap();
        let before = &text[..at];
        let column = 1 + before.rsplit('\n').next().unwrap().chars().count();
        let place = format!("scenes/mine.ron:{}:{column}: ", 1 + before.matches('\n').count());
        let error = error(&text);
        assert!(error.starts_with(&place), "{place} is not where this is told: {error}");
        assert!(error.contains(said) && error.contains('^'), "{said:?} not in {error}");
    }
    assert!(error("").contains("there is no lesson in the file"));
}

#[test]
fn what_only_running_it_shows_is_shown_where_it_is_too() {
    let text = lesson(
        "title: \"t\", text: \"{step_us} {perplexty} {step}\", \
         commands: [Step(unit: TimeStep, count: 1)], expect: \"step == 2\"",
    );
    let loaded = Loaded::from_text(&text, Path::new("scenes/mine.ron")).unwrap();
    let pages = check(&loaded).unwrap();
    let problems = pages[0].problems.join("\n");
    for part in ["mine.ron:8:44", "did you mean `perplexity`?", "an expected condition is false: step is 1"] {
        assert!(problems.contains(part), "{part:?} not in {problems}");
    }
    let value = |name: &str| pages[0].values.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(value("step"), "1");
    assert!(value("step_us").ends_with("µs"));
}

#[test]
fn a_fault_that_cannot_be_is_told_and_a_page_that_cannot_be_reached() {
    let page = "title: \"t\", text: \"x\", commands: [Inject(FlipBit(pe: (7, 6, 3), address: 0, bit: 1))]";
    let loaded = Loaded::from_text(&lesson(page), Path::new("scenes/mine.ron")).unwrap();
    let problems = check(&loaded).unwrap()[0].problems.join("\n");
    assert!(problems.contains("has no program"), "{problems}");
    let page = "title: \"t\", text: \"x\", set: [(\"mapping.layers.0.pes\", \"150\")]";
    let loaded = Loaded::from_text(&lesson(page), Path::new("scenes/mine.ron")).unwrap();
    let told = check(&loaded).unwrap_err();
    assert!(told.contains("lm_small.ron:"), "{told}");
}

fn run(session: &mut Session, history: &mut History, steps: u32) {
    for _ in 0..steps {
        loop {
            let StepOutcome::Advanced(progress) = session.advance() else { panic!("it stops") };
            history.note(session, progress);
            if progress.step {
                break;
            }
        }
    }
}

/// A checkpoint kept after a fault is discarded once the fault has been undone.
#[test]
fn going_back_before_a_fault_forgets_what_was_kept_after_it() {
    let open = || {
        let loaded = LoadedScene::load(Path::new("scenes/lm_small.ron"), &[]).unwrap();
        build(loaded, &mut ModelCache::default()).unwrap()
    };
    let mut clean = open();
    let mut kept = History::new(&mut clean);
    run(&mut clean, &mut kept, 5);

    let mut session = open();
    let mut history = History::new(&mut session);
    run(&mut session, &mut history, 3);
    let flip = Fault::FlipBit { pe: (1, 4, 0).into(), address: 0x4d2f, bit: 6 };
    history.inject(&mut session, flip).unwrap();
    run(&mut session, &mut history, 4);
    assert!(Pe::at(1, 4, 0).is_some());
    history.go(&mut session, &SeekTarget::Step(2)).unwrap();
    run(&mut session, &mut history, 4);
    history.back(&mut session, StepUnit::TimeStep, 1).unwrap();
    assert_eq!(session.steps(), 5);
    assert_eq!(session.state_hash(), clean.state_hash());
}
