//! Costs of sending and receiving: packing and unpacking events, emptying the router's FIFO,
//! programming DMA transfers. Coefficients are differences between executions of the committed
//! listings, as everywhere in here.

use super::measure::{DATA, Linear, Meter, end, evaluate, load};
use super::{KernelCosts, PerItem};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::chip::listing::board::Board;
use crate::kernel::events::{self, UnpackWork};

/// `EVENTS->write` of registers.h: how far the event handler has written.
const EVENTS_WRITE: u32 = 0xE200_0040;
/// `COMMS->dma_cmd` of registers.h.
const DMA_COMMAND: u32 = 0xE200_002C;

/// `pack_events` over `units` units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pack {
    call: Linear,
    silent: Linear,
    /// Additional cost of an active unit.
    active: Linear,
    /// A packet that is full when the next event comes.
    full: Linear,
}

/// `unpack_dense` and `unpack_list`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Unpack {
    call: Linear,
    block: Linear,
    cleared: Linear,
    packet: Linear,
    filled: Linear,
    event: Linear,
    word: Linear,
    /// Additional cost of a word of the map with events.
    active_word: Linear,
    last_active: Linear,
}

/// `fifo_polling` or `fifo_sleeping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FifoCosts {
    /// Cycles if all input is there already.
    pub check: Cycles,
    /// A turn that finds the ring empty.
    pub empty: Cycles,
    /// A turn that takes an entry out.
    pub entry: Cycles,
    /// Additional cost of the last packet of a block.
    pub last: Cycles,
    /// Additional cost of the last entry of the ring.
    pub wrap: Cycles,
    /// Cycles to leave the loop once all input is there.
    pub leave: Cycles,
}

/// Costs of all ways of delivery.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Delivery {
    pack: Pack,
    dense: Unpack,
    list: Unpack,
    fifo: [FifoCosts; 2],
    dma: PerItem,
    dma_lead: Linear,
}

impl KernelCosts {
    /// Returns the cost of `pack_events` over a block of at least one unit, of which
    /// `active` are active.
    pub fn pack_events(&self, units: u32, active: u32) -> Cycles {
        let Pack { call, silent, active: more, full } = self.delivery.pack;
        evaluate(&[(call, 1), (silent, units), (more, active), (full, events::packets(active) - 1)])
    }

    /// Returns the cost of `unpack_dense` (or `unpack_list`) of at least one block.
    pub fn unpack_events(&self, list: bool, work: &UnpackWork) -> Cycles {
        let c = if list { &self.delivery.list } else { &self.delivery.dense };
        evaluate(&[
            (c.call, 1),
            (c.block, work.blocks),
            (c.cleared, work.cleared),
            (c.packet, work.packets),
            (c.filled, work.filled),
            (c.event, work.events),
            (c.word, work.words),
            (c.active_word, work.active_words),
            (c.last_active, u32::from(work.last_active)),
        ])
    }

    /// Returns the costs to empty the router's FIFO in a wait that polls or sleeps between packets.
    pub fn fifo(&self, sleeping: bool) -> &FifoCosts {
        &self.delivery.fifo[usize::from(sleeping)]
    }

    /// Returns the cost of `dma_send` to this number of PEs.
    pub fn dma_send(&self, destinations: u32) -> Cycles {
        self.delivery.dma.total(destinations)
    }

    /// Returns the cycles from the start of `dma_send` until the first transfer is commanded.
    pub fn dma_send_lead(&self) -> Cycles {
        evaluate(&[(self.delivery.dma_lead, 1)])
    }

    /// Returns the cycles between the commands of two consecutive transfers of `dma_send`.
    pub fn dma_send_per_destination(&self) -> Cycles {
        evaluate(&[(self.delivery.dma.item, 1)])
    }
}

pub(super) fn measure(meter: Meter) -> Result<Delivery, ListingError> {
    let dma = |destinations: u32| {
        let function = load("dma_send", "dma_send")?;
        meter.run(function, &[DATA, 112, DATA + 0x100, destinations], &mut Board::default())
    };
    let cost = |destinations| dma(destinations).map(|steps| end(&steps));
    let (none, one, two) = (cost(0)?, cost(1)?, cost(2)?);
    let first = dma(1)?;
    let command = first.iter().find(|step| step.stored.is_some_and(|(at, _)| at == DMA_COMMAND));
    Ok(Delivery {
        pack: pack(meter)?,
        dense: unpack_dense(meter)?,
        list: unpack_list(meter)?,
        fifo: [fifo(meter, "fifo_polling")?, fifo(meter, "fifo_sleeping")?],
        dma: PerItem { none, call: one - (two - one), item: two - one },
        dma_lead: command.map_or_else(Linear::default, |step| step.end.into()),
    })
}

fn pack(meter: Meter) -> Result<Pack, ListingError> {
    let function = load("pack_events", "pack_events")?;
    let cost = |values: &[u32]| {
        let mut board = Board::default();
        board.put(DATA, values.iter().copied());
        meter.run(function, &[DATA, values.len() as u32, DATA + 0x1000], &mut board).map(|steps| end(&steps))
    };
    let silent = cost(&[0, 0])? - cost(&[0])?;
    let active = cost(&[1])? - cost(&[0])?;
    let full = cost(&[1; 4])? - cost(&[0; 4])? - active.times(4);
    Ok(Pack { call: cost(&[0])? - silent, silent, active, full })
}

/// Blocks for a trial: for each, its groups of four dense values and the values of each
/// of its packets.
type Blocks<'a> = &'a [(u32, &'a [u32])];

/// Returns a memory with the mail and the table of `blocks`, and with the order, in which the
/// sources of consecutive events are `stride` apart.
pub(super) fn mail(blocks: Blocks<'_>, stride: u32) -> Board {
    let mut board = Board::default();
    let (mut mail, mut dense) = (0, 0);
    for (number, (groups, packets)) in (0_u32..).zip(blocks) {
        board.put(TABLE + 4 * number, [mail | dense << 16]);
        let mut unit = 0;
        for (i, &count) in (0_u32..).zip(*packets) {
            let last = if i as usize + 1 == packets.len() { 4 } else { 0 };
            let units = (0..count).fold(0, |units, k| units | (unit + k) << (8 + 8 * k));
            board.put(MAIL + 16 * (mail + i), [count | last | units, 1, 1, 1]);
            unit += count;
        }
        mail += packets.len() as u32;
        dense += groups;
    }
    board.put(TABLE + 4 * blocks.len() as u32, [mail | dense << 16]);
    let halves = (0..2 * dense).map(|i| (2 * i * stride) | ((2 * i + 1) * stride) << 16);
    board.put(ORDER, halves);
    board
}

const TABLE: u32 = DATA;
const MAIL: u32 = DATA + 0x1000;
const ORDER: u32 = DATA + 0x2000;
const OUT: u32 = DATA + 0x3000;
const MODEL: u32 = DATA + 0x4000;

fn unpack_dense(meter: Meter) -> Result<Unpack, ListingError> {
    let function = load("unpack_dense", "unpack_dense")?;
    let cost = |blocks: Blocks<'_>| {
        let arguments = [MAIL, TABLE, blocks.len() as u32, OUT];
        meter.run(function, &arguments, &mut mail(blocks, 1)).map(|steps| end(&steps))
    };
    let (empty, single) = (cost(&[(1, &[0])])?, cost(&[(1, &[1])])?);
    let cleared = cost(&[(2, &[0])])? - empty;
    let event = cost(&[(1, &[2])])? - single;
    let filled = single - empty - event;
    let packet = cost(&[(1, &[1, 1])])? - single - filled - event;
    let block = cost(&[(1, &[0]), (1, &[0])])? - empty - cleared - packet;
    let call = empty - block - cleared - packet;
    Ok(Unpack { call, block, cleared, packet, filled, event, ..Unpack::default() })
}

fn unpack_list(meter: Meter) -> Result<Unpack, ListingError> {
    let function = load("unpack_list", "unpack_list")?;
    let cost = |blocks: Blocks<'_>, words: u32, stride: u32| {
        let mut board = mail(blocks, stride);
        board.put(MODEL, [ORDER, MODEL + 0x1000, MODEL + 0x2000, words]);
        let arguments = [MAIL, TABLE, blocks.len() as u32, MODEL, OUT];
        meter.run(function, &arguments, &mut board).map(|steps| end(&steps))
    };
    let empty = cost(&[(1, &[0])], 3, 1)?;
    let word = cost(&[(1, &[0])], 4, 1)? - empty;
    // Two units of one packet, in the first word of the map; in the first two words; in the first
    // and the last.
    let (one, two) = (cost(&[(1, &[1])], 3, 1)?, cost(&[(1, &[2])], 3, 1)?);
    let event = two - one;
    let active_word = cost(&[(1, &[2])], 3, 32)? - two;
    let last_active = cost(&[(1, &[2])], 3, 64)? - two - active_word;
    let filled = one - empty - event - active_word;
    let packet = cost(&[(1, &[1, 1])], 3, 1)? - one - filled - event;
    let block = cost(&[(1, &[0]), (1, &[0])], 3, 1)? - empty - packet;
    let call = empty - block - packet - word.times(3);
    Ok(Unpack { call, block, packet, filled, event, word, active_word, last_active, ..Unpack::default() })
}

const RING: u32 = DATA + 0x1000;
const PLACE: u32 = DATA + 0x2000;
const ARRIVALS: u32 = DATA + 0x3000;
const ENTRY: u32 = 20;

/// Returns a memory with a ring of `size` places that holds `entries`, the oldest in place `first`;
/// `true` marks the last packet of a block.
fn ring(entries: &[bool], size: u32, first: u32) -> Board {
    let mut board = Board::default();
    let place = |i: u32| RING + ENTRY * ((first + i) % size);
    let lasts = entries.iter().filter(|last| **last).count() as u32;
    for (i, &last) in (0_u32..).zip(entries) {
        board.put(place(i), [u32::from(last), 1, 2, 3, 4]);
    }
    board.put(DATA, [place(0), RING, RING + ENTRY * size, PLACE]);
    board.put(PLACE, [DATA + 0x4000, ARRIVALS]);
    board.put(ARRIVALS, [0, lasts, 0]);
    board.put(EVENTS_WRITE, [place(entries.len() as u32)]);
    board
}

fn fifo(meter: Meter, name: &str) -> Result<FifoCosts, ListingError> {
    let function = load("wait_fifo", name)?;
    let steps = |mut board: Board| meter.run(function, &[ARRIVALS + 8, DATA], &mut board).map(|s| end(&s));
    let cost = |entries: &[bool], first| steps(ring(entries, 8, first));
    let missed = |turns: u32| {
        let mut board = ring(&[true], 8, 0);
        board.put(EVENTS_WRITE, [RING]);
        board.raise(EVENTS_WRITE, turns, RING + ENTRY);
        steps(board)
    };
    let (one, two) = (cost(&[true], 0)?, cost(&[false, true], 0)?);
    let entry = two - one;
    let last = cost(&[true, true], 0)? - two;
    let mut there = ring(&[], 8, 0);
    there.put(ARRIVALS, [1, 1, 1]);
    let cycles = |linear| evaluate(&[(linear, 1)]);
    Ok(FifoCosts {
        check: cycles(steps(there)?),
        empty: cycles(missed(2)? - missed(1)?),
        entry: cycles(entry),
        last: cycles(last),
        wrap: cycles(cost(&[false, true], 7)? - two),
        leave: cycles(one - entry - last),
    })
}

#[cfg(test)]
mod tests;
