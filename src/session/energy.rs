//! Energy and power of a machine: since the start, of a time step, by part and by PE. The host is
//! in none of them.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::chip::clock::{OperatingPoint, TICKS_PER_US, Tick, us};
use crate::chip::mac::MacRun;
use crate::chip::power::{MacEnergy, PowerModel};
use crate::machine::exec::Machine;
use crate::machine::legend::PhaseId;
use crate::machine::timer::FastTime;

/// Time steps of the histories that charts draw.
pub const HISTORY: usize = 140;

/// Energy and mean power of the chip in an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// Energy of the whole chip, J.
    pub energy_j: f64,
    /// Mean power of the whole chip, W.
    pub power_w: f64,
}

/// Energy of a run by its uses; the parts add up to the whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnergyParts {
    /// Energy of the chip with its PEs off, J.
    pub chip_j: f64,
    /// All 152 PEs powered and asleep, J.
    pub asleep_j: f64,
    /// Additional energy of active cores in operations, J, by layer and phase. A core that waits
    /// for its MAC array is not among them.
    pub phases_j: Vec<[f64; PhaseId::MAX]>,
    /// Additional energy of PEs while their MAC arrays work, J: SRAM and waiting core included.
    #[serde(default)]
    pub mac_j: f64,
    /// Additional energy of active cores in handlers of doorbell writes, J.
    pub interrupts_j: f64,
    /// Additional energy of cores that wait in polling loops, J; 0 where they sleep.
    pub polling_j: f64,
    /// NoC hops, J: 0 unless `assume` gives their energy.
    pub noc_j: f64,
    /// DRAM bytes, J: 0 unless `assume` gives their energy.
    pub dram_j: f64,
}

impl EnergyParts {
    /// Returns the sum of the parts, J.
    pub fn total(&self) -> f64 {
        let phases: f64 = self.phases_j.iter().flatten().sum();
        self.chip_j
            + self.asleep_j
            + phases
            + self.mac_j
            + self.interrupts_j
            + self.polling_j
            + self.transport_j()
    }

    /// Returns the energy of NoC and DRAM together, J.
    pub fn transport_j(&self) -> f64 {
        self.noc_j + self.dram_j
    }
}

/// Energy of one PE since the start, J. With the chip around the PEs and transport, all PEs add up
/// to the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PeEnergy {
    /// Powered and asleep.
    pub asleep_j: f64,
    /// Additional energy in operations and handlers, the MAC array included, J.
    pub active_j: f64,
    /// Additional energy in polling loops, J; 0 where PEs sleep while they wait.
    pub polling_j: f64,
}

impl PeEnergy {
    /// Returns the sum of the parts, J.
    pub fn total(self) -> f64 {
        self.asleep_j + self.active_j + self.polling_j
    }
}

/// Energy meter of a machine: computes every energy that reports, screens and conditions show.
#[derive(Clone, Copy, Debug)]
pub struct Meter<'a> {
    machine: &'a Machine,
    model: PowerModel,
    mac: MacEnergy,
    /// Power of a PE at the fast level beyond that at the program's operating point.
    fast: FastPower,
    /// Share of its active power that a PE with a program draws while it waits.
    waiting: f64,
}

/// Power that a PE at 0.8 V and 300 MHz draws beyond that at its program's operating point, mW.
#[derive(Clone, Copy, Debug)]
struct FastPower {
    asleep_mw: f64,
    active_mw: f64,
}

/// Energy that PEs drew beyond that at the program's operating point, J.
#[derive(Clone, Copy, Debug, Default)]
struct FastEnergy {
    asleep: f64,
    active: f64,
    polling: f64,
}

impl FastEnergy {
    fn total(self) -> f64 {
        self.asleep + self.active + self.polling
    }
}

impl<'a> Meter<'a> {
    /// Creates the meter of a machine, as it is now.
    pub fn of(machine: &'a Machine) -> Self {
        let program = machine.program();
        let (model, fast) = (PowerModel::at(program.operating_point), PowerModel::at(OperatingPoint::Mhz300));
        Self {
            machine,
            model,
            mac: MacEnergy::at(program.operating_point, program.assume.mac_idle_percent / 100.0),
            fast: FastPower {
                asleep_mw: fast.pe_asleep_mw - model.pe_asleep_mw,
                active_mw: fast.pe_active_mw - model.pe_active_mw,
            },
            waiting: program.waiting.active_share(program.assume.polling),
        }
    }

    /// Returns the energy since the start.
    pub fn total(&self) -> Energy {
        let state = self.machine.state();
        let (hops, dram) = (state.traffic.total.hops, state.traffic.dram_bytes());
        let fast = self.fast_total(|pe| self.fast_time(pe));
        self.interval(
            state.tick,
            |pe| (state.pes[pe].count.busy, state.pes[pe].count.mac.total),
            fast,
            hops,
            dram,
        )
    }

    /// Returns the time of a PE at the fast level since the start; an operation under way counts up
    /// to now.
    fn fast_time(&self, pe: usize) -> FastTime {
        let state = self.machine.state();
        let fast = state.pes[pe].timer.fast(state.tick);
        FastTime { busy: fast.busy.min(fast.time), ..fast }
    }

    /// Returns the additional energy of a PE in its time at the fast level.
    fn fast_energy(&self, time: FastTime) -> FastEnergy {
        let joules = |milliwatts: f64, ticks: Tick| milliwatts * 1e-9 * us(ticks);
        FastEnergy {
            asleep: joules(self.fast.asleep_mw, time.time),
            active: joules(self.fast.active_mw, time.busy),
            polling: self.waiting * joules(self.fast.active_mw, time.time.saturating_sub(time.busy)),
        }
    }

    /// Returns the additional energy of all PEs in their times at the fast level, J.
    fn fast_total(&self, time: impl Fn(usize) -> FastTime) -> f64 {
        if !self.machine.program().is_timed() {
            return 0.0;
        }
        (0..self.places()).map(|pe| self.fast_energy(time(pe)).total()).sum()
    }

    /// Returns the energy of the last completed time step, without its bytes of DRAM.
    pub fn last_step(&self) -> Energy {
        let state = self.machine.state();
        let busy = |pe: usize| (state.pes[pe].count.busy_last_step, state.pes[pe].count.mac.last_step);
        let fast = self.fast_total(|pe| state.pes[pe].timer.count.fast_last_step);
        self.interval(state.host.last_step_ticks, busy, fast, state.traffic.last_step.hops, 0)
    }

    /// Returns the energy of `elapsed` ticks in which each PE was busy for `busy` of them, its MAC
    /// array's runs among them, and drew `fast_j` more at the fast level.
    fn interval(
        &self,
        elapsed: Tick,
        busy: impl Fn(usize) -> (Tick, MacRun),
        fast_j: f64,
        hops: u64,
        dram_bytes: u64,
    ) -> Energy {
        // PEs without a program would add 0 to both sums.
        let (mut duty_sum, mut mac_j) = (0.0, 0.0);
        for (pe, _) in self.machine.program().pes.iter().enumerate().filter(|(_, loaded)| loaded.is_some()) {
            let (ticks, run) = busy(pe);
            duty_sum += self.active_share(pe, (ticks, run), elapsed);
            mac_j += self.mac.joules(&run);
        }
        let seconds = elapsed as f64 / TICKS_PER_SECOND;
        let power = self.model.chip_power_w(duty_sum, self.places());
        let assume = &self.machine.program().assume;
        let extra =
            assume.energy_per_hop_pj * hops as f64 + assume.energy_per_dram_byte_pj * dram_bytes as f64;
        let energy_j = power * seconds + fast_j + mac_j + extra * 1e-12;
        let power_w = if seconds > 0.0 { energy_j / seconds } else { 0.0 };
        Energy { energy_j, power_w }
    }

    /// Returns the share of `elapsed` ticks in which a core drew active power, from its busy ticks.
    ///
    /// Polling counts as `assume.polling`; sleeping does not count, nor does waiting for the MAC
    /// array, whose energy includes the core's.
    fn active_share(&self, pe: usize, (busy, mac): (Tick, MacRun), elapsed: Tick) -> f64 {
        if elapsed == 0 || !self.is_used(pe) {
            return 0.0;
        }
        let busy = busy.min(elapsed);
        let core = busy.saturating_sub(self.mac_ticks(&mac)) as f64 / elapsed as f64;
        core + self.waiting * (1.0 - busy as f64 / elapsed as f64)
    }

    /// Returns the ticks of runs of the MAC array.
    fn mac_ticks(&self, run: &MacRun) -> Tick {
        run.cycles * self.machine.program().operating_point.ticks_per_cycle()
    }

    /// Returns the number of PEs of the machine.
    fn places(&self) -> usize {
        self.machine.program().pes.len()
    }

    fn is_used(&self, pe: usize) -> bool {
        self.machine.program().pes.get(pe).is_some_and(Option::is_some)
    }

    /// Returns where the energy since the start went.
    pub fn parts(&self) -> EnergyParts {
        let state = self.machine.state();
        let joules = |milliwatts: f64, ticks: f64| milliwatts * 1e-3 * ticks / TICKS_PER_SECOND;
        let active = |ticks: f64| joules(self.model.pe_active_mw, ticks);
        let elapsed = state.tick as f64;
        // A core that is in the middle of an operation has its whole time booked: what lies ahead
        // does not count yet.
        let booked: f64 = state.pes.iter().map(|pe| pe.count.busy as f64).sum();
        let real: f64 = state.pes.iter().map(|pe| pe.count.busy.min(state.tick) as f64).sum();
        let runs = || state.pes.iter().map(|pe| &pe.count.mac.total);
        let mac: f64 = runs().map(|run| self.mac_ticks(run) as f64).sum();
        let share = if booked > mac { (real - mac) / (booked - mac) } else { 0.0 };
        let fast = (0..self.places()).map(|pe| self.fast_energy(self.fast_time(pe)));
        let fast = fast.fold(FastEnergy::default(), |sum, pe| FastEnergy {
            asleep: sum.asleep + pe.asleep,
            active: sum.active + pe.active,
            polling: sum.polling + pe.polling,
        });
        // What the operations at the fast level took more is shared among them by their times.
        let fast_booked: Tick = state.busy.fast.iter().flatten().sum::<Tick>() + state.busy.fast_interrupts;
        let more = |ticks: Tick| match fast_booked {
            0 => 0.0,
            all => fast.active * ticks as f64 / all as f64,
        };
        let used = self.machine.program().used_pes() as f64;
        let assume = &self.machine.program().assume;
        let hops = assume.energy_per_hop_pj * state.traffic.total.hops as f64;
        let dram = assume.energy_per_dram_byte_pj * state.traffic.dram_bytes() as f64;
        EnergyParts {
            chip_j: joules(self.model.chip_off_mw * self.machine.program().chips() as f64, elapsed),
            asleep_j: joules(self.model.pe_asleep_mw * self.places() as f64, elapsed) + fast.asleep,
            phases_j: state
                .busy
                .phases
                .iter()
                .zip(&state.busy.mac)
                .zip(&state.busy.fast)
                .map(|((all, mac), fast)| {
                    let core = |phase: usize| all[phase].saturating_sub(mac[phase]) as f64;
                    std::array::from_fn(|phase| active(core(phase) * share) + more(fast[phase]))
                })
                .collect(),
            mac_j: runs().map(|run| self.mac.joules(run)).sum(),
            interrupts_j: active(state.busy.interrupts as f64 * share) + more(state.busy.fast_interrupts),
            polling_j: active(self.waiting * (used * elapsed - real)) + fast.polling,
            noc_j: hops * 1e-12,
            dram_j: dram * 1e-12,
        }
    }

    /// Returns what busy cores draw above sleep in `ticks`, a sum over PEs, J.
    pub fn active_j(&self, ticks: Tick) -> f64 {
        self.model.pe_active_mw * 1e-3 * ticks as f64 / TICKS_PER_SECOND
    }

    /// Returns the energy of one PE since the start, by its index.
    pub fn pe(&self, pe: usize) -> PeEnergy {
        let joules = |milliwatts: f64, ticks: Tick| milliwatts * 1e-9 * us(ticks);
        let state = self.machine.state();
        let tick = state.tick;
        // An operation under way has its whole time booked: what lies ahead does not count yet.
        let count = state.pes.get(pe).map(|state| state.count).unwrap_or_default();
        let (busy, mac) = (count.busy.min(tick), &count.mac.total);
        let waiting = if self.is_used(pe) { self.waiting } else { 0.0 };
        let fast = self.fast_energy(self.fast_time(pe));
        PeEnergy {
            asleep_j: joules(self.model.pe_asleep_mw, tick) + fast.asleep,
            active_j: joules(self.model.pe_active_mw, busy.saturating_sub(self.mac_ticks(mac)))
                + self.mac.joules(mac)
                + fast.active,
            polling_j: waiting * joules(self.model.pe_active_mw, tick - busy) + fast.polling,
        }
    }

    /// Returns the energy of every PE, by index; PEs without a program sleep.
    pub fn pes(&self) -> Vec<PeEnergy> {
        (0..self.places()).map(|pe| self.pe(pe)).collect()
    }

    /// Returns the energy of a PE that has a program in the last completed time step, µJ.
    pub fn pe_last_step_uj(&self, pe: usize) -> f64 {
        let state = self.machine.state();
        let step = state.host.last_step_ticks;
        let (busy, mac) = (state.pes[pe].count.busy_last_step, state.pes[pe].count.mac.last_step);
        let active = self.active_share(pe, (busy, mac), step);
        let power_mw = self.model.pe_asleep_mw + active * self.model.pe_active_mw;
        let fast = self.fast_energy(state.pes[pe].timer.count.fast_last_step);
        power_mw * us(step) * 1e-3 + (fast.total() + self.mac.joules(&mac)) * 1e6
    }
}

/// Ticks in one second.
const TICKS_PER_SECOND: f64 = TICKS_PER_US as f64 * 1e6;

/// Energy of each time step, from the end of the step before to its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepEnergy {
    /// J at the end of the last completed step, since the start.
    until: f64,
    /// J of the last steps, newest last.
    history: VecDeque<f64>,
}

impl StepEnergy {
    /// Records a completed step; `energy_j` is the energy of the chip since the start, J.
    pub fn complete(&mut self, energy_j: f64) {
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(energy_j - self.until);
        self.until = energy_j;
    }

    /// Iterates over the energy of the last steps (at most [`HISTORY`]), J, oldest first.
    pub fn history(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.history.iter().copied()
    }

    /// Returns the energy of the last completed step, J; `None` before the first.
    pub fn last(&self) -> Option<f64> {
        self.history.back().copied()
    }

    /// Returns the energy of all completed steps together, J.
    pub fn total(&self) -> f64 {
        self.until
    }
}
