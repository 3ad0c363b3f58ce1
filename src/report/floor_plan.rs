//! The chip's floor plan in letters: which PE works for which layer.

use std::fmt::Write as _;

use crate::chip::geometry::{GRID_X, GRID_Y, PES_PER_QPE, Pe, Qpe, ROUTER_POSITIONS};
use crate::machine::options::ChipOptions;
use crate::machine::program::Program;

/// Layers are shown by digit, then by letter; beyond that with the last one.
const DIGITS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Draws the QPE grid, two rows of PEs a QPE: PEs 0 and 1 above 2 and 3 (their places within a QPE
/// are not published).
pub fn draw(program: &Program, chip: &ChipOptions) -> String {
    let mut out = String::new();
    for y in (1..=GRID_Y).rev() {
        for upper in [true, false] {
            let label = if upper { format!("y {y}") } else { String::new() };
            let _ = write!(out, "{label:<4}");
            for x in 1..=GRID_X {
                let pes = if upper { [0, 1] } else { [2, 3] };
                let cell = if Qpe::at(x, y).is_some() {
                    pes.map(|p| letter(program, chip, x, y, p)).iter().collect()
                } else if ROUTER_POSITIONS.contains(&(x, y)) {
                    "##".to_owned()
                } else {
                    "  ".to_owned()
                };
                let _ = write!(out, " {cell}");
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
    }
    let _ = write!(out, "x   ");
    for x in 1..=GRID_X {
        let _ = write!(out, "  {x}");
    }
    out.push('\n');
    out
}

fn letter(program: &Program, chip: &ChipOptions, x: u8, y: u8, p: u8) -> char {
    debug_assert!(usize::from(p) < PES_PER_QPE);
    let slots = Pe::at(x, y, p).and_then(|pe| program.pe(pe)).map(|loaded| loaded.slots.as_slice());
    match slots {
        Some([slot]) => {
            let digit = DIGITS.get(usize::from(slot.population)).or(DIGITS.last());
            char::from(digit.copied().unwrap_or(b'?'))
        }
        Some([_, _, ..]) => '+',
        _ if chip.broken.contains(&(x, y, p).into()) => 'X',
        _ if chip.reserved.contains(&(x, y, p).into()) => 'R',
        _ => '.',
    }
}

/// Returns the meaning of the letters.
pub fn legend(program: &Program) -> String {
    let layers: Vec<String> = program
        .populations
        .iter()
        .take(DIGITS.len())
        .zip(DIGITS)
        .map(|(layer, &digit)| format!("{} {}", char::from(digit), layer.name))
        .collect();
    format!("{}; + several layers; . unused; R reserved; X broken; ## event router", layers.join(", "))
}
