//! Control block of a share: the words through which a PE is told things, and the numbers
//! of its counters.

use crate::machine::arrivals::{Counter, CounterId, Message};
use crate::machine::legend::{Blocks, CounterWords, PopulationId};
use crate::machine::program::MAX_IN_FLIGHT;

/// Blocks of x, or announcements in layer 0.
pub const INPUT: CounterId = CounterId(0);
/// Blocks of y.
pub const RECURRENT: CounterId = CounterId(1);
/// Notes "W·x done" at the coordinator of a layer's barrier.
pub const BARRIER_DONE: CounterId = CounterId(2);
/// The coordinator's "go".
pub const BARRIER_GO: CounterId = CounterId(3);
/// Notes "R·y done" that the coordinator collects for the layer before.
pub const CREDIT_DONE: CounterId = CounterId(4);
/// The next layer's "go": it has room for another x.
pub const CREDIT_GO: CounterId = CounterId(5);

/// Group of a layer's own PEs: they read its y for R·y of the next time step.
pub const OWN: u8 = 0;
/// Group of the next layer's PEs: they read it as x.
pub const NEXT: u8 = 1;

/// Returns the words for the counters, in the order of their numbers.
pub(super) fn words() -> Vec<CounterWords> {
    let counter = |counts: &'static str, note, kind, blocks: Option<(&'static str, &'static str)>| {
        let blocks = blocks.map(|(values, of)| Blocks { values, of: of.into() });
        CounterWords { counts: counts.into(), note, kind, blocks }
    };
    vec![
        counter("x of {own} from {below}", "", "", Some(("x", "{below}"))),
        counter("y of {own}", "", "", Some(("y", "{own}"))),
        counter("\"W·x done\" of {own}", "W·x done", "a barrier note", None),
        counter("barrier's \"go\" of {own}", "go", "a barrier note", None),
        counter("\"R·y done\" of {own}", "R·y done", "a credit note", None),
        counter("\"go\" of the layer after {own}", "room for x", "a credit note", None),
    ]
}

/// Words through which other PEs and the host send messages to a layer's share; at the same address
/// in every PE.
///
/// `announce` (16 bytes: row of the input in DRAM, time step, 0, 0; with time steps in flight the
/// rows of the last four), the counters, and where barrier packets land. Where time steps overlap,
/// blocks are counted for each buffer apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Byte address of the first word.
    pub base: u32,
}

impl Control {
    /// Bytes of one control block.
    pub const BYTES: u32 = 64;
    /// Bytes of a control block with arrival counters for each of three buffers.
    pub const PIPELINED_BYTES: u32 = 96;

    /// Returns the address at which a time step is announced: one packet, watched.
    pub const fn announce(self) -> u32 {
        self.base
    }
    /// Returns the address of the count of blocks of x (layer 0: announcements) that have arrived.
    ///
    /// The count begins at the start; `set` is the counter set.
    pub const fn inputs(self, set: u8) -> u32 {
        if set == 0 { self.base + 16 } else { self.base + 60 + 4 * set as u32 }
    }
    /// Returns the address of the count of blocks of y that have arrived.
    ///
    /// The count begins at the start; `set` is the counter set.
    pub const fn recurrents(self, set: u8) -> u32 {
        if set == 0 { self.base + 32 } else { self.base + 76 + 4 * set as u32 }
    }
    /// Returns the address of the count of time steps that this share has completed.
    pub const fn steps(self) -> u32 {
        self.base + 20
    }
    /// Returns the address of the count of "W·x done" messages since the start (coordinator only).
    pub const fn barrier_done(self) -> u32 {
        self.base + 24
    }
    /// Returns the address of the count of the coordinator's "go" messages since the start.
    pub const fn barrier_go(self) -> u32 {
        self.base + 28
    }
    /// Returns the address of the count of "R·y done" messages since the start (coordinator only).
    pub const fn credit_done(self) -> u32 {
        self.base + 36
    }
    /// Returns the address of the count of the next layer's "go" messages since the start.
    pub const fn credit_go(self) -> u32 {
        self.base + 40
    }
    /// Returns the address at which barrier packets are written.
    pub const fn barrier_mail(self) -> u32 {
        self.base + 48
    }
}

impl Control {
    /// Returns the counters in the order of their numbers, with `sets` words for each kind of
    /// block: 1, or 3 where time steps overlap. `first`: the share is in layer 0, whose
    /// inputs are announcements.
    pub fn counters(self, sets: u8, first: bool) -> Vec<Counter> {
        let blocks = |of: fn(Self, u8) -> u32| (0..sets).map(|set| of(self, set)).collect();
        let one = |word| Counter { words: vec![word], announced: false };
        vec![
            Counter { words: blocks(Self::inputs), announced: first },
            Counter { words: blocks(Self::recurrents), announced: false },
            one(self.barrier_done()),
            one(self.barrier_go()),
            one(self.credit_done()),
            one(self.credit_go()),
        ]
    }

    /// Returns the addresses of the words that hold the announced row, by time step
    /// modulo their number.
    pub fn rows(self, steps_in_flight: u32) -> Vec<u32> {
        let words = if steps_in_flight > 1 { MAX_IN_FLIGHT } else { 1 };
        (0..words).map(|word| self.announce() + 4 * word).collect()
    }

    /// Returns the message to a layer's share, with this control block, that advances one
    /// of its counters.
    pub fn message(self, layer: usize, sample: usize, counter: CounterId) -> Message {
        let address = if counter == INPUT { self.announce() } else { self.barrier_mail() };
        Message { population: PopulationId::at(layer), sample: sample as u8, counter, address }
    }
}
