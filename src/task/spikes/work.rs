//! The spike task while the chip runs.

use std::io;

use super::recording;
use super::view::SpikeView;
use super::{Inputs, KIND, SpikeTask, USUAL_TICK_US};
use crate::chip::clock::Tick;
use crate::task::figures::{Figures, StepLine, Value};
use crate::task::spikes::view;
use crate::task::{Moment, SpikeCounts, TaskKind, TaskRun, TaskView};
use crate::text::several;

impl TaskRun for SpikeTask {
    fn kind(&self) -> &'static TaskKind {
        &KIND
    }

    fn copy(&self) -> Box<dyn TaskRun> {
        Box::new(self.clone())
    }

    fn own_bytes(&self) -> usize {
        let raster = self.raster.len() * size_of::<(u64, usize, usize)>();
        self.outputs.own_bytes()
            + self.values.own_bytes()
            + self.traced.own_bytes()
            + raster
            + size_of::<Self>()
    }

    fn next_rows(&mut self) -> Result<Option<Vec<u32>>, String> {
        if self.fed >= self.plan.total() {
            return Ok(None);
        }
        let steps = u64::from(self.plan.steps);
        if let Inputs::Recordings(recordings) = &*self.plan.inputs
            && self.fed.is_multiple_of(steps)
            && let Some(recording) = recordings.get((self.fed / steps) as usize)
        {
            recording::read(&recording.path, 1000).map_err(|error| error.to_string())?;
        }
        self.fed += 1;
        Ok(Some(vec![(self.fed - 1) as u32]))
    }

    fn observe(&mut self, outputs: &[Vec<f32>], _now: (Tick, f64)) {
        if let Some(all) = outputs.first()
            && self.taken < self.fed
        {
            self.take(all, outputs.get(1).map_or(&[], Vec::as_slice));
        }
    }

    fn traced(&self) -> &[(usize, u32)] {
        &self.plan.traced
    }

    fn spike_counts(&self) -> Option<SpikeCounts<'_>> {
        Some(SpikeCounts { ticks: self.taken, spikes: &self.spikes, passed: &self.synaptic })
    }

    /// Returns the bin of recordings, µs; without any 1 ms, the tick of SpiNNaker2's software.
    fn real_time_us(&self) -> Option<f64> {
        Some(if self.plan.recordings() > 0 { self.plan.bin_us.into() } else { USUAL_TICK_US })
    }

    fn total_steps(&self) -> u64 {
        self.plan.total()
    }

    fn sequence(&self) -> u32 {
        self.plan.steps
    }

    fn headline(&self) -> Option<String> {
        if self.taken == 0 {
            return None;
        }
        Some(match self.tally.accuracy() {
            Some(share) => format!(
                "{:.1} % of {}",
                100.0 * share,
                several(self.tally.answers().len() as u64, "recording")
            ),
            None => several(self.last.0, "spike"),
        })
    }

    fn view(&self, moment: &Moment<'_>) -> TaskView {
        TaskView::Spikes(SpikeView::new(self, moment))
    }

    fn figures(&self, moment: &Moment<'_>) -> Figures {
        let recordings = self.plan.recordings() > 0;
        Figures {
            accuracy: self.tally.accuracy(),
            confusion: recordings.then(|| self.tally.confusion()),
            spikes: Some(view::figures(self)),
            compares_with: moment.compares_with.to_owned(),
            ..Figures::default()
        }
    }

    /// Returns the spikes of all neurons and of the outputs in the tick.
    fn line(&self, _moment: &Moment<'_>) -> StepLine<'_> {
        StepLine(vec![("spikes", Value::Count(self.last.0)), ("output_spikes", Value::Count(self.last.1))])
    }

    fn write_outputs(&self, out: &mut dyn io::Write) -> io::Result<Option<String>> {
        if self.plan.shows_values(0) {
            let units = self.plan.output_units(0).max(1);
            let mut line = Vec::new();
            for value in self.values.iter() {
                line.push(value.to_string());
                if line.len() == units {
                    writeln!(out, "{}", line.join(","))?;
                    line.clear();
                }
            }
            return Ok(Some(several(self.taken, "line") + " of values"));
        }
        writeln!(out, "neuron,time_step")?;
        let mut spikes = 0;
        for (tick, spike) in self.outputs.iter() {
            for _ in 0..spike.count {
                writeln!(out, "{},{tick}", spike.neuron)?;
            }
            spikes += u64::from(spike.count);
        }
        Ok(Some(several(spikes, "output spike")))
    }

    fn number(&self, fact: &str, _steps: u64) -> Option<f64> {
        if self.taken == 0 {
            return None;
        }
        match fact {
            "spikes" => Some(self.last.0 as f64),
            "output_spikes" => Some(self.last.1 as f64),
            "accuracy" => self.tally.accuracy(),
            _ => None,
        }
    }
}
