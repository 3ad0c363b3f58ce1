use std::collections::BTreeMap;

use super::search::cost;
use super::*;
use crate::mapping::options::{Across, Placement};

const ASSUME: fn() -> Assume = Assume::default;

fn board(width: u8, height: u8) -> Board {
    Board::new(Board::rectangle(width, height), None)
}

fn free(chips: usize, across: Across, less: usize) -> Free {
    // The last PEs of each chip are taken.
    Free::new(Placement::Clustered, (chips, across), |pe| pe.index() % 152 >= 152 - less)
}

/// Returns the chips of all vertices as `take` gives them, the host's first.
fn taken(across: Across, groups: &[usize], chips: usize, less: usize) -> Vec<ChipId> {
    let mut free = free(chips, across, less);
    let pes = groups.iter().flat_map(|&count| free.take(count)).map(Pe::chip);
    std::iter::once(ChipId::FIRST).chain(pes).collect()
}

/// Layers that read themselves and the layer before, as those of an EGRU do.
fn layers(counts: &[usize], copies: bool) -> Traffic {
    let mut traffic = Traffic::new(copies);
    let vertices: Vec<Range<usize>> = counts.iter().map(|&count| traffic.add(count, None)).collect();
    for (k, layer) in vertices.iter().enumerate() {
        let next = vertices.get(k + 1).cloned();
        let readers = traffic.readers([Some(layer.clone()), next].into_iter().flatten());
        layer.clone().for_each(|pe| traffic.send(pe, readers, 2, 16, &ASSUME()));
    }
    traffic
}

/// Populations side by side of which each PE's neurons reach those near them, in their own
/// population and in the next.
fn near(counts: &[usize], reach: usize) -> Traffic {
    let mut traffic = Traffic::new(true);
    let vertices: Vec<Range<usize>> = counts.iter().map(|&count| traffic.add(count, None)).collect();
    for (k, population) in vertices.iter().enumerate() {
        for i in 0..population.len() {
            let there = |to: &Range<usize>| {
                let at = to.start + i * to.len() / population.len();
                at.saturating_sub(reach).max(to.start)..(at + reach + 1).min(to.end)
            };
            let readers = [Some(population), vertices.get(k + 1)].into_iter().flatten().map(there);
            let readers = traffic.readers(readers);
            traffic.send(population.start + i, readers, 250, 0, &ASSUME());
        }
    }
    traffic
}

/// Checks that a placement uses no PE twice; returns its cost and those of `Fill` and `Even`.
#[track_caller]
fn costs(traffic: &Traffic, groups: &[usize], board: &Board, less: usize) -> [i64; 3] {
    let free = free(board.chips(), Across::Local, less);
    let chips = traffic.place(board, &free);
    assert_eq!(chips, traffic.place(board, &free), "the same placement each time");
    let mut used: BTreeMap<usize, usize> = BTreeMap::new();
    chips[1..].iter().for_each(|chip| *used.entry(chip.index()).or_default() += 1);
    for (&chip, &count) in &used {
        assert!(count <= free.room()[chip], "chip {chip}: {count} PEs");
    }
    let of = |chips: &[ChipId]| cost(traffic, board, chips, &free.room());
    let [fill, even] = [Across::Fill, Across::Even].map(|across| taken(across, groups, board.chips(), less));
    [of(&chips), of(&fill), of(&even)]
}

#[test]
fn no_network_has_more_crossings_than_filled_chips_or_even_ones() {
    for (width, height) in [(2, 1), (2, 2), (3, 2)] {
        let board = board(width, height);
        let chips = board.chips();
        for groups in [vec![50 * chips; 3], vec![130 * chips], vec![20 * chips, 90 * chips, 30 * chips]] {
            for traffic in [layers(&groups, false), layers(&groups, true), near(&groups, 3)] {
                let [local, fill, even] = costs(&traffic, &groups, &board, 2);
                assert!(local <= fill.min(even), "{width} x {height}, {groups:?}: {local}, {fill}, {even}");
            }
        }
    }
}

#[test]
fn a_network_that_one_chip_holds_stays_on_one() {
    let groups = [50, 50, 50];
    let chips = layers(&groups, false).place(&board(2, 2), &free(4, Across::Local, 0));
    assert!(chips.iter().all(|chip| *chip == chips[0]));
}

/// Four networks that have nothing to do with each other, whose PEs lie in disorder in one group.
#[test]
fn parts_that_are_apart_are_found() {
    let mut traffic = Traffic::new(true);
    let group = traffic.add(480, None);
    for part in 0..4 {
        let members: Vec<usize> = (0..120).map(|i| group.start + (4 * i + part) * 7 % 480).collect();
        for (i, &from) in members.iter().enumerate() {
            let mut readers = [1, 2, 3, 5, 8].map(|step| members[(i + step) % members.len()]);
            readers.sort_unstable();
            let readers = traffic.readers(readers.into_iter().map(|reader| reader..reader + 1));
            traffic.send(from, readers, 10, 0, &ASSUME());
        }
    }
    let [local, fill, even] = costs(&traffic, &[480], &board(2, 2), 28);
    assert!(20 * local < fill && 20 * local < even, "{local}, {fill}, {even}");
}

#[test]
fn vertices_with_pes_of_their_own_stay_there() {
    let mut traffic = Traffic::new(false);
    let last = ChipId::from_index(2).unwrap();
    let on: Vec<Pe> = Pe::of(last).take(10).collect();
    let named = traffic.add(10, Some(&on));
    let loose = traffic.add(40, None);
    let readers = traffic.readers(std::iter::once(named.start..loose.end));
    (named.start..loose.end).for_each(|pe| traffic.send(pe, readers, 1, 16, &ASSUME()));
    let chips = traffic.place(&board(3, 1), &free(3, Across::Local, 20));
    assert!(chips[named].iter().all(|chip| *chip == last));
    assert!(chips[loose].iter().all(|chip| *chip == last), "the others come to them");
}
