//! The signal thread: TERM, INT, QUIT and HUP leave in good order; TSTP suspends; CONT takes
//! the terminal again.

use std::time::Duration;
use std::{io, process, thread};

use crossbeam_channel::Sender;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::guarded;
use super::panic::provoke;
use crate::output::keep_signals;
use crate::tui::app::{Msg, Signal};

/// Time that the app may take to give the terminal back before the process is ended without it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Starts the thread.
pub fn start(inbox: Sender<Msg>) -> io::Result<()> {
    let ending = [SIGTERM, SIGINT, SIGQUIT, SIGHUP];
    keep_signals(&ending);
    let mut signals = Signals::new(ending.iter().chain(&[SIGTSTP, SIGCONT]))?;
    guarded::spawn("signals", inbox.clone(), move || {
        for number in &mut signals {
            let signal = match number {
                SIGTSTP => Signal::Suspend,
                SIGCONT => Signal::Continued,
                other => Signal::Terminate(other),
            };
            if inbox.send(Msg::Signal(signal)).is_err() {
                return;
            }
            if let Signal::Terminate(number) = signal {
                last_resort(number);
            }
            provoke("signals");
        }
    })
}

/// Ends the process if the app does not: it may be waiting for a terminal that takes nothing, for
/// example after Ctrl-S. Unwritten output is left out; the line settings are restored nevertheless.
fn last_resort(number: i32) {
    let wait = move || {
        thread::sleep(PATIENCE);
        if super::is_taken() {
            tracing::warn!("the terminal takes nothing: left without giving it back");
            let _ = crossterm::terminal::disable_raw_mode();
            process::exit(128 + number.clamp(0, 127));
        }
    };
    // Without a thread to wait on there is nothing more to be done.
    let _ = thread::Builder::new().name("last-resort".to_owned()).spawn(wait);
}

/// Stops the whole process until a CONT signal arrives.
///
/// STOP and not TSTP: the kernel discards TSTP for an orphaned process group, which is what
/// some launchers make.
pub fn stop_process() -> io::Result<()> {
    signal_hook::low_level::raise(SIGSTOP)
}
