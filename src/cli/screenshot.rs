//! `spinntui screenshot SCENE`: the app's screen at a moment, as text or as a picture, for
//! slides and pages.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::against::AgainstArgs;
use super::looks::LooksArgs;
use super::points::{self, PointArgs};
use super::{CliError, FINE, FaultArgs, SetArgs};
use crate::chip::geometry::Pe;
use crate::output::{Output, Reads};
use crate::scene::error::did_you_mean;
use crate::scene::{LoadedScene, find};
use crate::session::build::{ModelCache, build};
use crate::session::command::{Command, StepUnit};
use crate::session::engine::EngineOptions;
use crate::session::history::SeekTarget;
use crate::tui::app::App;
use crate::tui::asking::{Question, command};
use crate::tui::capture::palette::Palette;
use crate::tui::capture::{ansi, svg, text};
use crate::tui::panels::PanelId;
use crate::tui::stage::{Press, Stage, presses};
use crate::tui::theme::{Background, Looks, Theme, ThemeName};

/// Columns and rows that a picture may have.
const MOST: (u16, u16) = (500, 300);

const EXAMPLES: &str = "\
Examples:
  spinntui screenshot scenes/lm_small.ron --at 'step 12'
      the screen after twelve words, at 120x40, as text
  spinntui screenshot scenes/lm_small.ron --at 'step 12, 2 phases' --panel pe --expand -o pe.svg
      one PE in the middle of the thirteenth, as a picture
  spinntui screenshot scenes/lm.ron --size 80x24 --keys '3 s s z' -o memory.svg
      panel 3, two steps, the whole screen: keys as in the app
  spinntui screenshot scenes/lm_small.ron --keys \"b a 'perplexity > 150' enter esc c\"
      text to type stands in quotes

The same command gives the same bytes. docs/screenshot.md says more.";

/// Draw the app's screen at a moment: text, text with colours, or SVG.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ScreenshotArgs {
    /// Scene file
    #[arg(value_hint = clap::ValueHint::FilePath)]
    pub scene: PathBuf,
    /// Panel that has the focus: chip, task, memory, noc, timers, sparsity, energy, pe, timeline,
    /// or its number
    #[arg(long, value_name = "NAME", value_parser = panel)]
    pub panel: Option<PanelId>,
    /// The focused panel has the whole screen
    #[arg(long)]
    pub expand: bool,
    /// Selected PE: column and row of its QPE, and number in the QPE
    #[arg(long, value_name = "X,Y,P", value_parser = super::peek::pe)]
    pub pe: Option<Pe>,
    /// The moment: as the app's `g` takes it, then what to step from there
    ///
    /// `step 12`, `event 1000`, `time 5300` (µs); after a comma a number of events, phases, layers,
    /// steps or sequences: `step 12, 2 phases`.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    pub at: Option<Moment>,
    /// Keys to press there, as the app's key list writes them, with spaces between; text to
    /// type in quotes
    #[arg(long, value_name = "KEYS", default_value = "")]
    pub keys: String,
    /// Columns and rows
    #[arg(long, value_name = "CxR", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// Background of an SVG; without this, one that suits the theme
    #[arg(long, value_enum)]
    pub ground: Option<Ground>,
    /// Format of the output; without this, by the file's ending
    #[arg(long, value_enum)]
    pub format: Option<PictureFormat>,
    /// Write to a file (.svg, .txt, .ansi) instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub looks: LooksArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub points: PointArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub against: AgainstArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub fault: FaultArgs,
    #[command(flatten)]
    #[allow(missing_docs, reason = "documented on the type; a comment here would become help")]
    pub set: SetArgs,
}

/// Background of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Ground {
    /// Light text on a dark ground
    Dark,
    /// Dark text on a light ground
    Light,
}

/// Format of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    /// The characters
    Txt,
    /// The characters with the escape sequences of their colours: `cat` shows it
    Ansi,
    /// A picture
    Svg,
}

impl PictureFormat {
    fn of(path: &Path) -> Option<Self> {
        match path.extension().and_then(OsStr::to_str)?.to_ascii_lowercase().as_str() {
            "txt" => Some(Self::Txt),
            "ansi" | "ans" => Some(Self::Ansi),
            "svg" => Some(Self::Svg),
            _ => None,
        }
    }
}

/// Moment, and steps from there.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    place: SeekTarget,
    steps: Vec<(StepUnit, u32)>,
}

fn moment(text: &str) -> Result<Moment, String> {
    let mut parts = text.split(',').map(str::trim);
    let first = parts.next().unwrap_or_default();
    let place = match command(Question::Goto, first)? {
        Command::Go(SeekTarget::Bookmark(name)) => {
            return Err(format!("invalid moment `{name}`: expected step 12, event 1000 or time 5300"));
        }
        Command::Go(place) => place,
        _ => return Err("expected step 12, event 1000 or time 5300".to_owned()),
    };
    Ok(Moment { place, steps: parts.map(steps).collect::<Result<_, _>>()? })
}

/// Parses a count with a unit, such as `2 phases`.
fn steps(text: &str) -> Result<(StepUnit, u32), String> {
    let wrong = || format!("invalid step `{text}`: expected for example 2 phases, 1 layer or 100 events");
    let (count, unit) = text.split_once(char::is_whitespace).ok_or_else(wrong)?;
    let count = count.parse::<u32>().ok().filter(|&count| count > 0).ok_or_else(wrong)?;
    let unit = match unit.trim().trim_end_matches('s') {
        "event" => StepUnit::Event,
        "phase" => StepUnit::Phase,
        "layer" => StepUnit::Layer,
        "step" | "token" | "frame" => StepUnit::TimeStep,
        "sequence" => StepUnit::Sequence,
        _ => return Err(wrong()),
    };
    Ok((unit, count))
}

fn panel(text: &str) -> Result<PanelId, String> {
    let wanted = text.to_lowercase();
    let named =
        |panel: &PanelId| panel.name().to_lowercase() == wanted || panel.number().to_string() == wanted;
    PanelId::ALL.into_iter().find(named).ok_or_else(|| {
        let names: Vec<String> = PanelId::ALL.iter().map(|panel| panel.name().to_lowercase()).collect();
        match did_you_mean(&wanted, names.iter().map(String::as_str)) {
            Some(name) => format!("there is no such panel; did you mean `{name}`?"),
            None => format!("there is no such panel; there are {}", names.join(", ")),
        }
    })
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let number = |text: &str, most: u16| text.parse().ok().filter(|n| (1..=most).contains(n));
    let found =
        text.split_once(['x', 'X', '×']).and_then(|(c, r)| Some((number(c, MOST.0)?, number(r, MOST.1)?)));
    found.ok_or_else(|| format!("a size is columns x rows, as in 120x40, at most {}x{}", MOST.0, MOST.1))
}

/// Draws the screen.
pub fn screenshot(args: &ScreenshotArgs) -> Result<u8, CliError> {
    let form = form(args)?;
    let usage = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    let keys = presses(&args.keys).map_err(|error| usage(&error))?;
    let mut output = Output::create(args.output.as_deref(), &reads(args))?;
    let mut stage = open(args)?;
    shown(&mut stage, args, &keys).map_err(|error| usage(&error))?;
    let title = title(stage.app());
    let buf = stage.draw();
    let picture = match form {
        PictureFormat::Txt => text(&buf),
        PictureFormat::Ansi => ansi(&buf),
        PictureFormat::Svg => svg(&buf, &palette(args), &title),
    };
    output.data(&picture)?;
    output.finish()?;
    Ok(FINE)
}

fn form(args: &ScreenshotArgs) -> Result<PictureFormat, CliError> {
    let unknown = |path: &PathBuf| {
        CliError::Usage(format!(
            "error: {}: the file's ending does not name a format\nhelp: .svg, .txt or .ansi, or --format svg",
            path.display()
        ))
    };
    match (args.format, &args.output) {
        (Some(form), _) => Ok(form),
        (None, Some(path)) => PictureFormat::of(path).ok_or_else(|| unknown(path)),
        (None, None) => Ok(PictureFormat::Txt),
    }
}

/// Returns the files that the picture is drawn from; a scene that cannot be loaded fails later.
fn reads(args: &ScreenshotArgs) -> Reads {
    let scene = find::scene(&args.scene);
    match LoadedScene::load(&scene, &args.fault.edits(&args.set)) {
        Ok(loaded) => loaded.reads(),
        Err(_) => Reads::default().and("the scene that is read", &scene),
    }
}

/// Returns the looks of the picture, which depend neither on the terminal nor on a configuration.
fn looks(args: &ScreenshotArgs) -> Looks {
    let mut looks = args.looks.choice();
    // A picture has a background of its own; only ANSI text for a terminal needs one painted.
    if !matches!(form(args), Ok(PictureFormat::Ansi)) {
        looks.background = looks.background.or(Some(Background::Terminal));
    }
    looks.resolve(|name| (name == "COLORTERM").then(|| "truecolor".to_owned()))
}

fn palette(args: &ScreenshotArgs) -> Palette {
    let light = looks(args).theme == ThemeName::Light;
    match args.ground.unwrap_or(if light { Ground::Light } else { Ground::Dark }) {
        Ground::Dark => Palette::DARK,
        Ground::Light => Palette::LIGHT,
    }
}

/// Opens the app with its engine.
fn open(args: &ScreenshotArgs) -> Result<Stage, CliError> {
    let scene = find::scene(&args.scene);
    let set = args.fault.edits(&args.set);
    let asked = args.points.asked();
    if !asked.is_empty() {
        // The engine tells its face what is wrong with a condition; here it is told who typed it.
        let mut session = build(LoadedScene::load(&scene, &set)?, &mut ModelCache::default())?;
        points::points(&mut session, &asked)?;
    }
    let points = asked.into_iter().map(|(_, spec)| spec).collect();
    let against = args.against.load(&scene, &args.set)?;
    let app = App::new(scene.display().to_string(), Theme::new(looks(args)), args.size);
    let options = EngineOptions { scene, set, autorun: false, record: None, points, exact: false, against };
    Stage::open(app, options).map_err(|error| CliError::Usage(error.to_string()))
}

/// Brings the app to the requested view.
fn shown(
    stage: &mut Stage,
    args: &ScreenshotArgs,
    keys: &[Press],
) -> Result<(), crate::tui::stage::StageError> {
    if let Some(pe) = args.pe {
        stage.app().selected = pe;
    }
    stage.show(args.panel, args.expand)?;
    if let Some(moment) = &args.at {
        stage.go(moment.place.clone())?;
        for &(unit, count) in &moment.steps {
            stage.command(Command::Step { unit, count })?;
        }
    }
    keys.iter().try_for_each(|press| stage.press(press))
}

/// Returns the title of the picture.
fn title(app: &App) -> String {
    match app.picture() {
        Some(snapshot) => format!(
            "spinntui {}: {}, {} {}, event {}",
            app.scene,
            snapshot.setup.title,
            snapshot.task.kind().step_word,
            snapshot.steps,
            snapshot.events
        ),
        None => format!("spinntui {}", app.scene),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let good = moment("step 12, 2 phases, 1 event").unwrap();
        assert_eq!(good.place, SeekTarget::Step(12));
        assert_eq!(good.steps, [(StepUnit::Phase, 2), (StepUnit::Event, 1)]);
        assert_eq!(moment("time 5300 us").unwrap().place, SeekTarget::TimeUs(5300.0));
        for (text, word) in [
            ("", "nothing"),
            ("there", "invalid moment"),
            ("step", "missing"),
            ("step 1, 2", "invalid step"),
            ("step 1, 0 phases", "invalid step"),
        ] {
            assert!(moment(text).unwrap_err().contains(word), "{text}");
        }
    }

    #[test]
    fn panels_and_sizes() {
        assert_eq!((panel("NoC"), panel("9")), (Ok(PanelId::Noc), Ok(PanelId::Timeline)));
        assert!(panel("memry").unwrap_err().contains("`memory`"));
        assert_eq!(panel("0"), Ok(PanelId::Pins));
        assert!(panel("11").unwrap_err().contains("timeline"));
        assert_eq!((size("80x24"), size("1×1")), (Ok((80, 24)), Ok((1, 1))));
        for bad in ["80", "0x24", "80x24x2", "9999x10", "-1x3", "x"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
