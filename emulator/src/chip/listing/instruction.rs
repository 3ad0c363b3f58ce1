//! Data types for the Thumb-2 and FPv4-SP instructions that the kernels compile to.

pub use spinntui_cortex_m4::{Cond, Width};

pub use super::timed::{Class, Timed};

/// Core register, 0..=15; 13 is SP, 14 LR, 15 PC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reg(pub u8);

impl Reg {
    /// The stack pointer, r13.
    pub const SP: Self = Self(13);
    /// The link register, r14, which holds the return address.
    pub const LR: Self = Self(14);
    /// The program counter, r15.
    pub const PC: Self = Self(15);
}

/// Single-precision register, s0..=s31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SReg(pub u8);

/// Shift of a second operand, with its number of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Logical shift to the left: zeros come in from the right.
    Lsl(u8),
    /// Logical shift to the right: zeros come in from the left.
    Lsr(u8),
    /// Arithmetic shift to the right: copies of the sign bit come in.
    Asr(u8),
}

/// Second operand of a data-processing instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Constant as a 32-bit value, in two's complement if it is negative.
    Imm(u32),
    /// A register, shifted.
    Reg(Reg, Shift),
}

/// Offset that is added to an address's base register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// Constant number of bytes; negative ones point below the base.
    Imm(i32),
    /// A register, shifted left.
    Reg(Reg, u8),
}

/// Addressing mode: when the offset is added, and whether the base register keeps the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// `[rn, off]`: the offset is added before the access; the base register stays.
    Offset,
    /// `[rn, off]!`: the offset is added before the access; the base register keeps the sum.
    Pre,
    /// `[rn], off`: the offset is added after the access; the base register keeps the sum.
    Post,
}

/// Address of a load or store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A base register and an offset.
    Based {
        /// Register that holds the base address.
        base: Reg,
        /// Offset from the base address, in bytes.
        offset: Offset,
        /// Addressing mode of the access.
        index: Index,
    },
    /// A constant in the literal pool: a label and bytes after it.
    Literal {
        /// Label of the pool.
        label: String,
        /// Offset from the label, in bytes.
        addend: u32,
    },
}

/// Operations of arithmetic and logic with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Arm's own names
pub enum Alu {
    Add,
    Sub,
    Rsb,
    And,
    Orr,
    Eor,
    Bic,
    Lsl,
    Lsr,
    Asr,
    Mul,
}

/// Arithmetic operations of the FPU with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Arm's own names
pub enum Fpu {
    Add,
    Sub,
    Mul,
    Div,
    Fma,
}

/// Operation of an instruction, with its operands.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// `mov`, `movs`, `mvn`, `movw`: register ← operand.
    Move {
        /// Register that receives the result.
        d: Reg,
        /// Value that is moved.
        source: Operand,
        /// Whether all bits are inverted (`mvn`).
        not: bool,
        /// Whether the instruction sets N and Z.
        flags: bool,
    },
    /// `movt`: upper half of the register ← constant.
    MoveTop {
        /// Register that receives the result.
        d: Reg,
        /// Upper 16 bits.
        imm: u32,
    },
    /// `add`, `sub`, `and`, `lsl`, ...: d ← n op m.
    Alu {
        /// Arithmetic or logic of the two operands.
        alu: Alu,
        /// Register that receives the result.
        d: Reg,
        /// Register of the first operand.
        n: Reg,
        /// Second operand: a constant, or a register that may be shifted.
        m: Operand,
        /// Whether the instruction sets the flags.
        flags: bool,
    },
    /// `mla`: d ← n · m + a.
    MultiplyAdd {
        /// Register that receives the result.
        d: Reg,
        /// Register of the first factor.
        n: Reg,
        /// Register of the second factor.
        m: Reg,
        /// Register that is added to the product.
        a: Reg,
    },
    /// `ubfx`, `uxtb`, `uxth`: d ← `width` bits of n from bit `lsb`.
    BitField {
        /// Register that receives the result.
        d: Reg,
        /// Register that is read.
        n: Reg,
        /// Number of the field's lowest bit, 0 to 31.
        lsb: u8,
        /// Width of the field, in bits.
        width: u8,
    },
    /// `clz`: d ← number of leading zero bits of n.
    LeadingZeros {
        /// Register that receives the result.
        d: Reg,
        /// Register that is read.
        n: Reg,
    },
    /// `tst`: flags ← n and m.
    Test {
        /// Register of the first operand.
        n: Reg,
        /// Second operand: a constant, or a register that may be shifted.
        m: Operand,
    },
    /// `cmp`: flags ← n − m.
    Compare {
        /// Register of the first operand.
        n: Reg,
        /// Second operand: a constant, or a register that may be shifted.
        m: Operand,
    },
    /// `ldr`, `ldrh`, `ldrb`, `ldrsh`, `ldrsb`: d ← value at the address.
    Load {
        /// Size of the value, and how it is extended to a word.
        width: Width,
        /// Register that receives the result.
        d: Reg,
        /// Address in memory.
        address: Address,
    },
    /// `ldrd`: two registers ← two words.
    LoadDual {
        /// Registers that receive the two words, lower address first.
        d: [Reg; 2],
        /// Address in memory.
        address: Address,
    },
    /// `str`, `strh`, `strb`: the address ← t, or its lowest bits.
    Store {
        /// Size of the value.
        width: Width,
        /// Core register that is read.
        t: Reg,
        /// Address in memory.
        address: Address,
    },
    /// `strd`: two words ← two registers.
    StoreDual {
        /// Registers that hold the two words, lower address first.
        t: [Reg; 2],
        /// Address in memory.
        address: Address,
    },
    /// `push`: stores the registers below the stack pointer, which moves down.
    Push(Vec<Reg>),
    /// `pop`: loads the registers from the stack; it returns if PC is one of them.
    Pop(Vec<Reg>),
    /// `b`, `b<cond>`: a branch, taken where the instruction's condition holds.
    Branch {
        /// Label of the branch's target.
        label: String,
    },
    /// `cbz`, `cbnz`: a forward branch if a register is zero, or if it is not zero.
    CompareBranch {
        /// Register that is compared with zero.
        n: Reg,
        /// Whether the branch is taken if the register is not zero (`cbnz`).
        nonzero: bool,
        /// Label of the branch's target.
        label: String,
    },
    /// `bx lr`: returns from the function.
    Return,
    /// `it`, `itt`, `ite`, ...: conditions for the following instructions, which carry them in
    /// [`Instruction::cond`].
    IfThen,
    /// `nop`: does nothing for a cycle.
    Nop,
    /// `wfi`, `wfe`: waits for an interrupt or event.
    WaitForInterrupt,
    /// `cpsid i` (`true`: masks interrupts) and `cpsie i` (`false`).
    MaskInterrupts(bool),
    /// `vldr.32`: d ← the single at the address.
    VLoad {
        /// FPU register that receives the result.
        d: SReg,
        /// Address in memory.
        address: Address,
    },
    /// `vstr.32`: the single at the address ← t.
    VStore {
        /// FPU register that is stored.
        t: SReg,
        /// Address in memory.
        address: Address,
    },
    /// `vldmia.32`: several registers ← singles from the base address on.
    VLoadMultiple {
        /// Register that holds the base address.
        base: Reg,
        /// Whether the base register is advanced beyond the last word.
        writeback: bool,
        /// FPU registers that receive the words, ascending.
        d: Vec<SReg>,
    },
    /// `vstmia.32`: singles from the base address on ← several registers.
    VStoreMultiple {
        /// Register that holds the base address.
        base: Reg,
        /// Whether the base register is advanced beyond the last word.
        writeback: bool,
        /// FPU registers that hold the words, ascending.
        t: Vec<SReg>,
    },
    /// `vmov.f32 sd, #imm`: d ← constant.
    VConstant {
        /// FPU register that receives the result.
        d: SReg,
        /// Constant that the instruction can encode in eight bits.
        value: f32,
    },
    /// `vmov.f32 sd, sm`, `vneg.f32`, `vabs.f32` and `vsqrt.f32`.
    VUnary {
        /// FPU register that receives the result.
        d: SReg,
        /// FPU register that is read.
        m: SReg,
        /// Copy, negation, absolute value or square root.
        unary: VUnary,
    },
    /// `vadd.f32`, `vsub.f32`, `vmul.f32`, `vdiv.f32`, `vfma.f32`.
    VBinary {
        /// Operation; `Fma` adds the product to d.
        fpu: Fpu,
        /// FPU register that receives the result.
        d: SReg,
        /// FPU register of the first operand.
        n: SReg,
        /// FPU register of the second operand.
        m: SReg,
    },
    /// `vcmp.f32`, `vcmpe.f32`: compares two registers, or one with zero.
    VCompare {
        /// FPU register of the first operand.
        n: SReg,
        /// FPU register of the second operand; `None` compares with zero.
        m: Option<SReg>,
    },
    /// `vmrs APSR_nzcv, FPSCR`: copies the FPU's flags to the core's.
    VFlags,
    /// `vmov sd, rt`: copies the bits of a core register.
    VFromCore {
        /// FPU register that receives the result.
        d: SReg,
        /// Core register that is read.
        t: Reg,
    },
    /// `vmov rd, sm`: copies the bits of an FPU register.
    VToCore {
        /// Register that receives the result.
        d: Reg,
        /// FPU register that is read.
        m: SReg,
    },
    /// `vcvt.f32.s32` and similar: converts a number to another type.
    VConvert {
        /// FPU register that receives the result.
        d: SReg,
        /// FPU register that is read.
        m: SReg,
        /// Types between which the number is converted.
        convert: Convert,
    },
    /// Instruction whose timing is known but that cannot be executed. It occurs only in listings
    /// of users.
    Timed(Timed),
}

/// Types between which `vcvt` converts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convert {
    /// i32 to single, rounded to nearest.
    FromSigned,
    /// u32 to single, rounded to nearest.
    FromUnsigned,
    /// Single to i32, towards zero.
    ToSigned,
    /// Single to u32, towards zero.
    ToUnsigned,
}

/// Operations of the FPU with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VUnary {
    /// Copies the operand.
    Move,
    /// Flips the sign of the operand.
    Neg,
    /// Clears the sign of the operand.
    Abs,
    /// Computes the square root.
    Sqrt,
}

/// Instruction of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// Line in the listing, from 1.
    pub line: usize,
    /// Text of the line, with single spaces.
    pub text: String,
    /// Condition under which the instruction is executed.
    pub cond: Cond,
    /// Operation of the instruction, with its operands.
    pub op: Op,
}

impl Op {
    /// Returns the register that an integer data-processing instruction writes.
    pub fn data_processing_result(&self) -> Option<Reg> {
        match *self {
            Self::Move { d, .. }
            | Self::MoveTop { d, .. }
            | Self::Alu { d, .. }
            | Self::MultiplyAdd { d, .. }
            | Self::LeadingZeros { d, .. }
            | Self::BitField { d, .. } => Some(d),
            Self::Timed(timed) => timed.result,
            _ => None,
        }
    }

    /// Returns the registers from which the memory address is computed: none if the instruction
    /// does not touch memory or reads the literal pool.
    pub fn address_registers(&self) -> [Option<Reg>; 2] {
        let address = match self {
            Self::Load { address, .. }
            | Self::LoadDual { address, .. }
            | Self::Store { address, .. }
            | Self::StoreDual { address, .. }
            | Self::VLoad { address, .. }
            | Self::VStore { address, .. } => address,
            Self::VLoadMultiple { base, .. } | Self::VStoreMultiple { base, .. } => {
                return [Some(*base), None];
            }
            Self::Push(_) | Self::Pop(_) => return [Some(Reg::SP), None],
            _ => return [None, None],
        };
        match *address {
            Address::Based { base, offset: Offset::Reg(index, _), .. } => [Some(base), Some(index)],
            Address::Based { base, .. } => [Some(base), None],
            Address::Literal { .. } => [None, None],
        }
    }

    /// Returns `true` if the function ends here when the condition holds.
    pub fn returns(&self) -> bool {
        match self {
            Self::Return => true,
            Self::Pop(regs) => regs.contains(&Reg::PC),
            _ => false,
        }
    }

    /// Returns the label that the instruction may branch to.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Branch { label } | Self::CompareBranch { label, .. } => Some(label),
            _ => None,
        }
    }
}
