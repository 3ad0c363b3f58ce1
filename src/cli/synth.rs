//! `spinntui synth`: synthetic recordings of an event camera, gestures or digits.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::{Args, ValueEnum};
use rayon::prelude::*;
use thiserror::Error;

use crate::output::{Output, OutputError};
use crate::report::table::grouped;
use crate::task::dvs::synth::digits::{self, DigitsError, DigitsOptions, write_digits};
use crate::task::dvs::synth::world::Clock;
use crate::task::dvs::synthetic::{
    DatasetError, DatasetOptions, Written, recordings, write_lists, write_recording,
};

/// Arguments of `spinntui synth`.
#[derive(Debug, Args)]
pub struct SynthArgs {
    /// Number of people
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    people: u32,
    /// Recordings of each person, every one under another lighting
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=5))]
    trials: u32,
    /// Start of all random numbers: the same seed gives the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Make written digits in the manner of N-MNIST instead, this number of recordings of each
    #[arg(
        long,
        value_name = "EACH",
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        conflicts_with_all = ["people", "trials", "first_person", "test_people", "seconds", "world", "mix", "clock"]
    )]
    digits: Option<u32>,
    /// Folder of the digits: N-MNIST has Test and Train
    #[arg(long, value_enum, ignore_case = true, default_value_t = PartArg::Test, requires = "digits")]
    part: PartArg,
    /// Number of the first person
    #[arg(long, default_value_t = 1, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    first_person: u32,
    /// Number of people, the last ones, whose recordings are for tests; a fifth if left out
    #[arg(long, value_name = "PEOPLE")]
    test_people: Option<u32>,
    /// Shortest and longest length of a gesture, seconds
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], default_values_t = [4.0, 6.5])]
    seconds: Vec<f64>,
    /// Conditions of the recordings
    #[arg(long, value_enum, default_value_t)]
    world: WorldArg,
    /// Share of the people drawn from the wide world, the others from the data set's:
    /// 0.5 draws both
    #[arg(long, value_name = "SHARE", conflicts_with = "world")]
    mix: Option<f32>,
    /// Point of view from which arm circles are called clockwise; no source states the data set's
    #[arg(long, value_enum, default_value_t)]
    clock: ClockArg,
    /// Folder to write to; created if it does not exist
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
}

/// Part of a data set of digits.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartArg {
    Test,
    Train,
}

/// Worlds by their names on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum WorldArg {
    /// As in DVS128 Gesture: a whole person at 2 m, plain clothes, a well-tuned sensor
    #[default]
    Dataset,
    /// Any clothes, poor sensors, people far away or aside, hands 30 cm before the camera
    Wide,
}

/// Conventions of circles by their names on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ClockArg {
    /// As the camera sees the person
    #[default]
    Camera,
    /// As the person sees the own arm
    Person,
}

/// Error that stops `synth`.
#[derive(Debug, Error)]
pub enum SynthError {
    /// Lengths that no gesture can have.
    #[error("--seconds {from} {to}: expected two lengths between 0.1 and 600 s, the shorter one first")]
    Seconds {
        /// Shortest length as given, s.
        from: f64,
        /// Longest length as given, s.
        to: f64,
    },
    /// A share that is none.
    #[error("--mix {0}: expected a share of the people from 0 to 1, for example --mix 0.5")]
    Mix(f32),
    /// A file cannot be written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A file of digits cannot be written.
    #[error(transparent)]
    Digits(#[from] DigitsError),
    /// The answer cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Makes a data set in the layout of DVS128 Gesture, or of N-MNIST.
pub fn synth(args: &SynthArgs, output: &mut Output) -> Result<(), SynthError> {
    if let Some(each) = args.digits {
        return written_digits(args, each, output);
    }
    let options = options(args)?;
    let made = fs::create_dir_all(&args.output);
    made.map_err(|error| DatasetError::File { path: args.output.clone(), error })?;
    let begun = Instant::now();
    let all = recordings(&options);
    let progress = Progress::new(all.len());
    let written = all
        .par_iter()
        .map(|(name, trial)| {
            let written = write_recording(&args.output, name, trial);
            progress.one_more();
            written
        })
        .try_reduce(Written::default, |a, b| {
            Ok(Written { length_us: a.length_us + b.length_us, events: a.events + b.events })
        })?;
    progress.clear();
    write_lists(&args.output, &options)?;
    let (recorded, took) = (written.length_us as f64 * 1e-6, begun.elapsed().as_secs_f64());
    output.text(&format!(
        "{}: {} recordings of {} people, {recorded:.0} s, {} events; made in {took:.1} s\n",
        args.output.display(),
        all.len(),
        options.people,
        grouped(written.events),
    ))?;
    Ok(())
}

/// Makes recordings of digits.
fn written_digits(args: &SynthArgs, each: u32, output: &mut Output) -> Result<(), SynthError> {
    let part = match args.part {
        PartArg::Test => digits::Part::Test,
        PartArg::Train => digits::Part::Train,
    };
    let begun = Instant::now();
    let events = write_digits(&args.output, &DigitsOptions { seed: args.seed, each, part })?;
    output.text(&format!(
        "{}: {} recordings of digits, {} events; made in {:.1} s\n",
        args.output.join(part.folder()).display(),
        digits::CLASSES as u32 * each,
        grouped(events),
        begun.elapsed().as_secs_f64(),
    ))?;
    Ok(())
}

fn options(args: &SynthArgs) -> Result<DatasetOptions, SynthError> {
    let &[from, to] = args.seconds.as_slice() else {
        return Err(SynthError::Seconds { from: f64::NAN, to: f64::NAN });
    };
    if !(from >= 0.1 && to >= from && to <= 600.0) {
        return Err(SynthError::Seconds { from, to });
    }
    let wide_share = args.mix.unwrap_or(if args.world == WorldArg::Wide { 1.0 } else { 0.0 });
    if !(0.0..=1.0).contains(&wide_share) {
        return Err(SynthError::Mix(wide_share));
    }
    let clock = if args.clock == ClockArg::Person { Clock::Person } else { Clock::Camera };
    let fifth = if args.people > 1 { args.people.div_ceil(5) } else { 0 };
    Ok(DatasetOptions {
        seed: args.seed,
        first_person: args.first_person,
        people: args.people,
        trials: args.trials,
        test_people: args.test_people.unwrap_or(fifth).min(args.people),
        gesture_us: [(from * 1e6) as i64, (to * 1e6) as i64],
        wide_share,
        clock,
    })
}

/// Progress bar on the terminal, if there is one.
struct Progress {
    done: AtomicUsize,
    all: usize,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { done: AtomicUsize::new(0), all, shown: std::io::stderr().is_terminal() }
    }

    fn one_more(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shown {
            const WIDTH: usize = 40;
            let full = WIDTH * done / self.all.max(1);
            // A bar that cannot be drawn is no reason to stop.
            let _ = write!(
                std::io::stderr(),
                "\r[{}{}] {done} of {} recordings",
                "█".repeat(full),
                " ".repeat(WIDTH.saturating_sub(full)),
                self.all
            );
        }
    }

    fn clear(&self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}
