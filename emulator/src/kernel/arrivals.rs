//! `arrivals.c`: from the spikes in a PE's FIFO to the sums of its neurons, in the order of
//! arrival.

use super::code::calls::{Argument, FunctionCall};
use super::synapses::{Entries, Synapses, Taken, add_synapse, half, visit_entries};
use super::{KernelFault, Memory, SramWords, WORDS};

/// Bytes of SRAM.
const BYTES: u64 = 4 * WORDS as u64;
/// Bytes of a sender's entry in the table of fans.
pub const FAN_BYTES: u32 = 8;
/// Bytes of a link.
pub const LINK_BYTES: u32 = 24;

/// Synapse rows of a projection: neurons of the sender that have synapses on the PE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// First neuron of the sender with rows here.
    pub first: u32,
    /// Number of neurons from there on.
    pub neurons: u32,
    /// Byte address of the rows' first synapses, 16-bit numbers.
    pub starts: u32,
    /// Byte address of the targets' places in the sums, 16-bit numbers.
    pub targets: u32,
    /// Byte address of the weights: singles, or 8-bit integers.
    pub weights: u32,
    /// Words from this tick's sums to the sums whose first is place 0.
    pub later: u32,
}

impl Link {
    /// Returns its words in SRAM.
    pub fn encode(&self) -> [u32; 6] {
        [self.first, self.neurons, self.starts, self.targets, self.weights, self.later]
    }
}

/// Variant of `arrive`, which decides what a synapse costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArriveForm {
    /// Entries hold a number of spikes beside the key.
    pub counts: bool,
    /// Weights and sums are integers.
    pub integers: bool,
}

impl ArriveForm {
    /// All variants, by [`Self::index`].
    pub const ALL: [Self; 4] = [
        Self { counts: false, integers: false },
        Self { counts: true, integers: false },
        Self { counts: false, integers: true },
        Self { counts: true, integers: true },
    ];

    /// Returns its position in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self.counts as usize | (self.integers as usize) << 1
    }

    /// Returns the name of the function.
    pub const fn function(self) -> &'static str {
        match (self.integers, self.counts) {
            (false, false) => "arrive",
            (false, true) => "arrive_counts",
            (true, false) => "arrive_integers",
            (true, true) => "arrive_integer_counts",
        }
    }
}

/// Arguments of `arrive` that stay the same from tick to tick: byte addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// FIFO that the entries lie in.
    pub entries: Entries,
    /// Table of fans, an entry a sender: address of its first link, and behind its last one.
    pub fans: u32,
    /// Entries of the table.
    pub senders: u32,
    /// Ring of sums: first byte, and first byte behind it.
    pub sums: (u32, u32),
    /// Weights and sums are integers.
    pub integers: bool,
}

impl Arrivals {
    /// Returns the calls of `arrive` for taken entries, one but for a ring that is full; `now` is
    /// the byte address of this tick's sums.
    pub fn function_calls(&self, taken: Taken, now: u32) -> Vec<FunctionCall> {
        let (first, behind) = self.sums;
        let at = vec![self.entries.start, self.entries.end(), self.fans, behind, (behind - first) / 4];
        let call = |(entry, end)| {
            let [entry, end, now] = [entry, end, now].map(Argument::Value);
            FunctionCall::with(self.form().function(), vec![entry, end, Argument::Block(at.clone()), now])
        };
        self.entries.spans(taken).into_iter().map(call).collect()
    }

    /// Returns the variant of `arrive` for them.
    pub fn form(&self) -> ArriveForm {
        ArriveForm { counts: self.entries.words > 1, integers: self.integers }
    }
}

/// Work of a run of `arrive`, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArriveWork {
    /// Entries of senders with rows here.
    pub entries: u32,
    /// Entries of other senders.
    pub silent: u32,
    /// Links without a synapse of the entry's neuron, passed over by number.
    pub missed: u32,
    /// Links whose row is empty.
    pub empty: u32,
    /// Links with synapses.
    pub rows: u32,
    /// Entries whose last link has no synapse of the neuron.
    pub ends_without: u32,
    /// Number of synapses whose weights are added.
    pub synapses: u32,
    /// Number of times that reading wraps to the FIFO's start.
    pub turns: u32,
}

/// Visited link of an entry's sender.
enum Seen {
    /// The sender has no link.
    Silent,
    /// The neuron is none of the link's.
    Missed { last: bool },
    /// The neuron has this row, which may be empty.
    Row { link: Link, start: u32, end: u32, spikes: u32, last: bool },
}

/// Visits the links of all taken entries; returns the turns of the FIFO.
fn visit(
    words: &SramWords,
    at: &Arrivals,
    taken: Taken,
    mut each: impl FnMut(Seen),
) -> Result<u32, KernelFault> {
    let kernel = at.form().function();
    let fault = |what, address: u64| KernelFault { kernel, what, address, code: None };
    let word = |address: u64, what| words.get(address as usize / 4).copied().ok_or(fault(what, address));
    visit_entries(words, &at.entries, taken, kernel, |key, spikes| {
        let number = key >> 24;
        if number >= at.senders {
            return Err(fault("key", u64::from(key)));
        }
        let fan = u64::from(at.fans) + u64::from(FAN_BYTES * number);
        let (first, end) = (word(fan, "sender")?, word(fan + 4, "sender")?);
        // The core compares addresses: it would not stop at an end that it has passed.
        if end < first || (end - first) % LINK_BYTES != 0 || u64::from(end) > BYTES {
            return Err(fault("end of the links", u64::from(end)));
        }
        if first == end {
            each(Seen::Silent);
        }
        for link in (first..end).step_by(LINK_BYTES as usize) {
            let field = |field: u32| word(u64::from(link + 4 * field), "link");
            let last = link + LINK_BYTES == end;
            let link = Link {
                first: field(0)?,
                neurons: field(1)?,
                starts: field(2)?,
                targets: field(3)?,
                weights: field(4)?,
                later: field(5)?,
            };
            let source = (key & 0xFF_FFFF).wrapping_sub(link.first);
            if source >= link.neurons {
                each(Seen::Missed { last });
                continue;
            }
            let start_at = u64::from(link.starts) + 2 * u64::from(source);
            let start = half(words, start_at).ok_or(fault("start of a row", start_at))?;
            let end = half(words, start_at + 2).ok_or(fault("start of a row", start_at + 2))?;
            if end < start {
                return Err(fault("end of a row", u64::from(end)));
            }
            each(Seen::Row { link, start, end, spikes, last });
        }
        Ok(())
    })
}

/// Returns the counts of a coming run of [`arrive`].
///
/// # Errors
///
/// Fails if a key names no sender, or an address leads out of SRAM.
pub fn arrive_work(memory: &impl Memory, at: &Arrivals, taken: Taken) -> Result<ArriveWork, KernelFault> {
    let mut work = ArriveWork::default();
    let turns = visit(memory.words(), at, taken, |seen| match seen {
        Seen::Silent => work.silent += 1,
        Seen::Missed { last } => {
            work.missed += 1;
            work.ends_without += u32::from(last);
            work.entries += u32::from(last);
        }
        Seen::Row { start, end, last, .. } => {
            *if start == end { &mut work.empty } else { &mut work.rows } += 1;
            work.synapses += end - start;
            work.ends_without += u32::from(last && start == end);
            work.entries += u32::from(last);
        }
    })?;
    Ok(ArriveWork { turns, ..work })
}

/// Adds the rows of all taken entries to the sums; `now` is the byte address of this tick's.
///
/// # Errors
///
/// Fails if an address leads out of SRAM.
pub fn arrive(memory: &mut impl Memory, at: &Arrivals, taken: Taken, now: u32) -> Result<(), KernelFault> {
    let mut rows = Vec::new();
    visit(memory.words(), at, taken, |seen| {
        if let Seen::Row { link, start, end, spikes, .. } = seen {
            rows.push((link, start, end, spikes));
        }
    })?;
    let counted = at.entries.words > 1;
    let (first, end_of_sums) = (u64::from(at.sums.0), u64::from(at.sums.1));
    for (link, start, end, spikes) in rows {
        let arrays =
            Synapses { targets: link.targets, weights: link.weights, integers: at.integers, counted };
        for synapse in start..end {
            add_synapse(memory, at.form().function(), &arrays, (synapse, spikes as f32), |place| {
                let sum = u64::from(now) + 4 * (u64::from(link.later) + u64::from(place));
                if sum >= end_of_sums { sum.wrapping_sub(end_of_sums.wrapping_sub(first)) } else { sum }
            })?;
        }
    }
    Ok(())
}
