//! Properties common to all kernels. (Bits and cycles against the listings:
//! `kernel::cost::matrix::tests`.)

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::kernel::{WORDS, empty_sram};

const AT: Operands = Operands { x: 0x1_C000, sums: 0x1_E000 };

/// Event-driven kernels: silence is to be cheaper.
const EVENT_DRIVEN: [KernelKind; 5] = [
    KernelKind::CsrRowSkip,
    KernelKind::CscEvent,
    KernelKind::CscEventList,
    KernelKind::DenseEvent,
    KernelKind::CscFast,
];

#[derive(Clone, Debug)]
struct Problem {
    rows: Vec<Vec<(u32, f32)>>,
    x: Vec<f32>,
}

fn problems() -> impl Strategy<Value = Problem> {
    problems_up_to(20, 16)
}

/// Problems of fewer rows and sources than these.
fn problems_up_to(rows: usize, sources: usize) -> impl Strategy<Value = Problem> {
    let x = prop_oneof![2 => Just(0.0_f32), 1 => Just(-0.0_f32), 2 => -2.0_f32..2.0];
    proptest::collection::vec(x, 1..sources).prop_flat_map(move |x| {
        let row = proptest::collection::btree_map(0..x.len() as u32, -2.0_f32..2.0, 0..=x.len());
        let row = row.prop_map(|row| row.into_iter().collect::<Vec<_>>());
        (proptest::collection::vec(row, 1..rows), Just(x)).prop_map(|(rows, x)| Problem { rows, x })
    })
}

/// SRAM with a kernel's arrays from 0 on and its input, each source at the word of its number.
fn load(kind: KernelKind, problem: &Problem) -> (Kernel, Box<SramWords>) {
    let places: Vec<u32> = (0..problem.x.len() as u32).collect();
    let share = Share { rows: &problem.rows, words: &places };
    let mut next = 0;
    let mut addresses = Vec::new();
    for array in kind.arrays(share.shape()) {
        addresses.push(next);
        next += array.bytes.next_multiple_of(4) as u32;
    }
    assert_eq!(u64::from(next), kind.bytes(share.shape()));
    let placed = Kernel::place(kind, &share, &addresses).unwrap();
    let mut words = empty_sram();
    let ends = addresses.iter().skip(1).copied().chain([next]);
    for ((address, part), end) in placed.image.iter().zip(ends) {
        assert!(address + 4 * part.len() as u32 <= end, "{kind:?}: an array is larger than what it reserves");
        words[*address as usize / 4..][..part.len()].copy_from_slice(part);
    }
    let input = if kind == KernelKind::CscEventList {
        let events: Vec<_> = places.iter().zip(&problem.x).filter(|(_, x)| **x != 0.0).collect();
        let pairs = events.iter().flat_map(|(s, x)| [**s, x.to_bits()]);
        std::iter::once(events.len() as u32).chain(pairs).collect()
    } else {
        problem.x.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    words[AT.x as usize / 4..][..input.len()].copy_from_slice(&input);
    (placed.kernel, words)
}

fn sums(kernel: &Kernel, words: &SramWords) -> Result<Vec<u32>, KernelFault> {
    let mut sums = vec![f32::NAN; kernel.rows() as usize];
    kernel.run(words, AT, &mut sums)?;
    Ok(sums.iter().map(|sum| sum.to_bits()).collect())
}

fn solve(kind: KernelKind, problem: &Problem) -> Vec<u32> {
    let (kernel, words) = load(kind, problem);
    sums(&kernel, &words).unwrap()
}

fn cycles(kind: KernelKind, problem: &Problem, p: u32) -> u64 {
    let (kernel, words) = load(kind, problem);
    kernel.cycles(&kernel.work(&words, AT.x).unwrap(), KernelCosts::committed().unwrap(), p)
}

/// Returns the least that a run of an event-driven kernel can take.
fn least(kind: KernelKind, problem: &Problem, p: u32) -> u64 {
    let (kernel, _) = load(kind, problem);
    let costs = KernelCosts::committed().unwrap();
    kernel.cycles(&kernel.least_work().unwrap(), costs, p)
}

/// The kinds that keep the weights as they are.
fn exact() -> impl Iterator<Item = KernelKind> {
    KernelKind::ALL.into_iter().filter(|kind| kind.is_exact())
}

proptest! {
    #[test]
    fn all_kernels_give_the_same_bits(problem in problems()) {
        let expected = solve(KernelKind::CsrRow, &problem);
        for kind in exact() {
            prop_assert_eq!(&solve(kind, &problem), &expected, "{:?}", kind);
        }
    }

    #[test]
    fn a_source_of_zero_changes_nothing(
        problem in problems(), at in any::<proptest::sample::Index>(), zero in prop_oneof![Just(0.0_f32), Just(-0.0)],
        weights in proptest::collection::vec(-2.0_f32..2.0, 20),
    ) {
        let at = at.index(problem.x.len() + 1);
        let mut wider = problem.clone();
        wider.x.insert(at, zero);
        for (row, weight) in wider.rows.iter_mut().zip(weights) {
            for (source, _) in row.iter_mut() {
                *source += u32::from(*source as usize >= at);
            }
            let before = row.partition_point(|(source, _)| (*source as usize) < at);
            row.insert(before, (at as u32, weight));
        }
        for kind in exact() {
            prop_assert_eq!(solve(kind, &wider), solve(kind, &problem), "{:?}", kind);
        }
    }

    /// The bounds that barriers are put by (`barrier: Auto`), which know the shape of a matrix and
    /// not where its non-zeros are, hold for every input and distribution. Kernels that visit every
    /// non-zero take what both bounds say.
    #[test]
    fn cycles_stay_within_the_bounds_of_the_shape(problem in problems_up_to(60, 40)) {
        let costs = KernelCosts::committed().unwrap();
        let shape = Shape {
            rows: problem.rows.len() as u32,
            sources: problem.x.len() as u32,
            nonzeros: problem.rows.iter().map(|row| row.len() as u32).sum(),
        };
        let sources: BTreeSet<u32> = problem.rows.iter().flatten().map(|(source, _)| *source).collect();
        let empty = Empty {
            rows: problem.rows.iter().filter(|row| row.is_empty()).count() as u32,
            sources: (problem.x.len() - sources.len()) as u32,
        };
        for kind in exact() {
            let routine = kind.routine(shape.rows, true);
            for p in 1..=3 {
                let [least, most] =
                    kind.work_bounds(shape, empty).map(|work| costs.matrix(routine, &work).at(p));
                let taken = cycles(kind, &problem, p);
                prop_assert!((least..=most).contains(&taken), "{:?} {}: {} {} {}", kind, p, least, taken, most);
                prop_assert!(EVENT_DRIVEN.contains(&kind) || kind.is_fast() || least == most, "{:?}", kind);
            }
        }
    }

    #[test]
    fn less_activity_never_costs_more(problem in problems(), silenced in any::<u16>()) {
        let mut quieter = problem.clone();
        for (s, x) in quieter.x.iter_mut().enumerate() {
            if silenced >> s & 1 == 1 {
                *x = 0.0;
            }
        }
        for kind in EVENT_DRIVEN {
            for p in 1..=3 {
                prop_assert!(cycles(kind, &quieter, p) <= cycles(kind, &problem, p), "{:?}", kind);
                prop_assert!(least(kind, &quieter, p) <= cycles(kind, &quieter, p), "{:?}", kind);
            }
        }
        for kind in KernelKind::ALL.into_iter().filter(|kind| !EVENT_DRIVEN.contains(kind)) {
            prop_assert_eq!(cycles(kind, &quieter, 2), cycles(kind, &problem, 2), "{:?}", kind);
        }
    }

    #[test]
    fn estimates_are_what_the_placed_bytes_say(mut problem in problems(), nan in any::<bool>()) {
        if nan {
            problem.rows[0] = vec![(0, f32::NAN)];
        }
        let places: Vec<u32> = (0..problem.x.len() as u32).collect();
        let share = Share { rows: &problem.rows, words: &places };
        let costs = KernelCosts::committed().unwrap();
        let active = |source: u32| problem.x[source as usize] != 0.0;
        for kind in KernelKind::ALL {
            if nan && (kind == KernelKind::CscEventList || !kind.is_exact()) {
                continue;
            }
            let (kernel, words) = load(kind, &problem);
            let work = kernel.work(&words, AT.x).unwrap();
            prop_assert_eq!(share.work(kind, active), work, "{:?}", kind);
            prop_assert_eq!(kind.routine(kernel.rows(), !nan), kernel.routine());
            prop_assert_eq!(share.cost(kind, active, costs), kernel.cost(&work, costs));
        }
    }

    /// After any bytes were written over a PE's memory, a kernel returns a result or names
    /// the invalid address.
    #[test]
    fn corrupted_memory_faults_with_an_address_and_never_panics(
        problem in problems(), kind in proptest::sample::select(&KernelKind::ALL[..]),
        hits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u32>(), 0_u32..32), 1..6),
        x in prop_oneof![Just(AT.x), Just(0x1_FFF8), Just(u32::MAX - 3)],
    ) {
        let (kernel, mut words) = load(kind, &problem);
        let places: Vec<u32> = (0..problem.x.len() as u32).collect();
        let share = Share { rows: &problem.rows, words: &places };
        let used = (kind.bytes(share.shape()) / 4) as usize;
        for (at, value, shift) in hits {
            words[at.index(used + 1) % WORDS] = value >> shift;
        }
        let mut sums = vec![0.0; problem.rows.len()];
        let work = kernel.work(&words, x);
        let run = kernel.run(&words, Operands { x, ..AT }, &mut sums);
        let _ = kernel.scratch(&words, x);
        for fault in work.err().into_iter().chain(run.err()) {
            let address = format!("{:#x}", fault.address);
            prop_assert!(fault.to_string().contains(&address));
            prop_assert!(fault.address >= 0x2_0000 || matches!(fault.what, "row" | "source of an event"), "{}", fault);
        }
    }
}

#[test]
fn faults_name_the_operand_and_where_it_led() {
    let problem = Problem { rows: vec![vec![(0, 1.0)], vec![(0, 2.0), (1, 3.0)]], x: vec![1.0, 2.0] };
    let fault = |kind: KernelKind, array: &str, bit: u32| {
        let (kernel, mut words) = load(kind, &problem);
        let share = Share { rows: &problem.rows, words: &[0, 1] };
        let mut address = 0;
        for candidate in kind.arrays(share.shape()) {
            if candidate.name == array {
                break;
            }
            address += candidate.bytes.next_multiple_of(4);
        }
        words[address as usize / 4 + usize::from(array == "row pointers")] ^= 1 << bit;
        let fault = kernel.work(&words, AT.x).err().or_else(|| sums(&kernel, &words).err()).unwrap();
        (fault.kernel, fault.what, fault.address)
    };
    assert_eq!(fault(KernelKind::CsrRow, "columns", 20), ("csr_row", "column", 0x1_C000 + (4 << 20)));
    assert_eq!(fault(KernelKind::CsrRow16, "columns", 15), ("csr_row16", "column", 0x1_C000 + (4 << 15)));
    assert_eq!(fault(KernelKind::CsrRowSkip, "row pointers", 20).1, "row_start");
    assert_eq!(fault(KernelKind::Int8Csr, "row pointers", 31).1, "row_start");
    // Non-zero 0 goes to row 128 instead of 0: behind the sums, in other memory.
    assert_eq!(fault(KernelKind::CscEvent, "row numbers", 7), ("csc", "row", 0x1_E000 + 4 * 128));
    assert_eq!(fault(KernelKind::CscEvent, "source words", 15).1, "source");
    assert_eq!(fault(KernelKind::Dense, "source words", 14).1, "source");
}

/// Tests the only difference that is allowed: a sum that has underflowed to −0, and a silent source
/// behind it whose product would have been +0. The sum is zero either way.
#[test]
fn after_an_underflow_only_the_sign_of_a_zero_may_differ() {
    let problem = Problem { rows: vec![vec![(0, -1e-30), (1, 1.0)]], x: vec![1e-30, 0.0] };
    assert_eq!(solve(KernelKind::CsrRow, &problem), [0]);
    for kind in EVENT_DRIVEN {
        assert_eq!(solve(kind, &problem), [(-0.0_f32).to_bits()], "{kind:?}");
    }
}

#[test]
fn shares_that_a_kernel_cannot_keep_are_refused_with_the_reason() {
    let place = |kind: KernelKind, rows: &[Vec<(u32, f32)>], words: &[u32]| {
        let share = Share { rows, words };
        Kernel::place(kind, &share, &[0; 4][..kind.arrays(share.shape()).len()]).unwrap_err().to_string()
    };
    assert!(place(KernelKind::CsrRow, &[vec![(7, 1.0)]], &[0]).contains("source 7"));
    assert!(place(KernelKind::CsrRow16, &[vec![(0, 1.0)]], &[70_000]).contains("70000 does not fit"));
    assert!(place(KernelKind::Int8Csr, &[vec![(0, f32::NAN)]], &[0]).contains("NaN"));
    assert!(place(KernelKind::CscEventList, &[vec![(0, f32::INFINITY)]], &[0]).contains("inf"));
    assert!(place(KernelKind::Dense, &[], &[0]).contains("at least one row"));
    let dense = vec![(0..300).map(|s| (s, 1.0)).collect::<Vec<_>>(); 300];
    let words: Vec<u32> = (0..300).collect();
    assert!(place(KernelKind::CscEvent, &dense, &words).contains("90000 does not fit"));
}

/// `rnns.1` of the paper on one PE: 81 rows, 1350 sources, and W and R at 5 %: what each kernel
/// keeps of one matrix.
#[test]
fn bytes_of_the_papers_second_layer() {
    let shape = Shape { rows: 81, sources: 1350, nonzeros: 5468 };
    let bytes = KernelKind::ALL.map(|kind| kind.bytes(shape));
    assert_eq!(
        bytes,
        [44_072, 33_136, 44_072, 32_744, 30_044, 445_500, 440_100, 17_056, 113_892, 44_072, 32_744]
    );
}
