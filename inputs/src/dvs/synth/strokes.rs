//! Handwriting of digits: pen strokes through control points, drawn by this project, with
//! a hand's variations.

use super::dice::Dice;

/// Points of a stroke: column and row, with the digit in 0..1 from left to right and from
/// top to bottom.
pub type Stroke = Vec<[f32; 2]>;

/// Control points of a stroke, in the order in which a pen passes them.
type Path = &'static [[f32; 2]];
/// Strokes of one way to write a digit.
type Glyph = &'static [Path];

/// Pieces of the curve between two control points.
const PIECES: usize = 5;

const ZERO: &[Glyph] = &[
    &[&[
        [0.55, 0.0],
        [0.27, 0.1],
        [0.12, 0.45],
        [0.2, 0.85],
        [0.5, 1.0],
        [0.8, 0.85],
        [0.88, 0.45],
        [0.73, 0.1],
        [0.5, 0.0],
    ]],
    &[&[
        [0.65, 0.08],
        [0.3, 0.08],
        [0.1, 0.5],
        [0.28, 0.93],
        [0.6, 0.97],
        [0.88, 0.6],
        [0.78, 0.15],
        [0.5, 0.02],
    ]],
];
const ONE: &[Glyph] = &[
    &[&[[0.5, 0.0], [0.5, 0.5], [0.5, 1.0]]],
    &[&[[0.6, 0.0], [0.5, 0.5], [0.4, 1.0]]],
    &[&[[0.3, 0.22], [0.52, 0.0]], &[[0.52, 0.0], [0.5, 1.0]]],
    &[&[[0.3, 0.2], [0.5, 0.0]], &[[0.5, 0.0], [0.5, 1.0]], &[[0.22, 1.0], [0.78, 1.0]]],
];
const TWO: &[Glyph] = &[
    &[
        &[[0.12, 0.25], [0.3, 0.04], [0.6, 0.0], [0.82, 0.2], [0.72, 0.48], [0.4, 0.77], [0.08, 1.0]],
        &[[0.08, 1.0], [0.9, 0.98]],
    ],
    &[&[
        [0.15, 0.2],
        [0.4, 0.02],
        [0.72, 0.1],
        [0.75, 0.4],
        [0.48, 0.75],
        [0.2, 0.96],
        [0.06, 0.88],
        [0.2, 0.76],
        [0.5, 0.88],
        [0.95, 0.96],
    ]],
];
const THREE: &[Glyph] = &[
    &[
        &[[0.12, 0.1], [0.45, 0.0], [0.78, 0.12], [0.75, 0.33], [0.38, 0.47]],
        &[[0.38, 0.47], [0.75, 0.55], [0.86, 0.78], [0.52, 1.0], [0.08, 0.92]],
    ],
    &[
        &[[0.1, 0.03], [0.8, 0.0]],
        &[[0.8, 0.0], [0.4, 0.4]],
        &[[0.4, 0.4], [0.78, 0.5], [0.85, 0.8], [0.5, 1.0], [0.1, 0.9]],
    ],
];
const FOUR: &[Glyph] = &[
    &[&[[0.2, 0.0], [0.12, 0.3], [0.14, 0.52]], &[[0.14, 0.52], [0.9, 0.5]], &[[0.78, 0.02], [0.68, 1.0]]],
    &[&[[0.66, 0.0], [0.08, 0.62]], &[[0.08, 0.62], [0.95, 0.6]], &[[0.66, 0.0], [0.64, 1.0]]],
    &[
        &[[0.18, 0.0], [0.1, 0.35], [0.25, 0.5], [0.6, 0.45], [0.8, 0.3]],
        &[[0.85, 0.0], [0.78, 0.4], [0.7, 1.0]],
    ],
];
const FIVE: &[Glyph] = &[
    &[
        &[[0.85, 0.0], [0.25, 0.02]],
        &[[0.25, 0.02], [0.2, 0.43]],
        &[[0.2, 0.43], [0.5, 0.37], [0.82, 0.52], [0.82, 0.8], [0.5, 1.0], [0.1, 0.92]],
    ],
    &[
        &[[0.95, 0.05], [0.42, 0.0]],
        &[[0.42, 0.0], [0.25, 0.42], [0.55, 0.5], [0.68, 0.7], [0.5, 0.95], [0.1, 0.97]],
    ],
];
const SIX: &[Glyph] = &[
    &[&[
        [0.72, 0.0],
        [0.38, 0.2],
        [0.15, 0.58],
        [0.2, 0.88],
        [0.5, 1.0],
        [0.8, 0.82],
        [0.68, 0.56],
        [0.4, 0.56],
        [0.18, 0.76],
    ]],
    &[&[
        [0.45, 0.0],
        [0.25, 0.35],
        [0.2, 0.8],
        [0.45, 1.0],
        [0.78, 0.85],
        [0.7, 0.6],
        [0.4, 0.62],
        [0.22, 0.82],
    ]],
];
const SEVEN: &[Glyph] = &[
    &[&[[0.08, 0.04], [0.9, 0.0]], &[[0.9, 0.0], [0.6, 0.45], [0.42, 1.0]]],
    &[&[[0.1, 0.18], [0.12, 0.04]], &[[0.12, 0.04], [0.85, 0.02]], &[[0.85, 0.02], [0.65, 0.5], [0.6, 1.0]]],
    &[&[[0.08, 0.04], [0.88, 0.0]], &[[0.88, 0.0], [0.6, 0.45], [0.4, 1.0]], &[[0.3, 0.52], [0.82, 0.48]]],
];
const EIGHT: &[Glyph] = &[
    &[&[
        [0.78, 0.14],
        [0.5, 0.0],
        [0.24, 0.16],
        [0.4, 0.42],
        [0.7, 0.62],
        [0.76, 0.86],
        [0.48, 1.0],
        [0.2, 0.86],
        [0.3, 0.62],
        [0.62, 0.4],
        [0.8, 0.16],
        [0.62, 0.02],
    ]],
    &[
        &[[0.5, 0.0], [0.25, 0.22], [0.5, 0.46], [0.76, 0.22], [0.5, 0.0]],
        &[[0.5, 0.46], [0.18, 0.74], [0.5, 1.0], [0.84, 0.74], [0.5, 0.46]],
    ],
];
const NINE: &[Glyph] = &[
    &[
        &[[0.8, 0.2], [0.5, 0.0], [0.2, 0.2], [0.3, 0.46], [0.6, 0.46], [0.8, 0.2]],
        &[[0.8, 0.2], [0.74, 0.6], [0.68, 1.0]],
    ],
    &[
        &[[0.78, 0.16], [0.45, 0.02], [0.16, 0.25], [0.35, 0.48], [0.66, 0.4], [0.8, 0.15]],
        &[[0.8, 0.15], [0.82, 0.6], [0.62, 0.94], [0.25, 1.0]],
    ],
];

/// Ways to write each digit.
const DIGITS: [&[Glyph]; 10] = [ZERO, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE];

/// Writes a digit from 0 to 9 as a hand would: one of its forms, slanted, stretched,
/// turned and uneven.
///
/// Points are no longer within 0..1 afterwards. A number that is no digit gives no strokes.
pub fn write(digit: usize, dice: &mut Dice) -> Vec<Stroke> {
    let forms = DIGITS.get(digit).copied().unwrap_or_default();
    let glyph = forms.get(dice.below(forms.len())).copied().unwrap_or_default();
    let uneven = dice.between(0.01, 0.05);
    let (slant, turn) = (0.18 * dice.normal() + 0.08, 0.12 * dice.normal());
    let width = dice.scale(0.6, 1.2);
    let (sin, cos) = (libm::sinf(turn), libm::cosf(turn));
    // Corners, where two strokes meet, stay together: both get the same displacement.
    let mut moved: Vec<([f32; 2], [f32; 2])> = Vec::new();
    let mut place = |point: [f32; 2]| {
        if let Some((_, to)) =
            moved.iter().find(|(from, _)| from.map(f32::to_bits) == point.map(f32::to_bits))
        {
            return *to;
        }
        let x = point[0] - 0.5 + uneven * dice.normal();
        let y = point[1] - 0.5 + uneven * dice.normal();
        let x = x * width - slant * y;
        let to = [x * cos - y * sin, x * sin + y * cos];
        moved.push((point, to));
        to
    };
    glyph
        .iter()
        .map(|path| path.iter().map(|&point| place(point)).collect::<Stroke>())
        .map(|s| smooth(&s))
        .collect()
}

/// Draws a smooth curve through points: Catmull-Rom splines in straight pieces.
fn smooth(points: &[[f32; 2]]) -> Stroke {
    let mut curve: Stroke = points.first().copied().into_iter().collect();
    let at = |n: isize| points[n.clamp(0, points.len() as isize - 1) as usize];
    for n in 1..points.len() as isize {
        let [p0, p1, p2, p3] = [at(n - 2), at(n - 1), at(n), at(n + 1)];
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            let on = |k: usize| {
                let (a, b) = (p2[k] - p0[k], p3[k] - p1[k]);
                let rest = p2[k] - p1[k];
                // Hermite form with half of the neighbours' distance as slopes.
                p1[k] + t * (0.5 * a + t * (3.0 * rest - a - 0.5 * b + t * (0.5 * (a + b) - 2.0 * rest)))
            };
            curve.push([on(0), on(1)]);
        }
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_pass_their_control_points() {
        let points = [[0.0, 0.0], [0.3, 0.8], [1.0, 0.5]];
        let curve = smooth(&points);
        assert_eq!(curve.len(), 1 + 2 * PIECES);
        for (n, point) in points.iter().enumerate() {
            let on = curve[n * PIECES];
            assert!((on[0] - point[0]).abs() < 1e-6 && (on[1] - point[1]).abs() < 1e-6, "{on:?} {point:?}");
        }
        assert!(smooth(&[]).is_empty());
    }

    #[test]
    fn a_digit_has_several_hands_and_other_numbers_none() {
        for digit in 0..10 {
            let first = write(digit, &mut Dice::new(&[1, digit as u64]));
            assert_eq!(first, write(digit, &mut Dice::new(&[1, digit as u64])));
            assert_ne!(first, write(digit, &mut Dice::new(&[2, digit as u64])));
            assert!(!first.is_empty());
        }
        assert!(write(10, &mut Dice::new(&[1])).is_empty());
    }

    #[test]
    fn strokes_that_meet_still_meet() {
        // The second form of 4: a triangle and a stem, which begin at one point.
        let near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).abs() < 1e-5 && (a[1] - b[1]).abs() < 1e-5;
        let met = (0..40).map(|seed| write(4, &mut Dice::new(&[seed]))).filter(|strokes| {
            strokes.len() == 3
                && near(strokes[0][PIECES], strokes[1][0])
                && near(strokes[0][0], strokes[2][0])
        });
        assert!(met.count() > 5);
    }
}
