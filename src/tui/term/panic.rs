//! Handling of panics, by thread.
//!
//! On the UI thread: the terminal is given back, the report printed, the process ends with 101.
//! On any other thread: the screen stays, and the app shows the report. The usual hook of
//! terminal libraries gives the screen away on *any* thread's panic, while the UI goes on drawing
//! over the shell.

use std::ffi::OsString;
use std::io::Write;
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, thread};

use color_eyre::config::HookBuilder;
use crossbeam_channel::Sender;

use super::give_back;
use crate::tui::app::Msg;

type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Guard that puts the previous hook back when dropped.
pub struct Hook {
    before: Option<PanicHook>,
}

/// Installs the hook; the calling thread is the UI thread.
pub fn install(inbox: Sender<Msg>) -> Hook {
    let ui = thread::current().id();
    let (panic_hook, eyre_hook) = HookBuilder::default().display_env_section(false).into_hooks();
    // Refused if the binary installed its own first; then that one makes the reports.
    let _ = eyre_hook.install();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let report = panic_hook.panic_report(info).to_string();
        let name = thread::current().name().unwrap_or("?").to_owned();
        tracing::error!(thread = name, "panic\n{}", without_escapes(&report));
        if thread::current().id() == ui {
            give_back();
            // Not `eprintln!`, which panics when standard error is closed.
            let _ = writeln!(io::stderr(), "{report}");
        } else {
            let _ = inbox.send(Msg::ThreadPanicked(format!("thread `{name}`\n{report}")));
        }
    }));
    Hook { before: Some(before) }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // Setting a hook from a panicking thread would abort.
        if let Some(before) = self.before.take().filter(|_| !thread::panicking()) {
            panic::set_hook(before);
        }
    }
}

/// Returns a report without the terminal colours that color-eyre puts in.
pub fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // CSI: up to its final letter.
            let _ = characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

/// Panics once if `SPINNTUI_TEST_PANIC` names `place`: for tests of panics with the real binary.
///
/// Places: `ui` in the middle of its second frame, `worker` after the first, `engine` as it hands
/// over its first snapshot, `input` at the first key, `signals` after the first signal, `watcher`
/// when the scene was saved.
///
/// # Panics
///
/// Panics at the requested place, in builds with debug assertions only.
pub fn provoke(place: &str) {
    static DONE: AtomicBool = AtomicBool::new(false);
    let now = asked().is_some_and(|asked| asked == place) && !DONE.swap(true, Ordering::SeqCst);
    assert!(!now, "asked for by SPINNTUI_TEST_PANIC");
}

/// Returns the place at which a test asks for a panic; `None` in builds without debug assertions.
fn asked() -> Option<OsString> {
    if cfg!(debug_assertions) { std::env::var_os("SPINNTUI_TEST_PANIC") } else { None }
}

/// Panics on a thread that the app can do without, if `worker` is requested.
pub fn provoke_worker() {
    if asked().is_some() {
        let _ = thread::Builder::new().name("worker".to_owned()).spawn(|| provoke("worker"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_lose_their_colours() {
        assert_eq!(without_escapes("\u{1b}[31;1mThe\u{1b}[0m end"), "The end");
    }
}
