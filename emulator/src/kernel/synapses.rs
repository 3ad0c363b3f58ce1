//! `synapses.c`: from the spikes in a PE's FIFO to the sums of its neurons, on the bytes
//! of its SRAM.

use super::code::calls::{Argument, FunctionCall};
use super::{KernelFault, Memory, SramWords, WORDS};

/// Bytes of SRAM.
const BYTES: u64 = 4 * WORDS as u64;

/// Entries of the FIFO ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries {
    /// First byte of the ring.
    pub start: u32,
    /// Bytes of the ring.
    pub bytes: u32,
    /// Words of an entry: the key, or the key and a number of spikes.
    pub words: u32,
}

/// Sender whose neurons are marked when they spike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// First neuron of the sender that has synapses on this PE.
    pub first: u32,
    /// Number of neurons from `first` on.
    pub neurons: u32,
    /// Byte address of the marks, a bit a neuron.
    pub bits: u32,
    /// Byte address of the numbers of spikes, a single a neuron; `None` where only marks are kept.
    pub counts: Option<u32>,
}

impl Sender {
    /// Returns its entry in the table that keys lead to.
    pub fn encode(&self) -> [u32; 4] {
        [self.first, self.neurons, self.bits, self.counts.unwrap_or(0)]
    }
}

/// Counts of what a run of `collect` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectWork {
    /// Entries of neurons with synapses here.
    pub marked: u32,
    /// Entries of other neurons.
    pub outside: u32,
    /// Number of times that the ring wraps around.
    pub turns: u32,
}

impl Entries {
    /// Returns the byte addresses of the oldest of taken entries and behind the youngest, for a C
    /// function that goes on at the ring's start. Those of a ring that is full are two spans, since
    /// equal addresses mean that there is no entry.
    pub fn spans(&self, (first, count): Taken) -> Vec<(u32, u32)> {
        let capacity = (self.bytes / (4 * self.words.max(1))).max(1);
        let place = |number: u32| self.start + 4 * self.words * ((first % capacity + number) % capacity);
        match count.min(capacity) {
            full if full == capacity && capacity > 1 => {
                let half = capacity / 2;
                vec![(place(0), place(half)), (place(half), place(0))]
            }
            count => vec![(place(0), place(count))],
        }
    }

    /// Returns the byte address behind the last whole entry.
    pub fn end(&self) -> u32 {
        self.start + 4 * self.words * (self.bytes / (4 * self.words.max(1))).max(1)
    }
}

/// Entries taken out of a FIFO: place of the oldest in the ring, and their number.
pub type Taken = (u32, u32);

/// Entry as it is visited: sender's entry in the table, neuron from the sender's first, number.
struct Visit {
    sender: Sender,
    neuron: u32,
    spikes: u32,
}

/// Visits the key and the number of spikes of taken entries; returns the turns of the ring.
pub(super) fn visit_entries(
    words: &SramWords,
    entries: &Entries,
    (first, count): Taken,
    kernel: &'static str,
    mut each: impl FnMut(u32, u32) -> Result<(), KernelFault>,
) -> Result<u32, KernelFault> {
    let fault = |what, address: u64| KernelFault { kernel, what, address, code: None };
    let capacity = (entries.bytes / (4 * entries.words.max(1))).max(1);
    if u64::from(entries.start) + u64::from(entries.bytes) > BYTES || count > capacity {
        return Err(fault("ring", u64::from(entries.start) + u64::from(count)));
    }
    let word = |at: u64| words.get(at as usize / 4).copied();
    let mut turns = 0;
    for number in 0..count {
        let place = (first % capacity + number) % capacity;
        turns += u32::from(place + 1 == capacity);
        let at = u64::from(entries.start + 4 * entries.words * place);
        let key = word(at).unwrap_or(0);
        each(key, if entries.words > 1 { word(at + 4).unwrap_or(0) } else { 1 })?;
    }
    Ok(turns)
}

/// Visits the senders' neurons of taken entries; returns the turns of the ring.
fn visit(
    words: &SramWords,
    entries: &Entries,
    taken: Taken,
    (table, senders): (u32, u32),
    mut each: impl FnMut(Visit),
) -> Result<u32, KernelFault> {
    let fault = |what, address: u64| KernelFault { kernel: "collect", what, address, code: None };
    let word = |at: u64| words.get(at as usize / 4).copied();
    visit_entries(words, entries, taken, "collect", |key, spikes| {
        let number = key >> 24;
        // The table has an entry for each sender; a key of none would lead behind it.
        if number >= senders {
            return Err(fault("key", u64::from(key)));
        }
        let entry = u64::from(table) + 16 * u64::from(number);
        let field = |field: u64| word(entry + 4 * field).ok_or_else(|| fault("sender", entry + 4 * field));
        let sender =
            Sender { first: field(0)?, neurons: field(1)?, bits: field(2)?, counts: Some(field(3)?) };
        let neuron = (key & 0xFF_FFFF).wrapping_sub(sender.first);
        each(Visit { sender, neuron, spikes });
        Ok(())
    })
}

/// Returns the counts of a coming run of [`collect`].
///
/// # Errors
///
/// Fails if a key names no sender, or an address leads out of SRAM.
pub fn collect_work(
    memory: &impl Memory,
    entries: &Entries,
    taken: (u32, u32),
    table: (u32, u32),
) -> Result<CollectWork, KernelFault> {
    let (mut marked, mut outside) = (0, 0);
    let turns = visit(memory.words(), entries, taken, table, |visit| {
        *if visit.neuron < visit.sender.neurons { &mut marked } else { &mut outside } += 1;
    })?;
    Ok(CollectWork { marked, outside, turns })
}

/// Marks the neurons of `count` entries, and keeps their numbers of spikes where entries have one.
///
/// # Errors
///
/// Fails if a key names no sender, or an address leads out of SRAM.
pub fn collect(
    memory: &mut impl Memory,
    entries: &Entries,
    taken: (u32, u32),
    table: (u32, u32),
) -> Result<(), KernelFault> {
    let mut marks = Vec::new();
    visit(memory.words(), entries, taken, table, |visit| {
        if visit.neuron < visit.sender.neurons {
            marks.push(visit);
        }
    })?;
    for Visit { sender, neuron, spikes } in marks {
        let bits = u64::from(sender.bits) + 4 * u64::from(neuron / 32);
        let word = memory.words().get(bits as usize / 4).copied();
        let fault = |what, address| KernelFault { kernel: "collect", what, address, code: None };
        let Some(word) = word else { return Err(fault("mark", bits)) };
        memory.set_word(bits as u32, word | 1 << (neuron % 32));
        if let Some(counts) = sender.counts.filter(|_| entries.words > 1) {
            let at = u64::from(counts) + 4 * u64::from(neuron);
            if at + 4 > BYTES {
                return Err(fault("number of spikes", at));
            }
            memory.set_word(at as u32, (spikes as f32).to_bits());
        }
    }
    Ok(())
}

/// Synapse rows of a sender's neurons on a PE: byte addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SynapseRows {
    /// Marks of the sources, 32 a word.
    pub bits: u32,
    /// Words of marks.
    pub words: u32,
    /// Numbers of spikes of the sources; `None` where a mark is one spike.
    pub counts: Option<u32>,
    /// First synapse of each source, and behind the last one's: 16-bit numbers.
    pub starts: u32,
    /// Places of the targets in the sums: 16-bit numbers.
    pub targets: u32,
    /// Weights: singles, or 8-bit integers.
    pub weights: u32,
    /// Weights and sums are integers.
    pub integers: bool,
    /// Delays differ: places count through the ring of sums.
    pub later: bool,
}

/// Variant of `deliver`, which decides what a synapse costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Form {
    /// Whether a source may have more than one spike.
    pub counts: bool,
    /// Weights and sums are integers.
    pub integers: bool,
    /// Whether synapses have different delays.
    pub later: bool,
}

impl Form {
    /// All variants, in the order of [`Self::index`].
    pub const ALL: [Self; 8] = {
        let mut all = [Self { counts: false, integers: false, later: false }; 8];
        let mut number = 0;
        while number < 8 {
            all[number] = Self { counts: number & 1 != 0, integers: number & 2 != 0, later: number & 4 != 0 };
            number += 1;
        }
        all
    };

    /// Returns its position in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self.counts as usize | (self.integers as usize) << 1 | (self.later as usize) << 2
    }

    /// Returns the name of the function.
    pub const fn function(self) -> &'static str {
        match (self.later, self.integers, self.counts) {
            (false, false, false) => "deliver",
            (false, false, true) => "deliver_counts",
            (false, true, false) => "deliver_integers",
            (false, true, true) => "deliver_integer_counts",
            (true, false, false) => "deliver_later",
            (true, false, true) => "deliver_later_counts",
            (true, true, false) => "deliver_later_integers",
            (true, true, true) => "deliver_later_integer_counts",
        }
    }
}

impl SynapseRows {
    /// Returns the call of `deliver` that adds them to the sums.
    pub fn function_call(&self, sums: Sums) -> FunctionCall {
        let rows =
            vec![self.bits, self.words, self.counts.unwrap_or(0), self.starts, self.targets, self.weights];
        let mut arguments = vec![Argument::Block(rows), Argument::Value(sums.now)];
        if self.later {
            arguments.extend([sums.end, (sums.end - sums.start) / 4].map(Argument::Value));
        }
        FunctionCall::with(self.form().function(), arguments)
    }

    /// Returns the variant of `deliver` for them.
    pub fn form(&self) -> Form {
        Form { counts: self.counts.is_some(), integers: self.integers, later: self.later }
    }
}

/// Counts of what a run of `deliver` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliverWork {
    /// Words of marks without a mark.
    pub empty_words: u32,
    /// Words of marks with at least one mark.
    pub marked_words: u32,
    /// Marked sources with synapses.
    pub sources: u32,
    /// Marked sources without.
    pub empty_sources: u32,
    /// Number of synapses that a sum was added for.
    pub synapses: u32,
}

/// Sums that synapses add to: byte addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sums {
    /// Sums that place 0 is the first of.
    pub now: u32,
    /// First byte of the ring.
    pub start: u32,
    /// Byte address after the ring.
    pub end: u32,
}

/// Reads a 16-bit number.
pub(super) fn half(words: &SramWords, at: u64) -> Option<u32> {
    let word = *words.get(at as usize / 4)?;
    Some(word >> (8 * (at & 2)) & 0xFFFF)
}

/// Visits the marked sources in ascending order: source and range of its synapses.
fn sources(
    words: &SramWords,
    rows: &SynapseRows,
    mut each: impl FnMut(u32, u32, u32),
) -> Result<(u32, u32), KernelFault> {
    let kernel = rows.form().function();
    let (mut empty, mut marked) = (0, 0);
    for number in 0..rows.words {
        let at = u64::from(rows.bits) + 4 * u64::from(number);
        let fault = |what, address| KernelFault { kernel, what, address, code: None };
        let mut left = words.get(at as usize / 4).copied().ok_or(fault("marks", at))?;
        *if left == 0 { &mut empty } else { &mut marked } += 1;
        while left != 0 {
            let source = 32 * number + left.trailing_zeros();
            left &= left - 1;
            let at = u64::from(rows.starts) + 2 * u64::from(source);
            let start = half(words, at).ok_or(fault("start of a row", at))?;
            let end = half(words, at + 2).ok_or(fault("start of a row", at + 2))?;
            // The core compares addresses: it would not stop at an end that it has passed.
            if end < start {
                return Err(fault("end of a row", u64::from(end)));
            }
            each(source, start, end);
        }
    }
    Ok((empty, marked))
}

/// Returns the counts of a coming run of [`deliver`].
///
/// # Errors
///
/// Fails if an address leads out of SRAM.
pub fn deliver_work(memory: &impl Memory, rows: &SynapseRows) -> Result<DeliverWork, KernelFault> {
    let mut work = DeliverWork::default();
    let (empty, marked) = sources(memory.words(), rows, |_, start, end| {
        *if start == end { &mut work.empty_sources } else { &mut work.sources } += 1;
        work.synapses += end - start;
    })?;
    Ok(DeliverWork { empty_words: empty, marked_words: marked, ..work })
}

/// Adds the rows of marked sources to the sums, in ascending order of sources and synapses.
///
/// # Errors
///
/// Fails if an address leads out of SRAM.
pub fn deliver(memory: &mut impl Memory, rows: &SynapseRows, sums: Sums) -> Result<(), KernelFault> {
    let mut ranges = Vec::new();
    sources(memory.words(), rows, |source, start, end| ranges.push((source, start, end)))?;
    let kernel = rows.form().function();
    let fault = |what, address| KernelFault { kernel, what, address, code: None };
    let arrays = Synapses {
        targets: rows.targets,
        weights: rows.weights,
        integers: rows.integers,
        counted: rows.counts.is_some(),
    };
    for (source, start, end) in ranges {
        let count = match rows.counts {
            Some(counts) => {
                let at = u64::from(counts) + 4 * u64::from(source);
                let word = memory.words().get(at as usize / 4).copied();
                f32::from_bits(word.ok_or(fault("number of spikes", at))?)
            }
            None => 1.0,
        };
        for synapse in start..end {
            add_synapse(memory, kernel, &arrays, (synapse, count), |place| {
                let sum = u64::from(sums.now) + 4 * u64::from(place);
                let turns = rows.later && sum >= u64::from(sums.end);
                if turns { sum - u64::from(sums.end - sums.start) } else { sum }
            })?;
        }
    }
    Ok(())
}

/// Arrays of synapses on a PE: byte addresses.
pub(super) struct Synapses {
    /// Places of the targets in the sums: 16-bit numbers.
    pub targets: u32,
    /// Weights: singles, or 8-bit integers.
    pub weights: u32,
    /// Weights and sums are integers.
    pub integers: bool,
    /// Whether a source may have more than one spike, so that weights are multiplied.
    pub counted: bool,
}

/// Adds a synapse's weight, times the number of its source's spikes, to the sum at its place; `sum`
/// returns the byte address of a place.
pub(super) fn add_synapse(
    memory: &mut impl Memory,
    kernel: &'static str,
    arrays: &Synapses,
    (synapse, count): (u32, f32),
    sum: impl Fn(u32) -> u64,
) -> Result<(), KernelFault> {
    let fault = |what, address| KernelFault { kernel, what, address, code: None };
    let words = memory.words();
    let word = |at: u64, what| words.get(at as usize / 4).copied().ok_or(fault(what, at));
    let target = u64::from(arrays.targets) + 2 * u64::from(synapse);
    let sum = sum(half(words, target).ok_or(fault("target", target))?);
    let old = word(sum, "sum")?;
    let new = if arrays.integers {
        let at = u64::from(arrays.weights) + u64::from(synapse);
        let weight = i32::from((word(at, "weight")? >> (8 * (at & 3))) as u8 as i8);
        let count = if arrays.counted { count as i32 } else { 1 };
        old.wrapping_add_signed(weight.wrapping_mul(count))
    } else {
        let at = u64::from(arrays.weights) + 4 * u64::from(synapse);
        let weight = f32::from_bits(word(at, "weight")?);
        let product = if arrays.counted { weight * count } else { weight };
        (f32::from_bits(old) + product).to_bits()
    };
    memory.set_word(sum as u32, new);
    Ok(())
}

/// Packs 16-bit numbers into words.
pub fn encode_halves(halves: &[u16]) -> Vec<u32> {
    let word = |pair: &[u16]| u32::from(pair[0]) | u32::from(pair.get(1).copied().unwrap_or(0)) << 16;
    halves.chunks(2).map(word).collect()
}

/// Packs 8-bit numbers into words.
pub fn encode_bytes(bytes: &[i8]) -> Vec<u32> {
    let word = |four: &[i8]| {
        four.iter().rev().fold(0, |word: u32, &byte| word << 8 | u32::from(byte.cast_unsigned()))
    };
    bytes.chunks(4).map(word).collect()
}
