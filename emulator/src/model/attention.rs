//! Tensors of a transformer ([`crate::net::attention`]) in a language model's file.
//!
//! Embedding, readout and vocabulary are those of every language model. Matrices are int8 rows
//! `NAME.q`, `[out, in]`, with `NAME.scale` and `NAME.bias`; models/README.md has the whole list.

use super::card::{Card, Network};
use super::tensors::TensorFile;
use super::{Embedding, ModelError};
use crate::net::Tanh;
use crate::net::attention::{Attention, Block, Gpt, Linear, Mlp, Norm};

/// Matrices of a layer.
const MATRICES: [&str; 4] = ["attn.qkv", "attn.proj", "mlp.fc", "mlp.proj"];

/// Returns `true` for the tensors of a transformer's layers, positions and last norm.
///
/// `input_scale` is the scale of 8-bit inputs of a matrix on the MAC array, where a model has one.
pub(super) fn known(name: &str) -> bool {
    let Some(part) = layer_part(name) else {
        return matches!(name, "wpe" | "ln_f.weight" | "ln_f.bias");
    };
    match part.rsplit_once('.') {
        Some(("ln_1" | "ln_2", "weight" | "bias") | ("attn", "gain") | ("mlp", "theta" | "theta_in")) => true,
        Some((matrix, "q" | "scale" | "bias" | "input_scale")) => MATRICES.contains(&matrix),
        _ => false,
    }
}

/// Returns the part of a layer's tensor: `ln_1.bias` for `h.3.ln_1.bias`.
fn layer_part(name: &str) -> Option<&str> {
    let (number, part) = name.strip_prefix("h.")?.split_once('.')?;
    (number.len() <= 3 && number.parse::<usize>().is_ok()).then_some(part)
}

/// Reads a transformer; `None` if the card says that the network is another one.
pub(super) fn load(
    file: &TensorFile<'_>,
    embedding: &Embedding,
    card: &Card,
) -> Result<Option<Gpt>, ModelError> {
    let Network::Attention { heads, attention, mlp } = card.network else { return Ok(None) };
    let (width, heads, context) = (embedding.width(), heads as usize, card.sequence as usize);
    if heads == 0 || !width.is_multiple_of(heads) {
        let needed = format!("[words, d] with d a multiple of {heads}, the card's heads");
        return Err(file.shape_error("embeddings.weight.q", needed));
    }
    let layers = file.count_of("h").max(1);
    let shape = Shape { width, heads, attention, mlp };
    Ok(Some(Gpt {
        width,
        heads,
        context,
        attention,
        mlp,
        tanh: Tanh::default(),
        positions: positions(file, context, width)?,
        blocks: (0..layers).map(|layer| block(file, layer, shape)).collect::<Result<_, _>>()?,
        last: norm(file, "ln_f", width)?,
    }))
}

/// Sizes with which the tensors of each layer must agree.
#[derive(Clone, Copy)]
struct Shape {
    width: usize,
    heads: usize,
    attention: Attention,
    mlp: Mlp,
}

fn positions(file: &TensorFile<'_>, context: usize, width: usize) -> Result<Vec<f32>, ModelError> {
    let positions = file.table("wpe", width)?;
    if positions.len() < context * width {
        let needed = format!("[N, {width}] with N at least {context}, the card's sequence");
        return Err(file.shape_error("wpe", needed));
    }
    Ok(positions)
}

fn norm(file: &TensorFile<'_>, name: &str, width: usize) -> Result<Norm, ModelError> {
    let vector = |part: &str| file.vector(&format!("{name}.{part}"), Some(width));
    Ok(Norm { weight: vector("weight")?, bias: vector("bias")? })
}

fn linear(file: &TensorFile<'_>, name: &str, [outputs, inputs]: [usize; 2]) -> Result<Linear, ModelError> {
    let q = format!("{name}.q");
    let rows = file.int8(&q, [outputs, inputs])?;
    let vector = |part: &str| file.vector(&format!("{name}.{part}"), Some(outputs));
    let linear = Linear::from_rows(&rows, vector("scale")?, vector("bias")?)
        .ok_or_else(|| file.shape_error(&q, format!("[{outputs}, {inputs}]")))?;
    let scale = format!("{name}.input_scale");
    Ok(if file.has(&scale) { linear.with_input(positive(file, &scale)?) } else { linear })
}

fn block(file: &TensorFile<'_>, layer: usize, shape: Shape) -> Result<Block, ModelError> {
    let Shape { width, heads, attention, mlp } = shape;
    let name = format!("h.{layer}");
    let part = |part: &str| format!("{name}.{part}");
    let theta = |tensor: &str, read: bool| if read { positive(file, &part(tensor)) } else { Ok(1.0) };
    let gain = match attention {
        Attention::Softmax => Vec::new(),
        Attention::Spiking { .. } => file.vector(&part("attn.gain"), Some(heads))?,
    };
    let hidden = 4 * width;
    Ok(Block {
        norm_1: norm(file, &part("ln_1"), width)?,
        qkv: linear(file, &part("attn.qkv"), [3 * width, width])?,
        proj: linear(file, &part("attn.proj"), [width, width])?,
        gain,
        norm_2: norm(file, &part("ln_2"), width)?,
        up: linear(file, &part("mlp.fc"), [hidden, width])?,
        down: linear(file, &part("mlp.proj"), [width, hidden])?,
        theta_in: theta("mlp.theta_in", mlp.is_encoded())?,
        theta: theta("mlp.theta", mlp.steps().is_some())?,
        name,
    })
}

/// Reads a threshold, which must be above 0.
fn positive(file: &TensorFile<'_>, tensor: &str) -> Result<f32, ModelError> {
    let value = file.vector(tensor, Some(1))?.first().copied().unwrap_or_default();
    if value > 0.0 { Ok(value) } else { Err(file.threshold_error(tensor, value)) }
}

#[cfg(test)]
mod tests;
