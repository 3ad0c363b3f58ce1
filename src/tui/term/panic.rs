//! What happens on a panic, by thread.
//!
//! On the UI thread: the terminal is given back, the report printed, the process ends with 101. On any other thread: the
//! screen stays, and the app shows the report. The usual hook of terminal libraries gives the screen away on *any*
//! thread's panic, while the UI goes on drawing over the shell.

use std::panic::{self, PanicHookInfo};
use std::thread;

use color_eyre::config::HookBuilder;
use crossbeam_channel::Sender;

use super::give_back;
use crate::tui::app::Msg;

type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// The hook that was there before; put back when dropped.
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
        let report = panic_hook.panic_report(info);
        if thread::current().id() == ui {
            give_back();
            eprintln!("{report}");
        } else {
            let name = thread::current().name().unwrap_or("?").to_owned();
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

/// For the tests of the above with the real binary: `SPINNTUI_TEST_PANIC=ui` or `=worker` panics on that thread after
/// the first frame.
#[expect(clippy::panic, reason = "asked for, to test what follows a panic")]
pub fn provoke_if_asked() {
    match std::env::var("SPINNTUI_TEST_PANIC").as_deref() {
        Ok("ui") => panic::panic_any("asked for by SPINNTUI_TEST_PANIC"),
        Ok("worker") => {
            let worker = thread::Builder::new().name("worker".to_owned());
            let _ = worker.spawn(|| panic::panic_any("asked for by SPINNTUI_TEST_PANIC"));
        }
        _ => {}
    }
}
