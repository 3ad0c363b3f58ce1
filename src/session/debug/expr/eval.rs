//! Evaluation of checked conditions.

use std::ops::Range;

use super::check;
use super::error::ExprError;
use super::names::Names;
use super::parse::{self, Modifiers, Operator};
use super::table::{Type, When};
use super::unit::Unit;
use crate::chip::geometry::Pe;
use crate::machine::watch::Written;
use crate::session::Session;
use crate::session::debug::facts::{self, Use};

/// Checked condition, or part of one, that is true or false.
#[derive(Clone, Debug)]
pub(super) enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
    /// Comparison of numbers; it is false while a value is missing.
    Numbers(Operator, Number, Number),
    /// Equal (or, with `false`, different) words.
    Words(bool, Word, Word),
    Written(Pe, Range<u32>),
    /// Whether the value with this number in [`Condition::changes`] differs from
    /// the last evaluation.
    Changed(usize),
}

/// Sub-expression whose value is a number.
#[derive(Clone, Debug)]
pub(super) enum Number {
    Constant(f64),
    Fact(Use),
    Negative(Box<Number>),
    Binary(Operator, Box<Number>, Box<Number>),
}

/// Sub-expression whose value is a word.
#[derive(Clone, Debug)]
pub(super) enum Word {
    Literal(String),
    Fact(Use),
}

/// Value whose changes are watched.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub of: Use,
    pub kind: Type,
    /// Value at the last evaluation; `None` before the first.
    seen: Option<Value>,
    now: bool,
}

impl Change {
    pub(super) fn new(of: Use, kind: Type) -> Self {
        Self { of, kind, seen: None, now: false }
    }

    fn look(&mut self, session: &Session) {
        let value = Value::of(session, self.of, self.kind);
        self.now = self.seen.as_ref().is_some_and(|seen| !seen.is(&value));
        self.seen = Some(value);
    }
}

/// A value of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number of this unit.
    Number(f64, Unit),
    /// Value that is a word.
    Word(String),
    /// Missing value, such as a time before the first step.
    Absent,
}

impl Value {
    fn of(session: &Session, at: Use, kind: Type) -> Self {
        match kind {
            Type::Number(unit) => facts::number(session, at).map_or(Self::Absent, |n| Self::Number(n, unit)),
            Type::Word(_) => {
                facts::word(session, at).map_or(Self::Absent, |word| Self::Word(word.to_owned()))
            }
        }
    }

    /// Returns the value as a cell of a table: numbers in full, shares as 0 to 1, nothing where
    /// there is none.
    pub fn cell(&self) -> String {
        match self {
            Self::Number(number, _) => number.to_string(),
            Self::Word(word) => word.clone(),
            Self::Absent => String::new(),
        }
    }

    /// Returns `true` if both values are equal to the bit.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a, _), Self::Number(b, _)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value, unit) => f.write_str(&unit.show(*value)),
            Self::Word(word) => write!(f, "{word:?}"),
            Self::Absent => f.write_str("not there yet"),
        }
    }
}

/// Fact in a condition, with its text there.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub text: String,
    pub of: Use,
    pub kind: Type,
}

/// Checked condition for one scene.
#[derive(Clone, Debug)]
pub struct Condition {
    test: Test,
    when: When,
    momentary: bool,
    named: Vec<Named>,
    changes: Vec<Change>,
    watches: Vec<(Pe, Range<u32>)>,
}

impl Condition {
    /// Parses and checks a condition with its options (`, once`).
    pub fn new(text: &str, names: &Names) -> Result<(Self, Modifiers), ExprError> {
        let (node, modifiers) = parse::parse(text)?;
        let checked = check::check(text, &node, names)?;
        let condition = Self {
            test: checked.test,
            when: checked.when,
            momentary: !checked.changes.is_empty() || !checked.watches.is_empty(),
            named: checked.named,
            changes: checked.changes,
            watches: checked.watches,
        };
        Ok((condition, modifiers))
    }

    /// Returns the moments at which the condition can become true.
    pub fn when(&self) -> When {
        self.when
    }

    /// Returns `true` if the condition is about moments (`written`, `changed`) instead of states:
    /// each time that it is true counts.
    pub fn is_momentary(&self) -> bool {
        self.momentary
    }

    /// Returns the bytes that the machine has to watch for the condition.
    pub fn watches(&self) -> &[(Pe, Range<u32>)] {
        &self.watches
    }

    /// Evaluates the condition; `written` are the last event's writes to watched bytes.
    pub fn holds(&mut self, session: &Session, written: &[Written]) -> bool {
        for change in &mut self.changes {
            change.look(session);
        }
        self.test.holds(&Now { session, written, changes: &self.changes })
    }

    /// Takes the present values as known: earlier changes do not count.
    pub fn settle(&mut self, session: &Session) {
        for change in &mut self.changes {
            change.look(session);
            change.now = false;
        }
    }

    /// Returns the names in the condition with their present values.
    pub fn values(&self, session: &Session) -> Vec<(String, Value)> {
        self.named.iter().map(|n| (n.text.clone(), Value::of(session, n.of, n.kind))).collect()
    }
}

/// Checked value for one scene, to be shown: `step_us`, `2 * surprisal`.
#[derive(Clone, Debug)]
pub(super) enum Quantity {
    Number(Number, Unit),
    Word(Word),
}

/// Checked value for one scene, to be evaluated repeatedly: `perplexity`, `unit("rnns.1", 41).c`.
#[derive(Clone, Debug)]
pub struct Expression(Quantity);

impl Expression {
    /// Reads and checks an expression: what conditions compare, without the comparison.
    ///
    /// # Errors
    ///
    /// Fails if the text is not a value of the scene, or has a modifier (only conditions take one).
    pub fn new(text: &str, names: &Names) -> Result<Self, ExprError> {
        let (node, modifiers) = parse::parse(text)?;
        if modifiers != Modifiers::default() {
            let message = "a value takes no `once`, `off` or `ignore`";
            return Err(ExprError::new(0..text.len(), message, "remove what follows the comma"));
        }
        check::quantity(text, &node, names).map(Self)
    }

    /// Returns the value now.
    pub fn value(&self, session: &Session) -> Value {
        match &self.0 {
            Quantity::Number(number, unit) => {
                number.value(session).map_or(Value::Absent, |value| Value::Number(value, *unit))
            }
            Quantity::Word(word) => {
                word.value(session).map_or(Value::Absent, |word| Value::Word(word.to_owned()))
            }
        }
    }
}

impl Value {
    /// Returns the value of an expression now.
    ///
    /// # Errors
    ///
    /// Fails as [`Expression::new`] does.
    pub fn evaluate(text: &str, session: &Session) -> Result<Self, ExprError> {
        Ok(Expression::new(text, &Names::of(session))?.value(session))
    }
}

struct Now<'s> {
    session: &'s Session,
    written: &'s [Written],
    changes: &'s [Change],
}

impl Test {
    fn holds(&self, now: &Now<'_>) -> bool {
        match self {
            Self::All(tests) => tests.iter().all(|test| test.holds(now)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(now)),
            Self::Not(test) => !test.holds(now),
            Self::Numbers(operator, left, right) => {
                match (left.value(now.session), right.value(now.session)) {
                    (Some(left), Some(right)) => compare(*operator, left, right),
                    _ => false,
                }
            }
            Self::Words(equal, left, right) => match (left.value(now.session), right.value(now.session)) {
                (Some(left), Some(right)) => (left == right) == *equal,
                _ => false,
            },
            Self::Written(pe, bytes) => now.written.iter().any(|written| {
                written.pe == *pe && written.bytes.start < bytes.end && bytes.start < written.bytes.end
            }),
            Self::Changed(number) => now.changes.get(*number).is_some_and(|change| change.now),
        }
    }
}

#[expect(clippy::float_cmp, reason = "a condition with == asks for exact equality")]
fn compare(operator: Operator, left: f64, right: f64) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::Unequal => left != right,
        Operator::Less => left < right,
        Operator::LessEqual => left <= right,
        Operator::Greater => left > right,
        Operator::GreaterEqual => left >= right,
        // Not comparisons; the checker never puts them here.
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => false,
    }
}

impl Number {
    fn value(&self, session: &Session) -> Option<f64> {
        Some(match self {
            Self::Constant(value) => *value,
            Self::Fact(of) => facts::number(session, *of)?,
            Self::Negative(inner) => -inner.value(session)?,
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.value(session)?, right.value(session)?);
                match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide => left / right,
                    _ => return None,
                }
            }
        })
    }
}

impl Word {
    fn value<'s>(&'s self, session: &'s Session) -> Option<&'s str> {
        match self {
            Self::Literal(word) => Some(word),
            Self::Fact(of) => facts::word(session, *of),
        }
    }
}
