//! Holds a condition against the names of a scene: everything it names exists, and what it compares
//! can be compared.

use std::ops::Range;

use super::error::ExprError;
use super::eval::{Change, Named, Number, Quantity, Test, Word};
use super::names::Names;
use super::parse::{Kind, Node, Operator};
use super::places::{self, Meaning};
use super::table::{self, Domain, Group, Row, Type, When};
use super::unit::Unit;
use crate::chip::geometry::Pe;
use crate::scene::error::did_you_mean;
use crate::session::debug::facts::{Of, Use};
use crate::task::facts::WordKind;

/// Checked condition, ready for evaluation.
pub(super) struct Checked {
    pub test: Test,
    pub when: When,
    pub named: Vec<Named>,
    pub changes: Vec<Change>,
    pub watches: Vec<(Pe, Range<u32>)>,
}

/// Checks a condition.
pub(super) fn check(text: &str, node: &Node, names: &Names) -> Result<Checked, ExprError> {
    let mut checker = Checker::new(text, names);
    let test = checker.test(node)?;
    let Checker { when, named, changes, watches, .. } = checker;
    if named.is_empty() && watches.is_empty() {
        let help = "name a value, as in `perplexity > 150`";
        return Err(ExprError::new(node.at.clone(), "the value of this never changes", help));
    }
    Ok(Checked { test, when, named, changes, watches })
}

/// Checks a value that is to be shown.
pub(super) fn quantity(text: &str, node: &Node, names: &Names) -> Result<Quantity, ExprError> {
    let mut checker = Checker::new(text, names);
    let shown = checker.shown(node);
    match checker.operand(node)? {
        Operand::Number(number, unit) => Ok(Quantity::Number(number, unit.unwrap_or(Unit::Plain))),
        Operand::Word(of, _) => Ok(Quantity::Word(Word::Fact(of))),
        Operand::Unknown(_, error) => Err(error),
        Operand::Literal(_) | Operand::Test(_) => {
            let help = "name a value, as in `perplexity`";
            Err(ExprError::new(node.at.clone(), format!("`{shown}` is not a value to show"), help))
        }
    }
}

struct Checker<'t> {
    text: &'t str,
    names: &'t Names,
    when: When,
    named: Vec<Named>,
    changes: Vec<Change>,
    watches: Vec<(Pe, Range<u32>)>,
}

/// Checked operand of a condition: a number, a word or a test.
enum Operand {
    /// Number with its unit; `None` if it fits all units.
    Number(Number, Option<Unit>),
    Word(Use, Domain),
    Literal(String),
    /// A name that is none of a value: a word perhaps, and otherwise this error.
    Unknown(String, ExprError),
    Test(Test),
}

impl<'t> Checker<'t> {
    fn new(text: &'t str, names: &'t Names) -> Self {
        let (named, changes, watches) = (Vec::new(), Vec::new(), Vec::new());
        Self { text, names, when: When::NEVER, named, changes, watches }
    }

    #[inline(never)]
    fn test(&mut self, node: &Node) -> Result<Test, ExprError> {
        match &node.kind {
            Kind::All(nodes) => Ok(Test::All(self.tests(nodes)?)),
            Kind::Any(nodes) => Ok(Test::Any(self.tests(nodes)?)),
            Kind::Not(inner) => Ok(Test::Not(Box::new(self.test(inner)?))),
            Kind::Binary(operator, left, right) if operator.compares() => {
                self.comparison(node, *operator, left, right)
            }
            _ => {
                let shown = self.shown(node);
                let help = match self.operand(node)? {
                    Operand::Test(test) => return Ok(test),
                    Operand::Unknown(_, error) => return Err(error),
                    Operand::Number(..) => format!("compare it, as in `{shown} > 1`"),
                    Operand::Word(..) | Operand::Literal(_) => "compare it with `==` or `!=`".to_owned(),
                };
                Err(ExprError::new(node.at.clone(), format!("`{shown}` is neither true nor false"), help))
            }
        }
    }

    fn tests(&mut self, nodes: &[Node]) -> Result<Vec<Test>, ExprError> {
        nodes.iter().map(|node| self.test(node)).collect()
    }

    /// Returns the part of the text that a node spans, as written.
    fn shown(&self, node: &Node) -> String {
        self.text.get(node.at.clone()).unwrap_or("").to_owned()
    }

    fn comparison(
        &mut self,
        node: &Node,
        operator: Operator,
        left_node: &Node,
        right_node: &Node,
    ) -> Result<Test, ExprError> {
        let (left, right) = (self.operand(left_node)?, self.operand(right_node)?);
        match (left, right) {
            (Operand::Number(left, a), Operand::Number(right, b)) => {
                self.same_unit(node, (a, left_node), (b, right_node))?;
                share((a, right_node), &right)?;
                share((b, left_node), &left)?;
                Ok(Test::Numbers(operator, left, right))
            }
            (Operand::Word(of, domain), Operand::Literal(word) | Operand::Unknown(word, _)) => {
                self.word_test(node, operator, (of, domain), (&word, right_node))
            }
            (Operand::Literal(word) | Operand::Unknown(word, _), Operand::Word(of, domain)) => {
                self.word_test(node, operator, (of, domain), (&word, left_node))
            }
            (Operand::Word(left, a), Operand::Word(right, b)) => {
                let equal = equality(node, operator)?;
                if a != b {
                    let message = format!("{} and {} are never the same word", describe(a), describe(b));
                    return Err(ExprError::new(node.at.clone(), message, ""));
                }
                Ok(Test::Words(equal, Word::Fact(left), Word::Fact(right)))
            }
            (Operand::Unknown(_, error), _) | (_, Operand::Unknown(_, error)) => Err(error),
            (Operand::Test(_), _) => Err(no_value(left_node, &self.shown(left_node))),
            (_, Operand::Test(_)) => Err(no_value(right_node, &self.shown(right_node))),
            (left, _) => {
                let what = |is_number: bool| if is_number { "a number" } else { "a word" };
                let number = matches!(left, Operand::Number(..));
                let message = format!(
                    "`{}` is {} and `{}` {}",
                    self.shown(left_node),
                    what(number),
                    self.shown(right_node),
                    what(!number)
                );
                let both_words = matches!(left, Operand::Literal(_))
                    && matches!(right_node.kind, Kind::Text(_) | Kind::Name(_));
                let message =
                    if both_words { "two words in quotes never change".to_owned() } else { message };
                Err(ExprError::new(node.at.clone(), message, ""))
            }
        }
    }

    /// Checks a comparison of a value with a word.
    fn word_test(
        &self,
        node: &Node,
        operator: Operator,
        (of, domain): (Use, Domain),
        (word, at): (&str, &Node),
    ) -> Result<Test, ExprError> {
        let equal = equality(node, operator)?;
        if !self.names.knows(domain, word) {
            return Err(self.no_such_word(domain, word, at));
        }
        let is = |word: &str| Test::Words(true, Word::Fact(of), Word::Literal(word.to_owned()));
        if domain == Domain::Status && word == "waiting" {
            let waits = Test::Any(vec![is("sleeping"), is("polling")]);
            return Ok(if equal { waits } else { Test::Not(Box::new(waits)) });
        }
        let phases = &self.names.program().legend.phases;
        let other = phases.iter().find(|phase| domain == Domain::Phase && phase.alias == Some(word));
        let word = other.map_or(word, |phase| phase.name).to_owned();
        Ok(Test::Words(equal, Word::Fact(of), Word::Literal(word)))
    }

    #[inline(never)]
    fn no_such_word(&self, domain: Domain, word: &str, at: &Node) -> ExprError {
        let words = self.names.words(domain);
        let meant = did_you_mean(word, words.iter().copied());
        let meant = meant.map(|word| format!("did you mean `{word}`? ")).unwrap_or_default();
        let (message, help) = match domain {
            Domain::Task(WordKind { unlisted: Some(unlisted), .. }) => {
                (format!("`{word}` {unlisted}"), meant.trim_end().to_owned())
            }
            domain => {
                let all = words.join(", ");
                (format!("unknown {} `{word}`", noun(domain)), format!("{meant}there are {all}"))
            }
        };
        ExprError::new(at.at.clone(), message, help)
    }

    #[inline(never)]
    fn same_unit(
        &self,
        node: &Node,
        (a, left): (Option<Unit>, &Node),
        (b, right): (Option<Unit>, &Node),
    ) -> Result<Option<Unit>, ExprError> {
        match (a, b) {
            (Some(a), Some(b)) if a != b => {
                let (left, right) = (self.shown(left), self.shown(right));
                let message = format!("`{left}` is {} and `{right}` {}", a.noun(), b.noun());
                Err(ExprError::new(node.at.clone(), message, ""))
            }
            _ => Ok(a.or(b)),
        }
    }

    fn operand(&mut self, node: &Node) -> Result<Operand, ExprError> {
        match &node.kind {
            Kind::Number(value, unit, _) => Ok(Operand::Number(Number::Constant(*value), *unit)),
            Kind::Text(text) => Ok(Operand::Literal(text.clone())),
            Kind::Name(name) => self.name(name, node),
            Kind::Call { name, arguments, field } => self.call(node, name, arguments, field.as_ref()),
            Kind::Range(..) => {
                let help = "as in written(pe(3,4,2), 0x8000..0x8100)";
                Err(ExprError::new(node.at.clone(), "a range stands only in written(…)", help))
            }
            Kind::Negative(inner) => {
                let (number, unit) = self.number(inner)?;
                Ok(Operand::Number(Number::Negative(Box::new(number)), unit))
            }
            Kind::Binary(operator, left, right) if !operator.compares() => {
                let ((a, a_unit), (b, b_unit)) = (self.number(left)?, self.number(right)?);
                let unit = match operator {
                    Operator::Add | Operator::Subtract => {
                        self.same_unit(node, (a_unit, left), (b_unit, right))?
                    }
                    // A number times a plain number keeps its unit; a product of two units has
                    // none.
                    _ if a_unit.is_none() && *operator == Operator::Multiply => b_unit,
                    _ if b_unit.is_none() => a_unit,
                    _ => None,
                };
                Ok(Operand::Number(Number::Binary(*operator, Box::new(a), Box::new(b)), unit))
            }
            Kind::Binary(..) | Kind::Not(_) | Kind::All(_) | Kind::Any(_) => {
                Ok(Operand::Test(self.test(node)?))
            }
        }
    }

    fn number(&mut self, node: &Node) -> Result<(Number, Option<Unit>), ExprError> {
        match self.operand(node)? {
            Operand::Number(number, unit) => Ok((number, unit)),
            Operand::Unknown(_, error) => Err(error),
            _ => Err(self.no_number(node)),
        }
    }

    #[inline(never)]
    fn no_number(&self, node: &Node) -> ExprError {
        let message = format!("`{}` has no number: arithmetic needs one on both sides", self.shown(node));
        ExprError::new(node.at.clone(), message, "")
    }

    /// Checks a name with its dots: of chip or task, or of a layer.
    // Not inlined: the checker recurses through its caller, and a thread's stack has to hold
    // the longest condition.
    #[inline(never)]
    fn name(&mut self, name: &str, node: &Node) -> Result<Operand, ExprError> {
        for group in Group::plain() {
            let Some(row) = table::find(group, name) else { continue };
            if let Group::Task(facts) = group
                && !self.names.has(group)
            {
                let message = format!("`{name}` is of {}, and this scene has another task", facts.of);
                return Err(ExprError::new(node.at.clone(), message, ""));
            }
            return Ok(self.fact(row, Of::Chip, node));
        }
        let layer = name.rsplit_once('.').and_then(|(layer, field)| Some((self.names.layer(layer)?, field)));
        if let Some((layer, field)) = layer {
            let at = node.at.end - field.len()..node.at.end;
            let row = places::field(Group::Layer, Some(&(field.to_owned(), at.clone())), at.clone())?;
            return Ok(self.fact(row, Of::Layer(layer), node));
        }
        Ok(Operand::Unknown(name.to_owned(), self.unknown(name, node)))
    }

    fn unknown(&self, name: &str, node: &Node) -> ExprError {
        if self.names.layer(name).is_some() {
            let help = format!("add a field, as in `{name}.activity`");
            return ExprError::new(node.at.clone(), format!("`{name}` is a layer"), help);
        }
        if let Some(form) = places::FORMS.iter().find(|form| form.starts_with(&format!("{name}("))) {
            return ExprError::new(
                node.at.clone(),
                format!("`{name}` is incomplete"),
                format!("as in `{form}`"),
            );
        }
        let known = places::plain_names(self.names);
        let help = match did_you_mean(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "docs/debugging.md lists all names; Tab completes them in the app".to_owned(),
        };
        ExprError::new(node.at.clone(), format!("there is no value `{name}`"), help)
    }

    fn call(
        &mut self,
        node: &Node,
        name: &str,
        arguments: &[Node],
        field: Option<&(String, Range<usize>)>,
    ) -> Result<Operand, ExprError> {
        let end = node.at.end..node.at.end;
        match places::place(node, name, arguments, self.names)? {
            Meaning::Written(pe, bytes) => {
                no_field(field, name)?;
                self.when = self.when.or(When::WRITE);
                self.watches.push((pe, bytes.clone()));
                Ok(Operand::Test(Test::Written(pe, bytes)))
            }
            Meaning::Changed(of) => {
                no_field(field, name)?;
                let (of, kind) = match self.operand(of)? {
                    Operand::Number(Number::Fact(of), unit) => {
                        (of, Type::Number(unit.unwrap_or(Unit::Plain)))
                    }
                    Operand::Word(of, domain) => (of, Type::Word(domain)),
                    Operand::Unknown(_, error) => return Err(error),
                    _ => {
                        let help = "as in changed(unit(\"rnns.1\", 41).y)";
                        return Err(ExprError::new(of.at.clone(), "expected one value here", help));
                    }
                };
                self.changes.push(Change::new(of, kind));
                Ok(Operand::Test(Test::Changed(self.changes.len() - 1)))
            }
            Meaning::Of(group, of) => {
                let row = places::field(group, field, end)?;
                Ok(self.fact(row, of, node))
            }
        }
    }

    #[inline(never)]
    fn fact(&mut self, row: &Row, of: Of, node: &Node) -> Operand {
        self.when = self.when.or(row.when);
        let named = Named { text: self.shown(node), of: Use { fact: row.fact, of }, kind: row.kind };
        if !self.named.iter().any(|other| other.of == named.of) {
            self.named.push(named.clone());
        }
        match row.kind {
            Type::Number(unit) => Operand::Number(Number::Fact(named.of), Some(unit)),
            Type::Word(domain) => Operand::Word(named.of, domain),
        }
    }
}

/// Checks that a share is not compared with a plain number above 1: it goes from 0 to 1.
fn share((unit, node): (Option<Unit>, &Node), other: &Number) -> Result<(), ExprError> {
    match (unit, other, &node.kind) {
        (Some(Unit::Fraction), Number::Constant(value), Kind::Number(_, None, _)) if *value > 1.0 => {
            let help = format!("write `{value} %`");
            Err(ExprError::new(node.at.clone(), "a share goes from 0 to 1", help))
        }
        _ => Ok(()),
    }
}

fn equality(node: &Node, operator: Operator) -> Result<bool, ExprError> {
    match operator {
        Operator::Equal => Ok(true),
        Operator::Unequal => Ok(false),
        other => {
            let message = format!("words have no order for `{}`", other.sign());
            Err(ExprError::new(node.at.clone(), message, "compare words with `==` or `!=`"))
        }
    }
}

fn no_value(node: &Node, shown: &str) -> ExprError {
    let message = format!("`{shown}` is true or false by itself: nothing to compare");
    ExprError::new(node.at.clone(), message, "remove the comparison, or put `not` in front")
}

fn no_field(field: Option<&(String, Range<usize>)>, name: &str) -> Result<(), ExprError> {
    field.map_or(Ok(()), |(field, at)| {
        Err(ExprError::new(at.clone(), format!("`{name}(…)` has no `{field}`"), "it is true or false"))
    })
}

const fn noun(domain: Domain) -> &'static str {
    match domain {
        Domain::Status => "status of a PE",
        Domain::Phase => "phase",
        Domain::Layer => "layer",
        Domain::Task(kind) => kind.noun,
    }
}

const fn describe(domain: Domain) -> &'static str {
    match domain {
        Domain::Status => "what a PE does",
        Domain::Phase => "a phase",
        Domain::Layer => "a layer",
        Domain::Task(kind) => kind.described,
    }
}
