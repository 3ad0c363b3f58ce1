//! Tests of cost formulas against execution of the listings, and of the listings' results.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::measure::{EXP_OPERAND, TRIGGER, load, run};
use super::{KernelCosts, SOURCES};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::blocks::Shape;
use crate::chip::listing::board::Board;
use crate::chip::listing::compiler;
use crate::chip::listing::trace::{Call, Memory, Step, execute};
use crate::kernel::pointwise::PointwiseLayout;
use crate::net::{Compare, PointwiseInput, Tanh, pointwise};

const DATA: u32 = 0x8000;

fn costs() -> &'static KernelCosts {
    KernelCosts::committed().unwrap()
}

fn total(steps: &[Step]) -> Cycles {
    steps.last().unwrap().end
}

fn bits(values: &[f32]) -> impl Iterator<Item = u32> + '_ {
    values.iter().map(|v| v.to_bits())
}

#[test]
fn every_committed_listing_parses_and_says_its_compiler() {
    for source in SOURCES {
        assert!(compiler(source.listing).unwrap().contains("12.2.1"), "{}", source.name);
        for function in source.parse().unwrap() {
            Shape::of(&function).unwrap();
        }
    }
    KernelCosts::committed().unwrap();
}

/// Returns the cost of one more non-zero in `csr_row`.
fn csr_row_per_nonzero(c: &KernelCosts) -> Cycles {
    c.csr_row(1, 2, 0).minus(c.csr_row(1, 1, 0))
}

/// Compares a cost read from the listing's structure with differences between executions.
#[test]
fn loops_cost_by_shape_what_they_cost_by_execution() {
    let inner = |source, function| {
        let loops = Shape::of(load(source, function).unwrap()).unwrap().loops;
        loops.into_iter().rev().max_by_key(|l| l.depth).unwrap().iteration
    };
    let c = costs();
    assert_eq!(inner("csr_row", "csr_row"), Some(csr_row_per_nonzero(c)));
    assert_eq!(inner("pointwise", "pointwise"), Some(c.pointwise(3, false).minus(c.pointwise(2, false))));
    assert_eq!(inner("broadcast", "broadcast"), Some(c.broadcast_per_destination()));
    assert_eq!(inner("wait_input", "wait_polling"), Some(c.wait_poll()));
}

/// Pins the costs that the emulator charges, so that a change of compiler, kernel or timing
/// table is noticed.
#[test]
fn costs_today() {
    let c = costs();
    let text = [
        ("csr_row, per non-zero", csr_row_per_nonzero(c)),
        ("csr_row, 81 rows, 10935 non-zeros", c.csr_row(81, 10_935, 0)),
        ("csr_row, per row", c.csr_row(2, 2, 0).minus(c.csr_row(1, 1, 0)).minus(csr_row_per_nonzero(c))),
        ("csr_row, per empty row", c.csr_row(2, 0, 2).minus(c.csr_row(1, 0, 1))),
        ("pointwise, per unit (and 3 exps)", c.pointwise(2, false).minus(c.pointwise(1, false))),
        ("pointwise, 27 units", c.pointwise(27, false)),
        ("pointwise_always, per unit (and 3 exps)", c.pointwise(2, true).minus(c.pointwise(1, true))),
        ("pointwise_always, 27 units", c.pointwise(27, true)),
        ("trace, per unit", c.trace(2).minus(c.trace(1))),
        ("trace, 27 units", c.trace(27)),
        ("clear, per word", c.clear(2).minus(c.clear(1))),
        ("clear, 256 words", c.clear(256)),
        ("broadcast, lead", c.broadcast_lead()),
        ("broadcast, per packet", c.broadcast_per_packet()),
        ("broadcast, per destination", c.broadcast_per_destination()),
        ("broadcast, 7 packets to 13 QPEs", c.broadcast(7, 13)),
        ("receive_isr", c.receive_isr()),
        ("receive_isr, last block", c.receive_isr_last()),
        ("wait_polling, already up", c.wait_check()),
        ("wait_polling, one turn", c.wait_poll()),
        ("wait_polling, wake", c.wait_wake_polling()),
        ("wait_sleeping, already up", c.wait_check_sleeping()),
        ("wait_sleeping, wake", c.wait_wake_sleeping()),
        ("embedding_dma_start", c.row_dma_start()),
        ("embedding_dma_isr", c.row_dma_isr()),
        ("timer_log", c.timer_log()),
        ("barrier_send", c.barrier_send()),
        ("barrier, per slot", c.barrier_slot_check()),
        ("barrier, one turn at a slot that is behind", c.barrier_poll()),
        ("barrier_collect, 50 slots", c.barrier_collect(50)),
        ("barrier_release, 13 QPEs", c.barrier_release(13)),
    ]
    .map(|(name, cycles)| format!("{name}: {cycles}"))
    .join("\n");
    insta::assert_snapshot!(text);
    assert_eq!(c.pointwise_exps_per_unit(), 3);
}

impl Cycles {
    fn minus(self, other: Self) -> Self {
        Self::new(self.fixed - other.fixed, self.refills - other.refills)
    }
}

/// Generates a small CSR matrix and a vector with values of many magnitudes.
fn matrices() -> impl Strategy<Value = (Vec<Vec<(u32, f32)>>, Vec<f32>)> {
    let value = (-1.0_f32..1.0, -20..20_i32).prop_map(|(m, e)| m * (e as f32).exp2());
    let x = proptest::collection::vec(prop_oneof![Just(0.0_f32), value.clone()], 1..12);
    x.prop_flat_map(move |x| {
        let row = proptest::collection::btree_map(0..x.len() as u32, value.clone(), 0..=x.len());
        let row = row.prop_map(|row| row.into_iter().collect::<Vec<_>>());
        (proptest::collection::vec(row, 0..10), Just(x))
    })
}

proptest! {
    #[test]
    fn csr_row_adds_in_order_and_costs_what_the_formula_says((rows, x) in matrices()) {
        let (value, column, start, xs, sum) = (DATA, DATA + 0x1000, DATA + 0x2000, DATA + 0x3000, DATA + 0x4000);
        let mut board = Board::default();
        let nonzeros: Vec<(u32, f32)> = rows.iter().flatten().copied().collect();
        board.put(value, nonzeros.iter().map(|(_, w)| w.to_bits()));
        board.put(column, nonzeros.iter().map(|(c, _)| *c));
        board.put(start + 4, rows.iter().scan(0, |end, row| { *end += row.len() as u32; Some(*end) }));
        board.put(xs, bits(&x));

        let function = load("csr_row", "csr_row").unwrap();
        let steps = run(function, &[value, column, start, rows.len() as u32, xs, sum], &mut board).unwrap();

        let chain = |row: &Vec<(u32, f32)>| row.iter().fold(0.0_f32, |acc, (c, w)| w.mul_add(x[*c as usize], acc));
        let expected: Vec<u32> = rows.iter().map(|row| chain(row).to_bits()).collect();
        prop_assert_eq!(board.get(sum, rows.len()), expected);

        let empty = rows.iter().filter(|row| row.is_empty()).count() as u32;
        let formula = costs().csr_row(rows.len() as u32, nonzeros.len() as u32, empty);
        prop_assert_eq!(formula, total(&steps));
        for p in 1..=3 {
            prop_assert_eq!(formula.at(p), total(&steps).at(p));
        }
    }

    #[test]
    fn broadcast_sends_every_packet_everywhere_when_the_formula_says(
        packets in 0_u32..9, destinations in 0_u32..9, words in proptest::collection::vec(any::<u32>(), 36)
    ) {
        let (block, list) = (DATA, DATA + 0x1000);
        let mut board = Board::default();
        board.put(block, words.iter().copied());
        board.put(list, (0..destinations).flat_map(|d| [0x1_0000 * d, 0x80 + d]));

        let function = load("broadcast", "broadcast").unwrap();
        let steps = run(function, &[block, packets, list, destinations], &mut board).unwrap();

        prop_assert_eq!(costs().broadcast(packets, destinations), total(&steps));
        let stored = steps.iter().filter_map(|s| s.stored.map(|(at, value)| (at, value, s.end)));
        let mut slot = [0_u32; 5];
        let mut sent = Vec::new();
        for (at, value, end) in stored {
            if at == TRIGGER {
                sent.push((slot, value, end));
            } else if let Some(i) = at.checked_sub(0xE200_0000) {
                slot[i as usize / 4] = value;
            }
        }
        prop_assert_eq!(sent.len() as u32, packets * destinations);
        for (i, (slot, command, end)) in sent.iter().enumerate() {
            let (k, d) = (i as u32 / destinations, i as u32 % destinations);
            prop_assert_eq!(&slot[..4], &words[4 * k as usize..4 * k as usize + 4]);
            prop_assert_eq!((slot[4], *command), (0x1_0000 * d + 16 * k, 0x80 + d));
            prop_assert_eq!(costs().broadcast_trigger(k, d, destinations), *end);
        }
    }

    #[test]
    fn pointwise_costs_the_same_whatever_the_numbers_and_computes_the_cell(
        units in proptest::collection::vec(proptest::array::uniform14(-2.0_f32..2.0), 0..6)
    ) {
        let n = units.len();
        let at = |array: usize| DATA + 0x1000 * array as u32;
        let gates = |first: usize| (0..3).flat_map(|gate| units.iter().map(move |u| u[first + gate])).collect::<Vec<_>>();
        let forms = [(Compare::Greater, false), (Compare::GreaterOrEqual, false), (Compare::Greater, true)];
        for (compare, always) in forms {
        let mut board = ExpBoard::default();
        for (array, first) in [(0, 0), (1, 3), (2, 6), (3, 9)] {
            board.board.put(at(array), bits(&gates(first)));
        }
        board.board.put(at(4), units.iter().map(|u| u[12].to_bits()));
        board.board.put(at(5), units.iter().map(|u| u[13].to_bits()));

        let layout = PointwiseLayout { compare, always, tanh: Tanh::ExpUnit, ..PointwiseLayout::default() };
        let source = if always { "pointwise_always" } else { "pointwise" };
        let function = load(source, layout.function().unwrap()).unwrap();
        let mut arguments = vec![n as u32, at(0), at(1), at(2), at(3), at(4), at(5), at(6)];
        if always {
            arguments.remove(5);
        }
        let call = Call { arguments: &arguments, stack: 0x1_F000, symbols: &[] };
        let steps = execute(function, &call, &mut board).unwrap();

        prop_assert_eq!(costs().pointwise(n as u32, always), total(&steps));
        prop_assert_eq!(board.exps, costs().pointwise_exps_per_unit() * n as u32);
        let float = |at, i| f32::from_bits(board.board.get(at, n)[i]);
        for (i, u) in units.iter().enumerate() {
            // Operations in net's order, each rounded separately; tanh is computed from exp, as
            // on the chip.
            let input = PointwiseInput {
                w: [u[0], u[1], u[2]],
                q: [u[3], u[4], u[5]],
                bias: [u[6], u[7], u[8]],
                recurrent_bias: [u[9], u[10], u[11]],
                c: u[13],
                threshold: u[12],
                compare,
                always,
                tanh: Tanh::ExpUnit,
            };
            let out = pointwise(&input);
            prop_assert_eq!(
                [float(at(5), i).to_bits(), float(at(6), i).to_bits()], [out.c.to_bits(), out.y.to_bits()]
            );
        }
        }
    }

    #[test]
    fn trace_costs_the_same_whatever_the_numbers_and_is_nets(
        units in proptest::collection::vec((-2.0_f32..2.0, -2.0_f32..2.0), 0..9)
    ) {
        let (n, y, trace) = (units.len(), DATA, DATA + 0x1000);
        let mut board = Board::default();
        board.put(y, units.iter().map(|u| u.0.to_bits()));
        board.put(trace, units.iter().map(|u| u.1.to_bits()));
        let steps = run(load("pointwise", "trace").unwrap(), &[n as u32, y, trace], &mut board).unwrap();
        prop_assert_eq!(costs().trace(n as u32), total(&steps));
        let expected: Vec<u32> =
            units.iter().map(|&(y, before)| crate::net::egru::trace(before, y).to_bits()).collect();
        prop_assert_eq!(board.get(trace, n), expected);
    }

    #[test]
    fn clear_stores_zeros_and_nothing_behind_them(words in 0_u32..40) {
        let mut board = Board::default();
        board.put(DATA, std::iter::repeat_n(7, 41));
        let steps = run(load("clear", "clear").unwrap(), &[DATA, words], &mut board).unwrap();
        prop_assert_eq!(costs().clear(words), total(&steps));
        let (cleared, rest) = (vec![0; words as usize], vec![7; 41 - words as usize]);
        prop_assert_eq!(board.get(DATA, 41), [cleared, rest].concat());
    }

    #[test]
    fn barrier_costs_a_check_a_slot(pes in 0_u32..60) {
        let function = load("barrier", "barrier_collect").unwrap();
        let steps = run(function, &[DATA, pes, 0], &mut Board::default()).unwrap();
        prop_assert_eq!(costs().barrier_collect(pes), total(&steps));
    }
}

/// Board with an exp unit.
#[derive(Default)]
struct ExpBoard {
    board: Board,
    exps: u32,
}

impl Memory for ExpBoard {
    fn load(&mut self, address: u32) -> Result<u32, String> {
        self.board.load(address)
    }

    fn store(&mut self, address: u32, value: u32) -> Result<(), String> {
        if address == EXP_OPERAND {
            self.exps += 1;
            self.board.put(EXP_OPERAND + 4, [libm::expf(f32::from_bits(value)).to_bits()]);
        }
        self.board.store(address, value)
    }
}

#[test]
fn receive_isr_counts_arrivals_and_raises_the_flag_at_the_last() {
    let function = load("receive_isr", "receive_isr").unwrap();
    let (key, buffer) = (0xE200_0018, DATA + 0x1000);
    let mut board = Board::default();
    board.put(key, [0x107]);
    board.put(DATA + 4 * 7, [buffer]);
    board.put(buffer, [0, 3, 0]);
    for expected in [[1, 3, 0], [2, 3, 0], [0, 3, 1]] {
        run(function, &[], &mut board).unwrap();
        assert_eq!(board.get(buffer, 3), expected);
    }
    assert_eq!(board.get(0xE200_001C, 1), [1]);
}

#[test]
fn embedding_dma_reads_the_tokens_row() {
    let function = load("embedding_dma", "embedding_dma_start").unwrap();
    let mut board = Board::default();
    board.put(DATA, [0x2000_0000, 3008, 0x9000]);
    run(function, &[DATA, 5], &mut board).unwrap();
    assert_eq!(board.get(0xE200_0020, 4), [0x9000, 0x2000_0000 + 5 * 3008, 3008, 1]);
}

#[test]
fn timer_log_writes_the_difference_and_wraps() {
    let function = load("timer_log", "timer_log").unwrap();
    let mut board = Board::default();
    board.put(DATA, [900, 1025]);
    board.put(0xE100_0004, [750]);
    run(function, &[DATA], &mut board).unwrap();
    assert_eq!(board.get(DATA, 2), [750, 1026]);
    assert_eq!(board.get(DATA + 8 + 4, 1), [150]);
}

/// Checks that IT blocks hold only single-cycle instructions, since the formulas need costs that
/// do not depend on data.
#[test]
fn conditional_instructions_cost_one_cycle() {
    for source in SOURCES {
        for function in source.parse().unwrap() {
            let timings = crate::chip::listing::blocks::annotate(&function);
            for (instruction, timing) in function.instructions.iter().zip(timings) {
                if instruction.cond != crate::chip::listing::instruction::Cond::Always
                    && instruction.op.target().is_none()
                {
                    assert_eq!(timing.cycles, Cycles::fixed(1), "{}: {}", source.name, instruction.text);
                }
            }
        }
    }
}

/// Checks that every listing has a kernel and every kernel a listing.
#[test]
fn every_kernel_in_the_folder_is_known() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/kernels");
    let found: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".s").map(str::to_string))
        .collect();
    assert_eq!(found, SOURCES.iter().map(|s| s.name.to_string()).collect());
}

/// Checks that the README's costs of a non-zero and a row are those of the listing.
#[test]
fn readme_gives_todays_csr_row() {
    let readme = include_str!("../../../../assets/kernels/README.md");
    let c = costs();
    let nonzero = csr_row_per_nonzero(c);
    let row = c.csr_row(2, 2, 0).minus(c.csr_row(1, 1, 0)).minus(nonzero);
    let empty = c.csr_row(2, 0, 2).minus(c.csr_row(1, 0, 1));
    assert!(readme.contains(&format!("                                    {nonzero}\n")), "{nonzero}");
    assert!(readme.contains(&format!("A row costs {row} more")), "{row}");
    assert!(readme.contains(&format!("an empty row {empty}")), "{empty}");
}
