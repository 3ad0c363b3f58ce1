//! Values between the PEs of an EGRU and of its head, for the choice of their chips.

use std::ops::Range;

use super::head::packets;
use crate::chip::geometry::{ChipId, Pe};
use crate::kernel::events;
use crate::machine::program::PACKET_BYTES;
use crate::mapping::build::{Request, copies};
use crate::mapping::locality::{HOST, Traffic};
use crate::mapping::options::{Broadcast, Payload};
use crate::mapping::placement::Free;

/// Chips of all PEs of a network.
pub(in crate::mapping) struct Chips {
    /// Chips of each layer's PEs, in block order.
    pub layers: Vec<Vec<ChipId>>,
    /// Chips of the head's PEs; empty without a head on the chip.
    pub head: Vec<ChipId>,
}

/// Returns the chips of each layer's PEs and of the head's, with little traffic between them.
///
/// `counts`: PEs of each layer; `named`: those that the scene names.
pub(in crate::mapping) fn chips(
    request: &Request<'_>,
    counts: &[usize],
    named: &[Option<Vec<Pe>>],
    free: &Free,
) -> Chips {
    let (mapping, assume) = (request.mapping, request.assume);
    let mut traffic = Traffic::new(mapping.broadcast == Broadcast::Router);
    let layers: Vec<Range<usize>> =
        counts.iter().zip(named).map(|(&count, on)| traffic.add(count, on.as_deref())).collect();
    let batch = u64::from(copies(mapping).batch);
    // Behind the layers, as PEs are given to the head after them.
    let head = traffic.add(request.head.map_or(0, |asked| asked.pes as usize), None);
    let sent = request.head.map_or_else(Vec::new, packets);
    let mut readers = traffic.readers(layers.first().cloned());
    for own in sent.iter().rev() {
        for &(pe, packets) in own {
            traffic.send(head.start + pe, readers, packets, PACKET_BYTES, assume);
        }
        readers = traffic.readers(own.iter().map(|&(pe, _)| head.start + pe..head.start + pe + 1));
    }
    traffic.send(HOST, readers, batch, PACKET_BYTES, assume);
    let host = traffic.readers(std::iter::once(HOST..HOST + 1));
    for (k, (pes, layer)) in layers.iter().zip(&request.network.layers).enumerate() {
        let next = layers.get(k + 1).cloned();
        let readers = traffic.readers([Some(pes.clone()), next].into_iter().flatten());
        for (i, pe) in pes.clone().enumerate() {
            // As many units as `assign` gives the PE.
            let units = layer.units() / pes.len() + usize::from(i < layer.units() % pes.len());
            let packets = match mapping.payload {
                Payload::Events => events::most_packets(units as u32),
                Payload::Dense => (4 * units as u32).div_ceil(PACKET_BYTES),
            };
            let packets = batch * u64::from(packets);
            traffic.send(pe, readers, packets, PACKET_BYTES, assume);
            if k + 1 == layers.len() {
                traffic.send(pe, host, packets, PACKET_BYTES, assume);
            }
        }
    }
    let chips = traffic.place(&request.chip.chips(), free);
    Chips {
        layers: layers.into_iter().map(|layer| chips[layer].to_vec()).collect(),
        head: chips[head].to_vec(),
    }
}
