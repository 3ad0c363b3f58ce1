//! Accesses of the core, bank by bank: how arrays fall on the banks, and what sending
//! a block reads.

use super::{BankInterleave, PerBank};
use crate::chip::geometry::Pe;
use crate::kernel::cost::access::Accesses;
use crate::machine::program::{PeProgram, Program, Region, RegionKind, Slot};
use crate::machine::sram::BANKS;

/// Distribution of the accesses to one array over the banks: even over its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
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

    /// Adds `accesses` accesses to their banks. No access is lost to rounding.
    pub fn add(&self, accesses: u64, banks: &mut PerBank) {
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

/// Accesses of the core when it sends the block of each slot, by PE and slot. `None` where events
/// are sent, or by the DMA engine: that depends on the data, or is not the core's.
#[derive(Clone, Debug)]
pub struct Accounts(Vec<Vec<Option<PerBank>>>);

impl Accounts {
    /// Reads the memory maps of a program.
    pub fn new(program: &Program) -> Self {
        let accesses = program.costs.accesses();
        let plain = program.delivery.plain();
        let of = |loaded: &Option<PeProgram>| {
            let Some(loaded) = loaded else { return Vec::new() };
            let map = BankMap { interleave: program.assume.bank_interleave, regions: &loaded.regions };
            loaded.slots.iter().map(|slot| plain.then(|| sending(&map, slot, accesses))).collect()
        };
        Self(program.pes.iter().map(of).collect())
    }

    /// Returns the core's accesses when it sends a slot's block, by bank; `None` where they
    /// are not followed.
    pub fn sending(&self, pe: Pe, slot: u8) -> Option<PerBank> {
        *self.0.get(pe.index())?.get(usize::from(slot))?
    }
}

/// A PE's memory map, seen by bank.
#[derive(Clone, Copy, Debug)]
pub struct BankMap<'a> {
    /// Bank of each address.
    pub interleave: BankInterleave,
    /// Memory map, ascending.
    pub regions: &'a [Region],
}

impl BankMap<'_> {
    /// Returns how accesses to the array that begins at an address fall: on its region's bytes
    /// from there on.
    pub fn array(&self, address: u32) -> Spread {
        let inside = |r: &&Region| r.start <= address && address < r.end;
        let end = self.regions.iter().find(inside).map_or(address.saturating_add(4), |r| r.end);
        Spread::new(self.interleave, (address, end))
    }

    /// Returns how accesses to the first region of a kind fall.
    pub fn kind(&self, kind: RegionKind) -> Spread {
        let region = self.regions.iter().find(|r| r.kind == kind);
        region.map_or_else(Spread::default, |r| Spread::new(self.interleave, (r.start, r.end)))
    }
}

fn sending(map: &BankMap<'_>, slot: &Slot, accesses: &Accesses) -> PerBank {
    let mut banks = [0; BANKS];
    for call in slot.calls() {
        let sent = accesses.broadcast(slot.packets(), call.len() as u32);
        let block = slot.targets.get(call.start as usize).map_or(slot.values, |target| target.payload);
        map.array(block).add(sent.block, &mut banks);
        // The list of destinations is part of what the program was built with.
        map.kind(RegionKind::Program).add(sent.list, &mut banks);
        map.kind(RegionKind::Stack).add(sent.stack, &mut banks);
    }
    banks
}
