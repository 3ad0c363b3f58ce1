//! The rows of the table.

use super::{Action, Argument, Command, Context, Direction, Group, LessonAction, Verb, When, Withhold, pe};
use crate::session::command::StepUnit;
use crate::session::debug::PointKind;
use crate::session::instructions::Motion;

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
            | Action::StepCode(_)
            | Action::BackCode(_)
            | Action::Move(_)
            | Action::MoveChip(_)
            | Action::Page(_)
            | Action::Slower
            | Action::Faster
            | Action::NextPanel
            | Action::PreviousPanel
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::LatestSteps
            | Action::NextPlace
            | Action::PreviousPlace
            | Action::NeuronsIn
            | Action::NeuronsOut
    );
    let (also, argument, context): (&[&str], _, _) = (&[], None, Context::Global);
    Command { id, also, action, keys, about, short, group, when, counts, argument, context }
}

/// Creates a command of the PE panel.
const fn inside(
    id: &'static str,
    key: pe::Key,
    keys: &'static [&'static str],
    about: &'static str,
) -> Command {
    row(id, Action::Pe(key), keys, about, "", Group::Pe, When::Pe)
}

impl Command {
    /// Adds further names for the palette: gdb's, where there are such.
    const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    /// Sets the argument that may follow the name in the palette.
    const fn takes(mut self, argument: Argument) -> Self {
        self.argument = Some(argument);
        self
    }

    /// Limits the keys to a context.
    const fn within(mut self, context: Context) -> Self {
        self.context = context;
        self
    }
}

/// All commands, in the order of the footer (which leaves out from the end what does not fit) and
/// of the help.
#[rustfmt::skip] // a table reads as one: a row a line
pub const COMMANDS: &[Command] = &[
    row("toggle-pause", Action::TogglePause, &["space", "c"], "run or pause", "run/pause", Group::Run, When::Loaded),
    row("step", Action::Step(StepUnit::TimeStep), &["s"], "step one token, frame or tick (10s: ten, 04s: four)", "step", Group::Run, When::Loaded),
    row("task-view", Action::TaskView, &["v"], "transformer: text, spikes, state of a head, expectations", "view", Group::View, When::Attention).within(Context::Attention),
    inside("pe-part", pe::Key::NextPart, &["v"], "core, memory, neurons, code"),
    row("pe-follow", Action::Pe(pe::Key::Follow), &["enter"], "PE panel: where a word or a link leads; else expand", "", Group::Pe, When::Loaded),
    inside("pe-back", pe::Key::Back, &["e", "ctrl-o"], "back to the place before the last link"),
    inside("word-format", pe::Key::Format, &["x"], "words as hex, f32, u32"),
    row("help", Action::Help, &["?", "f1"], "the focused panel, all keys, words; with search", "help", Group::App, When::Always),
    row("glossary", Action::Glossary, &[], "terms of the app and its pages: slot, block, tick, ...", "", Group::App, When::Always).also(&["terms"]),
    row("palette", Action::Palette, &[":"], "any command by its name, with its argument", "command", Group::App, When::Always),
    row("quit", Action::Quit, &["q", "ctrl-c"], "quit", "quit", Group::App, When::Always).also(&["exit"]),
    row("close", Action::Close, &["esc"], "close the top layer; drop a count", "close", Group::App, When::Layer),
    row("next-metric", Action::NextMetric, &["m"], "next heat metric", "metric", Group::View, When::Chip),
    row("expand", Action::Expand, &["z"], "expand the panel, or shrink it back", "expand", Group::View, When::Loaded).also(&["zoom"]),
    row("next-panel", Action::NextPanel, &["tab"], "next panel", "panel", Group::View, When::Loaded),
    row("step-layer", Action::Step(StepUnit::Layer), &["n"], "step to the next layer: until its broadcast is delivered", "layer", Group::Run, When::Loaded).also(&["next"]),
    row("step-phase", Action::Step(StepUnit::Phase), &["p", "o"], "step one phase: until the slowest PE ends its operation", "phase", Group::Run, When::Loaded),
    row("step-event", Action::Step(StepUnit::Event), &["i"], "step one event of the machine's queue (100i: a hundred)", "event", Group::Run, When::Loaded),
    row("swap", Action::Swap, &["|"], "two scenes in step: show the other one", "swap", Group::View, When::Against),
    row("findings", Action::Findings, &["!"], "findings: imbalance, races, idle PEs", "findings", Group::View, When::Warned).also(&["warnings"]),
    row("step-sequence", Action::Step(StepUnit::Sequence), &["f"], "finish the sequence (70 tokens), or the gesture", "sequence", Group::Run, When::Loaded),
    row("back", Action::Back(StepUnit::TimeStep), &["S"], "step back one time step (10S: ten)", "back", Group::Run, When::Loaded).also(&["reverse-step"]),
    row("back-layer", Action::Back(StepUnit::Layer), &["N"], "step back to the end of the layer before", "", Group::Run, When::Loaded).also(&["reverse-next"]),
    row("back-phase", Action::Back(StepUnit::Phase), &["P", "O"], "step back one phase", "", Group::Run, When::Loaded),
    row("back-event", Action::Back(StepUnit::Event), &["I"], "step back one event (100I: a hundred)", "", Group::Run, When::Loaded),
    row("back-sequence", Action::Back(StepUnit::Sequence), &["F"], "step back to the beginning of the sequence, or gesture", "", Group::Run, When::Loaded),
    row("previous-stop", Action::PreviousStop, &["u"], "back to the previous stop", "", Group::Run, When::Loaded),
    row("bookmark", Action::Bookmark, &["B"], "set a bookmark here: `bookmark NAME words about it`", "", Group::Run, When::Loaded).takes(Argument::Name),
    row("delete-bookmark", Action::Given, &[], "delete a bookmark: `delete-bookmark NAME`", "", Group::Run, When::Loaded).also(&["unmark"]).takes(Argument::Bookmark),
    row("previous-bookmark", Action::PreviousBookmark, &["["], "go to the previous bookmark", "", Group::Run, When::Loaded),
    row("next-bookmark", Action::NextBookmark, &["]"], "go to the next bookmark", "", Group::Run, When::Loaded),
    row("goto", Action::Goto, &["g"], "go to a step, a time, an event, a bookmark", "", Group::Run, When::Loaded).also(&["jump"]).takes(Argument::Moment),
    row("fault", Action::Fault, &["X"], "inject a fault: flip a bit, halt a PE, lose packets", "", Group::Run, When::Loaded).also(&["inject"]).takes(Argument::Fault),
    row("who-wrote", Action::WhoWrote, &["W"], "PE panel, memory: who last wrote the word under the cursor", "", Group::Pe, When::Pe),
    row("slower", Action::Slower, &["<", "-"], "slower free run", "slower", Group::Run, When::Loaded),
    row("faster", Action::Faster, &[">", "+"], "faster free run", "faster", Group::Run, When::Loaded),
    row("toggle-window", Action::ToggleWindow, &["w"], "this time step or the mean", "window", Group::View, When::Loaded),
    row("reload", Action::Reload, &["r"], "read the scene file again; `reload keep`: to the same step", "reload", Group::Run, When::Always).takes(Argument::Keep),
    row("reload-here", Action::ReloadHere, &["ctrl-r"], "read the scene again, run to this step, show what changed", "", Group::Run, When::Loaded),
    row("restart", Action::Restart, &["R"], "start over with the same scene", "restart", Group::Run, When::Loaded),
    row("left", Action::Move(Direction::Left), &["h", "left"], "select the PE to the left", "", Group::View, When::Chip),
    row("down", Action::Move(Direction::Down), &["j", "down"], "select the PE below; scroll down", "", Group::View, When::Chip),
    row("up", Action::Move(Direction::Up), &["k", "up"], "select the PE above; scroll up", "", Group::View, When::Chip),
    row("right", Action::Move(Direction::Right), &["l", "right"], "select the PE to the right", "", Group::View, When::Chip),
    row("chip-left", Action::MoveChip(Direction::Left), &["alt-left"], "board: the chip to the left", "", Group::View, When::Board),
    row("chip-down", Action::MoveChip(Direction::Down), &["alt-down"], "board: the chip below", "", Group::View, When::Board),
    row("chip-up", Action::MoveChip(Direction::Up), &["alt-up"], "board: the chip above", "", Group::View, When::Board),
    row("chip-right", Action::MoveChip(Direction::Right), &["alt-right"], "board: the chip to the right", "", Group::View, When::Board),
    row("previous-metric", Action::PreviousMetric, &["M"], "previous heat metric", "", Group::View, When::Chip),
    row("previous-panel", Action::PreviousPanel, &["backtab"], "previous panel", "", Group::View, When::Loaded),
    row("chip", Action::Panel(1), &["1"], "panel 1: Chip, the floor plan", "", Group::View, When::Loaded),
    row("task", Action::Panel(2), &["2"], "panel 2: Task, text and perplexity", "", Group::View, When::Loaded),
    row("memory", Action::Panel(3), &["3"], "panel 3: Memory, SRAM banks and map", "", Group::View, When::Loaded),
    row("noc", Action::Panel(4), &["4"], "panel 4: NoC, links and packets", "", Group::View, When::Loaded),
    row("timers", Action::Panel(5), &["5"], "panel 5: Timers, time per phase and layer", "", Group::View, When::Loaded),
    row("sparsity", Action::Panel(6), &["6"], "panel 6: Sparsity, weights and activity", "", Group::View, When::Loaded),
    row("energy", Action::Panel(7), &["7"], "panel 7: Energy, power and its uses", "", Group::View, When::Loaded),
    row("pe", Action::Panel(8), &["8"], "panel 8: PE, the inside of one PE", "", Group::View, When::Loaded).takes(Argument::Pe),
    row("breakpoints", Action::Points, &["b"], "breakpoints and tracepoints: list, add, on/off, delete", "break", Group::Run, When::Loaded).also(&["info-break"]),
    row("timeline", Action::Panel(9), &["9"], "panel 9: Timeline, PEs over time and the critical path", "", Group::View, When::Loaded),
    row("pins", Action::Panel(0), &["0"], "panel 0: Pins, pinned values over time", "", Group::View, When::Loaded),
    row("zoom-in", Action::ZoomIn, &["}"], "timeline, raster: half the window, about the cursor", "closer", Group::View, When::Zoom),
    row("zoom-out", Action::ZoomOut, &["{"], "timeline, raster: twice the window", "farther", Group::View, When::Zoom),
    row("latest-steps", Action::LatestSteps, &["="], "timeline: the last step (70=: seventy); raster: all of it", "latest", Group::View, When::Zoom),
    row("critical-pe", Action::CriticalPe, &["*"], "timeline: select the PE on the critical path here", "critical", Group::View, When::Timeline),
    row("timeline-rows", Action::TimelineRows, &["d"], "timeline: all PEs or few; raster: one population, or all", "rows", Group::View, When::Zoom),
    row("neurons-in", Action::NeuronsIn, &[")"], "raster: half the neurons, about the cursor", "neurons", Group::View, When::Raster),
    row("neurons-out", Action::NeuronsOut, &["("], "raster: twice the neurons, then all populations", "", Group::View, When::Raster),
    row("task-view-back", Action::TaskViewBack, &["V"], "transformer: the view before; arrows choose a head", "", Group::View, When::Attention).within(Context::Attention),
    row("pin", Action::Pin, &["@"], "pin an expression; raster, neurons: draw the potential", "", Group::View, When::Loaded).also(&["watch", "display"]).takes(Argument::Expression),
    row("unpin", Action::Unpin, &["delete"], "pins: remove the selected one: `unpin 2`", "", Group::View, When::Pins).also(&["undisplay"]).takes(Argument::Pinned),
    row("export-pins", Action::ExportPins, &[], "values of the pins so far as CSV: `export-pins FILE`", "", Group::View, When::Loaded).takes(Argument::PinsFile),
    row("messages", Action::Messages, &["E"], "messages so far in full; first, why the run stopped", "", Group::View, When::Always),
    row("constants", Action::Constants, &["C"], "every hardware number, how it is known, and its source", "", Group::View, When::Loaded),
    row("matrix", Action::ToggleMatrix, &["t"], "NoC: links, traffic by sender and receiver, board, packets", "", Group::View, When::Loaded),
    inside("pe-part-back", pe::Key::PreviousPart, &["V"], "core, memory, neurons, code: the part before"),
    inside("sort-units", pe::Key::Sort, &["y"], "units in order, or nearest to θ first"),
    inside("next-region", pe::Key::NextRegion, &["a"], "next region of the map"),
    inside("previous-region", pe::Key::PreviousRegion, &["A"], "region before"),
    row("page-down", Action::Page(Direction::Down), &["ctrl-d", "pagedown"], "a page down, in the PE panel and in lists", "", Group::View, When::Always),
    row("page-up", Action::Page(Direction::Up), &["ctrl-u", "pageup"], "a page up", "", Group::View, When::Always),
    row("first", Action::Edge(Direction::Up), &["home"], "the first word, unit or line", "", Group::View, When::Always),
    row("last", Action::Edge(Direction::Down), &["G", "end"], "the last word, unit or line", "", Group::View, When::Always),
    row("redraw", Action::Redraw, &["ctrl-l"], "draw the screen again", "", Group::App, When::Always),
    row("suspend", Action::Suspend, &["ctrl-z"], "suspend to the shell (fg comes back)", "", Group::App, When::Always),
    row("run", Action::Run, &[], "run freely", "", Group::Run, When::Loaded).also(&["continue"]),
    row("kill", Action::Kill, &[], "halt a PE's core: `kill 3,4,2`; without a PE it asks for one", "", Group::Run, When::Loaded).also(&["halt"]).takes(Argument::Kill),
    row("pause", Action::Pause, &[], "pause", "", Group::Run, When::Loaded),
    row("metric", Action::Given, &[], "a heat metric by its name: `metric duty`", "", Group::View, When::Loaded).takes(Argument::Metric),
    row("speed", Action::Given, &[], "speed of the free run: `speed 10 steps/s`, `speed free`", "", Group::Run, When::Loaded).takes(Argument::Speed),
    row("break", Action::AddPoint(PointKind::Break), &["a"], "stop when a condition holds: `break surprisal > 12 bits`", "", Group::Run, When::Loaded).takes(Argument::Condition(PointKind::Break)).within(Context::Points),
    row("trace", Action::AddPoint(PointKind::Trace), &["t"], "note when a condition holds, and go on", "", Group::Run, When::Loaded).takes(Argument::Condition(PointKind::Trace)).within(Context::Points),
    row("until", Action::Given, &[], "run until a condition holds: `until rnns.1.activity > 8 %`", "", Group::Run, When::Loaded).takes(Argument::Until),
    row("toggle-point", Action::TogglePoint, &["space"], "list of breakpoints: the selected one on or off", "", Group::Run, When::Points).within(Context::Points),
    row("delete-point", Action::DeletePoint, &["d", "delete"], "list of breakpoints: delete the selected one", "", Group::Run, When::Points).within(Context::Points),
    row("results", Action::Results, &[], "points of a sweep as a table: `results FOLDER`", "", Group::View, When::Always).takes(Argument::Folder),
    row("open-point", Action::OpenPoint, &["enter"], "table of results: open the scene of the selected point", "", Group::View, When::Results).within(Context::Results),
    row("sort-results", Action::SortResults, &["s"], "table of results: sort by the column, then the other way", "", Group::View, When::Results).within(Context::Results),
    row("filter-results", Action::FilterResults, &["/"], "table of results: show rows with words, or `pes>=12`", "", Group::View, When::Results).within(Context::Results),
    row("calibrate", Action::Given, &[], "fit assumptions to a chip's timers: `--timers FILE`", "", Group::App, When::Loaded).takes(Argument::Verb(Verb::Calibrate)),
    row("export", Action::Given, &[], "write this scene as memory images: `--spec DIR`", "", Group::App, When::Loaded).takes(Argument::Verb(Verb::Export)),
    row("quantize", Action::Verb(Verb::Quantize), &[], "what 8-bit weights of this scene's model would lose", "", Group::App, When::Loaded).takes(Argument::Verb(Verb::Quantize)),
    row("tune", Action::Verb(Verb::Tune), &[], "search for a better mapping of this scene", "", Group::App, When::Loaded).takes(Argument::Verb(Verb::Tune)),
    row("perfetto", Action::Given, &[], "write a trace of this scene: `--skip 10 -o t.json`", "", Group::App, When::Loaded).takes(Argument::Verb(Verb::Trace)),
    row("report", Action::Given, &[], "run this scene again: `--steps 20 --steps-output F.csv`", "", Group::App, When::Loaded).also(&["csv"]).takes(Argument::Verb(Verb::Run)),
    row("kernels", Action::Verb(Verb::Kernels), &[], "costs of kernels, instruction by instruction", "", Group::App, When::Always).also(&["listing"]).takes(Argument::Verb(Verb::Kernels)),
    row("search", Action::Search, &["/"], "search the text for a word; n and N go on and back", "", Group::View, When::Loaded).also(&["find"]).takes(Argument::Word),
    row("next-place", Action::NextPlace, &["n"], "search: the next place of the word", "", Group::View, When::Found).within(Context::Search),
    row("previous-place", Action::PreviousPlace, &["N"], "search: the previous place of the word", "", Group::View, When::Found).within(Context::Search),
    row("go-to-place", Action::GoToPlace, &["enter"], "search: go to this place, or run there", "", Group::View, When::Found).within(Context::Search),
    row("leave-search", Action::LeaveSearch, &["esc"], "search: stop the run to a place; close", "", Group::View, When::Found).within(Context::Search),
    row("step-instruction", Action::StepCode(Motion::Instruction), &["i"], "machine code: step one instruction of the selected PE", "", Group::Pe, When::Loaded).also(&["stepi"]).within(Context::Code),
    row("back-instruction", Action::BackCode(Motion::Instruction), &["I"], "machine code: step back one instruction", "", Group::Pe, When::Loaded).also(&["reverse-stepi"]).within(Context::Code),
    row("step-line", Action::StepCode(Motion::Line), &["n"], "machine code: step to another source line", "", Group::Pe, When::Loaded).within(Context::Code),
    row("back-line", Action::BackCode(Motion::Line), &["N"], "machine code: back to the start of a source line", "", Group::Pe, When::Loaded).within(Context::Code),
    row("finish", Action::StepCode(Motion::Function), &["f"], "machine code: to the end of the function", "", Group::Pe, When::Loaded).within(Context::Code),
    row("back-finish", Action::BackCode(Motion::Function), &["F"], "machine code: back to the start of the function", "", Group::Pe, When::Loaded).also(&["reverse-finish"]).within(Context::Code),
    row("gdb", Action::Gdb, &[], "serve gdb on this chip: `gdb`, `gdb 3333`; `gdb off` ends it", "", Group::Pe, When::Loaded).takes(Argument::Port),
    row("level", Action::Given, &[], "level of the selected PE's routines: `level code`, `native`", "", Group::Pe, When::Loaded).takes(Argument::Level),
    row("address", Action::Given, &[], "memory of the selected PE at an address: `address 0x4d2c`", "", Group::Pe, When::Loaded).takes(Argument::Address),
    row("unit", Action::Given, &[], "PE and neuron of a unit: `unit rnns.1:41`", "", Group::Pe, When::Loaded).takes(Argument::Unit),
    row("packets", Action::Packets, &[], "NoC: packets in flight, the route of the selected one", "", Group::View, When::Loaded),
    row("set", Action::Given, &[], "build with another value, same step: `set FIELD=VALUE`", "", Group::Run, When::Loaded).takes(Argument::Edit),
    row("reserve", Action::Withhold(Withhold::Reserved), &[], "keep the selected PE free, or `reserve 3,4,2`: remap", "", Group::Run, When::Loaded).takes(Argument::Withhold(Withhold::Reserved)),
    row("broken", Action::Withhold(Withhold::Broken), &[], "as if the selected PE were broken, or `broken 3,4,2`: remap", "", Group::Run, When::Loaded).takes(Argument::Withhold(Withhold::Broken)),
    row("copy", Action::Copy, &["ctrl-y"], "copy what is under the cursor (OSC 52)", "", Group::App, When::Always),
    row("next-theme", Action::NextTheme, &["T"], "next theme: dark, light, high-contrast, mono", "", Group::App, When::Always),
    row("next-ramp", Action::NextRamp, &["Y"], "next ramp of colours: cividis, viridis, grey", "", Group::App, When::Always),
    row("next-glyphs", Action::NextGlyphs, &["~"], "next characters to draw with: blocks, braille, ascii", "", Group::App, When::Always),
    row("theme", Action::Given, &[], "a theme by its name: `theme light`", "", Group::App, When::Always).takes(Argument::Theme),
    row("ramp", Action::Given, &[], "colours of heat maps by their name: `ramp viridis`", "", Group::App, When::Always).takes(Argument::Ramp),
    row("glyphs", Action::Given, &[], "characters to draw with: `glyphs braille`", "", Group::App, When::Always).takes(Argument::Glyphs),
    row("color", Action::Given, &[], "colours of the terminal: `color 256`", "", Group::App, When::Always).takes(Argument::Color),
    row("next-page", Action::Lesson(LessonAction::Next), &["."], "lesson: the next page, and the moment that it is about", "", Group::View, When::Lesson),
    row("previous-page", Action::Lesson(LessonAction::Previous), &[","], "lesson: the page before, and its moment", "", Group::View, When::Lesson),
    row("question", Action::Lesson(LessonAction::Ask), &["'"], "lesson: the question of the page; 1 to 4 answer it", "", Group::View, When::Lesson),
    row("lesson-text", Action::Lesson(LessonAction::Toggle), &["L"], "lesson: show or hide the text", "", Group::View, When::Lesson),
    row("present", Action::Lesson(LessonAction::Present), &["H"], "presenter mode: show the keys pressed, run slowly", "", Group::App, When::Loaded),
];
