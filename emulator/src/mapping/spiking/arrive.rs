//! Synapse rows that are added in the order in which spikes arrive: tables and routine.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::part::When;
use super::write::{Rows, Writer};
use super::{RowArrays, sender_number};
use crate::kernel::arrivals::{Arrivals, ArriveWork, FAN_BYTES, LINK_BYTES, Link, arrive, arrive_work};
use crate::kernel::code::calls::Calls;
use crate::kernel::{KernelFault, SramWords};
use crate::machine::program::{Image, RegionKind};
use crate::machine::routine::{Begun, Ended, Prices, Routine, Shared};
use crate::machine::sram::Sram;
use crate::mapping::memory::Allocator;

/// Adds the synapse rows of the spikes that were taken out of the FIFO.
#[derive(Debug)]
pub(super) struct Arrive {
    pub at: Arrivals,
    /// Byte address of the record of taken entries: place of the oldest, and their number.
    pub taken: u32,
    /// Words of the sums of one tick.
    pub stride: u32,
    /// Ticks that the ring of sums holds.
    pub slots: u32,
    /// Arrays of the rows of all parts.
    pub rows: Vec<RowArrays>,
    /// Byte address of the links to the rows.
    pub links: u32,
}

impl Arrive {
    fn work(&self, sram: &Sram) -> Result<ArriveWork, KernelFault> {
        arrive_work(sram, &self.at, self.taken(sram.words()))
    }

    fn taken(&self, words: &SramWords) -> (u32, u32) {
        let word = |at: u32| words.get(at as usize / 4).copied().unwrap_or(0);
        (word(self.taken), word(self.taken + 4))
    }

    /// Returns the byte address of the sums of tick `step`.
    fn now(&self, step: u32) -> u32 {
        self.at.sums.0 + 4 * self.stride * (step % self.slots)
    }
}

impl Routine for Arrive {
    fn begin(&self, sram: &mut Sram, _step: u32, prices: Prices<'_>) -> Result<Begun, KernelFault> {
        let work = self.work(sram)?;
        Ok(prices.of(|costs| costs.arrive(self.at.form(), &work)).into())
    }

    fn end(&self, sram: &mut Sram, step: u32, _shared: &mut Shared) -> Result<Ended, KernelFault> {
        arrive(sram, &self.at, self.taken(sram.words()), self.now(step))?;
        Ok(Ended::default())
    }

    fn functions(&self) -> Vec<&'static str> {
        vec![self.at.form().function()]
    }

    fn calls(&self, words: &SramWords, step: u32) -> Calls {
        self.at.function_calls(self.taken(words), self.now(step)).into()
    }
}

/// Ring of a share's sums: byte address, ticks that it holds, and words of one tick.
#[derive(Clone, Copy)]
pub(super) struct Ring {
    pub at: u32,
    pub slots: u32,
    pub stride: u32,
}

impl Writer<'_> {
    /// Places a share's rows and the senders' links to them; returns a routine for each FIFO read.
    ///
    /// The FIFO is read at the beginning of the tick and, if a part needs them, after the spikes of
    /// the same tick have arrived.
    pub(super) fn arrivals(
        &self,
        (allocator, image): (&mut Allocator, &mut Image),
        (k, i): (usize, usize),
        (fifo, ring): ((u32, u32), Ring),
    ) -> Vec<Arc<Arrive>> {
        let parts = &self.parts[k][i];
        let mut senders: BTreeMap<usize, Vec<(usize, Rows)>> = BTreeMap::new();
        let mut arrays = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let starts: Vec<u16> = part.starts.iter().map(|&start| start as u16).collect();
            let rows = self.place(allocator, image, part, &starts, 0);
            let Rows { starts: first, targets, weights } = rows;
            arrays.push(RowArrays {
                starts: first,
                sources: starts.len().saturating_sub(1) as u32,
                targets,
                weights,
                ahead: 0,
            });
            senders.entry(sender_number(self.request.network, part.from)).or_default().push((number, rows));
        }
        let waits = parts.iter().any(|part| part.when == When::Within);
        let looks: &[When] = if waits { &[When::Begin, When::Within] } else { &[When::Begin] };
        let mut routines = Vec::new();
        for (look, moment) in (0_u32..).zip(looks) {
            let bytes = LINK_BYTES * parts.len() as u32;
            let links = allocator.take(u64::from(bytes), "links to rows".into(), RegionKind::Weights);
            let fans = self.control.senders + FAN_BYTES * self.senders() * look;
            let (mut link_words, mut fan_words) = (Vec::new(), Vec::new());
            for sender in 0..self.senders() as usize {
                let first = links + 4 * link_words.len() as u32;
                for (number, rows) in senders.get(&sender).into_iter().flatten() {
                    let part = &parts[*number];
                    // What comes within the tick and is for the next one.
                    let early = *moment == When::Within && part.when == When::Begin;
                    let link = Link {
                        first: part.sources.start,
                        neurons: part.sources.end - part.sources.start,
                        starts: rows.starts,
                        targets: rows.targets,
                        weights: rows.weights,
                        later: if early { ring.stride } else { 0 },
                    };
                    link_words.extend(link.encode());
                }
                fan_words.extend([first, links + 4 * link_words.len() as u32]);
            }
            image.push((links, link_words));
            image.push((fans, fan_words));
            let at = Arrivals {
                entries: self.entries(fifo),
                fans,
                senders: self.senders(),
                sums: (ring.at, ring.at + 4 * ring.slots * ring.stride),
                integers: super::memory::integers(self.request.network),
            };
            let (stride, slots) = (ring.stride, ring.slots);
            let rows = arrays.clone();
            let taken = self.control.taken;
            routines.push(Arc::new(Arrive { at, taken, stride, slots, rows, links }));
        }
        routines
    }
}
