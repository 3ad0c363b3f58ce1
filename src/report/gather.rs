//! Gathering of a report from a session.

use std::sync::Arc;

use crate::chip::clock::{Tick, us};
use crate::chip::geometry::Pe;
use crate::chip::mac::{MAC_COLUMNS, MAC_ROWS, MacRun};
use crate::machine::banks::BankCount;
use crate::machine::legend::PhaseId;
use crate::machine::legend::PopulationId;
use crate::machine::probe::link_load;
use crate::machine::program::{PeProgram, RegionKind};
use crate::machine::routes::ROUTES;
use crate::machine::routine::Untrapped;
use crate::machine::sram::BANK_BYTES;
use crate::mapping::attention::AttentionProgram;
use crate::mapping::check;
use crate::mapping::spiking::SpikingProgram;
use crate::net::csr::Csr;
use crate::net::spiking::Network;
use crate::session::debug::Hit;
use crate::session::energy::PeEnergy;
use crate::session::{Session, counts, real_time};

use super::{
    Bank, Chip, DramUse, EnergyUse, Host, Layer, MacUse, Memory, NocUse, PathTime, PeUse, PhaseEnergy,
    PhaseTime, RaceCount, RaceSeen, Report, TimerCounts, Timers, UntrappedCount, VERSION, traffic,
};
use crate::session::ranges::Ranges;

/// Facts about a run that the session itself does not know.
#[derive(Clone, Debug, Default)]
pub struct RunContext {
    /// Intervals of [`Report::chip_time_range_us`] and [`Report::chip_time_memory_range_us`].
    pub ranges: Option<Ranges>,
    /// Reason of the stop: [`Report::stopped`].
    pub stopped: Option<String>,
    /// Condition that ended the run: [`Report::hit`].
    pub hit: Option<Hit>,
    /// Machine that emulated: [`Report::host`].
    pub host: Host,
}

impl Report {
    /// Gathers the report of a session so far.
    pub fn gather(session: &mut Session, context: RunContext) -> Self {
        let state_hash = session.state_hash();
        let session = &*session;
        let scene = &session.loaded.scene;
        let (steps, tick) = (session.steps(), session.tick());
        let energy = session.energy();
        Self {
            version: VERSION,
            scene: session.loaded.path.display().to_string(),
            title: scene.title.clone(),
            set: session.loaded.edits.iter().map(|(path, value)| format!("{path}={value}")).collect(),
            model: scene.model.clone(),
            steps,
            sequences: session.sequences(),
            sequence_length: session.work().sequence(),
            input_steps: session.work().total_steps(),
            batch: session.program().batch,
            stopped: context.stopped,
            hit: context.hit.map(Into::into),
            chip_time_us: us(tick),
            chip_time_range_us: context.ranges.map(|ranges| ranges.refill),
            chip_time_memory_range_us: context.ranges.map(|ranges| ranges.memory),
            cycles: tick / session.program().operating_point.ticks_per_cycle(),
            task: session.work().figures(&session.moment()),
            power_w: energy.power_w,
            energy_j: energy.energy_j,
            energy_parts: energy_parts(session),
            energy_per_step_j: if steps > 0 { energy.energy_j / steps as f64 } else { 0.0 },
            duty: duty(session),
            chip: chip(session),
            chips: super::board::chips(session),
            links: super::board::links(session),
            mapped: super::board::MappedTraffic::new(session.program()),
            layers: layers(session),
            firing: super::firing::firing(session),
            legend: Arc::clone(&session.program().legend),
            phases: phases(session),
            ticks: super::ticks::ticks(session),
            sum_order: super::levels::sum_order(session),
            dvfs: super::levels::levels(session),
            real_time: real_time::real_time(session),
            transformer: super::transformer::transformer(session),
            counts: counts::counts(session),
            path: session
                .opening()
                .path_uses(session.machine().program())
                .map(|(uses, steps)| PathTime::new(&uses, steps)),
            timers: timers(session),
            memory: memory(session),
            noc: noc(session),
            dram: dram(session),
            mac_array: mac_array(session),
            untrapped: untrapped(session),
            races: races(session),
            lints: lints(session),
            assume: session.program().assume.clone(),
            output_hash: format!("{:032x}", session.output_hash()),
            state_hash: format!("{state_hash:032x}"),
            host: context.host,
        }
    }
}

fn lints(session: &Session) -> Vec<check::Lint> {
    let scene = &session.loaded.scene;
    let subject = check::Subject {
        network: session.model().network(),
        program: session.program(),
        placed: session.placed(),
        chip: &scene.chip,
        mapping: &scene.mapping,
    };
    crate::session::build::lints(scene, &subject, session.work().notes(), session.model())
}

fn duty(session: &Session) -> f64 {
    let state = session.machine().state();
    let used: Vec<usize> =
        session.program().places().map(Pe::index).filter(|&pe| session.program().pes[pe].is_some()).collect();
    let busy: Tick = used.iter().map(|&pe| state.pes[pe].count.busy).sum();
    let there = used.len() as Tick * state.tick;
    if there == 0 { 0.0 } else { busy as f64 / there as f64 }
}

fn chip(session: &Session) -> Chip {
    let program = session.program();
    Chip {
        clock_mhz: program.operating_point.mhz(),
        supply_v: program.operating_point.volts(),
        waiting: program.waiting,
        pes_used: program.used_pes(),
    }
}

/// Returns the fraction of zeros in two matrices taken together.
fn sparsity(matrices: [&Csr; 2]) -> f64 {
    let entries: f64 = matrices.iter().map(|m| m.rows() as f64 * m.cols() as f64).sum();
    let nonzeros: usize = matrices.iter().map(|m| m.nnz()).sum();
    if entries > 0.0 { 1.0 - nonzeros as f64 / entries } else { 0.0 }
}

/// Returns the populations of a spiking network, in the place of layers.
fn populations(session: &Session, network: &Network) -> Vec<Layer> {
    let dense = |k: usize| -> u64 {
        let into = network.projections().iter().filter(|projection| projection.to == k);
        into.map(|projection| projection.rows.dense_synapses()).sum()
    };
    let balances = check::program_balance(session.program());
    let layer = |(k, balance): (usize, check::LayerBalance)| {
        // Sources that spike at random have PEs as well, behind those of the populations.
        let units = session.program().units_of(PopulationId::at(k));
        let synapses = balance.nonzeros_mean * balance.pes as f64;
        Layer {
            name: balance.layer,
            units,
            pes: balance.pes,
            weight_sparsity: if dense(k) > 0 { 1.0 - synapses / dense(k) as f64 } else { 0.0 },
            activity: session.stats().layer_activity(k, units),
            nonzeros_mean: balance.nonzeros_mean,
            nonzeros_max: balance.nonzeros_max,
            barrier: false,
        }
    };
    balances.into_iter().enumerate().map(layer).collect()
}

/// Returns the stages of a transformer, in the place of layers.
fn stages(session: &Session) -> Vec<Layer> {
    let stage = |(k, balance): (usize, check::LayerBalance)| {
        let units = session.program().units_of(PopulationId::at(k));
        Layer {
            name: balance.layer,
            units,
            pes: balance.pes,
            weight_sparsity: 0.0,
            activity: session.stats().layer_activity(k, units),
            nonzeros_mean: balance.nonzeros_mean,
            nonzeros_max: balance.nonzeros_max,
            barrier: false,
        }
    };
    check::program_balance(session.program()).into_iter().enumerate().map(stage).collect()
}

/// Returns the balance of the weights of each layer or population over its PEs.
fn balances(session: &Session) -> Vec<check::LayerBalance> {
    let program = session.program();
    if check::by_slots(program) {
        return check::program_balance(program);
    }
    check::balance(session.model().network(), session.placed())
}

fn layers(session: &Session) -> Vec<Layer> {
    if let Some(spiking) = SpikingProgram::of(session.program()) {
        return populations(session, &spiking.network);
    }
    if AttentionProgram::of(session.program()).is_some() {
        return stages(session);
    }
    let network = session.model().network();
    let balance = check::balance(network, session.placed());
    let mut layers = Vec::new();
    for (k, (layer, balance)) in network.layers.iter().zip(balance).enumerate() {
        layers.push(Layer {
            name: layer.name.clone(),
            units: layer.units(),
            pes: balance.pes,
            weight_sparsity: sparsity([&layer.input_weights, &layer.recurrent]),
            activity: session.stats().layer_activity(k, layer.units() * session.program().batch as usize),
            nonzeros_mean: balance.nonzeros_mean,
            nonzeros_max: balance.nonzeros_max,
            barrier: session.program().has_barrier(k),
        });
    }
    layers
}

fn phases(session: &Session) -> Vec<PhaseTime> {
    let chip_time = session.tick();
    let mut phases = Vec::new();
    for (layer, ticks) in session.program().populations.iter().zip(&session.machine().state().phases.total) {
        for (phase, &ticks) in session.program().legend.phases.iter().zip(ticks) {
            phases.push(PhaseTime {
                phase: phase.name,
                layer: layer.name.clone(),
                time_us: us(ticks),
                share: if chip_time == 0 { 0.0 } else { ticks as f64 / chip_time as f64 },
            });
        }
    }
    phases
}

/// Returns the last timer differences that the PE with most non-zeros of each layer logged.
fn timers(session: &Session) -> Vec<Timers> {
    let program = session.program();
    let mut timers = Vec::new();
    for (k, balance) in balances(session).into_iter().enumerate() {
        let logged = program.pe(balance.fullest).and_then(|loaded| {
            let (slot, _) = loaded.slot_of(PopulationId::at(k))?;
            last_logged(session, balance.fullest, loaded, u32::from(slot))
        });
        let Some(counts) = logged else { continue };
        timers.push(Timers { layer: balance.layer, pe: balance.fullest.to_string(), counts });
    }
    timers
}

/// Returns the values that a PE logged for one of its slots, in the last step in which it did.
/// Slots log in turn.
fn last_logged(session: &Session, pe: Pe, loaded: &PeProgram, slot: u32) -> Option<TimerCounts> {
    let state = &session.machine().state().pes[pe.index()];
    let phases = loaded.logged();
    let each = phases.len() as u32;
    let slots = loaded.slots.len() as u32;
    let records = state.logged.checked_div(each)?;
    let record = (0..records).rev().take(slots as usize).find(|record| record % slots == slot)?;
    let (start, bytes) = loaded.log;
    let places = (bytes / 4).max(1);
    let count = |(number, &phase): (u32, &PhaseId)| {
        let name = format!("{}_us", session.program().legend.phase(phase));
        (name, state.sram.word(start + 4 * ((record * each + number) % places)))
    };
    Some(TimerCounts((0..).zip(phases).map(count).collect()))
}

fn memory(session: &Session) -> Memory {
    let program = session.program();
    let loaded = || program.places().filter_map(|pe| Some((pe, program.pe(pe)?)));
    let fullest = program.fullest_pe();
    let banks = fullest.map_or([0; 4], |(_, loaded)| loaded.bank_bytes());
    let most = |bank: usize| loaded().map(|(_, loaded)| loaded.bank_bytes()[bank]).max().unwrap_or(0);
    Memory {
        fullest_pe: fullest.map_or_else(String::new, |(pe, _)| pe.to_string()),
        bytes_used_max: fullest.map_or(0, |(_, loaded)| loaded.bytes_used()),
        weights_bytes_max: loaded().map(|(_, loaded)| weights_bytes(loaded)).max().unwrap_or(0),
        data_bytes_used_max: loaded()
            .map(|(_, loaded)| loaded.bank_bytes()[1..].iter().sum())
            .max()
            .unwrap_or(0),
        banks: (0..banks.len())
            .map(|bank| {
                let seen = bank_count(session, bank);
                Bank {
                    bank,
                    used_bytes: banks[bank],
                    free_bytes: BANK_BYTES - banks[bank],
                    used_bytes_max: most(bank),
                    core_accesses: seen.core,
                    noc_writes: seen.noc,
                    dma_writes: seen.dma,
                    conflicts: seen.conflicts(),
                    core_stalls: seen.core_stalls,
                    write_waits: seen.write_waits,
                }
            })
            .collect(),
    }
}

/// Returns the counts of a bank, summed over all PEs.
fn bank_count(session: &Session, bank: usize) -> BankCount {
    let pes = session.machine().state().pes.iter();
    pes.map(|pe| pe.banks.count[bank]).fold(BankCount::default(), BankCount::plus)
}

/// Returns the bytes of weights (values, columns, row pointers) on a PE.
pub fn weights_bytes(loaded: &PeProgram) -> u32 {
    loaded.regions.iter().filter(|r| r.kind == RegionKind::Weights).map(|r| r.end - r.start).sum()
}

fn noc(session: &Session) -> NocUse {
    let state = session.machine().state();
    let total = &state.traffic.total;
    let links = state.noc.links.iter().enumerate();
    let busiest = links.rev().max_by_key(|(_, link)| link.packets).filter(|(_, link)| link.packets > 0);
    let name = |number: usize| {
        let (from, to) = ROUTES.ends(number);
        format!("{from} > {to}")
    };
    let chip_links = || state.chip_links.iter();
    NocUse {
        packets: total.packets,
        hops: total.hops,
        max_link_load: busiest.map_or(0.0, |(_, link)| link_load(link.packets, state.tick)),
        busiest_link: busiest.map(|(number, _)| name(number)),
        latency_mean_ns: total.latency_mean_ns(),
        latency_max_ns: total.latency_max_ns(),
        waited_cycles: state.noc.links.iter().map(|link| link.waited).sum(),
        max_chip_link_load: chip_links().map(|link| link.count.load(state.tick)).fold(0.0, f64::max),
        chip_links_waited_us: us(chip_links().map(|link| link.count.waited).sum()),
        traffic: traffic::traffic(session),
        router: traffic::routed(session),
    }
}

fn dram(session: &Session) -> DramUse {
    let state = session.machine().state();
    let traffic = &state.traffic;
    DramUse { beats: traffic.dma_beats, bytes: traffic.dram_bytes(), waited_cycles: state.noc.beats_waited }
}

/// Returns the figures of the MAC arrays; `None` if none has worked.
fn mac_array(session: &Session) -> Option<MacUse> {
    let mut all = MacRun::default();
    let mut overflows = 0;
    for pe in &session.machine().state().pes {
        all += pe.count.mac.total;
        overflows += pe.count.mac.overflows;
    }
    let MacRun { macs, cycles, bytes } = all;
    let units = cycles as f64 * f64::from(MAC_ROWS * MAC_COLUMNS);
    (cycles > 0).then(|| MacUse { macs, cycles, used: macs as f64 / units, bytes, overflows })
}

/// Counts machine code's accesses and divisions that traps would have reported; `None` without any.
fn untrapped(session: &Session) -> Option<UntrappedCount> {
    let mut all = Untrapped::default();
    session.machine().state().pes.iter().for_each(|pe| all += pe.count.untrapped);
    let Untrapped { unaligned, divided_by_zero } = all;
    (all != Untrapped::default()).then_some(UntrappedCount { unaligned, divided_by_zero })
}

fn races(session: &Session) -> RaceCount {
    let races = &session.machine().state().races;
    let seen = |race: &crate::machine::probe::Race| RaceSeen {
        time_us: us(race.tick),
        pe: race.receiver.to_string(),
        address: race.address,
        what: race.to_string(),
    };
    RaceCount { count: races.count, first: races.first.iter().map(seen).collect() }
}

/// Returns the energy by its uses: operations of 0 J are left out.
fn energy_parts(session: &Session) -> EnergyUse {
    let meter = session.meter();
    let parts = meter.parts();
    let layers = session.program().populations.iter().zip(&parts.phases_j);
    let operations = layers.flat_map(|(layer, phases)| {
        let entry = |phase: PhaseId| PhaseEnergy {
            phase: session.program().legend.phase(phase),
            layer: layer.name.clone(),
            energy_j: phases[phase.index()],
        };
        session.program().legend.ids().map(entry).filter(|entry| entry.energy_j > 0.0)
    });
    EnergyUse {
        operations: operations.collect(),
        chip_j: parts.chip_j,
        asleep_j: parts.asleep_j,
        mac_array_j: parts.mac_j,
        interrupts_j: parts.interrupts_j,
        polling_j: parts.polling_j,
        transport_j: parts.transport_j(),
        pes: session
            .program()
            .places()
            .map(|pe| {
                let PeEnergy { asleep_j, active_j, polling_j } = meter.pe(pe.index());
                PeUse { pe: pe.to_string(), asleep_j, active_j, polling_j }
            })
            .collect(),
    }
}
