//! Costs of the routines of spiking neurons: `neurons.c`,
//! `synapses.c`, `send_events.c`, `timer_tick.c`.

use super::measure::{DATA, Linear, Meter, TRIGGER, before_return, end, evaluate, load, per_item, total};
use super::{KernelCosts, PerItem, interrupt};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::chip::listing::board::Board;
use crate::chip::listing::trace::Step;
use crate::kernel::neurons::Pass;
use crate::kernel::synapses::{CollectWork, DeliverWork, Form};

/// Costs of spiking neurons.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spikes {
    passes: [PassCost; Pass::ALL.len()],
    /// Costs of `collect` and of `collect_counts`, in this order.
    collect: [Collect; 2],
    /// Costs of each variant of `deliver`, in the order of [`Form::index`].
    deliver: [Deliver; Form::ALL.len()],
    /// Costs of `send_keys` and of `send_counts`, in this order.
    send: [Send; 2],
    take: Linear,
    free: Linear,
    tick: Linear,
}

/// Cost of a pass over neurons; the additional cost of a neuron with spikes is 0 except for lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct PassCost {
    none: Linear,
    call: Linear,
    neuron: Linear,
    spiking: Linear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Collect {
    none: Linear,
    call: Linear,
    marked: Linear,
    outside: Linear,
    turn: Linear,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Deliver {
    none: Linear,
    call: Linear,
    empty_word: Linear,
    marked_word: Linear,
    source: Linear,
    empty_source: Linear,
    synapse: Linear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Send {
    packets: PerItem,
    lead: Linear,
}

impl KernelCosts {
    /// Returns the cycles of a pass of `neurons.c` over `units` neurons, `spiking` of which spike.
    pub fn neuron_pass(&self, pass: Pass, units: u32, spiking: u32) -> Cycles {
        let PassCost { none, call, neuron, spiking: more } = self.spikes.passes[pass as usize];
        if units == 0 {
            return evaluate(&[(none, 1)]);
        }
        evaluate(&[(call, 1), (neuron, units), (more, spiking)])
    }

    /// Returns the cycles of `collect`, or of `collect_counts` if `counts`.
    pub fn collect(&self, counts: bool, work: &CollectWork) -> Cycles {
        let Collect { none, call, marked, outside, turn } = self.spikes.collect[usize::from(counts)];
        if work.marked + work.outside == 0 {
            return evaluate(&[(none, 1)]);
        }
        evaluate(&[(call, 1), (marked, work.marked), (outside, work.outside), (turn, work.turns)])
    }

    /// Returns the cycles of the variant `form` of `deliver`.
    pub fn deliver(&self, form: Form, work: &DeliverWork) -> Cycles {
        let costs = self.spikes.deliver[form.index()];
        if work.empty_words + work.marked_words == 0 {
            return evaluate(&[(costs.none, 1)]);
        }
        evaluate(&[
            (costs.call, 1),
            (costs.empty_word, work.empty_words),
            (costs.marked_word, work.marked_words),
            (costs.source, work.sources),
            (costs.empty_source, work.empty_sources),
            (costs.synapse, work.synapses),
        ])
    }

    /// Returns the cycles of `send_keys`, or of `send_counts` if `counts`, for `packets` packets.
    pub fn send_events(&self, counts: bool, packets: u32) -> Cycles {
        self.spikes.send[usize::from(counts)].packets.total(packets)
    }

    /// Returns the cycles of `send_keys` or `send_counts` until the first packet is triggered.
    pub fn send_events_lead(&self, counts: bool) -> Cycles {
        evaluate(&[(self.spikes.send[usize::from(counts)].lead, 1)])
    }

    /// Returns the cycles from one packet of `send_keys` or `send_counts` to the next.
    pub fn send_event(&self, counts: bool) -> Cycles {
        evaluate(&[(self.spikes.send[usize::from(counts)].packets.item, 1)])
    }

    /// Returns the cycles of `take_entries`, which takes all entries written so far.
    pub fn take_entries(&self) -> Cycles {
        evaluate(&[(self.spikes.take, 1)])
    }

    /// Returns the cycles of `free_entries`, which lets entries taken be written over.
    pub fn free_entries(&self) -> Cycles {
        evaluate(&[(self.spikes.free, 1)])
    }

    /// Returns the cycles of the handler `timer_tick`, exception entry and exit included.
    pub fn timer_tick(&self) -> Cycles {
        interrupt(self.spikes.tick)
    }
}

pub(super) fn measure(meter: Meter) -> Result<Spikes, ListingError> {
    let mut passes = [PassCost::default(); Pass::ALL.len()];
    for (cost, pass) in passes.iter_mut().zip(Pass::ALL) {
        *cost = measure_pass(meter, pass)?;
    }
    let mut deliver = [Deliver::default(); Form::ALL.len()];
    for (cost, form) in deliver.iter_mut().zip(Form::ALL) {
        *cost = measure_deliver(meter, form)?;
    }
    let tick = meter.run(load("timer_tick", "timer_tick")?, &[], &mut Board::default())?;
    Ok(Spikes {
        passes,
        collect: [measure_collect(meter, false)?, measure_collect(meter, true)?],
        deliver,
        send: [measure_send(meter, false)?, measure_send(meter, true)?],
        take: total(meter, "synapses", "take_entries", &[DATA])?,
        free: total(meter, "synapses", "free_entries", &[DATA])?,
        tick: before_return(&tick),
    })
}

/// Returns the arguments of a pass over `units` neurons, its arrays 256 bytes apart.
pub(super) fn pass_arguments(pass: Pass, units: u32) -> Vec<u32> {
    let arrays = (0..pass.arrays() as u32).map(|array| DATA + 0x100 * array);
    let mut arguments: Vec<u32> = std::iter::once(units).chain(arrays).collect();
    if pass.lists() {
        // The key comes before the list.
        arguments.insert(2, 0);
    }
    arguments
}

fn measure_pass(meter: Meter, pass: Pass) -> Result<PassCost, ListingError> {
    let function = load("neurons", pass.function())?;
    let cost = |units: u32, spiking: u32| {
        let mut board = Board::default();
        if pass.lists() {
            board.put(DATA, (0..spiking).map(|_| 1.0_f32.to_bits()));
        }
        meter.run(function, &pass_arguments(pass, units), &mut board).map(|steps| end(&steps))
    };
    let PerItem { none, call, item } = per_item(|units| cost(units, 0))?;
    let spiking = if pass.lists() { cost(2, 1)? - cost(2, 0)? } else { Linear::default() };
    Ok(PassCost { none, call, neuron: item, spiking })
}

/// Executes `collect` on entries: true for those of a neuron with synapses.
pub(super) fn run_collect(
    meter: Meter,
    counts: bool,
    entries: &[bool],
    turn: Option<usize>,
) -> Result<Vec<Step>, ListingError> {
    let function = load("synapses", if counts { "collect_counts" } else { "collect" })?;
    let (table, marks, spikes, ring) = (DATA, DATA + 0x100, DATA + 0x200, DATA + 0x1000);
    let size = if counts { 8 } else { 4 };
    let mut board = Board::default();
    board.put(table, [0, 32, marks, spikes]);
    // The ring ends after entry number `turn`; the entries after it wrap to the ring's start.
    let capacity = entries.len() + 8;
    let place = |number: usize| {
        let first = turn.map_or(0, |turn| capacity - turn - 1);
        ring + size * ((first + number) % capacity) as u32
    };
    for (number, &marked) in entries.iter().enumerate() {
        board.put(place(number), [if marked { number as u32 % 32 } else { 0x40 }]);
    }
    let arguments = [place(0), place(entries.len()), ring, ring + size * capacity as u32, table];
    meter.run(function, &arguments, &mut board)
}

fn measure_collect(meter: Meter, counts: bool) -> Result<Collect, ListingError> {
    let cost = |entries: &[bool], turn| run_collect(meter, counts, entries, turn).map(|steps| end(&steps));
    let one = cost(&[true], None)?;
    let marked = cost(&[true, true], None)? - one;
    Ok(Collect {
        none: cost(&[], None)?,
        call: one - marked,
        marked,
        outside: cost(&[true, false], None)? - one,
        turn: cost(&[true, true, true], Some(1))? - cost(&[true, true, true], None)?,
    })
}

/// Executes a variant of `deliver` on words of marks: for each the lengths of the rows of
/// its marked sources.
pub(super) fn run_deliver(meter: Meter, form: Form, words: &[&[u16]]) -> Result<Vec<Step>, ListingError> {
    let function = load("synapses", form.function())?;
    let at = |number: u32| DATA + 0x800 * number;
    let (bits, counts, starts, targets, weights, sums) = (at(1), at(2), at(3), at(4), at(5), at(6));
    let mut board = Board::default();
    let (mut all, mut next) = (Vec::new(), 0);
    for (number, rows) in (0_u32..).zip(words) {
        board.put(bits + 4 * number, [(1_u32 << rows.len()) - 1]);
        for source in 0..32 {
            all.push(next);
            next += rows.get(source).copied().unwrap_or(0);
        }
    }
    all.push(next);
    board.put(starts, crate::kernel::synapses::encode_halves(&all));
    board.put(DATA, [bits, words.len() as u32, counts, starts, targets, weights]);
    let arguments = [DATA, sums, sums + 0x100, 0x40];
    let arguments = if form.later { &arguments[..] } else { &arguments[..2] };
    meter.run(function, arguments, &mut board)
}

fn measure_deliver(meter: Meter, form: Form) -> Result<Deliver, ListingError> {
    let cost = |words: &[&[u16]]| run_deliver(meter, form, words).map(|steps| end(&steps));
    let empty = cost(&[&[]])?;
    let empty_word = cost(&[&[], &[]])? - empty;
    let one = cost(&[&[1]])?;
    let synapse = cost(&[&[2]])? - one;
    let source = cost(&[&[1, 1]])? - one - synapse;
    let call = empty - empty_word;
    Ok(Deliver {
        none: cost(&[])?,
        call,
        empty_word,
        marked_word: one - call - source - synapse,
        source,
        empty_source: cost(&[&[1, 0]])? - one,
        synapse,
    })
}

fn measure_send(meter: Meter, counts: bool) -> Result<Send, ListingError> {
    let function = load("send_events", if counts { "send_counts" } else { "send_keys" })?;
    let steps = |packets: u32| {
        let mut board = Board::default();
        board.put(DATA, [packets]);
        meter.run(function, &[DATA, 0], &mut board)
    };
    let first = steps(1)?;
    let trigger = first.iter().find(|step| step.stored.is_some_and(|(at, _)| at == TRIGGER));
    Ok(Send {
        packets: per_item(|packets| steps(packets).map(|steps| end(&steps)))?,
        lead: trigger.map_or_else(Linear::default, |step| step.end.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::neurons;
    use crate::kernel::synapses::{self, Sums, SynapseRows};
    use proptest::prelude::*;

    fn listed(steps: &[Step]) -> Cycles {
        steps.last().map(|step| step.end).unwrap_or_default()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn passes_cost_what_their_listing_takes(
            units in 0_u32..40, spikes in prop::collection::vec(any::<bool>(), 40),
        ) {
            let costs = KernelCosts::committed().unwrap();
            for pass in Pass::ALL {
                let function = load("neurons", pass.function()).unwrap();
                let mut board = Board::default();
                let spiking = if pass.lists() {
                    board.put(DATA, spikes.iter().map(|&spike| f32::from(u8::from(spike)).to_bits()));
                    spikes[..units as usize].iter().filter(|&&spike| spike).count() as u32
                } else {
                    0
                };
                let steps = Meter::ALL.run(function, &pass_arguments(pass, units), &mut board).unwrap();
                prop_assert_eq!(listed(&steps), costs.neuron_pass(pass, units, spiking), "{:?}", pass);
            }
        }

        #[test]
        fn collecting_costs_what_its_listing_takes(
            entries in prop::collection::vec(any::<bool>(), 0..20), turn in prop::option::of(0_usize..20),
        ) {
            let costs = KernelCosts::committed().unwrap();
            let turn = turn.filter(|&turn| turn < entries.len());
            let turns = u32::from(turn.is_some());
            let marked = entries.iter().filter(|&&marked| marked).count() as u32;
            let work = CollectWork { marked, outside: entries.len() as u32 - marked, turns };
            for counts in [false, true] {
                let steps = run_collect(Meter::ALL, counts, &entries, turn).unwrap();
                prop_assert_eq!(listed(&steps), costs.collect(counts, &work), "{}", counts);
            }
        }

        #[test]
        fn delivering_costs_what_its_listing_takes(
            words in prop::collection::vec(prop::collection::vec(0_u16..5, 0..6), 0..6),
        ) {
            let costs = KernelCosts::committed().unwrap();
            let rows = || words.iter().flatten();
            let work = DeliverWork {
                empty_words: words.iter().filter(|word| word.is_empty()).count() as u32,
                marked_words: words.iter().filter(|word| !word.is_empty()).count() as u32,
                sources: rows().filter(|&&length| length > 0).count() as u32,
                empty_sources: rows().filter(|&&length| length == 0).count() as u32,
                synapses: rows().map(|&length| u32::from(length)).sum(),
            };
            let words: Vec<&[u16]> = words.iter().map(Vec::as_slice).collect();
            for form in Form::ALL {
                let steps = run_deliver(Meter::ALL, form, &words).unwrap();
                prop_assert_eq!(listed(&steps), costs.deliver(form, &work), "{:?}", form);
            }
        }
    }

    /// Puts words into a board and into SRAM.
    fn put(board: &mut Board, words: &mut crate::kernel::SramWords, address: u32, values: &[u32]) {
        board.put(address, values.iter().copied());
        words[address as usize / 4..][..values.len()].copy_from_slice(values);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The listing itself computes what the emulator computes from the bytes.
        #[test]
        fn passes_compute_what_their_listing_does(
            arrays in prop::collection::vec(prop::collection::vec(-2.0_f32..2.0, 9), 5), silent in any::<u16>(),
        ) {
            for pass in Pass::ALL {
                let mut board = Board::default();
                let mut words = crate::kernel::empty_sram();
                let at = |array: usize| DATA + 0x100 * array as u32;
                for (number, values) in arrays.iter().enumerate().take(pass.arrays()) {
                    let bits: Vec<u32> = values.iter().enumerate().map(|(n, value)| {
                        match pass {
                            Pass::TakeIntegers => ((value * 1e6) as i32).cast_unsigned(),
                            // Numbers of spikes: whole, and 0 for some neurons.
                            _ if number == 0 && silent >> n & 1 == 1 => 0,
                            Pass::ListSpikes | Pass::ListCounts if number == 0 => value.abs().ceil().to_bits(),
                            _ => value.to_bits(),
                        }
                    }).collect();
                    put(&mut board, &mut words, at(number), &bits);
                }
                let function = load("neurons", pass.function()).unwrap();
                let mut arguments = pass_arguments(pass, 9);
                if pass.lists() {
                    arguments[2] = 77;
                }
                Meter::ALL.run(function, &arguments, &mut board).unwrap();
                let call = neurons::Call { pass, arrays: (0..pass.arrays()).map(at).collect(), key: 77 };
                neurons::run(&call, &mut words, 9).unwrap();
                for number in 0..pass.arrays() {
                    let from = at(number) as usize / 4;
                    prop_assert_eq!(board.get(at(number), 19), words[from..from + 19].to_vec(), "{:?}", pass);
                }
            }
        }
    }

    /// Compares a stretch of a board with SRAM.
    fn equal(board: &Board, words: &crate::kernel::SramWords, at: u32, count: usize) -> bool {
        let from = at as usize / 4;
        board.get(at, count) == words[from..from + count]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn delivering_computes_what_its_listing_does(
            rows in prop::collection::vec((any::<bool>(), prop::collection::vec((0_u16..16, -100_i8..100), 0..4)), 64),
            counts in prop::collection::vec(1_u8..4, 64), sums in prop::collection::vec(-50_i8..50, 16),
            now in 0_u32..3,
        ) {
            for form in Form::ALL {
                let at = |number: u32| DATA + 0x800 * number;
                let (mut board, mut words) = (Board::default(), crate::kernel::empty_sram());
                let mut bits = [0_u32; 2];
                let (mut starts, mut places, mut singles, mut bytes) = (vec![0_u16], vec![], vec![], vec![]);
                for (source, (marked, row)) in rows.iter().enumerate() {
                    bits[source / 32] |= u32::from(*marked) << (source % 32);
                    for (place, weight) in row {
                        places.push(*place);
                        singles.push((f32::from(*weight) / 7.0).to_bits());
                        bytes.push(*weight);
                    }
                    starts.push(places.len() as u16);
                }
                let number = |n: &i8| if form.integers { i32::from(*n).cast_unsigned() } else { f32::from(*n).to_bits() };
                let weights = if form.integers { synapses::encode_bytes(&bytes) } else { singles };
                let counts: Vec<u32> = counts.iter().map(|&n| f32::from(n).to_bits()).collect();
                let sums: Vec<u32> = sums.iter().map(number).collect();
                let arrays: [(u32, Vec<u32>); 7] = [
                    (at(0), vec![at(1), 2, at(2), at(3), at(4), at(5)]),
                    (at(1), bits.to_vec()),
                    (at(2), counts),
                    (at(3), synapses::encode_halves(&starts)),
                    (at(4), synapses::encode_halves(&places)),
                    (at(5), weights),
                    (at(6), sums),
                ];
                for (address, values) in &arrays {
                    put(&mut board, &mut words, *address, values);
                }
                // A ring of 16 sums; place 0 is `now` words after the start of the ring.
                let ring = Sums { now: at(6) + if form.later { 4 * now } else { 0 }, start: at(6), end: at(6) + 64 };
                let function = load("synapses", form.function()).unwrap();
                let arguments = [DATA, ring.now, ring.end, 16];
                let arguments = if form.later { &arguments[..] } else { &arguments[..2] };
                Meter::ALL.run(function, arguments, &mut board).unwrap();
                let rows = SynapseRows {
                    bits: at(1), words: 2, counts: form.counts.then_some(at(2)), starts: at(3), targets: at(4),
                    weights: at(5), integers: form.integers, later: form.later,
                };
                synapses::deliver(&mut words, &rows, ring).unwrap();
                prop_assert!(equal(&board, &words, at(6), 20), "{:?}", form);
            }
        }

        #[test]
        fn collecting_computes_what_its_listing_does(
            entries in prop::collection::vec((0_u32..2, 0_u32..90, 1_u32..5), 0..20), first in 0_u32..24,
        ) {
            for counted in [false, true] {
                let size = if counted { 2 } else { 1 };
                let (table, ring) = (DATA, DATA + 0x1000);
                let (mut board, mut words) = (Board::default(), crate::kernel::empty_sram());
                let senders = [(10, 50, DATA + 0x100, DATA + 0x200), (0, 64, DATA + 0x180, DATA + 0x400)];
                let fields: Vec<u32> = senders.iter().flat_map(|&(a, b, c, d)| [a, b, c, d]).collect();
                put(&mut board, &mut words, table, &fields);
                let place = |number: u32| ring + 4 * size * ((first + number) % 24);
                for (number, &(sender, neuron, spikes)) in (0..).zip(&entries) {
                    let entry = [sender << 24 | neuron, spikes];
                    put(&mut board, &mut words, place(number), &entry[..size as usize]);
                }
                let end = place(entries.len() as u32);
                let function = load("synapses", if counted { "collect_counts" } else { "collect" }).unwrap();
                let arguments = [place(0), end, ring, ring + 96 * size, table];
                Meter::ALL.run(function, &arguments, &mut board).unwrap();
                let fifo = synapses::Entries { start: ring, bytes: 96 * size, words: size };
                synapses::collect(&mut words, &fifo, (first, entries.len() as u32), (table, 2)).unwrap();
                prop_assert!(equal(&board, &words, DATA + 0x100, 0x140), "{}", counted);
            }
        }
    }
}
