//! Tests that the floor plan shows its PEs' values: the level of the colour and the digit,
//! cell by cell.

use std::fmt::Write;

use insta::assert_snapshot;
use ratatui::layout::Rect;
use ratatui::style::Color;

use spinntui::chip::geometry::{ChipId, Pe};
use spinntui::tui::app::App;
use spinntui::tui::heat::{Metric, Window};
use spinntui::tui::theme::ramp::{LEVELS, digit, level};
use spinntui::tui::widgets::floor_plan::FloorPlan;

use spinntui::tui::app::Msg;
use spinntui::tui::theme::depth::Depth;
use spinntui::tui::theme::{Looks, RampName, ThemeName};
use spinntui::tui::update::update;

use crate::common::{app, draw, press};

/// The plan's place on an 80x24 screen: inside the chip panel, without the two lines
/// of the readout.
const PLAN: Rect = Rect { x: 1, y: 2, width: 36, height: 18 };

/// Level of the ramp that a background has.
fn level_of(app: &App, colour: Color) -> Option<u8> {
    (0..LEVELS).find(|&l| app.theme.heat(f32::from(l) / f32::from(LEVELS - 1)).bg == Some(colour))
}

#[test]
fn every_pe_has_the_level_and_the_digit_of_its_value() {
    for metric in [Metric::Activity, Metric::Duty, Metric::Sram, Metric::Energy] {
        for window in [Window::Step, Window::Mean] {
            let mut app = app((80, 24));
            (app.metric, app.window) = (metric, window);
            let buf = draw(&app);
            let plan = FloorPlan::fit(PLAN).unwrap();
            let snapshot = app.snapshot.clone().unwrap();
            let mut checked = 0;
            for pe in Pe::of(ChipId::FIRST).filter(|&pe| pe != app.selected) {
                let area = plan.pe_area(pe);
                let cell = buf.cell((area.x + 1, area.y)).unwrap();
                match metric.value(&snapshot.pes[pe.index()], window) {
                    Some(value) => {
                        let fraction = value / app.scales.end(metric);
                        assert_eq!(level_of(&app, cell.bg), Some(level(fraction)), "{metric:?} {pe}");
                        assert_eq!(cell.symbol(), digit(fraction).to_string(), "{metric:?} {pe}");
                        checked += 1;
                    }
                    None => assert_eq!((cell.symbol(), cell.bg), (".", Color::Reset), "{pe} has no program"),
                }
            }
            assert_eq!(checked, 149, "150 of 152 PEs work, one of them is selected");
        }
    }
}

#[test]
fn the_layer_view_has_a_colour_and_a_mark_a_layer() {
    let mut app = app((80, 24));
    press(&mut app, "M");
    let buf = draw(&app);
    let plan = FloorPlan::fit(PLAN).unwrap();
    let look = |index: usize| {
        let area = plan.pe_area(Pe::from_index(index).unwrap());
        let cell = buf.cell((area.x + 1, area.y)).unwrap();
        (cell.symbol().to_owned(), cell.bg)
    };
    let looks = [look(0), look(50), look(100)];
    assert_eq!(looks.each_ref().map(|(symbol, _)| symbol.as_str()), ["0", "1", "2"]);
    assert!(looks[0].1 != looks[1].1 && looks[1].1 != looks[2].1 && looks[0].1 != looks[2].1);
}

#[test]
fn the_selected_pe_is_marked_by_a_character_too() {
    let mut app = app((80, 24));
    press(&mut app, "l l j");
    let buf = draw(&app);
    let area = FloorPlan::fit(PLAN).unwrap().pe_area(app.selected);
    assert_eq!(buf.cell((area.x, area.y)).unwrap().symbol(), ">");
}

/// The screen as levels of the ramp, a character a cell: `0` to `9`, `a` to `n` for paint, `A` to
/// `N` for ink from 10 on; `.` for what is neither. Rows and columns as on the screen; rows without
/// any are left out.
fn levels(app: &App) -> String {
    let share = |l: u8| f32::from(l) / f32::from(LEVELS - 1);
    let sign = |l: u8| char::from_digit(u32::from(l), 36).unwrap();
    let paint: Vec<_> = (0..LEVELS).map(|l| app.theme.heat(share(l)).bg).collect();
    let ink: Vec<_> = (0..LEVELS).map(|l| app.theme.heat_ink(share(l)).fg).collect();
    let buf = draw(app);
    let mut text = String::new();
    for y in 0..buf.area.height {
        let cells = (0..buf.area.width).map(|x| &buf[(x, y)]);
        let row: String = cells
            .map(|cell| {
                let painted = paint.iter().position(|bg| *bg == Some(cell.bg));
                let drawn =
                    || ink.iter().position(|fg| *fg == Some(cell.fg)).filter(|_| cell.symbol() != " ");
                let capital = |l: usize| sign(l as u8).to_ascii_uppercase();
                painted.map(|l| sign(l as u8)).or_else(|| drawn().map(capital)).unwrap_or('.')
            })
            .collect();
        let row = row.trim_end_matches('.');
        if !row.is_empty() {
            writeln!(text, "{y:>2} {row}").unwrap();
        }
    }
    text
}

#[test]
fn heat_maps_as_levels_at_three_sizes() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    let _settings = settings.bind_to_scope();
    for size in [(80, 24), (120, 40), (200, 60)] {
        for (name, keys) in [
            ("chip", "1 z"),
            ("chip-sram", "1 z m m"),
            ("noc", "4 z"),
            ("noc-matrix", "4 z t"),
            ("memory", "3 z"),
        ] {
            let mut app = app(size);
            press(&mut app, keys);
            update(&mut app, Msg::CountExpired);
            assert_snapshot!(format!("levels-{}x{}-{name}", size.0, size.1), levels(&app));
        }
    }
}

#[test]
fn levels_are_the_same_in_every_theme_and_ramp() {
    let shown = |looks: Looks| {
        let mut app = app((120, 40));
        app.set_looks(looks);
        press(&mut app, "4 z");
        update(&mut app, Msg::CountExpired);
        levels(&app)
    };
    let wanted = shown(Looks::default());
    for theme in [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
        for &ramp in RampName::ALL {
            assert_eq!(shown(Looks { theme, ramp, ..Looks::default() }), wanted, "{theme} {ramp}");
        }
    }
    // What has fewer colours says the same in its digits.
    let digits = |depth: Depth| {
        let mut app = app((120, 40));
        app.set_looks(Looks { depth, ..Looks::default() });
        press(&mut app, "4 z");
        crate::common::text(&app)
    };
    for &depth in Depth::ALL {
        assert_eq!(digits(depth), digits(Depth::Truecolor), "{depth}");
    }
}
