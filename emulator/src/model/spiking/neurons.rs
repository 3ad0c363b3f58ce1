//! Parameters of NIR's populations as those of the network's neurons.

use spinntui_nir::{NodeKind, Values};

use crate::net::spiking::PerNeuron;
use crate::net::spiking::neuron::{CurrentParameters, Membrane, Neuron, SpikeParameters};

pub(super) fn per_neuron(values: &Values) -> PerNeuron<f64> {
    PerNeuron::new(values.stored().iter().map(|&value| f64::from(value)).collect())
}

fn membrane(tau: &Values, r: &Values, v_leak: &Values) -> Membrane {
    Membrane { tau: per_neuron(tau), r: per_neuron(r), v_leak: per_neuron(v_leak) }
}

fn spike(v_threshold: &Values, v_reset: &Values) -> SpikeParameters {
    SpikeParameters { v_threshold: per_neuron(v_threshold), v_reset: per_neuron(v_reset) }
}

fn current(tau_syn: &Values, w_in: &Values) -> CurrentParameters {
    CurrentParameters { tau_syn: per_neuron(tau_syn), w_in: per_neuron(w_in) }
}

/// Returns the neurons of a population; `None` for other nodes.
pub(super) fn neuron(kind: &NodeKind) -> Option<Neuron> {
    Some(match kind {
        NodeKind::I(p) => Neuron::I { r: per_neuron(&p.r) },
        NodeKind::If(p) => Neuron::If { r: per_neuron(&p.r), spike: spike(&p.v_threshold, &p.v_reset) },
        NodeKind::Li(p) => Neuron::Li { membrane: membrane(&p.tau, &p.r, &p.v_leak) },
        NodeKind::Lif(p) => Neuron::Lif {
            membrane: membrane(&p.tau, &p.r, &p.v_leak),
            spike: spike(&p.v_threshold, &p.v_reset),
        },
        NodeKind::CubaLi(p) => Neuron::CubaLi {
            current: current(&p.tau_syn, &p.w_in),
            membrane: membrane(&p.tau_mem, &p.r, &p.v_leak),
        },
        NodeKind::CubaLif(p) => Neuron::CubaLif {
            current: current(&p.tau_syn, &p.w_in),
            membrane: membrane(&p.tau_mem, &p.r, &p.v_leak),
            spike: spike(&p.v_threshold, &p.v_reset),
        },
        _ => return None,
    })
}
