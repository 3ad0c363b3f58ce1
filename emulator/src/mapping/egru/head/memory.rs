//! Memory map of a PE of the head.

use super::plan::{Inputs, places};
use super::routine::{Finish, LayerLayout};
use crate::chip::constants::{LOG_BYTES, PROGRAM_BYTES, STACK_BASE};
use crate::chip::mac::MacShape;
use crate::kernel::mac::MacLayout;
use crate::kernel::maps::{FrameLayout, GatherLayout, LANES, PoolLayout, ScaleLayout};
use crate::machine::buffers::Buffers;
use crate::machine::program::{PACKET_BYTES, RegionKind};
use crate::mapping::egru::control::Control;
use crate::mapping::memory::Allocator;

/// Addresses that are the same in every PE of the head.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub control: Vec<Control>,
    /// Buffers in which the inputs of each layer but the first arrive.
    pub buffers: Vec<Option<Buffers>>,
    /// Byte address after the buffers.
    end: u32,
}

impl Shared {
    /// Lays out control blocks and buffers of layers, given the words that their inputs take.
    pub fn new(words: &[Option<u32>]) -> Self {
        let control = |k: usize| Control { base: PROGRAM_BYTES + k as u32 * Control::BYTES };
        let mut at = control(words.len()).base;
        let mut buffers = Vec::new();
        for words in words {
            buffers.push(words.map(|words| {
                let bytes = (4 * words).next_multiple_of(PACKET_BYTES);
                let buffers = Buffers::new(at, bytes, 2);
                at += 2 * bytes;
                buffers
            }));
        }
        Self { control: (0..words.len()).map(control).collect(), buffers, end: at }
    }

    /// Starts the memory map of a PE that hosts these layers.
    pub fn allocator(&self, hosted: &[(usize, &'static str)]) -> Allocator {
        let mut a = Allocator::new(self.end, STACK_BASE);
        for &(k, name) in hosted {
            a.fixed(self.control[k].base, Control::BYTES, format!("head.{name} control"), RegionKind::State);
            let Some(buffers) = self.buffers[k] else { continue };
            for (at, letter) in buffers.addresses().zip(["A", "B"]) {
                a.fixed(at, buffers.bytes(), format!("head.{name} buffer {letter}"), RegionKind::Buffer);
            }
        }
        a
    }
}

/// Takes the memory of a layer's share of `tiles` tiles; `stream` is where streamed weights lie.
pub(super) fn take(a: &mut Allocator, inputs: &Inputs<'_>, tiles: u32, stream: Option<u32>) -> LayerLayout {
    let (layer, planned) = (inputs.layer, inputs.planned);
    let sides = layer.sum_side() as u32;
    let shape = MacShape { vectors: sides * sides, terms: planned.terms, outputs: LANES * tiles };
    let mut take =
        |bytes: u32, what: &str, kind| a.take(u64::from(bytes), format!("head.{} {what}", layer.name), kind);
    let weights = stream.unwrap_or_else(|| take(weight_bytes(shape), "weights", RegionKind::Weights));
    let frame = inputs.before.is_none().then(|| {
        let pixels = 4 * (layer.side * layer.side) as u32;
        let buffers = Buffers::new(take(2 * pixels, "frames", RegionKind::Buffer), pixels, 2);
        let (stride, padding) = (inputs.image_stride(), layer.shape.padding as u32);
        let image = take(stride * inputs.image_rows(), "frame in bytes", RegionKind::State);
        let inverse = take(4, "inverse of the frame's scale", RegionKind::Weights);
        let (side, to) = (layer.side as u32, image + stride * padding + padding);
        (buffers, image, FrameLayout { from: 0, side, inverse, to, gap: stride - side })
    });
    let (runs, words) = inputs.runs();
    let gather = (!planned.direct).then(|| {
        let to_words = shape.vectors * shape.terms / 4;
        GatherLayout {
            runs: take(4 * runs.len() as u32, "runs", RegionKind::Weights),
            count: runs.len() as u32,
            words,
            from: frame.map_or(0, |(_, image, _)| image),
            to: take(4 * to_words, "inputs side by side", RegionKind::State),
            to_words,
        }
    });
    let sums = take(shape.sum_bytes(), "sums", RegionKind::State);
    let factors = take(8 * shape.outputs, "factors and biases", RegionKind::Weights);
    let task = take(24, "task of the MAC array", RegionKind::Weights);
    let (finish, outputs) = if layer.singles {
        let outputs = take((4 * shape.outputs).next_multiple_of(PACKET_BYTES), "features", RegionKind::State);
        (Finish::Scale(ScaleLayout { sums, count: shape.outputs, factors, to: outputs }), outputs)
    } else {
        let places = places(layer);
        let window = layer.windows().first().map_or(1, Vec::len) as u32;
        let windows = take(2 * places * window, "windows", RegionKind::Weights);
        let outputs = take(LANES * places * tiles, "outputs", RegionKind::State);
        let pool = |tile: u32| PoolLayout {
            sums: sums + 4 * LANES * tile,
            windows,
            places,
            window,
            factors: factors + 8 * LANES * tile,
            to: outputs + LANES * places * tile,
        };
        (Finish::Pool((0..tiles).map(pool).collect()), outputs)
    };
    LayerLayout {
        input: frame.map(|(buffers, ..)| buffers),
        frame: frame.map(|(.., frame)| frame),
        gather,
        mac: MacLayout { vectors: gather.map_or(0, |gather| gather.to), weights, sums, shape },
        finish,
        outputs,
        factors,
        task,
    }
}

/// Returns the size of the weights of a share, in bytes.
pub(super) fn weight_bytes(shape: MacShape) -> u32 {
    shape.terms * shape.outputs
}

/// Takes log and ends the map.
pub(super) fn take_log(a: &mut Allocator) -> (u32, u32) {
    (a.take(u64::from(LOG_BYTES), "debug log".into(), RegionKind::Log), LOG_BYTES)
}
