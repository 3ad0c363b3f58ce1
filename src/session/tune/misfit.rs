//! Kernels that do not fit with the scene's partition, with the bytes.

use serde::Serialize;

use super::choice::{kind, number};
use super::estimate::Estimator;
use super::front::Space;
use crate::kernel::options::KernelKind;

/// Kernel that does not fit while the rest of the scene stays unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoesNotFit {
    /// Index of the layer in the network.
    pub layer: usize,
    /// `W` or `R`.
    pub matrix: &'static str,
    /// Name of the kernel.
    pub kernel: &'static str,
    /// PEs of the layer.
    pub pes: usize,
    /// Bytes that the layer's fullest PE would need.
    pub needed_bytes: u64,
    /// Bytes of SRAM that a PE has for its data.
    pub there_bytes: u32,
}

/// Returns all misfits, in network order.
pub fn misfits(estimator: &Estimator<'_>, space: &Space) -> Vec<DoesNotFit> {
    let mut misfits = Vec::new();
    for layer in 0..space.scene.layers.len() {
        for (matrix, name) in ["W", "R"].into_iter().enumerate() {
            for kernel in KernelKind::ALL.into_iter().filter(|kernel| !kernel.takes_list()).map(number) {
                let mut choice = space.scene.clone();
                choice.layers[layer].kernels[matrix] = kernel;
                if let Err(full) = estimator.fits(layer, &choice) {
                    misfits.push(DoesNotFit {
                        layer,
                        matrix: name,
                        kernel: kind(kernel).name(),
                        pes: choice.layers[layer].pes,
                        needed_bytes: full.needed,
                        there_bytes: full.there,
                    });
                }
            }
        }
    }
    misfits
}
