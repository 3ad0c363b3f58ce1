//! Injected faults and their consequences; races, stalls and program faults of other causes.

use super::Finding;
use crate::chip::clock::{Tick, us};
use crate::machine::fault::Fault;
use crate::machine::probe::Race;
use crate::machine::stop::{Stall, StallCause, Stop};
use crate::mapping::check::Level;
use crate::mapping::options::Barrier;
use crate::session::Session;
use crate::text::several;

/// Findings about faults that were injected.
pub(super) struct Injected {
    /// Faults that change something, halted PEs, dead links and chips first.
    pub faults: Vec<Finding>,
    /// Findings that follow from those faults.
    pub consequences: Vec<Finding>,
    /// Faults of bytes that nothing reads.
    pub without_effect: Vec<Finding>,
    /// Chip time of the first fault that changes something, in ticks.
    first: Option<Tick>,
}

impl Injected {
    /// Returns `true` if something at `tick` may be a consequence of a fault.
    fn explains(&self, tick: Tick) -> bool {
        self.first.is_some_and(|first| first <= tick)
    }
}

/// Returns whether a core, a link or a chip is gone for good.
fn is_of_hardware(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::KillPe { .. } | Fault::KillLink { .. } | Fault::KillChipLink { .. } | Fault::KillChip { .. }
    )
}

/// Returns the injected faults and their consequences.
pub(super) fn injected(session: &Session) -> Injected {
    let mut found =
        Injected { faults: Vec::new(), consequences: Vec::new(), without_effect: Vec::new(), first: None };
    let mut faults: Vec<(Fault, Tick)> = session.injected().collect();
    // Stable: halted PEs and dead links first, then the order in which the faults were planned.
    faults.sort_by_key(|(fault, _)| !is_of_hardware(fault));
    for (fault, tick) in faults {
        let finding = |level, what, help| {
            let finding = Finding::new(level, "fault", fault.place_name(), what, help);
            match fault.pe() {
                Some(pe) => finding.at(pe),
                None => finding,
            }
        };
        if let Some(why) = session.without_effect(&fault) {
            let help = "choose an address of weights, buffers or state: the memory panel shows the map";
            found.without_effect.push(finding(Level::Note, format!("{fault}, {why}"), help));
            continue;
        }
        let help = "an injected fault: step back to before it to undo it, or remove it from the scene";
        found.first = Some(found.first.map_or(tick, |first| first.min(tick)));
        found.faults.push(finding(Level::Warning, format!("{fault} (injected)"), help));
    }
    found.consequences = consequences(session, &found);
    if !found.consequences.is_empty() {
        for fault in &mut found.faults {
            fault.level = Level::Error;
        }
    }
    found
}

fn consequences(session: &Session, injected: &Injected) -> Vec<Finding> {
    let mut found = Vec::new();
    let help = "it may follow from the fault above: step back before that, and see whether it still happens";
    found.extend(stopped(session, help).filter(|_| injected.explains(session.tick())));
    let (before, after) = races(session, injected);
    if let Some(first) = after.first() {
        let count = session.machine().state().races.count - before.len() as u64;
        let what = format!(
            "{} overwrote unread data, the first one at {:.1} µs, {:#07x}: {}",
            several(count, "packet"),
            us(first.tick),
            first.address,
            first
        );
        found.push(race_at(first, what, help));
    }
    found.into_iter().map(Finding::consequence).collect()
}

/// Returns the cause of the stop and the races, as far as no injected fault explains them.
pub(super) fn not_injected(session: &Session, injected: &Injected) -> Vec<Finding> {
    let mut found = Vec::new();
    if !injected.explains(session.tick()) {
        let help = "the PE panel (8) shows what it does; `S` steps back, `W` names the last writer of a word";
        found.extend(stopped(session, help));
    }
    let (before, after) = races(session, injected);
    let help = match session.loaded.scene.mapping.barrier {
        Barrier::Never => "a barrier keeps fast PEs back: set mapping.barrier to Auto",
        Barrier::Auto => "mapping.barrier is Auto and should have prevented it: please report this scene",
        Barrier::Always => "mapping.barrier is Always and should have prevented it: please report this scene",
    };
    for race in &before {
        let what = format!("at {:.1} µs, {:#07x}: {}", us(race.tick), race.address, race);
        found.push(race_at(race, what, help));
    }
    let races = &session.machine().state().races;
    if after.is_empty() && races.count as usize > before.len() {
        let what = format!("{} races in all; the first {} are listed", races.count, before.len());
        found.push(Finding::new(Level::Error, "race", "chip", what, help));
    }
    found
}

/// Splits the listed races into those before the first fault and those after it.
fn races<'a>(session: &'a Session, injected: &Injected) -> (Vec<&'a Race>, Vec<&'a Race>) {
    session.machine().state().races.first.iter().partition(|race| !injected.explains(race.tick))
}

fn race_at(race: &Race, what: String, help: &str) -> Finding {
    let pe = race.receiver;
    Finding::new(Level::Error, "race", pe.to_string(), what, help).at(pe)
}

/// Returns why the machine stopped: a fault of the program, or a step that cannot be completed.
fn stopped(session: &Session, help: &str) -> Option<Finding> {
    let stop = session.machine().stop()?;
    let (rule, pe) = match &stop {
        Stop::Fault(fault) => ("faulted", Some(fault.pe)),
        Stop::Stall(Stall { waiting: Some(starved), .. }) => ("stalled", Some(starved.pe)),
        Stop::Stall(Stall { cause: StallCause::Halted(pe), .. }) => ("stalled", Some(*pe)),
        Stop::Stall(_) => ("stalled", None),
    };
    let place = match (&stop, pe) {
        (_, Some(pe)) => pe.to_string(),
        (Stop::Stall(Stall { cause: StallCause::DeadLink { link, .. }, .. }), _) => link.to_string(),
        (Stop::Stall(Stall { cause: StallCause::DeadChipLink { from, to, .. }, .. }), _) => {
            format!("{from} to {to}")
        }
        _ => "chip".to_owned(),
    };
    let text = stop.to_string();
    // The rule's name stands before the text already.
    let what = text.strip_prefix("stalled: ").unwrap_or(&text).to_owned();
    let finding = Finding::new(Level::Error, rule, place, what, help);
    Some(match pe {
        Some(pe) => finding.at(pe),
        None => finding,
    })
}
