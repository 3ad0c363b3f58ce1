//! Checks that the types cannot express: ranges, exactly-one-of, PEs that exist.

use crate::chip::place::PePlace;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

use super::{Scene, VERSIONS};
use crate::chip::clock::OperatingPoint;
use crate::chip::constants::EXP_ITERATIONS;
use crate::chip::geometry::{ChipId, GRID_HELP, MAX_CHIPS, PE_COUNT, Qpe};
use crate::kernel::options::KernelChoice;
use crate::machine::options::{BoardKind, ChipOptions};
use crate::mapping::options::{LayerMapping, MappingOptions};
use crate::task::Problem;
use crate::task::options::ranges;

fn problem(field: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem::new(field, message, help)
}

/// Returns the first problem of a scene, in the order of the fields; `None` if there is none.
pub(super) fn first_problem(scene: &Scene) -> Option<Problem> {
    version(scene)
        .or_else(|| scene.task.options().check())
        .or_else(|| board(&scene.chip))
        .or_else(|| pe_list(&scene.chip.reserved, "chip.reserved", &scene.chip))
        .or_else(|| pe_list(&scene.chip.broken, "chip.broken", &scene.chip))
        .or_else(|| dvfs(scene))
        .or_else(|| sum_order(scene))
        .or_else(|| mapping(scene))
        .or_else(|| ranges(&scene.mapping.fifo, "mapping.fifo"))
        .or_else(|| batch(scene))
        .or_else(|| ranges(&scene.assume, "assume"))
        .or_else(|| exp_iterations(scene))
        .or_else(|| ranges(&scene.history, "history"))
        .or_else(|| ports(scene))
}

fn version(scene: &Scene) -> Option<Problem> {
    (!VERSIONS.contains(&scene.version))
        .then(|| problem("version", format!("there is no version {}", scene.version), "version: 1"))
}

fn mapping(scene: &Scene) -> Option<Problem> {
    let (mapping, chip) = (&scene.mapping, &scene.chip);
    // Populations of a spiking network are spread by themselves.
    if mapping.layers.is_empty() && !scene.task.options().spreads_itself() {
        let help = "add a line for each layer: (layer: \"rnns.0\", pes: 50),";
        return Some(problem("mapping.layers", "no layer is mapped", help));
    }
    if let Some(found) = ranges(mapping, "mapping") {
        return Some(found);
    }
    let mut names = HashSet::new();
    for (index, layer) in mapping.layers.iter().enumerate() {
        let at = format!("mapping.layers.{index}");
        if !names.insert(layer.layer.as_str()) {
            let message = format!("layer `{}` is mapped twice", layer.layer);
            return Some(problem(format!("{at}.layer"), message, "keep one of the two lines"));
        }
        if let Some(found) = one_layer(layer, &at, chip) {
            return Some(found);
        }
    }
    too_many(mapping, chip)
}

/// Refuses a board without chips, with too many, or with chips that no link reaches.
fn board(chip: &ChipOptions) -> Option<Problem> {
    let (width, height) = chip.board.frame();
    let count = usize::from(width) * usize::from(height);
    if let BoardKind::Chips(..) = chip.board
        && !(1..=MAX_CHIPS).contains(&count)
    {
        let message = format!("the board has {count} chips, and must have 1 to {MAX_CHIPS}");
        return Some(problem("chip.board", message, "Chips(2, 2), or Board48"));
    }
    let places = chip.board.places();
    if let Some(index) = chip.missing.iter().position(|place| *place == (0, 0) || !places.contains(place)) {
        let (x, y) = chip.missing[index];
        let message = match (x, y) {
            (0, 0) => "chip (0,0) has the host's port and cannot be missing".to_owned(),
            _ => format!("the board has no chip ({x},{y})"),
        };
        let help = format!("the board's chips are {}", rows(&places));
        return Some(problem(format!("chip.missing.{index}"), message, help));
    }
    let board = chip.chips();
    let cut_off = ChipId::all(board.chips())
        .find(|&to| to != ChipId::FIRST && board.way(ChipId::FIRST, to).is_empty())?;
    let (x, y) = board.place(cut_off);
    let message = format!("no link leads to chip ({x},{y})");
    Some(problem(
        "chip.missing",
        message,
        "add it to chip.missing, or remove a chip next to it from chip.missing",
    ))
}

/// Lists places (x, y) row by row: `(0,0) to (4,0), (0,1) to (5,1)`.
fn rows(places: &[(u8, u8)]) -> String {
    let ys: BTreeSet<u8> = places.iter().map(|&(_, y)| y).collect();
    let row = |y: &u8| {
        let xs = || places.iter().filter(|(_, at)| at == y).map(|(x, _)| x);
        let (first, last) = (xs().min()?, xs().max()?);
        let to = if first == last { String::new() } else { format!(" to ({last},{y})") };
        Some(format!("({first},{y}){to}"))
    };
    ys.iter().filter_map(row).collect::<Vec<_>>().join(", ")
}

/// Refuses an order of sums where no PE adds synapse rows.
fn sum_order(scene: &Scene) -> Option<Problem> {
    let applies = scene.mapping.order.is_ascending() || scene.task.options().runs_in_ticks();
    (!applies).then(|| {
        let message = "only spiking networks add synapse rows in an order";
        problem("mapping.order", message, "leave mapping.order out")
    })
}

/// Refuses a change of operating points where no PE can change it.
fn dvfs(scene: &Scene) -> Option<Problem> {
    if scene.chip.dvfs.is_off() {
        return None;
    }
    let wrong = |message: &str, help: &str| Some(problem("chip.dvfs", message, help));
    if !scene.task.options().runs_in_ticks() {
        return wrong(
            "only networks that run in ticks change their operating point",
            "leave chip.dvfs out, or choose chip.operating_point for the whole run",
        );
    }
    if scene.chip.operating_point != OperatingPoint::Mhz150 {
        return wrong(
            "chip.dvfs raises PEs from 150 MHz, but chip.operating_point is 300 MHz already",
            "chip.operating_point: Mhz150, or leave chip.dvfs out",
        );
    }
    None
}

/// Refuses fewer iterations of the exp unit, whose error is not published.
fn exp_iterations(scene: &Scene) -> Option<Problem> {
    let (asked, most) = (scene.assume.exp_iterations, *EXP_ITERATIONS.end());
    (u32::from(asked) != most).then(|| {
        let message = format!(
            "results with {asked} iterations of the exp unit cannot be computed: its error with fewer than {most} is not \
             published"
        );
        let help = format!(
            "leave it at {most}, which gives the bits of the C library; `spinntui compare` shows what 1 to {most} mean for the \
             time"
        );
        problem("assume.exp_iterations", message, help)
    })
}

fn batch(scene: &Scene) -> Option<Problem> {
    let samples = scene.mapping.batch;
    if samples > 1 { scene.task.options().check_batch(samples) } else { None }
}

fn one_layer(layer: &LayerMapping, at: &str, chip: &ChipOptions) -> Option<Problem> {
    let given: Vec<&str> = [
        ("pes", layer.pes.is_some()),
        ("units_per_pe", layer.units_per_pe.is_some()),
        ("on", layer.on.is_some()),
    ]
    .iter()
    .filter(|(_, is)| *is)
    .map(|(name, _)| *name)
    .collect();
    if layer.layer.is_empty() {
        return Some(problem(format!("{at}.layer"), "the layer has no name", "layer: \"rnns.0\""));
    }
    match given.as_slice() {
        [_] => {}
        [] => {
            let message = format!("layer `{}` does not say how many PEs it gets", layer.layer);
            return Some(problem(at, message, "add one of pes: 50, units_per_pe: 27, on: [(3,4,2), …]"));
        }
        [first, second, ..] => {
            let message = format!("layer `{}` has both `{first}` and `{second}`", layer.layer);
            let help =
                format!("keep one of the two; on the command line, --set {at}.{first}=None removes one");
            return Some(problem(format!("{at}.{second}"), message, help));
        }
    }
    if let Some(found) = ranges(layer, at).or_else(|| code(layer, at)) {
        return Some(found);
    }
    let on = layer.on.as_deref()?;
    let field = format!("{at}.on");
    if on.is_empty() {
        let message = format!("layer `{}` is on no PE", layer.layer);
        return Some(problem(field, message, "on: [(3,4,2), …], or pes: 50"));
    }
    pe_list(on, &field, chip).or_else(|| {
        let lists = [("broken", &chip.broken), ("reserved", &chip.reserved)];
        let (word, index) = lists
            .iter()
            .find_map(|(word, list)| Some((word, on.iter().position(|place| list.contains(place))?)))?;
        let message = format!("{} is {word}", on.get(index)?.pe()?);
        let help = format!("name another PE, or take it off chip.{word}");
        Some(problem(format!("{field}.{index}"), message, help))
    })
}

/// Refuses machine code whose name does not state layout and arguments.
fn code(layer: &LayerMapping, at: &str) -> Option<Problem> {
    let kernels = [("input", &layer.input), ("recurrent", &layer.recurrent)];
    kernels.into_iter().find_map(|(field, kernel)| {
        let (_, function) = kernel.code()?;
        if KernelChoice::layout_of(function).is_some() {
            return None;
        }
        let message = format!("the name `{function}` does not say which layout and arguments the function takes");
        let help = "let it begin with csr_row, csr_row16, csr_row_skip, csc_event, csc_list, dense, dense_event or int8_csr; \
                    see docs/own-kernels.md";
        Some(problem(format!("{at}.{field}"), message, help))
    })
}

/// Refuses layers whose `pes` add up to more PEs than are neither reserved nor broken.
///
/// Layers with `units_per_pe` are checked later: how many PEs they take depends on the network.
fn too_many(mapping: &MappingOptions, chip: &ChipOptions) -> Option<Problem> {
    let withheld = chip.withheld().len();
    let total = chip.chips().chips() * PE_COUNT;
    let free = total - withheld;
    let mut asked: usize = 0;
    for (index, layer) in mapping.layers.iter().enumerate() {
        let Some(pes) = layer.pes else { continue };
        asked += pes as usize;
        if asked > free {
            let field = format!("mapping.layers.{index}.pes");
            let reserved = chip.reserved.len();
            let less = [(reserved, "reserved"), (withheld - reserved, "broken")];
            let less: Vec<String> =
                less.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
            let less = match less.join(" and ") {
                less if less.is_empty() => less,
                less => format!(" ({total} less {less})"),
            };
            let message = format!("up to here the layers ask for {asked} PEs, and there are {free}{less}");
            let mut help = format!("ask for {} fewer", asked - free);
            let all: usize =
                mapping.layers.iter().filter_map(|layer| layer.pes).map(|pes| pes as usize).sum();
            let named: HashSet<PePlace> =
                mapping.layers.iter().flat_map(|layer| layer.on.iter().flatten().copied()).collect();
            if let Some(least) = chip.least_board(all + named.len()) {
                let _ = write!(help, ", or {}", least.remedy());
            }
            return Some(problem(field, message, help));
        }
    }
    None
}

/// Refuses a list of PEs in which one does not exist, or is named twice.
fn pe_list(places: &[PePlace], field: &str, chip: &ChipOptions) -> Option<Problem> {
    let chips = chip.chips().chips();
    let mut seen = HashSet::new();
    for (index, &place) in places.iter().enumerate() {
        let at = format!("{field}.{index}");
        let Some(pe) = place.pe() else { return Some(no_pe(at, place)) };
        if pe.chip().index() >= chips {
            let message =
                format!("there is no {pe}: the board has {chips} chip{}", if chips == 1 { "" } else { "s" });
            return Some(problem(at, message, "chips are numbered from 0 on; see chip.board"));
        }
        if !seen.insert(place) {
            return Some(problem(at, format!("{pe} is named twice"), "remove one"));
        }
    }
    None
}

fn no_pe(at: String, place: PePlace) -> Problem {
    let help = "x is 1 to 7, y 1 to 6, p 0 to 3; (4,3), (4,4), (7,3) and (7,4) are holes in the grid";
    let why =
        if Qpe::at(place.x, place.y).is_some() { "a QPE has PEs 0 to 3" } else { "no QPE stands there" };
    problem(at, format!("there is no PE {place}: {why}"), help)
}

fn ports(scene: &Scene) -> Option<Problem> {
    let [first, second] = scene.assume.dram_ports;
    let ports = [
        ("assume.host_port", scene.assume.host_port),
        ("assume.dram_ports.0", first),
        ("assume.dram_ports.1", second),
    ];
    let ports = ports.map(|(field, port)| (field.to_owned(), port)).into_iter();
    let router = scene.assume.router_ports.into_iter().enumerate();
    let router = router.map(|(i, port)| (format!("assume.router_ports.{i}"), port));
    ports
        .chain(router)
        .find(|(_, (x, y))| Qpe::at(*x, *y).is_none())
        .map(|(field, (x, y))| problem(field, format!("there is no QPE ({x},{y})"), GRID_HELP))
}
