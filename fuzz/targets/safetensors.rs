#![no_main]
//! Tensors of a model.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::safetensors(bytes));
