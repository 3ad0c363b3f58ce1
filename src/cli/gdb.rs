//! `spinntui gdb SCENE`: a server for gdb.

use std::io::{self, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use super::{CliError, FAILED, FINE, SetArgs};
use crate::chip::geometry::Pe;
use crate::gdb::{Chip, listen, serve};
use crate::machine::program::{PeProgram, Program};
use crate::output::{Output, say};
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::command::Command;
use crate::session::history::{History, SeekTarget};
use crate::session::instructions::{DebugError, Debugger};
use crate::session::pace::StepUnit;
use crate::session::record::SessionWriter;
use crate::session::{Session, StepOutcome};

const EXAMPLES: &str = "\
Example:
  spinntui gdb scenes/lm_small.ron --port 3333
  gdb-multiarch assets/kernels/kernels.elf -ex 'target remote :3333' -ex 'break csr_row' -ex continue

PEs are threads; `monitor help` lists what gdb has no word for. What gdb writes is undone by
going back before it, and part of a recording. docs/own-kernels.md has a whole session.";

/// Let gdb debug a PE of a scene's chip by instructions, forwards and backwards.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct GdbArgs {
    /// Scene whose chip is debugged
    pub scene: PathBuf,
    /// Port of the loopback interface; 0 for any that is free
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
    /// PE to debug: column and row of its QPE, and number in the QPE; by default the first PE with
    /// machine code from the scene, or else the first PE
    #[arg(long, value_name = "X,Y,P", value_parser = super::peek::pe)]
    pub pe: Option<Pe>,
    /// Time steps (tokens, frames) to run before
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub after: u64,
    /// Once gdb is gone, run until N time steps are complete and print the output hash
    #[arg(long, value_name = "N")]
    pub steps: Option<u64>,
    /// Write the session to a file, with all that gdb writes, for `spinntui replay`
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

/// Reason for which nothing is served.
#[derive(Debug, Error)]
pub enum GdbError {
    /// The port is taken or cannot be used.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// Requested port; 0 for any.
        port: u16,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The connection broke, or was never made.
    #[error("no connection with gdb: {0}")]
    Connection(io::Error),
    /// No PE has anything to do.
    #[error("no PE of the scene has a program")]
    NoPe,
    /// The recording could not be written.
    #[error("the recording is incomplete: {0}")]
    Record(io::Error),
    /// The PE in focus cannot be debugged.
    #[error(transparent)]
    Debug(#[from] DebugError),
}

/// Experiment that only the server moves.
struct Own {
    session: Session,
    history: History,
    recorder: Option<SessionWriter>,
    /// First error of the recording, which ends it.
    failed: Option<io::Error>,
}

impl Own {
    /// Notes commands, each with the number of events after which it was given.
    fn note(&mut self, done: &[(u64, Command)]) {
        let Some(recorder) = &mut self.recorder else { return };
        let noted = done.iter().try_for_each(|(events, command)| recorder.note_at(*events, command));
        self.failed = noted.err().or(self.failed.take());
        if self.failed.is_some() {
            self.recorder = None;
        }
    }

    /// Runs until `steps` time steps are complete; returns the reason for which it cannot go on.
    fn run_to(&mut self, steps: u64) -> Option<String> {
        let events = self.session.machine().state().events;
        if self.session.steps() < steps {
            self.note(&[(events, Command::Go(SeekTarget::Step(steps)))]);
        }
        while self.session.steps() < steps {
            match self.session.step(StepUnit::TimeStep) {
                StepOutcome::Advanced(_) => {}
                StepOutcome::Finished => break,
                StepOutcome::Stopped(stopped) => return Some(stopped.to_string()),
            }
        }
        None
    }

    /// Ends the recording.
    fn end_record(&mut self) -> Result<(), CliError> {
        if let Some(recorder) = &mut self.recorder {
            let ended = recorder.end(&mut self.session);
            self.failed = ended.err().or(self.failed.take());
        }
        self.failed.take().map_or(Ok(()), |error| Err(GdbError::Record(error).into()))
    }
}

impl Chip for Own {
    fn with<R: Send + 'static>(
        &mut self,
        ask: impl FnOnce(&mut Debugger<'_>) -> R + Send + 'static,
    ) -> Option<R> {
        let mut seen = |_: &mut Session, _| false;
        let mut debugger = Debugger::new(&mut self.session, &mut self.history, &mut seen);
        let answer = ask(&mut debugger);
        let done = debugger.end();
        self.note(&done);
        Some(answer)
    }
}

/// Serves one client, then runs on.
pub fn gdb(args: &GdbArgs) -> Result<u8, CliError> {
    let loaded = LoadedScene::load(&args.scene, &args.set.set)?;
    let record = |path: &PathBuf| {
        let reads = loaded.reads();
        reads.check(path)?;
        SessionWriter::create(path, &args.scene, &args.set.set, &reads)
    };
    let recorder = args.record.as_ref().map(record).transpose()?;
    let mut session = Plan::new(&loaded, &mut ModelCache::default())?.start(loaded)?;
    let history = History::new(&mut session);
    let mut own = Own { session, history, recorder, failed: None };
    own.run_to(args.after);
    let pe = args.pe.or_else(|| focus(own.session.program())).ok_or(GdbError::NoPe)?;
    own.session.run_exactly(true);
    own.history = History::new(&mut own.session);
    own.with(move |debugger| debugger.focus(pe)).transpose().map_err(GdbError::from)?;
    let listener = listen(args.port).map_err(|source| GdbError::Listen { port: args.port, source })?;
    let mut output = Output::stdout();
    let at = listener.local_addr().map_err(GdbError::Connection)?;
    tell(&mut output, &format!("listening on {at}"))?;
    let attached = |_: &TcpStream, client| {
        writeln!(output, "gdb attached from {client}")?;
        output.flush()
    };
    let (mut own, ended) = serve(&listener, own, pe, attached).map_err(GdbError::Connection)?;
    tell(&mut output, &ended)?;
    let Some(steps) = args.steps else { return own.end_record().map(|()| FINE) };
    let stopped = own.run_to(steps);
    own.end_record()?;
    let session = own.session;
    let text = format!("{} time steps, output hash {:032x}", session.steps(), session.output_hash());
    tell(&mut output, &text)?;
    output.finish()?;
    let Some(stopped) = stopped else { return Ok(FINE) };
    say(format!("error: the machine stopped in time step {}: {stopped}", session.steps() + 1));
    Ok(FAILED)
}

fn tell(output: &mut Output, text: &str) -> Result<(), CliError> {
    let written = writeln!(output, "{text}").and_then(|()| output.flush());
    written.map_err(|error| CliError::Gdb(GdbError::Connection(error)))
}

/// Returns the first PE with machine code of the scene's, or the first one with a program.
fn focus(program: &Program) -> Option<Pe> {
    let with =
        |wanted: &dyn Fn(&PeProgram) -> bool| program.places().find(|&pe| program.pe(pe).is_some_and(wanted));
    with(&PeProgram::runs_code)
        .or_else(|| program.populations.first()?.pes.first().copied())
        .or_else(|| with(&|_| true))
}
