//! Panel 3: what lives where. The selected PE's four SRAM banks as a map of regions, its
//! region list, and the banks of all PEs: on the floor plan where there is room, else the
//! fullest as a list.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{PanelId, View};
use crate::chip::geometry::Pe;
use crate::machine::options::BankInterleave;
use crate::session::snapshot::{PeDetail, PeStatus, PeView, RegionKind, RegionView};
use crate::tui::heat::{BANK_BYTES, SRAM_BYTES, sram_fill};
use crate::tui::panels::frame::frame;
use crate::tui::theme::{Theme, region_letter};
use crate::tui::widgets::floor_plan::FloorPlan;
use crate::tui::widgets::{
    bars, columns_from, columns_to, put_at, put_line, put_pair, put_right, rows_from, rows_to, shorten, units,
};

/// Banks of a PE.
const BANKS: u32 = 4;
/// Columns of the list of the fullest PEs.
const LIST_COLUMNS: u16 = 32;
/// Columns of the floor plan with four bars a PE: 7 QPEs of 8, six gaps, the axis.
const PLAN_COLUMNS: u16 = 64;
/// Kinds in the order of the legend, with a short name for narrow panels.
const KINDS: [(RegionKind, &str, &str); 6] = [
    (RegionKind::Program, "program", "prog"),
    (RegionKind::Weights, "weights", "wts"),
    (RegionKind::Buffer, "buffers", "buf"),
    (RegionKind::State, "state", "st"),
    (RegionKind::Stack, "stack", "stk"),
    (RegionKind::Log, "log", "log"),
];

/// Draws the panel.
pub fn render(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let what =
        if area.width >= 66 { "bytes in use now · a bar per bank, to 32 KiB" } else { "bytes in use now" };
    let inner = frame(view, PanelId::Memory, what, legend(view.theme(), area.width), area, buf);
    let plan = FloorPlan::fit_cells(columns_to(inner, inner.width / 2), (4, 1))
        .filter(|_| inner.width >= 2 * PLAN_COLUMNS);
    if let Some(plan) = plan {
        draw_plan(view, &plan, buf);
        let right = columns_from(inner, inner.width / 2 + 1);
        selected_pe(view, right, right.height, buf);
        return;
    }
    // Below the plan: the banks and at least four regions.
    let above = rows_to(inner, inner.height.saturating_sub(9));
    if let Some(plan) = FloorPlan::fit_cells(above, (4, 1)) {
        draw_plan(view, &plan, buf);
        let rest = rows_from(inner, plan.rows());
        selected_pe(view, rest, rest.height, buf);
        return;
    }
    if inner.width >= 72 {
        // The fullest PEs beside the regions, below the banks.
        selected_pe(view, columns_to(inner, inner.width - LIST_COLUMNS - 2), inner.height, buf);
        fullest(view, columns_from(inner, inner.width - LIST_COLUMNS), buf);
        return;
    }
    // The map first, then as many of the fullest PEs as there is room for.
    let list_rows = if inner.height >= 14 { (inner.height / 3).min(12) } else { 0 };
    selected_pe(view, inner, inner.height - list_rows, buf);
    fullest(view, rows_from(inner, inner.height - list_rows), buf);
}

fn legend(theme: &Theme, width: u16) -> Line<'static> {
    let mut line = Line::default();
    for (kind, name, short) in KINDS {
        let letter = Span::styled(region_letter(kind).to_string(), theme.region(kind).patch(theme.strong()));
        let text = if width >= 66 { format!(" {name}  ") } else { format!(" {short} ") };
        // Narrow: the region list below says the same in full.
        if line.width() + 1 + text.len() + 4 <= usize::from(width) {
            line.spans.push(letter);
            line.spans.push(Span::styled(text, theme.dim()));
        }
    }
    line
}

/// Draws four bars for each PE of the floor plan, one a bank.
fn draw_plan(view: &View<'_>, plan: &FloorPlan, buf: &mut Buffer) {
    let theme = view.theme();
    plan.draw_background(buf, theme);
    for pe in view.chip_places() {
        let Some(state) = view.pe(pe) else { continue };
        let area = plan.pe_area(pe);
        let bar_columns = (area.width / BANKS as u16).max(1);
        for (bank, &used) in (0u16..).zip(&state.bank_bytes) {
            let fraction = (used as f32 / BANK_BYTES as f32).clamp(0.0, 1.0);
            let style = if pe == view.app.selected { theme.selected() } else { theme.heat_ink(fraction) };
            let column =
                Rect { x: area.x + bank * bar_columns, width: bar_columns, ..area }.intersection(area);
            for x in 0..column.width {
                bars::columns(
                    buf,
                    Rect { x: column.x + x, width: 1, ..column },
                    &[fraction],
                    1.0,
                    theme,
                    |_| style,
                );
            }
        }
        if state.status == PeStatus::Unused {
            put_at(buf, area, (0, 0), ".", theme.dim());
        }
    }
}

/// Draws the selected PE: its name, its banks, its regions.
fn selected_pe(view: &View<'_>, area: Rect, rows: u16, buf: &mut Buffer) {
    let (app, theme) = (view.app, view.theme());
    let Some(state) = view.pe(app.selected) else { return };
    let used = state.bank_bytes.iter().sum::<u32>();
    let mut name = vec![Span::styled(app.selected.to_string(), theme.accent())];
    if let Some(layer) = state.layer {
        name.push(Span::styled(format!(" {}", view.layer_name(layer)), theme.category(usize::from(layer))));
    }
    let area = rows_to(area, rows);
    let total = format!("{:.1} of {} KiB", f64::from(used) / 1024.0, SRAM_BYTES / 1024);
    let mut rest = put_pair(buf, area, Line::from(name), Line::raw(total));
    for bank in 0..BANKS {
        bank_row(view, state, bank, rows_to(rest, 1), buf);
        rest = rows_from(rest, 1);
    }
    match view.detail() {
        Some(detail) => {
            let rest = bank_counts(view, detail, rest, buf);
            region_list(detail, theme, rest, buf);
        }
        None if state.status != PeStatus::Unused => {
            put_line(buf, rest, Line::styled("asking for the map ...", theme.dim()));
        }
        None => {}
    }
}

/// Draws a bank as a map: each column is a slice of its 32 KiB, coloured by what most of it holds.
///
/// While the regions are not known, draws a bar of the bytes in use instead.
fn bank_row(view: &View<'_>, state: &PeView, bank: u32, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let used = state.bank_bytes.get(bank as usize).copied().unwrap_or(0);
    // With words that go round the banks a row is 32 KiB of addresses, and no bank.
    let name = match view.snapshot.setup.assume.bank_interleave {
        BankInterleave::Block => "bank",
        BankInterleave::Word => "32 K",
    };
    put_at(buf, area, (0, 0), &format!("{name} {bank}"), theme.dim());
    let share = f64::from(used) / f64::from(BANK_BYTES);
    put_right(buf, area, Line::raw(format!("{:.1} %", share * 100.0)));
    let map = columns_from(area, 7);
    let map = columns_to(map, map.width.saturating_sub(9));
    let Some(detail) = view.detail() else {
        bars::bar(buf, map, share, theme.heat_ink(share as f32), theme);
        return;
    };
    let columns = u32::from(map.width);
    for x in 0..columns {
        let (start, end) = (
            bank * BANK_BYTES + x * BANK_BYTES / columns,
            bank * BANK_BYTES + (x + 1) * BANK_BYTES / columns,
        );
        let (symbol, style) = slice_look(&detail.regions, start, end, theme);
        put_at(buf, map, (x as u16, 0), &symbol.to_string(), style);
    }
}

/// Draws the accesses of each bank since the start: a row a bank, where the regions keep at
/// least four rows.
fn bank_counts(view: &View<'_>, detail: &PeDetail, area: Rect, buf: &mut Buffer) -> Rect {
    if area.height < BANKS as u16 + 5 {
        return area;
    }
    let (theme, assume) = (view.theme(), &view.snapshot.setup.assume);
    let (names, columns): (&[&str], usize) = match area.width {
        80.. => (&["core", "NoC", "DMA", "conflicts", "core waits", "write waits"], 12),
        47.. => (&["core", "NoC", "DMA", "conflicts"], 10),
        _ => (&["core", "NoC", "DMA", "confl."], 7),
    };
    let row = |cells: Vec<String>| {
        cells.iter().map(|cell| format!("{cell:>columns$}")).collect::<Vec<_>>().concat()
    };
    let interleave = match assume.bank_interleave {
        BankInterleave::Block => "bank   ",
        BankInterleave::Word => "by 16 B",
    };
    let heading = row(names.iter().map(|&name| name.to_owned()).collect());
    let mut rest = put_line(
        buf,
        area,
        Line::from(vec![Span::styled(interleave, theme.dim()), Span::styled(heading, theme.dim())]),
    );
    for (bank, count) in detail.banks.iter().enumerate() {
        let figures =
            [count.core, count.noc, count.dma, count.conflicts(), count.core_stalls, count.write_waits];
        let shown = figures.iter().take(names.len()).map(|&n| units::short_count(n)).collect();
        rest = put_line(
            buf,
            rest,
            Line::from(vec![Span::styled(format!("bank {bank} "), theme.dim()), Span::raw(row(shown))]),
        );
    }
    rest
}

/// Returns letter and style of the region with at least half of `start..end`; a dot if none has it.
pub(super) fn slice_look(regions: &[RegionView], start: u32, end: u32, theme: &Theme) -> (char, Style) {
    let overlap = |r: &RegionView| r.end.min(end).saturating_sub(r.start.max(start));
    let largest = regions.iter().max_by_key(|region| overlap(region));
    match largest {
        Some(region) if overlap(region) * 2 >= end - start => {
            (region_letter(region.kind), theme.region(region.kind).patch(theme.selected()))
        }
        _ => ('.', theme.dim()),
    }
}

fn region_list(detail: &PeDetail, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut rest = area;
    // One row of the area tells how many regions did not fit.
    let fitting = usize::from(area.height);
    let shown = if detail.regions.len() > fitting { fitting.saturating_sub(1) } else { detail.regions.len() };
    for region in &detail.regions[..shown] {
        let size = units::bytes(region.end.saturating_sub(region.start));
        let address = format!("{:05x} ", region.start);
        let room = usize::from(rest.width).saturating_sub(address.len() + 2 + size.len() + 1);
        let line = Line::from(vec![
            Span::styled(address, theme.dim()),
            Span::styled(
                format!("{} ", region_letter(region.kind)),
                theme.region(region.kind).patch(theme.strong()),
            ),
            Span::raw(shorten(&region.name, room)),
        ]);
        rest = put_pair(buf, rest, line, Line::raw(size));
    }
    if shown < detail.regions.len() {
        put_line(buf, rest, Line::styled(format!("and {} more", detail.regions.len() - shown), theme.dim()));
    }
}

/// Draws the fullest PEs, fullest first, with their four banks as small bars.
fn fullest(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let mut pes: Vec<(Pe, &PeView)> = view.places().filter_map(|pe| Some((pe, view.pe(pe)?))).collect();
    pes.sort_by_key(|(pe, state)| (std::cmp::Reverse(state.bank_bytes.iter().sum::<u32>()), pe.index()));
    let mut rest = put_line(buf, area, Line::styled("fullest PEs   banks 0-3  in use", theme.strong()));
    for (pe, state) in pes.into_iter().take(usize::from(rest.height)) {
        let mut spans = vec![Span::styled(format!("{:<14}", pe.to_string()), theme.text())];
        for &used in &state.bank_bytes {
            let fraction = f64::from(used) / f64::from(BANK_BYTES);
            spans.push(Span::styled(bars::column(fraction, theme), theme.heat_ink(fraction as f32)));
            spans.push(Span::raw(" "));
        }
        spans.push(Span::raw(format!("   {}", units::percent(f64::from(sram_fill(state))))));
        rest = put_line(buf, rest, Line::from(spans));
    }
}
