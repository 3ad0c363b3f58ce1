//! Arrays through the network.

use crate::task::tensor::{TensorError, TensorTask};

/// A tensor task and where its outputs go.
#[derive(Clone, Debug)]
pub struct Computing {
    task: TensorTask,
    outputs: Option<std::path::PathBuf>,
    last: Vec<f32>,
}

impl Computing {
    /// Before the first row.
    pub(in crate::session) fn new(task: TensorTask, outputs: Option<std::path::PathBuf>) -> Self {
        Self { task, outputs, last: Vec::new() }
    }

    pub(super) fn next_rows(&mut self) -> Option<Vec<u32>> {
        self.task.next_row().map(|row| vec![row])
    }

    pub(super) fn observe(&mut self, outputs: &[Vec<f32>]) {
        let Some(output) = outputs.first() else { return };
        self.task.observe(output);
        self.last.clone_from(output);
    }

    /// The task.
    pub fn task(&self) -> &TensorTask {
        &self.task
    }

    /// What the last layer sent in the last completed time step, \[units\]; empty before the first.
    pub fn last(&self) -> &[f32] {
        &self.last
    }

    /// Writes all outputs so far to where the scene wants them; says where, if anywhere.
    pub fn write(&self) -> Result<Option<&std::path::Path>, TensorError> {
        let Some(path) = &self.outputs else { return Ok(None) };
        self.task.write(path)?;
        Ok(Some(path))
    }
}
