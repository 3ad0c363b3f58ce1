#![no_main]
//! Vocabularies, as lists of words and as JSON.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::vocabulary(bytes));
