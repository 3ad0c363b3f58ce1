//! Ticks of programs whose time steps timers begin: use of a tick by PEs, and late spikes.

use super::Session;
use crate::chip::clock::Tick;
use crate::chip::geometry::Pe;
use crate::machine::state::PeState;

/// Returns the length of a tick; where each is as long as needed, that of the last one. `None`
/// without timers, and before the first tick.
pub fn length(session: &Session) -> Option<Tick> {
    let timer = session.program().timer.as_ref()?;
    let last = session.machine().state().host.last_step_ticks;
    timer.period.or(Some(last)).filter(|&ticks| ticks > 0)
}

/// Returns the share of a tick that a PE needed in the tick completed last: above 1 if it overran.
/// `None` without timers, without a program on the PE, and before the first tick.
pub fn use_of(session: &Session, pe: Pe) -> Option<f64> {
    session.program().pe(pe)?;
    let last = session.machine().state().pes[pe.index()].timer.count.last;
    Some(last as f64 / length(session)? as f64)
}

/// Returns the share of a tick that the slowest PE needed in the tick completed last.
pub fn most_used(session: &Session) -> Option<f64> {
    session.program().places().filter_map(|pe| use_of(session, pe)).reduce(f64::max)
}

/// Returns the spikes that a PE lost since its FIFO was full.
pub fn lost_spikes(pe: &PeState) -> u64 {
    pe.fifo.count.dropped + pe.fifo.count.overwritten
}

/// Sums a count over all PEs.
pub fn sum(session: &Session, of: impl Fn(&PeState) -> u64) -> u64 {
    session.machine().state().pes.iter().map(of).sum()
}
