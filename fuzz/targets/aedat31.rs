#![no_main]
//! AEDAT 3.1 after its first line.

mod common;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| common::read(b"#!AER-DAT3.1\r\n", rest));
