//! Populations: nodes with a potential.

use super::{Built, Incoming, params::Params, without_ones};
use crate::error::NirError;
use crate::kind::{CubaLi, CubaLif, If, Integrator, Li, Lif, NodeKind};
use crate::values::Values;

/// Builds a population of the named type; as many neurons as values arrive.
pub(super) fn population(
    params: &mut Params<'_>,
    incoming: &Incoming<'_>,
    kind: &str,
) -> Result<Built, NirError> {
    let shape = incoming.shape;
    let kind = match kind {
        "I" => NodeKind::I(Integrator { r: params.values("r", shape)? }),
        "IF" => {
            let r = params.values("r", shape)?;
            let (v_threshold, v_reset) = threshold(params, shape)?;
            NodeKind::If(If { r, v_threshold, v_reset })
        }
        "LI" => NodeKind::Li(Li {
            tau: params.time_constant("tau", shape)?,
            r: params.values("r", shape)?,
            v_leak: params.values("v_leak", shape)?,
        }),
        "LIF" => {
            let tau = params.time_constant("tau", shape)?;
            let r = params.values("r", shape)?;
            let v_leak = params.values("v_leak", shape)?;
            let (v_threshold, v_reset) = threshold(params, shape)?;
            NodeKind::Lif(Lif { tau, r, v_leak, v_threshold, v_reset })
        }
        "CubaLI" => NodeKind::CubaLi(CubaLi {
            tau_syn: params.time_constant("tau_syn", shape)?,
            tau_mem: params.time_constant("tau_mem", shape)?,
            r: params.values("r", shape)?,
            v_leak: params.values("v_leak", shape)?,
            w_in: params.values_or("w_in", shape, 1.0)?,
        }),
        _ => {
            let tau_syn = params.time_constant("tau_syn", shape)?;
            let tau_mem = params.time_constant("tau_mem", shape)?;
            let r = params.values("r", shape)?;
            let v_leak = params.values("v_leak", shape)?;
            let (v_threshold, v_reset) = threshold(params, shape)?;
            let w_in = params.values_or("w_in", shape, 1.0)?;
            NodeKind::CubaLif(CubaLif { tau_syn, tau_mem, r, v_leak, v_threshold, v_reset, w_in })
        }
    };
    Ok(Built { kind, input: shape.to_vec(), output: shape.to_vec() })
}

/// Reads threshold and reset, and notes pairs with which a neuron never stops spiking.
fn threshold(params: &mut Params<'_>, shape: &[usize]) -> Result<(Values, Values), NirError> {
    let threshold = params.values("v_threshold", shape)?;
    let reset = params.values_or("v_reset", shape, 0.0)?;
    if threshold.min() <= 0.0 {
        let least = threshold.min();
        params.warn(format!("`v_threshold` is {least}: where v begins at 0, a neuron spikes without input"));
    }
    let neurons: usize = if without_ones(shape).is_empty() { 1 } else { shape.iter().product() };
    let pairs = if threshold.is_one() && reset.is_one() { 1 } else { neurons };
    if let Some(neuron) = (0..pairs).find(|&neuron| reset.get(neuron) > threshold.get(neuron)) {
        params.warn(format!(
            "`v_reset` {} lies above `v_threshold` {} of neuron {neuron}: after a spike it spikes again",
            reset.get(neuron),
            threshold.get(neuron)
        ));
    }
    Ok((threshold, reset))
}
