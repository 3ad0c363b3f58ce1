use proptest::prelude::*;

use super::*;

/// Returns a core that makes `accesses` to bank 0 over a number of cycles.
fn busy(accesses: u64, cycles: u64) -> BankState {
    let mut state = BankState::default();
    state.begin(&[accesses, 0, 0, 0], cycles);
    state
}

#[test]
fn nobody_waits_where_only_one_is() {
    let mut state = BankState::default();
    assert_eq!(state.meet(0, 1000, BankPriority::Writes), 0, "no core");
    let mut state = busy(900, 1000);
    assert_eq!(state.meet(1, 1000, BankPriority::Writes), 0, "another bank");
    state.rest();
    assert_eq!(state.meet(0, 1000, BankPriority::Writes), 0, "the core has left");
    assert!(state.count.iter().all(|count| count.conflicts() == 0));
    // A core without a write.
    assert_eq!(busy(900, 1000).count[0], BankCount { core: 900, ..BankCount::default() });
}

/// A core that takes a bank every fourth cycle meets every fourth write, one by one or together.
#[test]
fn meetings_come_at_the_cores_rate() {
    let mut state = busy(25, 100);
    let stalls: Vec<u64> = (0..8).map(|_| state.meet(0, 1, BankPriority::Writes)).collect();
    assert_eq!(stalls, [0, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!(busy(25, 100).meet(0, 8, BankPriority::Writes), 2);
}

#[test]
fn the_priority_says_who_waits() {
    let losers = |priority| {
        let mut state = busy(50, 100);
        let stalls = (0..12).map(|_| state.meet(0, 1, priority)).sum::<u64>();
        assert_eq!(state.count[0].core_stalls, stalls);
        (stalls, state.count[0].write_waits)
    };
    assert_eq!(losers(BankPriority::Core), (0, 6));
    assert_eq!(losers(BankPriority::Writes), (6, 0));
    assert_eq!(losers(BankPriority::RoundRobin), (3, 3));
}

/// By hand: 64 bytes from 0x7fe0 on are 32 in block 0 and 32 in block 1; by 16-byte words they are
/// banks 2, 3, 0, 1.
#[test]
fn block_and_word_map_addresses_as_by_hand() {
    let (block, word) = (BankInterleave::Block, BankInterleave::Word);
    assert_eq!([0, 0x7fff, 0x8000, 0x1_ffff].map(|a| block.bank(a)), [0, 0, 1, 3]);
    assert_eq!([0, 15, 16, 48, 64].map(|a| word.bank(a)), [0, 0, 1, 3, 0]);
    assert_eq!(block.bytes(0x7fe0, 0x8020), [32, 32, 0, 0]);
    assert_eq!(word.bytes(0x7fe0, 0x8020), [16, 16, 16, 16]);
    assert_eq!(word.bytes(8, 40), [8, 16, 8, 0]);
    assert_eq!(block.bytes(SRAM_BYTES - 4, u32::MAX), [0, 0, 0, 4]);
    assert_eq!(block.bytes(8, 8), [0; BANKS]);
}

proptest! {
    #[test]
    fn in_turn_the_losses_are_even_and_add_up(
        accesses in 0_u64..1000, writes in proptest::collection::vec(1_u64..50, 0..40),
    ) {
        let run = |priority| {
            let mut state = busy(accesses, 1000);
            for &n in &writes {
                state.meet(0, n, priority);
            }
            state.count[0]
        };
        let (core, writes_first, turns) =
            (run(BankPriority::Core), run(BankPriority::Writes), run(BankPriority::RoundRobin));
        prop_assert_eq!(core.conflicts(), writes_first.conflicts());
        prop_assert_eq!(core.conflicts(), turns.conflicts());
        prop_assert!(turns.write_waits - turns.core_stalls <= 1);
        // The rate times the writes, but for the fraction still in the accumulator.
        let all: u64 = writes.iter().sum();
        prop_assert!(core.conflicts() <= accesses * all / 1000);
        prop_assert!(core.conflicts() + 1 >= accesses * all / 1000);
    }

    #[test]
    fn every_byte_is_in_one_bank(start in 0_u32..SRAM_BYTES, length in 0_u32..5000) {
        for interleave in [BankInterleave::Block, BankInterleave::Word] {
            let end = (start + length).min(SRAM_BYTES);
            prop_assert_eq!(interleave.bytes(start, start + length).iter().sum::<u64>(), u64::from(end - start));
        }
    }
}
