//! Lexer of conditions: splits a text into words.

use std::ops::Range;

use super::error::ExprError;

/// A word of a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Number such as `12`, `0x8000`, `1.5e3`, and whether it is written as a whole number.
    Number(f64, bool),
    /// Text in quotation marks, such as `"rnns.1"`.
    Text(String),
    /// Name with its dots: `perplexity`, `rnns.1.activity`.
    Name(String),
    /// A sign: operator, bracket, comma.
    Sign(&'static str),
    /// `%`, which stands only behind a number.
    Percent,
    /// End of the text, after the last word.
    End,
}

/// Token with its byte range.
pub(super) type Word = (Token, Range<usize>);

/// Signs, longer ones first.
const SIGNS: [&str; 20] = [
    "==", "!=", "<=", ">=", "&&", "||", "..", "<", ">", "(", ")", ",", "+", "-", "*", "/", "!", ".", "=", ";",
];

/// Splits a text into its tokens, with [`Token::End`] after the last.
pub(super) fn words(text: &str) -> Result<Vec<Word>, ExprError> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = word(&text[at..]).map_err(|mut error| {
            error.at = error.at.start + at..error.at.end + at;
            error
        })?;
        words.push((token, at..at + length));
        at += length;
    }
    words.push((Token::End, text.len()..text.len()));
    Ok(words)
}

/// Reads the first token of a text that begins with one, and returns its length.
fn word(text: &str) -> Result<(Token, usize), ExprError> {
    let first = text.chars().next().unwrap_or(' ');
    if first.is_ascii_digit() {
        return number(text);
    }
    if first == '"' || first == '\'' {
        return quoted(text, first);
    }
    if is_letter(first) {
        let length = name_length(text);
        return Ok((Token::Name(text[..length].to_owned()), length));
    }
    if first == '%' {
        return Ok((Token::Percent, 1));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| text.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let help = match first {
        '&' => "`and` joins conditions",
        '|' => "`or` joins conditions",
        '≥' => "write `>=`",
        '≤' => "write `<=`",
        '≠' => "write `!=`",
        _ => "",
    };
    let shown = if first.is_control() { '\u{fffd}' } else { first };
    Err(ExprError::new(0..first.len_utf8(), format!("unexpected character `{shown}`"), help))
}

fn is_letter(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

/// Returns the length of a name with its dots. A dot belongs to it if a letter or digit follows.
fn name_length(text: &str) -> usize {
    let mut length = 0;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let inside = is_letter(c) || c.is_ascii_digit();
        let dot = c == '.' && rest.peek().is_some_and(|&next| is_letter(next) || next.is_ascii_digit());
        if !inside && !dot {
            break;
        }
        length += c.len_utf8();
    }
    length
}

fn number(text: &str) -> Result<(Token, usize), ExprError> {
    let digits = |from: usize, is: fn(&u8) -> bool| {
        text.as_bytes()[from..].iter().take_while(|b| is(b) || **b == b'_').count()
    };
    if text.starts_with("0x") || text.starts_with("0X") {
        let length = 2 + digits(2, u8::is_ascii_hexdigit);
        let plain = text[2..length].replace('_', "");
        let value = u64::from_str_radix(&plain, 16).map_err(|_| {
            let message = "invalid hexadecimal number: no digits after `0x`, or too large";
            ExprError::new(0..length, message, "as in 0x8000")
        })?;
        return Ok((Token::Number(value as f64, true), length));
    }
    let mut length = digits(0, u8::is_ascii_digit);
    let mut whole = true;
    let byte = |at: usize| text.as_bytes().get(at).copied().unwrap_or(b' ');
    if byte(length) == b'.' && byte(length + 1).is_ascii_digit() {
        whole = false;
        length += 1 + digits(length + 1, u8::is_ascii_digit);
    }
    if matches!(byte(length), b'e' | b'E') {
        let sign = usize::from(matches!(byte(length + 1), b'+' | b'-'));
        if byte(length + 1 + sign).is_ascii_digit() {
            whole = false;
            length += 1 + sign + digits(length + 1 + sign, u8::is_ascii_digit);
        }
    }
    let value: f64 = text[..length]
        .replace('_', "")
        .parse()
        .map_err(|_| ExprError::new(0..length, "invalid number", ""))?;
    if !value.is_finite() {
        return Err(ExprError::new(0..length, "this number is too large", ""));
    }
    Ok((Token::Number(value, whole), length))
}

fn quoted(text: &str, quote: char) -> Result<(Token, usize), ExprError> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            c if c == quote => return Ok((Token::Text(value), at + 1)),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    Err(ExprError::new(0..text.len(), "this text has no end", format!("close it with {quote}")))
}
