//! A Cortex-M4 with its FPU, as gdb knows it: registers and the description that the stub sends.

use gdbstub::arch::{Arch, Registers};
use spinntui_cortex_m4::Core;

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

/// Cortex-M4 with its FPU.
#[derive(Debug)]
pub enum CortexM4 {}

impl Arch for CortexM4 {
    type Usize = u32;
    type Registers = CoreRegisters;
    type BreakpointKind = usize;
    type RegId = ();

    fn target_description_xml() -> Option<&'static str> {
        Some(DESCRIPTION)
    }
}
