//! A phase of a share as a routine of the machine.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::phase::Phase;
use super::plan::Plan;
use crate::chip::mac::MacRun;
use crate::kernel::code::calls::Calls;
use crate::kernel::matrix::{Kernel, OpCounts};
use crate::kernel::transformer::{Call, Made, Step};
use crate::kernel::{KernelFault, SramWords};
use crate::machine::costs::Costs;
use crate::machine::program::Slot;
use crate::machine::routine::{Begun, Ended, Prices, Routine, Shared};
use crate::machine::sram::Sram;

/// Calls of a phase. Its bank accesses are not followed: conflicts count for packets and DMA only.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub plan: Arc<Plan>,
    pub phase: Phase,
    /// Words of the block that the phase decides, and products with weights that a spike or a
    /// value other than 0 leads to; `None` where it decides none.
    pub sends: Option<(u32, u32)>,
}

/// Memory to find out what calls will do.
#[derive(Default)]
struct Scratch(Vec<u32>);

impl Scratch {
    /// Runs calls on a copy of `words` and returns what they did.
    fn run(&mut self, calls: &[Call], words: &SramWords) -> Vec<Made> {
        self.0.clear();
        self.0.extend_from_slice(words);
        // Always of this length.
        let Ok(copy) = <&mut SramWords>::try_from(self.0.as_mut_slice()) else { return Vec::new() };
        calls.iter().map(|call| call.run(copy)).collect()
    }
}

impl Script {
    /// Returns what the calls of time step `step` will do, from the bytes as they are.
    fn made(&self, words: &SramWords, step: u32, scratch: &mut Scratch) -> Vec<Made> {
        let calls = self.plan.calls(self.phase, step);
        let counted: Option<Vec<Made>> = calls.iter().map(|call| call.counted(words)).collect();
        counted.unwrap_or_else(|| scratch.run(&calls, words))
    }

    fn price(&self, sram: &Sram, step: u32, prices: Prices<'_>, scratch: &mut Scratch) -> Begun {
        let made = self.made(sram.words(), step, scratch);
        let price = prices.of(|costs| made.iter().flatten().map(|step| cycles(costs, *step)).sum());
        let mut mac = MacRun::default();
        for step in made.iter().flatten() {
            if let Step::Mac(layout, _) = step {
                mac += prices.costs.mac(layout.shape());
            }
        }
        Begun { price, mac, ..Begun::default() }
    }
}

/// Returns the PE cycles of a step, the exp unit's latency included.
fn cycles(costs: &Costs, step: Step) -> u64 {
    match step {
        Step::Clear(words) => costs.clear(words),
        Step::Mac(layout, _) => {
            let (rows, sources) = (layout.rows, layout.sources);
            let work = OpCounts { rows, nonzeros: rows * sources, gathered: sources, ..OpCounts::default() };
            costs.matrix(&Kernel::Int8Mac(layout), &work)
        }
        Step::Routine(routine, sizes) => {
            let exps = costs.exps(routine.exps(sizes.n).into());
            costs.at(costs.kernels().transformer(routine, sizes)) + exps
        }
    }
}

impl Routine for Script {
    fn begin(&self, sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        Ok(self.price(sram, step, prices, &mut Scratch::default()))
    }

    fn begin_beside(
        &self,
        sram: &mut Sram,
        step: u32,
        prices: Prices<'_>,
        shared: &mut Shared,
    ) -> Result<Begun, KernelFault> {
        match shared.place::<Scratch>(0) {
            Some(scratch) => Ok(self.price(sram, step, prices, scratch)),
            None => self.begin(sram, step, prices),
        }
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        let mut overflows = 0;
        for call in self.plan.calls(self.phase, step) {
            for made in call.run(sram.words_mut()) {
                if let Step::Mac(_, more) = made {
                    overflows += more;
                }
            }
            for (at, bytes) in call.writes() {
                sram.mark_bytes(at, bytes);
            }
        }
        Ok(Ended { overflows, ..self.findings(sram, step) })
    }

    fn functions(&self) -> Vec<&'static str> {
        let calls = self.plan.calls(self.phase, 0);
        if !calls.iter().all(Call::has_code) {
            return Vec::new();
        }
        let mut functions: Vec<&'static str> =
            calls.iter().flat_map(Call::function_calls).map(|call| call.function).collect();
        // The one with most of the work comes first; sums and states are cleared before it.
        functions.sort_by_key(|function| matches!(*function, "clear" | "fill" | "list_rows"));
        let mut seen = BTreeSet::new();
        functions.retain(|function| seen.insert(*function));
        functions
    }

    fn native_only(&self) -> Option<&'static str> {
        let calls = self.plan.calls(self.phase, 0);
        (!calls.iter().all(Call::has_code)).then_some(
            "tanh of its GELU is the reference's, whose last bits the machine code does not give; assume.tanh: ExpUnit takes the machine code's",
        )
    }

    fn calls(&self, _words: &SramWords, step: u32) -> Calls {
        let calls = self.plan.calls(self.phase, step);
        calls.iter().flat_map(Call::function_calls).collect::<Vec<_>>().into()
    }

    fn findings(&self, sram: &Sram, _step: u32) -> Ended {
        let Some((words, fan_out)) = self.sends else { return Ended::default() };
        let block = (0..words).map(|word| sram.word(self.plan.layout.out + 4 * word));
        let spikes = self.plan.sends_spikes();
        let (mut events, mut values) = (0, 0);
        for word in block {
            events += u32::from(word != 0);
            values += if spikes { word.count_ones() } else { u32::from(word != 0) };
        }
        let products = [0, values.saturating_mul(fan_out)];
        Ended { events: Some(events), products, ..Ended::default() }
    }
}

/// Spikes and places of the populations of a stage on a PE, read from its SRAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpikeCounts {
    /// Signed input spikes of the stage, the same on each of its PEs.
    pub coded: u32,
    /// Query, key and value spikes of its heads.
    pub qkv: [u32; 3],
    /// Spikes that it sends.
    pub sent: u32,
}

/// Counts the spikes that a slot's last token has left in the memory of its PE; `None` for a slot
/// of another network family.
pub fn spikes_of(slot: &Slot, sram: &Sram) -> Option<SpikeCounts> {
    let own = super::AttentionSlot::of(slot)?;
    let ones = |at: u32, words: u32| (0..words).map(|word| sram.word(at + 4 * word).count_ones()).sum();
    let mut counts = SpikeCounts::default();
    let (layout, steps) = (&own.layout, own.steps);
    if layout.coded != 0 {
        let row = crate::net::attention::spikes::words(layout.linear.inputs as usize) as u32;
        counts.coded = ones(layout.coded, 2 * steps * row);
    }
    if layout.qkv != 0 {
        let words = steps * (own.part.1 - own.part.0);
        counts.qkv =
            [0, 1, 2].map(|third| (0..words).map(|word| ones(layout.qkv + 4 * (3 * word + third), 1)).sum());
    }
    if own.spikes {
        counts.sent = ones(layout.out, slot.units.len() as u32);
    }
    Some(counts)
}
