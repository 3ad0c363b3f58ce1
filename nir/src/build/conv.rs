//! Convolutions and pools: windows over rows and columns.

use super::{Built, Incoming, Place, check_size, compare, last_dimensions, params::Params};
use crate::error::NirError;
use crate::kind::{AvgPool2d, Conv1d, Conv2d, NodeKind, SumPool2d};

/// Windows along one dimension.
#[derive(Clone, Copy)]
struct Windows {
    taps: usize,
    stride: usize,
    padding: [usize; 2],
    dilation: usize,
}

/// Parameters that convolutions over `N` dimensions share.
struct Convolution<const N: usize> {
    kernel: Vec<usize>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    windows: [Windows; N],
    groups: usize,
    input: Vec<usize>,
    output: Vec<usize>,
}

impl Windows {
    /// Returns the number of windows over `size` positions; `None` if not even one fits.
    fn count(self, size: usize) -> Option<usize> {
        let span = self.dilation * (self.taps - 1) + 1;
        let padded = size + self.padding[0] + self.padding[1];
        Some(padded.checked_sub(span)? / self.stride + 1)
    }
}

/// Builds a `Conv1d`.
pub(super) fn conv1d(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    place: &Place<'_>,
) -> Result<Built, NirError> {
    let conv = convolution::<1>(params, incoming, place)?;
    let [windows] = conv.windows;
    let kind = NodeKind::Conv1d(Conv1d {
        kernel: [conv.kernel[0], conv.kernel[1], conv.kernel[2]],
        weight: conv.weight,
        bias: conv.bias,
        stride: windows.stride,
        padding: windows.padding,
        dilation: windows.dilation,
        groups: conv.groups,
    });
    Ok(Built { kind, input: conv.input, output: conv.output })
}

/// Builds a `Conv2d`.
pub(super) fn conv2d(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    place: &Place<'_>,
) -> Result<Built, NirError> {
    let conv = convolution::<2>(params, incoming, place)?;
    let kind = NodeKind::Conv2d(Conv2d {
        kernel: [conv.kernel[0], conv.kernel[1], conv.kernel[2], conv.kernel[3]],
        weight: conv.weight,
        bias: conv.bias,
        stride: conv.windows.map(|windows| windows.stride),
        padding: conv.windows.map(|windows| windows.padding),
        dilation: conv.windows.map(|windows| windows.dilation),
        groups: conv.groups,
    });
    Ok(Built { kind, input: conv.input, output: conv.output })
}

fn convolution<const N: usize>(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    place: &Place<'_>,
) -> Result<Convolution<N>, NirError> {
    let weight = params.array("weight")?;
    let kernel = weight.shape.clone();
    if kernel.len() != N + 2 {
        let reason =
            format!("has shape {kernel:?}; {} dimensions are expected: outputs, inputs, taps", N + 2);
        return Err(params.wrong_field("weight", reason));
    }
    let [groups] = params.sizes("groups", 1)?;
    let input = channels_first::<N>(params, incoming)?;
    check_channels(params, &kernel, groups, input[0], incoming)?;
    let windows = windows::<N>(params, &kernel[2..])?;
    compare_input_shape(params, &input[1..], incoming, place)?;
    let output = slide(params, &windows, kernel[0], &input, incoming)?;
    let weight = params.read(&weight)?.values;
    let bias = params.bias(kernel[0])?;
    Ok(Convolution { kernel, weight, bias, windows, groups, input, output })
}

/// Returns the shape that arrives as `[channels, positions…]`.
fn channels_first<const N: usize>(
    params: &Params<'_>,
    incoming: &Incoming<'_>,
) -> Result<Vec<usize>, NirError> {
    last_dimensions(incoming.shape, N + 1).ok_or_else(|| {
        let axes = if N == 1 { "[channels, positions]" } else { "[channels, rows, columns]" };
        params.wrong(format!("takes {axes}, gets {:?} from `{}`", incoming.shape, incoming.from))
    })
}

fn check_channels(
    params: &Params<'_>,
    kernel: &[usize],
    groups: usize,
    channels: usize,
    incoming: &Incoming<'_>,
) -> Result<(), NirError> {
    if !kernel[0].is_multiple_of(groups) {
        let reason = format!("is {groups}, which does not divide the {} output channels", kernel[0]);
        return Err(params.wrong_field("groups", reason));
    }
    if kernel[1].checked_mul(groups) != Some(channels) {
        return Err(params.wrong_field(
            "weight",
            format!(
                "of shape {kernel:?} with groups {groups} takes {} channels, gets {channels} from `{}`",
                kernel[1].saturating_mul(groups),
                incoming.from
            ),
        ));
    }
    Ok(())
}

fn windows<const N: usize>(params: &mut Params<'_>, taps: &[usize]) -> Result<[Windows; N], NirError> {
    let stride = params.sizes::<N>("stride", 1)?;
    let dilation = params.sizes::<N>("dilation", 1)?;
    let padding = params.padding::<N>()?;
    if padding.is_none() && stride.iter().any(|&stride| stride != 1) {
        return Err(
            params.wrong_field("padding", format!("is `same` with stride {stride:?}; PyTorch allows only 1"))
        );
    }
    Ok(std::array::from_fn(|axis| {
        // PyTorch puts the odd zero of `same` after the positions.
        let same = dilation[axis] * (taps[axis] - 1);
        Windows {
            taps: taps[axis],
            stride: stride[axis],
            padding: padding.map_or([same / 2, same - same / 2], |padding| [padding[axis]; 2]),
            dilation: dilation[axis],
        }
    }))
}

/// Compares a convolution's `input_shape` with what arrives.
fn compare_input_shape(
    params: &mut Params<'_>,
    positions: &[usize],
    incoming: &Incoming<'_>,
    place: &Place<'_>,
) -> Result<(), NirError> {
    let Some(stored) = params.shape("input_shape")? else { return Ok(()) };
    if stored.ends_with(positions) {
        return Ok(());
    }
    // With more numbers than positions it is what nir 1.0.4 derives from a shape with a batch.
    let lenient = place.after_oblong_kernel || stored.len() != positions.len();
    let derived = Incoming { shape: positions, from: incoming.from };
    compare(params, "input_shape", &stored, &derived, lenient)
}

/// Returns the shape behind windows over `[channels, positions…]`.
fn slide(
    params: &Params<'_>,
    windows: &[Windows],
    channels: usize,
    input: &[usize],
    incoming: &Incoming<'_>,
) -> Result<Vec<usize>, NirError> {
    let mut output = vec![channels];
    for (windows, &size) in windows.iter().zip(&input[1..]) {
        let Some(count) = windows.count(size) else {
            let taps: Vec<String> = windows_text(windows, size);
            return Err(params.wrong(format!(
                "a window of {} does not fit {:?}, which `{}` gives",
                taps.join(" "),
                input,
                incoming.from
            )));
        };
        output.push(count);
    }
    check_size(&output).map_err(|reason| params.wrong(reason))?;
    Ok(output)
}

fn windows_text(windows: &Windows, size: usize) -> Vec<String> {
    let mut text = vec![format!("{} taps", windows.taps)];
    if windows.dilation > 1 {
        text.push(format!("{} apart", windows.dilation));
    }
    text.push(format!("over {size} positions"));
    if windows.padding != [0, 0] {
        text.push(format!("padded by {} and {}", windows.padding[0], windows.padding[1]));
    }
    text
}

/// Builds a `SumPool2d` or `AvgPool2d`.
pub(super) fn pool(params: &mut Params<'_>, incoming: &Incoming<'_>, sum: bool) -> Result<Built, NirError> {
    let kernel = params.sizes::<2>("kernel_size", 1)?;
    let stride = params.sizes::<2>("stride", 1)?;
    let padding = params.padding::<2>()?;
    let Some(padding) = padding else {
        return Err(params.wrong_field("padding", "is `same`; pools take numbers"));
    };
    let input = channels_first::<2>(params, incoming)?;
    let windows: [Windows; 2] = std::array::from_fn(|axis| Windows {
        taps: kernel[axis],
        stride: stride[axis],
        padding: [padding[axis]; 2],
        dilation: 1,
    });
    let output = slide(params, &windows, input[0], &input, incoming)?;
    let kind = if sum {
        NodeKind::SumPool2d(SumPool2d { kernel, stride, padding })
    } else {
        NodeKind::AvgPool2d(AvgPool2d { kernel, stride, padding })
    };
    Ok(Built { kind, input, output })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted_as_in_pytorch() {
        let count = |size, taps, stride, padding, dilation| {
            Windows { taps, stride, padding: [padding; 2], dilation }.count(size)
        };
        assert_eq!(count(15, 5, 2, 1, 1), Some(7));
        assert_eq!(count(34, 5, 2, 1, 1), Some(16));
        assert_eq!(count(8, 3, 1, 0, 2), Some(4));
        assert_eq!(count(7, 2, 2, 0, 1), Some(3));
        assert_eq!(count(8, 9, 1, 0, 1), None);
    }
}
