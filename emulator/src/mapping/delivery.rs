//! Memory for sending and receiving beside buffers: where events are packed and unpacked, the
//! router's FIFO and entries.

use super::build::{Placed, Request, masks};
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
use crate::machine::costs::Costs;
use crate::machine::legend::PopulationId;
use crate::machine::options::Assume;
use crate::machine::program::{PACKET_BYTES, RegionKind};
use crate::net::Output;

/// Layers that the key of a routed packet can tell apart.
pub const ROUTED_LAYERS: usize = 32;

/// Needs of a share that sends and receives events, by size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventNeeds {
    /// Packets of its own block, were all units active.
    pub packets: u32,
    /// Needs of unpacking x; `None` in layer 0.
    pub input: Option<UnpackNeeds>,
    /// Needs of unpacking y.
    pub recurrent: UnpackNeeds,
}

/// Sizes on which the unpacking of one layer's y depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackNeeds {
    /// Number of senders, each with a block of packets.
    pub blocks: u32,
    /// Words of the dense values.
    pub words: u32,
    /// Number of units, if a list is made of them; `None` for dense values.
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

/// Outputs of a layer as its readers see them.
#[derive(Clone, Debug)]
struct Outputs {
    /// Blocks of the senders, one more to mark the end.
    blocks: Vec<Block>,
    senders: u32,
    units: u32,
}

impl Outputs {
    fn of(placed: &Placed) -> Self {
        Self {
            blocks: events::blocks(placed.assignment.iter().map(|units| units.len() as u32)),
            senders: placed.pes.len() as u32,
            units: placed.assignment.iter().map(Vec::len).sum::<usize>() as u32,
        }
    }

    fn end(&self) -> Block {
        self.blocks.last().copied().unwrap_or_default()
    }
}

/// Sizes of everything that the layers of a placement send each other, computed once.
#[derive(Clone, Debug)]
pub struct DeliveryPlan<'a> {
    placed: &'a [Placed],
    mapping: &'a MappingOptions,
    layers: Vec<Outputs>,
}

impl<'a> DeliveryPlan<'a> {
    /// Makes the plan for a placement of the layers, in network order.
    pub fn new(mapping: &'a MappingOptions, placed: &'a [Placed]) -> Self {
        Self { placed, mapping, layers: placed.iter().map(Outputs::of).collect() }
    }

    /// Returns the placement that the plan is made for.
    pub const fn placed(&self) -> &'a [Placed] {
        self.placed
    }

    /// Returns the blocks of layer `k` as its readers see them.
    pub fn blocks(&self, k: usize) -> &[Block] {
        &self.layers[k].blocks
    }

    /// Returns the bytes in which the y of layer `k` arrives.
    pub fn arrival_bytes(&self, k: usize) -> u32 {
        let end = self.layers[k].end();
        PACKET_BYTES * if self.mapping.payload == Payload::Events { end.mail } else { end.dense }
    }

    /// Returns the bytes of the FIFO in each PE; 0 where no packet is routed.
    pub fn fifo_bytes(&self) -> u32 {
        if self.mapping.broadcast == Broadcast::Router { self.mapping.fifo.bytes } else { 0 }
    }

    /// Returns the needs of a share of `units` units of layer `k`, where events are sent.
    pub fn needs(&self, k: usize, units: usize) -> Option<EventNeeds> {
        if self.mapping.payload == Payload::Dense {
            return None;
        }
        let needs = |sender: usize, kind: KernelKind| {
            let sender = &self.layers[sender];
            UnpackNeeds {
                blocks: sender.senders,
                words: 4 * sender.end().dense,
                listed: kind.takes_list().then_some(sender.units),
            }
        };
        let [input, recurrent] = self.placed[k].kinds;
        Some(EventNeeds {
            packets: events::most_packets(units as u32),
            input: k.checked_sub(1).map(|below| needs(below, input)),
            recurrent: needs(k, recurrent),
        })
    }

    /// Returns the words of the table of blocks of layer `k` and, for a list, its order.
    pub fn image(&self, k: usize, layout: &UnpackLayout) -> Vec<(u32, Vec<u32>)> {
        let mut image = vec![(layout.table, events::table_words(self.blocks(k)))];
        if let Unpacked::List(list) = layout.into {
            let padded = |units: &Vec<u32>| {
                let mut units = units.clone();
                units.resize(units.len().next_multiple_of(4), 0);
                units
            };
            let order: Vec<u32> = self.placed[k].assignment.iter().flat_map(padded).collect();
            let halves = order.chunks_exact(2).map(|pair| pair[0] & 0xFFFF | pair[1] << 16);
            image.push((list.order, halves.collect()));
        }
        image
    }

    /// Returns the least and the most cycles that a PE of layer `k` takes to unpack x and y: no
    /// unit active, and all.
    pub fn unpack_bounds(&self, k: usize, costs: &Costs) -> [[u64; 2]; 2] {
        let bounds = |sender: Option<usize>, kind: KernelKind| {
            let sender = sender.filter(|_| self.mapping.payload == Payload::Events);
            let Some(sender) = sender.map(|sender| &self.layers[sender]) else { return [0, 0] };
            let (end, list) = (sender.end(), kind.takes_list());
            let none = UnpackWork {
                blocks: sender.senders,
                cleared: if list { 0 } else { end.dense },
                packets: sender.senders,
                words: if list { sender.units.div_ceil(32) } else { 0 },
                ..UnpackWork::default()
            };
            let all = UnpackWork {
                packets: end.mail,
                filled: end.mail,
                events: sender.units,
                active_words: none.words,
                last_active: list,
                ..none
            };
            [&none, &all].map(|work| costs.unpack_events(list, work))
        };
        let [input, recurrent] = self.placed[k].kinds;
        [bounds(k.checked_sub(1), input), bounds(Some(k), recurrent)]
    }

    /// Returns the entries and ports of the router, and the rule for full FIFOs.
    pub fn delivery(&self, assume: &Assume) -> Delivery {
        let placed = self.placed;
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
            broadcast: self.mapping.broadcast,
            payload: self.mapping.payload,
            on_full: self.mapping.fifo.on_full,
            routes,
            ports: Ports::new(&assume.router_ports),
        }
    }
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
