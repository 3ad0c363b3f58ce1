//! Clicks and the wheel: every PE and every link that is drawn is found where it is drawn.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use spinntui::session::snapshot::Part;
use spinntui::tui::app::{App, Msg};
use spinntui::tui::panels::PanelId;
use spinntui::tui::update::update;

use crate::common::{app, draw, press, text};

fn mouse(app: &mut App, kind: MouseEventKind, (column, row): (u16, u16)) {
    let effects = update(app, Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    assert!(effects.len() <= 1, "at most the wish for a detail: {effects:?}");
}

fn click(app: &mut App, at: (u16, u16)) {
    mouse(app, MouseEventKind::Down(MouseButton::Left), at);
    mouse(app, MouseEventKind::Up(MouseButton::Left), at);
}

/// Column and row at which a text begins on the screen.
fn find(app: &App, wanted: &str) -> (u16, u16) {
    let shown = text(app);
    let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(wanted)).unwrap();
    let column = line[..line.find(wanted).unwrap()].chars().count();
    (column as u16, row as u16)
}

#[test]
fn every_place_of_the_plan_selects_the_pe_drawn_there() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let mut app = app(size);
        let plan = app.plan();
        let (_, area) = plan.panels.into_iter().find(|(panel, _)| *panel == PanelId::Chip).unwrap();
        let mut found = std::collections::BTreeSet::from([app.selected.index()]);
        for row in area.top()..area.bottom() {
            for column in area.left()..area.right() {
                let before = app.selected;
                click(&mut app, (column, row));
                if app.selected != before {
                    found.insert(app.selected.index());
                    // The readout below the plan is about it.
                    assert!(text(&app).contains(&app.selected.to_string()), "{size:?}");
                }
            }
        }
        assert_eq!(found.len(), 152, "{size:?}");
    }
}

#[test]
fn a_click_on_a_panel_gives_it_the_focus() {
    let mut app = app((200, 60));
    for panel in [PanelId::Timers, PanelId::Memory, PanelId::Task, PanelId::Noc, PanelId::Chip] {
        let at = find(&app, &format!("{} {} ", panel.number(), panel.name()));
        click(&mut app, at);
        assert_eq!(app.focus(), panel);
    }
    // Neither the status line nor the keys belong to a panel, nor does anything under an overlay.
    click(&mut app, (5, 0));
    click(&mut app, (5, 59));
    press(&mut app, "?");
    click(&mut app, (150, 55));
    assert_eq!(app.focus(), PanelId::Chip);
}

#[test]
fn a_click_on_a_link_shows_its_figures_and_a_second_one_ends_that() {
    for size in [(80, 24), (200, 60)] {
        let mut app = app(size);
        press(&mut app, "4");
        let (_, area) = app.plan().panels.into_iter().find(|(panel, _)| *panel == PanelId::Noc).unwrap();
        let mut links = std::collections::BTreeSet::new();
        for row in area.top()..area.bottom() {
            for column in area.left()..area.right() {
                app.link = None;
                click(&mut app, (column, row));
                let Some(((x, y), (to_x, to_y))) = app.link else { continue };
                links.insert(((x, y), (to_x, to_y)));
                let known = app.picture().unwrap().noc.links.iter().any(|l| Some((l.from, l.to)) == app.link);
                let named = text(&app).contains(&format!("({x},{y}) > ({to_x},{to_y})"));
                assert!(named || !known, "{size:?} {:?}", app.link);
                // The digit itself is marked.
                let unmarked = draw(&App { link: None, ..app.clone() });
                assert!(!known || draw(&app)[(column, row)] != unmarked[(column, row)]);
            }
        }
        // 7 x 6 places: 6 x 6 pairs across, 7 x 5 down, each in both directions.
        assert_eq!(links.len(), 2 * (6 * 6 + 7 * 5), "{size:?}");
        app.link = Some(((2, 2), (3, 2)));
        let at = (area.x + 1, area.y + 1);
        click(&mut app, at);
        assert_eq!(app.link, None, "elsewhere in the panel");
    }
}

#[test]
fn the_wheel_scrolls_what_lies_under_the_pointer() {
    let mut app = app((120, 40));
    press(&mut app, "8 v");
    assert_eq!(app.pe.part, Part::Memory);
    let (_, area) = app.plan().panels.into_iter().find(|(panel, _)| *panel == PanelId::Pe).unwrap();
    let (inside, before) = ((area.x + 5, area.y + 5), app.pe.address);
    press(&mut app, "1");
    mouse(&mut app, MouseEventKind::ScrollDown, inside);
    assert!(app.pe.address > before && app.focus() == PanelId::Pe);
    mouse(&mut app, MouseEventKind::ScrollUp, inside);
    assert_eq!(app.pe.address, before);
    let selected = app.selected;
    mouse(&mut app, MouseEventKind::ScrollDown, (3, 5));
    assert_eq!(app.selected, selected, "over the plan the wheel moves nothing");
    press(&mut app, "C");
    let top = text(&app);
    mouse(&mut app, MouseEventKind::ScrollDown, (60, 20));
    assert_ne!(text(&app), top, "the overlay is scrolled");
}
