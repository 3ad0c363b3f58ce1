//! What each operation of each PE accesses, bank by bank.

use super::{BankInterleave, PerBank};
use crate::chip::geometry::Pe;
use crate::kernel::cost::access::{Accesses, Formula, Multiples, Touched};
use crate::kernel::matrix::{Kernel, Work};
use crate::machine::broadcast::pack::operand;
use crate::machine::program::{Operation, PeProgram, Phase, Program, Region, RegionKind, Slot};
use crate::machine::sram::BANKS;

/// How the accesses to one array fall on the banks: evenly over its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spread {
    /// Bytes in this bank and those before it.
    up_to: PerBank,
}

impl Spread {
    fn new(interleave: BankInterleave, (start, end): (u32, u32)) -> Self {
        let mut sum = 0;
        Self {
            up_to: interleave.bytes(start, end).map(|bytes| {
                sum += bytes;
                sum
            }),
        }
    }

    /// Adds so many accesses to their banks. No access is lost to rounding.
    fn add(&self, accesses: u64, banks: &mut PerBank) {
        let all = self.up_to[BANKS - 1];
        if all == 0 {
            return;
        }
        let mut before = 0;
        for (bank, up_to) in banks.iter_mut().zip(self.up_to) {
            let here = accesses * up_to / all;
            *bank += here - before;
            before = here;
        }
    }
}

/// A matrix kernel's accesses: a formula an array, and where the array lies in each turn of the buffers (the input moves).
#[derive(Clone, Debug)]
struct MatrixAccount {
    arrays: Vec<(Formula, Vec<Spread>)>,
}

impl MatrixAccount {
    fn of(&self, step: u32, work: &Work) -> PerBank {
        let mut banks = [0; BANKS];
        let done = Multiples::from(work);
        for (formula, spread) in &self.arrays {
            if let Some(spread) = spread.get(step as usize % spread.len().max(1)) {
                spread.add(formula.count(&done), &mut banks);
            }
        }
        banks
    }
}

/// What one layer's share on a PE accesses.
#[derive(Clone, Debug)]
struct SlotAccount {
    input: MatrixAccount,
    recurrent: MatrixAccount,
    pointwise: PerBank,
    /// None where events are sent, or by the DMA engine: that depends on the data, or is not the core's.
    broadcast: Option<PerBank>,
}

/// What every operation accesses, by PE and slot.
#[derive(Clone, Debug)]
pub struct Accounts(Vec<Vec<SlotAccount>>);

impl Accounts {
    /// Reads memory maps and kernels of a program.
    pub fn new(program: &Program) -> Self {
        let accesses = program.costs.accesses();
        let of = |loaded: &Option<PeProgram>| {
            let Some(loaded) = loaded else { return Vec::new() };
            let map = Map { interleave: program.assume.bank_interleave, regions: &loaded.regions };
            let plain = program.delivery.plain();
            loaded.slots.iter().map(|slot| slot_account(&map, slot, accesses, plain)).collect()
        };
        Self(program.pes.iter().map(of).collect())
    }

    /// The core's accesses in one operation, by bank; none where they are not followed.
    pub fn of(&self, pe: Pe, operation: Operation, step: u32, work: &Work) -> Option<PerBank> {
        let slot = self.0.get(pe.index())?.get(usize::from(operation.slot))?;
        match operation.phase {
            Phase::Input => Some(slot.input.of(step, work)),
            Phase::Recurrent => Some(slot.recurrent.of(step, work)),
            Phase::Pointwise => Some(slot.pointwise),
            Phase::Broadcast => slot.broadcast,
            Phase::Wait | Phase::Embedding | Phase::Barrier | Phase::Log => None,
        }
    }
}

/// A PE's memory map, seen by bank.
struct Map<'a> {
    interleave: BankInterleave,
    regions: &'a [Region],
}

impl Map<'_> {
    /// The array that begins at an address: its region's bytes from there on.
    fn array(&self, address: u32) -> Spread {
        let inside = |r: &&Region| r.start <= address && address < r.end;
        let end = self.regions.iter().find(inside).map_or(address.saturating_add(4), |r| r.end);
        Spread::new(self.interleave, (address, end))
    }

    /// All bytes of a kind.
    fn kind(&self, kind: RegionKind) -> Spread {
        let region = self.regions.iter().find(|r| r.kind == kind);
        region.map_or_else(Spread::default, |r| Spread::new(self.interleave, (r.start, r.end)))
    }
}

fn slot_account(map: &Map<'_>, slot: &Slot, accesses: &Accesses, plain: bool) -> SlotAccount {
    let turns = || 0..slot.buffers.count();
    let p = &slot.pointwise;
    let stack = map.kind(RegionKind::Stack);
    let mut pointwise = [0; BANKS];
    let arrays = [p.input_sums, p.recurrent_sums, p.bias, p.recurrent_bias, p.threshold, p.cell, p.y]
        .map(|a| map.array(a));
    for (spread, count) in arrays.iter().chain([&stack]).zip(accesses.pointwise(p.units)) {
        spread.add(count, &mut pointwise);
    }
    if let Some(trace) = p.trace {
        for (at, count) in [p.y, trace].into_iter().zip(accesses.trace(p.units)) {
            map.array(at).add(count, &mut pointwise);
        }
    }
    let mut broadcast = [0; BANKS];
    for call in slot.calls() {
        let sent = accesses.broadcast(slot.packets(), call.len() as u32);
        let block = slot.targets.get(call.start as usize).map_or(p.y, |target| target.payload);
        map.array(block).add(sent.block, &mut broadcast);
        // The list of destinations is part of what the program was built with.
        map.kind(RegionKind::Program).add(sent.list, &mut broadcast);
        stack.add(sent.stack, &mut broadcast);
    }
    SlotAccount {
        input: {
            let x: Vec<u32> =
                turns().map(|step| operand(slot, Phase::Input, slot.buffers.of(step))).collect();
            matrix_account(map, &slot.input, &x, p.input_sums, accesses)
        },
        recurrent: {
            let y: Vec<u32> =
                turns().map(|step| operand(slot, Phase::Recurrent, slot.buffers.before(step))).collect();
            matrix_account(map, &slot.recurrent, &y, p.recurrent_sums, accesses)
        },
        pointwise,
        broadcast: plain.then_some(broadcast),
    }
}

fn matrix_account(
    map: &Map<'_>,
    kernel: &Kernel,
    x: &[u32],
    sums: u32,
    accesses: &Accesses,
) -> MatrixAccount {
    let addresses = kernel.array_addresses();
    let place = |touched: Touched| match touched {
        Touched::Array(index) => vec![addresses.get(index).map_or_else(Spread::default, |&at| map.array(at))],
        Touched::Input => x.iter().map(|&at| map.array(at)).collect(),
        Touched::Sums => vec![map.array(sums)],
        Touched::Stack => vec![map.kind(RegionKind::Stack)],
    };
    let formulas = accesses.matrix(kernel.routine()).iter();
    MatrixAccount { arrays: formulas.map(|&formula| (formula, place(formula.touched))).collect() }
}
