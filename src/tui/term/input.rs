//! The input thread: blocks on the terminal and passes on keys, clicks, pasted text and sizes.

use std::io;

use crossbeam_channel::Sender;
use crossterm::event::{self, Event};
use signal_hook::consts::SIGHUP;

use super::panic::provoke;
use super::{guarded, says_gone};
use crate::tui::app::{Msg, Signal};

/// Starts the thread. It ends with the process: a blocking read on a terminal cannot
/// be called back.
pub fn start(inbox: Sender<Msg>) -> io::Result<()> {
    guarded::spawn("input", inbox.clone(), move || read_all(&inbox))
}

fn read_all(inbox: &Sender<Msg>) {
    loop {
        let msg = match event::read() {
            Ok(Event::Key(key)) => {
                provoke("input");
                Msg::Key(key)
            }
            Ok(Event::Paste(text)) => Msg::Paste(text),
            Ok(Event::Resize(columns, rows)) => Msg::Resize(columns, rows),
            Ok(Event::Mouse(event)) => Msg::Mouse(event),
            // Focus is not asked for.
            Ok(Event::FocusGained | Event::FocusLost) => continue,
            Err(error) if says_gone(&error) => Msg::Signal(Signal::Terminate(SIGHUP)),
            Err(error) => Msg::InputLost(error.to_string()),
        };
        let last = matches!(msg, Msg::InputLost(_) | Msg::Signal(_));
        if inbox.send(msg).is_err() || last {
            return;
        }
    }
}
