//! `maps.c`: what a core does around the MAC array for layers of convolutions.
//!
//! Maps lie place after place, 16 channels of one place together in 16 signed bytes, a packet. Each
//! function here reads SRAM and returns the words that the C function leaves at its target.

use serde::{Deserialize, Serialize};

use super::words::{BYTES, Guard, half, single, word};
use super::{KernelFault, SramWords};
use crate::net::int8::byte;

/// Channels of a place that lie together: a packet of bytes, and the columns of the MAC array.
pub const LANES: u32 = crate::chip::mac::MAC_COLUMNS;

const GUARD: Guard = Guard { kernel: "maps" };

/// Operands of `frame_bytes`; byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameLayout {
    /// Pixels, singles, `[side, side]`.
    pub from: u32,
    /// Rows and columns.
    pub side: u32,
    /// Inverse of the pixels' scale, a single.
    pub inverse: u32,
    /// Bytes, rows `side + gap` apart.
    pub to: u32,
    /// Bytes between two rows.
    pub gap: u32,
}

/// Operands of `gather`; byte addresses, multiples of 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatherLayout {
    /// Runs, a word each: first word at the source, and in the upper half at the target.
    pub runs: u32,
    /// Number of runs.
    pub count: u32,
    /// Words of a run, at least 1.
    pub words: u32,
    /// Address of the bytes to copy.
    pub from: u32,
    /// Address to copy to.
    pub to: u32,
    /// Words of the target.
    pub to_words: u32,
}

/// Operands of `pool_bytes`; byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolLayout {
    /// Sums of the first of 16 channels, 32-bit integers.
    pub sums: u32,
    /// Windows, half-words: where the sums of a place begin, `[places, window]`.
    pub windows: u32,
    /// Number of places of the map that comes in.
    pub places: u32,
    /// Places that each output takes the largest sum of, at least 1.
    pub window: u32,
    /// Factor and bias of each channel, singles.
    pub factors: u32,
    /// Outputs, signed bytes, `[places, 16]`.
    pub to: u32,
}

/// Operands of `scale_sums`; byte addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleLayout {
    /// Sums, 32-bit integers.
    pub sums: u32,
    /// Number of sums.
    pub count: u32,
    /// Factor and bias of each, singles.
    pub factors: u32,
    /// Address of the outputs, singles.
    pub to: u32,
}

impl FrameLayout {
    /// Returns the words from [`Self::to`] on, rounded down to a word, with the pixels as bytes
    /// among what lies there.
    ///
    /// # Errors
    ///
    /// Fails if an operand lies outside SRAM.
    pub fn run(&self, words: &SramWords) -> Result<(u32, Vec<u32>), KernelFault> {
        let Self { from, side, inverse, to, gap } = *self;
        let stride = side + gap;
        GUARD.array("pixels", from, 4 * u64::from(side) * u64::from(side))?;
        GUARD.array("bytes", to, u64::from(side) * u64::from(stride))?;
        GUARD.array("scale", inverse, 4)?;
        let inverse = single(words, inverse as usize);
        let (start, end) = (to & !3, (to + side * stride).next_multiple_of(4).min(BYTES as u32));
        let mut made = words[start as usize / 4..end as usize / 4].to_vec();
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut made);
        for row in 0..side {
            for column in 0..side {
                let pixel = single(words, (from + 4 * (row * side + column)) as usize);
                let at = (to - start + row * stride + column) as usize;
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte(pixel * inverse) as u8;
                }
            }
        }
        Ok((start, made))
    }
}

impl GatherLayout {
    /// Returns the words of the target: what lies there, with the runs copied into it.
    ///
    /// # Errors
    ///
    /// Fails if a run leads outside SRAM, or outside the target.
    pub fn run(&self, words: &SramWords) -> Result<Vec<u32>, KernelFault> {
        GUARD.array("runs", self.runs, 4 * u64::from(self.count))?;
        GUARD.array("target", self.to, 4 * u64::from(self.to_words))?;
        let start = self.to as usize / 4;
        let mut made = words[start..start + self.to_words as usize].to_vec();
        for run in 0..self.count {
            let run = word(words, (self.runs + 4 * run) as usize);
            let (source, target) = (self.from + 4 * (run & 0xFFFF), run >> 16);
            GUARD.array("run", source, 4 * u64::from(self.words))?;
            let source = source as usize / 4..source as usize / 4 + self.words as usize;
            let target = target as usize..target as usize + self.words as usize;
            let place = made.get_mut(target.clone());
            let place =
                place.ok_or_else(|| GUARD.fault("run", u64::from(self.to) + 4 * target.end as u64))?;
            place.copy_from_slice(&words[source]);
        }
        Ok(made)
    }
}

/// Returns a sum as an activation, with the factor and bias that lie at an address.
fn activation(words: &SramWords, sum: u32, factor: u32) -> f32 {
    let [factor, bias] = [factor, factor + 4].map(|at| single(words, at as usize));
    sum.cast_signed() as f32 * factor + bias
}

impl PoolLayout {
    /// Returns the words of the outputs.
    ///
    /// # Errors
    ///
    /// Fails if an operand lies outside SRAM.
    pub fn run(&self, words: &SramWords) -> Result<Vec<u32>, KernelFault> {
        let Self { sums, windows, places, window, factors, to } = *self;
        GUARD.array("windows", windows, 2 * u64::from(places) * u64::from(window))?;
        GUARD.array("factors", factors, 8 * u64::from(LANES))?;
        GUARD.array("outputs", to, u64::from(LANES) * u64::from(places))?;
        let mut made = vec![0_u32; (places * LANES / 4) as usize];
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut made);
        for (place, bytes) in (0..places).zip(bytes.chunks_mut(LANES as usize)) {
            let starts: Vec<u32> =
                (0..window).map(|i| half(words, (windows + 2 * (place * window + i)) as usize)).collect();
            for start in &starts {
                GUARD.array("sums", sums + 4 * start, 4 * u64::from(LANES))?;
            }
            for (channel, to) in (0_u32..).zip(bytes) {
                let sum = |start: &u32| word(words, (sums + 4 * (start + channel)) as usize).cast_signed();
                let most = starts.iter().map(sum).max().unwrap_or(i32::MIN);
                let value = activation(words, most.cast_unsigned(), factors + 8 * channel);
                *to = byte(value).max(0) as u8;
            }
        }
        Ok(made)
    }
}

impl ScaleLayout {
    /// Returns the outputs.
    ///
    /// # Errors
    ///
    /// Fails if an operand lies outside SRAM.
    pub fn run(&self, words: &SramWords) -> Result<Vec<f32>, KernelFault> {
        let Self { sums, count, factors, to } = *self;
        GUARD.array("sums", sums, 4 * u64::from(count))?;
        GUARD.array("factors", factors, 8 * u64::from(count))?;
        GUARD.array("outputs", to, 4 * u64::from(count))?;
        let output = |i: u32| activation(words, word(words, (sums + 4 * i) as usize), factors + 8 * i);
        Ok((0..count).map(output).collect())
    }
}
