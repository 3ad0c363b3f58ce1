//! Arrivals at a PE, how they are counted, and what they set off: all of it data of the program.
//!
//! A slot has counters, words of its SRAM. The handler of a doorbell write adds 1 to one of them. A
//! waiting PE goes on when every counter that its operation needs has reached its value
//! ([`Need`]). A counter may also make the handler send messages ([`Relay`]): barriers and credits
//! are nothing else.

use super::legend::PopulationId;
use crate::chip::geometry::QpeId;

/// Number of a counter among those of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterId(pub u8);

/// Words of SRAM that count one kind of arrivals since the start: one word, or one for each buffer
/// where time steps overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Byte addresses, by time step modulo their number.
    pub words: Vec<u32>,
    /// Whether it counts time steps that the host announces: a PE that waits for the next one does
    /// not hold up this one.
    pub announced: bool,
}

impl Counter {
    /// Returns the number of the word that counts the arrivals of time step `step`.
    pub fn set(&self, step: u32) -> u8 {
        (step % self.sets()) as u8
    }

    /// Returns the value of the word of time step `step` once all arrivals up to that step are
    /// there, `each` a time step.
    pub fn after(&self, step: u32, each: u32) -> u32 {
        (step / self.sets()).wrapping_add(1).wrapping_mul(each)
    }

    /// Returns how many arrivals of time step `step`, of `each` a step, a word with the value
    /// `count` shows. Words of earlier steps may lag behind: that is none of this step's.
    pub fn arrived(&self, count: u32, step: u32, each: u32) -> u32 {
        let since = count.wrapping_sub(self.after(step, each).wrapping_sub(each));
        if since > u32::MAX / 2 { 0 } else { since.min(each) }
    }

    /// Returns the number of words, at least 1.
    pub fn sets(&self) -> u32 {
        (self.words.len() as u32).max(1)
    }

    /// Returns the byte address of word `set`.
    pub fn address(&self, set: u8) -> u32 {
        self.words.get(usize::from(set)).or(self.words.first()).copied().unwrap_or(0)
    }
}

/// Value that a counter must reach before a waiting PE goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Counter of the operation's slot.
    pub counter: CounterId,
    /// Arrivals in each time step.
    pub each: u32,
    /// The arrivals needed are those of this many time steps before the PE's own; before step 0
    /// nothing is needed.
    pub back: u32,
}

impl Need {
    /// Returns the counter's word and the value that it must reach for a PE in time step `step`, if
    /// there is any.
    pub fn at(&self, step: u32, counter: &Counter) -> Option<(u8, u32)> {
        let of = step.checked_sub(self.back)?;
        Some((counter.set(of), counter.after(of, self.each)))
    }
}

/// Arrival that a one-packet message counts as, at each of its receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Population of the receivers.
    pub population: PopulationId,
    /// Sample of the batch.
    pub sample: u8,
    /// Counter of the receivers' slot for that population and sample.
    pub counter: CounterId,
    /// Byte address at the receivers that the packet is written to.
    pub address: u32,
}

/// Message to PEs of one QPE that the core sends at the end of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Arrival that it counts as.
    pub message: Message,
    /// QPE that it goes to.
    pub qpe: QpeId,
    /// Bit p: PE p of it.
    pub mask: u8,
}

/// Message that a handler sends each time its counter reaches a multiple of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Counter of the slot.
    pub counter: CounterId,
    /// Arrivals between two messages.
    pub every: u32,
    /// Arrival that the message counts as.
    pub message: Message,
    /// QPEs and PE masks of the receivers, in the order in which they are sent to.
    pub to: Vec<(QpeId, u8)>,
}

/// Announcement of a time step by the host, for one sample: one packet to each QPE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Arrival that it counts as.
    pub message: Message,
    /// QPEs and PE masks of the receivers, in QPE order.
    pub to: Vec<(QpeId, u8)>,
}

/// Groups of receivers that a packet of values is for: bit n for group n.
///
/// A PE may be in several groups of one population, for instance because the population's values
/// are read by itself and by the next one. A packet counts for the first of its groups that the
/// PE is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Groups(pub u8);

impl Groups {
    /// Number of groups that a population can have.
    pub const MAX: usize = 2;
    /// Number of sets of groups.
    const SETS: usize = 1 << Self::MAX;
    /// Empty set of groups: no receiver counts the packet.
    pub const NONE: Self = Self(0);

    /// Returns the set that holds group `group` alone.
    pub const fn only(group: u8) -> Self {
        Self(1 << group)
    }

    /// Returns whether every group of `other` is in the set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the groups of both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Reception of one population's values by a PE that is a member of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Slot whose buffers they arrive in.
    pub slot: u8,
    /// Counter that the last packet of each block advances.
    pub counter: CounterId,
    /// Guard that says when a buffer may be written to.
    pub guard: Guard,
}

/// Operation of the receiver that must have read a buffer before the next values are written to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Number of the operation in the PE's program.
    pub operation: u32,
    /// Values of step t may be written once the operation has ended `t + lag` times.
    pub lag: i32,
    /// Name of what it reads, for messages.
    pub reads: &'static str,
}

impl Guard {
    /// Returns whether values of time step `step` may be written after the operation has
    /// ended `ended` times.
    #[inline]
    pub const fn allows(&self, step: u32, ended: u32) -> bool {
        let needed = step.wrapping_add_signed(self.lag);
        ended.wrapping_sub(needed).cast_signed() >= 0
    }
}

/// Marks a population or group that a PE does not take part in.
const NONE: u16 = u16::MAX;

/// Receptions of one PE, by population and sample ([`super::program::Program::lane`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbox {
    receivers: Vec<Receiver>,
    /// Index into `receivers`, by lane and set of groups.
    values: Vec<[u16; Groups::SETS]>,
    /// Slot that messages go to, by lane.
    slots: Vec<Option<u8>>,
}

impl Inbox {
    /// Creates an inbox for `lanes` lanes that receives nothing.
    pub fn new(lanes: usize) -> Self {
        Self { receivers: Vec::new(), values: vec![[NONE; Groups::SETS]; lanes], slots: vec![None; lanes] }
    }

    /// Takes messages for a lane in a slot.
    pub fn take_messages(&mut self, lane: usize, slot: u8) {
        if let Some(at) = self.slots.get_mut(lane) {
            *at = Some(slot);
        }
    }

    /// Takes a lane's values that are for a group.
    pub fn take_values(&mut self, lane: usize, group: u8, receiver: Receiver) {
        let number = self.receivers.len() as u16;
        let Some(numbers) = self.values.get_mut(lane).filter(|_| usize::from(group) < Groups::MAX) else {
            return;
        };
        self.receivers.push(receiver);
        for (set, at) in (0_u8..).zip(numbers.iter_mut()) {
            // A set stands for the first of its groups that the PE is in.
            let first = set & ((1 << group) - 1) == 0 || *at == NONE;
            if Groups(set).contains(Groups::only(group)) && first {
                *at = number;
            }
        }
    }

    /// Returns the slot that messages for a lane go to.
    pub fn slot(&self, lane: usize) -> Option<u8> {
        self.slots.get(lane).copied().flatten()
    }

    /// Returns the first receiver of a lane's values that are for `groups`, with its group.
    #[inline]
    pub fn receiver(&self, lane: usize, groups: Groups) -> Option<&Receiver> {
        let number = self.values.get(lane)?[usize::from(groups.0) % Groups::SETS];
        self.receivers.get(usize::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_names_the_word_and_the_value_of_its_step() {
        let one = Counter { words: vec![0x40], announced: false };
        let three = Counter { words: vec![0x40, 0x44, 0x48], announced: false };
        let need = Need { counter: CounterId(0), each: 5, back: 1 };
        assert_eq!(need.at(0, &one), None, "nothing comes before the first step");
        assert_eq!([1, 2, 3].map(|step| need.at(step, &one)), [Some((0, 5)), Some((0, 10)), Some((0, 15))]);
        assert_eq!([1, 4, 5].map(|step| need.at(step, &three)), [Some((0, 5)), Some((0, 10)), Some((1, 10))]);
        assert_eq!([0, 1, 2].map(|set| three.address(set)), [0x40, 0x44, 0x48]);
        // Five blocks a step: the second time round the words come to ten.
        let words = |counter: &Counter, step| (counter.set(step), counter.after(step, 5));
        assert_eq!(
            [0, 1, 2, 3, 4].map(|step| words(&three, step)),
            [(0, 5), (1, 5), (2, 5), (0, 10), (1, 10)]
        );
        assert_eq!([0, 1, 2].map(|step| words(&one, step)), [(0, 5), (0, 10), (0, 15)]);
        // Step 4 is the second in its word: 5 arrivals are those of step 1.
        assert_eq!([4, 5, 8, 10, 12].map(|count| three.arrived(count, 4, 5)), [0, 0, 3, 5, 5]);
    }

    /// A batch of 64 samples of three layers on one PE has 384 receivers.
    #[test]
    fn an_inbox_holds_more_receivers_than_a_byte_counts() {
        let guard = Guard { operation: 0, lag: 0, reads: "x" };
        let mut inbox = Inbox::new(192);
        for lane in 0..192 {
            for group in 0..2 {
                let receiver = Receiver { slot: lane as u8, counter: CounterId(group), guard };
                inbox.take_values(lane, group, receiver);
            }
        }
        for lane in 0..192 {
            for group in 0..2 {
                let found = inbox.receiver(lane, Groups::only(group)).unwrap();
                assert_eq!((found.slot, found.counter), (lane as u8, CounterId(group)));
            }
        }
    }

    #[test]
    fn a_guard_wants_every_earlier_reading_to_have_ended() {
        let guard = |lag| Guard { operation: 0, lag, reads: "x" };
        assert!(!guard(1).allows(4, 4) && guard(1).allows(4, 5));
        assert!(guard(-1).allows(4, 3) && !guard(-1).allows(4, 2));
        assert!(guard(-1).allows(0, 0), "step 0 waits for nothing that was before the start");
    }

    #[test]
    fn a_packet_counts_for_the_first_of_its_groups_that_a_pe_is_in() {
        let receiver = |slot| Receiver {
            slot,
            counter: CounterId(slot),
            guard: Guard { operation: 0, lag: 0, reads: "x" },
        };
        let mut inbox = Inbox::new(2);
        inbox.take_values(0, 1, receiver(4));
        inbox.take_values(1, 0, receiver(5));
        inbox.take_values(1, 1, receiver(6));
        let slot = |lane, groups| inbox.receiver(lane, Groups(groups)).map(|receiver| receiver.slot);
        assert_eq!([0, 1, 2, 3].map(|groups| slot(0, groups)), [None, None, Some(4), Some(4)]);
        assert_eq!([0, 1, 2, 3].map(|groups| slot(1, groups)), [None, Some(5), Some(6), Some(5)]);
        assert_eq!((slot(7, 3), inbox.slot(0)), (None, None));
    }
}
