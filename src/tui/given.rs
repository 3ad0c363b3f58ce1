//! Arguments typed behind a command's name in the palette: reading and completion.

use super::app::App;
use super::asking::{self, Question};
use super::command::{Argument, Verb, Withhold};
use super::fault::{self, Kind, pe, written};
use super::heat::Metric;
use super::pins;
use super::points;
use super::theme::depth::{ColorChoice, Depth};
use super::theme::{Glyphs, Looks, RampName, ThemeName};
use super::verbs;
use crate::chip::geometry::{ChipId, Pe};
use crate::machine::fault::Fault;
use crate::machine::sram::SRAM_BYTES;
use crate::scene::set;
use crate::session::changes::Level;
use crate::session::command::{Command, Speed};
use crate::session::debug::expr::complete::complete;
use crate::session::debug::{PointKind, PointSpec};
use crate::session::history::BookmarkCommand;
use crate::session::inspect::{Part, PeLocation, unit_place};

/// Argument as parsed, in the form in which the app carries it out.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsedArgument {
    /// Commands for the engine, in order.
    Engine(Vec<Command>),
    /// PE to select and show.
    Pe(Pe),
    /// The floor plan is to show this.
    Metric(Metric),
    /// The app is to look like this.
    Looks(Looks),
    /// Subcommand to run, with its arguments.
    Verb(Verb, String),
    /// Gdb is to be served on this port; `None`: no more.
    Gdb(Option<u16>),
    /// Word to search in the text.
    Word(String),
    /// Place in a PE to show.
    Location(PeLocation),
    /// Expression to pin.
    Pin(String),
    /// Folder of results to read and show.
    Folder(String),
    /// Point to add; the run goes on if `run`.
    Point {
        /// Condition and kind of the point.
        spec: PointSpec,
        /// Whether to run.
        run: bool,
    },
}

impl Argument {
    /// Returns a short description of what can be written.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Moment => Question::Goto.help(),
            Self::Fault => "as in a scene: KillPe(pe: (3, 4, 2)) · Tab offers one of each kind",
            Self::Name => "a name, then words about the moment; without one, the next number",
            Self::Bookmark => "the name of a bookmark",
            Self::Pe | Self::Kill | Self::Withhold(_) => "x,y,p as on the floor plan: 3,4,2",
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
            Self::Expression => "a value: perplexity · power · unit(\"rnns.1\", 41).c · Tab lists all",
            Self::Word => "part of a word; case matters only if you type capitals",
            Self::Address => "a byte address of the selected PE: 0x4d2c",
            Self::Level => "code: instruction by instruction · native: as a whole",
            Self::Port => "a port of 127.0.0.1: 3333; empty for any free one; off stops the server",
            Self::Unit => "layer and number: rnns.1:41",
            Self::Edit => "a field of the scene and its value: mapping.layers.1.pes=10",
            Self::Keep => "keep: run to the same step afterwards",
            Self::Pinned => "the number of a pin, as panel 0 has it",
            Self::PinsFile => "a file: values.csv gets a row a time step",
        }
    }

    /// Parses an argument; the error describes what is wrong with it.
    pub fn read(self, app: &App, text: &str) -> Result<ParsedArgument, String> {
        let text = text.trim();
        match self {
            Self::Moment => asking::command(Question::Goto, text).map(|go| ParsedArgument::Engine(vec![go])),
            Self::Fault => inject(app, fault::read(text)?),
            Self::Kill => {
                let pe = pe(text)?;
                inject(app, Fault::KillPe { pe: pe.into() })
            }
            Self::Name => Ok(ParsedArgument::Engine(bookmark(text))),
            Self::Bookmark => forget(app, text),
            Self::Pe => pe(text).map(ParsedArgument::Pe),
            Self::Metric => metric(text).map(ParsedArgument::Metric),
            Self::Folder => Ok(ParsedArgument::Folder(text.to_owned())),
            Self::Verb(verb) => {
                verbs::arguments(app, verb, text).map(|_| ParsedArgument::Verb(verb, text.to_owned()))
            }
            Self::Expression => pins::expression(app, text).map(ParsedArgument::Pin),
            Self::Word => Ok(ParsedArgument::Word(text.to_owned())),
            Self::Address => address(app, text).map(ParsedArgument::Location),
            Self::Level => level(app, text).map(|command| ParsedArgument::Engine(vec![command])),
            Self::Port => port(text).map(ParsedArgument::Gdb),
            Self::Unit => unit(app, text).map(ParsedArgument::Location),
            Self::Edit => edit(text).map(|edit| ParsedArgument::Engine(vec![rebuild(vec![edit])])),
            Self::Keep if text == "keep" => Ok(ParsedArgument::Engine(vec![rebuild(Vec::new())])),
            Self::Keep => Err(format!("`{text}` is not known here: expected `keep`, or nothing")),
            Self::Withhold(why) => Ok(ParsedArgument::Engine(vec![withhold(pe(text)?, why)])),
            Self::Pinned => pins::numbered(app, text).map(|command| ParsedArgument::Engine(vec![command])),
            Self::PinsFile => pins::export(app, text).map(|command| ParsedArgument::Engine(vec![command])),
            Self::Speed => speed(text).map(|speed| ParsedArgument::Engine(vec![Command::SetSpeed(speed)])),
            Self::Condition(kind) => point(app, text.to_owned(), kind, false),
            Self::Until => point(app, format!("{text}, once"), PointKind::Break, true),
            Self::Theme | Self::Ramp | Self::Glyphs | Self::Color => {
                self.looks(app.theme.looks(), text).map(ParsedArgument::Looks)
            }
        }
    }

    /// Returns the looks with one choice changed.
    fn looks(self, looks: Looks, text: &str) -> Result<Looks, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        Ok(match self {
            Self::Theme => Looks { theme: text.parse::<ThemeName>().map_err(|e| said(&e))?, ..looks },
            Self::Ramp => Looks { ramp: text.parse::<RampName>().map_err(|e| said(&e))?, ..looks },
            Self::Glyphs => Looks { glyphs: text.parse::<Glyphs>().map_err(|e| said(&e))?, ..looks },
            _ => match text.parse::<ColorChoice>().map_err(|e| said(&e))? {
                ColorChoice::Fixed(depth) => Looks { depth, ..looks },
                ColorChoice::Auto => return Err("`auto` works only at the start; name a depth".to_owned()),
            },
        })
    }

    /// Returns candidates for the word before byte `cursor` of `text`, with its first byte's index.
    pub fn complete(self, app: &App, text: &str, cursor: usize) -> (usize, Vec<String>) {
        let words: Vec<String> = match self {
            Self::Moment => asking::candidates(app, Question::Goto),
            Self::Fault => return (0, faults(app, text.get(..cursor).unwrap_or(text))),
            Self::Metric => Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect(),
            Self::Speed => Speed::LADDER.iter().map(ToString::to_string).collect(),
            Self::Pe => all(app).map(written).collect(),
            Self::Kill | Self::Withhold(_) => used(app).map(written).collect(),
            Self::Name | Self::Folder | Self::PinsFile | Self::Word | Self::Address | Self::Verb(_) => {
                Vec::new()
            }
            Self::Edit => return (0, fields(text.get(..cursor).unwrap_or(text))),
            Self::Keep => vec!["keep".to_owned()],
            Self::Port => vec!["off".to_owned(), "3333".to_owned()],
            Self::Level => [Level::Code, Level::Native].map(|level| level.name().to_owned()).into(),
            Self::Unit => {
                let layers = app.names.iter().flat_map(|names| names.layers());
                layers.map(|layer| format!("{layer}:")).collect()
            }
            Self::Pinned => pins::numbers(app),
            Self::Bookmark => bookmarks(app),
            Self::Theme => ThemeName::ALL.iter().map(ToString::to_string).collect(),
            Self::Ramp => RampName::ALL.iter().map(ToString::to_string).collect(),
            Self::Glyphs => Glyphs::ALL.iter().map(ToString::to_string).collect(),
            Self::Color => Depth::ALL.iter().map(ToString::to_string).collect(),
            Self::Condition(_) | Self::Until | Self::Expression => {
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
    let of = |kind: Kind| fault::example(kind, pe.into(), address);
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

fn inject(app: &App, fault: Fault) -> Result<ParsedArgument, String> {
    fault::sensible(app, fault).map(|fault| ParsedArgument::Engine(vec![Command::Inject(fault)]))
}

/// Returns the place of a byte address in the memory of the selected PE.
fn address(app: &App, text: &str) -> Result<PeLocation, String> {
    let digits = text.trim_start_matches("0x").trim_start_matches("0X");
    let radix = if digits.len() < text.len() { 16 } else { 10 };
    match u32::from_str_radix(digits, radix) {
        Ok(at) if at < SRAM_BYTES => {
            Ok(PeLocation { pe: app.selected.index(), part: Part::Memory, at: at & !3 })
        }
        Ok(_) => Err(format!("{text} lies outside of a PE's SRAM: addresses are below {SRAM_BYTES:#x}")),
        Err(_) => Err(format!("invalid address `{text}`: expected for example 0x4d2c")),
    }
}

/// Returns the place of a unit among the neurons of the PE that computes it.
fn unit(app: &App, text: &str) -> Result<PeLocation, String> {
    let names = app.names.as_ref().ok_or("there is no experiment yet")?;
    let split = text.rsplit_once([':', ' ']).map(|(layer, unit)| (layer.trim(), unit.trim()));
    let Some((layer, unit)) = split else {
        return Err(format!("invalid unit `{text}`: expected layer and number, for example rnns.1:41"));
    };
    let Some(index) = names.layer(layer) else {
        let all: Vec<&str> = names.layers().collect();
        return Err(format!("there is no layer `{layer}`; there are {}", all.join(", ")));
    };
    let number =
        unit.parse().map_err(|_| format!("invalid number `{unit}`: expected for example {layer}:41"))?;
    let last = names.units(index).saturating_sub(1);
    let none = || format!("there is no unit {unit} of {layer}: its units are 0 to {last}");
    unit_place(names.program(), layer, number).ok_or_else(none)
}

/// Reads a port for gdb; `None` for `off`.
fn port(text: &str) -> Result<Option<u16>, String> {
    if text == "off" {
        return Ok(None);
    }
    let port = text.parse().map(Some);
    port.map_err(|_| {
        format!("invalid port `{text}`: expected a number up to 65535, for example 3333, or off")
    })
}

/// Returns the command that sets the level of the selected PE.
fn level(app: &App, text: &str) -> Result<Command, String> {
    let found = [Level::Code, Level::Native].into_iter().find(|level| level.name() == text);
    let level = found.ok_or_else(|| format!("there is no level `{text}`; there are code and native"))?;
    Ok(Command::Level { pe: app.selected.index(), level })
}

/// Reads a field with its value.
fn edit(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((field, value)) if !field.trim().is_empty() => {
            Ok((field.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected a field and a value, for example mapping.layers.1.pes=10".to_owned()),
    }
}

/// Returns the command that builds the scene with these edits and goes to the same step.
fn rebuild(edits: Vec<(String, String)>) -> Command {
    Command::Rebuild { edits }
}

/// Returns the command that maps the network around a PE.
pub(super) fn withhold(pe: Pe, why: Withhold) -> Command {
    Command::Withhold { pe: pe.index(), broken: why == Withhold::Broken }
}

/// Returns the fields of a scene that begin as typed, up to their next dot.
fn fields(typed: &str) -> Vec<String> {
    set::fields().into_iter().filter(|field| field.starts_with(typed)).collect()
}

/// Returns the commands that set a bookmark: its name, and words about it.
fn bookmark(text: &str) -> Vec<Command> {
    let (name, note) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let set = Command::Bookmark(name.to_owned());
    if note.trim().is_empty() {
        return vec![set];
    }
    let note = BookmarkCommand::Note { name: name.to_owned(), note: note.trim().to_owned() };
    vec![set, Command::Bookmarks(note)]
}

fn bookmarks(app: &App) -> Vec<String> {
    let all = app.picture().map_or(&[][..], |snapshot| &snapshot.history.bookmarks);
    all.iter().map(|bookmark| bookmark.name.clone()).collect()
}

fn forget(app: &App, name: &str) -> Result<ParsedArgument, String> {
    let all = bookmarks(app);
    if all.iter().any(|known| known == name) {
        let remove = BookmarkCommand::Remove(name.to_owned());
        return Ok(ParsedArgument::Engine(vec![Command::Bookmarks(remove)]));
    }
    let known =
        if all.is_empty() { "none is set".to_owned() } else { format!("there are {}", all.join(", ")) };
    Err(format!("there is no bookmark `{name}`; {known}"))
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

fn point(app: &App, text: String, kind: PointKind, run: bool) -> Result<ParsedArgument, String> {
    match points::error_of(app, &text) {
        Some(error) => Err(error.to_string()),
        None => Ok(ParsedArgument::Point { spec: PointSpec { text, kind }, run }),
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
