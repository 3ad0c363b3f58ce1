//! Tests of matrix kernels: cost formula against execution, emulation against listing, results
//! against the reference chain.

use proptest::prelude::*;

use spinntui_cortex_m4::Traps;

use super::*;
use crate::chip::listing::kind::InstructionKind;
use crate::kernel::code::CodeFile;
use crate::kernel::code::calls::Script;
use crate::kernel::code::run::{Entry, Scratch};
use crate::kernel::cost::KernelCosts;
use crate::kernel::matrix::Shape;
use crate::kernel::options::KernelKind;
use crate::kernel::{SramWords, empty_sram};
use crate::net::int8::{self, Scale};
use crate::net::quantise::quantise_row;

/// Generates a sparse matrix with empty rows and columns, inputs with many zeros of either sign,
/// and a placement of the sources with gaps.
pub(in crate::kernel::cost) fn trials(rows: std::ops::Range<usize>) -> impl Strategy<Value = Trial> {
    let value = (-1.0_f32..1.0, -20..20_i32).prop_map(|(m, e)| m * (e as f32).exp2());
    let x = prop_oneof![3 => Just(0.0_f32), 1 => Just(-0.0_f32), 3 => value.clone()];
    proptest::collection::vec((x, 0_u32..3), 1..12).prop_flat_map(move |x| {
        let (x, gaps): (Vec<f32>, Vec<u32>) = x.into_iter().unzip();
        let mut words: Vec<u32> = gaps
            .iter()
            .scan(0, |at, gap| {
                *at += gap + 1;
                Some(*at)
            })
            .collect();
        // The order of the words differs from model order.
        words.rotate_left(x.len() / 2);
        let row = proptest::collection::btree_map(0..x.len() as u32, value.clone(), 0..=x.len());
        let row = row.prop_map(|row| row.into_iter().collect::<Vec<_>>());
        proptest::collection::vec(row, rows.clone()).prop_map(move |rows| Trial {
            rows,
            x: x.clone(),
            words: words.clone(),
        })
    })
}

pub(in crate::kernel::cost) fn loaded(image: &[(u32, Vec<u32>)]) -> Box<SramWords> {
    let mut words = empty_sram();
    for (address, part) in image {
        words[*address as usize / 4..][..part.len()].copy_from_slice(part);
    }
    words
}

/// Returns the reference sums as bits: those of `net`, quantised for 8-bit weights.
fn reference(trial: &Trial, kind: KernelKind) -> Vec<u32> {
    let scale = Scale::default();
    let chain = |row: &Vec<(u32, f32)>| {
        if kind == KernelKind::Int8Mac {
            let (row_scale, q) = quantise_row(row.iter().map(|(_, w)| *w));
            let x: Vec<i8> = row.iter().map(|(s, _)| scale.byte(trial.x[*s as usize])).collect();
            return (int8::kept(int8::dot(&x, &q)).0 as f32 * (row_scale * scale.scale)).to_bits();
        }
        if kind == KernelKind::Int8Csr {
            let (scale, q) = quantise_row(row.iter().map(|(_, w)| *w));
            let sum = row
                .iter()
                .zip(q)
                .fold(0.0_f32, |acc, ((s, _), q)| f32::from(q).mul_add(trial.x[*s as usize], acc));
            return (sum * scale).to_bits();
        }
        row.iter().fold(0.0_f32, |acc, (s, w)| w.mul_add(trial.x[*s as usize], acc)).to_bits()
    };
    trial.rows.iter().map(chain).collect()
}

/// Checks every property of one routine on one trial.
fn check(routine: Routine, trial: &Trial) -> Result<(), TestCaseError> {
    let costs = KernelCosts::committed().unwrap();
    let Placed { kernel, image } = trial.placed(routine).unwrap();
    prop_assert_eq!(kernel.routine(), routine);
    let words = loaded(&image);
    let work = kernel.work(&words, AT.x).unwrap();
    let (cycles, executed) = trial.execute(routine).unwrap();
    let formula = kernel.cost(&work, costs);
    prop_assert_eq!(formula, cycles, "{:?} {:?}", routine, work);
    let mut kinds = Cycles::ZERO;
    for (kind, costs) in InstructionKind::ALL.into_iter().zip(KernelCosts::by_kind().unwrap()) {
        let (executed, _) = trial.metered(routine, Meter(Some(kind))).unwrap();
        prop_assert_eq!(kernel.cost(&work, costs), executed, "{:?} {:?} {:?}", routine, kind, work);
        kinds += executed;
    }
    prop_assert_eq!(kinds, cycles, "{:?}: kinds", routine);
    for p in 1..=3 {
        prop_assert_eq!(kernel.cycles(&work, costs, p), cycles.at(p));
    }
    let mut sums = vec![f32::NAN; trial.rows.len()];
    kernel.run(&words, AT, &mut sums).unwrap();
    let sums: Vec<u32> = sums.iter().map(|sum| sum.to_bits()).collect();
    prop_assert_eq!(&sums, &executed, "{:?}: emulation and listing differ", routine);
    // NaN payloads may differ between hosts, so all NaNs are treated as equal.
    let number = |bits: &u32| if f32::from_bits(*bits).is_nan() { u32::MAX } else { *bits };
    let expected: Vec<u32> = reference(trial, routine.kind()).iter().map(number).collect();
    prop_assert_eq!(sums.iter().map(number).collect::<Vec<_>>(), expected, "{:?}", routine);
    Ok(())
}

/// Checks that level `code` gives the bytes, cycles and instruction mix of level `native`.
fn check_code(routine: Routine, trial: &Trial) -> Result<(), TestCaseError> {
    let costs = KernelCosts::committed().unwrap();
    let Placed { kernel, image } = trial.placed(routine).unwrap();
    let file = CodeFile::built_in_with(routine.function()).unwrap();
    let mut words = loaded(&image);
    for (address, part) in &file.words {
        words[*address as usize / 4..][..part.len()].copy_from_slice(part);
    }
    let function = file.function(routine.function()).unwrap();
    let entry = Entry {
        file: std::sync::Arc::clone(file),
        function: function.name.clone(),
        address: function.address,
        traps: Traps { unaligned: true, divide: true },
    };
    let mut scratch = Scratch::default();
    let ran = scratch.run(&words, &Script::one(&entry, &kernel.arguments(AT)), &[]).unwrap();
    let work = kernel.work(&words, AT.x).unwrap();
    let mut sums = vec![f32::NAN; trial.rows.len()];
    kernel.run(&words, AT, &mut sums).unwrap();
    let beside = kernel.scratch(&words, AT.x).unwrap();
    for p in 1..=3 {
        prop_assert_eq!(kernel.cycles(&work, costs, p), ran.counts.at(p), "{:?}", routine);
    }
    for (kind, costs) in InstructionKind::ALL.into_iter().zip(KernelCosts::by_kind().unwrap()) {
        let refills = if kind == InstructionKind::Branch { ran.counts.refills } else { 0 };
        let executed = Cycles::new(ran.counts.kinds[kind as usize] as u32, refills as u32);
        prop_assert_eq!(kernel.cost(&work, costs), executed, "{:?} {:?}", routine, kind);
    }
    // All words that it wrote, except those pushed on the stack.
    for (address, values) in scratch.results() {
        for (at, value) in (address..).step_by(4).zip(values) {
            words[at as usize / 4] =
                if at >= crate::chip::constants::STACK_BASE { words[at as usize / 4] } else { value };
        }
    }
    let mut native = loaded(&image);
    for (address, part) in &file.words {
        native[*address as usize / 4..][..part.len()].copy_from_slice(part);
    }
    let sums = sums.into_iter().map(f32::to_bits).collect();
    for (address, values) in [(AT.sums, sums)].into_iter().chain(beside) {
        native[address as usize / 4..][..values.len()].copy_from_slice(&values);
    }
    let number = |bits: u32| if f32::from_bits(bits).is_nan() { u32::MAX } else { bits };
    let differs = (0..words.len()).find(|&at| number(words[at]) != number(native[at]));
    prop_assert_eq!(differs, None, "{:?}: words differ", routine);
    Ok(())
}

/// Returns the routines that accept a matrix of `rows` rows with finite or arbitrary weights.
pub(in crate::kernel::cost) fn routines(rows: usize, finite: bool) -> impl Iterator<Item = Routine> {
    Routine::ALL.into_iter().filter(move |routine| match routine {
        Routine::CscEvent8 | Routine::CscFast8 | Routine::CscList8 => finite && rows <= 256,
        Routine::CscEvent16 | Routine::CscList16 => finite && rows > 256,
        Routine::CscAll8 => !finite && rows <= 256,
        Routine::CscAll16 => !finite && rows > 256,
        Routine::DenseEvent | Routine::CsrRowSkip | Routine::Int8Csr | Routine::Int8Mac => finite,
        Routine::DenseAll => !finite,
        _ => true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_kernel_gives_the_chains_bits_and_costs_what_its_formula_says(trial in trials(1..12)) {
        for routine in routines(trial.rows.len(), true) {
            check(routine, &trial)?;
            check_code(routine, &trial)?;
        }
    }

    #[test]
    fn with_an_infinite_or_nan_weight_no_product_is_left_out(
        mut trial in trials(1..12), weight in prop_oneof![Just(f32::INFINITY), Just(f32::NAN)],
    ) {
        trial.rows[0] = vec![(0, weight)];
        for routine in routines(trial.rows.len(), false) {
            check(routine, &trial)?;
            check_code(routine, &trial)?;
        }
        let skip = Kernel::place(KernelKind::CsrRowSkip, &trial.share(), &[0, 0x8000, 0x1_0000]).unwrap();
        prop_assert_eq!(skip.kernel.routine(), Routine::CsrRow);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn more_than_256_rows_take_half_words(trial in trials(257..270), nan in any::<bool>()) {
        let mut trial = trial;
        if nan {
            trial.rows[0] = vec![(0, f32::NAN)];
        }
        for routine in routines(257, !nan).filter(|r| r.source() == "csc_event") {
            check(routine, &trial)?;
            check_code(routine, &trial)?;
        }
    }
}

/// Checks that the tables of docs/kernels.md are up to date.
#[test]
fn docs_give_todays_costs_and_bytes() {
    let docs = include_str!("../../../../../docs/kernels.md");
    let costs = KernelCosts::committed().unwrap();
    let line = |kind: KernelKind, nth: usize| {
        docs.lines().filter(|line| line.starts_with(&format!("| `{}` |", kind.name()))).nth(nth).unwrap()
    };
    let grouped = |n: u64| if n < 1000 { n.to_string() } else { format!("{},{:03}", n / 1000, n % 1000) };
    let shape = Shape { rows: 81, sources: 1350, nonzeros: 5468 };
    for kind in KernelKind::ALL.into_iter().filter(|kind| !kind.is_fast()) {
        let routine = Routine::ALL.into_iter().find(|routine| routine.kind() == kind).unwrap();
        let c = costs.coefficients(routine);
        for term in [c.nonzero, c.row, c.skipped, c.silent, c.active] {
            assert!(
                line(kind, 0).contains(&term.to_string()) || term == Linear::default(),
                "{kind:?} {term}"
            );
        }
        assert!(line(kind, 1).contains(&grouped(kind.bytes(shape))), "{kind:?}");
        for percent in [100, 20, 5].into_iter().filter(|_| !line(kind, 1).contains("does not fit")) {
            let part = |n: u32| (n * percent + 50) / 100;
            let active = part(shape.sources);
            let by_source = matches!(kind, KernelKind::CscEvent | KernelKind::CscEventList);
            let by_weight = by_source || kind == KernelKind::CsrRowSkip;
            let nonzeros = if by_weight { part(shape.nonzeros) } else { shape.nonzeros };
            let work = OpCounts {
                rows: shape.rows,
                nonzeros,
                skipped: if kind == KernelKind::CsrRowSkip { shape.nonzeros - nonzeros } else { 0 },
                active: if by_source { active } else { 0 },
                silent: if kind == KernelKind::CscEvent { shape.sources - active } else { 0 },
                ..OpCounts::default()
            };
            let cycles = grouped(costs.matrix(routine, &work).at(2));
            assert!(line(kind, 1).contains(&cycles), "{kind:?}, {percent} % active: {cycles}");
        }
    }
}
