//! The hang-up thread: notices that the terminal was closed.
//!
//! Closing a terminal sends HUP, but only to processes whose *controlling* terminal it is, and
//! with some launchers no process has one. Reading does not tell either: the input library
//! reads a closed terminal again and again, and keeps a core busy with it. So this thread asks the
//! operating system to be woken when the other end goes.

use std::{io, thread};

use crossbeam_channel::Sender;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use signal_hook::consts::SIGHUP;

use crate::tui::app::{Msg, Signal};

/// Starts the thread. It sleeps until the terminal is closed, and then says what HUP
/// would have said.
pub fn start(inbox: Sender<Msg>) -> io::Result<()> {
    let watch = move || {
        if closed() {
            let _ = inbox.send(Msg::Signal(Signal::Terminate(SIGHUP)));
        }
    };
    thread::Builder::new().name("hang-up".to_owned()).spawn(watch).map(drop)
}

/// Waits until the terminal is closed; `false` if this system cannot tell.
fn closed() -> bool {
    let stdin = rustix::stdio::stdin();
    loop {
        // No events asked for: errors and hang-ups are always told.
        let mut ends = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut ends, None) {
            Ok(_) => return ends[0].revents().intersects(PollFlags::HUP | PollFlags::ERR),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
