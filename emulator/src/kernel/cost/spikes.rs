//! Costs of the routines of spiking neurons: `neurons.c`, `synapses.c`, `send_events.c`, `timer_tick.c`.

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
    /// Without and with numbers of spikes.
    collect: [Collect; 2],
    /// By [`Form::index`].
    deliver: [Deliver; Form::ALL.len()],
    /// Without and with numbers of spikes.
    send: [Send; 2],
    take: Linear,
    free: Linear,
    tick: Linear,
}

/// A pass over neurons; what a neuron with spikes takes more is 0 but for lists.
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
    /// A pass of `neurons.c` over `units` neurons, `spiking` of which have spikes.
    pub fn neuron_pass(&self, pass: Pass, units: u32, spiking: u32) -> Cycles {
        let PassCost { none, call, neuron, spiking: more } = self.spikes.passes[pass as usize];
        if units == 0 {
            return evaluate(&[(none, 1)]);
        }
        evaluate(&[(call, 1), (neuron, units), (more, spiking)])
    }

    /// `collect` or `collect_counts`.
    pub fn collect(&self, counts: bool, work: &CollectWork) -> Cycles {
        let Collect { none, call, marked, outside, turn } = self.spikes.collect[usize::from(counts)];
        if work.marked + work.outside == 0 {
            return evaluate(&[(none, 1)]);
        }
        evaluate(&[(call, 1), (marked, work.marked), (outside, work.outside), (turn, work.turns)])
    }

    /// A variant of `deliver`.
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

    /// `send_keys` or `send_counts` of `packets` packets.
    pub fn send_events(&self, counts: bool, packets: u32) -> Cycles {
        self.spikes.send[usize::from(counts)].packets.total(packets)
    }

    /// From the start of `send_keys` or `send_counts` until the first packet is triggered.
    pub fn send_events_lead(&self, counts: bool) -> Cycles {
        evaluate(&[(self.spikes.send[usize::from(counts)].lead, 1)])
    }

    /// From one packet of `send_keys` or `send_counts` to the next.
    pub fn send_event(&self, counts: bool) -> Cycles {
        evaluate(&[(self.spikes.send[usize::from(counts)].packets.item, 1)])
    }

    /// `take_entries`.
    pub fn take_entries(&self) -> Cycles {
        evaluate(&[(self.spikes.take, 1)])
    }

    /// `free_entries`.
    pub fn free_entries(&self) -> Cycles {
        evaluate(&[(self.spikes.free, 1)])
    }

    /// The handler `timer_tick`, exception entry and exit included.
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
    let tick = meter.run(&load("timer_tick", "timer_tick")?, &[], &mut Board::default())?;
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

/// Arguments of a pass, its arrays 256 bytes apart.
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
        meter.run(&function, &pass_arguments(pass, units), &mut board).map(|steps| end(&steps))
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
    // The ring ends behind entry number `turn`, and goes on at its begin with the others.
    let capacity = entries.len() + 8;
    let place = |number: usize| {
        let first = turn.map_or(0, |turn| capacity - turn - 1);
        ring + size * ((first + number) % capacity) as u32
    };
    for (number, &marked) in entries.iter().enumerate() {
        board.put(place(number), [if marked { number as u32 % 32 } else { 0x40 }]);
    }
    let arguments = [place(0), place(entries.len()), ring, ring + size * capacity as u32, table];
    meter.run(&function, &arguments, &mut board)
}

fn measure_collect(meter: Meter, counts: bool) -> Result<Collect, ListingError> {
    let cost =
        |entries: &[bool], turn| run_collect(meter, counts, entries, turn).map(|steps| end(&steps));
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

/// Executes a variant of `deliver` on words of marks: for each the lengths of the rows of its marked
/// sources.
pub(super) fn run_deliver(
    meter: Meter,
    form: Form,
    words: &[&[u16]],
) -> Result<Vec<Step>, ListingError> {
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
    meter.run(&function, arguments, &mut board)
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
        meter.run(&function, &[DATA, 0], &mut board)
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
                let steps = Meter::ALL.run(&function, &pass_arguments(pass, units), &mut board).unwrap();
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
                Meter::ALL.run(&function, &arguments, &mut board).unwrap();
                let call = neurons::Call { pass, arrays: (0..pass.arrays()).map(at).collect(), key: 77 };
                neurons::run(&call, &mut words, 9).unwrap();
                for number in 0..pass.arrays() {
                    let from = at(number) as usize / 4;
                    prop_assert_eq!(board.get(at(number), 19), words[from..from + 19].to_vec(), "{:?}", pass);
                }
            }
        }
    }
}
