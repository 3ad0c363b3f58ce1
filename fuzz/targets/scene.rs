#![no_main]
//! Scenes: any text gives a scene or an error in words.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| spinntui_fuzz::scene(bytes));
