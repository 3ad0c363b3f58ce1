//! Update function of the app: handles a message, changes the model and returns effects.
//!
//! It uses no terminal, no thread and no clock. [`super::keys`] maps keys to commands, and
//! [`super::act`] carries commands out.

use super::against;
use super::app::{App, Effect, Msg, Overlay, Signal};
use super::gdb;
use super::here;
use super::keys;
use super::mouse;
use super::panel::PanelId;
use super::panels::timeline;
use super::results;
use super::teaching;
use super::verbs;
use super::widgets::floor_plan;
use crate::session::command::{Command, StepUnit};
use crate::session::engine::EngineEvent;
use crate::session::history::BookmarkCommand;
use crate::session::snapshot::{Focus, RunState, SharedSnapshot};
use crate::session::watchlist::WatchCommand;

/// Number of notices kept for the list of messages.
const KEPT: usize = 200;

/// Handles one message, and returns the effects to carry out.
pub fn update(app: &mut App, msg: Msg) -> Vec<Effect> {
    let before = app.notice.clone();
    let effects = take_in(app, msg);
    if let Some(notice) = app.notice.as_ref().filter(|notice| before.as_ref() != Some(*notice)) {
        app.said.push(notice.clone());
        let old = app.said.len().saturating_sub(KEPT);
        app.said.drain(..old);
    }
    effects
}

fn take_in(app: &mut App, msg: Msg) -> Vec<Effect> {
    let mut effects = match msg {
        Msg::Key(event) => keys::key(app, event),
        Msg::Mouse(event) => mouse::mouse(app, event),
        Msg::Paste(text) => {
            super::paste::paste(app, &text);
            Vec::new()
        }
        Msg::Resize(columns, rows) => {
            app.size = (columns, rows);
            Vec::new()
        }
        Msg::Engine(event) => engine_event(app, event),
        Msg::CountExpired => {
            app.count = None;
            Vec::new()
        }
        Msg::SceneSaved if app.watching && !app.crashed => {
            if app.snapshot.is_some() {
                app.notice = Some("scene saved: it is loading while this experiment goes on".to_owned());
            }
            if app.here.keep { here::reload(app) } else { vec![Effect::Engine(Command::Reload)] }
        }
        Msg::SceneSaved => Vec::new(),
        // The shell's convention: 128 + the signal's number.
        Msg::Signal(Signal::Terminate(number)) => vec![Effect::Quit(128 + number.clamp(0, 127) as u8)],
        Msg::Signal(Signal::Suspend) => vec![Effect::Suspend],
        Msg::Signal(Signal::Continued) => vec![Effect::Resume],
        Msg::InputLost(_) => vec![Effect::Quit(1)],
        Msg::Ran(ran) => {
            verbs::ran(app, *ran);
            Vec::new()
        }
        Msg::Results(read) => {
            results::loaded(app, *read);
            Vec::new()
        }
        Msg::Gdb(place) => {
            gdb::listens(app, place);
            Vec::new()
        }
        Msg::GdbClient(news) => {
            gdb::heard(app, news);
            Vec::new()
        }
        Msg::ThreadPanicked(report) => {
            show_crash(app, report);
            Vec::new()
        }
    };
    let due = teaching::due(app, &effects);
    effects.extend(due);
    effects.extend(ask_for_detail(app));
    effects.extend(ask_for_pins(app));
    effects.extend(ask_for_attention(app));
    effects.extend(restore(app));
    effects
}

fn engine_event(app: &mut App, event: EngineEvent) -> Vec<Effect> {
    match event {
        EngineEvent::Snapshot(snapshot) => {
            let shown = against::shown(app, snapshot);
            take_snapshot(app, shown);
        }
        EngineEvent::Against(view) => against::heard(app, *view),
        EngineEvent::SceneError(text) => {
            app.here.rebuilding = None;
            app.overlays.retain(|overlay| !matches!(overlay, Overlay::SceneError { .. }));
            app.overlays.push(Overlay::SceneError { text, scroll: 0 });
        }
        EngineEvent::SceneLoaded => {
            app.overlays.retain(|overlay| !matches!(overlay, Overlay::SceneError { .. }));
            // The first frame already shows the scene: notify on reloads only.
            if app.snapshot.is_some() {
                let page = app.lesson.as_ref().and_then(|course| course.scene());
                let scene = page.map_or_else(|| app.scene.clone(), |scene| scene.display().to_string());
                app.notice = Some(format!("{scene} loaded"));
            }
            // The new session has received no request yet.
            app.asked_focus = Focus::Nothing;
            here::loaded(app);
        }
        EngineEvent::Said(what) => app.notice = Some(what),
        EngineEvent::RecordingFailed(why) => {
            app.notice = Some(why.clone());
            app.recording_failed = Some(why);
        }
        EngineEvent::Names(names) => app.names = Some(names),
        EngineEvent::ScriptEnded(performed) => {
            return here::performed(app, &performed).unwrap_or_else(|| teaching::performed(app, *performed));
        }
        EngineEvent::Crashed(report) => {
            app.crashed = true;
            show_crash(app, report);
        }
    }
    Vec::new()
}

fn take_snapshot(app: &mut App, snapshot: SharedSnapshot) {
    let first_of_build = app.picture().is_none_or(|old| old.build != snapshot.build);
    let was_finished = app.picture().is_some_and(|old| old.run == RunState::Finished);
    app.scales.follow(&snapshot);
    if app.last_step == Some(StepUnit::Event) && snapshot.run == RunState::Paused {
        app.notice = Some(snapshot.last_event.clone());
    }
    let stood = app.picture().and_then(|old| old.debug.stopped.as_ref());
    if let Some(reason) = snapshot.debug.stopped.as_ref().filter(|reason| stood != Some(*reason)) {
        app.notice = Some(format!("stopped: {reason}"));
    }
    if snapshot.run == RunState::Finished && !was_finished {
        app.notice = Some("end of input; R restarts".to_owned());
    }
    if app.kept.as_ref().is_some_and(|kept| kept.sent && kept.is_in(&snapshot)) {
        app.kept = None;
    }
    if let Some(attention) = &snapshot.attention {
        app.attention.keep_within(attention);
    }
    app.snapshot = Some(snapshot);
    if first_of_build {
        select_a_working_pe(app);
    }
    let mut pe = app.pe.clone();
    pe.open_memory(app.inspection());
    app.pe = pe;
}

/// Moves the selection from an empty PE of a new mapping to the first PE that has work.
fn select_a_working_pe(app: &mut App) {
    let Some(snapshot) = app.picture() else { return };
    let works = |index: usize| snapshot.pes.get(index).is_some_and(|pe| pe.units > 0);
    if works(app.selected.index()) {
        return;
    }
    if let Some(pe) = floor_plan::reading_order().find(|pe| works(pe.index())) {
        app.selected = pe;
    }
}

/// Shows a crash report. The panic hook's report comes first and names the place, so a later report
/// of the engine adds nothing.
fn show_crash(app: &mut App, text: String) {
    if !app.overlays.iter().any(|overlay| matches!(overlay, Overlay::Crash { .. })) {
        app.overlays.push(Overlay::Crash { text, scroll: 0 });
    }
}

/// Requests the potentials of pinned neurons from the engine.
fn ask_for_pins(app: &mut App) -> Option<Effect> {
    if app.raster.pins == app.asked_pins || app.crashed || app.snapshot.is_none() {
        return None;
    }
    app.asked_pins.clone_from(&app.raster.pins);
    Some(Effect::Engine(Command::Pin(app.asked_pins.clone())))
}

/// Requests the part of a transformer that the task panel shows.
fn ask_for_attention(app: &mut App) -> Option<Effect> {
    let snapshot = app.snapshot.as_ref()?;
    let shown = snapshot.attention.is_some() && app.shows(PanelId::Task);
    let wanted = app.attention.request().filter(|_| shown);
    if wanted == app.asked_attention || app.crashed {
        return None;
    }
    app.asked_attention = wanted;
    Some(Effect::Engine(Command::Attention(wanted)))
}

/// Sends the engine the pins and bookmarks saved by an earlier session.
fn restore(app: &mut App) -> Vec<Effect> {
    if app.crashed || app.snapshot.is_none() {
        return Vec::new();
    }
    let Some(kept) = app.kept.as_mut().filter(|kept| !kept.sent) else { return Vec::new() };
    kept.sent = true;
    let pins = Command::Watch(WatchCommand::Replace(kept.pins.clone()));
    let bookmarks = Command::Bookmarks(BookmarkCommand::Restore(kept.bookmarks.clone()));
    vec![Effect::Engine(pins), Effect::Engine(bookmarks)]
}

/// Requests a PE's detail while a panel on screen shows it.
fn ask_for_detail(app: &mut App) -> Option<Effect> {
    let line = timeline::moves::request(app).filter(|_| app.snapshot.is_some());
    let wanted = if let Some(request) = line {
        Focus::Timeline(request)
    } else if app.snapshot.is_some() && app.shows(PanelId::Pe) {
        Focus::Inspect(app.pe.request(app.selected))
    } else if app.snapshot.is_some()
        && (app.shows(PanelId::Memory) || (app.expanded && app.shows(PanelId::Chip)))
    {
        Focus::Pe(app.selected.index())
    } else {
        Focus::Nothing
    };
    if wanted == app.asked_focus || app.crashed {
        return None;
    }
    app.asked_focus = wanted;
    Some(Effect::Engine(Command::Focus(wanted)))
}
