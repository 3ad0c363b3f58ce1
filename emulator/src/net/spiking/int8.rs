//! Weights as 8-bit integers, scaled as SpiNNaker2's software scales them (its exporter `s2_nir`).
//!
//! For each target population, weights become w·w_scale with w_scale = 127/max|w| over all its
//! projections: rounded to the nearest integer, halves to even; those of convolutions truncated
//! toward zero. x is then w_scale times too large, so that with b the gain of the current (1
//! without one) and g that of the membrane, v is S = w_scale/(b·g) times too large. θ, v_reset,
//! start, lower limit and offsets are multiplied by S, and the gains become 1. A neuron with g = 0
//! or b = 0 keeps that gain.

use super::network::{Network, NetworkError, Projection};
use super::per_neuron::PerNeuron;
use super::population::{Population, Reset, Synapse};
use super::rows::Weights;

/// Quantises all weights and scales all populations accordingly; `given` replaces 127/max|w|.
pub(super) fn quantise(network: &mut Network, given: Option<f64>) -> Result<(), NetworkError> {
    for index in 0..network.populations.len() {
        let incoming = || network.projections.iter().filter(|projection| projection.to == index);
        let largest = incoming().map(largest).fold(0.0, f64::max);
        let scale = given.unwrap_or(if largest > 0.0 { 127.0 / largest } else { 1.0 });
        // Also refuses NaN.
        if !(scale > 0.0 && scale * largest < 127.5) {
            let name = network.populations[index].name.clone();
            let (scale, largest) = (scale.to_string(), (scale * largest).to_string());
            return Err(NetworkError::WeightScale { name, scale, largest });
        }
        for projection in network.projections.iter_mut().filter(|projection| projection.to == index) {
            round(projection, scale);
        }
        rescale(&mut network.populations[index], scale);
    }
    Ok(())
}

fn largest(projection: &Projection) -> f64 {
    match &projection.rows.weights {
        Weights::F32(weights) => weights.iter().map(|&w| f64::from(w).abs()).fold(0.0, f64::max),
        Weights::Int8(_) => 0.0,
    }
}

fn round(projection: &mut Projection, scale: f64) {
    let rows = &mut projection.rows;
    let Weights::F32(weights) = &rows.weights else { return };
    let convolution = rows.convolution;
    let integer = |w: f32| {
        let scaled = f64::from(w) * scale;
        // The largest weight may come out as 127 and a rounding error.
        (if convolution { (scaled + scaled.signum() * 1e-9).trunc() } else { scaled.round_ties_even() }) as i8
    };
    rows.weights = Weights::Int8(weights.iter().map(|&w| integer(w)).collect());
}

fn double(values: &PerNeuron<f32>) -> PerNeuron<f64> {
    values.map(f64::from)
}

/// Multiplies by a scale in double precision.
fn times(values: &PerNeuron<f32>, scale: &PerNeuron<f64>) -> PerNeuron<f32> {
    double(values).zip(scale, |value, scale| value * scale).single()
}

/// Returns the scale of a state behind `gain`, where its input is `scale` times too large.
fn behind(gain: &PerNeuron<f32>, scale: &PerNeuron<f64>) -> PerNeuron<f64> {
    double(gain).zip(scale, |gain, scale| if gain == 0.0 { scale } else { scale / gain.abs() })
}

/// Returns the gain that remains once its magnitude is part of the scale.
fn unit(gain: &PerNeuron<f32>) -> PerNeuron<f32> {
    gain.map(|gain| if gain == 0.0 { 0.0 } else { gain.signum() })
}

fn rescale(population: &mut Population, scale: f64) {
    let mut scale = PerNeuron::All(scale);
    let dynamics = &mut population.dynamics;
    if let Synapse::Current { gain, offset, .. } = &mut dynamics.synapse {
        scale = behind(gain, &scale);
        *offset = times(offset, &scale);
        *gain = unit(gain);
    }
    scale = behind(&dynamics.gain, &scale);
    dynamics.gain = unit(&dynamics.gain);
    dynamics.offset = times(&dynamics.offset, &scale);
    population.start = times(&population.start, &scale);
    if let Some(firing) = &mut population.firing {
        firing.threshold = times(&firing.threshold, &scale);
        firing.floor = firing.floor.as_ref().map(|floor| times(floor, &scale));
        if let Reset::To(values) = &mut firing.reset {
            *values = times(values, &scale);
        }
    }
    population.scale = scale.single();
}
