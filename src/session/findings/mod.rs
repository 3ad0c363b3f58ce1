//! Findings about an experiment as it runs: each has a description, a place, and a remedy.
//!
//! [`crate::mapping::check`] looks at a mapping before anything runs; these rules look at what the
//! chip has done since.

mod causes;
mod ticks;

use serde::{Deserialize, Serialize};

use super::Session;
use super::build::{input_lints, model_notes, pipeline_idle};
use super::stats::{HISTORY, WINDOW};
use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::machine::broadcast::options::{OnFull, Payload};
use crate::machine::probe::link_load;
use crate::machine::routes::ROUTES;
use crate::machine::sram::{BANK_BYTES, SRAM_BYTES};
use crate::mapping::check::{FULL, Level, UNEVEN};
use crate::mapping::options::{Balance, Barrier, MappingOptions, Placement, Schedule};
use crate::text::several;

/// A link that is busy for a larger share of a time step is hot.
const HOT: f64 = 0.5;
/// A FIFO that has been fuller is about to overflow.
const FIFO_FULL: f64 = 0.9;
/// A PE that works for a smaller share of a time step is idle.
const IDLE: f64 = 0.1;
/// A layer in which more units have been silent for [`HISTORY`] steps has dead units.
const DEAD: f64 = 0.1;
/// A layer of which a larger share of the gates is saturated is pointed out.
const SATURATED: f64 = 0.5;
/// Factor on the activity, up or down, from which a layer counts as drifting.
const DRIFT: f64 = 2.0;

/// Something to point out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Importance of the finding.
    pub level: Level,
    /// Name of the rule that found it, the same in every version.
    pub rule: String,
    /// Layer, PE, link or field that the finding is about.
    pub place: String,
    /// PE to look at; `None` if the finding is of the whole chip, a layer or a link.
    pub pe: Option<Pe>,
    /// Description of the finding.
    pub what: String,
    /// Remedy, or the next place to look at.
    pub help: String,
    /// Whether it is a consequence of the faults listed before it.
    pub follows: bool,
}

impl Finding {
    fn new(level: Level, rule: &str, place: impl Into<String>, what: String, help: &str) -> Self {
        Self {
            level,
            rule: rule.to_owned(),
            place: place.into(),
            pe: None,
            what,
            help: help.to_owned(),
            follows: false,
        }
    }

    fn at(mut self, pe: Pe) -> Self {
        self.pe = Some(pe);
        self
    }

    fn consequence(mut self) -> Self {
        self.follows = true;
        self
    }
}

/// Returns the findings: injected faults with their consequences, then the most severe first.
pub fn findings(session: &Session) -> Vec<Finding> {
    let mut injected = causes::injected(session);
    let mut found = causes::not_injected(session, &injected);
    ticks::ticks(session, &mut found);
    overflows(session, &mut found);
    sums(session, &mut found);
    divisions(session, &mut found);
    barriers(session, &mut found);
    inputs(session, &mut found);
    memory(session, &mut found);
    if session.steps() > 0 {
        imbalance(session, &mut found);
        idle(session, &mut found);
        hot_links(session, &mut found);
        silence(session, &mut found);
        gates(session, &mut found);
        drift(session, &mut found);
    }
    found.append(&mut injected.without_effect);
    found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    injected.faults.append(&mut injected.consequences);
    injected.faults.append(&mut found);
    injected.faults
}

fn mapping(session: &Session) -> &MappingOptions {
    &session.loaded.scene.mapping
}

/// Adds the findings about scene, inputs and model that are known before anything runs.
fn inputs(session: &Session, found: &mut Vec<Finding>) {
    let lints = input_lints(session.work().notes())
        .chain(pipeline_idle(&session.loaded.scene).filter(|_| !session.program().is_timed()))
        .chain(model_notes(session.model()));
    found.extend(lints.map(|lint| Finding::new(lint.level, lint.rule, lint.place, lint.message, &lint.help)));
}

fn overflows(session: &Session, found: &mut Vec<Finding>) {
    let help = match mapping(session).fifo.on_full {
        OnFull::Stall => "a larger mapping.fifo.bytes: packets then wait less",
        _ => "a larger mapping.fifo.bytes, or on_full: Stall",
    };
    let risk = if mapping(session).fifo.on_full == OnFull::Stall { "wait" } else { "be lost" };
    for (pe, state) in session.program().places().zip(&session.machine().state().pes) {
        let fifo = &state.fifo;
        if fifo.capacity == 0 {
            continue;
        }
        let lost = fifo.count.dropped + fifo.count.overwritten;
        let share = f64::from(fifo.count.high_water) / f64::from(fifo.capacity);
        let (level, what) = match (lost, share) {
            (1.., _) => {
                (Level::Error, format!("its FIFO has lost {lost} packets: what it computes is wrong"))
            }
            (_, FIFO_FULL..) => {
                (Level::Warning, format!("its FIFO was {:.0} % full: packets may soon {risk}", share * 100.0))
            }
            _ => continue,
        };
        found.push(Finding::new(level, "overflow", pe.to_string(), what, help).at(pe));
    }
}

/// Adds findings about PEs whose MAC array had sums of more bits than it keeps.
fn sums(session: &Session, found: &mut Vec<Finding>) {
    for (pe, state) in session.program().places().zip(&session.machine().state().pes) {
        let lost @ 1.. = state.count.mac.overflows else { continue };
        let what = format!(
            "{} of its MAC array needed more than 24 bits: what it computes is wrong",
            several(lost, "sum")
        );
        let help =
            "a kernel that computes in singles, or smaller weights: 520 products of 127 · 127 always fit";
        found.push(Finding::new(Level::Error, "mac-overflow", pe.to_string(), what, help).at(pe));
    }
}

/// Adds findings about PEs whose machine code divided integers by 0, which the core answers with 0.
fn divisions(session: &Session, found: &mut Vec<Finding>) {
    for (pe, state) in session.program().places().zip(&session.machine().state().pes) {
        let count @ 1.. = state.count.untrapped.divided_by_zero else { continue };
        let what = format!(
            "its machine code divided by zero {}; the core's quotient is then 0",
            several(count, "time")
        );
        let help = "assume.traps: true stops at the first one, with its source line";
        found.push(Finding::new(Level::Warning, "division-by-zero", pe.to_string(), what, help).at(pe));
    }
}

fn barriers(session: &Session, found: &mut Vec<Finding>) {
    let layers = session.program().populations.iter().enumerate();
    for (_, layer) in layers.filter(|(k, _)| session.program().has_barrier(*k)) {
        let what = "its PEs wait for each other before they broadcast, since the fastest could overwrite x while the \
                    slowest reads it";
        let help = match (mapping(session).barrier, mapping(session).balance) {
            (Barrier::Always, _) => "barrier: Auto leaves it out where no PE could be that fast",
            (_, Balance::Units) => "balance: NonZeros makes them equally fast, and the barrier unnecessary",
            (_, Balance::NonZeros) if mapping(session).batch > 1 => {
                "a batch always needs it: batch: 1 does not"
            }
            (_, Balance::NonZeros) => "weights spread more evenly: a number of PEs that divides the units",
        };
        found.push(Finding::new(Level::Note, "barrier", layer.name.clone(), what.to_owned(), help));
    }
}

/// Adds a finding about the fullest PE if nearly all of its SRAM is taken.
fn memory(session: &Session, found: &mut Vec<Finding>) {
    let Some((pe, loaded)) = session.program().fullest_pe() else { return };
    let (bytes, banks) = (loaded.bytes_used(), loaded.bank_bytes());
    let whole = banks.iter().filter(|&&bytes| f64::from(bytes) > FULL * f64::from(BANK_BYTES)).count();
    if f64::from(bytes) > FULL * f64::from(SRAM_BYTES) {
        let what =
            format!("the fullest PE: {bytes} of {SRAM_BYTES} bytes in use, {whole} of 4 banks nearly full");
        let smaller =
            mapping(session).layers.iter().flat_map(|layer| [layer.input.kind(), layer.recurrent.kind()]);
        let help = if smaller.into_iter().all(|kernel| !kernel.is_exact()) {
            "more PEs for its layer"
        } else {
            "more PEs for its layer, or a kernel that needs less for the same weights: CsrRow16, Int8Csr, Int8Mac"
        };
        found.push(Finding::new(Level::Note, "almost-full", pe.to_string(), what, help).at(pe));
    }
}

/// Adds findings about layers whose busiest PE is far above the mean.
fn imbalance(session: &Session, found: &mut Vec<Finding>) {
    let state = session.machine().state();
    for layer in &session.program().populations {
        let busy = |pe: &Pe| state.pes[pe.index()].count.busy_last_step;
        let Some(slowest) = layer.pes.iter().rev().max_by_key(|pe| busy(pe)) else { continue };
        let mean = layer.pes.iter().map(busy).sum::<u64>() as f64 / layer.pes.len() as f64;
        let excess = busy(slowest) as f64 / mean.max(1.0) - 1.0;
        if layer.pes.len() > 1 && excess > UNEVEN {
            let what = format!(
                "{slowest} works {:.1} µs a step, {:.0} % more than the mean of its layer: the others wait for it",
                us(busy(slowest)),
                excess * 100.0
            );
            let help = match mapping(session).balance {
                Balance::Units => {
                    "balance: NonZeros gives every PE as many weights; then more PEs for this layer"
                }
                Balance::NonZeros => "more PEs for this layer, or a number of PEs that divides its units",
            };
            found
                .push(Finding::new(Level::Warning, "imbalance", layer.name.clone(), what, help).at(*slowest));
        }
    }
}

/// Adds findings about layers with PEs that work for less than [`IDLE`] of a time step.
fn idle(session: &Session, found: &mut Vec<Finding>) {
    let state = session.machine().state();
    let step = state.host.last_step_ticks.max(1) as f64;
    for layer in &session.program().populations {
        let share = |pe: &Pe| state.pes[pe.index()].count.busy_last_step as f64 / step;
        let idle: Vec<&Pe> = layer.pes.iter().filter(|pe| share(pe) < IDLE).collect();
        let Some(&&first) = idle.first() else { continue };
        let what = format!(
            "{} of its {} PEs work less than {:.0} % of a step ({first}: {:.1} %)",
            idle.len(),
            layer.pes.len(),
            IDLE * 100.0,
            share(&first) * 100.0
        );
        let help = match mapping(session).schedule {
            Schedule::Pipelined => "fewer PEs for this layer and more for the one that takes longest",
            Schedule::LayerSequential => {
                "fewer PEs for this layer and more for the one that takes longest, or schedule: Pipelined"
            }
        };
        found.push(Finding::new(Level::Note, "idle", layer.name.clone(), what, help).at(first));
    }
}

fn hot_links(session: &Session, found: &mut Vec<Finding>) {
    let state = session.machine().state();
    let links = state.noc.links.iter().enumerate();
    let Some((number, most)) = links.max_by_key(|(_, link)| link.last_step_packets) else { return };
    let load = link_load(most.last_step_packets.into(), state.host.last_step_ticks);
    if load > HOT {
        let (from, to) = ROUTES.ends(number);
        let place = format!("{from} to {to}");
        let what = format!("this link is busy {:.0} % of a step", load * 100.0);
        let help = match (mapping(session).placement, mapping(session).payload) {
            (Placement::Clustered, Payload::Events) => "fewer PEs for the layers that send over it",
            (Placement::Clustered, Payload::Dense) => "payload: Events sends fewer packets",
            (_, Payload::Events) => "placement: Clustered keeps layers together",
            (_, Payload::Dense) => {
                "placement: Clustered keeps layers together; payload: Events sends fewer packets"
            }
        };
        found.push(Finding::new(Level::Warning, "hot-link", place, what, help));
    }
}

/// Adds findings about layers with more than [`DEAD`] of the units silent for [`HISTORY`] steps.
fn silence(session: &Session, found: &mut Vec<Finding>) {
    if session.steps() < HISTORY as u64 {
        return;
    }
    for (k, layer) in session.program().populations.iter().enumerate() {
        let units = layer.unit_word.len().max(1);
        let dead = session.stats().silent(k, HISTORY as u32);
        if dead as f64 > DEAD * units as f64 {
            let what = format!("{dead} of {units} units have sent nothing for {HISTORY} steps or more");
            let help =
                "units that never send can be pruned: their columns cost time and memory in the next layer";
            found.push(Finding::new(Level::Note, "dead-units", layer.name.clone(), what, help));
        }
    }
}

fn gates(session: &Session, found: &mut Vec<Finding>) {
    for (layer, shares) in session.program().populations.iter().zip(session.stats().saturated()) {
        for (gate, share) in ["z", "r"].into_iter().zip(shares) {
            if *share > SATURATED {
                let what = format!("{:.0} % of its {gate} gates are below 0.01 or above 0.99", share * 100.0);
                let help =
                    "such units keep or forget everything: with 8-bit weights look at `spinntui quantize`";
                found.push(Finding::new(Level::Note, "saturated-gates", layer.name.clone(), what, help));
            }
        }
    }
}

/// Adds findings about layers whose activity has changed a lot.
fn drift(session: &Session, found: &mut Vec<Finding>) {
    for (layer, history) in session.program().populations.iter().zip(&session.stats().layer_history) {
        if history.len() < HISTORY {
            continue;
        }
        let mean = |from: usize| {
            history.iter().skip(from).take(WINDOW).map(|&activity| f64::from(activity)).sum::<f64>()
                / WINDOW as f64
        };
        let (before, now) = (mean(0), mean(HISTORY - WINDOW));
        if before > 0.0 && (now > DRIFT * before || now * DRIFT < before) {
            let what = format!(
                "activity has gone from {:.1} to {:.1} % of its units within {HISTORY} steps",
                before * 100.0,
                now * 100.0
            );
            let help =
                "another kind of input, or something is wrong with the state: look at the PE's neurons";
            found.push(Finding::new(Level::Warning, "drift", layer.name.clone(), what, help));
        }
    }
}
