//! Figures of each panel that two experiments are compared by.

use super::PanelId;
use super::task::panel_of;
use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::session::snapshot::{PathUses, PeView, Snapshot};
use crate::tui::widgets::units;

/// Unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Time in µs.
    Us,
    /// Time in ns.
    Ns,
    /// Energy in J.
    Joules,
    /// Power in W.
    Watts,
    /// Number of things.
    Count,
    /// Share, 0 to 1.
    Share,
    /// Number without a unit.
    Plain,
}

/// Figure of two experiments; `None` where one of them has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name, in a few columns.
    pub name: String,
    /// Values of the first and the second experiment.
    pub values: [Option<f64>; 2],
    /// Unit of both values.
    pub unit: Unit,
}

impl Figure {
    /// Returns one of the two values as text; `-` where there is none.
    pub fn text(&self, at: usize) -> String {
        let Some(value) = self.values[at] else { return "-".to_owned() };
        match self.unit {
            Unit::Us => units::time_us(value),
            Unit::Ns => format!("{value:.1} ns"),
            Unit::Joules => units::joules(value),
            Unit::Watts => format!("{value:.3} W"),
            Unit::Count => units::count(value.max(0.0) as u64),
            Unit::Share => format!("{:.2} %", value * 100.0),
            Unit::Plain => format!("{value:.3}"),
        }
    }

    /// Returns whether both experiments have exactly this value.
    pub fn is_same(&self) -> bool {
        self.values[0] == self.values[1]
    }

    /// Returns both values as text with one unit where they have the same: `290.2|366.0 µs`; one
    /// value if both are equal.
    pub fn texts(&self) -> String {
        let [first, second] = [self.text(0), self.text(1)];
        let unit = |text: &str| text.rsplit_once(' ').map(|(_, unit)| unit.to_owned());
        match (first.rsplit_once(' '), unit(&second)) {
            _ if self.is_same() => first,
            (Some((number, of_first)), Some(of_second)) if of_first == of_second => {
                format!("{number}|{second}")
            }
            _ => format!("{first}|{second}"),
        }
    }

    /// Returns the difference of the second value to the first, with `digits` decimals.
    ///
    /// In per cent, in percentage points between shares, as a number if the first is 0; `=` if
    /// there is none, empty if a value is missing.
    pub fn delta(&self, digits: usize) -> String {
        let [Some(first), Some(second)] = self.values else { return String::new() };
        let by = second - first;
        let least = 0.5 * 10_f64.powi(-2 - digits as i32);
        match self.unit {
            _ if self.is_same() => "=".to_owned(),
            Unit::Share => format!("{:+.digits$} pp", by * 100.0),
            Unit::Count if first == 0.0 => format!("{by:+.0}"),
            _ if first == 0.0 => "from 0".to_owned(),
            _ if (by / first).abs() < least => format!("{:+.0e}", by / first),
            _ => format!("{:+.digits$} %", by / first * 100.0),
        }
    }
}

/// Returns the figures of a panel, the most telling first. `selected`: PE that readouts are about.
pub fn figures(panel: PanelId, selected: Pe, of: [&Snapshot; 2]) -> Vec<Figure> {
    match panel {
        PanelId::Chip => chip(of),
        PanelId::Task => task(of),
        PanelId::Memory => memory(selected, of),
        PanelId::Noc => noc(of),
        PanelId::Timers => timers(of),
        PanelId::Sparsity => sparsity(of),
        PanelId::Energy => energy(of),
        PanelId::Pe => pe(selected, of),
        PanelId::Timeline => timeline(of),
        // Pins are of one experiment.
        PanelId::Pins => vec![step_time(of)],
    }
}

/// Reads a figure off both snapshots.
fn both(
    name: impl Into<String>,
    unit: Unit,
    of: [&Snapshot; 2],
    read: impl Fn(&Snapshot) -> Option<f64>,
) -> Figure {
    Figure { name: name.into(), values: of.map(read), unit }
}

fn step_time(of: [&Snapshot; 2]) -> Figure {
    let word = of[0].task.kind().step_word;
    both(format!("this {word}"), Unit::Us, of, |s| (s.steps > 0).then(|| us(s.step_ticks)))
}

fn since_start(of: [&Snapshot; 2]) -> Figure {
    both("in all", Unit::Us, of, |s| Some(us(s.tick)))
}

fn power(of: [&Snapshot; 2]) -> Figure {
    both("mean power", Unit::Watts, of, |s| Some(s.energy.power_w))
}

fn chip(of: [&Snapshot; 2]) -> Vec<Figure> {
    let in_use = |s: &Snapshot| Some(s.pes.iter().filter(|pe| pe.units > 0).count() as f64);
    vec![
        step_time(of),
        since_start(of),
        power(of),
        both("PEs in use", Unit::Count, of, in_use),
        both("busy, mean", Unit::Share, of, |s| {
            let busy = s.pes.iter().filter(|pe| pe.units > 0).map(|pe| f64::from(pe.duty_mean));
            mean(busy)
        }),
    ]
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn task(of: [&Snapshot; 2]) -> Vec<Figure> {
    let [first, second] = of.map(|s| panel_of(&s.task).figures());
    let of_second = |name: &str| second.iter().find(|(other, ..)| *other == name).and_then(|it| it.1);
    let figure = |&(name, value, unit): &(&'static str, Option<f64>, Unit)| Figure {
        name: name.to_owned(),
        values: [value, of_second(name)],
        unit,
    };
    first.iter().map(figure).chain([step_time(of)]).collect()
}

fn memory(selected: Pe, of: [&Snapshot; 2]) -> Vec<Figure> {
    let used = |pe: &PeView| f64::from(pe.bank_bytes.iter().sum::<u32>());
    let one = move |s: &Snapshot| s.pes.get(selected.index()).map(used);
    vec![
        both("bytes used", Unit::Count, of, |s| Some(s.pes.iter().map(used).sum())),
        both("fullest PE", Unit::Count, of, |s| s.pes.iter().map(used).reduce(f64::max)),
        both("this PE", Unit::Count, of, one),
    ]
}

fn noc(of: [&Snapshot; 2]) -> Vec<Figure> {
    vec![
        both("packets", Unit::Count, of, |s| Some(s.noc.packets as f64)),
        both("all packets", Unit::Count, of, |s| Some(s.noc.packets_total as f64)),
        both("all hops", Unit::Count, of, |s| Some(s.noc.hops_total as f64)),
        both("latency", Unit::Ns, of, |s| Some(s.noc.mean_latency_ns)),
        both("busiest link", Unit::Share, of, |s| Some(s.noc.max_link_load)),
    ]
}

fn timers(of: [&Snapshot; 2]) -> Vec<Figure> {
    let mut names: Vec<&str> = Vec::new();
    for snapshot in of {
        for row in &snapshot.phases {
            let name = snapshot.setup.legend.phase(row.phase);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let phase = |name: &str| {
        both(name, Unit::Us, of, |s| {
            let rows = s.phases.iter().filter(|row| s.setup.legend.phase(row.phase) == name);
            Some(rows.map(|row| row.mean_us).sum())
        })
    };
    std::iter::once(step_time(of)).chain(names.into_iter().map(phase)).collect()
}

fn sparsity(of: [&Snapshot; 2]) -> Vec<Figure> {
    let mut figures = vec![
        both("events", Unit::Count, of, |s| Some(s.counts.total.events as f64)),
        both("operations", Unit::Count, of, |s| Some(s.counts.total.products.synops as f64)),
    ];
    figures.extend(of[0].setup.layers.iter().map(|layer| {
        both(format!("{} act", layer.name), Unit::Share, of, |s| {
            let same = s.setup.layers.iter().position(|other| other.name == layer.name);
            same.and_then(|index| s.layers.get(index)).map(|layer| f64::from(layer.activity_mean))
        })
    }));
    figures
}

fn energy(of: [&Snapshot; 2]) -> Vec<Figure> {
    let cores = |s: &Snapshot| Some(s.energy.parts.phases_j.iter().flatten().sum());
    vec![
        power(of),
        both("all energy", Unit::Joules, of, |s| Some(s.energy.energy_j)),
        both("step energy", Unit::Joules, of, |s| Some(s.energy.step_j)),
        both("operations", Unit::Joules, of, cores),
        both("polling", Unit::Joules, of, |s| Some(s.energy.parts.polling_j)),
        both("interrupts", Unit::Joules, of, |s| Some(s.energy.parts.interrupts_j)),
    ]
}

fn pe(selected: Pe, of: [&Snapshot; 2]) -> Vec<Figure> {
    let one = |read: fn(&PeView) -> f64| {
        move |s: &Snapshot| s.pes.get(selected.index()).filter(|pe| pe.units > 0).map(read)
    };
    vec![
        both("busy", Unit::Share, of, one(|pe| f64::from(pe.duty))),
        both("activity", Unit::Share, of, one(|pe| f64::from(pe.activity))),
        both("step energy", Unit::Joules, of, one(|pe| f64::from(pe.energy_uj) * 1e-6)),
        both("units", Unit::Count, of, one(|pe| f64::from(pe.units))),
        both("non-zeros", Unit::Count, of, one(|pe| f64::from(pe.nonzeros))),
    ]
}

fn timeline(of: [&Snapshot; 2]) -> Vec<Figure> {
    let share = |name: &str, read: fn(&PathUses) -> f64| {
        both(name, Unit::Share, of, move |s| s.path_uses.as_ref().map(|(uses, _)| read(uses)))
    };
    vec![
        step_time(of),
        share("load, store", |uses| uses.share(uses.loads_stores)),
        share("arithmetic", |uses| uses.share(uses.arithmetic)),
        share("branches", |uses| uses.share(uses.branches)),
        share("packets", |uses| uses.share(uses.communication())),
        share("DMA", |uses| uses.share(uses.dma)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: [f64; 2], unit: Unit) -> Figure {
        Figure { name: "it".to_owned(), values: values.map(Some), unit }
    }

    #[test]
    fn differences_are_told_in_the_unit_that_fits() {
        assert_eq!(figure([1700.0, 1683.0], Unit::Us).delta(2), "-1.00 %");
        assert_eq!(figure([0.041, 0.0433], Unit::Share).delta(2), "+0.23 pp");
        assert_eq!(figure([0.0, 3.0], Unit::Count).delta(2), "+3");
        assert_eq!(figure([0.0, 3.0], Unit::Joules).delta(2), "from 0");
        assert_eq!(figure([5.0, 5.0], Unit::Plain).delta(2), "=");
        assert_eq!(figure([1.0, 1.000_001], Unit::Plain).delta(2), "+1e-6");
        assert_eq!(figure([1700.0, 1683.0], Unit::Us).delta(1), "-1.0 %");
        assert_eq!(figure([290.2, 366.0], Unit::Us).texts(), "290.2|366.0 µs");
        assert_eq!(figure([900.0, 12_000.0], Unit::Us).texts(), "900.0 µs|12.00 ms");
        assert_eq!(figure([3.0, 1500.0], Unit::Count).texts(), "3|1,500");
        assert_eq!(figure([3.0, 3.0], Unit::Watts).texts(), "3.000 W");
        let one = Figure { values: [Some(1.0), None], ..figure([1.0, 1.0], Unit::Plain) };
        assert_eq!((one.delta(2), one.text(1), one.is_same()), (String::new(), "-".to_owned(), false));
    }
}
