//! Figures on options of a spiking network's PEs: operating points (`chip.dvfs`), order of sums.

use serde::Serialize;

use crate::chip::geometry::Pe;
use crate::mapping::options::SumOrder;
use crate::mapping::spiking::SpikingSlot;
use crate::session::Session;
use crate::text::several;

/// Value of `sum_order` for rows that are added in the order of arrival.
pub const ARRIVAL: &str = "arrival";

/// Returns the order in which a session's PEs add synapse rows; `None` if it has no synapses.
pub fn sum_order(session: &Session) -> Option<&'static str> {
    let slots = session.program().pes.iter().flatten().flat_map(|loaded| &loaded.slots);
    let order = slots.filter_map(SpikingSlot::of).map(|slot| slot.order).next()?;
    Some(match order {
        SumOrder::Ascending => "ascending",
        SumOrder::Arrival => ARRIVAL,
    })
}

/// Time of the PEs at the fast level, 0.8 V and 300 MHz.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Levels {
    /// Packets in the FIFO above which a PE takes the fast level for the rest of the tick.
    pub packets_above: u32,
    /// Ticks that PEs computed at the fast level, over all PEs with a program.
    pub fast_ticks: u64,
    /// Share of these PEs' ticks, 0..=1.
    pub fast_tick_share: f64,
    /// Share of these PEs' time at the fast level, 0..=1.
    pub fast_time_share: f64,
    /// PE with most ticks at the fast level; `null` if none took it.
    pub fastest_pe: Option<String>,
    /// Share of that PE's ticks, 0..=1.
    pub fastest_tick_share: f64,
}

/// Gathers the operating points of a session; `None` if PEs do not change theirs.
pub fn levels(session: &Session) -> Option<Levels> {
    let program = session.program();
    let packets_above = program.timer.as_ref()?.fast_above?;
    let state = session.machine().state();
    let used: Vec<Pe> = program.places().filter(|&pe| program.pe(pe).is_some()).collect();
    let ticks_of = |pe: Pe| state.pes[pe.index()].timer.count.fast_ticks;
    let fast_ticks: u64 = used.iter().map(|&pe| u64::from(ticks_of(pe))).sum();
    let fast_time: u64 = used.iter().map(|&pe| state.pes[pe.index()].timer.fast(state.tick).time).sum();
    let fastest = used.iter().copied().max_by_key(|&pe| (ticks_of(pe), std::cmp::Reverse(pe)));
    let fastest = fastest.filter(|&pe| ticks_of(pe) > 0);
    let share = |part: u64, all: u64| part as f64 / all.max(1) as f64;
    Some(Levels {
        packets_above,
        fast_ticks,
        fast_tick_share: share(fast_ticks, session.steps() * used.len() as u64),
        fast_time_share: share(fast_time, state.tick * used.len() as u64),
        fastest_pe: fastest.map(|pe| pe.to_string()),
        fastest_tick_share: fastest.map_or(0.0, |pe| share(ticks_of(pe).into(), session.steps())),
    })
}

impl Levels {
    /// Returns a line for people.
    pub fn line(&self) -> String {
        let above = several(self.packets_above.into(), "packet");
        match &self.fastest_pe {
            None => format!("no PE had more than {above} in a tick: all stayed at 150 MHz"),
            Some(pe) => format!(
                "at 300 MHz above {above}: {:.1} % of the PEs' ticks, {:.1} % of their time; most often {pe}, in {:.1} % of its ticks",
                100.0 * self.fast_tick_share,
                100.0 * self.fast_time_share,
                100.0 * self.fastest_tick_share
            ),
        }
    }
}
