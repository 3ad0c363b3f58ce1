//! A Cortex-M4 with its FPU, as gdb knows it: registers and the description that the stub sends.

use std::num::NonZeroUsize;

use gdbstub::arch::{Arch, RegId, Registers};
use spinntui_cortex_m4::Core;

use crate::kernel::code::write::Register;

/// Bytes of all registers: 16 of the core, the status, 16 doubles, the FPU's status.
const BYTES: usize = 4 * 17 + 8 * 16 + 4;

/// Target description: M-profile with the single-precision FPU.
///
/// gdb shows s0 to s31 as halves of the doubles.
pub const DESCRIPTION: &str = r#"<?xml version="1.0"?>
<!DOCTYPE target SYSTEM "gdb-target.dtd">
<target version="1.0">
  <architecture>arm</architecture>
  <feature name="org.gnu.gdb.arm.m-profile">
    <reg name="r0" bitsize="32"/><reg name="r1" bitsize="32"/><reg name="r2" bitsize="32"/><reg name="r3" bitsize="32"/>
    <reg name="r4" bitsize="32"/><reg name="r5" bitsize="32"/><reg name="r6" bitsize="32"/><reg name="r7" bitsize="32"/>
    <reg name="r8" bitsize="32"/><reg name="r9" bitsize="32"/><reg name="r10" bitsize="32"/><reg name="r11" bitsize="32"/>
    <reg name="r12" bitsize="32"/><reg name="sp" bitsize="32" type="data_ptr"/><reg name="lr" bitsize="32"/>
    <reg name="pc" bitsize="32" type="code_ptr"/><reg name="xpsr" bitsize="32" regnum="25"/>
  </feature>
  <feature name="org.gnu.gdb.arm.vfp">
    <reg name="d0" bitsize="64" type="ieee_double"/><reg name="d1" bitsize="64" type="ieee_double"/>
    <reg name="d2" bitsize="64" type="ieee_double"/><reg name="d3" bitsize="64" type="ieee_double"/>
    <reg name="d4" bitsize="64" type="ieee_double"/><reg name="d5" bitsize="64" type="ieee_double"/>
    <reg name="d6" bitsize="64" type="ieee_double"/><reg name="d7" bitsize="64" type="ieee_double"/>
    <reg name="d8" bitsize="64" type="ieee_double"/><reg name="d9" bitsize="64" type="ieee_double"/>
    <reg name="d10" bitsize="64" type="ieee_double"/><reg name="d11" bitsize="64" type="ieee_double"/>
    <reg name="d12" bitsize="64" type="ieee_double"/><reg name="d13" bitsize="64" type="ieee_double"/>
    <reg name="d14" bitsize="64" type="ieee_double"/><reg name="d15" bitsize="64" type="ieee_double"/>
    <reg name="fpscr" bitsize="32" type="int" group="float"/>
  </feature>
</target>"#;

/// Registers in the order of [`DESCRIPTION`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreRegisters {
    /// r0 to r12, SP, LR, PC.
    pub r: [u32; 16],
    /// Program status register.
    pub xpsr: u32,
    /// Singles as bits; two make a double.
    pub s: [u32; 32],
    /// Status of the FPU.
    pub fpscr: u32,
}

impl From<&Core> for CoreRegisters {
    fn from(core: &Core) -> Self {
        Self { r: core.r, xpsr: core.xpsr(), s: core.s, fpscr: core.fpu_flags.bits() }
    }
}

impl Registers for CoreRegisters {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.r[15]
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        let words = self.r.iter().chain([&self.xpsr]).chain(&self.s).chain([&self.fpscr]);
        for byte in words.flat_map(|word| word.to_le_bytes()) {
            write_byte(Some(byte));
        }
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        if bytes.len() < BYTES {
            return Err(());
        }
        let mut words =
            bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        let places = self.r.iter_mut().chain([&mut self.xpsr]).chain(&mut self.s).chain([&mut self.fpscr]);
        for (place, word) in places.zip(&mut words) {
            *place = word;
        }
        Ok(())
    }
}

impl CoreRegisters {
    /// Returns the value of a register.
    pub fn get(&self, register: Register) -> u32 {
        match register {
            Register::Core(number) => self.r[usize::from(number & 15)],
            Register::Single(number) => self.s[usize::from(number & 31)],
            Register::Status => self.xpsr,
            Register::FpuStatus => self.fpscr,
        }
    }

    /// Returns the registers that have other values than in `before`, with their values.
    pub fn changed(&self, before: &Self) -> Vec<(Register, u32)> {
        let all = |registers: &Self| -> Vec<(Register, u32)> {
            let core = (0..).zip(registers.r).map(|(number, value)| (Register::Core(number), value));
            let singles = (0..).zip(registers.s).map(|(number, value)| (Register::Single(number), value));
            let status = [(Register::Status, registers.xpsr), (Register::FpuStatus, registers.fpscr)];
            core.chain(status).chain(singles).collect()
        };
        all(self).into_iter().zip(all(before)).filter(|(now, then)| now != then).map(|(now, _)| now).collect()
    }
}

/// Register by gdb's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbered {
    /// Register of 4 bytes.
    Word(Register),
    /// Double by number: two singles.
    Double(u8),
}

impl Numbered {
    /// Returns the registers of the core that it consists of, the lower half first.
    pub fn parts(self) -> Vec<Register> {
        match self {
            Self::Word(register) => vec![register],
            Self::Double(number) => vec![Register::Single(2 * number), Register::Single(2 * number + 1)],
        }
    }
}

impl RegId for Numbered {
    fn from_raw_id(id: usize) -> Option<(Self, Option<NonZeroUsize>)> {
        let number = u8::try_from(id).ok()?;
        // As `DESCRIPTION` numbers them.
        let (register, bytes) = match number {
            0..=15 => (Self::Word(Register::Core(number)), 4),
            25 => (Self::Word(Register::Status), 4),
            26..=41 => (Self::Double(number - 26), 8),
            42 => (Self::Word(Register::FpuStatus), 4),
            _ => return None,
        };
        Some((register, NonZeroUsize::new(bytes)))
    }
}

/// Cortex-M4 with its FPU.
#[derive(Debug)]
pub enum CortexM4 {}

impl Arch for CortexM4 {
    type Usize = u32;
    type Registers = CoreRegisters;
    type BreakpointKind = usize;
    type RegId = Numbered;

    fn target_description_xml() -> Option<&'static str> {
        Some(DESCRIPTION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_that_gdb_writes_are_told_from_the_others() {
        let before = CoreRegisters::default();
        let mut now = before.clone();
        (now.r[3], now.s[31], now.xpsr) = (7, 9, 1 << 24);
        let changed = [(Register::Core(3), 7), (Register::Status, 1 << 24), (Register::Single(31), 9)];
        assert_eq!(now.changed(&before), changed);
        let doubles = Numbered::from_raw_id(41).unwrap().0.parts();
        assert_eq!(doubles, [Register::Single(30), Register::Single(31)]);
        assert!(Numbered::from_raw_id(16).is_none() && Numbered::from_raw_id(43).is_none());
    }
}
