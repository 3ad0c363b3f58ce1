//! Comparison of two experiments: B beside A, or the present scene beside the one before a reload.
//!
//! Panels make room for the figures of both at their lower end;
//! [`super::panels::deltas`] draws them.

use super::app::App;
use super::here;
use super::layout::Plan;
use super::panel::PanelId;
pub use super::state::against::AgainstState;
use crate::session::against::AgainstView;
use crate::session::snapshot::{SharedSnapshot, Snapshot};

/// Snapshots of two experiments at the same time step.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Snapshot of A, or of the scene before the reload.
    pub first: &'a Snapshot,
    /// Snapshot of B, or of the present scene.
    pub second: &'a Snapshot,
    /// Names of the two.
    pub names: [&'static str; 2],
    /// Index of the scene that the panels show: 0 or 1.
    pub shown: usize,
}

/// Returns the experiments to compare; `None` unless both are at the same time step.
pub fn pair(app: &App) -> Option<Pair<'_>> {
    if let Some(state) = &app.against {
        let (first, second) = (state.a.as_deref()?, state.view.snapshot.as_deref()?);
        let (names, shown) = (["A", "B"], usize::from(state.shows_b));
        return (first.steps == second.steps).then_some(Pair { first, second, names, shown });
    }
    let second = app.picture()?;
    Some(Pair { first: here::before(app)?, second, names: ["before", "now"], shown: 1 })
}

/// Updates the state with the engine's view of B.
pub(super) fn heard(app: &mut App, view: AgainstView) {
    app.against.get_or_insert_default().view = view;
}

/// Takes a snapshot of A, and returns the one to show.
pub(super) fn shown(app: &mut App, a: SharedSnapshot) -> SharedSnapshot {
    let Some(state) = &mut app.against else { return a };
    state.a = Some(a.clone());
    state.view.snapshot.clone().filter(|_| state.shows_b).unwrap_or(a)
}

/// Switches to the other experiment, and returns its snapshot.
pub(super) fn swap(app: &mut App) -> Option<SharedSnapshot> {
    let Some(state) = &mut app.against else {
        app.notice = Some("there is one scene only; `spinntui A --against B` runs two in step".to_owned());
        return None;
    };
    let b = state.view.snapshot.clone();
    let other = if state.shows_b { state.a.clone() } else { b };
    if other.is_some() {
        state.shows_b = !state.shows_b;
        let (name, scene) = if state.shows_b { ("B", &state.view.scene) } else { ("A", &app.scene) };
        app.notice = Some(format!("{name}: {scene}"));
    }
    other
}

/// Returns which experiment is shown and whether the other one has differed: `A = B`, `A ≠ B #12`.
///
/// `None` with one experiment.
pub(super) fn badge(app: &App) -> Option<(String, bool)> {
    let state = app.against.as_ref()?;
    let [this, other] = if state.shows_b { ["B", "A"] } else { ["A", "B"] };
    Some(match (&state.view.parted, &state.view.note) {
        (Some(parted), _) => {
            let differs = app.theme.glyphs.pick("≠", "!=");
            (format!("{this} {differs} {other} #{}", parted.step), true)
        }
        (None, Some(_)) => (format!("{this} ? {other}"), true),
        (None, None) => (format!("{this} = {other}"), false),
    })
}

/// Smallest panel that gives a row to the figures of both experiments.
const LEAST_ROWS: u16 = 9;
/// Rows of a screen from which panels show a table of figures instead of a line.
const TABLE_FROM: u16 = 36;

/// Makes room at the lower end of each panel for the figures of both experiments.
pub(super) fn make_room(app: &App, screen: u16, plan: &mut Plan) {
    if pair(app).is_none() {
        return;
    }
    for (panel, area) in &mut plan.panels {
        let rows = rows(*panel, area.height, screen);
        area.height -= rows;
        let mut below = *area;
        (below.y, below.height) = (area.y + area.height, rows);
        plan.deltas.push((*panel, below));
    }
}

/// Returns the number of rows of figures at the lower end of a panel of `height` rows on a screen
/// of `screen` rows.
fn rows(panel: PanelId, height: u16, screen: u16) -> u16 {
    // A floor plan of the dashboard needs all but one of its rows.
    let tight = panel == PanelId::Chip && height < 30;
    match height {
        0..LEAST_ROWS => 0,
        _ if screen < TABLE_FROM || tight => 1,
        _ => (height / 4).clamp(3, 8),
    }
}
