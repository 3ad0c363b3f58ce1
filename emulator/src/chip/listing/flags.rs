//! The condition flags.

use super::instruction::Cond;

/// N, Z, C and V.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // four flags are four flags
pub(super) struct Flags {
    n: bool,
    z: bool,
    c: bool,
    v: bool,
}

impl Flags {
    /// Whether an instruction with this condition is executed.
    pub(super) fn hold(self, cond: Cond) -> bool {
        match cond {
            Cond::Eq => self.z,
            Cond::Ne => !self.z,
            Cond::Cs => self.c,
            Cond::Cc => !self.c,
            Cond::Mi => self.n,
            Cond::Pl => !self.n,
            Cond::Vs => self.v,
            Cond::Vc => !self.v,
            Cond::Hi => self.c && !self.z,
            Cond::Ls => !self.c || self.z,
            Cond::Ge => self.n == self.v,
            Cond::Lt => self.n != self.v,
            Cond::Gt => !self.z && self.n == self.v,
            Cond::Le => self.z || self.n != self.v,
            Cond::Always => true,
        }
    }

    /// Of a result; V stays, and C too: a shifter's carry is not modelled, as no kernel
    /// looks at it.
    pub(super) fn logical(self, result: u32) -> Self {
        Self { n: result >> 31 == 1, z: result == 0, ..self }
    }

    /// Of a + b + carry.
    pub(super) fn sum(a: u32, b: u32, carry: bool) -> Self {
        let (partial, first) = a.overflowing_add(b);
        let (result, second) = partial.overflowing_add(u32::from(carry));
        Self {
            n: result >> 31 == 1,
            z: result == 0,
            c: first || second,
            v: ((a ^ result) & (b ^ result)) >> 31 == 1,
        }
    }

    /// Of a floating-point comparison.
    pub(super) fn floating(a: f32, b: f32) -> Self {
        match a.partial_cmp(&b) {
            Some(std::cmp::Ordering::Less) => Self { n: true, z: false, c: false, v: false },
            Some(std::cmp::Ordering::Equal) => Self { n: false, z: true, c: true, v: false },
            Some(std::cmp::Ordering::Greater) => Self { n: false, z: false, c: true, v: false },
            None => Self { n: false, z: false, c: true, v: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONDS: [Cond; 8] = [Cond::Eq, Cond::Ne, Cond::Cs, Cond::Cc, Cond::Ge, Cond::Lt, Cond::Gt, Cond::Le];

    /// `cmp a, b` is a + !b + 1; each condition is then the comparison it is named after.
    #[test]
    fn integer_conditions_are_the_comparisons() {
        for a in [0_u32, 1, 5, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
            for b in [0_u32, 1, 5, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
                let flags = Flags::sum(a, !b, true);
                let (x, y) = (a as i32, b as i32);
                let expected = [a == b, a != b, a >= b, a < b, x >= y, x < y, x > y, x <= y];
                assert_eq!(CONDS.map(|cond| flags.hold(cond)), expected, "{a:#x} {b:#x}");
                assert_eq!([flags.hold(Cond::Hi), flags.hold(Cond::Ls)], [a > b, a <= b]);
            }
        }
    }

    /// With a NaN, "greater" and "equal" are false, as in C.
    #[test]
    fn unordered_is_not_greater() {
        let flags = Flags::floating(f32::NAN, 0.0);
        assert!(!flags.hold(Cond::Gt) && !flags.hold(Cond::Eq) && flags.hold(Cond::Le));
        assert!(Flags::floating(1.0, 0.0).hold(Cond::Gt));
        assert!(!Flags::floating(0.0, -0.0).hold(Cond::Gt));
    }
}
