//! What conditions may name in a loaded scene: layers, PEs, units, links, classes, words.

use std::sync::Arc;

use super::table::{DIRECTIONS, Domain, Group, PHASE_NAMES, STATUSES};
use crate::chip::geometry::{Pe, QPES};
use crate::machine::program::{Phase, Program};
use crate::machine::routes::ROUTES;
use crate::session::Session;
use crate::session::work::Work;
use crate::task::lm::LanguageTask;

/// The names of a loaded scene. Cheap to make and to keep: what is large in it is shared.
#[derive(Clone, Debug)]
pub struct Names {
    program: Arc<Program>,
    task: Task,
}

#[derive(Clone, Debug)]
enum Task {
    Language(Box<LanguageTask>),
    Gestures(Vec<String>),
    Tensor,
}

/// Where a unit keeps its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitPlace {
    /// The PE that hosts it.
    pub pe: Pe,
    /// Byte address of its cell state.
    pub cell: u32,
    /// Of its output.
    pub y: u32,
    /// Of its threshold.
    pub threshold: u32,
}

impl Names {
    /// Of a session.
    pub fn of(session: &Session) -> Self {
        let task = match session.work() {
            Work::Language(reading) => Task::Language(Box::new(reading.task().clone())),
            Work::Gestures(recognising) => Task::Gestures(recognising.classes().to_vec()),
            Work::Tensor(_) => Task::Tensor,
        };
        Self { program: Arc::clone(session.machine().program()), task }
    }

    /// Program of the chip: PEs, memory maps, kernels.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Layers by name, in network order.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.program.layers.iter().map(|layer| layer.name.as_str())
    }

    /// Position of a layer.
    pub fn layer(&self, name: &str) -> Option<usize> {
        self.layers().position(|layer| layer == name)
    }

    /// Units of a layer.
    pub fn units(&self, layer: usize) -> usize {
        self.program.layers.get(layer).map_or(0, |layer| layer.unit_word.len())
    }

    /// Samples side by side.
    pub fn batch(&self) -> u32 {
        self.program.batch
    }

    /// Whether a PE has a program.
    pub fn works(&self, pe: Pe) -> bool {
        self.program.pe(pe).is_some()
    }

    /// PEs with a program.
    pub fn pes(&self) -> impl Iterator<Item = Pe> {
        Pe::all().filter(|&pe| self.works(pe))
    }

    /// Where a unit of a layer keeps its values of a sample.
    pub fn unit(&self, layer: usize, unit: u32, sample: u8) -> Option<UnitPlace> {
        self.program.layers.get(layer)?.pes.iter().find_map(|&pe| {
            let slots = &self.program.pe(pe)?.slots;
            let slot = slots.iter().find(|s| usize::from(s.layer) == layer && s.sample == sample)?;
            let at = 4 * slot.units.iter().position(|&u| u == unit)? as u32;
            let layout = &slot.pointwise;
            let [cell, y, threshold] = [layout.cell, layout.y, layout.threshold].map(|start| start + at);
            Some(UnitPlace { pe, cell, y, threshold })
        })
    }

    /// Position among [`crate::machine::routes::Routes::links`] of the link that leaves a QPE in a direction.
    pub fn link(x: u8, y: u8, direction: &str) -> Option<usize> {
        let (_, (dx, dy)) = DIRECTIONS.iter().find(|(name, _)| *name == direction)?;
        let to = (x.checked_add_signed(*dx)?, y.checked_add_signed(*dy)?);
        let place = |index: u8| QPES.get(usize::from(index)).map(|qpe| (qpe.x, qpe.y));
        ROUTES.links().iter().position(|link| place(link.from) == Some((x, y)) && place(link.to) == Some(to))
    }

    /// Whether a group of names means something for this scene's task.
    pub fn has(&self, group: Group) -> bool {
        match group {
            Group::Language => matches!(self.task, Task::Language(_)),
            Group::Gestures => matches!(self.task, Task::Gestures(_)),
            _ => true,
        }
    }

    /// Whether a value can ever be this word.
    pub fn knows(&self, domain: Domain, word: &str) -> bool {
        match (domain, &self.task) {
            (Domain::Token, Task::Language(task)) => {
                let written = || (0..).map_while(|index| task.word(index)).any(|other| other == word);
                task.model().vocabulary.id(word).is_some() || written()
            }
            _ => self.words(domain).contains(&word),
        }
    }

    /// The words that a value can be; of tokens, the vocabulary.
    pub fn words(&self, domain: Domain) -> Vec<&str> {
        match (domain, &self.task) {
            (Domain::Status, _) => STATUSES.to_vec(),
            (Domain::Phase, _) => Phase::ALL
                .iter()
                .map(|phase| phase.name())
                .chain(PHASE_NAMES.map(|(other, _)| other))
                .collect(),
            (Domain::Layer, _) => self.layers().collect(),
            (Domain::Class, Task::Gestures(classes)) => classes.iter().map(String::as_str).collect(),
            (Domain::Token, Task::Language(task)) => {
                let vocabulary = &task.model().vocabulary;
                (0..vocabulary.len() as u32).map(|id| vocabulary.word(id)).collect()
            }
            (Domain::Class | Domain::Token, _) => Vec::new(),
        }
    }
}
