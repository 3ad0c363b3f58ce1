//! Headers of NumPy files, bounded before their parser sees them.

use std::io::{self, ErrorKind};
use std::num::NonZeroUsize;

use npyz::NpyHeader;
use py_literal::Value;

/// First bytes of a NumPy file.
pub const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Largest header that is read, bytes; NumPy itself refuses more than 10,000.
pub const HEADER_LIMIT: usize = 4096;
/// Bytes of magic and version, which the length of the header follows.
const LENGTH_AT: usize = 8;
/// Deepest nesting of brackets in a header, which its parser follows by recursion.
const DEPTH_LIMIT: usize = 6;
/// Largest number of steps of the header's parser.
///
/// A header of tonic takes 3,400 steps, one of 230 fields 71,000. But the parser tries the meanings
/// of an open bracket one after the other, so that every level can double or treble its work.
const STEP_LIMIT: usize = 4_000_000;

/// Reads the header of a whole `.npy` file, and leaves the array's bytes in `data`.
///
/// # Errors
///
/// Fails if the header is cut short, too long, too deep, or no header of NumPy's.
pub fn read_header(data: &mut &[u8]) -> io::Result<NpyHeader> {
    let wrong = |what: &str| io::Error::new(ErrorKind::InvalidData, what);
    let start = LENGTH_AT + length_bytes(data.get(6).copied().unwrap_or_default());
    let length = data.get(LENGTH_AT..start).ok_or_else(|| wrong("the file is too short for a header"))?;
    let length = header_length(length);
    if data.starts_with(MAGIC) {
        if length > HEADER_LIMIT {
            return Err(wrong(&format!("a header of {length} bytes; at most {HEADER_LIMIT} are read")));
        }
        let text = data.get(start..start + length).ok_or_else(|| wrong("the header is cut short"))?;
        check_header(text).map_err(|why| wrong(&format!("the header is {why}")))?;
    }
    NpyHeader::from_reader(data)
}

/// Returns the number of bytes of the header's length, which follow magic and version.
pub const fn length_bytes(major_version: u8) -> usize {
    if major_version == 1 { 2 } else { 4 }
}

/// Returns the length of the header's text from its [`length_bytes`], lowest first.
pub fn header_length(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte))
}

/// Parses the text of a header, with bounds on recursion, work and the product of the shape.
///
/// # Errors
///
/// Fails with the bound that was exceeded, or the reason why the text is not a header.
pub fn check_header(text: &[u8]) -> Result<Value, &'static str> {
    check_depth(text)?;
    let text = std::str::from_utf8(text).map_err(|_| "not UTF-8")?;
    // This limits the whole process from now on, npyz's own parsing included; nothing else uses
    // pest.
    pest::set_call_limit(NonZeroUsize::new(STEP_LIMIT));
    let literal = text.trim_end().parse();
    let wrong = "not a Python literal, or takes more than four million steps to parse";
    let value: Value = literal.map_err(|_| wrong)?;
    let shape = value.as_dict().and_then(|fields| {
        fields
            .iter()
            .find(|(key, _)| key.as_string().is_some_and(|key| key == "shape"))
            .map(|(_, shape)| shape)
    });
    let Some(shape) = shape.and_then(Value::as_tuple) else { return Err("without a shape") };
    let product = shape
        .iter()
        .try_fold(1_u64, |product, side| product.checked_mul(u64::try_from(side.as_integer()?).ok()?.max(1)));
    product.ok_or("invalid: its shape needs whole lengths of 0 or more, with a product below 2⁶⁴")?;
    Ok(value)
}

/// Refuses text with more than [`DEPTH_LIMIT`] brackets inside of each other, those in quotes left
/// out. Its parser has a stack frame for each and would overflow a thread's stack.
fn check_depth(text: &[u8]) -> Result<(), &'static str> {
    let (mut depth, mut quote) = (0_usize, None);
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        match (quote, byte) {
            // An escape. A name in braces could hold a quote; NumPy writes none.
            (Some(_), b'\\') if bytes.next() == Some(&b'N') => {
                return Err("not written by NumPy: it contains a \\N{…} escape");
            }
            (Some(open), _) if byte == open => quote = None,
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_LIMIT {
            return Err("too deep: more than 6 nested brackets");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_quotes_hide_no_depth_and_add_none() {
        let deep = "too deep: more than 6 nested brackets";
        let within = |text: &str| text.repeat(600);
        for text in [
            within("["),
            within("[']',"),
            within("[\"]\","),
            within("['\\']',"),
            within("{'}',("),
            within("[b']',"),
        ] {
            assert_eq!(check_header(text.as_bytes()).unwrap_err(), deep, "{text:.20}");
        }
        let named = within("['\\N{'}]',");
        assert!(check_header(named.as_bytes()).unwrap_err().contains("\\N{…}"));
        // Names of fields may hold brackets and escaped quotes.
        let header =
            "{'descr': [('[[[[[[[(', '<i2'), ('\\'', '<i2')], 'fortran_order': False, 'shape': (2,)}";
        assert!(check_header(header.as_bytes()).is_ok());
    }
}
