//! Arrays through the network.

use crate::task::tensor::TensorTask;

/// A tensor task and its last output.
#[derive(Clone, Debug)]
pub struct Computing {
    task: TensorTask,
    last: Vec<f32>,
}

impl Computing {
    /// Before the first row.
    pub(in crate::session) fn new(task: TensorTask) -> Self {
        Self { task, last: Vec::new() }
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
}
