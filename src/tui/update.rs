//! `update`: a message changes the model and says what to do outside. No terminal, no thread, no clock in here.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::app::{App, Count, Effect, Msg, NetworkView, Overlay, Signal};
use super::asking::{self, Question};
use super::command::{self, Action, Direction, When};
use super::keymap::Key;
use super::overlays::{constants, help};
use super::panels::pe::state as pe;
use super::panels::{PanelId, pe as pe_panel, timeline};
use super::points::{self, PointsOverlay};
use super::widgets::floor_plan;
use crate::chip::geometry::Pe;
use crate::session::command::{Command, StepUnit};
use crate::session::engine::EngineEvent;
use crate::session::history::Place;
use crate::session::snapshot::{Focus, Part, RunState, SharedSnapshot};

/// Largest count that can be typed.
const MAX_COUNT: u32 = 999_999;

/// Takes in one message.
pub fn update(app: &mut App, msg: Msg) -> Vec<Effect> {
    let mut effects = match msg {
        Msg::Key(event) => key(app, event),
        Msg::Resize(columns, rows) => {
            app.size = (columns, rows);
            Vec::new()
        }
        Msg::Engine(event) => engine_event(app, event),
        Msg::CountExpired => {
            app.count = None;
            Vec::new()
        }
        Msg::SceneSaved if app.watching && !app.crashed => vec![Effect::Engine(Command::Reload)],
        Msg::SceneSaved => Vec::new(),
        // The shell's convention: 128 + the signal's number.
        Msg::Signal(Signal::Terminate(number)) => vec![Effect::Quit(128 + number.clamp(0, 127) as u8)],
        Msg::Signal(Signal::Suspend) => vec![Effect::Suspend],
        Msg::Signal(Signal::Continued) => vec![Effect::Resume],
        Msg::InputLost(_) => vec![Effect::Quit(1)],
        Msg::ThreadPanicked(report) => {
            show_crash(app, report);
            Vec::new()
        }
    };
    effects.extend(ask_for_detail(app));
    effects
}

fn engine_event(app: &mut App, event: EngineEvent) -> Vec<Effect> {
    match event {
        EngineEvent::Snapshot(snapshot) => take_snapshot(app, snapshot),
        EngineEvent::SceneError(text) => {
            app.overlays.retain(|overlay| !matches!(overlay, Overlay::SceneError { .. }));
            app.overlays.push(Overlay::SceneError { text, scroll: 0 });
        }
        EngineEvent::SceneLoaded => {
            app.overlays.retain(|overlay| !matches!(overlay, Overlay::SceneError { .. }));
            // The first load needs no words: the screen says it.
            if app.snapshot.is_some() {
                app.notice = Some(format!("{} loaded", app.scene));
            }
            // The engine's new experiment has not been asked for anything yet.
            app.asked_focus = Focus::Nothing;
        }
        EngineEvent::Said(what) => app.notice = Some(what),
        EngineEvent::Names(names) => app.names = Some(names),
        EngineEvent::Performed(performed) => return super::lesson::performed(app, *performed),
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
        app.notice = Some("the input is used up; R starts over".to_owned());
    }
    app.snapshot = Some(snapshot);
    if first_of_build {
        select_a_working_pe(app);
    }
}

/// A selection on an empty PE says little: on a new mapping it goes to the first PE that has work.
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

/// The hook's report comes first and names the place; the engine's own, if it follows, adds nothing.
fn show_crash(app: &mut App, text: String) {
    if !app.overlays.iter().any(|overlay| matches!(overlay, Overlay::Crash { .. })) {
        app.overlays.push(Overlay::Crash { text, scroll: 0 });
    }
}

/// Asks the engine for a PE's detail while a panel on screen shows it.
fn ask_for_detail(app: &mut App) -> Option<Effect> {
    let line = timeline::state::request(app).filter(|_| app.snapshot.is_some());
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

fn ask(app: &mut App, question: Question) -> Vec<Effect> {
    asking::open(app, question);
    Vec::new()
}

/// Who last wrote the word under the cursor of the PE panel's memory.
fn who_wrote(app: &mut App) -> Vec<Effect> {
    if app.pe.part != Part::Memory {
        app.notice = Some("v shows the PE's memory; then W says who last wrote the word".to_owned());
        return Vec::new();
    }
    let at = app.pe.address & !3;
    engine(app, Command::WhoWrote { pe: app.selected.index(), bytes: at..at + 4 })
}

/// A name that no bookmark has: the next number.
fn free_name(app: &App) -> String {
    let taken = app.picture().map_or(&[][..], |snapshot| &snapshot.history.bookmarks);
    let numbers = taken.iter().filter_map(|(name, _)| name.parse::<u32>().ok());
    (numbers.max().unwrap_or(0) + 1).to_string()
}

fn to_bookmark(app: &mut App, after: bool) -> Vec<Effect> {
    let Some(snapshot) = app.picture() else { return Vec::new() };
    let bookmarks = snapshot.history.bookmarks.iter();
    let found = if after {
        bookmarks.clone().find(|(_, at)| at.events > snapshot.events)
    } else {
        bookmarks.clone().rfind(|(_, at)| at.events < snapshot.events)
    };
    if let Some(name) = found.map(|(name, _)| name.clone()) {
        return engine(app, Command::Go(Place::Bookmark(name)));
    }
    let side = if after { "after" } else { "before" };
    app.notice = Some(format!("no bookmark {side} this moment; B sets one"));
    Vec::new()
}

fn key(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    app.notice = None;
    let key = Key::from(event);
    if let Some(effects) =
        key_in_help(app, key).or_else(|| points::key(app, key)).or_else(|| asking::key(app, key))
    {
        return effects;
    }
    if let Some(effects) = digit(app, key) {
        return effects;
    }
    let count = app.count.take();
    let Some(command) = app.keymap.lookup(key) else {
        return unknown_key(app, key);
    };
    if let Some(count) = count.as_ref().filter(|_| command.counts) {
        app.recent.clone_from(&count.recent_before);
    }
    if !applies(app, command.when) && !matches!(command.action, Action::Move(_) | Action::Close) {
        return Vec::new();
    }
    act(app, command.action, count.map(|count| count.value))
}

fn unknown_key(app: &mut App, key: Key) -> Vec<Effect> {
    app.notice = Some(match key.code {
        KeyCode::Char(':') => "the command line is not there yet; ? lists the keys".to_owned(),
        _ => format!("{key} does nothing; ? lists the keys"),
    });
    Vec::new()
}

/// Digits pick a panel *and* make a count: `4` shows the NoC; `4s` steps four and leaves the focus where it was.
fn digit(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let KeyCode::Char(character) = key.code else { return None };
    let digit = character.to_digit(10).filter(|_| key.modifiers == KeyModifiers::NONE)?;
    if app.snapshot.is_none() || (app.count.is_none() && digit == 0) {
        return Some(Vec::new());
    }
    let recent = &app.recent;
    let count = app.count.get_or_insert_with(|| Count { value: 0, recent_before: recent.clone() });
    count.value = count.value.saturating_mul(10).saturating_add(digit).min(MAX_COUNT);
    if let Some(Action::Panel(number)) = app.keymap.lookup(key).map(|command| command.action) {
        focus_number(app, number);
    }
    Some(vec![Effect::StartCountTimer])
}

fn focus_number(app: &mut App, number: u8) {
    if let Some(panel) = PanelId::ALL.into_iter().find(|panel| panel.number() == number) {
        app.set_focus(panel);
    }
}

/// Whether a command means something now.
pub fn applies(app: &App, when: When) -> bool {
    match when {
        When::Always => true,
        When::Loaded => app.snapshot.is_some(),
        When::Chip => app.snapshot.is_some() && app.shows(PanelId::Chip),
        When::Layer => app.expanded || app.count.is_some() || !app.overlays.is_empty(),
        When::Warned => app.picture().is_some_and(|snapshot| !snapshot.findings.is_empty()),
        When::Pe => in_pe(app),
        When::Timeline => app.snapshot.is_some() && app.focus() == PanelId::Timeline,
    }
}

fn act(app: &mut App, action: Action, count: Option<u32>) -> Vec<Effect> {
    let times = count.unwrap_or(1);
    match action {
        Action::TogglePause => engine(app, Command::TogglePause),
        Action::Step(unit) => engine(app, Command::Step { unit, count: times }),
        Action::Back(unit) => engine(app, Command::Back { unit, count: times }),
        Action::PreviousStop => engine(app, Command::Go(Place::PreviousStop)),
        Action::Goto => ask(app, Question::Goto),
        Action::Fault => ask(app, Question::Fault),
        Action::WhoWrote => who_wrote(app),
        Action::Bookmark => engine(app, Command::Bookmark(free_name(app))),
        Action::PreviousBookmark => to_bookmark(app, false),
        Action::NextBookmark => to_bookmark(app, true),
        Action::Slower => change_speed(app, times, false),
        Action::Faster => change_speed(app, times, true),
        Action::Reload | Action::Restart if app.crashed => restart_engine(app),
        Action::Reload => engine(app, Command::Reload),
        Action::Restart => engine(app, Command::Restart),
        Action::Move(direction) => {
            if !app.overlays.is_empty() || !timeline::state::moved(app, direction, times) {
                move_or_scroll(app, direction, times);
            }
            Vec::new()
        }
        Action::Close => {
            close(app, count.is_some());
            Vec::new()
        }
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        Action::Quit => vec![Effect::Quit(0)],
        _ => {
            look(app, action, times);
            Vec::new()
        }
    }
}

/// Commands that only change what is shown.
fn look(app: &mut App, action: Action, times: u32) {
    match action {
        Action::NextMetric => app.metric = app.metric.next(),
        Action::PreviousMetric => app.metric = app.metric.previous(),
        Action::ToggleWindow => app.window = app.window.other(),
        Action::ToggleMatrix => {
            app.network = match app.network {
                NetworkView::Links => NetworkView::Matrix,
                NetworkView::Matrix => NetworkView::Links,
            };
            app.set_focus(PanelId::Noc);
        }
        Action::NextPanel => cycle_panels(app, times as usize),
        Action::PreviousPanel => cycle_panels(app, PanelId::ALL.len() - times as usize % PanelId::ALL.len()),
        Action::Panel(number) => focus_number(app, number),
        Action::Pe(pe::Key::Follow) if !in_pe(app) => look(app, Action::Expand, times),
        Action::Pe(key) => inside_pe(app, key, times),
        Action::Expand if !app.overlays.is_empty() => {
            go_to_finding(app);
            close(app, false);
        }
        Action::Expand => app.expanded = !app.expanded,
        Action::ZoomIn => timeline::state::zoom(app, true, times),
        Action::ZoomOut => timeline::state::zoom(app, false, times),
        Action::LatestSteps => app.timeline.latest(times),
        Action::CriticalPe => timeline::state::critical(app),
        Action::Help => app.overlays.push(Overlay::Help { search: String::new(), scroll: 0 }),
        Action::Findings if matches!(app.overlays.last(), Some(Overlay::Findings { .. })) => {
            close(app, false);
        }
        Action::Findings => app.overlays.push(Overlay::Findings { selected: 0 }),
        Action::Points if matches!(app.overlays.last(), Some(Overlay::Points(_))) => close(app, false),
        Action::Points => app.overlays.push(Overlay::Points(PointsOverlay::default())),
        Action::Constants if matches!(app.overlays.last(), Some(Overlay::Constants { .. })) => {
            close(app, false);
        }
        Action::Constants => app.overlays.push(Overlay::Constants { scroll: 0 }),
        _ => {}
    }
}

fn engine(app: &mut App, command: Command) -> Vec<Effect> {
    if app.crashed {
        app.notice = Some("the engine has stopped; r starts it again".to_owned());
        return Vec::new();
    }
    let finished = app.picture().is_some_and(|snapshot| snapshot.run == RunState::Finished);
    if finished && matches!(command, Command::TogglePause | Command::Step { .. }) {
        app.notice = Some("the input is used up; R starts over".to_owned());
    }
    app.last_step = match command {
        Command::Step { unit, .. } => Some(unit),
        _ => None,
    };
    vec![Effect::Engine(command)]
}

/// Enter on a finding selects the PE that it is about, and shows it.
fn go_to_finding(app: &mut App) {
    let Some(Overlay::Findings { selected }) = app.overlays.last() else { return };
    let findings = app.picture().map_or(&[][..], |snapshot| &snapshot.findings);
    let finding = findings.get((*selected).min(findings.len().saturating_sub(1)));
    if let Some(pe) = finding.and_then(|finding| Pe::from_index(finding.pe?)) {
        app.selected = pe;
        app.set_focus(PanelId::Pe);
    }
}

fn restart_engine(app: &mut App) -> Vec<Effect> {
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Crash { .. }));
    app.crashed = false;
    app.asked_focus = Focus::Nothing;
    app.notice = Some("engine started again".to_owned());
    vec![Effect::RestartEngine]
}

fn change_speed(app: &mut App, times: u32, faster: bool) -> Vec<Effect> {
    let Some(snapshot) = app.picture() else { return Vec::new() };
    let speed = (0..times.min(16)).fold(snapshot.speed, |s, _| if faster { s.faster() } else { s.slower() });
    app.notice = Some(format!("speed: {speed}"));
    engine(app, Command::SetSpeed(speed))
}

fn cycle_panels(app: &mut App, by: usize) {
    let at = PanelId::ALL.iter().position(|&panel| panel == app.focus()).unwrap_or(0);
    app.set_focus(PanelId::ALL[(at + by) % PanelId::ALL.len()]);
}

/// Esc: the top overlay, then the expanded panel. A count alone is dropped and that is all.
fn close(app: &mut App, had_count: bool) {
    if had_count {
        return;
    }
    if app.overlays.pop().is_none() {
        app.expanded = false;
    }
}

fn move_or_scroll(app: &mut App, direction: Direction, times: u32) {
    if in_pe(app) {
        let row = pe_panel::words_in_row(pe_area(app));
        let mut state = app.pe.clone();
        state.step(direction, times, row, app.inspection());
        app.pe = state;
        return;
    }
    let lines = app.picture().map_or(0, |snapshot| snapshot.findings.len());
    let rows = app.picture().map_or(0, |snapshot| constants::length(&snapshot.assume));
    match app.overlays.last_mut() {
        Some(Overlay::SceneError { text, scroll } | Overlay::Crash { text, scroll }) => {
            scroll_by(scroll, direction, times, text.lines().count());
        }
        Some(Overlay::Findings { selected }) => scroll_by(selected, direction, times, lines),
        Some(Overlay::Constants { scroll }) => {
            scroll_by(scroll, direction, times, rows);
        }
        None if app.snapshot.is_some() => {
            for _ in 0..times.min(16) {
                app.selected = floor_plan::neighbour(app.selected, direction);
            }
        }
        Some(Overlay::Help { .. } | Overlay::Points(_) | Overlay::Asking(_)) | None => {}
    }
}

/// Keys go to the PE panel: it has the focus and nothing lies over it.
fn in_pe(app: &App) -> bool {
    app.snapshot.is_some() && app.overlays.is_empty() && app.focus() == PanelId::Pe && app.shows(PanelId::Pe)
}

fn pe_area(app: &App) -> ratatui::layout::Rect {
    let shown = app.plan().panels.into_iter().find(|(panel, _)| *panel == PanelId::Pe);
    shown.map(|(_, area)| area).unwrap_or_default()
}

fn inside_pe(app: &mut App, key: pe::Key, times: u32) {
    let area = pe_area(app);
    let (row, page) = (pe_panel::words_in_row(area), pe_panel::page_rows(area).saturating_mul(times));
    let mut state = app.pe.clone();
    if key == pe::Key::Back && !state.back(&mut app.selected) {
        app.notice = Some("nowhere to go back to".to_owned());
    }
    if let Some(link) = state.key(key, page, row, app.inspection()) {
        state.go(&mut app.selected, link.place);
        app.notice = Some(link.to);
    } else if key == pe::Key::Follow && state == app.pe {
        app.notice = Some("this leads nowhere".to_owned());
    }
    app.pe = state;
}

fn scroll_by(scroll: &mut usize, direction: Direction, times: u32, lines: usize) {
    *scroll = match direction {
        Direction::Down => (*scroll + times as usize).min(lines.saturating_sub(1)),
        Direction::Up => scroll.saturating_sub(times as usize),
        Direction::Left | Direction::Right => *scroll,
    };
}

/// The help takes letters as its search; what it does not take goes on to the table.
fn key_in_help(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let keymap = app.keymap.clone();
    let Some(Overlay::Help { search, scroll }) = app.overlays.last_mut() else { return None };
    let lines = help::rows(&keymap, search).len();
    match (key.code, key.modifiers) {
        (KeyCode::Char('?'), KeyModifiers::NONE) if search.is_empty() => {
            app.overlays.pop();
        }
        (KeyCode::Esc | KeyCode::Enter | KeyCode::F(1), _) => {
            app.overlays.pop();
        }
        (KeyCode::Char(character), KeyModifiers::NONE) => {
            search.push(character);
            *scroll = 0;
        }
        (KeyCode::Backspace, _) => {
            search.pop();
        }
        (KeyCode::Down, _) => scroll_by(scroll, Direction::Down, 1, lines),
        (KeyCode::Up, _) => scroll_by(scroll, Direction::Up, 1, lines),
        (KeyCode::PageDown, _) => scroll_by(scroll, Direction::Down, 10, lines),
        (KeyCode::PageUp, _) => scroll_by(scroll, Direction::Up, 10, lines),
        _ => return (!is_global(&keymap, key)).then(Vec::new),
    }
    Some(Vec::new())
}

/// Keys that work everywhere, the help's search included.
pub(super) fn is_global(keymap: &super::keymap::Keymap, key: Key) -> bool {
    let action = keymap.lookup(key).map(|command| command.action);
    matches!(action, Some(Action::Quit | Action::Suspend | Action::Redraw))
}

/// The commands that the footer shows now, in the order of the table.
pub fn footer_commands(app: &App) -> impl Iterator<Item = &'static command::Command> {
    let layer = applies(app, When::Layer);
    command::COMMANDS
        .iter()
        .filter(move |command| !command.short.is_empty() && (command.when != When::Layer || layer))
        .filter(|command| applies(app, command.when))
}
