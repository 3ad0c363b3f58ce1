//! THE table: every action of the app with its name, keys, words and when it applies.
//!
//! Key dispatch, the footer, the help overlay, the coming palette and the generated key list all read this table, so
//! none of them can say something else than what happens. To add an action: a variant in [`Action`], a row in
//! [`COMMANDS`], an arm in [`super::update::update`].

use super::panels::pe::state as pe;
use crate::session::command::StepUnit;

/// What a key can do. Where a count makes sense (`10s`), the count goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Run if standing, pause if running.
    TogglePause,
    /// Advance by so many units.
    Step(StepUnit),
    /// Go back by so many units.
    Back(StepUnit),
    /// Go back to where the run stood still before.
    PreviousStop,
    /// Give this moment a name.
    Bookmark,
    /// Go to the bookmark before this moment.
    PreviousBookmark,
    /// Go to the bookmark after this moment.
    NextBookmark,
    /// Next slower speed of a free run.
    Slower,
    /// Next faster speed of a free run.
    Faster,
    /// Build the scene again from the file.
    Reload,
    /// Start over.
    Restart,
    /// Move the selected PE on the floor plan, or scroll an overlay.
    Move(Direction),
    /// Next heat metric of the floor plan.
    NextMetric,
    /// Previous heat metric.
    PreviousMetric,
    /// This time step, or the mean.
    ToggleWindow,
    /// The NoC panel's links, or who sends to whom.
    ToggleMatrix,
    /// Half the time line's window, about its cursor.
    ZoomIn,
    /// Twice of it.
    ZoomOut,
    /// The time line's last step; with a count, so many.
    LatestSteps,
    /// Select the PE that is on the critical path at the time line's cursor.
    CriticalPe,
    /// Focus the next panel.
    NextPanel,
    /// Focus the previous panel.
    PreviousPanel,
    /// Something in the PE panel.
    Pe(pe::Key),
    /// Focus a panel by its number, 1..=9.
    Panel(u8),
    /// Give the focused panel the whole screen, or take it back.
    Expand,
    /// Show the key list.
    Help,
    /// Show what is worth knowing.
    Findings,
    /// Show breakpoints and tracepoints.
    Points,
    /// Show the table of hardware numbers.
    Constants,
    /// Close the top layer; drop a count.
    Close,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// Leave.
    Quit,
}

/// Where to move; up is up on the screen, which is a larger y on the floor plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Towards smaller x.
    Left,
    /// Towards larger x.
    Right,
    /// Towards the top of the screen.
    Up,
    /// Towards the bottom.
    Down,
}

/// Heading in the help under which a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Run, pause, step, speed.
    Run,
    /// What is shown, and where.
    View,
    /// Inside a PE.
    Pe,
    /// The app itself.
    App,
}

impl Group {
    /// Headings in reading order.
    pub const ALL: [Self; 4] = [Self::Run, Self::View, Self::Pe, Self::App];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Run => "Run and step",
            Self::View => "Look around",
            Self::Pe => "Inside a PE",
            Self::App => "The app",
        }
    }
}

/// What has to be true for a command to mean something; the footer shows only what does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// A machine is there.
    Loaded,
    /// A machine is there and the floor plan is on screen.
    Chip,
    /// An overlay, an expanded panel or a count can be closed.
    Layer,
    /// There is something worth knowing.
    Warned,
    /// The PE panel has the focus.
    Pe,
    /// The time line has the focus.
    Timeline,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Stable name: what users rebind and the palette completes.
    pub id: &'static str,
    /// What it does.
    pub action: Action,
    /// Keys, as [`super::keymap::parse_key`] reads them; the first one is shown in the footer.
    pub keys: &'static [&'static str],
    /// One line for the help.
    pub about: &'static str,
    /// A word for the footer; empty keeps the command out of it.
    pub short: &'static str,
    /// Heading.
    pub group: Group,
    /// When it applies.
    pub when: When,
    /// Whether a count before the key means something.
    pub counts: bool,
}

const fn row(
    id: &'static str,
    action: Action,
    keys: &'static [&'static str],
    about: &'static str,
    short: &'static str,
    group: Group,
    when: When,
) -> Command {
    let counts = matches!(
        action,
        Action::Step(_)
            | Action::Back(_)
            | Action::Move(_)
            | Action::Slower
            | Action::Pe(pe::Key::PageDown | pe::Key::PageUp)
            | Action::Faster
            | Action::NextPanel
            | Action::PreviousPanel
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::LatestSteps
    );
    Command { id, action, keys, about, short, group, when, counts }
}

/// A command of the PE panel.
const fn inside(
    id: &'static str,
    key: pe::Key,
    keys: &'static [&'static str],
    about: &'static str,
) -> Command {
    row(id, Action::Pe(key), keys, about, "", Group::Pe, When::Pe)
}

/// Every command. Order is the order of the footer (what does not fit is left out from the end) and of the help.
pub const COMMANDS: &[Command] = &[
    row(
        "toggle-pause",
        Action::TogglePause,
        &["space", "c"],
        "run or pause",
        "run/pause",
        Group::Run,
        When::Loaded,
    ),
    row(
        "step",
        Action::Step(StepUnit::TimeStep),
        &["s"],
        "step one time step: a token, a frame (10s: ten)",
        "step",
        Group::Run,
        When::Loaded,
    ),
    inside("pe-part", pe::Key::NextPart, &["v"], "core, memory, neurons"),
    row(
        "pe-follow",
        Action::Pe(pe::Key::Follow),
        &["enter"],
        "PE panel: where a word or a link leads; else expand",
        "",
        Group::Pe,
        When::Loaded,
    ),
    inside("pe-back", pe::Key::Back, &["e", "ctrl-o"], "back to where following began"),
    inside("word-format", pe::Key::Format, &["x"], "words as hex, f32, u32"),
    row("help", Action::Help, &["?", "f1"], "all keys, with search", "help", Group::App, When::Always),
    row("quit", Action::Quit, &["q", "ctrl-c"], "quit", "quit", Group::App, When::Always),
    row(
        "close",
        Action::Close,
        &["esc"],
        "close the top layer; drop a count",
        "close",
        Group::App,
        When::Layer,
    ),
    row("next-metric", Action::NextMetric, &["m"], "next heat metric", "metric", Group::View, When::Chip),
    row(
        "expand",
        Action::Expand,
        &["z"],
        "expand the panel, or shrink it back",
        "expand",
        Group::View,
        When::Loaded,
    ),
    row("next-panel", Action::NextPanel, &["tab"], "next panel", "panel", Group::View, When::Loaded),
    row(
        "step-layer",
        Action::Step(StepUnit::Layer),
        &["n"],
        "step to the next layer: until its broadcast is delivered",
        "layer",
        Group::Run,
        When::Loaded,
    ),
    row(
        "step-phase",
        Action::Step(StepUnit::Phase),
        &["p", "o"],
        "step one phase: until the slowest PE ends its operation",
        "phase",
        Group::Run,
        When::Loaded,
    ),
    row(
        "step-event",
        Action::Step(StepUnit::Event),
        &["i"],
        "step one event of the machine's queue (100i: a hundred)",
        "event",
        Group::Run,
        When::Loaded,
    ),
    row(
        "findings",
        Action::Findings,
        &["!"],
        "what is worth knowing: imbalance, races, idle PEs",
        "findings",
        Group::View,
        When::Warned,
    ),
    row(
        "step-sequence",
        Action::Step(StepUnit::Sequence),
        &["f"],
        "finish the sequence (70 tokens), or the gesture",
        "sequence",
        Group::Run,
        When::Loaded,
    ),
    row(
        "back",
        Action::Back(StepUnit::TimeStep),
        &["S"],
        "step back one time step (10S: ten)",
        "back",
        Group::Run,
        When::Loaded,
    ),
    row(
        "back-layer",
        Action::Back(StepUnit::Layer),
        &["N"],
        "step back to the end of the layer before",
        "",
        Group::Run,
        When::Loaded,
    ),
    row(
        "back-phase",
        Action::Back(StepUnit::Phase),
        &["P", "O"],
        "step back one phase",
        "",
        Group::Run,
        When::Loaded,
    ),
    row(
        "back-event",
        Action::Back(StepUnit::Event),
        &["I"],
        "step back one event (100I: a hundred)",
        "",
        Group::Run,
        When::Loaded,
    ),
    row(
        "back-sequence",
        Action::Back(StepUnit::Sequence),
        &["F"],
        "step back to the beginning of the sequence, or gesture",
        "",
        Group::Run,
        When::Loaded,
    ),
    row(
        "previous-stop",
        Action::PreviousStop,
        &["u"],
        "back to where it stood still before",
        "",
        Group::Run,
        When::Loaded,
    ),
    row("bookmark", Action::Bookmark, &["B"], "set a bookmark here", "", Group::Run, When::Loaded),
    row(
        "previous-bookmark",
        Action::PreviousBookmark,
        &["["],
        "go to the bookmark before",
        "",
        Group::Run,
        When::Loaded,
    ),
    row(
        "next-bookmark",
        Action::NextBookmark,
        &["]"],
        "go to the bookmark after",
        "",
        Group::Run,
        When::Loaded,
    ),
    row("slower", Action::Slower, &["<", "-"], "slower free run", "slower", Group::Run, When::Loaded),
    row("faster", Action::Faster, &[">", "+"], "faster free run", "faster", Group::Run, When::Loaded),
    row(
        "toggle-window",
        Action::ToggleWindow,
        &["w"],
        "this time step or the mean",
        "window",
        Group::View,
        When::Loaded,
    ),
    row(
        "reload",
        Action::Reload,
        &["r"],
        "read the scene file again and build it",
        "reload",
        Group::Run,
        When::Always,
    ),
    row(
        "restart",
        Action::Restart,
        &["R"],
        "start over with the same scene",
        "restart",
        Group::Run,
        When::Loaded,
    ),
    row(
        "left",
        Action::Move(Direction::Left),
        &["h", "left"],
        "select the PE to the left",
        "",
        Group::View,
        When::Chip,
    ),
    row(
        "down",
        Action::Move(Direction::Down),
        &["j", "down"],
        "select the PE below; scroll down",
        "",
        Group::View,
        When::Chip,
    ),
    row(
        "up",
        Action::Move(Direction::Up),
        &["k", "up"],
        "select the PE above; scroll up",
        "",
        Group::View,
        When::Chip,
    ),
    row(
        "right",
        Action::Move(Direction::Right),
        &["l", "right"],
        "select the PE to the right",
        "",
        Group::View,
        When::Chip,
    ),
    row(
        "previous-metric",
        Action::PreviousMetric,
        &["M"],
        "previous heat metric",
        "",
        Group::View,
        When::Chip,
    ),
    row(
        "previous-panel",
        Action::PreviousPanel,
        &["backtab"],
        "previous panel",
        "",
        Group::View,
        When::Loaded,
    ),
    row("chip", Action::Panel(1), &["1"], "panel 1: Chip, the floor plan", "", Group::View, When::Loaded),
    row(
        "task",
        Action::Panel(2),
        &["2"],
        "panel 2: Task, text and perplexity",
        "",
        Group::View,
        When::Loaded,
    ),
    row(
        "memory",
        Action::Panel(3),
        &["3"],
        "panel 3: Memory, SRAM banks and map",
        "",
        Group::View,
        When::Loaded,
    ),
    row("noc", Action::Panel(4), &["4"], "panel 4: NoC, links and packets", "", Group::View, When::Loaded),
    row(
        "timers",
        Action::Panel(5),
        &["5"],
        "panel 5: Timers, time per phase and layer",
        "",
        Group::View,
        When::Loaded,
    ),
    row(
        "sparsity",
        Action::Panel(6),
        &["6"],
        "panel 6: Sparsity, weights and activity",
        "",
        Group::View,
        When::Loaded,
    ),
    row(
        "energy",
        Action::Panel(7),
        &["7"],
        "panel 7: Energy, power and where it goes",
        "",
        Group::View,
        When::Loaded,
    ),
    row("pe", Action::Panel(8), &["8"], "panel 8: PE, one from the inside", "", Group::View, When::Loaded),
    row(
        "breakpoints",
        Action::Points,
        &["b"],
        "breakpoints and tracepoints: list, add, on/off, delete",
        "break",
        Group::Run,
        When::Loaded,
    ),
    row(
        "timeline",
        Action::Panel(9),
        &["9"],
        "panel 9: Timeline, who does what when; the critical path",
        "",
        Group::View,
        When::Loaded,
    ),
    row(
        "zoom-in",
        Action::ZoomIn,
        &["}"],
        "time line: half the window, about the cursor",
        "closer",
        Group::View,
        When::Timeline,
    ),
    row(
        "zoom-out",
        Action::ZoomOut,
        &["{"],
        "time line: twice the window",
        "farther",
        Group::View,
        When::Timeline,
    ),
    row(
        "latest-steps",
        Action::LatestSteps,
        &["="],
        "time line: the last step, and follow (70=: seventy)",
        "latest",
        Group::View,
        When::Timeline,
    ),
    row(
        "critical-pe",
        Action::CriticalPe,
        &["*"],
        "time line: select the PE on the critical path here",
        "critical",
        Group::View,
        When::Timeline,
    ),
    row(
        "constants",
        Action::Constants,
        &["C"],
        "every hardware number, how sure it is, and its source",
        "",
        Group::View,
        When::Loaded,
    ),
    row(
        "matrix",
        Action::ToggleMatrix,
        &["t"],
        "NoC: links, or traffic from whom to whom",
        "",
        Group::View,
        When::Loaded,
    ),
    inside("pe-part-back", pe::Key::PreviousPart, &["V"], "the other way round"),
    inside("sort-units", pe::Key::Sort, &["y"], "units in order, or nearest to θ first"),
    inside("next-region", pe::Key::NextRegion, &["a"], "next region of the map"),
    inside("previous-region", pe::Key::PreviousRegion, &["A"], "region before"),
    inside("page-down", pe::Key::PageDown, &["ctrl-d", "pagedown"], "a page down"),
    inside("page-up", pe::Key::PageUp, &["ctrl-u", "pageup"], "a page up"),
    inside("first", pe::Key::First, &["home"], "first word or unit"),
    inside("last", pe::Key::Last, &["G", "end"], "last word or unit"),
    row("redraw", Action::Redraw, &["ctrl-l"], "draw the screen again", "", Group::App, When::Always),
    row(
        "suspend",
        Action::Suspend,
        &["ctrl-z"],
        "suspend to the shell (fg comes back)",
        "",
        Group::App,
        When::Always,
    ),
];

/// The row of an action; every action has one (a test holds this).
pub fn find(action: Action) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.action == action)
}
