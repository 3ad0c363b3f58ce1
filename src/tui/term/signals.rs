//! The signal thread: TERM, INT and HUP leave in good order; TSTP suspends; CONT takes the terminal again.

use std::{io, thread};

use crossbeam_channel::Sender;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGSTOP, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use crate::tui::app::{Msg, Signal};

/// Starts the thread.
pub fn start(inbox: Sender<Msg>) -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGTSTP, SIGCONT])?;
    let pass_on = move || {
        for number in &mut signals {
            let signal = match number {
                SIGTSTP => Signal::Suspend,
                SIGCONT => Signal::Continued,
                other => Signal::Terminate(other),
            };
            if inbox.send(Msg::Signal(signal)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(pass_on).map(drop)
}

/// Stops the whole process until somebody sends CONT.
///
/// STOP and not TSTP: the kernel discards TSTP for an orphaned process group, which is what some launchers make.
pub fn stop_process() -> io::Result<()> {
    signal_hook::low_level::raise(SIGSTOP)
}
