//! Constraints of a plan: comparisons of sums over the axes' values.
//!
//! ```text
//! constraint := sum ("==" | "!=" | "<=" | ">=" | "<" | ">") sum
//! sum        := product (("+" | "-") product)*        product := factor (("*" | "/" | "%") factor)*
//! factor     := "-" factor | number | name | "(" sum ")"
//! ```
//!
//! A name is an axis or `repeat`. Another name is a word, which only `==` and `!=` compare.

use std::ops::Range;

use super::value::Value;

/// Deepest nesting of brackets and signs.
const MAX_DEPTH: usize = 50;

/// Constraint on the values of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    left: Node,
    sign: Sign,
    right: Node,
}

/// Mistake in a constraint: the bytes of its text, and a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConstraintError {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// Message: the value or the name that is wrong.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Equal,
    Unequal,
    LessEqual,
    GreaterEqual,
    Less,
    Greater,
}

const SIGNS: [(&str, Sign); 6] = [
    ("==", Sign::Equal),
    ("!=", Sign::Unequal),
    ("<=", Sign::LessEqual),
    (">=", Sign::GreaterEqual),
    ("<", Sign::Less),
    (">", Sign::Greater),
];

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(f64),
    /// Number of the name in the list that the constraint was read with.
    Name(usize),
    Word(String),
    Binary(char, Box<Node>, Box<Node>),
    Negative(Box<Node>),
}

impl Constraint {
    /// Reads a constraint on values that have these names, in order.
    ///
    /// # Errors
    ///
    /// Fails with the place of the first mistake.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, ConstraintError> {
        let mut parser = Parser { text, at: 0, names, depth: 0 };
        let left = parser.sum()?;
        let sign = parser.sign()?;
        let right = parser.sum()?;
        parser.blank();
        if parser.at < text.len() {
            return Err(parser.error("expected the end of the constraint here"));
        }
        let words = [&left, &right].map(|side| matches!(side, Node::Word(_)));
        if words[0] && words[1] {
            let known = names.join("`, `");
            let message = format!("no axis is named in it; the names are `{known}`");
            return Err(ConstraintError { at: 0..text.len(), message });
        }
        if (words[0] || words[1]) && !matches!(sign, Sign::Equal | Sign::Unequal) {
            let known = names.join("`, `");
            let message = format!("words are compared by == and != only; the axes are `{known}`");
            return Err(ConstraintError { at: 0..text.len(), message });
        }
        Ok(Self { left, sign, right })
    }

    /// Returns `true` if the values meet the constraint; `values` have the order of the names.
    ///
    /// A word where a number is needed, and a division by 0, meet no constraint.
    pub fn holds(&self, values: &[Value]) -> bool {
        let ordering = match (number(&self.left, values), number(&self.right, values)) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => match (word(&self.left, values), word(&self.right, values)) {
                (Some(left), Some(right)) => {
                    let equal = left == right;
                    return matches!((self.sign, equal), (Sign::Equal, true) | (Sign::Unequal, false));
                }
                _ => None,
            },
        };
        let Some(ordering) = ordering else { return false };
        match self.sign {
            Sign::Equal => ordering.is_eq(),
            Sign::Unequal => ordering.is_ne(),
            Sign::LessEqual => ordering.is_le(),
            Sign::GreaterEqual => ordering.is_ge(),
            Sign::Less => ordering.is_lt(),
            Sign::Greater => ordering.is_gt(),
        }
    }
}

fn number(node: &Node, values: &[Value]) -> Option<f64> {
    match node {
        Node::Number(number) => Some(*number),
        Node::Name(index) => values.get(*index)?.number(),
        Node::Word(_) => None,
        Node::Negative(inner) => Some(-number(inner, values)?),
        Node::Binary(sign, left, right) => {
            let (left, right) = (number(left, values)?, number(right, values)?);
            let result = match sign {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                '/' => left / right,
                _ => left.rem_euclid(right),
            };
            Some(result).filter(|result| result.is_finite())
        }
    }
}

fn word(node: &Node, values: &[Value]) -> Option<String> {
    match node {
        Node::Name(index) => values.get(*index).map(ToString::to_string),
        Node::Word(word) => Some(word.clone()),
        _ => None,
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    names: &'t [&'t str],
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn error(&self, message: impl Into<String>) -> ConstraintError {
        let width = self.rest().chars().next().map_or(0, char::len_utf8);
        ConstraintError { at: self.at..self.at + width, message: message.into() }
    }

    fn takes(&mut self, word: &str) -> bool {
        self.blank();
        let there = self.rest().starts_with(word);
        if there {
            self.at += word.len();
        }
        there
    }

    fn sign(&mut self) -> Result<Sign, ConstraintError> {
        for (word, sign) in SIGNS {
            if self.takes(word) {
                return Ok(sign);
            }
        }
        Err(self.error("expected ==, !=, <, <=, > or >= here, as in `pes0 + pes1 <= 40`"))
    }

    fn sum(&mut self) -> Result<Node, ConstraintError> {
        self.chain(&['+', '-'], Self::product)
    }

    fn product(&mut self) -> Result<Node, ConstraintError> {
        self.chain(&['*', '/', '%'], Self::factor)
    }

    fn chain(
        &mut self,
        signs: &[char],
        part: impl Fn(&mut Self) -> Result<Node, ConstraintError>,
    ) -> Result<Node, ConstraintError> {
        let mut node = part(self)?;
        loop {
            self.blank();
            let Some(sign) = self.rest().chars().next().filter(|c| signs.contains(c)) else {
                return Ok(node);
            };
            self.at += 1;
            let right = part(self)?;
            node = Node::Binary(sign, Box::new(node), Box::new(right));
        }
    }

    fn factor(&mut self) -> Result<Node, ConstraintError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} deep")));
        }
        let node = self.inner();
        self.depth -= 1;
        node
    }

    fn inner(&mut self) -> Result<Node, ConstraintError> {
        if self.takes("-") {
            return Ok(Node::Negative(Box::new(self.factor()?)));
        }
        if self.takes("(") {
            let node = self.sum()?;
            return if self.takes(")") { Ok(node) } else { Err(self.error("expected `)` here")) };
        }
        self.blank();
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let rest = self.rest();
        let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
        let (start, token) = (self.at, rest.get(..length).unwrap_or("").to_owned());
        if token.is_empty() {
            return Err(self.error("expected a number or the name of an axis here"));
        }
        self.at += length;
        if token.starts_with(|c: char| c.is_ascii_digit()) {
            return token.parse().map(Node::Number).map_err(|_| ConstraintError {
                at: start..self.at,
                message: format!("invalid number `{token}`"),
            });
        }
        Ok(match self.names.iter().position(|name| *name == token) {
            Some(index) => Node::Name(index),
            None => Node::Word(token),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAMES: [&str; 3] = ["a", "b", "mode"];

    fn holds(text: &str, a: i64, b: f64, mode: &str) -> bool {
        let values = [Value::Whole(a), Value::Number(b), Value::Text(mode.to_owned())];
        Constraint::parse(text, &NAMES).unwrap().holds(&values)
    }

    #[test]
    fn sums_and_words_are_compared() {
        for (text, expected) in [
            ("a + b <= 10", true),
            ("a+b<9.5", false),
            ("2 * (a - 1) == 10", true),
            ("a % 4 == 2", true),
            ("-a < b", true),
            ("mode == Sleep", true),
            ("mode != Sleep", false),
            ("Poll == mode", false),
            ("a / 0 < 1", false),
            ("mode < 3", false),
            ("a != 6", false),
        ] {
            assert_eq!(holds(text, 6, 3.5, "Sleep"), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, at, words) in [
            ("a", 1..1, "expected =="),
            ("a < ", 4..4, "expected a number"),
            ("a < 3 b", 6..7, "the end"),
            ("(a < 3", 3..4, "`)`"),
            ("c == d", 0..6, "`a`, `b`, `mode`"),
            ("a < d", 0..5, "== and != only"),
            ("1x < a", 0..2, "invalid number"),
            ("ä é", 3..5, "expected =="),
        ] {
            let error = Constraint::parse(text, &NAMES).unwrap_err();
            assert!(error.message.contains(words), "{text}: {error}");
            assert_eq!(error.at, at, "{text}: {error}");
        }
        let deep = format!("{}a < 1", "(".repeat(10_000));
        assert!(Constraint::parse(&deep, &NAMES).unwrap_err().message.contains("deep"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ab0-9 ()<>=!+*/%.é-]{0,40}") {
            if let Ok(constraint) = Constraint::parse(&text, &NAMES) {
                constraint.holds(&[Value::Whole(1), Value::Whole(2), Value::Bool(true)]);
            }
        }

        #[test]
        fn a_comparison_is_that_of_the_numbers(a in -50_i64..50, b in -50_i64..50) {
            let values = [Value::Whole(a), Value::Whole(b)];
            let holds = |text: &str| Constraint::parse(text, &["a", "b"]).unwrap().holds(&values);
            prop_assert_eq!(holds("a < b"), a < b);
            prop_assert_eq!(holds("a * 3 - b >= (b + 1) * 2"), a * 3 - b >= (b + 1) * 2);
            prop_assert_eq!(holds("a == b"), a == b);
        }
    }
}
