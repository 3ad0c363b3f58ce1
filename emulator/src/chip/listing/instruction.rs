//! The Thumb-2 and FPv4-SP instructions that our kernels compile to, as data.

pub use spinntui_cortex_m4::{Cond, Width};

pub use super::timed::{Class, Timed};

/// A core register, 0..=15; 13 is SP, 14 LR, 15 PC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reg(pub u8);

impl Reg {
    /// Stack pointer.
    pub const SP: Self = Self(13);
    /// Link register.
    pub const LR: Self = Self(14);
    /// Program counter.
    pub const PC: Self = Self(15);
}

/// A single-precision register, s0..=s31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SReg(pub u8);

/// How the second operand is shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Logical left.
    Lsl(u8),
    /// Logical right.
    Lsr(u8),
    /// Arithmetic right.
    Asr(u8),
}

/// Second operand of a data-processing instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A constant.
    Imm(u32),
    /// A register, shifted.
    Reg(Reg, Shift),
}

/// What is added to an address's base register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// Bytes.
    Imm(i32),
    /// A register, shifted left.
    Reg(Reg, u8),
}

/// When the offset is added, and whether the base register keeps the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// `[rn, off]`: before; the base stays.
    Offset,
    /// `[rn, off]!`: before; the base changes.
    Pre,
    /// `[rn], off`: after; the base changes.
    Post,
}

/// Where a load or store goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A base register and an offset.
    Based {
        /// Base register.
        base: Reg,
        /// Offset.
        offset: Offset,
        /// Addressing mode.
        index: Index,
    },
    /// A constant in the literal pool: a label and bytes after it.
    Literal {
        /// Label of the pool.
        label: String,
        /// Bytes after it.
        addend: u32,
    },
}

/// Two-operand arithmetic and logic.
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

/// Two-operand arithmetic of the FPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Arm's own names
pub enum Fpu {
    Add,
    Sub,
    Mul,
    Div,
    Fma,
}

/// What an instruction does.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// `mov`, `movs`, `mvn`, `movw`: register ← operand.
    Move {
        /// Destination.
        d: Reg,
        /// Source.
        source: Operand,
        /// Complemented (`mvn`).
        not: bool,
        /// Sets N and Z.
        flags: bool,
    },
    /// `movt`: upper half of the register ← constant.
    MoveTop {
        /// Destination.
        d: Reg,
        /// Upper 16 bits.
        imm: u32,
    },
    /// `add`, `sub`, `and`, `lsl`, ...: d ← n op m.
    Alu {
        /// Operation.
        alu: Alu,
        /// Destination.
        d: Reg,
        /// First operand.
        n: Reg,
        /// Second operand.
        m: Operand,
        /// Sets the flags.
        flags: bool,
    },
    /// `mla`: d ← n · m + a.
    MultiplyAdd {
        /// Destination.
        d: Reg,
        /// First factor.
        n: Reg,
        /// Second factor.
        m: Reg,
        /// Summand.
        a: Reg,
    },
    /// `ubfx`, `uxtb`, `uxth`: d ← `width` bits of n from bit `lsb`.
    BitField {
        /// Destination.
        d: Reg,
        /// Source.
        n: Reg,
        /// Lowest bit.
        lsb: u8,
        /// Bits.
        width: u8,
    },
    /// `clz`: d ← zeros before the first one of n.
    LeadingZeros {
        /// Destination.
        d: Reg,
        /// Source.
        n: Reg,
    },
    /// `tst`: flags ← n and m.
    Test {
        /// First operand.
        n: Reg,
        /// Second operand.
        m: Operand,
    },
    /// `cmp`: flags ← n − m.
    Compare {
        /// First operand.
        n: Reg,
        /// Second operand.
        m: Operand,
    },
    /// `ldr`, `ldrh`, `ldrb`, `ldrsh`, `ldrsb`: d ← what is at the address.
    Load {
        /// How much of it, and how it is extended to a word.
        width: Width,
        /// Destination.
        d: Reg,
        /// Address.
        address: Address,
    },
    /// `ldrd`: two registers ← two words.
    LoadDual {
        /// Destinations.
        d: [Reg; 2],
        /// Address.
        address: Address,
    },
    /// `str`, `strh`, `strb`: the address ← t, or its lowest bits.
    Store {
        /// How much of it.
        width: Width,
        /// Source.
        t: Reg,
        /// Address.
        address: Address,
    },
    /// `strd`: two words ← two registers.
    StoreDual {
        /// Sources.
        t: [Reg; 2],
        /// Address.
        address: Address,
    },
    /// `push`.
    Push(Vec<Reg>),
    /// `pop`; with PC it returns.
    Pop(Vec<Reg>),
    /// `b`, `b<cond>`.
    Branch {
        /// Target label.
        label: String,
    },
    /// `cbz`, `cbnz`.
    CompareBranch {
        /// Tested register.
        n: Reg,
        /// Branches when not zero (`cbnz`).
        nonzero: bool,
        /// Target label.
        label: String,
    },
    /// `bx lr`: return.
    Return,
    /// `it`, `itt`, `ite`, ...: the conditions it spreads are written on
    /// the following instructions.
    IfThen,
    /// `nop`.
    Nop,
    /// `wfi`.
    WaitForInterrupt,
    /// `cpsid i` (true: masks) and `cpsie i`.
    MaskInterrupts(bool),
    /// `vldr.32`.
    VLoad {
        /// Destination.
        d: SReg,
        /// Address.
        address: Address,
    },
    /// `vstr.32`.
    VStore {
        /// Source.
        t: SReg,
        /// Address.
        address: Address,
    },
    /// `vldmia.32`.
    VLoadMultiple {
        /// Base register.
        base: Reg,
        /// The base moves on.
        writeback: bool,
        /// Destinations, ascending.
        d: Vec<SReg>,
    },
    /// `vstmia.32`.
    VStoreMultiple {
        /// Base register.
        base: Reg,
        /// The base moves on.
        writeback: bool,
        /// Sources, ascending.
        t: Vec<SReg>,
    },
    /// `vmov.f32 sd, #imm`.
    VConstant {
        /// Destination.
        d: SReg,
        /// Value.
        value: f32,
    },
    /// `vmov.f32 sd, sm`, `vneg.f32`, `vabs.f32` and `vsqrt.f32`.
    VUnary {
        /// Destination.
        d: SReg,
        /// Source.
        m: SReg,
        /// Which.
        unary: VUnary,
    },
    /// `vadd.f32`, `vsub.f32`, `vmul.f32`, `vdiv.f32`, `vfma.f32`.
    VBinary {
        /// Operation; `Fma` adds to d.
        fpu: Fpu,
        /// Destination.
        d: SReg,
        /// First operand.
        n: SReg,
        /// Second operand.
        m: SReg,
    },
    /// `vcmp.f32`, `vcmpe.f32`; `None` compares with zero.
    VCompare {
        /// First operand.
        n: SReg,
        /// Second operand.
        m: Option<SReg>,
    },
    /// `vmrs APSR_nzcv, FPSCR`.
    VFlags,
    /// `vmov sd, rt`: the same bits.
    VFromCore {
        /// Destination.
        d: SReg,
        /// Source.
        t: Reg,
    },
    /// `vmov rd, sm`: the same bits.
    VToCore {
        /// Destination.
        d: Reg,
        /// Source.
        m: SReg,
    },
    /// `vcvt.f32.s32` and the like: the same number.
    VConvert {
        /// Destination.
        d: SReg,
        /// Source.
        m: SReg,
        /// From what to what.
        convert: Convert,
    },
    /// An instruction whose timing is known, but that is not executed: only in listings
    /// that users bring.
    Timed(Timed),
}

/// What `vcvt` turns into what.
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

/// One-operand operations of the FPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VUnary {
    /// Copy.
    Move,
    /// Sign flipped.
    Neg,
    /// Sign cleared.
    Abs,
    /// Square root.
    Sqrt,
}

/// One line of a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// Line in the listing, from 1.
    pub line: usize,
    /// Its text, blanks made single.
    pub text: String,
    /// Executed when.
    pub cond: Cond,
    /// What it does.
    pub op: Op,
}

impl Op {
    /// The register that an integer data-processing instruction writes, if this is one.
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

    /// Registers that its memory address is made of: none if it does not touch memory or reads
    /// the literal pool.
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

    /// Whether the function ends here (when the condition holds).
    pub fn returns(&self) -> bool {
        match self {
            Self::Return => true,
            Self::Pop(regs) => regs.contains(&Reg::PC),
            _ => false,
        }
    }

    /// The label it may branch to.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Branch { label } | Self::CompareBranch { label, .. } => Some(label),
            _ => None,
        }
    }
}
