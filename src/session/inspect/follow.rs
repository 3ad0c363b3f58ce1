//! Links from a word to related places: from a weight to the value it is multiplied with, from a
//! value that arrived to the unit that sent it, from a unit's state to the unit.

use serde::{Deserialize, Serialize};

use super::{Part, PeLocation};
use crate::chip::geometry::Pe;
use crate::kernel::events::Unpacked;
use crate::kernel::matrix::Spot;
use crate::machine::legend::PopulationId;
use crate::machine::program::{Program, Slot};
use crate::machine::sram::SRAM_BYTES;
use crate::mapping::egru::EgruSlot;
use crate::mapping::egru::label::{Content, Label, Labels, Matrix, Origin, What};
use crate::session::Session;

/// Link to another place, with a description of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// Place that the link leads to.
    pub place: PeLocation,
    /// Description of the place.
    pub to: String,
}

/// Location of a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home<'a> {
    pub(super) pe: Pe,
    /// Slot of the unit on the PE, and the slot's number.
    pub(super) slot: &'a Slot,
    /// Number of the unit in the slot.
    pub(super) index: u32,
}

/// Returns the home of a layer's unit for one sample; `None` if no PE hosts it.
pub(super) fn home(program: &Program, layer: PopulationId, sample: u8, unit: u32) -> Option<Home<'_>> {
    let pes = &program.population(layer)?.pes;
    pes.iter().find_map(|&pe| {
        let slots = &program.pe(pe)?.slots;
        let slot = slots.iter().find(|slot| (slot.population, slot.sample) == (layer, sample))?;
        let index = slot.units.binary_search(&unit).ok()? as u32;
        Some(Home { pe, slot, index })
    })
}

/// Returns the number of a unit on its PE, counted slot after slot.
pub(super) fn number(program: &Program, home: &Home<'_>) -> u32 {
    let slots = program.pe(home.pe).map_or(&[][..], |loaded| &loaded.slots);
    let before = slots.iter().take_while(|slot| !std::ptr::eq(*slot, home.slot));
    before.map(|slot| slot.units.len() as u32).sum::<u32>() + home.index
}

/// Returns where following a label leads, if anywhere.
pub(super) fn any(
    session: &Session,
    labels: &super::labels::Labels<'_>,
    pe: Pe,
    label: &super::labels::Label,
) -> Option<Link> {
    use super::labels::{Label, Labels};
    match (labels, label) {
        (Labels::Egru(labels), Label::Egru(label)) => self::label(session, labels, pe, label),
        (Labels::Spiking(labels), Label::Spiking(label)) => {
            super::spiking::follow(session, labels, pe, label)
        }
        _ => None,
    }
}

/// Returns the link that a label leads to; `None` if it has none.
fn label(session: &Session, labels: &Labels<'_>, pe: Pe, label: &Label) -> Option<Link> {
    let program = labels.program();
    match &label.what {
        What::Unit { layer, sample, unit, .. } => to_unit(program, *layer, *sample, *unit),
        What::Buffer { layer, sample, x, y, now, .. } => {
            let shown = match now {
                Content::X(_) | Content::XOverY(..) => x,
                Content::Start | Content::Y(_) | Content::YOverX(_) => y,
            };
            match (*shown)? {
                Origin::Unit(from, unit) => to_sent(program, *layer, from, *sample, unit),
                _ => None,
            }
        }
        What::Unpacked { layer, x, y, .. } => match (x, y) {
            (None, Some(unit)) => to_sent(program, *layer, *layer, 0, *unit),
            (Some(unit), _) => to_sent(program, *layer, layer.below()?, 0, *unit),
            (None, None) => None,
        },
        What::Matrix { layer, matrix, spot, unit, .. } => {
            let slot = labels.loaded().slot_of(*layer)?.1;
            let words = session.machine().state().pes[pe.index()].sram.words();
            let kernel = matrix.kernel(EgruSlot::of(slot)?);
            let source = match spot {
                Spot::Weight(entry) | Spot::Index(entry) => entry.source,
                Spot::SourceWord { source } | Spot::Ordered { source } | Spot::ColumnPointer { source } => {
                    crate::kernel::matrix::Source::Number(*source)
                }
                Spot::RowPointer { row } => {
                    let (at, _) = kernel.row_weights(words, *row)?;
                    return Some(memory(pe, at, "the row's first weight".to_owned()));
                }
                Spot::Scale { .. } => return to_unit(program, *layer, 0, unit.as_ref()?.0),
                Spot::InputScale | Spot::Outside => return None,
            };
            let word = kernel.source_word(words, source)?;
            let operand = operand(words, slot, *matrix)?.checked_add(word.checked_mul(4)?)?;
            if operand >= SRAM_BYTES {
                return None;
            }
            let name = if *matrix == Matrix::W { "x" } else { "y" };
            Some(memory(pe, operand, format!("the {name} it is multiplied with")))
        }
        _ => None,
    }
}

fn memory(pe: Pe, at: u32, to: String) -> Link {
    Link { place: PeLocation { pe: pe.index(), part: Part::Memory, at }, to }
}

fn to_unit(program: &Program, layer: PopulationId, sample: u8, unit: u32) -> Option<Link> {
    let home = home(program, layer, sample, unit)?;
    let place = PeLocation { pe: home.pe.index(), part: Part::Neurons, at: number(program, &home) };
    let name = &program.population(layer)?.name;
    Some(Link { place, to: format!("{name} unit {unit}") })
}

/// Creates a link to the value that the sender sent: y, or the trace where another layer reads it.
fn to_sent(
    program: &Program,
    reader: PopulationId,
    layer: PopulationId,
    sample: u8,
    unit: u32,
) -> Option<Link> {
    let home = home(program, layer, sample, unit)?;
    let layout = &EgruSlot::of(home.slot)?.pointwise;
    let (base, name) = match layout.trace {
        Some(trace) if reader != layer => (trace, "trace"),
        _ => (layout.y, "y"),
    };
    let layer_name = &program.population(layer)?.name;
    Some(memory(home.pe, base + 4 * home.index, format!("{name} of {layer_name} unit {unit} on {}", home.pe)))
}

/// Returns the byte address of the operand of a slot's matrix in the PE's present time step.
fn operand(words: &crate::kernel::SramWords, slot: &Slot, matrix: Matrix) -> Option<u32> {
    let step = *words.get(slot.turn as usize / 4)?;
    let share = EgruSlot::of(slot)?;
    let unpacked = match matrix {
        Matrix::W => share.unpack_input,
        Matrix::R => share.unpack_recurrent,
    };
    match (unpacked.map(|layout| layout.into), matrix) {
        (Some(Unpacked::Dense(at)), _) => Some(at),
        (Some(Unpacked::List(_)), _) => None,
        (None, Matrix::W) => Some(slot.buffers.of(step)),
        (None, Matrix::R) => Some(slot.buffers.before(step)),
    }
}
