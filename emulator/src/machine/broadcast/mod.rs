//! Delivery of a PE's outputs to their readers: [`options::Broadcast`] says which way the packets
//! take, [`options::Payload`] what is in them.
//!
//! | | way | receiver's core |
//! |---|---|---|
//! | `QpeMulticast` | one write a QPE and packet, by the sender's core | a handler a block |
//! | `Router` | one packet, copied by the event [`router`] | empties its FIFO while it waits (`drain.rs`) |
//! | `Dma` | one transfer a PE, by the sender's DMA engine (`send.rs`) | a handler a block |
//!
//! With `Dense` packets land where the kernels read. With `Events` they land in a mailbox;
//! the sender packs its block before it sends, and the receiver unpacks all blocks before
//! it multiplies (`pack.rs`).

mod drain;
pub mod options;
pub(super) mod pack;
pub mod router;
mod send;

use options::{Broadcast, OnFull, Payload};

use super::arrivals::Groups;
use super::legend::PopulationId;
use super::program::Target;
use crate::chip::geometry::{QPE_COUNT, QpeId};

/// Delivery of packets as the scene configures it, for all PEs alike.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// Way of packets to their readers: multicast, event router or DMA.
    pub broadcast: Broadcast,
    /// Content of packets: all values, or events.
    pub payload: Payload,
    /// Behaviour of the event router's FIFO when it is full.
    pub on_full: OnFull,
    /// Router entries: QPEs and PE masks by [`route_number`].
    pub routes: Vec<Vec<(QpeId, u8)>>,
    /// The QPE at each port of the router, and each QPE's port.
    pub ports: router::Ports,
}

impl Delivery {
    /// Returns `true` if the core itself sends all values, so that its activity follows from the
    /// program at any time.
    pub fn plain(&self) -> bool {
        self.broadcast != Broadcast::Dma && self.payload == Payload::Dense
    }

    /// Returns the number of deliveries in which a packet to `target` ends.
    pub fn copies(&self, population: PopulationId, target: &Target) -> u32 {
        if target.qpe == QpeId::ROUTER && !target.host {
            self.routes.get(route_number(population, target.groups)).map_or(0, |r| r.len() as u32)
        } else {
            1
        }
    }
}

/// Returns the number of the router's entry for packets of a population to these groups.
pub fn route_number(population: PopulationId, groups: Groups) -> usize {
    (usize::from(population) << Groups::MAX) + usize::from(groups.0)
}

/// Places at which a slot packs its values as events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Byte address at which packets are made.
    pub outbox: u32,
    /// Byte offset of this PE's packets in its readers' mailbox.
    pub mail: u32,
}

/// Block on its way: what [`super::state::Cursor`] keeps beside its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Slot whose values are sent.
    pub slot: u8,
    /// Time step of the values.
    pub step: u32,
    /// Number of packets of the block.
    pub packets: u32,
    /// Tick at which the core began to send.
    pub began: crate::chip::clock::Tick,
}

/// Numbers of the packets that wait at each QPE's port for room in a FIFO, oldest first.
pub type Blocked = Vec<std::collections::VecDeque<u32>>;

/// Returns the ports of all chips, at which nothing waits.
pub fn nothing_blocked(chips: usize) -> Blocked {
    vec![std::collections::VecDeque::new(); chips * QPE_COUNT]
}
