//! THE table: every action of the app with its name, keys, words and when it applies.
//!
//! Key dispatch, the footer, the help overlay, the palette, the configuration file and
//! the generated key list all read this table, so none of them can say something else
//! than what happens. To add an action: a variant in [`Action`], a row in [`COMMANDS`],
//! an arm in [`super::act`].

pub mod argument;
pub mod pe;
mod table;
mod verb;

pub use argument::Argument;
pub use table::COMMANDS;
pub use verb::Verb;

use crate::session::command::StepUnit;
use crate::session::debug::PointKind;
use crate::session::instructions::Motion;

/// Action of a key. Where a count makes sense (`10s`), the count goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Run if standing, pause if running.
    TogglePause,
    /// Run the chip.
    Run,
    /// Pause the run.
    Pause,
    /// Advance by `count` units.
    Step(StepUnit),
    /// Go back by `count` units.
    Back(StepUnit),
    /// Step through the machine code of the selected PE.
    StepCode(Motion),
    /// Step back through machine code.
    BackCode(Motion),
    /// Serve gdb on any free port.
    Gdb,
    /// Go back to where the run stood still before.
    PreviousStop,
    /// Ask where to go in time.
    Goto,
    /// Choose a fault to inject.
    Fault,
    /// Choose a PE whose core to halt.
    Kill,
    /// Report the last write to the word under the cursor.
    WhoWrote,
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
    /// Build the scene again from the file, and run to the same time step.
    ReloadHere,
    /// Start the experiment over.
    Restart,
    /// Move the selected PE on the floor plan, or scroll an overlay.
    Move(Direction),
    /// Select a PE of the chip in a direction on the board.
    MoveChip(Direction),
    /// Scroll by a screen, up or down, in the PE panel or an overlay.
    Page(Direction),
    /// Go to the first (up) or last (down) line, word or unit.
    Edge(Direction),
    /// Next heat metric of the floor plan.
    NextMetric,
    /// Previous heat metric.
    PreviousMetric,
    /// Switch between this time step and the mean.
    ToggleWindow,
    /// Switch the NoC panel between links and traffic by sender and receiver.
    ToggleMatrix,
    /// Half the window of timeline or raster, about its cursor.
    ZoomIn,
    /// Double the window of timeline or raster, about its cursor.
    ZoomOut,
    /// Show the timeline's last step; with a count, that number of steps. Show all of a raster.
    LatestSteps,
    /// Give every PE a row of the timeline, or share the rows among all layers; in a raster, the
    /// next population alone, or all.
    TimelineRows,
    /// Half the neurons of a raster, about its cursor.
    NeuronsIn,
    /// Twice the neurons of a raster.
    NeuronsOut,
    /// Next view of a transformer in the task panel.
    TaskView,
    /// View of a transformer before that.
    TaskViewBack,
    /// Pin the neuron at the cursor, or unpin it; elsewhere, type an expression to pin.
    Pin,
    /// Take out the selected pin.
    Unpin,
    /// Write the values of pins to a file.
    ExportPins,
    /// Select the PE that is on the critical path at the timeline's cursor.
    CriticalPe,
    /// Focus the next panel.
    NextPanel,
    /// Focus the previous panel.
    PreviousPanel,
    /// Something in the PE panel.
    Pe(pe::Key),
    /// Focus a panel by its digit, 0..=9.
    Panel(u8),
    /// Expand the focused panel to the whole screen, or shrink it.
    Expand,
    /// Show the other of two experiments.
    Swap,
    /// Show the key list.
    Help,
    /// Show the terms of the application.
    Glossary,
    /// Show the findings about mapping and run.
    Findings,
    /// Show the messages so far, each in full.
    Messages,
    /// Show breakpoints and tracepoints.
    Points,
    /// Type a condition for a new point.
    AddPoint(PointKind),
    /// Switch the selected point on or off.
    TogglePoint,
    /// Delete the selected point.
    DeletePoint,
    /// Show the table of a sweep's points.
    Results,
    /// Sort the table of results by its column.
    SortResults,
    /// Type the terms that filter the table of results.
    FilterResults,
    /// Open the scene of the selected row of the table of results.
    OpenPoint,
    /// Type a word to search in the text.
    Search,
    /// Show the next place of the word.
    NextPlace,
    /// Show the place of the word before.
    PreviousPlace,
    /// Go to the place of the word, or run there.
    GoToPlace,
    /// Leave the search, or stop the run to a place.
    LeaveSearch,
    /// Map the network around the selected PE: reserved, or as if it were broken.
    Withhold(Withhold),
    /// List the packets in flight.
    Packets,
    /// Something of a lesson, or of presenting.
    Lesson(LessonAction),
    /// Show the table of hardware numbers.
    Constants,
    /// Type a command.
    Palette,
    /// Run a subcommand of the command line.
    Verb(Verb),
    /// Do nothing by itself: the argument after the name in the palette determines the effect.
    Given,
    /// Change to the next theme.
    NextTheme,
    /// Change to the next ramp of the heat maps.
    NextRamp,
    /// Change to the next set of characters.
    NextGlyphs,
    /// Close the top layer; drop a count.
    Close,
    /// Stop the process until the shell continues it.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// Copy the text at the cursor to the terminal's clipboard.
    Copy,
    /// Leave the app.
    Quit,
}

/// Reason for which the mapper is to leave a PE out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Withhold {
    /// Reserve the PE: it stays idle.
    Reserved,
    /// Treat the PE as broken: it does not exist.
    Broken,
}

/// Action of a key in a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LessonAction {
    /// Show the next page.
    Next,
    /// Show the page before.
    Previous,
    /// Show or hide the text.
    Toggle,
    /// Show the page's question.
    Ask,
    /// Switch presenter mode on or off.
    Present,
}

/// Direction of a move; up is up on the screen, which is a larger y on the floor plan.
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
    /// Content and layout of the screen.
    View,
    /// Inside a PE.
    Pe,
    /// App itself.
    App,
}

impl Group {
    /// Headings in reading order.
    pub const ALL: [Self; 4] = [Self::Run, Self::View, Self::Pe, Self::App];

    /// Returns the heading of the group.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Run => "Run and step",
            Self::View => "Look around",
            Self::Pe => "Inside a PE",
            Self::App => "The app",
        }
    }
}

/// Condition under which a command applies; the footer shows only commands that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The command always means something.
    Always,
    /// A machine is loaded.
    Loaded,
    /// A machine is loaded and the floor plan is on screen.
    Chip,
    /// The machine has several chips.
    Board,
    /// An overlay, an expanded panel or a count can be closed.
    Layer,
    /// A second experiment runs in step with the first.
    Against,
    /// The latest snapshot has findings.
    Warned,
    /// The PE panel has the focus.
    Pe,
    /// The timeline has the focus.
    Timeline,
    /// The timeline, or a raster of spikes, has the focus.
    Zoom,
    /// A raster of spikes has the focus.
    Raster,
    /// A raster of spikes has the focus, or the spiking neurons of a PE.
    Neurons,
    /// The task panel has the focus, in a scene of a transformer.
    Attention,
    /// The panel of pins has the focus.
    Pins,
    /// The list of breakpoints is open.
    Points,
    /// The table of results is open.
    Results,
    /// Places of a word are shown.
    Found,
    /// A lesson is taken.
    Lesson,
}

impl When {
    /// Returns the reason for which commands do not apply, for the palette.
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Always | Self::Loaded => "there is no experiment yet",
            Self::Chip => "the floor plan is not on screen",
            Self::Board => "there is one chip only",
            Self::Layer => "there is nothing to close",
            Self::Against => "there is one scene only (--against runs two)",
            Self::Warned => "there are no findings",
            Self::Pe => "requires focus on the PE panel",
            Self::Timeline => "requires focus on the timeline",
            Self::Zoom => "requires focus on the timeline or a raster of spikes",
            Self::Raster => "requires focus on a raster of spikes (panel 2)",
            Self::Neurons => "requires focus on a raster of spikes or a PE's spiking neurons",
            Self::Attention => "requires focus on the task panel (2) of a transformer",
            Self::Pins => "requires focus on the panel of pins (0)",
            Self::Points => "the list of breakpoints is not open",
            Self::Results => "the table of results is not open",
            Self::Found => "no search is active",
            Self::Lesson => "no lesson is open",
        }
    }
}

/// Part of the app that has the keyboard. Keys of a context come before the global ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Context {
    /// The panels, or any overlay without keys of its own.
    #[default]
    Global,
    /// The list of breakpoints.
    Points,
    /// The table of results.
    Results,
    /// Places of a word in the text.
    Search,
    /// The machine code in the PE panel.
    Code,
    /// The task panel of a transformer.
    Attention,
}

impl Context {
    /// Returns the context in words, for the key list; empty for [`Self::Global`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "",
            Self::Points => "list of breakpoints",
            Self::Results => "table of results",
            Self::Search => "search",
            Self::Code => "machine code",
            Self::Attention => "transformer",
        }
    }
}

/// Row of the table of commands.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Stable name: what users rebind and the palette completes.
    pub id: &'static str,
    /// Other names that the palette knows.
    pub also: &'static [&'static str],
    /// Action of the command.
    pub action: Action,
    /// Keys, as [`super::keymap::parse_key`] reads them; the first one is shown in the footer. A
    /// command without keys is for the palette.
    pub keys: &'static [&'static str],
    /// Description for the help, one line.
    pub about: &'static str,
    /// Word for the footer; empty for commands that are not in it.
    pub short: &'static str,
    /// Heading under which help lists the command.
    pub group: Group,
    /// Condition under which the command applies.
    pub when: When,
    /// Whether a count before the key means something.
    pub counts: bool,
    /// Argument that may follow the name in the palette.
    pub argument: Option<Argument>,
    /// Context in which its keys count.
    pub context: Context,
}

/// Returns the row of an action; every action has one (a test checks this).
pub fn find(action: Action) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.action == action)
}
