//! Parser of conditions: makes a tree of words.
//!
//! ```text
//! point      := or modifier*                      modifier := "," ("once" | "off" | "ignore" number)
//! or         := and (("or" | "||") and)*          and      := not (("and" | "&&") not)*
//! not        := ("not" | "!") not | comparison    comparison := sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)?
//! sum        := product (("+" | "-") product)*    product  := factor (("*" | "/") factor)*
//! factor     := "-" factor | number unit? | text | "(" or ")" | name | name "(" arguments ")" ("." name)?
//! arguments  := (argument ("," argument)*)?       argument := sum (".." sum)?
//! ```

use std::ops::Range;

use super::error::ExprError;
use super::lex::{Token, Word, words};
use super::unit::Unit;

/// Longest text of a condition, bytes.
pub const MAX_LENGTH: usize = 1000;
/// Deepest nesting of brackets and signs.
const MAX_DEPTH: usize = 50;

/// A part of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Kind of the node, with its children.
    pub kind: Kind,
    /// Range of bytes in the condition's text.
    pub at: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Number as written, its unit, and whether it is whole.
    Number(f64, Option<Unit>, bool),
    Text(String),
    /// Name with its dots.
    Name(String),
    /// Name with arguments and field: `name(arguments).field`.
    Call {
        name: String,
        arguments: Vec<Node>,
        field: Option<(String, Range<usize>)>,
    },
    /// Range of numbers, `a..b`.
    Range(Box<Node>, Box<Node>),
    Negative(Box<Node>),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operator {
    fn comparison(sign: &str) -> Option<Self> {
        Some(match sign {
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::LessEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterEqual,
            _ => return None,
        })
    }

    pub(super) fn compares(self) -> bool {
        !matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide)
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }
}

/// Options behind a condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// Whether the point is disabled after its first stop.
    pub once: bool,
    /// Number of hits to be skipped before the point takes effect.
    pub ignore: u32,
    /// Whether the point starts disabled.
    pub off: bool,
}

/// Parses a condition and its options.
pub(super) fn parse(text: &str) -> Result<(Node, Modifiers), ExprError> {
    if text.len() > MAX_LENGTH {
        let mut at = MAX_LENGTH;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let message = format!("a condition has at most {MAX_LENGTH} bytes, and this has {}", text.len());
        return Err(ExprError::new(at..text.len(), message, ""));
    }
    let words = words(text)?;
    let mut parser = Parser { words, next: 0, depth: 0 };
    if parser.peek() == &Token::End {
        let help = "as in `perplexity > 150`";
        return Err(ExprError::new(0..text.len(), "there is no condition", help));
    }
    let node = parser.any()?;
    let modifiers = parser.modifiers()?;
    Ok((node, modifiers))
}

struct Parser {
    words: Vec<Word>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.words.get(self.next).map_or(&Token::End, |(token, _)| token)
    }

    fn at(&self) -> Range<usize> {
        self.words.get(self.next).or(self.words.last()).map_or(0..0, |(_, at)| at.clone())
    }

    /// Returns the end of the token before the next one.
    fn end(&self) -> usize {
        self.next.checked_sub(1).and_then(|last| self.words.get(last)).map_or(0, |(_, at)| at.end)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.next += 1;
        }
        token
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Token::Sign(s) if *s == sign);
        self.next += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(name) if name == word);
        self.next += usize::from(found);
        found
    }

    /// Fails because the next token is not the expected one.
    fn unexpected<T>(&self, wanted: &str) -> Result<T, ExprError> {
        let found = match self.peek() {
            Token::End => return Err(ExprError::new(self.at(), format!("{wanted} is missing"), "")),
            Token::Sign("=") => {
                return Err(ExprError::new(self.at(), "unexpected `=`", "write `==` to compare"));
            }
            Token::Sign(sign) => format!("`{sign}`"),
            Token::Percent => "`%`".to_owned(),
            Token::Name(name) => format!("`{name}`"),
            Token::Number(..) => "a number".to_owned(),
            Token::Text(_) => "a text".to_owned(),
        };
        Err(ExprError::new(self.at(), format!("expected {wanted} here, not {found}"), ""))
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        if self.depth == MAX_DEPTH {
            let message = format!("this is nested deeper than {MAX_DEPTH} levels");
            return Err(ExprError::new(self.at(), message, "remove brackets, or make two breakpoints"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn any(&mut self) -> Result<Node, ExprError> {
        let first = self.all()?;
        let mut nodes = vec![first];
        while self.word("or") || self.sign("||") {
            nodes.push(self.all()?);
        }
        Ok(joined(nodes, Kind::Any))
    }

    fn all(&mut self) -> Result<Node, ExprError> {
        let first = self.not()?;
        let mut nodes = vec![first];
        while self.word("and") || self.sign("&&") {
            nodes.push(self.not()?);
        }
        Ok(joined(nodes, Kind::All))
    }

    fn not(&mut self) -> Result<Node, ExprError> {
        let start = self.at().start;
        if self.word("not") || self.sign("!") {
            let inner = self.deeper(Self::not)?;
            return Ok(Node { at: start..inner.at.end, kind: Kind::Not(Box::new(inner)) });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Node, ExprError> {
        let left = self.sum()?;
        let Some(operator) = self.comparing() else { return Ok(left) };
        let right = self.sum()?;
        let again = self.at();
        if self.comparing().is_some() {
            let help = "compare two at a time, as in `1 < step and step < 9`";
            return Err(ExprError::new(again, "chained comparison: only two values can be compared", help));
        }
        Ok(binary(operator, left, right))
    }

    fn comparing(&mut self) -> Option<Operator> {
        let Token::Sign(sign) = self.peek() else { return None };
        let operator = Operator::comparison(sign)?;
        self.next += 1;
        Some(operator)
    }

    fn sum(&mut self) -> Result<Node, ExprError> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("+") => Operator::Add,
                Token::Sign("-") => Operator::Subtract,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.product()?;
            left = binary(operator, left, right);
        }
    }

    fn product(&mut self) -> Result<Node, ExprError> {
        let mut left = self.factor()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("*") => Operator::Multiply,
                Token::Sign("/") => Operator::Divide,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.factor()?;
            left = binary(operator, left, right);
        }
    }

    fn factor(&mut self) -> Result<Node, ExprError> {
        let at = self.at();
        match self.peek().clone() {
            Token::Sign("-") => {
                self.next += 1;
                let inner = self.deeper(Self::factor)?;
                Ok(Node { at: at.start..inner.at.end, kind: Kind::Negative(Box::new(inner)) })
            }
            Token::Sign("(") => {
                self.next += 1;
                let inner = self.deeper(Self::any)?;
                if !self.sign(")") {
                    return self.unexpected("`)`");
                }
                Ok(Node { at: at.start..self.end(), kind: inner.kind })
            }
            Token::Number(value, whole) => {
                self.next += 1;
                let unit = self.unit()?;
                let value = value * unit.map_or(1.0, |(_, factor)| factor);
                let kind = Kind::Number(value, unit.map(|(unit, _)| unit), whole);
                Ok(Node { at: at.start..self.end(), kind })
            }
            Token::Text(text) => {
                self.next += 1;
                Ok(Node { kind: Kind::Text(text), at })
            }
            Token::Name(name) if !is_keyword(&name) => {
                self.next += 1;
                if self.sign("(") { self.call(name, at) } else { Ok(Node { kind: Kind::Name(name), at }) }
            }
            _ => self.unexpected("a value"),
        }
    }

    /// Parses the unit behind a number, if there is one.
    fn unit(&mut self) -> Result<Option<(Unit, f64)>, ExprError> {
        let suffix = match self.peek() {
            Token::Percent => "%".to_owned(),
            Token::Name(name) if !is_keyword(name) => name.clone(),
            _ => return Ok(None),
        };
        let Some(found) = Unit::of_suffix(&suffix) else {
            let all: Vec<&str> = Unit::suffixes().collect();
            let help = match suffix.as_str() {
                "once" | "off" | "ignore" => format!("with a comma before it: `, {suffix}`"),
                _ => format!("units are {}", all.join(", ")),
            };
            return Err(ExprError::new(self.at(), format!("unknown unit `{suffix}`"), help));
        };
        self.next += 1;
        Ok(Some(found))
    }

    fn call(&mut self, name: String, at: Range<usize>) -> Result<Node, ExprError> {
        let mut arguments = Vec::new();
        if !self.sign(")") {
            loop {
                arguments.push(self.deeper(Self::argument)?);
                if self.sign(")") {
                    break;
                }
                if !self.sign(",") {
                    return self.unexpected("`,` or `)`");
                }
            }
        }
        let field = if self.sign(".") {
            let place = self.at();
            let Token::Name(field) = self.peek().clone() else { return self.unexpected("a name") };
            self.next += 1;
            Some((field, place))
        } else {
            None
        };
        Ok(Node { at: at.start..self.end(), kind: Kind::Call { name, arguments, field } })
    }

    fn argument(&mut self) -> Result<Node, ExprError> {
        let from = self.sum()?;
        if !self.sign("..") {
            return Ok(from);
        }
        let to = self.sum()?;
        Ok(Node { at: from.at.start..to.at.end, kind: Kind::Range(Box::new(from), Box::new(to)) })
    }

    /// Parses `, once`, `, off` and `, ignore 3`, in any order, to the end of the text.
    fn modifiers(&mut self) -> Result<Modifiers, ExprError> {
        let mut modifiers = Modifiers::default();
        while self.sign(",") {
            if self.word("once") {
                modifiers.once = true;
            } else if self.word("off") {
                modifiers.off = true;
            } else if self.word("ignore") {
                let at = self.at();
                let Token::Number(count, true) = self.take() else {
                    let message = "a number is missing after `ignore`";
                    return Err(ExprError::new(at, message, "as in `, ignore 3`"));
                };
                // A larger number than fits is the largest.
                modifiers.ignore = count as u32;
            } else {
                return self.unexpected("`once`, `off` or `ignore 3`");
            }
        }
        if *self.peek() == Token::End {
            Ok(modifiers)
        } else {
            self.unexpected("`and`, `or`, an operator or the end")
        }
    }
}

/// Returns `true` if a word is a keyword, which cannot be a name.
pub(super) fn is_keyword(word: &str) -> bool {
    matches!(word, "and" | "or" | "not")
}

fn joined(mut nodes: Vec<Node>, kind: fn(Vec<Node>) -> Kind) -> Node {
    if nodes.len() == 1
        && let Some(only) = nodes.pop()
    {
        return only;
    }
    let at = nodes.first().map_or(0, |n| n.at.start)..nodes.last().map_or(0, |n| n.at.end);
    Node { kind: kind(nodes), at }
}

fn binary(operator: Operator, left: Node, right: Node) -> Node {
    let at = left.at.start..right.at.end;
    Node { kind: Kind::Binary(operator, Box::new(left), Box::new(right)), at }
}
