//! Costs of the routines in `arrivals.c` and `poisson.c`.

use super::measure::{DATA, Linear, Meter, end, evaluate, load, per_item};
use super::{KernelCosts, PerItem};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::chip::listing::board::Board;
use crate::chip::listing::trace::Step;
use crate::kernel::arrivals::{ArriveForm, ArriveWork, LINK_BYTES, Link};
use crate::kernel::poisson::Draw;
use crate::kernel::synapses::encode_halves;

/// Costs of handling spikes in order of arrival, and of Poisson sources.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Arriving {
    /// Costs of each variant, by [`ArriveForm::index`].
    arrive: [Arrive; ArriveForm::ALL.len()],
    /// Costs of `poisson` and of `poisson_counts`, which stores numbers of spikes.
    poisson: [PerItem; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Arrive {
    none: Linear,
    call: Linear,
    entry: Linear,
    silent: Linear,
    missed: Linear,
    empty: Linear,
    row: Linear,
    end_without: Linear,
    synapse: Linear,
    turn: Linear,
}

impl KernelCosts {
    /// Returns the cycles of a variant of `arrive`.
    pub fn arrive(&self, form: ArriveForm, work: &ArriveWork) -> Cycles {
        let costs = self.arriving.arrive[form.index()];
        if work.entries + work.silent == 0 {
            return evaluate(&[(costs.none, 1)]);
        }
        evaluate(&[
            (costs.call, 1),
            (costs.entry, work.entries),
            (costs.silent, work.silent),
            (costs.missed, work.missed),
            (costs.empty, work.empty),
            (costs.row, work.rows),
            (costs.end_without, work.ends_without),
            (costs.synapse, work.synapses),
            (costs.turn, work.turns),
        ])
    }

    /// Returns the cycles of `poisson` or `poisson_counts` for `units` neurons, whichever spike.
    pub fn poisson(&self, counts: bool, units: u32) -> Cycles {
        self.arriving.poisson[usize::from(counts)].total(units)
    }
}

pub(super) fn measure(meter: Meter) -> Result<Arriving, ListingError> {
    let mut arrive = [Arrive::default(); ArriveForm::ALL.len()];
    for (cost, form) in arrive.iter_mut().zip(ArriveForm::ALL) {
        *cost = measure_arrive(meter, form)?;
    }
    let poisson = |counts: bool| {
        let function = load("poisson", Draw::function(counts))?;
        per_item(|units| {
            meter.run(function, &[units, 0, 0, DATA], &mut Board::default()).map(|steps| end(&steps))
        })
    };
    Ok(Arriving { arrive, poisson: [poisson(false)?, poisson(true)?] })
}

/// Number of synapses of an entry's neuron in a link; `None` if the neuron is not in the link.
pub(super) type Row = Option<u16>;

/// Executes a variant of `arrive` on FIFO entries.
///
/// Each entry has its own sender, with these links; the FIFO wraps after entry number `turn`.
pub(super) fn run_arrive(
    meter: Meter,
    form: ArriveForm,
    entries: &[&[Row]],
    turn: Option<usize>,
) -> Result<Vec<Step>, ListingError> {
    let function = load("arrivals", form.function())?;
    let at = |number: u32| DATA + 0x800 * number;
    let (fans, links, starts, targets, weights, sums, fifo) =
        (at(1), at(2), at(4), at(5), at(6), at(7), at(8));
    let mut board = Board::default();
    let (mut link, mut halves, mut next) = (links, Vec::new(), 0_u16);
    for (sender, rows) in (0_u32..).zip(entries) {
        board.put(fans + 8 * sender, [link, link + LINK_BYTES * rows.len() as u32]);
        for row in *rows {
            let own = Link {
                first: 0,
                neurons: u32::from(row.is_some()),
                starts: starts + 2 * halves.len() as u32,
                targets,
                weights,
                later: 0,
            };
            board.put(link, own.encode());
            let end = next + row.unwrap_or(0);
            halves.extend([next, end]);
            (next, link) = (end, link + LINK_BYTES);
        }
    }
    board.put(starts, encode_halves(&halves));
    let size = if form.counts { 8 } else { 4 };
    let capacity = entries.len() + 8;
    let place = |number: usize| {
        let first = turn.map_or(0, |turn| capacity - turn - 1);
        fifo + size * ((first + number) % capacity) as u32
    };
    for number in 0..entries.len() {
        board.put(place(number), [(number as u32) << 24]);
    }
    board.put(DATA, [fifo, fifo + size * capacity as u32, fans, sums + 0x100, 0x40]);
    meter.run(function, &[place(0), place(entries.len()), DATA, sums], &mut board)
}

fn measure_arrive(meter: Meter, form: ArriveForm) -> Result<Arrive, ListingError> {
    let cost = |entries: &[&[Row]], turn| run_arrive(meter, form, entries, turn).map(|steps| end(&steps));
    let (one, two): (&[Row], &[Row]) = (&[Some(1)], &[Some(1), Some(1)]);
    let silent = cost(&[&[], &[]], None)? - cost(&[&[]], None)?;
    let first = cost(&[one], None)?;
    let synapse = cost(&[&[Some(2)]], None)? - first;
    let row = cost(&[two], None)? - first - synapse;
    // The link without a row is followed by one with a row, so it is not the last.
    let missed = cost(&[&[None, Some(1)]], None)? - first;
    let empty = cost(&[&[Some(0), Some(1)]], None)? - first;
    let each = cost(&[one, one], None)? - first;
    let call = first - each;
    let entry = each - row - synapse;
    let turns = [one, one, one];
    Ok(Arrive {
        none: cost(&[], None)?,
        call,
        entry,
        silent,
        missed,
        empty,
        row,
        end_without: cost(&[&[None]], None)? - call - entry - missed,
        synapse,
        turn: cost(&turns, Some(1))? - cost(&turns, None)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::arrivals::{Arrivals, arrive, arrive_work};
    use crate::kernel::poisson::draw;
    use crate::kernel::synapses::{Entries, encode_bytes};
    use crate::net::spiking::Kiss64;
    use proptest::prelude::*;

    fn listed(steps: &[Step]) -> Cycles {
        steps.last().map(|step| step.end).unwrap_or_default()
    }

    /// Puts the same words into a board and into SRAM.
    fn put(board: &mut Board, words: &mut crate::kernel::SramWords, at: u32, values: &[u32]) {
        board.put(at, values.iter().copied());
        words[at as usize / 4..][..values.len()].copy_from_slice(values);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Compares the native form with the listing, in bytes and cycles, on entries of senders
        /// with up to two links.
        #[test]
        fn spikes_in_the_order_of_arrival_compute_and_cost_what_their_listing_does(
            keys in prop::collection::vec((0_u32..3, 0_u32..12, 1_u32..5), 0..12),
            rows in prop::collection::vec(prop::collection::vec((0_u16..40, -9_i8..9), 0..4), 24),
            reach in prop::collection::vec((0_u32..4, 0_u32..8), 3), first in 0_u32..14, later in 0_u32..8,
        ) {
            let costs = KernelCosts::committed().unwrap();
            for form in ArriveForm::ALL {
                let at = |number: u32| DATA + 0x800 * number;
                let (mut board, mut words) = (Board::default(), crate::kernel::empty_sram());
                let (mut starts, mut places, mut bytes, mut singles) = (vec![0_u16], vec![], vec![], vec![]);
                for row in &rows {
                    for (place, weight) in row {
                        places.push(*place);
                        bytes.push(*weight);
                        singles.push((f32::from(*weight) * 0.37).to_bits());
                    }
                    starts.push(places.len() as u16);
                }
                let links: Vec<u32> = (0_u32..).zip(&reach).flat_map(|(number, &(first, neurons))| {
                    let starts = at(4) + 2 * 8 * number;
                    Link { first, neurons, starts, targets: at(5), weights: at(6), later: later * (number % 2) }
                        .encode()
                }).collect();
                // The second sender has one link, the third none.
                let fans = [at(2), at(2) + 48, at(2) + 48, at(2) + 72, 0, 0];
                let weights = if form.integers { encode_bytes(&bytes) } else { singles };
                let size = if form.counts { 2 } else { 1 };
                let place = |number: u32| at(8) + 4 * size * ((first + number) % 14);
                for (address, values) in [
                    (DATA, &[at(8), at(8) + 56 * size, at(1), at(7) + 4 * 44, 44][..]),
                    (at(1), &fans), (at(2), &links), (at(4), &encode_halves(&starts)),
                    (at(5), &encode_halves(&places)), (at(6), &weights),
                ] {
                    put(&mut board, &mut words, address, values);
                }
                for (number, &(sender, neuron, spikes)) in (0..).zip(&keys) {
                    put(&mut board, &mut words, place(number), &[sender << 24 | neuron, spikes][..size as usize]);
                }
                let now = at(7) + 4 * 20;
                let function = load("arrivals", form.function()).unwrap();
                let arguments = [place(0), place(keys.len() as u32), DATA, now];
                let steps = Meter::ALL.run(function, &arguments, &mut board).unwrap();
                let arrivals = Arrivals {
                    entries: Entries { start: at(8), bytes: 56 * size, words: size },
                    fans: at(1), senders: 3, sums: (at(7), at(7) + 4 * 44), integers: form.integers,
                };
                let taken = (first, keys.len() as u32);
                let work = arrive_work(&words, &arrivals, taken).unwrap();
                prop_assert_eq!(listed(&steps), costs.arrive(form, &work), "{:?} {:?}", form, work);
                arrive(&mut words, &arrivals, taken, now).unwrap();
                let sums = board.get(at(7), 44);
                prop_assert_eq!(&sums[..], &words[at(7) as usize / 4..][..44], "{:?}", form);
            }
        }
    }

    /// Compares with the listing. The board's random-number unit returns 0, which is below any
    /// limit but 0, so either every neuron spikes or none.
    #[test]
    fn neurons_that_spike_at_random_cost_what_their_listing_takes() {
        let costs = KernelCosts::committed().unwrap();
        for counts in [false, true] {
            let function = load("poisson", Draw::function(counts)).unwrap();
            for (units, below) in [(0, 1), (1, 1), (17, 1), (17, 0)] {
                let (mut board, mut words) = (Board::default(), crate::kernel::empty_sram());
                let steps = Meter::ALL.run(function, &[units, below, 0x0300_0005, DATA], &mut board).unwrap();
                assert_eq!(listed(&steps), costs.poisson(counts, units));
                let below = if below == 0 { 0 } else { u32::MAX };
                let call = Draw { units, below, key: 0x0300_0005, list: DATA, counts };
                let spikes = draw(&mut words, &call, &mut Kiss64::new(1, 2)).unwrap();
                let end = 1 + spikes * if counts { 2 } else { 1 };
                assert_eq!(board.get(DATA, end as usize), words[DATA as usize / 4..][..end as usize]);
            }
        }
    }
}
