//! The formulas and the emulator's own packing and unpacking against execution of the listings.

use proptest::prelude::*;

use super::super::measure::run;
use super::*;
use crate::kernel::empty_sram;
use crate::kernel::events::{ListLayout, UnpackLayout, Unpacked, blocks, pack, table_words, unpack};
use crate::kernel::words::pack_halves;

fn costs() -> &'static KernelCosts {
    KernelCosts::committed().unwrap()
}

fn value() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(0_u32), 1 => any::<u32>()]
}

/// Values of a few blocks, and an order of their units in the model.
fn layer() -> impl Strategy<Value = (Vec<Vec<u32>>, Vec<u16>)> {
    let block = prop::collection::vec(value(), 1..14);
    prop::collection::vec(block, 1..12).prop_flat_map(|blocks| {
        let units: usize = blocks.iter().map(Vec::len).sum();
        (Just(blocks), Just((0..units as u16).collect::<Vec<_>>()).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn packing_makes_the_packets_and_costs_what_the_formula_says(values in prop::collection::vec(value(), 1..60)) {
        let mut board = Board::default();
        board.put(DATA, values.iter().copied());
        let function = load("pack_events", "pack_events").unwrap();
        let steps = run(function, &[DATA, values.len() as u32, OUT], &mut board).unwrap();
        let packets = pack(&values);
        let words: Vec<u32> = packets.iter().flatten().copied().collect();
        prop_assert_eq!(board.get(OUT, words.len()), words);
        let active = values.iter().filter(|v| **v != 0).count() as u32;
        prop_assert_eq!(costs().pack_events(values.len() as u32, active), steps.last().unwrap().end);
    }

    #[test]
    fn unpacking_leaves_what_the_listing_leaves_at_its_cost((values, order) in layer(), as_list in any::<bool>()) {
        // Addresses as in the trials above, so that SRAM and board can hold the same words.
        let mut sram = empty_sram();
        let mut board = Board::default();
        let table = blocks(values.iter().map(|block| block.len() as u32));
        let mut put = |at: u32, words: Vec<u32>| {
            sram[at as usize / 4..][..words.len()].copy_from_slice(&words);
            board.put(at, words);
        };
        put(TABLE, table_words(&table));
        let mut in_model = vec![0_u16; 4 * table.last().unwrap().dense as usize];
        let mut units = order.iter().copied();
        for (block, values) in table.iter().zip(&values) {
            let packets: Vec<u32> = pack(values).into_iter().flatten().collect();
            put(MAIL + 16 * block.mail, packets);
            for unit in 0..values.len() {
                in_model[4 * block.dense as usize + unit] = units.next().unwrap();
            }
        }
        put(ORDER, pack_halves(in_model.iter().copied()));
        put(OUT, vec![7; 64]); // stale
        let (model, list) = (MODEL, OUT);
        let sources = order.len() as u32;
        let into = ListLayout { sources, order: ORDER, value: MODEL + 0x1000, map: MODEL + 0x2000, list };
        put(model, vec![into.order, into.value, into.map, into.map_words()]);
        let name = if as_list { "unpack_list" } else { "unpack_dense" };
        let into = if as_list { Unpacked::List(into) } else { Unpacked::Dense(OUT) };
        let layout = UnpackLayout { table: TABLE, blocks: values.len() as u32, into };

        let (work, written) = unpack(&sram, &layout, MAIL).unwrap();
        let arguments = if as_list { vec![MAIL, TABLE, layout.blocks, model, list] } else { vec![MAIL, TABLE, layout.blocks, OUT] };
        let steps = run(load(name, name).unwrap(), &arguments, &mut board).unwrap();
        for (at, words) in written {
            prop_assert_eq!(board.get(at, words.len()), words);
        }
        prop_assert_eq!(costs().unpack_events(as_list, &work), steps.last().unwrap().end);
    }

    #[test]
    fn emptying_the_ring_costs_what_the_formula_says(
        mut entries in prop::collection::vec(any::<bool>(), 0..20), size in 22_u32..40, first in 0_u32..22,
        sleeping in any::<bool>(),
    ) {
        entries.push(true);
        let name = ["fifo_polling", "fifo_sleeping"][usize::from(sleeping)];
        let mut board = ring(&entries, size, first);
        let steps = run(load("wait_fifo", name).unwrap(), &[ARRIVALS + 8, DATA], &mut board).unwrap();
        let c = costs().fifo(sleeping);
        let lasts = entries.iter().filter(|last| **last).count() as u64;
        let wraps = u64::from(first + entries.len() as u32 >= size);
        for p in 1..=3 {
            let taken = c.entry.at(p) * entries.len() as u64 + c.last.at(p) * lasts + c.wrap.at(p) * wraps;
            prop_assert_eq!(c.leave.at(p) + taken, steps.last().unwrap().end.at(p));
        }
        let end = board.get(DATA, 1)[0];
        prop_assert_eq!(end, RING + ENTRY * ((first + entries.len() as u32) % size));
        prop_assert_eq!(board.get(DATA + 0x4000, 4), [1, 2, 3, 4]);
    }

    #[test]
    fn transfers_are_programmed_when_the_formula_says(destinations in 0_u32..20) {
        let mut board = Board::default();
        let function = load("dma_send", "dma_send").unwrap();
        let steps = run(function, &[DATA, 112, DATA + 0x100, destinations], &mut board).unwrap();
        prop_assert_eq!(costs().dma_send(destinations), steps.last().unwrap().end);
        let commands: Vec<Cycles> = steps.iter()
            .filter(|step| step.stored.is_some_and(|(at, _)| at == DMA_COMMAND)).map(|step| step.end).collect();
        prop_assert_eq!(commands.len() as u32, destinations);
        for (i, end) in (0_u64..).zip(commands) {
            for p in 1..=3 {
                let at = costs().dma_send_lead().at(p) + i * costs().dma_send_per_destination().at(p);
                prop_assert_eq!(at, end.at(p));
            }
        }
    }
}

/// Pins the present costs of a packet, an event and an entry, so that a change of compiler, kernel
/// or timing table shows here.
#[test]
fn costs_today() {
    let c = costs();
    let Delivery { pack, dense, list, fifo, dma, .. } = &c.delivery;
    let full = UnpackWork {
        blocks: 50,
        cleared: 350,
        packets: 450,
        filled: 450,
        events: 1350,
        ..UnpackWork::default()
    };
    let listed = UnpackWork { cleared: 0, words: 43, active_words: 43, last_active: true, ..full };
    insta::assert_snapshot!(format!(
        "{pack:#?}\n{dense:#?}\n{list:#?}\n{fifo:#?}\n{dma:#?}\n1350 units, all active: dense {}, list {}",
        c.unpack_events(false, &full),
        c.unpack_events(true, &listed)
    ));
}
