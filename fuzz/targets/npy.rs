#![no_main]
//! NumPy arrays after their first six bytes.

libfuzzer_sys::fuzz_target!(|rest: &[u8]| spinntui_fuzz::events(b"\x93NUMPY", rest));
