//! Programs of sources that spike at random.

use std::sync::Arc;

use super::operations::Operations;
use super::poisson::{DrawSpikes, SourceSlot};
use super::split::Split;
use super::write::Writer;
use super::{LOG, LOGGED, NEURONS, SEND, Share, SpikingError, TICK};
use crate::kernel::poisson::Draw;
use crate::machine::legend::PopulationId;
use crate::machine::program::{Action, Buffers, PACKET_BYTES, PeProgram, Population, RegionKind, Slot};
use crate::machine::timer::EventList;
use crate::mapping::memory::{Allocator, LOG_BYTES, STACK_BASE};
use crate::net::spiking::{Network, PoissonSources, SpikeSource};

impl Writer<'_> {
    /// Writes the programs of sources that spike at random.
    pub(super) fn sources(&self, pes: &mut [Option<PeProgram>]) -> Result<(), SpikingError> {
        let Some(poisson) = self.request.poisson else { return Ok(()) };
        let mut number = 0;
        for (source, shares) in self.split.sources.iter().enumerate() {
            for (i, share) in shares.iter().enumerate() {
                pes[share.pe.index()] = Some(self.source((source, i), share, (poisson, number))?);
                number += 1;
            }
        }
        Ok(())
    }

    /// Writes the program of share `i` of a source, number `number` of all sources' shares.
    fn source(
        &self,
        (source, i): (usize, usize),
        share: &Share,
        (poisson, number): (PoissonSources, u32),
    ) -> Result<PeProgram, SpikingError> {
        let network = self.request.network;
        let units = share.units.end - share.units.start;
        let mut allocator = Allocator::new(self.control.end, STACK_BASE);
        let bytes = self.control.end - self.control.message;
        allocator.fixed(self.control.message, bytes, "control".into(), RegionKind::State);
        let log = (allocator.take(u64::from(LOG_BYTES), "debug log".into(), RegionKind::Log), LOG_BYTES);
        let list_bytes = 4 * (1 + self.entry_words() * (units + 1));
        let list = allocator.take(u64::from(list_bytes), "spikes to send".into(), RegionKind::Buffer);
        let populations = network.populations().len();
        let regions = allocator.finish().map_err(|full| SpikingError::DoesNotFit {
            entry: None,
            population: populations + source,
            pe: share.pe,
            name: network.sources()[source].name.clone(),
            full,
        })?;
        let key = (source as u32) << 24 | share.units.start;
        let counts = self.entry_words() == 2;
        let call = Draw { units, below: poisson.below, key, list, counts };
        let mut operations = Operations(Vec::new());
        operations.add(TICK, Action::Tick);
        operations.add(NEURONS, Action::Call(Arc::new(DrawSpikes::new(call, poisson.unit(number)))));
        let route = self.first_route[source] + i;
        if !self.routes[route].to.is_empty() {
            let done = self.within[source].then(|| self.done(source));
            let events = EventList { list, route: Some(route as u16), done };
            operations.add(SEND, Action::SendEvents(events));
        }
        operations.add(LOG, Action::Log(LOGGED.into()));
        let slot = Slot {
            population: PopulationId::at(populations + source),
            sample: 0,
            units: share.units.clone().collect(),
            turn: self.control.turn,
            counters: Vec::new(),
            relays: Vec::new(),
            buffers: Buffers::new(self.control.message, PACKET_BYTES, 1),
            values: list,
            block: 0,
            first_call: 0,
            targets: Vec::new(),
            events: None,
            detail: Arc::new(SourceSlot { list }),
        };
        Ok(PeProgram {
            operations: operations.finish(),
            slots: vec![slot],
            regions,
            image: Arc::default(),
            log,
            fifo: (0, 0),
        })
    }
}

/// Returns the sources on PEs as populations of the machine, to follow those of the network. Their
/// values do not go to the host, which has the spikes already.
pub(super) fn random_sources(network: &Network, split: &Split) -> Vec<Population> {
    let placed = network.sources().iter().zip(&split.sources).filter(|(_, shares)| !shares.is_empty());
    let population = |(source, shares): (&SpikeSource, &Vec<Share>)| Population {
        name: source.name.clone(),
        pes: shares.iter().map(|share| share.pe).collect(),
        unit_word: (0..source.units() as u32).collect(),
        words: source.units() as u32,
        sends: SEND,
        host: None,
    };
    placed.map(population).collect()
}
