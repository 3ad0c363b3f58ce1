//! Labels of a PE's memory, for programs of any network family.

use serde::{Deserialize, Serialize};

use crate::chip::geometry::Pe;
use crate::kernel::SramWords;
use crate::kernel::matrix::Reading;
use crate::machine::program::{PeProgram, Region};
use crate::mapping::{egru, spiking};
use crate::session::Session;

/// Labels of a PE.
#[derive(Debug)]
pub(super) enum Labels<'a> {
    Egru(egru::label::Labels<'a>),
    Spiking(spiking::label::Labels<'a>),
    /// Regions alone, of a program that holds no network.
    Regions(&'a PeProgram),
}

/// Label of an element of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// Label in an EGRU's program.
    Egru(egru::label::Label),
    /// Label in a spiking network's program.
    Spiking(spiking::label::Label),
    /// Label in a program that holds no network.
    Region(RegionLabel),
}

/// Word of a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionLabel {
    /// First byte of the word.
    pub address: u32,
    /// Name of the region; empty where the word is free.
    pub region: String,
}

impl<'a> Labels<'a> {
    /// Returns the labels of a PE; `None` for a PE without a program.
    pub fn of(session: &'a Session, pe: Pe) -> Option<Self> {
        let operation = session.machine().state().pes[pe.index()].operation;
        let program = session.program();
        let egru = egru::label::Labels::of(program, pe).map(Self::Egru);
        let labels = egru.or_else(|| spiking::label::Labels::of(program, pe, operation).map(Self::Spiking));
        labels.or_else(|| program.pe(pe).map(Self::Regions))
    }

    /// Returns the program of the PE.
    pub fn loaded(&self) -> &'a PeProgram {
        match self {
            Self::Egru(labels) => labels.loaded(),
            Self::Spiking(labels) => labels.loaded(),
            Self::Regions(loaded) => loaded,
        }
    }

    /// Returns the labels of all elements that touch the word at `address`, each with its text.
    pub fn word(&self, words: &SramWords, address: u32) -> Vec<(Label, String)> {
        match self {
            Self::Egru(labels) => {
                let found = labels.word(words, address).into_iter();
                found
                    .map(|label| (label.text(labels), label))
                    .map(|(text, of)| (Label::Egru(of), text))
                    .collect()
            }
            Self::Spiking(labels) => {
                let found = labels.word(words, address).into_iter();
                found
                    .map(|label| (label.text(labels), label))
                    .map(|(text, of)| (Label::Spiking(of), text))
                    .collect()
            }
            Self::Regions(loaded) => {
                let address = address & !3;
                let inside = |region: &&Region| (region.start..region.end).contains(&address);
                let region = loaded.regions.iter().find(inside);
                let region = region.map_or_else(String::new, |region| region.name.clone());
                let text = if region.is_empty() { "free".to_owned() } else { region.clone() };
                vec![(Label::Region(RegionLabel { address, region }), text)]
            }
        }
    }
}

impl Label {
    /// Returns the first byte of the element.
    pub const fn address(&self) -> u32 {
        match self {
            Self::Egru(label) => label.address,
            Self::Spiking(label) => label.address,
            Self::Region(label) => label.address,
        }
    }

    /// Returns the type of the element.
    pub const fn reading(&self) -> Reading {
        match self {
            Self::Egru(label) => label.reading,
            Self::Spiking(label) => label.reading,
            Self::Region(_) => Reading::U32,
        }
    }

    /// Returns whether it is of a word of the program region.
    pub(super) const fn is_code(&self) -> bool {
        match self {
            Self::Egru(label) => matches!(label.what, egru::label::What::Code),
            Self::Spiking(label) => matches!(label.what, spiking::label::What::Code),
            Self::Region(_) => false,
        }
    }

    /// Returns the label with time steps numbered from 1, as the texts beside it have them.
    pub(super) fn numbered(mut self) -> Self {
        match &mut self {
            Self::Egru(label) => {
                if let egru::label::What::Buffer { now, .. } = &mut label.what {
                    *now = now.numbered();
                }
            }
            Self::Spiking(label) => {
                if let spiking::label::What::Sum { tick, .. } = &mut label.what {
                    *tick = crate::text::step_number(*tick);
                }
            }
            Self::Region(_) => {}
        }
        self
    }
}
