#![no_main]
//! NumPy arrays after their first six bytes.

mod common;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| common::read(b"\x93NUMPY", rest));
