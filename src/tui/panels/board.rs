//! Panel 4 on a board: chips as a map, and the load of the links between them.
//!
//! ```text
//!   1 ┆2 (0,1)▒▒▒▒┆ >7 <6 ┆3 (1,1)▒▒▒▒┆     a chip: number, place, mean of the metric
//!        ^6 v5  /4 /3   ^2 v1                between chips: load in tenths, there and back
//!   0 ┆0 (0,0)▒▒▒▒┆ >7 <6 ┆1 (1,0)▒▒▒▒┆
//! ```

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{PanelId, View};
use crate::chip::geometry::{ChipId, Pe};
use crate::session::snapshot::{BoardView, ChipLinkView, PeStatus};
use crate::tui::panels::frame::frame;
use crate::tui::theme::Theme;
use crate::tui::theme::ramp::digit;
use crate::tui::widgets::{legend, put_at, put_line, rows_from, units};

/// Columns of a chip on the map, widest first.
const CHIP_COLUMNS: [u16; 4] = [14, 10, 6, 3];
/// Columns between two chips: the loads of both directions.
const GAP: u16 = 7;
/// Columns for the y axis.
const AXIS: u16 = 2;
/// Columns of the list's figures: packets, bytes, busy, waited.
const FIGURES: [usize; 4] = [9, 7, 9, 12];
/// Columns of a link's name with its direction, and without.
const NAME: usize = 20;
const SHORT_NAME: usize = 8;

/// Mark of a dead chip or link, in words.
const DEAD: &str = "dead";

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (board, theme) = (&view.snapshot.noc.board, view.theme());
    let metric = view.app.shown_metric();
    let end = metric.format_end(view.app.scales.end(metric));
    let legend = legend::ramp("", "0", &end, &metric.window(view.app.window, view.step_word()), theme);
    let title = format!("chips, {}; links in tenths, this {}", metric.name(), view.step_word());
    let inner = frame(view, PanelId::Noc, &title, legend, area, buf);
    let dead: Vec<ChipId> =
        ChipId::all(board.chips.len()).filter(|&chip| is_dead(view, board, chip)).collect();
    let rows = map(view, (board, &dead), inner, buf);
    busiest((board, &dead), rows_from(inner, rows), theme, buf);
}

/// Returns `true` if all links of a chip are dead and none of its cores works: a fault has killed
/// the chip, not only the links around it.
fn is_dead(view: &View<'_>, board: &BoardView, chip: ChipId) -> bool {
    let index = chip.index();
    let mut links = board.links.iter().filter(|link| link.from == index || link.to == index).peekable();
    let halted = |pe| view.pe(pe).is_none_or(|pe| matches!(pe.status, PeStatus::Unused | PeStatus::Halted));
    links.peek().is_some() && links.all(|link| link.dead) && Pe::of(chip).all(halted)
}

/// Load of the links from a chip to a neighbour; `None` if they are dead.
type Load = Option<f64>;

/// Returns the load of each pair of neighbours, by direction.
fn loads(board: &BoardView) -> HashMap<(usize, usize), Load> {
    let mut loads = HashMap::new();
    for link in &board.links {
        // On a narrow board with wrapped edges two links may join the same chips.
        let load: &mut Load = loads.entry((link.from, link.to)).or_default();
        if !link.dead {
            *load = Some(load.unwrap_or(0.0).max(link.load));
        }
    }
    loads
}

/// Draws chips and the loads between neighbours; returns the rows that they take.
fn map(view: &View<'_>, (board, dead): (&BoardView, &[ChipId]), area: Rect, buf: &mut Buffer) -> u16 {
    let theme = view.theme();
    let (width, height) = board.frame();
    let fits = |columns: &u16| AXIS + u16::from(width) * (columns + GAP) <= area.width + GAP;
    let columns = CHIP_COLUMNS.into_iter().find(fits).unwrap_or(CHIP_COLUMNS[CHIP_COLUMNS.len() - 1]);
    let gap = if fits(&columns) { GAP } else { 0 };
    let loads = loads(board);
    for (chip, &(x, y)) in ChipId::all(board.chips.len()).zip(&board.chips) {
        let at = (AXIS + u16::from(x) * (columns + gap), 2 * u16::from(height - 1 - y));
        let cell = Rect { width: columns, height: 1, ..area };
        draw_chip(view, (chip, (x, y)), dead.contains(&chip), cell, at, buf);
        let to = |dx: u8, dy: u8| board.chip_at((x + dx, y + dy));
        let load = |from: usize, to: usize| loads.get(&(from, to)).copied().unwrap_or(Some(0.0));
        if gap > 0
            && let Some(east) = to(1, 0)
        {
            let (out, back) = (load(chip.index(), east), load(east, chip.index()));
            put_at(buf, area, (at.0 + columns + 1, at.1), &format!(">{}", tenth(out)), style(theme, out));
            put_at(buf, area, (at.0 + columns + 4, at.1), &format!("<{}", tenth(back)), style(theme, back));
        }
        if gap > 0
            && let Some(corner) = to(1, 1)
        {
            let (out, back) = (load(chip.index(), corner), load(corner, chip.index()));
            let at = (at.0 + columns + 1, at.1 - 1);
            put_at(buf, area, at, &format!("/{}", tenth(out)), style(theme, out));
            put_at(buf, area, (at.0 + 3, at.1), &format!("/{}", tenth(back)), style(theme, back));
        }
        if columns >= 6
            && let Some(north) = to(0, 1)
        {
            let (out, back) = (load(chip.index(), north), load(north, chip.index()));
            put_at(buf, area, (at.0 + 1, at.1 - 1), &format!("^{}", tenth(out)), style(theme, out));
            put_at(buf, area, (at.0 + 4, at.1 - 1), &format!("v{}", tenth(back)), style(theme, back));
        }
    }
    for y in 0..height {
        put_at(buf, area, (0, 2 * u16::from(height - 1 - y)), &y.to_string(), theme.dim());
    }
    2 * u16::from(height)
}

/// Returns the mark of a load: its tenths, or `X` for a dead link, as on the map of the mesh.
fn tenth(load: Load) -> char {
    match load {
        None => 'X',
        Some(load) if load > 0.0 => digit(load as f32),
        Some(_) => '·',
    }
}

fn style(theme: &Theme, load: Load) -> ratatui::style::Style {
    match load {
        None => theme.bad(),
        Some(load) if load > 0.0 => theme.heat_ink(load as f32),
        Some(_) => theme.dim(),
    }
}

/// Draws a chip's number and place on the mean of the metric over its PEs, or a dead chip's mark.
fn draw_chip(
    view: &View<'_>,
    (chip, (x, y)): (ChipId, (u8, u8)),
    dead: bool,
    area: Rect,
    at: (u16, u16),
    buf: &mut Buffer,
) {
    let (app, theme) = (view.app, view.theme());
    let metric = app.shown_metric();
    let value = |pe: Pe| metric.value(view.pe(pe)?, app.window).filter(|value| value.is_finite());
    let values: Vec<f32> = Pe::of(chip).filter_map(value).collect();
    let number = chip.index().to_string();
    let name = match area.width {
        0..4 => number.clone(),
        4..10 => format!("{number:<2}"),
        _ => format!("{number} ({x},{y})"),
    };
    let width = usize::from(area.width);
    let (style, mark) = if dead {
        // The word where there is room, else the mark of a halted PE.
        let mark = if name.len() + DEAD.len() < width { DEAD } else { "X" };
        (theme.bad(), mark.to_owned())
    } else if values.is_empty() {
        (theme.dim(), "·".to_owned())
    } else {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let fraction = app.scales.fraction(metric, mean);
        (theme.heat(fraction), digit(fraction).to_string())
    };
    let cell = Rect { width: at.0 + area.width, height: at.1 + 1, ..area };
    if !dead && name.len() + 1 >= width {
        // A number of two digits touches the value: only the value has the colour of its heat.
        put_at(buf, cell, at, &number, theme.dim());
        put_at(buf, cell, (at.0 + area.width - 1, at.1), &mark, style);
    } else {
        let text = format!("{name:<fill$}{mark}", fill = width.saturating_sub(mark.chars().count()));
        put_at(buf, cell, at, &text, style);
    }
    if app.selected.chip() == chip {
        put_at(buf, cell, at, &number, theme.selected());
    }
}

/// Lists dead chips, dead links between others, and the links that were busiest in the last step.
fn busiest((board, dead): (&BoardView, &[ChipId]), area: Rect, theme: &Theme, buf: &mut Buffer) {
    let of_dead = |link: &ChipLinkView| dead.iter().any(|chip| [link.from, link.to].contains(&chip.index()));
    let mut links: Vec<&ChipLinkView> =
        board.links.iter().filter(|link| if link.dead { !of_dead(link) } else { link.packets > 0 }).collect();
    links.sort_by(|a, b| {
        let busier = b.dead.cmp(&a.dead).then(b.load.total_cmp(&a.load));
        busier.then((a.from, a.to).cmp(&(b.from, b.to)))
    });
    let columns = |name: usize, figures: &[usize]| name + figures.iter().sum::<usize>();
    let width = usize::from(area.width);
    // The first to go are directions, which the chips' places say too, then packets.
    let name = if columns(NAME, &FIGURES) <= width { NAME } else { SHORT_NAME };
    let first = usize::from(columns(name, &FIGURES) > width);
    let row = |figures: [String; 4]| -> String {
        let cells = figures.iter().zip(FIGURES).skip(first);
        let cells: Vec<String> = cells.map(|(figure, columns)| format!("{figure:>columns$}")).collect();
        cells.concat()
    };
    let head = row(["packets", "bytes", "busy", "waited"].map(str::to_owned));
    let title = if name == NAME { "busiest links" } else { "links" };
    let mut line = Line::from(Span::styled(format!("{title:<name$}"), theme.strong()));
    line.push_span(Span::styled(head, theme.dim()));
    let mut rest = put_line(buf, area, line);
    let is_dead = || Span::styled(row(["", "", DEAD, ""].map(str::to_owned)), theme.bad());
    for chip in dead {
        let mut line = Line::raw(format!("{:<name$}", format!("chip {}", chip.index())));
        line.push_span(is_dead());
        rest = put_line(buf, rest, line);
    }
    for link in links.iter().take(usize::from(rest.height)) {
        let direction = if name == NAME { link.direction.as_str() } else { "" };
        let mut line = Line::raw(format!("{:<name$}", format!("{} > {} {direction}", link.from, link.to)));
        line.push_span(if link.dead {
            is_dead()
        } else {
            Span::raw(row([
                units::count(link.packets),
                units::short_count(link.bytes),
                format!("{:.1} %", 100.0 * link.load),
                units::time_us(link.waited_us),
            ]))
        });
        rest = put_line(buf, rest, line);
    }
    if links.is_empty() && dead.is_empty() {
        put_line(buf, rest, Line::from(Span::styled("nothing has crossed a link yet", theme.dim())));
    }
}
