//! The input thread: blocks on the terminal and passes on keys and sizes.

use std::{io, thread};

use crossbeam_channel::Sender;
use crossterm::event::{self, Event};

use crate::tui::app::Msg;

/// Starts the thread. It ends with the process: a blocking read on a terminal cannot be called back.
pub fn start(inbox: Sender<Msg>) -> io::Result<()> {
    thread::Builder::new().name("input".to_owned()).spawn(move || read_all(&inbox)).map(drop)
}

fn read_all(inbox: &Sender<Msg>) {
    loop {
        let msg = match event::read() {
            Ok(Event::Key(key)) => Msg::Key(key),
            Ok(Event::Resize(columns, rows)) => Msg::Resize(columns, rows),
            Ok(_) => continue,
            Err(error) => Msg::InputLost(error.to_string()),
        };
        let last = matches!(msg, Msg::InputLost(_));
        if inbox.send(msg).is_err() || last {
            return;
        }
    }
}
