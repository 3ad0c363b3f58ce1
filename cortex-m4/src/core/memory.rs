//! Loads and stores.

use super::fault::{Bus, FaultKind};
use super::{Core, Flow, exchange};
use crate::instruction::{Address, Index, Multiple, Offset, Op, Reg, Width};

/// Address of an access, and the base register's new value.
struct Place {
    at: u32,
    base: Option<(Reg, u32)>,
}

fn aligned(at: u32, align: u32) -> Result<u32, FaultKind> {
    if at.is_multiple_of(align) { Ok(at) } else { Err(FaultKind::Unaligned { to: at, align }) }
}

fn load(bus: &mut impl Bus, at: u32, bytes: u32) -> Result<u32, FaultKind> {
    bus.load(at, bytes).ok_or(FaultKind::Access { to: at, store: false })
}

fn store(bus: &mut impl Bus, at: u32, bytes: u32, value: u32) -> Result<(), FaultKind> {
    bus.store(at, bytes, value).ok_or(FaultKind::Access { to: at, store: true })
}

impl Core {
    fn place(&self, address: Address) -> Place {
        let base = self.operand_register(address.base);
        let base = if address.base == Reg::PC { base & !3 } else { base };
        let offset = match address.offset {
            Offset::Imm(bytes) => bytes as u32,
            Offset::Reg(m, shift) => self.get(m) << shift,
        };
        let moved = base.wrapping_add(offset);
        match address.index {
            Index::Offset => Place { at: moved, base: None },
            Index::Pre => Place { at: moved, base: Some((address.base, moved)) },
            Index::Post => Place { at: base, base: Some((address.base, moved)) },
        }
    }

    fn move_base(&mut self, place: &Place) {
        if let Some((reg, value)) = place.base {
            self.set(reg, value);
        }
    }

    /// Counts an unaligned access and its extra cycles: one at an even address, two at an odd one.
    ///
    /// The cycles are recalled (facts §6). Fails if unaligned accesses trap.
    fn unaligned(&mut self, at: u32, bytes: u32) -> Result<(), FaultKind> {
        if self.traps.unaligned {
            return Err(FaultKind::Unaligned { to: at, align: bytes });
        }
        self.counts.unaligned += 1;
        self.extra += if at.is_multiple_of(2) { 1 } else { 2 };
        Ok(())
    }

    fn load_part(&mut self, bus: &mut impl Bus, at: u32, width: Width) -> Result<u32, FaultKind> {
        let bytes = width.bytes();
        let word = if at.is_multiple_of(bytes) {
            load(bus, at, bytes)?
        } else {
            let mut word = 0;
            for i in 0..bytes {
                word |= load(bus, at.wrapping_add(i), 1)? << (8 * i);
            }
            self.unaligned(at, bytes)?;
            word
        };
        Ok(width.extend(word))
    }

    fn store_part(&mut self, bus: &mut impl Bus, at: u32, width: Width, value: u32) -> Result<(), FaultKind> {
        let bytes = width.bytes();
        if at.is_multiple_of(bytes) {
            return store(bus, at, bytes, value);
        }
        self.unaligned(at, bytes)?;
        (0..bytes).try_for_each(|i| store(bus, at.wrapping_add(i), 1, value >> (8 * i) & 0xFF))
    }

    /// Executes a load, store or table branch of the core's registers.
    pub(super) fn access(&mut self, op: &Op, address: u32, bus: &mut impl Bus) -> Result<Flow, FaultKind> {
        match *op {
            Op::Load { width, t, address } => {
                let place = self.place(address);
                let value = self.load_part(bus, place.at, width)?;
                if t == Reg::PC {
                    let to = exchange(value)?;
                    self.move_base(&place);
                    return Ok(Flow::Jump(to));
                }
                self.move_base(&place);
                self.set(t, value);
            }
            Op::Store { width, t, address } => {
                let place = self.place(address);
                self.store_part(bus, place.at, width, self.get(t))?;
                self.move_base(&place);
            }
            Op::LoadDual { t, u, address } => {
                let place = self.place(address);
                let at = aligned(place.at, 4)?;
                let values = [load(bus, at, 4)?, load(bus, at.wrapping_add(4), 4)?];
                self.move_base(&place);
                self.set(t, values[0]);
                self.set(u, values[1]);
            }
            Op::StoreDual { t, u, address } => {
                let place = self.place(address);
                let at = aligned(place.at, 4)?;
                store(bus, at, 4, self.get(t))?;
                store(bus, at.wrapping_add(4), 4, self.get(u))?;
                self.move_base(&place);
            }
            Op::Multiple { multiple, list } => return self.multiple(multiple, list, bus),
            Op::TableBranch { half, n, m } => {
                let (base, index) = (self.operand_register(n), self.get(m));
                let (at, bytes) =
                    if half { (base.wrapping_add(index << 1), 2) } else { (base.wrapping_add(index), 1) };
                let entry = load(bus, aligned(at, bytes)?, bytes)?;
                return Ok(Flow::Jump(address.wrapping_add(4).wrapping_add(2 * entry)));
            }
            _ => {}
        }
        Ok(Flow::Next)
    }

    fn multiple(&mut self, multiple: Multiple, list: u16, bus: &mut impl Bus) -> Result<Flow, FaultKind> {
        let bytes = 4 * list.count_ones();
        let base = self.get(multiple.base);
        let (start, end) = if multiple.before {
            (base.wrapping_sub(bytes), base.wrapping_sub(bytes))
        } else {
            (base, base.wrapping_add(bytes))
        };
        let mut at = aligned(start, 4)?;
        let mut loaded = self.r;
        for number in (0..16_u8).filter(|number| list & Reg(*number).mask() != 0) {
            if multiple.load {
                loaded[usize::from(number)] = load(bus, at, 4)?;
            } else {
                store(bus, at, 4, self.get(Reg(number)))?;
            }
            at = at.wrapping_add(4);
        }
        let jump = multiple.load && list & Reg::PC.mask() != 0;
        let to = if jump { exchange(loaded[15])? } else { 0 };
        if multiple.load {
            loaded[15] = self.r[15];
            self.r = loaded;
        }
        if multiple.writeback {
            self.set(multiple.base, end);
        }
        Ok(if jump { Flow::Jump(to) } else { Flow::Next })
    }

    /// Executes a load or store of the FPU's registers.
    pub(super) fn access_fpu(&mut self, op: &Op, bus: &mut impl Bus) -> Result<(), FaultKind> {
        let (is_load, start, first, words, base) = match *op {
            Op::VLoad { t, double, base, offset } => {
                (true, self.fpu_place(base, offset), t, 1 + u8::from(double), None)
            }
            Op::VStore { t, double, base, offset } => {
                (false, self.fpu_place(base, offset), t, 1 + u8::from(double), None)
            }
            Op::VMultiple { multiple, first, words, .. } => {
                let (base, bytes) = (self.get(multiple.base), 4 * u32::from(words));
                let below = base.wrapping_sub(bytes);
                let (start, end) =
                    if multiple.before { (below, below) } else { (base, base.wrapping_add(bytes)) };
                (multiple.load, start, first, words, multiple.writeback.then_some((multiple.base, end)))
            }
            _ => return Ok(()),
        };
        let mut at = aligned(start, 4)?;
        let mut loaded = self.s;
        for number in first..first + words {
            let register = usize::from(number & 31);
            if is_load {
                loaded[register] = load(bus, at, 4)?;
            } else {
                store(bus, at, 4, self.s[register])?;
            }
            at = at.wrapping_add(4);
        }
        if is_load {
            self.s = loaded;
        }
        if let Some((base, end)) = base {
            self.set(base, end);
        }
        Ok(())
    }

    fn fpu_place(&self, base: Reg, offset: i32) -> u32 {
        let value = self.operand_register(base);
        let value = if base == Reg::PC { value & !3 } else { value };
        value.wrapping_add_signed(offset)
    }
}
