//! Firing of units in reports: how often each sent something.

use serde::Serialize;

use super::table::field;
use crate::session::Session;
use crate::session::firing::{Firing, UnitFiring};
use crate::text::several;

/// Units that reports name of each layer.
const NAMED: usize = 5;

/// Firing of a layer's units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerFiring {
    /// Name of the layer or population.
    pub layer: String,
    /// Number of units.
    pub units: u32,
    /// Units that have sent nothing.
    pub never: u32,
    /// Units that sent something in most time steps, at most five.
    pub most: Vec<UnitRate>,
    /// Units that sent something in fewest time steps, but in one, at most five.
    pub least: Vec<UnitRate>,
    #[serde(skip)]
    words: String,
}

/// Unit with its number of time steps with events.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct UnitRate {
    /// Model index of the unit.
    pub unit: u32,
    /// Number of time steps in which the unit sent something.
    pub steps: u32,
    /// Share of all time steps, 0..=1.
    pub rate: f64,
}

/// Gathers the firing of every layer or population whose units lie on PEs.
pub fn firing(session: &Session) -> Vec<LayerFiring> {
    let steps = session.stats().steps;
    let rate = |unit: &UnitFiring| UnitRate {
        unit: unit.unit,
        steps: unit.steps,
        rate: f64::from(unit.steps) / steps.max(1) as f64,
    };
    let mut layers = Vec::new();
    for (k, layer) in session.program().populations.iter().enumerate() {
        let fired = session.stats().fired(k);
        if fired.is_empty() {
            continue;
        }
        let units = (0_u32..).zip(fired).map(|(unit, &steps)| UnitFiring { unit, steps });
        let mut units: Vec<UnitFiring> = units.filter(|unit| unit.steps > 0).collect();
        units.sort_by_key(|unit| (std::cmp::Reverse(unit.steps), unit.unit));
        let most = units.iter().take(NAMED).map(rate).collect();
        units.sort_by_key(|unit| (unit.steps, unit.unit));
        layers.push(LayerFiring {
            layer: layer.name.clone(),
            units: fired.len() as u32,
            never: (fired.len() - units.len()) as u32,
            most,
            least: units.iter().take(NAMED).map(rate).collect(),
            words: Firing::of(fired).words(steps)[0].clone(),
        });
    }
    layers
}

/// Writes a line for each layer, for people, with names in `indent` columns.
pub fn lines(layers: &[LayerFiring], indent: usize, out: &mut String) {
    for (number, layer) in layers.iter().enumerate() {
        let text = format!("{}, {}: {}", layer.layer, several(layer.units.into(), "unit"), layer.words);
        field(out, indent, if number == 0 { "firing" } else { "" }, &text);
    }
}
