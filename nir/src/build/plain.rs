//! Nodes without windows and without state: ends, weights, element-wise nodes, Flatten.

use super::{Built, Incoming, Place, compare, last_dimensions, params::Params, without_ones};
use crate::error::NirError;
use crate::kind::{Flatten, Linear, NodeKind};
use crate::values::Values;

/// Builds an Input of the network, whose shape the file states.
pub(super) fn input(params: &mut Params<'_>) -> Result<Built, NirError> {
    let Some(shape) = params.shape("shape")? else {
        return Err(params.wrong("no `shape`; an Input needs it"));
    };
    Ok(Built { kind: NodeKind::Input, input: shape.clone(), output: shape })
}

/// Builds an Output, or an end of a nested graph, which passes on what arrives.
pub(super) fn end(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    place: &Place<'_>,
    kind: NodeKind,
) -> Result<Built, NirError> {
    if let Some(stored) = params.shape("shape")? {
        compare(params, "shape", &stored, incoming, place.after_oblong_kernel)?;
    }
    let shape = incoming.shape.to_vec();
    Ok(Built { kind, input: shape.clone(), output: shape })
}

/// Builds `Affine` or `Linear`.
pub(super) fn linear(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    affine: bool,
) -> Result<Built, NirError> {
    let weight = params.array("weight")?;
    let Some(shape) = last_dimensions(&weight.shape, 2).filter(|_| weight.shape.len() >= 2) else {
        let reason = format!("has shape {:?}; a matrix [outputs, inputs] is expected", weight.shape);
        return Err(params.wrong_field("weight", reason));
    };
    let (outputs, inputs) = (shape[0], shape[1]);
    let arriving = without_ones(incoming.shape);
    if arriving.len() > 1 {
        return Err(params.wrong(format!(
            "takes {inputs} values in one dimension, gets {:?} from `{}`: a Flatten is missing between them",
            incoming.shape, incoming.from
        )));
    }
    let count: usize = arriving.iter().product();
    if count != inputs {
        return Err(params.wrong_field(
            "weight",
            format!(
                "of shape {:?} takes {inputs} values, gets {count} from `{}`",
                weight.shape, incoming.from
            ),
        ));
    }
    let weight = params.read(&weight)?.values;
    let bias = if affine { params.bias(outputs)? } else { Vec::new() };
    let linear = Linear { outputs, inputs, weight, bias };
    let kind = if affine { NodeKind::Affine(linear) } else { NodeKind::Linear(linear) };
    Ok(Built { kind, input: vec![inputs], output: vec![outputs] })
}

/// Builds a node with one parameter an element.
pub(super) fn element_wise(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    field: &'static str,
    kind: impl FnOnce(Values) -> NodeKind,
) -> Result<Built, NirError> {
    let shape = incoming.shape.to_vec();
    let values = params.values(field, &shape)?;
    Ok(Built { kind: kind(values), input: shape.clone(), output: shape })
}

/// Builds a `Delay`.
pub(super) fn delay(params: &mut Params<'_>, incoming: &Incoming<'_>) -> Result<Built, NirError> {
    let built = element_wise(params, incoming, "delay", NodeKind::Delay)?;
    match &built.kind {
        NodeKind::Delay(values) if values.min() < 0.0 => {
            let reason = format!("is {}; a delay in seconds cannot be negative", values.min());
            Err(params.wrong_field("delay", reason))
        }
        _ => Ok(built),
    }
}

/// Builds a `Flatten`; its dimensions count from the shape that arrives.
pub(super) fn flatten(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    place: &Place<'_>,
) -> Result<Built, NirError> {
    if let Some(stored) = params.shape("input_type")? {
        compare(params, "input_type", &stored, incoming, place.after_oblong_kernel)?;
    }
    // Defaults of `nir.Flatten`.
    let (first, last) = (params.integer_or("start_dim", 1)?, params.integer_or("end_dim", -1)?);
    let shape = incoming.shape;
    let count: usize = shape.iter().product();
    let joined = join(shape, first, last);
    let flat = joined.as_ref().is_some_and(|(_, output)| without_ones(output).len() <= 1);
    if !flat && place.wanted.is_none_or(|wanted| wanted == count) {
        // Some exporters copy PyTorch's dimensions, which count the batch.
        let shifted = |dim: i64| if dim > 0 { dim - 1 } else { dim };
        if let Some((flatten, output)) = join(shape, shifted(first), shifted(last))
            && output.len() == 1
            && (place.wanted.is_some() || joined.is_none())
        {
            params.warn(format!(
                "`start_dim` {first} and `end_dim` {last} count a batch: all of {shape:?} is joined"
            ));
            return Ok(Built { kind: NodeKind::Flatten(flatten), input: shape.to_vec(), output });
        }
    }
    let Some((flatten, output)) = joined else {
        return Err(params.wrong(format!(
            "start_dim {first} and end_dim {last} do not fit the {} dimensions of {shape:?}, which `{}` gives",
            shape.len(),
            incoming.from
        )));
    };
    Ok(Built { kind: NodeKind::Flatten(flatten), input: shape.to_vec(), output })
}

/// Joins dimensions `first` to `last`, negative ones counted from the end.
fn join(shape: &[usize], first: i64, last: i64) -> Option<(Flatten, Vec<usize>)> {
    let rank = shape.len() as i64;
    let place = |dim: i64| usize::try_from(if dim < 0 { dim.checked_add(rank)? } else { dim }).ok();
    let (start, end) = (place(first)?, place(last)?);
    if start > end || end >= shape.len() {
        return None;
    }
    let mut output = shape[..start].to_vec();
    output.push(shape[start..=end].iter().product());
    output.extend_from_slice(&shape[end + 1..]);
    Some((Flatten { start, end }, output))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_joined_as_in_pytorch() {
        let output = |first, last| join(&[2, 3, 4], first, last).map(|(_, output)| output);
        assert_eq!(output(0, -1), Some(vec![24]));
        assert_eq!(output(1, -1), Some(vec![2, 12]));
        assert_eq!(output(0, 1), Some(vec![6, 4]));
        assert_eq!(output(2, 2), Some(vec![2, 3, 4]));
        assert_eq!((output(2, 5), output(2, 1), output(-4, -1)), (None, None, None));
        assert_eq!(output(i64::MIN, i64::MAX), None);
    }
}
