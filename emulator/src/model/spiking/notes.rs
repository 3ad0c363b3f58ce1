//! Remarks about a converted network: suspicious lengths of a tick, and data that exporters lose.

use std::fmt;

use spinntui_nir::{Graph, NodeKind};

use crate::net::spiking::{Conventions, Framework, Neuron};

/// Remark about a network that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Node that the note is about; `None` for the file.
    pub node: Option<String>,
    /// Whether the network probably differs from its author's intention.
    pub warning: bool,
    /// Description, without the node's name.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Some(node) => write!(f, "node `{node}`: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl Note {
    /// Makes a remark about a node.
    pub(super) fn of(node: &str, text: impl Into<String>) -> Self {
        Self { node: Some(node.to_owned()), warning: false, text: text.into() }
    }

    /// Makes a warning about a node.
    pub(super) fn warning(node: &str, text: impl Into<String>) -> Self {
        Self { warning: true, ..Self::of(node, text) }
    }
}

/// Returns a warning for every time constant that does not suit the length of a tick.
pub(super) fn time_constants(node: &str, neuron: &Neuron, dt: f64) -> Vec<Note> {
    let mut notes = Vec::new();
    for (name, tau) in neuron.time_constants() {
        let shortest = tau.distinct().iter().copied().fold(f64::INFINITY, f64::min);
        // Parameters are single precision: 1e-2 is stored as a little less.
        let ratio = dt / shortest;
        if ratio >= 1.0 - 1e-6 {
            let text = format!(
                "dt {dt:e} is not shorter than `{name}` ({shortest:e}), so that its state cannot last a tick; \
                 the dt is probably not the one of the training"
            );
            notes.push(Note::warning(node, text));
        } else if ratio <= 1e-4 * (1.0 + 1e-6) {
            let text = format!(
                "dt {dt:e} is at most 1e-4 of every `{name}` (from {shortest:e}), so that hardly anything happens in a tick; \
                 the dt is probably not the one of the training"
            );
            notes.push(Note::warning(node, text));
        }
    }
    notes
}

/// Returns notes on the data that the framework's exporter does not write, where they matter
/// to the graph.
pub(super) fn losses(graph: &Graph, conventions: &Conventions) -> Vec<Note> {
    let has = |test: fn(&NodeKind) -> bool| graph.nodes.iter().any(|node| test(&node.kind));
    let spiking = has(NodeKind::is_spiking);
    let text = match conventions.framework() {
        Framework::SnnTorch if spiking => {
            "snnTorch files hold neither reset_mechanism nor reset_delay: reset SnnTorch is reset_delay=False \
             (recurrent CubaLIF: True, which RSynaptic always uses); give reset SnnTorchDelayed or ToValue for others"
        }
        Framework::Sinabs if has(|kind| matches!(kind, NodeKind::If(_) | NodeKind::Lif(_))) => {
            "Sinabs files hold neither min_v_mem (IF: -1 is taken; v_min sets another), tau_syn nor norm_input: \
             networks that use the last two give other spikes"
        }
        Framework::Rockpool if spiking => {
            "Rockpool files hold neither the bias of the membrane nor the recurrent weights of has_rec: \
             networks that use them give other spikes"
        }
        Framework::Norse if spiking => {
            "Norse files do not hold v_reset, and Norse's exporter multiplies tau by dt: \
             its dt of 1e-3 becomes 1e-6 (IF: 1)"
        }
        Framework::Spyx if spiking => "Spyx spikes leave each population a tick after v passed the threshold",
        _ => return Vec::new(),
    };
    vec![Note { node: None, warning: false, text: text.to_owned() }]
}
