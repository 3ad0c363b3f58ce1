#![no_main]
//! AEDAT 4.0 after its first line.

libfuzzer_sys::fuzz_target!(|rest: &[u8]| spinntui_fuzz::events(b"#!AER-DAT4.0\r\n", rest));
