//! Window of a PE's memory with its labels.

use serde::{Deserialize, Serialize};

use super::code_words::CodeFiles;
use super::follow::{self, Link};
use super::labels::{Label, Labels};
use crate::chip::geometry::Pe;
use crate::kernel::matrix::Reading;
use crate::machine::program::{Region, RegionKind};
use crate::machine::sram::SRAM_BYTES;
use crate::session::Session;

/// Bytes of a window.
pub const WINDOW: u32 = 1024;

/// Word of memory and its contents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WordView {
    /// Byte address of the word.
    pub address: u32,
    /// Bits of the word.
    pub bits: u32,
    /// Label of the first element in the word; of several, with the number of others.
    pub label: String,
    /// Elements in the word with label and value, by first byte.
    pub elements: Vec<ElementView>,
    /// Kind of the word's region; `None` where memory is free.
    pub kind: Option<RegionKind>,
    /// Place that following the word leads to.
    pub link: Option<Link>,
}

/// Element of a word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ElementView {
    /// Label of the element for programs; time steps are numbered from 1.
    #[serde(flatten)]
    pub label: Label,
    /// Description of the element, for people.
    pub text: String,
    /// Value of the element in its own format.
    pub value: String,
}

/// Region of the memory map.
pub type Owned = Region;

/// Window of a PE's memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryView {
    /// All regions, ascending.
    pub map: Vec<Owned>,
    /// The words of the window, ascending, whole rows of 16 bytes.
    pub words: Vec<WordView>,
}

impl MemoryView {
    /// Returns the word at an address, if it is in the window.
    pub fn word(&self, address: u32) -> Option<&WordView> {
        let first = self.words.first()?.address;
        self.words.get((address.checked_sub(first)? / 4) as usize)
    }
}

/// Returns the first byte of the window around `at`. It moves by halves, so that `at` keeps a
/// quarter of the window on each side, except at the ends of SRAM.
fn start(at: u32) -> u32 {
    let half = WINDOW / 2;
    ((at.min(SRAM_BYTES - 1) / half * half).saturating_sub(half / 2)).min(SRAM_BYTES - WINDOW)
}

/// Returns the window around a byte address.
pub(super) fn window(session: &Session, labels: &Labels<'_>, pe: Pe, at: u32) -> MemoryView {
    let sram = &session.machine().state().pes[pe.index()].sram;
    let start = start(at);
    let code = CodeFiles::of(labels.loaded());
    let words = (start..start + WINDOW).step_by(4).map(|address| {
        let found = labels.word(sram.words(), address);
        let elements: Vec<ElementView> = found
            .into_iter()
            .map(|(label, text)| ElementView {
                text: if label.is_code() {
                    code.text(label.address()).unwrap_or_else(|| "no kernel's code".to_owned())
                } else {
                    text
                },
                value: value_text(label.reading(), sram.word(label.address()), label.address()),
                label,
            })
            .collect();
        let region = labels.loaded().regions.iter().find(|r| (r.start..r.end).contains(&address));
        WordView {
            address,
            bits: sram.word(address),
            label: joined(&elements),
            kind: region.map(|region| region.kind),
            link: elements.first().and_then(|e| follow::any(session, labels, pe, &e.label)),
            elements: elements.into_iter().map(ElementView::numbered).collect(),
        }
    });
    MemoryView { map: labels.loaded().regions.clone(), words: words.collect() }
}

impl ElementView {
    fn numbered(self) -> Self {
        Self { label: self.label.numbered(), ..self }
    }
}

fn joined(elements: &[ElementView]) -> String {
    match elements {
        [] => String::new(),
        [one] => one.text.clone(),
        [first, rest @ ..] => format!("{} +{}", first.text, rest.len()),
    }
}

/// Formats an element's value; `word` is the word that contains it, `address` its first byte.
pub fn value_text(reading: Reading, word: u32, address: u32) -> String {
    let shifted = word >> (8 * (address % 4));
    match reading {
        Reading::F32 => single_text(f32::from_bits(word)),
        Reading::U32 => word.to_string(),
        Reading::I32 => word.cast_signed().to_string(),
        Reading::U16 => (shifted & 0xFFFF).to_string(),
        Reading::U8 => (shifted & 0xFF).to_string(),
        Reading::I8 => i32::from(shifted as u8 as i8).to_string(),
    }
}

/// Formats a single in at most ten characters.
pub fn single_text(value: f32) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-4..1e3).contains(&size) {
        format!("{value:.5}")
    } else if (1e3..1e5).contains(&size) {
        format!("{value:.3}")
    } else {
        format!("{value:.3e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singles_fit_ten_columns() {
        let values =
            [0.0, -0.0, 1e-4, -9.99e-5, -999.999_94, 1e3, -99_999.99, 1e5, f32::MIN, -1e-45, f32::NAN];
        let texts = values.map(single_text);
        let wanted = [
            "0.00000",
            "-0.00000",
            "0.00010",
            "-9.990e-5",
            "-999.99994",
            "1000.000",
            "-99999.992",
            "1.000e5",
            "-3.403e38",
            "-1.401e-45",
            "NaN",
        ];
        assert_eq!(texts, wanted);
        assert!(texts.iter().all(|text| text.len() <= 10));
    }
}
