//! Tests of themes, ramps, colour depths and glyph sets on every panel and overlay, cell by cell.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use spinntui::session::engine::EngineEvent;
use spinntui::session::snapshot::{Focus, Snapshot};
use spinntui::tui::app::{App, Msg, Overlay};
use spinntui::tui::theme::depth::Depth;
use spinntui::tui::theme::{Background, Glyphs, Looks, RampName, ThemeName};
use spinntui::tui::update::update;

use crate::common::{app, app_with, draw, empty_app, press, text};
use crate::sample;

/// Sends the engine's answers to the focus on a PE or a window of time.
fn with_detail(app: &mut App, mut snapshot: Snapshot) {
    match app.asked_focus {
        Focus::Pe(pe) => snapshot.detail = sample::in_focus(pe),
        Focus::Timeline(request) => snapshot.detail = sample::in_time(request),
        // The PE panel needs a real session: `pe.rs` tests it with one.
        Focus::Inspect(_) | Focus::Nothing => {}
    }
    update(app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
}

/// Key sequences that open every panel in each of its views, and every overlay.
const VIEWS: [&str; 29] = [
    "1",
    "1 z",
    "1 m m m m",
    "2",
    "2 z",
    "3",
    "3 z",
    "4",
    "4 z",
    "4 z t",
    "5",
    "6",
    "7",
    "7 z",
    "8",
    "8 v",
    "8 v v",
    "9",
    "9 z",
    "?",
    "? tab",
    "? tab tab",
    "E",
    "!",
    "C",
    "b a",
    "g",
    ":",
    ": m e space",
];

/// Overlays that no key opens.
fn messages() -> [Option<Overlay>; 3] {
    let text = "scene.ron:3:5: units must be ≥ 1\n  │ µ = θ…\n  │     ^ here\n日本".to_owned();
    [
        None,
        Some(Overlay::SceneError { text: text.clone(), scroll: 0 }),
        Some(Overlay::Crash { text, scroll: 0 }),
    ]
}

fn snapshots() -> [Snapshot; 3] {
    [sample::snapshot(), sample::gestures(), sample::hollow()]
}

fn shown(size: (u16, u16), looks: Looks, snapshot: &Snapshot, keys: &str) -> App {
    let mut app = app_with(size, snapshot.clone());
    app.set_looks(looks);
    press(&mut app, keys);
    update(&mut app, Msg::CountExpired);
    with_detail(&mut app, snapshot.clone());
    app
}

/// Checks all screens at a size.
fn each(size: (u16, u16), looks: Looks, mut check: impl FnMut(&str, &Buffer)) {
    for snapshot in &snapshots() {
        for keys in VIEWS {
            check(keys, &draw(&shown(size, looks, snapshot, keys)));
        }
        for overlay in messages() {
            let mut app = shown(size, looks, snapshot, "");
            app.overlays.extend(overlay);
            check("message", &draw(&app));
        }
    }
    let mut loading = empty_app(size);
    loading.set_looks(looks);
    check("loading", &draw(&loading));
}

#[test]
fn ascii_is_ascii_in_every_cell_of_every_panel_and_overlay() {
    for size in [(80, 24), (120, 40), (200, 60), (40, 12), (36, 60), (20, 5)] {
        let looks = Looks { glyphs: Glyphs::Ascii, ..Looks::default() };
        each(size, looks, |keys, buf| {
            for (at, cell) in buf.content().iter().enumerate() {
                let (x, y) = buf.pos_of(at);
                let fine = matches!(cell.symbol().as_bytes(), [b' '..=b'~']);
                assert!(fine, "{size:?} `{keys}` {x},{y}: {:?}", cell.symbol());
            }
        });
    }
}

#[test]
fn the_light_theme_brings_its_background_along_unless_told_not_to() {
    for depth in [Depth::Ansi16, Depth::Ansi256, Depth::Truecolor] {
        let looks = Looks { theme: ThemeName::Light, depth, ..Looks::default() };
        each((80, 24), looks, |keys, buf| {
            for cell in buf.content() {
                let own = cell.bg != Color::Reset && cell.fg != Color::Reset;
                assert!(own, "{depth} `{keys}`: {cell:?} is left to a terminal that may be dark");
            }
        });
        let ground = |looks: Looks| {
            let app = shown((80, 24), looks, &sample::snapshot(), "");
            draw(&app).content().iter().filter(|cell| cell.bg == Color::Reset).count()
        };
        assert!(ground(Looks { background: Background::Terminal, ..looks }) > 500, "{depth}");
        assert!(ground(Looks { theme: ThemeName::Dark, ..looks }) > 500, "{depth}");
        let dark = Looks { theme: ThemeName::Dark, background: Background::Theme, ..looks };
        assert_eq!(ground(dark), 0, "{depth}");
    }
}

#[test]
fn every_character_of_the_app_has_a_stand_in() {
    let ascii = Looks { glyphs: Glyphs::Ascii, ..Looks::default() };
    for keys in VIEWS {
        let [blocks, ascii] =
            [Looks::default(), ascii].map(|looks| draw(&shown((200, 60), looks, &sample::snapshot(), keys)));
        for (one, other) in blocks.content().iter().zip(ascii.content()) {
            assert!(other.symbol() != "?" || one.symbol() == "?", "`{keys}`: {:?} has none", one.symbol());
        }
    }
}

#[test]
fn ascii_changes_no_columns() {
    // Letters and digits are in the same cells as with blocks; only cells that need block
    // characters differ.
    let looks = Looks { glyphs: Glyphs::Ascii, ..Looks::default() };
    for keys in ["1", "3", "5", "6"] {
        let [blocks, ascii] =
            [Looks::default(), looks].map(|looks| text(&shown((80, 24), looks, &sample::snapshot(), keys)));
        for (one, other) in blocks.lines().zip(ascii.lines()) {
            for (a, b) in one.chars().zip(other.chars()) {
                assert!(!a.is_ascii_alphanumeric() || a == b, "`{keys}`\n{one}\n{other}");
            }
        }
    }
}

/// Returns `true` if a depth has a colour.
fn has(depth: Depth, colour: Color) -> bool {
    match colour {
        Color::Reset => true,
        Color::Rgb(..) => depth == Depth::Truecolor,
        Color::Indexed(index) => depth == Depth::Ansi256 && index >= 16,
        _ => depth == Depth::Ansi16,
    }
}

#[test]
fn no_depth_is_sent_what_it_cannot_show() {
    for &depth in Depth::ALL {
        for &theme in ThemeName::ALL {
            let looks = Looks { depth, theme, ..Looks::default() };
            let depth = if theme == ThemeName::Mono { depth.min(Depth::Mono) } else { depth };
            each((120, 40), looks, |keys, buf| {
                for cell in buf.content() {
                    assert!(has(depth, cell.fg) && has(depth, cell.bg), "{depth} {theme} `{keys}`: {cell:?}");
                    assert!(depth != Depth::Off || cell.modifier == Modifier::empty(), "`{keys}`: {cell:?}");
                }
            });
        }
    }
}

#[test]
fn the_terminals_background_stays() {
    // Only heat maps, pictures and selections paint empty cells.
    for &theme in ThemeName::ALL {
        // The light theme paints its own background by default.
        let background = if theme == ThemeName::Light { Background::Terminal } else { Background::Auto };
        let looks = Looks { theme, background, ..Looks::default() };
        for keys in ["2", "5", "6", "7"] {
            let buf = draw(&shown((80, 24), looks, &sample::snapshot(), keys));
            let painted = buf.content().iter().filter(|cell| cell.symbol() == " " && cell.bg != Color::Reset);
            let room = 5 * 80; // The floor plan fills the left half, with a block for each PE.
            assert!(painted.count() < room, "{theme} `{keys}`");
            assert_eq!(buf[(79, 23)].bg, Color::Reset);
        }
    }
}

#[test]
fn keys_change_the_looks_and_say_what_is_on_now() {
    let mut app = app((80, 24));
    let mut said = Vec::new();
    for keys in ["T", "T", "T", "Y", "T", "Y", "~", "~", "~"] {
        press(&mut app, keys);
        said.push(app.notice.clone().unwrap());
    }
    let wanted = [
        "theme light",
        "theme high-contrast",
        "theme mono: no colours",
        "ramp viridis: no colours",
        "theme dark",
        "ramp grey",
        "glyphs braille",
        "glyphs ascii",
        "glyphs blocks",
    ];
    assert_eq!(said, wanted);
    assert_eq!(app.theme.looks(), Looks { ramp: RampName::Grey, ..Looks::default() });
    app.set_looks(Looks { depth: Depth::Mono, ..Looks::default() });
    press(&mut app, "T");
    assert!(app.notice.as_ref().unwrap().contains("no colours (--color mono)"));
}

#[test]
fn what_is_selected_is_marked_without_any_attribute() {
    let looks = Looks { depth: Depth::Off, glyphs: Glyphs::Ascii, ..Looks::default() };
    let screen = |keys: &str| text(&shown((80, 24), looks, &sample::snapshot(), keys));
    assert!(screen("8 v").contains("[Memory]"));
    assert!(screen("").contains(">1 Chip"));
    assert!(screen("g").contains('_'), "the cursor of the line being typed");
}

#[test]
fn braille_shows_twice_the_history() {
    let dots = |glyphs| {
        let looks = Looks { glyphs, ..Looks::default() };
        let buf = draw(&shown((120, 40), looks, &sample::snapshot(), "7 z"));
        buf.content()
            .iter()
            .filter(|cell| ("⠀".."⣿").contains(&cell.symbol()) || cell.symbol() == "⣿")
            .count()
    };
    assert_eq!(dots(Glyphs::Blocks), 0);
    assert!(dots(Glyphs::Braille) > 10);
}

#[test]
fn panels_with_colour_say_what_it_means() {
    // The bottom border of every panel that uses the ramp shows it.
    for size in [(80, 24), (120, 40), (200, 60), (40, 24), (36, 60), (60, 20)] {
        for (keys, unit) in
            [("1", "%"), ("1 m m m", "µJ"), ("2", "nats"), ("4", "packets"), ("4 t", "packets")]
        {
            let screen = text(&shown(size, Looks::default(), &sample::snapshot(), keys));
            let legend = screen.lines().any(|line| line.contains("0123456789") && line.contains(unit));
            assert!(legend, "{size:?} `{keys}`\n{screen}");
        }
        for (keys, words) in [
            ("1 m m m m", "rnns.0"),
            ("3", "prog"),
            ("5", "mean since start"),
            ("6", "active"),
            ("7", "chip only"),
            ("9", "R·y"),
        ] {
            let screen = text(&shown(size, Looks::default(), &sample::snapshot(), keys));
            let bottom = screen.lines().any(|line| line.contains('╰') && line.contains(words));
            let inside = ["w W·x", "CAPITAL"].into_iter().any(|words| screen.contains(words));
            assert!(bottom || (keys == "9" && inside), "{size:?} `{keys}`\n{screen}");
        }
    }
}

fn looks() -> impl Strategy<Value = Looks> {
    let one = |count: usize| 0..count;
    (one(Depth::ALL.len()), one(ThemeName::ALL.len()), one(RampName::ALL.len()), one(Glyphs::ALL.len()))
        .prop_map(|(depth, theme, ramp, glyphs)| Looks {
            depth: Depth::ALL[depth],
            theme: ThemeName::ALL[theme],
            ramp: RampName::ALL[ramp],
            glyphs: Glyphs::ALL[glyphs],
            background: Background::Auto,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_screen_draws_at_every_size_in_all_looks(
        (width, height) in (1_u16..=250, 1_u16..=80),
        looks in looks(),
        view in 0..VIEWS.len(),
        message in 0..3_usize,
        snapshot in 0..3_usize,
    ) {
        let mut app = shown((width, height), looks, &snapshots()[snapshot], VIEWS[view]);
        app.overlays.extend(messages()[message].clone());
        let buf = draw(&app);
        let depth = if looks.theme == ThemeName::Mono { looks.depth.min(Depth::Mono) } else { looks.depth };
        for cell in buf.content() {
            prop_assert!(has(depth, cell.fg) && has(depth, cell.bg), "{cell:?}");
            prop_assert!(looks.glyphs != Glyphs::Ascii || cell.symbol().is_ascii(), "{cell:?}");
        }
        prop_assert!(buf.content().iter().any(|cell| cell.symbol() != " "), "blank");
    }
}
