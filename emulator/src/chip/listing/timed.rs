//! Instructions that our own kernels do not use but a user's may: their timing, by mnemonic.

use super::instruction::Reg;
use super::operands::{reg, reg_list, sreg, sreg_list};

/// An instruction of which only the timing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed {
    /// Kind of instruction, which decides its cycles.
    pub class: Class,
    /// The core register that it writes, if it does integer arithmetic: an address made
    /// of it waits.
    pub result: Option<Reg>,
}

/// Kinds of instructions that are timed only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `adc`, `orn`, `tst`, `sxtb`, `bfi`, `rev`, `clz`, `ssat`, ...
    DataProcessing,
    /// `umull`, `smlal`, `mls`, `smlabb`, ...
    Multiply,
    /// `sdiv` and `udiv`: integer division.
    Divide,
    /// `ldm` or `stm` of this number of registers.
    Multiple(u8),
    /// `bl`, `blx`: the call itself; what is called is not looked at.
    Call,
    /// `dsb`, `dmb`, `isb`, `sev`, `wfe`, `pld`, ...
    Hint,
    /// `vmla`, `vmls`, `vfms`, `vnmla`, ...
    VMultiplyAdd,
    /// `vnmul`, `vcvt` and other single-cycle arithmetic of the FPU.
    VArithmetic,
    /// `vmov` of two core registers.
    VMovePair,
    /// `vldr`, `vstr` of a double.
    VDouble,
    /// `vldm`, `vstm`, `vpush` or `vpop` of this number of words.
    VMultiple(u8),
    /// `vmsr`, and `vmrs` to a core register.
    VSystem,
}

/// Decoded timing, or what was expected where the operands could not be read.
type Decoded = Result<Timed, &'static str>;

/// Decodes an integer instruction from its name, which has neither condition nor flag-setting `s`,
/// and its operands; `None` if there is no such name.
pub(super) fn timed(name: &str, words: &[&str]) -> Option<Decoded> {
    let name = ["adc", "sbc", "orn", "ror", "rrx", "neg"]
        .into_iter()
        .find(|n| name == format!("{n}s"))
        .unwrap_or(name);
    let class = match name {
        "tst" | "teq" | "cmn" => return Some(Ok(Timed { class: Class::DataProcessing, result: None })),
        "adc" | "sbc" | "orn" | "ror" | "rrx" | "neg" | "addw" | "subw" | "adr" | "sxtb" | "sxth"
        | "uxtab" | "uxtah" | "sxtab" | "sxtah" | "uxtb16" | "sxtb16" | "sbfx" | "bfi" | "bfc" | "rev"
        | "rev16" | "revsh" | "rbit" | "clz" | "ssat" | "usat" | "ssat16" | "usat16" | "sel" | "pkhbt"
        | "pkhtb" | "usad8" | "usada8" | "qadd" | "qsub" | "mrs" => Class::DataProcessing,
        "mls" | "umull" | "smull" | "umlal" | "smlal" | "umaal" | "smuad" | "smlad" | "smlald" | "smmul"
        | "smmla" | "smulbb" | "smulbt" | "smultb" | "smultt" | "smlabb" | "smlabt" | "smlatb" | "smlatt"
        | "smulwb" | "smulwt" | "smlawb" | "smlawt" => Class::Multiply,
        "sdiv" | "udiv" => Class::Divide,
        "ldm" | "ldmia" | "ldmfd" | "ldmdb" | "stm" | "stmia" | "stmea" | "stmdb" | "stmfd" => {
            return Some(multiple(words));
        }
        "bl" | "blx" => return Some(Ok(Timed { class: Class::Call, result: None })),
        "dsb" | "dmb" | "isb" | "sev" | "wfe" | "yield" | "pld" => {
            return Some(Ok(Timed { class: Class::Hint, result: None }));
        }
        _ => return None,
    };
    let result = words.first().and_then(|d| reg(d));
    Some(result.ok_or("a destination register").map(|d| Timed { class, result: Some(d) }))
}

fn multiple(words: &[&str]) -> Decoded {
    let list = words.get(1).and_then(|list| reg_list(list)).ok_or("a base register and a register list")?;
    if list.contains(&Reg::PC) {
        return Err("a register list without pc: a return must be a `pop` or `bx lr`");
    }
    Ok(Timed { class: Class::Multiple(list.len() as u8), result: None })
}

/// Decodes an FPU instruction from its name without the `v` and its operands; `None` if unknown.
pub(super) fn timed_fpu(name: &str, words: &[&str]) -> Option<Decoded> {
    const DOUBLES: &str = "a list of registers";
    let only = |class| Some(Ok(Timed { class, result: None }));
    match name {
        "mla.f32" | "mls.f32" | "fms.f32" | "nmla.f32" | "nmls.f32" | "fnma.f32" | "fnms.f32" => {
            only(Class::VMultiplyAdd)
        }
        "nmul.f32" => only(Class::VArithmetic),
        "mov" if words.len() >= 3 => only(Class::VMovePair),
        "msr" | "mrs" => only(Class::VSystem),
        "ldr.64" | "str.64" => only(Class::VDouble),
        "push" | "pop" | "push.32" | "pop.32" | "push.64" | "pop.64" => {
            Some(list(words.first()).ok_or(DOUBLES).map(|class| Timed { class, result: None }))
        }
        "ldmia.64" | "stmia.64" | "ldmdb.32" | "stmdb.32" | "ldmdb.64" | "stmdb.64" => {
            Some(list(words.get(1)).ok_or(DOUBLES).map(|class| Timed { class, result: None }))
        }
        _ if name.starts_with("cvt") => match words {
            [d, ..] if sreg(d).is_some() => only(Class::VArithmetic),
            _ => Some(Err("single-precision registers")),
        },
        _ => None,
    }
}

/// Returns the class of a transfer of a list of singles, or of doubles, which are two words each;
/// `None` if the list is missing or invalid.
fn list(text: Option<&&str>) -> Option<Class> {
    let text = text?;
    let singles = text.replace('d', "s");
    let each = if singles == **text { 1 } else { 2 };
    u8::try_from(each * sreg_list(&singles)?.len()).ok().map(Class::VMultiple)
}
