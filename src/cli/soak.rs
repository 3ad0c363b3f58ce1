//! `spinntui soak`: random scenes, mappings, faults and moves, until the time is over.

use std::io::IsTerminal as _;
use std::num::NonZero;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::sweep::watched_signals;
use super::{CliError, FAILED, FINE};
use crate::output::{Output, say};
use crate::sweep::soak::case::Base;
use crate::sweep::soak::{Found, Options, Soaked, soak as run};
use crate::text::{grouped, several};

const EXAMPLES: &str = "\
Examples:
  spinntui soak --seed 1 --minutes 10
  spinntui soak --seed 1 --minutes 10 --case 4711
      this case alone, which a soak test has named

What must hold: a scene is refused with a reason, its values equal the network's mathematics bit
for bit, or the findings name the cause. A position reached again, by any move, has the same state
to the bit.
Exit codes: 0 all of it holds; 1 it does not: seed, number, and the smallest case that fails;
2 bad input.";

/// Test random scenes, mappings, faults and moves, and report failures.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SoakArgs {
    /// Seed: the same seed tries the same cases
    #[arg(long, value_name = "N")]
    pub seed: u64,
    /// Time after which no further case is begun; a fraction is fine
    #[arg(long, value_name = "M", value_parser = minutes)]
    pub minutes: f64,
    /// Number of cases after which to end, if that comes first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub cases: Option<u64>,
    /// Try this case alone
    #[arg(long, value_name = "NUMBER", conflicts_with = "cases")]
    pub case: Option<u64>,
    /// Number of cases to run side by side; without it, as many as there are cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub jobs: Option<u32>,
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes <= 1e6 => Ok(minutes),
        _ => Err("expected minutes above 0, for example 0.5".to_owned()),
    }
}

/// Runs the cases, and prints the failures.
pub fn soak(args: &SoakArgs) -> Result<u8, CliError> {
    let bases = Base::all()?;
    let stop = watched_signals()?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let options = Options {
        seed: args.seed,
        first: args.case.unwrap_or(0),
        cases: args.case.map(|_| 1).or(args.cases),
        time: Duration::from_secs_f64(args.minutes * 60.0),
        jobs: args.jobs.map_or(cores, |jobs| jobs as usize),
        stop: &stop,
    };
    let bar =
        if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}: {msg}") {
        bar.set_style(style);
    }
    let soaked = run(&bases, options, &|soaked: &Soaked| {
        bar.tick();
        bar.set_message(summary(soaked));
    });
    bar.finish_and_clear();
    let mut output = Output::stdout();
    output.text(&format!("seed {}: {}\n", args.seed, summary(&soaked)))?;
    for found in &soaked.failures {
        output.text(&described(found, &bases, args.seed))?;
    }
    output.finish()?;
    if soaked.failures.is_empty() {
        return Ok(FINE);
    }
    say(format!(
        "error: {}: shown above, each with the smallest case that fails",
        several(soaked.failures.len() as u64, "failure")
    ));
    Ok(FAILED)
}

fn summary(soaked: &Soaked) -> String {
    let cases: u64 = soaked.ended.values().sum::<u64>() + soaked.failures.len() as u64;
    let ended: Vec<String> =
        soaked.ended.iter().map(|(ended, count)| format!("{} {}", grouped(*count), ended.name())).collect();
    let ended = if ended.is_empty() { String::new() } else { format!(" ({})", ended.join(", ")) };
    format!(
        "{}{ended}, {}, {} met again, {} values compared, {}",
        several(cases, "case"),
        several(soaked.moves, "move"),
        several(soaked.met, "place"),
        grouped(soaked.compared),
        several(soaked.failures.len() as u64, "failure"),
    )
}

/// Describes a case that fails.
fn described(found: &Found, bases: &[Base], seed: u64) -> String {
    let Found { number, failure, case } = found;
    let again = format!("spinntui soak --seed {seed} --minutes 60 --case {number}");
    let moves: Vec<String> = case.moves.iter().map(ToString::to_string).collect();
    let moves = if moves.is_empty() { String::new() } else { format!("\n  moves: {}", moves.join("; ")) };
    format!("\ncase {number}: {failure}\n  again: {again}\n  {}{moves}\n", case.command(bases))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_may_be_a_fraction_and_not_0() {
        assert_eq!(minutes("0.05"), Ok(0.05));
        for text in ["0", "-1", "x", "NaN", "inf"] {
            assert!(minutes(text).unwrap_err().contains("above 0"), "{text}");
        }
    }
}
