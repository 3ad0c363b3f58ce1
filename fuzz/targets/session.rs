#![no_main]
//! Recorded sessions.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::session(bytes));
