#![no_main]
//! Conditions of breakpoints, read, evaluated and completed.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::condition(bytes));
