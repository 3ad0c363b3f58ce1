//! Constants of a share as words of its PE's SRAM.

use super::plan::Plan;
use super::split::Stage;
use crate::machine::program::Image;
use crate::net::attention::{Block, Linear, Norm};

/// Returns the words that the host loads: weights, scales, norms, thresholds, positions.
pub(super) fn image(plan: &Plan) -> Image {
    let network = &plan.network;
    let mut image = Image::new();
    match plan.stage {
        Stage::Embed => {
            let values = plan.places() as usize * network.width;
            image.push((plan.layout.positions, singles(&network.positions[..values])));
        }
        Stage::Output => norm(plan, &network.last, &mut image),
        Stage::Attend(layer) => attend(plan, &network.blocks[layer], &mut image),
        Stage::Project(layer) => {
            let by_input = network.attention.steps().is_some();
            linear(plan, &network.blocks[layer].proj, &columns(plan), by_input, &mut image);
        }
        Stage::Up(layer) => up(plan, &network.blocks[layer], &mut image),
        Stage::Down(layer) => {
            let by_input = network.mlp.steps().is_some();
            linear(plan, &network.blocks[layer].down, &columns(plan), by_input, &mut image);
        }
    }
    image
}

fn columns(plan: &Plan) -> Vec<usize> {
    (plan.first..plan.first + plan.n).map(|column| column as usize).collect()
}

fn singles(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn norm(plan: &Plan, norm: &Norm, image: &mut Image) {
    let [weight, bias] = plan.layout.norm;
    image.push((weight, singles(&norm.weight)));
    image.push((bias, singles(&norm.bias)));
}

/// Writes the weights of some outputs: a row an input where these are spikes, else a row an output.
fn linear(plan: &Plan, linear: &Linear, outputs: &[usize], by_input: bool, image: &mut Image) {
    let layout = plan.layout.linear;
    let bytes: Vec<i8> = if by_input {
        (0..linear.inputs()).flat_map(|i| outputs.iter().map(move |&j| linear.weight(j, i))).collect()
    } else {
        outputs.iter().flat_map(|&j| (0..linear.inputs()).map(move |i| linear.weight(j, i))).collect()
    };
    let word = |bytes: &[i8]| {
        let mut word = [0; 4];
        word.iter_mut().zip(bytes).for_each(|(to, &byte)| *to = byte.cast_unsigned());
        u32::from_le_bytes(word)
    };
    image.push((layout.q, bytes.chunks(4).map(word).collect()));
    let of = |values: &[f32]| outputs.iter().map(|&j| values[j].to_bits()).collect();
    if let Some(input) = linear.array() {
        let mac = plan.layout.mac;
        let inputs = linear.inputs() as u32;
        image.push((mac.scale, vec![input.inverse.to_bits()]));
        // Inputs lie in model order already: half-words 0, 1, 2, ...
        image.push((mac.source, (0..inputs.div_ceil(2)).map(|i| (2 * i) | ((2 * i + 1) << 16)).collect()));
        image.push((layout.scale, of(&linear.array_scales())));
    } else {
        image.push((layout.scale, of(&linear.scale)));
    }
    image.push((layout.bias, of(&linear.bias)));
}

fn attend(plan: &Plan, block: &Block, image: &mut Image) {
    let (d, dh) = (plan.network.width, plan.network.head_width());
    let heads = plan.first as usize..(plan.first + plan.n) as usize;
    // Queries, keys and values of a head after each other.
    let row = |head: usize| (0..3).flat_map(move |third| (0..dh).map(move |c| third * d + head * dh + c));
    let rows: Vec<usize> = heads.clone().flat_map(row).collect();
    let spiking = plan.network.attention.steps().is_some();
    linear(plan, &block.qkv, &rows, spiking, image);
    norm(plan, &block.norm_1, image);
    if spiking {
        image.push((plan.layout.gain, singles(&block.gain[heads])));
    } else {
        let factor = 1.0 / (dh as f32).sqrt();
        image.push((plan.layout.factor, vec![factor.to_bits()]));
    }
}

fn up(plan: &Plan, block: &Block, image: &mut Image) {
    let encoded = plan.network.mlp.is_encoded();
    linear(plan, &block.up, &columns(plan), encoded, image);
    norm(plan, &block.norm_2, image);
    if encoded {
        image.push((plan.layout.theta_in, vec![block.theta_in.to_bits()]));
    }
    if plan.layout.theta != 0 {
        image.push((plan.layout.theta, vec![block.theta.to_bits(), (block.theta / 2.0).to_bits()]));
    }
}
