//! Execution of the FPU's instructions.

use super::{Core, Memory};
use crate::chip::listing::instruction::{Convert, Fpu, Op, VUnary};
use spinntui_cortex_m4::Flags;

impl<M: Memory> Core<'_, M> {
    /// Executes an FPU instruction.
    pub(super) fn step_fpu(&mut self, op: &Op) -> Result<(), String> {
        match op {
            Op::VLoad { d, address } => {
                let word = self.read(address)?;
                self.set_float(*d, f32::from_bits(word));
            }
            Op::VStore { t, address } => self.write(address, self.float(*t).to_bits())?,
            Op::VLoadMultiple { base, writeback, d } => {
                let mut at = self.get(*base);
                for reg in d {
                    let word = self.load(at)?;
                    self.set_float(*reg, f32::from_bits(word));
                    at = at.wrapping_add(4);
                }
                if *writeback {
                    self.set(*base, at);
                }
            }
            Op::VStoreMultiple { base, writeback, t } => {
                let mut at = self.get(*base);
                for reg in t {
                    self.store(at, self.float(*reg).to_bits())?;
                    at = at.wrapping_add(4);
                }
                if *writeback {
                    self.set(*base, at);
                }
            }
            Op::VConstant { d, value } => self.set_float(*d, *value),
            Op::VUnary { d, m, unary } => {
                let m = self.float(*m);
                let value = match unary {
                    VUnary::Move => m,
                    VUnary::Neg => -m,
                    VUnary::Abs => m.abs(),
                    VUnary::Sqrt => m.sqrt(),
                };
                self.set_float(*d, value);
            }
            Op::VBinary { fpu, d, n, m } => {
                let (n, m) = (self.float(*n), self.float(*m));
                let value = match fpu {
                    Fpu::Add => n + m,
                    Fpu::Sub => n - m,
                    Fpu::Mul => n * m,
                    Fpu::Div => n / m,
                    Fpu::Fma => n.mul_add(m, self.float(*d)),
                };
                self.set_float(*d, value);
            }
            Op::VCompare { n, m } => {
                self.fpu_flags = Flags::compare(self.float(*n), m.map_or(0.0, |m| self.float(m)));
            }
            Op::VFlags => self.flags = self.fpu_flags,
            Op::VFromCore { d, t } => self.set_float(*d, f32::from_bits(self.get(*t))),
            Op::VToCore { d, m } => self.set(*d, self.float(*m).to_bits()),
            Op::VConvert { d, m, convert } => {
                let m = self.float(*m);
                let value = match convert {
                    Convert::FromSigned => m.to_bits() as i32 as f32,
                    Convert::FromUnsigned => m.to_bits() as f32,
                    Convert::ToSigned => f32::from_bits(m as i32 as u32),
                    Convert::ToUnsigned => f32::from_bits(m as u32),
                };
                self.set_float(*d, value);
            }
            _ => return Err("not an FPU instruction".to_string()),
        }
        Ok(())
    }
}

/// Returns `true` if an operation is an FPU instruction.
pub(super) fn is_fpu(op: &Op) -> bool {
    matches!(
        op,
        Op::VLoad { .. }
            | Op::VStore { .. }
            | Op::VLoadMultiple { .. }
            | Op::VStoreMultiple { .. }
            | Op::VConstant { .. }
            | Op::VUnary { .. }
            | Op::VBinary { .. }
            | Op::VCompare { .. }
            | Op::VFlags
            | Op::VFromCore { .. }
            | Op::VToCore { .. }
            | Op::VConvert { .. }
    )
}
