//! Instructions as data.

/// Core register, 0 to 15; 13 is SP, 14 LR, 15 PC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reg(pub u8);

impl Reg {
    /// Stack pointer, r13.
    pub const SP: Self = Self(13);
    /// Link register, r14.
    pub const LR: Self = Self(14);
    /// Program counter, r15.
    pub const PC: Self = Self(15);

    /// Returns a mask with this register's bit alone.
    pub const fn mask(self) -> u16 {
        1 << (self.0 & 15)
    }
}

/// Condition under which an instruction is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum Cond {
    Eq,
    Ne,
    Cs,
    Cc,
    Mi,
    Pl,
    Vs,
    Vc,
    Hi,
    Ls,
    Ge,
    Lt,
    Gt,
    Le,
    Always,
}

impl Cond {
    /// Returns the condition with number `bits` (the lowest four bits); 14 and
    /// 15 are [`Self::Always`].
    pub const fn of(bits: u8) -> Self {
        match bits & 15 {
            0 => Self::Eq,
            1 => Self::Ne,
            2 => Self::Cs,
            3 => Self::Cc,
            4 => Self::Mi,
            5 => Self::Pl,
            6 => Self::Vs,
            7 => Self::Vc,
            8 => Self::Hi,
            9 => Self::Ls,
            10 => Self::Ge,
            11 => Self::Lt,
            12 => Self::Gt,
            13 => Self::Le,
            _ => Self::Always,
        }
    }
}

/// Shift of a register operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum Shift {
    Lsl,
    Lsr,
    Asr,
    Ror,
    Rrx,
}

/// Second operand of a data-processing instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Constant, and the carry that its expansion leaves; `None` where C stays.
    Imm(u32, Option<bool>),
    /// Register, shifted by 0 to 32 bits.
    Reg(Reg, Shift, u8),
}

/// Whether an instruction sets the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// Flags stay as they are.
    Never,
    /// Flags are set.
    Always,
    /// Flags are set unless an IT block is open: most 16-bit instructions.
    OutsideIt,
}

/// Arithmetic and logic of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum Alu {
    And,
    Bic,
    Orr,
    Orn,
    Eor,
    Add,
    Adc,
    Sbc,
    Sub,
    Rsb,
}

/// Comparison that only sets the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum Test {
    Tst,
    Teq,
    Cmp,
    Cmn,
}

/// Amount of memory that a load or store takes, and its extension to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is what its name says")]
pub enum Width {
    Word,
    Half,
    Byte,
    SignedHalf,
    SignedByte,
}

impl Width {
    /// Returns the bytes in memory.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Word => 4,
            Self::Half | Self::SignedHalf => 2,
            Self::Byte | Self::SignedByte => 1,
        }
    }

    /// Returns the lowest bits of `bits` that were loaded, extended to a word.
    pub const fn extend(self, bits: u32) -> u32 {
        match self {
            Self::Word => bits,
            Self::Half => bits & 0xFFFF,
            Self::Byte => bits & 0xFF,
            Self::SignedHalf => bits as i16 as i32 as u32,
            Self::SignedByte => bits as i8 as i32 as u32,
        }
    }
}

/// Offset that is added to an address's base register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// Constant offset in bytes.
    Imm(i32),
    /// Register, shifted left.
    Reg(Reg, u8),
}

/// Time at which the offset is added, and whether the base register keeps the sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// `[rn, off]`: before; the base stays.
    Offset,
    /// `[rn, off]!`: before; the base changes.
    Pre,
    /// `[rn], off`: after; the base changes.
    Post,
}

/// Memory operand. A base of PC is the address of the instruction plus 4, rounded down to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Register that holds the base.
    pub base: Reg,
    /// Offset from it.
    pub offset: Offset,
    /// Mode: when the offset is added.
    pub index: Index,
}

/// Extension of a byte or halfword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extend {
    /// Whether the sign is extended.
    pub signed: bool,
    /// Whether it is a byte rather than a halfword.
    pub byte: bool,
    /// Bits by which the register is rotated right before.
    pub rotate: u8,
}

/// Reordering of a word's bytes or bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum Reverse {
    Rev,
    Rev16,
    Revsh,
    Rbit,
    Clz,
}

/// Halfwords of two registers that are multiplied: `true` for the top one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    /// Top half of the first factor.
    pub n: bool,
    /// Top half of the second factor.
    pub m: bool,
}

/// Load or store of several registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiple {
    /// Loads rather than stores.
    pub load: bool,
    /// Register with the first address.
    pub base: Reg,
    /// Whether the base moves on.
    pub writeback: bool,
    /// Whether the block ends right before the base (`db`) rather than beginning at it (`ia`).
    pub before: bool,
}

/// Arithmetic of the FPU with two operands, and with the destination as a third.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum FpuOp {
    Add,
    Sub,
    Mul,
    Nmul,
    Div,
    Mla,
    Mls,
    Nmla,
    Nmls,
    Fma,
    Fms,
    Fnma,
    Fnms,
}

/// Operations of the FPU with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum VUnary {
    Mov,
    Abs,
    Neg,
    Sqrt,
}

/// Conversion between singles and integers or fixed-point numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convert {
    /// Whether it converts to a single; `false` converts from one.
    pub to_float: bool,
    /// Whether the integer is signed.
    pub signed: bool,
    /// Whether it rounds to nearest instead of towards zero (`vcvtr`).
    pub nearest: bool,
    /// Bits of the fixed-point number, 16 or 32; 0 for integers.
    pub bits: u8,
    /// Bits after the point of the fixed-point number.
    pub fraction: u8,
}

/// System register that `mrs` and `msr` reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "Arm's own names")]
pub enum System {
    Apsr,
    Msp,
    Psp,
    Primask,
    Basepri,
    Faultmask,
    Control,
}

/// Action of an instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(
    missing_docs,
    reason = "fields are Arm's own: d destination, n and m operands, t transferred, a summand"
)]
pub enum Op {
    Alu {
        alu: Alu,
        set: Set,
        d: Reg,
        n: Reg,
        m: Operand,
    },
    Compare {
        test: Test,
        n: Reg,
        m: Operand,
    },
    Move {
        not: bool,
        set: Set,
        d: Reg,
        m: Operand,
    },
    MoveTop {
        d: Reg,
        imm: u16,
    },
    Adr {
        d: Reg,
        offset: i32,
    },
    ShiftBy {
        shift: Shift,
        set: Set,
        d: Reg,
        n: Reg,
        m: Reg,
    },
    Multiply {
        set: Set,
        d: Reg,
        n: Reg,
        m: Reg,
    },
    MultiplyAdd {
        subtract: bool,
        d: Reg,
        n: Reg,
        m: Reg,
        a: Reg,
    },
    MultiplyHalves {
        half: Half,
        d: Reg,
        n: Reg,
        m: Reg,
        a: Option<Reg>,
    },
    MultiplyWordHalf {
        top: bool,
        d: Reg,
        n: Reg,
        m: Reg,
        a: Option<Reg>,
    },
    MultiplyHigh {
        round: bool,
        d: Reg,
        n: Reg,
        m: Reg,
        a: Option<Reg>,
    },
    LongMultiply {
        signed: bool,
        add: bool,
        low: Reg,
        high: Reg,
        n: Reg,
        m: Reg,
    },
    Divide {
        signed: bool,
        d: Reg,
        n: Reg,
        m: Reg,
    },
    Extend {
        extend: Extend,
        d: Reg,
        n: Option<Reg>,
        m: Reg,
    },
    BitField {
        signed: bool,
        d: Reg,
        n: Reg,
        lsb: u8,
        width: u8,
    },
    /// `bfi`, and `bfc` without a source.
    Insert {
        d: Reg,
        n: Option<Reg>,
        lsb: u8,
        width: u8,
    },
    Reverse {
        reverse: Reverse,
        d: Reg,
        m: Reg,
    },
    Saturate {
        signed: bool,
        d: Reg,
        bits: u8,
        n: Reg,
        shift: Shift,
        amount: u8,
    },
    Load {
        width: Width,
        t: Reg,
        address: Address,
    },
    Store {
        width: Width,
        t: Reg,
        address: Address,
    },
    LoadDual {
        t: Reg,
        u: Reg,
        address: Address,
    },
    StoreDual {
        t: Reg,
        u: Reg,
        address: Address,
    },
    Multiple {
        multiple: Multiple,
        list: u16,
    },
    Branch {
        cond: Cond,
        offset: i32,
    },
    Call {
        offset: i32,
    },
    Exchange {
        link: bool,
        m: Reg,
    },
    CompareBranch {
        nonzero: bool,
        n: Reg,
        offset: i32,
    },
    TableBranch {
        half: bool,
        n: Reg,
        m: Reg,
    },
    IfThen {
        first: u8,
        mask: u8,
    },
    /// `nop`, `yield`, `wfe`, `wfi`, `sev` by their number.
    Hint(u8),
    Barrier,
    Masks {
        disable: bool,
    },
    ReadSystem {
        d: Reg,
        system: System,
    },
    WriteSystem {
        n: Reg,
        system: System,
    },
    Breakpoint(u8),
    Supervisor(u8),
    VLoad {
        t: u8,
        double: bool,
        base: Reg,
        offset: i32,
    },
    VStore {
        t: u8,
        double: bool,
        base: Reg,
        offset: i32,
    },
    VMultiple {
        multiple: Multiple,
        first: u8,
        words: u8,
        double: bool,
    },
    VConstant {
        d: u8,
        bits: u32,
    },
    VUnary {
        unary: VUnary,
        d: u8,
        m: u8,
    },
    VBinary {
        fpu: FpuOp,
        d: u8,
        n: u8,
        m: u8,
    },
    VCompare {
        signals: bool,
        n: u8,
        m: Option<u8>,
    },
    VConvert {
        convert: Convert,
        d: u8,
        m: u8,
    },
    /// `vmov` between a core register and a single (or half of a double, by its single).
    VMoveCore {
        to_core: bool,
        t: Reg,
        n: u8,
        scalar: bool,
    },
    VMovePair {
        to_core: bool,
        t: Reg,
        u: Reg,
        m: u8,
        double: bool,
    },
    /// `vmrs`; `t` of PC is the flags.
    VReadStatus {
        t: Reg,
    },
    VWriteStatus {
        t: Reg,
    },
}

/// Instruction and its size in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instruction {
    /// Operation with its operands.
    pub op: Op,
    /// Bytes: 2 or 4.
    pub size: u8,
}
