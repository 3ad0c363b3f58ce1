//! Names that conditions may use in a loaded scene: layers, PEs, units, links, classes, words.

use std::sync::Arc;

use super::table::{DIRECTIONS, Domain, Group, STATUSES};
use crate::chip::geometry::{Pe, QPES};
use crate::machine::legend::PopulationId;
use crate::machine::program::Program;
use crate::machine::routes::ROUTES;
use crate::mapping::egru::EgruSlot;
use crate::mapping::spiking::{SpikingProgram, SpikingSlot};
use crate::session::Session;
use crate::task::TaskRun;

/// The names of a loaded scene. Cheap to make and to keep: what is large in it is shared.
#[derive(Clone, Debug)]
pub struct Names {
    program: Arc<Program>,
    work: Arc<dyn TaskRun>,
}

/// Location of a unit's values in SRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitPlace {
    /// PE that hosts the unit.
    pub pe: Pe,
    /// Byte address of the unit's cell state.
    pub cell: u32,
    /// Byte address of the unit's output.
    pub y: u32,
    /// Byte address of the unit's threshold.
    pub threshold: u32,
}

/// Places of a spiking neuron's values in SRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeuronPlace {
    /// PE that hosts the neuron.
    pub pe: Pe,
    /// Number on the PE.
    pub index: u32,
}

impl Names {
    /// Collects the names of a session.
    pub fn of(session: &Session) -> Self {
        Self { program: Arc::clone(session.machine().program()), work: session.work().copy().into() }
    }

    /// Returns the program of the chip: PEs, memory maps, kernels.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Returns the words of the text that is read: step `i + 1` reads word `i`. Empty if
    /// there is none.
    pub fn text(&self) -> Vec<&str> {
        self.work.text()
    }

    /// Iterates over the names of the layers, in network order.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.program.populations.iter().map(|layer| layer.name.as_str())
    }

    /// Returns the position of the layer with this name in network order, if there is one.
    pub fn layer(&self, name: &str) -> Option<usize> {
        self.layers().position(|layer| layer == name)
    }

    /// Returns the number of units of a layer; 0 if there is no such layer.
    pub fn units(&self, layer: usize) -> usize {
        self.program.populations.get(layer).map_or(0, |layer| layer.unit_word.len())
    }

    /// Returns the batch size: the number of samples processed side by side.
    pub fn batch(&self) -> u32 {
        self.program.batch
    }

    /// Returns `true` if a PE has a program.
    pub fn works(&self, pe: Pe) -> bool {
        self.program.pe(pe).is_some()
    }

    /// Iterates over the PEs with a program.
    pub fn pes(&self) -> impl Iterator<Item = Pe> {
        self.program.places().filter(|&pe| self.works(pe))
    }

    /// Returns the location of the values of a layer's unit for one sample.
    pub fn unit(&self, layer: usize, unit: u32, sample: u8) -> Option<UnitPlace> {
        self.program.populations.get(layer)?.pes.iter().find_map(|&pe| {
            let slots = &self.program.pe(pe)?.slots;
            let slot = slots.iter().find(|s| s.population.index() == layer && s.sample == sample)?;
            let at = 4 * slot.units.iter().position(|&u| u == unit)? as u32;
            let layout = &EgruSlot::of(slot)?.pointwise;
            let [cell, y, threshold] = [layout.cell, layout.y, layout.threshold].map(|start| start + at);
            Some(UnitPlace { pe, cell, y, threshold })
        })
    }

    /// Returns the places of a neuron's values in SRAM.
    pub fn neuron(&self, population: usize, neuron: u32) -> Option<NeuronPlace> {
        self.program.populations.get(population)?.pes.iter().find_map(|&pe| {
            let (_, slot) = self.program.pe(pe)?.slot_of(PopulationId::at(population))?;
            SpikingSlot::of(slot)?;
            let index = slot.units.binary_search(&neuron).ok()? as u32;
            Some(NeuronPlace { pe, index })
        })
    }

    /// Returns the group that a call stands for in this scene: units of a spiking
    /// network are neurons.
    pub fn group(&self, group: Group) -> Group {
        if group == Group::Unit && SpikingProgram::of(&self.program).is_some() {
            Group::Neuron
        } else {
            group
        }
    }

    /// Returns the position of the link that leaves a QPE in a direction; `None` if there is none.
    ///
    /// The position is that among [`crate::machine::routes::Routes::links`].
    pub fn link(x: u8, y: u8, direction: &str) -> Option<usize> {
        let (_, (dx, dy)) = DIRECTIONS.iter().find(|(name, _)| *name == direction)?;
        let to = (x.checked_add_signed(*dx)?, y.checked_add_signed(*dy)?);
        let place = |index: u8| QPES.get(usize::from(index)).map(|qpe| (qpe.x, qpe.y));
        ROUTES.links().iter().position(|link| place(link.from) == Some((x, y)) && place(link.to) == Some(to))
    }

    /// Returns `true` if a group of names has a meaning for this scene's task.
    pub fn has(&self, group: Group) -> bool {
        match group {
            Group::Task(facts) => self.work.kind().facts == Some(facts),
            _ => true,
        }
    }

    /// Returns `true` if a value of this domain can ever be `word`.
    pub fn knows(&self, domain: Domain, word: &str) -> bool {
        match domain {
            Domain::Task(kind) => self.work.knows(kind, word),
            _ => self.words(domain).contains(&word),
        }
    }

    /// Returns the words that a value of this domain can be; for a text, the vocabulary.
    pub fn words(&self, domain: Domain) -> Vec<&str> {
        match domain {
            Domain::Status => STATUSES.to_vec(),
            Domain::Phase => {
                let phases = &self.program.legend.phases;
                let others = phases.iter().filter_map(|phase| phase.alias);
                phases.iter().map(|phase| phase.name).chain(others).collect()
            }
            Domain::Layer => self.layers().collect(),
            Domain::Task(kind) => self.work.words(kind),
        }
    }
}
