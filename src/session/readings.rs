//! Readings of the machine for screens, conditions and the inspector.

use super::Session;
use super::chip_view::{
    BoardView, ChipLinkView, EnergyView, FifoUse, FifoView, LayerView, LinkView, NocView, PeDetail, PeStatus,
    PeView, PhaseView, TickUse,
};
use super::firing::Firing;
use super::setup::{LayerSetup, PeSetup};
use crate::chip::board::LinkId;
use crate::chip::clock::us;
use crate::chip::geometry::{ChipId, Pe, QPES};
use crate::machine::arrivals::Need;
use crate::machine::legend::PopulationId;
use crate::machine::legend::{Legend, PhaseId, PhaseRole};
use crate::machine::options::Waiting;
use crate::machine::probe::link_load;
use crate::machine::program::{Action, PeProgram, Slot};
use crate::machine::routes::ROUTES;
use crate::machine::state::{PeState, Status};
use crate::mapping::spiking::SpikingSlot;
use crate::text::several;

/// Units that the detail of a PE lists.
const UNITS: usize = 64;
/// Values of the debug log that the detail of a PE lists.
const LOGGED: u32 = 16;

/// Returns the present activity of a PE.
pub(super) fn status(session: &Session, pe: Pe) -> PeStatus {
    let all = session.machine().state();
    if all.fault.as_ref().is_some_and(|fault| fault.pe == pe) {
        return PeStatus::Faulted;
    }
    if all.faults.is_dead(pe) {
        return PeStatus::Halted;
    }
    match all.pes[pe.index()].status {
        Status::Unused => PeStatus::Unused,
        Status::Busy => PeStatus::Busy,
        Status::Dma => PeStatus::Dma,
        Status::Waiting => match session.program().waiting {
            Waiting::Poll => PeStatus::Polling,
            Waiting::Sleep => PeStatus::Sleeping,
        },
    }
}

pub(super) fn operation<'a>(loaded: &'a PeProgram, state: &PeState) -> Option<(PhaseId, &'a Slot)> {
    let (operation, slot) = loaded.operation(state.operation)?;
    Some((operation.phase, slot))
}

pub(super) fn pe_view(session: &Session, pe: Pe) -> PeView {
    let Some(loaded) = session.program().pe(pe) else { return PeView::default() };
    let machine = session.machine();
    let (all, step) = (machine.state(), machine.state().host.last_step_ticks);
    let state = &all.pes[pe.index()];
    let current = operation(loaded, state);
    let PeSetup { units, bank_bytes, nonzeros } = session.setup().pes[pe.index()];
    let (events, mean) = session.stats().pe_events(pe.index());
    let outputs = usize::from(units.max(1)) * session.program().batch as usize;
    let share = |busy: u64, of: u64| if of == 0 { 0.0 } else { (busy as f64 / of as f64).min(1.0) as f32 };
    let meter = session.meter();
    PeView {
        status: status(session, pe),
        layer: current.map(|(_, slot)| slot.population),
        phase: current.map(|(phase, _)| phase),
        units,
        activity: events as f32 / outputs as f32,
        activity_mean: mean / outputs as f32,
        duty: share(state.count.busy_last_step, step),
        duty_mean: share(state.count.busy, all.tick),
        energy_uj: meter.pe_last_step_uj(pe.index()) as f32,
        energy_total_uj: (meter.pe(pe.index()).total() * 1e6) as f32,
        bank_bytes,
        nonzeros,
        fifo: (state.fifo.capacity > 0).then(|| {
            let share = |entries: u32| entries as f32 / state.fifo.capacity as f32;
            FifoUse { fill: share(state.fifo.fill), most: share(state.fifo.count.high_water) }
        }),
        tick: tick_use(session, state),
    }
}

/// Returns the shares of a tick that a PE needs: of the timer's period, or of the time of all PEs
/// if each tick is as long as needed; `None` without a timer.
fn tick_use(session: &Session, state: &PeState) -> Option<TickUse> {
    let timer = session.program().timer.as_ref()?;
    let (count, all) = (&state.timer.count, session.machine().state());
    let share = |ticks: u64, of: u64| if of == 0 { 0.0 } else { (ticks as f64 / of as f64) as f32 };
    Some(TickUse {
        last: share(count.last, timer.period.unwrap_or(all.host.last_step_ticks)),
        longest: share(count.longest, timer.period.unwrap_or(all.timer.count.longest)),
        overruns: count.overruns,
    })
}

/// Returns the activity of each layer.
pub(super) fn layers(session: &Session) -> Vec<LayerView> {
    let stats = session.stats();
    let batch = session.program().batch as usize;
    let layer = |(k, layer): (usize, &LayerSetup)| {
        let history = &stats.layer_history[k];
        LayerView {
            activity: history.back().copied().unwrap_or(0.0),
            activity_mean: stats.layer_activity(k, layer.units as usize * batch) as f32,
            activity_history: history.iter().copied().collect(),
            firing: Some(stats.fired(k)).filter(|fired| !fired.is_empty()).map(Firing::of),
        }
    };
    session.setup().layers.iter().enumerate().map(layer).collect()
}

pub(super) fn phases(session: &Session) -> Vec<PhaseView> {
    let clock = &session.machine().state().phases;
    let steps = session.steps().max(1) as f64;
    let all: u64 = clock.total.iter().flatten().sum();
    let mut views = Vec::new();
    for (layer, (last, total)) in clock.last_step.iter().zip(&clock.total).enumerate() {
        for phase in session.program().legend.ids() {
            let (last, total) = (last[phase.index()], total[phase.index()]);
            if total > 0 {
                views.push(PhaseView {
                    phase,
                    layer: PopulationId::at(layer),
                    time_us: us(last),
                    mean_us: us(total) / steps,
                    share: total as f64 / all.max(1) as f64,
                });
            }
        }
    }
    views
}

/// Returns the mesh of a chip, and the packets of all chips together.
pub(super) fn noc(session: &Session, chip: ChipId) -> NocView {
    let state = session.machine().state();
    let place = |index: u8| (QPES[usize::from(index)].x, QPES[usize::from(index)].y);
    let links: Vec<LinkView> = ROUTES
        .links()
        .iter()
        .zip(&state.noc.links[chip.index() * ROUTES.links().len()..])
        .map(|(link, s)| LinkView {
            from: place(link.from),
            to: place(link.to),
            packets: s.last_step_packets,
            total: s.packets,
            waited: s.waited,
            dead: s.is_dead(),
        })
        .collect();
    let most = links.iter().map(|link| link.packets).max().unwrap_or(0);
    let last = &state.traffic.last_step;
    NocView {
        max_link_load: link_load(most.into(), state.host.last_step_ticks),
        links,
        packets: last.packets,
        packets_total: state.traffic.total.packets,
        hops_total: state.traffic.total.hops,
        in_flight: state.traffic.in_flight,
        mean_latency_ns: last.latency_mean_ns(),
        max_latency_ns: last.latency_max_ns(),
        matrix: state.matrix.qpes_last_step(chip),
        under_way: Vec::new(),
        fifo: fifo(session),
        board: board(session),
    }
}

fn board(session: &Session) -> BoardView {
    let (program, state) = (session.program(), session.machine().state());
    let links = (0..).map(LinkId).zip(program.board.links()).zip(&state.chip_links);
    let of = links.map(|((number, link), used)| ChipLinkView {
        dead: state.faults.is_chip_link_dead(number),
        from: link.from.index(),
        to: link.to.index(),
        direction: link.direction.name().to_owned(),
        packets: used.last_step.packets,
        bytes: used.last_step.bytes,
        load: used.last_step.load(state.host.last_step_ticks),
        waited_us: us(used.last_step.waited),
    });
    let chips = ChipId::all(program.chips()).map(|chip| program.board.place(chip));
    BoardView { chips: chips.collect(), links: of.collect() }
}

fn fifo(session: &Session) -> Option<FifoView> {
    let fifos = session.machine().state().pes.iter().map(|pe| &pe.fifo).filter(|fifo| fifo.capacity > 0);
    let mut view: Option<FifoView> = None;
    for fifo in fifos {
        let view = view.get_or_insert_default();
        view.entries = view.entries.max(fifo.capacity);
        view.fill = view.fill.max(fifo.fill);
        view.high_water = view.high_water.max(fifo.count.high_water);
        view.dropped += fifo.count.dropped;
        view.overwritten += fifo.count.overwritten;
        view.stalled_us += us(fifo.count.stalled);
    }
    view
}

pub(super) fn energy(session: &Session) -> EnergyView {
    let meter = session.meter();
    let all = meter.total();
    EnergyView {
        power_w: all.power_w,
        energy_j: all.energy_j,
        step_j: meter.last_step().energy_j,
        parts: meter.parts(),
        history: session.stats().energy.history().map(|joules| joules as f32).collect(),
    }
}

/// Returns the blocks that arrived for the step that a slot is in, each with their number: first
/// those of the step itself (or its announcement), then those of steps before, which step 0 lacks.
pub(super) fn arrivals(
    legend: &Legend,
    loaded: &PeProgram,
    state: &PeState,
    slot: &Slot,
) -> ((u32, u32), (u32, u32)) {
    let step = state.sram.word(slot.turn);
    let (mut now, mut before) = ((0, 0), (0, 0));
    for need in needs(legend, loaded, slot) {
        let Some(of) = step.checked_sub(need.back) else { continue };
        let sum = if need.back == 0 { &mut now } else { &mut before };
        sum.0 += slot.arrived(state.sram.words(), need.counter, of, need.each);
        sum.1 += need.each;
    }
    (now, before)
}

/// Returns the blocks and announcements that a slot waits for in a time step, each counter once.
pub(super) fn needs(legend: &Legend, loaded: &PeProgram, slot: &Slot) -> Vec<Need> {
    let announced = |need: &Need| slot.counter(need.counter).is_some_and(|counter| counter.announced);
    let blocks = |need: &Need| legend.counter(need.counter).is_some_and(|words| words.blocks.is_some());
    let mut needs: Vec<Need> = Vec::new();
    for operation in &loaded.operations {
        let own = loaded.slots.get(usize::from(operation.slot)).is_some_and(|of| std::ptr::eq(of, slot));
        let Action::Wait(of) = &operation.action else { continue };
        for need in of.iter().filter(|need| own && (announced(need) || blocks(need))) {
            if needs.iter().all(|known| known.counter != need.counter) {
                needs.push(*need);
            }
        }
    }
    needs
}

pub(super) fn pe_detail(session: &Session, pe: Pe) -> Option<PeDetail> {
    let loaded = session.program().pe(pe)?;
    let state = &session.machine().state().pes[pe.index()];
    let (phase, slot) = operation(loaded, state)?;
    let name = &session.program().populations[usize::from(slot.population)].name;
    let sample =
        if session.program().batch > 1 { format!(", sample {}", slot.sample) } else { String::new() };
    let words = session.program().legend.words(phase);
    let timed = session.program().is_timed();
    let size = match words.role {
        PhaseRole::Send if timed => {
            let list = SpikingSlot::of(slot).and_then(|share| share.list);
            let spikes = list.map_or(0, |list| state.sram.word(list));
            format!(", {}", several(spikes.into(), "spike"))
        }
        _ if words.fires && timed => format!(", {}", several(slot.units.len() as u64, "neuron")),
        PhaseRole::Send => format!(", {} packets to {} destinations", slot.packets(), slot.targets.len()),
        _ if words.fires => format!(", {} units", slot.units.len()),
        _ => Some(slot.detail.work(phase))
            .filter(|work| !work.is_empty())
            .map_or_else(String::new, |work| format!(", {work}")),
    };
    let ((inputs, input_blocks), (recurrents, recurrent_blocks)) =
        arrivals(&session.program().legend, loaded, state, slot);
    let (arrived, expected) = (inputs + recurrents, input_blocks + recurrent_blocks);
    let single = |address: u32| f32::from_bits(state.sram.word(address));
    let units = loaded.populations().flat_map(|slot| {
        let (cell, sent) = (slot.detail.state(), slot.detail.sent());
        slot.units.iter().enumerate().map(move |(i, &unit)| {
            let at = 4 * i as u32;
            (unit, single(cell + at), single(sent + at))
        })
    });
    let places = (loaded.log.1 / 4).max(1);
    let logged = state.logged.saturating_sub(LOGGED)..state.logged;
    Some(PeDetail {
        pe: pe.index(),
        regions: loaded.regions.clone(),
        operation: format!("{} of {name}{sample}{size}", words.words),
        operation_span: (state.status == Status::Busy).then_some((state.began, state.ends)),
        arrivals: (arrived, expected),
        packets: (state.count.received, state.count.sent),
        interrupts: state.count.interrupts,
        phases: session
            .program()
            .legend
            .ids()
            .map(|p| (p, us(state.count.phases[p.index()])))
            .filter(|p| p.1 > 0.0)
            .collect(),
        timer_log: logged.map(|n| state.sram.word(loaded.log.0 + 4 * (n % places))).collect(),
        banks: state.banks.count,
        units: units.take(UNITS).collect(),
    })
}
