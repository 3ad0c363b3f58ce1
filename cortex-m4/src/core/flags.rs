//! Condition flags: what sets them, and which conditions hold.

use std::cmp::Ordering;

use crate::instruction::Cond;

/// The condition flags N, Z, C and V.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, clippy::struct_excessive_bools, reason = "Arm's own names; four flags are four flags")]
pub struct Flags {
    pub n: bool,
    pub z: bool,
    pub c: bool,
    pub v: bool,
}

impl Flags {
    /// Returns whether an instruction with this condition is executed.
    pub fn hold(self, cond: Cond) -> bool {
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

    /// Returns the flags after a logical operation with this result and carry; V stays.
    #[must_use]
    pub fn logical(self, result: u32, carry: bool) -> Self {
        Self { n: result >> 31 == 1, z: result == 0, c: carry, v: self.v }
    }

    /// Returns a + b + carry and its flags.
    pub fn sum(a: u32, b: u32, carry: bool) -> (u32, Self) {
        let (partial, first) = a.overflowing_add(b);
        let (result, second) = partial.overflowing_add(u32::from(carry));
        let flags = Self {
            n: result >> 31 == 1,
            z: result == 0,
            c: first || second,
            v: ((a ^ result) & (b ^ result)) >> 31 == 1,
        };
        (result, flags)
    }

    /// Returns the flags of a floating-point comparison.
    pub fn compare(a: f32, b: f32) -> Self {
        match a.partial_cmp(&b) {
            Some(Ordering::Less) => Self { n: true, z: false, c: false, v: false },
            Some(Ordering::Equal) => Self { n: false, z: true, c: true, v: false },
            Some(Ordering::Greater) => Self { n: false, z: false, c: true, v: false },
            None => Self { n: false, z: false, c: true, v: true },
        }
    }

    /// Returns the flags as the top four bits of a word.
    pub fn bits(self) -> u32 {
        u32::from(self.n) << 31 | u32::from(self.z) << 30 | u32::from(self.c) << 29 | u32::from(self.v) << 28
    }

    /// Reads the flags from the top four bits of a word.
    pub fn of(bits: u32) -> Self {
        Self {
            n: bits >> 31 & 1 == 1,
            z: bits >> 30 & 1 == 1,
            c: bits >> 29 & 1 == 1,
            v: bits >> 28 & 1 == 1,
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
                let (_, flags) = Flags::sum(a, !b, true);
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
        let flags = Flags::compare(f32::NAN, 0.0);
        assert!(!flags.hold(Cond::Gt) && !flags.hold(Cond::Eq) && flags.hold(Cond::Le));
        assert!(Flags::compare(1.0, 0.0).hold(Cond::Gt));
        assert!(!Flags::compare(0.0, -0.0).hold(Cond::Gt));
    }
}
