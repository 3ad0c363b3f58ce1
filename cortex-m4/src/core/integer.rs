//! Arithmetic and logic of the core.

use super::{Core, Flags, Flow, fault::FaultKind};
use crate::instruction::{Alu, Op, Operand, Reg, Reverse, Set, Shift, System, Test};

/// Returns a shifted value and the carry that it leaves (A2.2.1).
fn shifted(value: u32, shift: Shift, amount: u32, carry: bool) -> (u32, bool) {
    if amount == 0 {
        return (value, carry);
    }
    let bit = |at: u32| at < 32 && value >> at & 1 == 1;
    match shift {
        Shift::Lsl => (value.checked_shl(amount).unwrap_or(0), amount <= 32 && bit(32 - amount.min(32))),
        Shift::Lsr => (value.checked_shr(amount).unwrap_or(0), bit(amount - 1)),
        Shift::Asr => (((value as i32) >> amount.min(31)) as u32, bit((amount - 1).min(31))),
        Shift::Ror => {
            let result = value.rotate_right(amount % 32);
            (result, result >> 31 == 1)
        }
        Shift::Rrx => (value >> 1 | u32::from(carry) << 31, value & 1 == 1),
    }
}

impl Core {
    /// Returns an operand, and the carry of its shift or expansion.
    fn operand(&self, operand: Operand) -> (u32, bool) {
        match operand {
            Operand::Imm(value, carry) => (value, carry.unwrap_or(self.flags.c)),
            Operand::Reg(m, shift, amount) => {
                shifted(self.operand_register(m), shift, amount.into(), self.flags.c)
            }
        }
    }

    fn logical(&self, result: u32, carry: bool) -> (u32, Flags) {
        (result, self.flags.logical(result, carry))
    }

    fn set_flags(&mut self, set: Set, flags: Flags) {
        if set == Set::Always || set == Set::OutsideIt && self.it == 0 {
            self.flags = flags;
        }
    }

    fn alu(&self, alu: Alu, n: u32, (m, carry): (u32, bool)) -> (u32, Flags) {
        match alu {
            Alu::And => self.logical(n & m, carry),
            Alu::Bic => self.logical(n & !m, carry),
            Alu::Orr => self.logical(n | m, carry),
            Alu::Orn => self.logical(n | !m, carry),
            Alu::Eor => self.logical(n ^ m, carry),
            Alu::Add => Flags::sum(n, m, false),
            Alu::Adc => Flags::sum(n, m, self.flags.c),
            Alu::Sbc => Flags::sum(n, !m, self.flags.c),
            Alu::Sub => Flags::sum(n, !m, true),
            Alu::Rsb => Flags::sum(m, !n, true),
        }
    }

    /// Writes a result; one to PC is a branch.
    fn result(&mut self, d: Reg, value: u32) -> Flow {
        if d == Reg::PC {
            return Flow::Jump(value & !1);
        }
        self.set(d, value);
        Flow::Next
    }

    /// Executes an integer instruction that touches no memory.
    pub(super) fn compute(&mut self, op: &Op, address: u32) -> Result<Flow, FaultKind> {
        match *op {
            Op::Alu { alu, set, d, n, m } => {
                let (result, flags) = self.alu(alu, self.operand_register(n), self.operand(m));
                self.set_flags(set, flags);
                return Ok(self.result(d, result));
            }
            Op::Compare { test, n, m } => {
                let (n, m) = (self.operand_register(n), self.operand(m));
                let alu = match test {
                    Test::Tst => Alu::And,
                    Test::Teq => Alu::Eor,
                    Test::Cmp => Alu::Sub,
                    Test::Cmn => Alu::Add,
                };
                self.flags = self.alu(alu, n, m).1;
            }
            Op::Move { not, set, d, m } => {
                let (value, carry) = self.operand(m);
                let (value, flags) = self.logical(if not { !value } else { value }, carry);
                self.set_flags(set, flags);
                return Ok(self.result(d, value));
            }
            Op::MoveTop { d, imm } => self.set(d, u32::from(imm) << 16 | self.get(d) & 0xFFFF),
            Op::Adr { d, offset } => {
                return Ok(self.result(d, (address.wrapping_add(4) & !3).wrapping_add_signed(offset)));
            }
            Op::ShiftBy { shift, set, d, n, m } => {
                let (value, carry) = shifted(self.get(n), shift, self.get(m) & 0xFF, self.flags.c);
                let (value, flags) = self.logical(value, carry);
                self.set_flags(set, flags);
                self.set(d, value);
            }
            Op::Multiply { set, d, n, m } => {
                let (value, flags) = self.logical(self.get(n).wrapping_mul(self.get(m)), self.flags.c);
                self.set_flags(set, flags);
                self.set(d, value);
            }
            Op::BitField { signed, d, n, lsb, width } => {
                let spare = 32 - u32::from(width.clamp(1, 32));
                let top = self.get(n) << spare.saturating_sub(lsb.into());
                self.set(d, if signed { ((top as i32) >> spare) as u32 } else { top >> spare });
            }
            Op::Insert { d, n, lsb, width } => {
                let mask = (u32::MAX >> (32 - u32::from(width.clamp(1, 32)))) << (lsb & 31);
                let source = n.map_or(0, |n| self.get(n)) << (lsb & 31);
                self.set(d, self.get(d) & !mask | source & mask);
            }
            Op::ReadSystem { d, system } => {
                let value = match system {
                    System::Apsr => self.xpsr() & 0xF800_0000,
                    System::Msp => self.r[13],
                    System::Primask => self.primask.into(),
                    _ => 0,
                };
                self.set(d, value);
            }
            Op::WriteSystem { n, system } => {
                let value = self.get(n);
                match system {
                    System::Apsr => {
                        (self.flags, self.saturated) = (Flags::of(value), value >> 27 & 1 == 1);
                    }
                    System::Msp => self.r[13] = value & !3,
                    System::Primask => self.primask = value & 1 == 1,
                    _ => {}
                }
            }
            Op::Divide { signed, d, n, m } => {
                let value = self.divide(signed, self.get(n), self.get(m))?;
                self.set(d, value);
            }
            Op::LongMultiply { signed, add, low, high, n, m } => {
                self.multiply_long((signed, add), (low, high), (n, m));
            }
            _ => self.transform(op),
        }
        Ok(Flow::Next)
    }

    /// Executes products, extensions, reversals and saturation: one result, and no flag but Q.
    fn transform(&mut self, op: &Op) {
        let half = |word: u32, top: bool| i32::from(if top { (word >> 16) as i16 } else { word as i16 });
        match *op {
            Op::MultiplyAdd { subtract, d, n, m, a } => {
                let product = self.get(n).wrapping_mul(self.get(m));
                let a = self.get(a);
                self.set(d, if subtract { a.wrapping_sub(product) } else { a.wrapping_add(product) });
            }
            Op::MultiplyHalves { half: halves, d, n, m, a } => {
                let product = half(self.get(n), halves.n).wrapping_mul(half(self.get(m), halves.m));
                let added = a.map_or(0, |a| self.get(a) as i32);
                let (value, over) = product.overflowing_add(added);
                self.saturated |= over;
                self.set(d, value as u32);
            }
            Op::MultiplyWordHalf { top, d, n, m, a } => {
                let product = (i64::from(self.get(n) as i32) * i64::from(half(self.get(m), top))) >> 16;
                let added = a.map_or(0, |a| self.get(a) as i32);
                let (value, over) = (product as i32).overflowing_add(added);
                self.saturated |= over;
                self.set(d, value as u32);
            }
            Op::MultiplyHigh { round, d, n, m, a } => {
                let product = i64::from(self.get(n) as i32) * i64::from(self.get(m) as i32);
                let added = a.map_or(0, |a| i64::from(self.get(a) as i32) << 32);
                let rounding = if round { 0x8000_0000 } else { 0 };
                self.set(d, (product.wrapping_add(added).wrapping_add(rounding) >> 32) as u32);
            }
            Op::Extend { extend, d, n, m } => {
                let word = self.get(m).rotate_right(extend.rotate.into());
                let value = match (extend.signed, extend.byte) {
                    (true, true) => i32::from(word as i8) as u32,
                    (true, false) => i32::from(word as i16) as u32,
                    (false, true) => word & 0xFF,
                    (false, false) => word & 0xFFFF,
                };
                self.set(d, n.map_or(0, |n| self.get(n)).wrapping_add(value));
            }
            Op::Reverse { reverse, d, m } => {
                let word = self.get(m);
                let value = match reverse {
                    Reverse::Rev => word.swap_bytes(),
                    Reverse::Rev16 => word.swap_bytes().rotate_left(16),
                    Reverse::Revsh => i32::from((word as u16).swap_bytes() as i16) as u32,
                    Reverse::Rbit => word.reverse_bits(),
                    Reverse::Clz => word.leading_zeros(),
                };
                self.set(d, value);
            }
            Op::Saturate { signed, d, bits, n, shift, amount } => {
                let value = i64::from(shifted(self.get(n), shift, amount.into(), false).0 as i32);
                let bits = u32::from(bits);
                let (least, most) = if signed {
                    (-(1_i64 << (bits.max(1) - 1)), (1_i64 << (bits.max(1) - 1)) - 1)
                } else {
                    (0, (1_i64 << bits) - 1)
                };
                let held = value.clamp(least, most);
                self.saturated |= held != value;
                self.set(d, held as u32);
            }
            _ => {}
        }
    }

    fn multiply_long(&mut self, (signed, add): (bool, bool), (low, high): (Reg, Reg), (n, m): (Reg, Reg)) {
        let (n, m) = (self.get(n), self.get(m));
        let product = if signed {
            (i64::from(n as i32) * i64::from(m as i32)) as u64
        } else {
            u64::from(n) * u64::from(m)
        };
        let added = if add { u64::from(self.get(high)) << 32 | u64::from(self.get(low)) } else { 0 };
        let value = product.wrapping_add(added);
        self.set(low, value as u32);
        self.set(high, (value >> 32) as u32);
    }

    fn divide(&mut self, signed: bool, n: u32, m: u32) -> Result<u32, FaultKind> {
        if m == 0 {
            if self.traps.divide {
                return Err(FaultKind::Divide);
            }
            self.counts.divided_by_zero += 1;
            return Ok(0);
        }
        Ok(if signed { (n as i32).wrapping_div(m as i32) as u32 } else { n / m })
    }
}
