//! Routine of the head's program: one layer on a PE's tiles.

use crate::chip::cortex_m4f::Cycles;
use crate::chip::mac::MacShape;
use crate::kernel::code::calls::{Argument, Calls, FunctionCall};
use crate::kernel::mac::MacLayout;
use crate::kernel::maps::{FrameLayout, GatherLayout, PoolLayout, ScaleLayout};
use crate::kernel::{KernelFault, SramWords};
use crate::machine::buffers::Buffers;
use crate::machine::costs::Costs;
use crate::machine::routine::{Begun, Ended, Prices, Routine, Shared, Touches};
use crate::machine::sram::Sram;

/// Layout of a layer's share in a PE's memory.
#[derive(Clone, Debug)]
pub(super) struct LayerLayout {
    /// Frames, of the first layer.
    pub input: Option<Buffers>,
    /// Conversion of pixels to bytes, of the first layer; its source is the buffer of
    /// the time step.
    pub frame: Option<FrameLayout>,
    /// Copies that put inputs side by side; `None` where inputs are multiplied as they arrive.
    pub gather: Option<GatherLayout>,
    /// Product; without `gather` its vectors are the buffer of the time step.
    pub mac: MacLayout,
    pub finish: Finish,
    /// Byte address of the outputs.
    pub outputs: u32,
    /// Byte address of factors and biases.
    pub factors: u32,
    /// Byte address of the array's task.
    pub task: u32,
}

/// Operation applied to the sums.
#[derive(Clone, Debug)]
pub(super) enum Finish {
    /// Pooled and rounded, a tile after the other.
    Pool(Vec<PoolLayout>),
    /// Sums that become singles.
    Scale(ScaleLayout),
}

/// A layer of the head on the tiles of a PE.
#[derive(Clone, Debug)]
pub(super) struct HeadLayer {
    pub layout: LayerLayout,
    /// Buffers in which the layer's inputs arrive.
    pub buffers: Buffers,
    /// Weights are read from DRAM before each run.
    pub streamed: bool,
    /// Products that each output leads to in the first EGRU layer; empty but for features.
    pub fan_out: Vec<u32>,
}

impl HeadLayer {
    fn shape(&self) -> MacShape {
        self.layout.mac.shape
    }

    /// Returns the layouts of frame, gather and product, with the input buffer of time step `step`.
    fn at(&self, step: u32) -> (Option<FrameLayout>, Option<GatherLayout>, MacLayout) {
        let buffer = self.buffers.of(step);
        let LayerLayout { frame, gather, mac, .. } = &self.layout;
        let frame = frame.map(|frame| FrameLayout { from: buffer, ..frame });
        let gather = gather.map(|gather| match frame {
            Some(_) => gather,
            None => GatherLayout { from: buffer, ..gather },
        });
        let vectors = if gather.is_some() { mac.vectors } else { buffer };
        (frame, gather, MacLayout { vectors, ..*mac })
    }

    fn cycles(&self, costs: &Costs) -> u64 {
        let kernels = costs.kernels();
        let LayerLayout { frame, gather, finish, .. } = &self.layout;
        let before = frame.as_ref().map_or(Cycles::ZERO, |frame| kernels.frame_bytes(frame));
        let side_by_side = gather.as_ref().map_or(Cycles::ZERO, |gather| kernels.gather(gather));
        let after = match finish {
            Finish::Pool(tiles) => tiles.iter().map(|tile| kernels.pool_bytes(tile)).sum(),
            Finish::Scale(scale) => kernels.scale_sums(scale),
        };
        costs.at(before + side_by_side + kernels.mac_product() + after) + costs.mac(self.shape()).cycles
    }

    /// Writes the outputs.
    fn finish(&self, sram: &mut Sram) -> Result<(), KernelFault> {
        match &self.layout.finish {
            Finish::Pool(tiles) => {
                for tile in tiles {
                    let made = tile.run(sram.words())?;
                    sram.set_words(tile.to, &made);
                }
            }
            Finish::Scale(scale) => {
                let made = scale.run(sram.words())?;
                sram.set_floats(scale.to, &made);
            }
        }
        Ok(())
    }

    /// Returns how many words of the outputs are not 0, and the products that they lead to.
    fn outputs(&self, sram: &Sram) -> (u32, u32) {
        match &self.layout.finish {
            Finish::Pool(tiles) => {
                let words = |tile: &PoolLayout| {
                    let words = crate::kernel::maps::LANES / 4 * tile.places;
                    (0..words).filter(|word| sram.word(tile.to + 4 * word) != 0).count() as u32
                };
                (tiles.iter().map(words).sum(), 0)
            }
            Finish::Scale(scale) => {
                let values = (0..scale.count).map(|i| f32::from_bits(sram.word(scale.to + 4 * i)));
                let active = |(value, fan_out): (f32, &u32)| (value != 0.0).then_some(*fan_out);
                let products: Vec<u32> = values.zip(&self.fan_out).filter_map(active).collect();
                (products.len() as u32, products.iter().sum())
            }
        }
    }
}

impl Routine for HeadLayer {
    fn begin(&self, _sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let price = prices.of(|costs| self.cycles(costs));
        Ok(Begun { price, accesses: None, mac: prices.costs.mac(self.shape()) })
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        let (frame, gather, mac) = self.at(step);
        if let Some(frame) = frame {
            let (at, made) = frame.run(sram.words())?;
            sram.set_words(at, &made);
        }
        if let Some(gather) = gather {
            let made = gather.run(sram.words())?;
            sram.set_words(gather.to, &made);
        }
        let run = mac.run(sram.words())?;
        let sums: Vec<u32> = run.sums.iter().map(|sum| sum.cast_unsigned()).collect();
        sram.set_words(mac.sums, &sums);
        self.finish(sram)?;
        Ok(Ended { overflows: run.overflows, ..self.findings(sram, step) })
    }

    fn functions(&self) -> Vec<&'static str> {
        let LayerLayout { frame, gather, finish, .. } = &self.layout;
        let before = [frame.as_ref().map(|_| "frame_bytes"), gather.as_ref().map(|_| "gather")];
        let after = match finish {
            Finish::Pool(_) => "pool_bytes",
            Finish::Scale(_) => "scale_sums",
        };
        std::iter::once("mac_product").chain(before.into_iter().flatten()).chain([after]).collect()
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        let (frame, gather, mac) = self.at(step);
        let mut calls = Vec::new();
        calls.extend(
            frame.map(|f| FunctionCall::new("frame_bytes", [f.from, f.side, f.inverse, f.to, f.gap])),
        );
        calls.extend(gather.map(|g| FunctionCall::new("gather", [g.runs, g.count, g.words, g.from, g.to])));
        let MacShape { vectors, terms, outputs } = mac.shape;
        let task = vec![mac.vectors, mac.weights, mac.sums, vectors, terms, outputs];
        calls.push(FunctionCall::with("mac_product", vec![Argument::Block(task)]));
        match &self.layout.finish {
            Finish::Pool(tiles) => calls.extend(tiles.iter().map(|t| {
                FunctionCall::new("pool_bytes", [t.sums, t.windows, t.places, t.window, t.factors, t.to])
            })),
            Finish::Scale(s) => {
                calls.push(FunctionCall::new("scale_sums", [s.sums, s.count, s.factors, s.to]));
            }
        }
        calls.into()
    }

    fn findings(&self, sram: &Sram, _step: u32) -> Ended {
        let (active, products) = self.outputs(sram);
        Ended { events: Some(active), products: [0, products], ..Ended::default() }
    }

    fn touches(&self, step: u32) -> Option<Touches> {
        let (frame, gather, mac) = self.at(step);
        let buffer = self.buffers.of(step);
        let mut touches = Touches::default();
        touches.reads.push(buffer..buffer + self.buffers.bytes());
        if self.streamed {
            touches.reads.push(mac.weights..mac.weights + mac.shape.terms * mac.shape.outputs);
        }
        if let Some(FrameLayout { to, side, gap, .. }) = frame {
            touches.writes.push(to & !3..(to + side * (side + gap)).next_multiple_of(4));
        }
        if let Some(gather) = gather {
            touches.writes.push(gather.to..gather.to + 4 * gather.to_words);
        }
        touches.writes.push(mac.sums..mac.sums + mac.shape.sum_bytes());
        match &self.layout.finish {
            Finish::Pool(tiles) => {
                let bytes = |tile: &PoolLayout| tile.to..tile.to + crate::kernel::maps::LANES * tile.places;
                touches.writes.extend(tiles.iter().map(bytes));
            }
            Finish::Scale(scale) => touches.writes.push(scale.to..scale.to + 4 * scale.count),
        }
        Some(touches)
    }

    fn variant(&self, step: u32) -> u32 {
        step % self.buffers.count()
    }
}
