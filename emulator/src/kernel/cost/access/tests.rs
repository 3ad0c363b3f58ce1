//! The formulas against counts of executions.

use proptest::prelude::*;

use super::*;
use crate::kernel::cost::KernelCosts;
use crate::kernel::cost::matrix::tests::{loaded, routines, trials};

fn accesses() -> &'static Accesses {
    KernelCosts::committed().unwrap().accesses()
}

/// Compares a formula's counts with those of an execution, array by array.
fn check(routine: Routine, trial: &Trial) -> Result<(), TestCaseError> {
    let placed = trial.placed(routine).unwrap();
    let work = placed.kernel.work(&loaded(&placed.image), AT.x).unwrap();
    let done = Multiples::from(&work);
    let formulas = accesses().matrix(routine);
    for (touched, counted) in Touched::ALL.into_iter().zip(counted(routine, trial).unwrap()) {
        let formula = formulas.iter().find(|f| f.touched == touched).map_or(0, |f| f.count(&done));
        prop_assert_eq!(formula as i64, counted, "{:?} {:?} {:?}", routine, touched, work);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_matrix_kernel_touches_what_its_formula_says(trial in trials(1..12)) {
        for routine in routines(trial.rows.len(), true) {
            check(routine, &trial)?;
        }
    }

    #[test]
    fn kernels_that_leave_no_product_out_do_too(mut trial in trials(1..12)) {
        trial.rows[0] = vec![(0, f32::INFINITY)];
        for routine in routines(trial.rows.len(), false) {
            check(routine, &trial)?;
        }
    }

    #[test]
    fn point_wise_step_and_broadcast_touch_what_their_formulas_say(
        units in 1_u32..20, packets in 1_u32..10, destinations in 1_u32..20,
    ) {
        for always in [false, true] {
            let counted = count_pointwise(units, always).unwrap();
            let formula: Vec<i64> = accesses().pointwise(units, always).iter().map(|&n| n as i64).collect();
            prop_assert_eq!(formula, counted);
        }
        let counted = count_in("pointwise", "trace", &[units, DATA, DATA + 0x100], 2).unwrap();
        prop_assert_eq!(accesses().trace(units).map(|n| n as i64).to_vec(), counted[..2].to_vec());
        let arguments = [DATA, packets, DATA + 0x100, destinations];
        let counted = count_in("broadcast", "broadcast", &arguments, 2).unwrap();
        let BroadcastAccesses { block, list, stack } = accesses().broadcast(packets, destinations);
        prop_assert_eq!([block, list, stack].map(|n| n as i64).to_vec(), counted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn with_more_than_256_rows_too(trial in trials(257..262)) {
        for routine in routines(257, true).filter(|r| r.source() == "csc_event") {
            check(routine, &trial)?;
        }
    }
}

/// `csr_row` reads value, column and x of a non-zero, and nothing else in its inner loop.
#[test]
fn a_non_zero_of_csr_row_is_three_loads() {
    let of = |nonzeros| {
        let done = Multiples::from(&OpCounts { rows: 3, nonzeros, ..OpCounts::default() });
        let formulas = accesses().matrix(Routine::CsrRow).iter();
        formulas.map(|f| (f.touched, f.count(&done))).collect::<Vec<_>>()
    };
    let (ten, eleven) = (of(10), of(11));
    let more: Vec<_> = ten.iter().zip(&eleven).filter(|(a, b)| b.1 == a.1 + 1).map(|(a, _)| a.0).collect();
    assert_eq!(more, [Touched::Array(0), Touched::Array(1), Touched::Input]);
    let total = |counts: &[(Touched, u64)]| counts.iter().map(|c| c.1).sum::<u64>();
    assert_eq!(total(&eleven), total(&ten) + 3);
}
