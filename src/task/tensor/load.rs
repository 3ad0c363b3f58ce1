//! Loading of a tensor task: from its options to the array in the chip's DRAM.

use std::path::Path;
use std::sync::Arc;

use super::options::TensorOptions;
use super::{Rows, TensorTask};
use crate::machine::program::DramRows;
use crate::task::options::{InputFile, Loading, ranges};
use crate::task::{Feed, Files, Kept, Problem, TaskOptions, TaskRun};

/// Field of the inputs.
const INPUTS: &str = "task.inputs";

impl TaskOptions for TensorOptions {
    fn check(&self) -> Option<Problem> {
        ranges(self, "task")
    }

    fn check_batch(&self, samples: u32) -> Option<Problem> {
        let message = format!("a batch of {samples}: an array is one sample");
        Some(Problem::new("mapping.batch", message, "batch: 1, and a scene for each array"))
    }

    fn files(&self) -> Vec<InputFile<'_>> {
        let what = "the inputs that are read";
        vec![InputFile { what, name: &self.inputs, field: INPUTS, numbered: true }]
    }

    fn outputs(&self) -> Option<&str> {
        self.outputs.as_deref()
    }

    fn load(
        &self,
        loading: &Loading<'_>,
        files: &dyn Files,
        _kept: &mut Kept,
    ) -> Result<Arc<dyn Feed>, Problem> {
        let model = loading.model;
        let (network, path) = (model.network(), files.find(&self.inputs, INPUTS)?);
        let rows = Rows::load(&path, network.inputs())
            .map_err(|error| Problem::new(INPUTS, error.to_string(), error.help()))?;
        let task = TensorTask::new(Arc::new(rows), self.sequence, network.outputs());
        Ok(Arc::new(TensorFeed(task.read_from(Path::new(&self.inputs)))))
    }
}

/// A run that has not begun.
#[derive(Debug)]
struct TensorFeed(TensorTask);

impl Feed for TensorFeed {
    fn dram(&self) -> Arc<dyn DramRows> {
        Arc::new(ArrayRows(Arc::clone(self.0.rows())))
    }

    fn sequence(&self) -> u32 {
        self.0.sequence()
    }

    fn start(&self, _files: &dyn Files, _batch: u32) -> Result<Box<dyn TaskRun>, Problem> {
        Ok(Box::new(self.0.clone()))
    }
}

/// An array's rows.
#[derive(Debug)]
struct ArrayRows(Arc<Rows>);

impl DramRows for ArrayRows {
    fn name(&self) -> &'static str {
        "inputs"
    }

    fn rows(&self) -> u64 {
        self.0.steps() as u64
    }

    fn width(&self) -> usize {
        self.0.width()
    }

    fn read(&self, row: u32, out: &mut [f32]) {
        let values = self.0.row(row).unwrap_or_default();
        out.fill(0.0);
        out.iter_mut().zip(values).for_each(|(out, &value)| *out = value);
    }
}
