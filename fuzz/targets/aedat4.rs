#![no_main]
//! AEDAT 4.0 after its first line.

mod common;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| common::read(b"#!AER-DAT4.0\r\n", rest));
