//! Reduction of a failing case to a small one.

use super::case::{Base, Case, Faults};
use super::trial::{Failure, run};
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};

/// Maximum number of runs for one case.
const RUNS: u32 = 300;

/// Leaves out edits, faults and moves, and shortens the run, as long as the case fails in
/// the same way.
pub fn shrink(
    bases: &[Base],
    mut case: Case,
    mut failure: Failure,
    cache: &mut ModelCache,
) -> (Case, Failure) {
    list_faults(bases, &mut case, cache);
    let mut runs = 0;
    loop {
        let mut smaller = None;
        for candidate in candidates(&case) {
            runs += 1;
            if runs > RUNS {
                return (case, failure);
            }
            if let Err(other) = run(bases, &candidate, cache)
                && is_same(&other, &failure)
            {
                smaller = Some((candidate, other));
                break;
            }
        }
        match smaller {
            Some((candidate, other)) => (case, failure) = (candidate, other),
            None => return (case, failure),
        }
    }
}

/// Draws the faults of a case, so that they can be left out one by one.
fn list_faults(bases: &[Base], case: &mut Case, cache: &mut ModelCache) {
    let base = &bases[case.base].scene;
    let loaded = LoadedScene::from_text(&base.text, &base.path, &case.edits);
    if let Ok(plan) = loaded.and_then(|loaded| Plan::new(&loaded, cache)) {
        case.draw_faults(&plan.program);
    }
}

fn is_same(a: &Failure, b: &Failure) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// Returns smaller cases: without parts of the lists, the larger parts first.
fn candidates(case: &Case) -> Vec<Case> {
    let mut smaller = Vec::new();
    for moves in without(&case.moves) {
        smaller.push(Case { moves, ..case.clone() });
    }
    for edits in without(&case.edits) {
        smaller.push(Case { edits, ..case.clone() });
    }
    if let Faults::Listed(listed) = &case.faults {
        for listed in without(listed) {
            smaller.push(Case { faults: Faults::Listed(listed), ..case.clone() });
        }
    }
    for steps in [1, case.steps / 2, case.steps.saturating_sub(1)] {
        if steps > 0 && steps < case.steps {
            smaller.push(Case { steps, ..case.clone() });
        }
    }
    smaller
}

/// Returns a list without its halves, its quarters, and so on down to its entries.
fn without<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let mut lists = Vec::new();
    let mut length = list.len();
    while length > 0 {
        for start in (0..list.len()).step_by(length) {
            let end = (start + length).min(list.len());
            lists.push(list[..start].iter().chain(&list[end..]).cloned().collect());
        }
        length = if length == 1 { 0 } else { length.div_ceil(2) };
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_lose_large_parts_first() {
        assert_eq!(without(&[1, 2, 3]), [vec![], vec![3], vec![1, 2], vec![2, 3], vec![1, 3], vec![1, 2]]);
        assert!(without::<u8>(&[]).is_empty());
    }
}
