//! A screen as a picture. Backgrounds, blocks and lines are paths, so that they tile whatever the
//! font; text is text, with the length that its cells have. Parts of one colour are one element,
//! which keeps the file small.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::palette::{Palette, Rgb, halfway, hex};
use super::rows;
use super::shape::{Lines, Shape, shape};

/// Width and height of a character cell in units of the picture.
pub const CELL: (u32, u32) = (6, 12);
/// Empty space around the screen.
pub const MARGIN: u32 = 6;
/// Picture points of one unit, at the size that the file asks for.
const SCALE: f32 = 1.5;
/// Baseline of a row of text from its top.
const BASELINE: u32 = 9;
const FONTS: &str = "'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace";

/// Style of a piece of text: ink, then bold, italic, underlined, crossed out.
type TextStyle = (Rgb, bool, bool, bool, bool);

/// Shapes to draw, grouped by colour.
#[derive(Default)]
struct Drawing {
    grounds: BTreeMap<Rgb, String>,
    /// Blocks by ink and per cent of it.
    fills: BTreeMap<(Rgb, u8), String>,
    /// Lines by ink, light or heavy.
    lines: BTreeMap<(Rgb, bool), String>,
    texts: BTreeMap<TextStyle, String>,
}

/// Returns the ink and ground colours of a cell.
fn colours(cell: &Cell, palette: &Palette) -> (Rgb, Rgb) {
    let mut ink = palette.rgb(cell.fg, palette.foreground);
    let mut ground = palette.rgb(cell.bg, palette.background);
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut ground);
    }
    if cell.modifier.contains(Modifier::DIM) {
        ink = halfway(ink, ground);
    }
    if cell.modifier.contains(Modifier::HIDDEN) {
        ink = ground;
    }
    (ink, ground)
}

/// Returns a screen as an SVG picture; `title` describes it to screen readers.
pub fn svg(buf: &Buffer, palette: &Palette, title: &str) -> String {
    let mut drawing = Drawing::default();
    grounds(buf, palette, &mut drawing);
    shapes(buf, palette, &mut drawing);
    texts(buf, palette, &mut drawing);
    let (width, height) =
        (u32::from(buf.area.width) * CELL.0 + 2 * MARGIN, u32::from(buf.area.height) * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"-{MARGIN} -{MARGIN} {width} {height}\" \
         font-family=\"{FONTS}\" font-size=\"10\" xml:space=\"preserve\">\n<title>{}</title>\n",
        width as f32 * SCALE,
        height as f32 * SCALE,
        escape(title)
    );
    let _ = writeln!(
        out,
        "<rect x=\"-{MARGIN}\" y=\"-{MARGIN}\" width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"{}\"/>",
        hex(palette.background)
    );
    for (colour, path) in &drawing.grounds {
        let _ =
            writeln!(out, "<path fill=\"{}\" shape-rendering=\"crispEdges\" d=\"{path}\"/>", hex(*colour));
    }
    for ((colour, percent), path) in &drawing.fills {
        let opacity = if *percent == 100 { String::new() } else { format!(" fill-opacity=\".{percent}\"") };
        let _ = writeln!(
            out,
            "<path fill=\"{}\"{opacity} shape-rendering=\"crispEdges\" d=\"{path}\"/>",
            hex(*colour)
        );
    }
    for ((colour, heavy), path) in &drawing.lines {
        let stroke = if *heavy { "1.6" } else { ".8" };
        let _ = writeln!(
            out,
            "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{stroke}\" d=\"{path}\"/>",
            hex(*colour)
        );
    }
    for ((colour, bold, italic, underlined, crossed), texts) in &drawing.texts {
        let mut style = String::new();
        for (on, attribute) in [
            (*bold, " font-weight=\"bold\""),
            (*italic, " font-style=\"italic\""),
            (*underlined, " text-decoration=\"underline\""),
            (*crossed, " text-decoration=\"line-through\""),
        ] {
            if on {
                style.push_str(attribute);
            }
        }
        let _ = writeln!(out, "<g fill=\"{}\"{style}>\n{texts}</g>", hex(*colour));
    }
    out.push_str("</svg>\n");
    out
}

/// A stretch of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    from: u32,
    to: u32,
    row: u32,
    colour: Rgb,
}

/// Collects runs of a background other than the screen's own; a run that continues in the next
/// row grows downwards.
fn grounds(buf: &Buffer, palette: &Palette, drawing: &mut Drawing) {
    let mut open: Vec<Run> = Vec::new();
    let mut close = |run: Run, below: u32| {
        let path = drawing.grounds.entry(run.colour).or_default();
        rect(path, (run.from * CELL.0, run.row * CELL.1), (run.to * CELL.0, below * CELL.1));
    };
    let mut last = 0;
    for (y, row) in (0..).zip(rows(buf)) {
        let mut runs: Vec<Run> = Vec::new();
        for (x, cell) in (0..).zip(row) {
            let (_, colour) = colours(cell, palette);
            if colour == palette.background {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.to == x && run.colour == colour => run.to = x + 1,
                _ => runs.push(Run { from: x, to: x + 1, row: y, colour }),
            }
        }
        for run in &mut runs {
            let same = |above: &Run| (above.from, above.to, above.colour) == (run.from, run.to, run.colour);
            if let Some(at) = open.iter().position(same) {
                run.row = open.remove(at).row;
            }
        }
        for run in std::mem::replace(&mut open, runs) {
            close(run, y);
        }
        last = y + 1;
    }
    for run in open {
        close(run, last);
    }
}

/// Adds a rectangle to a path; numbers are whole units, or quarters of one.
fn rect(path: &mut String, (left, top): (u32, u32), (right, bottom): (u32, u32)) {
    let _ = write!(path, "M{left} {top}H{right}V{bottom}H{left}z");
}

/// Adds a rectangle given in eighths of a cell to a path.
fn fine_rect(path: &mut String, (x, y): (u32, u32), (left, top, right, bottom): (u32, u32, u32, u32)) {
    let across = |eighths: u32| (x * 8 * CELL.0 + eighths * CELL.0) as f32 / 8.0;
    let down = |eighths: u32| (y * 8 * CELL.1 + eighths * CELL.1) as f32 / 8.0;
    let _ =
        write!(path, "M{} {}H{}V{}H{}z", across(left), down(top), across(right), down(bottom), across(left));
}

fn shapes(buf: &Buffer, palette: &Palette, drawing: &mut Drawing) {
    let mut upright: Vec<Run> = Vec::new();
    for (y, row) in (0..).zip(rows(buf)) {
        let mut x = 0;
        while let Some(cell) = row.get(x) {
            let shape = cell.symbol().chars().next().and_then(shape);
            let (ink, _) = colours(cell, palette);
            // What is the same all along is one shape.
            let like = |other: &&Cell| other.symbol() == cell.symbol() && colours(other, palette).0 == ink;
            let alike = row.iter().skip(x).take_while(like).count().max(1);
            let at = (x as u32, y);
            let end = match shape {
                None => 1,
                Some(Shape::Fill([Some((0, top, 8, bottom)), None])) => {
                    let path = drawing.fills.entry((ink, 100)).or_default();
                    fine_rect(path, at, (0, top.into(), 8 * alike as u32, bottom.into()));
                    alike
                }
                Some(Shape::Fill(rects)) => {
                    let path = drawing.fills.entry((ink, 100)).or_default();
                    for (left, top, right, bottom) in rects.into_iter().flatten() {
                        fine_rect(path, at, (left.into(), top.into(), right.into(), bottom.into()));
                    }
                    1
                }
                Some(Shape::Shade(percent)) => {
                    let path = drawing.fills.entry((ink, percent)).or_default();
                    fine_rect(path, at, (0, 0, 8 * alike as u32, 8));
                    alike
                }
                Some(Shape::Dots(bits)) => {
                    dots(drawing.fills.entry((ink, 100)).or_default(), at, bits);
                    1
                }
                Some(Shape::Lines(lines)) => {
                    let path = drawing.lines.entry((ink, lines.heavy)).or_default();
                    if lines == (Lines { left: true, right: true, heavy: lines.heavy, ..Lines::default() }) {
                        let middle = y * CELL.1 + CELL.1 / 2;
                        let _ =
                            write!(path, "M{} {middle}H{}", at.0 * CELL.0, (at.0 + alike as u32) * CELL.0);
                        alike
                    } else if lines == (Lines { up: true, down: true, ..Lines::default() }) {
                        let above = |run: &&mut Run| run.from == at.0 && run.to == y && run.colour == ink;
                        match upright.iter_mut().find(above) {
                            Some(run) => run.to = y + 1,
                            None => upright.push(Run { from: at.0, to: y + 1, row: y, colour: ink }),
                        }
                        1
                    } else {
                        corner(path, at, lines);
                        1
                    }
                }
            };
            x += end;
        }
    }
    for run in upright {
        let path = drawing.lines.entry((run.colour, false)).or_default();
        let middle = run.from * CELL.0 + CELL.0 / 2;
        let _ = write!(path, "M{middle} {}V{}", run.row * CELL.1, run.to * CELL.1);
    }
}

/// Adds a corner, a crossing or an end of lines to a path.
fn corner(path: &mut String, (x, y): (u32, u32), lines: Lines) {
    let (left, top) = (x * CELL.0, y * CELL.1);
    let (middle, centre) = (left + CELL.0 / 2, top + CELL.1 / 2);
    let (right, bottom) = (left + CELL.0, top + CELL.1);
    let aside = if lines.right { right } else { left };
    let end = if lines.down { bottom } else { top };
    let turns = (lines.up ^ lines.down) && (lines.left ^ lines.right);
    if turns && lines.round {
        let bend = if lines.down { centre + CELL.0 / 2 } else { centre - CELL.0 / 2 };
        let _ = write!(path, "M{middle} {end}V{bend}Q{middle} {centre} {aside} {centre}");
    } else if turns {
        let _ = write!(path, "M{middle} {end}V{centre}H{aside}");
    } else {
        if lines.left || lines.right {
            let from = if lines.left { left } else { middle };
            let _ = write!(path, "M{from} {centre}H{}", if lines.right { right } else { middle });
        }
        if lines.up || lines.down {
            let from = if lines.up { top } else { centre };
            let _ = write!(path, "M{middle} {from}V{}", if lines.down { bottom } else { centre });
        }
    }
}

/// Adds the dots of a Braille character to a path: eight places, two columns of four.
fn dots(path: &mut String, (x, y): (u32, u32), bits: u8) {
    /// Column and row of each bit.
    const PLACES: [(u32, u32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    for (bit, (column, row)) in PLACES.into_iter().enumerate() {
        if bits >> bit & 1 == 1 {
            let left = (x * CELL.0 + column * 3) as f32 + 0.75;
            let top = (y * CELL.1 + row * 3) as f32 + 0.75;
            let _ = write!(path, "M{left} {top}h1.5v1.5h-1.5z");
        }
    }
}

/// Collects text in pieces that begin at their column, so that each is in place in any font.
fn texts(buf: &Buffer, palette: &Palette, drawing: &mut Drawing) {
    for (y, row) in (0..).zip(rows(buf)) {
        let mut piece: Option<(u32, TextStyle, String)> = None;
        let mut skip = 0;
        for (x, cell) in (0..).zip(row) {
            // A wide character has the next cell, too.
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = cell.symbol();
            skip = symbol.width().saturating_sub(1);
            let style = text_style(cell, palette);
            let drawn = symbol.chars().next().is_some_and(super::is_drawn);
            let blank = drawn || (symbol.trim().is_empty() && !(style.3 || style.4));
            match &mut piece {
                _ if drawn => end(drawing, y, piece.take()),
                // A space between words of one look belongs to them; more end the piece.
                Some((_, _, text)) if blank && !text.ends_with(' ') => text.push(' '),
                _ if blank => end(drawing, y, piece.take()),
                Some((_, look, text)) if *look == style => text.push_str(symbol),
                _ => {
                    end(drawing, y, piece.take());
                    piece = Some((x, style, symbol.to_owned()));
                }
            }
        }
        end(drawing, y, piece);
    }
}

fn text_style(cell: &Cell, palette: &Palette) -> TextStyle {
    let has = |modifier| cell.modifier.contains(modifier);
    let (ink, _) = colours(cell, palette);
    (ink, has(Modifier::BOLD), has(Modifier::ITALIC), has(Modifier::UNDERLINED), has(Modifier::CROSSED_OUT))
}

fn end(drawing: &mut Drawing, row: u32, piece: Option<(u32, TextStyle, String)>) {
    let Some((column, style, text)) = piece else { return };
    let text = if style.3 || style.4 { text.as_str() } else { text.trim_end() };
    let (x, y) = (column * CELL.0, row * CELL.1 + BASELINE);
    let texts = drawing.texts.entry(style).or_default();
    let length = text.width() as u32 * CELL.0;
    let _ = writeln!(texts, "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\">{}</text>", escape(text));
}

/// Escapes text for XML.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no place for them, not even escaped.
            c if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
