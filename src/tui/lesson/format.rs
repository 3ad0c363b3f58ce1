//! Format of a lesson's file, as `docs/lessons.md` describes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::machine::fault::{Fault, FaultTime};
use crate::session::command::StepUnit;
use crate::session::snapshot;
use crate::tui::heat::{Metric, Window};
use crate::tui::panel::PanelId;

/// Coordinates of a PE on chip 0: column and row of its QPE, and number in the QPE.
pub type PeCoordinates = (u8, u8, u8);

/// Versions of the format that this build reads.
pub const VERSIONS: [u32; 1] = [1];

/// A lesson: pages of text, each about one moment of a running experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// Version of the format: 1.
    pub version: u32,
    /// Title, for lists and the screen.
    pub title: String,
    /// Aim of the lesson, in a sentence.
    pub about: String,
    /// Duration with a class, minutes.
    #[schemars(range(min = 1, max = 600))]
    pub minutes: u32,
    /// Path of the first scene, searched beside the lesson and where scenes look for their models.
    pub scene: String,
    /// Changes to the scene, `("path", "value")`, as `--set` makes them.
    #[serde(default)]
    pub set: Vec<(String, String)>,
    /// The pages, in order.
    pub pages: Vec<Page>,
}

/// A page: what to read, what to see, and how the experiment comes to the moment that it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Title, for lists and the screen.
    pub title: String,
    /// Text of the page. `**bold**` and `` `code` ``; an empty line begins a paragraph;
    /// `{perplexity}` is the value of an expression of the debugger at the page's moment, `{2:
    /// step_us}` that at page 2.
    pub text: String,
    /// Another scene from this page on.
    #[serde(default)]
    pub scene: Option<String>,
    /// Changes to the scene, from this page on, instead of those before.
    #[serde(default)]
    pub set: Option<Vec<(String, String)>>,
    /// Actions between the page before and this one. The page's moment is after them.
    #[serde(default)]
    pub commands: Vec<Act>,
    /// View of the screen.
    #[serde(default)]
    pub show: Show,
    /// Marked parts of the screen.
    #[serde(default)]
    pub highlight: Vec<Mark>,
    /// A condition of the debugger that has to hold at the page's moment: `lesson NAME --check`
    /// looks at it.
    #[serde(default)]
    pub expect: Option<String>,
    /// Something to think about.
    #[serde(default)]
    pub question: Option<Question>,
    /// Keys that the text names and what the screen must then show, for `lesson NAME --check`.
    #[serde(default, rename = "try")]
    pub tries: Vec<Try>,
}

impl Page {
    /// Returns the texts that may hold values in braces, each with its field.
    pub fn texts(&self) -> Vec<(String, &str)> {
        let mut texts = vec![("text".to_owned(), self.text.as_str())];
        if let Some(question) = &self.question {
            texts.push(("question.text".to_owned(), &question.text));
            for (number, choice) in question.choices.iter().enumerate() {
                texts.push((format!("question.choices.{number}"), choice));
            }
            texts.push(("question.because".to_owned(), &question.because));
        }
        for (number, attempt) in self.tries.iter().enumerate() {
            for (line, text) in attempt.sees.iter().enumerate() {
                texts.push((format!("try.{number}.sees.{line}"), text));
            }
        }
        texts.extend(self.expect.as_deref().map(|text| ("expect".to_owned(), text)));
        texts
    }
}

/// Action of a page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Act {
    /// Advance by a number of units.
    Step {
        /// Event, Phase, Layer, `TimeStep` or Sequence.
        unit: StepUnit,
        /// Number of units.
        #[schemars(range(min = 1, max = 100_000))]
        count: u32,
    },
    /// Go to a moment, back or ahead.
    Go(FaultTime),
    /// Inject a fault.
    Inject(Fault),
}

/// View of the screen. Fields that are left out stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Show {
    /// The panel that has the focus.
    pub panel: Option<PanelId>,
    /// Whether it has all the room.
    pub expanded: bool,
    /// Heat metric of the floor plan.
    pub metric: Option<Metric>,
    /// Over which time steps values are taken: Step or Mean.
    pub window: Option<Window>,
    /// The selected PE, as `(x, y, p)`.
    pub pe: Option<PeCoordinates>,
    /// View of the PE in panel 8.
    pub part: Option<Part>,
    /// Byte address under the cursor, in Memory.
    pub address: Option<u32>,
    /// Unit under the cursor, in Neurons: the first of the PE is 0.
    pub unit: Option<u32>,
}

/// View of a PE in panel 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Part {
    /// Status, operation, timers.
    Core,
    /// Bytes with their labels.
    Memory,
    /// Units, with the receivers of what they send.
    Neurons,
    /// Machine code beside its source.
    Code,
}

impl From<Part> for snapshot::Part {
    fn from(part: Part) -> Self {
        match part {
            Part::Core => Self::Core,
            Part::Memory => Self::Memory,
            Part::Neurons => Self::Neurons,
            Part::Code => Self::Code,
        }
    }
}

/// Something that is marked on screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Mark {
    /// Panel of the screen.
    Panel(PanelId),
    /// A PE of the floor plan, as `(x, y, p)`.
    Pe(PeCoordinates),
    /// Key in the help's notation: `s`, `space`, `ctrl-d`.
    Key(String),
}

/// Keys pressed at a page's moment, and the texts that the screen must then show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Try {
    /// Keys as `screenshot --keys` takes them, such as `S S W`; empty for the page as it opens.
    pub keys: String,
    /// Texts that the screen must show, each within a line; braces hold values, as in the page.
    ///
    /// They are checked at every size of [`SIZES`](crate::tui::rehearsal::SIZES).
    pub sees: Vec<String>,
}

/// A question with choices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Text of the question.
    pub text: String,
    /// Two to four answers.
    pub choices: Vec<String>,
    /// Number of the right choice, from 1.
    pub answer: usize,
    /// Explanation that is shown after an answer.
    pub because: String,
}
