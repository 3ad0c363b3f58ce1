//! Random calls of every kernel in `assets/kernels`, as JSON: arguments, memory, results
//! and instructions executed.
//!
//! `assets/kernels/qemu/run.py` makes the same calls on QEMU's Cortex-M4 and compares. Results of
//! matrix kernels are those of the emulator's own kernels, which must also be the listing's; of the
//! others those of the listing.

use std::error::Error;

use serde_json::{Value, json};
use spinntui::chip::listing::Function;
use spinntui::chip::listing::board::Board;
use spinntui::chip::listing::trace::{Call, execute};
use spinntui::kernel::cost::SOURCES;
use spinntui::kernel::matrix::{Kernel, Operands, Share};
use spinntui::kernel::options::KernelKind;
use spinntui::kernel::{SramWords, WORDS};

/// Byte addresses of the input and the sums.
const AT: Operands = Operands { x: 0x1_0000, sums: 0x1_4000 };
/// Byte address of the first array of a matrix; the next follow every `ARRAY_STEP` bytes.
const FIRST_ARRAY: u32 = 0x2000;
const ARRAY_STEP: u32 = 0x3000;
/// Byte address of the data of other kernels.
const DATA: u32 = 0x8000;
const STACK: u32 = 0x1_F000;
/// Device addresses of registers.h.
const EXP_UNIT: u32 = 0xE010_0100;
const TIMER: u32 = 0xE100_0000;
const COMMS: u32 = 0xE200_0000;
/// Calls of each matrix kernel.
const CALLS: u64 = 4;

/// Words of memory from an address on.
type Image = Vec<(u32, Vec<u32>)>;

/// A small xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Returns a random f32 between -1 and 1, sometimes very small.
    fn single(&mut self) -> f32 {
        let mantissa = self.below(1 << 24) as f32 / (1 << 23) as f32 - 1.0;
        if self.chance(10) { mantissa * 1e-30 } else { mantissa }
    }

    fn singles(&mut self, n: usize) -> Vec<u32> {
        (0..n).map(|_| self.single().to_bits()).collect()
    }
}

/// Call of a function, with its memory and the values to compare.
struct Case {
    function: &'static str,
    arguments: Vec<u32>,
    memory: Image,
    /// Address and number of the words that the call leaves behind.
    results: (u32, usize),
    /// Words that the emulator's own kernel leaves there; `None` where there is only the listing.
    kernel: Option<Vec<u32>>,
}

impl Case {
    /// Executes the listing and returns the case with its results.
    fn execute(self) -> Result<Value, Box<dyn Error>> {
        let source = SOURCES.iter().find(|source| source.functions.contains(&self.function));
        let source = source.ok_or("a function of no listing")?;
        let mut board = Board::default();
        for (address, words) in &self.memory {
            board.put(*address, words.iter().copied());
        }
        let symbols = [("buffer_of_block", DATA), ("input_ready", DATA)];
        let call = Call { arguments: &self.arguments, stack: STACK, symbols: &symbols };
        let steps = execute(&Function::parse(source.listing, self.function)?, &call, &mut board)?;
        let (address, count) = self.results;
        let listing = board.get(address, count);
        if self.kernel.as_ref().is_some_and(|kernel| *kernel != listing) {
            return Err(format!("{}: the emulator's kernel and its listing differ", self.function).into());
        }
        Ok(json!({
            "function": self.function,
            "arguments": self.arguments,
            "memory": self.memory,
            "results": [address, count],
            "expected": listing,
            "expected_from": if self.kernel.is_some() { "kernel" } else { "listing" },
            "instructions": steps.len(),
        }))
    }
}

/// Returns a case of a random matrix on a random input. With `wide`, the matrix has more rows than
/// a byte can number; with `infinite`, the only weight of its first row is infinite.
fn matrix(kind: KernelKind, wide: bool, infinite: bool, random: &mut Random) -> Result<Case, Box<dyn Error>> {
    let (rows, sources) = if wide {
        (257 + random.below(6), 3 + random.below(5))
    } else {
        (3 + random.below(38), 5 + random.below(50))
    };
    let mut weights: Vec<Vec<(u32, f32)>> = Vec::new();
    for _ in 0..rows {
        let mut row: Vec<(u32, f32)> = Vec::new();
        for source in 0..sources as u32 {
            if random.chance(25) {
                row.push((source, random.single()));
            }
        }
        weights.push(row);
    }
    if infinite && let Some(row) = weights.first_mut() {
        *row = vec![(0, f32::INFINITY)];
    }
    let x: Vec<f32> = (0..sources)
        .map(|_| if random.chance(50) { if random.chance(20) { -0.0 } else { 0.0 } } else { random.single() })
        .collect();
    // Model order is not the order of places, and there are gaps.
    let mut words: Vec<u32> = (0..sources as u32).map(|source| 2 * source + 1).collect();
    words.rotate_left(sources as usize / 3);
    let input: Vec<u32> = if kind.takes_list() {
        let events: Vec<u32> =
            (0_u32..).zip(&x).filter(|(_, x)| **x != 0.0).flat_map(|(s, x)| [s, x.to_bits()]).collect();
        std::iter::once(events.len() as u32 / 2).chain(events).collect()
    } else {
        let mut input = vec![0; 2 * sources as usize + 2];
        for (word, x) in words.iter().zip(&x) {
            input[*word as usize] = x.to_bits();
        }
        input
    };
    let share = Share { rows: &weights, words: &words };
    let addresses: Vec<u32> =
        (0..kind.arrays(share.shape()).len() as u32).map(|i| FIRST_ARRAY + ARRAY_STEP * i).collect();
    let placed = Kernel::place(kind, &share, &addresses)?;
    let mut memory = placed.image;
    memory.push((AT.x, input));
    // What a kernel forgets to write stays a NaN.
    memory.push((AT.sums, vec![f32::NAN.to_bits(); rows as usize]));
    let mut sram: Box<SramWords> = vec![0; WORDS].try_into().map_err(|_| "SRAM has another size")?;
    for (address, part) in &memory {
        sram[*address as usize / 4..][..part.len()].copy_from_slice(part);
    }
    let mut sums = vec![0.0; rows as usize];
    placed.kernel.run(&sram, AT, &mut sums)?;
    Ok(Case {
        function: placed.kernel.routine().function(),
        arguments: placed.kernel.arguments(AT),
        memory,
        results: (AT.sums, rows as usize),
        kernel: Some(sums.iter().map(|sum| sum.to_bits()).collect()),
    })
}

/// Returns a case of `pointwise` with `units` units. The exp unit's result is a word of memory
/// here, the same for every operand.
fn pointwise(units: u32, random: &mut Random) -> Case {
    let n = units as usize;
    let at = |array: u32| DATA + 0x400 * array;
    let mut memory: Image = (0..4).map(|array| (at(array), random.singles(3 * n))).collect();
    memory.push((at(4), (0..n).map(|_| random.single().abs().to_bits()).collect()));
    memory.push((at(5), random.singles(n)));
    memory.push((at(6), vec![f32::NAN.to_bits(); n]));
    memory.push((EXP_UNIT + 4, vec![random.single().abs().to_bits()]));
    let arguments = std::iter::once(units).chain((0..7).map(at)).collect();
    // c and y, and what is between them.
    Case { function: "pointwise", arguments, memory, results: (at(5), 0x100 + n), kernel: None }
}

/// Returns the cases of the kernels that touch devices or flags.
fn others(random: &mut Random) -> Vec<Case> {
    let case = |function, arguments: &[u32], memory: Image, results| Case {
        function,
        arguments: arguments.to_vec(),
        memory,
        results,
        kernel: None,
    };
    let mut cases: Vec<Case> = [1, 2, 27].map(|units| pointwise(units, random)).into();
    for (packets, destinations) in [(1, 1), (7, 26), (3, 38)] {
        let memory = vec![
            (DATA, random.singles(4 * packets as usize)),
            (0xA000, random.singles(2 * destinations as usize)),
        ];
        cases.push(case("broadcast", &[DATA, packets, 0xA000, destinations], memory, (COMMS, 6)));
    }
    for expected in [1, 5] {
        let block = 3;
        let memory = vec![
            (COMMS + 0x18, vec![block]),
            (DATA + 4 * block, vec![0xA000]),
            (0xA000, vec![0, expected, 0]),
        ];
        cases.push(case("receive_isr", &[], memory, (0xA000, 3)));
    }
    cases.push(case("wait_polling", &[DATA], vec![(DATA, vec![1])], (DATA, 1)));
    cases.push(case("wait_sleeping", &[DATA], vec![(DATA, vec![1])], (DATA, 1)));
    let embedding = vec![(DATA, vec![0x4000_0000, 5408, 0x6000])];
    cases.push(case("embedding_dma_start", &[DATA, 17], embedding, (COMMS + 0x20, 4)));
    cases.push(case("embedding_dma_isr", &[], Vec::new(), (DATA, 1)));
    let log = vec![(DATA, vec![9000, 1023]), (TIMER + 4, vec![8123])];
    cases.push(case("timer_log", &[DATA], log, (DATA, 1026)));
    cases.push(case("barrier_collect", &[DATA, 50, 7], vec![(DATA, vec![7; 50])], (DATA, 50)));
    cases
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut random = Random(0x5EED_CAFE_F00D);
    let mut cases = Vec::new();
    for kind in KernelKind::ALL {
        let column = matches!(kind, KernelKind::CscEvent | KernelKind::CscEventList);
        // A kernel has a full path for such weights, or refuses them.
        let full = matches!(kind, KernelKind::CscEvent | KernelKind::DenseEvent);
        for wide in [false, true] {
            for infinite in [false, true] {
                if (wide && !column) || (infinite && !full) {
                    continue;
                }
                for _ in 0..CALLS {
                    cases.push(matrix(kind, wide, infinite, &mut random)?);
                }
            }
        }
    }
    cases.extend(others(&mut random));
    let values: Vec<Value> = cases.into_iter().map(Case::execute).collect::<Result<_, _>>()?;
    println!("{}", serde_json::to_string(&values)?);
    Ok(())
}
