//! Cache for messages that several PEs unpack to the same result.
//!
//! PEs of a layer receive equal packets and unpack them to equal values. The first PE unpacks its
//! packets; each other PE compares its packets with them, and reuses the result if they are equal.

use super::events::{self, Block, UnpackLayout, UnpackWork, Unpacked, Written};
use super::{KernelFault, SramWords};

/// Words that unpacking writes to memory.
#[derive(Debug, PartialEq, Eq)]
pub enum Left<'a> {
    /// Values of all sources, silent ones included.
    Dense(&'a [u32]),
    /// List of events. Each value is also written to the scratch word of its source, and the map
    /// stays empty.
    List(&'a [u32]),
    /// All words that the kernel writes.
    All(Written),
}

/// Messages that were unpacked last, with the result.
#[derive(Debug, Default)]
pub struct Mail {
    known: bool,
    /// Number of sources if events become a list; 0 if they become dense values.
    sources: u32,
    table: Vec<u32>,
    /// Source of each dense word if events become a list; else empty.
    order: Vec<u16>,
    /// Packets that were read, with their indices in the mailbox.
    packets: Vec<(u32, [u32; 4])>,
    work: UnpackWork,
    made: Vec<u32>,
}

impl Mail {
    /// Unpacks the mail at byte address `mail`, and returns the operation counts and the words to
    /// write.
    ///
    /// # Errors
    ///
    /// Fails as [`events::unpack`] does.
    pub fn unpack(
        &mut self,
        words: &SramWords,
        layout: &UnpackLayout,
        mail: u32,
    ) -> Result<(UnpackWork, Left<'_>), KernelFault> {
        if !self.is(words, layout, mail) {
            let (work, written) = events::unpack(words, layout, mail)?;
            self.known = self.take(words, layout, mail, &written).is_some();
            self.work = work;
            if !self.known {
                return Ok((work, Left::All(written)));
            }
        }
        let left = if layout.lists() { Left::List(&self.made) } else { Left::Dense(&self.made) };
        Ok((self.work, left))
    }

    /// Returns `true` if every word that unpacking reads is equal to the word read when the cached
    /// messages were unpacked.
    fn is(&self, words: &SramWords, layout: &UnpackLayout, mail: u32) -> bool {
        let same_list = match layout.into {
            Unpacked::Dense(_) => self.sources == 0,
            Unpacked::List(list) => {
                self.sources == list.sources
                    && halves(words, list.order, self.order.len()) == Some(&self.order[..])
                    && is_clear(words, list.map, list.map_words())
            }
        };
        self.known
            && same_list
            && span(words, layout.table, layout.blocks as usize + 1) == Some(&self.table[..])
            && self.packets.iter().all(|(number, packet)| {
                span(words, mail + 16 * number, 4).is_some_and(|words| words == &packet[..])
            })
    }

    /// Stores the unpacked messages and the result; `None` if they cannot be reused.
    fn take(&mut self, words: &SramWords, layout: &UnpackLayout, mail: u32, written: &Written) -> Option<()> {
        self.table = span(words, layout.table, layout.blocks as usize + 1)?.to_vec();
        let block = |word: &u32| Block { mail: word & 0xFFFF, dense: word >> 16 };
        self.packets.clear();
        for word in self.table.split_last()?.1 {
            let mut number = block(word).mail;
            loop {
                let packet: [u32; 4] = span(words, mail + 16 * number, 4)?.try_into().ok()?;
                self.packets.push((number, packet));
                if events::is_last(packet) {
                    break;
                }
                number += 1;
            }
        }
        let dense = 4 * block(self.table.last()?).dense as usize;
        (self.sources, self.order) = match layout.into {
            Unpacked::Dense(_) => (0, Vec::new()),
            Unpacked::List(list) if list.sources > 0 && is_clear(words, list.map, list.map_words()) => {
                (list.sources, halves(words, list.order, dense)?.to_vec())
            }
            Unpacked::List(_) => return None,
        };
        self.made.clone_from(&written.last()?.1);
        Some(())
    }
}

/// Returns `count` words from a byte address on.
fn span(words: &SramWords, address: u32, count: usize) -> Option<&[u32]> {
    let start = address as usize / 4;
    words.get(start..start + count)
}

/// Returns `count` half-words from a byte address on.
fn halves(words: &SramWords, address: u32, count: usize) -> Option<&[u16]> {
    let start = address as usize / 2;
    bytemuck::cast_slice::<u32, u16>(words).get(start..start + count)
}

fn is_clear(words: &SramWords, address: u32, count: u32) -> bool {
    span(words, address, count as usize).is_some_and(|words| words.iter().all(|word| *word == 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::events::{ListLayout, blocks, pack, table_words};
    use super::super::words::pack_halves;
    use super::*;
    use crate::kernel::empty_sram;

    const LIST: ListLayout = ListLayout { sources: 40, order: 0x100, value: 0x200, map: 0x300, list: 0x400 };
    const MAIL: u32 = 0x1000;

    fn put(words: &mut SramWords, address: u32, values: &[u32]) {
        words[address as usize / 4..][..values.len()].copy_from_slice(values);
    }

    /// Writes the unpacked result to a PE's memory.
    fn write(words: &mut SramWords, left: &Left<'_>) {
        match left {
            Left::Dense(dense) => put(words, 0x800, dense),
            Left::List(list) => {
                let (pairs, _) = list[1..].as_chunks();
                for &[source, value] in pairs {
                    put(words, LIST.value + 4 * source, &[value]);
                }
                put(words, LIST.list, list);
            }
            Left::All(written) => written.iter().for_each(|(address, values)| put(words, *address, values)),
        }
    }

    proptest! {
        /// Tries two PEs with equal mail, and PEs with other mail or with a map that is not clear.
        #[test]
        fn every_pe_is_left_what_it_would_make_itself(
            rounds in prop::collection::vec(
                (prop::collection::vec(prop_oneof![2 => Just(0_u32), 1 => any::<u32>()], 40), 0_u32..6),
                1..12,
            ),
            lists in any::<bool>(),
        ) {
            let into = if lists { Unpacked::List(LIST) } else { Unpacked::Dense(0x800) };
            let layout = UnpackLayout { table: 0, blocks: 4, into };
            let mut memo = Mail::default();
            let mut memory = empty_sram();
            put(&mut memory, 0, &table_words(&blocks([10; 4])));
            // Blocks of ten units in twelve dense words, with the sources in reverse order.
            let order = (0..48).map(|word| if word % 12 < 10 { 39 - (word / 12 * 10 + word % 12) } else { 0 });
            put(&mut memory, LIST.order, &pack_halves(order));
            for (values, change) in rounds {
                for (number, block) in (0_u32..).zip(values.chunks(10)) {
                    for (i, packet) in (0..).zip(pack(block)) {
                        put(&mut memory, MAIL + 64 * number + 16 * i, &packet);
                    }
                }
                for twice in [false, true] {
                    if twice && change == 0 {
                        put(&mut memory, LIST.map, &[1 << 20]);
                    }
                    let (mut own, mut shared) = (memory.clone(), memory.clone());
                    let (work, written) = events::unpack(&memory, &layout, MAIL).unwrap();
                    write(&mut own, &Left::All(written));
                    let (same_work, left) = memo.unpack(&memory, &layout, MAIL).unwrap();
                    write(&mut shared, &left);
                    prop_assert_eq!(work, same_work);
                    prop_assert!(own == shared);
                    memory = own;
                }
            }
        }
    }
}
