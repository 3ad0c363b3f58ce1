//! Execution of a listing, instruction by instruction, with its cycles.
//!
//! Not a Cortex-M4 emulator: it knows the instructions of our kernels and enough of the flags. It
//! serves to read costs off a listing by running it ([`crate::kernel::cost`]) and to test that the
//! closed formulas derived from it hold for any input.

mod fpu;

use std::collections::BTreeMap;

use spinntui_cortex_m4::Flags;

use super::instruction::{Address, Alu, Index, Instruction, Offset, Op, Operand, Reg, SReg, Shift, Width};
use super::{Function, ListingError, Literal};
use crate::chip::cortex_m4f::{Cycles, timing};
use fpu::is_fpu;

/// Instructions after which an execution is given up: far beyond what any measurement needs.
const STEP_LIMIT: usize = 1_000_000;
/// Value of LR at the start: never jumped to, only recognised by `pop {pc}`.
const RETURN_ADDRESS: u32 = 0xFFFF_FFFF;

/// Memory as a kernel sees it: words, SRAM and devices alike.
pub trait Memory {
    /// Returns the word at `address`, or the reason why it cannot be read.
    fn load(&mut self, address: u32) -> Result<u32, String>;
    /// Stores a word, or returns the reason why it cannot be written.
    fn store(&mut self, address: u32, value: u32) -> Result<(), String>;
}

/// Arguments of a call under the hard-float procedure call standard: words only, as
/// our kernels take.
#[derive(Clone, Debug, Default)]
pub struct Call<'a> {
    /// Arguments in order: four in registers, the rest on the stack.
    pub arguments: &'a [u32],
    /// Initial stack pointer, a multiple of 8.
    pub stack: u32,
    /// Addresses of the symbols that the literal pools name.
    pub symbols: &'a [(&'a str, u32)],
}

/// Executed instruction with its end and its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Index of the instruction in [`Function::instructions`].
    pub instruction: usize,
    /// Cycles from the call to the end of the instruction.
    pub end: Cycles,
    /// Address and value of the stored word, if the instruction was a `str` or `vstr`.
    pub stored: Option<(u32, u32)>,
}

/// Executes `function` and returns every executed instruction, the last one being its return.
pub fn execute(
    function: &Function,
    call: &Call<'_>,
    memory: &mut impl Memory,
) -> Result<Vec<Step>, ListingError> {
    let mut core = Core::new(function, call, memory)?;
    let mut steps = Vec::new();
    let mut end = Cycles::ZERO;
    let mut at = 0;
    let mut before: Option<&Instruction> = None;
    while let Some(instruction) = function.instructions.get(at) {
        if steps.len() == STEP_LIMIT {
            return Err(fault(instruction, format!("no return after {STEP_LIMIT} instructions")));
        }
        let timing = timing(instruction, before);
        core.stored = None;
        let (next, cost) = if core.flags.hold(instruction.cond) {
            match core.step(instruction).map_err(|what| fault(instruction, what))? {
                Next::Fall => (Some(at + 1), timing.cycles),
                Next::Jump(label) => (function.labels.get(label).copied(), timing.taken),
                Next::Return => (None, timing.taken),
            }
        } else if instruction.op.target().is_some() {
            (Some(at + 1), timing.cycles)
        } else {
            // Skipped in an IT block.
            (Some(at + 1), Cycles::fixed(1))
        };
        end += cost;
        steps.push(Step { instruction: at, end, stored: core.stored });
        match next {
            Some(next) => at = next,
            None => return Ok(steps),
        }
        before = Some(instruction);
    }
    Err(ListingError::NoFunction { name: format!("{}: ran past its last instruction", function.name) })
}

fn fault(instruction: &Instruction, what: String) -> ListingError {
    ListingError::Execution { line: instruction.line, text: instruction.text.clone(), what }
}

enum Next<'a> {
    Fall,
    Jump(&'a str),
    Return,
}

struct Core<'a, M> {
    r: [u32; 16],
    s: [f32; 32],
    flags: Flags,
    fpu_flags: Flags,
    stored: Option<(u32, u32)>,
    literals: BTreeMap<&'a str, Vec<u32>>,
    memory: &'a mut M,
}

impl<'a, M: Memory> Core<'a, M> {
    fn new(function: &'a Function, call: &Call<'_>, memory: &'a mut M) -> Result<Self, ListingError> {
        let mut core = Self {
            r: [0; 16],
            s: [0.0; 32],
            flags: Flags::default(),
            fpu_flags: Flags::default(),
            stored: None,
            literals: BTreeMap::new(),
            memory,
        };
        for (label, words) in &function.literals {
            let value = |word: &Literal| match word {
                Literal::Word(word) => Some(*word),
                Literal::Symbol(name) => call.symbols.iter().find(|(n, _)| n == name).map(|(_, at)| *at),
            };
            let words: Option<Vec<u32>> = words.iter().map(value).collect();
            let words = words.ok_or_else(|| ListingError::NoLabel {
                line: 0,
                label: label.clone(),
                function: function.name.clone(),
            })?;
            core.literals.insert(label, words);
        }
        let in_registers = call.arguments.len().min(4);
        core.r[..in_registers].copy_from_slice(&call.arguments[..in_registers]);
        for (i, word) in call.arguments[in_registers..].iter().enumerate() {
            let stored = core.memory.store(call.stack + 4 * i as u32, *word);
            stored.map_err(|what| ListingError::Execution {
                line: 0,
                text: "stack arguments".into(),
                what,
            })?;
        }
        core.set(Reg::SP, call.stack);
        core.set(Reg::LR, RETURN_ADDRESS);
        Ok(core)
    }

    fn get(&self, reg: Reg) -> u32 {
        self.r[usize::from(reg.0 & 15)]
    }

    fn set(&mut self, reg: Reg, value: u32) {
        self.r[usize::from(reg.0 & 15)] = value;
    }

    fn float(&self, reg: SReg) -> f32 {
        self.s[usize::from(reg.0 & 31)]
    }

    fn set_float(&mut self, reg: SReg, value: f32) {
        self.s[usize::from(reg.0 & 31)] = value;
    }

    fn operand(&self, operand: Operand) -> u32 {
        match operand {
            Operand::Imm(imm) => imm,
            Operand::Reg(m, Shift::Lsl(n)) => self.get(m) << n,
            Operand::Reg(m, Shift::Lsr(n)) => self.get(m) >> n,
            Operand::Reg(m, Shift::Asr(n)) => ((self.get(m) as i32) >> n) as u32,
        }
    }

    fn load(&mut self, address: u32) -> Result<u32, String> {
        if address.is_multiple_of(4) { self.memory.load(address) } else { Err(unaligned(address, 4)) }
    }

    fn store(&mut self, address: u32, value: u32) -> Result<(), String> {
        if !address.is_multiple_of(4) {
            return Err(unaligned(address, 4));
        }
        self.stored = Some((address, value));
        self.memory.store(address, value)
    }

    /// Computes the address of an access, and carries out its write-back.
    fn address(&mut self, base: Reg, offset: Offset, index: Index) -> u32 {
        let from = self.get(base);
        let offset = match offset {
            Offset::Imm(imm) => imm as u32,
            Offset::Reg(m, shift) => self.get(m) << shift,
        };
        let moved = from.wrapping_add(offset);
        match index {
            Index::Offset => moved,
            Index::Pre => {
                self.set(base, moved);
                moved
            }
            Index::Post => {
                self.set(base, moved);
                from
            }
        }
    }

    /// Reads part of the word that holds `address`, and extends it to a word. Devices, too, are
    /// read as whole words.
    fn load_part(&mut self, address: u32, width: Width) -> Result<u32, String> {
        let bytes = width.bytes();
        if !address.is_multiple_of(bytes) {
            return Err(unaligned(address, bytes));
        }
        let part = self.memory.load(address & !3)? >> (8 * (address & 3));
        Ok(width.extend(part))
    }

    /// Changes part of the word that holds `address`.
    fn store_part(&mut self, address: u32, width: Width, value: u32) -> Result<(), String> {
        let bytes = width.bytes();
        if !address.is_multiple_of(bytes) {
            return Err(unaligned(address, bytes));
        }
        let (word, shift) = (address & !3, 8 * (address & 3));
        let mask = (u32::MAX >> (32 - 8 * bytes)) << shift;
        let kept = if bytes == 4 { 0 } else { self.memory.load(word)? & !mask };
        self.store(word, kept | value << shift & mask)
    }

    /// Reads the word of a load, from memory or from the literal pool.
    fn read(&mut self, address: &Address) -> Result<u32, String> {
        match address {
            Address::Based { base, offset, index } => {
                let at = self.address(*base, *offset, *index);
                self.load(at)
            }
            Address::Literal { label, addend } => self
                .literals
                .get(label.as_str())
                .and_then(|words| words.get(*addend as usize / 4))
                .copied()
                .ok_or_else(|| format!("no word at {label}+{addend}")),
        }
    }

    fn write(&mut self, address: &Address, value: u32) -> Result<(), String> {
        match address {
            Address::Based { base, offset, index } => {
                let at = self.address(*base, *offset, *index);
                self.store(at, value)
            }
            Address::Literal { .. } => Err("a store to the literal pool".to_string()),
        }
    }

    /// Loads two words from one address on.
    fn pair(&mut self, address: &Address) -> Result<u32, String> {
        match address {
            Address::Based { base, offset, index } => Ok(self.address(*base, *offset, *index)),
            Address::Literal { .. } => Err("two words of the literal pool: not supported".to_string()),
        }
    }

    fn alu(&mut self, alu: Alu, n: u32, m: u32) -> (u32, Flags) {
        let keep = self.flags;
        // A shifter's carry is not modelled, as no kernel looks at it.
        let logical = |result: u32| (result, keep.logical(result, keep.c));
        match alu {
            Alu::Add => Flags::sum(n, m, false),
            Alu::Sub => Flags::sum(n, !m, true),
            Alu::Rsb => Flags::sum(m, !n, true),
            Alu::And => logical(n & m),
            Alu::Orr => logical(n | m),
            Alu::Eor => logical(n ^ m),
            Alu::Bic => logical(n & !m),
            Alu::Lsl => logical(n.checked_shl(m).unwrap_or(0)),
            Alu::Lsr => logical(n.checked_shr(m).unwrap_or(0)),
            Alu::Asr => logical(((n as i32) >> m.min(31)) as u32),
            Alu::Mul => logical(n.wrapping_mul(m)),
        }
    }

    fn step<'f>(&mut self, instruction: &'f Instruction) -> Result<Next<'f>, String> {
        match &instruction.op {
            Op::Branch { label } => return Ok(Next::Jump(label)),
            Op::CompareBranch { n, nonzero, label } => {
                return Ok(if (self.get(*n) != 0) == *nonzero { Next::Jump(label) } else { Next::Fall });
            }
            Op::Return => return Ok(Next::Return),
            Op::Pop(regs) => {
                for reg in regs {
                    let sp = self.get(Reg::SP);
                    let word = self.load(sp)?;
                    self.set(Reg::SP, sp.wrapping_add(4));
                    self.set(*reg, word);
                }
                return Ok(if regs.contains(&Reg::PC) { Next::Return } else { Next::Fall });
            }
            Op::IfThen | Op::Nop | Op::WaitForInterrupt | Op::MaskInterrupts(_) => {}
            op if is_fpu(op) => self.step_fpu(op)?,
            op => self.step_integer(op)?,
        }
        Ok(Next::Fall)
    }

    fn step_integer(&mut self, op: &Op) -> Result<(), String> {
        match op {
            Op::Move { d, source, not, flags } => {
                let value = self.operand(*source) ^ if *not { u32::MAX } else { 0 };
                self.set(*d, value);
                if *flags {
                    self.flags = self.flags.logical(value, self.flags.c);
                }
            }
            Op::MoveTop { d, imm } => {
                let low = self.get(*d) & 0xFFFF;
                self.set(*d, imm << 16 | low);
            }
            Op::Alu { alu, d, n, m, flags } => {
                let (result, set) = self.alu(*alu, self.get(*n), self.operand(*m));
                self.set(*d, result);
                if *flags {
                    self.flags = set;
                }
            }
            Op::MultiplyAdd { d, n, m, a } => {
                let value = self.get(*n).wrapping_mul(self.get(*m)).wrapping_add(self.get(*a));
                self.set(*d, value);
            }
            Op::BitField { d, n, lsb, width } => {
                let mask = u32::MAX >> (32 - u32::from(*width));
                self.set(*d, self.get(*n) >> lsb & mask);
            }
            Op::LeadingZeros { d, n } => self.set(*d, self.get(*n).leading_zeros()),
            Op::Test { n, m } => {
                self.flags = self.flags.logical(self.get(*n) & self.operand(*m), self.flags.c);
            }
            Op::Compare { n, m } => (_, self.flags) = Flags::sum(self.get(*n), !self.operand(*m), true),
            Op::Load { width, d, address: Address::Based { base, offset, index } } => {
                let at = self.address(*base, *offset, *index);
                let word = self.load_part(at, *width)?;
                self.set(*d, word);
            }
            Op::Load { d, address, .. } => {
                let word = self.read(address)?;
                self.set(*d, word);
            }
            Op::LoadDual { d, address } => {
                let at = self.pair(address)?;
                let words = [self.load(at)?, self.load(at.wrapping_add(4))?];
                self.set(d[0], words[0]);
                self.set(d[1], words[1]);
            }
            Op::Store { width, t, address: Address::Based { base, offset, index } } => {
                let value = self.get(*t);
                let at = self.address(*base, *offset, *index);
                self.store_part(at, *width, value)?;
            }
            Op::Store { t, address, .. } => self.write(address, self.get(*t))?,
            Op::StoreDual { t, address } => {
                let at = self.pair(address)?;
                self.store(at, self.get(t[0]))?;
                self.store(at.wrapping_add(4), self.get(t[1]))?;
            }
            Op::Push(regs) => {
                let sp = self.get(Reg::SP).wrapping_sub(4 * regs.len() as u32);
                self.set(Reg::SP, sp);
                for (i, reg) in regs.iter().enumerate() {
                    self.store(sp.wrapping_add(4 * i as u32), self.get(*reg))?;
                }
            }
            Op::Timed(_) => return Err("only the timing of this instruction is known".to_string()),
            _ => return Err("not an integer instruction".to_string()),
        }
        Ok(())
    }
}

fn unaligned(address: u32, bytes: u32) -> String {
    format!("access to {address:#010x}, which is not a multiple of {bytes}")
}

#[cfg(test)]
mod tests;
