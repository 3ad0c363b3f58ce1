//! Findings about a mapping that fits: how even it is, and what to look at.

use serde::{Deserialize, Serialize, Serializer};

use super::build::{Placed, copies, credits_needed, unit_weights};
use super::delivery::DeliveryPlan;
use super::egru::EgruProgram;
use super::egru::barrier::{BarrierMargin, Timing, margins};
use super::egru::head::HeadError;
use super::error::MapError;
use super::options::{Balance, Barrier, MappingOptions};
use super::partition::{assign, loads};
use crate::chip::geometry::Pe;
use crate::machine::legend::PopulationId;
use crate::machine::options::{Assume, ChipOptions};
use crate::machine::program::{PeProgram, Population, Program};
use crate::machine::sram::{BANK_BYTES, SRAM_BYTES};
use crate::net::{Egru, EgruLayer};

/// A PE or bank that is fuller than this is pointed out.
pub const FULL: f64 = 0.97;
/// A layer whose fullest PE is further above the mean than this is pointed out.
pub const UNEVEN: f64 = 0.10;

/// Mapping under check, with what it was made from.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Network that is mapped.
    pub network: &'a Egru,
    /// Program that the chip is loaded with.
    pub program: &'a Program,
    /// PEs and units of each layer.
    pub placed: &'a [Placed],
    /// Options of the chip, `chip` of a scene.
    pub chip: &'a ChipOptions,
    /// Mapping options of the scene.
    pub mapping: &'a MappingOptions,
}

/// Balance of a layer's weights over its PEs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerBalance {
    /// The layer's name.
    pub layer: String,
    /// Number of PEs of the layer.
    pub pes: usize,
    /// Fewest and most units on a PE.
    pub units_per_pe: [usize; 2],
    /// Non-zero weights of W and R on a PE, mean.
    pub nonzeros_mean: f64,
    /// Stored weights on the fullest PE.
    pub nonzeros_max: u64,
    /// Stored weights on the fullest PE with contiguous ranges of units (`balance: Units`).
    pub nonzeros_max_contiguous: u64,
    /// The fullest PE; the first of several.
    #[serde(serialize_with = "by_name")]
    pub fullest: Pe,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn by_name<S: Serializer>(pe: &Pe, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(pe)
}

impl LayerBalance {
    /// Returns how far the fullest PE is above the mean: 0 is even, 0.1 is 10 % more.
    pub fn excess(&self) -> f64 {
        if self.nonzeros_mean > 0.0 { self.nonzeros_max as f64 / self.nonzeros_mean - 1.0 } else { 0.0 }
    }
}

/// Returns the balance of each layer.
pub fn balance(network: &Egru, placed: &[Placed]) -> Vec<LayerBalance> {
    network.layers.iter().zip(placed).filter_map(|(layer, placed)| balance_of(layer, placed)).collect()
}

/// Returns whether only a program's slots know its weights: of every network but an EGRU's.
pub fn by_slots(program: &Program) -> bool {
    EgruProgram::of(program).is_none()
}

/// Returns the weights on each PE of every population, as stated by its slots.
pub fn program_balance(program: &Program) -> Vec<LayerBalance> {
    let balance = |(k, population): (usize, &Population)| {
        let slots = || {
            population
                .pes
                .iter()
                .filter_map(|&pe| Some((pe, program.pe(pe)?.slot_of(PopulationId::at(k))?.1)))
        };
        let loads = || slots().map(|(_, slot)| u64::from(slot.detail.weights()));
        let units = || slots().map(|(_, slot)| slot.units.len());
        let most = loads().max()?;
        let fullest = slots().find(|(_, slot)| u64::from(slot.detail.weights()) == most)?.0;
        Some(LayerBalance {
            layer: population.name.clone(),
            pes: population.pes.len(),
            units_per_pe: [units().min()?, units().max()?],
            nonzeros_mean: loads().sum::<u64>() as f64 / population.pes.len().max(1) as f64,
            nonzeros_max: most,
            nonzeros_max_contiguous: most,
            fullest,
        })
    };
    program.populations.iter().enumerate().filter_map(balance).collect()
}

fn balance_of(layer: &EgruLayer, placed: &Placed) -> Option<LayerBalance> {
    let (input, recurrent) = unit_weights(layer);
    let weight: Vec<u32> = input.iter().zip(&recurrent).map(|(w, r)| w + r).collect();
    let loads_here = loads(&placed.assignment, &weight);
    let contiguous = loads(&assign(&weight, placed.pes.len(), Balance::Units), &weight);
    let (&most, &fullest) = loads_here.iter().zip(&placed.pes).rev().max_by_key(|&(load, _)| load)?;
    let units = || placed.assignment.iter().map(Vec::len);
    Some(LayerBalance {
        layer: layer.name.clone(),
        pes: placed.pes.len(),
        units_per_pe: [units().min()?, units().max()?],
        nonzeros_mean: loads_here.iter().sum::<u64>() as f64 / loads_here.len() as f64,
        nonzeros_max: most,
        nonzeros_max_contiguous: contiguous.into_iter().max()?,
        fullest,
    })
}

/// Returns the margin of each layer's fastest PE behind its slowest, from which the mapper decides
/// on a barrier.
pub fn barrier_margins(subject: &Subject<'_>) -> Vec<BarrierMargin> {
    let timing = Timing {
        costs: &subject.program.costs,
        width: subject.program.dram.width(),
        point: subject.program.operating_point,
        overlap_recurrent: subject.mapping.overlap_recurrent,
        mapping: subject.mapping,
        copies: copies(subject.mapping),
        restart: EgruProgram::of(subject.program).and_then(|egru| egru.restart),
        fed_by: EgruProgram::fed_by(subject.program),
    };
    margins(subject.network, &DeliveryPlan::new(subject.mapping, subject.placed), &timing)
}

/// Importance of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Information that needs no action.
    Note,
    /// May surprise, or cost time.
    Warning,
    /// Results may be wrong.
    Error,
}

impl Level {
    /// Returns the level as a word in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Finding of a check: level, rule, place, and remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// Importance of the finding.
    pub level: Level,
    /// Name of the rule that found it, the same in every version.
    pub rule: &'static str,
    /// Layer, PE or field that the finding is about.
    pub place: String,
    /// Description of the finding.
    pub message: String,
    /// Change that may help.
    pub help: String,
}

/// Returns all findings, most severe first, otherwise in network order.
pub fn lints(subject: &Subject<'_>) -> Vec<Lint> {
    let mut lints = Vec::new();
    barriers(subject, &mut lints);
    full(subject.program, &mut lints);
    uneven(subject, &mut lints);
    unused(subject, &mut lints);
    ports(&subject.program.assume, &mut lints);
    lints.sort_by_key(|lint| std::cmp::Reverse(lint.level));
    lints
}

/// Returns `true` if an error means that a valid scene asks for more than the chip has.
pub fn is_misfit(error: &MapError) -> bool {
    matches!(
        error,
        MapError::DoesNotFit { .. }
            | MapError::Dram(_)
            | MapError::TooManyPes { .. }
            | MapError::MorePesThanUnits { .. }
            | MapError::Head(HeadError::DoesNotFit { .. } | HeadError::Pes { .. })
    )
}

fn barriers(subject: &Subject<'_>, lints: &mut Vec<Lint>) {
    let layers = subject.program.populations.len();
    if subject.mapping.barrier == Barrier::Never && credits_needed(subject.mapping, layers) {
        lints.push(Lint {
            level: Level::Error,
            rule: "credits-missing",
            place: "mapping.barrier".into(),
            message: "x of a later time step may overwrite y before it is read: layers of the pipeline do not wait until \
                      the next one has room"
                .into(),
            help: "set `mapping.barrier` to Auto".into(),
        });
    }
    for (k, (layer, margin)) in subject.program.populations.iter().zip(barrier_margins(subject)).enumerate() {
        if !margin.needed() {
            continue;
        }
        let place = layer.name.clone();
        let mut why = format!(
            "its fastest PE may send y {} cycles after the start of a step; its slowest PE may still read x, \
             which y overwrites, until cycle {} ({} of these cycles because PEs start late)",
            margin.fastest,
            margin.slowest + margin.skew,
            margin.skew,
        );
        let (later, remedy) = if margin.abroad {
            (", or later, since values from other chips wait for links", "with its inputs on its own chip")
        } else if margin.crowded {
            (", or later, since its PEs also work for other layers or samples", "on PEs of its own")
        } else {
            ("", "with more evenly spread weights")
        };
        why += later;
        if subject.program.has_barrier(k) {
            lints.push(Lint {
                level: Level::Note,
                rule: "barrier",
                place,
                message: format!("the layer waits at a barrier: {why}"),
                help: match subject.mapping.barrier {
                    Barrier::Always => "`mapping.barrier` is Always: Auto would add it here too".into(),
                    _ => format!("{remedy} the layer may need no barrier"),
                },
            });
        } else if subject.mapping.barrier == Barrier::Never {
            lints.push(Lint {
                level: Level::Error,
                rule: "barrier-missing",
                place,
                message: format!("y may overwrite x before it is read: {why}"),
                help: format!("set `mapping.barrier` to Auto; {remedy} the layer may need no barrier"),
            });
        }
    }
}

/// Reports the fullest PE if it or one of its banks is fuller than [`FULL`], and no other PE: 150
/// equal PEs make one finding.
fn full(program: &Program, lints: &mut Vec<Lint>) {
    let Some((pe, loaded)) = program.fullest_pe() else { return };
    let (place, used) = (pe.to_string(), loaded.bytes_used());
    let help = format!("for more room, give {} more PEs", hosted(program, loaded));
    let is_full = |used: u32, of: u32| f64::from(used) > FULL * f64::from(of);
    let banks = loaded.bank_bytes();
    let full: Vec<String> =
        (0..banks.len()).filter(|&b| is_full(banks[b], BANK_BYTES)).map(|b| b.to_string()).collect();
    let free = SRAM_BYTES.saturating_sub(used);
    if is_full(used, SRAM_BYTES) {
        let share = 100.0 * f64::from(used) / f64::from(SRAM_BYTES);
        let message = format!(
            "the fullest PE has {share:.1} % of its SRAM in use: {free} of {SRAM_BYTES} bytes are free"
        );
        lints.push(Lint { level: Level::Warning, rule: "pe-full", place, message, help });
    } else if !full.is_empty() {
        let (percent, banks) = (100.0 * FULL, full.join(", "));
        let noun = if full.len() == 1 { "bank" } else { "banks" };
        let message = format!(
            "the fullest PE has more than {percent:.0} % of {noun} {banks} in use; {free} of {SRAM_BYTES} bytes \
             are free in all"
        );
        lints.push(Lint { level: Level::Note, rule: "bank-full", place, message, help });
    }
}

/// Returns the names of a PE's layers, joined by "or".
fn hosted(program: &Program, loaded: &PeProgram) -> String {
    let names: Vec<&str> = loaded
        .populations()
        .filter_map(|slot| program.population(slot.population))
        .map(|l| l.name.as_str())
        .collect();
    names.join(" or ")
}

fn uneven(subject: &Subject<'_>, lints: &mut Vec<Lint>) {
    for balance in balance(subject.network, subject.placed) {
        let excess = balance.excess();
        if excess <= UNEVEN {
            continue;
        }
        let [fewest, most] = balance.units_per_pe;
        let help = if subject.mapping.balance == Balance::Units {
            "`mapping.balance: NonZeros` spreads the units by their weights".to_owned()
        } else if most > fewest {
            format!(
                "units do not divide evenly: PEs have {fewest} or {most}; try a number of PEs that divides them"
            )
        } else {
            "fewer PEs, with more units each, come out more even".to_owned()
        };
        lints.push(Lint {
            level: Level::Warning,
            rule: "uneven",
            place: balance.layer.clone(),
            message: format!(
                "{} has {:.0} % more non-zeros than the mean of the layer ({} and {:.0}): the others wait for it",
                balance.fullest,
                100.0 * excess,
                balance.nonzeros_max,
                balance.nonzeros_mean
            ),
            help,
        });
    }
}

fn unused(subject: &Subject<'_>, lints: &mut Vec<Lint>) {
    let used = subject.program.used_pes();
    let reserved = subject.chip.reserved.len();
    let total = subject.program.pes.len();
    let idle = total.saturating_sub(used + reserved);
    if idle > 0 {
        lints.push(Lint {
            level: Level::Note,
            rule: "unused-pes",
            place: "mapping.layers".into(),
            message: format!("{idle} of {total} PEs have nothing to do; they sleep, and draw idle power"),
            help: "give layers more PEs: less work for each, and less time a step".into(),
        });
    }
}

fn ports(assume: &Assume, lints: &mut Vec<Lint>) {
    let (x, y) = assume.host_port;
    let [(x0, y0), (x1, y1)] = assume.dram_ports;
    lints.push(Lint {
        level: Level::Note,
        rule: "ports-assumed",
        place: "assume".into(),
        message: format!(
            "where host and DRAM meet the mesh is not published; taken as QPE({x},{y}) for the host and QPE({x0},{y0}), \
             QPE({x1},{y1}) for DRAM"
        ),
        help: "`assume.host_port` and `assume.dram_ports` move them".into(),
    });
}
