//! The tensor task while the chip runs.

use std::io;

use super::view::TensorView;
use super::{KIND, TensorTask};
use crate::chip::clock::Tick;
use crate::task::figures::{Figures, StepLine, Value};
use crate::task::{Moment, TaskKind, TaskRun, TaskView};

impl TaskRun for TensorTask {
    fn kind(&self) -> &'static TaskKind {
        &KIND
    }

    fn copy(&self) -> Box<dyn TaskRun> {
        Box::new(self.clone())
    }

    fn own_bytes(&self) -> usize {
        self.outputs().own_bytes() + size_of::<Self>()
    }

    fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String> {
        Ok(self.next_row().map(|row| vec![row]))
    }

    fn observe(&mut self, outputs: &[Vec<f32>], _now: (Tick, f64)) {
        if let Some(output) = outputs.first() {
            Self::observe(self, output);
        }
    }

    fn total_steps(&self) -> u64 {
        Self::total_steps(self)
    }

    fn sequence(&self) -> u32 {
        Self::sequence(self)
    }

    fn view(&self, moment: &Moment<'_>) -> TaskView {
        TaskView::Tensor(TensorView::new(self, moment))
    }

    fn figures(&self, moment: &Moment<'_>) -> Figures {
        Figures { compares_with: moment.compares_with.to_owned(), ..Figures::default() }
    }

    /// Returns the field of a step: the row that the network read, from 0.
    fn line(&self, moment: &Moment<'_>) -> StepLine<'_> {
        StepLine(vec![("row", Value::Count(moment.read.into()))])
    }

    fn write_outputs(&self, out: &mut dyn io::Write) -> io::Result<Option<String>> {
        self.write(out)?;
        Ok(Some(format!("{} rows of outputs", self.observed())))
    }
}
