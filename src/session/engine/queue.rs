//! Commands that wait for the engine, those of a key held down as one.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::session::command::Command;

/// The waiting commands.
pub(super) struct Queue {
    inbox: Receiver<Command>,
    /// Taken out while looking for more of the same.
    next: Option<Command>,
}

impl Queue {
    pub(super) fn new(inbox: Receiver<Command>) -> Self {
        Self { inbox, next: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next.is_none() && self.inbox.is_empty()
    }

    /// The next command, waiting for it for this long, or for as long as it takes.
    ///
    /// Steps back that follow each other are one: each costs a search and a replay, and a key held down brings them
    /// faster than they are taken.
    pub(super) fn next(&mut self, wait: Option<Duration>) -> Result<Command, RecvTimeoutError> {
        let mut command = match (self.next.take(), wait) {
            (Some(command), _) => command,
            (None, Some(wait)) => self.inbox.recv_timeout(wait)?,
            (None, None) => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)?,
        };
        if let Command::Back { unit, count } = &mut command {
            while let Ok(following) = self.inbox.try_recv() {
                match following {
                    Command::Back { unit: same, count: more } if same == *unit => {
                        *count = count.saturating_add(more);
                    }
                    other => {
                        self.next = Some(other);
                        break;
                    }
                }
            }
        }
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::command::StepUnit;

    #[test]
    fn steps_back_are_added_up_and_nothing_else_is() {
        let (sender, inbox) = crossbeam_channel::unbounded();
        let mut queue = Queue::new(inbox);
        let back = |unit, count| Command::Back { unit, count };
        let step = Command::Step { unit: StepUnit::Event, count: 1 };
        let sent = [
            back(StepUnit::Event, 1),
            back(StepUnit::Event, 2),
            back(StepUnit::Layer, 1),
            step.clone(),
            step.clone(),
            back(StepUnit::Event, u32::MAX),
            back(StepUnit::Event, 1),
        ];
        for command in sent {
            sender.send(command).unwrap();
        }
        drop(sender);
        let got: Vec<Command> = std::iter::from_fn(|| queue.next(None).ok()).collect();
        let wanted = [
            back(StepUnit::Event, 3),
            back(StepUnit::Layer, 1),
            step.clone(),
            step,
            back(StepUnit::Event, u32::MAX),
        ];
        assert_eq!(got, wanted);
        assert!(queue.is_empty());
    }
}
