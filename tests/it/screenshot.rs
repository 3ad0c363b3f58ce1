//! Pictures of the app: the text is the screen, the SVG holds all of it, and the same command gives
//! the same bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::path::PathBuf;
use std::process::{Command, Output};

use ratatui::buffer::Buffer;
use spinntui::session::engine::EngineOptions;
use spinntui::session::history::SeekTarget;
use spinntui::tui::app::App;
use spinntui::tui::capture::palette::Palette;
use spinntui::tui::capture::{CELL, ansi, is_drawn, svg, text};
use spinntui::tui::stage::{Stage, presses};
use spinntui::tui::theme::{Looks, Theme};
use unicode_width::UnicodeWidthStr;

const SCENE: &str = "scenes/lm_small.ron";

fn theme() -> Theme {
    Theme::new(Looks::default())
}

fn stage(size: (u16, u16), keys: &str) -> Stage {
    let options = EngineOptions {
        scene: PathBuf::from(SCENE),
        set: Vec::new(),
        autorun: false,
        record: None,
        points: Vec::new(),
        exact: false,
        against: None,
    };
    let mut stage = Stage::open(App::new(SCENE, theme(), size), options).unwrap();
    stage.show(None, false).unwrap();
    stage.go(SeekTarget::Step(12)).unwrap();
    for press in presses(keys).unwrap() {
        stage.press(&press).unwrap();
    }
    stage
}

fn screen(size: (u16, u16), keys: &str) -> Buffer {
    stage(size, keys).draw()
}

fn screenshot(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spinntui")).arg("screenshot").args(arguments).output().unwrap()
}

fn shown(arguments: &[&str]) -> String {
    let output = screenshot(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_text_is_what_the_app_draws() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let drawn = text(&screen((columns, rows), ""));
        let size = format!("{columns}x{rows}");
        assert_eq!(shown(&[SCENE, "--at", "step 12", "--size", &size]), drawn, "{size}");
        insta::assert_snapshot!(format!("{size}-screenshot"), drawn);
    }
}

#[test]
fn keys_do_what_they_do_in_the_app() {
    let size = ["--size", "80x24"];
    let steps = shown(&[SCENE, size[0], size[1], "--keys", "s s 10s"]);
    assert!(steps.contains("token 12 "), "{steps}");
    // Between words a count has run out: panel 3, then one step.
    let panel = shown(&[SCENE, size[0], size[1], "--keys", "3 s"]);
    assert!(panel.contains(">3 Memory") && panel.contains("token 1 "), "{panel}");
    let one = shown(&[SCENE, size[0], size[1], "--keys", "3s"]);
    assert_eq!(one, panel, "one digit is a panel");
    let three = shown(&[SCENE, size[0], size[1], "--keys", "03s"]);
    assert!(three.contains(">1 Chip") && three.contains("token 3 "), "{three}");
    for typed in ["g 'step 5' enter", "g '5' enter", "g ctrl-u 'step 5' enter"] {
        let typed = shown(&[SCENE, size[0], size[1], "--keys", typed]);
        assert!(typed.contains("token 5 "), "{typed}");
    }
    let back = shown(&[SCENE, size[0], size[1], "--at", "step 5", "--keys", "S"]);
    assert!(back.contains("token 4 ") && back.contains("back at"), "{back}");
    let stopped = shown(&[SCENE, size[0], size[1], "--break", "step == 3", "--keys", "space"]);
    assert!(stopped.contains("stopped: step == 3") && stopped.contains("token 3 "), "{stopped}");
}

#[test]
fn panels_moments_and_edits() {
    let shown = |more: &[&str]| {
        let mut arguments = vec![SCENE, "--size", "80x24"];
        arguments.extend(more);
        shown(&arguments)
    };
    let inside = shown(&["--panel", "pe", "--expand", "--pe", "1,1,2", "--at", "step 3, 2 phases"]);
    assert!(
        inside.contains(">8 PE") && !inside.contains("1 Chip") && inside.contains("PE(1,1,2)"),
        "{inside}"
    );
    let line = shown(&["--panel", "timeline", "--at", "step 3"]);
    assert!(line.contains(">9 Timeline") && !line.contains("After the first"), "{line}");
    // Uses of the critical path of the first four tokens, once they are complete; never cut off.
    let timers = |at: &str| shown(&["--panel", "timers", "--expand", "--at", at]);
    assert!(timers("step 5").contains("path: ld/st "), "{}", timers("step 5"));
    assert!(!timers("step 3").contains("ld/st"));
    let slow = shown(&["--at", "step 2", "--set", "mapping.layers.0.pes=6"]);
    assert_ne!(slow, shown(&["--at", "step 2"]));
    let fault = shown(&["--at", "step 3", "--fault", "(at: Step(1), fault: KillPe(pe: (1, 1, 0)))"]);
    assert!(fault.contains("STALLED"), "{fault}");
}

/// The screen as its text elements have it: what is drawn as a shape is left blank.
fn written(svg: &str, (columns, rows): (u16, u16)) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).unwrap();
    let mut grid = vec![vec![" ".to_owned(); usize::from(columns)]; usize::from(rows)];
    for node in document.descendants().filter(|node| node.has_tag_name("text")) {
        let number = |name: &str| node.attribute(name).unwrap().parse::<u32>().unwrap();
        let (mut column, row) = (number("x") / CELL.0, number("y") / CELL.1);
        let text = node.text().unwrap_or("");
        assert_eq!(number("textLength"), text.width() as u32 * CELL.0, "{text}");
        for character in text.chars() {
            let symbol = character.to_string();
            let width = symbol.width() as u32;
            grid[row as usize][column as usize] = symbol;
            for beside in 1..width {
                grid[row as usize][(column + beside) as usize] = String::new();
            }
            column += width;
        }
    }
    grid.into_iter().map(|row| row.concat().trim_end().to_owned()).collect()
}

#[test]
fn the_picture_holds_every_character_of_the_text() {
    for (size, keys) in
        [((80, 24), ""), ((120, 40), "9 z"), ((200, 60), "8"), ((120, 40), "?"), ((80, 24), "7 z")]
    {
        let buf = screen(size, keys);
        let picture = svg(&buf, &Palette::DARK, "a <title> & more");
        let expected: Vec<String> =
            text(&buf).lines().map(|line| line.replace(is_drawn, " ").trim_end().to_owned()).collect();
        assert_eq!(written(&picture, size), expected, "{keys}");
        let document = roxmltree::Document::parse(&picture).unwrap();
        let title = document.descendants().find(|node| node.has_tag_name("title")).unwrap();
        assert_eq!(title.text(), Some("a <title> & more"));
        let marks: usize = document
            .descendants()
            .filter(|node| node.has_tag_name("path"))
            .map(|node| node.attribute("d").unwrap().matches('M').count())
            .sum();
        assert!(marks > 10, "{keys}: {marks} shapes");
    }
}

#[test]
fn twice_the_same_bytes_and_no_picture_is_large() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let arguments = |file: &str| {
        let arguments = [SCENE, "--at", "time 9000", "--keys", "9", "--size", "120x40", "-o", file];
        assert_eq!(shown(&arguments), "");
        std::fs::read(file).unwrap()
    };
    let (first, second) = (arguments(&file("a.svg")), arguments(&file("b.svg")));
    assert!(first == second);
    assert!(first.len() < 100_000, "{} bytes", first.len());
    let (first, second) = (arguments(&file("a.ansi")), arguments(&file("b.ansi")));
    assert!(first == second && first.contains(&0x1b));
}

#[test]
fn colours_reach_a_terminal_as_they_are() {
    let buf = screen((80, 24), "");
    let mut parser = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    parser.process(ansi(&buf).replace('\n', "\r\n").trim_end().as_bytes());
    let colour = |colour: vt100::Color| match colour {
        vt100::Color::Default => ratatui::style::Color::Reset,
        vt100::Color::Idx(n) => ratatui::style::Color::Indexed(n),
        vt100::Color::Rgb(r, g, b) => ratatui::style::Color::Rgb(r, g, b),
    };
    for y in 0..24 {
        for x in 0..80 {
            let (cell, drawn) = (parser.screen().cell(y, x).unwrap(), &buf[(x, y)]);
            if !drawn.symbol().trim().is_empty() {
                assert_eq!(cell.contents(), drawn.symbol(), "{x},{y}");
            }
            assert_eq!((colour(cell.fgcolor()), colour(cell.bgcolor())), (drawn.fg, drawn.bg), "{x},{y}");
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (arguments, words) in [
        (vec!["scenes/none.ron"], vec!["scenes/none.ron", "no such file"]),
        (vec![SCENE, "--panel", "memry"], vec!["did you mean `memory`"]),
        (vec![SCENE, "--at", "soon"], vec!["invalid moment `soon`"]),
        (vec![SCENE, "--at", "step 1, 2 things"], vec!["invalid step `2 things`"]),
        (vec![SCENE, "--size", "80"], vec!["120x40"]),
        (vec![SCENE, "--keys", "spacebar"], vec!["`spacebar`"]),
        (vec![SCENE, "--keys", "g 'step"], vec!["quote"]),
        (vec![SCENE, "--keys", "q"], vec!["`q` leaves the app"]),
        (vec![SCENE, "-o", "picture.png"], vec!["picture.png", ".svg"]),
        (vec![SCENE, "-o", "no/such/folder/x.svg"], vec!["no/such/folder"]),
        (vec![SCENE, "--break", "stp > 3"], vec!["--break", "did you mean `step`"]),
        (vec![SCENE, "--set", "mapping.layers.0.pes=0"], vec!["pes", "^"]),
        (vec![SCENE, "--pe", "9,9,9"], vec!["9,9,9"]),
    ] {
        let output = screenshot(&arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        for word in words {
            assert!(error.contains(word), "{arguments:?} should say `{word}`: {error}");
        }
        assert!(!error.contains("panicked"), "{error}");
    }
}

/// Returns a screen as one line, without the borders between its rows.
fn words(screen: &str) -> String {
    screen.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_timeline_shows_every_layer_and_its_whole_sentence() {
    for size in ["80x24", "100x30", "120x40", "200x60"] {
        for keys in ["9 z", "9"] {
            let screen = shown(&[SCENE, "--at", "step 11", "--keys", keys, "--size", size]);
            for layer in ["0 (", "1 (", "2 ("].iter().zip(["rnns.0 (", "rnns.1 (", "rnns.2 ("]) {
                let there = screen.contains(&format!("│{}", layer.0)) || screen.contains(layer.1);
                assert!(there, "{size} {keys}: {layer:?} has no row\n{screen}");
            }
            if keys == "9 z" {
                assert!(
                    words(&screen).contains("balancing rnns.2 would save at most 1.8 µs."),
                    "{size}\n{screen}"
                );
                assert!(screen.contains("* critical PE"), "{size}: its keys\n{screen}");
            }
            assert!(size == "200x60" || screen.contains("of 30 PEs"), "{size} {keys}: which rows\n{screen}");
        }
    }
    let every = shown(&[SCENE, "--at", "step 11", "--keys", "9 z d", "--size", "80x24"]);
    assert!(every.contains(" of 30 · ") && every.contains(" PEs "), "{every}");
}

#[test]
fn one_token_has_one_number() {
    let at = |at: &str, keys: &str| shown(&[SCENE, "--at", at, "--keys", keys, "--size", "100x30"]);
    let line = at("step 11", "9 z");
    assert_eq!(line.matches("token 11").count(), 3, "status, title, and where the cursor is\n{line}");
    let neurons = at("step 11", "8 v v z");
    assert!(neurons.contains("of #11, as are c and y") && neurons.contains("#11: word"), "{neurons}");
    let within = at("step 11, 1 event", "8 z");
    assert!(within.contains("token 11 #12") && within.contains("rnns.1 #12"), "{within}");
    assert!(!at("step 11", "").contains('#'), "nothing runs at the end of a token");
}

#[test]
fn before_the_first_word_the_screen_says_what_there_is() {
    for size in ["80x24", "100x30", "120x40", "200x60"] {
        let screen = shown(&[SCENE, "--size", size]);
        assert!(screen.contains("the text begins") && screen.contains("egru-lm-small"), "{size}\n{screen}");
        assert!(screen.contains("Space runs, s steps one token"), "{size}\n{screen}");
        assert!(!screen.contains("▀▀▀"), "a figure that is not there yet: {size}\n{screen}");
        assert!(screen.contains("layer"), "the plan shows the layers: {size}\n{screen}");
    }
    for (panel, says) in
        [("5", "After the first token (s)"), ("7", "After the first token"), ("9", "After the first token")]
    {
        let screen = shown(&[SCENE, "--size", "80x24", "--keys", panel]);
        assert!(screen.contains(says), "{panel}\n{screen}");
    }
}

#[test]
fn before_the_first_frame_or_row_the_screen_says_what_there_is() {
    for (scene, words) in [
        (
            "scenes/dvs.ron",
            [
                "an event camera",
                "rnns.0 of 256 units on 64 PEs",
                "s steps one frame",
                "22 samples of 67 frames",
            ],
        ),
        (
            "scenes/tensor.ron",
            [
                "reads an array row by row",
                "rnns.0 of 48 units",
                "s steps one step",
                "140 rows from waves.npy",
            ],
        ),
    ] {
        for size in ["80x24", "120x40"] {
            let screen = shown(&[scene, "--size", size]);
            assert!(screen.contains("9 Timeline activity of PEs"), "what each panel shows: {screen}");
            let joined = joined(&screen);
            for word in words {
                assert!(joined.contains(word), "{scene} at {size}: {word}\n{screen}");
            }
            for figure in ["0 of 0", "act 0.0 %", "active units  0.0 %", "duty 0.0 %"] {
                assert!(!screen.contains(figure), "{figure} is not known yet: {scene} at {size}\n{screen}");
            }
        }
        let sparsity = shown(&[scene, "--size", "80x24", "--keys", "6"]);
        assert!(sparsity.contains("active units  after the first"), "{sparsity}");
    }
}

/// Returns the words of the second panel of a screen's upper row, with one space between them.
fn joined(screen: &str) -> String {
    let inner = screen.lines().filter_map(|line| line.split('│').nth(3));
    inner.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[test]
fn memory_opens_where_the_data_begins() {
    let screen = shown(&[SCENE, "--at", "step 3", "--keys", "8 v", "--size", "80x24"]);
    assert!(!screen.contains("no kernel's code") && screen.contains("who wrote"), "{screen}");
    let home = shown(&[SCENE, "--at", "step 3", "--keys", "8 v home", "--size", "80x24"]);
    assert!(home.contains("no kernel's code"), "{home}");
}

#[test]
fn a_unit_that_fired_shows_the_state_that_was_above_its_threshold() {
    let screen = shown(&[SCENE, "--at", "step 3", "--pe", "1,6,0", "--keys", "8 v v z", "--size", "120x40"]);
    assert!(screen.contains("c before") && screen.contains("c after"), "{screen}");
    let rows = screen.lines().filter(|line| line.contains('*')).collect::<Vec<_>>();
    let mut below = 0;
    for row in rows {
        let numbers: Vec<f32> = row.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        // unit, c before, θ, y, c after
        assert!(numbers[1] > numbers[2] && (numbers[1] - numbers[3]).abs() < f32::EPSILON, "{row}");
        assert!((numbers[1] - numbers[2] - numbers[4]).abs() < 2e-4, "{row}");
        below += u32::from(numbers[4] < numbers[2]);
    }
    assert!(below > 0, "a unit whose state after the reset is below its threshold again\n{screen}");
}

#[test]
fn before_the_first_step_each_panel_says_what_it_will_show() {
    for (keys, words) in [
        ("4", "t: traffic by sender and receiver"),
        ("5", "its share of the step, as a bar"),
        ("6", "after the first token"),
        ("7", "hottest PEs"),
        ("9", "packets and DMA over time"),
        ("3", "program"),
        ("8", "waiting for input"),
        ("2", "activity of PEs over time"),
    ] {
        let fresh = shown(&[SCENE, "--size", "80x24", "--keys", keys]);
        assert!(fresh.contains(words), "{keys}:\n{fresh}");
    }
    let after = shown(&[SCENE, "--size", "80x24", "--keys", "s 5"]);
    assert!(!after.contains("its share of the step, as a bar"), "{after}");
}
