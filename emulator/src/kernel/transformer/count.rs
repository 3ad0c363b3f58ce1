//! Operation counts of calls, from their sizes and the bits of spikes present before them.

use super::bytes::word;
use super::{Call, Made, Segment, Spiking, Step};
use crate::kernel::SramWords;
use crate::kernel::cost::transformer::{Sizes, TransformerRoutine as R};
use crate::net::attention::spikes::words as words_of;

impl Segment {
    /// Reads the words of bits.
    pub(super) fn bits(&self, words: &SramWords) -> Vec<u32> {
        (0..self.words).map(|i| word(words, self.bits + 4 * i)).collect()
    }
}

/// Returns the functions that a call would run; `None` where they depend on values
/// that it computes.
pub(super) fn counted(call: &Call, words: &SramWords) -> Option<Made> {
    let one = |routine, sizes| vec![Step::Routine(routine, sizes)];
    Some(match *call {
        Call::Clear { words: n, .. } => vec![Step::Clear(n)],
        Call::Fill { words: n, .. } => one(R::Fill, Sizes::of(n)),
        Call::LayerNorm { n, .. } => one(R::LayerNorm, Sizes::of(n)),
        Call::AddRows { ref spiking, columns, .. } => rows(words, spiking, columns),
        Call::AddMean { layer, .. } => one(R::AddMean, Sizes::of(layer.outputs)),
        Call::Dense { layer, .. } => one(R::DenseInt8, Sizes::by(layer.outputs, layer.inputs)),
        Call::Mac { layer, .. } => vec![Step::Mac(layer, 0)],
        Call::Add { n, .. } => one(R::Add, Sizes::of(n)),
        Call::Gelu { n, .. } => one(R::Gelu, Sizes::of(n)),
        Call::Softmax { n, width, .. } => vec![
            Step::Routine(R::Scores, Sizes::by(n, width)),
            Step::Routine(R::Softmax, Sizes::of(n)),
            Step::Clear(width),
            Step::Routine(R::Weigh, Sizes::by(n, width)),
        ],
        Call::Code { .. } | Call::Fire(..) | Call::Attend(_) => return None,
    })
}

/// Returns the lists that are made of spikes, and the additions of their rows.
pub(super) fn rows(words: &SramWords, spiking: &Spiking, columns: u32) -> Made {
    let mut made = Vec::with_capacity(spiking.segments.len() + 1);
    let mut listed = 0;
    for segment in &spiking.segments {
        let bits = segment.bits(words);
        let spikes = bits.iter().map(|word| word.count_ones()).sum();
        let marked = bits.iter().filter(|&&word| word != 0).count() as u32;
        listed += spikes;
        made.push(Step::Routine(R::ListRows, Sizes { n: segment.words, each: 1, spikes, marked }));
    }
    if listed > 0 {
        let routine = if spiking.minus { R::SubtractRows } else { R::AddRows };
        made.push(Step::Routine(routine, Sizes::by(columns / 4, listed)));
    }
    made
}

/// Returns byte address and length of each array that a call writes.
pub(super) fn writes(call: &Call) -> Vec<(u32, u32)> {
    match *call {
        Call::Clear { at, words } | Call::Fill { at, words, .. } => vec![(at, 4 * words)],
        Call::LayerNorm { n, out, .. } | Call::Add { n, out, .. } => vec![(out, 4 * n)],
        Call::Code { n, steps, spikes, .. } => vec![(spikes, 8 * steps * words_of(n as usize) as u32)],
        Call::AddRows { columns, sums, .. } => vec![(sums, 4 * columns)],
        Call::Fire(_, firing) => vec![(firing.v, 4 * firing.n), (firing.spikes, 4)],
        Call::Attend(head) => vec![
            // Whole words, where the state of a narrow head begins within one.
            (head.state & !3, (2 * head.width * head.width + 4) & !3),
            (head.read, 4 * head.width),
            (head.v, 4 * head.width),
            (head.spikes, 4),
        ],
        Call::AddMean { layer, out, .. } | Call::Dense { layer, out, .. } => vec![(out, 4 * layer.outputs)],
        Call::Mac { layer, out, .. } => {
            vec![(layer.input, layer.shape().terms), (out, 4 * layer.rows)]
        }
        Call::Gelu { n, x, .. } => vec![(x, 4 * n)],
        Call::Softmax { n, width, scores, out, .. } => vec![(scores, 4 * n), (out, 4 * width)],
    }
}
