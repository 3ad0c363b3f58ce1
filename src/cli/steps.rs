//! Tables of a run, a row a time step: watched expressions, and the figures of every step.

use std::path::{Path, PathBuf};

use clap::Args;

use super::CliError;
use crate::chip::clock::us;
use crate::output::{Output, OutputError, Reads, table_row};
use crate::scene::SceneError;
use crate::session::Session;
use crate::session::debug::Names;
use crate::session::debug::expr::Expression;
use crate::task::figures;

/// Values of tasks that every table of time steps has, if the task has them.
const SCORES: [&str; 4] = ["perplexity", "accuracy", "class", "probability"];

/// Tables that a run writes.
#[derive(Clone, Debug, Default, Args)]
pub struct StepArgs {
    /// Write the value of an expression after every time step to --watch-output; may be repeated
    ///
    /// An expression is what conditions compare (docs/debugging.md): `perplexity`, `power_w`,
    /// `unit("rnns.1", 41).c`, `link(3,5,east).load`, `2 * rnns.1.activity`.
    #[arg(long, value_name = "EXPR", requires = "watch_output")]
    pub watch: Vec<String>,
    /// CSV file for the values of --watch: a header `step,EXPR,…`, then a row a time step
    #[arg(long, value_name = "FILE", requires = "watch")]
    pub watch_output: Option<PathBuf>,
    /// CSV file with a row a time step: chip time, energy, packets, activity, and what
    /// the task says
    #[arg(long, value_name = "FILE")]
    pub steps_output: Option<PathBuf>,
    /// CSV file with a row a unit: the time steps in which it sent something, and their share
    #[arg(long, value_name = "FILE")]
    pub firing_output: Option<PathBuf>,
}

/// Tables of a run under way.
pub(super) struct StepTables {
    watched: Option<Table>,
    expressions: Vec<Expression>,
    steps: Option<Table>,
    firing: Option<Table>,
    /// Names and values of the task beside its line.
    scores: Vec<(&'static str, Expression)>,
    /// Ticks and packets until the last row.
    before: (u64, u64),
}

impl StepTables {
    /// Checks the expressions, creates the files and writes their headers.
    ///
    /// # Errors
    ///
    /// Fails if an expression is none, or a file cannot be written.
    pub fn create(args: &StepArgs, session: &Session, reads: &mut Reads) -> Result<Self, CliError> {
        let names = Names::of(session);
        let expression = |text: &String| {
            Expression::new(text, &names).map_err(|error| {
                let place = SceneError::file(Path::new("--watch"), error.message, error.help);
                CliError::Scene(place.at(text, error.at))
            })
        };
        let expressions = args.watch.iter().map(expression).collect::<Result<Vec<_>, _>>()?;
        let mut open = |path: &Option<PathBuf>, what: &'static str| -> Result<Option<Table>, OutputError> {
            let Some(path) = path else { return Ok(None) };
            let table = Table(Output::create(Some(path), reads)?);
            reads.add(what, path);
            Ok(Some(table))
        };
        let mut watched = open(&args.watch_output, "the table of watched values that is written")?;
        let mut steps = open(&args.steps_output, "the table of time steps that is written")?;
        let firing = open(&args.firing_output, "the table of firing that is written")?;
        if let Some(table) = &mut watched {
            table.row(std::iter::once("step".to_owned()).chain(args.watch.iter().cloned()))?;
        }
        let line = session.work().line(&session.moment()).0;
        let missing = SCORES.into_iter().filter(|name| line.iter().all(|(other, _)| other != name));
        let scores: Vec<_> =
            missing.filter_map(|name| Some((name, Expression::new(name, &names).ok()?))).collect();
        if let Some(table) = &mut steps {
            table.row(columns(session, &scores))?;
        }
        let before = (session.tick(), session.machine().state().traffic.total.packets);
        Ok(Self { watched, expressions, steps, firing, scores, before })
    }

    /// Writes the rows of the time step that the session has just completed.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be written.
    pub fn note(&mut self, session: &Session) -> Result<(), OutputError> {
        if let Some(table) = &mut self.watched {
            let values = self.expressions.iter().map(|expression| expression.value(session).cell());
            table.row(std::iter::once(session.steps().to_string()).chain(values))?;
        }
        let now = (session.tick(), session.machine().state().traffic.total.packets);
        if let Some(table) = &mut self.steps {
            let own = (now.0 - self.before.0, now.1 - self.before.1);
            table.row(figures_of(session, own, &self.scores))?;
        }
        self.before = now;
        Ok(())
    }

    /// Writes the table of firing, and completes the files.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be written.
    pub fn finish(mut self, session: &Session) -> Result<(), OutputError> {
        if let Some(table) = &mut self.firing {
            table.row(["layer", "unit", "steps", "rate"].map(str::to_owned))?;
            for (k, layer) in session.program().populations.iter().enumerate() {
                for (unit, steps) in session.stats().fired(k).iter().enumerate() {
                    let rate = f64::from(*steps) / session.stats().steps.max(1) as f64;
                    let cells = [layer.name.clone(), unit.to_string(), steps.to_string(), rate.to_string()];
                    table.row(cells)?;
                }
            }
        }
        [self.watched, self.steps, self.firing].into_iter().flatten().try_for_each(|table| table.0.finish())
    }
}

/// CSV file under way.
struct Table(Output);

impl Table {
    fn row(&mut self, cells: impl IntoIterator<Item = String>) -> Result<(), OutputError> {
        self.0.data(&table_row(cells))
    }
}

/// Returns the names of the columns of a time step.
fn columns(session: &Session, scores: &[(&'static str, Expression)]) -> Vec<String> {
    let fixed = ["step", "chip_time_us", "step_us", "energy_j", "packets"].map(str::to_owned);
    let task = session.work().line(&session.moment()).0;
    let task = task.into_iter().map(|(name, _)| name.to_owned());
    let activity = session.program().populations.iter().map(|layer| format!("activity.{}", layer.name));
    let scores = scores.iter().map(|(name, _)| (*name).to_owned());
    fixed.into_iter().chain(task).chain(scores).chain(activity).collect()
}

/// Returns the figures of the time step that the session has just completed; `own` are its
/// ticks and packets.
fn figures_of(session: &Session, own: (u64, u64), scores: &[(&'static str, Expression)]) -> Vec<String> {
    let energy_j = session.stats().energy.last().unwrap_or(0.0);
    let fixed = [
        session.steps().to_string(),
        us(session.tick()).to_string(),
        us(own.0).to_string(),
        energy_j.to_string(),
        own.1.to_string(),
    ];
    let task = session.work().line(&session.moment()).0;
    let task = task.into_iter().map(|(_, value)| match value {
        figures::Value::Count(count) => count.to_string(),
        figures::Value::Number(number) => number.map_or_else(String::new, |number| number.to_string()),
        figures::Value::Single(single) => single.to_string(),
        figures::Value::Word(word) => word.unwrap_or_default().to_owned(),
    });
    let activity = session.stats().layer_history.iter();
    let activity = activity.map(|history| history.back().map_or_else(String::new, f32::to_string));
    let scores = scores.iter().map(|(_, expression)| expression.value(session).cell());
    fixed.into_iter().chain(task).chain(scores).chain(activity).collect()
}
