//! Building of nodes with parameters and shapes, from the file and the shapes that arrive.

mod conv;
mod params;
mod plain;
mod population;

use crate::error::NirError;
use crate::file::{Budget, File};
use crate::graph::{Node, Warning};
use crate::kind::NodeKind;
use crate::tree::RawNode;

pub(crate) use params::without_ones;
use params::{Params, check_size, last_dimensions};

/// Value that arrives at a node.
pub(crate) struct Incoming<'a> {
    /// Shape of the value, derived from the nodes before.
    pub shape: &'a [usize],
    /// Name of the sending node.
    pub from: &'a str,
}

/// Circumstances of a node beyond its parameters.
pub(crate) struct Place<'a> {
    /// Value that arrives; `None` at an Input of the network.
    pub incoming: Option<Incoming<'a>>,
    /// Number of values that weights behind the node take, where one follows.
    pub wanted: Option<usize>,
    /// Whether a kernel that is not square lies before; `nir` derives wrong shapes behind one.
    pub after_oblong_kernel: bool,
}

/// Parameters and shapes of a node.
struct Built {
    kind: NodeKind,
    input: Vec<usize>,
    output: Vec<usize>,
}

/// Reads a node's parameters and derives its shapes.
pub(crate) fn build(
    file: &File,
    raw: &RawNode,
    place: &Place<'_>,
    budget: &mut Budget,
    warnings: &mut Vec<Warning>,
) -> Result<Node, NirError> {
    let mut params = Params::new(file, raw, budget);
    let built = built(&raw.kind, &mut params, place)?;
    check_size(&built.output).map_err(|reason| params.wrong(reason))?;
    params.warn_of_unknown();
    warnings.append(&mut params.warnings);
    Ok(Node {
        name: raw.name.clone(),
        kind: built.kind,
        input: built.input,
        output: built.output,
        defaults: params.defaults,
    })
}

fn built(kind: &str, params: &mut Params<'_>, place: &Place<'_>) -> Result<Built, NirError> {
    let Some(incoming) = &place.incoming else { return plain::input(params) };
    match kind {
        "Input" => plain::end(params, incoming, place, NodeKind::Input),
        "Output" => plain::end(params, incoming, place, NodeKind::Output),
        "Affine" | "Linear" => plain::linear(params, incoming, kind == "Affine"),
        "Scale" => plain::element_wise(params, incoming, "scale", NodeKind::Scale),
        "Threshold" => plain::element_wise(params, incoming, "threshold", NodeKind::Threshold),
        "Delay" => plain::delay(params, incoming),
        "Flatten" => plain::flatten(params, incoming, place),
        "Conv1d" => conv::conv1d(params, incoming, place),
        "Conv2d" => conv::conv2d(params, incoming, place),
        "SumPool2d" | "AvgPool2d" => conv::pool(params, incoming, kind == "SumPool2d"),
        "I" | "IF" | "LI" | "LIF" | "CubaLI" | "CubaLIF" => population::population(params, incoming, kind),
        _ => Err(params.wrong(format!(
            "unknown type `{kind}`; known are Input, Output, Affine, Linear, Conv1d, Conv2d, Scale, Delay, \
             Flatten, SumPool2d, AvgPool2d, Threshold, I, IF, LI, LIF, CubaLI, CubaLIF, NIRGraph"
        ))),
    }
}

/// Compares a shape that the file states with the derived one.
///
/// Refuses another number of values, unless the exporter's own derivation is known to be wrong.
fn compare(
    params: &mut Params<'_>,
    field: &'static str,
    stored: &[usize],
    derived: &Incoming<'_>,
    lenient: bool,
) -> Result<(), NirError> {
    if without_ones(stored) == without_ones(derived.shape) {
        return Ok(());
    }
    let reason = format!("says {stored:?}, but `{}` gives {:?}", derived.from, derived.shape);
    let equal = stored.iter().product::<usize>() == derived.shape.iter().product::<usize>();
    if equal || lenient {
        params.warn(format!("`{field}` {reason}; the derived shape counts"));
        return Ok(());
    }
    Err(params.wrong_field(field, reason))
}
