//! Text for display in every front end: numbers, and words in lines.

use std::borrow::Cow;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Columns of a terminal that printed text fits.
pub const WIDTH: usize = 80;

/// Shows characters that would act on a terminal, or be invisible in it, as escapes like `\u{1b}`.
///
/// These are the control characters C0 (but line feed and tab), DEL and C1, line and paragraph
/// separators, characters of no width, and those that change the direction of text. Accents that
/// combine with a letter stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Escapes text of one line, a title or a name, as [`visible`] does, and also line feeds and tabs.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    match visible(text) {
        shown if shown.contains(['\n', '\t']) => Cow::Owned(shown.replace('\n', "\\n").replace('\t', "\\t")),
        shown => shown,
    }
}

/// Returns `true` for characters that [`visible`] shows as escapes.
fn is_hidden(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\t'))
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Formats a number with at most `digits` significant digits, and without zeros at its end; whole
/// numbers of up to three digits more are written out.
pub fn significant(number: f64, digits: u8) -> String {
    let (size, digits) = (number.abs(), i32::from(digits));
    if number.fract().abs() <= 0.0 && size < 10_f64.powi(digits + 3) {
        return format!("{number:.0}");
    }
    if !(1e-3..10_f64.powi(digits)).contains(&size) {
        let decimals = (digits - 2).max(0) as usize;
        return format!("{number:.decimals$e}");
    }
    let decimals = (digits - 1 - size.log10().floor() as i32).clamp(0, digits + 2) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Formats a whole number with a comma between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a count of something whose plural ends in s: "1 packet", "2,000 packets".
pub fn several(count: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Returns the number of a time step as shown, counted from 1: with 11 steps done, number 12 runs.
pub const fn step_number(step: u32) -> u32 {
    // The PE counts steps in a word of its SRAM, to which a fault can give any value.
    step.wrapping_add(1)
}

/// Formats a fraction in per cent, one digit after the point.
pub fn percent(fraction: f64) -> String {
    format!("{:.1} %", 100.0 * fraction)
}

/// Breaks words into lines of at most `width` columns of a screen, with one space between them. A
/// word that is longer than a line is broken, since it would be cut there. A text without words is
/// one empty line.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    lines(text, width, true)
}

/// Wraps text that is printed: a word that is longer than a line (a path, say) stays whole, so
/// that it can be copied.
pub fn wrapped_whole(text: &str, width: usize) -> Vec<String> {
    lines(text, width, false)
}

fn lines(text: &str, width: usize, break_words: bool) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    // Paths, flags and figures are no words that a hyphen may part.
    let options = Options::new(width)
        .break_words(break_words)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(&words.join(" "), options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_acts_on_a_terminal() {
        for (text, shown) in [
            ("naïve 脳 é\n\tθ", "naïve 脳 é\n\tθ"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m\u{7f}\r", "\\u{9b}31m\\u{7f}\\u{d}"),
            ("a\u{202e}b\u{200b}c\u{feff}", "a\\u{202e}b\\u{200b}c\\u{feff}"),
        ] {
            assert_eq!(visible(text), shown);
        }
        assert_eq!(visible_line("a\nb\tc\u{1b}"), "a\\nb\\tc\\u{1b}");
    }

    #[test]
    fn digits_come_in_threes() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_is_not_several() {
        assert_eq!(
            [0, 1, 2, 1000].map(|n| several(n, "packet")),
            ["0 packets", "1 packet", "2 packets", "1,000 packets"]
        );
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one  two\nthree", 7), ["one two", "three"]);
        assert_eq!(wrapped("run --no-config now", 11), ["run", "--no-config", "now"]);
        assert_eq!(wrapped("unbreakable", 5), ["unbre", "akabl", "e"]);
        assert_eq!(wrapped_whole("an unbreakable", 5), ["an", "unbreakable"]);
        assert_eq!(wrapped("脳 脳 a", 5), ["脳 脳", "a"]);
        assert_eq!(wrapped(" \n", 5), [""]);
    }

    proptest::proptest! {
        #[test]
        fn no_word_is_lost_and_no_line_too_long(text in "[a-zθ脳 \\-]{0,80}", width in 2_usize..30) {
            let lines = wrapped(&text, width);
            proptest::prop_assert!(lines.iter().all(|line| unicode_width::UnicodeWidthStr::width(&**line) <= width));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            proptest::prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
