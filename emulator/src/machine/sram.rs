//! A PE's memory: one flat, aligned array of 128 KiB in four banks, with dirty pages for
//! checkpoints and hashes.

use std::alloc::{Layout, handle_alloc_error};
use std::ops::{Deref, DerefMut, Range};
use std::sync::LazyLock;

use memmap2::MmapMut;
use xxhash_rust::xxh3::xxh3_64;

use super::pages::{PageStore, Pages};
use crate::chip::constants;

#[cfg(target_endian = "big")]
compile_error!("SRAM words are shown and hashed as little-endian bytes; big-endian hosts are not supported");

/// Bytes of SRAM in one PE (CHIP26, NESTML linker script).
pub const SRAM_BYTES: u32 = constants::SRAM_BYTES as u32;
/// SRAM banks in one PE (CHIP26).
pub const BANKS: usize = constants::SRAM_BANKS;
/// Bytes in one bank. Block-wise interleave is assumed; the mapping of addresses to banks
/// is not published.
pub const BANK_BYTES: u32 = SRAM_BYTES / BANKS as u32;
/// 32-bit words of SRAM in one PE.
pub const SRAM_WORDS: usize = SRAM_BYTES as usize / 4;
/// Granularity of dirty tracking, bytes.
pub const PAGE_BYTES: usize = 1024;
/// Pages of an SRAM.
pub const PAGES: usize = SRAM_BYTES as usize / PAGE_BYTES;
/// 32-bit words of a page.
pub const PAGE_WORDS: usize = PAGE_BYTES / 4;

/// SRAM of a PE. Kernels read and write these very bytes.
///
/// Fields that a packet's write touches come first and lie in one line of the host's caches.
#[derive(Clone)]
#[repr(C)]
pub struct Sram {
    words: Words,
    /// Whether writes have to be looked at: bits stick or bytes are watched.
    guarded: bool,
    /// Pages written since their hash was taken.
    stale: u128,
    /// Pages written since the last checkpoint.
    changed: u128,
    page_hash: Box<[u64; PAGES]>,
    /// The pages of the last checkpoint.
    kept: Option<Pages>,
    /// Bits that keep their value.
    stuck: Vec<Stuck>,
    /// Bytes that a debugger watches; only ever looked at on a write.
    watch: Option<Box<Watch>>,
}

/// The words of an SRAM, in pages that the operating system of the host gives when they are first
/// written and takes back at once: a PE with a program leaves much of its memory as it is, and most
/// PEs of a board have none. An allocator would clear, and so take, all of what it has had before.
#[derive(Default)]
struct Words(Option<MmapMut>);

/// Content of an SRAM that was never written.
static ZEROS: [u32; SRAM_WORDS] = [0; SRAM_WORDS];
/// Hash of a page that was never written.
static HASH_OF_ZEROS: LazyLock<u64> =
    LazyLock::new(|| xxh3_64(bytemuck::cast_slice::<u32, u8>(&ZEROS[..PAGE_WORDS])));

impl Words {
    /// Returns pages of zeros.
    fn zeroed() -> MmapMut {
        let bytes = SRAM_BYTES as usize;
        MmapMut::map_anon(bytes).unwrap_or_else(|_| handle_alloc_error(Layout::new::<[u32; SRAM_WORDS]>()))
    }
}

impl Clone for Words {
    fn clone(&self) -> Self {
        let copy = |pages: &MmapMut| {
            let mut copy = Self::zeroed();
            copy.copy_from_slice(pages);
            copy
        };
        Self(self.0.as_ref().map(copy))
    }
}

impl Deref for Words {
    type Target = [u32; SRAM_WORDS];

    #[inline]
    fn deref(&self) -> &Self::Target {
        self.0.as_ref().map_or(&ZEROS, |pages| bytemuck::from_bytes(pages))
    }
}

impl DerefMut for Words {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        bytemuck::from_bytes_mut(self.0.get_or_insert_with(Self::zeroed))
    }
}

/// Place in an SRAM at which a packet is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketPlace {
    /// Index of the first of the four words of the packet.
    word: usize,
    /// Mask of the page that the packet lies in, a bit a page.
    page: u128,
}

impl PacketPlace {
    /// Returns the place at the 16-byte boundary at or before a byte address, which wraps
    /// at 128 KiB.
    #[inline]
    pub(super) fn new(address: u32) -> Self {
        let word = (address as usize / 16 * 4) % SRAM_WORDS;
        Self { word, page: 1 << (word / PAGE_WORDS) }
    }
}

/// A bit that keeps its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Index of the word that the bit lies in.
    pub word: u32,
    /// The word with this bit alone.
    pub mask: u32,
    /// Value that the bits keep.
    pub value: u32,
}

impl Stuck {
    /// Creates bit `bit` of the byte at `address`, stuck at `value`; the address wraps at 128 KiB.
    pub fn new(address: u32, bit: u8, value: bool) -> Self {
        let mask = 1 << ((address % 4) * 8 + u32::from(bit % 8));
        Self { word: address / 4 % SRAM_WORDS as u32, mask, value: if value { mask } else { 0 } }
    }

    fn hold(self, word: u32) -> u32 {
        word & !self.mask | self.value
    }
}

/// Watched bytes, and the writes that touched them.
#[derive(Clone, Debug, Default)]
struct Watch {
    ranges: Vec<Range<u32>>,
    written: Vec<Range<u32>>,
}

impl Watch {
    fn note(&mut self, bytes: &Range<u32>) {
        for range in &self.ranges {
            let both = range.start.max(bytes.start)..range.end.min(bytes.end);
            if !both.is_empty() {
                self.written.push(both);
            }
        }
    }
}

impl Default for Sram {
    fn default() -> Self {
        Self {
            words: Words::default(),
            guarded: false,
            stale: 0,
            page_hash: Box::new([*HASH_OF_ZEROS; PAGES]),
            kept: None,
            changed: 0,
            stuck: Vec::new(),
            watch: None,
        }
    }
}

impl std::fmt::Debug for Sram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sram({SRAM_BYTES} bytes)")
    }
}

impl Sram {
    /// Returns all words, little-endian; the byte address of a word is 4 × its index.
    pub fn words(&self) -> &[u32; SRAM_WORDS] {
        &self.words
    }

    /// Returns the words as IEEE 754 singles.
    pub fn floats(&self) -> &[f32] {
        bytemuck::cast_slice(&self.words[..])
    }

    /// Returns the memory as bytes.
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words[..])
    }

    /// Returns the word at a byte address (low two bits ignored; wraps at 128 KiB).
    #[inline]
    pub fn word(&self, address: u32) -> u32 {
        self.words[(address as usize / 4) % SRAM_WORDS]
    }

    /// Writes one word at a byte address (low two bits ignored; wraps at 128 KiB).
    pub fn set_word(&mut self, address: u32, value: u32) {
        let index = (address as usize / 4) % SRAM_WORDS;
        self.words[index] = value;
        self.touched(index, 1);
    }

    /// Writes consecutive words from a byte address on; what would lie past the end is cut off.
    pub fn set_words(&mut self, address: u32, values: &[u32]) {
        let start = (address as usize / 4).min(SRAM_WORDS);
        let n = values.len().min(SRAM_WORDS - start);
        if n == 0 {
            return;
        }
        self.words[start..start + n].copy_from_slice(&values[..n]);
        self.touched(start, n);
    }

    /// Returns the four words from a byte address on (low two bits ignored; wraps at 128 KiB).
    #[inline]
    pub fn packet(&self, address: u32) -> [u32; 4] {
        let start = address as usize / 4 % SRAM_WORDS;
        match self.words[start..].first_chunk() {
            Some(words) => *words,
            None => [0, 4, 8, 12].map(|offset| self.word(address.wrapping_add(offset))),
        }
    }

    /// Writes one packet of four words at a 16-byte boundary (lower address bits are ignored; wraps
    /// at 128 KiB).
    #[inline]
    pub fn set_packet(&mut self, address: u32, payload: [u32; 4]) {
        self.set_packet_at(PacketPlace::new(address), payload);
    }

    /// Writes one packet like [`Self::set_packet`], at a place that was looked up before.
    #[inline]
    pub(super) fn set_packet_at(&mut self, PacketPlace { word, page }: PacketPlace, payload: [u32; 4]) {
        if let Some(words) = self.words[word..].first_chunk_mut::<4>() {
            *words = payload;
        }
        self.mark_written(page);
        if self.guarded {
            self.look_at_write(word, 4);
        }
    }

    /// Returns whether writes are looked at: bits stick or bytes are watched.
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded
    }

    /// Returns the words, to write to them where none are watched and no bits stick; the pages have
    /// to be marked by [`Self::mark_written`].
    pub(crate) fn words_mut(&mut self) -> &mut [u32; SRAM_WORDS] {
        &mut self.words
    }

    /// Marks pages as written, a bit each.
    #[inline]
    pub(super) fn mark_written(&mut self, pages: u128) {
        self.stale |= pages;
        self.changed |= pages;
    }

    /// Marks the pages of `bytes` bytes from a byte address on as written,
    /// as [`Self::set_words`] does.
    pub(crate) fn mark_bytes(&mut self, address: u32, bytes: u32) {
        let start = (address as usize / 4).min(SRAM_WORDS);
        let words = (bytes as usize / 4).min(SRAM_WORDS - start);
        if words > 0 {
            self.mark_written(pages_of(start, words));
        }
    }

    /// Notes that `words` words, at least one, were written from `word` on.
    #[inline]
    fn touched(&mut self, word: usize, words: usize) {
        self.mark_written(pages_of(word, words));
        if self.guarded {
            self.look_at_write(word, words);
        }
    }

    /// Lets stuck bits keep their value, and notes writes to watched bytes.
    #[cold]
    fn look_at_write(&mut self, word: usize, words: usize) {
        for stuck in &self.stuck {
            let at = stuck.word as usize;
            if (word..word + words).contains(&at) {
                self.words[at] = stuck.hold(self.words[at]);
            }
        }
        if let Some(watch) = &mut self.watch {
            watch.note(&(4 * word as u32..4 * (word + words) as u32));
        }
    }

    /// Notes writes to these bytes from now on, until [`Self::unwatch`].
    pub fn watch(&mut self, bytes: Range<u32>) {
        self.watch.get_or_insert_default().ranges.push(bytes);
        self.guarded = true;
    }

    /// Stops watching bytes, and forgets the writes to them.
    pub fn unwatch(&mut self) {
        self.watch = None;
        self.guarded = !self.stuck.is_empty();
    }

    /// Returns the watched bytes that were written since [`Self::forget_written`], write by write,
    /// also by writes that did not change them.
    pub fn written(&self) -> &[Range<u32>] {
        self.watch.as_ref().map_or(&[], |watch| &watch.written)
    }

    /// Forgets which watched bytes were written.
    pub fn forget_written(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.written.clear();
        }
    }

    /// Writes consecutive singles from a byte address on.
    pub fn set_floats(&mut self, address: u32, values: &[f32]) {
        self.set_words(address, bytemuck::cast_slice(values));
    }

    /// Flips one bit of the byte at `address`: a fault, for experiments and tests.
    pub fn flip_bit(&mut self, address: u32, bit: u8) {
        let word = self.word(address) ^ 1 << ((address % 4) * 8 + u32::from(bit % 8));
        self.set_word(address, word);
    }

    /// Makes these bits keep their values from now on, and no others.
    pub fn stick(&mut self, stuck: Vec<Stuck>) {
        for bit in &stuck {
            let address = 4 * bit.word;
            let held = bit.hold(self.word(address));
            if held != self.word(address) {
                self.set_word(address, held);
            }
        }
        self.guarded = !stuck.is_empty() || self.watch.is_some();
        self.stuck = stuck;
    }

    /// Returns a hash of the whole content; only pages written since the last call are read again.
    pub fn hash(&mut self) -> u64 {
        self.hash_pages();
        xxh3_64(bytemuck::cast_slice(&self.page_hash[..]))
    }

    fn hash_pages(&mut self) {
        for page in set_bits(std::mem::take(&mut self.stale)) {
            self.page_hash[page] = xxh3_64(bytemuck::cast_slice(self.page(page)));
        }
    }

    fn page(&self, page: usize) -> &[u32] {
        &self.words[page * PAGE_WORDS..(page + 1) * PAGE_WORDS]
    }

    /// Returns the content as pages; only those written since the last call are copied, unless
    /// `store` has them already.
    pub fn checkpoint(&mut self, store: &mut PageStore) -> Pages {
        self.hash_pages();
        let mut pages = self.kept.take().unwrap_or_default();
        pages.written = self.changed;
        for page in set_bits(std::mem::take(&mut self.changed)) {
            pages.set(page, store.share(self.page_hash[page], self.page(page)));
        }
        self.kept.insert(pages).clone()
    }

    /// Returns the pages written since the last checkpoint or [`Self::restore`], a bit each.
    pub fn written_pages(&self) -> u128 {
        self.changed
    }

    /// Restores a checkpoint's content; only pages that differ are copied, none counts as written.
    pub fn restore(&mut self, pages: &Pages) {
        let kept = self.kept.take().unwrap_or_default();
        for page in 0..PAGES {
            if self.changed >> page & 1 == 1 || !kept.shares(pages, page) {
                self.words[page * PAGE_WORDS..(page + 1) * PAGE_WORDS].copy_from_slice(pages.page(page));
                self.stale |= 1 << page;
            }
        }
        self.changed = 0;
        self.kept = Some(pages.clone());
    }
}

/// Returns the pages, a bit each, of `words` words from word `word` on, at least one.
pub(super) fn pages_of(word: usize, words: usize) -> u128 {
    let (first, last) = (word / PAGE_WORDS, (word + words - 1) / PAGE_WORDS);
    u128::MAX >> (PAGES - 1 - last) & u128::MAX << first
}

/// Iterates over the positions of the bits that are set, ascending.
fn set_bits(mut bits: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (at < PAGES).then_some(at)
    })
}

impl crate::kernel::Memory for Sram {
    fn words(&self) -> &[u32; SRAM_WORDS] {
        Self::words(self)
    }

    fn set_word(&mut self, address: u32, value: u32) {
        Self::set_word(self, address, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_notices_every_write_and_nothing_else() {
        let mut sram = Sram::default();
        let empty = sram.hash();
        sram.set_word(0x1_FFFC, 7);
        let written = sram.hash();
        assert_ne!(empty, written);
        sram.flip_bit(0x1_FFFD, 3);
        assert_ne!(sram.hash(), written);
        sram.flip_bit(0x1_FFFD, 3);
        assert_eq!(sram.hash(), written);
        sram.set_words(1020, &[1, 2]); // across a page border
        assert_ne!(sram.hash(), written);
        sram.set_words(1020, &[0, 0]);
        assert_eq!(sram.hash(), written);
        sram.set_packet(0x1_0010, [1, 2, 3, 4]);
        assert_ne!(sram.hash(), written);
        assert_eq!(sram.word(0x1_001C), 4);
    }

    #[test]
    fn a_checkpoint_costs_what_changed_and_brings_everything_back() {
        let mut store = PageStore::default();
        let (mut sram, mut other) = (Sram::default(), Sram::default());
        sram.set_word(0, 1);
        let first = sram.checkpoint(&mut store);
        let hash = sram.hash();
        assert_eq!(store.pages(), 1); // pages of zeros are not in it
        sram.set_words(1020, &[2, 3]);
        sram.set_packet(0x1_FFF0, [4; 4]);
        let second = sram.checkpoint(&mut store);
        assert_eq!(store.pages(), 4);
        let later = sram.hash();
        sram.flip_bit(5000, 1);
        sram.restore(&first);
        assert_eq!((sram.hash(), sram.word(1020), sram.word(5000)), (hash, 0, 0));
        sram.restore(&second);
        assert_eq!((sram.hash(), sram.word(1024), sram.word(0x1_FFFC)), (later, 3, 4));
        // Another SRAM with the same content shares its pages.
        other.restore(&second);
        assert_eq!(other.hash(), later);
        let again = other.checkpoint(&mut store);
        assert!((0..PAGES).all(|page| again.shares(&second, page)));
        assert_eq!(store.pages(), 4);
        drop((second, again, sram, other));
        store.forget_unused();
        assert_eq!(store.pages(), 1);
    }

    #[test]
    fn writes_to_watched_bytes_are_noted_whatever_they_change() {
        let mut sram = Sram::default();
        sram.set_word(8, 1);
        assert_eq!(sram.written(), []);
        sram.watch(6..18);
        sram.set_word(0, 1);
        sram.set_word(0x1_0008, 1);
        assert_eq!(sram.written(), []);
        sram.set_word(8, 1); // what it held before
        sram.set_words(0, &[1, 2]);
        sram.set_packet(16, [0; 4]);
        sram.set_floats(4, &[1.0; 40]);
        sram.flip_bit(17, 1);
        assert_eq!(sram.written(), [8..12, 6..8, 16..18, 6..18, 16..18]);
        sram.forget_written();
        assert_eq!(sram.written(), []);
        sram.unwatch();
        sram.set_word(8, 2);
        assert_eq!(sram.written(), []);
    }

    #[test]
    fn writes_past_the_end_are_cut() {
        let mut sram = Sram::default();
        sram.set_words(SRAM_BYTES - 4, &[1, 2, 3]);
        assert_eq!(sram.word(SRAM_BYTES - 4), 1);
        assert_eq!(sram.word(0), 0);
    }
}
