//! Choice of the PEs that a timeline shows where it has fewer rows than there are PEs.

use crate::chip::geometry::ChipId;
use crate::machine::legend::PopulationId;

/// PEs of one layer on one chip, which are shown together.
pub(super) type Lane = (ChipId, PopulationId);

/// Returns the PEs to show in `rows` rows, by lane and descending rank; `selected` is among them.
///
/// `order` holds lane and PE of every PE with a program, ascending; `rank` is the time of a PE on
/// the critical path, and the time that it worked.
///
/// Every lane has its share of the rows. With one row a lane shows its first PE: the one on the
/// critical path, else the slowest. With two it shows the last too, the fastest, with more those
/// between, evenly spaced in rank. If all PEs fit they are returned in their order.
pub(super) fn chosen(
    order: &[(Lane, u16)],
    rows: usize,
    selected: u16,
    rank: impl Fn(u16) -> (u64, u64),
) -> Vec<u16> {
    if rows >= order.len() {
        return order.iter().map(|&(_, pe)| pe).collect();
    }
    let lanes: Vec<&[(Lane, u16)]> = order.chunk_by(|a, b| a.0 == b.0).collect();
    let own = lanes.iter().position(|lane| lane.iter().any(|&(_, pe)| pe == selected));
    let mut chosen = Vec::new();
    for (at, share) in shares(&lanes, rows, own).into_iter().enumerate() {
        let mut ranked: Vec<u16> = lanes[at].iter().map(|&(_, pe)| pe).collect();
        ranked.sort_by_cached_key(|&pe| (std::cmp::Reverse(rank(pe)), pe));
        let selected = ranked.iter().position(|&pe| pe == selected);
        chosen.extend(ranks(ranked.len(), share, selected).into_iter().map(|rank| ranked[rank]));
    }
    chosen
}

/// Returns the number of rows of each lane, as even as their sizes allow.
///
/// With fewer rows than lanes, lane `own` has one.
fn shares(lanes: &[&[(Lane, u16)]], rows: usize, own: Option<usize>) -> Vec<usize> {
    let mut shares = vec![0; lanes.len()];
    let first = if rows < lanes.len() { own.map_or(0, |own| own.min(lanes.len() - rows)) } else { 0 };
    let mut left = rows;
    while left > 0 {
        let before = left;
        for at in first..lanes.len() {
            if left > 0 && shares[at] < lanes[at].len() {
                shares[at] += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    shares
}

/// Returns the ranks to show of `count`, ascending: both ends, and evenly spaced ones between.
///
/// `selected` takes the place of the nearest one.
fn ranks(count: usize, share: usize, selected: Option<usize>) -> Vec<usize> {
    let last = count.saturating_sub(1);
    let mut ranks: Vec<usize> = match share {
        0 => Vec::new(),
        1 => vec![0],
        _ => (0..share).map(|at| (at * last + (share - 1) / 2) / (share - 1)).collect(),
    };
    if let Some(selected) = selected.filter(|selected| !ranks.contains(selected)) {
        // The ends stay where there is a row between them.
        let replaceable = if ranks.len() > 2 { 1..ranks.len() - 1 } else { 0..ranks.len() };
        if let Some(nearest) = replaceable.min_by_key(|&at| ranks[at].abs_diff(selected)) {
            ranks[nearest] = selected;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty PEs in three layers; the later in its layer, the less a PE works.
    fn order() -> Vec<(Lane, u16)> {
        (0..30).map(|pe| (lane(0, pe / 10), pe)).collect()
    }

    fn lane(chip: usize, layer: u16) -> Lane {
        (ChipId::from_index(chip).unwrap(), PopulationId(layer))
    }

    fn shown(rows: usize, selected: u16) -> Vec<u16> {
        chosen(&order(), rows, selected, |pe| (0, 100 - u64::from(pe % 10)))
    }

    #[test]
    fn every_layer_is_shown_from_its_slowest_pe_to_its_fastest() {
        assert_eq!(shown(9, 0), [0, 5, 9, 10, 15, 19, 20, 25, 29]);
        assert_eq!(shown(6, 0), [0, 9, 10, 19, 20, 29]);
        assert_eq!(shown(3, 0), [0, 10, 20]);
        assert_eq!(shown(8, 0), [0, 5, 9, 10, 15, 19, 20, 29]);
        assert_eq!(shown(30, 0), (0..30).collect::<Vec<_>>());
        assert_eq!(shown(0, 0), [0_u16; 0]);
    }

    #[test]
    fn the_selected_pe_is_always_shown_and_no_pe_twice() {
        for rows in 1..=30 {
            for selected in 0..30 {
                let shown = shown(rows, selected);
                assert!(shown.contains(&selected), "{rows} rows: {selected} is not in {shown:?}");
                assert_eq!(shown.len(), rows);
                assert!(shown.is_sorted_by(|a, b| a < b), "{rows} rows, {selected}: {shown:?}");
                let layers = shown.iter().map(|pe| pe / 10).collect::<std::collections::BTreeSet<_>>();
                assert_eq!(layers.len(), rows.min(3), "{rows} rows: every layer has one");
            }
        }
        assert_eq!(shown(2, 25), [10, 25]);
        assert_eq!(chosen(&order(), 5, 99, |_| (0, 1)).len(), 5, "a PE without a program is selected");
    }

    #[test]
    fn layers_of_different_sizes_fill_the_rows() {
        let order = [(0, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)].map(|(layer, pe)| (lane(0, layer), pe));
        assert_eq!(chosen(&order, 4, 0, |pe| (0, u64::from(pe))), [0, 5, 3, 1]);
        // The PE on the critical path comes first, even if another worked longer.
        assert_eq!(chosen(&order, 4, 0, |pe| (u64::from(pe == 2), u64::from(pe))), [0, 2, 4, 1]);
        assert_eq!(chosen(&order, 2, 0, |pe| (u64::from(pe == 2), u64::from(pe))), [0, 2]);
    }

    #[test]
    fn a_layer_on_two_chips_has_a_lane_on_each() {
        let order = [(0, 0, 0), (0, 0, 1), (0, 1, 2), (1, 0, 3), (1, 0, 4), (1, 1, 5)]
            .map(|(chip, layer, pe)| (lane(chip, layer), pe));
        assert_eq!(chosen(&order, 4, 0, |pe| (0, 9 - u64::from(pe))), [0, 2, 3, 5]);
        assert_eq!(chosen(&order, 5, 4, |pe| (0, 9 - u64::from(pe))), [0, 1, 2, 4, 5]);
    }
}
