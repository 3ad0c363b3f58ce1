//! MAC array of a PE: operations, cycles and memory accesses.
//!
//! Published (CHIP26, read through a survey): 16 × 4 units, output-stationary, signed or unsigned
//! bytes, sums of 24 bits, operands from the PE's SRAM, an interrupt at the end; 78 % use in a
//! matrix product, and 16 to 19 % in fully connected layers, which keep one of the four rows busy.
//! Not published, and assumed here: the layout of operands in SRAM, the beginning and end of a
//! tile, the result of a sum that needs more than 24 bits (here it wraps), and the meaning of the
//! registers, whose names are the prototype's (S2T).

use serde::{Deserialize, Serialize};

/// Rows of the array: number of vectors that it multiplies at a time.
pub const MAC_ROWS: u32 = 4;
/// Columns of the array: number of outputs of each vector that it computes at a time.
pub const MAC_COLUMNS: u32 = 16;
/// Bits of a sum.
pub const MAC_SUM_BITS: u32 = 24;
/// Use of the whole array in a matrix product, percent of its units and cycles.
pub const MAC_USE_PERCENT: f64 = 78.0;
/// Least and most use of the whole array in a fully connected layer, percent.
pub const MAC_VECTOR_USE_PERCENT: [f64; 2] = [16.0, 19.0];

/// First byte of the registers (S2T).
const REGISTERS: u32 = 0xE300_0000;
/// Registers, in the order of `registers.h`: sources a and b, target, rows of a, columns of a, rows
/// of b, trigger, done.
const REGISTER_COUNT: usize = 8;
const TRIGGER: usize = 6;
const DONE: usize = 7;

/// Sizes of one run: `vectors` vectors of `terms` bytes, each multiplied by `outputs` rows of
/// weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MacShape {
    /// Number of vectors that share the weights.
    pub vectors: u32,
    /// Bytes of a vector, and of a row of weights; a multiple of 4.
    pub terms: u32,
    /// Rows of weights: sums of each vector.
    pub outputs: u32,
}

/// Share of cycles in which an occupied unit of the array multiplies, percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacUse {
    /// Share with several vectors, percent.
    pub matrix: f64,
    /// Share with one vector, percent.
    pub vector: f64,
}

/// Cycles, operations and bytes of runs of the MAC array.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacRun {
    /// PE cycles from trigger to end.
    pub cycles: u64,
    /// Number of multiply-adds, including those with the zeros that pad words.
    pub macs: u64,
    /// Bytes read from the PE's SRAM and written to it.
    pub bytes: u64,
}

impl MacShape {
    /// Returns the number of multiply-adds of the run.
    pub fn macs(self) -> u64 {
        u64::from(self.vectors) * u64::from(self.terms) * u64::from(self.outputs)
    }

    /// Returns the size of the array's sums, in bytes.
    pub fn sum_bytes(self) -> u32 {
        4 * self.vectors * self.outputs
    }

    /// Returns the number of tiles, each of up to 16 outputs of up to 4 vectors.
    fn tiles(self) -> u64 {
        u64::from(self.vectors.div_ceil(MAC_ROWS)) * u64::from(self.outputs.div_ceil(MAC_COLUMNS))
    }

    /// Returns the cycles of a run, in which an occupied unit multiplies for the share `shares` of
    /// the time.
    pub fn cycles(self, shares: MacUse) -> u64 {
        let percent = if self.vectors > 1 { shares.matrix } else { shares.vector };
        let steps = self.tiles() * u64::from(self.terms);
        (steps as f64 * 100.0 / percent.max(1.0)).ceil() as u64
    }

    /// Returns the number of accesses of up to 16 bytes to vectors, to weights and to sums.
    ///
    /// In each step a tile needs one byte of each of its vectors and of each of its rows of
    /// weights. It reads each byte once.
    pub fn accesses(self) -> [u64; 3] {
        let units = |bytes: u32| u64::from(bytes.div_ceil(16));
        let (vectors, outputs, each) = (u64::from(self.vectors), u64::from(self.outputs), units(self.terms));
        [
            vectors * each * u64::from(self.outputs.div_ceil(MAC_COLUMNS)),
            outputs * each * u64::from(self.vectors.div_ceil(MAC_ROWS)),
            units(self.sum_bytes()),
        ]
    }

    /// Returns the number of bytes that the array reads and writes.
    pub fn bytes(self) -> u64 {
        let terms = u64::from(self.terms);
        let vectors = u64::from(self.vectors) * u64::from(self.outputs.div_ceil(MAC_COLUMNS));
        let weights = u64::from(self.outputs) * u64::from(self.vectors.div_ceil(MAC_ROWS));
        terms * (vectors + weights) + u64::from(self.sum_bytes())
    }

    /// Returns the cycles and counts of a run.
    pub fn run(self, shares: MacUse) -> MacRun {
        MacRun { cycles: self.cycles(shares), macs: self.macs(), bytes: self.bytes() }
    }
}

impl MacRun {
    /// Returns the difference from an earlier total.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            cycles: self.cycles.wrapping_sub(before.cycles),
            macs: self.macs.wrapping_sub(before.macs),
            bytes: self.bytes.wrapping_sub(before.bytes),
        }
    }
}

impl std::ops::AddAssign for MacRun {
    fn add_assign(&mut self, other: Self) {
        self.cycles = self.cycles.wrapping_add(other.cycles);
        self.macs = self.macs.wrapping_add(other.macs);
        self.bytes = self.bytes.wrapping_add(other.bytes);
    }
}

/// Returns the 24 bits that the array keeps of a sum, and `true` if their value differs.
pub fn kept(sum: i32) -> (i32, bool) {
    let spare = 32 - MAC_SUM_BITS;
    let kept = (sum << spare) >> spare;
    (kept, kept != sum)
}

/// Returns the dot product of two rows of signed bytes, four per word. The sum wraps at 32 bits,
/// more than the array keeps.
pub fn dot(a: impl IntoIterator<Item = u32>, b: impl IntoIterator<Item = u32>) -> i32 {
    let pairs = a.into_iter().zip(b);
    pairs.fold(0_i32, |sum, (a, b)| {
        let product = |i: usize| i32::from(a.to_le_bytes()[i] as i8) * i32::from(b.to_le_bytes()[i] as i8);
        sum.wrapping_add(product(0) + product(1) + product(2) + product(3))
    })
}

/// Registers of the array, for cores that execute listings or machine code.
///
/// A run ends at once here; [`MacShape::cycles`] gives its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MacRegisters([u32; REGISTER_COUNT]);

impl MacRegisters {
    fn index(address: u32) -> Option<usize> {
        let index = address.checked_sub(REGISTERS)? as usize / 4;
        (index < REGISTER_COUNT).then_some(index)
    }

    /// Returns a register; `None` if none is at `address`.
    pub fn load(&self, address: u32) -> Option<u32> {
        self.0.get(Self::index(address)?).copied()
    }

    /// Writes a register; `None` if none is at `address`, else whether it starts a run.
    pub fn store(&mut self, address: u32, value: u32) -> Option<bool> {
        let index = Self::index(address)?;
        self.0[index] = value;
        Some(index == TRIGGER)
    }

    /// Returns the sizes of the run that the registers describe.
    pub fn shape(&self) -> MacShape {
        let [.., vectors, terms, outputs, _, _] = self.0;
        MacShape { vectors, terms, outputs }
    }

    /// Carries out the run that the registers describe and returns the words to write, by address.
    ///
    /// `load` reads a word of memory. Runs of more than 2³² products are cut off.
    pub fn run(&mut self, load: impl FnMut(u32) -> u32) -> Vec<(u32, u32)> {
        self.run_counted(load).0
    }

    /// Carries out a run as [`Self::run`] does, and also returns the number of sums that need more
    /// bits than the array keeps.
    pub fn run_counted(&mut self, mut load: impl FnMut(u32) -> u32) -> (Vec<(u32, u32)>, u32) {
        let [a, b, target, vectors, terms, outputs, _, _] = self.0;
        self.0[DONE] = 1;
        let words = terms / 4;
        let mut row = |at: u32, row: u32| -> Vec<u32> {
            let start = at.wrapping_add(row.wrapping_mul(terms));
            (0..words).map(|word| load(start.wrapping_add(4 * word))).collect()
        };
        if self.shape().macs() > u64::from(u32::MAX) {
            return (Vec::new(), 0);
        }
        let weights: Vec<Vec<u32>> = (0..outputs).map(|output| row(b, output)).collect();
        let (mut sums, mut overflows) = (Vec::new(), 0);
        for vector in 0..vectors {
            let values = row(a, vector);
            for weights in &weights {
                let (sum, over) = kept(dot(values.iter().copied(), weights.iter().copied()));
                sums.push(sum as u32);
                overflows += u32::from(over);
            }
        }
        ((target..).step_by(4).zip(sums).collect(), overflows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USE: MacUse = MacUse { matrix: 78.0, vector: 70.0 };

    #[test]
    fn a_fully_connected_layer_keeps_one_row_of_four_busy() {
        // The published use is 16 to 19 % of all units and cycles.
        let layer = MacShape { vectors: 1, terms: 1024, outputs: 64 };
        let units = f64::from(MAC_ROWS * MAC_COLUMNS);
        let share = |shape: MacShape| 100.0 * shape.macs() as f64 / (shape.cycles(USE) as f64 * units);
        let [least, most] = MAC_VECTOR_USE_PERCENT;
        assert!((least..=most).contains(&share(layer)), "{}", share(layer));
        let product = MacShape { vectors: 64, ..layer };
        assert!((share(product) - MAC_USE_PERCENT).abs() < 0.01, "{}", share(product));
    }

    #[test]
    fn a_sum_of_more_than_24_bits_wraps_and_is_told() {
        assert_eq!(kept(8_388_607), (8_388_607, false));
        assert_eq!(kept(8_388_608), (-8_388_608, true));
        assert_eq!(kept(-8_388_609), (8_388_607, true));
        assert_eq!(kept(-8_388_608), (-8_388_608, false));
    }

    #[test]
    fn bytes_are_signed() {
        let word = |bytes: [i8; 4]| u32::from_le_bytes(bytes.map(|byte| byte as u8));
        assert_eq!(dot([word([1, -2, 127, -127])], [word([3, 4, -127, -127])]), 3 - 8 - 16_129 + 16_129);
    }

    #[test]
    fn every_byte_is_read_once_a_tile() {
        let shape = MacShape { vectors: 9, terms: 1600, outputs: 16 };
        // Three tiles: 9 vectors once, the weights three times.
        assert_eq!(shape.bytes(), 9 * 1600 + 3 * 16 * 1600 + 9 * 16 * 4);
        assert_eq!(shape.accesses(), [9 * 100, 3 * 16 * 100, 36]);
        assert_eq!(shape.cycles(MacUse { matrix: 100.0, vector: 100.0 }), 3 * 1600);
    }
}
