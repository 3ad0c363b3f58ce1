#![no_main]
//! Lessons: any text gives a lesson or an error in words.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::lesson(bytes));
