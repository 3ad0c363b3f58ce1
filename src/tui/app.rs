//! The app's model: what is shown and where the user is. [`super::update`] changes it,
//! [`super::view`] draws it; neither touches a terminal, a thread or a clock, so both can be tested
//! as they are.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};
use serde::{Deserialize, Serialize};

use super::heat::{Metric, Scales, Window};
use super::keymap::Keymap;
use super::lesson::course::Course;
use super::panel::PanelId;
use super::state::against::AgainstState;
use super::state::asking::AskingOverlay;
use super::state::attention::AttentionState;
use super::state::fault::FaultOverlay;
use super::state::gdb::GdbState;
use super::state::help::Page;
use super::state::here::HereState;
use super::state::kept::Kept;
use super::state::palette::PaletteOverlay;
use super::state::pe::PeState;
use super::state::points::PointsOverlay;
use super::state::presenter::Presenter;
use super::state::ran::Ran;
use super::state::raster::RasterState;
use super::state::results::{Results, ResultsState};
use super::state::search::SearchOverlay;
use super::state::timeline::TimelineState;
use super::theme::{Looks, Theme};
use super::widgets::floor_plan;
use super::widgets::prompt::Prompt;
use crate::chip::geometry::Pe;
use crate::gdb::News;
use crate::session::command::{Command, StepUnit};
use crate::session::debug::Names;
use crate::session::engine::EngineEvent;
use crate::session::snapshot::{AttentionRequest, Focus, Inspection, Pin, SharedSnapshot, Snapshot};
use crate::text::visible_line;

/// Everything that can happen to the app.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Press of a mouse button, or turn of the wheel.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// New size of the terminal: columns, rows.
    Resize(u16, u16),
    /// Event of the engine.
    Engine(EngineEvent),
    /// The time limit for a further digit of a count has passed.
    CountExpired,
    /// The scene file was saved.
    SceneSaved,
    /// The operating system asks.
    Signal(Signal),
    /// The terminal gives no more input; why.
    InputLost(String),
    /// A thread other than the UI's panicked; the report.
    ThreadPanicked(String),
    /// A subcommand has ended.
    Ran(Box<Ran>),
    /// A folder of results was read, or could not be.
    Results(Box<Result<Results, String>>),
    /// The server for gdb listens, or has ended.
    Gdb(Option<SocketAddr>),
    /// A client of the server for gdb has connected or left.
    GdbClient(News),
}

/// Signals that the app answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Leave in good order; the signal's number.
    Terminate(i32),
    /// Stop until continued.
    Suspend,
    /// The process was continued after a stop.
    Continued,
}

/// Request of [`super::update::update`] to act outside the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send to the engine.
    Engine(Command),
    /// Start the engine again after a crash.
    RestartEngine,
    /// Send [`Msg::CountExpired`] after a while.
    StartCountTimer,
    /// Give the terminal back and stop the process.
    Suspend,
    /// Take the terminal again.
    Resume,
    /// Clear the screen and draw all of it.
    Redraw,
    /// Ask the terminal to put this on the clipboard.
    Copy(String),
    /// Run a subcommand with these arguments, and send [`Msg::Ran`].
    Subcommand(Vec<String>),
    /// Serve gdb on a port of the loopback interface, 0 for any; `None` ends that.
    Gdb(Option<u16>),
    /// Read a folder of results, and send [`Msg::Results`].
    ReadResults(PathBuf),
    /// Leave with this exit code.
    Quit(u8),
}

/// A layer over the panels. The last one is on top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The help, narrowed by a search.
    Help {
        /// Page shown while the search is empty.
        page: Page,
        /// Text that narrows the help; empty shows the page.
        search: Prompt,
        /// First line shown.
        scroll: usize,
    },
    /// A scene that could not be loaded; the old experiment stays.
    SceneError {
        /// Diagnostic of the engine, unchanged.
        text: String,
        /// First line shown.
        scroll: usize,
    },
    /// The engine is gone.
    Crash {
        /// Report of the crash.
        text: String,
        /// First line shown.
        scroll: usize,
    },
    /// Findings about mapping and run.
    Findings {
        /// Index of the finding that Enter goes to.
        selected: usize,
    },
    /// Breakpoints and tracepoints.
    Points(PointsOverlay),
    /// Table of a sweep's points, [`App::results`].
    Results,
    /// Search in the text.
    Search(SearchOverlay),
    /// A line in which something is typed.
    Asking(AskingOverlay),
    /// The menu that injects a fault.
    Fault(FaultOverlay),
    /// Line in which a command is typed, with the matching commands.
    Palette(PaletteOverlay),
    /// Answer of a subcommand.
    Ran {
        /// Subcommand and its answer.
        ran: Ran,
        /// First line shown.
        scroll: usize,
    },
    /// All messages so far, each in full.
    Messages {
        /// First line shown.
        scroll: usize,
    },
    /// The table of hardware numbers.
    Constants {
        /// First line shown.
        scroll: usize,
    },
}

/// View of the NoC panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkView {
    /// Mesh with the load of its links.
    #[default]
    Links,
    /// Bytes sent from each source to each destination.
    Matrix,
    /// Chips, with the load of the links between them.
    Board,
    /// Packets on the mesh now, with the route of one.
    Packets,
}

/// Columns and rows of the QPEs that a link of the mesh leaves and enters.
pub type LinkEnds = ((u8, u8), (u8, u8));

/// Digits typed in quick succession.
///
/// The first one selects a panel; from the second on they are a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Number that the digits make so far.
    pub value: u32,
    /// Whether the digits are a count: two or more, or one that selects no panel.
    pub counts: bool,
    /// Whether further digits also select their panels; `false` if the first one selects none,
    /// or is 0.
    pub selects: bool,
    /// [`App::recent`] before the first digit; a command that takes the count restores it.
    pub recent_before: Vec<PanelId>,
}

/// State of the app, from which screens are drawn.
#[derive(Clone, Debug)]
pub struct App {
    /// Path of the scene, as the user named it.
    pub scene: String,
    /// Program that runs subcommands; `None` for the running one.
    pub program: Option<PathBuf>,
    /// Whether a saved scene is loaded by itself.
    pub watching: bool,
    /// Colours and characters of the screen.
    pub theme: Theme,
    /// Bindings of keys to actions.
    pub keymap: Keymap,
    /// Terminal size: columns, rows.
    pub size: (u16, u16),
    /// Last snapshot of the experiment; `None` before the first.
    pub snapshot: Option<SharedSnapshot>,
    /// All panels, the one focused last first.
    pub recent: Vec<PanelId>,
    /// Whether the focused panel has the whole screen.
    pub expanded: bool,
    /// PE that the readouts are about.
    pub selected: Pe,
    /// Heat metric of the floor plan.
    pub metric: Metric,
    /// Window of the metrics that have two.
    pub window: Window,
    /// View of the NoC panel.
    pub network: NetworkView,
    /// Link selected in the NoC panel; `None` without one.
    pub link: Option<LinkEnds>,
    /// Position of the user in the PE panel.
    pub pe: PeState,
    /// View of the timeline: window, cursor, choice of rows.
    pub timeline: TimelineState,
    /// Part of a spike raster that is shown, and the pinned neurons.
    pub raster: RasterState,
    /// View of a transformer that is shown, and of which head.
    pub attention: AttentionState,
    /// Place of the selected packet among those on the mesh.
    pub packet: usize,
    /// Place of the selected pin among the pins.
    pub pin: usize,
    /// Scales of the heat metrics.
    pub scales: Scales,
    /// Layers over the panels, bottom to top.
    pub overlays: Vec<Overlay>,
    /// Digits typed so far, until a command or [`Msg::CountExpired`]; `None` otherwise.
    pub count: Option<Count>,
    /// A line for the user, until the next key.
    pub notice: Option<String>,
    /// Notices so far, newest last; the oldest are dropped.
    pub said: Vec<String>,
    /// Unit of the user's last step; after a step by events the event is described.
    pub last_step: Option<StepUnit>,
    /// Whether the engine has crashed and was not restarted.
    pub crashed: bool,
    /// Reason why the recording is incomplete; `None` while it is complete, or there is none.
    pub recording_failed: Option<String>,
    /// Detail that was last requested from the engine.
    pub asked_focus: Focus,
    /// Neurons whose potentials were last requested from the engine.
    pub asked_pins: Vec<Pin>,
    /// Part of a transformer that the engine was last asked for.
    pub asked_attention: Option<AttentionRequest>,
    /// Pins and bookmarks of an earlier start, until the experiment has them.
    pub kept: Option<Kept>,
    /// Names that conditions can use in the loaded scene.
    pub names: Option<Arc<Names>>,
    /// Conditions typed so far, newest last.
    pub typed: Vec<String>,
    /// Words searched so far, newest last.
    pub searched: Vec<String>,
    /// Lines typed in the palette so far, newest last.
    pub commanded: Vec<String>,
    /// The lesson that is being taken.
    pub lesson: Option<Course>,
    /// Presenter mode, while it is on.
    pub presenter: Option<Presenter>,
    /// Table of a sweep's points that was read last.
    pub results: Option<ResultsState>,
    /// Reloads that keep the position.
    pub here: HereState,
    /// Second experiment; `None` with one scene.
    pub against: Option<AgainstState>,
    /// Server for gdb; `None` while gdb is not served.
    pub gdb: Option<GdbState>,
}

impl App {
    /// Creates an app before its first snapshot.
    pub fn new(scene: impl Into<String>, theme: Theme, size: (u16, u16)) -> Self {
        Self {
            scene: visible_line(&scene.into()).into_owned(),
            program: None,
            watching: false,
            theme,
            keymap: Keymap::default(),
            size,
            snapshot: None,
            recent: PanelId::ALL.to_vec(),
            expanded: false,
            selected: first_pe(),
            metric: Metric::default(),
            window: Window::default(),
            network: NetworkView::default(),
            link: None,
            pe: PeState::default(),
            timeline: TimelineState::default(),
            raster: RasterState::default(),
            attention: AttentionState::default(),
            packet: 0,
            pin: 0,
            scales: Scales::default(),
            overlays: Vec::new(),
            count: None,
            notice: None,
            said: Vec::new(),
            last_step: None,
            crashed: false,
            recording_failed: None,
            asked_focus: Focus::Nothing,
            asked_pins: Vec::new(),
            asked_attention: None,
            kept: None,
            names: None,
            typed: Vec::new(),
            searched: Vec::new(),
            commanded: Vec::new(),
            lesson: None,
            presenter: None,
            results: None,
            gdb: None,
            here: HereState::default(),
            against: None,
        }
    }

    /// Returns the focused panel.
    pub fn focus(&self) -> PanelId {
        self.recent.first().copied().unwrap_or(PanelId::Chip)
    }

    /// Gives a panel the focus.
    pub fn set_focus(&mut self, panel: PanelId) {
        self.recent.retain(|&other| other != panel);
        self.recent.insert(0, panel);
    }

    /// Changes how the app looks.
    pub fn set_looks(&mut self, looks: Looks) {
        self.theme = Theme::new(looks);
    }

    /// Returns the metric of the floor plan.
    ///
    /// Before the first time step no unit has been active: the plan shows each PE's layer instead.
    pub fn shown_metric(&self) -> Metric {
        let idle = self.picture().is_some_and(|snapshot| snapshot.steps == 0) && self.lesson.is_none();
        if idle && self.metric == Metric::Activity { Metric::Layer } else { self.metric }
    }

    /// Returns the next metric of which there are values, in the direction of `step`.
    pub fn other_metric(&self, step: fn(Metric) -> Metric) -> Metric {
        let mut metric = step(self.metric);
        while self.picture().is_some_and(|snapshot| !metric.applies(snapshot)) {
            metric = step(metric);
        }
        metric
    }

    /// Returns `true` if a panel is on screen.
    pub fn shows(&self, panel: PanelId) -> bool {
        self.plan().panels.iter().any(|(shown, _)| *shown == panel)
    }

    /// Returns the engine's inspection of the selected PE, if it is of the part that is shown.
    pub fn inspection(&self) -> Option<&Inspection> {
        let inspection = self.picture()?.detail.inspection()?;
        let place = inspection.request.place;
        (place.pe == self.selected.index() && place.part == self.pe.part).then_some(inspection)
    }

    /// Returns the count being typed; a single digit that selected a panel is none.
    pub fn typed_count(&self) -> Option<u32> {
        self.count.as_ref().filter(|count| count.counts).map(|count| count.value)
    }

    /// Returns the latest snapshot, if there is one.
    pub fn picture(&self) -> Option<&Snapshot> {
        self.snapshot.as_deref()
    }
}

/// Returns the PE that is selected at first; the first snapshot moves the selection to
/// one that works.
fn first_pe() -> Pe {
    floor_plan::reading_order().next().unwrap_or_else(|| unreachable!("the chip has PEs"))
}
