//! Assembly text of instructions, in the words of `objdump -d`.

use std::fmt::Write as _;

use crate::instruction::{
    Address, Alu, Cond, Convert, Extend, FpuOp, Index, Instruction, Multiple, Offset, Op, Operand, Reg,
    Reverse, Set, Shift, System, Test, VUnary, Width,
};

impl std::fmt::Display for Reg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 & 15 {
            10 => f.write_str("sl"),
            11 => f.write_str("fp"),
            12 => f.write_str("ip"),
            13 => f.write_str("sp"),
            14 => f.write_str("lr"),
            15 => f.write_str("pc"),
            number => write!(f, "r{number}"),
        }
    }
}

impl Cond {
    /// Returns the two letters that follow a mnemonic; none for [`Self::Always`].
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Cs => "cs",
            Self::Cc => "cc",
            Self::Mi => "mi",
            Self::Pl => "pl",
            Self::Vs => "vs",
            Self::Vc => "vc",
            Self::Hi => "hi",
            Self::Ls => "ls",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Gt => "gt",
            Self::Le => "le",
            Self::Always => "",
        }
    }
}

fn shift_name(shift: Shift) -> &'static str {
    match shift {
        Shift::Lsl => "lsl",
        Shift::Lsr => "lsr",
        Shift::Asr => "asr",
        Shift::Ror => "ror",
        Shift::Rrx => "rrx",
    }
}

fn alu_name(alu: Alu) -> &'static str {
    match alu {
        Alu::And => "and",
        Alu::Bic => "bic",
        Alu::Orr => "orr",
        Alu::Orn => "orn",
        Alu::Eor => "eor",
        Alu::Add => "add",
        Alu::Adc => "adc",
        Alu::Sbc => "sbc",
        Alu::Sub => "sub",
        Alu::Rsb => "rsb",
    }
}

fn fpu_name(fpu: FpuOp) -> &'static str {
    match fpu {
        FpuOp::Add => "vadd",
        FpuOp::Sub => "vsub",
        FpuOp::Mul => "vmul",
        FpuOp::Nmul => "vnmul",
        FpuOp::Div => "vdiv",
        FpuOp::Mla => "vmla",
        FpuOp::Mls => "vmls",
        FpuOp::Nmla => "vnmla",
        FpuOp::Nmls => "vnmls",
        FpuOp::Fma => "vfma",
        FpuOp::Fms => "vfms",
        FpuOp::Fnma => "vfnma",
        FpuOp::Fnms => "vfnms",
    }
}

fn width_name(width: Width) -> &'static str {
    match width {
        Width::Word => "",
        Width::Half => "h",
        Width::Byte => "b",
        Width::SignedHalf => "sh",
        Width::SignedByte => "sb",
    }
}

fn operand(operand: Operand) -> String {
    match operand {
        Operand::Imm(value, _) => format!("#{}", value as i32),
        Operand::Reg(m, _, 0) => m.to_string(),
        Operand::Reg(m, Shift::Rrx, _) => format!("{m}, rrx"),
        Operand::Reg(m, shift, amount) => format!("{m}, {} #{amount}", shift_name(shift)),
    }
}

fn address(address: Address) -> String {
    let Address { base, offset, index } = address;
    let offset = match offset {
        Offset::Imm(0) if index == Index::Offset => return format!("[{base}]"),
        Offset::Imm(bytes) => format!("#{bytes}"),
        Offset::Reg(m, 0) => m.to_string(),
        Offset::Reg(m, shift) => format!("{m}, lsl #{shift}"),
    };
    match index {
        Index::Offset => format!("[{base}, {offset}]"),
        Index::Pre => format!("[{base}, {offset}]!"),
        Index::Post => format!("[{base}], {offset}"),
    }
}

fn list(list: u16) -> String {
    let names: Vec<String> = (0..16).filter(|n| list >> n & 1 == 1).map(|n| Reg(n).to_string()).collect();
    format!("{{{}}}", names.join(", "))
}

fn singles(first: u8, words: u8, double: bool) -> String {
    let (letter, first, count) = if double { ('d', first / 2, words / 2) } else { ('s', first, words) };
    match count {
        0 | 1 => format!("{{{letter}{first}}}"),
        count => format!("{{{letter}{first}-{letter}{}}}", first + count - 1),
    }
}

/// Formats the address operand of an FPU load or store: a base register and an offset in bytes.
fn fpu_address(base: Reg, offset: i32) -> String {
    address(Address { base, offset: Offset::Imm(offset), index: Index::Offset })
}

fn register(number: u8, double: bool) -> String {
    if double { format!("d{}", number / 2) } else { format!("s{number}") }
}

fn convert_name(convert: Convert) -> String {
    let letter = if convert.signed { 's' } else { 'u' };
    let bits = if convert.bits == 0 { 32 } else { convert.bits };
    let name = if convert.nearest { "vcvtr" } else { "vcvt" };
    if convert.to_float { format!("{name}.f32.{letter}{bits}") } else { format!("{name}.{letter}{bits}.f32") }
}

/// Mnemonic and operands of an instruction.
struct Text {
    cond: &'static str,
    out: String,
}

impl Text {
    /// Writes a mnemonic with the condition before its first full stop, if it has any.
    fn write(&mut self, mnemonic: &str, operands: std::fmt::Arguments<'_>) {
        let (stem, rest) = mnemonic.find('.').map_or((mnemonic, ""), |at| mnemonic.split_at(at));
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{stem}{}{rest} {operands}", self.cond);
    }
}

impl Instruction {
    /// Returns its text at byte address `at`, with `cond` from an IT block; branch targets
    /// are hexadecimal addresses.
    pub fn text(&self, at: u32, cond: Cond) -> String {
        let mut text = Text { cond: cond.suffix(), out: String::new() };
        if let Some(done) = self.control_text(at, cond) {
            return done;
        }
        if !text.integer(&self.op, cond) && !text.products(&self.op) && !text.memory(&self.op) {
            text.fpu(&self.op);
        }
        text.out.trim_end().to_string()
    }

    fn control_text(&self, at: u32, it: Cond) -> Option<String> {
        let to = |offset: i32| at.wrapping_add_signed(offset);
        let it = it.suffix();
        Some(match self.op {
            Op::Branch { cond, offset } => format!("b{}{it} {:x}", cond.suffix(), to(offset)),
            Op::Call { offset } => format!("bl{it} {:x}", to(offset)),
            Op::Exchange { link, m } => format!("b{}x{it} {m}", if link { "l" } else { "" }),
            Op::CompareBranch { nonzero, n, offset } => {
                format!("cb{}z {n}, {:x}", if nonzero { "n" } else { "" }, to(offset))
            }
            Op::TableBranch { half: true, n, m } => format!("tbh [{n}, {m}, lsl #1]"),
            Op::TableBranch { n, m, .. } => format!("tbb [{n}, {m}]"),
            Op::IfThen { first, mask } => {
                let length = 3 - mask.trailing_zeros().min(3);
                let letter =
                    |i: u32| if u32::from(mask) >> (3 - i) & 1 == u32::from(first) & 1 { 't' } else { 'e' };
                format!(
                    "it{} {}",
                    (0..length).map(letter).collect::<String>(),
                    if first == 14 { "al" } else { Cond::of(first).suffix() }
                )
            }
            Op::Hint(number) => {
                ["nop", "yield", "wfe", "wfi", "sev"]
                    .get(usize::from(number))
                    .map_or("nop", |name| name)
                    .to_string()
                    + it
            }
            Op::Barrier => "dmb sy".to_string(),
            Op::Masks { disable } => format!("cpsi{} i", if disable { "d" } else { "e" }),
            Op::Breakpoint(number) => format!("bkpt {number:#06x}"),
            Op::Supervisor(number) => format!("svc {number}"),
            _ => return None,
        })
    }
}

impl Text {
    fn integer(&mut self, op: &Op, cond: Cond) -> bool {
        let flags = |set: Set| {
            if set == Set::Always || set == Set::OutsideIt && cond == Cond::Always { "s" } else { "" }
        };
        match *op {
            Op::Alu { alu: Alu::Rsb, set: set @ Set::OutsideIt, d, n, .. } => {
                self.write(&format!("neg{}", flags(set)), format_args!("{d}, {n}"));
            }
            Op::Alu { alu, set, d, n, m } => {
                self.write(
                    &format!("{}{}", alu_name(alu), flags(set)),
                    format_args!("{d}, {n}, {}", operand(m)),
                );
            }
            Op::Compare { test, n, m } => {
                let name = match test {
                    Test::Tst => "tst",
                    Test::Teq => "teq",
                    Test::Cmp => "cmp",
                    Test::Cmn => "cmn",
                };
                self.write(name, format_args!("{n}, {}", operand(m)));
            }
            Op::Move { not: false, set, d, m: Operand::Reg(m, shift, amount) } if amount > 0 => {
                let name = format!("{}{}", shift_name(shift), flags(set));
                if shift == Shift::Rrx {
                    self.write(&name, format_args!("{d}, {m}"));
                } else {
                    self.write(&name, format_args!("{d}, {m}, #{amount}"));
                }
            }
            Op::Move { not, set, d, m } => {
                let name = format!("{}{}", if not { "mvn" } else { "mov" }, flags(set));
                self.write(&name, format_args!("{d}, {}", operand(m)));
            }
            Op::MoveTop { d, imm } => self.write("movt", format_args!("{d}, #{imm}")),
            Op::Adr { d, offset } => self.write("add", format_args!("{d}, pc, #{offset}")),
            Op::ShiftBy { shift, set, d, n, m } => {
                self.write(&format!("{}{}", shift_name(shift), flags(set)), format_args!("{d}, {n}, {m}"));
            }
            Op::Multiply { set, d, n, m } => {
                self.write(&format!("mul{}", flags(set)), format_args!("{d}, {n}, {m}"));
            }
            Op::Extend { extend: Extend { signed, byte, rotate }, d, n, m } => {
                let sign = if signed { 's' } else { 'u' };
                let part = if byte { 'b' } else { 'h' };
                let rotated = if rotate == 0 { String::new() } else { format!(", ror #{rotate}") };
                match n {
                    Some(n) => {
                        self.write(&format!("{sign}xta{part}"), format_args!("{d}, {n}, {m}{rotated}"));
                    }
                    None => self.write(&format!("{sign}xt{part}"), format_args!("{d}, {m}{rotated}")),
                }
            }
            Op::BitField { signed, d, n, lsb, width } => {
                self.write(if signed { "sbfx" } else { "ubfx" }, format_args!("{d}, {n}, #{lsb}, #{width}"));
            }
            Op::Insert { d, n: Some(n), lsb, width } => {
                self.write("bfi", format_args!("{d}, {n}, #{lsb}, #{width}"));
            }
            Op::Insert { d, n: None, lsb, width } => self.write("bfc", format_args!("{d}, #{lsb}, #{width}")),
            Op::Reverse { reverse, d, m } => {
                let name = match reverse {
                    Reverse::Rev => "rev",
                    Reverse::Rev16 => "rev16",
                    Reverse::Revsh => "revsh",
                    Reverse::Rbit => "rbit",
                    Reverse::Clz => "clz",
                };
                self.write(name, format_args!("{d}, {m}"));
            }
            Op::Saturate { signed, d, bits, n, shift, amount } => {
                let source = operand(Operand::Reg(n, shift, amount));
                self.write(if signed { "ssat" } else { "usat" }, format_args!("{d}, #{bits}, {source}"));
            }
            Op::ReadSystem { d, system } => self.write("mrs", format_args!("{d}, {}", system_name(system))),
            Op::WriteSystem { n, system } => self.write("msr", format_args!("{}, {n}", system_name(system))),
            _ => return false,
        }
        true
    }

    fn products(&mut self, op: &Op) -> bool {
        let half = |top: bool| if top { 't' } else { 'b' };
        match *op {
            Op::MultiplyAdd { subtract, d, n, m, a } => {
                self.write(if subtract { "mls" } else { "mla" }, format_args!("{d}, {n}, {m}, {a}"));
            }
            Op::MultiplyHalves { half: halves, d, n, m, a } => {
                let (n_half, m_half) = (half(halves.n), half(halves.m));
                match a {
                    Some(a) => {
                        self.write(&format!("smla{n_half}{m_half}"), format_args!("{d}, {n}, {m}, {a}"));
                    }
                    None => self.write(&format!("smul{n_half}{m_half}"), format_args!("{d}, {n}, {m}")),
                }
            }
            Op::MultiplyWordHalf { top, d, n, m, a } => match a {
                Some(a) => self.write(&format!("smlaw{}", half(top)), format_args!("{d}, {n}, {m}, {a}")),
                None => self.write(&format!("smulw{}", half(top)), format_args!("{d}, {n}, {m}")),
            },
            Op::MultiplyHigh { round, d, n, m, a } => {
                let round = if round { "r" } else { "" };
                match a {
                    Some(a) => self.write(&format!("smmla{round}"), format_args!("{d}, {n}, {m}, {a}")),
                    None => self.write(&format!("smmul{round}"), format_args!("{d}, {n}, {m}")),
                }
            }
            Op::LongMultiply { signed, add, low, high, n, m } => {
                let name = match (signed, add) {
                    (true, true) => "smlal",
                    (true, false) => "smull",
                    (false, true) => "umlal",
                    (false, false) => "umull",
                };
                self.write(name, format_args!("{low}, {high}, {n}, {m}"));
            }
            Op::Divide { signed, d, n, m } => {
                self.write(if signed { "sdiv" } else { "udiv" }, format_args!("{d}, {n}, {m}"));
            }
            _ => return false,
        }
        true
    }

    fn memory(&mut self, op: &Op) -> bool {
        match *op {
            Op::Load { width, t, address: at } => {
                self.write(&format!("ldr{}", width_name(width)), format_args!("{t}, {}", address(at)));
            }
            Op::Store { width, t, address: at } => {
                self.write(&format!("str{}", width_name(width)), format_args!("{t}, {}", address(at)));
            }
            Op::LoadDual { t, u, address: at } => {
                self.write("ldrd", format_args!("{t}, {u}, {}", address(at)));
            }
            Op::StoreDual { t, u, address: at } => {
                self.write("strd", format_args!("{t}, {u}, {}", address(at)));
            }
            Op::Multiple { multiple: Multiple { load, base, writeback, before }, list: registers } => {
                let stack = base == Reg::SP && writeback && load != before;
                if stack {
                    self.write(if load { "pop" } else { "push" }, format_args!("{}", list(registers)));
                } else {
                    let name =
                        format!("{}m{}", if load { "ld" } else { "st" }, if before { "db" } else { "ia" });
                    let mark = if writeback { "!" } else { "" };
                    self.write(&name, format_args!("{base}{mark}, {}", list(registers)));
                }
            }
            _ => return false,
        }
        true
    }

    fn fpu(&mut self, op: &Op) {
        match *op {
            Op::VLoad { t, double, base, offset } => {
                self.write("vldr", format_args!("{}, {}", register(t, double), fpu_address(base, offset)));
            }
            Op::VStore { t, double, base, offset } => {
                self.write("vstr", format_args!("{}, {}", register(t, double), fpu_address(base, offset)));
            }
            Op::VMultiple { multiple: Multiple { load, base, writeback, before }, first, words, double } => {
                if base == Reg::SP && writeback && load != before {
                    self.write(
                        if load { "vpop" } else { "vpush" },
                        format_args!("{}", singles(first, words, double)),
                    );
                } else {
                    let name =
                        format!("v{}m{}", if load { "ld" } else { "st" }, if before { "db" } else { "ia" });
                    let mark = if writeback { "!" } else { "" };
                    self.write(&name, format_args!("{base}{mark}, {}", singles(first, words, double)));
                }
            }
            Op::VConstant { d, bits } => {
                self.write("vmov.f32", format_args!("s{d}, #{}", f32::from_bits(bits)));
            }
            Op::VUnary { unary, d, m } => {
                let name = match unary {
                    VUnary::Mov => "vmov.f32",
                    VUnary::Abs => "vabs.f32",
                    VUnary::Neg => "vneg.f32",
                    VUnary::Sqrt => "vsqrt.f32",
                };
                self.write(name, format_args!("s{d}, s{m}"));
            }
            Op::VBinary { fpu, d, n, m } => {
                self.write(&format!("{}.f32", fpu_name(fpu)), format_args!("s{d}, s{n}, s{m}"));
            }
            Op::VCompare { signals, n, m } => {
                let name = if signals { "vcmpe.f32" } else { "vcmp.f32" };
                match m {
                    Some(m) => self.write(name, format_args!("s{n}, s{m}")),
                    None => self.write(name, format_args!("s{n}, #0.0")),
                }
            }
            Op::VConvert { convert, d, m } => {
                let name = convert_name(convert);
                if convert.bits == 0 {
                    self.write(&name, format_args!("s{d}, s{m}"));
                } else {
                    self.write(&name, format_args!("s{d}, s{m}, #{}", convert.fraction));
                }
            }
            Op::VMoveCore { to_core, t, n, scalar } => {
                let half = if scalar { format!("d{}[{}]", n / 2, n % 2) } else { format!("s{n}") };
                let name = if scalar { "vmov.32" } else { "vmov" };
                if to_core {
                    self.write(name, format_args!("{t}, {half}"));
                } else {
                    self.write(name, format_args!("{half}, {t}"));
                }
            }
            Op::VMovePair { to_core, t, u, m, double } => {
                let pair = if double { format!("d{}", m / 2) } else { format!("s{m}, s{}", m + 1) };
                if to_core {
                    self.write("vmov", format_args!("{t}, {u}, {pair}"));
                } else {
                    self.write("vmov", format_args!("{pair}, {t}, {u}"));
                }
            }
            Op::VReadStatus { t: Reg::PC } => self.write("vmrs", format_args!("APSR_nzcv, fpscr")),
            Op::VReadStatus { t } => self.write("vmrs", format_args!("{t}, fpscr")),
            Op::VWriteStatus { t } => self.write("vmsr", format_args!("fpscr, {t}")),
            _ => {}
        }
    }
}

fn system_name(system: System) -> &'static str {
    match system {
        System::Apsr => "CPSR",
        System::Msp => "MSP",
        System::Psp => "PSP",
        System::Primask => "PRIMASK",
        System::Basepri => "BASEPRI",
        System::Faultmask => "FAULTMASK",
        System::Control => "CONTROL",
    }
}
