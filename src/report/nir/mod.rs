//! Contents of a NIR file, as `spinntui inspect` writes them; `docs/nir.md` describes every field.

mod text;

use std::fmt::Write as _;

use serde::Serialize;
use spinntui_nir::{Conv1d, Conv2d, Graph, Node, NodeKind, Values};

/// Version of the report's fields; goes up when one changes its meaning or goes away.
const VERSION: u32 = 1;

/// Network of a NIR file: nodes in network order, edges, totals, odd properties.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NirReport {
    /// Version of these fields.
    pub version: u32,
    /// File as named on the command line.
    pub file: String,
    /// Size of the file, bytes.
    pub bytes: u64,
    /// Release of `nir` that wrote the file; `None` if the file does not say.
    pub nir_version: Option<String>,
    /// Sums over the nodes.
    pub totals: Totals,
    /// Nodes in network order.
    pub nodes: Vec<NodeReport>,
    /// Edges by the names of their ends.
    pub edges: Vec<EdgeReport>,
    /// Odd but legal properties of the file.
    pub warnings: Vec<WarningReport>,
}

/// Sums over the nodes of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Number of nodes with a potential.
    pub populations: usize,
    /// Number of neurons of the populations.
    pub neurons: usize,
    /// Number of connections of matrices, convolutions and pools, those to padding left out.
    pub synapses: u64,
    /// Multiplications of a dense time step.
    pub macs: u64,
    /// Number of parameters, of which equal ones of a population count once.
    pub parameters: usize,
}

/// Node with its shapes and a description of its parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeReport {
    /// Unique name, with the names of its graphs.
    pub name: String,
    /// Type in NIR's terms.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Shape of a value that arrives.
    pub input: Vec<usize>,
    /// Shape of a value that leaves.
    pub output: Vec<usize>,
    /// Number of neurons; 0 for nodes that are not populations.
    pub neurons: usize,
    /// Number of connections.
    pub synapses: u64,
    /// Multiplications of a dense time step.
    pub macs: u64,
    /// Windows, groups and joined dimensions, in words; empty for other nodes.
    pub settings: String,
    /// Arrays of parameters.
    pub parameters: Vec<ParameterReport>,
    /// Parameters that the file does not have and for which NIR's default counts.
    pub defaults: Vec<&'static str>,
}

/// Array of parameters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterReport {
    /// Name in the file.
    pub name: &'static str,
    /// Number of different places that have a value: 1 where one counts for all elements.
    pub values: usize,
    /// Whether one value counts for all elements of a population.
    pub one_for_all: bool,
    /// Least value of the array.
    pub min: f32,
    /// Greatest value of the array.
    pub max: f32,
}

/// Edge by the names of its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EdgeReport {
    /// Node whose output passes.
    pub source: String,
    /// Node that receives.
    pub target: String,
    /// Whether the edge is part of a cycle.
    pub in_cycle: bool,
}

/// Odd but legal property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WarningReport {
    /// Node that the remark is about; `None` for the file.
    pub node: Option<String>,
    /// Property in words, without the name of the node.
    pub text: String,
}

impl NirReport {
    /// Describes a network that was read from a file of `bytes` bytes.
    pub fn new(file: String, bytes: u64, graph: &Graph) -> Self {
        let nodes: Vec<NodeReport> = graph.nodes.iter().map(NodeReport::new).collect();
        let name = |node: usize| graph.nodes[node].name.clone();
        Self {
            version: VERSION,
            file,
            bytes,
            nir_version: graph.version.clone(),
            totals: totals(&nodes),
            edges: graph
                .edges
                .iter()
                .map(|edge| EdgeReport {
                    source: name(edge.source),
                    target: name(edge.target),
                    in_cycle: edge.in_cycle,
                })
                .collect(),
            warnings: graph
                .warnings
                .iter()
                .map(|warning| WarningReport { node: warning.node.clone(), text: warning.text.clone() })
                .collect(),
            nodes,
        }
    }

    /// Returns the report as one JSON object with a line end.
    ///
    /// # Errors
    ///
    /// Does not fail on finite numbers, which are all that the reader lets through.
    pub fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

fn totals(nodes: &[NodeReport]) -> Totals {
    nodes.iter().fold(Totals::default(), |totals, node| Totals {
        populations: totals.populations + usize::from(node.neurons > 0),
        neurons: totals.neurons + node.neurons,
        synapses: totals.synapses + node.synapses,
        macs: totals.macs + node.macs,
        parameters: totals.parameters + node.parameters.iter().map(|array| array.values).sum::<usize>(),
    })
}

impl NodeReport {
    fn new(node: &Node) -> Self {
        let weights = node.kind.weights().into_iter().map(|(name, values)| parameter(name, values, false));
        let values = node
            .kind
            .values()
            .into_iter()
            .filter(|(name, _)| !node.defaults.contains(name))
            .map(|(name, values): (_, &Values)| parameter(name, values.stored(), values.is_one()));
        Self {
            name: node.name.clone(),
            kind: node.kind.name(),
            input: node.input.clone(),
            output: node.output.clone(),
            neurons: if node.kind.is_population() { node.outputs() } else { 0 },
            synapses: node.synapses(),
            macs: node.macs(),
            settings: settings(&node.kind),
            parameters: weights.chain(values).collect(),
            defaults: node.defaults.clone(),
        }
    }
}

fn parameter(name: &'static str, values: &[f32], one_for_all: bool) -> ParameterReport {
    ParameterReport {
        name,
        values: values.len(),
        one_for_all,
        min: values.iter().copied().fold(f32::INFINITY, f32::min),
        max: values.iter().copied().fold(f32::NEG_INFINITY, f32::max),
    }
}

/// Describes the parameters of a node other than arrays.
fn settings(kind: &NodeKind) -> String {
    match kind {
        NodeKind::Conv1d(conv) => conv1d(conv),
        NodeKind::Conv2d(conv) => conv2d(conv),
        NodeKind::SumPool2d(pool) => windows(pool.kernel, pool.stride, pool.padding.map(|zeros| [zeros; 2])),
        NodeKind::AvgPool2d(pool) => windows(pool.kernel, pool.stride, pool.padding.map(|zeros| [zeros; 2])),
        NodeKind::Flatten(flatten) => format!("joins dimensions {} to {}", flatten.start, flatten.end),
        _ => String::new(),
    }
}

fn conv1d(conv: &Conv1d) -> String {
    let [before, after] = conv.padding;
    let mut text = format!("{} taps, stride {}, padding {before} and {after}", conv.kernel[2], conv.stride);
    extras(&mut text, (conv.dilation != 1).then(|| conv.dilation.to_string()), conv.groups);
    text
}

fn conv2d(conv: &Conv2d) -> String {
    let [.., rows, columns] = conv.kernel;
    let mut text = windows([rows, columns], conv.stride, conv.padding);
    let [down, across] = conv.dilation;
    extras(&mut text, (conv.dilation != [1, 1]).then(|| format!("{down}×{across}")), conv.groups);
    text
}

fn windows(kernel: [usize; 2], stride: [usize; 2], padding: [[usize; 2]; 2]) -> String {
    let pair = |[rows, columns]: [usize; 2]| format!("{rows}×{columns}");
    let [[top, bottom], [left, right]] = padding;
    let zeros = if top == bottom && left == right {
        pair([top, left])
    } else {
        format!("{top} above, {bottom} below, {left} left, {right} right")
    };
    format!("windows of {}, stride {}, padding {zeros}", pair(kernel), pair(stride))
}

fn extras(text: &mut String, dilation: Option<String>, groups: usize) {
    if let Some(dilation) = dilation {
        let _ = write!(text, ", dilation {dilation}");
    }
    if groups != 1 {
        let _ = write!(text, ", {groups} groups");
    }
}
