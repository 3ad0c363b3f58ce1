//! The whole screen: status line, panels, keys, overlays. Reads the model, changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::app::{App, Overlay};
use super::layout::MINIMUM;
use super::overlays;
use super::panels::{self, View};
use super::status;
use super::teaching::{presenter, strip};
use super::theme::Glyphs;
use super::theme::glyphs::to_ascii;
use super::widgets::{put_line, shorten};

/// Draws the app into `area`, which is the whole screen.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    draw_all(app, area, buf);
    app.theme.paint(area, buf);
    if app.theme.glyphs == Glyphs::Ascii {
        to_ascii(area, buf);
    }
}

fn draw_all(app: &App, area: Rect, buf: &mut Buffer) {
    // The terminal may have changed size since the message that said so: what is drawn fits
    // what is there.
    let mut plan = strip::plan(app, (area.width, area.height));
    if plan.too_small {
        too_small(app, area, buf);
        return;
    }
    match app.picture() {
        Some(snapshot) => {
            let view = View { app, snapshot };
            for (panel, area) in plan.panels.drain(..) {
                panels::render(panel, &view, area, buf);
            }
            for (panel, area) in plan.deltas.drain(..) {
                panels::deltas::render(panel, &view, area, buf);
            }
            status::render(&view, presenter::beside(app, area, plan.status), buf);
            status::tabs(app, plan.tabs, buf);
        }
        None => overlays::loading::render(app, area, buf),
    }
    status::footer(app, plan.footer, buf);
    strip::render(app, area, buf);
    for overlay in &app.overlays {
        draw_overlay(app, overlay, area, buf);
    }
    presenter::render(app, area, buf);
}

fn draw_overlay(app: &App, overlay: &Overlay, area: Rect, buf: &mut Buffer) {
    match overlay {
        Overlay::Help { page, search, scroll } => {
            overlays::help::render(app, *page, search, *scroll, area, buf);
        }
        Overlay::SceneError { text, scroll } => overlays::message::scene_error(app, text, *scroll, area, buf),
        Overlay::Crash { text, scroll } => overlays::message::crash(app, text, *scroll, area, buf),
        Overlay::Ran { ran, scroll } => overlays::message::ran(app, ran, *scroll, area, buf),
        Overlay::Messages { scroll } => overlays::message::messages(app, *scroll, area, buf),
        Overlay::Findings { selected } => overlays::message::findings(app, *selected, area, buf),
        Overlay::Points(points) => overlays::points::render(app, points, area, buf),
        Overlay::Palette(palette) => overlays::palette::render(app, palette, area, buf),
        Overlay::Search(search) => overlays::search::render(app, search, area, buf),
        Overlay::Asking(asking) => overlays::asking::render(app, asking, area, buf),
        Overlay::Fault(fault) => overlays::fault::render(app, fault, area, buf),
        Overlay::Results => overlays::results::render(app, area, buf),
        Overlay::Constants { scroll } => overlays::constants::render(app, *scroll, area, buf),
    }
}

fn too_small(app: &App, area: Rect, buf: &mut Buffer) {
    let (columns, rows) = MINIMUM;
    let width = usize::from(area.width);
    let lines = [
        Line::styled(shorten("spinntui", width), app.theme.strong()),
        Line::raw(shorten(&format!("needs {columns}x{rows}, has {}x{}", area.width, area.height), width)),
        Line::raw(shorten("make the window larger", width)),
        Line::raw(shorten("or the font smaller", width)),
        Line::styled(shorten("q quits", width), app.theme.dim()),
    ];
    let mut rest = area;
    for line in lines {
        rest = put_line(buf, rest, line);
    }
}
