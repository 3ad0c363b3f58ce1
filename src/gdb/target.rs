//! The chip as gdbstub's target.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;

use gdbstub::common::{Signal, Tid};
use gdbstub::stub::MultiThreadStopReason;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadResume, MultiThreadResumeOps, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::reverse_exec::{
    ReplayLogPosition, ReverseCont, ReverseContOps, ReverseStep, ReverseStepOps,
};
use gdbstub::target::ext::base::single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint, SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps, outputln};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};
use thiserror::Error;

use super::arch::{CoreRegisters, CortexM4, Numbered};
use crate::chip::geometry::Pe;
use crate::kernel::code::write::CodeWrite;
use crate::machine::program::{PeProgram, Program};
use crate::session::instructions::{Debugger, Halt, Stops};

/// Experiment that a server debugs.
pub trait Chip {
    /// Asks the experiment's debugger, wherever that is; `None` if the experiment is gone.
    fn with<R: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&mut Debugger<'_>) -> R + Send + 'static,
    ) -> Option<R>;
}

/// Fault of the target that ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the experiment is gone")]
pub struct Gone;

/// Motion that the client has requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Motion {
    Run,
    Step,
    RunBack,
    StepBack,
}

/// The emulated chip, one PE of which is debugged by instructions.
#[derive(Debug)]
pub struct ChipTarget<C> {
    chip: C,
    pub(super) pe: Pe,
    motion: Motion,
    stops: Stops,
    /// Names of the populations on each PE, as of the last list of threads.
    names: BTreeMap<Pe, String>,
}

/// Returns the thread of a PE: its index plus 1, since 0 means any thread.
fn thread_of(pe: Pe) -> Tid {
    NonZeroUsize::MIN.saturating_add(pe.index())
}

fn pe_of(thread: Tid) -> Option<Pe> {
    Pe::from_index(thread.get() - 1)
}

impl<C: Chip> ChipTarget<C> {
    /// Creates the target of an experiment, with a PE in focus that is followed already.
    pub fn new(chip: C, pe: Pe) -> Self {
        Self { chip, pe, motion: Motion::Run, stops: Stops::default(), names: BTreeMap::new() }
    }

    /// Ends the target and returns the experiment.
    pub fn into_chip(self) -> C {
        self.chip
    }

    /// Returns the thread of the PE in focus.
    pub fn thread(&self) -> Tid {
        thread_of(self.pe)
    }

    /// Asks the experiment's debugger.
    pub(super) fn ask<R: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&mut Debugger<'_>) -> R + Send + 'static,
    ) -> Result<R, Gone> {
        self.chip.with(ask).ok_or(Gone)
    }

    /// Continues the requested motion for a slice and returns the reason of the stop; `None` if
    /// nothing has stopped it yet.
    ///
    /// # Errors
    ///
    /// Fails if the experiment is gone.
    pub fn proceed(&mut self) -> Result<Option<MultiThreadStopReason<u32>>, Gone> {
        let (pe, motion, mut stops) = (self.pe, self.motion, std::mem::take(&mut self.stops));
        let (halt, stops) = self.ask(move |debugger| {
            // Whatever else was done in between, this PE is followed.
            let halt = match debugger.focus(pe) {
                Err(_) => Some(Halt::Begin),
                Ok(()) => match motion {
                    Motion::Run => debugger.run(&mut stops),
                    Motion::Step => debugger.step(),
                    Motion::RunBack => debugger.run_back(&mut stops),
                    Motion::StepBack => Some(debugger.step_back()),
                },
            };
            (halt, stops)
        })?;
        self.stops = stops;
        Ok(halt.map(|halt| self.reason(&halt)))
    }

    /// Writes to a PE; what is not possible is an error for the client.
    fn write(&mut self, tid: Tid, what: CodeWrite) -> TargetResult<(), Self> {
        let pe = pe_of(tid).ok_or(TargetError::NonFatal)?;
        let done = self.ask(move |debugger| debugger.write(pe, &what)).map_err(TargetError::Fatal)?;
        done.map_err(|_| TargetError::Errno(14)) // EFAULT
    }

    fn reason(&self, halt: &Halt) -> MultiThreadStopReason<u32> {
        let tid = self.thread();
        match halt {
            Halt::Stepped | Halt::Point => {
                MultiThreadStopReason::SignalWithThread { tid, signal: Signal::SIGTRAP }
            }
            Halt::Breakpoint => MultiThreadStopReason::SwBreak(tid),
            Halt::Watched(addr) => MultiThreadStopReason::Watch { tid, kind: WatchKind::Write, addr: *addr },
            Halt::Fault(_) => MultiThreadStopReason::SignalWithThread { tid, signal: Signal::SIGSEGV },
            Halt::Finished => MultiThreadStopReason::Exited(0),
            Halt::Stopped(_) => MultiThreadStopReason::Exited(1),
            Halt::Begin => MultiThreadStopReason::ReplayLog { tid: Some(tid), pos: ReplayLogPosition::Begin },
        }
    }
}

impl<C: Chip> Target for ChipTarget<C> {
    type Arch = CortexM4;
    type Error = Gone;

    fn base_ops(&mut self) -> BaseOps<'_, Self::Arch, Self::Error> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }
}

impl<C: Chip> MultiThreadBase for ChipTarget<C> {
    fn read_registers(&mut self, regs: &mut CoreRegisters, tid: Tid) -> TargetResult<(), Self> {
        // Only the PE in focus is followed by instructions; the others show as running, with
        // all registers 0.
        let own = tid == self.thread();
        let pe = self.pe;
        let found = self.ask(move |debugger| {
            let core = debugger.core().filter(|_| own && debugger.pe() == Some(pe));
            core.map(CoreRegisters::from)
        });
        *regs = found.map_err(TargetError::Fatal)?.unwrap_or_default();
        Ok(())
    }

    fn write_registers(&mut self, regs: &CoreRegisters, tid: Tid) -> TargetResult<(), Self> {
        let mut before = CoreRegisters::default();
        self.read_registers(&mut before, tid)?;
        match regs.changed(&before) {
            changed if changed.is_empty() => Ok(()),
            changed => self.write(tid, CodeWrite::Registers(changed)),
        }
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8], tid: Tid) -> TargetResult<usize, Self> {
        let pe = pe_of(tid).ok_or(TargetError::NonFatal)?;
        let count = data.len();
        let bytes = self.ask(move |debugger| debugger.bytes(pe, start, count)).map_err(TargetError::Fatal)?;
        if bytes.is_empty() && !data.is_empty() {
            return Err(TargetError::Errno(14)); // EFAULT
        }
        data[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn write_addrs(&mut self, start: u32, data: &[u8], tid: Tid) -> TargetResult<(), Self> {
        if data.is_empty() {
            return Ok(());
        }
        self.write(tid, CodeWrite::Memory { address: start, bytes: data.to_vec() })
    }

    fn list_active_threads(&mut self, register: &mut dyn FnMut(Tid)) -> Result<(), Self::Error> {
        self.names = self.ask(|debugger| {
            let program = debugger.session().program();
            let used = program.places().filter(|&pe| program.pe(pe).is_some());
            used.map(|pe| (pe, names(program, pe))).collect()
        })?;
        // The first one is what gdb selects.
        register(thread_of(self.pe));
        self.names.keys().filter(|&&pe| pe != self.pe).for_each(|&pe| register(thread_of(pe)));
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl<C: Chip> SingleRegisterAccess<Tid> for ChipTarget<C> {
    fn read_register(&mut self, tid: Tid, id: Numbered, bytes: &mut [u8]) -> TargetResult<usize, Self> {
        let mut registers = CoreRegisters::default();
        self.read_registers(&mut registers, tid)?;
        let values = id.parts().into_iter().flat_map(|register| registers.get(register).to_le_bytes());
        Ok(bytes.iter_mut().zip(values).map(|(place, byte)| *place = byte).count())
    }

    fn write_register(&mut self, tid: Tid, id: Numbered, bytes: &[u8]) -> TargetResult<(), Self> {
        let (words, _) = bytes.as_chunks();
        let values = words.iter().map(|&word| u32::from_le_bytes(word));
        self.write(tid, CodeWrite::Registers(id.parts().into_iter().zip(values).collect()))
    }
}

/// Returns the names of the populations on a PE, with spaces between them.
fn names(program: &Program, pe: Pe) -> String {
    let slots = program.pe(pe).into_iter().flat_map(PeProgram::populations);
    let names: Vec<&str> = slots
        .filter_map(|slot| Some(program.populations.get(slot.population.index())?.name.as_str()))
        .collect();
    names.join(" ")
}

impl<C: Chip> ThreadExtraInfo for ChipTarget<C> {
    fn thread_extra_info(&self, tid: Tid, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let Some(pe) = pe_of(tid) else { return Ok(0) };
        let focus = if tid == self.thread() { ", by instructions" } else { ", running" };
        let names = self.names.get(&pe).map_or("", String::as_str);
        let text = format!("{pe} {names}{focus}");
        let count = text.len().min(buffer.len());
        buffer[..count].copy_from_slice(&text.as_bytes()[..count]);
        Ok(count)
    }
}

impl<C: Chip> MultiThreadResume for ChipTarget<C> {
    fn resume(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Self::Error> {
        self.motion = Motion::Run;
        self.stops.begin();
        Ok(())
    }

    fn set_resume_action_continue(&mut self, _: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }

    fn support_reverse_step(&mut self) -> Option<ReverseStepOps<'_, Tid, Self>> {
        Some(self)
    }

    fn support_reverse_cont(&mut self) -> Option<ReverseContOps<'_, Tid, Self>> {
        Some(self)
    }
}

impl<C: Chip> MultiThreadSingleStep for ChipTarget<C> {
    fn set_resume_action_step(&mut self, tid: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        if let Some(pe) = pe_of(tid).filter(|&pe| pe != self.pe) {
            // A PE without machine code cannot be stepped: then the PE in focus stays the one
            // that steps.
            if self.ask(move |debugger| debugger.focus(pe).is_ok())? {
                self.pe = pe;
            }
        }
        self.motion = Motion::Step;
        Ok(())
    }
}

impl<C: Chip> MultiThreadSchedulerLocking for ChipTarget<C> {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Self::Error> {
        // Only the PE in focus is followed by instructions: the others are as still as the chip.
        Ok(())
    }
}

impl<C: Chip> ReverseStep<Tid> for ChipTarget<C> {
    fn reverse_step(&mut self, _: Tid) -> Result<(), Self::Error> {
        self.motion = Motion::StepBack;
        Ok(())
    }
}

impl<C: Chip> ReverseCont<Tid> for ChipTarget<C> {
    fn reverse_cont(&mut self) -> Result<(), Self::Error> {
        self.motion = Motion::RunBack;
        Ok(())
    }
}

impl<C: Chip> Breakpoints for ChipTarget<C> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl<C: Chip> SwBreakpoint for ChipTarget<C> {
    fn add_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.stops.breakpoints.push(address & !1);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        let places = &mut self.stops.breakpoints;
        let found = places.iter().position(|&place| place == address & !1);
        Ok(found.map(|at| places.swap_remove(at)).is_some())
    }
}

fn range(start: u32, length: u32) -> Range<u32> {
    start..start.saturating_add(length)
}

impl<C: Chip> HwWatchpoint for ChipTarget<C> {
    fn add_hw_watchpoint(&mut self, start: u32, length: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        // Reads are not followed.
        if kind == WatchKind::Write {
            self.stops.watched.push(range(start, length));
        }
        Ok(kind == WatchKind::Write)
    }

    fn remove_hw_watchpoint(&mut self, start: u32, length: u32, _: WatchKind) -> TargetResult<bool, Self> {
        let places = &mut self.stops.watched;
        let found = places.iter().position(|place| *place == range(start, length));
        Ok(found.map(|at| places.swap_remove(at)).is_some())
    }
}

impl<C: Chip> MonitorCmd for ChipTarget<C> {
    fn handle_monitor_cmd(&mut self, command: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), Self::Error> {
        let answer = self.monitor(&String::from_utf8_lossy(command))?;
        for line in answer.lines() {
            outputln!(out, "{line}");
        }
        Ok(())
    }
}
