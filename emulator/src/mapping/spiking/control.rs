//! Control block of a PE that runs spiking neurons.

use super::memory::SENDER_BYTES;
use crate::machine::arrivals::Counter;
use crate::machine::program::PACKET_BYTES;
use crate::mapping::memory::PROGRAM_BYTES;

/// Addresses that are the same in every PE.
#[derive(Clone, Copy, Debug)]
pub struct Control {
    /// Destination of messages: 16 bytes.
    pub message: u32,
    /// Byte address of the number of completed ticks.
    pub turn: u32,
    /// Entries taken out of the FIFO: place of the oldest, and number.
    pub taken: u32,
    /// Counters of messages, one for each sender.
    pub counters: u32,
    /// Table that keys lead to; with rows in the order of arrival, one for each look into the FIFO.
    pub senders: u32,
    /// Byte address after the control block.
    pub(super) end: u32,
}

impl Control {
    pub(super) fn new(senders: usize) -> Self {
        let message = PROGRAM_BYTES;
        let turn = message + PACKET_BYTES;
        let taken = turn + 4;
        let counters = taken + 8;
        let table = (counters + 4 * senders as u32).next_multiple_of(PACKET_BYTES);
        Self { message, turn, taken, counters, senders: table, end: table + SENDER_BYTES * senders as u32 }
    }

    pub(super) fn counter(self, sender: usize) -> Counter {
        Counter { words: vec![self.counters + 4 * sender as u32], announced: false }
    }
}
