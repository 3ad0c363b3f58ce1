//! Work that a node means: parameters, multiplications, synapses.

use crate::graph::Node;
use crate::kind::NodeKind;
use crate::values::Values;

impl NodeKind {
    /// Lists the node's parameters of one value an element, by their names in the file.
    pub fn values(&self) -> Vec<(&'static str, &Values)> {
        match self {
            Self::Scale(scale) => vec![("scale", scale)],
            Self::Delay(delay) => vec![("delay", delay)],
            Self::Threshold(threshold) => vec![("threshold", threshold)],
            Self::I(node) => vec![("r", &node.r)],
            Self::If(node) => {
                vec![("r", &node.r), ("v_threshold", &node.v_threshold), ("v_reset", &node.v_reset)]
            }
            Self::Li(node) => vec![("tau", &node.tau), ("r", &node.r), ("v_leak", &node.v_leak)],
            Self::Lif(node) => vec![
                ("tau", &node.tau),
                ("r", &node.r),
                ("v_leak", &node.v_leak),
                ("v_threshold", &node.v_threshold),
                ("v_reset", &node.v_reset),
            ],
            Self::CubaLi(node) => vec![
                ("tau_syn", &node.tau_syn),
                ("tau_mem", &node.tau_mem),
                ("r", &node.r),
                ("v_leak", &node.v_leak),
                ("w_in", &node.w_in),
            ],
            Self::CubaLif(node) => vec![
                ("tau_syn", &node.tau_syn),
                ("tau_mem", &node.tau_mem),
                ("r", &node.r),
                ("v_leak", &node.v_leak),
                ("v_threshold", &node.v_threshold),
                ("v_reset", &node.v_reset),
                ("w_in", &node.w_in),
            ],
            _ => Vec::new(),
        }
    }

    /// Lists the node's arrays of weights, by their names in the file; an empty bias is left out.
    pub fn weights(&self) -> Vec<(&'static str, &[f32])> {
        let (weight, bias) = match self {
            Self::Affine(linear) | Self::Linear(linear) => (&linear.weight, &linear.bias),
            Self::Conv1d(conv) => (&conv.weight, &conv.bias),
            Self::Conv2d(conv) => (&conv.weight, &conv.bias),
            _ => return Vec::new(),
        };
        let mut arrays = vec![("weight", weight.as_slice())];
        if !bias.is_empty() {
            arrays.push(("bias", bias));
        }
        arrays
    }
}

impl Node {
    /// Returns the multiplications of a dense time step, those with zeros of the padding included.
    pub fn macs(&self) -> u64 {
        let outputs = self.outputs() as u64;
        match &self.kind {
            NodeKind::Affine(linear) | NodeKind::Linear(linear) => outputs * linear.inputs as u64,
            NodeKind::Conv1d(conv) => outputs * product(&conv.kernel[1..]),
            NodeKind::Conv2d(conv) => outputs * product(&conv.kernel[1..]),
            NodeKind::Scale(_) => outputs,
            _ => 0,
        }
    }

    /// Returns the number of connections between values that arrive and values that leave.
    ///
    /// 0 for nodes that pass each value to itself. Connections to the padding do not count.
    pub fn synapses(&self) -> u64 {
        match &self.kind {
            NodeKind::Affine(linear) | NodeKind::Linear(linear) => {
                linear.outputs as u64 * linear.inputs as u64
            }
            NodeKind::Conv1d(conv) => {
                let [outputs, inputs, taps] = conv.kernel;
                let axis =
                    Axis { taps, stride: conv.stride, before: conv.padding[0], dilation: conv.dilation };
                (outputs * inputs) as u64 * axis.connections(self.input[1], self.output[1])
            }
            NodeKind::Conv2d(conv) => {
                let axis = |at: usize| {
                    Axis {
                        taps: conv.kernel[2 + at],
                        stride: conv.stride[at],
                        before: conv.padding[at][0],
                        dilation: conv.dilation[at],
                    }
                    .connections(self.input[1 + at], self.output[1 + at])
                };
                (conv.kernel[0] * conv.kernel[1]) as u64 * axis(0) * axis(1)
            }
            NodeKind::SumPool2d(pool) => self.pooled(pool.kernel, pool.stride, pool.padding),
            NodeKind::AvgPool2d(pool) => self.pooled(pool.kernel, pool.stride, pool.padding),
            _ => 0,
        }
    }

    fn pooled(&self, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> u64 {
        let axis = |at: usize| {
            Axis { taps: kernel[at], stride: stride[at], before: padding[at], dilation: 1 }
                .connections(self.input[1 + at], self.output[1 + at])
        };
        self.input[0] as u64 * axis(0) * axis(1)
    }
}

/// Windows along one dimension.
struct Axis {
    taps: usize,
    stride: usize,
    before: usize,
    dilation: usize,
}

impl Axis {
    /// Counts the pairs of a window and a position within `size` that one of its taps reads.
    fn connections(&self, size: usize, windows: usize) -> u64 {
        // For each tap, windows whose position `window·stride + tap·dilation − before` is inside.
        (0..self.taps)
            .map(|tap| {
                let shift = tap * self.dilation;
                let first = self.before.saturating_sub(shift).div_ceil(self.stride);
                let end = match (size + self.before).checked_sub(shift) {
                    Some(space) if space > 0 => (space - 1) / self.stride + 1,
                    _ => 0,
                };
                end.min(windows).saturating_sub(first) as u64
            })
            .sum()
    }
}

fn product(sizes: &[usize]) -> u64 {
    sizes.iter().map(|&size| size as u64).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_out_the_padding() {
        let slow = |axis: &Axis, size: usize, windows: usize| {
            (0..windows)
                .flat_map(|window| (0..axis.taps).map(move |tap| (window, tap)))
                .filter(|&(window, tap)| {
                    let at = window * axis.stride + tap * axis.dilation;
                    at >= axis.before && at - axis.before < size
                })
                .count() as u64
        };
        for (taps, stride, before, dilation, size) in
            [(3, 1, 1, 1, 7), (5, 2, 1, 1, 15), (4, 1, 1, 1, 8), (3, 2, 4, 2, 9), (2, 3, 0, 1, 10)]
        {
            let axis = Axis { taps, stride, before, dilation };
            let windows = (size + 2 * before - dilation * (taps - 1) - 1) / stride + 1;
            assert_eq!(
                axis.connections(size, windows),
                slow(&axis, size, windows),
                "{taps} {stride} {before}"
            );
        }
    }
}
