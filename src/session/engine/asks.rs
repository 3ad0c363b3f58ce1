//! Requests of debuggers on other threads, such as a server for gdb, carried out on the engine's
//! thread between slices.

use crossbeam_channel::{Sender, bounded};

use super::super::instructions::Debugger;
use super::{Mode, Runner};

/// Work for the debugger of the experiment.
pub(super) struct Ask(Box<dyn FnOnce(&mut Debugger<'_>) + Send>);

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ask")
    }
}

/// Handle by which a debugger works on the experiment of an engine.
#[derive(Clone, Debug)]
pub struct DebugPort(pub(super) Sender<Ask>);

impl DebugPort {
    /// Makes the experiment's debugger do `work`, and waits for the result; `None` if there is no
    /// experiment or no engine.
    pub fn ask<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Debugger<'_>) -> R + Send + 'static,
    ) -> Option<R> {
        let (sender, result) = bounded(1);
        // The answer is no longer waited for if the asking thread is gone.
        let ask = Ask(Box::new(move |debugger| drop(sender.send(work(debugger)))));
        self.0.send(ask).ok()?;
        result.recv().ok()
    }
}

impl Runner {
    /// Carries out the work of a debugger. A run that it moves elsewhere is then paused.
    pub(super) fn ask(&mut self, ask: Ask) {
        let events = |runner: &Self| runner.session.as_ref().map(|session| session.machine().state().events);
        let before = events(self);
        self.debugged(ask.0);
        if events(self) != before {
            self.mode = Mode::Paused;
        }
    }
}
