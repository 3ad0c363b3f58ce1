//! Carries out a script: what a stretch that was seen before does to bytes, on the bytes of now.

use std::sync::Arc;

use super::script::{Act, Script};
use super::trace::carried;
use crate::chip::clock::{TIMER_COUNT, Tick};
use crate::chip::geometry::Pe;
use crate::machine::dma;
use crate::machine::exec::Machine;
use crate::machine::operate::log;
use crate::machine::program::{Action, PACKET_WORDS};
use crate::machine::record::prices;
use crate::machine::routine::{Begun, Ended};
use crate::machine::state::{PeState, STEPS, State};

/// Bytes of packets on their way.
pub(super) type Kept = Vec<[u32; PACKET_WORDS]>;

impl Machine {
    /// Carries out a script; returns the bytes of packets, of which some are on the mesh at the
    /// end, and what the open runs take, in the order in which they begin. `None` if a routine
    /// faulted, which stops the machine.
    pub(super) fn play(&mut self, script: &Script) -> Option<(Kept, Vec<Begun>)> {
        let mut kept: Kept = vec![[0; PACKET_WORDS]; script.packets];
        for (number, place) in carried(&self.state).into_iter().zip(&script.brought) {
            if let Some(place) = place {
                *kept.get_mut(*place as usize)? = self.state.packets.get(number)?.payload;
            }
        }
        self.shared.constants_hold = self.constants_hold();
        let began = self.state.tick;
        let (mut row, mut open) = ((None, Vec::new()), Vec::new());
        for act in &script.acts {
            match *act {
                Act::Copy { from, at, to, place, words } => {
                    copy(&mut self.state.pes, (from, at), (to, place), words);
                }
                Act::ToHost { from, at, place, words } => self.play_to_host((from, at), place, words),
                Act::Timed { pe, phase, began: from, ended } => {
                    let pe = &mut self.state.pes[usize::from(pe)];
                    let (from, to) = (from.map_or(pe.began, |from| began + from), began + ended);
                    pe.count.phases[phase.index()] = to - from;
                    pe.timer_counts[phase.index()] = timer_counts(from, to);
                }
                Act::Begin { pe, operation } | Act::End { pe, operation } => {
                    self.play_routine(pe, operation, matches!(act, Act::End { .. }))?;
                }
                Act::Open { pe, operation } => open.push(self.play_open(pe, operation)?),
                Act::Row { pe, operation } => self.play_row(pe, operation, &mut row)?,
                Act::Log { pe, operation } => self.play_log(pe, operation)?,
                Act::Keep { kept: place, pe, at } => {
                    let words = &self.state.pes[usize::from(pe)].sram.words()[usize::from(at)..];
                    *kept.get_mut(place as usize)? = *words.first_chunk()?;
                }
                Act::Announce { kept: place, step, sample } => {
                    *kept.get_mut(place as usize)? = self.announced(step, sample);
                }
                Act::Message { kept: place, source } => {
                    *kept.get_mut(place as usize)? = [u32::from(source), 0, 0, 0];
                }
                Act::Put { kept: place, pe, at } => {
                    let bytes = *kept.get(place as usize)?;
                    self.state.pes[usize::from(pe)].sram.set_packet(4 * u32::from(at), bytes);
                }
                Act::PutHost { kept: place, word } => {
                    let places = self.state.host.y.iter_mut().skip(word as usize);
                    places.zip(*kept.get(place as usize)?).for_each(|(place, word)| *place = word);
                }
            }
        }
        for &(pe, word, times) in &script.counts {
            let words = self.state.pes[usize::from(pe)].sram.words_mut();
            words[usize::from(word)] = words[usize::from(word)].wrapping_add(times);
        }
        for (pe, &pages) in self.state.pes.iter_mut().zip(&script.pages) {
            pe.sram.mark_written(pages);
        }
        Some((kept, open))
    }

    /// Begins a run whose cycles depend on values.
    fn play_open(&mut self, pe: u16, number: u32) -> Option<Begun> {
        let program = Arc::clone(&self.program);
        let place = Pe::from_index(usize::from(pe))?;
        let (operation, slot) = program.pe(place)?.operation(number)?;
        let Action::Call(routine) = &operation.action else { return None };
        let sram = &mut self.state.pes[usize::from(pe)].sram;
        let step = sram.word(slot.turn);
        match routine.begin_beside(sram, step, prices(&program, None), &mut self.shared) {
            Ok(begun) => Some(begun),
            Err(fault) => {
                self.fault(place, operation, slot, fault);
                None
            }
        }
    }

    fn play_to_host(&mut self, (from, at): (u16, u16), place: u32, words: u16) {
        let State { pes, host, .. } = &mut self.state;
        let source = pes[usize::from(from)].sram.words()[usize::from(at)..].iter().take(usize::from(words));
        host.y.iter_mut().skip(place as usize).zip(source).for_each(|(place, word)| *place = *word);
    }

    fn play_routine(&mut self, pe: u16, number: u32, ends: bool) -> Option<()> {
        let program = Arc::clone(&self.program);
        let place = Pe::from_index(usize::from(pe))?;
        let (operation, slot) = program.pe(place)?.operation(number)?;
        let Action::Call(routine) = &operation.action else { return None };
        let PeState { sram, count, .. } = &mut self.state.pes[usize::from(pe)];
        let step = sram.word(slot.turn);
        let done = if ends {
            routine.end(sram, step, &mut self.shared).map(
                |Ended { events, products, overflows, untrapped: _ }| {
                    count.mac.overflows += u64::from(overflows);
                    Some((events?, products))
                },
            )
        } else {
            routine.begin(sram, step, prices(&program, None)).map(|_| None)
        };
        match done {
            Ok(Some((events, products))) => {
                let (slot, step) = (usize::from(operation.slot), step as usize % STEPS);
                self.state.active[usize::from(pe)][slot][step] = events;
                self.state.products[usize::from(pe)][slot][step] = products;
                Some(())
            }
            Ok(None) => Some(()),
            Err(fault) => {
                self.fault(place, operation, slot, fault);
                None
            }
        }
    }

    /// Writes a row; `last` is the one written before, with its number.
    fn play_row(&mut self, pe: u16, number: u32, last: &mut (Option<u32>, Vec<f32>)) -> Option<()> {
        let place = Pe::from_index(usize::from(pe))?;
        let (operation, slot) = self.program.pe(place)?.operation(number)?;
        if let &Action::Fetch { from, words, to } = &operation.action {
            let words = self.program.dram_words(from, words);
            self.state.pes[usize::from(pe)].sram.set_words(to, words);
            return Some(());
        }
        let Action::Read { to, rows } = &operation.action else { return None };
        let sram = &mut self.state.pes[usize::from(pe)].sram;
        let step = sram.word(slot.turn);
        let row = sram.word(*rows.get(step as usize % rows.len().max(1))?);
        // Both ports have all rows.
        if last.0 != Some(row) {
            last.1.resize(self.program.dram.width(), 0.0);
            self.program.read_dram(self.program.dram_map.address(dma::port(place), row), &mut last.1);
            last.0 = Some(row);
        }
        sram.set_floats(to.of(step), &last.1);
        Some(())
    }

    fn play_log(&mut self, pe: u16, number: u32) -> Option<()> {
        let loaded = self.program.pe(Pe::from_index(usize::from(pe))?)?;
        let (operation, slot) = loaded.operation(number)?;
        let Action::Log(phases) = &operation.action else { return None };
        log(&mut self.state.pes[usize::from(pe)], loaded, slot, phases);
        Some(())
    }

    /// Returns the payload that announces a sample's row, `ahead` steps after the next to complete.
    fn announced(&self, ahead: u32, sample: u8) -> [u32; PACKET_WORDS] {
        let step = self.state.host.completed.wrapping_add(ahead);
        self.announcement(step, ahead as usize, sample)
    }
}

/// Copies words from one PE's memory to another's, or within one. The pages are marked with
/// the script's others.
fn copy(pes: &mut [PeState], (from, at): (u16, u16), (to, place): (u16, u16), words: u16) {
    let (source, target) = (usize::from(from), usize::from(to));
    let range = usize::from(at)..usize::from(at) + usize::from(words);
    let place = usize::from(place)..usize::from(place) + usize::from(words);
    if source == target {
        pes[source].sram.words_mut().copy_within(range, place.start);
    } else if let Ok([from, to]) = pes.get_disjoint_mut([source, target])
        && let (Some(from), Some(to)) = (from.sram.words().get(range), to.sram.words_mut().get_mut(place))
    {
        to.copy_from_slice(from);
    }
}

/// Returns the counts of the 1 MHz timer from tick `from` to tick `to`: the difference of
/// two truncated counts.
fn timer_counts(from: Tick, to: Tick) -> u32 {
    (to / TIMER_COUNT - from / TIMER_COUNT) as u32
}
