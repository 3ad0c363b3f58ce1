//! The view: which panels, heat metric and window.

use serde::{Deserialize, Serialize};

use super::{VERSION, of_version};
use crate::tui::app::{App, NetworkView};
use crate::tui::heat::{Metric, Window};
use crate::tui::panel::PanelId;

/// View of the app, the same for all scenes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "View")]
pub struct View {
    version: u32,
    /// All panels, the one focused last first.
    panels: Vec<PanelId>,
    expanded: bool,
    metric: Metric,
    window: Window,
    network: NetworkView,
}

impl Default for View {
    fn default() -> Self {
        Self {
            version: VERSION,
            panels: PanelId::ALL.to_vec(),
            expanded: false,
            metric: Metric::default(),
            window: Window::default(),
            network: NetworkView::default(),
        }
    }
}

impl View {
    /// Returns the view of the app.
    pub fn of(app: &App) -> Self {
        Self {
            version: VERSION,
            panels: app.recent.clone(),
            expanded: app.expanded,
            metric: app.metric,
            window: app.window,
            network: app.network,
        }
    }

    /// Checks the version.
    pub fn version(&self) -> Result<(), String> {
        of_version(self.version)
    }

    /// Gives the app this view. Panels that it does not name come last, in their usual order.
    pub fn show(&self, app: &mut App) {
        let mut panels: Vec<PanelId> = Vec::new();
        for &panel in self.panels.iter().chain(&PanelId::ALL) {
            if !panels.contains(&panel) {
                panels.push(panel);
            }
        }
        app.recent = panels;
        app.expanded = self.expanded;
        app.metric = self.metric;
        app.window = self.window;
        app.network = self.network;
    }
}
