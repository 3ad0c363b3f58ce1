//! Linear maps of the nodes without state.

use std::rc::Rc;

use spinntui_nir::{AvgPool2d, Conv1d, Conv2d, Node, NodeKind, SumPool2d, Values};

use super::error::SpikingError;
use super::notes::Note;
use crate::net::spiking::connect::{Connection, ConnectionError, Synapse};
use crate::net::spiking::window::{Kernels, Window};
use crate::net::spiking::{Conventions, Framework};

/// Linear map of a node, with its bias and oddities.
#[derive(Debug)]
pub(super) struct Stage {
    pub connection: Rc<Connection>,
    /// Bias of each output; empty for none, or where all are 0.
    pub bias: Vec<f64>,
    /// Whether neurons keep their numbers and spikes their weight and time.
    pub passes: bool,
    pub notes: Vec<Note>,
}

impl Stage {
    fn new(connection: Connection) -> Self {
        Self { connection: Rc::new(connection), bias: Vec::new(), passes: false, notes: Vec::new() }
    }

    fn with_bias(connection: Connection, bias: &[f32], per_channel: usize) -> Self {
        let some = bias.iter().any(|&bias| bias != 0.0);
        let values = bias.iter().flat_map(|&bias| std::iter::repeat_n(f64::from(bias), per_channel));
        Self { bias: if some { values.collect() } else { Vec::new() }, ..Self::new(connection) }
    }
}

/// Makes the map of a node without state.
///
/// # Errors
///
/// Fails if the node's kind is not linear, its sizes do not fit, or a delay is too long.
pub(super) fn stage(node: &Node, conventions: &Conventions) -> Result<Stage, SpikingError> {
    let made = match &node.kind {
        NodeKind::Affine(linear) | NodeKind::Linear(linear) => {
            Connection::dense(linear.inputs, linear.outputs, &linear.weight)
                .map(|connection| Stage::with_bias(connection, &linear.bias, 1))
        }
        NodeKind::Conv1d(conv) => conv1d(node, conv),
        NodeKind::Conv2d(conv) => conv2d(node, conv),
        NodeKind::SumPool2d(SumPool2d { kernel, stride, padding }) => {
            pool(node, *kernel, *stride, *padding).pool(1.0).map(Stage::new)
        }
        NodeKind::AvgPool2d(AvgPool2d { kernel, stride, padding }) => {
            let factor = 1.0 / (kernel[0] * kernel[1]) as f32;
            pool(node, *kernel, *stride, *padding).pool(factor).map(Stage::new)
        }
        NodeKind::Scale(values) => scale(node, values).map(Stage::new),
        NodeKind::Delay(values) => return delay(node, values, conventions),
        NodeKind::Flatten(_) => flatten(node, conventions),
        NodeKind::Threshold(_) => {
            let remedy = "replace it by an IF population, whose threshold resets it";
            return Err(SpikingError::Unsupported { node: node.name.clone(), kind: "Threshold", remedy });
        }
        other => {
            let remedy = "the network has no place for it";
            return Err(SpikingError::Unsupported { node: node.name.clone(), kind: other.name(), remedy });
        }
    };
    made.map_err(|source| SpikingError::Connection { node: node.name.clone(), source })
}

/// Returns channels, rows and columns of a shape; missing leading dimensions are 1.
fn maps(shape: &[usize]) -> [usize; 3] {
    let mut sides = [1; 3];
    for (side, &size) in sides.iter_mut().rev().zip(shape.iter().rev()) {
        *side = size;
    }
    sides
}

fn conv2d(node: &Node, conv: &Conv2d) -> Result<Stage, ConnectionError> {
    let [channels, rows, columns] = maps(&node.input);
    let window = Window {
        channels,
        map: (rows, columns),
        kernel: (conv.kernel[2], conv.kernel[3]),
        stride: conv.stride.into(),
        dilation: conv.dilation.into(),
        before: (conv.padding[0][0], conv.padding[1][0]),
        after: (conv.padding[0][1], conv.padding[1][1]),
    };
    convolve(&window, conv.kernel[0], conv.groups, &conv.weight, &conv.bias)
}

fn conv1d(node: &Node, conv: &Conv1d) -> Result<Stage, ConnectionError> {
    let [_, channels, positions] = maps(&node.input);
    let window = Window {
        channels,
        map: (1, positions),
        kernel: (1, conv.kernel[2]),
        stride: (1, conv.stride),
        dilation: (1, conv.dilation),
        before: (0, conv.padding[0]),
        after: (0, conv.padding[1]),
    };
    convolve(&window, conv.kernel[0], conv.groups, &conv.weight, &conv.bias)
}

fn convolve(
    window: &Window,
    outputs: usize,
    groups: usize,
    weight: &[f32],
    bias: &[f32],
) -> Result<Stage, ConnectionError> {
    let connection = window.convolution(Kernels { outputs, groups, weight })?;
    let (rows, columns) = window.output()?;
    Ok(Stage::with_bias(connection, bias, rows * columns))
}

fn pool(node: &Node, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Window {
    let [channels, rows, columns] = maps(&node.input);
    Window {
        channels,
        map: (rows, columns),
        kernel: kernel.into(),
        stride: stride.into(),
        dilation: (1, 1),
        before: padding.into(),
        after: padding.into(),
    }
}

fn scale(node: &Node, values: &Values) -> Result<Connection, ConnectionError> {
    let synapse = |n: usize| Synapse { target: n as u32, delay: 0, weight: values.get(n) };
    Connection::one_each(node.inputs(), (0..node.inputs()).map(synapse).collect())
}

fn delay(node: &Node, values: &Values, conventions: &Conventions) -> Result<Stage, SpikingError> {
    let dt = conventions.base_dt().ok_or_else(|| SpikingError::NoDt { node: node.name.clone() })?;
    let failed = |source| SpikingError::Connection { node: node.name.clone(), source };
    let ticks = |delay: f32| f64::from(delay) / dt;
    if let Some(&long) = values.stored().iter().find(|&&delay| ticks(delay).round() > f64::from(u16::MAX)) {
        return Err(failed(ConnectionError::Delay(ticks(long) as u64)));
    }
    let synapse =
        |n: usize| Synapse { target: n as u32, delay: ticks(values.get(n)).round() as u16, weight: 1.0 };
    let units = node.inputs();
    let connection = Connection::one_each(units, (0..units).map(synapse).collect()).map_err(failed)?;
    let odd = |delay: &&f32| (ticks(**delay) - ticks(**delay).round()).abs() > 0.01;
    let odd = values.stored().iter().find(odd);
    let note = |delay: &f32| {
        Note::warning(
            &node.name,
            format!("a delay of {delay:e} is no multiple of dt {dt:e}: rounded to ticks"),
        )
    };
    Ok(Stage { notes: odd.map(note).into_iter().collect(), ..Stage::new(connection) })
}

/// Joins dimensions; C order stays, but for Spyx, whose weights count channels last.
fn flatten(node: &Node, conventions: &Conventions) -> Result<Stage, ConnectionError> {
    let units = node.inputs();
    let [channels, rows, columns] = maps(&node.input);
    let reorders =
        conventions.framework() == Framework::Spyx && node.input.len() == 3 && node.output.len() == 1;
    if !reorders || channels == 1 || rows * columns == 1 {
        return Ok(Stage { passes: true, ..Stage::new(Connection::identity(units)?) });
    }
    let area = rows * columns;
    let synapse = |n: usize| {
        let target = (n % area) * channels + n / area;
        Synapse { target: target as u32, delay: 0, weight: 1.0 }
    };
    let connection = Connection::one_each(units, (0..units).map(synapse).collect())?;
    let note =
        Note::of(&node.name, "Spyx flattens in the order height, width, channel, and so are its weights");
    Ok(Stage { notes: vec![note], ..Stage::new(connection) })
}
