#![no_main]
//! `spec.json` of an export, beside its images.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::spec(bytes));
