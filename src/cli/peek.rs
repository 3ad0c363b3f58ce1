//! Subcommand `spinntui peek SCENE`, which prints the state of one PE: the data of the PE panel.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use thiserror::Error;

use super::{CliError, FAILED, FINE, Format, SetArgs};
use crate::chip::geometry::Pe;
use crate::machine::sram::SRAM_BYTES;
use crate::output::{Output, say};
use crate::report::peek::PeekReport;
use crate::scene::LoadedScene;
use crate::session::build::{ModelCache, Plan};
use crate::session::command::StepUnit;
use crate::session::inspect::{Part, PeLocation, Request, inspect, unit_place, units};
use crate::session::{Session, StepOutcome};

const EXAMPLES: &str = "\
Examples:
  spinntui peek scenes/lm_small.ron --steps 3 --pe 1,4,1
      what the core of PE(1,4,1) does after three time steps
  spinntui peek scenes/lm_small.ron --steps 3 --events 500 --pe 1,4,1
      500 events into the fourth
  spinntui peek scenes/lm_small.ron --steps 3 --pe 1,4,1 --view memory --at 0x8000
      the words around that address, and what each holds
  spinntui peek scenes/lm_small.ron --steps 3 --unit rnns.1:41
      a neuron: state, gates, its bytes, and the PEs that get what it sends

docs/peek.md describes the fields of --format json.";

/// View of a PE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum View {
    /// Status, operation, timers, DMA, FIFO, interrupts
    Core,
    /// Words of its memory with their labels
    Memory,
    /// Its units: c, θ, z, r, g, y, distance to the threshold
    Neurons,
    /// The machine code of a routine: instructions with their cycles and why
    Code,
}

impl From<View> for Part {
    fn from(view: View) -> Self {
        match view {
            View::Core => Self::Core,
            View::Memory => Self::Memory,
            View::Neurons => Self::Neurons,
            View::Code => Self::Code,
        }
    }
}

/// Run a scene for some steps and show the inside of one PE.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PeekArgs {
    /// Scene file
    pub scene: PathBuf,
    /// Time steps (tokens, frames) to run before the inspection
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub steps: u64,
    /// Events to process after those steps
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub events: u64,
    /// PE to show: column and row of its QPE, and number in the QPE
    #[arg(long, value_name = "X,Y,P", value_parser = pe, required_unless_present = "unit")]
    pub pe: Option<Pe>,
    /// Unit whose PE to show: rnns.1:41
    #[arg(long, value_name = "LAYER:UNIT", value_parser = unit, conflicts_with = "pe")]
    pub unit: Option<(String, u32)>,
    /// View of the PE; without this the core, or with --unit the neurons
    #[arg(long, value_enum)]
    pub view: Option<View>,
    /// Memory: a byte address (0x8000 or 32768). Neurons: number of a unit on the PE
    #[arg(long, value_name = "PLACE", value_parser = number)]
    pub at: Option<u32>,
    /// Neurons: nearest to their threshold first
    #[arg(long)]
    pub by_distance: bool,
    /// Format of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

/// Error for an address or unit that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PeekError {
    /// The address is beyond the PE's SRAM.
    #[error("address {0:#x} is beyond the PE's SRAM, which ends at 0x1ffff")]
    Address(u32),
    /// The number of the unit is out of range.
    #[error("{pe} has no unit {asked}: its {there} units are numbered from 0")]
    Number {
        /// PE that was requested.
        pe: Pe,
        /// Number of units on the PE.
        there: u32,
        /// Unit number that was requested.
        asked: u32,
    },
    /// The network has no such unit.
    #[error("the network has no unit {unit} in layer `{layer}`; its layers are {layers}")]
    Unit {
        /// Name of the layer that was requested.
        layer: String,
        /// Number of the unit that was requested.
        unit: u32,
        /// Layers of the network with their numbers of units.
        layers: String,
    },
}

/// Parses a PE such as `3,4,2`.
pub(super) fn pe(text: &str) -> Result<Pe, String> {
    let wrong = || format!("invalid PE `{text}`: expected x,y,p, for example 3,4,2");
    let inner = text.trim().trim_start_matches("PE").trim_start_matches('(').trim_end_matches(')');
    let parts: Vec<u8> = inner
        .split(',')
        .map(|part| part.trim().parse::<u8>())
        .collect::<Result<_, _>>()
        .map_err(|_| wrong())?;
    let [x, y, p] = parts[..] else { return Err(wrong()) };
    Pe::at(x, y, p).ok_or_else(|| {
        format!("there is no PE ({x},{y},{p}): x is 1 to 7, y 1 to 6, p 0 to 3, without the holes at (4,3), (4,4), (7,3), (7,4)")
    })
}

fn unit(text: &str) -> Result<(String, u32), String> {
    let wrong = || format!("invalid unit `{text}`: expected LAYER:UNIT, for example rnns.1:41");
    let (layer, unit) = text.rsplit_once(':').ok_or_else(wrong)?;
    Ok((layer.to_owned(), unit.trim().parse().map_err(|_| wrong())?))
}

fn number(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("invalid number `{text}`: expected for example 0x8000 or 32768"))
}

/// Runs the scene and writes the state of the PE.
pub fn peek(args: &PeekArgs) -> Result<u8, CliError> {
    let loaded = LoadedScene::load(&args.scene, &args.set.set)?;
    let mut session = Plan::new(&loaded, &mut ModelCache::default())?.start(loaded)?;
    let request = Request { place: place(args, &session)?, by_distance: args.by_distance };
    let mut output = Output::create(args.output.as_deref(), &session.loaded.reads())?;
    let stopped = advance(args, &mut session);
    let report = PeekReport::of(&session, inspect(&session, request), stopped);
    args.format.write(&mut output, || report.to_text(), || report.to_json())?;
    output.finish()?;
    let Some(reason) = &report.stopped else { return Ok(FINE) };
    say(format!("error: the machine stopped in time step {}: {reason}", session.steps() + 1));
    Ok(FAILED)
}

/// Returns the place to inspect, if it exists.
fn place(args: &PeekArgs, session: &Session) -> Result<PeLocation, PeekError> {
    let part = match (args.view, &args.unit) {
        (Some(view), _) => view.into(),
        (None, Some(_)) => Part::Neurons,
        (None, None) => Part::Core,
    };
    let (pe, own) = match &args.unit {
        Some((layer, unit)) => {
            let place = unit_place(session.program(), layer, *unit).ok_or_else(|| PeekError::Unit {
                layer: layer.clone(),
                unit: *unit,
                layers: layers(session),
            })?;
            (place.pe, place.at)
        }
        None => (args.pe.map_or(0, Pe::index), 0),
    };
    let at = match part {
        Part::Core | Part::Code => 0,
        Part::Memory => args.at.unwrap_or(0),
        Part::Neurons => args.at.unwrap_or(own),
    };
    match part {
        Part::Memory if at >= SRAM_BYTES => Err(PeekError::Address(at)),
        Part::Neurons => match (units(session, pe), Pe::from_index(pe)) {
            (there, Some(pe)) if at >= there.max(1) => Err(PeekError::Number { pe, there, asked: at }),
            _ => Ok(PeLocation { pe, part, at }),
        },
        _ => Ok(PeLocation { pe, part, at }),
    }
}

fn layers(session: &Session) -> String {
    let layers = session.program().populations.iter();
    layers.map(|l| format!("{} ({} units)", l.name, l.unit_word.len())).collect::<Vec<_>>().join(", ")
}

/// Runs to the requested moment; returns the reason if the machine stops earlier.
fn advance(args: &PeekArgs, session: &mut Session) -> Option<String> {
    while session.steps() < args.steps {
        match session.step(StepUnit::TimeStep) {
            StepOutcome::Advanced(_) => {}
            StepOutcome::Finished => return None,
            StepOutcome::Stopped(reason) => return Some(reason.to_string()),
        }
    }
    for _ in 0..args.events {
        match session.advance() {
            StepOutcome::Advanced(_) => {}
            StepOutcome::Finished => return None,
            StepOutcome::Stopped(reason) => return Some(reason.to_string()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_people_write_them() {
        assert_eq!(pe("3,5,2"), Ok(Pe::at(3, 5, 2).unwrap()));
        assert_eq!(pe("PE(3,5,2)"), pe("3, 5, 2"));
        for wrong in ["", "3,5", "3,5,4", "4,3,0", "a,b,c", "3,5,2,1"] {
            assert!(pe(wrong).is_err(), "{wrong}");
        }
        assert_eq!((number("0x8000"), number("12")), (Ok(0x8000), Ok(12)));
        assert!(number("8k").is_err());
        assert_eq!(unit("rnns.1:41"), Ok(("rnns.1".to_owned(), 41)));
        assert!(unit("rnns.1").is_err() && unit("rnns.1:x").is_err());
    }
}
