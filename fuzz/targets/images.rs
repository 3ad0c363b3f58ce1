#![no_main]
//! Memory images of any bytes, run for some thousand events.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::images(bytes));
