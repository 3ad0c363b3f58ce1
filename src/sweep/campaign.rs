//! Fault campaigns: random faults of a scene's program.

use crate::chip::place::PePlace;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::list::choose;
use super::plan::{Campaign, FaultKind};
use crate::chip::geometry::{ChipId, Pe, QPES};
use crate::machine::fault::{Fault, FaultTime, PlannedFault};
use crate::machine::program::{PeProgram, Program, Region, RegionKind};
use crate::machine::routes::ROUTES;
use crate::machine::sram::SRAM_BYTES;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};

/// Columns of results that describe a fault.
pub const COLUMNS: [&str; 9] = [
    "fault",
    "fault_step",
    "fault_pe",
    "fault_population",
    "fault_region",
    "fault_address",
    "fault_bit",
    "fault_word_bit",
    "fault_link",
];
/// Region of bytes that no array is at.
const FREE: &str = "free";

/// Random fault, with its place in the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Kind that the plan names.
    pub kind: FaultKind,
    /// Fault with its time step.
    pub planned: PlannedFault,
    /// Time step before which the fault is injected, from 0.
    pub step: u64,
    /// PE that the fault is injected into; `None` for a link.
    pub pe: Option<Pe>,
    /// Population or layer of the bytes; of a whole PE, its first; empty for a link.
    pub population: String,
    /// Array of the bytes; empty where the fault is of no byte.
    pub region: String,
}

/// Columns of a fault. Absent values are `null`.
#[derive(Debug, Serialize)]
struct Columns<'a> {
    fault: &'a str,
    fault_step: u64,
    fault_pe: Option<String>,
    fault_population: &'a str,
    fault_region: &'a str,
    fault_address: Option<u32>,
    fault_bit: Option<u8>,
    fault_word_bit: Option<u32>,
    fault_link: Option<String>,
}

impl Drawn {
    /// Returns the list of faults of the edited scene, as RON.
    pub fn edit(&self) -> String {
        format!("[{}]", self.entry())
    }

    /// Returns the entry of a scene's list of faults, as RON.
    pub fn entry(&self) -> String {
        let PlannedFault { fault, .. } = &self.planned;
        let what = match fault {
            Fault::FlipBit { pe, address, bit } => {
                format!("FlipBit(pe: {pe:?}, address: {address}, bit: {bit})")
            }
            Fault::StickBit { pe, address, bit, value } => {
                format!("StickBit(pe: {pe:?}, address: {address}, bit: {bit}, value: {value})")
            }
            Fault::KillPe { pe } => format!("KillPe(pe: {pe:?})"),
            Fault::DropPackets { pe, packets } => format!("DropPackets(pe: {pe:?}, packets: {packets})"),
            Fault::DelayPackets { pe, packets, us } => {
                format!("DelayPackets(pe: {pe:?}, packets: {packets}, us: {us:?})")
            }
            Fault::DivertPackets { pe, packets, address } => {
                format!("DivertPackets(pe: {pe:?}, packets: {packets}, address: {address})")
            }
            Fault::KillLink { from, to } => format!("KillLink(from: {from:?}, to: {to:?})"),
            Fault::KillChipLink { from, to } => format!("KillChipLink(from: {from:?}, to: {to:?})"),
            Fault::KillChip { chip } => format!("KillChip(chip: {chip:?})"),
        };
        format!("(at: Step({}), fault: {what})", self.step)
    }

    /// Returns the values of [`COLUMNS`], by name.
    pub fn columns(&self) -> Map<String, Json> {
        let (address, bit) = match self.planned.fault {
            Fault::FlipBit { address, bit, .. } | Fault::StickBit { address, bit, .. } => {
                (Some(address), Some(bit))
            }
            Fault::DivertPackets { address, .. } => (Some(address), None),
            _ => (None, None),
        };
        let columns = Columns {
            fault: self.kind.name(),
            fault_step: self.step,
            fault_pe: self.pe.map(|pe| pe.to_string()),
            fault_population: &self.population,
            fault_region: &self.region,
            fault_address: address,
            fault_bit: bit,
            // Words are little-endian.
            fault_word_bit: address.zip(bit).map(|(address, bit)| 8 * (address % 4) + u32::from(bit)),
            fault_link: (self.kind == FaultKind::DeadLink).then(|| self.planned.fault.place_name()),
        };
        match serde_json::to_value(columns) {
            Ok(Json::Object(columns)) => columns,
            _ => Map::new(),
        }
    }
}

/// Bytes that a fault may be of.
#[derive(Clone, Debug, PartialEq)]
struct Area {
    pe: Pe,
    start: u32,
    end: u32,
    region: String,
    population: String,
}

/// Bytes and PEs from which faults can be drawn: the arrays of a program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Targets {
    areas: Vec<(RegionKind, bool, Area)>,
    /// PEs with a program, and the name of their first population.
    pes: Vec<(Pe, String)>,
}

impl Targets {
    /// Maps a scene with some edits and lists its arrays; `None` if it does not fit.
    pub fn of_scene(scene: &LoadedScene, edits: &[(String, String)]) -> Option<Self> {
        let loaded = LoadedScene::from_text(&scene.text, &scene.path, edits).ok()?;
        let plan = Plan::new(&loaded, &mut ModelCache::default()).ok()?;
        Some(Self::of(&plan.program))
    }

    /// Lists the arrays of a program.
    pub fn of(program: &Program) -> Self {
        let mut targets = Self::default();
        for pe in Pe::of(ChipId::FIRST) {
            let Some(loaded) = program.pe(pe) else { continue };
            let populations: Vec<&str> = loaded
                .slots
                .iter()
                .filter_map(|slot| program.populations.get(slot.population.index()))
                .map(|population| population.name.as_str())
                .collect();
            let first = populations.first().copied().unwrap_or_default();
            targets.pes.push((pe, first.to_owned()));
            for region in &loaded.regions {
                let population =
                    populations.iter().find(|name| region.name.contains(**name)).unwrap_or(&first);
                let area = Area {
                    pe,
                    start: region.start,
                    end: region.end.min(SRAM_BYTES),
                    region: array_name(&region.name, population),
                    population: (*population).to_owned(),
                };
                targets.areas.push((region.kind, is_table(region), area));
            }
            for (start, end) in gaps(loaded) {
                let area = Area { pe, start, end, region: FREE.to_owned(), population: first.to_owned() };
                targets.areas.push((RegionKind::Stack, true, area));
            }
        }
        targets
    }

    /// Draws fault number `number` of a campaign; `bits` gives random bits by their number.
    ///
    /// Returns `None` if the program has no bytes or PEs of the kind.
    pub fn draw(&self, campaign: &Campaign, number: u64, bits: impl Fn(u64) -> u64) -> Option<Drawn> {
        let kind = *campaign.kinds.get((number % campaign.kinds.len().max(1) as u64) as usize)?;
        let (first, last) = campaign.steps;
        let step = first + choose(bits(0), last - first + 1);
        let (pe, population) = self.pes.get(choose(bits(1), self.pes.len() as u64) as usize)?;
        let place = PePlace::from(*pe);
        let address = 16 * choose(bits(2), u64::from(SRAM_BYTES / 16)) as u32;
        let fault = match kind {
            FaultKind::Lost => Fault::DropPackets { pe: place, packets: 1 },
            FaultKind::Late => Fault::DelayPackets { pe: place, packets: 1, us: campaign.late_us },
            FaultKind::Misdirected => Fault::DivertPackets { pe: place, packets: 1, address },
            FaultKind::Halted => Fault::KillPe { pe: place },
            FaultKind::DeadLink => return Some(dead_link(step, bits(1))),
            _ => return self.flip(kind, step, bits),
        };
        let planned = PlannedFault { at: FaultTime::Step(step), fault };
        let region = String::new();
        Some(Drawn { kind, planned, step, pe: Some(*pe), population: population.clone(), region })
    }

    /// Draws a bit of all bytes of a kind, each equally likely.
    fn flip(&self, kind: FaultKind, step: u64, bits: impl Fn(u64) -> u64) -> Option<Drawn> {
        let areas =
            || self.areas.iter().filter(|(of, table, _)| is_of(kind, *of, *table)).map(|(.., area)| area);
        let bytes: u64 = areas().map(|area| u64::from(area.end - area.start)).sum();
        if bytes == 0 {
            return None;
        }
        let mut byte = choose(bits(1), bytes);
        let bit = choose(bits(2), 8) as u8;
        for area in areas() {
            let length = u64::from(area.end - area.start);
            if byte < length {
                let fault = Fault::FlipBit { pe: area.pe.into(), address: area.start + byte as u32, bit };
                return Some(Drawn {
                    kind,
                    planned: PlannedFault { at: FaultTime::Step(step), fault },
                    step,
                    pe: Some(area.pe),
                    population: area.population.clone(),
                    region: area.region.clone(),
                });
            }
            byte -= length;
        }
        None
    }
}

/// Draws one of the links of the mesh, each direction equally likely.
fn dead_link(step: u64, bits: u64) -> Drawn {
    let links = ROUTES.links();
    let link = links[choose(bits, links.len() as u64) as usize];
    let end = |qpe: u8| (QPES[usize::from(qpe)].x, QPES[usize::from(qpe)].y);
    let fault = Fault::KillLink { from: end(link.from), to: end(link.to) };
    let planned = PlannedFault { at: FaultTime::Step(step), fault };
    let (population, region) = (String::new(), String::new());
    Drawn { kind: FaultKind::DeadLink, planned, step, pe: None, population, region }
}

/// Returns whether bytes are among those of a kind of fault. `table`: beside the weights'
/// values, or free.
fn is_of(kind: FaultKind, of: RegionKind, table: bool) -> bool {
    match kind {
        FaultKind::Weights => of == RegionKind::Weights && !table,
        FaultKind::Pointers => of == RegionKind::Weights && table,
        FaultKind::State => of == RegionKind::State,
        FaultKind::Buffers => of == RegionKind::Buffer,
        FaultKind::Program => of == RegionKind::Program,
        FaultKind::Anywhere => true,
        FaultKind::Lost
        | FaultKind::Late
        | FaultKind::Misdirected
        | FaultKind::Halted
        | FaultKind::DeadLink => false,
    }
}

/// Returns whether an array of weights holds indices or pointers, and no values.
fn is_table(region: &Region) -> bool {
    region.kind == RegionKind::Weights && !region.name.contains("values") && !region.name.contains("weights")
}

/// Returns the name of an array without that of its population.
fn array_name(region: &str, population: &str) -> String {
    let name = region.replace(population, " ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the ranges of a PE's SRAM that no region covers.
fn gaps(loaded: &PeProgram) -> Vec<(u32, u32)> {
    let mut gaps = Vec::new();
    let mut end = 0;
    for region in &loaded.regions {
        if region.start > end {
            gaps.push((end, region.start));
        }
        end = end.max(region.end);
    }
    if end < SRAM_BYTES {
        gaps.push((end, SRAM_BYTES));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::net::random::Random;

    const KINDS: [FaultKind; 11] = [
        FaultKind::Weights,
        FaultKind::Pointers,
        FaultKind::State,
        FaultKind::Buffers,
        FaultKind::Program,
        FaultKind::Anywhere,
        FaultKind::Lost,
        FaultKind::Late,
        FaultKind::Misdirected,
        FaultKind::Halted,
        FaultKind::DeadLink,
    ];

    #[test]
    fn faults_are_of_the_kinds_and_scenes_take_them() {
        let scene = LoadedScene::load(Path::new("scenes/lm_small.ron"), &[]).unwrap();
        let plan = Plan::new(&scene, &mut ModelCache::default()).unwrap();
        let targets = Targets::of(&plan.program);
        let campaign = Campaign { faults: 1, kinds: KINDS.to_vec(), steps: (2, 5), late_us: 3.0 };
        let mut seen: BTreeMap<FaultKind, Vec<String>> = BTreeMap::new();
        for number in 0..440_u64 {
            let random = |draw: u64| Random::new(number * 1000 + draw).bits();
            let drawn = targets.draw(&campaign, number, random).unwrap();
            assert_eq!(drawn.kind, KINDS[number as usize % KINDS.len()]);
            assert!((2..=5).contains(&drawn.step));
            drawn.planned.check(&plan.program).unwrap();
            let edit = [("faults".to_owned(), drawn.edit())];
            let loaded = LoadedScene::from_text(&scene.text, &scene.path, &edit).unwrap();
            assert_eq!(loaded.scene.faults, [drawn.planned]);
            let columns = drawn.columns();
            assert_eq!(columns.keys().collect::<Vec<_>>(), COLUMNS);
            if let Fault::FlipBit { address, .. } = drawn.planned.fault {
                let region = plan.program.pe(drawn.pe.unwrap()).unwrap().regions.iter();
                let region = region.clone().find(|region| (region.start..region.end).contains(&address));
                let name =
                    region.map_or(FREE.to_owned(), |region| array_name(&region.name, &drawn.population));
                assert_eq!(drawn.region, name);
            }
            seen.entry(drawn.kind).or_default().push(drawn.region);
        }
        for (kind, region) in [
            (FaultKind::Weights, "W values"),
            (FaultKind::Pointers, "R columns"),
            (FaultKind::State, "bias"),
            (FaultKind::Program, "program"),
            (FaultKind::Lost, ""),
            (FaultKind::DeadLink, ""),
        ] {
            assert!(seen[&kind].iter().any(|seen| seen == region), "{kind:?}: {:?}", seen[&kind]);
        }
        assert!(seen[&FaultKind::Weights].iter().all(|region| region.ends_with("values")));
    }

    #[test]
    fn every_byte_of_a_pe_is_in_one_area() {
        let scene = LoadedScene::load(Path::new("scenes/lm_small.ron"), &[]).unwrap();
        let targets = Targets::of_scene(&scene, &[]).unwrap();
        let mut bytes: BTreeMap<Pe, u32> = BTreeMap::new();
        for (.., area) in &targets.areas {
            *bytes.entry(area.pe).or_default() += area.end - area.start;
        }
        assert_eq!(bytes.len(), 30);
        assert!(bytes.values().all(|&bytes| bytes == SRAM_BYTES), "{bytes:?}");
        assert_eq!(Targets::of_scene(&scene, &[("mapping.layers.0.pes".to_owned(), "0".to_owned())]), None);
    }
}
