//! Report of `spinntui check`: the placement of a network on the chip before anything runs.

use serde::Serialize;

use super::board::MappedTraffic;
use super::floor_plan;
use super::gather::weights_bytes;
use super::table::{Table, field, grouped};
use crate::chip::geometry::Pe;
use crate::machine::dram::DramRegion;
use crate::machine::program::{PeProgram, Program, RegionKind};
use crate::machine::sram::{BANK_BYTES, BANKS, SRAM_BYTES};
use crate::mapping::check::{self, LayerBalance, Level, Lint, Subject};
use crate::scene::LoadedScene;
use crate::session::build::{Plan, lints};

/// Column at which values begin.
const INDENT: usize = 9;

/// Placement of a network on the chip. `docs/report.md` describes the fields for users.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// Scene file, as named on the command line.
    pub scene: String,
    /// The scene's title.
    pub title: String,
    /// Edits made to the scene, `path=value`, in order.
    pub set: Vec<String>,
    /// Model, as named in the scene.
    pub model: String,
    /// Always true here: what does not fit has an `error` instead of a map.
    pub fits: bool,
    /// PEs with a program.
    pub pes_used: usize,
    /// PEs without a program, reserved ones included.
    pub pes_unused: usize,
    /// Traffic between chips in a time step.
    pub mapped: MappedTraffic,
    /// Layers, in network order.
    pub layers: Vec<LayerCheck>,
    /// Memory of the fullest PE of each layer; a PE that hosts several is listed once.
    pub maps: Vec<MemoryMap>,
    /// Use of the chip's DRAM.
    pub dram: DramCheck,
    /// Floor plan as text: the layer that each PE works for.
    pub floor_plan: Vec<String>,
    /// Findings, most severe first.
    pub lints: Vec<Lint>,
}

/// Distribution of a layer over its PEs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerCheck {
    /// Balance of the layer's weights over its PEs.
    #[serde(flatten)]
    pub balance: LayerBalance,
    /// Whether its PEs wait for each other before they broadcast.
    pub barrier: bool,
    /// PE cycles from the start of a time step until the layer's slowest PE has read x.
    pub slowest_input_cycles: u64,
    /// PE cycles until the layer's fastest PE could send y.
    pub fastest_output_cycles: u64,
    /// PE cycles by which the layer's PEs may start apart.
    pub skew_cycles: u64,
}

/// A PE's memory map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryMap {
    /// PE as `PE(x,y,p)`.
    pub pe: String,
    /// Layers on the PE.
    pub layers: Vec<String>,
    /// Bytes in use, of 131,072.
    pub used_bytes: u32,
    /// Bytes of weights: values, columns, row pointers.
    pub weights_bytes: u32,
    /// Bytes free in each bank.
    pub bank_free_bytes: [u32; BANKS],
    /// Regions by address, gaps left out.
    pub regions: Vec<MapRegion>,
}

/// Use of the chip's DRAM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DramCheck {
    /// Bytes in use, reserved ones included.
    pub used_bytes: u64,
    /// Bytes of the DRAM.
    pub capacity_bytes: u64,
    /// Ranges in use, by address.
    pub regions: Vec<DramRegion>,
}

/// A region of a memory map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MapRegion {
    /// Address of the first byte.
    pub start: u32,
    /// Byte address after the last byte.
    pub end: u32,
    /// Description of the region.
    pub name: String,
    /// Kind of the bytes.
    pub kind: RegionKind,
}

impl CheckReport {
    /// Creates the report on the plan of a scene.
    pub fn new(loaded: &LoadedScene, plan: &Plan) -> Self {
        let scene = &loaded.scene;
        let program = &*plan.program;
        let subject = Subject {
            network: plan.model.network(),
            program,
            placed: &plan.placed,
            chip: &scene.chip,
            mapping: &scene.mapping,
        };
        Self {
            scene: loaded.path.display().to_string(),
            title: scene.title.clone(),
            set: loaded.edits.iter().map(|(path, value)| format!("{path}={value}")).collect(),
            model: scene.model.clone(),
            fits: true,
            pes_used: program.used_pes(),
            pes_unused: program.pes.len() - program.used_pes(),
            mapped: MappedTraffic::new(program),
            layers: layers(&subject),
            maps: maps(program),
            dram: dram(program),
            floor_plan: floor_plan::draw(program, &scene.chip).lines().map(str::to_owned).collect(),
            lints: lints(scene, &subject, plan.feed.notes(), &plan.model),
        }
    }

    /// Returns `true` if a finding says that results may be wrong.
    pub fn has_errors(&self) -> bool {
        self.lints.iter().any(|lint| lint.level == Level::Error)
    }

    /// Formats the report as text of at most 80 columns.
    pub fn to_text(&self, program: &Program) -> String {
        let mut out = String::new();
        if !self.title.is_empty() {
            field(&mut out, 0, "", &self.title);
        }
        field(&mut out, INDENT, "scene", &self.scene);
        for edit in &self.set {
            field(&mut out, INDENT, "  --set", edit);
        }
        field(&mut out, INDENT, "model", &self.model);
        let total = program.pes.len();
        let fits = format!("fits: {} of {total} PEs in use, {} not", self.pes_used, self.pes_unused);
        field(&mut out, INDENT, "mapping", &fits);
        self.balance_table(&mut out, check::by_slots(program));
        if !check::by_slots(program) {
            self.barrier_table(&mut out);
        }
        self.mapped.write(&mut out);
        out.push('\n');
        for map in &self.maps {
            map.write(&mut out);
        }
        self.dram.write(&mut out);
        out.push_str("Floor plan\n");
        for line in &self.floor_plan {
            out.push_str(line);
            out.push('\n');
        }
        field(&mut out, 0, "", &floor_plan::legend(program));
        out.push('\n');
        for lint in &self.lints {
            let text = format!("{}: {}. Try: {}", lint.place, lint.message, lint.help);
            field(&mut out, INDENT, lint.level.name(), &text);
        }
        out
    }

    fn balance_table(&self, out: &mut String, spiking: bool) {
        out.push_str(if spiking {
            "\nSynapses per PE, by population\n"
        } else {
            "\nNon-zero weights per PE; `contiguous`: the maximum with `balance: Units`\n"
        });
        let mut table =
            Table::new(&["layer", "PEs", "units per PE", "mean", "max", "excess", "contiguous", "fullest"]);
        for layer in &self.layers {
            let balance = &layer.balance;
            let [fewest, most] = balance.units_per_pe;
            table.row(vec![
                balance.layer.clone(),
                balance.pes.to_string(),
                if fewest == most { most.to_string() } else { format!("{fewest}-{most}") },
                format!("{:.1}", balance.nonzeros_mean),
                grouped(balance.nonzeros_max),
                format!("{:.1} %", 100.0 * balance.excess()),
                grouped(balance.nonzeros_max_contiguous),
                balance.fullest.to_string(),
            ]);
        }
        table.write(out);
    }

    fn barrier_table(&self, out: &mut String) {
        out.push_str("\nBarrier, in PE cycles: needed if y may arrive before the slowest PE has read x\n");
        let mut table =
            Table::new(&["layer", "slowest has read x", "start skew", "fastest sends y", "barrier"]);
        for layer in &self.layers {
            table.row(vec![
                layer.balance.layer.clone(),
                grouped(layer.slowest_input_cycles),
                grouped(layer.skew_cycles),
                grouped(layer.fastest_output_cycles),
                if layer.barrier { "yes" } else { "no" }.to_owned(),
            ]);
        }
        table.write(out);
    }
}

fn layers(subject: &Subject<'_>) -> Vec<LayerCheck> {
    if check::by_slots(subject.program) {
        let row = |balance| LayerCheck {
            balance,
            barrier: false,
            slowest_input_cycles: 0,
            fastest_output_cycles: 0,
            skew_cycles: 0,
        };
        return check::program_balance(subject.program).into_iter().map(row).collect();
    }
    let balance = check::balance(subject.network, subject.placed);
    let rows = balance.into_iter().zip(check::barrier_margins(subject));
    rows.enumerate()
        .map(|(k, (balance, margin))| LayerCheck {
            balance,
            barrier: subject.program.has_barrier(k),
            slowest_input_cycles: margin.slowest,
            fastest_output_cycles: margin.fastest,
            skew_cycles: margin.skew,
        })
        .collect()
}

/// Returns the memory map of the PE with most bytes in use of each layer.
fn maps(program: &Program) -> Vec<MemoryMap> {
    let mut shown: Vec<Pe> = Vec::new();
    for layer in &program.populations {
        let fullest = program.fullest_of(layer.pes.iter().copied());
        shown.extend(fullest.map(|(pe, _)| pe).filter(|pe| !shown.contains(pe)));
    }
    shown.into_iter().filter_map(|pe| Some(memory_map(program, pe, program.pe(pe)?))).collect()
}

fn memory_map(program: &Program, pe: Pe, loaded: &PeProgram) -> MemoryMap {
    let names = loaded.populations().filter_map(|slot| program.population(slot.population));
    let region = |r: &crate::machine::program::Region| MapRegion {
        start: r.start,
        end: r.end,
        name: r.name.clone(),
        kind: r.kind,
    };
    MemoryMap {
        pe: pe.to_string(),
        layers: names.map(|layer| layer.name.clone()).collect(),
        used_bytes: loaded.bytes_used(),
        weights_bytes: weights_bytes(loaded),
        bank_free_bytes: loaded.bank_bytes().map(|used| BANK_BYTES.saturating_sub(used)),
        regions: loaded.regions.iter().map(region).collect(),
    }
}

fn dram(program: &Program) -> DramCheck {
    let map = &program.dram_map;
    DramCheck {
        used_bytes: map.used_bytes(),
        capacity_bytes: map.capacity_bytes(),
        regions: map.regions().to_vec(),
    }
}

impl DramCheck {
    fn write(&self, out: &mut String) {
        let (used, all) = (grouped(self.used_bytes), grouped(self.capacity_bytes));
        field(
            out,
            0,
            "",
            &format!("DRAM: {used} of {all} bytes in use, a copy of all rows behind each port"),
        );
        let mut table = Table::new(&["port", "address", "bytes", "what"]).last_left();
        for region in &self.regions {
            table.row(vec![
                region.port.to_string(),
                format!("0x{:08X}-0x{:08X}", region.start, region.end.saturating_sub(1)),
                grouped(region.end - region.start),
                region.name.to_owned(),
            ]);
        }
        table.write(out);
        out.push('\n');
    }
}

/// Shortest gap that is shown: smaller ones come from alignment.
const GAP: u32 = 16;

impl MemoryMap {
    fn write(&self, out: &mut String) {
        let head = format!(
            "{} on {}, its fullest PE: {} of {} bytes, {} of them weights",
            self.layers.join(" and "),
            self.pe,
            grouped(self.used_bytes.into()),
            grouped(SRAM_BYTES.into()),
            grouped(self.weights_bytes.into())
        );
        field(out, 0, "", &head);
        let mut table = Table::new(&["bank", "address", "bytes", "what"]).last_left();
        let mut at = 0;
        for region in &self.regions {
            if region.start >= at + GAP {
                rows(&mut table, at, region.start, "free");
            }
            rows(&mut table, region.start, region.end, &region.name);
            at = region.end;
        }
        if SRAM_BYTES >= at + GAP {
            rows(&mut table, at, SRAM_BYTES, "free");
        }
        table.write(out);
        let free: Vec<String> = self.bank_free_bytes.iter().map(|&b| grouped(b.into())).collect();
        field(out, 0, "", &format!("free in banks 0 to 3: {} bytes", free.join(", ")));
        out.push('\n');
    }
}

/// Adds a row to the table for each bank that a region touches.
fn rows(table: &mut Table, start: u32, end: u32, name: &str) {
    let mut from = start;
    while from < end {
        let bank = from / BANK_BYTES;
        let to = end.min((bank + 1) * BANK_BYTES);
        let name = if from == start { name.to_owned() } else { format!("{name}, continued") };
        table.row(vec![
            bank.to_string(),
            format!("0x{from:05X}-0x{:05X}", to - 1),
            grouped((to - from).into()),
            name,
        ]);
        from = to;
    }
}
