//! `monitor` commands of gdb: what the chip has and gdb has no word for.

use super::target::{Chip, ChipTarget, Gone};
use crate::chip::clock::us;
use crate::chip::geometry::Pe;
use crate::machine::sram::SRAM_BYTES;
use crate::session::history::Position;
use crate::session::instructions::{Debugger, Halt};

/// Help of all commands.
const HELP: &str = "\
monitor step token [N]        completes N time steps (1), then continues to the next call with the next step or continue
monitor who-wrote ADDRESS     who wrote the word at a byte address of the PE last, before this call
monitor where                 the event, time step and chip time, the call and its cycles
monitor hash                  the output hash";

impl<C: Chip> ChipTarget<C> {
    /// Carries out a command and returns its answer.
    ///
    /// # Errors
    ///
    /// Fails if the experiment is gone.
    pub(super) fn monitor(&mut self, command: &str) -> Result<String, Gone> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let pe = self.pe;
        Ok(match words[..] {
            ["step", "token" | "frame" | "tick" | "step", ref rest @ ..] => {
                let count = rest.first().copied();
                let Some(count) = count.map_or(Some(1), |count| count.parse().ok()) else {
                    return Ok("invalid number of time steps: expected for example 3".to_owned());
                };
                self.ask(move |debugger| step_time(debugger, count))?
            }
            ["who-wrote", address] => match number(address) {
                Some(at) if at >= SRAM_BYTES => {
                    format!(
                        "{address} is outside the SRAM of {pe}: the last byte is at {:#x}",
                        SRAM_BYTES - 1
                    )
                }
                Some(at) => {
                    let bytes = at & !3..(at & !3).saturating_add(4);
                    self.ask(move |debugger| debugger.last_write(pe, &bytes).to_string())?
                }
                None => format!("invalid address `{address}`: write 0x8010 or 32784"),
            },
            ["where"] => self.ask(move |debugger| place(debugger, pe))?,
            ["hash"] => {
                self.ask(|debugger| format!("output hash {:032x}", debugger.session().output_hash()))?
            }
            ["help"] | [] => HELP.to_owned(),
            _ => format!("unknown command `{command}`\n{HELP}"),
        })
    }
}

fn step_time(debugger: &mut Debugger<'_>, count: u64) -> String {
    match debugger.step_time(count) {
        Halt::Finished => "all input is read".to_owned(),
        Halt::Stopped(stopped) => stopped.to_string(),
        _ => Position::of(debugger.session()).to_string(),
    }
}

fn place(debugger: &mut Debugger<'_>, pe: Pe) -> String {
    let session = debugger.session();
    let at = format!("{pe} at {}", Position::of(session));
    let Some(call) = debugger.call() else { return format!("{at}, between calls") };
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

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
