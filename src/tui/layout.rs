//! Places of the panels, by the size of the terminal.
//!
//! ```text
//! single (narrow)      pair (80x24)               dashboard (120x40)          wall (200x60)
//! ┌───────────────┐    ┌─────────────────────┐    ┌─────────────────────┐    ┌─────────────────────────┐
//! │ status        │    │ status              │    │ status              │    │ status                  │
//! ├───────────────┤    ├──────────┬──────────┤    ├─────────┬───────────┤    ├───────┬────────┬────────┤
//! │ the focused   │    │ 1 Chip   │ last     │    │ 1 Chip  │ 2 Task    │    │1 Chip │ 2 Task │ 3 Mem. │
//! │ panel         │    │          │ focused  │    │         │           │    │       │        │        │
//! │               │    │          │ of 2..8  │    ├──────┬──┴───┬───────┤    │       │        │        │
//! │               │    │          │          │    │3/4/7 │ 5    │ 6     │    ├───────┼─────┬──┴──┬─────┤
//! │               │    │          │          │    │Memory│Timers│Spars. │    │4 NoC  │5 Ti.│6 Sp.│7 En.│
//! ├───────────────┤    ├──────────┴──────────┤    ├──────┴──────┴───────┤    ├───────┴─────┴─────┴─────┤
//! │ keys          │    │ keys                │    │ keys                │    │ keys                    │
//! └───────────────┘    └─────────────────────┘    └─────────────────────┘    └─────────────────────────┘
//! ```
//!
//! A narrow but tall terminal stacks the pair; a wide one with few rows puts one or two panels more
//! beside it, and one too low for the floor plan puts the two panels focused last side by side.
//! Wherever a panel stands alone or the floor plan is not always there, a line of names below the
//! status line says which panels there are, and what Tab reaches. On the dashboard, Memory, NoC and
//! Energy share a place: the one focused last has it; on a wall of fewer columns Sparsity and
//! Energy do. Task, PE (8), the timeline (9) and pins (0), which are no panels to have always,
//! share a place everywhere. An expanded panel has everything between status and keys.

use ratatui::layout::Rect;

use super::panel::PanelId;

/// Size in columns and rows below which there is only a notice.
pub const MINIMUM: (u16, u16) = (36, 12);

/// Columns of the floor plan with its smallest cells, border included.
const CHIP_COLUMNS: u16 = 38;
/// Columns that a panel of figures needs.
const NARROW_COLUMNS: u16 = 42;

/// Columns from which another panel is more useful than a wider one.
const WIDE_COLUMNS: u16 = 62;

/// Areas of the screen's parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The status line; empty on a screen too small for anything.
    pub status: Rect,
    /// Line of panel names; empty where enough of the panels are on screen.
    pub tabs: Rect,
    /// The panels on screen.
    pub panels: Vec<(PanelId, Rect)>,
    /// Figures of two experiments, below their panels; empty while there are no two to compare.
    pub deltas: Vec<(PanelId, Rect)>,
    /// The line of keys.
    pub footer: Rect,
    /// The screen is below [`MINIMUM`].
    pub too_small: bool,
}

/// Lays the screen out. `recent` is the panels, last focused first.
pub fn plan((columns, rows): (u16, u16), recent: &[PanelId], expanded: bool) -> Plan {
    if columns < MINIMUM.0 || rows < MINIMUM.1 {
        return Plan { too_small: true, ..Plan::default() };
    }
    let status = Rect::new(0, 0, columns, 1);
    let body = Rect::new(0, 1, columns, rows - 2);
    let footer = Rect::new(0, rows - 1, columns, 1);
    let focused = recent.first().copied().unwrap_or(PanelId::Chip);
    let mut tabs = Rect::default();
    let panels = if expanded {
        vec![(focused, body)]
    } else if columns >= 170 && rows >= 50 {
        wall(body, recent)
    } else if columns >= 114 && rows >= 36 {
        dashboard(body, recent)
    } else if columns >= 76 && rows >= 19 {
        pair(body, recent)
    } else {
        let (line, body) = split_rows(body, 1);
        tabs = line;
        if columns < 76 && rows >= 44 { stack(body, recent) } else { few(body, recent) }
    };
    Plan { status, tabs, panels, deltas: Vec::new(), footer, too_small: false }
}

/// Returns the focused panel; on a wide screen also the one focused before it, in the order
/// of their numbers.
fn few(body: Rect, recent: &[PanelId]) -> Vec<(PanelId, Rect)> {
    let count = if body.width >= 2 * NARROW_COLUMNS { 2 } else { 1 };
    side_by_side(body, &recent[..count.min(recent.len())])
}

/// Places panels in the order of their numbers, so that they stay where they are while
/// the focus moves.
fn side_by_side(area: Rect, panels: &[PanelId]) -> Vec<(PanelId, Rect)> {
    let mut panels = panels.to_vec();
    panels.sort_by_key(|panel| panel.place());
    let count = panels.len() as u16;
    let mut rest = area;
    let mut placed = Vec::new();
    for (at, panel) in (0..).zip(panels) {
        let (one, others) = split_columns(rest, rest.width / (count - at));
        placed.push((panel, one));
        rest = others;
    }
    placed
}

/// Returns the last focused panel other than the floor plan, which is always shown.
fn companion(recent: &[PanelId]) -> PanelId {
    // The order of a fresh list starts Chip, Task: the app opens with these two.
    recent.iter().copied().find(|&panel| panel != PanelId::Chip).unwrap_or(PanelId::Task)
}

fn pair(body: Rect, recent: &[PanelId]) -> Vec<(PanelId, Rect)> {
    // The floor plan grows in steps (2, 3, 4 columns a cell); what it cannot use goes
    // to its neighbours.
    let chip = if body.width >= 112 { CHIP_COLUMNS + 14 } else { CHIP_COLUMNS };
    let (left, right) = split_columns(body, chip);
    let mut panels = vec![(PanelId::Chip, left)];
    let beside = usize::from(right.width / WIDE_COLUMNS).max(1);
    if beside == 1 {
        panels.push((companion(recent), right));
        return panels;
    }
    let others: Vec<PanelId> = recent.iter().copied().filter(|&panel| panel != PanelId::Chip).collect();
    panels.extend(side_by_side(right, &others[..beside.min(others.len())]));
    panels
}

fn stack(body: Rect, recent: &[PanelId]) -> Vec<(PanelId, Rect)> {
    let (top, bottom) = split_rows(body, 22);
    vec![(PanelId::Chip, top), (companion(recent), bottom)]
}

fn dashboard(body: Rect, recent: &[PanelId]) -> Vec<(PanelId, Rect)> {
    let (top, bottom) = split_rows(body, (body.height * 4 / 7).max(22));
    let (chip, task) = split_columns(top, CHIP_COLUMNS + 14);
    let shared = lately(recent, &[PanelId::Memory, PanelId::Noc, PanelId::Energy]);
    let (first, rest) = split_columns(bottom, body.width / 3);
    let (second, third) = split_columns(rest, body.width / 3);
    vec![
        (PanelId::Chip, chip),
        (lately(recent, &TASK_PLACE), task),
        (shared, first),
        (PanelId::Timers, second),
        (PanelId::Sparsity, third),
    ]
}

/// Panels that share the task's place: the one focused last has it.
const TASK_PLACE: [PanelId; 4] = [PanelId::Task, PanelId::Pe, PanelId::Timeline, PanelId::Pins];

/// Returns the panel focused last among those that share a place.
fn lately(recent: &[PanelId], sharing: &[PanelId]) -> PanelId {
    recent.iter().copied().find(|panel| sharing.contains(panel)).unwrap_or(PanelId::Memory)
}

fn wall(body: Rect, recent: &[PanelId]) -> Vec<(PanelId, Rect)> {
    let (top, bottom) = split_rows(body, (body.height * 3 / 5).max(33));
    let (chip, rest) = split_columns(top, CHIP_COLUMNS + 28);
    let (task, memory) = split_columns(rest, rest.width / 2);
    let (noc, rest) = split_columns(bottom, CHIP_COLUMNS + 28);
    if rest.width < 3 * NARROW_COLUMNS {
        let (timers, shared) = split_columns(rest, rest.width / 2);
        return vec![
            (PanelId::Chip, chip),
            (lately(recent, &TASK_PLACE), task),
            (PanelId::Memory, memory),
            (PanelId::Noc, noc),
            (PanelId::Timers, timers),
            (lately(recent, &[PanelId::Sparsity, PanelId::Energy]), shared),
        ];
    }
    let (timers, rest) = split_columns(rest, rest.width / 3);
    let (sparsity, energy) = split_columns(rest, rest.width / 2);
    vec![
        (PanelId::Chip, chip),
        (lately(recent, &TASK_PLACE), task),
        (PanelId::Memory, memory),
        (PanelId::Noc, noc),
        (PanelId::Timers, timers),
        (PanelId::Sparsity, sparsity),
        (PanelId::Energy, energy),
    ]
}

fn split_columns(area: Rect, left: u16) -> (Rect, Rect) {
    let left = left.min(area.width);
    (Rect { width: left, ..area }, Rect { x: area.x + left, width: area.width - left, ..area })
}

fn split_rows(area: Rect, top: u16) -> (Rect, Rect) {
    let top = top.min(area.height);
    (Rect { height: top, ..area }, Rect { y: area.y + top, height: area.height - top, ..area })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(size: (u16, u16), recent: &[PanelId]) -> Vec<PanelId> {
        plan(size, recent, false).panels.into_iter().map(|(panel, _)| panel).collect()
    }

    #[test]
    fn panels_never_overlap_nor_leave_the_screen_and_the_focused_one_is_shown() {
        for columns in (1..=250).step_by(3) {
            for rows in 1..=80 {
                for focused in PanelId::ALL {
                    let mut recent = PanelId::ALL.to_vec();
                    recent.retain(|&panel| panel != focused);
                    recent.insert(0, focused);
                    let plan = plan((columns, rows), &recent, false);
                    let screen = Rect::new(0, 0, columns, rows);
                    for (i, (panel, area)) in plan.panels.iter().enumerate() {
                        assert_eq!(area.intersection(screen), *area, "{panel:?} at {columns}x{rows}");
                        assert!(!area.intersects(plan.tabs), "{panel:?} at {columns}x{rows}");
                        for (other, behind) in &plan.panels[..i] {
                            assert!(!area.intersects(*behind), "{panel:?} {other:?} at {columns}x{rows}");
                        }
                    }
                    let there = plan.panels.iter().any(|(panel, _)| *panel == focused);
                    assert_eq!(there, !plan.too_small, "{focused:?} at {columns}x{rows}");
                }
            }
        }
    }

    #[test]
    fn the_first_screen_has_chip_and_task() {
        let fresh = PanelId::ALL;
        assert_eq!(shown((80, 24), &fresh), [PanelId::Chip, PanelId::Task]);
        assert_eq!(shown((120, 40), &fresh).len(), 5);
        // The PE panel has Task's place while it was focused later.
        assert_eq!(shown((200, 60), &fresh), PanelId::ALL[..7]);
        assert_eq!(shown((40, 16), &fresh), [PanelId::Chip]);
    }

    #[test]
    fn narrow_and_low_screens_name_the_other_panels_unless_one_is_expanded() {
        let mut recent = PanelId::ALL.to_vec();
        recent.swap(0, 3);
        for (size, panels) in [
            ((40, 12), vec![PanelId::Noc]),
            ((40, 24), vec![PanelId::Noc]),
            ((60, 20), vec![PanelId::Noc]),
            ((80, 12), vec![PanelId::Noc]),
            ((120, 12), vec![PanelId::Task, PanelId::Noc]),
            ((36, 60), vec![PanelId::Chip, PanelId::Noc]),
        ] {
            let plan = plan(size, &recent, false);
            assert_eq!(plan.tabs, Rect::new(0, 1, size.0, 1), "{size:?}");
            assert_eq!(shown(size, &recent), panels, "{size:?}");
            let body = super::plan(size, &recent, true);
            assert_eq!((body.tabs, body.panels.len()), (Rect::default(), 1), "{size:?}");
            assert_eq!(body.panels[0], (PanelId::Noc, Rect::new(0, 1, size.0, size.1 - 2)), "{size:?}");
        }
        for size in [(80, 24), (120, 40), (200, 60), (250, 30)] {
            assert!(plan(size, &recent, false).tabs.is_empty(), "{size:?}");
        }
        let wide = [PanelId::Chip, PanelId::Task, PanelId::Memory, PanelId::Noc];
        assert_eq!(shown((250, 30), &recent), wide);
    }
}
