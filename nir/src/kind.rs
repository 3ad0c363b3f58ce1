//! Node types of NIR with their parameters.

use crate::values::Values;

/// Type of a node with its parameters. Times are in seconds.
///
/// Every type of NIR is here, whether a chip runs it or not: a mapper refuses by name what it
/// does not support.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Entry of the network; its shape is the node's output.
    Input,
    /// Exit of the network; its shape is the node's input.
    Output,
    /// `y = W·x + b`.
    Affine(Linear),
    /// `y = W·x`; the bias is empty.
    Linear(Linear),
    /// Convolution over one dimension, `[channels, positions]`.
    Conv1d(Conv1d),
    /// Convolution over two dimensions, `[channels, rows, columns]`.
    Conv2d(Conv2d),
    /// `y = s·x`, element by element.
    Scale(Values),
    /// Delay of each element, in seconds.
    Delay(Values),
    /// Joins dimensions; the order of the values stays.
    Flatten(Flatten),
    /// Sums over windows of every channel.
    SumPool2d(SumPool2d),
    /// Averages over windows of every channel.
    AvgPool2d(AvgPool2d),
    /// `y = 1` where `x` exceeds the threshold, otherwise 0.
    Threshold(Values),
    /// Integrator without threshold: `v' = r·x`.
    I(Integrator),
    /// Integrate and fire: `v' = r·x`.
    If(If),
    /// Leaky integrator: `tau·v' = (v_leak − v) + r·x`.
    Li(Li),
    /// Leaky integrate and fire: `tau·v' = (v_leak − v) + r·x`.
    Lif(Lif),
    /// Leaky integrator of a synaptic current.
    CubaLi(CubaLi),
    /// Leaky integrate and fire with a synaptic current.
    CubaLif(CubaLif),
}

/// Dense weights, of `Affine` and `Linear`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Number of rows of `weight`: values that leave.
    pub outputs: usize,
    /// Number of columns of `weight`: values that arrive.
    pub inputs: usize,
    /// Weights `[outputs, inputs]`, row by row.
    pub weight: Vec<f32>,
    /// Bias of each output; empty for `Linear`.
    pub bias: Vec<f32>,
}

/// Convolution over one dimension; sums products, as PyTorch does, without turning the kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv1d {
    /// Shape of `weight`: `[outputs, inputs / groups, taps]`.
    pub kernel: [usize; 3],
    /// Weights in C order of `kernel`.
    pub weight: Vec<f32>,
    /// Bias of each output channel.
    pub bias: Vec<f32>,
    /// Distance of two windows, in positions.
    pub stride: usize,
    /// Zeros `[before, after]` the positions.
    pub padding: [usize; 2],
    /// Distance of two taps, in positions.
    pub dilation: usize,
    /// Number of groups of channels that are convolved apart.
    pub groups: usize,
}

/// Convolution over two dimensions; sums products, as PyTorch does, without turning the kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d {
    /// Shape of `weight`: `[outputs, inputs / groups, rows, columns]`.
    pub kernel: [usize; 4],
    /// Weights in C order of `kernel`.
    pub weight: Vec<f32>,
    /// Bias of each output channel.
    pub bias: Vec<f32>,
    /// Distance of two windows: rows, columns.
    pub stride: [usize; 2],
    /// Zeros `[before, after]` the rows and the columns. The word `same` is resolved as PyTorch
    /// does: the odd zero goes after.
    pub padding: [[usize; 2]; 2],
    /// Distance of two taps: rows, columns.
    pub dilation: [usize; 2],
    /// Number of groups of channels that are convolved apart.
    pub groups: usize,
}

/// Dimensions that are joined, counted in the node's input shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flatten {
    /// First dimension joined, from 0.
    pub start: usize,
    /// Last dimension joined, from 0.
    pub end: usize,
}

/// Windows of a pool, summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SumPool2d {
    /// Size of a window: rows, columns.
    pub kernel: [usize; 2],
    /// Distance of two windows: rows, columns.
    pub stride: [usize; 2],
    /// Zeros before and after the rows, and the columns.
    pub padding: [usize; 2],
}

/// Windows of a pool, averaged; zeros of the padding count as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvgPool2d {
    /// Size of a window: rows, columns.
    pub kernel: [usize; 2],
    /// Distance of two windows: rows, columns.
    pub stride: [usize; 2],
    /// Zeros before and after the rows, and the columns.
    pub padding: [usize; 2],
}

/// Parameters of `I`.
#[derive(Clone, Debug, PartialEq)]
pub struct Integrator {
    /// Factor of the input.
    pub r: Values,
}

/// Parameters of `IF`.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// Factor of the input.
    pub r: Values,
    /// Potential above which the neuron spikes.
    pub v_threshold: Values,
    /// Potential after a spike; 0 in files that do not have it.
    pub v_reset: Values,
}

/// Parameters of `LI`.
#[derive(Clone, Debug, PartialEq)]
pub struct Li {
    /// Time constant of the potential, in seconds; above 0.
    pub tau: Values,
    /// Factor of the input.
    pub r: Values,
    /// Potential at rest.
    pub v_leak: Values,
}

/// Parameters of `LIF`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lif {
    /// Time constant of the potential, in seconds; above 0.
    pub tau: Values,
    /// Factor of the input.
    pub r: Values,
    /// Potential at rest.
    pub v_leak: Values,
    /// Potential above which the neuron spikes.
    pub v_threshold: Values,
    /// Potential after a spike; 0 in files that do not have it.
    pub v_reset: Values,
}

/// Parameters of `CubaLI`: `tau_syn·I' = −I + w_in·x`, `tau_mem·v' = (v_leak − v) + r·I`.
#[derive(Clone, Debug, PartialEq)]
pub struct CubaLi {
    /// Time constant of the current, in seconds; above 0.
    pub tau_syn: Values,
    /// Time constant of the potential, in seconds; above 0.
    pub tau_mem: Values,
    /// Factor of the current.
    pub r: Values,
    /// Potential at rest.
    pub v_leak: Values,
    /// Factor of the input; 1 in files that do not have it.
    pub w_in: Values,
}

/// Parameters of `CubaLIF`: `tau_syn·I' = −I + w_in·x`, `tau_mem·v' = (v_leak − v) + r·I`.
#[derive(Clone, Debug, PartialEq)]
pub struct CubaLif {
    /// Time constant of the current, in seconds; above 0.
    pub tau_syn: Values,
    /// Time constant of the potential, in seconds; above 0.
    pub tau_mem: Values,
    /// Factor of the current.
    pub r: Values,
    /// Potential at rest.
    pub v_leak: Values,
    /// Potential above which the neuron spikes.
    pub v_threshold: Values,
    /// Potential after a spike; 0 in files that do not have it.
    pub v_reset: Values,
    /// Factor of the input; 1 in files that do not have it.
    pub w_in: Values,
}

impl NodeKind {
    /// Returns the name of the type in NIR files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Output => "Output",
            Self::Affine(_) => "Affine",
            Self::Linear(_) => "Linear",
            Self::Conv1d(_) => "Conv1d",
            Self::Conv2d(_) => "Conv2d",
            Self::Scale(_) => "Scale",
            Self::Delay(_) => "Delay",
            Self::Flatten(_) => "Flatten",
            Self::SumPool2d(_) => "SumPool2d",
            Self::AvgPool2d(_) => "AvgPool2d",
            Self::Threshold(_) => "Threshold",
            Self::I(_) => "I",
            Self::If(_) => "IF",
            Self::Li(_) => "LI",
            Self::Lif(_) => "LIF",
            Self::CubaLi(_) => "CubaLI",
            Self::CubaLif(_) => "CubaLIF",
        }
    }

    /// Returns `true` if the node is a population: it has a potential, with or without threshold.
    pub fn is_population(&self) -> bool {
        matches!(
            self,
            Self::I(_) | Self::If(_) | Self::Li(_) | Self::Lif(_) | Self::CubaLi(_) | Self::CubaLif(_)
        )
    }

    /// Returns `true` if the node's output consists of spikes of its own.
    pub fn is_spiking(&self) -> bool {
        matches!(self, Self::If(_) | Self::Lif(_) | Self::CubaLif(_))
    }

    /// Returns `true` if the node multiplies by a matrix or kernel of weights.
    pub fn has_weights(&self) -> bool {
        matches!(self, Self::Affine(_) | Self::Linear(_) | Self::Conv1d(_) | Self::Conv2d(_))
    }
}
