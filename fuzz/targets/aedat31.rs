#![no_main]
//! AEDAT 3.1 after its first line.

libfuzzer_sys::fuzz_target!(|rest: &[u8]| spinntui_fuzz::events(b"#!AER-DAT3.1\r\n", rest));
