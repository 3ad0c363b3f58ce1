//! Routines of a spiking population's program: the products of its projections, and the
//! neurons' time step.

use crate::kernel::KernelFault;
use crate::kernel::lif::{self, LifLayout, LifPart};
use crate::kernel::matrix::{Kernel, Operands};
use crate::machine::banks::PerBank;
use crate::machine::banks::account::BankMap;
use crate::machine::costs::Costs;
use crate::machine::program::{PACKET_WORDS, RegionKind};
use crate::machine::routine::{Begun, Ended, Prices, Routine, Shared, Touches};
use crate::machine::sram::{BANKS, Sram};
use crate::mapping::product::{self, MatrixAccount, Operand, multiply};

/// Sums of a projection for this time step and those to come, one place each in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ring {
    /// Byte address of the first place.
    pub start: u32,
    /// Bytes of one place.
    pub bytes: u32,
    /// Time steps between a spike and its effect; 0 for what takes effect in the step in
    /// which it arrives.
    pub delay: u32,
}

impl Ring {
    /// Returns the number of places.
    pub fn places(delay: u32) -> u32 {
        delay.max(1)
    }

    fn place(self, number: u32) -> u32 {
        self.start + self.bytes * (number % Self::places(self.delay))
    }

    /// Byte address of the sums that take effect in time step `step`.
    fn due(self, step: u32) -> u32 {
        self.place(step)
    }

    /// Byte address of the sums over the spikes of the time step before `step`, computed in `step`.
    fn computed(self, step: u32) -> u32 {
        self.place(step.wrapping_add(self.delay).wrapping_sub(1))
    }
}

/// Product of a projection: weights times what the source sent in the time step before, or
/// times the inputs.
#[derive(Debug)]
pub(super) struct Project {
    pub kernel: Kernel,
    pub operand: Operand,
    pub ring: Ring,
    pub account: MatrixAccount,
}

impl Project {
    fn operands(&self, step: u32) -> Operands {
        Operands { x: self.operand.at(step), sums: self.ring.computed(step) }
    }
}

impl Routine for Project {
    fn begin(&self, sram: &mut Sram, step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let work = self.kernel.work(sram.words(), self.operands(step).x)?;
        let price = prices.of(|costs| costs.matrix(&self.kernel, &work));
        Ok(Begun { price, accesses: Some(self.account.of(step, &work)) })
    }

    fn end(&self, sram: &mut Sram, step: u32, shared: &mut Shared) -> Result<Ended, KernelFault> {
        multiply(&self.kernel, sram, self.operands(step), (None, shared))?;
        Ok(Ended::default())
    }

    fn touches(&self, step: u32) -> Option<Touches> {
        product::touches(&self.kernel, self.operands(step), self.operand)
    }

    fn variant(&self, step: u32) -> u32 {
        let places = Ring::places(self.ring.delay);
        step % self.operand.buffers().count() * places + step % places
    }
}

/// Time step of a PE's neurons: current, potential, spikes.
#[derive(Debug)]
pub(super) struct Fire {
    pub layout: LifLayout,
    /// One for each projection to the population, in order.
    pub rings: Vec<Ring>,
    pub accesses: PerBank,
}

impl Fire {
    fn cycles(&self, costs: &Costs) -> u64 {
        let cycles = |part| costs.at(costs.kernels().lif(part, self.layout.units));
        let adding = self.rings.len() as u64 * cycles(LifPart::Add);
        cycles(LifPart::Start) + adding + cycles(self.layout.fire())
    }
}

impl Routine for Fire {
    fn begin(&self, _sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        Ok(Begun { price: prices.of(|costs| self.cycles(costs)), accesses: Some(self.accesses) })
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        let sums: Vec<u32> = self.rings.iter().map(|ring| ring.due(step)).collect();
        let output = lif::run(sram.words(), &self.layout, &sums);
        let events = output.y.iter().filter(|y| **y != 0.0).count() as u32;
        let mut y = output.y;
        y.resize(y.len().next_multiple_of(PACKET_WORDS), 0.0);
        sram.set_floats(self.layout.current, &output.current);
        sram.set_floats(self.layout.potential, &output.potential);
        sram.set_floats(self.layout.y, &y);
        Ok(Ended { events: Some(events) })
    }

    fn touches(&self, step: u32) -> Option<Touches> {
        let layout = &self.layout;
        let units = |at: u32| at..at + 4 * layout.units;
        let sent = layout.y..layout.y + 4 * layout.units.next_multiple_of(PACKET_WORDS as u32);
        let sums = self.rings.iter().map(|ring| units(ring.due(step)));
        Some(Touches {
            reads: sums.chain([units(layout.potential)]).collect(),
            writes: vec![units(layout.current), units(layout.potential), sent],
            begins: Vec::new(),
        })
    }

    fn variant(&self, step: u32) -> u32 {
        // Places of all rings, as digits.
        let digits = self.rings.iter().map(|ring| (Ring::places(ring.delay), step));
        digits
            .fold(0, |variant: u32, (places, step)| variant.wrapping_mul(places).wrapping_add(step % places))
    }
}

/// Reads the accesses of a time step of neurons off the listing and the memory map.
pub(super) fn accesses(map: BankMap<'_>, layout: &LifLayout, rings: &[Ring], costs: &Costs) -> PerBank {
    let mut banks = [0; BANKS];
    let mut add = |part: LifPart, arrays: &[u32]| {
        let counts = costs.accesses().lif(part, layout.units);
        let spreads = arrays.iter().map(|&at| map.array(at)).chain([map.kind(RegionKind::Stack)]);
        for (spread, count) in spreads.zip(counts) {
            spread.add(count, &mut banks);
        }
    };
    add(LifPart::Start, &[layout.bias, layout.current]);
    for ring in rings {
        add(LifPart::Add, &[ring.start, layout.current]);
    }
    add(layout.fire(), &layout.fire_arrays());
    banks
}
