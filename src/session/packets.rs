//! Packets on a mesh now, with their routes, for front ends.

use super::{Session, event};
use crate::chip::geometry::{ChipId, QPES};
use crate::machine::routes::{ROUTES, Turn};
use crate::session::chip_view::PacketView;

/// Largest number of packets that a snapshot carries.
const MOST: usize = 64;

/// Returns the packets on the mesh of a chip, by their number.
pub(super) fn packets(session: &Session, chip: ChipId) -> Vec<PacketView> {
    let state = session.machine().state();
    if state.noc.is_empty() {
        return Vec::new();
    }
    let place = |index: u8| QPES.get(usize::from(index)).map_or((0, 0), |qpe| (qpe.x, qpe.y));
    let mut views: Vec<PacketView> = state
        .noc
        .packets()
        .filter(|packet| packet.chip == chip)
        .filter_map(|under_way| {
            let packet = state.packets.get(under_way.number)?;
            let (turns, crossed) = ROUTES.route_of(under_way.turn);
            let links = turns.iter().filter_map(|turn| match turn {
                Turn::Link(link) => ROUTES.links().get(usize::from(*link)),
                Turn::Leave(_) => None,
            });
            Some(PacketView {
                number: under_way.number,
                source: event::source(packet.source),
                to: event::receiver(packet),
                contents: event::contents(session.program(), packet),
                route: links.map(|link| (place(link.from), place(link.to))).collect(),
                crossed: crossed as u32,
            })
        })
        .collect();
    views.sort_by_key(|packet| packet.number);
    views.truncate(MOST);
    views
}
