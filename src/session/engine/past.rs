//! Commands that look back: to where the experiment was, and to who did what.

use std::sync::PoisonError;

use super::super::command::Command;
use super::super::history::{BookmarkCommand, HistoryError, Position, SeekTarget};
use super::super::snapshot::Focus;
use super::super::watchlist::WatchCommand;
use super::{EngineEvent, Mode, Notify, Runner};
use crate::chip::geometry::Pe;

impl Runner {
    /// Carries out a command about the past, and reports the outcome.
    pub(super) fn look_back(&mut self, command: &Command, notify: Notify<'_>) {
        let (Some(session), Some(history)) = (&mut self.session, &mut self.history) else { return };
        let went = |went: Result<Position, HistoryError>| match went {
            Ok(position) => format!("back at {position}"),
            Err(error) => error.to_string(),
        };
        let said = match command {
            Command::Back { count: 0, .. } => return,
            Command::Back { unit, count } => {
                self.mode = Mode::Paused;
                went(history.back(session, *unit, u64::from(*count)))
            }
            Command::Go(place) => match history.go(session, place) {
                // Ahead: one runs there.
                Err(HistoryError::Ahead { .. }) if !matches!(self.mode, Mode::Ended(_)) => {
                    return self.mode = Mode::Going(history.ahead(place));
                }
                done => {
                    self.mode = Mode::Paused;
                    let note = match place {
                        SeekTarget::Bookmark(name) => history.note_of(name),
                        _ => None,
                    };
                    note.map_or_else(String::new, |note| format!("{note} · ")) + &went(done)
                }
            },
            Command::Bookmark(name) => {
                history.bookmark(session, name);
                format!("bookmark `{name}` at {}", Position::of(session))
            }
            Command::Inject(fault) => match history.inject(session, *fault) {
                Ok(()) => match session.without_effect(fault) {
                    Some(why) => format!("{fault}, {why}"),
                    None => format!("{fault}; stepping back undoes it"),
                },
                Err(error) => error.to_string(),
            },
            Command::WhoWrote { pe, bytes } => match Pe::from_index(*pe) {
                Some(pe) => {
                    let answer = history.last_write(session, pe, bytes);
                    format!("{:#07x} of {pe} was last written by {answer}", bytes.start)
                }
                None => format!("there is no PE {pe}: 0 to 151"),
            },
            _ => return,
        };
        self.watches.arrived(session, history);
        history.replay_last_step(session);
        // Conditions that are already true at the new position are known; bytes are watched again.
        self.points.arrived(session);
        self.stopped = None;
        notify(EngineEvent::Said(said));
    }

    /// Carries out a command about bookmarks. Those of an earlier run are no part of a recording.
    pub(super) fn bookmarks(&mut self, command: &BookmarkCommand, notify: Notify<'_>) {
        let Some(history) = &mut self.history else { return };
        let restores = matches!(command, BookmarkCommand::Restore(_));
        if restores && self.recorder.is_some() {
            return;
        }
        let said = history.change_bookmarks(command).unwrap_or_else(|error| error.to_string());
        if !restores {
            notify(EngineEvent::Said(said));
        }
    }

    /// Carries out a command about pins. Steps whose values are missing are run through again.
    pub(super) fn watch(&mut self, command: &WatchCommand, notify: Notify<'_>) {
        let (Some(session), Some(history)) = (&mut self.session, &mut self.history) else { return };
        let said = self.watches.handle_command(command, session, history);
        history.replay_last_step(session);
        self.points.arm(session);
        if !matches!(command, WatchCommand::Replace(_)) {
            notify(EngineEvent::Said(said));
        }
    }

    /// Sets the detail in snapshots.
    ///
    /// A timeline is recorded from now on, and the last step once more.
    pub(super) fn focus(&mut self, focus: Focus) {
        self.facts.focus = focus;
        let (Some(session), Some(history)) = (&mut self.session, &mut self.history) else { return };
        session.watch_timeline(matches!(focus, Focus::Timeline(_)));
        history.replay_last_step(session);
    }

    /// Begins to write the session down, if that is wanted.
    pub(super) fn begin_record(&mut self) {
        if let Some(pending) = &self.options.record {
            self.recorder = pending.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// Ends the recording before another experiment replaces this one, which no replay repeats.
    pub(super) fn end_record_before_another(&mut self, notify: Notify<'_>) {
        if self.recorder.is_some() {
            self.end_record(notify);
            notify(EngineEvent::Said(
                "recording stopped because the scene was reloaded or restarted".to_owned(),
            ));
        }
    }

    /// Records a command.
    pub(super) fn record(&mut self, command: &Command, notify: Notify<'_>) {
        if let (Some(history), Some(session)) = (&mut self.history, &self.session)
            && command.moves()
        {
            history.stopped(session);
        }
        if let (Some(recorder), Some(session)) = (&mut self.recorder, &self.session)
            && let Err(error) = recorder.note(session, command)
        {
            self.recorder = None;
            notify(EngineEvent::RecordingFailed(format!("the recording has stopped: {error}")));
        }
    }

    /// Records the actions of a debugger, each with the number of events before it.
    pub(super) fn record_done(&mut self, done: &[(u64, Command)]) {
        let Some(recorder) = &mut self.recorder else { return };
        for (events, command) in done {
            if let Err(error) = recorder.note_at(*events, command) {
                self.recorder = None;
                let why = format!("the recording has stopped: {error}");
                return self.later.push(EngineEvent::RecordingFailed(why));
            }
        }
    }

    /// Ends the recording with where the experiment is.
    pub(super) fn end_record(&mut self, notify: Notify<'_>) {
        if let (Some(mut recorder), Some(session)) = (self.recorder.take(), &mut self.session)
            && let Err(error) = recorder.end(session)
        {
            notify(EngineEvent::RecordingFailed(format!("the recording is incomplete: {error}")));
        }
    }
}
