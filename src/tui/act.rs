//! Effects of commands on the model, and the requests that they send to the engine.

use super::against;
use super::app::{App, Effect, NetworkView, Overlay};
use super::applies::{applies, in_pe};
use super::asking::{self, Question};
use super::command::{Action, Direction, When, pe};
use super::fault::{self, Kind};
use super::given::{self, ParsedArgument};
use super::heat::Metric;
use super::here;
use super::looks;
use super::overlays::{constants, help, message};
use super::palette;
use super::panel::PanelId;
use super::panels::task::{attention, raster};
use super::panels::{pe as pe_panel, timeline};
use super::pins;
use super::points::{self, PointsOverlay};
use super::results;
use super::search;
use super::state::kept::Kept;
use super::state::raster::RasterState;
use super::teaching;
use super::verbs;
use super::widgets::prompt::Prompt;
use super::widgets::{floor_plan, scroll_by};
use crate::chip::geometry::ChipId;
use crate::session::command::Command;
use crate::session::history::SeekTarget;
use crate::session::instructions::Motion;
use crate::session::snapshot::{Bookmark, Focus, Part, PartView, Pin, Position, RunState};
use crate::session::watchlist::WatchCommand;

/// Carries out a command of the table.
pub(super) fn act(app: &mut App, action: Action, count: Option<u32>) -> Vec<Effect> {
    let times = count.unwrap_or(1);
    match action {
        Action::TogglePause => engine(app, Command::TogglePause),
        Action::Run => engine(app, Command::Run),
        Action::Pause => engine(app, Command::Pause),
        Action::Step(unit) => engine(app, Command::Step { unit, count: times }),
        Action::Back(unit) => engine(app, Command::Back { unit, count: times }),
        Action::StepCode(motion) => step_code(app, motion, times, false),
        Action::BackCode(motion) => step_code(app, motion, times, true),
        Action::Gdb => vec![Effect::Gdb(Some(0))],
        Action::PreviousStop => engine(app, Command::Go(SeekTarget::PreviousStop)),
        Action::Goto => ask(app, Question::Goto),
        Action::Fault => {
            fault::open(app);
            Vec::new()
        }
        Action::Kill => {
            fault::open_form(app, Kind::KillPe);
            Vec::new()
        }
        Action::WhoWrote => who_wrote(app),
        Action::Unpin => pins::unpin(app),
        Action::GoToPlace => search::go(app),
        Action::LeaveSearch => search::leave(app),
        Action::Withhold(why) => engine(app, given::withhold(app.selected, why)),
        Action::Bookmark => engine(app, Command::Bookmark(free_name(app))),
        Action::PreviousBookmark => to_bookmark(app, false),
        Action::NextBookmark => to_bookmark(app, true),
        Action::Slower => change_speed(app, times, false),
        Action::Faster => change_speed(app, times, true),
        Action::Reload | Action::ReloadHere | Action::Restart if app.crashed => restart_engine(app),
        Action::Reload => engine(app, Command::Reload),
        Action::ReloadHere => here::reload(app),
        Action::Restart => engine(app, Command::Restart),
        Action::TogglePoint => points::toggle(app),
        Action::DeletePoint => points::delete(app),
        Action::OpenPoint => match results::open(app) {
            Some(command) => engine(app, command),
            None => Vec::new(),
        },
        Action::Close => {
            close(app, count.is_some());
            Vec::new()
        }
        Action::Lesson(what) => teaching::act(app, what),
        Action::Verb(verb) => verbs::start(app, verb, ""),
        Action::Suspend => vec![Effect::Suspend],
        Action::Redraw => vec![Effect::Redraw],
        Action::Copy => super::copy::copy(app),
        Action::Quit => vec![Effect::Quit(0)],
        _ => {
            look(app, action, times);
            Vec::new()
        }
    }
}

/// Carries out a command with its argument from the palette.
pub(super) fn carry_out(app: &mut App, given: ParsedArgument) -> Vec<Effect> {
    match given {
        ParsedArgument::Engine(commands) => {
            commands.into_iter().flat_map(|command| engine(app, command)).collect()
        }
        ParsedArgument::Pe(pe) => {
            app.selected = pe;
            app.set_focus(PanelId::Pe);
            Vec::new()
        }
        ParsedArgument::Metric(metric) => {
            app.metric = metric;
            app.set_focus(PanelId::Chip);
            Vec::new()
        }
        ParsedArgument::Looks(looks) => {
            app.set_looks(looks);
            Vec::new()
        }
        ParsedArgument::Verb(verb, typed) => verbs::start(app, verb, &typed),
        ParsedArgument::Gdb(port) => vec![Effect::Gdb(port)],
        ParsedArgument::Folder(folder) => results::read(&folder),
        ParsedArgument::Word(word) => {
            search::search(app, &word);
            Vec::new()
        }
        ParsedArgument::Location(place) => {
            let mut state = app.pe.clone();
            state.go(&mut app.selected, place);
            app.pe = state;
            app.set_focus(PanelId::Pe);
            Vec::new()
        }
        ParsedArgument::Pin(text) => {
            app.set_focus(PanelId::Pins);
            engine(app, Command::Watch(WatchCommand::Add(text)))
        }
        ParsedArgument::Point { spec, run } => {
            app.notice = Some(format!("b lists it: {}", spec.text));
            let mut effects = points::add(app, spec);
            if run {
                effects.extend(engine(app, Command::Run));
            }
            effects
        }
    }
}

/// Carries out commands that only change the view.
fn look(app: &mut App, action: Action, times: u32) {
    match action {
        Action::Move(direction) => moved(app, direction, times),
        Action::MoveChip(direction) => (0..times.min(8)).for_each(|_| to_chip(app, direction)),
        Action::Page(direction) => page(app, direction, times),
        Action::Edge(direction) => edge(app, direction),
        Action::NextMetric => app.metric = app.other_metric(Metric::next),
        Action::PreviousMetric => app.metric = app.other_metric(Metric::previous),
        Action::ToggleWindow => app.window = app.window.other(),
        Action::ToggleMatrix => {
            app.network = match app.network {
                NetworkView::Links => NetworkView::Matrix,
                NetworkView::Matrix if applies(app, When::Board) => NetworkView::Board,
                NetworkView::Matrix | NetworkView::Board => NetworkView::Packets,
                NetworkView::Packets => NetworkView::Links,
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
        Action::ZoomIn | Action::ZoomOut | Action::LatestSteps | Action::TimelineRows
            if raster::has_keys(app) =>
        {
            in_raster(app, action, times);
        }
        Action::ZoomIn => timeline::moves::zoom(app, true, times),
        Action::ZoomOut => timeline::moves::zoom(app, false, times),
        Action::LatestSteps => app.timeline.latest(times),
        Action::TimelineRows => app.timeline.every = !app.timeline.every,
        Action::NeuronsIn | Action::NeuronsOut => in_raster(app, action, times),
        Action::TaskView => app.attention.turn(false),
        Action::TaskViewBack => app.attention.turn(true),
        Action::Search => search::open(app),
        Action::NextPlace => search::turn(app, false, times),
        Action::PreviousPlace => search::turn(app, true, times),
        Action::Packets => {
            app.network = NetworkView::Packets;
            app.set_focus(PanelId::Noc);
        }
        Action::Pin if applies(app, When::Neurons) => pin(app),
        Action::Pin => {
            let proposed = pins::proposal(app).unwrap_or_default();
            palette::open_with(app, &format!("pin {proposed}"));
        }
        Action::ExportPins => palette::open_with(app, "export-pins "),
        Action::CriticalPe => timeline::moves::critical(app),
        Action::Swap => {
            if let Some(other) = against::swap(app) {
                app.scales.follow(&other);
                app.snapshot = Some(other);
            }
        }
        Action::Help => {
            let page = help::first_page(app);
            app.overlays.push(Overlay::Help { page, search: Prompt::default(), scroll: 0 });
        }
        Action::Glossary => {
            let page = help::Page::Glossary;
            app.overlays.push(Overlay::Help { page, search: Prompt::default(), scroll: 0 });
        }
        Action::Findings if matches!(app.overlays.last(), Some(Overlay::Findings { .. })) => {
            close(app, false);
        }
        Action::Findings => app.overlays.push(Overlay::Findings { selected: 0 }),
        Action::Messages if matches!(app.overlays.last(), Some(Overlay::Messages { .. })) => {
            close(app, false);
        }
        Action::Messages => app.overlays.push(Overlay::Messages { scroll: 0 }),
        Action::Points if matches!(app.overlays.last(), Some(Overlay::Points(_))) => close(app, false),
        Action::Points => app.overlays.push(Overlay::Points(PointsOverlay::default())),
        Action::Results if matches!(app.overlays.last(), Some(Overlay::Results)) => close(app, false),
        Action::Results => results::show(app),
        Action::SortResults => results::sort(app),
        Action::FilterResults => results::filter(app),
        Action::Constants if matches!(app.overlays.last(), Some(Overlay::Constants { .. })) => {
            close(app, false);
        }
        Action::Constants => app.overlays.push(Overlay::Constants { scroll: 0 }),
        Action::NextTheme => looks::next_theme(app),
        Action::NextRamp => looks::next_ramp(app),
        Action::NextGlyphs => looks::next_glyphs(app),
        Action::AddPoint(kind) => points::ask(app, kind),
        Action::Palette => palette::open(app),
        _ => {}
    }
}

/// Carries out a command on a raster.
fn in_raster(app: &mut App, action: Action, times: u32) {
    raster::change(app, |state, bands| match action {
        Action::ZoomIn => state.zoom_ticks(true, times),
        Action::ZoomOut => state.zoom_ticks(false, times),
        Action::NeuronsIn => state.zoom_neurons(bands, true, times),
        Action::NeuronsOut => state.zoom_neurons(bands, false, times),
        Action::TimelineRows => state.next_population(bands),
        _ => state.whole(),
    });
}

/// Pins the neuron at the cursor of the raster, or of the PE panel.
fn pin(app: &mut App) {
    if let Some(PartView::SpikingNeurons(page)) = app.inspection().and_then(|shown| shown.view.as_ref())
        && in_pe(app)
    {
        let neuron = page.neurons.iter().find(|neuron| neuron.number == app.pe.unit);
        let pin = neuron.map(|neuron| Pin { population: page.id, neuron: neuron.neuron });
        let name = page.population.clone();
        app.notice = pin.map(|pin| app.raster.toggle(&name, pin));
        return;
    }
    let mut told = None;
    raster::change(app, |state, bands| {
        let pin = RasterState::pin_of(bands, state.neuron);
        told = pin.map(|(pin, name)| state.toggle(name, pin));
    });
    app.notice = told;
}

fn ask(app: &mut App, question: Question) -> Vec<Effect> {
    asking::open(app, question);
    Vec::new()
}

/// Sends a command to the engine, with a notice if the engine cannot take it or the command
/// has no effect.
pub(super) fn engine(app: &mut App, command: Command) -> Vec<Effect> {
    if app.crashed {
        app.notice = Some("the engine has stopped; r starts it again".to_owned());
        return Vec::new();
    }
    let finished = app.picture().is_some_and(|snapshot| snapshot.run == RunState::Finished);
    if finished && matches!(command, Command::TogglePause | Command::Run | Command::Step { .. }) {
        app.notice = Some("end of input; R restarts".to_owned());
    }
    here::heard(app, &command);
    app.last_step = match command {
        Command::Step { unit, .. } => Some(unit),
        _ => None,
    };
    vec![Effect::Engine(command)]
}

/// Steps through the machine code of the selected PE, and shows it.
fn step_code(app: &mut App, motion: Motion, count: u32, back: bool) -> Vec<Effect> {
    app.set_focus(PanelId::Pe);
    (app.pe.part, app.pe.ahead) = (Part::Code, 0);
    engine(app, Command::Code { pe: app.selected.index(), motion, count, back })
}

/// Asks the engine for the last write to the word under the cursor of the PE panel's memory.
fn who_wrote(app: &mut App) -> Vec<Effect> {
    if app.pe.part != Part::Memory {
        app.notice = Some("v shows the PE's memory; then W says who last wrote the word".to_owned());
        return Vec::new();
    }
    let at = app.pe.address & !3;
    engine(app, Command::WhoWrote { pe: app.selected.index(), bytes: at..at + 4 })
}

/// Returns a name that no bookmark has: the next number.
fn free_name(app: &App) -> String {
    let taken = app.picture().map_or(&[][..], |snapshot| &snapshot.history.bookmarks);
    let numbers = taken.iter().filter_map(|bookmark| bookmark.name.parse::<u32>().ok());
    (numbers.max().unwrap_or(0) + 1).to_string()
}

fn to_bookmark(app: &mut App, after: bool) -> Vec<Effect> {
    let Some(snapshot) = app.picture() else { return Vec::new() };
    let bookmarks = snapshot.history.bookmarks.iter();
    // Events of an earlier run may have other numbers: steps come first.
    let now = (snapshot.steps, snapshot.within_step, snapshot.events);
    let at = |bookmark: &Bookmark| {
        let Position { steps, within, events, .. } = bookmark.at;
        let here = bookmark.earlier && (steps, within) == (now.0, now.1);
        (steps, within, if here { now.2 } else { events })
    };
    let mut bookmarks = bookmarks;
    let found = if after {
        bookmarks.find(|bookmark| at(bookmark) > now)
    } else {
        bookmarks.rfind(|bookmark| at(bookmark) < now)
    };
    if let Some(name) = found.map(|bookmark| bookmark.name.clone()) {
        return engine(app, Command::Go(SeekTarget::Bookmark(name)));
    }
    let side = if after { "after" } else { "before" };
    app.notice = Some(format!("no bookmark {side} this moment; B sets one"));
    Vec::new()
}

/// Selects and shows the PE of the finding at the cursor.
fn go_to_finding(app: &mut App) {
    let Some(Overlay::Findings { selected }) = app.overlays.last() else { return };
    let findings = app.picture().map_or(&[][..], |snapshot| &snapshot.findings);
    let finding = findings.get((*selected).min(findings.len().saturating_sub(1)));
    if let Some(pe) = finding.and_then(|finding| finding.pe) {
        app.selected = pe;
        app.set_focus(PanelId::Pe);
    }
}

fn restart_engine(app: &mut App) -> Vec<Effect> {
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Crash { .. }));
    app.crashed = false;
    app.asked_focus = Focus::Nothing;
    app.asked_pins.clear();
    app.asked_attention = None;
    app.kept = app.picture().map(Kept::of).filter(|kept| !kept.is_empty());
    app.notice = Some("engine restarted".to_owned());
    vec![Effect::RestartEngine]
}

fn change_speed(app: &mut App, times: u32, faster: bool) -> Vec<Effect> {
    let Some(snapshot) = app.picture() else { return Vec::new() };
    let speed = (0..times.min(16)).fold(snapshot.speed, |s, _| if faster { s.faster() } else { s.slower() });
    app.notice = Some(format!("speed: {speed}"));
    engine(app, Command::SetSpeed(speed))
}

/// Focuses a panel by its number.
pub(super) fn focus_number(app: &mut App, number: u8) {
    if let Some(panel) = PanelId::ALL.into_iter().find(|panel| panel.number() == number) {
        app.set_focus(panel);
    }
}

fn cycle_panels(app: &mut App, by: usize) {
    let at = PanelId::ALL.iter().position(|&panel| panel == app.focus()).unwrap_or(0);
    app.set_focus(PanelId::ALL[(at + by) % PanelId::ALL.len()]);
}

/// Closes the top overlay, or else the expanded panel; Esc after a count only drops the count.
fn close(app: &mut App, had_count: bool) {
    if had_count {
        return;
    }
    if app.overlays.pop().is_none() {
        app.expanded = false;
    }
}

/// Moves the cursor of the timeline if it has the focus, else in the PE panel, an overlay or
/// the floor plan.
pub(super) fn moved(app: &mut App, direction: Direction, times: u32) {
    let on_line = app.overlays.is_empty()
        && (timeline::moves::moved(app, direction, times)
            || raster::moved(app, direction, times)
            || attention::moved(app, direction, times)
            || pins::moved(app, direction, times)
            || among_packets(app, direction, times));
    if !on_line {
        move_or_scroll(app, direction, times);
    }
}

/// Selects a packet while the NoC panel lists them; returns `true` if it does.
fn among_packets(app: &mut App, direction: Direction, times: u32) -> bool {
    let lists = app.focus() == PanelId::Noc && app.network == NetworkView::Packets;
    if lists && matches!(direction, Direction::Up | Direction::Down) {
        let count = app.picture().map_or(0, |snapshot| snapshot.noc.under_way.len());
        scroll_by(&mut app.packet, direction, times, count);
        return true;
    }
    false
}

fn move_or_scroll(app: &mut App, direction: Direction, times: u32) {
    if in_pe(app) {
        let row = pe_panel::words_in_row(pe_area(app));
        let mut state = app.pe.clone();
        state.step(direction, times, row, app.inspection());
        app.pe = state;
    } else if !app.overlays.is_empty() {
        scroll_overlay(app, direction, times);
    } else if app.snapshot.is_some() {
        for _ in 0..times.min(16) {
            app.selected = floor_plan::neighbour(app.selected, direction);
        }
    }
}

/// Selects the PE at the equal place on the neighbouring chip, if there is one.
fn to_chip(app: &mut App, direction: Direction) {
    let Some(board) = app.snapshot.as_ref().map(|snapshot| &snapshot.noc.board) else { return };
    let Some(&(x, y)) = board.chips.get(app.selected.chip().index()) else { return };
    let place = match direction {
        Direction::Left => x.checked_sub(1).map(|x| (x, y)),
        Direction::Right => Some((x + 1, y)),
        Direction::Up => Some((x, y + 1)),
        Direction::Down => y.checked_sub(1).map(|y| (x, y)),
    };
    let chip = place.and_then(|place| board.chip_at(place)).and_then(ChipId::from_index);
    if let Some(chip) = chip {
        app.selected = app.selected.on(chip);
    }
}

/// Scrolls the top overlay, or moves its selection.
fn scroll_overlay(app: &mut App, direction: Direction, times: u32) {
    let findings = app.picture().map_or(0, |snapshot| snapshot.findings.len());
    let points = app.picture().map_or(0, |snapshot| snapshot.debug.points.len());
    let rows = app.picture().map_or(0, |snapshot| constants::length(&snapshot.setup.assume));
    let said = message::message_rows(app, app.size.0).len();
    if matches!(app.overlays.last(), Some(Overlay::Results)) {
        return results::moved(app, direction, times);
    }
    match app.overlays.last_mut() {
        Some(Overlay::SceneError { text, scroll } | Overlay::Crash { text, scroll }) => {
            scroll_by(scroll, direction, times, text.lines().count());
        }
        Some(Overlay::Findings { selected }) => scroll_by(selected, direction, times, findings),
        Some(Overlay::Points(list)) => scroll_by(&mut list.selected, direction, times, points),
        Some(Overlay::Messages { scroll }) => scroll_by(scroll, direction, times, said),
        Some(Overlay::Constants { scroll }) => scroll_by(scroll, direction, times, rows),
        Some(Overlay::Ran { ran, scroll }) => scroll_by(scroll, direction, times, ran.text.lines().count()),
        Some(
            Overlay::Help { .. }
            | Overlay::Asking(_)
            | Overlay::Fault(_)
            | Overlay::Palette(_)
            | Overlay::Search(_)
            | Overlay::Results,
        )
        | None => {}
    }
}

/// Lines of an overlay that a page moves by.
const PAGE: u32 = 10;

fn page(app: &mut App, direction: Direction, times: u32) {
    let down = direction == Direction::Down;
    if in_pe(app) {
        inside_pe(app, if down { pe::Key::PageDown } else { pe::Key::PageUp }, times);
    } else if app.overlays.is_empty() {
        teaching::scroll(app, direction);
    } else {
        scroll_overlay(app, direction, times.saturating_mul(PAGE));
    }
}

fn edge(app: &mut App, direction: Direction) {
    let down = direction == Direction::Down;
    if in_pe(app) {
        inside_pe(app, if down { pe::Key::Last } else { pe::Key::First }, 1);
    } else {
        scroll_overlay(app, direction, u32::MAX);
    }
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
        app.notice = Some("no earlier place to go back to".to_owned());
    }
    if let Some(link) = state.key(key, page, row, app.inspection()) {
        state.go(&mut app.selected, link.place);
        app.notice = Some(link.to);
    } else if key == pe::Key::Follow && state == app.pe {
        app.notice = Some("no link here".to_owned());
    }
    app.pe = state;
}
