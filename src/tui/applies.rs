//! Tests of which commands apply now, and of which part of the screen has the keyboard.

use super::app::{App, Overlay};
use super::command::{Action, COMMANDS, Command, Context, When};
use super::keymap::{Key, Keymap};
use super::panel::PanelId;
use super::panels::task::{attention, raster};
use super::teaching::question;
use super::widgets::prompt::Prompt;
use crate::session::snapshot::{Part, PartView};

/// Returns the context that has the keyboard, apart from a line being typed.
pub fn context(app: &App) -> Context {
    match app.overlays.last() {
        Some(Overlay::Points(list)) if list.asking.is_none() => Context::Points,
        Some(Overlay::Search(search)) if search.found.is_some() => Context::Search,
        Some(Overlay::Results) if typing(app).is_none() => Context::Results,
        _ if in_pe(app) && app.pe.part == Part::Code => Context::Code,
        _ if attention::has_keys(app) => Context::Attention,
        _ => Context::Global,
    }
}

/// Returns the line in which rows of the table of results are narrowed.
fn typing(app: &App) -> Option<&Prompt> {
    app.results.as_ref()?.typing.as_ref()
}

/// Returns `true` if the condition of a command is met now.
pub fn applies(app: &App, when: When) -> bool {
    match when {
        When::Always => true,
        When::Loaded => app.snapshot.is_some(),
        When::Chip => app.snapshot.is_some() && app.shows(PanelId::Chip),
        When::Board => app.snapshot.as_ref().is_some_and(|snapshot| snapshot.noc.board.chips.len() > 1),
        When::Against => app.against.is_some(),
        When::Layer => {
            app.expanded || app.typed_count().is_some() || !app.overlays.is_empty() || question::is_open(app)
        }
        When::Warned => app.picture().is_some_and(|snapshot| !snapshot.findings.is_empty()),
        When::Pe => in_pe(app),
        When::Timeline => in_timeline(app),
        When::Zoom => in_timeline(app) || raster::has_keys(app),
        When::Raster => raster::has_keys(app),
        When::Neurons => raster::has_keys(app) || in_pe(app) && shows_neurons(app),
        When::Attention => attention::has_keys(app),
        When::Pins => app.snapshot.is_some() && app.focus() == PanelId::Pins,
        When::Lesson => app.snapshot.is_some() && app.lesson.is_some(),
        When::Points => context(app) == Context::Points,
        When::Found => context(app) == Context::Search,
        When::Results => context(app) == Context::Results,
    }
}

/// Returns `true` if keys go to the PE panel: it has the focus and nothing lies over it.
pub(super) fn in_pe(app: &App) -> bool {
    app.snapshot.is_some() && app.overlays.is_empty() && app.focus() == PanelId::Pe && app.shows(PanelId::Pe)
}

fn in_timeline(app: &App) -> bool {
    app.snapshot.is_some() && app.focus() == PanelId::Timeline
}

fn shows_neurons(app: &App) -> bool {
    let view = app.inspection().and_then(|shown| shown.view.as_ref());
    matches!(view, Some(PartView::SpikingNeurons(_)))
}

/// Returns `true` if a key works everywhere, also while a line is typed, as in the help's search.
pub(super) fn is_global(keymap: &Keymap, key: Key) -> bool {
    let action = keymap.lookup(key, Context::Global).map(|command| command.action);
    matches!(action, Some(Action::Quit | Action::Suspend | Action::Redraw | Action::Copy))
}

/// Iterates over the commands in the footer, in the order of the table.
pub fn footer_commands(app: &App) -> impl Iterator<Item = &'static Command> {
    let layer = applies(app, When::Layer);
    COMMANDS
        .iter()
        .filter(move |command| !command.short.is_empty() && (command.when != When::Layer || layer))
        .filter(|command| applies(app, command.when))
        .filter(|command| !is_taken(app, command))
}

/// Returns `true` if the part that has the keyboard gives the first key of a
/// command another meaning.
fn is_taken(app: &App, command: &Command) -> bool {
    let key = app.keymap.keys_of(command).next();
    let found = key.and_then(|key| app.keymap.lookup(key, context(app)));
    context(app) == Context::Code && found.is_some_and(|found| found.id != command.id)
}
