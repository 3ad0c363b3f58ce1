//! What was typed behind a command's name in the palette: how it is read and completed.

use super::app::App;
use super::asking::{self, Question};
use super::command::{Argument, Verb};
use super::fault::{self, Kind, pe, written};
use super::heat::Metric;
use super::points;
use super::theme::depth::{ColorChoice, Depth};
use super::theme::{Glyphs, Looks, RampName, ThemeName};
use super::verbs;
use crate::chip::geometry::{ChipId, Pe};
use crate::machine::fault::Fault;
use crate::session::command::{Command, Speed};
use crate::session::debug::expr::complete::complete;
use crate::session::debug::{PointKind, PointSpec};

/// An argument that was read: what is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// These go to the engine, in order.
    Engine(Vec<Command>),
    /// This PE is to be selected and shown.
    Pe(Pe),
    /// The floor plan is to show this.
    Metric(Metric),
    /// The app is to look like this.
    Looks(Looks),
    /// This subcommand is to be run with these arguments.
    Verb(Verb, String),
    /// This folder of results is to be read and shown.
    Folder(String),
    /// This point is to be added, and the run is to go on if `run`.
    Point {
        /// Condition and kind of the point.
        spec: PointSpec,
        /// Whether to run.
        run: bool,
    },
}

impl Argument {
    /// What can be written, in a few words.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Moment => Question::Goto.help(),
            Self::Fault => "as in a scene: KillPe(pe: (3, 4, 2)) · Tab offers one of each kind",
            Self::Name => "a name; without one, the next number",
            Self::Pe | Self::Kill => "x,y,p as on the floor plan: 3,4,2",
            Self::Metric => "activity · duty · SRAM fill · energy · FIFO fill · tick use · layer",
            Self::Speed => "free · 10 steps/s · 1000 events/s",
            Self::Condition(_) | Self::Until => {
                "a condition: surprisal > 12 bits · docs/debugging.md has all names"
            }
            Self::Theme => "dark · light · high-contrast · mono",
            Self::Ramp => "cividis · viridis · grey",
            Self::Glyphs => "blocks · braille · ascii",
            Self::Color => "truecolor · 256 · 16 · mono · off",
            Self::Folder => "the folder of a sweep's results: tiny-results",
            Self::Verb(verb) => verb.hint(),
        }
    }

    /// Reads it; what is wrong with it otherwise.
    pub fn read(self, app: &App, text: &str) -> Result<Given, String> {
        let text = text.trim();
        match self {
            Self::Moment => asking::command(Question::Goto, text).map(|go| Given::Engine(vec![go])),
            Self::Fault => inject(app, fault::read(text)?),
            Self::Kill => {
                let pe = pe(text)?;
                inject(app, Fault::KillPe { pe: (pe.qpe().x, pe.qpe().y, pe.p()) })
            }
            Self::Name => Ok(Given::Engine(vec![Command::Bookmark(text.to_owned())])),
            Self::Pe => pe(text).map(Given::Pe),
            Self::Metric => metric(text).map(Given::Metric),
            Self::Folder => Ok(Given::Folder(text.to_owned())),
            Self::Verb(verb) => verbs::arguments(app, verb, text).map(|_| Given::Verb(verb, text.to_owned())),
            Self::Speed => speed(text).map(|speed| Given::Engine(vec![Command::SetSpeed(speed)])),
            Self::Condition(kind) => point(app, text.to_owned(), kind, false),
            Self::Until => point(app, format!("{text}, once"), PointKind::Break, true),
            Self::Theme | Self::Ramp | Self::Glyphs | Self::Color => {
                self.looks(app.theme.looks(), text).map(Given::Looks)
            }
        }
    }

    /// Looks with one thing changed.
    fn looks(self, looks: Looks, text: &str) -> Result<Looks, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        Ok(match self {
            Self::Theme => Looks { theme: text.parse::<ThemeName>().map_err(|e| said(&e))?, ..looks },
            Self::Ramp => Looks { ramp: text.parse::<RampName>().map_err(|e| said(&e))?, ..looks },
            Self::Glyphs => Looks { glyphs: text.parse::<Glyphs>().map_err(|e| said(&e))?, ..looks },
            _ => match text.parse::<ColorChoice>().map_err(|e| said(&e))? {
                ColorChoice::Fixed(depth) => Looks { depth, ..looks },
                ColorChoice::Auto => return Err("auto is for the start; name a depth".to_owned()),
            },
        })
    }

    /// Candidates for the word before byte `cursor` of `text`: where it begins, and what
    /// could stand there.
    pub fn complete(self, app: &App, text: &str, cursor: usize) -> (usize, Vec<String>) {
        let words: Vec<String> = match self {
            Self::Moment => asking::candidates(app, Question::Goto),
            Self::Fault => return (0, faults(app, text.get(..cursor).unwrap_or(text))),
            Self::Metric => Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect(),
            Self::Speed => Speed::LADDER.iter().map(ToString::to_string).collect(),
            Self::Pe => all(app).map(written).collect(),
            Self::Kill => used(app).map(written).collect(),
            Self::Name | Self::Folder | Self::Verb(_) => Vec::new(),
            Self::Theme => ThemeName::ALL.iter().map(ToString::to_string).collect(),
            Self::Ramp => RampName::ALL.iter().map(ToString::to_string).collect(),
            Self::Glyphs => Glyphs::ALL.iter().map(ToString::to_string).collect(),
            Self::Color => Depth::ALL.iter().map(ToString::to_string).collect(),
            Self::Condition(_) | Self::Until => {
                let found = app.names.as_deref().map(|names| complete(text, cursor, names));
                return found.map_or((0, Vec::new()), |found| (found.start, found.words));
            }
        };
        let typed = text.get(..cursor).unwrap_or(text);
        (0, words.into_iter().filter(|word| word.starts_with(typed)).collect())
    }
}

/// Returns faults on the selected PE, one of each kind whose name begins as typed, ignoring case.
fn faults(app: &App, typed: &str) -> Vec<String> {
    let pe = app.selected;
    let address = fault::proposed_address(app, pe);
    let of = |kind: Kind| fault::example(kind, (pe.qpe().x, pe.qpe().y, pe.p()), address);
    let typed = typed.to_lowercase();
    fault::offered(app)
        .iter()
        .copied()
        .map(of)
        .filter(|text| text.to_lowercase().starts_with(&typed))
        .collect()
}

/// Returns the PEs of the machine.
fn all(app: &App) -> impl Iterator<Item = Pe> + use<> {
    let chip = || Pe::of(ChipId::FIRST).len();
    Pe::first(app.snapshot.as_ref().map_or_else(chip, |snapshot| snapshot.pes.len()))
}

/// Returns the PEs with a program, the selected one first.
fn used(app: &App) -> impl Iterator<Item = Pe> {
    let works = |pe: Pe| app.names.as_ref().is_none_or(|names| names.works(pe));
    let others = all(app).filter(|&pe| pe != app.selected);
    std::iter::once(app.selected).chain(others).filter(move |&pe| works(pe))
}

fn inject(app: &App, fault: Fault) -> Result<Given, String> {
    fault::sensible(app, fault).map(|fault| Given::Engine(vec![Command::Inject(fault)]))
}

fn metric(text: &str) -> Result<Metric, String> {
    let found = Metric::ALL.into_iter().find(|metric| metric.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| {
        let names = Metric::ALL.map(Metric::name).join(", ");
        format!("there is no heat metric `{text}`; there are {names}")
    })
}

fn speed(text: &str) -> Result<Speed, String> {
    if text == "free" {
        return Ok(Speed::Unlimited);
    }
    let (number, unit) = text.split_once(' ').unwrap_or((text, "steps/s"));
    let number = number.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    match (number, unit.trim()) {
        (Some(number), "steps/s" | "tokens/s" | "frames/s") => Ok(Speed::StepsPerSecond(number)),
        (Some(number), "events/s") => Ok(Speed::EventsPerSecond(number)),
        _ => Err(format!("invalid speed `{text}`: {}", Argument::Speed.hint())),
    }
}

fn point(app: &App, text: String, kind: PointKind, run: bool) -> Result<Given, String> {
    match points::error_of(app, &text) {
        Some(error) => Err(error.to_string()),
        None => Ok(Given::Point { spec: PointSpec { text, kind }, run }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pes_metrics_and_speeds_are_read() {
        assert_eq!(pe("3,4,2"), pe("PE(3, 4, 2)"));
        assert_eq!(pe("3 4 2").map(written), Ok("3,4,2".to_owned()));
        assert!(pe("9,9,9").unwrap_err().contains("no PE (9,9,9)"));
        assert!(pe("3,4").unwrap_err().contains("3,4,2"));
        assert!(pe("a,b,c").unwrap_err().contains("`a`"));
        assert_eq!(metric("DUTY"), Ok(Metric::Duty));
        assert!(metric("heat").unwrap_err().contains("SRAM fill"));
        assert_eq!(speed("free"), Ok(Speed::Unlimited));
        assert_eq!(speed("10"), Ok(Speed::StepsPerSecond(10.0)));
        assert_eq!(speed("100 events/s"), Ok(Speed::EventsPerSecond(100.0)));
        for bad in ["", "-1", "fast", "3 pages/s", "inf"] {
            assert!(speed(bad).is_err(), "{bad}");
        }
        for step in Speed::LADDER {
            assert_eq!(speed(&step.to_string()), Ok(step), "what is offered is understood");
        }
    }
}
