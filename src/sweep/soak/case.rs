//! Random cases of a soak test: a scene with edits, faults, and moves to make in it.

use std::fmt;

use crate::machine::program::Program;
use crate::net::random::Random;
use crate::scene::{LoadedScene, SceneError, find};
use crate::session::command::StepUnit;
use crate::sweep::campaign::Targets;
use crate::sweep::list::{bits, choose};
use crate::sweep::plan::{Campaign, FaultKind};

/// Scenes that cases begin with, where they are there.
pub const SCENES: [&str; 5] =
    ["scenes/lm_small.ron", "scenes/single_pe.ron", "scenes/tensor.ron", "scenes/nir.ron", "scenes/dnf.ron"];

/// Kinds of faults that cases have.
const KINDS: [FaultKind; 9] = [
    FaultKind::Weights,
    FaultKind::Pointers,
    FaultKind::State,
    FaultKind::Buffers,
    FaultKind::Anywhere,
    FaultKind::Lost,
    FaultKind::Late,
    FaultKind::Misdirected,
    FaultKind::Halted,
];

/// Words that a field of a scene may have: the field, and its words.
type Choice = (&'static str, &'static [&'static str]);

/// Fields of every scene.
const CHOICES: [Choice; 17] = [
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
    ("chip.broken", &["[(1, 1, 3), (1, 2, 0)]"]),
    ("assume.branch_refill", &["1", "2", "3"]),
    ("assume.bank_priority", &["Core", "Writes", "RoundRobin"]),
    ("assume.bank_interleave", &["Block", "Word"]),
    ("history", &["(every: 1)", "(every: 3, memory_mib: 8)", "(every: 7)"]),
];
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
    /// Loads the scenes of [`SCENES`] that are there.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Forward by some units.
    On(StepUnit, u64),
    /// Back by some units.
    Back(StepUnit, u64),
    /// To an event that was handled already: its share of those handled, in 1/1000.
    To(u64),
    /// Builds the scene again, and runs to where the old session was.
    Reload,
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(unit, count) => write!(f, "{count} {unit} on"),
            Self::Back(unit, count) => write!(f, "{count} {unit} back"),
            Self::To(share) => write!(f, "to the event at {:.1} %", *share as f64 / 10.0),
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
    /// Faults as in a scene; drawn when the program is known.
    pub faults: Faults,
    /// Moves to make.
    pub moves: Vec<Move>,
}

/// Faults of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Faults {
    /// As many random ones, of these bits.
    Drawn(u64, u64),
    /// These, as in a scene.
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
        let mut edits = Vec::new();
        let mut set = |field: String, value: &str| edits.push((field, value.to_owned()));
        let changed = draw.below(6);
        for _ in 0..changed {
            if let Some((field, words)) = draw.one(&CHOICES) {
                set(field.to_owned(), draw.one(words).unwrap_or_default());
            }
        }
        let layers = bases[base].scene.scene.mapping.layers.len() as u64;
        for layer in 0..layers {
            if draw.below(2) == 0 {
                let pes = 1 + draw.below(24);
                set(format!("mapping.layers.{layer}.on"), "None");
                set(format!("mapping.layers.{layer}.pes"), &pes.to_string());
            }
            for matrix in ["input", "recurrent"] {
                if draw.below(3) == 0 {
                    set(format!("mapping.layers.{layer}.{matrix}"), draw.one(&KERNELS).unwrap_or_default());
                }
            }
        }
        let steps = 1 + draw.below(12);
        let faults = if draw.below(3) == 0 { 1 + draw.below(3) } else { 0 };
        let faults = Faults::Drawn(faults, draw.0.bits());
        let count = draw.below(60);
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

    /// Returns the command that runs the case without its moves.
    pub fn command(&self, bases: &[Base]) -> String {
        let set = self.all_edits().into_iter().map(|(field, value)| format!(" --set '{field}={value}'"));
        let name = bases.get(self.base).map_or("", |base| base.name);
        format!("spinntui run {name} --steps {} --verify{}", self.steps, set.collect::<Vec<_>>().concat())
    }
}

fn movement(draw: &mut Draw) -> Move {
    let units = [StepUnit::Event, StepUnit::Phase, StepUnit::Layer, StepUnit::TimeStep];
    let unit = draw.one(&units).unwrap_or(StepUnit::Event);
    match draw.below(16) {
        0..7 => Move::On(unit, 1 + draw.below(4)),
        7..12 => Move::Back(unit, 1 + draw.below(6)),
        12..15 => Move::To(draw.below(1001)),
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
        let cases: Vec<Case> = (0..300).map(|number| case(9, number)).collect();
        assert!((0..SCENES.len()).all(|base| cases.iter().any(|case| case.base == base)));
        assert!(cases.iter().any(Case::has_faults) && cases.iter().any(|case| !case.has_faults()));
        for (field, words) in CHOICES {
            for word in words {
                let edit = (field.to_owned(), (*word).to_owned());
                assert!(cases.iter().any(|case| case.edits.contains(&edit)), "{field}={word} is never drawn");
                // Every word is one that scenes take.
                LoadedScene::from_text(&bases[0].scene.text, &bases[0].scene.path, &[edit]).unwrap();
            }
        }
    }
}
