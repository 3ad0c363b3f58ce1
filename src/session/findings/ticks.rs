//! Ticks that PEs overran, spikes that came too late, and ticks that are nearly too short.

use std::collections::BTreeMap;

use super::Finding;
use crate::chip::clock::{OperatingPoint, TIMER_COUNT, Tick, us};
use crate::chip::geometry::Pe;
use crate::machine::legend::PhaseRole;
use crate::machine::timer::{Overrun, TickCount};
use crate::mapping::check::Level;
use crate::session::{Session, ticks};
use crate::text::{several, step_number};

/// Maximum number of PEs with a finding of their own about overruns, the latest ones.
const OVERRUNS: usize = 8;
/// Share of a tick from which a PE may soon overrun one.
const NEARLY: f64 = 0.9;

/// Overruns of one PE.
struct Late<'a> {
    pe: Pe,
    first: &'a Overrun,
    worst: &'a Overrun,
    /// Largest number of spikes that waited in the PE's FIFO at an overrun.
    waiting: u32,
    count: TickCount,
    /// Spikes lost because the PE's FIFO was full.
    lost: u64,
}

/// Adds the findings about ticks; none for programs without timers.
pub(super) fn ticks(session: &Session, found: &mut Vec<Finding>) {
    let Some(timer) = &session.program().timer else { return };
    let late = late(session);
    for of in late.iter().take(OVERRUNS) {
        found.push(overrun(session, of));
    }
    if late.len() > OVERRUNS {
        let rest: u64 = late[OVERRUNS..].iter().map(|of| u64::from(of.count.overruns)).sum();
        let what = format!(
            "{} more PEs overran {}, none of them later than those above",
            late.len() - OVERRUNS,
            several(rest, "tick")
        );
        found.push(Finding::new(Level::Error, "overrun", "all PEs", what, &longer_tick(session)));
    }
    misread(session, !late.is_empty(), found);
    if late.is_empty()
        && let Some(period) = timer.period
    {
        nearly(session, period, found);
    }
}

/// Collects the PEs that overran, the latest first.
fn late(session: &Session) -> Vec<Late<'_>> {
    let state = session.machine().state();
    let mut by_pe: BTreeMap<Pe, Late<'_>> = BTreeMap::new();
    for overrun in &state.timer.count.overruns {
        let pe = &state.pes[overrun.pe.index()];
        let late = by_pe.entry(overrun.pe).or_insert_with(|| Late {
            pe: overrun.pe,
            first: overrun,
            worst: overrun,
            waiting: 0,
            count: pe.timer.count,
            lost: ticks::lost_spikes(pe),
        });
        late.waiting = late.waiting.max(overrun.waiting);
        if overrun.late > late.worst.late {
            late.worst = overrun;
        }
    }
    let mut late: Vec<Late<'_>> = by_pe.into_values().collect();
    late.sort_by_key(|of| (std::cmp::Reverse(of.worst.late), of.pe));
    late
}

fn overrun(session: &Session, of: &Late<'_>) -> Finding {
    let mut what = vec![format!(
        "overran {}, first #{} by {:.1} µs",
        several(of.count.overruns.into(), "tick"),
        step_number(of.first.step),
        us(of.first.late)
    )];
    if of.worst.step != of.first.step {
        what.push(format!("most #{} by {:.1} µs", step_number(of.worst.step), us(of.worst.late)));
    }
    let legend = &session.program().legend;
    let held = of.worst.phase == legend.announced;
    let cause = if held {
        "timers fired in quick succession, after slower PEs had held them up".to_owned()
    } else {
        format!("what took longest: {}", legend.words(of.worst.phase).words)
    };
    let spikes = |count: u64| several(count, "spike");
    let effects = [
        (u64::from(of.waiting), format!("up to {} waited", spikes(of.waiting.into()))),
        (of.lost, format!("{} lost to its full FIFO", spikes(of.lost))),
        (u64::from(of.count.lost), format!("{} lost", several(of.count.lost.into(), "tick"))),
        (of.count.misread, format!("{} read in another tick than meant", spikes(of.count.misread))),
    ];
    let effects: Vec<String> =
        effects.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    let effects = if effects.is_empty() { String::new() } else { format!("; {}", effects.join(", ")) };
    let what = format!("{}; {cause}{effects}", what.join(", "));
    let population = population(session, of.pe);
    let less = match legend.role(of.worst.phase) {
        _ if held => "less work for the PEs that overran by more".to_owned(),
        PhaseRole::Compute(_) => {
            format!("fewer neurons a PE (units_per_pe of {population} in mapping.layers)")
        }
        PhaseRole::Read => "fewer spikes: its FIFO is read spike by spike".to_owned(),
        PhaseRole::Send => format!("fewer neurons a PE of {population}, which then send fewer spikes"),
        PhaseRole::Wait | PhaseRole::Log => {
            format!("more PEs for {population} and the populations before it")
        }
    };
    let help = format!("{}; {less}", longer_tick(session));
    Finding::new(Level::Error, "overrun", of.pe.to_string(), what, &help).at(of.pe)
}

/// Returns the name of the population of a PE, the first of several; empty if it has none.
fn population(session: &Session, pe: Pe) -> String {
    let slot = session.program().pe(pe).and_then(|loaded| loaded.slots.first());
    let name = slot.and_then(|slot| session.program().populations.get(slot.population.index()));
    name.map_or_else(String::new, |population| population.name.clone())
}

/// Returns advice on the shortest tick that no PE would have overrun so far.
fn longer_tick(session: &Session) -> String {
    let longest = session.machine().state().timer.count.longest;
    let needed = longest.next_multiple_of(TIMER_COUNT);
    let faster = match session.program().operating_point {
        OperatingPoint::Mhz150 => "; 300 MHz (chip.operating_point: Mhz300, or chip.dvfs for crowded ticks)",
        OperatingPoint::Mhz300 => "",
    };
    format!(
        "a longer tick (task.tick: Us({:.0}) would have done so far, Auto always does){faster}",
        us(needed)
    )
}

/// Adds a finding about spikes that were read in another tick than intended.
fn misread(session: &Session, overran: bool, found: &mut Vec<Finding>) {
    let spikes = ticks::sum(session, |pe| pe.timer.count.misread);
    if spikes == 0 {
        return;
    }
    let why = if overran { "since PEs overran" } else { "since they were on their way when it began" };
    let what = format!(
        "{} read in another tick than meant, {why}: outputs may depend on the partition",
        several(spikes, "spike")
    );
    found.push(Finding::new(Level::Error, "late-spikes", "ticks", what, &longer_tick(session)));
}

/// Adds a finding about the PE that came nearest to the end of a tick of constant length.
fn nearly(session: &Session, period: Tick, found: &mut Vec<Finding>) {
    let count = &session.machine().state().timer.count;
    let Some(pe) = count.longest_pe else { return };
    let share = count.longest as f64 / period as f64;
    if share > NEARLY {
        let what = format!(
            "needed {:.1} of {:.0} µs in #{}: {:.1} % of the tick",
            us(count.longest),
            us(period),
            step_number(count.longest_step),
            100.0 * share
        );
        let help = "a longer tick or fewer neurons a PE: more input spikes may make it overrun";
        found.push(Finding::new(Level::Warning, "tick-full", pe.to_string(), what, help).at(pe));
    }
}
