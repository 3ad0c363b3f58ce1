//! Memory for sending and receiving beside buffers: where events are packed and unpacked, the
//! router's FIFO and entries.

use super::build::{Placed, Request, masks};
use super::egru::barrier::Timing;
use super::egru::control;
use super::error::MapError;
use super::memory::Allocator;
use super::options::{MappingOptions, Schedule};
use crate::chip::geometry::Pe;
use crate::kernel::events::{self, Block, ListLayout, MAX_UNITS, UnpackLayout, UnpackWork, Unpacked};
use crate::kernel::options::KernelKind;
use crate::machine::arrivals::Groups;
use crate::machine::broadcast::options::{Broadcast, Payload};
use crate::machine::broadcast::router::Ports;
use crate::machine::broadcast::{Delivery, Packing, route_number};
use crate::machine::legend::PopulationId;
use crate::machine::program::{PACKET_BYTES, RegionKind};
use crate::net::Output;

/// Layers that the key of a routed packet can tell apart.
pub const ROUTED_LAYERS: usize = 32;

/// Needs of a share that sends and receives events, by size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventNeeds {
    /// Packets of its own block, were all units active.
    pub packets: u32,
    /// To unpack x; none in layer 0.
    pub input: Option<UnpackNeeds>,
    /// To unpack y.
    pub recurrent: UnpackNeeds,
}

/// Sizes on which the unpacking of one layer's y depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackNeeds {
    /// Number of senders, each with a block of packets.
    pub blocks: u32,
    /// Words of the dense values.
    pub words: u32,
    /// Units, if a list is made of them.
    pub listed: Option<u32>,
}

/// Places at which a share packs the events that it sends and unpacks those it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventLayout {
    /// Byte address at which packets are made.
    pub outbox: u32,
    /// Unpacking of x; `None` in layer 0, whose x comes by DMA.
    pub input: Option<UnpackLayout>,
    /// Unpacking of y.
    pub recurrent: UnpackLayout,
}

impl EventLayout {
    /// Returns how packets are made that begin `mail` bytes into the readers' mailbox.
    pub const fn packing(&self, mail: u32) -> Packing {
        Packing { outbox: self.outbox, mail }
    }
}

/// The blocks of a layer as its readers see them.
pub fn blocks(placed: &Placed) -> Vec<Block> {
    events::blocks(placed.assignment.iter().map(|units| units.len() as u32))
}

/// Bytes in which a layer's y arrives.
pub fn arrival_bytes(placed: &Placed, payload: Payload) -> u32 {
    let end = blocks(placed).last().copied().unwrap_or_default();
    PACKET_BYTES * if payload == Payload::Events { end.mail } else { end.dense }
}

/// Returns the needs of a share of `units` units of layer `k`, where events are sent.
pub fn needs(placed: &[Placed], k: usize, units: usize, payload: Payload) -> Option<EventNeeds> {
    if payload == Payload::Dense {
        return None;
    }
    let needs = |sender: &Placed, kind: KernelKind| UnpackNeeds {
        blocks: sender.pes.len() as u32,
        words: 4 * blocks(sender).last().map_or(0, |end| end.dense),
        listed: kind.takes_list().then(|| sender.assignment.iter().map(Vec::len).sum::<usize>() as u32),
    };
    let [input, recurrent] = placed[k].kinds;
    Some(EventNeeds {
        packets: events::most_packets(units as u32),
        input: k.checked_sub(1).map(|below| needs(&placed[below], input)),
        recurrent: needs(&placed[k], recurrent),
    })
}

/// Takes the memory of a share called `name`. Dense values, or the scratch of a list, serve x and
/// y in turn.
pub(super) fn take(a: &mut Allocator, name: &str, needs: &EventNeeds) -> EventLayout {
    let mut take =
        |bytes: u32, what: &str| a.take(u64::from(bytes), format!("{name} {what}"), RegionKind::State);
    let unpacked = || [Some(needs.recurrent), needs.input].into_iter().flatten();
    let dense = unpacked().filter(|n| n.listed.is_none()).map(|n| 4 * n.words).max();
    let dense = dense.map_or(0, |bytes| take(bytes, "unpacked values"));
    let listed = unpacked().filter_map(|n| n.listed).max();
    let scratch = listed.map_or_else(ListLayout::default, |sources| ListLayout {
        sources,
        order: 0,
        value: take(4 * sources, "values in model order"),
        map: take(4 * sources.div_ceil(32), "map of events"),
        list: take(4 + 8 * sources, "list of events"),
    });
    let mut layout = |needs: UnpackNeeds, letter: &str| UnpackLayout {
        table: take(4 * (needs.blocks + 1), &format!("blocks of {letter}")),
        blocks: needs.blocks,
        into: match needs.listed {
            None => Unpacked::Dense(dense),
            Some(sources) => {
                let order = take(2 * needs.words, &format!("order of {letter}"));
                Unpacked::List(ListLayout { sources, order, ..scratch })
            }
        },
    };
    let recurrent = layout(needs.recurrent, "y");
    let input = needs.input.map(|needs| layout(needs, "x"));
    EventLayout { outbox: take(16 * needs.packets, "packets to send"), input, recurrent }
}

/// The words of a layer's table of blocks and, for a list, its order.
pub fn image(sender: &Placed, layout: &UnpackLayout) -> Vec<(u32, Vec<u32>)> {
    let mut image = vec![(layout.table, events::table_words(&blocks(sender)))];
    if let Unpacked::List(list) = layout.into {
        let padded = |units: &Vec<u32>| {
            let mut units = units.clone();
            units.resize(units.len().next_multiple_of(4), 0);
            units
        };
        let order: Vec<u32> = sender.assignment.iter().flat_map(padded).collect();
        image
            .push((list.order, order.chunks_exact(2).map(|pair| pair[0] & 0xFFFF | pair[1] << 16).collect()));
    }
    image
}

/// Returns the entries and ports of the router, and the rule for full FIFOs.
pub fn delivery(request: &Request<'_>, placed: &[Placed]) -> Delivery {
    let mapping = request.mapping;
    let mut routes = vec![Vec::new(); 4 * placed.len()];
    for k in 0..placed.len() {
        let own: &[Pe] = &placed[k].pes;
        let next: &[Pe] = placed.get(k + 1).map_or(&[], |layer| &layer.pes);
        let (to_own, to_next) = (Groups::only(control::OWN), Groups::only(control::NEXT));
        for groups in [to_own, to_next, to_own.with(to_next)] {
            let own = own.iter().filter(|_| groups.contains(to_own));
            let next = next.iter().filter(|_| groups.contains(to_next));
            routes[route_number(PopulationId::at(k), groups)] = masks(own.chain(next));
        }
    }
    Delivery {
        broadcast: mapping.broadcast,
        payload: mapping.payload,
        on_full: mapping.fifo.on_full,
        routes,
        ports: Ports::new(&request.assume.router_ports),
    }
}

/// Bytes of the FIFO in each PE.
pub fn fifo_bytes(request: &Request<'_>) -> u32 {
    if request.mapping.broadcast == Broadcast::Router { request.mapping.fifo.bytes } else { 0 }
}

/// Refuses options that exclude each other.
fn combinations(request: &Request<'_>) -> Result<(), MapError> {
    let MappingOptions { broadcast, payload, schedule, batch, .. } = *request.mapping;
    let refuse =
        |field, value, with, why, instead| Err(MapError::Combination { field, value, with, why, instead });
    if schedule == Schedule::Pipelined {
        let with = "`mapping.schedule: Pipelined`";
        match broadcast {
            Broadcast::QpeMulticast => {}
            Broadcast::Router => {
                let why = "the FIFO keeps no order between time steps that overlap";
                return refuse("broadcast", "Router", with, why, PIPELINED_HELP);
            }
            Broadcast::Dma => {
                let why = "a PE could write y of the next time step while its engine still sends this one's";
                return refuse("broadcast", "Dma", with, why, PIPELINED_HELP);
            }
        }
    }
    if broadcast == Broadcast::Router && batch > 1 {
        let why = "the key of a routed packet has no room for the sample";
        let instead = "set `batch: 1`, or `broadcast: QpeMulticast`";
        return refuse("broadcast", "Router", "`mapping.batch` above 1", why, instead);
    }
    if payload == Payload::Events {
        let instead = "set `payload: Dense`";
        if broadcast == Broadcast::Dma && batch > 1 {
            let with = "`mapping.broadcast: Dma` and `mapping.batch` above 1";
            let why = "the next sample would be packed over what the engine still sends";
            let instead = "set `payload: Dense`, `broadcast: QpeMulticast`, or `batch: 1`";
            return refuse("payload", "Events", with, why, instead);
        }
        if request.network.layers.iter().any(|layer| layer.output == Output::Trace) {
            let why = "a trace is never silent, so there is nothing to leave out";
            return refuse("payload", "Events", "a model whose layers pass on traces", why, instead);
        }
        if request.restart.is_some_and(|restart| restart.outputs) {
            let why = "`clear` sets values to 0, and y(t−1) lies there as packets";
            let with = "a model that starts each sequence from y = 0 (`carry: Nothing`)";
            return refuse("payload", "Events", with, why, instead);
        }
    }
    Ok(())
}

const PIPELINED_HELP: &str = "set `broadcast: QpeMulticast`, or `schedule: LayerSequential`";

/// Refuses combinations that cannot be sent or read.
pub fn check(request: &Request<'_>, placed: &[Placed]) -> Result<(), MapError> {
    combinations(request)?;
    let events = request.mapping.payload == Payload::Events;
    for (k, (layer, network)) in placed.iter().zip(&request.network.layers).enumerate() {
        let (entry, name) = (layer.entry, network.name.clone());
        let lists = layer.kinds.map(KernelKind::takes_list);
        // x of layer 0 is a row of DRAM, whatever is sent on the chip.
        let refused = if events { k == 0 && lists[0] } else { lists[0] || lists[1] };
        if refused {
            let matrix = if lists[0] { "input" } else { "recurrent" };
            return Err(MapError::EventList { entry, layer: name, matrix, dram: events });
        }
        let most = layer.assignment.iter().map(Vec::len).max().unwrap_or(0);
        if events && most > MAX_UNITS {
            return Err(MapError::EventUnits { entry, layer: name, units: most });
        }
    }
    if request.mapping.broadcast == Broadcast::Router && placed.len() > ROUTED_LAYERS {
        return Err(MapError::RoutedLayers { layers: placed.len() });
    }
    Ok(())
}

/// The least and the most cycles that it takes a PE of layer `k` to unpack x and y: no unit
/// active, and all.
pub fn unpack_bounds(placed: &[Placed], k: usize, timing: &Timing<'_>) -> [[u64; 2]; 2] {
    let bounds = |sender: Option<&Placed>, kind: KernelKind| {
        let Some(sender) = sender.filter(|_| timing.mapping.payload == Payload::Events) else {
            return [0, 0];
        };
        let blocks = blocks(sender);
        let (count, end) = (sender.pes.len() as u32, blocks.last().copied().unwrap_or_default());
        let units = sender.assignment.iter().map(Vec::len).sum::<usize>() as u32;
        let list = kind.takes_list();
        let none = UnpackWork {
            blocks: count,
            cleared: if list { 0 } else { end.dense },
            packets: count,
            words: if list { units.div_ceil(32) } else { 0 },
            ..UnpackWork::default()
        };
        let all = UnpackWork {
            packets: end.mail,
            filled: end.mail,
            events: units,
            active_words: none.words,
            last_active: list,
            ..none
        };
        [&none, &all].map(|work| timing.costs.unpack_events(list, work))
    };
    let [input, recurrent] = placed[k].kinds;
    [bounds(k.checked_sub(1).and_then(|below| placed.get(below)), input), bounds(placed.get(k), recurrent)]
}
