//! Queue of commands for the engine, in which those of a key held down are joined.

use std::collections::VecDeque;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvError, never, select_biased};

use super::asks::Ask;
use super::building::{Building, Built};
use crate::session::command::Command;

/// Next item for the engine.
#[derive(Debug)]
pub(super) enum Next {
    /// End, because the handle of the engine was dropped.
    Leave,
    /// Handle the end of a build.
    Built(Result<Built, RecvError>),
    /// Carry out a command.
    Command(Command),
    /// Do the work of a debugger.
    Ask(Ask),
    /// Continue, because nothing arrived within the time limit.
    Nothing,
}

/// The waiting commands.
pub(super) struct Queue {
    inbox: Receiver<Command>,
    /// Work of debuggers.
    asks: Receiver<Ask>,
    /// Disconnected when the engine is to end.
    leave: Receiver<()>,
    /// Commands taken from `inbox` before their turn, oldest first.
    later: VecDeque<Command>,
}

impl Queue {
    pub(super) fn new(inbox: Receiver<Command>, asks: Receiver<Ask>, leave: Receiver<()>) -> Self {
        Self { inbox, asks, leave, later: VecDeque::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.later.is_empty() && self.inbox.is_empty()
    }

    /// Waits for the next item, at most for `wait`; for `None` without a limit.
    ///
    /// Successive steps back are merged: each costs a search and a replay, and a key held down
    /// sends them faster than they are handled. While a build holds the experiment, only commands
    /// that begin another one are returned; they discard the commands set aside before.
    pub(super) fn next(&mut self, wait: Option<Duration>, building: Option<&Building>) -> Next {
        let holds = building.is_some_and(Building::holds);
        loop {
            if !holds && let Some(command) = self.later.pop_front() {
                return Next::Command(self.added_up(command));
            }
            match self.wait(wait, building) {
                Next::Command(command) if holds && begins_anew(&command) => {
                    self.later.clear();
                    return Next::Command(command);
                }
                Next::Command(command) if holds => self.later.push_back(command),
                Next::Command(command) => return Next::Command(self.added_up(command)),
                other => return other,
            }
        }
    }

    fn wait(&self, wait: Option<Duration>, building: Option<&Building>) -> Next {
        let (no_build, no_command, no_ask) = (never(), never(), never());
        let built = building.map_or(&no_build, Building::result);
        // With that many set aside, the others wait in the inbox, which then fills up.
        let full = self.later.len() >= super::WAITING;
        let inbox = if full { &no_command } else { &self.inbox };
        // While a build holds the experiment, debuggers wait for the next one.
        let asks = if building.is_some_and(Building::holds) { &no_ask } else { &self.asks };
        let timeout = wait.map_or_else(never, crossbeam_channel::after);
        select_biased! {
            recv(self.leave) -> _ => Next::Leave,
            recv(built) -> built => Next::Built(built),
            recv(inbox) -> command => command.map_or(Next::Leave, Next::Command),
            recv(asks) -> ask => ask.map_or(Next::Leave, Next::Ask),
            recv(timeout) -> _ => Next::Nothing,
        }
    }

    /// Adds steps back that follow to a step back.
    fn added_up(&mut self, mut command: Command) -> Command {
        if let Command::Back { unit, count } = &mut command {
            while let Some(following) = self.later.pop_front().or_else(|| self.inbox.try_recv().ok()) {
                match following {
                    Command::Back { unit: same, count: more } if same == *unit => {
                        *count = count.saturating_add(more);
                    }
                    other => {
                        self.later.push_front(other);
                        break;
                    }
                }
            }
        }
        command
    }
}

/// Returns `true` for commands that do not need the scene that is being built.
fn begins_anew(command: &Command) -> bool {
    match command {
        Command::Reload | Command::Open { .. } | Command::Quit => true,
        Command::Perform(script) => {
            matches!(script.commands.first(), Some(Command::Open { .. }))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::command::StepUnit;

    #[test]
    fn steps_back_are_added_up_and_nothing_else_is() {
        let (sender, inbox) = crossbeam_channel::unbounded();
        let (_alive, leave) = crossbeam_channel::bounded(0);
        let (_asks, asked) = crossbeam_channel::bounded(0);
        let mut queue = Queue::new(inbox, asked, leave);
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
        let next = || match queue.next(None, None) {
            Next::Command(command) => Some(command),
            _ => None,
        };
        let got: Vec<Command> = std::iter::from_fn(next).collect();
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
