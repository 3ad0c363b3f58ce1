#![no_main]
//! NIR files: any bytes give a consistent graph or an error.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::nir(bytes));
