#![no_main]
//! AEDAT 2.0 after its first line.

mod common;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| common::read(b"#!AER-DAT2.0\r\n", rest));
