//! Readings of the machine, as screens, conditions and the inspector show them.

use super::Session;
use super::chip_view::{
    EnergyView, FifoView, LayerView, LinkView, NocView, PeDetail, PeStatus, PeView, Phase, PhaseView,
};
use crate::chip::clock::us;
use crate::chip::geometry::{Pe, QPES};
use crate::machine::options::Waiting;
use crate::machine::probe::link_load;
use crate::machine::program::{PeProgram, Slot};
use crate::machine::routes::ROUTES;
use crate::machine::state::{PeState, Status};
use crate::mapping::egru::EgruSlot;
use crate::mapping::egru::control;

/// Units that the detail of a PE lists.
const UNITS: usize = 64;
/// Values of the debug log that the detail of a PE lists.
const LOGGED: u32 = 16;

/// What a PE is doing now.
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

pub(super) fn operation<'a>(loaded: &'a PeProgram, state: &PeState) -> Option<(Phase, &'a Slot)> {
    let (operation, slot) = loaded.operation(state.operation)?;
    Some((operation.phase.into(), slot))
}

pub(super) fn pe_view(session: &Session, pe: Pe) -> PeView {
    let Some(loaded) = session.program().pe(pe) else { return PeView::default() };
    let machine = session.machine();
    let (all, step) = (machine.state(), machine.state().host.last_step_ticks);
    let state = &all.pes[pe.index()];
    let current = operation(loaded, state);
    let units: usize = loaded.layers().map(|s| s.units.len()).sum();
    let (events, mean) = session.stats().pe_events(pe.index());
    let outputs = units.max(1) * session.program().batch as usize;
    let share = |busy: u64, of: u64| if of == 0 { 0.0 } else { (busy as f64 / of as f64).min(1.0) as f32 };
    let meter = session.meter();
    PeView {
        status: status(session, pe),
        layer: current.map(|(_, slot)| slot.layer),
        phase: current.map(|(phase, _)| phase),
        units: units as u16,
        activity: events as f32 / outputs as f32,
        activity_mean: mean / outputs as f32,
        duty: share(state.count.busy_last_step, step),
        duty_mean: share(state.count.busy, all.tick),
        energy_uj: meter.pe_last_step_uj(pe.index()) as f32,
        energy_total_uj: (meter.pe(pe.index()).total() * 1e6) as f32,
        bank_bytes: loaded.bank_bytes(),
        nonzeros: loaded.layers().map(EgruSlot::nonzeros_of).sum(),
    }
}

pub(super) fn layers(session: &Session) -> Vec<LayerView> {
    let sparsity = |nonzeros: usize, all: usize| 1.0 - nonzeros as f32 / all.max(1) as f32;
    let network = session.model().network();
    let mut views = Vec::new();
    for (k, (layer, program)) in network.layers.iter().zip(&session.program().layers).enumerate() {
        let (w, r) = (&layer.kernel, &layer.recurrent);
        let (w_size, r_size) = (w.rows() * w.cols(), r.rows() * r.cols());
        let loads: Vec<u32> = program
            .pes
            .iter()
            .filter_map(|&pe| session.program().pe(pe)?.slot_of(k as u8))
            .map(|(_, slot)| EgruSlot::nonzeros_of(slot))
            .collect();
        let history = &session.stats().layer_history[k];
        views.push(LayerView {
            name: layer.name.clone(),
            units: layer.units() as u32,
            inputs: layer.inputs() as u32,
            pes: program.pes.len() as u32,
            weight_sparsity: sparsity(w.nnz() + r.nnz(), w_size + r_size),
            kernel_sparsity: sparsity(w.nnz(), w_size),
            recurrent_sparsity: sparsity(r.nnz(), r_size),
            nonzeros_mean: loads.iter().sum::<u32>() as f32 / loads.len().max(1) as f32,
            nonzeros_max: loads.into_iter().max().unwrap_or(0),
            activity: history.back().copied().unwrap_or(0.0),
            activity_mean: session.stats().layer_activity(k, layer.units() * session.program().batch as usize)
                as f32,
            activity_history: history.iter().copied().collect(),
        });
    }
    views
}

pub(super) fn phases(session: &Session) -> Vec<PhaseView> {
    let clock = &session.machine().state().phases;
    let steps = session.steps().max(1) as f64;
    let all: u64 = clock.total.iter().flatten().sum();
    let mut views = Vec::new();
    for (layer, (last, total)) in clock.last_step.iter().zip(&clock.total).enumerate() {
        for phase in Phase::ALL {
            let (last, total) = (last[phase.index()], total[phase.index()]);
            if total > 0 {
                views.push(PhaseView {
                    phase,
                    layer: layer as u8,
                    time_us: us(last),
                    mean_us: us(total) / steps,
                    share: total as f64 / all.max(1) as f64,
                });
            }
        }
    }
    views
}

pub(super) fn noc(session: &Session) -> NocView {
    let state = session.machine().state();
    let place = |index: u8| (QPES[usize::from(index)].x, QPES[usize::from(index)].y);
    let links: Vec<LinkView> = ROUTES
        .links()
        .iter()
        .zip(&state.noc.links)
        .map(|(link, s)| LinkView {
            from: place(link.from),
            to: place(link.to),
            packets: s.last_step_packets,
            total: s.packets,
            waited: s.waited,
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
        matrix: state.matrix.qpes_last_step(),
        fifo: fifo(session),
    }
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

/// Returns the blocks of this step's x and of y(t−1) that are there, each with their number: step 0
/// has no y before it.
pub(super) fn arrivals(state: &PeState, slot: &Slot) -> ((u32, u32), (u32, u32)) {
    let Some(share) = EgruSlot::of(slot) else { return Default::default() };
    let steps = state.sram.word(slot.turn);
    let arrived = |counter, step, each| slot.arrived(state.sram.words(), counter, step, each);
    let inputs = arrived(control::INPUT, steps, share.input_blocks);
    let recurrents = steps.checked_sub(1).map_or((0, 0), |before| {
        (arrived(control::RECURRENT, before, share.recurrent_blocks), share.recurrent_blocks)
    });
    ((inputs, share.input_blocks), recurrents)
}

pub(super) fn pe_detail(session: &Session, pe: Pe) -> Option<PeDetail> {
    let loaded = session.program().pe(pe)?;
    let state = &session.machine().state().pes[pe.index()];
    let (phase, slot) = operation(loaded, state)?;
    let name = &session.program().layers[usize::from(slot.layer)].name;
    let sample =
        if session.program().batch > 1 { format!(", sample {}", slot.sample) } else { String::new() };
    let share = EgruSlot::of(slot)?;
    let size = match phase {
        Phase::Input => {
            format!(
                ", {} rows, {} non-zeros, {}",
                share.input.rows(),
                share.nonzeros[0],
                share.kinds[0].name()
            )
        }
        Phase::Recurrent => format!(
            ", {} rows, {} non-zeros, {}",
            share.recurrent.rows(),
            share.nonzeros[1],
            share.kinds[1].name()
        ),
        Phase::Pointwise => format!(", {} units", slot.units.len()),
        Phase::Broadcast => format!(", {} packets to {} destinations", slot.packets(), slot.targets.len()),
        Phase::Wait | Phase::Embedding | Phase::Barrier | Phase::Log => String::new(),
    };
    let ((inputs, input_blocks), (recurrents, recurrent_blocks)) = arrivals(state, slot);
    let (arrived, expected) = (inputs + recurrents, input_blocks + recurrent_blocks);
    let single = |address: u32| f32::from_bits(state.sram.word(address));
    let units = loaded.layers().filter_map(|slot| Some((slot, EgruSlot::of(slot)?.pointwise)));
    let units = units.flat_map(|(slot, pointwise)| {
        slot.units.iter().enumerate().map(move |(i, &unit)| {
            let at = 4 * i as u32;
            (unit, single(pointwise.cell + at), single(pointwise.y + at))
        })
    });
    let places = (loaded.log.1 / 4).max(1);
    let logged = state.logged.saturating_sub(LOGGED)..state.logged;
    Some(PeDetail {
        pe: pe.index(),
        regions: loaded.regions.clone(),
        operation: format!("{} of {name}{sample}{size}", phase.describe()),
        operation_span: (state.status == Status::Busy).then_some((state.began, state.ends)),
        arrivals: (arrived, expected),
        packets: (state.count.received, state.count.sent),
        interrupts: state.count.interrupts,
        phases: Phase::ALL
            .into_iter()
            .map(|p| (p, us(state.count.phases[p.index()])))
            .filter(|p| p.1 > 0.0)
            .collect(),
        timer_log: logged.map(|n| state.sram.word(loaded.log.0 + 4 * (n % places))).collect(),
        banks: state.banks.count,
        units: units.take(UNITS).collect(),
    })
}
