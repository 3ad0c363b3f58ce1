//! Readings of the paper's statements on its kernel and on the values it sends, each run by the
//! emulator.
//!
//! The paper names compressed sparse rows, "to take full advantage of EGRU's dynamic sparsity", and
//! says that "only the sparse output y is communicated". Whether its code passes over silent
//! sources, and whether zeros are sent, it does not say: each reading is *inferred*.

use std::path::Path;

use serde::Serialize;

use super::ValidateError;
use super::measure::{self, Run, SCENE, SCENE_NAME, Spread};
use crate::kernel::options::KernelKind;
use crate::machine::broadcast::options::Payload;
use crate::machine::program::Program;
use crate::report::gather::weights_bytes;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};

/// Kernel and payload, with the figures of one sequence of the language model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// Kernel of every product but W·x of `rnns.0`, whose x is the dense embedding (`CsrRow`).
    pub kernel: &'static str,
    /// Payload: every value, or the active ones only.
    pub payload: &'static str,
    /// Scene with this reading; `null` where none is shipped.
    pub scene: Option<&'static str>,
    /// Chip time of 70 tokens, ms; `null` where the mapping does not fit.
    pub time_ms: Option<f64>,
    /// Least and greatest time at a branch refill of 1, 2 and 3, ms.
    pub time_interval: Option<[f64; 2]>,
    /// (time − the paper's) / the paper's.
    pub time_difference: Option<f64>,
    /// Energy, waiting PEs polling, J.
    pub energy_j: Option<f64>,
    /// (energy − the paper's) / the paper's.
    pub energy_difference: Option<f64>,
    /// Bytes of weights on the fullest PE of `rnns.1`.
    pub weights_bytes: Option<u32>,
    /// Bytes that the fullest PE needs, of 131,072.
    pub bytes: u64,
}

/// The readings: kernel, payload, shipped scene.
const READINGS: [(KernelKind, Payload, Option<&str>); 6] = [
    (KernelKind::CsrRow, Payload::Dense, Some("scenes/lm.ron")),
    (KernelKind::CsrRow, Payload::Events, None),
    (KernelKind::CsrRowSkip, Payload::Dense, Some("scenes/what-if/csr_skip.ron")),
    (KernelKind::CscEvent, Payload::Dense, Some("scenes/lm_event.ron")),
    (KernelKind::CscEvent, Payload::Events, None),
    (KernelKind::CscEventList, Payload::Events, Some("scenes/what-if/events.ron")),
];

/// Runs every reading but the first, `scenes/lm.ron`, whose result is `first`.
///
/// Each is run whole at the default branch refill, and its first time steps at the least
/// and the greatest.
pub fn readings(
    cache: &mut ModelCache,
    first: (&Spread<Run>, &Program),
) -> Result<Vec<Reading>, ValidateError> {
    let mut readings = Vec::new();
    for (number, (kernel, payload, scene)) in READINGS.into_iter().enumerate() {
        let (kernel_name, payload_name) = (kernel.name(), payload.name());
        let empty = Reading {
            kernel: kernel_name,
            payload: payload_name,
            scene,
            time_ms: None,
            time_interval: None,
            time_difference: None,
            energy_j: None,
            energy_difference: None,
            weights_bytes: None,
            bytes: 0,
        };
        readings.push(if number == 0 {
            empty.ran(&first.0.value(), first.0.map(|run| run.time_ms).interval(), first.1)
        } else {
            empty.run(cache, kernel, payload)?
        });
    }
    Ok(readings)
}

fn edits(kernel: KernelKind, payload: Payload) -> Vec<(String, String)> {
    let mut edits = vec![("mapping.payload".to_owned(), payload.name().to_owned())];
    for (layer, matrix) in [(0, "recurrent"), (1, "input"), (1, "recurrent"), (2, "input"), (2, "recurrent")]
    {
        edits.push((format!("mapping.layers.{layer}.{matrix}"), kernel.name().to_owned()));
    }
    edits
}

impl Reading {
    /// Runs the scene of this reading, or notes the bytes that it would need.
    fn run(
        self,
        cache: &mut ModelCache,
        kernel: KernelKind,
        payload: Payload,
    ) -> Result<Self, ValidateError> {
        let loaded = LoadedScene::from_text(SCENE, Path::new(SCENE_NAME), &edits(kernel, payload))?;
        if let Err(refused) = Plan::fit(&loaded, cache, &loaded.scene.assume) {
            let bytes = refused.needed.ok_or(ValidateError::Scene(refused.scene))?;
            return Ok(Self { bytes, ..self });
        }
        let (run, interval, program) = measure::reading(cache, &loaded)?;
        Ok(self.ran(&run, interval, &program))
    }

    /// Adds the figures of its run.
    fn ran(self, run: &Run, time_interval: [f64; 2], program: &Program) -> Self {
        let of = |paper: f64, value: f64| (value - paper) / paper;
        Self {
            time_ms: Some(run.time_ms),
            time_interval: Some(time_interval),
            time_difference: Some(of(super::rows::TIME_MS, run.time_ms)),
            energy_j: Some(run.energy_j),
            energy_difference: Some(of(super::rows::ENERGY_J, run.energy_j)),
            weights_bytes: measure::fullest(program, "rnns.1", weights_bytes),
            bytes: u64::from(measure::fullest_pe(program)),
            ..self
        }
    }
}
