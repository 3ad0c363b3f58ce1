//! Makes snapshots: the one place that knows both an experiment and what front ends see of it.

mod fit;
pub mod timeline;

use std::sync::Arc;

use super::counts::counts;
use super::debug::{Hit, Point, Points};
use super::findings::findings;
use super::history::History;
use super::inspect::inspect;
use super::pace::Speed;
use super::packets::packets;
use super::real_time::real_time;
use super::snapshot::{
    AttentionRequest, DebugView, Detail, DetailView, Focus, HistoryView, NocView, Pin, PointView, RunState,
    Snapshot, TRACED,
};
use super::watchlist::WatchView;
use super::{Session, event, readings};
use crate::chip::geometry::{ChipId, Pe};

/// Facts that the engine knows and the session does not.
#[derive(Clone, Debug)]
pub struct EngineFacts {
    /// Number of scenes built so far.
    pub build: u64,
    /// Whether and why the engine moves.
    pub run: RunState,
    /// Speed of a free run.
    pub speed: Speed,
    /// Time steps a second of wall time, lately.
    pub steps_per_second: f64,
    /// Detail to show.
    pub focus: Focus,
    /// Neurons whose potentials are shown.
    pub pins: Vec<Pin>,
    /// Part of a transformer that is shown.
    pub attention: Option<AttentionRequest>,
    /// Reach of time travel.
    pub history: HistoryView,
    /// Breakpoints and tracepoints.
    pub debug: DebugView,
    /// Pinned expressions with their values.
    pub watches: Vec<WatchView>,
}

fn is_moving(run: &RunState) -> bool {
    matches!(run, RunState::Running | RunState::Stepping { .. })
}

/// Makes a snapshot of the whole session.
pub fn snapshot(session: &Session, engine: &EngineFacts) -> Snapshot {
    let state = session.machine().state();
    let steps = session.steps();
    let chip = engine.focus.pe().map_or(ChipId::FIRST, Pe::chip);
    Snapshot {
        build: engine.build,
        setup: Arc::clone(session.setup()),
        run: engine.run.clone(),
        speed: engine.speed,
        tick: state.tick,
        events: state.events,
        steps,
        within_step: session.steps_in_flight() > 0,
        sequences: session.sequences(),
        step_ticks: state.host.last_step_ticks,
        steps_per_second: engine.steps_per_second,
        last_event: event::last_event(session),
        pes: session.program().places().map(|pe| readings::pe_view(session, pe)).collect(),
        layers: readings::layers(session),
        phases: readings::phases(session),
        path_uses: session.path_uses(),
        counts: counts(session),
        real_time: real_time(session),
        noc: NocView { under_way: packets(session, chip), ..readings::noc(session, chip) },
        energy: readings::energy(session),
        task: session.work().view(&session.moment()),
        history: engine.history.clone(),
        faults: session.faults().map(|planned| planned.fault.to_string()).collect(),
        findings: findings(session),
        debug: engine.debug.clone(),
        watches: engine.watches.clone(),
        attention: session.attention(engine.attention, is_moving(&engine.run)),
        membranes: engine.pins.iter().filter_map(|&pin| session.membrane(pin)).collect(),
        detail: detail(session, engine.focus),
    }
}

fn detail(session: &Session, focus: Focus) -> Detail {
    let view = match focus {
        Focus::Nothing | Focus::Pe(_) => DetailView::Nothing,
        Focus::Inspect(request) => DetailView::Inspection(Box::new(inspect(session, request))),
        Focus::Timeline(request) => timeline::of(session, request)
            .map_or(DetailView::Nothing, |timeline| DetailView::Timeline(Box::new(timeline))),
    };
    Detail { pe: focus.pe().and_then(|pe| readings::pe_detail(session, pe)), view }
}

/// Returns the reach of time travel.
pub fn history(history: &History) -> HistoryView {
    let options = history.options();
    HistoryView {
        oldest: history.oldest(),
        moments: history.moments(),
        every: options.every,
        bytes: history.bytes(),
        memory_mib: options.memory_mib,
        bookmarks: history.bookmarks().to_vec(),
    }
}

/// Returns all points, and the hit that stopped the run.
pub fn debug(points: &Points, stopped: Option<&Hit>) -> DebugView {
    let view = |point: &Point| PointView {
        id: point.id,
        text: point.text.clone(),
        kind: point.kind,
        enabled: point.enabled,
        once: point.once,
        ignore: point.ignore,
        hits: point.hits,
        error: point.error.clone(),
    };
    let log = points.log();
    let old = log.len().saturating_sub(TRACED);
    DebugView {
        points: points.all().iter().map(view).collect(),
        stopped: stopped.map(Hit::to_string),
        log: log.skip(old).map(Hit::line).collect(),
    }
}
