//! Event packets, which carry only the values of active units, and how receivers unpack them.
//!
//! A packet is 16 bytes: a header and up to three values. The header's bits 1:0 are the number of
//! values, bit 2 marks the last packet of a block, and bits 15:8, 23:16 and 31:24 are the units of
//! the values within the block. A unit is active if its value is not +0. A block has at least one
//! packet; a packet without values is an end marker.
//!
//! A receiver's mailbox has room for the packets of every block even if all units are active. When
//! all blocks have arrived, the receiver unpacks them into dense values or into a list of events in
//! ascending model order ([`Unpacked`]).

use serde::{Deserialize, Serialize};

use super::code::calls::{Argument, FunctionCall};
use super::words::{Guard, half, word};
use super::{KernelFault, SramWords};

const GUARD: Guard = Guard { kernel: "unpack" };

/// Largest number of values in a packet.
pub const PACKET_VALUES: u32 = 3;
/// Largest number of units of a block: the header has 8 bits for each unit number.
pub const MAX_UNITS: usize = 256;
const WORDS_PER_PACKET: u32 = 4;
const COUNT: u32 = 3;
const LAST: u32 = 4;
/// Header of an end marker: a packet without values that ends its block.
pub const END: u32 = LAST;

/// Returns the number of packets of a block of `units` units if all are active.
pub const fn most_packets(units: u32) -> u32 {
    if units == 0 { 1 } else { units.div_ceil(PACKET_VALUES) }
}

/// Returns the number of packets of a block with `active` active units.
pub const fn packets(active: u32) -> u32 {
    most_packets(active)
}

/// Iterates over the pairs of unit and value in the four words of a packet.
pub fn values(packet: [u32; 4]) -> impl Iterator<Item = (u32, u32)> {
    let [header, values @ ..] = packet;
    let count = (header & COUNT) as usize;
    values.into_iter().enumerate().take(count).map(move |(i, value)| (header >> (8 + 8 * i) & 0xFF, value))
}

/// Returns `true` if a packet is the last of its block.
pub(super) const fn is_last(packet: [u32; 4]) -> bool {
    packet[0] & LAST != 0
}

/// Packs the values of a block's units, given as bits, into packets (`pack_events`).
pub fn pack(values: &[u32]) -> Vec<[u32; 4]> {
    let mut packets = vec![[0; 4]];
    for (unit, &value) in (0_u32..).zip(values).filter(|(_, value)| **value != 0) {
        if packets.last().is_some_and(|packet| packet[0] & COUNT == PACKET_VALUES) {
            packets.push([0; 4]);
        }
        if let Some(packet) = packets.last_mut() {
            let count = packet[0] & COUNT;
            packet[1 + count as usize] = value;
            packet[0] = (packet[0] | unit << (8 + 8 * count)) + 1;
        }
    }
    if let Some(packet) = packets.last_mut() {
        packet[0] |= LAST;
    }
    packets
}

/// Offsets of a block in the mailbox and in the dense values, in units of 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Offset of its first packet in the mailbox.
    pub mail: u32,
    /// Offset of its first unit in the dense values.
    pub dense: u32,
}

/// Returns the blocks of senders with these numbers of units, and a last entry that marks the
/// end.
pub fn blocks(units: impl IntoIterator<Item = u32>) -> Vec<Block> {
    let mut next = Block::default();
    let mut blocks = vec![next];
    for units in units {
        next.mail += most_packets(units);
        next.dense += units.div_ceil(WORDS_PER_PACKET);
        blocks.push(next);
    }
    blocks
}

/// Returns the table of blocks as the words that are stored in SRAM.
pub fn table_words(blocks: &[Block]) -> Vec<u32> {
    blocks.iter().map(|block| block.mail & 0xFFFF | block.dense << 16).collect()
}

/// Form into which a receiver unpacks its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unpacked {
    /// Values in the order of the blocks, 0 for silent units, from this byte address.
    Dense(u32),
    /// A list of events in ascending model order ([`super::csc`] has its layout).
    List(ListLayout),
}

impl Unpacked {
    /// Returns the byte address of the dense values or of the list.
    pub const fn start(&self) -> u32 {
        match self {
            Self::Dense(at) => *at,
            Self::List(list) => list.list,
        }
    }
}

/// Arrays that are used to build a list of events, as byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListLayout {
    /// Number of sources in the model.
    pub sources: u32,
    /// `order[dense words]`, half-words: the source of each dense word.
    pub order: u32,
    /// `value[sources]`, scratch: the value of each source.
    pub value: u32,
    /// `map[sources / 32]`, scratch: a bit for each active source, cleared after each run.
    pub map: u32,
    /// Address of the finished list ([`super::csc`] has its layout).
    pub list: u32,
}

impl ListLayout {
    /// Returns the number of words of the map.
    pub fn map_words(&self) -> u32 {
        self.sources.div_ceil(32)
    }
}

/// Parameters for unpacking the messages of one layer at a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpackLayout {
    /// Byte address of the table: `blocks + 1` words.
    pub table: u32,
    /// Number of senders, each with a block of packets.
    pub blocks: u32,
    /// Form into which the mail is unpacked.
    pub into: Unpacked,
}

impl UnpackLayout {
    /// Returns the byte address of the operand that the matrix kernel reads afterwards.
    ///
    /// It must not be inlined: rustc 1.95 (thin LTO) loads the variant's field before it checks
    /// that there is a layout, from an address formed by the arbitrary bytes of an absent one, and
    /// the release build crashes.
    #[inline(never)]
    pub fn operand(&self) -> u32 {
        self.into.start()
    }

    /// Returns the name of the C function.
    pub fn function(&self) -> &'static str {
        if self.lists() { "unpack_list" } else { "unpack_dense" }
    }

    /// Returns the call of the C function for the mail at byte address `mail`.
    pub fn function_call(&self, mail: u32) -> FunctionCall {
        let mut arguments = [mail, self.table, self.blocks].map(Argument::Value).to_vec();
        match self.into {
            Unpacked::Dense(dense) => arguments.push(Argument::Value(dense)),
            Unpacked::List(list) => {
                let model = vec![list.order, list.value, list.map, list.map_words()];
                arguments.extend([Argument::Block(model), Argument::Value(list.list)]);
            }
        }
        FunctionCall::with(self.function(), arguments)
    }

    /// Returns `true` if the events become a list.
    pub fn lists(&self) -> bool {
        matches!(self.into, Unpacked::List(_))
    }
}

/// Operation counts of a run, from which its cost follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnpackWork {
    /// Number of blocks read.
    pub blocks: u32,
    /// Groups of four dense values cleared (dense only).
    pub cleared: u32,
    /// Number of packets read.
    pub packets: u32,
    /// Number of packets with at least one value.
    pub filled: u32,
    /// Number of values unpacked.
    pub events: u32,
    /// Number of words of the map (list only).
    pub words: u32,
    /// Number of words of the map with at least one event.
    pub active_words: u32,
    /// Whether the last word of the map has an event (list only).
    pub last_active: bool,
}

/// Words that a run writes, by byte address.
pub type Written = Vec<(u32, Vec<u32>)>;

/// Unpacks the mail at byte address `mail`, and returns operation counts and words to write.
pub fn unpack(
    words: &SramWords,
    layout: &UnpackLayout,
    mail: u32,
) -> Result<(UnpackWork, Written), KernelFault> {
    GUARD.array("table", layout.table, 4 * (u64::from(layout.blocks) + 1))?;
    let mut work = UnpackWork { blocks: layout.blocks, ..UnpackWork::default() };
    let mut events = Vec::new();
    for number in 0..layout.blocks {
        let [block, next] = [number, number + 1].map(|number| table_entry(words, layout, number));
        read_block(words, mail, block, next, &mut work, &mut events)?;
    }
    work.events = events.len() as u32;
    let written = match layout.into {
        Unpacked::Dense(at) => {
            let end = table_entry(words, layout, layout.blocks).dense;
            work.cleared = end;
            GUARD.array("dense", at, 16 * u64::from(end))?;
            let mut dense = vec![0; (WORDS_PER_PACKET * end) as usize];
            for (place, value) in events {
                dense[place as usize] = value;
            }
            vec![(at, dense)]
        }
        Unpacked::List(list) => make_list(words, &list, &events, &mut work)?,
    };
    Ok((work, written))
}

fn table_entry(words: &SramWords, layout: &UnpackLayout, number: u32) -> Block {
    let at = (layout.table + 4 * number) as usize;
    Block { mail: half(words, at), dense: half(words, at + 2) }
}

/// Reads the packets of a block up to its last one, and appends dense words and values to `events`.
fn read_block(
    words: &SramWords,
    mail: u32,
    block: Block,
    next: Block,
    work: &mut UnpackWork,
    events: &mut Vec<(u32, u32)>,
) -> Result<(), KernelFault> {
    let address = |packet: u32| u64::from(mail) + 16 * u64::from(packet);
    let mut packet = block.mail;
    loop {
        // Beyond the block's room the core would read the next block's packets and store their
        // values in this block's units.
        if packet >= next.mail {
            return Err(GUARD.fault("packet", address(packet)));
        }
        GUARD.array("mail", mail, 16 * (u64::from(packet) + 1))?;
        let at = (mail + 16 * packet) as usize;
        let content = [0, 4, 8, 12].map(|offset| word(words, at + offset));
        work.packets += 1;
        work.filled += u32::from(content[0] & COUNT > 0);
        for (unit, value) in values(content) {
            let place = WORDS_PER_PACKET * block.dense + unit;
            if place >= WORDS_PER_PACKET * next.dense {
                return Err(GUARD.fault("unit", address(packet)));
            }
            events.push((place, value));
        }
        if content[0] & LAST != 0 {
            return Ok(());
        }
        packet += 1;
    }
}

fn make_list(
    words: &SramWords,
    list: &ListLayout,
    events: &[(u32, u32)],
    work: &mut UnpackWork,
) -> Result<Written, KernelFault> {
    let read = |at: u32, count: u32| (0..count).map(move |i| word(words, (at + 4 * i) as usize));
    GUARD.array("values", list.value, 4 * u64::from(list.sources))?;
    GUARD.array("map", list.map, 4 * u64::from(list.map_words()))?;
    GUARD.array("event list", list.list, 4 + 8 * u64::from(list.sources))?;
    let mut values: Vec<u32> = read(list.value, list.sources).collect();
    let mut map: Vec<u32> = read(list.map, list.map_words()).collect();
    for &(place, value) in events {
        GUARD.array("order", list.order, 2 * (u64::from(place) + 1))?;
        let source = half(words, (list.order + 2 * place) as usize);
        if source >= list.sources {
            return Err(GUARD.fault("source", u64::from(list.value) + 4 * u64::from(source)));
        }
        values[source as usize] = value;
        map[source as usize / 32] |= 0x8000_0000 >> (source % 32);
    }
    work.words = list.map_words();
    work.active_words = map.iter().filter(|word| **word != 0).count() as u32;
    work.last_active = map.last().is_some_and(|word| *word != 0);
    let mut made = vec![0];
    for source in 0..list.sources {
        if map[source as usize / 32] << (source % 32) >> 31 == 1 {
            made[0] += 1;
            made.extend([source, values[source as usize]]);
        }
    }
    map.fill(0);
    Ok(vec![(list.value, values), (list.map, map), (list.list, made)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::empty_sram;
    use proptest::prelude::*;

    fn bits() -> impl Strategy<Value = u32> {
        prop_oneof![2 => Just(0_u32), 1 => any::<u32>()]
    }

    proptest! {
        #[test]
        fn packets_keep_every_value_but_plus_zero(values in prop::collection::vec(bits(), 0..MAX_UNITS)) {
            let packets = pack(&values);
            let active = values.iter().filter(|v| **v != 0).count() as u32;
            prop_assert_eq!(packets.len() as u32, super::packets(active));
            prop_assert!(packets.iter().rev().skip(1).all(|p| p[0] & (COUNT | LAST) == 3));
            prop_assert_eq!(packets.last().unwrap()[0] & LAST, LAST);
            let mut unpacked = vec![0; values.len()];
            for (unit, value) in packets.into_iter().flat_map(super::values) {
                unpacked[unit as usize] = value;
            }
            prop_assert_eq!(unpacked, values);
        }
    }

    #[test]
    fn mail_without_an_end_and_units_of_others_are_faults() {
        let mut words = empty_sram();
        let blocks = blocks([2, 2]);
        words[..3].copy_from_slice(&table_words(&blocks));
        let layout = UnpackLayout { table: 0, blocks: 2, into: Unpacked::Dense(64) };
        assert_eq!(unpack(&words, &layout, 128).unwrap_err().what, "packet");
        words[32] = LAST;
        words[36] = LAST | 1 | 4 << 8;
        assert_eq!(unpack(&words, &layout, 128).unwrap_err().what, "unit");
        words[36] = LAST | 1 | 1 << 8;
        words[37] = 9;
        let (work, written) = unpack(&words, &layout, 128).unwrap();
        assert_eq!(written, [(64, vec![0, 0, 0, 0, 0, 9, 0, 0])]);
        assert_eq!((work.packets, work.filled, work.events, work.cleared), (2, 1, 1, 2));
    }
}
