//! Costs of the routines in `maps.c`, whose loops take the same cycles for all values.

use super::KernelCosts;
use super::measure::{DATA, Linear, Meter, evaluate, total};
use crate::chip::cortex_m4f::Cycles;
use crate::chip::listing::ListingError;
use crate::kernel::maps::{FrameLayout, GatherLayout, PoolLayout, ScaleLayout};

/// Costs of the routines around the MAC array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Maps {
    /// Cycles of a call, of each row and of each pixel.
    frame: [Linear; 3],
    /// Cycles of a call, of each run and of each word.
    gather: [Linear; 3],
    product: Linear,
    /// Cycles of a call, of each place and of each place of a window.
    pool: [Linear; 3],
    /// Cycles of a call and of each sum.
    scale: [Linear; 2],
}

impl KernelCosts {
    /// Returns the cycles of `frame_bytes`.
    pub fn frame_bytes(&self, frame: &FrameLayout) -> Cycles {
        let [call, row, pixel] = self.maps.frame;
        evaluate(&[(call, 1), (row, frame.side), (pixel, frame.side * frame.side)])
    }

    /// Returns the cost of `gather` for at least one run.
    pub fn gather(&self, gather: &GatherLayout) -> Cycles {
        let [call, run, word] = self.maps.gather;
        evaluate(&[(call, 1), (run, gather.count), (word, gather.count * gather.words)])
    }

    /// Returns the cycles of `mac_product`, without the time of the array.
    pub fn mac_product(&self) -> Cycles {
        evaluate(&[(self.maps.product, 1)])
    }

    /// Returns the cost of `pool_bytes` for at least one place.
    pub fn pool_bytes(&self, pool: &PoolLayout) -> Cycles {
        let [call, place, entry] = self.maps.pool;
        evaluate(&[(call, 1), (place, pool.places), (entry, pool.places * pool.window)])
    }

    /// Returns the cost of `scale_sums` for at least one sum.
    pub fn scale_sums(&self, scale: &ScaleLayout) -> Cycles {
        let [call, sum] = self.maps.scale;
        evaluate(&[(call, 1), (sum, scale.count)])
    }
}

/// Byte addresses of the second, third and fourth array in measurements.
const AT: [u32; 3] = [DATA + 0x1000, DATA + 0x2000, DATA + 0x3000];

fn frame(meter: Meter, side: u32, gap: u32) -> Result<Linear, ListingError> {
    total(meter, "maps", "frame_bytes", &[DATA, side, AT[0], AT[1], gap])
}

fn gather(meter: Meter, count: u32, words: u32) -> Result<Linear, ListingError> {
    total(meter, "maps", "gather", &[DATA, count, words, AT[0], AT[1]])
}

fn pool(meter: Meter, places: u32, window: u32) -> Result<Linear, ListingError> {
    total(meter, "maps", "pool_bytes", &[DATA, AT[0], places, window, AT[1], AT[2]])
}

fn scale(meter: Meter, count: u32) -> Result<Linear, ListingError> {
    total(meter, "maps", "scale_sums", &[DATA, count, AT[0], AT[1]])
}

/// Fits a cost f(a, b) = call + a · each + a · b · both to three measurements.
fn nested(cost: impl Fn(u32, u32) -> Result<Linear, ListingError>) -> Result<[Linear; 3], ListingError> {
    let (one, more) = (cost(1, 1)?, cost(1, 2)?);
    let both = more - one;
    let each = cost(2, 1)? - one - both;
    Ok([one - each - both, each, both])
}

pub(super) fn measure(meter: Meter) -> Result<Maps, ListingError> {
    let (one, two, three) = (frame(meter, 1, 0)?, frame(meter, 2, 0)?, frame(meter, 3, 0)?);
    let twice = three - two - (two - one);
    let pixel = Linear { fixed: twice.fixed / 2, refills: twice.refills / 2 };
    let row = two - one - pixel.times(3);
    let sum = scale(meter, 2)? - scale(meter, 1)?;
    Ok(Maps {
        frame: [one - row - pixel, row, pixel],
        gather: nested(|count, words| gather(meter, count, words))?,
        product: total(meter, "maps", "mac_product", &[DATA])?,
        pool: nested(|places, window| pool(meter, places, window))?,
        scale: [scale(meter, 1)? - sum, sum],
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chip::listing::board::Board;
    use crate::chip::mac::MacShape;
    use crate::kernel::cost::matrix::tests::loaded;
    use crate::kernel::cost::measure::load;
    use crate::kernel::mac::MacLayout;

    /// Executes a function on words, by address; returns the board and the cycles.
    fn executed(function: &str, arguments: &[u32], image: &[(u32, Vec<u32>)]) -> (Board, Linear) {
        let mut board = Board::default();
        for (at, words) in image {
            board.put(*at, words.iter().copied());
        }
        let steps = Meter::ALL.run(load("maps", function).unwrap(), arguments, &mut board).unwrap();
        (board, steps.last().unwrap().end.into())
    }

    fn words(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn frames_become_bytes_as_their_listing_makes_them(
            side in 1_u32..9, gap in 0_u32..3,
            pixels in prop::collection::vec(prop_oneof![Just(0.0_f32), -300.0_f32..300.0, Just(f32::NAN)], 64),
        ) {
            let gap = 4 * gap + (4 - side % 4) % 4;
            let pixels = &pixels[..(side * side) as usize];
            let layout = FrameLayout { from: DATA, side, inverse: AT[0], to: AT[1] + 2, gap };
            let image = [(DATA, words(pixels)), (AT[0], words(&[0.5]))];
            let (board, cycles) = executed("frame_bytes", &[DATA, side, AT[0], layout.to, gap], &image);
            let (at, made) = layout.run(&loaded(&image)).unwrap();
            prop_assert_eq!(board.get(at, made.len()), made);
            let costs = KernelCosts::committed().unwrap();
            prop_assert_eq!(Linear::from(costs.frame_bytes(&layout)), cycles);
        }

        #[test]
        fn runs_are_copied_as_their_listing_copies_them(
            runs in prop::collection::vec((0_u32..60, 0_u32..60), 1..12), words in 1_u32..5, seed in any::<u32>(),
        ) {
            let layout = GatherLayout { runs: DATA, count: runs.len() as u32, words, from: AT[0], to: AT[1], to_words: 64 };
            let source: Vec<u32> = (0..64).map(|i| seed.wrapping_mul(i)).collect();
            let image = [(DATA, runs.iter().map(|(from, to)| from | to << 16).collect()), (AT[0], source)];
            let arguments = [DATA, layout.count, words, AT[0], AT[1]];
            let (board, cycles) = executed("gather", &arguments, &image);
            let made = layout.run(&loaded(&image)).unwrap();
            prop_assert_eq!(board.get(AT[1], 64), made);
            let costs = KernelCosts::committed().unwrap();
            prop_assert_eq!(Linear::from(costs.gather(&layout)), cycles);
        }

        #[test]
        fn sums_become_activations_as_their_listings_make_them(
            sums in prop::collection::vec(-8_388_608_i32..8_388_608, 64),
            factors in prop::collection::vec((1e-7_f32..1e-4, -20.0_f32..20.0), 16),
            windows in prop::collection::vec(0_u16..4, 12), (places, window) in (1_u32..4, 1_u32..5),
        ) {
            let windows: Vec<u32> =
                windows.chunks(2).map(|pair| u32::from(16 * pair[0]) | u32::from(16 * pair[1]) << 16).collect();
            let pairs: Vec<f32> = factors.iter().flat_map(|&(factor, bias)| [factor, bias]).collect();
            let image = [
                (DATA, sums.iter().map(|sum| sum.cast_unsigned()).collect()),
                (AT[0], windows),
                (AT[1], words(&pairs)),
            ];
            let layout =
                PoolLayout { sums: DATA, windows: AT[0], places, window, factors: AT[1], to: AT[2] };
            let (board, cycles) =
                executed("pool_bytes", &[DATA, AT[0], places, window, AT[1], AT[2]], &image);
            let sram = loaded(&image);
            let made = layout.run(&sram).unwrap();
            prop_assert_eq!(board.get(AT[2], made.len()), made);
            let costs = KernelCosts::committed().unwrap();
            prop_assert_eq!(Linear::from(costs.pool_bytes(&layout)), cycles);
            let layout = ScaleLayout { sums: DATA, count: 3 * places, factors: AT[1], to: AT[2] };
            let (board, cycles) = executed("scale_sums", &[DATA, 3 * places, AT[1], AT[2]], &image);
            let made = words(&layout.run(&sram).unwrap());
            prop_assert_eq!(board.get(AT[2], made.len()), made);
            prop_assert_eq!(Linear::from(costs.scale_sums(&layout)), cycles);
        }

        #[test]
        fn the_arrays_product_is_that_of_its_listing(values in prop::collection::vec(any::<u32>(), 24)) {
            let shape = MacShape { vectors: 2, terms: 16, outputs: 4 };
            let layout = MacLayout { vectors: AT[0], weights: AT[1], sums: AT[2], shape };
            let task = vec![AT[0], AT[1], AT[2], 2, 16, 4];
            let image = [(DATA, task), (AT[0], values[..8].to_vec()), (AT[1], values[8..].to_vec())];
            let (board, cycles) = executed("mac_product", &[DATA], &image);
            let sums = layout.run(&loaded(&image)).unwrap().sums;
            let made: Vec<u32> = sums.into_iter().map(i32::cast_unsigned).collect();
            prop_assert_eq!(board.get(AT[2], made.len()), made);
            prop_assert_eq!(Linear::from(KernelCosts::committed().unwrap().mac_product()), cycles);
        }
    }
}
