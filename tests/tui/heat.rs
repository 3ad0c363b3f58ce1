//! The floor plan shows what its PEs ask for: the level of the colour and the digit, cell by cell.

use ratatui::layout::Rect;
use ratatui::style::Color;

use spinntui::chip::geometry::Pe;
use spinntui::tui::app::App;
use spinntui::tui::heat::{Metric, Window};
use spinntui::tui::theme::ramp::{LEVELS, digit, level};
use spinntui::tui::widgets::floor_plan::FloorPlan;

use crate::common::{app, draw, press};

/// The plan's place on an 80x24 screen: inside the chip panel, without the two lines of the readout.
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
            for pe in Pe::all().filter(|&pe| pe != app.selected) {
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
