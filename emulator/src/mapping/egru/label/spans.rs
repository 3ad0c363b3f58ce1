//! Ownership of the bytes of a PE, derived from its program.

use super::{EventArray, Labels, Matrix, Quantity};
use crate::kernel::events::{UnpackLayout, Unpacked, most_packets};
use crate::machine::legend::PopulationId;
use crate::machine::program::{PACKET_BYTES, Program, RegionKind, Slot};
use crate::mapping::egru::EgruSlot;
use crate::mapping::egru::control::Control;

/// Owner of a span of bytes; numbers are those of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Code,
    Stack,
    Log,
    Fifo,
    Control(usize),
    /// The slot's buffer A, B or C.
    Buffer(usize, u8),
    /// Array of W or R.
    Array(usize, Matrix, usize),
    /// Array with one or three numbers a unit; the flag says that the array is padded
    /// to whole packets.
    Units(usize, Quantity, bool),
    Events(usize, EventArray),
    /// Dense values, unpacked from a slot's mail.
    Unpacked(usize),
}

/// Range of bytes with its owner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) owner: Owner,
}

/// Returns all ranges of a PE that have an owner, ascending, without those of no bytes.
pub(super) fn spans(labels: &Labels<'_>) -> Vec<Span> {
    let (program, loaded) = (labels.program(), labels.loaded());
    let mut spans = Vec::new();
    let mut put = |start: u32, bytes: u32, owner| {
        spans.push(Span { start, end: start.saturating_add(bytes), owner });
    };
    for region in &loaded.regions {
        match region.kind {
            RegionKind::Program => put(region.start, region.end - region.start, Owner::Code),
            RegionKind::Stack => put(region.start, region.end - region.start, Owner::Stack),
            _ => {}
        }
    }
    put(loaded.log.0, loaded.log.1, Owner::Log);
    put(loaded.fifo.0, loaded.fifo.1, Owner::Fifo);
    for (number, slot) in loaded.slots.iter().enumerate() {
        let egru = labels.egru(number);
        put(egru.control.base, control_bytes(slot), Owner::Control(number));
        for (buffer, at) in (0..).zip(slot.buffers.addresses()) {
            put(at, slot.buffers.bytes(), Owner::Buffer(number, buffer));
        }
        state(number, slot, egru, &mut put);
        // What all samples share is the first one's.
        if slot.sample == 0 {
            for (which, matrix) in [Matrix::W, Matrix::R].into_iter().enumerate() {
                let ranges = matrix.kernel(egru).array_ranges(egru.kinds[which], egru.nonzeros[which]);
                for (array, (start, end)) in ranges.into_iter().enumerate() {
                    put(start, end - start, Owner::Array(number, matrix, array));
                }
            }
            events(number, slot, program, labels, &mut put);
        }
    }
    spans.retain(|span| span.end > span.start);
    spans.sort_by_key(|span| span.start);
    spans
}

fn control_bytes(slot: &Slot) -> u32 {
    if slot.buffers.count() > 2 { Control::PIPELINED_BYTES } else { Control::BYTES }
}

fn state(number: usize, slot: &Slot, egru: &EgruSlot, put: &mut impl FnMut(u32, u32, Owner)) {
    let layout = &egru.pointwise;
    let (units, padded) = (4 * layout.units, (4 * layout.units).next_multiple_of(PACKET_BYTES));
    let mut whole = |at, quantity| put(at, padded, Owner::Units(number, quantity, true));
    whole(layout.y, Quantity::Y);
    if let Some(trace) = layout.trace {
        whole(trace, Quantity::Trace);
    }
    let mut each = |at, bytes, quantity| put(at, bytes, Owner::Units(number, quantity, false));
    each(layout.input_sums, 3 * units, Quantity::InputSum(0));
    each(layout.recurrent_sums, 3 * units, Quantity::RecurrentSum(0));
    each(layout.cell, units, Quantity::Cell);
    if slot.sample == 0 {
        each(layout.bias, 3 * units, Quantity::Bias(0));
        each(layout.recurrent_bias, 3 * units, Quantity::RecurrentBias(0));
        each(layout.threshold, units, Quantity::Threshold);
    }
}

fn events(
    number: usize,
    slot: &Slot,
    program: &Program,
    labels: &Labels<'_>,
    put: &mut impl FnMut(u32, u32, Owner),
) {
    let Some(events) = slot.events else { return };
    let words = |layer: PopulationId| program.population(layer).map_or(0, |layer| layer.words);
    let outbox = PACKET_BYTES * most_packets(slot.units.len() as u32);
    put(events.outbox, outbox, Owner::Events(number, EventArray::Outbox));
    let below = slot.population.below();
    let egru = labels.egru(number);
    let unpacked = [(false, egru.unpack_recurrent, Some(slot.population)), (true, egru.unpack_input, below)];
    let unpacked = unpacked.into_iter().filter_map(|(x, layout, from)| Some((x, layout?, from?)));
    let mut dense: Option<(u32, u32)> = None;
    let mut listed: Option<(UnpackLayout, u32)> = None;
    for (x, layout, from) in unpacked {
        debug_assert!(usize::from(from) < labels.blocks.len(), "a layer of the program");
        put(layout.table, 4 * (layout.blocks + 1), Owner::Events(number, EventArray::Table(x)));
        match layout.into {
            // x and y in turn: as long as the longer.
            Unpacked::Dense(at) => {
                let before = dense.map_or(0, |(_, words)| words);
                dense = Some((at, before.max(words(from))));
            }
            Unpacked::List(list) => {
                put(list.order, 2 * words(from), Owner::Events(number, EventArray::Order(x)));
                let before = listed.map_or(0, |(_, sources)| sources);
                listed = Some((layout, before.max(list.sources)));
            }
        }
    }
    if let Some((at, words)) = dense {
        put(at, 4 * words, Owner::Unpacked(number));
    }
    if let Some((UnpackLayout { into: Unpacked::List(list), .. }, sources)) = listed {
        put(list.value, 4 * sources, Owner::Events(number, EventArray::Values));
        put(list.map, 4 * sources.div_ceil(32), Owner::Events(number, EventArray::Map));
        put(list.list, 4 + 8 * sources, Owner::Events(number, EventArray::List));
    }
}

/// Returns the use of a word of a control block.
pub(super) fn control_word(slot: &Slot, egru: &EgruSlot, program: &Program, address: u32) -> String {
    let (control, buffers) = (egru.control, slot.buffers);
    let pipelined = buffers.count() > 2;
    let announce = address.wrapping_sub(control.announce()) / 4;
    if announce < 4 {
        return match (announce, program.steps_in_flight > 1) {
            (place, true) => format!("row announced, steps {place} modulo 4"),
            (0, false) => "row announced".to_owned(),
            (1, false) => "time step announced".to_owned(),
            _ => "announcement, unused".to_owned(),
        };
    }
    let mail = address.wrapping_sub(control.barrier_mail()) / 4;
    let counted = |what: &str, of: fn(Control, u8) -> u32| {
        let sets = if pipelined { buffers.count() as u8 } else { 1 };
        let set = (0..sets).find(|&set| address == of(control, set))?;
        let name = ["A", "B", "C"].get(usize::from(set)).copied().unwrap_or("?");
        Some(if pipelined { format!("{what}, buffer {name}") } else { what.to_owned() })
    };
    let inputs =
        if slot.population.below().is_none() { "announcements taken" } else { "blocks of x arrived" };
    let named = [
        (control.steps(), "time steps completed"),
        (control.barrier_done(), "notes \"W·x done\" arrived"),
        (control.barrier_go(), "barrier's \"go\"s arrived"),
        (control.credit_done(), "notes \"R·y done\" arrived"),
        (control.credit_go(), "credits arrived"),
    ];
    counted(inputs, Control::inputs)
        .or_else(|| counted("blocks of y arrived", Control::recurrents))
        .or_else(|| named.iter().find(|(at, _)| *at == address).map(|(_, name)| (*name).to_owned()))
        .unwrap_or_else(|| match mail {
            0 => "barrier mail: sender".to_owned(),
            1..=3 => "barrier mail".to_owned(),
            _ => "control, unused".to_owned(),
        })
}
