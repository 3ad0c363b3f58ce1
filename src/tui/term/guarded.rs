//! Threads that are restarted after a panic: without keys and signals the user could
//! not leave properly.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{io, thread};

use crossbeam_channel::Sender;

use crate::tui::app::Msg;

/// Number of times that a thread is restarted.
const TRIES: u32 = 3;

/// Starts a thread that does `work` until it returns. After a panic, which the hook reports to the
/// user, it is restarted; work that panics every time is given up, and the app with it.
pub fn spawn(name: &str, inbox: Sender<Msg>, mut work: impl FnMut() + Send + 'static) -> io::Result<()> {
    let what = name.to_owned();
    let body = move || {
        for _ in 0..=TRIES {
            if catch_unwind(AssertUnwindSafe(&mut work)).is_ok() {
                return;
            }
        }
        let _ = inbox.send(Msg::InputLost(format!("the thread `{what}` panicked {} times", TRIES + 1)));
    };
    thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn begins_again_a_few_times_and_then_says_so() {
        let (sender, inbox) = crossbeam_channel::unbounded();
        let tries = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&tries);
        spawn("fragile", sender, move || {
            count.fetch_add(1, Ordering::SeqCst);
            panic!("as asked");
        })
        .unwrap();
        let Msg::InputLost(what) = inbox.recv().unwrap() else { panic!("another message") };
        assert!(what.contains("`fragile`"), "{what}");
        assert_eq!(tries.load(Ordering::SeqCst), TRIES + 1);
    }
}
