#![no_main]
//! AEDAT 2.0 after its first line.

libfuzzer_sys::fuzz_target!(|rest: &[u8]| spinntui_fuzz::events(b"#!AER-DAT2.0\r\n", rest));
