//! Soak tests: random scenes, mappings, faults and moves, and what must hold of all of them
//! (docs/sweeps.md).
//!
//! Every case follows from the seed and its number ([`case`]); [`trial`] runs it and says what does
//! not hold; a case that fails is made small ([`shrink`]).

pub mod case;
pub mod shrink;
pub mod trial;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use case::{Base, Case};
use trial::{Ended, Failure};

use crate::session::build::ModelCache;

/// Duration of a soak test, and its number of cores.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Seed of all cases.
    pub seed: u64,
    /// Number of the first case.
    pub first: u64,
    /// Count of cases; `None` for any.
    pub cases: Option<u64>,
    /// Time after which no further case is begun.
    pub time: Duration,
    /// Count of threads.
    pub jobs: usize,
    /// Raised by signals.
    pub stop: &'a AtomicBool,
}

/// Findings of a soak test.
#[derive(Clone, Debug, Default)]
pub struct Soaked {
    /// Count of cases that ran, by how they ended.
    pub ended: BTreeMap<Ended, u64>,
    /// Count of moves that were made.
    pub moves: u64,
    /// Number of places that were reached again.
    pub met: u64,
    /// Count of values that were compared with the mathematics.
    pub compared: u64,
    /// Cases that fail, made small.
    pub failures: Vec<Found>,
}

/// Case that fails.
#[derive(Clone, Debug)]
pub struct Found {
    /// Number of the case.
    pub number: u64,
    /// Statement that is false.
    pub failure: Failure,
    /// Smallest case found that fails.
    pub case: Case,
}

/// Runs random cases until the time is over. `seen` is called after every case.
pub fn soak(bases: &[Base], options: Options<'_>, seen: &(dyn Fn(&Soaked) + Sync)) -> Soaked {
    super::worker::quiet_panics();
    let begun = Instant::now();
    let next = AtomicU64::new(options.first);
    let soaked = Mutex::new(Soaked::default());
    std::thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                let mut cache = ModelCache::default();
                while begun.elapsed() < options.time && !options.stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if options.cases.is_some_and(|cases| number - options.first >= cases) {
                        return;
                    }
                    let case = Case::draw(bases, options.seed, number);
                    let result = trial::run(bases, &case, &mut cache);
                    let found = result.as_ref().err().map(|failure| {
                        let (case, failure) = shrink::shrink(bases, case, failure.clone(), &mut cache);
                        Found { number, failure, case }
                    });
                    let mut soaked = soaked.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Ok(ran) = result {
                        *soaked.ended.entry(ran.ended).or_default() += 1;
                        soaked.moves += ran.moves;
                        soaked.met += ran.met;
                        soaked.compared += ran.compared;
                    }
                    soaked.failures.extend(found);
                    seen(&soaked);
                }
            });
        }
    });
    soaked.into_inner().unwrap_or_else(PoisonError::into_inner)
}
