//! Assignment of units to the PEs of their layer.

use super::options::Balance;

/// Model indices of the units of each PE, each list ascending.
pub type Assignment = Vec<Vec<u32>>;

/// Spreads units over `pes` PEs; `weight[u]` is the number of non-zeros in unit u's rows of
/// W and R.
///
/// Every PE gets the same number of units, or one more for the first few. With [`Balance::Units`]
/// they are contiguous ranges of the model; with [`Balance::NonZeros`] the heaviest remaining unit
/// goes to the lightest PE that has room (longest processing time first), then pairs are exchanged
/// between the fullest and other PEs while that helps.
pub fn assign(weight: &[u32], pes: usize, balance: Balance) -> Assignment {
    let units = weight.len();
    if pes == 0 {
        return Vec::new();
    }
    let room: Vec<usize> = (0..pes).map(|p| units / pes + usize::from(p < units % pes)).collect();
    let mut assignment = match balance {
        Balance::Units => ranges(&room),
        // Exchange stops at a local optimum; contiguous ranges may beat it.
        Balance::NonZeros => [even_out(greedy(weight, &room), weight), ranges(&room)]
            .into_iter()
            .min_by_key(|assignment| loads(assignment, weight).into_iter().max())
            .unwrap_or_default(),
    };
    for units in &mut assignment {
        units.sort_unstable();
    }
    assignment
}

/// Returns contiguous ranges of these numbers of units.
fn ranges(room: &[usize]) -> Assignment {
    let mut next = 0u32;
    let mut range = |n: usize| {
        let range = next..next + n as u32;
        next = range.end;
        range.collect()
    };
    room.iter().map(|&n| range(n)).collect()
}

/// Returns the number of non-zeros of each PE.
pub fn loads(assignment: &Assignment, weight: &[u32]) -> Vec<u64> {
    let load = |units: &Vec<u32>| units.iter().map(|&u| u64::from(weight[u as usize])).sum();
    assignment.iter().map(load).collect()
}

fn greedy(weight: &[u32], room: &[usize]) -> Assignment {
    let mut order: Vec<u32> = (0..weight.len() as u32).collect();
    order.sort_by_key(|&u| (std::cmp::Reverse(weight[u as usize]), u));
    let mut assignment: Assignment = vec![Vec::new(); room.len()];
    let mut load = vec![0u64; room.len()];
    for unit in order {
        let open = (0..room.len()).filter(|&p| assignment[p].len() < room[p]);
        let Some(lightest) = open.min_by_key(|&p| (load[p], p)) else { break };
        assignment[lightest].push(unit);
        load[lightest] += u64::from(weight[unit as usize]);
    }
    assignment
}

/// Exchanges one unit of the fullest PE for a lighter one elsewhere, as long as the
/// fullest gets lighter.
fn even_out(mut assignment: Assignment, weight: &[u32]) -> Assignment {
    const ROUNDS: usize = 4096;
    let w = |u: u32| i64::from(weight[u as usize]);
    let mut load: Vec<i64> = loads(&assignment, weight).into_iter().map(|l| l as i64).collect();
    // Non-zeros of each unit, in the order of `assignment`.
    let mut of: Vec<Vec<i64>> =
        assignment.iter().map(|units| units.iter().map(|&u| w(u)).collect()).collect();
    for _ in 0..ROUNDS {
        let Some(full) = (0..load.len()).max_by_key(|&p| (load[p], std::cmp::Reverse(p))) else { break };
        // The exchange after which the heavier of the two is lightest.
        let mut best: Option<(usize, usize, usize)> = None;
        let mut least = load[full];
        for other in (0..load.len()).filter(|&p| p != full) {
            // At best, both become equally heavy.
            if (load[full] + load[other] + 1).div_euclid(2) >= least {
                continue;
            }
            for (i, &a) in of[full].iter().enumerate() {
                for (j, &b) in of[other].iter().enumerate() {
                    let moved = a - b;
                    let heavier = (load[full] - moved).max(load[other] + moved);
                    if heavier < least {
                        (least, best) = (heavier, Some((other, i, j)));
                    }
                }
            }
        }
        let Some((other, i, j)) = best else { break };
        let moved = of[full][i] - of[other][j];
        swap_between(&mut assignment, (full, i), (other, j));
        swap_between(&mut of, (full, i), (other, j));
        load[full] -= moved;
        load[other] += moved;
    }
    assignment
}

/// Exchanges an element of one list with one of another list.
fn swap_between<T: Copy>(lists: &mut [Vec<T>], (a, i): (usize, usize), (b, j): (usize, usize)) {
    let kept = lists[a][i];
    lists[a][i] = lists[b][j];
    lists[b][j] = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_unit_has_one_pe_and_counts_differ_by_at_most_one(
            weight in prop::collection::vec(0u32..200, 1..120),
            pes in 1usize..20,
            by_units in any::<bool>(),
        ) {
            let balance = if by_units { Balance::Units } else { Balance::NonZeros };
            let assignment = assign(&weight, pes, balance);
            prop_assert_eq!(assignment.len(), pes);
            let mut all: Vec<u32> = assignment.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..weight.len() as u32).collect::<Vec<_>>());
            let counts: Vec<usize> = assignment.iter().map(Vec::len).collect();
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            prop_assert!(assignment.iter().all(|units| units.is_sorted()));
            let max = |balance| loads(&assign(&weight, pes, balance), &weight).into_iter().max();
            prop_assert!(max(Balance::NonZeros) <= max(Balance::Units));
        }
    }

    #[test]
    fn a_skewed_layer_comes_out_even() {
        let weight: Vec<u32> = (0..100).map(|u| if u < 10 { 300 } else { 20 + u % 7 }).collect();
        let loads = loads(&assign(&weight, 10, Balance::NonZeros), &weight);
        let (min, max) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
        assert!(max - min <= 4, "{loads:?}");
    }
}
