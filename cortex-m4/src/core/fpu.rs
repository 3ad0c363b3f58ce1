//! Arithmetic of the FPU: IEEE 754 singles, rounded to nearest.

use super::{Core, Flags};
use crate::instruction::{Convert, FpuOp, Op, Reg, VUnary};

const SIGN: u32 = 1 << 31;

fn binary(fpu: FpuOp, d: f32, n: f32, m: f32) -> f32 {
    match fpu {
        FpuOp::Add => n + m,
        FpuOp::Sub => n - m,
        FpuOp::Mul => n * m,
        FpuOp::Nmul => -(n * m),
        FpuOp::Div => n / m,
        FpuOp::Mla => d + n * m,
        FpuOp::Mls => d + -(n * m),
        FpuOp::Nmla => -d + -(n * m),
        FpuOp::Nmls => -d + n * m,
        FpuOp::Fma => n.mul_add(m, d),
        FpuOp::Fms => (-n).mul_add(m, d),
        FpuOp::Fnma => (-n).mul_add(m, -d),
        FpuOp::Fnms => n.mul_add(m, -d),
    }
}

/// Converts integer or fixed-point bits to a single.
fn to_single(bits: u32, convert: Convert) -> f32 {
    let value = match (convert.bits, convert.signed) {
        (16, true) => f64::from(bits as i16),
        (16, false) => f64::from(bits as u16),
        (_, true) => f64::from(bits as i32),
        (_, false) => f64::from(bits),
    };
    // Exact in a double; the one rounding is the last.
    (value / (1_u64 << convert.fraction.min(32)) as f64) as f32
}

/// Converts a single to integer or fixed-point bits, with saturation; NaN becomes 0.
fn from_single(value: f32, convert: Convert) -> u32 {
    let value = f64::from(value) * (1_u64 << convert.fraction.min(32)) as f64;
    let value = if convert.nearest { value.round_ties_even() } else { value.trunc() };
    match (convert.bits, convert.signed) {
        (16, true) => i32::from(value as i16) as u32,
        (16, false) => u32::from(value as u16),
        (_, true) => value as i32 as u32,
        (_, false) => value as u32,
    }
}

impl Core {
    fn single(&self, number: u8) -> f32 {
        f32::from_bits(self.s[usize::from(number & 31)])
    }

    fn set_single(&mut self, number: u8, bits: u32) {
        self.s[usize::from(number & 31)] = bits;
    }

    /// Executes an instruction of the FPU that touches no memory.
    pub(super) fn compute_fpu(&mut self, op: &Op) {
        match *op {
            Op::VConstant { d, bits } => self.set_single(d, bits),
            Op::VUnary { unary, d, m } => {
                let bits = self.single(m).to_bits();
                let bits = match unary {
                    VUnary::Mov => bits,
                    VUnary::Abs => bits & !SIGN,
                    VUnary::Neg => bits ^ SIGN,
                    VUnary::Sqrt => f32::from_bits(bits).sqrt().to_bits(),
                };
                self.set_single(d, bits);
            }
            Op::VBinary { fpu, d, n, m } => {
                let value = binary(fpu, self.single(d), self.single(n), self.single(m));
                self.set_single(d, value.to_bits());
            }
            Op::VCompare { n, m, .. } => {
                self.fpu_flags = Flags::compare(self.single(n), m.map_or(0.0, |m| self.single(m)));
            }
            Op::VConvert { convert, d, m } => {
                let source = self.s[usize::from(m & 31)];
                let bits = if convert.to_float {
                    to_single(source, convert).to_bits()
                } else {
                    from_single(f32::from_bits(source), convert)
                };
                self.set_single(d, bits);
            }
            Op::VMoveCore { to_core: true, t, n, .. } => self.set(t, self.s[usize::from(n & 31)]),
            Op::VMoveCore { t, n, .. } => self.set_single(n, self.get(t)),
            Op::VMovePair { to_core: true, t, u, m, .. } => {
                self.set(t, self.s[usize::from(m & 31)]);
                self.set(u, self.s[usize::from((m + 1) & 31)]);
            }
            Op::VMovePair { t, u, m, .. } => {
                self.set_single(m, self.get(t));
                self.set_single(m + 1, self.get(u));
            }
            Op::VReadStatus { t: Reg::PC } => self.flags = self.fpu_flags,
            Op::VReadStatus { t } => self.set(t, self.fpu_flags.bits()),
            Op::VWriteStatus { t } => self.fpu_flags = Flags::of(self.get(t)),
            _ => {}
        }
    }
}
