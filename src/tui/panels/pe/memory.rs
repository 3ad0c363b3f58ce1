//! Memory: the banks and their map, words in hex, f32 or u32, and what the one under the cursor is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::View;
use super::core::wrap;
use crate::machine::sram::{BANK_BYTES, BANKS, SRAM_BYTES};
use crate::session::inspect::{MemoryView, WordView, single_text};
use crate::session::snapshot::RegionView;
use crate::tui::panels::memory::slice_look;
use crate::tui::state::pe::WordFormat;
use crate::tui::theme::region_letter;
use crate::tui::widgets::{
    columns_from, columns_to, put_at, put_line, put_pair, put_right, rows_from, rows_to, shorten, units,
};

/// Smallest width at which the map stands beside the words, columns.
const MAP_BESIDE: u16 = 112;
/// Columns of the map when it stands beside the words.
const MAP_COLUMNS: u16 = 38;
/// Columns of an address.
const ADDRESS: u16 = 6;

/// Returns the number of words in a row: four (16 bytes), or two where the panel is narrow.
pub(super) fn words_in_row(width: u16) -> u32 {
    if width >= ADDRESS + 4 * 11 { 4 } else { 2 }
}

pub(super) fn render(view: &View<'_>, window: &MemoryView, area: Rect, buf: &mut Buffer) {
    let rest = bank_bar(view, window, area, buf);
    let (map, rest) = if rest.width >= MAP_BESIDE {
        (columns_to(rest, MAP_COLUMNS), columns_from(rest, MAP_COLUMNS + 2))
    } else {
        let rows = if rest.height >= 15 { (rest.height / 5).max(3) } else { 0 };
        (rows_to(rest, rows), rows_from(rest, rows))
    };
    regions(view, window, map, buf);
    let word = window.word(view.app.pe.address);
    // Four rows for most words, so that the view does not jump; words of small numbers have up
    // to four elements.
    let wanted = if word.is_some_and(|word| word.elements.len() > 2) { 6 } else { 4 };
    let detail = (wanted + u16::from(rest.width < 60)).min(rest.height / 2);
    words(view, window, rows_to(rest, rest.height - detail), buf);
    if let Some(word) = word {
        under_cursor(view, window, word, rows_from(rest, rest.height - detail), buf);
    }
}

/// Draws the four banks in a row, each slice coloured by what most of it holds, with the cursor's
/// marked; returns the area below.
fn bank_bar(view: &View<'_>, window: &MemoryView, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    // A digit before each bank.
    let columns = u32::from(area.width.saturating_sub(2 * BANKS as u16)) / BANKS as u32;
    if columns == 0 {
        return rows_from(area, 1);
    }
    let cursor = view.app.pe.address.min(SRAM_BYTES - 1);
    for bank in 0..BANKS as u32 {
        let left = (bank * (columns + 2)) as u16;
        put_at(buf, area, (left, 0), &bank.to_string(), theme.dim());
        for x in 0..columns {
            let start = bank * BANK_BYTES + x * BANK_BYTES / columns;
            let end = bank * BANK_BYTES + (x + 1) * BANK_BYTES / columns;
            let (symbol, style) = slice_look(&window.map, start, end, theme);
            let here = (start..end).contains(&cursor);
            let (symbol, style) = if here { ('^', theme.cursor()) } else { (symbol, style) };
            put_at(buf, area, (left + 1 + x as u16, 0), &symbol.to_string(), style);
        }
    }
    rows_from(area, 1)
}

/// Draws the map: as many regions as fit, around the cursor's.
fn regions(view: &View<'_>, window: &MemoryView, area: Rect, buf: &mut Buffer) {
    let rows = usize::from(area.height);
    let address = view.app.pe.address;
    let inside = |region: &RegionView| (region.start..region.end).contains(&address);
    let behind = window.map.partition_point(|region| region.start <= address);
    let at = window.map.iter().position(inside).unwrap_or(behind.saturating_sub(1));
    let first = at.saturating_sub(rows / 2).min(window.map.len().saturating_sub(rows));
    let mut rest = area;
    for region in window.map.iter().skip(first).take(rows) {
        rest = region_line(view, region, inside(region), rest, buf);
    }
}

fn region_line(view: &View<'_>, region: &RegionView, here: bool, area: Rect, buf: &mut Buffer) -> Rect {
    let theme = view.theme();
    let size = units::bytes(region.end.saturating_sub(region.start));
    let room = usize::from(area.width).saturating_sub(9 + size.len() + 1);
    let name = shorten(&region.name, room);
    let style = if here { theme.selected() } else { theme.text() };
    let line = Line::from(vec![
        Span::styled(format!("{:05x} ", region.start), theme.dim()),
        Span::styled(
            format!("{} ", region_letter(region.kind)),
            theme.region(region.kind).patch(theme.strong()),
        ),
        Span::styled(name, style),
    ]);
    put_pair(buf, area, line, Line::styled(size, theme.dim()))
}

/// Returns the columns of a word and the gap before it.
const fn word_columns(format: WordFormat) -> u16 {
    match format {
        WordFormat::Hex => 9,
        WordFormat::F32 | WordFormat::U32 => 11,
    }
}

fn word_text(format: WordFormat, bits: u32) -> String {
    match format {
        WordFormat::Hex => format!("{bits:08x}"),
        WordFormat::F32 => single_text(f32::from_bits(bits)),
        WordFormat::U32 => bits.to_string(),
    }
}

/// Draws rows of words, the cursor's in the middle where the window allows, each with the label of
/// its first word or, in the cursor's row, of the word under the cursor.
fn words(view: &View<'_>, window: &MemoryView, area: Rect, buf: &mut Buffer) {
    let (theme, state) = (view.theme(), &view.app.pe);
    let in_row = words_in_row(area.width) as usize;
    let chunks: Vec<&[WordView]> = window.words.chunks(in_row).collect();
    let has_cursor = |row: &[WordView]| row.iter().any(|word| word.address == state.address);
    let at = chunks.iter().position(|row| has_cursor(row)).unwrap_or(0);
    let rows = usize::from(area.height);
    let first = at.saturating_sub(rows / 2).min(chunks.len().saturating_sub(rows));
    let columns = word_columns(state.format);
    let labels_from = ADDRESS + columns * in_row as u16 + 1;
    for (y, row) in (0u16..).zip(chunks.iter().skip(first).take(rows)) {
        let Some(head) = row.first() else { continue };
        put_at(buf, area, (0, y), &format!("{:05x}", head.address), theme.dim());
        for (x, word) in (0u16..).zip(row.iter()) {
            let text = word_text(state.format, word.bits);
            let style = word_style(view, word);
            let room = usize::from(columns) - 1;
            let place = ADDRESS + x * columns + columns - 1 - (text.chars().count().min(room) as u16);
            put_at(buf, area, (place, y), &shorten(&text, room), style);
            if theme.marks() && word.address == state.address {
                put_at(buf, area, (place - 1, y), ">", style);
            }
        }
        let shown = row.iter().find(|word| word.address == state.address).unwrap_or(head);
        let room = usize::from(area.width.saturating_sub(labels_from));
        if room >= 8 {
            let style = if has_cursor(row) { theme.strong() } else { theme.dim() };
            put_at(buf, area, (labels_from, y), &row_label(&shown.label, room), style);
        }
    }
}

/// Returns a label cut to a number of columns; text in brackets is left out where there is no room.
fn row_label(label: &str, room: usize) -> String {
    let full = Span::raw(label).width() <= room;
    let short = label.split(" (").next().unwrap_or(label);
    shorten(if full { label } else { short }, room)
}

fn word_style(view: &View<'_>, word: &WordView) -> Style {
    let theme = view.theme();
    if word.address == view.app.pe.address {
        return theme.cursor();
    }
    word.kind.map_or_else(|| theme.dim(), |kind| theme.region(kind))
}

/// Returns a word as hex, u32 and f32, and the name of its region, in `room` columns.
///
/// Where there is no room for all, the u32 is left out first, then the name. A panel of at least
/// its minimum width never cuts the number.
fn read_out(bits: u32, owner: &str, room: usize) -> (String, &str) {
    let single = single_text(f32::from_bits(bits));
    let (full, short) = (format!("{bits:08x} = {bits} = {single}"), format!("{bits:08x} = {single}"));
    let fits = |value: &str, owner: &str| value.len() + owner.len() + usize::from(!owner.is_empty()) <= room;
    for (value, owner) in [(&full, owner), (&short, owner), (&full, ""), (&short, "")] {
        if fits(value, owner) {
            return (value.clone(), owner);
        }
    }
    (shorten(&short, room), "")
}

/// Draws the details of the word under the cursor: its address, its values, its elements, and the
/// target of its link.
fn under_cursor(view: &View<'_>, window: &MemoryView, word: &WordView, area: Rect, buf: &mut Buffer) {
    let theme = view.theme();
    let region = window.map.iter().find(|r| (r.start..r.end).contains(&word.address));
    let owner = region.map_or("free", |region| region.name.as_str());
    let place = format!("{:05x} bank {} ", word.address, word.address / BANK_BYTES);
    let (value, owner) = read_out(word.bits, owner, usize::from(area.width).saturating_sub(place.len()));
    let line = Line::from(vec![Span::styled(place, theme.accent()), Span::raw(value)]);
    let mut rest = put_line(buf, area, line);
    let style = region.map_or_else(|| theme.dim(), |region| theme.region(region.kind));
    put_right(buf, area, Line::styled(owner, style));
    let room = usize::from(area.width);
    let link = usize::from(word.link.is_some());
    let for_elements = usize::from(rest.height).saturating_sub(link);
    for element in word.elements.iter().take(for_elements) {
        let text = format!("{} = {}", element.text, element.value);
        let rows = if word.elements.len() == 1 { for_elements } else { 1 };
        for line in wrap(&text, room, rows) {
            rest = put_line(buf, rest, Line::styled(line, theme.strong()));
        }
    }
    if let Some(link) = &word.link {
        let line = vec![
            Span::styled(theme.glyphs.pick("⏎ ", "> "), theme.accent()),
            Span::raw(shorten(&link.to, room.saturating_sub(2))),
        ];
        put_line(buf, rest, Line::from(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_word_is_whole_and_apart_from_the_region_at_every_width() {
        let (bits, owner) = (0x7f60_44ee, "rnns.1 cell states c");
        let number = single_text(f32::from_bits(bits));
        assert_eq!(read_out(bits, owner, 80), (format!("7f6044ee = 2137015534 = {number}"), owner));
        for room in 21..100 {
            let (value, owner) = read_out(bits, owner, room);
            assert!(value.ends_with(&number), "{room}: {value}");
            assert!(
                value.len() + owner.len() < room + usize::from(owner.is_empty()),
                "{room}: {value}{owner}"
            );
        }
        assert_eq!(read_out(bits, owner, 45).1, owner, "the u32 goes before the name");
        assert!(read_out(bits, owner, 12).0.ends_with('…'));
    }
}
