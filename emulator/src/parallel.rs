//! Work of start-up on several threads: reading a model, writing the programs of its PEs.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

/// Returns `f` of each item, in the order of the items, computed on the machine's cores.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, f: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let part = items.len().div_ceil(cores).max(1);
    let mut rest = items;
    let mut parts = Vec::new();
    while rest.len() > part {
        parts.push(rest.split_off(rest.len() - part));
    }
    thread::scope(|scope| {
        let f = &f;
        let others: Vec<_> =
            parts.into_iter().map(|part| scope.spawn(move || part.into_iter().map(f).collect())).collect();
        let mut results: Vec<R> = rest.into_iter().map(f).collect();
        for other in others.into_iter().rev() {
            results.append(&mut join(other));
        }
        results
    })
}

/// Returns the results of two functions, the first of which runs on a thread of its own.
pub(crate) fn both<A: Send, B>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (join(first), second)
    })
}

/// Returns the result of a thread, or panics as it did.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 7, 8, 9, 100] {
            let squares = super::map((0..count).collect(), |i: u32| i * i);
            assert_eq!(squares, (0..count).map(|i| i * i).collect::<Vec<_>>());
        }
        assert_eq!(super::both(|| 1, || "two"), (1, "two"));
    }
}
