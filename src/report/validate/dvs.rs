//! The paper's gesture network by its sizes: two dense EGRU layers of 256 units behind 512
//! features, 64 + 64 PEs.
//!
//! Its weights are random. Time and bytes do not depend on them: the dense kernel visits every
//! weight. The CNN that makes the features is no part of it.

use std::sync::Arc;

use super::ValidateError;
use crate::kernel::options::KernelKind;
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::program::{DramRows, Program};
use crate::mapping::egru::Restart;
use crate::mapping::options::{LayerMapping, MappingOptions, Schedule};
use crate::mapping::{Request, map};
use crate::net::csr::{CsrError, GATES, from_dense};
use crate::net::{Compare, Egru, EgruLayer, Output, Tanh};

/// Features of a frame.
pub const FEATURES: usize = 512;
/// Units of each layer.
pub const UNITS: usize = 256;
/// PEs of each layer: 128 in the paper's section III-D.
pub const PES: u32 = 64;
/// Frames of a sample: 1.7 s in slices of 25 ms (the authors' training code; the paper
/// gives no number).
pub const FRAMES: u32 = 67;

/// Features of all frames, as the chip's DRAM holds them.
#[derive(Debug)]
struct Features(Vec<f32>);

impl DramRows for Features {
    fn rows(&self) -> u64 {
        FRAMES.into()
    }

    fn width(&self) -> usize {
        FEATURES
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        match self.0.chunks_exact(FEATURES).nth(row as usize) {
            Some(features) => out.copy_from_slice(features),
            None => out.fill(0.0),
        }
    }
}

/// Numbers that look random, the same at every run (xorshift of Marsaglia, 13/7/17).
struct Values(u64);

impl Values {
    /// Draws `count` numbers, uniform in −`scale` to `scale`, never 0: a zero would not be stored
    /// as a weight.
    fn vec(&mut self, count: usize, scale: f32) -> Vec<f32> {
        let next = |_| {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            scale * (((self.0 >> 41) as f32 + 0.5) / (1_u64 << 22) as f32 - 1.0)
        };
        (0..count).map(next).collect()
    }
}

/// Network of the gesture experiment, with weights of the right sizes.
#[derive(Debug)]
pub struct Gestures {
    network: Egru,
    frames: Arc<Features>,
}

impl Gestures {
    /// Creates the network's weights and frames.
    pub fn new() -> Result<Self, CsrError> {
        let mut values = Values(0x5350_494E_4E32_0001);
        let layers = vec![layer(&mut values, "rnns.0", FEATURES)?, layer(&mut values, "rnns.1", UNITS)?];
        let frames = Arc::new(Features(values.vec(FEATURES * FRAMES as usize, 1.0)));
        Ok(Self { network: Egru { layers }, frames })
    }

    /// Maps the network to the chip, with its weights as dense matrices.
    pub fn map(&self, assume: &Assume, schedule: Schedule, batch: u32) -> Result<Program, ValidateError> {
        let spread = |layer: &EgruLayer| LayerMapping {
            layer: layer.name.clone(),
            pes: Some(PES),
            input: KernelKind::Dense.into(),
            recurrent: KernelKind::Dense.into(),
            ..LayerMapping::default()
        };
        let mapping = MappingOptions {
            schedule,
            batch,
            layers: self.network.layers.iter().map(spread).collect(),
            ..MappingOptions::default()
        };
        let dram: Arc<Features> = Arc::clone(&self.frames);
        let request = Request {
            network: &self.network,
            dram,
            restart: Some(Restart { every: FRAMES, outputs: false }),
            chip: &ChipOptions::default(),
            mapping: &mapping,
            assume,
            peaks: None,
            head: None,
        };
        Ok(map(&request)?.0)
    }
}

fn layer(values: &mut Values, name: &str, inputs: usize) -> Result<EgruLayer, CsrError> {
    let rows = GATES * UNITS;
    let mut matrix = |sources: usize| from_dense(sources, rows, &values.vec(sources * rows, 0.06));
    let (input_weights, recurrent) = (matrix(inputs)?, matrix(UNITS)?);
    Ok(EgruLayer {
        name: name.to_owned(),
        input_weights,
        recurrent,
        bias: vec![0.0; rows],
        recurrent_bias: vec![0.0; rows],
        threshold: vec![0.0; UNITS],
        output: Output::Y,
        compare: Compare::Greater,
        always: false,
        tanh: Tanh::Libm,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::matrix::Kernel;

    #[test]
    fn it_has_the_papers_sizes_and_dense_weights() {
        let gestures = Gestures::new().unwrap();
        let program = gestures.map(&Assume::default(), Schedule::LayerSequential, 1).unwrap();
        assert_eq!(program.used_pes(), 128);
        for (layer, inputs) in gestures.network.layers.iter().zip([512, 256]) {
            assert_eq!((layer.inputs(), layer.units()), (inputs, 256));
            assert_eq!(layer.nonzeros(), 3 * 256 * (inputs + 256), "a weight is 0");
        }
        for slot in program.pes.iter().flatten().flat_map(|pe| &pe.slots) {
            assert_eq!(slot.units.len(), 4);
            let share = crate::mapping::egru::EgruSlot::of(slot).unwrap();
            assert!(matches!((&share.input, &share.recurrent), (Kernel::Dense(_), Kernel::Dense(_))));
        }
    }
}
