//! The chip as gdbstub's target.

use std::convert::Infallible;
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
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint, SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps, outputln};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};

use super::arch::{CoreRegisters, CortexM4};
use crate::chip::geometry::Pe;
use crate::machine::program::PeProgram;
use crate::session::instructions::{Debugger, Halt};

/// Faults of the target that end the connection: there are none.
pub type TargetFault = Infallible;

/// What the client has asked to happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Motion {
    Run,
    Step,
    RunBack,
    StepBack,
}

/// The emulated chip, one PE of which is debugged by instructions.
#[derive(Debug)]
pub struct ChipTarget {
    pub(super) debugger: Debugger,
    motion: Motion,
}

/// Thread of a PE: its index and 1, since 0 means any.
fn thread_of(pe: Pe) -> Tid {
    NonZeroUsize::MIN.saturating_add(pe.index())
}

fn pe_of(thread: Tid) -> Option<Pe> {
    Pe::from_index(thread.get() - 1)
}

impl ChipTarget {
    /// Creates the target of a debugger.
    pub fn new(debugger: Debugger) -> Self {
        Self { debugger, motion: Motion::Run }
    }

    /// Ends the target and returns its debugger.
    pub fn into_debugger(self) -> Debugger {
        self.debugger
    }

    /// Returns the thread of the PE in focus.
    pub fn thread(&self) -> Tid {
        thread_of(self.debugger.pe())
    }

    /// Goes on as asked for, for a slice; `None` if nothing has stopped it yet.
    pub fn proceed(&mut self) -> Option<MultiThreadStopReason<u32>> {
        let halt = match self.motion {
            Motion::Run => self.debugger.run()?,
            Motion::Step => self.debugger.step(),
            Motion::RunBack => self.debugger.run_back(),
            Motion::StepBack => self.debugger.step_back(),
        };
        Some(self.reason(&halt))
    }

    fn reason(&self, halt: &Halt) -> MultiThreadStopReason<u32> {
        let tid = self.thread();
        match halt {
            Halt::Stepped => MultiThreadStopReason::SignalWithThread { tid, signal: Signal::SIGTRAP },
            Halt::Breakpoint => MultiThreadStopReason::SwBreak(tid),
            Halt::Watched(addr) => MultiThreadStopReason::Watch { tid, kind: WatchKind::Write, addr: *addr },
            Halt::Fault(_) => MultiThreadStopReason::SignalWithThread { tid, signal: Signal::SIGSEGV },
            Halt::Finished => MultiThreadStopReason::Exited(0),
            Halt::Stopped(_) => MultiThreadStopReason::Exited(1),
            Halt::Begin => MultiThreadStopReason::ReplayLog { tid: Some(tid), pos: ReplayLogPosition::Begin },
        }
    }
}

impl Target for ChipTarget {
    type Arch = CortexM4;
    type Error = TargetFault;

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

impl MultiThreadBase for ChipTarget {
    fn read_registers(&mut self, regs: &mut CoreRegisters, tid: Tid) -> TargetResult<(), Self> {
        // Only the PE in focus is followed by instructions; the others show as running, with
        // all registers 0.
        *regs = match self.debugger.core() {
            Some(core) if tid == self.thread() => core.into(),
            _ => CoreRegisters::default(),
        };
        Ok(())
    }

    fn write_registers(&mut self, _: &CoreRegisters, _: Tid) -> TargetResult<(), Self> {
        Err(TargetError::NonFatal)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8], tid: Tid) -> TargetResult<usize, Self> {
        let pe = pe_of(tid).ok_or(TargetError::NonFatal)?;
        let bytes = self.debugger.bytes(pe, start, data.len());
        if bytes.is_empty() && !data.is_empty() {
            return Err(TargetError::Errno(14)); // EFAULT
        }
        data[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn write_addrs(&mut self, _: u32, _: &[u8], _: Tid) -> TargetResult<(), Self> {
        Err(TargetError::Errno(1)) // EPERM: the chip is looked at, not changed
    }

    fn list_active_threads(&mut self, register: &mut dyn FnMut(Tid)) -> Result<(), Self::Error> {
        // The first one is what gdb selects.
        let focus = self.debugger.pe();
        register(thread_of(focus));
        let program = self.debugger.session().program();
        for pe in program.places().filter(|&pe| pe != focus && program.pe(pe).is_some()) {
            register(thread_of(pe));
        }
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl ThreadExtraInfo for ChipTarget {
    fn thread_extra_info(&self, tid: Tid, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let program = self.debugger.session().program();
        let Some(pe) = pe_of(tid) else { return Ok(0) };
        let names = program.pe(pe).into_iter().flat_map(PeProgram::populations);
        let names: Vec<&str> = names
            .filter_map(|slot| Some(program.populations.get(slot.population.index())?.name.as_str()))
            .collect();
        let focus = if tid == self.thread() { ", by instructions" } else { ", running" };
        let text = format!("{pe} {}{focus}", names.join(" "));
        let count = text.len().min(buffer.len());
        buffer[..count].copy_from_slice(&text.as_bytes()[..count]);
        Ok(count)
    }
}

impl MultiThreadResume for ChipTarget {
    fn resume(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Self::Error> {
        self.motion = Motion::Run;
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

impl MultiThreadSingleStep for ChipTarget {
    fn set_resume_action_step(&mut self, tid: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        if let Some(pe) = pe_of(tid) {
            // A PE without machine code cannot be stepped: then the PE in focus stays the one
            // that steps.
            let _ = self.debugger.focus(pe);
        }
        self.motion = Motion::Step;
        Ok(())
    }
}

impl MultiThreadSchedulerLocking for ChipTarget {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Self::Error> {
        // Only the PE in focus is followed by instructions: the others are as still as the chip.
        Ok(())
    }
}

impl ReverseStep<Tid> for ChipTarget {
    fn reverse_step(&mut self, _: Tid) -> Result<(), Self::Error> {
        self.motion = Motion::StepBack;
        Ok(())
    }
}

impl ReverseCont<Tid> for ChipTarget {
    fn reverse_cont(&mut self) -> Result<(), Self::Error> {
        self.motion = Motion::RunBack;
        Ok(())
    }
}

impl Breakpoints for ChipTarget {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for ChipTarget {
    fn add_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.debugger.breakpoints.push(address & !1);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        let places = &mut self.debugger.breakpoints;
        let found = places.iter().position(|&place| place == address & !1);
        Ok(found.map(|at| places.swap_remove(at)).is_some())
    }
}

fn range(start: u32, length: u32) -> Range<u32> {
    start..start.saturating_add(length)
}

impl HwWatchpoint for ChipTarget {
    fn add_hw_watchpoint(&mut self, start: u32, length: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        // Reads are not followed.
        if kind == WatchKind::Write {
            self.debugger.watched.push(range(start, length));
        }
        Ok(kind == WatchKind::Write)
    }

    fn remove_hw_watchpoint(&mut self, start: u32, length: u32, _: WatchKind) -> TargetResult<bool, Self> {
        let places = &mut self.debugger.watched;
        let found = places.iter().position(|place| *place == range(start, length));
        Ok(found.map(|at| places.swap_remove(at)).is_some())
    }
}

impl MonitorCmd for ChipTarget {
    fn handle_monitor_cmd(&mut self, command: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), Self::Error> {
        let answer = self.monitor(&String::from_utf8_lossy(command));
        for line in answer.lines() {
            outputln!(out, "{line}");
        }
        Ok(())
    }
}
