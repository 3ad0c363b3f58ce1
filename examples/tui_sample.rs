//! The app on hand-made data: for working on its looks without a model or an engine.
//!
//! `cargo run --example tui_sample [-- run|panic|error|stall]`

#![allow(clippy::panic, clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../tests/tui/sample.rs"]
mod sample;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use spinntui::session::command::{Command, Speed, StepUnit};
use spinntui::session::engine::{EngineEvent, EngineOptions};
use spinntui::session::snapshot::{Focus, RunState};
use spinntui::tui::app::Msg;
use spinntui::tui::run::{Port, run_with};
use spinntui::tui::{ColorChoice, TuiOptions};

struct Fake {
    commands: Sender<Option<Command>>,
}

impl Port for Fake {
    fn send(&self, command: Command) -> bool {
        self.commands.send(Some(command)).is_ok()
    }

    fn ready(&self) {
        let _ = self.commands.send(None);
    }

    fn stop(&mut self) {
        let _ = self.commands.send(Some(Command::Quit));
    }
}

fn produce(commands: &Receiver<Option<Command>>, inbox: &Sender<Msg>) {
    let mode = std::env::args().nth(1).unwrap_or_default();
    thread::sleep(Duration::from_millis(400));
    let (mut step, mut run, mut speed, mut focus, mut ready) =
        (227, RunState::Paused, Speed::Unlimited, Focus::Nothing, true);
    match mode.as_str() {
        "run" => run = RunState::Running,
        "stall" => {
            run =
                RunState::Stalled("PE(3,5,1) waits for block 12 of rnns.0; the packet never came".to_owned());
        }
        "error" => {
            let text = "scenes/lm.ron:14:9: unexpected field `modle` in `Scene`\n   |\n14 |         modle: \"models/egru-lm-wikitext2\",\n   |         ^^^^^\n   = expected one of: version, title, model, task, chip, mapping, assume";
            let _ = inbox.send(Msg::Engine(EngineEvent::SceneError(text.to_owned())));
        }
        _ => {}
    }
    let mut changed = true;
    loop {
        if changed && ready {
            let mut snapshot = sample::at(step);
            snapshot.run = run.clone();
            snapshot.speed = speed;
            snapshot.focus = match focus {
                Focus::Pe(pe) => Some(sample::detail(pe)),
                Focus::Nothing => None,
            };
            let _ = inbox.send(Msg::Engine(EngineEvent::Snapshot(Arc::new(snapshot))));
            (changed, ready) = (false, false);
        }
        let wait =
            if run == RunState::Running { Duration::from_millis(20) } else { Duration::from_secs(3600) };
        match commands.recv_timeout(wait) {
            Ok(None) => ready = true,
            Ok(Some(command)) => {
                changed = true;
                match command {
                    Command::Quit => return,
                    Command::TogglePause => {
                        run = if run == RunState::Running { RunState::Paused } else { RunState::Running };
                    }
                    Command::Step { unit: StepUnit::TimeStep, count } => step += u64::from(count),
                    Command::Step { .. } => step += 1,
                    Command::SetSpeed(s) => speed = s,
                    Command::Focus(f) => focus = f,
                    Command::Restart => std::panic::panic_any("the sample engine cannot start over"),
                    _ => {}
                }
            }
            Err(_) if run == RunState::Running => {
                step += 1;
                changed = true;
            }
            Err(_) => {}
        }
    }
}

fn main() -> Result<ExitCode, color_eyre::Report> {
    let options = TuiOptions {
        engine: EngineOptions { scene: "scenes/lm.ron".into(), set: Vec::new(), autorun: false },
        color: ColorChoice::Auto,
        watch: false,
    };
    run_with(options, |inbox| {
        let (commands, received) = unbounded();
        thread::Builder::new().name("engine".to_owned()).spawn(move || produce(&received, &inbox))?;
        Ok(Fake { commands })
    })
}
