//! Neurons of spiking transformers: leaky integrate-and-fire with a hard reset, integrate-and-fire
//! with a soft one, and the quantised activation that the latter takes the place of.
//!
//! LIF is Spikformer's (Zhou et al., ICLR 2023, eq. 1–3; constants of its code at commit 62126898):
//! τ = 2 and a reset to 0; 1/τ multiplies the input, too. IF and QCFS are those of Bu et al.,
//! ICLR 2022 (arXiv:2303.04347): v(0) = θ/2, θ is subtracted, L = T.

/// Threshold of input, query, key and value neurons (Spikformer's `v_threshold`).
pub const THRESHOLD: f32 = 1.0;
/// Threshold of the neuron after attention (Spikformer's `attn_lif`).
pub const ATTENTION_THRESHOLD: f32 = 0.5;
/// 1/τ of all LIF neurons, τ = 2 time steps (Spikformer's `tau`).
pub const LEAK: f32 = 0.5;

/// Updates a LIF neuron by one time step with input `z`; returns `true` if it spikes.
///
/// `v += (z − v) · 0.5`, then a spike and v = 0 where v ≥ `threshold`. Three roundings.
#[inline]
pub fn lif(v: &mut f32, z: f32, threshold: f32) -> bool {
    *v += (z - *v) * LEAK;
    let spike = *v >= threshold;
    if spike {
        *v = 0.0;
    }
    spike
}

/// Updates an IF neuron by one time step with input `z`; returns `true` if it spikes.
///
/// `v += z`, then a spike and v −= θ where v ≥ θ. Its state begins at θ/2.
#[inline]
pub fn integrate(v: &mut f32, z: f32, theta: f32) -> bool {
    *v += z;
    let spike = *v >= theta;
    if spike {
        *v -= theta;
    }
    spike
}

/// Returns the spikes that an IF neuron with soft reset has in `steps` time steps of a constant
/// input `z`: clip(⌊z·T/θ + 1/2⌋, 0, T), in double precision.
pub fn qcfs(z: f32, theta: f32, steps: usize) -> u32 {
    let quantised = (f64::from(z) * steps as f64 / f64::from(theta) + 0.5).floor();
    quantised.clamp(0.0, steps as f64) as u32
}
