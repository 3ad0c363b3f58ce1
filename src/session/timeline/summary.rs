//! Summary of what bounds a time step, in figures and in one sentence.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::path::{PathActivity, Segment};
use crate::chip::clock::{Tick, us};
use crate::chip::geometry::Pe;
use crate::machine::legend::{Legend, PhaseId, PhaseRole, PopulationId};
use crate::machine::program::Program;
use crate::machine::record::SpanRecorder;
use crate::text;

/// Sum of all segments of the critical path of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Kind of the segments.
    pub doing: PathActivity,
    /// Layer, where the segments belong to one.
    pub layer: Option<PopulationId>,
    /// Phase; operations only.
    pub phase: Option<PhaseId>,
    /// Index of the PE; operations only.
    pub pe: Option<u16>,
    /// Time on the path, in ticks.
    pub ticks: Tick,
    /// Mean time that the operation takes the PEs of the layer, in ticks; operations only.
    pub mean: Option<Tick>,
}

/// The critical path of a window, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Length of the path, ticks.
    pub ticks: Tick,
    /// Number of time steps in the path.
    pub steps: u32,
    /// Parts, longest first; they add up to `ticks`.
    pub bounds: Vec<Bound>,
    /// Upper limit of the saving by perfect balance, by layer, in ticks: excess of operations on
    /// the path over the mean of their layer.
    pub savings: Vec<Tick>,
}

/// Key by which parts of the path are summed up: activity, layer, phase, PE.
type Kind = (PathActivity, Option<PopulationId>, Option<PhaseId>, Option<u16>);
/// Key of operations that are compared with each other: layer, phase, step.
type Likes = (PopulationId, PhaseId, u32);

impl Summary {
    /// Sums up a path through `steps` time steps.
    pub fn of(program: &Program, record: &SpanRecorder, path: &[Segment], steps: u32) -> Self {
        let means = means(&program.legend, record, path);
        let mut parts: BTreeMap<Kind, (Tick, Tick)> = BTreeMap::new();
        let mut savings = vec![0; program.populations.len()];
        for segment in path {
            let core = segment.doing == PathActivity::Operation;
            let key =
                (segment.doing, segment.layer, segment.phase.filter(|_| core), segment.pe.filter(|_| core));
            let mean = core.then(|| means.get(&likes(&program.legend, segment)?).copied()).flatten();
            let part = parts.entry(key).or_default();
            part.0 += segment.ticks();
            part.1 += mean.unwrap_or(0);
            if let (Some(mean), Some(saved)) =
                (mean, segment.layer.and_then(|layer| savings.get_mut(usize::from(layer))))
            {
                *saved += segment.ticks().saturating_sub(mean);
            }
        }
        let bound = |((doing, layer, phase, pe), (ticks, mean))| Bound {
            doing,
            layer,
            phase,
            pe,
            ticks,
            mean: (doing == PathActivity::Operation && mean > 0).then_some(mean),
        };
        let mut bounds: Vec<Bound> = parts.into_iter().map(bound).collect();
        bounds.sort_by_key(|bound| std::cmp::Reverse(bound.ticks));
        Self { ticks: path.iter().map(Segment::ticks).sum(), steps, bounds, savings }
    }

    /// Returns the ticks on the path of the parts for which `wanted` is true.
    pub fn sum(&self, wanted: impl Fn(&Bound) -> bool) -> Tick {
        self.bounds.iter().filter(|bound| wanted(bound)).map(|bound| bound.ticks).sum()
    }

    /// Returns the layers and PEs whose operations are on the path, with their
    /// ticks, longest first.
    pub fn places(&self) -> Vec<(PopulationId, u16, Tick)> {
        let mut places: BTreeMap<(PopulationId, u16), Tick> = BTreeMap::new();
        for bound in self.bounds.iter().filter(|bound| bound.doing == PathActivity::Operation) {
            if let (Some(layer), Some(pe)) = (bound.layer, bound.pe) {
                *places.entry((layer, pe)).or_default() += bound.ticks;
            }
        }
        let mut places: Vec<_> = places.into_iter().map(|((layer, pe), ticks)| (layer, pe, ticks)).collect();
        places.sort_by_key(|&(layer, pe, ticks)| (std::cmp::Reverse(ticks), layer, pe));
        places
    }

    /// Returns the cause that bounds the time, in one sentence. `word` is the task's word for
    /// a time step.
    pub fn sentence(&self, program: &Program, word: &str) -> String {
        if self.ticks == 0 {
            return format!("No {word} is recorded yet.");
        }
        let what = if self.steps == 1 {
            format!("This {word}")
        } else {
            format!("These {}", text::several(self.steps.into(), word))
        };
        let mut text = format!("{what} took {} µs: ", grouped(us(self.ticks)));
        let places = self.places();
        let Some(&(layer, pe, ticks)) = places.first() else {
            text.push_str("no core worked on it.");
            return text;
        };
        let name = |layer: PopulationId| program.population_name(layer);
        let place = Pe::from_index(usize::from(pe)).map_or_else(String::new, |pe| pe.to_string());
        let phases = self.phases_of(&program.legend, layer, pe);
        let _ = write!(text, "{} {phases} on {place} of {}", self.percent(ticks), name(layer));
        text.push_str(&load(program, layer, pe).unwrap_or_default());
        for &(layer, pe, ticks) in places.iter().skip(1).take(2) {
            let place = Pe::from_index(usize::from(pe)).map_or_else(String::new, |pe| pe.to_string());
            let _ = write!(text, ", {} on {place} of {}", self.percent(ticks), name(layer));
        }
        let rest = places.iter().skip(3).map(|(_, _, ticks)| ticks).sum();
        let mut others = vec![(rest, "on other PEs")];
        let kinds = [
            PathActivity::Wake,
            PathActivity::Handler,
            PathActivity::Drain,
            PathActivity::Network,
            PathActivity::Port,
            PathActivity::Dram,
            PathActivity::Send,
            PathActivity::Host,
            PathActivity::Timer,
            PathActivity::Unknown,
        ];
        others.extend(kinds.map(|doing| (self.sum(|bound| bound.doing == doing), doing.describe())));
        // Less than half a per cent is not worth a word; the table of the path has it.
        others.retain(|(ticks, _)| ticks * 200 >= self.ticks);
        others.sort_by_key(|(ticks, _)| std::cmp::Reverse(*ticks));
        for (ticks, what) in others.into_iter().take(3) {
            let _ = write!(text, ", {} {what}", self.percent(ticks));
        }
        text.push_str(&self.advice(name));
        text
    }

    /// Returns the saving that balancing would bring, in words.
    fn advice<'a>(&self, name: impl Fn(PopulationId) -> &'a str) -> String {
        let best = (0..)
            .map(PopulationId)
            .zip(&self.savings)
            .max_by_key(|&(layer, ticks)| (*ticks, std::cmp::Reverse(layer)));
        match best {
            Some((layer, &ticks)) if ticks * 200 >= self.ticks => {
                format!("; balancing {} would save at most {} µs.", name(layer), grouped(us(ticks)))
            }
            _ => "; its layers are balanced.".to_owned(),
        }
    }

    /// Returns the two longest phases of a PE on the path, in words or symbols; the second only if
    /// it takes at least 5 % of the PE's time on the path.
    fn phases_of(&self, legend: &Legend, layer: PopulationId, pe: u16) -> String {
        let mut phases: Vec<(Tick, PhaseId)> = self
            .bounds
            .iter()
            .filter(|b| b.doing == PathActivity::Operation && b.layer == Some(layer) && b.pe == Some(pe))
            .filter_map(|b| Some((b.ticks, b.phase?)))
            .collect();
        phases.sort_by_key(|&(ticks, phase)| (std::cmp::Reverse(ticks), phase));
        let all: Tick = phases.iter().map(|(ticks, _)| ticks).sum();
        // The second only where it is worth a word.
        let words: Vec<&str> = phases
            .iter()
            .take(2)
            .filter(|(ticks, _)| 20 * ticks >= all)
            .map(|&(_, phase)| legend.words(phase).words)
            .collect();
        words.join(" and ")
    }

    fn percent(&self, ticks: Tick) -> String {
        let percent = 100.0 * ticks as f64 / self.ticks.max(1) as f64;
        if percent < 1.0 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
    }
}

/// Formats whole microseconds, or one digit after the point below ten, with thousands separated.
fn grouped(value: f64) -> String {
    if value < 10.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    text::grouped(value.round_ties_even() as u64)
}

/// Describes the non-zeros of a PE's share of a layer in words, and how they compare with the mean
/// over the layer's PEs; `None` if there are none.
fn load(program: &Program, layer: PopulationId, pe: u16) -> Option<String> {
    let of = |pe: Pe| program.pe(pe)?.slot_of(layer).map(|(_, slot)| slot.detail.weights());
    let own = of(Pe::from_index(usize::from(pe))?)?;
    let all: Vec<u32> = program.population(layer)?.pes.iter().filter_map(|&pe| of(pe)).collect();
    let mean = f64::from(all.iter().sum::<u32>()) / all.len().max(1) as f64;
    if mean <= 0.0 {
        return None;
    }
    let above = 100.0 * (f64::from(own) / mean - 1.0);
    let compared = match above {
        _ if all.len() == 1 => "all of its layer".to_owned(),
        a if a.abs() < 0.05 => "the mean of its layer".to_owned(),
        a if a > 0.0 => format!("{a:.1} % above its layer's mean"),
        a => format!("{:.1} % below its layer's mean", -a),
    };
    Some(format!(" ({} non-zeros, {compared})", grouped(f64::from(own))))
}

/// Returns the key of the operations that a segment is compared with: phases that are equal work
/// for every PE of the layer.
fn likes(legend: &Legend, segment: &Segment) -> Option<Likes> {
    let phase = segment.phase.filter(|&phase| matches!(legend.role(phase), PhaseRole::Compute(_)))?;
    (segment.doing == PathActivity::Operation).then_some((segment.layer?, phase, segment.step?))
}

/// Returns the mean length of the path's operations over all PEs of their layers, in ticks.
fn means(legend: &Legend, record: &SpanRecorder, path: &[Segment]) -> BTreeMap<Likes, Tick> {
    let mut sums: BTreeMap<Likes, (Tick, u64)> =
        path.iter().filter_map(|segment| Some((likes(legend, segment)?, (0, 0)))).collect();
    for operation in record.pes.iter().flat_map(|pe| &pe.operations) {
        let Some(end) = operation.end else { continue };
        let key = (operation.population, operation.phase, operation.step);
        if let Some((ticks, count)) = sums.get_mut(&key) {
            *ticks += end - operation.begin;
            *count += 1;
        }
    }
    sums.into_iter()
        .filter(|(_, (_, count))| *count > 0)
        .map(|(key, (ticks, count))| (key, ticks / count))
        .collect()
}
