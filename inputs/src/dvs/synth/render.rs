//! Luminance pictures of shapes: distances to outlines, softened edges, shading and clothes.
//! All arithmetic is plain f32 without library calls, so that the same seed gives the same
//! bytes on every machine.

use super::people::Pattern;

/// Appearance of a surface.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    /// Part of the light that is thrown back.
    pub albedo: f32,
    /// Stripes and folds.
    pub pattern: Pattern,
}

/// A tapering limb with round ends, pixels.
#[derive(Clone, Copy, Debug)]
pub struct Limb {
    /// First end: column, row.
    pub from: [f32; 2],
    /// Second end: column, row.
    pub to: [f32; 2],
    /// Radius at either end.
    pub radii: [f32; 2],
    /// Surface of the shape: albedo and pattern.
    pub ink: Ink,
}

/// A trunk: a tapering box with rounded corners, pixels.
#[derive(Clone, Copy, Debug)]
pub struct Trunk {
    /// Middle of the upper edge: column, row.
    pub from: [f32; 2],
    /// Middle of the lower edge.
    pub to: [f32; 2],
    /// Half of the width at either edge.
    pub half: [f32; 2],
    /// Radius of the corners.
    pub corner: f32,
    /// Surface of the shape: albedo and pattern.
    pub ink: Ink,
}

/// An upright ellipse, pixels.
#[derive(Clone, Copy, Debug)]
pub struct Oval {
    /// Centre: column, row.
    pub centre: [f32; 2],
    /// Half of the oval's width and height.
    pub half: [f32; 2],
    /// Surface of the shape: albedo and pattern.
    pub ink: Ink,
}

/// A part of a figure.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Arm, leg, neck, finger.
    Limb(Limb),
    /// Chest and belly.
    Trunk(Trunk),
    /// Head, eye, mouth.
    Oval(Oval),
}

/// Light and lens.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Direction towards the light, to the right and down; its length sets the strength of the
    /// shading of round things.
    pub light: [f32; 2],
    /// Width of a sharp edge in the picture, pixels: the lens's blur.
    pub blur: f32,
}

/// A picture of luminances.
#[derive(Clone, Debug)]
pub struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<f32>,
}

/// A box of pixels, ends excluded.
struct Area {
    columns: std::ops::Range<usize>,
    rows: std::ops::Range<usize>,
}

impl Canvas {
    /// Creates a black picture.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![0.0; width * height] }
    }

    /// Returns the luminances, row by row.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// Returns the pixels for painting, row by row.
    pub fn pixels_mut(&mut self) -> &mut [f32] {
        &mut self.pixels
    }

    /// Starts again from a background of the same size.
    pub fn clear_to(&mut self, background: &Self) {
        self.pixels.clone_from(&background.pixels);
    }

    /// Paints a shape over the present contents.
    pub fn paint(&mut self, shape: &Shape, look: &Look) {
        match shape {
            Shape::Limb(limb) => self.limb(limb, look),
            Shape::Trunk(trunk) => self.trunk(trunk, look),
            Shape::Oval(oval) => self.oval(oval, look),
        }
    }

    fn area(&self, low: [f32; 2], high: [f32; 2]) -> Area {
        let range = |low: f32, high: f32, size: usize| {
            // `as` saturates: shapes outside of the picture give empty ranges.
            let (low, high) = (low as usize, (high + 1.0) as usize);
            low.min(size)..high.min(size)
        };
        Area { columns: range(low[0], high[0], self.width), rows: range(low[1], high[1], self.height) }
    }

    /// Iterates over the rows of an area: centre of the row, centre of its first pixel,
    /// and its pixels.
    fn rows(&mut self, area: &Area) -> impl Iterator<Item = (f32, f32, &mut [f32])> {
        let columns = area.columns.clone();
        let first = columns.start as f32 + 0.5;
        let rows = area.rows.clone();
        let count = rows.len();
        self.pixels.chunks_exact_mut(self.width).skip(rows.start).take(count).zip(rows).filter_map(
            move |(pixels, row)| Some((row as f32 + 0.5, first, pixels.get_mut(columns.clone())?)),
        )
    }

    fn limb(&mut self, limb: &Limb, look: &Look) {
        let ([x0, y0], [x1, y1], [r0, r1]) = (limb.from, limb.to, limb.radii);
        let margin = r0.max(r1) + look.blur;
        let area =
            self.area([x0.min(x1) - margin, y0.min(y1) - margin], [x0.max(x1) + margin, y0.max(y1) + margin]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let inverse = 1.0 / (dx * dx + dy * dy).max(1e-6);
        let soft = 1.0 / look.blur;
        let [lx, ly] = look.light;
        let ink = limb.ink;
        // Across: the signed distance from the axis, for stripes that run around it at a slant.
        let across = ink.pattern.across / (r0 + r1).max(1e-3) * libm::sqrtf(inverse);
        for (y, first, pixels) in self.rows(&area) {
            let py = y - y0;
            for (i, pixel) in pixels.iter_mut().enumerate() {
                let px = first + i as f32 - x0;
                let along = ((px * dx + py * dy) * inverse).clamp(0.0, 1.0);
                let (ex, ey) = (px - dx * along, py - dy * along);
                let radius = r0 + (r1 - r0) * along;
                let distance = (ex * ex + ey * ey).sqrt() - radius;
                let cover = (0.5 - distance * soft).clamp(0.0, 1.0);
                let shade = 1.0 + (ex * lx + ey * ly) / radius;
                let weave = ink.pattern.at(along * ink.pattern.along + (ex * dy - ey * dx) * across);
                *pixel += cover * (ink.albedo * shade.max(0.1) * weave - *pixel);
            }
        }
    }

    fn trunk(&mut self, trunk: &Trunk, look: &Look) {
        let ([x0, y0], [x1, y1], [w0, w1]) = (trunk.from, trunk.to, trunk.half);
        let margin = w0.max(w1) + look.blur;
        let area = self.area(
            [x0.min(x1) - margin, y0.min(y1) - look.blur],
            [x0.max(x1) + margin, y0.max(y1) + look.blur],
        );
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = libm::sqrtf(dx * dx + dy * dy).max(1e-3);
        let (ax, ay) = (dx / length, dy / length);
        let soft = 1.0 / look.blur;
        let ink = trunk.ink;
        let corner = trunk.corner;
        let light = look.light[0] / w0.max(1.0);
        let (fine, across) = (ink.pattern.along * 1.6 / length, ink.pattern.across / w0.max(1.0));
        for (y, first, pixels) in self.rows(&area) {
            let py = y - y0;
            for (i, pixel) in pixels.iter_mut().enumerate() {
                let px = first + i as f32 - x0;
                let (along, aside) = (px * ax + py * ay, px * ay - py * ax);
                let wide = w0 + (w1 - w0) * along / length;
                let qx = aside.abs() - wide + corner;
                let qy = (along - 0.5 * length).abs() - 0.5 * length + corner;
                let (ox, oy) = (qx.max(0.0), qy.max(0.0));
                let distance = (ox * ox + oy * oy).sqrt() + qx.max(qy).min(0.0) - corner;
                let cover = (0.5 - distance * soft).clamp(0.0, 1.0);
                let weave = ink.pattern.at(along * fine + aside * across);
                let shade = (1.0 + aside * light).max(0.1);
                *pixel += cover * (ink.albedo * shade * weave - *pixel);
            }
        }
    }

    fn oval(&mut self, oval: &Oval, look: &Look) {
        let ([x0, y0], [a, b]) = (oval.centre, oval.half);
        let area =
            self.area([x0 - a - look.blur, y0 - b - look.blur], [x0 + a + look.blur, y0 + b + look.blur]);
        let (ia, ib) = (1.0 / a.max(0.2), 1.0 / b.max(0.2));
        let soft = a.min(b) / look.blur;
        let [lx, ly] = look.light;
        let albedo = oval.ink.albedo;
        for (y, first, pixels) in self.rows(&area) {
            let v = (y - y0) * ib;
            for (i, pixel) in pixels.iter_mut().enumerate() {
                let u = (first + i as f32 - x0) * ia;
                let distance = (u * u + v * v).sqrt() - 1.0;
                let cover = (0.5 - distance * soft).clamp(0.0, 1.0);
                let shade = (1.0 + u * lx + v * ly).max(0.1);
                *pixel += cover * (albedo * shade - *pixel);
            }
        }
    }
}

impl Pattern {
    /// Returns the brightness at a place of the surface: a triangle wave of period 1 and mean 1.
    fn at(&self, place: f32) -> f32 {
        // Adding and taking away 1.5 · 2²³ rounds to the nearest whole number, faster than `round`.
        const WHOLE: f32 = 12_582_912.0;
        let whole = (place + WHOLE) - WHOLE;
        1.0 + self.contrast * (4.0 * (place - whole).abs() - 1.0)
    }
}

/// Computes the natural logarithm of a positive finite number to about 1e-5.
///
/// That is enough for contrasts, and the result is the same on every machine.
pub fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let exponent = (bits >> 23) as i32 - 127;
    let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000) - 1.0;
    // Abramowitz and Stegun 4.1.43: ln(1 + m) for m in 0..1.
    let mantissa =
        m * (0.999_495_56 + m * (-0.491_908_96 + m * (0.289_474_8 + m * (-0.136_062_75 + m * 0.032_158_45))));
    exponent as f32 * std::f32::consts::LN_2 + mantissa
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_one() {
        for i in 1..2000 {
            let x = i as f32 * 0.003;
            assert!((ln(x) - libm::logf(x)).abs() < 2e-5, "{x}: {} {}", ln(x), libm::logf(x));
        }
    }

    #[test]
    fn shapes_cover_what_they_should() {
        let ink = Ink { albedo: 1.0, pattern: Pattern::default() };
        let look = Look { light: [0.0, 0.0], blur: 1.0 };
        let sum = |shape: Shape| {
            let mut canvas = Canvas::new(64, 64);
            canvas.paint(&shape, &look);
            canvas.pixels().iter().sum::<f32>()
        };
        let limb = Limb { from: [16.0, 32.0], to: [48.0, 32.0], radii: [5.0, 5.0], ink };
        let area = 32.0 * 10.0 + std::f32::consts::PI * 25.0;
        assert!((sum(Shape::Limb(limb)) / area - 1.0).abs() < 0.02);
        let oval = Oval { centre: [32.0, 32.0], half: [10.0, 14.0], ink };
        assert!((sum(Shape::Oval(oval)) / (std::f32::consts::PI * 140.0) - 1.0).abs() < 0.02);
        let trunk = Trunk { from: [32.0, 10.0], to: [32.0, 50.0], half: [12.0, 8.0], corner: 1.0, ink };
        assert!((sum(Shape::Trunk(trunk)) / 800.0 - 1.0).abs() < 0.02);
        let outside = Oval { centre: [-90.0, 500.0], half: [10.0, 14.0], ink };
        assert!(sum(Shape::Oval(outside)) == 0.0);
    }
}
