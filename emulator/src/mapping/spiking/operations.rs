//! Operations of a PE in a tick.

use std::sync::Arc;

use super::arrive::Arrive;
use super::part::When;
use super::routines::{Clear, Collect, Deliver, List, Restart, Update};
use super::write::{Marks, Writer};
use super::{LOG, LOGGED, NEURONS, READ, RowArrays, SEND, SYNAPSES, TICK, WAIT, sender_number};
use crate::machine::arrivals::{CounterId, Need};
use crate::machine::legend::PhaseId;
use crate::machine::program::{Action, Ends, Operation};
use crate::machine::timer::EventList;
use crate::net::spiking::Origin;

/// Order in which spikes of the FIFO are added to the sums.
pub(super) enum Adding {
    /// Ascending order of sources, by way of marks.
    Marked { collect: Arc<Collect>, marks: Vec<Marks>, deliveries: Vec<(When, Deliver)> },
    /// Order of arrival, with a routine for each look into the FIFO.
    Arriving(Vec<Arc<Arrive>>),
}

impl Adding {
    pub fn marks(&self) -> &[Marks] {
        match self {
            Self::Marked { marks, .. } => marks,
            Self::Arriving(_) => &[],
        }
    }

    /// Returns the arrays of the parts' rows.
    pub fn rows(&self) -> Vec<RowArrays> {
        match self {
            Self::Marked { deliveries, .. } => {
                deliveries.iter().map(|(_, deliver)| deliver.arrays()).collect()
            }
            Self::Arriving(looks) => looks.first().map_or_else(Vec::new, |arrive| arrive.rows.clone()),
        }
    }

    /// Returns the addresses of the links from senders to rows.
    pub fn links(&self) -> Vec<u32> {
        match self {
            Self::Marked { .. } => Vec::new(),
            Self::Arriving(looks) => looks.iter().map(|arrive| arrive.links).collect(),
        }
    }
}

impl Writer<'_> {
    /// Returns the operations of a tick of share `i` of population `k`, in order.
    pub(super) fn operations(
        &self,
        (k, i): (usize, usize),
        restart: Option<Restart>,
        adding: Adding,
        update: Update,
        list: Option<List>,
    ) -> Vec<Operation> {
        let mut operations = Operations(Vec::new());
        operations.add(TICK, Action::Tick);
        match adding {
            Adding::Marked { collect, marks, deliveries } => {
                let (begin, within): (Vec<_>, Vec<_>) =
                    deliveries.into_iter().partition(|(when, _)| *when == When::Begin);
                operations.look(&collect, 1);
                operations.restart(restart);
                operations.deliver(begin);
                // Marks whose rows were added are cleared; those of senders within the tick come
                // later.
                let clear = |now: fn(&&Marks) -> bool| Clear {
                    ranges: marks.iter().filter(now).map(|marks| (marks.bits, marks.words())).collect(),
                };
                operations.clear(clear(|marks| marks.begin));
                if !within.is_empty() {
                    operations.add(WAIT, Action::Wait(self.needs(k, i)));
                    operations.look(&collect, 0);
                    operations.deliver(within);
                    operations.clear(clear(|marks| !marks.begin));
                }
            }
            Adding::Arriving(looks) => {
                let mut restart = restart;
                for (number, arrive) in looks.into_iter().enumerate() {
                    if number > 0 {
                        operations.add(WAIT, Action::Wait(self.needs(k, i)));
                    }
                    operations.arrive(arrive, u32::from(number == 0));
                    operations.restart(restart.take());
                }
            }
        }
        operations.add(NEURONS, Action::Call(Arc::new(update)));
        let sender = sender_number(self.request.network, Origin::Population(k));
        let route = self.first_route[sender] + i;
        if let Some(list) = list {
            let at = list.to;
            operations.add(NEURONS, Action::Call(Arc::new(list)));
            if !self.routes[route].to.is_empty() {
                let done = self.within[sender].then(|| self.done(sender));
                let events = EventList { list: at, route: Some(route as u16), done };
                operations.add(SEND, Action::SendEvents(events));
            }
        }
        operations.add(LOG, Action::Log(LOGGED.into()));
        operations.finish()
    }

    /// Returns the arrivals that a share awaits within the tick: messages of all
    /// its senders' shares.
    fn needs(&self, k: usize, i: usize) -> Vec<Need> {
        let network = self.request.network;
        let pe = self.split.shares[k][i].pe;
        let parts = &self.parts[k][i];
        let mut senders: Vec<usize> = parts
            .iter()
            .filter(|part| part.when == When::Within)
            .map(|part| sender_number(network, part.from))
            .collect();
        senders.sort_unstable();
        senders.dedup();
        let need = |sender: usize| {
            let end = self.first_route.get(sender + 1).copied().unwrap_or(self.routes.len());
            let routes = &self.routes[self.first_route[sender]..end];
            let each = routes.iter().filter(|route| route.to.contains(&pe)).count() as u32;
            Need { counter: CounterId(sender as u8), each, back: 0 }
        };
        senders.into_iter().map(need).collect()
    }
}

/// Operations of a tick, as they are put together.
pub(super) struct Operations(pub Vec<Operation>);

impl Operations {
    pub fn add(&mut self, phase: PhaseId, action: Action) {
        // A phase that goes on in the next operation has not ended.
        if let Some(last) = self.0.last_mut().filter(|last| last.phase == phase) {
            last.ends = Ends::Nothing;
        }
        self.0.push(Operation { phase, slot: 0, action, notice: None, ends: Ends::Phase });
    }

    /// Looks into the FIFO.
    fn look(&mut self, collect: &Arc<Collect>, meant: u32) {
        self.add(READ, Action::TakeEntries { at: collect.taken, meant });
        self.add(READ, Action::Call(Arc::<Collect>::clone(collect)));
        self.add(READ, Action::FreeEntries);
    }

    /// Adds operations that take spikes from the FIFO and add their rows.
    fn arrive(&mut self, arrive: Arc<Arrive>, meant: u32) {
        self.add(READ, Action::TakeEntries { at: arrive.taken, meant });
        self.add(SYNAPSES, Action::Call(arrive));
        self.add(SYNAPSES, Action::FreeEntries);
    }

    fn restart(&mut self, restart: Option<Restart>) {
        if let Some(restart) = restart {
            self.add(READ, Action::Call(Arc::new(restart)));
        }
    }

    fn deliver(&mut self, deliveries: Vec<(When, Deliver)>) {
        for (_, deliver) in deliveries {
            self.add(SYNAPSES, Action::Call(Arc::new(deliver)));
        }
    }

    fn clear(&mut self, clear: Clear) {
        if !clear.ranges.is_empty() {
            self.add(SYNAPSES, Action::Call(Arc::new(clear)));
        }
    }

    /// Makes each phase end once a tick: at the last of its operations.
    pub fn finish(mut self) -> Vec<Operation> {
        for phase in [READ, SYNAPSES] {
            let last = self.0.iter().rposition(|operation| operation.phase == phase);
            for (at, operation) in self.0.iter_mut().enumerate() {
                if operation.phase == phase && Some(at) != last {
                    operation.ends = Ends::Nothing;
                }
            }
        }
        self.0
    }
}
