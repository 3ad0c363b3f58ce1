//! Ticks of a spiking network: how long they were, and what came too late.

use serde::Serialize;

use crate::chip::clock::{Tick, us};
use crate::chip::geometry::Pe;
use crate::session::Session;
use crate::text::{several, step_number};

/// Overruns that a report lists.
const OVERRUNS: usize = 100;

/// Ticks since the start.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ticks {
    /// Length of a tick, µs; `null` where each is as long as its slowest PE needs.
    pub tick_us: Option<f64>,
    /// Length of the longest tick on its slowest PE, µs: the shortest tick that does not overrun.
    pub shortest_us: f64,
    /// Time step of the longest tick, from 1; `null` before the first.
    pub longest_step: Option<u32>,
    /// PE that took longest in that tick; `null` before the first tick.
    pub longest_pe: Option<String>,
    /// Time of all ticks over their number, µs; 0 before the first.
    pub mean_us: f64,
    /// Share of the tick that the slowest PE had left in its longest, 0..=1; 0 where ticks are as
    /// long as needed, and with overruns.
    pub slack: f64,
    /// Ticks that ended on a PE after the next one had begun.
    pub overruns: u64,
    /// Ticks that PEs lost, since the timer fired twice meanwhile.
    pub lost_ticks: u64,
    /// Spikes lost since a FIFO was full.
    pub lost_spikes: u64,
    /// Spikes read in another tick than intended.
    pub misread_spikes: u64,
    /// First overruns, at most 100.
    pub first: Vec<OverrunSeen>,
}

/// Tick that ended too late.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OverrunSeen {
    /// PE that was late.
    pub pe: String,
    /// Time step that took too long, from 1.
    pub step: u32,
    /// Phase that took longest in the tick.
    pub phase: &'static str,
    /// Time by which the tick ended late, µs.
    pub late_us: f64,
    /// Spikes that waited in the PE's FIFO meanwhile.
    pub waiting: u32,
}

/// Gathers the ticks of a session; `None` if no timers begin its time steps.
pub fn ticks(session: &Session) -> Option<Ticks> {
    let program = session.program();
    let timer = program.timer.as_ref()?;
    let state = session.machine().state();
    let count = &state.timer.count;
    let longest = us(count.longest);
    let sum = |of: fn(&crate::machine::state::PeState) -> u64| state.pes.iter().map(of).sum::<u64>();
    let begun = count.longest_pe.is_some();
    let slack = |period: Tick| (1.0 - count.longest as f64 / period as f64).max(0.0);
    Some(Ticks {
        tick_us: timer.period.map(us),
        shortest_us: longest,
        longest_step: begun.then(|| step_number(count.longest_step)),
        longest_pe: count.longest_pe.map(|pe: Pe| pe.to_string()),
        mean_us: if session.steps() > 0 { us(state.host.completed_at) / session.steps() as f64 } else { 0.0 },
        slack: timer.period.map_or(0.0, slack),
        overruns: count.overrun_count,
        lost_ticks: sum(|pe| pe.timer.count.lost.into()),
        lost_spikes: sum(|pe| pe.fifo.count.dropped + pe.fifo.count.overwritten),
        misread_spikes: sum(|pe| pe.timer.count.misread),
        first: count
            .overruns
            .iter()
            .take(OVERRUNS)
            .map(|overrun| OverrunSeen {
                pe: overrun.pe.to_string(),
                step: step_number(overrun.step),
                phase: program.legend.phase(overrun.phase),
                late_us: us(overrun.late),
                waiting: overrun.waiting,
            })
            .collect(),
    })
}

impl Ticks {
    /// Returns lines for people: how long ticks are, then what came too late.
    pub fn lines(&self) -> (String, Vec<String>) {
        let longest = match (&self.longest_pe, self.longest_step) {
            (Some(pe), Some(step)) => format!(
                "the longest took {:.1} µs (#{step}, {pe}): the shortest tick that does not overrun",
                self.shortest_us
            ),
            _ => "none yet".to_owned(),
        };
        let length = match self.tick_us {
            Some(us) => format!("{us:.0} µs each, slack {:.1} %; {longest}", 100.0 * self.slack),
            None => format!("as long as needed, {:.1} µs on average; {longest}", self.mean_us),
        };
        let mut late = Vec::new();
        if self.overruns > 0 {
            let first = self.first.first().map_or(String::new(), |first| {
                format!(
                    ", the first at {} in #{}, {:.1} µs late, most of it in {}, with {} waiting",
                    first.pe,
                    first.step,
                    first.late_us,
                    first.phase,
                    several(first.waiting.into(), "spike")
                )
            });
            late.push(format!("{} overran{first}", several(self.overruns, "tick")));
        }
        if self.lost_ticks > 0 {
            late.push(format!("{} lost to PEs that were still at work", several(self.lost_ticks, "tick")));
        }
        if self.lost_spikes > 0 {
            late.push(format!("{} lost to full FIFOs", several(self.lost_spikes, "spike")));
        }
        if self.misread_spikes > 0 {
            late.push(format!(
                "{} read in another tick than meant: outputs may depend on the partition",
                several(self.misread_spikes, "spike")
            ));
        }
        (length, late)
    }
}
