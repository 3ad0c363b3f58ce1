//! Random cases of a soak test: a scene with edits, faults, and moves to make in it.

use crate::chip::place::PePlace;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::chip::geometry::{PE_COUNT, Pe};
use crate::machine::program::Program;
use crate::net::random::Random;
use crate::scene::{LoadedScene, SceneError, find};
use crate::session::command::StepUnit;
use crate::sweep::campaign::Targets;
use crate::sweep::list::{bits, choose};
use crate::sweep::plan::{Campaign, FaultKind};

/// Scenes from which cases are made, if they exist.
pub const SCENES: [&str; 6] = [
    "scenes/lm_small.ron",
    "scenes/single_pe.ron",
    "scenes/tensor.ron",
    "scenes/nir.ron",
    "scenes/dnf.ron",
    "scenes/lif.ron",
];

/// Kinds of faults that cases have.
const KINDS: [FaultKind; 10] = [
    FaultKind::Weights,
    FaultKind::Pointers,
    FaultKind::State,
    FaultKind::Buffers,
    FaultKind::Anywhere,
    FaultKind::Lost,
    FaultKind::Late,
    FaultKind::Misdirected,
    FaultKind::Halted,
    FaultKind::DeadLink,
];

/// Words that a field of a scene may have: the field, and its words.
type Choice = (&'static str, &'static [&'static str]);

/// Fields of every scene.
const CHOICES: [Choice; 16] = [
    ("mapping.schedule", &["LayerSequential", "Pipelined"]),
    ("mapping.batch", &["1", "2", "3"]),
    ("mapping.broadcast", &["QpeMulticast", "Router", "Dma"]),
    ("mapping.payload", &["Dense", "Events"]),
    (
        "mapping.fifo",
        &["()", "(bytes: 1024)", "(bytes: 512, on_full: Drop)", "(bytes: 640, on_full: Overwrite)"],
    ),
    ("mapping.placement", &["Clustered", "RowMajor"]),
    ("mapping.balance", &["NonZeros", "Units"]),
    ("mapping.barrier", &["Auto", "Always", "Never"]),
    ("mapping.overlap_recurrent", &["false", "true"]),
    ("chip.waiting", &["Poll", "Sleep"]),
    ("chip.operating_point", &["Mhz150", "Mhz300"]),
    ("chip.reserved", &["[(1, 1, 0)]", "[(3, 3, 1), (4, 6, 2)]"]),
    ("assume.branch_refill", &["1", "2", "3"]),
    ("assume.bank_priority", &["Core", "Writes", "RoundRobin"]),
    ("assume.bank_interleave", &["Block", "Word"]),
    ("history", &["(every: 1)", "(every: 3, memory_mib: 8)", "(every: 7)"]),
];
/// Scenes of spiking networks, among [`SCENES`].
const SPIKING_SCENES: [&str; 3] = ["scenes/nir.ron", "scenes/dnf.ron", "scenes/lif.ron"];

/// Fields of spiking networks.
const SPIKING: [Choice; 7] = [
    ("mapping.order", &["Ascending", "Arrival"]),
    ("mapping.weights", &["F32", "Int8"]),
    ("mapping.schedule", &["LayerSequential", "Pipelined"]),
    ("chip.dvfs", &["Off", "Packets(0)", "Packets(3)", "Packets(20)"]),
    ("task.tick", &["Auto", "Us(4)", "Us(20)", "Us(100)", "Us(1000)"]),
    ("task.poisson", &["(rate_hz: 20.0)", "(rate_hz: 200.0, seed: 9)"]),
    ("task.spikes_per_tick", &["One", "Many"]),
];
/// Conditions at which a move may stop, of every family.
const CONDITIONS: [&str; 8] = [
    "in_flight == 0",
    "in_flight > 2",
    "packets > 40",
    "races > 0",
    "conflicts > 3",
    "step == 3",
    "step_us > 20",
    "energy_uj > 2",
];
/// Limit of the number of moves of a case, exclusive.
const MOVES: u64 = 400;
/// Largest number of events that a move to a condition runs.
pub const WITHIN: u64 = 3_000;
/// Kernels of the layers of an EGRU.
const KERNELS: [&str; 8] =
    ["CsrRow", "CsrRow16", "CsrRowSkip", "CscEvent", "CscEventList", "Dense", "DenseEvent", "Int8Csr"];

/// Scene that cases begin with.
#[derive(Clone, Debug)]
pub struct Base {
    /// Path by which users name it.
    pub name: &'static str,
    /// Scene with the case's edits.
    pub scene: LoadedScene,
}

impl Base {
    /// Loads the scenes of [`SCENES`] that exist.
    ///
    /// # Errors
    ///
    /// Fails if one of them is there and cannot be loaded, or if none is there.
    pub fn all() -> Result<Vec<Self>, SceneError> {
        let mut bases = Vec::new();
        for name in SCENES {
            let path = find::scene(std::path::Path::new(name));
            // The first ones are within the program.
            if bases.is_empty() || path.exists() {
                bases.push(Self { name, scene: LoadedScene::load(&path, &[])? });
            }
        }
        Ok(bases)
    }
}

/// Move in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    /// Move forward by some units.
    On(StepUnit, u64),
    /// Move back by some units.
    Back(StepUnit, u64),
    /// Move to an event that was handled already: its share of those handled, in 1/1000.
    To(u64),
    /// Run until a condition becomes true, at most [`WITHIN`] events.
    Until(String),
    /// Build the scene again, and run to the position of the old session.
    Reload,
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(unit, count) => write!(f, "{count} {unit} on"),
            Self::Back(unit, count) => write!(f, "{count} {unit} back"),
            Self::To(share) => write!(f, "to the event at {:.1} %", *share as f64 / 10.0),
            Self::Until(condition) => write!(f, "on until {condition}"),
            Self::Reload => f.write_str("reload"),
        }
    }
}

/// Case drawn at random: scene, edits, faults and moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Number of its scene among the bases.
    pub base: usize,
    /// Changes to the scene.
    pub edits: Vec<(String, String)>,
    /// Time steps to run.
    pub steps: u64,
    /// Faults as in a scene; drawn once the program is known.
    pub faults: Faults,
    /// Moves to make.
    pub moves: Vec<Move>,
}

/// Case in a file, so that it can be repeated even if random draws change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Path of the scene, one of [`SCENES`].
    pub scene: String,
    /// Changes to the scene.
    pub set: Vec<(String, String)>,
    /// Time steps to run.
    pub steps: u64,
    /// Faults, as in a scene.
    pub faults: Vec<String>,
    /// Moves to make.
    pub moves: Vec<Move>,
}

impl Kept {
    /// Returns the case; `None` if its scene is not among the bases.
    pub fn case(self, bases: &[Base]) -> Option<Case> {
        let base = bases.iter().position(|base| base.name == self.scene)?;
        let Self { set: edits, steps, faults, moves, .. } = self;
        Some(Case { base, edits, steps, faults: Faults::Listed(faults), moves })
    }
}

/// Faults of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Faults {
    /// Random faults: their number, and the seed of the draws.
    Drawn(u64, u64),
    /// Listed faults, as in a scene.
    Listed(Vec<String>),
}

/// Random numbers of a case.
struct Draw(Random);

impl Draw {
    fn below(&mut self, count: u64) -> u64 {
        choose(self.0.bits(), count)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len() as u64) as usize).copied()
    }
}

impl Case {
    /// Draws a case.
    pub fn draw(bases: &[Base], seed: u64, number: u64) -> Self {
        let mut draw = Draw(Random::new(bits(seed, &[number])));
        let base = draw.below(bases.len() as u64) as usize;
        let edits = edits(&bases[base], &mut draw);
        let steps = 1 + draw.below(12);
        let faults = if draw.below(3) == 0 { 1 + draw.below(3) } else { 0 };
        let faults = Faults::Drawn(faults, draw.0.bits());
        let count = draw.below(MOVES);
        let moves = (0..count).map(|_| movement(&mut draw)).collect();
        Self { base, edits, steps, faults, moves }
    }

    /// Draws the faults that the case does not have yet.
    pub fn draw_faults(&mut self, program: &Program) {
        let Faults::Drawn(count, seed) = self.faults else { return };
        let mut listed = Vec::new();
        if count > 0 {
            let targets = Targets::of(program);
            let campaign =
                Campaign { faults: count, kinds: KINDS.to_vec(), steps: (0, self.steps - 1), late_us: 5.0 };
            for number in 0..count {
                let bits = |draw: u64| bits(seed, &[number, draw]);
                let kind = choose(bits(100), KINDS.len() as u64);
                listed.extend(targets.draw(&campaign, kind, bits).map(|drawn| drawn.entry()));
            }
        }
        self.faults = Faults::Listed(listed);
    }

    /// Returns all edits, with that of the faults.
    pub fn all_edits(&self) -> Vec<(String, String)> {
        let faults = match &self.faults {
            Faults::Listed(listed) if !listed.is_empty() => {
                Some(("faults".to_owned(), format!("[{}]", listed.join(", "))))
            }
            _ => None,
        };
        self.edits.iter().cloned().chain(faults).collect()
    }

    /// Returns whether the case has faults, drawn or to be drawn.
    pub fn has_faults(&self) -> bool {
        match &self.faults {
            Faults::Drawn(count, _) => *count > 0,
            Faults::Listed(listed) => !listed.is_empty(),
        }
    }

    /// Returns the case as it is kept in a file. Its faults are known.
    pub fn kept(&self, bases: &[Base]) -> Kept {
        let faults = match &self.faults {
            Faults::Listed(listed) => listed.clone(),
            Faults::Drawn(..) => Vec::new(),
        };
        let scene = bases.get(self.base).map_or("", |base| base.name).to_owned();
        Kept { scene, set: self.edits.clone(), steps: self.steps, faults, moves: self.moves.clone() }
    }

    /// Returns the command that runs the case without its moves.
    pub fn command(&self, bases: &[Base]) -> String {
        let set = self.all_edits().into_iter().map(|(field, value)| format!(" --set '{field}={value}'"));
        let name = bases.get(self.base).map_or("", |base| base.name);
        format!("spinntui run {name} --steps {} --verify{}", self.steps, set.collect::<Vec<_>>().concat())
    }
}

/// Draws changes to a scene.
fn edits(base: &Base, draw: &mut Draw) -> Vec<(String, String)> {
    let mut edits = Vec::new();
    let mut set = |field: &str, value: &str| edits.push((field.to_owned(), value.to_owned()));
    let (scene, spiking) = (&base.scene, SPIKING_SCENES.contains(&base.name));
    for _ in 0..draw.below(6) {
        if let Some((field, words)) = draw.one(&CHOICES) {
            set(field, draw.one(words).unwrap_or_default());
        }
    }
    for _ in 0..if spiking { draw.below(4) } else { 0 } {
        let Some((field, words)) = draw.one(&SPIKING) else { continue };
        set(field, draw.one(words).unwrap_or_default());
        if field == "task.poisson" {
            set("task.inputs", "None");
        }
    }
    if draw.below(4) == 0 {
        let broken = (0..=draw.below(6)).filter_map(|_| Pe::from_index(draw.below(PE_COUNT as u64) as usize));
        let broken: Vec<String> = broken.map(|pe| PePlace::from(pe).to_string()).collect();
        set("chip.broken", &format!("[{}]", broken.join(", ")));
    }
    for layer in 0..scene.scene.mapping.layers.len() {
        if draw.below(2) == 0 {
            let pes = 1 + draw.below(24);
            set(&format!("mapping.layers.{layer}.on"), "None");
            set(&format!("mapping.layers.{layer}.pes"), &pes.to_string());
        }
        for matrix in ["input", "recurrent"] {
            if draw.below(3) == 0 {
                let kernel = draw.one(&KERNELS).unwrap_or_default();
                set(&format!("mapping.layers.{layer}.{matrix}"), kernel);
            }
        }
    }
    edits
}

fn movement(draw: &mut Draw) -> Move {
    let units = [StepUnit::Event, StepUnit::Phase, StepUnit::Layer, StepUnit::TimeStep];
    let unit = draw.one(&units).unwrap_or(StepUnit::Event);
    // To build a scene takes as long as many other moves.
    match draw.below(64) {
        0..26 => Move::On(unit, 1 + draw.below(4)),
        26..46 => Move::Back(unit, 1 + draw.below(6)),
        46..58 => Move::To(draw.below(1001)),
        58..63 => Move::Until(draw.one(&CONDITIONS).unwrap_or_default().to_owned()),
        _ => Move::Reload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_follow_from_seed_and_number() {
        let bases = Base::all().unwrap();
        assert_eq!(bases.len(), SCENES.len());
        let case = |seed, number| Case::draw(&bases, seed, number);
        assert_eq!(case(1, 5), case(1, 5));
        assert_ne!(case(1, 5), case(1, 6));
        assert_ne!(case(1, 5), case(2, 5));
        let cases: Vec<Case> = (0..600).map(|number| case(9, number)).collect();
        assert!((0..SCENES.len()).all(|base| cases.iter().any(|case| case.base == base)));
        assert!(cases.iter().any(Case::has_faults) && cases.iter().any(|case| !case.has_faults()));
        let spiking = bases.iter().position(|base| base.name == "scenes/lif.ron").unwrap();
        let choices = CHOICES.map(|choice| (0, choice)).into_iter();
        for (base, (field, words)) in choices.chain(SPIKING.map(|choice| (spiking, choice))) {
            for word in words {
                let edit = (field.to_owned(), (*word).to_owned());
                assert!(cases.iter().any(|case| case.edits.contains(&edit)), "{field}={word} is never drawn");
                // Every word is one that scenes take.
                let scene = &bases[base].scene;
                let without =
                    (*field == *"task.poisson").then(|| ("task.inputs".to_owned(), "None".to_owned()));
                let edits: Vec<(String, String)> = without.into_iter().chain([edit]).collect();
                LoadedScene::from_text(&scene.text, &scene.path, &edits).unwrap();
            }
        }
        assert!(cases.iter().any(|case| case.edits.iter().any(|(field, _)| field == "chip.broken")));
        let conditions = cases.iter().flat_map(|case| &case.moves);
        assert!(conditions.filter(|movement| matches!(movement, Move::Until(_))).count() > 100);
    }
}
