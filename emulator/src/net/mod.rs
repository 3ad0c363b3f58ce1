//! Networks as mathematics: sparse matrices, the one summation order, the EGRU cell and its
//! reference forward pass, spiking populations, transformers.
//!
//! Nothing here knows of chips, files or tokens. What the emulated chip computes is
//! compared with [`egru::Egru`] bit for bit; [`egru::Egru`] is compared with the authors'
//! own code through `tests/it/golden.rs`.

pub mod attention;
pub mod columns;
pub mod compare;
pub mod conv;
pub mod csr;
pub mod egru;
pub mod gesture;
pub mod int8;
pub mod int8_head;
pub mod lanes;
pub mod quantise;
pub mod random;
pub mod spiking;
pub mod sum;
pub mod tanh;

pub use compare::Compare;
pub use csr::Csr;
pub use egru::{
    Carry, Egru, EgruLayer, EgruState, Output, PointwiseInput, PointwiseOutput, Weights, pointwise,
};
pub use tanh::Tanh;
