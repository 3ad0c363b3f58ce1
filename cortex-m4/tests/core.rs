//! The core on small programs, and on any bytes.

use proptest::prelude::*;
use spinntui_cortex_m4::{Bus, Cache, Class, Core, FaultKind, Limits, Stop, Timings, Traps};

/// 4 KiB of memory from address 0.
struct Memory(Vec<u8>);

impl Bus for Memory {
    fn load(&mut self, address: u32, bytes: u32) -> Option<u32> {
        let at = address as usize;
        let part = self.0.get(at..at.checked_add(bytes as usize)?)?;
        Some(part.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte)))
    }

    fn store(&mut self, address: u32, bytes: u32, value: u32) -> Option<()> {
        let at = address as usize;
        let part = self.0.get_mut(at..at.checked_add(bytes as usize)?)?;
        part.copy_from_slice(&value.to_le_bytes()[..bytes as usize]);
        Some(())
    }

    fn fetch(&self, address: u32) -> Option<u32> {
        let at = address as usize;
        let byte = |i: usize| self.0.get(at + i).copied().unwrap_or(0);
        (at + 1 < self.0.len()).then(|| u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]))
    }
}

/// A cycle an instruction.
struct One;

impl Timings for One {
    fn cycles(&self, _: Class, _: u8) -> u32 {
        1
    }
}

fn memory(code: &[u16]) -> Memory {
    let mut bytes: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    bytes.resize(4096, 0);
    Memory(bytes)
}

fn run(code: &[u16], registers: &[u32], traps: Traps) -> (Core, Result<Stop, FaultKind>) {
    let mut core = Core::call(1, 4096, traps);
    core.r[..registers.len()].copy_from_slice(registers);
    let stop = core.run(&mut Cache::default(), &mut memory(code), &One, Limits { instructions: 1000 });
    (core, stop.map_err(|fault| fault.kind))
}

const NONE: Traps = Traps { unaligned: false, divide: false };
const BOTH: Traps = Traps { unaligned: true, divide: true };

#[test]
fn division_by_zero_is_0_and_counted_or_a_fault() {
    // sdiv r0, r0, r1; bx lr
    let code = [0xFB90, 0xF0F1, 0x4770];
    let (core, stop) = run(&code, &[7, 0], NONE);
    assert_eq!((core.r[0], stop, core.counts.divided_by_zero), (0, Ok(Stop::Returned), 1));
    assert_eq!(run(&code, &[7, 0], BOTH).1, Err(FaultKind::Divide));
    assert_eq!(
        run(&code, &[i32::MIN as u32, u32::MAX], NONE).0.r[0],
        i32::MIN as u32,
        "as the core, which does not trap"
    );
}

#[test]
fn unaligned_loads_work_cost_cycles_and_are_counted_or_a_fault() {
    // ldr r0, [r0]; bx lr
    let code = [0x6800, 0x4770];
    for (at, more) in [(0, 0), (2, 1), (1, 2), (3, 2)] {
        let (core, stop) = run(&code, &[at], NONE);
        assert_eq!(stop, Ok(Stop::Returned));
        assert_eq!((core.counts.cycles, core.counts.unaligned), (2 + more, u64::from(more > 0)), "{at}");
        assert_eq!(core.r[0], [0x4770_6800, 0x0047_7068, 0x4770, 0x47][at as usize], "{at}");
    }
    assert_eq!(run(&code, &[2], BOTH).1, Err(FaultKind::Unaligned { to: 2, align: 4 }));
}

#[test]
fn pairs_and_lists_and_the_fpu_need_alignment() {
    // ldrd r0, r1, [r0]; ldm r0!, {r1, r2}; stmia r0!, {r1, r2}; vldr s0, [r0]; vstr s0, [r0]
    for code in
        [&[0xE9D0, 0x0100][..], &[0xC806], &[0xC006], &[0xED90, 0x0A00], &[0xED80, 0x0A00], &[0xE9C0, 0x1200]]
    {
        assert_eq!(
            run(code, &[0x102], NONE).1,
            Err(FaultKind::Unaligned { to: 0x102, align: 4 }),
            "{code:x?}"
        );
    }
}

#[test]
fn what_leads_out_of_memory_is_a_fault_with_the_address() {
    assert_eq!(run(&[0x6800], &[0x8000], NONE).1, Err(FaultKind::Access { to: 0x8000, store: false }));
    assert_eq!(run(&[0x6001], &[0x8000], NONE).1, Err(FaultKind::Access { to: 0x8000, store: true }));
    assert_eq!(run(&[0x4700], &[0x9001], NONE).1, Err(FaultKind::Fetch));
    assert_eq!(run(&[0x4700], &[0x9000], NONE).1, Err(FaultKind::State { to: 0x9000 }));
    assert_eq!(run(&[0xDE00], &[], NONE).1, Err(FaultKind::Undefined { encoding: 0xDE00_0000 }));
}

#[test]
fn blocks_of_conditions_execute_one_side() {
    // cmp r0, #3; itee gt; movgt r1, #1; movle r1, #2; addle r1, #4; bx lr
    let code = [0x2803, 0xBFCC | 0x2, 0x2101, 0x2102, 0x3104, 0x4770];
    assert_eq!(run(&code, &[5, 0], NONE).0.r[1], 1);
    assert_eq!(run(&code, &[3, 0], NONE).0.r[1], 6);
}

#[test]
fn table_branches_count_halfwords_from_behind_themselves() {
    // tbb [pc, r0]; .byte 1, 3; 0x...: movs r0, #10; bx lr; movs r0, #20; bx lr
    let code = [0xE8DF, 0xF000, 0x0301, 0x200A, 0x4770, 0x2014, 0x4770];
    assert_eq!(run(&code, &[0], NONE).0.r[0], 10);
    assert_eq!(run(&code, &[1], NONE).0.r[0], 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_it_panic(code in prop::collection::vec(any::<u16>(), 1..64), registers in prop::collection::vec(any::<u32>(), 13), small in any::<bool>(), traps in any::<bool>()) {
        let registers: Vec<u32> = registers.iter().map(|&r| if small { r % 5000 } else { r }).collect();
        let (core, _) = run(&code, &registers, if traps { BOTH } else { NONE });
        let _ = core.xpsr();
    }

    #[test]
    fn every_pair_of_halfwords_has_a_text_or_no_meaning(first: u16, second: u16, at: u32) {
        if let Some(decoded) = spinntui_cortex_m4::decode(first, second) {
            prop_assert!(!decoded.instruction.text(at, spinntui_cortex_m4::Cond::Always).is_empty());
        }
    }
}
