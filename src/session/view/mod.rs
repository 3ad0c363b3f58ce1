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
    AttentionRequest, DebugView, Focus, HistoryView, NocView, Pin, PointView, RunState, Snapshot, TRACED,
};
use super::watchlist::WatchView;
use super::{Session, event, readings};
use crate::chip::geometry::{ChipId, Pe};
use crate::text::visible_line;

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

/// The whole picture of a session.
pub fn snapshot(session: &Session, engine: &EngineFacts) -> Snapshot {
    let state = session.machine().state();
    let steps = session.steps();
    Snapshot {
        build: engine.build,
        title: visible_line(&session.loaded.scene.title).into_owned(),
        scene: visible_line(&session.loaded.path.display().to_string()).into_owned(),
        edits: session.loaded.edits.clone(),
        model: visible_line(&session.model().card().name).into_owned(),
        run: engine.run.clone(),
        speed: engine.speed,
        tick: state.tick,
        events: state.events,
        steps,
        within_step: session.steps_in_flight() > 0,
        sequences: session.sequences(),
        sequence_length: session.work().sequence(),
        step_ticks: state.host.last_step_ticks,
        steps_per_second: engine.steps_per_second,
        last_event: event::last_event(session),
        clock_mhz: session.program().operating_point.mhz(),
        pes: session.program().places().map(|pe| readings::pe_view(session, pe)).collect(),
        legend: Arc::clone(&session.program().legend),
        layers: readings::layers(session),
        phases: readings::phases(session),
        path_uses: session.path_uses(),
        counts: counts(session),
        real_time: real_time(session),
        noc: NocView {
            under_way: packets(session, chip_of(engine.focus)),
            ..readings::noc(session, chip_of(engine.focus))
        },
        energy: readings::energy(session),
        assume: session.program().assume.clone(),
        task: session.work().view(&session.moment()),
        history: HistoryView {
            faults: session.faults().map(|planned| planned.fault.to_string()).collect(),
            ..engine.history.clone()
        },
        findings: findings(session),
        debug: engine.debug.clone(),
        watches: engine.watches.clone(),
        attention: session.attention(engine.attention, is_moving(&engine.run)),
        membranes: engine.pins.iter().filter_map(|&pin| session.membrane(pin)).collect(),
        focus: match engine.focus {
            Focus::Nothing => None,
            Focus::Pe(index) => Pe::from_index(index).and_then(|pe| readings::pe_detail(session, pe)),
            Focus::Inspect(request) => {
                Pe::from_index(request.place.pe).and_then(|pe| readings::pe_detail(session, pe))
            }
            Focus::Timeline(request) => {
                Pe::from_index(usize::from(request.pe)).and_then(|pe| readings::pe_detail(session, pe))
            }
        },
        inspection: match engine.focus {
            Focus::Inspect(request) => Some(inspect(session, request)),
            _ => None,
        },
        timeline: match engine.focus {
            Focus::Timeline(request) => timeline::of(session, request),
            _ => None,
        },
    }
}

/// Returns the reach of time travel, without the faults, which the session adds.
pub fn history(history: &History) -> HistoryView {
    let options = history.options();
    HistoryView {
        oldest: history.oldest(),
        moments: history.moments(),
        every: options.every,
        bytes: history.bytes(),
        memory_mib: options.memory_mib,
        bookmarks: history.bookmarks().to_vec(),
        faults: Vec::new(),
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

/// Returns the chip of the PE that a front end looks at; the first one where it looks at none.
fn chip_of(focus: Focus) -> ChipId {
    let pe = match focus {
        Focus::Nothing => return ChipId::FIRST,
        Focus::Pe(index) => index,
        Focus::Inspect(request) => request.place.pe,
        Focus::Timeline(request) => usize::from(request.pe),
    };
    Pe::from_index(pe).map_or(ChipId::FIRST, Pe::chip)
}
