//! Semantics and errors of the executor.

use super::*;
use crate::chip::listing::board::Board;

fn run(lines: &str, arguments: &[u32], board: &mut Board) -> Result<Vec<Step>, ListingError> {
    let function = Function::parse(&format!("f:\n{lines}\n\t.size f, .-f\n"), "f").unwrap();
    execute(&function, &Call { arguments, stack: 0x1000, symbols: &[("here", 0x40)] }, board)
}

#[test]
fn the_fifth_argument_is_on_the_stack_and_pop_returns() {
    let lines = "push {r4, lr}\nldr r4, [sp, #8]\nldr r1, .L1\nstr r4, [r1]\npop {r4, pc}\n.L1:\n.word here";
    let mut board = Board::default();
    let steps = run(lines, &[1, 2, 3, 4, 5], &mut board).unwrap();
    assert_eq!(board.get(0x40, 1), [5]);
    assert_eq!(steps.last().unwrap().end, Cycles::new(3 + 2 + 1 + 1 + 3, 1));
    assert_eq!(steps[3].stored, Some((0x40, 5)));
}

#[test]
fn parts_of_words_are_loaded_with_zeros_or_sign_and_stored_alone() {
    let lines = "ldrb r2, [r0, #1]\nldrsb r3, [r0, #1]\nldrh r4, [r0, #2]\nldrsh r5, [r0, #2]\n\
                 strb r0, [r1, #1]\nstrh r0, [r1, #6]\nstr r2, [r1, #8]\nstr r3, [r1, #12]\n\
                 str r4, [r1, #16]\nstr r5, [r1, #20]\nbx lr";
    let mut board = Board::default();
    board.put(0x44, [0xFEDC_98BA]);
    board.put(0x80, [0x1111_1111, 0x2222_2222]);
    run(lines, &[0x44, 0x80], &mut board).unwrap();
    let stored = [0x1111_4411, 0x0044_2222, 0x98, 0xFFFF_FF98, 0xFEDC, 0xFFFF_FEDC];
    assert_eq!(board.get(0x80, 6), stored);
    let error = run("ldrh r0, [r0]\nbx lr", &[3], &mut board).unwrap_err().to_string();
    assert!(error.contains("not a multiple of 2"), "{error}");
}

#[test]
fn integers_become_singles_and_back() {
    let lines = "vmov s0, r0\nvcvt.f32.s32 s0, s0\nvstr.32 s0, [r1]\nvmov.f32 s1, #-2.5e+0\n\
                 vcvt.s32.f32 s1, s1\nvmov r2, s1\nstr r2, [r1, #4]\nbx lr";
    let mut board = Board::default();
    run(lines, &[-127_i32 as u32, 0x80], &mut board).unwrap();
    assert_eq!(board.get(0x80, 2), [(-127.0_f32).to_bits(), -2_i32 as u32]);
}

#[test]
fn a_skipped_instruction_costs_one_cycle_and_does_nothing() {
    let lines = "cmp r0, #0\nitt eq\nmoveq r1, #9\nstreq r1, [r2, r3]\nbx lr";
    let mut board = Board::default();
    let steps = run(lines, &[1, 0, 0x80, 0], &mut board).unwrap();
    assert_eq!((board.get(0x80, 1), steps[3].end), (vec![0], Cycles::fixed(4)));
    let steps = run(lines, &[0, 0, 0x80, 0], &mut board).unwrap();
    assert_eq!((board.get(0x80, 1), steps[3].end), (vec![9], Cycles::fixed(5)));
}

#[test]
fn what_goes_wrong_is_an_error_with_its_line() {
    let error =
        |lines, arguments: &[u32]| run(lines, arguments, &mut Board::default()).unwrap_err().to_string();
    assert!(error("ldr r0, [r0]\nbx lr", &[2]).contains("line 2: `ldr r0, [r0]`: access to 0x00000002"));
    assert!(error(".L1:\nb .L1", &[]).contains("no return after"));
    assert!(error("nop", &[]).contains("ran past its last instruction"));
}
