//! Exponentials and hyperbolic tangents eight at a time, with the bits of `libm`.
//!
//! The operations are those of `libm::expf` and `libm::tanhf` in their order, each rounded by
//! itself, with branches turned into choices so that a compiler can take eight numbers at once.
//! If one of the eight is outside the range of these operations, all eight go through `libm`.

#![allow(
    clippy::inline_always,
    clippy::excessive_precision,
    clippy::redundant_closure,
    reason = "only inlined is the code compiled with the dispatched instructions; constants as libm has them"
)]

/// Numbers taken at once.
pub const LANES: usize = 8;

/// Returns eˣ of each number, as `libm::expf` gives it.
#[inline(always)]
pub fn exp(x: [f32; LANES]) -> [f32; LANES] {
    // Beyond, a power of two is no single any more, or there is a NaN.
    let near = x.iter().fold(true, |near, x| near & (x.abs() < 80.0));
    if !near {
        return each(x, libm::expf);
    }
    // A closure is not always inlined.
    let mut out = x;
    for x in &mut out {
        *x = near_exp(*x);
    }
    out
}

/// Returns the hyperbolic tangent of each number, as `libm::tanhf` gives it.
#[inline(always)]
pub fn tanh(x: [f32; LANES]) -> [f32; LANES] {
    let easy = |x: f32| (x.abs() <= 10.0) & (x.abs() >= f32::MIN_POSITIVE);
    let easy = x.iter().fold(true, |all, &x| all & easy(x));
    if !easy {
        return each(x, libm::tanhf);
    }
    let mut out = x;
    for x in &mut out {
        *x = near_tanh(*x);
    }
    out
}

/// Returns `f` of each number. (Arrays' own `map` is not always inlined.)
#[inline(always)]
pub fn each(mut x: [f32; LANES], f: impl Fn(f32) -> f32) -> [f32; LANES] {
    for x in &mut x {
        *x = f(*x);
    }
    x
}

/// Returns `f` of each pair of numbers.
#[inline(always)]
pub fn both(mut x: [f32; LANES], y: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    for (x, y) in x.iter_mut().zip(y) {
        *x = f(*x, y);
    }
    x
}

/// Returns 2ᵏ, for k within −126..=127.
#[inline(always)]
fn power(k: i32) -> f32 {
    f32::from_bits(((127 + k) as u32) << 23)
}

#[inline(always)]
fn near_exp(x: f32) -> f32 {
    let (bits, sign) = (x.to_bits() & 0x7FFF_FFFF, (x.to_bits() >> 31) as i32);
    let half = if sign == 1 { -0.5 } else { 0.5 };
    let rounded = (1.442_695_021_6e+00 * x + half) as i32;
    let k = if bits > 0x3F85_1592 { rounded } else { 1 - sign - sign };
    let k = if bits > 0x3EB1_7218 { k } else { 0 };
    let (hi, lo) = (x - k as f32 * 6.931_457_519_5e-01, k as f32 * 1.428_606_765_3e-06);
    let reduced = hi - lo;
    let square = reduced * reduced;
    let c = reduced - square * (1.666_662_544_0e-1 + square * -2.766_733_290_6e-3);
    let y = 1.0 + (reduced * c / (2.0 - c) - lo + hi);
    if bits > 0x3900_0000 { y * power(k) } else { 1.0 + x }
}

/// Computes expm1 for `tanhf`, of −2|x| for small x, else of 2|x|.
#[inline(always)]
fn near_expm1(arg: f32, small: bool) -> f32 {
    let bits = arg.to_bits() & 0x7FFF_FFFF;
    let (reduce, near) = (bits > 0x3EB1_7218, bits < 0x3F85_1592);
    let half = if small { -0.5 } else { 0.5 };
    let rounded = (1.442_695_021_6e+00 * arg + half) as i32;
    let one = if small { -1 } else { 1 };
    let k = if near { one } else { rounded };
    let k = if reduce { k } else { 0 };
    let t = k as f32;
    let (hi, lo) = (arg - t * 6.931_381_225_6e-01, t * 9.058_000_614_5e-06);
    let x = if reduce { hi - lo } else { arg };
    let c = if reduce { (hi - x) - lo } else { 0.0 };
    let hfx = 0.5 * x;
    let hxs = x * hfx;
    let r1 = 1.0 + hxs * (-3.333_321_213_7e-2 + hxs * 1.580_717_042_1e-3);
    let u = 3.0 - r1 * hfx;
    let e = hxs * ((r1 - u) / (6.0 - x * u));
    let unreduced = x - (x * e - hxs);
    let e = x * (e - c) - c - hxs;
    let minus_one = 0.5 * (x - e) - 0.5;
    let plus_one = if x < -0.25 { -2.0 * (e - (x + 0.5)) } else { 1.0 + 2.0 * (x - e) };
    let low = (x - e + (1.0 - power(-k))) * power(k);
    let high = (x - (e + power(-k)) + 1.0) * power(k);
    let more = if k < 23 { low } else { high };
    let value = if k == 1 { plus_one } else { more };
    let value = if k == -1 { minus_one } else { value };
    let value = if k == 0 { unreduced } else { value };
    if bits < 0x3300_0000 { arg } else { value }
}

#[inline(always)]
fn near_tanh(value: f32) -> f32 {
    let bits = value.to_bits() & 0x7FFF_FFFF;
    let a = f32::from_bits(bits);
    let small = bits <= 0x3E82_C578;
    let m = near_expm1(if small { -2.0 * a } else { 2.0 * a }, small);
    let between = if small { -m } else { m } / (m + 2.0);
    let t = if bits > 0x3F0C_9F54 { 1.0 - 2.0 / (m + 2.0) } else { between };
    if value.to_bits() >> 31 == 1 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(x: [f32; LANES]) {
        let bits = |values: [f32; LANES]| values.map(f32::to_bits);
        assert_eq!(bits(exp(x)), bits(x.map(libm::expf)), "exp of {x:?}");
        assert_eq!(bits(tanh(x)), bits(x.map(libm::tanhf)), "tanh of {x:?}");
    }

    /// Singles of every exponent and both signs, spread over their fractions.
    #[test]
    fn bits_are_those_of_libm_over_all_singles() {
        let step = 0x1_0000_0001_u64 / 2_000_003;
        for group in 0..250_000_u64 {
            let single = |lane| f32::from_bits((((group * LANES as u64) + lane) * step) as u32);
            same(std::array::from_fn(|lane| single(lane as u64)));
        }
    }

    /// Around the places where libm takes another way.
    #[test]
    fn bits_are_those_of_libm_around_its_branches() {
        let edges = [
            0x3F85_1592_u32,
            0x3EB1_7218,
            0x3900_0000,
            0x3300_0000,
            0x3E82_C578,
            0x3F0C_9F54,
            0x0080_0000,
            0x4120_0000,
            0x42A0_0000,
            0x3E31_7218,
            0x3F05_1592,
            0x40F8_0000,
        ];
        for edge in edges {
            for sign in [0, 1 << 31] {
                for around in -400..400_i32 {
                    let single = |lane: usize| {
                        f32::from_bits(sign | edge.wrapping_add_signed(8 * around + lane as i32))
                    };
                    same(std::array::from_fn(single));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn bits_are_those_of_libm_for_what_gates_see(x in prop::array::uniform8(-30.0_f32..30.0)) {
            same(x);
        }
    }
}
