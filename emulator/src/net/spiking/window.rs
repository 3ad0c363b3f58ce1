//! Convolutions and sum pools as linear maps.

use super::connect::{Connection, ConnectionError, Synapse, check_size};

/// Window that moves over maps, `[channels, rows, columns]`; pairs are (rows, columns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Channels of the input.
    pub channels: usize,
    /// Size of the input.
    pub map: (usize, usize),
    /// Size of the window, in taps.
    pub kernel: (usize, usize),
    /// Step from one output to the next.
    pub stride: (usize, usize),
    /// Distance between taps.
    pub dilation: (usize, usize),
    /// Zeros above and to the left of the input.
    pub before: (usize, usize),
    /// Zeros below and to the right of the input.
    pub after: (usize, usize),
}

/// Weights of a convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kernels<'w> {
    /// Channels of the output.
    pub outputs: usize,
    /// Groups of channels that are convolved apart.
    pub groups: usize,
    /// Weights, `[outputs, channels / groups, rows, columns]`.
    pub weight: &'w [f32],
}

/// Tap of a window: source and target neuron, and position in the kernel of a channel.
struct Tap {
    source: usize,
    target: usize,
    position: usize,
}

impl Window {
    /// Returns rows and columns of the output.
    ///
    /// # Errors
    ///
    /// Fails if the window does not fit the padded map, or if window, stride or dilation is 0.
    pub fn output(&self) -> Result<(usize, usize), ConnectionError> {
        let padded = (
            self.map.0.saturating_add(self.before.0).saturating_add(self.after.0),
            self.map.1.saturating_add(self.before.1).saturating_add(self.after.1),
        );
        let side = |padded: usize, kernel: usize, stride: usize, dilation: usize| {
            let reach = kernel.checked_sub(1)?.saturating_mul(dilation).saturating_add(1);
            (dilation > 0).then_some(())?;
            Some(padded.checked_sub(reach)?.checked_div(stride)? + 1)
        };
        let rows = side(padded.0, self.kernel.0, self.stride.0, self.dilation.0);
        let columns = side(padded.1, self.kernel.1, self.stride.1, self.dilation.1);
        rows.zip(columns).ok_or(ConnectionError::Kernel(self.kernel.0, self.kernel.1, padded.0, padded.1))
    }

    /// Makes the map of a convolution.
    ///
    /// # Errors
    ///
    /// Fails if sizes do not fit each other, or there are too many synapses.
    pub fn convolution(&self, kernels: Kernels<'_>) -> Result<Connection, ConnectionError> {
        let Kernels { outputs, groups, weight } = kernels;
        let divides = groups > 0 && self.channels.is_multiple_of(groups) && outputs.is_multiple_of(groups);
        if !divides {
            let (found, needed) = (groups, self.channels);
            return Err(ConnectionError::Length { what: "groups do not divide channels", found, needed });
        }
        let (inputs, taps) = (self.channels / groups, self.kernel.0.saturating_mul(self.kernel.1));
        let needed = outputs.saturating_mul(inputs).saturating_mul(taps);
        if weight.len() != needed {
            return Err(ConnectionError::Length { what: "weight", found: weight.len(), needed });
        }
        let pairs = (0..outputs).flat_map(|output| {
            let first = output / (outputs / groups) * inputs;
            (0..inputs).map(move |input| (first + input, output, (output * inputs + input) * taps))
        });
        self.connect(outputs, pairs, |at| weight[at], true)
    }

    /// Makes the map that adds up `factor` times the inputs in the window, channel by channel.
    ///
    /// # Errors
    ///
    /// Fails if sizes do not fit each other, or there are too many synapses.
    pub fn pool(&self, factor: f32) -> Result<Connection, ConnectionError> {
        let pairs = (0..self.channels).map(|channel| (channel, channel, 0));
        self.connect(self.channels, pairs, |_| factor, false)
    }

    /// Connects pairs of (input channel, output channel, first weight), the pairs of
    /// one output together.
    fn connect(
        &self,
        outputs: usize,
        pairs: impl Iterator<Item = (usize, usize, usize)> + Clone,
        weight: impl Fn(usize) -> f32,
        convolution: bool,
    ) -> Result<Connection, ConnectionError> {
        let (rows, columns) = self.output()?;
        let area = |size: (usize, usize)| (size.0 as u64).saturating_mul(size.1 as u64);
        let per_pair = area((rows, columns)).saturating_mul(area(self.kernel));
        check_size(per_pair.saturating_mul(pairs.clone().count() as u64))?;
        let sources = area(self.map).saturating_mul(self.channels as u64);
        check_size(sources)?;
        let mut starts = vec![0_u32; sources as usize + 1];
        for (input, output, _) in pairs.clone() {
            self.taps(input, output, (rows, columns), |tap| starts[tap.source + 1] += 1);
        }
        for source in 0..sources as usize {
            starts[source + 1] += starts[source];
        }
        let mut next = starts.clone();
        let empty = Synapse { target: 0, delay: 0, weight: 0.0 };
        let mut synapses = vec![empty; starts[sources as usize] as usize];
        for (input, output, first) in pairs {
            self.taps(input, output, (rows, columns), |tap| {
                let at = &mut next[tap.source];
                let weight = weight(first + tap.position);
                synapses[*at as usize] = Synapse { target: tap.target as u32, delay: 0, weight };
                *at += 1;
            });
        }
        Ok(Connection::sorted(outputs * rows * columns, starts, synapses, convolution))
    }

    /// Visits the taps of a pair of channels, targets ascending.
    fn taps(&self, input: usize, output: usize, (rows, columns): (usize, usize), mut visit: impl FnMut(Tap)) {
        let inside = |at: usize, tap: usize, stride: usize, dilation: usize, before: usize, side: usize| {
            (at * stride + tap * dilation).checked_sub(before).filter(|&place| place < side)
        };
        for row in 0..rows {
            for column in 0..columns {
                let target = (output * rows + row) * columns + column;
                for i in 0..self.kernel.0 {
                    let (stride, dilation, before) = (self.stride.0, self.dilation.0, self.before.0);
                    let Some(r) = inside(row, i, stride, dilation, before, self.map.0) else { continue };
                    for j in 0..self.kernel.1 {
                        let (stride, dilation, before) = (self.stride.1, self.dilation.1, self.before.1);
                        let Some(c) = inside(column, j, stride, dilation, before, self.map.1) else {
                            continue;
                        };
                        let source = (input * self.map.0 + r) * self.map.1 + c;
                        visit(Tap { source, target, position: i * self.kernel.1 + j });
                    }
                }
            }
        }
    }
}
