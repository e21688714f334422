//! See `checks::record_heads`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rooms::checks::record_heads(bytes));
