//! The effects of a stretch on bytes, made ready to be carried out again: packets of a block that
//! reach the same memory become one copy, counters one addition each.
//!
//! A packet takes its bytes when it is sent and puts them where it arrives. A copy does both when
//! the last of its packets arrives. That is the same as long as nothing in between writes what it
//! reads, or reads or writes where it puts them; where something does, each packet's bytes are
//! kept aside on their way.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use foldhash::fast::FixedState;

use super::trace::{Effect, PacketId, Trace};
use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::legend::PhaseId;
use crate::machine::program::{Action, PACKET_BYTES, PACKET_WORDS, Program};
use crate::machine::sram::{SRAM_WORDS, pages_of};
use crate::machine::state::State;

/// Place of a packet's bytes among those kept aside.
pub(super) type Kept = u32;

/// Action on bytes. Addresses are in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// A routine begins.
    Begin { pe: u16, operation: u32 },
    /// A routine begins whose cycles depend on values, and which ends behind the stretch.
    Open { pe: u16, operation: u32 },
    /// A routine ends.
    End { pe: u16, operation: u32 },
    /// A row from DRAM is written.
    Row { pe: u16, operation: u32 },
    /// The debug log is written, and the time step counted.
    Log { pe: u16, operation: u32 },
    /// A phase ends; ticks since the begin of the stretch, `began` for an operation of the stretch.
    Timed { pe: u16, phase: PhaseId, began: Option<Tick>, ended: Tick },
    /// Words go from memory to memory.
    Copy { from: u16, at: u16, to: u16, place: u16, words: u16 },
    /// Words go from memory to the host's.
    ToHost { from: u16, at: u16, place: u32, words: u16 },
    /// A packet's bytes are kept aside.
    Keep { kept: Kept, pe: u16, at: u16 },
    /// The bytes of an announcement are kept aside.
    Announce { kept: Kept, step: u32, sample: u8 },
    /// The bytes of a message are kept aside.
    Message { kept: Kept, source: u16 },
    /// Bytes kept aside are written to memory.
    Put { kept: Kept, pe: u16, at: u16 },
    /// Bytes kept aside are written to the host's memory.
    PutHost { kept: Kept, word: u32 },
}

/// Actions on bytes, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub(super) acts: Vec<Act>,
    /// PE, word and by how much each counter goes up.
    pub(super) counts: Vec<(u16, u16, u32)>,
    /// Pages that copies and counters write, by PE index.
    pub(super) pages: Vec<u128>,
    /// Places of the bytes of packets on the mesh at the begin, if they are needed.
    pub(super) brought: Vec<Option<Kept>>,
    /// Places of the bytes of packets on the mesh at the end.
    pub(super) carried: Vec<Kept>,
    /// Packets whose bytes are kept.
    pub(super) packets: usize,
}

/// Memory that packets are written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Memory {
    Pe(u16),
    Host,
}

/// Packets one behind the other in both memories.
#[derive(Clone, Copy, Debug)]
struct Block {
    from: u16,
    at: u32,
    to: Memory,
    place: u32,
    packets: u32,
    /// Position of the first effect that takes bytes, the first and the last that puts them.
    taken: usize,
    first: usize,
    last: usize,
}

impl Block {
    /// Returns the number of words in the block.
    fn words(&self) -> u32 {
        self.packets * PACKET_WORDS as u32
    }

    fn act(&self) -> Act {
        let Self { from, at, to, place, .. } = *self;
        let words = self.words() as u16;
        match to {
            Memory::Pe(to) => Act::Copy { from, at: at as u16, to, place: place as u16, words },
            Memory::Host => Act::ToHost { from, at: at as u16, place, words },
        }
    }
}

/// Stands for no block.
const NONE: u32 = u32::MAX;

/// The blocks of a step, in the order of their first packets.
struct Blocks {
    all: Vec<Block>,
    /// Block that the put at each position of the trace is in.
    of: Vec<u32>,
}

/// Bytes of a memory that an effect reads or writes.
struct Touch {
    position: usize,
    words: Range<u32>,
    write: bool,
}

/// Makes a script of the effects of a stretch that ended in state `end`. `None` if the order of its
/// effects could matter more than is known here.
pub(super) fn write(trace: &Trace, program: &Program, end: &State) -> Option<Script> {
    if !open_ones_are_left_alone(trace) {
        return None;
    }
    let touches = touches(trace, program)?;
    let blocks = blocks(trace);
    let clashes = clashes(&blocks.all)?;
    let merged: Vec<bool> =
        blocks.all.iter().zip(clashes).map(|(b, clash)| !clash && is_free(b, &touches)).collect();
    let alone = |position: usize| blocks.of[position] == NONE || !merged[blocks.of[position] as usize];
    let carried: Vec<PacketId> =
        super::trace::carried(end).into_iter().map(|number| trace.packet(number)).collect();
    let mut kept = Keeping { places: vec![None; trace.packets() as usize], count: 0 };
    for (position, effect) in trace.effects.iter().enumerate() {
        if let Some((packet, ..)) = put(effect)
            && alone(position)
        {
            kept.keep(packet)?;
        }
    }
    for &packet in &carried {
        kept.keep(packet)?;
    }
    let mut script = Script {
        pages: vec![0; program.pes.len()],
        brought: kept.places.iter().take(trace.brought()).copied().collect(),
        carried: carried.iter().map(|&packet| kept.of(packet)).collect::<Option<_>>()?,
        packets: kept.count as usize,
        ..Script::default()
    };
    let mut ready: Vec<&Block> =
        blocks.all.iter().zip(&merged).filter_map(|(block, merged)| merged.then_some(block)).collect();
    ready.sort_by_key(|block| block.last);
    let mut ready = ready.into_iter().peekable();
    let mut counts = BTreeMap::<(u16, u16), u32>::new();
    for (position, effect) in trace.effects.iter().enumerate() {
        match act(effect, &kept, alone(position)) {
            Some(Act::Begin { pe, operation }) if trace.is_open(position) => {
                script.acts.push(Act::Open { pe, operation });
            }
            Some(Act::Begin { .. }) if !touched_at(&touches, position, effect) => {}
            Some(act) => script.acts.push(act),
            None => {}
        }
        if let Effect::Count { pe, address } = *effect {
            *counts.entry((pe, word(address))).or_default() += 1;
        }
        while let Some(block) = ready.next_if(|block| block.last == position) {
            script.acts.push(block.act());
            if let Memory::Pe(pe) = block.to {
                *script.pages.get_mut(usize::from(pe))? |=
                    pages_of(block.place as usize, block.words() as usize);
            }
        }
    }
    for (&(pe, word), &times) in &counts {
        script.counts.push((pe, word, times));
        *script.pages.get_mut(usize::from(pe))? |= pages_of(usize::from(word), 1);
    }
    Some(script)
}

/// Returns whether no bytes come into the memory of a PE whose routine takes cycles that depend on
/// values: how often they meet the core in a bank would, too.
fn open_ones_are_left_alone(trace: &Trace) -> bool {
    trace.open.iter().all(|open| {
        trace.effects[open.position..].iter().all(|effect| match effect {
            Effect::Put { pe, .. } | Effect::Row { pe, .. } => *pe != open.pe,
            _ => true,
        })
    })
}

/// Packets whose bytes are kept aside, with their places.
struct Keeping {
    places: Vec<Option<Kept>>,
    count: Kept,
}

impl Keeping {
    fn keep(&mut self, packet: PacketId) -> Option<()> {
        let place = self.places.get_mut(packet as usize)?;
        if place.is_none() {
            *place = Some(self.count);
            self.count += 1;
        }
        Some(())
    }

    fn of(&self, packet: PacketId) -> Option<Kept> {
        self.places.get(packet as usize).copied().flatten()
    }
}

/// Returns the action for an effect by itself; `alone` says whether a put is in no block.
fn act(effect: &Effect, kept: &Keeping, alone: bool) -> Option<Act> {
    Some(match *effect {
        Effect::Begin { pe, operation } => Act::Begin { pe, operation },
        Effect::End { pe, operation } => Act::End { pe, operation },
        Effect::Row { pe, operation } => Act::Row { pe, operation },
        Effect::Log { pe, operation } => Act::Log { pe, operation },
        Effect::Timed { pe, phase, began, ended } => Act::Timed { pe, phase, began, ended },
        Effect::Take { packet, pe, address } => Act::Keep { kept: kept.of(packet)?, pe, at: word(address) },
        Effect::Announce { packet, step, sample } => Act::Announce { kept: kept.of(packet)?, step, sample },
        Effect::Message { packet, source } => Act::Message { kept: kept.of(packet)?, source },
        Effect::Put { packet, pe, address } if alone => {
            Act::Put { kept: kept.of(packet)?, pe, at: word(address) }
        }
        Effect::Host { packet, word } if alone => Act::PutHost { kept: kept.of(packet)?, word },
        Effect::Put { .. } | Effect::Host { .. } | Effect::Count { .. } => return None,
    })
}

/// Returns `true` if an effect is the begin of a routine that touches bytes there.
fn touched_at(touches: &[Vec<Touch>], position: usize, effect: &Effect) -> bool {
    let Effect::Begin { pe, .. } = *effect else { return false };
    let of = touches.get(usize::from(pe)).map_or(&[][..], Vec::as_slice);
    of.binary_search_by_key(&position, |touch| touch.position).is_ok()
}

fn word(address: u32) -> u16 {
    (address as usize / 4 % SRAM_WORDS) as u16
}

/// Returns the place at which a packet's bytes are written, in words.
fn put(effect: &Effect) -> Option<(PacketId, Memory, u32)> {
    match *effect {
        Effect::Put { packet, pe, address } => {
            Some((packet, Memory::Pe(pe), u32::from(word(address - address % PACKET_BYTES))))
        }
        Effect::Host { packet, word } => Some((packet, Memory::Host, word)),
        _ => None,
    }
}

/// Joins packets that follow each other from one memory to another.
fn blocks(trace: &Trace) -> Blocks {
    let mut taken = vec![None; trace.packets() as usize];
    let mut blocks = Blocks { all: Vec::new(), of: vec![NONE; trace.effects.len()] };
    let mut open = HashMap::<(u16, Memory), u32, FixedState>::default();
    for (position, effect) in trace.effects.iter().enumerate() {
        if let Effect::Take { packet, pe, address } = *effect {
            taken[packet as usize] = Some((pe, u32::from(word(address)), position));
            continue;
        }
        let Some((packet, to, place)) = put(effect) else { continue };
        let Some(&Some((from, at, take))) = taken.get(packet as usize) else { continue };
        let number = *open.get(&(from, to)).unwrap_or(&NONE);
        let follows =
            |block: &&mut Block| (block.at + block.words(), block.place + block.words()) == (at, place);
        if let Some(block) = blocks.all.get_mut(number as usize).filter(follows) {
            block.packets += 1;
            block.last = position;
            block.taken = block.taken.min(take);
            blocks.of[position] = number;
            continue;
        }
        let number = blocks.all.len() as u32;
        open.insert((from, to), number);
        blocks.of[position] = number;
        blocks.all.push(Block {
            from,
            at,
            to,
            place,
            packets: 1,
            taken: take,
            first: position,
            last: position,
        });
    }
    blocks
}

/// Returns for each block whether another one writes there in between. `None` if a PE sends what
/// packets have brought it, or a block does not lie at the packets' own boundaries: their order
/// would matter.
fn clashes(blocks: &[Block]) -> Option<Vec<bool>> {
    let step = PACKET_WORDS as u32;
    let end = |block: &Block| block.place + block.words();
    let mut sorted: Vec<(Memory, u32, u32)> = (0..).zip(blocks).map(|(n, b)| (b.to, b.place, n)).collect();
    sorted.sort_unstable();
    let longest = blocks.iter().map(Block::words).max().unwrap_or(0);
    let mut clash = vec![false; blocks.len()];
    for (i, &(memory, _, a)) in sorted.iter().enumerate() {
        let first = &blocks[a as usize];
        let meeting = sorted[i + 1..].iter().take_while(|next| next.0 == memory && next.1 < end(first));
        for &(.., b) in meeting {
            let second = &blocks[b as usize];
            if first.first <= second.last && second.first <= first.last {
                (clash[a as usize], clash[b as usize]) = (true, true);
            }
        }
    }
    let brought = |block: &Block| {
        let sent = block.at - block.at % step..block.at + block.words();
        let from = Memory::Pe(block.from);
        let near = sorted.partition_point(|put| (put.0, put.1) < (from, sent.start.saturating_sub(longest)));
        let mut puts = sorted[near..].iter().take_while(|put| put.0 == from && put.1 < sent.end);
        puts.any(|put| sent.start < end(&blocks[put.2 as usize]))
    };
    let whole =
        |block: &Block| (block.place + block.words()) as usize <= SRAM_WORDS || block.to == Memory::Host;
    let fits = |block: &Block| (block.at + block.words()) as usize <= SRAM_WORDS && whole(block);
    blocks.iter().all(|block| fits(block) && !brought(block)).then_some(clash)
}

/// Returns `true` if one copy can replace the packets of a block: in between, no other effect
/// writes its source or touches its destination.
fn is_free(block: &Block, touches: &[Vec<Touch>]) -> bool {
    let source = block.at..block.at + block.words();
    let place = block.place..block.place + block.words();
    // Touches of a PE, in order of position.
    let between = |pe: u16, from: usize| {
        let of = touches.get(usize::from(pe)).map_or(&[][..], Vec::as_slice);
        let of = &of[of.partition_point(|touch| touch.position < from)..];
        of.iter().take_while(|touch| touch.position < block.last)
    };
    let meets =
        |touch: &Touch, words: &Range<u32>| touch.words.start < words.end && words.start < touch.words.end;
    let written = between(block.from, block.taken).any(|touch| touch.write && meets(touch, &source));
    let met = match block.to {
        Memory::Pe(pe) => between(pe, block.first).any(|touch| meets(touch, &place)),
        Memory::Host => false,
    };
    !written && !met
}

/// Returns the words that effects other than packets touch, by PE index and in order of position.
/// `None` if they are not known, or if one of them is a counter.
fn touches(trace: &Trace, program: &Program) -> Option<Vec<Vec<Touch>>> {
    let mut all: Vec<Vec<Touch>> = program.pes.iter().map(|_| Vec::new()).collect();
    // Time steps that each slot has counted since the begin.
    let mut counted = HashMap::<(u16, u32), u32>::new();
    let mut counters = BTreeSet::<(u16, u32)>::new();
    for (position, effect) in trace.effects.iter().enumerate() {
        let (pe, operation) = match *effect {
            Effect::Begin { pe, operation }
            | Effect::End { pe, operation }
            | Effect::Row { pe, operation }
            | Effect::Log { pe, operation } => (pe, operation),
            Effect::Count { pe, address } => {
                counters.insert((pe, u32::from(word(address))));
                continue;
            }
            _ => continue,
        };
        let (found, slot) = program.pe(Pe::from_index(usize::from(pe))?)?.operation(operation)?;
        let before = counted.get(&(pe, slot.turn)).copied().unwrap_or(0);
        let step = trace.turns.get(&(pe, slot.turn))?.wrapping_add(before);
        if matches!(found.action, Action::Log(_)) {
            *counted.entry((pe, slot.turn)).or_default() += 1;
        }
        let open = trace.is_open(position);
        touched(all.get_mut(usize::from(pe))?, (position, effect, open), program, step)?;
    }
    // What operations touch is no counter: it is enough to add these at the end.
    let counter =
        |pe: u16, words: &Range<u32>| counters.range((pe, words.start)..(pe, words.end)).next().is_some();
    let apart = (0_u16..).zip(&all).all(|(pe, list)| !list.iter().any(|touch| counter(pe, &touch.words)));
    apart.then_some(all)
}

/// Adds what an effect of an operation touches, which may be the begin of an open run.
fn touched(
    list: &mut Vec<Touch>,
    (position, effect, open): (usize, &Effect, bool),
    program: &Program,
    step: u32,
) -> Option<()> {
    let span = |bytes: &Range<u32>| bytes.start / 4..bytes.end.div_ceil(4);
    let mut add = |bytes: &Range<u32>, write| list.push(Touch { position, words: span(bytes), write });
    match *effect {
        Effect::Begin { pe, operation } | Effect::End { pe, operation } => {
            let (found, _) = program.pe(Pe::from_index(usize::from(pe))?)?.operation(operation)?;
            let Action::Call(routine) = &found.action else { return None };
            let touched = routine.touches(step)?;
            if matches!(effect, Effect::Begin { .. }) {
                touched.reads.iter().filter(|_| open).for_each(|bytes| add(bytes, false));
                touched.begins.iter().for_each(|bytes| add(bytes, true));
            } else {
                touched.reads.iter().for_each(|bytes| add(bytes, false));
                touched.writes.iter().for_each(|bytes| add(bytes, true));
            }
        }
        Effect::Row { pe, operation } => {
            let (found, _) = program.pe(Pe::from_index(usize::from(pe))?)?.operation(operation)?;
            if let &Action::Fetch { words, to, .. } = &found.action {
                add(&(to..to + 4 * words), true);
                return Some(());
            }
            let Action::Read { to, rows } = &found.action else { return None };
            let buffer = to.of(step);
            add(&(buffer..buffer + 4 * program.dram.width() as u32), true);
            let row = *rows.get(step as usize % rows.len().max(1))?;
            add(&(row..row + 4), false);
        }
        Effect::Log { pe, operation } => {
            let loaded = program.pe(Pe::from_index(usize::from(pe))?)?;
            let (start, bytes) = loaded.log;
            add(&(start..start + bytes), true);
            let turn = loaded.operation(operation)?.1.turn;
            add(&(turn..turn + 4), true);
        }
        _ => {}
    }
    Some(())
}
