//! `monitor` commands of gdb: what the chip has and gdb has no word for.

use super::target::ChipTarget;
use crate::chip::clock::us;
use crate::session::history::Position;
use crate::session::instructions::Halt;

/// Help of all commands.
const HELP: &str = "\
monitor step token [N]        completes N time steps (1), then continues to the next call with the next step or continue
monitor who-wrote ADDRESS     who wrote the word at a byte address of the PE last, before this call
monitor where                 the event, time step and chip time, the call and its cycles
monitor hash                  the output hash";

impl ChipTarget {
    /// Carries out a command and returns its answer.
    pub(super) fn monitor(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            ["step", "token" | "frame" | "tick" | "step", ref rest @ ..] => {
                self.step_time(rest.first().copied())
            }
            ["who-wrote", address] => match number(address) {
                Some(at) => self.debugger.last_write(&(at & !3..(at & !3).saturating_add(4))).to_string(),
                None => format!("invalid address `{address}`: write 0x8010 or 32784"),
            },
            ["where"] => self.place(),
            ["hash"] => format!("output hash {:032x}", self.debugger.session().output_hash()),
            ["help"] | [] => HELP.to_owned(),
            _ => format!("unknown command `{command}`\n{HELP}"),
        }
    }

    fn step_time(&mut self, count: Option<&str>) -> String {
        let Some(count) = count.map_or(Some(1), |count| count.parse().ok()) else {
            return "the number of time steps is no number".to_owned();
        };
        match self.debugger.step_time(count) {
            Halt::Finished => "all input is read".to_owned(),
            Halt::Stopped(stopped) => stopped.to_string(),
            _ => Position::of(self.debugger.session()).to_string(),
        }
    }

    fn place(&self) -> String {
        let session = self.debugger.session();
        let at = format!("{} at {}", self.debugger.pe(), Position::of(session));
        let Some(call) = self.debugger.call() else { return format!("{at}, between calls") };
        let counts = &call.core.counts;
        let program = session.program();
        let cycles = counts.at(u32::from(program.assume.branch_refill));
        let ticks = cycles * program.operating_point.ticks_per_cycle();
        format!(
            "{at}\nin {} of {}: {} instructions, {cycles} cycles, {:.2} us",
            call.entry().function,
            call.entry().file.name,
            counts.instructions,
            us(ticks)
        )
    }
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
